//! Asks what older statements a statement of a change may have ended: those about a thing that it names, where no rule is sure.

use super::Fact;
use super::alike::is_past;
use super::frames::is_verb;
use super::gone::GONE;
use super::gone::OWNERS;
use super::nearby::NEAR;
use super::openings::is_change;
use super::reach::is_kin;
use super::tables::HEDGES;
use super::tables::MOVES;
use super::tables::NO_SUBJECT;
use super::tables::NOW;
use super::tables::PREPOSITIONS;
use super::tables::RENEWALS;
use super::tables::TOLD;
use super::tables::VERBS;
use super::tables::WISHED;
use super::topic::stem;
use super::value::DURATIONS;
use super::value::written;
use super::values;
use super::words::Word;

/// Stands where a fact says what it replaces: it states nothing, and only asks.
const ASKED: &str = "?";

/// Things of one statement that are asked for: each costs two searches.
const THINGS: usize = 4;

/// Words of the statement that are shown.
const SHOWN: usize = 12;

/// Words of a statement; a longer one is a story.
const LONGEST: usize = 20;

/// Between what is said and whose it is.
const OF: char = '|';

/// What says that it is another's, elsewhere or for a while; somebody's words.
const ELSEWHERE: &[&str] =
    &["other", "another", "weekend", "yesterday", "briefly", "temporarily", "said", "says", "dreamed", "\""];

/// Nouns that tell nothing of what is meant.
const LIGHT: &[&str] = &[
    "thing", "time", "way", "name", "part", "lot", "bit", "number", "team", "company", "user", "project", "one",
    "side", "place", "end", "start", "rest", "kind", "sort", "people", "person", "new", "old", "good", "next", "other",
];

/// What is asked for, when the statement tells of a change.
pub(super) fn asks(words: &[Word]) -> Vec<Fact> {
    if words.len() > LONGEST || !tells(words) {
        return Vec::new();
    }
    let (mut said, mut owners) = (Vec::new(), Vec::new());
    for (at, word) in words.iter().enumerate() {
        match word.low.as_str() {
            "i" | "my" | "me" | "user" => said.push("user".to_owned()),
            "we" | "our" | "us" => said.push("we".to_owned()),
            _ if word.is_mark() || values::is_article(&word.low) => continue,
            low => said.push(stem(low)),
        };
        let is_owner = words.get(at + 1).is_some_and(|it| it.low == "'s") && !word.is(&["i", "we", "user"]);
        let before = &words[at.saturating_sub(1)];
        let has = at == 0
            && word.is_capital()
            && !word.is(&["i", "we", "the", "user"])
            && words.iter().skip(1).take(4).any(|it| it.is(&["has", "his", "her", "their"]));
        let is_elsewhere = at > 0 && word.is_capital() && before.is(&["at", "of", "for"]);
        if is_owner || has || is_elsewhere || is_kin(&word.low) {
            owners.push(stem(&word.low));
        }
    }
    let value = format!("{}{OF}{}", said.join(" "), owners.join(" "));
    let mut nouns: Vec<(&Word, String)> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if is_noun(words, at) && !nouns.iter().any(|it| it.0.low == word.low) {
            // `the test database` is another than the database.
            let before = at.checked_sub(1).filter(|it| is_noun(words, *it) && words[*it].low != "'s");
            nouns.push((word, before.map_or(String::new(), |it| stem(&words[it].low))));
        }
    }
    let ask = |(noun, which): &(&Word, String), attribute: &str| Fact {
        subject: stem(&noun.low),
        attribute: attribute.to_owned(),
        value: format!("{value}{OF}{which}"),
        shown: written(&words[..words.len().min(SHOWN)]),
        replaces: Some(ASKED.to_owned()),
        holds: true,
        many: noun.is_capital() || is_kin(&noun.low),
        is_change: true,
        is_whole: false,
        confidence: 0.9,
    };
    nouns.into_iter().take(THINGS).flat_map(|it| [ask(&it, NEAR), ask(&it, GONE)]).collect()
}

/// Whether it says that something is otherwise than before, or what has been done.
fn tells(words: &[Word]) -> bool {
    let is_of_past = |it: &Word| {
        it.is(&["ago", "once", "if", "would", "when", "kid", "child"])
            || it.low.len() == 4 && it.low.starts_with(['1', '2']) && it.low.bytes().all(|it| it.is_ascii_digit())
    };
    let is_new = |at: usize| {
        words[at].low == "new"
            && words[at.saturating_sub(1)].is(&["a", "our", "my", "the", "his", "her", "their", "have", "has", "got"])
    };
    let is_unsure =
        |it: &Word| it.is(&WISHED) || it.is(&HEDGES) || it.low == "nobody" || it.is(&TOLD) || it.is(ELSEWHERE);
    let is_over = words.windows(2).any(|it| it[0].low == "no" && it[1].low == "longer");
    let has_new = (0..words.len().min(8)).any(is_new);
    if words.iter().any(is_unsure) || !has_new && words.iter().any(is_of_past) {
        return false;
    }
    let does = |at: usize| {
        let (word, before) = (&words[at], &words[at.saturating_sub(1)]);
        let is_state = before.is(&["is", "are", "am", "be"]);
        is_change(word)
            || word.is(&MOVES) && !is_state
            || is_past(word) && !is_state
            || word.low.ends_with("ed") && word.low.len() > 4 && !word.is_capital() && !is_state && at > 0
    };
    has_new
        || words.iter().any(|it| it.is(&RENEWALS) || it.is(&["instead", "anymore", "mehr"]))
        || is_over
        || (0..words.len().min(8)).any(does)
}

/// Whether a thing or somebody is named there.
fn is_noun(words: &[Word], at: usize) -> bool {
    let word = &words[at];
    let low = word.low.as_str();
    let is_owned = at > 0
        && (words[at - 1].is(OWNERS) || values::is_article(&words[at - 1].low) || words[at - 1].is(&["'s", "new"]));
    let is_written = low.chars().any(char::is_alphabetic) && (low.chars().count() > 2 || word.is_capital());
    let is_when = values::month(low).is_some() && word.is_capital()
        || values::weekday(low).is_some()
        || values::number_word(low).is_some()
        || DURATIONS.contains(&low);
    let is_doing = is_verb(word)
        || VERBS.contains(low)
        || is_change(word)
        || word.is(&MOVES)
        || is_past(word)
        || low.ends_with("ed")
        || low.ends_with("ly");
    is_written
        && !is_when
        && (is_owned || word.is_capital() && at > 0 || !is_doing)
        && !word.is(&PREPOSITIONS)
        && !word.is(OWNERS)
        && !word.is(&NOW)
        && !word.is(LIGHT)
        && !values::is_article(low)
        && !NO_SUBJECT.contains(low)
        && !word.is(&["i", "we", "us", "me", "you", "your", "and", "but", "not", "'s", "also", "too", "very", "so"])
}

impl Fact {
    /// Whether it states nothing, and only asks for what may be over.
    pub(super) fn asks(&self) -> bool {
        self.replaces.as_deref() == Some(ASKED)
    }
}

/// How likely `old` is over, for which `new` asks.
pub(super) fn may_be_over(old: &Fact, new: &Fact) -> Option<f64> {
    let (said, owners) = new.value.split_once(OF)?;
    let (owners, which) = owners.split_once(OF)?;
    let (said, owners, which) = (words_of(said), words_of(owners), words_of(which));
    let (one, other) = old.value.split_once(OF)?;
    if old.is_change || !old.holds || old.asks() {
        return None;
    }
    let mut all = words_of(one);
    all.extend(words_of(other));
    let is_ours = |it: &String| it == "user" || it == "we";
    let speaks = said.iter().any(is_ours);
    // Whose it is must be the same: of the one who speaks, or of somebody who is named in both.
    if !are_in(&owners, &all) || !are_in(&which, &all) || all.iter().any(is_ours) && !speaks && !owners.is_empty() {
        return None;
    }
    let is_thing = if old.attribute == NEAR {
        words_of(other).iter().all(|it| is_ours(it) || said.contains(it))
    } else {
        let is_named = other
            .split(' ')
            .filter_map(|it| it.strip_prefix('^'))
            .map(|it| it.trim_start_matches('^'))
            .filter(|it| values::weekday(it).is_none() && values::month(it).is_none())
            .all(|it| said.contains(&stem(it)));
        are_in(&words_of(one), &said) && is_named
    };
    // Of somebody much can change: more than the name must be the same.
    let shares = all.iter().any(|it| !is_ours(it) && *it != new.subject && said.contains(it));
    (is_thing && (!new.many || shares) && !are_in(&all, &said)).then_some(0.5)
}

/// The words, without what marks a name.
fn words_of(text: &str) -> Vec<String> {
    text.split(' ').filter(|it| !it.is_empty()).map(|it| stem(it.trim_start_matches('^'))).collect()
}

fn are_in(part: &[String], whole: &[String]) -> bool {
    part.iter().all(|it| whole.contains(it))
}

#[cfg(test)]
mod tests {
    use super::super::conflict;
    use super::super::facts_and_asks;

    fn is_asked(old: &str, new: &str) -> bool {
        let (olds, news) = (facts_and_asks(old, None).0, facts_and_asks(new, None).1);
        let mut pairs = olds.iter().flat_map(|old| news.iter().map(move |new| (old, new)));
        pairs.any(|(old, new)| {
            old.subject == new.subject && old.attribute == new.attribute && conflict(old, new).is_some()
        })
    }

    #[test]
    fn a_change_asks_for_what_is_about_the_same_thing() {
        for (old, new) in [
            ("The roof leaks", "The roof has been repaired"),
            ("I have an appointment with the dentist on Monday", "The dentist moved me to Wednesday"),
            ("The parcel is at the post office", "I picked up the parcel"),
        ] {
            assert!(is_asked(old, new), "{old} / {new}");
        }
    }

    #[test]
    fn states_wishes_and_other_peoples_things_ask_for_nothing() {
        for (old, new) in [
            ("The roof leaks", "The roof is red"),
            ("My car is red", "I want to sell my car"),
            ("My car is red", "Ana's car was sold"),
            ("Ana's car is red", "My car was sold"),
            ("Ana lives in Rome", "Ana bought a piano"),
            ("My sister lives in Rome", "My sister bought a piano"),
        ] {
            assert!(!is_asked(old, new), "{old} / {new}");
        }
    }
}
