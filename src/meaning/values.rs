//! Brings values into one form, so that two ways to write the same are equal: `May 3rd`, `3 May` and `2026-05-03`.

use super::words::Word;
use crate::dates::Called;
use crate::dates::MONTHS;
use crate::dates::WEEKDAYS;

/// The number of a month's name in English, German, French or Spanish.
#[inline(never)]
pub(super) fn month(low: &str) -> Option<u8> {
    number_in(&MONTHS, low)
}

/// The number of a weekday's name, Monday is 1.
#[inline(never)]
pub(super) fn weekday(low: &str) -> Option<u8> {
    number_in(&WEEKDAYS, low)
}

fn number_in(called: &[Called], low: &str) -> Option<u8> {
    let at = called.iter().position(|it| it.is(low))?;
    u8::try_from(at + 1).ok()
}

/// Numbers in words, up to twelve: what people write out. Those that are other words in another of the four languages
/// (`elf`, `once`, `neuf`) are not among them.
pub(super) fn number_word(low: &str) -> Option<&'static str> {
    const WORDS: &[(&str, &str)] = &[
        ("zero", "0"),
        ("one", "1"),
        ("two", "2"),
        ("three", "3"),
        ("four", "4"),
        ("five", "5"),
        ("six", "6"),
        ("seven", "7"),
        ("eight", "8"),
        ("nine", "9"),
        ("ten", "10"),
        ("eleven", "11"),
        ("twelve", "12"),
        ("dozen", "12"),
        ("zwei", "2"),
        ("drei", "3"),
        ("vier", "4"),
        ("fünf", "5"),
        ("sechs", "6"),
        ("sieben", "7"),
        ("acht", "8"),
        ("neun", "9"),
        ("zehn", "10"),
        ("zwölf", "12"),
        ("deux", "2"),
        ("trois", "3"),
        ("quatre", "4"),
        ("cinq", "5"),
        ("huit", "8"),
        ("dix", "10"),
        ("onze", "11"),
        ("douze", "12"),
        ("dos", "2"),
        ("tres", "3"),
        ("cuatro", "4"),
        ("cinco", "5"),
        ("seis", "6"),
        ("siete", "7"),
        ("ocho", "8"),
        ("nueve", "9"),
        ("diez", "10"),
        ("doce", "12"),
    ];
    WORDS.iter().find(|(word, _)| *word == low).map(|(_, number)| *number)
}

/// The articles of the four languages.
#[inline(never)]
pub(super) fn is_article(low: &str) -> bool {
    const ARTICLES: &[&str] = &[
        "the", "a", "an", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "le",
        "la", "les", "un", "une", "el", "los", "las", "una",
    ];
    ARTICLES.contains(&low)
}

/// The words of a value in one form: without articles, numbers as digits, parts of dates marked by what they are
/// (`y2026`, `m5`, `d3`, `w1`).
pub(super) fn normal(words: &[Word]) -> Vec<String> {
    let mut parts = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let low = word.low.as_str();
        // `Room A` is another one than `Room B`.
        let is_letter = at > 0 && word.raw == "A";
        // `the den` is a room, and no German article.
        let is_noun = matches!(low, "den" | "die") && at > 0 && words[at - 1].low == "the";
        if word.is_mark() || is_article(low) && !is_letter && !is_noun {
            continue;
        }
        if let Some((year, month, day)) = iso_date(low) {
            parts.extend([format!("y{year}"), format!("m{month}"), format!("d{day}")]);
            continue;
        }
        let near = |offset: isize| {
            let other = at.checked_add_signed(offset).and_then(|it| words.get(it));
            other.map(|it| it.low.as_str()).unwrap_or_default()
        };
        // `may` and `mar` are words, too: a month stands beside a number or alone.
        let beside_number = [-1, 1].iter().any(|it| day_number(near(*it)).is_some() || is_year(near(*it)))
            || ["of", "de"].contains(&near(-1)) && day_number(near(-2)).is_some();
        if let Some(month) = month(low)
            && (beside_number || words.len() == 1 || word.is_capital())
        {
            parts.push(format!("m{month}"));
        } else if let Some(day) = day_number(low).filter(|_| {
            [-1, 1].iter().any(|it| month(near(*it)).is_some())
                || (["of", "de"].contains(&near(1)) && month(near(2)).is_some())
                || low.ends_with(['t', 'd', 'h']) && words.len() <= 3
        }) {
            parts.push(format!("d{day}"));
        } else if is_year(low) && parts.last().is_some_and(|it| is_date_part(it)) {
            parts.push(format!("y{low}"));
        } else if let Some(day) = weekday(low).filter(|_| low.len() > 3 || word.is_capital()) {
            parts.push(format!("w{day}"));
        } else if let Some(number) = number_word(low) {
            parts.push(number.to_owned());
        } else if is_grouped_number(low) {
            parts.push(low.replace(',', ""));
        } else if (["of", "de", "le", "el", "am"].contains(&low)) && parts.last().is_some_and(|it| is_date_part(it)) {
        } else {
            parts.push(low.to_owned());
        }
    }
    parts
}

fn is_year(low: &str) -> bool {
    low.len() == 4 && low.starts_with(['1', '2']) && low.bytes().all(|it| it.is_ascii_digit())
}

fn day_number(low: &str) -> Option<u8> {
    let digits = low.trim_end_matches(|it: char| it.is_ascii_lowercase());
    if !["", "st", "nd", "rd", "th"].contains(&&low[digits.len()..]) {
        return None;
    }
    digits.parse().ok().filter(|it| (1..=31).contains(it))
}

/// `2026-05-03`, or `3.5.2026`.
fn iso_date(low: &str) -> Option<(u16, u8, u8)> {
    let fields = |by: char| -> Option<Vec<u16>> { low.split(by).map(|it| it.parse::<u16>().ok()).collect() };
    let (year, month, day) = match (fields('-').as_deref(), fields('.').as_deref()) {
        (Some([year, month, day]), _) if *year > 999 => (*year, *month, *day),
        (_, Some([day, month, year])) if *year > 999 => (*year, *month, *day),
        _ => return None,
    };
    let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some((year, month, day))
}

/// `1,000`, `12,500,000`.
fn is_grouped_number(low: &str) -> bool {
    let mut groups = low.split(',');
    let first = groups.next().unwrap_or_default();
    let digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    let mut rest = groups.peekable();
    (1..=3).contains(&first.len())
        && digits(first)
        && rest.peek().is_some()
        && rest.all(|it| it.len() == 3 && digits(it))
}

/// Whether `part` of a normal value is a part of a date.
#[inline(never)]
pub(super) fn is_date_part(part: &str) -> bool {
    let mut chars = part.chars();
    matches!(chars.next(), Some('y' | 'm' | 'd' | 'w'))
        && part.len() > 1
        && part.len() <= 5
        && chars.all(|it| it.is_ascii_digit())
}

/// Whether `part` is a time of day: `10:30`, `10am`, `noon`.
#[inline(never)]
pub(super) fn is_clock(part: &str) -> bool {
    if matches!(part, "noon" | "midnight" | "am" | "pm" | "a.m" | "p.m" | "uhr") {
        return true;
    }
    let base = part.trim_end_matches("am").trim_end_matches("pm").trim_end_matches('h');
    let digits = |it: &str| (1..=2).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_digit());
    match base.split_once(':') {
        Some((hours, minutes)) => digits(hours) && digits(minutes),
        None => base.len() < part.len() && digits(base),
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::sentences;
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = sentences(text, 1).first().map(|it| normal(&it.words).join(" ")).unwrap_or_default();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn ways_to_write_the_same_are_equal() {
        check("3 May", "d3 m5");
        check("the 3rd of May 2026", "d3 m5 y2026");
        check("May 3rd, 2026", "m5 d3 y2026");
        check("2026-05-03", "y2026 m5 d3");
        check("3.5.2026", "y2026 m5 d3");
        check("3. Mai", "d3 m5");
        check("el 3 de mayo", "d3 m5");
        check("Friday", "w5");
        check("March", "m3");
        check("two cats", "2 cats");
        check("1,000 euros", "1000 euros");
        check("may be", "may be");
        check("the Sun", "w7");
        check("a tea", "tea");
        check("version 3.5.1", "version 3.5.1");
        check("20 files", "20 files");
    }
}
