//! The folder in which a demonstration lives.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use super::super::failed::Failed;
use crate::ids;

/// How often a folder is tried to be removed, and how long after each time.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// A folder among the system's temporary ones, for the user alone; removed with all that is in it when this is
/// dropped, unless it is to be kept.
#[derive(Debug)]
pub(super) struct TempFolder {
    path: PathBuf,
    keep: bool,
}

impl TempFolder {
    pub(super) fn new(keep: bool) -> Result<TempFolder, Failed> {
        let folder = TempFolder { path: std::env::temp_dir().join(format!("carryall-demo-{}", ids::fresh())), keep };
        for path in [folder.path.clone(), folder.home()] {
            #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
            let mut builder = DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(&path).map_err(|err| Failed::file("create", &path, &err))?;
        }
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The home folder of the server.
    pub(super) fn home(&self) -> PathBuf {
        self.path.join("home")
    }
}

impl Drop for TempFolder {
    /// A server that was just killed may write until it has ended, so the removal is tried again for two seconds.
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        for left in (0..TRIES).rev() {
            match std::fs::remove_dir_all(&self.path) {
                Ok(()) => return,
                Err(err) if err.kind() == ErrorKind::NotFound => return,
                Err(_) if left > 0 => std::thread::sleep(PAUSE),
                Err(err) => tracing::warn!(folder = %self.path.display(), error = %err, "could not be removed"),
            }
        }
    }
}
