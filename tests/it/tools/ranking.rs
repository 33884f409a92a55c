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
async fn what_only_looks_like_a_word_of_the_question_is_not_found() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let kept = ["Das Haus ist gelb und groß", "Carlos vive en Lima con su mujer", "The street was wet after the storm"];
    remember(&mut server, kept.iter().map(|it| json!({"content": it})).collect()).await?;
    for query in ["Wo ist mein Geld?", "Geld", "stream"] {
        assert_eq!(ranked(&mut server, json!({"query": query})).await?, Vec::<String>::new(), "{query}");
    }
    remember(&mut server, json!([{"content": "Carla tiene dos perros"}])).await?;
    let found = ranked(&mut server, json!({"query": "Carla"})).await?;
    assert_eq!(found.first().map(String::as_str), Some("Carla tiene dos perros"), "{found:?}");
    Ok(())
}

#[tokio::test]
async fn a_single_character_is_a_word_where_nothing_has_the_pairs_of_a_question() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let kept = ["我的猫三岁了", "我家的狗叫旺财", "我喜欢喝茶"];
    remember(&mut server, kept.iter().map(|it| json!({"content": it})).collect()).await?;
    for (query, expected) in [("猫几岁", kept[0]), ("猫", kept[0]), ("谁有狗", kept[1]), ("茶", kept[2])] {
        let found = ranked(&mut server, json!({"query": query})).await?;
        assert_eq!(found.first().map(String::as_str), Some(expected), "{query}: {found:?}");
    }
    assert_eq!(ranked(&mut server, json!({"query": "鱼"})).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn words_written_together_or_with_other_letters_are_found() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let kept = [
        "Die Autoversicherung kostet 400 Euro im Jahr",
        "Das Kinderzimmer ist im ersten Stock",
        "Der Zahnarzttermin ist am Dienstag",
        "Das Zimmer zum Arbeiten ist unter dem Dach",
        "Ses yeux sont bleus",
        "The firewall blocks port 22",
        "Herr Müller hat den Schlüssel",
        "Die Strasse ist gesperrt",
        "A picnic basket",
        "The last ball of the year",
    ];
    remember(&mut server, kept.iter().map(|it| json!({"content": it})).collect()).await?;
    let tables = [
        ("Versicherung", kept[0]),
        ("Was kosten Versicherungen?", kept[0]),
        ("Wo schlafen die Kinder?", kept[1]),
        ("Termin beim Zahnarzt", kept[2]),
        ("Wo ist das Arbeitszimmer?", kept[3]),
        ("œil", kept[4]),
        ("fire wall", kept[5]),
        ("Mueller", kept[6]),
        ("Straße", kept[7]),
    ];
    for (query, expected) in tables {
        let found = ranked(&mut server, json!({"query": query})).await?;
        assert_eq!(found.first().map(String::as_str), Some(expected), "{query}: {found:?}");
    }
    // A word that is there is not looked for inside others.
    assert_eq!(ranked(&mut server, json!({"query": "Dienstag"})).await?, [kept[2]]);
    assert_eq!(ranked(&mut server, json!({"query": "Zimmer"})).await?, [kept[3]]);
    // Nor are two words that no memory has together one.
    assert_eq!(ranked(&mut server, json!({"query": "basketball"})).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn words_that_stand_for_each_other_find_each_other() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let texts = [
        "My manager is Ingrid; we talk every second Monday",
        "The bicycle was stolen in front of the library",
        "Releases happen on Wednesdays after the stand-up",
        "Der Keller war nach dem Gewitter überschwemmt",
        "Tim is allergic to penicillin",
    ];
    remember(&mut server, texts.iter().map(|it| json!({"content": it})).collect()).await?;
    for (question, at) in [
        ("who is my boss", 0),
        ("what happened to my bike", 1),
        ("when do we deploy", 2),
        ("Was ist beim Unwetter passiert?", 3),
    ] {
        let found = ranked(&mut server, json!({"query": question})).await?;
        assert_eq!(found.first().map(String::as_str), Some(texts[at]), "{question}");
    }
    // What has the word itself does not keep away what stands for it.
    remember(&mut server, json!([{"content": "The boss key hides the game's window"}])).await?;
    let found = ranked(&mut server, json!({"query": "who is my boss"})).await?;
    assert!(found.len() >= 2 && found.contains(&texts[0].to_owned()), "{found:?}");
    let found = server.call("recall", json!({"query": "who is my boss", "explain": true})).await?;
    let why: Vec<&str> =
        found["memories"].as_array().into_iter().flatten().filter_map(|it| it["why"].as_str()).collect();
    assert!(why.iter().any(|it| it.contains("words: boss (manager)")), "{why:?}");
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
    for expected in ["namespace default (1 memory) with kinds decision", "1 in it match", "Namespace work has 1"] {
        assert!(searched.contains(expected), "{expected}: {searched}");
    }
    assert!(!searched.contains("hidden"), "{searched}");
    let found = server.call("recall", json!({"query": "x".repeat(9_000)})).await?;
    assert_eq!(found["memories"], json!([]), "a word that is too long is not the newest memories");
    let found = server.call("recall", json!({"query": "quagga"})).await?;
    assert!(found["searched"].as_str().is_some_and(|it| !it.contains("has")), "{found}");
    Ok(())
}

#[tokio::test]
async fn a_filter_that_leaves_nothing_is_named_and_the_nearest_without_it_are_shown() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(
        &mut server,
        json!([
            {"content": "the zebra is striped", "kind": "fact", "tags": ["animal"], "session_id": "zoo",
             "occurred_at": "2026-05-01T00:00:00Z"},
            {"content": "the zebra of ana is secret", "kind": "fact", "tags": ["animal"], "user_id": "ana"},
            {"content": "the zebra at work", "kind": "fact", "namespace": "work"},
        ]),
    )
    .await?;
    let filters = [
        (json!({"kinds": ["decision"]}), "kinds decision"),
        (json!({"tags": ["plant"], "kinds": ["fact"]}), "tags plant"),
        (json!({"session_id": "home"}), "session home"),
        (json!({"since": "2026-06-01T00:00:00Z"}), "the time from 2026-06-01T00:00:00Z"),
        (json!({"as_of": "2020-01-01T00:00:00Z"}), "what held at 2020"),
        (json!({"tags": ["plant"], "kinds": ["decision"]}), "all of them together"),
    ];
    for (filter, named) in filters {
        for query in ["zebra", ""] {
            let mut arguments = filter.clone();
            arguments["query"] = json!(query);
            let found = server.call("recall", arguments).await?;
            let searched = found["searched"].as_str().unwrap_or_default();
            assert!(
                searched.contains(&format!("Left out everything: {named}")) || named.contains("together"),
                "{found}"
            );
            assert!(searched.contains(named), "{named}: {searched}");
            let nearest = found["nearest"].as_array().cloned().unwrap_or_default();
            let contents: Vec<&str> = nearest.iter().filter_map(|it| it["content"].as_str()).collect();
            assert_eq!(contents, ["the zebra is striped"], "{filter}, “{query}”");
            assert_eq!(found["memories"], json!([]));
        }
    }
    let found = server.call("recall", json!({"query": "quagga", "kinds": ["decision"]})).await?;
    assert!(found.get("nearest").is_none() && !found["searched"].to_string().contains("Left out"), "{found}");
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

#[tokio::test]
async fn what_helped_before_is_lifted_and_what_was_passed_over_falls() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let contents = ["The staging cluster has 12 nodes", "The staging cluster has 40 disks"];
    remember(&mut server, json!([{"content": contents[0]}, {"content": contents[1]}])).await?;
    let query = json!({"query": "staging cluster", "explain": true});
    let before = server.call("recall", query.clone()).await?;
    let second = before["memories"][1]["id"].clone();
    for _ in 0..3 {
        // Said three times of one answer, it counts once.
        let judged = json!({"trace_id": before["trace_id"], "used": [second]});
        assert_eq!(server.call("give_feedback", judged).await?["recorded"], true);
    }
    let once = server.call("recall", query.clone()).await?;
    let of = |found: &Value, id: &Value| {
        let memories = found["memories"].as_array().cloned().unwrap_or_default();
        memories.iter().find(|it| it["id"] == *id).map(|it| it["why"].to_string()).unwrap_or_default()
    };
    assert!(of(&once, &second).contains("helped before (5 %)"), "{once}");
    assert!(of(&once, &before["memories"][0]["id"]).contains("passed over before (-1 %)"), "{once}");
    for _ in 0..8 {
        let found = server.call("recall", query.clone()).await?;
        server.call("give_feedback", json!({"trace_id": found["trace_id"], "used": [second]})).await?;
    }
    let often = server.call("recall", query.clone()).await?;
    assert_eq!(often["memories"][0]["id"], second, "{often}");

    server.call("give_feedback", json!({"trace_id": often["trace_id"], "rating": -1})).await?;
    let rated = server.call("recall", query).await?;
    assert_eq!(rated["memories"], often["memories"], "a rating names no memory");
    Ok(())
}

#[tokio::test]
async fn what_is_important_comes_first_of_equals() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let ask = json!({"query": "which tea does Ana like"});
    let contents = ["Ana likes green tea", "Ana likes white tea"];
    remember(&mut server, json!([{"content": contents[0]}, {"content": contents[1]}])).await?;
    let plain = ranked(&mut server, ask.clone()).await?;
    let mut server = Duplex::start(&Home::new()?)?;
    let items = json!([{"content": plain[0], "importance": 0.1}, {"content": plain[1], "importance": 0.9}]);
    remember(&mut server, items).await?;
    assert_eq!(ranked(&mut server, ask).await?, [plain[1].clone(), plain[0].clone()]);
    Ok(())
}

#[tokio::test]
async fn a_time_that_the_question_names_lifts_what_happened_then_and_loses_nothing() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let on = |content: &str, day: &str| json!({"content": content, "occurred_at": format!("{day}T10:00:00Z")});
    let contents = ["We hiked along the river", "We hiked up the mountain"];
    remember(&mut server, json!([on(contents[0], "2023-05-08"), on(contents[1], "2023-08-20")])).await?;
    for (query, first) in [
        ("Where did we hike in May 2023?", contents[0]),
        ("Where did we hike in August 2023?", contents[1]),
        ("hiked im August 2023", contents[1]),
        // No year is named: the last one of which something is known.
        ("Where did we hike in May?", contents[0]),
        ("Where did we hike in August?", contents[1]),
        ("Where did we hike on 8 May?", contents[0]),
    ] {
        let found = ranked(&mut server, json!({"query": query})).await?;
        assert_eq!((found.len(), found[0].as_str()), (2, first), "{query}");
    }
    let explained = server.call("recall", json!({"query": "hiked in August 2023", "explain": true})).await?;
    let why = explained["memories"][0]["why"].as_str().unwrap_or_default();
    assert!(why.contains("from the time that the query names ("), "{why}");
    Ok(())
}

#[tokio::test]
async fn copies_of_one_memory_do_not_fill_an_answer() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let copy = |at: usize| {
        json!({"content": format!("The release train leaves on Thursday{}", "!".repeat(at)),
        "kind": "turn", "source": format!("chat/{at}"), "session_id": format!("s{at}")})
    };
    let mut items: Vec<Value> = (1..16).map(copy).collect();
    let others = ["platform", "driver", "ticket", "engine", "whistle", "timetable", "delay", "route", "signal"];
    items.extend(others.iter().map(|it| json!({"content": format!("A train needs a {it}"), "kind": "note"})));
    remember(&mut server, json!(items)).await?;
    let query = json!({"query": "When does the release train leave?", "limit": 10, "explain": true});
    let found = server.call("recall", query).await?;
    let contents: Vec<&str> =
        found["memories"].as_array().into_iter().flatten().filter_map(|it| it["content"].as_str()).collect();
    let copies = contents.iter().filter(|it| it.starts_with("The release train")).count();
    assert_eq!((contents.len(), copies), (10, 1), "{contents:#?}");
    let rest = ranked(&mut server, json!({"query": "When does the release train leave?", "limit": 50})).await?;
    assert_eq!(rest.len(), 15 + others.len(), "nothing is lost");
    Ok(())
}

#[tokio::test]
async fn words_that_mean_about_the_same_and_what_is_asked_for_decide_between_texts() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let told = ["Lena saw the surgeon", "Lena saw the bakery", "Lena was here", "Lena was here last Monday"];
    let items: Vec<Value> = told.iter().map(|it| json!({"content": it, "kind": "note"})).collect();
    remember(&mut server, json!(items)).await?;
    let query = json!({"query": "Which doctor did Lena see?", "explain": true});
    let found = server.call("recall", query).await?;
    let why = found["memories"][0]["why"].as_str().unwrap_or_default();
    assert_eq!(found["memories"][0]["content"], told[0]);
    assert!(why.contains("about the same"), "{why}");
    let query = json!({"query": "When was Lena here?", "explain": true});
    let found = server.call("recall", query).await?;
    let why = found["memories"][0]["why"].as_str().unwrap_or_default();
    assert_eq!(found["memories"][0]["content"], told[3]);
    assert!(why.contains("names a time"), "{why}");
    Ok(())
}

#[tokio::test]
async fn what_shares_telling_words_with_the_best_comes_before_what_does_not() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let told = [
        "The regatta plans of Orla name the harbour of skagen",
        "The regatta plans are late",
        "The regatta plans again",
        "A regatta needs a pier near skagen",
        "A regatta needs a pier near bergen",
    ];
    let items: Vec<Value> = told.iter().map(|it| json!({"content": it, "kind": "note"})).collect();
    remember(&mut server, json!(items)).await?;
    let found = server.call("recall", json!({"query": "regatta plans", "explain": true})).await?;
    let told_of = |at: usize| {
        let memories = found["memories"].as_array().into_iter().flatten();
        let mut places = memories.enumerate().filter(|it| it.1["content"] == told[at]);
        places.next().map(|(place, it)| (place, it["why"].to_string())).unwrap_or_default()
    };
    assert!(told_of(3).0 < told_of(4).0, "{found}");
    assert!(told_of(3).1.contains("shares other words with the best"), "{found}");
    assert!(!told_of(4).1.contains("shares other words with the best"), "{found}");
    Ok(())
}

#[tokio::test]
async fn without_an_embedder_nothing_but_words_counts() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?.with("CARRYALL_EMBEDDER", "none"))?;
    let told = ["Lena saw the surgeon", "Lena saw the bakery"];
    let items: Vec<Value> = told.iter().map(|it| json!({"content": it, "kind": "note"})).collect();
    remember(&mut server, json!(items)).await?;
    let found = server.call("recall", json!({"query": "Which doctor did Lena see?", "explain": true})).await?;
    let memories = found["memories"].as_array().cloned().unwrap_or_default();
    assert_eq!(memories.len(), 2, "{found}");
    for memory in memories {
        let why = memory["why"].as_str().unwrap_or_default();
        assert!(!why.contains("about the same") && !why.contains("meaning"), "{why}");
    }
    Ok(())
}

#[tokio::test]
async fn a_question_about_someone_passes_over_what_others_said_elsewhere() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(
        &mut server,
        json!([
            turn("a", "Ben", "My pottery class begins in spring, a pottery class for beginners"),
            turn("b", "Ana", "Hello there"),
            turn("b", "Eva", "The class for pottery begins in spring, people say, and it is for beginners"),
        ]),
    )
    .await?;
    let query = json!({"query": "When does the pottery class of Ana begin?", "explain": true});
    let found = server.call("recall", query).await?;
    let why = |content: &str| {
        let memories = found["memories"].as_array().into_iter().flatten();
        let mut whys = memories.filter(|it| it["content"].as_str().is_some_and(|it| it.starts_with(content)));
        whys.next().map(|it| it["why"].to_string()).unwrap_or_default()
    };
    assert!(why("My pottery").contains("about others than the query asks about"), "{found}");
    assert!(!why("My pottery").contains("close in meaning"), "{found}");
    assert!(!why("The class").contains("about others than the query asks about"), "Ana is there: {found}");
    Ok(())
}

#[tokio::test]
async fn a_question_for_several_things_looks_at_other_occasions_first() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let occasion = |session: &str, book: &str| {
        json!([
            turn(session, "Ana", &format!("I have read {book} this week, one of the good books")),
            turn(session, "Ana", &format!("Read it! {book} is a book that one reads twice, of all the books")),
        ])
    };
    for (session, book) in [("a", "Emma"), ("b", "Middlemarch"), ("c", "Ulysses")] {
        remember(&mut server, occasion(session, book)).await?;
    }
    let sessions = |found: &Value| -> Vec<Value> {
        let memories = found["memories"].as_array().cloned().unwrap_or_default();
        memories.iter().take(3).map(|it| it["session_id"].clone()).collect()
    };
    let found = server.call("recall", json!({"query": "Which books has Ana read?", "explain": true})).await?;
    let mut first = sessions(&found);
    first.sort_by_key(Value::to_string);
    assert_eq!(first, ["a", "b", "c"], "{found}");
    assert!(found.to_string().contains("right beside a better one"), "{found}");
    let one = server.call("recall", json!({"query": "Which books did Ana read?", "explain": true})).await?;
    assert!(!one.to_string().contains("right beside a better one"), "{one}");
    Ok(())
}

/// Sixty notes in three languages with 42 questions in other words.
const NOTES: &str = include_str!("../../../fixtures/recall/notes.jsonl");
const QUESTIONS: &str = include_str!("../../../fixtures/recall/questions.jsonl");

#[tokio::test]
async fn short_notes_are_found_by_questions_in_other_words() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let lines = |text: &str| text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>();
    let notes: Vec<Value> =
        lines(NOTES)?.iter().map(|it| json!({"content": it["text"], "kind": "note", "source": it["id"]})).collect();
    remember(&mut server, json!(notes)).await?;
    let mut missed = Vec::new();
    for question in lines(QUESTIONS)? {
        let found = server.call("recall", json!({"query": question["text"], "limit": 5})).await?;
        let sources: Vec<&Value> = found["memories"].as_array().into_iter().flatten().map(|it| &it["source"]).collect();
        let relevant = question["relevant"].as_array().cloned().unwrap_or_default();
        if !relevant.iter().any(|it| sources.contains(&it)) {
            missed.push(question["text"].clone());
        }
    }
    // Measured: one is missed ("wireless network" for "wifi").
    assert!(missed.len() <= 2, "{missed:#?}");
    Ok(())
}

#[tokio::test]
async fn a_memory_and_a_pack_are_judged_by_their_own_ids() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let items = ["billing", "auth", "mail"].map(|it| json!({"content": format!("The {it} service deploys by night")}));
    let ids = remember(&mut server, json!(items)).await?;
    let query = json!({"query": "which service deploys by night", "explain": true});
    let before = server.call("recall", query.clone()).await?;
    let (first, last) = (before["memories"][0]["id"].clone(), before["memories"][2]["id"].clone());
    assert!(ids.iter().any(|it| last == **it));
    for (id, rating) in [(&last, 1.0), (&last, 1.0), (&first, -1.0)] {
        let judged = json!({"trace_id": id, "rating": rating});
        assert_eq!(server.call("give_feedback", judged).await?["recorded"], true);
    }
    let after = server.call("recall", query.clone()).await?;
    let of = |found: &Value, id: &Value| {
        let memory = found["memories"].as_array().into_iter().flatten().find(|it| it["id"] == *id).cloned();
        let memory = memory.unwrap_or_default();
        (memory["score"].as_f64().unwrap_or_default(), memory["why"].as_str().unwrap_or_default().to_owned())
    };
    let lead = |found: &Value| of(found, &last).0 - of(found, &first).0;
    assert!(lead(&after) > lead(&before) + 0.01, "{before} {after}");
    assert!(of(&after, &last).1.contains("helped before"), "{after}");
    assert!(of(&after, &first).1.contains("passed over before"), "{after}");
    // Saying the same again adds nothing.
    let address = format!("carryall://memory/{}", last.as_str().unwrap_or_default());
    server.call("give_feedback", json!({"trace_id": address, "rating": 0.5})).await?;
    let again = server.call("recall", query).await?;
    assert!((lead(&again) - lead(&after)).abs() < 1e-3, "{again} {after}");

    let asked = json!({"query": "which service deploys by night", "sources": ["memory"]});
    for again in 0..2 {
        let pack = server.call("assemble_context", asked.clone()).await?;
        let judged = json!({"trace_id": pack["pack_id"], "rating": 0.5, "used": [first]});
        assert_eq!(server.call("give_feedback", judged).await?["recorded"], true, "{again}");
        let rated = json!({"type": "performance", "filters": {"rated": "yes"},
            "drill_down": {"view": "calls", "by": "tool"}});
        let rated = server.call("query_insights", rated).await?;
        assert_eq!((&rated["rows"][0][0], &rated["rows"][0][1]), (&json!("assemble_context"), &json!(again + 1)));
    }
    for unknown in ["pack_00", "carryall://pack/pack_00", "carryall://memory/none", "", "none"] {
        let judged = json!({"trace_id": unknown, "rating": 1});
        assert_eq!(server.call("give_feedback", judged).await?["recorded"], false, "{unknown}");
    }
    Ok(())
}

#[test]
fn a_question_in_wholly_other_words_is_told_what_is_nearest_in_meaning() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = home.server()?;
    for content in ["The surgeon told me to drink more water", "We host the site in Frankfurt", "Tom plays chess"] {
        server.call("remember", json!({"content": content}))?;
    }
    let found = server.call("recall", json!({"query": "what did the doctor say"}))?;
    assert_eq!(found["memories"], json!([]), "it may be no answer: {found}");
    assert_eq!(found["nearest"][0]["content"], "The surgeon told me to drink more water", "{found}");
    assert!(found["searched"].as_str().is_some_and(|it| it.contains("nearest in meaning")), "{found}");
    let nothing = server.call("recall", json!({"query": "quartz oscillator"}))?;
    assert!(nothing["nearest"].is_null(), "{nothing}");
    server.finish()?;
    let mut by_words = home.with("CARRYALL_EMBEDDER", "none").server()?;
    let found = by_words.call("recall", json!({"query": "what did the doctor say"}))?;
    assert!(found["nearest"].is_null(), "{found}");
    by_words.finish()?;
    Ok(())
}

#[test]
fn what_is_nearest_in_meaning_is_shown_when_only_a_frequent_word_of_the_question_is_found() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = home.server()?;
    let mut items: Vec<Value> = (0..40)
        .map(|it| json!({"content": format!("They say that room {it} of building {} is free", it * 7)}))
        .collect();
    items.push(json!({"content": "The surgeon told me to drink more water"}));
    server.call("remember", json!({"items": items}))?;
    let found = server.call("recall", json!({"query": "what did the doctor say", "explain": true}))?;
    let memories = found["memories"].as_array().cloned().unwrap_or_default();
    let at = memories.iter().position(|it| it["content"].as_str().is_some_and(|it| it.contains("surgeon")));
    assert_eq!(at, Some(0), "forty have the word, and none more of it than another: {found}");
    assert_eq!(memories[0]["why"], "close in meaning (100 %); not in it: doctor, say", "{found}");
    server.finish()?;
    Ok(())
}

#[test]
fn who_asks_for_a_sport_finds_it_by_its_name() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = home.server()?;
    for content in ["Ben is in charge of the shop", "Ben took up judo", "Ben's report is late", "Ida took up judo, too"]
    {
        server.call("remember", json!({"content": content}))?;
    }
    let found = server.call("recall", json!({"query": "Which sport does Ben do?", "explain": true}))?;
    assert_eq!(found["memories"][0]["content"], "Ben took up judo", "{found}");
    server.finish()?;
    Ok(())
}

#[test]
fn what_is_near_in_meaning_stands_behind_the_few_that_have_the_words() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = home.server()?;
    for content in ["A doctor wrote the crime novel", "The surgeon told me to drink more water", "Tom plays chess"] {
        server.call("remember", json!({"content": content}))?;
    }
    for (query, near) in [("doctor advice", true), ("doctor", false)] {
        let found = server.call("recall", json!({"query": query}))?;
        let contents: Vec<&str> =
            found["memories"].as_array().into_iter().flatten().filter_map(|it| it["content"].as_str()).collect();
        let expected = ["A doctor wrote the crime novel", "The surgeon told me to drink more water"];
        assert_eq!(contents, expected[..if near { 2 } else { 1 }], "a memory with every word is enough: {found}");
    }
    server.finish()?;
    Ok(())
}

#[tokio::test]
async fn a_question_for_a_judgement_looks_at_what_the_one_says_of_whom_it_is_asked() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(
        &mut server,
        json!([
            turn("a", "Ben", "Ana, would you enjoy the mountains more than the sea?"),
            turn("b", "Ana", "I enjoy the mountains"),
            turn("c", "Ben", "I enjoy the mountains, Ana"),
        ]),
    )
    .await?;
    let query = json!({"query": "Would Ana enjoy a trip to the mountains?", "explain": true});
    let found = server.call("recall", query).await?;
    assert_eq!(found["memories"][0]["speaker"], "Ana", "{found}");
    let of_ben = found["memories"].as_array().into_iter().flatten().filter(|it| it["speaker"] == "Ben");
    for memory in of_ben {
        assert!(memory["why"].to_string().contains("not said by the one whom the query is about"), "{memory}");
    }
    let plain = server.call("recall", json!({"query": "Ana mountains", "explain": true})).await?;
    assert!(!plain.to_string().contains("not said by"), "no judgement is asked for: {plain}");
    Ok(())
}

#[tokio::test]
async fn who_asks_for_a_time_alone_gets_what_is_of_it_the_latest_first() -> anyhow::Result<()> {
    // Friday, 20 November 2026.
    let mut server = Duplex::start(&Home::new()?)?;
    let of_day =
        |day: u32, content: String| json!({"content": content, "occurred_at": format!("2026-11-{day:02}T09:00:00Z")});
    let items: Vec<Value> = (1..=20).map(|day| of_day(day, format!("Ana repaired bicycle number {day}"))).collect();
    server.call("remember", json!({"items": items})).await?;
    server
        .call("remember", json!({"content": "Yesterday is a song of last week's concert", "occurred_at": "2026-01-02"}))
        .await?;
    for (query, expected) in [
        ("what happened yesterday?", vec![19]),
        ("what did we do last week?", vec![15, 14, 13, 12, 11, 10, 9]),
        ("Was war gestern los?", vec![19]),
        ("Que s'est-il passé hier ?", vec![19]),
        ("¿Qué hicimos ayer?", vec![19]),
        ("昨日", vec![19]),
        ("what happened on November 3", vec![3]),
    ] {
        let found = server.call("recall", json!({"query": query, "explain": true})).await?;
        let contents: Vec<&str> =
            found["memories"].as_array().into_iter().flatten().filter_map(|it| it["content"].as_str()).collect();
        let expected: Vec<String> = expected.iter().map(|day| format!("Ana repaired bicycle number {day}")).collect();
        assert_eq!(contents, expected, "{query}");
        let why = found["memories"][0]["why"].as_str().unwrap_or_default();
        assert_eq!(why, "from the time that the query names (100 %)", "{query}");
    }
    // Page by page, and by the other filters, too.
    let mut seen = Vec::new();
    let mut arguments = json!({"query": "what happened last week", "limit": 3});
    loop {
        let page = server.call("recall", arguments.clone()).await?;
        seen.extend(page["memories"].as_array().into_iter().flatten().map(|it| it["id"].to_string()));
        let Some(cursor) = page.get("next_cursor") else { break };
        arguments["cursor"] = cursor.clone();
    }
    assert_eq!((seen.len(), seen.iter().collect::<std::collections::HashSet<_>>().len()), (7, 7));
    let narrowed = json!({"query": "what happened last week", "since": "2026-11-14"});
    let narrowed = server.call("recall", narrowed).await?;
    assert_eq!(narrowed["memories"].as_array().map(Vec::len), Some(2));
    // Of a time of which nothing is known, words still find what they find.
    let found = server.call("recall", json!({"query": "what happened on 3 May 2019?"})).await?;
    assert!(found.get("next_cursor").is_none());
    Ok(())
}

#[tokio::test]
async fn what_is_of_the_named_time_and_has_all_that_is_asked_for_stands_first() -> anyhow::Result<()> {
    // Friday, 20 November 2026.
    let mut server = Duplex::start(&Home::new()?)?;
    let deeds = [
        "fixed the login bug",
        "had lunch with Omar",
        "cleaned the garage",
        "wrote the launch plan",
        "called the bank",
    ];
    let items: Vec<Value> = (1..=20)
        .flat_map(|day| {
            let deed = deeds[day % deeds.len()];
            ["Ana", "Ben"].map(|who| {
                json!({"content": format!("{who} {deed} ({day})"), "occurred_at": format!("2026-11-{day:02}T09:00:00Z")})
            })
        })
        .collect();
    server.call("remember", json!({"items": items})).await?;
    server
        .call("remember", json!({"content": "Yesterday is a song that Ana likes", "occurred_at": "2026-01-02"}))
        .await?;
    for (query, expected) in [
        ("what did Ana do yesterday?", vec!["Ana called the bank (19)"]),
        ("Was hat Ana gestern gemacht?", vec!["Ana called the bank (19)"]),
        ("who had lunch last week?", vec!["Ana had lunch with Omar (11)", "Ben had lunch with Omar (11)"]),
        ("did Ben clean the garage last week?", vec!["Ben cleaned the garage (12)"]),
    ] {
        let found = server.call("recall", json!({"query": query, "explain": true})).await?;
        let mut first: Vec<&str> =
            found["memories"].as_array().into_iter().flatten().filter_map(|it| it["content"].as_str()).collect();
        assert!(first.len() > expected.len(), "others stand behind: {found}");
        first.truncate(expected.len());
        first.sort_unstable();
        assert_eq!(first, expected, "{query}: {found}");
        let why = found["memories"][0]["why"].as_str().unwrap_or_default();
        assert!(why.contains("from the time that the query names"), "{why}");
    }
    // The pages have each once.
    let (mut seen, mut arguments) = (Vec::new(), json!({"query": "what did Ana do last week?", "limit": 4}));
    loop {
        let page = server.call("recall", arguments.clone()).await?;
        seen.extend(page["memories"].as_array().into_iter().flatten().map(|it| it["id"].to_string()));
        let Some(cursor) = page.get("next_cursor") else { break };
        arguments["cursor"] = cursor.clone();
    }
    let once: std::collections::HashSet<&String> = seen.iter().collect();
    assert_eq!(seen.len(), once.len());
    Ok(())
}

#[tokio::test]
async fn what_recall_finds_without_a_word_of_the_question_is_in_packs_and_answers_too() -> anyhow::Result<()> {
    // Friday, 20 November 2026.
    let mut server = Duplex::start(&Home::new()?)?;
    let deed = json!({"content": "Ana reviewed the billing patch", "occurred_at": "2026-11-19T10:00:00Z"});
    server.call("remember", deed).await?;
    server.call("remember", json!({"content": "The build uses Webpack", "kind": "fact"})).await?;
    server.call("remember", json!({"content": "We replaced Webpack with Vite"})).await?;
    for (query, expected) in [("what happened yesterday?", "billing patch"), ("what does the build use?", "Vite")] {
        let pack = server.call("assemble_context", json!({"query": query})).await?;
        assert!(pack["text"].as_str().is_some_and(|it| it.contains(expected)), "{query}: {pack}");
        let asked = server.call("ask", json!({"message": query})).await?;
        assert!(asked["answer"].as_str().is_some_and(|it| it.contains(expected)), "{query}: {asked}");
    }
    Ok(())
}
