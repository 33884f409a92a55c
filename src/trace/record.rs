//! Keeps the records of calls and finds them again.

use super::CallRecord;
use super::Facts;
use super::frameworks;
use crate::redact;
use crate::store::CallRow;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TraceFilter;
use crate::store::TraceRow;

/// Calls that look at the record and are no use of their own.
const LOOKERS: [&str; 3] = ["get_trace", "give_feedback", "query_insights"];

/// Characters of a question that are kept.
const QUESTION: usize = 500;

/// Keeps a record, soon: nobody waits for it. Secrets are taken out first.
pub fn keep(store: &Store, record: &CallRecord) {
    let spans = serde_json::to_string(&record.spans).unwrap_or_else(|_| "[]".to_owned());
    store.add_trace(TraceRow {
        id: record.id.clone(),
        tool: record.tool.clone(),
        started_at: record.started_at,
        took_us: i64::try_from(record.took_us).unwrap_or(i64::MAX),
        outcome: record.outcome.clone(),
        error: record.error.as_deref().map(|it| redact::redact(it).0),
        session_id: record.session_id.clone(),
        user_id: record.user_id.clone(),
        namespace: record.namespace.clone(),
        spans: redact::redact(&spans).0,
    });
    if !LOOKERS.contains(&record.tool.as_str()) {
        store.add_call(call_row(record));
    }
}

/// What is counted of a call.
fn call_row(record: &CallRecord) -> CallRow {
    let Facts { request_kind, strategy, provider, model, cached, cost_usd, .. } = record.facts.clone();
    let count = |it: u64| i64::try_from(it).unwrap_or(i64::MAX);
    let asked = record.question.as_deref();
    CallRow {
        id: record.id.clone(),
        tool: record.tool.clone(),
        started_at: record.started_at,
        took_us: count(record.took_us),
        outcome: record.outcome.clone(),
        error_kind: record.error.as_deref().and_then(|it| it.split_once(':')).map(|(kind, _)| kind.to_owned()),
        session_id: record.session_id.clone(),
        user_id: record.user_id.clone(),
        persona: record.persona.clone(),
        namespace: record.namespace.clone(),
        request_kind,
        frameworks: asked.map(frameworks::named).unwrap_or_default(),
        strategy,
        provider,
        model,
        cached,
        cost_usd,
        input_tokens: count(record.facts.input_tokens),
        cached_input_tokens: count(record.facts.cached_input_tokens),
        output_tokens: count(record.facts.output_tokens),
        question: asked.map(|it| redact::redact(&it.chars().take(QUESTION).collect::<String>()).0),
        rating: None,
    }
}

/// The records that `filter` means, the latest first, those of the calls just ended included.
///
/// # Errors
///
/// Any [`StoreError`].
pub async fn find(
    store: &Store,
    filter: TraceFilter,
    limit: usize,
    offset: usize,
) -> Result<Vec<CallRecord>, StoreError> {
    // What could not be written must not keep what is there from being read.
    if let Err(err) = store.flush().await {
        tracing::warn!(error = %err, "the latest traces may be missing");
    }
    let rows = store.traces(filter, limit, offset).await?;
    Ok(rows.into_iter().map(from_row).collect())
}

fn from_row(row: TraceRow) -> CallRecord {
    CallRecord {
        id: row.id,
        tool: row.tool,
        started_at: row.started_at,
        took_us: u64::try_from(row.took_us).unwrap_or(0),
        outcome: row.outcome,
        error: row.error,
        session_id: row.session_id,
        user_id: row.user_id,
        namespace: row.namespace,
        persona: None,
        question: None,
        facts: Facts::default(),
        spans: serde_json::from_str(&row.spans).unwrap_or_default(),
    }
}
