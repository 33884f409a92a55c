//! Which embedder makes the vectors, and where it is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::ConfigError;
use super::ProviderConfig;
use super::Secret;
use super::check;
use super::check::Wrong;
use super::providers::variable_name;
use super::settings;
use super::sources::Raw;
use super::sources::Sources;
use super::url;

/// What makes the vectors of memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbedderKind {
    /// The table in the binary.
    BuiltIn,
    /// Ollama's `/api/embed`.
    Ollama,
    /// `/embeddings` as OpenAI has it; many servers speak it.
    OpenAi,
    /// A model in a folder, where the program was built to run one.
    Folder,
    /// Nothing: memories are found by their words alone.
    None,
}

impl EmbedderKind {
    const ALL: [EmbedderKind; 5] =
        [EmbedderKind::BuiltIn, EmbedderKind::Ollama, EmbedderKind::OpenAi, EmbedderKind::Folder, EmbedderKind::None];

    /// The name in files and variables.
    pub fn name(self) -> &'static str {
        match self {
            EmbedderKind::BuiltIn => "builtin",
            EmbedderKind::Ollama => "ollama",
            EmbedderKind::OpenAi => "openai",
            EmbedderKind::Folder => "folder",
            EmbedderKind::None => "none",
        }
    }

    /// The model when none is named. Source: Ollama's library and OpenAI's guide, 2026-11.
    fn default_model(self) -> &'static str {
        match self {
            EmbedderKind::OpenAi => "text-embedding-3-small",
            EmbedderKind::Ollama => "nomic-embed-text",
            EmbedderKind::BuiltIn | EmbedderKind::Folder | EmbedderKind::None => "",
        }
    }
}

/// The embedder that was chosen.
#[derive(Clone, Debug)]
pub struct EmbedderConfig {
    pub kind: EmbedderKind,
    /// The server's name for the model; empty for one without a server.
    pub model: String,
    /// Where the model is; only for [`EmbedderKind::Folder`].
    pub folder: Option<PathBuf>,
    /// As the provider's: with `/v1` for `openai`, the bare host for `ollama`.
    pub base_url: Option<String>,
    pub api_key: Option<Secret>,
    /// Where the key is looked for, to be named in an error.
    pub api_key_env: String,
    /// As the provider's; a server of its own address follows the setting for all.
    pub allow_http: bool,
}

/// Reads `[embedder]`. What it leaves open is taken from the provider of the same name; its key goes only to its own
/// address.
pub(super) fn read(
    sources: &mut Sources<'_>,
    providers: &BTreeMap<String, ProviderConfig>,
    offline: bool,
    warnings: &mut Vec<String>,
) -> Result<EmbedderConfig, ConfigError> {
    let kinds = EmbedderKind::ALL.map(|it| (it.name(), it));
    let kind = sources.read(&settings::EMBEDDER, |raw| available(raw, &kinds), |it| it.name().to_owned())?;
    let folder = folder(sources, kind)?;
    let model = sources.read_optional(&settings::EMBEDDER_MODEL, check::word, String::clone)?;
    let base_url =
        sources.read_optional(&settings::EMBEDDER_BASE_URL, |raw| url::base_url(&check::text(raw)?), String::clone)?;
    let named = settings::EMBEDDER_API_KEY.key.and_then(|key| sources.user_file?.find(key));
    let variable = match named {
        Some(found) => found.check(settings::EMBEDDER_API_KEY.name, variable_name)?,
        None => API_KEY.to_owned(),
    };
    let own = sources.read_key(settings::EMBEDDER_API_KEY.name, &variable);
    if offline && matches!(kind, EmbedderKind::Ollama | EmbedderKind::OpenAi) {
        warnings.push(format!(
            "offline mode is on, so the embedder `{}` is not asked: new memories are found by their words until it is",
            kind.name()
        ));
    }
    let provider = providers.get(kind.name());
    let theirs = provider.filter(|_| base_url.is_none() && own.is_none());
    Ok(EmbedderConfig {
        kind,
        folder,
        model: model.unwrap_or_else(|| kind.default_model().to_owned()),
        base_url: base_url.clone().or_else(|| provider?.base_url.clone()),
        api_key_env: theirs.map_or(variable, |it| it.api_key_env.clone()),
        api_key: own.or_else(|| theirs?.api_key.clone()),
        // The setting for all is in every provider's.
        allow_http: provider.is_some_and(|it| it.options.allow_http),
    })
}

/// The kind, unless this program was built without it.
fn available(raw: &Raw<'_>, kinds: &[(&str, EmbedderKind)]) -> Result<EmbedderKind, Wrong> {
    match check::choice(raw, kinds)? {
        EmbedderKind::Folder if !cfg!(feature = "candle") => Err(Wrong::allowed(
            "builtin, ollama, openai, none; models in a folder need a build of the program that can run them: \
             `cargo install carryall --features candle`",
        )),
        kind => Ok(kind),
    }
}

/// Where the model is. A folder for another kind is allowed and does nothing, so that one can change the kind alone.
fn folder(sources: &mut Sources<'_>, kind: EmbedderKind) -> Result<Option<PathBuf>, ConfigError> {
    let environment = sources.environment;
    let show = |it: &PathBuf| it.display().to_string();
    let folder = sources.read_optional(&settings::EMBEDDER_FOLDER, |raw| check::path(raw, environment), show)?;
    if kind == EmbedderKind::Folder && folder.is_none() {
        return Err(ConfigError::NoModelFolder);
    }
    Ok(folder)
}

/// The variable with the embedder's own key.
const API_KEY: &str = "CARRYALL_EMBEDDER_API_KEY";
