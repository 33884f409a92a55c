//! Everything that can be wrong with the file: said clearly, survived, and forgotten once it is right again.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use super::server::Server;
use super::server::check_sound;
use super::server::command;
use super::server::outside;

/// A running server with one memory, and its file.
fn served() -> anyhow::Result<(tempfile::TempDir, PathBuf, Server)> {
    let folder = tempfile::tempdir()?;
    let db = folder.path().join("mine.db");
    let mut server = Server::start(&db)?;
    server.remember("the harbour is blue")?;
    Ok((folder, db, server))
}

/// The failure must be of this kind, name the file, and hold every part.
fn refused(server: &mut Server, tool: &str, db: &Path, kind: &str, parts: &[&str]) -> anyhow::Result<()> {
    let arguments = if tool == "remember" { json!({"content": "one more"}) } else { json!({"query": "harbour"}) };
    let (found, text) = server.fails(tool, arguments)?;
    anyhow::ensure!(found == kind, "{found} instead of {kind}: {text}");
    let path = db.to_string_lossy();
    for part in parts.iter().copied().chain([path.as_ref()]) {
        anyhow::ensure!(text.contains(part), "{part:?} is not in: {text}");
    }
    Ok(())
}

/// Puts what `make` makes in the place of the file, both before a server starts and while one runs; all calls must
/// be refused with `parts`. Then the file comes back, and everything works again without a restart.
fn check_replaced(make: impl Fn(&Path) -> anyhow::Result<()>, parts: &[&str]) -> anyhow::Result<()> {
    let (folder, db, running) = served()?;
    let mut other = Server::start(&db)?;
    assert_eq!(other.recall("harbour")?.len(), 1);
    running.end()?;
    let away = folder.path().join("away.db");
    let checkpointed = outside(&db)?;
    checkpointed.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    drop(checkpointed);
    std::fs::rename(&db, &away)?;
    make(&db)?;
    let mut fresh = Server::start(&db)?;
    for server in [&mut other, &mut fresh] {
        for tool in ["remember", "recall", "remember"] {
            refused(server, tool, &db, "storage", parts)?;
        }
    }
    if db.is_dir() {
        std::fs::remove_dir(&db)?
    } else {
        std::fs::remove_file(&db)?
    }
    std::fs::rename(&away, &db)?;
    for (at, mut server) in [other, fresh].into_iter().enumerate() {
        assert_eq!(server.recall("harbour")?, ["the harbour is blue"]);
        server.remember(&format!("server {at} is well again"))?;
        assert_eq!(server.recall("again")?.len(), at + 1);
        server.end()?;
    }
    assert_eq!(check_sound(&db)?.memories, 3);
    Ok(())
}

#[test]
fn a_damaged_file_is_named_and_left_alone() -> anyhow::Result<()> {
    let noise: Vec<u8> = (0..20_000_u32).map(|at| u8::try_from(at * 7919 % 251).unwrap_or(0)).collect();
    check_replaced(|db| Ok(std::fs::write(db, &noise)?), &["is damaged or no database", "restore a backup"])
}

#[test]
fn the_file_of_another_program_is_refused() -> anyhow::Result<()> {
    let theirs = |db: &Path| -> anyhow::Result<()> {
        let conn = outside(db)?;
        conn.execute_batch("CREATE TABLE theirs (x)")?;
        Ok(())
    };
    check_replaced(theirs, &["belongs to another program", "CARRYALL_DB"])
}

#[test]
fn the_file_of_a_newer_version_is_refused() -> anyhow::Result<()> {
    let newer = |db: &Path| -> anyhow::Result<()> {
        let conn = outside(db)?;
        conn.pragma_update(None, "application_id", 0x4341_7272)?;
        conn.pragma_update(None, "user_version", 9999)?;
        Ok(())
    };
    check_replaced(newer, &["schema version 9999", "Update carryall"])
}

#[test]
fn a_folder_in_the_place_of_the_file_is_named() -> anyhow::Result<()> {
    check_replaced(|db| Ok(std::fs::create_dir(db)?), &["it is a folder", "CARRYALL_DB"])
}

#[test]
fn pages_that_were_damaged_are_told_and_the_rest_is_read() -> anyhow::Result<()> {
    let (folder, db, mut server) = served()?;
    server.done("write_context", json!({"scope": "global", "key": "colour", "data": "blue"}))?;
    server.end()?;
    let conn = outside(&db)?;
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'memories'";
    let page: i64 = conn.query_row(sql, [], |row| row.get(0))?;
    let size: i64 = conn.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    drop(conn);
    let sound = folder.path().join("sound.db");
    std::fs::copy(&db, &sound)?;
    let mut bytes = std::fs::read(&db)?;
    let start = usize::try_from((page - 1) * size)?;
    bytes[start..start + usize::try_from(size)?].fill(0xAB);
    std::fs::write(&db, bytes)?;

    let mut server = Server::start(&db)?;
    refused(&mut server, "recall", &db, "storage", &["is damaged", "restore a backup"])?;
    refused(&mut server, "remember", &db, "storage", &["is damaged", "restore a backup"])?;
    let read = server.done("read_context", json!({"scope": "global", "key": "colour"}))?;
    assert_eq!(read["contexts"][0]["data"], "blue");
    std::fs::rename(&sound, &db)?;
    server.remember("whole again")?;
    assert_eq!(server.recall("harbour")?.len(), 1);
    server.end()?;
    check_sound(&db)?;
    Ok(())
}

#[test]
fn a_damaged_index_of_files_is_built_anew() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let work = folder.path().join("work");
    std::fs::create_dir(&work)?;
    for at in 0..40 {
        std::fs::write(work.join(format!("m{at}.rs")), format!("pub fn lift_anchor_{at}() {{}}\n").repeat(60))?;
    }
    let db = folder.path().join("mine.db");
    let index = folder.path().join("mine.db-index");
    let served = || {
        let mut command = command(&[], &db);
        command.current_dir(&work);
        Server::start_with(command)
    };
    let mut server = served()?;
    server.done("index_workspace", json!({}))?;
    server.remember("the harbour is blue")?;
    server.end()?;
    let hits = |server: &mut Server| -> anyhow::Result<usize> {
        let found = server.done("search_workspace", json!({"query": "lift_anchor_7"}))?;
        Ok(found["hits"].as_array().map_or(0, Vec::len))
    };

    // No database at all: nobody hears of it.
    std::fs::write(&index, b"this is no database".repeat(500))?;
    let mut server = served()?;
    server.done("index_workspace", json!({}))?;
    assert!(hits(&mut server)? > 0);
    server.end()?;

    // Cut in half, which is noticed amid the reading or writing: that call may fail, and says that the next one will do.
    let conn = outside(&index)?;
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    drop(conn);
    let half = std::fs::metadata(&index)?.len() / 2;
    std::fs::OpenOptions::new().write(true).open(&index)?.set_len(half)?;
    let mut server = served()?;
    let answer = server.call("search_workspace", json!({"query": "lift_anchor_7"}))?;
    let text = answer["content"][0]["text"].as_str().unwrap_or_default();
    assert!(answer["isError"] != true || text.contains("Call again"), "{text}");
    server.done("index_workspace", json!({}))?;
    assert!(hits(&mut server)? > 0);
    assert_eq!(server.recall("harbour")?.len(), 1);
    server.end()?;
    Ok(())
}

#[test]
fn a_file_that_another_process_holds_is_read_on_and_written_when_it_is_free() -> anyhow::Result<()> {
    let (_folder, db, mut server) = served()?;
    let holder = outside(&db)?;
    holder.execute_batch("BEGIN EXCLUSIVE")?;
    let waiting = server.send_call("remember", json!({"content": "one more"}))?;
    // Readers do not wait for writers.
    let mut reader = Server::start(&db)?;
    assert_eq!(reader.recall("harbour")?.len(), 1);
    let (answered, result) = server.next_answer()?.unwrap();
    assert_eq!(answered, waiting);
    let error = &result["_meta"]["carryall/error"];
    assert_eq!(error["kind"], "busy", "{result}");
    assert_eq!(error["retry_after_s"], 1.0);
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.contains(&*db.to_string_lossy()) && text.contains("Try again"), "{text}");
    // Its last trace cannot be written now; the end does not wait for that for long, and is a good one.
    reader.end()?;
    holder.execute_batch("ROLLBACK")?;
    server.remember("one more")?;
    server.end()
}

#[test]
fn a_deleted_file_is_begun_anew_and_the_others_follow() -> anyhow::Result<()> {
    // With and without what lies beside it: neither may leak into the new file.
    for suffixes in [&["", "-wal", "-shm"][..], &[""][..]] {
        let (_folder, db, mut server) = served()?;
        let mut other = Server::start(&db)?;
        assert_eq!(other.recall("harbour")?.len(), 1);
        for suffix in suffixes {
            let mut name = db.clone().into_os_string();
            name.push(suffix);
            std::fs::remove_file(name)?;
        }
        server.remember("a new beginning")?;
        assert_eq!(other.recall("harbour")?, [""; 0]);
        assert_eq!(other.recall("beginning")?, ["a new beginning"]);
        other.remember("and a second line")?;
        assert_eq!(server.recall("second")?.len(), 1);
        server.end()?;
        other.end()?;
        assert_eq!(check_sound(&db)?.memories, 2);
    }
    Ok(())
}

#[test]
fn a_file_that_takes_the_place_of_another_is_written_from_then_on() -> anyhow::Result<()> {
    let (folder, db, mut server) = served()?;
    let mut other = Server::start(&db)?;
    assert_eq!(other.recall("harbour")?.len(), 1);
    let second = folder.path().join("second.db");
    let mut maker = Server::start(&second)?;
    maker.remember("from the second file")?;
    maker.end()?;
    for number in 0..300 {
        server.remember(&format!("number {number} goes into the log of the first file"))?;
    }
    std::fs::rename(&second, &db)?;
    server.remember("written after")?;
    for server in [&mut server, &mut other] {
        assert_eq!(server.recall("written after")?, ["written after"]);
        assert_eq!(server.recall("second file")?, ["from the second file"]);
        assert_eq!(server.recall("harbour")?, [""; 0]);
    }
    server.end()?;
    other.end()?;
    assert_eq!(check_sound(&db)?.memories, 2);
    Ok(())
}

#[cfg(unix)]
#[test]
fn the_file_is_readable_by_its_owner_alone() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir()?;
    let db = folder.path().join("made").join("mine.db");
    let mut server = Server::start(&db)?;
    server.remember("private")?;
    let mode = |path: &Path| -> anyhow::Result<u32> { Ok(std::fs::metadata(path)?.permissions().mode() & 0o777) };
    assert_eq!(mode(&db)?, 0o600);
    assert_eq!(mode(&db.with_extension("db-wal"))?, 0o600);
    assert_eq!(mode(&db.with_extension("db-shm"))?, 0o600);
    assert_eq!(mode(&folder.path().join("made"))?, 0o700);
    server.end()
}

/// A folder of its own file system with `size` bytes, where this machine lets us make one.
#[cfg(target_os = "linux")]
struct SmallDisk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl SmallDisk {
    #[expect(clippy::disallowed_methods, reason = "the system's own command")]
    fn new(size: &str) -> anyhow::Result<Option<SmallDisk>> {
        let folder = tempfile::tempdir()?;
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .stderr(std::process::Stdio::null())
            .status();
        Ok(mounted.is_ok_and(|it| it.success()).then(|| SmallDisk(folder)))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    #[expect(clippy::disallowed_methods, reason = "the system's own command")]
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_the_rest_is_read_until_there_is_room_again() -> anyhow::Result<()> {
    let Some(disk) = SmallDisk::new("2m")? else {
        // Past the capture of the test runner: a skip is to be seen.
        return Ok(writeln!(std::io::stderr(), "skipped: a small file system cannot be mounted here")?);
    };
    let db = disk.0.path().join("small.db");
    let mut server = Server::start(&db)?;
    server.remember("the harbour is blue")?;
    let ballast = disk.0.path().join("ballast");
    // Write until nothing fits any more.
    let chunk = vec![b'x'; 4096];
    let mut file = std::fs::File::create(&ballast)?;
    while std::io::Write::write_all(&mut file, &chunk).is_ok() {}
    drop(file);
    let mut stored = 0;
    let text = loop {
        let call = json!({"content": format!("filling {stored} {}", "with many words ".repeat(2000))});
        let result = server.call("remember", call)?;
        if result["isError"] == true {
            break result["content"][0]["text"].as_str().unwrap_or_default().to_owned();
        }
        stored += 1;
        assert!(stored < 1000, "the disk never became full");
    };
    for part in ["No space left", &*db.to_string_lossy(), "Free some space"] {
        assert!(text.to_lowercase().contains(&part.to_lowercase()), "{part} is not in: {text}");
    }
    assert_eq!(server.recall("harbour")?.len(), 1);
    let mut fresh = Server::start(&db)?;
    assert_eq!(fresh.recall("harbour")?.len(), 1);
    refused(&mut fresh, "remember", &db, "storage", &["No space left"]).or_else(|_| {
        // A small one may still fit into what the log has.
        fresh.call("remember", json!({"content": "x ".repeat(400_000)})).map(|_| ())
    })?;
    std::fs::remove_file(&ballast)?;
    server.remember("room again")?;
    assert_eq!(fresh.recall("room again")?[0], "room again");
    server.end()?;
    fresh.end()?;
    check_sound(&db)?;
    Ok(())
}

/// The server under a user whom permissions bind: ourselves, or nobody when we are root.
#[cfg(target_os = "linux")]
fn bound_by_permissions(db: &Path) -> Option<std::process::Command> {
    if !rustix::process::geteuid().is_root() {
        return Some(command(&[], db));
    }
    #[expect(clippy::disallowed_methods, reason = "the system's own command")]
    let works = std::process::Command::new("setpriv")
        .args(["--reuid=65534", "--clear-groups", "test", "-x", env!("CARGO_BIN_EXE_carryall")])
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|it| it.success());
    works.then(|| command(&["setpriv", "--reuid=65534", "--clear-groups"], db))
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_read_and_named() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let (folder, db, server) = served()?;
    server.end()?;
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
    mode(&db, 0o666)?;
    mode(folder.path(), 0o555)?;
    let Some(command) = bound_by_permissions(&db) else {
        mode(folder.path(), 0o755)?;
        let why = "permissions do not bind root, and setpriv cannot start the server as nobody";
        return Ok(writeln!(std::io::stderr(), "skipped: {why}")?);
    };
    let mut server = Server::start_with(command)?;
    assert_eq!(server.recall("harbour")?.len(), 1);
    for _ in 0..2 {
        refused(&mut server, "remember", &db, "storage", &["cannot be written", "folder", "reading still works"])?;
        assert_eq!(server.recall("harbour")?.len(), 1);
    }
    // A new file in such a folder cannot even be begun.
    let mut missing = Server::start_with(bound_by_permissions(&folder.path().join("new.db")).unwrap())?;
    refused(&mut missing, "recall", &folder.path().join("new.db"), "storage", &["cannot be written"])?;
    missing.end()?;
    mode(folder.path(), 0o777)?;
    server.remember("writable again")?;
    assert_eq!(server.recall("writable")?.len(), 1);
    // What the reader without a lock saw must not stay: another server's writes are seen at once.
    let mut other = Server::start(&db)?;
    other.remember("from the other server")?;
    assert_eq!(server.recall("other server")?, ["from the other server"]);
    server.end()?;
    other.end()?;
    check_sound(&db)?;
    Ok(())
}

/// Puts what `backup` holds into the open file, as `.restore` does.
fn put_back(db: &Path, backup: &Path) -> anyhow::Result<()> {
    let (source, mut target) = (outside(backup)?, outside(db)?);
    rusqlite::backup::Backup::new(&source, &mut target)?.run_to_completion(1000, std::time::Duration::ZERO, None)?;
    Ok(())
}

#[test]
fn a_backup_that_is_put_back_into_the_open_file_is_noticed_by_running_servers() -> anyhow::Result<()> {
    let (folder, db, mut running) = served()?;
    let mut other = Server::start(&db)?;
    let backup = folder.path().join("backup.db");
    outside(&db)?.execute("VACUUM INTO ?1", [backup.to_string_lossy()])?;
    running.remember("the lighthouse keeper drinks coffee")?;
    // Both have read it now, and keep what they read.
    for server in [&mut running, &mut other] {
        assert_eq!(server.recall("lighthouse coffee")?.len(), 1);
    }
    put_back(&db, &backup)?;
    // Takes the number of the one that is gone, so that all counts are as they were.
    let mut fresh = Server::start(&db)?;
    fresh.remember("zebrafinches sing in Lisbon")?;
    for server in [&mut running, &mut other, &mut fresh] {
        assert_eq!(server.recall("zebrafinches")?, ["zebrafinches sing in Lisbon"]);
        assert_eq!(server.recall("lighthouse coffee")?, Vec::<String>::new());
        assert_eq!(server.recall("harbour")?, ["the harbour is blue"]);
    }
    running.remember("after it was put back")?;
    assert_eq!(other.recall("put back")?, ["after it was put back"]);
    for server in [running, other, fresh] {
        server.end()?;
    }
    assert_eq!(check_sound(&db)?.memories, 3);
    Ok(())
}

#[test]
fn a_backup_of_an_older_version_that_is_put_back_is_brought_up_to_date() -> anyhow::Result<()> {
    let (folder, db, mut running) = served()?;
    assert_eq!(running.recall("harbour")?.len(), 1);
    let home = folder.path().join("older.db");
    super::older::file_of_version_6(&home, &["Zoltan lives in Lisbon"])?;
    put_back(&db, &home)?;
    let mut other = Server::start(&db)?;
    running.remember("after it was put back")?;
    for server in [&mut running, &mut other] {
        assert_eq!(server.recall("put back")?, ["after it was put back"]);
        assert_eq!(server.recall("harbour")?, Vec::<String>::new());
    }
    put_back(&db, &home)?;
    // The next thing is a read, in both.
    for server in [&mut running, &mut other] {
        assert_eq!(server.recall("put back")?, Vec::<String>::new());
    }
    running.end()?;
    other.end()
}
