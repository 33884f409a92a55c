//! `get_trace`: every call leaves one, whatever became of it.

use serde_json::Value;
use serde_json::json;

use crate::harness::Duplex;
use crate::harness::Home;
use crate::harness::Lock;
use crate::harness::NOON;
use crate::harness::call;

#[tokio::test]
async fn a_call_leaves_its_tree() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    server.call("remember", json!({"content": "Ana prefers tea"})).await?;
    let found = server.call("recall", json!({"query": "tea", "session_id": "s", "user_id": "u"})).await?;
    let traced = server.call("get_trace", json!({"trace_id": found["trace_id"], "user_id": "u"})).await?;
    assert_eq!(traced["spans"].as_array().map(Vec::len), Some(1));
    let span = &traced["spans"][0];
    assert_eq!((&span["name"], &span["outcome"]), (&json!("recall"), &json!("ok")));
    assert_eq!((&span["call_id"], &span["started_at"]), (&found["trace_id"], &json!(NOON)));
    assert_eq!(span["notes"], json!({"session_id": "s", "user_id": "u"}));
    assert!(span["took_ms"].as_f64().is_some_and(|it| it > 0.0));
    let steps: Vec<&str> =
        span["spans"].as_array().into_iter().flatten().filter_map(|it| it["name"].as_str()).collect();
    assert!(steps.contains(&"check arguments") && steps.contains(&"search memory"), "{steps:?}");
    let search = span["spans"].as_array().into_iter().flatten().find(|it| it["name"] == "search memory");
    let notes = search.map(|it| it["notes"].clone()).unwrap_or_default();
    assert!(notes["words"].as_array().is_some_and(|it| it.contains(&json!("tea"))), "{notes}");
    let found = server.call("recall", json!({"query": "tea"})).await?;
    let read = json!({"uri": format!("carryall://trace/{}", found["trace_id"].as_str().unwrap_or_default())});
    let read = server.request("resources/read", crate::harness::modern(read)).await?;
    assert!(read["result"]["contents"][0]["text"].as_str().is_some_and(|it| it.contains("recall")), "{read}");
    Ok(())
}

#[tokio::test]
async fn a_failed_call_leaves_its_error() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let wrong = server.fail("recall", json!({"query": 5})).await?;
    let missing = server.fail("remember", json!({"content": "x", "supersedes": "nothing"})).await?;
    for (failure, name, said) in [(&wrong, "recall", "invalid_argument"), (&missing, "remember", "not_found")] {
        let traced = server.call("get_trace", json!({"trace_id": failure["trace_id"]})).await?;
        let span = &traced["spans"][0];
        assert_eq!((&span["name"], &span["outcome"]), (&json!(name), &json!("failed")));
        assert!(span["error"].as_str().is_some_and(|it| it.starts_with(said)), "{span}");
        let in_a_step = span["spans"].as_array().into_iter().flatten().any(|it| it.get("error").is_some());
        assert!(in_a_step, "no step says that it failed: {span}");
    }
    Ok(())
}

#[tokio::test]
async fn a_cancelled_call_leaves_what_it_had_done() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = Duplex::start(&home)?;
    server.call("remember", json!({"content": "the first"})).await?;
    let lock = Lock::take(&home)?;
    server.send(&call(500, "remember", json!({"content": "the second", "session_id": "s"}))).await?;
    server.call("read_context", json!({"scope": "global"})).await?;
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 500}});
    server.send(&cancel).await?;
    server.call("recall", json!({"query": "first"})).await?;
    lock.release()?;
    let traced =
        server.call("get_trace", json!({"outcome": "cancelled", "tool": "remember", "session_id": "s"})).await?;
    assert_eq!(traced["spans"].as_array().map(Vec::len), Some(1), "{traced}");
    assert_eq!(traced["spans"][0]["outcome"], "cancelled");
    Ok(())
}

#[tokio::test]
async fn calls_are_listed_the_latest_first_by_tool_outcome_session_and_time() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    for at in 0..12 {
        server.call("recall", json!({"query": "x", "session_id": format!("s{}", at % 3)})).await?;
        server.clock.advance(60_000);
    }
    server.fail("recall", json!({})).await?;
    server.call("read_context", json!({"scope": "global"})).await?;
    async fn count(server: &mut Duplex, filter: Value) -> anyhow::Result<Option<usize>> {
        let listed = server.call("get_trace", filter).await?;
        let starts: Vec<String> = listed["spans"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|it| it["started_at"].as_str().map(str::to_owned))
            .collect();
        anyhow::ensure!(starts.iter().rev().is_sorted(), "not the latest first: {starts:?}");
        Ok(listed["spans"].as_array().map(Vec::len))
    }
    for (filter, expected) in [
        (json!({"tool": "recall", "limit": 100}), 13),
        (json!({"tool": "recall", "outcome": "failed"}), 1),
        (json!({"tool": "recall", "session_id": "s1"}), 4),
        (json!({"tool": "recall", "since": "2026-11-20T12:05:00Z", "outcome": "ok"}), 7),
        (json!({"tool": "recall", "until": "2026-11-20T12:05:00Z"}), 5),
        (json!({"tool": "no_such_tool"}), 0),
        (json!({"outcome": "cancelled"}), 0),
        (json!({"tool": "read_context"}), 1),
    ] {
        assert_eq!(count(&mut server, filter.clone()).await?, Some(expected), "{filter}");
    }
    let first = server.call("get_trace", json!({"tool": "recall", "limit": 10})).await?;
    let rest = json!({"tool": "recall", "limit": 10, "cursor": first["next_cursor"]});
    let rest = server.call("get_trace", rest).await?;
    assert_eq!(rest["spans"].as_array().map(Vec::len), Some(3));
    assert!(rest.get("next_cursor").is_none());
    // Each look is a call, too; it moves none of the others to the next page.
    let mut seen = Vec::new();
    let mut page = server.call("get_trace", json!({"limit": 4})).await?;
    loop {
        seen.extend(page["spans"].as_array().into_iter().flatten().map(|it| it["call_id"].to_string()));
        let Some(cursor) = page.get("next_cursor") else { break };
        page = server.call("get_trace", json!({"limit": 4, "cursor": cursor})).await?;
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all, "a call stands on two pages");
    assert!(all > 20, "{all}");
    Ok(())
}

#[tokio::test]
async fn traces_keep_no_contents() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let stored = server.call("remember", json!({"content": "the launch code is xyzzy-17"})).await?;
    let traced = server.call("get_trace", json!({"trace_id": stored["trace_id"]})).await?;
    assert!(!traced.to_string().contains("xyzzy"), "{traced}");
    Ok(())
}

/// The names of the states that the call with this id went through.
async fn states(server: &mut Duplex, trace: Value) -> anyhow::Result<Vec<String>> {
    let traced = server.call("get_trace", trace).await?;
    let spans = traced["spans"][0]["spans"].as_array().cloned().unwrap_or_default();
    assert!(spans.iter().all(|it| it["notes"].get("refused_move").is_none()), "{traced}");
    Ok(spans.iter().filter(|it| it["state"] == true).filter_map(|it| it["name"].as_str().map(str::to_owned)).collect())
}

#[tokio::test]
async fn every_tool_goes_through_its_states() -> anyhow::Result<()> {
    let home = Home::new()?;
    std::fs::write(home.workspace().join("tea.md"), "# Tea\n\nAna drinks it.")?;
    let mut server = Duplex::start(&home)?;
    let looks = ["received", "classified", "gathering", "done"];
    let writes = ["received", "classified", "evaluating", "done"];
    let quotes = ["received", "classified", "gathering", "routed", "evaluating", "done"];
    for (tool, arguments, expected) in [
        ("remember", json!({"content": "Ana prefers tea"}), &writes[..]),
        ("recall", json!({"query": "tea"}), &looks),
        ("index_workspace", json!({"paths": ["."]}), &writes),
        ("search_workspace", json!({"query": "tea"}), &looks),
        ("assemble_context", json!({"query": "tea"}), &looks),
        ("write_context", json!({"scope": "global", "key": "plan", "data": {}}), &writes),
        ("read_context", json!({"scope": "global"}), &looks),
        ("ask", json!({"message": "what does Ana drink?"}), &quotes),
        ("query_insights", json!({"question": "how many calls today?"}), &looks),
        ("get_trace", json!({}), &looks),
        ("forget", json!({"ids": ["none"]}), &writes),
    ] {
        let answer = server.call(tool, arguments).await?;
        assert_eq!(states(&mut server, json!({"trace_id": answer["trace_id"]})).await?, expected, "{tool}");
    }
    let wrong = server.fail("recall", json!({"query": 5})).await?;
    assert_eq!(states(&mut server, json!({"trace_id": wrong["trace_id"]})).await?, ["received", "failed"]);
    Ok(())
}

#[tokio::test]
async fn a_call_made_for_a_user_is_shown_to_no_other() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let mut ids = Vec::new();
    for owner in [json!({}), json!({"user_id": "ana"}), json!({"user_id": "bo"}), json!({"persona": "coach"})] {
        let mut arguments = owner.clone();
        arguments["query"] = "tea".into();
        let answer = server.call("recall", arguments).await?;
        ids.push((owner, answer["trace_id"].clone()));
    }
    for (viewer, seen) in [
        (json!({}), [true, false, false, false]),
        (json!({"user_id": ""}), [true, false, false, false]),
        (json!({"user_id": "ana"}), [true, true, false, false]),
        (json!({"user_id": "bo"}), [true, false, true, false]),
        (json!({"user_id": "bo", "persona": "coach"}), [true, false, true, true]),
    ] {
        for ((owner, id), seen) in ids.iter().zip(seen) {
            let mut filter = viewer.clone();
            filter["trace_id"] = id.clone();
            let found = server.call("get_trace", filter).await?;
            assert_eq!(found["spans"] != json!([]), seen, "{viewer} looks at {owner}");
        }
        let mut filter = viewer.clone();
        filter["tool"] = "recall".into();
        let listed = server.call("get_trace", filter).await?;
        let count = listed["spans"].as_array().map(Vec::len);
        assert_eq!(count, Some(seen.iter().filter(|it| **it).count()), "{viewer}");
    }
    for ((owner, id), seen) in ids.iter().zip([true, false, false, false]) {
        let uri = format!("carryall://trace/{}", id.as_str().unwrap_or_default());
        let read = server.request("resources/read", crate::harness::modern(json!({"uri": uri}))).await?;
        assert_eq!(read.get("result").is_some(), seen, "{owner}: {read}");
    }
    Ok(())
}

#[tokio::test]
async fn a_caller_s_trace_is_kept_and_found_and_a_malformed_one_is_not() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traced = |parent: &str, state: &str| {
        let mut params = crate::harness::modern(json!({"name": "recall", "arguments": {"query": "tea"}}));
        params["_meta"]["traceparent"] = parent.into();
        params["_meta"]["tracestate"] = state.into();
        params
    };
    server.request("tools/call", traced(parent, "rojo=1")).await?;
    server.request("tools/call", traced("00-'; DROP TABLE traces; --", &"x".repeat(100_000))).await?;
    let found = server.call("get_trace", json!({"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"})).await?;
    assert_eq!(found["spans"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found["spans"][0]["notes"], json!({"tracestate": "rojo=1", "traceparent": parent}));
    // Our own id is found as OpenTelemetry shows it, too.
    let id = found["spans"][0]["call_id"].as_str().unwrap_or_default().replace('-', "");
    let again = server.call("get_trace", json!({"trace_id": id})).await?;
    assert_eq!(again["spans"], found["spans"]);
    let all = server.call("get_trace", json!({"tool": "recall"})).await?;
    assert_eq!(all["spans"].as_array().map(Vec::len), Some(2));
    assert_eq!(all["spans"][0].get("notes"), None);
    Ok(())
}

#[tokio::test]
async fn a_call_begins_when_its_line_comes_and_not_when_it_is_its_turn() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = Duplex::start(&home)?;
    server.call("remember", json!({"content": "the first"})).await?;
    let lock = Lock::take(&home)?;
    server.send(&call(500, "remember", json!({"content": "the second"}))).await?;
    server.send(&call(501, "recall", json!({"query": "second"}))).await?;
    // Once it is answered, both of the lines before it were read.
    server.call("read_context", json!({"scope": "global"})).await?;
    lock.release()?;
    server.answer(&json!(501)).await?;
    let traced = server.call("get_trace", json!({"tool": "recall"})).await?;
    let received = &traced["spans"][0]["spans"][0];
    let search = traced["spans"][0]["spans"].as_array().into_iter().flatten().find(|it| it["name"] == "search memory");
    let began = search.and_then(|it| it["start_ms"].as_f64()).unwrap_or_default();
    assert_eq!(received["name"], "received");
    assert!(received["took_ms"].as_f64().is_some_and(|it| it > 0.0 && it <= began), "{traced}");
    Ok(())
}
