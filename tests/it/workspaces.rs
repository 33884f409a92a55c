//! Several workspaces in one file are kept apart, and one is the same for all who look at it, whatever git does to its files.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::harness::Server;
use crate::history::git;
use crate::history::has_git;

fn write(path: &Path, text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    std::fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
    Ok(std::fs::write(path, text)?)
}

/// A server of `home` that was started in `folder`.
fn server_in(home: &Home, folder: &Path) -> anyhow::Result<Server> {
    let mut command = home.carryall(&[]);
    command.current_dir(folder);
    Server::start(command)
}

fn uris<'a>(answer: &'a Value, list: &str) -> Vec<&'a str> {
    answer[list].as_array().into_iter().flatten().filter_map(|it| it["uri"].as_str()).collect()
}

fn paths(server: &mut Server, query: &str) -> anyhow::Result<Vec<String>> {
    let found = server.call("search_workspace", json!({"query": query}))?;
    let hits = found["hits"].as_array().cloned().unwrap_or_default();
    anyhow::ensure!(hits.iter().all(|it| it["stale"] == false), "{found}");
    Ok(hits.iter().filter_map(|it| it["path"].as_str()).map(str::to_owned).collect())
}

/// A folder of 150 files that have `word` and words that all such folders have.
fn project(folder: &Path, word: &str) -> anyhow::Result<()> {
    for at in 0..150 {
        let text: String = (0..40).map(|line| format!("fn {word}_{at}_{line}() {{ counter(); }}\n")).collect();
        write(&folder.join(format!("src/part{at}.rs")), text)?;
    }
    Ok(())
}

fn index_file(home: &Home) -> PathBuf {
    let mut name = home.database().into_os_string();
    name.push("-index");
    PathBuf::from(name)
}

#[test]
fn workspaces_of_one_file_are_kept_apart_and_one_that_is_removed_gives_its_room_back() -> anyhow::Result<()> {
    let home = Home::new()?;
    let folders = [home.workspace(), home.folder().join("other")];
    for (folder, word) in folders.iter().zip(["otter", "quagga"]) {
        project(folder, word)?;
        let mut server = server_in(&home, folder)?;
        let indexed = server.call("index_workspace", json!({}))?;
        assert_eq!(indexed["workspaces"].as_array().map(Vec::len), Some(1), "{indexed}");
        assert_eq!(indexed["workspaces"][0]["files"], 150, "{indexed}");
        server.finish()?;
    }
    let of_both = json!({"query": "the counter of an otter or quagga", "limit": 100});
    for folder in &folders {
        let mut server = server_in(&home, folder)?;
        let root = dunce::canonicalize(folder)?.display().to_string();
        let found = server.call("search_workspace", of_both.clone())?;
        let pack = server.call("assemble_context", json!({"query": "the counter of an otter or quagga"}))?;
        for (answer, list) in [(&found, "hits"), (&pack, "items")] {
            let found = uris(answer, list);
            assert!(!found.is_empty() && found.iter().all(|it| it.contains(&root)), "{root}: {found:?}");
        }
        server.finish()?;
    }
    let doctor = home.carryall(&["doctor"]).output()?;
    let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
    for name in ["work", "other"] {
        let line = told.lines().find(|it| it.contains(&format!("/{name}, 150 files (")));
        assert!(line.is_some_and(|it| it.contains(" 0 skipped") && it.contains("kB)")), "{name}: {told}");
    }

    let before = std::fs::metadata(index_file(&home))?.len();
    let removed = home.carryall(&["index", "--json", "--remove"]).arg(&folders[1]).output()?;
    let removed: Value = serde_json::from_slice(&removed.stdout)?;
    assert_eq!(removed["files_removed"], 150, "{removed}");
    let after = std::fs::metadata(index_file(&home))?.len();
    assert!(after * 10 < before * 7, "of two as large as each other one is left: {before} {after}");
    assert_eq!(paths(&mut server_in(&home, &folders[0])?, "otter_149_39")?[0], "src/part149.rs");
    let home = home.clone_with("CARRYALL_READ_ONLY", "1");
    assert!(paths(&mut server_in(&home, &folders[1])?, "quagga_149_39")?.is_empty());
    Ok(())
}

const COMMITTER: [&str; 4] = ["-c", "user.name=A", "-c", "user.email=a@example.org"];

fn commit_all(root: &Path, message: &str) -> anyhow::Result<()> {
    git(root, &["add", "--all"], "")?;
    git(root, &[&COMMITTER[..], &["commit", "--quiet", "--message", message]].concat(), "")
}

#[test]
fn what_git_does_to_the_files_is_known_to_every_process_at_its_next_question() -> anyhow::Result<()> {
    if !has_git("what_git_does_to_the_files_is_known_to_every_process_at_its_next_question") {
        return Ok(());
    }
    let home = Home::new()?;
    let root = home.workspace();
    git(&root, &["init", "--quiet", "--initial-branch=main"], "")?;
    write(&root.join("src/store.rs"), "pub fn kiln() {}\n")?;
    write(&root.join("docs/guide.md"), "# Guide\n\nThe otter is described here.\n")?;
    commit_all(&root, "begin")?;
    let mut servers = [home.server()?, home.server()?];
    let mut check = |what: &str, expected: &[(&str, &[&str])]| -> anyhow::Result<()> {
        for (at, server) in servers.iter_mut().enumerate() {
            for (query, wanted) in expected {
                assert_eq!(paths(server, query)?, *wanted, "{what}: {query} asked of {at}");
            }
        }
        Ok(())
    };
    check("the first run", &[("kiln", &["src/store.rs"]), ("otter", &["docs/guide.md"])])?;

    git(&root, &["checkout", "--quiet", "-b", "next"], "")?;
    write(&root.join("src/store.rs"), "pub fn glaze() {}\n")?;
    git(&root, &["mv", "docs", "book"], "")?;
    check("a folder that was moved", &[("otter", &["book/guide.md"]), ("kiln", &[]), ("glaze", &["src/store.rs"])])?;
    commit_all(&root, "next")?;
    git(&root, &["checkout", "--quiet", "main"], "")?;
    check("a switch", &[("otter", &["docs/guide.md"]), ("kiln", &["src/store.rs"]), ("glaze", &[])])?;
    git(&root, &["checkout", "--quiet", "next"], "")?;
    check("a switch back", &[("otter", &["book/guide.md"]), ("kiln", &[]), ("glaze", &["src/store.rs"])])?;

    std::fs::rename(root.join("src/store.rs"), root.join("src/Store.rs"))?;
    std::fs::rename(root.join("book"), root.join("Book"))?;
    check("names in other letters", &[("otter", &["Book/guide.md"]), ("glaze", &["src/Store.rs"])])?;
    write(&root.join("src/a.rs"), "pub fn zither() {}\n")?;
    write(&root.join("src/b.rs"), "pub fn bassoon() {}\n")?;
    check("new files", &[("zither", &["src/a.rs"]), ("bassoon", &["src/b.rs"])])?;
    for (from, to) in [("a.rs", "c.rs"), ("b.rs", "a.rs"), ("c.rs", "b.rs")] {
        std::fs::rename(root.join("src").join(from), root.join("src").join(to))?;
    }
    check("two that changed their names", &[("zither", &["src/b.rs"]), ("bassoon", &["src/a.rs"])])?;
    git(&root, &["reset", "--quiet", "--hard", "main"], "")?;
    git(&root, &["clean", "--quiet", "--force", "-d"], "")?;
    check("what was thrown away", &[("otter", &["docs/guide.md"]), ("kiln", &["src/store.rs"]), ("bassoon", &[])])?;

    // A second working tree is a workspace of its own, by the rules that all of them share.
    write(&root.join(".git/info/exclude"), "private/\n")?;
    let tree = home.folder().join("tree");
    git(
        &root,
        &["worktree", "add", "--quiet", tree.to_str().context("a temporary folder")?, "-b", "third", "main"],
        "",
    )?;
    let mut there = server_in(&home, &tree)?;
    write(&tree.join("src/store.rs"), "pub fn teapot() {}\n")?;
    write(&tree.join("private/store.rs"), "pub fn teapot() {}\n")?;
    assert_eq!(paths(&mut there, "teapot")?, ["src/store.rs"]);
    assert!(paths(&mut there, "kiln")?.is_empty());
    check("another tree", &[("teapot", &[]), ("kiln", &["src/store.rs"])])?;
    Ok(())
}

/// The paths that `query` finds, once nothing is indexed behind the answers any more.
fn at_last(server: &mut Server, query: &str) -> anyhow::Result<Vec<String>> {
    for _ in 0..200 {
        let found = server.call("search_workspace", json!({"query": query}))?;
        if found["partial"] == false {
            return paths(server, query);
        }
    }
    anyhow::bail!("it is still being indexed")
}

#[test]
fn a_folder_around_one_that_is_indexed_is_read_too_and_no_file_is_found_twice() -> anyhow::Result<()> {
    let home = Home::new()?;
    let root = dunce::canonicalize(home.workspace())?;
    write(&root.join("packages/ui/button.py"), "def button(): pass\n")?;
    write(&root.join("private/button.py"), "def button(): pass\n")?;
    write(&root.join("billing.py"), "def refund_order(order): pass\n")?;
    write(&root.join(".gitignore"), "private/\n")?;
    for inner in ["packages/ui", "private"] {
        let mut server = server_in(&home, &root.join(inner))?;
        server.call("index_workspace", json!({}))?;
        server.finish()?;
    }
    let mut server = server_in(&home, &root)?;
    assert_eq!(at_last(&mut server, "refund_order")?, ["billing.py"]);
    // What the outer folder leaves out, only the inner one has.
    let mut found = at_last(&mut server, "button")?;
    found.sort();
    assert_eq!(found, ["button.py", "packages/ui/button.py"]);
    let mut inner = server_in(&home, &root.join("packages/ui"))?;
    assert_eq!(at_last(&mut inner, "button")?, ["button.py"]);
    // Nor is one that is gone.
    std::fs::remove_dir_all(root.join("packages"))?;
    assert_eq!(at_last(&mut server, "button")?, ["button.py"]);
    Ok(())
}

#[test]
fn the_size_of_the_index_before_a_removal_is_that_with_its_log() -> anyhow::Result<()> {
    let home = Home::new()?;
    write(&home.workspace().join("a.py"), "def zebra(): pass\n")?;
    // It has written nothing into the file itself yet.
    let mut server = home.server()?;
    server.call("index_workspace", json!({}))?;
    let removed = home.carryall(&["index", "--json", "--remove", "."]).output()?;
    let removed: Value = serde_json::from_slice(&removed.stdout)?;
    assert!(removed["before_bytes"].as_u64() >= removed["after_bytes"].as_u64(), "{removed}");
    server.finish()?;
    Ok(())
}

#[test]
fn it_is_told_that_only_a_part_was_indexed() -> anyhow::Result<()> {
    let home = Home::new()?;
    let root = home.workspace();
    std::fs::create_dir(root.join(".git"))?;
    write(&root.join("src/store.rs"), "pub fn kiln() {}\n")?;
    write(&root.join("rollup.js"), "export const rollup = 1;\n")?;
    let mut server = home.server()?;
    server.call("index_workspace", json!({"paths": ["src"]}))?;
    let mut ask = |arguments: Value| server.call("assemble_context", arguments);
    let question = json!({"query": "the kiln of rollup"});
    let pack = ask(question.clone())?;
    let reason = "of the folder only /src is indexed; index_workspace reads all of it";
    assert_eq!(pack["degraded"], json!([{"source": "workspace", "reason": reason}]), "{pack}");
    assert!(pack["absent"].is_null(), "{pack}");
    assert_eq!(ask(question.clone())?["cached"], true);
    let within = ask(json!({"query": "the kiln of rollup", "paths": ["src"]}))?;
    assert_eq!((&within["degraded"], &within["absent"]), (&json!([]), &json!(["rollup"])), "{within}");
    server.call("index_workspace", json!({}))?;
    assert_eq!(server.call("assemble_context", question)?["degraded"], json!([]));
    Ok(())
}
