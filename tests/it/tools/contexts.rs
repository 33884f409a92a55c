//! `read_context` and `write_context`: scopes, versions, patches, time to live, and writers that meet.

use serde_json::Value;
use serde_json::json;

use crate::harness::Duplex;
use crate::harness::Home;
use crate::harness::NOON;
use crate::harness::modern;

/// `more` with the place of one context.
fn at(key: &str, more: Value) -> Value {
    let mut arguments = json!({"scope": "session", "owner": "s", "key": key});
    if let (Some(arguments), Value::Object(more)) = (arguments.as_object_mut(), more) {
        arguments.extend(more);
    }
    arguments
}

async fn write(server: &mut Duplex, key: &str, more: Value) -> anyhow::Result<Value> {
    Ok(server.call("write_context", at(key, more)).await?["context"].clone())
}

async fn read(server: &mut Duplex, key: &str, more: Value) -> anyhow::Result<Value> {
    Ok(server.call("read_context", at(key, more)).await?["contexts"].clone())
}

#[tokio::test]
async fn the_six_scopes_are_worlds_of_their_own() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let scopes = ["global", "user", "persona", "session", "conversation", "artifact"];
    for scope in scopes {
        for owner in ["a", "b"] {
            let place = json!({"scope": scope, "owner": owner, "key": "k", "data": format!("{scope} {owner}")});
            server.call("write_context", place).await?;
        }
    }
    for scope in scopes {
        let found = server.call("read_context", json!({"scope": scope, "owner": "a", "key": "k"})).await?;
        let owner = if scope == "global" { "b" } else { "a" };
        assert_eq!(found["contexts"][0]["data"], json!(format!("{scope} {owner}")));
        assert_eq!(found["contexts"][0]["scope"], scope);
    }
    // The owner of `global` does not count; it may be left out.
    let found = server.call("read_context", json!({"scope": "global", "key": "k"})).await?;
    assert_eq!(found["contexts"][0]["version"], 2);
    let failure = server.fail("read_context", json!({"scope": "user", "key": "k"})).await?;
    assert_eq!(failure["kind"], "invalid_argument");
    Ok(())
}

#[tokio::test]
async fn any_json_is_kept_as_it_is() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1.5),
        json!(""),
        json!("ä\u{0}🍎"),
        json!([]),
        json!({}),
        json!({"z": 1, "a": {"nested": [1, null, {"x": []}]}}),
        json!(9_007_199_254_740_993_i64),
    ];
    for value in values {
        assert_eq!(write(&mut server, "k", json!({"data": value})).await?["data"], value);
        assert_eq!(read(&mut server, "k", json!({})).await?[0]["data"], value);
    }
    Ok(())
}

/// Hosts that fill in every field send null for what they leave out.
#[tokio::test]
async fn null_beside_a_patch_is_not_given() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    write(&mut server, "k", json!({"data": {"step": 1}})).await?;
    let patched = write(&mut server, "k", json!({"data": null, "patch": {"done": true}, "ttl_s": null})).await?;
    assert_eq!(patched["data"], json!({"step": 1, "done": true}));
    let cleared = write(&mut server, "k", json!({"data": null, "patch": null, "clear": true})).await?;
    assert_eq!(cleared, json!(null));
    Ok(())
}

#[tokio::test]
async fn every_write_makes_a_version_that_can_be_read() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    for step in 1..=5 {
        let context = write(&mut server, "plan", json!({"data": {"step": step}})).await?;
        assert_eq!((&context["version"], &context["created_at"]), (&json!(step), &json!(NOON)));
        server.clock.advance(60_000);
    }
    let now = read(&mut server, "plan", json!({})).await?;
    assert_eq!((&now[0]["version"], &now[0]["data"]["step"]), (&json!(5), &json!(5)));
    assert_eq!(now[0]["updated_at"], "2026-11-20T12:04:00Z");
    let then = read(&mut server, "plan", json!({"version": 2})).await?;
    assert_eq!((&then[0]["version"], &then[0]["data"]["step"]), (&json!(2), &json!(2)));
    assert_eq!(then[0]["updated_at"], "2026-11-20T12:01:00Z");
    assert_eq!(read(&mut server, "plan", json!({"version": 9})).await?, json!([]));
    Ok(())
}

#[tokio::test]
async fn a_patch_is_merged() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let created = write(&mut server, "k", json!({"patch": {"a": 1, "b": {"c": 2, "d": null}}})).await?;
    assert_eq!(created["data"], json!({"a": 1, "b": {"c": 2}}), "a missing context is patched as {{}}");
    let patched = write(&mut server, "k", json!({"patch": {"a": null, "b": {"e": [1, 2]}, "f": "x"}})).await?;
    assert_eq!(patched["data"], json!({"b": {"c": 2, "e": [1, 2]}, "f": "x"}));
    assert_eq!(patched["version"], 2);
    for both in
        [json!({"data": 1, "patch": {}}), json!({"patch": {}, "clear": true}), json!({"data": 1, "clear": true})]
    {
        let failure = server.fail("write_context", at("k", both)).await?;
        assert_eq!(failure["kind"], "invalid_argument");
    }
    assert_eq!(read(&mut server, "k", json!({})).await?[0]["version"], 2);
    Ok(())
}

#[tokio::test]
async fn what_has_expired_is_gone_and_its_version_numbers_go_on() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = Duplex::start(&home)?;
    let context = write(&mut server, "k", json!({"data": 1, "ttl_s": 60})).await?;
    assert_eq!(context["expires_at"], "2026-11-20T12:01:00Z");
    write(&mut server, "lasting", json!({"data": 1})).await?;
    server.clock.advance(59_999);
    assert_eq!(read(&mut server, "k", json!({})).await?[0]["data"], 1);
    server.clock.advance(1);
    assert_eq!(read(&mut server, "k", json!({})).await?, json!([]));
    assert_eq!(read(&mut server, "k", json!({"version": 1})).await?, json!([]));
    let all = server.call("read_context", json!({"scope": "session", "owner": "s"})).await?;
    assert_eq!(all["contexts"].as_array().map(Vec::len), Some(1));
    // A patch meets nothing, and expected_version 0 means that there is none.
    let context = write(&mut server, "k", json!({"patch": {"x": 2}, "expected_version": 0})).await?;
    assert_eq!((&context["data"], &context["version"]), (&json!({"x": 2}), &json!(2)));
    assert!(context.get("expires_at").is_none(), "a write without ttl_s keeps it: {context}");
    server.clock.advance(3_600_000);
    assert_eq!(read(&mut server, "k", json!({})).await?[0]["version"], 2);
    Ok(())
}

#[tokio::test]
async fn a_writer_that_somebody_came_before_is_shown_what_is_there() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    write(&mut server, "k", json!({"data": "first", "expected_version": 0})).await?;
    write(&mut server, "k", json!({"data": "second", "expected_version": 1})).await?;
    for expected in [0, 1, 3] {
        let late = json!({"data": "late", "expected_version": expected});
        let failure = server.fail("write_context", at("k", late)).await?;
        assert_eq!(failure["kind"], "conflict", "{failure}");
        assert_eq!((&failure["expected_version"], &failure["current_version"]), (&json!(expected), &json!(2)));
        assert_eq!((&failure["current"]["data"], &failure["current"]["version"]), (&json!("second"), &json!(2)));
        assert!(failure["text"].as_str().is_some_and(|it| it.contains("second")), "{failure}");
    }
    assert_eq!(read(&mut server, "k", json!({})).await?[0]["data"], "second");
    Ok(())
}

#[tokio::test]
async fn of_many_writers_with_the_same_expectation_one_wins() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    for round in 0..5 {
        for id in 0..20 {
            let arguments = at("k", json!({"data": id, "expected_version": round}));
            server.send(&crate::harness::call(1000 + id, "write_context", arguments)).await?;
        }
        let mut won = 0;
        for id in 0..20 {
            let answer = server.answer(&json!(1000 + id)).await?;
            won += usize::from(answer["result"]["isError"] != json!(true));
        }
        assert_eq!(won, 1);
    }
    assert_eq!(read(&mut server, "k", json!({})).await?[0]["version"], 5);
    Ok(())
}

#[tokio::test]
async fn clear_removes_it_with_its_versions() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    write(&mut server, "k", json!({"data": 1})).await?;
    write(&mut server, "k", json!({"data": 2})).await?;
    let failure = server.fail("write_context", at("k", json!({"clear": true, "expected_version": 1}))).await?;
    assert_eq!(failure["kind"], "conflict");
    let cleared = server.call("write_context", at("k", json!({"clear": true, "expected_version": 2}))).await?;
    assert!(cleared.get("context").is_none(), "{cleared}");
    assert_eq!(read(&mut server, "k", json!({})).await?, json!([]));
    let again = write(&mut server, "k", json!({"data": 3})).await?;
    assert!(again["version"].as_i64().is_some_and(|it| it > 2), "a version number came twice: {again}");
    assert_eq!(read(&mut server, "k", json!({"version": 1})).await?, json!([]));
    // To clear what is not there is no error.
    server.call("write_context", at("nothing", json!({"clear": true}))).await?;
    Ok(())
}

#[tokio::test]
async fn the_keys_of_an_owner_come_page_by_page() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    for key in 0..12 {
        write(&mut server, &format!("k{key:02}/ä"), json!({"data": key})).await?;
    }
    server.call("write_context", json!({"scope": "session", "owner": "other", "key": "k", "data": 0})).await?;
    let (mut keys, mut cursor, mut sizes) = (Vec::new(), None::<Value>, Vec::new());
    loop {
        let mut arguments = json!({"scope": "session", "owner": "s", "limit": 5});
        if let Some(cursor) = &cursor {
            arguments["cursor"] = cursor.clone();
        }
        let page = server.call("read_context", arguments).await?;
        let contexts = page["contexts"].as_array().cloned().unwrap_or_default();
        sizes.push(contexts.len());
        keys.extend(contexts.iter().filter_map(|it| it["data"].as_i64()));
        match page.get("next_cursor") {
            Some(next) => cursor = Some(next.clone()),
            None => break,
        }
    }
    assert_eq!(sizes, [5, 5, 2]);
    assert_eq!(keys, (0..12).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn a_write_says_which_versions_had_to_make_room() -> anyhow::Result<()> {
    let home = Home::new()?;
    let file = home.folder().join("config.toml");
    std::fs::write(&file, "[records]\ncontext_versions = 3\ncontext_mb = 1\n")?;
    let mut server = Duplex::start(&home.with("CARRYALL_CONFIG", file.display().to_string()))?;
    let mut write = async |key: &str, data: Value| {
        let written = server.call("write_context", at(key, json!({"data": data}))).await?;
        anyhow::Ok(written["context"]["oldest_version"].as_i64())
    };
    for step in 1..=4 {
        assert_eq!(write("many", json!(step)).await?, None, "{step}");
    }
    assert_eq!(write("many", json!(5)).await?, Some(2));
    // By size: the one before always stays, however large it is.
    let large = json!("x".repeat(600_000));
    assert_eq!(write("large", large.clone()).await?, None);
    assert_eq!(write("large", large.clone()).await?, None);
    assert_eq!(write("large", large).await?, Some(2));
    for (key, version, is_kept) in [("many", 1, false), ("many", 2, true), ("large", 1, false), ("large", 2, true)] {
        let found = server.request(
            "tools/call",
            modern(json!({"name": "read_context", "arguments":
            at(key, json!({"version": version}))})),
        );
        let text = found.await?["result"]["content"][0]["text"].to_string();
        assert_eq!(text.contains(&format!("Version {version} is not kept")), !is_kept, "{key} {version}: {text:.200}");
    }
    Ok(())
}

#[tokio::test]
async fn without_a_scope_the_nearer_wins_and_explain_tells_where_each_value_came_from() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let held = [
        ("global", "", json!({"tone": "dry", "limits": {"usd": 1, "calls": 9}})),
        ("user", "ana", json!({"limits": {"usd": 5}})),
        ("persona", "tutor", json!({"tone": "warm"})),
        ("session", "s-1", json!({"limits": {"calls": 3}})),
        ("conversation", "c-1", json!({"topic": "tea"})),
        ("artifact", "chart-1", json!({"topic": "coffee"})),
        ("user", "bo", json!({"tone": "rude"})),
    ];
    for (scope, owner, data) in held {
        let place = json!({"scope": scope, "owner": owner, "key": "style", "data": data});
        server.call("write_context", place).await?;
    }
    server.call("write_context", json!({"scope": "global", "key": "only", "data": 1})).await?;
    let all = json!({
        "user_id": "ana", "persona": "tutor", "session_id": "s-1", "conversation": "c-1", "artifact": "chart-1",
        "explain": true,
    });
    let found = server.call("read_context", all).await?;
    assert_eq!(found["contexts"].as_array().map(Vec::len), Some(2), "{found}");
    assert_eq!(found["contexts"][0]["key"], "only");
    let style = &found["contexts"][1];
    let expected = json!({"tone": "warm", "limits": {"usd": 5, "calls": 3}, "topic": "coffee"});
    assert_eq!(style["data"], expected);
    let origins = json!({
        "/tone": "persona/tutor", "/limits/usd": "user/ana", "/limits/calls": "session/s-1",
        "/topic": "artifact/chart-1",
    });
    assert_eq!(style["origins"], origins);
    assert_eq!((style["scope"].as_str(), style["owner"].as_str()), (Some("artifact"), Some("chart-1")));
    let from: Vec<&str> =
        style["from"].as_array().into_iter().flatten().filter_map(|it| it["scope"].as_str()).collect();
    assert_eq!(from, ["artifact", "conversation", "session", "persona", "user", "global"]);
    // With fewer ids, less holds; one key alone; page after page.
    let found = server.call("read_context", json!({"key": "style", "user_id": "bo"})).await?;
    assert_eq!(found["contexts"][0]["data"], json!({"tone": "rude", "limits": {"usd": 1, "calls": 9}}));
    assert_eq!(found["contexts"][0]["origins"], Value::Null);
    let first = server.call("read_context", json!({"limit": 1})).await?;
    assert_eq!((first["contexts"][0]["key"].as_str(), first["next_cursor"].as_str()), (Some("only"), Some("only")));
    let second = server.call("read_context", json!({"limit": 1, "cursor": "only"})).await?;
    assert_eq!((second["contexts"][0]["key"].as_str(), &second["next_cursor"]), (Some("style"), &Value::Null));
    let failure = server.fail("read_context", json!({"owner": "ana"})).await?;
    assert_eq!(failure["kind"], "invalid_argument");
    // A pack has what holds for its call, joined.
    let pack = json!({"query": "tone", "sources": ["scopes"], "user_id": "ana", "persona": "tutor"});
    let pack = server.call("assemble_context", pack).await?;
    let text = pack["text"].as_str().unwrap_or_default();
    assert!(text.contains("\"tone\": \"warm\"") && text.contains("\"usd\": 5") && !text.contains("rude"), "{text}");
    assert!(text.contains("over user, global"), "{text}");
    Ok(())
}

#[tokio::test]
async fn all_six_scopes_hold_in_a_pack_and_in_an_answer() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let held = [
        ("global", "", json!({"drink": "water", "a": "of all"})),
        ("user", "ana", json!({"drink": "milk", "b": "of ana"})),
        ("persona", "tutor", json!({"drink": "juice", "c": "of the tutor"})),
        ("session", "s-1", json!({"drink": "tea", "d": "of the session"})),
        ("conversation", "c-1", json!({"drink": "mate", "e": "of the conversation"})),
        ("artifact", "chart-1", json!({"drink": "coffee", "f": "of the artifact"})),
    ];
    for (scope, owner, data) in &held {
        let place = json!({"scope": scope, "owner": owner, "key": "style", "data": data});
        server.call("write_context", place).await?;
    }
    let whose = json!({"scope": "artifact", "owner": "chart-1", "key": "private", "data": "the drink of ana",
        "user_id": "ana"});
    server.call("write_context", whose).await?;
    let call = |more: Value| {
        let mut call = json!({"user_id": "ana", "persona": "tutor", "session_id": "s-1", "conversation": "c-1",
            "artifact": "chart-1"});
        call.as_object_mut().into_iter().for_each(|it| it.extend(more.as_object().cloned().unwrap_or_default()));
        call
    };
    let scopes = |more: Value| {
        let mut asked = call(json!({"query": "which drink", "sources": ["scopes"]}));
        asked.as_object_mut().into_iter().for_each(|it| it.extend(more.as_object().cloned().unwrap_or_default()));
        asked
    };
    let pack = server.call("assemble_context", scopes(json!({}))).await?;
    let text = pack["text"].as_str().unwrap_or_default().to_owned();
    for (.., data) in &held {
        let own = data.as_object().into_iter().flatten().find(|it| it.0 != "drink").map(|it| it.1.to_string());
        assert!(text.contains(&own.unwrap_or_default()), "{data} in {text}");
    }
    assert!(text.contains("\"drink\": \"coffee\"") && text.contains("the drink of ana"), "{text}");
    assert!(text.contains("over conversation, session, persona, user, global"), "{text}");
    // Without the artifact, the conversation is nearest; then the session.
    for (without, drink) in [(json!({"artifact": null}), "mate"), (json!({"artifact": "", "conversation": ""}), "tea")]
    {
        let mut asked = scopes(without);
        asked.as_object_mut().into_iter().for_each(|it| it.retain(|_, value| !value.is_null()));
        let pack = server.call("assemble_context", asked).await?;
        let text = pack["text"].as_str().unwrap_or_default();
        assert!(text.contains(&format!("\"drink\": \"{drink}\"")) && !text.contains("private"), "{drink}: {text}");
    }
    // Another user sees what nobody owns there, and nothing of ana's.
    let pack = server.call("assemble_context", scopes(json!({"user_id": "bo"}))).await?;
    let text = pack["text"].as_str().unwrap_or_default();
    assert!(text.contains("\"drink\": \"coffee\"") && !text.contains("of ana"), "{text}");
    // A kept pack ends with a write to either scope.
    assert_eq!(server.call("assemble_context", scopes(json!({}))).await?["cached"], true);
    let change = json!({"scope": "conversation", "owner": "c-1", "key": "style", "patch": {"e": "otherwise"}});
    server.call("write_context", change).await?;
    let pack = server.call("assemble_context", scopes(json!({}))).await?;
    assert!(pack["text"].as_str().is_some_and(|it| it.contains("otherwise")), "{pack}");
    // And an answer is made with them.
    let answer = server.call("ask", call(json!({"message": "which drink of the artifact is it?"}))).await?;
    assert!(answer["answer"].as_str().is_some_and(|it| it.contains("coffee")), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_call_for_one_user_or_persona_cannot_touch_anothers() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let plan = |more: Value| at("plan", more);
    server.call("write_context", plan(json!({"data": "of ana", "user_id": "ana"}))).await?;
    server.call("write_context", at("open", json!({"data": "of nobody"}))).await?;
    server.call("write_context", json!({"scope": "user", "owner": "ana", "key": "k", "data": 1})).await?;
    server.call("write_context", json!({"scope": "persona", "owner": "tutor", "key": "k", "data": 1})).await?;
    let refused = [
        ("read_context", plan(json!({"user_id": "bo"}))),
        ("read_context", plan(json!({}))),
        ("write_context", plan(json!({"data": 2, "user_id": "bo"}))),
        ("write_context", plan(json!({"clear": true}))),
        ("read_context", json!({"scope": "user", "owner": "ana", "user_id": "bo"})),
        ("read_context", json!({"scope": "user", "owner": "ana", "key": "k", "user_id": "bo"})),
        ("write_context", json!({"scope": "user", "owner": "ana", "key": "k", "data": 2, "user_id": "bo"})),
        ("read_context", json!({"scope": "persona", "owner": "tutor", "key": "k", "persona": "critic"})),
        (
            "write_context",
            json!({"scope": "persona", "owner": "tutor", "key": "k", "clear": true, "persona": "critic"}),
        ),
    ];
    for (tool, arguments) in refused {
        let failure = server.fail(tool, arguments.clone()).await?;
        assert_eq!(failure["kind"], "permission", "{tool} {arguments}: {failure}");
        assert!(!failure.to_string().contains("of ana"), "{failure}");
    }
    assert_eq!(read(&mut server, "plan", json!({"user_id": "ana"})).await?[0]["data"], "of ana");
    // A list and what holds for a call leave out what is another's.
    for arguments in
        [json!({"scope": "session", "owner": "s", "user_id": "bo"}), json!({"session_id": "s", "user_id": "bo"})]
    {
        let found = server.call("read_context", arguments).await?;
        let keys: Vec<&str> =
            found["contexts"].as_array().into_iter().flatten().filter_map(|it| it["key"].as_str()).collect();
        assert_eq!(keys, ["open"]);
    }
    let uri = "carryall://context/session/s/plan";
    assert!(server.request("resources/read", modern(json!({"uri": uri}))).await?["error"].is_object());
    // What nobody owns is everybody's, and stays so.
    server.call("write_context", at("open", json!({"data": "by bo", "user_id": "bo"}))).await?;
    assert_eq!(read(&mut server, "open", json!({"user_id": "ana"})).await?[0]["data"], "by bo");
    Ok(())
}

#[tokio::test]
async fn namespaces_keep_contexts_apart() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    for (namespace, data) in [("coding", "rust"), ("business", "tea")] {
        server.call("write_context", at("stack", json!({"namespace": namespace, "data": data}))).await?;
    }
    assert_eq!(read(&mut server, "stack", json!({})).await?, json!([]));
    assert_eq!(read(&mut server, "stack", json!({"namespace": "coding"})).await?[0]["data"], "rust");
    let found = server.call("read_context", json!({"namespace": "business", "session_id": "s"})).await?;
    assert_eq!(found["contexts"][0]["data"], "tea");
    let uri = "carryall://context/session/s/stack?namespace=coding";
    let read = server.request("resources/read", modern(json!({"uri": uri}))).await?;
    assert_eq!(read["result"]["contents"][0]["text"], "\"rust\"");
    Ok(())
}
