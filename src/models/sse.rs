//! Server-sent events out of bytes, however they are cut.
//!
//! As the HTML standard has it: events end at a blank line, `data` lines are joined by a line feed, lines end in LF, CR
//! or CR LF, a leading byte order mark and comment lines are passed over, and what stands after the last blank line is
//! dropped. `id` and `retry` mean nothing to us.

use super::error::Fault;
use super::ndjson::text;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Empty when the stream does not name its events.
    pub(super) name: String,
    pub(super) data: String,
}

/// Longest event that is read, in bytes; the longest seen is a tool call of some hundred KB.
const EVENT_BYTES: usize = 8 << 20;

/// Gathers bytes until they are events.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The line that has not ended yet.
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    has_begun: bool,
}

impl Events {
    /// Takes the next bytes and adds the events that they complete to `out`.
    ///
    /// # Errors
    ///
    /// `malformed` for an event over [`EVENT_BYTES`] and for a line that is not UTF-8.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) -> Result<(), Fault> {
        let mut rest = bytes;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.extend_from_slice(&rest[..end]);
            let is_cr = rest[end] == b'\r';
            rest = &rest[end + 1..];
            if is_cr {
                self.after_cr = rest.is_empty();
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            }
            self.end_line(out)?;
        }
        self.line.extend_from_slice(rest);
        self.check_size()
    }

    fn check_size(&self) -> Result<(), Fault> {
        if self.line.len() + self.event.data.len() > EVENT_BYTES {
            return Err(Fault::malformed(format!("an event is larger than {} MiB", EVENT_BYTES >> 20)));
        }
        Ok(())
    }

    fn end_line(&mut self, out: &mut Vec<Event>) -> Result<(), Fault> {
        self.check_size()?;
        let line = std::mem::take(&mut self.line);
        let line = text(&line, &mut self.has_begun)?;
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) {
                out.push(event);
            }
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.event.name),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<Event>, Fault> {
        let mut events = Events::default();
        let mut out = Vec::new();
        for piece in pieces {
            events.push(piece, &mut out)?;
        }
        Ok(out)
    }

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = read(&[text.as_bytes()]).unwrap();
        let found: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.data.as_str())).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn events_are_read_as_the_standard_has_it() {
        check("data: a\n\ndata:b\n\n", &[("", "a"), ("", "b")]);
        check("event: ping\ndata: {}\n\ndata: x\n\n", &[("ping", "{}"), ("", "x")]);
        check("data: a\ndata: b\ndata\n\n", &[("", "a\nb\n")]);
        check("\u{feff}data: a\r\n\r\n: note\r\rdata:  b\r\r", &[("", "a"), ("", " b")]);
        check("event: lonely\n\nid: 1\nretry: 5\ndata: a\n\n", &[("", "a")]);
        check("data: whole\n\ndata: cut\n", &[("", "whole")]);
        check("data:\n\n", &[("", "")]);
    }

    #[test]
    fn an_endless_event_and_bytes_that_are_no_text_are_refused() {
        assert!(read(&[b"data: ", &vec![b'x'; EVENT_BYTES + 1]]).is_err());
        let line = format!("data: {}\n", "x".repeat(1 << 20));
        assert!(read(&[line.as_bytes(); 9]).is_err());
        assert!(read(&[b"data: \xff\n"]).is_err());
    }

    proptest! {
        #[test]
        fn the_same_bytes_give_the_same_events_however_they_are_cut(
            lines in proptest::collection::vec("(data: ?|event: ?|:|)[a-z é\u{feff}]{0,4}(\n|\r|\r\n|\n\n|\r\n\r\n)", 0..12),
            mut cuts in proptest::collection::vec(0_usize..200, 0..20),
        ) {
            let text = lines.concat();
            let bytes = text.as_bytes();
            cuts.retain(|it| *it <= bytes.len());
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|it| &bytes[it[0]..it[1]]).collect();
            prop_assert_eq!(read(&pieces).unwrap(), read(&[bytes]).unwrap());
        }
    }
}
