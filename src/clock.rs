//! Now, and times as text. UTC milliseconds inside, RFC 3339 outside.
//!
//! Nothing else in the program asks the system for the time of day, so that a test can set it.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use jiff::Timestamp;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// Tells the time: the system's, or one that a test sets.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Set by the test that made the clock, read by everybody; `None` is the system's clock.
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// A clock that stands at `now` until [`Clock::advance`] moves it.
    pub fn fixed(now: Millis) -> Clock {
        Clock { fixed: Some(Arc::new(AtomicI64::new(now))) }
    }

    /// Now, in UTC milliseconds.
    pub fn now(&self) -> Millis {
        match &self.fixed {
            Some(now) => now.load(Ordering::Relaxed),
            None => Timestamp::now().as_millisecond(),
        }
    }

    /// Moves a fixed clock on by `by` milliseconds; the system's clock stays as it is.
    pub fn advance(&self, by: Millis) {
        if let Some(now) = &self.fixed {
            now.fetch_add(by, Ordering::Relaxed);
        }
    }
}

/// Reads an RFC 3339 time (`2026-11-20T09:30:00Z`, with any offset) or a plain date (`2026-11-20`, midnight UTC). A time
/// without an offset is taken for UTC.
///
/// # Errors
///
/// A sentence that shows the two forms, when `text` has neither.
pub fn parse(text: &str) -> Result<Millis, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    if let Ok(day) = text.parse::<jiff::civil::DateTime>()
        && let Ok(at) = day.to_zoned(jiff::tz::TimeZone::UTC)
    {
        return Ok(at.timestamp().as_millisecond());
    }
    // What databases write for `for ever` lies some hours past the last moment that a time zone can show.
    let is_end = text.starts_with("9999-12-30") || text.starts_with("9999-12-31");
    if is_end && text.trim_end_matches('Z').parse::<jiff::civil::DateTime>().is_ok() {
        return Ok(Timestamp::MAX.as_millisecond());
    }
    Err("a time such as 2026-11-20T09:30:00Z or a date such as 2026-11-20".to_owned())
}

/// Writes a time as RFC 3339 in UTC, with milliseconds only where there are any. A time outside the years
/// -9999..=9999 is written as the nearest one inside.
pub fn format(at: Millis) -> String {
    let nearest = if at < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(at).unwrap_or(nearest).to_string()
}

/// As [`format()`], always with milliseconds, so that times stand below each other.
pub fn format_even(at: Millis) -> String {
    format!("{:.3}", Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX))
}

/// The first moments of the UTC day and of the UTC month that `at` lies in.
pub fn day_and_month(at: Millis) -> (Millis, Millis) {
    let text = format(at);
    let start = |day: String| parse(&day).unwrap_or(at);
    let (Some(day), Some(month)) = (text.get(..10), text.get(..7)) else { return (at, at) };
    (start(day.to_owned()), start(format!("{month}-01")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_the_way_out_and_in() {
        for at in [0, 1, 1_700_000_000_123, -1, 253_402_207_200_000] {
            assert_eq!(parse(&format(at)), Ok(at));
        }
        assert_eq!(parse("2026-11-20"), parse("2026-11-20T00:00:00Z"));
        assert_eq!(parse("2026-11-20T01:00:00+01:00"), parse("2026-11-20"));
        assert_eq!(parse("2026-11-20T09:30:00"), parse("2026-11-20T09:30:00Z"));
        assert_eq!(parse("2026-11-20 09:30"), parse("2026-11-20T09:30:00Z"));
        for end in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z", "9999-12-31"] {
            assert_eq!(parse(end), Ok(Timestamp::MAX.as_millisecond()), "{end}");
        }
        assert!(parse("9999-12-31T25:00:00Z").is_err() && parse("9999-12-32").is_err());
        assert!(parse("yesterday").is_err());
        assert!(format(i64::MAX).starts_with("9999-"));
        assert!(format(i64::MIN).starts_with("-009999-"));
    }

    #[test]
    fn even_times_have_milliseconds() {
        assert_eq!(format_even(1_790_000_000_720), "2026-09-21T14:13:20.720Z");
        assert_eq!(format_even(1_790_000_000_000), "2026-09-21T14:13:20.000Z");
        assert_eq!(format_even(Millis::MIN), format_even(Millis::MAX));
    }

    #[test]
    fn days_and_months_begin_at_midnight() {
        let at = parse("2026-11-20T09:30:00Z").unwrap();
        assert_eq!(day_and_month(at), (parse("2026-11-20").unwrap(), parse("2026-11-01").unwrap()));
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let clock = Clock::fixed(5);
        assert_eq!((clock.now(), clock.now()), (5, 5));
        clock.advance(2);
        assert_eq!(clock.now(), 7);
    }
}
