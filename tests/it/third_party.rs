//! The server against programs that nobody here wrote: clients, inspector, conformance suite, fuzzer, model servers.

mod install;

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::process::Child;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::ensure;
use serde_json::Value;
use serde_json::json;

use crate::harness::CARRYALL;
use crate::harness::Home;
use crate::harness::PATIENCE;
use crate::harness::command;
use install::node;
use install::python;
use install::script;

/// How a program ended, with what it said.
struct Finished {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

/// Runs a command to its end, or kills it after `limit`.
fn finish(command: &mut std::process::Command, limit: Duration) -> anyhow::Result<Finished> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let read = |stream: Option<Box<dyn Read + Send>>| {
        let (done, text) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut stream) = stream {
                let _ = stream.read_to_end(&mut bytes);
            }
            done.send(String::from_utf8_lossy(&bytes).into_owned())
        });
        text
    };
    let stdout = read(child.stdout.take().map(|it| Box::new(it) as Box<dyn Read + Send>));
    let stderr = read(child.stderr.take().map(|it| Box::new(it) as Box<dyn Read + Send>));
    let Ok(stdout) = stdout.recv_timeout(limit) else {
        child.kill()?;
        child.wait()?;
        anyhow::bail!("it does not end within {limit:?}");
    };
    let status = child.wait()?;
    Ok(Finished { status, stdout, stderr: stderr.recv_timeout(limit).unwrap_or_default() })
}

/// A program that serves until the end of the test.
struct Background {
    child: Child,
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A home with three documents in its workspace.
fn home_with_documents() -> anyhow::Result<Home> {
    let home = Home::new()?;
    for (name, text) in [("tea.md", "# Tea\n\nAna drinks tea."), ("a.txt", "plain text"), ("b.md", "# Other")] {
        std::fs::write(home.workspace().join(name), text)?;
    }
    Ok(home)
}

#[test]
fn the_python_client_is_served_in_both_lifecycles() -> anyhow::Result<()> {
    let Some(python) = python()? else { return Ok(()) };
    let home = home_with_documents()?;
    let mut client = command(python.join("python"));
    client.arg(script("client.py")).arg(CARRYALL).envs(home.environment()).current_dir(home.workspace());
    let finished = finish(&mut client, PATIENCE)?;
    assert!(finished.status.success() && finished.stdout.trim() == "ok", "{}\n{}", finished.stdout, finished.stderr);
    Ok(())
}

#[test]
fn both_typescript_clients_are_served() -> anyhow::Result<()> {
    let Some(node) = node()? else { return Ok(()) };
    let home = home_with_documents()?;
    let mut client = node.run(script("client.mjs"))?;
    client.arg(CARRYALL).arg(&node.packages).envs(home.environment()).current_dir(home.workspace());
    let finished = finish(&mut client, PATIENCE)?;
    assert!(finished.status.success() && finished.stdout.trim() == "ok", "{}\n{}", finished.stdout, finished.stderr);
    Ok(())
}

#[test]
fn the_inspector_has_nothing_to_say_in_strict_mode() -> anyhow::Result<()> {
    let Some(node) = node()? else { return Ok(()) };
    let home = Home::new()?;
    for era in ["legacy", "auto", "modern"] {
        let mut inspector = node.run(node.program_of_packages("mcp-inspector"))?;
        inspector.args(["--cli", CARRYALL, "--protocol-era", era, "--method", "tools/list", "--strict"]);
        inspector.envs(home.environment()).current_dir(home.workspace());
        let finished = finish(&mut inspector, PATIENCE)?;
        assert!(finished.status.success(), "{era}: {}", finished.stderr);
        let said = finished.stderr.to_lowercase();
        assert!(!said.contains("warning") && !said.contains("ignored"), "{era}: {}", finished.stderr);
        assert!(finished.stdout.contains("\"remember\""), "{era}: {}", finished.stdout);
    }
    let mut inspector = node.run(node.program_of_packages("mcp-inspector"))?;
    inspector.args(["--cli", CARRYALL, "--method", "tools/call", "--tool-name", "remember"]);
    inspector.args(["--tool-arg", "content=Ana drinks tea", "--tool-arg", "importance=0.5"]);
    let finished = finish(inspector.envs(home.environment()).current_dir(home.workspace()), PATIENCE)?;
    assert!(finished.status.success() && finished.stdout.contains("stored"), "{}", finished.stderr);
    Ok(())
}

/// The scenarios of the conformance suite that need no fixture tools and say nothing about HTTP itself.
const CONFORMANCE: [(&str, &[&str]); 2] = [
    (
        "2025-11-25",
        &[
            "server-initialize",
            "ping",
            "completion-complete",
            "tools-list",
            "resources-list",
            "prompts-list",
            "server-sse-multiple-streams",
            "server-session-lifecycle",
        ],
    ),
    (
        "2026-07-28",
        &[
            "completion-complete",
            "tools-list",
            "resources-list",
            "prompts-list",
            "server-sse-multiple-streams",
            "caching",
            "sep-2164-resource-not-found",
            "input-required-result-unsupported-methods",
            "input-required-result-missing-input-response",
            "input-required-result-ignore-extra-params",
            "input-required-result-validate-input",
        ],
    ),
];

#[test]
fn the_conformance_suite_passes_where_it_needs_no_fixtures() -> anyhow::Result<()> {
    let Some(node) = node()? else { return Ok(()) };
    let home = Home::new()?;
    let mut bridge = node.run(script("bridge.mjs"))?;
    bridge.arg(CARRYALL).envs(home.environment()).current_dir(home.workspace());
    let mut bridge = Background { child: bridge.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()? };
    let mut address = String::new();
    BufReader::new(bridge.child.stdout.take().context("stdout is a pipe")?).read_line(&mut address)?;
    for (revision, scenarios) in CONFORMANCE {
        let results = home.folder().join(revision);
        let mut suite = node.run(node.program_of_packages("conformance"))?;
        suite.args(["server", "--url", address.trim(), "--requirements", revision, "-o"]).arg(&results);
        // It fails as a whole: most scenarios want tools that only a fixture server has.
        let finished = finish(suite.current_dir(home.folder()), PATIENCE)?;
        for scenario in scenarios {
            let passed = format!("✓ {scenario}: ");
            assert!(finished.stdout.contains(&passed), "{revision} {scenario}:\n{}", finished.stdout);
        }
        // Whatever was asked, each message that came back must be as the protocol's schema says.
        let mut checked = 0;
        for scenario in std::fs::read_dir(&results)? {
            let text = std::fs::read_to_string(scenario?.path().join("checks.json")).unwrap_or_default();
            let checks: Value = serde_json::from_str(&text).unwrap_or_default();
            for check in checks.as_array().into_iter().flatten().filter(|it| it["id"] == "wire-schema-valid") {
                assert_eq!(check["status"], "SUCCESS", "{revision}: {check}");
                checked += 1;
            }
        }
        assert!(checked > 20, "{revision}: only {checked} exchanges were checked");
    }
    Ok(())
}

#[test]
fn the_fuzzer_finds_no_crash_and_no_hang() -> anyhow::Result<()> {
    let Some(python) = python()? else { return Ok(()) };
    let home = home_with_documents()?;
    let results = home.folder().join("fuzzed");
    std::fs::create_dir(&results)?;
    let mut fuzzer = command(python.join("mcp-fuzzer"));
    fuzzer.args(["--mode", "all", "--phase", "both", "--protocol", "stdio", "--endpoint", CARRYALL]);
    fuzzer.args(["--runs", "20", "--runs-per-type", "5", "--timeout", "10", "--tool-timeout", "5", "--seed", "1"]);
    fuzzer.arg("--no-network").arg("--fs-root").arg(&results).arg("--output-dir").arg(&results);
    fuzzer.envs(home.environment()).current_dir(home.workspace());
    let finished = finish(&mut fuzzer, PATIENCE)?;
    assert!(finished.status.success(), "{}", finished.stderr);
    let summary: Value = serde_json::from_str(&std::fs::read_to_string(results.join("run_summary.json"))?)?;
    let kinds = summary["findings"]["by_category"].as_object().context("findings by category")?;
    // Its other kinds are guesses that do not hold here: an odd but well-formed request is answered, a wrong value is
    // named in its error, and a second write with the same expected_version is refused.
    for kind in ["crash", "hang", "internal_error", "error_leakage", "oversized_response", "memory_growth"] {
        assert!(!kinds.contains_key(kind), "{kind}\n{}", std::fs::read_to_string(results.join("findings.json"))?);
    }
    let told: Vec<&str> = finished.stdout.lines().filter(|it| it.contains("crashes)")).collect();
    assert!(told.len() >= 10, "{}", finished.stdout);
    assert!(told.iter().all(|it| it.contains(" 0 transport/protocol anomalies, 0 crashes)")), "{told:#?}");
    Ok(())
}

/// A port that nobody listens on.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Starts a server of models and waits until it listens.
fn model_server(command: &mut std::process::Command, port: u16) -> anyhow::Result<Background> {
    let mut server = Background { child: command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()? };
    let begun = std::time::Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(server.child.try_wait()?.is_none(), "it ended at once");
        ensure!(begun.elapsed() < PATIENCE, "it does not listen");
        // Nothing tells when somebody else's program begins to listen.
        std::thread::park_timeout(Duration::from_millis(20));
    }
    Ok(server)
}

/// A home that asks `provider` at `base_url`, and nobody else.
fn home_that_asks(provider: &str, base_url: &str, model: &str) -> anyhow::Result<Home> {
    let upper = if provider == "azure" { "AZURE_OPENAI".to_owned() } else { provider.to_uppercase() };
    Ok(Home::new()?
        .with("LLM_PROVIDER", provider)
        .with(&format!("{upper}_BASE_URL"), base_url)
        .with(&format!("{upper}_API_KEY"), "key")
        .with(&format!("{upper}_MODEL"), model))
}

#[test]
fn ask_understands_the_three_wire_formats_of_aimock() -> anyhow::Result<()> {
    let Some(node) = node()? else { return Ok(()) };
    let port = free_port()?;
    let mut models = node.run(node.packages.join("node_modules/@copilotkit/aimock/dist/cli.js"))?;
    models.args(["--port", &port.to_string(), "--strict", "--fixtures"]).arg(script("models.json"));
    let _models = model_server(&mut models, port)?;
    let bare = format!("http://127.0.0.1:{port}");
    for (provider, address, model) in [
        ("openai", format!("{bare}/v1"), "gpt-4o-mini"),
        ("openrouter", format!("{bare}/api/v1"), "openai/gpt-4o-mini"),
        ("anthropic", bare.clone(), "claude-sonnet-4-5"),
        ("ollama", bare, "llama3"),
    ] {
        let mut server = home_that_asks(provider, &address, model)?.server()?;
        let asked = json!({"message": "which database do we use?", "session_id": "s"});
        let answer = server.call("ask", asked).with_context(|| provider.to_owned())?;
        assert_eq!(answer["answer"], "SQLite, in one file: größer ist nichts. 🗄", "{provider}");
        assert_eq!((&answer["provider"], &answer["model"]), (&json!(provider), &json!(model)), "{answer}");
        assert_eq!(answer["finish_reason"], "stop", "{answer}");
        assert_eq!(answer["attempts"].as_array().map(Vec::len), Some(1), "{answer}");
        if provider == "ollama" {
            assert_eq!(answer["cost_usd"], 0.0, "{answer}");
        }
        // The turn was kept: the session can be read.
        let read = crate::harness::modern(json!({"uri": "carryall://session/s"}));
        let read = server.request("resources/read", read)?;
        assert!(read["result"]["contents"][0]["text"].as_str().is_some_and(|it| it.contains("größer")), "{read}");
        let failure = server.fail("ask", json!({"message": "too many requests?", "context": "none"}))?;
        assert_eq!(failure["kind"], "rate_limited", "{provider}: {failure}");
        assert!(failure["attempts"].as_array().is_some_and(|it| !it.is_empty()), "{provider}: {failure}");
        let mut server = home_that_asks(provider, &address, model)?.server()?;
        let failure = server.fail("ask", json!({"message": "is it broken?", "context": "none", "timeout_s": 20}))?;
        let kind = failure["kind"].as_str().unwrap_or_default();
        assert!(["provider_error", "overloaded"].contains(&kind), "{provider}: {failure}");
    }
    Ok(())
}

#[test]
fn every_provider_tells_the_faults_of_aimock_as_what_they_are() -> anyhow::Result<()> {
    let Some(node) = node()? else { return Ok(()) };
    let port = free_port()?;
    let mut models = node.run(node.packages.join("node_modules/@copilotkit/aimock/dist/cli.js"))?;
    models.args(["--port", &port.to_string(), "--strict", "--fixtures"]).arg(script("models.json"));
    let _models = model_server(&mut models, port)?;
    let bare = format!("http://127.0.0.1:{port}");
    let faults: [(&str, &[&str]); 8] = [
        ("the wrong key?", &["authentication"]),
        ("is there no money?", &["quota"]),
        ("is it too long?", &["context_too_long"]),
        ("too many requests?", &["rate_limited"]),
        ("is it broken?", &["provider_error"]),
        ("is it overloaded?", &["overloaded"]),
        ("was it cut off?", &["truncated"]),
        // Half a JSON document may be either.
        ("is it garbled?", &["malformed", "truncated"]),
    ];
    for (provider, path, variable) in [
        ("openai", "/v1", ("OPENAI_API", "chat")),
        ("openai", "/v1", ("OPENAI_API", "responses")),
        ("anthropic", "", ("OPENAI_API", "chat")),
        ("azure", "", ("OPENAI_API", "chat")),
        ("azure", "", ("AZURE_OPENAI_API_VERSION", "2024-10-21")),
        ("openrouter", "/api/v1", ("OPENAI_API", "chat")),
        ("ollama", "", ("OPENAI_API", "chat")),
        ("lmstudio", "/v1", ("OPENAI_API", "chat")),
    ] {
        let at = format!("{provider} {variable:?}");
        let home = home_that_asks(provider, &format!("{bare}{path}"), "gpt-4o-mini")?.with(variable.0, variable.1);
        let answer = home.server()?.call("ask", json!({"message": "which database do we use?", "context": "none"}));
        let answer = answer.with_context(|| at.clone())?;
        assert_eq!(answer["answer"], "SQLite, in one file: größer ist nichts. 🗄", "{at}");
        for (message, kinds) in &faults {
            let asked = json!({"message": message, "context": "none", "timeout_s": 5});
            let failure = home.server()?.fail("ask", asked).with_context(|| format!("{at}: {message}"))?;
            assert!(kinds.iter().any(|it| failure["kind"] == *it), "{at}: {message}: {failure}");
            let attempts = failure["attempts"].as_array().map_or(0, Vec::len);
            let is_final = ["authentication", "quota", "context_too_long"].iter().any(|it| failure["kind"] == *it);
            assert!(attempts >= 1 && (!is_final || attempts == 1), "{at}: {message}: {failure}");
        }
    }
    Ok(())
}

/// Posts JSON to llmock's control interface, or gets from it when there is none; returns the body.
fn control(port: u16, path: &str, body: Option<&Value>) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let (method, body) = body.map_or(("GET", String::new()), |it| ("POST", it.to_string()));
    let length = body.len();
    let head = format!("{method} /_llmock/{path} HTTP/1.1\r\nHost: llmock\r\nConnection: close\r\n");
    stream.write_all(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer")?;
    ensure!(head.starts_with("HTTP/1.1 20"), "{head}");
    Ok(body.to_owned())
}

/// llmock's judgement of its client so far must be without an error and without a warning; then it forgets.
fn assert_clean_verdict(port: u16, at: &str) -> anyhow::Result<()> {
    let verdict: Value = serde_json::from_str(&control(port, "verdict", None)?)?;
    assert_eq!((&verdict["errors"], &verdict["warnings"]), (&json!(0), &json!(0)), "{at}: {verdict}");
    control(port, "reset", Some(&json!({})))?;
    Ok(())
}

#[test]
fn ask_bears_what_llmock_does_to_it() -> anyhow::Result<()> {
    let Some(python) = python()? else { return Ok(()) };
    let port = free_port()?;
    let mut models = command(python.join("llmock"));
    // With a pause between pieces, as models have it: the judge sees that nobody reads on by a connection that closes before
    // the last piece was sent, and without a pause all of them are under way within a millisecond.
    models.args(["serve", "--response-style", "echo", "--stream-chunk-delay-ms", "20", "--port", &port.to_string()]);
    let _models = model_server(&mut models, port)?;
    for (provider, api, address, model) in [
        ("openai", "chat", format!("http://127.0.0.1:{port}/v1"), "gpt-4o-mini"),
        ("openai", "responses", format!("http://127.0.0.1:{port}/v1"), "gpt-4o-mini"),
        ("anthropic", "chat", format!("http://127.0.0.1:{port}/anthropic"), "claude-sonnet-4-5"),
    ] {
        let question = json!({"message": "tell me of zebras in one file", "context": "none", "timeout_s": 30});
        let ask = || home_that_asks(provider, &address, model)?.with("OPENAI_API", api).server();
        let answer = ask()?.call("ask", question.clone()).with_context(|| provider.to_owned())?;
        assert!(answer["answer"].as_str().is_some_and(|it| it.contains("zebras")), "{provider}: {answer}");
        assert!(answer["usage"]["output_tokens"].as_u64().is_some_and(|it| it > 0), "{provider}: {answer}");
        // A fault that passes is borne; the attempts tell of it, and the judge has nothing to say.
        let passing = [
            json!({"type": "fail", "status": 429, "retry_after": 0.3, "times": 1}),
            json!({"type": "fail", "status": 500, "times": 1}),
            json!({"type": "fail", "status": 503, "times": 1}),
            json!({"type": "fail", "status": 529, "times": 1}),
            json!({"type": "stream_fault", "kind": "truncate", "after_chunks": 2, "times": 1}),
            json!({"type": "stream_fault", "kind": "disconnect", "after_chunks": 2, "times": 1}),
            json!({"type": "stream_fault", "kind": "malformed", "after_chunks": 2, "times": 1}),
        ];
        for fault in passing {
            let at = format!("{provider} {api} {fault}");
            control(port, "scenario", Some(&json!({"behaviors": [fault]})))?;
            let answer = ask()?.call("ask", question.clone()).with_context(|| at.clone())?;
            assert_eq!(answer["attempts"].as_array().map(Vec::len), Some(2), "{at}: {answer}");
            assert!(answer["answer"].as_str().is_some_and(|it| it.contains("zebras")), "{at}: {answer}");
            assert_clean_verdict(port, &at)?;
        }
        // A stream that breaks again is never passed off as a whole answer.
        for kind in ["truncate", "disconnect", "malformed"] {
            let fault = json!({"type": "stream_fault", "kind": kind, "after_chunks": 2, "times": null});
            control(port, "scenario", Some(&json!({"behaviors": [fault]})))?;
            let failure = ask()?.fail("ask", question.clone()).with_context(|| format!("{provider} {kind}"))?;
            let told = failure["kind"].as_str().unwrap_or_default();
            assert!(["truncated", "malformed", "unreachable"].contains(&told), "{provider} {kind}: {failure}");
            control(port, "reset", Some(&json!({})))?;
        }
        let stall =
            json!({"type": "stream_fault", "kind": "stall", "after_chunks": 2, "stall_seconds": 20, "times": 1});
        control(port, "scenario", Some(&json!({"behaviors": [stall]})))?;
        let hurried = json!({"message": "tell me of zebras", "context": "none", "timeout_s": 1});
        assert_eq!(ask()?.fail("ask", hurried)?["kind"], "timeout", "{provider} {api}");
        assert_clean_verdict(port, &format!("{provider} {api} stall"))?;
        for (status, kind) in [(401, "authentication"), (400, "invalid_request"), (403, "authentication")] {
            let fault = json!({"type": "fail", "status": status, "times": null});
            control(port, "scenario", Some(&json!({"behaviors": [fault]})))?;
            let failure = ask()?.fail("ask", question.clone())?;
            assert_eq!(failure["kind"], kind, "{provider} {status}: {failure}");
            assert_clean_verdict(port, &format!("{provider} {api} {status}"))?;
        }
    }
    Ok(())
}
