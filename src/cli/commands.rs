//! Every command and flag, defined once: help, completions, the man page and the effect follow from here. The flags
//! that set something take their words from the table of settings.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use clap::CommandFactory;
use clap::FromArgMatches;
use clap::Parser;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap_complete::Shell;

use super::failed::Failed;
use super::hosts::Host;
use super::tools;
use crate::config;
use crate::config::Flags;
use crate::exchange::Format;

/// The name of the program.
pub(super) const PROGRAM: &str = "carryall";

/// Memory, context and a second opinion for any MCP host.
///
/// Without a command, `carryall` serves when its input is not a terminal, as when a host starts it.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Exit codes: 0 done, 1 nothing found, 2 wrong use or configuration, 3 failed."
)]
pub(super) struct CommandLine {
    #[command(flatten)]
    pub(super) settings: SettingFlags,
    /// Print one JSON document instead of text.
    #[arg(long, global = true, help_heading = "Output")]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// The flags of the table of settings; each has its words from there.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingFlags {
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
    #[arg(long, global = true, value_name = "FILE")]
    db: Option<PathBuf>,
    #[arg(long = "root", global = true, value_name = "FOLDER")]
    roots: Vec<PathBuf>,
    #[arg(long, global = true, value_name = "NAMES")]
    toolsets: Option<String>,
    #[arg(long, global = true)]
    read_only: bool,
    #[arg(long, global = true, value_name = "NAMES")]
    exclude_tools: Option<String>,
    #[arg(long, global = true)]
    text_only: bool,
    #[arg(long, global = true)]
    offline: bool,
    #[arg(long, global = true, value_name = "NAME")]
    provider: Option<String>,
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

impl SettingFlags {
    /// The flags as the configuration takes them.
    pub(super) fn flags(&self) -> Flags {
        let given = self.clone();
        Flags {
            config: given.config,
            env_file: given.env_file,
            db: given.db,
            roots: given.roots,
            toolsets: given.toolsets,
            read_only: self.read_only.then_some(true),
            exclude_tools: given.exclude_tools,
            text_only: self.text_only.then_some(true),
            offline: self.offline.then_some(true),
            provider: given.provider,
            log_format: given.log_format,
        }
    }
}

/// The flags as a host must give them to say the same from any folder: paths are absolute.
pub(super) fn to_arguments(flags: &Flags) -> Result<Vec<String>, Failed> {
    let mut arguments = Vec::new();
    let named = [("--config", &flags.config), ("--env-file", &flags.env_file), ("--db", &flags.db)];
    let paths = named.into_iter().filter_map(|(flag, path)| Some((flag, path.as_ref()?)));
    for (flag, path) in paths.chain(flags.roots.iter().map(|it| ("--root", it))) {
        let absolute = std::path::absolute(path).map_err(|err| Failed::file("find", path, &err))?;
        let text = absolute.to_str().ok_or_else(|| {
            Failed::usage(format!("{} is not Unicode", path.display()), "a host's file can only hold text")
        })?;
        arguments.extend([flag.to_owned(), text.to_owned()]);
    }
    let texts = [
        ("--toolsets", &flags.toolsets),
        ("--exclude-tools", &flags.exclude_tools),
        ("--provider", &flags.provider),
        ("--log-format", &flags.log_format),
    ];
    for (flag, text) in texts {
        arguments.extend(text.iter().flat_map(|it| [flag.to_owned(), it.clone()]));
    }
    let switches = [("--read-only", flags.read_only), ("--text-only", flags.text_only), ("--offline", flags.offline)];
    arguments.extend(switches.into_iter().filter(|(_, on)| *on == Some(true)).map(|(flag, _)| flag.to_owned()));
    Ok(arguments)
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Speak MCP over standard input and output, as hosts start it.
    Serve,
    /// Write the entry that makes a host start this server.
    ///
    /// Everything else in the host's file stays as it is, and the file of before is kept beside it. Settings given
    /// here (`--db`, `--read-only`, …) are written into the entry.
    Setup(Setup),
    /// Show what the server does, step by step, in a copy that leaves nothing behind.
    ///
    /// Starts the real server as a host does and speaks MCP to it. Opens no network unless a provider is named by
    /// `--provider` or LLM_PROVIDER.
    Demo(Demo),
    /// Look at file, index, providers and hosts, and say what to do about what is wrong.
    Doctor,
    /// Ask a question, with the best context out of memory and files.
    Ask(Box<tools::Ask>),
    /// Keep something for later sessions.
    Remember(Box<tools::Remember>),
    /// Find what was remembered.
    Recall(Box<tools::Recall>),
    /// Delete memories for good, by id or by filter.
    Forget(Box<tools::Forget>),
    /// Index folders or files; the working folder when none is named.
    Index(tools::Index),
    /// Search what was indexed.
    Search(tools::Search),
    /// Assemble the best context for a question within a budget of tokens.
    Context(Box<tools::Context>),
    /// Show what a call did as a tree, list the latest calls, or say where time and errors come from.
    Trace(Box<tools::Trace>),
    /// Print what is counted, as Prometheus reads it.
    Metrics,
    /// Put the memory in order: link what says the same, summarise sessions, let go of what has expired.
    ///
    /// Nothing that was said is replaced. A server that nobody calls does the same in short steps.
    Consolidate(Consolidate),
    /// Show who changed which memory or context, when and why; the latest first.
    Audit(Audit),
    /// List conversations, see where one was left, summarise, end or delete it.
    #[command(subcommand, subcommand_required = true)]
    Sessions(Sessions),
    /// Answer a hook of a host: `carryall setup <host> --hooks` installs them.
    ///
    /// Reads the host's JSON from standard input. Never fails: a fault is a line on standard error.
    Hook(Hook),
    /// Ask what happened, what it cost and what changed, with a chart if wanted.
    Insights(Box<tools::Insights>),
    /// Say how good an answer was, and what helped.
    Feedback(tools::Feedback),
    /// Call any tool with arguments as JSON.
    Call {
        /// The tool, such as `recall`; an unknown one is answered with the names of all.
        tool: String,
        /// A JSON object; `-` reads it from standard input.
        #[arg(default_value = "{}")]
        arguments: String,
    },
    /// Look at the settings.
    #[command(subcommand, subcommand_required = true)]
    Config(ConfigCommand),
    /// Take in what `export` or another program wrote; what came in before stays as it is.
    ///
    /// Reads exports of carryall, server-memory, mcp-memory-service, mem0, Zep and basic-memory, rules such as CLAUDE.md
    /// and AGENTS.md, and conversations of ChatGPT, Claude, Claude Code and Codex or as Markdown.
    Import(Import),
    /// Write everything that is kept as JSON Lines, or what people read as Markdown.
    Export {
        /// A new file, or a new folder for Markdown; standard output when there is none or it is `-`.
        file: Option<PathBuf>,
        /// jsonl or markdown.
        #[arg(long, default_value = "jsonl", value_parser = ["jsonl", "markdown"])]
        format: String,
    },
    /// Copy the database to a new file while others use it.
    Backup {
        /// The new file.
        file: PathBuf,
    },
    /// Print a script that completes commands and flags in a shell.
    Completions { shell: Shell },
    /// Print the man page.
    Man,
    /// Write a made-up year of use into a new database, for trying and measuring `insights`.
    #[command(hide = true)]
    GenerateYear(GenerateYear),
    /// Read documents from standard input, as a process of its own that may fail.
    #[command(hide = true)]
    ReadDocument,
    /// Write the generated documents of the repository.
    #[command(hide = true)]
    GenerateDocs {
        /// The repository.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
}

impl Command {
    /// The name of a command whose output is no answer and so cannot be JSON.
    pub(super) fn speaks_no_json(&self) -> Option<&'static str> {
        match self {
            Command::Serve => Some("serve"),
            Command::Completions { .. } => Some("completions"),
            Command::Man => Some("man"),
            Command::Hook(_) => Some("hook"),
            Command::Metrics => Some("metrics"),
            Command::ReadDocument => Some("read-document"),
            Command::GenerateDocs { .. } => Some("generate-docs"),
            _ => None,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Every setting with its value and where that is from.
    Show,
}

#[derive(Args, Debug)]
pub(super) struct Import {
    /// The file or folder; `-` reads standard input.
    pub(super) file: PathBuf,
    /// What wrote it; found out when it is not given.
    #[arg(long = "from", value_name = "FORMAT", value_parser = PossibleValuesParser::new(Format::ALL.map(Format::name)))]
    pub(super) format: Option<String>,
    /// Only show what would come in.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Also make memories of the turns of conversations, so that `recall` finds them.
    #[arg(long)]
    pub(super) remember_turns: bool,
    /// The namespace that it goes into.
    #[arg(long, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// The user that all of it is to belong to.
    #[arg(long, value_name = "ID")]
    pub(super) user_id: Option<String>,
    /// The persona that all of it is to belong to.
    #[arg(long, value_name = "NAME")]
    pub(super) persona: Option<String>,
    /// Leave out the users that the file names, so that everybody sees what was theirs.
    #[arg(long, conflicts_with = "user_id")]
    pub(super) unowned: bool,
}

#[derive(Args, Debug)]
pub(super) struct Consolidate {
    /// Only show what would be done.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Delete what the rules of retention in the user file mean; without it they are only shown.
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) apply_retention: bool,
    /// Let the model summarise sessions, in its words; the extractive summaries stay where it fails.
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) with_model: bool,
    /// The most that all summaries of the model may cost, in USD.
    #[arg(long, value_name = "USD", requires = "with_model")]
    pub(super) max_cost_usd: Option<f64>,
}

#[derive(Args, Debug)]
pub(super) struct Audit {
    /// Only of this memory (its id) or this address, such as carryall://context/global/-/plan.
    pub(super) subject: Option<String>,
    /// Only this: stored, joined, superseded, forgotten, written, cleared, expired, imported or purged.
    #[arg(long)]
    pub(super) action: Option<String>,
    /// Only by this tool or command, or by `expiry` or `retention`.
    #[arg(long, value_name = "NAME")]
    pub(super) actor: Option<String>,
    /// At or after this time.
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<String>,
    /// How many lines.
    #[arg(long, default_value_t = 50)]
    pub(super) limit: usize,
}

#[derive(Debug, Subcommand)]
pub(super) enum Sessions {
    /// The latest conversations.
    List(ListSessions),
    /// What was said in one, and its summary.
    Show {
        #[command(flatten)]
        of: OfSession,
        /// The last turns, so many.
        #[arg(long, default_value_t = 50)]
        turns: usize,
    },
    /// Where one was left: its summary, what was decided, what is open, the files, the last turns. To be pasted or piped.
    Resume {
        #[command(flatten)]
        of: OfSession,
        /// The most tokens that it has.
        #[arg(long, default_value_t = 1_500, value_parser = clap::value_parser!(u32).range(100..=100_000))]
        budget_tokens: u32,
    },
    /// Summarise one: by its own sentences, or by the model. What was said stays.
    Summarise {
        #[command(flatten)]
        of: OfSession,
        #[command(flatten)]
        model: WithModel,
    },
    /// Say that one is over, and write its summary. One that goes on has not ended.
    End {
        #[command(flatten)]
        of: OfSession,
        #[command(flatten)]
        model: WithModel,
    },
    /// Delete what was said in one, with its summary, contexts and traces. What was remembered in it stays.
    Delete {
        #[command(flatten)]
        of: OfSession,
        /// Only show what would go.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Args, Debug)]
pub(super) struct ListSessions {
    #[command(flatten)]
    pub(super) whose: Whose,
    /// Whoever they belong to, in every namespace that is not named.
    #[arg(long)]
    pub(super) all: bool,
    /// Only those about this folder.
    #[arg(long, value_name = "FOLDER")]
    pub(super) project: Option<PathBuf>,
    /// Last used at or after this time.
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,
    /// Last used before this time.
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(super) limit: u32,
    /// Where the list before ended.
    #[arg(long)]
    pub(super) cursor: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct OfSession {
    /// The session, as `carryall sessions list` shows it.
    pub(super) session_id: String,
    #[command(flatten)]
    pub(super) whose: Whose,
}

#[derive(Args, Debug)]
pub(super) struct Whose {
    /// The namespace; the project's or `default` when it is not named.
    #[arg(long, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// Through the eyes of this user.
    #[arg(long, value_name = "ID")]
    pub(super) user_id: Option<String>,
    /// Through the eyes of this persona.
    #[arg(long, value_name = "NAME")]
    pub(super) persona: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct WithModel {
    /// Let the model word it; the extractive summary stays where that fails.
    #[arg(long)]
    pub(super) with_model: bool,
    /// The most that it may cost, in USD.
    #[arg(long, value_name = "USD", requires = "with_model")]
    pub(super) max_cost_usd: Option<f64>,
}

#[derive(Args, Debug)]
pub(super) struct GenerateYear {
    /// The same seed makes the same year.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    #[arg(long, default_value_t = 50_000, help = "How many calls")]
    pub(super) calls: usize,
    #[arg(long, default_value_t = 5_000, help = "How many sessions")]
    pub(super) sessions: usize,
    #[arg(long, default_value_t = 40, help = "How many users")]
    pub(super) users: usize,
}

#[derive(Args, Debug)]
pub(super) struct Demo {
    /// The folder to index: else the working folder, or a small sample where that is empty or your home.
    pub(super) folder: Option<PathBuf>,
    /// What to ask about the folder.
    #[arg(long)]
    pub(super) question: Option<String>,
    /// Keep the database and say where it is.
    #[arg(long)]
    pub(super) keep: bool,
}

#[derive(Args, Debug)]
pub(super) struct Setup {
    /// The host.
    #[arg(value_parser = PossibleValuesParser::new(Host::ALL.map(Host::name)))]
    pub(super) host: String,
    /// Show the entry and where it would go; change nothing.
    #[arg(long)]
    pub(super) print: bool,
    /// Take the entry out again.
    #[arg(long, conflicts_with = "print")]
    pub(super) remove: bool,
    /// Use the file that this project shares instead of your own.
    #[arg(long, value_name = "FOLDER")]
    pub(super) project: Option<PathBuf>,
    /// Use this file, in the host's format.
    #[arg(long, value_name = "FILE", conflicts_with = "project")]
    pub(super) file: Option<PathBuf>,
    /// Instead of the entry, the hooks by which a session begins with a brief and its turns are kept (docs/hooks.md):
    /// Claude Code, Codex and Cursor have them.
    #[arg(long)]
    pub(super) hooks: bool,
    /// With --hooks: the namespace that belongs to the project, whose decisions and preferences are in its briefs.
    #[arg(long, value_name = "NAME", requires = "hooks")]
    pub(super) namespace: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub(super) struct Hook {
    /// What happened, as the host calls it: SessionStart, UserPromptSubmit, Stop, PreCompact, SessionEnd.
    pub(super) event: String,
    /// The host; told by the input when it is not given.
    #[arg(long, value_name = "HOST", value_parser = ["claude-code", "codex", "cursor"])]
    pub(super) host: Option<String>,
    /// The namespace that belongs to the project.
    #[arg(long, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// The user that it is for.
    #[arg(long, value_name = "ID")]
    pub(super) user_id: Option<String>,
    /// The persona that it is for.
    #[arg(long, value_name = "NAME")]
    pub(super) persona: Option<String>,
}

/// What the words on a command line come to.
#[derive(Debug)]
pub(super) enum Given {
    Command(Box<CommandLine>),
    /// A text was asked for: help or the version.
    Help(String),
    Wrong(Failed),
}

/// The definition of the whole command line.
pub(super) fn definition() -> clap::Command {
    let mut command = CommandLine::command();
    for setting in config::settings() {
        let Some(flag) = setting.flag.and_then(|it| it.strip_prefix("--")) else { continue };
        let id = setting.name.to_owned();
        debug_assert!(command.get_arguments().any(|it| it.get_long() == Some(flag)));
        let variables = setting.variables.iter().map(|it| format!(" [env: {it}]")).collect::<String>();
        let help = format!("{}{variables}", setting.meaning);
        command = command.mut_arg(id, |it| it.help(help).hide_short_help(true));
    }
    command
}

/// The help of the whole program.
pub(super) fn help() -> String {
    definition().render_help().ansi().to_string()
}

/// Reads a command line, the first word of which is the program's name.
pub(super) fn parse(arguments: Vec<OsString>) -> Given {
    let matches = definition().try_get_matches_from(arguments);
    match matches.and_then(|it| CommandLine::from_arg_matches(&it)) {
        Ok(line) => Given::Command(Box::new(line)),
        Err(err) => match err.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Given::Help(err.render().ansi().to_string()),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
                let shown = err.render().to_string();
                let usage = shown.lines().find_map(|it| it.strip_prefix("Usage: ")).unwrap_or("carryall <COMMAND>");
                Given::Wrong(Failed::usage("a command is missing", format!("{usage}; --help lists the commands")))
            }
            _ => Given::Wrong(wrong(&err.render().to_string())),
        },
    }
}

/// The parser's complaint in the form of all others: its tips are the hint.
fn wrong(complaint: &str) -> Failed {
    let mut tips = Vec::new();
    let mut message = Vec::new();
    for line in complaint.lines().map(str::trim).filter(|it| !it.is_empty()) {
        if let Some(tip) = line.strip_prefix("tip: ") {
            tips.push(tip.to_owned());
        } else if line.starts_with("Usage:") {
            tips.push(line.replacen("Usage:", "usage:", 1));
        } else if !line.starts_with("For more information") {
            message.push(line.strip_prefix("error: ").unwrap_or(line));
        }
    }
    if tips.is_empty() {
        tips.push("`carryall --help` lists commands and flags".to_owned());
    }
    Failed::usage(message.join(" "), tips.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn the_flags_that_set_something_are_those_of_the_table() {
        let definition = definition();
        let heading = |it: &clap::Arg| it.get_help_heading() == Some("Settings");
        let mut ours: Vec<String> = definition
            .get_arguments()
            .filter(|it| heading(it))
            .filter_map(clap::Arg::get_long)
            .map(str::to_owned)
            .collect();
        let table = config::settings();
        let mut theirs: Vec<String> = table.iter().filter_map(|it| it.flag).map(|it| it[2..].to_owned()).collect();
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs);
        for setting in table.iter().filter(|it| it.flag.is_some()) {
            let flag = definition.get_arguments().find(|it| it.get_id() == setting.name).unwrap();
            let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with(setting.meaning), "{}: {help}", setting.name);
            assert!(setting.variables.iter().all(|it| help.contains(it)), "{}: {help}", setting.name);
        }
    }

    #[test]
    fn settings_go_into_an_entry_as_they_are_meant_here() {
        let words = ["carryall", "--db", "x.db", "setup", "zed", "--offline", "--root", "/r", "--root", "/s"];
        let Given::Command(line) = parse(words.map(Into::into).to_vec()) else { panic!("a command") };
        let here = std::env::current_dir().unwrap();
        let db = here.join("x.db").to_string_lossy().into_owned();
        assert_eq!(
            to_arguments(&line.settings.flags()).unwrap(),
            ["--db", &db, "--root", "/r", "--root", "/s", "--offline"]
        );
    }
}
