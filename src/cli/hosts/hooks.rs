//! Puts our hooks into a host's file and takes them out again; every other hook and every other byte stays.
//!
//! Sources: code.claude.com/docs/en/hooks, developers.openai.com/codex/hooks with `codex-rs/hooks/src/schema.rs`, and
//! cursor.com/docs/hooks; read 2026-11-27.

use std::path::Path;
use std::path::PathBuf;

use jsonc_parser::ast;
use jsonc_parser::ast::Array;
use jsonc_parser::common::Ranged;
use serde_json::Value;
use serde_json::json;

use super::Folders;
use super::Host;
use super::HostError;
use super::Os;
use super::Refusal;
use super::edits::Edits;
use super::file;
use super::file::Change;
use super::file::Mode;
use super::file::Status;
use super::json;
use crate::app::HOOK_FILES;
use crate::app::is_our_hook;

/// Seconds that a host gives a hook of ours; it needs some tens of milliseconds, and ends itself after one.
const TIMEOUT_S: u32 = 5;

/// When Claude Code's session begins without the conversation of before on the screen.
const BEGINS: &str = "startup|clear|compact";

/// The events of `host`, in order, each with the matcher that narrows it. Empty for a host without hooks.
fn events(host: Host) -> &'static [(&'static str, Option<&'static str>)] {
    match host {
        Host::ClaudeCode => &[
            ("SessionStart", Some(BEGINS)),
            ("UserPromptSubmit", None),
            ("Stop", None),
            ("PreCompact", None),
            ("SessionEnd", None),
        ],
        Host::Codex => &[("SessionStart", None), ("Stop", None)],
        Host::Cursor => &[("sessionStart", None), ("stop", None), ("sessionEnd", None)],
        _ => &[],
    }
}

/// The hosts that have hooks.
pub fn with_hooks() -> Vec<Host> {
    Host::ALL.into_iter().filter(|it| !events(*it).is_empty()).collect()
}

/// The file in which `host` keeps its hooks: a person's own, or one of `project` that is not shared where there is one.
///
/// # Errors
/// [`HostError::NoHooks`] for a host without hooks.
pub fn path(host: Host, folders: &Folders, project: Option<&Path>) -> Result<PathBuf, HostError> {
    if let (Host::ClaudeCode, Some(project)) = (host, project) {
        return Ok(project.join(".claude").join("settings.local.json"));
    }
    let file = HOOK_FILES.iter().find(|it| it.0 == host.name()).ok_or(HostError::NoHooks { host })?;
    Ok(file.1.split('/').fold(project.unwrap_or(&folders.home).to_path_buf(), |at, it| at.join(it)))
}

/// Our hooks in a host's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hooks {
    pub host: Host,
    /// What runs the program: its path and the settings.
    pub command: Vec<String>,
    /// The namespace that the person says belongs to the project.
    pub namespace: Option<String>,
    /// Whose shell runs the command.
    pub os: Os,
}

impl Hooks {
    /// Writes, shows or removes our hooks in the file at `path`.
    ///
    /// # Errors
    /// As [`file::apply`].
    pub fn apply(&self, path: &Path, mode: Mode) -> Result<Change, HostError> {
        let by_hand = match mode {
            Mode::Remove => "take the hooks that run carryall out by hand".to_owned(),
            Mode::Write | Mode::Print => format!("put this in by hand:\n\n{}", self.snippet()),
        };
        file::edit(self.host, path, mode, &by_hand, |before| {
            let text = before.unwrap_or_default();
            let has = contains(text)?;
            let changed = match mode {
                Mode::Remove if text == self.snippet() => String::new(),
                Mode::Remove => remove(text)?,
                Mode::Write | Mode::Print => self.add(text)?,
            };
            let status = match (mode, has) {
                (Mode::Remove, false) => Status::Absent,
                (Mode::Remove, true) => Status::Removed,
                (_, false) => Status::Added,
                (_, true) if changed == text => Status::Unchanged,
                (_, true) => Status::Updated,
            };
            Ok((changed, status))
        })
    }

    /// The hooks as the only content of a file.
    pub fn snippet(&self) -> String {
        let hooks: serde_json::Map<String, Value> = events(self.host)
            .iter()
            .map(|(event, matcher)| ((*event).to_owned(), json!([self.element(event, *matcher)])))
            .collect();
        let whole = match self.host {
            Host::Cursor => json!({"version": 1, "hooks": hooks}),
            _ => json!({"hooks": hooks}),
        };
        format!("{}\n", serde_json::to_string_pretty(&whole).unwrap_or_default())
    }

    /// One element of an event's list.
    fn element(&self, event: &str, matcher: Option<&str>) -> Value {
        let mut words = self.command.clone();
        words.extend(["hook", event, "--host", self.host.name()].map(str::to_owned));
        words.extend(self.namespace.iter().flat_map(|it| ["--namespace".to_owned(), it.clone()]));
        let line = words.iter().map(|it| quoted(it, self.os)).collect::<Vec<_>>().join(" ");
        if self.host == Host::Cursor {
            return json!({"command": line});
        }
        let mut group = serde_json::Map::new();
        if let Some(matcher) = matcher {
            group.insert("matcher".to_owned(), matcher.into());
        }
        group.insert("hooks".to_owned(), json!([{"type": "command", "command": line, "timeout": TIMEOUT_S}]));
        Value::Object(group)
    }

    /// The text with our hooks in it: added, or brought up to date.
    fn add(&self, text: &str) -> Result<String, Refusal> {
        if json::parse_root(text)?.is_none() {
            return Ok(format!("{text}{}", self.snippet()));
        }
        let mut text = text.to_owned();
        if self.host == Host::Cursor {
            text = with_field(&text, "version", &json!(1))?;
        }
        text = with_field(&text, "hooks", &json!({}))?;
        for (event, matcher) in events(self.host) {
            text = with_element(&text, event, &self.element(event, *matcher))?;
        }
        Ok(text)
    }
}

/// A word of a command line as the shell of `os` takes it.
pub(in crate::cli) fn quoted(word: &str, os: Os) -> String {
    let is_plain =
        |it: char| it.is_ascii_alphanumeric() || "-_./:=+@%".contains(it) || (os == Os::Windows && it == '\\');
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    match os {
        Os::Windows => format!("\"{}\"", word.replace('"', "")),
        _ => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// The text with a field of the root object, which stays as it is when it is there.
fn with_field(text: &str, name: &str, value: &Value) -> Result<String, Refusal> {
    let Some(root) = json::parse_root(text)? else { return Ok(text.to_owned()) };
    match json::only(text, &root, name)? {
        Some(_) => Ok(text.to_owned()),
        None => Ok(json::insert(text, &root, name, value, json::unit(text, &root))),
    }
}

/// The text with our element in the list of an event.
fn with_element(text: &str, event: &str, element: &Value) -> Result<String, Refusal> {
    let Some(root) = json::parse_root(text)? else { return Ok(text.to_owned()) };
    let Some(held) = json::only(text, &root, "hooks")? else { return Ok(text.to_owned()) };
    let hooks = json::object(text, held)?;
    let Some(list) = json::only(text, hooks, event)? else {
        return Ok(json::insert(text, hooks, event, &Value::Array(vec![element.clone()]), json::unit(text, &root)));
    };
    let ast::Value::Array(list) = &list.value else {
        return Err(json::shape(text, list.range.start, format!("`{event}` is no list")));
    };
    let mut edits = Edits::default();
    let new = json::one_line(element);
    let ours = list.elements.iter().find(|it| commands(it).iter().any(|it| is_our_hook(&it.1)));
    match (ours, list.elements.last()) {
        // A group that a person has put something else into keeps that; only our command is brought up to date.
        (Some(ours), _) => {
            let commands = commands(ours);
            let wanted = first_command(element);
            match commands.as_slice() {
                [(_, command)] if *command == wanted => {}
                [_] => edits.replace(range(ours), new),
                many => {
                    for (place, _) in many.iter().filter(|it| is_our_hook(&it.1) && it.1 != wanted) {
                        edits.replace(place.clone(), Value::from(wanted.as_str()).to_string());
                    }
                }
            }
        }
        (None, Some(last)) => edits.insert(range(last).end, format!(", {new}")),
        (None, None) => edits.insert(list.range.start + 1, new),
    }
    Ok(edits.apply(text))
}

/// The command lines in an element, and where each stands in the text.
fn commands(element: &ast::Value<'_>) -> Vec<(std::ops::Range<usize>, String)> {
    let ast::Value::Object(group) = element else { return Vec::new() };
    let mut found = Vec::new();
    for property in &group.properties {
        match (property.name.as_str(), &property.value) {
            ("command", ast::Value::StringLit(it)) => found.push((range(&property.value), it.value.to_string())),
            ("hooks", ast::Value::Array(inner)) => found.extend(inner.elements.iter().flat_map(commands)),
            _ => {}
        }
    }
    found
}

fn first_command(element: &Value) -> String {
    let of = |it: &Value| it.get("command").and_then(Value::as_str).map(str::to_owned);
    of(element).or_else(|| of(element.pointer("/hooks/0")?)).unwrap_or_default()
}

fn contains(text: &str) -> Result<bool, Refusal> {
    Ok(next_cut(text)?.is_some())
}

/// The text without our hooks; lists and objects that held nothing else go with them.
fn remove(text: &str) -> Result<String, Refusal> {
    let mut text = text.to_owned();
    while let Some(shorter) = next_cut(&text)? {
        text = shorter;
    }
    Ok(text)
}

/// The text without one of our hooks; `None` when there is none.
fn next_cut(text: &str) -> Result<Option<String>, Refusal> {
    let Some(root) = json::parse_root(text)? else { return Ok(None) };
    let Some(held) = json::only(text, &root, "hooks")? else { return Ok(None) };
    let ast::Value::Object(hooks) = &held.value else { return Ok(None) };
    for event in &hooks.properties {
        let ast::Value::Array(list) = &event.value else { continue };
        for (at, element) in list.elements.iter().enumerate() {
            let found = commands(element);
            if !found.iter().any(|it| is_our_hook(&it.1)) {
                continue;
            }
            let mut edits = Edits::default();
            let alone = found.iter().all(|it| is_our_hook(&it.1));
            if !alone {
                cut_inner(&mut edits, element);
            } else if list.elements.len() > 1 {
                cut_element(&mut edits, list, at);
            } else if hooks.properties.len() > 1 {
                json::cut(&mut edits, text, hooks, event);
            } else {
                json::cut(&mut edits, text, &root, held);
            }
            return Ok(Some(edits.apply(text)));
        }
    }
    Ok(None)
}

/// Takes our command out of a group that has others.
fn cut_inner(edits: &mut Edits, element: &ast::Value<'_>) {
    let ast::Value::Object(group) = element else { return };
    let inner = group.properties.iter().find(|it| it.name.as_str() == "hooks");
    let Some(ast::Value::Array(inner)) = inner.map(|it| &it.value) else { return };
    let ours = inner.elements.iter().position(|it| commands(it).iter().any(|it| is_our_hook(&it.1)));
    if let Some(at) = ours {
        cut_element(edits, inner, at);
    }
}

/// Takes an element out of a list, with the comma that it alone needs.
fn cut_element(edits: &mut Edits, list: &Array<'_>, at: usize) {
    let own = range(&list.elements[at]);
    if let Some(next) = list.elements.get(at + 1) {
        edits.delete(own.start..range(next).start);
    } else if let Some(before) = at.checked_sub(1).and_then(|it| list.elements.get(it)) {
        edits.delete(range(before).end..own.end);
    } else {
        edits.delete(own);
    }
}

fn range(value: &ast::Value<'_>) -> std::ops::Range<usize> {
    let range = value.range();
    range.start..range.end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hooks(host: Host, program: &str) -> Hooks {
        Hooks { host, command: vec![program.to_owned()], namespace: None, os: Os::Linux }
    }

    fn ours(host: Host) -> Hooks {
        hooks(host, "/opt/carryall/bin/carryall")
    }

    /// Adds, adds again, updates and removes; the text with the hooks.
    fn check(host: Host, original: &str) -> String {
        let added = ours(host).add(original).unwrap_or_else(|err| panic!("{err}\n{original}"));
        assert!(contains(&added).unwrap(), "{added}");
        assert_eq!(ours(host).add(&added).unwrap(), added, "twice is once");
        let once = |event: &str| added.matches(&format!("carryall hook {event} --host {}", host.name())).count() == 1;
        assert!(events(host).iter().all(|(event, _)| once(event)), "{added}");
        let moved = hooks(host, "/usr/bin/carryall").add(&added).unwrap();
        assert!(
            !moved.contains("/opt/") && moved.matches("/usr/bin/carryall").count() == events(host).len(),
            "{moved}"
        );
        assert_eq!(remove(&added).unwrap(), original, "via\n{added}");
        assert_eq!(remove(&moved).unwrap(), original, "via\n{moved}");
        added
    }

    #[test]
    fn hooks_come_and_go_and_the_rest_stays() {
        let claude = r#"{
  // mine
  "model": "opus",
  "hooks": {
    "Stop": [
      { "hooks": [ { "type": "command", "command": "notify-send done" } ] }
    ],
    "PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "check.sh"}]}]
  }
}
"#;
        insta::assert_snapshot!(check(Host::ClaudeCode, claude));
        insta::assert_snapshot!(check(Host::ClaudeCode, "{\n  \"permissions\": {\"allow\": [\"Bash(ls)\"]}\n}\n"));
        insta::assert_snapshot!(check(
            Host::Cursor,
            "{\"version\": 1, \"hooks\": {\"stop\": [{\"command\": \"./a.sh\"}]}}\n"
        ));
        check(
            Host::Codex,
            "{\r\n\t\"hooks\": {\r\n\t\t\"Stop\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"x\"}],},],\r\n\t},\r\n}",
        );
    }

    #[test]
    fn a_new_file_holds_only_ours_and_goes_with_it() {
        for host in with_hooks() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("deep").join("hooks.json");
            let added = ours(host).apply(&path, Mode::Write).unwrap();
            assert_eq!(added.status, Status::Added);
            let again = ours(host).apply(&path, Mode::Write).unwrap();
            assert_eq!((again.status, again.backup), (Status::Unchanged, None));
            let removed = ours(host).apply(&path, Mode::Remove).unwrap();
            assert_eq!(removed.status, Status::Removed);
            assert!(!path.exists());
            assert_eq!(ours(host).apply(&path, Mode::Remove).unwrap().status, Status::Absent);
        }
    }

    #[test]
    fn a_command_that_a_person_put_beside_ours_stays() {
        let added = ours(Host::ClaudeCode).add("{}").unwrap();
        let command = r#"{"type":"command","command":"/opt/carryall"#;
        let mixed = added.replacen(command, &format!(r#"{{"type":"command","command":"mine.sh"}}, {command}"#), 1);
        assert!(mixed.contains("mine.sh"), "{mixed}");
        let removed = remove(&mixed).unwrap();
        assert!(removed.contains("mine.sh") && !removed.contains("carryall"), "{removed}");
        let moved = hooks(Host::ClaudeCode, "/usr/bin/carryall").add(&mixed).unwrap();
        assert!(moved.contains("mine.sh") && !moved.contains("/opt/"), "{moved}");
    }

    #[test]
    fn what_cannot_be_edited_is_left_alone() {
        for text in
            ["{\"hooks\": 1}", "{\"hooks\": {\"Stop\": {}}}", "{\"hooks\": {},", "[]", "{\"hooks\": {}, \"hooks\": {}}"]
        {
            assert!(ours(Host::ClaudeCode).add(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_with_spaces_is_one_word_of_the_command() {
        let line = |word: &str, os| quoted(word, os);
        assert_eq!(line("/a b/carryall", Os::Linux), "'/a b/carryall'");
        assert_eq!(line("it's", Os::MacOs), "'it'\\''s'");
        assert_eq!(line("C:\\a b\\carryall.exe", Os::Windows), "\"C:\\a b\\carryall.exe\"");
        assert_eq!(line("/opt/carryall", Os::Linux), "/opt/carryall");
    }
}
