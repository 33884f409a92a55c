//! What is forgotten is gone from everything that held it, to the byte when that is asked for, and leaves a line.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;

use crate::cli::run;
use crate::cli::run_with;
use crate::harness::Home;

/// Words that nothing else in a database has.
const SECRET: &str = "Zebrafinch keeps the marmalade beneath the quixotic staircase";

/// Whether any file of the database holds these bytes.
fn in_bytes(home: &Home, text: &str) -> anyhow::Result<bool> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = home.database().into_os_string();
        name.push(suffix);
        let Ok(bytes) = std::fs::read(Path::new(&name)) else { continue };
        let bytes = bytes.to_ascii_lowercase();
        if bytes.windows(text.len()).any(|it| it == text.as_bytes()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn remember(home: &Home, content: &str) -> anyhow::Result<String> {
    let kept = run(home, &["--json", "remember", content, "--kind", "fact"])?.json()?;
    Ok(kept["memories"][0]["id"].as_str().context("an id")?.to_owned())
}

#[test]
fn a_dry_run_says_what_would_go() -> anyhow::Result<()> {
    let home = Home::new()?;
    let id = remember(&home, SECRET)?;
    let shown = run(&home, &["call", "forget", &json!({"ids": [id], "dry_run": true}).to_string()])?;
    assert!(shown.out.contains(&format!("{id} (“{SECRET}”)")), "{shown:?}");
    Ok(())
}

#[test]
fn a_filter_says_what_it_passes_over() -> anyhow::Result<()> {
    let home = Home::new()?;
    for content in ["Ana lives in Porto", "Ana moved to Lisbon"] {
        run(&home, &["remember", content, "--kind", "fact", "--namespace", "work"])?;
    }
    run(&home, &["remember", "The trip is planned", "--valid-to", "2020-01-01T00:00:00Z", "--namespace", "work"])?;
    let would = run(&home, &["forget", "--namespace", "work", "--dry-run"])?.out;
    assert!(
        would.contains("1 would be deleted") && would.contains("Replaced or ended ones that match, too: 2;"),
        "{would}"
    );
    assert!(run(&home, &["forget"])?.err.contains("include_superseded"));
    // What it reopened is told as such.
    let did = run(&home, &["forget", "--namespace", "work"])?.out;
    assert!(did.contains("holds again") && did.contains("Replaced or ended ones that match, too: 1;"), "{did}");
    let all = run(&home, &["forget", "--namespace", "work", "--include-superseded", "--confirm"])?.out;
    assert!(all.contains("2 deleted") && !all.contains("more that"), "{all}");
    Ok(())
}

#[test]
fn a_forgotten_text_is_in_no_table_and_the_rest_of_its_pack_is_kept() -> anyhow::Result<()> {
    let home = Home::new()?;
    let id = remember(&home, SECRET)?;
    remember(&home, "The staircase was painted green in May")?;
    for format in ["markdown", "xml", "json"] {
        let arguments = json!({"query": "what about the staircase", "format": format}).to_string();
        let pack = run(&home, &["--json", "call", "assemble_context", &arguments])?.json()?;
        assert_eq!(pack["items"].as_array().map(Vec::len), Some(2), "{pack}");
    }
    // An error that quotes it, as a trace would have it.
    let quoting = json!({"query": "x", "kinds": [SECRET]}).to_string();
    run(&home, &["call", "recall", &quoting])?;
    // Questions and notes that repeat it.
    let repeated = json!({"query": format!("is it true that {SECRET}?"), "sources": ["scopes"]}).to_string();
    run(&home, &["call", "assemble_context", &repeated])?;
    let asked =
        run(&home, &["--json", "call", "recall", &json!({"query": format!("why: {SECRET}")}).to_string()])?.json()?;
    let note = json!({"trace_id": asked["trace_id"], "rating": 1, "note": format!("knew that {SECRET}")}).to_string();
    run(&home, &["call", "give_feedback", &note])?;
    assert!(run(&home, &["export"])?.out.contains("marmalade"));

    let forgotten = run(&home, &["forget", &id])?;
    assert!(forgotten.out.contains("1 deleted") && forgotten.out.contains("out of 3 packs"), "{forgotten:?}");
    let left = run(&home, &["export"])?.out;
    assert!(!left.to_lowercase().contains("marmalade"), "{left}");
    let packs: Vec<Value> = left
        .lines()
        .filter_map(|it| serde_json::from_str::<Value>(it).ok())
        .filter(|it| it["table"] == "packs")
        .map(|it| serde_json::from_str(it["result"].as_str().unwrap_or_default()).unwrap_or_default())
        .collect();
    assert_eq!(packs.len(), 4);
    for pack in packs.iter().filter(|it| it["items"].as_array().is_some_and(|it| !it.is_empty())) {
        let text = pack["text"].as_str().unwrap_or_default();
        assert!(text.contains("[forgotten]") && text.contains("painted green in May"), "{text}");
    }
    let history = run(&home, &["--json", "insights", "which questions were asked?"])?.out.to_lowercase();
    assert!(!history.contains("marmalade"), "{history}");
    // Its words find nothing, and the index agrees with the rows.
    assert_eq!(run(&home, &["recall", "zebrafinch"])?.code, Some(1));
    let doctor = run(&home, &["doctor", "--offline", "--json"])?.out;
    assert!(!doctor.contains("disagree"), "{doctor}");
    Ok(())
}

#[test]
fn a_purge_leaves_nothing_of_it_in_the_bytes() -> anyhow::Result<()> {
    let home = Home::new()?;
    let id = remember(&home, SECRET)?;
    for at in 0..40 {
        remember(&home, &format!("Note {at} about the green staircase"))?;
    }
    run(&home, &["context", "what about the staircase"])?;
    run(&home, &["forget", &id])?;
    // Deleting alone leaves words of the index behind: what is tested below can fail.
    assert!(in_bytes(&home, "ebrafinch")?);
    let beside = home.folder().join("carryall.db.v1.bak");
    std::fs::write(&beside, "an older copy")?;

    let purged = run(&home, &["--json", "forget", "--purge", &id])?;
    assert_eq!(purged.code, Some(0), "{purged:?}");
    let purged = purged.json()?;
    assert_eq!(purged["purged"]["log_emptied"], true);
    assert_eq!(purged["purged"]["copies"], json!([beside]));
    // The content, and its words as the index has them: stemmed, and cut where the word before begins alike.
    for piece in ["zebrafinch", "ebrafinch", "brafinch", "marmalad", "armalad", "quixot", "uixot", "beneath the"] {
        assert!(!in_bytes(&home, piece)?, "{piece} is still there");
    }
    assert_eq!(
        run(&home, &["--json", "recall", "green staircase"])?.json()?["memories"].as_array().map(Vec::len),
        Some(10)
    );
    let lines = run(&home, &["--json", "audit", &id])?.json()?;
    let actions: Vec<&str> =
        lines["entries"].as_array().into_iter().flatten().filter_map(|it| it["action"].as_str()).collect();
    assert_eq!(actions, ["forgotten", "stored"]);
    assert_eq!(run(&home, &["audit", "--action", "purged"])?.code, Some(0));
    Ok(())
}

#[test]
fn a_purge_alone_cleans_up_after_what_hosts_forgot_and_others_go_on() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = home.server()?;
    let kept = server.call("remember", json!({"content": SECRET}))?;
    let id = kept["memories"][0]["id"].clone();
    server.call("forget", json!({"ids": [id]}))?;
    let purged = run(&home, &["forget", "--purge"])?;
    assert!(purged.out.contains("written anew"), "{purged:?}");
    assert!(!in_bytes(&home, "ebrafinch")?);
    // The server that has the file open reads and writes on.
    server.call("remember", json!({"content": "Bob drinks coffee"}))?;
    let found = server.call("recall", json!({"query": "coffee"}))?;
    assert_eq!(found["memories"][0]["content"], "Bob drinks coffee");
    assert!(run(&home, &["--read-only", "forget", "--purge"])?.err.contains("read-only"));
    assert_eq!(run(&home, &["forget", "--purge", "--dry-run", "x"])?.code, Some(2));
    Ok(())
}

#[test]
fn every_write_leaves_a_line_without_the_content() -> anyhow::Result<()> {
    let home = Home::new()?;
    let id = remember(&home, SECRET)?;
    remember(&home, SECRET)?;
    let newer = run(&home, &["--json", "remember", "The marmalade is gone", "--supersedes", &id])?.json()?;
    let newer = newer["memories"][0]["id"].as_str().context("an id")?.to_owned();
    run(&home, &["call", "write_context", r#"{"scope":"user","owner":"ana","key":"plan","data":{"step":1}}"#])?;
    run(&home, &["call", "write_context", r#"{"scope":"user","owner":"ana","key":"plan","patch":{"step":2}}"#])?;
    run(&home, &["remember", "one of two", "--tag", "draft", "--namespace", "work"])?;
    run(&home, &["forget", "--tag", "draft", "--namespace", "work"])?;

    let lines = run(&home, &["--json", "audit"])?.json()?;
    let lines = lines["entries"].as_array().context("a list")?;
    let told: Vec<(&str, &str)> = lines
        .iter()
        .rev()
        .map(|it| (it["actor"].as_str().unwrap_or(""), it["action"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(
        told,
        [
            ("remember", "stored"),
            ("remember", "joined"),
            ("remember", "stored"),
            ("remember", "superseded"),
            ("write_context", "written"),
            ("write_context", "written"),
            ("remember", "stored"),
            ("forget", "forgotten"),
        ]
    );
    assert!(!serde_json::to_string(lines)?.contains("armalade"), "{lines:?}");
    let superseded = &lines[lines.len() - 4];
    assert_eq!(superseded["details"]["by"], json!(newer));
    let written = &lines[2];
    assert_eq!(
        (&written["details"]["before"], &written["details"]["after"]),
        (&json!({"step": 1}), &json!({"step": 2}))
    );
    assert_eq!(written["user_id"], "ana");
    assert_eq!(lines[0]["details"]["why"], "asked for by namespace work; tags draft");

    // What a cleared context held is not told any more.
    run(&home, &["call", "write_context", r#"{"scope":"user","owner":"ana","key":"plan","clear":true}"#])?;
    let address = "carryall://context/user/ana/plan";
    let plan = run(&home, &["--json", "audit", address])?.json()?;
    assert_eq!(plan["entries"].as_array().map(Vec::len), Some(3));
    assert!(!plan.to_string().contains("step"), "{plan}");
    assert_eq!(run(&home, &["audit", "--since", "soon"])?.code, Some(2));
    assert_eq!(run(&home, &["audit", "no-such-id"])?.code, Some(1));
    let text = run_with(&home, &["audit", &id], "")?.out;
    assert!(text.lines().count() == 3 && text.contains("superseded"), "{text}");
    Ok(())
}

#[test]
fn what_an_answer_quoted_goes_from_the_conversation_and_every_file() -> anyhow::Result<()> {
    let home = Home::new()?;
    let content = "The xylophonist Quagmire hides zirconium beneath Thule";
    let told = run(&home, &["--json", "remember", content])?.json()?;
    let id = told["memories"][0]["id"].as_str().context("an id")?.to_owned();
    run(&home, &["remember", "The xylophonist plays on Fridays", "--session-id", "s"])?;
    let asked = json!({"message": "Where does the xylophonist hide something?", "session_id": "s"});
    let answer = run(&home, &["--json", "call", "ask", &asked.to_string()])?.json()?["answer"].clone();
    assert!(answer.as_str().is_some_and(|it| it.contains("Quagmire")), "{answer}");
    let ran = run(&home, &["forget", &id, "--purge"])?;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for entry in std::fs::read_dir(home.database().parent().context("a folder")?)? {
        let path = entry?.path();
        if path.is_file() {
            let bytes = String::from_utf8_lossy(&std::fs::read(&path)?).to_lowercase();
            for word in ["quagmire", "zirconium", "thule"] {
                assert!(!bytes.contains(word), "{word} in {}", path.display());
            }
        }
    }
    // The rest of the answer, and what else was quoted, is there.
    let said = run(&home, &["--json", "sessions", "show", "s"])?.out;
    assert!(said.contains("[forgotten]") && said.contains("Where does the xylophonist hide"), "{said}");
    Ok(())
}

#[test]
fn forgetting_takes_nothing_out_of_answers_that_cannot_have_quoted_it() -> anyhow::Result<()> {
    let home = Home::new()?;
    let content = "The xylophonist Quagmire hides zirconium beneath Thule";
    // Ben's answer quotes Ben's own memory; Ana remembers the same words and forgets them. So does somebody of another
    // namespace, and somebody who learned them only afterwards.
    run(&home, &["remember", content, "--user-id", "ben"])?;
    let asked = json!({"message": "Where does the xylophonist hide something?", "session_id": "s", "user_id": "ben"});
    let answer = run(&home, &["--json", "call", "ask", &asked.to_string()])?.json()?["answer"].clone();
    assert!(answer.as_str().is_some_and(|it| it.contains("Quagmire")), "{answer}");
    for owner in [["--user-id", "ana"], ["--namespace", "other"], ["--persona", "coach"]] {
        let told = run(&home, &["--json", "remember", content, owner[0], owner[1]])?.json()?;
        let id = told["memories"][0]["id"].as_str().context("an id")?.to_owned();
        run(&home, &["forget", &id])?;
    }
    let said = run(&home, &["--json", "sessions", "show", "s", "--user-id", "ben"])?.out;
    assert!(said.contains("Quagmire") && !said.contains("[forgotten]"), "{said}");
    Ok(())
}

#[test]
fn forgetting_takes_nothing_out_of_questions_and_notes_of_others() -> anyhow::Result<()> {
    let home = Home::new()?;
    let content = "The xylophonist Quagmire hides zirconium beneath Thule";
    // Ben asks about it and says so in a note; so does somebody of another namespace, and somebody with a persona.
    for owner in [json!({"user_id": "ben"}), json!({"namespace": "other"}), json!({"persona": "critic"})] {
        let mut asked = owner.clone();
        asked["query"] = json!(format!("is it true that {content}?"));
        run(&home, &["call", "assemble_context", &asked.to_string()])?;
        let found = run(&home, &["--json", "call", "recall", &asked.to_string()])?.json()?;
        let note = json!({"trace_id": found["trace_id"], "rating": 1, "note": format!("knew that {content}")});
        run(&home, &["call", "give_feedback", &note.to_string()])?;
    }
    let told = |home: &Home| -> anyhow::Result<usize> {
        let all = run(home, &["export"])?.out;
        let beside = ["packs", "calls", "feedback"].map(|it| format!("{{\"table\":\"{it}\""));
        Ok(all.lines().filter(|it| beside.iter().any(|table| it.starts_with(table)) && it.contains("Quagmire")).count())
    };
    // A question, the question of a pack and a note of each.
    let before = told(&home)?;
    assert_eq!(before, 12);
    for owner in [["--user-id", "ana"], ["--namespace", "third"], ["--persona", "coach"]] {
        let kept = run(&home, &["--json", "remember", content, owner[0], owner[1]])?.json()?;
        run(&home, &["forget", kept["memories"][0]["id"].as_str().context("an id")?])?;
    }
    assert_eq!(told(&home)?, before);
    // Who sees all of a namespace forgets it for all of it, Ben and the critic included; the other namespace keeps its own.
    let kept = run(&home, &["--json", "remember", content])?.json()?;
    run(&home, &["forget", kept["memories"][0]["id"].as_str().context("an id")?])?;
    assert_eq!(told(&home)?, 4);
    Ok(())
}

#[test]
fn a_sentence_of_a_summary_goes_from_its_pack_with_what_said_it() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut secret = String::new();
    for at in 0..14 {
        let content = match at {
            0 => "The marmalade recipe of Olga needs two kilos of bitter oranges".to_owned(),
            _ => format!("In talk {at} we planned bed number {at} of the garden with Paul and chose plant {at}"),
        };
        let kept = json!({"content": content, "session_id": "garden"}).to_string();
        let kept = run(&home, &["--json", "call", "remember", &kept])?.json()?;
        if at == 0 {
            secret = kept["memories"][0]["id"].as_str().context("an id")?.to_owned();
        }
    }
    let asked = json!({"query": "what did we talk about in the garden session", "sources": ["memory"]}).to_string();
    let pack = run(&home, &["--json", "call", "assemble_context", &asked])?.json()?;
    let quotes = |pack: &Value, words: &str| {
        let text = pack["text"].as_str().unwrap_or_default();
        text.split("\n[").any(|it| it.contains("(of a summary)") && it.contains(words))
    };
    assert!(quotes(&pack, "marmalade"), "{pack}");
    run(&home, &["forget", &secret])?;
    let left = run(&home, &["export"])?.out;
    assert!(!left.contains("marmalade") && left.contains("bed number"), "{left}");
    let again = run(&home, &["--json", "call", "assemble_context", &asked])?.json()?;
    assert!(!again.to_string().contains("marmalade") && quotes(&again, "bed number"), "{again}");
    Ok(())
}

#[test]
fn a_quote_of_a_turn_goes_from_its_pack_with_what_it_said() -> anyhow::Result<()> {
    let home = Home::new()?;
    let content = "The xylophonist Quagmire hides zirconium beneath Thule";
    let kept = run(&home, &["--json", "remember", content])?.json()?;
    // The answer quotes it, and the pack quotes the answer.
    let said = json!({"message": "where does the xylophonist hide something?", "session_id": "s"}).to_string();
    run(&home, &["call", "ask", &said])?;
    let asked = json!({"query": "where is zirconium", "sources": ["history"], "session_id": "s"}).to_string();
    let pack = run(&home, &["--json", "call", "assemble_context", &asked])?.json()?;
    assert!(pack["text"].as_str().is_some_and(|it| it.contains("Quagmire")), "{pack}");
    run(&home, &["forget", kept["memories"][0]["id"].as_str().context("an id")?])?;
    let left = run(&home, &["export"])?.out;
    assert!(left.contains("\"table\":\"packs\"") && !left.contains("Quagmire"), "{left}");
    let again = run(&home, &["--json", "call", "assemble_context", &asked])?.json()?;
    assert!(!again.to_string().contains("Quagmire"), "{again}");
    Ok(())
}
