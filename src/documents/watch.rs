//! Asks the kernel to tell what changes in the folders of a workspace (inotify), and says what it told.
//!
//! The queue is read by the call that wants to know, never by a thread: whatever was done before the call is in it. A
//! folder is watched before it is listed, so that nothing falls between the two. Where the kernel cannot tell all (another
//! platform, a file system of a network), nothing is watched.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::ops::Bound;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// Folders that are watched in one workspace: the least that systems allow for all programs of a user.
const FOLDERS: usize = 8_192;

/// The part of what the user's programs may watch that one workspace takes: editors want the rest.
#[cfg(target_os = "linux")]
const SHARE: usize = 8;

/// Paths that are noted one by one; past them all is looked at.
const NOTED: usize = 4_096;

/// Bytes of events that are read at once.
#[cfg(target_os = "linux")]
const BUFFER: usize = 16 << 10;

/// Events that are read before a call; who makes more meanwhile has all looked at.
#[cfg(target_os = "linux")]
const READ: usize = 100_000;

/// Files that say what is walked, and so change more than themselves.
const RULES: &[&str] = &[".gitignore", ".ignore", ".git", "pyvenv.cfg", "CACHEDIR.TAG"];

/// Why a workspace is not watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux is asked for more"))]
pub(super) enum Blind {
    #[cfg(not(target_os = "linux"))]
    Platform,
    FileSystem,
    TooManyFolders,
    Limit,
    /// One folder is met by two paths, and the kernel names only one.
    Twice,
    TooManyWorkspaces,
    Refused,
}

impl Blind {
    pub(super) fn text(self) -> &'static str {
        match self {
            #[cfg(not(target_os = "linux"))]
            Blind::Platform => "this platform does not tell in time",
            Blind::FileSystem => "its file system may not tell of all changes",
            Blind::TooManyFolders => "it has too many folders",
            Blind::Limit => "the system allows no more watches",
            Blind::Twice => "a folder in it is mounted twice",
            Blind::TooManyWorkspaces => "other workspaces are watched",
            Blind::Refused => "the system refused",
        }
    }
}

/// What was told since the last time. Paths are relative; folders are empty for the root, else end in a slash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Files that may have other contents.
    pub(super) files: BTreeSet<String>,
    /// Folders that gained or lost something.
    pub(super) folders: BTreeSet<String>,
    /// Folders that are gone or others now, with all below them.
    pub(super) dropped: BTreeSet<String>,
    /// What is to be walked may be another.
    pub(super) rules: bool,
    /// Not all was told, or the root is another.
    pub(super) lost: bool,
}

/// The watched folders of one workspace.
#[derive(Debug)]
pub(super) struct Eyes {
    root: PathBuf,
    /// Device and number of the root.
    identity: Option<(u64, u64)>,
    kernel: kernel::Queue,
    most: usize,
    by_folder: BTreeMap<Arc<str>, i32>,
    by_watch: HashMap<i32, Arc<str>>,
    /// Why it cannot be relied on any more.
    failed: Option<Blind>,
}

/// What one event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux is listened to"))]
enum Told {
    /// Contents or rights changed.
    Changed,
    /// Came, went, or was moved.
    Moved,
    /// The watched folder itself is gone, moved or no longer watched.
    Ended,
    Lost,
}

/// Takes an event: its watch, what it says, whether it is of a folder, and its name.
type Tell<'a> = &'a mut dyn FnMut(i32, Told, bool, Option<Result<&str, ()>>);

impl Eyes {
    /// Watches `root` and the `folders` below it; those that are not there are left out.
    pub(super) fn open(root: &Path, folders: &BTreeSet<String>) -> Result<Eyes, Blind> {
        let most = FOLDERS.min(kernel::allowed());
        if most == 0 {
            return Err(Blind::Limit);
        }
        if folders.len() >= most {
            return Err(Blind::TooManyFolders);
        }
        let kernel = kernel::Queue::open(root)?;
        let mut eyes = Eyes {
            root: root.to_path_buf(),
            identity: identity(root),
            kernel,
            most,
            by_folder: BTreeMap::new(),
            by_watch: HashMap::new(),
            failed: None,
        };
        eyes.add("");
        folders.iter().for_each(|it| eyes.add(it));
        if !eyes.knows("") {
            return Err(eyes.failed.unwrap_or(Blind::Refused));
        }
        match eyes.failed {
            Some(why) => Err(why),
            None => Ok(eyes),
        }
    }

    /// Watches a folder, to be called before it is listed.
    pub(super) fn add(&mut self, folder: &str) {
        if self.failed.is_some() || self.knows(folder) {
            return;
        }
        if self.by_folder.len() >= self.most {
            self.failed = Some(Blind::TooManyFolders);
            return;
        }
        match self.kernel.add(&self.root.join(folder)) {
            Ok(Some(watch)) => {
                let folder: Arc<str> = folder.into();
                if self.by_watch.insert(watch, Arc::clone(&folder)).is_some() {
                    self.failed = Some(Blind::Twice);
                }
                self.by_folder.insert(folder, watch);
            }
            Ok(None) => {}
            Err(why) => self.failed = Some(why),
        }
    }

    pub(super) fn knows(&self, folder: &str) -> bool {
        self.by_folder.contains_key(folder)
    }

    /// As on a system that lets no more than `most` folders be watched.
    #[cfg(test)]
    pub(super) fn allow(&mut self, most: usize) {
        self.most = most;
    }

    pub(super) fn failed(&self) -> Option<Blind> {
        self.failed
    }

    /// Whether the root's path still leads to the folder that is watched.
    pub(super) fn is_there(&self) -> bool {
        self.identity.is_some() && identity(&self.root) == self.identity
    }

    /// What the kernel told since the last time.
    pub(super) fn drain(&mut self) -> News {
        let mut news = News::default();
        let by_watch = &self.by_watch;
        let whole = self.kernel.read(&mut |watch, told, is_folder, name| {
            let is_full = news.files.len() + news.folders.len() + news.dropped.len() > NOTED;
            if is_full || told == Told::Lost {
                news.lost = true;
            } else if let Some(folder) = by_watch.get(&watch) {
                note(&mut news, folder, told, is_folder, name);
            }
        });
        news.lost |= !whole;
        for folder in &news.dropped {
            self.forget(folder);
        }
        news
    }

    /// Ends the watches of a folder and of all below it.
    fn forget(&mut self, folder: &str) {
        let from = (Bound::Included(folder), Bound::Unbounded);
        let below = self.by_folder.range::<str, _>(from).take_while(|it| it.0.starts_with(folder));
        let below: Vec<(Arc<str>, i32)> = below.map(|it| (Arc::clone(it.0), *it.1)).collect();
        for (folder, watch) in below {
            self.by_folder.remove(&folder);
            if self.by_watch.get(&watch) == Some(&folder) {
                self.by_watch.remove(&watch);
                self.kernel.remove(watch);
            }
        }
    }
}

/// Notes one event in the folder `folder`; `name` is `None` when it is of the folder itself, an error when it is no text.
fn note(news: &mut News, folder: &str, told: Told, is_folder: bool, name: Option<Result<&str, ()>>) {
    match (told, name) {
        (Told::Lost, _) => news.lost = true,
        (Told::Ended, _) if folder.is_empty() => news.lost = true,
        (Told::Ended, _) => {
            news.dropped.insert(folder.to_owned());
            news.folders.insert(above(folder).to_owned());
        }
        // Of the rights of a folder the one above it hears, too.
        (_, None) => news.rules |= folder.is_empty(),
        (_, Some(Err(()))) => drop(news.folders.insert(folder.to_owned())),
        (_, Some(Ok(name))) => {
            news.rules |= RULES.contains(&name);
            if is_folder {
                news.dropped.insert(format!("{folder}{name}/"));
            } else {
                news.files.insert(format!("{folder}{name}"));
            }
            if is_folder || told == Told::Moved {
                news.folders.insert(folder.to_owned());
            }
        }
    }
}

/// The folder that a file or folder is in: `a/` of `a/b.rs` and of `a/b/`.
pub(super) fn above(path: &str) -> &str {
    let path = path.strip_suffix('/').unwrap_or(path);
    path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or("")
}

#[cfg(unix)]
fn identity(root: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::symlink_metadata(root).ok().filter(std::fs::Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_root: &Path) -> Option<(u64, u64)> {
    None
}

/// Whether the folder `root` can be watched here, as far as can be told without trying.
pub(super) fn can_watch(root: &Path) -> Result<(), Blind> {
    if kernel::allowed() == 0 {
        return Err(Blind::Limit);
    }
    // Other programs of the user may have taken all watches that there are.
    kernel::Queue::open(root)?.add(root).map(drop)
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::inotify;
    use rustix::fs::inotify::ReadFlags;
    use rustix::fs::inotify::WatchFlags;
    use rustix::io::Errno;

    use super::BUFFER;
    use super::Blind;
    use super::READ;
    use super::SHARE;
    use super::Tell;
    use super::Told;

    /// File systems of which the kernel tells every change that this machine makes, and that no other machine changes.
    /// Source: `include/uapi/linux/magic.h`, and those of ZFS and bcachefs.
    const TOLD: &[u64] = &[
        0xEF53,      // ext2, ext3, ext4
        0x5846_5342, // XFS
        0x9123_683E, // btrfs
        0x0102_1994, // tmpfs
        0xF2F5_2010, // F2FS
        0x794C_7630, // overlay
        0x2FC1_2FC1, // ZFS
        0xCA45_1A4E, // bcachefs
    ];

    #[derive(Debug)]
    pub(super) struct Queue(OwnedFd);

    /// How many folders one workspace may take.
    pub(super) fn allowed() -> usize {
        let limit = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches");
        limit.ok().and_then(|it| it.trim().parse::<usize>().ok()).map_or(usize::MAX, |it| it / SHARE)
    }

    impl Queue {
        pub(super) fn open(root: &Path) -> Result<Queue, Blind> {
            let kind = rustix::fs::statfs(root).map_err(|_| Blind::FileSystem)?.f_type;
            if !u64::try_from(kind).is_ok_and(|it| TOLD.contains(&it)) {
                return Err(Blind::FileSystem);
            }
            let opened = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC);
            opened.map(Queue).map_err(blind)
        }

        /// Watches a folder; `None` when it cannot be reached.
        pub(super) fn add(&self, path: &Path) -> Result<Option<i32>, Blind> {
            let flags = WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::MOVED_FROM
                | WatchFlags::MOVED_TO
                | WatchFlags::MODIFY
                | WatchFlags::ATTRIB
                // Who writes through a mapping is seen when it ends.
                | WatchFlags::CLOSE_WRITE
                | WatchFlags::DELETE_SELF
                | WatchFlags::MOVE_SELF
                | WatchFlags::ONLYDIR
                | WatchFlags::DONT_FOLLOW
                | WatchFlags::EXCL_UNLINK;
            match inotify::add_watch(&self.0, path, flags) {
                Ok(watch) => Ok(Some(watch)),
                Err(err) => unwatched(err),
            }
        }

        pub(super) fn remove(&self, watch: i32) {
            // One that ended by itself is no longer there.
            let _ = inotify::remove_watch(&self.0, watch);
        }

        /// Gives each event that waits to `tell`: watch, what, whether it is of a folder, its name. False when the queue
        /// cannot be read.
        pub(super) fn read(&self, tell: Tell<'_>) -> bool {
            let mut buffer = [MaybeUninit::uninit(); BUFFER];
            let mut reader = inotify::Reader::new(&self.0, &mut buffer);
            for _ in 0..READ {
                match reader.next() {
                    Ok(event) => {
                        let name = event.file_name().map(|it| it.to_str().map_err(|_| ()));
                        tell(event.wd(), told(event.events()), event.events().contains(ReadFlags::ISDIR), name);
                    }
                    Err(Errno::AGAIN) => return true,
                    Err(Errno::INTR) => {}
                    Err(_) => return false,
                }
            }
            false
        }
    }

    fn told(events: ReadFlags) -> Told {
        if events.intersects(ReadFlags::QUEUE_OVERFLOW | ReadFlags::UNMOUNT) {
            Told::Lost
        } else if events.intersects(ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::IGNORED) {
            Told::Ended
        } else if events.intersects(ReadFlags::CREATE | ReadFlags::DELETE | ReadFlags::MOVED_FROM | ReadFlags::MOVED_TO)
        {
            Told::Moved
        } else {
            Told::Changed
        }
    }

    /// What a folder that cannot be watched means: none can, or this one cannot be reached.
    pub(super) fn unwatched(err: Errno) -> Result<Option<i32>, Blind> {
        match err {
            Errno::NOSPC | Errno::NOMEM => Err(Blind::Limit),
            _ => Ok(None),
        }
    }

    pub(super) fn blind(err: Errno) -> Blind {
        match err {
            Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOSPC => Blind::Limit,
            _ => Blind::Refused,
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use std::path::Path;

    use super::Blind;
    use super::Tell;

    #[derive(Debug)]
    pub(super) enum Queue {}

    pub(super) fn allowed() -> usize {
        usize::MAX
    }

    impl Queue {
        pub(super) fn open(_root: &Path) -> Result<Queue, Blind> {
            Err(Blind::Platform)
        }

        pub(super) fn add(&self, _path: &Path) -> Result<Option<i32>, Blind> {
            match *self {}
        }

        pub(super) fn remove(&self, _watch: i32) {
            match *self {}
        }

        pub(super) fn read(&self, _tell: Tell<'_>) -> bool {
            match *self {}
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use rustix::io::Errno;

    use super::*;

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|it| (*it).to_owned()).collect()
    }

    fn told(eyes: &mut Eyes) -> (Vec<String>, Vec<String>, Vec<String>) {
        let News { files, folders, dropped, rules, lost } = eyes.drain();
        assert!(!rules && !lost);
        (files.into_iter().collect(), folders.into_iter().collect(), dropped.into_iter().collect())
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn every_kind_of_change_is_told_by_the_next_reading() {
        let dir = tempfile::tempdir().unwrap();
        let root = dunce::canonicalize(dir.path()).unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/one"), "1").unwrap();
        let mut eyes = Eyes::open(&root, &set(&["a/", "a/b/", "none/"])).unwrap();
        assert!(eyes.knows("a/b/") && !eyes.knows("none/"));
        assert_eq!(told(&mut eyes), (vec![], vec![], vec![]));
        fs::write(root.join("a/one"), "2").unwrap();
        assert_eq!(told(&mut eyes), (words(&["a/one"]), vec![], vec![]));
        fs::rename(root.join("a/one"), root.join("a/b/two")).unwrap();
        assert_eq!(told(&mut eyes), (words(&["a/b/two", "a/one"]), words(&["a/", "a/b/"]), vec![]));
        fs::create_dir(root.join("c")).unwrap();
        assert_eq!(told(&mut eyes), (vec![], words(&[""]), words(&["c/"])));
        fs::rename(root.join("a"), root.join("d")).unwrap();
        assert_eq!(told(&mut eyes), (vec![], words(&[""]), words(&["a/", "d/"])));
        // Nothing of what went with it is watched any more.
        assert!(!eyes.knows("a/") && !eyes.knows("a/b/") && eyes.knows(""));
        fs::write(root.join("d/b/two"), "3").unwrap();
        assert_eq!(told(&mut eyes), (vec![], vec![], vec![]));
        eyes.add("d/");
        eyes.add("d/b/");
        fs::remove_dir_all(root.join("d")).unwrap();
        let (files, folders, dropped) = told(&mut eyes);
        assert_eq!((files, dropped), (words(&["d/b/two"]), words(&["d/", "d/b/"])));
        assert_eq!(folders, words(&["", "d/", "d/b/"]));
        fs::write(root.join(".gitignore"), "x").unwrap();
        assert!(eyes.drain().rules);
        assert_eq!(eyes.failed(), None);
    }

    #[test]
    fn a_root_that_is_moved_or_made_anew_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let root = dunce::canonicalize(dir.path()).unwrap().join("w");
        fs::create_dir_all(root.join("a")).unwrap();
        let mut eyes = Eyes::open(&root, &set(&["a/"])).unwrap();
        assert!(eyes.is_there());
        fs::rename(&root, root.with_file_name("v")).unwrap();
        fs::create_dir(&root).unwrap();
        assert!(eyes.drain().lost && !eyes.is_there());
    }

    #[test]
    fn what_the_kernel_does_not_tell_of_is_not_watched() {
        assert_eq!(Eyes::open(Path::new("/proc"), &set(&[])).unwrap_err(), Blind::FileSystem);
        let dir = tempfile::tempdir().unwrap();
        let many: BTreeSet<String> = (0..FOLDERS).map(|it| format!("{it}/")).collect();
        assert_eq!(Eyes::open(dir.path(), &many).unwrap_err(), Blind::TooManyFolders);
    }

    #[test]
    fn a_limit_of_the_system_is_no_folder_that_is_gone() {
        use kernel::blind;
        use kernel::unwatched;
        assert_eq!(unwatched(Errno::NOSPC), Err(Blind::Limit));
        assert_eq!([Errno::NOENT, Errno::ACCESS, Errno::NOTDIR].map(unwatched), [Ok(None); 3]);
        assert_eq!([Errno::MFILE, Errno::NOSPC, Errno::PERM].map(blind), [Blind::Limit, Blind::Limit, Blind::Refused]);
    }

    #[test]
    fn too_much_at_once_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let mut eyes = Eyes::open(dir.path(), &set(&[])).unwrap();
        for at in 0..=NOTED {
            fs::write(dir.path().join(at.to_string()), "").unwrap();
        }
        assert!(eyes.drain().lost);
    }

    #[test]
    fn the_folder_above_is_the_root_at_last() {
        assert_eq!(["a/b/c.rs", "a/b/", "a/", "a.rs", ""].map(above), ["a/b/", "a/", "", "", ""]);
    }
}
