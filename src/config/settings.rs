//! The table of all settings: the one definition behind precedence, `config show` and `docs/config.md`.

use super::built_in::PROVIDERS;

/// One thing that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// As `config show` and errors call it.
    pub name: &'static str,
    pub group: Group,
    pub flag: Option<&'static str>,
    /// The variables that set it; of several that are set, the first counts.
    pub variables: &'static [&'static str],
    /// The key in the user file, or in the project file for [`Group::Project`]; a dot goes into a table.
    pub key: Option<&'static str>,
    /// What holds when nothing is set: a value as a variable would give it, or words that describe it.
    pub default: &'static str,
    /// A legal value, as a variable would give it.
    pub example: &'static str,
    pub meaning: &'static str,
}

/// Where in the documentation a setting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    General,
    Providers,
    /// What the project file of a workspace may set.
    Project,
}

/// Every setting with a fixed name, in the order in which they are shown.
pub fn settings() -> Vec<&'static Setting> {
    let providers = PROVIDERS
        .iter()
        .flat_map(|it| [&it.base_url, &it.api_key, &it.model].into_iter().chain(it.more.iter().copied()));
    GENERAL.iter().copied().chain(providers).chain(PROJECT.iter().copied()).collect()
}

const GENERAL: &[&Setting] = &[
    &CONFIG,
    &ENV_FILE,
    &DB,
    &ROOTS,
    &TOOLSETS,
    &READ_ONLY,
    &EXCLUDE_TOOLS,
    &TEXT_ONLY,
    &OFFLINE,
    &LOG_FORMAT,
    &LOG_FILTER,
    &MAX_LINE_BYTES,
    &CONCURRENCY,
    &CONSOLIDATE,
    &HOOKS,
    &GIT_HISTORY,
    &PROVIDER,
    &DAILY_USD,
    &MONTHLY_USD,
    &ASK_CASCADE,
    &ASK_CONCURRENCY,
    &ASK_TIMEOUT,
    &EMBEDDER,
    &EMBEDDER_FOLDER,
    &EMBEDDER_MODEL,
    &EMBEDDER_BASE_URL,
    &EMBEDDER_API_KEY,
    &ASK_PREFER,
    &ASK_EXPLORE,
    &ASK_HEDGE_MS,
    &ASK_CACHE,
    &CACHE_HISTORY,
    &CACHE_CODE,
    &CACHE_KNOWLEDGE,
    &ASK_FIND_LOCAL,
    &ASK_BREAKER,
    &ALLOW_UNKNOWN_PRICE,
    &MEMORY_SUPERSEDE,
    &MEMORY_SECRETS,
    &OTLP_ENDPOINT,
    &OTLP_TRACES_ENDPOINT,
    &OTLP_HEADERS,
    &OTLP_PROTOCOL,
    &OTLP_TIMEOUT,
    &OTEL_SERVICE_NAME,
    &OTEL_DISABLED,
    &TRACE_DAYS,
    &TRACE_MB,
    &CALL_DAYS,
    &CONTEXT_VERSIONS,
    &CONTEXT_MB,
    &ALLOW_HTTP,
];

const PROJECT: &[&Setting] = &[&INCLUDE, &EXCLUDE, &BUDGET_TOKENS, &NAMESPACE];

/// What most settings have; each names the rest.
pub(super) const COMMON: Setting = Setting {
    name: "",
    group: Group::General,
    flag: None,
    variables: &[],
    key: None,
    default: "",
    example: "",
    meaning: "",
};

pub(super) const CONFIG: Setting = Setting {
    name: "config",
    flag: Some("--config"),
    variables: &["CARRYALL_CONFIG"],
    default: "carryall/config.toml in the platform's configuration folder, if it exists",
    example: "~/carryall.toml",
    meaning: "The user file. One that is named must exist.",
    ..COMMON
};

pub(super) const ENV_FILE: Setting = Setting {
    name: "env_file",
    flag: Some("--env-file"),
    default: "none",
    example: "~/keys.env",
    meaning: "A file of variables (`NAME=value`); the real environment wins. No `.env` is read unless named here.",
    ..COMMON
};

pub(super) const DB: Setting = Setting {
    name: "db",
    flag: Some("--db"),
    variables: &["CARRYALL_DB"],
    key: Some("db"),
    default: "carryall/carryall.db in the platform's data folder",
    example: "~/carryall.db",
    meaning: "The database file.",
    ..COMMON
};

pub(super) const ROOTS: Setting = Setting {
    name: "roots",
    flag: Some("--root"),
    variables: &["CARRYALL_ROOTS"],
    key: Some("roots"),
    default: "none",
    example: "~/src",
    meaning: "Folders besides the working folder under which a host may index. The flag is given once a folder; \
              the variable joins them as in `PATH`.",
    ..COMMON
};

pub(super) const TOOLSETS: Setting = Setting {
    name: "toolsets",
    flag: Some("--toolsets"),
    variables: &["CARRYALL_TOOLSETS"],
    key: Some("toolsets"),
    default: "context,memory,ask,insights",
    example: "context,memory",
    meaning: "The groups of tools to offer.",
    ..COMMON
};

pub(super) const READ_ONLY: Setting = Setting {
    name: "read_only",
    flag: Some("--read-only"),
    variables: &["CARRYALL_READ_ONLY"],
    key: Some("read_only"),
    default: "false",
    example: "true",
    meaning: "Leaves out the tools that write.",
    ..COMMON
};

pub(super) const EXCLUDE_TOOLS: Setting = Setting {
    name: "exclude_tools",
    flag: Some("--exclude-tools"),
    variables: &["CARRYALL_EXCLUDE_TOOLS"],
    key: Some("exclude_tools"),
    default: "none",
    example: "forget,write_context",
    meaning: "Tools to leave out.",
    ..COMMON
};

pub(super) const TEXT_ONLY: Setting = Setting {
    name: "text_only",
    flag: Some("--text-only"),
    variables: &["CARRYALL_TEXT_ONLY"],
    key: Some("text_only"),
    default: "false",
    example: "true",
    meaning: "Leaves out structured content and output schemas, for hosts that would show the model JSON instead of text.",
    ..COMMON
};

pub(super) const OFFLINE: Setting = Setting {
    name: "offline",
    flag: Some("--offline"),
    variables: &["CARRYALL_OFFLINE"],
    key: Some("offline"),
    default: "false",
    example: "true",
    meaning: "Opens no socket; everything but foreign models works.",
    ..COMMON
};

pub(super) const LOG_FORMAT: Setting = Setting {
    name: "log_format",
    flag: Some("--log-format"),
    variables: &["CARRYALL_LOG_FORMAT"],
    key: Some("log_format"),
    default: "text",
    example: "json",
    meaning: "How log lines are written on stderr: `text` or `json`.",
    ..COMMON
};

pub(super) const LOG_FILTER: Setting = Setting {
    name: "log_filter",
    variables: &["RUST_LOG"],
    key: Some("log_filter"),
    default: "warn,carryall=info",
    example: "carryall=debug",
    meaning: "Which log lines are written. No line has what is remembered or asked, unless the protocol's library is named.",
    ..COMMON
};

pub(super) const MAX_LINE_BYTES: Setting = Setting {
    name: "max_line_bytes",
    variables: &["CARRYALL_MAX_LINE_BYTES"],
    key: Some("max_line_bytes"),
    default: "67108864",
    example: "1048576",
    meaning: "The longest line of input that is read, in bytes, 1024 to 1073741824.",
    ..COMMON
};

pub(super) const CONCURRENCY: Setting = Setting {
    name: "concurrency",
    variables: &["CARRYALL_CONCURRENCY"],
    key: Some("concurrency"),
    default: "64",
    example: "16",
    meaning: "How many calls run at once, 1 to 1024; more wait.",
    ..COMMON
};

pub(super) const CONSOLIDATE: Setting = Setting {
    name: "consolidate",
    variables: &["CARRYALL_CONSOLIDATE"],
    key: Some("consolidate"),
    default: "idle",
    example: "off",
    meaning: "When the memory is put in order besides `carryall consolidate`: `idle`, while nobody calls, or `off`.",
    ..COMMON
};

pub(super) const HOOKS: Setting = Setting {
    name: "hooks",
    variables: &["CARRYALL_HOOKS"],
    key: Some("hooks"),
    default: "on",
    example: "brief",
    meaning: "What `carryall hook` does: `on`, a brief when a session begins and its turns kept; `brief`, nothing kept; `off`.",
    ..COMMON
};

pub(super) const GIT_HISTORY: Setting = Setting {
    name: "git_history",
    variables: &["CARRYALL_GIT_HISTORY"],
    key: Some("git_history"),
    default: "true",
    example: "false",
    meaning: "Whether a search looks at past commits, too, where a workspace is a git repository. `git` reads them, if it \
              is installed, behind the answers; nothing that the repository sets has another program run.",
    ..COMMON
};

pub(super) const PROVIDER: Setting = Setting {
    name: "provider",
    flag: Some("--provider"),
    variables: &["LLM_PROVIDER"],
    key: Some("provider"),
    default: "the first with a key, else a local one that runs, else extractive",
    example: "anthropic",
    meaning: "Who answers `ask`: a built-in provider, one of the user file, or `extractive`, which needs no model.",
    ..COMMON
};

pub(super) const DAILY_USD: Setting = Setting {
    name: "budget.daily_usd",
    variables: &["CARRYALL_DAILY_USD"],
    key: Some("budget.daily_usd"),
    default: "none, but 1 while the provider is chosen by its key",
    example: "2.5",
    meaning: "The most that may be spent in a day, in USD.",
    ..COMMON
};

pub(super) const MONTHLY_USD: Setting = Setting {
    name: "budget.monthly_usd",
    variables: &["CARRYALL_MONTHLY_USD"],
    key: Some("budget.monthly_usd"),
    default: "none",
    example: "20",
    meaning: "The most that may be spent in a month, in USD.",
    ..COMMON
};

pub(super) const ASK_CASCADE: Setting = Setting {
    name: "ask.cascade",
    key: Some("ask.cascade"),
    default: "none",
    example: "anthropic,ollama",
    meaning: "Providers to fall back to, in order, each `provider` or `provider/model`.",
    ..COMMON
};

pub(super) const ASK_CONCURRENCY: Setting = Setting {
    name: "ask.concurrency",
    key: Some("ask.concurrency"),
    default: "64",
    example: "4",
    meaning: "How many asks may be under way at once, 1 to 65536; more wait.",
    ..COMMON
};

pub(super) const ASK_TIMEOUT: Setting = Setting {
    name: "ask.timeout_s",
    key: Some("ask.timeout_s"),
    default: "120",
    example: "60",
    meaning: "How long one `ask` may take when the call does not say, in seconds, 1 to 3600.",
    ..COMMON
};

pub(super) const ALLOW_HTTP: Setting = Setting {
    name: "allow_http",
    variables: &["CARRYALL_ALLOW_HTTP"],
    key: Some("allow_http"),
    default: "false",
    example: "true",
    meaning: "Whether a provider on another machine may be asked over plain http, where others can read along.",
    ..COMMON
};

pub(super) const EMBEDDER: Setting = Setting {
    name: "embedder.kind",
    variables: &["CARRYALL_EMBEDDER"],
    key: Some("embedder.kind"),
    default: "builtin",
    example: "ollama",
    meaning: "What finds memories by their meaning: `builtin` (in the program), `ollama` or `openai` (a server that \
              speaks the same), `folder` (a sentence-transformers model on this machine; needs a build with the \
              feature `candle`), `none` (by words alone). After a change, memories get new vectors in the background.",
    ..COMMON
};

pub(super) const EMBEDDER_FOLDER: Setting = Setting {
    name: "embedder.folder",
    variables: &["CARRYALL_EMBEDDER_FOLDER"],
    key: Some("embedder.folder"),
    default: "none",
    example: "~/models/all-MiniLM-L6-v2",
    meaning: "Where the model of `folder` is: `config.json`, `tokenizer.json` and `model.safetensors` of a BERT with \
              mean or first-token pooling.",
    ..COMMON
};

pub(super) const EMBEDDER_MODEL: Setting = Setting {
    name: "embedder.model",
    variables: &["CARRYALL_EMBEDDER_MODEL"],
    key: Some("embedder.model"),
    default: "nomic-embed-text for ollama, text-embedding-3-small for openai",
    example: "mxbai-embed-large",
    meaning: "The server's name for the embedding model.",
    ..COMMON
};

pub(super) const EMBEDDER_BASE_URL: Setting = Setting {
    name: "embedder.base_url",
    variables: &["CARRYALL_EMBEDDER_BASE_URL"],
    key: Some("embedder.base_url"),
    default: "that of the provider of the same name",
    example: "http://127.0.0.1:8080/v1",
    meaning: "The address of the embedder: with `/v1` for `openai`, the bare host for `ollama`.",
    ..COMMON
};

pub(super) const EMBEDDER_API_KEY: Setting = Setting {
    name: "embedder.api_key",
    variables: &["CARRYALL_EMBEDDER_API_KEY"],
    key: Some("embedder.api_key_env"),
    default: "the provider's, where its address is used too",
    example: "…",
    meaning: "The embedder's key. The file can only name another variable that holds it.",
    ..COMMON
};

pub(super) const ASK_PREFER: Setting = Setting {
    name: "ask.prefer",
    key: Some("ask.prefer"),
    default: "none: the provider's own model, or its default",
    example: "cost",
    meaning: "What a model is chosen by when neither the call nor `LLM_PROVIDER`'s own model says: `quality`, `speed` or `cost`.",
    ..COMMON
};

pub(super) const ASK_EXPLORE: Setting = Setting {
    name: "ask.explore_percent",
    key: Some("ask.explore_percent"),
    default: "5",
    example: "0",
    meaning: "Of so many questions in a hundred that prefer quality, 0 to 50, another model than the best is tried, nearly as good and not dearer, so that it can be rated (`give_feedback`). Never under a cap on cost, with temperature 0, amid a session, or when a model is named.",
    ..COMMON
};

pub(super) const ASK_HEDGE_MS: Setting = Setting {
    name: "ask.hedge_ms",
    key: Some("ask.hedge_ms"),
    default: "off",
    example: "4000",
    meaning: "When an answer has not begun after so many milliseconds, 1 to 600000, the next route is asked as well (the same one, if there is no other); the first to begin answers. The other may cost, too.",
    ..COMMON
};

pub(super) const CACHE_HISTORY: Setting = Setting {
    name: "cache.history_s",
    key: Some("cache.history_s"),
    default: "300",
    example: "60",
    meaning: "How long an answer about what was said or happened is kept, in seconds, 0 to 604800; 0 keeps none. So are those of `query_insights` about history and performance, unless something was written.",
    ..COMMON
};

pub(super) const CACHE_CODE: Setting = Setting {
    name: "cache.code_s",
    key: Some("cache.code_s"),
    default: "1800",
    example: "600",
    meaning: "The same of an answer about code, and about personas, frameworks and engagement.",
    ..COMMON
};

pub(super) const CACHE_KNOWLEDGE: Setting = Setting {
    name: "cache.knowledge_s",
    key: Some("cache.knowledge_s"),
    default: "3600",
    example: "86400",
    meaning: "The same of any other answer, and of insights over all.",
    ..COMMON
};

pub(super) const ASK_CACHE: Setting = Setting {
    name: "ask.cache",
    key: Some("ask.cache"),
    default: "deterministic",
    example: "all",
    meaning: "Which answers are kept for equal questions: `off`, `deterministic` (temperature 0), `all`.",
    ..COMMON
};

pub(super) const ASK_FIND_LOCAL: Setting = Setting {
    name: "ask.find_local",
    variables: &["CARRYALL_FIND_LOCAL"],
    key: Some("ask.find_local"),
    default: "true",
    example: "false",
    meaning: "Whether an Ollama or LM Studio that runs on this machine is used when no provider is configured.",
    ..COMMON
};

pub(super) const ASK_BREAKER: Setting = Setting {
    name: "ask.breaker_failures",
    key: Some("ask.breaker_failures"),
    default: "8",
    example: "3",
    meaning: "Failures in a row after which a model is paused for half a minute, longer if it keeps failing; 0 never pauses.",
    ..COMMON
};

pub(super) const ALLOW_UNKNOWN_PRICE: Setting = Setting {
    name: "budget.allow_unknown_price",
    key: Some("budget.allow_unknown_price"),
    default: "false",
    example: "true",
    meaning: "Whether a model without a known price may be asked under a cap, which then does not count it.",
    ..COMMON
};

pub(super) const MEMORY_SUPERSEDE: Setting = Setting {
    name: "memory.supersede_when_certain",
    key: Some("memory.supersede_when_certain"),
    default: "true",
    example: "false",
    meaning: "Whether a new fact takes the place of an old one that it contradicts for certain; else it is only told.",
    ..COMMON
};

pub(super) const MEMORY_SECRETS: Setting = Setting {
    name: "memory.secrets",
    key: Some("memory.secrets"),
    default: "redact",
    example: "refuse",
    meaning: "What happens to a memory, data or a note with a key, token, password or card number in it: `redact` or `refuse`.",
    ..COMMON
};

pub(super) const OTLP_ENDPOINT: Setting = Setting {
    name: "telemetry.endpoint",
    variables: &["OTEL_EXPORTER_OTLP_ENDPOINT"],
    key: Some("telemetry.endpoint"),
    default: "none: nothing is sent",
    example: "http://127.0.0.1:4318",
    meaning: "A collector that traces are sent to by OTLP over HTTP; `/v1/traces` is added. Names, times and counts go \
              out, never a question or an answer.",
    ..COMMON
};

pub(super) const OTLP_TRACES_ENDPOINT: Setting = Setting {
    name: "telemetry.traces_endpoint",
    variables: &["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"],
    key: Some("telemetry.traces_endpoint"),
    default: "none",
    example: "http://127.0.0.1:4318/v1/traces",
    meaning: "The same with its whole path; wins over the other.",
    ..COMMON
};

pub(super) const OTLP_HEADERS: Setting = Setting {
    name: "telemetry.headers",
    variables: &["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"],
    key: Some("telemetry.headers_env"),
    default: "none",
    example: "x-team=one",
    meaning: "Headers for the collector, as `name=value,name=value`. The file can only name another variable that holds \
              them.",
    ..COMMON
};

pub(super) const OTLP_PROTOCOL: Setting = Setting {
    name: "telemetry.protocol",
    variables: &["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"],
    key: Some("telemetry.protocol"),
    default: "http/json",
    example: "http/protobuf",
    meaning: "What the collector speaks. `http/json` is sent for `http/protobuf`, too, which receivers take at the same \
              address; `grpc` is not spoken.",
    ..COMMON
};

pub(super) const OTLP_TIMEOUT: Setting = Setting {
    name: "telemetry.timeout_ms",
    variables: &["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"],
    key: Some("telemetry.timeout_ms"),
    default: "10000",
    example: "2000",
    meaning: "How long the collector may take for one request, in milliseconds, 1 to 600000.",
    ..COMMON
};

pub(super) const OTEL_SERVICE_NAME: Setting = Setting {
    name: "telemetry.service_name",
    variables: &["OTEL_SERVICE_NAME"],
    key: Some("telemetry.service_name"),
    default: "carryall",
    example: "carryall-team",
    meaning: "What the collector calls this program.",
    ..COMMON
};

pub(super) const OTEL_DISABLED: Setting = Setting {
    name: "telemetry.disabled",
    variables: &["OTEL_SDK_DISABLED"],
    key: Some("telemetry.disabled"),
    default: "false",
    example: "true",
    meaning: "Sends nothing, whatever else is set.",
    ..COMMON
};

pub(super) const TRACE_DAYS: Setting = Setting {
    name: "records.trace_days",
    key: Some("records.trace_days"),
    default: "90",
    example: "30",
    meaning: "How long traces and packs are kept, in days, 1 to 36500. They are for finding out what went wrong, and who \
              looks does so within weeks.",
    ..COMMON
};

pub(super) const TRACE_MB: Setting = Setting {
    name: "records.trace_mb",
    key: Some("records.trace_mb"),
    default: "500",
    example: "100",
    meaning: "The most that all traces may take, in megabytes, and all packs, 1 to 1000000; the oldest go first. 500 are \
              some 300,000 calls, or 10,000 packs.",
    ..COMMON
};

pub(super) const CALL_DAYS: Setting = Setting {
    name: "records.call_days",
    key: Some("records.call_days"),
    default: "1100",
    example: "400",
    meaning: "How long the one narrow row of each call is kept that `insights` counts, with feedback and spending, in days, \
              1 to 36500: three years, so that a year can be compared with the one before. Spending stays for 62 days at \
              least, for the caps.",
    ..COMMON
};

pub(super) const CONTEXT_VERSIONS: Setting = Setting {
    name: "records.context_versions",
    key: Some("records.context_versions"),
    default: "100",
    example: "1000",
    meaning: "How many earlier versions of one context are kept, 1 to 1000000. A write that drops older ones says so.",
    ..COMMON
};

pub(super) const CONTEXT_MB: Setting = Setting {
    name: "records.context_mb",
    key: Some("records.context_mb"),
    default: "20",
    example: "200",
    meaning: "The most that the earlier versions of one context may take together, in megabytes, 1 to 1000000; the \
              latest of them is always kept.",
    ..COMMON
};

pub(super) const INCLUDE: Setting = Setting {
    name: "project.include",
    group: Group::Project,
    key: Some("include"),
    default: "everything",
    example: "src/**,docs/**",
    meaning: "Patterns of the files to index, as in `.gitignore`.",
    ..COMMON
};

pub(super) const EXCLUDE: Setting = Setting {
    name: "project.exclude",
    group: Group::Project,
    key: Some("exclude"),
    default: "none",
    example: "vendor/**",
    meaning: "Patterns of the files to leave out, besides those that are always left out.",
    ..COMMON
};

pub(super) const BUDGET_TOKENS: Setting = Setting {
    name: "project.budget_tokens",
    group: Group::Project,
    key: Some("budget_tokens"),
    default: "8000",
    example: "16000",
    meaning: "Tokens of a context pack when the call does not say, 256 to 200000.",
    ..COMMON
};

pub(super) const NAMESPACE: Setting = Setting {
    name: "project.namespace",
    group: Group::Project,
    key: Some("namespace"),
    default: "default",
    example: "work",
    meaning: "The namespace that a call means when it names none.",
    ..COMMON
};
