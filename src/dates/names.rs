//! The words by which texts name the days of a stretch of time: what to ask an index of texts for.

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::words::Kind;
use super::words::UNSPACED;
use super::words::Unit;
use super::words::WORDS;
use crate::clock::Millis;

/// Words and phrases, in lower case and without accents. A text that has one of them need not name a day of the stretch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Of dates: months, and days in digits.
    pub dates: Vec<String>,
    /// What counts from the day on which it is said: weekdays, `tomorrow`.
    pub relative: Vec<String>,
    /// Units of what is said to come in so many of them, `in three days`; most texts with one tell how long something took.
    pub lengths: Vec<String>,
}

/// Days up to which each is named by itself.
const EACH: usize = 7;

/// Days of a stretch that are looked at.
const DAYS: usize = 400;

/// What names the days from `since` until before `until`.
pub fn names(since: Millis, until: Millis) -> Names {
    let day = |at: Millis| Timestamp::from_millisecond(at).ok().map(|it| it.to_zoned(TimeZone::UTC).date());
    let (Some(first), Some(last)) = (day(since), day(until.saturating_sub(1))) else { return Names::default() };
    let days: Vec<Date> = first.series(1.day()).take(DAYS).take_while(|it| *it <= last).collect();
    let each: &[Date] = if days.len() <= EACH { &days } else { &[] };
    let said_of = |kind: Kind| match kind {
        Kind::Weekday(number) => each.iter().any(|it| it.weekday().to_monday_zero_offset() == number),
        Kind::Day(offset) => (0..=2).contains(&offset),
        Kind::Unit(Unit::Weekend) => days.len() > 1,
        _ => false,
    };
    // `in a week`, `in three days`; `next week`.
    let is_length = |kind: Kind| match kind {
        Kind::Unit(unit) => matches!(unit, Unit::Week | Unit::Fortnight | Unit::Month),
        Kind::Units(unit) => matches!(unit, Unit::Day | Unit::Week | Unit::Month),
        _ => false,
    };
    let is_month = |kind: Kind| matches!(kind, Kind::Month(number, _) if days.iter().any(|it| it.month() == number));
    let mut names = Names { dates: words(is_month), relative: words(said_of), lengths: words(is_length) };
    // Such a word is in the index by its pairs of characters.
    let unspaced = |wanted: &dyn Fn(Kind) -> bool| -> Vec<String> {
        let wanted = UNSPACED.iter().filter(|it| it.1.last().is_some_and(|it| wanted(*it)));
        wanted.map(|it| pairs(it.0)).filter(|it| !it.is_empty()).collect()
    };
    names.relative.extend(unspaced(&said_of));
    names.lengths.extend(unspaced(&is_length));
    names.lengths.extend(LATER.iter().map(|it| (*it).to_owned()));
    for date in each {
        let (year, month, day) = (date.year(), date.month(), date.day());
        names.dates.push(format!("{year} {month:02} {day:02}"));
        names.dates.extend([format!("{day} {month}"), format!("{day:02} {month:02}"), format!("{month} {day}")]);
        names.dates.extend([format!("{month:02} {day:02}"), format!("{month} 月 {day}")]);
        names.dates.push(pairs(&format!("{}月{}", in_han(month), in_han(day))));
    }
    if each.is_empty() {
        let months = |it: &Date| [format!("{} {:02}", it.year(), it.month()), format!("年 {} 月", it.month())];
        names.dates.extend(days.iter().flat_map(months));
    }
    names.dates.sort_unstable();
    names.dates.dedup();
    names
}

/// What `两周后`, `3日後` and `一个月后` end with.
const LATER: &[&str] = &["天后", "天後", "日後", "周后", "週後", "間後", "期后", "月后", "月後"];

/// A number up to 99 in Han numerals.
fn in_han(number: i8) -> String {
    let digit = |it: i8| usize::try_from(it).ok().and_then(|it| "一二三四五六七八九".chars().nth(it.checked_sub(1)?));
    let tens = (number >= 20).then(|| digit(number / 10)).flatten();
    tens.into_iter().chain((number >= 10).then_some('十')).chain(digit(number % 10)).collect()
}

/// The pairs of characters of `word`, as a phrase.
fn pairs(word: &str) -> String {
    let characters: Vec<char> = word.chars().collect();
    characters.windows(2).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

/// The words that mean what is wanted.
fn words(wanted: impl Fn(Kind) -> bool) -> Vec<String> {
    let lines = WORDS.iter().filter(|it| wanted(it.1));
    lines.flat_map(|it| it.2.split(' ')).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_day_is_named_by_its_month_its_weekday_and_its_digits() {
        let at = |text: &str| clock::parse(text).unwrap();
        let names = names(at("2026-11-28"), at("2026-11-29"));
        for name in ["november", "noviembre", "2026 11 28", "28 11", "11 28", "11 月 28", "十一 一月 月二 二十 十八"]
        {
            assert!(names.dates.contains(&name.to_owned()), "{name}: {names:?}");
        }
        for name in ["saturday", "samstag", "tomorrow", "heute", "明天", "星期 期六"] {
            assert!(names.relative.contains(&name.to_owned()), "{name}: {names:?}");
        }
        for name in ["weeks", "周后"] {
            assert!(names.lengths.contains(&name.to_owned()), "{name}: {names:?}");
        }
        assert!(!names.dates.contains(&"december".to_owned()) && !names.relative.contains(&"sunday".to_owned()));
        let month = super::names(at("2026-12-01"), at("2027-01-01"));
        assert!(month.dates.contains(&"2026 12".to_owned()) && month.lengths.contains(&"week".to_owned()));
        assert_eq!(super::names(Millis::MIN, Millis::MAX), Names::default());
    }
}
