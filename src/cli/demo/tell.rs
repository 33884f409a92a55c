//! Tells a demonstration: short lines for a person, or one document of `--json`.

use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use indicatif::ProgressBar;
use owo_colors::OwoColorize;
use serde_json::Value;
use serde_json::json;

use super::super::output::Output;

/// Characters of a line: fits the narrowest usual terminal.
const WIDTH: usize = 80;

/// Where the lines of a step begin.
const INDENT: usize = 6;

/// Lines of an answer that are shown.
const EXCERPT: usize = 10;

/// One line of a step.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// What was asked.
    Asked(String),
    /// What came of it.
    Done(String),
    Detail(String),
    /// A row of something that is laid out already: cut, not wrapped.
    Row(String),
    /// Why it matters.
    Why(String),
}

pub(super) struct Teller {
    out: Output,
    begun: Instant,
    steps: Vec<Value>,
}

impl Teller {
    pub(super) fn new(out: &Output) -> Teller {
        Teller { out: *out, begun: Instant::now(), steps: Vec::new() }
    }

    pub(super) fn begin(&self, folder: &Path, is_sample: bool) {
        self.out.line(format_args!("\n{}", "Carryall, step by step".bold()));
        self.out.line("The real server, started as a host starts it, with a database of its own.");
        if is_sample {
            self.out.line("Folder: a small sample; `carryall demo FOLDER` shows it with one of yours.\n");
        } else {
            self.out.line(format_args!("Folder: {}\n", folder.display()));
        }
    }

    pub(super) fn step(&mut self, title: &str, took: Duration, lines: &[Line]) {
        let took_ms = took.as_secs_f64() * 1e3;
        let told: Vec<&str> = lines.iter().map(Line::text).collect();
        self.steps.push(json!({"title": title, "took_ms": (took_ms * 100.0).round() / 100.0, "lines": told}));
        let time = if took_ms < 10.0 { format!("{took_ms:.1} ms") } else { format!("{took_ms:.0} ms") };
        let room = WIDTH.saturating_sub(4 + time.chars().count());
        let number = self.steps.len();
        self.out.line(format_args!("{:>2}  {:<room$}{}", number.cyan().bold(), title.bold(), time.dimmed()));
        for line in lines {
            self.line(line);
        }
        self.out.line("");
    }

    fn line(&self, line: &Line) {
        let mark = match line {
            Line::Done(_) => "✓".green().to_string(),
            Line::Asked(_) => "?".cyan().to_string(),
            Line::Why(_) => "→".dimmed().to_string(),
            Line::Detail(_) | Line::Row(_) => " ".to_owned(),
        };
        let wrapped = match line {
            Line::Row(text) => vec![shorten(text, WIDTH - INDENT)],
            Line::Asked(text) | Line::Done(text) | Line::Detail(text) | Line::Why(text) => wrap(text, WIDTH - INDENT),
        };
        for (at, text) in wrapped.iter().enumerate() {
            let mark = if at == 0 { mark.as_str() } else { " " };
            match line {
                Line::Why(_) => self.out.line(format_args!("    {mark} {}", text.italic().dimmed())),
                _ => self.out.line(format_args!("    {mark} {text}")),
            }
        }
    }

    /// The last words; `kept` is the folder that stays.
    pub(super) fn end(&self, folder: &Path, kept: Option<&Path>) {
        let took = self.begun.elapsed();
        self.out.document(&json!({
            "folder": folder,
            "steps": self.steps,
            "took_ms": (took.as_secs_f64() * 1e5).round() / 1e2,
            "kept": kept,
        }));
        let line = format!("Done in {:.1} s.", took.as_secs_f64());
        match kept {
            Some(kept) => {
                let db = kept.join("carryall.db");
                self.out.line(format_args!("{line} The database is kept:", line = line.bold()));
                self.out.line(format_args!("  carryall --db {} recall archive", db.display()));
                self.out.line(format_args!("  rm -r {}", kept.display()));
            }
            None => self.out.line(format_args!("{} Nothing is left behind.", line.bold())),
        }
        self.out.line(format_args!(
            "\nNext: {} for your own tools, {} to look around.",
            "carryall setup <host>".cyan(),
            "carryall --help".cyan()
        ));
    }
}

impl Line {
    fn text(&self) -> &str {
        match self {
            Line::Asked(text) | Line::Done(text) | Line::Detail(text) | Line::Row(text) | Line::Why(text) => text,
        }
    }
}

/// A spinner that is shown after a reset, where somebody watches.
pub(super) fn bar(out: &Output) -> ProgressBar {
    let bar = if out.is_watched() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.finish_and_clear();
    bar
}

/// The first lines of an answer, broken to the width of a step; a quotation stays one, and a source stays on its line.
pub(super) fn excerpt(answer: &str) -> Vec<String> {
    let width = WIDTH - INDENT;
    let broken = |line: &str| match line.strip_prefix("> ") {
        Some(quoted) => wrap(quoted, width - 2).into_iter().map(|it| format!("> {it}")).collect(),
        None if line.starts_with('[') => vec![shorten(line, width)],
        None => wrap(line, width),
    };
    let lines = answer.lines().filter(|it| !it.trim_matches(['>', ' ']).is_empty()).flat_map(broken);
    let mut lines: Vec<String> = lines.take(EXCERPT + 1).collect();
    if lines.len() > EXCERPT {
        lines.truncate(EXCERPT);
        lines.push("…".to_owned());
    }
    lines
}

/// `text`, or its end with a mark when it has more than `limit` characters.
pub(super) fn end_of(text: &str, limit: usize) -> String {
    let clean: Vec<char> = text.chars().filter(|it| !it.is_control()).collect();
    match clean.len().checked_sub(limit) {
        Some(more) if more > 0 => std::iter::once('…').chain(clean.into_iter().skip(more + 1)).collect(),
        _ => clean.into_iter().collect(),
    }
}

/// `text`, or its beginning with a mark when it has more than `limit` characters; control characters are left out.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    let mut clean: String = text.chars().filter(|it| !it.is_control()).take(limit + 1).collect();
    if clean.chars().count() > limit {
        clean = clean.chars().take(limit.saturating_sub(1)).chain(['…']).collect();
    }
    clean
}

/// Breaks `text` between words into lines of at most `width` characters; a longer word is cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let word = shorten(word, width);
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.extend(Some(line).filter(|it| !it.is_empty()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_lose_nothing() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("", 7), Vec::<String>::new());
        assert_eq!(wrap("äöüäöüäöü ab", 5), ["äöüä…", "ab"]);
        assert_eq!(excerpt(&"a line\n".repeat(30)).len(), EXCERPT + 1);
        assert_eq!(excerpt(&format!("> {}\n>\n[1] a b", "word ".repeat(20))).len(), 3);
        assert_eq!(shorten("\u{1b}[31mred", 20), "[31mred");
        assert_eq!((end_of("src/long.rs", 6), end_of("a.rs", 4)), ("…ng.rs".to_owned(), "a.rs".to_owned()));
    }
}
