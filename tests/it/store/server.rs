//! The real server as a child process, spoken to as a host does, one call after the other.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::process::ChildStdin;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context;
use carryall::store::Health;
use carryall::store::Store;
use serde_json::Value;
use serde_json::json;

/// Longer than the busiest machine takes for anything that is tried here.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server.
pub(super) struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
    next: u64,
}

/// The command that serves the database at `db`, with nothing of our environment.
#[expect(clippy::disallowed_methods, reason = "tests start the program under test")]
pub(super) fn command(wrapper: &[&str], db: &Path) -> Command {
    let binary = env!("CARGO_BIN_EXE_carryall");
    let mut command = match wrapper.split_first() {
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(binary);
            command
        }
        None => Command::new(binary),
    };
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("CARRYALL_DB", db);
    command.env("HOME", db.parent().unwrap_or(Path::new("/")));
    command
}

impl Server {
    pub(super) fn start(db: &Path) -> anyhow::Result<Server> {
        Server::start_with(command(&[], db))
    }

    pub(super) fn start_with(mut command: Command) -> anyhow::Result<Server> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("no stdout")?;
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut server = Server { child, stdin, lines, next: 0 };
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"}});
        let id = server.send("initialize", hello)?;
        server.answer(id)?;
        server.write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
        Ok(server)
    }

    fn write(&mut self, message: &Value) -> anyhow::Result<()> {
        let stdin = self.stdin.as_mut().context("the input is closed")?;
        writeln!(stdin, "{message}")?;
        Ok(stdin.flush()?)
    }

    /// Sends a request and returns its id.
    pub(super) fn send(&mut self, method: &str, params: Value) -> anyhow::Result<u64> {
        self.next += 1;
        let id = self.next;
        let mut message = json!({"jsonrpc": "2.0", "id": id, "method": method});
        message["params"] = params;
        self.write(&message)?;
        Ok(id)
    }

    /// Sends a call of a tool and returns its id.
    pub(super) fn send_call(&mut self, tool: &str, arguments: Value) -> anyhow::Result<u64> {
        let mut params = json!({"name": tool});
        params["arguments"] = arguments;
        self.send("tools/call", params)
    }

    /// The next answer, whichever it is: its id and result; `None` when the server has gone.
    pub(super) fn next_answer(&mut self) -> anyhow::Result<Option<(u64, Value)>> {
        loop {
            let line = match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => line,
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(None),
                Err(mpsc::RecvTimeoutError::Timeout) => anyhow::bail!("no answer within {PATIENCE:?}"),
            };
            // The last line of a killed server may be cut.
            let Ok(mut message) = serde_json::from_str::<Value>(&line) else { continue };
            if let Some(id) = message["id"].as_u64() {
                anyhow::ensure!(message.get("error").is_none(), "{message}");
                return Ok(Some((id, message["result"].take())));
            }
        }
    }

    fn answer(&mut self, id: u64) -> anyhow::Result<Value> {
        let (found, result) = self.next_answer()?.context("the server has gone")?;
        anyhow::ensure!(found == id, "answer {found} instead of {id}");
        Ok(result)
    }

    /// Calls a tool and returns its result, failed or not.
    pub(super) fn call(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Value> {
        let id = self.send_call(tool, arguments)?;
        self.answer(id)
    }

    /// Calls a tool that must not fail, and returns its data.
    pub(super) fn done(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Value> {
        let mut result = self.call(tool, arguments)?;
        anyhow::ensure!(result["isError"] != true, "{tool}: {}", result["content"][0]["text"]);
        Ok(result["structuredContent"].take())
    }

    /// Calls a tool that must fail, and returns the kind and the text of the failure.
    pub(super) fn fails(&mut self, tool: &str, arguments: Value) -> anyhow::Result<(String, String)> {
        let result = self.call(tool, arguments)?;
        anyhow::ensure!(result["isError"] == true, "{tool} did not fail: {result}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok((text(&result["_meta"]["carryall/error"]["kind"]), text(&result["content"][0]["text"])))
    }

    /// Remembers one text and returns its id.
    pub(super) fn remember(&mut self, content: &str) -> anyhow::Result<String> {
        let stored = self.done("remember", json!({"content": content}))?;
        Ok(stored["memories"][0]["id"].as_str().context("no id")?.to_owned())
    }

    /// The contents that a question finds.
    pub(super) fn recall(&mut self, query: &str) -> anyhow::Result<Vec<String>> {
        let found = self.done("recall", json!({"query": query}))?;
        let memories = found["memories"].as_array().context("no list")?;
        Ok(memories.iter().filter_map(|it| it["content"].as_str()).map(str::to_owned).collect())
    }

    /// Kills the server as the system would, and returns the answers that were on their way.
    pub(super) fn kill(mut self) -> anyhow::Result<Vec<(u64, Value)>> {
        self.child.kill()?;
        self.child.wait()?;
        let mut answers = Vec::new();
        while let Some(answer) = self.next_answer()? {
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Closes the input and waits for the end, which must be a good one.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        self.stdin = None;
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks the file over: whole, and full text and rows agree. Returns what it found.
pub(super) fn check_sound(db: &Path) -> anyhow::Result<Health> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let health = runtime.block_on(async {
        let store = Store::new(db);
        let health = store.health().await;
        store.close().await;
        health
    })?;
    anyhow::ensure!(health.integrity == "ok", "{health:?}");
    anyhow::ensure!(health.text_disagreements == 0, "{health:?}");
    Ok(health)
}

/// A connection from outside, as another program has it.
#[expect(clippy::disallowed_methods, reason = "plays another program")]
pub(super) fn outside(db: &Path) -> anyhow::Result<rusqlite::Connection> {
    Ok(rusqlite::Connection::open(db)?)
}
