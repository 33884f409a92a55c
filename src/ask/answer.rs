//! One question from beginning to end.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::extract;
use super::money;
use super::money::Caps;
use super::money::Wallet;
use super::prompt;
use crate::clock::Clock;
use crate::context::Assembler;
use crate::context::Degraded;
use crate::context::InlineDocument;
use crate::context::InlineTool;
use crate::context::Item;
use crate::context::Pack;
use crate::context::Request;
use crate::context::STORE;
use crate::context::SourceName;
use crate::documents::Allowed;
use crate::models::Answered;
use crate::models::Attempt;
use crate::models::Failed;
use crate::models::FinishReason;
use crate::models::Message;
use crate::models::ModelError;
use crate::models::ModelRequest;
use crate::models::Models;
use crate::models::Role;
use crate::models::Route;
use crate::models::Usage;
use crate::scope::Owner;
use crate::scope::View;
use crate::session::Sessions;
use crate::store::NewTurn;
use crate::store::Store;
use crate::store::StoreError;
use crate::tokens;
use crate::trace::Call;

/// Turns that are sent along; older ones are found by the pack, if at all.
const HISTORY_TURNS: usize = 40;

/// Tokens of history that are sent along; the oldest turns are dropped first.
const HISTORY_TOKENS: u32 = 8_000;

/// A turn is cut to no less than this.
const LEAST_TURN_TOKENS: u32 = 200;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The last one is the question.
    pub messages: Vec<Message>,
    pub view: View,
    pub context: ContextChoice,
    /// Of the context.
    pub budget_tokens: u32,
    pub provider: Option<String>,
    pub model: Option<String>,
    /// Each `provider` or `provider/model`.
    pub fallbacks: Vec<String>,
    pub max_cost_usd: Option<f64>,
    pub max_output_tokens: Option<u32>,
    pub temperature: Option<f64>,
    pub response_schema: Option<Value>,
    pub timeout: Duration,
}

/// Where the context of a question comes from.
#[derive(Clone, Debug, Default)]
pub enum ContextChoice {
    /// Assembled for the question.
    #[default]
    Auto,
    None,
    /// One that was assembled before.
    Pack(String),
    /// What the call brings, packed.
    Inline {
        identity: Option<String>,
        docs: Vec<InlineDocument>,
        tools: Vec<InlineTool>,
    },
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub answer: String,
    /// The answer read as JSON, when a schema was given.
    pub structured: Option<Value>,
    pub provider: String,
    pub model: Option<String>,
    pub finish_reason: String,
    pub usage: Usage,
    /// `None` is unknown.
    pub cost_usd: Option<f64>,
    pub latency_ms: f64,
    pub attempts: Vec<Attempt>,
    pub citations: Vec<Citation>,
    pub pack_id: Option<String>,
    pub degraded: Vec<Degraded>,
}

/// A piece of the context that an answer cites.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Citation {
    /// Its number in the answer.
    pub n: usize,
    pub uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    pub title: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The provider failed; its kind says what to do.
    #[error("{0}")]
    Model(#[from] Failed),
    /// The question names a route that cannot be taken.
    #[error("{0}")]
    Route(Box<ModelError>),
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Raise the limit, shorten the question, or choose a cheaper model.
    #[error("this question may cost up to {likely_usd:.4} USD, more than the {left_usd:.4} USD left of {cap}")]
    TooDear { likely_usd: f64, left_usd: f64, cap: &'static str },
    /// Name a price, or ask without a limit.
    #[error("the price of {model} is unknown, so the cap on its cost cannot be kept")]
    PriceUnknown { model: String },
    /// Correct the id.
    #[error("there is no pack {0}")]
    NoPack(String),
    /// Ask again, or without a schema.
    #[error("{provider} did not answer in the JSON that response_schema asks for: {reason}")]
    NotJson { provider: String, reason: String, attempts: Vec<Attempt> },
}

/// Answers questions.
#[derive(Debug)]
pub struct Asker {
    pub models: Models,
    pub assembler: Assembler,
    pub sessions: Sessions,
    pub store: Store,
    pub clock: Clock,
    pub caps: Caps,
    /// Whether turns are kept; not in read-only mode.
    pub keeps: bool,
}

/// The context of a question: its text, and the items that its numbers mean.
#[derive(Default)]
struct Context {
    text: Option<String>,
    identity: Option<String>,
    items: Vec<Item>,
    pack_id: Option<String>,
    degraded: Vec<Degraded>,
}

impl Asker {
    /// Answers `question`; both turns are kept when the answer is whole. When they cannot be,
    /// that is named in [`Reply::degraded`].
    ///
    /// # Errors
    ///
    /// A [`Refusal`]. Never half an answer: a stream that ends early is an error.
    pub async fn ask(&self, question: &Question, allowed: &Allowed, call: &Call) -> Result<Reply, Refusal> {
        let route = {
            let span = call.span("route");
            let route = self.route(question).inspect_err(|err| span.fail(err))?;
            span.note("provider", route.as_ref().map_or("extractive", |it| it.provider.as_str()));
            route
        };
        let history = self.history(question, call).await?;
        let context = self.context(question, allowed, call).await?;
        let started = std::time::Instant::now();
        let mut reply = match route {
            None => extractive(question, &context),
            Some(route) => self.ask_model(question, &route, history, &context, call).await?,
        };
        if reply.latency_ms == 0.0 {
            reply.latency_ms = started.elapsed().as_secs_f64() * 1e3;
        }
        reply.pack_id = context.pack_id;
        reply.degraded.extend(context.degraded);
        if let Err(err) = self.keep(question, &reply, call).await {
            reply.degraded.push(not_kept("the turns were not kept", &err));
        }
        Ok(reply)
    }

    /// The providers and models, for `doctor` and lists.
    pub fn models(&self) -> &Models {
        &self.models
    }

    fn route(&self, question: &Question) -> Result<Option<Route>, Refusal> {
        self.models
            .choose(question.provider.as_deref(), question.model.as_deref())
            .map_err(|err| Refusal::Route(Box::new(err)))
    }

    /// The session's turns that are sent along, oldest first.
    async fn history(&self, question: &Question, call: &Call) -> Result<Vec<Message>, Refusal> {
        let view = &question.view;
        let Some(session_id) = &view.session_id else { return Ok(Vec::new()) };
        let span = call.span("history");
        let turns = self.sessions.turns(session_id, &owner(view), HISTORY_TURNS).await?;
        let mut left = HISTORY_TOKENS;
        let mut kept: Vec<Message> = turns
            .into_iter()
            .rev()
            .map_while(|turn| {
                let role = if turn.role == "assistant" { Role::Assistant } else { Role::User };
                let size = tokens::count(&turn.content);
                if size <= left {
                    left -= size;
                    return Some(Message { role, content: turn.content });
                }
                // The turn that does not fit is the last one that is looked at: its beginning, if there is room.
                let room = std::mem::take(&mut left);
                (room >= LEAST_TURN_TOKENS).then(|| Message { role, content: beginning(&turn.content, room) })
            })
            .collect();
        kept.reverse();
        // A conversation begins with its user.
        while kept.first().is_some_and(|it| it.role == Role::Assistant) {
            kept.remove(0);
        }
        span.note("turns", kept.len());
        Ok(kept)
    }

    async fn context(&self, question: &Question, allowed: &Allowed, call: &Call) -> Result<Context, Refusal> {
        let request = |sources: &[SourceName]| Request {
            query: question.messages.last().map(|it| it.content.clone()).unwrap_or_default(),
            budget_tokens: question.budget_tokens,
            sources: sources.to_vec(),
            view: question.view.clone(),
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
                text: text(it, "text").unwrap_or_default(),
            })
            .collect();
        Ok(Context { text: text(&result, "text"), items, pack_id: Some(row.id), ..Context::default() })
    }

    async fn ask_model(
        &self,
        question: &Question,
        route: &Route,
        history: Vec<Message>,
        context: &Context,
        call: &Call,
    ) -> Result<Reply, Refusal> {
        let request = ModelRequest {
            model: route.model.clone().unwrap_or_default(),
            messages: prompt::messages(
                context.identity.as_deref(),
                history,
                context.text.as_deref(),
                &question.messages,
            ),
            max_output_tokens: question.max_output_tokens,
            temperature: question.temperature,
            response_schema: question.response_schema.clone(),
        };
        let max_usd = question.max_cost_usd;
        let wallet = Wallet { models: &self.models, store: &self.store, clock: &self.clock, caps: self.caps, max_usd };
        wallet.check(route, &request).await?;
        let named = self.models.fallbacks(&question.fallbacks).map_err(|err| Refusal::Route(Box::new(err)))?;
        let fallbacks = wallet.within(named, &request, call).await?;
        let mut done = 0.0;
        let mut on_delta = |delta: &str| {
            done += 1.0;
            call.progress().tell(done, None, delta);
        };
        let asked = self.models.ask(route, &request, &fallbacks, question.timeout, &mut on_delta, call);
        let answered = Box::pin(asked).await;
        let attempts = match &answered {
            Ok(answered) => &answered.attempts,
            Err(failed) => &failed.attempts,
        };
        let settled = money::settle(&self.store, &self.clock, attempts).await;
        let mut reply = reply_of(question, answered?, &context.items)?;
        // An answer that was paid for is given, whatever the disk says.
        reply.degraded.extend(settled.err().map(|err| not_kept("the cost was not noted", &err)));
        Ok(reply)
    }

    async fn keep(&self, question: &Question, reply: &Reply, call: &Call) -> Result<(), StoreError> {
        let Some(session_id) = question.view.session_id.as_ref().filter(|_| self.keeps) else { return Ok(()) };
        let span = call.span("keep turns");
        let turn = |role: &str, content: &str| NewTurn {
            session_id: session_id.clone(),
            owner: owner(&question.view),
            role: role.to_owned(),
            content: crate::redact::redact(content).0,
            trace_id: Some(call.id().to_owned()),
        };
        let asked = question.messages.last().map(|it| it.content.as_str()).unwrap_or_default();
        let turns = vec![turn("user", asked), turn("assistant", &reply.answer)];
        self.sessions.add_turns(turns).await.inspect_err(|err| span.fail(err))
    }
}

fn not_kept(what: &str, err: &StoreError) -> Degraded {
    Degraded { source: STORE, reason: format!("{what}: {err}; {}", err.next_step()) }
}

/// The beginning of `text` that has at most `room` tokens, marked as cut.
fn beginning(text: &str, room: u32) -> String {
    // A token has three characters or more in nearly every text; what is still too long is halved.
    let mut characters = usize::try_from(room).unwrap_or(0) * 3;
    loop {
        let end = text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
        if tokens::count(&text[..end]) <= room || characters == 0 {
            return format!("{} […]", &text[..end]);
        }
        characters /= 2;
    }
}

fn owner(view: &View) -> Owner {
    Owner {
        namespace: view.namespace.clone(),
        user_id: view.user_id.clone(),
        persona: view.persona.clone(),
        session_id: None,
    }
}

fn of_pack(pack: Pack) -> Context {
    let text = if pack.items.is_empty() { None } else { Some(pack.text) };
    Context { text, identity: None, items: pack.items, pack_id: Some(pack.id), degraded: pack.degraded }
}

fn extractive(question: &Question, context: &Context) -> Reply {
    let asked = question.messages.last().map(|it| it.content.as_str()).unwrap_or_default();
    let extract = extract::extract(asked, &context.items);
    Reply {
        answer: extract.text,
        provider: "extractive".to_owned(),
        finish_reason: FinishReason::Stop.name().to_owned(),
        cost_usd: Some(0.0),
        citations: extract.quoted.into_iter().filter_map(|at| citation(&context.items, at + 1)).collect(),
        ..Reply::default()
    }
}

fn reply_of(question: &Question, answered: Answered, items: &[Item]) -> Result<Reply, Refusal> {
    let answer = answered.answer;
    let structured = match &question.response_schema {
        None => None,
        // Text that was cut off by the limit is told as such, not as bad JSON.
        Some(_) if answer.finish_reason == FinishReason::Length => serde_json::from_str(&answer.text).ok(),
        Some(_) => Some(serde_json::from_str(&answer.text).map_err(|err| Refusal::NotJson {
            provider: answered.provider.clone(),
            reason: err.to_string(),
            attempts: answered.attempts.clone(),
        })?),
    };
    Ok(Reply {
        citations: cited(&answer.text, items),
        structured,
        provider: answered.provider,
        model: Some(answer.model.unwrap_or(answered.model)),
        finish_reason: answer.finish_reason.name().to_owned(),
        usage: answer.usage,
        cost_usd: answered.cost_usd,
        latency_ms: answered.latency_ms,
        attempts: answered.attempts,
        answer: answer.text,
        ..Reply::default()
    })
}

/// The pieces whose numbers stand in the answer, in the order of their first mention.
fn cited(answer: &str, items: &[Item]) -> Vec<Citation> {
    let mut seen = Vec::new();
    for part in answer.split('[').skip(1) {
        let Some((inside, _)) = part.split_once(']') else { continue };
        for number in inside.split([',', ' ']).filter_map(|it| it.trim().parse::<usize>().ok()) {
            if !seen.contains(&number) {
                seen.push(number);
            }
        }
    }
    seen.into_iter().filter_map(|n| citation(items, n)).collect()
}

fn citation(items: &[Item], n: usize) -> Option<Citation> {
    let item = items.get(n.checked_sub(1)?)?;
    Some(Citation {
        n,
        uri: item.uri.clone(),
        path: item.path.clone(),
        start_line: item.start_line,
        end_line: item.end_line,
        title: item.title.clone(),
    })
}
