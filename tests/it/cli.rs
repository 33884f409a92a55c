//! The commands that a person types, as real processes in a home of their own.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use carryall::config;
use serde_json::Value;
use serde_json::json;

use crate::harness::Home;

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The one document on standard output.
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.out).with_context(|| format!("not one JSON document: {self:?}"))
    }
}

/// Runs a command with nothing on its standard input.
pub(crate) fn run(home: &Home, arguments: &[&str]) -> anyhow::Result<Ran> {
    run_with(home, arguments, "")
}

pub(crate) fn run_with(home: &Home, arguments: &[&str], input: &str) -> anyhow::Result<Ran> {
    let mut child = home.carryall(arguments).stdin(Stdio::piped()).spawn()?;
    // A command that reads no input may have ended already.
    let _ = child.stdin.take().context("stdin is a pipe")?.write_all(input.as_bytes());
    let done = child.wait_with_output()?;
    Ok(Ran {
        code: done.status.code(),
        out: String::from_utf8(done.stdout)?,
        err: String::from_utf8_lossy(&done.stderr).into_owned(),
    })
}

/// Every file under `folder`, by its path from there.
fn files(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            found.extend(files(&path)?.into_iter().map(|it| format!("{name}/{it}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

#[test]
fn help_lists_every_command_and_setting() -> anyhow::Result<()> {
    let home = Home::new()?;
    let help = run(&home, &["--help"])?;
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!("help", help.out);
    insta::assert_snapshot!("help_recall", run(&home, &["recall", "-h"])?.out);
    assert_eq!(run(&home, &["--version"])?.out, format!("carryall {}\n", env!("CARGO_PKG_VERSION")));
    Ok(())
}

#[test]
fn a_missing_command_is_told_with_those_of_its_group() -> anyhow::Result<()> {
    let ran = run(&Home::new()?, &["sessions"])?;
    assert!(ran.code == Some(2) && ran.err.contains("a command is missing"), "{ran:?}");
    assert!(ran.err.contains(" sessions [OPTIONS] <COMMAND>"), "{ran:?}");
    Ok(())
}

#[test]
fn the_exit_code_says_how_it_ended() -> anyhow::Result<()> {
    let home = Home::new()?;
    #[track_caller]
    fn check(home: &Home, arguments: &[&str], code: i32) -> anyhow::Result<Ran> {
        let ran = run(home, arguments)?;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
        assert_eq!(ran.err.starts_with("error: "), code > 1, "{arguments:?}: {ran:?}");
        Ok(ran)
    }
    check(&home, &["recall", "tea"], 1)?;
    check(&home, &["search", "tea"], 1)?;
    check(&home, &["trace", "no-such-id"], 1)?;
    check(&home, &["forget", "no-such-id"], 1)?;
    check(&home, &["remember", "Ana drinks tea"], 0)?;
    check(&home, &["recall", "tea"], 0)?;
    check(&home, &["recall", "tea", "--limit", "1000"], 2)?;
    check(&home, &["recall", "tea", "--colour"], 2)?;
    check(&home, &["--toolsets", "memry", "recall", "tea"], 2)?;
    check(&home, &["call", "recal"], 2)?;
    check(&home, &["call", "recall", "{"], 2)?;
    check(&home, &["call", "recall", "[]"], 2)?;
    check(&home, &["import", "no-such-file"], 2)?;
    check(&home, &["config"], 2)?;
    check(&home, &["serve", "--json"], 2)?;
    check(&home, &["--read-only", "remember", "x"], 3)?;
    let folder = home.folder().display().to_string();
    check(&home, &["--db", &folder, "remember", "x"], 3)?;
    Ok(())
}

#[test]
fn a_wrong_word_is_answered_with_the_right_one() -> anyhow::Result<()> {
    let home = Home::new()?;
    let ran = run(&home, &["remembr", "x"])?;
    assert!(ran.err.contains("hint:") && ran.err.contains("'remember'"), "{ran:?}");
    let ran = run(&home, &["recall", "x", "--limt", "3"])?;
    assert!(ran.err.contains("hint:") && ran.err.contains("'--limit'"), "{ran:?}");
    let ran = run(&home, &["call", "recal"])?;
    assert!(ran.err.contains("did you mean recall"), "{ran:?}");
    let ran = run(&home, &["setup", "cursr"])?;
    assert!(ran.err.contains("'cursor'"), "{ran:?}");
    Ok(())
}

#[test]
fn json_is_one_document_however_it_ends() -> anyhow::Result<()> {
    let home = Home::new()?;
    let wrong = run(&home, &["recall", "--json", "tea", "--limti", "3"])?;
    assert!(wrong.code == Some(2) && wrong.json()?["error"].is_object(), "{wrong:?}");
    let kept = run(&home, &["remember", "--json", "Ana drinks tea", "--tag", "drinks", "--kind", "fact"])?.json()?;
    assert_eq!(kept["memories"][0]["status"], "stored");
    let found = run(&home, &["--json", "recall", "tea", "--tag", "drinks"])?.json()?;
    assert_eq!(found["memories"][0]["content"], "Ana drinks tea");
    assert_eq!(found["memories"][0]["kind"], "fact");
    assert!(found["trace_id"].is_string());
    let trace = run(&home, &["--json", "trace", found["trace_id"].as_str().unwrap_or_default()])?.json()?;
    assert_eq!(trace["spans"][0]["name"], "recall");
    let nothing = run(&home, &["--json", "recall", "coffee"])?;
    assert_eq!((nothing.code, &nothing.json()?["memories"]), (Some(1), &json!([])));
    let wrong = run(&home, &["--json", "call", "recall", r#"{"query": 3}"#])?;
    assert_eq!(wrong.code, Some(2));
    let error = wrong.json()?["error"].clone();
    assert_eq!((&error["kind"], &error["argument"]), (&json!("invalid_argument"), &json!("query")));
    let piped = run_with(&home, &["--json", "call", "recall", "-"], r#"{"query": "tea"}"#)?.json()?;
    assert_eq!(piped["memories"][0]["content"], "Ana drinks tea");
    let said = run_with(&home, &["remember", "--json", "-"], "From a pipe\n")?;
    assert_eq!(said.code, Some(0));
    let found = run(&home, &["--json", "recall", "pipe"])?.json()?;
    assert_eq!(found["memories"][0]["content"], "From a pipe");
    Ok(())
}

#[test]
fn text_for_a_pipe_has_no_colours() -> anyhow::Result<()> {
    let home = Home::new()?;
    for arguments in [&["--help"][..], &["config", "show"], &["doctor", "--offline"], &["recal"]] {
        let ran = run(&home, arguments)?;
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{arguments:?}: {ran:?}");
    }
    Ok(())
}

#[test]
fn every_flag_of_the_settings_has_its_effect() -> anyhow::Result<()> {
    let home = Home::new()?;
    std::fs::write(home.folder().join("home/carryall.toml"), "")?;
    std::fs::write(home.folder().join("home/keys.env"), "OPENAI_API_KEY=k\n")?;
    let mut flags = 0;
    for setting in config::settings() {
        let Some(flag) = setting.flag else { continue };
        // The example is as a variable would have it, and so as a flag would but for switches and `~`.
        let example = setting.example.replace('~', &home.folder().join("home").to_string_lossy());
        let value = (example != "true").then_some(example.as_str());
        let line: Vec<&str> =
            [Some("--json"), Some("config"), Some("show"), Some(flag), value].into_iter().flatten().collect();
        let shown = run(&home, &line)?;
        assert_eq!(shown.code, Some(0), "{line:?}: {shown:?}");
        let shown = shown.json()?;
        let mut settings = shown["settings"].as_array().into_iter().flatten();
        let it = settings.find(|it| it["name"] == setting.name).with_context(|| setting.name.to_owned())?;
        assert_eq!((&it["origin"], &it["value"]), (&json!("a flag"), &json!(example)), "{flag}");
        flags += 1;
    }
    assert_eq!(flags, 11, "the flags of the contract");
    Ok(())
}

#[test]
fn setup_writes_shows_and_removes_the_entry_and_nothing_else() -> anyhow::Result<()> {
    let home = Home::new()?;
    let file = home.folder().join("home/.cursor/mcp.json");
    let before = "{\n  // mine\n  \"mcpServers\": {\"other\": {\"command\": \"x\"}}\n}\n";
    std::fs::create_dir(home.folder().join("home/.cursor"))?;
    std::fs::write(&file, before)?;

    let shown = run(&home, &["setup", "cursor", "--print"])?;
    assert!(shown.out.contains("\"carryall\"") && shown.err.contains("would be added"), "{shown:?}");
    assert_eq!(std::fs::read_to_string(&file)?, before);

    let written = run(&home, &["setup", "cursor", "--json", "--read-only", "--db", "mine.db"])?.json()?;
    assert_eq!(written["status"], "added");
    let db = home.workspace().join("mine.db");
    assert_eq!(written["entry"]["args"], json!(["serve", "--db", db, "--read-only"]));
    let text = std::fs::read_to_string(&file)?;
    assert!(text.contains("// mine") && text.contains("\"other\"") && text.contains("--read-only"), "{text}");
    assert_eq!(
        run(&home, &["setup", "cursor", "--json", "--read-only", "--db", "mine.db"])?.json()?["status"],
        "unchanged"
    );

    let looked = run(&home, &["setup", "cursor", "--print"])?;
    assert!(looked.err.contains("its arguments `--read-only` would be gone"), "{looked:?}");

    assert_eq!(run(&home, &["setup", "cursor", "--remove"])?.code, Some(0));
    assert_eq!(std::fs::read_to_string(&file)?, before);
    assert_eq!(run(&home, &["setup", "cursor", "--remove"])?.code, Some(1));

    // What a program is called by outlives its upgrades.
    #[cfg(unix)]
    {
        let link = home.workspace().join("carryall-link");
        std::os::unix::fs::symlink(crate::harness::CARRYALL, &link)?;
        let mut linked = crate::harness::command(&link);
        linked.args(["setup", "cursor", "--print", "--json"]).envs(home.environment()).current_dir(home.workspace());
        let shown: Value = serde_json::from_slice(&linked.output()?.stdout)?;
        assert_eq!(shown["entry"]["command"], json!(link));
    }

    let claude = run(&home, &["setup", "claude-code", "--project", ".", "--json"])?.json()?;
    assert_eq!(claude["path"], json!(home.workspace().join(".mcp.json")));
    assert_eq!(claude["entry"]["args"], json!(["serve", "--text-only", "--db", home.database()]));
    Ok(())
}

#[test]
fn setup_writes_what_the_shell_sets_as_flags_and_says_so() -> anyhow::Result<()> {
    let home = Home::new()?.with("CARRYALL_OFFLINE", "1").with("CARRYALL_READ_ONLY", "0");
    let home = home.with("CARRYALL_EXCLUDE_TOOLS", "ask").with("CARRYALL_HOOKS", "brief");
    let ran = run(&home, &["setup", "cursor"])?;
    assert!(ran.err.contains("set here: CARRYALL_DB, CARRYALL_EXCLUDE_TOOLS, CARRYALL_OFFLINE"), "{ran:?}");
    assert!(ran.err.contains("may not see it: CARRYALL_HOOKS"), "{ran:?}");
    let again = run(&home, &["setup", "cursor", "--json", "--exclude-tools", "forget"])?.json()?;
    let db = home.database();
    assert_eq!(again["entry"]["args"], json!(["serve", "--db", db, "--exclude-tools", "forget", "--offline"]));
    assert_eq!(again["from_variables"], json!(["CARRYALL_DB", "CARRYALL_OFFLINE"]));
    let hooks = run(&home, &["setup", "claude-code", "--hooks", "--print"])?;
    assert!(hooks.out.contains(&format!("--db {}", db.display())) && hooks.out.contains("--offline"), "{hooks:?}");
    Ok(())
}

#[test]
fn what_is_exported_and_imported_is_the_same_in_every_byte() -> anyhow::Result<()> {
    let home = Home::new()?;
    run(&home, &["remember", "Ana drinks tea", "--valid-from", "2026-01-01", "--importance", "0.9", "--tag", "a"])?;
    run(
        &home,
        &["call", "write_context", r#"{"scope": "user", "owner": "ana", "key": "k", "data": {"a": [1, null]}}"#],
    )?;
    assert_eq!(run(&home, &["export", "one.jsonl"])?.code, Some(0));
    assert_eq!(run(&home, &["export", "one.jsonl"])?.code, Some(2), "nothing is written over");
    let imported = run(&home, &["--db", "two.db", "import", "one.jsonl", "--json"])?.json()?;
    assert_eq!(imported["skipped"], 0);
    let again = run(&home, &["--db", "two.db", "import", "one.jsonl", "--json"])?.json()?;
    assert_eq!((&again["rows"], &again["skipped"]), (&json!(0), &imported["rows"]));
    let exported = run(&home, &["--db", "two.db", "export"])?;
    assert_eq!(exported.out, std::fs::read_to_string(home.workspace().join("one.jsonl"))?);
    assert_eq!(run(&home, &["--db", "two.db", "recall", "tea"])?.code, Some(0), "found by its words, too");

    let wrong =
        run_with(&home, &["import", "-"], "{\"format\":\"carryall-export\",\"version\":1}\n{\"table\":\"x\"}\n")?;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("line 2"), "{wrong:?}");
    let empty = run_with(&home, &["import", "-"], "")?;
    assert!(empty.code == Some(2) && empty.err.contains("it is empty"), "{empty:?}");
    let own = run(&home, &["import", "two.db"])?;
    assert!(own.code == Some(2) && own.err.contains("a database of carryall itself"), "{own:?}");
    Ok(())
}

#[cfg(unix)]
#[test]
fn what_can_be_read_only_once_is_imported_too() -> anyhow::Result<()> {
    let home = Home::new()?;
    let pipe = home.workspace().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU)?;
    let line = "{\"type\":\"entity\",\"name\":\"Ana\",\"entityType\":\"person\",\"observations\":[\"drinks tea\"]}";
    let writing = std::thread::spawn(move || std::fs::write(pipe, line));
    let imported = run(&home, &["import", "pipe", "--json"])?.json()?;
    writing.join().map_err(|_| anyhow::anyhow!("the writer failed"))??;
    assert_eq!((&imported["format"], &imported["memories"]), (&json!("server-memory"), &json!(1)));
    Ok(())
}

#[test]
fn a_backup_is_a_database_of_its_own() -> anyhow::Result<()> {
    let home = Home::new()?;
    run(&home, &["remember", "Ana drinks tea"])?;
    assert_eq!(run(&home, &["backup", "copy.db"])?.code, Some(0));
    assert_eq!(run(&home, &["forget", "--namespace", "default"])?.code, Some(0));
    assert_eq!(run(&home, &["recall", "tea"])?.code, Some(1));
    assert_eq!(run(&home, &["--db", "copy.db", "recall", "tea"])?.code, Some(0));
    assert_eq!(run(&home, &["backup", "copy.db"])?.code, Some(2), "nothing is written over");
    Ok(())
}

#[test]
fn files_are_indexed_found_packed_and_quoted() -> anyhow::Result<()> {
    let home = Home::new()?;
    let otter = "# Otters\n\nThe otter Nikolai lives in the river Spree and eats crayfish.\n";
    std::fs::write(home.workspace().join("otters.md"), otter)?;
    let indexed = run(&home, &["index", "--json"])?.json()?;
    assert_eq!(indexed["files_indexed"], 1);
    let hits = run(&home, &["search", "crayfish", "--json"])?.json()?;
    assert_eq!(hits["hits"][0]["start_line"], 1);
    assert_eq!(run(&home, &["search", "crayfish", "--path", "otters.md"])?.code, Some(0));
    let pack = run(&home, &["context", "what does Nikolai eat", "--budget-tokens", "300", "--json"])?.json()?;
    assert_eq!(pack["items"][0]["source"], "workspace");
    let pack_id = pack["pack_id"].as_str().context("an id")?;
    let answer = run(&home, &["--offline", "ask", "What does Nikolai eat?", "--context", pack_id, "--json"])?.json()?;
    assert_eq!((&answer["provider"], &answer["pack_id"]), (&json!("extractive"), &json!(pack_id)));
    assert!(answer["answer"].as_str().is_some_and(|it| it.contains("crayfish")), "{answer}");
    Ok(())
}

#[test]
fn a_folder_is_taken_out_of_the_index_and_gives_its_room_back() -> anyhow::Result<()> {
    let home = Home::new()?;
    for at in 0..200 {
        let text = (0..40).map(|line| format!("otter number {at} swims in line {line}\n")).collect::<String>();
        std::fs::write(home.workspace().join(format!("otter{at}.md")), text)?;
    }
    run(&home, &["index"])?;
    assert_eq!(run(&home, &["search", "otter"])?.code, Some(0));
    let removed = run(&home, &["index", "--remove", ".", "--json"])?.json()?;
    assert_eq!((&removed["files_removed"], removed["removed"].as_array().map(Vec::len)), (&json!(200), Some(1)));
    let bytes = |name: &str| removed[name].as_u64().unwrap_or(0);
    // What is left is the schema.
    assert!(bytes("after_bytes") + 100_000 < bytes("before_bytes"), "{removed}");
    assert_eq!(run(&home, &["search", "otter"])?.code, Some(1));
    assert!(home.workspace().join("otter1.md").exists());
    let again = run(&home, &["index", "--remove", "."])?;
    assert_eq!(again.code, Some(1));
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_demonstration_that_is_interrupted_leaves_nothing_behind() -> anyhow::Result<()> {
    use std::io::BufRead as _;
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let home = Home::new()?;
        let temporary = home.folder().join("tmp");
        std::fs::create_dir(&temporary)?;
        let home = home.with("TMPDIR", temporary.display().to_string());
        let mut child = home.carryall(&["demo"]).spawn()?;
        let mut told = std::io::BufReader::new(child.stdout.take().context("stdout is a pipe")?).lines();
        // Its server runs by then.
        let begun = told.by_ref().map_while(Result::ok).any(|it| it.contains("shakes hands"));
        assert!(begun && std::fs::read_dir(&temporary)?.count() == 1);
        let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).context("a process id")?;
        rustix::process::kill_process(id, signal)?;
        assert_eq!(child.wait()?.code(), Some(3));
        assert_eq!(files(&temporary)?, Vec::<String>::new());
        assert_eq!(std::fs::read_dir(&temporary)?.count(), 0);
    }
    Ok(())
}

#[test]
fn the_demonstration_shows_every_step_and_leaves_nothing_behind() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let tmp = folder.path().join("tmp");
    std::fs::create_dir(&tmp)?;
    // A key that lies around is no consent to send a folder away.
    let home = Home::new()?.with("TMPDIR", tmp.to_string_lossy()).with("OPENAI_API_KEY", "sk-not-to-be-used");
    std::fs::write(home.workspace().join("README.md"), "# Otters\n\nOtters live in rivers and eat crayfish.\n")?;

    let told = run(&home, &["demo"])?;
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.out.contains("Nothing is left behind"), "{told:?}");
    let widest = told.out.lines().map(|it| it.chars().count()).max();
    assert!(widest <= Some(80 + home.workspace().to_string_lossy().len()), "{told:?}");

    let told = run(&home, &["demo", "--json"])?.json()?;
    let steps = told["steps"].as_array().context("steps")?;
    assert_eq!(steps.len(), 9, "{told}");
    let said = |at: usize| steps[at]["lines"].to_string();
    assert!(said(0).contains("assemble_context"), "{told}");
    assert!(said(1).contains("1 file read"), "{told}");
    assert!(said(2).contains("README.md:1-3"), "{told}");
    assert!(said(4).contains("SQLite"), "{told}");
    assert!(said(5).contains("in October: The team moved the archive to PostgreSQL"), "{told}");
    assert!(said(5).contains("in March: The team chose SQLite"), "{told}");
    assert!(said(7).contains("without a model") && said(7).contains("crayfish"), "{told}");
    assert!(said(8).contains("gather"), "{told}");

    assert_eq!(files(&tmp)?, Vec::<String>::new());
    assert_eq!(files(&home.folder().join("home"))?, Vec::<String>::new());
    assert_eq!(files(&home.workspace())?, ["README.md"]);
    assert!(!home.database().exists());

    let kept = run(&home, &["demo", "--keep", "--json"])?.json()?;
    let db = Path::new(kept["kept"].as_str().context("a folder")?).join("carryall.db");
    assert_eq!(run(&home, &["--db", &db.to_string_lossy(), "recall", "archive"])?.code, Some(0));
    assert_eq!(run(&home, &["demo", "no-such-folder"])?.code, Some(2));

    std::fs::remove_file(home.workspace().join("README.md"))?;
    let told = run(&home, &["demo", "--json"])?.json()?;
    assert!(told["steps"][1]["lines"].to_string().contains("3 files read"), "a sample where nothing is: {told}");
    assert!(told["steps"][2]["lines"].to_string().contains("operations.md:"), "{told}");
    let told = run(&home, &["demo", ".", "--json"])?.json()?;
    assert!(told["steps"][1]["lines"].to_string().contains("0 files read"), "what is named is taken: {told}");
    assert_eq!(files(&home.workspace())?, Vec::<String>::new());
    Ok(())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test breaks the file")]
fn the_doctor_finds_what_is_broken_and_tells_no_secret() -> anyhow::Result<()> {
    let home = Home::new()?.with("ANTHROPIC_API_KEY", "sk-ant-very-secret-0123456789");
    let finding = |report: &Value, name: &str| -> anyhow::Result<Value> {
        let mut findings = report["findings"].as_array().into_iter().flatten();
        findings.find(|it| it["name"] == name).cloned().with_context(|| format!("no {name} in {report}"))
    };
    let look = || -> anyhow::Result<(Option<i32>, Value)> {
        let ran = run(&home, &["doctor", "--json", "--offline"])?;
        assert!(!format!("{ran:?}").contains("very-secret"), "{ran:?}");
        Ok((ran.code, ran.json()?))
    };
    let (code, report) = look()?;
    assert_eq!((code, &finding(&report, "store")?["status"]), (Some(0), &json!("note")), "{report}");
    assert!(!home.database().exists(), "the doctor makes nothing");

    run(&home, &["remember", "Ana drinks tea"])?;
    std::fs::write(home.workspace().join("a.md"), "# A\n\nText.\n")?;
    run(&home, &["index"])?;
    run(&home, &["setup", "cursor"])?;
    let (code, report) = look()?;
    assert_eq!(code, Some(0), "{report}");
    for name in ["store", "schema", "integrity", "full text", "index", "indexed", "cursor", "disk", "breaker", "queue"]
    {
        assert_eq!(finding(&report, name)?["status"], "ok", "{name}: {report}");
    }

    let file = home.folder().join("home/.cursor/mcp.json");
    std::fs::write(&file, std::fs::read_to_string(&file)?.replace("carryall\",", "gone\","))?;
    let (code, report) = look()?;
    assert_eq!((code, &finding(&report, "cursor")?["status"]), (Some(3), &json!("broken")), "{report}");
    std::fs::remove_file(&file)?;

    let conn = rusqlite::Connection::open(home.database())?;
    conn.execute("DELETE FROM memories_text", [])?;
    drop(conn);
    let (code, report) = look()?;
    assert_eq!((code, &finding(&report, "full text")?["status"]), (Some(3), &json!("broken")), "{report}");

    for more in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{more}", home.database().display()));
    }
    std::fs::write(home.database(), "no database at all, but long enough to be read as a header of one".repeat(9))?;
    let (code, report) = look()?;
    assert_eq!((code, &finding(&report, "store")?["status"]), (Some(3), &json!("broken")), "{report}");

    let ran = run(&home, &["doctor", "--json", "--config", "no-such-file"])?;
    assert_eq!((ran.code, &finding(&ran.json()?, "settings")?["status"]), (Some(3), &json!("broken")), "{ran:?}");
    Ok(())
}

#[test]
fn the_generated_documents_are_those_of_this_program() -> anyhow::Result<()> {
    let home = Home::new()?;
    std::fs::create_dir(home.workspace().join("docs"))?;
    assert_eq!(run(&home, &["generate-docs"])?.code, Some(0));
    for name in files(&home.workspace())? {
        let kept = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&name)).unwrap_or_default();
        let made = std::fs::read_to_string(home.workspace().join(&name))?;
        assert!(kept == made, "{name} is stale: run `just docs` (cargo run -- generate-docs)");
    }
    Ok(())
}

#[test]
fn completions_and_the_man_page_know_every_command() -> anyhow::Result<()> {
    let home = Home::new()?;
    for arguments in [&["completions", "bash"][..], &["completions", "fish"], &["man"]] {
        let ran = run(&home, arguments)?;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for word in ["recall", "setup", "doctor"] {
            assert!(ran.out.contains(word), "{arguments:?} lacks {word}");
        }
    }
    Ok(())
}

#[test]
fn a_misspelt_exclusion_is_told() -> anyhow::Result<()> {
    let home = Home::new()?.with("CARRYALL_EXCLUDE_TOOLS", "forgett");
    let ended = home.server()?.finish()?;
    assert!(ended.stderr.contains("`forgett`") && ended.stderr.contains("forget,"), "{}", ended.stderr);
    let doctor = run(&home, &["doctor"])?;
    assert!(doctor.out.contains("`forgett`"), "{doctor:?}");
    Ok(())
}
