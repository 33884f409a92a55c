//! Opens a file that a hostile tree may have swapped for a pipe or for a link to somewhere else.

use std::fs::File;
use std::fs::Metadata;
use std::io;
use std::io::Read;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::skip::SkipReason;

/// Opens `path` for reading and says what was opened. Never waits, never follows a link in any part of the path, opens
/// regular files only.
///
/// `path` must be real already, as the walk gives it: a link in it is what this guards against.
pub(super) fn open_regular(path: &Path) -> Result<(File, Metadata), SkipReason> {
    // Opening some devices has effects, so look before as well as after.
    check_regular(&std::fs::symlink_metadata(path).map_err(|err| reason(&err))?)?;
    let file = open(path)?;
    let metadata = file.metadata().map_err(|err| reason(&err))?;
    check_regular(&metadata)?;
    Ok((file, metadata))
}

/// Reads `file` to its end, or gives up when it has more than `max_bytes`, however large it claimed to be.
pub(super) fn read_capped(file: File, max_bytes: u64) -> Result<Vec<u8>, SkipReason> {
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(|err| reason(&err))?;
    if bytes.len() as u64 > max_bytes { Err(SkipReason::TooLarge) } else { Ok(bytes) }
}

/// Whether `root` is a folder that can be looked into. One that is not mounted now, or that may not be read now, is not a
/// workspace with all of its files deleted.
pub(super) fn is_there(root: &Path) -> bool {
    std::fs::read_dir(root).is_ok()
}

/// When `metadata` says the file was changed, in nanoseconds since 1970; 0 where the platform does not tell.
pub(super) fn mtime_ns(metadata: &Metadata) -> i64 {
    let Ok(changed) = metadata.modified() else {
        return 0;
    };
    match changed.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |it| -it),
    }
}

/// When the file or what may be done with it has changed, in nanoseconds since 1970: nobody can set it back.
#[cfg(unix)]
pub(super) fn change_ns(metadata: &Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
pub(super) fn change_ns(metadata: &Metadata) -> i64 {
    mtime_ns(metadata)
}

pub(super) fn reason(err: &io::Error) -> SkipReason {
    match err.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SkipReason::Gone,
        _ if is_link(err) => SkipReason::SymlinkOutside,
        _ => SkipReason::Unreadable,
    }
}

/// Whether opening failed because of a link; the standard library has no stable kind for it.
fn is_link(err: &io::Error) -> bool {
    #[cfg(unix)]
    {
        err.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
    }
    #[cfg(not(unix))]
    {
        let _ = err;
        false
    }
}

fn check_regular(metadata: &Metadata) -> Result<(), SkipReason> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_symlink() {
        Err(SkipReason::SymlinkOutside)
    } else {
        Err(SkipReason::SpecialFile)
    }
}

#[cfg(target_os = "linux")]
fn open(path: &Path) -> Result<File, SkipReason> {
    use rustix::fs::CWD;
    use rustix::fs::Mode;
    use rustix::fs::ResolveFlags;
    use rustix::io::Errno;
    // One call that refuses links in every part of the path; older kernels and some sandboxes do not have it.
    match rustix::fs::openat2(CWD, path, unix_flags(), Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Ok(file) => Ok(File::from(file)),
        Err(Errno::NOSYS | Errno::PERM | Errno::INVAL) => open_without_links(path),
        Err(err) => Err(reason(&err.into())),
    }
}

#[cfg(not(target_os = "linux"))]
fn open(path: &Path) -> Result<File, SkipReason> {
    open_without_links(path)
}

/// Checks the path and then opens it; between the two, a folder above could still be swapped.
fn open_without_links(path: &Path) -> Result<File, SkipReason> {
    if dunce::canonicalize(path).map_err(|err| reason(&err))? != path {
        return Err(SkipReason::SymlinkOutside);
    }
    #[cfg(unix)]
    {
        let opened = rustix::fs::open(path, unix_flags(), rustix::fs::Mode::empty());
        opened.map(File::from).map_err(|err| reason(&err.into()))
    }
    #[cfg(not(unix))]
    {
        File::open(path).map_err(|err| reason(&err))
    }
}

#[cfg(unix)]
fn unix_flags() -> rustix::fs::OFlags {
    use rustix::fs::OFlags;
    OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC
}
