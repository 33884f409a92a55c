//! `carryall audit`: who changed which memory or context, when and why.

use serde_json::Value;
use serde_json::json;

use super::commands::Audit;
use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use super::runtime;
use crate::clock;
use crate::config::Config;
use crate::store::AuditFilter;
use crate::store::AuditRow;
use crate::store::Store;

pub(super) fn run(asked: &Audit, config: &Config, out: &Output) -> Result<Exit, Failed> {
    let time = |flag: &str, text: &Option<String>| match text {
        Some(text) => clock::parse(text)
            .map(Some)
            .map_err(|allowed| Failed::usage(format!("{flag} is {text:?}"), format!("it must be {allowed}"))),
        None => Ok(None),
    };
    let address = |subject: &String| {
        if subject.contains("://") { subject.clone() } else { format!("carryall://memory/{subject}") }
    };
    let filter = AuditFilter {
        subject: asked.subject.as_ref().map(address),
        action: asked.action.clone(),
        actor: asked.actor.clone(),
        since: time("--since", &asked.since)?,
        until: time("--until", &asked.until)?,
    };
    let rows = runtime::block_on(async {
        let store = Store::new(&config.db);
        let rows = store.audit(filter, asked.limit, 0).await;
        store.close().await;
        Ok(rows?)
    })?;
    out.document(&json!({"entries": rows.iter().map(document).collect::<Vec<_>>()}));
    for row in &rows {
        out.line(line(row));
    }
    if rows.is_empty() {
        out.line("Nothing was changed, or nothing that fits.");
        return Ok(Exit::Nothing);
    }
    Ok(Exit::Done)
}

fn document(row: &AuditRow) -> Value {
    json!({
        "at": clock::format(row.at), "actor": row.actor, "action": row.action, "subject": row.subject,
        "namespace": row.namespace, "user_id": row.user_id, "persona": row.persona, "details": row.details,
    })
}

fn line(row: &AuditRow) -> String {
    let whose = [("namespace", &row.namespace), ("user", &row.user_id), ("persona", &row.persona)];
    let whose = whose.into_iter().filter_map(|(name, of)| of.as_ref().map(|it| format!(" {name}={it}")));
    let details = row.details.as_object().into_iter().flatten();
    let details = details.filter(|(_, value)| !value.is_null()).map(|(name, value)| match value {
        Value::String(text) => format!(" {name}={text:?}"),
        other => format!(" {name}={other}"),
    });
    let rest: String = whose.chain(details).collect();
    format!("{} {:<13} {:<10} {}{rest}", clock::format_even(row.at), row.actor, row.action, row.subject)
}
