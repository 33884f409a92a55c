//! A provider for tests: plays prepared replies over HTTP/1.1 on a loopback address, and remembers what it was asked.
//!
//! Replies are played in the order in which requests come. A request too many gets a 500, and the test fails when the
//! server is dropped. Needs nothing but std, so that the tests of this room and those in `tests/` share it.

use std::collections::VecDeque;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

/// One reply.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    ending: Ending,
}

/// How a reply ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Whole,
    /// The connection breaks where more was announced.
    Broken,
    /// Nothing more comes until the client goes away.
    Hanging,
}

impl Script {
    /// A reply of JSON.
    pub(crate) fn json(status: u16, body: &str) -> Script {
        Script::new(status, "application/json", body)
    }

    /// A stream of server-sent events, as OpenAI and Anthropic send it.
    pub(crate) fn events(body: &str) -> Script {
        Script::new(200, "text/event-stream; charset=utf-8", body)
    }

    /// A stream of JSON lines, as Ollama sends it.
    pub(crate) fn lines(body: &str) -> Script {
        Script::new(200, "application/x-ndjson", body)
    }

    /// Any reply.
    pub(crate) fn new(status: u16, content_type: &str, body: &str) -> Script {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Script { status, headers, body: body.to_owned(), ending: Ending::Whole }
    }

    /// A whole answer `text` in OpenAI's format, for 20 tokens of input and 5 of output.
    pub(crate) fn openai_answer(text: &str) -> Script {
        let text = quoted(text);
        Script::events(&format!(
            "data: {{\"id\":\"c1\",\"model\":\"gpt-test\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{text}}},\
             \"finish_reason\":null}}]}}\n\n\
             data: {{\"id\":\"c1\",\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}]}}\n\n\
             data: {{\"id\":\"c1\",\"choices\":[],\"usage\":{{\"prompt_tokens\":20,\"completion_tokens\":5}}}}\n\n\
             data: [DONE]\n\n"
        ))
    }

    /// A whole answer `text` in Anthropic's format, for 20 tokens of input and 5 of output.
    pub(crate) fn anthropic_answer(text: &str) -> Script {
        let text = quoted(text);
        Script::events(&format!(
            "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"m1\",\"model\":\
             \"claude-test\",\"usage\":{{\"input_tokens\":20,\"output_tokens\":1}}}}}}\n\n\
             event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":\
             {{\"type\":\"text_delta\",\"text\":{text}}}}}\n\n\
             event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\"}},\
             \"usage\":{{\"output_tokens\":5}}}}\n\n\
             event: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"
        ))
    }

    /// A whole answer `text` in Ollama's format, for 20 tokens of input and 5 of output.
    pub(crate) fn ollama_answer(text: &str) -> Script {
        let text = quoted(text);
        Script::lines(&format!(
            "{{\"model\":\"llama-test\",\"message\":{{\"role\":\"assistant\",\"content\":{text}}},\"done\":false}}\n\
             {{\"model\":\"llama-test\",\"message\":{{\"role\":\"assistant\",\"content\":\"\"}},\"done\":true,\
             \"done_reason\":\"stop\",\"prompt_eval_count\":20,\"eval_count\":5}}\n"
        ))
    }

    /// With one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Script {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The connection breaks after the body, where more was announced.
    pub(crate) fn broken(self) -> Script {
        Script { ending: Ending::Broken, ..self }
    }

    /// After the body nothing comes, and the connection stays open until the client closes it.
    pub(crate) fn hanging(self) -> Script {
        Script { ending: Ending::Hanging, ..self }
    }
}

/// A text as a JSON string; Rust's own quoting differs in control characters only, which no test needs.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// When it had come.
    pub(crate) at: std::time::Instant,
}

impl Received {
    /// The value of the header `name`, which is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }
}

/// The provider. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct ModelServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// Written by the threads of the connections, read by the test.
#[derive(Debug, Default)]
struct State {
    scripts: VecDeque<Script>,
    received: Vec<Received>,
    too_many: usize,
    hung_up: usize,
    open: Vec<TcpStream>,
    is_closed: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ModelServer {
    /// Starts a server that plays `scripts`, one a request.
    pub(crate) fn start(scripts: Vec<Script>) -> io::Result<ModelServer> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        shared.state().scripts = scripts.into();
        let listening = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if listening.state().is_closed {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let shared = Arc::clone(&listening);
                // A client that goes away in the middle is what some tests are about.
                std::thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        Ok(ModelServer { address, shared })
    }

    /// The address, such as `http://127.0.0.1:40123`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, in order.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.state().received.clone()
    }

    /// Waits until a client has gone away from a hanging reply; `false` when none has within `limit`.
    pub(crate) fn sees_a_hang_up(&self, limit: Duration) -> bool {
        let state = self.shared.state();
        let waited = self.shared.changed.wait_timeout_while(state, limit, |it| it.hung_up == 0);
        waited.unwrap_or_else(PoisonError::into_inner).0.hung_up > 0
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        let too_many = {
            let mut state = self.shared.state();
            state.is_closed = true;
            for stream in &state.open {
                let _ = stream.shutdown(Shutdown::Both);
            }
            state.too_many
        };
        // Wakes the listener, which then sees that it is closed.
        let _ = TcpStream::connect(self.address);
        assert!(too_many == 0 || std::thread::panicking(), "{too_many} requests more than there are replies");
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    shared.state().open.push(stream.try_clone()?);
    let request = receive(&stream)?;
    let script = {
        let mut state = shared.state();
        state.received.push(request);
        let script = state.scripts.pop_front();
        state.too_many += usize::from(script.is_none());
        script
    };
    let script = script.unwrap_or_else(|| Script::json(500, r#"{"error":{"message":"a call too many"}}"#));

    let mut head =
        format!("HTTP/1.1 {} Prepared\r\ntransfer-encoding: chunked\r\nconnection: close\r\n", script.status);
    for (name, value) in &script.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let write = || -> io::Result<()> {
        stream.write_all((head + "\r\n").as_bytes())?;
        for piece in script.body.as_bytes().chunks(PIECE_BYTES) {
            stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
            stream.write_all(piece)?;
            stream.write_all(b"\r\n")?;
        }
        Ok(())
    };
    let written = write();
    match script.ending {
        Ending::Whole => written.and_then(|()| stream.write_all(b"0\r\n\r\n"))?,
        Ending::Broken => written?,
        Ending::Hanging => {
            // Ends when the client closes, be it while it is written to, or with the server.
            if written.is_ok() {
                let _ = stream.read(&mut [0]);
            }
            shared.state().hung_up += 1;
            shared.changed.notify_all();
        }
    }
    stream.shutdown(Shutdown::Both)
}

/// Bodies are sent in pieces of this size, so that events and characters are cut in the middle.
const PIECE_BYTES: usize = 50;

fn receive(stream: &TcpStream) -> io::Result<Received> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|it| it.0 == "content-length").and_then(|it| it.1.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Received { method, path, headers, body, at: std::time::Instant::now() })
}
