//! Whatever is done to the files of a watched workspace, the next question knows of it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
use tokio::sync::watch;

use super::Allowed;
use super::Documents;
use super::Found;
use super::IndexRequest;
use super::WalkOptions;
use super::read::DEFAULT_MAX_FILE_BYTES;
use super::read::read;
use super::refresh::LOOK_EVERY;
use super::track::Track;
use super::walk::walk;
use super::warm::Run;
use super::warm::State;
use crate::clock::Clock;
use crate::store::Store;
use crate::trace::Call;

/// A folder with a service that watches it.
struct Bench {
    _dir: tempfile::TempDir,
    root: PathBuf,
    store: Store,
    documents: Documents,
}

/// Files by path with the hash of their bytes, and what is passed over.
type Known = (BTreeMap<String, String>, BTreeSet<(String, String)>);

impl Bench {
    async fn new(files: &[(&str, &str)]) -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let root = dunce::canonicalize(dir.path()).unwrap().join("w");
        fs::create_dir(&root).unwrap();
        for (path, text) in files {
            write(&root.join(path), text);
        }
        let store = Store::new(&dir.path().join("a.db"));
        let documents = Documents::new(&store, Clock::system(), root.clone());
        let bench = Bench { _dir: dir, root, store, documents };
        bench.documents.index(&IndexRequest::default(), &bench.allowed(), &Call::silent()).await.unwrap();
        bench.begin(&bench.documents).await;
        bench
    }

    fn allowed(&self) -> Allowed {
        Allowed::new(&self.root, None, &[], &[])
    }

    /// Another process.
    async fn other(&self) -> Documents {
        let other = Documents::new(&self.store, Clock::system(), self.root.clone());
        self.begin(&other).await;
        other
    }

    /// Asks until it is watched.
    async fn begin(&self, documents: &Documents) {
        for _ in 0..3 {
            self.ask(documents).await;
        }
        assert_eq!(self.track(documents).await.is_watched(), cfg!(target_os = "linux"));
    }

    async fn track(&self, documents: &Documents) -> Arc<Track> {
        let workspace = documents.store.workspaces().await.unwrap().remove(0);
        documents.track(workspace.id, &workspace.root)
    }

    /// Has a run go on behind the answers that walks nothing, until its state is told.
    async fn begin_run(&self, documents: &Documents) -> watch::Sender<State> {
        let (tell, state) = watch::channel(State::Running);
        self.track(documents).await.turn.lock().await.behind = Some(Run::of(state));
        tell
    }

    async fn ask(&self, documents: &Documents) {
        documents.state(&[], &self.allowed(), &Call::silent()).await.unwrap();
    }

    /// What the index holds after a question.
    async fn known(&self, documents: &Documents) -> Known {
        self.ask(documents).await;
        let workspace = documents.store.workspaces().await.unwrap().remove(0);
        let (_, rows) = documents.store.files(workspace.id).await.unwrap();
        let files = rows.into_iter().map(|it| (it.path, String::from_utf8(it.hash).unwrap())).collect();
        let skipped = documents.store.skipped(workspace.id).await.unwrap();
        (files, skipped.into_iter().map(|it| (it.0, said(&it.1))).collect())
    }

    /// What an index that is made now holds.
    fn there(&self) -> Known {
        let (mut files, mut skipped) = Known::default();
        walk(&self.root, &WalkOptions::default(), &mut |found| {
            let (relative, reason) = match found {
                Found::Skipped { relative, reason } => (relative, reason),
                Found::File { path, relative, .. } => match read(&path, DEFAULT_MAX_FILE_BYTES) {
                    Ok(text) => {
                        files.insert(relative, text.hash);
                        return ControlFlow::Continue(());
                    }
                    Err(reason) => (relative, reason),
                },
            };
            skipped.insert((relative, said(reason.text())));
            ControlFlow::Continue(())
        })
        .unwrap();
        (files, skipped)
    }

    async fn check(&self, what: &str) {
        assert_eq!(self.known(&self.documents).await, self.there(), "{what}");
    }
}

/// A reason as it is compared: what a link leads to may come and go without the link, which is passed over all the same.
fn said(reason: &str) -> String {
    if reason.starts_with("a link ") { "a link".to_owned() } else { reason.to_owned() }
}

fn write(path: &Path, text: &str) {
    if let Some(folder) = path.parent() {
        let _ = fs::create_dir_all(folder);
    }
    let _ = fs::write(path, text);
}

/// One thing that is done to files; paths are numbers of [`path`].
#[derive(Clone, Debug)]
enum Deed {
    Write(u8, u8),
    Append(u8),
    /// Other bytes, as many as before, at the same time as before.
    Swap(u8),
    Move(u8, u8),
    Remove(u8),
    /// Folders and files within each other, at once.
    Tree(u8),
    Folder(u8),
    Link(u8, u8),
    Rules(u8, u8),
    /// The call that is in between.
    Ask(bool),
    /// A run begins behind the answers of the first process, or ends.
    Run,
}

/// Files and folders of few names, so that deeds meet each other.
fn path(root: &Path, number: u8) -> PathBuf {
    const NAMES: [&str; 6] = ["a", "b", "c.rs", "d.md", ".git", "e.min.js"];
    let (one, two, three) = (number % 6, number / 6 % 6, number / 36 % 8);
    let mut path = root.join(NAMES[usize::from(one)]);
    if two < 5 {
        path.push(NAMES[usize::from(two)]);
        if three < 4 {
            path.push(NAMES[usize::from(three)]);
        }
    }
    path
}

fn text(number: u8) -> &'static str {
    ["fn one() {}\n", "fn two() {}\n", "", "a\0b", "# Title\n\nwords\n", "// @generated\nfn x() {}\n"]
        [usize::from(number % 6)]
}

fn act(root: &Path, deed: &Deed) {
    match deed {
        Deed::Write(at, what) => write(&path(root, *at), text(*what)),
        Deed::Append(at) => {
            if let Ok(mut file) = fs::OpenOptions::new().append(true).open(path(root, *at)) {
                let _ = std::io::Write::write_all(&mut file, b"fn more() {}\n");
            }
        }
        Deed::Swap(at) => {
            let path = path(root, *at);
            let Ok(before) = fs::read(&path) else { return };
            let Ok(time) = fs::metadata(&path).and_then(|it| it.modified()) else { return };
            let turned: Vec<u8> = before.iter().map(|it| if it.is_ascii_lowercase() { b'z' } else { *it }).collect();
            let _ = fs::write(&path, turned);
            let _ = fs::File::options().write(true).open(&path).and_then(|it| it.set_modified(time));
        }
        Deed::Move(from, to) => drop(fs::rename(path(root, *from), path(root, *to))),
        Deed::Remove(at) => {
            let path = path(root, *at);
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        }
        Deed::Tree(at) => {
            let path = path(root, *at);
            for (at, name) in ["x/y/one.rs", "x/two.rs", "three.rs", "x/y/z/four.md"].iter().enumerate() {
                write(&path.join(name), text(u8::try_from(at).unwrap()));
            }
        }
        Deed::Folder(at) => drop(fs::create_dir_all(path(root, *at))),
        #[cfg(unix)]
        Deed::Link(at, to) => drop(std::os::unix::fs::symlink(path(root, *to), path(root, *at))),
        #[cfg(not(unix))]
        Deed::Link(..) => {}
        Deed::Rules(at, what) => {
            let rules = ["a/\n", "*.md\n!a/d.md\n", "b\n", ""];
            let path = path(root, *at);
            let folder = if path.is_dir() { path } else { root.to_path_buf() };
            write(&folder.join(".gitignore"), rules[usize::from(what % 4)]);
        }
        Deed::Ask(_) | Deed::Run => {}
    }
}

fn deed() -> impl Strategy<Value = Deed> {
    let at = || any::<u8>();
    prop_oneof![
        4 => (at(), at()).prop_map(|it| Deed::Write(it.0, it.1)),
        2 => at().prop_map(Deed::Append),
        2 => at().prop_map(Deed::Swap),
        4 => (at(), at()).prop_map(|it| Deed::Move(it.0, it.1)),
        3 => at().prop_map(Deed::Remove),
        2 => at().prop_map(Deed::Tree),
        1 => at().prop_map(Deed::Folder),
        1 => (at(), at()).prop_map(|it| Deed::Link(it.0, it.1)),
        1 => (at(), at()).prop_map(|it| Deed::Rules(it.0, it.1)),
        4 => any::<bool>().prop_map(Deed::Ask),
        1 => Just(Deed::Run),
    ]
}

fn cases() -> u32 {
    // PROPTEST_CASES asks for more.
    ProptestConfig::default().cases.clamp(12, u32::MAX) / if ProptestConfig::default().cases == 256 { 16 } else { 1 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_deeds_the_index_is_that_of_a_fresh_one(deeds in prop::collection::vec(deed(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new(&[("a/c.rs", text(0)), ("a/b/d.md", text(4)), ("b/c.rs", text(1)), ("c.rs", text(3))]).await;
            let other = bench.other().await;
            let mut run = None;
            for deed in &deeds {
                act(&bench.root, deed);
                match (deed, run.is_some()) {
                    // While a run goes on, more than a few changes wait for its end.
                    (Deed::Ask(true), true) => bench.ask(&bench.documents).await,
                    (Deed::Ask(is_first), _) => {
                        let documents = if *is_first { &bench.documents } else { &other };
                        assert_eq!(bench.known(documents).await, bench.there());
                    }
                    (Deed::Run, false) => run = Some(bench.begin_run(&bench.documents).await),
                    (Deed::Run, true) => {
                        let _ = run.take().unwrap().send(State::Done);
                    }
                    _ => {}
                }
            }
            if let Some(run) = run {
                // The tracks that would hear of it may be gone with their workspace.
                let _ = run.send(State::Done);
            }
            assert_eq!(bench.known(&other).await, bench.there());
            assert_eq!(bench.known(&bench.documents).await, bench.there());
        });
    }
}

#[tokio::test]
async fn what_editors_and_git_do_is_known_to_the_next_question() {
    let bench =
        Bench::new(&[("src/one.rs", "fn one() {}\n"), ("src/two.rs", "fn two() {}\n"), ("data.rs", "a\0")]).await;
    let at = |it: &str| bench.root.join(it);
    write(&at("src/one.rs"), "fn new() {}\n");
    bench.check("written in place").await;
    write(&at("src/.one.swp~"), "fn eno() {}\n");
    fs::rename(at("src/.one.swp~"), at("src/one.rs")).unwrap();
    bench.check("another file in its place").await;
    act(&bench.root, &Deed::Ask(true));
    let time = fs::metadata(at("src/two.rs")).unwrap().modified().unwrap();
    write(&at("src/two.rs"), "fn owt() {}\n");
    fs::File::options().write(true).open(at("src/two.rs")).unwrap().set_modified(time).unwrap();
    bench.check("other bytes, as many, at the same time").await;
    write(&at("deep/er/and/deeper/three.rs"), "fn three() {}\n");
    bench.check("folders within each other at once").await;
    write(&at("deep/er/and/four.rs"), "fn four() {}\n");
    bench.check("a file in a folder that is new").await;
    fs::rename(at("deep"), at("src/deep")).unwrap();
    bench.check("a folder that was moved").await;
    write(&at("src/deep/er/five.rs"), "fn five() {}\n");
    bench.check("a file in a folder that was moved").await;
    fs::remove_dir_all(at("src/deep")).unwrap();
    write(&at("src/deep/six.rs"), "fn six() {}\n");
    bench.check("a folder that was made anew").await;
    write(&at("data.rs"), "fn data() {}\n");
    bench.check("a file that was no text").await;
    write(&at("data.rs"), "a\0");
    bench.check("and is none again").await;
    write(&at(".gitignore"), "src/deep\n");
    bench.check("rules").await;
    write(&at(".gitignore"), "\n");
    bench.check("no rules").await;
    fs::create_dir(at("empty")).unwrap();
    bench.check("an empty folder").await;
    write(&at("empty/seven.rs"), "fn seven() {}\n");
    bench.check("and a file in it").await;
    assert!(bench.track(&bench.documents).await.is_watched() || !cfg!(target_os = "linux"));
}

#[tokio::test]
async fn what_another_process_passed_over_is_not_told_any_more_when_rules_leave_its_folder_out() {
    let bench = Bench::new(&[("b/c.rs", text(1))]).await;
    let other = bench.other().await;
    act(&bench.root, &Deed::Tree(1));
    assert_eq!(bench.known(&other).await, bench.there());
    write(&bench.root.join("b/a/.gitignore"), "a/\n");
    bench.check("the folder was new to the one that reads the rules").await;
}

#[tokio::test]
async fn many_changes_at_once_and_a_full_queue_are_known_to_the_next_question() {
    let bench = Bench::new(&[("src/one.rs", "fn one() {}\n")]).await;
    for at in 0..200 {
        write(&bench.root.join(format!("src/f{at}.rs")), &format!("fn f{at}() {{}}\n"));
    }
    bench.check("more than are read one by one").await;
    for at in 0..200 {
        write(&bench.root.join(format!("src/f{at}.rs")), &format!("fn g{at}() {{}}\n"));
    }
    bench.check("as many, as long as before").await;
    for at in 0..6_000 {
        write(&bench.root.join(format!("src/h{}.rs", at % 3_000)), "");
        let _ = fs::remove_file(bench.root.join(format!("src/h{}.rs", at % 2_999)));
    }
    write(&bench.root.join("src/one.rs"), "fn last() {}\n");
    bench.check("more than are noted").await;
    write(&bench.root.join("src/one.rs"), "fn very_last() {}\n");
    bench.check("and one more").await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn where_no_more_can_be_watched_all_is_looked_at_and_it_is_said() {
    let bench = Bench::new(&[("a/one.rs", "fn one() {}\n")]).await;
    let workspace = bench.documents.store.workspaces().await.unwrap().remove(0);
    let noticing = || bench.documents.noticing(workspace.id, &workspace.root);
    assert_eq!(noticing(), "watched");
    let track = bench.track(&bench.documents).await;
    // The root and the one folder in it.
    track.allow(2);
    write(&bench.root.join("b/two.rs"), "fn two() {}\n");
    bench.check("a folder too many").await;
    write(&bench.root.join("b/two.rs"), "fn changed() {}\n");
    bench.check("changed where nobody tells of it").await;
    assert_eq!(noticing(), "looked at on each call: it has too many folders");
    write(&bench.root.join("b/two.rs"), "fn changed_again() {}\n");
    fs::remove_file(bench.root.join("a/one.rs")).unwrap();
    bench.check("changed where nothing is watched").await;
    assert!(!track.is_watched() && !track.may_watch(), "not tried again by every call");
}

#[tokio::test]
async fn a_file_that_changes_while_a_run_goes_on_is_known_to_the_next_question() {
    for is_watched in [true, false] {
        let bench = Bench::new(&[("src/one.rs", "fn one() {}\n"), ("src/two.rs", "fn two() {}\n")]).await;
        if !is_watched {
            bench.track(&bench.documents).await.do_not_watch(super::watch::Blind::Refused);
            bench.ask(&bench.documents).await;
        }
        let run = bench.begin_run(&bench.documents).await;
        write(&bench.root.join("src/one.rs"), "fn changed() {}\n");
        bench.check("changed while a run goes on").await;
        write(&bench.root.join("src/one.rs"), "fn once_more() {}\n");
        fs::remove_file(bench.root.join("src/two.rs")).unwrap();
        bench.check("changed again, and removed").await;
        if is_watched {
            write(&bench.root.join("new/three.rs"), "fn three() {}\n");
            bench.check("a new file in a new folder").await;
        }
        // The run had read it before all of this, and writes what it read only now.
        let workspace = bench.documents.store.workspaces().await.unwrap().remove(0).id;
        write(&bench.root.join("aside"), "fn before() {}\n");
        let text = read(&bench.root.join("aside"), DEFAULT_MAX_FILE_BYTES).unwrap();
        fs::remove_file(bench.root.join("aside")).unwrap();
        let late = super::index::cut("src/one.rs".to_owned(), 15, 1, text);
        bench.documents.store.put_segment(workspace, super::postings::segment(vec![late])).await.unwrap();
        run.send_replace(State::Done);
        bench.check("the run is over").await;
        write(&bench.root.join("src/one.rs"), "fn after() {}\n");
        bench.check("changed after it").await;
    }
}

#[tokio::test]
async fn a_file_that_changes_during_the_first_run_is_known_before_its_end() {
    let bench = Bench::new(&[("one.rs", "fn one() {}\n"), ("two.rs", "fn two() {}\n")]).await;
    let workspace = bench.documents.store.workspaces().await.unwrap().remove(0).id;
    // As it is while a first run goes on, in this process or another one.
    bench.documents.store.remove_workspace(workspace).await.unwrap();
    let workspace = bench.documents.store.open_workspace(bench.root.display().to_string(), 1).await.unwrap();
    let text = read(&bench.root.join("one.rs"), DEFAULT_MAX_FILE_BYTES).unwrap();
    let size = i64::try_from(text.size_bytes).unwrap();
    let first = super::index::cut("one.rs".to_owned(), size, text.mtime_ns, text);
    bench.documents.store.put_segment(workspace, super::postings::segment(vec![first])).await.unwrap();
    write(&bench.root.join("one.rs"), "fn changed() {}\n");
    let known = bench.known(&bench.documents).await.0;
    assert_eq!(known.get("one.rs"), bench.there().0.get("one.rs"));
    assert_eq!(known.len(), 1, "what the run has not come to is not known");
}

#[tokio::test]
async fn what_nobody_tells_of_is_seen_when_all_is_looked_at_again() {
    let bench = Bench::new(&[("src/one.rs", "fn one() {}\n")]).await;
    // As with a mapping of it, nobody is told who writes to a file by a name outside of what is watched.
    let elsewhere = bench.root.with_file_name("elsewhere");
    fs::hard_link(bench.root.join("src/one.rs"), &elsewhere).unwrap();
    bench.ask(&bench.documents).await;
    write(&elsewhere, "fn changed() {}\n");
    let before = bench.known(&bench.documents).await;
    assert_eq!(before == bench.there(), !cfg!(target_os = "linux"), "it is not told of");
    {
        let track = bench.track(&bench.documents).await;
        let mut turn = track.turn.lock().await;
        let sweep = turn.sweep.as_mut().unwrap();
        sweep.at = sweep.at.checked_sub(LOOK_EVERY).unwrap();
    }
    bench.check("ten seconds later").await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_root_that_may_not_be_read_is_not_one_without_files() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new(&[("src/one.rs", "fn one() {}\n")]).await;
    let before = bench.known(&bench.documents).await;
    for mode in [0o000, 0o111] {
        fs::set_permissions(&bench.root, fs::Permissions::from_mode(mode)).unwrap();
        let may_read = fs::read_dir(&bench.root).is_ok();
        // Where the root is not admitted either, nothing is asked of it.
        let _ = bench.documents.state(&[], &bench.allowed(), &Call::silent()).await;
        let files = bench.documents.store.workspaces().await.unwrap()[0].files;
        fs::set_permissions(&bench.root, fs::Permissions::from_mode(0o755)).unwrap();
        if may_read {
            // Who runs this may read everything, so nothing can be taken away from them.
            return;
        }
        assert_eq!(files, 1);
        write(&bench.root.join("src/one.rs"), &format!("fn one_{mode}() {{}}\n"));
        bench.check("read again").await;
    }
    assert_ne!(bench.known(&bench.documents).await, before);
}

#[tokio::test]
async fn a_clock_that_was_set_back_hides_nothing() {
    let bench = Bench::new(&[("src/one.rs", "fn one() {}\n")]).await;
    let tomorrow = Clock::fixed(Clock::system().now() + 86_400_000);
    let ahead = Documents::new(&bench.store, tomorrow, bench.root.clone());
    ahead.index(&IndexRequest::default(), &bench.allowed(), &Call::silent()).await.unwrap();
    write(&bench.root.join("src/two.rs"), "fn two() {}\n");
    let other = Documents::new(&bench.store, Clock::system(), bench.root.clone());
    assert_eq!(bench.known(&other).await, bench.there());
}

#[tokio::test]
async fn a_root_that_is_made_anew_or_moved_is_looked_through() {
    let bench = Bench::new(&[("src/one.rs", "fn one() {}\n"), ("two.rs", "fn two() {}\n")]).await;
    let aside = bench.root.with_file_name("aside");
    fs::rename(&bench.root, &aside).unwrap();
    let before = bench.documents.store.workspaces().await.unwrap();
    let _ = bench.documents.state(&[], &bench.allowed(), &Call::silent()).await;
    // What is not there now is not the workspace with all of its files deleted.
    assert_eq!(bench.documents.store.workspaces().await.unwrap()[0].files, before[0].files);
    write(&bench.root.join("three.rs"), "fn three() {}\n");
    bench.check("made anew").await;
    write(&bench.root.join("three.rs"), "fn four() {}\n");
    bench.check("and changed").await;
    fs::remove_dir_all(&bench.root).unwrap();
    fs::rename(&aside, &bench.root).unwrap();
    bench.check("moved back").await;
    write(&bench.root.join("src/one.rs"), "fn other() {}\n");
    bench.check("and changed").await;
}

#[tokio::test]
async fn a_call_that_was_cut_off_leaves_nothing_unseen() {
    let bench = Bench::new(&[("src/one.rs", "fn one() {}\n")]).await;
    for at in 0..8_usize {
        write(&bench.root.join(format!("new{at}/two.rs")), "fn two() {}\n");
        let (allowed, call) = (bench.allowed(), Call::silent());
        let mut cut_off = Box::pin(bench.documents.state(&[], &allowed, &call));
        for _ in 0..at {
            // Ended at another place each time.
            if futures_util::poll!(&mut cut_off).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(cut_off);
        bench.check("after a call that was cut off").await;
    }
}

#[tokio::test]
async fn files_passed_over_are_looked_at_where_nothing_is_watched_too() {
    let bench = Bench::new(&[("a.rs", "fn a() {}\n"), ("b.rs", "b\0"), ("c.rs", "// @generated\n")]).await;
    let other = Documents::new(&bench.store, Clock::system(), bench.root.clone());
    bench.ask(&other).await;
    bench.track(&other).await.do_not_watch(super::watch::Blind::Refused);
    for (path, text) in [("b.rs", "fn b() {}\n"), ("c.rs", "fn c() {}\n"), ("b.rs", "b\0\0"), ("b.rs", "fn bb() {}\n")]
    {
        write(&bench.root.join(path), text);
        assert_eq!(bench.known(&other).await, bench.there(), "{path}");
    }
    fs::create_dir(bench.root.join("empty")).unwrap();
    assert_eq!(bench.known(&other).await, bench.there());
    write(&bench.root.join("empty/d.rs"), "fn d() {}\n");
    assert_eq!(bench.known(&other).await, bench.there());
    write(&bench.root.join(".gitignore"), "empty\n");
    assert_eq!(bench.known(&other).await, bench.there());
    write(&bench.root.join(".gitignore"), "nothing\n");
    assert_eq!(bench.known(&other).await, bench.there());
}
