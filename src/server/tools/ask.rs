//! The tool `ask`.

use std::borrow::Cow;
use std::time::Duration;

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
use super::super::schema;
use super::Context;
use super::Tool;
use super::assemble_context::DegradedOut;
use super::assemble_context::DocArg;
use super::assemble_context::ToolArg;
use super::messages;
use super::messages::ContentArg;
use super::offered;
use super::session_of;
use crate::ask::ContextChoice;
use crate::ask::Question;
use crate::ask::Reply;
use crate::ask::Side;
use crate::ask::Sides;
use crate::config::Prefer;
use crate::config::Toolset;
use crate::context::label;
use crate::models::Message;
use crate::models::Reasoning;
use crate::models::Role;
use crate::models::ToolCall;
use crate::scope;
use crate::scope::View;

pub(super) const TOOL: Tool = Tool {
    name: "ask",
    title: "Ask a model",
    description: "Asks another language model, with the best context put before the question: a second opinion, a \
        cheaper or larger model, JSON. The configuration chooses the model unless named; without any the best \
        passages are quoted. A cut answer is an error; finish_reason `length`: the output limit was reached. \
        cost_usd null is unknown.\n\
        Example: {\"message\": \"Is our retry policy sound?\", \"max_cost_usd\": 0.05}",
    toolset: Toolset::Ask,
    writes: false,
    destructive: false,
    idempotent: false,
    open_world: true,
    input: schema::input::<AskArgs>,
    output: schema::output::<AskResult>,
    touches: |arguments| Touches {
        // Every question keeps a pack, and may take minutes: only one that names a pack waits for others.
        reads: [Domain::Memory, Domain::Workspace, Domain::Contexts]
            .into_iter()
            .chain(arguments.pointer("/context/pack_id").map(|_| Domain::Packs))
            .chain(session_of(arguments))
            .collect(),
        writes: std::iter::once(Domain::Packs).chain(session_of(arguments)).collect(),
    },
    run: |context, arguments| Box::pin(ask(context, arguments)),
};

#[derive(Deserialize, JsonSchema)]
struct AskArgs {
    /// The question. Or give messages.
    #[schemars(length(min = 1, max = 2_000_000))]
    message: Option<String>,
    /// The last one is the question.
    #[schemars(length(min = 1, max = 1000))]
    messages: Option<Vec<MessageArg>>,
    /// Its earlier turns are sent along, and both turns are kept.
    session_id: Option<String>,
    user_id: Option<String>,
    persona: Option<String>,
    namespace: Option<String>,
    conversation: Option<String>,
    artifact: Option<String>,
    /// auto (default) assembles it, none sends none, {"pack_id"} uses a kept pack, else what is given.
    context: Option<ContextArg>,
    /// Default: up to 8000.
    #[schemars(range(min = 256, max = 200_000))]
    budget_tokens: Option<u32>,
    /// openai, anthropic, azure, openrouter, ollama, lmstudio, extractive, or a name from the user file.
    provider: Option<String>,
    /// Asked side by side and compared: provider or provider/model.
    #[schemars(length(min = 1, max = 8))]
    providers: Option<Vec<String>>,
    model: Option<String>,
    prefer: Option<PreferArg>,
    /// When it fails, in order: provider or provider/model.
    #[schemars(length(max = 20))]
    fallbacks: Option<Vec<String>>,
    /// Refuse when it may cost more.
    #[schemars(range(min = 0.0))]
    max_cost_usd: Option<f64>,
    #[schemars(range(min = 1, max = 1_000_000))]
    max_output_tokens: Option<u32>,
    #[schemars(range(min = 0.0, max = 2.0))]
    temperature: Option<f64>,
    reasoning: Option<ReasoningArg>,
    /// A JSON schema that the answer must follow.
    response_schema: Option<Map<String, Value>>,
    /// To offer: name, description, parameters (JSON schema). Calls come back in tool_calls, with them go tool_results.
    #[schemars(length(max = 128))]
    tools: Option<Vec<Map<String, Value>>>,
    /// auto, none, required, or a tool's name.
    tool_choice: Option<String>,
    /// Default: 120.
    #[schemars(range(min = 1.0, max = 3600.0))]
    timeout_s: Option<f64>,
    /// Ask afresh.
    #[serde(default)]
    no_cache: bool,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
struct MessageArg {
    role: RoleArg,
    content: ContentArg,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum RoleArg {
    System,
    User,
    Assistant,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum ReasoningArg {
    None,
    Low,
    Medium,
    High,
}

impl From<ReasoningArg> for Reasoning {
    fn from(it: ReasoningArg) -> Reasoning {
        match it {
            ReasoningArg::None => Reasoning::None,
            ReasoningArg::Low => Reasoning::Low,
            ReasoningArg::Medium => Reasoning::Medium,
            ReasoningArg::High => Reasoning::High,
        }
    }
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Role {
        match role {
            RoleArg::System => Role::System,
            RoleArg::User => Role::User,
            RoleArg::Assistant => Role::Assistant,
        }
    }
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum PreferArg {
    Quality,
    Speed,
    Cost,
}

impl From<PreferArg> for Prefer {
    fn from(it: PreferArg) -> Prefer {
        match it {
            PreferArg::Quality => Prefer::Quality,
            PreferArg::Speed => Prefer::Speed,
            PreferArg::Cost => Prefer::Cost,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ContextArg {
    Word(ContextWord),
    Pack { pack_id: String },
    Inline(InlineArg),
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ContextWord {
    Auto,
    None,
}

#[derive(Deserialize, JsonSchema)]
struct InlineArg {
    /// Who the model is to be.
    identity: Option<String>,
    /// Facts to know.
    memory: Option<Vec<String>>,
    tools: Option<Vec<ToolArg>>,
    docs: Option<Vec<DocArg>>,
}

/// Written by hand: one flat object reads better in every host's dialect than three shapes side by side.
impl JsonSchema for ContextArg {
    fn schema_name() -> Cow<'static, str> {
        "ContextArg".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut inline = InlineArg::json_schema(generator).to_value();
        if let Some(Value::Object(properties)) = inline.get_mut("properties") {
            properties.insert("pack_id".to_owned(), json!({"type": "string"}));
        }
        schemars::json_schema!({"anyOf": [{"type": "string", "enum": ["auto", "none"]}, inline]})
    }
}

/// The schema of a context that a call brings along.
pub(in crate::server) fn context_schema() -> Value {
    let mut schema = schema::input::<InlineArg>();
    let head = [
        ("$schema", "https://json-schema.org/draft/2020-12/schema"),
        ("$id", "carryall://schema/context"),
        ("title", "The context of one `ask`, given by its caller"),
    ];
    let mut whole = Map::from_iter(head.map(|(name, text)| (name.to_owned(), text.into())));
    whole.append(&mut schema);
    Value::Object(whole)
}

#[derive(Serialize, JsonSchema)]
struct AskResult {
    answer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    structured: Option<Value>,
    provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, with = "Vec<Map<String, Value>>")]
    tool_calls: Vec<Value>,
    finish_reason: String,
    usage: UsageOut,
    /// Null is unknown.
    #[schemars(schema_with = "number_or_null")]
    cost_usd: Option<f64>,
    latency_ms: f64,
    #[schemars(with = "Vec<Map<String, Value>>")]
    attempts: Value,
    cached: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<Map<String, Value>>>")]
    answers: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agree: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<Map<String, Value>>>")]
    differ: Option<Value>,
    #[schemars(with = "Vec<Map<String, Value>>")]
    citations: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pack_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    degraded: Vec<DegradedOut>,
}

fn number_or_null(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"anyOf": [{"type": "number"}, {"type": "null"}]})
}

#[derive(Serialize, JsonSchema)]
struct UsageOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_tokens: Option<u64>,
}

async fn ask(context: Context, arguments: Value) -> Result<Answer, Failure> {
    let args: AskArgs = arguments::read(arguments)?;
    let question = question(args, &context)?;
    let reply = Box::pin(context.app.asker.ask(&question, &context.allowed, &context.call)).await?;
    let text = describe(&reply);
    Answer::of(&result(reply), text)
}

fn question(args: AskArgs, context: &Context) -> Result<Question, Failure> {
    let config = &context.app.config;
    let messages = match (args.message, args.messages) {
        (Some(message), None) => vec![Message::new(Role::User, message)],
        (None, Some(messages)) => {
            let read = messages.into_iter().enumerate().map(|(at, it)| messages::read(at, it.role.into(), it.content));
            read.collect::<Result<Vec<_>, _>>()?.concat()
        }
        (Some(_), Some(_)) => {
            return Err(Failure::new(
                "invalid_argument",
                "both `message` and `messages` are given, but only one of them may be",
                "put the message last among the messages",
            ));
        }
        (None, None) => {
            return Err(Failure::new(
                "invalid_argument",
                "argument `message` is missing; it must be a string (or give `messages`, a list)",
                "for example {\"message\": \"Is our retry policy sound?\"}",
            ));
        }
    };
    let says_something = |it: &Message| match it.role {
        Role::User => !it.content.trim().is_empty() || !it.images.is_empty(),
        Role::Tool => true,
        Role::System | Role::Assistant => false,
    };
    if !messages.last().is_some_and(says_something) {
        return Err(Failure::new(
            "invalid_argument",
            "the last message must be from role `user` and must not be blank",
            "for example {\"messages\": [{\"role\": \"user\", \"content\": \"Is our retry policy sound?\"}]}",
        ));
    }
    let tools = offered::tools(args.tools.unwrap_or_default())?;
    let tool_choice = offered::choice(args.tool_choice.as_deref(), &tools)?;
    Ok(Question {
        messages,
        view: View::new(
            args.namespace.or_else(|| config.project.namespace.clone()),
            args.user_id,
            args.persona,
            args.session_id,
        ),
        conversation: scope::given(args.conversation),
        artifact: scope::given(args.artifact),
        context: args.context.map_or(ContextChoice::Auto, choice),
        budget_tokens: args.budget_tokens.or(config.project.budget_tokens).map(|it| it.clamp(256, 200_000)),
        provider: args.provider,
        providers: args.providers.unwrap_or_default(),
        model: args.model,
        prefer: args.prefer.map(Prefer::from),
        fallbacks: args.fallbacks.unwrap_or_default(),
        max_cost_usd: args.max_cost_usd,
        max_output_tokens: args.max_output_tokens,
        temperature: args.temperature,
        reasoning: args.reasoning.map(Reasoning::from),
        response_schema: args.response_schema.map(Value::Object),
        tools,
        tool_choice,
        timeout: args.timeout_s.map_or(config.ask_timeout, Duration::from_secs_f64),
        no_cache: args.no_cache,
    })
}

fn choice(context: ContextArg) -> ContextChoice {
    match context {
        ContextArg::Word(ContextWord::Auto) => ContextChoice::Auto,
        ContextArg::Word(ContextWord::None) => ContextChoice::None,
        ContextArg::Pack { pack_id } => ContextChoice::Pack(pack_id),
        ContextArg::Inline(inline) => {
            let facts = inline.memory.unwrap_or_default().into_iter().enumerate().map(|(at, text)| {
                crate::context::InlineDocument {
                    title: Some(format!("fact {}", at + 1)),
                    uri: Some(format!("inline:memory/{}", at + 1)),
                    text,
                }
            });
            ContextChoice::Inline {
                identity: inline.identity,
                docs: facts.chain(inline.docs.unwrap_or_default().into_iter().map(DocArg::document)).collect(),
                tools: inline.tools.unwrap_or_default().into_iter().map(ToolArg::tool).collect(),
            }
        }
    }
}

fn result(reply: Reply) -> AskResult {
    AskResult {
        answer: reply.answer,
        structured: reply.structured,
        provider: reply.provider,
        model: reply.model,
        tool_calls: reply.tool_calls.iter().map(offered::part).collect(),
        finish_reason: reply.finish_reason,
        usage: UsageOut {
            input_tokens: reply.usage.input_tokens,
            cached_input_tokens: reply.usage.cached_input_tokens,
            cache_write_tokens: reply.usage.cache_write_tokens,
            output_tokens: reply.usage.output_tokens,
            reasoning_tokens: reply.usage.reasoning_tokens,
        },
        cost_usd: reply.cost_usd,
        latency_ms: (reply.latency_ms * 100.0).round() / 100.0,
        attempts: json!(reply.attempts),
        cached: reply.cached,
        answers: reply.sides.as_ref().map(|it| it.answers.iter().map(side).collect()),
        agree: reply.sides.as_ref().map(|it| it.comparison.agree.clone()),
        differ: reply.sides.as_ref().map(|it| json!(it.comparison.differ)),
        citations: json!(reply.citations),
        pack_id: reply.pack_id,
        degraded: reply
            .degraded
            .into_iter()
            .map(|it| DegradedOut { source: it.source.to_owned(), reason: it.reason })
            .collect(),
    }
}

/// One of several answers, with the calls that it wants to have made.
fn side(side: &Side) -> Value {
    let mut out = json!(side);
    if !side.tool_calls.is_empty() {
        out["tool_calls"] = side.tool_calls.iter().map(offered::part).collect();
    }
    out
}

/// A line for each call that a model wants to have made.
fn describe_calls(calls: &[ToolCall], text: &mut String) {
    for it in calls {
        let gap = if text.is_empty() || text.ends_with("\n\n") { "" } else { "\n\n" };
        let (name, id) = (label(&it.name, 100), label(&it.id, 100));
        text.push_str(&format!("{gap}Wants to call {name} ({id}): {}", it.arguments));
    }
}

/// Every answer under its author's name, then how they relate.
fn describe_sides(sides: &Sides) -> String {
    let mut text = String::new();
    for it in &sides.answers {
        let model = it.model.as_ref().map(|it| format!("/{it}")).unwrap_or_default();
        let cost = it.cost_usd.map_or_else(|| "cost unknown".to_owned(), |it| format!("{it:.6} USD"));
        text.push_str(&format!("## {}{model} ({cost}, {:.0} ms)\n\n", it.provider, it.latency_ms));
        match (&it.answer, &it.error) {
            (Some(answer), _) => text.push_str(answer),
            (None, error) => text.push_str(&format!("No answer: {}", error.as_deref().unwrap_or_default())),
        }
        describe_calls(&it.tool_calls, &mut text);
        text.push_str("\n\n");
    }
    let list = |title: &str, lines: &[String]| {
        let lines: Vec<String> = lines.iter().map(|it| format!("- {it}")).collect();
        if lines.is_empty() { String::new() } else { format!("## {title}\n\n{}\n\n", lines.join("\n")) }
    };
    text.push_str(&list("All say", &sides.comparison.agree));
    for it in &sides.comparison.differ {
        text.push_str(&list(&format!("Only {} says", it.by), &it.says));
    }
    text.push_str("The line below is about the answer that stands nearest to the others, with what all cost together.");
    text
}

fn describe(reply: &Reply) -> String {
    let mut text = match &reply.sides {
        Some(sides) => describe_sides(sides),
        None => {
            let mut text = reply.answer.clone();
            describe_calls(&reply.tool_calls, &mut text);
            text
        }
    };
    text.push_str("\n\n---\n");
    let model = reply.model.as_ref().map(|it| format!("/{it}")).unwrap_or_default();
    let cost = reply.cost_usd.map_or_else(|| "cost unknown".to_owned(), |it| format!("{it:.6} USD"));
    text.push_str(&format!(
        "{}{model}, {cost}, {:.0} ms, finish_reason {}",
        reply.provider, reply.latency_ms, reply.finish_reason
    ));
    if reply.cached {
        text.push_str(", kept from an equal question");
    }
    if reply.finish_reason == "length" {
        text.push_str(": the output limit was reached, so the answer may end early; raise max_output_tokens");
    }
    let usage = &reply.usage;
    if let (Some(input), Some(output)) = (usage.input_tokens, usage.output_tokens) {
        let part = |tokens: Option<u64>, which: &str| {
            tokens.filter(|it| *it > 0).map(|it| format!(" + {it} {which}")).unwrap_or_default()
        };
        let read = part(usage.cached_input_tokens, "cached");
        let written = part(usage.cache_write_tokens, "written to the cache");
        text.push_str(&format!(", tokens {input}{read}{written} in, {output} out"));
    }
    for it in &reply.citations {
        let place = match (&it.path, it.start_line, it.end_line) {
            (Some(path), Some(start), Some(end)) => format!("{path}:{start}-{end}"),
            _ => it.uri.clone(),
        };
        text.push_str(&format!("\n[{}] {}", it.n, label(&place, 300)));
    }
    for it in reply.attempts.iter().filter(|it| it.outcome != "ok") {
        let error = it.error.as_deref().unwrap_or_default();
        text.push_str(&format!("\nFailed before: {}, {}: {error}", it.provider, it.outcome));
    }
    if let Some(choice) = &reply.choice {
        text.push_str(&format!("\nRoute: {}", label(choice, 600)));
    }
    for it in &reply.degraded {
        text.push_str(&format!("\nMissing from {}: {}.", it.source, it.reason));
    }
    if let Some(pack_id) = &reply.pack_id {
        text.push_str(&format!("\nContext: pack {pack_id}"));
    }
    text
}
