//! What is done when a host says that a session begins, goes on or ends: a brief of where things were left is given,
//! and what was said is kept. Nothing is sent anywhere.

mod input;
mod reading;

use std::path::PathBuf;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::brief;
use crate::brief::Briefs;
use crate::brief::Project;
use crate::clock::Clock;
use crate::config::Hooks as Switch;
use crate::exchange::Writer;
use crate::memory::Memory;
use crate::scope::Owner;
use crate::scope::View;
use crate::store::SessionAbout;
use crate::store::Store;
use crate::store::StoreError;
use crate::trace::Call;
use crate::trace::Progress;

pub use input::Event;
pub use input::Input;
pub use input::host_of;
pub use input::project_of;

/// Answers hooks.
#[derive(Clone, Debug)]
pub struct Hooks {
    pub store: Store,
    pub memory: Memory,
    pub clock: Clock,
    /// What the person allows.
    pub switch: Switch,
    /// Whether nothing may be written.
    pub read_only: bool,
}

/// For whom a hook is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    pub view: View,
    /// Whether the namespace was named by the person who installed the hook, and so belongs to the project.
    pub named: bool,
    /// The person's home, in which some hosts keep their transcripts.
    pub home: Option<std::path::PathBuf>,
}

/// What a hook did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// What the host is given; nothing when there is nothing to say.
    pub output: Option<String>,
    /// Turns that were kept and were not there before.
    pub kept: usize,
    /// The transcript of a session that has ended, when there was no time to read it to its end: no hook comes any more that goes on.
    pub unread: Option<Unread>,
}

/// A transcript of which something is left to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    pub transcript: PathBuf,
    /// Of the session, when the host named it.
    pub owner: Owner,
}

impl Hooks {
    /// Does what `event` asks for, until `until` at the latest.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; what was kept until then stays kept.
    pub async fn run(
        &self,
        host: Writer,
        event: Event,
        input: &Input,
        whose: &Whose,
        until: Instant,
    ) -> Result<Done, StoreError> {
        let mut done = Done::default();
        if self.switch == Switch::Off {
            return Ok(done);
        }
        if event == Event::Start {
            done.output = self.brief(host, input, whose).await?;
            return Ok(done);
        }
        if self.switch == Switch::Brief || self.read_only {
            return Ok(done);
        }
        let (kept, unread) = self.keep(host, input, whose, until).await?;
        done.kept = kept;
        if event != Event::End {
            return Ok(done);
        }
        let session_id = input.session_id.as_ref().map(|id| host.session_id(id));
        let owner = Owner { session_id, ..owner(whose) };
        // What is not read to its end has not ended, and is no whole to summarise.
        if let Some(transcript) = unread {
            done.unread = Some(Unread { transcript, owner });
        } else if owner.session_id.is_some() && self.store.end_session(owner.clone(), self.clock.now()).await? {
            self.memory.summarise_session(owner).await?;
        }
        Ok(done)
    }

    /// The brief of a project in the form that the host wants.
    async fn brief(&self, host: Writer, input: &Input, whose: &Whose) -> Result<Option<String>, StoreError> {
        let Some(folder) = &input.project else { return Ok(None) };
        // A host that resumes a session shows all of it anyway; after a compaction this one is what was lost.
        let this = input.session_id.as_ref().map(|id| host.session_id(id));
        let (without, only) = match input.source.as_deref() {
            Some("resume") => return Ok(None),
            Some("compact") => (None, this),
            _ => (this, None),
        };
        let project =
            Project { folder: folder.clone(), view: whose.view.clone(), with_memories: whose.named, without, only };
        let briefs = Briefs { store: self.store.clone(), memory: self.memory.clone(), clock: self.clock.clone() };
        let call = Call::begin("hook", self.clock.now(), Progress::default(), CancellationToken::new());
        let text = briefs.of_project(&project, brief::TOKENS, &call).await?;
        Ok(text.map(|it| shaped(host, &it)))
    }

    /// Keeps what the transcript says since the last time: how many turns are new, and the transcript when there is more of it.
    async fn keep(
        &self,
        host: Writer,
        input: &Input,
        whose: &Whose,
        until: Instant,
    ) -> Result<(usize, Option<PathBuf>), StoreError> {
        let Some(path) = input.transcript(host, whose.home.as_deref()) else {
            tracing::debug!("the host named no transcript");
            return Ok((0, None));
        };
        let session_id = input.session_id.as_ref().map(|id| host.session_id(id));
        let reading = reading::Reading { store: &self.store, clock: &self.clock, host, owner: owner(whose), until };
        let told = reading.read(&path, session_id).await?;
        // Also of turns that were there before: an import knows no project, and a brief is of one.
        for session_id in told.sessions {
            let owner = Owner { session_id: Some(session_id), ..owner(whose) };
            let about =
                SessionAbout { title: None, host: Some(host.name().to_owned()), project: input.project.clone() };
            self.store.describe_session(owner, about, self.clock.now()).await?;
        }
        Ok((told.kept, told.has_more.then_some(path)))
    }
}

fn owner(whose: &Whose) -> Owner {
    let View { namespace, user_id, persona, .. } = whose.view.clone();
    Owner { namespace, user_id, persona, session_id: None }
}

/// A brief in the form that `host` puts before its model.
///
/// Sources: Claude Code's hooks reference (code.claude.com/docs/en/hooks), Codex' `codex-rs/hooks/src/schema.rs` and
/// developers.openai.com/codex/hooks, Cursor's cursor.com/docs/hooks; read 2026-11-27.
fn shaped(host: Writer, text: &str) -> String {
    let output: Value = match host {
        Writer::ClaudeCode | Writer::Codex => {
            json!({"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": text}})
        }
        Writer::Cursor => json!({"additional_context": text}),
    };
    output.to_string()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use super::*;
    use crate::store::SessionFilter;

    #[tokio::test]
    async fn a_session_of_which_something_is_unread_has_not_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.jsonl");
        let line = |at: usize| {
            json!({"type": "user", "sessionId": "s", "uuid": at.to_string(), "timestamp": "2026-11-20T09:00:02.000Z",
                "message": {"role": "user", "content": format!("turn {at}")}})
        };
        let mut file = std::fs::File::create(&path).unwrap();
        writeln!(file, "{}", line(1)).unwrap();
        let (store, clock) = (Store::new(&folder.path().join("a.db")), Clock::fixed(1_790_000_000_000));
        let memory = Memory::new(store.clone(), clock.clone());
        let hooks = Hooks { store: store.clone(), memory, clock, switch: Switch::On, read_only: false };
        let input = Input::read(&json!({"session_id": "s", "transcript_path": path}));
        let whose = Whose::default();
        let run = async |event, left: u64| {
            let until = Instant::now() + Duration::from_secs(left);
            hooks.run(Writer::ClaudeCode, event, &input, &whose, until).await.unwrap()
        };
        let is_ended = async || {
            let sessions =
                store.session_rows(SessionFilter { everybody: true, ..SessionFilter::default() }, 9).await.unwrap();
            sessions.iter().any(|it| it.ended_at.is_some())
        };
        assert_eq!(run(Event::Said, 60).await.kept, 1);
        writeln!(file, "{}", line(2)).unwrap();
        let owner = Owner { session_id: Some("claude-code-s".to_owned()), ..owner(&whose) };
        let unread = Some(Unread { transcript: path.clone(), owner });
        assert_eq!(run(Event::End, 0).await, Done { unread, ..Done::default() });
        assert!(!is_ended().await);
        assert_eq!(run(Event::End, 60).await, Done { kept: 1, ..Done::default() });
        assert!(is_ended().await);
        store.close().await;
    }
}
