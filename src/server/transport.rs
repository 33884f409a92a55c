//! The line transport: reads messages from one stream and writes them to another, and answers what is no message.
//!
//! It differs from the SDK's own in what a piped client needs: a last line without a line break counts; the end of
//! the input is told only when every open request has been answered (the SDK waits 5 s and stops reading its own
//! queue meanwhile, so progress and its answer are lost); a line that cannot be read is answered, never dropped.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::ClientNotification;
use rmcp::model::ClientRequest;
use rmcp::model::GetMeta as _;
use rmcp::model::JsonRpcMessage;
use rmcp::model::ProtocolVersion;
use rmcp::model::RequestId;
use rmcp::service::RxJsonRpcMessage;
use rmcp::service::TxJsonRpcMessage;
use rmcp::transport::Transport;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::lines::IdFinder;
use super::lines::Line;
use super::lines::Lines;
use super::order::Order;
use super::tools;

/// Messages that may wait for a slow reader before calls are held back.
const OUTGOING: usize = 256;

/// How long open calls may take to finish after a signal.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// How often a server whose input has ended looks whether anybody still reads its output.
const LISTENER_CHECK: Duration = Duration::from_millis(200);

/// How the SDK begins to refuse a request that comes before `initialize` and does not say how it is meant itself
/// (rmcp 3.9).
const OUTSIDE: &str = "request _meta is missing";

/// What to do about that. It is refused, and not taken for a request of the earlier lifecycle: the specification wants it
/// refused, and no host begins so; who does writes the lines by hand.
const HOW_TO_BEGIN: &str = "send a line with `initialize` first: {\"jsonrpc\": \"2.0\", \"id\": 0, \"method\": \
    \"initialize\", \"params\": {\"protocolVersion\": \"2025-11-25\", \"capabilities\": {}, \"clientInfo\": {\"name\": \
    \"me\", \"version\": \"1\"}}}, or give params a `_meta` with these fields in every request";

/// What the rest of the server shares with the transport.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) order: Order,
    /// Fired by a signal: no more input is read, open calls have [`STOP_GRACE`].
    pub(crate) stop: CancellationToken,
    /// Fired when open calls must end now: the grace is over, or nobody reads the answers.
    pub(crate) abandon: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// Says whether the reader of our output has gone.
    pub(crate) listener_gone: fn() -> bool,
}

pub(crate) struct LineTransport<R> {
    lines: Lines<R>,
    outgoing: mpsc::Sender<Outgoing>,
    link: Link,
    open: Arc<OpenRequests>,
    /// Requests that carry the id of one that is still open; taken up when that is answered.
    deferred: VecDeque<(RequestId, RxJsonRpcMessage<RoleServer>)>,
    /// Answers of the transport itself that still have to be handed to the writer.
    answers: VecDeque<Vec<u8>>,
    /// Whether a request has come that begins a lifecycle. Until then the SDK would end at anything that is no request,
    /// so that is passed over.
    opened: bool,
    ended: bool,
    /// When the waiting for open requests is over; set by a signal.
    deadline: Option<tokio::time::Instant>,
}

#[derive(Debug, Default)]
struct OpenRequests {
    ids: Mutex<HashSet<RequestId>>,
    settled: Notify,
}

struct Outgoing {
    bytes: Vec<u8>,
    written: Option<oneshot::Sender<()>>,
}

/// The output is closed.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output any more")]
pub(crate) struct OutputClosed;

impl<R: AsyncRead + Unpin + Send> LineTransport<R> {
    /// A transport over `reader` and `writer` with lines of at most `max_line_bytes`. The writer is driven by a
    /// task of `link.tasks`; when it fails, `link.abandon` fires.
    pub(crate) fn new<W>(reader: R, writer: W, max_line_bytes: usize, link: Link) -> LineTransport<R>
    where
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let (outgoing, queue) = mpsc::channel(OUTGOING);
        link.tasks.spawn(write_all(writer, queue, link.abandon.clone()));
        LineTransport {
            lines: Lines::new(reader, max_line_bytes),
            outgoing,
            link,
            open: Arc::default(),
            deferred: VecDeque::new(),
            answers: VecDeque::new(),
            opened: false,
            ended: false,
            deadline: None,
        }
    }

    fn take(&mut self, line: Line) -> Option<RxJsonRpcMessage<RoleServer>> {
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong { id } => {
                let message = "the line is longer than this server reads (CARRYALL_MAX_LINE_BYTES)";
                self.answers.push_back(error_line(id.as_ref(), -32600, message));
                return None;
            }
        };
        let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
        if text.is_empty() {
            return None;
        }
        match serde_json::from_slice::<RxJsonRpcMessage<RoleServer>>(text) {
            Ok(message) => self.admit(message),
            Err(_) => {
                self.answers.extend(complain(text));
                None
            }
        }
    }

    /// Notes an incoming message; a request whose id is in use waits.
    fn admit(&mut self, message: RxJsonRpcMessage<RoleServer>) -> Option<RxJsonRpcMessage<RoleServer>> {
        match &message {
            JsonRpcMessage::Request(request) => self.opened |= opens(&request.request),
            _ if !self.opened => return None,
            _ => {}
        }
        match &message {
            JsonRpcMessage::Request(request) => {
                let id = request.id.clone();
                if matches!(request.request, ClientRequest::SubscriptionsListenRequest(_)) {
                    return Some(message);
                }
                if !self.open.ids.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone()) {
                    self.deferred.push_back((id, message));
                    return None;
                }
                self.link.order.arrive(id, tools::touches(&request.request));
                Some(message)
            }
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.link.order.withdraw(id);
                    self.open.settle(id);
                }
                Some(message)
            }
            _ => Some(message),
        }
    }

    /// A deferred request whose id has become free.
    fn take_deferred(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        let at = {
            let ids = self.open.ids.lock().unwrap_or_else(PoisonError::into_inner);
            self.deferred.iter().position(|(id, _)| !ids.contains(id))?
        };
        let (_, message) = self.deferred.remove(at)?;
        self.admit(message)
    }

    /// Whether a request is still unanswered.
    fn is_busy(&self) -> bool {
        !self.deferred.is_empty() || !self.open.ids.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Waits until something was settled, the deadline is over or nobody listens; false ends the waiting.
    async fn wait(&mut self) -> bool {
        let deadline = async {
            match self.deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.open.settled.notified() => true,
            () = self.link.abandon.cancelled() => false,
            () = self.link.stop.cancelled(), if self.deadline.is_none() => true,
            () = deadline => false,
            () = tokio::time::sleep(LISTENER_CHECK) => !(self.link.listener_gone)(),
        }
    }
}

/// Whether the SDK leaves its waiting for a first request at this one: it goes on waiting after a ping, a discovery and
/// what it refuses (rmcp 3.9, `serve_server_with_ct_inner`).
fn opens(request: &ClientRequest) -> bool {
    match request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
        other => {
            let meta = other.get_meta();
            meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty()
                && meta.protocol_version().is_some_and(|it| ProtocolVersion::KNOWN_VERSIONS.contains(&it))
        }
    }
}

impl OpenRequests {
    fn settle(&self, id: &RequestId) {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        self.settled.notify_one();
    }
}

impl<R: AsyncRead + Unpin + Send + 'static> Transport<RoleServer> for LineTransport<R> {
    type Error = OutputClosed;

    fn send(
        &mut self,
        mut item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        if let JsonRpcMessage::Error(refused) = &mut item
            && refused.error.message.starts_with(OUTSIDE)
        {
            refused.error.message = format!("{}; {HOW_TO_BEGIN}", refused.error.message).into();
        }
        let answered = match &item {
            JsonRpcMessage::Response(response) => Some(response.id.clone()),
            JsonRpcMessage::Error(error) => error.id.clone(),
            _ => None,
        };
        let (open, order, outgoing) = (self.open.clone(), self.link.order.clone(), self.outgoing.clone());
        async move {
            let sent = match serde_json::to_vec(&item) {
                Ok(mut bytes) => {
                    bytes.push(b'\n');
                    let (written, done) = oneshot::channel();
                    let queued = outgoing.send(Outgoing { bytes, written: Some(written) }).await;
                    if queued.is_ok() { done.await.map_err(|_| OutputClosed) } else { Err(OutputClosed) }
                }
                Err(_) => Err(OutputClosed),
            };
            if let Some(id) = answered {
                order.withdraw(&id);
                open.settle(&id);
            }
            sent
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            if self.link.abandon.is_cancelled() {
                return None;
            }
            while !self.answers.is_empty() {
                let outgoing = self.outgoing.clone();
                // The answer leaves the queue only when there is room for it: this future may be dropped here.
                let room = outgoing.reserve().await.ok()?;
                if let Some(bytes) = self.answers.pop_front() {
                    room.send(Outgoing { bytes, written: None });
                }
            }
            if let Some(message) = self.take_deferred() {
                return Some(message);
            }
            if self.link.stop.is_cancelled() && self.deadline.is_none() {
                self.ended = true;
                self.deadline = Some(tokio::time::Instant::now() + STOP_GRACE);
            }
            if self.ended {
                if self.is_busy() && self.wait().await {
                    continue;
                }
                if self.is_busy() {
                    self.link.abandon.cancel();
                }
                return None;
            }
            let line = tokio::select! {
                line = self.lines.next() => line,
                () = self.open.settled.notified(), if !self.deferred.is_empty() => continue,
                () = self.link.stop.cancelled() => continue,
                () = self.link.abandon.cancelled() => continue,
            };
            match line {
                Some(line) => {
                    if let Some(message) = self.take(line) {
                        return Some(message);
                    }
                }
                None => self.ended = true,
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        // What is in the queue is written before the writing task ends: this waits for a mark at its end.
        let (written, done) = oneshot::channel();
        self.outgoing.send(Outgoing { bytes: Vec::new(), written: Some(written) }).await.map_err(|_| OutputClosed)?;
        done.await.map_err(|_| OutputClosed)
    }
}

/// Writes what comes in `queue`, everything that has gathered at once.
async fn write_all<W: AsyncWrite + Unpin>(
    mut writer: W,
    mut queue: mpsc::Receiver<Outgoing>,
    abandon: CancellationToken,
) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, OUTGOING).await > 0 {
        let mut bytes = Vec::new();
        for message in &mut batch {
            bytes.append(&mut message.bytes);
        }
        let wrote = async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        };
        if wrote.await.is_err() {
            abandon.cancel();
            return;
        }
        for written in batch.drain(..).filter_map(|message| message.written) {
            let _ = written.send(());
        }
    }
}

/// The answer to a line that is no message; `None` when none is due: a malformed notification gets none.
fn complain(text: &[u8]) -> Option<Vec<u8>> {
    let mut finder = IdFinder::default();
    finder.feed(text);
    let found = finder.id();
    let value = match serde_json::from_slice::<Value>(text) {
        Ok(value) => value,
        Err(err) if err.to_string().starts_with("recursion limit") => {
            return Some(error_line(found.as_ref(), -32600, "the message is nested more than 128 levels deep"));
        }
        Err(err) => return Some(error_line(found.as_ref(), -32700, &format!("the line is not valid JSON: {err}"))),
    };
    let Value::Object(object) = &value else {
        let what = if value.is_array() {
            "batches are not part of MCP; send one message a line"
        } else {
            "a message is a JSON object"
        };
        return Some(error_line(None, -32600, what));
    };
    let found = object.get("id").and_then(|it| serde_json::from_value::<RequestId>(it.clone()).ok());
    let well_formed_notification = !object.contains_key("id")
        && object.get("jsonrpc") == Some(&"2.0".into())
        && object.get("method").is_some_and(Value::is_string);
    if well_formed_notification {
        return None;
    }
    let what = if object.get("jsonrpc") != Some(&"2.0".into()) {
        "the message lacks \"jsonrpc\": \"2.0\""
    } else if object.get("id").is_some_and(|id| !id.is_string() && !id.is_i64()) {
        "the id must be a string or a whole number"
    } else {
        "the message is not a JSON-RPC request, notification or response"
    };
    Some(error_line(found.as_ref(), -32600, what))
}

fn error_line(id: Option<&RequestId>, code: i32, message: &str) -> Vec<u8> {
    let mut answer = json!({"jsonrpc": "2.0"});
    if let Some(id) = id {
        answer["id"] = json!(id);
    }
    answer["error"] = json!({"code": code, "message": message});
    let mut line = answer.to_string().into_bytes();
    line.push(b'\n');
    line
}
