//! The edge to the disk: reads a host's file, and writes it whole or not at all, with a backup.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use super::Entry;
use super::Host;
use super::HostError;
use super::Refusal;
use super::SERVER_NAME;
use super::add;
use super::edits::position;
use super::find;
use super::remove;

/// What [`apply`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Adds or updates the entry.
    Write,
    /// Tells what [`Mode::Write`] would do; touches nothing.
    Print,
    /// Takes the entry out.
    Remove,
}

/// What became of the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Added,
    Updated,
    /// It was there already, just so.
    Unchanged,
    Removed,
    /// There was none to remove.
    Absent,
}

/// What [`apply`] did or, for [`Mode::Print`], would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub path: PathBuf,
    /// The copy of the file as it was before; `None` when nothing was written over.
    pub backup: Option<PathBuf>,
    /// Whether there was a file.
    pub before_exists: bool,
    /// The whole file as it is now.
    pub text: String,
    pub status: Status,
}

/// What `doctor` says of a host's entry.
#[derive(Debug)]
pub enum EntryStatus {
    NoFile,
    NoEntry,
    /// The command exists; a command without a folder is looked up by the host and is not checked.
    Ready(Entry),
    /// The entry names a program that is not there, or none at all.
    CommandMissing(Entry),
    /// The file could not be read or understood.
    Unreadable(HostError),
}

/// Writes, shows or removes the entry in the file at `path`.
///
/// The file is replaced in one step by a complete new one with the same permissions; a link is followed, not replaced.
/// The content of before is kept next to `path` as `<name>.carryall-backup-<n>`, whenever it changes. Missing folders
/// are created for the user alone. A file that holds nothing any more after [`Mode::Remove`] is deleted.
///
/// # Errors
/// [`HostError::Invalid`] and [`HostError::ByHand`] when the file is left alone because of what is in it, with the
/// snippet to paste; [`HostError::Access`] when the disk refuses; [`HostError::Changed`] when another program wrote the
/// file meanwhile.
pub fn apply(host: Host, path: &Path, entry: &Entry, mode: Mode) -> Result<Change, HostError> {
    let by_hand = match mode {
        Mode::Remove => format!("take the entry `{SERVER_NAME}` out by hand"),
        Mode::Write | Mode::Print => format!("put this in by hand:\n\n{}", host.snippet(entry)),
    };
    edit(host, path, mode, &by_hand, |before| {
        let found = find(host, before.unwrap_or_default())?;
        let text = match mode {
            Mode::Write | Mode::Print => add(host, before, entry)?,
            Mode::Remove => remove(host, before.unwrap_or_default())?,
        };
        let status = match (mode, found) {
            (Mode::Remove, None) => Status::Absent,
            (Mode::Remove, Some(_)) => Status::Removed,
            (_, None) => Status::Added,
            (_, Some(_)) if before == Some(text.as_str()) => Status::Unchanged,
            (_, Some(_)) => Status::Updated,
        };
        Ok((text, status))
    })
}

/// Changes the file at `path` as `change` says, which is given its text, `None` for no file, and gives back the new text
/// and what became of it; `by_hand` says what a person does where that is refused.
///
/// # Errors
/// As [`apply`].
pub(super) fn edit(
    host: Host,
    path: &Path,
    mode: Mode,
    by_hand: &str,
    change: impl FnOnce(Option<&str>) -> Result<(String, Status), Refusal>,
) -> Result<Change, HostError> {
    let target = follow(path)?;
    let before = read(host, &target, by_hand)?;
    let (text, status) = change(before.as_deref()).map_err(|it| refused(host, path, it, by_hand))?;
    let changes = mode != Mode::Print && !matches!(status, Status::Unchanged | Status::Absent);
    let mut backup = None;
    if changes {
        create_folder(&target)?;
        backup = before.as_deref().map(|it| back_up(path, &target, it)).transpose()?;
        if text.is_empty() && target == path {
            unchanged(&target, before.as_deref())?;
            fs::remove_file(&target).map_err(access(&target, "delete"))?;
        } else {
            replace(&target, before.as_deref(), &text)?;
        }
    }
    Ok(Change { path: path.to_path_buf(), backup, before_exists: before.is_some(), text, status })
}

/// Looks at the entry in the file at `path`; changes nothing.
pub fn check(host: Host, path: &Path) -> EntryStatus {
    let by_hand = format!("put in by hand what `carryall setup {} --print` shows", host.name());
    let text = follow(path).and_then(|target| read(host, &target, &by_hand));
    let found = match text {
        Ok(None) => return EntryStatus::NoFile,
        Ok(Some(text)) => find(host, &text),
        Err(err) => return EntryStatus::Unreadable(err),
    };
    match found {
        Ok(None) => EntryStatus::NoEntry,
        Ok(Some(entry)) => {
            let command = Path::new(&entry.command);
            let looked_up = command.components().count() == 1 && !command.is_absolute();
            match looked_up || command.is_file() {
                true => EntryStatus::Ready(entry),
                false => EntryStatus::CommandMissing(entry),
            }
        }
        Err(it) => EntryStatus::Unreadable(refused(host, path, it, &by_hand)),
    }
}

/// The file that a link leads to, also when that does not exist yet.
fn follow(path: &Path) -> Result<PathBuf, HostError> {
    let mut target = path.to_path_buf();
    // As many links in a row as Linux follows.
    for _ in 0..40 {
        match fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => {
                let next = fs::read_link(&target).map_err(access(&target, "follow"))?;
                target = target.parent().map_or(next.clone(), |it| it.join(&next));
            }
            _ => return Ok(target),
        }
    }
    Err(access(path, "follow")(io::Error::other("too many links in a row")))
}

/// The file's text, `None` when there is no file.
fn read(host: Host, target: &Path, by_hand: &str) -> Result<Option<String>, HostError> {
    let found = match fs::metadata(target) {
        Ok(it) => it,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(err) => return Err(access(target, "read")(err)),
    };
    if !found.is_file() {
        return Err(access(target, "read")(io::Error::other("it is not a file")));
    }
    let bytes = fs::read(target).map_err(access(target, "read"))?;
    String::from_utf8(bytes).map(Some).map_err(|err| {
        let at = err.utf8_error().valid_up_to();
        let valid = String::from_utf8_lossy(&err.as_bytes()[..at]).into_owned();
        let (line, column) = position(&valid, at);
        let problem = "it is not text in UTF-8".to_string();
        refused(host, target, Refusal::Invalid { line, column, problem }, by_hand)
    })
}

fn refused(host: Host, path: &Path, refusal: Refusal, by_hand: &str) -> HostError {
    let path = path.to_path_buf();
    match refusal {
        Refusal::Invalid { .. } => {
            let next_step = format!("mend the file at that place and try again, or {by_hand}");
            HostError::Invalid { path, format: host.format_name(), refusal, next_step }
        }
        Refusal::Shape { .. } => HostError::ByHand { path, refusal, next_step: by_hand.to_string() },
    }
}

fn create_folder(target: &Path) -> Result<(), HostError> {
    let Some(folder) = target.parent().filter(|it| !it.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(access(folder, "create"))
}

/// Copies the text of before next to `path`, under the first number that is free.
fn back_up(path: &Path, target: &Path, text: &str) -> Result<PathBuf, HostError> {
    let permissions = writable(target)?;
    for number in 1_u32.. {
        let backup = beside(path, &format!(".carryall-backup-{number}"));
        match create(&backup) {
            Ok(file) => {
                fill(file, &backup, text, Some(&permissions))?;
                return Ok(backup);
            }
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {}
            Err(err) => return Err(access(&backup, "write")(err)),
        }
    }
    Err(access(path, "back up")(io::Error::other("no number is free")))
}

/// The permissions of a file that may be changed; a file that its owner marked read-only may not.
fn writable(target: &Path) -> Result<fs::Metadata, HostError> {
    let found = fs::metadata(target).map_err(access(target, "read"))?;
    if found.permissions().readonly() {
        return Err(access(target, "write")(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only")));
    }
    Ok(found)
}

/// Puts a complete new file in the place of `target`.
fn replace(target: &Path, before: Option<&str>, text: &str) -> Result<(), HostError> {
    let permissions = before.map(|_| writable(target)).transpose()?;
    let temporary = beside(target, &format!(".carryall-{}", std::process::id()));
    let file = create(&temporary).map_err(access(&temporary, "write"))?;
    let done = fill(file, &temporary, text, permissions.as_ref())
        .and_then(|()| unchanged(target, before))
        .and_then(|()| fs::rename(&temporary, target).map_err(access(target, "write")));
    if done.is_err() {
        // What went wrong is told; a file left over is not worth a second error.
        let _ = fs::remove_file(&temporary);
        return done;
    }
    #[cfg(unix)]
    if let Some(folder) = target.parent().and_then(|it| File::open(it).ok()) {
        // Some file systems cannot sync a folder; the new file is in place either way.
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Refuses when the file is not the one that was read: hosts write their own files while they run.
fn unchanged(target: &Path, before: Option<&str>) -> Result<(), HostError> {
    let same = match (fs::read(target), before) {
        (Ok(now), Some(before)) => now == before.as_bytes(),
        (Err(err), None) => err.kind() == io::ErrorKind::NotFound,
        (Ok(_), None) | (Err(_), Some(_)) => false,
    };
    if same { Ok(()) } else { Err(HostError::Changed { path: target.to_path_buf() }) }
}

/// A new file that only the user may read until it gets the permissions of the old one: hosts keep keys in theirs.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn fill(mut file: File, path: &Path, text: &str, like: Option<&fs::Metadata>) -> Result<(), HostError> {
    file.write_all(text.as_bytes()).map_err(access(path, "write"))?;
    if let Some(like) = like {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            // Only the administrator can give a file away, and only then does it matter.
            let _ = std::os::unix::fs::fchown(&file, Some(like.uid()), Some(like.gid()));
        }
        file.set_permissions(like.permissions()).map_err(access(path, "set the permissions of"))?;
    }
    file.sync_all().map_err(access(path, "write"))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(ending);
    path.with_file_name(name)
}

fn access(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> HostError {
    let path = path.to_path_buf();
    move |source| HostError::Access { path, action, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(program: &Path) -> Entry {
        Entry::for_host(Host::Cursor, program).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn writes_backs_up_and_removes_again() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(".cursor").join("mcp.json");
        let program = home.path().join("carryall");
        let entry = entry(&program);

        let printed = apply(Host::Cursor, &path, &entry, Mode::Print).unwrap();
        assert_eq!((printed.status, printed.before_exists), (Status::Added, false));
        assert_eq!(names(home.path()), Vec::<String>::new(), "printing touches nothing");
        assert!(matches!(check(Host::Cursor, &path), EntryStatus::NoFile));

        let added = apply(Host::Cursor, &path, &entry, Mode::Write).unwrap();
        assert_eq!(added, printed);
        assert_eq!(fs::read_to_string(&path).unwrap(), added.text);
        assert!(matches!(check(Host::Cursor, &path), EntryStatus::CommandMissing(it) if it == entry));
        fs::write(&program, "").unwrap();
        assert!(matches!(check(Host::Cursor, &path), EntryStatus::Ready(it) if it == entry));

        let again = apply(Host::Cursor, &path, &entry, Mode::Write).unwrap();
        assert_eq!((again.status, again.backup), (Status::Unchanged, None));

        let removed = apply(Host::Cursor, &path, &entry, Mode::Remove).unwrap();
        let backup = path.with_file_name("mcp.json.carryall-backup-1");
        assert_eq!((removed.status, removed.backup), (Status::Removed, Some(backup.clone())));
        assert_eq!(fs::read_to_string(&backup).unwrap(), added.text);
        assert_eq!(names(path.parent().unwrap()), ["mcp.json.carryall-backup-1"], "a file that we made is gone");

        let absent = apply(Host::Cursor, &path, &entry, Mode::Remove).unwrap();
        assert_eq!((absent.status, absent.backup), (Status::Absent, None));
        assert_eq!(names(path.parent().unwrap()).len(), 1);
    }

    #[test]
    fn never_writes_over_an_earlier_backup() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("mcp.json");
        fs::write(&path, "{\"a\": 1}").unwrap();
        for round in 1..=3 {
            let added = apply(Host::Cursor, &path, &entry(Path::new("/a")), Mode::Write).unwrap();
            let backup = added.backup.unwrap();
            assert!(backup.ends_with(format!("mcp.json.carryall-backup-{}", 2 * round - 1)), "{backup:?}");
            assert_eq!(fs::read_to_string(&backup).unwrap(), "{\"a\": 1}");
            apply(Host::Cursor, &path, &entry(Path::new("/a")), Mode::Remove).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "{\"a\": 1}");
        }
        assert_eq!(names(home.path()).len(), 7);
    }

    #[test]
    fn leaves_alone_what_it_cannot_read_or_edit_and_says_the_way_out() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("mcp.json");
        let entry = entry(Path::new("/opt/carryall"));
        for text in [&b"{\n  \"a\": ,\n}"[..], b"{\"mcpServers\": 1}", b"\xff\xfe{\0}\0", b"{\"a\": \"\xc3\"}"] {
            fs::write(&path, text).unwrap();
            let err = apply(Host::Cursor, &path, &entry, Mode::Write).unwrap_err();
            assert!(err.to_string().contains("mcp.json"), "{err}");
            assert!(err.to_string().contains("line "), "{err}");
            assert!(err.next_step().contains("\"command\": \"/opt/carryall\""), "{}", err.next_step());
            let err = apply(Host::Cursor, &path, &entry, Mode::Remove).unwrap_err();
            assert!(err.next_step().contains("take the entry `carryall` out"), "{}", err.next_step());
            assert!(matches!(check(Host::Cursor, &path), EntryStatus::Unreadable(_)));
            assert_eq!(fs::read(&path).unwrap(), text);
            assert_eq!(names(home.path()), ["mcp.json"]);
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let err = apply(Host::Cursor, &path, &entry, Mode::Write).unwrap_err();
        assert!(matches!(err, HostError::Access { action: "read", .. }), "{err}");
        // A file where a folder should be.
        fs::remove_dir(&path).unwrap();
        fs::write(&path, "").unwrap();
        let err = apply(Host::Cursor, &path.join("mcp.json"), &entry, Mode::Write).unwrap_err();
        assert!(matches!(err, HostError::Access { .. }), "{err}");
    }

    #[test]
    fn notices_that_another_program_wrote_meanwhile() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("mcp.json");
        fs::write(&path, "{\"theirs\": 1}").unwrap();
        for before in [Some("{}"), None] {
            let err = replace(&path, before, "{\"ours\": 1}").unwrap_err();
            assert!(matches!(err, HostError::Changed { .. }), "{err}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "{\"theirs\": 1}");
            assert_eq!(names(home.path()), ["mcp.json"], "nothing is left over");
        }
    }

    #[cfg(unix)]
    #[test]
    fn keeps_permissions_and_links_and_leaves_read_only_files_alone() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let home = tempfile::tempdir().unwrap();
        let entry = entry(Path::new("/opt/carryall"));

        let fresh = home.path().join("new").join("deep").join("mcp.json");
        apply(Host::Cursor, &fresh, &entry, Mode::Write).unwrap();
        assert_eq!(mode(&fresh), 0o600);
        assert_eq!((mode(&home.path().join("new")), mode(fresh.parent().unwrap())), (0o700, 0o700));

        let dotfiles = home.path().join("dotfiles");
        fs::create_dir(&dotfiles).unwrap();
        let target = dotfiles.join("real.json");
        fs::write(&target, "{}").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
        let link = home.path().join("mcp.json");
        std::os::unix::fs::symlink("dotfiles/real.json", &link).unwrap();
        let change = apply(Host::Cursor, &link, &entry, Mode::Write).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), change.text);
        assert_eq!((mode(&target), mode(&change.backup.unwrap())), (0o640, 0o640));
        assert_eq!(names(&dotfiles), ["real.json"], "the backup stands by the link");

        let dangling = home.path().join("dangling.json");
        std::os::unix::fs::symlink("dotfiles/later.json", &dangling).unwrap();
        let change = apply(Host::Cursor, &dangling, &entry, Mode::Write).unwrap();
        assert_eq!(fs::read_to_string(dotfiles.join("later.json")).unwrap(), change.text);
        apply(Host::Cursor, &dangling, &entry, Mode::Remove).unwrap();
        assert_eq!(fs::read_to_string(&dangling).unwrap(), "", "the file behind a link stays");

        let circle = home.path().join("circle.json");
        std::os::unix::fs::symlink("circle.json", &circle).unwrap();
        let err = apply(Host::Cursor, &circle, &entry, Mode::Write).unwrap_err();
        assert!(matches!(err, HostError::Access { action: "follow", .. }), "{err}");

        fs::write(home.path().join("ro.json"), "{}").unwrap();
        let locked = home.path().join("ro.json");
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o444)).unwrap();
        let before = names(home.path());
        let err = apply(Host::Cursor, &locked, &entry, Mode::Write).unwrap_err();
        assert!(err.to_string().contains("read-only"), "{err}");
        assert_eq!((fs::read_to_string(&locked).unwrap().as_str(), names(home.path())), ("{}", before));
    }
}
