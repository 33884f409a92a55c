//! Cuts a text into pieces that can be found and cited by their lines.
//!
//! Every line is first marked with how well a piece would start there; then pieces are cut off one after the other at
//! the best mark near the wanted size: a definition with what stands above it, small neighbours together, large ones
//! between their inner parts. What reads the structure and what cuts know nothing of each other. The structure comes
//! from a syntax tree where there is a grammar and the text is a program, else from the lines themselves.

mod code;
mod definition;
mod grammar;
mod markdown;
mod nested;
mod scanner;
mod tree;
#[cfg(test)]
mod tree_tests;

use std::ops::Range;

pub use definition::Definition;
pub use definition::DefinitionKind;

use super::language::Language;
use super::language::Syntax;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// First and last line, counted from 1, both included; neither is blank.
    pub start_line: usize,
    pub end_line: usize,
    /// The lines joined by `\n`. A line longer than 6,000 bytes becomes several pieces with the same line number.
    pub text: String,
    /// What it stands under: the headings of a document (`Install › On Linux`), or the line that opens the definition
    /// and those around it (`impl Store › fn open(path: &Path)`).
    pub title: Option<String>,
    /// The name of the first outermost definition that opens in it, or of the one that goes on in it, behind those that
    /// it lies within: `Store.open`.
    pub symbol: Option<String>,
    /// The definitions that open in it, in their order.
    pub definitions: Vec<Definition>,
    /// The names that it calls or names as types, each once, in their order, at most 64. Empty without a grammar.
    pub uses: Vec<String>,
    /// What it imports, as it is written (`use crate::store::Store;`). Empty without a grammar.
    pub imports: Vec<String>,
}

/// The size that pieces have when the text lets them: about a screen, a function with its neighbours.
const TARGET_LINES: usize = 40;

/// No piece has more lines; past this, a citation names more than it means.
const MAX_LINES: usize = 80;

/// No piece has more bytes: about 1,500 tokens, so that a small budget still holds several.
const MAX_BYTES: usize = 6_000;

/// What is left over at the end is not worth a piece of its own below this many lines.
const MIN_TAIL_LINES: usize = 8;

/// How well a piece could end where its part of the text ends; see [`Marks::starts`].
const NATURAL_END: i32 = 80;

/// What joins the parts of a title.
pub const WITHIN: &str = " › ";

/// What is known of the lines of a text before it is cut.
struct Marks {
    /// For each line how well a piece would start there: 60 at an outermost definition, 0 at any line, less where it
    /// would hurt. One point is worth one line's distance from [`TARGET_LINES`].
    starts: Vec<i32>,
    outline: Outline,
}

/// Where the parts of a text begin, in the order of their lines.
enum Outline {
    Headings(Vec<markdown::Heading>),
    Definitions(Vec<code::Defined>),
    Tree(tree::Outline),
}

/// Cuts `text` into pieces.
///
/// They are in order and hold every line that is not blank exactly once, whatever the text is. Costs time in
/// proportion to the text.
pub fn chunk(text: &str, language: Language) -> Vec<Chunk> {
    let lines: Vec<&str> = text.lines().collect();
    let marks = match (tree::read(text, &lines, language), language.syntax()) {
        (Some(outline), _) => nested::marks(&lines, outline),
        (None, Syntax::Markdown) => markdown::marks(&lines),
        (None, Syntax::Prose) => Marks { starts: by_blank_lines(&lines), outline: Outline::Headings(Vec::new()) },
        (None, syntax) => code::marks(&lines, syntax),
    };
    let mut titles = marks.outline.titles();
    let mut chunks = Vec::new();
    let mut next = 0;
    while let Some(start) = (next..lines.len()).find(|it| !is_blank(lines[*it])) {
        if lines[start].len() > MAX_BYTES {
            chunks.extend(split_line(lines[start]).map(|piece| Chunk {
                start_line: start + 1,
                end_line: start + 1,
                text: piece.to_owned(),
                title: None,
                symbol: None,
                definitions: Vec::new(),
                uses: Vec::new(),
                imports: Vec::new(),
            }));
            next = start + 1;
            continue;
        }
        next = end_of_piece(&lines, &marks, start);
        let end = (start..next).rfind(|it| !is_blank(lines[*it])).unwrap_or(start);
        let text = lines[start..=end].join("\n");
        let About { title, symbol, definitions, uses, imports } = titles.of(start..end + 1, &lines);
        let (start_line, end_line) = (start + 1, end + 1);
        chunks.push(Chunk { start_line, end_line, text, title, symbol, definitions, uses, imports });
    }
    chunks
}

/// The line before which the piece that starts at `start` ends.
fn end_of_piece(lines: &[&str], marks: &Marks, start: usize) -> usize {
    let mut limit = start;
    let mut bytes = 0;
    let mut is_natural = true;
    while limit < lines.len() {
        let line = lines[limit];
        if line.len() > MAX_BYTES || (limit > start && marks.outline.ends_part(start..limit, lines)) {
            break;
        }
        bytes += line.len() + 1;
        if limit - start >= MAX_LINES || bytes > MAX_BYTES + 1 {
            is_natural = false;
            break;
        }
        limit += 1;
    }
    let worth = |end: usize| {
        let size = end - start;
        let start_here =
            if end == limit && is_natural { NATURAL_END } else { marks.starts.get(end).copied().unwrap_or(0) };
        let distance = if size < TARGET_LINES { TARGET_LINES - size } else { 2 * (size - TARGET_LINES) };
        let leaves_crumbs = is_natural && end < limit && limit - end < MIN_TAIL_LINES;
        start_here - i32::try_from(distance).unwrap_or(i32::MAX / 2) - if leaves_crumbs { 30 } else { 0 }
    };
    // The later of two equals: fewer pieces. The first line is always taken, so that the cutting comes to its end.
    (start + 1..=limit).max_by_key(|end| worth(*end)).unwrap_or(start + 1)
}

/// Marks for a text without structure: a piece may well start after a blank line.
fn by_blank_lines(lines: &[&str]) -> Vec<i32> {
    (0..lines.len()).map(|at| if at > 0 && is_blank(lines[at - 1]) { 40 } else { 0 }).collect()
}

fn is_blank(line: &str) -> bool {
    line.trim_start().is_empty()
}

/// Cuts a long line into pieces of at most [`MAX_BYTES`], after a space if there is one near the end, else after what is
/// no part of a word: half a key tells nobody that it is one.
fn split_line(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let hard = rest.floor_char_boundary(MAX_BYTES);
        let end = if rest.len() <= MAX_BYTES {
            rest.len()
        } else {
            let near = rest.floor_char_boundary(hard - 500);
            let is_between = |it: char| !(it.is_ascii_alphanumeric() || it == '_' || it == '-');
            let part = &rest[near..hard];
            let at = part.rfind(' ').or_else(|| part.rfind(is_between));
            at.map_or(hard, |at| rest.ceil_char_boundary(near + at + 1))
        };
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        Some(piece)
    })
    .filter(|piece| !is_blank(piece))
}

impl Outline {
    /// Whether the part of the text that `lines_so_far` belong to ends with them.
    fn ends_part(&self, lines_so_far: Range<usize>, lines: &[&str]) -> bool {
        match self {
            Outline::Headings(headings) => markdown::ends_section(headings, lines_so_far, lines),
            Outline::Definitions(_) | Outline::Tree(_) => false,
        }
    }

    fn titles(&self) -> Titles<'_> {
        match self {
            Outline::Headings(headings) => Titles::Headings(markdown::Titles::new(headings)),
            Outline::Definitions(definitions) => Titles::Definitions(code::Titles::new(definitions)),
            Outline::Tree(outline) => Titles::Tree(nested::Titles::new(outline)),
        }
    }
}

/// Walks an outline beside the cutting; asked for ranges in ascending order.
enum Titles<'a> {
    Headings(markdown::Titles<'a>),
    Definitions(code::Titles<'a>),
    Tree(nested::Titles<'a>),
}

impl Titles<'_> {
    /// What the outline says of the piece that holds `range` of `lines`.
    fn of(&mut self, range: Range<usize>, lines: &[&str]) -> About {
        match self {
            Titles::Headings(titles) => About { title: titles.of(range, lines), ..About::default() },
            Titles::Definitions(titles) => titles.of(range, lines),
            Titles::Tree(titles) => titles.of(range, lines),
        }
    }
}

/// What an outline says of a piece; see [`Chunk`].
#[derive(Default)]
struct About {
    title: Option<String>,
    symbol: Option<String>,
    definitions: Vec<Definition>,
    uses: Vec<String>,
    imports: Vec<String>,
}

/// At most `max` bytes of `text`, ended by `…` where it was cut.
fn shortened(text: &str, max: usize) -> String {
    if text.len() <= max { text.to_owned() } else { format!("{}…", &text[..text.floor_char_boundary(max)]) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(name: &str) -> Language {
        Language::named(name).unwrap()
    }

    /// One line a piece: `1-12 title [symbol]`.
    fn outline(text: &str, language: &str) -> Vec<String> {
        chunk(text, of(language))
            .iter()
            .map(|it| {
                let title = it.title.as_deref().unwrap_or("-");
                let symbol = it.symbol.as_deref().map(|it| format!(" [{it}]")).unwrap_or_default();
                format!("{}-{} {title}{symbol}", it.start_line, it.end_line)
            })
            .collect()
    }

    #[track_caller]
    fn check_cover(text: &str, language: Language) {
        let lines: Vec<&str> = text.lines().collect();
        let mut split: Option<(usize, String)> = None;
        let mut covered = 0;
        let finish = |split: &mut Option<(usize, String)>| {
            if let Some((at, joined)) = split.take() {
                let without_space = |it: &str| it.split_whitespace().collect::<String>();
                assert_eq!(without_space(&joined), without_space(lines[at - 1]));
            }
        };
        for it in chunk(text, language) {
            assert!(it.start_line <= it.end_line && it.end_line <= lines.len());
            assert!(it.end_line - it.start_line < MAX_LINES && it.text.len() <= MAX_BYTES);
            let is_split = lines[it.start_line - 1].len() > MAX_BYTES;
            if is_split {
                assert_eq!(it.start_line, it.end_line);
                match &mut split {
                    Some((at, joined)) if *at == it.start_line => {
                        joined.push_str(&it.text);
                        continue;
                    }
                    _ => {
                        finish(&mut split);
                        split = Some((it.start_line, it.text));
                    }
                }
            } else {
                finish(&mut split);
                assert_eq!(it.text, lines[it.start_line - 1..it.end_line].join("\n"));
                assert!(!is_blank(lines[it.start_line - 1]) && !is_blank(lines[it.end_line - 1]));
            }
            assert!(lines[covered..it.start_line - 1].iter().all(|it| is_blank(it)), "lines left out or taken twice");
            covered = it.end_line;
        }
        finish(&mut split);
        assert!(lines[covered..].iter().all(|it| is_blank(it)));
    }

    fn any_language() -> impl Strategy<Value = Language> {
        prop::sample::select(Language::all().collect::<Vec<_>>())
    }

    fn any_line() -> impl Strategy<Value = String> {
        prop_oneof![
            5 => Just(String::new()),
            5 => "[ \t]{0,8}(fn|def|class|func|pub fn|function|impl|type) [a-z]{1,8}[({:]?",
            4 => "[ \t]{0,9}[a-z}{();]{0,30}",
            2 => "#{1,7} [a-zA-Z]{0,9}",
            2 => "(```|~~~|---|===|    |\t\t|/// a|# b|@c)",
            2 => ".{0,40}",
            1 => "é{3100}|日 {2500}|x{7000}| {6500}",
            1 => "\r|\u{2028}|\u{feff}|\u{0}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_cover_every_line_once(
            lines in prop::collection::vec(any_line(), 0..300), language in any_language(), crlf: bool
        ) {
            check_cover(&lines.join(if crlf { "\r\n" } else { "\n" }), language);
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,400}|(?s).{0,200}", language in any_language()) {
            check_cover(&text, language);
        }
    }

    #[test]
    fn code_is_cut_before_a_definition_and_its_comment() {
        let mut text = String::from("//! Reads.\n\nuse std::fmt;\n\n");
        for name in ["one", "two", "three"] {
            text += &format!("/// Does {name}.\n#[inline]\npub fn {name}() {{\n");
            text += &"    work();\n".repeat(30);
            text += "}\n\n";
        }
        assert_eq!(
            outline(&text, "rust"),
            ["1-38 pub fn one() [one]", "40-73 pub fn two() [two]", "75-108 pub fn three() [three]",]
        );
    }

    #[test]
    fn a_long_definition_goes_on_under_its_title() {
        let body: String =
            (0..100).map(|at| format!("        call({at})\n{}", if at % 10 == 9 { "\n" } else { "" })).collect();
        let text = format!("class Store:\n    def save(self):\n{body}    def load(self):\n        pass\n");
        assert_eq!(
            outline(&text, "python"),
            [
                "1-34 class Store [Store]",
                "36-67 class Store › def save(self) [Store.save]",
                "69-114 class Store › def save(self) [Store.load]",
            ]
        );
    }

    #[test]
    fn small_definitions_share_a_piece() {
        let text = "fn a() {}\n\nfn b() {}\n\nfn c() {}\n";
        assert_eq!(outline(text, "rust"), ["1-5 fn a() {} [a]"]);
    }

    #[test]
    fn markdown_is_cut_at_headings_and_named_by_their_path() {
        let body = "Some words that say something about it, and then a few more of them.\n".repeat(7);
        let text = format!(
            "# Guide\n\n## Install\n\n{body}\n```sh\n# not a heading\n\n## nor this\n```\n\nOn Linux\n--------\n\n{body}\n### Short\n\nTwo words.\n\n### Also short ##\n\nTwo.\n\n# Use\n\nEnd.\n"
        );
        assert_eq!(
            outline(&text, "markdown"),
            ["1-17 Guide › Install", "19-28 Guide › On Linux", "30-36 Guide › On Linux › Short", "38-40 Use",]
        );
    }

    #[test]
    fn front_matter_holds_no_heading() {
        let text = "---\ntitle: x\n# comment\n---\n\nWords.\n";
        assert_eq!(outline(text, "markdown"), ["1-6 -"]);
    }

    #[test]
    fn a_large_section_is_cut_at_blank_lines_outside_of_fences() {
        let paragraph = "word\n".repeat(11) + "\n";
        let fence = format!("```\n{}```\n\n", "code\n\n".repeat(8));
        let text = format!("# Long\n\n{}{fence}{}", paragraph.repeat(2), paragraph.repeat(3));
        let pieces = chunk(&text, of("markdown"));
        assert!(pieces.len() > 1);
        assert!(pieces.iter().all(|it| it.text.matches("```").count() % 2 == 0 && it.title.as_deref() == Some("Long")));
    }

    #[test]
    fn a_line_that_is_too_long_is_split_at_characters() {
        let text = format!("short\n{}\nend", "é".repeat(7000));
        let pieces = chunk(&text, Language::TEXT);
        let lines: Vec<_> = pieces.iter().map(|it| (it.start_line, it.end_line, it.text.len())).collect();
        assert_eq!(lines, [(1, 1, 5), (2, 2, 6000), (2, 2, 6000), (2, 2, 2000), (3, 3, 3)]);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(chunk("", Language::TEXT), []);
        assert_eq!(chunk(" \n\t\r\n\n", of("rust")), []);
    }
}
