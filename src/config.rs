//! Turns defaults, files, environment and flags into one checked [`Config`], each value with its origin.
//!
//! Flag, then environment, then user file, then default. A project file (`carryall.toml` in a workspace) may set
//! only what is harmless. No other room reads the environment.

mod built_in;
mod check;
mod document;
mod embedder;
mod env_file;
mod environment;
mod error;
mod file;
mod flags;
mod nearest;
mod project;
mod providers;
mod proxies;
mod resolve;
mod retention;
mod routing;
mod secret;
mod settings;
mod sources;
mod telemetry;
#[cfg(test)]
mod tests;
mod url;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use document::env_example;
pub use document::markdown;
pub use embedder::EmbedderConfig;
pub use embedder::EmbedderKind;
pub use environment::Environment;
pub use error::ConfigError;
pub use flags::Flags;
pub use flags::variables_without_flag;
pub use nearest::nearest;
pub use proxies::Proxies;
pub use resolve::Resolved;
pub use resolve::resolve;
pub use retention::RetentionRule;
pub use routing::CacheTimes;
pub use routing::Caching;
pub use routing::ModelTraits;
pub use routing::Prefer;
pub use routing::ProviderLimit;
pub use routing::Routing;
pub use secret::Secret;
pub use settings::Group;
pub use settings::Setting;
pub use settings::settings;
pub use sources::Origin;
pub use sources::Shown;
pub use telemetry::Otlp;
pub use telemetry::Records;
pub use url::is_loopback;

/// Everything that can be set, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The database file. Absolute.
    pub db: PathBuf,
    /// The folder the program was started in. Absolute.
    pub working_folder: PathBuf,
    /// The user's home folder, when there is one.
    pub home: Option<PathBuf>,
    /// Folders besides the working folder under which a call over MCP may index. Absolute.
    pub roots: Vec<PathBuf>,
    /// Which toolsets are offered, in the order of [`Toolset::ALL`].
    pub toolsets: Vec<Toolset>,
    /// Whether writing tools are left out.
    pub read_only: bool,
    /// Names of tools to leave out.
    pub exclude_tools: Vec<String>,
    /// Whether structured content and output schemas are left out.
    pub text_only: bool,
    /// Whether no socket may be opened.
    pub offline: bool,
    /// What addresses on other machines are reached through.
    pub proxies: Proxies,
    pub log_format: LogFormat,
    /// A filter as `RUST_LOG` takes it.
    pub log_filter: String,
    /// The longest line of input that is read, in bytes.
    pub max_line_bytes: usize,
    /// How many calls run at once; more wait.
    pub concurrency: usize,
    /// The provider that was asked for by `LLM_PROVIDER`, a flag or the user file; `None` lets the program choose. A
    /// key of `providers`, or `extractive`.
    pub llm_provider: Option<String>,
    /// Every provider that can be used or could be with a key, by name: the six known ones and those of the user file.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// How long one `ask` may take when the call does not say.
    pub ask_timeout: Duration,
    /// How many asks may be under way at once.
    pub ask_concurrency: usize,
    /// Providers to fall back to, in order, each `provider` or `provider/model`.
    pub cascade: Vec<String>,
    /// How a question finds its model.
    pub routing: Routing,
    /// Whether a new fact takes the place of an old one that it contradicts for certain.
    pub supersede_when_certain: bool,
    /// Whether a memory with a secret in it is refused; else the secret is taken out.
    pub refuse_secrets: bool,
    /// Most that may be spent in a day and in a month, in USD.
    pub daily_usd: Option<f64>,
    pub monthly_usd: Option<f64>,
    /// Prices from the user file, by `provider/model`.
    pub prices: BTreeMap<String, Price>,
    /// Whether a server that nobody calls consolidates the memory.
    pub consolidate: Consolidate,
    /// What hooks of hosts may do.
    pub hooks: Hooks,
    /// The git that tells of past commits; `None` when that is not wanted, or there is none.
    pub git: Option<PathBuf>,
    /// Which memories are deleted at what age; none unless a person wrote so.
    pub retention: Vec<RetentionRule>,
    /// Where traces are sent; nowhere unless somebody says where.
    pub otlp: Option<Otlp>,
    /// How long the records of calls are kept.
    pub records: Records,
    /// What makes the vectors of memories.
    pub embedder: EmbedderConfig,
    /// What the working folder's project file asks for.
    pub project: Project,
}

/// A group of tools that is offered or not as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Toolset {
    Context,
    Memory,
    Ask,
    Insights,
}

impl Toolset {
    /// Every toolset; all are on by default.
    pub const ALL: [Toolset; 4] = [Toolset::Context, Toolset::Memory, Toolset::Ask, Toolset::Insights];

    /// The name in flags and files.
    pub fn name(self) -> &'static str {
        match self {
            Toolset::Context => "context",
            Toolset::Memory => "memory",
            Toolset::Ask => "ask",
            Toolset::Insights => "insights",
        }
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl LogFormat {
    /// The name in flags and files.
    pub fn name(self) -> &'static str {
        match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        }
    }
}

/// What `carryall hook` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hooks {
    /// Gives a brief when a session begins, and keeps what is said.
    On,
    /// Gives a brief, keeps nothing.
    Brief,
    Off,
}

impl Hooks {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Hooks::On => "on",
            Hooks::Brief => "brief",
            Hooks::Off => "off",
        }
    }
}

/// When the memory is consolidated besides the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consolidate {
    /// While nobody calls, in short steps.
    Idle,
    Off,
}

impl Consolidate {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Consolidate::Idle => "idle",
            Consolidate::Off => "off",
        }
    }
}

/// The two ways in which OpenAI, and some who follow it, can be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenAiApi {
    /// `/chat/completions`
    #[default]
    Chat,
    /// `/responses`
    Responses,
}

/// The wire format that a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    OpenAi,
    Anthropic,
    Azure,
    OpenRouter,
    Ollama,
    LmStudio,
}

impl ProviderKind {
    /// Every kind, in the order in which a key is looked for when no provider was asked for.
    pub const ALL: [ProviderKind; 6] = [
        ProviderKind::OpenAi,
        ProviderKind::Anthropic,
        ProviderKind::Azure,
        ProviderKind::OpenRouter,
        ProviderKind::Ollama,
        ProviderKind::LmStudio,
    ];

    /// The name in files, which is also the name of the built-in provider of this kind.
    pub fn name(self) -> &'static str {
        match self {
            ProviderKind::OpenAi => "openai",
            ProviderKind::Anthropic => "anthropic",
            ProviderKind::Azure => "azure",
            ProviderKind::OpenRouter => "openrouter",
            ProviderKind::Ollama => "ollama",
            ProviderKind::LmStudio => "lmstudio",
        }
    }
}

/// One provider of language models.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    pub kind: ProviderKind,
    /// As the vendor's own client means it: with `/v1` for OpenAI, OpenRouter (`/api/v1`) and LM Studio; the bare
    /// host for Anthropic, Ollama and Azure. `None` only for Azure without an address.
    pub base_url: Option<String>,
    pub api_key: Option<Secret>,
    /// Where the key is looked for, to be named in an error.
    pub api_key_env: String,
    pub model: Option<String>,
    /// Azure's `api-version`; `None` means the v1 address.
    pub api_version: Option<String>,
    pub options: ProviderOptions,
}

/// What few need to say about a provider; the defaults fit the vendors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderOptions {
    /// For those who speak as OpenAI does.
    pub api: OpenAiApi,
    /// Whether answers are asked for in one piece, for a gateway that cannot stream.
    pub is_plain: bool,
    /// Whether the key may go over plain http to another machine.
    pub allow_http: bool,
    /// The header that carries the key, in lower case, when it is not the one of the kind; `authorization` means a
    /// bearer token.
    pub key_header: Option<String>,
    /// Sent with every request, names in lower case. Never a key.
    pub headers: Vec<(String, String)>,
}

/// What a model costs, in USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    pub input: f64,
    pub output: f64,
    pub cache_read: Option<f64>,
    pub cache_write: Option<f64>,
}

/// The harmless settings that a workspace may make for itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub budget_tokens: Option<u32>,
    pub namespace: Option<String>,
}
