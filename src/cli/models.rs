//! `carryall ask --list-models`: what each configured provider has.

use owo_colors::OwoColorize;
use serde_json::json;

use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use super::runtime;
use crate::config::Config;
use crate::config::ProviderKind;
use crate::models::Models;

/// Asks all providers that have what it takes, at once. A local server that nobody chose is left out when it does not run.
pub(super) fn list(config: &Config, out: &Output) -> Result<Exit, Failed> {
    let models = Models::new(config);
    let names: Vec<&str> = models.names().filter(|it| models.is_configured(it)).collect();
    let all = futures_util::future::join_all(names.iter().map(|it| models.reachable(it)));
    let asked = runtime::block_on(async { Ok(all.await) })?;
    let mut listed = Vec::new();
    let (mut found, mut failed) = (0, 0);
    for (name, outcome) in names.into_iter().zip(asked) {
        let kind = config.providers.get(name).map(|it| it.kind);
        let is_local = matches!(kind, Some(ProviderKind::Ollama | ProviderKind::LmStudio));
        let is_wanted = config.llm_provider.as_deref() == Some(name) || config.cascade.iter().any(|it| it == name);
        match outcome {
            Ok(has) => {
                found += has.len();
                out.line(name.bold());
                for model in &has {
                    out.line(format_args!("  {model}"));
                }
                listed.push(json!({"provider": name, "models": has}));
            }
            Err(_) if is_local && !is_wanted => {}
            Err(err) => {
                failed += 1;
                out.line(format_args!("{}  {}: {}", name.bold(), err.kind.name().red(), err.message));
                out.line(format_args!("  {}", err.next_step.dimmed()));
                let error = json!({"kind": err.kind.name(), "message": err.message, "next_step": err.next_step});
                listed.push(json!({"provider": name, "models": [], "error": error}));
            }
        }
    }
    if listed.is_empty() {
        out.line("No provider is configured, and none runs on this machine.");
        out.line(
            "Set OPENAI_API_KEY, ANTHROPIC_API_KEY or another key, or start Ollama or LM Studio (docs/providers.md)."
                .dimmed(),
        );
    }
    out.document(&json!({ "providers": listed }));
    Ok(match (found, failed) {
        (0, 0) => Exit::Nothing,
        (0, _) => Exit::Failed,
        _ => Exit::Done,
    })
}
