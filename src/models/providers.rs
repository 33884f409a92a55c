//! Makes a provider out of its configuration: one module a wire format.

use std::sync::Arc;

use super::Provider;
use super::anthropic::Anthropic;
use super::http::Http;
use super::ollama::Ollama;
use super::openai::OpenAi;
use crate::config::ProviderConfig;
use crate::config::ProviderKind;

/// The provider called `name`. Opens nothing.
pub(super) fn provider_for(name: &str, config: &ProviderConfig, http: &Arc<Http>) -> Box<dyn Provider> {
    match config.kind {
        ProviderKind::Anthropic => Box::new(Anthropic::new(name, config, http)),
        ProviderKind::Ollama => Box::new(Ollama::new(name, config, http)),
        ProviderKind::OpenAi | ProviderKind::Azure | ProviderKind::OpenRouter | ProviderKind::LmStudio => {
            Box::new(OpenAi::new(name, config, http))
        }
    }
}
