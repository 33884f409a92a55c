//! Opens connections to the file, each with the same settings, and looks after the file itself.

use std::hash::BuildHasher;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;

use super::error::StoreError;
use super::migrate;

/// How a connection is going to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Write,
    Read,
}

/// What `doctor` wants to know about the file.
#[derive(Clone, Debug)]
pub struct Health {
    pub schema_version: i64,
    pub size_bytes: u64,
    pub journal_mode: String,
    /// `ok`, or what SQLite's check found.
    pub integrity: String,
    pub memories: i64,
    /// Memories that stand in their table but not in its text index, or the other way round; 0 in a sound
    /// file.
    pub text_disagreements: i64,
}

/// Attempts of the busy handler before it gives up. At 2.2 ms each, this is about 10 s: longer than any transaction
/// of ours, shorter than the time limit of any host.
const BUSY_ATTEMPTS: i32 = 4500;

/// How often a file may be replaced while it is being opened; the second time is rare enough.
const REPLACED_MEANWHILE: usize = 8;

/// An open connection, and the files that it was opened on.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) conn: Connection,
    pub(super) files: Files,
    /// The schema version of the file.
    pub(super) version: i64,
    /// SQLite's own count of schema changes when the connection was opened. It grows as well when other contents are put
    /// into the file by SQLite's backup, as `.restore` does.
    pub(super) cookie: i64,
    /// Whether the connection follows what others write; one on a file that cannot be locked does not.
    pub(super) follows: bool,
    /// The number of the file among those that this process has worked with; `None` when it is not known.
    pub(super) generation: Option<u64>,
    /// Gone after the connection, for which the order of the fields cares.
    _pin: Pin,
    _held: Option<Held>,
}

/// The files that connections of this process are open on. While one is, no new file can have its identity.
#[derive(Clone, Debug, Default)]
pub(super) struct Pins {
    open: Arc<Mutex<Vec<Files>>>,
}

impl Pins {
    fn pin(&self, files: Files) -> Pin {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).push(files);
        Pin { files, pins: self.clone() }
    }

    /// Sets aside the log and its index of a file that was replaced while this process had it open: SQLite would take
    /// them for those of the file that is at the path now. Must be called before that one is opened.
    pub(super) fn clear_what_is_left(&self, path: &Path) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = identity(path);
        for old in open.iter().filter(|it| it.main != now) {
            let _lock = lock_folder(path);
            for (suffix, then) in [("-wal", old.log), ("-shm", old.index)] {
                let left = beside(path, suffix);
                if then.is_some() && identity(&left) == then {
                    set_aside(&left);
                }
            }
        }
    }
}

/// Takes its files out of the [`Pins`] when it is dropped.
#[derive(Debug)]
struct Pin {
    files: Files,
    pins: Pins,
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut open = self.pins.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = open.iter().position(|it| *it == self.files) {
            open.swap_remove(at);
        }
    }
}

/// The files that connections of this process are open on or are about to be, one entry for each. Closing a file drops the
/// locks that all connections of the process have on it (POSIX), so none of these is opened by other means than SQLite's.
static HELD: Mutex<Vec<FileIdentity>> = Mutex::new(Vec::new());

/// Takes its file out of [`HELD`] when it is dropped.
#[derive(Debug)]
struct Held(FileIdentity);

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = held.iter().position(|it| *it == self.0) {
            held.swap_remove(at);
        }
    }
}

/// Holds the file at `path`, which is about to be opened, and sets aside the log of one that stood here before a backup was
/// moved into its place: our copies say in their header that they have no log (the versions at 18 and 19 are 1), and SQLite
/// changes that before it begins one.
///
/// Source: "Database File Format", 1.3.3 (sqlite.org), 2026-11.
fn hold(path: &Path) -> Option<Held> {
    let now = identity(path)?;
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    if !held.contains(&now) || cfg!(not(unix)) {
        let _lock = lock_folder(path);
        let (log, mut head) = (beside(path, "-wal"), [0; 20]);
        // The log first: who begins one has written the header by then.
        let is_foreign = !is_empty(&log)
            && std::fs::File::open(path).and_then(|mut it| it.read_exact(&mut head)).is_ok()
            && head[18..] == [1, 1];
        if is_foreign {
            set_aside(&log);
            set_aside(&beside(path, "-shm"));
        }
    }
    held.push(now);
    Some(Held(now))
}

/// Opens the file for writing: creates what is missing and brings it to the schema of this program.
pub(super) fn open_writer(path: &Path, pins: &Pins) -> Result<Opened, StoreError> {
    for _ in 0..REPLACED_MEANWHILE {
        pins.clear_what_is_left(path);
        prepare_file(path)?;
        let held = hold(path);
        let before = identity(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut conn = connect(path, flags)?;
        let mut ready = || -> Result<(), StoreError> {
            settle(&mut conn, Access::Write).map_err(|err| StoreError::of(path, &err))?;
            migrate::check(path, &conn)?;
            set_wal(path, &conn)?;
            migrate::run(path, &mut conn)?;
            if conn.is_readonly("main").unwrap_or(false) {
                return Err(StoreError::ReadOnly { path: path.to_path_buf(), reason: "it is read-only".to_owned() });
            }
            Ok(())
        };
        ready().map_err(|err| name_the_folder(path, err))?;
        // Another file may have taken its place while this one was opened.
        let files = files(path);
        if files.main.is_some() && files.main == before {
            return Ok(Opened {
                files,
                version: migrate::known(),
                cookie: migrate::cookie(&conn).map_err(|err| StoreError::of(path, &err))?,
                conn,
                follows: true,
                generation: None,
                _pin: pins.pin(files),
                _held: held,
            });
        }
    }
    Err(StoreError::Unusable { path: path.to_path_buf(), reason: "it is replaced again and again".to_owned() })
}

/// Opens the file for reading, as it is: it may have an older schema. One with a newer schema is refused unless
/// `newer_too`.
pub(super) fn open_reader(path: &Path, newer_too: bool, pins: &Pins) -> Result<Opened, StoreError> {
    if path.is_dir() {
        return Err(StoreError::Unusable { path: path.to_path_buf(), reason: "it is a folder".to_owned() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    pins.clear_what_is_left(path);
    let held = hold(path);
    let before = identity(path);
    let ready = |mut conn: Connection, follows: bool| -> Result<Opened, StoreError> {
        settle(&mut conn, Access::Read).map_err(|err| StoreError::of(path, &err))?;
        let version = match migrate::check(path, &conn) {
            Err(StoreError::Newer { found, .. }) if newer_too => found,
            other => other?,
        };
        let files = Files { main: before, ..files(path) };
        let cookie = migrate::cookie(&conn).map_err(|err| StoreError::of(path, &err))?;
        Ok(Opened { conn, files, version, cookie, follows, generation: None, _pin: pins.pin(files), _held: None })
    };
    let opened = match connect(path, flags).and_then(|conn| ready(conn, true)) {
        // A folder that cannot be written has no room for the -shm file that readers of a write-ahead log share.
        // `immutable` reads without it: right as long as nobody else writes, and nobody can; and as long as the log
        // holds nothing, for it is not read then.
        Err(StoreError::Unusable { .. } | StoreError::ReadOnly { .. } | StoreError::Full { .. })
            if path.exists() && is_empty(&beside(path, "-wal")) =>
        {
            let uri = format!("file:{}?immutable=1", escape(path));
            connect(Path::new(&uri), flags | OpenFlags::SQLITE_OPEN_URI).and_then(|conn| ready(conn, false))
        }
        other => other.map_err(|err| name_the_folder(path, err)),
    };
    opened.map(|it| Opened { _held: held, ..it })
}

/// Says of a file that could not be opened that its folder is the reason, when it is.
fn name_the_folder(path: &Path, err: StoreError) -> StoreError {
    #[cfg(unix)]
    if let StoreError::Unusable { .. } | StoreError::ReadOnly { .. } = &err
        && path.is_file()
        && rustix::fs::access(super::error::folder(&real(path)), rustix::fs::Access::WRITE_OK).is_err()
    {
        let reason = "its folder cannot be written, and the log beside it must be".to_owned();
        return StoreError::ReadOnly { path: path.to_path_buf(), reason };
    }
    let _ = path;
    err
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that opens databases")]
fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    Connection::open_with_flags(path, flags).map_err(|err| StoreError::of(path, &err))
}

fn escape(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

/// The settings of every connection.
fn settle(conn: &mut Connection, access: Access) -> rusqlite::Result<()> {
    conn.busy_handler(Some(wait_a_little))?;
    conn.set_prepared_statement_cache_capacity(64);
    // Plans do not depend on what is bound: else SQLite compiles a statement that may use a partial index (that of
    // sessions, of gists, of expiry) anew each time, which was a sixth of a `recall`.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    super::insights::teach(conn)?;
    // Durable before acknowledged: the log is flushed at each commit. Group commit makes up for the cost.
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "fullfsync", true)?;
    conn.pragma_update(None, "checkpoint_fullfsync", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // In KiB. Pages are cached by the operating system too; small caches keep a server with five connections small.
    conn.pragma_update(None, "cache_size", if access == Access::Write { -2048 } else { -1024 })?;
    Ok(())
}

/// Switching to the write-ahead log needs the file alone for a moment, and SQLite does not ask the busy handler
/// then; several servers that start on a new file at once must wait for each other here.
fn set_wal(path: &Path, conn: &Connection) -> Result<(), StoreError> {
    let mut attempt = 0;
    loop {
        let mode = conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode.map_err(|err| StoreError::of(path, &err)) {
            Ok(_) => break,
            Err(StoreError::Busy { .. }) if wait_a_little(attempt) => attempt += 1,
            Err(err) => return Err(err),
        }
    }
    conn.pragma_update(None, "journal_size_limit", 16 << 20).map_err(|err| StoreError::of(path, &err))
}

/// The busy handler: waits 0.2 to 1 ms at first and up to 4 ms later, by chance, so that processes that wait for
/// the same file do not wake in step and none is starved (SQLite's own handler lets single waits grow to 100 ms;
/// one of eight processes was seen to wait 831 ms with it).
fn wait_a_little(attempt: i32) -> bool {
    if attempt >= BUSY_ATTEMPTS {
        return false;
    }
    let longest = if attempt < 50 { 1_000 } else { 4_000 };
    let chance = std::hash::RandomState::new().hash_one(attempt);
    std::thread::sleep(Duration::from_micros(200 + chance % longest));
    true
}

/// Creates the file and its folder when they are missing, readable by their owner alone.
fn prepare_file(path: &Path) -> Result<(), StoreError> {
    let unusable = |err: std::io::Error| StoreError::Unusable { path: path.to_path_buf(), reason: err.to_string() };
    if path.is_dir() {
        return Err(StoreError::Unusable { path: path.to_path_buf(), reason: "it is a folder".to_owned() });
    }
    if path.exists() {
        return Ok(());
    }
    let folder = super::error::folder(path);
    if !folder.exists() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(unusable)?;
    }
    let _lock = lock_folder(path);
    if path.exists() {
        return Ok(());
    }
    // What lies beside a file that was deleted belongs to nothing any more. A new file must not share the old
    // one's log and index with processes that still have the old one open.
    for suffix in ["-wal", "-shm", "-journal"] {
        set_aside(&beside(path, suffix));
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(err) => match err.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Err(StoreError::ReadOnly { path: path.to_path_buf(), reason: err.to_string() })
            }
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Err(StoreError::Full { path: path.to_path_buf() })
            }
            _ => Err(unusable(err)),
        },
    }
}

/// Takes a log or its index away from beside a database that it does not belong to. A log that holds something is
/// renamed and not deleted: whoever moved its database without it can put both together again.
fn set_aside(left: &Path) {
    if is_empty(left) || left.to_string_lossy().ends_with("-shm") {
        let _ = std::fs::remove_file(left);
        return;
    }
    let mut name = left.as_os_str().to_owned();
    name.push(format!(".left-{}", crate::ids::fresh()));
    tracing::warn!(path = %left.display(), kept = %PathBuf::from(&name).display(), "this log belonged to a database that is gone");
    let _ = std::fs::rename(left, PathBuf::from(name));
}

/// Takes the file at `path` away with its log when it is damaged; one that is whole was made anew meanwhile, by another
/// process. `false` when it stays damaged.
pub(super) fn take_away_damaged(path: &Path) -> bool {
    let _lock = lock_folder(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let found = connect(path, flags).and_then(|conn| {
        let check = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        check.map_err(|err| StoreError::of(path, &err))
    });
    let is_damaged = match found {
        Ok(found) => found != "ok",
        Err(err) => matches!(err, StoreError::Corrupt { .. }),
    };
    if is_damaged {
        tracing::warn!(path = %path.display(), "the index was damaged and is made anew");
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(beside(path, suffix));
        }
    }
    !is_damaged || !path.exists()
}

/// Keeps other processes of ours from creating or clearing files beside this one, until it is dropped. `None` where
/// a folder cannot be locked; there the rare race remains.
fn lock_folder(path: &Path) -> Option<std::fs::File> {
    let folder = std::fs::File::open(super::error::folder(&real(path))).ok()?;
    folder.lock().ok()?;
    Some(folder)
}

/// Which file a path leads to now. A connection whose file was moved or deleted under it must not be used on:
/// what it acknowledged would be in a file that nobody can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIdentity(u64, u64);

/// The files of a database when a connection was opened on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) main: Option<FileIdentity>,
    log: Option<FileIdentity>,
    index: Option<FileIdentity>,
}

impl Files {
    /// Whether the files at `path` are still these.
    pub(super) fn are_at(&self, path: &Path) -> bool {
        let now = files(path);
        let same = |then: Option<FileIdentity>, now| then.is_none() || then == now;
        self.main.is_some() && self.main == now.main && same(self.log, now.log) && same(self.index, now.index)
    }
}

fn files(path: &Path) -> Files {
    Files { main: identity(path), log: identity(&beside(path, "-wal")), index: identity(&beside(path, "-shm")) }
}

/// The file that links at `path` lead to, whether it is there or not: SQLite keeps the log and its index beside that one
/// (on Windows beside the link).
pub(super) fn real(path: &Path) -> PathBuf {
    let mut real = path.to_path_buf();
    for _ in 0..LINKS {
        match std::fs::read_link(&real) {
            Ok(to) if cfg!(unix) => real = super::error::folder(&real).join(to),
            _ => break,
        }
    }
    real
}

/// As many links in a row as Linux follows.
const LINKS: usize = 40;

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = real(path).into_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).map_or(true, |it| it.len() == 0)
}

/// The identity of the file at `path`; `None` when there is none.
pub(super) fn identity(path: &Path) -> Option<FileIdentity> {
    let metadata = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some(FileIdentity(metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        // Without inode numbers only a missing file can be told; an open file cannot be deleted there anyway.
        let _ = metadata;
        Some(FileIdentity(0, 0))
    }
}

/// What stands in a table but not in its text index, or the other way round.
const TEXT_DISAGREEMENTS: &str = "SELECT
      (SELECT count(*) FROM memories WHERE seq NOT IN (SELECT id FROM memories_text_docsize))
    + (SELECT count(*) FROM memories_text_docsize WHERE id NOT IN (SELECT seq FROM memories))";

/// Looks the whole file over: its settings, its integrity, its counts.
pub(super) fn health(conn: &Connection, path: &Path) -> rusqlite::Result<Health> {
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
    Ok(Health {
        schema_version: migrate::version(conn)?,
        size_bytes: std::fs::metadata(path).map(|it| it.len()).unwrap_or(0),
        journal_mode: conn.query_row("PRAGMA journal_mode", [], |row| row.get(0))?,
        integrity: conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?,
        memories: count("SELECT count(*) FROM memories")?,
        text_disagreements: count(TEXT_DISAGREEMENTS)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_whose_database_is_gone_is_set_aside_and_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::write(beside(&path, "-wal"), b"what was acknowledged").unwrap();
        std::fs::write(beside(&path, "-shm"), b"index").unwrap();
        prepare_file(&path).unwrap();
        let names: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        let kept = names.iter().find(|it| it.starts_with("a.db-wal.left-")).unwrap();
        assert_eq!(std::fs::read(folder.path().join(kept)).unwrap(), b"what was acknowledged");
        assert_eq!(names.len(), 2, "{names:?}");
    }

    /// A store with three memories, a backup of that, and then so many more that the log holds changes of many pages.
    async fn with_backup(path: &Path, backup: &Path) -> super::super::Store {
        let notes = |count: usize| (0..count).map(|at| super::super::tests::note(&format!("note {at}"))).collect();
        let store = super::super::Store::new(path);
        store.remember(notes(3), 0).await.unwrap();
        store.backup(backup.to_path_buf()).await.unwrap();
        store.remember(notes(200), 1).await.unwrap();
        store
    }

    #[tokio::test]
    async fn a_log_that_a_killed_process_left_is_not_taken_for_that_of_a_backup() {
        let folder = tempfile::tempdir().unwrap();
        let (path, backup) = (folder.path().join("a.db"), folder.path().join("a.bak"));
        let store = with_backup(&path, &backup).await;
        let log = std::fs::read(beside(&path, "-wal")).unwrap();
        store.close().await;
        std::fs::rename(&backup, &path).unwrap();
        std::fs::write(beside(&path, "-wal"), &log).unwrap();
        for _ in 0..2 {
            let store = super::super::Store::new(&path);
            let health = store.health().await.unwrap();
            assert_eq!((health.memories, health.integrity.as_str()), (3, "ok"));
            store.close().await;
        }
        let mut names = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path());
        let kept = names.find(|it| it.to_string_lossy().contains("a.db-wal.left-")).unwrap();
        assert_eq!(std::fs::read(kept).unwrap(), log);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_log_of_a_file_behind_a_link_lies_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (real, backup) = (folder.path().join("real/a.db"), folder.path().join("real/a.bak"));
        std::fs::create_dir(folder.path().join("real")).unwrap();
        let link = folder.path().join("b.db");
        std::os::unix::fs::symlink("real/a.db", folder.path().join("c.db")).unwrap();
        std::os::unix::fs::symlink("c.db", &link).unwrap();
        let store = with_backup(&link, &backup).await;
        assert!(!is_empty(&beside(&link, "-wal")));
        // Under the running store.
        std::fs::rename(&backup, &real).unwrap();
        store.remember(vec![super::super::tests::note("after")], 2).await.unwrap();
        let health = store.health().await.unwrap();
        assert_eq!((health.memories, health.integrity.as_str()), (4, "ok"));
        store.close().await;
    }
}
