//! Brings all sources together.

use std::path::PathBuf;
use std::time::Duration;

use super::Config;
use super::ConfigError;
use super::Consolidate;
use super::Environment;
use super::Flags;
use super::Hooks;
use super::LogFormat;
use super::Project;
use super::Shown;
use super::Toolset;
use super::check;
use super::check::Wrong;
use super::embedder;
use super::env_file::EnvFile;
use super::error::quoted;
use super::file;
use super::file::UserFile;
use super::nearest::nearest;
use super::project;
use super::providers;
use super::providers::EXTRACTIVE;
use super::proxies::Proxies;
use super::retention;
use super::routing;
use super::settings;
use super::sources::Origin;
use super::sources::Raw;
use super::sources::Sources;
use super::telemetry;

/// The checked settings, and how they came about.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub config: Config,
    /// What `config show` prints: first the settings of [`settings()`](super::settings()), with providers and prices of
    /// the user file where they belong.
    pub settings: Vec<Shown>,
    /// What was ignored, or is probably not meant; for the log, `doctor` and `config show`.
    pub warnings: Vec<String>,
}

/// Turns flags, environment and files into checked settings.
///
/// A flag wins over a variable, that over the env file, that over the user file, that over the default. Reads at most
/// three files: the env file when it is named, the user file, the project file.
///
/// # Errors
/// See [`ConfigError`]; the project file never leads to one.
pub fn resolve(flags: &Flags, environment: &Environment) -> Result<Resolved, ConfigError> {
    let mut warnings = Vec::new();
    let mut sources = Sources { flags, environment, env_file: None, user_file: None, shown: Vec::new() };
    let a_path = |raw: &Raw<'_>| check::path(raw, environment);

    let config_default = environment.config_folder.as_ref().map(|it| it.join("carryall").join("config.toml"));
    let env_file = match sources.find(&settings::ENV_FILE) {
        Some(found) => Some(EnvFile::read(found.check(settings::ENV_FILE.name, a_path)?)?),
        None => None,
    };
    sources.env_file = env_file.as_ref();
    let config_named = sources.read_optional(&settings::CONFIG, a_path, show_path)?;
    sources.read_optional(&settings::ENV_FILE, a_path, show_path)?;
    let named = config_named.is_some();
    let config_path = config_named.or(config_default);
    let text = match &config_path {
        Some(path) => file::read_user_file(path, named)?,
        None => None,
    };
    let user_file = match (&config_path, &text) {
        (Some(path), Some(text)) => Some(UserFile::parse(path.clone(), text)?),
        _ => None,
    };
    if let (Some(file), false, Some(first)) = (&user_file, named, sources.shown.first_mut()) {
        first.value = show_path(&file.path);
    }
    let mut sources = Sources { user_file: user_file.as_ref(), ..sources };
    read_all(&mut sources, &mut warnings).map(|config| Resolved { config, settings: sources.shown, warnings })
}

/// Reads every setting in the order of the table.
fn read_all(sources: &mut Sources<'_>, warnings: &mut Vec<String>) -> Result<Config, ConfigError> {
    let environment = sources.environment;
    let db = read_db(sources)?;
    let roots =
        sources.read_optional(&settings::ROOTS, |raw| check::paths(raw, environment), |it| join(it, show_path))?;
    let toolsets = read_toolsets(sources)?;
    let read_only = sources.read(&settings::READ_ONLY, check::boolean, bool::to_string)?;
    let exclude_tools =
        sources.read_optional(&settings::EXCLUDE_TOOLS, check::tool_names, |it| join(it, String::clone))?;
    let text_only = sources.read(&settings::TEXT_ONLY, check::boolean, bool::to_string)?;
    let offline = sources.read(&settings::OFFLINE, check::boolean, bool::to_string)?;
    let formats = [LogFormat::Text, LogFormat::Json].map(|it| (it.name(), it));
    let log_format =
        sources.read(&settings::LOG_FORMAT, |raw| check::choice(raw, &formats), |it| it.name().to_owned())?;
    let log_filter = sources.read(&settings::LOG_FILTER, check::word, String::clone)?;
    let max_line_bytes =
        sources.read(&settings::MAX_LINE_BYTES, |raw| check::whole(raw, 1024..=1 << 30), u32::to_string)?;
    let concurrency = sources.read(&settings::CONCURRENCY, |raw| check::whole(raw, 1..=1024), u32::to_string)?;
    let times = [Consolidate::Idle, Consolidate::Off].map(|it| (it.name(), it));
    let consolidate =
        sources.read(&settings::CONSOLIDATE, |raw| check::choice(raw, &times), |it| it.name().to_owned())?;

    let switch = [Hooks::On, Hooks::Brief, Hooks::Off].map(|it| (it.name(), it));
    let hooks = sources.read(&settings::HOOKS, |raw| check::choice(raw, &switch), |it| it.name().to_owned())?;

    let git_history = sources.read(&settings::GIT_HISTORY, check::boolean, bool::to_string)?;

    // The provider that is asked for may be one of the user file, so those come first; they are shown after it.
    let mut shown = std::mem::take(&mut sources.shown);
    let providers = providers::read(sources, warnings)?;
    let prices = providers::read_prices(sources, &providers, warnings)?;
    let providers_shown = std::mem::replace(&mut sources.shown, std::mem::take(&mut shown));
    let known: Vec<&str> = providers.keys().map(String::as_str).chain([EXTRACTIVE]).collect();

    let llm_provider =
        sources.read_optional(&settings::PROVIDER, |raw| provider_name(&check::text(raw)?, &known), String::clone)?;
    let daily_usd = sources.read_optional(&settings::DAILY_USD, check::usd, f64::to_string)?;
    let monthly_usd = sources.read_optional(&settings::MONTHLY_USD, check::usd, f64::to_string)?;
    let cascade = |raw: &Raw<'_>| check::list(raw)?.iter().map(|it| route_name(it, &known)).collect();
    let cascade = sources.read_optional(&settings::ASK_CASCADE, cascade, |it: &Vec<_>| join(it, String::clone))?;
    let ask_concurrency =
        sources.read(&settings::ASK_CONCURRENCY, |raw| check::whole(raw, 1..=65_536), u32::to_string)?;
    let ask_timeout_s = sources.read(&settings::ASK_TIMEOUT, |raw| check::whole(raw, 1..=3600), u32::to_string)?;
    let embedder = embedder::read(sources, &providers, offline, warnings)?;
    let mut routing = routing::read(sources)?;
    let supersede_when_certain = sources.read(&settings::MEMORY_SUPERSEDE, check::boolean, bool::to_string)?;
    let secrets = [("redact", false), ("refuse", true)];
    let named = |refuse: &bool| if *refuse { "refuse" } else { "redact" }.to_owned();
    let refuse_secrets = sources.read(&settings::MEMORY_SECRETS, |raw| check::choice(raw, &secrets), named)?;
    // It is shown with the providers, which most of it is about.
    let allow_http = sources.find(&settings::ALLOW_HTTP).map(|it| it.check(settings::ALLOW_HTTP.name, check::boolean));
    let allow_http = allow_http.transpose()?.unwrap_or(false);
    let otlp = telemetry::read(sources, offline, allow_http, warnings)?;
    let records = telemetry::read_records(sources)?;
    sources.shown.extend(providers_shown);
    let retention = retention::read(sources)?;
    routing::read_tables(sources, &providers, &mut routing, warnings)?;

    Ok(Config {
        db,
        working_folder: environment.working_folder.clone(),
        home: environment.home.clone(),
        roots: roots.unwrap_or_default(),
        toolsets,
        read_only,
        exclude_tools: exclude_tools.unwrap_or_default(),
        text_only,
        offline,
        proxies: Proxies::read(environment),
        log_format,
        log_filter,
        max_line_bytes: max_line_bytes as usize,
        concurrency: concurrency as usize,
        llm_provider,
        providers,
        ask_timeout: Duration::from_secs(ask_timeout_s.into()),
        ask_concurrency: ask_concurrency as usize,
        cascade: cascade.unwrap_or_default(),
        routing,
        supersede_when_certain,
        refuse_secrets,
        daily_usd,
        monthly_usd,
        prices,
        consolidate,
        hooks,
        git: git_history.then(|| environment.program("git")).flatten(),
        retention,
        otlp,
        records,
        embedder,
        project: read_project(sources, warnings),
    })
}

fn read_db(sources: &mut Sources<'_>) -> Result<PathBuf, ConfigError> {
    let environment = sources.environment;
    match sources.read_optional(&settings::DB, |raw| check::path(raw, environment), show_path)? {
        Some(path) => Ok(path),
        None => {
            let folder = environment.data_folder.as_ref().ok_or(ConfigError::NoHome)?;
            let path = folder.join("carryall").join("carryall.db");
            if let Some(shown) = sources.shown.last_mut() {
                shown.value = show_path(&path);
            }
            Ok(path)
        }
    }
}

/// In the order of [`Toolset::ALL`], each once.
fn read_toolsets(sources: &mut Sources<'_>) -> Result<Vec<Toolset>, ConfigError> {
    let known = Toolset::ALL.map(|it| (it.name(), it));
    let in_order = |raw: &Raw<'_>| {
        let asked_for = check::choices(raw, &known)?;
        Ok(Toolset::ALL.into_iter().filter(|it| asked_for.contains(it)).collect())
    };
    sources.read(&settings::TOOLSETS, in_order, |it: &Vec<_>| join(it, |it| it.name().to_owned()))
}

/// `name`, if it is one of `known`; capital letters do not count.
fn provider_name(name: &str, known: &[&str]) -> Result<String, Wrong> {
    let name = name.trim().to_ascii_lowercase();
    if known.contains(&name.as_str()) {
        return Ok(name);
    }
    let hint = nearest(&name, known.iter().copied()).map(|it| format!(" (did you mean {it}?)")).unwrap_or_default();
    Err(Wrong { value: Some(quoted(&name)), allowed: format!("{}{hint}", known.join(", ")) })
}

/// `name` or `name/model`, where `name` is one of `known`.
fn route_name(text: &str, known: &[&str]) -> Result<String, Wrong> {
    let text = text.trim();
    match text.split_once('/') {
        Some((name, model)) if !model.trim().is_empty() => {
            Ok(format!("{}/{}", provider_name(name, known)?, model.trim()))
        }
        _ => provider_name(text, known),
    }
}

/// What the working folder asks for, unless its file is the user file, which has been read.
fn read_project(sources: &mut Sources<'_>, warnings: &mut Vec<String>) -> Project {
    let folder = &sources.environment.working_folder;
    if sources.user_file.is_some_and(|it| it.path == folder.join(project::FILE_NAME)) {
        for setting in settings::settings().iter().filter(|it| it.group == settings::Group::Project) {
            sources.show(setting.name, setting.default.to_owned(), Origin::Default);
        }
        return Project::default();
    }
    project::read(folder, &mut sources.shown, warnings)
}

#[expect(clippy::ptr_arg, reason = "passed as a function over the checked type, which is a PathBuf")]
fn show_path(path: &PathBuf) -> String {
    path.display().to_string()
}

fn join<T>(list: &[T], show: impl Fn(&T) -> String) -> String {
    if list.is_empty() { "none".to_owned() } else { list.iter().map(show).collect::<Vec<_>>().join(",") }
}
