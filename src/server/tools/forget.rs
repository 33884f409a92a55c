//! The tool `forget`.

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
use super::recall::kind_names;
use super::remember::Kind;
use crate::config::Toolset;
use crate::context::label;
use crate::memory::Memory;
use crate::memory::Query;
use crate::plural::counted;
use crate::scope::View;

pub(super) const TOOL: Tool = Tool {
    name: "forget",
    title: "Forget",
    description: "Deletes memories for good, by id or filter. Use it when the user asks; when a fact merely changed, use \
        remember with `supersedes`, which keeps the history. More than one by filter needs confirm: true; \
        dry_run: true shows what would go.\n\
        Example: {\"ids\": [\"0192…\"]} or {\"tags\": [\"draft\"], \"dry_run\": true}",
    toolset: Toolset::Memory,
    writes: true,
    destructive: true,
    idempotent: true,
    open_world: false,
    input: schema::input::<ForgetArgs>,
    output: schema::output::<ForgetResult>,
    touches: |_| Touches { reads: vec![Domain::Memory], writes: vec![Domain::Memory] },
    run: |context, arguments| Box::pin(forget(context, arguments)),
};

/// Ids that are listed, as many as a call may name; more than that is counted.
const IDS: usize = 1_000;

/// Those of them of which a dry run shows what they say, and the characters of that: some 3 KB.
const SHOWN: usize = 20;
const QUOTED: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct ForgetArgs {
    /// Ids from recall or remember.
    #[schemars(length(min = 1, max = 1000))]
    ids: Option<Vec<String>>,
    namespace: Option<String>,
    user_id: Option<String>,
    session_id: Option<String>,
    persona: Option<String>,
    kinds: Option<Vec<Kind>>,
    /// With all of these tags.
    tags: Option<Vec<String>>,
    /// Happened (or was learned) at or after, RFC 3339.
    since: Option<String>,
    until: Option<String>,
    /// What held at this time.
    as_of: Option<String>,
    #[serde(default)]
    include_superseded: bool,
    /// Only show what would go.
    #[serde(default)]
    dry_run: bool,
    /// For more than one by filter.
    #[serde(default)]
    confirm: bool,
}

#[derive(Serialize, JsonSchema)]
struct ForgetResult {
    forgotten: usize,
    ids: Vec<String>,
    /// How many more there are than are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    ids_more: Option<usize>,
    /// Memories that hold again, for what had ended them is gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reopened: Vec<String>,
}

async fn forget(context: Context, arguments: Value) -> Result<Answer, Failure> {
    let args: ForgetArgs = arguments::read(arguments)?;
    // A list without anything in it, and an empty id, filter nothing.
    let names = [&args.namespace, &args.user_id, &args.session_id, &args.persona];
    let has_filter = names.iter().any(|it| it.as_ref().is_some_and(|it| !it.is_empty()))
        || args.kinds.as_ref().is_some_and(|it| !it.is_empty())
        || args.tags.as_ref().is_some_and(|it| !it.is_empty())
        || args.since.is_some()
        || args.until.is_some()
        || args.as_of.is_some();
    let memory = &context.app.memory;
    let dry_run = args.dry_run;
    let done = match args.ids {
        Some(_) if has_filter => {
            return Err(Failure::new(
                "invalid_argument",
                "both `ids` and filters are given, but only one of them may be",
                "leave the filters out to delete by id",
            ));
        }
        Some(ids) => memory.forget_ids(ids, dry_run).await?,
        None if !has_filter => {
            return Err(Failure::new(
                "invalid_argument",
                "neither `ids` nor a filter is given",
                "give ids, for example {\"ids\": [\"…\"]}, or a filter such as {\"tags\": [\"draft\"]}; to empty a \
                 namespace, name it with include_superseded: true",
            ));
        }
        None => {
            let query = Query {
                view: View::new(
                    args.namespace.or_else(|| context.app.config.project.namespace.clone()),
                    args.user_id,
                    args.persona,
                    args.session_id,
                ),
                kinds: kind_names(args.kinds),
                tags: args.tags.unwrap_or_default(),
                since: arguments::time("since", args.since.as_ref())?,
                until: arguments::time("until", args.until.as_ref())?,
                as_of: arguments::time("as_of", args.as_of.as_ref())?,
                include_superseded: args.include_superseded,
                ..Query::default()
            };
            memory.forget_matching(&query, dry_run, args.confirm, &context.call).await?
        }
    };
    if done.needs_confirmation {
        return Err(Failure::new(
            "invalid_argument",
            format!("nothing was deleted: {} would be", counted(&done.ids.len(), "memory")),
            "call again with confirm: true to delete them all, or with dry_run: true to see their ids",
        ));
    }
    let count = done.ids.len();
    let (quoted, equal, passed_over) = (done.packs, done.equal, done.passed_over);
    let more = count.saturating_sub(IDS);
    let ids: Vec<String> = done.ids.into_iter().take(IDS).collect();
    let mut text = match (dry_run, count) {
        (_, 0) => "Nothing matches; nothing was deleted.".to_owned(),
        (true, count) => format!("{count} would be deleted:\n{}", described(memory, &ids).await?.join("\n")),
        (false, count) => format!("{count} deleted:\n{}", ids.join("\n")),
    };
    if more > 0 {
        text.push_str(&format!("\nand {more} more"));
    }
    if equal > 0 {
        text.push_str(&format!("\n{equal} of them stood hidden behind one that says the same."));
    }
    if quoted > 0 {
        text.push_str(&format!("\nTaken out of {} that quoted it.", counted(&quoted, "pack")));
    }
    let reopened: Vec<String> = done.reopened.into_iter().take(IDS).collect();
    if !reopened.is_empty() {
        text.push_str(&format!("\nWhat they had ended holds again:\n{}", reopened.join("\n")));
    }
    if passed_over > 0 {
        text.push_str(&format!(
            "\nReplaced or ended ones that match, too: {passed_over}; include_superseded takes them along."
        ));
    }
    Answer::of(&ForgetResult { forgotten: done.forgotten, ids, ids_more: (more > 0).then_some(more), reopened }, text)
}

/// The ids, the first ones with the beginning of what goes.
async fn described(memory: &Memory, ids: &[String]) -> Result<Vec<String>, Failure> {
    let rows = memory.by_ids(ids.iter().take(SHOWN).cloned().collect()).await?;
    let content = |id: &String| rows.iter().find(|it| it.id == *id).map(|it| label(&it.content, QUOTED));
    Ok(ids.iter().map(|id| content(id).map_or_else(|| id.clone(), |it| format!("{id} (“{it}”)"))).collect())
}
