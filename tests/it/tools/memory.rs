//! `remember`, `recall` and `forget`: every field is kept and filtered on, and time is respected.

use serde_json::Value;
use serde_json::json;

use crate::harness::Duplex;
use crate::harness::Home;
use crate::harness::NOON;
use crate::harness::modern;

const HOUR: i64 = 3_600_000;

async fn remember(server: &mut Duplex, item: Value) -> anyhow::Result<String> {
    let stored = server.call("remember", item).await?;
    Ok(stored["memories"][0]["id"].as_str().unwrap_or_default().to_owned())
}

/// The contents that a recall with these arguments finds, in alphabetical order.
async fn recalled(server: &mut Duplex, arguments: Value) -> anyhow::Result<Vec<String>> {
    let found = server.call("recall", arguments).await?;
    let memories = found["memories"].as_array().cloned().unwrap_or_default();
    let mut contents: Vec<String> =
        memories.iter().map(|it| it["content"].as_str().unwrap_or_default().to_owned()).collect();
    contents.sort();
    Ok(contents)
}

#[tokio::test]
async fn every_field_is_kept_and_comes_back() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let id = remember(
        &mut server,
        json!({
            "content": "Ana moved to Lisbon", "kind": "event", "namespace": "work", "user_id": "u1",
            "session_id": "s1", "persona": "p1", "speaker": "Ana", "tags": ["home", "city"], "importance": 0.9,
            "occurred_at": "2026-03-01T10:00:00+02:00", "valid_from": "2026-03-02", "valid_to": "2030-01-01T00:00:00Z",
            "expires_at": "2031-01-01T00:00:00Z", "source": "mail://17#§2"
        }),
    )
    .await?;
    let view = json!({"query": "Lisbon", "namespace": "work", "user_id": "u1", "persona": "p1", "explain": true});
    let found = server.call("recall", view).await?;
    let mut memory = found["memories"][0].clone();
    assert!(memory["score"].as_f64().is_some_and(|it| it > 0.0 && it <= 1.0), "{memory}");
    assert!(memory["why"].as_str().is_some_and(|it| it.contains("lisbon")), "{memory}");
    for varying in ["score", "why"] {
        memory.as_object_mut().and_then(|it| it.remove(varying));
    }
    assert_eq!(
        memory,
        json!({
            "id": id, "content": "Ana moved to Lisbon", "kind": "event", "tags": ["home", "city"], "speaker": "Ana",
            "occurred_at": "2026-03-01T08:00:00Z", "created_at": NOON, "valid_from": "2026-03-02T00:00:00Z",
            "valid_to": "2030-01-01T00:00:00Z", "source": "mail://17#§2", "session_id": "s1"
        })
    );
    let read = server.request("resources/read", modern(json!({"uri": format!("carryall://memory/{id}")}))).await?;
    let whole: Value = serde_json::from_str(read["result"]["contents"][0]["text"].as_str().unwrap_or_default())?;
    assert_eq!(
        whole,
        json!({
            "id": id, "content": "Ana moved to Lisbon", "kind": "event", "speaker": "Ana", "tags": ["home", "city"],
            "importance": 0.9, "namespace": "work", "user_id": "u1", "persona": "p1", "session_id": "s1",
            "occurred_at": "2026-03-01T08:00:00Z", "created_at": NOON, "valid_from": "2026-03-02T00:00:00Z",
            "valid_to": "2030-01-01T00:00:00Z", "expires_at": "2031-01-01T00:00:00Z", "source": "mail://17#§2",
            "superseded_by": null, "sources": ["mail://17#§2"], "times_seen": 1, "trust": "user", "written_by": "tests",
            "flags": [], "history": {"versions": [], "events": []}
        })
    );
    Ok(())
}

#[tokio::test]
async fn what_is_not_given_has_its_default() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(&mut server, json!({"content": "tea"})).await?;
    remember(&mut server, json!({"content": "coffee", "occurred_at": "2020-01-01"})).await?;
    let found = server.call("recall", json!({"query": "tea"})).await?;
    let memory = &found["memories"][0];
    assert_eq!((&memory["kind"], &memory["tags"]), (&json!("note"), &json!([])));
    assert_eq!(memory["valid_from"], NOON);
    let found = server.call("recall", json!({"query": "coffee"})).await?;
    assert_eq!(found["memories"][0]["valid_from"], "2020-01-01T00:00:00Z");
    Ok(())
}

#[tokio::test]
async fn recall_filters_on_every_field() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let items = json!([
        {"content": "plain apple"},
        {"content": "decided apple", "kind": "decision"},
        {"content": "preferred apple", "kind": "preference"},
        {"content": "tagged apple", "tags": ["red", "big"]},
        {"content": "red apple", "tags": ["red"]},
        {"content": "old apple", "occurred_at": "2020-05-01"},
        {"content": "older apple", "occurred_at": "2019-05-01"},
        {"content": "apple of session one", "session_id": "one"},
        {"content": "apple of Ana", "user_id": "ana"},
        {"content": "apple of Ben", "user_id": "ben"},
        {"content": "apple of the cook", "persona": "cook"},
        {"content": "apple at work", "namespace": "work"},
    ]);
    server.call("remember", json!({"items": items})).await?;
    let unowned = [
        "apple of session one",
        "decided apple",
        "old apple",
        "older apple",
        "plain apple",
        "preferred apple",
        "red apple",
        "tagged apple",
    ];
    let with = |more: &[&str]| -> Vec<String> {
        let mut all: Vec<String> = unowned.iter().chain(more).map(|it| (*it).to_owned()).collect();
        all.sort();
        all
    };
    let only = |some: &[&str]| -> Vec<String> { some.iter().map(|it| (*it).to_owned()).collect() };
    let tables = [
        (json!({}), with(&[])),
        (json!({"namespace": "default"}), with(&[])),
        (json!({"namespace": "work"}), only(&["apple at work"])),
        (json!({"namespace": "nowhere"}), only(&[])),
        (json!({"user_id": "ana"}), with(&["apple of Ana"])),
        (json!({"user_id": "nobody"}), with(&[])),
        (json!({"persona": "cook"}), with(&["apple of the cook"])),
        (json!({"persona": "cook", "user_id": "ben"}), with(&["apple of Ben", "apple of the cook"])),
        (json!({"session_id": "one"}), only(&["apple of session one"])),
        (json!({"session_id": "two"}), only(&[])),
        (json!({"kinds": ["decision"]}), only(&["decided apple"])),
        (json!({"kinds": ["decision", "preference"]}), only(&["decided apple", "preferred apple"])),
        (json!({"tags": ["red"]}), only(&["red apple", "tagged apple"])),
        (json!({"tags": ["red", "big"]}), only(&["tagged apple"])),
        (json!({"tags": ["RED"]}), only(&[])),
        (json!({"until": "2021-01-01"}), only(&["old apple", "older apple"])),
        (json!({"since": "2020-05-01T00:00:00Z", "until": "2021-01-01"}), only(&["old apple"])),
        (json!({"until": "2020-05-01"}), only(&["older apple"])),
        (json!({"since": "2026-11-20", "kinds": ["decision"]}), only(&["decided apple"])),
    ];
    for (filter, expected) in tables {
        for query in ["apple", ""] {
            let mut arguments = filter.clone();
            arguments["query"] = json!(query);
            arguments["limit"] = json!(100);
            assert_eq!(recalled(&mut server, arguments.clone()).await?, expected, "{arguments}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_exact_duplicate_is_recognised() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = Duplex::start(&home)?;
    let tea = json!({"content": "Ana likes tea", "tags": ["a"], "speaker": "Ana"});
    let id = remember(&mut server, tea.clone()).await?;
    server.clock.advance(HOUR);
    let again =
        server.call("remember", json!({"content": " Ana likes tea\n", "tags": ["b"], "speaker": "Ana"})).await?;
    assert_eq!(again["memories"][0]["status"], "duplicate");
    assert_eq!(again["memories"][0]["id"], json!(id));
    let found = server.call("recall", json!({"query": "tea"})).await?;
    assert_eq!(found["memories"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["memories"][0]["tags"], json!(["a", "b"]), "the tags are joined");
    // Another owner, kind, speaker or moment makes it another memory.
    for (name, value) in [
        ("namespace", json!("work")),
        ("user_id", json!("u")),
        ("persona", json!("p")),
        ("session_id", json!("s")),
        ("kind", json!("fact")),
        ("speaker", json!("Ben")),
        ("occurred_at", json!("2026-01-01")),
        ("content", json!("Ana likes green tea")),
    ] {
        let mut other = tea.clone();
        other[name] = value;
        let stored = server.call("remember", other).await?;
        assert_eq!(stored["memories"][0]["status"], "stored", "{name}");
    }
    // Within one call, and after a restart.
    let twice = server.call("remember", json!({"items": [{"content": "x"}, {"content": "x"}]})).await?;
    assert_eq!(twice["memories"][1]["status"], "duplicate");
    assert_eq!(twice["memories"][0]["id"], twice["memories"][1]["id"]);
    server.finish().await?;
    let mut server = Duplex::start(&home)?;
    assert_eq!(remember(&mut server, tea).await?, id);
    Ok(())
}

#[tokio::test]
async fn what_was_forgotten_or_has_expired_is_no_duplicate() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let id = remember(&mut server, json!({"content": "tea"})).await?;
    server.call("forget", json!({"ids": [id]})).await?;
    let stored = server.call("remember", json!({"content": "tea"})).await?;
    assert_eq!(stored["memories"][0]["status"], "stored");
    let brief = json!({"content": "rain today", "expires_at": "2026-11-20T13:00:00Z"});
    remember(&mut server, brief.clone()).await?;
    server.clock.advance(2 * HOUR);
    let mut later = brief;
    later["expires_at"] = json!("2026-11-21T13:00:00Z");
    let stored = server.call("remember", later).await?;
    assert_eq!(stored["memories"][0]["status"], "stored");
    assert_eq!(recalled(&mut server, json!({"query": "rain"})).await?, ["rain today"]);
    Ok(())
}

#[tokio::test]
async fn what_replaces_a_memory_ends_it_and_the_past_can_be_asked_for() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let old = remember(&mut server, json!({"content": "Ana lives in Porto", "occurred_at": "2020-01-01"})).await?;
    let stored = server
        .call(
            "remember",
            json!({"content": "Ana lives in Lisbon", "valid_from": "2024-06-01", "supersedes": old.clone()}),
        )
        .await?;
    let replaced = &stored["memories"][0];
    assert_eq!((&replaced["status"], &replaced["supersedes"]), (&json!("superseded"), &json!(old)));
    let lives = |more: Value| {
        let mut arguments = json!({"query": "where does Ana live"});
        if let (Some(arguments), Value::Object(more)) = (arguments.as_object_mut(), more) {
            arguments.extend(more);
        }
        arguments
    };
    assert_eq!(recalled(&mut server, lives(json!({}))).await?, ["Ana lives in Lisbon"]);
    let both = ["Ana lives in Lisbon", "Ana lives in Porto"];
    assert_eq!(recalled(&mut server, lives(json!({"include_superseded": true}))).await?, both);
    for (at, expected) in [
        ("2019-12-31T23:59:59Z", None),
        ("2020-01-01", Some("Ana lives in Porto")),
        ("2024-05-31T23:59:59.999Z", Some("Ana lives in Porto")),
        ("2024-06-01T00:00:00Z", Some("Ana lives in Lisbon")),
        ("2030-01-01", Some("Ana lives in Lisbon")),
    ] {
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(recalled(&mut server, lives(json!({"as_of": at}))).await?, expected, "{at}");
    }
    let found = server.call("recall", lives(json!({"as_of": "2021-01-01"}))).await?;
    assert_eq!(found["memories"][0]["valid_to"], "2024-06-01T00:00:00Z");
    Ok(())
}

#[tokio::test]
async fn a_memory_is_found_by_its_id_and_by_its_address_and_nothing_else_is() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let old = remember(&mut server, json!({"content": "Ana lives in Porto", "kind": "fact"})).await?;
    let hers = remember(&mut server, json!({"content": "Ana has a cold", "user_id": "ana"})).await?;
    let new = json!({"content": "Ana moved to Lisbon, 0192 7e4f", "supersedes": old});
    let new = remember(&mut server, new).await?;
    for (id, content) in [(&old, "Ana lives in Porto"), (&new, "Ana moved to Lisbon, 0192 7e4f")] {
        for query in [id.clone(), format!(" carryall://memory/{id}\n")] {
            let found = server.call("recall", json!({"query": query})).await?;
            assert_eq!(found["memories"].as_array().map(Vec::len), Some(1), "{found}");
            assert_eq!(found["memories"][0]["content"], content);
            assert_eq!(
                (&found["memories"][0]["score"], &found["memories"][0]["why"]),
                (&json!(1.0), &json!("named by its id"))
            );
        }
    }
    // Filters and owners hold.
    for arguments in
        [json!({"query": hers}), json!({"query": old, "kinds": ["event"]}), json!({"query": new, "namespace": "n"})]
    {
        assert_eq!(recalled(&mut server, arguments.clone()).await?, Vec::<String>::new(), "{arguments}");
    }
    let none = server.call("recall", json!({"query": hers})).await?;
    assert!(none["searched"].as_str().is_some_and(|it| it.contains("Nothing that is remembered matches")), "{none}");
    assert_eq!(recalled(&mut server, json!({"query": hers, "user_id": "ana"})).await?, ["Ana has a cold"]);
    Ok(())
}

#[tokio::test]
async fn what_replaces_something_unknown_is_refused_and_nothing_of_the_call_is_kept() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let items = json!([{"content": "kept apple?"}, {"content": "new apple", "supersedes": "no-such-id"}]);
    let failure = server.fail("remember", json!({"items": items})).await?;
    assert_eq!(failure["kind"], "not_found");
    assert!(failure["text"].as_str().is_some_and(|it| it.contains("no-such-id")), "{failure}");
    assert_eq!(recalled(&mut server, json!({"query": "apple"})).await?, Vec::<String>::new());
    // Nor can a memory of another namespace be replaced.
    let other = remember(&mut server, json!({"content": "work apple", "namespace": "work"})).await?;
    let failure = server.fail("remember", json!({"content": "home apple", "supersedes": other})).await?;
    assert_eq!(failure["kind"], "not_found");
    Ok(())
}

#[tokio::test]
async fn what_has_ended_is_left_out_and_what_has_expired_is_gone() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(&mut server, json!({"content": "offer apple", "valid_to": "2026-11-20T13:00:00Z"})).await?;
    let brief = json!({"content": "brief apple", "expires_at": "2026-11-20T13:00:00Z", "session_id": "s"});
    let brief = remember(&mut server, brief).await?;
    remember(&mut server, json!({"content": "coming apple", "valid_from": "2027-01-01"})).await?;
    let all = ["brief apple", "coming apple", "offer apple"];
    assert_eq!(recalled(&mut server, json!({"query": "apple"})).await?, all);
    server.clock.advance(HOUR - 1);
    assert_eq!(recalled(&mut server, json!({"query": "apple"})).await?, all);
    server.clock.advance(1);
    assert_eq!(recalled(&mut server, json!({"query": "apple"})).await?, ["coming apple"]);
    let ended = json!({"query": "apple", "include_superseded": true});
    assert_eq!(recalled(&mut server, ended).await?, ["coming apple", "offer apple"]);
    let past = json!({"query": "apple", "as_of": NOON});
    assert_eq!(recalled(&mut server, past).await?, ["offer apple"], "what has expired is not in the past either");
    let read = server.request("resources/read", modern(json!({"uri": format!("carryall://memory/{brief}")}))).await?;
    assert!(read.get("error").is_some(), "{read}");
    let none = server.call("forget", json!({"session_id": "s"})).await?;
    assert_eq!(none["ids"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_thousand_items_go_in_one_call_and_one_more_is_refused() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let items: Vec<Value> = (0..1000).map(|at| json!({"content": format!("apple number{at}")})).collect();
    let stored = server.call("remember", json!({"items": items, "kind": "fact", "tags": ["bulk"]})).await?;
    let memories = stored["memories"].as_array().cloned().unwrap_or_default();
    assert_eq!(memories.len(), 1000);
    assert!(memories.iter().all(|it| it["status"] == "stored" && it["redacted"] == json!([])));
    let found = server.call("recall", json!({"query": "number700", "kinds": ["fact"], "tags": ["bulk"]})).await?;
    assert_eq!(found["memories"][0]["id"], memories[700]["id"], "in the order given, with the outer defaults");
    let mut more = items;
    more.push(json!({"content": "one more"}));
    let failure = server.fail("remember", json!({"items": more})).await?;
    assert!(failure["text"].as_str().is_some_and(|it| it.contains("1000")), "{failure}");
    Ok(())
}

#[tokio::test]
async fn fields_of_an_item_win_over_those_outside() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let items = json!([{"content": "first apple", "kind": "fact", "speaker": "Ben"}, {"content": "second apple"}]);
    server.call("remember", json!({"items": items, "kind": "event", "speaker": "Ana", "source": "chat"})).await?;
    let found = server.call("recall", json!({"query": "first"})).await?;
    let first = &found["memories"][0];
    assert_eq!((&first["kind"], &first["speaker"], &first["source"]), (&json!("fact"), &json!("Ben"), &json!("chat")));
    let found = server.call("recall", json!({"query": "second"})).await?;
    let second = &found["memories"][0];
    assert_eq!((&second["kind"], &second["speaker"]), (&json!("event"), &json!("Ana")));
    Ok(())
}

#[tokio::test]
async fn no_query_makes_recall_fail() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(&mut server, json!({"content": "naïve café 日本語 東京タワー \"quoted\" C++ NOT AND apple 🍎"})).await?;
    let long = "apple wörd 漢字 \"' ".repeat(6_000);
    let hostile = [
        "\"",
        "\"\"\"",
        "'",
        "''; DROP TABLE memories; --",
        "apple\"",
        "\"apple",
        "AND",
        "NOT apple",
        "apple OR",
        "NEAR(",
        "NEAR(a b, 5)",
        "(",
        ")",
        "*",
        "app*",
        "^apple",
        "content:apple",
        "-apple",
        "+apple",
        "a AND (b OR",
        "{a b}: c",
        "\0",
        "apple\0pear",
        "\u{feff}apple",
        "🍎",
        "👩‍👩‍👧‍👦",
        "日本語",
        "東京タワーはどこ",
        "مرحبا",
        "שלום",
        "\u{202e}evil",
        "é",
        "e\u{301}",
        "\\",
        "%",
        "_",
        "?1",
        ":query",
        "@x",
        "$x",
        "/",
        "C++",
        "c#",
        ".",
        "...",
        "\n\t",
        " ",
        "",
        "\u{fffd}",
        "\u{10ffff}",
        "ﬁ",
        "ǅ",
        "İ",
        "ß",
        long.as_str(),
    ];
    for query in hostile {
        let found = server.call("recall", json!({"query": query, "explain": true})).await;
        assert!(found.is_ok(), "{:?}: {found:?}", query.chars().take(40).collect::<String>());
    }
    for query in ["日本語", "café", "apple", "東京", "\"apple\" AND", "naive"] {
        let found = server.call("recall", json!({"query": query})).await?;
        assert_eq!(found["memories"].as_array().map(Vec::len), Some(1), "{query} finds nothing");
    }
    Ok(())
}

#[tokio::test]
async fn hostile_contents_come_back_as_they_were() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    for content in
        ["\0 zero", "tab\tand\nbreak", "🍎👩‍👩‍👧‍👦", "\u{202e}evil", "'; DROP TABLE memories; --", "{\"json\": [1]}"]
    {
        let id = remember(&mut server, json!({"content": content})).await?;
        let found = server.call("recall", json!({"query": "", "limit": 1})).await?;
        assert_eq!(found["memories"][0]["content"], content);
        server.call("forget", json!({"ids": [id]})).await?;
    }
    Ok(())
}

#[tokio::test]
async fn pages_hold_everything_once() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let items: Vec<Value> = (0..25).map(|at| json!({"content": format!("apple of tree{at}")})).collect();
    server.call("remember", json!({"items": items})).await?;
    for query in ["apple", ""] {
        let (mut seen, mut cursor, mut sizes) = (Vec::new(), None::<String>, Vec::new());
        loop {
            let mut arguments = json!({"query": query, "limit": 10});
            if let Some(cursor) = &cursor {
                arguments["cursor"] = json!(cursor);
            }
            let page = server.call("recall", arguments).await?;
            let memories = page["memories"].as_array().cloned().unwrap_or_default();
            sizes.push(memories.len());
            seen.extend(memories.iter().filter_map(|it| it["id"].as_str().map(str::to_owned)));
            match page.get("next_cursor").and_then(Value::as_str) {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(sizes, [10, 10, 5], "{query}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 25, "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_stays_within_what_hosts_take_and_says_where_the_rest_is() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let items: Vec<Value> =
        (0..40).map(|at| json!({"content": format!("apple {at} {}", "long words here ".repeat(500))})).collect();
    server.call("remember", json!({"items": items})).await?;
    let params = modern(json!({"name": "recall", "arguments": {"query": "apple", "limit": 40}}));
    let answer = server.request("tools/call", params).await?;
    let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_default();
    assert!((10_000..50_000).contains(&text.chars().count()), "{} characters", text.chars().count());
    let data = answer["result"]["structuredContent"].to_string();
    assert!(data.chars().count() < 50_000, "{} characters", data.chars().count());
    assert_eq!(answer["result"]["structuredContent"]["memories"].as_array().map(Vec::len), Some(40));
    assert!(text.contains("whole at carryall://memory/"));
    Ok(())
}

#[tokio::test]
async fn forget_by_ids_passes_over_unknown_ones() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let id = remember(&mut server, json!({"content": "apple"})).await?;
    let shown = server.call("forget", json!({"ids": [id, "nothing"], "dry_run": true})).await?;
    assert_eq!((&shown["forgotten"], &shown["ids"]), (&json!(0), &json!([id])));
    assert_eq!(recalled(&mut server, json!({"query": "apple"})).await?, ["apple"]);
    let gone = server.call("forget", json!({"ids": [id, "nothing", id]})).await?;
    assert_eq!((&gone["forgotten"], &gone["ids"]), (&json!(1), &json!([id])));
    assert_eq!(recalled(&mut server, json!({"query": "apple"})).await?, Vec::<String>::new());
    let again = server.call("forget", json!({"ids": [id]})).await?;
    assert_eq!(again["forgotten"], 0);
    Ok(())
}

#[tokio::test]
async fn forget_by_filter_asks_before_it_deletes_more_than_one() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let items = json!([
        {"content": "apple a", "tags": ["draft"]},
        {"content": "apple b", "tags": ["draft"]},
        {"content": "apple c", "tags": ["final"]},
        {"content": "apple d", "user_id": "ana", "tags": ["draft"]},
        {"content": "apple e", "namespace": "work", "tags": ["draft"]},
    ]);
    server.call("remember", json!({"items": items})).await?;
    let failure = server.fail("forget", json!({"tags": ["draft"]})).await?;
    assert_eq!(failure["kind"], "invalid_argument");
    assert!(
        failure["text"].as_str().is_some_and(|it| it.contains("2 memories") && it.contains("confirm")),
        "{failure}"
    );
    let shown = server.call("forget", json!({"tags": ["draft"], "dry_run": true})).await?;
    assert_eq!((&shown["forgotten"], shown["ids"].as_array().map(Vec::len)), (&json!(0), Some(2)));
    let all = ["apple a", "apple b", "apple c"];
    assert_eq!(recalled(&mut server, json!({"query": "apple"})).await?, all, "nothing went so far");
    // A single one needs no confirmation.
    let gone = server.call("forget", json!({"tags": ["final"]})).await?;
    assert_eq!(gone["forgotten"], 1);
    let gone = server.call("forget", json!({"tags": ["draft"], "confirm": true})).await?;
    assert_eq!(gone["forgotten"], 2);
    assert_eq!(recalled(&mut server, json!({"query": "apple"})).await?, Vec::<String>::new());
    assert_eq!(recalled(&mut server, json!({"query": "apple", "user_id": "ana"})).await?, ["apple d"]);
    assert_eq!(recalled(&mut server, json!({"query": "apple", "namespace": "work"})).await?, ["apple e"]);
    Ok(())
}

#[tokio::test]
async fn an_empty_store_answers_with_nothing() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    assert_eq!(server.call("recall", json!({"query": "anything"})).await?["memories"], json!([]));
    assert_eq!(server.call("forget", json!({"ids": ["x"]})).await?["ids"], json!([]));
    assert_eq!(server.call("forget", json!({"namespace": "x", "confirm": true})).await?["forgotten"], 0);
    assert_eq!(server.call("get_trace", json!({"trace_id": "x"})).await?["spans"], json!([]));
    let read = server.call("read_context", json!({"scope": "user", "owner": "a", "key": "k"})).await?;
    assert_eq!(read["contexts"], json!([]));
    Ok(())
}

#[tokio::test]
async fn forgetting_by_owner_spares_what_belongs_to_nobody() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(&mut server, json!({"content": "tea of ana", "user_id": "ana"})).await?;
    remember(&mut server, json!({"content": "tea of the coach", "persona": "coach"})).await?;
    remember(&mut server, json!({"content": "tea of everybody"})).await?;
    let gone = server.call("forget", json!({"user_id": "ana", "confirm": true})).await?;
    assert_eq!(gone["forgotten"], 1, "{gone}");
    let gone = server.call("forget", json!({"persona": "coach"})).await?;
    assert_eq!(gone["forgotten"], 1, "{gone}");
    assert_eq!(recalled(&mut server, json!({"query": "tea", "user_id": "ana"})).await?, ["tea of everybody"]);
    Ok(())
}

#[tokio::test]
async fn what_was_replaced_twice_ended_at_the_first_time() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let old = remember(&mut server, json!({"content": "lives in Rome", "valid_from": "2020-01-01"})).await?;
    for (place, since) in [("Oslo", "2022-01-01"), ("Bern", "2024-01-01")] {
        let content = format!("lives in {place}");
        remember(&mut server, json!({"content": content, "valid_from": since, "supersedes": old})).await?;
    }
    let at = |when: &str| json!({"query": "lives", "as_of": when});
    assert_eq!(recalled(&mut server, at("2021-01-01")).await?, ["lives in Rome"]);
    assert_eq!(recalled(&mut server, at("2023-01-01")).await?, ["lives in Oslo"]);
    Ok(())
}

#[tokio::test]
async fn what_has_ended_held_before_though_nobody_said_since_when() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(&mut server, json!({"content": "the shop was open", "valid_to": "2020-01-01"})).await?;
    assert_eq!(recalled(&mut server, json!({"query": "shop"})).await?, [""; 0]);
    assert_eq!(recalled(&mut server, json!({"query": "shop", "as_of": "2019-06-01"})).await?, ["the shop was open"]);
    Ok(())
}

#[tokio::test]
async fn a_list_of_the_newest_goes_on_where_it_was_whatever_is_remembered_and_forgotten_meanwhile() -> anyhow::Result<()>
{
    let mut server = Duplex::start(&Home::new()?)?;
    let items: Vec<Value> = (0..12).map(|at| json!({"content": format!("heron {at} is in the reeds")})).collect();
    server.call("remember", json!({"items": items})).await?;
    let mut seen = Vec::new();
    let mut arguments = json!({"query": "", "limit": 5});
    loop {
        let page = server.call("recall", arguments.clone()).await?;
        let ids: Vec<Value> = page["memories"].as_array().into_iter().flatten().map(|it| it["id"].clone()).collect();
        seen.extend(page["memories"].as_array().into_iter().flatten().map(|it| it["content"].to_string()));
        let Some(cursor) = page.get("next_cursor") else { break };
        arguments["cursor"] = cursor.clone();
        // Somebody tidies up what was shown, and something new comes in.
        server.call("forget", json!({"ids": ids})).await?;
        server.call("remember", json!({"content": format!("newer than page {}", seen.len())})).await?;
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 12, "{seen:?}");
    assert!(seen.iter().all(|it| it.contains("heron")), "{seen:?}");
    Ok(())
}

#[tokio::test]
async fn what_was_pasted_from_a_page_is_found_as_people_type_it() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(&mut server, json!({"content": "The oﬃce of ﬁnance has moved"})).await?;
    remember(&mut server, json!({"content": "担当はＡｃｍｅ０７です"})).await?;
    remember(&mut server, json!({"content": "Our gar\u{AD}den\u{200B}er comes on Mondays"})).await?;
    for (query, expected) in [
        ("finance", "ﬁnance"),
        ("the office", "oﬃce"),
        ("acme07", "Ａｃｍｅ０７"),
        ("gardener", "gar"),
        ("ｏｆｆｉｃｅ", "oﬃce"),
    ] {
        let found = recalled(&mut server, json!({"query": query})).await?;
        assert!(found.len() == 1 && found[0].contains(expected), "{query}: {found:?}");
    }
    Ok(())
}
