//! Questions that want one thing, whichever type their words sound like: the dearest call, how many memories there are,
//! when somebody was here last.

use super::limits::Limits;
use super::plan::COST;
use super::plan::ERRORS;
use super::plan::Kind;
use super::plan::SPEED;
use super::plan::Signs;
use super::plan::TOKENS;
use super::plan::Words;
use super::plan::is_of;
use super::plan::names_a_group;
use super::question::Dimension;
use super::question::Question;

const MOST: Signs = &["=most", "=meisten", "=plus", "=más", "=mas", "=mais", "=più", "=meest"];
const DEAREST: Signs = &["priciest", "costliest", "dearest", "teuerst", "duurst", "最贵"];
/// Behind “most”, or before “the most”.
const DEAR: Signs = &["expensive", "costly", "cher", "chèr", "=caro", "=caros", "=cara", "=caras", "costos", "gekost"];
const COSTS: Signs = &["cost", "coût", "cust", "kost", "gekost"];
const BEFORE_MOST: Signs = &["=the", "=us", "=me", "=le", "=het", "=di", "=am"];
const SLOWEST: Signs = &["slowest", "langsamst", "traagst", "最慢", "最も遅", "一番遅"];
/// One number of many calls.
const AVERAGE: Signs = &["p50", "p90", "p95", "p99", "percentile", "median", "mean", "average"];
/// What calls are told apart by, other than what [`names_a_group`] knows.
const APART: Signs = &["strateg", "framework", "method", "namespace", "=type", "=types", "outcome"];
/// Before a time: then that is what is asked for.
const WHICH: Signs =
    &["which", "what", "welche", "=quel", "quelle", "=qué", "=que", "cuál", "=qual", "=quale", "welk", "=per", "=by"];
const TIMES: Signs = &[
    "hour",
    "day",
    "weekday",
    "week",
    "month",
    "quarter",
    "year",
    "stunde",
    "tag",
    "woche",
    "monat",
    "quartal",
    "jahr",
    "heure",
    "jour",
    "semaine",
    "mois",
    "hora",
    "día",
    "dia",
    "semana",
    "=mes",
    "mês",
    "giorno",
    "settimana",
    "mese",
    "=dag",
    "maand",
];
const WHICH_TIME: Signs =
    &["哪天", "哪一天", "哪个月", "哪个小时", "哪一周", "哪周", "どの月", "どの日", "どの週", "何月", "何日", "何時"];
const SESSIONS: Signs =
    &["session", "conversation", "chats", "sitzung", "gespräch", "sesion", "sesión", "会话", "セッション"];
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
    "=many",
    "=number",
    "=count",
    "=viele",
    "anzahl",
    "=combien",
    "=nombre",
    "=cuántos",
    "=cuántas",
    "=número",
    "=quanti",
    "=quante",
    "=quantos",
    "=quantas",
    "=hoeveel",
];
/// What may stand between a word that counts and what it counts.
const ARTICLES: Signs = &["=of", "=the", "=our", "=my", "=der", "=von", "=de", "=d", "=le", "=les", "=di", "=van"];
/// What is kept and can be counted, and its table.
const COUNTED: &[(&str, Signs)] = &[
    (
        "memories",
        &["=memories", "=erinnerungen", "=souvenirs", "=recuerdos", "=ricordi", "=memórias", "=herinneringen"],
    ),
    (
        "decisions",
        &["=decisions", "=entscheidungen", "=décisions", "=decisiones", "=decisioni", "=decisões", "=beslissingen"],
    ),
];
/// Words behind what is counted that make it less: a topic, an owner, a place.
const SOME: Signs = &[
    "about",
    "regard",
    "concern",
    "mention",
    "contain",
    "relat",
    "namespace",
    "project",
    "=of",
    "=on",
    "=by",
    "=from",
    "=for",
    "=with",
    "=per",
    "=über",
    "=zu",
    "=von",
    "=mit",
    "=sur",
    "=de",
    "=sobre",
    "=su",
    "=di",
    "=van",
    "=over",
];
const HAVE: Signs = &["=do", "=does", "=did", "=has", "=have", "=had", "=hat", "=haben", "=habe"];
const WE: Signs = &["=we", "=i", "=you", "=there", "=been", "=wir", "=ich"];
/// What is counted then is what was done with them.
const DONE: Signs = &["help", "useful", "used", "times", "often", "recalled", "forgot", "delet"];
const WHEN: Signs = &["=when", "=ago", "=wann", "=quand", "cuándo", "=quando", "=wanneer", "什么时候", "いつ"];
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
pub(super) fn read(text: &str, read: &Question, limits: &Limits, kind: Kind) -> Option<(Kind, &'static str)> {
    let words = Words::of(text);
    if words.any(SESSIONS) && !words.any(CALL) && (limits.over_ms.is_some() || limits.under_ms.is_some()) {
        return Some((Kind::Engagement, "lengths"));
    }
    let is_whole = read.groups.is_empty() && !names_a_group(&words) && !is_apart(&words) && !words.any(ERRORS);
    if is_whole && let Some(view) = counted(&words).filter(|_| read.filters.is_empty()) {
        return Some((Kind::History, view));
    }
    if is_whole && let Some(view) = extreme(&words) {
        return Some((Kind::Performance, view));
    }
    // What was recorded under a name has it as a filter; a topic that was talked of last is looked for by its words.
    let of = |it: Dimension| !matches!(it, Dimension::Text | Dimension::Framework);
    let is_named = read.filters.iter().any(|it| of(it.dimension)) || words.any(HERE);
    let is_measured = [ERRORS, SPEED, COST].iter().any(|it| words.any(it));
    let asks_when = words.any(WHEN) && words.any(LAST) && !is_measured;
    (kind != Kind::History && is_named && read.range.since.is_none() && asks_when)
        .then_some((Kind::History, "timeline"))
}

/// Whether something that calls are told apart by is asked for: “which month”.
fn is_apart(words: &Words) -> bool {
    let which = |pair: &[String]| matches!(pair, [which, time] if is_of(which, WHICH) && is_of(time, TIMES));
    words.any(APART) || words.any(WHICH_TIME) || words.list().windows(2).any(which)
}

/// The table of what stands right behind a word that counts, one adjective at most between, when all of it is counted.
fn counted(words: &Words) -> Option<&'static str> {
    if [COST, TOKENS, DONE].iter().any(|it| words.any(it)) {
        return None;
    }
    let behind = words.list().iter().position(|it| is_of(it, COUNT)).and_then(|at| words.list().get(at + 1..))?;
    let articles = behind.iter().take_while(|it| is_of(it, ARTICLES)).count();
    let (view, rest) = (articles..articles + 2).find_map(|at| {
        let (noun, rest) = behind.get(at..)?.split_first()?;
        Some((COUNTED.iter().find(|it| is_of(noun, it.1))?.0, rest))
    })?;
    let somebodys = matches!(rest, [has, who, ..] if is_of(has, HAVE) && !is_of(who, WE));
    (!somebodys && !rest.iter().any(|it| is_of(it, SOME))).then_some(view)
}

/// The table of calls whose first one is asked for.
fn extreme(words: &Words) -> Option<&'static str> {
    if !words.any(CALL) || words.any(AVERAGE) {
        return None;
    }
    if words.any(DEAREST) || costs_most(words.list()) {
        return Some("dearest_calls");
    }
    let is_slowest = words.any(SLOWEST) || words.any(&["=longest"]) && words.any(&["took", "=take"]);
    is_slowest.then_some("slowest_calls")
}

/// “most expensive”, “cost us the most”; not “most asked about cost”.
fn costs_most(words: &[String]) -> bool {
    let is_dear = words.windows(2).any(|it| matches!(it, [most, dear] if is_of(most, MOST) && is_of(dear, DEAR)));
    let costs = |at: usize| {
        let (before, behind) = words.split_at(at + 1);
        let small = behind.iter().take_while(|it| is_of(it, BEFORE_MOST)).count();
        let is_topic = matches!(before, [.., about, _] if is_of(about, SOME));
        let is_end = small > 0 || behind.len() == 1;
        is_of(&words[at], COSTS) && !is_topic && is_end && behind.get(small).is_some_and(|it| is_of(it, MOST))
    };
    is_dear || (0..words.len()).any(costs)
}

#[cfg(test)]
mod tests {
    use super::super::limits;
    use super::super::question;
    use super::super::question::Names;
    use super::*;

    #[test]
    fn one_thing_is_told_from_many() {
        let names = Names { users: vec!["ana".into()], models: vec!["gpt-5".into()], ..Names::default() };
        let table = |text: &str| {
            let question = question::read(text, 1_790_000_000_000, &names);
            read(text, &question, &limits::read(text), Kind::Engagement).map(|it| it.1)
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
            ("welche Anfrage hat am meisten gekostet?", Some("dearest_calls")),
            ("which call cost us the most", Some("dearest_calls")),
            ("¿qué pregunta costó más?", Some("dearest_calls")),
            ("how many sessions lasted longer than 30 minutes", Some("lengths")),
            ("Sitzungen, die länger als 30 Minuten dauerten", Some("lengths")),
            ("sessions with calls slower than 2 s", None),
            ("number of decisions", Some("decisions")),
            ("how many new memories did we add", Some("memories")),
        ] {
            assert_eq!(table(text), expected, "{text}");
        }
    }

    #[test]
    fn many_things_are_not_taken_for_one() {
        let names = Names {
            users: vec!["ana".into()],
            models: vec!["gpt-5".into(), "claude-sonnet-4-5".into()],
            providers: vec!["openai".into()],
            ..Names::default()
        };
        for text in [
            "average response time of gpt-5 for the last 100 calls",
            "median time of claude-sonnet-4-5 over the last 50 requests",
            "when did gpt-5 last fail?",
            "when did openai last have an error",
            "how much did questions about decisions cost",
            "how much money went into decision questions",
            "how many users made decisions last week",
            "how many sessions had a decision",
            "how many calls failed while deciding",
            "how many tokens did we spend on memories",
            "how many decisions did each persona make",
            "how many decisions did zorro make",
            "how many decisions per day",
            "how many memories about tea",
            "how many memories do we have about tea",
            "how many memories does ana have",
            "which month has the slowest answers",
            "which hour has the slowest calls",
            "which day had the most expensive questions",
            "in welchem Monat waren die langsamsten Antworten",
            "哪个月的请求最慢",
            "which strategy has the slowest answers",
            "which framework has the slowest answers",
            "which namespace has the slowest answers",
            "the slowest answers by outcome",
            "the slowest failed call",
            "p95 of the slowest calls",
            "most asked question about pricing",
            "most common questions on billing",
            "which questions come up most about cost",
            "which questions about cost most users asked",
        ] {
            let question = question::read(text, 1_790_000_000_000, &names);
            assert_eq!(read(text, &question, &limits::read(text), Kind::Engagement), None, "{text}");
        }
    }
}
