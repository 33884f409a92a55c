//! Every line gets its answer, whatever is on it.

use anyhow::Context;
use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::harness::by_id;
use crate::harness::initialize_params;
use crate::harness::modern;
use crate::harness::request;

/// A line alone in its server, and after a handshake: one answer with this code and this id, then all goes on.
fn check(line: &[u8], code: i64, id: Option<Value>) -> anyhow::Result<()> {
    let shown = String::from_utf8_lossy(&line[..line.len().min(100)]).into_owned();
    let begin = request(json!("begin"), "initialize", initialize_params("2025-11-25")).to_string();
    let list = request(json!("list"), "tools/list", modern(json!({}))).to_string();
    for before in [None, Some(begin.as_bytes())] {
        let lines: Vec<&[u8]> = before.into_iter().chain([line, list.as_bytes()]).collect();
        let messages = Home::new()?.with("CARRYALL_MAX_LINE_BYTES", "20000").batch_bytes(&lines.join(&b'\n'))?;
        assert_eq!(messages.len(), lines.len(), "{shown}: {messages:?}");
        assert!(by_id(&messages, &json!("list"))?["result"]["tools"].is_array(), "{shown}");
        let told = messages.iter().find(|it| it.get("error").is_some());
        let told = told.with_context(|| format!("{shown}: no error among {messages:?}"))?;
        assert_eq!(told["jsonrpc"], "2.0");
        assert_eq!(told["error"]["code"], code, "{shown}: {told}");
        assert_eq!(told.get("id").cloned(), id, "{shown}: {told}");
        assert!(told["error"]["message"].as_str().is_some_and(|it| it.len() > 10), "{shown}: {told}");
    }
    Ok(())
}

#[test]
fn lines_that_are_no_json_are_answered() -> anyhow::Result<()> {
    check(b"hello", -32700, None)?;
    check(br#"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"#, -32700, Some(json!(7)))?;
    check(
        b"{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"tools/list\",\"params\":{\"x\":\"\xff\xfe\"}}",
        -32700,
        Some(json!(8)),
    )?;
    check(br#"{"jsonrpc":"2.0","method":"tools/list","params":{"x":"\ud800"},"id":"a"}"#, -32700, Some(json!("a")))?;
    check(br#"{"jsonrpc":"2.0","id":9,"method":"tools/list"} trailing"#, -32700, Some(json!(9)))?;
    check(b"{\"jsonrpc\":\"2.0\",\"id\":10,\"method\":\"tools/list\"\0}", -32700, Some(json!(10)))
}

#[test]
fn lines_that_are_no_message_are_answered() -> anyhow::Result<()> {
    check(br#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600, None)?;
    check(b"[]", -32600, None)?;
    check(b"42", -32600, None)?;
    check(b"null", -32600, None)?;
    check(br#""text""#, -32600, None)?;
    check(b"{}", -32600, None)?;
    check(br#"{"id":3,"method":"tools/list"}"#, -32600, Some(json!(3)))?;
    check(br#"{"jsonrpc":"1.0","id":3,"method":"tools/list"}"#, -32600, Some(json!(3)))?;
    check(br#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#, -32600, None)?;
    check(br#"{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}"#, -32600, None)?;
    check(br#"{"jsonrpc":"2.0","id":{},"method":"tools/list"}"#, -32600, None)?;
    check(br#"{"jsonrpc":"2.0","id":4,"method":5}"#, -32600, Some(json!(4)))?;
    check(br#"{"jsonrpc":"2.0","id":4}"#, -32600, Some(json!(4)))
}

#[test]
fn nesting_beyond_the_limit_is_answered() -> anyhow::Result<()> {
    let deep = |depth| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"jsonrpc":"2.0","id":10,"method":"tools/list","params":{{"x":{open}{close}}}}}"#)
    };
    check(deep(200).as_bytes(), -32600, Some(json!(10)))?;
    check(deep(5000).as_bytes(), -32600, Some(json!(10)))
}

#[test]
fn a_line_over_the_limit_is_answered_wherever_its_id_stands() -> anyhow::Result<()> {
    let long = "x".repeat(200_000);
    let first = format!(r#"{{"jsonrpc":"2.0","id":11,"method":"tools/list","params":{{"x":"{long}"}}}}"#);
    check(first.as_bytes(), -32600, Some(json!(11)))?;
    let last = format!(r#"{{"jsonrpc":"2.0","method":"tools/list","params":{{"x":"{long}","id":3}},"id":"end"}}"#);
    check(last.as_bytes(), -32600, Some(json!("end")))?;
    check(long.as_bytes(), -32600, None)
}

#[test]
fn a_line_of_the_usual_limit_is_read() -> anyhow::Result<()> {
    let mut server = Home::new()?.server()?;
    // As long as one memory may be, in characters of four bytes.
    let content = "𝄞".repeat(1_000_000);
    let stored = server.call("remember", json!({"content": content}))?;
    assert_eq!(stored["memories"][0]["status"], "stored");
    // A line of 20 MB, past the limit that the protocol's library has by itself.
    let failure = server.fail("remember", json!({"content": "𝄞".repeat(5_000_000)}))?;
    assert_eq!(failure["kind"], "invalid_argument");
    Ok(())
}

#[test]
fn unknown_methods_are_named_and_unknown_notifications_are_passed_over() -> anyhow::Result<()> {
    let messages = Home::new()?.batch(&[
        request(json!(1), "initialize", initialize_params("2025-11-25")),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "method": "notifications/whatever", "params": {"x": 1}}),
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 77}}),
        json!({"jsonrpc": "2.0", "id": 99, "result": {}}),
        request(json!(2), "tools/paint", json!({})),
        request(json!(3), "tools/paint", modern(json!({}))),
    ])?;
    assert_eq!(messages.len(), 3, "{messages:?}");
    for id in [2, 3] {
        let error = &by_id(&messages, &json!(id))?["error"];
        assert_eq!(error["code"], -32601);
        assert!(error["message"].as_str().is_some_and(|it| it.contains("tools/paint")), "{error}");
    }
    Ok(())
}

#[test]
fn malformed_params_of_known_methods_are_told() -> anyhow::Result<()> {
    let malformed = [
        ("tools/call", json!({"name": "recall", "arguments": "text"})),
        ("tools/call", json!({"name": "recall", "arguments": [1]})),
        ("tools/call", json!({"arguments": {}})),
        ("tools/call", json!({"name": 5})),
        ("tools/call", json!({})),
        ("resources/read", json!({})),
        ("resources/read", json!({"uri": 5})),
        ("prompts/get", json!({"name": []})),
        ("completion/complete", json!({"ref": 5})),
    ];
    let mut lines = vec![request(json!("begin"), "initialize", initialize_params("2025-11-25"))];
    for (at, (method, params)) in malformed.iter().enumerate() {
        lines.push(request(json!(at), method, params.clone()));
        lines.push(request(json!(at + 100), method, modern(params.clone())));
    }
    lines.push(json!({"jsonrpc": "2.0", "id": 200, "method": "tools/call"}));
    let messages = Home::new()?.batch(&lines)?;
    assert_eq!(messages.len(), lines.len());
    for (at, (method, params)) in malformed.iter().enumerate() {
        for id in [at, at + 100] {
            let answer = by_id(&messages, &json!(id))?;
            assert_eq!(answer["error"]["code"], -32602, "{method} {params}: {answer}");
            assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains(method)), "{answer}");
        }
    }
    assert_eq!(by_id(&messages, &json!(200))?["error"]["code"], -32602);
    Ok(())
}

#[test]
fn stdout_carries_the_protocol_only_however_much_is_logged() -> anyhow::Result<()> {
    for format in ["text", "json"] {
        let home = Home::new()?.with("RUST_LOG", "trace").with("CARRYALL_LOG_FORMAT", format);
        let mut server = home.server()?;
        server.call("remember", json!({"content": "a line\nand another"}))?;
        server.fail("recall", json!({"limit": 0}))?;
        server.send_bytes(b"no message\n")?;
        let ended = server.finish()?;
        assert!(ended.status.success());
        assert_eq!(ended.messages.len(), 1, "{:?}", ended.messages);
        assert_eq!(ended.messages[0]["error"]["code"], -32700);
    }
    Ok(())
}
