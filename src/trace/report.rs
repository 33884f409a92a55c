//! What many traces say together: which step of each tool costs most, and which failures are alike.

use std::collections::BTreeMap;

use serde::Serialize;

use super::CallRecord;
use super::SpanRecord;
use crate::clock::Millis;

/// The time of a call in which none of its steps ran.
const BETWEEN: &str = "between steps";

/// The time from a call's line to its turn.
const IN_LINE: &str = "waiting in line";

/// Steps of a tool that are told.
const TOLD: usize = 4;

/// Characters of the shape of an error.
const SHAPE: usize = 160;

/// One tool, and where its time goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slow {
    pub tool: String,
    pub calls: usize,
    pub p50_ms: f64,
    pub p95_ms: f64,
    /// Of all its calls together.
    pub total_ms: f64,
    /// Those that cost most, first; each with its own time, without that of the steps in it.
    pub steps: Vec<SlowStep>,
    pub slowest_trace_id: String,
    pub next_step: String,
}

/// A step of a tool's calls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SlowStep {
    pub step: String,
    /// Of the tool's whole time, 0.0..=1.0. Steps that run side by side can have more than 1 together.
    pub share: f64,
    /// In the calls that have it.
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub calls: usize,
}

/// Failures that are alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Errors {
    pub kind: String,
    /// The message with what differs from one to the next left out.
    pub shape: String,
    pub count: usize,
    /// The tools that it happened in, with how often.
    pub tools: BTreeMap<String, usize>,
    pub first_seen: Millis,
    pub last_seen: Millis,
    /// The latest.
    pub trace_id: String,
    pub next_step: String,
}

/// Where the time of each tool goes, the one with the most of it first.
pub fn slow(calls: &[CallRecord]) -> Vec<Slow> {
    let mut tools: BTreeMap<&str, Vec<&CallRecord>> = BTreeMap::new();
    for call in calls {
        tools.entry(&call.tool).or_default().push(call);
    }
    let mut all: Vec<Slow> = tools.into_iter().map(|(tool, calls)| slow_tool(tool, &calls)).collect();
    all.sort_by(|a, b| b.total_ms.total_cmp(&a.total_ms));
    all
}

fn slow_tool(tool: &str, calls: &[&CallRecord]) -> Slow {
    let mut steps: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for call in calls {
        for (step, took_us) in own_times(call) {
            steps.entry(step).or_default().push(took_us);
        }
    }
    let total_us: u64 = calls.iter().map(|it| it.took_us).sum();
    let mut steps: Vec<SlowStep> = steps
        .into_iter()
        .map(|(step, mut times)| SlowStep {
            step,
            share: ratio(times.iter().sum(), total_us),
            calls: times.len(),
            p50_ms: percentile(&mut times, 50),
            p95_ms: percentile(&mut times, 95),
        })
        .collect();
    steps.sort_by(|a, b| b.share.total_cmp(&a.share));
    steps.truncate(TOLD);
    let mut times: Vec<u64> = calls.iter().map(|it| it.took_us).collect();
    let slowest = calls.iter().max_by_key(|it| it.took_us);
    Slow {
        tool: tool.to_owned(),
        calls: calls.len(),
        p50_ms: percentile(&mut times, 50),
        p95_ms: percentile(&mut times, 95),
        total_ms: ms(total_us),
        next_step: steps.first().map(|it| faster(&it.step).to_owned()).unwrap_or_default(),
        steps,
        slowest_trace_id: slowest.map(|it| it.id.clone()).unwrap_or_default(),
    }
}

/// The time of each step of a call without the time of the steps in it, by name, each name once.
fn own_times(call: &CallRecord) -> BTreeMap<String, u64> {
    let took = |span: &SpanRecord| span.took_us.unwrap_or_else(|| call.took_us.saturating_sub(span.start_us));
    let mut inner: BTreeMap<Option<usize>, Vec<(u64, u64)>> = BTreeMap::new();
    for span in &call.spans {
        inner.entry(span.parent).or_default().push((span.start_us, span.start_us.saturating_add(took(span))));
    }
    let mut covered = |parent: Option<usize>| inner.remove(&parent).map_or(0, union);
    let mut own: BTreeMap<String, u64> = BTreeMap::new();
    for (at, span) in call.spans.iter().enumerate() {
        *own.entry(span.name.clone()).or_default() += took(span).saturating_sub(covered(Some(at)));
    }
    let top = covered(None);
    // Nothing but the check of the arguments happens in the first state besides waiting.
    let received = call.states.first().map_or(0, |it| it.took_us);
    let in_line = received.saturating_sub(own.get("check arguments").copied().unwrap_or(0));
    own.insert(IN_LINE.to_owned(), in_line);
    own.insert(BETWEEN.to_owned(), call.took_us.saturating_sub(top).saturating_sub(in_line));
    own
}

/// How much of the time some of `spans` cover.
fn union(mut spans: Vec<(u64, u64)>) -> u64 {
    spans.sort_unstable();
    let (mut sum, mut until) = (0, 0);
    for (start, end) in spans {
        sum += end.saturating_sub(start.max(until));
        until = until.max(end);
    }
    sum
}

/// What makes a step faster.
fn faster(step: &str) -> &'static str {
    match step {
        "ask model" | "side by side" | "hedge" => {
            "the model takes this long: prefer = \"speed\", a shorter budget_tokens, or ask.hedge_ms against slow beginnings"
        }
        "look for changes" | "index" | "search files" | "workspace" => {
            "much is read from the disk: leave out what is not needed (exclude in carryall.toml), or name paths"
        }
        "search memory" | "memory" => {
            "name a session_id, namespace or kinds to search less; `carryall consolidate` lets go of what has expired"
        }
        "store" | "write" | "keep" | "keep turns" => {
            "the disk takes this long to make a write durable: `carryall doctor` says whether the file lies well"
        }
        IN_LINE => {
            "calls waited for those before them: a call waits for writes on earlier lines, and at most `concurrency` run at once"
        }
        _ => "look at the slowest call: `carryall trace` with its id",
    }
}

/// Failures by kind and shape, the most frequent first.
pub fn errors(calls: &[CallRecord]) -> Vec<Errors> {
    let mut groups: BTreeMap<(String, String), Errors> = BTreeMap::new();
    for call in calls {
        let Some(error) = call.error.as_deref().filter(|_| call.outcome == "failed") else { continue };
        let (kind, message) = match error.split_once(": ") {
            Some((kind, message)) if !kind.contains(' ') => (kind, message),
            _ => ("unknown", error),
        };
        let shape = shape(message);
        let group = groups.entry((kind.to_owned(), shape.clone())).or_insert_with(|| Errors {
            kind: kind.to_owned(),
            shape,
            count: 0,
            tools: BTreeMap::new(),
            first_seen: call.started_at,
            last_seen: call.started_at,
            trace_id: call.id.clone(),
            next_step: mended(kind).to_owned(),
        });
        group.count += 1;
        *group.tools.entry(call.tool.clone()).or_default() += 1;
        group.first_seen = group.first_seen.min(call.started_at);
        if call.started_at >= group.last_seen {
            group.last_seen = call.started_at;
            group.trace_id.clone_from(&call.id);
        }
    }
    let mut all: Vec<Errors> = groups.into_values().collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then(b.last_seen.cmp(&a.last_seen)));
    all
}

/// `message` with its numbers, ids, paths and quotations replaced by signs for them.
fn shape(message: &str) -> String {
    let mut shape = String::new();
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        if shape.len() > SHAPE {
            shape.push('…');
            break;
        }
        let quote = matches!(first, '"' | '“' | '\'').then_some(if first == '“' { '”' } else { first });
        // An apostrophe within a word begins nothing.
        let begins = !shape.ends_with(char::is_alphanumeric);
        if let Some(end) = quote.filter(|_| begins).and_then(|it| rest[first.len_utf8()..].find(it)) {
            shape.push_str("“…”");
            let closing = rest[first.len_utf8() + end..].chars().next().map_or(0, char::len_utf8);
            rest = &rest[first.len_utf8() + end + closing..];
            continue;
        }
        let length = rest.find(|it: char| it.is_whitespace() || "\"“”'`,;:()[]{}".contains(it)).unwrap_or(rest.len());
        if length == 0 {
            shape.push(if first.is_whitespace() { ' ' } else { first });
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let word = &rest[..length];
        shape.push_str(&shape_of_word(word));
        rest = &rest[length..];
    }
    shape
}

fn shape_of_word(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_hex = word.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-');
    if word.contains("://") {
        "URL".to_owned()
    } else if word.contains('/') && word.len() > 1 || word.contains('\\') {
        "PATH".to_owned()
    } else if digits > 0 && (is_hex && word.len() >= 16 || word.len() > 24) {
        "ID".to_owned()
    } else if word.starts_with(|it: char| it.is_ascii_digit()) {
        // `12.5` and `40ms` are a number and its unit.
        let unit = word.trim_start_matches(|it: char| it.is_ascii_digit() || it == '.');
        format!("N{unit}")
    } else {
        word.to_owned()
    }
}

/// What to do about failures of a kind.
fn mended(kind: &str) -> &'static str {
    match kind {
        "invalid_argument" => {
            "the caller's arguments are wrong: docs/tools.md has every field, and the error an example"
        }
        "not_found" => "what was named is not there: a wrong id, or it was forgotten",
        "conflict" => "two wrote at once: read the context again and write with its version",
        "permission" => "the folder is not allowed: --root, CARRYALL_ROOTS or roots in the user file",
        "storage" => "`carryall doctor` says what is wrong with the file or its disk",
        "busy" => "another program holds the file for long: look for a backup or a sync tool",
        "authentication" => "the key is missing or wrong: `carryall doctor` names the variable",
        "rate_limited" | "overloaded" => {
            "name fallbacks or ask.cascade, or set [limits.NAME] so that fewer ask at once"
        }
        "quota" | "budget_exceeded" => "money is used up: raise the cap ([budget]) or pay the provider",
        "context_too_long" => "a smaller budget_tokens, or a model with a larger window",
        "timeout" => "a longer timeout_s, a quicker model (prefer = \"speed\"), or ask.hedge_ms",
        "unreachable" => "is the provider's address right, and does its server run? `carryall doctor`",
        "internal" => "a fault of carryall: report it with the trace",
        "price_unknown" => "set [prices.\"provider/model\"], or budget.allow_unknown_price",
        _ => "look at the latest one: `carryall trace` with its id",
    }
}

fn ms(us: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "times of calls are far below 2^52 microseconds")]
    let ms = us as f64 / 1e3;
    ms
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { ms(part) / ms(whole) }
}

/// The nearest rank, in milliseconds.
fn percentile(times: &mut [u64], percent: usize) -> f64 {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100).max(1) - 1;
    times.get(rank).copied().map_or(0.0, ms)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::trace::Call;
    use crate::trace::StateRecord;

    fn step(name: &str, parent: Option<usize>, start_us: u64, took_us: u64) -> SpanRecord {
        SpanRecord { name: name.to_owned(), parent, start_us, took_us: Some(took_us), ..SpanRecord::default() }
    }

    fn call(id: &str, tool: &str, took_us: u64, spans: Vec<SpanRecord>) -> CallRecord {
        let silent = Call::silent().record("ok", None, &Value::Null);
        let received = StateRecord { took_us: 150, ..silent.states[0].clone() };
        CallRecord { id: id.to_owned(), tool: tool.to_owned(), took_us, spans, states: vec![received], ..silent }
    }

    #[test]
    fn the_step_that_costs_most_is_found_by_its_own_time() {
        let of = |id: &str, model_us: u64| {
            let steps = vec![
                step("check arguments", None, 100, 50),
                step("gather", None, 150, 1_000),
                step("memory", Some(1), 150, 900),
                step("workspace", Some(1), 150, 400),
                step("ask model", None, 1_150, model_us),
            ];
            call(id, "ask", 1_350 + model_us, steps)
        };
        let mut calls: Vec<CallRecord> = (1..=20).map(|it| of(&format!("a{it}"), it * 1_000)).collect();
        calls.push(call("r", "recall", 400, vec![step("search memory", None, 150, 200)]));
        let slow = slow(&calls);
        assert_eq!(slow.iter().map(|it| it.tool.as_str()).collect::<Vec<_>>(), ["ask", "recall"]);
        let ask = &slow[0];
        assert_eq!((ask.calls, ask.p50_ms, ask.p95_ms), (20, 11.35, 20.35));
        assert_eq!((ask.steps[0].step.as_str(), ask.steps[0].p95_ms), ("ask model", 19.0));
        assert_eq!(ask.slowest_trace_id, "a20");
        assert!(ask.next_step.contains("speed"));
        let own: BTreeMap<String, u64> = own_times(&calls[0]);
        // Of 1,000 µs of gathering, 900 are covered by both sources together; 100 passed before its turn, 200 at its end.
        assert_eq!((own["gather"], own["memory"], own["workspace"]), (100, 900, 400));
        assert_eq!((own[IN_LINE], own[BETWEEN]), (100, 200));
    }

    #[test]
    fn errors_that_differ_in_names_and_numbers_alone_are_one_group() {
        for (one, other) in [
            ("no memory has the id 01a21a55-3260-7187", "no memory has the id 01a21a55-9999-7187"),
            ("argument `limit` is 5000, but must be 1..=100", "argument `limit` is 7, but must be 1..=100"),
            ("cannot open /home/a/b.db: locked", "cannot open /tmp/c: locked"),
            ("key \"alpha\" is taken", "key \"a b c\" is taken"),
            ("no whole answer after 12.5 s", "no whole answer after 9 s"),
        ] {
            assert_eq!(shape(one), shape(other));
        }
        assert_ne!(shape("it's late"), shape("it's early"));
        assert_eq!(shape("it's 5 o'clock, isn't it"), "it's N o'clock, isn't it");
        assert!(shape(&"ä".repeat(10_000)).chars().count() > 100);
        assert!(shape(&"ä 1 ".repeat(10_000)).chars().count() < 200);
    }

    #[test]
    fn groups_say_when_where_and_how_often() {
        let failed = |id: &str, tool: &str, at: Millis, error: &str| CallRecord {
            started_at: at,
            outcome: "failed".to_owned(),
            error: Some(error.to_owned()),
            ..call(id, tool, 1, Vec::new())
        };
        let groups = errors(&[
            failed("c", "ask", 30, "timeout: no whole answer after 12 s"),
            failed("b", "recall", 20, "timeout: no whole answer after 10 s"),
            failed("a", "ask", 10, "timeout: no whole answer after 3 s"),
            failed("d", "ask", 40, "odd words"),
            CallRecord { outcome: "cancelled".to_owned(), ..failed("e", "ask", 50, "cancelled: x") },
        ]);
        assert_eq!(groups.len(), 2);
        let first = &groups[0];
        assert_eq!((first.kind.as_str(), first.count, first.first_seen, first.last_seen), ("timeout", 3, 10, 30));
        assert_eq!((first.trace_id.as_str(), first.tools["ask"]), ("c", 2));
        assert!(first.next_step.contains("timeout_s"));
        assert_eq!((groups[1].kind.as_str(), groups[1].shape.as_str()), ("unknown", "odd words"));
    }
}
