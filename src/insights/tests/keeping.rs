//! A kept answer is what a fresh one would be, whatever was written meanwhile, and holds as long as its type allows.

use std::time::Duration;

use super::*;
use crate::memory::Item;
use crate::memory::Memory;
use crate::scope::Owner;
use crate::session::Sessions;
use crate::store::ContextBy;
use crate::store::ContextKey;
use crate::store::ContextWrite;
use crate::store::NewFeedback;
use crate::store::Scope;
use crate::store::TraceRow;

struct Record {
    kept: Insights,
    /// Keeps nothing.
    fresh: Insights,
    store: Store,
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl Record {
    fn new() -> anyhow::Result<Record> {
        let folder = tempfile::tempdir()?;
        let store = Store::new(&folder.path().join("record.db"));
        let clock = Clock::fixed(NOW);
        let none = CacheTimes { history: Duration::ZERO, code: Duration::ZERO, knowledge: Duration::ZERO };
        let kept = Insights::new(store.clone(), clock.clone(), CacheTimes::default());
        let fresh = Insights::new(store.clone(), clock.clone(), none);
        Ok(Record { kept, fresh, store, clock, _folder: folder })
    }

    fn memory(&self) -> Memory {
        Memory::new(self.store.clone(), self.clock.clone())
    }

    /// Asks twice and once afresh; returns how many of the two were kept answers.
    async fn compare(&self, question: &Question, after: &str) -> anyhow::Result<usize> {
        let mut kept = 0;
        for _ in 0..2 {
            let answer = self.kept.answer(question, &Call::silent()).await?;
            kept += usize::from(answer.cached);
            let fresh = self.fresh.answer(question, &Call::silent()).await?;
            assert!(!fresh.cached);
            assert_eq!(Answer { cached: false, ..answer }, fresh, "after {after}: {question:?}");
        }
        Ok(kept)
    }
}

fn decision(content: &str, expires_at: Option<Millis>) -> Item {
    let owner = Owner { namespace: "default".into(), ..Owner::default() };
    Item { content: content.into(), kind: "decision".into(), owner, expires_at, ..Item::default() }
}

/// Questions without an end in time that moves, so that kept and fresh answers may be held against each other.
fn questions() -> Vec<Question> {
    let artifact: Map<String, Value> = [("artifact".to_owned(), json!("board"))].into_iter().collect();
    vec![
        of(Kind::Performance, "calls", "model", "calls"),
        Question { filters: artifact.clone(), ..of(Kind::Performance, "calls", "all", "calls") },
        of(Kind::History, "decisions", "all", "calls"),
        Question { filters: artifact, ..of(Kind::History, "asks", "all", "calls") },
        of(Kind::Insights, "ratings", "request_kind", "calls"),
        of(Kind::Engagement, "activity", "day", "calls"),
    ]
}

#[tokio::test]
async fn a_kept_answer_is_what_a_fresh_one_would_be() -> anyhow::Result<()> {
    let record = Record::new()?;
    let store = &record.store;
    let sessions = Sessions::new(store.clone(), record.clock.clone());
    let key = |owner: &str| {
        let (namespace, key) = ("default".to_owned(), "filters".to_owned());
        ContextKey { namespace, scope: Scope::Artifact, owner: owner.to_owned(), key }
    };
    let write = |owner: &'static str, change: ContextWrite, ttl: Option<Millis>| {
        sessions.write(key(owner), change, ttl, None, ContextBy::default())
    };
    let only = |model: &str| ContextWrite::Data(json!({"model": model}));
    let call = |id: &str, model: &str, question: &str| CallRow {
        id: id.into(),
        tool: "ask".into(),
        started_at: NOW - DAY,
        took_us: 1_000,
        outcome: "ok".into(),
        session_id: Some("s".into()),
        model: Some(model.into()),
        request_kind: Some("lookup".into()),
        question: Some(question.into()),
        ..CallRow::default()
    };
    let trace = |id: &str| TraceRow { id: id.into(), tool: "ask".into(), spans: "[]".into(), ..TraceRow::default() };
    let mut forgettable = String::new();
    let steps = [
        "nothing",
        "calls",
        "a call that is noted only",
        "a judgement",
        "a memory",
        "a memory that is forgotten",
        "a filter",
        "another artifact's filter, later",
        "the filter changed",
        "the filter cleared",
        "a filter that expires",
        "its end",
        "a memory that expires",
        "its end",
        "words that are forgotten with their session",
    ];
    let mut kept = 0;
    for step in steps {
        for question in questions() {
            record.kept.answer(&question, &Call::silent()).await?;
        }
        match step {
            "calls" => store.add_calls(vec![call("1", "gpt-5", "one"), call("2", "qwen", "two words")]).await?,
            "a call that is noted only" => {
                store.add_trace(TraceRow { started_at: NOW - DAY, session_id: Some("s".into()), ..trace("3") });
                store.add_call(call("3", "qwen", "three"));
            }
            "a judgement" => {
                let given = NewFeedback { trace_id: "3".into(), rating: Some(0.5), ..NewFeedback::default() };
                assert!(record.kept.give_feedback(given).await?);
            }
            "a memory" => {
                let told = record.memory().remember(vec![decision("We keep two replicas", None)]).await?;
                forgettable.clone_from(&told[0].id);
            }
            "a memory that is forgotten" => {
                record.memory().forget_ids(vec![forgettable.clone()], false).await?;
            }
            "a filter" => drop(write("board", only("gpt-5"), None).await?),
            "another artifact's filter, later" => {
                record.clock.advance(5);
                write("other", only("qwen"), None).await?;
            }
            "the filter changed" => drop(write("board", only("qwen"), None).await?),
            "the filter cleared" => drop(write("board", ContextWrite::Clear, None).await?),
            "a filter that expires" => drop(write("board", only("gpt-5"), Some(1_000)).await?),
            "a memory that expires" => {
                let until = record.clock.now() + 1_000;
                record.memory().remember(vec![decision("Freeze the branch", Some(until))]).await?;
            }
            "its end" => record.clock.advance(1_000),
            "words that are forgotten with their session" => {
                let owner = Owner { namespace: "default".into(), session_id: Some("s".into()), ..Owner::default() };
                store.delete_session(owner, false, "test".into(), record.clock.now()).await?;
            }
            _ => {}
        }
        for question in questions() {
            kept += record.compare(&question, step).await?;
        }
    }
    // Of the two times that each was asked after a write, one is kept at least.
    assert!(kept >= steps.len() * questions().len(), "{kept}");
    let (asked, hits) = record.kept.kept_answers();
    assert_eq!(asked, 3 * u64::try_from(steps.len() * questions().len())?);
    assert!(hits >= u64::try_from(kept)?);
    Ok(())
}

#[tokio::test]
async fn an_answer_is_kept_as_long_as_its_type_allows() -> anyhow::Result<()> {
    let minutes = [
        (Kind::History, 5),
        (Kind::Performance, 5),
        (Kind::Personas, 30),
        (Kind::Frameworks, 30),
        (Kind::Engagement, 30),
        (Kind::Insights, 60),
    ];
    for (kind, minutes) in minutes {
        let record = Record::new()?;
        record.store.add_calls(vec![CallRow { id: "1".into(), tool: "ask".into(), ..CallRow::default() }]).await?;
        let question = Question { kind: Some(kind), ..Question::default() };
        let cached = async || Ok::<_, anyhow::Error>(record.kept.answer(&question, &Call::silent()).await?.cached);
        assert!(!cached().await?);
        record.clock.advance(minutes * 60_000 - 1);
        assert!(cached().await?, "{kind:?}");
        record.clock.advance(1);
        assert!(!cached().await?, "{kind:?}");
    }
    Ok(())
}
