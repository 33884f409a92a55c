//! Several servers on one file.

use std::path::Path;
use std::sync::Barrier;
use std::sync::Mutex;

use super::server::Server;
use super::server::check_sound;
use super::server::outside;

/// Hosts that a person has open at once, and then some.
const PROCESSES: usize = 8;

fn word(process: usize, at: usize) -> String {
    // One word to the index: nothing else finds it.
    let letters = |mut number: usize| {
        let mut out = String::new();
        for _ in 0..4 {
            out.push(char::from(b"bcdfghjklm"[number % 10]));
            number /= 10;
        }
        out
    };
    format!("{}q{}", letters(process), letters(at))
}

/// Writes `count` memories and looks for those of the others in between, now for those of one of them, now for those
/// of all; `latest` is what each acknowledged last.
fn write_and_read(
    db: &Path,
    process: usize,
    count: usize,
    start: &Barrier,
    latest: &[Mutex<Option<usize>>],
) -> anyhow::Result<()> {
    start.wait();
    let mut server = Server::start(db)?;
    for at in 0..count {
        let own = word(process, at);
        server.remember(&format!("process {process} noted {own} as number {at}"))?;
        *latest[process].lock().map_err(|err| anyhow::anyhow!("{err}"))? = Some(at);
        let others = match at % 50 {
            49 => 0..PROCESSES,
            it if it % 5 == 0 => {
                let other = (process + 1 + at / 5) % PROCESSES;
                other..other + 1
            }
            _ => 0..0,
        };
        for other in others {
            let seen = *latest[other].lock().map_err(|err| anyhow::anyhow!("{err}"))?;
            if let Some(seen) = seen {
                let wanted = word(other, seen);
                let found = server.recall(&wanted)?;
                anyhow::ensure!(found.len() == 1 && found[0].contains(&wanted), "{wanted} was not seen: {found:?}");
            }
        }
    }
    server.end()
}

#[test]
fn eight_processes_write_and_read_one_file_and_nothing_is_lost() -> anyhow::Result<()> {
    check_together(200)
}

#[test]
#[ignore = "takes a minute; asked for by its name, with --ignored"]
fn eight_processes_write_a_thousand_each_and_nothing_is_lost() -> anyhow::Result<()> {
    check_together(1000)
}

fn check_together(each: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let db = folder.path().join("shared.db");
    let start = Barrier::new(PROCESSES);
    let latest: Vec<Mutex<Option<usize>>> = (0..PROCESSES).map(|_| Mutex::default()).collect();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..PROCESSES)
            .map(|process| {
                let (db, start, latest) = (&db, &start, &latest);
                scope.spawn(move || write_and_read(db, process, each, start, latest))
            })
            .collect();
        running.into_iter().try_for_each(|it| it.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?)
    })?;
    let health = check_sound(&db)?;
    assert_eq!(health.memories, i64::try_from(PROCESSES * each)?);
    assert_eq!(health.journal_mode, "wal");
    let mut server = Server::start(&db)?;
    for process in 0..PROCESSES {
        for at in [0, 1, each / 2, each - 1] {
            assert_eq!(server.recall(&word(process, at))?.len(), 1);
        }
    }
    server.end()
}

#[test]
fn eight_processes_may_begin_a_new_file_at_the_same_moment() -> anyhow::Result<()> {
    for round in 0..6 {
        let folder = tempfile::tempdir()?;
        // The folder is made by whoever comes first, too.
        let db = folder.path().join("new").join("begun.db");
        let start = Barrier::new(PROCESSES);
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..PROCESSES)
                .map(|process| {
                    let (db, start) = (&db, &start);
                    scope.spawn(move || -> anyhow::Result<()> {
                        let mut server = Server::start(db)?;
                        start.wait();
                        // Half of them read first: a file that is there but still empty must not confuse them.
                        if (process + round) % 2 == 0 {
                            server.recall("anything")?;
                        }
                        server.remember(&word(process, round))?;
                        assert_eq!(server.recall(&word(process, round))?.len(), 1);
                        server.end()
                    })
                })
                .collect();
            running.into_iter().try_for_each(|it| it.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?)
        })?;
        assert_eq!(check_sound(&db)?.memories, i64::try_from(PROCESSES)?);
    }
    Ok(())
}

#[test]
fn a_server_whose_file_is_migrated_under_it_reads_on_and_stops_writing() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let db = folder.path().join("old.db");
    let mut server = Server::start(&db)?;
    server.remember("kept from before")?;
    let newer = outside(&db)?;
    let version: i64 = newer.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    newer.pragma_update(None, "user_version", version + 1)?;
    newer.execute_batch("CREATE TABLE of_tomorrow (x)")?;
    // The second refusal comes from a fresh connection, and must say the same.
    for _ in 0..2 {
        let (kind, text) = server.fails("remember", serde_json::json!({"content": "too late"}))?;
        assert_eq!(kind, "storage");
        for part in [db.to_string_lossy().as_ref(), "was migrated", "restart this server", "stopped writing"] {
            assert!(text.to_lowercase().contains(&part.to_lowercase()), "{part} is not in: {text}");
        }
        assert_eq!(server.recall("kept")?, ["kept from before"]);
    }
    let (_, text) = Server::start(&db)?.fails("recall", serde_json::json!({"query": "kept"}))?;
    assert!(text.contains("Update carryall"), "{text}");
    newer.pragma_update(None, "user_version", version)?;
    server.remember("in time again")?;
    server.end()
}
