//! Cuts the input into lines and says what is wrong with a line that is no message.
//!
//! A line that cannot be read still gets an answer, with its id where the id can be made out; [`IdFinder`] finds it
//! in text that no parser takes: cut off, not UTF-8, nested too deeply, or too long to keep.

use rmcp::model::RequestId;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;

/// How much is read at once; a pipe holds 64 KiB.
const READ: usize = 64 << 10;

/// One line of input.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// Without its line break.
    Whole(Vec<u8>),
    /// Longer than the limit; thrown away but for its id.
    TooLong { id: Option<RequestId> },
}

/// Reads lines of at most a given length. [`Lines::next`] may be dropped at any await without losing input.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// How much of `buffer` is known to hold no line break.
    searched: usize,
    limit: usize,
    /// Set while the rest of a line that was too long is thrown away.
    discarding: Option<IdFinder>,
    ended: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(reader: R, limit: usize) -> Lines<R> {
        Lines { reader, buffer: Vec::new(), searched: 0, limit, discarding: None, ended: false }
    }

    /// The next line; a last one without a line break counts. `None` at the end of the input, or when it fails.
    pub(super) async fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(line) = self.take() {
                return Some(line);
            }
            if self.ended {
                return None;
            }
            self.buffer.reserve(READ);
            match self.reader.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => self.ended = true,
                Ok(_) => {}
            }
        }
    }

    fn take(&mut self) -> Option<Line> {
        let found = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n').map(|at| at + self.searched);
        let Some(end) = found else {
            self.searched = self.buffer.len();
            if self.discarding.is_some() || self.buffer.len() > self.limit {
                let mut finder = self.discarding.take().unwrap_or_default();
                finder.feed(&self.buffer);
                self.empty();
                if self.ended {
                    return Some(Line::TooLong { id: finder.id() });
                }
                self.discarding = Some(finder);
                return None;
            }
            if self.ended && !self.buffer.is_empty() {
                let line = std::mem::take(&mut self.buffer);
                self.searched = 0;
                return Some(Line::Whole(line));
            }
            return None;
        };
        let rest = self.buffer.split_off(end + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        self.searched = 0;
        line.pop();
        if self.discarding.is_some() || line.len() > self.limit {
            let mut finder = self.discarding.take().unwrap_or_default();
            finder.feed(&line);
            return Some(Line::TooLong { id: finder.id() });
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Some(Line::Whole(line))
    }

    fn empty(&mut self) {
        self.buffer.clear();
        // After one huge line the memory goes back.
        self.buffer.shrink_to(READ);
        self.searched = 0;
    }
}

/// Finds the `id` of the outermost object in bytes that need not be valid JSON, fed piece by piece.
#[derive(Debug, Default)]
pub(super) struct IdFinder {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The string that is being read or was read last, at depth 1 only.
    text: Vec<u8>,
    /// The last string stands before a colon and is `id`: a value follows.
    expects_id: bool,
    number: Vec<u8>,
    found: Option<RequestId>,
}

/// Longer ids are not echoed.
const ID_BYTES: usize = 1024;

impl IdFinder {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.step(*byte);
        }
    }

    /// The id, when one was found.
    pub(super) fn id(mut self) -> Option<RequestId> {
        self.end_number();
        self.found
    }

    fn step(&mut self, byte: u8) {
        if self.in_string {
            return self.step_in_string(byte);
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.text.clear();
            }
            b'{' | b'[' => {
                self.expects_id = false;
                self.depth += 1;
            }
            b'}' | b']' => {
                self.end_number();
                self.depth = self.depth.saturating_sub(1);
            }
            b':' if self.depth == 1 => self.expects_id = self.text == b"id",
            b',' => {
                self.end_number();
                self.expects_id = false;
            }
            b'-' | b'0'..=b'9' if self.expects_id && self.depth == 1 && self.number.len() < 20 => {
                self.number.push(byte);
            }
            byte if byte.is_ascii_whitespace() => {}
            // Anything else after the digits (a fraction, an exponent) makes it no id of JSON-RPC.
            _ => {
                self.number.clear();
                self.expects_id = false;
            }
        }
    }

    fn step_in_string(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
            if self.expects_id && self.depth == 1 && self.found.is_none() {
                // A part of an id is nobody's, and escapes stand for what they mean.
                let quoted = [b"\"", self.text.as_slice(), b"\""].concat();
                if self.text.len() < ID_BYTES
                    && let Ok(text) = serde_json::from_slice::<String>(&quoted)
                {
                    self.found = Some(RequestId::String(text.into()));
                }
                self.expects_id = false;
            }
            return;
        }
        if self.depth == 1 && self.text.len() < ID_BYTES {
            self.text.push(byte);
        }
    }

    fn end_number(&mut self) {
        if self.number.is_empty() || self.depth != 1 {
            return;
        }
        let number = std::mem::take(&mut self.number);
        if self.found.is_none()
            && let Some(id) = std::str::from_utf8(&number).ok().and_then(|it| it.parse::<i64>().ok())
        {
            self.found = Some(RequestId::Number(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id_of(text: &[u8]) -> Option<RequestId> {
        let mut finder = IdFinder::default();
        finder.feed(text);
        finder.id()
    }

    #[test]
    fn ids_are_found_in_what_no_parser_takes() {
        let number = |it| Some(RequestId::Number(it));
        assert_eq!(id_of(br#"{"jsonrpc":"2.0","id":7,"method":"x","params":{"id":9"#), number(7));
        assert_eq!(id_of(br#"{"params":{"id":9,"a":["id",{"id":3}]},"id": 12 }"#), number(12));
        assert_eq!(id_of(br#"{"id":"a-1","x":"\ud800"}"#), Some(RequestId::String("a-1".into())));
        assert_eq!(id_of(b"{\"id\":5,\"x\":\"\xff\"}"), number(5));
        assert_eq!(id_of(br#"{"id":-3}"#), number(-3));
        assert_eq!(id_of(br#"{"id":1.5}"#), None);
        assert_eq!(id_of(br#"{"x":"\"id\":4"}"#), None);
        assert_eq!(id_of(br#"{"id":null}"#), None);
        assert_eq!(id_of(b"hello"), None);
        assert_eq!(id_of(br#"{"id":"x\"y\u00e9","method":5"#), Some(RequestId::String("x\"y\u{e9}".into())));
        assert_eq!(id_of(format!("{{\"id\":\"{}\"", "a".repeat(2000)).as_bytes()), None);
        assert_eq!(id_of(br#"[{"id":4}]"#), None);
    }

    async fn lines_of(input: &[u8], limit: usize) -> Vec<Line> {
        let mut lines = Lines::new(input, limit);
        let mut out = Vec::new();
        while let Some(line) = lines.next().await {
            out.push(line);
        }
        out
    }

    #[tokio::test]
    async fn lines_end_at_breaks_and_at_the_end_of_the_input() {
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        assert_eq!(lines_of(b"a\r\nb\n\nc", 10).await, [whole("a"), whole("b"), whole(""), whole("c")]);
        assert_eq!(lines_of(b"", 10).await, []);
        let long = format!("{{\"x\":\"{}\",\"id\":3}}\nnext", "y".repeat(200_000));
        assert_eq!(
            lines_of(long.as_bytes(), 100).await,
            [Line::TooLong { id: Some(RequestId::Number(3)) }, whole("next")]
        );
        assert_eq!(lines_of(b"0123456789", 5).await, [Line::TooLong { id: None }]);
    }

    proptest! {
        #[test]
        fn the_id_does_not_depend_on_how_the_bytes_come(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..200) {
            let cut = cut.min(bytes.len());
            let mut finder = IdFinder::default();
            finder.feed(&bytes[..cut]);
            finder.feed(&bytes[cut..]);
            prop_assert_eq!(finder.id(), id_of(&bytes));
        }
    }
}
