//! Where a file lies: how much room there is, and whether the folder is a network's or a syncing program's.

use std::path::Path;

/// Folders of syncing programs, as a part of a path; they copy a database amid its writes.
///
/// Source: the default folders of each program, read 2026-11-21.
const SYNCED: [(&str, &str); 10] = [
    ("Dropbox", "a Dropbox folder"),
    ("OneDrive", "a OneDrive folder"),
    ("Google Drive", "a Google Drive folder"),
    ("GoogleDrive", "a Google Drive folder"),
    ("iCloud Drive", "an iCloud folder"),
    ("Mobile Documents", "an iCloud folder"),
    ("CloudStorage", "a folder of a cloud drive"),
    ("Nextcloud", "a Nextcloud folder"),
    ("ownCloud", "an ownCloud folder"),
    ("Syncthing", "a Syncthing folder"),
];

/// What makes it unsafe to keep a database at `path`, if anything does.
pub(crate) fn looks_synced(path: &Path) -> Option<&'static str> {
    let synced = path.components().find_map(|part| {
        let part = part.as_os_str().to_str()?;
        // OneDrive and Dropbox add the name of a company: `OneDrive - Example`.
        SYNCED.iter().find(|(name, _)| part == *name || part.strip_prefix(name).is_some_and(|it| it.starts_with(' ')))
    });
    synced.map(|(_, what)| *what).or_else(|| network(path))
}

/// The nearest folder of `path` that exists.
fn existing(path: &Path) -> Option<&Path> {
    path.ancestors().find(|it| it.exists())
}

/// How many bytes a user may still write there.
#[cfg(unix)]
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(existing(path)?).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let _ = existing(path);
    None
}

/// The file system of a network, on which SQLite's locks do not hold.
#[cfg(target_os = "linux")]
fn network(path: &Path) -> Option<&'static str> {
    /// Source: `linux/magic.h`, Linux 6.12.
    const NETWORKS: [(u32, &str); 7] = [
        (0x6969, "a network folder (NFS)"),
        (0x517b, "a network folder (SMB)"),
        (0xff53_4d42, "a network folder (CIFS)"),
        (0xfe53_4d42, "a network folder (SMB2)"),
        (0x5346_414f, "a network folder (AFS)"),
        (0x0102_1997, "a folder of another machine (9P)"),
        (0x00c3_6400, "a network folder (Ceph)"),
    ];
    let kind = rustix::fs::statfs(existing(path)?).ok()?.f_type;
    // The kernel's number has 32 bits, whatever the width of the field.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "only the low 32 bits are set")]
    let kind = kind as u32;
    NETWORKS.iter().find(|(magic, _)| *magic == kind).map(|(_, what)| *what)
}

#[cfg(not(target_os = "linux"))]
fn network(_: &Path) -> Option<&'static str> {
    None
}
