//! The tool `write_context`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::super::arguments;
use super::super::order::Domain;
use super::super::order::Touches;
use super::super::reply::Answer;
use super::super::reply::Failure;
use super::super::schema;
use super::Context;
use super::Tool;
use super::read_context::ContextOut;
use super::read_context::ScopeName;
use super::read_context::owner_of;
use crate::config::Toolset;
use crate::redact;
use crate::scope::View;
use crate::session;
use crate::store::ContextKey;
use crate::store::ContextWrite;
use crate::store::ContextWritten;
use crate::store::StoreError;

pub(super) const TOOL: Tool = Tool {
    name: "write_context",
    title: "Write scoped context",
    description: "Keeps state under a scope, an owner and a key: a plan, settings, progress. Give one of `data` (the \
        whole), `patch` (a JSON merge patch; null removes a field) and `clear`. Each write is a new version; with \
        expected_version (0: none yet) a late one is refused.\n\
        Example: {\"scope\": \"session\", \"owner\": \"s-42\", \"key\": \"plan\", \"patch\": {\"step\": \
        2}}",
    toolset: Toolset::Context,
    writes: true,
    destructive: true,
    idempotent: false,
    open_world: false,
    input: schema::input::<WriteArgs>,
    output: schema::output::<WriteResult>,
    touches: |_| Touches { reads: vec![Domain::Contexts], writes: vec![Domain::Contexts] },
    run: |context, arguments| Box::pin(write_context(context, arguments)),
};

#[derive(Deserialize, JsonSchema)]
struct WriteArgs {
    scope: ScopeName,
    /// Whose id; not for global.
    owner: Option<String>,
    #[schemars(length(min = 1, max = 500))]
    key: String,
    namespace: Option<String>,
    /// Only they see what a session, conversation or artifact holds.
    user_id: Option<String>,
    persona: Option<String>,
    #[serde(default, deserialize_with = "present")]
    data: Option<Value>,
    patch: Option<serde_json::Map<String, Value>>,
    #[serde(default)]
    clear: bool,
    /// Seconds until it expires. Default: never.
    #[schemars(range(min = 1, max = 3_153_600_000_i64))]
    ttl_s: Option<i64>,
    #[schemars(range(min = 0))]
    expected_version: Option<i64>,
}

/// Tells `"data": null`, which is a value where nothing else is given, from no data.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Serialize, JsonSchema)]
struct WriteResult {
    /// Absent after clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<ContextOut>,
    /// What was taken out before it was kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    redacted: Vec<String>,
}

/// The data without its secrets, and what they were; refused where the policy is to refuse them.
fn without_secrets(data: &Value, refuses: bool, redacted: &mut Vec<String>) -> Result<Value, Failure> {
    let (clean, found) = redact::redact_json(data);
    match found.first() {
        Some(secret) if refuses => Err(Failure::new(
            "permission",
            format!("the data holds a secret ({}), and secrets are refused here", secret.what),
            "leave the secret out and call again; nothing was stored",
        )),
        _ => {
            redacted.extend(found.iter().map(|it| it.what.to_owned()));
            redacted.dedup();
            Ok(clean)
        }
    }
}

async fn write_context(context: Context, arguments: Value) -> Result<Answer, Failure> {
    let args: WriteArgs = arguments::read(arguments)?;
    let scope = args.scope.scope();
    let named = args.namespace.or_else(|| context.app.config.project.namespace.clone());
    let view = View::new(named, args.user_id, args.persona, None);
    let by = session::by(&view, "write_context");
    let key = ContextKey { namespace: view.namespace, scope, owner: owner_of(scope, args.owner)?, key: args.key };
    let refuses = context.app.config.refuse_secrets;
    let mut redacted = Vec::new();
    let change = match (args.data, args.patch, args.clear) {
        (Some(data), None, false) => ContextWrite::Data(without_secrets(&data, refuses, &mut redacted)?),
        (None | Some(Value::Null), Some(patch), false) => {
            ContextWrite::Patch(without_secrets(&Value::Object(patch), refuses, &mut redacted)?)
        }
        (None | Some(Value::Null), None, true) => ContextWrite::Clear,
        _ => {
            return Err(Failure::new(
                "invalid_argument",
                "exactly one of `data`, `patch` and `clear` must be given",
                "for example {\"data\": {\"step\": 1}}",
            ));
        }
    };
    let ttl_ms = args.ttl_s.map(|it| it.saturating_mul(1000));
    let sessions = &context.app.sessions;
    let span = context.call.span("write");
    let written = sessions.write(key.clone(), change, ttl_ms, args.expected_version, by.clone()).await;
    drop(span);
    match written {
        Ok(ContextWritten { row, oldest }) => {
            let context = row.map(|it| ContextOut::written(it, oldest));
            let mut text = match &context {
                Some(context) => format!("Written: {}", context.line()),
                None => "Cleared.".to_owned(),
            };
            if let Some(oldest) = oldest {
                text.push_str(&format!(
                    "\n(Versions before {oldest} are no longer kept: [records] context_versions and context_mb in the \
                     user file say how many are.)"
                ));
            }
            if !redacted.is_empty() {
                text.push_str(&format!(" (left out: {})", redacted.join(", ")));
            }
            Answer::of(&WriteResult { context, redacted }, text)
        }
        Err(StoreError::Conflict { expected, current }) => {
            let mut failure = Failure::from(StoreError::Conflict { expected, current });
            let now = context.app.sessions.read(key, None, by).await?.map(ContextOut::of);
            let shown = now.as_ref().map_or_else(|| "there is none now".to_owned(), ContextOut::line);
            failure.message = format!("{}; nothing was written. Current: {shown}", failure.message);
            if let Ok(now) = serde_json::to_value(&now) {
                failure.details.insert("current".to_owned(), now);
            }
            Err(failure)
        }
        Err(err) => Err(err.into()),
    }
}
