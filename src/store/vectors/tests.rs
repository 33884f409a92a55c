//! What is written by one process is found by all at once, and what is forgotten by none.

use proptest::prelude::*;

use super::super::MemoryFilter;
use super::super::NewMemory;
use super::super::Reading;
use super::super::Validity;
use super::*;
use crate::scope::Owner;
use crate::scope::View;

const MODEL_A: &str = "a";

/// A direction of the plane, by its angle.
fn at(degrees: f32) -> Option<Vector> {
    let radians = degrees.to_radians();
    Vector::from_floats(&[radians.cos(), radians.sin()])
}

fn by(model: &str, degrees: f32) -> Embedded {
    Embedded { model: model.into(), vector: at(degrees) }
}

fn note(content: &str, vector: Option<Embedded>) -> NewMemory {
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
        vector,
        reading: Reading::default(),
    }
}

fn everything() -> MemoryFilter {
    MemoryFilter {
        own_only: false,
        view: View::new(None, None, None, None),
        kinds: Vec::new(),
        tags: Vec::new(),
        since: None,
        until: None,
        validity: Validity::Any,
        now: 10,
    }
}

fn temporary() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("test.db"));
    (folder, store)
}

/// The contents of the nearest, nearest first.
async fn near(store: &Store, query: Embedded, filter: MemoryFilter, limit: usize) -> Vec<String> {
    let found = store.nearest(query, filter, limit, &CancellationToken::new()).await.unwrap();
    let seqs: Vec<i64> = found.iter().map(|it| it.0).collect();
    store
        .read(move |conn| {
            let content = |seq: &i64| {
                conn.query_row("SELECT content FROM memories WHERE seq = ?1", [seq], |row| row.get(0)).unwrap()
            };
            Ok(seqs.iter().map(content).collect())
        })
        .await
        .unwrap()
}

async fn count(store: &Store, sql: &'static str) -> i64 {
    store.read(move |conn| Ok(conn.query_row(sql, [], |row| row.get(0)).unwrap())).await.unwrap()
}

#[tokio::test]
async fn the_nearest_come_first_and_what_has_no_direction_never() {
    let (_folder, store) = temporary();
    let none = Embedded { model: MODEL_A.into(), vector: None };
    assert_eq!(near(&store, by(MODEL_A, 0.0), everything(), 5).await, [""; 0], "an empty file");
    let items = vec![
        note("far", Some(by(MODEL_A, 170.0))),
        note("near", Some(by(MODEL_A, 10.0))),
        note("mute", Some(none.clone())),
        note("nearer", Some(by(MODEL_A, 5.0))),
        note("unembedded", None),
    ];
    store.remember(items, 1).await.unwrap();
    assert_eq!(near(&store, by(MODEL_A, 0.0), everything(), 5).await, ["nearer", "near", "far"]);
    assert_eq!(near(&store, by(MODEL_A, 0.0), everything(), 1).await, ["nearer"]);
    assert_eq!(near(&store, none, everything(), 5).await, [""; 0]);
    let cosines = store.cosines("default", by(MODEL_A, 10.0), vec![2, 5, 3, 99]).await.unwrap();
    assert!((cosines[0].unwrap() - 1.0).abs() < 1e-3, "{cosines:?}");
    assert_eq!(cosines[1..], [None; 3]);
    assert_eq!(store.vectors_of("default", MODEL_A.into(), vec![4, 5]).await.unwrap(), [at(5.0), None]);
}

#[tokio::test]
async fn two_models_never_mix() {
    let (_folder, store) = temporary();
    store.remember(vec![note("one", Some(by("a", 0.0))), note("two", Some(by("b", 0.0)))], 1).await.unwrap();
    for (model, expected) in [("a", &["one"][..]), ("b", &["two"]), ("c", &[]), ("a", &["one"])] {
        assert_eq!(near(&store, by(model, 0.0), everything(), 5).await, expected, "{model}");
    }
    // Nor do two sizes under one name.
    let wide = Embedded { model: "a".into(), vector: Vector::from_floats(&[1.0, 0.0, 0.0]) };
    store.remember(vec![note("wide", Some(wide.clone()))], 2).await.unwrap();
    assert_eq!(near(&store, by("a", 0.0), everything(), 5).await, ["one"]);
    assert_eq!(near(&store, wide, everything(), 5).await, [""; 0]);
}

#[tokio::test]
async fn another_process_finds_a_write_and_misses_what_was_forgotten_at_once() {
    let (folder, store) = temporary();
    let other = Store::new(&folder.path().join("test.db"));
    let first = store.remember(vec![note("first", Some(by(MODEL_A, 0.0)))], 1).await.unwrap();
    assert_eq!(near(&other, by(MODEL_A, 0.0), everything(), 5).await, ["first"]);
    store.remember(vec![note("second", Some(by(MODEL_A, 1.0)))], 2).await.unwrap();
    assert_eq!(near(&other, by(MODEL_A, 0.0), everything(), 5).await, ["first", "second"]);
    store.forget(vec![first[0].id.clone()], crate::store::Deletion::of_a_test()).await.unwrap();
    assert_eq!(near(&other, by(MODEL_A, 0.0), everything(), 5).await, ["second"]);
    assert_eq!(count(&store, "SELECT count(*) FROM vectors").await, 1, "nothing is left of it in the file");
    assert_eq!(other.cosines("default", by(MODEL_A, 0.0), vec![1]).await.unwrap(), [None], "nor in memory");
}

#[tokio::test]
async fn a_row_that_takes_the_place_of_a_forgotten_one_has_its_own_vector() {
    let (_folder, store) = temporary();
    let old = store.remember(vec![note("old", Some(by(MODEL_A, 0.0)))], 1).await.unwrap();
    assert_eq!(near(&store, by(MODEL_A, 0.0), everything(), 5).await, ["old"]);
    store.forget(vec![old[0].id.clone()], crate::store::Deletion::of_a_test()).await.unwrap();
    // SQLite gives the last row's number again.
    store.remember(vec![note("new", Some(by(MODEL_A, 90.0)))], 2).await.unwrap();
    let cosines = store.cosines("default", by(MODEL_A, 90.0), vec![1]).await.unwrap();
    assert!((cosines[0].unwrap() - 1.0).abs() < 1e-6);
}

#[tokio::test]
async fn more_than_the_file_lists_may_be_forgotten_between_two_looks() {
    let (_folder, store) = temporary();
    let items = (0..10_200_u16).map(|it| note(&format!("n{it}"), Some(by(MODEL_A, f32::from(it) / 100.0)))).collect();
    let stored: Vec<String> = store.remember(items, 1).await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(near(&store, by(MODEL_A, 0.0), everything(), 1).await.len(), 1);
    store.forget(stored[..10_150].to_vec(), crate::store::Deletion::of_a_test()).await.unwrap();
    assert_eq!(count(&store, "SELECT count(*) FROM vectors_gone").await, 10_000);
    assert_eq!(near(&store, by(MODEL_A, 0.0), everything(), 100).await.len(), 50);
}

#[tokio::test]
async fn a_file_put_in_the_place_of_another_is_searched_afresh() {
    let (folder, store) = temporary();
    let path = folder.path().join("test.db");
    store.remember(vec![note("of the first file", Some(by(MODEL_A, 0.0)))], 1).await.unwrap();
    assert_eq!(near(&store, by(MODEL_A, 0.0), everything(), 5).await, ["of the first file"]);
    let other = Store::new(&folder.path().join("other.db"));
    other.remember(vec![note("of the second", Some(by(MODEL_A, 30.0)))], 1).await.unwrap();
    other.close().await;
    std::fs::rename(folder.path().join("other.db"), &path).unwrap();
    assert_eq!(near(&store, by(MODEL_A, 0.0), everything(), 5).await, ["of the second"]);
}

#[tokio::test]
async fn what_has_no_vector_is_listed_until_it_has_one() {
    let (_folder, store) = temporary();
    let items = (0..5).map(|it| note(&format!("n{it}"), (it == 2).then(|| by(MODEL_A, 0.0)))).collect();
    store.remember(items, 1).await.unwrap();
    assert_eq!(store.count_without_vector(MODEL_A).await.unwrap(), 4);
    let first = store.without_vector(MODEL_A, 0, 3, &CancellationToken::new()).await.unwrap();
    assert_eq!(first.iter().map(|it| it.content.as_str()).collect::<Vec<_>>(), ["n0", "n1", "n3"]);
    let changed = Unembedded { content: "something else".to_owned(), ..first[1].clone() };
    let vectors = vec![(first[0].clone(), by(MODEL_A, 1.0)), (changed, by(MODEL_A, 1.0))];
    store.add_vectors(vectors, Some((MODEL_A.to_owned(), 5))).await.unwrap();
    assert_eq!(store.count_without_vector(MODEL_A).await.unwrap(), 3, "what is not what was embedded stays without");
    assert_eq!(store.vectors_cover(MODEL_A).await.unwrap(), 1, "and nothing past it is called covered");
    let rest = store.without_vector(MODEL_A, 0, 9, &CancellationToken::new()).await.unwrap();
    let vectors = rest.into_iter().map(|it| (it, by(MODEL_A, 2.0))).collect();
    store.add_vectors(vectors, Some((MODEL_A.to_owned(), 5))).await.unwrap();
    assert_eq!(store.vectors_cover(MODEL_A).await.unwrap(), 5);
    assert_eq!(store.vectors_cover("b").await.unwrap(), 0);
    assert_eq!(near(&store, by(MODEL_A, 0.0), everything(), 9).await.len(), 5);
}

#[tokio::test]
async fn the_newest_rows_number_given_again_is_not_called_covered() {
    let (_folder, store) = temporary();
    let stored = store.remember(vec![note("a", Some(by(MODEL_A, 0.0))), note("b", Some(by(MODEL_A, 0.0)))], 1).await;
    store.add_vectors(Vec::new(), Some((MODEL_A.to_owned(), 2))).await.unwrap();
    store.forget(vec![stored.unwrap()[1].id.clone()], crate::store::Deletion::of_a_test()).await.unwrap();
    store.remember(vec![note("c", None)], 2).await.unwrap();
    assert_eq!(store.count_without_vector(MODEL_A).await.unwrap(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Whatever is written, forgotten and filtered, in whatever order: the nearest are those of the definition.
    #[test]
    fn the_search_is_exact(
        written in prop::collection::vec((-180_i16..180, 0..3_usize, any::<bool>()), 1..60),
        asked in -180_i16..180,
        limit in 1..8_usize,
    ) {
        const KINDS: [&str; 3] = ["note", "fact", "event"];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_folder, store) = temporary();
            let mut kept: Vec<(String, f32)> = Vec::new();
            let query = by(MODEL_A, f32::from(asked));
            for (number, (angle, kind, forgotten)) in written.iter().enumerate() {
                let content = format!("n{number}");
                let kind = KINDS[*kind];
                let item = NewMemory { kind: kind.to_owned(), ..note(&content, Some(by(MODEL_A, f32::from(*angle)))) };
                let stored = store.remember(vec![item], 1).await.unwrap();
                if number % 7 == 0 {
                    near(&store, query.clone(), everything(), 3).await;
                }
                if *forgotten {
                    store.forget(vec![stored[0].id.clone()], crate::store::Deletion::of_a_test()).await.unwrap();
                } else if kind == "fact" {
                    let vector = at(f32::from(*angle)).unwrap();
                    kept.push((content, vector.cosine(query.vector.as_ref().unwrap())));
                }
            }
            kept.reverse();
            kept.sort_by(|a, b| b.1.total_cmp(&a.1));
            let expected: Vec<String> = kept.into_iter().take(limit).map(|it| it.0).collect();
            let facts = MemoryFilter { kinds: vec!["fact".to_owned()], ..everything() };
            assert_eq!(near(&store, query, facts, limit).await, expected);
        });
    }
}

#[test]
fn several_threads_compare_as_one_does() {
    let mut space = cache::Space::default();
    for seq in 0..510_001_i64 {
        let byte = |by: i64| u8::try_from((seq * by + 3) % 251).unwrap();
        space.add(seq + 1, &[byte(1), byte(7), byte(31)]);
    }
    let query = Vector::from_floats(&[0.2, -1.0, 0.7]).unwrap();
    let scores = space.scores(&query);
    assert_eq!(scores.len(), 510_001);
    for (seq, score) in (1..).zip(scores) {
        assert_eq!(Some(score), space.cosine(&query, seq));
    }
}
