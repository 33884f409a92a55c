//! Traces that go to a collector: what it gets, and that no call ever suffers from it.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::harness::PATIENCE;
use crate::harness::Server;
use crate::harness::modern;
use crate::model_server::ModelServer;
use crate::model_server::Received;
use crate::model_server::Script;

const KEY: &str = "sk-ant-api03-Zk3vQ9xT7mB2nW8rL5pY1dF6";

fn taken() -> Script {
    Script::json(200, "{}")
}

/// The spans of a request, by their names.
fn spans(request: &Received) -> anyhow::Result<BTreeMap<String, Value>> {
    let body: Value = serde_json::from_str(&request.body)?;
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().context("no spans")?;
    spans.iter().map(|it| Ok((it["name"].as_str().context("no name")?.to_owned(), it.clone()))).collect()
}

/// The attribute `key` of a span, whatever its type.
fn attribute(span: &Value, key: &str) -> Value {
    let found = span["attributes"].as_array().into_iter().flatten().find(|it| it["key"] == key);
    let value = found.and_then(|it| it["value"].as_object()?.values().next().cloned());
    value.unwrap_or_default()
}

fn is_id(value: &Value, length: usize) -> bool {
    value.as_str().is_some_and(|it| {
        it.len() == length && it.bytes().all(|it| it.is_ascii_hexdigit()) && it.bytes().any(|it| it != b'0')
    })
}

#[test]
fn a_collector_gets_every_span_by_the_conventions_and_no_content() -> anyhow::Result<()> {
    let collector = ModelServer::start(vec![taken(), taken(), taken()])?;
    let models = ModelServer::start(vec![Script::anthropic_answer("On Fridays [1].")])?;
    let home = Home::new()?
        .with("LLM_PROVIDER", "anthropic")
        .with("ANTHROPIC_BASE_URL", models.url())
        .with("ANTHROPIC_API_KEY", KEY)
        .with("ANTHROPIC_MODEL", "claude-test")
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())
        .with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20t0ken,x-team=one")
        .with("OTEL_SERVICE_NAME", "desk");
    let mut server = home.server()?;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let ask = |parent: &str| {
        let arguments = json!({"message": "When do the secret gherkins sail?", "session_id": "s1", "user_id": "ana"});
        let mut params = modern(json!({"name": "ask", "arguments": arguments}));
        params["_meta"]["traceparent"] = parent.into();
        params["_meta"]["tracestate"] = "rojo=1".into();
        params
    };
    server.call("remember", json!({"content": format!("The gherkins sail on Fridays, and the key is {KEY}")}))?;
    server.request("tools/call", ask(parent))?;
    server.fail("recall", json!({"query": "gherkins", "limit": "many gherkins"}))?;
    // A caller that does not record its trace does not want ours.
    server.request("tools/call", {
        let mut params = modern(json!({"name": "recall", "arguments": {"query": "x"}}));
        params["_meta"]["traceparent"] = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-00".into();
        params
    })?;
    let ended = server.finish()?;
    assert!(ended.status.success() && ended.stderr.find("collector").is_none(), "{}", ended.stderr);

    let received = collector.received();
    let whole: String = received.iter().map(|it| it.body.as_str()).collect();
    let first = received.first().context("nothing was sent")?;
    assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/v1/traces"));
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!((first.header("authorization"), first.header("x-team")), (Some("Bearer t0ken"), Some("one")));
    for content in ["gherkins", "Fridays", KEY, "ana\"", "aaaaaaaaaaaa"] {
        assert!(!whole.contains(content), "{content} went out: {whole}");
    }

    let mut all = BTreeMap::new();
    for request in &received {
        all.extend(spans(request)?);
        let body: Value = serde_json::from_str(&request.body)?;
        let resource = &body["resourceSpans"][0]["resource"];
        assert_eq!(attribute(resource, "service.name"), "desk");
        assert_eq!(attribute(resource, "service.version"), env!("CARGO_PKG_VERSION"));
    }
    for (name, span) in &all {
        assert!(is_id(&span["traceId"], 32) && is_id(&span["spanId"], 16), "{name}: {span}");
        let nanos = |key: &str| span[key].as_str().and_then(|it| it.parse::<u64>().ok()).unwrap_or_default();
        let (start, end) = (nanos("startTimeUnixNano"), nanos("endTimeUnixNano"));
        assert!(start > 1_700_000_000_000_000_000 && end >= start, "{name}: {span}");
    }
    let root = &all["tools/call ask"];
    assert_eq!((&root["traceId"], &root["parentSpanId"]), (&json!(&parent[3..35]), &json!(&parent[36..52])));
    assert_eq!((&root["traceState"], &root["kind"]), (&json!("rojo=1"), &json!(2)));
    for (key, value) in [
        ("mcp.method.name", "tools/call"),
        ("gen_ai.operation.name", "execute_tool"),
        ("gen_ai.tool.name", "ask"),
        ("gen_ai.conversation.id", "s1"),
        ("network.transport", "pipe"),
        ("carryall.strategy", "single"),
    ] {
        assert_eq!(attribute(root, key), value, "{key}: {root}");
    }
    // Every state is under the call, and the model's span under its state.
    for state in ["classified", "gathering", "routed", "asking", "evaluating", "done"] {
        assert_eq!(all[state]["traceId"].as_str().map(str::len), Some(32), "{state}");
    }
    assert_eq!(all["asking"]["parentSpanId"], root["spanId"]);
    let chat = &all["chat claude-test"];
    assert_eq!((&chat["parentSpanId"], &chat["kind"]), (&all["asking"]["spanId"], &json!(3)));
    for (key, value) in [
        ("gen_ai.operation.name", json!("chat")),
        ("gen_ai.provider.name", json!("anthropic")),
        ("gen_ai.request.model", json!("claude-test")),
        ("gen_ai.usage.input_tokens", json!("20")),
        ("gen_ai.usage.output_tokens", json!("5")),
    ] {
        assert_eq!(attribute(chat, key), value, "{key}: {chat}");
    }
    assert_eq!(attribute(chat, "gen_ai.response.finish_reasons")["values"][0]["stringValue"], "stop");
    let failed = &all["tools/call recall"];
    assert_eq!(failed["status"], json!({"code": 2, "message": "invalid_argument"}));
    assert_eq!(attribute(failed, "error.type"), "tool_error");
    assert_eq!(attribute(failed, "carryall.error.kind"), "invalid_argument");
    // Ours without a caller's: the id that every answer carries.
    let own = attribute(&all["tools/call remember"], "carryall.trace_id");
    let own = own.as_str().unwrap_or_default().replace('-', "");
    assert_eq!(all["tools/call remember"]["traceId"], json!(own));
    Ok(())
}

#[test]
fn a_collector_that_hangs_breaks_or_is_not_there_costs_no_call_anything() -> anyhow::Result<()> {
    let hanging = ModelServer::start((0..8).map(|_| Script::json(200, "{").hanging()).collect())?;
    let refusing = ModelServer::start(vec![Script::json(400, "{}"), Script::json(400, "{}")])?;
    for endpoint in [hanging.url(), refusing.url(), "http://127.0.0.1:9".to_owned()] {
        let home = Home::new()?.with("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint);
        let mut server = home.server()?;
        for at in 0..20 {
            server.call("remember", json!({"content": format!("fact number {at} of {endpoint}")}))?;
        }
        let ended = server.finish()?;
        assert!(ended.status.success(), "{endpoint}: {}", ended.stderr);
        // A second for the collector, and what a busy machine takes besides.
        assert!(ended.took < std::time::Duration::from_secs(20), "{endpoint}: {:?}", ended.took);
    }
    Ok(())
}

#[test]
fn nothing_is_sent_offline_disabled_unsaid_or_where_others_read_along() -> anyhow::Result<()> {
    let collector = ModelServer::start(Vec::new())?;
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url());
    for more in [
        ("CARRYALL_OFFLINE", "1"),
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "nonsense"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no pairs"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector.example.com/v1/traces"),
    ] {
        let home = Home::new()?.with(endpoint.0, &endpoint.1).with(more.0, more.1);
        assert!(home.config()?.otlp.is_none(), "{more:?}");
        let mut server = home.server()?;
        server.call("remember", json!({"content": "quiet"}))?;
        let ended = server.finish()?;
        assert!(ended.status.success(), "{more:?}: {}", ended.stderr);
    }
    assert!(Home::new()?.config()?.otlp.is_none());
    assert_eq!(collector.received().len(), 0);
    Ok(())
}

#[test]
fn a_collector_that_is_busy_is_asked_again() -> anyhow::Result<()> {
    let busy = Script::json(503, "{}").header("retry-after", "0");
    let collector = ModelServer::start(vec![busy, taken()])?;
    let home = Home::new()?.with("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{}/in", collector.url()));
    let mut server = home.server()?;
    server.call("recall", json!({"query": "tea"}))?;
    server.finish()?;
    let received = collector.received();
    assert_eq!(received.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["/in", "/in"]);
    assert_eq!(received[0].body, received[1].body);
    Ok(())
}

#[cfg(unix)]
#[test]
fn what_goes_on_behind_the_answers_has_ended_before_the_last_traces_are_sent() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let home = Home::new()?;
    let alive = home.folder().join("alive");
    rustix::fs::mkfifoat(rustix::fs::CWD, &alive, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
    std::fs::create_dir(home.workspace().join(".git"))?;
    std::fs::write(home.workspace().join(".git/HEAD"), "ref: refs/heads/main\n")?;
    std::fs::write(home.workspace().join("a.rs"), "fn gherkin() {}\n")?;
    let programs = home.folder().join("programs");
    std::fs::create_dir(&programs)?;
    // A git that stays until it is ended, as who reads `alive` sees.
    let script = format!("#!/bin/sh\nexec 3>'{}'\necho begun >&3\nkill -STOP $$\n", alive.display());
    std::fs::write(programs.join("git"), script)?;
    std::fs::set_permissions(programs.join("git"), std::fs::Permissions::from_mode(0o755))?;
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let collector = format!("http://{}", listener.local_addr()?);
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || answer_once_git_is_gone(&alive, &listener, &tell));

    let mut command = home.carryall(&[]);
    command.env("PATH", &programs).env("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
    let mut server = Server::start(command)?;
    server.call("search_workspace", json!({"query": "gherkin"}))?;
    told.recv_timeout(PATIENCE).context("git was not asked")?;
    let ended = server.finish()?;
    assert!(ended.status.success() && !ended.stderr.contains("collector"), "{}", ended.stderr);
    Ok(())
}

/// A collector that takes nothing as long as the git that has `alive` open is there.
#[cfg(unix)]
fn answer_once_git_is_gone(
    alive: &std::path::Path,
    listener: &std::net::TcpListener,
    tell: &std::sync::mpsc::Sender<()>,
) -> anyhow::Result<()> {
    use std::io::BufRead as _;
    use std::io::Read as _;
    use std::io::Write as _;

    let mut git = std::io::BufReader::new(std::fs::File::open(alive)?);
    git.read_line(&mut String::new())?;
    tell.send(())?;
    git.read_to_end(&mut Vec::new())?;
    for stream in listener.incoming() {
        let mut request = std::io::BufReader::new(stream?);
        let mut length = 0;
        loop {
            let mut line = String::new();
            request.read_line(&mut line)?;
            match line.to_lowercase().split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse()?,
                Some(_) => {}
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        request.read_exact(&mut vec![0; length])?;
        let answer =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        request.get_mut().write_all(answer.as_bytes())?;
    }
    Ok(())
}
