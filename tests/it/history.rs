//! Past commits of a repository: what they say counts, and nothing that the repository sets has a program run.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::harness::Server;
use crate::harness::command;
use crate::harness::variable;

/// How often a search is made again until what git tells is known: each takes some milliseconds.
const TRIES: usize = 20_000;

/// Whether git is there; says so when it is not.
pub(crate) fn has_git(test: &str) -> bool {
    let found = std::env::split_paths(&variable("PATH")).any(|it| it.join("git").is_file());
    if !found {
        let _ = writeln!(std::io::stderr(), "skipped: {test}: git is not installed");
    }
    found
}

pub(crate) fn git(folder: &Path, arguments: &[&str], input: &str) -> anyhow::Result<()> {
    let mut command = command("git");
    command.arg("-C").arg(folder).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").stdin(Stdio::piped());
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    running.stdin.take().context("no input")?.write_all(input.as_bytes())?;
    anyhow::ensure!(running.wait()?.success(), "git {arguments:?}");
    Ok(())
}

const NET: &str = "pub fn reconnect() {\n    let pause = backoff(attempt);\n}\n";
const DRAW: &str = "pub fn circle() {\n    let pause = frame(attempt);\n}\n";

/// One commit of a stream for `git fast-import`.
fn commit(number: usize, message: &str, files: &[(&str, &str)]) -> String {
    let data = |text: &str| format!("data {}\n{text}\n", text.len());
    let files: String = files.iter().map(|(path, text)| format!("M 644 inline {path}\n{}", data(text))).collect();
    let time = 1_700_000_000 + number;
    format!("commit refs/heads/main\ncommitter A <a@example.org> {time} +0000\n{}{files}", data(message))
}

/// A workspace that is a repository: two files, whose words are the same, and sixty commits.
fn repository() -> anyhow::Result<Home> {
    let home = Home::new()?;
    let root = home.workspace();
    git(&root, &["init", "--quiet", "--initial-branch=main"], "")?;
    let mut stream = String::new();
    for number in 0..58 {
        stream += &commit(number, &format!("note {number}"), &[("src/notes.txt", &format!("{number}"))]);
    }
    stream += &commit(58, "Wait longer after a dropped connection", &[("src/net.rs", NET)]);
    stream += &commit(59, "Smooth animations", &[("src/draw.rs", DRAW)]);
    git(&root, &["fast-import", "--quiet"], &stream)?;
    git(&root, &["reset", "--quiet", "--hard"], "")?;
    Ok(home)
}

const ASKED: &str = "the pause when a connection was dropped";

fn search(server: &mut crate::harness::Server) -> anyhow::Result<Value> {
    server.call("search_workspace", json!({"query": ASKED, "explain": true}))
}

#[test]
fn what_commits_like_the_question_changed_comes_first() -> anyhow::Result<()> {
    if !has_git("what_commits_like_the_question_changed_comes_first") {
        return Ok(());
    }
    let home = repository()?;
    let mut server = home.server()?;
    server.call("index_workspace", json!({}))?;
    let found = (0..TRIES).map(|_| search(&mut server)).find(|it| {
        it.as_ref().map_or(true, |it| it["hits"][0]["why"].as_str().is_some_and(|it| it.contains("+ history 0.6")))
    });
    let found = found.context("the past never counted")??;
    assert_eq!(found["hits"][0]["path"], "src/net.rs", "{found}");
    assert!(found["hits"][1]["why"].as_str().is_some_and(|it| !it.contains("history")), "{found}");
    // A pack is kept until the repository moves.
    let ask = json!({"query": ASKED, "budget_tokens": 500});
    server.call("assemble_context", ask.clone())?;
    assert_eq!(server.call("assemble_context", ask.clone())?["cached"], true);
    let more = commit(60, "Drop the connection\n", &[("src/draw.rs", &format!("{DRAW}// the end of it all\n"))]);
    git(
        &home.workspace(),
        &["fast-import", "--quiet", "--force"],
        &more.replace("refs/heads/main", "refs/heads/other"),
    )?;
    git(&home.workspace(), &["checkout", "--quiet", "other"], "")?;
    let moved = (0..TRIES)
        .map(|_| search(&mut server))
        .find(|it| it.as_ref().map_or(true, |it| !it.to_string().contains("history")));
    // That branch has one commit: too few to say anything.
    moved.context("commits of another branch counted")??;
    assert_ne!(server.call("assemble_context", ask)?["cached"], true);
    let doctor = home.carryall(&["doctor"]).output()?;
    assert!(String::from_utf8_lossy(&doctor.stdout).contains(", 1 past commit, "), "{doctor:?}");
    Ok(())
}

#[test]
fn nothing_that_a_repository_sets_has_a_program_run() -> anyhow::Result<()> {
    if !has_git("nothing_that_a_repository_sets_has_a_program_run") {
        return Ok(());
    }
    let home = repository()?;
    let root = home.workspace();
    let mark = home.folder().join("ran");
    let run = format!("touch '{}'", mark.display());
    let mut settings = String::new();
    for (section, name) in [
        ("core", "pager"),
        ("core", "fsmonitor"),
        ("core", "sshCommand"),
        ("core", "gitProxy"),
        ("core", "editor"),
        ("core", "askPass"),
        ("core", "alternateRefsCommand"),
        ("gpg", "program"),
        ("gpg \"ssh\"", "program"),
        ("diff", "external"),
        ("diff \"x\"", "command"),
        ("diff \"x\"", "textconv"),
        ("filter \"x\"", "smudge"),
        ("filter \"x\"", "clean"),
        ("filter \"x\"", "process"),
        ("credential", "helper"),
        ("pager", "log"),
        ("pager", "rev-list"),
        ("alias", "log"),
        ("alias", "rev-list"),
        ("remote \"origin\"", "uploadpack"),
        ("interactive", "diffFilter"),
        ("uploadpack", "packObjectsHook"),
    ] {
        settings += &format!("[{section}]\n\t{name} = \"{run}; cat\"\n");
    }
    settings += "[log]\n\tshowSignature = true\n[color]\n\tui = always\n[diff]\n\tnoprefix = true\n\tsubmodule = log\n\
                 \trenames = copies\n\tcontext = 9\n\trelative = true\n[core]\n\thooksPath = hooks\n[extensions]\n\
                 \tpartialClone = origin\n[remote \"origin\"]\n\turl = ext::sh -c touch% ran\n\tpromisor = true\n\
                 [protocol]\n\tallow = always\n";
    let config = root.join(".git/config");
    let before = std::fs::read_to_string(&config)?;
    std::fs::write(&config, before + &settings)?;
    std::fs::write(root.join(".gitattributes"), "* diff=x filter=x\n")?;
    std::fs::create_dir_all(root.join("hooks"))?;
    for hook in ["post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"] {
        let path = root.join("hooks").join(hook);
        std::fs::write(&path, format!("#!/bin/sh\n{run}\n"))?;
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    }
    // The command ends when the past has been read.
    let indexed = home.carryall(&["index"]).output()?;
    let found = search(&mut home.server()?)?;
    assert!(found["hits"][0]["why"].as_str().is_some_and(|it| it.contains("+ history 0.6")), "{found} {indexed:?}");
    assert!(!mark.exists() && !root.join("ran").exists());
    // The same settings do run programs in a git that is not held: the test would see it.
    let _ = git(&root, &["log", "-p"], "");
    assert!(mark.exists(), "nothing of this runs anything");
    Ok(())
}

fn first_why(found: &Value) -> &str {
    found["hits"][0]["why"].as_str().unwrap_or_default()
}

#[test]
fn a_part_of_a_repository_has_the_past_of_its_files() -> anyhow::Result<()> {
    if !has_git("a_part_of_a_repository_has_the_past_of_its_files") {
        return Ok(());
    }
    let home = repository()?;
    let part = home.workspace().join("src");
    let indexed = home.carryall(&["--json", "index"]).current_dir(&part).output()?;
    let answer: Value = serde_json::from_slice(&indexed.stdout)?;
    let root = dunce::canonicalize(&part)?;
    assert_eq!(answer["workspaces"][0]["root"].as_str(), root.to_str(), "{answer}");
    let mut command = home.carryall(&[]);
    command.current_dir(&part);
    let mut server = Server::start(command)?;
    let found = search(&mut server)?;
    assert_eq!(found["hits"][0]["path"], "net.rs");
    assert!(first_why(&found).contains("+ history 0.6"), "{found}");
    Ok(())
}

#[test]
fn a_server_that_is_started_at_the_root_of_the_file_system_knows_the_past_of_what_it_may_see() -> anyhow::Result<()> {
    if !has_git("a_server_that_is_started_at_the_root_of_the_file_system_knows_the_past_of_what_it_may_see") {
        return Ok(());
    }
    let home = repository()?;
    home.carryall(&["index"]).output()?;
    let root = home.workspace();
    let mut command = home.carryall(&["--root", root.to_str().context("a temporary folder")?]);
    command.current_dir("/");
    let found = search(&mut Server::start(command)?)?;
    assert_eq!(found["hits"][0]["path"], "src/net.rs");
    assert!(first_why(&found).contains("+ history 0.6"), "{found}");
    Ok(())
}

#[test]
fn what_is_ignored_stays_out_though_commits_changed_it() -> anyhow::Result<()> {
    if !has_git("what_is_ignored_stays_out_though_commits_changed_it") {
        return Ok(());
    }
    let home = repository()?;
    let root = home.workspace();
    std::fs::create_dir(root.join("local"))?;
    std::fs::write(root.join("local/net.rs"), NET)?;
    for arguments in [&["add", "."][..], &["-c", "user.name=A", "-c", "user.email=a", "commit", "-m", ASKED]] {
        git(&root, arguments, "")?;
    }
    std::fs::write(root.join(".gitignore"), "local/\n")?;
    home.carryall(&["index"]).output()?;
    let found = search(&mut home.server()?)?;
    assert!(first_why(&found).contains("+ history"), "{found}");
    assert!(!found.to_string().contains("local"), "{found}");
    Ok(())
}

#[test]
fn an_index_by_hand_says_what_it_did_and_then_what_it_reads_of_the_past() -> anyhow::Result<()> {
    if !has_git("an_index_by_hand_says_what_it_did_and_then_what_it_reads_of_the_past") {
        return Ok(());
    }
    let home = repository()?;
    let indexed = home.carryall(&["index"]).output()?;
    let remarks = String::from_utf8_lossy(&indexed.stderr).into_owned();
    assert!(remarks.contains("reading 60 past commits"), "{remarks}");
    // What is told stands before what is known then.
    assert!(!String::from_utf8_lossy(&indexed.stdout).contains("past commits"), "{indexed:?}");
    let again: Value = serde_json::from_slice(&home.carryall(&["--json", "index"]).output()?.stdout)?;
    assert_eq!(again["workspaces"][0]["commits"], 60, "{again}");
    let doctor = home.carryall(&["doctor"]).output()?;
    assert_eq!(String::from_utf8_lossy(&doctor.stdout).matches(", 60 past commits").count(), 2, "{doctor:?}");
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_signal_ends_an_index_by_hand_that_waits_for_git() -> anyhow::Result<()> {
    use std::io::BufRead as _;
    use std::os::unix::fs::PermissionsExt as _;

    let home = Home::new()?;
    std::fs::create_dir(home.workspace().join(".git"))?;
    std::fs::write(home.workspace().join(".git/HEAD"), "ref: refs/heads/main\n")?;
    std::fs::write(home.workspace().join("a.rs"), NET)?;
    let programs = home.folder().join("programs");
    std::fs::create_dir(&programs)?;
    std::fs::write(programs.join("git"), "#!/bin/sh\nkill -STOP $$\n")?;
    std::fs::set_permissions(programs.join("git"), std::fs::Permissions::from_mode(0o755))?;
    let mut running = home.carryall(&["index"]).env("PATH", &programs).spawn()?;
    let mut lines = std::io::BufReader::new(running.stdout.take().context("no output")?).lines();
    let first = lines.next().context("nothing is said before git has told")??;
    assert!(first.starts_with("1 file indexed"), "{first}");
    let process = rustix::process::Pid::from_raw(i32::try_from(running.id())?).context("no process")?;
    rustix::process::kill_process(process, rustix::process::Signal::INT)?;
    let ended = running.wait_with_output()?;
    assert!(ended.status.success(), "{ended:?}");
    assert!(String::from_utf8_lossy(&ended.stderr).contains("stopped"), "{ended:?}");
    Ok(())
}
