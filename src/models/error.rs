//! Why a model could not answer: one kind for each thing that the caller can do about it.
//!
//! Providers word the same failure in many ways (a status, a type, a code, a number inside a 200). [`classify`] reads
//! all of them; it is one function for every format because no word means two things.

use std::time::Duration;

use hyper::header::HeaderMap;
use serde_json::Value;

use super::Answer;
use super::Usage;
use super::retry_after::TOO_LONG;
use super::retry_after::named_time;
use super::retry_after::retry_after;
use super::retry_after::seconds;
use super::retry_after::span;

/// What kind of failure it was; the names are part of the tools' contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// No provider of this name, or one that lacks a setting.
    InvalidArgument,
    /// The key is missing, wrong, or not allowed to do this.
    Authentication,
    /// Too many requests or tokens for now.
    RateLimited,
    /// The provider has too much to do, or a gateway before it has.
    Overloaded,
    /// The money or the allowance is used up; waiting does not help.
    Quota,
    ContextTooLong,
    ContentFilter,
    /// The provider has no such model or address.
    NotFound,
    InvalidRequest,
    /// No connection, or offline mode.
    Unreachable,
    /// The answer broke off before its end marker.
    Truncated,
    /// What came is not what the format says.
    Malformed,
    EmptyAnswer,
    /// Any other failure on the provider's side.
    ProviderError,
    Timeout,
    Cancelled,
    /// It may cost more than is left of a cap; it was not sent.
    BudgetExceeded,
    /// A cap holds and nobody knows what it costs; it was not sent.
    PriceUnknown,
    /// A cap holds and the store that counts the cost cannot be written; it was not sent.
    Storage,
}

impl ErrorKind {
    /// The name in replies.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::InvalidArgument => "invalid_argument",
            ErrorKind::Authentication => "authentication",
            ErrorKind::RateLimited => "rate_limited",
            ErrorKind::Overloaded => "overloaded",
            ErrorKind::Quota => "quota",
            ErrorKind::ContextTooLong => "context_too_long",
            ErrorKind::ContentFilter => "content_filter",
            ErrorKind::NotFound => "not_found",
            ErrorKind::InvalidRequest => "invalid_request",
            ErrorKind::Unreachable => "unreachable",
            ErrorKind::Truncated => "truncated",
            ErrorKind::Malformed => "malformed",
            ErrorKind::EmptyAnswer => "empty_answer",
            ErrorKind::ProviderError => "provider_error",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::BudgetExceeded => "budget_exceeded",
            ErrorKind::PriceUnknown => "price_unknown",
            ErrorKind::Storage => "storage",
        }
    }
}

/// Why a provider could not answer. Holds no key: the provider's message is cleaned before it comes here.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{provider}: {message}")]
pub struct ModelError {
    pub kind: ErrorKind,
    /// The provider's name in the configuration.
    pub provider: String,
    /// What the provider said, or what we saw. At most 600 characters.
    pub message: String,
    /// What the caller can do about it, as a sentence without a full stop.
    pub next_step: String,
    /// How long the provider asks to wait; [`Duration::MAX`] is longer than can be told.
    pub retry_after: Option<Duration>,
    /// The HTTP status, when there was one.
    pub status: Option<u16>,
    /// The provider's name for the request, for its support.
    pub request_id: Option<Box<str>>,
    /// What was counted for an answer that cannot be used: filtered, or empty.
    pub counted: Option<Box<Counted>>,
}

/// What a provider says that an attempt used.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    pub usage: Usage,
    /// What it says that this cost.
    pub cost_usd: Option<f64>,
}

impl ModelError {
    /// Whether the provider may charge for the attempt: it took the request and did not refuse it with a status.
    pub fn may_be_charged(&self) -> bool {
        !matches!(
            self.kind,
            ErrorKind::Unreachable | ErrorKind::InvalidArgument | ErrorKind::Authentication | ErrorKind::RateLimited
        ) && self.status.is_none_or(|it| it < 400)
    }
}

/// Longest message of a provider that is passed on; their longest sentences have about 400.
pub(super) const MESSAGE_CHARS: usize = 600;

/// A failure before it knows whose it is; [`super::http::Endpoint::error`] makes it a [`ModelError`].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
    /// When it is not the one of the kind.
    pub(super) next_step: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) status: Option<u16>,
    pub(super) request_id: Option<String>,
    pub(super) counted: Option<Box<Counted>>,
}

impl Fault {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Fault {
        Fault {
            kind,
            message: message.into(),
            next_step: None,
            retry_after: None,
            status: None,
            request_id: None,
            counted: None,
        }
    }

    /// The failure of `answer`, which used what it says.
    pub(super) fn of(self, answer: &Answer) -> Fault {
        let counted = Counted { usage: answer.usage, cost_usd: answer.cost_usd };
        let is_said = counted.cost_usd.is_some() || counted.usage != Usage::default();
        Fault { counted: is_said.then(|| Box::new(counted)), ..self }
    }

    pub(super) fn with_next_step(self, next_step: impl Into<String>) -> Fault {
        Fault { next_step: Some(next_step.into()), ..self }
    }

    pub(super) fn malformed(message: impl Into<String>) -> Fault {
        Fault::new(ErrorKind::Malformed, message)
    }

    /// An answer of more than `most` bytes. Its status is that of the reply, which says that asking again is no use.
    pub(super) fn endless(most: usize) -> Fault {
        let message = format!("the answer has more than {} MiB, which no model writes: it was broken off", most >> 20);
        let next_step = "look whether the model repeats itself, or ask for less (max_output_tokens)";
        Fault { status: Some(200), ..Fault::malformed(message).with_next_step(next_step) }
    }

    pub(super) fn truncated() -> Fault {
        Fault::new(ErrorKind::Truncated, "the answer broke off before its end")
    }

    pub(super) fn empty(finish_reason: Option<&str>) -> Fault {
        Fault::new(
            ErrorKind::EmptyAnswer,
            format!("the answer has no text (finish reason: {})", finish_reason.unwrap_or("none")),
        )
    }
}

/// A longer wait is told by its end, where the provider names it.
const HOUR: Duration = Duration::from_secs(3600);

/// Tells what a failed reply means. `body` is the whole body, or the chunk of a stream that carries the error; for the
/// latter, `status` is the stream's 200.
pub(super) fn classify(status: u16, headers: &HeaderMap, body: &str) -> Fault {
    let said = Said::read(body);
    // OpenRouter and Azure put the real status into a 200's body, as a number or as its text.
    let status = if status < 400 { said.status.unwrap_or(status) } else { status };
    let retry_after = retry_after(headers).or(said.retry_after);
    let kind = kind_of(status, &said, retry_after.is_some());
    let message = match said.message {
        it if it.is_empty() => format!("the provider answered with status {status} and no message"),
        it => it,
    };
    let request_id = ["x-request-id", "request-id", "apim-request-id"]
        .iter()
        .find_map(|name| headers.get(*name))
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
        .or(said.request_id);
    let waits = matches!(kind, ErrorKind::RateLimited | ErrorKind::Overloaded);
    let next_step = retry_after.filter(|it| waits && *it > HOUR).and_then(|wait| match named_time(headers) {
        Some(at) => Some(format!("try again after {at}, or name another provider")),
        None if wait == TOO_LONG => {
            Some("name another provider; this one asked us to wait for longer than is kept".to_owned())
        }
        None => None,
    });
    Fault { next_step, retry_after, status: Some(status), request_id, ..Fault::new(kind, message) }
}

/// The first rule that holds decides, so what is worded most clearly comes first: spent money also comes as a 429.
fn kind_of(status: u16, said: &Said, has_retry_after: bool) -> ErrorKind {
    let message = said.message.to_lowercase();
    let named = |words: &[&str]| said.codes.iter().any(|code| words.contains(&code.as_str()));
    let ends = |words: &[&str]| said.codes.iter().any(|code| words.iter().any(|word| code.ends_with(word)));
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));

    if named(&QUOTA_CODES) || ends(&["_spend_limit_exceeded", "_usage_limit_exceeded"]) || says(&QUOTA_PHRASES) {
        ErrorKind::Quota
    } else if status == 402 {
        if has_retry_after { ErrorKind::RateLimited } else { ErrorKind::Quota }
    } else if named(&FILTER_CODES) || (status == 403 && said.is_moderated) {
        ErrorKind::ContentFilter
    } else if status == 413 || named(&CONTEXT_CODES) || (status < 500 && says(&CONTEXT_PHRASES)) {
        ErrorKind::ContextTooLong
    } else if matches!(status, 401 | 403) || named(&AUTHENTICATION_CODES) {
        ErrorKind::Authentication
    } else if matches!(status, 408 | 502 | 503 | 504 | 529) || named(&OVERLOAD_CODES) {
        ErrorKind::Overloaded
    } else if status == 429 || named(&["rate_limit_error", "rate_limit_exceeded", "too_many_requests"]) {
        ErrorKind::RateLimited
    } else if status == 404 || named(&["not_found_error", "model_not_found", "deploymentnotfound"]) {
        ErrorKind::NotFound
    } else if (400..500).contains(&status) || named(&["invalid_request_error"]) {
        ErrorKind::InvalidRequest
    } else {
        ErrorKind::ProviderError
    }
}

// Sources of the words below: the error pages of the vendors' documentation, read 2026-11-20.

const QUOTA_CODES: [&str; 6] = [
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "enforced_spend_limit_reached",
];
/// Anthropic's spend errors come as `invalid_request_error`; only the sentence tells them apart.
const QUOTA_PHRASES: [&str; 3] = ["credit balance is too low", "spend limit", "specified api usage limits"];
const FILTER_CODES: [&str; 4] =
    ["content_filter", "content_policy_violation", "responsibleaipolicyviolation", "moderation_blocked"];
/// The second is llama.cpp's.
const CONTEXT_CODES: [&str; 3] = ["context_length_exceeded", "exceed_context_size_error", "request_too_large"];
const CONTEXT_PHRASES: [&str; 5] =
    ["maximum context length", "prompt is too long", "context window", "context length", "exceeds the context"];
const AUTHENTICATION_CODES: [&str; 5] =
    ["api_key_invalid", "authentication_error", "permission_error", "invalid_api_key", "invalid_authentication"];
const OVERLOAD_CODES: [&str; 4] = ["overloaded_error", "slow_down", "server_overloaded", "engine_overloaded"];

/// What an error body says, whichever vendor wrote it.
#[derive(Debug, Default)]
struct Said {
    message: String,
    /// Every type and code, in lower case.
    codes: Vec<String>,
    /// A number given as the code.
    status: Option<u16>,
    /// OpenRouter tells why it moderated a prompt.
    is_moderated: bool,
    retry_after: Option<Duration>,
    request_id: Option<String>,
}

impl Said {
    fn read(body: &str) -> Said {
        let Ok(whole) = serde_json::from_str::<Value>(body) else {
            return Said { message: first_words(body), ..Said::default() };
        };
        // Google writes an error as a list of one.
        let whole = match whole {
            Value::Array(mut list) if !list.is_empty() => list.swap_remove(0),
            other => other,
        };
        let error = whole.get("error").unwrap_or(&whole);
        if let Some(text) = error.as_str() {
            return Said { message: text.to_owned(), ..Said::default() };
        }
        let message = error.get("message").or_else(|| whole.get("message")).or_else(|| whole.get("detail"));
        let mut said = Said { message: message.map(plain).unwrap_or_default(), ..Said::default() };
        for place in ["/type", "/code", "/details/error_code", "/innererror/code"] {
            match error.pointer(place) {
                Some(Value::Number(number)) => said.see_number(number.as_u64()),
                Some(Value::String(text)) => match text.parse() {
                    Ok(number) => said.see_number(Some(number)),
                    Err(_) => said.codes.push(text.to_lowercase()),
                },
                _ => {}
            }
        }
        let categories = filtered(error);
        if !categories.is_empty() {
            said.message = format!("{} (filtered for {})", said.message, categories.join(", "));
        }
        let metadata = error.get("metadata");
        said.is_moderated = metadata.is_some_and(|it| it.get("reasons").is_some() || it.get("flagged_input").is_some());
        // OpenRouter hands on what its upstream said as text; its own message is then only "Provider returned error".
        if let Some(raw) = metadata.and_then(|it| it.get("raw")) {
            said.message = format!("{} ({})", said.message, Said::read(&plain(raw)).message);
        }
        let details = || error.get("details").and_then(Value::as_array).into_iter().flatten();
        said.codes.extend(details().filter_map(|it| Some(it.get("reason")?.as_str()?.to_lowercase())));
        let delay = || details().find_map(|it| it.get("retryDelay")?.as_str()).and_then(span);
        said.retry_after = error.get("retry_after").and_then(Value::as_f64).and_then(seconds).or_else(delay);
        said.request_id = whole.get("request_id").and_then(Value::as_str).map(str::to_owned);
        said
    }

    fn see_number(&mut self, number: Option<u64>) {
        self.status = number.and_then(|it| u16::try_from(it).ok()).filter(|it| (400..600).contains(it)).or(self.status);
    }
}

/// What Azure's filter found, such as `violence (high)`.
fn filtered(error: &Value) -> Vec<String> {
    let results = error.pointer("/innererror/content_filter_result").and_then(Value::as_object);
    let found = results.into_iter().flatten().filter(|(_, it)| it.get("filtered") == Some(&Value::Bool(true)));
    found
        .map(|(name, it)| match it.get("severity").and_then(Value::as_str) {
            Some(severity) => format!("{name} ({severity})"),
            None => name.clone(),
        })
        .collect()
}

/// A text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What can be read of a body that is not JSON: the text without its tags, on one line.
fn first_words(body: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for c in body.chars().take(4 * MESSAGE_CHARS) {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if !in_tag => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What to do about a failure of `kind`; `key_env` is where the key is looked for.
pub(super) fn next_step(kind: ErrorKind, key_env: &str, retry_after: Option<Duration>) -> String {
    let step = match kind {
        ErrorKind::InvalidArgument => "name a provider that is configured",
        ErrorKind::Authentication => return format!("set {key_env} to a key that this provider accepts"),
        ErrorKind::RateLimited | ErrorKind::Overloaded => match retry_after {
            Some(wait) => return format!("try again in {} s, or name another provider", wait.as_secs_f64().ceil()),
            None => "try again in a minute, or name another provider",
        },
        ErrorKind::Quota => "add credit or raise the limit at the provider, or name another provider",
        ErrorKind::ContextTooLong => "send less (a smaller budget_tokens, a shorter session) or name a larger model",
        ErrorKind::ContentFilter => "change the wording; the provider refuses to answer this",
        ErrorKind::NotFound => "name a model that this provider has",
        ErrorKind::InvalidRequest => "change the request as the message says",
        ErrorKind::Unreachable => "check that the provider is running and that its address is right",
        ErrorKind::Truncated => "ask again; what came is not the whole answer",
        ErrorKind::Malformed => "check that the base address speaks the format of this kind of provider",
        ErrorKind::EmptyAnswer => "ask again, with a larger max_output_tokens or another model",
        ErrorKind::ProviderError => "ask again, or name another provider",
        ErrorKind::Timeout => "ask again with a larger timeout_s, or name a faster model",
        ErrorKind::Cancelled => "ask again when you want the answer",
        ErrorKind::BudgetExceeded => {
            "raise the cap (max_cost_usd, CARRYALL_DAILY_USD, CARRYALL_MONTHLY_USD), lower budget_tokens or \
             max_output_tokens, or name a cheaper model"
        }
        ErrorKind::Storage => "run `carryall doctor`; nothing was sent",
        ErrorKind::PriceUnknown => {
            "set its price in the user file under [prices.\"provider/model\"], or ask without a cap; a key that was \
             merely found is capped at 1 USD a day until LLM_PROVIDER names its provider"
        }
    };
    step.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart_by_status_type_code_and_words() {
        use ErrorKind::*;
        for (status, body, kind) in [
            (429, r#"{"error":{"message":"slow","type":"requests","code":"rate_limit_exceeded"}}"#, RateLimited),
            (429, r#"{"error":{"message":"pay","type":"insufficient_quota","code":"insufficient_quota"}}"#, Quota),
            (429, r#"{"error":{"message":"","code":"monthly_spend_limit_exceeded"}}"#, Quota),
            (
                429,
                r#"{"error":{"type":"rate_limit_error","details":{"error_code":"enforced_spend_limit_reached"}}}"#,
                Quota,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
                Quota,
            ),
            (402, r#"{"error":{"code":402,"message":"Insufficient credits"}}"#, Quota),
            (400, r#"{"error":{"message":"x","code":"context_length_exceeded"}}"#, ContextTooLong),
            (
                400,
                r#"{"error":{"type":"invalid_request_error","message":"prompt is too long: 2 > 1"}}"#,
                ContextTooLong,
            ),
            (413, r#"{"error":{"type":"request_too_large"}}"#, ContextTooLong),
            (
                400,
                r#"{"error":{"code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
                ContentFilter,
            ),
            (403, r#"{"error":{"code":403,"message":"flagged","metadata":{"reasons":["violence"]}}}"#, ContentFilter),
            (403, r#"{"error":{"type":"permission_error","message":"no"}}"#, Authentication),
            (401, "", Authentication),
            (
                400,
                r#"[{"error":{"code":400,"message":"no","details":[{"reason":"API_KEY_INVALID"}]}}]"#,
                Authentication,
            ),
            (529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, Overloaded),
            (200, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, Overloaded),
            (429, r#"{"error":{"code":"slow_down"}}"#, Overloaded),
            (200, r#"{"error":{"code":502,"message":"Provider returned error"}}"#, Overloaded),
            (200, r#"{"error":{"code":"429","message":"busy"}}"#, RateLimited),
            (404, r#"{"error":"model 'x' not found"}"#, NotFound),
            (400, r#"{"error":{"type":"invalid_request_error","message":"bad"}}"#, InvalidRequest),
            (500, "<html><h1>Oops</h1></html>", ProviderError),
            (200, r#"{"error":"llama runner process has terminated"}"#, ProviderError),
        ] {
            assert_eq!(classify(status, &HeaderMap::new(), body).kind, kind, "{status} {body}");
        }
    }

    #[test]
    fn what_a_filter_found_is_named() {
        let body = r#"{"error":{"message":"filtered","code":"content_filter","innererror":{
            "code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":false,"severity":"safe"},
            "violence":{"filtered":true,"severity":"high"},"jailbreak":{"filtered":true,"detected":true}}}}}"#;
        assert_eq!(
            classify(400, &HeaderMap::new(), body).message,
            "filtered (filtered for violence (high), jailbreak)"
        );
    }

    #[test]
    fn a_page_in_html_is_shown_as_its_words() {
        assert_eq!(classify(500, &HeaderMap::new(), "<html>\n<h1>Oops</h1> no").message, "Oops no");
        assert_eq!(
            classify(500, &HeaderMap::new(), "").message,
            "the provider answered with status 500 and no message"
        );
    }
}
