//! The vectors of one model in memory, kept as the file has them.

use std::cmp::Ordering;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::named_params;

use crate::store::migrate;
use crate::vector;
use crate::vector::Vector;

/// The vectors of one model, for the searches of this process.
#[derive(Debug, Default)]
pub(in crate::store) struct VectorCache {
    held: RwLock<Held>,
}

#[derive(Debug, Default)]
pub(super) struct Held {
    /// Which file with which contents, and which model's vectors.
    file: Vec<u8>,
    model: Option<(i64, Arc<str>)>,
    /// The last vector and the last deletion that are taken in.
    last: Marks,
    pub(super) spaces: HashMap<String, Space>,
    /// The namespace of each space's id.
    names: HashMap<i64, String>,
}

/// How far a file has been written: the highest ids ever given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Marks {
    vector: i64,
    gone: i64,
}

/// The vectors of a namespace, one after the other.
#[derive(Debug, Default)]
pub(super) struct Space {
    dimensions: usize,
    components: Vec<i8>,
    seqs: Vec<i64>,
    /// One by the length of each vector; 0 for one that has gone.
    scales: Vec<f32>,
    /// So many of `seqs` ascend; where the later ones are, `late` tells.
    sorted: usize,
    late: HashMap<i64, usize>,
    gone: usize,
}

pub(super) const STATE: &str = "SELECT (SELECT key FROM vector_file),
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'vectors'), 0),
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'vectors_gone'), 0)";

pub(super) const GONE_SINCE: &str = "SELECT id, seq FROM vectors_gone WHERE id > :last ORDER BY id";

pub(super) const VECTORS_SINCE: &str = "SELECT space, seq, vector FROM vectors WHERE id > :last ORDER BY id";

const SPACES: &str = "SELECT id, namespace FROM vector_spaces WHERE model = :model";

const MODEL: &str = "SELECT id FROM vector_models WHERE name = :name";

/// Rows whose products are held at once: 16 KiB of them stay in the fastest cache.
const CHUNK: usize = 4096;

/// Vectors that one thread compares, in about a millisecond: with fewer, another thread helps a machine that has
/// nothing else to do, and hurts one that has.
const OF_A_THREAD: usize = 250_000;

/// Threads that compare at the same time: more of them only wait for the same memory.
const THREADS: usize = 4;

/// Vectors out of order, or gone, that are put up with before a namespace is packed anew.
const UNTIDY: usize = 1024;

impl VectorCache {
    /// The vectors of `model` as the connection's transaction sees them, or later: another reader may have been here
    /// with a newer view, and what it took in is in no row that this one can see.
    pub(super) fn current(&self, conn: &Connection, model: &Arc<str>) -> rusqlite::Result<RwLockReadGuard<'_, Held>> {
        let (mut file, now) = conn
            .prepare_cached(STATE)?
            .query_row([], |row| Ok((row.get::<_, Vec<u8>>(0)?, Marks { vector: row.get(1)?, gone: row.get(2)? })))?;
        // What was put back from a backup has the key of the file, and may have counted on to the same marks.
        file.extend(migrate::cookie(conn)?.to_le_bytes());
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        if held.is_of(&file, model) && held.last.vector >= now.vector && held.last.gone >= now.gone {
            return Ok(held);
        }
        drop(held);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if !held.is_of(&file, model) {
            *held = Held { file, ..Held::default() };
        }
        if let Err(err) = held.follow(conn, model, now) {
            // Half of what is new may be in it.
            *held = Held::default();
            return Err(err);
        }
        drop(held);
        Ok(self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets everything: another file may be at the path.
    pub(in crate::store) fn clear(&self) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Held::default();
    }
}

impl Held {
    fn is_of(&self, file: &[u8], model: &Arc<str>) -> bool {
        self.file == file && self.model.as_ref().is_some_and(|it| it.1 == *model)
    }

    /// Takes in what was deleted and written since.
    fn follow(&mut self, conn: &Connection, model: &Arc<str>, now: Marks) -> rusqlite::Result<()> {
        if self.model.is_none() {
            let id: Option<i64> = conn
                .prepare_cached(MODEL)?
                .query_row(named_params! {":name": &**model}, |row| row.get(0))
                .optional()?;
            let Some(id) = id else { return Ok(()) };
            self.model = Some((id, Arc::clone(model)));
            self.last.gone = now.gone;
        }
        let Some((model, _)) = self.model else { return Ok(()) };
        if now.gone > self.last.gone && !self.take_out(conn, now.gone)? {
            // More went than the file still lists.
            (self.spaces, self.last) = (HashMap::new(), Marks { vector: 0, gone: now.gone });
        }
        if now.vector > self.last.vector {
            self.take_in(conn, model)?;
            self.last.vector = now.vector;
        }
        Ok(())
    }

    /// Takes out what was deleted; says whether all of that is known.
    fn take_out(&mut self, conn: &Connection, until: i64) -> rusqlite::Result<bool> {
        let mut statement = conn.prepare_cached(GONE_SINCE)?;
        let mut rows = statement.query(named_params! {":last": self.last.gone})?;
        while let Some(row) = rows.next()? {
            let (id, seq): (i64, i64) = (row.get(0)?, row.get(1)?);
            if id != self.last.gone + 1 {
                return Ok(false);
            }
            self.last.gone = id;
            for space in self.spaces.values_mut() {
                space.remove(seq);
            }
        }
        Ok(self.last.gone >= until)
    }

    fn take_in(&mut self, conn: &Connection, model: i64) -> rusqlite::Result<()> {
        let names = conn
            .prepare_cached(SPACES)?
            .query_map(named_params! {":model": model}, |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<HashMap<i64, String>>>()?;
        self.names = names;
        let mut statement = conn.prepare_cached(VECTORS_SINCE)?;
        let mut rows = statement.query(named_params! {":last": self.last.vector})?;
        // Neighbours are mostly of one namespace.
        let mut at: Option<(i64, Space)> = None;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            if at.as_ref().is_none_or(|it| it.0 != id) {
                self.put_back(at.take());
                let Some(name) = self.names.get(&id) else { continue };
                at = Some((id, self.spaces.remove(name).unwrap_or_default()));
            }
            let bytes = row.get_ref(2)?.as_blob()?;
            if let Some((_, space)) = &mut at {
                space.add(row.get(1)?, bytes);
            }
        }
        self.put_back(at);
        for space in self.spaces.values_mut() {
            space.tidy();
        }
        Ok(())
    }

    fn put_back(&mut self, space: Option<(i64, Space)>) {
        if let Some((id, space)) = space
            && let Some(name) = self.names.get(&id)
        {
            self.spaces.insert(name.clone(), space);
        }
    }
}

/// A place in the list of the nearest.
#[derive(Clone, Copy, PartialEq)]
struct Near {
    score: f32,
    seq: i64,
}

impl Eq for Near {}

impl Ord for Near {
    fn cmp(&self, other: &Near) -> Ordering {
        self.score.total_cmp(&other.score).then(self.seq.cmp(&other.seq))
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Near) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Space {
    /// Adds a vector; one that was there for the same memory is replaced. What has other dimensions than the first
    /// has no place among them.
    pub(super) fn add(&mut self, seq: i64, bytes: &[u8]) {
        self.remove(seq);
        if self.seqs.is_empty() {
            self.dimensions = bytes.len();
        }
        if bytes.is_empty() || bytes.len() != self.dimensions {
            return;
        }
        let begin = self.components.len();
        self.components.extend(bytes.iter().map(|it| it.cast_signed()));
        self.scales.push(vector::inverse_length(&self.components[begin..]));
        if self.sorted == self.seqs.len() && self.seqs.last().is_none_or(|last| *last < seq) {
            self.sorted += 1;
        } else {
            self.late.insert(seq, self.seqs.len());
        }
        self.seqs.push(seq);
    }

    /// Takes a vector out: its bytes are overwritten at once, its place is freed later.
    fn remove(&mut self, seq: i64) {
        let Some(at) = self.place(seq) else { return };
        self.components[at * self.dimensions..][..self.dimensions].fill(0);
        self.scales[at] = 0.0;
        self.late.remove(&seq);
        self.gone += 1;
    }

    /// Where the vector of a memory is.
    pub(super) fn place(&self, seq: i64) -> Option<usize> {
        let at = self.late.get(&seq).copied().or_else(|| self.seqs[..self.sorted].binary_search(&seq).ok())?;
        (self.scales[at] > 0.0).then_some(at)
    }

    pub(super) fn row(&self, at: usize) -> &[i8] {
        &self.components[at * self.dimensions..][..self.dimensions]
    }

    /// Packs the vectors by their seq when many are out of order or gone, or when much room is left unused.
    fn tidy(&mut self) {
        let untidy = self.late.len() + self.gone;
        if untidy > UNTIDY && untidy > self.seqs.len() / 8 {
            let mut alive: Vec<usize> = (0..self.seqs.len()).filter(|at| self.scales[*at] > 0.0).collect();
            alive.sort_unstable_by_key(|at| self.seqs[*at]);
            let mut packed = Space { dimensions: self.dimensions, sorted: alive.len(), ..Space::default() };
            packed.components.reserve_exact(alive.len() * self.dimensions);
            alive.iter().for_each(|at| packed.components.extend_from_slice(self.row(*at)));
            packed.seqs = alive.iter().map(|at| self.seqs[*at]).collect();
            packed.scales = alive.iter().map(|at| self.scales[*at]).collect();
            *self = packed;
        } else if self.components.capacity() - self.components.len() > self.components.len() / 4 {
            self.components.shrink_to(self.components.len() + self.components.len() / 16);
        }
    }

    /// The cosine of every vector to `query`; what has gone has 0.
    pub(super) fn scores(&self, query: &Vector) -> Vec<f32> {
        if query.components().len() != self.dimensions || self.dimensions == 0 {
            return Vec::new();
        }
        let mut scores = vec![0.0; self.seqs.len()];
        let threads = match scores.len() / OF_A_THREAD {
            0 | 1 => 1,
            wanted => wanted.min(THREADS).min(std::thread::available_parallelism().map_or(1, usize::from)),
        };
        let each = scores.len().div_ceil(threads).max(1);
        let parts = self.components.chunks(each * self.dimensions).zip(self.scales.chunks(each));
        std::thread::scope(|scope| {
            let mut parts = parts.zip(scores.chunks_mut(each));
            let first = parts.next();
            for ((rows, scales), scores) in parts {
                scope.spawn(move || self.compare(query, rows, scales, scores));
            }
            if let Some(((rows, scales), scores)) = first {
                self.compare(query, rows, scales, scores);
            }
        });
        scores
    }

    /// Writes the cosines of `rows` to `query` into `scores`.
    fn compare(&self, query: &Vector, rows: &[i8], scales: &[f32], scores: &mut [f32]) {
        let ours = query.inverse_length();
        let mut products = [0; CHUNK];
        let parts = rows.chunks(CHUNK * self.dimensions).zip(scales.chunks(CHUNK)).zip(scores.chunks_mut(CHUNK));
        for ((rows, scales), scores) in parts {
            vector::dots(query.components(), rows, &mut products);
            for ((score, product), scale) in scores.iter_mut().zip(&products).zip(scales) {
                #[expect(clippy::cast_precision_loss, reason = "24 bits of it are enough")]
                let product = *product as f32;
                *score = product * scale * ours;
            }
        }
    }

    /// The `count` best of `scores`, best first; of equal ones the newest first.
    pub(super) fn best(&self, scores: &[f32], count: usize) -> Vec<(i64, f32)> {
        let mut best: BinaryHeap<Reverse<Near>> = BinaryHeap::with_capacity(count.min(scores.len()) + 1);
        let mut worst = f32::NEG_INFINITY;
        for (at, score) in scores.iter().enumerate() {
            if *score < worst || self.scales[at] == 0.0 {
                continue;
            }
            best.push(Reverse(Near { score: *score, seq: self.seqs[at] }));
            if best.len() > count {
                best.pop();
            }
            if best.len() == count {
                worst = best.peek().map_or(worst, |it| it.0.score);
            }
        }
        best.into_sorted_vec().into_iter().map(|it| (it.0.seq, it.0.score)).collect()
    }

    pub(super) fn cosine(&self, query: &Vector, seq: i64) -> Option<f32> {
        let at = self.place(seq)?;
        if query.components().len() != self.dimensions {
            return None;
        }
        let mut product = [0];
        vector::dots(query.components(), self.row(at), &mut product);
        #[expect(clippy::cast_precision_loss, reason = "24 bits of it are enough")]
        let product = product[0] as f32;
        Some(product * self.scales[at] * query.inverse_length())
    }

    pub(super) fn cosines(&self, query: &Vector, seqs: &[i64]) -> Vec<(i64, f32)> {
        seqs.iter().filter_map(|seq| Some((*seq, self.cosine(query, *seq)?))).collect()
    }
}
