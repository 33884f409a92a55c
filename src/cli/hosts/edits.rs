//! Changes to a text as cuts and insertions, so that every byte that is not named stays as it is.

use std::ops::Range;

/// Replacements in one text. They must not overlap; insertions at one place stay in the order they were made.
#[derive(Default)]
pub(super) struct Edits {
    splices: Vec<(Range<usize>, String)>,
}

impl Edits {
    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    pub(super) fn delete(&mut self, range: Range<usize>) {
        self.replace(range, "");
    }

    pub(super) fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.splices.push((range, text.into()));
    }

    /// The text with every change made.
    pub(super) fn apply(mut self, text: &str) -> String {
        self.splices.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = String::with_capacity(text.len() + 256);
        let mut at = 0;
        for (range, new) in self.splices {
            out.push_str(&text[at..range.start.max(at)]);
            out.push_str(&new);
            at = range.end.max(at);
        }
        out.push_str(&text[at..]);
        out
    }
}

/// The line ending that the text uses: that of its first line.
pub(super) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Where the line that holds `at` begins.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |it| it + 1)
}

/// Where the line that holds `at` ends, its line ending included.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |it| at + it + 1)
}

/// The spaces and tabs that the line of `at` begins with.
pub(super) fn indent(text: &str, at: usize) -> &str {
    let line = &text[line_start(text, at)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Where the line ending that stands right before `at` begins, if one does.
pub(super) fn newline_before(text: &str, at: usize) -> Option<usize> {
    let head = text[..at].strip_suffix('\n')?;
    Some(head.strip_suffix('\r').unwrap_or(head).len())
}

/// Where the line ending that stands right at `at` ends, if one does.
pub(super) fn newline_after(text: &str, at: usize) -> Option<usize> {
    let tail = text[at..].strip_prefix('\r').unwrap_or(&text[at..]);
    tail.strip_prefix('\n').map(|it| text.len() - it.len())
}

/// Line and column of a byte, both from 1; columns count characters.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let start = line_start(text, at);
    (text[..at].matches('\n').count() + 1, text[start..at].chars().count() + 1)
}
