//! Reads times out of the words: small patterns, tried at every word, the widest first.

mod amounts;
mod points;

use self::amounts::amount_of;
use super::Grain;
use super::Mention;
use super::Range;
use super::calendar::Calendar;
use super::calendar::Stretch;
use super::calendar::length;
use super::tokens;
use super::tokens::Token;
use super::words::EN;
use super::words::Kind;
use super::words::Languages;
use super::words::Sense;
use super::words::Unit;
use crate::clock::Millis;

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
    let tokens = tokens::tokens(text);
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
    let tokens = tokens::tokens(text);
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
        // French “je” is no German “je Woche”.
        let languages =
            |at: usize| self.tokens.get(at).map_or(0, |it| it.senses.iter().fold(0, |all, it| all | it.languages));
        let before = at.checked_sub(1).and_then(|it| self.tokens.get(it));
        let is_habit = |it: &Sense| matches!(it.kind, Kind::Every | Kind::Whose) && it.languages & languages(at) != 0;
        if before.is_some_and(|it| it.senses.iter().any(is_habit)) {
            return None;
        }
        self.older(c)
            .or_else(|| self.ago_pair(c))
            .or_else(|| self.ahead(c))
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
        // Nothing has happened since a time that is still to come.
        let now = Some(self.calendar.now).filter(|now| found.stretch.since.is_none_or(|it| it <= *now));
        let until = now.filter(|_| self.calendar.is_rolling());
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
}
