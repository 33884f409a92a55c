//! Reads a question about statistics: its type, its time, its filters and its grouping.

use std::sync::LazyLock;

use super::ahead;
use crate::classify::Classifier;
use crate::clock::Millis;
use crate::dates;
use crate::dates::Range;
use crate::trace;

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
    /// Words that the record itself has to hold; only a filter.
    Text,
}

/// A value that a question asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub dimension: Dimension,
    /// As the question has it, or as [`Names`] spells it.
    pub value: String,
}

/// The names that were recorded, so that a question may use them without quotes.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub personas: Vec<String>,
    pub users: Vec<String>,
    pub models: Vec<String>,
    pub providers: Vec<String>,
    pub tools: Vec<String>,
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

/// Words before “persona” that are no name of one.
const NO_NAMES: &[&str] = &[
    "the",
    "a",
    "an",
    "which",
    "what",
    "any",
    "each",
    "every",
    "per",
    "by",
    "this",
    "that",
    "no",
    "new",
    "my",
    "our",
    "your",
    "custom",
    "own",
    "same",
    "other",
    "another",
    "most",
    "least",
    "favourite",
    "favorite",
    "best",
    "worst",
    "one",
    "and",
    "or",
    "of",
    "with",
    "without",
    "user",
    "model",
    "for",
    "to",
    "single",
    "shared",
    "in",
    "is",
    "does",
    "did",
    "die",
    "der",
    "jede",
    "je",
    "pro",
    "welche",
    "une",
    "la",
    "las",
    "una",
    "qué",
    "quelle",
    "cada",
    "por",
    "par",
    "current",
    "old",
    "used",
    "named",
    "called",
    "top",
    "from",
    "how",
    "if",
    "whose",
    "switch",
    "only",
];

/// Families of models whose names are no words of other questions, as `command` and `open` are.
const FAMILIES: [&str; 9] = ["claude", "llama", "gemini", "gemma", "mistral", "qwen", "deepseek", "grok", "codestral"];

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
    Question {
        reading: reading(0).unwrap_or(Reading { kind: "insights", confidence: 0.0 }),
        second: reading(1),
        range,
        middle,
        filters: filters(question, names),
        groups: groups(question),
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
struct Word<'a> {
    text: &'a str,
    quoted: bool,
}

/// Words and quoted phrases in order.
fn words(text: &str) -> Vec<Word<'_>> {
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
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
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
fn dimension(word: &str) -> Option<Dimension> {
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

fn filters(question: &str, names: &Names) -> Vec<Filter> {
    let words = words(question);
    let mut out: Vec<Filter> = Vec::new();
    let mut add = |dimension: Dimension, value: &str| {
        let filter = Filter { dimension, value: value.to_owned() };
        if !out.contains(&filter) {
            out.push(filter);
        }
    };
    let of = |at: Option<usize>| at.and_then(|it| words.get(it)).filter(|it| !it.quoted).and_then(|it| noun(it.text));
    for (at, word) in words.iter().enumerate() {
        if let Some((dimension, name)) = recorded(word.text, names) {
            add(dimension, name);
        } else if word.quoted {
            // The noun beside a quoted name says what it is: persona “Scout”, the “Scout” persona.
            let named = of(at.checked_sub(1)).or_else(|| of(Some(at + 1)));
            add(named.unwrap_or(Dimension::Text), word.text);
        } else if noun(word.text) == Some(Dimension::Persona)
            // “rank personas” names none.
            && !word.text.to_lowercase().ends_with('s')
            && let Some(before) = at.checked_sub(1).and_then(|it| words.get(it))
            && is_name(before)
            && recorded(before.text, names).is_none()
        {
            add(Dimension::Persona, before.text);
        } else if noun(word.text) == Some(Dimension::User)
            && word.text.to_lowercase() == "user"
            && let Some(next) = words.get(at + 1)
            && next.text.chars().all(|c| c.is_ascii_digit())
        {
            add(Dimension::User, next.text);
        } else if is_asked_about(at, &words) {
            // Somebody of whom nothing is recorded: an answer about all others would be another one's.
            add(Dimension::User, word.text);
        }
    }
    for name in trace::frameworks(question) {
        add(Dimension::Framework, &name);
    }
    out
}

/// Words before and behind the name of somebody: “what did X ask”, “was hat X gefragt”.
const DID: [&str; 4] = ["did", "does", "has", "hat"];
const ASKED: [&str; 26] = [
    "spend",
    "spent",
    "pay",
    "paid",
    "call",
    "called",
    "write",
    "ausgegeben",
    "bezahlt",
    "do",
    "ask",
    "say",
    "use",
    "decide",
    "discuss",
    "want",
    "done",
    "asked",
    "said",
    "used",
    "decided",
    "gefragt",
    "gesagt",
    "gemacht",
    "benutzt",
    "entschieden",
];

/// What may stand there and is no name.
const NOBODY: [&str; 34] = [
    "we",
    "i",
    "you",
    "they",
    "he",
    "she",
    "it",
    "everyone",
    "everybody",
    "anyone",
    "anybody",
    "someone",
    "somebody",
    "people",
    "who",
    "which",
    "what",
    "nobody",
    "one",
    "others",
    "all",
    "each",
    "that",
    "this",
    "not",
    "wir",
    "ich",
    "er",
    "sie",
    "es",
    "man",
    "jemand",
    "jeder",
    "niemand",
];

/// Whether the word at `at` can only be somebody's name.
fn is_asked_about(at: usize, words: &[Word<'_>]) -> bool {
    let lower = |at: Option<usize>| at.and_then(|it| words.get(it)).map(|it| it.text.to_lowercase());
    let is = |at: Option<usize>, list: &[&str]| lower(at).is_some_and(|it| list.contains(&it.as_str()));
    let name = words[at].text;
    let was_here = is(at.checked_sub(1), &["was", "is", "war"])
        && is(Some(at + 1), &["last", "ever", "zuletzt"])
        && is(Some(at + 2), &["active", "seen", "online", "aktiv"]);
    (was_here || is(at.checked_sub(1), &DID) && is(Some(at + 1), &ASKED))
        && !is(Some(at), &NOBODY)
        && !words[at].quoted
        && dimension(name).is_none()
        && name.chars().count() > 1
        && name.chars().all(char::is_alphabetic)
}

/// The sort of name that a noun announces.
fn noun(word: &str) -> Option<Dimension> {
    dimension(word).filter(|it| {
        use Dimension::Framework;
        use Dimension::Model;
        use Dimension::Persona;
        use Dimension::Provider;
        use Dimension::Session;
        use Dimension::Tool;
        use Dimension::User;
        [Persona, User, Model, Provider, Tool, Framework, Session].contains(it)
    })
}

fn is_name(word: &Word<'_>) -> bool {
    let lower = word.text.to_lowercase();
    !word.quoted && !NO_NAMES.contains(&lower.as_str()) && !lower.chars().all(|c| c.is_ascii_digit())
}

/// A recorded name, whatever its case; `claude` is the only model whose name begins so.
fn recorded<'a>(word: &str, names: &'a Names) -> Option<(Dimension, &'a str)> {
    let lists = [
        (Dimension::Persona, &names.personas),
        (Dimension::User, &names.users),
        (Dimension::Model, &names.models),
        (Dimension::Provider, &names.providers),
        (Dimension::Tool, &names.tools),
    ];
    let lower = word.to_lowercase();
    let whole = lists.into_iter().find_map(|(dimension, list)| {
        list.iter().find(|it| it.to_lowercase() == lower).map(|it| (dimension, it.as_str()))
    });
    let rest = |it: &str| it.to_lowercase().strip_prefix(&lower).and_then(|it| it.chars().next());
    let mut begin = names.models.iter().filter(|it| rest(it).is_some_and(|next| !next.is_alphabetic()));
    whole.or_else(|| match (begin.next(), begin.next()) {
        (Some(model), None) if FAMILIES.contains(&lower.as_str()) => Some((Dimension::Model, model.as_str())),
        _ => None,
    })
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
        }
    }

    #[test]
    fn a_question_is_read_whole() {
        let question = read("Cost per model and day for the coach persona, last week", now(), &names());
        assert_eq!(question.reading.kind, "performance");
        assert!(question.second.is_some_and(|it| it.confidence <= question.reading.confidence));
        assert_eq!(question.range, Range { since: Some(now() - 7 * DAY), until: Some(now()) });
        assert_eq!(question.groups, [Dimension::Model, Dimension::Day]);
        assert_eq!(question.filters, [Filter { dimension: Dimension::Persona, value: "Coach".to_owned() }]);
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
        ] {
            assert_eq!(found(text), vec![], "{text}");
        }
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
