//! `carryall sessions`: the conversations that are kept, where each was left, and their ends.

use std::path::Path;
use std::sync::Arc;

use owo_colors::OwoColorize;
use serde_json::Value;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::commands::ListSessions;
use super::commands::OfSession;
use super::commands::Sessions;
use super::commands::Whose;
use super::commands::WithModel;
use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use super::runtime;
use super::summaries;
use crate::app::App;
use crate::brief;
use crate::brief::Brief;
use crate::brief::Noted;
use crate::clock;
use crate::clock::Clock;
use crate::clock::Millis;
use crate::config::Config;
use crate::hook;
use crate::memory::EXTRACTIVE;
use crate::plural::counted;
use crate::scope;
use crate::scope::Owner;
use crate::session;
use crate::store::SessionFilter;
use crate::store::SessionRow;
use crate::store::SummaryRow;
use crate::store::TurnRow;
use crate::trace::Call;
use crate::trace::Progress;

pub(super) fn run(asked: &Sessions, config: Config, out: &Output) -> Result<Exit, Failed> {
    let writes = match asked {
        Sessions::List(_) | Sessions::Show { .. } | Sessions::Resume { .. } => false,
        Sessions::Delete { dry_run, .. } => !dry_run,
        Sessions::Summarise { .. } | Sessions::End { .. } => true,
    };
    if writes && config.read_only {
        return Err(Failed::work("permission", "the server is read-only", "leave --read-only out"));
    }
    let home = config.home.clone();
    runtime::block_on(async {
        let app = App::new(config, Clock::system());
        let done = match asked {
            Sessions::List(asked) => list(&app, asked, home.as_deref(), out).await,
            Sessions::Show { of, turns } => show(&app, of, *turns, out).await,
            Sessions::Resume { of, budget_tokens } => resume(&app, of, *budget_tokens, out).await,
            Sessions::Summarise { of, model } => summarise(&app, of, model, false, out).await,
            Sessions::End { of, model } => summarise(&app, of, model, true, out).await,
            Sessions::Delete { of, dry_run } => delete(&app, of, *dry_run, out).await,
        };
        app.close().await;
        done
    })
}

fn filter(app: &App, whose: &Whose) -> SessionFilter {
    let named = scope::given(whose.namespace.clone()).or_else(|| app.config.project.namespace.clone());
    SessionFilter {
        namespace: Some(scope::namespace_or_default(named)),
        user_id: scope::given(whose.user_id.clone()),
        persona: scope::given(whose.persona.clone()),
        ..SessionFilter::default()
    }
}

async fn list(app: &App, asked: &ListSessions, home: Option<&Path>, out: &Output) -> Result<Exit, Failed> {
    let mut filter = filter(app, &asked.whose);
    if asked.all {
        filter.everybody = true;
        filter.namespace = scope::given(asked.whose.namespace.clone());
    }
    filter.project = match &asked.project {
        Some(folder) => {
            let folder = std::path::absolute(folder).map_err(|err| Failed::file("find", folder, &err))?;
            Some(hook::project_of(&folder, home))
        }
        None => None,
    };
    filter.since = time("--since", asked.since.as_deref())?;
    filter.until = time("--until", asked.until.as_deref())?;
    filter.before = match &asked.cursor {
        Some(cursor) => Some(place(cursor).ok_or_else(|| {
            Failed::usage(format!("--cursor is {cursor:?}"), "it must be the next_cursor of the list before")
        })?),
        None => None,
    };
    let limit = usize::try_from(asked.limit).unwrap_or(20);
    let mut rows = app.store.session_rows(filter, limit + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|it| format!("{}.{}", it.last_at, it.seq));
    out.document(&json!({"sessions": rows.iter().map(document).collect::<Vec<_>>(), "next_cursor": next}));
    for row in &rows {
        let ended = if row.ended_at.is_some() { "ended" } else { "" };
        let id = row.owner.session_id.as_deref().unwrap_or_default();
        let title = brief::title(row);
        let turns = counted(&row.turns, "turn");
        out.line(format_args!("{} {turns:>11} {ended:<5} {}  {title}", minute(row.last_at), id.bold()));
    }
    if let Some(next) = next {
        out.remark(format_args!("There are more: --cursor {next}"));
    }
    if rows.is_empty() {
        let others = if asked.all { "" } else { "; --all shows those of every user and namespace" };
        out.remark(format_args!("No conversation is kept here{others}"));
    }
    Ok(if rows.is_empty() { Exit::Nothing } else { Exit::Done })
}

fn time(flag: &str, text: Option<&str>) -> Result<Option<Millis>, Failed> {
    let wrong = |text: &str, allowed| Failed::usage(format!("{flag} is {text:?}"), format!("it must be {allowed}"));
    text.map(|text| clock::parse(text).map_err(|allowed| wrong(text, allowed))).transpose()
}

fn place(cursor: &str) -> Option<(Millis, i64)> {
    let (at, seq) = cursor.split_once('.')?;
    Some((at.parse().ok()?, seq.parse().ok()?))
}

fn minute(at: Millis) -> String {
    clock::format(at).chars().take(16).collect::<String>().replace('T', " ")
}

fn document(row: &SessionRow) -> Value {
    json!({
        "session_id": row.owner.session_id, "namespace": row.owner.namespace, "user_id": row.owner.user_id,
        "persona": row.owner.persona, "title": brief::title(row), "host": row.host, "project": row.project,
        "started_at": clock::format(row.started_at), "last_at": clock::format(row.last_at),
        "ended_at": row.ended_at.map(clock::format), "turns": row.turns, "memories": row.memories,
    })
}

fn summary_document(summary: Option<&SummaryRow>) -> Option<Value> {
    summary.map(|it| {
        json!({
            "text": it.content, "made_by": it.made_by, "made_at": clock::format(it.made_at), "sources": it.sources,
        })
    })
}

/// The session that is meant; of several owners' the latest that may be seen.
async fn find(app: &App, of: &OfSession) -> Result<SessionRow, Failed> {
    let filter = SessionFilter { session_id: Some(of.session_id.clone()), ..filter(app, &of.whose) };
    let found = app.store.session_rows(filter.clone(), 1).await?.into_iter().next();
    if let Some(row) = found {
        return Ok(row);
    }
    let everybody = SessionFilter { namespace: None, everybody: true, ..filter };
    let elsewhere = app.store.session_rows(everybody, 1).await?.into_iter().next();
    let message = format!("there is no session {:?} here", of.session_id);
    let hint = match elsewhere {
        Some(_) => {
            "it belongs to another namespace, user or persona: name them, `carryall sessions list --all` shows whose"
        }
        None => "`carryall sessions list --all` shows those that there are",
    };
    Err(Failed { exit: Exit::Nothing, ..Failed::work("not_found", message, hint) })
}

async fn show(app: &App, of: &OfSession, turns: usize, out: &Output) -> Result<Exit, Failed> {
    let row = find(app, of).await?;
    let owner = Owner { session_id: None, ..row.owner.clone() };
    let said = app.store.turns(of.session_id.clone(), owner, turns).await?;
    let summary = app.memory.summary(row.owner.clone()).await?;
    let turn =
        |it: &TurnRow| json!({"id": it.id, "role": it.role, "content": it.content, "at": clock::format(it.created_at)});
    let mut whole = document(&row);
    if let Value::Object(fields) = &mut whole {
        fields.insert("summary".to_owned(), json!(summary_document(summary.as_ref())));
        fields.insert("said".to_owned(), said.iter().map(turn).collect());
    }
    out.document(&whole);
    let about = [row.host.clone(), row.project.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let ended = row.ended_at.map(|it| format!(", ended {}", minute(it))).unwrap_or_default();
    out.line(format_args!(
        "{} {}: {} to {}{ended}, {}, {}",
        of.session_id.bold(),
        about,
        minute(row.started_at),
        minute(row.last_at),
        counted(&row.turns, "turn"),
        counted(&row.memories, "memory")
    ));
    if let Some(summary) = &summary {
        out.line(format_args!("\nSummary ({}):\n{}", summary.made_by, summary.content));
    }
    let left_out = row.turns - i64::try_from(said.len()).unwrap_or(0);
    if left_out > 0 {
        out.line(format_args!("\n({left_out} earlier turns; --turns shows more)"));
    }
    for it in &said {
        out.line(format_args!("\n{} {}\n{}", it.role.bold(), minute(it.created_at).dimmed(), it.content));
    }
    Ok(Exit::Done)
}

async fn resume(app: &App, of: &OfSession, budget_tokens: u32, out: &Output) -> Result<Exit, Failed> {
    let row = find(app, of).await?;
    let brief: Brief = app.briefs().of(row).await?;
    let text = brief.text(budget_tokens);
    let noted = |list: &[Noted]| -> Vec<Value> {
        let one = |it: &Noted| json!({"text": it.text, "role": it.role, "at": clock::format(it.at), "turn": it.source});
        list.iter().map(one).collect()
    };
    out.document(&json!({
        "session": document(&brief.session), "summary": summary_document(brief.summary.as_ref()),
        "decisions": noted(&brief.left.decisions), "open": noted(&brief.left.open), "files": brief.left.files,
        "text": text,
    }));
    out.line(text.trim_end());
    Ok(Exit::Done)
}

async fn summarise(
    app: &Arc<App>,
    of: &OfSession,
    model: &WithModel,
    ends: bool,
    out: &Output,
) -> Result<Exit, Failed> {
    let row = find(app, of).await?;
    let mut summary = app.memory.summarise_session(row.owner.clone()).await?;
    let mut failure = None;
    if model.with_model && summary.is_some() {
        let (progress, never) = (Progress::default(), CancellationToken::new());
        let call = Call::begin("summarise", app.clock.now(), progress, never);
        let entries = app.memory.session_entries(row.owner.clone()).await?;
        let written = summaries::by_model(app, row.owner.clone(), &entries, model.max_cost_usd, &call).await;
        match written {
            Ok(_) => summary = app.memory.summary(row.owner.clone()).await?,
            Err(reason) => failure = Some(reason),
        }
    }
    if ends {
        app.store.end_session(row.owner.clone(), app.clock.now()).await?;
    }
    out.document(&json!({
        "session_id": of.session_id, "ended": ends, "summary": summary_document(summary.as_ref()),
        "model_failed": failure,
    }));
    if ends {
        out.line(format_args!("{} has ended", of.session_id.bold()));
    }
    match &summary {
        Some(it) => {
            out.line(format_args!("Summary ({}), of {}:\n{}", it.made_by, counted(&it.covers, "entry"), it.content))
        }
        None => out.line("It is short enough to be read as it is: no summary is kept"),
    }
    if let Some(reason) = failure {
        out.remark(format_args!("The model did not word it: {reason}; the summary is {EXTRACTIVE}"));
    }
    Ok(Exit::Done)
}

async fn delete(app: &App, of: &OfSession, dry_run: bool, out: &Output) -> Result<Exit, Failed> {
    let row = find(app, of).await?;
    let erased = app.store.delete_session(row.owner.clone(), dry_run, "sessions".to_owned(), app.clock.now()).await?;
    out.document(&json!({
        "session_id": of.session_id, "dry_run": dry_run, "turns": erased.turns, "summaries": erased.summaries,
        "contexts": erased.contexts, "packs": erased.packs, "traces": erased.traces, "memories_kept": erased.memories,
    }));
    let (would, uri) = (if dry_run { "would be deleted" } else { "deleted" }, session::session_uri(&of.session_id));
    out.line(format_args!(
        "{}, {}, {} and {} {would}; {} that quoted it {} a notice instead",
        counted(&erased.turns, "turn"),
        counted(&erased.summaries, "summary"),
        counted(&erased.contexts, "context"),
        counted(&erased.traces, "trace"),
        counted(&erased.packs, "pack"),
        if dry_run { "would get" } else { "got" }
    ));
    if erased.memories > 0 {
        out.line(format_args!(
            "{} of it not deleted; `carryall forget --session-id {}` does that, too",
            counted(&erased.memories, "memory"),
            of.session_id
        ));
    }
    if !dry_run {
        out.line(format_args!(
            "`carryall audit {uri}` has the line about it; `carryall forget --purge` clears the file"
        ));
    }
    Ok(Exit::Done)
}
