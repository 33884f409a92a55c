//! Reads a question about statistics: its type, its time, its filters and its grouping.

use std::sync::LazyLock;

use super::ahead;
use super::named;
use crate::classify::Classifier;
use crate::clock::Millis;
use crate::dates;
use crate::dates::Range;

/// What a question was read as.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The likeliest type.
    pub reading: Reading,
    /// The type that comes next, to be offered when `reading` is not sure.
    pub second: Option<Reading>,
    /// In whole days back from now; open where the question names no time.
    pub range: Range,
    /// Where the later of two periods begins, when the question compares two that adjoin.
    pub middle: Option<Millis>,
    /// What the rows have to have, in the order of the question.
    pub filters: Vec<Filter>,
    /// By what the numbers are to be split, in the order of the question.
    pub groups: Vec<Dimension>,
    /// What seems to narrow it and cannot, in the words of the question.
    pub unread: Vec<String>,
}

/// A type and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// history, personas, frameworks, performance, engagement or insights.
    pub kind: &'static str,
    /// 0.0..=1.0; of the questions with 0.7, seven in ten have that type.
    pub confidence: f64,
}

/// What rows have in common: for filters and for grouping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    Hour,
    Weekday,
    Day,
    Week,
    Month,
    Quarter,
    Persona,
    User,
    Model,
    Provider,
    Tool,
    RequestKind,
    Framework,
    Session,
    Namespace,
    ErrorKind,
    /// Words that the record itself has to hold; only a filter.
    Text,
}

/// A value that a question asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub dimension: Dimension,
    /// As the question has it, or as [`Names`] spells it.
    pub value: String,
    /// Whether everything else is asked for: “without gpt-5”.
    pub is_left_out: bool,
}

/// The names that were recorded, so that a question may use them without quotes.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub personas: Vec<String>,
    pub users: Vec<String>,
    pub models: Vec<String>,
    pub providers: Vec<String>,
    pub tools: Vec<String>,
    pub namespaces: Vec<String>,
    pub error_kinds: Vec<String>,
}

/// Words for each dimension, in the singular; folded to lower case.
const DIMENSIONS: &[(Dimension, &[&str])] = &[
    (Dimension::Hour, &["hour", "stunde", "heure", "hora", "ora", "小时", "時間"]),
    (Dimension::Weekday, &["weekday", "wochentag", "星期", "曜日"]),
    (Dimension::Day, &["day", "tag", "jour", "día", "dia", "giorno", "天", "日"]),
    (Dimension::Week, &["week", "woche", "semaine", "semana", "settimana", "周", "週"]),
    (Dimension::Month, &["month", "monat", "mois", "mes", "mês", "mese", "月"]),
    (Dimension::Quarter, &["quarter", "quartal", "trimestre", "季度", "四半期"]),
    (Dimension::Persona, &["persona", "角色", "ペルソナ"]),
    (
        Dimension::User,
        &["user", "person", "nutzer", "nutzerin", "utilisateur", "usuario", "usuário", "utente", "用户", "ユーザー"],
    ),
    (Dimension::Model, &["model", "modell", "modèle", "modelo", "modello", "模型", "モデル"]),
    (
        Dimension::Provider,
        &["provider", "anbieter", "fournisseur", "proveedor", "fornecedor", "供应商", "プロバイダー", "プロバイダ"],
    ),
    (Dimension::Tool, &["tool", "werkzeug", "outil", "herramienta", "ferramenta", "工具", "ツール"]),
    (Dimension::RequestKind, &["kind", "art", "anfrageart", "类型", "種類"]),
    (
        Dimension::Framework,
        &["framework", "method", "strategy", "methode", "méthode", "método", "框架", "フレームワーク", "手法"],
    ),
    (Dimension::Session, &["session", "conversation", "sitzung", "sesión", "sessão", "会话", "セッション"]),
    (Dimension::Namespace, &["namespace", "namensraum", "命名空间", "名前空間"]),
];

/// Words before a dimension that split by it: “per day”, “je Woche”.
const SPLITTERS: &[&str] = &[
    "per", "by", "each", "every", "je", "pro", "nach", "jede", "jeder", "jedes", "jeden", "par", "chaque", "por",
    "cada", "según", "ogni",
];

/// Words that split by themselves: “weekly active users”.
const RHYTHMS: &[(Dimension, &[&str])] = &[
    (Dimension::Hour, &["hourly", "stündlich"]),
    (Dimension::Day, &["daily", "täglich", "tägliche", "quotidien", "diario"]),
    (Dimension::Week, &["weekly", "wöchentlich", "wöchentliche", "hebdomadaire", "semanal"]),
    (Dimension::Month, &["monthly", "monatlich", "monatliche", "mensuel", "mensual"]),
    (Dimension::Quarter, &["quarterly", "trimestriel", "trimestral"]),
];

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(include_str!("question_words.txt"), include_bytes!("question.weights")));

/// Reads `question`. Without any word in it, it is about everything: `insights`.
pub fn read(question: &str, now: Millis, names: &Names) -> Question {
    let guesses = CLASSIFIER.guess(question);
    let known = question.contains(char::is_alphanumeric);
    // Two digits: more would promise more than was measured.
    let reading = |at: usize| {
        let guess = guesses.get(at).filter(|_| known)?;
        Some(Reading { kind: guess.label, confidence: (guess.probability * 100.0).round() / 100.0 })
    };
    let (range, middle) = dates::compared(question, now);
    let is_history = guesses.first().is_some_and(|it| it.label == "history");
    let range = ahead::range_of(question, now, range, is_history);
    let (filters, unread) = named::filters(question, names);
    Question {
        reading: reading(0).unwrap_or(Reading { kind: "insights", confidence: 0.0 }),
        second: reading(1),
        range,
        middle,
        filters,
        groups: groups(question),
        unread,
    }
}

/// Whether a word of `question` says what it is about, as the reader of types knows them; words that only ask do not.
pub(super) fn names_something(question: &str) -> bool {
    const ASKING: [&str; 13] =
        ["WHERE", "WHICH", "WHO", "WHEN", "WHAT", "HOW", "WHY", "HOWMANY", "HOWMUCH", "DID", "BOTH", "THEM", "Q"];
    const OPEN: &[&str] = &[
        "wrong",
        "schief",
        "problem",
        "issue",
        "happen",
        "passier",
        "変わ",
        "变",
        "問題",
        "did i do",
        "did we do",
        "have i done",
        "have we done",
        "doing",
        "going",
        "improving",
        "progress",
        "stats",
        "statisti",
        "dashboard",
        "metric",
        "numbers",
        "online",
        "seen",
        "gibt es",
        "neues",
        "läuft",
        "wie lief",
        "gemacht",
        "ça va",
        "avons fait",
        "cómo va",
        "hicimos",
        "come va",
        "como vai",
        "怎么样",
        "做了什么",
        "どうです",
        "調子",
    ];
    let lower = question.to_lowercase();
    CLASSIFIER.classes(question).any(|it| !ASKING.contains(&it)) || OPEN.iter().any(|it| lower.contains(it))
}

/// A word of the question, by its bytes; `quoted` without its quotes.
pub(super) struct Word<'a> {
    pub text: &'a str,
    pub quoted: bool,
}

/// Words and quoted phrases in order.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    const QUOTES: [(char, char); 6] = [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('「', '」'), ('『', '』')];
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        let closing = QUOTES.iter().find(|it| it.0 == first).map(|it| it.1);
        if let Some((inside, behind)) = closing.and_then(|it| after.split_once(it)) {
            let inside = inside.trim();
            if !inside.is_empty() {
                out.push(Word { text: inside, quoted: true });
            }
            rest = behind;
            continue;
        }
        // A name ends where a script without spaces begins: “gpt-5以外”.
        let is_unspaced = |c: char| u32::from(c) > 0x2e80;
        let inside = |c: char| {
            (c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.')) && is_unspaced(c) == is_unspaced(first)
        };
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default().trim_end_matches(['.', '-', '/']);
        if !word.is_empty() {
            out.push(Word { text: word, quoted: false });
        }
        rest = if end == 0 { after } else { rest.get(end..).unwrap_or_default() };
    }
    out
}

/// The dimension that a word names, in the singular or with an `s`.
pub(super) fn dimension(word: &str) -> Option<Dimension> {
    let word = word.to_lowercase();
    let plain = word.strip_suffix('s').unwrap_or(&word);
    DIMENSIONS.iter().find(|(_, words)| words.contains(&word.as_str()) || words.contains(&plain)).map(|it| it.0)
}

fn groups(question: &str) -> Vec<Dimension> {
    let words = words(question);
    let mut out = Vec::new();
    let mut add = |it: Dimension| {
        if !out.contains(&it) {
            out.push(it);
        }
    };
    for pair in words.windows(2) {
        let [splitter, word] = pair else { continue };
        let lower = word.text.to_lowercase();
        let exact = DIMENSIONS.iter().find(|(_, names)| names.contains(&lower.as_str())).map(|it| it.0);
        if !splitter.quoted && SPLITTERS.contains(&splitter.text.to_lowercase().as_str()) {
            exact.into_iter().for_each(&mut add);
        }
    }
    for word in words.iter().filter(|it| !it.quoted) {
        let lower = word.text.to_lowercase();
        RHYTHMS.iter().filter(|it| it.1.contains(&lower.as_str())).for_each(|it| add(it.0));
    }
    // “by user and day”
    for four in words.windows(4) {
        let [splitter, first, and, second] = four else { continue };
        let joins = ["and", "und", "et", "y", "e"].contains(&and.text.to_lowercase().as_str());
        if joins && SPLITTERS.contains(&splitter.text.to_lowercase().as_str()) && dimension(first.text).is_some() {
            dimension(second.text).into_iter().for_each(&mut add);
        }
    }
    for (dimension, names) in DIMENSIONS {
        let unspaced = names.iter().filter(|it| !it.is_ascii() && it.chars().all(|c| u32::from(c) > 0x3000));
        for name in unspaced {
            let forms = [
                format!("每{name}"),
                format!("每个{name}"),
                format!("按{name}"),
                format!("各{name}"),
                format!("毎{name}"),
                format!("{name}別"),
                format!("{name}ごと"),
            ];
            if forms.iter().any(|it| question.contains(it)) {
                add(*dimension);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock;
    use crate::dates::DAY;

    fn now() -> Millis {
        clock::parse("2026-11-21T10:00:00Z").unwrap()
    }

    fn names() -> Names {
        let list = |it: &str| it.split(' ').map(str::to_owned).collect();
        Names {
            personas: list("Coach critic"),
            users: list("anna"),
            models: list("gpt-4o llama3.1"),
            providers: list("openai ollama"),
            tools: list("assemble_context recall"),
            namespaces: list("default work"),
            error_kinds: list("rate_limited timeout"),
        }
    }

    #[test]
    fn a_question_is_read_whole() {
        let question = read("Cost per model and day for the coach persona, last week", now(), &names());
        assert_eq!(question.reading.kind, "performance");
        assert!(question.second.is_some_and(|it| it.confidence <= question.reading.confidence));
        assert_eq!(question.range, Range { since: Some(now() - 7 * DAY), until: Some(now()) });
        assert_eq!(question.groups, [Dimension::Model, Dimension::Day]);
        assert_eq!(
            question.filters,
            [Filter { dimension: Dimension::Persona, value: "Coach".to_owned(), is_left_out: false }]
        );
    }

    #[test]
    fn a_model_is_known_by_the_beginning_of_its_name_when_it_is_the_only_one() {
        let models = ["gpt-5", "gpt-5-mini", "claude-sonnet-4-5", "llama3.2", "command-r-plus", "open-mistral-7b"]
            .map(str::to_owned)
            .to_vec();
        let found = |text: &str| -> Vec<String> {
            let names = Names { models: models.clone(), ..Names::default() };
            read(text, now(), &names).filters.into_iter().map(|it| it.value).collect()
        };
        assert_eq!(found("compare gpt-5 and claude in speed"), ["gpt-5", "claude-sonnet-4-5"]);
        assert_eq!(found("how slow is llama?"), ["llama3.2"]);
        assert!(found("cost of gpt by day").is_empty(), "there are two");
        assert!(found("which command failed most").is_empty() && found("open sessions").is_empty(), "they are words");
    }

    #[test]
    fn each_type_is_known_in_several_languages() {
        for (question, kind) in [
            ("which conversations did we have last week", "history"),
            ("when did we first talk about the price?", "history"),
            ("Welche Persona wird am meisten genutzt?", "personas"),
            ("who uses the critic persona", "personas"),
            ("RACI or DACI, which one do we apply more often?", "frameworks"),
            ("p95 latency by provider", "performance"),
            ("¿Cuánto gastamos el mes pasado?", "performance"),
            ("how many sessions per day", "engagement"),
            ("平均会话时长", "engagement"),
            ("anything unusual in the past month?", "insights"),
            ("Qu'est-ce qui a changé ?", "insights"),
            ("", "insights"),
        ] {
            assert_eq!(read(question, now(), &Names::default()).reading.kind, kind, "{question}");
        }
    }

    #[test]
    fn frameworks_and_people_of_whom_nothing_is_recorded_are_filters() {
        let found = |text: &str| -> Vec<(Dimension, String)> {
            let names = Names { users: vec!["ana".into()], ..Names::default() };
            read(text, 0, &names).filters.into_iter().map(|it| (it.dimension, it.value)).collect()
        };
        let user = |name: &str| vec![(Dimension::User, name.to_owned())];
        for (text, name) in [
            ("what did zorro do last week?", "zorro"),
            ("What has Mila asked about the cache?", "Mila"),
            ("was hat Jürgen gefragt?", "Jürgen"),
            ("when was zorro last active?", "zorro"),
            ("what did Ana ask?", "ana"),
        ] {
            assert_eq!(found(text), user(name), "{text}");
        }
        for text in [
            "what did we do last week?",
            "what did people ask?",
            "how often did users ask?",
            "what did each model cost?",
            "does it use the cache?",
            "was hat man gemacht?",
            "rank personas by asks",
            "did answers get slower?",
            "when were we last active",
            "which user has recently asked something?",
            "who has ever asked about the cache?",
            "wer hat gestern gefragt?",
            "most popular persona",
            "which is the most expensive persona?",
            "the best rated persona",
            "the cheapest persona",
            "cheapest persona",
        ] {
            assert_eq!(found(text), vec![], "{text}");
            assert_eq!(read(text, 0, &Names::default()).unread, Vec::<String>::new(), "{text}");
        }
        // Many are no name, and are told.
        assert_eq!(found("what did developers ask last week?"), vec![]);
        assert_eq!(read("what did developers ask?", 0, &Names::default()).unread, ["developers"]);
        assert_eq!(found("wer hat SWOT benutzt?"), vec![(Dimension::Framework, "SWOT".to_owned())]);
        let framework = |name: &str| (Dimension::Framework, name.to_owned());
        assert_eq!(found("how often was SWOT used?"), [framework("SWOT")]);
        assert_eq!(found("RICE or RACI?"), [framework("RACI"), framework("RICE")]);
        assert_eq!(found("how much rice was eaten?"), vec![]);
    }

    #[test]
    fn names_and_quotes_are_filters() {
        let filters = |text: &str| {
            let found = read(text, now(), &names()).filters;
            found.iter().map(|it| format!("{:?}={}", it.dimension, it.value)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(filters("errors of OpenAI with gpt-4o"), "Provider=openai Model=gpt-4o");
        assert_eq!(filters("asks that contain \"invoice\""), "Text=invoice");
        assert_eq!(filters("how often was the “Night Owl” persona used"), "Persona=Night Owl");
        assert_eq!(filters("asks to persona \"X\" by anna"), "Persona=X User=anna");
        assert_eq!(filters("use of the poet persona by user 42"), "Persona=poet User=42");
        assert_eq!(filters("which persona is used most, per persona"), "");
        assert_eq!(filters("latency of assemble_context"), "Tool=assemble_context");
        assert_eq!(filters("gpt-4o的费用"), "Model=gpt-4o");
        assert_eq!(filters("cost of namespace work"), "Namespace=work");
        assert_eq!(filters("calls in the work namespace"), "Namespace=work");
        assert_eq!(filters("how much work was done"), "");
        for text in ["rate limited calls", "rate-limits", "errors: rate_limited", "Rate limit errors"] {
            assert_eq!(filters(text), "ErrorKind=rate_limited", "{text}");
        }
        assert_eq!(filters("calls that timed out"), "ErrorKind=timeout");
        assert_eq!(filters("timeouts or rate limits"), "ErrorKind=rate_limited ErrorKind=timeout");
        assert_eq!(filters("the rate of calls"), "");
    }

    #[test]
    fn what_is_left_out_is_told_from_what_is_asked_for() {
        let left_out = |text: &str| {
            let found = read(text, now(), &names()).filters;
            found.iter().filter(|it| it.is_left_out).map(|it| it.value.clone()).collect::<Vec<_>>().join(" ")
        };
        for text in [
            "cost without gpt-4o",
            "cost of everything but gpt-4o",
            "all models except gpt-4o",
            "cost, not counting gpt-4o",
            "models other than gpt-4o",
            "cost excluding the model gpt-4o",
            "Kosten ohne gpt-4o",
            "Kosten außer für gpt-4o",
            "coût sans gpt-4o",
            "coste sin gpt-4o",
            "除了gpt-4o的费用",
            "gpt-4o以外のコスト",
        ] {
            assert_eq!(left_out(text), "gpt-4o", "{text}");
        }
        assert_eq!(left_out("calls not made by anna"), "anna");
        assert_eq!(left_out("cost without gpt-4o and llama3.1"), "gpt-4o llama3.1");
        for text in [
            "cost of gpt-4o without the cache",
            "asks without a persona for anna",
            "gpt-4o but not yesterday",
            "nothing but gpt-4o",
            "is the coach not slower than anna",
            "how often did anna ask without success",
        ] {
            assert_eq!(left_out(text), "", "{text}");
        }
        let never = read("who has never used the coach?", now(), &names());
        assert_eq!((never.filters, never.unread), (vec![], vec!["never … Coach".to_owned()]));
        for text in ["who didn't use the coach?", "wer hat den Coach nie benutzt?"] {
            assert_eq!(read(text, now(), &names()).unread.len(), 1, "{text}");
        }
    }

    #[test]
    fn words_that_split_are_groups() {
        let groups = |text: &str| read(text, now(), &Names::default()).groups;
        assert_eq!(groups("Kosten je Woche"), [Dimension::Week]);
        assert_eq!(groups("weekly active users"), [Dimension::Week]);
        assert_eq!(groups("cost by quarter"), [Dimension::Quarter]);
        assert_eq!(groups("coût par modèle"), [Dimension::Model]);
        assert_eq!(groups("sessions by user and weekday"), [Dimension::User, Dimension::Weekday]);
        assert_eq!(groups("每天的会话数"), [Dimension::Day]);
        assert_eq!(groups("プロバイダー別のエラー率"), [Dimension::Provider]);
        assert_eq!(groups("rank by cost"), []);
    }

    proptest! {
        #[test]
        fn no_question_is_too_strange(text in "\\PC*") {
            let question = read(&text, now(), &names());
            prop_assert!((0.0..=1.0).contains(&question.reading.confidence));
        }
    }
}
