//! Reads the headings of a Markdown text; fences and front matter hold none.

use std::ops::Range;

use super::Marks;
use super::Outline;
use super::WITHIN;
use super::is_blank;
use super::shortened;

/// A heading.
pub(super) struct Heading {
    /// Counted from 0.
    line: usize,
    /// 1 is the highest.
    level: usize,
    /// Itself behind those it stands under: `Install › On Linux`.
    path: String,
    /// The line that its section's own text begins at.
    body: usize,
}

/// A section is worth a piece of its own from this many bytes; a smaller one takes in the next one beside or below it.
const MIN_SECTION_BYTES: usize = 400;

/// A title's single heading is cut here.
const MAX_HEADING_BYTES: usize = 120;

pub(super) fn marks(lines: &[&str]) -> Marks {
    let mut starts = super::by_blank_lines(lines);
    let mut headings: Vec<Heading> = Vec::new();
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut fence: Option<(char, usize)> = None;
    let mut at = front_matter(lines);
    while at < lines.len() {
        if let Some(opened) = fence {
            starts[at] = -20;
            if fence_of(lines[at]).is_some_and(|(mark, length, bare)| mark == opened.0 && length >= opened.1 && bare) {
                fence = None;
            }
        } else if let Some((mark, length, _)) = fence_of(lines[at]) {
            fence = Some((mark, length));
        } else if let Some((level, text, taken)) = atx(lines[at]).or_else(|| setext(lines, at)) {
            above.retain(|(it, _)| *it < level);
            above.push((level, shortened(text, MAX_HEADING_BYTES)));
            let path =
                above.iter().map(|(_, it)| it.as_str()).filter(|it| !it.is_empty()).collect::<Vec<_>>().join(WITHIN);
            headings.push(Heading { line: at, level, path, body: at + taken });
            starts[at] = 60;
            at += taken;
            continue;
        }
        at += 1;
    }
    Marks { starts, outline: Outline::Headings(headings) }
}

/// The line behind the settings between two `---` at the very start; 0 without them.
fn front_matter(lines: &[&str]) -> usize {
    if lines.first().is_none_or(|it| it.trim_end() != "---") {
        return 0;
    }
    // Settings are short: past this it was a rule.
    lines.iter().take(200).skip(1).position(|it| it.trim_end() == "---").map_or(0, |it| it + 2)
}

/// The mark and length of a code fence, and whether nothing stands behind it.
fn fence_of(line: &str) -> Option<(char, usize, bool)> {
    let inner = line.trim_start_matches(' ');
    let mark = inner.chars().next().filter(|it| matches!(it, '`' | '~'))?;
    let rest = inner.trim_start_matches(mark);
    let length = inner.len() - rest.len();
    // A backtick behind three of them makes it code within a line.
    (length >= 3 && !(mark == '`' && rest.contains('`'))).then(|| (mark, length, is_blank(rest)))
}

/// Reads `## Text ##`: level, text and the number of lines.
fn atx(line: &str) -> Option<(usize, &str, usize)> {
    let inner = line.trim_start_matches(' ');
    let rest = inner.trim_start_matches('#');
    let level = inner.len() - rest.len();
    if !(1..=6).contains(&level) || line.len() - inner.len() > 3 || !(rest.is_empty() || rest.starts_with([' ', '\t']))
    {
        return None;
    }
    Some((level, rest.trim().trim_end_matches('#').trim_end(), 1))
}

/// Reads a line that is underlined by `===` or `---`.
fn setext<'a>(lines: &[&'a str], at: usize) -> Option<(usize, &'a str, usize)> {
    let text = lines[at].trim();
    let under = lines.get(at + 1)?.trim_end();
    let level = match under.trim_start_matches(' ').chars().next()? {
        '=' => 1,
        '-' => 2,
        _ => return None,
    };
    let is_underline = under.trim_matches(' ').chars().all(|it| it == if level == 1 { '=' } else { '-' });
    // A list, a quote or a table over a rule is none, nor is the last line of a longer paragraph.
    let is_text = !text.is_empty() && !text.starts_with(['-', '*', '>', '|', '+', '<', '=']) && text.len() <= 200;
    let begins = at == 0 || is_blank(lines[at - 1]);
    (is_underline && is_text && begins).then_some((level, text, 2))
}

/// Whether a section ends behind `so_far`: at a heading that is higher than the first one in it, or at any heading when
/// there is enough already.
pub(super) fn ends_section(headings: &[Heading], so_far: Range<usize>, lines: &[&str]) -> bool {
    let Ok(here) = headings.binary_search_by_key(&so_far.end, |it| it.line) else {
        return false;
    };
    let first = headings[..here].iter().rev().take_while(|it| it.line >= so_far.start).last();
    let has_body = match first {
        Some(first) => first.line > so_far.start || lines[first.body..so_far.end].iter().any(|it| !is_blank(it)),
        None => true,
    };
    let bytes: usize = lines[so_far].iter().map(|it| it.trim().len()).sum();
    let is_higher = first.is_some_and(|first| headings[here].level < first.level);
    has_body && (is_higher || bytes >= MIN_SECTION_BYTES)
}

/// Gives pieces the path of the first heading in them that has a text, else of the one that they stand under.
pub(super) struct Titles<'a> {
    headings: &'a [Heading],
    next: usize,
}

impl<'a> Titles<'a> {
    pub(super) fn new(headings: &'a [Heading]) -> Titles<'a> {
        Titles { headings, next: 0 }
    }

    /// The title of the piece that holds `range` of `lines`.
    pub(super) fn of(&mut self, range: Range<usize>, lines: &[&str]) -> Option<String> {
        let before = self.next;
        while self.headings.get(self.next).is_some_and(|it| it.line < range.end) {
            self.next += 1;
        }
        let inside = &self.headings[before..self.next];
        let begins_under = before.checked_sub(1).map(|it| &self.headings[it]);
        let chosen = match inside.first() {
            Some(first) if first.line == range.start => inside
                .iter()
                .enumerate()
                .find(|(at, it)| {
                    let end = inside.get(at + 1).map_or(range.end, |next| next.line);
                    lines.get(it.body..end).is_some_and(|body| body.iter().any(|it| !is_blank(it)))
                })
                .map(|(_, it)| it)
                .or(Some(first)),
            first => begins_under.or(first),
        };
        chosen.map(|it| it.path.clone()).filter(|it| !it.is_empty())
    }
}
