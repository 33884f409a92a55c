//! Opens connections to the file, each with the same settings, and looks after the file itself.

use std::hash::BuildHasher;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::OpenFlags;

use super::error::StoreError;
use super::migrate;

/// How a connection is going to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
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
    pub chunks: i64,
}

/// Attempts of the busy handler before it gives up. At 1 to 4 ms each, with growing waits, this is about 20 s:
/// longer than any transaction of ours, shorter than the time limit of any host.
const BUSY_ATTEMPTS: i32 = 4000;

/// Opens the file for `access`. Only [`Access::Write`] creates and migrates it.
pub(super) fn open(path: &Path, access: Access) -> Result<Connection, StoreError> {
    match access {
        Access::Write => open_writer(path),
        Access::Read => open_reader(path),
    }
}

fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    prepare_file(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = connect(path, flags)?;
    settle(&mut conn, Access::Write).map_err(|err| StoreError::of(path, &err))?;
    migrate::check(path, &conn)?;
    set_wal(path, &conn)?;
    migrate::run(path, &mut conn)?;
    if conn.is_readonly("main").unwrap_or(false) {
        return Err(StoreError::ReadOnly { path: path.to_path_buf(), reason: "it is read-only".to_owned() });
    }
    Ok(conn)
}

fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let ready = |mut conn: Connection| -> Result<Connection, StoreError> {
        settle(&mut conn, Access::Read).map_err(|err| StoreError::of(path, &err))?;
        migrate::check(path, &conn)?;
        Ok(conn)
    };
    match connect(path, flags).and_then(ready) {
        // A folder that cannot be written has no room for the -shm file that readers of a write-ahead log share.
        // `immutable` reads without it: right as long as nobody else writes, and nobody can.
        Err(StoreError::Unusable { .. } | StoreError::ReadOnly { .. }) if path.exists() => {
            let uri = format!("file:{}?immutable=1", escape(path));
            connect(Path::new(&uri), flags | OpenFlags::SQLITE_OPEN_URI).and_then(ready)
        }
        other => other,
    }
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
    // Durable before acknowledged: the log is flushed at each commit. Group commit makes up for the cost.
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "fullfsync", true)?;
    conn.pragma_update(None, "checkpoint_fullfsync", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // Pages are cached by the operating system too; small caches keep a server with five connections small.
    conn.pragma_update(None, "cache_size", if access == Access::Write { -4096 } else { -2048 })?;
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
    if attempt >= BUSY_ATTEMPTS * 2 {
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
    if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty() && !it.exists()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(unusable)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(err) if err.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(StoreError::ReadOnly { path: path.to_path_buf(), reason: err.to_string() })
        }
        Err(err) => Err(unusable(err)),
    }
}

/// Which file a path leads to now. A connection whose file was moved or deleted under it must not be used on:
/// what it acknowledged would be in a file that nobody can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIdentity(u64, u64);

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

/// Looks the whole file over: its settings, its integrity, its counts.
pub(super) fn health(conn: &Connection, path: &Path) -> rusqlite::Result<Health> {
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
    Ok(Health {
        schema_version: migrate::version(conn)?,
        size_bytes: std::fs::metadata(path).map(|it| it.len()).unwrap_or(0),
        journal_mode: conn.query_row("PRAGMA journal_mode", [], |row| row.get(0))?,
        integrity: conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?,
        memories: count("SELECT count(*) FROM memories")?,
        chunks: count("SELECT count(*) FROM chunks")?,
    })
}
