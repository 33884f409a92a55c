//! The tool `query_insights`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::super::arguments;
use super::super::order::Domain;
use super::super::order::Touches;
use super::super::reply::Answer;
use super::super::reply::Failure;
use super::super::reply::Image;
use super::super::reply::fitting;
use super::super::reply::size;
use super::super::schema;
use super::Context;
use super::Tool;
use super::beginning;
use crate::clock;
use crate::config::Toolset;
use crate::insights;
use crate::insights::Drill;
use crate::insights::InsightsError;
use crate::insights::Kind;
use crate::insights::Link;
use crate::insights::Page;
use crate::insights::Question;
use crate::insights::Viewer;
use crate::insights::chart::Format;
use crate::insights::chart::Theme;
use crate::scope;
use crate::store::Cell;

pub(super) const TOOL: Tool = Tool {
    name: "query_insights",
    title: "Query insights",
    description: "Answers questions about recorded use, in words, rows and a chart: history (conversations, \
        decisions), personas and users, frameworks and request kinds, performance and cost, engagement, insights \
        (what changed). Not for knowledge: use recall. Times are UTC. `links` are the next calls.\n\
        Example: {\"question\": \"what did each model cost last month?\", \"chart\": \"png\"}",
    toolset: Toolset::Insights,
    writes: false,
    destructive: false,
    idempotent: true,
    open_world: false,
    input: schema::input::<InsightsArgs>,
    output: schema::output::<InsightsResult>,
    touches: |_| Touches { reads: vec![Domain::Traces, Domain::Memory, Domain::Contexts], writes: Vec::new() },
    run: |context, arguments| Box::pin(query_insights(context, arguments)),
};

/// Characters of a question that are read; links repeat it.
const READ: usize = 4_000;

#[derive(Deserialize, JsonSchema)]
struct InsightsArgs {
    /// In plain words: “cost last week”.
    question: Option<String>,
    #[serde(rename = "type")]
    kind: Option<KindName>,
    since: Option<String>,
    until: Option<String>,
    /// Theirs and nobody's calls. Else all, without users' words.
    user_id: Option<String>,
    /// By name: persona, model, tool, session_id, artifact, …
    filters: Option<Map<String, Value>>,
    /// From a link.
    drill_down: Option<DrillArgs>,
    cursor: Option<String>,
    #[serde(default)]
    chart: ChartName,
    #[serde(default)]
    theme: ThemeName,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
struct DrillArgs {
    view: Option<String>,
    by: Option<String>,
    measure: Option<String>,
    middle: Option<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum KindName {
    History,
    Personas,
    Frameworks,
    Performance,
    Engagement,
    Insights,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum ChartName {
    #[default]
    None,
    Svg,
    Png,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum ThemeName {
    #[default]
    Light,
    Dark,
}

#[derive(Serialize, JsonSchema)]
struct InsightsResult {
    #[serde(rename = "type")]
    kind: &'static str,
    confidence: f64,
    /// One to three sentences.
    answer: String,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
    rows_in_all: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    chart: Option<Value>,
    #[schemars(with = "Vec<LinkOut>")]
    links: Vec<Link>,
    /// The question read otherwise, when the reading is unsure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<LinkOut>")]
    otherwise: Option<Link>,
    /// Of further rows; the last link has it, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    cached: bool,
}

#[derive(JsonSchema)]
#[schemars(inline)]
#[expect(dead_code, reason = "says the fields of a link")]
struct LinkOut {
    label: String,
    tool: String,
    arguments: Map<String, Value>,
}

async fn query_insights(context: Context, arguments: Value) -> Result<Answer, Failure> {
    let args: InsightsArgs = arguments::read(arguments)?;
    if args.question.as_deref().is_none_or(|it| it.trim().is_empty()) && args.kind.is_none() {
        return Err(Failure::new(
            "invalid_argument",
            "there is neither a question nor a type",
            "for example {\"question\": \"what did we ask last week?\"} or {\"type\": \"performance\"}",
        ));
    }
    let drill = args.drill_down.map_or_else(Drill::default, |it| {
        let DrillArgs { view, by, measure, middle } = it;
        Drill { view, by, measure, middle }
    });
    check(&drill)?;
    let format = match args.chart {
        ChartName::None => None,
        ChartName::Svg => Some(Format::Svg),
        ChartName::Png => Some(Format::Png),
    };
    let (words, cut) = beginning(args.question.unwrap_or_default(), READ);
    let question = Question {
        question: words,
        kind: args.kind.map(|it| match it {
            KindName::History => Kind::History,
            KindName::Personas => Kind::Personas,
            KindName::Frameworks => Kind::Frameworks,
            KindName::Performance => Kind::Performance,
            KindName::Engagement => Kind::Engagement,
            KindName::Insights => Kind::Insights,
        }),
        since: arguments::time("since", args.since.as_ref())?,
        until: arguments::time("until", args.until.as_ref())?,
        filters: args.filters.unwrap_or_default(),
        drill,
        page: match args.cursor {
            None => Page::default(),
            Some(cursor) => Page::read(&cursor).ok_or_else(|| {
                let allowed = "the next_cursor of an earlier answer";
                Failure::argument("cursor", &cursor.into(), allowed, "the arguments of its last link")
            })?,
        },
        chart: format,
        theme: match args.theme {
            ThemeName::Light => Theme::Light,
            ThemeName::Dark => Theme::Dark,
        },
        viewer: Viewer { user_id: scope::given(args.user_id), sees_all: context.is_local },
    };
    let mut answer = context.app.insights.answer(&question, &context.call).await?;
    if let Some(cut) = cut {
        answer.text.push_str(&format!(" {cut}"));
    }
    let rows: Vec<Vec<Value>> = answer.rows.iter().map(|row| row.iter().map(value).collect()).collect();
    let shown = fitting(rows.iter().zip(0..).map(|(row, at)| size(row) * 2 + answer.links.get(at).map_or(0, size)));
    let rows: Vec<Vec<Value>> = rows.into_iter().take(shown).collect();
    let more = answer.next_page(rows.len());
    let next_cursor = more.as_ref().and_then(|it| it.arguments["cursor"].as_str()).map(str::to_owned);
    // Those of the rows first, so that the two lists go together.
    let mut links: Vec<Link> = answer.links.into_iter().take(rows.len()).collect();
    let of_rows = links.len();
    links.extend(answer.beside.into_iter().chain(more));
    let mime = match format {
        Some(Format::Svg) => "image/svg+xml",
        _ => "image/png",
    };
    let image = answer.chart.map(|bytes| Image { mime, data: STANDARD.encode(bytes) });
    let mut text = answer.text.clone();
    if !rows.is_empty() {
        text.push_str("\n\n");
        text.push_str(&table(&answer.columns, &rows));
    }
    if answer.total > rows.len() && !rows.is_empty() {
        let first = question.page.skip + 1;
        text.push_str(&format!("\n(rows {first} to {} of {})", question.page.skip + rows.len(), answer.total));
    }
    // A person gets commands, from whoever prints this.
    if !context.is_local {
        let mut look = |link: &Link| text.push_str(&format!("\n{}: {} {}", link.label, link.tool, link.arguments));
        links[..of_rows].iter().take(3).for_each(&mut look);
        links[of_rows..].iter().for_each(&mut look);
        answer.otherwise.iter().for_each(&mut look);
    }
    let result = InsightsResult {
        kind: answer.kind.name(),
        confidence: (answer.confidence * 100.0).round() / 100.0,
        answer: answer.text,
        columns: answer.columns,
        rows,
        rows_in_all: answer.total,
        chart: image.as_ref().map(|it| json!({"type": "image", "mimeType": it.mime, "data": it.data})),
        links,
        otherwise: answer.otherwise,
        next_cursor,
        since: answer.since.map(clock::format),
        until: answer.until.map(clock::format),
        cached: answer.cached,
    };
    Ok(Answer { image, ..Answer::of(&result, text)? })
}

fn check(drill: &Drill) -> Result<(), Failure> {
    let known = |name: &str, value: &Option<String>, allowed: &[&str]| match value {
        Some(value) if !allowed.contains(&value.as_str()) => Err(Failure::argument(
            &format!("drill_down.{name}"),
            &Value::String(value.clone()),
            &format!("one of {}", allowed.join(", ")),
            &format!("\"{}\"", allowed[0]),
        )),
        _ => Ok(()),
    };
    let views: Vec<&str> = insights::VIEWS.iter().map(|it| it.0).collect();
    known("view", &drill.view, &views)?;
    known("by", &drill.by, &insights::GROUPS)
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::None => Value::Null,
        Cell::Count(it) => (*it).into(),
        Cell::Number(it) => (*it).into(),
        Cell::Text(it) => it.clone().into(),
    }
}

/// The rows as a Markdown table, which hosts draw and models read. The numbers of a column have as many digits behind the
/// point as the longest of them.
fn table(columns: &[String], rows: &[Vec<Value>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let digits = |at: usize| rows.iter().filter_map(|row| decimals(row.get(at)?)).max().unwrap_or(0);
    let digits: Vec<usize> = (0..columns.len()).map(digits).collect();
    let cell = |(at, value): (usize, &Value)| match value {
        Value::String(it) => it.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" "),
        Value::Null => String::new(),
        Value::Number(it) if it.is_f64() => {
            format!("{:.*}", digits.get(at).copied().unwrap_or(0), it.as_f64().unwrap_or_default())
        }
        other => other.to_string(),
    };
    let mut text = line(columns.to_vec());
    text.push_str(&line(columns.iter().map(|_| "---".to_owned()).collect()));
    rows.iter().for_each(|row| text.push_str(&line(row.iter().enumerate().map(cell).collect())));
    text.trim_end().to_owned()
}

/// How many digits a number that is no count has behind the point.
fn decimals(value: &Value) -> Option<usize> {
    let number = value.as_f64().filter(|_| value.is_f64())?.to_string();
    Some(number.split_once('.').map_or(0, |it| it.1.len()))
}

impl From<InsightsError> for Failure {
    fn from(err: InsightsError) -> Failure {
        match err {
            InsightsError::Store(err) => err.into(),
            err => {
                let example = match &err {
                    InsightsError::Limit { .. } => "{\"filters\": {\"over_ms\": \"5000\"}}",
                    InsightsError::Middle | InsightsError::Range => {
                        "{\"since\": \"2026-10-01\", \"until\": \"2026-11-01\"}"
                    }
                    _ => "{\"filters\": {\"model\": \"gpt-5\"}}",
                };
                Failure::new("invalid_argument", err.to_string(), format!("for example {example}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_column_have_the_same_digits() {
        let columns = ["k", "calls", "p50_ms"].map(str::to_owned);
        let rows = [
            vec![json!("a|b"), json!(3), json!(0.5)],
            vec![json!("c"), json!(12), json!(0.57)],
            vec![json!("d"), json!(0), Value::Null],
        ];
        let expected =
            "| k | calls | p50_ms |\n| --- | --- | --- |\n| a\\|b | 3 | 0.50 |\n| c | 12 | 0.57 |\n| d | 0 |  |";
        assert_eq!(table(&columns, &rows), expected);
    }
}
