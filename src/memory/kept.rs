//! What searches have read of memories, kept in memory for the next search: who each belongs to, when it holds, and its
//! words by number. As much as there is room for; it is never older than what the file says.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::clock::Millis;
use crate::search;
use crate::search::Hashed;
use crate::search::Names;
use crate::search::Outline;
use crate::search::Words;
use crate::store::MemoryGlance;
use crate::store::MemoryReader;
use crate::store::Moment;
use crate::store::StoreError;

/// Room for what is kept, in bytes: some 150,000 memories of 24 words. When it is full, all of it is let go: what is
/// asked for is soon read again, at 4 µs each.
const ROOM: usize = 32 << 20;

/// The longest content that is kept, in bytes: what it takes is its different words.
const CONTENT: usize = 8 << 20;

/// What the searches of one process have read of memories.
#[derive(Debug)]
pub(super) struct Kept {
    held: Mutex<Held>,
    /// In bytes.
    room: usize,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept { held: Mutex::default(), room: ROOM }
    }
}

#[derive(Debug, Default)]
struct Held {
    moment: Option<Moment>,
    /// Grows when all is let go: the numbers of words mean others then.
    epoch: u64,
    words: Words,
    /// Owners, sessions, speakers, kinds, tags.
    labels: Names,
    /// The words of the rows, as [`search::analyse`] numbers them.
    entries: Vec<u32>,
    rows: Vec<Row>,
    places: HashMap<i64, u32, BuildHasherDefault<Hashed>>,
}

/// One memory; strings by their number.
#[derive(Debug)]
struct Row {
    entries: (u32, u32),
    outline: Outline,
    place: Option<u64>,
    speaker: u32,
    tags: u32,
    kind: u32,
    namespace: u32,
    user_id: Option<u32>,
    persona: Option<u32>,
    session: Option<u32>,
    superseded: bool,
    importance: f64,
    occurred_at: Option<Millis>,
    created_at: Millis,
    valid_from: Millis,
    valid_to: Option<Millis>,
    expires_at: Option<Millis>,
}

/// The right of one search to what is kept, as long as it is of the moment that the search sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    moment: Moment,
    epoch: u64,
}

/// A memory as it is kept.
pub(super) struct Known<'a> {
    /// Without its content, which is not kept.
    pub(super) glance: MemoryGlance<'a>,
    pub(super) place: Option<u64>,
    /// The numbers of its speaker and its tags: equal for equal ones, as long as the turn lasts.
    pub(super) speaker: u32,
    pub(super) tags: u32,
    pub(super) words: &'a Words,
    pub(super) entries: &'a [u32],
    pub(super) outline: Outline,
}

impl Kept {
    /// Brings what is kept to the moment that `reader` sees. `None` when others have gone on since, or when nothing
    /// can be kept.
    pub(super) fn turn(&self, reader: &MemoryReader<'_>) -> Result<Option<Turn>, StoreError> {
        let Some(moment) = reader.moment()? else { return Ok(None) };
        let mut held = self.held();
        match held.moment {
            Some(last) if last == moment => {}
            Some(last) if last.file == moment.file && last.change < moment.change => {
                match reader.changed_since(last)? {
                    Some(changed) => {
                        for seq in changed {
                            held.places.remove(&seq);
                        }
                    }
                    None => held.clear(),
                }
            }
            // A reader that began before another one, which is gone on.
            Some(last) if last.file >= moment.file => return Ok(None),
            Some(_) | None => held.clear(),
        }
        held.moment = Some(moment);
        Ok(Some(Turn { moment, epoch: held.epoch }))
    }

    /// What `look` makes of the memory with this number; `None` when it is not kept.
    pub(super) fn look<T>(&self, turn: Turn, seq: i64, look: impl FnOnce(&Known<'_>) -> T) -> Option<T> {
        let held = self.held();
        if !held.is_of(turn) {
            return None;
        }
        let row = held.rows.get(*held.places.get(&seq)? as usize)?;
        Some(look(&held.known(row)))
    }

    /// Keeps what was read of a memory.
    pub(super) fn keep(&self, turn: Turn, seq: i64, glance: &MemoryGlance<'_>) {
        let mut held = self.held();
        if !held.is_of(turn) || glance.content.len() > CONTENT {
            return;
        }
        if held.bytes() > self.room {
            held.clear();
            return;
        }
        if let Some(row) = held.row(glance)
            && let Ok(at) = u32::try_from(held.rows.len())
        {
            held.rows.push(row);
            held.places.insert(seq, at);
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The session of an owner, as a number; `None` without a session.
pub(super) fn place(glance: &MemoryGlance<'_>) -> Option<u64> {
    glance.session.map(|session| {
        let mut hasher = DefaultHasher::new();
        (session, glance.namespace, glance.user_id, glance.persona).hash(&mut hasher);
        hasher.finish()
    })
}

impl Held {
    fn is_of(&self, turn: Turn) -> bool {
        self.moment == Some(turn.moment) && self.epoch == turn.epoch
    }

    fn clear(&mut self) {
        *self = Held { moment: self.moment, epoch: self.epoch + 1, ..Held::default() };
    }

    fn bytes(&self) -> usize {
        self.words.bytes()
            + self.labels.bytes()
            + 4 * self.entries.len()
            + size_of::<Row>() * self.rows.len()
            + 14 * self.places.capacity()
    }

    fn row(&mut self, glance: &MemoryGlance<'_>) -> Option<Row> {
        let begin = self.entries.len();
        let outline = search::analyse(glance.content, &mut self.words, &mut self.entries)?;
        let entries = (u32::try_from(begin).ok()?, u32::try_from(self.entries.len()).ok()?);
        let mut label = |name: &str| self.labels.number(name);
        let optional = |name: Option<&str>, label: &mut dyn FnMut(&str) -> Option<u32>| match name {
            Some(name) => label(name).map(Some),
            None => Some(None),
        };
        Some(Row {
            entries,
            outline,
            place: place(glance),
            speaker: label(glance.speaker.unwrap_or_default())?,
            tags: label(glance.tags)?,
            kind: label(glance.kind)?,
            namespace: label(glance.namespace)?,
            user_id: optional(glance.user_id, &mut label)?,
            persona: optional(glance.persona, &mut label)?,
            session: optional(glance.session, &mut label)?,
            superseded: glance.superseded,
            importance: glance.importance,
            occurred_at: glance.occurred_at,
            created_at: glance.created_at,
            valid_from: glance.valid_from,
            valid_to: glance.valid_to,
            expires_at: glance.expires_at,
        })
    }

    fn known<'a>(&'a self, row: &'a Row) -> Known<'a> {
        let label = |number: u32| self.labels.name(number);
        Known {
            glance: MemoryGlance {
                content: "",
                speaker: Some(label(row.speaker)).filter(|it| !it.is_empty()),
                tags: label(row.tags),
                kind: label(row.kind),
                importance: row.importance,
                occurred_at: row.occurred_at,
                created_at: row.created_at,
                valid_from: row.valid_from,
                valid_to: row.valid_to,
                expires_at: row.expires_at,
                superseded: row.superseded,
                namespace: label(row.namespace),
                user_id: row.user_id.map(label),
                persona: row.persona.map(label),
                session: row.session.map(label),
            },
            place: row.place,
            speaker: row.speaker,
            tags: row.tags,
            words: &self.words,
            entries: self.entries.get(row.entries.0 as usize..row.entries.1 as usize).unwrap_or_default(),
            outline: row.outline,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::Clock;
    use crate::memory::Item;
    use crate::memory::Memory;
    use crate::memory::Query;
    use crate::scope::Owner;
    use crate::scope::View;
    use crate::store::Store;
    use crate::trace::Call;

    fn item(content: &str, session: &str) -> Item {
        let owner = Owner { namespace: "default".to_owned(), session_id: Some(session.to_owned()), ..Owner::default() };
        Item { content: content.to_owned(), kind: "note".to_owned(), owner, ..Item::default() }
    }

    async fn recalled(memory: &Memory, query: &str) -> Vec<(String, String)> {
        let query =
            Query { query: query.to_owned(), view: View::new(None, None, None, None), limit: 20, ..Query::default() };
        let found = memory.recall(&query, &Call::silent()).await.unwrap();
        found.memories.into_iter().map(|it| (format!("{:.5}", it.score), it.row.content)).collect()
    }

    #[tokio::test]
    async fn keeping_changes_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let clock = Clock::fixed(1_700_000_000_000);
        let at = |room| Memory {
            kept: Arc::new(Kept { room, ..Kept::default() }),
            ..Memory::new(Store::new(&path), clock.clone())
        };
        // One keeps all, one hardly anything; `fresh` below has seen nothing; another process writes.
        let (all, little, other) = (at(ROOM), at(2_000), at(ROOM));
        let questions = ["Where is the deploy?", "tea with Ada", "Wer trinkt den Tee?", "parseHttpRequest", "Porto"];
        let mut ids = Vec::new();
        for round in 0..6 {
            clock.advance(1000);
            let items = vec![
                item(&format!("We deploy on day {round}; tea after the deploys?"), "one"),
                item(&format!("Ada takes tea {round} in Porto. parseHttpRequest fails."), "one"),
                item(&format!("Das Team trinkt den Tee {round} und nicht den Kaffee"), "two"),
            ];
            let outcomes = other.remember(items).await.unwrap();
            ids.extend(outcomes.into_iter().map(|it| it.id));
            match round % 3 {
                0 => {
                    let replacing =
                        Item { supersedes: Some(ids[0].clone()), ..item("The deploy moved to Porto", "one") };
                    other.remember(vec![replacing]).await.unwrap();
                }
                1 => {
                    let tagged = Item { tags: vec!["tea".to_owned()], ..item("The deploy moved to Porto", "one") };
                    other.remember(vec![tagged]).await.unwrap();
                }
                _ => {
                    let gone = ids.remove(1);
                    other.forget_ids(vec![gone], false).await.unwrap();
                }
            }
            for question in questions {
                let fresh = recalled(&at(ROOM), question).await;
                assert_eq!(recalled(&all, question).await, fresh, "{question}");
                assert_eq!(recalled(&little, question).await, fresh, "{question}");
                assert_eq!(recalled(&all, question).await, fresh, "{question}, again");
            }
        }
        assert!(all.kept.held().rows.len() > 12);
    }
}
