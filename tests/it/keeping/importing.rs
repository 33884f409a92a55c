//! What comes from other programs, through the command line: found by its shape, taken in whole or not at all, once.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;

use crate::cli::run;
use crate::cli::run_with;
use crate::harness::Home;

fn write(home: &Home, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let path = home.workspace().join(name);
    std::fs::create_dir_all(path.parent().context("a folder")?)?;
    std::fs::write(&path, text)?;
    Ok(path)
}

fn import(home: &Home, arguments: &[&str]) -> anyhow::Result<Value> {
    let mut line = vec!["--json", "import"];
    line.extend(arguments);
    let ran = run(home, &line)?;
    anyhow::ensure!(ran.code == Some(0), "{ran:?}");
    ran.json()
}

/// Memories and turns of the whole database.
fn counts(home: &Home) -> anyhow::Result<(usize, usize)> {
    let all = run(home, &["export"])?.out;
    let count = |table: &str| all.lines().filter(|it| it.contains(&format!("\"table\":\"{table}\""))).count();
    Ok((count("memories"), count("turns")))
}

const GRAPH: &str = r#"{"type":"entity","name":"Ana","entityType":"person","observations":["drinks tea","lives in Porto"]}
{"type":"relation","from":"Ana","to":"Acme","relationType":"works_at"}
"#;

#[test]
fn a_second_import_adds_nothing_even_after_a_memory_was_replaced() -> anyhow::Result<()> {
    let home = Home::new()?;
    write(&home, "memory.jsonl", GRAPH)?;
    let shown = import(&home, &["memory.jsonl", "--dry-run"])?;
    assert_eq!((&shown["memories"], &shown["preview"][0]), (&json!(3), &json!("fact: Ana: drinks tea")));
    assert_eq!(counts(&home)?, (0, 0));

    let came = import(&home, &["memory.jsonl"])?;
    assert_eq!((&came["format"], &came["memories"]), (&json!("server-memory"), &json!(3)));
    let found = run(&home, &["--json", "recall", "tea"])?.json()?;
    assert_eq!(found["memories"][0]["source"], "server-memory#Ana");
    let id = found["memories"][0]["id"].as_str().context("an id")?;
    run(&home, &["remember", "Ana drinks coffee now", "--supersedes", id])?;

    let again = import(&home, &["memory.jsonl"])?;
    assert_eq!((&again["memories"], &again["memories_known"]), (&json!(0), &json!(3)));
    assert_eq!(counts(&home)?, (4, 0));
    // One more observation is one more memory.
    write(&home, "memory.jsonl", &GRAPH.replace("\"drinks tea\"", "\"drinks tea\",\"runs\""))?;
    assert_eq!(import(&home, &["memory.jsonl"])?["memories"], json!(1));
    let audit = run(&home, &["--json", "audit", "--action", "imported"])?.json()?;
    assert_eq!(audit["entries"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[test]
fn nothing_is_half_imported_and_the_error_names_file_and_line() -> anyhow::Result<()> {
    let home = Home::new()?;
    let memories: Vec<String> = (0..6000).map(|at| format!("{{\"id\":\"{at}\",\"memory\":\"number {at}\"}}")).collect();
    let text = format!("{{\"results\":[\n{},\n{{\"id", memories.join(",\n"));
    write(&home, "mem0.json", &text)?;
    let failed = run(&home, &["--json", "import", "mem0.json", "--from", "mem0"])?;
    assert_eq!(failed.code, Some(2));
    let error = failed.json()?["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(error.contains("mem0.json, line 6002"), "{error}");
    assert_eq!(counts(&home)?, (0, 0));
    let mut text: String = (0..6000)
        .map(|at| format!("{{\"type\":\"entity\",\"name\":\"E{at}\",\"entityType\":\"thing\",\"observations\":[\"number {at}\"]}}\n"))
        .collect();
    // Of lines that stand by themselves the whole ones come in, by parts, and the broken one is told.
    text.push_str("{\"type\":\"entity\",\"nam");
    write(&home, "memory.jsonl", &text)?;
    let looked = import(&home, &["memory.jsonl", "--dry-run"])?;
    assert_eq!(looked["skipped"][0]["first"], "memory.jsonl, line 6001", "{looked}");
    assert_eq!(import(&home, &["memory.jsonl", "--from", "server-memory"])?["memories"], json!(6000));
    assert_eq!(import(&home, &["memory.jsonl"])?["memories_known"], json!(6000));
    write(&home, "broken.jsonl", "{\"type\":\"ent\n{\"type\":\n")?;
    let failed = run(&home, &["import", "broken.jsonl", "--from", "server-memory"])?;
    assert!(failed.code == Some(2) && failed.err.contains("line 1"), "{failed:?}");
    Ok(())
}

#[test]
fn users_of_an_export_are_kept_apart_unless_told_otherwise() -> anyhow::Result<()> {
    let home = Home::new()?;
    let text = r#"{"results": [{"id": "1", "memory": "Dev likes tea", "user_id": "dev"}, {"id": "2", "memory": "Arjun likes tea", "user_id": "arjun"}]}"#;
    write(&home, "mem0.json", text)?;
    assert_eq!(import(&home, &["mem0.json"])?["users"], json!(["arjun", "dev"]));
    assert_eq!(run(&home, &["recall", "tea"])?.code, Some(1));
    let found = run(&home, &["--json", "recall", "tea", "--user-id", "dev"])?.json()?;
    assert_eq!(found["memories"].as_array().map(Vec::len), Some(1));
    assert_eq!(import(&home, &["mem0.json", "--unowned", "--namespace", "shared"])?["users"], json!([]));
    let found = run(&home, &["--json", "recall", "tea", "--namespace", "shared"])?.json()?;
    assert_eq!(found["memories"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[test]
fn the_sqlite_file_of_mcp_memory_service_is_read_and_left_alone() -> anyhow::Result<()> {
    let home = Home::new()?;
    let path = home.workspace().join("sqlite_vec.db");
    #[expect(clippy::disallowed_methods, reason = "another program's file is made by hand")]
    let made = rusqlite::Connection::open(&path)?;
    made.execute_batch(
        "CREATE TABLE memories (id INTEGER PRIMARY KEY AUTOINCREMENT, content_hash TEXT UNIQUE NOT NULL, content TEXT NOT NULL,
             tags TEXT, memory_type TEXT, metadata TEXT, created_at REAL, updated_at REAL, created_at_iso TEXT,
             updated_at_iso TEXT, deleted_at REAL DEFAULT NULL);
         INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at) VALUES
             ('aa', 'Ana drinks tea', 'drinks,ana', 'preference', '{\"importance\": 0.9}', 1763632800.5),
             ('bb', 'Bob drinks coffee', '', NULL, NULL, NULL);
         INSERT INTO memories (content_hash, content, deleted_at) VALUES ('cc', 'deleted', 1.0);",
    )?;
    drop(made);
    let before = std::fs::read(&path)?;
    let came = import(&home, &["sqlite_vec.db"])?;
    assert_eq!((&came["format"], &came["memories"]), (&json!("mcp-memory-service"), &json!(2)));
    assert_eq!(std::fs::read(&path)?, before);
    let found = run(&home, &["--json", "recall", "tea"])?.json()?;
    let memory = &found["memories"][0];
    assert_eq!(
        (&memory["kind"], &memory["tags"], &memory["occurred_at"]),
        (&json!("preference"), &json!(["drinks", "ana"]), &json!("2025-11-20T10:00:00.5Z"))
    );
    // Our own file is told as such, and so is that of any other program.
    let own = home.database().display().to_string();
    let failed = run(&home, &["import", &own])?;
    assert!(failed.code == Some(2) && failed.err.contains("a database of carryall itself"), "{failed:?}");
    let other = home.workspace().join("notes.db");
    #[expect(clippy::disallowed_methods, reason = "another program's file is made by hand")]
    rusqlite::Connection::open(&other)?.execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY)")?;
    let failed = run(&home, &["import", "notes.db"])?;
    assert!(failed.code == Some(2) && failed.err.contains("no file of mcp-memory-service"), "{failed:?}");
    Ok(())
}

#[test]
fn rules_become_memories_with_their_headings() -> anyhow::Result<()> {
    let home = Home::new()?;
    write(&home, "CLAUDE.md", "# Project\n\n## Testing\n- Run `cargo test` before a commit\n- Never mock the store\n")?;
    write(&home, "rules/rust.mdc", "---\ndescription: Rust\nglobs: *.rs\n---\n- No unwrap\n")?;
    assert_eq!(import(&home, &["CLAUDE.md"])?["memories"], json!(2));
    assert_eq!(import(&home, &["rules"])?["format"], json!("rules"));
    let found = run(&home, &["--json", "recall", "mock the store"])?.json()?;
    assert_eq!(found["memories"][0]["content"], "Project > Testing: Never mock the store");
    assert_eq!(found["memories"][0]["source"], "CLAUDE.md#Testing");
    assert_eq!(import(&home, &["CLAUDE.md"])?["memories"], json!(0));
    Ok(())
}

#[test]
fn a_folder_of_basic_memory_comes_in() -> anyhow::Result<()> {
    let home = Home::new()?;
    let note = "---\ntitle: Tea\ntype: note\npermalink: drinks/tea\ntags:\n- drinks\n---\n# Tea\n- [decision] We serve green tea #menu\n- part_of [[Drinks]]\n";
    write(&home, "notes/drinks/tea.md", note)?;
    write(&home, "notes/.obsidian/x.md", note)?;
    let came = import(&home, &["notes"])?;
    assert_eq!((&came["format"], &came["memories"]), (&json!("basic-memory"), &json!(2)));
    let found = run(&home, &["--json", "recall", "green tea", "--kind", "decision"])?.json()?;
    assert_eq!(found["memories"][0]["source"], "drinks/tea.md#Tea");
    Ok(())
}

/// A session of Claude Code with `messages` messages of either side.
fn claude_code(messages: usize) -> String {
    let line = |at: usize| {
        let role = if at.is_multiple_of(2) { "user" } else { "assistant" };
        json!({
            "type": role, "sessionId": "s1", "uuid": format!("u{at}"), "parentUuid": null, "isSidechain": false, "cwd": "/p",
            "timestamp": format!("2026-11-20T10:00:{:02}.000Z", at % 60),
            "message": {"role": role, "content": [{"type": "text", "text": format!("message number {at}")}]},
        })
        .to_string()
    };
    (0..messages).map(|at| line(at) + "\n").collect()
}

#[test]
fn conversations_become_sessions_and_grow_without_doubles() -> anyhow::Result<()> {
    let home = Home::new()?;
    // The last line is being written right now.
    write(&home, "projects/-p/s1.jsonl", &format!("{}{{\"type\":\"us", claude_code(5)))?;
    let came = import(&home, &["projects"])?;
    assert_eq!((&came["format"], &came["turns"], &came["sessions"]), (&json!("claude-code"), &json!(5), &json!(1)));
    assert_eq!(came["skipped"][0]["count"], json!(1));
    assert_eq!(came["skipped"][0]["first"], json!("-p/s1.jsonl, line 6"));
    write(&home, "projects/-p/s1.jsonl", &claude_code(8))?;
    let more = import(&home, &["projects"])?;
    assert_eq!((&more["turns"], &more["turns_known"]), (&json!(3), &json!(5)));

    let mut server = home.server()?;
    let uri = json!({"uri": "carryall://session/claude-code-s1"});
    let answer = server.request("resources/read", crate::harness::modern(uri))?;
    let text = answer["result"]["contents"][0]["text"].as_str().context("a text")?;
    let session: Value = serde_json::from_str(text)?;
    let turns = session["turns"].as_array().context("turns")?;
    assert_eq!(turns.len(), 8);
    assert_eq!((&turns[7]["role"], &turns[7]["at"]), (&json!("assistant"), &json!("2026-11-20T10:00:07Z")));
    let title = server.call("read_context", json!({"scope": "session", "owner": "claude-code-s1", "key": "import"}))?;
    assert_eq!(title["contexts"][0]["data"]["title"], "/p");

    // Not found by recall, unless that was asked for.
    assert_eq!(run(&home, &["recall", "message number"])?.code, Some(1));
    assert_eq!(import(&home, &["projects", "--remember-turns"])?["memories"], json!(8));
    let found = run(&home, &["--json", "recall", "number 3", "--kind", "turn"])?.json()?;
    assert_eq!(found["memories"][0]["speaker"], "assistant");
    Ok(())
}

#[test]
fn exports_of_chatgpt_and_claude_come_in_once_and_are_sessions() -> anyhow::Result<()> {
    let home = Home::new()?;
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let files = [
        ("conversations/chatgpt.json", "chatgpt", 4),
        ("conversations/claude.json", "claude", 4),
        ("hooks/claude.jsonl", "claude-code", 7),
        ("hooks/codex.jsonl", "codex", 2),
    ];
    for (name, format, turns) in files {
        let path = fixtures.join(name).to_string_lossy().into_owned();
        for (new, known) in [(turns, 0), (0, turns)] {
            let report = import(&home, &[&path])?;
            assert_eq!(report["format"], format);
            assert_eq!((report["turns"].as_i64(), report["turns_known"].as_i64()), (Some(new), Some(known)), "{name}");
        }
    }
    let listed = run(&home, &["--json", "sessions", "list"])?.json()?;
    let sessions: Vec<(&str, i64)> = listed["sessions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| (it["session_id"].as_str().unwrap_or_default(), it["turns"].as_i64().unwrap_or_default()))
        .collect();
    let expected = [
        ("codex-019a7c11-2233-7444-8555-66778899aabb", 2),
        ("claude-code-5f0c7d2e-3b1a-4d65-9f27-0c1d2e3f4a5b", 7),
        ("claude-c-porto", 4),
        ("chatgpt-6f1d-porto", 4),
    ];
    assert_eq!(sessions, expected);
    for (id, _) in expected {
        let shown = run(&home, &["--json", "sessions", "show", id])?.json()?.to_string();
        assert!(!shown.contains("secret thought") && !shown.contains("raw result"), "{shown}");
    }
    Ok(())
}

#[test]
fn secrets_in_a_conversation_stay_out() -> anyhow::Result<()> {
    let home = Home::new()?;
    let key = format!("AKIA{}", "IOSFODNN7EXAMPLE");
    let text = format!("## User\nmy key is {key}\n\n## Assistant\nforget that\n");
    write(&home, "talks/2026-11-20-key.md", &text)?;
    let came = import(&home, &["talks"])?;
    assert_eq!((&came["format"], &came["turns"], &came["redacted"]), (&json!("markdown-log"), &json!(2), &json!(1)));
    let all = run(&home, &["export"])?.out;
    assert!(!all.contains(&key) && all.contains("log-2026-11-20-key"), "{all}");
    Ok(())
}

#[test]
fn a_large_export_streams() -> anyhow::Result<()> {
    let home = Home::new()?;
    let conversation = |at: usize| {
        let node = |id: usize, parent: Option<usize>| {
            let role = if id.is_multiple_of(2) { "user" } else { "assistant" };
            json!({"id": format!("n{id}"), "parent": parent.map(|it| format!("n{it}")), "message": {
                "id": format!("c{at}m{id}"), "author": {"role": role}, "create_time": 1_763_632_800.0 + at as f64, "recipient": "all",
                "content": {"content_type": "text", "parts": [format!("talk {at} part {id} {}", "tea ".repeat(50))]}}})
        };
        let mapping: serde_json::Map<String, Value> =
            (0..10).map(|id| (format!("n{id}"), node(id, (id > 0).then(|| id - 1)))).collect();
        json!({"title": format!("Talk {at}"), "conversation_id": format!("c{at}"), "current_node": "n9", "mapping": mapping})
    };
    let all: Vec<Value> = (0..700).map(conversation).collect();
    write(&home, "conversations.json", &serde_json::to_string(&all)?)?;
    let came = import(&home, &["conversations.json"])?;
    assert_eq!((&came["format"], &came["turns"], &came["sessions"]), (&json!("chatgpt"), &json!(7000), &json!(700)));
    assert_eq!(import(&home, &["conversations.json"])?["turns_known"], json!(7000));
    Ok(())
}

#[test]
fn markdown_comes_back_the_same() -> anyhow::Result<()> {
    let home = Home::new()?;
    let odd = "# not a heading\n> nor a quotation\n\n- id: nor a field\n```\n<!-- carryall-export markdown 1 -->\n";
    run_with(&home, &["remember", "-", "--tag", "a, \"b\"", "--importance", "0.25", "--source", " mail: #1 "], odd)?;
    run(
        &home,
        &["remember", "Ana drinks tea", "--user-id", "ana", "--occurred-at", "2023-05-03", "--valid-to", "2024-01-01"],
    )?;
    let first = run(&home, &["--json", "remember", "old", "--namespace", "work/säule"])?.json()?;
    let id = first["memories"][0]["id"].as_str().context("an id")?;
    run(&home, &["remember", "new", "--namespace", "work/säule", "--supersedes", id, "--expires-at", "2090-01-01"])?;
    run(&home, &["call", "write_context", r#"{"scope":"global","key":"plan","data":{"a":[1,"x\ny"]}}"#])?;
    run(&home, &["call", "ask", r#"{"message":"what does Ana drink?","session_id":"s/1"}"#])?;
    for at in 0..8 {
        let said =
            format!("We move the release of the tea service to {at} March, says the {at}th letter of Porto's harbour.");
        let session = ["--session-id", "s/1", "--kind", "turn", "--source", "a letter"];
        run(&home, &[&["remember", said.as_str()], session.as_slice()].concat())?;
        run(&home, &[&["remember", said.as_str(), "--speaker", "Ana"], session.as_slice()].concat())?;
    }
    let of_ana = ["remember", "Tea is drunk by Ana", "--session-id", "s/1", "--kind", "fact"];
    run(&home, &of_ana)?;
    run(&home, &[of_ana.as_slice(), ["--tag", "drinks"].as_slice()].concat())?;
    run(&home, &["consolidate"])?;
    let found = run(&home, &["--json", "recall", "release of the tea service"])?.json()?;
    let used = json!({"trace_id": found["trace_id"], "rating": 1, "used": [found["memories"][0]["id"]]}).to_string();
    assert_eq!(run(&home, &["call", "give_feedback", &used])?.code, Some(0));

    let rows = |home: &Home| -> anyhow::Result<Vec<String>> {
        let all = run(home, &["export"])?.out;
        let kept = [
            "sessions",
            "memories",
            "memory_events",
            "memory_links",
            "item_feedback",
            "turns",
            "summaries",
            "contexts",
        ];
        let tables = kept.map(|it| format!("{{\"table\":\"{it}\""));
        let mut rows: Vec<String> =
            all.lines().filter(|it| tables.iter().any(|table| it.starts_with(table))).map(str::to_owned).collect();
        rows.sort();
        Ok(rows)
    };
    let before = rows(&home)?;
    for table in ["sessions", "memory_events", "item_feedback", "summaries"] {
        assert!(before.iter().any(|it| it.contains(&format!("\"table\":\"{table}\""))), "{table}: {before:?}");
    }
    for target in ["kept.md", "kept"] {
        let written = run(&home, &["export", target, "--format", "markdown"])?;
        assert_eq!(written.code, Some(0), "{written:?}");
        let other = Home::new()?;
        let path = home.workspace().join(target).display().to_string();
        let came = import(&other, &[&path])?;
        assert_eq!(came["rows"], json!(before.len()));
        assert_eq!(rows(&other)?, before, "{target}");
        assert_eq!(import(&other, &[&path])?["rows"], json!(0));
        assert_eq!(run(&home, &["export", target, "--format", "markdown"])?.code, Some(2), "written over");
    }
    assert!(home.workspace().join("kept/memories/default/note.md").is_file());
    Ok(())
}

#[test]
fn what_is_no_export_is_refused_with_a_way_out() -> anyhow::Result<()> {
    let home = Home::new()?;
    for (name, text, part) in [
        ("empty.json", "", "empty"),
        ("words.txt", "just words", "--from"),
        ("export.zip", "PK\u{3}\u{4}", "unpack"),
        ("odd.json", "{\"a\": 1}", "--from"),
    ] {
        write(&home, name, text)?;
        let failed = run(&home, &["import", name])?;
        assert!(failed.code == Some(2) && failed.err.contains(part), "{failed:?}");
    }
    assert_eq!(run(&home, &["import", "memory.jsonl", "--from", "memri"])?.code, Some(2));
    write(&home, "bad.json", "[{\"uuid\": \"a\", \"chat_messages\": [}]")?;
    let failed = run(&home, &["import", "bad.json", "--from", "claude"])?;
    assert!(failed.err.contains("bad.json, line 1"), "{failed:?}");
    let piped = run_with(&home, &["--json", "import", "-"], GRAPH)?.json()?;
    assert_eq!(piped["memories"], json!(3));
    // Rows of our own keep whose they are; an editor's mark before them harms nothing.
    let own = format!("\u{feff}{}", run(&home, &["export"])?.out);
    write(&home, "own.jsonl", &own)?;
    run(&home, &["export", "--format", "markdown", "own.md"])?;
    for flags in [&["--user-id", "bob"][..], &["--namespace", "private"], &["--unowned"], &["--remember-turns"]] {
        for name in ["own.jsonl", "own.md", "-"] {
            let failed = run_with(&home, &[&["import", name], flags].concat(), &own)?;
            let told = failed.err.contains(&format!("{} does not work", flags[0]));
            assert!(failed.code == Some(2) && told, "{name}: {failed:?}");
        }
    }
    for name in ["own.jsonl", "own.md", "-"] {
        let known = run_with(&home, &["--json", "import", name], &own)?.json()?;
        assert_eq!(known["rows"], json!(0), "{name}: {known}");
    }
    Ok(())
}

#[test]
fn the_examples_of_the_docs_run_as_they_are_shown() -> anyhow::Result<()> {
    let home = Home::new()?;
    write(&home, "memory.jsonl", GRAPH)?;
    write(&home, "CLAUDE.md", "# Project\n- Run the tests\n- Never mock the store\n")?;
    write(&home, "projects/-p/s1.jsonl", &claude_code(2))?;
    let docs = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/import.md"))?;
    // Sizes differ from file to file.
    let sized = |text: &str| match text.contains("bytes") {
        true => text.chars().filter(|it| !it.is_ascii_digit()).collect(),
        false => text.to_owned(),
    };
    let mut examples = 0;
    for block in docs.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for example in block.split("$ carryall ").skip(1) {
            let (command, expected) = example.split_once('\n').context("a command and its output")?;
            let ran = run(&home, &command.split(' ').collect::<Vec<_>>())?;
            assert_eq!((ran.code, sized(&ran.out)), (Some(0), sized(expected)), "{command}: {ran:?}");
            examples += 1;
        }
    }
    assert_eq!(examples, 7);
    Ok(())
}

/// A secret beside the content, and one in a line that was written by hand, is in no file afterwards.
#[test]
fn no_field_of_a_memory_keeps_a_secret() -> anyhow::Result<()> {
    const KEY: &str = "ghp_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5";
    let home = Home::new()?;
    let fields = json!({
        "content": "The build needs a token", "tags": ["build", format!("token {KEY}")],
        "source": format!("https://example.com/?key={KEY}"), "speaker": format!("Ana {KEY}"),
    });
    let told = run(&home, &["--json", "call", "remember", &fields.to_string()])?.json()?;
    assert_eq!(told["memories"][0]["redacted"][0], "GitHub token", "{told}");
    let row = json!({
        "table": "memories", "id": "by-hand", "namespace": "default", "kind": "note", "content": format!("zebra {KEY}"),
        "tags": json!(["zoo", KEY]).to_string(), "source": KEY, "importance": 0.5, "valid_from": 1, "created_at": 1,
        "content_key": "00ff",
    });
    let lines = format!("{}\n{row}\n", json!({"format": "carryall-export", "version": 1}));
    let ran = run_with(&home, &["import", "-"], &lines)?;
    assert_eq!(ran.code, Some(0), "{ran:?}");

    let found = run(&home, &["--json", "recall", "zebra"])?.json()?["memories"][0].clone();
    let mark = "[redacted: GitHub token]";
    assert_eq!(found["content"], format!("zebra {mark}"));
    assert_eq!((&found["tags"], &found["source"]), (&json!(["zoo", mark]), &json!(mark)));
    for entry in std::fs::read_dir(home.database().parent().context("a folder")?)? {
        let path = entry?.path();
        if path.is_file() {
            let bytes = std::fs::read(&path)?;
            let holds = bytes.windows(KEY.len()).any(|it| it == KEY.as_bytes());
            assert!(!holds, "{}", path.display());
        }
    }
    // Where secrets are refused, a tag with one is refused as well.
    let settings = write(&home, "user.toml", "[memory]\nsecrets = \"refuse\"\n")?;
    let strict = home.clone_with("CARRYALL_CONFIG", settings.to_string_lossy());
    let refused = run(&strict, &["--json", "call", "remember", &fields.to_string()])?;
    assert_ne!(refused.code, Some(0), "{refused:?}");
    Ok(())
}

#[test]
fn an_unpacked_export_is_a_folder_whose_conversations_come_in() -> anyhow::Result<()> {
    let home = Home::new()?;
    for (folder, text) in [
        ("of-chatgpt", include_str!("../../../fixtures/conversations/chatgpt.json")),
        ("of-claude", include_str!("../../../fixtures/conversations/claude.json")),
    ] {
        write(&home, &format!("{folder}/conversations.json"), text)?;
        // What lies beside it is no conversation, and none of our formats.
        write(&home, &format!("{folder}/user.json"), "{\"id\": \"user-1\"}")?;
        write(&home, &format!("{folder}/notes.md"), "## User\nhi\n\n## Assistant\nhello\n")?;
        let file = write(&home, &format!("{folder}-alone.json"), text)?;
        let came = import(&home, &[folder])?;
        assert_eq!(came["format"], folder.trim_start_matches("of-"));
        assert!(came["turns"].as_u64() > Some(1), "{came}");
        // The same by the file itself, or by the folder once more: nothing is added.
        for again in [file.to_str().context("a path")?, folder] {
            let again = import(&home, &[again])?;
            assert_eq!((&again["turns"], &again["turns_known"]), (&json!(0), &came["turns"]), "{again}");
        }
    }
    Ok(())
}
