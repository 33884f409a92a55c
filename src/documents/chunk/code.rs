//! Reads the definitions of a program, line by line and by indentation.

use std::ops::Range;

use super::super::definition::definition;
use super::super::definition::is_lead;
use super::super::language::Syntax;
use super::About;
use super::Definition;
use super::Marks;
use super::Outline;
use super::WITHIN;
use super::is_blank;
use super::shortened;

/// A line that opens a definition.
pub(super) struct Defined {
    /// Counted from 0.
    line: usize,
    /// In columns, a tab being four.
    indent: usize,
    name: String,
}

/// How well a piece starts at a definition at the margin, and after a blank line at the margin.
pub(super) const AT_DEFINITION: i32 = 60;
pub(super) const AFTER_BLANK: i32 = 40;

/// A title's single line is cut here.
pub(super) const MAX_LINE_BYTES: usize = 120;

pub(super) fn marks(lines: &[&str], syntax: Syntax) -> Marks {
    let mut starts = vec![0; lines.len()];
    let mut definitions = Vec::new();
    // The first of the comments and attributes that stand directly above.
    let mut lead: Option<usize> = None;
    for (at, line) in lines.iter().enumerate() {
        let inner = line.trim();
        if inner.is_empty() {
            lead = None;
            continue;
        }
        let indent = indent_of(line);
        // Past eight levels all is equally deep.
        let level = i32::try_from((indent / 4).min(8)).unwrap_or(8);
        let after_blank = at == 0 || is_blank(lines[at - 1]);
        starts[at] = match after_blank {
            _ if closes(inner) => -30,
            true => AFTER_BLANK - 8 * level,
            false => -4 * level,
        };
        if let Some(name) = definition(line, syntax) {
            let first = lead.unwrap_or(at);
            starts[first..=at].fill(-20);
            starts[first] = AT_DEFINITION - 5 * level;
            definitions.push(Defined { line: at, indent, name: shortened(name, MAX_LINE_BYTES) });
            lead = None;
        } else if is_lead(inner, syntax) {
            lead = lead.or(Some(at));
        } else {
            lead = None;
        }
    }
    Marks { starts, outline: Outline::Definitions(definitions) }
}

fn indent_of(line: &str) -> usize {
    line.chars().take_while(|it| matches!(it, ' ' | '\t')).map(|it| if it == '\t' { 4 } else { 1 }).sum()
}

/// Whether a trimmed line goes on with, or ends, what stands above it.
pub(super) fn closes(inner: &str) -> bool {
    let word = inner.split(|it: char| !it.is_alphanumeric()).next().unwrap_or_default();
    inner.starts_with(['}', ')', ']'])
        || inner.starts_with("</")
        || matches!(
            word,
            "end" | "else" | "elif" | "elsif" | "except" | "finally" | "catch" | "rescue" | "fi" | "done" | "esac"
        )
}

/// Gives pieces the line of their first outermost definition, behind those that it lies within; a piece from the inside
/// of a definition has those only.
pub(super) struct Titles<'a> {
    definitions: &'a [Defined],
    next: usize,
    /// Definitions above the current piece, each deeper than the one before.
    open: Vec<&'a Defined>,
}

impl<'a> Titles<'a> {
    pub(super) fn new(definitions: &'a [Defined]) -> Titles<'a> {
        Titles { definitions, next: 0, open: Vec::new() }
    }

    /// What is known of the piece that holds `range` of `lines`.
    pub(super) fn of(&mut self, range: Range<usize>, lines: &[&str]) -> About {
        self.pass(range.start);
        let before = self.next;
        let count = self.definitions[before..].iter().take_while(|it| it.line < range.end).count();
        let outermost = self.definitions[before..before + count].iter().min_by_key(|it| it.indent);
        // A definition that only begins near the end is not what the piece is about.
        let titled = outermost.filter(|it| (it.line - range.start) * 2 <= range.len());
        let depth = titled.map_or(indent_of(lines[range.start]), |it| it.indent);
        let around: Vec<&Defined> = self.open.iter().copied().filter(|it| it.indent < depth).collect();
        // The innermost three say enough.
        let path: Vec<String> = around[around.len().saturating_sub(3)..]
            .iter()
            .copied()
            .chain(titled)
            .map(|it| shortened(lines[it.line].trim().trim_end_matches(['{', ':', ' ', '(']), MAX_LINE_BYTES))
            .collect();
        let symbol = outermost.map(|it| it.name.clone());
        let opening = &self.definitions[before..before + count];
        let definitions = opening.iter().map(|it| Definition::at(it.name.clone(), it.line)).collect();
        self.pass(range.end);
        let title = (!path.is_empty()).then(|| path.join(WITHIN));
        About { title, symbol, definitions, ..About::default() }
    }

    /// Takes in the definitions before `line`.
    fn pass(&mut self, line: usize) {
        while let Some(it) = self.definitions.get(self.next).filter(|it| it.line < line) {
            while self.open.last().is_some_and(|above| above.indent >= it.indent) {
                self.open.pop();
            }
            self.open.push(it);
            self.next += 1;
        }
    }
}
