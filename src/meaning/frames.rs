//! Reads any plain statement as a subject, a verb and what is said with it, whatever the verb is, so that two statements
//! of one subject can be laid side by side.
//!
//! The phrases of `tables/phrases.txt` know what they mean; a frame knows only its words. Two frames of one subject and verb
//! exclude each other when they differ in one place and what stands there can be one thing only: a quantity, an hour, one
//! of several rivals, or anything at all when the later one says that it is so now.

use super::Fact;
use super::sides::is_quantity;
use super::subject::NounPhrase;
use super::subject::noun_phrase;
use super::tables::CROWDS;
use super::tables::ENTERED;
use super::tables::JOBS;
use super::tables::LISTED;
use super::tables::PREPOSITIONS;
use super::tables::VERBS;
use super::tables::VERBS_AS_WRITTEN;
use super::value::written;
use super::values;
use super::words::Word;

/// Begins the attribute of a frame; behind it stands the verb.
pub(super) const FRAME: char = '~';

/// Begins the attribute of a thing that a statement names; behind it stands the thing.
pub(super) const THING: char = '^';

/// The attribute of `key: value`.
pub(super) const KEY: &str = "~=";

/// Words among which the verb stands.
const VERB_WITHIN: usize = 12;

/// Words behind the verb; a longer statement is a story, and laying stories side by side tells little.
const SAID: usize = 14;

/// Things of one statement that are kept.
const THINGS: usize = 3;

/// A sentence of which nothing is left but what it states.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    pub(super) words: &'a [Word],
    /// Places in `words` in front of which a negation stood.
    pub(super) negations: &'a [usize],
    /// What was put aside by `from X to`.
    pub(super) replaced: Option<&'a str>,
    /// Whether it says that it has not been so before: `now`, `from today on`, `no longer`.
    pub(super) renews: bool,
    pub(super) factor: f64,
    pub(super) is_whole: bool,
    pub(super) speaker: Option<&'a str>,
    /// Whether a known phrase was found in it.
    pub(super) is_known: bool,
}

impl Plain<'_> {
    /// That `about` has this, said as surely as the statement is; nothing else is known of it.
    pub(super) fn says(&self, about: String, attribute: String, value: String, shown: String) -> Fact {
        Fact {
            subject: about,
            attribute,
            value,
            shown,
            replaces: None,
            holds: true,
            many: false,
            is_change: self.renews,
            is_whole: self.is_whole,
            confidence: 0.9 * self.factor,
        }
    }
}

/// Whether the attribute is one that is made here.
pub(super) fn is_framed(attribute: &str) -> bool {
    attribute.starts_with([FRAME, THING])
        || attribute == super::slots::SLOT
        || attribute == super::gone::GONE
        || attribute == super::nearby::NEAR
        || attribute == super::alike::BEGINS
}

/// The attribute as a person is told it.
pub fn plain_attribute(attribute: &str) -> &str {
    match attribute {
        super::nearby::NEAR => "is about",
        super::alike::BEGINS => "says",
        KEY | super::slots::SLOT => "is",
        super::gone::GONE => "given up",
        "~be" => "is",
        other => other.trim_start_matches([FRAME, THING, super::holdings::SOME]),
    }
}

/// The frame of a statement, and the things that it names.
pub(super) fn frames(plain: &Plain<'_>) -> Vec<Fact> {
    let words = plain.words;
    if let Some(mark) = words.iter().position(|it| it.is(&[":", "="])) {
        return if plain.is_known { Vec::new() } else { keyed(plain, mark).into_iter().collect() };
    }
    let end = words.iter().position(Word::is_mark).unwrap_or(words.len());
    let is_whole = plain.is_whole && words.len() - end <= 3;
    let clause = &words[..end];
    let mut found = ended(plain, clause);
    let Some((subject, verb, from)) = verb(clause, plain.speaker) else {
        if let Some(subject) = changed(clause, plain.speaker) {
            found.extend(put_aside(plain, &subject.parts.join(" "), plain.replaced));
            // `We moved our docs from A`: we do not use A any more.
            if let Some(owner) =
                subject.parts.first().filter(|it| subject.parts.len() == 2 && ["we", "user"].contains(&it.as_str()))
                && !super::reach::is_kin(&subject.parts[1])
            {
                found.extend(put_aside(plain, owner, plain.replaced));
            }
            let about = own(&subject);
            let to = clause.iter().rposition(|it| it.is(&["to", "auf", "à", "a"])).map_or(clause.len(), |at| at + 1);
            let said = &clause[to..];
            found.extend(
                things(plain, &about, said, true, is_whole).into_iter().map(|it| Fact { is_change: true, ..it }),
            );
            let value = values::normal(said);
            let is_quantity = !value.is_empty() && value.iter().all(|it| is_quantity(it));
            if let Some(rewritten) = clause.iter().position(|it| it.is(&["rewritten", "reimplemented"])) {
                let language = clause.get(rewritten + 2..).unwrap_or_default();
                found.push(now_is(
                    plain,
                    &about,
                    format!("written in {}", values::normal(language).join(" ")),
                    language,
                    &subject,
                ));
            } else if !is_quantity && (1..=4).contains(&value.len()) && !value.iter().any(|it| values::is_date_part(it))
            {
                found.push(now_is(plain, &about, format!("moved to {}", value.join(" ")), said, &subject));
            }
            if is_quantity {
                // `was bumped to 25`: it is 25, and set to 25.
                let value = value.join(" ");
                let set = |attribute: &str, value: String| Fact {
                    is_change: true,
                    is_whole,
                    confidence: 0.85 * plain.factor,
                    ..plain.says(about.clone(), attribute.to_owned(), value, written(said))
                };
                found.push(set("~be", format!("set to {value}")));
                if !plain.is_known {
                    found.push(set("is", value));
                }
            }
        }
        return found;
    };
    let (mut said, instead) = without_instead(&clause[from..]);
    // Why it is so is not part of what is so.
    if let Some(reason) = (1..said.len()).find(|at| said[*at].is(&["because", "due", "weil", "porque"])) {
        said = &said[..reason];
    }
    // `X and lives in Y`: the second statement is not part of the first.
    let mut is_whole = is_whole;
    for at in 1..said.len() {
        if said[at - 1].is(&["and", "but", "und", "aber", "et", "mais", "y", "pero"]) && is_verb(&said[at]) {
            said = &said[..at - 1];
            is_whole = false;
            break;
        }
    }
    let value = values::normal(said);
    let is_link = matches!(verb.as_str(), "be" | "sein" | "être" | "ser");
    if value.is_empty() && (is_link || verb == "have") || value.len() > SAID {
        return found;
    }
    if ["hat", "habe", "haben"].contains(&verb.as_str()) && said.last().is_some_and(is_german_participle) {
        return found;
    }
    let denied = plain.negations.iter().filter(|it| **it <= from).count() % 2 == 1;
    let replaced = instead.or(plain.replaced.map(str::to_owned));
    found.push(Fact {
        replaces: replaced.clone(),
        holds: !denied,
        many: !subject.is_definite() || subject.is_plural,
        is_whole,
        confidence: 0.95 * plain.factor,
        ..plain.says(own(&subject), format!("{FRAME}{verb}"), value.join(" "), written(said))
    });
    if is_link && let Some(fact) = role(plain, &subject, said, denied, is_whole) {
        found.push(fact);
    }
    if let Some(fact) = led(plain, &subject, &verb, said, denied, is_whole) {
        found.push(fact);
    }
    // What `is` links to a property is said of its owner.
    let owner = match subject.favorite().map(|it| it.0).or_else(|| subject.property().map(|it| it.0)) {
        Some(owner) if is_link && !owner.is_empty() => owner.join(" "),
        _ => subject.parts.join(" "),
    };
    found.extend(put_aside(plain, &owner, replaced.as_deref()));
    if !TASTES.contains(&verb.as_str()) {
        let said = if is_link && said.len() > 1 && said[0].low.ends_with("ing") { &said[1..] } else { said };
        found.extend(things(plain, &owner, said, !denied, is_whole));
    }
    found
}

/// `our domain` and `the domain` are one.
fn own(subject: &NounPhrase) -> String {
    match subject.parts.as_slice() {
        [we, thing @ ..] if we == "we" && !thing.is_empty() => thing.join(" "),
        parts => parts.join(" "),
    }
}

/// Verbs of what somebody thinks of a thing: it can be over with the thing and the thought stays.
const TASTES: &[&str] = &["like", "love", "enjoy", "hate", "dislike", "know", "remember", "recommend", "miss", "think"];

/// Finds the first verb that has a subject before it; the subject, the verb in one form, and where what is said begins.
fn verb(words: &[Word], speaker: Option<&str>) -> Option<(NounPhrase, String, usize)> {
    if let Some(first) = words.first().filter(|it| it.is(FIRST_PERSON)) {
        return Some((NounPhrase::named("user"), first.low.clone(), 1));
    }
    for at in 1..words.len().min(VERB_WITHIN) {
        let Some(verb) = one_form(&words[at], &words[at - 1]) else { continue };
        let Some(subject) = noun_phrase(&words[..at], speaker) else { continue };
        if subject.is_some_of_many()
            || words
                .get(at + 1)
                .is_some_and(|it| (it.is(&["been", "had", "to"]) || super::openings::is_change(it)) && verb == "have")
        {
            return None;
        }
        return Some((subject, verb, at + 1));
    }
    super::alike::plain_verb(words, speaker)
}

/// Spanish says `I` by the form of the verb.
const FIRST_PERSON: &[&str] =
    &["conduzco", "prefiero", "trabajo", "vivo", "uso", "tengo", "juego", "aprendo", "estudio", "toco", "bebo", "como"];

/// `gelesen`, `gebacken`, `gekauft`, `besucht`, `studiert`: behind `hat` it tells what happened.
pub(super) fn is_german_participle(word: &Word) -> bool {
    let low = word.low.as_str();
    let ends = low.ends_with('t') || low.ends_with("en");
    let begins = ["ge", "be", "ver", "er", "ent", "zer"].iter().any(|it| low.starts_with(it));
    let inner = ["an", "auf", "aus", "ein", "ab", "mit", "vor", "zu", "um", "weg"]
        .iter()
        .any(|it| low.strip_prefix(it).is_some_and(|it| it.starts_with("ge")));
    !word.is_capital() && low.chars().count() > 4 && ends && (begins || inner || low.ends_with("iert"))
}

pub(super) fn is_verb(word: &Word) -> bool {
    VERBS_AS_WRITTEN.contains(word.low.as_str())
        || base_of(&word.low).is_some()
        || word.is(&["is", "are", "am", "ist", "sind", "est", "sont", "es", "son", "está"])
}

/// Whether a noun follows: `my son`, `Ana's older son`.
pub(super) fn is_owner(word: &Word) -> bool {
    word.is(OWN)
        || word.is(&["'s", "the", "a", "older", "younger", "eldest", "oldest", "youngest", "only", "first", "second"])
}

/// The verb in one form, when `word` is one in the present.
fn one_form(word: &Word, before: &Word) -> Option<String> {
    let low = word.low.as_str();
    let link = match low {
        "son" if is_owner(before) => "",
        "is" | "are" => "be",
        "am" if before.low == "i" => "be",
        "ist" | "sind" | "bin" => "sein",
        "est" | "sont" | "suis" => "être",
        "es" | "son" | "está" | "están" | "estoy" | "soy" => "ser",
        "has" | "have" => "have",
        _ => "",
    };
    if !link.is_empty() {
        return Some(link.to_owned());
    }
    if VERBS_AS_WRITTEN.contains(low) {
        return Some(low.to_owned());
    }
    if let Some(base) = base_of(low) {
        return Some(base.to_owned());
    }
    // Without an `s` it is a verb behind `I`, `we` or several.
    let ends_in_s = before.low.len() > 3 && before.low.ends_with('s') && !before.low.ends_with("ss");
    let is_many = before.is(&["i", "we", "they", "people"]) || ends_in_s;
    (is_many && VERBS.contains(low)).then(|| low.to_owned())
}

/// `runs` is of `run`, `reaches` of `reach`, `carries` of `carry`.
fn base_of(low: &str) -> Option<&'static str> {
    let known = |base: &str| VERBS.get(base).copied();
    let base = low.strip_suffix('s')?;
    known(base)
        .or_else(|| base.strip_suffix('e').and_then(known))
        .or_else(|| base.strip_suffix("ie").and_then(|it| known(&format!("{it}y"))))
}

/// `going` is of `go`, `riding` of `ride`, `running` of `run`.
pub(super) fn base_of_doing(low: &str) -> Option<&'static str> {
    let stem = low.strip_suffix("ing")?;
    let known = |base: &str| VERBS.get(base).copied();
    let doubled = stem.char_indices().next_back().map_or("", |(at, _)| &stem[..at]);
    known(stem).or_else(|| known(&format!("{stem}e"))).or_else(|| known(doubled))
}

/// Who or what changed: the subject of `has migrated from A to B`.
fn changed(words: &[Word], speaker: Option<&str>) -> Option<NounPhrase> {
    let at = words.iter().take(VERB_WITHIN).position(super::openings::is_change)?;
    let mut end = at;
    while end > 0 && words[end - 1].is(&["has", "have", "was", "were", "been", "got", "is", "are", "just"]) {
        end -= 1;
    }
    noun_phrase(words.get(..end).filter(|it| !it.is_empty())?, speaker)
}

/// `stopped learning Portuguese`, `left the band`, `cancelled the subscription`: what is over.
fn ended(plain: &Plain<'_>, words: &[Word]) -> Vec<Fact> {
    const ENDS: &[&str] = &[
        "stopped",
        "stops",
        "quit",
        "quits",
        "left",
        "leaves",
        "dropped",
        "cancelled",
        "canceled",
        "abandoned",
        "sold",
        "finished",
        "ended",
        "uninstalled",
        "removed",
        "retired",
        "ditched",
        "outgrew",
        "outgrown",
        "lost",
        "returned",
        "shaved",
        "kündigte",
        "verkaufte",
        "verließ",
        "quitté",
        "annulé",
        "résilié",
        "vendu",
        "arrêté",
        "dejó",
        "canceló",
        "vendió",
        "abandonó",
        "terminó",
    ];
    let gave_up = |at: usize| words[at].is(&["gave", "given"]) && words.get(at + 1).is_some_and(|it| it.low == "up");
    // `is back from maternity leave`
    let back = (1..words.len().min(6)).find(|at| {
        words[*at].is(&["is", "am"])
            && words.len() > at + 3
            && words[at + 1].low == "back"
            && words[at + 2].low == "from"
    });
    if let Some(at) = back
        && let Some(subject) = noun_phrase(&words[..at], plain.speaker)
    {
        return vec![Fact {
            holds: false,
            is_change: true,
            ..plain.says(
                subject.parts.join(" "),
                format!("{FRAME}be"),
                values::normal(&words[at + 3..]).join(" "),
                written(&words[at + 3..]),
            )
        }];
    }
    let Some(at) = (1..words.len().min(6)).find(|at| words[*at].is(ENDS) || gave_up(*at)) else { return Vec::new() };
    // `removed it from the list`
    if words[at].is(&["removed", "dropped"]) && words[at..].iter().any(|it| it.low == "from") {
        return Vec::new();
    }
    let mut end = at;
    while end > 1 && words[end - 1].is(&["has", "have", "just", "a", "ai", "ha", "he", "hat", "habe"]) {
        end -= 1;
    }
    let Some(subject) = noun_phrase(&words[..end], plain.speaker) else { return Vec::new() };
    let mut from = at + 1 + usize::from(gave_up(at));
    while words.get(from).is_some_and(|it| it.is(&["de", "with", "off"])) {
        from += 1;
    }
    let about = subject.parts.join(" ");
    let mut found = Vec::new();
    let (said, _) = without_instead(&words[from..]);
    let said =
        &said[..said.iter().position(|it| it.is(&["and", "und", "et", "y", "in", "on", "at"])).unwrap_or(said.len())];
    let over = |attribute: String, value: String| Fact {
        holds: false,
        is_change: true,
        ..plain.says(about.clone(), attribute, value, written(said))
    };
    if let Some((doing, rest)) = said.split_first()
        && doing.low.ends_with("ing")
    {
        let value = values::normal(rest).join(" ");
        if doing.low == "being" {
            return vec![over(format!("{FRAME}be"), value)];
        }
        found.push(over(format!("{FRAME}be"), format!("{} {value}", doing.low).trim().to_owned()));
        // Who quit smoking is no smoker.
        if rest.is_empty()
            && let Some(stem) = doing.low.strip_suffix("ing")
        {
            found.push(over(format!("{THING}{stem}er"), format!("{stem}er")));
        }
        if let Some(base) = base_of_doing(&doing.low) {
            found.push(over(format!("{FRAME}{base}"), value));
        }
        return found;
    }
    let said: Vec<Word> = said.iter().filter(|it| !it.is(OWN)).cloned().collect();
    let thing = values::normal(&said);
    if thing.is_empty() || thing.len() > 4 {
        return found;
    }
    let named: Vec<String> = said.iter().filter(|it| it.is_capital()).map(|it| it.low.clone()).collect();
    for name in [thing.join(" "), named.join(" ")] {
        if !name.is_empty() && !found.iter().any(|it: &Fact| it.value == name) {
            found.push(over(format!("{THING}{}", unversioned(&name)), name));
        }
    }
    found
}

const OWN: &[&str] = &[
    "my", "our", "his", "her", "their", "its", "sein", "seine", "seinen", "ihr", "ihre", "ihren", "mein", "meine",
    "meinen", "son", "sa", "ses", "mon", "ma", "mes", "su", "sus", "mi", "mis",
];

/// That `replaced` does not hold any more.
fn put_aside(plain: &Plain<'_>, about: &str, replaced: Option<&str>) -> Option<Fact> {
    let name = replaced.filter(|it| !it.is_empty() && it.split(' ').count() <= 4 && plain.negations.is_empty())?;
    Some(Fact {
        holds: false,
        is_change: true,
        ..plain.says(about.to_owned(), format!("{THING}{}", unversioned(name)), name.to_owned(), name.to_owned())
    })
}

/// The things that are named in what is said: `Jira`, `the Rusty Nails`.
fn things(plain: &Plain<'_>, about: &str, said: &[Word], holds: bool, is_whole: bool) -> Vec<Fact> {
    let mut found: Vec<Fact> = Vec::new();
    for chunk in said.split(|it| it.is(&PREPOSITIONS) || it.is_mark() || it.is(&["and", "und", "et", "y", "or"])) {
        let name = values::normal(chunk);
        let is_thing = (1..=3).contains(&name.len())
            && name.iter().any(|it| it.chars().any(char::is_alphabetic) && !values::is_date_part(it))
            && !chunk.iter().any(|it| it.is(&["my", "our", "his", "her", "their", "its", "very", "so"]));
        // `no longer works from home` is not over with the home.
        let is_beside = !holds && chunk.as_ptr() != said.as_ptr() && !chunk.iter().any(Word::is_capital);
        // `not allergic to cats` is not over with being allergic.
        let behind = said.get(chunk.len()).filter(|_| !holds && chunk.as_ptr() == said.as_ptr());
        let is_of_more = behind.is_some_and(|it| it.is(&["to", "of", "with"])) && !chunk.iter().any(Word::is_capital);
        if !is_thing || is_beside || is_of_more || found.len() >= THINGS {
            continue;
        }
        let name = name.join(" ");
        found.push(Fact {
            holds,
            is_change: plain.renews || plain.replaced.is_some(),
            is_whole,
            ..plain.says(about.to_owned(), format!("{THING}{}", unversioned(&name)), name, written(chunk))
        });
    }
    found
}

/// `windows 10` is of `windows`.
pub(super) fn unversioned(name: &str) -> &str {
    match name.rsplit_once([' ', '-']) {
        Some((rest, last)) if last.trim_start_matches('v').starts_with(|it: char| it.is_ascii_digit()) => rest,
        _ => name,
    }
}

/// `Ana leads the search team`: of a team there is one who leads it.
fn led(
    plain: &Plain<'_>,
    subject: &NounPhrase,
    verb: &str,
    said: &[Word],
    denied: bool,
    is_whole: bool,
) -> Option<Fact> {
    let leads = ["lead", "head", "chair", "leitet", "dirige"].contains(&verb);
    let is_definite = said.first().is_some_and(|it| values::is_article(&it.low) && !is_indefinite(&it.low));
    if !leads || !is_definite {
        return None;
    }
    let about = noun_phrase(said, plain.speaker).filter(|it| !it.is_some_of_many())?;
    Some(Fact {
        holds: !denied,
        is_whole,
        confidence: 0.85 * plain.factor,
        ..plain.says(
            about.parts.join(" "),
            "led by".to_owned(),
            values::normal(&subject.written).join(" "),
            written(&subject.written),
        )
    })
}

/// `Redis is used as the job queue`: one thing has that role.
fn role(plain: &Plain<'_>, subject: &NounPhrase, said: &[Word], denied: bool, is_whole: bool) -> Option<Fact> {
    let [used, r#as, role @ ..] = said else { return None };
    let first = role.first()?;
    let is_definite =
        values::is_article(&first.low) && !is_indefinite(&first.low) || first.is(&["our", "unser", "notre"]);
    if !used.is(&["used"]) || !r#as.is(&["as"]) || !is_definite {
        return None;
    }
    let end = role.iter().position(|it| it.is(&PREPOSITIONS)).unwrap_or(role.len());
    let about = noun_phrase(&role[..end], plain.speaker)?;
    Some(Fact {
        holds: !denied,
        is_whole,
        ..plain.says(
            about.parts.join(" "),
            "is".to_owned(),
            values::normal(&subject.written).join(" "),
            written(&subject.written),
        )
    })
}

fn is_indefinite(low: &str) -> bool {
    ["a", "an", "ein", "eine", "einen", "einem", "einer", "un", "une", "una"].contains(&low)
}

/// Whether one of many stands behind `key`: `Tip`, `Feature request`, `Question from Ida`.
pub(super) fn names_list(key: &[Word]) -> bool {
    key.last().is_some_and(|it| it.is(&LISTED) || key.len() == 1 && it.is(&ENTERED))
        || matches!(key, [first, second, ..] if first.is(&LISTED) && second.is(&PREPOSITIONS))
}

/// What is set, and nothing that somebody says: `React`, `10 GB`.
pub(super) fn is_setting(key: &[Word], value: &[Word]) -> bool {
    const SAID: &[&str] =
        &["yes", "no", "ok", "okay", "hi", "hello", "thanks", "sure", "great", "nice", "maybe", "sorry"];
    let is_name =
        |it: &Word| it.is_capital() || it.low.starts_with(|it: char| it.is_ascii_digit() || "$€£".contains(it));
    let is_list = key.iter().any(|it| it.is(&JOBS) || CROWDS.iter().any(|crowd| crowd.trim_end_matches('s') == it.low));
    (1..=2).contains(&value.len())
        && !is_list
        && is_name(&value[0])
        && !value.iter().any(|it| it.is(SAID) || it.is_mark() || is_verb(it))
}

/// `max_connections = 100`, `Customer tier of Mesa Foods: silver`.
fn keyed(plain: &Plain<'_>, mark: usize) -> Option<Fact> {
    let (key, value) = (&plain.words[..mark], &plain.words[mark + 1..]);
    let is_set = plain.words[mark].low == "=";
    if key.is_empty() || key.len() > 6 || value.is_empty() || value.len() > 5 || value.iter().any(Word::is_mark) {
        return None;
    }
    if names_list(key) || key.iter().any(is_verb) {
        return None;
    }
    let is_code = |it: &Word| {
        it.low.contains(['_', '.', '/', '-']) || it.raw.chars().skip(1).any(char::is_uppercase) && it.raw.len() > 3
    };
    // A single plain word may be somebody who speaks, or the name of a list.
    let sure = if is_set || key.iter().any(is_code) || key.len() > 1 || is_setting(key, value) { 0.95 } else { 0.7 };
    let name: Vec<String> = key.iter().filter(|it| !values::is_article(&it.low)).map(|it| it.low.clone()).collect();
    Some(Fact {
        holds: plain.negations.is_empty(),
        confidence: sure * plain.factor,
        ..plain.says(name.join(" "), KEY.to_owned(), values::normal(value).join(" "), written(value))
    })
}

/// What is so now, after a change was told.
fn now_is(plain: &Plain<'_>, about: &str, value: String, shown: &[Word], subject: &NounPhrase) -> Fact {
    Fact {
        many: !subject.is_definite() || subject.is_plural,
        is_change: true,
        confidence: 0.95 * plain.factor,
        ..plain.says(about.to_owned(), format!("{FRAME}be"), value, written(shown))
    }
}

/// What is said without `instead of X`, and what X is.
fn without_instead(said: &[Word]) -> (&[Word], Option<String>) {
    for at in 1..said.len() {
        if let Some(length) =
            super::value::instead(&said[at..]).filter(|it| *it > 1 || said[at].is(&["statt", "anstatt"]))
        {
            let rest = &said[at + length..];
            let end = rest.iter().position(|it| it.is(&PREPOSITIONS)).unwrap_or(rest.len());
            let name = values::normal(&rest[..end]).join(" ");
            return (&said[..at], (!name.is_empty()).then_some(name));
        }
    }
    (said, None)
}
