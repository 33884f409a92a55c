//! Who is asked, what it may cost, what is not asked twice: the real server against prepared providers.

use std::collections::BTreeSet;
use std::net::TcpListener;

use serde_json::Value;
use serde_json::json;

use crate::harness::Duplex;
use crate::harness::Home;
use crate::harness::call;
use crate::harness::initialize_params;
use crate::harness::modern;
use crate::harness::request;
use crate::model_server::ModelServer;
use crate::model_server::Script;

/// A home whose server has keys for Anthropic and OpenAI, both at `url`.
fn home(url: &str) -> anyhow::Result<Home> {
    Ok(Home::new()?
        .with("ANTHROPIC_BASE_URL", url)
        .with("ANTHROPIC_API_KEY", "sk-test")
        .with("OPENAI_BASE_URL", format!("{url}/v1"))
        .with("OPENAI_API_KEY", "sk-test"))
}

/// A whole answer in Anthropic's format that used `input` and `output` tokens.
fn used(text: &str, input: u32, output: u32) -> Script {
    Script::events(&format!(
        "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"m\",\"model\":\"claude-haiku-4-5\",\
         \"usage\":{{\"input_tokens\":{input},\"output_tokens\":1}}}}}}\n\n\
         event: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,\
         \"content_block\":{{\"type\":\"text\",\"text\":\"\"}}}}\n\n\
         event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\
         \"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}}}\n\n\
         event: content_block_stop\ndata: {{\"type\":\"content_block_stop\",\"index\":0}}\n\n\
         event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\"}},\
         \"usage\":{{\"output_tokens\":{output}}}}}\n\n\
         event: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"
    ))
}

#[test]
fn a_hundred_asks_of_two_processes_never_pass_the_day_s_cap_together() -> anyhow::Result<()> {
    let models = ModelServer::start((0..100).map(|_| used("yes", 9, 130)).collect())?;
    let cap = 0.0068;
    let home = home(&models.url())?
        .with("LLM_PROVIDER", "anthropic")
        .with("ANTHROPIC_MODEL", "claude-haiku-4-5")
        .with("CARRYALL_DAILY_USD", cap.to_string());
    let mut servers = [home.server()?, home.server()?];
    for server in &mut servers {
        for id in 0..50 {
            let arguments = json!({"message": "x", "context": "none", "max_output_tokens": 130});
            server.send(&call(id, "ask", arguments))?;
        }
    }
    let (mut spent, mut answered) = (0.0, 0);
    for server in &mut servers {
        for id in 0..50 {
            let answer = server.answer(&json!(id))?;
            match answer["result"]["isError"] == json!(true) {
                true => assert_eq!(answer["result"]["_meta"]["carryall/error"]["kind"], "budget_exceeded", "{answer}"),
                false => {
                    answered += 1;
                    spent += answer["result"]["structuredContent"]["cost_usd"].as_f64().unwrap_or(f64::NAN);
                }
            }
        }
    }
    assert!(answered > 0 && spent <= cap, "{answered} answers for {spent} USD");
    assert_eq!(models.received().len(), answered, "what is refused is not sent");
    Ok(())
}

#[test]
fn an_attempt_that_may_have_been_billed_counts_with_the_most_that_it_can_have_cost() -> anyhow::Result<()> {
    let cut =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9}}}\n\n";
    let models = ModelServer::start(vec![Script::events(cut), used("yes", 9, 1)])?;
    let home = home(&models.url())?
        .with("LLM_PROVIDER", "anthropic")
        .with("ANTHROPIC_MODEL", "claude-haiku-4-5")
        .with("CARRYALL_DAILY_USD", "0.001");
    let mut server = home.server()?;
    let ask = json!({"message": "x", "context": "none", "max_output_tokens": 130});
    assert_eq!(server.fail("ask", ask.clone())?["kind"], "truncated");
    assert_eq!(server.fail("ask", ask)?["kind"], "budget_exceeded");
    Ok(())
}

#[test]
fn under_a_cap_an_answer_s_length_is_limited_by_what_is_left() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![used("yes", 9, 1), used("yes", 9, 1)])?;
    let home = home(&models.url())?.with("LLM_PROVIDER", "anthropic").with("ANTHROPIC_MODEL", "claude-haiku-4-5");
    let mut server = home.server()?;
    server.call("ask", json!({"message": "x", "context": "none", "max_cost_usd": 0.01}))?;
    server.call("ask", json!({"message": "x", "context": "none", "max_cost_usd": 1}))?;
    let limits: Vec<u64> = models
        .received()
        .iter()
        .filter_map(|it| serde_json::from_str::<Value>(&it.body).ok()?["max_tokens"].as_u64())
        .collect();
    assert!((1_900..2_000).contains(&limits[0]) && limits[1] == 8_192, "{limits:?}");
    Ok(())
}

#[test]
fn a_fallback_that_is_dearer_says_so_and_one_that_is_too_dear_is_not_asked() -> anyhow::Result<()> {
    let busy = || Script::json(500, r#"{"error":{"message":"boom"}}"#);
    let models = ModelServer::start(vec![busy(), used("yes", 9, 1), busy()])?;
    let home = home(&models.url())?.with("LLM_PROVIDER", "anthropic").with("ANTHROPIC_MODEL", "claude-haiku-4-5");
    let mut server = home.server()?;
    let ask = json!({"message": "x", "context": "none", "fallbacks": ["anthropic/claude-opus-5"]});
    let reply = server.call("ask", ask)?;
    let told = reply["degraded"].to_string();
    assert!(told.contains("anthropic/claude-opus-5") && told.contains("5.0 times as much"), "{told}");
    let ask = json!({"message": "x", "context": "none", "max_output_tokens": 1000, "max_cost_usd": 0.01,
        "fallbacks": ["anthropic/claude-opus-5"]});
    let failed = server.fail("ask", ask)?;
    assert_eq!((&failed["kind"], failed["attempts"].as_array().map(Vec::len)), (&json!("provider_error"), Some(1)));
    Ok(())
}

#[test]
fn the_wish_chooses_among_the_models_that_are_configured() -> anyhow::Result<()> {
    let models = ModelServer::start((0..3).map(|_| Script::openai_answer("yes")).collect())?;
    let home = Home::new()?;
    std::fs::write(
        home.folder().join("config.toml"),
        format!(
            "provider = 'work'\n[ask]\ncascade = ['work/large']\n\
             [providers.work]\nkind = 'openai'\nbase_url = '{}/v1'\napi_key_env = 'WORK_KEY'\n\
             [prices.'work/large']\ninput = 5\noutput = 20\n[models.'work/large']\nquality = 5\n\
             [prices.'work/small']\ninput = 1\noutput = 2\n[models.'work/small']\nquality = 2\nwindow = 1000\n",
            models.url()
        ),
    )?;
    let home = home.with("WORK_KEY", "k").with("CARRYALL_CONFIG", "../config.toml");
    let mut server = home.server()?;
    let ask = |prefer: &str, message: &str| json!({"message": message, "context": "none", "prefer": prefer});
    server.call("ask", ask("quality", "x"))?;
    let reply = server.call("ask", ask("cost", "x"))?;
    server.call("ask", ask("cost", &"many words ".repeat(2_000)))?;
    let asked: Vec<String> = models
        .received()
        .iter()
        .filter_map(|it| Some(serde_json::from_str::<Value>(&it.body).ok()?["model"].as_str()?.to_owned()))
        .collect();
    assert_eq!(asked, ["large", "small", "large"]);
    let trace = server.call("get_trace", json!({"trace_id": reply["trace_id"]}))?.to_string();
    assert!(trace.contains("cost is preferred: 0.00") && trace.contains("work/large: cost is preferred"), "{trace}");
    Ok(())
}

/// A home with two models of a named provider, `large` of class 5 and `small` of `class`, of equal price.
fn home_of_two(models: &ModelServer, class: u32, explore_percent: u32) -> anyhow::Result<Home> {
    let home = Home::new()?;
    std::fs::write(
        home.folder().join("config.toml"),
        format!(
            "provider = 'work'\n[ask]\nprefer = 'quality'\nexplore_percent = {explore_percent}\n\
             [providers.work]\nkind = 'openai'\nbase_url = '{}/v1'\napi_key_env = 'WORK_KEY'\n\
             [prices.'work/large']\ninput = 1\noutput = 2\n[models.'work/large']\nquality = 5\n\
             [prices.'work/small']\ninput = 1\noutput = 2\n[models.'work/small']\nquality = {class}\n",
            models.url()
        ),
    )?;
    Ok(home.with("WORK_KEY", "k").with("CARRYALL_CONFIG", "../config.toml"))
}

/// The models that were asked, in order.
fn models_asked(models: &ModelServer) -> Vec<String> {
    let model = |body: &str| Some(serde_json::from_str::<Value>(body).ok()?["model"].as_str()?.to_owned());
    models.received().iter().filter_map(|it| model(&it.body)).collect()
}

#[test]
fn what_was_said_of_answers_turns_the_choice_for_that_kind_of_request_in_every_process() -> anyhow::Result<()> {
    let cut = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half\"},\"finish_reason\":\"length\"}]}\n\n\
               data: [DONE]\n\n";
    let mut scripts = vec![Script::events(cut); 5];
    scripts.extend((0..9).map(|_| Script::openai_answer("yes")));
    let models = ModelServer::start(scripts)?;
    let home = home_of_two(&models, 4, 0)?;
    let mut server = home.server()?;
    let fix = json!({"message": "Fix the crash in the parser: it panics on an empty file", "context": "none"});
    let explain = json!({"message": "Explain how the scheduler of this program works", "context": "none"});
    // Answers that the limit cut off say nothing about quality, whatever is said of them.
    let mut judged = Vec::new();
    for _ in 0..10 {
        let reply = server.call("ask", fix.clone())?;
        judged.push(reply["trace_id"].clone());
        server.call("give_feedback", json!({"trace_id": reply["trace_id"], "rating": -1}))?;
        // Said twice, it counts once.
        server.call("give_feedback", json!({"trace_id": reply["trace_id"], "rating": -1}))?;
    }
    assert_eq!(models_asked(&models), ["large"; 10]);
    let mut other = home.server()?;
    let reply = other.call("ask", fix.clone())?;
    other.call("ask", explain)?;
    assert_eq!(models_asked(&models)[10..], ["small", "large"]);
    let trace = other.call("get_trace", json!({"trace_id": reply["trace_id"]}))?.to_string();
    assert!(trace.contains("work/large: quality is preferred: class 5 of 5, -1.1 by 5.0 ratings"), "{trace}");
    assert!(trace.contains("\"request_kind\":\"fix\"") && trace.contains("\"tries_others\":0.0"), "{trace}");
    // Said otherwise later, it counts otherwise: a call has its latest rating.
    for trace_id in judged {
        server.call("give_feedback", json!({"trace_id": trace_id, "rating": 1}))?;
    }
    server.call("ask", fix.clone())?;
    server.call("ask", json!({"message": fix["message"], "context": "none", "model": "small"}))?;
    assert_eq!(models_asked(&models)[12..], ["large", "small"]);
    Ok(())
}

#[test]
fn another_model_is_tried_now_and_then_but_never_where_a_cap_or_the_caller_forbids() -> anyhow::Result<()> {
    let models = ModelServer::start((0..120).map(|_| Script::openai_answer("yes")).collect())?;
    let mut server = home_of_two(&models, 4, 50)?.server()?;
    let ask = |more: Value| {
        let mut ask = json!({"message": "Explain how the scheduler works", "context": "none", "no_cache": true});
        ask.as_object_mut().into_iter().zip(more.as_object()).for_each(|(ask, more)| ask.extend(more.clone()));
        ask
    };
    let mut tried = None;
    for _ in 0..30 {
        let reply = server.call("ask", ask(json!({})))?;
        if reply["text"].as_str().is_some_and(|it| it.contains("tried so that it can be rated")) {
            tried = Some(reply["trace_id"].clone());
        }
    }
    let asked = models_asked(&models);
    // One in a billion runs tries all or none of thirty at even odds.
    assert!(asked.iter().any(|it| it == "large") && asked.iter().any(|it| it == "small"), "{asked:?}");
    let trace = server.call("get_trace", json!({"trace_id": tried}))?.to_string();
    assert!(trace.contains("\"is_tried\":true") && trace.contains("\"tries_others\":0.5"), "{trace}");
    for more in [json!({"max_cost_usd": 1}), json!({"temperature": 0}), json!({"model": "large"})] {
        for _ in 0..30 {
            server.call("ask", ask(more.clone()))?;
        }
    }
    assert!(models_asked(&models)[30..].iter().all(|it| it == "large"));
    Ok(())
}

#[test]
fn equal_questions_are_answered_once_for_each_owner() -> anyhow::Result<()> {
    let models = ModelServer::start((0..4).map(|at| Script::openai_answer(&format!("answer {at}"))).collect())?;
    let home = home(&models.url())?.with("LLM_PROVIDER", "openai").with("OPENAI_MODEL", "m");
    let mut server = home.server()?;
    let ask = |more: Value| {
        let mut ask = json!({"message": "x", "context": "none", "temperature": 0});
        ask.as_object_mut().into_iter().zip(more.as_object()).for_each(|(ask, more)| ask.extend(more.clone()));
        ask
    };
    let first = server.call("ask", ask(json!({})))?;
    assert_eq!((&first["answer"], &first["cached"]), (&json!("answer 0"), &json!(false)));
    let again = home.server()?.call("ask", ask(json!({})))?;
    assert_eq!(
        (&again["answer"], &again["cached"], &again["cost_usd"]),
        (&json!("answer 0"), &json!(true), &json!(0.0))
    );
    assert_eq!((&again["attempts"], &again["provider"]), (&json!([]), &json!("openai")));
    let theirs = server.call("ask", ask(json!({"user_id": "ana"})))?;
    assert_eq!((&theirs["answer"], &theirs["cached"]), (&json!("answer 1"), &json!(false)));
    let afresh = server.call("ask", ask(json!({"no_cache": true})))?;
    assert_eq!((&afresh["answer"], &afresh["cached"]), (&json!("answer 2"), &json!(false)));
    assert_eq!(server.call("ask", ask(json!({})))?["answer"], "answer 2", "the latest is kept");
    let id = server.call("remember", json!({"content": "x"}))?["memories"][0]["id"].clone();
    server.call("forget", json!({"ids": [id]}))?;
    let asked_again = server.call("ask", ask(json!({})))?;
    assert_eq!(asked_again["answer"], "answer 3", "what was kept is gone with a memory that is forgotten");
    Ok(())
}

#[tokio::test]
async fn equal_questions_at_the_same_moment_are_asked_once() -> anyhow::Result<()> {
    // One reply: a second request would be one too many.
    let models = ModelServer::start(vec![Script::openai_answer("once")])?;
    let home = home(&models.url())?.with("LLM_PROVIDER", "openai").with("OPENAI_MODEL", "m");
    let mut server = Duplex::start(&home)?;
    for id in 0..20 {
        let ask = json!({"message": "x", "context": "none", "temperature": 0});
        server.send(&call(id, "ask", ask)).await?;
    }
    let mut cached = 0;
    for id in 0..20 {
        let answer = server.answer(&json!(id)).await?;
        let data = &answer["result"]["structuredContent"];
        assert_eq!(data["answer"], "once", "{answer}");
        cached += usize::from(data["cached"] == json!(true));
    }
    assert_eq!(cached, 19);
    Ok(())
}

#[test]
fn answers_that_are_not_whole_are_not_kept() -> anyhow::Result<()> {
    let cut = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half\"},\"finish_reason\":\"length\"}]}\n\n\
               data: [DONE]\n\n";
    let models = ModelServer::start(vec![Script::events(cut), Script::openai_answer("whole")])?;
    let mut server = home(&models.url())?.with("LLM_PROVIDER", "openai").with("OPENAI_MODEL", "m").server()?;
    let ask = json!({"message": "x", "context": "none", "temperature": 0});
    assert_eq!(server.call("ask", ask.clone())?["finish_reason"], "length");
    assert_eq!(server.call("ask", ask)?["answer"], "whole");
    Ok(())
}

#[test]
fn several_are_asked_side_by_side_and_compared() -> anyhow::Result<()> {
    let first = ModelServer::start(vec![used("We deploy on Fridays. Ask Ana first.", 9, 7)])?;
    let second = ModelServer::start(vec![Script::openai_answer("Deployments are on Fridays. It takes 5 minutes.")])?;
    let third = ModelServer::start(vec![Script::json(401, r#"{"error":"no"}"#)])?;
    let home = Home::new()?
        .with("ANTHROPIC_BASE_URL", first.url())
        .with("ANTHROPIC_API_KEY", "sk-test")
        .with("OPENAI_BASE_URL", format!("{}/v1", second.url()))
        .with("OPENAI_API_KEY", "sk-test")
        .with("OLLAMA_BASE_URL", third.url());
    let mut server = home.server()?;
    let providers = json!(["anthropic/claude-haiku-4-5", "openai/gpt-4o-mini", "ollama/llama"]);
    let reply = server.call("ask", json!({"message": "When?", "context": "none", "providers": providers}))?;
    let answers = reply["answers"].as_array().cloned().unwrap_or_default();
    let said: BTreeSet<&str> = answers.iter().filter_map(|it| it["answer"].as_str()).collect();
    assert_eq!((answers.len(), said.len()), (3, 2), "{reply}");
    assert!(answers[2]["error"].as_str().is_some_and(|it| it.starts_with("authentication")), "{reply}");
    assert!(answers[..2].iter().all(|it| it["cost_usd"].as_f64().is_some_and(|it| it > 0.0)));
    assert!(answers.iter().all(|it| it["latency_ms"].as_f64().is_some_and(|it| it > 0.0)));
    assert_eq!(reply["agree"], json!(["We deploy on Fridays."]), "{reply}");
    assert_eq!(reply["differ"][1]["says"], json!(["It takes 5 minutes."]), "{reply}");
    assert_eq!(reply["attempts"].as_array().map(Vec::len), Some(3));
    let failed = server.fail("ask", json!({"message": "x", "providers": ["nobody"]}))?;
    assert_eq!(failed["kind"], "invalid_argument", "{failed}");
    Ok(())
}

/// An address where nobody listens.
fn nobody() -> anyhow::Result<String> {
    Ok(format!("http://{}", TcpListener::bind("127.0.0.1:0")?.local_addr()?))
}

#[test]
fn a_local_server_that_runs_is_found_used_and_named() -> anyhow::Result<()> {
    let tags = r#"{"models":[{"name":"nomic-embed-text"},{"name":"llama3.2"}]}"#;
    let models = ModelServer::start(vec![Script::json(200, tags), Script::ollama_answer("yes")])?;
    let found = Home::new()?
        .with("OLLAMA_BASE_URL", models.url())
        .with("LMSTUDIO_BASE_URL", format!("{}/v1", nobody()?))
        .with("CARRYALL_FIND_LOCAL", "1");
    let reply = found.server()?.call("ask", json!({"message": "x", "context": "none"}))?;
    assert_eq!((&reply["answer"], &reply["provider"]), (&json!("yes"), &json!("ollama")), "{reply}");
    assert_eq!(reply["cost_usd"], 0.0);
    assert!(models.received()[1].body.contains("llama3.2"));
    for (name, value) in [("CARRYALL_FIND_LOCAL", "0"), ("CARRYALL_OFFLINE", "1"), ("LLM_PROVIDER", "extractive")] {
        let reply = found.clone_with(name, value).server()?.call("ask", json!({"message": "x"}))?;
        assert_eq!(reply["provider"], "extractive", "{name}");
    }
    assert_eq!(models.received().len(), 2);
    Ok(())
}

#[test]
fn an_inline_context_is_refused_with_the_path_of_each_fault() -> anyhow::Result<()> {
    let mut server = Home::new()?.server()?;
    let context = json!({"identity": 5, "docs": [{"title": "t"}], "tools": [{"name": "a"}, {"name": 1}]});
    let failed = server.fail("ask", json!({"message": "x", "context": context}))?;
    let text = failed["text"].as_str().unwrap_or_default();
    for path in ["`context.identity`", "`context.docs[0].text`", "`context.tools[1].name`"] {
        assert!(text.contains(path), "{path} is not in {text}");
    }
    let read = server.request("resources/read", modern(json!({"uri": "carryall://schema/context"})))?;
    let schema: Value = serde_json::from_str(read["result"]["contents"][0]["text"].as_str().unwrap_or_default())?;
    assert!(["identity", "memory", "tools", "docs"].iter().all(|it| schema["properties"][it].is_object()), "{schema}");
    Ok(())
}

#[test]
fn the_committed_schema_of_an_inline_context_is_current() -> anyhow::Result<()> {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/context.json"))?;
    let is_current = committed.replace("\r\n", "\n") == carryall::server::context_schema_text();
    assert!(is_current, "docs/schema/context.json is stale: run `just docs`");
    Ok(())
}

#[test]
fn a_piece_of_an_answer_is_still_streamed_first_and_whole() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![used("one", 9, 1)])?;
    let home = home(&models.url())?.with("LLM_PROVIDER", "anthropic").with("ANTHROPIC_MODEL", "claude-haiku-4-5");
    let mut ask = call(2, "ask", json!({"message": "count", "context": "none", "max_cost_usd": 1}));
    ask["params"]["_meta"] = json!({"progressToken": 7});
    let messages = home.batch(&[request(json!(1), "initialize", initialize_params("2025-11-25")), ask])?;
    let told: Vec<&Value> = messages.iter().filter(|it| it["method"] == "notifications/progress").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["params"]["message"], "one");
    Ok(())
}

/// Settings with a provider `work` at the models' address and a cascade to it, and `more` before them.
fn home_with_cascade(models: &ModelServer, more: &str) -> anyhow::Result<Home> {
    let home = Home::new()?;
    let settings = format!(
        "{more}\n[ask]\ncascade = ['work/large']\n\
         [providers.work]\nkind = 'openai'\nbase_url = '{}/v1'\napi_key_env = 'WORK_KEY'\n",
        models.url()
    );
    std::fs::write(home.folder().join("config.toml"), settings)?;
    Ok(home.with("WORK_KEY", "k").with("CARRYALL_CONFIG", "../config.toml"))
}

#[test]
fn side_by_side_nobody_answers_in_the_name_of_another() -> anyhow::Result<()> {
    // A wrong key fails at once, whichever of the two meets it.
    let models = ModelServer::start(vec![
        Script::json(401, r#"{"error":{"message":"no such key"}}"#),
        Script::openai_answer("yes"),
        Script::openai_answer("one too many"),
    ])?;
    let mut server = home_with_cascade(&models, "")?.server()?;
    let ask = json!({"message": "x", "context": "none", "providers": ["work/small", "work/medium"]});
    let reply = server.call("ask", ask)?;
    assert_eq!(models.received().len(), 2, "{reply}");
    let answers = reply["answers"].as_array().cloned().unwrap_or_default();
    assert_eq!(answers.iter().filter(|it| !it["error"].is_null()).count(), 1, "{reply}");
    Ok(())
}

#[test]
fn a_preference_asks_nobody_where_quoting_was_chosen() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![Script::openai_answer("one too many")])?;
    let mut server = home_with_cascade(&models, "provider = 'extractive'")?.server()?;
    let reply = server.call("ask", json!({"message": "x", "prefer": "cost"}))?;
    assert_eq!((models.received().len(), &reply["provider"]), (0, &json!("extractive")), "{reply}");
    Ok(())
}

#[test]
fn openrouter_is_told_the_most_that_it_may_cost_where_a_cap_holds() -> anyhow::Result<()> {
    let models = ModelServer::start((0..4).map(|_| Script::openai_answer("yes")).collect())?;
    let home = Home::new()?
        .with("OPENROUTER_API_KEY", "sk-or-test")
        .with("OPENROUTER_BASE_URL", format!("{}/api/v1", models.url()));
    // The key was merely found, so a daily cap holds; the model is the one that OpenRouter chooses by itself.
    let mut server = home.server()?;
    server.call("ask", json!({"message": "x", "context": "none"}))?;
    server.call("ask", json!({"message": "x", "context": "none", "model": "anthropic/claude-sonnet-4.5"}))?;
    let mut chosen = home.with("LLM_PROVIDER", "openrouter").server()?;
    chosen.call("ask", json!({"message": "x", "context": "none"}))?;
    chosen.call("ask", json!({"message": "x", "context": "none", "max_cost_usd": 0.2}))?;
    let failed = chosen.fail("ask", json!({"message": "x", "context": "none", "max_cost_usd": 0.01}))?;
    assert_eq!(failed["kind"], "budget_exceeded", "{failed}");
    let searching = json!({"message": "x", "context": "none", "max_cost_usd": 1, "model": "a/b:online"});
    assert_eq!(chosen.fail("ask", searching)?["kind"], "price_unknown");
    let sent: Vec<Value> =
        models.received().iter().map(|it| serde_json::from_str(&it.body)).collect::<Result<_, _>>()?;
    let told: Vec<&Value> = sent.iter().map(|it| &it["provider"]["max_price"]).collect();
    let dearest = json!({"prompt": 12.5, "completion": 50.0, "request": 0});
    let sonnet = json!({"prompt": 3.75, "completion": 15.0, "request": 0});
    assert_eq!(told, [&dearest, &sonnet, &Value::Null, &dearest]);
    // What is left of 0.2 USD after the question buys so many tokens of output.
    assert!(sent[3]["max_tokens"].as_u64().is_some_and(|it| (3_900..4_000).contains(&it)), "{}", sent[3]);
    Ok(())
}

#[test]
fn a_local_model_that_is_named_is_the_cheapest() -> anyhow::Result<()> {
    let models = ModelServer::start(vec![Script::ollama_answer("yes"), Script::openai_answer("yes")])?;
    let home = home(&models.url())?.with("OPENAI_API_KEY", "sk-test").with("OPENAI_MODEL", "gpt-4o-mini");
    let home = home.with("OPENAI_BASE_URL", format!("{}/v1", models.url()));
    let ask = json!({"message": "x", "context": "none", "prefer": "cost"});
    let mut server = home.with("OLLAMA_MODEL", "llama3.2").with("OLLAMA_BASE_URL", models.url()).server()?;
    assert_eq!(server.call("ask", ask)?["provider"], "ollama");
    assert_eq!(server.call("ask", json!({"message": "x", "context": "none"}))?["provider"], "openai");
    Ok(())
}
