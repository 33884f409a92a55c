//! Turns what was read into moments, by the calendar or by whole days back from now.

use jiff::Span as Duration;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::Convention;
use super::DAY;
use super::Grain;
use super::words::Part;
use super::words::Unit;
use crate::clock::Millis;

/// A stretch of time; an end that is `None` is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) since: Option<Millis>,
    pub(super) until: Option<Millis>,
    pub(super) grain: Grain,
}

/// Now, where, and how stretches are counted.
pub(super) struct Calendar {
    pub(super) now: Millis,
    pub(super) convention: Convention,
    zone: TimeZone,
    pub(super) today: Date,
}

/// Which one of a repeating stretch is meant: the latest that has begun, the latest that is over, the next to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Latest,
    Last,
    Next,
}

impl Calendar {
    pub(super) fn new(now: Millis, zone: TimeZone, convention: Convention) -> Calendar {
        let nearest = if now < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let at = Timestamp::from_millisecond(now).unwrap_or(nearest);
        Calendar { now, convention, today: at.to_zoned(zone.clone()).date(), zone }
    }

    pub(super) fn is_rolling(&self) -> bool {
        self.convention == Convention::Rolling
    }

    pub(super) fn looks_ahead(&self) -> bool {
        self.convention == Convention::Ahead
    }

    /// From the first of `days` to the one before the second.
    pub(super) fn days(&self, first: Date, after: Date, grain: Grain) -> Option<Stretch> {
        Some(Stretch { since: Some(self.start(first)?), until: Some(self.start(after)?), grain })
    }

    fn start(&self, day: Date) -> Option<Millis> {
        Some(day.to_zoned(self.zone.clone()).ok()?.timestamp().as_millisecond())
    }

    /// `from`..`to` milliseconds before now.
    pub(super) fn back(&self, from: Millis, to: Millis, grain: Grain) -> Stretch {
        Stretch { since: Some(self.now.saturating_sub(from)), until: Some(self.now.saturating_sub(to)), grain }
    }

    /// The day that many days from today; “yesterday” is the last day in rolling days.
    pub(super) fn day(&self, offset: i64) -> Option<Stretch> {
        if self.is_rolling() && offset < 0 {
            return Some(self.back(-offset * DAY, (-offset - 1) * DAY, Grain::Day));
        }
        let first = self.moved(self.today, offset.days())?;
        self.days(first, self.moved(first, 1.days())?, Grain::Day)
    }

    /// A part of the day that many days from today.
    pub(super) fn part(&self, offset: i64, part: Part) -> Option<Stretch> {
        if self.is_rolling() && offset < 0 {
            return self.day(offset);
        }
        let midnight = self.start(self.moved(self.today, offset.days())?)?;
        let hour = DAY / 24;
        let moment = |hours: i64| Some(midnight.saturating_add(hours * hour));
        Some(Stretch { since: moment(part.0), until: moment(part.1), grain: Grain::Hours })
    }

    /// The last `count` units until now.
    pub(super) fn past(&self, count: u32, unit: Unit) -> Stretch {
        self.back(length(count, unit), 0, grain(unit))
    }

    /// `count` units ago: as wide as the unit, except that a year is a calendar year.
    pub(super) fn ago(&self, count: u32, unit: Unit) -> Option<Stretch> {
        let count_back = i64::from(count);
        if self.is_rolling() {
            return Some(self.back(length(count, unit), length(count.saturating_sub(1), unit), grain(unit)));
        }
        let around = |center: Date, before: i64, after: i64| {
            self.days(self.moved(center, (-before).days())?, self.moved(center, after.days())?, grain(unit))
        };
        match unit {
            Unit::Minute | Unit::Hour => {
                let half = length(1, unit) / 2;
                Some(self.back(
                    length(count, unit).saturating_add(half),
                    length(count, unit).saturating_sub(half),
                    Grain::Hours,
                ))
            }
            Unit::Day => self.day(-count_back),
            Unit::Week => around(self.moved(self.today, (-7 * count_back).days())?, 3, 4),
            Unit::Fortnight => around(self.moved(self.today, (-14 * count_back).days())?, 6, 7),
            Unit::Month => around(self.moved(self.today, (-count_back).months())?, 15, 16),
            Unit::Quarter => around(self.moved(self.today, (-3 * count_back).months())?, 45, 46),
            Unit::Year => self.year(i64::from(self.today.year()) - count_back),
            Unit::Weekend => self.weekend(-count_back),
        }
    }

    /// The day that is `count` units from today; the unit says how far beside it may be meant.
    pub(super) fn later(&self, count: u32, unit: Unit) -> Option<Stretch> {
        let count = i64::from(count);
        let by = match unit {
            Unit::Day => count.days(),
            Unit::Week => (7 * count).days(),
            Unit::Fortnight => (14 * count).days(),
            Unit::Month => count.months(),
            _ => return None,
        };
        let first = self.moved(self.today, by)?;
        self.days(first, self.moved(first, 1.days())?, grain(unit))
    }

    /// The unit that was before this one, this one, or the one after: -1, 0, 1.
    pub(super) fn unit(&self, offset: i64, unit: Unit) -> Option<Stretch> {
        if self.is_rolling() && (offset < 0 || unit != Unit::Day) && unit != Unit::Weekend {
            return match offset {
                -1 => Some(self.past(1, unit)),
                0 => self.until_now(self.calendar_unit(0, unit)?),
                _ => None,
            };
        }
        self.calendar_unit(offset, unit)
    }

    fn calendar_unit(&self, offset: i64, unit: Unit) -> Option<Stretch> {
        let (year, month) = (i64::from(self.today.year()), i64::from(self.today.month()));
        match unit {
            Unit::Minute | Unit::Hour => (offset < 0).then(|| self.past(1, unit)),
            Unit::Day => self.day(offset),
            Unit::Week => {
                let first = self.moved(self.monday()?, (7 * offset).days())?;
                self.days(first, self.moved(first, 7.days())?, Grain::Week)
            }
            Unit::Fortnight => (offset < 0).then(|| self.past(1, unit)),
            Unit::Month => self.months(year * 12 + month - 1 + offset, 1, Grain::Month),
            Unit::Quarter => self.months(year * 12 + (month - 1) / 3 * 3 + 3 * offset, 3, Grain::Quarter),
            Unit::Year => self.year(year + offset),
            Unit::Weekend => self.weekend(offset),
        }
    }

    /// `stretch`, which has begun, up to now.
    fn until_now(&self, stretch: Stretch) -> Option<Stretch> {
        Some(Stretch { until: Some(self.now), ..stretch }).filter(|it| it.since <= it.until)
    }

    /// The weekend that many weeks from the next one; on a Saturday or Sunday, 0 is the present one.
    fn weekend(&self, offset: i64) -> Option<Stretch> {
        let first = self.moved(self.monday()?, (5 + 7 * offset).days())?;
        self.days(first, self.moved(first, 2.days())?, Grain::Day)
    }

    fn monday(&self) -> Option<Date> {
        self.moved(self.today, i64::from(-self.today.weekday().to_monday_zero_offset()).days())
    }

    /// A day of the week, Monday = 0. Today is none of the last ones.
    pub(super) fn weekday(&self, number: i8, which: Which) -> Option<Stretch> {
        let weekday = Weekday::from_monday_zero_offset(number).ok()?;
        let first = self.today.nth_weekday(if which == Which::Next { 1 } else { -1 }, weekday).ok()?;
        self.days(first, self.moved(first, 1.days())?, Grain::Day)
    }

    /// `count` months from the month that is `first` months after January of the year 0.
    pub(super) fn months(&self, first: i64, count: i64, grain: Grain) -> Option<Stretch> {
        self.days(month_start(first)?, month_start(first + count)?, grain)
    }

    /// Some months of a year, or of the year that `which` says.
    pub(super) fn months_of(
        &self,
        first: i64,
        count: i64,
        year: Option<i64>,
        which: Which,
        grain: Grain,
    ) -> Option<Stretch> {
        let at = |year: i64| self.months(year * 12 + first - 1, count, grain);
        match year {
            Some(year) => at(year),
            None => self.repeated(which, at),
        }
    }

    pub(super) fn year(&self, year: i64) -> Option<Stretch> {
        self.months(year * 12, 12, Grain::Year)
    }

    /// A day, of the year that `which` says when there is none.
    pub(super) fn date(&self, year: Option<i64>, month: i64, day: i64, which: Which) -> Option<Stretch> {
        let at = |year: i64| {
            let narrow = |it: i64| i8::try_from(it).ok();
            let first = Date::new(i16::try_from(year).ok()?, narrow(month)?, narrow(day)?).ok()?;
            self.days(first, self.moved(first, 1.days())?, Grain::Day)
        };
        match year {
            Some(year) => at(year),
            None => self.repeated(which, at),
        }
    }

    /// The `number`th week of a month, from its first day.
    pub(super) fn week_of(&self, month: Stretch, number: i64) -> Option<Stretch> {
        let since = month.since?.saturating_add((number - 1) * 7 * DAY);
        let until = since.saturating_add(7 * DAY).min(month.until?);
        Some(Stretch { since: Some(since), until: Some(until), grain: Grain::Week }).filter(|_| since < until)
    }

    /// The early, middle or late part of a month or a year.
    pub(super) fn third_of(&self, whole: Stretch, third: i64) -> Option<Stretch> {
        let (since, until) = (whole.since?, whole.until?);
        let step = (until - since) / 3;
        let end = if third == 2 { until } else { since + step * (third + 1) };
        Some(Stretch { since: Some(since + step * third), until: Some(end), grain: whole.grain })
    }

    /// Of what comes every year, the one that is meant.
    fn repeated(&self, which: Which, at: impl Fn(i64) -> Option<Stretch>) -> Option<Stretch> {
        let year = i64::from(self.today.year());
        let found = match which {
            Which::Next => (year..=year + 8).find(|it| at(*it).is_some_and(|it| it.since > Some(self.now))),
            Which::Latest if self.looks_ahead() => {
                (year - 1..=year + 8).find(|it| at(*it).is_some_and(|it| it.until > Some(self.now)))
            }
            // 29 February may be eight years away.
            _ => (year - 8..=year + 1).rev().find(|it| {
                at(*it).is_some_and(|it| {
                    let moment = if which == Which::Last { it.until } else { it.since };
                    moment <= Some(self.now)
                })
            }),
        };
        at(found?)
    }

    fn moved(&self, day: Date, by: Duration) -> Option<Date> {
        day.checked_add(by).ok()
    }
}

fn month_start(month: i64) -> Option<Date> {
    let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()
}

/// `count` units in milliseconds, by round months and years.
pub(super) fn length(count: u32, unit: Unit) -> Millis {
    let count = i64::from(count);
    let days = |it: i64| it.saturating_mul(DAY);
    match unit {
        Unit::Minute => count.saturating_mul(60_000),
        Unit::Hour => count.saturating_mul(3_600_000),
        Unit::Day => days(count),
        Unit::Week => days(7 * count),
        Unit::Fortnight => days(14 * count),
        // Twelve months are a year, eighteen are half a year more.
        Unit::Month => days(count / 12 * 365 + count % 12 * 30),
        Unit::Quarter => days(count / 4 * 365 + count % 4 * 90),
        Unit::Year => days(365 * count),
        Unit::Weekend => days(7 * count),
    }
}

pub(super) fn grain(unit: Unit) -> Grain {
    match unit {
        Unit::Minute | Unit::Hour => Grain::Hours,
        Unit::Day | Unit::Weekend => Grain::Day,
        Unit::Week | Unit::Fortnight => Grain::Week,
        Unit::Month => Grain::Month,
        Unit::Quarter => Grain::Quarter,
        Unit::Year => Grain::Year,
    }
}
