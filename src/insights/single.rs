//! Questions that want one thing, whichever type their words sound like: the dearest call, how many memories there are,
//! when somebody was here last.

use super::plan::COST;
use super::plan::DECISIONS;
use super::plan::Kind;
use super::plan::Signs;
use super::plan::Words;
use super::plan::names_a_group;
use super::question::Dimension;
use super::question::Question;

const MOST: Signs = &["=most", "=meisten", "=plus", "=más", "=mas", "=mais", "=più", "=meest", "最も", "一番"];
const DEAREST: Signs = &["priciest", "costliest", "dearest", "teuerst", "duurst", "最贵", "最高"];
const SLOWEST: Signs = &["slowest", "langsamst", "traagst", "最慢", "最も遅", "一番遅"];
/// Words for a call by itself.
const CALL: Signs = &[
    "=call",
    "=calls",
    "=question",
    "=questions",
    "=request",
    "=requests",
    "=ask",
    "=asks",
    "=answer",
    "=answers",
    "=query",
    "=queries",
    "=prompt",
    "=prompts",
    "=frage",
    "=fragen",
    "anfrage",
    "aufruf",
    "antwort",
    "requête",
    "=appel",
    "=appels",
    "réponse",
    "pregunta",
    "consulta",
    "llamada",
    "respuesta",
    "domanda",
    "domande",
    "richiest",
    "pergunta",
    "=vraag",
    "=vragen",
    "问题",
    "提问",
    "请求",
    "質問",
    "リクエスト",
];
const COUNT: Signs = &[
    "many",
    "=number",
    "=count",
    "=much",
    "=viele",
    "anzahl",
    "combien",
    "=nombre",
    "cuánt",
    "=quanti",
    "=quante",
    "quant",
    "hoeveel",
    "多少",
    "几条",
    "几个",
    "いくつ",
    "何件",
];
const MEMORIES: Signs = &[
    "=memories",
    "=remembered",
    "erinnerung",
    "souvenir",
    "recuerdo",
    "ricord",
    "memórias",
    "herinnering",
    "记忆",
    "記憶",
    "メモリ",
];
/// What is counted then is what was done with them.
const DONE: Signs = &["help", "useful", "used", "times", "often", "recalled", "forgot", "delet"];
const WHEN: Signs = &["=when", "=ago", "=time", "=wann", "=quand", "cuándo", "=quando", "=wanneer", "什么时候", "いつ"];
const LAST: Signs = &[
    "=last",
    "=latest",
    "=lastly",
    "=ago",
    "zuletzt",
    "=letzte",
    "=letzten",
    "dernière",
    "última",
    "=ultima",
    "laatst",
    "上次",
    "最后",
    "最後",
];
const HERE: Signs = &["=active", "=seen", "=online", "=around", "aktiv", "=actif", "activ", "attiv", "actief"];

/// The type and the table of what `text` asks for by itself.
pub(super) fn read(text: &str, read: &Question, kind: Kind) -> Option<(Kind, &'static str)> {
    let words = Words::of(text);
    let by_itself = words.any(CALL) && read.groups.is_empty() && !names_a_group(&words);
    if words.any(COUNT) && !words.any(DONE) {
        if words.any(MEMORIES) {
            return Some((Kind::History, "memories"));
        }
        if words.any(DECISIONS) {
            return Some((Kind::History, "decisions"));
        }
    }
    if by_itself && (words.any(DEAREST) || words.any(MOST) && words.any(COST)) {
        return Some((Kind::Performance, "dearest_calls"));
    }
    if by_itself && (words.any(SLOWEST) || words.any(&["=longest"]) && words.any(&["took", "=take"])) {
        return Some((Kind::Performance, "slowest_calls"));
    }
    // What was recorded under a name has it as a filter; a topic that was talked of last is looked for by its words.
    let of = |it: Dimension| !matches!(it, Dimension::Text | Dimension::Framework);
    let is_named = read.filters.iter().any(|it| of(it.dimension)) || words.any(HERE);
    if kind != Kind::History && is_named && read.range.since.is_none() && words.any(WHEN) && words.any(LAST) {
        return Some((Kind::History, "timeline"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::question;
    use super::super::question::Names;
    use super::*;

    #[test]
    fn one_thing_is_told_from_many() {
        let names = Names { users: vec!["ana".into()], models: vec!["gpt-5".into()], ..Names::default() };
        let table = |text: &str| {
            let question = question::read(text, 1_790_000_000_000, &names);
            read(text, &question, Kind::Engagement).map(|it| it.1)
        };
        for (text, expected) in [
            ("most expensive question", Some("dearest_calls")),
            ("which question cost the most last month?", Some("dearest_calls")),
            ("die teuerste Anfrage", Some("dearest_calls")),
            ("l'appel le plus cher", Some("dearest_calls")),
            ("which model has the most expensive calls", None),
            ("the most expensive calls by user", None),
            ("cost of the calls", None),
            ("the slowest call ever", Some("slowest_calls")),
            ("which request took longest", Some("slowest_calls")),
            ("slowest tools", None),
            ("how many memories do I have", Some("memories")),
            ("wie viele Erinnerungen kamen letzte Woche dazu?", Some("memories")),
            ("how many memories helped", None),
            ("how much memory does it use", None),
            ("how many decisions were made", Some("decisions")),
            ("when was ana last active", Some("timeline")),
            ("when was gpt-5 last used?", Some("timeline")),
            ("wann war ana zuletzt aktiv", Some("timeline")),
            ("when were we most active last month", None),
            ("when was the cache last cleared", None),
        ] {
            assert_eq!(table(text), expected, "{text}");
        }
    }
}
