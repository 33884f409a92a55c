//! Vectors from a server: Ollama's `/api/embed` and OpenAI's `/embeddings`.

use std::sync::Arc;

use serde_json::Value;
use serde_json::json;

use super::ErrorKind;
use super::ModelError;
use super::error::Fault;
use super::http;
use super::http::Auth;
use super::http::Endpoint;
use super::http::Http;
use crate::config::EmbedderConfig;
use crate::config::EmbedderKind;
use crate::config::ProviderConfig;
use crate::config::ProviderKind;
use crate::config::ProviderOptions;
use crate::config::Proxies;

/// A server that turns texts into vectors.
#[derive(Debug)]
pub struct EmbeddingServer {
    endpoint: Endpoint,
    model: String,
    is_ollama: bool,
}

impl EmbeddingServer {
    /// The server of `config`; `None` when its kind has none.
    pub fn new(config: &EmbedderConfig, offline: bool, proxies: &Proxies) -> Option<EmbeddingServer> {
        let (kind, is_ollama) = match config.kind {
            EmbedderKind::Ollama => (ProviderKind::Ollama, true),
            EmbedderKind::OpenAi => (ProviderKind::OpenAi, false),
            EmbedderKind::BuiltIn | EmbedderKind::Folder | EmbedderKind::None => return None,
        };
        let provider = ProviderConfig {
            kind,
            base_url: config.base_url.clone(),
            api_key: config.api_key.clone(),
            api_key_env: config.api_key_env.clone(),
            model: None,
            api_version: None,
            options: ProviderOptions { allow_http: config.allow_http, ..ProviderOptions::default() },
        };
        let http = Arc::new(Http::new(offline, proxies));
        let endpoint = Endpoint::new("embedder", &provider, Auth::Bearer, &[], &http);
        Some(EmbeddingServer { endpoint, model: config.model.clone(), is_ollama })
    }

    /// The vectors of `texts`, one each in their order. One HTTP call.
    ///
    /// # Errors
    ///
    /// Any [`ModelError`]; [`ErrorKind::Malformed`] when there are not as many vectors as texts.
    pub async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.ask(texts).await.map_err(|fault| self.endpoint.error(fault))
    }

    async fn ask(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, Fault> {
        let body = json!({"model": self.model, "input": texts});
        let path = if self.is_ollama { "api/embed" } else { "embeddings" };
        let response = self.endpoint.post(path, body).await?;
        let text = http::body(response, http::BODY_BYTES).await?;
        let reply: Value = serde_json::from_str(&text).map_err(|_| Fault::malformed("the vectors are not JSON"))?;
        let vectors = if self.is_ollama { ollama(&reply) } else { openai(&reply) };
        match vectors {
            Some(vectors) if vectors.len() == texts.len() => Ok(vectors),
            Some(vectors) => {
                let reason = format!("{} vectors came for {} texts", vectors.len(), texts.len());
                Err(Fault::new(ErrorKind::Malformed, reason))
            }
            None => Err(Fault::malformed("the reply has no vectors")),
        }
    }
}

fn ollama(reply: &Value) -> Option<Vec<Vec<f32>>> {
    reply.get("embeddings")?.as_array()?.iter().map(numbers).collect()
}

/// The vectors carry their places, and need not come in order.
fn openai(reply: &Value) -> Option<Vec<Vec<f32>>> {
    let data = reply.get("data")?.as_array()?;
    let mut placed = Vec::with_capacity(data.len());
    for (at, entry) in data.iter().enumerate() {
        let place = entry.get("index").and_then(Value::as_u64).unwrap_or(at as u64);
        placed.push((place, numbers(entry.get("embedding")?)?));
    }
    placed.sort_by_key(|it| it.0);
    let complete = placed.iter().zip(0..).all(|(it, at)| it.0 == at);
    complete.then(|| placed.into_iter().map(|it| it.1).collect())
}

fn numbers(list: &Value) -> Option<Vec<f32>> {
    #[expect(clippy::cast_possible_truncation, reason = "eight bits of it are kept in the end")]
    list.as_array()?.iter().map(|it| Some(it.as_f64()? as f32)).collect()
}
