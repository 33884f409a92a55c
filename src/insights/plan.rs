//! Decides what a question counts: which query, grouped by what, ordered by which measure.

use serde::Deserialize;
use serde::Serialize;

use crate::dates::WEEKDAYS;
use crate::store::Counted;

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Which conversations, asks, decisions or events happened.
    History,
    /// Which personas and users, how much, compared.
    Personas,
    /// Which frameworks, strategies and request kinds, and how they did.
    Frameworks,
    /// Speed, errors, caches, reliability, cost.
    Performance,
    /// How actively it is used, and when.
    Engagement,
    /// What changed, what stands out, what to do.
    Insights,
}

impl Kind {
    pub const ALL: [Kind; 6] =
        [Kind::History, Kind::Personas, Kind::Frameworks, Kind::Performance, Kind::Engagement, Kind::Insights];

    /// As the contract has it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::History => "history",
            Kind::Personas => "personas",
            Kind::Frameworks => "frameworks",
            Kind::Performance => "performance",
            Kind::Engagement => "engagement",
            Kind::Insights => "insights",
        }
    }
}

/// Which part of an answer is looked into; every link carries one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// Which table: one of [`VIEWS`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub view: Option<String>,
    /// What to group by: one of [`GROUPS`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<String>,
    /// The column that orders and is drawn.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub measure: Option<String>,
    /// Where the one period ends and the other begins, of two that are compared; half way, else.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub middle: Option<String>,
}

/// What an answer can be grouped by.
pub const GROUPS: [&str; 20] = [
    "all",
    "day",
    "error_kind",
    "hour",
    "model",
    "month",
    "namespace",
    "outcome",
    "period",
    "persona",
    "provider",
    "quarter",
    "request_kind",
    "session",
    "strategy",
    "tool",
    "trace",
    "user",
    "week",
    "weekday",
];

/// The tables that are grouped by what was asked for; the others have groups of their own.
const GROUPING: [&str; 5] = ["activity", "calls", "kinds", "movers", "ratings"];

/// The tables by the type of question that they answer, the usual one first, each with its query.
pub const VIEWS: [(&str, Kind, Counted); 30] = [
    ("asks", Kind::History, Counted::Asks),
    ("sessions", Kind::History, Counted::Sessions),
    ("decisions", Kind::History, Counted::Memories),
    ("events", Kind::History, Counted::Memories),
    ("memories", Kind::History, Counted::Memories),
    ("timeline", Kind::History, Counted::Timeline),
    ("conversations", Kind::History, Counted::Conversations),
    ("turns", Kind::History, Counted::Turns),
    ("personas", Kind::Personas, Counted::Personas),
    ("users", Kind::Personas, Counted::Users),
    ("personas_by_user", Kind::Personas, Counted::PersonasByUser),
    ("movers", Kind::Personas, Counted::Movers),
    ("frameworks", Kind::Frameworks, Counted::Frameworks),
    ("kinds", Kind::Frameworks, Counted::Kinds),
    ("with_and_without", Kind::Frameworks, Counted::WithAndWithout),
    ("movers", Kind::Frameworks, Counted::Movers),
    ("calls", Kind::Performance, Counted::Performance),
    ("dearest_calls", Kind::Performance, Counted::Dearest),
    ("slowest_calls", Kind::Performance, Counted::Slowest),
    ("errors", Kind::Performance, Counted::Errors),
    ("minutes", Kind::Performance, Counted::Minutes),
    ("movers", Kind::Performance, Counted::Movers),
    ("activity", Kind::Engagement, Counted::Periods),
    ("lengths", Kind::Engagement, Counted::SessionLengths),
    ("hours", Kind::Engagement, Counted::Hours),
    ("returning", Kind::Engagement, Counted::Returning),
    ("streak", Kind::Engagement, Counted::ActiveDays),
    ("gaps", Kind::Engagement, Counted::Gaps),
    ("overview", Kind::Insights, Counted::Days),
    ("ratings", Kind::Insights, Counted::Ratings),
];

/// What is counted for a question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub kind: Kind,
    pub view: &'static str,
    pub what: Counted,
    pub by: String,
    /// The column that orders and is drawn.
    pub measure: String,
    /// The smallest first: "the least loved", "the cheapest".
    pub ascending: bool,
}

/// Words that name a thing; a question holds one when it holds a word that begins with it (`=`: is it).
pub(super) type Signs = &'static [&'static str];

pub(super) const COST: Signs = &[
    "cost",
    "spend",
    "spent",
    "spending",
    "pay",
    "paid",
    "pric",
    "dear",
    "expensive",
    "gekostet",
    "usd",
    "dollar",
    "bill",
    "budget",
    "money",
    "cheap",
    "kost",
    "teuer",
    "ausgab",
    "ausgegeben",
    "coût",
    "cout",
    "coûté",
    "dépens",
    "gast",
    "coste",
    "费用",
    "花费",
    "成本",
    "費用",
    "コスト",
    "=cher",
    "=chère",
    "=chers",
    "=chères",
    "=caro",
    "=cara",
    "=caros",
    "=caras",
    "贵",
    "spes",
    "custou",
    "custar",
    "=custo",
    "=custos",
    "=custa",
    "barat",
    "economic",
    "económic",
    "econômic",
    "billig",
    "günstig",
    "便宜",
    "花了",
    "多少钱",
    "安い",
    "安く",
    "最安",
    "いくら",
];
pub(super) const ERRORS: Signs = &[
    "fail",
    "error",
    "outage",
    "timeout",
    "timed",
    "reliab",
    "unreachable",
    "reach",
    "broke",
    "crash",
    "refus",
    "reject",
    "fehler",
    "ausfall",
    "ausfäll",
    "erreur",
    "panne",
    "échou",
    "fallo",
    "caíd",
    "错误",
    "失败",
    "エラー",
    "overload",
    "throttl",
    "=limited",
    "=limits",
    "=limit",
    "rate-limit",
    "rate_limit",
];
/// Words for how seldom calls fail.
const RELIABLE: Signs = &["reliab", "dependab", "stable", "zuverläss", "fiab", "confiab", "affidab", "可靠", "信頼"];
/// Words that ask what part of the calls failed.
const RATE: Signs = &[
    "=rate",
    "=rates",
    "=often",
    "ratio",
    "quote",
    "taux",
    "tasa",
    "tasso",
    "taxa",
    "fehlerquote",
    "fehlerrate",
    "ausfallquote",
    "ausfallrate",
    "率",
];
const CACHE: Signs = &["cache", "caching", "缓存", "キャッシュ"];
pub(super) const TOKENS: Signs = &["token"];
const MINUTES: Signs = &["peak", "throughput", "minute", "per-minute", "rpm"];
const SHARE: Signs =
    &["share", "percent", "proportion", "fraction", "anteil", "prozent", "pourcentage", "porcentaje", "比例", "割合"];
/// Who asks for “calls by day” and says nothing of speed wants to know how many they were.
const CALLS: Signs =
    &["=calls", "=requests", "=asks", "=aufrufe", "=anfragen", "=appels", "=llamadas", "调用", "呼び出し"];
pub(super) const SPEED: Signs = &[
    "slow",
    "fast",
    "quick",
    "latenc",
    "speed",
    "long",
    "short",
    "took",
    "take",
    "taking",
    "durat",
    "median",
    "mean",
    "average",
    "p50",
    "p90",
    "p95",
    "p99",
    "percentile",
    "second",
    "=ms",
    "=s",
    "wait",
    "langsam",
    "schnell",
    "dauer",
    "lent",
    "rapid",
    "lento",
    "perform",
    "延迟",
    "速度",
    "慢",
    "遅",
    "速",
];
const TIME: Signs = &["trend", "time", "day", "daily", "week", "täglich", "verlauf", "jour", "diari"];
const LEAST: Signs = &[
    "least",
    "fewest",
    "lowest",
    "worst-rated",
    "cheapest",
    "fastest",
    "shortest",
    "rarest",
    "wenigst",
    "moins",
    "menos",
    "最少",
    "quickest",
    "speediest",
    "smallest",
    "schnellst",
    "billigst",
    "günstigst",
    "kürzest",
    "barato",
    "barata",
    "economic",
    "económic",
    "econômic",
    "最快",
    "最便宜",
    "最安",
    "一番安",
    "一番速",
    "最も速",
    "最も安",
];
/// Signs of the least where [`FASTER`] stands behind one.
const MORE: Signs = &["=más", "=mas", "=plus", "=più", "=mais", "=am", "=most"];
const FASTER: Signs = &["rápid", "rapid", "vite", "veloc", "econom", "quick", "fast", "schnell"];
const BEST: Signs =
    &["=best", "=beste", "=bester", "=bestes", "=besten", "meilleur", "mejor", "miglior", "melhor", "最好"];
const WORST: Signs = &["=worst", "schlechtest", "=pire", "=pires", "peor", "peggior", "pior", "最差"];

/// Words that name what to group by. A superlative or a question word before it is not needed: who asks for
/// “models” wants to see them apart.
const BY: &[(&str, Signs)] = &[
    ("session", &["session", "conversation", "chat", "sitzung", "gespräch", "sesión", "会话", "セッション"]),
    ("provider", &["provider", "vendor", "anbieter", "fournisseur", "proveedor", "提供商", "供应商", "プロバイダ"]),
    ("model", &["model", "modell", "modèle", "modelo", "模型", "モデル"]),
    ("tool", &["tool", "werkzeug", "outil", "herramienta", "工具", "ツール"]),
    ("persona", &["persona", "角色", "ペルソナ"]),
    ("user", &["=who", "user", "people", "=person", "nutzer", "utilisateur", "usuario", "用户", "ユーザー"]),
    ("weekday", &["weekday", "wochentag", "星期几", "周几", "曜日"]),
    ("request_kind", &["request-kind", "kind", "intent", "anfrageart"]),
    ("month", &["month", "monthly", "monat", "mois", "mes", "按月", "月ごと"]),
    ("hour", &["hour", "hourly", "stunde", "heure", "hora"]),
    ("day", &["per-day", "daily", "day", "täglich", "tag", "par-jour", "jour", "día", "每天", "毎日"]),
];

/// What the reader of a question found in it, besides its words.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Read<'a> {
    /// The length of its time.
    pub days: Option<i64>,
    /// What it is grouped by.
    pub grouped: Option<&'a str>,
    /// Whether it compares a period with the one before.
    pub compares: bool,
}

/// Plans the answer of a question of type `kind`. `text` is the question, `drill` what a link asked for.
pub(super) fn plan(kind: Kind, text: &str, drill: &Drill, read: Read<'_>) -> Plan {
    let Read { days, grouped, compares } = read;
    let words = Words::of(text);
    let named = drill.view.as_deref().and_then(|name| VIEWS.iter().find(|(view, of, _)| *view == name && *of == kind));
    let personas = kind == Kind::Personas && grouped == Some("persona");
    let mut view = if personas { "personas" } else { view_of(kind, &words) };
    if view == "errors" && grouped.is_some_and(|it| !IN_TIME.contains(&it) && it != "request_kind") {
        // Why calls fail is told apart by what was asked for, not by the kind of error.
        view = "calls";
    }
    let view = named.map_or(view, |(view, _, _)| view);
    let what = VIEWS.iter().find(|(name, of, _)| *name == view && *of == kind).map_or(Counted::Performance, |it| it.2);
    let measure = drill.measure.clone().unwrap_or_else(|| measure_of(kind, view, &words).to_owned());
    let asked = drill.by.as_deref().or(grouped).filter(|it| GROUPS.contains(it));
    let mut by = asked.map_or_else(|| group_of(kind, view, &words, &measure, days), str::to_owned);
    if !GROUPING.contains(&view) {
        by = "all".to_owned();
    }
    if compares && named.is_none() && drill.by.is_none() {
        let group = match (kind, view) {
            (Kind::Personas, "users") => Some("user"),
            (Kind::Personas, _) => Some("persona"),
            (Kind::Frameworks, "kinds") => Some(by.as_str()),
            (Kind::Performance, "calls") if ["calls", "cost_usd", "failed"].contains(&measure.as_str()) => {
                grouped.or_else(|| BY.iter().find(|(_, signs)| words.any(signs)).map(|it| it.0))
            }
            _ => None,
        };
        let moves = group.filter(|it| !IN_TIME.contains(it));
        if let Some(group) = moves {
            let measure = match measure.as_str() {
                "cost_usd" => "cost_after",
                "failed" => "failed_after",
                _ => "after",
            };
            let measure = measure.to_owned();
            let ascending = is_ascending(&words, &measure);
            return Plan { kind, view: "movers", what: Counted::Movers, by: group.to_owned(), measure, ascending };
        }
        if matches!((kind, view), (Kind::Performance, "calls") | (Kind::Engagement, "activity")) {
            by = "period".to_owned();
        }
    }
    let ascending = is_ascending(&words, &measure);
    Plan { kind, view, what, by, measure, ascending }
}

/// Whether the smallest value is asked for. Of times, costs and failures the best is the smallest.
fn is_ascending(words: &Words, measure: &str) -> bool {
    let is_failure = ["failed", "error_rate"].contains(&measure);
    let is_burden = is_failure || measure == "cost_usd" || measure.ends_with("_ms");
    let pair = |it: &[String]| is_of(&it[0], MORE) && is_of(&it[1], FASTER);
    let least = words.any(LEAST) || words.list().windows(2).any(pair);
    if is_failure && words.any(RELIABLE) {
        return !least && !words.any(WORST);
    }
    least || is_burden && words.any(BEST) || measure == "rating" && words.any(WORST)
}

/// Groups that are times.
pub(super) const IN_TIME: [&str; 6] = ["day", "week", "month", "quarter", "hour", "weekday"];

/// Whether the question names what to group by, other than times, which it names as its range, too.
pub(super) fn names_a_group(words: &Words) -> bool {
    BY.iter().any(|(by, signs)| !["month", "hour", "day"].contains(by) && words.any(signs))
}

/// Words for what was decided.
const DECISIONS: Signs =
    &["decision", "decide", "entscheid", "entschied", "décid", "décision", "decid", "决定", "決定"];

fn view_of(kind: Kind, words: &Words) -> &'static str {
    match kind {
        Kind::History => {
            if words.any(DECISIONS) {
                "decisions"
            } else if words.any(&["event", "incident", "ereignis", "événement", "evento", "事件", "イベント"]) {
                "events"
            } else if words.any(&[
                "conversation",
                "chat",
                "session",
                "sitzung",
                "gespräch",
                "conversaci",
                "sesión",
                "对话",
                "会話",
            ]) {
                "sessions"
            } else {
                "asks"
            }
        }
        Kind::Personas => {
            let people =
                words.any(&["=who", "user", "people", "=person", "team", "member", "nutzer", "hat", "somebody"]);
            let personas = words.any(&["persona", "voice", "角色", "ペルソナ"]);
            match (people, personas) {
                (true, true) => "personas_by_user",
                (true, false) => "users",
                _ => "personas",
            }
        }
        Kind::Frameworks => {
            if words.any(&["gut", "percentage", "=without", "=all"]) && words.any(&["framework", "method"]) {
                "with_and_without"
            } else if words.any(&[
                "request", "kind", "sort", "ask", "strateg", "lookup", "fix", "planning", "repair", "anfrag", "类型",
            ]) && !words.any(&["framework", "method", "rahmen"])
            {
                "kinds"
            } else {
                "frameworks"
            }
        }
        Kind::Performance => {
            if words.any(MINUTES) && words.any(&["peak", "throughput", "per", "rpm"]) {
                "minutes"
            } else if words.any(ERRORS)
                && words.any(&["kind", "what", "why", "common", "reason", "cause"])
                && ![SHARE, RATE, RELIABLE].iter().any(|it| words.any(it))
            {
                "errors"
            } else {
                "calls"
            }
        }
        Kind::Engagement => {
            if words.any(&["streak", "serie", "row"]) {
                "streak"
            } else if words.any(&["between", "gap", "apart"]) {
                "gaps"
            } else if words.any(&[
                "return",
                "retention",
                "churn",
                "again",
                "back",
                "new",
                "first-ever",
                "newcomer",
                "wieder",
                "neue",
                "reviennent",
                "retour",
                "回访",
                "再訪",
            ]) {
                "returning"
            } else if words.any(&[
                "duration",
                "length",
                "long",
                "short",
                "less",
                "lang",
                "dauer",
                "durée",
                "duración",
                "minutes",
                "时长",
            ]) {
                "lengths"
            } else if words.any(&["busiest"])
                && words.any(&["=day", "=days", "=month", "=months"])
                && !words.any(&["hour", "time", "part", "week"])
            {
                "activity"
            } else if words.any(&[
                "hour",
                "busiest",
                "evening",
                "morning",
                "night",
                "clock",
                "noon",
                "uhr",
                "heure",
                "hora",
                "时段",
                "時間帯",
            ]) {
                "hours"
            } else {
                "activity"
            }
        }
        Kind::Insights => {
            if words.any(&[
                "feedback",
                "rating",
                "rated",
                "thumb",
                "bewert",
                "notes",
                "notation",
                "valorac",
                "反馈",
                "评分",
                "フィードバック",
                "評価",
            ]) {
                "ratings"
            } else {
                "overview"
            }
        }
    }
}

fn measure_of(kind: Kind, view: &str, words: &Words) -> &'static str {
    match (kind, view) {
        (Kind::Performance, "calls") => {
            if words.any(COST) {
                "cost_usd"
            } else if words.any(CACHE) {
                if words.any(TOKENS) { "cached_input_tokens" } else { "cached_share" }
            } else if words.any(ERRORS) || words.any(RELIABLE) {
                if [SHARE, RATE, RELIABLE].iter().any(|it| words.any(it)) { "error_rate" } else { "failed" }
            } else if words.any(TOKENS) {
                if words.any(&["input", "prompt", "eingabe", "entrada", "entrée"]) {
                    "input_tokens"
                } else {
                    "output_tokens"
                }
            } else if words.any(&["many", "count", "number", "volume"]) || words.any(CALLS) && !words.any(SPEED) {
                "calls"
            } else if words.any(SHARE) {
                "share"
            } else if words.any(&["p95", "worst", "tail", "slowest"]) {
                "p95_ms"
            } else {
                "p50_ms"
            }
        }
        (Kind::Performance, "errors") => "failed",
        (Kind::Performance, _) => "calls",
        (Kind::Engagement, "activity") => {
            if words.any(&["people", "user", "=person", "nutzer", "utilisateur", "usuario", "用户"]) {
                "users"
            } else if words.any(&["ask", "call", "message", "question", "request", "busiest"]) {
                "calls"
            } else {
                "sessions"
            }
        }
        (Kind::Engagement, "lengths") => "minutes",
        (Kind::Engagement, "returning") => "active_days",
        (Kind::Engagement, "gaps") => "minutes_between",
        (Kind::Personas | Kind::Frameworks, _) => {
            if words.any(&["rating", "rated", "loved", "liked", "satisf", "bewert", "score", "评分", "評価"]) {
                "rating"
            } else if words.any(COST) {
                "cost_usd"
            } else if words.any(&["finish", "success", "dropped", "abandon"]) && kind == Kind::Frameworks {
                "finished"
            } else {
                "calls"
            }
        }
        (Kind::History, "sessions") => "calls",
        _ => "calls",
    }
}

fn group_of(kind: Kind, view: &str, words: &Words, measure: &str, days: Option<i64>) -> String {
    let long = days.is_none_or(|it| it > 92);
    let named = BY.iter().find(|(_, signs)| words.any(signs)).map(|it| it.0);
    let over_time = if long { "month" } else { "day" };
    // Who asks for a rate wants one number: “in the past 30 days” is its time.
    let is_rate = measure == "error_rate" && !words.any(&["trend", "develop", "daily", "verlauf", "evol", "over-time"]);
    let named = named.filter(|it| !is_rate || !["month", "hour", "day"].contains(it));
    let by = match (kind, view) {
        (Kind::Frameworks, "kinds") if words.any(&["strateg"]) => "strategy",
        (Kind::Frameworks, "kinds") => "request_kind",
        (Kind::Engagement, "activity") if asks_for_weekdays(words) => "weekday",
        (Kind::Engagement, "activity") => match named {
            Some(by @ ("month" | "week" | "quarter" | "day" | "hour")) => by,
            _ => over_time,
        },
        (Kind::Performance, "calls") => match named {
            Some(by) => by,
            None if is_rate => "all",
            None if words.any(TIME) => over_time,
            None if measure == "cached_share" => "all",
            None if measure == "cost_usd" => "model",
            None => "tool",
        },
        (Kind::Insights, "ratings") if named == Some("model") => "model",
        (Kind::Insights, "ratings") => "request_kind",
        (Kind::Insights, _) => "tool",
        _ => "all",
    };
    by.to_owned()
}

fn asks_for_weekdays(words: &Words) -> bool {
    words.any(BY_WEEKDAY) || WEEKDAYS.iter().any(|it| words.any(it.names))
}

/// Signs of a question by weekdays, beside their names.
const BY_WEEKDAY: Signs = &["weekday", "weekend", "wochenend", "周一", "月曜"];

/// The words of a question in lower case, and the whole of it for scripts without spaces.
pub(super) struct Words {
    words: Vec<String>,
    text: String,
}

impl Words {
    pub(super) fn of(text: &str) -> Words {
        let text = text.to_lowercase();
        let words = text.split(|it: char| !it.is_alphanumeric() && it != '-').filter(|it| !it.is_empty());
        Words { words: words.map(str::to_owned).collect(), text: text.clone() }
    }

    /// Whether one of `signs` stands in the question.
    pub(super) fn any(&self, signs: &[&str]) -> bool {
        let in_text = |sign: &str| sign.chars().any(|it| it > '\u{2e80}') && self.text.contains(sign);
        signs.iter().any(|it| in_text(it)) || self.words.iter().any(|it| is_of(it, signs))
    }

    /// The words in order, in lower case.
    pub(super) fn list(&self) -> &[String] {
        &self.words
    }
}

/// Whether `word` is or begins with one of `signs`.
pub(super) fn is_of(word: &str, signs: &[&str]) -> bool {
    signs.iter().any(|sign| sign.strip_prefix('=').map_or_else(|| word.starts_with(sign), |whole| word == whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_chooses_its_table_group_and_measure() {
        let planned = |kind, text: &str| {
            let plan = plan(kind, text, &Drill::default(), Read { days: Some(30), ..Read::default() });
            (plan.view, plan.by, plan.measure)
        };
        let of = |view, by: &str, measure: &str| (view, by.to_owned(), measure.to_owned());
        let cases = [
            (Kind::Performance, "what did each model cost last month?", of("calls", "model", "cost_usd")),
            (Kind::Performance, "calls by month", of("calls", "month", "calls")),
            (Kind::Performance, "how long do calls take by model", of("calls", "model", "p50_ms")),
            (Kind::Performance, "slowest tools", of("calls", "tool", "p95_ms")),
            (Kind::Performance, "Fehler je Anbieter", of("calls", "provider", "failed")),
            (Kind::Performance, "requests per minute at peak", of("minutes", "all", "calls")),
            (Kind::Performance, "what is the error rate?", of("calls", "all", "error_rate")),
            (Kind::Performance, "what share of calls failed in the past 30 days?", of("calls", "all", "error_rate")),
            (Kind::Performance, "Fehlerquote je Modell", of("calls", "model", "error_rate")),
            (Kind::Performance, "what errors are common?", of("errors", "all", "failed")),
            (Kind::Performance, "which weekday has the most errors?", of("calls", "weekday", "failed")),
            (Kind::Performance, "input tokens by user", of("calls", "user", "input_tokens")),
            (Kind::Performance, "quanto abbiamo speso per modello?", of("calls", "model", "cost_usd")),
            (Kind::Engagement, "our current streak", of("streak", "all", "calls")),
            (Kind::Engagement, "busiest hours of the week", of("hours", "all", "calls")),
            (Kind::Engagement, "the busiest day ever", of("activity", "day", "calls")),
            (Kind::Engagement, "the busiest time of day", of("hours", "all", "calls")),
            (Kind::Engagement, "busiest day of the week", of("hours", "all", "calls")),
            (Kind::Performance, "was hat der letzte Monat gekostet?", of("calls", "month", "cost_usd")),
            (Kind::Engagement, "is Monday livelier than Friday?", of("activity", "weekday", "sessions")),
            (Kind::Personas, "who used which persona", of("personas_by_user", "all", "calls")),
            (Kind::Personas, "the best rated persona", of("personas", "all", "rating")),
            (Kind::Frameworks, "which strategies were used", of("kinds", "strategy", "calls")),
            (Kind::Frameworks, "SWOT or RICE?", of("frameworks", "all", "calls")),
            (Kind::History, "what was decided about the cache", of("decisions", "all", "calls")),
        ];
        for (kind, text, expected) in cases {
            assert_eq!(planned(kind, text), expected, "{text}");
        }
    }

    #[test]
    fn superlatives_ask_for_the_right_end() {
        let ascending = |text: &str| plan(Kind::Performance, text, &Drill::default(), Read::default()).ascending;
        for text in [
            "which provider is most reliable?",
            "which model is the quickest?",
            "Welches Modell ist am schnellsten?",
            "¿cuál es el modelo más rápido?",
            "le modèle le plus rapide",
            "どのモデルが一番速い?",
            "最快的模型",
            "Welches Modell ist am billigsten?",
            "il modello più economico",
            "the best model by cost",
            "zuverlässigster Anbieter",
        ] {
            assert!(ascending(text), "{text}");
        }
        for text in [
            "which provider is the least reliable?",
            "worst reliability by provider",
            "slowest tools",
            "what did each model cost",
            "error rate by provider",
            "how fast is each model",
        ] {
            assert!(!ascending(text), "{text}");
        }
        let worst = plan(Kind::Personas, "what is the worst rated persona?", &Drill::default(), Read::default());
        assert_eq!((worst.measure.as_str(), worst.ascending), ("rating", true));
    }

    #[test]
    fn a_link_is_followed_to_the_letter() {
        let drill = Drill {
            view: Some("calls".into()),
            by: Some("session".into()),
            measure: Some("failed".into()),
            ..Drill::default()
        };
        let plan = plan(Kind::Performance, "", &drill, Read { days: Some(1), ..Read::default() });
        assert_eq!((plan.view, plan.by.as_str(), plan.measure.as_str()), ("calls", "session", "failed"));
    }
}
