//! Both lifecycles on one binary, and a batch that is followed at once by the end of the input.

use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::harness::LEGACY;
use crate::harness::MODERN;
use crate::harness::by_id;
use crate::harness::call;
use crate::harness::data_of;
use crate::harness::initialize_params;
use crate::harness::modern;
use crate::harness::request;

fn remember(id: i64) -> Value {
    request(
        json!(id),
        "tools/call",
        json!({"name": "remember", "arguments": {"content": "Ana prefers tea", "kind": "preference"}}),
    )
}

fn recall(id: i64) -> Value {
    request(json!(id), "tools/call", json!({"name": "recall", "arguments": {"query": "what does Ana prefer"}}))
}

#[test]
fn every_revision_with_a_handshake_is_answered_with_itself() -> anyhow::Result<()> {
    for version in LEGACY {
        let home = Home::new()?;
        let messages = home.batch(&[
            request(json!(1), "initialize", initialize_params(version)),
            json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
            request(json!(2), "ping", json!({})),
            remember(3),
            recall(4),
        ])?;
        assert_eq!(messages.len(), 4, "{version}: {messages:?}");
        let begun = &by_id(&messages, &json!(1))?["result"];
        assert_eq!(begun["protocolVersion"], version);
        assert_eq!(begun["serverInfo"]["name"], "carryall");
        assert_eq!(begun["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
        for capability in ["tools", "resources", "prompts", "completions"] {
            assert!(begun["capabilities"][capability].is_object(), "{version}: {capability}");
        }
        assert_eq!(by_id(&messages, &json!(2))?["result"], json!({}));
        let found = data_of(by_id(&messages, &json!(4))?)?;
        assert_eq!(found["memories"][0]["content"], "Ana prefers tea");
        assert!(by_id(&messages, &json!(4))?["result"].get("resultType").is_none(), "a field of the modern revision");
    }
    Ok(())
}

#[test]
fn a_handshake_for_an_unknown_revision_is_answered_with_the_newest_that_has_one() -> anyhow::Result<()> {
    for version in [MODERN, "2031-01-01", "yesterday"] {
        let messages = Home::new()?.batch(&[request(json!(1), "initialize", initialize_params(version))])?;
        assert_eq!(by_id(&messages, &json!(1))?["result"]["protocolVersion"], "2025-11-25");
    }
    Ok(())
}

#[test]
fn the_modern_revision_needs_no_handshake() -> anyhow::Result<()> {
    let home = Home::new()?;
    let messages = home.batch(&[
        request(json!("d"), "server/discover", modern(json!({}))),
        call(1, "remember", json!({"content": "Ana prefers tea"})),
        call(2, "recall", json!({"query": "what does Ana prefer"})),
    ])?;
    assert_eq!(messages.len(), 3);
    let discovered = &by_id(&messages, &json!("d"))?["result"];
    let mut versions = LEGACY.to_vec();
    versions.push(MODERN);
    assert_eq!(discovered["supportedVersions"], json!(versions));
    assert_eq!(discovered["resultType"], "complete");
    assert_eq!(discovered["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "carryall");
    assert!(discovered["instructions"].as_str().is_some_and(|it| it.contains("recall")));
    let found = by_id(&messages, &json!(2))?;
    assert_eq!(found["result"]["resultType"], "complete");
    assert_eq!(data_of(found)?["memories"][0]["content"], "Ana prefers tea");
    Ok(())
}

#[test]
fn a_modern_request_for_an_unknown_revision_is_told_what_there_is() -> anyhow::Result<()> {
    let mut params = modern(json!({}));
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2031-01-01");
    let messages = Home::new()?.batch(&[request(json!(1), "tools/list", params)])?;
    let error = &by_id(&messages, &json!(1))?["error"];
    assert_eq!(error["code"], -32022);
    assert!(error["data"]["supported"].as_array().is_some_and(|it| it.contains(&json!(MODERN))), "{error}");
    Ok(())
}

#[test]
fn a_request_before_any_opener_is_told_what_it_lacks() -> anyhow::Result<()> {
    let home = Home::new()?;
    for early in [request(json!(1), "tools/list", json!({})), remember(1)] {
        let messages = home.batch(std::slice::from_ref(&early))?;
        let error = &by_id(&messages, &json!(1))?["error"];
        assert_eq!(error["code"], -32602);
        let told = error["message"].as_str().unwrap_or_default();
        assert!(told.contains("io.modelcontextprotocol/clientCapabilities"), "{error}");
        // Who does as it says is answered, by the very line that it shows.
        let line = told.find('{').and_then(|at| told.get(at..=told.rfind('}')?)).unwrap_or_default();
        let messages = home.batch(&[serde_json::from_str(line)?, early])?;
        assert!(by_id(&messages, &json!(1))?["error"].is_null(), "{messages:?}");
    }
    Ok(())
}

#[test]
fn lists_say_how_long_they_hold() -> anyhow::Result<()> {
    let mut server = Home::new()?.server()?;
    for (method, scope) in [
        ("server/discover", "public"),
        ("tools/list", "public"),
        ("prompts/list", "public"),
        ("resources/templates/list", "public"),
        ("resources/list", "private"),
    ] {
        let result = server.request(method, modern(json!({})))?["result"].clone();
        assert_eq!(result["cacheScope"], scope, "{method}");
        let ttl = result["ttlMs"].as_u64().unwrap_or_default();
        assert!(if scope == "public" { ttl >= 60_000 } else { (1..=60_000).contains(&ttl) }, "{method}: {ttl}");
    }
    let read = server.request("resources/read", modern(json!({"uri": "carryall://schema/recall"})))?;
    assert_eq!(read["result"]["cacheScope"], "private");
    Ok(())
}

#[test]
fn a_last_line_without_a_line_break_counts() -> anyhow::Result<()> {
    let mut bytes = request(json!(1), "initialize", initialize_params("2025-11-25")).to_string().into_bytes();
    bytes.push(b'\n');
    bytes.extend(remember(2).to_string().into_bytes());
    let messages = Home::new()?.batch_bytes(&bytes)?;
    data_of(by_id(&messages, &json!(2))?)?;
    Ok(())
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_are_taken() -> anyhow::Result<()> {
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    for line in [request(json!(1), "initialize", initialize_params("2025-06-18")), recall(2)] {
        bytes.extend(line.to_string().into_bytes());
        bytes.extend(b"\r\n\r\n");
    }
    let messages = Home::new()?.batch_bytes(&bytes)?;
    assert_eq!(messages.len(), 2);
    assert_eq!(data_of(by_id(&messages, &json!(2))?)?["memories"], json!([]));
    Ok(())
}

#[test]
fn the_end_of_the_input_before_anything_is_no_fault() -> anyhow::Result<()> {
    let home = Home::new()?;
    for bytes in [b"".as_slice(), b"\n", b"\n\n  \n"] {
        assert_eq!(home.batch_bytes(bytes)?, Vec::<Value>::new());
    }
    assert!(!home.database().exists(), "nothing was asked of the database");
    Ok(())
}

#[test]
fn a_handshake_alone_ends_well() -> anyhow::Result<()> {
    let messages = Home::new()?.batch(&[request(json!(1), "initialize", initialize_params("2025-11-25"))])?;
    assert_eq!(messages.len(), 1);
    Ok(())
}

#[test]
fn a_client_that_declares_roots_and_is_gone_is_answered() -> anyhow::Result<()> {
    let mut begin = initialize_params("2025-11-25");
    begin["capabilities"]["roots"] = json!({"listChanged": true});
    let messages = Home::new()?.batch(&[
        request(json!("begin"), "initialize", begin),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        remember(2),
        recall(3),
    ])?;
    assert_eq!(data_of(by_id(&messages, &json!(3))?)?["memories"][0]["content"], "Ana prefers tea");
    Ok(())
}

#[test]
fn what_comes_before_the_first_request_does_not_end_the_server() -> anyhow::Result<()> {
    let messages = Home::new()?.batch(&[
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}),
        json!({"jsonrpc": "2.0", "method": "notifications/whatever"}),
        json!({"jsonrpc": "2.0", "id": 5, "result": {}}),
        json!({"jsonrpc": "2.0", "id": 6, "error": {"code": 1, "message": "no"}}),
        request(json!(1), "initialize", initialize_params("2025-11-25")),
        recall(2),
    ])?;
    assert_eq!(messages.len(), 2, "{messages:?}");
    data_of(by_id(&messages, &json!(2))?)?;
    Ok(())
}

#[test]
fn what_comes_after_a_refused_first_request_a_ping_or_a_discovery_does_not_end_the_server() -> anyhow::Result<()> {
    let stray = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}});
    let begins: [(Value, usize); 4] = [
        (json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}), 1),
        (request(json!(1), "ping", json!({})), 1),
        (request(json!(1), "server/discover", modern(json!({}))), 1),
        (
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": {
            "io.modelcontextprotocol/protocolVersion": "2031-01-01",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"}}}}),
            1,
        ),
    ];
    for (first, answers) in begins {
        let list = request(json!(2), "tools/list", modern(json!({})));
        let messages = Home::new()?.batch(&[first.clone(), stray.clone(), list])?;
        assert_eq!(messages.len(), answers + 1, "{first}: {messages:?}");
        assert!(by_id(&messages, &json!(2))?["result"]["tools"].is_array(), "{first}");
    }
    Ok(())
}
