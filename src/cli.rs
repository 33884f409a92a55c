//! The commands a person types. One definition of each flag (`cli/commands.rs`) drives its help, the completions, the man
//! page and its effect; every tool is called by the same path as a host's calls.
//!
//! Exit codes: 0 done, 1 nothing found, 2 wrong use or configuration, 3 failed. With `--json`, standard output is one
//! JSON document however the command ends.

mod audit;
mod commands;
mod consolidate;
mod demo;
mod doctor;
mod exchange;
mod failed;
mod generated;
mod hook;
pub mod hosts;
mod logs;
mod metrics;
mod models;
mod output;
mod runtime;
mod serve;
mod sessions;
mod setup;
mod show;
mod summaries;
mod tools;
mod trace;
mod year;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use crate::config;
use crate::config::Environment;
use crate::documents;
use commands::Command;
use commands::CommandLine;
use commands::ConfigCommand;
use commands::Given;
use failed::Exit;
use failed::Failed;
use output::Output;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let exit = run(std::env::args_os().collect());
    ExitCode::from(exit as u8)
}

/// Runs the command in `arguments`, the first of which is the program's name.
fn run(arguments: Vec<OsString>) -> Exit {
    let is_hook = is_hook(&arguments);
    let is_json = arguments.iter().any(|it| it == "--json");
    let line = match commands::parse(arguments) {
        Given::Command(line) => *line,
        Given::Help(text) => {
            Output::new(false).text(&text);
            return Exit::Done;
        }
        // A hook that was installed by another version must not stop its host.
        Given::Wrong(failed) if is_hook => {
            hook::complain(&failed.message);
            return Exit::Done;
        }
        Given::Wrong(failed) => return Output::new(is_json).fail(&failed),
    };
    let out = Output::new(line.json);
    start(line, &out).unwrap_or_else(|failed| out.fail(&failed))
}

/// Whether the command is `hook`: the first word that is no flag and no flag's value.
fn is_hook(arguments: &[OsString]) -> bool {
    let flag = |it: &OsString| it.to_str().is_some_and(|it| it.starts_with('-'));
    let Some(at) = arguments.iter().position(|it| it == "hook") else { return false };
    (1..at).all(|it| flag(&arguments[it]) || it > 1 && flag(&arguments[it - 1]))
}

fn start(line: CommandLine, out: &Output) -> Result<Exit, Failed> {
    let CommandLine { settings: given, json, command } = line;
    let command = match command {
        Some(command) => command,
        // A host starts the program without any argument and with pipes; a person sees what there is to type.
        None if !std::io::stdin().is_terminal() => Command::Serve,
        None => {
            out.text(&commands::help());
            return Ok(Exit::Done);
        }
    };
    if json && let Some(name) = command.speaks_no_json() {
        return Err(Failed::usage(format!("--json has no effect on `{name}`"), "leave it out"));
    }
    if let Command::Hook(asked) = &command {
        hook::run(asked, &given);
        return Ok(Exit::Done);
    }
    if let Command::ReadDocument = command {
        // Before anything else is read: it has no environment, and little memory.
        return match documents::serve_reader(std::io::stdin(), std::io::stdout()) {
            Ok(()) => Ok(Exit::Done),
            Err(err) => Err(Failed::work("internal", err.to_string(), "")),
        };
    }
    let environment = Environment::of_process()?;
    match command {
        Command::Completions { shell } => return generated::completions(shell, out),
        Command::Man => return generated::man(out),
        Command::GenerateDocs { folder } => return generated::docs(&folder, out),
        // What is written into a host's file does not depend on whether our own files can be read.
        Command::Setup(asked) => return setup::run(&asked, &given, &environment, out),
        // Settings that cannot be read are a finding.
        Command::Doctor => return doctor::run(&given, &environment, out),
        _ => {}
    }
    let resolved = config::resolve(&given.flags(), &environment)?;
    logs::start(&resolved, matches!(command, Command::Serve));
    for warning in resolved.warnings.iter().chain(&serve::unknown_exclusions(&resolved.config)) {
        tracing::warn!("{warning}");
    }
    if let Ok(program) = std::env::current_exe() {
        documents::read_apart(program);
    }
    match command {
        Command::Serve => serve::run(resolved.config),
        Command::Demo(asked) => demo::run(&asked, &resolved, &environment, out),
        Command::Consolidate(asked) => consolidate::run(&asked, resolved.config, out),
        Command::Sessions(asked) => sessions::run(&asked, resolved.config, out),
        Command::Audit(asked) => audit::run(&asked, &resolved.config, out),
        Command::Trace(asked) => trace::run(asked, resolved.config, out),
        Command::Metrics => metrics::run(resolved.config, out),
        Command::Config(ConfigCommand::Show) => show::config(&resolved, out),
        Command::GenerateYear(it) => year::generate(&resolved.config, &it, out),
        Command::Import(asked) => exchange::import(resolved.config, &asked, out),
        Command::Export { file, format } => match format.as_str() {
            "markdown" => exchange::export_markdown(&resolved.config, file.as_deref(), out),
            _ => exchange::export(&resolved.config, file.as_deref(), out),
        },
        Command::Backup { file } => exchange::backup(&resolved.config, &file, out),
        Command::Ask(asked) if asked.list_models => models::list(&resolved.config, out),
        other => tools::run(other, resolved.config, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_told_from_other_commands_with_that_word() {
        let check = |words: &[&str]| is_hook(&words.iter().map(Into::into).collect::<Vec<OsString>>());
        assert!(check(&["carryall", "hook", "Stop", "--host", "nobody"]));
        assert!(check(&["carryall", "--db", "x.db", "--offline", "hook"]));
        assert!(!check(&["carryall", "remember", "hook", "--wrong"]));
        assert!(!check(&["carryall", "serve"]));
    }
}
