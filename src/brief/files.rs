//! Finds the paths of files that a text names.

use std::collections::HashMap;

/// Endings of names that are files' even without a folder before them.
const ENDINGS: [&str; 44] = [
    "rs", "toml", "lock", "md", "txt", "json", "jsonl", "yaml", "yml", "xml", "html", "css", "scss", "js", "jsx", "ts",
    "tsx", "mjs", "py", "ipynb", "rb", "go", "java", "kt", "swift", "c", "h", "cc", "cpp", "hpp", "cs", "php", "sh",
    "bash", "sql", "proto", "tf", "lua", "vue", "svelte", "csv", "ini", "cfg", "env",
];

/// Characters of a path; longer ones are none that people name.
const LONGEST: usize = 200;

/// The paths that `texts` name, the most often named first, then the latest.
pub(super) fn named<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
    for (at, word) in texts.flat_map(words).enumerate() {
        if let Some(path) = path(word) {
            let seen = counts.entry(path).or_default();
            *seen = (seen.0 + 1, at);
        }
    }
    let mut found: Vec<(&str, (usize, usize))> = counts.into_iter().collect();
    found.sort_by_key(|it| std::cmp::Reverse(it.1));
    found.into_iter().map(|it| it.0.to_owned()).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "`\"'()[]{}<>,;|*“”„".contains(c))
}

/// The path that a word is, without the line behind it and the stop at its end.
fn path(word: &str) -> Option<&str> {
    if word.len() > LONGEST || word.contains("://") || word.starts_with("www.") || word.contains('@') {
        return None;
    }
    let word = word.trim_end_matches(['.', ':', '!', '?']);
    let word = word.split_once(':').map_or(word, |(path, line)| {
        let is_line = line.starts_with(|c: char| c.is_ascii_digit());
        if is_line { path } else { word }
    });
    let word = word.split_once("#L").map_or(word, |it| it.0);
    let name = word.rsplit(['/', '\\']).next()?;
    let (stem, ending) = name.rsplit_once('.')?;
    let is_ending = (1..=8).contains(&ending.len())
        && ending.chars().all(|c| c.is_ascii_alphanumeric())
        && ending.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_path = name.len() < word.len();
    // `e.g` and `std::fs` are no files; `src/a.zig` is one, whatever its ending.
    let known = ENDINGS.contains(&ending.to_ascii_lowercase().as_str());
    (is_ending && (known || is_path) && (!stem.is_empty() || is_path) && !word.contains("::") && !word.contains(':'))
        .then_some(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn files_are_told_from_addresses_numbers_and_words() {
        let check = |text: &str, expected: &[&str]| assert_eq!(named([text].into_iter()), expected, "{text}");
        check("See `src/main.rs:12`, src/main.rs and docs/release.md.", &["src/main.rs", "docs/release.md"]);
        check("edit Cargo.toml, then README.md#L4-L9", &["README.md", "Cargo.toml"]);
        check("https://example.com/a.html www.a.com ana@example.com v1.2.3 e.g. 3.14 std::fs::File", &[]);
        check("C:\\work\\notes.txt", &[]);
        check("src\\notes.txt and (a/b.zig)", &["a/b.zig", "src\\notes.txt"]);
        check("", &[]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}") {
            for path in named([text.as_str()].into_iter()) {
                prop_assert!(text.contains(&path));
            }
        }
    }
}
