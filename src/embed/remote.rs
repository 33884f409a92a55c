//! Embedders behind a network: what a server of the user's choice makes of the texts.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::embedder::EmbedError;
use super::embedder::Embedder;
use crate::config::EmbedderConfig;
use crate::config::Proxies;
use crate::models::EmbeddingServer;
use crate::models::ErrorKind;
use crate::models::ModelError;
use crate::vector::Vector;

/// A server that makes the vectors.
#[derive(Debug)]
pub struct RemoteEmbedder {
    id: Arc<str>,
    server: EmbeddingServer,
    /// Written by every answer; 0 before the first.
    dimensions: AtomicUsize,
}

impl RemoteEmbedder {
    /// The server of `config`; `None` when its kind has none.
    pub fn new(config: &EmbedderConfig, offline: bool, proxies: &Proxies) -> Option<RemoteEmbedder> {
        let server = EmbeddingServer::new(config, offline, proxies)?;
        let id = format!("{}:{}", config.kind.name(), config.model).into();
        Some(RemoteEmbedder { id, server, dimensions: AtomicUsize::new(0) })
    }

    fn error(&self, err: &ModelError) -> EmbedError {
        let (embedder, reason) = (self.id.to_string(), format!("{err}; {}", err.next_step));
        match err.kind {
            ErrorKind::InvalidRequest | ErrorKind::ContextTooLong | ErrorKind::ContentFilter => {
                EmbedError::Refused { embedder, reason }
            }
            ErrorKind::Authentication | ErrorKind::InvalidArgument | ErrorKind::Malformed => {
                EmbedError::Unusable { embedder, reason }
            }
            _ => EmbedError::Unreachable { embedder, reason },
        }
    }
}

impl Embedder for RemoteEmbedder {
    fn id(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }

    fn dimensions(&self) -> Option<usize> {
        Some(self.dimensions.load(Ordering::Relaxed)).filter(|it| *it > 0)
    }

    fn embed<'a>(&'a self, texts: &'a [String]) -> BoxFuture<'a, Result<Vec<Option<Vector>>, EmbedError>> {
        async move {
            if texts.is_empty() {
                return Ok(Vec::new());
            }
            let vectors = self.server.embed(texts).await.map_err(|err| self.error(&err))?;
            if let Some(first) = vectors.first() {
                self.dimensions.store(first.len(), Ordering::Relaxed);
            }
            Ok(vectors.iter().map(|it| Vector::from_floats(it)).collect())
        }
        .boxed()
    }
}
