//! What stands behind a phrase: the value of a fact, where it ends, and what it is.

use super::sides::dimension;
use super::sides::is_quantity;
use super::tables::LIMITS;
use super::tables::RIVALS;
use super::values;
use super::words::Word;

/// Words of a value; a longer one is a story.
const VALUE_WORDS: usize = 10;

/// Words behind which a value is over.
pub(super) const STOPS: &[&str] = &[
    "because", "since", "which", "who", "that", "with", "from", "after", "before", "while", "during", "despite",
    "thanks", "so", "where", "when", "as", "via", "due", "until", "till", "if", "unless", "together", "near",
    "without", "rather", "instead", "over", "than", "although", "weil", "seit", "damit", "obwohl", "zusammen", "statt",
    "anstatt", "parce", "depuis", "avec", "car", "porque", "desde", "con", "mit", "sans", "ohne",
];

/// What stands before somebody's name.
const TITLES: &[&str] = &[
    "dr",
    "doctor",
    "docteur",
    "docteure",
    "doctora",
    "professor",
    "professeur",
    "professeure",
    "profesor",
    "profesora",
    "maître",
    "madame",
    "monsieur",
    "mme",
    "señor",
    "señora",
    "herr",
    "frau",
    "coach",
    "aunt",
    "uncle",
    "tante",
    "oncle",
    "tía",
    "tío",
    "sister",
    "brother",
    "father",
    "captain",
    "capitaine",
    "capitán",
];

const INSTEAD: &[&[&str]] = &[
    &["over"],
    &["instead", "of"],
    &["rather", "than"],
    &["not"],
    &["statt"],
    &["anstatt"],
    &["au", "lieu", "de"],
    &["plutôt", "que"],
    &["en", "lugar", "de"],
    &["en", "vez", "de"],
];

/// What stands behind a phrase.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) words: Vec<Word>,
    /// `for storage`: what it is used or preferred for.
    pub(super) purpose: Option<String>,
    pub(super) replaces: Option<String>,
    /// Words behind it that are not part of it.
    pub(super) rest: usize,
}

impl Value {
    pub(super) fn of(words: &[Word], takes_purpose: bool, negation: Option<usize>) -> Option<Value> {
        let is_purpose = |it: &Word| it.is(&["for", "für", "pour", "para", "in", "on", "as", "als", "when"]);
        let mut end = words.len();
        let mut purpose = None;
        let mut replaces = None;
        for (at, word) in words.iter().enumerate() {
            if Some(at) == negation && at > 0 {
                replaces = Some(values::normal(&words[at..stop(words, at)]).join(" "));
                end = end.min(at);
            }
            if at == 0 {
                continue;
            }
            if let Some(length) = instead(&words[at..]) {
                replaces = Some(values::normal(&words[at + length..stop(words, at + length)]).join(" "));
                end = end.min(at);
            } else if takes_purpose && purpose.is_none() && is_purpose(word) && at + 1 < words.len() {
                let until = stop(words, at + 1);
                let mut said = values::normal(&words[at + 1..until]);
                said.retain(|it| !["my", "our", "his", "her", "their", "its"].contains(&it.as_str()));
                purpose = Some(format!("for {}", said.join(" ")));
                end = end.min(at);
            } else if !takes_purpose
                && purpose.is_none()
                && word.is(&["for", "für", "pour", "para"])
                && at + 1 < words.len()
            {
                // `20 euros for adults` is another price than `10 euros for children`; `for two years` says how long.
                let said = values::normal(&words[at + 1..stop(words, at + 1)]);
                if !said.iter().any(|it| it.bytes().any(|it| it.is_ascii_digit()) || DURATIONS.contains(&it.as_str())) {
                    purpose = Some(format!("for {}", said.join(" ")));
                }
                end = end.min(at);
            } else if word.is(STOPS)
                || word.is(&LIMITS)
                || word.is(&[":", "="])
                || !takes_purpose && word.is(&["for", "für", "pour", "para"])
            {
                end = end.min(at);
            }
        }
        let end = end.min(VALUE_WORDS);
        let kept = &words[..end];
        // `on 3 May`, `at 10:00`, `am 3. Mai`: how a time is joined is not part of it.
        let skipped = usize::from(
            kept.len() > 1
                && kept[0].is(&[
                    "on", "at", "by", "in", "am", "um", "im", "le", "el", "den", "au", "à", "al", "the", "until", "bis",
                ])
                && is_time(&values::normal(&kept[1..])),
        );
        let kept = kept[skipped..].to_vec();
        let said = values::normal(&kept);
        (!said.is_empty()).then(|| Value {
            words: kept,
            purpose,
            replaces: replaces.filter(|it| !it.is_empty()),
            rest: words.len() - end,
        })
    }

    /// Ends the value at the first of these words that is not its first.
    pub(super) fn cut_at(&mut self, words: &[&str]) {
        if let Some(at) = self.words.iter().skip(1).position(|it| it.is(words)) {
            self.rest += self.words.len() - at - 1;
            self.words.truncate(at + 1);
        }
    }

    pub(super) fn normal(&self) -> String {
        let parts = values::normal(&self.words);
        if is_time(&parts) {
            let joints = ["on", "at", "by", "um", "à", "a", "las", "uhr", "of", "in", "next", "this"];
            return parts.into_iter().filter(|it| !joints[..7].contains(&it.as_str())).collect::<Vec<_>>().join(" ");
        }
        parts.join(" ")
    }

    pub(super) fn is_temporal(&self) -> bool {
        is_time(&values::normal(&self.words))
    }

    /// Whether it begins like a name.
    pub(super) fn is_name(&self) -> bool {
        // `acme-uploads`, `gpt-4`: names in programs have no capital.
        let has_sign = |it: &Word| it.low.contains(['-', '_', '.', '/']) && it.low.chars().any(char::is_alphabetic);
        let mut named = self.words.iter().filter(|it| !values::is_article(&it.low) && !it.is(TITLES));
        named.next().is_some_and(|it| it.is_capital() || has_sign(it))
    }

    /// Whether it begins as a quantity does: `40 people`, `EUR 20`.
    pub(super) fn is_quantity(&self) -> bool {
        let said = self.normal();
        let first = said.split(' ').next().unwrap_or_default();
        let begins = is_quantity(first) && !values::is_date_part(first) || dimension(&[first]).is_some();
        begins && self.is_number()
    }

    pub(super) fn is_number(&self) -> bool {
        self.normal().bytes().any(|it| it.is_ascii_digit())
    }

    /// The preposition in front, when it is one of place.
    pub(super) fn preposition(&self) -> Option<&str> {
        let first = self.words.first()?.low.as_str();
        let known = [
            "in", "at", "on", "near", "under", "from", "by", "with", "to", "en", "à", "auf", "bei", "aus", "mit", "of",
            "about", "like",
        ];
        (known.contains(&first) && self.words.len() > 1).then_some(first)
    }
}

/// Whether days are named for which it is so: `a café on Saturdays`.
pub(super) fn is_at_times(words: &[Word]) -> bool {
    values::normal(&words[..stop(words, 0)]).iter().any(|it| values::is_date_part(it))
}

/// Whether a value in its one form is a date, a weekday or a time of day.
pub(super) fn is_time(parts: &[String]) -> bool {
    // `9 Uhr`, `9 heures`: what stands beside the number tells that it is an hour.
    let is_hour = |it: &String| ["uhr", "heures", "heure", "las", "pm"].contains(&it.as_str());
    let is_number = |it: &String| it.bytes().all(|it| it.is_ascii_digit());
    let names_an_hour = parts.iter().any(is_hour) && parts.iter().any(is_number);
    (names_an_hour || parts.iter().any(|it| values::is_date_part(it) || values::is_clock(it)))
        && parts.iter().all(|it| {
            values::is_date_part(it)
                || values::is_clock(it)
                || it.bytes().all(|it| it.is_ascii_digit())
                || [
                    "on",
                    "at",
                    "by",
                    "next",
                    "this",
                    "every",
                    "other",
                    "um",
                    "uhr",
                    "heures",
                    "heure",
                    "pm",
                    "à",
                    "a",
                    "las",
                    "am",
                    "of",
                    "in",
                    "each",
                    "morning",
                    "afternoon",
                    "evening",
                    "utc",
                    "cet",
                    "gmt",
                    "est",
                    "pst",
                    "end",
                    "ende",
                    "fin",
                    "finales",
                    "mitte",
                    "anfang",
                    "mid",
                    "early",
                    "late",
                    "q1",
                    "q2",
                    "q3",
                    "q4",
                    "jeden",
                    "chaque",
                    "cada",
                ]
                .contains(&it.as_str())
        })
}

/// `3.12`, `v2`, `22 LTS`.
pub(super) fn is_version(value: &Value) -> bool {
    let said = value.normal();
    let first = said.split(' ').next().unwrap_or_default();
    let digits = first.strip_prefix('v').unwrap_or(first);
    (first.len() == said.len() || said.ends_with(" lts"))
        && digits.starts_with(|it: char| it.is_ascii_digit())
        && digits.bytes().all(|it| it.is_ascii_digit() || it == b'.')
}

/// What takes so many of these takes so long.
pub(super) const DURATIONS: &[&str] = &[
    "seconds", "minutes", "hours", "days", "weeks", "months", "second", "minute", "hour", "day", "week", "month", "s",
    "min", "h", "sekunden", "minuten", "stunden", "tage", "wochen", "monate", "stunde", "tag", "woche", "monat",
    "secondes", "heures", "jours", "semaines", "mois", "heure", "jour", "semaine", "segundos", "minutos", "horas",
    "días", "semanas", "meses", "hora", "día", "semana", "mes",
];

/// Whether both are among things of which people choose one.
pub(super) fn are_rivals(one: &str, other: &str) -> bool {
    one != other && RIVALS.iter().any(|it| it.contains(&one) && it.contains(&other))
}

/// Whether it is one of the things of which people choose one.
pub(super) fn is_rival(value: &str) -> bool {
    RIVALS.iter().any(|it| it.contains(&value))
}

/// A number of years that somebody may have.
pub(super) fn is_age(low: &str) -> bool {
    low.parse::<u8>().is_ok_and(|it| (1..=120).contains(&it))
}

/// `34 years old`, `34 Jahre alt`, `34 ans`, `34 años`.
pub(super) fn age(words: &[Word]) -> Option<Vec<Word>> {
    let (number, rest) = words.split_first()?;
    let years = rest.first()?;
    let counts = years.is(&["years", "year", "jahre", "ans", "años", "yo"]);
    let number_is = number.low.bytes().all(|it| it.is_ascii_digit()) && number.low.len() <= 3;
    (counts && number_is && rest.len() <= 2 && is_age(&number.low)).then(|| vec![number.clone()])
}

/// Where the words of a clause from `at` on are over.
pub(super) fn stop(words: &[Word], at: usize) -> usize {
    let rest = words.iter().enumerate().skip(at + 1);
    let ends = |it: &Word| it.is(STOPS) || it.is(&LIMITS) || it.is(&["for", "für", "pour", "para", ":", "="]);
    rest.filter(|(_, it)| ends(it)).map(|(at, _)| at).next().unwrap_or(words.len()).min(at + 6)
}

/// How many words say `instead of` at the beginning of `words`.
pub(super) fn instead(words: &[Word]) -> Option<usize> {
    let begins = |it: &&&[&str]| it.len() < words.len() && it.iter().zip(words).all(|(one, word)| *one == word.low);
    INSTEAD.iter().find(begins).map(|it| it.len())
}

pub(super) fn written(words: &[Word]) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() && word.low != "'s" {
            text.push(' ');
        }
        text.push_str(&word.raw);
    }
    text
}
