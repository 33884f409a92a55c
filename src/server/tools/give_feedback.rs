//! The tool `give_feedback`.

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
use crate::config::Toolset;
use crate::redact;
use crate::store::NewFeedback;

/// Characters of a note that are kept.
const NOTE: usize = 2_000;

pub(super) const TOOL: Tool = Tool {
    name: "give_feedback",
    title: "Give feedback",
    description: "Rates an answer, a pack or what was recalled, and says which items were used. Give it when the user \
        praises or corrects, or when you know what helped. What was used ranks higher later, the rest a little \
        lower; query_insights shows ratings.\n\
        Example: {\"trace_id\": \"0192…\", \"rating\": 1, \"used\": [\"0192…\"]}",
    toolset: Toolset::Insights,
    writes: true,
    destructive: false,
    idempotent: false,
    open_world: false,
    input: schema::input::<FeedbackArgs>,
    output: schema::output::<FeedbackResult>,
    touches: |_| Touches { reads: vec![Domain::Traces], writes: vec![Domain::Traces, Domain::Memory] },
    run: |context, arguments| Box::pin(give_feedback(context, arguments)),
};

#[derive(Deserialize, JsonSchema)]
struct FeedbackArgs {
    /// Or a pack's or memory's id.
    trace_id: String,
    /// -1 useless, 1 just right.
    #[schemars(range(min = -1.0, max = 1.0))]
    rating: Option<f64>,
    note: Option<String>,
    /// Ids of what helped.
    used: Option<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct FeedbackResult {
    /// False when there is no such thing.
    recorded: bool,
    /// What was taken out before it was kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    redacted: Vec<String>,
}

async fn give_feedback(context: Context, arguments: Value) -> Result<Answer, Failure> {
    let args: FeedbackArgs = arguments::read(arguments)?;
    let used = args.used.unwrap_or_default();
    let texts = args.note.iter().chain(&used);
    let mut redacted: Vec<String> = texts.flat_map(|it| redact::redact(it).1).map(|it| it.what.to_owned()).collect();
    redacted.dedup();
    if let Some(what) = redacted.first().filter(|_| context.app.config.refuse_secrets) {
        return Err(Failure::new(
            "permission",
            format!("the feedback holds a secret ({what}), and secrets are refused here"),
            "leave the secret out and call again; nothing was stored",
        ));
    }
    let note = args.note.map(|it| redact::beginning(&it, NOTE));
    let given = NewFeedback {
        trace_id: args.trace_id.clone(),
        rating: args.rating,
        note,
        used: used.iter().map(|it| redact::redact(it).0).collect(),
        ..NewFeedback::default()
    };
    let app = &context.app;
    let recorded = app.insights.give_feedback(given).await?;
    let text = if recorded {
        "Recorded.".to_owned()
    } else {
        format!(
            "No call, pack or memory {} is kept, so there is nothing to judge.",
            super::super::reply::shorten(&args.trace_id, 64)
        )
    };
    Answer::of(&FeedbackResult { recorded, redacted }, text)
}
