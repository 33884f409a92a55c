//! Turns a file into text, or says why it is none worth indexing.

use std::path::Path;

use super::language::Kind;
use super::language::Language;
use super::open::mtime_ns;
use super::open::open_regular;
use super::open::read_capped;
use super::paper::MAX_BYTES;
use super::paper::Paper;
use super::paper::web_page;
use super::skip::SkipReason;
use crate::redact;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Without byte order mark; not blank.
    pub text: String,
    pub language: Language,
    /// BLAKE3 of the bytes of the file, 64 lower-case hexadecimal digits.
    pub hash: String,
    pub size_bytes: u64,
    /// As the file said when it was opened, so that a later change is noticed; nanoseconds since 1970.
    pub mtime_ns: i64,
}

/// Larger files are left out unless asked for. Of the 10,600 text files of the crates that this program is built of, two
/// are larger: a table of tests and SQLite in one file (2026-11).
pub const DEFAULT_MAX_FILE_BYTES: u64 = 2 * 1024 * 1024;

/// As much of a file as `file` and `git` look at to tell text from binary.
const SNIFFED_BYTES: usize = 8 * 1024;

/// A line longer than this, or an average above [`MINIFIED_MEAN_BYTES`], was written by no one.
const MINIFIED_LINE_BYTES: usize = 10_000;
const MINIFIED_MEAN_BYTES: usize = 400;

/// A line of a notebook's output that is longer is a picture or a page and not a word on how a run went.
const OUTPUT_LINE_BYTES: usize = 1_000;

/// Lines in which a generator says that it was one.
const HEADER_LINES: usize = 5;

/// Reads the file at `path`, a real path as [`walk()`](super::walk()) gives it.
///
/// # Errors
/// The reason why it is to be left out; [`SkipReason::Gone`] when it is no longer there.
pub fn read(path: &Path, max_bytes: u64) -> Result<Text, SkipReason> {
    let (file, metadata) = open_regular(path)?;
    let most_bytes = most_bytes(path, max_bytes);
    if metadata.len() > most_bytes {
        return Err(SkipReason::TooLarge);
    }
    let bytes = read_capped(file, most_bytes)?;
    let (hash, size_bytes) = (blake3::hash(&bytes).to_hex().to_string(), bytes.len() as u64);
    let (text, language) = match Paper::of(path) {
        Some(paper) => (paper.text(bytes)?, paper.language()),
        None => {
            let mut text = decode(&bytes)?;
            if is_notebook(path) {
                text = without_pictures(&text);
                if text.len() as u64 > max_bytes {
                    return Err(SkipReason::TooLarge);
                }
            }
            let language = Language::of(path, &text);
            let page = (language.name() == "html").then(|| web_page(&text)).flatten();
            match page.zip(Language::named("webpage")) {
                Some(page) => page,
                None => (text, language),
            }
        }
    };
    check_content(&text, language)?;
    Ok(Text { language, hash, size_bytes, mtime_ns: mtime_ns(&metadata), text })
}

/// How large the file at `path` may be when others may have `max_bytes`: documents and notebooks hold pictures and fonts.
pub(super) fn most_bytes(path: &Path, max_bytes: u64) -> u64 {
    if Paper::of(path).is_some() || is_notebook(path) { MAX_BYTES.max(max_bytes) } else { max_bytes }
}

fn is_notebook(path: &Path) -> bool {
    path.extension().is_some_and(|it| it.eq_ignore_ascii_case("ipynb"))
}

/// A notebook line by line, without the pictures and the pages that its cells have put out.
fn without_pictures(text: &str) -> String {
    text.split_inclusive('\n').map(|line| without_output(line).unwrap_or_else(|| line.to_owned())).collect()
}

/// `line` with an empty text in the place of a long output; `None` when it is none.
fn without_output(line: &str) -> Option<String> {
    if line.len() < OUTPUT_LINE_BYTES {
        return None;
    }
    let rest = line.trim_start();
    let is_output = ["\"image/", "\"application/", "\"text/html"].iter().any(|it| rest.starts_with(it));
    // Else one line of many that an output is written in, which no one has typed.
    let key = if is_output { rest.find("\": \"")? + 3 } else { 0 };
    let is_text = rest[key..].starts_with('"') && (is_output || line.len() > MINIFIED_LINE_BYTES);
    let (_, end) = is_text.then(|| rest.rsplit_once('"'))??;
    Some(format!("{}{}\"\"{end}", &line[..line.len() - rest.len()], &rest[..key]))
}

fn decode(bytes: &[u8]) -> Result<String, SkipReason> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => decode_unmarked(rest),
        // UTF-32 begins like UTF-16; nobody writes it.
        [0xFF, 0xFE, 0, 0, ..] => Err(SkipReason::NotUtf8),
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        _ => decode_unmarked(bytes),
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, SkipReason> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(pairs.iter().map(|it| unit(*it))).collect::<Result<String, _>>();
    match text {
        Ok(text) if odd.is_empty() && !text.contains('\0') => Ok(text),
        _ => Err(SkipReason::NotUtf8),
    }
}

fn decode_unmarked(bytes: &[u8]) -> Result<String, SkipReason> {
    if is_binary(bytes) {
        return Err(SkipReason::Binary);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => decode_damaged(bytes),
    }
}

/// A NUL anywhere, or more control characters at the start than a text with escape sequences has.
fn is_binary(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(SNIFFED_BYTES)];
    let is_control = |it: &&u8| **it < 0x20 && !matches!(**it, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B) || **it == 0x7F;
    bytes.contains(&0) || start.iter().filter(is_control).count() * 10 > start.len()
}

/// Reads UTF-8 with a few broken places as such, and a text of single bytes as Windows-1252, which holds Latin-1.
fn decode_damaged(bytes: &[u8]) -> Result<String, SkipReason> {
    let broken = bytes.utf8_chunks().filter(|it| !it.invalid().is_empty()).count();
    let whole = bytes.utf8_chunks().flat_map(|it| it.valid().chars()).filter(|it| !it.is_ascii()).count();
    if whole > 4 * broken {
        return Ok(String::from_utf8_lossy(bytes).into_owned());
    }
    let high = bytes.iter().filter(|it| !it.is_ascii()).count();
    // Letters with marks are rare in every language that Latin-1 writes; other single-byte scripts are mostly high.
    if high * 10 > bytes.len() * 3 {
        return Err(SkipReason::NotUtf8);
    }
    bytes.iter().map(|it| windows_1252(*it)).collect::<Option<String>>().ok_or(SkipReason::NotUtf8)
}

fn windows_1252(byte: u8) -> Option<char> {
    /// Source: WHATWG Encoding Standard, index windows-1252, 0x80 to 0x9F; a space marks what stands for nothing.
    const HIGH: [char; 32] = [
        '€', ' ', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', ' ', 'Ž', ' ', ' ', '‘', '’', '“', '”', '•',
        '–', '—', '˜', '™', 'š', '›', 'œ', ' ', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => Some(HIGH[usize::from(byte - 0x80)]).filter(|it| *it != ' '),
        _ => Some(char::from(byte)),
    }
}

fn check_content(text: &str, language: Language) -> Result<(), SkipReason> {
    if text.trim().is_empty() {
        return Err(SkipReason::Empty);
    }
    if redact::holds_private_key(text) {
        return Err(SkipReason::Secret);
    }
    if language.kind() == Kind::Code && (is_minified(text) || says_generated(text)) {
        return Err(SkipReason::Generated);
    }
    Ok(())
}

fn is_minified(text: &str) -> bool {
    let mut count = 0;
    let longest = text.lines().inspect(|_| count += 1).map(str::len).max().unwrap_or(0);
    longest > MINIFIED_LINE_BYTES || (text.len() > SNIFFED_BYTES && text.len() / count.max(1) > MINIFIED_MEAN_BYTES)
}

/// Whether a comment at the top has one of the marks that generators agree on.
fn says_generated(text: &str) -> bool {
    const COMMENTS: &[&str] = &["//", "#", "/*", "*", "--", ";", "<!--", "%", "(*", "{-", "\"\"\"", "'''"];
    // Written in two halves, so that this file does not say it of itself.
    const MARKS: &[&str] = &[concat!("@gene", "rated"), concat!("DO NOT", " EDIT"), concat!("<auto-gene", "rated")];
    text.lines()
        .take(HEADER_LINES)
        .map(str::trim_start)
        .filter(|line| COMMENTS.iter().any(|it| line.starts_with(it)))
        .any(|line| MARKS.iter().any(|it| line.contains(it)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[track_caller]
    fn check(name: &str, bytes: &[u8], expected: Result<&str, SkipReason>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dunce::canonicalize(dir.path()).unwrap().join(name);
        fs::write(&path, bytes).unwrap();
        let found = read(&path, DEFAULT_MAX_FILE_BYTES);
        assert_eq!(found.as_ref().map(|it| it.text.as_str()).map_err(|it| *it), expected);
        if let Ok(found) = found {
            assert_eq!(found.hash, blake3::hash(bytes).to_hex().as_str());
            assert_eq!(found.size_bytes, bytes.len() as u64);
            assert!(found.mtime_ns > 0);
        }
    }

    #[test]
    fn texts_of_many_encodings_are_read() {
        check("a.rs", b"fn a() {}\n", Ok("fn a() {}\n"));
        check("a.txt", b"\xEF\xBB\xBFmarked", Ok("marked"));
        check("a.txt", b"\xFF\xFEH\0i\0", Ok("Hi"));
        check("a.txt", b"\xFE\xFF\x20\xAC\0!", Ok("€!"));
        check("a.txt", b"caf\xE9 cr\xE8me \x93quoted\x94", Ok("café crème “quoted”"));
        check("a.txt", b"colour \x1b[31mred\x1b[0m", Ok("colour \x1b[31mred\x1b[0m"));
        let mut damaged = "日本語のテキスト".as_bytes().to_vec();
        damaged.push(0xE6);
        check("a.txt", &damaged, Ok("日本語のテキスト\u{FFFD}"));
    }

    #[test]
    fn what_is_no_text_is_left_out() {
        check("a.txt", b"", Err(SkipReason::Empty));
        check("a.txt", b"\xEF\xBB\xBF \n", Err(SkipReason::Empty));
        check("a.txt", b"text\0text", Err(SkipReason::Binary));
        check("a.txt", &[vec![b'a'; 9000], vec![0]].concat(), Err(SkipReason::Binary));
        check("a.txt", &[1, 2, 3, b'a', b'b'], Err(SkipReason::Binary));
        check("a.txt", b"\xFF\xFEH\0\x00\xD8", Err(SkipReason::NotUtf8));
        check("a.txt", b"\xFF\xFEodd", Err(SkipReason::NotUtf8));
        // A Russian text in KOI8-R, and a byte that Windows-1252 does not have.
        check("a.txt", b"\xF0\xD2\xC9\xD7\xC5\xD4 \xCD\xC9\xD2", Err(SkipReason::NotUtf8));
        check("a.txt", b"mostly ascii, but \x81", Err(SkipReason::NotUtf8));
    }

    #[test]
    fn what_nobody_wrote_is_left_out() {
        let minified = "a=1;".repeat(3000);
        check("a.js", minified.as_bytes(), Err(SkipReason::Generated));
        check("a.json", "[1,2,3,4,5,6,7,8,9]".repeat(100).repeat(5).as_bytes(), Err(SkipReason::Generated));
        // Prose may have one line a paragraph.
        check("a.txt", minified.as_bytes(), Ok(&minified));
        check("a.go", b"// Code generated by x. DO NOT EDIT.\npackage a\n", Err(SkipReason::Generated));
        check("a.js", b"/**\n * @generated\n */\n", Err(SkipReason::Generated));
        let late = "x = 1\n".repeat(9) + "# DO NOT EDIT\n";
        check("a.py", late.as_bytes(), Ok(&late));
        check("a.py", b"print('@generated')\n", Ok("print('@generated')\n"));
    }

    #[test]
    fn a_notebook_is_read_without_its_pictures() {
        let notebook = |picture: &str, page: &str, code: &str| {
            format!(
                "{{\n \"source\": [\n  \"{code}\\n\"\n ],\n \"data\": {{\n  \"image/png\": \"{picture}\",\n  \"text/html\": [\n   \
                 \"{page}\"\n  ]\n }}\n}}\n"
            )
        };
        let (picture, page) = ("iVBORw0KGgo".repeat(2_000), "<div class='plot'>".repeat(2_000));
        let read = notebook("", "", "plot()");
        check("a.ipynb", notebook(&picture, &page, "plot()").as_bytes(), Ok(&read));
        check("a.json", notebook(&picture, &page, "plot()").as_bytes(), Err(SkipReason::Generated));
        // Short outputs, and what somebody typed, stay.
        let short = notebook("iVBO", "<b>0.93</b>", &"x ".repeat(800));
        check("a.ipynb", short.as_bytes(), Ok(&short));
        let dir = tempfile::tempdir().unwrap();
        let path = dunce::canonicalize(dir.path()).unwrap().join("a.ipynb");
        fs::write(&path, notebook(&picture, "", &"x ".repeat(800))).unwrap();
        assert!(super::read(&path, 4_000).is_ok());
        assert_eq!(super::read(&path, 1_000), Err(SkipReason::TooLarge));
    }

    #[test]
    fn a_private_key_is_left_out_under_any_name() {
        let key = format!("-----BEGIN {} KEY-----\n{}\n-----END", "PRIVATE", "MIIEvQIBADANBgkqhkiG9w0B".repeat(4));
        check("notes.txt", key.as_bytes(), Err(SkipReason::Secret));
        check(
            "about.txt",
            b"It starts with -----BEGIN PRIVATE KEY-----.",
            Ok("It starts with -----BEGIN PRIVATE KEY-----."),
        );
    }

    #[test]
    fn size_is_limited() {
        let dir = tempfile::tempdir().unwrap();
        let path = dunce::canonicalize(dir.path()).unwrap().join("a.txt");
        fs::write(&path, "12345").unwrap();
        assert!(read(&path, 5).is_ok());
        assert_eq!(read(&path, 4), Err(SkipReason::TooLarge));
        // It grew between the look at its size and the reading.
        assert_eq!(read_capped(fs::File::open(&path).unwrap(), 4), Err(SkipReason::TooLarge));
        fs::remove_file(&path).unwrap();
        assert_eq!(read(&path, 5), Err(SkipReason::Gone));
        assert_eq!(read(dir.path(), 5), Err(SkipReason::SpecialFile));
    }

    #[cfg(unix)]
    #[test]
    fn what_was_swapped_after_the_walk_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let base = dunce::canonicalize(dir.path()).unwrap();
        fs::create_dir(base.join("real")).unwrap();
        fs::write(base.join("real/a.txt"), "private").unwrap();
        std::os::unix::fs::symlink(base.join("real"), base.join("folder")).unwrap();
        std::os::unix::fs::symlink(base.join("real/a.txt"), base.join("file")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, base.join("pipe"), rustix::fs::Mode::RUSR).unwrap();
        for name in ["folder/a.txt", "file"] {
            assert_eq!(read(&base.join(name), 100), Err(SkipReason::SymlinkOutside), "{name}");
        }
        assert_eq!(read(&base.join("pipe"), 100), Err(SkipReason::SpecialFile));
        assert_eq!(read(Path::new("/dev/zero"), 100), Err(SkipReason::SpecialFile));
        // Its size says 0, yet it goes on and on.
        assert!(matches!(
            read(Path::new("/proc/self/pagemap"), 100),
            Err(SkipReason::TooLarge | SkipReason::Unreadable | SkipReason::Gone | SkipReason::SymlinkOutside)
        ));
    }
}
