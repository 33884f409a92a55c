//! Files of older versions, and rows that come without what this version reads out of them.

use std::path::Path;

use anyhow::Context as _;
use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;

use crate::cli::run;
use crate::cli::run_with;
use crate::harness::Home;

/// The schema before there was a reader of facts.
const BEFORE_FACTS: [&str; 6] = [
    include_str!("../../../src/store/migrations/0001_memories.sql"),
    include_str!("../../../src/store/migrations/0002_sessions.sql"),
    include_str!("../../../src/store/migrations/0003_workspace.sql"),
    include_str!("../../../src/store/migrations/0004_packs_and_traces.sql"),
    include_str!("../../../src/store/migrations/0005_vectors.sql"),
    include_str!("../../../src/store/migrations/0006_memory_search.sql"),
];

#[expect(clippy::disallowed_methods, reason = "a file of another version is made by hand")]
pub(super) fn file_of_version_6(db: &Path, contents: &[&str]) -> anyhow::Result<()> {
    let conn = Connection::open(db)?;
    for step in BEFORE_FACTS {
        conn.execute_batch(step)?;
    }
    conn.pragma_update(None, "user_version", 6)?;
    conn.pragma_update(None, "application_id", 0x4341_7272)?;
    for (at, content) in contents.iter().enumerate() {
        conn.execute(
            "INSERT INTO memories (id, namespace, kind, content, tags, importance, valid_from, created_at, content_key)
             VALUES (?1, 'default', 'fact', ?2, '[]', 0.5, 1000, 1000, ?3)",
            (format!("old-{at}"), content, format!("key {at}").as_bytes()),
        )?;
    }
    Ok(())
}

fn remember(home: &Home, content: &str) -> anyhow::Result<Value> {
    let ran = run(home, &["--json", "remember", content, "--kind", "fact"])?;
    anyhow::ensure!(ran.code == Some(0), "{ran:?}");
    Ok(ran.json()?["memories"][0].clone())
}

fn facts_read(home: &Home) -> anyhow::Result<Value> {
    let ran = run(home, &["--json", "consolidate"])?;
    anyhow::ensure!(ran.code == Some(0), "{ran:?}");
    Ok(ran.json()?["facts_read"].clone())
}

#[test]
fn what_an_older_version_wrote_takes_part_in_contradictions() -> anyhow::Result<()> {
    let home = Home::new()?;
    let many: Vec<String> = (0..450).map(|at| format!("The port of service{at} is {}", 8000 + at)).collect();
    let mut contents = vec!["Zoltan lives in Lisbon"];
    contents.extend(many.iter().map(String::as_str));
    file_of_version_6(&home.database(), &contents)?;
    assert_eq!(facts_read(&home)?, json!(451));
    assert_eq!(facts_read(&home)?, json!(0), "once");
    let moved = remember(&home, "Zoltan moved to Porto")?;
    assert_eq!((&moved["status"], &moved["supersedes"]), (&json!("superseded"), &json!("old-0")), "{moved}");
    let last = remember(&home, "The port of service449 is 9999")?;
    assert_eq!(last["supersedes"], "old-450", "{last}");
    Ok(())
}

#[test]
fn a_server_reads_old_facts_at_its_first_use() -> anyhow::Result<()> {
    let home = Home::new()?;
    file_of_version_6(&home.database(), &["Zoltan lives in Lisbon"])?;
    let mut server = home.server()?;
    server.call("recall", json!({"query": "where does Zoltan live"}))?;
    // Behind the answer: asked for until it is there, and a test that hangs has failed.
    loop {
        let kept = outside_count(&home)?;
        if kept > 0 {
            break;
        }
        server.call("recall", json!({"query": "where does Zoltan live"}))?;
    }
    let moved = server.call("remember", json!({"content": "Zoltan moved to Porto", "kind": "fact"}))?;
    assert_eq!(moved["memories"][0]["supersedes"], "old-0", "{moved}");
    server.finish()?;
    Ok(())
}

fn outside_count(home: &Home) -> anyhow::Result<i64> {
    let conn = super::server::outside(&home.database())?;
    Ok(conn.query_row("SELECT count(*) FROM memory_facts", [], |row| row.get(0))?)
}

#[test]
fn rows_that_are_imported_without_facts_get_theirs_also_in_a_place_that_was_used_before() -> anyhow::Result<()> {
    let old = Home::new()?;
    remember(&old, "Zoltan lives in Lisbon")?;
    let exported = run(&old, &["export", "-"])?;
    let lines: Vec<&str> = exported.out.lines().filter(|it| !it.contains("\"memory_facts\"")).collect();
    assert!(lines.len() < exported.out.lines().count(), "there were facts: {}", exported.out);

    let home = Home::new()?;
    let first = remember(&home, "Something else entirely")?;
    assert_eq!(facts_read(&home)?, json!(0));
    let id = first["id"].as_str().context("an id")?;
    run(&home, &["call", "forget", &json!({"ids": [id]}).to_string()])?;
    let ran = run_with(&home, &["import", "-"], &lines.join("\n"))?;
    anyhow::ensure!(ran.code == Some(0), "{ran:?}");
    let moved = remember(&home, "Zoltan moved to Porto")?;
    assert_eq!(moved["status"], "superseded", "{moved}");
    Ok(())
}
