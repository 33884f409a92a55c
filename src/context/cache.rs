//! Keeps packs in memory with what they were made of, and says whether all of that is still as it was.
//!
//! A pack depends on stamps of the store (memories, the session's turns, contexts under each owner), on the generations
//! of the workspaces it looked at, on the files that it quotes, and on the next moment at which something ends by itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use super::assemble::Pack;
use super::assemble::Request;
use super::assemble::SourceName;
use crate::clock::Millis;
use crate::documents::Allowed;
use crate::documents::FilesState;
use crate::store::Stamped;
use crate::store::Stamps;

/// Packs that are kept: more than the questions of a session that are asked twice.
const PACKS: usize = 64;

/// Bytes of text in all of them.
const BYTES: usize = 4 << 20;

/// Material of a call from which on its pack is not kept: to hash tens of megabytes takes longer than to pack them.
const BROUGHT_BYTES: usize = 1 << 20;

/// How long a pack is good at most. Nothing that is written is noticed late for it; it bounds what drifts with time
/// alone, such as how new something is.
const GOOD_FOR_MS: Millis = 10 * 60 * 1_000;

/// The request and what may be seen, as one number.
type Key = [u8; 32];

/// What a pack was made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Basis {
    pub(super) stamps: Stamps,
    /// `None` when no files were asked for.
    pub(super) files: Option<FilesState>,
    pub(super) made_at: Millis,
}

impl Basis {
    /// Whether all of it is as it was. Files that the pack quotes are looked at by the caller.
    pub(super) fn is_as(&self, now: &Basis) -> bool {
        let until = self.stamps.until.unwrap_or(Millis::MAX).min(self.made_at.saturating_add(GOOD_FOR_MS));
        // A clock that was set back makes nothing valid that was not.
        (self.made_at..until).contains(&now.made_at)
            && self.stamps.stamps == now.stamps.stamps
            && self.files == now.files
    }
}

/// What of the store a pack for `request` depends on.
pub(super) fn things(request: &Request) -> Vec<Stamped> {
    let asks = |it| request.sources.contains(&it);
    let view = &request.view;
    let mut things = Vec::new();
    if asks(SourceName::Memory) {
        things.push(Stamped::Memories);
    }
    if asks(SourceName::Workspace) {
        things.push(Stamped::Files);
    }
    if let Some(session) = view.session_id.as_ref().filter(|_| asks(SourceName::History)) {
        things.push(Stamped::Turns(session.clone()));
    }
    if asks(SourceName::Scopes) {
        let stamped = |(scope, owner)| Stamped::Contexts(view.namespace.clone(), scope, owner);
        things.extend(request.around().owners().into_iter().map(stamped));
    }
    things
}

/// The key of a request; `None` when its pack is not worth keeping.
pub(super) fn key(request: &Request, allowed: &Allowed) -> Option<Key> {
    let brought: usize = request.docs.iter().map(|it| it.text.len()).sum();
    // All fields, also those that come later, are in the debug form.
    (brought <= BROUGHT_BYTES).then(|| *blake3::hash(format!("{request:?}\n{allowed:?}").as_bytes()).as_bytes())
}

/// The packs of this process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct PackCache {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    packs: HashMap<Key, Entry>,
    /// Counts uses.
    uses: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    pack: Arc<Pack>,
    basis: Basis,
    bytes: usize,
    /// The count at its last use.
    used: u64,
}

impl PackCache {
    /// The pack that was kept under `key`, and what it was made of.
    pub(super) fn get(&self, key: &Key) -> Option<(Arc<Pack>, Basis)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        let entry = kept.packs.get_mut(key)?;
        entry.used = uses;
        Some((Arc::clone(&entry.pack), entry.basis.clone()))
    }

    /// Keeps `pack`; those that were not used for the longest time make room.
    pub(super) fn put(&self, key: Key, pack: Pack, basis: Basis) {
        let omitted: usize = pack.omitted.iter().map(|it| it.uri.len() + it.why.len() + 64).sum();
        // Each piece stands in the text and by itself.
        let bytes = 2 * pack.text.len() + omitted;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&key);
        if bytes > BYTES {
            return;
        }
        while kept.packs.len() >= PACKS || kept.bytes + bytes > BYTES {
            let Some(oldest) = kept.packs.iter().min_by_key(|it| it.1.used).map(|it| *it.0) else { break };
            kept.remove(&oldest);
        }
        kept.uses += 1;
        kept.bytes += bytes;
        let used = kept.uses;
        kept.packs.insert(key, Entry { pack: Arc::new(pack), basis, bytes, used });
    }

    /// Drops what was kept under `key`.
    pub(super) fn remove(&self, key: &Key) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl Kept {
    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.packs.remove(key) {
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(stamp: i64, until: Option<Millis>, made_at: Millis) -> Basis {
        Basis { stamps: Stamps { stamps: vec![Some(stamp)], until, has_pack: true }, files: None, made_at }
    }

    #[test]
    fn a_pack_is_good_until_something_was_written_or_ends() {
        let made = basis(1, Some(500), 100);
        assert!(made.is_as(&basis(1, Some(500), 100)));
        assert!(made.is_as(&basis(1, Some(500), 499)));
        assert!(!made.is_as(&basis(1, None, 500)));
        assert!(!made.is_as(&basis(2, Some(500), 101)));
        // The clock was set back.
        assert!(!made.is_as(&basis(1, Some(500), 99)));
        assert!(!basis(1, None, 0).is_as(&basis(1, None, GOOD_FOR_MS)));
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_makes_room() {
        let cache = PackCache::default();
        let pack = |bytes| Pack { text: "x".repeat(bytes), ..Pack::default() };
        for at in 0..3_u8 {
            cache.put([at; 32], pack(BYTES / 8), basis(1, None, 0));
        }
        assert!(cache.get(&[0; 32]).is_some());
        cache.put([3; 32], pack(BYTES / 8), basis(1, None, 0));
        cache.put([4; 32], pack(BYTES / 8), basis(1, None, 0));
        assert!(cache.get(&[0; 32]).is_some() && cache.get(&[1; 32]).is_none());
        // One that is too large is not kept, and takes no other one's place.
        cache.put([5; 32], pack(BYTES), basis(1, None, 0));
        assert!(cache.get(&[5; 32]).is_none() && cache.get(&[4; 32]).is_some());
        for at in 0..=255 {
            cache.put([at; 32], pack(1), basis(1, None, 0));
        }
        assert!(cache.kept.lock().unwrap().packs.len() <= PACKS);
    }
}
