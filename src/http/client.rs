//! Sends requests, and reads replies piece by piece.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::Method;
use hyper::Uri;
use hyper::body::Bytes;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::client::conn::http1::SendRequest;
use hyper::header::ACCEPT;
use hyper::header::AUTHORIZATION;
use hyper::header::HOST;
use hyper::header::HeaderMap;
use hyper::header::HeaderName;
use hyper::header::HeaderValue;
use hyper::header::PROXY_AUTHORIZATION;
use hyper::header::USER_AGENT;
use hyper::rt::Executor;
use hyper_util::rt::TokioExecutor;
use percent_encoding::percent_decode_str;
use tokio::time::Instant;
use url::Url;

use super::connect::Connector;
use crate::config;

/// How long a connection is kept that nobody uses. One that the server closed before is noticed.
const IDLE: Duration = Duration::from_secs(90);

/// Connections that are kept for one host: as many as are used at the same time by default (`[ask] concurrency`). What a
/// larger burst opened is closed after it, with its buffers.
const KEPT: usize = 64;

/// How long a kept connection may take to be ready: it is as soon as its task has run once more.
const READY: Duration = Duration::from_millis(20);

/// What is sent: in a box, because hyper keeps room for thirty-two requests with each connection.
type Sent = Box<Full<Bytes>>;

/// What went wrong between here and a reply.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// A header with this name cannot be sent.
    #[error("the header {0} cannot be sent")]
    Header(String),
    /// There are no certificates to tell a server by.
    #[error("cannot set up TLS: {0}")]
    NoTls(String),
    /// There is no connection, or it ended before a reply, or what came is no HTTP.
    #[error("{0}")]
    Unreachable(String),
    /// The connection ended amid a reply.
    #[error("the connection broke off")]
    Broken,
}

/// A request. `Host` and what frames the body are set by the client, the others are sent as they stand.
#[derive(Debug)]
pub struct Request<'a> {
    pub method: Method,
    /// Http or https, with a host.
    pub url: &'a Url,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

/// Sends requests. Making it opens nothing. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    connector: Connector,
    /// By scheme, host and port. Written by replies that were read to their end, taken from by requests.
    idle: Mutex<HashMap<String, Vec<Idle>>>,
}

struct Idle {
    connection: SendRequest<Sent>,
    since: Instant,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// `connect_timeout` is for a connection with all its handshakes.
    pub fn new(proxies: &config::Proxies, connect_timeout: Duration) -> Client {
        let connector = Connector::new(proxies, connect_timeout);
        Client { shared: Arc::new(Shared { connector, idle: Mutex::default() }) }
    }

    /// Sends `request`, and returns once the head of the reply is here, whatever its status. Dropping the future or the
    /// reply closes the connection.
    ///
    /// # Errors
    ///
    /// [`HttpError`].
    pub async fn send(&self, request: Request<'_>) -> Result<Response, HttpError> {
        let place = request.url.origin().ascii_serialization();
        let uri = uri(request.url)?;
        let mut made = self.request(request, &uri)?;
        loop {
            let kept = self.shared.take(&place).await;
            let is_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                // In a box: it is over long before the reply comes.
                None => Box::pin(open(&self.shared.connector, uri.clone())).await?,
            };
            match connection.try_send_request(made).await {
                Ok(reply) => {
                    let (head, body) = reply.into_parts();
                    let back = Back { connection, place, shared: Arc::clone(&self.shared) };
                    let body = Body::Coming { body, back: Some(back) };
                    return Ok(Response { status: head.status.as_u16(), headers: head.headers, body });
                }
                Err(mut err) => match err.take_message() {
                    // The server closed a kept connection, and nothing of the request was sent.
                    Some(unsent) if is_kept => made = unsent,
                    _ => return Err(HttpError::Unreachable(chain(err.error()))),
                },
            }
        }
    }

    fn request(&self, request: Request<'_>, uri: &Uri) -> Result<hyper::Request<Sent>, HttpError> {
        let Request { method, url, headers, body } = request;
        let proxy = self.shared.connector.plain_proxy(uri);
        let mut made = hyper::Request::new(Sent::new(Full::from(body.unwrap_or_default())));
        *made.method_mut() = method;
        // A proxy wants the whole address, everybody else the path.
        *made.uri_mut() = match (&proxy, uri.path_and_query()) {
            (None, Some(path)) => path.clone().into(),
            _ => uri.clone(),
        };
        let map = made.headers_mut();
        // One table of the right size, and not one that grows: three of ours, and the length that hyper adds.
        map.reserve(headers.len() + 4);
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        map.insert(HOST, HeaderValue::try_from(host).map_err(|_| HttpError::Header(HOST.to_string()))?);
        for (name, value) in headers {
            let Ok(parsed) = HeaderName::try_from(&name) else { return Err(HttpError::Header(name)) };
            let Ok(mut value) = HeaderValue::try_from(value) else { return Err(HttpError::Header(name)) };
            // Any of them may be a key.
            value.set_sensitive(true);
            map.append(parsed, value);
        }
        map.entry(USER_AGENT).or_insert(HeaderValue::from_static(concat!("carryall/", env!("CARGO_PKG_VERSION"))));
        map.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        if !url.username().is_empty() && !map.contains_key(AUTHORIZATION) {
            map.insert(AUTHORIZATION, basic(url)?);
        }
        if let Some(authorization) = proxy.and_then(|it| it.basic_auth().cloned()) {
            map.insert(PROXY_AUTHORIZATION, authorization);
        }
        Ok(made)
    }
}

impl Shared {
    /// A connection to `place` that was kept and still serves.
    async fn take(&self, place: &str) -> Option<SendRequest<Sent>> {
        loop {
            let mut connection = {
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                let kept = idle.get_mut(place)?;
                kept.retain(Idle::is_good);
                kept.pop()?.connection
            };
            // At the end of a body it is not ready at once; one that was closed meanwhile never is, nor one whose server
            // answered without hearing all.
            if let Ok(Ok(())) = tokio::time::timeout(READY, connection.ready()).await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, place: String, connection: SendRequest<Sent>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle.entry(place).or_default();
        kept.retain(Idle::is_good);
        if kept.len() < KEPT {
            kept.push(Idle { connection, since: Instant::now() });
        }
    }
}

impl Idle {
    fn is_good(&self) -> bool {
        !self.connection.is_closed() && self.since.elapsed() < IDLE
    }
}

async fn open(connector: &Connector, uri: Uri) -> Result<SendRequest<Sent>, HttpError> {
    let wire = connector.open(uri).await?;
    let (connection, work) = http1::handshake(wire).await.map_err(|err| HttpError::Unreachable(chain(&err)))?;
    // It ends with the connection, which closes when nobody holds it or its reply any more.
    TokioExecutor::new().execute(async move {
        // What goes wrong is told to whoever asks.
        let _ = work.await;
    });
    Ok(connection)
}

fn uri(url: &Url) -> Result<Uri, HttpError> {
    let host = &url[url::Position::BeforeHost..url::Position::AfterQuery];
    let uri = format!("{}://{host}", url.scheme()).parse();
    uri.map_err(|_| HttpError::Unreachable(format!("{} is no path that can be asked for", url.path())))
}

/// What an address says about who asks.
fn basic(url: &Url) -> Result<HeaderValue, HttpError> {
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let who = format!("{}:{}", plain(url.username()), plain(url.password().unwrap_or_default()));
    let value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(who)));
    let mut value = value.map_err(|_| HttpError::Header(AUTHORIZATION.to_string()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The message of an error with those of its causes that it does not repeat.
pub(super) fn chain(err: &(dyn std::error::Error + 'static)) -> String {
    let mut text = err.to_string();
    let mut source = err.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// A reply whose head is here.
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    body: Body,
}

enum Body {
    /// `back` is gone once the body has ended.
    Coming { body: Incoming, back: Option<Back> },
    /// All of it is here; of tests.
    #[cfg(test)]
    Here(std::collections::VecDeque<Bytes>),
}

/// A connection, and where it is kept when it may serve again.
struct Back {
    connection: SendRequest<Sent>,
    place: String,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Response {
    /// The header of this name, when it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|it| it.to_str().ok())
    }

    /// The next bytes of the body, never none; `None` at its end.
    ///
    /// # Errors
    ///
    /// [`HttpError::Broken`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        let (body, back) = match &mut self.body {
            Body::Coming { body, back } => (body, back),
            #[cfg(test)]
            Body::Here(pieces) => return Ok(pieces.pop_front()),
        };
        loop {
            match body.frame().await {
                None => {
                    if let Some(Back { connection, place, shared }) = back.take() {
                        shared.keep(place, connection);
                    }
                    return Ok(None);
                }
                Some(Err(_)) => return Err(HttpError::Broken),
                // What is no data are trailers: nothing that is asked of models has any.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) if !piece.is_empty() => return Ok(Some(piece)),
                    _ => {}
                },
            }
        }
    }

    /// A reply of this type whose body comes in `pieces`.
    #[cfg(test)]
    pub(crate) fn of(content_type: &'static str, pieces: Vec<Vec<u8>>) -> Response {
        let headers = [(hyper::header::CONTENT_TYPE, HeaderValue::from_static(content_type))].into_iter().collect();
        let pieces = pieces.into_iter().filter(|it| !it.is_empty()).map(Bytes::from).collect();
        Response { status: 200, headers, body: Body::Here(pieces) }
    }
}
