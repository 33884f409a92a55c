//! Reads and writes the entry that makes an MCP host start this server.
//!
//! [`add`], [`remove`] and [`find`] are functions over texts; every byte outside our entry stays as it is, and
//! removing an entry that was added gives back the bytes of before. [`apply`] and [`check`] are the edge to the disk.
//! Nothing here reads the environment: folders are arguments.

mod edits;
mod file;
pub mod hooks;
mod json;
mod toml;
mod yaml;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

pub use file::Change;
pub use file::EntryStatus;
pub use file::Mode;
pub use file::Status;
pub use file::apply;
pub use file::check;

/// The name of our entry in every host.
pub const SERVER_NAME: &str = "carryall";

/// A program that starts MCP servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    ClaudeDesktop,
    ClaudeCode,
    Cursor,
    VsCode,
    Zed,
    Codex,
    Gemini,
    Goose,
    Windsurf,
}

/// How a host's file is written.
#[derive(Clone, Copy)]
enum Format {
    /// JSON, comments allowed, with the servers in this object.
    Json(&'static str),
    Toml,
    Yaml,
}

impl Host {
    /// Every host, in the order in which they are listed to a person.
    pub const ALL: [Host; 9] = [
        Host::ClaudeDesktop,
        Host::ClaudeCode,
        Host::Cursor,
        Host::VsCode,
        Host::Zed,
        Host::Codex,
        Host::Gemini,
        Host::Goose,
        Host::Windsurf,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Host::ClaudeDesktop => "claude-desktop",
            Host::ClaudeCode => "claude-code",
            Host::Cursor => "cursor",
            Host::VsCode => "vscode",
            Host::Zed => "zed",
            Host::Codex => "codex",
            Host::Gemini => "gemini",
            Host::Goose => "goose",
            Host::Windsurf => "windsurf",
        }
    }

    /// The host of that name.
    pub fn named(name: &str) -> Option<Host> {
        Host::ALL.into_iter().find(|it| it.name() == name)
    }

    /// The name in a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Host::ClaudeDesktop => "Claude Desktop",
            Host::ClaudeCode => "Claude Code",
            Host::Cursor => "Cursor",
            Host::VsCode => "VS Code",
            Host::Zed => "Zed",
            Host::Codex => "Codex",
            Host::Gemini => "Gemini CLI",
            Host::Goose => "Goose",
            Host::Windsurf => "Windsurf",
        }
    }

    /// What a person does after the entry was written, so that the host sees it.
    pub fn next_step(self) -> &'static str {
        match self {
            Host::ClaudeDesktop => "quit Claude Desktop and start it again",
            Host::ClaudeCode => "start a new Claude Code session; /mcp lists the server",
            Host::Cursor => "open Cursor's settings for MCP and turn the server on",
            Host::VsCode => "run `MCP: List Servers` in VS Code and start the server",
            Host::Zed => "open Zed's agent settings; the server shows a green dot",
            Host::Codex => "start a new Codex session; /mcp lists the server",
            Host::Gemini => "start a new Gemini CLI session; /mcp lists the server",
            Host::Goose => "start a new Goose session",
            Host::Windsurf => "press refresh in Windsurf's list of MCP servers",
        }
    }

    /// The entry in the host's own file format, as the only content of a file: to be read, or pasted by hand.
    pub fn snippet(self, entry: &Entry) -> String {
        let fields = fields(self, entry);
        match self.format() {
            Format::Json(container) => json::snippet(container, &fields),
            Format::Toml => toml::snippet(&fields),
            Format::Yaml => yaml::snippet(&fields),
        }
    }

    /// Whether the host shows the model only the structured part of an answer, so that we should send none.
    ///
    /// Source: anthropics/claude-code#79944 and #55677, read 2026-11-20.
    fn hides_text(self) -> bool {
        self == Host::ClaudeCode
    }

    /// Sources: each host's documentation of its MCP settings, read 2026-11-21.
    fn format(self) -> Format {
        match self {
            Host::ClaudeDesktop | Host::ClaudeCode | Host::Cursor | Host::Gemini | Host::Windsurf => {
                Format::Json("mcpServers")
            }
            Host::VsCode => Format::Json("servers"),
            Host::Zed => Format::Json("context_servers"),
            Host::Codex => Format::Toml,
            Host::Goose => Format::Yaml,
        }
    }

    fn format_name(self) -> &'static str {
        match self.format() {
            Format::Json(_) => "JSON",
            Format::Toml => "TOML",
            Format::Yaml => "YAML",
        }
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.title())
    }
}

/// What a host runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The absolute path of the program. Empty when an entry that was read has none, as those of remote servers.
    pub command: String,
    pub args: Vec<String>,
    /// Variables that are set for the program.
    pub env: BTreeMap<String, String>,
}

impl Entry {
    /// The entry that makes `host` serve from `program`, an absolute path.
    ///
    /// # Errors
    /// [`HostError::Program`] when the path cannot be written into a text file.
    pub fn for_host(host: Host, program: &Path) -> Result<Entry, HostError> {
        let Some(command) = program.to_str().filter(|_| program.is_absolute()) else {
            return Err(HostError::Program { path: program.to_path_buf() });
        };
        let mut args = vec!["serve".to_string()];
        if host.hides_text() {
            args.push("--text-only".to_string());
        }
        Ok(Entry { command: command.to_string(), args, env: BTreeMap::new() })
    }
}

/// The kinds of platform that keep settings in different places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Os {
    Linux,
    MacOs,
    Windows,
}

impl Os {
    /// The platform that this program was built for; any other Unix is taken for Linux.
    pub fn current() -> Os {
        if cfg!(windows) {
            Os::Windows
        } else if cfg!(target_os = "macos") {
            Os::MacOs
        } else {
            Os::Linux
        }
    }
}

/// Where a person's settings are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    pub os: Os,
    pub home: PathBuf,
    /// `$XDG_CONFIG_HOME`, `~/Library/Application Support` or `%APPDATA%`.
    pub config: PathBuf,
}

impl Folders {
    /// The folders as they are unless the environment moves them.
    pub fn usual(os: Os, home: &Path) -> Folders {
        let config = match os {
            Os::Linux => home.join(".config"),
            Os::MacOs => home.join("Library").join("Application Support"),
            Os::Windows => home.join("AppData").join("Roaming"),
        };
        Folders { os, home: home.to_path_buf(), config }
    }
}

/// The file in which `host` keeps its servers: a person's own, or the one that `project` shares.
///
/// # Errors
/// [`HostError::NoProjectFile`] when the host reads servers only from the person's file.
pub fn config_path(host: Host, folders: &Folders, project: Option<&Path>) -> Result<PathBuf, HostError> {
    let Folders { os, home, config } = folders;
    if let Some(project) = project {
        return match host {
            Host::ClaudeCode => Ok(project.join(".mcp.json")),
            Host::Cursor => Ok(project.join(".cursor").join("mcp.json")),
            Host::VsCode => Ok(project.join(".vscode").join("mcp.json")),
            Host::Zed => Ok(project.join(".zed").join("settings.json")),
            Host::Codex => Ok(project.join(".codex").join("config.toml")),
            Host::Gemini => Ok(project.join(".gemini").join("settings.json")),
            Host::ClaudeDesktop | Host::Goose | Host::Windsurf => Err(HostError::NoProjectFile { host }),
        };
    }
    // Zed and Goose follow the Unix habit on macOS too.
    let unix = if *os == Os::MacOs { home.join(".config") } else { config.clone() };
    Ok(match host {
        Host::ClaudeDesktop => config.join("Claude").join("claude_desktop_config.json"),
        Host::ClaudeCode => home.join(".claude.json"),
        Host::Cursor => home.join(".cursor").join("mcp.json"),
        Host::VsCode => config.join("Code").join("User").join("mcp.json"),
        Host::Zed if *os == Os::Windows => config.join("Zed").join("settings.json"),
        Host::Zed => unix.join("zed").join("settings.json"),
        Host::Codex => home.join(".codex").join("config.toml"),
        Host::Gemini => home.join(".gemini").join("settings.json"),
        Host::Goose if *os == Os::Windows => config.join("Block").join("goose").join("config").join("config.yaml"),
        Host::Goose => unix.join("goose").join("config.yaml"),
        Host::Windsurf => home.join(".codeium").join("windsurf").join("mcp_config.json"),
    })
}

/// Why a text was not changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The text breaks the rules of its format.
    #[error("line {line}, column {column}: {problem}")]
    Invalid { line: usize, column: usize, problem: String },
    /// The text is valid, but written in a way that cannot be changed safely.
    #[error("line {line}: {problem}")]
    Shape { line: usize, problem: String },
}

/// Why a host's file could not be read or changed, sorted by what to do next. The file was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Mend the file, or paste the entry by hand.
    #[error("{} is not valid {format}: {refusal}", path.display())]
    Invalid { path: PathBuf, format: &'static str, refusal: Refusal, next_step: String },

    /// Make the change by hand.
    #[error("{} cannot be edited safely: {refusal}", path.display())]
    ByHand { path: PathBuf, refusal: Refusal, next_step: String },

    /// Give access, then try again.
    #[error("cannot {action} {}: {source}", path.display())]
    Access { path: PathBuf, action: &'static str, source: io::Error },

    /// Try again: the host wrote its file at the same moment.
    #[error("{} was changed by another program meanwhile", path.display())]
    Changed { path: PathBuf },

    /// Leave the project out.
    #[error("{host} reads no servers from a project folder")]
    NoProjectFile { host: Host },

    /// Choose a host that has hooks.
    #[error("{host} has no hooks that carryall knows")]
    NoHooks { host: Host },

    /// Install the program elsewhere.
    #[error("{} cannot be written into a host's file: it is not an absolute path in Unicode", path.display())]
    Program { path: PathBuf },
}

impl HostError {
    /// What a person can do about it, snippet included; may have several lines.
    pub fn next_step(&self) -> String {
        match self {
            HostError::Invalid { next_step, .. } | HostError::ByHand { next_step, .. } => next_step.clone(),
            HostError::Access { path, .. } => {
                format!("check that {} is a file that you may read and write, then try again", path.display())
            }
            HostError::Changed { path } => {
                format!("close the program that writes {}, then try again", path.display())
            }
            HostError::NoProjectFile { host } => format!("run `carryall setup {}` without a project", host.name()),
            HostError::NoHooks { .. } => {
                let names: Vec<&str> = hooks::with_hooks().into_iter().map(Host::name).collect();
                format!("hooks are known of {}", names.join(", "))
            }
            HostError::Program { .. } => "install carryall under a path of plain characters".to_string(),
        }
    }
}

/// The text with our entry in it: added, or brought up to date with everything kept that a person added to it.
/// `None` is a file that does not exist. The same text comes back when nothing differs.
///
/// # Errors
/// [`Refusal`] with the place, when the text is invalid or cannot be changed safely.
pub fn add(host: Host, original: Option<&str>, entry: &Entry) -> Result<String, Refusal> {
    let (mark, text) = without_mark(original.unwrap_or_default());
    let fields = fields(host, entry);
    let text = match host.format() {
        Format::Json(container) => json::add(text, container, &fields)?,
        Format::Toml => toml::add(text, &fields)?,
        Format::Yaml => yaml::add(text, &fields)?,
    };
    let told = find(host, &text).ok().flatten().is_some_and(|it| {
        it.command == entry.command && it.args == entry.args && entry.env.iter().all(|(k, v)| it.env.get(k) == Some(v))
    });
    if !told {
        let problem = "the changed file would not say what it should".to_string();
        return Err(Refusal::Shape { line: 1, problem });
    }
    Ok(format!("{mark}{text}"))
}

/// The text without our entry; the same text when there is none.
///
/// # Errors
/// As [`add`].
pub fn remove(host: Host, original: &str) -> Result<String, Refusal> {
    let (mark, text) = without_mark(original);
    let text = match host.format() {
        Format::Json(container) => json::remove(text, container)?,
        Format::Toml => toml::remove(text)?,
        Format::Yaml => yaml::remove(text)?,
    };
    if find(host, &text) != Ok(None) {
        let problem = "the changed file would still hold the entry".to_string();
        return Err(Refusal::Shape { line: 1, problem });
    }
    Ok(format!("{mark}{text}"))
}

/// Our entry as the text has it.
///
/// # Errors
/// As [`add`].
pub fn find(host: Host, text: &str) -> Result<Option<Entry>, Refusal> {
    let (_, text) = without_mark(text);
    match host.format() {
        Format::Json(container) => json::find(text, container),
        Format::Toml => toml::find(text),
        Format::Yaml => yaml::find(text),
    }
}

/// Splits off the byte order mark that some Windows editors write.
fn without_mark(text: &str) -> (&str, &str) {
    text.split_at(if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 })
}

/// The entry as fields of the host's format, in the order in which they are written.
fn fields(host: Host, entry: &Entry) -> Vec<(&'static str, Value)> {
    let command = Value::from(entry.command.as_str());
    let args = Value::from(entry.args.clone());
    let env = Value::Object(entry.env.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str()))).collect());
    match host {
        Host::ClaudeCode | Host::VsCode => {
            vec![("type", "stdio".into()), ("command", command), ("args", args), ("env", env)]
        }
        Host::Goose => vec![
            ("name", SERVER_NAME.into()),
            ("type", "stdio".into()),
            ("cmd", command),
            ("args", args),
            ("envs", env),
            ("enabled", true.into()),
            // Seconds. Source: the examples of Goose's documentation, read 2026-11-21.
            ("timeout", 300.into()),
        ],
        _ => vec![("command", command), ("args", args), ("env", env)],
    }
}

#[cfg(test)]
mod tests;
