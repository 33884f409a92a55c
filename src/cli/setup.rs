//! `carryall setup`: writes, shows or removes the entry in a host's file.

use std::path::PathBuf;

use owo_colors::OwoColorize;
use serde_json::json;

use super::commands::SettingFlags;
use super::commands::Setup;
use super::commands::to_arguments;
use super::failed::Exit;
use super::failed::Failed;
use super::hosts;
use super::hosts::Change;
use super::hosts::Entry;
use super::hosts::EntryStatus;
use super::hosts::Folders;
use super::hosts::Host;
use super::hosts::Mode;
use super::hosts::Os;
use super::hosts::Status;
use super::output::Output;
use crate::config::Environment;
use crate::config::variables_without_flag;

pub(super) fn run(
    asked: &Setup,
    given: &SettingFlags,
    environment: &Environment,
    out: &Output,
) -> Result<Exit, Failed> {
    let host = Host::named(&asked.host)
        .ok_or_else(|| Failed::usage(format!("unknown host {}", asked.host), "`carryall setup --help` lists them"))?;
    if asked.hooks {
        return hooks(host, asked, given, environment, out);
    }
    let program = program(environment)?;
    let mut entry = Entry::for_host(host, &program)?;
    let (flags, taken) = given.flags().with_variables(environment);
    for argument in to_arguments(&flags)? {
        // `--text-only` is there already for the hosts that need it.
        if argument != "--text-only" || !entry.args.contains(&argument) {
            entry.args.push(argument);
        }
    }
    let path = match &asked.file {
        Some(file) => file.clone(),
        None => hosts::config_path(host, &folders(environment)?, asked.project.as_deref())?,
    };
    let path = std::path::absolute(&path).map_err(|err| Failed::file("find", &path, &err))?;
    let mode = match (asked.print, asked.remove) {
        (true, _) => Mode::Print,
        (_, true) => Mode::Remove,
        _ => Mode::Write,
    };
    let lost = if mode == Mode::Remove { Vec::new() } else { lost(&hosts::check(host, &path), &entry) };
    let change = hosts::apply(host, &path, &entry, mode)?;
    out.document(&json!({
        "host": host.name(),
        "path": change.path,
        "status": status(change.status),
        "written": mode != Mode::Print && !matches!(change.status, Status::Unchanged | Status::Absent),
        "backup": change.backup,
        "lost": lost,
        "from_variables": taken,
        "entry": {"command": entry.command, "args": entry.args, "env": entry.env},
        "snippet": host.snippet(&entry),
        "next_step": host.next_step(),
    }));
    if !out.is_json() {
        tell(host, &entry, &change, mode, out);
        tell_of_variables(&taken, mode, environment, out);
        if change.status == Status::Updated && !lost.is_empty() {
            let gone = if mode == Mode::Print { "would be" } else { "are" };
            out.remark(format_args!(
                "  its arguments `{}` {gone} gone: give them to `setup`, too, to keep them",
                lost.join(" ")
            ));
        }
    }
    Ok(if mode == Mode::Remove && change.status == Status::Absent { Exit::Nothing } else { Exit::Done })
}

/// The arguments of the entry as it was that `entry` does not have: a database, or what a person had shut off.
fn lost(before: &EntryStatus, entry: &Entry) -> Vec<String> {
    let (EntryStatus::Ready(before) | EntryStatus::CommandMissing(before)) = before else { return Vec::new() };
    let times = |all: &[String], flag: &String| all.iter().filter(|it| *it == flag).count();
    // Another value of a flag that is given is what the person wants; one that may come several times (`--root`) is given
    // for as many values as there are now.
    let is_given = |at: usize| {
        let flag = &before.args[at];
        flag.starts_with("--") && times(&entry.args, flag) >= times(&before.args, flag)
    };
    let gone = |at: &usize| !entry.args.contains(&before.args[*at]) && !at.checked_sub(1).is_some_and(is_given);
    (0..before.args.len()).filter(gone).map(|at| before.args[at].clone()).collect()
}

/// This program as it was called: through a link, that is what the next upgrade leaves in its place.
fn program(environment: &Environment) -> Result<PathBuf, Failed> {
    let program = std::env::current_exe().map_err(|err| Failed::work("internal", err.to_string(), ""))?;
    let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let called = match called.parent() {
        Some(folder) if folder != "" => std::path::absolute(environment.working_folder.join(&called)).ok(),
        _ => called.file_stem().and_then(|it| it.to_str()).and_then(|it| environment.program(it)),
    };
    let resolved = dunce::canonicalize(&program).ok();
    let is_this = |it: &PathBuf| resolved.is_some() && dunce::canonicalize(it).ok() == resolved;
    Ok(called.filter(is_this).unwrap_or(program))
}

/// Writes, shows or removes the hooks of a host.
fn hooks(
    host: Host,
    asked: &Setup,
    given: &SettingFlags,
    environment: &Environment,
    out: &Output,
) -> Result<Exit, Failed> {
    let program = program(environment)?;
    let entry = Entry::for_host(host, &program)?;
    let mut command = vec![entry.command];
    let (flags, taken) = given.flags().with_variables(environment);
    command.extend(to_arguments(&flags)?);
    let folders = folders(environment)?;
    let path = match &asked.file {
        Some(file) => file.clone(),
        None => hosts::hooks::path(host, &folders, asked.project.as_deref())?,
    };
    let path = std::path::absolute(&path).map_err(|err| Failed::file("find", &path, &err))?;
    let mode = match (asked.print, asked.remove) {
        (true, _) => Mode::Print,
        (_, true) => Mode::Remove,
        _ => Mode::Write,
    };
    let hooks = hosts::hooks::Hooks { host, command, namespace: asked.namespace.clone(), os: folders.os };
    let change = hooks.apply(&path, mode)?;
    let snippet = hooks.snippet();
    out.document(&json!({
        "host": host.name(),
        "path": change.path,
        "status": status(change.status),
        "written": mode != Mode::Print && !matches!(change.status, Status::Unchanged | Status::Absent),
        "backup": change.backup,
        "from_variables": taken,
        "snippet": snippet,
        "next_step": NEW_SESSION,
    }));
    let path = change.path.display();
    if mode == Mode::Print && !out.is_json() {
        let verb = if change.status == Status::Unchanged { "are in" } else { "would be put into" };
        out.remark(format_args!("These hooks {verb} {path}; everything else in it stays:"));
        out.line(snippet.trim_end());
        tell_of_variables(&taken, mode, environment, out);
        return Ok(Exit::Done);
    }
    let done = match change.status {
        Status::Added => format!("{host}'s sessions now begin with a brief, and their turns are kept: {path}"),
        Status::Updated => format!("{host}'s hooks in {path} were brought up to date"),
        Status::Unchanged => format!("{host} has these hooks already: {path} was left as it is"),
        Status::Removed => format!("the hooks were taken out of {path}"),
        Status::Absent => format!("there are no hooks of carryall in {path}"),
    };
    out.line(format_args!("{} {done}", "✓".green()));
    if let Some(backup) = &change.backup {
        out.line(format_args!("  the file of before: {}", backup.display()));
    }
    if matches!(change.status, Status::Added | Status::Updated) {
        out.line(format_args!("  next: {NEW_SESSION}"));
        out.line("  what is kept, and how to turn it off: docs/hooks.md, or CARRYALL_HOOKS=off");
    }
    if !out.is_json() {
        tell_of_variables(&taken, mode, environment, out);
    }
    Ok(if mode == Mode::Remove && change.status == Status::Absent { Exit::Nothing } else { Exit::Done })
}

/// Says which variables of this shell are written as flags, and which a host started elsewhere will not see.
fn tell_of_variables(taken: &[&str], mode: Mode, environment: &Environment, out: &Output) {
    if mode == Mode::Remove {
        return;
    }
    if !taken.is_empty() {
        out.remark(format_args!("  written as flags, as they are set here: {}", taken.join(", ")));
    }
    let unseen = variables_without_flag(environment);
    if !unseen.is_empty() {
        let unseen = unseen.join(", ");
        out.remark(format_args!(
            "  set here, but the host may not see it: {unseen}; the user file holds it for all hosts"
        ));
    }
}

const NEW_SESSION: &str = "start a new session; the host may ask whether it is to trust the hooks (/hooks lists them)";

/// Where this person's hosts keep their files.
pub(super) fn folders(environment: &Environment) -> Result<Folders, Failed> {
    let (Some(home), Some(config)) = (environment.home.clone(), environment.config_folder.clone()) else {
        return Err(Failed::usage("no home folder is known", "name the host's file with --file"));
    };
    Ok(Folders { os: Os::current(), home, config })
}

fn tell(host: Host, entry: &Entry, change: &Change, mode: Mode, out: &Output) {
    let path = change.path.display();
    if mode == Mode::Print {
        let verb = match change.status {
            Status::Unchanged => "is in",
            Status::Updated => "would replace the one in",
            _ => "would be added to",
        };
        // The entry alone goes to standard output, so that it can be piped.
        out.remark(format_args!("This entry {verb} {path}:"));
        out.line(host.snippet(entry).trim_end());
        return;
    }
    let done = match change.status {
        Status::Added => format!("{host} now starts carryall: the entry was added to {path}"),
        Status::Updated => format!("{host} now starts this carryall: the entry in {path} was updated"),
        Status::Unchanged => format!("{host} starts carryall already: {path} was left as it is"),
        Status::Removed => format!("the entry was taken out of {path}"),
        Status::Absent => format!("there is no entry in {path}"),
    };
    out.line(format_args!("{} {done}", "✓".green()));
    if let Some(backup) = &change.backup {
        out.line(format_args!("  the file of before: {}", backup.display()));
    }
    if matches!(change.status, Status::Added | Status::Updated) {
        out.line(format_args!("  next: {}", host.next_step()));
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Added => "added",
        Status::Updated => "updated",
        Status::Unchanged => "unchanged",
        Status::Removed => "removed",
        Status::Absent => "absent",
    }
}

/// The file of each host that a person of `folders` has, for `doctor`.
pub(super) fn files(folders: &Folders) -> Vec<(Host, PathBuf)> {
    let file = |host: Host| Some((host, hosts::config_path(host, folders, None).ok()?));
    Host::ALL.into_iter().filter_map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_are_not_given_again_are_lost() {
        let entry = |args: &[&str]| Entry {
            command: String::new(),
            args: args.iter().map(|it| (*it).to_owned()).collect(),
            env: std::collections::BTreeMap::new(),
        };
        let lost = |before: &[&str], now: &[&str]| lost(&EntryStatus::Ready(entry(before)), &entry(now)).join(" ");
        assert_eq!(lost(&["serve", "--db", "/a", "--read-only"], &["serve"]), "--db /a --read-only");
        assert_eq!(lost(&["serve", "--db", "/a"], &["serve", "--db", "/b"]), "");
        assert_eq!(lost(&["--root", "/a", "--root", "/b"], &["--root", "/a"]), "/b");
    }
}
