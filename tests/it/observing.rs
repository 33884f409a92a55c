//! What a person sees of calls on the command line, and how long it is kept.

use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::model_server::ModelServer;
use crate::model_server::Script;

fn shown(home: &Home, arguments: &[&str]) -> anyhow::Result<(Option<i32>, String)> {
    let output = home.carryall(arguments).output()?;
    Ok((output.status.code(), String::from_utf8(output.stdout)?))
}

/// A home in which an ask went wrong, and some calls went well.
fn used() -> anyhow::Result<(Home, Value)> {
    let models = ModelServer::start(vec![
        Script::json(401, r#"{"error": {"type": "authentication_error", "message": "invalid x-api-key"}}"#),
        Script::anthropic_answer("On Fridays."),
    ])?;
    let home = Home::new()?
        .with("LLM_PROVIDER", "anthropic")
        .with("ANTHROPIC_BASE_URL", models.url())
        .with("ANTHROPIC_API_KEY", "k-0123456789abcdef0123")
        .with("ANTHROPIC_MODEL", "claude-test");
    let mut server = home.server()?;
    server.call("remember", json!({"content": "We deploy on Fridays", "user_id": "ana"}))?;
    server.fail("ask", json!({"message": "When?"}))?;
    let answered = server.call("ask", json!({"message": "When do we deploy?", "user_id": "ana"}))?;
    for at in 0..3 {
        server.fail("recall", json!({"query": "x", "limit": 500 + at}))?;
    }
    server.finish()?;
    Ok((home, answered))
}

#[test]
fn the_command_line_draws_the_tree_of_a_call() -> anyhow::Result<()> {
    let (home, answered) = used()?;
    let id = answered["trace_id"].as_str().unwrap_or_default();
    // The file is the person's: a call made for a user is shown, too.
    let (code, tree) = shown(&home, &["trace", id])?;
    assert_eq!(code, Some(0), "{tree}");
    assert!(!tree.contains('\u{1b}'), "no colours in a pipe: {tree}");
    for part in
        ["ask ok", "user ana", "received", "gathering", "  gather", "    memory", "asking", "  ask model", "done", "█"]
    {
        assert!(tree.contains(part), "{part}: {tree}");
    }
    assert!(tree.lines().all(|it| it.chars().count() <= 100), "{tree}");
    let (code, listed) = shown(&home, &["trace"])?;
    assert_eq!((code, listed.lines().count()), (Some(0), 6), "{listed}");
    assert!(listed.lines().last().is_some_and(|it| it.contains("remember")), "{listed}");
    let (code, json) = shown(&home, &["trace", id, "--json"])?;
    let json: Value = serde_json::from_str(&json)?;
    assert_eq!((code, &json["spans"][0]["call_id"]), (Some(0), &json!(id)));
    assert_eq!(shown(&home, &["trace", "no-such-id"])?.0, Some(1));
    Ok(())
}

#[test]
fn reports_say_where_time_and_errors_come_from_and_what_to_do() -> anyhow::Result<()> {
    let (home, _) = used()?;
    let (code, text) = shown(&home, &["trace", "--errors"])?;
    assert_eq!(code, Some(0));
    assert!(text.starts_with("4 failed"), "{text}");
    assert!(text.contains("3 × invalid_argument") && text.contains("1 × authentication"), "{text}");
    assert!(text.matches("next:").count() == 2 && text.matches("latest: carryall trace").count() == 2, "{text}");
    let errors: Value = serde_json::from_str(&shown(&home, &["trace", "--errors", "--json"])?.1)?;
    assert_eq!((&errors["errors"][0]["count"], &errors["errors"][0]["tools"]), (&json!(3), &json!({"recall": 3})));
    let slow: Value = serde_json::from_str(&shown(&home, &["trace", "--slow", "--json"])?.1)?;
    let ask =
        slow["tools"].as_array().into_iter().flatten().find(|it| it["tool"] == "ask").cloned().unwrap_or_default();
    assert_eq!(ask["calls"], 2);
    // Which steps cost most depends on the machine; that the dearest come first does not.
    let shares: Vec<f64> =
        ask["steps"].as_array().into_iter().flatten().filter_map(|it| it["share"].as_f64()).collect();
    assert!(!shares.is_empty() && shares.is_sorted_by(|a, b| a >= b) && shares[0] <= 1.0, "{ask}");
    assert!(ask["p95_ms"].as_f64() >= ask["p50_ms"].as_f64() && ask["next_step"].is_string());
    let (_, text) = shown(&home, &["trace", "--slow", "--tool", "ask"])?;
    assert!(text.contains("slowest: carryall trace") && !text.contains("recall"), "{text}");
    assert_eq!(shown(&Home::new()?, &["trace", "--errors"])?.0, Some(1));
    Ok(())
}

#[tokio::test]
async fn old_traces_go_while_the_server_runs_and_the_narrow_rows_stay() -> anyhow::Result<()> {
    use crate::harness::Duplex;

    let home = Home::new()?;
    std::fs::create_dir_all(home.folder().join("home/.config/carryall"))?;
    std::fs::write(home.folder().join("home/.config/carryall/config.toml"), "[records]\ntrace_days = 7\n")?;
    let mut server = Duplex::start(&home)?;
    for _ in 0..5 {
        server.call("recall", json!({"query": "tea"})).await?;
    }
    server.finish().await?;
    // Eight days later another process writes.
    let noon = carryall::clock::parse(crate::harness::NOON).map_err(anyhow::Error::msg)?;
    let later = carryall::clock::Clock::fixed(noon + 8 * 86_400_000);
    let mut server = Duplex::start_with(&home, later)?;
    server.call("remember", json!({"content": "Ana prefers tea"})).await?;
    let mut left = 0;
    for _ in 0..10_000 {
        let listed = server.call("get_trace", json!({"tool": "recall"})).await?;
        left = listed["spans"].as_array().map_or(0, Vec::len);
        if left == 0 {
            break;
        }
    }
    assert_eq!(left, 0);
    let counted = server.call("query_insights", json!({"type": "performance", "filters": {"tool": "recall"}})).await?;
    assert!(counted["rows"].to_string().contains('5'), "{counted}");
    Ok(())
}

#[test]
fn what_is_said_stands_in_no_log_unless_the_library_is_named() -> anyhow::Result<()> {
    const SAID: [&str; 3] = ["heron-of-the-memory", "otter-of-the-query", "lynx-of-the-prompt"];
    for (filter, expected) in [("trace", false), ("debug", false), ("debug,rmcp=trace", true)] {
        let mut server = Home::new()?.with("RUST_LOG", filter).server()?;
        server.call("remember", json!({"content": SAID[0]}))?;
        server.call("recall", json!({"query": SAID[1]}))?;
        server.call("ask", json!({"message": SAID[2]}))?;
        let log = server.finish()?.stderr;
        assert!(log.contains("answered"), "{filter}: {log}");
        for said in SAID {
            assert_eq!(log.contains(said), expected, "{filter}, {said}: {log}");
        }
    }
    Ok(())
}
