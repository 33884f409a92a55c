//! Puts together every provider that could be asked: the built-in ones and those of the user file.

use std::collections::BTreeMap;

use toml::de::DeTable;
use toml::de::DeValue;

use super::ConfigError;
use super::OpenAiApi;
use super::Price;
use super::ProviderConfig;
use super::ProviderKind;
use super::ProviderOptions;
use super::built_in::AZURE_API_VERSION;
use super::built_in::BuiltIn;
use super::built_in::OLLAMA_HOST;
use super::built_in::OPENAI_API;
use super::built_in::PROVIDERS;
use super::check;
use super::check::Wrong;
use super::error::HIDDEN;
use super::file::UserFile;
use super::settings::ALLOW_HTTP;
use super::sources::Found;
use super::sources::Origin;
use super::sources::Raw;
use super::sources::Sources;
use super::url;

/// The provider that needs no model; it is always there and has no settings.
pub(super) const EXTRACTIVE: &str = "extractive";

/// The APIs by name.
const APIS: [(&str, OpenAiApi); 2] = [("chat", OpenAiApi::Chat), ("responses", OpenAiApi::Responses)];

/// All providers by name.
pub(super) fn read(
    sources: &mut Sources<'_>,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<String, ProviderConfig>, ConfigError> {
    let mut providers = BTreeMap::new();
    let allow_http = sources.read(&ALLOW_HTTP, check::boolean, bool::to_string)?;
    for built_in in &PROVIDERS {
        let mut provider = read_built_in(sources, built_in)?;
        match built_in.kind {
            ProviderKind::OpenAi => {
                let show = |it: &OpenAiApi| show_api(*it).to_owned();
                provider.options.api = sources.read(&OPENAI_API, |raw| check::choice(raw, &APIS), show)?;
            }
            ProviderKind::Azure => {
                provider.api_version = sources.read_optional(&AZURE_API_VERSION, check::word, String::clone)?;
            }
            _ => {}
        }
        providers.insert(built_in.kind.name().to_owned(), provider);
    }
    if let Some(file) = sources.user_file {
        for (name, table) in file.tables("providers") {
            let section = Section { file, name: format!("providers.{name}"), table };
            match ProviderKind::ALL.into_iter().find(|it| it.name() == name) {
                Some(kind) => {
                    section.check_built_in(kind)?;
                    if let Some(provider) = providers.get_mut(name) {
                        section.read_options(sources, provider)?;
                    }
                }
                None => {
                    section.check_name(name)?;
                    providers.insert(name.to_owned(), section.read(sources, name)?);
                }
            }
        }
    }
    for (name, provider) in &mut providers {
        provider.options.allow_http |= allow_http;
        let bare_host = matches!(provider.kind, ProviderKind::Anthropic | ProviderKind::Ollama);
        if bare_host && provider.base_url.as_ref().is_some_and(|it| it.ends_with("/v1")) {
            warnings.push(format!("the address of the provider {name} ends in /v1, which is added to it once more"));
        }
    }
    Ok(providers)
}

fn read_built_in(sources: &mut Sources<'_>, built_in: &BuiltIn) -> Result<ProviderConfig, ConfigError> {
    let name = built_in.kind.name();
    let from_ollama_host =
        sources.find(&built_in.base_url).is_some_and(|it| it.variable.as_deref() == Some(OLLAMA_HOST));
    let check_url = |raw: &Raw<'_>| match from_ollama_host {
        true => url::ollama_host(&check::text(raw)?),
        false => url::base_url(&check::text(raw)?),
    };
    let base_url = sources.read_optional(&built_in.base_url, check_url, String::clone)?;
    let api_key_env = match sources.user_file.and_then(|it| it.find(&format!("providers.{name}.api_key_env"))) {
        Some(found) => found.check(&format!("providers.{name}.api_key_env"), variable_name)?,
        None => built_in.api_key.variables.first().copied().unwrap_or_default().to_owned(),
    };
    let api_key = sources.read_key(built_in.api_key.name, &api_key_env);
    Ok(ProviderConfig {
        kind: built_in.kind,
        base_url: base_url.or(built_in.default_url.map(str::to_owned)),
        api_key,
        api_key_env,
        model: sources.read_optional(&built_in.model, check::word, String::clone)?,
        api_version: None,
        options: ProviderOptions::default(),
    })
}

/// The name of a variable. In capitals, so that a key that was put here by mistake is seldom taken for one.
pub(super) fn variable_name(raw: &Raw<'_>) -> Result<String, Wrong> {
    let allowed = "the name of a variable in capital letters, digits and `_`, such as WORK_API_KEY; not the key itself";
    let wrong = || Wrong { value: Some(HIDDEN.to_owned()), allowed: allowed.to_owned() };
    let name = check::text(raw).map_err(|_| wrong())?;
    let legal = name.starts_with(|it: char| it.is_ascii_uppercase() || it == '_')
        && name.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_');
    if legal { Ok(name.into_owned()) } else { Err(wrong()) }
}

/// `[providers.NAME]` in the user file.
pub(super) struct Section<'f, 'a> {
    pub(super) file: &'f UserFile<'a>,
    pub(super) name: String,
    pub(super) table: &'f DeTable<'a>,
}

impl Section<'_, '_> {
    fn read(&self, sources: &mut Sources<'_>, name: &str) -> Result<ProviderConfig, ConfigError> {
        let origin = Origin::UserFile(self.file.path.clone());
        let Some(kind) = self.value("kind", kind)? else {
            return Err(self.wrong("kind", "missing", &kind_names()));
        };
        let base_url = self.value("base_url", |raw| url::base_url(&check::text(raw)?))?;
        let model = self.value("model", check::word)?;
        let api_version = self.value("api_version", check::word)?;
        if api_version.is_some() && kind != ProviderKind::Azure {
            return Err(self.wrong("api_version", "set", "only where kind is \"azure\""));
        }
        // Never the built-in provider's variable: its key would go to a foreign address.
        let api_key_env = match self.value("api_key_env", variable_name)? {
            Some(name) => name,
            None => format!("{}_API_KEY", name.to_ascii_uppercase().replace('-', "_")),
        };
        let default_url = PROVIDERS.iter().find(|it| it.kind == kind).and_then(|it| it.default_url);
        let base_url_origin = if base_url.is_some() { origin.clone() } else { Origin::Default };
        let base_url = base_url.or(default_url.map(str::to_owned));
        sources.show(&self.at("kind"), kind.name().to_owned(), origin.clone());
        sources.show(&self.at("base_url"), base_url.clone().unwrap_or_else(none), base_url_origin);
        let api_key = sources.read_key(&self.at("api_key"), &api_key_env);
        let model_origin = if model.is_some() { origin.clone() } else { Origin::Default };
        sources.show(&self.at("model"), model.clone().unwrap_or_else(none), model_origin);
        if let Some(version) = &api_version {
            sources.show(&self.at("api_version"), version.clone(), origin.clone());
        }
        let options = ProviderOptions::default();
        let mut provider = ProviderConfig { kind, base_url, api_key, api_key_env, model, api_version, options };
        if let Some(api) = self.value("api", |raw| check::choice(raw, &APIS))? {
            self.check_api(kind)?;
            sources.show(&self.at("api"), show_api(api).to_owned(), origin);
            provider.options.api = api;
        }
        self.read_options(sources, &mut provider)?;
        Ok(provider)
    }

    /// What a built-in provider has no variable for; shown only where it is set.
    fn read_options(&self, sources: &mut Sources<'_>, provider: &mut ProviderConfig) -> Result<(), ConfigError> {
        let origin = Origin::UserFile(self.file.path.clone());
        let options = &mut provider.options;
        if let Some(is_streamed) = self.value("stream", check::boolean)? {
            options.is_plain = !is_streamed;
            sources.show(&self.at("stream"), is_streamed.to_string(), origin.clone());
        }
        if let Some(allow) = self.value("allow_http", check::boolean)? {
            options.allow_http = allow;
            sources.show(&self.at("allow_http"), allow.to_string(), origin.clone());
        }
        if let Some(name) = self.value("key_header", |raw| header_name(&check::word(raw)?))? {
            sources.show(&self.at("key_header"), name.clone(), origin.clone());
            options.key_header = Some(name);
        }
        if let Some(found) = self.found("headers") {
            options.headers = found.check(&self.at("headers"), headers)?;
            let names: Vec<&str> = options.headers.iter().map(|it| it.0.as_str()).collect();
            sources.show(&self.at("headers"), names.join(","), origin);
        }
        Ok(())
    }

    /// A built-in provider's name with another kind would make the variables of one set the other.
    fn check_built_in(&self, kind: ProviderKind) -> Result<(), ConfigError> {
        if let Some(found) = self.value("kind", self::kind)?.filter(|it| *it != kind) {
            let allowed = format!("{}, as that is built in; give the provider another name", kind.name());
            return Err(self.wrong("kind", &format!("\"{}\"", found.name()), &allowed));
        }
        if kind != ProviderKind::OpenAi && self.table.contains_key("api") {
            return Err(self.wrong("api", "set", "only in [providers.openai] and in providers of your own"));
        }
        if kind != ProviderKind::Azure && self.table.contains_key("api_version") {
            return Err(self.wrong("api_version", "set", "only where kind is \"azure\""));
        }
        Ok(())
    }

    fn check_api(&self, kind: ProviderKind) -> Result<(), ConfigError> {
        match kind {
            ProviderKind::Anthropic | ProviderKind::Ollama => {
                Err(self.wrong("api", "set", "only where kind is openai, azure, openrouter or lmstudio"))
            }
            _ => Ok(()),
        }
    }

    fn check_name(&self, name: &str) -> Result<(), ConfigError> {
        let legal = name.starts_with(|it: char| it.is_ascii_lowercase())
            && name.len() <= 64
            && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || b"_-".contains(&it));
        if !legal || name == EXTRACTIVE {
            let allowed =
                "a name of lower-case letters, digits, `_` and `-` that begins with a letter; extractive is taken";
            return Err(self.wrong("kind", "given for a provider with an illegal name", allowed));
        }
        Ok(())
    }

    pub(super) fn value<T>(
        &self,
        key: &str,
        check: impl Fn(&Raw<'_>) -> Result<T, Wrong>,
    ) -> Result<Option<T>, ConfigError> {
        self.found(key).map(|it| it.check(&self.at(key), check)).transpose()
    }

    fn found(&self, key: &str) -> Option<Found<'_>> {
        self.table.get(key).map(|it| self.file.found(it))
    }

    fn at(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }

    pub(super) fn wrong(&self, key: &str, value: &str, allowed: &str) -> ConfigError {
        ConfigError::Value {
            setting: self.at(key),
            origin: Origin::UserFile(self.file.path.clone()),
            line: self.found(key).and_then(|it| it.line),
            value: value.to_owned(),
            allowed: allowed.to_owned(),
        }
    }
}

fn show_api(api: OpenAiApi) -> &'static str {
    APIS.iter().find(|it| it.1 == api).map_or("", |it| it.0)
}

/// Headers that the client sets by itself, that carry keys, or that belong to the connection.
const OWN_HEADERS: [&str; 12] = [
    "authorization",
    "x-api-key",
    "api-key",
    "cookie",
    "host",
    "content-length",
    "content-type",
    "connection",
    "transfer-encoding",
    "proxy-authorization",
    "upgrade",
    "te",
];

/// The headers in the table `headers`. A value is never shown: it may be a key after all.
fn headers(raw: &Raw<'_>) -> Result<Vec<(String, String)>, Wrong> {
    let allowed = "a table of names and texts, such as { x-portkey-provider = \"openai\" }; a key goes into a variable";
    let wrong = || Wrong { value: Some(HIDDEN.to_owned()), allowed: allowed.to_owned() };
    let Raw::Toml(DeValue::Table(table)) = raw else { return Err(wrong()) };
    let mut headers = Vec::new();
    for (name, value) in table {
        let name = header_name(name.get_ref()).map_err(|_| wrong())?;
        let value = value.get_ref().as_str().map(str::trim).ok_or_else(wrong)?;
        let is_legal = !value.is_empty() && value.bytes().all(|it| (b' '..=b'~').contains(&it));
        if OWN_HEADERS.contains(&name.as_str()) || !is_legal {
            return Err(wrong());
        }
        headers.push((name, value.to_owned()));
    }
    headers.sort();
    Ok(headers)
}

/// The name of a header, in lower case.
fn header_name(text: &str) -> Result<String, Wrong> {
    let name = text.to_ascii_lowercase();
    let legal = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-_".contains(&it);
    if name.is_empty() || name.len() > 100 || !name.bytes().all(legal) {
        return Err(Wrong::allowed("the name of a header, such as x-portkey-api-key"));
    }
    Ok(name)
}

fn kind(raw: &Raw<'_>) -> Result<ProviderKind, Wrong> {
    check::choice(raw, &ProviderKind::ALL.map(|it| (it.name(), it)))
}

fn kind_names() -> String {
    ProviderKind::ALL.map(ProviderKind::name).join(", ")
}

fn none() -> String {
    "none".to_owned()
}

/// `[prices."provider/model"]` in the user file.
pub(super) fn read_prices(
    sources: &mut Sources<'_>,
    providers: &BTreeMap<String, ProviderConfig>,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<String, Price>, ConfigError> {
    let mut prices = BTreeMap::new();
    let Some(file) = sources.user_file else { return Ok(prices) };
    for (model, table) in file.tables("prices") {
        let section = Section { file, name: format!("prices.\"{}\"", model.escape_debug()), table };
        let Some((provider, _)) = model.split_once('/').filter(|it| !it.0.is_empty() && !it.1.is_empty()) else {
            return Err(section.wrong("input", "given for no model", "[prices.\"provider/model\"]"));
        };
        if !providers.contains_key(provider) {
            warnings.push(format!("{} is the price of a provider that is not known", section.name));
        }
        let needed = |key: &str| section.value(key, check::usd)?.ok_or_else(|| section.wrong(key, "missing", NEEDED));
        let price = Price {
            input: needed("input")?,
            output: needed("output")?,
            cache_read: section.value("cache_read", check::usd)?,
            cache_write: section.value("cache_write", check::usd)?,
        };
        sources.show(&section.name, show_price(&price), Origin::UserFile(file.path.clone()));
        prices.insert(model.to_owned(), price);
    }
    Ok(prices)
}

const NEEDED: &str = "input and output in USD per million tokens; cache_read and cache_write may be left out";

fn show_price(price: &Price) -> String {
    let optional = |name, value: Option<f64>| value.map(|it| format!(", {name} {it}")).unwrap_or_default();
    format!(
        "input {}, output {}{}{}",
        price.input,
        price.output,
        optional("cache_read", price.cache_read),
        optional("cache_write", price.cache_write),
    )
}
