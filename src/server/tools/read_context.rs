//! The tool `read_context`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::super::arguments;
use super::super::order::Domain;
use super::super::order::Touches;
use super::super::reply::Answer;
use super::super::reply::Failure;
use super::super::reply::fitting;
use super::super::reply::size;
use super::super::schema;
use super::Context;
use super::Tool;
use crate::clock;
use crate::config::Toolset;
use crate::store::ContextKey;
use crate::store::ContextRow;
use crate::store::Scope;

pub(super) const TOOL: Tool = Tool {
    name: "read_context",
    title: "Read scoped context",
    description: "Reads state that was kept with write_context: one key, an earlier version of it, or all keys of an \
        owner. For working state (plan, settings, progress); for knowledge use recall. A missing key is an \
        empty list.\n\
        Example: {\"scope\": \"session\", \"owner\": \"s-42\", \"key\": \"plan\"}",
    toolset: Toolset::Context,
    writes: false,
    destructive: false,
    idempotent: true,
    open_world: false,
    input: schema::input::<ReadArgs>,
    output: schema::output::<ReadResult>,
    touches: |_| Touches { reads: vec![Domain::Contexts], writes: Vec::new() },
    run: |context, arguments| Box::pin(read_context(context, arguments)),
};

#[derive(Deserialize, JsonSchema)]
struct ReadArgs {
    scope: ScopeName,
    /// The id of the user, persona, session, conversation or artifact; not for global.
    owner: Option<String>,
    /// Without it, every key of the owner.
    key: Option<String>,
    /// An earlier version of the key.
    #[schemars(range(min = 1))]
    version: Option<i64>,
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 500))]
    limit: u32,
    /// next_cursor of the answer before.
    cursor: Option<String>,
}

fn fifty() -> u32 {
    50
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum ScopeName {
    Global,
    User,
    Persona,
    Session,
    Conversation,
    Artifact,
}

impl ScopeName {
    pub(super) fn scope(self) -> Scope {
        match self {
            ScopeName::Global => Scope::Global,
            ScopeName::User => Scope::User,
            ScopeName::Persona => Scope::Persona,
            ScopeName::Session => Scope::Session,
            ScopeName::Conversation => Scope::Conversation,
            ScopeName::Artifact => Scope::Artifact,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct ReadResult {
    contexts: Vec<ContextOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A context as it is shown.
#[derive(Serialize, JsonSchema)]
pub(super) struct ContextOut {
    scope: String,
    owner: String,
    key: String,
    data: Value,
    version: i64,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

impl ContextOut {
    pub(super) fn of(row: ContextRow) -> ContextOut {
        ContextOut {
            scope: row.key.scope.name().to_owned(),
            owner: row.key.owner,
            key: row.key.key,
            data: row.data,
            version: row.version,
            created_at: clock::format(row.created_at),
            updated_at: clock::format(row.updated_at),
            expires_at: row.expires_at.map(clock::format),
        }
    }

    pub(super) fn line(&self) -> String {
        let owner = if self.owner.is_empty() { String::new() } else { format!("/{}", self.owner) };
        let expires = self.expires_at.as_ref().map(|at| format!(", expires {at}")).unwrap_or_default();
        format!(
            "{}{owner}/{} (version {}, created {}, updated {}{expires}):\n{}",
            self.scope, self.key, self.version, self.created_at, self.updated_at, self.data
        )
    }
}

/// The owner to use: none for the global scope; needed for the others.
pub(super) fn owner_of(scope: Scope, owner: Option<String>) -> Result<String, Failure> {
    match owner {
        _ if scope == Scope::Global => Ok(String::new()),
        Some(owner) if !owner.is_empty() => Ok(owner),
        _ => Err(Failure::new(
            "invalid_argument",
            format!("argument `owner` is missing; scope `{}` needs one", scope.name()),
            format!("give the id of the {}, for example {{\"owner\": \"ana\"}}", scope.name()),
        )),
    }
}

async fn read_context(context: Context, arguments: Value) -> Result<Answer, Failure> {
    let args: ReadArgs = arguments::read(arguments)?;
    let scope = args.scope.scope();
    let owner = owner_of(scope, args.owner)?;
    let sessions = &context.app.sessions;
    let span = context.call.span("read");
    let (rows, next_cursor) = match args.key {
        Some(key) => (sessions.read(ContextKey { scope, owner, key }, args.version).await?.into_iter().collect(), None),
        None => {
            let page = sessions.list(scope, owner, args.cursor, usize::try_from(args.limit).unwrap_or(50)).await?;
            (page.contexts, page.next)
        }
    };
    drop(span);
    let (mut contexts, mut next_cursor): (Vec<ContextOut>, Option<String>) =
        (rows.into_iter().map(ContextOut::of).collect(), next_cursor);
    let fitting = fitting(contexts.iter().map(size));
    if fitting < contexts.len() {
        contexts.truncate(fitting);
        next_cursor = contexts.last().map(|it| it.key.clone());
    }
    let mut text = if contexts.is_empty() {
        "Nothing is kept there.".to_owned()
    } else {
        contexts.iter().map(ContextOut::line).collect::<Vec<_>>().join("\n\n")
    };
    if let Some(cursor) = &next_cursor {
        text.push_str(&format!("\n\nThere is more: call again with cursor {cursor:?}."));
    }
    Answer::of(&ReadResult { contexts, next_cursor }, text)
}
