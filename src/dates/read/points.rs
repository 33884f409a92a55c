//! Times that have a name or a date: days, months, quarters, seasons, years.

use super::Cursor;
use super::Found;
use super::Read;
use super::Reader;
use super::Shape;
use crate::clock::Millis;
use crate::dates::DAY;
use crate::dates::Grain;
use crate::dates::calendar::Stretch;
use crate::dates::calendar::Which;
use crate::dates::words::EN;
use crate::dates::words::Kind;
use crate::dates::words::Part;
use crate::dates::words::ROMANCE;
use crate::dates::words::Unit;

impl Reader<'_> {
    /// A time by itself. `prefixed`: a word before it says that a time follows, so that `2022`, `May` or `spring` is one.
    pub(super) fn point(&self, c: Cursor, prefixed: bool) -> Read {
        self.iso(c)
            .or_else(|| self.numeric(c))
            .or_else(|| self.day_and_month(c))
            .or_else(|| self.marked(c))
            .or_else(|| self.third(c))
            .or_else(|| self.day_of_month(c))
            .or_else(|| self.month(c, prefixed))
            .or_else(|| self.quarter(c))
            .or_else(|| self.season(c, prefixed))
            .or_else(|| self.named_day(c))
            .or_else(|| self.weekday(c))
            .or_else(|| self.units(c))
            .or_else(|| self.ago(c))
            .or_else(|| self.bare_year(c, prefixed))
    }

    pub(super) fn plain(stretch: Stretch, after: Cursor) -> Read {
        Some((Found { stretch, shape: Shape::Plain }, after))
    }

    /// `2023-05-07`, `2023/05/07`, `2023-05`.
    pub(super) fn iso(&self, c: Cursor) -> Read {
        let (year, after) = self.year_number(c)?;
        let (sign, next) = self.take(after, |it| matches!(it, Kind::Dash | Kind::Slash | Kind::Dot).then_some(it))?;
        let glued = self.adjacent(c.at) && self.adjacent(after.at);
        let (month, next) = self.take(next, |it| small_number(it, 12))?;
        if !glued || self.glued_before(c.at) {
            return None;
        }
        let day = self.take_kind(next, sign).filter(|_| self.adjacent(next.at - 1) && self.adjacent(next.at));
        if let Some((day, after)) = day.and_then(|it| self.take(it, |it| small_number(it, 31))) {
            return Self::plain(self.calendar.date(Some(year), month, day, Which::Latest)?, after);
        }
        if sign == Kind::Dash
            && self.is(next.at - 1, |it| matches!(it, Kind::Number(_, 2)))
            && !self.adjacent(next.at - 1)
        {
            return Self::plain(self.calendar.months(year * 12 + month - 1, 1, Grain::Month)?, next);
        }
        None
    }

    /// Whether a letter, a digit or a dash touches the word at `at` from the left.
    pub(super) fn glued_before(&self, at: usize) -> bool {
        let before = self.tokens.get(at).and_then(|it| self.text.get(..it.start)).and_then(|it| it.chars().next_back());
        before.is_some_and(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '.' | '/' | '_'))
    }

    /// `07.05.2023`, `7/5/2023`.
    pub(super) fn numeric(&self, c: Cursor) -> Read {
        let (first, after) = self.take(c, |it| small_number(it, 31))?;
        let (sign, after) = self.take(after, |it| matches!(it, Kind::Dash | Kind::Slash | Kind::Dot).then_some(it))?;
        let (second, after) = self.take(after, |it| small_number(it, 31))?;
        let after = self.take_kind(after, sign)?;
        let (year, after) = self.year_number(after)?;
        if !(c.at..after.at - 1).all(|it| self.adjacent(it)) || self.glued_before(c.at) {
            return None;
        }
        // Four numbers are a version or an address.
        let goes_on = self.adjacent(after.at - 1) && self.adjacent(after.at) && self.is(after.at, |it| it == sign);
        if goes_on && self.is(after.at + 1, |it| matches!(it, Kind::Number(..))) {
            return None;
        }
        let month_first = sign == Kind::Slash && (second > 12 || (self.month_first && first <= 12));
        let (month, day) = if month_first { (first, second) } else { (second, first) };
        Self::plain(self.calendar.date(Some(year), month, day, Which::Latest)?, after)
    }

    /// `28.11.`, `am 28.11`, `28/11`, of plans: elsewhere it may be a version, or a part of something.
    fn day_and_month(&self, c: Cursor) -> Read {
        let (first, after) = self.take(c, |it| small_number(it, 31)).filter(|_| self.calendar.looks_ahead())?;
        let (sign, after) = self.take(after, |it| matches!(it, Kind::Slash | Kind::Dot).then_some(it))?;
        let (second, after) = self.take(after, |it| small_number(it, 31))?;
        let dot = self.take_kind(after, Kind::Dot).filter(|_| self.adjacent(after.at - 1));
        let end = dot.unwrap_or(after);
        let goes_on = self.adjacent(end.at - 1)
            && self.is(end.at, |it| matches!(it, Kind::Number(..) | Kind::Slash | Kind::Dash | Kind::Dot));
        if goes_on || !(c.at..after.at - 1).all(|it| self.adjacent(it)) || self.glued_before(c.at) {
            return None;
        }
        let behind_a_number = c.at > 0 && self.is(c.at - 1, |it| matches!(it, Kind::Number(..)));
        let (day, month) = match sign {
            // `030 29/11` is a telephone number.
            Kind::Slash if behind_a_number => return None,
            // Without its second dot it is a date where a word that is not English says so.
            Kind::Dot => (dot.is_some() || c.languages & EN == 0).then_some((first, second))?,
            _ => day_of_pair(first, second)?,
        };
        Self::plain(self.calendar.date(None, month, day, Which::Latest)?, if sign == Kind::Dot { end } else { after })
    }

    /// `2023年5月7日`, `5月`, `去年5月`, `2022年`.
    pub(super) fn marked(&self, c: Cursor) -> Read {
        let year = self.year_marked(c);
        let (year, start) = year.map_or((None, c), |(year, after)| (Some(year), self.maybe(after, Kind::Filler)));
        let month = self
            .take(start, |it| small_number(it, 12))
            .and_then(|(month, after)| Some((month, self.take_kind(after, Kind::MonthMark)?)));
        let Some((month, after)) = month else {
            let season = self.take(start, season).filter(|_| year.is_some());
            if let Some((number, after)) = season {
                return Self::plain(self.season_of(number, year, Which::Latest)?, after);
            }
            let third = self.take(start, third).filter(|_| year.is_some());
            let whole = self.calendar.year(year?)?;
            return match third {
                Some((third, after)) => Self::plain(self.calendar.third_of(whole, third)?, after),
                None => Self::plain(whole, start),
            };
        };
        let day = self
            .take(after, |it| small_number(it, 31))
            .and_then(|(day, after)| Some((day, self.take_kind(after, Kind::DayMark)?)));
        if let Some((day, after)) = day {
            return Self::plain(self.calendar.date(year, month, day, Which::Latest)?, after);
        }
        let whole = self.calendar.months_of(month, 1, year, Which::Latest, Grain::Month)?;
        match self.take(after, third) {
            Some((third, after)) => Self::plain(self.calendar.third_of(whole, third)?, after),
            None => Self::plain(whole, after),
        }
    }

    /// A year before the rest of a date, as Chinese and Japanese have it.
    pub(super) fn year_marked(&self, c: Cursor) -> Option<(i64, Cursor)> {
        if let Some((year, after)) = self.year_number(c) {
            return Some((year, self.take_kind(after, Kind::YearMark)?));
        }
        let (offset, after) = self.take(c, |it| match it {
            Kind::Last => Some(-1),
            Kind::This => Some(0),
            _ => None,
        })?;
        let after = self.take_kind(after, Kind::Unit(Unit::Year))?;
        let unspaced = after.languages & (EN | ROMANCE) == 0;
        let rest = self.maybe(after, Kind::Filler).at;
        let month = self.is(rest, |it| matches!(it, Kind::Number(..))) && self.is(rest + 1, |it| it == Kind::MonthMark);
        let more = month || self.is(rest, |it| matches!(it, Kind::Season(_) | Kind::Third(_)));
        (unspaced && more).then_some((i64::from(self.calendar.today.year()) + offset, after))
    }

    /// “early May 2023”, “Ende letzten Monats”, “the first week of May”.
    pub(super) fn third(&self, c: Cursor) -> Read {
        if let Some((number, after)) =
            self.take(c, |it| if let Kind::Ordinal(number) = it { Some(number) } else { None })
            && let Some(after) = self.take_kind(after, Kind::Unit(Unit::Week))
        {
            let (month, after) = self.month(self.skip(self.maybe(after, Kind::In)), true)?;
            return Self::plain(self.calendar.week_of(month.stretch, i64::from(number))?, after);
        }
        let (third, after) = self.take(c, third)?;
        let after = self.skip(self.maybe(self.maybe(self.skip(after), Kind::Dash), Kind::In));
        let whole = self.month(after, true).or_else(|| self.units(after)).or_else(|| self.bare_year(after, true))?;
        if whole.0.stretch.grain < Grain::Month {
            return None;
        }
        Self::plain(self.calendar.third_of(whole.0.stretch, third)?, whole.1)
    }

    /// “3 May”, “the 3rd of May 2023”, “3. Mai”, “3-7 May”, “le 1er mai”.
    pub(super) fn day_of_month(&self, c: Cursor) -> Read {
        let day = |it| match it {
            Kind::Ordinal(number) => Some(i64::from(number)),
            _ => small_number(it, 31),
        };
        let (first, mut after) = self.take(c, day)?;
        let past_sign = |c: Cursor| self.skip(self.maybe(self.maybe(c, Kind::Filler), Kind::Dot));
        let mut last = first;
        let joins = |it| matches!(it, Kind::Dash | Kind::To | Kind::And).then_some(());
        if let Some((_, next)) = self.take(past_sign(after), joins)
            && let Some((second, next)) = self.take(self.skip(next), day)
        {
            (last, after) = (second, next);
        }
        let (month, after) = self.take(past_sign(after), month)?;
        let ((year, which), after) = self.year_after(after);
        if last < first {
            return None;
        }
        Self::plain(self.days_of_month(year, month.0, (first, last), which)?, after)
    }

    /// From one day of a month to another of the same year.
    fn days_of_month(&self, year: Option<i64>, month: i64, (first, last): (i64, i64), which: Which) -> Option<Stretch> {
        let date = |year, day| self.calendar.date(year, month, day, which);
        let one = date(year, first)?;
        if let Some(other) = date(year.or_else(|| self.year_of(one)), last) {
            return Some(Stretch { until: other.until, ..one });
        }
        // 29 February tells which year it is.
        let other = date(year, last)?;
        Some(Stretch { until: other.until, ..date(self.year_of(other), first)? })
    }

    /// “May 2023”, “May 3rd, 2023”, “May 3–7”, “last May”, “mai dernier”, “in May”.
    pub(super) fn month(&self, c: Cursor, prefixed: bool) -> Read {
        let which_before = self.take(c, which);
        let start = which_before.map_or(c, |(_, after)| self.skip(after));
        let ((number, weak), after) = self.take(start, month)?;
        let sure = prefixed || which_before.is_some() || !weak;
        let capital = self.tokens.get(start.at).is_some_and(|it| it.capital);
        let after = if weak { self.maybe(after, Kind::Dot) } else { after };
        if let Some((first, next)) = self.take(after, |it| small_number(it, 31)).filter(|_| sure || capital)
            && !self.is(next.at, |it| matches!(it, Kind::Unit(_) | Kind::Units(_) | Kind::MonthMark))
        {
            let next = self.maybe(next, Kind::Filler);
            let joins = |it| matches!(it, Kind::Dash | Kind::To | Kind::And).then_some(());
            let second = self.take(next, joins).and_then(|(_, after)| self.take(after, |it| small_number(it, 31)));
            let (last, next) = second.filter(|it| it.0 > first).unwrap_or((first, next));
            let ((year, which), after) = self.year_after(next);
            return Self::plain(self.days_of_month(year, number, (first, last), which)?, after);
        }
        let joins = |it| matches!(it, Kind::Dash | Kind::To | Kind::And).then_some(());
        if let Some((_, next)) = self.take(after, joins).filter(|_| prefixed)
            && let Some(((second, _), next)) = self.take(self.skip(next), month)
        {
            let ((year, which), after) = self.year_after(next);
            let last = self.calendar.months_of(second, 1, year, which, Grain::Month)?;
            let count = (second - number).rem_euclid(12);
            let first =
                self.calendar.months_of(second - count, 1, year.or_else(|| self.year_of(last)), which, Grain::Month)?;
            return Self::plain(Stretch { since: first.since, ..last }, after);
        }
        let ((year, mut which), after) = self.year_after(after);
        let mut after = after;
        if let Some((said, _)) = which_before {
            which = said;
        }
        if year.is_none()
            && let Some(next) = self.romance_last(after)
        {
            (which, after) = (Which::Last, next);
        }
        if !sure && year.is_none() && which == Which::Latest {
            return None;
        }
        let stretch = self.calendar.months_of(number, 1, year, which, Grain::Month)?;
        Self::plain(stretch, after)
    }

    pub(super) fn year_of(&self, stretch: Stretch) -> Option<i64> {
        let at = jiff::Timestamp::from_millisecond(stretch.since?.saturating_add(DAY)).ok()?;
        Some(i64::from(at.to_zoned(jiff::tz::TimeZone::UTC).year()))
    }

    /// “dernier” and the like behind its noun.
    pub(super) fn romance_last(&self, c: Cursor) -> Option<Cursor> {
        let narrowed = Cursor { languages: c.languages & ROMANCE, ..c };
        self.take(narrowed, |it| matches!(it, Kind::Last | Kind::Previous).then_some(())).map(|(_, after)| after)
    }

    /// The year behind a month or a season, as a number or as “last year”; else the latest is meant.
    pub(super) fn year_after(&self, c: Cursor) -> ((Option<i64>, Which), Cursor) {
        let next = self.skip(self.maybe(c, Kind::Comma));
        let next = self.maybe(next, Kind::In);
        if let Some((year, after)) = self.year_number(self.skip(next)) {
            return ((Some(year), Which::Latest), after);
        }
        let this_year = i64::from(self.calendar.today.year());
        if let Some((_, after)) = self.units(next).filter(|it| it.0.stretch.grain == Grain::Year) {
            let this = self.is(next.at, |it| it == Kind::This);
            return ((Some(if this { this_year } else { this_year - 1 }), Which::Latest), after);
        }
        ((None, Which::Latest), c)
    }

    /// “Q2 2024”, “2024 Q2”, “the second quarter of 2024”, “Q2”.
    pub(super) fn quarter(&self, c: Cursor) -> Read {
        let named = |it| if let Kind::Quarter(number) = it { Some(i64::from(number)) } else { None };
        let (year, number, after) = if let Some((year, after)) = self.year_number(c) {
            let (number, after) = self.take(self.maybe(after, Kind::YearMark), named)?;
            (Some(year), number, after)
        } else if let Some((number, after)) = self.take(c, named) {
            (None, number, after)
        } else {
            let ordinal = |it| if let Kind::Ordinal(number) = it { Some(i64::from(number)) } else { None };
            let (number, after) = self.take(c, ordinal)?;
            (None, number, self.take_kind(after, Kind::Unit(Unit::Quarter))?)
        };
        let ((year, which), after) =
            if year.is_some() { ((year, Which::Latest), after) } else { self.year_after(after) };
        Self::plain(self.calendar.months_of(number * 3 - 2, 3, year, which, Grain::Quarter)?, after)
    }

    /// “last summer”, “l'été dernier”, “summer of 2023”, “in the summer”.
    pub(super) fn season(&self, c: Cursor, prefixed: bool) -> Read {
        let which_before = self.take(c, which);
        let this = self.take_kind(c, Kind::This);
        let start = which_before.map(|(_, after)| after).or(this).map_or(c, |it| self.skip(it));
        let (number, after) = self.take(start, season)?;
        let ((year, mut said), mut after) = self.year_after(after);
        if year.is_some() && self.take_kind(after, Kind::Slash).is_some() {
            after = self.take(Cursor { at: after.at + 1, ..after }, |it| small_number(it, 99)).map_or(after, |it| it.1);
        }
        if let Some((which, _)) = which_before {
            said = which;
        } else if year.is_none()
            && let Some(next) = self.romance_last(after)
        {
            (said, after) = (Which::Last, next);
        }
        // A framework is called Spring too, and `été` is also “been”.
        let name = number == 0 && after.languages & EN != 0 && self.tokens.get(start.at).is_some_and(|it| it.capital);
        let sure = year.is_some() || said != Which::Latest || this.is_some() || (prefixed && !name);
        sure.then(|| Self::plain(self.season_of(number, year, said)?, after)).flatten()
    }

    /// Spring begins in March; winter in December of its year.
    pub(super) fn season_of(&self, number: i64, year: Option<i64>, which: Which) -> Option<Stretch> {
        self.calendar.months_of(3 + 3 * number, 3, year, which, Grain::Quarter)
    }

    /// “yesterday”, “gestern Abend”, “this morning”, “last night”.
    pub(super) fn named_day(&self, c: Cursor) -> Read {
        let part = |it| if let Kind::Part(part) = it { Some(part) } else { None };
        let day = self.take(c, |it| if let Kind::Day(offset) = it { Some(offset) } else { None });
        if let Some((offset, after)) = day.filter(|_| !self.is_a_morning(c.at)) {
            let next = self.skip(self.maybe(self.maybe(after, Kind::In), Kind::Every));
            return match self.take(next, part) {
                Some((part, after)) => Self::plain(self.calendar.part(offset, part)?, after),
                None => Self::plain(self.calendar.day(offset)?, after),
            };
        }
        let (word, after) = self.take(c, |it| matches!(it, Kind::This | Kind::Last).then_some(it))?;
        let (part, after) = self.take(after, part)?;
        let night = part.1 > 24;
        match word {
            Kind::Last if night => Self::plain(self.calendar.part(-1, part)?, after),
            Kind::This => Self::plain(self.calendar.part(0, Part(part.0, part.1))?, after),
            _ => None,
        }
    }

    /// Whether the word at `at` is the morning and not tomorrow, which it means too: “am Morgen”, “por la mañana”.
    fn is_a_morning(&self, at: usize) -> bool {
        let before = at.checked_sub(1).is_some_and(|it| self.is(it, |it| matches!(it, Kind::Filler | Kind::On)));
        let begins = at.checked_sub(1).is_none_or(|it| self.is(it, |it| it == Kind::Dot));
        let is_noun = !begins && self.tokens.get(at).is_some_and(|it| it.capital);
        self.is(at, |it| matches!(it, Kind::Part(_))) && (before || is_noun)
    }

    /// “last Friday”, “vendredi dernier”, “on Monday”, “Tuesday of last week”.
    pub(super) fn weekday(&self, c: Cursor) -> Read {
        let named = |it| if let Kind::Weekday(number) = it { Some(number) } else { None };
        let which_before = self.take(c, which);
        let start = which_before.map_or(c, |(_, after)| after);
        let start = if which_before.is_none() { self.maybe(c, Kind::This) } else { start };
        let (number, after) = self.take(start, named)?;
        if let Some((_, after)) = self.units(self.skip(after)).filter(|it| it.0.shape == Shape::Last(Unit::Week)) {
            let monday = self.calendar.weekday(0, Which::Last)?;
            let this_monday = if self.calendar.today.weekday() == jiff::civil::Weekday::Monday { 0 } else { 7 };
            let shift = (i64::from(number) - this_monday) * DAY;
            let move_by = |it: Option<Millis>| it.map(|it| it.saturating_add(shift));
            return Self::plain(
                Stretch { since: move_by(monday.since), until: move_by(monday.until), grain: Grain::Day },
                after,
            );
        }
        let (which, after) = match (which_before, self.romance_last(after)) {
            (Some((which, _)), _) => (Some(which), after),
            (None, Some(after)) => (Some(Which::Last), after),
            (None, None) => (None, after),
        };
        let plain = if self.calendar.looks_ahead() { Which::Next } else { Which::Last };
        let stretch = self.calendar.weekday(number, which.unwrap_or(plain))?;
        let shape = if which.is_none() { Shape::Weekday } else { Shape::Plain };
        Some((Found { stretch, shape }, after))
    }

    pub(super) fn bare_year(&self, c: Cursor, prefixed: bool) -> Read {
        let (year, after) = self.year_number(c).filter(|_| prefixed)?;
        let counts = self.is(after.at, |it| matches!(it, Kind::Unit(_) | Kind::Units(_) | Kind::Dot | Kind::Slash));
        let inside = counts && (self.adjacent(c.at) || !self.is(after.at, |it| it == Kind::Dot));
        // `2026-13-45` has the form of a day and is none: it is no year either.
        let glued = (c.at..c.at + 4).all(|it| self.adjacent(it));
        let sign = |at: usize| self.is(at, |it| it == Kind::Dash);
        let inside = inside || (glued && sign(after.at) && sign(after.at + 2));
        let after = self.maybe(after, Kind::YearMark);
        (!inside).then(|| Self::plain(self.calendar.year(year)?, after)).flatten()
    }

    pub(super) fn year_number(&self, c: Cursor) -> Option<(i64, Cursor)> {
        self.take(c, |it| match it {
            Kind::Number(year @ 1900..=2100, 4) => Some(i64::from(year)),
            _ => None,
        })
    }
}

/// The day and the month of `28/11` and of `11/28`; none of `3/4`, which is either, and of `24/7`, which is always.
fn day_of_pair(first: i64, second: i64) -> Option<(i64, i64)> {
    match (first > 12, second > 12) {
        (true, false) if (first, second) != (24, 7) => Some((first, second)),
        (false, true) => Some((second, first)),
        (false, false) if first == second => Some((first, second)),
        _ => None,
    }
}

fn small_number(kind: Kind, most: u32) -> Option<i64> {
    match kind {
        Kind::Number(number, width) if (1..=most).contains(&number) && width <= 2 => Some(i64::from(number)),
        _ => None,
    }
}

fn month(kind: Kind) -> Option<(i64, bool)> {
    if let Kind::Month(number, weak) = kind { Some((i64::from(number), weak)) } else { None }
}

fn season(kind: Kind) -> Option<i64> {
    if let Kind::Season(number) = kind { Some(i64::from(number)) } else { None }
}

fn third(kind: Kind) -> Option<i64> {
    if let Kind::Third(number) = kind { Some(i64::from(number)) } else { None }
}

fn which(kind: Kind) -> Option<Which> {
    match kind {
        Kind::Last | Kind::Past => Some(Which::Last),
        Kind::Next => Some(Which::Next),
        _ => None,
    }
}
