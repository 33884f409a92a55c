//! A server as a host sees it: a process that is spoken to line by line.

#![expect(clippy::disallowed_methods, reason = "starts the program that it measures")]
#![allow(dead_code, clippy::allow_attributes, reason = "each bench uses what it needs")]

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use serde_json::Value;
use serde_json::json;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_carryall");

pub(crate) struct Server {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    line: String,
    next: u64,
}

impl Server {
    pub(crate) fn spawn(db: &Path) -> anyhow::Result<Server> {
        Server::spawn_with(db, &[])
    }

    /// With settings of the environment.
    fn spawn_with(db: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Server> {
        let mut command = Command::new(BINARY);
        command.env_clear().env("CARRYALL_DB", db).env("HOME", db.parent().context("no folder")?);
        command.envs(settings.iter().copied());
        Server::of(&mut command)
    }

    /// Starts a server by any command.
    pub(crate) fn of(command: &mut Command) -> anyhow::Result<Server> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdin = child.stdin.take().context("no stdin")?;
        let stdout = BufReader::new(child.stdout.take().context("no stdout")?);
        Ok(Server { child, stdin, stdout, line: String::new(), next: 0 })
    }

    pub(crate) fn start(db: &Path) -> anyhow::Result<Server> {
        Server::start_with(db, &[])
    }

    pub(crate) fn start_with(db: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Server> {
        let mut server = Server::spawn_with(db, settings)?;
        server.initialize()?;
        Ok(server)
    }

    pub(crate) fn initialize(&mut self) -> anyhow::Result<()> {
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1"}});
        self.request("initialize", &hello)?;
        Ok(writeln!(self.stdin, "{}", json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?)
    }

    /// Sends a request and returns the line of its answer.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> anyhow::Result<&str> {
        self.next += 1;
        let message = json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}).to_string();
        self.exchange(&message)
    }

    fn exchange(&mut self, message: &str) -> anyhow::Result<&str> {
        self.stdin.write_all(message.as_bytes())?;
        self.stdin.write_all(b"\n")?;
        self.line.clear();
        anyhow::ensure!(self.stdout.read_line(&mut self.line)? > 0, "the server has gone");
        anyhow::ensure!(
            !self.line.contains("\"isError\":true") && !self.line.contains("\"error\":{\"code\""),
            "{message:.200} got {:.500}",
            self.line
        );
        Ok(&self.line)
    }

    /// The time of one call of a tool, from its line to its answer's.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> anyhow::Result<Duration> {
        self.next += 1;
        let message = json!({"jsonrpc": "2.0", "id": self.next, "method": "tools/call",
            "params": {"name": tool, "arguments": arguments}})
        .to_string();
        let begun = Instant::now();
        self.exchange(&message)?;
        Ok(begun.elapsed())
    }

    /// Calls a tool and returns the data of its result.
    pub(crate) fn data(&mut self, tool: &str, arguments: &Value) -> anyhow::Result<Value> {
        self.call(tool, arguments)?;
        let mut answer: Value = serde_json::from_str(&self.line)?;
        Ok(answer["result"]["structuredContent"].take())
    }

    /// Ends the process, which need not end by itself.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Closes the input; the time until the process has ended.
    pub(crate) fn end(mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        drop(self.stdin);
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "{status}");
        Ok(begun.elapsed())
    }

    /// Time that the process has had a processor for.
    pub(crate) fn busy(&self) -> anyhow::Result<Duration> {
        Server::busy_of(self.child.id())
    }

    /// The same of any process of this user's: the sum over its threads, to the nanosecond.
    pub(crate) fn busy_of(id: u32) -> anyhow::Result<Duration> {
        let mut busy = Duration::ZERO;
        for thread in std::fs::read_dir(format!("/proc/{id}/task"))? {
            // A thread may end while its file is looked for.
            let Ok(text) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            busy += Duration::from_nanos(text.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or(0));
        }
        Ok(busy)
    }

    /// Resident memory in KiB: now, and at its highest.
    pub(crate) fn memory(&self) -> anyhow::Result<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|it| it.trim().trim_end_matches(" kB").parse().ok()).context("no such field")
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }
}
