//! The tool `read_context`.

use std::collections::BTreeMap;

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
use crate::scope::View;
use crate::scope::given;
use crate::session;
use crate::session::Around;
use crate::session::Inherited;
use crate::store::ContextKey;
use crate::store::ContextRow;
use crate::store::Scope;

pub(super) const TOOL: Tool = Tool {
    name: "read_context",
    title: "Read scoped context",
    description: "Reads state that was kept with write_context: one key, an earlier version of it, or all keys of an \
        owner. Without `scope`, what holds for this call: the scopes whose ids are given joined, from global to \
        artifact, the nearer wins. For knowledge use recall. A missing key is an empty list.\n\
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
    scope: Option<ScopeName>,
    /// Whose id; not for global.
    owner: Option<String>,
    /// Without it, every key of the owner.
    key: Option<String>,
    /// An earlier version.
    #[schemars(range(min = 1))]
    version: Option<i64>,
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 500))]
    limit: u32,
    /// From next_cursor.
    cursor: Option<String>,
    namespace: Option<String>,
    user_id: Option<String>,
    persona: Option<String>,
    session_id: Option<String>,
    conversation: Option<String>,
    artifact: Option<String>,
    /// Also where each value came from.
    #[serde(default)]
    explain: bool,
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
    /// After a write: versions before this one made room.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_version: Option<i64>,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// Of what several scopes hold together: the nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    from: Vec<From>,
    /// By JSON pointer, as `scope/owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    origins: Option<BTreeMap<String, String>>,
}

/// A context out of which another was joined.
#[derive(Serialize, JsonSchema)]
pub(super) struct From {
    scope: String,
    owner: String,
    version: i64,
}

/// Where a context stands, in a few words.
fn place(key: &ContextKey) -> String {
    if key.owner.is_empty() { key.scope.name().to_owned() } else { format!("{}/{}", key.scope.name(), key.owner) }
}

impl ContextOut {
    pub(super) fn of(row: ContextRow) -> ContextOut {
        ContextOut {
            scope: row.key.scope.name().to_owned(),
            owner: row.key.owner,
            key: row.key.key,
            data: row.data,
            version: row.version,
            oldest_version: None,
            created_at: clock::format(row.created_at),
            updated_at: clock::format(row.updated_at),
            expires_at: row.expires_at.map(clock::format),
            from: Vec::new(),
            origins: None,
        }
    }

    /// A context that was just written, and the oldest of its versions when others made room.
    pub(super) fn written(row: ContextRow, oldest_version: Option<i64>) -> ContextOut {
        ContextOut { oldest_version, ..ContextOut::of(row) }
    }

    fn inherited(it: Inherited, explain: bool) -> Option<ContextOut> {
        let place_of = |layer: &usize| it.from.get(*layer).map(|it| place(&it.key)).unwrap_or_default();
        let origins = explain.then(|| it.origins.iter().map(|(at, layer)| (at.clone(), place_of(layer))).collect());
        let from = it.from.iter().map(|it| From {
            scope: it.key.scope.name().to_owned(),
            owner: it.key.owner.clone(),
            version: it.version,
        });
        let from = from.collect();
        let nearest = it.from.into_iter().next()?;
        Some(ContextOut { from, origins, ..ContextOut::of(ContextRow { data: it.data, ..nearest }) })
    }

    pub(super) fn line(&self) -> String {
        let owner = if self.owner.is_empty() { String::new() } else { format!("/{}", self.owner) };
        let expires = self.expires_at.as_ref().map(|at| format!(", expires {at}")).unwrap_or_default();
        let wider = self.from.iter().skip(1).map(|it| match it.owner.as_str() {
            "" => it.scope.clone(),
            owner => format!("{}/{owner}", it.scope),
        });
        let wider = wider.collect::<Vec<_>>().join(", ");
        let over = if wider.is_empty() { String::new() } else { format!(", over {wider}") };
        let mut line = format!(
            "{}{owner}/{} (version {}, created {}, updated {}{expires}{over}):\n{}",
            self.scope, self.key, self.version, self.created_at, self.updated_at, self.data
        );
        for (at, place) in self.origins.iter().flatten() {
            let at = if at.is_empty() { "all of it" } else { at };
            line.push_str(&format!("\n  {at}: {place}"));
        }
        line
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
    let sessions = &context.app.sessions;
    let named = args.namespace.or_else(|| context.app.config.project.namespace.clone());
    let view = View::new(named, args.user_id, args.persona, args.session_id);
    let limit = usize::try_from(args.limit).unwrap_or(50);
    let span = context.call.span("read");
    let (contexts, next_cursor): (Vec<ContextOut>, Option<String>) = match (args.scope, args.key) {
        (None, _) if given(args.owner.clone()).is_some() || args.version.is_some() => {
            return Err(Failure::new(
                "invalid_argument",
                "argument `scope` is missing; `owner` and `version` belong to one scope",
                "name the scope, or leave owner and version out and give user_id, persona, session_id, conversation \
                 or artifact",
            ));
        }
        (None, key) => {
            let around = Around { view, conversation: given(args.conversation), artifact: given(args.artifact) };
            let page = sessions.inherited(&around, key, args.cursor, limit).await?;
            let shown = page.contexts.into_iter().filter_map(|it| ContextOut::inherited(it, args.explain));
            (shown.collect(), page.next)
        }
        (Some(scope), Some(key)) => {
            let (scope, by) = (scope.scope(), session::by(&view, "read_context"));
            let owner = owner_of(scope, args.owner)?;
            let key = ContextKey { namespace: view.namespace, scope, owner, key };
            (sessions.read(key, args.version, by).await?.into_iter().map(ContextOut::of).collect(), None)
        }
        (Some(scope), None) => {
            let (scope, by) = (scope.scope(), session::by(&view, "read_context"));
            let owner = owner_of(scope, args.owner)?;
            let page = sessions.list(view.namespace, (scope, owner), args.cursor, limit, by).await?;
            (page.contexts.into_iter().map(ContextOut::of).collect(), page.next)
        }
    };
    drop(span);
    let (mut contexts, mut next_cursor) = (contexts, next_cursor);
    let fitting = fitting(contexts.iter().map(size));
    if fitting < contexts.len() {
        contexts.truncate(fitting);
        next_cursor = contexts.last().map(|it| it.key.clone());
    }
    let mut text = match args.version {
        Some(version) if contexts.is_empty() => format!("Version {version} is not kept there."),
        _ if contexts.is_empty() => "Nothing is kept there.".to_owned(),
        _ => contexts.iter().map(ContextOut::line).collect::<Vec<_>>().join("\n\n"),
    };
    if let Some(cursor) = &next_cursor {
        text.push_str(&format!("\n\nThere is more: call again with cursor {cursor:?}."));
    }
    Answer::of(&ReadResult { contexts, next_cursor }, text)
}
