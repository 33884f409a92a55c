//! The context of a question: assembled, kept, or brought by the call.

use serde_json::Value;

use super::answer::Asker;
use super::question::ContextChoice;
use super::question::Question;
use super::question::Refusal;
use crate::context;
use crate::context::Degraded;
use crate::context::Item;
use crate::context::Pack;
use crate::context::Rendition;
use crate::context::Request;
use crate::context::SourceName;
use crate::documents::Allowed;
use crate::trace::Call;

/// The most tokens of context when the call does not say.
const USUAL_TOKENS: u32 = 8_000;

/// The same for what is about nothing in particular, such as a greeting: every token of it is
/// paid for, and what has a word in common by chance helps nobody.
const TALK_TOKENS: u32 = 2_000;

/// What pieces of files must score then: the best one has half of the question's words. Eight such questions over this
/// repository sent 7,500 tokens each, and send none to 2,150 now.
const TALK_LEAST_SCORE: f64 = 0.5;

/// How certain it has to be that a question is about nothing in particular.
const TALK_CONFIDENCE: f64 = 0.8;

fn is_talk(asked: &str) -> bool {
    let kind = context::classify(asked);
    kind.label == "general" && kind.confidence >= TALK_CONFIDENCE
}

/// The context of a question: its text, and the items that its numbers mean.
#[derive(Default)]
pub(super) struct Context {
    pub(super) text: Option<String>,
    pub(super) identity: Option<String>,
    pub(super) items: Vec<Item>,
    pub(super) pack_id: Option<String>,
    pub(super) degraded: Vec<Degraded>,
}

impl Asker {
    pub(super) async fn context(
        &self,
        question: &Question,
        allowed: &Allowed,
        call: &Call,
    ) -> Result<Context, Refusal> {
        let is_talk = matches!(question.context, ContextChoice::Auto) && is_talk(question.asked());
        let (usual_tokens, least_score) = if is_talk { (TALK_TOKENS, TALK_LEAST_SCORE) } else { (USUAL_TOKENS, 0.0) };
        let request = |sources: &[SourceName]| Request {
            query: question.asked().to_owned(),
            budget_tokens: question.budget_tokens.unwrap_or(usual_tokens),
            least_score,
            sources: sources.to_vec(),
            view: question.view.clone(),
            conversation: question.conversation.clone(),
            artifact: question.artifact.clone(),
            model: question.model.clone(),
            ..Request::default()
        };
        let pack = match &question.context {
            ContextChoice::None => return Ok(Context::default()),
            ContextChoice::Pack(id) => return self.kept_pack(id).await,
            ContextChoice::Auto => {
                // The session's turns are sent as turns; everything else goes into the pack.
                let sources = [SourceName::Memory, SourceName::Workspace, SourceName::Scopes];
                self.assembler.assemble(&request(&sources), allowed, call).await?
            }
            ContextChoice::Inline { identity, docs, tools } => {
                let mut request = request(&[SourceName::Inline]);
                (request.docs, request.tools) = (docs.clone(), tools.clone());
                let pack = self.assembler.assemble(&request, allowed, call).await?;
                return Ok(Context { identity: identity.clone(), ..of_pack(pack) });
            }
        };
        Ok(of_pack(pack))
    }

    async fn kept_pack(&self, id: &str) -> Result<Context, Refusal> {
        let row = self.store.pack(id.to_owned()).await?.ok_or_else(|| Refusal::NoPack(id.to_owned()))?;
        let result: Value = serde_json::from_str(&row.result).unwrap_or_default();
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let line =
            |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok());
        let items = result.get("items").and_then(Value::as_array).into_iter().flatten();
        let items = items
            .map(|it| Item {
                source: "pack",
                uri: text(it, "uri").unwrap_or_default(),
                path: text(it, "path"),
                start_line: line(it, "start_line"),
                end_line: line(it, "end_line"),
                title: text(it, "title").unwrap_or_default(),
                tokens: line(it, "tokens").unwrap_or(0),
                score: it.get("score").and_then(Value::as_f64).unwrap_or(0.0),
                why: text(it, "why").unwrap_or_default(),
                rendition: text(it, "rendition").and_then(|it| Rendition::named(&it)).and_then(Rendition::name),
                text: text(it, "text").unwrap_or_default(),
                seen: None,
            })
            .collect();
        Ok(Context { text: text(&result, "text"), items, pack_id: Some(row.id), ..Context::default() })
    }
}

pub(super) fn of_pack(pack: Pack) -> Context {
    let text = if pack.items.is_empty() { None } else { Some(pack.text) };
    Context { text, identity: None, items: pack.items, pack_id: Some(pack.id), degraded: pack.degraded }
}
