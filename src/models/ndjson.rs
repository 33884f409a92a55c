//! Lines of JSON out of bytes, however they are cut.

use super::error::Fault;

/// Longest line that is read, in bytes.
const LINE_BYTES: usize = 8 << 20;

/// Gathers bytes until they are lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    has_begun: bool,
}

impl Lines {
    /// Takes the next bytes and adds the lines that they complete to `out`, without the empty ones.
    ///
    /// # Errors
    ///
    /// `malformed` for a line over [`LINE_BYTES`] and for one that is not UTF-8.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<String>) -> Result<(), Fault> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.line.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            self.end_line(out)?;
        }
        self.line.extend_from_slice(rest);
        self.check_size()
    }

    /// What stood after the last line feed: a last line that nobody ended, or half a line.
    pub(super) fn finish(mut self) -> Option<String> {
        let mut out = Vec::new();
        self.end_line(&mut out).ok()?;
        out.pop()
    }

    fn check_size(&self) -> Result<(), Fault> {
        if self.line.len() > LINE_BYTES {
            return Err(Fault::malformed(format!("a line is larger than {} MiB", LINE_BYTES >> 20)));
        }
        Ok(())
    }

    fn end_line(&mut self, out: &mut Vec<String>) -> Result<(), Fault> {
        self.check_size()?;
        let line = std::mem::take(&mut self.line);
        let line = text(&line, &mut self.has_begun)?;
        let line = line.trim();
        if !line.is_empty() {
            out.push(line.to_owned());
        }
        Ok(())
    }
}

/// A line of a stream as text, without the byte order mark that may stand before the first.
///
/// # Errors
///
/// `malformed` for what is not UTF-8.
pub(super) fn text<'a>(line: &'a [u8], has_begun: &mut bool) -> Result<&'a str, Fault> {
    let text = std::str::from_utf8(line).map_err(|_| Fault::malformed("the stream is not UTF-8"))?;
    let is_first = !std::mem::replace(has_begun, true);
    Ok(if is_first { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<(Vec<String>, Option<String>), Fault> {
        let mut lines = Lines::default();
        let mut out = Vec::new();
        for piece in pieces {
            lines.push(piece, &mut out)?;
        }
        Ok((out, lines.finish()))
    }

    #[test]
    fn lines_end_at_line_feeds_and_the_last_needs_none() {
        let (lines, rest) = read(&[b"\xef\xbb\xbf{\"a\":1}\r\n\n {} \n{\"b\""]).unwrap();
        assert_eq!(lines, ["{\"a\":1}", "{}"]);
        assert_eq!(rest.as_deref(), Some("{\"b\""));
    }

    #[test]
    fn an_endless_line_and_bytes_that_are_no_text_are_refused() {
        assert!(read(&[&vec![b'x'; LINE_BYTES + 1]]).is_err());
        assert!(read(&[b"\xff\n"]).is_err());
    }

    proptest! {
        #[test]
        fn the_same_bytes_give_the_same_lines_however_they_are_cut(
            text in "([a-z é{}]{0,5}(\n|\r\n|))*",
            mut cuts in proptest::collection::vec(0_usize..200, 0..20),
        ) {
            let bytes = text.as_bytes();
            cuts.retain(|it| *it <= bytes.len());
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|it| &bytes[it[0]..it[1]]).collect();
            prop_assert_eq!(read(&pieces).unwrap(), read(&[bytes]).unwrap());
        }
    }
}
