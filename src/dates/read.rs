//! Reads times out of the words: small patterns, tried at every word, the widest first.

use super::Grain;
use super::Mention;
use super::Range;
use super::calendar::Calendar;
use super::calendar::Stretch;
use super::calendar::Which;
use super::calendar::length;
use super::words;
use super::words::EN;
use super::words::Kind;
use super::words::Languages;
use super::words::Part;
use super::words::ROMANCE;
use super::words::Token;
use super::words::Unit;
use crate::clock::Millis;

/// The largest number of units that is read; beyond it lies no memory.
const MOST_UNITS: u32 = 9999;

/// “the last days”, “recent weeks”: how many that is.
const SOME: u32 = 3;

/// Where a pattern stands, and the languages that all its words so far are of.
#[derive(Clone, Copy)]
struct Cursor {
    at: usize,
    languages: Languages,
}

/// What a comparison needs to know of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Plain,
    /// A day of the week without “last” or “since”.
    Weekday,
    /// “this week”.
    This(Unit),
    /// “last week”.
    Last(Unit),
    /// “the previous week”: last week, or the one before the time named elsewhere, and its length.
    Previous(Millis),
    /// “the week before”, “the one before”: only beside another time. Its length where it is said.
    Prior(Option<Millis>),
    /// “the 7 before”: of the units that were named elsewhere.
    PriorCount(u32),
}

#[derive(Clone, Copy)]
struct Found {
    stretch: Stretch,
    shape: Shape,
}

type Read = Option<(Found, Cursor)>;

struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Token],
    calendar: &'a Calendar,
    /// Whether 05/07 is the seventh of May.
    month_first: bool,
}

/// Every time in `text`.
pub(super) fn mentions(text: &str, calendar: &Calendar) -> Vec<Mention> {
    let tokens = words::tokens(text);
    let found = Reader::new(text, &tokens, calendar).all();
    let real = found.into_iter().filter(|(_, _, it)| !matches!(it.shape, Shape::Prior(_) | Shape::PriorCount(_)));
    let mention = |(start, end, found): (usize, usize, Found)| Mention {
        start,
        end,
        since: found.stretch.since,
        until: found.stretch.until,
        grain: found.stretch.grain,
    };
    real.map(mention).collect()
}

/// The one range of a question, and where the later of two periods in it begins.
pub(super) fn range(text: &str, calendar: &Calendar) -> (Range, Option<Millis>) {
    let tokens = words::tokens(text);
    let reader = Reader::new(text, &tokens, calendar);
    let all: Vec<Found> = reader.all().into_iter().filter(|it| reader.asks(it.0, it.1)).map(|it| it.2).collect();
    let habit = tokens.iter().any(|it| it.senses.iter().any(|it| it.kind == Kind::Weekdays));
    let weekdays = all.iter().filter(|it| it.shape == Shape::Weekday).count();
    let base: Vec<Found> = all
        .iter()
        .filter(|it| !matches!(it.shape, Shape::Prior(_) | Shape::PriorCount(_)))
        .filter(|it| it.shape != Shape::Weekday || (weekdays == 1 && !habit))
        .copied()
        .collect();
    compared(&all, &base, calendar.now)
}

/// One range over all that is compared.
fn compared(all: &[Found], base: &[Found], now: Millis) -> (Range, Option<Millis>) {
    for found in base {
        if let Shape::This(unit) = found.shape {
            let other = |it: &Found| match it.shape {
                Shape::Last(last) => last == unit,
                Shape::Previous(_) | Shape::Prior(_) => true,
                _ => false,
            };
            if all.iter().any(other) {
                let back = |count| Some(now.saturating_sub(length(count, unit)));
                return (Range { since: back(2), until: Some(now) }, back(1));
            }
        }
    }
    // “the previous week” is last week unless another time is named.
    let named: Vec<&Found> = base.iter().filter(|it| !matches!(it.shape, Shape::Previous(_))).collect();
    let mut middle = None;
    let (mut since, mut until) = match named.as_slice() {
        [] => match base {
            [first, ..] => (first.stretch.since, first.stretch.until),
            [] => return (Range::default(), None),
        },
        [first, others @ ..] => {
            let mut ends = (first.stretch.since, first.stretch.until);
            for other in others {
                if let (Some(since), Some(until)) = (other.stretch.since, other.stretch.until) {
                    ends = (ends.0.map(|it| it.min(since)), ends.1.map(|it| it.max(until)));
                }
            }
            ends
        }
    };
    if let (Some(first), Some(last), [single]) = (since, until, named.as_slice()) {
        let own = last.saturating_sub(first);
        let prior = all.iter().find_map(|it| match it.shape {
            Shape::Previous(length) => Some(length),
            Shape::Prior(length) => Some(length.unwrap_or(own)),
            Shape::PriorCount(count) => Some(length(count, unit_of(single.stretch.grain))),
            _ => None,
        });
        if let Some(prior) = prior {
            since = Some(first.saturating_sub(prior));
            until = Some(last);
            middle = Some(first);
        }
    }
    (Range { since, until }, middle)
}

fn unit_of(grain: Grain) -> Unit {
    match grain {
        Grain::Hours => Unit::Hour,
        Grain::Day => Unit::Day,
        Grain::Week => Unit::Week,
        Grain::Month => Unit::Month,
        Grain::Quarter => Unit::Quarter,
        Grain::Year => Unit::Year,
    }
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, tokens: &'a [Token], calendar: &'a Calendar) -> Reader<'a> {
        let foreign: Languages = tokens
            .iter()
            .filter_map(|it| it.senses.first())
            .filter(|it| it.kind != Kind::Other && it.languages & EN == 0)
            .fold(0, |all, it| all | it.languages);
        Reader { text, tokens, calendar, month_first: foreign == 0 && text.is_ascii() }
    }

    /// Every time, with its bytes.
    fn all(&self) -> Vec<(usize, usize, Found)> {
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            let read = if token.senses.iter().all(|it| it.kind == Kind::Other) { None } else { self.mention(at) };
            match read {
                Some((found, after)) => {
                    let end = self.tokens.get(after.at.saturating_sub(1)).map_or(token.end, |it| it.end);
                    out.push((token.start, end, found));
                    at = after.at.max(at + 1);
                }
                None => at += 1,
            }
        }
        out
    }

    /// Whether the time between these bytes says when, and is no topic: words in quotes, “about last year's budget”.
    fn asks(&self, start: usize, end: usize) -> bool {
        let Some(first) = self.tokens.iter().position(|it| it.start == start) else { return true };
        let quoted = self.tokens.get(first).is_some_and(|it| it.quoted);
        let about = (1..=2).any(|back| first.checked_sub(back).is_some_and(|at| self.is(at, |it| it == Kind::About)));
        let owns = self.tokens.iter().any(|it| {
            it.start >= start
                && it.start <= end + 1
                && it.end - it.start == 1
                && it.senses[0].languages == EN
                && it.senses[0].kind == Kind::Filler
        });
        !(quoted || about && owns)
    }

    fn is(&self, at: usize, wanted: impl Fn(Kind) -> bool) -> bool {
        self.tokens.get(at).is_some_and(|it| it.senses.iter().any(|it| wanted(it.kind)))
    }

    /// The word at `c` read as `wanted`, and what follows it.
    fn take<T>(&self, c: Cursor, wanted: impl Fn(Kind) -> Option<T>) -> Option<(T, Cursor)> {
        let token = self.tokens.get(c.at)?;
        token.senses.iter().filter(|it| it.languages & c.languages != 0).find_map(|it| {
            let value = wanted(it.kind)?;
            Some((value, Cursor { at: c.at + 1, languages: c.languages & it.languages }))
        })
    }

    fn take_kind(&self, c: Cursor, kind: Kind) -> Option<Cursor> {
        self.take(c, |it| (it == kind).then_some(())).map(|(_, after)| after)
    }

    fn maybe(&self, c: Cursor, kind: Kind) -> Cursor {
        self.take_kind(c, kind).unwrap_or(c)
    }

    /// Past articles and the like, three at most.
    fn skip(&self, mut c: Cursor) -> Cursor {
        for _ in 0..3 {
            match self.take(c, |it| matches!(it, Kind::Filler | Kind::Of).then_some(())) {
                Some((_, after)) => c = after,
                None => break,
            }
        }
        c
    }

    fn adjacent(&self, at: usize) -> bool {
        let (Some(here), Some(next)) = (self.tokens.get(at), self.tokens.get(at + 1)) else { return false };
        here.end == next.start
    }

    fn mention(&self, at: usize) -> Read {
        let c = Cursor { at, languages: Languages::MAX };
        let before = |wanted: fn(Kind) -> bool| at.checked_sub(1).is_some_and(|it| self.is(it, wanted));
        if before(|it| matches!(it, Kind::Every | Kind::Whose)) {
            return None;
        }
        self.older(c)
            .or_else(|| self.ago_pair(c))
            .or_else(|| self.since(c))
            .or_else(|| self.bounded(c))
            .or_else(|| self.pair(c))
            .or_else(|| self.prior(c))
            .or_else(|| {
                let opens = |it| matches!(it, Kind::In | Kind::On | Kind::From | Kind::Between).then_some(());
                let preposition = self.take(c, opens);
                let inside = preposition.and_then(|(_, after)| self.point(self.skip(after), true));
                inside.or_else(|| self.point(c, false))
            })
            .map(|(found, after)| self.behind(found, after))
    }

    /// What stands behind a time and opens one of its ends (月曜日から).
    fn behind(&self, found: Found, c: Cursor) -> (Found, Cursor) {
        if let Some(after) = self.take_kind(c, Kind::SinceBehind) {
            return (self.open(found), after);
        }
        if let Some(after) = self.take_kind(c, Kind::BeforeBehind) {
            let stretch = Stretch { since: None, until: found.stretch.since, ..found.stretch };
            return (Found { stretch, shape: Shape::Plain }, after);
        }
        (found, c)
    }

    /// From the beginning of `found` on; statistics end now.
    fn open(&self, found: Found) -> Found {
        let until = self.calendar.is_rolling().then_some(self.calendar.now);
        Found { stretch: Stretch { until, ..found.stretch }, shape: Shape::Plain }
    }

    /// “older than 10 days”, “more than a month ago”, “vor mehr als zwei Wochen”, “10天以前”.
    fn older(&self, c: Cursor) -> Read {
        let plain = |since, until, unit| {
            let grain = super::calendar::grain(unit);
            Found { stretch: Stretch { since, until, grain }, shape: Shape::Plain }
        };
        let now = self.calendar.now;
        let limit = |count, unit| Some(now.saturating_sub(length(count, unit)));
        for (kind, older) in [(Kind::OlderThan, true), (Kind::NewerThan, false)] {
            if let Some(after) = self.take_kind(c, kind) {
                let after = self.take_kind(after, Kind::AgoBefore).unwrap_or(after);
                if let Some(((count, unit), after)) = self.amount(after) {
                    let until = (!older && self.calendar.is_rolling()).then_some(now);
                    let found = if older {
                        plain(None, limit(count, unit), unit)
                    } else {
                        plain(limit(count, unit), until, unit)
                    };
                    return Some((found, self.maybe(after, Kind::Ago)));
                }
                let (found, after) = self.point(self.skip(after), true)?;
                let stretch = Stretch { since: None, until: found.stretch.since, ..found.stretch };
                return Some((if older { Found { stretch, shape: Shape::Plain } } else { self.open(found) }, after));
            }
        }
        let prefix = self.take_kind(c, Kind::AgoBefore);
        let start = prefix.unwrap_or(c);
        for (kind, older) in [(Kind::MoreThan, true), (Kind::LessThan, false)] {
            let Some(after) = self.take_kind(start, kind) else { continue };
            let Some(((count, unit), after)) = self.amount(after) else { continue };
            let behind = self
                .take(after, |it| matches!(it, Kind::Ago | Kind::Old | Kind::BeforeBehind).then_some(()))
                .map(|(_, after)| after);
            let Some(after) = behind.or(prefix.map(|_| after)) else { continue };
            let until = self.calendar.is_rolling().then_some(now);
            let found =
                if older { plain(None, limit(count, unit), unit) } else { plain(limit(count, unit), until, unit) };
            return Some((found, after));
        }
        let ((count, unit), after) = self.amount(c)?;
        let after = self.take_kind(self.maybe(after, Kind::Ago), Kind::BeforeBehind)?;
        Some((plain(None, limit(count, unit), unit), after))
    }

    /// “between 20 and 10 days ago”, “vor 20 bis 10 Tagen”, “20日前から10日前まで”.
    fn ago_pair(&self, c: Cursor) -> Read {
        let word = |c: Cursor| self.take(c, |it| matches!(it, Kind::Between | Kind::From).then_some(())).map(|it| it.1);
        let opened = word(c);
        let mut start = opened.unwrap_or(c);
        let mut ago = false;
        if let Some(after) = self.take_kind(start, Kind::AgoBefore) {
            (start, ago) = (after, true);
            start = word(start).unwrap_or(start);
        }
        let (first, mut c) = self.number(start)?;
        let unit = self.unit(c).map(|(unit, after)| {
            c = after;
            unit
        });
        if let Some(after) = self.take_kind(c, Kind::Ago) {
            (c, ago) = (after, true);
        }
        let joins = |it| matches!(it, Kind::And | Kind::To | Kind::Dash | Kind::SinceBehind).then_some(());
        let (_, mut c) = self.take(c, joins)?;
        if let Some(after) = self.take_kind(c, Kind::AgoBefore) {
            (c, ago) = (after, true);
        }
        let (second, after) = self.number(c)?;
        let (second_unit, mut c) = self.unit(after)?;
        if let Some(after) = self.take_kind(c, Kind::Ago) {
            (c, ago) = (after, true);
        }
        if !ago {
            return None;
        }
        let first = amount_of(first, unit.unwrap_or(second_unit))?;
        let second = amount_of(second, second_unit)?;
        let (first, second) = (length(first.0, first.1), length(second.0, second.1));
        let grain = super::calendar::grain(second_unit);
        let stretch = self.calendar.back(first.max(second), first.min(second), grain);
        Some((Found { stretch, shape: Shape::Plain }, self.skip_fillers(c)))
    }

    /// まで, 之间 and the like after a pair.
    fn skip_fillers(&self, c: Cursor) -> Cursor {
        if c.languages & EN != 0 { c } else { self.maybe(c, Kind::Filler) }
    }

    /// “since Monday”, “seit drei Tagen”.
    fn since(&self, c: Cursor) -> Read {
        let after = self.skip(self.take_kind(c, Kind::Since)?);
        let after = self.maybe(after, Kind::AgoBefore);
        if let Some((found, after)) = self.point(after, true) {
            return Some((self.open(found), after));
        }
        let ((count, unit), after) = self.amount(after)?;
        let stretch = self.calendar.past(count, unit);
        Some((self.open(Found { stretch, shape: Shape::Plain }), after))
    }

    /// “before May”, “after last summer”, “until Friday”.
    fn bounded(&self, c: Cursor) -> Read {
        let (word, after) = self.take(c, |it| matches!(it, Kind::Before | Kind::After | Kind::Until).then_some(it))?;
        let after = self.skip(self.maybe(after, Kind::Of));
        let (found, after) = self.point(after, true)?;
        let Stretch { since, until, grain } = found.stretch;
        let stretch = match word {
            Kind::Before => Stretch { since: None, until: since, grain },
            Kind::After => {
                return Some((self.open(Found { stretch: Stretch { since: until, until, grain }, ..found }), after));
            }
            _ => Stretch { since: None, until, grain },
        };
        Some((Found { stretch, shape: Shape::Plain }, after))
    }

    /// “between March and May 2023”, “from Monday to Wednesday”, “2020–2022”.
    fn pair(&self, c: Cursor) -> Read {
        let opened = self.take(c, |it| matches!(it, Kind::Between | Kind::From).then_some(())).map(|it| it.1);
        let start = opened.unwrap_or(c);
        let (first, after) = self.point(self.skip(start), opened.is_some())?;
        let joins = |it| match it {
            Kind::And => opened.map(|_| ()),
            Kind::To | Kind::Dash | Kind::SinceBehind => Some(()),
            _ => None,
        };
        let (_, after) = self.take(after, joins)?;
        let (second, after) = self.point(self.skip(after), true)?;
        let (mut since, until) = (first.stretch.since?, second.stretch.until?);
        if since >= until && first.stretch.grain <= Grain::Quarter {
            // “from November to February”: the first one is a year earlier.
            since = since.saturating_sub(length(1, Unit::Year));
        }
        if since >= until {
            return None;
        }
        let stretch = Stretch { since: Some(since), until: Some(until), grain: first.stretch.grain };
        Some((Found { stretch, shape: Shape::Plain }, self.skip_fillers(after)))
    }

    /// “the week before”, “the 30 days prior”, “the one before”, beside another time.
    fn prior(&self, c: Cursor) -> Read {
        if !self.calendar.is_rolling() {
            return None;
        }
        let ends = |c: Cursor| {
            let (_, after) = self.take(c, |it| matches!(it, Kind::Before | Kind::Previous).then_some(()))?;
            let after = self.maybe(after, Kind::Filler);
            self.point(after, true).is_none().then_some(after).filter(|it| self.take_kind(*it, Kind::Last).is_none())
        };
        let found = |shape| {
            let stretch = Stretch { since: None, until: None, grain: Grain::Day };
            Found { stretch, shape }
        };
        if let Some((unit, after)) = self.take(c, |it| if let Kind::Prior(unit) = it { Some(unit) } else { None }) {
            return Some((found(Shape::Prior(Some(length(1, unit)))), after));
        }
        if let Some(after) = self.take_kind(c, Kind::Pronoun).and_then(ends) {
            return Some((found(Shape::Prior(None)), after));
        }
        if let Some(after) = self.take_kind(c, Kind::Previous)
            && let Some((shape, after)) =
                self.take_kind(after, Kind::Pronoun).map(|it| (Shape::Prior(None), it)).or_else(|| {
                    self.number(after)
                        .filter(|it| self.unit(it.1).is_none())
                        .and_then(|(it, after)| Some((Shape::PriorCount(it.0?), after)))
                })
        {
            return Some((found(shape), after));
        }
        if let Some(((count, unit), after)) = self.amount(c)
            && let Some(after) = ends(after)
        {
            return Some((found(Shape::Prior(Some(length(count, unit)))), after));
        }
        if let Some(((Some(count), _), after)) = self.number(c)
            && let Some(after) = ends(after)
        {
            return Some((found(Shape::PriorCount(count)), after));
        }
        let (unit, after) = self.unit(c)?;
        Some((found(Shape::Prior(Some(length(1, unit)))), ends(after)?))
    }

    /// A time by itself. `prefixed`: a word before it says that a time follows, so that `2022`, `May` or `spring` is one.
    fn point(&self, c: Cursor, prefixed: bool) -> Read {
        self.iso(c)
            .or_else(|| self.numeric(c))
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

    fn plain(stretch: Stretch, after: Cursor) -> Read {
        Some((Found { stretch, shape: Shape::Plain }, after))
    }

    /// `2023-05-07`, `2023/05/07`, `2023-05`.
    fn iso(&self, c: Cursor) -> Read {
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
    fn glued_before(&self, at: usize) -> bool {
        let before = self.tokens.get(at).and_then(|it| self.text.get(..it.start)).and_then(|it| it.chars().next_back());
        before.is_some_and(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '.' | '/' | '_'))
    }

    /// `07.05.2023`, `7/5/2023`.
    fn numeric(&self, c: Cursor) -> Read {
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

    /// `2023年5月7日`, `5月`, `去年5月`, `2022年`.
    fn marked(&self, c: Cursor) -> Read {
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
    fn year_marked(&self, c: Cursor) -> Option<(i64, Cursor)> {
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
    fn third(&self, c: Cursor) -> Read {
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
    fn day_of_month(&self, c: Cursor) -> Read {
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
        let one = self.calendar.date(year, month.0, first, which)?;
        if last == first {
            return Self::plain(one, after);
        }
        let other = self.calendar.date(year, month.0, last, which)?;
        Self::plain(Stretch { until: other.until, ..one }, after).filter(|_| first < last)
    }

    /// “May 2023”, “May 3rd, 2023”, “May 3–7”, “last May”, “mai dernier”, “in May”.
    fn month(&self, c: Cursor, prefixed: bool) -> Read {
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
            let one = self.calendar.date(year, number, first, which)?;
            let other = self.calendar.date(year, number, last, which)?;
            return Self::plain(Stretch { until: other.until, ..one }, after);
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

    fn year_of(&self, stretch: Stretch) -> Option<i64> {
        let at = jiff::Timestamp::from_millisecond(stretch.since?.saturating_add(super::DAY)).ok()?;
        Some(i64::from(at.to_zoned(jiff::tz::TimeZone::UTC).year()))
    }

    /// “dernier” and the like behind its noun.
    fn romance_last(&self, c: Cursor) -> Option<Cursor> {
        let narrowed = Cursor { languages: c.languages & ROMANCE, ..c };
        self.take(narrowed, |it| matches!(it, Kind::Last | Kind::Previous).then_some(())).map(|(_, after)| after)
    }

    /// The year behind a month or a season, as a number or as “last year”; else the latest is meant.
    fn year_after(&self, c: Cursor) -> ((Option<i64>, Which), Cursor) {
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
    fn quarter(&self, c: Cursor) -> Read {
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
    fn season(&self, c: Cursor, prefixed: bool) -> Read {
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
    fn season_of(&self, number: i64, year: Option<i64>, which: Which) -> Option<Stretch> {
        self.calendar.months_of(3 + 3 * number, 3, year, which, Grain::Quarter)
    }

    /// “yesterday”, “gestern Abend”, “this morning”, “last night”.
    fn named_day(&self, c: Cursor) -> Read {
        let part = |it| if let Kind::Part(part) = it { Some(part) } else { None };
        if let Some((offset, after)) = self.take(c, |it| if let Kind::Day(offset) = it { Some(offset) } else { None }) {
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

    /// “last Friday”, “vendredi dernier”, “on Monday”, “Tuesday of last week”.
    fn weekday(&self, c: Cursor) -> Read {
        let named = |it| if let Kind::Weekday(number) = it { Some(number) } else { None };
        let which_before = self.take(c, which);
        let start = which_before.map_or(c, |(_, after)| after);
        let start = if which_before.is_none() { self.maybe(c, Kind::This) } else { start };
        let (number, after) = self.take(start, named)?;
        if let Some((_, after)) = self.units(self.skip(after)).filter(|it| it.0.shape == Shape::Last(Unit::Week)) {
            let monday = self.calendar.weekday(0, Which::Last)?;
            let this_monday = if self.calendar.today.weekday() == jiff::civil::Weekday::Monday { 0 } else { 7 };
            let shift = (i64::from(number) - this_monday) * super::DAY;
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
        let stretch = self.calendar.weekday(number, which.unwrap_or(Which::Last))?;
        let shape = if which.is_none() { Shape::Weekday } else { Shape::Plain };
        Some((Found { stretch, shape }, after))
    }

    /// “last week”, “the past 30 days”, “les 7 derniers jours”, “el mes pasado”, “this year”.
    fn units(&self, c: Cursor) -> Read {
        let (found, after) = self.units_here(c)?;
        // “the last day of every month” is no time of its own.
        let of = self.take_kind(after, Kind::Of).map(|it| self.maybe(self.maybe(it, Kind::Filler), Kind::Number(1, 0)));
        let part = of.is_some_and(|it| {
            self.is(it.at, |it| {
                matches!(
                    it,
                    Kind::Month(..) | Kind::Season(_) | Kind::Unit(_) | Kind::Units(_) | Kind::Every | Kind::Whose
                ) || matches!(it, Kind::Number(_, 4))
            })
        });
        (!part).then_some((found, after))
    }

    fn units_here(&self, c: Cursor) -> Read {
        let which = |it| matches!(it, Kind::Last | Kind::Past | Kind::Previous | Kind::This | Kind::Next).then_some(it);
        if let Some((word, after)) = self.take(c, which) {
            // “últimas dos semanas”: its “dos” is a number here, and a word that may be skipped elsewhere.
            let after = if self.amount(after).is_some() { after } else { self.skip(after) };
            let after =
                self.take(after, |it| matches!(it, Kind::Past | Kind::Last).then_some(())).map_or(after, |it| it.1);
            if let Some(((count, unit), next)) = self.amount(after).filter(|_| word != Kind::Next && word != Kind::This)
            {
                return Some((self.counted(word, count, unit), next));
            }
            let (unit, next) = self.unit(after)?;
            let plural = self.is(after.at, |it| it == Kind::Units(unit));
            let romance = next.languages & !ROMANCE == 0;
            let shape = match word {
                Kind::This => Shape::This(unit),
                Kind::Last => Shape::Last(unit),
                Kind::Previous => Shape::Previous(length(1, unit)),
                _ => Shape::Plain,
            };
            let stretch = match word {
                Kind::This => self.calendar.unit(0, unit)?,
                Kind::Next => self.calendar.unit(1, unit)?,
                _ if plural => self.calendar.past(SOME, unit),
                Kind::Past => self.calendar.past(1, unit),
                Kind::Last if romance => self.calendar.past(1, unit),
                _ => self.calendar.unit(-1, unit)?,
            };
            return Some((Found { stretch, shape }, next));
        }
        // The number first: “die 30 letzten Tage”, “les 7 derniers jours”; behind: “dos semanas pasadas”.
        if let Some((amount, after)) = self.number(c) {
            if let Some((word, next)) =
                self.take(after, |it| matches!(it, Kind::Last | Kind::Previous | Kind::Past).then_some(it))
                && let Some((unit, next)) = self.unit(next)
            {
                let (count, unit) = amount_of(amount, unit)?;
                return Some((self.counted(word, count, unit), next));
            }
            let (unit, next) = self.unit(after)?;
            let word = if self.take_kind(next, Kind::Previous).is_some() { Kind::Previous } else { Kind::Last };
            let next = self.romance_last(next)?;
            let (count, unit) = amount_of(amount, unit)?;
            return Some((self.counted(word, count, unit), next));
        }
        let (unit, after) = self.unit(c)?;
        // “the week before last”
        if let Some(next) = self.take_kind(after, Kind::Before).and_then(|it| self.take_kind(it, Kind::Last)) {
            let stretch = match self.calendar.is_rolling() {
                true => self.calendar.ago(2, unit)?,
                false => self.calendar.unit(-2, unit)?,
            };
            return Self::plain(stretch, next);
        }
        let previous = self.take_kind(after, Kind::Previous).is_some();
        let next = self.romance_last(after)?;
        let stretch = self.calendar.unit(-1, unit)?;
        let shape = if previous { Shape::Previous(length(1, unit)) } else { Shape::Last(unit) };
        Some((Found { stretch, shape }, next))
    }

    fn counted(&self, word: Kind, count: u32, unit: Unit) -> Found {
        let shape = if word == Kind::Previous { Shape::Previous(length(count, unit)) } else { Shape::Plain };
        Found { stretch: self.calendar.past(count, unit), shape }
    }

    /// “two weeks ago”, “vor zwei Wochen”, “hace dos semanas”, “3天前”.
    fn ago(&self, c: Cursor) -> Read {
        if let Some(after) = self.take_kind(c, Kind::AgoBefore) {
            let ((count, unit), after) = self.amount(after)?;
            return Self::plain(self.calendar.ago(count, unit)?, after);
        }
        let ((count, unit), after) = self.amount(c)?;
        let after = self.take_kind(after, Kind::Ago)?;
        Self::plain(self.calendar.ago(count, unit)?, after)
    }

    fn bare_year(&self, c: Cursor, prefixed: bool) -> Read {
        let (year, after) = self.year_number(c).filter(|_| prefixed)?;
        let counts = self.is(after.at, |it| matches!(it, Kind::Unit(_) | Kind::Units(_) | Kind::Dot | Kind::Slash));
        let inside = counts && (self.adjacent(c.at) || !self.is(after.at, |it| it == Kind::Dot));
        let after = self.maybe(after, Kind::YearMark);
        (!inside).then(|| Self::plain(self.calendar.year(year)?, after)).flatten()
    }

    fn year_number(&self, c: Cursor) -> Option<(i64, Cursor)> {
        self.take(c, |it| match it {
            Kind::Number(year @ 1900..=2100, 4) => Some(i64::from(year)),
            _ => None,
        })
    }

    /// A number with its unit.
    fn amount(&self, c: Cursor) -> Option<((u32, Unit), Cursor)> {
        let (number, after) = self.number(c)?;
        let (unit, after) = self.unit(after)?;
        Some((amount_of(number, unit)?, after))
    }

    /// A number of units; the second says that it is half a one.
    fn number(&self, c: Cursor) -> Option<((Option<u32>, bool), Cursor)> {
        let c = self.maybe(c, Kind::Filler);
        let read = |c: Cursor| {
            self.take(c, |it| match it {
                Kind::Number(number, width) if (1..=MOST_UNITS).contains(&number) => Some((number, width)),
                _ => None,
            })
        };
        if let Some(after) = self.take_kind(c, Kind::Half) {
            return Some(((None, true), self.maybe(after, Kind::Number(1, 0))));
        }
        let ((number, width), after) = read(c)?;
        if number == 1
            && let Some(after) = self.take_kind(after, Kind::Half)
        {
            return Some(((None, true), after));
        }
        // “twenty-four”
        if width == 0
            && number >= 20
            && let Some(((ones @ 1..=9, 0), after)) = read(self.maybe(after, Kind::Dash))
        {
            return Some(((Some(number + ones), false), after));
        }
        Some(((Some(number), false), after))
    }

    /// A unit behind its number.
    fn unit(&self, c: Cursor) -> Option<(Unit, Cursor)> {
        let c = self.skip(self.maybe(c, Kind::Dash));
        self.take(c, |it| match it {
            Kind::Unit(unit) | Kind::Units(unit) => Some(unit),
            // 10日前, 3年
            Kind::DayMark => Some(Unit::Day),
            Kind::YearMark => Some(Unit::Year),
            _ => None,
        })
    }
}

/// Half a year is six months; a whole number stays with its unit.
fn amount_of(number: (Option<u32>, bool), unit: Unit) -> Option<(u32, Unit)> {
    match (number, unit) {
        ((Some(count), _), _) => Some((count, unit)),
        (_, Unit::Year) => Some((6, Unit::Month)),
        (_, Unit::Month) => Some((15, Unit::Day)),
        (_, Unit::Day) => Some((12, Unit::Hour)),
        (_, Unit::Hour) => Some((30, Unit::Minute)),
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
