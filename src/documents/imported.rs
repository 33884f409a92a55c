//! Finds the lines with which the files of pieces import what they use: who changes a piece changes them, too.

use std::collections::HashSet;

use super::Documents;
use super::DocumentsError;
use super::find::Hit;
use super::signatures::Extract;

/// Files whose imports are found. Those of the first are worth as much as a piece of the second file, those of the next
/// two as one of the seventh, those behind as nothing (docs/benchmarks.md, 2026-11-27).
const FILES: usize = 3;

/// Imports stand in one of the first pieces: behind a licence, or what a file says of itself.
const PIECES: u32 = 3;

/// The lines of a block that are kept at most.
const LINES: usize = 40;

/// Other lines between two imports of a block.
const BETWEEN: usize = 2;

/// The imports of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The position of the best hit of that file.
    pub of: usize,
    /// Counted by file, the best is 0.
    pub rank: usize,
    pub lines: Extract,
}

impl Documents {
    /// The imports of the files that `hits` begin with, as far as they are known. A file that has changed since it was
    /// indexed has none. Costs one look at the store.
    ///
    /// # Errors
    ///
    /// [`DocumentsError::Store`].
    pub async fn imported(&self, hits: &[Hit]) -> Result<Vec<Imported>, DocumentsError> {
        let mut seen = HashSet::new();
        let firsts: Vec<usize> = (0..hits.len())
            .filter(|at| seen.insert((hits[*at].place.workspace, hits[*at].place.file)))
            .take(FILES)
            .collect();
        let places = firsts.iter().flat_map(|at| (0..PIECES).map(|number| (hits[*at].place.file, number))).collect();
        let rows = self.store.chunks(places).await?;
        let of_files = firsts.into_iter().enumerate().zip(rows.chunks(PIECES as usize));
        let found = of_files.filter(|((_, at), _)| !hits[*at].stale).filter_map(|((rank, of), rows)| {
            let row = rows.iter().flatten().find(|it| !it.imports.is_empty())?;
            Some(Imported { of, rank, lines: block(&row.text, &row.imports, row.start_line)? })
        });
        Ok(found.collect())
    }
}

impl Documents {
    /// Where the piece behind each of `hits` begins, for those that have one. Costs one look at the store.
    ///
    /// # Errors
    ///
    /// [`DocumentsError::Store`].
    pub async fn lines_behind(&self, hits: &[Hit]) -> Result<Vec<Option<u32>>, DocumentsError> {
        let places = hits.iter().map(|it| (it.place.file, it.number.saturating_add(1))).collect();
        Ok(self.store.first_lines(places).await?)
    }
}

/// The first run of lines in `text` that are, or are part of, one of `imports` (one a line).
fn block(text: &str, imports: &str, start_line: u32) -> Option<Extract> {
    let imports: Vec<&str> = imports.lines().filter(|it| it.len() > 1).collect();
    let lines: Vec<&str> = text.split('\n').collect();
    let is_one = |line: &str| {
        // One that goes over several lines is told in one.
        !line.is_empty() && imports.iter().any(|it| line.contains(it) || it.starts_with(line))
    };
    let first = lines.iter().position(|it| is_one(it.trim()))?;
    let mut last = first;
    let mut is_open = false;
    for (at, line) in lines.iter().enumerate().skip(first) {
        let line = line.trim();
        let closes = line.starts_with(['}', ')']);
        if is_one(line) || is_open {
            last = at;
            is_open = !closes && (is_open || line.ends_with(['{', '(']));
        } else if closes && at == last + 1 {
            last = at;
        } else if at - last > BETWEEN {
            break;
        }
    }
    last = last.min(first + LINES - 1);
    let line = |at: usize| u32::try_from(at).ok().map(|it| start_line + it);
    Some(Extract { text: lines[first..=last].join("\n"), start_line: line(first)?, end_line: line(last)? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, imports: &str, expected: Option<(u32, u32)>) {
        let found = block(text, imports, 10);
        assert_eq!(found.as_ref().map(|it| (it.start_line, it.end_line)), expected);
        if let Some(found) = found {
            assert!(text.contains(&found.text));
        }
    }

    #[test]
    fn imports_are_found_behind_what_stands_before_them() {
        check("// A licence.\n\nuse a::b;\nuse c;\n\nfn d() {\n    use e;\n}", "use a::b;\nuse c;", Some((12, 13)));
        check(
            "package x\n\nimport (\n\t\"fmt\"\n\n\t\"net/http\"\n)\n\nfunc a() {}",
            "\"fmt\"\n\"net/http\"",
            Some((13, 16)),
        );
        check(
            "import {\n  one,\n  two,\n} from 'x'\nimport y from 'y'\ncode()",
            "import { one, tw…\nimport y from 'y'",
            Some((10, 14)),
        );
        check("<?php\nuse A\\B;\n\nclass C {}", "A\\B", Some((11, 11)));
        check("code()", "import z", None);
    }

    #[test]
    fn long_blocks_are_cut() {
        let text: Vec<String> = (0..60).map(|at| format!("import a{at:02}")).collect();
        check(&text.join("\n"), &text.join("\n"), Some((10, 49)));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[a-c{}()\\n ]{0,80}", imports in "[a-c\\n ]{0,20}") {
            if let Some(found) = block(&text, &imports, 1) {
                prop_assert!(text.contains(&found.text));
                prop_assert_eq!(found.text.split('\n').count() as u32, found.end_line - found.start_line + 1);
            }
        }
    }
}
