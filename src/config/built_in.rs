//! The settings of the providers that are known without a user file.

use super::ProviderKind;
use super::settings::COMMON;
use super::settings::Group;
use super::settings::Setting;

/// A provider that is known without a user file.
pub(super) struct BuiltIn {
    pub(super) kind: ProviderKind,
    /// The address when none is set; `None` for Azure, where everybody has their own.
    pub(super) default_url: Option<&'static str>,
    pub(super) base_url: Setting,
    /// Its first variable holds the key; the file can name another variable, never a key.
    pub(super) api_key: Setting,
    pub(super) model: Setting,
    /// What only this provider has.
    pub(super) more: &'static [&'static Setting],
}

/// Source of the addresses: the vendors' own clients, 2026-11.
macro_rules! built_in {
    ($kind:ident, $name:literal, $prefix:literal, $url:expr, urls $urls:expr, models $models:expr, $model:literal, $more:expr) => {
        BuiltIn {
            kind: ProviderKind::$kind,
            default_url: $url,
            base_url: Setting {
                name: concat!("providers.", $name, ".base_url"),
                group: Group::Providers,
                variables: $urls,
                key: Some(concat!("providers.", $name, ".base_url")),
                default: match $url {
                    Some(url) => url,
                    None => "none",
                },
                example: match $url {
                    Some(url) => url,
                    None => "https://my-resource.openai.azure.com",
                },
                meaning: concat!("The address of ", $name, "."),
                ..COMMON
            },
            api_key: Setting {
                name: concat!("providers.", $name, ".api_key"),
                group: Group::Providers,
                variables: &[concat!($prefix, "_API_KEY")],
                key: Some(concat!("providers.", $name, ".api_key_env")),
                default: "none",
                example: "…",
                meaning: "The key. The file can only name another variable that holds it.",
                ..COMMON
            },
            model: Setting {
                name: concat!("providers.", $name, ".model"),
                group: Group::Providers,
                variables: $models,
                key: Some(concat!("providers.", $name, ".model")),
                default: "none",
                example: $model,
                meaning: "The model that is asked when the call does not say.",
                ..COMMON
            },
            more: $more,
        }
    };
}

/// The built-in providers, in the order of [`ProviderKind::ALL`].
pub(super) static PROVIDERS: [BuiltIn; 6] = [
    built_in!(
        OpenAi,
        "openai",
        "OPENAI",
        Some("https://api.openai.com/v1"),
        urls & ["OPENAI_BASE_URL"],
        models & ["OPENAI_MODEL"],
        "gpt-5",
        &[&OPENAI_API]
    ),
    built_in!(
        Anthropic,
        "anthropic",
        "ANTHROPIC",
        Some("https://api.anthropic.com"),
        urls & ["ANTHROPIC_BASE_URL"],
        models & ["ANTHROPIC_MODEL"],
        "claude-sonnet-4-5",
        &[]
    ),
    built_in!(
        Azure,
        "azure",
        "AZURE_OPENAI",
        None::<&'static str>,
        urls & ["AZURE_OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT"],
        models & ["AZURE_OPENAI_MODEL", "AZURE_OPENAI_DEPLOYMENT"],
        "my-deployment",
        &[&AZURE_API_VERSION]
    ),
    built_in!(
        OpenRouter,
        "openrouter",
        "OPENROUTER",
        Some("https://openrouter.ai/api/v1"),
        urls & ["OPENROUTER_BASE_URL"],
        models & ["OPENROUTER_MODEL"],
        "openai/gpt-5",
        &[]
    ),
    built_in!(
        Ollama,
        "ollama",
        "OLLAMA",
        Some("http://127.0.0.1:11434"),
        urls & ["OLLAMA_BASE_URL", OLLAMA_HOST],
        models & ["OLLAMA_MODEL"],
        "llama3.2",
        &[]
    ),
    built_in!(
        LmStudio,
        "lmstudio",
        "LMSTUDIO",
        Some("http://127.0.0.1:1234/v1"),
        urls & ["LMSTUDIO_BASE_URL"],
        models & ["LMSTUDIO_MODEL"],
        "qwen3-8b",
        &[]
    ),
];

/// The variable of Ollama's own client, which has a syntax of its own.
pub(super) const OLLAMA_HOST: &str = "OLLAMA_HOST";

pub(super) const OPENAI_API: Setting = Setting {
    name: "providers.openai.api",
    group: Group::Providers,
    variables: &["OPENAI_API"],
    key: Some("providers.openai.api"),
    default: "chat",
    example: "responses",
    meaning: "Which API openai is spoken to by: `chat` (Chat Completions) or `responses`.",
    ..COMMON
};

pub(super) const AZURE_API_VERSION: Setting = Setting {
    name: "providers.azure.api_version",
    group: Group::Providers,
    variables: &["AZURE_OPENAI_API_VERSION"],
    key: Some("providers.azure.api_version"),
    default: "none",
    example: "2024-10-21",
    meaning: "The `api-version` of the deployment address; without it the v1 address is used.",
    ..COMMON
};
