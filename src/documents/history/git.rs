//! Asks git about a repository that nobody vouches for: no setting of its own can have a program run, the network is shut,
//! and what it prints and how long it takes have an end.

use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::patch::FORMAT;

/// Commits that are looked at, the latest: 2,000 find half as much, more were not tried (docs/benchmarks.md).
pub(super) const COMMITS: usize = 5_000;

/// One question to git may take so long, and print so much. Of five public repositories four took 0.8 to 3.7 s of CPU for
/// [`COMMITS`] and printed 17 to 132 MB, one 15.5 s and 138 MB.
const PATIENCE: Duration = Duration::from_secs(60);
const BYTES: usize = 256 << 20;

/// Commits that are asked for at once: where one of them is too much, no more than these are given up.
pub(super) const AT_ONCE: usize = 100;

/// What git may have of memory: a folder of folders of a few hundred bytes can say that it has a thousand million files, and
/// git makes a list of them before it prints a line. It is enough for sphinx,
/// MassTransit, curl, hugo and netty (packs of 146 to 260 MB).
#[cfg(target_os = "linux")]
const MEMORY: u64 = 512 << 20;

/// Bytes that are read at a time.
const READ: usize = 64 << 10;

/// Settings of a repository that run programs or leave it, set to nothing: the command line counts more than its file. A
/// driver for differences or for text is left out by arguments of [`LOG`].
const SETTINGS: &[&str] = &[
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.alternateRefsCommand=",
    "core.sshCommand=false",
    "core.gitProxy=",
    "core.pager=cat",
    "credential.helper=",
    "gpg.program=false",
    "log.showSignature=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
    // Not settings that run anything: how paths are written, and which files count as binary.
    "core.quotePath=false",
    "core.bigFileThreshold=512k",
    "core.attributesFile=/dev/null",
    "log.showRoot=true",
    // Parts of packs that are mapped at a time: they count as memory.
    "core.packedGitWindowSize=16m",
    "core.packedGitLimit=128m",
];

const LIST: &[&str] = &["rev-list", "--no-merges"];

const LOG: &[&str] = &[
    "log",
    "--no-merges",
    FORMAT,
    "--encoding=UTF-8",
    "--no-show-signature",
    "--no-notes",
    "--no-mailmap",
    "--no-decorate",
    "--no-color",
    "--patch",
    "--unified=0",
    "--inter-hunk-context=0",
    "--diff-filter=AM",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-relative",
    "--submodule=short",
    "--ignore-submodules=all",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "-O/dev/null",
];

/// The program, and the folder of a repository.
#[derive(Clone, Debug)]
pub(super) struct Git<'a> {
    pub(super) program: &'a Path,
    pub(super) root: &'a Path,
}

impl Git<'_> {
    /// The latest commits that lead to where the folder stands, without merges, latest first; `None` when there are none,
    /// or git does not say.
    pub(super) async fn list(&self) -> Option<Vec<String>> {
        let mut text = Vec::new();
        let most = format!("--max-count={COMMITS}");
        let arguments = LIST.iter().copied().chain([most.as_str(), "HEAD", "--"]);
        let is_whole = self.ask(arguments, |part| {
            text.extend_from_slice(part);
            text.len() < COMMITS * 80
        });
        let is_whole = is_whole.await;
        let text = String::from_utf8(text).ok().filter(|_| is_whole)?;
        let list: Vec<String> = text.lines().map(str::to_owned).collect();
        let is_hash = |it: &String| matches!(it.len(), 40 | 64) && it.bytes().all(|it| it.is_ascii_hexdigit());
        (!list.is_empty() && list.iter().all(is_hash)).then_some(list)
    }

    /// What the commits of `wanted` say and change, as far as `take` goes on; returns whether that came to its end.
    pub(super) async fn log(&self, wanted: &[String], take: impl FnMut(&[u8]) -> bool) -> bool {
        let names = wanted.iter().map(String::as_str);
        self.ask(LOG.iter().copied().chain(["--no-walk=unsorted"]).chain(names).chain(["--"]), take).await
    }

    /// Runs git; returns whether it ended well and all that it printed was taken.
    async fn ask<'b>(&self, arguments: impl Iterator<Item = &'b str>, mut take: impl FnMut(&[u8]) -> bool) -> bool {
        #[expect(clippy::disallowed_methods, reason = "git reads its own files better than we would")]
        let mut command = tokio::process::Command::new(self.program);
        command.args(["--no-pager", "--no-optional-locks", "--no-replace-objects"]);
        command.args(SETTINGS.iter().flat_map(|it| ["-c", it])).args(arguments);
        command.env_clear().envs(environment(self.root)).current_dir(self.root);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let Ok(mut child) = command.spawn() else { return false };
        if limit(&child).is_none() {
            return false;
        }
        let Some(mut output) = child.stdout.take() else { return false };
        let reading = async {
            let mut part = vec![0; READ];
            let mut bytes = 0;
            loop {
                match output.read(&mut part).await {
                    Ok(0) => break,
                    Ok(read) => {
                        bytes += read;
                        if bytes > BYTES || !take(&part[..read]) {
                            return false;
                        }
                    }
                    Err(_) => return false,
                }
            }
            child.wait().await.is_ok_and(|it| it.success())
        };
        // What is still running ends with `child`.
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or(false)
    }
}

/// Holds git to [`MEMORY`] and [`PATIENCE`]; `None` when that cannot be.
#[cfg(target_os = "linux")]
fn limit(child: &tokio::process::Child) -> Option<()> {
    use rustix::process::Pid;
    use rustix::process::Resource;
    use rustix::process::Rlimit;

    let most = |it: u64| Rlimit { current: Some(it), maximum: Some(it) };
    let pid = Pid::from_raw(i32::try_from(child.id()?).ok()?)?;
    for (what, limit) in [(Resource::As, MEMORY), (Resource::Cpu, PATIENCE.as_secs())] {
        rustix::process::prlimit(Some(pid), what, most(limit)).ok()?;
    }
    Some(())
}

#[cfg(not(target_os = "linux"))]
fn limit(_: &tokio::process::Child) -> Option<()> {
    Some(())
}

/// All that git sees of the world: no settings but the repository's, no repository but the folder's own, no network.
fn environment(root: &Path) -> Vec<(&'static str, PathBuf)> {
    let set = |name, value: &str| (name, PathBuf::from(value));
    vec![
        set("LC_ALL", "C"),
        set("GIT_CONFIG_NOSYSTEM", "1"),
        set("GIT_CONFIG_GLOBAL", "/dev/null"),
        set("GIT_ATTR_NOSYSTEM", "1"),
        set("GIT_OPTIONAL_LOCKS", "0"),
        set("GIT_NO_LAZY_FETCH", "1"),
        set("GIT_ALLOW_PROTOCOL", ""),
        set("GIT_TERMINAL_PROMPT", "0"),
        set("GIT_ASKPASS", ""),
        // Settings that begin with `~` are an error without it.
        set("HOME", "/dev/null"),
        ("GIT_CEILING_DIRECTORIES", root.parent().unwrap_or(root).to_path_buf()),
    ]
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn git_is_held_to_its_memory_and_time() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("git");
        // It goes on when it is held, and then tells how.
        let script = "#!/bin/sh\nwhile [ \"$(ulimit -v)\" = unlimited ] || [ \"$(ulimit -t)\" = unlimited ]; do :; done\n\
                      printf '%032d%08d\\n' \"$(ulimit -v)\" \"$(ulimit -t)\"\n";
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let git = Git { program: &program, root: folder.path() };
        let told = format!("{:032}{:08}", MEMORY >> 10, PATIENCE.as_secs());
        // A process that another test starts may hold the script open for a moment.
        let mut found = None;
        for _ in 0..20 {
            found = git.list().await;
            if found.is_some() {
                break;
            }
        }
        assert_eq!(found, Some(vec![told]));
    }
}
