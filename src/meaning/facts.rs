//! Reads facts out of plain statements: subject, attribute, value.
//!
//! A sentence is cut into clauses; in each, the first phrase that states something is looked for. What stands before
//! it is the subject, what stands behind it the value. Questions, conditions, wishes and the past give nothing;
//! guesses and other people's words count half.

use super::alike::beginnings;
use super::asks::asks;
use super::changes::parts;
use super::doers::doer;
use super::frames::Plain;
use super::frames::frames;
use super::frames::is_verb;
use super::gone::GONE;
use super::gone::gone;
use super::headings::belong_to;
use super::headings::owned_sentences;
use super::holdings::holdings;
use super::nearby::nearby;
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
use super::pursuits::pursuits;
use super::reach::is_ours;
use super::reach::leave_out_unreal;
use super::reach::scope;
use super::slots::slots;
use super::tables::ADDITIONS;
use super::tables::HEDGES;
use super::tables::LIMITS;
use super::tables::NO_STATEMENT;
use super::tables::NOW;
use super::tables::PREPOSITIONS;
use super::tables::PROPERTIES;
use super::tables::RENEWALS;
use super::tables::RIVAL_GROUPS;
use super::value::DURATIONS;
use super::values;
use super::words::Word;

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

/// Things of a text that are asked for, twice each.
const ASKS: usize = 12;

/// The facts that `text` states, in their order. `speaker` is who says `I`; without one it is the user.
pub fn facts(text: &str, speaker: Option<&str>) -> Vec<Fact> {
    facts_and_asks(text, speaker).0
}

/// The facts that `text` states, and what else its changes may have ended: not kept, only looked for, and never certain.
pub fn facts_and_asks(text: &str, speaker: Option<&str>) -> (Vec<Fact>, Vec<Fact>) {
    let cut = text.len() > READ_BYTES;
    let text = if cut { &text[..text.floor_char_boundary(READ_BYTES)] } else { text };
    let sentences = owned_sentences(text, SENTENCES + 1);
    let alone = sentences.len() == 1 && !cut;
    let (mut found, mut asked) = (Vec::new(), Vec::new());
    for (sentence, owner) in sentences.into_iter().take(SENTENCES) {
        if sentence.is_question || sentence.words.len() > 80 {
            continue;
        }
        let Some(mut words) = unquoted(sentence.words) else { continue };
        name_first(&mut words);
        leave_out_unreal(&mut words);
        if words.is_empty() {
            continue;
        }
        asked.extend(asks(&words));
        let parts = parts(words);
        let from = found.len();
        if let Some(over) = parts.over {
            found.extend(told(over, speaker, alone).into_iter().map(|it| Fact { is_whole: false, ..it }));
        }
        found.extend(told(parts.is, speaker, alone));
        if let Some(owner) = owner {
            belong_to(&owner, &mut found[from..]);
        }
    }
    asked.truncate(ASKS);
    (found, asked)
}

/// The facts that one statement tells; `alone` when the text says nothing else.
#[inline(never)]
fn told(words: Vec<Word>, speaker: Option<&str>, alone: bool) -> Vec<Fact> {
    let Some(statement) = Statement::of(words, speaker) else { return Vec::new() };
    let mut told = statement.facts();
    if !alone || told.len() > 1 {
        told.iter_mut().for_each(|it| it.is_whole = false);
    }
    if alone {
        let more = also(&told, statement.renews);
        let implied = statement.implied(&told);
        told.extend(more);
        told.extend(implied);
        told.extend(statement.of_two());
        told.extend(statement.frames(&told));
        let begun = beginnings(&statement.plain(&told), &told);
        told.extend(begun);
        told.extend(doer(&statement.plain(&told)));
        told.extend(pursuits(&statement.plain(&told)));
        told.extend(nearby(&statement.plain(&told)));
    }
    let mut held = holdings(&statement.plain(&told));
    held.retain(|it| {
        !told.iter().any(|told| told.subject == it.subject && told.attribute == it.attribute && told.holds == it.holds)
    });
    if !alone {
        held.iter_mut().for_each(|it| it.is_whole = false);
    }
    told.extend(held);
    let mut filled = statement.slots(&told);
    if !alone {
        filled.iter_mut().for_each(|it| it.is_whole = false);
    }
    told.extend(filled);
    // `moved from Windows to Linux`: nobody lives there.
    told.retain(|it| it.attribute != "home" || !RIVAL_GROUPS.contains_key(it.value.as_str()) || it.value.contains(' '));
    // `We replaced Webpack in the admin app`: elsewhere it may be as it was.
    if statement.replaced.is_some() && is_ours(&statement.words) && !scope(&statement.words).is_empty() {
        told.iter_mut().filter(|it| it.attribute != GONE).for_each(|it| it.confidence *= 0.8);
    }
    told
}

/// What a change says besides: what was postponed is due later, what was handed over is led by another.
fn also(told: &[Fact], renews: bool) -> Vec<Fact> {
    let [fact] = told else { return Vec::new() };
    let is_other = fact.is_change || renews;
    // A meeting has a day, and is not due.
    let is_event = fact.subject.split(' ').any(|it| PROPERTIES.get(it).is_some_and(|it| *it == "when"));
    let attributes: &[&str] = match fact.attribute.as_str() {
        "when" if fact.is_change && !is_event => &["deadline", "ships"],
        "assigned to" if fact.is_change => &["led by", "owned by"],
        // `was promoted to`, `transferred to`: whatever it was called before.
        "job" if is_other => &["role", "position"],
        "role" if is_other => &["job", "position"],
        "position" if is_other => &["job", "role"],
        "university" if is_other => &["school"],
        "school" if is_other => &["university"],
        _ => &[],
    };
    // `is 9.99 a month`, `went up to 45 a month`
    let is_price =
        fact.shown.split_once(" a ").or_else(|| fact.shown.split_once(" per ")).is_some_and(|(sum, span)| {
            sum.split(' ').count() <= 2 && sum.bytes().any(|it| it.is_ascii_digit()) && DURATIONS.contains(&span)
        });
    if is_price && (fact.attribute == "is" || fact.subject.is_empty()) {
        let subject = if fact.subject.is_empty() { fact.attribute.clone() } else { fact.subject.clone() };
        return vec![Fact { subject, attribute: "price".to_owned(), ..fact.clone() }];
    }
    attributes.iter().map(|it| Fact { attribute: (*it).to_owned(), ..fact.clone() }).collect()
}

/// `Will lives`, `May's car`, `Ella works`: names that are other words, too, keep their capital.
fn name_first(words: &mut [Word]) {
    let [first, next, ..] = words else { return };
    let is_name = first.is_capital()
        && first.is(&["will", "may", "ella", "april", "june", "august"])
        && !next.is_capital()
        && !next.is_mark()
        && next.low.starts_with(|it: char| it.is_alphabetic() || it == '\'')
        && !(first.low == "ella" && super::tables::VERBS_AS_WRITTEN.contains(next.low.as_str()))
        && !next.is(&[
            "i", "we", "he", "she", "it", "they", "you", "the", "a", "an", "not", "be", "my", "our", "this", "that",
            "es", "está", "se", "ha", "no", "me", "le", "of", "was", "were", "people", "someone", "anyone", "there",
        ]);
    if is_name {
        first.low.clone_from(&first.raw);
    }
}

/// A sentence made ready: without the words that change nothing, and with what they say of it kept beside.
pub(super) struct Statement<'a> {
    pub(super) words: Vec<Word>,
    /// Places in `words` in front of which a negation stood.
    pub(super) negations: Vec<usize>,
    /// What was put aside by `from X to`.
    pub(super) replaced: Option<String>,
    pub(super) factor: f64,
    pub(super) is_whole: bool,
    pub(super) speaker: Option<&'a str>,
    /// Whether it says that it has not been so before.
    pub(super) renews: bool,
}

pub(super) const CONJUNCTIONS: &[&str] =
    &["and", "but", "while", "whereas", "und", "aber", "während", "et", "mais", "tandis", "y", "pero", "mientras", "&"];

const NEGATIONS: &[&str] = &[
    "not", "never", "nicht", "kein", "keine", "keinen", "keinem", "keiner", "nie", "niemals", "pas", "jamais", "nunca",
    "no",
];

impl Fact {
    /// What stands for its subject where facts are found again: of a slot, its words in whatever order they are said.
    pub fn subject_key(&self) -> String {
        if self.attribute == super::slots::SLOT { super::slots::topic_key(&self.subject) } else { self.subject.clone() }
    }
}

impl<'a> Statement<'a> {
    fn of(mut words: Vec<Word>, speaker: Option<&'a str>) -> Option<Statement<'a>> {
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
        if words.first().is_none_or(|it| it.is(&NO_STATEMENT)) {
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
            if word.is(&NOW) {
                renews |= word.is(&RENEWALS);
                continue;
            }
            let counts =
                next.is_some_and(|it| it.raw.starts_with(|it: char| it.is_ascii_digit() || "$€£~".contains(it)));
            if word.is(&HEDGES) && (counts || !word.is(&["about", "around", "almost", "etwa"])) {
                factor *= 0.5;
                continue;
            }
            // `the second floor` is a place, `a second home` is one more.
            let is_ordinal = word.low == "second"
                && (kept.last().is_some_and(|it| it.is(&["the", "'s", "per", "every", "each"]))
                    || next_is(&["grade", "floor", "year", "place", "class", "semester", "shift", "half"]));
            if word.is(&ADDITIONS) && !is_ordinal {
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
            // `eats only hay now`: nothing else any more.
            // `only pays 1.6 % now`
            if word.low == "only" && next.is_some_and(is_verb) && words.iter().any(|it| it.is(&RENEWALS)) {
                continue;
            }
            let is_exclusive = word.is(&["only", "nur", "solo", "sólo"]) && words.iter().any(|it| it.is(&RENEWALS));
            // `works part-time`, `her favorite season is summer`: it is what is said, not when.
            let is_said = word.is(&["summer", "winter", "weekends", "weekdays", "part-time"])
                && kept.last().is_some_and(|it| {
                    !it.is(&PREPOSITIONS) && !it.is_mark()
                        || it.is(&[":", "to", "from"])
                        || negations.last() == Some(&kept.len())
                });
            if is_said {
                kept.push(word.clone());
                continue;
            }
            // `is similar to ING`, `is better than ING` says nothing of what it is.
            if word.is(&["similar", "identical", "comparable", "equal"]) && next_is(&["to"])
                || word.low == "than"
                    && kept
                        .last()
                        .is_some_and(|it| !it.is(&["rather", "other", "more", "less", "later", "earlier", "fewer"]))
            {
                factor *= 0.5;
            }
            if word.is(&LIMITS) && !is_exclusive && !is_value && !kept.iter().any(|it| it.low == ";") {
                factor *= 0.6;
            }
            kept.push(word.clone());
        }
        // `raised the limit at the other site`: here it is as it was.
        let is_elsewhere = |it: &[Word]| {
            it[0].is(&["at", "in", "on", "for"]) && it[1].is(&["the", "another"]) && it[2].is(&["other", "another"])
                || it[0].is(&["at", "in", "for"]) && it[1].low == "another"
        };
        if kept.windows(3).any(is_elsewhere) {
            factor *= 0.6;
        }
        // `studies Greek at night school`: beside what one does by day.
        const BESIDE: &[[&str; 2]] = &[
            ["the", "side"],
            ["night", "school"],
            ["evening", "class"],
            ["evening", "classes"],
            ["spare", "time"],
            ["free", "time"],
        ];
        if kept.windows(2).any(|it| BESIDE.iter().any(|beside| it[0].low == beside[0] && it[1].low == beside[1])) {
            factor *= 0.6;
        }
        // `A meeting with Bob is on 3 May`: and one on the next day.
        let is_on = |it: &[Word]| it[0].is(&["is", "are"]) && it[1].is(&["on", "at", "in"]);
        let is_some = kept.first().is_some_and(|it| it.is(&["a", "an", "another", "one", "some"]));
        if is_some && kept.windows(2).any(is_on) {
            factor *= 0.7;
        }
        Some(Statement { words: kept, negations, replaced, factor, is_whole, speaker, renews })
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
            !is_framed(&it.attribute)
                && !it.attribute.starts_with(super::super::holdings::SOME)
                && !["employment", "marital status"].contains(&it.attribute.as_str())
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
            "Ana was going to live in Lisbon",
            "Ana nearly moved to Lisbon",
            "Ana would have moved to Lisbon",
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
