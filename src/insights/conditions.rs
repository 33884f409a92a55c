//! Reads the days of the week and the hours that a question is narrowed to, and the topic that only quoted words narrow it to.

use crate::dates::WEEKDAYS;

/// What narrows a question besides names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Conditions {
    /// Digits, `0` is Sunday: as the filter `weekday` has them.
    pub weekdays: Option<String>,
    /// As the filter `hour` has them: `09:00 10:00`.
    pub hours: Option<String>,
    /// “about Kubernetes”, and times of day that no whole hours are.
    pub unread: Vec<String>,
}

/// Before a day that is a habit: “every Monday”.
const EVERY: [&str; 7] = ["every", "each", "jeden", "chaque", "cada", "los", "les"];
const WEEKENDS: [&str; 9] =
    ["weekend", "weekends", "week-end", "week-ends", "wochenende", "wochenenden", "finde", "周末", "週末"];
/// Before a time that only begins or ends there.
const SINCE: [&str; 8] = ["since", "until", "before", "after", "seit", "bis", "depuis", "desde"];
/// Words of questions that set days against each other.
const AGAINST: [&str; 8] = ["vs", "versus", "or", "than", "oder", "als", "compare", "compared"];

const BETWEEN: [&str; 7] = ["between", "from", "zwischen", "von", "entre", "de", "tra"];
const TO: [&str; 9] = ["and", "to", "und", "bis", "et", "à", "y", "a", "e"];
const AFTER: [&str; 5] = ["after", "nach", "ab", "après", "dopo"];
const BEFORE: [&str; 5] = ["before", "until", "vor", "avant", "prima"];
const ABOUT: [&str; 6] = ["about", "regarding", "concerning", "über", "sobre", "mentioning"];
/// Behind “about” and no topic.
const NO_TOPIC: [&str; 16] = [
    "how", "what", "it", "us", "me", "that", "this", "costs", "usage", "last", "past", "previous", "letzten", "letzte",
    "average", "half",
];

/// Reads `question`.
pub(super) fn read(question: &str) -> Conditions {
    let lower = question.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '?' | '!' | '(' | ')' | ';' | '–'))
        .map(|it| it.trim_end_matches(['.', ':']))
        .filter(|it| !it.is_empty())
        .collect();
    let mut unread = Vec::new();
    let hours = hours(&words).or_else(|| {
        let clock = words.iter().find(|it| it.split_once(':').is_some_and(|(hour, _)| is_number(hour)));
        unread.extend(clock.map(|it| (*it).to_owned()));
        None
    });
    unread.extend(topic(question, &words));
    let hours = hours.map(|(from, until)| {
        let all =
            (0..24).filter(|it| if from < until { (from..until).contains(it) } else { *it >= from || *it < until });
        all.map(|it| format!("{it:02}:00")).collect::<Vec<_>>().join(" ")
    });
    Conditions { weekdays: weekdays(&words), hours, unread }
}

/// The one day of the week, or the weekend, that is meant as a habit.
fn weekdays(words: &[&str]) -> Option<String> {
    if words.iter().any(|it| AGAINST.contains(it)) {
        return None;
    }
    let mut found: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = |back: usize| at.checked_sub(back).map(|it| words[it]);
        let days = WEEKDAYS.iter().zip(["1", "2", "3", "4", "5", "6", "0"]);
        let habit = |names: &[&str]| {
            let one = word.strip_suffix('s').is_some_and(|it| names.contains(&it));
            one || names.contains(word) && before(1).is_some_and(|it| EVERY.contains(&it))
        };
        found.extend(days.filter(|it| habit(it.0.names)).map(|it| it.1.to_owned()));
        let is_edge = [before(1), before(2)].into_iter().flatten().any(|it| SINCE.contains(&it));
        if WEEKENDS.iter().any(|it| word == it || !it.is_ascii() && word.contains(it)) && !is_edge {
            found.push("06".to_owned());
        }
        if *word == "weekdays" && before(1) == Some("on") || *word == "werktags" {
            found.push("12345".to_owned());
        }
    }
    found.dedup();
    found.pop().filter(|_| found.is_empty())
}

/// From which hour until before which one: “between 9:00 and 12:00”, “after 6 pm”, “at 9 Uhr”.
fn hours(words: &[&str]) -> Option<(u8, u8)> {
    (0..words.len()).find_map(|at| {
        let (from, used) = clock(words, at + 1)?;
        let is = |list: &[&str]| list.contains(&words[at]);
        let end = words.get(at + 1 + used).filter(|it| TO.contains(it));
        let end = end.and_then(|_| clock(words, at + 2 + used)).filter(|it| it.0.is_sure || from.is_sure);
        match end {
            // “between 2 and 4 pm”
            Some((until, _)) if is(&BETWEEN) => {
                let is_later = !from.is_sure && until.hour > 12 && from.hour < 12;
                Some((if is_later { from.hour + 12 } else { from.hour }, until.hour))
            }
            _ if !from.is_sure => None,
            _ if is(&AFTER) => Some((from.hour, 0)),
            _ if is(&BEFORE) => Some((0, from.hour)),
            _ if ["at", "um", "à"].contains(&words[at]) => Some((from.hour, (from.hour + 1) % 24)),
            _ => None,
        }
    })
}

#[derive(Clone, Copy)]
struct Hour {
    /// 0..=23
    hour: u8,
    /// Whether it is written as a time of day; a number alone may be anything.
    is_sure: bool,
}

/// The whole hour at `at`, and how many words it takes.
fn clock(words: &[&str], at: usize) -> Option<(Hour, usize)> {
    let word = words.get(at)?;
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = word.split_at(digits);
    let named = match *word {
        "noon" | "mittag" | "midi" => Some(12),
        "midnight" | "mitternacht" | "minuit" => Some(0),
        _ => None,
    };
    if let Some(hour) = named {
        return Some((Hour { hour, is_sure: true }, 1));
    }
    let hour: u8 = number.parse::<u8>().ok().filter(|it| *it <= 24)?;
    let (unit, colon) = unit.strip_prefix(":00").map_or((unit, false), |it| (it, true));
    let (unit, used) = match words.get(at + 1) {
        Some(next) if unit.is_empty() && ["am", "pm", "a.m", "p.m", "uhr", "o'clock", "utc"].contains(next) => {
            (*next, 2)
        }
        _ => (unit, 1),
    };
    let hour = match unit {
        "pm" | "p.m" if hour < 12 => hour + 12,
        "am" | "a.m" if hour == 12 => 0,
        "" | "am" | "pm" | "a.m" | "p.m" | "uhr" | "h" | "o'clock" | "utc" => hour % 24,
        _ => return None,
    };
    Some((Hour { hour, is_sure: colon || !unit.is_empty() }, used))
}

/// “about Kubernetes”, where no words in quotes say what to look for.
fn topic(question: &str, words: &[&str]) -> Option<String> {
    let at = words.iter().position(|it| ABOUT.contains(it))?;
    let article = words.get(at + 1).is_some_and(|it| ["the", "a", "our", "den", "die", "das", "el", "la"].contains(it));
    let noun = words.get(at + 1 + usize::from(article))?;
    let is_topic = !question.contains(['"', '“', '„', '«', '「']) && !NO_TOPIC.contains(noun) && !is_number(noun);
    is_topic.then(|| words[at..=at + 1 + usize::from(article)].join(" "))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_the_week_that_is_a_habit_narrows() {
        let days = |text: &str| read(text).weekdays.unwrap_or_default();
        for (text, expected) in [
            ("how many calls on Mondays?", "1"),
            ("cost on Sundays in October", "0"),
            ("every Friday", "5"),
            ("Aufrufe montags", "1"),
            ("calls at the weekend", "06"),
            ("Kosten am Wochenende", "06"),
            ("周末的调用", "06"),
            ("calls on weekdays", "12345"),
            ("calls since Monday", ""),
            ("cost since the weekend", ""),
            ("calls on Mondays vs Fridays", ""),
            ("is it busier at weekends than on Mondays", ""),
            ("Mondays and Fridays", ""),
            ("calls by weekday", ""),
        ] {
            assert_eq!(days(text), expected, "{text}");
        }
    }

    #[test]
    fn times_of_day_are_whole_hours() {
        let hours = |text: &str| {
            let all = read(text).hours.unwrap_or_default();
            all.get(..5).map(|first| format!("{first} {}", all.split(' ').count())).unwrap_or_default()
        };
        for (text, expected) in [
            ("calls between 9:00 and 12:00 last week", "09:00 3"),
            ("calls between 2 pm and 4 pm", "14:00 2"),
            ("between 2 and 4 pm", "14:00 2"),
            ("from 9am to noon", "09:00 3"),
            ("calls after 18:00?", "18:00 6"),
            ("before 8 Uhr", "00:00 8"),
            ("zwischen 22 Uhr und 2 Uhr", "00:00 4"),
            ("calls at 9 am", "09:00 1"),
            ("between 3 and 4 calls", ""),
            ("after 5 days", ""),
            ("more than 18 calls", ""),
            ("between May 3 and May 12", ""),
        ] {
            assert_eq!(hours(text), expected, "{text}");
        }
        assert_eq!(read("calls between 9:30 and 12:00").unread, ["9:30"]);
    }

    #[test]
    fn a_topic_without_quotes_is_told() {
        assert_eq!(read("what did we decide about the cache?").unread, ["about the cache"]);
        assert_eq!(read("asks about Kubernetes last week").unread, ["about kubernetes"]);
        for text in ["asks about \"Kubernetes\"", "what about us", "about 20 calls", "tell me about it"] {
            assert_eq!(read(text).unread, Vec::<String>::new(), "{text}");
        }
    }
}
