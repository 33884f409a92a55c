//! What texts name which times.

use proptest::prelude::*;

use super::*;
use crate::clock;

/// A Saturday.
const NOW: &str = "2026-11-21T10:00:00Z";

fn now() -> Millis {
    clock::parse(NOW).unwrap()
}

/// The days of every time in `text`, as `since..until`, and its words.
fn named(text: &str) -> Vec<String> {
    let at = |it: Option<Millis>| {
        it.map_or(String::new(), |it| clock::format(it).replace("T00:00:00Z", "").replace(":00:00Z", "h"))
    };
    find(text, now())
        .iter()
        .map(|it| format!("{}..{} {}", at(it.since), at(it.until), &text[it.start..it.end]))
        .collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(named(text), expected, "{text}");
}

/// The range of a question in days from now, `-7..0`.
fn days(question: &str) -> String {
    let range = range(question, now());
    let day = |it: Option<Millis>| it.map_or(String::new(), |it| ((it - now()).div_euclid(DAY)).to_string());
    format!("{}..{}", day(range.since), day(range.until))
}

#[track_caller]
fn asks(expected: &str, questions: &[&str]) {
    let wrong: Vec<String> =
        questions.iter().filter(|it| days(it) != expected).map(|it| format!("{}: {it}", days(it))).collect();
    assert!(wrong.is_empty(), "not {expected}:\n{}", wrong.join("\n"));
}

#[test]
fn days_and_parts_of_days() {
    check("what did I say yesterday?", &["2026-11-20..2026-11-21 yesterday"]);
    check("the day before yesterday we met", &["2026-11-19..2026-11-20 day before yesterday"]);
    check("was war vorgestern", &["2026-11-19..2026-11-20 vorgestern"]);
    check("gestern Abend", &["2026-11-20T18h..2026-11-21 gestern Abend"]);
    check("this morning", &["2026-11-21T05h..2026-11-21T12h this morning"]);
    check("last night", &["2026-11-20T18h..2026-11-21T06h last night"]);
    check("avant-hier", &["2026-11-19..2026-11-20 avant-hier"]);
    check("les notes d'hier soir", &["2026-11-20T18h..2026-11-21 hier soir"]);
    check("昨天说了什么", &["2026-11-20..2026-11-21 昨天"]);
    check("一昨日の話", &["2026-11-19..2026-11-20 一昨日"]);
    check("ten days ago", &["2026-11-11..2026-11-12 ten days ago"]);
    check("Was steht morgen an?", &["2026-11-22..2026-11-23 morgen"]);
    check("Morgen früh um neun", &["2026-11-22T05h..2026-11-22T12h Morgen früh"]);
    check("¿qué tengo mañana por la tarde?", &["2026-11-22T12h..2026-11-22T18h mañana por la tarde"]);
    check("pasado mañana", &["2026-11-23..2026-11-24 pasado mañana"]);
    check("après-demain", &["2026-11-23..2026-11-24 après-demain"]);
    check("am Morgen, guten Morgen, por la mañana", &[]);
    check("Quels rendez-vous ai-je cette semaine ?", &["2026-11-16..2026-11-23 cette semaine"]);
}

#[test]
fn weeks_months_and_years_by_the_calendar() {
    for text in
        ["last week", "letzte Woche", "la semaine dernière", "la semana pasada", "上周", "先週", "la settimana scorsa"]
    {
        let found = find(text, now());
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].since.map(clock::format).as_deref(), Some("2026-11-09T00:00:00Z"), "{text}");
        assert_eq!(found[0].until.map(clock::format).as_deref(), Some("2026-11-16T00:00:00Z"), "{text}");
    }
    check("last month", &["2026-10-01..2026-11-01 last month"]);
    check("last quarter", &["2026-07-01..2026-10-01 last quarter"]);
    check("letztes Jahr", &["2025-01-01..2026-01-01 letztes Jahr"]);
    check("this year", &["2026-01-01..2027-01-01 this year"]);
    check("the week before last", &["2026-11-02..2026-11-09 the week before last"]);
    check("in the past two weeks", &["2026-11-07T10h..2026-11-21T10h in the past two weeks"]);
    check("in den letzten 30 Tagen", &["2026-10-22T10h..2026-11-21T10h in den letzten 30 Tagen"]);
    check("two weeks ago", &["2026-11-04..2026-11-11 two weeks ago"]);
    check("vor zwei Wochen", &["2026-11-04..2026-11-11 vor zwei Wochen"]);
    check("hace dos semanas", &["2026-11-04..2026-11-11 hace dos semanas"]);
    check("il y a deux semaines", &["2026-11-04..2026-11-11 il y a deux semaines"]);
    check("两周前", &["2026-11-04..2026-11-11 两周前"]);
    check("two years ago", &["2024-01-01..2025-01-01 two years ago"]);
    check("semaine prochaine", &["2026-11-23..2026-11-30 semaine prochaine"]);
    check("last weekend", &["2026-11-14..2026-11-16 last weekend"]);
}

#[test]
fn months_seasons_and_quarters() {
    check("in May", &["2026-05-01..2026-06-01 in May"]);
    check("in December", &["2025-12-01..2026-01-01 in December"]);
    check("last May", &["2026-05-01..2026-06-01 last May"]);
    check("in May 2023", &["2023-05-01..2023-06-01 in May 2023"]);
    check("im Mai letzten Jahres", &["2025-05-01..2025-06-01 im Mai letzten Jahres"]);
    check("en mai dernier", &["2026-05-01..2026-06-01 en mai dernier"]);
    check("en mayo de 2024", &["2024-05-01..2024-06-01 en mayo de 2024"]);
    check("2023年5月", &["2023-05-01..2023-06-01 2023年5月"]);
    check("去年5月", &["2025-05-01..2025-06-01 去年5月"]);
    check("early May 2023", &["2023-05-01..2023-05-11T08h early May 2023"]);
    check("Ende Mai", &["2026-05-21T16h..2026-06-01 Ende Mai"]);
    check("the second week of May", &["2026-05-08..2026-05-15 second week of May"]);
    check("last summer", &["2026-06-01..2026-09-01 last summer"]);
    check("last winter", &["2025-12-01..2026-03-01 last winter"]);
    check("l'été dernier", &["2026-06-01..2026-09-01 été dernier"]);
    check("去年夏天", &["2025-06-01..2025-09-01 去年夏天"]);
    check("summer of 2023", &["2023-06-01..2023-09-01 summer of 2023"]);
    check("Q2 2024", &["2024-04-01..2024-07-01 Q2 2024"]);
    check("the third quarter of 2024", &["2024-07-01..2024-10-01 third quarter of 2024"]);
    check("in 2022", &["2022-01-01..2023-01-01 in 2022"]);
    check("2022年に", &["2022-01-01..2023-01-01 2022年"]);
}

#[test]
fn dates_in_many_forms() {
    for text in [
        "2023-05-07",
        "2023/05/07",
        "7 May 2023",
        "May 7, 2023",
        "May 7th 2023",
        "the 7th of May 2023",
        "7. Mai 2023",
        "07.05.2023",
        "le 7 mai 2023",
        "el 7 de mayo de 2023",
        "2023年5月7日",
        "Sunday, 7 May 2023",
        "5/7/2023",
    ] {
        let found = find(text, now());
        let last = found.last().map(|it| (it.since, it.until));
        assert_eq!(last, Some((clock::parse("2023-05-07").ok(), clock::parse("2023-05-08").ok())), "{text}: {found:?}");
    }
    check("on 3 May", &["2026-05-03..2026-05-04 on 3 May"]);
    check("le 1er mai", &["2026-05-01..2026-05-02 le 1er mai"]);
    check("am 24. Dezember", &["2025-12-24..2025-12-25 am 24. Dezember"]);
    check("May 3-7", &["2026-05-03..2026-05-08 May 3-7"]);
    check("from 3 to 7 May 2023", &["2023-05-03..2023-05-08 from 3 to 7 May 2023"]);
}

#[test]
fn weekdays_and_open_ends() {
    check("on Monday", &["2026-11-16..2026-11-17 on Monday"]);
    check("last Saturday", &["2026-11-14..2026-11-15 last Saturday"]);
    check("vendredi dernier", &["2026-11-20..2026-11-21 vendredi dernier"]);
    check("Tuesday of last week", &["2026-11-10..2026-11-11 Tuesday of last week"]);
    check("since Monday", &["2026-11-16.. since Monday"]);
    check("seit drei Tagen", &["2026-11-18T10h.. seit drei Tagen"]);
    check("before May 2023", &["..2023-05-01 before May 2023"]);
    check("after last summer", &["2026-09-01.. after last summer"]);
    check("vor 2022", &["..2022-01-01 vor 2022"]);
    check("between March and May 2023", &["2023-03-01..2023-06-01 between March and May 2023"]);
    check("from November to February", &["2025-11-01..2026-03-01 from November to February"]);
    check("between 2020 and 2022", &["2020-01-01..2023-01-01 between 2020 and 2022"]);
    check("月曜日から", &["2026-11-16.. 月曜日から"]);
}

#[test]
fn what_is_no_time() {
    for text in [
        "",
        "you may 3 people",
        "we march on",
        "a second later",
        "since the last tag",
        "Spring Boot in Spring Security",
        "version 1.2.2023.4",
        "every Monday",
        "on Mondays",
        "what did the last call cost",
        "das steht hier im Ordner",
        "10 days",
        "the last day of every month",
        "a été dit",
        "once upon a time",
        "in 2000 lines of it, in 2000 days",
        "3f2023-05-07",
        "port 2022",
        "last but not least",
        "mid-size",
        "the 90s",
        "set a timer for 30 seconds",
    ] {
        let found: Vec<String> =
            named(text).into_iter().filter(|it| !it.contains("2000 of") && !it.ends_with("in 2000")).collect();
        assert_eq!(found, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn questions_about_statistics_count_whole_days_back() {
    asks(
        "-1..0",
        &[
            "what happened yesterday",
            "past 24 hours",
            "in den letzten 24 Stunden",
            "gestern",
            "昨天",
            "last twenty-four hours",
            "ayer",
            "Montre-moi les conversations d'hier",
        ],
    );
    asks(
        "-7..0",
        &[
            "last week",
            "past 7 days",
            "in the last seven days",
            "letzte Woche",
            "la semaine dernière",
            "上周",
            "先週",
            "过去7天",
            "過去7日間",
            "las últimas 7 días",
            "ces sept derniers jours",
            "last week's cost",
            "previous week",
            "last 7d",
            "最近一周",
        ],
    );
    asks(
        "-14..0",
        &["last fortnight", "past two weeks", "in the last couple of weeks", "les 14 derniers jours", "過去2週間"],
    );
    asks(
        "-30..0",
        &[
            "last month",
            "over the past 30 days",
            "im letzten Monat",
            "le mois dernier",
            "el último mes",
            "过去一个月",
            "先月",
            "上个月",
            "直近30日",
        ],
    );
    asks(
        "-90..0",
        &["last quarter", "past 3 months", "letztes Quartal", "les trois derniers mois", "上个季度", "過去3か月"],
    );
    asks("-365..0", &["past year", "last year", "last 12 months", "letztes Jahr", "去年", "l'année dernière"]);
    asks(
        "-20..-10",
        &[
            "between 20 and 10 days ago",
            "from 20 to 10 days ago",
            "zwischen vor 20 und vor 10 Tagen",
            "vor 20 bis 10 Tagen",
            "entre hace 20 y 10 días",
            "il y a entre 10 et 20 jours",
            "20到10天前",
            "20日前から10日前まで",
            "10 to 20 days ago",
        ],
    );
    asks(
        "..-10",
        &[
            "older than 10 days",
            "more than 10 days ago",
            "älter als 10 Tage",
            "vor mehr als 10 Tagen",
            "plus anciennes que 10 jours",
            "hace más de 10 días",
            "10天以前",
            "10日以上前",
            "over 10 days ago",
            "more than 10 days old",
        ],
    );
    asks("-2..-1", &["vorgestern", "the day before yesterday", "two days ago"]);
    asks("-5..0", &["less than 5 days ago", "seit 5 Tagen", "not older than 5 days"]);
}

#[test]
fn compared_periods_are_one_range() {
    asks(
        "-14..0",
        &[
            "last week vs the week before",
            "last 7 days against the 7 before that",
            "did errors rise last week compared to the previous week",
            "letzte Woche gegenüber der Vorwoche",
            "this week vs last week",
            "la semaine dernière par rapport à la précédente semaine",
            "上周和前一周相比",
            "last week versus the one before",
        ],
    );
    asks(
        "-60..0",
        &[
            "past 30 days against the 30 days before",
            "this month compared to last month",
            "last month or the month prior",
        ],
    );
}

#[test]
fn what_is_no_range() {
    asks(
        "..",
        &[
            "busiest hours",
            "on Mondays",
            "is monday busier than friday",
            "after their first month",
            "sessions longer than 2 days",
            "who came back within 3 days",
            "per week",
            "je Woche",
            "all asks that contain \"last week\"",
            "chats about last year's budget",
            "in the morning",
            "cost by month",
            "7-day retention",
            "their last week",
            "calls on 2026-13-45",
            "what was asked on 2023-02-31",
        ],
    );
}

#[test]
fn plans_name_the_next_of_what_comes_again() {
    for (text, expected) in [
        ("on Friday", "2026-11-27"),
        ("last Friday", "2026-11-20"),
        ("on 3 May", "2027-05-03"),
        ("on 21 November", "2026-11-21"),
        ("am 28.11. um zehn", "2026-11-28"),
        ("in December", "2026-12-01"),
        ("in May 2023", "2023-05-01"),
        ("yesterday", "2026-11-20"),
        ("next week", "2026-11-23"),
    ] {
        let since = find_ahead(text, now()).first().and_then(|it| it.since);
        assert_eq!(since, clock::parse(expected).ok(), "{text}");
    }
    assert_eq!(find_ahead("version 28.11.2", now()), []);
}

#[test]
fn what_comes_every_year_was_in_the_years_before() {
    for (text, years, expected) in [
        ("in May", 1, &["2025-05-01"][..]),
        ("in May", 3, &["2023-05-01"]),
        ("im Oktober", 2, &["2024-10-01"]),
        ("on 4 July", 1, &["2025-07-04"]),
        ("in May 2023", 1, &[]),
        ("last week, yesterday and last month", 1, &[]),
        ("last year", 1, &[]),
        ("", 1, &[]),
    ] {
        let found: Vec<String> = years_before(text, now(), years)
            .iter()
            .filter_map(|it| it.since)
            .map(|it| clock::format(it).chars().take(10).collect())
            .collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_is_since_a_time_to_come_has_no_end() {
    let in_the_year_five = -62_000_000_000_000;
    let range = range("since 2023", in_the_year_five);
    assert_eq!((range.since, range.until), (Some(1_672_531_200_000), None));
}

#[test]
fn days_of_a_month_are_of_one_year() {
    // 5 May 2026, in the midst of them.
    let at = 1_777_939_200_000;
    for text in ["3 to 7 May", "May 3 to 7"] {
        let range = range(text, at);
        assert_eq!((range.since, range.until), (Some(1_777_766_400_000), Some(1_778_198_400_000)), "{text}");
    }
    let leap = range("3 to 29 February", at);
    assert_eq!((leap.since, leap.until), (Some(1_706_918_400_000), Some(1_709_251_200_000)));
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "\\PC*") {
        for mention in find(&text, now()) {
            prop_assert!(text.get(mention.start..mention.end).is_some());
        }
        years_before(&text, now(), 2);
        range(&text, now());
    }

    #[test]
    fn words_of_time_in_any_order(
        words in prop::collection::vec(prop::sample::select(vec![
            "last", "the", "week", "of", "May", "2023", "3", "30", "days", "ago", "since", "between", "and", "before", "to",
            "vor", "zwei", "Wochen", "letzten", "dernier", "mois", "Q2", "summer", "Monday", "yesterday", "昨天", "5月", "-",
            "/", ".", "more than", "9999", "years", "previous", "first", "half", "older than", "去年", "日", "until", "29", "February", "months",
        ]), 0..14),
        now in prop::sample::select(vec![0, 1_795_000_000_000, i64::MIN, i64::MAX, -62_000_000_000_000, 253_402_207_200_000]),
    ) {
        let text = words.join(" ");
        let mut end = 0;
        for it in find(&text, now) {
            prop_assert!(it.start >= end && it.end > it.start && text.get(it.start..it.end).is_some());
            prop_assert!(it.since.is_some() || it.until.is_some());
            if let (Some(since), Some(until)) = (it.since, it.until) {
                prop_assert!(since < until || now.unsigned_abs() > 200_000_000_000_000, "{text}: {it:?}");
            }
            end = it.end;
        }
        let range = range(&text, now);
        if let (Some(since), Some(until)) = (range.since, range.until) {
            prop_assert!(since <= until || now.unsigned_abs() > 200_000_000_000_000, "{text}: {range:?}");
        }
    }
}

#[test]
fn a_huge_text_takes_time_by_its_length() {
    let text = "last the of between 3 to vor il y 一二三 2023-05 ".repeat(40_000);
    assert!(find(&text, now()).len() < text.len());
    let letters = "a".repeat(3_000_000) + &"一".repeat(500_000);
    assert!(find(&letters, now()).is_empty());
}
