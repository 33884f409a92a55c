//! What is counted, as Prometheus reads it (text format 0.0.4).
//!
//! Most of it is counted over the rows of the file, so that every process on it is in it; when old rows go (see
//! `[records]`), a counter falls, which Prometheus takes for a restart. What only one process knows is there when a
//! running server is asked, and left out otherwise.

use std::fmt::Write as _;

use super::Sent;
use crate::store::BUCKETS_US;
use crate::store::Totals;

/// Models that have series of their own; the others are summed up. A model's name may be any text.
const MODELS: usize = 100;

/// What is known besides the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauges {
    /// The name of a file (`main`, `wal`, `index`), and its size in bytes.
    pub files: Vec<(&'static str, u64)>,
    /// Of the disk with the file.
    pub free_bytes: Option<u64>,
    /// Memories that have no vector of the chosen model yet.
    pub without_vector: Option<usize>,
    /// What a running server knows of itself.
    pub process: Option<Process>,
}

/// What a running server knows of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Process {
    /// Writes that wait for the database.
    pub queued_writes: usize,
    /// Provider, model, and whether it is left alone.
    pub breakers: Vec<(String, String, bool)>,
    pub sent: Option<Sent>,
    /// Questions to `query_insights`, and those of them that a kept answer was given to.
    pub insights: (u64, u64),
}

/// The whole text.
pub fn metrics(totals: &Totals, gauges: &Gauges) -> String {
    let mut text = Text::default();
    let build = [("version", env!("CARGO_PKG_VERSION"))];
    text.family("carryall_build_info", "gauge", "The program that answers.");
    text.value("carryall_build_info", &build, 1.0);

    calls(&mut text, totals);
    asks(&mut text, totals);
    store(&mut text, totals, gauges);
    if let Some(process) = &gauges.process {
        of_process(&mut text, process);
    }
    text.out
}

fn calls(text: &mut Text, totals: &Totals) {
    let name = "carryall_calls_total";
    text.family(name, "counter", "Calls of tools, but those that only look at the record, by outcome.");
    for (tool, outcome, count) in &totals.calls {
        text.value(name, &[("tool", tool), ("outcome", outcome)], whole(*count));
    }
    let name = "carryall_call_duration_seconds";
    text.family(name, "histogram", "From a call's line to its answer.");
    for row in &totals.durations {
        let bucket = format!("{name}_bucket");
        for (bound, count) in BUCKETS_US.iter().zip(&row.at_most) {
            let bound = number(whole(*bound) / 1e6);
            text.value(&bucket, &[("tool", &row.tool), ("le", &bound)], whole(*count));
        }
        text.value(&bucket, &[("tool", &row.tool), ("le", "+Inf")], whole(row.count));
        text.value(&format!("{name}_sum"), &[("tool", &row.tool)], whole(row.sum_us) / 1e6);
        text.value(&format!("{name}_count"), &[("tool", &row.tool)], whole(row.count));
    }
    let name = "carryall_call_errors_total";
    text.family(name, "counter", "Calls that failed, by the kind of the error.");
    for (tool, kind, count) in &totals.errors {
        text.value(name, &[("tool", tool), ("kind", kind)], whole(*count));
    }
}

fn asks(text: &mut Text, totals: &Totals) {
    let models = by_model(totals);
    let name = "carryall_asks_total";
    text.family(name, "counter", "Questions that were answered, by who answered.");
    for it in &models {
        text.value(name, &[("provider", &it.provider), ("model", &it.model)], whole(it.asks));
    }
    let name = "carryall_ask_strategies_total";
    text.family(name, "counter", "Questions by how their answer was come by.");
    for (strategy, count) in &totals.strategies {
        text.value(name, &[("strategy", strategy)], whole(*count));
    }
    let name = "carryall_ask_provider_errors_total";
    text.family(name, "counter", "Questions that failed at a provider, by the kind of the error.");
    for (provider, kind, count) in &totals.provider_errors {
        text.value(name, &[("provider", provider), ("kind", kind)], whole(*count));
    }
    let name = "carryall_ask_cache_requests_total";
    text.family(name, "counter", "Answered questions, by whether the answer was kept from before.");
    for (result, count) in [("hit", totals.cached), ("miss", totals.uncached)] {
        text.value(name, &[("result", result)], whole(count));
    }
    let name = "carryall_tokens_total";
    text.family(name, "counter", "Tokens by kind; the kinds are disjoint.");
    for it in &models {
        let kinds =
            [("input", it.input_tokens), ("cached_input", it.cached_input_tokens), ("output", it.output_tokens)];
        for (kind, count) in kinds {
            text.value(name, &[("provider", &it.provider), ("model", &it.model), ("type", kind)], whole(count));
        }
    }
    let name = "carryall_answers_cost_usd_total";
    text.family(name, "counter", "What the answers cost whose cost is known.");
    for it in &models {
        text.value(name, &[("provider", &it.provider), ("model", &it.model)], it.cost_usd);
    }
    let name = "carryall_answers_cost_unknown_total";
    text.family(name, "counter", "Answers of unknown cost.");
    for it in &models {
        text.value(name, &[("provider", &it.provider), ("model", &it.model)], whole(it.unknown_costs));
    }
    let name = "carryall_spent_usd_total";
    text.family(
        name,
        "counter",
        "Spending that counts against the caps, by whether it was reported or is the most that it can be.",
    );
    for (provider, model, told, estimated) in rolled(&totals.spent) {
        for (basis, usd) in [("told", told), ("estimate", estimated)] {
            text.value(name, &[("provider", &provider), ("model", &model), ("basis", basis)], usd);
        }
    }
    text.single(
        "carryall_asks_in_flight",
        "gauge",
        "Questions that hold a promise of money now.",
        whole(totals.promised.0),
    );
    text.single("carryall_promised_usd", "gauge", "Money that is promised to them.", totals.promised.1);
    let name = "carryall_model_first_piece_seconds";
    text.family(name, "gauge", "How long a model takes to begin an answer, learnt; later answers weigh more.");
    for (provider, model, first_ms, _) in totals.speeds.iter().take(MODELS) {
        text.value(name, &[("provider", provider), ("model", model)], first_ms / 1e3);
    }
    let name = "carryall_model_token_seconds";
    text.family(name, "gauge", "How long a model takes for each token after that, learnt.");
    for (provider, model, _, token_ms) in totals.speeds.iter().take(MODELS) {
        text.value(name, &[("provider", provider), ("model", model)], token_ms / 1e3);
    }
}

fn store(text: &mut Text, totals: &Totals, gauges: &Gauges) {
    let name = "carryall_store_rows";
    text.family(name, "gauge", "Rows that are kept, by what they are.");
    for (table, count) in &totals.rows {
        text.value(name, &[("table", table)], whole(*count));
    }
    let name = "carryall_store_file_bytes";
    text.family(name, "gauge", "The size of the files.");
    for (file, bytes) in &gauges.files {
        text.value(name, &[("file", file)], size(*bytes));
    }
    text.single(
        "carryall_store_schema_version",
        "gauge",
        "The version of the file's schema.",
        whole(totals.schema_version),
    );
    if let Some(bytes) = gauges.free_bytes {
        text.single("carryall_disk_free_bytes", "gauge", "Room on the disk with the file.", size(bytes));
    }
    if let Some(count) = gauges.without_vector {
        let help = "Memories that wait for their vector.";
        text.single("carryall_embedding_queue_memories", "gauge", help, size(u64::try_from(count).unwrap_or(u64::MAX)));
    }
}

fn of_process(text: &mut Text, process: &Process) {
    let help = "Writes of this process that wait for the database.";
    let queued = size(u64::try_from(process.queued_writes).unwrap_or(u64::MAX));
    text.single("carryall_process_queued_writes", "gauge", help, queued);
    let name = "carryall_process_breaker_open";
    text.family(name, "gauge", "Whether this process leaves a model alone, because it failed too often.");
    for (provider, model, is_open) in process.breakers.iter().take(MODELS) {
        text.value(name, &[("provider", provider), ("model", model)], f64::from(u8::from(*is_open)));
    }
    let name = "carryall_process_insights_answers_total";
    text.family(name, "counter", "Answers of `query_insights` by this process: kept ones, and those counted afresh.");
    let (asked, kept) = process.insights;
    for (result, count) in [("kept", kept), ("counted", asked.saturating_sub(kept))] {
        text.value(name, &[("result", result)], size(count));
    }
    if let Some(sent) = process.sent {
        let name = "carryall_process_otlp_calls_total";
        text.family(name, "counter", "Calls whose trace was to go to the collector, by what became of it.");
        text.value(name, &[("result", "sent")], size(sent.sent));
        text.value(name, &[("result", "dropped")], size(sent.dropped));
        text.single(
            "carryall_process_otlp_queue_calls",
            "gauge",
            "Calls whose trace waits to go there.",
            size(sent.waiting),
        );
    }
}

/// The models with the most answers, and all others as one.
fn by_model(totals: &Totals) -> Vec<crate::store::ModelTotals> {
    let mut models = totals.models.clone();
    let rest = models.split_off(models.len().min(MODELS));
    if !rest.is_empty() {
        let mut other = crate::store::ModelTotals { model: "other".to_owned(), ..Default::default() };
        for it in rest {
            other.asks += it.asks;
            other.input_tokens += it.input_tokens;
            other.cached_input_tokens += it.cached_input_tokens;
            other.output_tokens += it.output_tokens;
            other.cost_usd += it.cost_usd;
            other.unknown_costs += it.unknown_costs;
        }
        models.push(other);
    }
    models
}

/// The same for money.
fn rolled(rows: &[(String, String, f64, f64)]) -> Vec<(String, String, f64, f64)> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| (b.2 + b.3).total_cmp(&(a.2 + a.3)));
    let rest = rows.split_off(rows.len().min(MODELS));
    if !rest.is_empty() {
        let sum = |of: fn(&(String, String, f64, f64)) -> f64| rest.iter().map(of).sum();
        rows.push((String::new(), "other".to_owned(), sum(|it| it.2), sum(|it| it.3)));
    }
    rows
}

#[derive(Default)]
struct Text {
    out: String,
}

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.family(name, kind, help);
        self.value(name, &[], value);
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.out.push_str(name);
        for (at, (label, of)) in labels.iter().enumerate() {
            let _ = write!(self.out, "{}{label}=\"{}\"", if at == 0 { "{" } else { "," }, escaped(of));
        }
        if !labels.is_empty() {
            self.out.push('}');
        }
        let _ = writeln!(self.out, " {}", number(value));
    }
}

/// As the format wants label values; other control characters have no place in one.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for it in value.chars() {
        match it {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            it if it.is_control() => text.push(' '),
            it => text.push(it),
        }
    }
    text
}

fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { "NaN".to_owned() }
}

fn whole(value: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
    let value = value as f64;
    value
}

fn size(value: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
    let value = value as f64;
    value
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::DurationRow;
    use crate::store::ModelTotals;

    /// One sample: its name, its labels in their order, its value.
    type Sample = (String, Vec<(String, String)>, f64);

    /// Reads the format as strictly as `promtool check metrics` does: every sample belongs to a family that was
    /// declared before and not interrupted, no series comes twice, names and labels are legal.
    fn parsed(text: &str) -> (BTreeMap<String, String>, Vec<Sample>) {
        let mut kinds: BTreeMap<String, String> = BTreeMap::new();
        let (mut helped, mut samples, mut seen) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
        let mut family = String::new();
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(helped.insert(name.to_owned()), "{name} is helped twice");
                assert!(help.ends_with('.') && name.starts_with("carryall_"), "{line}");
                continue;
            }
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(helped.contains(name) && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
                // promtool's own lint: counters end in _total and nothing else does.
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                family = name.to_owned();
                assert!(kinds.insert(family.clone(), kind.to_owned()).is_none(), "{name} is declared twice");
                continue;
            }
            let (name, labels, value) = sample(line);
            let base = match kinds[&family].as_str() {
                "histogram" => ["_bucket", "_sum", "_count"].iter().find_map(|it| name.strip_suffix(it)).unwrap(),
                _ => name.as_str(),
            };
            assert_eq!(base, family, "{line}");
            assert!(seen.insert((name.clone(), labels.clone())), "twice: {line}");
            samples.push((name, labels, value));
        }
        (kinds, samples)
    }

    fn sample(line: &str) -> Sample {
        let legal = |it: &str| {
            it.starts_with(|it: char| it.is_ascii_lowercase())
                && it.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
        };
        let end = line.find(['{', ' ']).unwrap();
        let (name, mut rest) = line.split_at(end);
        let mut labels = Vec::new();
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner;
            while !rest.starts_with('}') {
                rest = rest.strip_prefix(',').unwrap_or(rest);
                let (label, after) = rest.split_once("=\"").unwrap();
                assert!(legal(label), "{line}");
                let (mut value, mut chars) = (String::new(), after.char_indices());
                let closed = loop {
                    match chars.next().unwrap() {
                        (_, '\\') => match chars.next().unwrap().1 {
                            'n' => value.push('\n'),
                            it @ ('\\' | '"') => value.push(it),
                            other => panic!("\\{other} in {line}"),
                        },
                        (at, '"') => break at,
                        (_, it) => value.push(it),
                    }
                };
                labels.push((label.to_owned(), value));
                rest = &after[closed + 1..];
            }
            rest = &rest[1..];
        }
        assert!(legal(name), "{line}");
        (name.to_owned(), labels, rest.strip_prefix(' ').unwrap().parse().unwrap())
    }

    fn totals() -> Totals {
        let hostile = "a\"} 1\ncarryall_evil 2\\".to_owned();
        let at_most = |step: i64| (1..=16).map(|it| it * step).collect();
        Totals {
            calls: vec![
                ("ask".into(), "ok".into(), 40),
                ("ask".into(), "failed".into(), 2),
                (hostile.clone(), "ok".into(), 1),
            ],
            durations: vec![
                DurationRow { tool: "ask".into(), at_most: at_most(2), count: 42, sum_us: 1_234_567 },
                DurationRow { tool: hostile.clone(), at_most: at_most(0), count: 1, sum_us: 200_000_000 },
            ],
            errors: vec![("ask".into(), "timeout".into(), 2)],
            models: (0..150)
                .map(|it| ModelTotals {
                    provider: "p".into(),
                    model: if it == 3 { hostile.clone() } else { format!("m{it}") },
                    asks: 150 - it,
                    input_tokens: 10,
                    cost_usd: 0.25,
                    ..ModelTotals::default()
                })
                .collect(),
            provider_errors: vec![("p".into(), "timeout".into(), 2)],
            strategies: vec![("single".into(), 40)],
            cached: 1,
            uncached: 39,
            spent: vec![("p".into(), "m".into(), 1.5, 0.5)],
            speeds: vec![("p".into(), "m".into(), 350.0, 12.5)],
            promised: (1, 0.1),
            rows: vec![("memories", 7)],
            schema_version: 13,
        }
    }

    fn gauges() -> Gauges {
        Gauges {
            files: vec![("main", 4096), ("wal", 0)],
            free_bytes: Some(1 << 40),
            without_vector: Some(3),
            process: Some(Process {
                queued_writes: 2,
                breakers: vec![("p".into(), "m".into(), true)],
                insights: (5, 2),
                sent: Some(Sent { sent: 5, dropped: 1, waiting: 0 }),
            }),
        }
    }

    #[test]
    fn the_text_is_sound_whatever_names_are_in_it() {
        let (kinds, samples) = parsed(&metrics(&totals(), &gauges()));
        assert!(
            kinds.keys().all(|it| samples.iter().any(|sample| sample.0.starts_with(it))),
            "a family without samples"
        );
        let value = |name: &str, labels: &[(&str, &str)]| {
            let found = samples.iter().find(|it| {
                it.0 == name
                    && labels.iter().all(|(label, of)| it.1.iter().any(|have| have.0 == *label && have.1 == *of))
            });
            found.map(|it| it.2)
        };
        assert_eq!(value("carryall_calls_total", &[("tool", "ask"), ("outcome", "failed")]), Some(2.0));
        assert_eq!(value("carryall_call_duration_seconds_sum", &[("tool", "ask")]), Some(1.234567));
        assert_eq!(value("carryall_process_breaker_open", &[("model", "m")]), Some(1.0));
        assert_eq!(value("carryall_evil", &[]), None);
        // 50 models are one series, and the sum is that of all.
        assert_eq!(value("carryall_asks_total", &[("model", "other")]), Some(1275.0));
        let asks: f64 = samples.iter().filter(|it| it.0 == "carryall_asks_total").map(|it| it.2).sum();
        assert_eq!(asks, f64::from((1..=150).sum::<i32>()));
    }

    #[test]
    fn buckets_never_fall_and_end_with_the_count() {
        let (_, samples) = parsed(&metrics(&totals(), &gauges()));
        let mut by_tool: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for (_, labels, value) in samples.iter().filter(|it| it.0 == "carryall_call_duration_seconds_bucket") {
            let bound = labels[1].1.replace("+Inf", "inf").parse().unwrap();
            by_tool.entry(labels[0].1.clone()).or_default().push((bound, *value));
        }
        assert_eq!(by_tool.len(), 2);
        for (tool, buckets) in by_tool {
            assert!(buckets.windows(2).all(|it| it[0].0 < it[1].0 && it[0].1 <= it[1].1), "{tool}: {buckets:?}");
            let count = samples.iter().find(|it| it.0.ends_with("_count") && it.1[0].1 == tool).map(|it| it.2);
            assert_eq!(buckets.last().map(|it| it.1), count);
            assert_eq!(buckets.len(), 17);
        }
    }

    #[test]
    fn an_empty_file_has_sound_metrics_too() {
        let (_, samples) = parsed(&metrics(&Totals::default(), &Gauges::default()));
        assert!(samples.iter().all(|it| !it.0.starts_with("carryall_process_")), "no server runs here");
    }
}
