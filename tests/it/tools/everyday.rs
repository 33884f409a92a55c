//! Questions as people ask them every day: for what is on, by other words, and with no word at all.

use std::collections::HashSet;

use carryall::clock::Clock;
use serde_json::Value;
use serde_json::json;

use crate::harness::Duplex;
use crate::harness::Home;

async fn remember(server: &mut Duplex, contents: &[&str]) -> anyhow::Result<()> {
    let items: Vec<Value> = contents.iter().map(|it| json!({"content": it})).collect();
    server.call("remember", json!({"items": items})).await?;
    Ok(())
}

/// The contents that are found, best first.
async fn ranked(server: &mut Duplex, arguments: Value) -> anyhow::Result<Vec<String>> {
    let found = server.call("recall", arguments).await?;
    let memories = found["memories"].as_array().cloned().unwrap_or_default();
    Ok(memories.iter().map(|it| it["content"].as_str().unwrap_or_default().to_owned()).collect())
}

/// What is found on all pages, in order.
async fn of_all_pages(server: &mut Duplex, mut arguments: Value) -> anyhow::Result<Vec<String>> {
    let mut seen = Vec::new();
    loop {
        let page = server.call("recall", arguments.clone()).await?;
        seen.extend(page["memories"].as_array().into_iter().flatten().map(|it| it["content"].to_string()));
        assert!(page["memories"][0]["score"].as_f64().is_some_and(|it| it > 0.0), "{page}");
        let Some(cursor) = page.get("next_cursor") else { return Ok(seen) };
        arguments["cursor"] = cursor.clone();
    }
}

#[tokio::test]
async fn who_asks_what_is_on_gets_what_was_said_of_that_day_before_what_was_learned_on_it() -> anyhow::Result<()> {
    let at = |text: &str| carryall::clock::parse(text).map_err(anyhow::Error::msg);
    let mut server = Duplex::start_with(&Home::new()?, Clock::fixed(at("2026-03-02T08:00:00Z")?))?;
    // The last on a Friday.
    for (told, contents) in [
        ("2026-03-02T08:00:00Z", &["Dentist on 20 November at half past ten", "The fair is open in November"][..]),
        ("2026-11-16T08:00:00Z", &["The report is due on Friday", "Zahnarzt für Mia am 24.11. um neun"]),
        ("2026-11-19T08:00:00Z", &["The movers come tomorrow", "We had soup"]),
        ("2026-11-20T12:00:00Z", &["The printer is out of ink"]),
    ] {
        server.clock.advance(at(told)? - server.clock.now());
        remember(&mut server, contents).await?;
    }
    let today = ["Dentist on 20 November at half past ten", "The movers come tomorrow", "The report is due on Friday"];
    for query in [
        "what is on today",
        "what do I have today?",
        "Was steht heute an?",
        "Qu'est-ce que j'ai aujourd'hui ?",
        "¿Qué tengo hoy?",
    ] {
        let mut found = ranked(&mut server, json!({"query": query})).await?;
        assert_eq!(found.split_off(3), ["The printer is out of ink"], "{query}");
        found.sort_unstable();
        assert_eq!(found, today, "{query}");
    }
    // Who asks for plans gets no more than those, and who asks for what was, none.
    assert_eq!(ranked(&mut server, json!({"query": "what is due today"})).await?.len(), 3);
    let learned = ranked(&mut server, json!({"query": "what happened today"})).await?;
    assert_eq!(learned, ["The printer is out of ink"]);
    assert_eq!(ranked(&mut server, json!({"query": "what happened yesterday"})).await?.len(), 2);
    for query in
        ["what is on on Tuesday", "Welche Termine habe ich nächste Woche?", "quoi de prévu la semaine prochaine ?"]
    {
        assert_eq!(
            ranked(&mut server, json!({"query": query})).await?,
            ["Zahnarzt für Mia am 24.11. um neun"],
            "{query}"
        );
    }
    // Page by page, each once.
    let seen = of_all_pages(&mut server, json!({"query": "what is on today", "limit": 1})).await?;
    assert_eq!((seen.len(), seen.iter().collect::<HashSet<_>>().len()), (4, 4));
    Ok(())
}

#[tokio::test]
async fn days_are_found_however_they_are_written() -> anyhow::Result<()> {
    let at = |text: &str| carryall::clock::parse(text).map_err(anyhow::Error::msg);
    let mut server = Duplex::start_with(&Home::new()?, Clock::fixed(at("2026-11-16T08:00:00Z")?))?;
    let kept =
        ["The audit is in two weeks", "11月24日去看牙医", "Elternabend am 24.11 um acht", "Dentist 25/11 at ten"];
    remember(&mut server, &kept).await?;
    server.clock.advance(at("2026-11-20T12:00:00Z")? - server.clock.now());
    for (query, expected) in [
        ("what is on on 30 November", &[kept[0]][..]),
        ("what do I have in ten days", &[kept[0]]),
        ("11月24日有什么安排", &[kept[1], kept[2]]),
        ("Was steht am 24.11. an?", &[kept[1], kept[2]]),
        ("what is on 25/11", &[kept[3]]),
    ] {
        let mut found = ranked(&mut server, json!({"query": query})).await?;
        found.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn what_was_told_later_and_likely_says_otherwise_stands_behind() -> anyhow::Result<()> {
    let clock = Clock::fixed(carryall::clock::parse("2026-11-16T08:00:00Z").map_err(anyhow::Error::msg)?);
    let mut server = Duplex::start_with(&Home::new()?, clock)?;
    let kept = ["My name is Laura and I live in Zurich", "Laura sings", "I moved to Bern last month"];
    for content in kept {
        server.clock.advance(60_000);
        remember(&mut server, &[content]).await?;
    }
    for limit in [1, 10] {
        let mut found = ranked(&mut server, json!({"query": "where do I live", "limit": limit})).await?;
        if limit == 1 {
            assert_eq!(found, [kept[0]]);
            found = ranked(&mut server, json!({"query": "where do I live", "limit": 2})).await?;
        }
        assert_eq!(found, [kept[0], kept[2]], "{limit}");
    }
    // Also what has some words of the question and is far behind, on whichever page others come.
    let doors =
        ["red", "green", "blue", "white", "black"].map(|it| format!("The town hall opens the {it} door at nine"));
    remember(&mut server, &doors.each_ref().map(String::as_str)).await?;
    let query = "Laura: where do I live, near the town hall that opens at nine, or the month";
    let seen = of_all_pages(&mut server, json!({"query": query, "limit": 2})).await?;
    assert_eq!(seen[..2], [kept[0], kept[2]].map(|it| format!("\"{it}\"")), "{seen:?}");
    assert_eq!((seen.len(), seen.iter().collect::<HashSet<_>>().len()), (8, 8), "{seen:?}");
    Ok(())
}

#[tokio::test]
async fn a_word_put_together_finds_its_parts_beside_itself() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let kept = ["Der Friseurtermin fällt aus", "Mein Termin beim Friseur ist am Dienstag"];
    remember(&mut server, &kept).await?;
    let mut found = ranked(&mut server, json!({"query": "Wann ist mein Friseurtermin?"})).await?;
    found.sort_unstable();
    assert_eq!(found, kept);
    Ok(())
}

#[tokio::test]
async fn the_very_word_comes_before_what_stands_for_it() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let texts = [
        "the torch that we take when the lights go out is in the second drawer of the hall, right beside the old candles",
        "the flashlight is in the glove box of the car",
        "the flashlight needs two new batteries",
        "the kettle is in the cupboard of the kitchen",
    ];
    remember(&mut server, &texts).await?;
    let found = ranked(&mut server, json!({"query": "where is the torch"})).await?;
    assert_eq!(found.first().map(String::as_str), Some(texts[0]), "{found:?}");
    assert!(found.iter().any(|it| it == texts[1]), "what stands for it is found, too: {found:?}");
    Ok(())
}

#[tokio::test]
async fn a_word_of_two_languages_is_taken_in_that_of_the_question() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let texts = ["A cook for the canteen was hired by Ben in May", "Mein Vorgesetzter heißt Kunz und kommt aus Ulm"];
    remember(&mut server, &texts).await?;
    for (query, first) in [("Wer ist mein Chef?", texts[1]), ("who is the chef", texts[0])] {
        let found = ranked(&mut server, json!({"query": query})).await?;
        assert_eq!(found, [first], "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_hidden_from_the_start_is_said_to_be() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    for (field, at, hidden) in [
        ("valid_to", "2020-01-01", "its valid_to is past; include_superseded shows it"),
        ("expires_at", "2020-01-01", "its expires_at is past"),
        ("expires_at", "2030-01-01", ""),
    ] {
        let arguments = json!({"content": format!("a pass until {field} {at}"), field: at});
        let answer = server
            .request("tools/call", crate::harness::modern(json!({"name": "remember", "arguments": arguments})))
            .await?;
        let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_default();
        assert_eq!(text.contains("hidden already"), !hidden.is_empty(), "{text}");
        assert!(text.contains(hidden), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn who_asks_with_no_word_is_told_that_nothing_was_searched() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(&mut server, &["Ana likes tea"]).await?;
    for (query, told) in [("🎉", true), ("???", true), ("", false), ("  ", false), ("tea", false)] {
        let found = server.call("recall", json!({"query": query})).await?;
        let note = found["note"].as_str().unwrap_or_default();
        assert_eq!(note.contains("has no word to search for"), told, "{query}: {found}");
        assert_eq!(found["memories"][0]["content"], "Ana likes tea", "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn a_sign_that_repeats_the_one_before_is_a_part_of_its_name() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let others = ["木村さんは名古屋に住んでいます", "人々は祭りが好きです", "鈴木さんは来月結婚します"];
    remember(&mut server, &others).await?;
    assert_eq!(ranked(&mut server, json!({"query": "佐々木"})).await?, Vec::<String>::new());
    remember(&mut server, &["佐々木さんは大阪に住んでいます"]).await?;
    assert_eq!(ranked(&mut server, json!({"query": "佐々木"})).await?, ["佐々木さんは大阪に住んでいます"]);
    assert_eq!(ranked(&mut server, json!({"query": "人々"})).await?, ["人々は祭りが好きです"]);
    Ok(())
}

#[tokio::test]
async fn what_is_next_is_asked_for_by_what_it_is() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    remember(
        &mut server,
        &[
            "User's dentist is Dr. Holm in Lange Straße; the next check-up is in February",
            "Concert on 19 December in the church, the orchestra plays Brahms and Dvorak",
            "Sprint 41 ends on 11 December",
            "If a release falls on a Friday, it waits until Monday",
        ],
    )
    .await?;
    for (query, begins) in [
        ("when is the next concert", "Concert on 19"),
        ("upcoming concert", "Concert on 19"),
        ("next sprint", "Sprint 41"),
        ("next check-up", "User's dentist"),
    ] {
        let found = ranked(&mut server, json!({"query": query})).await?;
        assert!(found.first().is_some_and(|it| it.starts_with(begins)), "{query}: {found:?}");
    }
    Ok(())
}

#[tokio::test]
async fn asked_about_the_user_a_relative_s_things_come_behind_the_user_s_own() -> anyhow::Result<()> {
    let own = ["User is allergic to kiwi", "User's phone number is 555 0199", "Anna works as a lawyer"];
    let others = [
        "User's husband Mateo is allergic to peanuts",
        "User's mother's phone number is 555 0142",
        "Anna's husband works as a cook",
        "My daughter Noemi is allergic to penicillin",
    ];
    for contents in [[&own[..], &others[..]].concat(), [&others[..], &own[..]].concat()] {
        let mut server = Duplex::start(&Home::new()?)?;
        remember(&mut server, &contents).await?;
        for (query, first) in [
            ("what is the user allergic to", own[0]),
            ("What am I allergic to?", own[0]),
            ("user phone number", own[1]),
            ("what is Anna's job", own[2]),
            ("what is the user's husband allergic to", others[0]),
            ("what is Mateo allergic to", others[0]),
            ("phone number of the user's mother", others[1]),
            ("what is my daughter allergic to", others[3]),
        ] {
            let found = ranked(&mut server, json!({"query": query})).await?;
            assert_eq!(found.first().map(String::as_str), Some(first), "{query}: {found:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_past_day_that_a_text_names_is_found_in_whichever_way_it_is_written() -> anyhow::Result<()> {
    let at = carryall::clock::parse("2026-11-28T12:00:00Z").map_err(anyhow::Error::msg)?;
    let mut server = Duplex::start_with(&Home::new()?, Clock::fixed(at))?;
    let contents = [
        "Incident 2026-10-02: the geocoder returned stale data for 47 minutes",
        "Am 3. Juli 2026 war der Einbruch im Keller",
        "Le 14 juillet 2026 nous avons visité Lyon",
        "2026年8月3日に京都へ行った",
        "Car accident (minor) 11.11.2026, insurance informed",
        "2026-10-17: parents-in-law visited, went to the zoo",
        "Noemi lost her first tooth on October 21st",
        "User was sick from 2 to 6 November 2026",
        "Team dinner on 4 December",
        "Sprint 41 ends on 11 December 2026",
        "Rent is 1780 EUR",
    ];
    remember(&mut server, &contents).await?;
    for (query, expected) in [
        ("what happened on 2 October", 0),
        ("2 October 2026", 0),
        ("what went wrong on October 2nd", 0),
        ("was geschah am 2. Oktober", 0),
        ("what happened on 3 July 2026", 1),
        ("2026-07-03", 1),
        ("what happened on 14 July", 2),
        ("where were we on 3 August 2026", 3),
        ("what happened on 2026-11-11", 4),
        ("what did we do on 17 October", 5),
        ("where did we go on October 17", 5),
        ("what happened on 2026-10-21", 6),
        ("what was on 4 November", 7),
        ("what is on 4 December", 8),
    ] {
        let found = ranked(&mut server, json!({"query": query})).await?;
        assert_eq!(found.first().map(String::as_str), Some(contents[expected]), "{query}: {found:?}");
    }
    // What is to come did not happen.
    let found = ranked(&mut server, json!({"query": "what happened in October 2026"})).await?;
    let mut of_october = found[..3].to_vec();
    of_october.sort();
    assert_eq!(of_october, [contents[5], contents[0], contents[6]], "{found:?}");
    assert_eq!(found.first().map(String::as_str), Some(contents[6]), "the latest first: {found:?}");
    Ok(())
}

#[tokio::test]
async fn a_noun_finds_what_states_it_in_other_words() -> anyhow::Result<()> {
    let mut server = Duplex::start(&Home::new()?)?;
    let told = [
        "User lives in Porto",
        "User works at Siemens",
        "User drives a Volvo",
        "User has a dog called Bruno",
        "Anna works at Bosch",
        "The build runs on Fridays",
    ];
    remember(&mut server, &told).await?;
    let hers = json!({"content": "User is married to Jonas", "user_id": "eve"});
    server.call("remember", hers).await?;
    for (query, expected) in [
        ("address", Some(0)),
        ("Wohnort", Some(0)),
        ("employer", Some(1)),
        ("my company", Some(1)),
        ("vehicle", Some(2)),
        ("pets", Some(3)),
        ("Anna's employer", Some(4)),
        ("Ben's employer", None),
        ("salary", None),
        ("sport", None),
        ("spouse", None),
    ] {
        let found = ranked(&mut server, json!({"query": query})).await?;
        assert_eq!(found.first().map(String::as_str), expected.map(|it| told[it]), "{query}: {found:?}");
    }
    let found = ranked(&mut server, json!({"query": "spouse", "user_id": "eve"})).await?;
    assert_eq!(found, ["User is married to Jonas"]);
    // What has ended is not stated any more.
    server.clock.advance(86_400_000);
    remember(&mut server, &["User moved to Faro"]).await?;
    let found = ranked(&mut server, json!({"query": "address"})).await?;
    assert_eq!(found, ["User moved to Faro"]);
    Ok(())
}
