//! Knows the texts that the scanners of some grammars cannot bear: they are C, and end the process or hold it up.
//!
//! A scanner keeps its state in 1,024 bytes and aborts past them (tree-sitter 0.27, `ts_parser__external_scanner_serialize`).
//! YAML and HTML are not read by trees for that reason and for the time that they take.

use super::super::language::Language;

/// A column at which nested blocks of Python come near the end of the buffer: two bytes a level, one column at least,
/// and a byte for each string that is open (tree-sitter-python 0.25).
const PYTHON_COLUMNS: usize = 300;

/// At each comment the scanner of Python looks at all that follows until something else comes: the square of a run of
/// comments, 2 ns each (a file of 33,000 took 6 s). So many looks take a fifth of a second.
const PYTHON_LOOKS: usize = 100_000_000;

/// Bytes that the end words of here-documents of a file of Ruby may have in all, four for each word included; literals
/// within each other share the buffer (tree-sitter-ruby 0.23.1, which checks for two bytes fewer than it writes).
const RUBY_BYTES: usize = 500;

/// One word at most; 256 bytes end the process by themselves.
const RUBY_WORD_BYTES: usize = 200;

/// Literals within each other that a file of Ruby may open: five bytes each.
const RUBY_LITERALS: usize = 80;

/// Whether the scanner of this language could end the process at `text`, or take far too long.
pub(super) fn cannot_bear(text: &str, language: Language) -> bool {
    match language.name() {
        // It looks characters up in the C library's table of 256 (tree-sitter-bash 0.25.1, `isdigit`).
        "shell" => text.chars().any(|it| it > '\u{ff}'),
        "python" => is_deep_python(text) || takes_long_in_python(text),
        "ruby" => has_much_to_end(text),
        _ => false,
    }
}

/// Whether a line begins far to the right. A line that goes on over `\\` carries its column along.
fn is_deep_python(text: &str) -> bool {
    let mut column = 0;
    text.split('\n').any(|line| {
        let lead = line.bytes().take_while(|it| b" \t\r\x0c".contains(it));
        column += lead.map(|it| if it == b'\t' { 8 } else { 1 }).sum::<usize>();
        let is_deep = column >= PYTHON_COLUMNS;
        if !line.trim_end_matches('\r').ends_with('\\') {
            column = 0;
        }
        is_deep
    })
}

/// Whether runs of lines that hold nothing but comments or a `\\` are so long that the scanner stays in them.
fn takes_long_in_python(text: &str) -> bool {
    let (mut looks, mut lines, mut bytes) = (0_usize, 0_usize, 0_usize);
    for line in text.split('\n').chain(["end"]) {
        let held = line.trim();
        if held.is_empty() || held.starts_with('#') || held == "\\" {
            lines += usize::from(!held.is_empty());
            bytes += line.len() + 1;
        } else {
            looks = looks.saturating_add(lines.saturating_mul(bytes));
            (lines, bytes) = (0, 0);
        }
    }
    looks > PYTHON_LOOKS
}

fn has_much_to_end(text: &str) -> bool {
    let mut bytes = 0;
    for (at, _) in text.match_indices("<<") {
        let word = text[at + 2..].trim_start_matches(['-', '~']);
        let length = match word.chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => word[1..].find(quote).unwrap_or(word.len() - 1),
            Some(c) if c.is_alphanumeric() || c == '_' || !c.is_ascii() => {
                word.find(|it: char| it.is_ascii() && !it.is_ascii_alphanumeric() && it != '_').unwrap_or(word.len())
            }
            _ => continue,
        };
        bytes += length + 4;
        if length > RUBY_WORD_BYTES || bytes > RUBY_BYTES {
            return true;
        }
    }
    // Only what stands in what is open takes room: `#{` opens code in a string, `%` a literal in either.
    text.matches("#{").count() > RUBY_LITERALS && deepest(text) > RUBY_LITERALS
}

/// How many `#{` are open at once, at the most, as far as braces tell.
fn deepest(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    let mut before = 0;
    for byte in text.bytes() {
        match byte {
            b'{' if before == b'#' => open += 1,
            b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
        before = byte;
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: &str, text: &str, expected: bool) {
        assert_eq!(cannot_bear(text, Language::named(language).unwrap()), expected, "{language}: {text:.60}");
    }

    #[test]
    fn what_ends_the_process_or_holds_it_up_is_known_and_usual_texts_are_not() {
        check("shell", "echo {\u{10ffff}..3}", true);
        check("shell", "echo \u{e9}", false);
        let nested: String = (0..511).map(|at| format!("{}if x:\n", " ".repeat(at))).collect();
        check("python", &nested, true);
        check("python", &format!("x = \\\n{}y\n", " ".repeat(299).repeat(2)), true);
        check("python", "def a():\n    return 1\n", false);
        check("python", &"#\n".repeat(10_000), true);
        check("python", &"\\\n".repeat(10_000), true);
        check("python", &"# a licence of a thousand lines\n".repeat(1_000), false);
        check("python", &"# a\nb = 1\n".repeat(100_000), false);
        let words: Vec<String> = "ABCDEZ".chars().map(|it| format!("<<{}", it.to_string().repeat(166))).collect();
        check("ruby", &words.join(", "), true);
        check("ruby", &format!("<<'{}'", "A".repeat(256)), true);
        check("ruby", "list << item\nx = <<~SQL\n  a\nSQL\n", false);
        check("ruby", &"\"#{".repeat(100), true);
    }
}
