//! Where traces are sent, and how long the records of calls are kept here.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::ConfigError;
use super::Secret;
use super::check;
use super::check::Wrong;
use super::providers::variable_name;
use super::settings;
use super::settings::Setting;
use super::sources::Origin;
use super::sources::Raw;
use super::sources::Sources;
use super::url;

/// The collector that traces are sent to.
#[derive(Clone, Debug)]
pub struct Otlp {
    /// The whole address, to which spans are posted.
    pub url: String,
    /// Sent with every request; any of them may hold a key.
    pub headers: Vec<(String, Secret)>,
    pub service_name: String,
    /// How long one request may take.
    pub timeout: Duration,
}

/// How long the records of calls, and earlier versions of contexts, are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Records {
    pub trace_days: u32,
    /// The most that all traces may take, in megabytes.
    pub trace_mb: u32,
    /// Of the narrow rows that `query_insights` counts, of feedback and of spending.
    pub call_days: u32,
    /// Earlier versions of one context, how many and how large together.
    pub context_versions: u32,
    pub context_mb: u32,
}

/// The two ways in which spans can be encoded for HTTP, and the one that is not HTTP. A receiver of OTLP over HTTP has
/// to take both of the first.
const PROTOCOLS: [(&str, &str); 3] = [("http/json", "http/json"), ("http/protobuf", "http/protobuf"), (GRPC, GRPC)];
const GRPC: &str = "grpc";

/// Reads `[telemetry]`. The variables are those of OpenTelemetry, which other programs share: what is wrong with one of
/// them is a warning, and nothing is sent.
pub(super) fn read(
    sources: &mut Sources<'_>,
    offline: bool,
    allow_http: bool,
    warnings: &mut Vec<String>,
) -> Result<Option<Otlp>, ConfigError> {
    let before = warnings.len();
    let address = |raw: &Raw<'_>| url::base_url(&check::text(raw)?);
    let base = shared(sources, &settings::OTLP_ENDPOINT, warnings, address)?;
    let whole = shared(sources, &settings::OTLP_TRACES_ENDPOINT, warnings, address)?;
    let headers = read_headers(sources, warnings)?;
    let protocol = shared(sources, &settings::OTLP_PROTOCOL, warnings, |raw| check::choice(raw, &PROTOCOLS))?;
    let timeout_ms = shared(sources, &settings::OTLP_TIMEOUT, warnings, |raw| check::whole(raw, 1..=600_000))?;
    let service_name = shared(sources, &settings::OTEL_SERVICE_NAME, warnings, check::word)?;
    let disabled = shared(sources, &settings::OTEL_DISABLED, warnings, check::boolean)?.unwrap_or(false);
    let Some(url) = whole.or_else(|| base.map(|it| format!("{it}/v1/traces"))) else { return Ok(None) };
    if disabled || offline || warnings.len() > before {
        return Ok(None);
    }
    if protocol == Some(GRPC) {
        warnings.push(
            "traces are not sent: OTLP goes by HTTP from here, not by grpc (OTEL_EXPORTER_OTLP_PROTOCOL=http/json)"
                .to_owned(),
        );
        return Ok(None);
    }
    if url.starts_with("http://") && !allow_http && !url::is_loopback(&url) {
        warnings.push(format!(
            "traces are not sent to {url}: it is plain http on another machine; use https, or allow_http = true \
             (CARRYALL_ALLOW_HTTP)"
        ));
        return Ok(None);
    }
    let default_ms: u64 = settings::OTLP_TIMEOUT.default.parse().unwrap_or(10_000);
    Ok(Some(Otlp {
        url,
        headers,
        service_name: service_name.unwrap_or_else(|| settings::OTEL_SERVICE_NAME.default.to_owned()),
        timeout: Duration::from_millis(timeout_ms.map_or(default_ms, u64::from)),
    }))
}

/// Reads `[records]`.
pub(super) fn read_records(sources: &mut Sources<'_>) -> Result<Records, ConfigError> {
    let days = |raw: &Raw<'_>| check::whole(raw, 1..=36_500);
    let million = |raw: &Raw<'_>| check::whole(raw, 1..=1_000_000);
    Ok(Records {
        trace_days: sources.read(&settings::TRACE_DAYS, days, u32::to_string)?,
        trace_mb: sources.read(&settings::TRACE_MB, million, u32::to_string)?,
        call_days: sources.read(&settings::CALL_DAYS, days, u32::to_string)?,
        context_versions: sources.read(&settings::CONTEXT_VERSIONS, million, u32::to_string)?,
        context_mb: sources.read(&settings::CONTEXT_MB, million, u32::to_string)?,
    })
}

/// A setting whose variable other programs read, too.
fn shared<T: ToString>(
    sources: &mut Sources<'_>,
    setting: &Setting,
    warnings: &mut Vec<String>,
    check: impl Fn(&Raw<'_>) -> Result<T, Wrong>,
) -> Result<Option<T>, ConfigError> {
    match sources.read_optional(setting, check, T::to_string) {
        Err(err @ ConfigError::Value { origin: Origin::Variable(_), .. }) => {
            warnings.push(format!("traces are not sent: {err}"));
            sources.show(setting.name, setting.default.to_owned(), Origin::Default);
            Ok(None)
        }
        other => other,
    }
}

/// `name=value` pairs with commas between them, percent-encoded. The file can only name a variable that holds them.
fn read_headers(sources: &mut Sources<'_>, warnings: &mut Vec<String>) -> Result<Vec<(String, Secret)>, ConfigError> {
    let setting = &settings::OTLP_HEADERS;
    let named = setting.key.and_then(|key| sources.user_file?.find(key));
    let named = named.map(|it| it.check(setting.name, variable_name)).transpose()?;
    let variables = named.as_deref().into_iter().chain(setting.variables.iter().copied());
    let Some((variable, found)) = variables.into_iter().find_map(|it| Some((it.to_owned(), sources.variable(it)?)))
    else {
        sources.show(setting.name, setting.default.to_owned(), Origin::Default);
        return Ok(Vec::new());
    };
    let origin = found.origin.clone();
    let text = check::text(&found.raw).map(|it| it.into_owned()).unwrap_or_default();
    let headers = headers(&text);
    let said = if headers.is_some() { format!("set, from {variable}") } else { setting.default.to_owned() };
    sources.show(setting.name, said, origin);
    if headers.is_none() {
        warnings.push(format!("traces are not sent: {variable} must have the form name=value,name=value"));
    }
    Ok(headers.unwrap_or_default())
}

fn headers(text: &str) -> Option<Vec<(String, Secret)>> {
    let pairs = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?.into_owned();
            let name = name.trim().to_ascii_lowercase();
            let is_name = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
            let sound =
                !name.is_empty() && name.bytes().all(is_name) && value.bytes().all(|it| (0x20..0x7f).contains(&it));
            sound.then(|| (name, Secret::new(value)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::headers;

    #[test]
    fn headers_are_read_as_opentelemetry_writes_them() {
        let read = |text: &str| {
            let pairs = headers(text)?;
            Some(pairs.into_iter().map(|(name, value)| format!("{name}: {}", value.reveal())).collect::<Vec<_>>())
        };
        assert_eq!(read("").as_deref(), Some(&[][..]));
        let expected = vec!["authorization: Bearer a=b".to_owned(), "x-team: 1".to_owned()];
        assert_eq!(read("Authorization=Bearer%20a=b, x-team=1,"), Some(expected));
        for wrong in ["novalue", "=x", "a b=c", "a=b%0d%0aevil: 1", "a=\u{e9}"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
