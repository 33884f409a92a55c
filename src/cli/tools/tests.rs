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

/// The names of a tool's arguments, from its documentation.
fn documented(tool: &str) -> Vec<String> {
    let text = server::markdown();
    let section = text.split(&format!("\n## `{tool}`\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|it| it.strip_prefix("| `"));
    rows.filter_map(|it| it.split('`').next()).map(str::to_owned).collect()
}

#[test]
fn every_flag_of_a_mirror_is_an_argument_of_its_tool() {
    let whose = "--namespace n --user-id u --session-id s --persona p";
    let filters = "--kind k --tag t --since s --until u --as-of a --include-superseded";
    for (line, at_least) in [
        (
            format!(
                "ask m {whose} --context none --budget-tokens 300 --model m --prefer cost --fallback f --beside b \
                 --max-cost-usd 1 --max-output-tokens 1 --temperature 1 --reasoning low --response-schema {{}} --timeout-s 1 --no-cache"
            ),
            18,
        ),
        (
            format!(
                "remember c {whose} --kind k --speaker s --tag t --importance 1 --occurred-at a --valid-from f \
                 --valid-to t --expires-at e --source s --supersedes i"
            ),
            15,
        ),
        (format!("recall q {whose} {filters} --limit 1 --explain --cursor 1"), 14),
        (format!("forget i {whose} {filters} --dry-run --confirm"), 13),
        ("index p --include i --exclude e --force".to_owned(), 4),
        ("search q --limit 1 --path p --language l --kind doc --explain".to_owned(), 6),
        (
            format!(
                "context q {whose} --budget-tokens 300 --source memory --path p --identity i --as-of a --model m \
                 --format xml --explain"
            ),
            13,
        ),
        ("trace i --tool t --outcome ok --session-id s --since s --until u --limit 1 --cursor 1".to_owned(), 8),
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let call = call_of(&words.join(" "));
        let known = documented(&call.tool);
        assert!(call.arguments.keys().all(|it| known.contains(it)), "{:?} of {known:?}", call.arguments);
        assert_eq!(call.arguments.len(), at_least, "{:?}", call.arguments);
    }
}
