//! What the tests of the whole stand on: a home of its own, the real binary in it, and the server without a process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::bail;
use anyhow::ensure;
use carryall::app::App;
use carryall::clock::Clock;
use carryall::config::Environment;
use carryall::config::Flags;
use carryall::server::Connection;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::DuplexStream;
use tokio_util::sync::CancellationToken;

/// How long anything may take before a test fails: far more than it takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The program under test.
pub(crate) const CARRYALL: &str = env!("CARGO_BIN_EXE_carryall");

/// The earlier lifecycle's revisions.
pub(crate) const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/// The revision without a handshake.
pub(crate) const MODERN: &str = "2026-07-28";

/// A command that inherits nothing from whoever runs the tests but where to find programs.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> std::process::Command {
    let mut command = command_of_the_user(program);
    command.env_clear().env("PATH", variable("PATH"));
    command
}

/// A variable of whoever runs the tests; empty when it is not set.
#[expect(clippy::disallowed_methods, reason = "where programs are, and whether this is CI, is told in no other way")]
pub(crate) fn variable(name: &str) -> OsString {
    std::env::var_os(name).unwrap_or_default()
}

/// A command in the environment of whoever runs the tests, to install with.
#[expect(clippy::disallowed_methods, reason = "tests start the program under test and what it is tried against")]
pub(crate) fn command_of_the_user(program: impl AsRef<std::ffi::OsStr>) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    command.stdin(Stdio::null());
    command
}

/// A folder with a home, a workspace and a database in it; gone when dropped.
pub(crate) struct Home {
    folder: Arc<tempfile::TempDir>,
    variables: BTreeMap<String, String>,
}

impl Home {
    pub(crate) fn new() -> anyhow::Result<Home> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join("home"))?;
        std::fs::create_dir(folder.path().join("work"))?;
        Ok(Home { folder: Arc::new(folder), variables: BTreeMap::new() })
    }

    /// The same home with one more variable in the server's environment.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Home {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// The same home, kept by both, with one more variable in this one's environment.
    pub(crate) fn clone_with(&self, name: &str, value: impl Into<String>) -> Home {
        Home { folder: Arc::clone(&self.folder), variables: self.variables.clone() }.with(name, value)
    }

    /// The folder that holds everything.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("carryall.db")
    }

    /// The folder that the server is started in.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Every variable that the server gets. A model server that happens to run on this machine is none of its business.
    pub(crate) fn environment(&self) -> Vec<(String, OsString)> {
        let own = [("HOME", self.folder.path().join("home")), ("CARRYALL_DB", self.database())];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value.into_os_string()));
        let own = own.chain([("CARRYALL_FIND_LOCAL".to_owned(), "0".into())]);
        own.chain(self.variables.iter().map(|(name, value)| (name.clone(), value.into()))).collect()
    }

    /// The program in this home, its pipes open.
    pub(crate) fn carryall(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = command(CARRYALL);
        command.args(arguments).envs(self.environment()).current_dir(self.workspace());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn server(&self) -> anyhow::Result<Server> {
        let mut server = Server::start(self.carryall(&[]))?;
        server.home = Some(Arc::clone(&self.folder));
        Ok(server)
    }

    /// Pipes `lines` into a server, ends its input at once, and returns everything that it wrote.
    pub(crate) fn batch(&self, lines: &[Value]) -> anyhow::Result<Vec<Value>> {
        let mut bytes = Vec::new();
        for line in lines {
            bytes.extend(line.to_string().into_bytes());
            bytes.push(b'\n');
        }
        self.batch_bytes(&bytes)
    }

    /// As [`Home::batch`], with bytes that need not be messages.
    pub(crate) fn batch_bytes(&self, bytes: &[u8]) -> anyhow::Result<Vec<Value>> {
        let mut server = self.server()?;
        server.send_bytes(bytes)?;
        let ended = server.finish()?;
        ensure!(ended.status.success(), "exit {}: {}", ended.status, ended.stderr);
        Ok(ended.messages)
    }

    /// The checked configuration of this home, without a process.
    pub(crate) fn config(&self) -> anyhow::Result<carryall::config::Config> {
        let environment = Environment {
            variables: self.environment().into_iter().collect(),
            working_folder: self.workspace(),
            home: Some(self.folder().join("home")),
            config_folder: Some(self.folder().join("home/.config")),
            data_folder: Some(self.folder().join("home/.local/share")),
        };
        Ok(carryall::config::resolve(&Flags::default(), &environment)?.config)
    }
}

/// The real binary as a child process.
pub(crate) struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: mpsc::Receiver<String>,
    errors: Option<JoinHandle<String>>,
    /// What came and was not asked for yet, in the order it came.
    pub(crate) unread: Vec<Value>,
    next_id: i64,
    /// Keeps the folder until the server has ended.
    home: Option<Arc<tempfile::TempDir>>,
}

/// How a server ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Everything on its stdout that was not read before.
    pub(crate) messages: Vec<Value>,
    pub(crate) stderr: String,
    /// From the end of its input to its exit.
    pub(crate) took: Duration,
}

impl Server {
    pub(crate) fn start(mut command: std::process::Command) -> anyhow::Result<Server> {
        let mut child = command.spawn().context("cannot start the server")?;
        let stdout = child.stdout.take().context("stdout is a pipe")?;
        let mut stderr = child.stderr.take().context("stderr is a pipe")?;
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        // A server must never wait for somebody to read its log.
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let input = child.stdin.take();
        Ok(Server { child, input, output, errors: Some(errors), unread: Vec::new(), next_id: 0, home: None })
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let input = self.input.as_mut().context("the input is closed")?;
        input.write_all(bytes)?;
        Ok(input.flush()?)
    }

    pub(crate) fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        self.send_bytes(format!("{message}\n").as_bytes())
    }

    /// The next message, whatever it is.
    pub(crate) fn next(&mut self) -> anyhow::Result<Value> {
        if !self.unread.is_empty() {
            return Ok(self.unread.remove(0));
        }
        self.receive()
    }

    fn receive(&mut self) -> anyhow::Result<Value> {
        let line = self.output.recv_timeout(PATIENCE).context("the server says nothing")?;
        serde_json::from_str(&line).with_context(|| format!("stdout holds what is no message: {line}"))
    }

    /// The answer to the request `id`; what comes before it stays in `unread`.
    pub(crate) fn answer(&mut self, id: &Value) -> anyhow::Result<Value> {
        let is_answer = |it: &Value| it.get("id") == Some(id) && it.get("method").is_none();
        if let Some(at) = self.unread.iter().position(is_answer) {
            return Ok(self.unread.remove(at));
        }
        loop {
            let message = self.receive()?;
            if is_answer(&message) {
                return Ok(message);
            }
            self.unread.push(message);
        }
    }

    /// Begins as a client of the earlier lifecycle does, and returns the answer to `initialize`.
    pub(crate) fn initialize(&mut self, version: &str) -> anyhow::Result<Value> {
        let answer = self.request("initialize", initialize_params(version))?;
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
        Ok(answer)
    }

    /// Sends a request and returns the whole answer.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> anyhow::Result<Value> {
        self.next_id += 1;
        let id = json!(self.next_id);
        self.send(&request(id.clone(), method, params))?;
        self.answer(&id)
    }

    /// Calls a tool in the modern lifecycle; returns the data of its answer.
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Value> {
        data_of(&self.request("tools/call", modern(json!({"name": tool, "arguments": arguments})))?)
    }

    /// Calls a tool that must fail; returns its error for programs, with the sentence for people as `text`.
    pub(crate) fn fail(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Value> {
        failure_of(&self.request("tools/call", modern(json!({"name": tool, "arguments": arguments})))?)
    }

    /// Ends the input and waits for the end of the process.
    pub(crate) fn finish(mut self) -> anyhow::Result<Ended> {
        self.input = None;
        self.wait()
    }

    /// Ends the input and goes on.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits for the end of the process; its input stays as it is.
    pub(crate) fn wait(mut self) -> anyhow::Result<Ended> {
        let begun = Instant::now();
        let mut messages = std::mem::take(&mut self.unread);
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(line) => messages.push(
                    serde_json::from_str(&line).with_context(|| format!("stdout holds what is no message: {line}"))?,
                ),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => bail!("the server does not end"),
            }
        }
        let status = self.child.wait()?;
        let stderr = self.errors.take().and_then(|it| it.join().ok()).unwrap_or_default();
        Ok(Ended { status, messages, stderr, took: begun.elapsed() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server in this process, over an in-memory stream and with a clock that the test moves.
pub(crate) struct Duplex {
    pub(crate) clock: Clock,
    output: tokio::io::Lines<tokio::io::BufReader<tokio::io::ReadHalf<DuplexStream>>>,
    input: Option<tokio::io::WriteHalf<DuplexStream>>,
    served: tokio::task::JoinHandle<anyhow::Result<()>>,
    unread: Vec<Value>,
    next_id: i64,
}

/// Noon of a day in the year of the facts.
pub(crate) const NOON: &str = "2026-11-20T12:00:00Z";

impl Duplex {
    /// A server in `home` whose clock stands at [`NOON`].
    pub(crate) fn start(home: &Home) -> anyhow::Result<Duplex> {
        let noon = carryall::clock::parse(NOON).map_err(anyhow::Error::msg)?;
        Duplex::start_with(home, Clock::fixed(noon))
    }

    pub(crate) fn start_with(home: &Home, clock: Clock) -> anyhow::Result<Duplex> {
        let app = App::new(home.config()?, clock.clone());
        let (client, server) = tokio::io::duplex(1 << 20);
        let (reader, writer) = tokio::io::split(server);
        let stop = CancellationToken::new();
        let connection = Connection { reader, writer, stop, listener_gone: || false };
        let tasks = app.tasks.clone();
        // The folder outlives the server, also one that the test just drops.
        let folder = Arc::clone(&home.folder);
        let served = tasks.spawn(async move {
            let served = carryall::server::serve(app, connection).await;
            drop(folder);
            served
        });
        let (reader, writer) = tokio::io::split(client);
        let output = tokio::io::BufReader::new(reader).lines();
        Ok(Duplex { clock, output, input: Some(writer), served, unread: Vec::new(), next_id: 0 })
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.input.as_mut().context("the input is closed")?.write_all(bytes).await?)
    }

    pub(crate) async fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        self.send_bytes(format!("{message}\n").as_bytes()).await
    }

    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Value>> {
        let line =
            tokio::time::timeout(PATIENCE, self.output.next_line()).await.context("the server says nothing")??;
        line.map(|it| serde_json::from_str(&it).with_context(|| format!("no message: {it}"))).transpose()
    }

    pub(crate) async fn answer(&mut self, id: &Value) -> anyhow::Result<Value> {
        if let Some(at) = self.unread.iter().position(|it| it.get("id") == Some(id)) {
            return Ok(self.unread.remove(at));
        }
        loop {
            let message = self.next().await?.context("the server ended")?;
            if message.get("id") == Some(id) {
                return Ok(message);
            }
            self.unread.push(message);
        }
    }

    pub(crate) async fn request(&mut self, method: &str, params: Value) -> anyhow::Result<Value> {
        self.next_id += 1;
        let id = json!(self.next_id);
        self.send(&request(id.clone(), method, params)).await?;
        self.answer(&id).await
    }

    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Value> {
        data_of(&self.request("tools/call", modern(json!({"name": tool, "arguments": arguments}))).await?)
    }

    pub(crate) async fn fail(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Value> {
        failure_of(&self.request("tools/call", modern(json!({"name": tool, "arguments": arguments}))).await?)
    }

    /// Ends the input; returns what was still to come, after the server has ended.
    pub(crate) async fn finish(mut self) -> anyhow::Result<Vec<Value>> {
        if let Some(mut input) = self.input.take() {
            input.shutdown().await?;
        }
        let mut rest = std::mem::take(&mut self.unread);
        while let Some(message) = self.next().await? {
            rest.push(message);
        }
        tokio::time::timeout(PATIENCE, self.served).await.context("the server does not end")???;
        Ok(rest)
    }
}

/// A request as a line of the protocol.
pub(crate) fn request(id: Value, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// A modern `tools/call`.
pub(crate) fn call(id: i64, tool: &str, arguments: Value) -> Value {
    request(json!(id), "tools/call", modern(json!({"name": tool, "arguments": arguments})))
}

pub(crate) fn initialize_params(version: &str) -> Value {
    json!({"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}})
}

/// `params` with what every request of the modern lifecycle carries.
pub(crate) fn modern(mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(MODERN);
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    params["_meta"]["io.modelcontextprotocol/clientInfo"] = json!({"name": "tests", "version": "1"});
    params
}

/// The data of a tool's answer, after checking that its text is there, too.
pub(crate) fn data_of(answer: &Value) -> anyhow::Result<Value> {
    let result = answer.get("result").with_context(|| format!("a protocol error: {answer}"))?;
    ensure!(result["isError"] != json!(true), "the call failed: {answer}");
    ensure!(result["content"][0]["text"].as_str().is_some_and(|it| !it.is_empty()), "no text: {answer}");
    let data = result["structuredContent"].clone();
    ensure!(data["trace_id"].is_string(), "no trace id: {answer}");
    Ok(data)
}

/// The error of a failed call, with the sentence for people as `text`.
pub(crate) fn failure_of(answer: &Value) -> anyhow::Result<Value> {
    let result = answer.get("result").with_context(|| format!("a protocol error: {answer}"))?;
    ensure!(result["isError"] == json!(true), "the call did not fail: {answer}");
    ensure!(result.get("structuredContent").is_none(), "a failure has data, which clients check: {answer}");
    let mut error = result["_meta"]["carryall/error"].clone();
    ensure!(error["kind"].is_string() && error["trace_id"].is_string(), "no error for programs: {answer}");
    error["text"] = result["content"][0]["text"].clone();
    Ok(error)
}

/// The message with this id.
pub(crate) fn by_id<'a>(messages: &'a [Value], id: &Value) -> anyhow::Result<&'a Value> {
    let mut found = messages.iter().filter(|it| it.get("id") == Some(id) && it.get("method").is_none());
    let first = found.next().with_context(|| format!("no answer to {id}"))?;
    ensure!(found.next().is_none(), "two answers to {id}");
    Ok(first)
}

/// Another program's write transaction on the database of a home: while it lasts, every write waits.
pub(crate) struct Lock {
    connection: rusqlite::Connection,
}

impl Lock {
    #[expect(clippy::disallowed_methods, reason = "a test plays another program on the same file")]
    pub(crate) fn take(home: &Home) -> anyhow::Result<Lock> {
        let connection = rusqlite::Connection::open(home.database())?;
        connection.busy_timeout(PATIENCE)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Lock { connection })
    }

    pub(crate) fn release(self) -> anyhow::Result<()> {
        Ok(self.connection.execute_batch("ROLLBACK")?)
    }
}
