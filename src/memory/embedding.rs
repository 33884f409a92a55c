//! Gives their vectors to memories that have none: written while the embedder was out of reach, by an older program, or
//! before another embedder was chosen. In the background, some hundred at a time; it goes on where it stopped.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Memory;
use crate::embed;
use crate::embed::EmbedError;
use crate::embed::Embedder;
use crate::store::Embedded;
use crate::store::StoreError;
use crate::store::Unembedded;

/// Memories that are read, embedded and written together: a transaction of about 5 ms.
const AT_ONCE: usize = 256;

/// The rest between two such, so that whoever else writes hardly waits.
const PAUSE: Duration = Duration::from_millis(20);

/// Rows that are looked at again at the next start, rather than written down as covered one by one.
const NOT_WORTH_NOTING: i64 = 1000;

/// What became of the memories without a vector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caught {
    /// How many have one now.
    pub embedded: usize,
    /// Why the rest has none, if there is a rest.
    pub failed: Option<String>,
}

impl Memory {
    /// Embeds every memory that has no vector of the embedder, oldest first, and tells `progress` after each step how
    /// many were done. Nothing is to do when no embedder was chosen.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; what was embedded before stays.
    pub async fn embed_the_rest(
        &self,
        stop: &CancellationToken,
        mut progress: impl FnMut(usize),
    ) -> Result<Caught, StoreError> {
        let mut caught = Caught::default();
        let Some(embedder) = self.embedding.embedder() else { return Ok(caught) };
        let model = embedder.id();
        let covered = self.store.vectors_cover(&model).await?;
        let mut after = covered;
        while !stop.is_cancelled() {
            let rows = self.store.without_vector(&model, after, AT_ONCE, stop).await?;
            let Some(last) = rows.last().map(|it| it.seq) else {
                self.waiting.store(0, Ordering::Relaxed);
                // All of them have one, as far as the newest.
                let newest = self.store.newest_memory().await?;
                if newest - covered >= NOT_WORTH_NOTING || caught.embedded > 0 {
                    self.store.add_vectors(Vec::new(), Some((model.to_string(), newest))).await?;
                }
                break;
            };
            self.note_waiting(&model, rows.len()).await?;
            // A server may take long; the end of the process does not wait for it.
            let made = tokio::select! {
                made = vectors(embedder.as_ref(), rows) => made,
                () = stop.cancelled() => break,
            };
            match made {
                Ok(vectors) => {
                    caught.embedded += vectors.len();
                    let done = u64::try_from(vectors.len()).unwrap_or(u64::MAX);
                    let less = |it: u64| Some(it.saturating_sub(done));
                    let _ = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
                    self.store.add_vectors(vectors, None).await?;
                }
                Err(err) => {
                    tracing::warn!(error = %err, "memories wait for their vectors");
                    caught.failed = Some(err.to_string());
                    break;
                }
            }
            after = last;
            progress(caught.embedded);
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.cancelled() => {}
            }
        }
        if caught.embedded > 0 {
            tracing::info!(embedder = %model, memories = caught.embedded, "embedded");
        }
        Ok(caught)
    }

    /// Counts what has no vector, unless that is known: `some` were just read, and there are more only when those are
    /// as many as are read at once.
    async fn note_waiting(&self, model: &str, some: usize) -> Result<(), StoreError> {
        if self.waiting.load(Ordering::Relaxed) == 0 {
            let known = u64::try_from(some).unwrap_or(0);
            let all = if some < AT_ONCE { known } else { self.store.count_without_vector(model).await?.max(known) };
            self.waiting.store(all, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Wakes [`Memory::keep_embedded`] at the first use in this process, and when something was stored without a vector.
    pub(super) fn look_for_unembedded(&self, stored_some: bool) {
        if !self.looked.swap(true, Ordering::Relaxed) || (stored_some && self.embedding.embedder().is_some()) {
            self.to_embed.notify_one();
        }
    }

    /// Keeps the memories embedded until `stop` fires: at the first use of the memory, and whenever something was stored
    /// that could not be embedded at once. What they state is read before, where that was not done yet.
    pub async fn keep_embedded(&self, stop: &CancellationToken) {
        /// Between two attempts at what failed.
        const PATIENCE: Duration = Duration::from_secs(60);
        loop {
            tokio::select! {
                () = self.to_embed.notified() => {}
                () = stop.cancelled() => return,
            }
            if let Err(err) = self.read_facts(stop).await {
                tracing::warn!(error = %err, "what old memories state is not read");
            }
            loop {
                let failed = match self.embed_the_rest(stop, |_| {}).await {
                    Ok(caught) => caught.failed.is_some(),
                    Err(StoreError::Cancelled) => return,
                    Err(err) => {
                        tracing::warn!(error = %err, "memories wait for their vectors");
                        true
                    }
                };
                if !failed {
                    break;
                }
                tokio::select! {
                    () = tokio::time::sleep(PATIENCE) => {}
                    () = stop.cancelled() => return,
                }
            }
        }
    }

    /// The id of the embedder, and how many memories have no vector of it; `None` when there is no embedder.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn without_vector(&self) -> Result<Option<(String, u64)>, StoreError> {
        let Some(embedder) = self.embedding.embedder() else { return Ok(None) };
        let model = embedder.id();
        let count = self.store.count_without_vector(&model).await?;
        Ok(Some((model.to_string(), count)))
    }
}

/// The vectors of `rows`. A text that the embedder refuses gets none for good; those beside it get theirs.
async fn vectors(embedder: &dyn Embedder, rows: Vec<Unembedded>) -> Result<Vec<(Unembedded, Embedded)>, EmbedError> {
    let model = embedder.id();
    let mut made = Vec::with_capacity(rows.len());
    for rows in rows.chunks(embedder.batch().max(1)) {
        let texts: Vec<String> =
            rows.iter().map(|it| embed::memory_text(it.speaker.as_deref(), &it.content).into_owned()).collect();
        let found = match embedder.embed(&texts).await {
            Err(EmbedError::Refused { .. }) => one_by_one(embedder, &texts).await?,
            other => other?,
        };
        let embedded = found.into_iter().map(|vector| Embedded { model: model.clone(), vector });
        made.extend(rows.iter().cloned().zip(embedded));
    }
    Ok(made)
}

async fn one_by_one(
    embedder: &dyn Embedder,
    texts: &[String],
) -> Result<Vec<Option<crate::vector::Vector>>, EmbedError> {
    let mut found = Vec::with_capacity(texts.len());
    for text in texts.chunks(1) {
        found.push(match embedder.embed(text).await {
            Ok(vectors) => vectors.into_iter().next().flatten(),
            Err(EmbedError::Refused { reason, .. }) => {
                tracing::warn!(reason, "a memory is found by its words alone");
                None
            }
            Err(err) => return Err(err),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;

    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::clock::Clock;
    use crate::embed::Embedding;
    use crate::memory::Item;
    use crate::scope::Owner;
    use crate::store::Store;
    use crate::vector::Vector;

    /// Embeds by the length of the text, refuses what says so, and is out of reach after so many calls.
    #[derive(Debug)]
    struct Slow {
        id: &'static str,
        calls_left: Mutex<usize>,
    }

    impl Embedder for Slow {
        fn id(&self) -> Arc<str> {
            self.id.into()
        }

        fn dimensions(&self) -> Option<usize> {
            Some(2)
        }

        fn batch(&self) -> usize {
            2
        }

        fn embed<'a>(&'a self, texts: &'a [String]) -> BoxFuture<'a, Result<Vec<Option<Vector>>, EmbedError>> {
            let embedder = self.id.to_owned();
            let mut left = self.calls_left.lock().unwrap();
            let result = if *left == 0 {
                Err(EmbedError::Unreachable { embedder, reason: "gone".to_owned() })
            } else if texts.iter().any(|it| it.contains("refuse")) {
                Err(EmbedError::Refused { embedder, reason: "no".to_owned() })
            } else {
                Ok(texts.iter().map(|it| Vector::from_floats(&[it.len() as f32, 1.0])).collect())
            };
            *left = left.saturating_sub(1);
            std::future::ready(result).boxed()
        }
    }

    fn slow(id: &'static str, calls: usize) -> Embedding {
        Embedding::by(Arc::new(Slow { id, calls_left: Mutex::new(calls) }))
    }

    fn items(contents: &[&str]) -> Vec<Item> {
        let owner = Owner { namespace: "default".to_owned(), ..Owner::default() };
        let item = |content: &&str| Item {
            content: (*content).to_owned(),
            kind: "note".to_owned(),
            owner: owner.clone(),
            ..Item::default()
        };
        contents.iter().map(item).collect()
    }

    fn temporary() -> (tempfile::TempDir, Memory) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("test.db"));
        (folder, Memory::new(store, Clock::fixed(1_000)))
    }

    async fn left(memory: &Memory) -> u64 {
        memory.without_vector().await.unwrap().unwrap().1
    }

    /// What an answer says of the vectors that it lacks.
    async fn told(memory: &Memory) -> String {
        let view = crate::scope::View::new(None, None, None, None);
        let query = crate::memory::Query { query: "one".to_owned(), view, limit: 5, ..Default::default() };
        let found = memory.recall(&query, &crate::trace::Call::silent()).await.unwrap();
        assert!(!found.memories.is_empty());
        found.by_words_alone.map(|it| it.to_string()).unwrap_or_default()
    }

    #[tokio::test]
    async fn an_answer_says_why_it_was_found_by_words_alone() {
        let (_folder, memory) = temporary();
        let gone = memory.embedded_by(slow("slow", 0));
        gone.remember(items(&["one", "two"])).await.unwrap();
        assert!(told(&gone).await.starts_with("Searched by words alone: "), "{}", told(&gone).await);
        let stop = CancellationToken::new();
        assert!(gone.embed_the_rest(&stop, |_| {}).await.unwrap().failed.is_some());
        let back = gone.embedded_by(slow("slow", 99));
        assert!(told(&back).await.starts_with("2 memories have no vector of slow yet"), "{}", told(&back).await);
        back.embed_the_rest(&stop, |_| {}).await.unwrap();
        assert_eq!(told(&back).await, "");
        assert_eq!(told(&back.embedded_by(Embedding::none())).await, "", "nobody chose an embedder");
    }

    #[tokio::test]
    async fn what_the_built_in_embedder_sees_is_embedded_at_once() {
        let (_folder, memory) = temporary();
        memory.remember(items(&["a cat", "\u{1F980}"])).await.unwrap();
        assert_eq!(left(&memory).await, 0);
    }

    #[tokio::test]
    async fn a_slow_embedder_holds_nothing_up_and_catches_up_where_it_stopped() {
        let (_folder, memory) = temporary();
        let memory = memory.embedded_by(slow("slow", 2));
        memory.remember(items(&["a", "b", "please refuse", "d", "e"])).await.unwrap();
        assert_eq!(left(&memory).await, 5, "stored before they are embedded");
        let stop = CancellationToken::new();
        let caught = memory.embed_the_rest(&stop, |_| {}).await.unwrap();
        assert!(caught.failed.is_some(), "{caught:?}");
        let memory = memory.embedded_by(slow("slow", 99));
        let mut told = Vec::new();
        let caught = memory.embed_the_rest(&stop, |done| told.push(done)).await.unwrap();
        assert_eq!((caught, told), (Caught { embedded: 5, failed: None }, vec![5]));
        assert_eq!(left(&memory).await, 0, "what is refused has none for good");
        assert_eq!(memory.embed_the_rest(&stop, |_| {}).await.unwrap(), Caught::default());
    }

    #[tokio::test]
    async fn another_embedder_makes_all_vectors_anew_and_back_costs_nothing() {
        let (_folder, memory) = temporary();
        memory.remember(items(&["one", "two"])).await.unwrap();
        let stop = CancellationToken::new();
        let other = memory.clone().embedded_by(slow("other", 99));
        assert_eq!((left(&memory).await, left(&other).await), (0, 2));
        assert!(told(&other).await.contains("has a vector of other"), "{}", told(&other).await);
        assert_eq!(other.embed_the_rest(&stop, |_| {}).await.unwrap().embedded, 2);
        assert_eq!((told(&memory).await, told(&other).await), (String::new(), String::new()));
        assert_eq!((left(&memory).await, left(&other).await), (0, 0));
        let none = memory.embedded_by(Embedding::none());
        assert_eq!(none.embed_the_rest(&stop, |_| {}).await.unwrap(), Caught::default());
        assert_eq!(none.without_vector().await.unwrap(), None);
    }

    #[tokio::test]
    async fn storing_something_without_a_vector_wakes_whoever_makes_them() {
        let (_folder, memory) = temporary();
        let memory = memory.embedded_by(slow("slow", 99));
        let stop = CancellationToken::new();
        let keeping = {
            let (memory, stop) = (memory.clone(), stop.clone());
            async move { memory.keep_embedded(&stop).await }
        };
        let using = async {
            for content in ["first", "second"] {
                memory.remember(items(&[content])).await.unwrap();
                while left(&memory).await > 0 {
                    tokio::task::yield_now().await;
                }
            }
            stop.cancel();
        };
        tokio::join!(keeping, using);
    }
}
