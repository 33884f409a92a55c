//! What can be read by address: `carryall://memory/{id}` and its kin, with templates, completion and paging.

use percent_encoding::percent_decode_str;
use rmcp::ErrorData;
use rmcp::model::CompleteRequestParams;
use rmcp::model::CompleteResult;
use rmcp::model::CompletionInfo;
use rmcp::model::ReadResourceResult;
use rmcp::model::Reference;
use rmcp::model::Resource;
use rmcp::model::ResourceContents;
use rmcp::model::ResourceTemplate;
use serde_json::Value;
use serde_json::json;

use super::order::Domain;
use super::tools;
use crate::app::App;
use crate::brief::Noted;
use crate::clock;
use crate::scope::Owner;
use crate::scope::View;
use crate::session;
use crate::store::ContextBy;
use crate::store::ContextKey;
use crate::store::Eyes;
use crate::store::History;
use crate::store::MemoryEvent;
use crate::store::MemoryRow;
use crate::store::Scope;
use crate::store::SessionFilter;
use crate::store::StoreError;
use crate::store::TraceFilter;
use crate::store::Version;
use crate::trace;

/// Resources on one page of the list.
const PAGE: usize = 100;

/// Turns of a session that are shown.
const TURNS: usize = 500;

/// Values that a completion offers at most.
const COMPLETIONS: usize = 20;

const SCHEME: &str = "carryall://";

/// What reading `uri` reads, for the order of calls.
pub(super) fn reads(uri: &str) -> Vec<Domain> {
    match parse(uri) {
        Some(Address::Memory(_)) => vec![Domain::Memory],
        Some(Address::Pack(_)) => vec![Domain::Packs],
        Some(Address::Session(id)) => vec![Domain::Session(Some(id)), Domain::Memory],
        Some(Address::Context(_)) => vec![Domain::Contexts],
        Some(Address::Health | Address::Metrics) => vec![Domain::Memory, Domain::Traces],
        Some(Address::Trace(_) | Address::Schema(_)) | None => Vec::new(),
    }
}

enum Address {
    Memory(String),
    Pack(String),
    Session(String),
    Context(ContextKey),
    Trace(String),
    Schema(String),
    Health,
    Metrics,
}

fn parse(uri: &str) -> Option<Address> {
    let rest = uri.strip_prefix(SCHEME)?;
    match rest {
        "health" => return Some(Address::Health),
        "metrics" => return Some(Address::Metrics),
        _ => {}
    }
    let (kind, rest) = rest.split_once('/')?;
    let text = |part: &str| percent_decode_str(part).decode_utf8().ok().map(|it| it.into_owned());
    match kind {
        "memory" => Some(Address::Memory(text(rest)?)),
        "pack" => Some(Address::Pack(text(rest)?)),
        "session" => Some(Address::Session(text(rest)?)),
        "trace" => Some(Address::Trace(text(rest)?)),
        "schema" => Some(Address::Schema(text(rest)?)),
        "context" => {
            // Everything else in an address is encoded, so the only question mark is ours.
            let (rest, namespace) = match rest.split_once("?namespace=") {
                Some((rest, namespace)) => (rest, text(namespace)?),
                None => (rest, crate::scope::DEFAULT_NAMESPACE.to_owned()),
            };
            let mut parts = rest.splitn(3, '/');
            let scope = Scope::named(parts.next()?)?;
            let owner = text(parts.next()?)?;
            let owner = if scope == Scope::Global { String::new() } else { owner };
            Some(Address::Context(ContextKey { namespace, scope, owner, key: text(parts.next()?)? }))
        }
        _ => None,
    }
}

/// A page of the list.
pub(super) struct Page {
    pub(super) resources: Vec<Resource>,
    pub(super) next_cursor: Option<String>,
}

/// Everything that was made and has an address, page by page: packs, then sessions, then the schemas.
pub(super) async fn list(app: &App, cursor: Option<&str>) -> Result<Page, ErrorData> {
    let (kind, offset) = match cursor {
        None => ("pack", 0),
        Some(cursor) => cursor
            .split_once(':')
            .and_then(|(kind, offset)| Some((kind, usize::try_from(offset.parse::<u32>().ok()?).ok()?)))
            .filter(|(kind, _)| ["pack", "session", "schema"].contains(kind))
            .ok_or_else(|| {
                let cursor = super::reply::shorten(cursor, 100);
                ErrorData::invalid_params(format!("cursor {cursor:?} is not the nextCursor of an earlier answer"), None)
            })?,
    };
    let mut resources = Vec::new();
    if kind == "pack" {
        let packs = app.store.packs(namespace(app), PAGE + 1, offset).await.map_err(protocol_error)?;
        let more = packs.len() > PAGE;
        resources.extend(packs.into_iter().take(PAGE).map(|(id, query)| {
            Resource::new(format!("{SCHEME}pack/{id}"), id)
                .with_title(format!("Context for: {}", super::reply::shorten(&query, 80)))
                .with_mime_type("text/markdown")
        }));
        if more {
            return Ok(Page { resources, next_cursor: Some(format!("pack:{}", offset + PAGE)) });
        }
    }
    if kind != "schema" {
        let offset = if kind == "session" { offset } else { 0 };
        let room = PAGE.saturating_sub(resources.len());
        let sessions = app.store.sessions(namespace(app), room + 1, offset).await.map_err(protocol_error)?;
        let more = sessions.len() > room;
        resources.extend(sessions.into_iter().take(room).map(|(id, at)| {
            Resource::new(session::session_uri(&id), id.clone())
                .with_title(format!("Session {id}, last used {}", clock::format(at)))
                .with_mime_type("application/json")
        }));
        if more {
            return Ok(Page { resources, next_cursor: Some(format!("session:{}", offset + room)) });
        }
    }
    let about = [
        ("health", "How everything is: file, index, disk, providers, breakers, queue", "application/json"),
        ("metrics", "What is counted, as Prometheus reads it", "text/plain"),
    ];
    resources.extend(about.map(|(name, title, mime)| {
        Resource::new(format!("{SCHEME}{name}"), name).with_title(title).with_mime_type(mime)
    }));
    resources.extend(tools::enabled(&app.config).map(|tool| {
        Resource::new(format!("{SCHEME}schema/{}", tool.name), format!("schema of {}", tool.name))
            .with_mime_type("application/schema+json")
    }));
    resources.push(
        Resource::new(format!("{SCHEME}schema/context"), "schema of an inline context")
            .with_mime_type("application/schema+json"),
    );
    Ok(Page { resources, next_cursor: None })
}

/// The forms of the addresses.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let template = |path: &str, name: &str, description: &str, mime: &str| {
        ResourceTemplate::new(format!("{SCHEME}{path}"), name).with_description(description).with_mime_type(mime)
    };
    vec![
        template("memory/{id}", "memory", "One memory, whole, with its times and what replaced it", "application/json"),
        template(
            "pack/{id}",
            "pack",
            "A context pack as it was assembled, without what was forgotten since",
            "text/markdown",
        ),
        template("session/{id}", "session", "The turns and memories of a session", "application/json"),
        template(
            "context/{scope}/{owner}/{key}",
            "context",
            "State kept with write_context; the owner of scope global is `-`",
            "application/json",
        ),
        template("trace/{id}", "trace", "What one call did, as a tree", "application/json"),
        template("schema/{name}", "schema", "The schemas of a tool", "application/schema+json"),
    ]
}

/// Reads what has the address `uri`.
pub(super) async fn read(app: &App, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let missing = || {
        let uri = super::reply::shorten(uri, 500);
        ErrorData::resource_not_found(format!("there is no resource {uri}"), Some(json!({"uri": uri})))
    };
    let (text, mime) = match parse(uri).ok_or_else(missing)? {
        Address::Memory(id) => {
            let rows = app.memory.by_ids(vec![id.clone()]).await.map_err(protocol_error)?;
            let mut memory = memory_json(rows.first().ok_or_else(missing)?);
            let history = app.memory.history(&id).await.map_err(protocol_error)?;
            let own = history.versions.iter().find(|it| it.id == id);
            memory["superseded_by"] = own.and_then(|it| it.superseded_by.clone()).into();
            memory["history"] = history_json(&id, &history);
            (pretty(&memory), "application/json")
        }
        Address::Pack(id) => {
            let pack = app.store.pack(id).await.map_err(protocol_error)?.ok_or_else(missing)?;
            let result: Value = serde_json::from_str(&pack.result).unwrap_or_default();
            let text = result.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
            let mime = match result.get("format").and_then(Value::as_str) {
                Some("json") => "application/json",
                Some("xml") => "application/xml",
                _ => "text/markdown",
            };
            (text, mime)
        }
        Address::Session(id) => (pretty(&session_json(app, &id).await?.ok_or_else(missing)?), "application/json"),
        Address::Context(key) => {
            // An address names no user or persona, so what belongs to one is not there.
            let row = match app.sessions.read(key, None, ContextBy::default()).await {
                Err(StoreError::Denied { .. }) => None,
                read => read.map_err(protocol_error)?,
            };
            let row = row.ok_or_else(missing)?;
            (pretty(&row.data), "application/json")
        }
        Address::Trace(id) => {
            // An address names nobody, so it leads to calls that belong to nobody.
            let eyes = Some(Eyes::default());
            let filter = TraceFilter { id: Some(id), eyes, ..TraceFilter::default() };
            let found = trace::find(&app.store, filter, 1).await.map_err(protocol_error)?;
            (pretty(&tools::tree_json(found.into_iter().next().ok_or_else(missing)?)), "application/json")
        }
        Address::Health => {
            let checks = crate::app::health(app).await;
            (pretty(&json!({"status": crate::app::overall(&checks), "checks": checks})), "application/json")
        }
        Address::Metrics => {
            let totals = app.store.totals(app.clock.now()).await.map_err(protocol_error)?;
            let gauges = crate::app::gauges(app, true).await;
            (crate::telemetry::metrics(&totals, &gauges), "text/plain")
        }
        Address::Schema(name) if name == "context" => (pretty(&tools::context_schema()), "application/schema+json"),
        Address::Schema(name) => {
            let tool = tools::find(&app.config, &name).ok_or_else(missing)?;
            let schema = json!({"input": (tool.input)(), "output": (tool.output)()});
            (pretty(&schema), "application/schema+json")
        }
    };
    let contents = ResourceContents::text(text, uri).with_mime_type(mime);
    Ok(ReadResourceResult::new(vec![contents]))
}

/// Offers values for a part of an address or an argument of a prompt.
pub(super) async fn complete(app: &App, request: &CompleteRequestParams) -> Result<CompleteResult, ErrorData> {
    let argument = &request.argument;
    let kind = match &request.r#ref {
        Reference::Resource(it) => it.uri.strip_prefix(SCHEME).and_then(|it| it.split('/').next()).unwrap_or_default(),
        Reference::Prompt(_) => "prompt",
        _ => "",
    };
    let values: Vec<String> = match (kind, argument.name.as_str()) {
        ("context", "scope") => Scope::ALL.iter().map(|it| it.name().to_owned()).collect(),
        ("schema", "name") => {
            tools::enabled(&app.config).map(|it| it.name.to_owned()).chain(["context".to_owned()]).collect()
        }
        ("pack", "id") => app
            .store
            .packs(namespace(app), PAGE, 0)
            .await
            .map_err(protocol_error)?
            .into_iter()
            .map(|(id, _)| id)
            .collect(),
        ("session", "id") | ("prompt", "session_id") => app
            .store
            .sessions(namespace(app), PAGE, 0)
            .await
            .map_err(protocol_error)?
            .into_iter()
            .map(|(id, _)| id)
            .collect(),
        ("trace", "id") => {
            let filter = TraceFilter { eyes: Some(Eyes::default()), ..TraceFilter::default() };
            let found = trace::find(&app.store, filter, PAGE).await.map_err(protocol_error)?;
            found.into_iter().map(|it| it.id).collect()
        }
        _ => Vec::new(),
    };
    let mut matching: Vec<String> = values.into_iter().filter(|it| it.starts_with(&argument.value)).collect();
    let total = u32::try_from(matching.len()).ok();
    let has_more = matching.len() > COMPLETIONS;
    matching.truncate(COMPLETIONS);
    let completion = CompletionInfo::with_pagination(matching, total, has_more)
        .map_err(|err| ErrorData::internal_error(err, None))?;
    Ok(CompleteResult::new(completion))
}

fn memory_json(row: &MemoryRow) -> Value {
    json!({
        "id": row.id, "content": row.content, "kind": row.kind, "speaker": row.speaker, "tags": row.tags,
        "importance": row.importance, "namespace": row.owner.namespace, "user_id": row.owner.user_id,
        "persona": row.owner.persona, "session_id": row.owner.session_id,
        "occurred_at": row.occurred_at.map(clock::format), "created_at": clock::format(row.created_at),
        "valid_from": clock::format(row.valid_from), "valid_to": row.valid_to.map(clock::format),
        "expires_at": row.expires_at.map(clock::format), "source": row.source, "superseded_by": row.superseded_by,
        "sources": row.source.iter().chain(&row.origin.more_sources).collect::<Vec<_>>(),
        "times_seen": row.origin.times_seen, "trust": row.origin.trust, "written_by": row.origin.written_by,
        "flags": row.origin.flags,
    })
}

/// What replaced what and when each held, and what happened to the memory `id` itself. Nothing when nothing did.
fn history_json(id: &str, history: &History) -> Value {
    let others = history.versions.iter().any(|it| it.id != id);
    let version = |it: &Version| {
        json!({
            "id": it.id, "content": it.content, "learned_at": clock::format(it.created_at),
            "valid_from": clock::format(it.valid_from), "valid_to": it.valid_to.map(clock::format),
            "superseded_by": it.superseded_by,
        })
    };
    let event = |it: &MemoryEvent| json!({"at": clock::format(it.at), "event": it.event, "detail": it.detail});
    let versions: Vec<Value> = history.versions.iter().filter(|_| others).map(version).collect();
    json!({"versions": versions, "events": history.events.iter().map(event).collect::<Vec<_>>()})
}

/// The namespace of whoever names none.
fn namespace(app: &App) -> String {
    crate::scope::namespace_or_default(app.config.project.namespace.clone())
}

async fn session_json(app: &App, id: &str) -> Result<Option<Value>, ErrorData> {
    let namespace = namespace(app);
    let view_namespace = namespace.clone();
    let owner = Owner { namespace: namespace.clone(), ..Owner::default() };
    let turns = app.sessions.turns(id, &owner, TURNS).await.map_err(protocol_error)?;
    let query = crate::memory::Query {
        view: View::new(Some(namespace), None, None, Some(id.to_owned())),
        limit: PAGE,
        ..crate::memory::Query::default()
    };
    let memories = app.memory.recall(&query, &crate::trace::Call::silent()).await.map_err(protocol_error)?.memories;
    if turns.is_empty() && memories.is_empty() {
        return Ok(None);
    }
    let turns: Vec<Value> = turns
        .iter()
        .map(|it| json!({"role": it.role, "content": it.content, "at": clock::format(it.created_at), "trace_id": it.trace_id}))
        .collect();
    let memories: Vec<Value> = memories.iter().map(|it| memory_json(&it.row)).collect();
    let owner = Owner { session_id: Some(id.to_owned()), ..owner };
    let summary = app.memory.summary(owner).await.map_err(protocol_error)?.map(|it| {
        json!({"text": it.content, "made_by": it.made_by, "made_at": clock::format(it.made_at), "sources": it.sources})
    });
    let filter =
        SessionFilter { namespace: Some(view_namespace), session_id: Some(id.to_owned()), ..SessionFilter::default() };
    let briefs = app.briefs();
    let mut whole = json!({"session_id": id, "summary": summary, "turns": turns, "memories": memories});
    if let Some(row) = briefs.sessions(filter, 1).await.map_err(protocol_error)?.into_iter().next()
        && let Value::Object(fields) = &mut whole
    {
        let brief = briefs.of(row).await.map_err(protocol_error)?;
        let noted =
            |list: &[Noted]| list.iter().map(|it| json!({"text": it.text, "role": it.role})).collect::<Vec<_>>();
        fields.insert("title".to_owned(), crate::brief::title(&brief.session).into());
        fields.insert("ended_at".to_owned(), json!(brief.session.ended_at.map(clock::format)));
        fields.insert("decisions".to_owned(), noted(&brief.left.decisions).into());
        fields.insert("open".to_owned(), noted(&brief.left.open).into());
        fields.insert("files".to_owned(), json!(brief.left.files));
    }
    Ok(Some(whole))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where map_err wants a function")]
pub(super) fn protocol_error(err: StoreError) -> ErrorData {
    ErrorData::internal_error(format!("{err}; {}", err.next_step()), None)
}
