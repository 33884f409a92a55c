//! Reads facts out of plain statements: subject, attribute, value.
//!
//! A sentence is cut into clauses; in each, the first phrase that states something is looked for. What stands before
//! it is the subject, what stands behind it the value. Questions, conditions, wishes and the past give nothing;
//! guesses and other people's words count half.

use super::frames::Plain;
use super::frames::frames;
use super::frames::is_german_participle;
use super::frames::names_list;
use super::gone::gone;
use super::openings::plain_change;
use super::openings::plain_order;
use super::openings::skip_label;
use super::openings::skip_opening;
use super::openings::skip_report;
use super::openings::take_beginning;
use super::openings::take_origin;
use super::openings::take_renewal;
use super::openings::take_replaced;
use super::openings::unquoted;
use super::phrases::ADDITIONS;
use super::phrases::COPULAS;
use super::phrases::HEDGES;
use super::phrases::IMPERATIVES;
use super::phrases::JOBS;
use super::phrases::LIMITS;
use super::phrases::LINKS;
use super::phrases::MEANINGS;
use super::phrases::NO_STATEMENT;
use super::phrases::NOW;
use super::phrases::PHRASES;
use super::phrases::Part;
use super::phrases::Pattern;
use super::phrases::RENEWALS;
use super::phrases::RESULTS;
use super::phrases::STATES;
use super::phrases::Values;
use super::slots::slots;
use super::subject::NounPhrase;
use super::subject::noun_phrase;
use super::value::DURATIONS;
use super::value::STOPS;
use super::value::Value;
use super::value::age;
use super::value::is_age;
use super::value::is_rival;
use super::value::is_version;
use super::value::written;
use super::values;
use super::words::Sentence;
use super::words::Word;
use super::words::sentences;

/// One property of one subject, as a text states it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// In lower case, without articles: `ana`, `apollo`, `user` for whoever speaks without a name.
    pub subject: String,
    /// What is said of it: `home`, `deadline`, `favorite color`, `uses for storage`.
    pub attribute: String,
    /// In one form, so that `May 3rd` and `3 May` are near: for comparing.
    pub value: String,
    /// The value as it is written.
    pub shown: String,
    /// What the text names as put aside: `over MySQL`, `instead of tabs`, `from 3 May`.
    pub replaces: Option<String>,
    /// Whether it is said to hold; `no longer lives in` does not.
    pub holds: bool,
    /// Whether a subject can have many of it at once.
    pub many: bool,
    /// Whether a change is told (`moved to`), not a state (`lives in`).
    pub is_change: bool,
    /// Whether the text says nothing else, so that without this fact nothing of it would be left.
    pub is_whole: bool,
    /// How surely the text says that it is so now, 0.0..=1.0.
    pub confidence: f64,
}

/// Bytes of a text that are read: what is longer is a document, and its first words say what it is about.
const READ_BYTES: usize = 2_000;

/// Sentences of a text that are read.
const SENTENCES: usize = 12;

/// Words of a sentence among which a phrase may begin.
const SUBJECT_WORDS: usize = 12;

/// The facts that `text` states, in their order. `speaker` is who says `I`; without one it is the user.
pub fn facts(text: &str, speaker: Option<&str>) -> Vec<Fact> {
    let cut = text.len() > READ_BYTES;
    let text = if cut { &text[..text.floor_char_boundary(READ_BYTES)] } else { text };
    let sentences = sentences(text, SENTENCES + 1);
    let alone = sentences.len() == 1 && !cut;
    let mut found = Vec::new();
    for sentence in sentences.into_iter().take(SENTENCES) {
        let Some(statement) = Statement::of(sentence, speaker) else { continue };
        let mut told = statement.facts();
        if !alone || told.len() > 1 {
            told.iter_mut().for_each(|it| it.is_whole = false);
        }
        if alone {
            told.extend(statement.implied(&told));
            told.extend(statement.of_two());
            told.extend(statement.frames(&told));
        }
        let mut filled = statement.slots(&told);
        if !alone {
            filled.iter_mut().for_each(|it| it.is_whole = false);
        }
        told.extend(filled);
        found.extend(told);
    }
    found
}

/// A sentence made ready: without the words that change nothing, and with what they say of it kept beside.
struct Statement<'a> {
    words: Vec<Word>,
    /// Places in `words` in front of which a negation stood.
    negations: Vec<usize>,
    /// What was put aside by `from X to`.
    replaced: Option<String>,
    factor: f64,
    is_whole: bool,
    speaker: Option<&'a str>,
    /// Whether it says that it has not been so before.
    renews: bool,
}

const NEGATIONS: &[&str] = &[
    "not", "never", "nicht", "kein", "keine", "keinen", "keinem", "keiner", "nie", "niemals", "pas", "jamais", "nunca",
    "no",
];

const CONJUNCTIONS: &[&str] =
    &["and", "but", "while", "whereas", "und", "aber", "während", "et", "mais", "tandis", "y", "pero", "mientras", "&"];

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

impl Fact {
    /// What stands for its subject where facts are found again: of a slot, its words in whatever order they are said.
    pub fn subject_key(&self) -> String {
        if self.attribute == super::slots::SLOT { super::slots::topic_key(&self.subject) } else { self.subject.clone() }
    }
}

impl<'a> Statement<'a> {
    fn of(sentence: Sentence, speaker: Option<&'a str>) -> Option<Statement<'a>> {
        if sentence.is_question || sentence.words.len() > 80 {
            return None;
        }
        let mut words = unquoted(sentence.words)?;
        let mut factor = 1.0;
        let mut is_whole = true;
        skip_label(&mut words);
        let mut renews = take_renewal(&mut words) | take_beginning(&mut words);
        plain_order(&mut words);
        let swapped = take_replaced(&mut words);
        plain_change(&mut words);
        if skip_opening(&mut words, &mut factor) {
            is_whole = false;
        }
        if skip_report(&mut words) {
            factor *= 0.5;
            is_whole = false;
        }
        if words.first().is_none_or(|it| it.is(NO_STATEMENT)) {
            return None;
        }
        let replaced = take_origin(&mut words).or(swapped);
        renews |= replaced.is_some();
        let mut kept: Vec<Word> = Vec::with_capacity(words.len());
        let mut negations = Vec::new();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let next = words.get(at + 1);
            at += 1;
            let next_is = |list: &[&str]| next.is_some_and(|it| it.is(list));
            if word.is(&["do", "does"]) && next_is(&["not", "n't", "also", "still"]) && words.get(at + 1).is_some()
                || word.is(&["ne", "anymore", "mehr"])
                || word.is(&["any"]) && next_is(&["more"])
                || word.is(&["ya"]) && next_is(&["no"])
                || word.is(&["more"]) && words.get(at.wrapping_sub(2)).is_some_and(|it| it.is(&["any"]))
            {
                continue;
            }
            if word.is(&["at"]) && next_is(&["the"]) && words.get(at + 1).is_some_and(|it| it.is(&["moment"])) {
                at += 2;
                continue;
            }
            if word.is(&["no"]) && next_is(&["longer"]) {
                renews = true;
                negations.push(kept.len());
                at += 1;
                continue;
            }
            if word.is(&["not"]) && next_is(&["only"]) {
                factor *= 0.4;
                continue;
            }
            if word.is(&["plus"]) && words[..at].iter().any(|it| it.is(&["ne"])) {
                negations.push(kept.len());
                continue;
            }
            if word.is(NEGATIONS) && !(word.is(&["no", "not"]) && kept.is_empty() && next.is_none()) {
                negations.push(kept.len());
                continue;
            }
            if word.is(NOW) {
                renews |= word.is(RENEWALS);
                continue;
            }
            let counts =
                next.is_some_and(|it| it.raw.starts_with(|it: char| it.is_ascii_digit() || "$€£~".contains(it)));
            if word.is(HEDGES) && (counts || !word.is(&["about", "around", "almost", "etwa"])) {
                factor *= 0.5;
                continue;
            }
            // `the second floor` is a place, `a second home` is one more.
            let is_ordinal =
                word.low == "second" && kept.last().is_some_and(|it| it.is(&["the", "'s", "per", "every", "each"]));
            if word.is(ADDITIONS) && !is_ordinal {
                factor *= 0.4;
                continue;
            }
            // `open until 6 pm` says when it ends; what stands behind `;` is another statement.
            let is_value = word.is(&["until", "till", "bis"])
                && (counts
                    || next.is_some_and(|it| {
                        values::month(&it.low).is_some()
                            || values::weekday(&it.low).is_some()
                            || values::is_clock(&it.low)
                    }));
            // `usually` says how it is by default: a later one can end that.
            if word.is(&["usually", "normally", "typically"]) {
                continue;
            }
            if word.low == "generally" && next_is(&["available"]) {
                kept.push(word.clone());
                continue;
            }
            // `only 5 minutes`
            if word.low == "only" && (counts || next.is_some_and(|it| values::number_word(&it.low).is_some())) {
                continue;
            }
            if word.is(LIMITS) && !is_value && !kept.iter().any(|it| it.low == ";") {
                factor *= 0.6;
            }
            kept.push(word.clone());
        }
        Some(Statement { words: kept, negations, replaced, factor, is_whole, speaker, renews })
    }

    /// What a fact says besides: who has an employer is employed, who has a partner is not single.
    fn implied(&self, told: &[Fact]) -> Option<Fact> {
        let [fact] = told else { return None };
        let says = |list: &[&str]| self.words.iter().any(|it| it.is(list));
        let (attribute, value) = match fact.attribute.as_str() {
            "employer" | "job" if fact.holds => ("employment", "employed"),
            "partner" if fact.holds && says(ENGAGED) => ("marital status", "engaged"),
            "partner" if fact.holds && says(MARRIED) => ("marital status", "married"),
            "partner" if fact.holds => ("marital status", "taken"),
            _ => return None,
        };
        let confidence = 0.9 * self.factor;
        let (attribute, value) = (attribute.to_owned(), value.to_owned());
        Some(Fact { attribute, shown: value.clone(), value, replaces: None, many: false, confidence, ..fact.clone() })
    }

    /// `Leo and Francesca broke up`, `Lucía se casó en mayo`: what is said of two, and of one without the other.
    fn of_two(&self) -> Vec<Fact> {
        let words = &self.words;
        let says = |from: usize, all: &[&[&str]]| {
            all.iter()
                .any(|it| words.len() >= from + it.len() && it.iter().zip(&words[from..]).all(|(a, b)| *a == b.low))
        };
        let fact = |about: &str, attribute: &str, value: &str, holds: bool| Fact {
            subject: about.to_owned(),
            attribute: attribute.to_owned(),
            value: value.to_owned(),
            shown: value.to_owned(),
            replaces: None,
            holds,
            many: false,
            is_change: true,
            is_whole: self.is_whole,
            confidence: 0.9 * self.factor,
        };
        if let [one, and, other, ..] = words.as_slice()
            && and.is(CONJUNCTIONS)
            && (one.is_capital() && other.is_capital())
        {
            let denied = self.negations.iter().any(|it| *it >= 3);
            let parted = says(3, PARTED) || denied && says(3, TOGETHER);
            if parted || !denied && says(3, TOGETHER) {
                let both = [(one, other), (other, one)];
                return both.iter().map(|(one, other)| fact(&one.low, "partner", &other.low, !parted)).collect();
            }
        }
        for (status, sayings) in [("married", WED), ("divorced", DIVORCED)] {
            if let Some(at) = (1..words.len().min(5)).find(|at| says(*at, sayings))
                && let Some(subject) = noun_phrase(&words[..at], self.speaker)
            {
                return vec![fact(&subject.parts.join(" "), "marital status", status, true)];
            }
        }
        Vec::new()
    }

    /// What it says by its words alone; `told` are the facts that were read in it.
    fn frames(&self, told: &[Fact]) -> Vec<Fact> {
        frames(&self.plain(told))
    }

    /// The slots that it fills.
    fn slots(&self, told: &[Fact]) -> Vec<Fact> {
        let plain = self.plain(told);
        slots(&plain).into_iter().chain(gone(&plain)).collect()
    }

    fn plain(&self, told: &[Fact]) -> Plain<'_> {
        Plain {
            words: &self.words,
            negations: &self.negations,
            replaced: self.replaced.as_deref(),
            renews: self.renews,
            factor: self.factor,
            is_whole: self.is_whole && told.first().is_none_or(|it| it.is_whole),
            speaker: self.speaker,
            is_known: !told.is_empty(),
        }
    }

    fn facts(&self) -> Vec<Fact> {
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
    fn clause(&self, words: &[Word], offset: usize, carried: Option<&NounPhrase>) -> Option<(Fact, NounPhrase)> {
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
    fn counted(&self, subject: &NounPhrase, words: &[Word], end: usize) -> Option<Fact> {
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

    fn subject(&self, words: &[Word], verb: &str, carried: Option<&NounPhrase>) -> Option<NounPhrase> {
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
    fn is_denied(&self, end: usize, value_words: usize) -> bool {
        let value_at = end.saturating_sub(value_words);
        self.negations.iter().filter(|it| **it <= value_at).count() % 2 == 1
    }

    /// A fact that a phrase of its own states.
    fn stated(&self, meaning: usize, subject: &NounPhrase, words: &[Word], end: usize) -> Option<Fact> {
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
        // `takes 14 minutes` says how long, `takes the train` and `takes 3 GB` do not.
        let ends_in = |list: &[&str]| value.words.last().is_some_and(|it| it.is(list));
        let is_plain = match row.attribute {
            "takes" => value.is_number() && ends_in(DURATIONS),
            "consists of" => value.is_number() && ends_in(PEOPLE),
            "closes" | "opens" => value.is_number() || value.is_temporal(),
            "comes out" => FREQUENCIES.contains(&value.normal().as_str()),
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
            if value.words.len() > 3 || !value.is_name() {
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

    /// A fact that `is`, `was changed to` and the like state.
    fn linked(&self, link: usize, subject: &NounPhrase, words: &[Word], end: usize) -> Option<Fact> {
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
        if let Some((owner, attribute)) = subject.favorite() {
            return fact(owner, &attribute, &value, 0.95);
        }
        let normal = value.normal();
        // `was merged` tells of now, `was married` does not.
        if matches!(COPULAS[link].0, "was|were" | "has|have just? been") {
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
        if value.words.first().is_some_and(|it| it.is(&["my", "our", "mein", "meine", "mon", "ma", "mi"]))
            && let Some(phrase) = noun_phrase(&value.words, self.speaker)
        {
            return self.inverse(&phrase, subject, denied);
        }
        if !is_change
            && let [article, rest @ ..] = value.words.as_slice()
            && article.is(&["a", "an", "ein", "eine", "un", "une", "una"])
        {
            let cut = rest.iter().position(|it| it.is(&["at", "in", "for", "bei", "chez", "en"])).unwrap_or(rest.len());
            let is_job = rest[..cut].last().is_some_and(|it| it.is(JOBS));
            if is_job && !subject.is_relational {
                let value = Value { words: rest[..cut].to_vec(), ..value };
                return fact(subject.all(), "job", &value, 0.85);
            }
        }
        // German, French and Spanish say it without an article.
        if let [job] = value.words.as_slice()
            && job.is(JOBS)
            && !subject.is_relational
        {
            return fact(subject.all(), "job", &value, 0.85);
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
            let is_idiom = value.words.get(1).is_some_and(|it| it.is(IDIOMS));
            return (!is_idiom && matches!(preposition, "in" | "at" | "on" | "near" | "en" | "à" | "auf" | "bei"))
                .then(|| {
                    // Who is somewhere may only be passing through.
                    let value = Value { words: value.words[1..].to_vec(), ..value.clone() };
                    let sure = if subject.is_person() { 0.75 } else { 0.85 };
                    fact(subject.all(), "location", &value, sure)
                })?;
        }
        if let Some((owner, property)) = subject.property() {
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
            return fact(owner.to_vec(), head, &value, if known { 0.85 } else { 0.6 });
        }
        if value.words.last().is_some_and(|it| it.is(&["kg", "kilos", "lbs", "pounds"])) && subject.is_person() {
            return fact(subject.all(), "weight", &value, 0.85);
        }
        if is_change || value.is_number() {
            return fact(subject.all(), "is", &value, 0.8);
        }
        None
    }

    /// `Ana is the mayor of Lisbon` says the same as `the mayor of Lisbon is Ana`.
    fn inverse(&self, phrase: &NounPhrase, subject: &NounPhrase, denied: bool) -> Option<Fact> {
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
        Some(self.fact(&owner, attribute, &value, false, false, !denied, 0.85))
    }

    /// Where in the value a negation stood: `PostgreSQL, not MySQL` puts MySQL aside.
    fn negation_in(&self, words: &[Word], end: usize) -> Option<usize> {
        let value_at = end.saturating_sub(words.len());
        self.negations.iter().find(|it| **it > value_at && **it < end).map(|it| it - value_at)
    }

    #[expect(clippy::too_many_arguments, reason = "a fact has these parts")]
    fn fact(
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
            is_change,
            is_whole: value.rest <= 8,
            confidence: confidence * self.factor,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    Start,
    Comma,
    And,
}

fn is_plural_or_definite(subject: &NounPhrase) -> bool {
    subject.is_definite() || subject.parts.last().is_some_and(|it| it.ends_with('s'))
}

/// What leaves again and again.
const LINES: &[&str] = &[
    "bus", "train", "tram", "ferry", "shuttle", "metro", "subway", "boat", "zug", "bahn", "fähre", "tren", "autobús",
    "ferri", "bac",
];

/// What passes or fails.
const BUILDS: &[&str] = &["build", "builds", "pipeline", "ci", "tests", "suite", "workflow", "job"];

const EXTENDED: &[&str] = &["extended", "prolonged", "verlängert", "prolongé", "prolongée", "prorrogado", "prorrogada"];

const ENGAGED: &[&str] = &["engaged", "fiancé", "fiancée", "verlobt", "comprometido", "comprometida"];

const MARRIED: &[&str] = &[
    "married",
    "wife",
    "husband",
    "spouse",
    "verheiratet",
    "geheiratet",
    "épousé",
    "marié",
    "mariée",
    "casado",
    "casada",
    "casó",
    "casé",
];

const PARTED: &[&[&str]] = &[
    &["broke", "up"],
    &["have", "broken", "up"],
    &["split", "up"],
    &["have", "split"],
    &["have", "separated"],
    &["separated"],
    &["divorced"],
    &["are", "divorced"],
    &["got", "divorced"],
    &["are", "separated"],
    &["sind", "geschieden"],
    &["sind", "getrennt"],
    &["haben", "sich", "getrennt"],
    &["se", "sont", "séparés"],
    &["ont", "divorcé"],
    &["se", "separaron"],
    &["se", "divorciaron"],
    &["rompieron"],
];

const TOGETHER: &[&[&str]] = &[
    &["are", "married"],
    &["are", "engaged"],
    &["are", "dating"],
    &["are", "together"],
    &["are", "a", "couple"],
    &["got", "married"],
    &["got", "engaged"],
    &["sind", "verheiratet"],
    &["sind", "verlobt"],
    &["sind", "zusammen"],
    &["sont", "mariés"],
    &["sont", "ensemble"],
    &["están", "casados"],
    &["están", "juntos"],
    &["se", "casaron"],
];

const WED: &[&[&str]] = &[
    &["got", "married"],
    &["se", "casó"],
    &["me", "casé"],
    &["se", "est", "marié"],
    &["se", "est", "mariée"],
    &["hat", "geheiratet"],
    &["habe", "geheiratet"],
];

const DIVORCED: &[&[&str]] = &[
    &["got", "divorced"],
    &["se", "divorció"],
    &["a", "divorcé"],
    &["hat", "sich", "scheiden"],
    &["ist", "geschieden"],
];

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
    let is_kin = subject.parts.last().is_some_and(|it| super::gone::is_kin(it));
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

#[cfg(test)]
mod tests {
    use super::super::frames::is_framed;
    use super::*;

    /// Facts as `subject | attribute | value`, with `!` for what does not hold and `?` for what is not sure.
    fn told(text: &str, speaker: Option<&str>) -> Vec<String> {
        let show = |it: &Fact| {
            let not = if it.holds { "" } else { "!" };
            let unsure = if it.confidence < 0.8 { "?" } else { "" };
            format!("{not}{} | {} | {}{unsure}", it.subject, it.attribute, it.value)
        };
        let plain = |it: &&Fact| {
            !is_framed(&it.attribute) && !["employment", "marital status"].contains(&it.attribute.as_str())
        };
        facts(text, speaker).iter().filter(plain).map(show).collect()
    }

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(told(text, None), expected, "{text}");
    }

    #[test]
    fn english_statements_are_read() {
        check("Ana lives in Lisbon.", &["ana | home | lisbon"]);
        check("Ana moved to Porto", &["ana | home | porto"]);
        check("Ana has just moved from Lisbon to Porto.", &["ana | home | porto"]);
        check("I'm living in Berlin now", &["user | home | berlin"]);
        check("The user lives in Madrid", &["user | home | madrid"]);
        check("Ana works at Acme as a designer", &["ana | employer | acme"]);
        check("Ana works as a nurse", &["ana | job | nurse"]);
        check("My name is Ana", &["user | name | ana"]);
        check("Ana's favourite colour is blue", &["ana | favorite color | blue"]);
        check("Blue is Ana's favorite color", &["ana | favorite color | blue"]);
        check("The deadline of the Apollo project is 3 May", &["apollo | deadline | d3 m5"]);
        check("The Apollo project's deadline is on May 3rd.", &["apollo | deadline | m5 d3"]);
        check("The Apollo deadline was moved to 10 May", &["apollo | deadline | d10 m5"]);
        check("Deadline for the report: 2026-05-03", &["report | deadline | y2026 m5 d3"]);
        check("The report is due on Friday", &["report | deadline | w5"]);
        check("The meeting with Bob is on 3 May", &["with bob meeting | when | d3 m5"]);
        check("The meeting with Bob was postponed to 4 May", &["with bob meeting | when | d4 m5"]);
        check("The server runs version 3.2", &["server | version | 3.2"]);
        check("The server was upgraded to 3.4", &["server | version | 3.4"]);
        check("Ana's phone number is +49 30 1234", &["ana | phone | +49 30 1234"]);
        check("Ana is married to Ben", &["ana | partner | ben"]);
        check("The budget of Apollo is 10,000 EUR", &["apollo | budget | 10000 eur"]);
        check("The status of the migration is blocked", &["migration | status | blocked"]);
        check("The migration is done", &["migration | status | done"]);
        check("We decided to use PostgreSQL for storage", &["we | uses for storage | postgresql"]);
        check("We use tabs", &["we | uses | tabs"]);
        check("Use spaces, not tabs", &["we | uses | spaces"]);
        check("The timezone is Europe/Berlin", &[" | timezone | europe/berlin"]);
        check("timezone = Europe/Berlin", &[" | timezone | europe/berlin"]);
        check("Ana is 34 years old", &["ana | age | 34"]);
        check("Ana's birthday is on 12 March", &["ana | birthday | d12 m3"]);
        check("The CEO of Acme is Eva", &["acme | ceo | eva"]);
        check("Eva is the CEO of Acme", &["acme | ceo | eva"]);
        check("Ana prefers tea over coffee", &["ana | prefers | tea"]);
        check("Ana lives in Lisbon and works at Acme", &["ana | home | lisbon", "ana | employer | acme"]);
        check("Ana likes tea and coffee", &["ana | likes | tea", "ana | likes | coffee"]);
    }

    #[test]
    fn what_does_not_hold_is_marked() {
        check("Ana no longer lives in Lisbon", &["!ana | home | lisbon"]);
        check("Ana doesn't like tea", &["!ana | likes | tea"]);
        check("Ana dislikes tea", &["!ana | likes | tea"]);
        check("I do not work at Acme anymore", &["!user | employer | acme"]);
        check("We stopped using Jenkins", &["!we | uses | jenkins"]);
        check("Don't use tabs", &["!we | uses | tabs"]);
    }

    #[test]
    fn guesses_limits_and_other_peoples_words_count_less() {
        check("Ana probably lives in Porto", &["ana | home | porto?"]);
        check("Ben said that Ana lives in Porto", &["ana | home | porto?"]);
        check("I think Ana works at Acme", &["ana | employer | acme?"]);
        check("Ana lives in Porto during summer", &["ana | home | porto?"]);
        check("Ana also lives in Porto", &["ana | home | porto?"]);
    }

    #[test]
    fn questions_conditions_plans_and_the_past_say_nothing() {
        for text in [
            "Does Ana live in Lisbon?",
            "Where does Ana live",
            "If Ana lives in Lisbon, call her",
            "Ana used to live in Lisbon",
            "Ana lived in Lisbon",
            "Ana was living in Lisbon",
            "Ana wants to live in Lisbon",
            "Ana might move to Lisbon",
            "Ana is going to live in Lisbon",
            "Ana will live in Lisbon",
            "She lives in Lisbon",
            "He said \"Ana lives in the house\" yesterday",
            "Rust is fast",
            "The weather is nice",
            "",
            "???",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn whoever_speaks_is_the_subject() {
        assert_eq!(told("I live in Lisbon", Some("Ana")), ["ana | home | lisbon"]);
        assert_eq!(told("My favorite food is ramen", Some("Ana")), ["ana | favorite food | ramen"]);
        assert_eq!(told("I live in Lisbon", Some("user")), ["user | home | lisbon"]);
    }

    #[test]
    fn german_french_and_spanish_are_read() {
        check("Ana wohnt in Lissabon", &["ana | home | lissabon"]);
        check("Ana wohnt jetzt in Porto.", &["ana | home | porto"]);
        check("Ana ist nach Porto gezogen", &["ana | home | porto"]);
        check("Ich arbeite bei Acme", &["user | employer | acme"]);
        check("Anas Lieblingsfarbe ist Blau", &["ana | favorite color | blau"]);
        check("Die Frist für Apollo ist am 3. Mai", &["apollo | deadline | d3 m5"]);
        check("Ana wohnt nicht mehr in Lissabon", &["!ana | home | lissabon"]);
        check("Meine Telefonnummer ist 030 1234", &["user | phone | 030 1234"]);
        check("Ana habite à Paris", &["ana | home | paris"]);
        check("J'habite à Lyon", &["user | home | lyon"]);
        check("Je m'appelle Ana", &["user | name | ana"]);
        check("La couleur préférée d'Ana est le bleu", &["ana | favorite color | bleu"]);
        check("La date limite du projet Apollo est le 3 mai", &["apollo | deadline | d3 m5"]);
        check("Ana n'aime pas le thé", &["!ana | likes | thé"]);
        check("Ana vive en Madrid", &["ana | home | madrid"]);
        check("Vivo en Sevilla", &["user | home | sevilla"]);
        check("Me llamo Ana", &["user | name | ana"]);
        check("El color favorito de Ana es el azul", &["ana | favorite color | azul"]);
        check("La fecha límite de Apollo es el 3 de mayo", &["apollo | deadline | d3 m5"]);
        check("A Ana le gusta el té", &["ana | likes | té"]);
    }

    #[test]
    fn only_a_text_that_says_nothing_else_is_whole() {
        let whole = |text: &str| facts(text, None).first().map(|it| it.is_whole);
        for text in ["Ana lives in Lisbon", "Ana lives in Lisbon, Portugal.", "Update: Ana now lives in Porto"] {
            assert_eq!(whole(text), Some(true), "{text}");
        }
        for text in [
            "Ana lives in Lisbon and works at Acme",
            "Ana lives in Lisbon. She has two cats.",
            "Ana lives in Lisbon, where she teaches the piano to children",
            "Ben says Ana lives in Lisbon",
            "Ana likes tea and coffee",
        ] {
            assert_eq!(whole(text), Some(false), "{text}");
        }
    }
}
