//! HTTP as this room uses it: an endpoint with its key, bodies with a cap.
//!
//! Redirects are not followed: a key goes to the address that was configured and to no other.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use hyper::Method;
use serde_json::Value;
use url::Url;

use super::Answer;
use super::ErrorKind;
use super::ModelError;
use super::error;
use super::error::Fault;
use super::error::MESSAGE_CHARS;
use crate::config::ProviderConfig;
use crate::config::Proxies;
use crate::config::Secret;
use crate::http;
use crate::http::Client;
use crate::http::HttpError;
use crate::http::Response;

/// Where a bearer's key stands.
const AUTHORIZATION: &str = "authorization";

/// Longest that a connection may take to open; a model may think for long, a handshake may not.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of one streamed reply, with what the model thinks; its answer has a lower cap of its own. The longest outputs on
/// offer are 128,000 tokens (2026-11), each in an event of about 300 bytes.
const STREAM_BYTES: usize = 128 << 20;
/// Most bytes of a reply that is not streamed; OpenRouter's list of models has about 1 MB.
pub(super) const BODY_BYTES: usize = 16 << 20;
/// Most bytes of an error that are read.
const ERROR_BYTES: usize = 64 << 10;

/// The client of all providers; making it opens nothing.
#[derive(Debug)]
pub(super) struct Http {
    pub(super) offline: bool,
    client: Client,
}

impl Http {
    pub(super) fn new(offline: bool, proxies: &Proxies) -> Http {
        Http { offline, client: Client::new(proxies, CONNECT_TIMEOUT) }
    }
}

/// Whether `url` leads to this machine itself.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        None => false,
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host == "localhost"
                || host.ends_with(".localhost")
                || host.parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback() || it.is_unspecified())
        }
    }
}

/// How a provider wants to see its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Auth {
    Bearer,
    /// In a header of this name.
    Header(String),
}

impl Auth {
    pub(super) fn header(name: &str) -> Auth {
        if name == AUTHORIZATION { Auth::Bearer } else { Auth::Header(name.to_owned()) }
    }
}

/// The address of one provider, with its key.
pub(super) struct Endpoint {
    /// The provider's name in the configuration.
    pub(super) name: String,
    base_url: Option<String>,
    key: Option<Secret>,
    key_env: String,
    auth: Auth,
    /// Sent with every request.
    headers: Vec<(String, String)>,
    allow_http: bool,
    http: Arc<Http>,
}

impl std::fmt::Debug for Endpoint {
    /// Neither the key nor the address, which may hold one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Endpoint {
    pub(super) fn new(
        name: &str,
        config: &ProviderConfig,
        auth: Auth,
        headers: &[(&str, &str)],
        http: &Arc<Http>,
    ) -> Endpoint {
        let options = &config.options;
        let own = headers.iter().filter(|it| options.headers.iter().all(|theirs| theirs.0 != it.0));
        let own = own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Endpoint {
            name: name.to_owned(),
            base_url: config.base_url.clone(),
            key: config.api_key.clone().filter(|it| !it.reveal().is_empty()),
            key_env: config.api_key_env.clone(),
            auth: options.key_header.as_deref().map_or(auth, Auth::header),
            headers: own.chain(options.headers.iter().cloned()).collect(),
            allow_http: options.allow_http,
            http: Arc::clone(http),
        }
    }

    /// The base address, when there is one that can be read.
    pub(super) fn base(&self) -> Option<Url> {
        self.base_url.as_deref().and_then(|it| Url::parse(it).ok())
    }

    /// Sends `body` to `path` under the base address, and returns the reply when its status is a success.
    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Response, Fault> {
        // As bytes from here on: a question may wait for minutes, and its tree takes several times as much.
        let bytes = body.to_string().into_bytes();
        drop(body);
        self.send(Method::POST, path, Some(bytes)).await
    }

    /// Reads the JSON document at `path` under the base address: the strings `field` of the objects in its array `list`.
    pub(super) async fn names(&self, path: &str, list: &str, field: &str) -> Result<Vec<String>, ModelError> {
        let read = async {
            let response = self.send(Method::GET, path, None).await?;
            let text = body(response, BODY_BYTES).await?;
            let document: Value =
                serde_json::from_str(&text).map_err(|_| Fault::malformed("the list of models is not JSON"))?;
            let entries = document.get(list).and_then(Value::as_array);
            let entries = entries.ok_or_else(|| Fault::malformed(format!("the list of models has no {list}")))?;
            Ok(entries.iter().filter_map(|it| it.get(field)?.as_str().map(str::to_owned)).collect())
        };
        read.await.map_err(|fault| self.error(fault))
    }

    async fn send(&self, method: Method, path: &str, body_json: Option<Vec<u8>>) -> Result<Response, Fault> {
        if self.http.offline {
            return Err(Fault::new(ErrorKind::Unreachable, "offline mode is on, no model is asked"));
        }
        let url = self.url(path)?;
        let mut headers = self.headers.clone();
        if let Some(key) = &self.key {
            headers.push(match &self.auth {
                Auth::Bearer => (AUTHORIZATION.to_owned(), format!("Bearer {}", key.reveal())),
                Auth::Header(name) => (name.clone(), key.reveal().to_owned()),
            });
        }
        if body_json.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let request = http::Request { method, url: &url, headers, body: body_json };
        let response = self.http.client.send(request).await.map_err(|err| match err {
            HttpError::Header(name) if self.is_of_key(&name) => {
                let message = "the key has characters that no key has, such as a line end";
                Fault::new(ErrorKind::Authentication, message)
            }
            HttpError::Header(_) => Fault::new(ErrorKind::InvalidArgument, err.to_string()),
            HttpError::NoTls(_) => Fault::new(ErrorKind::Unreachable, err.to_string()),
            HttpError::Unreachable(_) | HttpError::Broken => {
                let origin = url.origin().ascii_serialization();
                Fault::new(ErrorKind::Unreachable, format!("no answer from {origin}: {err}"))
            }
        })?;
        if (200..300).contains(&response.status) { Ok(response) } else { Err(Box::pin(refusal(response)).await) }
    }

    /// Whether the key goes into the header of this name.
    fn is_of_key(&self, name: &str) -> bool {
        self.key.is_some()
            && match &self.auth {
                Auth::Bearer => name == AUTHORIZATION,
                Auth::Header(own) => name == own,
            }
    }

    fn url(&self, path: &str) -> Result<Url, Fault> {
        let base = self
            .base_url
            .as_deref()
            .ok_or_else(|| Fault::new(ErrorKind::InvalidArgument, "no address is configured for this provider"))?;
        let text = format!("{}/{}", base.trim_end_matches('/'), path);
        let url = match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
            _ => {
                return Err(Fault::new(
                    ErrorKind::InvalidArgument,
                    "the configured address is not an http or https one",
                ));
            }
        };
        if url.scheme() == "http" && !self.allow_http && !is_loopback(&url) {
            let message =
                "the address is plain http on another machine, where others can read the key and the question";
            let next_step = format!(
                "use an https address, or allow it by allow_http = true in [providers.{}] of the user file \
                 (for all: CARRYALL_ALLOW_HTTP=true)",
                self.name
            );
            return Err(Fault::new(ErrorKind::InvalidArgument, message).with_next_step(next_step));
        }
        Ok(url)
    }

    /// Makes a fault this provider's error: cleans its message of the key and says what to do next.
    pub(super) fn error(&self, fault: Fault) -> ModelError {
        let kind = fault.kind;
        let next_step = if self.http.offline && kind == ErrorKind::Unreachable {
            "leave out --offline (CARRYALL_OFFLINE) to ask a model".to_owned()
        } else {
            fault.next_step.unwrap_or_else(|| error::next_step(kind, &self.key_env, fault.retry_after))
        };
        let mut message = without_key(&fault.message, self.key.as_ref());
        if let Some((end, _)) = message.char_indices().nth(MESSAGE_CHARS - 1) {
            message.truncate(end);
            message.push('…');
        }
        ModelError {
            kind,
            provider: self.name.clone(),
            message,
            next_step,
            retry_after: fault.retry_after,
            status: fault.status,
            request_id: fault.request_id.map(|it| without_key(&it, self.key.as_ref()).into()),
            counted: fault.counted,
        }
    }
}

impl Endpoint {
    /// What comes of a question, as it is told to others. An answer's own words about itself go into traces: those are
    /// cleaned of the key, too.
    pub(super) fn told(&self, outcome: Result<Answer, Fault>) -> Result<Answer, ModelError> {
        let answer = outcome.map_err(|fault| self.error(fault))?;
        let clean = |text: Option<String>| text.map(|it| without_key(&it, self.key.as_ref()));
        Ok(Answer {
            finish_reason_original: clean(answer.finish_reason_original),
            model: clean(answer.model),
            id: clean(answer.id),
            ..answer
        })
    }
}

/// `text` without `key` and without words that begin like it: providers echo keys whole or with their middle starred out.
fn without_key(text: &str, key: Option<&Secret>) -> String {
    /// Shorter keys are told by the whole only: their beginning may be an everyday word.
    const BEGINNING: usize = 8;
    let Some(key) = key.map(Secret::reveal) else { return text.to_owned() };
    let text = text.replace(key, "[key]");
    let Some(beginning) = key.get(..BEGINNING).filter(|_| key.len() >= 2 * BEGINNING) else { return text };
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(beginning) {
        clean.push_str(&rest[..at]);
        clean.push_str("[key]");
        let word_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | ')' | '}' | ']' | '`');
        rest = rest[at..].find(word_end).map_or("", |end| &rest[at + end..]);
    }
    clean + rest
}

/// Why a reply without success was given.
async fn refusal(response: Response) -> Fault {
    let status = response.status;
    if (300..400).contains(&status) {
        let to = response.header("location").unwrap_or("nowhere");
        let fault = Fault::malformed(format!("the address redirects to {to}, where no key is sent"));
        return Fault { status: Some(status), ..fault };
    }
    let headers = response.headers.clone();
    // A body that breaks off says less, the status still says enough.
    let text = start_of_body(response, ERROR_BYTES).await;
    error::classify(status, &headers, &text)
}

/// What can be read of a body, up to `limit` bytes.
async fn start_of_body(mut response: Response, limit: usize) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < limit
        && let Ok(Some(piece)) = response.chunk().await
    {
        bytes.extend_from_slice(&piece[..piece.len().min(limit - bytes.len())]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The whole body of at most `limit` bytes.
pub(super) async fn body(mut response: Response, limit: usize) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|_| Fault::truncated())? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > limit {
            return Err(Fault::malformed(format!("the reply is larger than {} MiB", limit >> 20)));
        }
    }
    String::from_utf8(bytes).map_err(|_| Fault::malformed("the reply is not UTF-8"))
}

/// What kind of body a reply announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    EventStream,
    JsonLines,
    Json,
    /// Nothing announced: the reader of the format finds out.
    Unsaid,
    Other,
}

/// Reads the announced kind of body; parameters such as a charset are passed over.
pub(super) fn content(response: &Response) -> Content {
    if !response.headers.contains_key("content-type") {
        return Content::Unsaid;
    }
    let text = response.header("content-type").unwrap_or_default();
    match text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "text/event-stream" => Content::EventStream,
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Content::JsonLines,
        "application/json" => Content::Json,
        _ => Content::Other,
    }
}

/// The fault of a successful reply that is no answer: an error in disguise, or another format.
pub(super) async fn unexpected(response: Response) -> Fault {
    let status = response.status;
    let headers = response.headers.clone();
    let announced = response.header("content-type").unwrap_or("no type").to_owned();
    let text = start_of_body(response, ERROR_BYTES).await;
    if serde_json::from_str::<Value>(&text).is_ok_and(|it| is_error(&it)) {
        return error::classify(status, &headers, &text);
    }
    Fault::malformed(format!("an answer was asked for and {announced} came"))
}

/// The JSON object of a successful reply that was not streamed.
pub(super) async fn document(response: Response) -> Result<Value, Fault> {
    let status = response.status;
    let headers = response.headers.clone();
    let text = body(response, BODY_BYTES).await?;
    let value: Value = serde_json::from_str(&text).map_err(|err| match err.is_eof() {
        true => Fault::truncated(),
        false => Fault::malformed("the answer is not JSON"),
    })?;
    if is_error(&value) {
        return Err(error::classify(status, &headers, &text));
    }
    if value.is_object() { Ok(value) } else { Err(Fault::malformed("the answer is not a JSON object")) }
}

/// Whether a JSON body or chunk carries an error. Some hosts send `"error": null` with every chunk.
pub(super) fn is_error(value: &Value) -> bool {
    value.get("error").is_some_and(|it| !it.is_null())
}

/// A body that is read piece by piece, up to [`STREAM_BYTES`].
pub(super) struct Pieces {
    response: Response,
    read_bytes: usize,
}

impl Pieces {
    pub(super) fn new(response: Response) -> Pieces {
        Pieces { response, read_bytes: 0 }
    }

    /// The next bytes; `None` at the end, be it a clean one or a broken connection: only the format's own marker tells
    /// whether that was all.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let Ok(Some(piece)) = self.response.chunk().await else { return Ok(None) };
        self.read_bytes += piece.len();
        if self.read_bytes > STREAM_BYTES {
            return Err(Fault::endless(STREAM_BYTES));
        }
        Ok(Some(piece.into()))
    }

    /// Takes the end of the body if it is already here, so that the connection can serve again; waits for nothing.
    pub(super) fn end(mut self) {
        let _ = self.response.chunk().now_or_never();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_out_whole_or_starred() {
        let key = Secret::new("sk-proj-0123456789abcdef");
        let clean = |text: &str| without_key(text, Some(&key));
        assert_eq!(clean("Incorrect key: sk-proj-0123456789abcdef."), "Incorrect key: [key].");
        assert_eq!(clean("Incorrect key: sk-proj-****cdef. See 'x'"), "Incorrect key: [key] See 'x'");
        assert_eq!(clean("{\"key\":\"sk-proj-***f\"}"), "{\"key\":\"[key]\"}");
        assert_eq!(clean("nothing here"), "nothing here");
        assert_eq!(without_key("secret sauce", Some(&Secret::new("secret"))), "[key] sauce");
    }

    #[test]
    fn loopback_addresses_are_known_by_every_name() {
        for (text, expected) in [
            ("http://localhost:11434", true),
            ("http://127.0.0.1", true),
            ("http://127.8.8.8:1", true),
            ("http://[::1]:1234/v1", true),
            ("http://0.0.0.0:11434", true),
            ("https://ollama.com", false),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(text).unwrap()), expected, "{text}");
        }
    }
}
