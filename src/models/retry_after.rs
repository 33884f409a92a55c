//! How long a provider asks to wait, read from the headers of its refusal.
//!
//! Dates are compared with the reply's own `Date` header: no clock of ours is asked, and one that is wrong does no harm.
//! Without that header nobody knows how long a date is away, so it is too long to be waited for, and is said as it came.

use std::time::Duration;

use hyper::header::HeaderMap;
use jiff::Timestamp;

/// A wait of which nothing is known but that it is too long: no call waits for it, and no pause is kept of it.
pub(super) const TOO_LONG: Duration = Duration::MAX;

/// The wait that `headers` ask for: `retry-after-ms`, else `retry-after` (seconds or a date), else the latest reset of
/// a limit that has nothing left.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let until = |at: Timestamp| match text("date").and_then(date) {
        Some(now) => Duration::try_from(at.duration_since(now)).unwrap_or_default(),
        None => TOO_LONG,
    };

    if let Some(wait) = text("retry-after-ms").and_then(|it| it.parse::<f64>().ok()) {
        return seconds(wait / 1e3);
    }
    if let Some(wait) = text("retry-after") {
        return match wait.parse::<f64>() {
            Ok(wait) => seconds(wait),
            Err(_) => date(wait).map(until),
        };
    }
    LIMITS
        .iter()
        .filter(|(remaining, _)| text(remaining) == Some("0"))
        .filter_map(|(_, reset)| text(reset))
        .filter_map(|reset| span(reset).or_else(|| reset.parse().ok().map(until)))
        .max()
}

/// The latest time that `headers` name for the next try, as they name it: a wait of days says less to a person.
pub(super) fn named_time(headers: &HeaderMap) -> Option<Timestamp> {
    let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    let resets = LIMITS.iter().filter(|it| text(it.0) == Some("0")).filter_map(|it| text(it.1)?.parse().ok());
    text("retry-after").and_then(date).or_else(|| resets.max())
}

fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text.trim()).ok().map(|at| at.timestamp())
}

/// So many seconds; more than can be counted are [`TOO_LONG`], less than none are no wish.
pub(super) fn seconds(wait: f64) -> Option<Duration> {
    (wait >= 0.0).then(|| Duration::try_from_secs_f64(wait).unwrap_or(TOO_LONG))
}

/// What is left of a limit, and when it is whole again: OpenAI's as `6m0s`, Anthropic's as RFC 3339.
const LIMITS: [(&str, &str); 5] = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
];

/// Reads `1h2m3.5s` or `20ms`.
pub(super) fn span(text: &str) -> Option<Duration> {
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        seconds += number
            * match &rest[..letters] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                _ => return None,
            };
        rest = &rest[letters..];
    }
    self::seconds(seconds)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn every_form_of_the_wish_to_wait_is_read() {
        let date = ("date", "Fri, 20 Nov 2026 10:00:00 GMT");
        for (headers, wait) in [
            (vec![("retry-after", "7")], Some(7.0)),
            (vec![("retry-after-ms", "250"), ("retry-after", "1")], Some(0.25)),
            (vec![("retry-after", "Fri, 20 Nov 2026 10:00:09 GMT"), date], Some(9.0)),
            (vec![("retry-after", "Fri, 20 Nov 2026 09:00:00 GMT"), date], Some(0.0)),
            (vec![("retry-after", "Fri, 20 Nov 2026 10:00:09 GMT")], Some(f64::INFINITY)),
            (vec![("retry-after", "1e300")], Some(f64::INFINITY)),
            (vec![("retry-after", "-3")], None),
            (vec![("retry-after", "NaN")], None),
            (vec![("retry-after", "soon")], None),
            (vec![("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "6m0s")], Some(360.0)),
            (vec![("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "20ms")], Some(0.02)),
            (vec![("x-ratelimit-remaining-tokens", "9"), ("x-ratelimit-reset-tokens", "6m0s")], None),
            (
                vec![
                    ("anthropic-ratelimit-requests-remaining", "0"),
                    ("anthropic-ratelimit-requests-reset", "2026-11-20T10:00:30Z"),
                    date,
                ],
                Some(30.0),
            ),
            (vec![], None),
        ] {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            assert_eq!(retry_after(&map), wait.and_then(seconds), "{headers:?}");
        }
    }
}
