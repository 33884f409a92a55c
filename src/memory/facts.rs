//! Reads what memories state that came without it: written before there was a reader of facts, by an older one, or
//! taken in from a file. Once for each memory and reader, in short steps.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Memory;
use crate::meaning;
use crate::store::StoreError;

/// How far the reader of today has come. A reader whose rules find other facts in old memories takes the next number, and
/// everything is read again.
const MARK: &str = "facts_read_11";

/// Memories that are read and written together: some 10 ms, most of which state nothing.
const AT_ONCE: usize = 200;

/// The rest between two such, so that whoever else writes hardly waits.
const PAUSE: Duration = Duration::from_millis(20);

impl Memory {
    /// Reads the facts of the next memories that this reader has not seen; how many there were, and of how many the
    /// facts are other ones now. No memory is superseded by it.
    pub(super) async fn read_some_facts(&self) -> Result<(usize, usize), StoreError> {
        let after = self.store.kept(MARK).await?;
        let memories = self.store.unread_facts(after, AT_ONCE).await?;
        let Some(last) = memories.last().map(|it| it.seq) else { return Ok((0, 0)) };
        let read: Vec<_> = memories
            .into_iter()
            .map(|it| {
                let facts = meaning::facts(&it.content, it.speaker.as_deref());
                (it, facts)
            })
            .collect();
        let seen = read.len();
        Ok((seen, self.store.put_facts(read, MARK, last).await?))
    }

    /// Reads the facts of every memory that this reader has not seen, until `stop` fires; of how many they are other ones
    /// now.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; what was read before stays.
    pub async fn read_facts(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        let mut changed = 0;
        while !stop.is_cancelled() {
            let (seen, other) = self.read_some_facts().await?;
            changed += other;
            if seen < AT_ONCE {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.cancelled() => {}
            }
        }
        if changed > 0 {
            tracing::info!(memories = changed, "facts read");
        }
        Ok(changed)
    }
}
