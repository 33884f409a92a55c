//! Calls: what is wrong with them is told, their order holds, many at once are answered, cancelled ones stop.

use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::harness::Lock;
use crate::harness::by_id;
use crate::harness::call;
use crate::harness::data_of;
use crate::harness::initialize_params;
use crate::harness::modern;
use crate::harness::request;

#[test]
fn an_unknown_tool_is_named_with_the_nearest_names() -> anyhow::Result<()> {
    let mut server = Home::new()?.server()?;
    for (wrong, near) in [("rember", "remember"), ("recal", "recall"), ("contextwrite", "write_context")] {
        let answer = server.request("tools/call", modern(json!({"name": wrong, "arguments": {}})))?;
        let error = &answer["error"];
        assert_eq!(error["code"], -32602, "{answer}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains(wrong) && message.contains(near), "{message}");
    }
    Ok(())
}

#[test]
fn a_wrong_argument_is_told_with_its_value_what_is_allowed_and_an_example() -> anyhow::Result<()> {
    let mut server = Home::new()?.server()?;
    let wrong = [
        ("recall", json!({}), ["query", "missing", "string"]),
        ("recall", json!({"query": 5}), ["`query` is 5", "must be", "string"]),
        ("recall", json!({"query": "x", "limit": 0}), ["`limit` is 0", "from 1 to 100", "For example 10"]),
        ("recall", json!({"query": "x", "limit": 101}), ["`limit` is 101", "from 1 to 100", "For example"]),
        ("recall", json!({"query": "x", "limit": 1.5}), ["`limit` is 1.5", "whole number", "For example"]),
        ("recall", json!({"query": "x", "limt": 3}), ["`limt` is unknown", "`limit`", "Allowed"]),
        ("recall", json!({"query": "x", "kinds": ["fakt"]}), ["`kinds[0]` is \"fakt\"", "\"fact\"", "For example"]),
        ("recall", json!({"query": "x", "since": "yesterday"}), ["`since` is \"yesterday\"", "a time", "For example"]),
        ("recall", json!({"query": "x", "cursor": "zzz"}), ["`cursor` is \"zzz\"", "next_cursor", "For example"]),
        ("remember", json!({"content": ""}), ["`content` is \"\"", "must be", "For example"]),
        ("remember", json!({"content": " \n"}), ["`content`", "not blank", "For example"]),
        ("remember", json!({"content": "x", "importance": 2}), ["`importance` is 2", "0 to 1", "For example"]),
        ("remember", json!({"items": []}), ["`items` is []", "at least 1", "For example"]),
        ("remember", json!({"items": [{"content": "x"}, {}]}), ["`items[1].content`", "missing", "For example"]),
        ("remember", json!({"content": "x", "kind": "idea"}), ["`kind` is \"idea\"", "\"decision\"", "For example"]),
        (
            "write_context",
            json!({"scope": "galaxy", "key": "k"}),
            ["`scope` is \"galaxy\"", "\"session\"", "For example"],
        ),
        ("write_context", json!({"scope": "user", "key": "k", "data": 1}), ["owner", "scope", "user"]),
        ("write_context", json!({"scope": "global", "key": "k"}), ["data", "patch", "clear"]),
        (
            "write_context",
            json!({"scope": "global", "key": "k", "data": 1, "ttl_s": 0}),
            ["`ttl_s` is 0", "from 1", "For example"],
        ),
        ("forget", json!({}), ["ids", "filter", "example"]),
        ("forget", json!({"ids": ["a"], "tags": ["b"]}), ["ids", "filters", "only one"]),
        ("get_trace", json!({"outcome": "fine"}), ["`outcome` is \"fine\"", "\"failed\"", "For example"]),
    ];
    for (tool, arguments, parts) in wrong {
        let failure = server.fail(tool, arguments.clone())?;
        assert_eq!(failure["kind"], "invalid_argument", "{tool} {arguments}: {failure}");
        let text = failure["text"].as_str().unwrap_or_default();
        for part in parts {
            assert!(text.contains(part), "{tool} {arguments}: {text:?} lacks {part:?}");
        }
        assert!(text.len() < 1000, "{text}");
    }
    Ok(())
}

#[test]
fn a_huge_wrong_value_is_not_sent_back() -> anyhow::Result<()> {
    let mut server = Home::new()?.server()?;
    let failure = server.fail("recall", json!({"query": ["x".repeat(1_000_000)]}))?;
    assert!(failure.to_string().len() < 2000);
    let answer = server.request("tools/call", modern(json!({"name": "x".repeat(1_000_000)})))?;
    assert!(answer.to_string().len() < 2000);
    Ok(())
}

#[test]
fn a_call_sees_the_writes_of_the_lines_before_it() -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for pair in 0..200 {
        lines.push(call(pair * 2, "remember", json!({"content": format!("the code of box {pair} is zebra{pair}")})));
        lines.push(call(pair * 2 + 1, "recall", json!({"query": format!("zebra{pair}"), "limit": 1})));
    }
    let messages = Home::new()?.batch(&lines)?;
    assert_eq!(messages.len(), lines.len());
    for pair in 0..200_i64 {
        let found = data_of(by_id(&messages, &json!(pair * 2 + 1))?)?;
        assert_eq!(found["memories"][0]["content"], json!(format!("the code of box {pair} is zebra{pair}")));
    }
    Ok(())
}

#[test]
fn contexts_are_written_and_read_in_the_order_of_the_lines() -> anyhow::Result<()> {
    let at = |mut more: Value| {
        more["scope"] = json!("session");
        more["owner"] = json!("s");
        more["key"] = json!("plan");
        more
    };
    let mut lines = Vec::new();
    for step in 0..100 {
        lines.push(call(step * 2, "write_context", at(json!({"patch": {"step": step}}))));
        lines.push(call(step * 2 + 1, "read_context", at(json!({}))));
    }
    let messages = Home::new()?.batch(&lines)?;
    for step in 0..100 {
        let read = data_of(by_id(&messages, &json!(step * 2 + 1))?)?;
        // Nothing is said of later lines: a read does not hold up the writes after it.
        let (seen, version) = (&read["contexts"][0]["data"]["step"], &read["contexts"][0]["version"]);
        assert!(seen.as_i64().is_some_and(|it| it >= step), "line {step} saw {seen}");
        assert_eq!(version.as_i64(), seen.as_i64().map(|it| it + 1));
    }
    Ok(())
}

#[test]
fn a_read_by_address_sees_the_writes_of_the_lines_before_it() -> anyhow::Result<()> {
    let write = json!({"scope": "global", "key": "k", "data": {"n": 1}});
    let messages = Home::new()?.batch(&[
        call(1, "write_context", write),
        request(json!(2), "resources/read", modern(json!({"uri": "carryall://context/global/-/k"}))),
        call(3, "remember", json!({"content": "in session nine", "session_id": "nine"})),
        request(json!(4), "resources/read", modern(json!({"uri": "carryall://session/nine"}))),
        call(5, "get_trace", json!({"tool": "remember"})),
    ])?;
    let read = by_id(&messages, &json!(2))?["result"]["contents"][0]["text"].clone();
    assert!(read.as_str().is_some_and(|it| it.contains("\"n\": 1")), "{read}");
    let read = by_id(&messages, &json!(4))?["result"]["contents"][0]["text"].clone();
    assert!(read.as_str().is_some_and(|it| it.contains("in session nine")), "{read}");
    assert_eq!(data_of(by_id(&messages, &json!(5))?)?["spans"][0]["name"], "remember");
    Ok(())
}

#[test]
fn a_thousand_calls_at_once_are_all_answered() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = home.server()?;
    server.initialize("2025-11-25")?;
    let mut bytes = Vec::new();
    for id in 1000..2000 {
        let (tool, arguments) = match id % 4 {
            0 => ("remember", json!({"content": format!("note {id}")})),
            1 => ("recall", json!({"query": "note"})),
            2 => ("read_context", json!({"scope": "global"})),
            _ => ("get_trace", json!({"limit": 1})),
        };
        let line = request(json!(id), "tools/call", json!({"name": tool, "arguments": arguments}));
        bytes.extend(format!("{line}\n").into_bytes());
    }
    server.send_bytes(&bytes)?;
    let ended = server.finish()?;
    assert!(ended.status.success());
    assert_eq!(ended.messages.len(), 1000);
    for id in 1000..2000 {
        data_of(by_id(&ended.messages, &json!(id))?)?;
    }
    Ok(())
}

#[test]
fn an_id_that_is_still_in_use_is_answered_twice() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = home.server()?;
    server.call("remember", json!({"content": "the first"}))?;
    let lock = Lock::take(&home)?;
    server.send(&call(50, "remember", json!({"content": "the second"})))?;
    server.send(&call(50, "read_context", json!({"scope": "global"})))?;
    server.send(&call(50, "no_such_tool", json!({})))?;
    // Answered at once: the calls before it wait, but this one touches nothing of theirs.
    server.call("read_context", json!({"scope": "global"}))?;
    lock.release()?;
    let ended = server.finish()?;
    let answers: Vec<&Value> = ended.messages.iter().filter(|it| it["id"] == 50).collect();
    assert_eq!(answers.len(), 3, "{answers:?}");
    assert_eq!(data_of(answers[0])?["memories"][0]["status"], "stored");
    assert_eq!(data_of(answers[1])?["contexts"], json!([]));
    assert_eq!(answers[2]["error"]["code"], -32602);
    Ok(())
}

#[test]
fn a_cancelled_call_stops_and_is_not_answered() -> anyhow::Result<()> {
    // Cancelled as soon as it came, and after it has begun.
    for (version, begun) in [(None, false), (None, true), (Some("2025-11-25"), false), (Some("2025-11-25"), true)] {
        let home = Home::new()?;
        let mut server = home.server()?;
        if let Some(version) = version {
            server.initialize(version)?;
        }
        server.call("remember", json!({"content": "the first apple"}))?;
        let lock = Lock::take(&home)?;
        let mut params = modern(json!({"name": "remember", "arguments": {"content": "the second apple"}}));
        params["_meta"]["progressToken"] = json!("p");
        server.send(&request(json!(60), "tools/call", params))?;
        if begun {
            server.call("read_context", json!({"scope": "global"}))?;
        }
        server.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": {"requestId": 60, "reason": "changed my mind"}}))?;
        // This one waits for the call before it; that it is answered while the file is locked tells that the
        // cancelled one has ended.
        let found = server.call("recall", json!({"query": "apple"}))?;
        assert_eq!(found["memories"].as_array().map(Vec::len), Some(1));
        lock.release()?;
        server.call("remember", json!({"content": "the third apple"}))?;
        let found = server.call("recall", json!({"query": "apple"}))?;
        let contents: Vec<&Value> =
            found["memories"].as_array().into_iter().flatten().map(|it| &it["content"]).collect();
        assert!(!contents.contains(&&json!("the second apple")), "the work went on: {contents:?}");
        let traced = server.call("get_trace", json!({"outcome": "cancelled"}))?;
        assert_eq!(traced["spans"][0]["name"], "remember", "{traced}");
        let ended = server.finish()?;
        assert_eq!(ended.messages, Vec::<Value>::new(), "nothing may be sent for a cancelled call");
        assert!(ended.status.success());
    }
    Ok(())
}

#[test]
fn a_call_that_is_cancelled_on_the_next_line_leaves_the_others_alone() -> anyhow::Result<()> {
    let mut lines = vec![request(json!("begin"), "initialize", initialize_params("2025-11-25"))];
    for id in 0..50 {
        lines.push(call(id, "remember", json!({"content": format!("apple {id}")})));
        if id % 2 == 1 {
            lines.push(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}}));
        }
    }
    lines.push(call(100, "recall", json!({"query": "apple", "limit": 100})));
    let messages = Home::new()?.batch(&lines)?;
    for id in (0..50).step_by(2) {
        data_of(by_id(&messages, &json!(id))?)?;
    }
    assert!(data_of(by_id(&messages, &json!(100))?)?["memories"].as_array().is_some_and(|it| it.len() >= 25));
    Ok(())
}

#[test]
fn progress_of_a_batch_comes_before_its_answer_and_only_grows() -> anyhow::Result<()> {
    let home = Home::new()?;
    for at in 0..40 {
        std::fs::write(home.workspace().join(format!("note{at}.md")), format!("# Note {at}\n\nAbout apple {at}."))?;
    }
    for version in [None, Some("2025-11-25")] {
        let mut params = modern(json!({"name": "index_workspace", "arguments": {"paths": ["."], "force": true}}));
        params["_meta"]["progressToken"] = json!("files");
        let begin = version.map(|it| request(json!("begin"), "initialize", initialize_params(it)));
        let lines: Vec<Value> = begin.into_iter().chain([request(json!(1), "tools/call", params)]).collect();
        let messages = home.batch(&lines)?;
        let answer = messages.iter().position(|it| it["id"] == 1).unwrap_or_default();
        assert_eq!(answer, messages.len() - 1, "something comes after the answer: {messages:?}");
        assert_eq!(data_of(&messages[answer])?["files_indexed"], 40);
        let told: Vec<&Value> = messages.iter().filter(|it| it["method"] == "notifications/progress").collect();
        assert!(told.iter().all(|it| it["params"]["progressToken"] == "files"), "{told:?}");
        let done: Vec<f64> = told.iter().filter_map(|it| it["params"]["progress"].as_f64()).collect();
        assert!(!done.is_empty() && done.windows(2).all(|it| it[0] < it[1]), "{done:?}");
    }
    Ok(())
}
