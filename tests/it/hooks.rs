//! `carryall hook` over the real program, with inputs as hosts write them (fixtures/hooks): a session begins with a brief,
//! turns are kept once, and nothing that goes wrong disturbs the host.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use serde_json::Value;
use serde_json::json;

use crate::harness::Home;

/// What a hook wrote and how it ended.
struct Answered {
    code: Option<i32>,
    out: String,
    err: String,
    took: Duration,
}

impl Answered {
    /// The context that the host is given.
    fn context(&self) -> anyhow::Result<String> {
        let value: Value = serde_json::from_str(&self.out).with_context(|| format!("{:?} {}", self.out, self.err))?;
        let claude = value.pointer("/hookSpecificOutput/additionalContext");
        let text = claude.or_else(|| value.get("additional_context")).and_then(Value::as_str);
        Ok(text.context("no context")?.to_owned())
    }

    fn assert_silent(&self, what: &str) {
        assert_eq!((self.code, self.out.as_str()), (Some(0), ""), "{what}: {}", self.err);
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join("hooks")
}

/// A project with a transcript in it.
struct Desk {
    home: Home,
    project: PathBuf,
    transcript: PathBuf,
}

impl Desk {
    fn new(transcript: &str) -> anyhow::Result<Desk> {
        let home = Home::new()?;
        let project = home.folder().join("porto");
        std::fs::create_dir_all(project.join(".git"))?;
        let kept = home.folder().join(transcript);
        std::fs::copy(fixtures().join(transcript), &kept)?;
        Ok(Desk { home, project, transcript: kept })
    }

    /// An input with the places of this desk in it.
    fn input(&self, name: &str) -> anyhow::Result<String> {
        let text = std::fs::read_to_string(fixtures().join(name))?;
        let place = |path: &Path| path.to_string_lossy().replace('\\', "\\\\");
        Ok(text.replace("{project}", &place(&self.project)).replace("{transcript}", &place(&self.transcript)))
    }

    fn hook(&self, event: &str, name: &str, more: &[&str]) -> anyhow::Result<Answered> {
        self.hook_with(event, self.input(name)?.as_bytes(), more)
    }

    fn hook_with(&self, event: &str, input: &[u8], more: &[&str]) -> anyhow::Result<Answered> {
        let mut arguments = vec!["hook", event];
        arguments.extend(more);
        let begun = Instant::now();
        let mut command = self.home.carryall(&arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // A hook may end before it has read all of a hostile input.
        let _ = child.stdin.take().context("no input")?.write_all(input);
        let ended = child.wait_with_output()?;
        Ok(Answered {
            code: ended.status.code(),
            out: String::from_utf8(ended.stdout)?,
            err: String::from_utf8_lossy(&ended.stderr).into_owned(),
            took: begun.elapsed(),
        })
    }

    fn json(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let mut all = vec!["--json"];
        all.extend(arguments);
        let ended = self.home.carryall(&all).output()?;
        serde_json::from_slice(&ended.stdout)
            .with_context(|| format!("{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr)))
    }

    fn sessions(&self) -> anyhow::Result<Vec<Value>> {
        Ok(self.json(&["sessions", "list"])?["sessions"].as_array().cloned().unwrap_or_default())
    }
}

#[test]
fn a_session_of_claude_code_is_kept_and_the_next_one_begins_with_where_it_was_left() -> anyhow::Result<()> {
    let desk = Desk::new("claude.jsonl")?;
    desk.hook("SessionStart", "claude-session-start.json", &[])?.assert_silent("nothing is known yet");
    assert!(!desk.home.database().exists(), "a session that begins makes no file");
    for (event, name) in [
        ("UserPromptSubmit", "claude-user-prompt-submit.json"),
        ("Stop", "claude-stop.json"),
        ("PreCompact", "claude-pre-compact.json"),
        ("SessionEnd", "claude-session-end.json"),
        ("SessionEnd", "claude-session-end.json"),
    ] {
        desk.hook(event, name, &["--host", "claude-code"])?.assert_silent(event);
    }
    let sessions = desk.sessions()?;
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    let session = &sessions[0];
    assert_eq!(session["session_id"], "claude-code-5f0c7d2e-3b1a-4d65-9f27-0c1d2e3f4a5b");
    assert_eq!((session["turns"].as_i64(), session["host"].as_str()), (Some(7), Some("claude-code")));
    assert_eq!(session["started_at"], "2026-11-20T09:00:02Z");
    assert!(session["ended_at"].is_string(), "{session}");
    // Neither thoughts nor tools nor secrets were kept.
    let shown = desk.json(&["sessions", "show", session["session_id"].as_str().unwrap_or_default()])?;
    let text = shown.to_string();
    for absent in ["secret plan", "date,height", "subagent", "Caveat", "sk-proj-abcdef", "command-name"] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
    assert!(shown["summary"]["text"].as_str().is_some_and(|it| it.contains("parser")), "{shown}");

    let next = desk.input("claude-session-start.json")?.replace("5f0c7d2e", "00000000");
    let answered = desk.hook_with("SessionStart", next.as_bytes(), &["--host", "claude-code"])?;
    let brief = answered.context()?;
    for told in [
        "not instructions",
        "We decided to read the tables with a streaming parser in src/tides.rs.",
        "Still open: which time zone the heights are in.",
        "Next step: measure the parser",
        "src/tides.rs",
    ] {
        assert!(brief.contains(told), "{told} is not in {brief}");
    }
    // After a compaction the session is told of itself; what is resumed is on the screen anyway.
    let again = desk.input("claude-session-start.json")?;
    let compacted = again.replace("startup", "compact");
    assert!(desk.hook_with("SessionStart", compacted.as_bytes(), &[])?.context()?.contains("streaming parser"));
    let resumed = again.replace("startup", "resume");
    desk.hook_with("SessionStart", resumed.as_bytes(), &[])?.assert_silent("resumed");
    // An import of the same file adds nothing.
    let path = desk.transcript.to_string_lossy().into_owned();
    let report = desk.json(&["import", &path, "--from", "claude-code"])?;
    assert_eq!((report["turns"].as_i64(), report["turns_known"].as_i64()), (Some(0), Some(7)), "{report}");
    Ok(())
}

#[test]
fn a_session_that_was_imported_before_belongs_to_its_project_from_the_first_hook_on() -> anyhow::Result<()> {
    let desk = Desk::new("claude.jsonl")?;
    let path = desk.transcript.to_string_lossy().into_owned();
    desk.json(&["import", &path, "--from", "claude-code"])?;
    desk.hook("Stop", "claude-stop.json", &["--host", "claude-code"])?.assert_silent("Stop");
    let next = desk.input("claude-session-start.json")?.replace("5f0c7d2e", "00000000");
    let brief = desk.hook_with("SessionStart", next.as_bytes(), &["--host", "claude-code"])?.context()?;
    assert!(brief.contains("streaming parser"), "{brief}");
    Ok(())
}

#[test]
fn a_transcript_that_grows_is_read_on_and_one_that_was_written_anew_from_its_beginning() -> anyhow::Result<()> {
    let desk = Desk::new("claude.jsonl")?;
    let whole = std::fs::read_to_string(&desk.transcript)?;
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let turns = |desk: &Desk| -> anyhow::Result<i64> {
        Ok(desk.sessions()?.first().and_then(|it| it["turns"].as_i64()).unwrap_or(0))
    };
    // The last line is still being written.
    let half = lines[9].len() / 2;
    std::fs::write(&desk.transcript, format!("{}{}", lines[..9].concat(), &lines[9][..half]))?;
    desk.hook("Stop", "claude-stop.json", &[])?.assert_silent("half");
    assert_eq!(turns(&desk)?, 2);
    std::fs::write(&desk.transcript, lines[..10].concat())?;
    desk.hook("Stop", "claude-stop.json", &[])?.assert_silent("grown");
    assert_eq!(turns(&desk)?, 3);
    // Cut, with garbage between the lines: what is readable is kept, once.
    let garbage = format!("{}not json\n{{\"type\":\n\u{0}\n{}", lines[..5].concat(), lines[5..].concat());
    std::fs::write(&desk.transcript, garbage)?;
    desk.hook("Stop", "claude-stop.json", &[])?.assert_silent("garbage");
    std::fs::write(&desk.transcript, &whole)?;
    for _ in 0..2 {
        desk.hook("Stop", "claude-stop.json", &[])?.assert_silent("whole");
    }
    std::fs::write(&desk.transcript, lines[1..].concat())?;
    desk.hook("Stop", "claude-stop.json", &[])?.assert_silent("anew");
    assert_eq!(turns(&desk)?, 7);
    Ok(())
}

#[test]
fn codex_and_cursor_are_kept_and_briefed_in_their_own_forms() -> anyhow::Result<()> {
    let desk = Desk::new("codex.jsonl")?;
    desk.hook("Stop", "codex-stop.json", &["--host", "codex"])?.assert_silent("codex");
    desk.hook("Stop", "codex-stop.json", &[])?.assert_silent("codex, told by its input");
    // Cursor's command line names no transcript: it is found where Cursor keeps it.
    let id = "9d1c0a77-1111-4222-8333-444455556666";
    let project = dunce::canonicalize(&desk.project)?.to_string_lossy().into_owned();
    let name: String =
        project.trim_start_matches('/').chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '-' }).collect();
    let folder = desk.home.folder().join("home/.cursor/projects").join(name).join("agent-transcripts");
    std::fs::create_dir_all(&folder)?;
    std::fs::copy(fixtures().join("cursor.jsonl"), folder.join(format!("{id}.jsonl")))?;
    let ended = desk.input("cursor-session-end.json")?.replace(&*desk.project.to_string_lossy(), &project);
    desk.hook_with("sessionEnd", ended.as_bytes(), &["--host", "cursor"])?.assert_silent("cursor");
    let sessions = desk.sessions()?;
    let told: Vec<(&str, i64)> = sessions
        .iter()
        .map(|it| (it["host"].as_str().unwrap_or_default(), it["turns"].as_i64().unwrap_or_default()))
        .collect();
    assert_eq!(told, [("cursor", 2), ("codex", 2)]);
    let started = desk.input("codex-session-start.json")?.replace("019a7c11", "00000000");
    let brief = desk.hook_with("SessionStart", started.as_bytes(), &["--host", "codex"])?.context()?;
    assert!(brief.contains("We'll use port 8080") && brief.contains("Let's go with dues.rs"), "{brief}");
    assert!(!brief.contains("environment_context") && !brief.contains("user_query"), "{brief}");
    let started = desk.input("cursor-session-start.json")?.replace("9d1c0a77", "00000000");
    let answered = desk.hook_with("sessionStart", started.as_bytes(), &["--host", "cursor"])?;
    assert!(answered.out.starts_with("{\"additional_context\":"), "{}", answered.out);
    assert!(answered.context()?.contains("port 8080"));
    Ok(())
}

#[test]
fn a_brief_holds_nothing_of_other_projects_users_and_namespaces() -> anyhow::Result<()> {
    let desk = Desk::new("claude.jsonl")?;
    desk.hook("Stop", "claude-stop.json", &[])?.assert_silent("stop");
    desk.json(&["remember", "We decided on green tea for the harbour", "--kind", "decision"])?;
    let remembered = ["remember", "Porto pays in tea", "--kind", "decision", "--namespace", "porto"];
    desk.json(&remembered)?;
    let next = desk.input("claude-session-start.json")?.replace("5f0c7d2e", "00000000");
    let brief = |more: &[&str]| desk.hook_with("SessionStart", next.as_bytes(), more);
    assert!(brief(&[])?.context()?.contains("streaming parser"));
    // What is remembered belongs to no project unless the person says so.
    assert!(!brief(&[])?.context()?.contains("tea"), "memories of nobody's project");
    brief(&["--user-id", "bo", "--namespace", "other"])?.assert_silent("another namespace");
    let named = brief(&["--namespace", "porto"])?.context()?;
    assert!(
        named.contains("Porto pays in tea") && !named.contains("green tea") && !named.contains("parser"),
        "{named}"
    );
    // Another folder, and a folder that names this one's namespace by itself.
    let other = desk.home.folder().join("lisbon");
    std::fs::create_dir_all(other.join(".git"))?;
    std::fs::write(other.join("carryall.toml"), "namespace = \"porto\"\n")?;
    let elsewhere = next.replace(&*desk.project.to_string_lossy(), &other.to_string_lossy());
    desk.hook_with("SessionStart", elsewhere.as_bytes(), &[])?.assert_silent("another project");
    // A session of ana's is not told to bo.
    desk.hook("Stop", "claude-stop.json", &["--user-id", "ana"])?.assert_silent("ana");
    let mine = brief(&["--user-id", "ana"])?.context()?;
    assert!(mine.contains("streaming parser"), "{mine}");
    Ok(())
}

#[test]
fn nothing_that_goes_wrong_disturbs_the_host() -> anyhow::Result<()> {
    let desk = Desk::new("claude.jsonl")?;
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let long =
        json!({"session_id": "x".repeat(1 << 20), "transcript_path": "y".repeat(1 << 20), "cwd": "z\u{0}"}).to_string();
    let hostile: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("no JSON", b"not json".to_vec()),
        ("no object", b"[1, 2]".to_vec()),
        ("deep", deep.into_bytes()),
        ("long", long.into_bytes()),
        ("no UTF-8", vec![0xff, 0xfe, 0x00]),
        ("wrong types", br#"{"session_id": 1, "transcript_path": {}, "cwd": [], "source": null}"#.to_vec()),
        ("no transcript", br#"{"session_id": "a", "transcript_path": "/does/not/exist.jsonl", "cwd": "/"}"#.to_vec()),
        ("a folder", br#"{"session_id": "a", "transcript_path": "/", "cwd": "relative"}"#.to_vec()),
        ("a device", br#"{"session_id": "a", "transcript_path": "/dev/zero", "cwd": "/does/not/exist"}"#.to_vec()),
    ];
    for event in ["SessionStart", "UserPromptSubmit", "Stop", "PreCompact", "SessionEnd"] {
        for (what, input) in &hostile {
            let answered = desk.hook_with(event, input, &[])?;
            answered.assert_silent(&format!("{event}, {what}"));
        }
    }
    // Wrong use: another version may have installed the hook. Exit code 2 would stop a prompt.
    for words in [vec!["PostToolUse"], vec!["Stop", "--unknown"], vec!["Stop", "--host", "nobody"]] {
        let answered = desk.hook_with(words[0], b"{}", &words[1..])?;
        answered.assert_silent(&format!("{words:?}"));
        assert!(answered.err.contains("carryall hook: "), "{words:?}: {}", answered.err);
    }
    // Settings that cannot be read, a database that is none, of another program, or of a newer version.
    let broken = Desk::new("claude.jsonl")?;
    std::fs::write(broken.home.database(), b"this is no database, however long it is".repeat(100))?;
    let answered = broken.hook("Stop", "claude-stop.json", &[])?;
    answered.assert_silent("no database");
    assert_eq!(answered.err.lines().count(), 1, "one line in the log: {}", answered.err);
    broken.hook("SessionStart", "claude-session-start.json", &[])?.assert_silent("no database");
    let newer = Desk::new("claude.jsonl")?;
    newer.hook("Stop", "claude-stop.json", &[])?.assert_silent("first");
    #[expect(clippy::disallowed_methods, reason = "a newer program's file is made by hand")]
    rusqlite::Connection::open(newer.home.database())?.pragma_update(None, "user_version", 99)?;
    for (event, name) in [("Stop", "claude-stop.json"), ("SessionStart", "claude-session-start.json")] {
        let answered = newer.hook(event, name, &[])?;
        answered.assert_silent("newer");
        assert!(answered.err.contains("schema version 99"), "{}", answered.err);
    }
    let wrong = Desk { home: desk.home.clone_with("CARRYALL_CONCURRENCY", "many"), ..Desk::new("claude.jsonl")? };
    wrong.hook("Stop", "claude-stop.json", &[])?.assert_silent("wrong settings");
    Ok(())
}

#[test]
fn a_hook_ends_in_time_when_the_file_is_locked_or_its_input_never_ends() -> anyhow::Result<()> {
    let desk = Desk::new("claude.jsonl")?;
    desk.hook("Stop", "claude-stop.json", &[])?.assert_silent("first");
    std::fs::write(&desk.transcript, std::fs::read_to_string(&desk.transcript)?.replace("\"a-5\"", "\"a-6\""))?;
    let longer = std::fs::read_to_string(&desk.transcript)?.replace("\"u-4\"", "\"u-9\"");
    std::fs::write(&desk.transcript, longer)?;
    #[expect(clippy::disallowed_methods, reason = "the test is another process that holds the file")]
    let locked = rusqlite::Connection::open(desk.home.database())?;
    locked.execute_batch("BEGIN IMMEDIATE; UPDATE turns SET role = role")?;
    let answered = desk.hook("Stop", "claude-stop.json", &[])?;
    answered.assert_silent("locked");
    assert!(answered.took < Duration::from_secs(5), "{:?}", answered.took);
    assert!(answered.err.contains("carryall hook: "), "{}", answered.err);
    // Reading goes on beside a writer.
    let next = desk.input("claude-session-start.json")?.replace("5f0c7d2e", "00000000");
    assert!(desk.hook_with("SessionStart", next.as_bytes(), &[])?.context()?.contains("streaming parser"));
    locked.execute_batch("ROLLBACK")?;
    // Nobody ends the input.
    let begun = Instant::now();
    let mut command = desk.home.carryall(&["hook", "Stop"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let held = child.stdin.take();
    let ended = child.wait_with_output()?;
    drop(held);
    assert_eq!((ended.status.code(), ended.stdout.len()), (Some(0), 0));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    Ok(())
}

#[test]
fn a_large_transcript_is_read_in_parts_and_none_of_it_twice() -> anyhow::Result<()> {
    let desk = Desk::new("claude.jsonl")?;
    let line = |at: usize, size: usize| {
        json!({
            "type": "user", "sessionId": "5f0c7d2e", "uuid": format!("n-{at}"), "timestamp": "2026-11-20T09:00:02.000Z",
            "message": {"role": "user", "content": format!("turn {at} {}", "word ".repeat(size / 5))},
        })
        .to_string()
    };
    let mut file = std::io::BufWriter::new(std::fs::File::create(&desk.transcript)?);
    for at in 0..60 {
        writeln!(file, "{}", line(at, 1 << 10))?;
        // What a tool gave back, larger than any line that is read.
        let output = "x".repeat(if at == 30 { 5 << 20 } else { 200 << 10 });
        writeln!(file, r#"{{"type":"user","message":{{"content":[{{"type":"tool_result","content":"{output}"}}]}}}}"#)?;
    }
    writeln!(file, "{}", line(60, 100 << 10))?;
    file.flush()?;
    for _ in 0..8 {
        let answered = desk.hook("Stop", "claude-stop.json", &[])?;
        answered.assert_silent("large");
        assert!(answered.took < Duration::from_secs(6), "{:?}", answered.took);
        if desk.sessions()?.first().is_some_and(|it| it["turns"] == 61) {
            break;
        }
    }
    let sessions = desk.sessions()?;
    assert_eq!(sessions[0]["turns"], 61, "{sessions:?}");
    let shown = desk.json(&["sessions", "show", "claude-code-5f0c7d2e", "--turns", "1"])?;
    let last = shown["said"][0]["content"].as_str().unwrap_or_default();
    assert!(last.starts_with("turn 60") && last.ends_with("characters]") && last.chars().count() < 33_000);
    Ok(())
}

#[test]
fn hooks_can_be_turned_off() -> anyhow::Result<()> {
    let desk = Desk::new("claude.jsonl")?;
    let off = Desk {
        home: desk.home.clone_with("CARRYALL_HOOKS", "off"),
        project: desk.project.clone(),
        transcript: desk.transcript.clone(),
    };
    off.hook("Stop", "claude-stop.json", &[])?.assert_silent("off");
    assert!(!desk.home.database().exists());
    desk.hook("Stop", "claude-stop.json", &[])?.assert_silent("on");
    let next = desk.input("claude-session-start.json")?.replace("5f0c7d2e", "00000000");
    off.hook_with("SessionStart", next.as_bytes(), &[])?.assert_silent("off");
    let brief = Desk { home: desk.home.clone_with("CARRYALL_HOOKS", "brief"), ..desk };
    assert!(brief.hook_with("SessionStart", next.as_bytes(), &[])?.context()?.contains("parser"));
    Ok(())
}

#[test]
fn setup_installs_hooks_on_request_and_takes_them_out_again() -> anyhow::Result<()> {
    let home = Home::new()?;
    let settings = home.folder().join("home/.claude/settings.json");
    std::fs::create_dir_all(home.folder().join("home/.claude"))?;
    let before = "{\n  \"model\": \"opus\",\n  \"hooks\": {\"Stop\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"mine.sh\"}]}]}\n}\n";
    std::fs::write(&settings, before)?;
    let setup = |more: &[&str]| -> anyhow::Result<(Option<i32>, String)> {
        let mut arguments = vec!["setup", "claude-code", "--hooks"];
        arguments.extend(more);
        let ended = home.carryall(&arguments).output()?;
        Ok((ended.status.code(), String::from_utf8(ended.stdout)?))
    };
    let (code, printed) = setup(&["--print"])?;
    assert_eq!(code, Some(0));
    let printed: Value = serde_json::from_str(&printed)?;
    assert!(
        printed["hooks"]["SessionEnd"][0]["hooks"][0]["command"]
            .as_str()
            .is_some_and(|it| it.contains(" hook SessionEnd "))
    );
    assert_eq!(std::fs::read_to_string(&settings)?, before, "printing changes nothing");
    assert_eq!(setup(&[])?.0, Some(0));
    let after: Value = serde_json::from_str(&std::fs::read_to_string(&settings)?)?;
    assert_eq!(after["model"], "opus");
    assert_eq!(after["hooks"]["Stop"].as_array().map(Vec::len), Some(2));
    assert_eq!(after["hooks"].as_object().map(serde_json::Map::len), Some(5));
    assert_eq!(setup(&["--remove"])?.0, Some(0));
    assert_eq!(std::fs::read_to_string(&settings)?, before);
    assert_eq!(setup(&["--remove"])?.0, Some(1), "there is nothing left to take out");
    let ended = home.carryall(&["setup", "zed", "--hooks"]).output()?;
    assert_eq!(ended.status.code(), Some(2));
    Ok(())
}
