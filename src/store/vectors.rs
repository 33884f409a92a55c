//! The vectors of memories: written with their rows, held in memory for the search.
//!
//! The table is the truth; the cache is read at the first search, in the order of writing, and then follows what this
//! and other processes write and delete, at the price of one small query a search. A search is exact: it compares the
//! question with every vector of the namespace, and the filters decide which of the nearest count.

mod cache;

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::named_params;
use tokio_util::sync::CancellationToken;

use super::db::Store;
use super::error::StoreError;
use super::memories::Bound;
use super::memories::MemoryFilter;
use crate::vector::Vector;

pub(super) use cache::VectorCache;

/// A text as a model sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// The model's id. Vectors of two models are never compared.
    pub model: Arc<str>,
    /// `None` when the text has no direction: an emoji, a word that the model does not know.
    pub vector: Option<Vector>,
}

/// A memory that has no vector of a model yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unembedded {
    pub seq: i64,
    pub id: String,
    pub speaker: Option<String>,
    pub content: String,
}

const SPACE: &str = "SELECT s.id FROM vector_spaces AS s JOIN vector_models AS m ON m.id = s.model
    WHERE m.name = :name AND s.namespace = :namespace";

const INSERT: &str = "INSERT INTO vectors (space, seq, vector) VALUES (:space, :seq, :vector)
    ON CONFLICT (seq, space) DO NOTHING";

const WITHOUT_VECTOR: &str = "SELECT m.seq, m.id, m.speaker, m.content FROM memories AS m
    WHERE m.seq > :after AND NOT EXISTS (
        SELECT 1 FROM vectors AS v JOIN vector_spaces AS s ON s.id = v.space
        WHERE v.seq = m.seq AND s.model = (SELECT id FROM vector_models WHERE name = :name))
    ORDER BY m.seq LIMIT :limit";

const COUNT_WITHOUT_VECTOR: &str = "SELECT count(*) FROM memories AS m
    WHERE m.seq > coalesce((SELECT covered FROM vector_models WHERE name = :name), 0) AND NOT EXISTS (
        SELECT 1 FROM vectors AS v JOIN vector_spaces AS s ON s.id = v.space
        WHERE v.seq = m.seq AND s.model = (SELECT id FROM vector_models WHERE name = :name))";

/// Nearest ones that are read for each one that is asked for, before the filters are asked.
const SPARE: usize = 16;

/// Memories of a session whose vectors are looked up one by one, at 0.5 µs each: in a session that is larger, comparing
/// with all vectors is quicker.
const LOOKED_UP: usize = 4000;

/// Memories that are looked up when hardly any of the nearest is meant.
const RARE: usize = 50_000;

/// By how much more are read when too many were filtered out.
const WIDEN: usize = 8;

impl Store {
    /// The memories nearest to `query` among those that `filter` means, nearest first, at most `limit`, each with its
    /// cosine. Exact. Memories without a vector of the query's model are not among them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Cancelled`] when `cancelled` fires.
    pub async fn nearest(
        &self,
        query: Embedded,
        filter: MemoryFilter,
        limit: usize,
        cancelled: &CancellationToken,
    ) -> Result<Vec<(i64, f32)>, StoreError> {
        let cache = self.vectors();
        self.query_until(cancelled, move |conn| nearest(conn, &cache, &query, &Bound::of(&filter), None, limit)).await
    }

    /// The cosine of each of these memories of a namespace to `query`; `None` for one without a vector of its model.
    pub async fn cosines(
        &self,
        namespace: &str,
        query: Embedded,
        seqs: Vec<i64>,
    ) -> Result<Vec<Option<f32>>, StoreError> {
        let (cache, namespace) = (self.vectors(), namespace.to_owned());
        self.query(move |conn| cosines(conn, &cache, &namespace, &query, &seqs)).await
    }

    /// The vectors that `model` made of these memories of a namespace; `None` for one that has none.
    pub async fn vectors_of(
        &self,
        namespace: &str,
        model: Arc<str>,
        seqs: Vec<i64>,
    ) -> Result<Vec<Option<Vector>>, StoreError> {
        let (cache, namespace) = (self.vectors(), namespace.to_owned());
        self.query(move |conn| vectors_of(conn, &cache, &namespace, &model, &seqs)).await
    }

    /// The first memories after `after` that have no vector of `model`, at most `limit`, by their seq.
    ///
    /// # Errors
    ///
    /// [`StoreError::Cancelled`] when `cancelled` fires.
    pub async fn without_vector(
        &self,
        model: &str,
        after: i64,
        limit: usize,
        cancelled: &CancellationToken,
    ) -> Result<Vec<Unembedded>, StoreError> {
        let (name, limit) = (model.to_owned(), i64::try_from(limit).unwrap_or(i64::MAX));
        self.query_until(cancelled, move |conn| {
            let from_row = |row: &rusqlite::Row<'_>| {
                Ok(Unembedded { seq: row.get(0)?, id: row.get(1)?, speaker: row.get(2)?, content: row.get(3)? })
            };
            conn.prepare_cached(WITHOUT_VECTOR)?
                .query_map(named_params! {":after": after, ":name": name, ":limit": limit}, from_row)?
                .collect()
        })
        .await
    }

    /// How many memories have no vector of `model`. Reads what is not known to be covered, so it may take a second.
    pub async fn count_without_vector(&self, model: &str) -> Result<u64, StoreError> {
        let name = model.to_owned();
        self.query(move |conn| {
            let count = conn.query_row(COUNT_WITHOUT_VECTOR, named_params! {":name": name}, |row| row.get::<_, i64>(0));
            count.map(|it| u64::try_from(it).unwrap_or(0))
        })
        .await
    }

    /// Up to which seq every memory has a vector of `model`; 0 for an unknown one.
    pub async fn vectors_cover(&self, model: &str) -> Result<i64, StoreError> {
        let name = model.to_owned();
        self.query(move |conn| {
            conn.prepare_cached("SELECT covered FROM vector_models WHERE name = :name")
                .and_then(|mut it| it.query_row(named_params! {":name": name}, |row| row.get(0)).optional())
                .map(Option::unwrap_or_default)
        })
        .await
    }

    /// The highest seq of a memory; 0 when there is none.
    pub async fn newest_memory(&self) -> Result<i64, StoreError> {
        self.query(move |conn| conn.query_row("SELECT coalesce(max(seq), 0) FROM memories", [], |row| row.get(0))).await
    }

    /// Adds the vectors of memories that are there already, where the memory still is what was embedded. With
    /// `covered`, notes that every memory up to that seq has one now.
    pub async fn add_vectors(
        &self,
        vectors: Vec<(Unembedded, Embedded)>,
        covered: Option<(String, i64)>,
    ) -> Result<(), StoreError> {
        self.change(move |tx| {
            for (memory, embedded) in &vectors {
                let namespace: Option<String> = tx
                    .prepare_cached(
                        "SELECT namespace FROM memories WHERE seq = :seq AND id = :id AND content = :content",
                    )?
                    .query_row(
                        named_params! {":seq": memory.seq, ":id": memory.id, ":content": memory.content},
                        |row| row.get(0),
                    )
                    .optional()?;
                if let Some(namespace) = namespace {
                    insert(tx, &namespace, memory.seq, embedded)?;
                }
            }
            if let Some((model, seq)) = &covered {
                cover(tx, model, *seq)?;
            }
            Ok(())
        })
        .await
    }
}

/// Notes that every memory up to `seq` has a vector of `model`, if it is so: what was written meanwhile is looked at.
fn cover(conn: &Connection, model: &str, seq: i64) -> rusqlite::Result<()> {
    let covered: i64 = conn
        .prepare_cached("SELECT covered FROM vector_models WHERE name = :name")?
        .query_row(named_params! {":name": model}, |row| row.get(0))
        .optional()?
        .unwrap_or_default();
    let hole: Option<i64> = conn
        .prepare_cached(WITHOUT_VECTOR)?
        .query_row(named_params! {":after": covered, ":name": model, ":limit": 1}, |row| row.get(0))
        .optional()?;
    let seq = hole.map_or(seq, |hole| seq.min(hole - 1));
    conn.prepare_cached(
        "INSERT INTO vector_models (name, covered) VALUES (:name, :seq)
         ON CONFLICT (name) DO UPDATE SET covered = max(covered, excluded.covered)",
    )?
    .execute(named_params! {":name": model, ":seq": seq})?;
    Ok(())
}

/// Writes the vector of the memory `seq`, in the transaction of its row.
pub(super) fn insert(conn: &Connection, namespace: &str, seq: i64, embedded: &Embedded) -> rusqlite::Result<()> {
    let space = space(conn, namespace, &embedded.model)?;
    let vector = embedded.vector.as_ref().map(Vector::to_bytes).unwrap_or_default();
    conn.prepare_cached(INSERT)?.execute(named_params! {":space": space, ":seq": seq, ":vector": vector})?;
    Ok(())
}

/// The id of a namespace's vectors of a model; made when it is new.
fn space(conn: &Connection, namespace: &str, model: &str) -> rusqlite::Result<i64> {
    let found = conn
        .prepare_cached(SPACE)?
        .query_row(named_params! {":name": model, ":namespace": namespace}, |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    conn.prepare_cached("INSERT INTO vector_models (name) VALUES (:name) ON CONFLICT DO NOTHING")?
        .execute(named_params! {":name": model})?;
    conn.prepare_cached(
        "INSERT INTO vector_spaces (model, namespace) SELECT id, :namespace FROM vector_models WHERE name = :name
         RETURNING id",
    )?
    .query_row(named_params! {":name": model, ":namespace": namespace}, |row| row.get(0))
}

/// The memories of a namespace nearest to `query`, whether they are meant or not, nearest first.
pub(super) fn near(
    conn: &Connection,
    cache: &VectorCache,
    query: &Embedded,
    namespace: &str,
    limit: usize,
) -> rusqlite::Result<Vec<(i64, f32)>> {
    let held = cache.current(conn, &query.model)?;
    let (Some(vector), Some(space)) = (&query.vector, held.spaces.get(namespace)) else {
        return Ok(Vec::new());
    };
    Ok(space.best(&space.scores(vector), limit))
}

/// As [`Store::nearest`], on the connection of a read that does more; `meant` are all that the filter means, when that
/// is known.
pub(super) fn nearest(
    conn: &Connection,
    cache: &VectorCache,
    query: &Embedded,
    bound: &Bound<'_>,
    meant: Option<&[i64]>,
    limit: usize,
) -> rusqlite::Result<Vec<(i64, f32)>> {
    let held = cache.current(conn, &query.model)?;
    let (Some(vector), Some(space)) = (&query.vector, held.spaces.get(bound.namespace())) else {
        return Ok(Vec::new());
    };
    let among = |seqs: &[i64]| {
        let mut found = space.cosines(vector, seqs);
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
        found.truncate(limit);
        found
    };
    if let Some(meant) = meant {
        return Ok(among(meant));
    }
    // A session is mostly a small part, with an index of its own: its rows are looked up, not searched for.
    if bound.filter().view.session_id.is_some()
        && let Some(seqs) = seqs_of(conn, bound, LOOKED_UP)?
    {
        return Ok(among(&seqs));
    }
    let scores = space.scores(vector);
    let mut wide = limit + limit / 4 + SPARE;
    loop {
        let near = space.best(&scores, wide);
        let allowed = allowed(conn, bound, &near)?;
        let exhausted = near.len() < wide;
        let mut found: Vec<(i64, f32)> = near.into_iter().filter(|it| allowed.contains(&it.0)).collect();
        if found.len() >= limit || exhausted {
            found.truncate(limit);
            return Ok(found);
        }
        // What is hardly anywhere near is little, and looked up.
        if wide < LOOKED_UP
            && wide * WIDEN >= LOOKED_UP
            && let Some(seqs) = seqs_of(conn, bound, RARE)?
        {
            return Ok(among(&seqs));
        }
        wide = wide.saturating_mul(WIDEN);
    }
}

/// The cosines of these memories of a namespace to `query`; `None` for one without a vector of its model.
pub(super) fn cosines(
    conn: &Connection,
    cache: &VectorCache,
    namespace: &str,
    query: &Embedded,
    seqs: &[i64],
) -> rusqlite::Result<Vec<Option<f32>>> {
    let held = cache.current(conn, &query.model)?;
    let (Some(vector), Some(space)) = (&query.vector, held.spaces.get(namespace)) else {
        return Ok(vec![None; seqs.len()]);
    };
    Ok(seqs.iter().map(|seq| space.cosine(vector, *seq)).collect())
}

/// The vectors of these memories of a namespace; `None` for one without a vector of the model.
pub(super) fn vectors_of(
    conn: &Connection,
    cache: &VectorCache,
    namespace: &str,
    model: &Arc<str>,
    seqs: &[i64],
) -> rusqlite::Result<Vec<Option<Vector>>> {
    let held = cache.current(conn, model)?;
    let Some(space) = held.spaces.get(namespace) else { return Ok(vec![None; seqs.len()]) };
    let vector = |seq: &i64| Vector::from_components(space.row(space.place(*seq)?));
    Ok(seqs.iter().map(vector).collect())
}

/// Those of `near` that the filter means.
fn allowed(conn: &Connection, bound: &Bound<'_>, near: &[(i64, f32)]) -> rusqlite::Result<HashSet<i64>> {
    let seqs = serde_json::to_string(&near.iter().map(|it| it.0).collect::<Vec<_>>()).unwrap_or_default();
    let mut parameters = bound.parameters();
    parameters.push((":seqs", &seqs));
    conn.prepare_cached(&allowed_sql(bound))?.query_map(parameters.as_slice(), |row| row.get(0))?.collect()
}

fn allowed_sql(bound: &Bound<'_>) -> String {
    format!(
        "SELECT m.seq FROM json_each(:seqs) AS near CROSS JOIN memories AS m ON m.seq = near.value WHERE {}",
        bound.condition()
    )
}

/// The memories that the filter means; `None` when they are more than `most`.
pub(super) fn seqs_of(conn: &Connection, bound: &Bound<'_>, most: usize) -> rusqlite::Result<Option<Vec<i64>>> {
    let limit = i64::try_from(most.saturating_add(1)).unwrap_or(i64::MAX);
    let mut parameters = bound.parameters_by_index();
    parameters.push((":limit", &limit));
    let seqs: Vec<i64> = conn
        .prepare_cached(&seqs_sql(bound))?
        .query_map(parameters.as_slice(), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok((seqs.len() <= most).then_some(seqs))
}

pub(super) fn seqs_sql(bound: &Bound<'_>) -> String {
    format!("SELECT m.seq FROM {} LIMIT :limit", bound.source_by_index())
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, &'static str)> {
    vec![
        ("how far the vectors are written", cache::STATE),
        ("vectors since the last look", cache::VECTORS_SINCE),
        ("vectors gone since the last look", cache::GONE_SINCE),
        ("the vectors of a namespace", SPACE),
        ("memories without a vector", WITHOUT_VECTOR),
    ]
}

#[cfg(test)]
mod tests;
