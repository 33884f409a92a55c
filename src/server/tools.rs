//! The tools: one file each, and the list of them, from which the server's list, the checks, the command line and
//! docs/tools.md are made.

mod ask;
mod assemble_context;
mod forget;
mod get_trace;
mod give_feedback;
mod index_workspace;
mod messages;
mod offered;
mod query_insights;
mod read_context;
mod recall;
mod remember;
mod search_workspace;
mod write_context;

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::LazyLock;

use rmcp::model::ClientRequest;
use rmcp::model::MetaObject;
use rmcp::model::ToolAnnotations;
use serde_json::Map;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::arguments;
use super::order::Domain;
use super::order::Touches;
use super::reply::Answer;
use super::reply::Failure;
use crate::app::App;
use crate::config;
use crate::config::Config;
use crate::config::Toolset;
use crate::documents::Allowed;
use crate::redact;
use crate::trace::Call;
use crate::trace::Clean;
use crate::trace::Progress;
use crate::trace::Remote;
use crate::trace::State;

/// What a tool's work needs besides its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) app: Arc<App>,
    pub(crate) call: Call,
    /// Where this caller may index and search.
    pub(crate) allowed: Allowed,
    /// The program that calls, as it names itself.
    pub(crate) client: Option<String>,
    /// Whether the person at the command line calls: the file is theirs, with all that is in it.
    pub(crate) is_local: bool,
}

/// Who calls, and on which terms.
pub(crate) struct Caller {
    pub(crate) allowed: Allowed,
    pub(crate) client: Option<String>,
    pub(crate) is_local: bool,
}

pub(super) type Running = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send>>;

/// One tool, as data.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// For a model: when to use it, when not, what comes back, an example.
    pub(crate) description: &'static str,
    pub(crate) toolset: Toolset,
    /// Whether it changes anything that is kept; gone in read-only mode.
    pub(crate) writes: bool,
    /// Whether what it changes cannot be had back.
    pub(crate) destructive: bool,
    /// Whether calling it again with the same arguments changes nothing more.
    pub(crate) idempotent: bool,
    /// Whether it reaches beyond this machine.
    pub(crate) open_world: bool,
    pub(crate) input: fn() -> Map<String, Value>,
    pub(crate) output: fn() -> Map<String, Value>,
    touches: fn(&Value) -> Touches,
    run: fn(Context, Value) -> Running,
}

impl std::fmt::Debug for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tool").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Every tool, in the order of their names: a stable order keeps prompt caches warm.
static TOOLS: [Tool; 12] = [
    ask::TOOL,
    assemble_context::TOOL,
    forget::TOOL,
    get_trace::TOOL,
    give_feedback::TOOL,
    index_workspace::TOOL,
    query_insights::TOOL,
    read_context::TOOL,
    recall::TOOL,
    remember::TOOL,
    search_workspace::TOOL,
    write_context::TOOL,
];

/// Their schemas, in the same order, made once.
static SCHEMAS: LazyLock<Vec<Schemas>> =
    LazyLock::new(|| TOOLS.iter().map(|it| Schemas { input: (it.input)(), output: (it.output)() }).collect());

struct Schemas {
    input: Map<String, Value>,
    output: Map<String, Value>,
}

/// The tools that `config` offers, in the order of their names.
pub(crate) fn enabled(config: &Config) -> impl Iterator<Item = &'static Tool> {
    TOOLS.iter().filter(|it| {
        config.toolsets.contains(&it.toolset)
            && !(config.read_only && it.writes)
            && !config.exclude_tools.iter().any(|name| name == it.name)
    })
}

/// The tool of that name, when `config` offers it.
pub(crate) fn find(config: &Config, name: &str) -> Option<&'static Tool> {
    enabled(config).find(|it| it.name == name)
}

/// Why there is no tool of that name, and which one was probably meant.
pub(crate) fn unknown(config: &Config, name: &str) -> String {
    let names: Vec<&str> = enabled(config).map(|it| it.name).collect();
    if let Some(tool) = TOOLS.iter().find(|it| it.name == name) {
        let why = if config.read_only && tool.writes {
            "the server runs in read-only mode".to_owned()
        } else if config.exclude_tools.iter().any(|it| it == name) {
            "it is excluded (--exclude-tools)".to_owned()
        } else {
            format!("its toolset `{}` is not enabled (--toolsets)", tool.toolset.name())
        };
        return format!("tool `{name}` is not available: {why}. Available: {}", names.join(", "));
    }
    let near = config::nearest(name, names.iter().copied());
    let meant = near.map_or_else(|| ".".to_owned(), |it| format!("; did you mean {it}?"));
    format!("unknown tool `{}`{meant} Available: {}", super::reply::shorten(name, 64), names.join(", "))
}

impl Tool {
    /// What a call with these arguments reads and writes.
    pub(super) fn touches(&self, arguments: &Value) -> Touches {
        (self.touches)(arguments)
    }

    /// The tool as it is listed to a client.
    pub(crate) fn listed(&self, text_only: bool) -> rmcp::model::Tool {
        let at = TOOLS.iter().position(|it| it.name == self.name).unwrap_or_default();
        let Schemas { input, output } = &SCHEMAS[at];
        let mut annotations = ToolAnnotations::default();
        annotations.read_only_hint = Some(!self.writes);
        if self.writes {
            annotations.destructive_hint = Some(self.destructive);
            annotations.idempotent_hint = Some(self.idempotent);
        }
        annotations.open_world_hint = Some(self.open_world);
        let mut tool =
            rmcp::model::Tool::new(self.name, self.description, Arc::new(super::schema::listed(input, true)))
                .with_title(self.title)
                .with_annotations(annotations);
        if !text_only {
            tool = tool.with_raw_output_schema(Arc::new(super::schema::listed(output, false)));
        }
        if let Some(longest) = self.longest_answer() {
            let mut meta = MetaObject::default();
            meta.insert("anthropic/maxResultSizeChars".to_owned(), longest.into());
            tool = tool.with_meta(meta);
        }
        tool
    }

    /// How many characters an answer may have, for hosts that would cut it (Claude Code writes what has more than
    /// 50,000 to a file unless the tool says otherwise). A pack of the largest budget has some 800,000; a thousand
    /// memories at once are a thousand ids.
    fn longest_answer(&self) -> Option<u32> {
        match self.name {
            "assemble_context" => Some(1_000_000),
            "remember" => Some(200_000),
            _ => None,
        }
    }

    /// Begins a call: its request was received. `remote` is the caller's trace.
    pub(crate) fn begin(
        &'static self,
        app: &App,
        remote: Option<Remote>,
        progress: Progress,
        cancelled: CancellationToken,
    ) -> Call {
        Call::begin_under(remote, self.name, app.clock.now(), progress, cancelled)
    }

    /// Checks `arguments`, does the work of `call`, and keeps its trace.
    pub(crate) async fn call(
        &'static self,
        app: Arc<App>,
        call: Call,
        arguments: Value,
        caller: Caller,
    ) -> Result<Answer, Failure> {
        let sent = Arc::new(if self.open_world {
            Sent::Text(arguments.to_string().into())
        } else {
            Sent::Tree(arguments.clone())
        });
        let kept = Kept { app: app.clone(), call: call.clone(), arguments: sent.clone(), done: false };
        let span = tracing::info_span!("call", trace_id = call.id(), tool = self.name);
        let Caller { allowed, client, is_local } = caller;
        let context = Context { app, call, allowed, client, is_local };
        // In a box: an open call keeps less room beside what the SDK holds for requests of every kind.
        let outcome = Box::pin(self.run_in(context, arguments, &sent)).instrument(span).await;
        kept.finish(&outcome);
        outcome
    }

    /// Keeps the trace of a call that was cancelled while it waited for others.
    pub(super) fn cancelled_in_line(&'static self, app: &Arc<App>, call: Call, arguments: &Value) {
        drop(Kept { app: app.clone(), call, arguments: Arc::new(Sent::Tree(arguments.clone())), done: false });
    }

    /// What a request is in first, when it is known what is wanted. `ask` goes its own way.
    fn first_state(&self) -> State {
        match self.name {
            "ask" => State::Classified,
            _ if self.writes => State::Evaluating,
            _ => State::Gathering,
        }
    }

    async fn run_in(&'static self, context: Context, arguments: Value, sent: &Sent) -> Result<Answer, Failure> {
        let at = TOOLS.iter().position(|it| it.name == self.name).unwrap_or_default();
        let checked = {
            let span = context.call.span("check arguments");
            arguments::check(&SCHEMAS[at].input, arguments)
                .map_err(Failure::bounded)
                .inspect_err(|failure| span.fail(&failure.message))
        }?;
        no_secret_as_a_name(&checked)?;
        context.call.enter(State::Classified);
        context.call.enter(self.first_state());
        let (started, cancelled) = (std::time::Instant::now(), context.call.cancelled().clone());
        // A task of its own, so that a panic is a failed call and not a call without an answer.
        let mut work = tokio_util::task::AbortOnDropHandle::new(
            context.app.tasks.clone().spawn((self.run)(context, checked).in_current_span()),
        );
        let outcome = tokio::select! {
            outcome = &mut work => outcome,
            () = cancelled.cancelled() => {
                return Err(Failure::new("cancelled", "the call was cancelled", "call again if it is still wanted"));
            }
        };
        let outcome = outcome.unwrap_or_else(|err| {
            tracing::error!(error = %err, "a call panicked");
            Err(Failure::new("internal", "internal error in carryall", "report it with the trace id"))
        });
        let outcome = outcome.map_err(Failure::bounded);
        let took_ms = started.elapsed().as_millis();
        match &outcome {
            Ok(_) => tracing::info!(took_ms, "answered"),
            Err(failure) => {
                // What was sent to us may hold a secret, and logs are kept.
                let error = kept_error(&failure.message, &sent.tree());
                tracing::warn!(took_ms, kind = failure.kind, error, "failed");
            }
        }
        outcome
    }
}

/// Arguments that name something. They tell one from another, so a secret among them can neither be taken out nor kept.
const NAMES: [&str; 11] = [
    "namespace",
    "user_id",
    "persona",
    "session_id",
    "conversation",
    "artifact",
    "owner",
    "key",
    "paths",
    "include",
    "exclude",
];

/// Refuses a secret as the name of a user, a session, a folder and the like, of the call or of one of its items.
fn no_secret_as_a_name(arguments: &Value) -> Result<(), Failure> {
    let items = arguments.get("items").and_then(Value::as_array).into_iter().flatten();
    let inner = items.enumerate().map(|(at, it)| (format!("items[{at}]."), it));
    for (path, fields) in std::iter::once((String::new(), arguments)).chain(inner) {
        for name in NAMES {
            let Some(named) = fields.get(name).filter(|it| it.is_string() || it.is_array()) else { continue };
            if let Some(secret) = redact::redact_json(named).1.first() {
                return Err(Failure::new(
                    "permission",
                    format!("`{path}{name}` looks like a secret ({}), and names are stored unchanged", secret.what),
                    "name it by something that is no secret; nothing was stored",
                ));
            }
        }
    }
    Ok(())
}

/// An error as it may be kept: it may quote what was sent, cut so that no form tells a secret any more.
fn kept_error(message: &str, arguments: &Value) -> String {
    match redact::redact_json(arguments).1.first() {
        Some(secret) => {
            format!("the arguments held a secret ({}), so the text of the error was not recorded", secret.what)
        }
        None => redact::redact(message).0,
    }
}

/// The arguments of a call, until it ends. One that may wait for the network has them as text: a thousand may wait at once,
/// and a tree takes ten times as much.
enum Sent {
    Tree(Value),
    Text(Box<str>),
}

impl Sent {
    fn tree(&self) -> Cow<'_, Value> {
        match self {
            Sent::Tree(tree) => Cow::Borrowed(tree),
            // It was written by us, so it can be read.
            Sent::Text(text) => Cow::Owned(serde_json::from_str(text).unwrap_or_default()),
        }
    }
}

/// Keeps the trace of a call however it ends; one that is dropped amid its work was cancelled.
struct Kept {
    app: Arc<App>,
    call: Call,
    arguments: Arc<Sent>,
    done: bool,
}

impl Kept {
    fn finish(mut self, outcome: &Result<Answer, Failure>) {
        self.done = true;
        match outcome {
            Ok(_) => self.keep("ok", None),
            Err(failure) if failure.kind == "cancelled" => self.keep("cancelled", None),
            Err(failure) => {
                let message = kept_error(&failure.message, &self.arguments.tree());
                self.keep("failed", Some(format!("{}: {message}", failure.kind)));
            }
        }
    }

    fn keep(&self, outcome: &str, error: Option<String>) {
        let App { store, config, telemetry, .. } = &*self.app;
        if config.read_only && !telemetry.is_on() {
            return;
        }
        let mut record = self.call.record(outcome, error, &self.arguments.tree());
        // Where the call was made is known, also when it did not say so.
        record.namespace = record.namespace.or_else(|| config.project.namespace.clone());
        let record = Clean::of(&record);
        if !config.read_only {
            crate::trace::keep(store, &record);
        }
        telemetry.send(&record);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.done {
            self.keep("cancelled", None);
        }
    }
}

/// What a request reads and writes, for the order of calls.
pub(super) fn touches(request: &ClientRequest) -> Touches {
    let reads = |domains: Vec<Domain>| Touches { reads: domains, writes: Vec::new() };
    match request {
        ClientRequest::CallToolRequest(request) => {
            let Some(tool) = TOOLS.iter().find(|it| it.name == request.params.name) else { return Touches::default() };
            let arguments = Value::Object(request.params.arguments.clone().unwrap_or_default());
            let mut touches = tool.touches(&arguments);
            touches.writes.push(Domain::Traces);
            touches
        }
        ClientRequest::ReadResourceRequest(request) => reads(super::resources::reads(&request.params.uri)),
        ClientRequest::ListResourcesRequest(_) => reads(vec![Domain::Memory, Domain::Packs, Domain::Session(None)]),
        ClientRequest::GetPromptRequest(_) => reads(vec![Domain::Session(None)]),
        _ => Touches::default(),
    }
}

/// The first `most` characters of `text`, and what is said of the rest where there is one.
fn beginning(text: String, most: usize) -> (String, Option<String>) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (text[..end].to_owned(), Some(format!("Only the first {most} characters were read."))),
        None => (text, None),
    }
}

/// Says which words of a question no file has that was searched, be it within longer names; `None` when there are none.
fn nowhere(words: &[String]) -> Option<String> {
    let quoted: Vec<String> = words.iter().map(|it| format!("`{it}`")).collect();
    (!quoted.is_empty()).then(|| format!("No searched file has {} as a whole word.", quoted.join(" or ")))
}

/// The session that arguments name, as what their call touches.
fn session_of(arguments: &Value) -> Option<Domain> {
    let session = arguments.get("session_id")?.as_str()?;
    Some(Domain::Session(Some(session.to_owned())))
}

pub(super) use ask::context_schema;
pub(super) use get_trace::tree_json;

/// docs/schema/context.json: what a call may bring along as its context.
pub fn context_schema_text() -> String {
    let mut text = serde_json::to_string_pretty(&context_schema()).unwrap_or_default();
    text.push('\n');
    text
}

/// The names of all tools.
pub fn tool_names() -> Vec<&'static str> {
    TOOLS.iter().map(|it| it.name).collect()
}

/// Calls a tool without a client, as the command line does. The caller may index what its user may read.
///
/// # Errors
///
/// The [`Failure`] of the tool, or one of kind `not_found` when there is no such tool.
pub async fn call_locally(
    app: &Arc<App>,
    name: &str,
    arguments: Value,
    progress: Progress,
    cancelled: CancellationToken,
) -> Result<Answer, Failure> {
    let Some(tool) = find(&app.config, name) else {
        return Err(Failure::new("not_found", unknown(&app.config, name), ""));
    };
    let call = tool.begin(app, None, progress, cancelled);
    let caller = Caller { allowed: Allowed::everything(), client: Some("carryall".to_owned()), is_local: true };
    let outcome = tool.call(app.clone(), call.clone(), arguments, caller).await;
    outcome.map(|mut answer| {
        answer.structured.insert("trace_id".to_owned(), call.id().into());
        answer
    })
}

/// The names of the fields that an object, or each object of a list, has.
fn inner(field: &Value) -> String {
    let properties = field.pointer("/items/properties").or_else(|| field.get("properties")).and_then(Value::as_object);
    let names: Vec<String> = properties.into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!(" {{{}}}", names.join(", ")) }
}

/// docs/tools.md: every tool with its arguments and results.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Tools\n\nGenerated from the program (`just docs`). Every result also has `trace_id`; a failed call is a \
         result with `isError: true` and `_meta[\"carryall/error\"]`.\n",
    );
    for tool in &TOOLS {
        let flag = |on: bool, word: &str| if on { format!(", {word}") } else { String::new() };
        text.push_str(&format!(
            "\n## `{}`\n\n{}\n\nToolset `{}`{}{}{}.\n\n| argument | type | meaning |\n|---|---|---|\n",
            tool.name,
            tool.description.replace("\n", "\n\n"),
            tool.toolset.name(),
            flag(tool.writes, "writes"),
            flag(tool.destructive, "destructive"),
            flag(tool.open_world, "reaches the network"),
        ));
        let input = (tool.input)();
        let required: Vec<&str> =
            input.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, property) in input.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let described = property.get("description").and_then(Value::as_str).unwrap_or_default();
            let default = property.get("default").map(|it| format!(" Default: {it}.")).unwrap_or_default();
            let needed = if required.contains(&name.as_str()) { " (required)" } else { "" };
            let kind = property.as_object().map(arguments::describe).unwrap_or_default();
            text.push_str(&format!("| `{name}`{needed} | {} | {described}{default} |\n", kind.replace('|', "\\|")));
        }
        let output = (tool.output)();
        let fields = output.get("properties").and_then(Value::as_object).into_iter().flatten();
        let names: Vec<String> = fields.map(|(name, field)| format!("`{name}`{}", inner(field))).collect();
        text.push_str(&format!("\nResult: {}.\n", names.join(", ")));
    }
    text
}
