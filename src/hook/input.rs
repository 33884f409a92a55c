//! Reads what a host writes to a hook: one JSON object, whatever it holds.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use crate::exchange::Writer;

/// What happened, whatever the host calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A session begins, or its context begins anew.
    Start,
    /// The person has said something, the assistant has answered, or the context is about to be cut.
    Said,
    /// A session ends.
    End,
}

impl Event {
    /// The event of that name in any host; upper and lower case do not count.
    pub fn named(name: &str) -> Option<Event> {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        match plain.as_str() {
            "sessionstart" | "start" => Some(Event::Start),
            "userpromptsubmit" | "beforesubmitprompt" | "prompt" | "stop" | "precompact" | "afteragentresponse" => {
                Some(Event::Said)
            }
            "sessionend" | "end" => Some(Event::End),
            _ => None,
        }
    }
}

/// What a hook is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// As the host names it.
    pub session_id: Option<String>,
    transcript_path: Option<PathBuf>,
    /// Why a session begins: startup, resume, clear, compact.
    pub source: Option<String>,
    /// The folder that the host works in.
    pub folder: Option<PathBuf>,
    /// The project around it.
    pub project: Option<String>,
}

/// The longest session id and path that are taken, in bytes.
const LONGEST: usize = 4_096;

impl Input {
    /// Reads the fields that are known; those that are missing, too long or of another type are none.
    pub fn read(value: &Value) -> Input {
        let text = |name: &str| {
            let text = value.get(name).and_then(Value::as_str)?;
            let is_fit = !text.trim().is_empty() && text.len() <= LONGEST && !text.contains('\0');
            is_fit.then(|| text.to_owned())
        };
        let root = value.pointer("/workspace_roots/0").and_then(Value::as_str).filter(|it| it.len() <= LONGEST);
        let folder = text("cwd").or_else(|| root.map(str::to_owned)).map(PathBuf::from);
        Input {
            session_id: text("session_id").or_else(|| text("conversation_id")),
            transcript_path: text("transcript_path").map(PathBuf::from),
            source: text("source"),
            folder: folder.filter(|it| it.is_absolute()),
            project: None,
        }
    }

    /// Where the transcript is: where the host says, or where it is known to keep it.
    pub(super) fn transcript(&self, host: Writer, home: Option<&Path>) -> Option<PathBuf> {
        if let Some(path) = &self.transcript_path {
            return Some(path.clone());
        }
        if host != Writer::Cursor {
            return None;
        }
        // Cursor's command line names none. Source: transcripts of Cursor 2026.02; the names of folders are the paths
        // with a hyphen for what is no letter or digit.
        let (id, folder) = (self.session_id.as_deref()?, self.folder.as_deref()?.to_str()?);
        if !id.chars().all(|it| it.is_ascii_alphanumeric() || it == '-') {
            return None;
        }
        let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
        let name: String = folder.trim_start_matches('/').chars().map(plain).collect();
        let base = home?.join(".cursor").join("projects").join(name).join("agent-transcripts");
        let places = [base.join(format!("{id}.jsonl")), base.join(id).join(format!("{id}.jsonl"))];
        places.into_iter().find(|it| it.is_file())
    }
}

/// The host that writes `value`, by what only it writes.
pub fn host_of(value: &Value) -> Writer {
    let has = |name: &str| value.get(name).is_some();
    let path = value.get("transcript_path").and_then(Value::as_str).unwrap_or_default();
    if has("cursor_version") || has("conversation_id") || has("workspace_roots") {
        Writer::Cursor
    } else if has("turn_id") || path.contains("/.codex/") || path.contains("rollout-") {
        Writer::Codex
    } else {
        Writer::ClaudeCode
    }
}

/// How far up a repository is looked for.
const HEIGHT: usize = 64;

/// The project that `folder` belongs to: the repository around it, unless that is the home folder, else itself.
pub fn project_of(folder: &Path, home: Option<&Path>) -> String {
    let folder = dunce::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    let home = home.and_then(|it| dunce::canonicalize(it).ok());
    let is_repository = |it: &&Path| it.join(".git").exists() && Some(*it) != home.as_deref();
    let root = folder.ancestors().take(HEIGHT).find(is_repository).unwrap_or(&folder);
    let main = main_tree(root).filter(|it| Some(it) != home.as_ref());
    main.as_deref().unwrap_or(root).to_string_lossy().into_owned()
}

/// The repository of a worktree of git, in which `.git` is a file that names a folder `worktrees/NAME` in the repository's
/// own `.git`, which names the worktree in turn. That of a submodule names one in `modules`.
fn main_tree(root: &Path) -> Option<PathBuf> {
    let link = root.join(".git");
    let read = |file: &Path| {
        let is_short = file.metadata().is_ok_and(|it| it.is_file() && it.len() <= LONGEST as u64);
        is_short.then(|| std::fs::read_to_string(file).ok())?
    };
    let tree = dunce::canonicalize(root.join(read(&link)?.strip_prefix("gitdir:")?.trim())).ok()?;
    let git = tree.parent().filter(|it| it.ends_with("worktrees"))?.parent().filter(|it| it.ends_with(".git"))?;
    let back = dunce::canonicalize(tree.join(read(&tree.join("gitdir"))?.trim())).ok()?;
    (back == link).then(|| git.parent().map(Path::to_path_buf))?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_events_of_all_hosts_are_known_by_their_names() {
        let table = [
            ("SessionStart", Some(Event::Start)),
            ("sessionStart", Some(Event::Start)),
            ("session_start", Some(Event::Start)),
            ("UserPromptSubmit", Some(Event::Said)),
            ("beforeSubmitPrompt", Some(Event::Said)),
            ("Stop", Some(Event::Said)),
            ("PreCompact", Some(Event::Said)),
            ("SessionEnd", Some(Event::End)),
            ("sessionEnd", Some(Event::End)),
            ("PostToolUse", None),
            ("", None),
        ];
        for (name, expected) in table {
            assert_eq!(Event::named(name), expected, "{name}");
        }
    }

    #[test]
    fn a_host_is_told_by_what_only_it_writes() {
        assert_eq!(
            host_of(&json!({"session_id": "a", "transcript_path": "/h/.claude/projects/p/a.jsonl"})),
            Writer::ClaudeCode
        );
        assert_eq!(host_of(&json!({"session_id": "a", "turn_id": "t"})), Writer::Codex);
        assert_eq!(host_of(&json!({"transcript_path": "/h/.codex/sessions/2026/rollout-a.jsonl"})), Writer::Codex);
        assert_eq!(host_of(&json!({"conversation_id": "a", "workspace_roots": ["/p"]})), Writer::Cursor);
        assert_eq!(host_of(&json!([1])), Writer::ClaudeCode);
    }

    #[test]
    fn a_project_is_the_repository_around_a_folder_but_never_the_home() {
        let home = tempfile::tempdir().unwrap();
        let root = dunce::canonicalize(home.path()).unwrap();
        std::fs::create_dir_all(root.join("work/a/.git")).unwrap();
        std::fs::create_dir_all(root.join("work/a/src")).unwrap();
        std::fs::create_dir_all(root.join(".git")).unwrap();
        let of = |folder: &str| project_of(&root.join(folder), Some(&root));
        assert_eq!(of("work/a/src"), root.join("work/a").to_string_lossy());
        assert_eq!(of("work"), root.join("work").to_string_lossy());
        assert_eq!(of("gone"), root.join("gone").to_string_lossy());

        // A worktree of git belongs to its repository when both say so.
        let tree = root.join("work/a/.git/worktrees/fix");
        std::fs::create_dir_all(&tree).unwrap();
        std::fs::create_dir_all(root.join("trees/fix/src")).unwrap();
        std::fs::write(root.join("trees/fix/.git"), "gitdir: ../../work/a/.git/worktrees/fix\n").unwrap();
        assert_eq!(of("trees/fix/src"), root.join("trees/fix").to_string_lossy());
        std::fs::write(tree.join("gitdir"), format!("{}\n", root.join("trees/fix/.git").display())).unwrap();
        assert_eq!(of("trees/fix/src"), root.join("work/a").to_string_lossy());
    }

    proptest! {
        #[test]
        fn any_json_is_read(text in "\\PC{0,60}", name in "(cwd|session_id|transcript_path|source|workspace_roots)") {
            let value = json!({name: [&text], "cwd": text, "session_id": {"a": 1}});
            let input = Input::read(&value);
            prop_assert!(input.folder.is_none_or(|it| it.is_absolute()));
            host_of(&value);
        }
    }
}
