//! Asks git about a repository that nobody vouches for: no setting of its own can have a program run, the network is shut,
//! and what it prints and how long it takes have an end.

use std::ffi::OsString;
use std::path::Path;
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

/// So long git looks for commits that changed something in a part of a repository: it prints them as it meets them, and what
/// it met is taken.
const PART_PATIENCE: Duration = Duration::from_secs(15);

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
    "--relative",
    "--submodule=short",
    "--ignore-submodules=all",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "-O/dev/null",
];

/// The program, and of what it is to tell.
#[derive(Clone, Debug)]
pub(super) struct Git<'a> {
    pub(super) program: &'a Path,
    /// The folder whose past is asked for.
    pub(super) root: &'a Path,
    /// The folder of the repository, `root` or around it.
    pub(super) repository: &'a Path,
}

impl Git<'_> {
    /// The latest commits that changed something in the folder, without merges, latest first, and whether those are all;
    /// `None` when there are none, or git does not say.
    pub(super) async fn list(&self) -> Option<(Vec<String>, bool)> {
        let mut text = Vec::new();
        let most = format!("--max-count={COMMITS}");
        let is_part = self.root != self.repository;
        let patience = if is_part { PART_PATIENCE } else { PATIENCE };
        let arguments = LIST.iter().copied().chain([most.as_str(), "HEAD", "--"]).chain(is_part.then_some("."));
        let asked = self.ask(arguments, patience, |part| {
            text.extend_from_slice(part);
            text.len() < COMMITS * 80
        });
        let is_whole = asked.await;
        let text = String::from_utf8(text).ok().filter(|_| is_whole || is_part)?;
        let lines = text.split_inclusive('\n').filter_map(|it| it.strip_suffix('\n'));
        let list: Vec<String> = lines.map(str::to_owned).collect();
        let is_hash = |it: &String| matches!(it.len(), 40 | 64) && it.bytes().all(|it| it.is_ascii_hexdigit());
        // A part that no commit touched has an empty past, which is known then.
        let is_known = !list.is_empty() || is_part && is_whole;
        (is_known && list.iter().all(is_hash)).then_some((list, is_whole))
    }

    /// What the commits of `wanted` say and change, as far as `take` goes on; returns whether that came to its end.
    pub(super) async fn log(&self, wanted: &[String], take: impl FnMut(&[u8]) -> bool) -> bool {
        let names = wanted.iter().map(String::as_str);
        self.ask(LOG.iter().copied().chain(["--no-walk=unsorted"]).chain(names).chain(["--"]), PATIENCE, take).await
    }

    /// Runs git; returns whether it ended well and in time, and all that it printed was taken.
    async fn ask<'b>(
        &self,
        arguments: impl Iterator<Item = &'b str>,
        patience: Duration,
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> bool {
        let Some(environment) = environment(self.repository) else { return false };
        #[expect(clippy::disallowed_methods, reason = "git reads its own files better than we would")]
        let mut command = tokio::process::Command::new(self.program);
        command.args(["--no-pager", "--no-optional-locks", "--no-replace-objects"]);
        command.args(SETTINGS.iter().flat_map(|it| ["-c", it])).args(arguments);
        command.env_clear().envs(environment).current_dir(self.root);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        // Ctrl-C in a terminal is for us: a git that it ends looks like one that cannot read these commits.
        #[cfg(unix)]
        command.process_group(0);
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
        tokio::time::timeout(patience, reading).await.unwrap_or(false)
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

/// All that git sees of the world: no settings but the repository's, no repository but that one, no network. `None` below
/// a folder that no list of folders can name, because a colon is in its name: git would look there, too.
fn environment(repository: &Path) -> Option<Vec<(&'static str, OsString)>> {
    let ceiling = std::env::join_paths([repository.parent().unwrap_or(repository)]).ok()?;
    let set = |name, value: &str| (name, OsString::from(value));
    Some(vec![
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
        ("GIT_CEILING_DIRECTORIES", ceiling),
    ])
}

#[cfg(all(test, unix))]
mod folder_tests {
    use super::*;

    #[test]
    fn git_looks_no_higher_than_the_repository_and_not_at_all_where_that_cannot_be_said() {
        let ceiling = |repository: &str| {
            let all = environment(Path::new(repository))?;
            all.into_iter().find(|it| it.0 == "GIT_CEILING_DIRECTORIES").map(|it| it.1.into_string().unwrap())
        };
        assert_eq!(ceiling("/home/ana/work"), Some("/home/ana".to_owned()));
        assert_eq!(ceiling("/"), Some("/".to_owned()));
        assert_eq!(ceiling("/home/a:b/work"), None);
        assert_eq!(ceiling("/home/ana/a:b"), Some("/home/ana".to_owned()));
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
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
        script_at(&program, script);
        let told = format!("{:032}{:08}", MEMORY >> 10, PATIENCE.as_secs());
        assert_eq!(listed(&program).await, [told]);
    }

    #[tokio::test]
    async fn git_is_not_of_those_that_a_terminal_interrupts() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("git");
        // Its own number, and that of its group: what ctrl-C is sent to is ours.
        let script = "#!/bin/sh\nread -r id name state parent group rest < /proc/$$/stat\n\
                      printf '%020d%020d\\n' \"$$\" \"$group\"\n";
        script_at(&program, script);
        let told = listed(&program).await.remove(0);
        assert_eq!(told[..20], told[20..], "its group is its own");
    }

    fn script_at(path: &Path, script: &str) {
        std::fs::write(path, script).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What the program gives as the list of all commits.
    async fn listed(program: &Path) -> Vec<String> {
        let folder = program.parent().unwrap();
        let git = Git { program, root: folder, repository: folder };
        // A process that another test starts may hold the script open for a moment.
        for _ in 0..20 {
            if let Some((list, true)) = git.list().await {
                return list;
            }
        }
        panic!("nothing was listed")
    }
}
