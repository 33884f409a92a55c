//! Reads what is said of two people at once, and what an employer or a partner says besides.

use super::facts::CONJUNCTIONS;
use super::facts::Fact;
use super::facts::Statement;
use super::subject::noun_phrase;

impl Statement<'_> {
    /// What a fact says besides: who has an employer is employed, who has a partner is not single.
    pub(super) fn implied(&self, told: &[Fact]) -> Option<Fact> {
        let [fact] = told else { return None };
        let says = |list: &[&str]| self.words.iter().any(|it| it.is(list));
        let (attribute, value) = match fact.attribute.as_str() {
            "employer" | "job" if fact.holds && says(&["freelance", "freelancer"]) => ("employment", "freelance"),
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
    pub(super) fn of_two(&self) -> Vec<Fact> {
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
}

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
