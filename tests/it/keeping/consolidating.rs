//! Consolidation through the command line: what it makes has its sources, nothing that was said is replaced, and
//! nothing is deleted that nobody wrote a rule for.

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;

use crate::cli::run;
use crate::harness::Home;
use crate::harness::modern;

/// A session with enough to say for a summary.
fn talk(home: &Home, session: &str) -> anyhow::Result<Vec<String>> {
    let said = [
        "The release of the tea service is planned for 14 March, but the migration tests of the release fail.",
        "The migration tests fail because the schema version was not raised before the release was cut.",
        "Then we raise the schema version first, and move the release of the tea service to 21 March.",
        "Zebrafinch agreed: the release moves to 21 March, after the schema version is raised.",
        "Please remind me to write the changelog for the release of the tea service, too.",
        "Noted, the changelog for the release is written by Ana before the 20th of March.",
        "The brewers of Porto asked for a second tea service, which needs a release and a schema version of its own.",
        "The harbour of Porto is closed on Fridays, so the tea service is not deployed on Fridays.",
    ];
    let mut ids = Vec::new();
    for (at, text) in said.iter().enumerate() {
        let day = format!("2026-03-01T10:0{at}:00Z");
        let kept =
            run(home, &["--json", "remember", text, "--kind", "turn", "--session-id", session, "--occurred-at", &day])?;
        ids.push(kept.json()?["memories"][0]["id"].as_str().context("an id")?.to_owned());
    }
    Ok(ids)
}

fn consolidate(home: &Home, arguments: &[&str]) -> anyhow::Result<Value> {
    let mut line = vec!["--json", "consolidate"];
    line.extend(arguments);
    let ran = run(home, &line)?;
    anyhow::ensure!(ran.code == Some(0), "{ran:?}");
    ran.json()
}

/// What the resource of a session says of its summary.
fn summary(home: &Home, session: &str) -> anyhow::Result<Value> {
    let mut server = home.server()?;
    let uri = json!({"uri": format!("carryall://session/{session}")});
    let answer = server.request("resources/read", modern(uri))?;
    let text = answer["result"]["contents"][0]["text"].as_str().context("a text")?;
    Ok(serde_json::from_str::<Value>(text)?["summary"].clone())
}

#[test]
fn a_question_about_the_whole_is_answered_by_what_holds_of_the_session_or_the_time() -> anyhow::Result<()> {
    let home = Home::new()?;
    let ids = talk(&home, "s1")?;
    run(
        &home,
        &["remember", "A lonely note on zebras", "--session-id", "s2", "--occurred-at", "2025-01-01T00:00:00Z"],
    )?;
    for query in ["Summarise the release of the tea service", "What did we talk about in March 2026?"] {
        let found = run(&home, &["--json", "recall", query])?.json()?;
        let summary = &found["summary"];
        let text = summary["content"].as_str().context("a summary")?;
        assert!(text.contains("21 March") && summary["session_id"] == "s1", "{query}: {found}");
        let sources = summary["sources"].as_array().cloned().unwrap_or_default();
        assert!(sources.iter().all(|it| ids.iter().any(|id| it == id)), "{found}");
    }
    let none = run(&home, &["--json", "recall", "What did we talk about in January 2025?"])?.json()?;
    assert_eq!(none.get("summary"), None, "one note is its own summary: {none}");
    // What does not hold any more is in no summary, kept or not.
    consolidate(&home, &[])?;
    let made = run(&home, &["--json", "recall", "release of the tea service"])?.json()?["summary"].clone();
    let first = made["sources"][0].as_str().context("a source")?.to_owned();
    run(&home, &["remember", "The plan of the tea service is off.", "--supersedes", &first, "--session-id", "s3"])?;
    let found = run(&home, &["--json", "recall", "release of the tea service"])?.json()?;
    assert_eq!(found.get("summary"), None, "{found}");
    let whole = run(&home, &["--json", "recall", "Summarise the release of the tea service"])?.json()?;
    let sources = whole["summary"]["sources"].as_array().cloned().unwrap_or_default();
    assert!(!sources.is_empty() && sources.iter().all(|it| *it != json!(first)), "{whole}");
    let stranger = run(&home, &["--json", "recall", "Summarise the release", "--namespace", "other"])?.json()?;
    assert_eq!(stranger.get("summary"), None, "{stranger}");
    Ok(())
}

#[test]
fn a_summary_has_its_sources_grows_with_its_session_and_goes_with_them() -> anyhow::Result<()> {
    let home = Home::new()?;
    let ids = talk(&home, "s1")?;
    let before = run(&home, &["--json", "recall", "when is the release", "--limit", "20"])?.json()?["memories"].clone();
    assert_eq!(consolidate(&home, &["--dry-run"])?["summarised"], json!(1));
    assert_eq!(summary(&home, "s1")?, Value::Null);
    assert_eq!(consolidate(&home, &[])?["summarised"], json!(1));
    let made = summary(&home, "s1")?;
    assert_eq!(made["made_by"], "extractive");
    let text = made["text"].as_str().context("a text")?;
    assert!(text.contains("21 March"), "{text}");
    let sources: Vec<&str> = made["sources"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(!sources.is_empty() && sources.iter().all(|it| ids.iter().any(|id| id == it)), "{made}");
    // Recall finds what it found before, in the same order: a summary takes nobody's place.
    let after = run(&home, &["--json", "recall", "when is the release", "--limit", "20"])?.json()?["memories"].clone();
    assert_eq!(before, after);
    // It stands beside what was found, with its sources; where the question asks for the whole, as a whole.
    let beside = run(&home, &["--json", "recall", "release of the tea service"])?.json()?["summary"].clone();
    assert_eq!((&beside["session_id"], &beside["sources"]), (&json!("s1"), &made["sources"]), "{beside}");
    let narrow = run(&home, &["--json", "recall", "release of the tea service", "--kind", "turn"])?.json()?;
    assert_eq!(narrow.get("summary"), None, "what is filtered has no summary of all");
    let other = run(&home, &["--json", "recall", "harbour"])?.json()?;
    assert_eq!(other.get("summary"), None, "one hit is no session: {other}");

    assert_eq!(consolidate(&home, &[])?["summarised"], json!(0), "nothing has changed");
    run(&home, &["remember", "The release of the tea service is postponed to 28 March.", "--session-id", "s1"])?;
    assert_eq!(consolidate(&home, &[])?["summarised"], json!(1));

    // What is forgotten does not live on in it.
    let sources = summary(&home, "s1")?["sources"].clone();
    let quoted =
        sources.as_array().into_iter().flatten().filter_map(Value::as_str).next().context("a source")?.to_owned();
    let text = run(&home, &["--json", "call", "forget", &json!({"ids": [quoted]}).to_string()])?.json()?;
    assert_eq!(text["forgotten"], json!(1));
    assert_eq!(summary(&home, "s1")?, Value::Null);
    assert_eq!(consolidate(&home, &[])?["summarised"], json!(1));
    assert!(!summary(&home, "s1")?.to_string().contains(&quoted));
    Ok(())
}

#[test]
fn what_says_the_same_is_linked_and_only_merged_when_nothing_is_lost() -> anyhow::Result<()> {
    let home = Home::new()?;
    // What is told twice of the same kind is one memory from the start; of two kinds, or in two sessions, it is two.
    run(&home, &["remember", "The deploy is on Friday", "--kind", "fact"])?;
    run(&home, &["remember", "the deploy is on Friday.", "--kind", "note", "--source", "mail"])?;
    run(&home, &["remember", "The harbour is closed on Monday", "--kind", "note"])?;
    run(&home, &["remember", "The deploy is on Friday", "--kind", "fact", "--user-id", "ana"])?;
    let shown = consolidate(&home, &["--dry-run"])?;
    assert_eq!((&shown["linked"], &shown["merged"]), (&json!(1), &json!(0)));
    let done = consolidate(&home, &[])?;
    assert_eq!((&done["linked"], &done["merged"], &done["compared"]), (&json!(1), &json!(0), &json!(4)), "{done}");
    let found = run(&home, &["--json", "recall", "when is the deploy"])?.json()?;
    let deploys = found["memories"].as_array().into_iter().flatten();
    let deploys = deploys.filter(|it| it["content"].as_str().is_some_and(|it| it.contains("deploy"))).count();
    assert_eq!(deploys, 2, "both are kept: {found}");
    assert_eq!(consolidate(&home, &[])?["compared"], json!(0), "each is compared once");
    Ok(())
}

#[test]
fn what_many_others_say_hides_nothing_that_one_says_twice() -> anyhow::Result<()> {
    let home = Home::new()?;
    let said = |user: &str, kind: &str| json!({"content": "I am a vegetarian", "kind": kind, "user_id": user});
    let mut items = vec![said("ana", "fact")];
    items.extend((0..250).map(|it| said(&format!("user{it}"), "fact")));
    items.push(said("ana", "note"));
    for items in items.chunks(100) {
        let kept = run(&home, &["call", "remember", &json!({"items": items}).to_string()])?;
        anyhow::ensure!(kept.code == Some(0), "{kept:?}");
    }
    assert_eq!(consolidate(&home, &[])?["linked"], json!(1));
    Ok(())
}

#[test]
fn only_a_written_rule_deletes_and_only_when_told() -> anyhow::Result<()> {
    let home = Home::new()?;
    run(&home, &["remember", "an old turn", "--kind", "turn", "--occurred-at", "2020-01-01"])?;
    run(&home, &["remember", "an old fact", "--kind", "fact", "--occurred-at", "2020-01-01"])?;
    run(&home, &["remember", "a gone note", "--expires-at", "2020-01-01"])?;
    let done = consolidate(&home, &["--apply-retention"])?;
    assert_eq!(done["retention"], json!([]));
    assert_eq!(run(&home, &["audit", "--actor", "expiry", "--action", "forgotten"])?.code, Some(0));

    let file = home.folder().join("home/rules.toml");
    std::fs::write(&file, "[retention.turns]\nkind = \"turn\"\nolder_than_days = 30\n")?;
    let file = file.display().to_string();
    let shown = consolidate(&home, &["--config", &file])?;
    assert_eq!(shown["retention"], json!([{"rule": "turns", "memories": 1, "deleted": false}]));
    assert_eq!(run(&home, &["recall", "old turn", "--kind", "turn"])?.code, Some(0));
    let done = consolidate(&home, &["--config", &file, "--apply-retention"])?;
    assert_eq!(done["retention"][0]["deleted"], json!(true));
    assert_eq!(run(&home, &["recall", "old turn", "--kind", "turn"])?.code, Some(1));
    assert_eq!(run(&home, &["recall", "old fact"])?.code, Some(0));
    let lines = run(&home, &["--json", "audit", "--actor", "retention"])?.json()?;
    assert!(lines["entries"][0]["details"]["why"].as_str().is_some_and(|it| it.contains("rule turns")), "{lines}");

    for wrong in [
        "older_than_days = 30",
        "kind = \"turn\"",
        "kind = \"turns\"\nolder_than_days = 1",
        "kind = \"turn\"\nolder_than = 3",
    ] {
        std::fs::write(&file, format!("[retention.x]\n{wrong}\n"))?;
        assert_eq!(run(&home, &["--config", &file, "consolidate"])?.code, Some(2), "{wrong}");
    }
    Ok(())
}

#[test]
fn without_a_model_the_extractive_summaries_stay_and_that_is_said() -> anyhow::Result<()> {
    let home = Home::new()?;
    talk(&home, "s1")?;
    let done = consolidate(&home, &["--with-model", "--offline"])?;
    assert_eq!((&done["summarised"], &done["model"]["summaries"]), (&json!(1), &json!(0)));
    assert_eq!(done["model"]["first_failure"], "no model is configured");
    assert_eq!(summary(&home, "s1")?["made_by"], "extractive");
    Ok(())
}

#[test]
fn a_read_only_server_is_left_as_it_is() -> anyhow::Result<()> {
    let home = Home::new()?;
    assert_eq!(run(&home, &["--read-only", "consolidate"])?.code, Some(3));
    assert_eq!(run(&home, &["--read-only", "consolidate", "--dry-run"])?.code, Some(0));
    Ok(())
}
