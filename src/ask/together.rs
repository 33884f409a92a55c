//! One question to several models side by side: every answer with its cost and time, and how they relate.

use serde::Serialize;

use super::Question;
use super::Refusal;
use super::Reply;
use super::answer::Asker;
use super::compare;
use super::compare::Comparison;
use super::once::Ready;
use super::once::ToKeep;
use super::route::name_of;
use super::telling::Telling;
use crate::context::Item;
use crate::models::Attempt;
use crate::models::ModelRequest;
use crate::models::Purse;
use crate::models::ToolCall;
use crate::trace::Call;
use crate::trace::State;

/// What one of several said.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Side {
    pub provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// `None` when there is none; then `error` says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// What it wants to have called; written by whoever shows it.
    #[serde(skip)]
    pub tool_calls: Vec<ToolCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// Of the answer; `None` is unknown.
    pub cost_usd: Option<f64>,
    pub latency_ms: f64,
    pub cached: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What several said, and how it relates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sides {
    /// In the order asked for.
    pub answers: Vec<Side>,
    pub comparison: Comparison,
}

impl Asker {
    /// Asks every route of [`Question::providers`] at once, within one purse. The reply's own answer is the one that
    /// stands nearest to the others; its cost is that of all.
    ///
    /// # Errors
    ///
    /// Of a name that is not known; of the first route, when none of them has an answer.
    pub(super) async fn ask_together<'a>(
        &'a self,
        question: &Question,
        request: &ModelRequest,
        items: &[Item],
        purse: &Purse<'_>,
        call: &Call,
        telling: &Telling<'_>,
    ) -> Result<(Reply, Vec<ToKeep<'a>>), Refusal> {
        let routes = self.models.fallbacks(&question.providers).map_err(|err| Refusal::Route(Box::new(err)))?;
        let names: Vec<String> = routes.iter().map(name_of).collect();
        telling.waits_for(names.join(", "));
        // A fallback would be another one's answer in this one's name.
        let alone = Question { fallbacks: Vec::new(), providers: Vec::new(), ..question.clone() };
        let asked = routes.iter().map(|route| {
            let ready = Ready {
                question: &alone,
                route: route.clone(),
                request,
                items,
                has_context: !items.is_empty(),
                is_alone: false,
            };
            let span = call.span("side by side");
            span.note("route", name_of(route));
            async move {
                let begun = std::time::Instant::now();
                let outcome = Box::pin(self.ask_once(&ready, purse, &span.call(), telling)).await;
                (outcome, begun.elapsed().as_secs_f64() * 1e3)
            }
        });
        call.enter(State::Asking);
        let outcomes = futures_util::future::join_all(asked).await;
        let (mut sides, mut replies, mut kept, mut attempts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut first_failure = None;
        for ((outcome, took_ms), (route, name)) in outcomes.into_iter().zip(routes.iter().zip(&names)) {
            match outcome {
                Ok((reply, to_keep)) => {
                    attempts.extend(reply.attempts.iter().cloned());
                    kept.extend(to_keep);
                    sides.push(side_of(&reply, took_ms));
                    replies.push((name.clone(), reply));
                }
                Err(refusal) => {
                    let of_refusal = attempts_of(&refusal);
                    let cost_usd = of_refusal.iter().map(|it| it.cost_usd).sum();
                    attempts.extend(of_refusal.iter().cloned());
                    sides.push(Side {
                        provider: route.provider.clone(),
                        model: route.model.clone(),
                        cost_usd,
                        latency_ms: took_ms,
                        error: Some(kind_and_words(&refusal)),
                        ..Side::default()
                    });
                    first_failure.get_or_insert(refusal);
                }
            }
        }
        let texts: Vec<(String, &str)> = replies.iter().map(|(name, it)| (name.clone(), it.answer.as_str())).collect();
        let (nearest, comparison) = compare::compare(&texts);
        let cost_usd = sides.iter().map(|it| it.cost_usd).sum();
        let latency_ms = sides.iter().map(|it| it.latency_ms).fold(0.0, f64::max);
        if nearest >= replies.len() {
            // Somebody was asked, or the names would have been refused.
            return Err(first_failure.unwrap_or(Refusal::NobodyNamed));
        }
        let (_, reply) = replies.swap_remove(nearest);
        let sides = Some(Sides { answers: sides, comparison });
        Ok((Reply { cost_usd, latency_ms, attempts, sides, ..reply }, kept))
    }
}

fn side_of(reply: &Reply, took_ms: f64) -> Side {
    Side {
        provider: reply.provider.clone(),
        model: reply.model.clone(),
        answer: Some(reply.answer.clone()),
        tool_calls: reply.tool_calls.clone(),
        finish_reason: Some(reply.finish_reason.clone()),
        cost_usd: reply.cost_usd,
        latency_ms: if reply.cached { took_ms } else { reply.latency_ms },
        cached: reply.cached,
        error: None,
    }
}

fn attempts_of(refusal: &Refusal) -> &[Attempt] {
    match refusal {
        Refusal::Model(failed) => &failed.attempts,
        Refusal::NotJson { attempts, .. } => attempts,
        _ => &[],
    }
}

fn kind_and_words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Model(failed) => format!("{}: {}", failed.error.kind.name(), failed.error.message),
        other => other.to_string(),
    }
}
