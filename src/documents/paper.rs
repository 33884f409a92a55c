//! Reads documents that are no plain text (PDF, office files, web pages) as text with headings.
//!
//! Their files may come from anybody: sizes, time and what they unpack to are limited, a reader that panics is a file
//! that is left out, and nothing is fetched.

pub(super) mod apart;
mod office;
mod page;
mod pdf;

use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use super::language::Language;
use super::skip::SkipReason;
use crate::search;

/// What a document is, by the ending of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paper {
    Pdf,
    Word,
    Sheets,
    Slides,
    /// Text, spreadsheets and slides of LibreOffice and its like.
    Open,
}

/// Larger documents are left out: a book with pictures has some ten megabytes.
pub(super) const MAX_BYTES: u64 = 32 << 20;

/// What all parts of a document may unpack to.
const UNPACKED_BYTES: u64 = 128 << 20;

/// Text that is kept of a document: some five thousand pages.
const TEXT_BYTES: usize = 16 << 20;

/// How long reading a document may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Readers that ran out of time and still run. They cannot be ended; more of them must not gather.
static STUCK: AtomicUsize = AtomicUsize::new(0);
const STUCK_AT_MOST: usize = 2;

/// The stack of a reader: documents nest.
const STACK_BYTES: usize = 32 << 20;

impl Paper {
    /// The document that a file of this name is.
    pub(super) fn of(path: &Path) -> Option<Paper> {
        let extension = path.extension()?.to_str()?.to_lowercase();
        Some(match extension.as_str() {
            "pdf" => Paper::Pdf,
            "docx" | "docm" => Paper::Word,
            "xlsx" | "xlsm" => Paper::Sheets,
            "pptx" | "pptm" => Paper::Slides,
            "odt" | "ods" | "odp" => Paper::Open,
            _ => return None,
        })
    }

    pub(super) fn language(self) -> Language {
        let name = match self {
            Paper::Pdf => "pdf",
            Paper::Word => "word",
            Paper::Sheets => "spreadsheet",
            Paper::Slides => "slides",
            Paper::Open => "opendocument",
        };
        Language::named(name).unwrap_or(Language::TEXT)
    }

    /// The text, with a heading for each page, sheet, slide or chapter.
    pub(super) fn text(self, bytes: Vec<u8>) -> Result<String, SkipReason> {
        let read = match apart::text(self, &bytes) {
            Some(read) => read,
            None => guarded(move || self.read(&bytes), PATIENCE),
        };
        let text = read?;
        if text.trim().is_empty() { Err(SkipReason::Empty) } else { Ok(text) }
    }

    /// The same here and now, with whatever that does to this process.
    fn read(self, bytes: &[u8]) -> Result<String, SkipReason> {
        match self {
            Paper::Pdf => pdf::text(bytes),
            Paper::Word => office::word(bytes),
            Paper::Sheets => office::sheets(bytes),
            Paper::Slides => office::slides(bytes),
            Paper::Open => office::open(bytes),
        }
    }
}

/// The text of a web page, line by line as in its source; `None` for markup that is a program's rather than a page.
pub(super) fn web_page(source: &str) -> Option<String> {
    page::text(source)
}

/// Runs `read` on a thread of its own, with an end to its time and its panics kept: where no process of its own can be
/// had, which is in tests and where the system allows no more processes.
fn guarded(
    read: impl FnOnce() -> Result<String, SkipReason> + Send + 'static,
    patience: Duration,
) -> Result<String, SkipReason> {
    if STUCK.load(Ordering::Relaxed) >= STUCK_AT_MOST {
        return Err(SkipReason::TooSlow);
    }
    let (done, result) = mpsc::channel();
    // Whoever comes second, the end of the reading or that of the patience, counts it out or in.
    let is_late = std::sync::Arc::new(AtomicUsize::new(0));
    let late = is_late.clone();
    let reading = std::thread::Builder::new().name("document".to_owned()).stack_size(STACK_BYTES).spawn(move || {
        let text = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
        let _ = done.send(text.unwrap_or(Err(SkipReason::Damaged)));
        if late.swap(1, Ordering::AcqRel) == 2 {
            STUCK.fetch_sub(1, Ordering::Relaxed);
        }
    });
    if reading.is_err() {
        return Err(SkipReason::Unreadable);
    }
    match result.recv_timeout(patience) {
        Ok(text) => text,
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(SkipReason::Damaged),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            STUCK.fetch_add(1, Ordering::Relaxed);
            if is_late.swap(2, Ordering::AcqRel) == 1 {
                STUCK.fetch_sub(1, Ordering::Relaxed);
            }
            Err(SkipReason::TooSlow)
        }
    }
}

/// Text that grows to [`TEXT_BYTES`] at most.
#[derive(Default)]
struct Text {
    text: String,
}

impl Text {
    /// Adds a heading of this level, set apart.
    fn heading(&mut self, level: usize, title: &str) {
        let title: Vec<&str> = title.split_whitespace().collect();
        if !self.text.is_empty() {
            self.line("");
        }
        self.line(&format!("{} {}", "#".repeat(level.clamp(1, 6)), title.join(" ")));
        self.line("");
    }

    fn line(&mut self, line: &str) {
        let line = &*search::typed(line);
        if self.text.len() + line.len() < TEXT_BYTES {
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_panics_or_hangs_is_a_file_that_is_left_out() {
        assert_eq!(guarded(|| Ok("text".to_owned()), PATIENCE), Ok("text".to_owned()));
        assert_eq!(guarded(|| panic!("broken"), PATIENCE), Err(SkipReason::Damaged));
        let (go_on, wait) = mpsc::channel::<()>();
        let hang = move || {
            let _ = wait.recv();
            Ok(String::new())
        };
        assert_eq!(guarded(hang, Duration::from_millis(1)), Err(SkipReason::TooSlow));
        drop(go_on);
    }

    #[test]
    fn a_text_ends_somewhere() {
        let mut text = Text::default();
        for _ in 0..20 {
            text.line(&"x".repeat(1 << 20));
        }
        assert!(text.text.len() <= TEXT_BYTES);
    }
}
