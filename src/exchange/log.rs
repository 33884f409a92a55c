//! Conversations that were kept as Markdown: a line that names who speaks, then what they say.
//!
//! The line may be a heading (`## User`), bold (`**Assistant:**`), a bare name with a colon (`Human:`), or what
//! exporters write (`You said:`, `ChatGPT said:`), with a time beside it or not.

use super::Piece;
use super::Role;
use super::Session;
use super::Turn;
use super::blocks;
use super::input;
use super::input::Problem;
use super::input::Sink;
use super::input::Source;
use crate::clock::Millis;

const USERS: [&str; 8] = ["user", "human", "you", "you said", "me", "prompt", "question", "q"];
const ASSISTANTS: [&str; 14] = [
    "assistant",
    "ai",
    "bot",
    "chatgpt",
    "chatgpt said",
    "claude",
    "claude said",
    "gpt",
    "gemini",
    "copilot",
    "response",
    "answer",
    "a",
    "model",
];

/// Whether a file of a folder may be one.
pub(super) fn is_log(name: &str) -> bool {
    name.ends_with(".md") || name.ends_with(".markdown") || name.ends_with(".txt")
}

pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    for (name, file) in source.files(&is_log)? {
        let text = file.text()?;
        let said = turns(&text);
        if said.is_empty() {
            let reason = "a file in which nobody speaks (no line such as `## User`)".to_owned();
            sink(Piece::Skipped { reason, at: name })?;
            continue;
        }
        let front = blocks::front_matter(&text);
        let dated = ["date", "created", "created_at"].into_iter().find_map(|it| input::written(front.value(it)?));
        let begun = dated.or_else(|| day_in(&name));
        let stem = name.rsplit('/').next().unwrap_or(&name).rsplit_once('.').map_or(name.as_str(), |it| it.0);
        let session_id = format!("log-{stem}");
        let title = front.value("title").map(str::to_owned);
        sink(Piece::Session(Session { id: session_id.clone(), title, file: name.clone() }))?;
        let mut last = begun;
        for (index, said) in said.into_iter().enumerate() {
            // One that has no time of its own follows the one before.
            let at = said.at.or_else(|| last.map(|it| if index == 0 { it } else { it + 1 }));
            last = at.or(last);
            let key = format!("{session_id}#{index}");
            sink(Piece::Turn(Turn {
                session_id: session_id.clone(),
                key,
                role: said.role,
                content: said.content,
                at,
            }))?;
        }
    }
    Ok(())
}

/// Whether a text is a conversation: both sides speak.
pub(super) fn is_conversation(text: &str) -> bool {
    let said = turns(text);
    [Role::User, Role::Assistant].iter().all(|role| said.iter().any(|it| it.role == *role))
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    role: Role,
    content: String,
    at: Option<Millis>,
}

fn turns(text: &str) -> Vec<Said> {
    let mut found: Vec<(Role, Option<Millis>, String)> = Vec::new();
    let mut fence: Option<String> = None;
    for line in text.lines() {
        let bare = line.trim_start();
        if let Some(open) = &fence {
            if bare.trim_end().trim_end_matches(open.chars().next().unwrap_or('`')).is_empty()
                && bare.starts_with(open.as_str())
            {
                fence = None;
            }
        } else if let Some((role, at, rest)) = speaker(line) {
            found.push((role, at, rest));
            continue;
        } else if bare.starts_with("```") || bare.starts_with("~~~") {
            let mark = bare.chars().next().unwrap_or('`');
            fence = Some(bare.chars().take_while(|it| *it == mark).collect());
        }
        if let Some((_, _, content)) = found.last_mut() {
            content.push('\n');
            content.push_str(line);
        }
    }
    let said = found.into_iter().map(|(role, at, content)| {
        let content = content.trim().trim_end_matches("\n---").trim().to_owned();
        Said { role, content, at }
    });
    said.filter(|it| !it.content.is_empty()).collect()
}

/// Who speaks from this line on, when, and what of it stands in the line itself.
fn speaker(line: &str) -> Option<(Role, Option<Millis>, String)> {
    let heading = line.trim_start_matches('#');
    let is_heading = heading.len() < line.len() && heading.starts_with(' ');
    let bare = heading.trim();
    let is_bold = bare.starts_with("**") || bare.starts_with("__");
    // `**User:** hello`, `## User (2026-11-20 10:00)`, `User: hello`
    let plain = bare.replace("**", "").replace("__", "");
    // `**User** (2026-11-20 09:00): hello`: the time has a colon of its own.
    let timed = plain.split_once('(').and_then(|(name, behind)| {
        let (time, rest) = behind.split_once(')')?;
        let rest = rest.trim();
        let is_head = rest.is_empty() && (is_heading || is_bold);
        let rest = rest.strip_prefix(':').or(is_head.then_some(rest))?;
        input::written(time.trim()).map(|_| (format!("{} ({time})", name.trim()), rest.trim()))
    });
    let timed = timed.as_ref().map(|it| (it.0.as_str(), it.1));
    let (name, rest) = match timed.or_else(|| plain.split_once(':')) {
        Some((name, rest)) if timed.is_some() => (name, rest),
        Some((name, rest)) if !name.contains('(') => (name.trim(), rest.trim()),
        _ if is_heading || is_bold => (plain.trim(), ""),
        _ => return None,
    };
    let (name, time) = match name.split_once('(') {
        Some((name, time)) => (name.trim(), time.trim_end_matches(')').trim()),
        None => (name, ""),
    };
    let name: String = name.chars().filter(|it| it.is_alphanumeric() || *it == ' ').collect::<String>().to_lowercase();
    let name = name.trim();
    let role = if USERS.contains(&name) {
        Role::User
    } else if ASSISTANTS.contains(&name) {
        Role::Assistant
    } else {
        return None;
    };
    // A bare `Question:` amid prose is no speaker; only the usual names are.
    let is_usual = [
        "user",
        "human",
        "assistant",
        "you said",
        "chatgpt said",
        "claude said",
        "chatgpt",
        "claude",
        "ai",
        "me",
        "you",
    ];
    if !is_heading && !is_bold && !is_usual.contains(&name) {
        return None;
    }
    let beside = rest.trim_start_matches('(').trim_end_matches(')');
    match input::written(time).or_else(|| input::written(beside)) {
        Some(at) if time.is_empty() => Some((role, Some(at), String::new())),
        at => Some((role, at, rest.to_owned())),
    }
}

/// The day that a name begins with or holds, such as `2026-11-20-tea.md`.
fn day_in(name: &str) -> Option<Millis> {
    let bytes = name.as_bytes();
    (0..bytes.len().saturating_sub(9)).find_map(|at| {
        let day = name.get(at..at + 10)?;
        let shaped =
            day.bytes().enumerate().all(|(n, it)| if n == 4 || n == 7 { it == b'-' } else { it.is_ascii_digit() });
        if shaped { input::written(day) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speakers_are_known_by_their_lines() {
        #[track_caller]
        fn check(line: &str, expected: Option<(Role, &str)>) {
            let found = speaker(line).map(|(role, _, rest)| (role, rest));
            assert_eq!(found.as_ref().map(|(role, rest)| (*role, rest.as_str())), expected, "{line}");
        }
        check("## User", Some((Role::User, "")));
        check("### Assistant (2026-11-20 10:00)", Some((Role::Assistant, "")));
        check("**Human:** hello", Some((Role::User, "hello")));
        check("**User** (2026-11-20 09:00): hello: you", Some((Role::User, "hello: you")));
        check("User (2026-11-20T09:00:00Z): hello", Some((Role::User, "hello")));
        check("**Assistant** (2026-11-20 09:01)", Some((Role::Assistant, "")));
        check("Assistant (of the year 9:01): no", None);
        check("**Claude**", Some((Role::Assistant, "")));
        check("User: what time is it?", Some((Role::User, "what time is it?")));
        check("#### You said:", Some((Role::User, "")));
        check("##### ChatGPT said:", Some((Role::Assistant, "")));
        check("## Q", Some((Role::User, "")));
        check("Note: user input is checked", None);
        check("A: b", None);
        check("The user: Ana", None);
        check("user", None);
        check("#user", None);
    }

    #[test]
    fn times_are_read_where_they_stand() {
        let at = |line: &str| speaker(line).and_then(|it| it.1).map(crate::clock::format);
        assert_eq!(at("## User (2026-11-20 10:00)").as_deref(), Some("2026-11-20T10:00:00Z"));
        assert_eq!(at("**User** (2026-11-20 09:00): hello").as_deref(), Some("2026-11-20T09:00:00Z"));
        assert_eq!(at("**User**: 2026-11-20T10:00:05Z").as_deref(), Some("2026-11-20T10:00:05Z"));
        assert_eq!(day_in("logs/2026-11-20-tea.md").map(crate::clock::format).as_deref(), Some("2026-11-20T00:00:00Z"));
        assert_eq!(day_in("tea.md"), None);
    }

    #[test]
    fn a_speaker_inside_code_is_none() {
        let text = "## User\nlook:\n```\nUser: not me\n## Assistant\n```\nthanks\n\n## Assistant\nfine\n";
        let said = turns(text);
        assert_eq!(said.len(), 2);
        assert!(said[0].content.contains("not me") && said[0].content.ends_with("thanks"), "{said:?}");
        assert!(is_conversation(text) && !is_conversation("# Notes\n- user: Ana\n"));
    }
}
