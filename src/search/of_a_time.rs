//! Questions about a time and nothing else: `what happened yesterday?`, `last week`, `was war gestern los?`.
//!
//! No memory has a word of such a question, or only by chance (`Yesterday is a song`): it asks for what is of that time.

use super::stopwords::is_stopword;
use super::words::raw_words;
use crate::dates::Mention;

/// What such a question has besides its time and function words, in lower case: words for being, doing and telling, in the
/// languages in which times are read.
const SAID: &str = "what whats what's which happen happening occur going go on up do does doing anything something everything \
    things thing stuff list show tell give see find get look me us we i i'm am you my our it that there have has should need any \
    work working from of about please activities activity free busy events event \
    was ist los gibt es tun haben habe hat wir ich du etwas alles an am im in der die das den steht ansteht liegt muss müssen \
    machen erledigen zeig zeige mir mich uns unser meine bitte vor \
    que qu quoi quel qui quels quelles est s'est s sest ce c y a ai j'ai avons avez ont nous vous je j on moi mon mes dois devons \
    faire il passe t \
    qué que cosas se he hemos ha hay tengo tenemos tiene hacer debo nos me mi mis para \
    cosa che è c'è ho hai abbiamo \
    o \
    wat er is hebben we heb ik";

/// The same, of questions for what was: they ask for no plans.
const WAS: &str = "happened happens occurred went gone did done been was were new news note notes memory memories remember remembered \
    know known record recorded learn learned back talk talked talking discuss discussed speak spoke say said worked recap \
    summary summarize summarise \
    war waren passiert passierte geschah geschehen gab getan hatten neues gemacht gearbeitet besprochen gesprochen geredet \
    passé arrivé fait faites eu lieu parlé discuté travaillé neuf \
    pasó paso pasado ocurrió hice hicimos hiciste hizo hecho hubo nuevo hablamos hablado trabajamos fue \
    successo accaduto fatto parlato stato nuovo \
    aconteceu fiz fizemos feito foi falamos houve \
    gebeurd gebeurde gedaan besproken gesproken";

/// The same, of questions for what is to come.
const PLANNED: &str = "due planned plan plans scheduled schedule agenda calendar appointment appointments upcoming coming \
    fällig geplant vorgesehen termin termine kalender anstehend ansteht \
    prévu prévus prévue prévues programme rendez rdv \
    planeado planeados previsto prevista programado pendiente pendientes cita citas vence vencen toca";

/// What such a question is put together of in the scripts without spaces.
const SAID_UNSPACED: &str = "我们 我 有 什么 做 要 得 发生 了 的 事情 事 怎么样 吗 呢 都 是 会 安排 计划 日程 行程 打算 约会 \
    私たち 私 何 が あった ありました あります ある を した しました します する か の に は こと メモ 予定 です";

/// Those of them of a question for what is to come.
const PLANNED_UNSPACED: &[&str] = &["安排", "计划", "日程", "行程", "打算", "约会", "予定"];

/// The same, for what was.
const WAS_UNSPACED: &[&str] = &["了", "た"];

/// Whether `query` asks for what is of the `times` that it names, and for nothing else.
pub fn asks_for_a_time(query: &str, times: &[Mention]) -> bool {
    !times.is_empty() && !times.iter().any(|it| may_be_a_name(query, it)) && asked_besides(query, times).is_empty()
}

/// What a question about a time is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tense {
    /// What was, or was told, then.
    Past,
    /// Either.
    Open,
    /// What is to be then.
    Planned,
}

/// Whether a question about a time asks for what was or for what is to be.
pub fn tense(query: &str, times: &[Mention]) -> Tense {
    let lower = beside(query, times);
    // German `was` asks, English `was` tells of the past.
    let asks = |word: &str| word == "was" && lower.trim_start().starts_with("was ");
    let any = |parts: &[&str]| parts.iter().any(|it| lower.contains(it));
    if raw_words(&lower).any(|it| has(WAS, it) && !asks(it)) || any(WAS_UNSPACED) {
        Tense::Past
    } else if raw_words(&lower).any(|it| has(PLANNED, it)) || any(PLANNED_UNSPACED) {
        Tense::Planned
    } else {
        Tense::Open
    }
}

fn has(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|it| it == word)
}

/// Whether a time is one word of which the question asks what or who it is: `tell me about April`.
fn may_be_a_name(query: &str, time: &Mention) -> bool {
    let named = query.get(time.start..time.end).unwrap_or_default();
    let before = query.get(..time.start).unwrap_or_default().split_whitespace().next_back().unwrap_or_default();
    named.starts_with(char::is_uppercase)
        && named.chars().all(char::is_alphabetic)
        && ["about", "is", "who", "who's"].contains(&before.to_lowercase().as_str())
}

/// The words of `query`, in lower case, that say what it asks for besides the `times` that it names: `Ana` in `what did Ana do
/// yesterday`.
pub fn asked_besides(query: &str, times: &[Mention]) -> Vec<String> {
    let rest = beside(query, times);
    let is_said = |word: &&str| {
        let listed = [SAID, WAS, PLANNED].iter().any(|it| has(it, word));
        is_stopword(word) || listed || is_made_of(word, SAID_UNSPACED)
    };
    raw_words(&rest).filter(|it| !is_said(it)).map(str::to_owned).collect()
}

/// Whether `word` is some of `parts`, one after the other, the longest that fits first.
fn is_made_of(word: &str, parts: &str) -> bool {
    let mut rest = word;
    while !rest.is_empty() {
        let behind = parts.split_ascii_whitespace().filter_map(|it| rest.strip_prefix(it)).min_by_key(|it| it.len());
        match behind {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    true
}

/// `query` without the `times` that it names, in lower case.
fn beside(query: &str, times: &[Mention]) -> String {
    let mut rest = String::with_capacity(query.len());
    let mut from = 0;
    for time in times {
        rest.push_str(query.get(from..time.start).unwrap_or_default());
        rest.push(' ');
        from = time.end;
    }
    rest.push_str(query.get(from..).unwrap_or_default());
    rest.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dates;

    /// 2026-11-20T12:00:00Z, a Friday.
    const NOW: i64 = 1_795_176_000_000;

    #[track_caller]
    fn check(query: &str, expected: bool) {
        let times = dates::find(query, NOW);
        assert_eq!(asks_for_a_time(query, &times), expected, "{query}: {times:?}");
    }

    #[test]
    fn a_question_of_one_endless_word_is_read_to_its_end() {
        let query = format!("今天{}", "的".repeat(200_000));
        assert_eq!(asked_besides(&query, &dates::find(&query, NOW)), Vec::<String>::new());
    }

    #[test]
    fn questions_about_a_time_alone_are_told_from_those_about_something() {
        for query in [
            "what happened yesterday?",
            "What did we do yesterday",
            "yesterday",
            "2 weeks ago",
            "last week",
            "What did I do two weeks ago?",
            "what's on next week",
            "what did we talk about last Friday?",
            "anything new in October?",
            "what happened on November 20",
            "show me my notes from last month",
            "was war gestern los?",
            "Was haben wir letzte Woche gemacht?",
            "Que s'est-il passé hier ?",
            "¿Qué pasó ayer?",
            "¿Qué hicimos la semana pasada?",
            "cosa è successo ieri?",
            "昨天发生了什么",
            "我明天有什么安排？",
            "今天我要做什么",
            "明日の予定は何ですか",
            "11月28日有什么事",
            "昨日",
            "what is planned for today?",
            "what is on today",
            "what do I have tomorrow?",
            "what is due this week",
            "am I free tomorrow?",
            "Was steht morgen an?",
            "Was habe ich morgen vor?",
            "Welche Termine habe ich diese Woche?",
            "Was ist heute fällig?",
            "Qu'est-ce qui est prévu demain ?",
            "Qu'est-ce que j'ai demain ?",
            "Quels rendez-vous ai-je cette semaine ?",
            "¿Qué tengo mañana?",
            "¿Qué hay hoy?",
            "¿Qué tengo que hacer mañana?",
        ] {
            check(query, true);
        }
        for query in [
            "what did Ana do yesterday?",
            "which bugs did we fix last week",
            "Yesterday by the Beatles",
            "what happened to the printer",
            "what happened",
            "meeting last Friday",
            "tell me about April",
            "who is June",
            "the release in May",
            "wann war die Besprechung gestern",
            "what do I have for Ben tomorrow",
            "deadline next week",
            "明天去哪里",
            "昨天的会议",
            "",
        ] {
            check(query, false);
        }
    }

    #[test]
    fn what_was_is_told_from_what_is_to_be() {
        for (query, expected) in [
            ("what happened today", Tense::Past),
            ("what was on today", Tense::Past),
            ("今天发生了什么", Tense::Past),
            ("今日何をしましたか", Tense::Past),
            ("明天有什么安排", Tense::Planned),
            ("明日の予定は", Tense::Planned),
            ("今天有什么事", Tense::Open),
            ("what did I learn this week", Tense::Past),
            ("was war heute los", Tense::Past),
            ("Was haben wir heute gemacht?", Tense::Past),
            ("Qu'est-ce que nous avons fait aujourd'hui ?", Tense::Past),
            ("¿Qué hicimos hoy?", Tense::Past),
            ("what is on today", Tense::Open),
            ("Was ist heute los?", Tense::Open),
            ("today", Tense::Open),
            ("what is due on Friday", Tense::Planned),
            ("Welche Termine habe ich morgen?", Tense::Planned),
            ("Qu'est-ce qui est prévu demain ?", Tense::Planned),
            ("¿Qué citas tengo mañana?", Tense::Planned),
            ("¿Qué tengo pasado mañana?", Tense::Open),
            ("¿Qué ha pasado hoy?", Tense::Past),
        ] {
            assert_eq!(tense(query, &dates::find(query, NOW)), expected, "{query}");
        }
    }
}
