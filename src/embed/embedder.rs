//! The seam between the memory and whatever makes its vectors.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::built_in::StaticEmbedder;
use super::remote::RemoteEmbedder;
use crate::config::Config;
use crate::config::EmbedderKind;
use crate::store::Embedded;
use crate::vector::Vector;

/// Something that turns texts into vectors.
pub trait Embedder: Debug + Send + Sync {
    /// Tells its vectors from those of every other: they are never compared with each other.
    fn id(&self) -> Arc<str>;

    /// Components of a vector; `None` as long as that is not known.
    fn dimensions(&self) -> Option<usize>;

    /// The vectors of `texts`, one each in their order; `None` for one without a direction. May take long, over a
    /// network or many cores; at most [`Embedder::batch`] texts.
    fn embed<'a>(&'a self, texts: &'a [String]) -> BoxFuture<'a, Result<Vec<Option<Vector>>, EmbedError>>;

    /// The most texts of one call.
    fn batch(&self) -> usize {
        64
    }

    /// The vector of a text within microseconds; `None` where that is not possible.
    fn embed_now(&self, _text: &str) -> Option<Option<Vector>> {
        None
    }
}

/// Why there are no vectors, sorted by what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// Try again later.
    #[error("the embedder {embedder} cannot be asked now: {reason}")]
    Unreachable { embedder: String, reason: String },

    /// These texts will never do; others may.
    #[error("the embedder {embedder} refuses the text: {reason}")]
    Refused { embedder: String, reason: String },

    /// Somebody has to change the configuration.
    #[error("the embedder {embedder} cannot be used: {reason}")]
    Unusable { embedder: String, reason: String },
}

/// How long a question waits for its vector before it is answered by its words alone.
const QUERY_PATIENCE: Duration = Duration::from_secs(3);

/// The embedder that was chosen, or none.
#[derive(Clone, Debug)]
pub struct Embedding {
    embedder: Option<Arc<dyn Embedder>>,
}

impl Default for Embedding {
    fn default() -> Embedding {
        Embedding::by(Arc::new(StaticEmbedder))
    }
}

impl Embedding {
    /// The one that the settings name.
    pub fn of(config: &Config) -> Embedding {
        let chosen: Option<Arc<dyn Embedder>> = match config.embedder.kind {
            EmbedderKind::BuiltIn => Some(Arc::new(StaticEmbedder)),
            EmbedderKind::Ollama | EmbedderKind::OpenAi => {
                RemoteEmbedder::new(&config.embedder, config.offline, &config.proxies)
                    .map(|it| Arc::new(it) as Arc<dyn Embedder>)
            }
            #[cfg(feature = "candle")]
            EmbedderKind::Folder => config
                .embedder
                .folder
                .clone()
                .map(|it| Arc::new(super::folder::FolderEmbedder::new(it)) as Arc<dyn Embedder>),
            // Refused where it is read.
            #[cfg(not(feature = "candle"))]
            EmbedderKind::Folder => None,
            EmbedderKind::None => None,
        };
        Embedding { embedder: chosen }
    }

    /// Everything is embedded by `embedder`.
    pub fn by(embedder: Arc<dyn Embedder>) -> Embedding {
        Embedding { embedder: Some(embedder) }
    }

    /// Nothing is embedded: only words are searched for.
    pub fn none() -> Embedding {
        Embedding { embedder: None }
    }

    /// The one that was chosen.
    pub fn embedder(&self) -> Option<&Arc<dyn Embedder>> {
        self.embedder.as_ref()
    }

    /// The vector of a text that is being stored; `None` when it has to be found out later, or not at all.
    pub fn now(&self, text: &str) -> Option<Embedded> {
        let embedder = self.embedder.as_ref()?;
        Some(Embedded { model: embedder.id(), vector: embedder.embed_now(text)? })
    }

    /// The vector of a question, for the search; `None` without an embedder.
    ///
    /// # Errors
    ///
    /// Why there is none in time, as a part of a sentence: words are searched for then.
    pub async fn query(&self, text: &str) -> Result<Option<Embedded>, String> {
        let Some(embedder) = &self.embedder else { return Ok(None) };
        if let Some(vector) = embedder.embed_now(text) {
            return Ok(Some(Embedded { model: embedder.id(), vector }));
        }
        let texts = [text.to_owned()];
        match tokio::time::timeout(QUERY_PATIENCE, embedder.embed(&texts)).await {
            Ok(Ok(vectors)) => {
                Ok(Some(Embedded { model: embedder.id(), vector: vectors.into_iter().next().flatten() }))
            }
            Ok(Err(err)) => {
                tracing::warn!(error = %err, "searched by words alone");
                Err(err.to_string())
            }
            Err(_) => {
                let id = embedder.id();
                tracing::warn!(embedder = %id, "searched by words alone: the embedder did not answer in time");
                Err(format!("{id} did not answer within {} s", QUERY_PATIENCE.as_secs()))
            }
        }
    }
}

/// A memory as an embedder is to see it.
pub fn memory_text<'a>(speaker: Option<&str>, content: &'a str) -> Cow<'a, str> {
    match speaker {
        Some(speaker) if !speaker.is_empty() => Cow::Owned(format!("{speaker}: {content}")),
        _ => Cow::Borrowed(content),
    }
}
