//! `carryall hook`: answers a host's hook, and never disturbs the host: whatever happens, it ends in time, with exit
//! code 0, and writes nothing to standard output but a brief.

use std::io::Read;
use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use super::commands::Hook;
use super::commands::SettingFlags;
use super::hosts::Os;
use super::hosts::hooks::quoted;
use super::logs;
use super::runtime;
use crate::clock::Clock;
use crate::config;
use crate::config::Environment;
use crate::embed::Embedding;
use crate::exchange::Writer;
use crate::hook;
use crate::hook::Done;
use crate::hook::Event;
use crate::hook::Hooks;
use crate::hook::Input;
use crate::hook::Unread;
use crate::hook::Whose;
use crate::memory::Memory;
use crate::scope::Owner;
use crate::scope::View;
use crate::store::Store;

/// The most that a host may write; a prompt with a pasted file has some megabytes.
const INPUT: u64 = 32 << 20;

/// How long a host waits for a brief, and for anything else. Claude Code gives a `SessionEnd` hook 1.5 s.
const BRIEF: Duration = Duration::from_millis(900);
const OTHER: Duration = Duration::from_millis(1_200);

/// What is left of that for ending well.
const MARGIN: Duration = Duration::from_millis(200);

/// A larger file of an earlier version is copied and brought up to date by a program that has the time: a hook that is
/// ended amid that would begin anew each time.
const MIGRATED: u64 = 32 << 20;

/// Answers the hook. Everything is done on a thread of its own; when that is not done in time, the process ends without
/// it: what was acknowledged is on disk, and what was not is done the next time.
pub(super) fn run(asked: &Hook, given: &SettingFlags) {
    let begun = Instant::now();
    let Some(event) = Event::named(&asked.event) else {
        complain(&format!("unknown event {:?}", asked.event));
        return;
    };
    let patience = if event == Event::Start { BRIEF } else { OTHER };
    let (tell, told) = mpsc::channel();
    let (asked, given) = (asked.clone(), given.clone());
    let working = std::thread::Builder::new().name("hook".to_owned()).spawn(move || {
        // A panic ends this thread, and `told` then hears nothing more.
        let _ = tell.send(work(event, &asked, &given, begun + patience - MARGIN));
    });
    if let Err(err) = working {
        complain(&format!("cannot start: {err}"));
        return;
    }
    match told.recv_timeout(patience) {
        Ok(Ok(done)) => {
            if let Some(unread) = done.unread {
                complain(&left(&unread, Os::current()));
            }
            if let Some(output) = done.output {
                // A host that has gone does not want it any more.
                let mut out = std::io::stdout().lock();
                let _ = writeln!(out, "{output}").and_then(|()| out.flush());
            }
        }
        Ok(Err(reason)) => complain(&reason),
        Err(_) => complain(&format!("not done after {} ms", patience.as_millis())),
    }
}

/// What is not read, and the commands that do what there was no time for, as a shell of `os` takes them.
fn left(unread: &Unread, os: Os) -> String {
    let path = unread.transcript.display().to_string();
    let Owner { namespace, user_id, persona, session_id } = &unread.owner;
    let named = [("--namespace", Some(namespace)), ("--user-id", user_id.as_ref()), ("--persona", persona.as_ref())];
    let flags = named.into_iter().filter_map(|(flag, it)| Some(format!(" {flag} {}", quoted(it?, os))));
    let flags = flags.collect::<Vec<_>>().concat();
    let end = session_id.as_ref().map(|it| format!(", then carryall sessions end {}{flags} ends it", quoted(it, os)));
    let import = format!("carryall import {}{flags}", quoted(&path, os));
    format!("no time to read all of {path}; {import} keeps the rest{}", end.unwrap_or_default())
}

/// A line in the log: standard error, which hosts show where they show what hooks write.
pub(super) fn complain(reason: &str) {
    let _ = writeln!(std::io::stderr(), "carryall hook: {reason}");
}

fn work(event: Event, asked: &Hook, given: &SettingFlags, until: Instant) -> Result<Done, String> {
    let mut text = Vec::new();
    std::io::stdin().take(INPUT).read_to_end(&mut text).map_err(|err| format!("cannot read the input: {err}"))?;
    let value: Value = serde_json::from_slice(&text).map_err(|err| format!("the input is not JSON: {err}"))?;
    let mut input = Input::read(&value);
    let host = match asked.host.as_deref() {
        Some("cursor") => Writer::Cursor,
        Some("codex") => Writer::Codex,
        Some(_) => Writer::ClaudeCode,
        None => hook::host_of(&value),
    };
    let mut environment = Environment::of_process().map_err(|err| err.to_string())?;
    let resolved = config::resolve(&given.flags(), &environment).map_err(|err| err.to_string())?;
    logs::start(&resolved, false);
    let mut config = resolved.config;
    if let Some(folder) = input.folder.clone().filter(|it| it.is_dir() && *it != environment.working_folder) {
        // Paths of flags and variables are meant from where the host started us; the project is the one that it names.
        environment.working_folder = folder;
        config.project = config::resolve(&given.flags(), &environment).map_err(|err| err.to_string())?.config.project;
    }
    if !config.db.exists() && event == Event::Start {
        return Ok(Done::default());
    }
    input.project = Some(hook::project_of(&environment.working_folder, environment.home.as_deref()));
    let named = asked.namespace.clone().filter(|it| !it.is_empty());
    let is_named = named.is_some();
    let view = View::new(
        named.or_else(|| config.project.namespace.clone()),
        asked.user_id.clone(),
        asked.persona.clone(),
        None,
    );
    let whose = Whose { view, named: is_named, home: environment.home };
    runtime::block_on(async {
        let (store, clock) = (Store::new(&config.db), Clock::system());
        let memory = Memory::new(store.clone(), clock.clone()).embedded_by(Embedding::of(&config));
        let hooks = Hooks { store: store.clone(), memory, clock, switch: config.hooks, read_only: config.read_only };
        let size = std::fs::metadata(&config.db).map_or(0, |it| it.len());
        let done = match store.is_current().await {
            Ok(Some(false)) if size > MIGRATED => return Ok(Err(OLDER.to_owned())),
            Ok(_) => hooks.run(host, event, &input, &whose, until).await.map_err(|err| err.to_string()),
            Err(err) => Err(err.to_string()),
        };
        store.close().await;
        Ok(done)
    })
    .map_err(|failed| failed.message)?
}

const OLDER: &str = "the database is of an earlier version; any other command or server brings it up to date";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_for_what_is_left_go_through_a_shell() {
        let owner = Owner { namespace: "my work".into(), session_id: Some("claude-code-s".into()), ..Owner::default() };
        let unread = Unread { transcript: "/home/ana's files/t.jsonl".into(), owner };
        let said = left(&unread, Os::Linux);
        for command in [
            r"carryall import '/home/ana'\''s files/t.jsonl' --namespace 'my work' keeps",
            "carryall sessions end claude-code-s --namespace 'my work' ends",
        ] {
            assert!(said.contains(command), "{said}");
        }
    }
}
