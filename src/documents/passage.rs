//! Cuts a piece that was found into passages: whole functions, or paragraphs of long ones, so that a pack takes what
//! speaks of the question and not what only stands beside it.
//!
//! A search finds pieces of some forty lines; a change is in one line of them. Smaller pieces find worse (what they lack is
//! around them), but within a found one the passages with the question's words hold twice as much of what is changed as
//! those without, and comments a third of what code does (docs/benchmarks.md, 2026-11-27).

use std::collections::HashMap;
use std::collections::HashSet;

use super::chunk::Definition;
use super::chunk::DefinitionKind;
use super::chunk::WITHIN;
use super::class::Class;
use super::definition::is_lead;
use super::find::Hit;
use super::find::WORDS;
use super::find::told;
use super::language::Language;
use super::language::Syntax;
use super::terms::terms;
use super::weights;

/// A passage has at least so many lines: what is shorter says little without its neighbours. Between 8 and 18 all is alike.
const LEAST_LINES: usize = 12;

/// A function of at most so many lines stays whole.
const WHOLE_LINES: usize = 24;

/// What is left over at the end is no passage of its own below this many lines.
const LEAST_TAIL: usize = 6;

/// A piece has at most 80 lines, so at most so many passages.
const MOST: u32 = 64;

/// What the words of a question are worth, for [`passages`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words {
    /// By the word as the index has it: the word as the question has it, and its worth.
    pub(super) worth: HashMap<String, (String, f32)>,
    /// Whether the question asks for documentation: then comments are as good as code.
    pub(super) asks_for_prose: bool,
    /// Words and names that the question cannot be answered without and that no file has, names first; empty as long as
    /// not all files are known.
    pub absent: Vec<String>,
}

/// The place of a piece among those of its file, counted so that the places of its passages lie within it: the place of
/// what follows begins where this one ends.
pub fn whole(number: u32) -> (u32, u32) {
    (number.saturating_mul(MOST), number.saturating_add(1).saturating_mul(MOST))
}

/// The passages of each of `hits` (best first) in the order of their lines, each with its place as [`whole`] counts it.
/// Prose and data stay whole. The best one of a hit keeps its score, but for its comments; those of the second file, and
/// the next ones, count a little less.
pub fn passages(hits: Vec<Hit>, words: &Words) -> Vec<Vec<(Hit, (u32, u32))>> {
    let mut files: HashSet<(i64, i64)> = HashSet::new();
    let mut ranks: HashMap<(i64, i64), usize> = HashMap::new();
    let of_hit = |mut hit: Hit| {
        let file = (hit.place.workspace, hit.place.file);
        if files.insert(file) {
            ranks.insert(file, ranks.len());
        }
        let rank = ranks.get(&file).copied().unwrap_or(0);
        hit.score *= f64::from(count(rank + 1).powf(-weights::LATER_FILES));
        of_hit(hit, words)
    };
    hits.into_iter().map(of_hit).collect()
}

fn of_hit(hit: Hit, words: &Words) -> Vec<(Hit, (u32, u32))> {
    let class = Class::of(&hit.path, &hit.language);
    let lines: Vec<&str> = hit.text.split('\n').collect();
    let is_whole = lines.len() == (hit.end_line.saturating_sub(hit.start_line) + 1) as usize;
    if class.prose || class.data || !is_whole {
        let place = whole(hit.number);
        return vec![(hit, place)];
    }
    let syntax = Language::named(&hit.language).map_or(Syntax::Brace, Language::syntax);
    let starts = starts(&hit, &lines);
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    let ranges: Vec<(usize, usize)> = starts.iter().copied().zip(ends).collect();
    let held: Vec<Vec<(&str, f32)>> = ranges.iter().map(|it| held(&lines[it.0..it.1], words)).collect();
    let worth = |held: &[(&str, f32)]| held.iter().map(|it| it.1).sum::<f32>();
    let best = held.iter().map(|it| worth(it)).fold(0.0, f32::max);
    let place = whole(hit.number);
    let last = ranges.len() - 1;
    let mut passages = Vec::with_capacity(ranges.len());
    for (at, ((from, to), held)) in ranges.into_iter().zip(held).enumerate() {
        let share = if best > 0.0 { worth(&held) / best } else { 1.0 };
        let comments = if words.asks_for_prose { 0.0 } else { comments(&lines[from..to], syntax) };
        let counts = (1.0 - weights::PASSAGE_WORDS * (1.0 - share)) * (1.0 - weights::COMMENTS * comments);
        let mut passage = of_lines(&hit, &lines, from, to, counts);
        if best > 0.0 && last > 0 {
            passage.why = why(&hit.why, &held);
        }
        let number = |it: usize| place.0 + u32::try_from(it).unwrap_or(MOST);
        passages.push((passage, (number(at), if at == last { place.1 } else { number(at + 1) })));
    }
    passages
}

/// The lines of the piece, counted from 0, with which passages begin.
fn starts(hit: &Hit, lines: &[&str]) -> Vec<usize> {
    let first = hit.start_line as usize;
    let at = |line: usize| line.checked_sub(first);
    let short = |it: &&Definition| {
        it.kind == DefinitionKind::Function && it.end_line.saturating_sub(it.first_line) < WHOLE_LINES
    };
    let short: Vec<&Definition> = hit.definitions.iter().filter(short).collect();
    let is_within = |at: usize| short.iter().any(|it| it.first_line < first + at && first + at <= it.end_line);
    let mut may_start = vec![false; lines.len()];
    let opens_part = |it: &&Definition| it.kind != DefinitionKind::Value;
    let opened = hit.definitions.iter().filter(opens_part).filter_map(|it| at(it.first_line));
    for it in opened.filter(|it| *it < lines.len()) {
        may_start[it] = true;
    }
    let is_blank = |it: &str| it.trim().is_empty();
    for at in 1..lines.len() {
        may_start[at] |= is_blank(lines[at - 1]) && !is_blank(lines[at]) && !is_within(at);
    }
    let mut starts = vec![0];
    for at in (1..lines.len()).filter(|it| may_start[*it]) {
        if at - starts[starts.len() - 1] >= LEAST_LINES {
            starts.push(at);
        }
    }
    if starts.len() > 1 && lines.len() - starts[starts.len() - 1] < LEAST_TAIL {
        starts.pop();
    }
    starts
}

/// The different words of the question in `lines` with their worth, the best first.
fn held<'a>(lines: &[&str], words: &'a Words) -> Vec<(&'a str, f32)> {
    let mut held: HashMap<&str, (&str, f32)> = HashMap::new();
    for line in lines {
        terms(line, |term| {
            if let Some((term, (word, worth))) = words.worth.get_key_value(term) {
                held.insert(term, (word, *worth));
            }
        });
    }
    let mut held: Vec<(&str, f32)> = held.into_values().collect();
    held.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    held
}

/// Why a passage is offered whose piece is offered for `of_piece`.
fn why(of_piece: &str, held: &[(&str, f32)]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for (word, _) in held {
        if !words.contains(word) {
            words.push(word);
        }
    }
    match (of_piece.split_once(WORDS), words.is_empty()) {
        (Some((before, _)), false) => format!("{before}{WORDS}{}", told(&words)),
        (Some((_, of_piece)), true) => format!("stands beside what has the {WORDS}{of_piece}"),
        (None, _) => of_piece.to_owned(),
    }
}

/// The share of `lines` that are comments.
fn comments(lines: &[&str], syntax: Syntax) -> f32 {
    let is_comment = |it: &&&str| {
        let inner = it.trim_start();
        let is_attribute = inner.starts_with(['@', '[']) || inner.starts_with("#[") || inner.starts_with("template");
        inner.starts_with("\"\"\"") || is_lead(inner, syntax) && !is_attribute
    };
    count(lines.iter().filter(is_comment).count()) / count(lines.len().max(1))
}

#[expect(clippy::cast_precision_loss, reason = "lines of a piece, and ranks of files")]
fn count(value: usize) -> f32 {
    value as f32
}

/// The lines `from..to` of a piece.
fn of_lines(hit: &Hit, lines: &[&str], from: usize, to: usize, counts: f32) -> Hit {
    let text = &lines[from..to];
    let shown = text.len() - text.iter().rev().take_while(|it| it.trim().is_empty()).count();
    let line = |it: usize| hit.start_line + u32::try_from(it).unwrap_or(0);
    let (start_line, end_line) = (line(from), line(from + shown.max(1) - 1));
    let range = start_line as usize..=end_line as usize;
    let opens = |it: &&Definition| range.contains(&it.line);
    Hit {
        title: if from == 0 { hit.title.clone() } else { title(hit, lines, *range.start()) },
        symbol: hit.definitions.iter().find(opens).map(|it| it.path.clone()).or_else(|| hit.symbol.clone()),
        definitions: hit.definitions.iter().filter(opens).cloned().collect(),
        text: text[..shown.max(1)].join("\n"),
        score: hit.score * f64::from(counts),
        start_line,
        end_line,
        ..hit.clone()
    }
}

/// What a passage that begins at line `start` stands under: what the piece stands under, then what has opened in the
/// piece and goes on, or else what opens next.
fn title(hit: &Hit, lines: &[&str], start: usize) -> Option<String> {
    let first = hit.start_line as usize;
    let opening = |it: &Definition| {
        let line = lines.get(it.line.checked_sub(first)?)?.trim().trim_end_matches('{').trim_end();
        (!line.is_empty()).then(|| line.to_owned())
    };
    let around = hit.definitions.iter().filter(|it| it.line < start && it.end_line >= start);
    let mut parts: Vec<String> = around.filter_map(opening).collect();
    if parts.is_empty() {
        parts.extend(hit.definitions.iter().find(|it| it.line >= start).and_then(opening));
    }
    let opened: Vec<String> = hit.definitions.iter().filter_map(opening).collect();
    let is_opened = |part: &str| {
        let part = part.trim_end_matches('…');
        opened.iter().any(|it| it.starts_with(part) || part.starts_with(it.as_str()))
    };
    let above = hit.title.iter().flat_map(|it| it.split(WITHIN)).filter(|it| !is_opened(it)).map(str::to_owned);
    let parts: Vec<String> = above.chain(parts).collect();
    (!parts.is_empty()).then(|| parts.join(WITHIN)).or_else(|| hit.title.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::signatures::tests::hit;
    use super::*;

    fn words(words: &[&str]) -> Words {
        let worth = words.iter().map(|it| ((*it).to_owned(), ((*it).to_owned(), 1.0))).collect();
        Words { worth, asks_for_prose: false, absent: Vec::new() }
    }

    fn found(path: &str, text: &str, asked: &[&str]) -> Vec<Hit> {
        let mut hit = hit(path, text);
        hit.score = 1.0;
        hit.why = "words: red, blue".to_owned();
        hit.language = Language::of(std::path::Path::new(path), text).name().to_owned();
        passages(vec![hit], &words(asked)).remove(0).into_iter().map(|it| it.0).collect()
    }

    fn told(hits: &[Hit]) -> Vec<String> {
        let title = |it: &Hit| it.title.clone().unwrap_or_default();
        hits.iter().map(|it| format!("{}-{} {:.2} {}", it.start_line, it.end_line, it.score, title(it))).collect()
    }

    /// A function of `lines` lines with a blank one in its middle; its body says `word`.
    fn function(name: &str, lines: usize, word: &str) -> String {
        let half = format!("    {word}();\n").repeat((lines - 3) / 2);
        format!("fn {name}() {{\n{half}\n{half}}}\n\n")
    }

    #[test]
    fn functions_stay_whole_and_those_with_the_words_count_more() {
        let text = function("one", 17, "red") + &function("two", 17, "blue");
        let found = found("a.rs", &text, &["red", "blue", "two"]);
        assert_eq!(told(&found), ["1-17 0.90 ", "19-35 1.00 fn two()"]);
        assert_eq!((found[0].why.as_str(), found[1].why.as_str()), ("words: red", "words: blue, two"));
        assert_eq!(found[1].definitions.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["two"]);
    }

    #[test]
    fn long_functions_are_cut_at_blank_lines_and_keep_their_name() {
        let text = function("long", 33, "red").replace("    red();\n\n    red()", "    red();\n\n    blue()");
        let found = found("a.rs", &text, &["red"]);
        assert_eq!(told(&found), ["1-16 1.00 ", "18-33 1.00 fn long()"]);
        let text = function("long", 33, "red").replacen("red", "blue", 15);
        let found = self::found("a.rs", &text, &["red"]);
        assert_eq!(told(&found), ["1-16 0.80 ", "18-33 1.00 fn long()"]);
        assert_eq!(found[0].why, "stands beside what has the words: red, blue");
    }

    #[test]
    fn comments_count_less_than_code_unless_they_are_asked_for() {
        let text = format!("{}{}", "// red\n".repeat(15), "\nfn one() { red() }\n");
        assert_eq!(told(&found("a.rs", &text, &["red"])), ["1-17 0.76 "]);
        let mut asked = words(&["red"]);
        asked.asks_for_prose = true;
        let mut hit = hit("a.rs", &text);
        (hit.score, hit.language) = (1.0, "rust".to_owned());
        assert!((passages(vec![hit], &asked)[0][0].0.score - 1.0).abs() < 1e-9);
    }

    #[test]
    fn prose_stays_whole() {
        let text = "Red words.\n\n".repeat(20);
        assert_eq!(told(&found("a.md", &text, &["red"])), ["1-39 1.00 "]);
    }

    #[test]
    fn later_files_count_less() {
        let mut hits: Vec<Hit> = (0..3).map(|_| hit("a.rs", "fn one() {}\n")).collect();
        for (at, it) in hits.iter_mut().enumerate() {
            it.score = 1.0;
            it.place.file = [7, 8, 7][at];
        }
        let scores: Vec<f64> = passages(hits, &words(&[])).iter().map(|it| it[0].0.score).collect();
        assert!(scores[0] > scores[1] && (scores[0] - scores[2]).abs() < 1e-9, "{scores:?}");
    }

    proptest! {
        #[test]
        fn passages_hold_every_line_of_a_piece_once(
            lines in prop::collection::vec("|    red();|fn [a-c]\\(\\) \\{|\\}|// red|    |class A \\{", 1..79),
            path in "a\\.(rs|py|go|md|json|ts)",
            number in 0u32..9,
        ) {
            let text = format!("x\n{}\ny", lines.join("\n"));
            let mut hit = hit(&path, &text);
            (hit.number, hit.score) = (number, 0.5);
            let (start, end) = (hit.start_line, hit.end_line);
            let piece: Vec<String> = hit.text.split('\n').map(str::to_owned).collect();
            let passages = passages(vec![hit], &words(&["red"])).remove(0);
            let (mut next, mut place) = (start, whole(number).0);
            for (it, at) in &passages {
                prop_assert!(it.start_line >= next && it.end_line >= it.start_line && it.score <= 0.5);
                let range = (it.start_line - start) as usize..=(it.end_line - start) as usize;
                prop_assert_eq!(&it.text, &piece[range].join("\n"));
                prop_assert!(piece[(next - start) as usize..(it.start_line - start) as usize].iter().all(|it| it.trim().is_empty()));
                prop_assert!(at.0 == place && at.1 > at.0);
                (next, place) = (it.end_line + 1, at.1);
            }
            prop_assert_eq!(place, whole(number).1);
            prop_assert!(piece[(next - start) as usize..].iter().all(|it| it.trim().is_empty()) && next <= end + 1);
        }
    }
}
