//! The tool `remember`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use super::super::arguments;
use super::super::order::Domain;
use super::super::order::Touches;
use super::super::reply::Answer;
use super::super::reply::Failure;
use super::super::reply::shorten;
use super::super::schema;
use super::Context;
use super::Tool;
use crate::config::Toolset;
use crate::context::label;
use crate::memory::Item;
use crate::memory::Outcome;
use crate::scope;
use crate::scope::Owner;
use crate::store::Contradiction;
use crate::store::Status;

pub(super) const TOOL: Tool = Tool {
    name: "remember",
    title: "Remember",
    description: "Keeps something for later sessions: a fact, a preference, a decision and its reason, a pattern, an \
        event. Use it when the user says something lasting or a decision is made; not for what the files of the \
        project say anyway, nor for secrets. One self-contained sentence a memory, with names instead of pronouns. \
        When it replaces an older memory, name that one in `supersedes`. Durable when it answers; an exact duplicate \
        is recognised.\n\
        Example: {\"content\": \"Ana decided on SQLite over Postgres: one file, no service\", \"kind\": \"decision\"}\n\
        Many at once: {\"items\": [{\"content\": \"…\"}, {\"content\": \"…\", \"kind\": \"preference\"}]}",
    toolset: Toolset::Memory,
    writes: true,
    destructive: false,
    idempotent: true,
    open_world: false,
    input: schema::input::<RememberArgs>,
    output: schema::output::<RememberResult>,
    touches: |_| Touches { reads: vec![Domain::Memory], writes: vec![Domain::Memory] },
    run: |context, arguments| Box::pin(remember(context, arguments)),
};

/// Characters that a tag, a source or a name may have.
const LABEL: usize = 2_000;

/// Characters of an older memory that are quoted.
const QUOTED: usize = 300;

#[derive(Deserialize, JsonSchema)]
struct RememberArgs {
    /// What to remember.
    #[schemars(length(min = 1, max = 1_000_000), example = "Ana prefers short answers")]
    content: Option<String>,
    /// Several at once, each with the same fields; those outside are their defaults.
    #[schemars(length(min = 1, max = 1000))]
    items: Option<Vec<ItemArgs>>,
    #[serde(flatten)]
    common: CommonArgs,
}

#[derive(Deserialize, JsonSchema)]
struct ItemArgs {
    #[schemars(length(min = 1, max = 1_000_000), example = "Ana prefers short answers")]
    content: String,
    #[serde(flatten)]
    common: CommonArgs,
}

#[derive(Clone, Default, Deserialize, JsonSchema)]
struct CommonArgs {
    /// Default: note.
    kind: Option<Kind>,
    /// Keeps worlds apart, such as work and home. Default: default.
    namespace: Option<String>,
    /// Only calls with the same user_id will see it.
    user_id: Option<String>,
    session_id: Option<String>,
    /// Only calls with the same persona will see it.
    persona: Option<String>,
    /// Who said it.
    speaker: Option<String>,
    #[schemars(length(max = 100))]
    tags: Option<Vec<String>>,
    /// Default: 0.5.
    #[schemars(range(min = 0.0, max = 1.0))]
    importance: Option<f64>,
    /// When it happened, RFC 3339.
    occurred_at: Option<String>,
    /// Since when it holds. Default: occurred_at, else now.
    valid_from: Option<String>,
    /// From when on it does not hold any more.
    valid_to: Option<String>,
    /// When it is to be deleted.
    expires_at: Option<String>,
    /// Where it is from; comes back unchanged.
    source: Option<String>,
    /// The id of the memory that this one replaces.
    supersedes: Option<String>,
}

#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum Kind {
    Fact,
    Preference,
    Decision,
    Pattern,
    Event,
    Note,
    Turn,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Fact => "fact",
            Kind::Preference => "preference",
            Kind::Decision => "decision",
            Kind::Pattern => "pattern",
            Kind::Event => "event",
            Kind::Note => "note",
            Kind::Turn => "turn",
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct RememberResult {
    /// In the order given.
    memories: Vec<Remembered>,
}

#[derive(Serialize, JsonSchema)]
struct Remembered {
    id: String,
    status: StatusName,
    #[serde(skip_serializing_if = "Option::is_none")]
    supersedes: Option<String>,
    redacted: Vec<String>,
    /// Older memories that say otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contradicts: Vec<Map<String, Value>>,
    /// Why it is marked as suspicious.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<String>,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum StatusName {
    Stored,
    Duplicate,
    Superseded,
}

async fn remember(context: Context, arguments: Value) -> Result<Answer, Failure> {
    let args: RememberArgs = arguments::read(arguments)?;
    let mut items = items(args, context.app.config.project.namespace.as_ref())?;
    items.iter_mut().for_each(|it| it.written_by.clone_from(&context.client));
    if let Some((at, what)) = context.app.memory.refused(&items) {
        return Err(Failure::new(
            "permission",
            format!("memory {} of {} holds a secret ({what}), and secrets are refused here", at + 1, items.len()),
            "leave the secret out and call again; nothing was stored",
        ));
    }
    let outcomes = {
        let span = context.call.span("store");
        span.note("items", items.len());
        context.app.memory.remember(items).await.inspect_err(|err| span.fail(err))?
    };
    let text = describe(&outcomes);
    let memories = outcomes
        .into_iter()
        .map(|it| Remembered {
            id: it.id,
            status: match it.status {
                Status::Stored => StatusName::Stored,
                Status::Duplicate => StatusName::Duplicate,
                Status::Superseded => StatusName::Superseded,
            },
            supersedes: it.supersedes,
            redacted: it.redacted,
            contradicts: it.contradicts.iter().map(contradiction).collect(),
            flags: it.flags,
        })
        .collect();
    Answer::of(&RememberResult { memories }, text)
}

fn items(args: RememberArgs, project: Option<&String>) -> Result<Vec<Item>, Failure> {
    let common = args.common;
    match (args.content, args.items) {
        (Some(content), None) => Ok(vec![item("", content, CommonArgs::default(), &common, project)?]),
        (None, Some(items)) => items
            .into_iter()
            .enumerate()
            .map(|(at, it)| item(&format!("items[{at}]."), it.content, it.common, &common, project))
            .collect(),
        (Some(_), Some(_)) => Err(Failure::new(
            "invalid_argument",
            "both `content` and `items` are given, but only one of them may be",
            "put the content among the items",
        )),
        (None, None) => Err(Failure::new(
            "invalid_argument",
            "argument `content` is missing; it must be a string (or give `items`, a list)",
            "for example {\"content\": \"Ana prefers short answers\", \"kind\": \"preference\"}",
        )),
    }
}

/// One item; what it leaves out is taken from `outer`.
fn item(
    path: &str,
    content: String,
    own: CommonArgs,
    outer: &CommonArgs,
    project: Option<&String>,
) -> Result<Item, Failure> {
    if content.trim().is_empty() {
        return Err(Failure::argument(
            &format!("{path}content"),
            &content.into(),
            "text that is not blank",
            "\"Ana prefers short answers\"",
        ));
    }
    let labels = [&own.speaker, &own.source, &own.session_id, &own.user_id, &own.persona, &own.namespace];
    let tags = own.tags.iter().flatten();
    if let Some(label) = labels.into_iter().flatten().chain(tags).find(|it| it.chars().count() > LABEL) {
        return Err(Failure::new(
            "invalid_argument",
            format!(
                "a field beside the content begins with {:?} and is longer than {LABEL} characters",
                shorten(label, 40)
            ),
            "put long text into the content",
        ));
    }
    let time = |name: &str, value: &Option<String>, outer: &Option<String>| {
        arguments::time(&format!("{path}{name}"), value.as_ref().or(outer.as_ref()))
    };
    let namespace = own.namespace.or_else(|| outer.namespace.clone()).or_else(|| project.cloned());
    let valid_from = time("valid_from", &own.valid_from, &outer.valid_from)?;
    let valid_to = time("valid_to", &own.valid_to, &outer.valid_to)?;
    if let (Some(from), Some(to)) = (valid_from, valid_to)
        && to <= from
    {
        let value = own.valid_to.or_else(|| outer.valid_to.clone()).into();
        return Err(Failure::argument(&format!("{path}valid_to"), &value, "later than valid_from", "\"2027-01-01\""));
    }
    Ok(Item {
        content,
        kind: own.kind.or(outer.kind).unwrap_or(Kind::Note).name().to_owned(),
        owner: Owner {
            namespace: scope::namespace_or_default(namespace),
            user_id: scope::given(own.user_id.or_else(|| outer.user_id.clone())),
            persona: scope::given(own.persona.or_else(|| outer.persona.clone())),
            session_id: scope::given(own.session_id.or_else(|| outer.session_id.clone())),
        },
        speaker: own.speaker.or_else(|| outer.speaker.clone()),
        tags: own.tags.or_else(|| outer.tags.clone()).unwrap_or_default(),
        importance: own.importance.or(outer.importance),
        occurred_at: time("occurred_at", &own.occurred_at, &outer.occurred_at)?,
        valid_from,
        valid_to,
        expires_at: time("expires_at", &own.expires_at, &outer.expires_at)?,
        source: own.source.or_else(|| outer.source.clone()),
        supersedes: scope::given(own.supersedes.or_else(|| outer.supersedes.clone())),
        ..Item::default()
    })
}

fn describe(outcomes: &[Outcome]) -> String {
    let line = |it: &Outcome| {
        let what = match (it.status, &it.supersedes) {
            (Status::Stored, _) => "stored".to_owned(),
            (Status::Duplicate, _) => "known already".to_owned(),
            (Status::Superseded, Some(old)) => format!("stored, in place of {old}"),
            (Status::Superseded, None) => "stored, in place of an older one".to_owned(),
        };
        let redacted =
            if it.redacted.is_empty() { String::new() } else { format!(" (left out: {})", it.redacted.join(", ")) };
        let contradicts: String = it.contradicts.iter().map(advice).collect();
        let flagged = if it.flags.is_empty() {
            String::new()
        } else {
            format!(" (marked as {}: it reads like orders to a model and is kept as data)", it.flags.join(", "))
        };
        let hidden = match it.past.as_slice() {
            [] => String::new(),
            ["valid_to"] => " (hidden already: its valid_to is past; include_superseded shows it)".to_owned(),
            past => format!(" (hidden already: its {} is past)", past.join(" and ")),
        };
        format!("{} {what}{hidden}{redacted}{flagged}{contradicts}", it.id)
    };
    let head = match outcomes.len() {
        1 => "1 memory:".to_owned(),
        many => format!("{many} memories:"),
    };
    std::iter::once(head).chain(outcomes.iter().map(line)).collect::<Vec<_>>().join("\n")
}

fn contradiction(it: &Contradiction) -> Map<String, Value> {
    let fields: [(&str, Value); 7] = [
        ("id", it.id.as_str().into()),
        ("content", shorten(&it.content, QUOTED).into()),
        ("attribute", it.attribute.as_str().into()),
        ("old_value", it.old_value.as_str().into()),
        ("new_value", it.new_value.as_str().into()),
        ("confidence", it.confidence.into()),
        ("superseded", it.superseded.into()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What an older memory says otherwise, and what to do about it.
fn advice(it: &Contradiction) -> String {
    let old = format!("{} (“{}”)", it.id, label(&it.content, QUOTED));
    let what = format!("{}: {} → {}", it.attribute, it.old_value, it.new_value);
    if it.superseded {
        format!("\n   It took the place of {old} [{what}]; that one is kept for as_of.")
    } else {
        format!(
            "\n   It may contradict {old} [{what}; {:.0} % sure]: if that one no longer holds, remember this again with \
             supersedes \"{}\"; else leave it.",
            it.confidence * 100.0,
            it.id
        )
    }
}
