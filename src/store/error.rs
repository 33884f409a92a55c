//! Why the database could not do what was asked, sorted by what to do next.

use std::path::Path;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// A failed read or write. Cloned to every caller whose write stood in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Try again: another process held the file for longer than the patience of this one.
    #[error("database {} is busy: another process has held it for too long", path.display())]
    Busy { path: PathBuf },

    /// Make room; nothing was written.
    #[error("no space left for database {}", path.display())]
    Full { path: PathBuf },

    /// Change permissions or choose another file; reads go on.
    #[error("database {} cannot be written: {reason}", path.display())]
    ReadOnly { path: PathBuf, reason: String },

    /// Restore a backup or start afresh; the file is left as it is.
    #[error("database {} is damaged or no database: {reason}", path.display())]
    Corrupt { path: PathBuf, reason: String },

    /// Call again: what stood in it is made again from the files that it is about.
    #[error("the index {} was damaged and has been taken away: {reason}", path.display())]
    TakenAway { path: PathBuf, reason: String },

    /// Update the program; the file was left untouched.
    #[error("database {} has schema version {found}, this program knows up to {known}", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },

    /// Restart this process: a newer program changed the file while this one ran.
    #[error("database {} was migrated to schema version {found} while this server ran with {known}", path.display())]
    Migrated { path: PathBuf, found: i64, known: i64 },

    /// Name another file: this one belongs to a different program.
    #[error("database {} belongs to another program", path.display())]
    Foreign { path: PathBuf },

    /// Correct the call: it names something that is not there.
    #[error("{what} {id} does not exist")]
    Missing { what: &'static str, id: String },

    /// Read again and retry with the current version.
    #[error("the version is {current}, not {expected}")]
    Conflict { expected: i64, current: i64 },

    /// Make the call for whom it belongs to.
    #[error("{what} was not written for this user and persona")]
    Denied { what: String },

    /// Look at the path; the system refused.
    #[error("database {} cannot be used: {reason}", path.display())]
    Unusable { path: PathBuf, reason: String },

    /// Correct the line and import again; what is there already is passed over.
    #[error("cannot import line {line}: {reason}")]
    Malformed { line: usize, reason: String },

    /// Look at where the export goes.
    #[error("cannot write the export: {reason}")]
    Output { reason: String },

    /// The call was cancelled before it was done; nothing was written.
    #[error("cancelled")]
    Cancelled,

    /// A fault of this program.
    #[error("the database could not do this: {reason}")]
    Internal { reason: String },
}

impl StoreError {
    /// What a caller gets whose handle was closed meanwhile.
    pub(super) fn closed() -> StoreError {
        StoreError::Internal { reason: "the database is closed".to_owned() }
    }

    /// Sorts what SQLite reported about the file at `path`.
    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> StoreError {
        let path = path.to_path_buf();
        let reason = error.to_string();
        // What readers share beside the file could not grow, which SQLite does not report as a full disk.
        if error.sqlite_extended_error_code() == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            return StoreError::Full { path };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
            Some(ErrorCode::DiskFull) => StoreError::Full { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::ReadOnly { path, reason },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt { path, reason },
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed) => {
                StoreError::Unusable { path, reason }
            }
            Some(ErrorCode::OperationInterrupted) => StoreError::Cancelled,
            _ => StoreError::Internal { reason },
        }
    }

    /// Whether it tells something of the file, so that a connection that met it is better opened afresh.
    pub(super) fn is_about_the_file(&self) -> bool {
        matches!(
            self,
            StoreError::Full { .. }
                | StoreError::ReadOnly { .. }
                | StoreError::Corrupt { .. }
                | StoreError::TakenAway { .. }
                | StoreError::Newer { .. }
                | StoreError::Foreign { .. }
                | StoreError::Unusable { .. }
        )
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            StoreError::Busy { .. } => "try again in a few seconds".to_owned(),
            StoreError::Full { path } => {
                format!("free some space on the disk that holds {}, then call again", folder(path).display())
            }
            StoreError::ReadOnly { path, .. } => format!(
                "make {} and its folder writable, or name another file with --db or CARRYALL_DB; reading still works",
                path.display()
            ),
            StoreError::Corrupt { path, .. } => format!(
                "move {0} away, with {0}-wal and {0}-shm, and restore a backup in its place, or name another file with --db \
                 or CARRYALL_DB",
                path.display()
            ),
            StoreError::TakenAway { .. } => "call again: it is built anew from the files".to_owned(),
            StoreError::Newer { .. } => {
                "update carryall, or name another file with --db or CARRYALL_DB; the file was left untouched".to_owned()
            }
            StoreError::Migrated { .. } => {
                "restart this server (restart the host that started it); it has stopped writing".to_owned()
            }
            StoreError::Foreign { .. } => "name another file with --db or CARRYALL_DB".to_owned(),
            StoreError::Missing { .. } => "check the id; recall or list to find the right one".to_owned(),
            StoreError::Conflict { .. } => "read the current version, merge, and write again".to_owned(),
            StoreError::Denied { .. } => {
                "call with the user_id and persona that it was written for, with none when it is for everybody"
                    .to_owned()
            }
            StoreError::Unusable { path, .. } => format!(
                "check that {} exists and may be written, or name another file with --db or CARRYALL_DB",
                folder(path).display()
            ),
            StoreError::Malformed { .. } => {
                "correct the line or leave it out, then import again: rows that came in before are passed over"
                    .to_owned()
            }
            StoreError::Output { .. } => "check the place that the export goes to, and its free space".to_owned(),
            StoreError::Cancelled => "call again if it is still wanted".to_owned(),
            StoreError::Internal { .. } => {
                "run `carryall doctor`; if it persists, report it with the trace id".to_owned()
            }
        }
    }
}

/// The folder that holds the file.
pub(super) fn folder(path: &Path) -> PathBuf {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
}
