//! Reads the clauses of a statement by the phrases that state something: what stands before the phrase is the subject,
//! what stands behind it the value.

use super::facts::CONJUNCTIONS;
use super::facts::Fact;
use super::facts::Statement;
use super::frames::is_german_participle;
use super::frames::names_list;
use super::phrases::LINKS;
use super::phrases::MEANINGS;
use super::phrases::PHRASES;
use super::phrases::Part;
use super::phrases::Pattern;
use super::phrases::Values;
use super::subject::NounPhrase;
use super::subject::noun_phrase;
use super::tables::IMPERATIVES;
use super::tables::PREPOSITIONS;
use super::tables::STATES;
use super::value::DURATIONS;
use super::value::STOPS;
use super::value::Value;
use super::value::is_age;
use super::value::is_at_times;
use super::value::is_rival;
use super::value::is_version;
use super::value::written;
use super::values;
use super::words::Word;

/// Words of a sentence among which a phrase may begin.
const SUBJECT_WORDS: usize = 12;

/// Whom a team consists of.
const PEOPLE: &[&str] = &[
    "people",
    "persons",
    "members",
    "employees",
    "leuten",
    "personen",
    "mitgliedern",
    "köpfen",
    "personnes",
    "membres",
    "personas",
    "miembros",
];

/// How somebody studies, not what.
const MANNERS: &[&str] = &[
    "gern",
    "gerne",
    "viel",
    "fleißig",
    "noch",
    "hard",
    "a lot",
    "abroad",
    "online",
    "part-time",
    "full-time",
    "beaucoup",
    "mucho",
    "bien",
];

/// How often something comes out.
const FREQUENCIES: &[&str] = &[
    "daily",
    "weekly",
    "monthly",
    "quarterly",
    "yearly",
    "every day",
    "every week",
    "every month",
    "täglich",
    "wöchentlich",
    "monatlich",
    "jährlich",
    "jeden tag",
    "jede woche",
    "jeden monat",
    "chaque jour",
    "chaque semaine",
    "chaque mois",
    "cada día",
    "cada semana",
    "cada mes",
];

/// What leaves again and again.
const LINES: &[&str] = &[
    "bus", "train", "tram", "ferry", "shuttle", "metro", "subway", "boat", "zug", "bahn", "fähre", "tren", "autobús",
    "ferri", "bac",
];

/// Verbs with which no value begins.
const AUXILIARIES: &[&str] = &[
    "is", "are", "was", "were", "has", "had", "could", "would", "should", "will", "may", "might", "can", "must",
    "reminds",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    Start,
    Comma,
    And,
}

impl Statement<'_> {
    pub(super) fn facts(&self) -> Vec<Fact> {
        let mut found: Vec<Fact> = Vec::new();
        let mut is_whole = self.is_whole;
        let mut carried: Option<NounPhrase> = None;
        for (range, joint) in self.clauses() {
            let words = &self.words[range.clone()];
            let read = self.clause(words, range.start, carried.as_ref());
            let Some((fact, subject)) = read else {
                match found.last_mut() {
                    // `Lisbon, Portugal` and `tea and coffee` go on with the value; anything longer says something else.
                    Some(last) if words.len() <= 3 => {
                        let more = values::normal(words);
                        if self.negations.contains(&range.start) {
                            last.replaces = Some(more.join(" "));
                        } else if joint == Joint::And && last.many {
                            let other =
                                Fact { value: more.join(" "), shown: written(words), is_whole: false, ..last.clone() };
                            last.is_whole = false;
                            found.push(other);
                        } else if joint == Joint::And {
                            last.confidence *= 0.5;
                            is_whole = false;
                        } else if !more.is_empty() {
                            last.value = format!("{} {}", last.value, more.join(" "));
                            last.shown = format!("{}, {}", last.shown, written(words));
                        }
                    }
                    _ => is_whole = false,
                }
                continue;
            };
            let is_some = subject.is_some_of_many();
            carried = Some(subject);
            if is_some {
                is_whole = false;
                continue;
            }
            found.push(fact);
        }
        let several = found.len() > 1;
        for fact in &mut found {
            fact.is_whole &= is_whole && !several;
        }
        found
    }

    /// The clauses, by what stands in front of them.
    fn clauses(&self) -> Vec<(std::ops::Range<usize>, Joint)> {
        let mut clauses = Vec::new();
        let (mut from, mut joint) = (0, Joint::Start);
        for (at, word) in self.words.iter().enumerate() {
            let next = match word.low.as_str() {
                "," | ";" | "(" | ")" => Joint::Comma,
                // `Baker & Co` is one name.
                "&" if self.words.get(at + 1).is_some_and(Word::is_capital) => continue,
                _ if word.is(CONJUNCTIONS) => Joint::And,
                _ => continue,
            };
            if at > from {
                clauses.push((from..at, joint));
            }
            (from, joint) = (at + 1, if joint == Joint::And && at == from { Joint::And } else { next });
        }
        if from < self.words.len() {
            clauses.push((from..self.words.len(), joint));
        }
        clauses
    }

    /// What the clause states, and of what.
    pub(super) fn clause(
        &self,
        words: &[Word],
        offset: usize,
        carried: Option<&NounPhrase>,
    ) -> Option<(Fact, NounPhrase)> {
        for at in 0..words.len().min(SUBJECT_WORDS) {
            let subject = || self.subject(&words[..at], words[at].low.as_str(), carried);
            for pattern in PHRASES.get(words[at].low.as_str()).into_iter().flatten() {
                let Some((value, end)) = matched(words, at, pattern) else { continue };
                let subject = subject()?;
                if let Some(fact) = self.stated(pattern.meaning, &subject, &words[value], offset + end) {
                    return Some((fact, subject));
                }
            }
            if at > 0
                && words[at].is(&["has", "have", "hat", "habe", "tiene", "tengo", "a", "ai"])
                && let Some(subject) = subject()
                && let Some(fact) = self.counted(&subject, &words[at + 1..], offset + words.len())
            {
                return Some((fact, subject));
            }
            let link = if words[at].low == ":" { "=" } else { words[at].low.as_str() };
            // `my son` is no Spanish verb.
            if at > 0 && link == "son" && super::frames::is_owner(&words[at - 1]) {
                continue;
            }
            // `am` is German for `on the`, too.
            if link == "am" && !(at == 1 && words[0].low == "i") {
                continue;
            }
            for pattern in LINKS.get(link).into_iter().flatten() {
                let linked =
                    if link == "=" { Some((at + 1..words.len(), words.len())) } else { matched(words, at, pattern) };
                let Some((value, end)) = linked else { continue };
                // `Tip: press F5` is one of many.
                if at == 0 || link == "=" && names_list(&words[..at]) {
                    return None;
                }
                let subject = subject()?;
                if let Some(fact) = self.linked(pattern.meaning, &subject, &words[value], offset + end) {
                    return Some((fact, subject));
                }
            }
        }
        None
    }

    /// `Sam has three cats`: how many there are is one of a kind.
    pub(super) fn counted(&self, subject: &NounPhrase, words: &[Word], end: usize) -> Option<Fact> {
        let (number, things) = words.split_first()?;
        let number = values::normal(std::slice::from_ref(number)).join("");
        let counts = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit()) && number.len() <= 6;
        if counts
            && let [_, of, thing] = things
            && of.is(&["of", "de"])
        {
            // `16 GB of RAM`
            let value = Value { words: words[..2].to_vec(), purpose: None, replaces: None, rest: 0 };
            let denied = self.is_denied(end, words.len());
            return Some(self.fact(
                &subject.all(),
                format!("amount of {}", thing.low),
                &value,
                false,
                false,
                !denied,
                0.85,
            ));
        }
        // `hat 3 Bücher gelesen` tells what happened.
        if things.last().is_some_and(is_german_participle) {
            return None;
        }
        let plain = (1..=2).contains(&things.len()) && !things.iter().any(|it| it.is(STOPS) || it.is_mark());
        if !counts || !plain || things[0].is(&["of", "to"]) {
            return None;
        }
        let attribute = format!("number of {}", things.last()?.low.trim_end_matches('s'));
        let attribute = if things.len() == 2 { format!("{attribute} {}", things[0].low) } else { attribute };
        let value = Value { words: vec![words[0].clone()], purpose: None, replaces: None, rest: 0 };
        let denied = self.is_denied(end, words.len());
        Some(self.fact(&subject.all(), attribute, &value, false, false, !denied, 0.85))
    }

    pub(super) fn subject(&self, words: &[Word], verb: &str, carried: Option<&NounPhrase>) -> Option<NounPhrase> {
        // `A Ana le gusta el té`.
        let words = if words.first().is_some_and(|it| it.low == "a") && words.len() == 2 { &words[1..] } else { words };
        if !words.is_empty() {
            return noun_phrase(words, self.speaker);
        }
        if let Some(carried) = carried {
            return Some(carried.clone());
        }
        let who = if IMPERATIVES.contains(&verb) { "we" } else { "user" };
        Some(NounPhrase::named(who))
    }

    /// Whether a negation belongs to what stands before `end`; those behind it put a value aside.
    pub(super) fn is_denied(&self, end: usize, value_words: usize) -> bool {
        let value_at = end.saturating_sub(value_words);
        self.negations.iter().filter(|it| **it <= value_at).count() % 2 == 1
    }

    /// A fact that a phrase of its own states.
    pub(super) fn stated(&self, meaning: usize, subject: &NounPhrase, words: &[Word], end: usize) -> Option<Fact> {
        let row = &MEANINGS[meaning];
        let is_many = row.values == Values::Many;
        let takes_purpose = matches!(row.attribute, "uses" | "prefers");
        let mut value = Value::of(words, takes_purpose, self.negation_in(words, end))?;
        if matches!(row.attribute, "employer" | "job" | "partner" | "studies" | "manager" | "drives" | "home" | "base")
        {
            value.cut_at(&["at", "in", "on", "bei", "chez", "en", "as", "since"]);
        }
        if row.attribute == "age" {
            value.words.truncate(1);
        }
        // `is on vacation`
        let presence = format!("on {}", value.normal());
        if row.attribute == "uses" && STATES.iter().any(|it| it.0 == "presence" && it.1.contains(&presence.as_str())) {
            let denied = self.is_denied(end, words.len());
            let fact = self.fact(&subject.all(), "presence".to_owned(), &value, false, row.is_change, !denied, 0.9);
            return Some(Fact { value: presence, ..fact });
        }
        // `our estimated cost could change`: a noun, and the verb stands behind it.
        if value.words[0].is(AUXILIARIES) {
            return None;
        }
        // `is called by` names nobody.
        if row.attribute == "name" && value.words[0].low == "by" {
            return None;
        }
        // `is on hold`, `favorite book has changed to`: what links says it.
        let is_state = STATES.iter().any(|it| it.1.contains(&presence.as_str()));
        if row.attribute == "uses" && (is_state || row.is_change && subject.favorite().is_some()) {
            return None;
        }
        // `takes 14 minutes` says how long, `takes the train` and `takes 3 GB` do not.
        let ends_in = |list: &[&str]| value.words.last().is_some_and(|it| it.is(list));
        let is_plain = match row.attribute {
            "takes" => value.is_number() && ends_in(DURATIONS),
            "consists of" => value.is_number() && ends_in(PEOPLE),
            "closes" | "opens" => value.is_number() || value.is_temporal(),
            "comes out" => FREQUENCIES.contains(&value.normal().as_str()),
            // `plays for fun`, `the data comes from surveys`
            "plays for" => value.is_name() || values::is_article(&value.words[0].low),
            "origin" => value.is_name(),
            // `drives to work`
            "drives" => !value.words[0].is(&PREPOSITIONS),
            "studies" => !value.words.iter().any(|it| it.is(MANNERS)),
            _ => true,
        };
        // `off to do some sports` is over nothing.
        if !is_plain || row.denies && value.words[0].is(&["to"]) {
            return None;
        }
        let mut attribute = row.attribute.to_owned();
        let mut about = subject.all();
        let mut confidence = row.confidence;
        let mut many = is_many;
        if value.is_temporal() && matches!(row.attribute, "uses" | "home" | "base" | "works in") {
            return None;
        }
        if row.is_change && row.attribute == "home" {
            (about, attribute, confidence) = moved(subject, &value)?;
            many = attribute == "uses";
        } else if let Some((owner, property)) = subject.property()
            && row.attribute == "when"
            && property != "when"
        {
            // `The deadline was moved to`.
            (about, attribute) = (owner, property.to_owned());
        } else if row.attribute == "uses"
            && row.is_change
            && let Some((owner, property)) = subject
                .property()
                .filter(|it| it.1 != "when" && (!it.0.is_empty() || value.is_number() && !is_version(&value)))
        {
            // `Oskar's role has changed to`, `le budget est passé à`.
            (about, attribute, many) = (owner, property.to_owned(), false);
        } else if row.attribute == "when" && !value.is_temporal() {
            // `happens on Chrome`: it may happen in other places.
            let happens = self.words.iter().any(|it| it.is(&["happens", "happen", "occurs"]));
            if value.words.len() > 3 || !value.is_name() || happens {
                return None;
            }
            // `happens on Android 12`: it may happen on others.
            let names_release = value.words.len() > 1
                && is_version(&Value { words: value.words[value.words.len() - 1..].to_vec(), ..value.clone() });
            if names_release && !value.words.iter().any(|it| it.is(super::sides::ROOMS)) {
                return None;
            }
            (attribute, confidence) = ("location".to_owned(), if row.is_change { 0.7 } else { 0.85 });
        } else if row.attribute == "age" && !value.words.first().is_some_and(|it| is_age(&it.low)) {
            return None;
        } else if row.attribute == "job"
            && let Some(phrase) = noun_phrase(&value.words, self.speaker)
            && phrase.is_relational
        {
            // `Mira became CEO of Acme`.
            return self.inverse(&phrase, subject, self.is_denied(end, words.len()) != row.denies);
        } else if row.attribute == "uses" && is_version(&value) && !is_rival(&value.normal()) {
            (attribute, many) = ("version".to_owned(), false);
        } else if row.attribute == "employer" && row.is_change && !value.is_name() {
            confidence = 0.6;
        }
        // `works at a café on Saturdays`: elsewhere on other days.
        if matches!(row.attribute, "employer" | "job") && !row.is_change && is_at_times(words) {
            confidence *= 0.6;
        }
        // `moved to Portland for work` says why.
        if matches!(attribute.as_str(), "home" | "base" | "employer" | "origin" | "birthday" | "age") {
            value.purpose = None;
        }
        if let Some(purpose) = &value.purpose {
            attribute = format!("{attribute} {purpose}");
            many &= !takes_purpose;
        }
        // A bus leaves more than once.
        if matches!(row.attribute, "when" | "departs")
            && !row.is_change
            && !self.renews
            && subject.parts.last().is_some_and(|it| LINES.contains(&it.as_str()))
        {
            confidence = 0.6;
        }
        if row.attribute == "name" && subject.parts.is_empty() {
            return None;
        }
        let denied = self.is_denied(end, words.len());
        Some(self.fact(&about, attribute, &value, many, row.is_change, denied == row.denies, confidence))
    }

    /// Where in the value a negation stood: `PostgreSQL, not MySQL` puts MySQL aside.
    pub(super) fn negation_in(&self, words: &[Word], end: usize) -> Option<usize> {
        let value_at = end.saturating_sub(words.len());
        self.negations.iter().find(|it| **it > value_at && **it < end).map(|it| it - value_at)
    }

    #[expect(clippy::too_many_arguments, reason = "a fact has these parts")]
    pub(super) fn fact(
        &self,
        about: &[String],
        attribute: String,
        value: &Value,
        many: bool,
        is_change: bool,
        holds: bool,
        confidence: f64,
    ) -> Fact {
        Fact {
            subject: about.join(" "),
            attribute,
            value: value.normal(),
            shown: written(&value.words),
            replaces: value.replaces.clone().or_else(|| self.replaced.clone()),
            holds,
            many,
            is_change: is_change || self.renews,
            is_whole: value.rest <= 8,
            confidence: confidence * self.factor,
        }
    }
}

/// What moved where: a person to a place, a date to another, a team to another tool.
fn moved(subject: &NounPhrase, value: &Value) -> Option<(Vec<String>, String, f64)> {
    if let Some((owner, property)) = subject.property() {
        return if subject.is_event() || property == "when" {
            Some((subject.all(), if value.is_temporal() { "when" } else { "location" }.to_owned(), 0.9))
        } else {
            Some((owner, property.to_owned(), 0.9))
        };
    }
    if value.is_temporal() {
        return Some((subject.all(), "when".to_owned(), 0.9));
    }
    // `my parents`, `Leo's mom`: whose home it is.
    let is_kin = subject.parts.last().is_some_and(|it| super::reach::is_kin(it));
    if is_rival(&value.normal()) || !subject.is_person() && !is_kin {
        let confidence = if is_rival(&value.normal()) { 0.9 } else { 0.6 };
        return Some((subject.all(), "uses".to_owned(), confidence));
    }
    let unlike_places = [
        "team",
        "department",
        "office",
        "role",
        "position",
        "company",
        "project",
        "group",
        "seat",
        "desk",
        "room",
        "floor",
        "house",
        "apartment",
        "flat",
    ];
    if value.words.iter().any(|it| it.is(&unlike_places)) {
        return None;
    }
    Some((subject.all(), "home".to_owned(), 0.9))
}

/// The value of `pattern` when it stands at `at`, and where the match ends.
fn matched(words: &[Word], at: usize, pattern: &Pattern) -> Option<(std::ops::Range<usize>, usize)> {
    let mut next = at;
    for (index, part) in pattern.parts.iter().enumerate() {
        match part {
            Part::Word(any) => {
                words.get(next).filter(|it| any.contains(&it.low.as_str()))?;
                next += 1;
            }
            Part::Value => {
                // The rest of the phrase stands at the end of the clause: `ist nach Porto gezogen`.
                let rest = &pattern.parts[index + 1..];
                let from = words.len().checked_sub(rest.len()).filter(|it| *it > next)?;
                let fits = rest.iter().zip(&words[from..]).all(|(part, word)| match part {
                    Part::Word(any) => any.contains(&word.low.as_str()),
                    Part::Value => false,
                });
                return fits.then_some((next..from, from));
            }
        }
    }
    (next < words.len()).then_some((next..words.len(), words.len()))
}
