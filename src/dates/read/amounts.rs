//! Times counted in units: “last week”, “the past 30 days”, “two weeks ago”.

use super::Cursor;
use super::Found;
use super::Read;
use super::Reader;
use super::Shape;
use crate::dates::calendar::length;
use crate::dates::words::Kind;
use crate::dates::words::ROMANCE;
use crate::dates::words::Unit;

/// The largest number of units that is read; beyond it lies no memory.
const MOST_UNITS: u32 = 9999;

/// “the last days”, “recent weeks”: how many that is.
const SOME: u32 = 3;

impl Reader<'_> {
    /// “last week”, “the past 30 days”, “les 7 derniers jours”, “el mes pasado”, “this year”.
    pub(super) fn units(&self, c: Cursor) -> Read {
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

    pub(super) fn units_here(&self, c: Cursor) -> Read {
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
        // “la semaine prochaine”
        if let Some(next) = self.take_kind(Cursor { languages: after.languages & ROMANCE, ..after }, Kind::Next) {
            return Self::plain(self.calendar.unit(1, unit)?, next);
        }
        let previous = self.take_kind(after, Kind::Previous).is_some();
        let next = self.romance_last(after)?;
        let stretch = self.calendar.unit(-1, unit)?;
        let shape = if previous { Shape::Previous(length(1, unit)) } else { Shape::Last(unit) };
        Some((Found { stretch, shape }, next))
    }

    pub(super) fn counted(&self, word: Kind, count: u32, unit: Unit) -> Found {
        let shape = if word == Kind::Previous { Shape::Previous(length(count, unit)) } else { Shape::Plain };
        Found { stretch: self.calendar.past(count, unit), shape }
    }

    /// “two weeks ago”, “vor zwei Wochen”, “hace dos semanas”, “3天前”.
    pub(super) fn ago(&self, c: Cursor) -> Read {
        if let Some(after) = self.take_kind(c, Kind::AgoBefore) {
            let ((count, unit), after) = self.amount(after)?;
            return Self::plain(self.calendar.ago(count, unit)?, after);
        }
        let ((count, unit), after) = self.amount(c)?;
        let after = self.take_kind(after, Kind::Ago)?;
        Self::plain(self.calendar.ago(count, unit)?, after)
    }

    /// “in two weeks”, “dans trois jours”, “两周后”, of plans: elsewhere it is how long something took.
    pub(super) fn ahead(&self, c: Cursor) -> Read {
        if !self.calendar.looks_ahead() {
            return None;
        }
        let said = self.tokens.get(c.at).and_then(|it| self.text.get(it.start..it.end)).map(str::to_lowercase);
        let opens = said.is_some_and(|it| ["in", "dans", "en", "dentro de", "em", "tra", "fra"].contains(&it.as_str()));
        let ((count, unit), after) = if opens {
            let (_, after) = self.take(c, |it| matches!(it, Kind::In | Kind::Between).then_some(()))?;
            self.amount(after)?
        } else {
            let (amount, after) = self.amount(c)?;
            (amount, self.take_kind(after, Kind::Later)?)
        };
        Self::plain(self.calendar.later(count, unit)?, after)
    }

    /// A number with its unit.
    pub(super) fn amount(&self, c: Cursor) -> Option<((u32, Unit), Cursor)> {
        let (number, after) = self.number(c)?;
        let (unit, after) = self.unit(after)?;
        Some((amount_of(number, unit)?, after))
    }

    /// A number of units; the second says that it is half a one.
    pub(super) fn number(&self, c: Cursor) -> Option<((Option<u32>, bool), Cursor)> {
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
    pub(super) fn unit(&self, c: Cursor) -> Option<(Unit, Cursor)> {
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
pub(super) fn amount_of(number: (Option<u32>, bool), unit: Unit) -> Option<(u32, Unit)> {
    match (number, unit) {
        ((Some(count), _), _) => Some((count, unit)),
        (_, Unit::Year) => Some((6, Unit::Month)),
        (_, Unit::Month) => Some((15, Unit::Day)),
        (_, Unit::Day) => Some((12, Unit::Hour)),
        (_, Unit::Hour) => Some((30, Unit::Minute)),
        _ => None,
    }
}
