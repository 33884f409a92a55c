//! Reads what `is`, `was changed to` and the like link to a subject.

use super::facts::Fact;
use super::facts::Statement;
use super::phrases::COPULAS;
use super::subject::NounPhrase;
use super::subject::noun_phrase;
use super::tables::JOBS;
use super::tables::RESULTS;
use super::tables::STATES;
use super::topic::is_one_of_many;
use super::value::Value;
use super::value::age;
use super::value::is_age;
use super::value::is_at_times;
use super::values;
use super::words::Word;

/// How surely `is a teacher` says what somebody works as.
pub(super) const IS_A: f64 = 0.85;

impl Statement<'_> {
    /// A fact that `is`, `was changed to` and the like state.
    pub(super) fn linked(&self, link: usize, subject: &NounPhrase, words: &[Word], end: usize) -> Option<Fact> {
        let is_change = COPULAS[link].1;
        let is_plural = subject.is_plural;
        let value = Value::of(words, false, self.negation_in(words, end))?;
        let denied = self.is_denied(end, words.len());
        let fact = |about: Vec<String>, attribute: &str, value: &Value, confidence: f64| {
            let attribute = match &value.purpose {
                Some(purpose) => format!("{attribute} {purpose}"),
                None => attribute.to_owned(),
            };
            Some(self.fact(&about, attribute, value, is_plural, is_change, !denied, confidence))
        };
        let was = matches!(COPULAS[link].0, "was|were" | "has|have just? been");
        let is_timely = |it: &str| {
            ["date", "time", "deadline", "hours", "birthday", "launch", "release", "when"]
                .iter()
                .any(|word| it.contains(word))
        };
        if let Some((owner, attribute)) = subject.favorite().filter(|_| !was) {
            return fact(owner, &attribute, &value, 0.95);
        }
        let normal = value.normal();
        // `was merged` tells of now, `was married` does not.
        if was {
            let is_result = RESULTS.contains(&normal.split(' ').next().unwrap_or_default());
            let is_state = COPULAS[link].0 != "was|were" && STATES.iter().any(|it| it.1.contains(&normal.as_str()));
            if !is_result && !is_state {
                return None;
            }
            let value = Value { purpose: None, ..value };
            let state = Value { words: value.words[..1].to_vec(), ..value.clone() };
            let state = if is_result { &state } else { &value };
            let kind = STATES.iter().find(|it| it.1.contains(&state.normal().as_str())).map_or("status", |it| it.0);
            return fact(subject.all(), kind, state, 0.9);
        }
        if value.is_temporal() {
            return match subject.property() {
                // `the flight is at 14:20` says when, and not which.
                Some((_, property)) if !is_timely(property) && words.first().is_some_and(|it| it.low == "at") => {
                    fact(subject.all(), "when", &value, 0.9)
                }
                Some((owner, property)) if property != "when" && !subject.is_event() => {
                    fact(owner, property, &value, 0.95)
                }
                _ if subject.parts.len() == 1 && subject.is_person() && !is_change => None,
                // `The lease was extended until May` says when it ends.
                _ if is_change && self.words.iter().any(|it| it.is(EXTENDED)) => {
                    fact(subject.all(), "ends", &value, 0.9)
                }
                _ => fact(subject.all(), "when", &value, 0.9),
            };
        }
        // A build is green as a light is, and means that it passes.
        if let [light] = value.words.as_slice()
            && light.is(&["green", "red"])
            && subject.parts.last().is_some_and(|it| BUILDS.contains(&it.as_str()))
        {
            let says = if light.low == "green" { "passing" } else { "failing" };
            let words = vec![Word { raw: light.raw.clone(), low: says.to_owned() }];
            return fact(subject.all(), "status", &Value { words, purpose: None, ..value.clone() }, 0.9);
        }
        // `disabled on the blog`
        if let [state, joint, place @ ..] = value.words.as_slice()
            && joint.is(&["on", "in", "for", "at"])
            && (1..=3).contains(&place.len())
            && let Some((kind, _)) = STATES.iter().find(|it| it.1.contains(&state.low.as_str()))
            && is_plural_or_definite(subject)
        {
            let attribute = format!("{kind} {} {}", joint.low, values::normal(place).join(" "));
            return fact(subject.all(), &attribute, &Value { words: vec![state.clone()], ..value.clone() }, 0.85)
                .map(|it| Fact { many: false, ..it });
        }
        if value.words.len() == 2 && value.words[0].low == "being" {
            return fact(subject.all(), "status", &value, 0.9);
        }
        if let Some((kind, _)) = STATES.iter().find(|it| it.1.contains(&normal.as_str())) {
            return match subject.property() {
                Some((owner, property @ ("status" | "marital status"))) => fact(owner, property, &value, 0.95),
                Some((owner, "state")) => fact(owner, "status", &value, 0.95),
                _ => fact(subject.all(), kind, &Value { purpose: None, ..value }, 0.9),
            };
        }
        if let Some(inverse) = value.words.iter().position(|it| it.low == "'s").filter(|_| !is_change)
            && let Some(phrase) = noun_phrase(&value.words, self.speaker)
            && inverse > 0
        {
            // `Ana is Ben's manager`.
            return self.inverse(&phrase, subject, denied);
        }
        // `president of the chess club` needs no article.
        let names_one = value.words.first().is_some_and(|it| values::is_article(&it.low) && !it.is(&["a", "an"]))
            || noun_phrase(&value.words, self.speaker).is_some_and(|it| it.is_relational && it.property().is_some())
                && !value.words[0].is(&["a", "an", "ein", "eine", "un", "une", "una"]);
        if !is_change
            && names_one
            && value.words.iter().any(|it| it.is(&["of", "von", "de", "du", "del", "des"]))
            && let Some(phrase) = noun_phrase(&value.words, self.speaker)
        {
            return self.inverse(&phrase, subject, denied);
        }
        if value.words.first().is_some_and(|it| {
            it.is(&["my", "our", "mein", "meine", "unser", "unsere", "mon", "ma", "notre", "mi", "nuestro", "nuestra"])
        }) && let Some(phrase) = noun_phrase(&value.words, self.speaker)
        {
            return self.inverse(&phrase, subject, denied);
        }
        if !is_change
            && let [article, rest @ ..] = value.words.as_slice()
            && article.is(&["a", "an", "ein", "eine", "un", "une", "una"])
        {
            let cut = rest.iter().position(|it| it.is(&["at", "in", "for", "bei", "chez", "en"])).unwrap_or(rest.len());
            let is_job = rest[..cut].last().is_some_and(|it| it.is(&JOBS));
            if is_job && !subject.is_relational {
                let value = Value { words: rest[..cut].to_vec(), ..value };
                return fact(subject.all(), "job", &value, IS_A);
            }
        }
        // German, French and Spanish say it without an article.
        if let [job] = value.words.as_slice()
            && job.is(&JOBS)
            && !subject.is_relational
        {
            return fact(subject.all(), "job", &value, IS_A);
        }
        let is_set = COPULAS[link].0 == "=";
        if subject.is_person() && !is_set && value.words.len() == 1 && is_age(&value.words[0].low) {
            return fact(subject.all(), "age", &value, 0.85);
        }
        if let Some(age) = age(&value.words) {
            let value = Value { words: age, ..value };
            return fact(subject.all(), "age", &value, 0.9);
        }
        if let Some(preposition) = value.preposition() {
            let is_idiom = value.words.get(1).is_some_and(|it| it.is(IDIOMS))
                || value.words.last().is_some_and(|it| it.is(&["sector", "industry", "business", "field", "trade"]));
            return (!is_idiom && matches!(preposition, "in" | "at" | "on" | "en" | "à" | "auf" | "bei")).then(
                || {
                    // Who is somewhere may only be passing through.
                    let value = Value { words: value.words[1..].to_vec(), ..value.clone() };
                    let sure = if subject.is_person() { 0.75 } else { 0.85 };
                    fact(subject.all(), "location", &value, sure)
                },
            )?;
        }
        // `The main branch is protected by two reviews`, `the room is booked on Monday` do not say which it is.
        let is_passive = value.words.len() > 2
            && value.words[0].low.ends_with("ed")
            && (value.words[1].low == "by" || is_at_times(&value.words));
        if let Some((owner, property)) = subject.property().filter(|_| !is_passive) {
            let names_somebody = !matches!(
                property,
                "partner" | "manager" | "dog" | "cat" | "pet" | "doctor" | "dentist" | "teacher" | "coach" | "landlord"
            );
            if names_somebody || value.is_name() {
                let sure = if owner.is_empty() && !subject.is_relational { 0.85 } else { 0.95 };
                return (property != "when").then(|| fact(owner, property, &value, sure))?;
            }
            return None;
        }
        if subject.is_relational && subject.parts.len() >= 2 {
            let (head, owner) = subject.parts.split_last()?;
            let known = value.is_name() || value.is_number() || is_set;
            let found = fact(owner.to_vec(), head, &value, if known { 0.85 } else { 0.6 });
            return found.map(|it| Fact { many: it.many || is_one_of_many(head), ..it });
        }
        if value.words.last().is_some_and(|it| it.is(&["kg", "kilos", "lbs", "pounds"])) && subject.is_person() {
            return fact(subject.all(), "weight", &value, 0.85);
        }
        // `is expecting a baby in May`, `is used by 3 teams`: a number somewhere in it makes no quantity.
        if is_change || value.is_quantity() {
            return fact(subject.all(), "is", &value, 0.8);
        }
        None
    }

    /// `Ana is the mayor of Lisbon` says the same as `the mayor of Lisbon is Ana`.
    pub(super) fn inverse(&self, phrase: &NounPhrase, subject: &NounPhrase, denied: bool) -> Option<Fact> {
        let (owner, attribute) = match (phrase.favorite(), phrase.property()) {
            (Some(favorite), _) => favorite,
            (None, Some((owner, property))) => (owner, property.to_owned()),
            (None, None) => {
                let (head, owner) = phrase.parts.split_last()?;
                (owner.to_vec(), head.clone())
            }
        };
        if owner.is_empty() || phrase.is_plural {
            return None;
        }
        let words = subject.written.clone();
        let value = Value { words, purpose: None, replaces: None, rest: 0 };
        // Ana can have two brothers.
        let is_many = is_one_of_many(&attribute);
        Some(self.fact(&owner, attribute, &value, is_many, false, !denied, 0.85))
    }
}

fn is_plural_or_definite(subject: &NounPhrase) -> bool {
    subject.is_definite() || subject.parts.last().is_some_and(|it| it.ends_with('s'))
}

/// What passes or fails.
const BUILDS: &[&str] = &["build", "builds", "pipeline", "ci", "tests", "suite", "workflow", "job"];

const EXTENDED: &[&str] = &["extended", "prolonged", "verlängert", "prolongé", "prolongée", "prorrogado", "prorrogada"];

/// `in charge`, `in love`: no place.
const IDIOMS: &[&str] = &[
    "charge",
    "love",
    "touch",
    "trouble",
    "debt",
    "need",
    "favor",
    "favour",
    "control",
    "pain",
    "shape",
    "doubt",
    "time",
    "danger",
    "contact",
    "progress",
    "use",
    "place",
    "order",
    "general",
    "agreement",
    "training",
    "therapy",
    "a",
    "his",
    "her",
    "their",
    "vacation",
    "holiday",
    "leave",
    "call",
    "hold",
    "fire",
    "sale",
    "time",
    "point",
    "track",
    "ordnung",
    "urlaub",
    "rente",
    "elternzeit",
    "vacances",
    "retard",
    "vacaciones",
    "forma",
];
