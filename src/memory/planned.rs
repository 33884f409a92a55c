//! Finds what memories say of a time: of one to come (`the dentist is on 28 November`), however long ago that was told, and of a
//! day that is past (`Incident 2026-10-02`), whenever that was.

use std::sync::LazyLock;

use crate::clock::Millis;
use crate::dates;
use crate::dates::DAY;
use crate::dates::Grain;
use crate::dates::Mention;
use crate::dates::Names;
use crate::store::Field;
use crate::store::MemoryReader;
use crate::store::StoreError;

/// Newest memories with a word for the time that are read: some 10 µs each.
const LOOKED_AT: usize = 1_000;

/// Plans of one time that are shown at most.
const MOST: usize = 200;

/// Bytes of a memory that are read: what is longer is no note of a plan.
const BEGINNING: usize = 2_000;

/// What comes every year; a day and a month beside it are of every year.
const YEARLY: &[&str] = &[
    "birthday",
    "anniversary",
    "every year",
    "geburtstag",
    "hochzeitstag",
    "jedes jahr",
    "anniversaire",
    "chaque année",
    "tous les ans",
    "cumpleaños",
    "aniversario",
    "cada año",
    "生日",
    "誕生日",
    "每年",
    "毎年",
];

const HALF_A_YEAR: Millis = 183 * DAY;

/// Further than days are named by the day on which it is said.
const FAR: Millis = 70 * DAY;

/// What tells of something past: `we went hiking on Saturday`. Forms that are nothing else in their language, no word of
/// another, and tell of no plan, as those do that make or move one: `booked`, `hice una reserva`, `war am Montag und ist jetzt`.
const WENT: &str = "went,had,got,met,saw,did,ate,came,took,left,\
    ich war,war ich,wir waren,waren wir,war bei,ging,gingen,gegangen,kamen,traf,trafen,fuhr,fuhren,aßen,gewesen,étions,allé,\
    allée,allés,allées,fui,fuimos,estuve,estuvo,estuvimos,estuvieron,comí,comió,comimos";

/// The same in the scripts without spaces.
const WENT_UNSPACED: &[&str] = &["去了", "吃了", "见了", "でした"];

/// [`WENT`] between spaces.
static WENT_BETWEEN_SPACES: LazyLock<Vec<String>> =
    LazyLock::new(|| WENT.split(',').map(|it| format!(" {it} ")).collect());

/// Times of a question of which plans are looked for.
const TIMES: usize = 8;

/// The memories that are meant and say of a day of `times` from that of `now` on, in the order of those days.
pub(super) fn planned(reader: &MemoryReader<'_>, times: &[Mention], now: Millis) -> Result<Vec<i64>, StoreError> {
    let today = now - now.rem_euclid(DAY);
    let ahead = times.iter().filter_map(|it| {
        let beside = beside(it);
        Some(((it.since? - beside).max(today), it.until? + beside, it))
    });
    let mut found = said_of(reader, ahead.collect(), |it| vec![it.dates, it.relative, it.lengths], day_of)?;
    found.sort_unstable();
    found.truncate(MOST);
    Ok(found.into_iter().map(|it| it.1).collect())
}

/// The memories that are meant and name a day of `times` before that of `now`, by its date, the latest first.
pub(super) fn past(reader: &MemoryReader<'_>, times: &[Mention], now: Millis) -> Result<Vec<i64>, StoreError> {
    let today = now - now.rem_euclid(DAY);
    let back = times.iter().filter_map(|it| Some((it.since?, it.until.unwrap_or(today).min(today), it)));
    let mut found = said_of(reader, back.collect(), |it| vec![it.dates], past_day_of)?;
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(MOST);
    Ok(found.into_iter().map(|it| it.1).collect())
}

/// The memories that are meant and say of a day of `stretches`, each with the day that `day_of` reads; `words` are those by
/// which the index proposes them.
fn said_of(
    reader: &MemoryReader<'_>,
    mut stretches: Vec<(Millis, Millis, &Mention)>,
    words: impl Fn(Names) -> Vec<Vec<String>>,
    day_of: impl Fn(&str, Millis, &Mention, (Millis, Millis)) -> Option<Millis>,
) -> Result<Vec<(Millis, i64)>, StoreError> {
    stretches.retain(|it| it.0 < it.1);
    stretches.sort_by_key(|it| (it.0, it.1));
    stretches.dedup_by_key(|it| (it.0, it.1));
    stretches.truncate(TIMES);
    let mut found: Vec<(Millis, i64)> = Vec::new();
    let glances = reader.glances()?;
    for (since, until, time) in stretches {
        let mut seqs = Vec::new();
        for words in words(dates::names(since, until)) {
            seqs.extend(reader.with_words(Field::Text, &words, i64::MAX, LOOKED_AT)?);
        }
        seqs.sort_unstable();
        seqs.dedup();
        for seq in seqs {
            let day = glances.at(seq, |glance| {
                let told = glance.occurred_at.unwrap_or(glance.created_at);
                let means = reader.filter().means(glance);
                means.then(|| day_of(glance.content, told, time, (since, until))).flatten()
            })?;
            found.extend(day.flatten().map(|it| (it, seq)));
        }
    }
    Ok(found)
}

/// How far beside a day another may be meant: what is in two weeks is so by and large.
fn beside(time: &Mention) -> Millis {
    match time.grain {
        Grain::Week if is_a_day(time) => 3 * DAY,
        Grain::Month if is_a_day(time) => 15 * DAY,
        _ => 0,
    }
}

/// Whether it is one day, or less.
pub(super) fn is_a_day(time: &Mention) -> bool {
    time.since.zip(time.until).is_some_and(|it| it.1 - it.0 <= DAY)
}

/// Whether a text in lower case tells of something past.
fn is_past(lower: &str) -> bool {
    let words = lower.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty());
    let words = format!(" {} ", words.collect::<Vec<_>>().join(" "));
    WENT_BETWEEN_SPACES.iter().any(|it| words.contains(it)) || WENT_UNSPACED.iter().any(|it| lower.contains(it))
}

/// The first moment from `since` until before `until` that a text told at `told` names, as finely as the question did.
fn day_of(content: &str, told: Millis, asked: &Mention, stretch: (Millis, Millis)) -> Option<Millis> {
    let text = beginning(content);
    let lower = text.to_lowercase();
    // A day and a month come again; `tomorrow` of back then does not, and is read as of long before the days asked for.
    let from = if YEARLY.iter().any(|it| lower.contains(it)) { told.max(stretch.0 - FAR) } else { told };
    let named = if is_past(&lower) { dates::find(text, from) } else { dates::find_ahead(text, from) };
    first_of(&named, asked, stretch)
}

/// The same of a day that is past now. Where the text does not say whether it was then, a day without a year is the one that is
/// nearer to when it was told.
fn past_day_of(content: &str, told: Millis, asked: &Mention, stretch: (Millis, Millis)) -> Option<Millis> {
    let text = beginning(content);
    let was = is_past(&text.to_lowercase());
    let ahead = if was { Vec::new() } else { dates::find_ahead(text, told) };
    let mut named = dates::find(text, told);
    named.retain(|it| was || ahead.contains(it) || it.since.is_some_and(|since| told - since < HALF_A_YEAR));
    named.extend(ahead);
    first_of(&named, asked, stretch)
}

fn beginning(content: &str) -> &str {
    content.get(..content.floor_char_boundary(BEGINNING)).unwrap_or_default()
}

/// The first moment of the stretch that one of `named` is of.
fn first_of(named: &[Mention], asked: &Mention, (since, until): (Millis, Millis)) -> Option<Millis> {
    let moment = |it: &Mention| match (it.since, it.until) {
        (Some(begin), Some(end)) => (begin < until && since < end).then(|| begin.max(since)),
        // `by Friday` ends with it.
        (None, Some(end)) => Some(end - 1),
        (begin, None) => begin,
    };
    let moments = named.iter().filter(|it| it.grain <= asked.grain || is_a_day(it)).filter_map(moment);
    moments.filter(|it| (since..until).contains(it)).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    /// Whether a text told on `told` says of the time that is asked for on Saturday, 28 November 2026.
    #[track_caller]
    fn check(asked: &str, told: &str, content: &str, expected: bool) {
        let at = |it: &str| clock::parse(it).unwrap();
        let now = at("2026-11-28T09:00:00Z");
        let asked = dates::find_ahead(asked, now).remove(0);
        let stretch = (asked.since.unwrap() - beside(&asked), asked.until.unwrap() + beside(&asked));
        assert_eq!(day_of(content, at(told), &asked, stretch).is_some(), expected, "{content}");
    }

    #[test]
    fn a_text_says_of_a_day_as_it_stood_when_it_was_told() {
        for (told, content) in [
            ("2026-03-01", "Dentist on 28 November at 10"),
            ("2026-11-27", "The movers come tomorrow"),
            ("2026-11-25", "The report is due by Saturday"),
            ("2026-11-01", "Zahnarzt am 28.11. um 10 Uhr"),
            ("2026-10-01", "Réunion le 28 novembre"),
            ("2026-10-01", "La boda es el 28 de noviembre de 2026"),
            ("2026-10-01", "The fair is open from 26 to 30 November"),
            ("2019-05-01", "Mia's birthday is on 28 November"),
            ("2026-11-14", "The audit is in two weeks"),
            ("2026-11-25", "Der Maler kommt in drei Tagen"),
            ("2026-11-21", "Le plombier vient dans une semaine"),
            ("2026-11-14", "La auditoría es dentro de dos semanas"),
            ("2026-11-14", "两周后开会"),
            ("2026-11-25", "3日後に引っ越します"),
            ("2026-11-01", "11月28日去看牙医"),
            ("2026-11-01", "十一月二十八日去看牙医"),
            ("2026-11-24", "星期六去爬山"),
            ("2019-05-01", "妈妈的生日是11月28日"),
            ("2026-11-01", "Zahnarzt am 28.11 um 10 Uhr"),
            ("2026-11-01", "Zahnarzt am 28. November"),
            ("2026-11-01", "Dentist 28/11 at 10"),
            ("2026-11-01", "Dentist on 11/28"),
            ("2026-11-01", "I bought tickets for 28 November"),
            ("2026-11-01", "Hice una reserva para el 28 de noviembre"),
            ("2026-11-01", "Ich hatte den Zahnarzt auf den 28. November verschoben"),
            ("2026-11-24", "La réunion était lundi, elle est samedi"),
            ("2026-11-01", "歯医者を11月28日に予約しました"),
            ("2026-11-01", "我买了11月28日的火车票"),
        ] {
            check("today", told, content, true);
        }
        for (told, content) in [
            ("2026-11-20", "The movers come tomorrow"),
            ("2026-09-01", "Mia's birthday is tomorrow"),
            ("2026-11-22", "We went hiking on Saturday"),
            ("2026-11-22", "Wir waren am Samstag wandern"),
            ("2026-11-22", "Samedi, nous étions malades"),
            ("2026-11-22", "El sábado fuimos al cine"),
            ("2026-11-22", "星期六去了公园"),
            ("2026-11-14", "We did it in two weeks"),
            ("2026-11-01", "28.11 is the version"),
            ("2026-11-01", "Room 28/11/4 is free"),
            ("2026-11-10", "The report is due by Saturday"),
            ("2025-03-01", "Dentist on 28 November at 10"),
            ("2026-11-01", "We went to Rome on 28 November 2025"),
            ("2026-11-01", "The fair is in November"),
            ("2026-11-01", "Version 28.11.2 is out"),
            ("2026-11-01", "Dentist on 29 November at 10"),
        ] {
            check("today", told, content, false);
        }
        check("tomorrow", "2026-11-01", "Dentist on 29 November at 10", true);
        for asked in ["on 3 April", "on 4 March"] {
            check(asked, "2026-11-01", "Dentist 3/4 at 10", false);
        }
        check("on 24 July", "2026-11-01", "Support is there 24/7", false);
        check("on 3 March", "2026-11-01", "Dentist 3/3 at 10", true);
        check("in two weeks", "2026-11-01", "The audit is on 11 December", true);
        check("in two weeks", "2026-11-01", "The audit is on 20 December", false);
        check("next week", "2026-11-26", "The audit is next week", true);
        check("next week", "2026-11-26", "The audit is on 4 December", true);
        check("on Friday", "2026-11-26", "The audit is on 4 December", true);
        check("next month", "2026-06-01", "The fair is in December", true);
    }
}
