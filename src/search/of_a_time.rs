//! Questions about a time and nothing else: `what happened yesterday?`, `last week`, `was war gestern los?`.
//!
//! No memory has a word of such a question, or only by chance (`Yesterday is a song`): it asks for what is of that time.

use super::stopwords::is_stopword;
use super::words::raw_words;
use crate::dates::Mention;

/// What such a question has besides its time and function words, in lower case: words for being, doing and telling, in the
/// languages in which times are read.
const SAID: &str = "what whats what's which happen happens happened happening occur occurred going went gone go on up do does did done doing \
    been new news anything something everything things thing stuff note notes memory memories event events remember remembered \
    know known record recorded learn learned list show tell give see find get look back me us we i you my our it that there \
    talk talked talking discuss discussed speak spoke say said work worked working from of about please recap summary \
    summarize summarise activities activity \
    was war waren ist los passiert passierte geschah geschehen gab gibt es gemacht getan tun haben habe hat hatten wir ich du \
    neues alles etwas an am im in der die das den gearbeitet besprochen gesprochen geredet steht ansteht zeig zeige mir bitte \
    que qu quoi quel qui est s'est s sest ce c passé passe arrivé fait faites eu lieu il y a ai avons avez ont nous vous je on \
    avons-nous parlé discuté travaillé y-a-t-il t quoi-de-neuf neuf \
    qué pasó pasado paso ocurrió hice hicimos hiciste hizo hecho hay hubo nuevo se he hemos ha hablamos hablado trabajamos fue \
    cosa che è successo accaduto abbiamo ho hai fatto parlato c'è stato nuovo \
    o aconteceu fiz fizemos feito foi falamos houve \
    wat er is gebeurd gebeurde gedaan hebben we heb ik besproken gesproken";

/// What is left of such a question in the scripts without spaces.
const SAID_UNSPACED: &[&str] = &[
    "发生了什么",
    "有什么",
    "做了什么",
    "我们做了什么",
    "我做了什么",
    "的事",
    "怎么样",
    "何があった",
    "何がありましたか",
    "何をした",
    "何をしましたか",
    "何があったか",
    "何が",
    "の",
    "に",
    "は",
    "のこと",
    "のメモ",
    "的",
];

/// Whether `query` asks for what is of the `times` that it names, and for nothing else.
pub fn asks_for_a_time(query: &str, times: &[Mention]) -> bool {
    !times.is_empty() && !times.iter().any(|it| may_be_a_name(query, it)) && asked_besides(query, times).is_empty()
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
    let mut rest = String::with_capacity(query.len());
    let mut from = 0;
    for time in times {
        rest.push_str(query.get(from..time.start).unwrap_or_default());
        rest.push(' ');
        from = time.end;
    }
    rest.push_str(query.get(from..).unwrap_or_default());
    let rest = rest.to_lowercase();
    let is_said = |word: &&str| {
        is_stopword(word) || SAID.split_ascii_whitespace().any(|it| it == *word) || SAID_UNSPACED.contains(word)
    };
    raw_words(&rest).filter(|it| !is_said(it)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dates;

    #[track_caller]
    fn check(query: &str, expected: bool) {
        // 2026-11-20T12:00:00Z, a Friday.
        let times = dates::find(query, 1_795_176_000_000);
        assert_eq!(asks_for_a_time(query, &times), expected, "{query}: {times:?}");
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
            "昨日",
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
            "what is planned for today?",
            "the release in May",
            "wann war die Besprechung gestern",
            "deadline next week",
            "",
        ] {
            check(query, false);
        }
    }
}
