//! Finds the time words of a text: “last summer”, “on 3 May”, “vor zwei Wochen”, “過去30日間”.
//!
//! English, German, French, Spanish, Italian, Portuguese, Dutch, Chinese and Japanese. Two conventions: memories are
//! asked by the calendar (“last summer” is June to August, “in May” the latest May), statistics by whole days counted
//! back from now (“last week” is the last seven days). Only times that a text names are found; how long something
//! took, a time of day or a habit (“on Mondays”) is none.

mod calendar;
mod calendar_words;
mod names;
mod read;
#[cfg(test)]
mod rolling_tests;
#[cfg(test)]
mod tests;
mod tokens;
mod words;

pub use calendar_words::Called;
pub use calendar_words::MONTHS;
pub use calendar_words::WEEKDAYS;
pub use names::Names;
pub use names::names;

use jiff::tz::TimeZone;

use crate::clock::Millis;

/// Days as milliseconds.
pub const DAY: Millis = 86_400_000;

/// How wide a named time is: how far beside it something may lie that was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// Minutes, hours, or a part of a day.
    Hours,
    Day,
    Week,
    Month,
    /// Quarters and seasons.
    Quarter,
    Year,
}

/// What a text calls a time, and when that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The first byte in the text.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// The first moment that is meant; `None`: any before `until`.
    pub since: Option<Millis>,
    /// The first moment that is not meant any more; `None`: any after `since`.
    pub until: Option<Millis>,
    /// The unit that was named.
    pub grain: Grain,
}

impl Mention {
    /// Whether `at` is of that time.
    pub fn holds(&self, at: Millis) -> bool {
        self.since.is_none_or(|it| it <= at) && self.until.is_none_or(|it| at < it)
    }
}

/// The time that a question is about; without either end it is about all times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    pub since: Option<Millis>,
    pub until: Option<Millis>,
}

/// Whether “last week” means Monday to Sunday or seven days until now; and whether “on Friday” is the last or the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Convention {
    Calendar,
    Ahead,
    Rolling,
}

/// The times that `text` names, by the calendar in UTC, in the order of the text and without overlap.
pub fn find(text: &str, now: Millis) -> Vec<Mention> {
    find_in(text, now, &TimeZone::UTC)
}

/// As [`find`], of plans: “on Friday” and “on 3 May” are the next ones.
pub fn find_ahead(text: &str, now: Millis) -> Vec<Mention> {
    read::mentions(text, &calendar::Calendar::new(now, TimeZone::UTC, Convention::Ahead))
}

/// As [`find`], with days that begin at midnight in `zone`.
pub fn find_in(text: &str, now: Millis, zone: &TimeZone) -> Vec<Mention> {
    read::mentions(text, &calendar::Calendar::new(now, zone.clone(), Convention::Calendar))
}

/// Those times of `text` that come every year, as they were `years` before: “in June” is some June, when it is not the
/// latest, and “last week” is not some week.
pub fn years_before(text: &str, now: Millis, years: i64) -> Vec<Mention> {
    /// Longer than a month, so that it is another one that is the last.
    const AWAY: Millis = 40 * DAY;
    const YEAR: Millis = 365 * DAY + DAY / 4;
    let (latest, before, after) = (find(text, now), find(text, now - AWAY), find(text, now + AWAY));
    let stands = |it: &Mention, others: &[Mention]| others.contains(it);
    let of_a_year = |it: &Mention| matches!(it.grain, Grain::Day | Grain::Month);
    let every_year = |it: &&Mention| of_a_year(it) && (stands(it, &before) || stands(it, &after));
    let kept: Vec<&Mention> = latest.iter().filter(every_year).collect();
    let earlier = find(text, now - years * YEAR).into_iter();
    // One with a year is the same whenever it is read.
    earlier.filter(|it| kept.iter().any(|kept| kept.start == it.start && kept.since != it.since)).collect()
}

/// The one range that a question about statistics asks for, in whole days back from now: “last week” is seven days
/// until now, two neighbouring periods that are compared are one range. Dates and “today” are read by the calendar in
/// UTC. Times in quotes are words to search for, and no range.
pub fn range(question: &str, now: Millis) -> Range {
    compared(question, now).0
}

/// As [`range`]; and where the later of two periods begins, when the question compares two that adjoin.
pub fn compared(question: &str, now: Millis) -> (Range, Option<Millis>) {
    read::range(question, &calendar::Calendar::new(now, TimeZone::UTC, Convention::Rolling))
}
