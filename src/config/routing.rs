//! How a question finds its model: preferences, limits, what models can do. All of it is harmless to get wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ConfigError;
use super::ProviderConfig;
use super::check;
use super::check::Wrong;
use super::providers::Section;
use super::settings;
use super::sources::Origin;
use super::sources::Raw;
use super::sources::Sources;

/// What a route is chosen by when nobody names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    Quality,
    Speed,
    Cost,
}

impl Prefer {
    pub const ALL: [Prefer; 3] = [Prefer::Quality, Prefer::Speed, Prefer::Cost];

    /// The name in files and calls.
    pub fn name(self) -> &'static str {
        match self {
            Prefer::Quality => "quality",
            Prefer::Speed => "speed",
            Prefer::Cost => "cost",
        }
    }
}

/// Which answers are kept for equal questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    Off,
    /// Those of questions with temperature 0.
    #[default]
    Deterministic,
    /// All that are whole.
    All,
}

impl Caching {
    const ALL: [Caching; 3] = [Caching::Off, Caching::Deterministic, Caching::All];

    fn name(self) -> &'static str {
        match self {
            Caching::Off => "off",
            Caching::Deterministic => "deterministic",
            Caching::All => "all",
        }
    }
}

/// `[limits.NAME]`: what one provider may be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProviderLimit {
    pub requests_per_minute: Option<u32>,
    /// Of input, as far as it is counted before.
    pub tokens_per_minute: Option<u32>,
    /// At once.
    pub concurrency: Option<u32>,
}

/// `[models."provider/model"]`: what a model is and can do, before what the program knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelTraits {
    /// 1 to 5.
    pub quality: Option<u32>,
    /// Most tokens of input, and of output.
    pub window: Option<u32>,
    pub output: Option<u32>,
    pub images: Option<bool>,
    pub schema: Option<bool>,
    pub tools: Option<bool>,
}

/// Everything about routes that can be set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routing {
    /// When a call does not say.
    pub prefer: Option<Prefer>,
    /// The share of questions that prefer quality for which another model than the best is tried, 0.0..=0.5.
    pub explore: f64,
    /// How long an answer may take to begin before a second one is asked for.
    pub hedge_after: Option<Duration>,
    pub caching: Caching,
    /// How long a kept answer holds.
    pub cache_times: CacheTimes,
    /// Whether a local server that runs is used when nothing is configured.
    pub find_local: bool,
    /// Failures in a row after which a model is left alone for a while; 0 is never.
    pub breaker_failures: u32,
    /// Whether a model without a known price may be asked under a cap.
    pub allow_unknown_price: bool,
    /// By provider.
    pub limits: BTreeMap<String, ProviderLimit>,
    /// By `provider/model`.
    pub models: BTreeMap<String, ModelTraits>,
}

/// How long kept answers hold, by what they are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheTimes {
    /// What was said or happened.
    pub history: Duration,
    pub code: Duration,
    pub knowledge: Duration,
}

impl Default for CacheTimes {
    /// The defaults of the settings.
    fn default() -> CacheTimes {
        let seconds = Duration::from_secs;
        CacheTimes { history: seconds(300), code: seconds(1_800), knowledge: seconds(3_600) }
    }
}

/// The keys below `[limits.NAME]` and `[models."provider/model"]`.
pub(super) const LIMIT_KEYS: &[&str] = &["requests_per_minute", "tokens_per_minute", "concurrency"];
pub(super) const MODEL_KEYS: &[&str] = &["quality", "window", "output", "images", "schema", "tools"];

/// The settings with fixed names, in the order of the table of settings.
pub(super) fn read(sources: &mut Sources<'_>) -> Result<Routing, ConfigError> {
    let prefers = Prefer::ALL.map(|it| (it.name(), it));
    let prefer =
        sources.read_optional(&settings::ASK_PREFER, |raw| check::choice(raw, &prefers), |it| it.name().to_owned())?;
    let explore = sources.read(&settings::ASK_EXPLORE, |raw| check::whole(raw, 0..=50), u32::to_string)?;
    let hedge_ms =
        sources.read_optional(&settings::ASK_HEDGE_MS, |raw| check::whole(raw, 1..=600_000), u32::to_string)?;
    let cachings = Caching::ALL.map(|it| (it.name(), it));
    let caching = sources.read(&settings::ASK_CACHE, |raw| check::choice(raw, &cachings), |it| it.name().to_owned())?;
    let mut seconds = |setting: &super::Setting| -> Result<Duration, ConfigError> {
        let read = sources.read(setting, |raw| check::whole(raw, 0..=604_800), u32::to_string)?;
        Ok(Duration::from_secs(read.into()))
    };
    let cache_times = CacheTimes {
        history: seconds(&settings::CACHE_HISTORY)?,
        code: seconds(&settings::CACHE_CODE)?,
        knowledge: seconds(&settings::CACHE_KNOWLEDGE)?,
    };
    let find_local = sources.read(&settings::ASK_FIND_LOCAL, check::boolean, bool::to_string)?;
    let breaker_failures =
        sources.read(&settings::ASK_BREAKER, |raw| check::whole(raw, 0..=1_000_000), u32::to_string)?;
    let allow_unknown_price = sources.read(&settings::ALLOW_UNKNOWN_PRICE, check::boolean, bool::to_string)?;
    Ok(Routing {
        prefer,
        explore: f64::from(explore) / 100.0,
        hedge_after: hedge_ms.map(|it| Duration::from_millis(it.into())),
        caching,
        cache_times,
        find_local,
        breaker_failures,
        allow_unknown_price,
        ..Routing::default()
    })
}

/// `[limits.NAME]` and `[models."provider/model"]` in the user file.
pub(super) fn read_tables(
    sources: &mut Sources<'_>,
    providers: &BTreeMap<String, ProviderConfig>,
    routing: &mut Routing,
    warnings: &mut Vec<String>,
) -> Result<(), ConfigError> {
    let Some(file) = sources.user_file else { return Ok(()) };
    for (name, table) in file.tables("limits") {
        let section = Section { file, name: format!("limits.{name}"), table };
        if !providers.contains_key(name) {
            warnings.push(format!("{} limits a provider that is not known", section.name));
        }
        let limit = ProviderLimit {
            requests_per_minute: section.value("requests_per_minute", many)?,
            tokens_per_minute: section.value("tokens_per_minute", many)?,
            concurrency: section.value("concurrency", many)?,
        };
        let shown = [
            ("requests_per_minute", limit.requests_per_minute),
            ("tokens_per_minute", limit.tokens_per_minute),
            ("concurrency", limit.concurrency),
        ];
        sources.show(&section.name, show(&shown), Origin::UserFile(file.path.clone()));
        routing.limits.insert(name.to_owned(), limit);
    }
    for (name, table) in file.tables("models") {
        let section = Section { file, name: format!("models.\"{}\"", name.escape_debug()), table };
        let Some((provider, _)) = name.split_once('/').filter(|it| !it.0.is_empty() && !it.1.is_empty()) else {
            return Err(section.wrong("quality", "given for no model", "[models.\"provider/model\"]"));
        };
        if !providers.contains_key(provider) {
            warnings.push(format!("{} is a model of a provider that is not known", section.name));
        }
        let traits = ModelTraits {
            quality: section.value("quality", |raw| check::whole(raw, 1..=5))?,
            window: section.value("window", many)?,
            output: section.value("output", many)?,
            images: section.value("images", check::boolean)?,
            schema: section.value("schema", check::boolean)?,
            tools: section.value("tools", check::boolean)?,
        };
        let flag = |it: Option<bool>| it.map(u32::from);
        let shown = [
            ("quality", traits.quality),
            ("window", traits.window),
            ("output", traits.output),
            ("images", flag(traits.images)),
            ("schema", flag(traits.schema)),
            ("tools", flag(traits.tools)),
        ];
        sources.show(&section.name, show(&shown), Origin::UserFile(file.path.clone()));
        routing.models.insert(name.to_owned(), traits);
    }
    Ok(())
}

fn many(raw: &Raw<'_>) -> Result<u32, Wrong> {
    check::whole(raw, 1..=1_000_000_000)
}

fn show(values: &[(&str, Option<u32>)]) -> String {
    let given: Vec<String> = values.iter().filter_map(|(name, it)| Some(format!("{name} {}", (*it)?))).collect();
    if given.is_empty() { "nothing".to_owned() } else { given.join(", ") }
}
