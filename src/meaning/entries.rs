//! Values that stand side by side though both have a number: entries of one list, prices by the month and by the year.

use super::sides::UNITS;
use super::sides::dimension;
use super::sides::is_quantity;
use super::tables::PREPOSITIONS;
use super::value::is_time;
use super::values;

/// Spans of time for which something is paid: by the month and by the year are two prices.
pub(super) const PERIODS: &[&str] = &[
    "month", "months", "monthly", "year", "years", "yearly", "annually", "week", "weekly", "day", "daily", "hour",
    "hourly", "weekdays", "weekends", "monat", "jahr", "woche", "tag", "stunde", "mois", "an", "semaine", "jour",
    "heure", "mes", "año", "semana", "día", "hora",
];

/// Whether both are entries of one list, each about something else: `lunch 12.50 EUR` and `taxi 23 EUR`, `30 on staging` and
/// `60 on production`. Both have a number or a time, and what stands beside it has no word in common.
pub(super) fn are_two_entries(old: &str, new: &str) -> bool {
    let is_said = |it: &&str| {
        it.contains(char::is_alphabetic)
            && !is_quantity(it)
            && !it.bytes().any(|it| it.is_ascii_digit())
            && dimension(&[it]).is_none()
            && !UNITS.contains(it)
            && !PERIODS.contains(it)
            && !PREPOSITIONS.contains(it)
    };
    let beside = |value: &str| -> Option<Vec<String>> {
        let parts: Vec<String> = value.split(' ').map(str::to_owned).collect();
        let has_number = parts.iter().any(|it| it.bytes().any(|it| it.is_ascii_digit()) || values::is_clock(it));
        (has_number && !is_time(&parts)).then(|| parts.into_iter().filter(|it| is_said(&it.as_str())).collect())
    };
    let (Some(one), Some(other)) = (beside(old), beside(new)) else { return false };
    !one.is_empty() && !other.is_empty() && !one.iter().any(|it| other.contains(it))
}

/// Whether both name a span of time, and not the same.
pub(super) fn differ_in_period(old: &str, new: &str) -> bool {
    let spans =
        |it: &str| -> Vec<String> { it.split(' ').filter(|it| PERIODS.contains(it)).map(str::to_owned).collect() };
    // `30 days` and `2 weeks` are lengths: nothing but the number stands beside them.
    let is_length = |it: &str| it.split(' ').count() <= 2 && !it.contains(['$', '€', '£']);
    let (one, other) = (spans(old), spans(new));
    let are_lengths = is_length(old) && is_length(new);
    !one.is_empty() && !other.is_empty() && one != other && !are_lengths
}
