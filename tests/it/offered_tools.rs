//! Tools that a call of `ask` offers to a model, in every wire format, with the real server.

use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::harness::data_of;
use crate::harness::modern;
use crate::model_server::ModelServer;
use crate::model_server::Script;

/// A provider, the address that is asked, what else it needs, and its answer that wants to have a tool called.
fn families() -> Vec<(&'static str, Script)> {
    let chat = || {
        let piece = |delta: Value, reason: Value| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
            format!("data: {}\n\n", json!({"id": "c", "model": "m", "choices": [choice]}))
        };
        let call = |more: Value| json!({"tool_calls": [more]});
        let begun = json!({"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": ""}});
        let rest = |text: &str| json!({"index": 0, "function": {"arguments": text}});
        Script::events(
            &[
                piece(call(begun), Value::Null),
                piece(call(rest("{\"at\"")), Value::Null),
                piece(call(rest(":1}")), Value::Null),
                piece(json!({}), json!("tool_calls")),
                "data: [DONE]\n\n".to_owned(),
            ]
            .concat(),
        )
    };
    let event = |value: Value| format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap_or_default());
    let messages = [
        json!({"type": "message_start", "message": {"id": "m", "model": "m", "usage": {"input_tokens": 9}}}),
        json!({"type": "content_block_start", "index": 0,
            "content_block": {"type": "tool_use", "id": "c1", "name": "look", "input": {}}}),
        json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": "{\"at\":1}"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}}),
        json!({"type": "message_stop"}),
    ];
    let item = json!({"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{\"at\":1}"});
    let response = json!({"id": "r", "status": "completed", "output": [item], "usage": {"input_tokens": 9}});
    let ollama = json!({"message": {"role": "assistant", "content": "",
        "tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": {"at": 1}}}]}, "done": true, "done_reason": "stop"});
    vec![
        ("openai", chat()),
        ("responses", Script::events(&event(json!({"type": "response.completed", "response": response})))),
        ("anthropic", Script::events(&messages.map(event).concat())),
        ("azure", chat()),
        ("openrouter", chat()),
        ("ollama", Script::lines(&format!("{ollama}\n"))),
        ("lmstudio", chat()),
    ]
}

/// Whether a tool named `look` stands in the request, wherever its format has it.
fn offers_look(sent: &Value) -> bool {
    sent["tools"].as_array().into_iter().flatten().any(|it| it["name"] == "look" || it["function"]["name"] == "look")
}

#[test]
fn a_tool_is_offered_in_every_format_and_its_call_comes_back_as_a_part_to_send_along() -> anyhow::Result<()> {
    for (name, script) in families() {
        let models = ModelServer::start(vec![script.clone(), script])?;
        let provider = if name == "responses" { "openai" } else { name };
        let prefix = if name == "azure" { "AZURE_OPENAI".to_owned() } else { provider.to_uppercase() };
        let base = if matches!(name, "anthropic" | "azure" | "ollama") { "" } else { "/v1" };
        let mut home = Home::new()?
            .with("LLM_PROVIDER", provider)
            .with(&format!("{prefix}_BASE_URL"), format!("{}{base}", models.url()))
            .with(&format!("{prefix}_API_KEY"), "sk-test-key-of-this-one")
            .with(&format!("{prefix}_MODEL"), "m");
        if name == "responses" {
            home = home.with("OPENAI_API", "responses");
        }
        let mut server = home.server()?;
        let parameters = json!({"type": "object", "properties": {"at": {"type": "integer"}}});
        let tools = json!([{"name": "look", "description": "Looks at a page.", "parameters": parameters}]);
        let ask = json!({"message": "look", "context": "none", "temperature": 0, "tools": tools, "session_id": "s"});
        for _ in 0..2 {
            let reply = server.call("ask", ask.clone())?;
            let call = &reply["tool_calls"][0];
            assert_eq!((&reply["finish_reason"], &reply["cached"]), (&json!("tool_calls"), &json!(false)), "{name}");
            assert_eq!((&call["type"], &call["name"]), (&json!("tool_use"), &json!("look")), "{name}: {reply}");
            assert_eq!(call["input"], json!({"at": 1}), "{name}: {reply}");
            assert!(call["id"].as_str().is_some_and(|it| !it.is_empty()), "{name}: {reply}");
            assert_eq!(reply["answer"], "", "{name}");
        }
        for it in models.received() {
            let sent: Value = serde_json::from_str(&it.body)?;
            assert!(offers_look(&sent), "{name}: {sent}");
            assert!(
                !sent.to_string().contains("\"assistant\""),
                "a turn that waits for its tool is no history: {sent}"
            );
        }
    }
    Ok(())
}

#[test]
fn side_by_side_the_calls_of_each_are_told() -> anyhow::Result<()> {
    let wants = |name: &str| families().into_iter().find(|it| it.0 == name).map(|it| it.1);
    let first = ModelServer::start(Vec::from_iter(wants("openai")))?;
    let second = ModelServer::start(Vec::from_iter(wants("anthropic")))?;
    let third = ModelServer::start(vec![Script::openai_answer("I need no page.")])?;
    let mut server = Home::new()?
        .with("OPENAI_BASE_URL", format!("{}/v1", first.url()))
        .with("OPENAI_API_KEY", "sk-test-key-of-this-one")
        .with("ANTHROPIC_BASE_URL", second.url())
        .with("ANTHROPIC_API_KEY", "sk-test-key-of-this-one")
        .with("LMSTUDIO_BASE_URL", format!("{}/v1", third.url()))
        .server()?;
    let providers = json!(["openai/gpt-4o-mini", "anthropic/claude-haiku-4-5", "lmstudio/m"]);
    let ask = json!({"message": "look", "context": "none", "providers": providers, "tools": [{"name": "look"}]});
    let answer = server.request("tools/call", modern(json!({"name": "ask", "arguments": ask})))?;
    let reply = data_of(&answer)?;
    let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_default();
    for at in 0..2 {
        let call = &reply["answers"][at]["tool_calls"][0];
        assert_eq!((&call["name"], &call["input"]), (&json!("look"), &json!({"at": 1})), "{reply}");
        assert_eq!(reply["answers"][at]["finish_reason"], "tool_calls", "{reply}");
    }
    assert!(reply["answers"][2].get("tool_calls").is_none(), "{reply}");
    assert_eq!(text.matches("Wants to call look (c1): {\"at\":1}").count(), 2, "{text}");
    Ok(())
}

#[test]
fn what_a_tool_answered_stands_after_the_question_with_its_context() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![Script::openai_answer("A cat [1]."), Script::openai_answer("Yes.")])?;
    let mut server = Home::new()?
        .with("LLM_PROVIDER", "openai")
        .with("OPENAI_BASE_URL", format!("{}/v1", models.url()))
        .with("OPENAI_API_KEY", "sk-test-key-of-this-one")
        .with("OPENAI_MODEL", "m")
        .server()?;
    server.call("remember", json!({"content": "The cat lives on page four"}))?;
    let call = json!({"type": "tool_use", "id": "c1", "name": "look", "input": {"at": 4}});
    let messages = json!([
        {"role": "user", "content": "What lives on page four?"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "it meows"}]},
    ]);
    let ask = json!({"messages": messages, "tools": [{"name": "look"}], "tool_choice": "none", "session_id": "s"});
    let reply = server.call("ask", ask)?;
    assert_eq!((&reply["answer"], &reply["citations"][0]["n"]), (&json!("A cat [1]."), &json!(1)), "{reply}");
    server.call("ask", json!({"message": "Sure?", "session_id": "s", "context": "none"}))?;
    let sent: Vec<Value> =
        models.received().iter().map(|it| serde_json::from_str(&it.body)).collect::<Result<_, _>>()?;
    let roles = |at: usize| -> Vec<String> {
        let messages = sent[at]["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().filter_map(|it| Some(it["role"].as_str()?.to_owned())).collect()
    };
    assert_eq!(roles(0), ["system", "user", "assistant", "tool"], "{}", sent[0]);
    let question = sent[0]["messages"][1]["content"].as_str().unwrap_or_default();
    assert!(question.contains("The cat lives") && question.ends_with("What lives on page four?"), "{question}");
    assert_eq!((&sent[0]["messages"][3]["content"], &sent[0]["tool_choice"]), (&json!("it meows"), &json!("none")));
    assert_eq!(roles(1), ["user", "assistant", "user"], "{}", sent[1]);
    assert_eq!(
        sent[1]["messages"][0]["content"], "What lives on page four?",
        "the question is the turn, not the result"
    );
    Ok(())
}

#[test]
fn a_tool_that_no_provider_takes_is_refused_before_it_is_sent() -> anyhow::Result<()> {
    let mut server = Home::new()?.server()?;
    for (more, expected) in [
        (json!({"tools": [{"name": "a b"}]}), "`tools[0].name` is"),
        (json!({"tools": [{"name": "a"}], "tool_choice": "b"}), "no tool has this name"),
        (json!({"tool_choice": "auto"}), "no tools are"),
        (json!({"tools": [1]}), "`tools[0]`"),
    ] {
        let mut ask = json!({"message": "x"});
        ask.as_object_mut().into_iter().zip(more.as_object()).for_each(|(ask, more)| ask.extend(more.clone()));
        let failed = server.fail("ask", ask)?;
        assert_eq!(failed["kind"], "invalid_argument", "{failed}");
        assert!(failed["text"].as_str().is_some_and(|it| it.contains(expected)), "{failed}");
    }
    Ok(())
}
