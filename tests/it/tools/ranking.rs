//! What `recall` finds beyond the words of a memory: neighbours, speakers, other languages, slips; and what it says
//! when it finds nothing.

use serde_json::Value;
use serde_json::json;

use crate::harness::Duplex;
use crate::harness::Home;
use crate::harness::modern;

async fn remember(server: &mut Duplex, items: Value) -> anyhow::Result<Vec<String>> {
    let stored = server.call("remember", json!({"items": items})).await?;
    let memories = stored["memories"].as_array().cloned().unwrap_or_default();
    Ok(memories.iter().map(|it| it["id"].as_str().unwrap_or_default().to_owned()).collect())
}

/// The contents that are found, best first.
async fn ranked(server: &mut Duplex, arguments: Value) -> anyhow::Result<Vec<String>> {
    let found = server.call("recall", arguments).await?;
    let memories = found["memories"].as_array().cloned().unwrap_or_default();
    Ok(memories.iter().map(|it| it["content"].as_str().unwrap_or_default().to_owned()).collect())
}

fn turn(session: &str, speaker: &str, content: &str) -> Value {
    json!({"content": content, "kind": "turn", "session_id": session, "speaker": speaker})
}

#[tokio::test]
async fn an_answer_is_found_by_the_words_of_its_question_until_that_is_forgotten() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let ids = remember(
        &mut server,
        json!([
            turn("a", "Ana", "Which instrument did you pick up as a child?"),
            turn("a", "Ben", "The cello, for six years."),
            turn("b", "Ana", "It rained all day."),
        ]),
    )
    .await?;
    let query = json!({"query": "What instrument did Ben learn as a child?", "explain": true});
    let found = server.call("recall", query.clone()).await?;
    assert_eq!(found["memories"][0]["content"], "The cello, for six years.");
    let why = found["memories"][0]["why"].as_str().unwrap_or_default();
    assert!(why.contains("before or after") && why.contains("said by Ben") && why.contains('%'), "{why}");
    assert_eq!(found["memories"].as_array().map(Vec::len), Some(2));

    server.call("forget", json!({"ids": [ids[0]]})).await?;
    assert_eq!(ranked(&mut server, json!({"query": "instrument child"})).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn sessions_that_are_written_in_turns_keep_their_neighbours() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    for (one, other) in [("Where is the spare key?", "Shall we paint?"), ("Under the pot.", "Blue, I think.")] {
        remember(&mut server, json!([turn("a", "Ana", one)])).await?;
        remember(&mut server, json!([turn("b", "Ben", other)])).await?;
    }
    let mut found = ranked(&mut server, json!({"query": "spare key"})).await?;
    found.sort();
    assert_eq!(found, ["Under the pot.", "Where is the spare key?"]);
    Ok(())
}

#[tokio::test]
async fn what_others_said_in_the_same_session_lends_nothing() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let with = |user: Option<&str>, content: &str| {
        let mut item = turn("s", "x", content);
        item["user_id"] = json!(user);
        item
    };
    remember(&mut server, json!([with(Some("ana"), "Where is the treasure?"), with(None, "Under the tree.")])).await?;
    assert_eq!(ranked(&mut server, json!({"query": "treasure"})).await?, Vec::<String>::new());
    assert_eq!(ranked(&mut server, json!({"query": "treasure", "user_id": "ana"})).await?, ["Where is the treasure?"]);
    Ok(())
}

#[tokio::test]
async fn other_forms_other_languages_and_slips_are_found() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(
        &mut server,
        json!([
            {"content": "She bought a red bicycle"},
            {"content": "Die alten Häuser der Stadt sind nicht für den Verkehr"},
            {"content": "Los gatos de la vecina no comen en la cocina"},
            {"content": "Melanie likes pottery"},
        ]),
    )
    .await?;
    let tables = [
        ("what did she buy", "She bought a red bicycle"),
        ("Wo steht das Haus?", "Die alten Häuser der Stadt sind nicht für den Verkehr"),
        ("¿Dónde está el gato?", "Los gatos de la vecina no comen en la cocina"),
        ("Melanei pottrey", "Melanie likes pottery"),
    ];
    for (query, expected) in tables {
        assert_eq!(ranked(&mut server, json!({"query": query})).await?, [expected], "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_found_says_what_was_searched_and_where_something_is() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(
        &mut server,
        json!([
            {"content": "the zebra is striped", "kind": "fact"},
            {"content": "a zebra at work", "namespace": "work"},
            {"content": "a secret zebra", "namespace": "hidden", "user_id": "ana"},
        ]),
    )
    .await?;
    let found = server.call("recall", json!({"query": "zebra", "kinds": ["decision"]})).await?;
    let searched = found["searched"].as_str().unwrap_or_default();
    assert_eq!(found["memories"], json!([]));
    for expected in ["namespace default (1 memories) with kinds decision", "1 in it match", "Namespace work has 1"] {
        assert!(searched.contains(expected), "{expected}: {searched}");
    }
    assert!(!searched.contains("hidden"), "{searched}");
    let found = server.call("recall", json!({"query": "quagga"})).await?;
    assert!(found["searched"].as_str().is_some_and(|it| !it.contains("has")), "{found}");
    Ok(())
}

#[tokio::test]
async fn long_contents_are_cut_at_a_sentence_and_can_be_read_whole() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let long = "The otter sleeps in the river at night. ".repeat(200);
    let items: Vec<Value> = (0..10).map(|at| json!({"content": format!("{long}{at}")})).collect();
    let ids = remember(&mut server, json!(items)).await?;
    remember(&mut server, json!([{"content": "A short otter."}])).await?;
    let found = server.call("recall", json!({"query": "otter"})).await?;
    let memories = found["memories"].as_array().cloned().unwrap_or_default();
    assert_eq!(memories.len(), 10);
    for memory in &memories {
        let content = memory["content"].as_str().unwrap_or_default();
        if content == "A short otter." {
            assert_eq!(memory["truncated"], Value::Null);
        } else {
            assert_eq!(memory["truncated"], true);
            assert!(content.contains("night. [cut; whole at carryall://memory/"), "{content}");
            assert!(content.len() < 500, "{}", content.len());
        }
    }
    let uri = format!("carryall://memory/{}", ids[0]);
    let read = server.request("resources/read", modern(json!({"uri": uri}))).await?;
    let whole: Value = serde_json::from_str(read["result"]["contents"][0]["text"].as_str().unwrap_or_default())?;
    assert_eq!(whole["content"], format!("{long}0"));

    // One alone has the room of all.
    let found = server.call("recall", json!({"query": "otter", "limit": 1})).await?;
    assert!(found["memories"][0]["content"].as_str().is_some_and(|it| it.len() > 2000 || it == "A short otter."));
    Ok(())
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    for part in 0..7 {
        let items: Vec<Value> =
            (0..100).map(|at| turn("s", "Ana", &format!("heron number {}", part * 100 + at))).collect();
        remember(&mut server, json!(items)).await?;
    }
    let mut seen = std::collections::HashSet::new();
    let mut cursor = Value::Null;
    loop {
        let found = server.call("recall", json!({"query": "heron", "limit": 100, "cursor": cursor})).await?;
        for memory in found["memories"].as_array().into_iter().flatten() {
            assert!(seen.insert(memory["id"].to_string()), "twice");
        }
        cursor = found["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(seen.len(), 700);
    Ok(())
}
