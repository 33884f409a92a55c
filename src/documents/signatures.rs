//! Writes a piece by its signatures alone: what it defines, without how.

use super::chunk::Definition;
use super::chunk::DefinitionKind;
use super::find::Hit;

/// Some lines of a piece, those between them left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extract {
    pub text: String,
    /// 1-based, both included.
    pub start_line: u32,
    pub end_line: u32,
}

/// What stands for lines that are left out.
const LEFT_OUT: &str = "…";

/// An extract longer than this share of its piece says as much as the piece.
const MOST: f64 = 0.5;

/// Lines of the comments above a definition that are kept: what it is for stands first or last in them.
const COMMENT_LINES: usize = 4;

/// The signatures of what `hit` defines, with the ends of the comments above them; `None` where that is nothing, or not
/// much shorter than the piece.
pub fn signatures(hit: &Hit) -> Option<Extract> {
    let lines: Vec<&str> = hit.text.split('\n').collect();
    let mut kept = vec![false; lines.len()];
    for it in hit.definitions.iter().filter(|it| is_signature(it)) {
        let range = place(it.first_line.max(it.line.saturating_sub(COMMENT_LINES)), it.signature_end, hit, &lines)?;
        kept[range].fill(true);
    }
    let count = kept.iter().filter(|it| **it).count();
    #[expect(clippy::cast_precision_loss, reason = "a piece has at most 80 lines")]
    let share = count as f64 / lines.len() as f64;
    if count == 0 || share > MOST { None } else { extract(hit, &lines, &kept) }
}

/// What a caller of `definition`, which opens in `hit`, must know of it: all of it when it has at most `most` lines and
/// ends in the piece, else its signature.
pub fn of_definition(hit: &Hit, definition: &Definition, most: usize) -> Option<Extract> {
    let lines: Vec<&str> = hit.text.split('\n').collect();
    let first = definition.first_line.max(definition.line.saturating_sub(COMMENT_LINES));
    let is_short = definition.end_line.saturating_sub(first) < most && definition.end_line <= hit.end_line as usize;
    let end = if is_short { definition.end_line } else { definition.signature_end };
    let mut kept = vec![false; lines.len()];
    kept[place(first, end, hit, &lines)?].fill(true);
    extract(hit, &lines, &kept)
}

/// Whether its first lines say something of it without the rest.
fn is_signature(it: &Definition) -> bool {
    matches!(it.kind, DefinitionKind::Function | DefinitionKind::Type | DefinitionKind::Extension)
}

/// The positions of lines of the file within those of the piece.
fn place(first: usize, last: usize, hit: &Hit, lines: &[&str]) -> Option<std::ops::Range<usize>> {
    let start = hit.start_line as usize;
    let from = first.max(start) - start;
    let to = (last.max(first) + 1).checked_sub(start)?.min(lines.len());
    (from < to).then_some(from..to)
}

fn extract(hit: &Hit, lines: &[&str], kept: &[bool]) -> Option<Extract> {
    let first = kept.iter().position(|it| *it)?;
    let last = kept.iter().rposition(|it| *it)?;
    let mut text = String::new();
    let mut is_open = true;
    for (line, kept) in lines[first..=last].iter().zip(&kept[first..=last]) {
        if *kept {
            text.push_str(line);
            text.push('\n');
        } else if is_open {
            text.push_str(LEFT_OUT);
            text.push('\n');
        }
        is_open = *kept;
    }
    let line = |at: usize| u32::try_from(at).map(|it| hit.start_line + it);
    Some(Extract { text, start_line: line(first).ok()?, end_line: line(last).ok()? })
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::chunk::chunk;
    use super::super::find::Place;
    use super::super::language::Language;
    use super::*;

    const STORE: &str = "\
/// A store.
pub struct Store {
    rows: Vec<u32>,
}

impl Store {
    /// Opens it.
    pub fn open(path: &str) -> Store {
        let rows = Vec::new();
        check(path);
        log(path);
        Store { rows }
    }

    /// Counts.
    ///
    /// Costs nothing.
    pub fn count(
        &self,
    ) -> usize {
        let all = self.rows.len();
        log(all);
        log(all);
        log(all);
        log(all);
        all
    }
}
";

    pub(in crate::documents) fn hit(path: &str, text: &str) -> Hit {
        let piece = chunk(text, Language::of(Path::new(path), text)).remove(0);
        Hit {
            path: path.to_owned(),
            uri: String::new(),
            start_line: u32::try_from(piece.start_line).unwrap(),
            end_line: u32::try_from(piece.end_line).unwrap(),
            number: 0,
            place: Place { workspace: 0, file: 0, number: 0 },
            definitions: piece.definitions,
            language: String::new(),
            title: None,
            symbol: None,
            text: piece.text,
            score: 0.0,
            why: String::new(),
            explained: String::new(),
            stale: false,
            seen: super::super::find::Seen::default(),
        }
    }

    #[test]
    fn a_piece_is_told_by_its_signatures() {
        let found = signatures(&hit("a.rs", STORE)).unwrap();
        assert_eq!(
            found.text,
            "/// A store.\npub struct Store {\n…\nimpl Store {\n    /// Opens it.\n    pub fn open(path: &str) -> Store {\n…\n    \
             /// Counts.\n    ///\n    /// Costs nothing.\n    pub fn count(\n        &self,\n    ) -> usize {\n"
        );
        assert_eq!((found.start_line, found.end_line), (1, 20));
    }

    #[test]
    fn what_defines_nothing_has_no_signatures() {
        assert_eq!(signatures(&hit("a.md", "# A heading\n\nText.\n")), None);
        assert_eq!(signatures(&hit("a.rs", "fn a() {}\nfn b() {}\n")), None);
    }

    #[test]
    fn a_definition_is_told_whole_when_it_is_short() {
        let hit = hit("a.rs", STORE);
        let open = hit.definitions.iter().find(|it| it.name == "open").unwrap().clone();
        let whole = of_definition(&hit, &open, 8).unwrap();
        assert_eq!((whole.start_line, whole.end_line), (7, 13));
        assert!(whole.text.ends_with("Store { rows }\n    }\n"));
        let short = of_definition(&hit, &open, 6).unwrap();
        assert_eq!(short.text, "    /// Opens it.\n    pub fn open(path: &str) -> Store {\n");
    }

    proptest! {
        /// Rows of an index may be damaged.
        #[test]
        fn any_lines_of_definitions_are_borne(
            rows in prop::collection::vec((0usize..200, 0usize..200, 0usize..200, 0usize..200), 0..5),
            start in 0u32..100,
        ) {
            let mut hit = hit("a.rs", STORE);
            hit.start_line = start;
            hit.definitions = rows.into_iter().map(|(first_line, line, signature_end, end_line)| Definition {
                first_line, line, signature_end, end_line, ..hit.definitions[0].clone()
            }).collect();
            let count = |it: &Extract| it.end_line - it.start_line + 1;
            for found in [signatures(&hit)].into_iter().chain(hit.definitions.iter().map(|it| of_definition(&hit, it, 9))).flatten() {
                prop_assert!(found.text.lines().count() <= count(&found) as usize && found.start_line >= start);
            }
        }
    }
}
