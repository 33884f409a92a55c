//! No line crashes the server, and none that is owed an answer goes without one.

use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use crate::harness::Duplex;
use crate::harness::Home;
use crate::harness::call;
use crate::harness::initialize_params;
use crate::harness::modern;
use crate::harness::request;

/// How many answers are due for `line`: none for a blank line, a notification or an answer, else one.
fn due(line: &[u8]) -> usize {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    if line.is_empty() {
        return 0;
    }
    let Ok(Value::Object(message)) = serde_json::from_slice::<Value>(line) else { return 1 };
    let is_message = message.get("jsonrpc") == Some(&json!("2.0"));
    let is_notification = message.get("method").is_some_and(Value::is_string) && !message.contains_key("id");
    let is_answer = message.contains_key("id") && (message.contains_key("result") || message.contains_key("error"));
    usize::from(!(is_message && (is_notification || is_answer)))
}

/// A real message with some of its bytes changed, cut or doubled.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let real = [
        request(json!(1), "tools/list", modern(json!({}))),
        request(json!("two"), "initialize", initialize_params("2025-11-25")),
        call(3, "recall", json!({"query": "tea", "limit": 3, "kinds": ["fact"]})),
        call(4, "read_context", json!({"scope": "global"})),
        request(json!(5), "resources/read", modern(json!({"uri": "carryall://schema/recall"}))),
        request(json!(6), "prompts/get", modern(json!({"name": "decide", "arguments": {"question": "?"}}))),
    ];
    let real: Vec<Vec<u8>> = real.iter().map(|it| it.to_string().into_bytes()).collect();
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..3_u8);
    (prop::sample::select(real), prop::collection::vec(change, 0..4)).prop_map(|(mut line, changes)| {
        for (at, byte, how) in changes {
            let at = at.index(line.len().max(1)).min(line.len().saturating_sub(1));
            match how {
                0 if !line.is_empty() => line[at] = byte,
                1 => line.truncate(at),
                _ => line.insert(at, byte),
            }
        }
        line.retain(|it| *it != b'\n');
        line
    })
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>().prop_filter("a line ends there", |it| *it != b'\n'), 0..60);
    let json = "[\\[\\]{}\",:0-9a-z\\\\ ]{0,40}".prop_map(String::into_bytes);
    prop_oneof![1 => bytes, 1 => json, 3 => mutated()]
}

async fn answers(home: &Home, lines: &[Vec<u8>]) -> anyhow::Result<Vec<Value>> {
    let mut server = Duplex::start(home)?;
    let mut bytes = lines.join(&b'\n');
    bytes.push(b'\n');
    server.send_bytes(&bytes).await?;
    server.send(&request(json!("the list"), "tools/list", modern(json!({})))).await?;
    let listed = server.answer(&json!("the list")).await?;
    anyhow::ensure!(listed["result"]["tools"].is_array(), "{listed}");
    server.finish().await
}

#[test]
fn no_line_crashes_the_server_or_goes_unanswered() -> anyhow::Result<()> {
    let home = Home::new()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let lines = prop::collection::vec(line(), 1..12);
    let checked = runner.run(&lines, |lines| {
        let due: usize = lines.iter().map(|it| due(it)).sum();
        let shown: Vec<_> = lines.iter().map(|it| String::from_utf8_lossy(it).into_owned()).collect();
        let messages = runtime.block_on(answers(&home, &lines)).map_err(|err| TestCaseError::fail(err.to_string()))?;
        prop_assert_eq!(messages.len(), due, "{:#?} got {:#?}", shown, messages);
        Ok(())
    });
    Ok(checked?)
}
