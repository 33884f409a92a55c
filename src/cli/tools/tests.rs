//! The mirrors say what the contract knows.

use super::super::commands;
use super::super::commands::Given;
use super::*;

/// The call that a command line comes to.
fn call_of(words: &str) -> Call {
    let arguments = std::iter::once("carryall").chain(words.split(' ')).map(Into::into).collect();
    match commands::parse(arguments) {
        Given::Command(line) => call(line.command.unwrap()).unwrap(),
        other => panic!("{words}: {other:?}"),
    }
}

#[test]
fn what_is_not_given_is_not_sent() {
    let expected = |tool: &str, arguments: Value| match arguments {
        Value::Object(arguments) => Call { tool: tool.to_owned(), arguments },
        other => panic!("{other}"),
    };
    use serde_json::json;
    assert_eq!(call_of("recall tea"), expected("recall", json!({"query": "tea"})));
    assert_eq!(
        call_of("recall tea --kind fact --kind note --tag a --user-id u --as-of 2026-01-01 --explain"),
        expected(
            "recall",
            json!({"query": "tea", "kinds": ["fact", "note"], "tags": ["a"], "as_of": "2026-01-01", "user_id": "u",
                   "explain": true})
        )
    );
    assert_eq!(call_of("ask hi --context none").arguments["context"], "none");
    assert_eq!(call_of("ask hi --context 0192").arguments["context"], json!({"pack_id": "0192"}));
    assert_eq!(call_of("call echo"), expected("echo", json!({})));
}
