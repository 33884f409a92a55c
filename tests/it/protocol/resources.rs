//! Resources, their templates, pages and completion, and prompts.

use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::harness::Server;
use crate::harness::modern;

fn read(server: &mut Server, uri: &str) -> anyhow::Result<Value> {
    server.request("resources/read", modern(json!({"uri": uri})))
}

fn complete(server: &mut Server, reference: Value, name: &str, value: &str) -> anyhow::Result<Value> {
    let params = json!({"ref": reference, "argument": {"name": name, "value": value}});
    Ok(server.request("completion/complete", modern(params))?["result"]["completion"].clone())
}

#[test]
fn what_was_made_can_be_read_by_its_address() -> anyhow::Result<()> {
    let mut server = Home::new()?.server()?;
    let stored = server.call(
        "remember",
        json!({"content": "Ana prefers tea", "session_id": "week 7/ä", "tags": ["drinks"], "source": "chat"}),
    )?;
    let id = stored["memories"][0]["id"].as_str().unwrap_or_default();
    let trace = stored["trace_id"].as_str().unwrap_or_default();
    let data = json!({"step": 2, "names": ["ä"]});
    server.call("write_context", json!({"scope": "user", "owner": "a/b c", "key": "plan/x", "data": data}))?;
    for (uri, parts) in [
        (format!("carryall://memory/{id}"), ["Ana prefers tea", "drinks", "\"source\": \"chat\""]),
        (format!("carryall://trace/{trace}"), ["\"tool\": \"remember\"", "\"outcome\": \"ok\"", "check arguments"]),
        ("carryall://session/week%207%2F%C3%A4".to_owned(), ["Ana prefers tea", "\"turns\"", id]),
        ("carryall://context/user/a%2Fb%20c/plan%2Fx".to_owned(), ["\"step\": 2", "\"names\"", "ä"]),
        ("carryall://schema/recall".to_owned(), ["\"query\"", "\"input\"", "\"output\""]),
    ] {
        let answer = read(&mut server, &uri)?;
        let contents = &answer["result"]["contents"][0];
        assert_eq!(contents["uri"], json!(uri), "{answer}");
        assert!(contents["mimeType"].as_str().is_some_and(|it| it.contains("json")), "{answer}");
        let text = contents["text"].as_str().unwrap_or_default();
        serde_json::from_str::<Value>(text)?;
        for part in parts {
            assert!(text.contains(part), "{uri}: {text} lacks {part}");
        }
    }
    Ok(())
}

#[test]
fn what_is_not_there_is_told_with_its_address() -> anyhow::Result<()> {
    for (version, code) in [(None, -32602), (Some("2025-11-25"), -32002)] {
        let mut server = Home::new()?.server()?;
        if let Some(version) = version {
            server.initialize(version)?;
        }
        for uri in [
            "carryall://memory/none",
            "carryall://pack/none",
            "carryall://session/none",
            "carryall://context/user/ana/none",
            "carryall://context/galaxy/ana/none",
            "carryall://trace/none",
            "carryall://schema/none",
            "carryall://nothing/here",
            "file:///etc/passwd",
            "",
        ] {
            let params = json!({"uri": uri});
            let params = if version.is_some() { params } else { modern(params) };
            let answer = server.request("resources/read", params)?;
            assert_eq!(answer["error"]["code"], code, "{uri}: {answer}");
            assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains(uri)), "{answer}");
        }
    }
    Ok(())
}

#[test]
fn the_list_comes_page_by_page_and_holds_everything_once() -> anyhow::Result<()> {
    let mut server = Home::new()?.server()?;
    let items: Vec<Value> =
        (0..250).map(|at| json!({"content": format!("note {at}"), "session_id": format!("s-{at:03}")})).collect();
    server.call("remember", json!({"items": items}))?;
    let (mut uris, mut cursor, mut pages) = (Vec::new(), None::<Value>, 0);
    loop {
        let mut params = json!({});
        if let Some(cursor) = &cursor {
            params["cursor"] = cursor.clone();
        }
        let result = server.request("resources/list", modern(params))?["result"].clone();
        let page = result["resources"].as_array().cloned().unwrap_or_default();
        assert!(page.len() <= 150, "{} on one page", page.len());
        assert!(page.iter().all(|it| it["name"].is_string() && it["mimeType"].is_string()));
        uris.extend(page.iter().filter_map(|it| it["uri"].as_str().map(str::to_owned)));
        pages += 1;
        match result.get("nextCursor") {
            Some(next) => cursor = Some(next.clone()),
            None => break,
        }
    }
    assert!(pages >= 3, "{pages} pages");
    for at in 0..250 {
        assert!(uris.contains(&format!("carryall://session/s-{at:03}")), "s-{at:03} is missing");
    }
    let count = uris.len();
    uris.sort();
    uris.dedup();
    assert_eq!(uris.len(), count, "something came twice");
    for uri in uris.iter().step_by(40) {
        assert!(read(&mut server, uri)?["result"]["contents"].is_array(), "{uri} is listed, but cannot be read");
    }
    let wrong = server.request("resources/list", modern(json!({"cursor": "nonsense"})))?;
    assert_eq!(wrong["error"]["code"], -32602);
    assert!(wrong["error"]["message"].as_str().is_some_and(|it| it.contains("nonsense")), "{wrong}");
    Ok(())
}

#[test]
fn templates_name_every_kind_of_address() -> anyhow::Result<()> {
    let answer = Home::new()?.server()?.request("resources/templates/list", modern(json!({})))?;
    let templates = answer["result"]["resourceTemplates"].as_array().cloned().unwrap_or_default();
    let forms: Vec<&str> = templates.iter().filter_map(|it| it["uriTemplate"].as_str()).collect();
    assert_eq!(
        forms,
        [
            "carryall://memory/{id}",
            "carryall://pack/{id}",
            "carryall://session/{id}",
            "carryall://context/{scope}/{owner}/{key}",
            "carryall://trace/{id}",
            "carryall://schema/{name}",
        ]
    );
    assert!(templates.iter().all(|it| it["description"].is_string() && it["mimeType"].is_string()));
    Ok(())
}

#[test]
fn parts_of_addresses_and_arguments_of_prompts_are_completed() -> anyhow::Result<()> {
    let mut server = Home::new()?.server()?;
    let items: Vec<Value> =
        (0..30).map(|at| json!({"content": format!("note {at}"), "session_id": format!("week-{at:02}")})).collect();
    server.call("remember", json!({"items": items}))?;
    let resource = |uri: &str| json!({"type": "ref/resource", "uri": uri});
    let context = resource("carryall://context/{scope}/{owner}/{key}");
    assert_eq!(complete(&mut server, context.clone(), "scope", "s")?["values"], json!(["session"]));
    assert_eq!(complete(&mut server, context, "scope", "")?["values"].as_array().map(Vec::len), Some(6));
    let schema = resource("carryall://schema/{name}");
    assert_eq!(complete(&mut server, schema, "name", "rec")?["values"], json!(["recall"]));
    let sessions = complete(&mut server, resource("carryall://session/{id}"), "id", "week-")?;
    assert_eq!(sessions["values"].as_array().map(Vec::len), Some(20));
    assert_eq!((&sessions["total"], &sessions["hasMore"]), (&json!(30), &json!(true)));
    let prompt = json!({"type": "ref/prompt", "name": "resume_session"});
    assert_eq!(complete(&mut server, prompt.clone(), "session_id", "week-07")?["values"], json!(["week-07"]));
    assert_eq!(complete(&mut server, prompt, "nothing", "x")?["values"], json!([]));
    Ok(())
}

#[test]
fn prompts_are_listed_and_filled() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = home.server()?;
    let listed = server.request("prompts/list", modern(json!({})))?["result"]["prompts"].clone();
    let names: Vec<&str> = listed.as_array().into_iter().flatten().filter_map(|it| it["name"].as_str()).collect();
    for name in ["decide", "resume_session"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for prompt in listed.as_array().into_iter().flatten() {
        assert!(prompt["title"].is_string() && prompt["description"].is_string(), "{prompt}");
        let mut arguments = json!({});
        for argument in prompt["arguments"].as_array().into_iter().flatten() {
            assert!(argument["description"].is_string() && argument["required"].is_boolean(), "{prompt}");
            arguments[argument["name"].as_str().unwrap_or_default()] = json!("the-value-given");
        }
        let got = server.request("prompts/get", modern(json!({"name": prompt["name"], "arguments": arguments})))?;
        let message = &got["result"]["messages"][0];
        assert_eq!(message["role"], "user", "{got}");
        assert!(message["content"]["text"].as_str().is_some_and(|it| it.contains("the-value-given")), "{got}");
    }
    let missing = server.request("prompts/get", modern(json!({"name": "decide"})))?;
    assert_eq!(missing["error"]["code"], -32602);
    assert!(missing["error"]["message"].as_str().is_some_and(|it| it.contains("`question`")), "{missing}");
    let unknown = server.request("prompts/get", modern(json!({"name": "sing"})))?;
    assert_eq!(unknown["error"]["code"], -32602);
    assert!(unknown["error"]["message"].as_str().is_some_and(|it| it.contains("decide")), "{unknown}");
    // A prompt whose tools are not there is not offered.
    let home = home.with("CARRYALL_TOOLSETS", "insights");
    let listed = home.server()?.request("prompts/list", modern(json!({})))?;
    assert_eq!(listed["result"]["prompts"], json!([]));
    Ok(())
}
