//! What holds of the store as a whole: settings, plans, who sees what, what expires, and the ways out and in.

use std::io::Cursor;
use std::sync::Arc;
use std::sync::Mutex;

use proptest::prelude::*;
use rusqlite::named_params;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::clock::Millis;
use crate::scope::Owner;
use crate::scope::View;

pub(super) fn note(content: &str) -> NewMemory {
    NewMemory {
        owner: Owner { namespace: "default".to_owned(), ..Owner::default() },
        kind: "note".to_owned(),
        speaker: None,
        content: content.to_owned(),
        tags: Vec::new(),
        importance: 0.5,
        occurred_at: None,
        valid_from: 0,
        valid_to: None,
        expires_at: None,
        source: None,
        supersedes: None,
        content_key: blake3::hash(content.as_bytes()).as_bytes()[..16].to_vec(),
        index_text: content.to_owned(),
        vector: None,
        reading: Reading::default(),
    }
}

fn everything(now: Millis) -> MemoryFilter {
    MemoryFilter {
        own_only: false,
        view: View::new(None, None, None, None),
        kinds: Vec::new(),
        tags: Vec::new(),
        since: None,
        until: None,
        validity: Validity::Any,
        now,
    }
}

async fn contents(store: &Store, filter: MemoryFilter) -> Vec<String> {
    let newest =
        |reader: &MemoryReader<'_>| Ok(reader.newest(10_000, None)?.into_iter().map(|it| it.1).collect::<Vec<_>>());
    let found = store.search_memories(filter, &CancellationToken::new(), newest).await.unwrap();
    found.into_iter().map(|it| it.content).rev().collect()
}

/// The contents of what has `word` and is meant, newest first.
async fn with_word(store: &Store, filter: MemoryFilter, word: &'static str) -> Vec<String> {
    let look = move |reader: &MemoryReader<'_>| {
        let seqs = reader.with_words(Field::Text, &[word.to_owned()], i64::MAX, 1000)?;
        reader.rows(&seqs)
    };
    let found = store.search_memories(filter, &CancellationToken::new(), look).await.unwrap();
    found.into_iter().map(|it| it.1.content).collect()
}

pub(super) fn temporary() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("test.db"));
    (folder, store)
}

/// What is written to it can be read while somebody else owns it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn exported(store: &Store) -> Vec<u8> {
    let out = Shared::default();
    store.export(Box::new(out.clone())).await.unwrap();
    out.0.lock().unwrap().clone()
}

async fn imported(store: &Store, bytes: impl Into<Vec<u8>>) -> Result<Counts, StoreError> {
    store.import(Box::new(Cursor::new(bytes.into())), str::to_owned).await
}

#[tokio::test]
async fn every_connection_is_durable_and_shares_the_file() {
    let (_folder, store) = temporary();
    let settings = |conn: &rusqlite::Connection| {
        let read = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
        let names = ["journal_mode", "synchronous", "foreign_keys", "trusted_schema"];
        names.map(|name| format!("{name} = {:?}", read(name).unwrap())).join("\n")
    };
    let writer = store.write(move |tx| Ok(settings(tx))).await.unwrap();
    let reader = store.read(move |conn| Ok(settings(conn))).await.unwrap();
    assert_eq!(writer, reader);
    insta::assert_snapshot!(writer, @r#"
    journal_mode = Text("wal")
    synchronous = Integer(2)
    foreign_keys = Integer(1)
    trusted_schema = Integer(0)
    "#);
}

/// What SQLite plans for the queries that every call makes, and for those that a big file would make slow.
#[tokio::test]
async fn hot_queries_use_their_indexes() {
    let (_folder, store) = temporary();
    let queries: Vec<(&str, String)> = memories::hot_queries()
        .into_iter()
        .chain(memory_search::hot_queries())
        .chain(facts::hot_queries())
        .chain(history::hot_queries())
        .chain(traces::hot_queries())
        .chain(records::hot_queries())
        .chain(contexts::hot_queries())
        .chain(sessions::hot_queries())
        .chain(turns::hot_queries())
        .chain(packs::hot_queries())
        .chain(stamps::hot_queries())
        .chain(audit::hot_queries())
        .chain(keeping::hot_queries())
        .chain(standing::hot_queries())
        .chain(answers::hot_queries())
        .chain(files::hot_queries())
        .chain(vectors::hot_queries().into_iter().map(|(name, sql)| (name, sql.to_owned())))
        .collect();
    let plans = store
        .read(move |conn| {
            let mut text = String::new();
            for (name, sql) in queries {
                text.push_str(&format!("{name}\n"));
                let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next().unwrap() {
                    text.push_str(&format!("    {}\n", row.get::<_, String>(3).unwrap()));
                }
            }
            Ok(text)
        })
        .await
        .unwrap();
    insta::assert_snapshot!(plans);
}

fn one_of(names: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    proptest::option::of(proptest::sample::select(names).prop_map(str::to_owned))
}

fn owners() -> impl Strategy<Value = Owner> {
    let namespace = proptest::sample::select(&["default", "work"][..]).prop_map(str::to_owned);
    (namespace, one_of(&["ana", "bo", ""]), one_of(&["editor", "critic"]), one_of(&["s1", "s2"]))
        .prop_map(|(namespace, user_id, persona, session_id)| Owner { namespace, user_id, persona, session_id })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_queries_show_what_the_view_sees(
        rows in proptest::collection::vec(owners(), 1..40),
        views in proptest::collection::vec(owners(), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_folder, store) = temporary();
            let named = |at: usize, owner: &Owner| NewMemory { owner: owner.clone(), ..note(&format!("word{at} common")) };
            let items = rows.iter().enumerate().map(|(at, owner)| named(at, owner)).collect();
            store.remember(items, 0).await.unwrap();
            for view in views {
                let view = View {
                    namespace: view.namespace, user_id: view.user_id, persona: view.persona, session_id: view.session_id,
                };
                let expected: Vec<String> = rows.iter().enumerate()
                    .filter(|(_, owner)| view.sees(owner))
                    .map(|(at, _)| format!("word{at} common"))
                    .collect();
                let filter = MemoryFilter { view, ..everything(0) };
                assert_eq!(contents(&store, filter.clone()).await, expected);
                let mut found = with_word(&store, filter.clone(), "common").await;
                let mut wanted = expected.clone();
                found.sort();
                wanted.sort();
                assert_eq!(found, wanted);
                assert_eq!(store.memory_ids(filter, 1000).await.unwrap().len(), expected.len());
            }
        });
    }

    /// Everything that is kept of a memory comes out and in the same, whatever text it holds, and a second time adds nothing.
    #[test]
    fn an_export_of_an_import_is_the_export(
        texts in proptest::collection::vec("\\PC{1,20}|[\\x00-\\x1f\"\\\\>#`-]{1,5}", 2..12),
        importance in 0.0..1.0_f64,
        at in any::<i64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_folder, store) = temporary();
            let ids = everything_kept(&store, texts, importance, at).await;
            let first = exported(&store).await;
            for table in ["sessions", "memories", "memory_facts", "memory_events", "memory_links", "item_feedback", "imported",
                "turns", "summaries", "traces", "calls", "feedback", "audit"]
            {
                let begins = format!("{{\"table\":\"{table}\"");
                assert!(String::from_utf8(first.clone()).unwrap().lines().any(|it| it.starts_with(&begins)), "{table}");
            }
            let (_folder, copy) = temporary();
            let counts = imported(&copy, first.clone()).await.unwrap();
            assert_eq!(counts.skipped, 0);
            assert_eq!(exported(&copy).await, first);
            assert_eq!(imported(&copy, first.clone()).await.unwrap(), Counts { rows: 0, skipped: counts.rows });
            assert_eq!(exported(&copy).await, first);
            // A summary came in with its sources: it goes with them.
            let erased = copy.forget(vec![ids[0].clone()], Deletion::of_a_test()).await.unwrap();
            assert_eq!(erased.summaries, 1);
        });
    }
}

/// Fills every table that is exchanged for a memory with these texts; the memories' ids.
async fn everything_kept(store: &Store, texts: Vec<String>, importance: f64, at: Millis) -> Vec<String> {
    let owner = Owner {
        namespace: "default".to_owned(),
        user_id: Some(texts[0].clone()),
        persona: texts.get(2).cloned(),
        session_id: Some(texts[1].clone()),
    };
    let item = |text: &String| NewMemory {
        importance,
        tags: vec![text.clone()],
        speaker: Some(text.clone()),
        expires_at: Some(9),
        occurred_at: Some(at),
        valid_from: at,
        source: Some(text.clone()),
        owner: owner.clone(),
        ..note(text)
    };
    let stored = store.remember(texts.iter().map(item).collect(), 7).await.unwrap();
    let ids: Vec<String> = stored.into_iter().map(|it| it.id).collect();
    // Told twice by another source, and replaced.
    store.remember(vec![NewMemory { source: Some(texts[1].clone()), ..item(&texts[0]) }], 8).await.unwrap();
    let heir = NewMemory { supersedes: Some(ids[1].clone()), ..item(&format!("{} now", texts[1])) };
    store.remember(vec![heir], 9).await.unwrap();
    let about = SessionAbout { title: Some(texts[0].clone()), host: Some(texts[1].clone()), project: None };
    store.describe_session(owner.clone(), about, 5).await.unwrap();
    let turn = NewTurn {
        session_id: texts[1].clone(),
        owner: owner.clone(),
        role: "user".to_owned(),
        content: texts[0].clone(),
        trace_id: None,
    };
    store.add_turns(vec![turn], 8).await.unwrap();
    let link = |from: &String, to: &String| NewLink {
        from_id: from.clone(),
        to_id: to.clone(),
        relation: "same".to_owned(),
        score: importance,
    };
    assert_eq!(store.add_links(vec![link(&ids[1], &ids[0])], at).await.unwrap(), 1);
    let summary = SummaryRow {
        id: "summary".to_owned(),
        owner,
        content: texts.concat(),
        made_by: texts[0].clone(),
        covers: 3,
        fingerprint: vec![0, 255, 7],
        made_at: at,
        sources: vec![ids[1].clone(), ids[0].clone()],
    };
    assert!(store.put_summary(summary).await.unwrap());
    let id = ids[0].clone();
    store
        .write(move |tx| {
            standing::judge(tx, &[format!("carryall://memory/{id}"), texts[0].clone()], &[], at).unwrap();
            let fill = |sql: &str, values: &[&dyn rusqlite::ToSql]| tx.execute(sql, values).unwrap();
            fill("INSERT INTO imported VALUES (x'00ff', ?)", &[&id]);
            fill(
                "INSERT INTO memory_facts VALUES (x'01', ?, ?, 0, ?, 'a', ?, ?, NULL, 1, 0, 1, 0, ?)",
                &[&at, &id, &texts[0], &texts[1], &texts[0], &importance],
            );
            fill(
                "INSERT INTO traces (id, tool, started_at, took_us, outcome, spans, persona, remote_state)
                 VALUES (?, 'recall', 1, 2, 'ok', '[]', ?, ?)",
                &[&texts[0], &texts[0], &texts[1]],
            );
            fill(
                "INSERT INTO calls (id, tool, started_at, took_us, outcome, question, rating, asked_model)
                 VALUES (?, 'ask', 1, 2, 'ok', ?, ?, ?)",
                &[&texts[0], &texts[1], &importance, &texts[0]],
            );
            fill(
                "INSERT INTO feedback (trace_id, at, rating, note, used) VALUES (?, ?, NULL, ?, json_array(?))",
                &[&texts[0], &at, &texts[1], &texts[1]],
            );
            Ok(())
        })
        .await
        .unwrap();
    ids
}

/// What a line speaks of must be there, and one summary is enough: an export that somebody cut leads to nothing half.
#[tokio::test]
async fn what_lacks_its_memories_does_not_come_in() {
    let (_folder, store) = temporary();
    everything_kept(&store, vec!["one".to_owned(), "two".to_owned()], 0.5, 3).await;
    let out = String::from_utf8(exported(&store).await).unwrap();
    let cut: String =
        out.lines().filter(|it| !it.contains("\"table\":\"memories\"")).map(|it| format!("{it}\n")).collect();
    let (_folder, copy) = temporary();
    imported(&copy, cut).await.unwrap();
    let left = String::from_utf8(exported(&copy).await).unwrap();
    for table in ["memory_facts", "memory_events", "memory_links", "imported", "summaries"] {
        assert!(!left.contains(&format!("\"table\":\"{table}\"")), "{table}: {left}");
    }
    assert!(!left.contains("\"item\":\"carryall://memory/"), "{left}");

    // A session that has a summary keeps it.
    let other = out.replace("\"id\":\"summary\"", "\"id\":\"another\"");
    imported(&store, other).await.unwrap();
    assert_eq!(String::from_utf8(exported(&store).await).unwrap(), out);
}

#[tokio::test]
async fn what_holds_when() {
    let (_folder, store) = temporary();
    let held =
        |content: &str, from: Millis, to: Option<Millis>| NewMemory { valid_from: from, valid_to: to, ..note(content) };
    let first = store
        .remember(vec![held("past", 10, Some(20)), held("open", 10, None), held("ahead", 100, None)], 50)
        .await
        .unwrap();
    store
        .remember(vec![NewMemory { supersedes: Some(first[1].id.clone()), ..held("heir", 60, None) }], 60)
        .await
        .unwrap();
    let table: &[(Validity, &[&str])] = &[
        (Validity::Any, &["past", "open", "ahead", "heir"]),
        // What lies ahead counts as current; what ended or was replaced does not.
        (Validity::Current(61), &["ahead", "heir"]),
        (Validity::AsOf(9), &[]),
        (Validity::AsOf(10), &["past", "open"]),
        (Validity::AsOf(19), &["past", "open"]),
        (Validity::AsOf(20), &["open"]),
        (Validity::AsOf(59), &["open"]),
        (Validity::AsOf(60), &["heir"]),
        (Validity::AsOf(100), &["ahead", "heir"]),
    ];
    for (validity, expected) in table {
        let found = contents(&store, MemoryFilter { validity: *validity, ..everything(61) }).await;
        assert_eq!(&found, expected, "{validity:?}");
    }
}

#[tokio::test]
async fn what_has_expired_is_hidden_at_once_and_swept_by_the_next_process_that_writes() {
    let (folder, store) = temporary();
    let brief = NewMemory { expires_at: Some(100), ..note("brief") };
    let ids = store.remember(vec![brief, note("lasting")], 50).await.unwrap();
    let key =
        ContextKey { namespace: "default".to_owned(), scope: Scope::Global, owner: String::new(), key: "k".to_owned() };
    let data = || ContextWrite::Data(serde_json::json!(1));
    store.write_context(key.clone(), data(), Some(100), None, ContextBy::default(), 50).await.unwrap();
    assert_eq!(contents(&store, everything(99)).await, ["brief", "lasting"]);
    assert_eq!(contents(&store, everything(100)).await, ["lasting"]);
    assert!(store.memories_by_id(vec![ids[0].id.clone()], 100).await.unwrap().is_empty());
    assert!(store.context(key.clone(), None, ContextBy::default(), 100).await.unwrap().is_none());
    store.close().await;

    let next = Store::new(&folder.path().join("test.db"));
    next.remember(vec![note("later")], 200).await.unwrap();
    // The sweep follows the acknowledgement; what is queued after it sees its end.
    next.flush().await.unwrap();
    assert_eq!(contents(&next, everything(0)).await, ["lasting", "later"]);
    assert!(next.context(key.clone(), None, ContextBy::default(), 0).await.unwrap().is_none());
    let health = next.health().await.unwrap();
    assert_eq!((health.memories, health.text_disagreements), (2, 0));
    // Its number goes on: a version never comes twice.
    assert_eq!(
        next.write_context(key, data(), None, None, ContextBy::default(), 201).await.unwrap().row.unwrap().version,
        2
    );
}

#[tokio::test]
async fn a_record_that_could_not_be_written_is_counted_and_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("a.db"));
    store.write_later(|_| Err(StoreError::Internal { reason: "no room".to_owned() }));
    let kept = store.remember(vec![note("Ana drinks tea")], 1).await.unwrap();
    assert_eq!((kept.len(), store.lost_writes()), (1, 1));
    let panicked = store.write(|_| -> Result<(), StoreError> { panic!("on purpose") }).await.unwrap_err();
    assert!(panicked.to_string().contains("panicked"), "{panicked}");
}

#[tokio::test]
async fn a_lost_index_entry_is_noticed() {
    let (_folder, store) = temporary();
    store.remember(vec![note("one"), note("two")], 0).await.unwrap();
    assert_eq!(store.health().await.unwrap().text_disagreements, 0);
    store
        .write(|tx| {
            tx.execute("DELETE FROM memories_text WHERE rowid = 1", []).unwrap();
            tx.execute("INSERT INTO memories_text (rowid, content) VALUES (77, 'left over')", []).unwrap();
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(store.health().await.unwrap().text_disagreements, 2);
}

#[tokio::test]
async fn a_backup_amid_writing_is_one_moment_of_the_file() {
    let (folder, store) = temporary();
    store.remember(vec![note("first")], 0).await.unwrap();
    let target = folder.path().join("copy.db");
    // Pairs are written in one transaction: a copy that holds half of one is not of one moment.
    let writing = async {
        for at in 0..200 {
            store.remember(vec![note(&format!("{at} a")), note(&format!("{at} b"))], 0).await.unwrap();
        }
    };
    let (backed_up, ()) = tokio::join!(store.backup(target.clone()), writing);
    backed_up.unwrap();
    let copy = Store::new(&target);
    let health = copy.health().await.unwrap();
    assert_eq!((health.integrity.as_str(), health.text_disagreements), ("ok", 0));
    assert_eq!(health.memories % 2, 1);
    assert!(contents(&copy, everything(0)).await.contains(&"first".to_owned()));

    let refused = store.backup(target.clone()).await.unwrap_err();
    assert!(refused.to_string().contains("exists already"), "{refused}");
    assert_eq!(copy.health().await.unwrap().memories, health.memories);
}

#[tokio::test]
async fn everything_comes_out_and_in_and_a_second_time_adds_nothing() {
    let (_folder, store) = temporary();
    let first = store.remember(vec![note("old"), note("other")], 5).await.unwrap();
    store.remember(vec![NewMemory { supersedes: Some(first[0].id.clone()), ..note("new") }], 6).await.unwrap();
    let key = ContextKey {
        namespace: "default".to_owned(),
        scope: Scope::User,
        owner: "ana".to_owned(),
        key: "k".to_owned(),
    };
    for version in 0..3 {
        store
            .write_context(
                key.clone(),
                ContextWrite::Data(serde_json::json!({"v": version})),
                None,
                None,
                ContextBy::default(),
                7,
            )
            .await
            .unwrap();
    }
    let owner = Owner { namespace: "default".to_owned(), ..Owner::default() };
    let turn = NewTurn {
        session_id: "s".to_owned(),
        owner: owner.clone(),
        role: "user".to_owned(),
        content: "hello".to_owned(),
        trace_id: None,
    };
    store.add_turns(vec![turn], 8).await.unwrap();
    let pack = PackRow { id: "p".to_owned(), created_at: 9, query: "q".to_owned(), result: "{}".to_owned() };
    store.add_pack(pack).await.unwrap();
    store.add_trace(TraceRow {
        id: "t".to_owned(),
        tool: "recall".to_owned(),
        started_at: 1,
        took_us: 2,
        outcome: "ok".to_owned(),
        error: None,
        session_id: None,
        user_id: None,
        namespace: None,
        spans: "[]".to_owned(),
        ..TraceRow::default()
    });
    let spent = Spent { provider: "openai".to_owned(), model: None, usd: 0.1 + 0.2, is_estimate: false };
    store.settle(Vec::new(), vec![spent], 10).await.unwrap();
    let out = exported(&store).await;

    let (_folder, copy) = temporary();
    let counts = imported(&copy, out.clone()).await.unwrap();
    assert_eq!(counts, Counts { rows: 19, skipped: 0 });
    assert_eq!(exported(&copy).await, out);
    assert_eq!(imported(&copy, out.clone()).await.unwrap(), Counts { rows: 0, skipped: 19 });
    assert_eq!(exported(&copy).await, out);
    // What came in is whole: found by its words, its versions, its session.
    assert_eq!(with_word(&copy, everything(9), "new").await[0], "new");
    assert_eq!(
        copy.context(key, Some(2), ContextBy::default(), 9).await.unwrap().unwrap().data,
        serde_json::json!({"v": 1})
    );
    assert_eq!(copy.turns("s".to_owned(), owner, 5).await.unwrap()[0].content, "hello");
    assert_eq!(copy.health().await.unwrap().text_disagreements, 0);
}

#[tokio::test]
async fn a_session_keeps_its_title_through_an_export() {
    let (_folder, store) = temporary();
    let owner = Owner { namespace: "default".to_owned(), session_id: Some("s".to_owned()), ..Owner::default() };
    let about = SessionAbout { title: Some("The tea release".to_owned()), host: None, project: None };
    store.describe_session(owner.clone(), about, 5).await.unwrap();
    // Both make a row of the session without a title, where there is none.
    store.remember(vec![NewMemory { owner: owner.clone(), ..note("of the session") }], 6).await.unwrap();
    let turn = NewTurn {
        session_id: "s".to_owned(),
        owner,
        role: "user".to_owned(),
        content: "hello".to_owned(),
        trace_id: None,
    };
    store.add_turns(vec![turn], 7).await.unwrap();
    let out = exported(&store).await;
    let (_folder, copy) = temporary();
    imported(&copy, out.clone()).await.unwrap();
    let sessions = copy.session_rows(SessionFilter::default(), 5).await.unwrap();
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].title.as_deref(), Some("The tea release"));
    assert_eq!(exported(&copy).await, out);
}

#[tokio::test]
async fn a_pack_that_quotes_what_was_forgotten_meanwhile_is_not_kept() {
    let (_folder, store) = temporary();
    let stored = store.remember(vec![note("stays"), note("goes")], 1).await.unwrap();
    let pack = |id: &str, quoted: &[&str]| {
        let items: Vec<_> =
            quoted.iter().map(|it| serde_json::json!({"uri": format!("carryall://memory/{it}")})).collect();
        let result = serde_json::json!({"text": "stays and goes", "items": items}).to_string();
        PackRow { id: id.to_owned(), created_at: 2, query: "q".to_owned(), result }
    };
    let (stays, goes) = (stored[0].id.as_str(), stored[1].id.as_str());
    store.add_pack(pack("before", &[stays, goes])).await.unwrap();
    store.forget(vec![goes.to_owned()], Deletion::of_a_test()).await.unwrap();
    // It was assembled while the memory was there, and comes to be kept now.
    assert!(store.add_pack(pack("after", &[stays, goes])).await.is_err());
    assert_eq!(store.pack("after".to_owned()).await.unwrap(), None);
    store.add_pack(pack("without", &[stays])).await.unwrap();
    assert!(store.pack("without".to_owned()).await.unwrap().is_some());
}

#[tokio::test]
async fn hostile_lines_are_refused_by_their_number() {
    let head = r#"{"format":"carryall-export","version":1}"#;
    let memory = |change: &str, to: &str| {
        r#"{"table":"memories","id":"m","namespace":"default","kind":"note","content":"c","tags":"[]","importance":0.5,"valid_from":1,"created_at":1,"content_key":"00ff"}"#
            .replace(change, to)
    };
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    let table: Vec<(Vec<u8>, usize, &str)> = vec![
        (Vec::new(), 1, "not an export of carryall"),
        (b"\n\n".to_vec(), 1, "not an export of carryall"),
        (b"{}".to_vec(), 1, "not an export of carryall"),
        (b"SQLite format 3\0".to_vec(), 1, "expected value"),
        (br#"{"format":"carryall-export","version":2}"#.to_vec(), 1, "newer carryall"),
        (br#"{"format":"carryall-export"}"#.to_vec(), 1, "version is missing"),
        (format!("{head}\n\nnonsense").into(), 3, "expected"),
        (format!("{head}\n[1]").into(), 2, "invalid type"),
        (format!("{head}\n{deep}").into(), 2, "recursion limit"),
        ([head.as_bytes(), b"\n\xff\xfe"].concat(), 2, "not UTF-8"),
        (format!("{head}\n{{}}").into(), 2, "table is missing"),
        (format!(r#"{head}{}{{"table":"sqlite_schema"}}"#, "\n").into(), 2, "unknown table"),
        (format!("{head}\n{}", memory(r#""kind""#, r#""kind) VALUES (1); --""#)).into(), 2, "unknown field"),
        (format!("{head}\n{}", memory(r#""content":"c","#, "")).into(), 2, "NOT NULL"),
        (format!("{head}\n{}", memory(r#""created_at":1"#, r#""created_at":"soon""#)).into(), 2, "cannot store TEXT"),
        (format!("{head}\n{}", memory(r#""created_at":1"#, r#""created_at":1e300"#)).into(), 2, "cannot store REAL"),
        (format!("{head}\n{}", memory(r#""[]""#, r#""nonsense""#)).into(), 2, "tags must be a JSON list"),
        (format!("{head}\n{}", memory(r#""[]""#, "[]")).into(), 2, "tags must be a string"),
        (format!("{head}\n{}", memory("00ff", "0g")).into(), 2, "content_key must be hexadecimal"),
        (
            format!(r#"{head}{}{{"table":"contexts","scope":"everybody"}}"#, "\n").into(),
            2,
            "scope must be the name of a scope",
        ),
    ];
    let (_folder, store) = temporary();
    for (bytes, number, part) in table {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        let err = imported(&store, bytes).await.unwrap_err();
        let StoreError::Malformed { line, reason } = &err else { panic!("{err:?} for {shown}") };
        assert_eq!(*line, number, "{shown}");
        assert!(reason.contains(part), "{part:?} is not in {reason:?} for {shown}");
    }
    assert_eq!(store.health().await.unwrap().memories, 0);
    let good = format!("{head}\n{}\n", memory("", ""));
    assert_eq!(imported(&store, good).await.unwrap(), Counts { rows: 1, skipped: 0 });
}

#[tokio::test]
async fn a_panic_in_a_job_harms_neither_its_neighbours_nor_the_next() {
    let (_folder, store) = temporary();
    let panicking = store.write(|_| -> Result<(), StoreError> { panic!("in a test") });
    let (fallen, stored) = tokio::join!(panicking, store.remember(vec![note("neighbour")], 0));
    assert!(fallen.is_err());
    stored.unwrap();
    let fallen = store.read(|_| -> Result<(), StoreError> { panic!("in a test") }).await;
    assert!(fallen.is_err());
    assert_eq!(contents(&store, everything(0)).await, ["neighbour"]);
}

/// Memories that differ in all that a filter can ask.
fn of_all_sorts() -> Vec<NewMemory> {
    let mut all = Vec::new();
    for at in 0..96_i64 {
        let some = |every: i64, text: &str| (at % every == 1).then(|| text.to_owned());
        let mut memory = note(&format!("number {at}"));
        memory.owner = Owner {
            namespace: if at % 7 == 3 { "other" } else { "default" }.to_owned(),
            user_id: some(2, if at % 4 == 1 { "ada" } else { "" }),
            persona: some(3, "coach"),
            session_id: some(5, "s"),
        };
        memory.kind = ["note", "fact", "turn"][usize::try_from(at % 3).unwrap()].to_owned();
        memory.tags = (0..at % 4).map(|it| format!("tag \"{it}\"")).collect();
        memory.occurred_at = (at % 4 == 2).then_some(at * 10);
        memory.valid_from = at * 5;
        memory.valid_to = (at % 6 == 1).then_some(at * 9);
        memory.expires_at = (at % 8 == 1).then_some(at * 11);
        all.push(memory);
    }
    all
}

#[tokio::test]
async fn a_filter_means_the_same_of_what_is_read_and_in_the_file() {
    let (_folder, store) = temporary();
    let stored = store.remember(of_all_sorts(), 400).await.unwrap();
    let mut replacing = note("replaces");
    replacing.supersedes = Some(stored[0].id.clone());
    store.remember(vec![replacing], 401).await.unwrap();
    let owners = [(None, None), (Some("ada"), None), (Some(""), Some("coach")), (Some("nobody"), Some("coach"))];
    let tags: [&[&str]; 3] = [&[], &["tag \"0\""], &["tag \"2\"", "tag \"0\""]];
    let times = [(None, None), (Some(300), None), (None, Some(401)), (Some(100), Some(400))];
    let holding = [Validity::Any, Validity::Current(450), Validity::AsOf(200)];
    let (mut some, mut compared) = (0, 0);
    for (user, persona) in owners {
        for at in 0..72_usize {
            let namespace = (at % 5 == 4).then(|| "other".to_owned());
            let session = (at % 7 == 6).then(|| "s".to_owned());
            let own = |it: Option<&str>| it.map(str::to_owned);
            let filter = MemoryFilter {
                own_only: at % 2 == 1,
                view: View::new(namespace, own(user), own(persona), session),
                kinds: ["fact", "note"].iter().take(at % 3).map(|it| (*it).to_owned()).collect(),
                tags: tags[at / 2 % 3].iter().map(|it| (*it).to_owned()).collect(),
                since: times[at / 3 % 4].0,
                until: times[at / 3 % 4].1,
                validity: holding[at / 4 % 3],
                now: 500,
            };
            let look = move |reader: &MemoryReader<'_>| {
                let glances = reader.glances()?;
                let mut meant = Vec::new();
                for seq in 1..=reader.last()? {
                    let is_meant = glances.at(seq, |it| reader.filter().means(it))?;
                    meant.extend((is_meant == Some(true)).then_some(seq));
                }
                Ok((reader.meant(1000)?.unwrap_or_default(), meant))
            };
            let (in_file, read) = store.search_memories(filter.clone(), &CancellationToken::new(), look).await.unwrap();
            assert_eq!(in_file, read, "{filter:?}");
            some += usize::from(!read.is_empty());
            compared += 1;
        }
    }
    assert!(some * 3 > compared, "{some} of {compared} filters meant anything");
}

#[tokio::test]
async fn what_was_changed_is_told_to_who_looked_before() {
    let (_folder, store) = temporary();
    let stored = store.remember(vec![note("one"), note("two")], 1).await.unwrap();
    let look = |store: Store, last: Option<Moment>| async move {
        let work = move |reader: &MemoryReader<'_>| {
            let now = reader.moment()?.unwrap();
            Ok((now, last.map(|last| reader.changed_since(last)).transpose()?.flatten()))
        };
        store.search_memories(everything(5), &CancellationToken::new(), work).await.unwrap()
    };
    let (first, _) = look(store.clone(), None).await;
    store.remember(vec![note("three")], 2).await.unwrap();
    assert_eq!(look(store.clone(), Some(first)).await, (first, Some(Vec::new())), "a new one changes no other");
    let mut replacing = note("four");
    replacing.supersedes = Some(stored[1].id.clone());
    store.remember(vec![replacing], 3).await.unwrap();
    let (second, changed) = look(store.clone(), Some(first)).await;
    assert!(second.change > first.change && second.file == first.file);
    assert_eq!(changed, Some(vec![2]));
}

#[tokio::test]
async fn what_lies_around_a_damaged_page_is_exported() {
    let (folder, store) = temporary();
    let notes = (0..120).map(|at| note(&format!("note {at} {}", "of a shelf with jars of tea ".repeat(5))));
    store.remember(notes.collect(), 1).await.unwrap();
    let leaf = "SELECT pageno FROM dbstat WHERE name = 'memories' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 2";
    let page: u32 = store.query(move |conn| conn.query_row(leaf, [], |row| row.get(0))).await.unwrap();
    store.close().await;
    let mut file = std::fs::OpenOptions::new().write(true).open(folder.path().join("test.db")).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(u64::from(page - 1) * 4096)).unwrap();
    std::io::Write::write_all(&mut file, &[0; 4096]).unwrap();

    let store = Store::new(&folder.path().join("test.db"));
    let out = Shared::default();
    let told = store.export(Box::new(out.clone())).await.unwrap_err();
    assert!(told.to_string().contains("only a part of memories could be read"), "{told}");
    let out = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    let lines = |begins: &str| out.lines().filter(|it| it.starts_with(begins)).count();
    assert!((80..120).contains(&lines("{\"table\":\"memories\"")), "{out}");
    assert_eq!(lines("{\"table\":\"audit\""), 120);
    assert!(out.contains("\"note 0 ") && out.contains("\"note 119 "));
    let (_folder, copy) = temporary();
    imported(&copy, out).await.unwrap();
}

#[tokio::test]
async fn a_context_keeps_its_own_history_when_that_of_another_machine_comes_in() {
    let key =
        ContextKey { namespace: "default".to_owned(), scope: Scope::Global, owner: String::new(), key: "k".to_owned() };
    let (folders, stores): (Vec<_>, Vec<_>) = (0..2).map(|_| temporary()).unzip();
    for (store, versions) in stores.iter().zip([6, 2]) {
        for version in 0..versions {
            let data = ContextWrite::Data(serde_json::json!([versions, version]));
            store.write_context(key.clone(), data, None, None, ContextBy::default(), 7 + version).await.unwrap();
        }
    }
    imported(&stores[1], exported(&stores[0]).await).await.unwrap();
    for version in 1..=6 {
        let found = stores[1].context(key.clone(), Some(version), ContextBy::default(), 20).await.unwrap();
        let expected = (version <= 2).then(|| serde_json::json!([2, version - 1]));
        assert_eq!(found.map(|it| it.data), expected, "{version}");
    }
    drop(folders);
}

#[tokio::test]
async fn a_session_that_takes_the_numbers_of_a_deleted_one_is_looked_at() {
    let (_folder, store) = temporary();
    let owner = |session: &str| Owner {
        namespace: "default".to_owned(),
        session_id: Some(session.to_owned()),
        ..Owner::default()
    };
    let turns = |session: &str| {
        let turn = |at: usize| NewTurn {
            session_id: session.to_owned(),
            owner: Owner { session_id: None, ..owner(session) },
            role: "user".to_owned(),
            content: format!("{session} {at}"),
            trace_id: None,
        };
        (0..3).map(turn).collect::<Vec<_>>()
    };
    store.add_turns(turns("a"), 1).await.unwrap();
    store.add_turns(turns("b"), 2).await.unwrap();
    let (_, last, _) = store.sessions_beyond(0, 0).await.unwrap();
    store.keep("summarised_turns", last).await.unwrap();
    store.delete_session(owner("b"), false, "test".to_owned(), 3).await.unwrap();
    store.add_turns(turns("c"), 4).await.unwrap();
    let from = store.kept("summarised_turns").await.unwrap();
    assert_eq!(store.sessions_beyond(from, 0).await.unwrap().0, [owner("c")]);
}

#[tokio::test]
async fn the_id_of_an_heir_of_another_owner_is_not_told() {
    let (_folder, store) = temporary();
    let ids: Vec<String> =
        store.remember(vec![note("old"), note("own")], 1).await.unwrap().into_iter().map(|it| it.id).collect();
    // As an earlier program wrote it, which let what one owner sees end what all see.
    let (old, own) = (ids[0].clone(), ids[1].clone());
    store
        .change(move |tx| {
            tx.execute("UPDATE memories SET user_id = 'bob' WHERE id = :own", named_params! {":own": own})?;
            tx.execute(
                "UPDATE memories SET superseded_by = :own WHERE id = :old",
                named_params! {":own": own, ":old": old},
            )?;
            let detail = serde_json::json!({"by": own, "why": "replaced"});
            super::history::note(tx, &old, 2, "superseded", &detail)
        })
        .await
        .unwrap();
    let history = store.memory_history(ids[0].clone(), 3).await.unwrap();
    assert_eq!(history.versions[0].superseded_by, None);
    assert_eq!(history.events[0].detail, serde_json::json!({"why": "replaced"}));
    assert!(!format!("{history:?}").contains(&ids[1]));
}
