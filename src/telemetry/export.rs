//! The queue of calls that wait to be sent, and the work that sends them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use hyper::Method;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::spans;
use crate::config::Config;
use crate::config::Otlp;
use crate::http::Client;
use crate::http::HttpError;
use crate::http::Request;
use crate::ids;
use crate::trace::CallRecord;
use crate::trace::Clean;

/// Calls that wait at most; more are dropped and counted. OpenTelemetry's own default is 2,048 spans, and a call has
/// some ten.
const QUEUE: usize = 256;

/// Calls in one request: some 500 spans, OpenTelemetry's own default.
const BATCH: usize = 48;

/// How long a call waits for company. OpenTelemetry's own default.
const DELAY: Duration = Duration::from_secs(5);

/// How often a batch is tried that the collector could not take now, and the first pause between.
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause that a collector is granted; then the batch is dropped.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long the end of the process waits for what is left to be sent.
const END_PATIENCE: Duration = Duration::from_secs(1);

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What became of the calls so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub sent: u64,
    /// For want of room, or because no collector took them.
    pub dropped: u64,
    pub waiting: u64,
}

/// The way to the collector; without one, every call of it does nothing. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    to: Option<Arc<Exporter>>,
}

#[derive(Debug)]
struct Exporter {
    otlp: Otlp,
    /// This process among those of the same service.
    instance: String,
    client: Client,
    /// Written by calls, emptied by whoever sends.
    queue: Mutex<Queue>,
    came: Notify,
    /// Held by whoever sends, so that batches go one after the other.
    sending: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Queue {
    calls: VecDeque<CallRecord>,
    sent: u64,
    dropped: u64,
    /// Whether the log has said that nothing arrives; once is enough until something does.
    is_told: bool,
}

/// Why a batch was not taken.
enum Refused {
    /// It may be taken later, at the earliest after this.
    NotNow(Option<Duration>, String),
    Never(String),
}

impl Telemetry {
    /// Sends to the collector that `config` names; nowhere when it names none, or offline.
    pub fn new(config: &Config) -> Telemetry {
        let to = config.otlp.clone().filter(|_| !config.offline).map(|otlp| {
            Arc::new(Exporter {
                otlp,
                instance: ids::fresh(),
                client: Client::new(&config.proxies, CONNECT_TIMEOUT),
                queue: Mutex::default(),
                came: Notify::new(),
                sending: tokio::sync::Mutex::default(),
            })
        });
        Telemetry { to }
    }

    /// Whether anything is sent at all.
    pub fn is_on(&self) -> bool {
        self.to.is_some()
    }

    /// Hands a call over; never waits. A trace that its caller does not record is not sent.
    pub fn send(&self, record: &Clean) {
        let Some(exporter) = &self.to else { return };
        if record.remote.as_ref().is_some_and(|it| !it.is_sampled) {
            return;
        }
        let mut queue = exporter.queue();
        if queue.calls.len() >= QUEUE {
            queue.dropped += 1;
            return;
        }
        queue.calls.push_back(CallRecord::clone(record));
        drop(queue);
        exporter.came.notify_one();
    }

    /// Asks the collector to take nothing.
    ///
    /// # Errors
    ///
    /// Why it did not.
    pub async fn probe(&self) -> Result<(), String> {
        let Some(exporter) = &self.to else { return Ok(()) };
        let body = spans::body(&[], &exporter.otlp.service_name, &exporter.instance).to_string();
        exporter.post(&body).await.map_err(|(Refused::NotNow(_, why) | Refused::Never(why))| why)
    }

    /// What became of the calls so far.
    pub fn sent(&self) -> Sent {
        let Some(exporter) = &self.to else { return Sent::default() };
        let queue = exporter.queue();
        Sent { sent: queue.sent, dropped: queue.dropped, waiting: u64::try_from(queue.calls.len()).unwrap_or(u64::MAX) }
    }

    /// Sends what comes, in batches, until `stop` fires.
    pub async fn run(&self, stop: &CancellationToken) {
        let Some(exporter) = &self.to else { return };
        let sending = async {
            loop {
                exporter.came.notified().await;
                let full = async {
                    while exporter.queue().calls.len() < BATCH {
                        exporter.came.notified().await;
                    }
                };
                let _ = tokio::time::timeout(DELAY, full).await;
                exporter.send_all().await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = sending => {}
        }
    }

    /// Sends what is left, as far as that is possible in a second.
    pub async fn close(&self) {
        let Some(exporter) = &self.to else { return };
        if exporter.queue().calls.is_empty() {
            return;
        }
        if tokio::time::timeout(END_PATIENCE, exporter.send_all()).await.is_err() {
            let left = exporter.queue().calls.len();
            tracing::warn!(left, "the collector was too slow for the last traces");
        }
    }
}

impl Exporter {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send_all(&self) {
        let _turn = self.sending.lock().await;
        loop {
            // They stay in the queue until it is known what became of them: this may be dropped at any wait.
            let batch: Vec<CallRecord> = self.queue().calls.iter().take(BATCH).cloned().collect();
            if batch.is_empty() {
                return;
            }
            let count = u64::try_from(batch.len()).unwrap_or(0);
            let outcome = self.send_batch(&batch).await;
            let mut queue = self.queue();
            queue.calls.drain(..batch.len());
            match outcome {
                Ok(()) => (queue.sent, queue.is_told) = (queue.sent + count, false),
                Err(why) => {
                    queue.dropped += count;
                    if !std::mem::replace(&mut queue.is_told, true) {
                        tracing::warn!(why, calls = count, "traces did not reach the collector");
                    }
                }
            }
        }
    }

    async fn send_batch(&self, batch: &[CallRecord]) -> Result<(), String> {
        let body = spans::body(batch, &self.otlp.service_name, &self.instance).to_string();
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            match self.post(&body).await {
                Ok(()) => return Ok(()),
                Err(Refused::NotNow(wait, why)) if attempt < ATTEMPTS => {
                    let wait = wait.unwrap_or(pause);
                    if wait > LONGEST_PAUSE {
                        return Err(why);
                    }
                    tokio::time::sleep(wait).await;
                    pause *= 2;
                }
                Err(Refused::NotNow(_, why) | Refused::Never(why)) => return Err(why),
            }
        }
        Ok(())
    }

    async fn post(&self, body: &str) -> Result<(), Refused> {
        let url = Url::parse(&self.otlp.url).map_err(|err| Refused::Never(err.to_string()))?;
        let own = [("content-type".to_owned(), "application/json".to_owned())];
        let named = self.otlp.headers.iter().map(|(name, value)| (name.clone(), value.reveal().to_owned()));
        let headers = own.into_iter().chain(named).collect();
        let request = Request { method: Method::POST, url: &url, headers, body: Some(body.as_bytes().to_vec()) };
        let response = match tokio::time::timeout(self.otlp.timeout, self.client.send(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(err @ (HttpError::Header(_) | HttpError::NoTls(_)))) => return Err(Refused::Never(err.to_string())),
            Ok(Err(err)) => return Err(Refused::NotNow(None, err.to_string())),
            Err(_) => return Err(Refused::NotNow(None, "no answer in time".to_owned())),
        };
        let status = response.status;
        let wait = response.header("retry-after").and_then(|it| it.parse().ok());
        match status {
            200..=299 => Ok(()),
            // Those that the protocol names as passing.
            429 | 502..=504 => Err(Refused::NotNow(wait.map(Duration::from_secs), format!("status {status}"))),
            _ => Err(Refused::Never(format!("status {status}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::io::AsyncWriteExt as _;

    use super::*;
    use crate::config;
    use crate::trace::Call;

    #[tokio::test]
    async fn a_trace_that_was_on_its_way_when_sending_was_broken_off_is_sent_at_the_end() {
        let collector = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", collector.local_addr().unwrap());
        let environment = config::Environment {
            variables: [("OTEL_EXPORTER_OTLP_ENDPOINT".into(), endpoint.into())].into_iter().collect(),
            working_folder: "/nowhere".into(),
            data_folder: Some("/nowhere".into()),
            ..config::Environment::default()
        };
        let telemetry = Telemetry::new(&config::resolve(&config::Flags::default(), &environment).unwrap().config);
        telemetry.send(&Clean::of(&Call::silent().record("ok", None, &serde_json::json!({}))));
        let waits = |waiting, sent| assert_eq!(telemetry.sent(), Sent { sent, dropped: 0, waiting });
        waits(1, 0);

        // It has the request and never answers; the work that sends is dropped amid that.
        let takes_it = async {
            let (mut connection, _) = collector.accept().await.unwrap();
            let _ = connection.read(&mut [0; 64]).await.unwrap();
            connection
        };
        let exporter = telemetry.to.clone().unwrap();
        let connection = tokio::select! {
            () = exporter.send_all() => panic!("nobody answered"),
            connection = takes_it => connection,
        };
        drop(connection);
        waits(1, 0);

        let answers = async {
            let (mut connection, _) = collector.accept().await.unwrap();
            let mut got = Vec::new();
            // The body is one JSON document and ends the request.
            while !got.ends_with(b"}") {
                let mut part = [0; 4096];
                let read = connection.read(&mut part).await.unwrap();
                got.extend_from_slice(&part[..read]);
            }
            connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        };
        tokio::join!(telemetry.close(), answers);
        waits(0, 1);
    }
}
