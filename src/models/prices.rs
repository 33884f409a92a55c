//! What an answer costs, from a table with its source and date.
//!
//! A price that is not known is unknown, never zero. Only a local model costs nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Usage;
use crate::config::Price;

/// The table that comes with the program.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // A test reads the whole table; should it still be broken, prices are unknown, which is true.
    toml::from_str(include_str!("prices.toml")).unwrap_or_default()
});

/// The provider that hands requests on to those who made the model.
const OPENROUTER: &str = "openrouter";

/// The usual rates of the dearest models in the table, for those at OpenRouter that are not in it.
const DEAREST: MaxPrice = MaxPrice { input: 12.5, output: 50.0 };

/// The most that a provider may ask for a request, in USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPrice {
    pub input: f64,
    pub output: f64,
}

/// Prices by `provider/model`: the user's own, then the program's.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    own: BTreeMap<String, Price>,
}

#[derive(Debug, Default, Deserialize)]
struct Table {
    source: String,
    date: String,
    default_models: BTreeMap<String, String>,
    models: BTreeMap<String, Entry>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
    cache_write_1h: Option<f64>,
    above: Option<Above>,
    /// Most tokens of input.
    window: Option<u64>,
}

/// Rates for the whole request when its input has more than `tokens`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Above {
    tokens: u64,
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
    cache_write_1h: Option<f64>,
}

/// USD per million tokens.
#[derive(Clone, Copy, Debug)]
struct Rates {
    input: f64,
    output: f64,
    cache_read: f64,
    cache_write: f64,
    cache_write_1h: f64,
}

impl Prices {
    /// The program's prices behind the user's `own`.
    pub fn new(own: BTreeMap<String, Price>) -> Prices {
        Prices { own }
    }

    /// Where the program's prices are from and when they were read, such as `2026-11-21`.
    pub fn source() -> (&'static str, &'static str) {
        (&TABLE.source, &TABLE.date)
    }

    /// The model that is asked at `provider` when nobody names one.
    pub fn default_model(provider: &str) -> Option<&'static str> {
        TABLE.default_models.get(provider).map(String::as_str)
    }

    /// Most tokens of input that a model takes, when it is in the table. OpenRouter's models take what their makers' do.
    pub fn window(&self, provider: &str, model: &str) -> Option<u64> {
        let (provider, model) = at_maker(provider, model).unwrap_or((provider, model.into()));
        entry(provider, &model)?.window
    }

    /// What `usage` will cost in USD, to compare models by: OpenRouter hands on for the maker's price. What an answer did
    /// cost is said by [`Prices::cost_usd`].
    pub(super) fn expected_usd(&self, provider: &str, model: &str, usage: &Usage) -> Option<f64> {
        self.cost_usd(provider, model, usage).or_else(|| {
            let (maker, model) = at_maker(provider, model)?;
            self.cost_usd(maker, &model, usage)
        })
    }

    /// The rates that `model` may have at OpenRouter under a cap, which are sent along: its maker's for such a request,
    /// else those of the dearest models that are listed. `None` for what costs more than its tokens.
    pub(super) fn ceiling(&self, model: &str, input_tokens: u64) -> Option<MaxPrice> {
        // Searching the web costs by the request, whatever the tokens do.
        if model.ends_with(":online") {
            return None;
        }
        let made = at_maker(OPENROUTER, model).and_then(|(maker, model)| self.rates(maker, &model, input_tokens));
        Some(made.map_or(DEAREST, |it| MaxPrice { input: it.input.max(it.cache_write), output: it.output }))
    }

    /// What `usage` costs in USD. `None` when the price or one of the counts of input and output is unknown.
    ///
    /// A dated model costs what the one without the date does, unless it has a price of its own. Tokens in the cache
    /// cost what fresh input does where no rate for them is known.
    pub fn cost_usd(&self, provider: &str, model: &str, usage: &Usage) -> Option<f64> {
        let fresh = usage.input_tokens?;
        let output = usage.output_tokens?;
        let read = usage.cached_input_tokens.unwrap_or(0);
        let written = usage.cache_write_tokens.unwrap_or(0);
        let written_1h = usage.cache_write_1h_tokens.unwrap_or(0).min(written);
        let input = fresh.saturating_add(read).saturating_add(written);
        // No question and no answer is made of nothing: a provider that says so did not count.
        if input == 0 || output == 0 {
            return None;
        }
        let rates = self.rates(provider, model, input)?;
        let micros = [
            (fresh, rates.input),
            (read, rates.cache_read),
            (written - written_1h, rates.cache_write),
            (written_1h, rates.cache_write_1h),
            (output, rates.output),
        ];
        // Exact up to 2^53 tokens.
        #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 tokens")]
        Some(micros.iter().map(|(tokens, rate)| *tokens as f64 * rate).sum::<f64>() / 1e6)
    }

    /// What `input_tokens` cost at most, and each token of output: as if all of the input were written to the
    /// provider's cache, where that costs more. USD; `None` when the price is unknown.
    pub(super) fn worst(&self, provider: &str, model: &str, input_tokens: u64) -> Option<(f64, f64)> {
        let rates = self.rates(provider, model, input_tokens)?;
        let input = rates.input.max(rates.cache_write).max(rates.cache_read);
        #[expect(clippy::cast_precision_loss, reason = "no question has 2^53 tokens")]
        Some((input_tokens as f64 * input / 1e6, rates.output / 1e6))
    }

    fn rates(&self, provider: &str, model: &str, input_tokens: u64) -> Option<Rates> {
        if let Some(price) = self.own.get(&format!("{provider}/{model}")) {
            let cache_write = price.cache_write.unwrap_or(price.input);
            return Some(Rates {
                input: price.input,
                output: price.output,
                cache_read: price.cache_read.unwrap_or(price.input),
                cache_write,
                cache_write_1h: cache_write,
            });
        }
        let entry = entry(provider, model)?;
        let above = entry.above.filter(|it| input_tokens > it.tokens);
        let input = above.map_or(entry.input, |it| it.input);
        let pick = |raised: Option<f64>, normal: Option<f64>, otherwise: f64| raised.or(normal).unwrap_or(otherwise);
        let cache_write = pick(above.and_then(|it| it.cache_write), entry.cache_write, input);
        Some(Rates {
            input,
            output: above.map_or(entry.output, |it| it.output),
            cache_read: pick(above.and_then(|it| it.cache_read), entry.cache_read, input),
            cache_write,
            cache_write_1h: pick(above.and_then(|it| it.cache_write_1h), entry.cache_write_1h, cache_write),
        })
    }
}

/// Who made a model that OpenRouter hands on, with the maker's own name for it: `anthropic/claude-sonnet-4.5` is
/// Anthropic's `claude-sonnet-4-5`.
pub(super) fn at_maker<'a>(provider: &str, model: &'a str) -> Option<(&'a str, Cow<'a, str>)> {
    if provider != OPENROUTER {
        return None;
    }
    let (maker, model) = model.split_once('/')?;
    let model = model.split_once(':').map_or(model, |it| it.0);
    let name = if maker == "anthropic" { Cow::Owned(model.replace('.', "-")) } else { Cow::Borrowed(model) };
    Some((maker, name))
}

fn entry(provider: &str, model: &str) -> Option<Entry> {
    let find = |model: &str| TABLE.models.get(&format!("{provider}/{model}")).copied();
    find(model).or_else(|| find(without_date(model)?))
}

/// `gpt-5.4` of `gpt-5.4-2026-03-05`, `claude-opus-4-5` of `claude-opus-4-5-20251101`.
fn without_date(model: &str) -> Option<&str> {
    let is_digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|it| it.is_ascii_digit());
    let (rest, day) = model.rsplit_once('-')?;
    if is_digits(day, 8) {
        return Some(rest);
    }
    let (rest, month) = rest.rsplit_once('-')?;
    let (rest, year) = rest.rsplit_once('-')?;
    (is_digits(day, 2) && is_digits(month, 2) && is_digits(year, 4)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input: u64, read: u64, written: u64, output: u64) -> Usage {
        Usage {
            input_tokens: Some(input),
            cached_input_tokens: Some(read),
            cache_write_tokens: Some(written),
            output_tokens: Some(output),
            ..Usage::default()
        }
    }

    fn check(model: &str, usage: &Usage, expected: Option<f64>) {
        let prices = Prices::new(BTreeMap::from([(
            "mine/m".to_owned(),
            Price { input: 1.0, output: 2.0, cache_read: None, cache_write: None },
        )]));
        let (provider, model) = model.split_once('/').unwrap();
        let cost = prices.cost_usd(provider, model, usage);
        match (cost, expected) {
            (Some(cost), Some(expected)) => assert!((cost - expected).abs() < 1e-12, "{cost} is not {expected}"),
            _ => assert_eq!(cost, expected, "{model}"),
        }
    }

    #[test]
    fn the_table_is_whole() {
        let table: Table = toml::from_str(include_str!("prices.toml")).unwrap();
        assert!(table.models.len() > 30);
        assert!(crate::clock::parse(&table.date).is_ok());
        assert!(!table.source.is_empty());
        for (name, entry) in &table.models {
            assert!(entry.input > 0.0 && entry.output > entry.input, "{name}");
            assert!(entry.cache_read.is_none_or(|it| it < entry.input), "{name}");
            assert!(entry.cache_write.is_none_or(|it| it >= entry.input), "{name}");
        }
        for (provider, model) in &table.default_models {
            assert!(provider == "openrouter" || table.models.contains_key(&format!("{provider}/{model}")), "{model}");
        }
    }

    #[test]
    fn each_kind_of_token_has_its_rate() {
        check("anthropic/claude-sonnet-4-6", &usage(1_000_000, 1_000_000, 1_000_000, 1_000_000), Some(22.05));
        check("openai/gpt-4o-mini", &usage(1000, 200, 0, 50), Some(0.000_195));
        let an_hour = Usage { cache_write_1h_tokens: Some(400_000), ..usage(0, 0, 1_000_000, 1_000_000) };
        check("anthropic/claude-sonnet-4-6", &an_hour, Some(19.65));
    }

    #[test]
    fn a_large_input_raises_every_rate() {
        check("openai/gpt-5.4", &usage(272_000, 0, 0, 1000), Some(0.695));
        check("openai/gpt-5.4", &usage(172_000, 100_001, 0, 1000), Some(0.932_500_5));
    }

    #[test]
    fn a_dated_name_costs_what_the_plain_one_does() {
        check("openai/gpt-4o-mini-2024-07-18", &usage(1_000_000, 0, 0, 1_000_000), Some(0.75));
        check("anthropic/claude-opus-4-5-20251101", &usage(1_000_000, 0, 0, 1_000_000), Some(30.0));
    }

    #[test]
    fn what_is_not_known_is_not_zero() {
        check("openai/gpt-99", &usage(1, 0, 0, 1), None);
        check("azure/gpt-4o-mini", &usage(1, 0, 0, 1), None);
        check("openai/gpt-4o-mini", &Usage { output_tokens: None, ..usage(1, 0, 0, 1) }, None);
        check("openai/gpt-4o-mini", &Usage::default(), None);
        check("openai/gpt-4o-mini", &usage(0, 0, 0, 0), None);
    }

    #[test]
    fn a_model_at_openrouter_is_expected_to_cost_what_its_maker_asks() {
        let prices = Prices::default();
        let usage = usage(1_000_000, 0, 0, 1_000_000);
        let at = |model: &str| prices.expected_usd("openrouter", model, &usage);
        assert_eq!(at("anthropic/claude-sonnet-4.5"), prices.cost_usd("anthropic", "claude-sonnet-4-5", &usage));
        assert!(at("anthropic/claude-sonnet-4.5").is_some());
        assert_eq!(at("openai/gpt-4o-mini:nitro"), prices.cost_usd("openai", "gpt-4o-mini", &usage));
        assert_eq!(at("meta/llama"), None);
        // What was paid is not guessed, and no other provider has makers.
        assert_eq!(prices.cost_usd("openrouter", "openai/gpt-4o-mini", &usage), None);
        assert_eq!(prices.expected_usd("mine", "openai/gpt-4o-mini", &usage), None);
        assert!(prices.window("openrouter", "openai/gpt-4o-mini").is_some());
    }

    #[test]
    fn no_listed_model_is_dearer_than_the_dearest() {
        for (name, entry) in &TABLE.models {
            let dearest = [Some(entry.input), entry.cache_write].into_iter().flatten().fold(0.0, f64::max);
            assert!(dearest <= DEAREST.input && entry.output <= DEAREST.output, "{name}");
        }
    }

    #[test]
    fn the_worst_is_never_less_than_what_it_costs() {
        let prices = Prices::default();
        for model in ["anthropic/claude-sonnet-4-6", "openai/gpt-5.6", "openai/gpt-5.4", "openai/gpt-4o-mini"] {
            let (provider, model) = model.split_once('/').unwrap();
            for (fresh, read, written) in [(300_000, 0, 0), (1_000, 1_000, 271_000), (0, 0, 272_000), (5, 0, 0)] {
                let (input_usd, token_usd) = prices.worst(provider, model, fresh + read + written).unwrap();
                let cost = prices.cost_usd(provider, model, &usage(fresh, read, written, 100)).unwrap();
                assert!(cost <= input_usd + 100.0 * token_usd + 1e-12, "{model} {fresh} {read} {written}");
            }
        }
        assert_eq!(prices.worst("openai", "gpt-99", 1), None);
    }

    #[test]
    fn the_users_price_comes_first() {
        check("mine/m", &usage(1_000_000, 1_000_000, 0, 1_000_000), Some(4.0));
    }
}
