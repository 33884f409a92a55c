//! Lays whole sentences side by side, whatever their verb and language: `Der Chor probt montags` and `probt jetzt
//! mittwochs` differ in one place, and the later says that it is so now; `Nora does it instead of Gus` names whom she follows.

use super::Fact;
use super::frames::FRAME;
use super::frames::Plain;
use super::frames::frames;
use super::one_slot::one_slot;
use super::subject::NounPhrase;
use super::subject::noun_phrase;
use super::tables::NO_SUBJECT;
use super::tables::PREPOSITIONS;
use super::tables::SEVERAL;
use super::value::instead;
use super::values;
use super::words::Word;

/// The attribute of a sentence by the words that it begins with.
pub(super) const BEGINS: &str = "@>";

/// Words of a sentence that can be laid beside another.
const LONGEST: usize = 12;

/// Verbs of what was.
const PAST: &[&str] = &[
    "was", "were", "had", "did", "went", "came", "got", "took", "made", "saw", "met", "said", "found", "gave", "told",
    "left", "felt", "kept", "held", "brought", "bought", "thought", "began", "ran", "won", "lost", "paid", "sent",
    "built", "fell", "cut", "put", "read", "wrote", "spoke", "drove", "flew", "sat", "stood", "slept", "ate", "drank",
    "broke", "chose", "grew", "knew", "led", "rose", "sang", "sold", "spent", "swam", "taught", "threw", "woke",
    "wore", "has", "have", "lent", "caught", "hit", "hurt", "shot", "dug", "spilt", "slid", "stole",
];

/// Whether it tells what somebody did, and not what was so.
pub(super) fn is_past(word: &Word) -> bool {
    word.is(PAST)
        && !word.is(&[
            "was", "were", "had", "did", "said", "thought", "told", "felt", "read", "has", "have", "put", "cut", "hit",
        ])
}

/// Words in which two sentences may differ.
const APART: usize = 3;

/// How a sentence begins whose verb is not known, and what is over with whom somebody follows. `told` are the facts that
/// were read in it.
pub(super) fn beginnings(plain: &Plain<'_>, told: &[Fact]) -> Vec<Fact> {
    let words = plain.words;
    if !plain.negations.is_empty() || words.iter().any(Word::is_mark) || words.len() > LONGEST + 6 {
        return Vec::new();
    }
    let instead_at = (1..words.len()).find(|at| instead(&words[*at..]).is_some_and(|it| it > 1));
    if let Some(at) = instead_at {
        return follows(plain, &words[..at], &words[at + instead(&words[at..]).unwrap_or_default()..]);
    }
    let is_known = told.iter().any(|it| it.attribute.starts_with(FRAME));
    if is_known { Vec::new() } else { begins(plain, words).into_iter().collect() }
}

/// Those who speak, and what is theirs.
const WE: &[&str] = &[
    "i", "we", "my", "our", "ich", "wir", "mein", "meine", "unser", "unsere", "je", "nous", "mon", "ma", "notre", "mi",
    "nuestro", "nuestra",
];

fn begins(plain: &Plain<'_>, words: &[Word]) -> Option<Fact> {
    let parts = values::normal(words);
    // Spanish says `I` by the form of the verb: `Entreno los lunes`.
    let is_verb_alone = words.first()?.low.ends_with(['o', 's'])
        && words[1..].iter().any(|it| it.is(&["el", "los", "las", "de", "al", "del", "una", "con", "en"]));
    let begin = if is_verb_alone { 1 } else { 2 };
    // `It's been great`, `Let's talk again`, `Good to see you` are about nothing that is named.
    let first = words.first()?;
    let is_named = first.is(WE)
        || values::is_article(&first.low)
        || !NO_SUBJECT.contains(first.low.as_str()) && words.get(1).is_some_and(|it| !it.is(&PREPOSITIONS));
    if !is_named || first.is(&["this", "your", "you", "so", "thanks", "great", "good"]) {
        return None;
    }
    if !(begin + 1..=LONGEST).contains(&parts.len()) {
        return None;
    }
    let (key, rest) = (parts[..begin].join(" "), parts[begin..].join(" "));
    Some(plain.says(key, BEGINS.to_owned(), rest.clone(), rest))
}

/// `Nora does the dishes instead of Gus`: that Gus does them is over.
fn follows(plain: &Plain<'_>, said: &[Word], whom: &[Word]) -> Vec<Fact> {
    let [who, rest @ ..] = said else { return Vec::new() };
    let is_name = |it: &[Word]| (1..=2).contains(&it.len()) && it.iter().all(Word::is_capital);
    if !who.is_capital() || NO_SUBJECT.contains(who.low.as_str()) || !is_name(whom) || rest.is_empty() {
        return Vec::new();
    }
    let words: Vec<Word> = whom.iter().chain(rest).cloned().collect();
    let before = Plain { words: &words, ..*plain };
    let mut found: Vec<Fact> = frames(&before).into_iter().filter(|it| it.attribute.starts_with(FRAME)).collect();
    found.extend(begins(&before, &words).filter(|_| found.is_empty()));
    found.into_iter().map(|it| Fact { holds: false, is_change: true, replaces: None, ..it }).collect()
}

/// A verb that nobody listed: `I root for the Mets`, `Kim moonlights as a DJ`.
pub(super) fn plain_verb(words: &[Word], speaker: Option<&str>) -> Option<(NounPhrase, String, usize)> {
    let [who, verb, said, ..] = words else { return None };
    let is_plain = |it: &Word| {
        !it.is_capital()
            && !it.is_mark()
            && !values::is_article(&it.low)
            && it.low.len() > 2
            && it.low.chars().all(char::is_alphabetic)
            && !it.is(&PREPOSITIONS)
            && !NO_SUBJECT.contains(it.low.as_str())
            && !super::openings::is_change(it)
    };
    let is_first = who.is(&["i", "we"]);
    let ends = verb.low.ends_with('s') && !verb.low.ends_with("ss");
    let is_past = verb.is(PAST) || verb.low.ends_with("ed") || verb.low.ends_with("ly") || verb.low == "never";
    if !is_plain(verb)
        || is_past
        || said.is_mark()
        || !(is_first || who.is_capital() && ends)
        || values::is_article(&who.low)
    {
        return None;
    }
    let base = if is_first { verb.low.clone() } else { verb.low[..verb.low.len() - 1].to_owned() };
    Some((noun_phrase(std::slice::from_ref(who), speaker)?, base, 2))
}

/// How surely `new` says that `old` is over; both begin with the same words.
pub(super) fn differs_in_one_place(old: &Fact, new: &Fact) -> Option<f64> {
    if !new.holds {
        return (old.holds && old.value == new.value).then_some(1.0);
    }
    if !old.holds {
        return None;
    }
    let (one, other): (Vec<&str>, Vec<&str>) = (old.value.split(' ').collect(), new.value.split(' ').collect());
    let first = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let last = one[first..].iter().rev().zip(other[first..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (left, right) = (&one[first..one.len() - last], &other[first..other.len() - last]);
    if left.is_empty() || right.is_empty() || left.len() > APART || right.len() > APART {
        return None;
    }
    let joined = |it: &str| PREPOSITIONS.contains(&it);
    let is_time = |it: &[&str]| it.iter().any(|it| values::is_date_part(it) || values::is_clock(it));
    let is_number = |it: &[&str]| it.iter().any(|it| it.bytes().any(|it| it.is_ascii_digit()));
    if joined(left[0]) != joined(right[0])
        || is_time(left) != is_time(right)
        || !is_time(left) && is_number(left) != is_number(right)
    {
        return None;
    }
    if !new.is_change {
        let all: Vec<&str> = new.subject.split(' ').chain(other[..first].iter().copied()).collect();
        let is_present =
            all.get(1).is_some_and(|it| it.ends_with('s')) || all.get(2).is_some_and(|it| it.ends_with('s'));
        let is_told =
            is_present && last == 0 && all.len() > 2 && !all.iter().any(|it| it.ends_with("ed") || PAST.contains(it));
        return is_told.then(|| one_slot(old, new, all[1], &all[2..], left, right)).flatten();
    }
    // What is the same besides the two first words, and says something.
    let common = one[..first].iter().chain(&one[one.len() - last..]);
    let tells = common.filter(|it| it.chars().count() > 3 && !PREPOSITIONS.contains(*it)).count();
    let several = |it: &str| SEVERAL.contains(&it) || it.strip_suffix('s').is_some_and(|it| SEVERAL.contains(&it));
    let verbs = new.subject.split(' ').chain(other[..first].iter().copied());
    // `I've been`: little is said by what is the same.
    let is_idle = new.subject.split(' ').any(|it| matches!(it, "have" | "has" | "am" | "is"));
    if (is_idle || verbs.into_iter().any(several)) && tells == 0 && !is_number(left) {
        return Some(0.45);
    }
    Some(0.9)
}
