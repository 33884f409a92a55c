//! The times of questions about statistics, in all languages, within sentences: each wording in each frame.

use proptest::prelude::*;

use super::DAY;
use super::range;
use crate::clock;
use crate::clock::Millis;

fn now() -> Millis {
    clock::parse("2026-11-21T10:00:00Z").unwrap()
}

/// The range in days from now, `-7..0`; an end that is no whole day is shown as it is.
fn days(question: &str) -> String {
    let range = range(question, now());
    let day = |at: Option<Millis>| match at {
        None => String::new(),
        Some(at) if (at - now()) % DAY == 0 => ((at - now()) / DAY).to_string(),
        Some(at) => clock::format(at),
    };
    format!("{}..{}", day(range.since), day(range.until))
}

const ENGLISH: &[&str] = &[
    "{}",
    "how many sessions {}?",
    "{}, what did each model cost",
    "asks with the coach persona {}, titles only",
    "Which provider failed most {}? We are thinking of changing it.",
];
const GERMAN: &[&str] = &["{}", "Wie viele Sitzungen {}?", "Welche Persona wurde {} am meisten genutzt?"];
const FRENCH: &[&str] = &["{}", "combien de sessions {} ?", "quel modèle était le plus cher {} ?"];
const SPANISH: &[&str] = &["{}", "¿cuántas sesiones {}?", "latencia por proveedor {}"];
const CHINESE: &[&str] = &["{}", "{}有多少次会话？", "{}哪个模型最贵"];
const JAPANESE: &[&str] = &["{}", "{}のセッション数は？", "{}、一番高いモデルはどれですか"];

const WORDINGS: &[(&[&str], &str, &[&str])] = &[
    (ENGLISH, "-1..0", &["yesterday", "in the past 24 hours", "over the last 24h", "during the last day"]),
    (
        ENGLISH,
        "-7..0",
        &["last week", "in the past week", "over the past 7 days", "since a week ago", "within the last seven days"],
    ),
    (
        ENGLISH,
        "-14..0",
        &[
            "in the past two weeks",
            "last fortnight",
            "over the last 14 days",
            "since 2 weeks ago",
            "the past fortnight",
        ],
    ),
    (
        ENGLISH,
        "-30..0",
        &["last month", "in the past 30 days", "over the last month", "during the past month", "since a month ago"],
    ),
    (ENGLISH, "-90..0", &["last quarter", "in the past 3 months", "over the past three months", "in the past 90 days"]),
    (ENGLISH, "-365..0", &["past year", "in the last 12 months", "over the past year", "in the past 365 days"]),
    (
        ENGLISH,
        "-20..-10",
        &["between 20 and 10 days ago", "from 20 days ago to 10 days ago", "between 10 and 20 days ago"],
    ),
    (ENGLISH, "..-10", &["older than 10 days", "more than ten days ago", "from before 10 days ago"]),
    (ENGLISH, "..-30", &["older than a month", "older than 30 days", "more than a month ago"]),
    (
        ENGLISH,
        "-60..0",
        &["in the past 60 days", "last month versus the month before", "the past 30 days against the 30 before"],
    ),
    (GERMAN, "-1..0", &["gestern", "in den letzten 24 Stunden"]),
    (GERMAN, "-7..0", &["letzte Woche", "in den letzten 7 Tagen", "in der vergangenen Woche", "in der letzten Woche"]),
    (GERMAN, "-14..0", &["in den letzten zwei Wochen", "in den vergangenen 14 Tagen"]),
    (GERMAN, "-30..0", &["letzten Monat", "im letzten Monat", "in den letzten 30 Tagen", "im vergangenen Monat"]),
    (GERMAN, "-90..0", &["im letzten Quartal", "in den letzten drei Monaten", "in den letzten 90 Tagen"]),
    (GERMAN, "-365..0", &["im letzten Jahr", "in den letzten 12 Monaten", "im vergangenen Jahr"]),
    (GERMAN, "-20..-10", &["zwischen vor 20 und vor 10 Tagen", "vor 20 bis 10 Tagen"]),
    (GERMAN, "..-10", &["älter als 10 Tage", "vor mehr als zehn Tagen"]),
    (FRENCH, "-1..0", &["hier", "ces dernières 24 heures", "au cours des dernières 24 heures"]),
    (
        FRENCH,
        "-7..0",
        &["la semaine dernière", "ces 7 derniers jours", "des 7 derniers jours", "au cours de la semaine dernière"],
    ),
    (
        FRENCH,
        "-14..0",
        &["ces deux dernières semaines", "les 14 derniers jours", "au cours des deux dernières semaines"],
    ),
    (
        FRENCH,
        "-30..0",
        &["le mois dernier", "ces 30 derniers jours", "au cours du dernier mois", "au cours du mois dernier"],
    ),
    (FRENCH, "-90..0", &["le trimestre dernier", "ces trois derniers mois", "au dernier trimestre"]),
    (FRENCH, "-365..0", &["l'année dernière", "ces 12 derniers mois"]),
    (FRENCH, "-20..-10", &["il y a entre 20 et 10 jours", "il y a entre 10 et 20 jours"]),
    (FRENCH, "..-10", &["il y a plus de 10 jours", "datant de plus de 10 jours"]),
    (SPANISH, "-1..0", &["ayer", "en las últimas 24 horas"]),
    (
        SPANISH,
        "-7..0",
        &["la semana pasada", "en los últimos 7 días", "en la última semana", "durante los últimos siete días"],
    ),
    (SPANISH, "-14..0", &["en las últimas dos semanas", "en los últimos 14 días"]),
    (SPANISH, "-30..0", &["el mes pasado", "en el último mes", "en los últimos 30 días"]),
    (SPANISH, "-90..0", &["el trimestre pasado", "en los últimos tres meses", "en el último trimestre"]),
    (SPANISH, "-365..0", &["el año pasado", "en los últimos 12 meses", "en el último año"]),
    (SPANISH, "-20..-10", &["entre hace 20 y 10 días", "entre hace 20 y hace 10 días"]),
    (SPANISH, "..-10", &["hace más de 10 días", "de hace más de 10 días"]),
    (CHINESE, "-1..0", &["昨天", "过去24小时", "最近24小时"]),
    (CHINESE, "-7..0", &["上周", "过去7天", "过去一周", "最近7天", "近七天", "上个星期"]),
    (CHINESE, "-14..0", &["过去两周", "最近14天", "最近两个星期"]),
    (CHINESE, "-30..0", &["上个月", "过去30天", "过去一个月", "最近一个月"]),
    (CHINESE, "-90..0", &["上个季度", "过去三个月", "最近90天"]),
    (CHINESE, "-365..0", &["去年", "过去一年", "最近12个月"]),
    (CHINESE, "-20..-10", &["20天前到10天前", "20到10天前"]),
    (CHINESE, "..-10", &["10天以前", "超过10天前"]),
    (JAPANESE, "-1..0", &["昨日", "過去24時間", "直近24時間"]),
    (JAPANESE, "-7..0", &["先週", "過去7日間", "直近1週間", "この1週間", "ここ7日間"]),
    (JAPANESE, "-14..0", &["過去2週間", "この二週間", "直近14日間"]),
    (JAPANESE, "-30..0", &["先月", "過去30日間", "この1か月", "過去1ヶ月", "直近30日"]),
    (JAPANESE, "-90..0", &["前四半期", "過去3か月", "過去3ヶ月", "この三か月"]),
    (JAPANESE, "-365..0", &["昨年", "去年", "過去1年", "この1年"]),
    (JAPANESE, "-20..-10", &["20日前から10日前まで"]),
    (JAPANESE, "..-10", &["10日以上前", "10日より前"]),
];

#[test]
fn each_wording_has_its_range_in_every_sentence() {
    let mut wrong = Vec::new();
    for (frames, expected, wordings) in WORDINGS {
        for wording in *wordings {
            for frame in *frames {
                let question = frame.replace("{}", wording);
                let found = days(&question);
                if found != *expected {
                    wrong.push(format!("{question}: {found}, not {expected}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_habit_a_time_of_day_and_a_measure_are_no_range() {
    let mut wrong = Vec::new();
    for question in [
        "sessions per day",
        "how many asks a week does a user make",
        "do we ask more on Mondays or on Fridays?",
        "is Tuesday livelier than Thursday",
        "who asks at night",
        "the busiest hour of the day",
        "when in the morning does it start",
        "after 6 pm",
        "between 9 and 5",
        "how many users came back after their first week",
        "sessions that lasted more than two hours",
        "sessions over in less than two minutes",
        "calls slower than 2 seconds",
        "a streak of 10 days",
        "retention after 30 days",
        "users who come at least three days a week",
        "gaps of more than a day between asks",
        "the slowest day",
        "which month had the most sessions",
        "weekly active users",
        "day by day",
        "the chats about yesterday's papers",
        "everything with the words \"past month\"",
        "number of days without any use",
        "how long did the longest day take",
        "wie viele Fragen pro Woche",
        "montags oder freitags?",
        "Sitzungen, die länger als eine Stunde dauern",
        "nach der ersten Woche",
        "abends nach 18 Uhr",
        "Nutzer je Monat",
        "combien de sessions par jour",
        "le lundi ou le vendredi ?",
        "après leur premier mois",
        "sessions de plus de deux heures",
        "les appels de plus de 2 secondes",
        "cuántas sesiones por semana",
        "los lunes o los viernes",
        "después del primer mes",
        "sesiones de más de dos horas",
        "每天的会话数",
        "周一还是周五更忙",
        "第一个月之后还回来的用户",
        "超过两小时的会话",
        "晚上有人用吗",
        "一日あたりのセッション数",
        "月曜と金曜ではどちらが多い",
        "最初の1か月の後に戻った人",
        "2時間以上のセッション",
        "夜に使う人は",
        "毎週何回使われますか",
    ] {
        let found = days(question);
        if found != ".." {
            wrong.push(format!("{question}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

proptest! {
    #[test]
    fn any_number_of_days_weeks_or_hours_is_counted_back(count in 2_i64..400, at in 0_usize..18) {
        let (frame, days_each) = [
            ("past {} days", 1), ("last {} weeks", 7), ("over the past {} months", 30), ("in den letzten {} Tagen", 1),
            ("in den letzten {} Wochen", 7), ("in den letzten {} Monaten", 30), ("ces {} derniers jours", 1),
            ("ces {} dernières semaines", 7), ("en los últimos {} días", 1), ("en las últimas {} semanas", 7),
            ("过去{}天", 1), ("最近{}周", 7), ("過去{}日間", 1), ("過去{}週間", 7), ("since {} days ago", 1),
            ("errors of the last {}d", 1), ("seit {} Tagen", 1), ("depuis {} jours", 1),
        ][at];
        // Twelve months are a year.
        prop_assume!(days_each != 30 || count < 12);
        let question = frame.replace("{}", &count.to_string());
        prop_assert_eq!(days(&question), format!("-{}..0", count * days_each), "{}", question);
    }

    #[test]
    fn two_numbers_of_days_are_a_range_in_whichever_order(one in 1_i64..300, other in 1_i64..300) {
        prop_assume!(one != other);
        let expected = format!("-{}..-{}", one.max(other), one.min(other));
        for frame in ["asks between {a} and {b} days ago", "il y a entre {a} et {b} jours", "entre hace {a} y {b} días"] {
            let question = frame.replace("{a}", &one.to_string()).replace("{b}", &other.to_string());
            prop_assert_eq!(days(&question), expected.clone(), "{}", question);
        }
    }
}
