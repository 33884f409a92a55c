//! Providers as a person sets them up: by variables and the user file, with the real program.

use std::process::Stdio;

use anyhow::Context as _;
use anyhow::ensure;
use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::model_server::ModelServer;
use crate::model_server::Script;

/// What must never be seen again.
const CANARY: &str = "sk-canary-7f3a9d2e5b8c1f60";

/// The answer to a request, in the format of its address.
fn answer_for(path: &str, text: &str) -> Script {
    if path.ends_with("/responses") {
        let output = json!([{"type": "message", "content": [{"type": "output_text", "text": text}]}]);
        let usage = json!({"input_tokens": 20, "output_tokens": 5});
        let response = json!({"id": "r", "status": "completed", "output": output, "usage": usage});
        let done = json!({"type": "response.completed", "response": response});
        return Script::events(&format!("event: response.completed\ndata: {done}\n\n"));
    }
    match path {
        "/v1/messages" => Script::anthropic_answer(text),
        "/api/chat" => Script::ollama_answer(text),
        _ => Script::openai_answer(text),
    }
}

/// Runs the program and returns its exit code with what it wrote, both streams after another.
fn run(home: &Home, arguments: &[&str]) -> anyhow::Result<(Option<i32>, String)> {
    let done = home.carryall(arguments).stdin(Stdio::null()).output()?;
    let text = [done.stdout, done.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
    Ok((done.status.code(), text))
}

#[test]
fn another_provider_needs_another_name_and_nothing_else() -> anyhow::Result<()> {
    let asked = [
        ("openai", "/v1/chat/completions"),
        ("anthropic", "/v1/messages"),
        ("azure", "/openai/v1/chat/completions"),
        ("openrouter", "/api/v1/chat/completions"),
        ("ollama", "/api/chat"),
        ("lmstudio", "/v1/chat/completions"),
    ];
    let server = ModelServer::start(asked.iter().map(|(name, path)| answer_for(path, name)).collect())?;
    let url = server.url();
    let mut home = Home::new()?;
    for (prefix, base) in [
        ("OPENAI", "/v1"),
        ("ANTHROPIC", ""),
        ("AZURE_OPENAI", ""),
        ("OPENROUTER", "/api/v1"),
        ("OLLAMA", ""),
        ("LMSTUDIO", "/v1"),
    ] {
        home = home
            .with(&format!("{prefix}_BASE_URL"), format!("{url}{base}"))
            .with(&format!("{prefix}_API_KEY"), "sk-test-key-of-this-one")
            .with(&format!("{prefix}_MODEL"), "some-model");
    }
    for (name, _) in asked {
        let (code, text) =
            run(&home.clone_with("LLM_PROVIDER", name), &["ask", "hello", "--context", "none", "--json"])?;
        ensure!(code == Some(0), "{name}: {text}");
        let reply: Value = serde_json::from_str(&text).with_context(|| text.clone())?;
        assert_eq!((&reply["answer"], &reply["provider"]), (&json!(name), &json!(name)), "{reply}");
    }
    let paths: Vec<String> = server.received().into_iter().map(|it| it.path).collect();
    assert_eq!(paths, asked.map(|it| it.1));
    Ok(())
}

/// The fenced blocks of one language in a document.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    document.split(&fence).skip(1).filter_map(|it| it.split_once("```")).map(|it| it.0).collect()
}

/// `text` with the host of the first address in it replaced by that of `server`; returns the path as well.
fn at_server(text: &str, server: &ModelServer) -> (String, String) {
    let begin = text.find("://").and_then(|at| text[..at].rfind("http")).unwrap_or_default();
    let rest = &text[begin..];
    let end = rest.find(['\n', '"']).unwrap_or(rest.len());
    let address = &rest[..end];
    let path = address.splitn(4, '/').nth(3).map(|it| format!("/{it}")).unwrap_or_default();
    (text.replacen(address, &format!("{}{path}", server.url()), 1), path)
}

#[test]
fn every_example_of_the_documentation_answers() -> anyhow::Result<()> {
    let document = include_str!("../../docs/providers.md").replace("\r\n", "\n");
    let examples = blocks(&document, "sh");
    assert_eq!(examples.len(), 8);
    for example in examples {
        let provider = example.lines().find_map(|it| it.strip_prefix("export LLM_PROVIDER=")).context("a provider")?;
        let path = match provider {
            _ if example.contains("OPENAI_API=responses") => "/v1/responses",
            "azure" if example.contains("API_VERSION") => {
                "/openai/deployments/my-gpt-4o-mini/chat/completions?api-version=2024-10-21"
            }
            "azure" => "/openai/v1/chat/completions",
            "openrouter" => "/api/v1/chat/completions",
            "anthropic" => "/v1/messages",
            "ollama" => "/api/chat",
            _ => "/v1/chat/completions",
        };
        let server = ModelServer::start(vec![answer_for(path, "Hello!")])?;
        let (example, _) = at_server(example, &server);
        let mut home = Home::new()?;
        for (name, value) in example.lines().filter_map(|it| it.strip_prefix("export ")?.split_once('=')) {
            home = home.with(name, value);
        }
        let command = example.lines().last().context("a command")?;
        assert_eq!(command, "carryall ask \"Say hello.\"");
        let (code, text) = run(&home, &["ask", "Say hello."])?;
        ensure!(code == Some(0) && text.contains("Hello!"), "{example}\n{text}");
        assert_eq!(server.received()[0].path, path, "{example}");
    }

    let examples = blocks(&document, "toml");
    assert_eq!(examples.len(), 5);
    for example in examples {
        let server = ModelServer::start(vec![answer_for("/v1/chat/completions", "Hello!")])?;
        let (example, base) = at_server(example, &server);
        let home = Home::new()?;
        let file = home.folder().join("user.toml");
        std::fs::write(&file, &example)?;
        let mut home = home.with("CARRYALL_CONFIG", file.to_string_lossy());
        let key = example.lines().find_map(|it| it.strip_prefix("api_key_env = \"")?.strip_suffix('"'));
        if let Some(name) = key {
            home = home.with(name, "sk-key-of-the-example");
        }
        let (code, text) = run(&home, &["ask", "Say hello."])?;
        ensure!(code == Some(0) && text.contains("Hello!"), "{example}\n{text}");
        let received = &server.received()[0];
        assert_eq!(received.path, format!("{base}/chat/completions"), "{example}");
        let sent = received.headers.iter().any(|it| it.1.contains("sk-key-of-the-example"));
        assert_eq!(sent, key.is_some(), "{example}");
    }
    Ok(())
}

#[test]
fn every_variable_of_a_provider_is_documented() {
    let document = include_str!("../../docs/providers.md");
    for setting in carryall::config::settings() {
        for variable in setting.variables.iter().filter(|_| setting.name.starts_with("providers.")) {
            assert!(document.contains(&format!("`{variable}`")), "{variable}");
        }
    }
}

#[test]
fn providers_are_asked_what_they_have() -> anyhow::Result<()> {
    let list = Script::json(200, r#"{"data":[{"id":"gpt-4o-mini"},{"id":"gpt-5"}]}"#);
    let no = Script::json(401, &json!({"error": {"message": format!("bad key {CANARY}")}}).to_string());
    let (openai, anthropic) =
        (ModelServer::start(vec![list.clone(), list])?, ModelServer::start(vec![no.clone(), no])?);
    let home = Home::new()?
        .with("OPENAI_BASE_URL", format!("{}/v1", openai.url()))
        .with("OPENAI_API_KEY", CANARY)
        .with("OPENAI_MODEL", "gpt-4o-minni")
        .with("ANTHROPIC_BASE_URL", anthropic.url())
        .with("ANTHROPIC_API_KEY", CANARY)
        // Nobody listens there.
        .with("OLLAMA_BASE_URL", "http://127.0.0.1:9")
        .with("LMSTUDIO_BASE_URL", "http://127.0.0.1:9/v1");
    let (code, text) = run(&home, &["ask", "--list-models", "--json"])?;
    let listed: Value = serde_json::from_str(&text).with_context(|| text.clone())?;
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(listed["providers"][1], json!({"provider": "openai", "models": ["gpt-4o-mini", "gpt-5"]}), "{text}");
    assert_eq!(listed["providers"][0]["error"]["kind"], "authentication", "{text}");
    assert_eq!(listed["providers"].as_array().map(Vec::len), Some(2), "{text}");
    let (_, told) = run(&home, &["doctor"])?;
    assert!(told.contains("reachable, 2 models"), "{told}");
    assert!(told.contains("gpt-4o-minni is not among those"), "{told}");
    assert!(told.contains("set ANTHROPIC_API_KEY to a key"), "{told}");
    assert!(!format!("{text}{told}").contains(CANARY), "{text}\n{told}");

    let (code, text) = run(&home.clone_with("CARRYALL_OFFLINE", "1"), &["ask", "--list-models"])?;
    assert!(code == Some(3) && text.contains("offline"), "{text}");
    Ok(())
}

#[test]
fn a_key_is_in_no_log_no_trace_and_no_answer() -> anyhow::Result<()> {
    let echo = |status: u16| {
        let message = format!("no good: {CANARY}, Bearer {CANARY}, sk-canary-****1f60");
        Script::json(status, &json!({"error": {"message": message, "code": CANARY}}).to_string())
            .header("x-request-id", CANARY)
    };
    let moved = |url: &str| Script::json(302, "").header("location", &format!("{url}/{CANARY}"));
    for (prefix, provider, base) in [
        ("OPENAI", "openai", "/v1"),
        ("ANTHROPIC", "anthropic", ""),
        ("OLLAMA", "ollama", ""),
        ("AZURE_OPENAI", "azure", ""),
    ] {
        let elsewhere = ModelServer::start(vec![])?;
        // The last one is asked for twice.
        let scripts = vec![echo(400), echo(401), moved(&elsewhere.url()), echo(500), echo(500)];
        let count = scripts.len() - 1;
        let server = ModelServer::start(scripts)?;
        let home = Home::new()?
            .with("RUST_LOG", "trace")
            .with("LLM_PROVIDER", provider)
            .with(&format!("{prefix}_BASE_URL"), format!("{}{base}", server.url()))
            .with(&format!("{prefix}_API_KEY"), CANARY)
            .with(&format!("{prefix}_MODEL"), "m");
        let mut session = home.server()?;
        let mut seen = String::new();
        for _ in 0..count {
            seen.push_str(&session.fail("ask", json!({"message": "hello", "session_id": "s"}))?.to_string());
        }
        let traces = session.call("get_trace", json!({"tool": "ask"}))?;
        seen.push_str(&traces.to_string());
        let calls = traces["spans"].as_array().context("spans")?;
        assert_eq!(calls.len(), count, "{provider}: {traces}");
        for call in calls {
            let whole = session.call("get_trace", json!({"trace_id": call["call_id"]}))?;
            seen.push_str(&whole.to_string());
        }
        let ended = session.finish()?;
        assert!(ended.stderr.contains("model asked"), "{provider}: the log is not there: {}", ended.stderr);
        seen.push_str(&ended.stderr);
        seen.push_str(&run(&home, &["config", "show"])?.1);
        let kept = std::fs::read(home.database())?;
        seen.push_str(&String::from_utf8_lossy(&kept));
        assert!(!seen.contains(CANARY) && !seen.contains("sk-canary-"), "{provider}: {seen}");
        assert_eq!(server.received().len(), count + 1, "{provider}");
        assert_eq!(elsewhere.received(), [], "{provider}");
    }
    Ok(())
}
