//! Reads any statement as a slot and what fills it, so that `log retention is 30 days`, `we extended log retention to 90 days`
//! and `set the retention of logs to 90 days` are about one slot.
//!
//! A slot is named by the set of its nouns. Whether it takes one value or many is told by its noun (a friend is one of
//! many) and by what fills it: a quantity, a time, a name or a place takes the place of another; a quality only when
//! the slot is one of qualities, or the later statement says that things have changed.

use super::Fact;
use super::frames::Plain;
use super::frames::is_setting;
use super::openings::is_change;
use super::openings::plain_change;
use super::refill::has_sign_in;
use super::roles::has_new;
use super::roles::has_of;
use super::roles::of_owner;
use super::roles::roles;
use super::roles::uses_as;
use super::tables::ATTRIBUTES;
use super::tables::NO_SUBJECT;
use super::tables::PREPOSITIONS;
use super::tables::PROPERTIES;
use super::topic::Topic;
use super::topic::one_noun;
use super::topic::stem;
use super::topic::topic;
use super::value::Value;
use super::value::written;
use super::values;
use super::words::Word;
use std::collections::BTreeSet;

/// The attribute of what fills a slot.
pub(super) const SLOT: &str = "@";

/// Slots of one statement that are kept: a sentence says one or two things.
const SLOTS: usize = 4;

/// Words of a clause among which the verb stands.
const VERB_WITHIN: usize = 11;

/// The slots that a statement fills.
pub(super) fn slots(plain: &Plain<'_>) -> Vec<Fact> {
    let clauses = clauses(plain.words);
    let several = clauses.len() > 1;
    let mut found: Vec<Fact> = Vec::new();
    // `I have a new therapist, Dr. Alvarez`: the mark joins here.
    let has =
        plain.words.iter().take(6).position(|it| it.is(&["has", "have", "got", "hired", "chose"])).filter(|it| *it > 0);
    if let Some(has) = has
        && let Some(slot) = has_new(&plain.words[..has], &plain.words[has + 1..], plain)
    {
        found.push(slot.fact(plain, false));
    }
    for range in clauses {
        if plain.negations.iter().any(|it| range.contains(it)) {
            continue;
        }
        let mut words = plain.words[range].to_vec();
        plain_change(&mut words);
        let range_has_our = words.first().is_some_and(|it| it.low == "our")
            || words.len() > 2 && words[0].low == "we" && words[1].low == "'s";
        for slot in read(&words, plain) {
            let fact = slot.fact(plain, several);
            // `We renamed our dog` is about the dog that somebody else calls `my dog`.
            if range_has_our && fact.is_change && fact.confidence > 0.85 && found.len() < SLOTS {
                let subject = format!("user {}", fact.subject);
                found.push(Fact { subject, confidence: 0.85 * plain.factor, ..fact.clone() });
            }
            let is_new = !found.iter().any(|it| it.subject == fact.subject && it.value == fact.value);
            if is_new && found.len() < SLOTS {
                found.push(fact);
            }
        }
    }
    found
}

/// The words that name the slot of `subject`, in an order that does not depend on how it is said.
pub(super) fn topic_key(subject: &str) -> String {
    let words: BTreeSet<String> =
        subject.split(' ').map(|it| if it == "users" { it.to_owned() } else { stem(it) }).collect();
    words.into_iter().collect::<Vec<_>>().join(" ")
}

#[derive(Debug)]
pub(super) struct Slot {
    topic: Topic,
    value: Value,
    is_change: bool,
    sure: f64,
}

impl Slot {
    fn fact(self, plain: &Plain<'_>, several: bool) -> Fact {
        let mut topic = self.topic.words;
        if let Some(purpose) = &self.value.purpose {
            topic.extend(purpose.split(' ').skip(1).map(one_noun));
        }
        Fact {
            replaces: self.value.replaces.clone().or_else(|| plain.replaced.map(str::to_owned)),
            many: self.topic.is_name || self.topic.is_one_of_many || !self.topic.is_owned,
            is_change: self.is_change || plain.renews,
            is_whole: plain.is_whole && !several && self.value.rest <= 8,
            confidence: self.sure * plain.factor,
            ..plain.says(topic.join(" "), SLOT.to_owned(), self.value.normal(), written(&self.value.words))
        }
    }
}

/// Where each clause stands: what stands behind a mark, or behind `and` with a verb of its own.
fn clauses(words: &[Word]) -> Vec<std::ops::Range<usize>> {
    let has_verb = |words: &[Word]| {
        words.iter().any(|it| it.is(LINKS) || it.is(STATING) || it.is(MOVES) || it.is(LEAVING) || is_change(it))
    };
    let mut found = Vec::new();
    let mut from = 0;
    for (at, word) in words.iter().enumerate() {
        let is_joint = word.is(&["and", "but", "so", "because", "while"])
            && has_verb(&words[from..at])
            && has_verb(&words[at + 1..]);
        let is_mark = word.is(&[",", ";", "(", ")"]);
        if is_joint || is_mark {
            if at > from {
                found.push(from..at);
            }
            from = at + 1;
        }
    }
    if from < words.len() {
        found.push(from..words.len());
    }
    found
}

const LINKS: &[&str] = &["is", "are", "am", "remains", "stays", "became", "becomes"];

/// Verbs behind which a clause says something of its own.
const STATING: &[&str] = &[
    "has",
    "have",
    "uses",
    "use",
    "replaced",
    "replaces",
    "took",
    "turned",
    "elected",
    "hired",
    "named",
    "appointed",
    "costs",
    "lives",
    "works",
    "rose",
    "fell",
    "grew",
    "climbed",
];

/// Verbs of who or what goes.
const LEAVING: &[&str] = &[
    "left",
    "stepped",
    "resigned",
    "retired",
    "quit",
    "died",
    "sold",
    "cancelled",
    "canceled",
    "graduated",
    "finished",
    "stopped",
    "got",
    "bought",
    "joined",
    "started",
    "broke",
    "divorced",
    "passed",
    "gave",
    "dropped",
    "had",
    "was",
    "were",
];

/// Verbs that say themselves that a value is another one now: `rose to`.
const MOVES: &[&str] = &[
    "rose",
    "risen",
    "fell",
    "fallen",
    "grew",
    "grown",
    "climbed",
    "jumped",
    "dropped",
    "went",
    "gone",
    "shrank",
    "shrunk",
    "doubled",
    "slipped",
    "became",
    "become",
    "turned",
    "expanded",
    "improved",
    "declined",
    "sank",
    "swelled",
    "lengthened",
    "shortened",
    "reassigned",
    "handed",
    "passed",
    "transferred",
    "relocated",
    "promoted",
    "halved",
    "tripled",
    "bumped",
    "rotated",
    "retitled",
    "redirected",
    "repointed",
    "adjusted",
    "tightened",
    "relaxed",
    "trimmed",
    "pinned",
    "capped",
    "brought",
    "tweaked",
    "assigned",
    "given",
    "revised",
    "corrected",
    "amended",
    "altered",
    "delayed",
    "moved",
    "hiked",
    "advanced",
    "scaled",
];

/// What fills which slot in one clause.
fn read(words: &[Word], plain: &Plain<'_>) -> Vec<Slot> {
    let words = match words.first() {
        Some(first) if first.is(&["and", "but", "so", "then", "where", "which", "also", "because"]) => &words[1..],
        _ => words,
    };
    if words.is_empty() || words.len() > 24 {
        return Vec::new();
    }
    let mut found: Vec<Slot> = Vec::new();
    if let Some(mark) = words.iter().position(|it| it.is(&[":", "="])).filter(|it| *it > 0 && *it < 7) {
        let known = |it: &Word| ATTRIBUTES.contains(it.low.as_str()) || PROPERTIES.contains_key(it.low.as_str());
        if super::frames::names_list(&words[..mark]) {
            return found;
        }
        let sure =
            if mark > 1 || known(&words[0]) || is_setting(&words[..mark], &words[mark + 1..]) { 0.9 } else { 0.7 };
        let named = slot(&words[..mark], &words[mark + 1..], plain, false, sure);
        found.extend(named.map(|it| Slot { topic: Topic { is_owned: true, is_name: false, ..it.topic }, ..it }));
        return found;
    }
    if words[0].is(IMPERATIVE)
        && let Some(to) = words.iter().rposition(|it| it.is(&["to"])).filter(|it| *it > 1)
    {
        found.extend(slot(&words[1..to], &words[to + 1..], plain, true, 0.9));
        return found;
    }
    found.extend(roles(words, plain));
    found.extend(purpose(words, plain));
    found.extend(release(words, plain));
    found.extend(taste(words, plain));
    for at in 1..words.len().min(VERB_WITHIN) {
        let rest = &words[at + 1..];
        if rest.is_empty() {
            break;
        }
        let word = &words[at];
        // `the version in use`
        if word.low == "use" && words[at - 1].low == "in" {
            continue;
        }
        let aux = word.is(&["was", "were", "has", "have", "got", "is", "are", "gets", "am", "been", "be"]);
        // `was raised to`, `has gone up to`, `rose to`
        let moved = (at..words.len().min(at + 4)).find(|it| {
            (is_change(&words[*it]) || words[*it].is(MOVES))
                && words[at..*it]
                    .iter()
                    .all(|it| it.is(&["was", "were", "has", "have", "been", "got", "is", "are", "to", "be"]))
        });
        if let Some(verb) = moved {
            let mut to = verb + 1;
            while words.get(to).is_some_and(|it| it.is(&["back", "up", "down", "over", "out", "forward", "off"])) {
                to += 1;
            }
            if words.get(to).is_some_and(|it| it.is(&["from"]))
                && let Some(more) = words[to..].iter().position(|it| it.is(&["to"]))
            {
                to += more;
            }
            // `went to Vienna` tells of a journey, `went up to 5 %` of a change.
            let is_journey = words[verb].is(&["went", "gone", "brought", "passed", "handed"]) && to == verb + 1;
            let is_told = plain.replaced.is_some_and(|it| it.split(' ').any(super::sides::is_quantity));
            if is_journey && !is_told && !(words[at].is(&["was", "were"]) && to > at + 1) {
                break;
            }
            if words.get(to).is_some_and(|it| it.is(&["to", "until", "till", "into", "as"])) {
                found.extend(slot(&words[..at], &words[to + 1..], plain, true, 0.9));
            } else if words[verb].is(&["became", "become", "turned"]) {
                found.extend(slot(&words[..at], &words[to..], plain, true, 0.9));
            }
            break;
        }
        // `is down to 3 testers`
        if word.is(LINKS) && rest.len() > 2 && rest[0].is(&["down", "up", "back"]) && rest[1].low == "to" {
            found.extend(slot(&words[..at], &rest[2..], plain, true, 0.9));
            break;
        }
        if word.is(LINKS) {
            found.extend(slot(&words[..at], rest, plain, false, 0.9));
            found.extend(turned(&words[..at], rest, plain));
            found.extend(numbered(&words[..at], rest, plain));
            break;
        }
        if word.is(&["has", "have"]) && !rest[0].is(&["to", "been"]) {
            found.extend(counted(&words[..at], rest, plain));
            found.extend(has_of(&words[..at], rest, plain));
            found.extend(has_new(&words[..at], rest, plain));
            break;
        }
        if word.is(NUMBERING) {
            found.extend(numbered(&words[..at], rest, plain));
            if rest[0].is(&["on", "in", "at"]) || rest.len() > 2 && rest[1].is(&["on", "in", "at"]) {
                let from = usize::from(!rest[0].is(&["on", "in", "at"]));
                found.extend(slot(&words[..at], &rest[from..], plain, false, 0.9));
            }
            break;
        }
        if word.is(&["uses", "use", "has", "have", "with", "keeps", "chose", "picked"]) || word.is(STATING) {
            found.extend(uses_as(&words[..at], rest, plain));
            found.extend(numbered(&words[..at], rest, plain));
            if word.is(STATING) {
                break;
            }
        }
        if aux || NO_SUBJECT.contains(word.low.as_str()) && word.low != "on" {
            break;
        }
    }
    found
}

const IMPERATIVE: &[&str] = &[
    "changed",
    "bumped",
    "raised",
    "lowered",
    "increased",
    "reduced",
    "updated",
    "switched",
    "moved",
    "renamed",
    "extended",
    "set",
    "change",
    "bump",
    "raise",
    "lower",
    "increase",
    "reduce",
    "update",
    "switch",
    "move",
    "rename",
    "extend",
    "cut",
];

/// Verbs in the present behind which `port 8080` and the like stand.
const NUMBERING: &[&str] = &[
    "listens", "sits", "lives", "binds", "starts", "answers", "serves", "stays", "begins", "runs", "resides", "happens",
];

/// `Yuki is the lead designer`: said from the other end.
fn turned(before: &[Word], rest: &[Word], plain: &Plain<'_>) -> Option<Slot> {
    let first = rest.first()?;
    // `head of sales` needs no article.
    let is_definite = first.is(&["the", "my", "our"])
        || rest.get(1).is_some_and(|it| it.low == "of") && !values::is_article(&first.low)
        || rest.iter().take(4).any(|it| it.low == "'s") && rest.first().is_some_and(Word::is_capital);
    let is_value = before.len() <= 4
        && (before
            .iter()
            .all(|it| it.is_capital() || it.low == "of" || it.low.starts_with(|it: char| it.is_ascii_digit()))
            || before.iter().any(has_sign))
        && !before.iter().any(|it| NO_SUBJECT.contains(it.low.as_str()) || it.is(&["we", "i", "my", "our", "'s"]));
    let end =
        rest.iter().position(|it| it.is(&["since", "after", "until", "as", "because", "with"])).unwrap_or(rest.len());
    if !is_definite || !is_value || end < 2 {
        return None;
    }
    slot(&rest[..end], before, plain, false, 0.9)
}

/// `listens on port 3000`, `is on floor 4`, `is on Node 20`.
fn numbered(before: &[Word], rest: &[Word], plain: &Plain<'_>) -> Option<Slot> {
    let at = rest
        .iter()
        .take(5)
        .position(|it| it.is(&["port", "floor", "room", "version", "gate", "desk", "extension", "level"]))?;
    let number = rest.get(at + 1).filter(|it| it.low.starts_with(|it: char| it.is_ascii_digit() || it == 'v'))?;
    let joined = at == 0 || rest[..at].iter().all(|it| it.is(&PREPOSITIONS) || values::is_article(&it.low));
    if !joined {
        return None;
    }
    let mut topic = before.to_vec();
    topic.push(rest[at].clone());
    slot(&topic, std::slice::from_ref(number), plain, false, 0.9)
}

/// `has 6 engineers`, `has grown to 9 engineers` fill the slot of a count.
fn counted(before: &[Word], rest: &[Word], plain: &Plain<'_>) -> Option<Slot> {
    let number = values::normal(std::slice::from_ref(rest.first()?)).join("");
    let counts = number.bytes().next().is_some_and(|it| it.is_ascii_digit()) && rest.len() >= 2;
    if !counts || rest[1].is(&PREPOSITIONS) {
        return None;
    }
    let end = rest.iter().position(|it| it.is(&PREPOSITIONS) || it.is_mark()).unwrap_or(rest.len());
    // `16 GB of RAM` and `2 TB of storage` are two slots.
    let mut topic = before.to_vec();
    if let [of, thing, ..] = &rest[end..]
        && of.low == "of"
    {
        topic.push(thing.clone());
    }
    slot(&topic, &rest[..end.min(4)], plain, false, 0.9)
}

/// `We're on Node 20`, `Node version in use is 18`: of what a release is, and which.
fn release(words: &[Word], plain: &Plain<'_>) -> Option<Slot> {
    let [.., name, number] = words else { return None };
    let verb = words.iter().position(|it| it.is(&["is", "are", "am", "use", "uses", "run", "runs", "to"]))?;
    let said = &words[verb + 1..];
    let said = &said[usize::from(said.first().is_some_and(|it| it.is(&["on", "using", "at"])))..];
    let is_release = said.len() == 2
        && name.is_capital()
        && number.low.trim_start_matches('v').starts_with(|it: char| it.is_ascii_digit())
        && number.low.bytes().all(|it| it.is_ascii_digit() || it == b'.' || it == b'v')
        && values::month(&name.low).is_none();
    let is_ours = words[..verb]
        .iter()
        .all(|it| it.is(&["we", "i", "upgraded", "moved", "have", "the", "project", "team", "migrated", "switched"]));
    if !is_release || !is_ours {
        return None;
    }
    let topic = [name.clone(), Word { raw: "version".to_owned(), low: "version".to_owned() }];
    let is_change = words[..verb].iter().any(is_change);
    let mut slot = slot(&topic, std::slice::from_ref(number), plain, is_change, 0.9)?;
    slot.topic.is_owned = true;
    Some(slot)
}

/// `We use Svelte for the UI`, `The UI was rewritten in React`: what something is made with. Several things can be.
fn purpose(words: &[Word], plain: &Plain<'_>) -> Option<Slot> {
    let at = words
        .iter()
        .take(8)
        .position(|it| it.is(&["use", "uses", "rewritten", "rebuilt", "reimplemented", "ported"]))
        .filter(|it| *it > 0)?;
    let (noun, said, is_change) = if words[at].is(&["use", "uses"]) {
        let r#for = words.iter().position(|it| it.low == "for").filter(|it| *it > at + 1)?;
        (&words[r#for + 1..], &words[at + 1..r#for], false)
    } else {
        let end = words[..at].iter().position(|it| it.is(&["was", "has", "is", "got"]))?;
        (&words[..end], words.get(at + 2..)?, true)
    };
    let mut slot = slot(noun, said, plain, is_change, 0.9)?;
    slot.topic.is_one_of_many = true;
    Some(slot)
}

/// `likes verbose explanations`, `wants concise explanations`: how somebody will have it.
fn taste(words: &[Word], plain: &Plain<'_>) -> Option<Slot> {
    let verb = words
        .iter()
        .take(5)
        .position(|it| it.is(&["likes", "like", "wants", "want", "prefers", "prefer", "needs"]))
        .filter(|it| *it > 0)?;
    let [quality, noun] = words.get(verb + 1..)? else { return None };
    let mut topic = of_owner(&words[..verb]);
    topic.push(noun.clone());
    let mut slot = slot(&topic, std::slice::from_ref(quality), plain, false, 0.9)?;
    slot.topic.is_one_of_many = true;
    Some(slot)
}

/// The slot that `noun` names, filled by `said`.
pub(super) fn slot(noun: &[Word], said: &[Word], plain: &Plain<'_>, is_change: bool, sure: f64) -> Option<Slot> {
    let topic = topic(noun, plain.speaker)?;
    let end = said.iter().position(Word::is_mark).unwrap_or(said.len());
    let value = Value::of(&said[..end], false, None)?;
    let normal = value.normal();
    let count = normal.split(' ').count();
    let is_clause = value.words.iter().skip(1).any(|it| it.is(LINKS) || it.is(&["was", "has", "will", "can"]));
    let begins = value.words.first().is_some_and(|it| {
        NO_SUBJECT.contains(it.low.as_str()) && !it.is(&PREPOSITIONS) || it.is(&["to", "like", "so", "very", "too"])
    });
    let is_doing = value.words.first().is_some_and(|it| it.low.ends_with("ing") && value.words.len() > 1);
    if count > 6 || is_clause || begins || is_doing {
        return None;
    }
    Some(Slot { topic, value, is_change, sure })
}

fn has_sign(word: &Word) -> bool {
    has_sign_in(&word.low)
}
