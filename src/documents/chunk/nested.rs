//! Marks and titles out of what a syntax tree says.

use std::ops::Range;

use super::About;
use super::Definition;
use super::DefinitionKind;
use super::Marks;
use super::Outline;
use super::WITHIN;
use super::code::AFTER_BLANK;
use super::code::AT_DEFINITION;
use super::code::MAX_LINE_BYTES;
use super::code::closes;
use super::is_blank;
use super::shortened;
use super::tree;

/// Names that a piece is noted to use.
const USES: usize = 64;

pub(super) fn marks(lines: &[&str], outline: tree::Outline) -> Marks {
    let mut starts = vec![0; lines.len()];
    let level = |at: usize| i32::from(outline.depths.get(at).copied().unwrap_or(0).min(8));
    for (at, line) in lines.iter().enumerate() {
        let inner = line.trim();
        starts[at] = match at == 0 || is_blank(lines[at - 1]) {
            _ if inner.is_empty() => 0,
            _ if closes(inner) => -30,
            true => AFTER_BLANK - 8 * level(at),
            false => -4 * level(at),
        };
    }
    for it in outline.definitions.iter().filter(|it| it.opens_part()) {
        let next = it.end_line + 1;
        if lines.get(next).is_some_and(|it| !is_blank(it) && !closes(it.trim())) {
            starts[next] = starts[next].max(AFTER_BLANK - 8 * level(next));
        }
    }
    for it in outline.definitions.iter().filter(|it| it.opens_part()) {
        let last = it.signature_end.min(lines.len().saturating_sub(1));
        if it.first_line <= last {
            starts[it.first_line..=last].fill(-20);
            starts[it.first_line] = AT_DEFINITION - 5 * level(it.first_line);
        }
    }
    Marks { starts, outline: Outline::Tree(outline) }
}

impl Definition {
    /// Whether a piece would well start at it: a constant or a line of settings is not worth that.
    fn opens_part(&self) -> bool {
        match self.kind {
            DefinitionKind::Value => false,
            DefinitionKind::Section => self.end_line > self.line,
            _ => true,
        }
    }
}

/// Gives pieces the line of their first outermost definition, behind those that it lies within; a piece from the inside
/// of a definition has those only.
pub(super) struct Titles<'a> {
    outline: &'a tree::Outline,
    next: usize,
    next_use: usize,
    next_import: usize,
    /// Definitions above the current piece that may go on in it, those around before those inside.
    open: Vec<&'a Definition>,
}

impl<'a> Titles<'a> {
    pub(super) fn new(outline: &'a tree::Outline) -> Titles<'a> {
        Titles { outline, next: 0, next_use: 0, next_import: 0, open: Vec::new() }
    }

    /// What is known of the piece that holds `range` of `lines`.
    pub(super) fn of(&mut self, range: Range<usize>, lines: &[&str]) -> About {
        self.pass(range.start);
        let rest = &self.outline.definitions[self.next..];
        let opening = &rest[..rest.iter().take_while(|it| it.line < range.end).count()];
        let outermost = opening.iter().min_by_key(|it| (!it.opens_part(), it.depth));
        // A definition that only begins near the end is not what the piece is about.
        let titled = outermost.filter(|it| it.line.saturating_sub(range.start) * 2 <= range.len());
        let depth = titled.map_or(u8::MAX, |it| it.depth);
        let around: Vec<&Definition> =
            self.open.iter().copied().filter(|it| it.end_line >= range.start && it.depth < depth).collect();
        // The innermost three say enough.
        let path: Vec<String> = around[around.len().saturating_sub(3)..]
            .iter()
            .copied()
            .chain(titled)
            .filter_map(|it| lines.get(it.line))
            .map(|it| shortened(it.trim().trim_end_matches(['{', ':', ' ', '(']), MAX_LINE_BYTES))
            .collect();
        let title = (!path.is_empty()).then(|| path.join(WITHIN));
        let symbol = outermost.filter(|it| it.opens_part()).or(around.last().copied()).or(outermost);
        let symbol = symbol.map(|it| it.path.clone());
        let definitions: Vec<Definition> = opening.iter().map(Definition::counted_from_one).collect();
        let is_own = |name: &str| opening.iter().any(|it| it.name == name);
        let mut uses: Vec<String> = Vec::new();
        for name in taken(&self.outline.uses, &mut self.next_use, range.end) {
            if uses.len() < USES && !is_own(name) && !uses.contains(name) {
                uses.push(name.clone());
            }
        }
        let imports = taken(&self.outline.imports, &mut self.next_import, range.end).cloned().collect();
        self.pass(range.end);
        About { title, symbol, definitions, uses, imports }
    }

    /// Takes in the definitions before `line`.
    fn pass(&mut self, line: usize) {
        while let Some(it) = self.outline.definitions.get(self.next).filter(|it| it.line < line) {
            self.open.retain(|above| above.end_line >= it.line && above.depth < it.depth);
            self.open.push(it);
            self.next += 1;
        }
    }
}

/// The names of `list` before `line`, from `next` on.
fn taken<'a>(list: &'a [(usize, String)], next: &mut usize, line: usize) -> impl Iterator<Item = &'a String> {
    let start = *next;
    *next += list[start..].iter().take_while(|it| it.0 < line).count();
    list[start..*next].iter().map(|it| &it.1)
}
