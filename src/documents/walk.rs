//! Offers the files of a folder that are worth reading, and names those that are not.
//!
//! `.gitignore`, `.ignore` and `.git/info/exclude` are respected, in a folder without `.git` too; the user's global
//! excludes are not, so that everybody's index of a tree is the same. What they ignore is counted but not named, with
//! the exception of folders that people look for (`target`, `node_modules`). Of files whose name starts with a dot the
//! settings of a team are offered, the rest is left out silently. Links are never followed.
//!
//! The `ignore` crate's own walker hides what it ignores and why; so only its matcher is used.

mod rules;

use std::fs::Metadata;
use std::ops::ControlFlow;
use std::path::Path;
use std::path::PathBuf;
use std::rc::Rc;

use ignore::gitignore::Gitignore;
use ignore::gitignore::GitignoreBuilder;

use super::open::mtime_ns;
use super::open::reason;
use super::read::DEFAULT_MAX_FILE_BYTES;
use super::read::most_bytes;
use super::roots::is_private;
use super::skip;
use super::skip::SkipReason;
use rules::Rules;
use rules::own_rules;
use rules::rules_above;

/// What to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkOptions {
    /// Globs as in `.gitignore`, from the walked folder; when there are any, a file must match one, itself or by a
    /// folder above it. They do not bring back what is ignored.
    pub include: Vec<String>,
    /// Globs of the same form for what is left out.
    pub exclude: Vec<String>,
    /// Larger files are named as too large.
    pub max_file_bytes: u64,
}

impl Default for WalkOptions {
    fn default() -> WalkOptions {
        WalkOptions { include: Vec::new(), exclude: Vec::new(), max_file_bytes: DEFAULT_MAX_FILE_BYTES }
    }
}

/// What the walk came by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    File {
        /// Real, to be given to [`read()`](super::read()).
        path: PathBuf,
        /// From the walked folder, with forward slashes; the file's name when the file itself was walked.
        relative: String,
        size_bytes: u64,
        /// Nanoseconds since 1970.
        mtime_ns: i64,
    },
    Skipped {
        /// As above; a folder ends in a slash. What is not text in the name is replaced.
        relative: String,
        reason: SkipReason,
    },
}

/// What a walk came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalkSummary {
    pub files: u64,
    pub folders: u64,
    pub skipped: u64,
    /// Files and folders that an ignore file, a glob or a dot at the start of the name left out silently.
    pub ignored: u64,
    /// Whether the callback stopped the walk: what was not offered may still be there.
    pub stopped: bool,
}

/// A glob that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the glob {glob}: {why}")]
pub struct BadGlob {
    pub glob: String,
    pub why: String,
}

/// Walks over the folder (or file) `root`, a real path as [`Allowed::admit`](super::Allowed::admit) gives it, and calls
/// `on_file` for each file: folder by folder, by name, the same order each time. A break ends it at once.
///
/// A folder that cannot be listed is a line like a file that cannot be read; a missing `root` is too.
///
/// # Errors
/// A glob of `options` cannot be read.
pub fn walk(
    root: &Path,
    options: &WalkOptions,
    on_file: &mut dyn FnMut(Found) -> ControlFlow<()>,
) -> Result<WalkSummary, BadGlob> {
    walk_guided(root, options, &mut Everywhere, on_file)
}

/// Where a walk goes. It is asked of each folder before that is listed; folders are relative to the walked one, empty for
/// that itself, else ending in a slash.
pub(super) trait Guide {
    fn enter(&mut self, folder: &str, path: &Path) -> Enter;

    /// Whether `folder` is, or holds, one that is to be listed.
    fn leads(&self, folder: &str) -> bool {
        let _ = folder;
        true
    }
}

/// How a folder is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enter {
    /// All that is in it.
    Whole,
    /// Only what leads on.
    Towards,
    Pass,
}

struct Everywhere;

impl Guide for Everywhere {
    fn enter(&mut self, _folder: &str, _path: &Path) -> Enter {
        Enter::Whole
    }
}

/// As [`walk()`], where `guide` says.
pub(super) fn walk_guided(
    root: &Path,
    options: &WalkOptions,
    guide: &mut dyn Guide,
    on_file: &mut dyn FnMut(Found) -> ControlFlow<()>,
) -> Result<WalkSummary, BadGlob> {
    let mut walk = Walk {
        root,
        guide,
        device: None,
        include: globs(&options.include)?,
        exclude: globs(&options.exclude)?,
        max_file_bytes: options.max_file_bytes,
        on_file,
        summary: WalkSummary::default(),
    };
    walk.summary.stopped = walk.run().is_break();
    Ok(walk.summary)
}

/// Compiles `patterns`; `None` when there are none.
fn globs(patterns: &[String]) -> Result<Option<Gitignore>, BadGlob> {
    let bad = |glob: &str, err: ignore::Error| BadGlob { glob: glob.to_owned(), why: err.to_string() };
    let mut builder = GitignoreBuilder::new("");
    // Git reads an open bracket as itself; in an argument it is a mistake.
    builder.allow_unclosed_class(false);
    for glob in patterns {
        let inner = glob.strip_prefix("./").unwrap_or(glob);
        builder.add_line(None, inner).map_err(|err| bad(glob, err))?;
    }
    let compiled = builder.build().map_err(|err| bad(&patterns.join(" "), err))?;
    Ok((!compiled.is_empty()).then_some(compiled))
}

struct Walk<'a> {
    root: &'a Path,
    /// The file system that `root` lies on, where the platform tells.
    device: Option<u64>,
    include: Option<Gitignore>,
    exclude: Option<Gitignore>,
    max_file_bytes: u64,
    guide: &'a mut dyn Guide,
    on_file: &'a mut dyn FnMut(Found) -> ControlFlow<()>,
    summary: WalkSummary,
}

/// A folder that is yet to be listed.
struct Folder {
    path: PathBuf,
    /// Empty for the root, else ending in a slash.
    relative: String,
    above: Option<Rc<Rules>>,
}

/// An entry of a folder, sorted by name.
struct Entry {
    name: std::ffi::OsString,
    path: PathBuf,
    /// The folder it is in; empty for the root, else ending in a slash.
    parent: Rc<str>,
}

impl Walk<'_> {
    fn run(&mut self) -> ControlFlow<()> {
        let metadata = match std::fs::symlink_metadata(self.root) {
            Ok(metadata) => metadata,
            Err(err) => return self.skip(self.root_name(), reason(&err)),
        };
        self.device = device(&metadata);
        if is_private(self.root) {
            return self.skip(self.root_name(), SkipReason::Private);
        }
        if !metadata.is_dir() {
            let relative = self.root_name();
            return self.offer(self.root.to_path_buf(), &relative.clone(), relative, &metadata);
        }
        // The entries of a folder go on top in reverse, so that what is below the first comes before the second.
        let mut open = vec![Step::Folder(Folder {
            path: self.root.to_path_buf(),
            relative: String::new(),
            above: rules_above(self.root),
        })];
        while let Some(step) = open.pop() {
            match step {
                Step::Folder(folder) => {
                    let enter = self.guide.enter(&folder.relative, &folder.path);
                    if enter == Enter::Pass {
                        continue;
                    }
                    let (mut entries, rules) = self.list(&folder)?;
                    if enter == Enter::Towards {
                        let leads = |it: &Entry| it.name.to_str().map(|name| format!("{}{name}/", it.parent));
                        entries.retain(|it| leads(it).is_some_and(|it| self.guide.leads(&it)));
                    }
                    open.extend(entries.into_iter().rev().map(|it| Step::Entry(it, Rc::clone(&rules))));
                }
                Step::Entry(entry, rules) => {
                    if let Some(folder) = self.meet(&entry, &rules)? {
                        open.push(Step::Folder(folder));
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn root_name(&self) -> String {
        self.root.file_name().map_or_else(|| "/".to_owned(), |it| it.to_string_lossy().into_owned())
    }

    /// The entries of `folder` by name, and the rules that hold there.
    fn list(&mut self, folder: &Folder) -> ControlFlow<(), (Vec<Entry>, Rc<Rules>)> {
        let mut entries = Vec::new();
        let parent: Rc<str> = folder.relative.as_str().into();
        match std::fs::read_dir(&folder.path) {
            Ok(listing) => {
                // An entry that cannot be read ends the listing on some systems: name the folder, keep what came.
                for entry in listing {
                    match entry {
                        Ok(entry) => {
                            let parent = Rc::clone(&parent);
                            entries.push(Entry { name: entry.file_name(), path: entry.path(), parent });
                        }
                        Err(err) => {
                            self.skip(folder.relative.clone(), reason(&err))?;
                            break;
                        }
                    }
                }
            }
            Err(err) => self.skip(folder.relative.clone(), reason(&err))?,
        }
        self.summary.folders += 1;
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let has = |name: &str| entries.binary_search_by(|it| it.name.as_os_str().cmp(name.as_ref())).is_ok();
        let own = own_rules(&folder.path, &has);
        // A repository within the walked one is a world of its own.
        let above = if has(".git") && !folder.relative.is_empty() { None } else { folder.above.clone() };
        let rules = Rc::new(Rules { own, above });
        ControlFlow::Continue((entries, rules))
    }

    /// Offers a file, names what is left out, or gives the folder to go into.
    fn meet(&mut self, entry: &Entry, rules: &Rc<Rules>) -> ControlFlow<(), Option<Folder>> {
        let Some(name) = entry.name.to_str().filter(|it| !it.chars().any(char::is_control)) else {
            let shown: String =
                entry.name.to_string_lossy().chars().map(|it| if it.is_control() { '\u{FFFD}' } else { it }).collect();
            self.skip(format!("{}{shown}", entry.parent), SkipReason::PathNotText)?;
            return ControlFlow::Continue(None);
        };
        let relative = format!("{}{name}", entry.parent);
        let metadata = match std::fs::symlink_metadata(&entry.path) {
            Ok(metadata) => metadata,
            Err(err) => {
                self.skip(relative, reason(&err))?;
                return ControlFlow::Continue(None);
            }
        };
        if metadata.is_dir() {
            return self.meet_folder(&entry.path, name, relative, &metadata, rules);
        }
        // A secret is named even where it is ignored: it is what people look for when they doubt.
        let is_secret = skip::file_by_name(name) == Some(SkipReason::Secret);
        let is_silent = !is_secret && (rules.ignores(&entry.path, false) || skip::is_hidden_file(name));
        if is_silent || !self.wants_file(&relative) {
            self.summary.ignored += 1;
        } else if metadata.is_symlink() {
            let inside = dunce::canonicalize(&entry.path).is_ok_and(|real| real.starts_with(self.root));
            self.skip(relative, if inside { SkipReason::Symlink } else { SkipReason::SymlinkOutside })?;
        } else {
            self.offer(entry.path.clone(), name, relative, &metadata)?;
        }
        ControlFlow::Continue(None)
    }

    fn meet_folder(
        &mut self,
        path: &Path,
        name: &str,
        mut relative: String,
        metadata: &Metadata,
        rules: &Rc<Rules>,
    ) -> ControlFlow<(), Option<Folder>> {
        let is_excluded = self.exclude.as_ref().is_some_and(|it| it.matched(&relative, true).is_ignore());
        let is_ignored = rules.ignores(path, true);
        relative.push('/');
        let reason = if is_excluded {
            None
        } else if is_private(path) {
            Some(SkipReason::Private)
        } else if skip::is_vendored(name) || is_environment(path) {
            Some(SkipReason::Vendored)
        } else if is_cache(path) || (is_ignored && skip::is_build_output(name)) {
            Some(SkipReason::Generated)
        } else if is_ignored || skip::is_hidden_folder(name) {
            None
        } else if device(metadata) != self.device {
            Some(SkipReason::OtherFilesystem)
        } else {
            return ControlFlow::Continue(Some(Folder {
                path: path.to_path_buf(),
                relative,
                above: Some(Rc::clone(rules)),
            }));
        };
        match reason {
            Some(reason) => self.skip(relative, reason)?,
            None => self.summary.ignored += 1,
        }
        ControlFlow::Continue(None)
    }

    fn wants_file(&self, relative: &str) -> bool {
        let matches = |globs: &Gitignore| globs.matched_path_or_any_parents(relative, false).is_ignore();
        self.include.as_ref().is_none_or(matches) && !self.exclude.as_ref().is_some_and(matches)
    }

    fn offer(&mut self, path: PathBuf, name: &str, relative: String, metadata: &Metadata) -> ControlFlow<()> {
        let reason = skip::file_by_name(name).filter(|_| metadata.is_file()).or(if metadata.is_symlink() {
            Some(SkipReason::SymlinkOutside)
        } else if !metadata.is_file() {
            Some(SkipReason::SpecialFile)
        } else if metadata.len() == 0 {
            Some(SkipReason::Empty)
        } else if metadata.len() > most_bytes(Path::new(name), self.max_file_bytes) {
            Some(SkipReason::TooLarge)
        } else {
            None
        });
        if let Some(reason) = reason {
            return self.skip(relative, reason);
        }
        self.summary.files += 1;
        (self.on_file)(Found::File { path, relative, size_bytes: metadata.len(), mtime_ns: mtime_ns(metadata) })
    }

    fn skip(&mut self, relative: String, reason: SkipReason) -> ControlFlow<()> {
        self.summary.skipped += 1;
        (self.on_file)(Found::Skipped { relative, reason })
    }
}

enum Step {
    Folder(Folder),
    Entry(Entry, Rc<Rules>),
}

/// A Python environment, whatever it is called.
fn is_environment(path: &Path) -> bool {
    path.join("pyvenv.cfg").exists()
}

/// A folder that a tool marked as its cache. Source: <https://bford.info/cachedir/>.
fn is_cache(path: &Path) -> bool {
    path.join("CACHEDIR.TAG").exists()
}

#[cfg(unix)]
fn device(metadata: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::dev(metadata))
}

#[cfg(not(unix))]
fn device(_metadata: &Metadata) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    /// A folder with the given files; a name that ends in a slash is a folder, `.git/` among them.
    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = dunce::canonicalize(dir.path()).unwrap();
        for (name, text) in files {
            let path = root.join(name);
            if name.ends_with('/') {
                fs::create_dir_all(path).unwrap();
            } else {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
        }
        (dir, root)
    }

    /// One line an entry: `src/a.rs`, or `.env: secret`.
    fn outline(root: &Path, options: &WalkOptions) -> Vec<String> {
        let mut lines = Vec::new();
        let summary = walk(root, options, &mut |it| {
            lines.push(match it {
                Found::File { relative, path, .. } => {
                    assert!(path.ends_with(&relative));
                    relative
                }
                Found::Skipped { relative, reason } => format!("{relative}: {reason}"),
            });
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(summary.files + summary.skipped, lines.len() as u64);
        lines
    }

    #[track_caller]
    fn check(files: &[&str], expected: &[&str]) {
        let files: Vec<(&str, &str)> = files.iter().map(|it| it.split_once('=').unwrap_or((it, "x"))).collect();
        let (_dir, root) = tree(&files);
        assert_eq!(outline(&root, &WalkOptions::default()), expected);
    }

    #[test]
    fn files_come_by_name_folder_by_folder() {
        check(&["b.rs", "a/z.rs", "a/b/c.rs", "a.rs", "B.md"], &["B.md", "a/b/c.rs", "a/z.rs", "a.rs", "b.rs"]);
    }

    #[test]
    fn gitignore_is_respected_without_git_and_can_take_back() {
        check(
            &[
                ".gitignore=*.log\n/out.txt\n!keep.log\ntmp/\n",
                "a.log",
                "keep.log",
                "out.txt",
                "sub/out.txt",
                "sub/b.log",
                "tmp/x.rs",
                "sub/.gitignore=!b.log\n",
                "deep/.ignore=*.rs\n",
                "deep/a.rs",
                "bad/.gitignore=[\nx\n",
                "bad/x",
                "bad/y",
            ],
            &[
                ".gitignore",
                "bad/.gitignore",
                "bad/y",
                "deep/.ignore",
                "keep.log",
                "sub/.gitignore",
                "sub/b.log",
                "sub/out.txt",
            ],
        );
    }

    #[test]
    fn of_very_many_rules_the_last_that_speaks_of_a_file_decides() {
        let between = "other*.txt\n".repeat(1_500);
        let rules = format!("*.rs\n!a.rs\n!b.rs\n{between}!c.rs\nb.rs\n");
        let (_dir, root) = tree(&[(".gitignore", &rules), ("a.rs", "x"), ("b.rs", "x"), ("c.rs", "x"), ("d.rs", "x")]);
        assert_eq!(outline(&root, &WalkOptions::default()), [".gitignore", "a.rs", "c.rs"]);
    }

    #[test]
    fn rules_above_the_walked_folder_hold_up_to_the_repository() {
        let (_dir, root) = tree(&[
            (".gitignore", "a.txt"),
            ("repo/.git/info/exclude", "c.txt"),
            ("repo/.gitignore", "b.txt\n/src/d.txt"),
            ("repo/src/a.txt", "x"),
            ("repo/src/b.txt", "x"),
            ("repo/src/c.txt", "x"),
            ("repo/src/d.txt", "x"),
        ]);
        assert_eq!(outline(&root.join("repo/src"), &WalkOptions::default()), ["a.txt"]);
    }

    #[test]
    fn a_repository_within_has_its_own_rules() {
        check(&[".git/", ".gitignore=*.txt", "inner/.git/", "inner/a.txt", "b.txt"], &[".gitignore", "inner/a.txt"]);
    }

    #[test]
    fn what_is_left_out_is_named_with_its_reason() {
        check(
            &[
                ".env",
                ".env.example",
                ".env.local",
                ".github/ci.yml",
                ".hidden/x",
                ".bash_history",
                "Cargo.lock",
                "a.png",
                "dist/app.js",
                "empty.rs=",
                "id_rsa",
                "node_modules/x/y.js",
                "vendor/z.go",
                "env/pyvenv.cfg",
                "env/lib/x.py",
                "cache/CACHEDIR.TAG",
                "x/.ssh/config",
                "x/app.min.js",
                ".gitignore=build\n*.pem\nlocal.txt",
                "build/x.o",
                "k.pem",
                "local.txt",
            ],
            &[
                ".env: secret",
                ".env.example",
                ".env.local: secret",
                ".github/ci.yml",
                ".gitignore",
                "Cargo.lock: generated",
                "a.png: binary",
                "build/: generated",
                "cache/: generated",
                "dist/app.js",
                "empty.rs: empty",
                "env/: vendored",
                "id_rsa: secret",
                "k.pem: secret",
                "node_modules/: vendored",
                "vendor/: vendored",
                "x/.ssh/: private",
                "x/app.min.js: generated",
            ],
        );
    }

    #[test]
    fn globs_narrow_the_walk() {
        let (_dir, root) =
            tree(&[("src/a.rs", "x"), ("src/b.py", "x"), ("src/gen/c.rs", "x"), ("docs/d.md", "x"), ("e.rs", "x")]);
        let run = |include: &[&str], exclude: &[&str]| {
            let owned = |globs: &[&str]| globs.iter().map(|it| (*it).to_owned()).collect();
            outline(&root, &WalkOptions { include: owned(include), exclude: owned(exclude), ..WalkOptions::default() })
        };
        assert_eq!(run(&["*.rs"], &[]), ["e.rs", "src/a.rs", "src/gen/c.rs"]);
        assert_eq!(run(&["./src", "*.md"], &["gen"]), ["docs/d.md", "src/a.rs", "src/b.py"]);
        assert_eq!(run(&[], &["src/**", "/e.rs"]), ["docs/d.md"]);
        assert_eq!(run(&["nothing"], &[]), [""; 0]);
        let bad = WalkOptions { include: vec!["a[".to_owned()], ..WalkOptions::default() };
        let err = walk(&root, &bad, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert_eq!(err.glob, "a[");
    }

    #[test]
    fn a_large_file_is_named_by_its_size_alone() {
        let (_dir, root) = tree(&[("a.txt", "12345"), ("b.txt", "1234")]);
        assert_eq!(
            outline(&root, &WalkOptions { max_file_bytes: 4, ..WalkOptions::default() }),
            ["a.txt: too_large", "b.txt"]
        );
    }

    #[test]
    fn a_file_can_be_walked_and_what_is_missing_is_gone() {
        let (_dir, root) = tree(&[("a.txt", "x"), (".env", "x")]);
        assert_eq!(outline(&root.join("a.txt"), &WalkOptions::default()), ["a.txt"]);
        assert_eq!(outline(&root.join(".env"), &WalkOptions::default()), [".env: secret"]);
        assert_eq!(outline(&root.join("none"), &WalkOptions::default()), ["none: gone"]);
    }

    #[test]
    fn a_break_ends_the_walk() {
        let (_dir, root) = tree(&[("a", "x"), ("b", "x"), ("c", "x")]);
        let mut calls = 0;
        let summary = walk(&root, &WalkOptions::default(), &mut |_| {
            calls += 1;
            if calls == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(summary, Ok(WalkSummary { files: 2, folders: 1, stopped: true, ..WalkSummary::default() }));
        assert_eq!(calls, 2);
    }

    #[test]
    fn a_file_that_vanishes_after_the_walk_is_gone() {
        let (_dir, root) = tree(&[("a.txt", "x")]);
        let mut outcomes = Vec::new();
        walk(&root, &WalkOptions::default(), &mut |it| {
            if let Found::File { path, .. } = it {
                fs::remove_file(&path).unwrap();
                outcomes.push(super::super::read(&path, 100));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(outcomes, [Err(SkipReason::Gone)]);
    }

    #[cfg(unix)]
    #[test]
    fn links_pipes_and_sockets_are_named_and_never_opened() {
        use std::os::unix::fs::symlink;
        let (_dir, root) = tree(&[("a/x.rs", "x"), ("b/", "")]);
        symlink("..", root.join("a/loop")).unwrap();
        symlink("self", root.join("a/self")).unwrap();
        symlink("x.rs", root.join("a/same.rs")).unwrap();
        symlink("/etc", root.join("b/etc")).unwrap();
        symlink("/etc/passwd", root.join("b/passwd")).unwrap();
        symlink("nowhere", root.join("b/nowhere")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, root.join("b/pipe"), rustix::fs::Mode::RUSR).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, root.join("b/.gitignore"), rustix::fs::Mode::RUSR).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.join("b/socket")).unwrap();
        assert_eq!(
            outline(&root, &WalkOptions::default()),
            [
                "a/loop: symlink",
                "a/same.rs: symlink",
                "a/self: symlink_outside",
                "a/x.rs",
                "b/.gitignore: special_file",
                "b/etc: symlink_outside",
                "b/nowhere: symlink_outside",
                "b/passwd: symlink_outside",
                "b/pipe: special_file",
                "b/socket: special_file",
            ]
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_no_text_are_named_without_breaking_the_line() {
        use std::os::unix::ffi::OsStrExt;
        let (_dir, root) = tree(&[("a\nb.rs", "x"), ("ok é.rs", "x")]);
        fs::create_dir(root.join(std::ffi::OsStr::from_bytes(b"f\xFF"))).unwrap();
        fs::write(root.join(std::ffi::OsStr::from_bytes(b"f\xFF/in.rs")), "x").unwrap();
        assert_eq!(
            outline(&root, &WalkOptions::default()),
            ["a\u{FFFD}b.rs: path_not_utf8", "f\u{FFFD}: path_not_utf8", "ok é.rs",]
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_may_not_be_read_is_named() {
        use std::os::unix::fs::PermissionsExt;
        let (_dir, root) = tree(&[("a.txt", "x"), ("closed/b.txt", "x")]);
        fs::set_permissions(root.join("a.txt"), fs::Permissions::from_mode(0o000)).unwrap();
        fs::set_permissions(root.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
        if fs::File::open(root.join("a.txt")).is_ok() {
            // The superuser may read everything.
            assert_eq!(outline(&root, &WalkOptions::default()), ["a.txt", "closed/b.txt"]);
        } else {
            assert_eq!(super::super::read(&root.join("a.txt"), 100), Err(SkipReason::Unreadable));
            assert_eq!(outline(&root, &WalkOptions::default()), ["a.txt", "closed/: unreadable"]);
        }
        fs::set_permissions(root.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn a_deep_tree_does_not_exhaust_the_stack() {
        let (_dir, root) = tree(&[(&format!("{}x.rs", "d/".repeat(500)), "x")]);
        assert_eq!(outline(&root, &WalkOptions::default()), [format!("{}x.rs", "d/".repeat(500))]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_ignore_file_or_glob_breaks_the_walk(rules in "(?s).{0,80}", glob in "[a*?!/{}\\[\\]\\\\.,-]{0,12}") {
            let (_dir, root) = tree(&[(".gitignore", &rules), ("a/b.rs", "x")]);
            let options = WalkOptions { include: vec![glob.clone()], exclude: vec![glob], ..WalkOptions::default() };
            let _ = walk(&root, &options, &mut |_| ControlFlow::Continue(()));
        }
    }
}
