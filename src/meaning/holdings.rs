//! Reads what somebody or something has one of at a time, by whole clauses (`tables/holdings.txt`): `commutes by bus`,
//! `takes the bus to work` and `drives to work` are about one thing, and `found a job` ends `is looking for work`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Fact;
use super::choices::rivals;
use super::facts::CONJUNCTIONS;
use super::frames::Plain;
use super::frames::is_owner;
use super::holding_kinds::fills;
use super::subject::noun_phrase;
use super::tables::MOVES;
use super::tables::PROPERTIES;
use super::tables::Row;
use super::tables::rows;
use super::topic::one_noun;
use super::topic::stem;
use super::value::is_at_times;
use super::value::written;
use super::values;
use super::words::Word;

/// Begins the attribute of which there may be several: a later one ends the earlier only when it tells of a change.
pub(super) const SOME: char = '=';

/// The value of what is over, whatever it was.
pub(super) const WHATEVER: &str = "*";

/// The attribute that is what the clause says is changed.
const OF_TOPIC: &str = "@";

/// Words of a clause; a longer one is a story.
pub(super) const CLAUSE: usize = 24;

/// Words of a subject, of a value that stands between, of a purpose.
const BETWEEN: usize = 8;

/// Holdings of one statement that are kept.
const KEPT: usize = 5;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(Vec<&'static str>, bool),
    Subject,
    Value,
    Topic,
    /// `was moved to`.
    Moved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tells {
    State,
    Change,
    End,
}

#[derive(Debug)]
struct Frame {
    attributes: Vec<&'static str>,
    is_one: bool,
    kind: &'static str,
    tells: Tells,
    tokens: Vec<Token>,
    fixed: Option<&'static str>,
}

impl Frame {
    /// The frames of a row.
    fn of(row: &'static Row) -> Option<Vec<Frame>> {
        let mut key = row.key.split(" / ");
        let attributes: Vec<&str> = key.next()?.split(" + ").filter(|it| !it.is_empty()).collect();
        let is_one = match key.next()? {
            "one" => true,
            "some" => false,
            _ => return None,
        };
        let kind = key.next()?;
        row.items
            .iter()
            .map(|item| {
                let (tells, frame) = match item.split_once(' ')? {
                    (">", frame) => (Tells::Change, frame),
                    ("-", frame) => (Tells::End, frame),
                    _ => (Tells::State, *item),
                };
                let (frame, fixed) = frame.split_once(" = ").map_or((frame, None), |(a, b)| (a, Some(b)));
                let tokens: Vec<Token> = frame.split(' ').map(token).collect();
                let has_value = tokens.contains(&Token::Value) || fixed.is_some() || tells == Tells::End;
                let anchored = tokens.iter().any(|it| matches!(it, Token::Word(_, false) | Token::Moved));
                (has_value && anchored).then(|| Frame {
                    attributes: attributes.clone(),
                    is_one,
                    kind,
                    tells,
                    tokens,
                    fixed,
                })
            })
            .collect()
    }
}

fn token(word: &'static str) -> Token {
    match word {
        "S" => Token::Subject,
        "V" => Token::Value,
        "T" | "T?" => Token::Topic,
        "C" => Token::Moved,
        _ => Token::Word(word.trim_end_matches('?').split('|').collect(), word.ends_with('?')),
    }
}

static FRAMES: LazyLock<Vec<Frame>> =
    LazyLock::new(|| rows("holdings").iter().filter_map(Frame::of).flatten().collect());

/// The frames by their first word that cannot be missing.
static ANCHORS: LazyLock<HashMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
    let mut anchors: HashMap<&'static str, Vec<usize>> = HashMap::new();
    for (at, frame) in FRAMES.iter().enumerate() {
        let first = frame.tokens.iter().find_map(|it| match it {
            Token::Word(words, false) => Some(words),
            Token::Moved => Some(&*MOVES),
            _ => None,
        });
        for word in first.into_iter().flatten() {
            anchors.entry(word).or_default().push(at);
        }
    }
    anchors
});

/// What a clause gives to the places of a frame.
#[derive(Clone, Debug, Default)]
struct Filled {
    subject: Option<(usize, usize)>,
    value: Option<(usize, usize)>,
    topic: Option<(usize, usize)>,
}

/// What a statement says that somebody or something has.
pub(super) fn holdings(plain: &Plain<'_>) -> Vec<Fact> {
    let mut found: Vec<Fact> = Vec::new();
    let clauses = clauses(plain);
    let several = clauses.len() > 1;
    for (words, denied) in clauses {
        let mut near: Vec<(usize, usize)> = Vec::new();
        for (at, word) in words.iter().enumerate() {
            near.extend(ANCHORS.get(word.low.as_str()).into_iter().flatten().map(|frame| (*frame, at)));
        }
        near.sort_unstable();
        for (frame, at) in near {
            let frame = &FRAMES[frame];
            if found.len() >= KEPT {
                return found;
            }
            let Some(filled) = laid(frame, &words, at) else { continue };
            for attribute in &frame.attributes {
                if let Some(fact) = said(frame, attribute, &words, &filled, plain, denied, several)
                    && !found.iter().any(|it| {
                        it.attribute == fact.attribute && it.subject == fact.subject && it.holds == fact.holds
                    })
                {
                    found.push(fact);
                }
            }
        }
    }
    found.extend(rivals(plain));
    found
}

/// The clauses, each with a subject of its own or that of the first, and whether it is denied.
fn clauses(plain: &Plain<'_>) -> Vec<(Vec<Word>, bool)> {
    let words = plain.words;
    let mut ranges = Vec::new();
    let mut from = 0;
    for (at, word) in words.iter().enumerate() {
        if word.is(CONJUNCTIONS) || word.is(&[";", "so", "(", ")"]) || word.low == "," && at > 3 {
            if at > from {
                ranges.push(from..at);
            }
            from = at + 1;
        }
    }
    if from < words.len() {
        ranges.push(from..words.len());
    }
    let denied =
        |range: &std::ops::Range<usize>| plain.negations.iter().filter(|it| range.contains(it)).count() % 2 == 1;
    let mut found = Vec::new();
    let whole = 0..words.len();
    let is_one = ranges.len() == 1;
    if words.len() <= CLAUSE {
        found.push((owned(words), denied(&whole)));
    }
    if !is_one {
        let first = ranges.first().map_or(&words[..0], |it| &words[it.clone()]);
        let carried = first_subject(first);
        for (at, range) in ranges.iter().enumerate().take(4) {
            let clause = &words[range.clone()];
            if clause.is_empty() || clause.len() > CLAUSE {
                continue;
            }
            let own = first_subject(clause).is_some();
            let mut full = Vec::new();
            if at > 0
                && !own
                && let Some(carried) = carried
            {
                full.extend_from_slice(carried);
            }
            let full: Vec<Word> = full.into_iter().chain(clause.iter().cloned()).collect();
            found.push((owned(&full), denied(range)));
        }
    }
    found
}

/// `my` is `I 's`, `our` is `we 's`.
fn owned(words: &[Word]) -> Vec<Word> {
    let word = |low: &str| Word { raw: low.to_owned(), low: low.to_owned() };
    let mut found = Vec::with_capacity(words.len() + 2);
    for (at, it) in words.iter().enumerate() {
        match it.low.as_str() {
            "my" | "mein" | "meine" | "mi" | "mon" | "ma" if at == 0 => found.extend([word("i"), word("'s")]),
            "our" if at == 0 => found.extend([word("we"), word("'s")]),
            _ => found.push(it.clone()),
        }
    }
    found
}

/// The words before the verb of a clause that begins with somebody or something.
pub(super) fn first_subject(words: &[Word]) -> Option<&[Word]> {
    let first = words.first()?;
    let known = |it: &Word| {
        super::frames::is_verb(it)
            || super::openings::is_change(it)
            || it.is(PAST)
            || it.is(&["has", "have", "was", "were"])
    };
    if known(first) && !first.is_capital() {
        return None;
    }
    if first.is(&["i", "we"]) {
        return Some(&words[..1]);
    }
    let verb = (1..words.len().min(6)).find(|at| known(&words[*at]))?;
    Some(&words[..verb])
}

/// Verbs of the past with which a statement of a change begins.
pub(super) const PAST: &[&str] = &[
    "sold",
    "left",
    "quit",
    "joined",
    "started",
    "began",
    "stopped",
    "graduated",
    "became",
    "got",
    "bought",
    "found",
    "took",
    "gave",
    "broke",
    "retired",
    "lost",
    "traded",
    "finished",
    "resigned",
    "went",
    "split",
    "swapped",
    "returned",
    "came",
    "ditched",
    "dropped",
    "cancelled",
    "canceled",
    "divorced",
    "married",
    "accepted",
    "landed",
];

const AUXILIARIES: &[&str] = &["was", "were", "has", "have", "been", "got", "is", "are", "be"];

const PARTICLES: &[&str] = &["back", "up", "down", "forward", "out", "over", "off", "away"];

/// Lays a frame on a clause; its first word that cannot be missing stands at `anchor`.
fn laid(frame: &Frame, words: &[Word], anchor: usize) -> Option<Filled> {
    let range = Some((0, anchor));
    let first = match frame.tokens.as_slice() {
        [Token::Subject, Token::Word(_, false), ..] => Filled { subject: range, ..Filled::default() },
        [Token::Value, Token::Word(_, false), ..] => Filled { value: range, ..Filled::default() },
        [Token::Word(_, false), ..] if anchor > 1 => return None,
        _ => return matched(&frame.tokens, words, 0, Filled::default(), frame),
    };
    if anchor == 0 || anchor > BETWEEN {
        return None;
    }
    let found = matched(&frame.tokens[1..], words, anchor, first, frame)?;
    (frame.tokens[0] != Token::Value || fills(frame.kind, &words[..anchor]).is_some()).then_some(found)
}

/// Lays the tokens on the words from `at` on.
fn matched(tokens: &[Token], words: &[Word], at: usize, filled: Filled, frame: &Frame) -> Option<Filled> {
    let Some((token, rest)) = tokens.split_first() else {
        let ends = words.get(at).is_none_or(|it| it.is(&["because", "since", "after", "so", "due", "thanks"]));
        return ends.then_some(filled);
    };
    match token {
        Token::Word(any, may_miss) => {
            let mut here = at;
            // An article in front of a word says nothing.
            if words.get(here).is_some_and(|it| values::is_article(&it.low) && !any.contains(&it.low.as_str()))
                && words.get(here + 1).is_some_and(|it| any.contains(&it.low.as_str()))
            {
                here += 1;
            }
            if words.get(here).is_some_and(|it| any.contains(&it.low.as_str()))
                && let Some(found) = matched(rest, words, here + 1, filled.clone(), frame)
            {
                return Some(found);
            }
            may_miss.then(|| matched(rest, words, at, filled, frame)).flatten()
        }
        Token::Moved => {
            let mut here = at;
            while words.get(here).is_some_and(|it| it.is(AUXILIARIES)) {
                here += 1;
            }
            words.get(here).filter(|it| it.is(&MOVES))?;
            here += 1;
            while words.get(here).is_some_and(|it| it.is(PARTICLES)) {
                here += 1;
            }
            words.get(here).filter(|it| it.is(&["to", "until", "till", "into"]))?;
            matched(rest, words, here + 1, filled, frame)
        }
        Token::Subject | Token::Topic => {
            let last = (words.len() - at.min(words.len())).min(BETWEEN);
            (1..=last).find_map(|length| {
                let end = at + length;
                if !goes_on(rest, words, end) {
                    return None;
                }
                let range = Some((at, end));
                let filled = if *token == Token::Subject {
                    Filled { subject: range, ..filled.clone() }
                } else {
                    Filled { topic: range, ..filled.clone() }
                };
                matched(rest, words, end, filled, frame)
            })
        }
        // What fills it is looked at last: it takes longest.
        Token::Value if rest.is_empty() => {
            (at < words.len()).then_some(Filled { value: Some((at, words.len())), ..filled })
        }
        Token::Value => {
            let last = (words.len() - at.min(words.len())).min(BETWEEN);
            (1..=last).find_map(|length| {
                let end = at + length;
                if !goes_on(rest, words, end) {
                    return None;
                }
                let found = matched(rest, words, end, Filled { value: Some((at, end)), ..filled.clone() }, frame)?;
                fills(frame.kind, &words[at..end]).map(|_| found)
            })
        }
    }
}

/// Whether the next token can stand at `end`.
fn goes_on(rest: &[Token], words: &[Word], end: usize) -> bool {
    match rest.first() {
        None => end == words.len(),
        Some(Token::Moved) => words.get(end).is_some_and(|it| it.is(AUXILIARIES) || it.is(&MOVES)),
        Some(Token::Word(any, false)) => {
            words.get(end).is_some_and(|it| any.contains(&it.low.as_str()) || values::is_article(&it.low))
        }
        _ => true,
    }
}

fn said(
    frame: &Frame,
    attribute: &str,
    words: &[Word],
    filled: &Filled,
    plain: &Plain<'_>,
    denied: bool,
    several: bool,
) -> Option<Fact> {
    // `not allergic to cats` says nothing of dogs.
    if denied && frame.fixed.is_some() && filled.topic.is_some() {
        return None;
    }
    let subject = match filled.subject {
        Some((from, to)) => about(&words[from..to], plain.speaker, is_of_things(frame.kind))?,
        None => "we".to_owned(),
    };
    let mut attribute = if frame.is_one { attribute.to_owned() } else { format!("{SOME}{attribute}") };
    if let Some((from, to)) = filled.topic.filter(|_| attribute == OF_TOPIC) {
        let [noun] = &words[from..to] else { return None };
        if frame.tells == Tells::End && !PROPERTIES.contains_key(stem(&noun.low).as_str()) {
            return None;
        }
        attribute = one_noun(&stem(&noun.low));
    } else if let Some((from, to)) = filled.topic
        && frame.kind == "thing"
        && (noun_phrase(&words[from..to], None).is_none_or(|it| it.is_person() && words[from].is_capital())
            || words[from..to].iter().any(|it| it.is(&["i", "we", "user", "'s"])))
    {
        return None;
    } else if let Some((from, to)) = filled.topic
        && matches!(frame.kind, "thing" | "any" | "name")
        && frame.tells != Tells::End
        && frame.fixed.is_none()
    {
        let topic = values::normal(&words[from..to]).join(" ");
        attribute = format!("{attribute} for {topic}");
    }
    let (value, shown) = match (frame.fixed, filled.value) {
        (Some(fixed), value) => {
            if let Some((from, to)) = value {
                fills(frame.kind, &words[from..to])?;
            }
            if let Some((from, to)) = value.filter(|_| frame.kind == "any") {
                attribute = format!("{attribute} {}", values::normal(&words[from..to]).join(" "));
            }
            (fixed.to_owned(), fixed.to_owned())
        }
        (None, Some((from, to))) => {
            let filled = fills(frame.kind, &words[from..to])?;
            if let Some(purpose) = &filled.value.purpose {
                attribute = format!("{attribute} {purpose}");
            }
            if let Some(kind) = filled.of {
                attribute = format!("{attribute} {kind}");
            }
            (filled.value.normal(), written(&filled.value.words))
        }
        (None, None) => (WHATEVER.to_owned(), WHATEVER.to_owned()),
    };
    // `is seeing Dr. Holm on 3 May`
    let is_passing = frame.tells == Tells::State
        && frame.kind == "name"
        && filled.value.is_some_and(|(from, to)| is_at_times(&words[from..to]));
    let ends = frame.tells == Tells::End;
    if ends && (denied || attribute.is_empty()) {
        return None;
    }
    Some(Fact {
        holds: !(ends || denied),
        is_change: frame.tells != Tells::State || plain.renews || denied,
        is_whole: plain.is_whole && !several,
        replaces: plain.replaced.map(str::to_owned),
        confidence: (if is_passing { 0.5 } else { 0.9 }) * plain.factor,
        ..plain.says(subject, attribute, value, shown)
    })
}

/// Kinds that fill what things have, and people have not.
fn is_of_things(kind: &str) -> bool {
    matches!(kind, "zone" | "spot" | "url" | "release" | "number" | "room")
}

/// Who or what it is about; nothing for some of many.
pub(super) fn about(words: &[Word], speaker: Option<&str>, is_thing: bool) -> Option<String> {
    if words.iter().any(|it| it.is_mark() || it.is(CONJUNCTIONS))
        || words.last().is_some_and(|it| it.low == "'s" || is_owner(it) && it.low.len() > 3)
    {
        return None;
    }
    let phrase = noun_phrase(words, speaker).filter(|it| !it.is_some_of_many())?;
    // Where somebody is says nothing of where they are kept.
    if is_thing && phrase.is_person() {
        return None;
    }
    let mut parts = phrase.all();
    if parts.len() > 1 && parts[0] == "we" {
        parts.remove(0);
    }
    if parts.len() > 1 {
        parts.retain(|it| !["repo", "repository", "codebase"].contains(&it.as_str()));
    }
    // `the backup job`, `trash collection`
    if parts.len() > 1 && parts.last().is_some_and(|it| ["job", "day", "collection", "pickup"].contains(&it.as_str())) {
        parts.pop();
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_holdings_can_be_read() {
        for row in rows("holdings") {
            assert!(Frame::of(row).is_some(), "{row:?}");
            assert!(
                super::super::holding_kinds::is_known(row.key.rsplit(" / ").next().unwrap_or_default()),
                "{}",
                row.key
            );
        }
    }
}
