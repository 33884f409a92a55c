//! Packs that are kept: an answer out of the cache is the one that a fresh look gives, whatever was written meanwhile.

use std::path::Path;
use std::path::PathBuf;

use carryall::clock::Clock;
use carryall::context::Assembler;
use carryall::context::Pack;
use carryall::context::PackCache;
use carryall::context::Request;
use carryall::context::SourceName;
use carryall::documents::Allowed;
use carryall::documents::Documents;
use carryall::documents::IndexRequest;
use carryall::memory::Item;
use carryall::memory::Memory;
use carryall::scope::Owner;
use carryall::scope::View;
use carryall::session::Sessions;
use carryall::store::ContextBy;
use carryall::store::ContextKey;
use carryall::store::ContextWrite;
use carryall::store::NewFeedback;
use carryall::store::NewTurn;
use carryall::store::Scope;
use carryall::store::Store;
use carryall::store::TraceRow;
use carryall::trace::Call;
use proptest::prelude::*;
use serde_json::json;

/// The services of one process.
struct Process {
    assembler: Assembler,
    allowed: Allowed,
    root: PathBuf,
}

impl Process {
    fn new(folder: &Path, clock: &Clock) -> anyhow::Result<Process> {
        let root = folder.join("work");
        std::fs::create_dir_all(&root)?;
        let root = dunce::canonicalize(root)?;
        let store = Store::new(&folder.join("a.db"));
        let assembler = Assembler {
            memory: Memory::new(store.clone(), clock.clone()),
            sessions: Sessions::new(store.clone(), clock.clone()),
            documents: Documents::new(&store, clock.clone(), root.clone()),
            store,
            clock: clock.clone(),
            keeps: true,
            cache: PackCache::default(),
        };
        Ok(Process { allowed: Allowed::new(&root, None, &[], &[]), root, assembler })
    }

    async fn pack(&self, request: &Request) -> anyhow::Result<Pack> {
        Ok(self.assembler.assemble(request, &self.allowed, &Call::silent()).await?)
    }

    /// The pack as a process that kept nothing gives it.
    async fn fresh(&self, request: &Request) -> anyhow::Result<Pack> {
        let assembler = Assembler { cache: PackCache::default(), ..self.assembler.clone() };
        Ok(assembler.assemble(request, &self.allowed, &Call::silent()).await?)
    }

    async fn index(&self) -> anyhow::Result<()> {
        self.assembler.documents.index(&IndexRequest::default(), &self.allowed, &Call::silent()).await?;
        Ok(())
    }

    async fn remember(&self, item: Item) -> anyhow::Result<String> {
        let kept = self.assembler.memory.remember(vec![item]).await?;
        Ok(kept.into_iter().next().map(|it| it.id).unwrap_or_default())
    }

    async fn say(&self, session: &str, content: &str) -> anyhow::Result<()> {
        let turn = NewTurn {
            session_id: session.to_owned(),
            owner: Owner { namespace: "default".to_owned(), ..Owner::default() },
            role: "user".to_owned(),
            content: content.to_owned(),
            trace_id: None,
        };
        Ok(self.assembler.sessions.add_turns(vec![turn]).await?)
    }

    async fn put(&self, scope: Scope, owner: &str, content: &str, ttl_ms: Option<i64>) -> anyhow::Result<()> {
        let by = ContextBy { actor: "test".to_owned(), user_id: None, persona: None };
        let key =
            ContextKey { namespace: "default".to_owned(), scope, owner: owner.to_owned(), key: "plan".to_owned() };
        self.assembler.sessions.write(key, ContextWrite::Data(json!({"is": content})), ttl_ms, None, by).await?;
        Ok(())
    }
}

fn memory(content: String) -> Item {
    let owner = Owner { namespace: "default".to_owned(), ..Owner::default() };
    Item { content, kind: "fact".to_owned(), owner, ..Item::default() }
}

fn request(sources: &[SourceName]) -> Request {
    Request {
        query: "where is the retry limit of the deploy set".to_owned(),
        budget_tokens: 1_500,
        sources: sources.to_vec(),
        view: View::new(None, Some("ana".to_owned()), None, Some("s1".to_owned())),
        ..Request::default()
    }
}

/// What a reader sees of a pack, but for times.
fn seen(pack: &Pack) -> String {
    format!("{:?} {:?} {:?} {:?} {:?}", pack.id, pack.text, pack.items, pack.omitted, pack.degraded)
}

#[tokio::test]
async fn pieces_of_files_that_score_too_little_stay_out_and_are_named() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let process = Process::new(folder.path(), &Clock::fixed(Clock::system().now()))?;
    std::fs::write(process.root.join("retry.rs"), "pub const RETRY_LIMIT: u32 = 5;\n")?;
    process.index().await?;
    let all = process.pack(&request(&[SourceName::Workspace])).await?;
    let score = all.items[0].score;
    assert!(score > 0.1 && score < 1.0, "{score}");
    let strict = Request { least_score: score + 0.05, ..request(&[SourceName::Workspace]) };
    let none = process.pack(&strict).await?;
    assert!(none.items.is_empty() && none.omitted[0].uri.contains("retry.rs"), "{none:?}");
    assert_eq!(none.omitted[0].why, "holds too few of the question's words");
    Ok(())
}

#[tokio::test]
async fn an_unchanged_question_is_answered_again_without_a_search() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let clock = Clock::fixed(Clock::system().now());
    let process = Process::new(folder.path(), &clock)?;
    std::fs::write(process.root.join("retry.rs"), "pub const RETRY_LIMIT: u32 = 5;\n")?;
    process.index().await?;
    process.remember(memory("the retry limit of the deploy is five".to_owned())).await?;
    let all = request(&SourceName::USUAL);
    let first = process.pack(&all).await?;
    let second = process.pack(&all).await?;
    assert!(!first.cached && second.cached && second.items.len() == 2, "{second:?}");
    assert_eq!(seen(&first), seen(&second));
    // Another question is another pack, and so is the same one under another budget.
    assert!(!process.pack(&Request { budget_tokens: 1_501, ..all }).await?.cached);
    Ok(())
}

#[tokio::test]
async fn a_write_ends_only_the_packs_that_it_touches() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let clock = Clock::fixed(Clock::system().now());
    let process = Process::new(folder.path(), &clock)?;
    let other = Process::new(folder.path(), &clock)?;
    std::fs::write(process.root.join("retry.rs"), "pub const RETRY_LIMIT: u32 = 5;\n")?;
    process.index().await?;
    let asked = [SourceName::Memory, SourceName::Workspace, SourceName::History, SourceName::Scopes];
    let ended = async || -> anyhow::Result<Vec<SourceName>> {
        let mut ended = Vec::new();
        for source in asked {
            if !process.pack(&request(&[source])).await?.cached {
                ended.push(source);
            }
        }
        Ok(ended)
    };
    assert_eq!(ended().await?, asked);
    assert_eq!(ended().await?, []);
    let id = other.remember(memory("the retry limit is five".to_owned())).await?;
    assert_eq!(ended().await?, [SourceName::Memory]);
    // That it helped moves it.
    let store = &other.assembler.store;
    store.add_trace(TraceRow { id: "t".to_owned(), spans: "[]".to_owned(), ..TraceRow::default() });
    store.flush().await?;
    assert_eq!(ended().await?, []);
    let shown = vec![format!("carryall://memory/{id}")];
    let helped = NewFeedback { trace_id: "t".to_owned(), used: vec![id.clone()], shown, ..NewFeedback::default() };
    assert!(store.add_feedback(helped, clock.now()).await?);
    assert_eq!(ended().await?, [SourceName::Memory]);
    other.assembler.memory.forget_ids(vec![id], false).await?;
    assert_eq!(ended().await?, [SourceName::Memory]);
    other.say("s1", "let us set the retry limit").await?;
    assert_eq!(ended().await?, [SourceName::History]);
    other.say("s2", "let us set the retry limit").await?;
    assert_eq!(ended().await?, []);
    other.put(Scope::User, "ana", "retry", None).await?;
    assert_eq!(ended().await?, [SourceName::Scopes]);
    other.put(Scope::User, "bob", "retry", None).await?;
    assert_eq!(ended().await?, []);
    std::fs::write(process.root.join("more.rs"), "fn retry_limit_of_deploy() {}\n")?;
    assert_eq!(ended().await?, [SourceName::Workspace]);
    std::fs::remove_file(process.root.join("more.rs"))?;
    assert_eq!(ended().await?, [SourceName::Workspace]);
    // What ends by itself: a memory that holds for a minute, a context that expires after two.
    other.remember(Item { valid_to: Some(clock.now() + 60_000), ..memory("retry now".to_owned()) }).await?;
    other.put(Scope::Global, "", "retry", Some(120_000)).await?;
    assert_eq!(ended().await?, [SourceName::Memory, SourceName::Scopes]);
    clock.advance(59_000);
    assert_eq!(ended().await?, []);
    clock.advance(1_000);
    assert!(ended().await?.contains(&SourceName::Memory));
    clock.advance(60_000);
    assert!(ended().await?.contains(&SourceName::Scopes));
    Ok(())
}

#[tokio::test]
async fn an_index_that_was_deleted_and_built_again_is_another_one() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let clock = Clock::fixed(Clock::system().now());
    let process = Process::new(folder.path(), &clock)?;
    let path = process.root.join("retry.rs");
    std::fs::write(&path, "pub const RETRY_LIMIT: u32 = 5;\n")?;
    process.index().await?;
    let asked = request(&[SourceName::Workspace]);
    assert_eq!(process.pack(&asked).await?.items.len(), 1);
    process.assembler.documents.close().await;
    for name in ["a.db-index", "a.db-index-wal", "a.db-index-shm"] {
        let _ = std::fs::remove_file(folder.path().join(name));
    }
    std::fs::write(&path, "pub const RETRY_LIMIT: u32 = 77;\n")?;
    Process::new(folder.path(), &clock)?.index().await?;
    let after = process.pack(&asked).await?;
    assert!(!after.cached && after.text.contains("77"), "{after:?}");
    Ok(())
}

/// One thing that happens between two questions.
#[derive(Clone, Debug)]
enum Event {
    Remember(u8, Option<u8>),
    Forget,
    Say(u8, u8),
    Put(u8, u8, Option<u8>),
    Write(u8, u8),
    Remove(u8),
    Rename(u8, u8),
    Index,
    Wait(u8),
    Nothing,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (any::<u8>(), any::<Option<u8>>()).prop_map(|(word, ends)| Event::Remember(word, ends)),
        Just(Event::Forget),
        (0..3_u8, any::<u8>()).prop_map(|(session, word)| Event::Say(session, word)),
        (0..4_u8, any::<u8>(), any::<Option<u8>>()).prop_map(|(owner, word, ends)| Event::Put(owner, word, ends)),
        (0..5_u8, any::<u8>()).prop_map(|(file, word)| Event::Write(file, word)),
        (0..5_u8).prop_map(Event::Remove),
        (0..5_u8, 0..5_u8).prop_map(|(from, to)| Event::Rename(from, to)),
        Just(Event::Index),
        any::<u8>().prop_map(Event::Wait),
        Just(Event::Nothing),
    ]
}

async fn happen(event: &Event, process: &Process, clock: &Clock, ids: &mut Vec<String>) -> anyhow::Result<()> {
    let file = |at: &u8| process.root.join(format!("folder{}/file{at}.rs", at % 2));
    let ms = |it: &u8| i64::from(*it) * 1_000 + 1;
    match event {
        Event::Remember(word, ends) => {
            let text = format!("the retry limit of deploy {word} is {}", u32::from(*word) * 7);
            let valid_to = ends.as_ref().map(|it| clock.now() + ms(it));
            ids.push(process.remember(Item { valid_to, ..memory(text) }).await?);
        }
        Event::Forget => {
            let id = ids.pop().into_iter().collect();
            process.assembler.memory.forget_ids(id, false).await?;
        }
        Event::Say(session, word) => process.say(&format!("s{session}"), &format!("retry {word}")).await?,
        Event::Put(owner, word, ends) => {
            let (scope, owner) =
                [(Scope::Global, ""), (Scope::User, "ana"), (Scope::Session, "s1"), (Scope::User, "b")]
                    [usize::from(*owner)];
            process.put(scope, owner, &format!("limit {word}"), ends.as_ref().map(ms)).await?;
        }
        Event::Write(at, word) => {
            let path = file(at);
            std::fs::create_dir_all(path.parent().unwrap_or(&process.root))?;
            std::fs::write(path, format!("/// The retry limit.\nfn deploy_{word}() -> u32 {{ {word} }}\n"))?;
        }
        Event::Remove(at) => drop(std::fs::remove_file(file(at))),
        Event::Rename(from, to) => drop(std::fs::rename(file(from), file(to))),
        Event::Index => process.index().await?,
        Event::Wait(time) => clock.advance(ms(time)),
        Event::Nothing => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_written_a_kept_answer_is_the_fresh_one(
        events in prop::collection::vec((event(), any::<bool>()), 1..14),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let checked: anyhow::Result<()> = runtime.block_on(async {
            let folder = tempfile::tempdir()?;
            let clock = Clock::fixed(Clock::system().now());
            let process = Process::new(folder.path(), &clock)?;
            let other = Process::new(folder.path(), &clock)?;
            let asked = [request(&SourceName::USUAL), request(&[SourceName::Workspace, SourceName::History])];
            let mut ids = Vec::new();
            for (event, by_other) in &events {
                happen(event, if *by_other { &other } else { &process }, &clock, &mut ids).await?;
                for request in &asked {
                    let (kept, fresh) = (process.pack(request).await?, process.fresh(request).await?);
                    anyhow::ensure!(seen(&kept) == seen(&fresh), "after {event:?}:\n{}\n{}", seen(&kept), seen(&fresh));
                }
            }
            Ok(())
        });
        prop_assert!(checked.is_ok(), "{:?}", checked.err());
    }
}
