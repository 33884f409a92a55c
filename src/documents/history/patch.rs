//! Reads what `git log` prints: of each commit its message, and the lines that each file gained. Strict: what is not as it
//! should be ends the reading, and nothing is kept that is longer than it may be. Of files that no index has, and of lines
//! with secrets in them, nothing is kept.

use std::collections::HashSet;

use crate::documents::skip::is_left_out;
use crate::redact::redact;

/// A commit with more files says little of any.
pub(super) const FILES: usize = 30;

/// Lines of a file that are kept: a file that gained more is new, or data.
const LINES: usize = 100;

/// A shorter line stands in many places; a longer one is data. In bytes, without the blanks around it.
const SHORTEST: usize = 8;
const LONGEST: usize = 1_000;

/// Of a longer hunk the rest is not read. In bytes.
const HUNK: usize = 16 << 10;

/// Of a longer message the rest is not read. In bytes.
const MESSAGE: usize = 8 << 10;

/// What stands before each commit: no line of a patch begins so.
const BEGIN: u8 = 1;

/// How a commit is to be printed for [`Reader`], its patch behind it without lines around the changed ones.
pub(super) const FORMAT: &str = "--format=%x01%H%x00%B%x00";

/// What a commit changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) hash: String,
    pub(super) message: String,
    /// None when they are more than [`FILES`].
    pub(super) files: Vec<Changed>,
    is_large: bool,
}

impl Commit {
    /// One that changes no text.
    pub(super) fn without_files(hash: String) -> Commit {
        Commit { hash, ..Commit::default() }
    }
}

/// A file that a commit changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) path: String,
    /// The hashes of the lines that it gained.
    pub(super) lines: Vec<u32>,
}

/// Something else than what `git log` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Between commits, or in the patch of one.
    #[default]
    Patch,
    Hash,
    Message,
}

/// Takes the output of git in pieces of any size.
#[derive(Debug, Default)]
pub(super) struct Reader {
    state: State,
    /// What was read of a line, hash or message, and how long it is.
    part: Vec<u8>,
    length: usize,
    /// Lines of the hunk that are still to come: lost and gained.
    hunk: (usize, usize),
    /// Those of its lines that came and may be kept.
    gained: Vec<u8>,
    /// Whether the lines belong to a file that is kept.
    has_file: bool,
    commit: Option<Commit>,
    done: Vec<Commit>,
}

impl Reader {
    /// Takes what comes next.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        while let Some(first) = bytes.first() {
            if self.state == State::Patch && self.length == 0 && self.hunk == (0, 0) && *first == BEGIN {
                self.done.extend(self.commit.replace(Commit::default()));
                (self.state, self.has_file) = (State::Hash, false);
                bytes = &bytes[1..];
                continue;
            }
            let end = if self.state == State::Patch { b'\n' } else { 0 };
            let here = bytes.iter().position(|it| *it == end);
            let (part, rest) = bytes.split_at(here.unwrap_or(bytes.len()));
            let room = MESSAGE.saturating_sub(self.part.len());
            self.part.extend_from_slice(&part[..part.len().min(room)]);
            self.length += part.len();
            bytes = rest.get(1..).unwrap_or_default();
            if here.is_some() {
                let (part, length) = (std::mem::take(&mut self.part), std::mem::take(&mut self.length));
                self.take(&part, length)?;
                self.part = part;
                self.part.clear();
            }
        }
        Ok(())
    }

    /// The commits that have come to their end since this was asked.
    pub(super) fn finished(&mut self) -> Vec<Commit> {
        std::mem::take(&mut self.done)
    }

    /// All that is left, at the end of the output.
    pub(super) fn end(mut self) -> Vec<Commit> {
        if self.state == State::Patch && self.hunk == (0, 0) {
            self.done.extend(self.commit);
        }
        self.done
    }

    fn take(&mut self, part: &[u8], length: usize) -> Result<(), Malformed> {
        let Some(commit) = &mut self.commit else {
            return if part.is_empty() { Ok(()) } else { Err(Malformed) };
        };
        match self.state {
            State::Hash => {
                let is_hash = matches!(length, 40 | 64) && part.iter().all(u8::is_ascii_hexdigit);
                commit.hash = String::from_utf8(part.to_vec()).ok().filter(|_| is_hash).ok_or(Malformed)?;
                self.state = State::Message;
                Ok(())
            }
            State::Message => {
                commit.message = String::from_utf8_lossy(part).into_owned();
                self.state = State::Patch;
                Ok(())
            }
            State::Patch if self.hunk != (0, 0) => self.take_changed(part, length),
            State::Patch => self.take_header(part),
        }
    }

    fn take_changed(&mut self, line: &[u8], length: usize) -> Result<(), Malformed> {
        let left = match line.first() {
            Some(b'-') => &mut self.hunk.0,
            Some(b'+') => &mut self.hunk.1,
            // That the file has no line break at its end.
            Some(b'\\') => return Ok(()),
            _ => return Err(Malformed),
        };
        *left = left.checked_sub(1).ok_or(Malformed)?;
        if line[0] == b'+' && length <= LONGEST && self.has_file && self.gained.len() < HUNK {
            self.gained.extend_from_slice(&line[1..]);
            self.gained.push(b'\n');
        }
        if self.hunk == (0, 0) {
            self.keep_gained();
        }
        Ok(())
    }

    /// Keeps the lines of the hunk in which there is no secret: all at once, because some go over many lines.
    fn keep_gained(&mut self) {
        let gained = std::mem::take(&mut self.gained);
        let gained = String::from_utf8_lossy(&gained);
        let Some(file) = self.commit.as_mut().and_then(|it| it.files.last_mut()) else { return };
        let (clean, secrets) = redact(&gained);
        let clean: Option<HashSet<&str>> = (!secrets.is_empty()).then(|| clean.lines().collect());
        for line in gained.lines().filter(|it| clean.as_ref().is_none_or(|clean| clean.contains(it))) {
            let hash = line_hash(line.as_bytes()).filter(|it| file.lines.len() < LINES && !file.lines.contains(it));
            file.lines.extend(hash);
        }
    }

    fn take_header(&mut self, line: &[u8]) -> Result<(), Malformed> {
        if line.starts_with(b"diff --git ") {
            self.has_file = false;
        } else if let Some(path) = line.strip_prefix(b"+++ b/") {
            // Behind a name with a space in it stands a tab.
            let path = path.strip_suffix(b"\t").unwrap_or(path);
            let commit = self.commit.as_mut().ok_or(Malformed)?;
            if commit.files.len() >= FILES {
                (commit.is_large, commit.files) = (true, Vec::new());
            }
            let path = String::from_utf8(path.to_vec())
                .ok()
                .filter(|it| !it.is_empty() && !is_left_out(it) && !commit.is_large);
            self.has_file = path.is_some();
            commit.files.extend(path.map(|path| Changed { path, lines: Vec::new() }));
        } else if let Some(hunk) = line.strip_prefix(b"@@ ") {
            self.hunk = hunk_lines(hunk).ok_or(Malformed)?;
        }
        Ok(())
    }
}

/// How many lines a hunk takes and gives: `-3,2 +4 @@ …` → 2, 1.
fn hunk_lines(text: &[u8]) -> Option<(usize, usize)> {
    let text = text.get(..text.len().min(100))?;
    let text = String::from_utf8_lossy(text);
    let mut parts = text.split(' ');
    let mut count = |sign: char| -> Option<usize> {
        let place = parts.next()?.strip_prefix(sign)?;
        let (from, count) = place.split_once(',').unwrap_or((place, "1"));
        from.parse::<u64>().ok()?;
        count.parse().ok()
    };
    let counts = (count('-')?, count('+')?);
    (parts.next() == Some("@@")).then_some(counts)
}

/// What a line is known by (FNV-1a); `None` for one that is too short or too long to tell its place.
pub(super) fn line_hash(line: &[u8]) -> Option<u32> {
    let line = line.trim_ascii();
    let hash = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    (SHORTEST..=LONGEST).contains(&line.len()).then(|| line.iter().fold(0x811c_9dc5, hash))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: &str = "0123456789abcdef0123456789abcdef01234567";
    const B: &str = "89abcdef0123456789abcdef0123456789abcdef";

    fn read(text: &[u8], size: usize) -> Result<Vec<Commit>, Malformed> {
        let mut reader = Reader::default();
        let mut commits = Vec::new();
        for part in text.chunks(size) {
            reader.feed(part)?;
            commits.extend(reader.finished());
        }
        commits.extend(reader.end());
        Ok(commits)
    }

    fn two() -> String {
        format!(
            "\u{1}{A}\0fix: the cache\n\ndiff --git a/x b/x\n+++ b/not/a/file\n\0\n\ndiff --git a/src/a b.rs b/src/a b.rs\n\
             index 1..2 100644\n--- a/src/a b.rs\t\n+++ b/src/a b.rs\t\n@@ -3,0 +4,3 @@ fn main() {{\n+    let cache = 1;\n+++ b/no.rs\n\
             +}}\n@@ -9 +12 @@\n-old old old\n+++ new new new\n\\ No newline at end of file\n\
             diff --git a/pic b/pic\nBinary files a/pic and b/pic differ\n\u{1}{B}\0second\0\n\n"
        )
    }

    fn hashes(lines: &[&str]) -> Vec<u32> {
        lines.iter().filter_map(|it| line_hash(it.as_bytes())).collect()
    }

    #[test]
    fn a_commit_is_its_message_and_the_lines_that_its_files_gained() {
        let commits = read(two().as_bytes(), 1 << 20).unwrap();
        assert_eq!(commits.iter().map(|it| it.hash.as_str()).collect::<Vec<_>>(), [A, B]);
        assert!(commits[0].message.starts_with("fix: the cache\n\ndiff --git"));
        let lines = hashes(&["let cache = 1;", "++ b/no.rs", "++ new new new"]);
        assert_eq!(lines.len(), 3);
        assert_eq!(commits[0].files, [Changed { path: "src/a b.rs".to_owned(), lines }]);
        assert_eq!((commits[1].message.as_str(), commits[1].files.len()), ("second", 0));
    }

    #[test]
    fn the_pieces_in_which_it_comes_do_not_count() {
        let text = two();
        let whole = read(text.as_bytes(), 1 << 20).unwrap();
        for size in [1, 2, 3, 7, 50] {
            assert_eq!(read(text.as_bytes(), size).unwrap(), whole, "{size}");
        }
    }

    #[test]
    fn a_commit_that_is_cut_off_or_changes_too_many_files_says_nothing_of_files() {
        let text = two();
        let cut = text.find("+}").unwrap();
        assert_eq!(read(&text.as_bytes()[..cut], 100).unwrap(), []);
        let files: String =
            (0..40).map(|it| format!("diff --git a/{it} b/{it}\n+++ b/{it}\n@@ -0,0 +1 @@\n+a new line\n")).collect();
        let commits = read(format!("\u{1}{A}\0all\0\n\n{files}").as_bytes(), 100).unwrap();
        assert_eq!((commits.len(), commits[0].files.len()), (1, 0));
    }

    #[test]
    fn of_files_that_no_index_has_and_of_lines_with_secrets_nothing_is_kept() {
        let file = |path: &str, lines: &[&str]| {
            let lines: String = lines.iter().map(|it| format!("+{it}\n")).collect();
            format!("diff --git a/{path} b/{path}\n+++ b/{path}\n@@ -0,0 +1,3 @@\n{lines}")
        };
        let plain = ["let first = 1;", "let second = 2;", "let third = 3;"];
        let mut text = format!("\u{1}{A}\0keys\0\n");
        for path in [".env", "deploy/server.pem", "vendor/a/a.rs", ".secret/a.rs", "a/.ssh/config", "Cargo.lock"] {
            text += &file(path, &plain);
        }
        text += &file("src/a.rs", &["let first = 1;", "password = \"hunter2hunter2Q9x\"", "let third = 3;"]);
        text +=
            &file("src/b.rs", &["-----BEGIN PRIVATE KEY-----", &"MIIEvQIBAD".repeat(6), "-----END PRIVATE KEY-----"]);
        let kept = [
            Changed { path: "src/a.rs".to_owned(), lines: hashes(&[plain[0], plain[2]]) },
            Changed { path: "src/b.rs".to_owned(), lines: Vec::new() },
        ];
        for size in [1, 7, 4_096] {
            assert_eq!(read(text.as_bytes(), size).unwrap()[0].files, kept);
        }
    }

    #[test]
    fn what_git_does_not_print_ends_the_reading() {
        for text in [
            "text\n".to_owned(),
            "\u{1}nothexadecimal\0m\0\n".to_owned(),
            format!("\u{1}{A}\0m\0\ndiff --git a/a b/a\n+++ b/a\n@@ -1 +1 @@\nx\n"),
            format!("\u{1}{A}\0m\0\ndiff --git a/a b/a\n+++ b/a\n@@ -1 +x @@\n"),
            format!("\u{1}{A}\0m\0\ndiff --git a/a b/a\n+++ b/a\n@@ -1 +1 @@\n-a\n-b\n+c\n"),
        ] {
            assert_eq!(read(text.as_bytes(), 10), Err(Malformed), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_output_is_too_strange(parts in proptest::collection::vec(prop_oneof![
            Just(b"\x01".to_vec()), Just(A.as_bytes().to_vec()), Just(b"\0".to_vec()), Just(b"\n".to_vec()),
            Just(b"diff --git a/a b/a\n".to_vec()), Just(b"+++ b/a\n".to_vec()), Just(b"@@ -1 +1,9 @@\n".to_vec()),
            Just(b"+a longer line\n".to_vec()), Just(b"@@ -99999999999999999999 +1 @@\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..30),
        ], 0..40), size in 1_usize..50) {
            let text = parts.concat();
            if let Ok(commits) = read(&text, size) {
                for it in commits {
                    prop_assert!(it.files.len() <= FILES && it.files.iter().all(|it| it.lines.len() <= LINES));
                    prop_assert!(it.hash.len() == 40);
                }
            }
        }
    }
}
