//! Prints: text for a person, or one JSON document. Colours are left out where nobody sees them.

use std::fmt::Display;
use std::io::IsTerminal;
use std::io::Write;

use owo_colors::OwoColorize;
use serde_json::Value;

use super::failed::Exit;
use super::failed::Failed;

/// Where a command's words go. A reader that has gone (`| head`) is no fault: what cannot be written is dropped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Output {
        Output { json }
    }

    /// Whether the answer is to be one JSON document.
    pub(super) fn is_json(self) -> bool {
        self.json
    }

    /// Whether a person watches standard output.
    pub(super) fn is_watched(self) -> bool {
        !self.json && std::io::stdout().is_terminal()
    }

    /// How many characters a line of the terminal has; `None` when nobody watches.
    pub(super) fn width(self) -> Option<usize> {
        #[cfg(unix)]
        {
            let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok()?;
            Some(usize::from(size.ws_col)).filter(|it| *it > 0 && self.is_watched())
        }
        #[cfg(not(unix))]
        None
    }

    /// A line for a person; nothing with `--json`.
    pub(super) fn line(self, line: impl Display) {
        if !self.json {
            let _ = writeln!(anstream::stdout(), "{line}");
        }
    }

    /// A piece of a line for a person, shown at once.
    pub(super) fn piece(self, piece: impl Display) {
        if !self.json {
            let mut out = anstream::stdout().lock();
            let _ = write!(out, "{piece}");
            let _ = out.flush();
        }
    }

    /// The one document of `--json`: indented for a person, on one line for a pipe. Nothing without `--json`.
    pub(super) fn document(self, document: &Value) {
        if self.json {
            let text = match std::io::stdout().is_terminal() {
                true => serde_json::to_string_pretty(document).unwrap_or_default(),
                false => document.to_string(),
            };
            let _ = writeln!(std::io::stdout(), "{text}");
        }
    }

    /// A text that is the answer itself, whatever `--json` says.
    pub(super) fn text(self, text: &str) {
        let mut out = anstream::stdout().lock();
        let _ = out.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
        let _ = out.flush();
    }

    /// A remark beside the answer.
    pub(super) fn remark(self, line: impl Display) {
        let _ = writeln!(anstream::stderr(), "{line}");
    }

    /// Says why a command stopped; the error stands on standard error, and in the document of `--json`.
    pub(super) fn fail(self, failed: &Failed) -> Exit {
        self.document(&failed.to_json());
        let mut err = anstream::stderr().lock();
        let _ = writeln!(err, "{} {}", "error:".red().bold(), failed.message);
        if !failed.hint.is_empty() {
            let _ = writeln!(err, "{} {}", "hint:".cyan().bold(), failed.hint);
        }
        failed.exit
    }
}
