//! `ask`, against a provider that plays prepared replies, and without any.

use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::harness::PATIENCE;
use crate::harness::call;
use crate::harness::initialize_params;
use crate::harness::modern;
use crate::harness::request;
use crate::model_server::ModelServer;
use crate::model_server::Script;

/// A home whose server asks `provider` at `url`.
fn home(provider: &str, url: &str) -> anyhow::Result<Home> {
    let prefix = provider.to_uppercase();
    let base = if provider == "openai" { format!("{url}/v1") } else { url.to_owned() };
    Ok(Home::new()?
        .with("LLM_PROVIDER", provider)
        .with(&format!("{prefix}_BASE_URL"), base)
        .with(&format!("{prefix}_API_KEY"), "sk-test-key-that-must-not-leak")
        .with(&format!("{prefix}_MODEL"), "test-model"))
}

fn answer(provider: &str, text: &str) -> Script {
    match provider {
        "anthropic" => Script::anthropic_answer(text),
        "ollama" => Script::ollama_answer(text),
        _ => Script::openai_answer(text),
    }
}

#[test]
fn each_provider_answers_with_usage_attempts_and_citations() -> anyhow::Result<()> {
    for provider in ["openai", "anthropic", "ollama"] {
        let models = ModelServer::start(vec![answer(provider, "On Fridays [1].")])?;
        let mut server = home(provider, &models.url())?.server()?;
        server.call("remember", json!({"content": "We deploy on Fridays"}))?;
        let reply = server.call("ask", json!({"message": "When do we deploy?"}))?;
        assert_eq!(reply["answer"], "On Fridays [1].", "{reply}");
        assert_eq!((&reply["provider"], &reply["finish_reason"]), (&json!(provider), &json!("stop")), "{reply}");
        assert_eq!(reply["attempts"][0]["outcome"], "ok");
        assert_eq!(reply["citations"][0]["n"], 1);
        assert!(reply["citations"][0]["uri"].as_str().is_some_and(|it| it.starts_with("carryall://memory/")));
        assert!(reply["pack_id"].is_string() && reply["cached"] == false);
        let cost = if provider == "ollama" { json!(0.0) } else { Value::Null };
        assert_eq!(reply["cost_usd"], cost, "a price that is not known is null: {reply}");
        let sent = &models.received()[0].body;
        assert!(sent.contains("We deploy on Fridays") && sent.contains("When do we deploy?"), "{sent}");
    }
    Ok(())
}

#[test]
fn turns_of_a_session_come_back_as_history() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![
        Script::openai_answer("Hello Ana."),
        Script::openai_answer("You are Ana."),
        Script::openai_answer("I do not know."),
    ])?;
    let mut server = home("openai", &models.url())?.server()?;
    let ask = |message: &str, session: &str| json!({"message": message, "session_id": session, "context": "none"});
    server.call("ask", ask("I am Ana", "a"))?;
    server.call("ask", ask("Who am I?", "a"))?;
    server.call("ask", ask("And who am I?", "b"))?;
    let sent: Vec<Value> =
        models.received().iter().map(|it| serde_json::from_str(&it.body)).collect::<Result<_, _>>()?;
    let contents = |at: usize| -> Vec<String> {
        let messages = sent[at]["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().filter_map(|it| it["content"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(contents(1), ["I am Ana", "Hello Ana.", "Who am I?"]);
    assert_eq!(contents(2), ["And who am I?"]);
    Ok(())
}

#[test]
fn what_has_a_word_in_common_by_chance_is_not_sent_along_and_not_paid_for() -> anyhow::Result<()> {
    let models = ModelServer::start((0..3).map(|_| Script::openai_answer("yes")).collect())?;
    let home = home("openai", &models.url())?;
    let invoices = "def capital_gains(invoices):\n    return sum(it.capital for it in invoices)\n";
    std::fs::write(home.workspace().join("invoices.py"), invoices)?;
    let mut server = home.server()?;
    server.call("index_workspace", json!({}))?;
    let mut sent = |message: &str| -> anyhow::Result<(bool, Value)> {
        let reply = server.call("ask", json!({"message": message}))?;
        let body = models.received().pop().map(|it| it.body).unwrap_or_default();
        Ok((body.contains("capital_gains"), reply))
    };
    let (has_code, reply) = sent("What is the capital of Peru and who is its president?")?;
    assert!(!has_code && reply["answer"] == "yes", "{reply}");
    assert!(sent("Explain how capital_gains adds up the invoices")?.0);
    Ok(())
}

#[test]
fn pieces_of_the_answer_stream_as_progress() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![Script::openai_answer("one two three")])?;
    let home = home("openai", &models.url())?;
    let mut ask = call(2, "ask", json!({"message": "count"}));
    ask["params"]["_meta"] = json!({"progressToken": 7});
    let messages = home.batch(&[request(json!(1), "initialize", initialize_params("2025-11-25")), ask])?;
    let (pieces, others): (Vec<&Value>, Vec<&Value>) = messages
        .iter()
        .filter(|it| it["method"] == "notifications/progress" && it["params"]["progressToken"] == 7)
        .map(|it| &it["params"])
        .partition(|it| it["_meta"]["carryall/delta"] == true);
    let answer: String = pieces.iter().filter_map(|it| it["message"].as_str()).collect();
    assert_eq!(answer, "one two three");
    assert!(others.iter().any(|it| it["message"] == "memory searched"), "{others:?}");
    Ok(())
}

#[test]
fn faults_of_a_provider_are_told_as_what_they_are() -> anyhow::Result<()> {
    let half = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half an answer\"}}]}\n\n";
    let faults = [
        (Script::json(401, r#"{"error":{"message":"bad key sk-test-key-that-must-not-leak"}}"#), "authentication", 1),
        (Script::json(429, r#"{"error":{"message":"no money","type":"insufficient_quota"}}"#), "quota", 1),
        // Nobody has seen a piece of these, so they are asked for once more.
        (Script::events(half), "truncated", 2),
        (Script::events("data: {\"error\":{\"message\":\"boom\"}}\n\n"), "provider_error", 2),
    ];
    for (script, kind, attempts) in faults {
        let models = ModelServer::start(vec![script; attempts])?;
        let mut server = home("openai", &models.url())?.server()?;
        let failed = server.fail("ask", json!({"message": "x", "context": "none", "session_id": "s"}))?;
        assert_eq!(failed["kind"], kind, "{failed}");
        assert!(failed["next_step"].as_str().is_some_and(|it| !it.is_empty()), "{failed}");
        assert_eq!(failed["attempts"].as_array().map(Vec::len), Some(attempts), "{failed}");
        assert!(!failed.to_string().contains("must-not-leak"), "{failed}");
        let traces = server.call("get_trace", json!({"tool": "ask"}))?;
        assert!(!traces.to_string().contains("must-not-leak"), "{traces}");
        let history = server.request("resources/read", json!({"uri": "carryall://session/s"}))?;
        assert!(history.get("error").is_some(), "nothing of a failed ask is kept as a turn: {history}");
    }
    Ok(())
}

#[test]
fn a_json_answer_that_does_not_follow_its_schema_is_asked_for_once_more() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![
        Script::openai_answer(r#"{"day":"Friday"}"#),
        Script::openai_answer("It is Friday."),
        Script::openai_answer("```json\n{\"day\":\"Friday\"}\n```"),
        Script::openai_answer(r#"{"day":5}"#),
        Script::openai_answer(r#"{"days":"Friday"}"#),
    ])?;
    let mut server = home("openai", &models.url())?.server()?;
    let schema = json!({"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]});
    let ask = json!({"message": "day?", "context": "none", "response_schema": schema, "no_cache": true});
    assert_eq!(server.call("ask", ask.clone())?["structured"], json!({"day": "Friday"}));

    let mended = server.call("ask", ask.clone())?;
    assert_eq!(mended["structured"], json!({"day": "Friday"}), "{mended}");
    assert_eq!((&mended["usage"]["input_tokens"], &mended["usage"]["output_tokens"]), (&json!(40), &json!(10)));
    assert_eq!(mended["attempts"].as_array().map(Vec::len), Some(2), "{mended}");
    let sent: Value = serde_json::from_str(&models.received()[2].body)?;
    let said = |at: usize| sent["messages"][at]["content"].as_str().unwrap_or_default().to_owned();
    assert_eq!((said(0), said(1)), ("day?".to_owned(), "It is Friday.".to_owned()));
    assert!(said(2).contains("it is not JSON") && said(2).contains("\"required\""), "{sent}");

    let failed = server.fail("ask", ask)?;
    assert_eq!(failed["kind"], "malformed", "{failed}");
    assert!(failed["message"].as_str().is_some_and(|it| it.contains("\"day\" is a required property")), "{failed}");
    assert_eq!(failed["attempts"].as_array().map(Vec::len), Some(2), "{failed}");

    let bad = json!({"message": "day?", "context": "none", "response_schema": {"type": "days"}});
    assert_eq!(server.fail("ask", bad)?["kind"], "invalid_argument");
    assert_eq!(models.received().len(), 5);
    Ok(())
}

#[test]
fn what_was_read_from_and_written_to_a_cache_stands_under_the_answer() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![Script::events(include_str!("../../fixtures/models/anthropic.sse"))])?;
    let mut server = home("anthropic", &models.url())?.server()?;
    let asked = json!({"name": "ask", "arguments": {"message": "Greet the world.", "context": "none"}});
    let reply = server.request("tools/call", modern(asked))?;
    let text = reply["result"]["content"][0]["text"].as_str().unwrap_or_default();
    assert!(text.contains("tokens 76 + 1024 cached + 100 written to the cache in, 50 out"), "{reply}");
    Ok(())
}

#[test]
fn pictures_and_turns_of_calls_reach_the_model() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![Script::anthropic_answer("A cat.")])?;
    let mut server = home("anthropic", &models.url())?.server()?;
    let messages = json!([
        {"role": "user", "content": "look for it"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "look", "input": {"at": 1}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "c1", "content": "found"},
            {"type": "image", "data": "AAAA", "mimeType": "image/png"},
            {"type": "text", "text": "What is it?"},
        ]},
    ]);
    let asked = json!({"messages": messages, "context": "none", "reasoning": "low", "model": "claude-sonnet-4-6"});
    let reply = server.call("ask", asked)?;
    assert_eq!(reply["answer"], "A cat.");
    let sent: Value = serde_json::from_str(&models.received()[0].body)?;
    let kinds = |at: usize| -> Vec<Value> {
        sent["messages"][at]["content"].as_array().into_iter().flatten().map(|it| it["type"].clone()).collect()
    };
    assert_eq!(sent["messages"][0]["content"], "look for it");
    assert_eq!((&sent["thinking"]["type"], &sent["output_config"]["effort"]), (&json!("adaptive"), &json!("low")));
    assert_eq!((kinds(1), kinds(2)), (vec![json!("tool_use")], vec![json!("tool_result")]), "{sent}");
    assert_eq!(kinds(3), [json!("image"), json!("text")], "{sent}");
    let failed = server.fail("ask", json!({"messages": [{"role": "user", "content": [{"type": "audio"}]}]}))?;
    assert_eq!(failed["kind"], "invalid_argument", "{failed}");
    Ok(())
}

#[test]
fn caps_refuse_a_question_before_it_is_sent() -> anyhow::Result<()> {
    let models = ModelServer::start(Vec::new())?;
    let priced = |home: Home| home.with("ANTHROPIC_MODEL", "claude-sonnet-4-5");
    let mut server = priced(home("anthropic", &models.url())?).server()?;
    let failed = server.fail("ask", json!({"message": "x", "context": "none", "max_cost_usd": 0.000001}))?;
    assert_eq!(failed["kind"], "budget_exceeded", "{failed}");
    let mut server = priced(home("anthropic", &models.url())?.with("CARRYALL_DAILY_USD", "0.000001")).server()?;
    let failed = server.fail("ask", json!({"message": "x", "context": "none"}))?;
    assert_eq!(failed["kind"], "budget_exceeded", "{failed}");
    let mut server = home("openai", &models.url())?.server()?;
    let failed = server.fail("ask", json!({"message": "x", "context": "none", "max_cost_usd": 1}))?;
    assert_eq!(failed["kind"], "price_unknown", "{failed}");
    Ok(())
}

#[test]
fn the_day_s_spending_is_shared_by_all_processes_on_the_file() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![Script::anthropic_answer("Yes.")])?;
    let home = home("anthropic", &models.url())?
        .with("ANTHROPIC_MODEL", "claude-haiku-4-5")
        .with("CARRYALL_DAILY_USD", "0.00068");
    let ask = json!({"message": "x", "context": "none", "max_output_tokens": 130});
    let reply = home.server()?.call("ask", ask.clone())?;
    assert!(reply["cost_usd"].as_f64().is_some_and(|it| it > 0.0), "{reply}");
    let failed = home.server()?.fail("ask", ask)?;
    assert_eq!(failed["kind"], "budget_exceeded", "{failed}");
    Ok(())
}

#[test]
fn without_a_provider_the_best_passages_answer_and_say_how_to_get_one() -> anyhow::Result<()> {
    let mut server = Home::new()?.server()?;
    let reply = server.call("ask", json!({"message": "When do we deploy?"}))?;
    assert!(reply["answer"].as_str().is_some_and(|it| it.starts_with("Nothing is known")), "{reply}");
    server.call("remember", json!({"content": "We deploy on Fridays"}))?;
    let reply = server.call("ask", json!({"message": "When do we deploy?"}))?;
    let answer = reply["answer"].as_str().unwrap_or_default();
    assert!(answer.contains("> We deploy on Fridays") && answer.contains("OPENAI_API_KEY"), "{answer}");
    assert_eq!((&reply["provider"], &reply["cost_usd"]), (&json!("extractive"), &json!(0.0)));
    assert_eq!(reply["citations"][0]["n"], 1);
    Ok(())
}

#[test]
fn offline_opens_no_socket_and_everything_else_works() -> anyhow::Result<()> {
    let models = ModelServer::start(Vec::new())?;
    let mut server = home("openai", &models.url())?.with("CARRYALL_OFFLINE", "1").server()?;
    server.call("remember", json!({"content": "We deploy on Fridays"}))?;
    assert_eq!(server.call("ask", json!({"message": "When do we deploy?"}))?["provider"], "extractive");
    assert_eq!(server.fail("ask", json!({"message": "x", "provider": "openai"}))?["kind"], "unreachable");
    assert!(models.received().is_empty());
    Ok(())
}

#[test]
fn context_is_chosen_by_the_call() -> anyhow::Result<()> {
    let models = ModelServer::start((0..3).map(|_| Script::openai_answer("ok")).collect())?;
    let mut server = home("openai", &models.url())?.server()?;
    server.call("remember", json!({"content": "We deploy on Fridays"}))?;
    let pack = server.call("assemble_context", json!({"query": "deploy"}))?;
    server.call("ask", json!({"message": "a?", "context": {"pack_id": pack["pack_id"]}}))?;
    server
        .call("ask", json!({"message": "b?", "context": {"identity": "You are Bo.", "memory": ["Tea is at noon."]}}))?;
    server.call("ask", json!({"message": "c?", "context": "none"}))?;
    let sent: Vec<String> = models.received().into_iter().map(|it| it.body).collect();
    assert!(sent[0].contains("We deploy on Fridays"), "{}", sent[0]);
    assert!(sent[1].contains("You are Bo.") && sent[1].contains("Tea is at noon."), "{}", sent[1]);
    assert!(!sent[2].contains("Fridays") && !sent[2].contains("Quoted"), "{}", sent[2]);
    assert_eq!(server.fail("ask", json!({"message": "x", "context": {"pack_id": "pack_none"}}))?["kind"], "not_found");
    Ok(())
}

#[test]
fn what_is_left_out_of_a_long_session_is_summarised_and_begins_alike_for_some_questions() -> anyhow::Result<()> {
    let models =
        ModelServer::start((0..30).map(|at| Script::openai_answer(&format!("Noted as number {at}."))).collect())?;
    let mut server = home("openai", &models.url())?.server()?;
    let mut last = Value::Null;
    for at in 0..30 {
        let message = match at {
            1 => "The release of the billing service was moved to Thursday, 12 March, by Ana.".to_owned(),
            _ => format!("The billing service has a release note of number {at}, please keep it in the list."),
        };
        last = server.call("ask", json!({"message": message, "session_id": "s", "context": "none"}))?;
    }
    let told = last["degraded"].to_string();
    assert!(
        told.contains("oldest turns of the session were not sent") && told.contains("summarised by excerpts"),
        "{told}"
    );
    let first = |at: usize| -> String {
        let sent: Value = serde_json::from_str(&models.received()[at].body).unwrap_or_default();
        sent["messages"][0]["content"].as_str().unwrap_or_default().to_owned()
    };
    assert!(first(29).contains("> user: ") && first(29).contains("12 March, by Ana"), "{}", first(29));
    // Of nine questions in a row, three begin otherwise than the one before at most: the provider's prompt cache holds.
    let changes = (21..29).filter(|at| first(*at) != first(at + 1)).count();
    assert!(changes <= 3, "{changes} changes");
    Ok(())
}

#[test]
fn a_last_turn_that_is_too_long_is_sent_by_its_beginning() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![Script::openai_answer("ok"), Script::openai_answer("ok")])?;
    let mut server = home("openai", &models.url())?.server()?;
    let long = format!("zebra {}", "lorem ipsum ".repeat(20_000));
    server.call("ask", json!({"message": long, "session_id": "s", "context": "none"}))?;
    server.call("ask", json!({"message": "and now?", "session_id": "s", "context": "none"}))?;
    let sent = models.received()[1].body.clone();
    assert!(sent.contains("zebra lorem") && sent.contains("[…]") && sent.len() < 60_000, "{} bytes", sent.len());
    Ok(())
}

#[test]
fn a_cancelled_ask_closes_the_connection_and_says_nothing_more() -> anyhow::Result<()> {
    let delta = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"thinking\"}}]}\n\n";
    let models = ModelServer::start(vec![Script::events(delta).hanging()])?;
    let mut server = home("openai", &models.url())?.server()?;
    server.initialize("2025-11-25")?;
    let mut ask = call(50, "ask", json!({"message": "x", "context": "none"}));
    ask["params"]["_meta"] = json!({"progressToken": "p"});
    server.send(&ask)?;
    let told = server.next()?;
    assert_eq!(told["params"]["message"], "thinking", "{told}");
    server.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 50}}))?;
    assert!(models.sees_a_hang_up(PATIENCE));
    let traced = server.call("get_trace", json!({"tool": "ask"}))?;
    assert_eq!(traced["spans"][0]["outcome"], "cancelled", "{traced}");
    assert_eq!(server.finish()?.messages, Vec::<Value>::new());
    Ok(())
}

#[test]
fn a_fallback_whose_price_is_unknown_is_not_asked_under_a_cap() -> anyhow::Result<()> {
    let (first, second) = (
        ModelServer::start(vec![Script::json(500, r#"{"error":{"message":"boom"}}"#)])?,
        ModelServer::start(Vec::new())?,
    );
    let mut server = home("anthropic", &first.url())?
        .with("ANTHROPIC_MODEL", "claude-haiku-4-5")
        .with("OPENAI_BASE_URL", format!("{}/v1", second.url()))
        .with("OPENAI_API_KEY", "sk-test")
        .server()?;
    let ask = json!({"message": "x", "context": "none", "max_cost_usd": 1, "fallbacks": ["openai/unpriced"]});
    let failed = server.fail("ask", ask)?;
    assert_eq!(failed["attempts"].as_array().map(Vec::len), Some(1), "{failed}");
    assert!(second.received().is_empty());
    Ok(())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test plays a newer program on the same file")]
fn an_answer_and_a_pack_are_given_though_they_cannot_be_kept() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![Script::openai_answer("On Fridays.")])?;
    let home = home("openai", &models.url())?;
    let mut server = home.server()?;
    server.call("remember", json!({"content": "We deploy on Fridays"}))?;
    rusqlite::Connection::open(home.database())?.pragma_update(None, "user_version", 99)?;
    assert_eq!(server.fail("remember", json!({"content": "x"}))?["kind"], "storage");
    let pack = server.call("assemble_context", json!({"query": "deploy"}))?;
    assert_eq!((&pack["items"][0]["source"], &pack["degraded"][0]["source"]), (&json!("memory"), &json!("store")));
    let reply = server.call("ask", json!({"message": "When do we deploy?", "session_id": "s"}))?;
    assert_eq!(reply["answer"], "On Fridays.", "{reply}");
    let told = reply["degraded"].to_string();
    assert!(told.contains("the turns were not kept") && told.contains("restart"), "{told}");
    Ok(())
}

#[test]
fn a_key_for_an_address_of_one_s_own_may_ask_models_without_a_price() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![Script::openai_answer("yes")])?;
    let home = Home::new()?
        .with("OPENAI_API_KEY", "sk-test")
        .with("OPENAI_BASE_URL", format!("{}/v1", models.url()))
        .with("OPENAI_MODEL", "our-own-model");
    let reply = home.server()?.call("ask", json!({"message": "x", "context": "none"}))?;
    assert_eq!((&reply["answer"], &reply["cost_usd"]), (&json!("yes"), &Value::Null));
    Ok(())
}
