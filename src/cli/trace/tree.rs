//! A call as a tree in the terminal: every state and step with its place in the time, its share, decisions and errors.

use owo_colors::OwoColorize;
use serde_json::Value;

use crate::clock;
use crate::trace::CallRecord;
use crate::trace::SpanRecord;

/// Under this width there is no room for bars, and under that none for shares either.
const WITH_BARS: usize = 70;
const WITH_SHARES: usize = 40;

/// The widest column of names; longer names are cut.
const NAMES: usize = 34;

/// One row of the tree.
struct Row {
    depth: usize,
    name: String,
    is_state: bool,
    start_us: u64,
    /// `None`: cut off.
    took_us: Option<u64>,
    notes: Vec<String>,
    error: Option<String>,
}

/// The lines of the tree, for a terminal of `width` characters.
pub(super) fn draw(call: &CallRecord, width: usize) -> Vec<String> {
    let outcome = match call.outcome.as_str() {
        "ok" => "ok".green().to_string(),
        "failed" => "failed".red().to_string(),
        other => other.yellow().to_string(),
    };
    let mut lines =
        vec![format!("{} {outcome}, {}, {}", call.tool.bold(), time(call.took_us), clock::format(call.started_at))];
    let facts = [
        ("trace", Some(&call.id)),
        ("session", call.session_id.as_ref()),
        ("user", call.user_id.as_ref()),
        ("persona", call.persona.as_ref()),
        ("namespace", call.namespace.as_ref()),
    ];
    let parent = call.remote.as_ref().map(|it| format!("under {}", it.parent()));
    let facts = facts.into_iter().filter_map(|(name, of)| of.map(|it| format!("{name} {}", plain(it)))).chain(parent);
    lines.extend(facts.map(|it| it.dimmed().to_string()));
    lines.push(String::new());
    let rows = rows(call);
    let widest = rows.iter().map(|it| it.depth * 2 + it.name.chars().count()).max().unwrap_or(0);
    let names = widest.min(NAMES).min(width.saturating_sub(14).max(8));
    for row in &rows {
        lines.push(line(row, call.took_us, names, width).trim_end().to_owned());
        let indent = " ".repeat(row.depth * 2 + 2);
        let room = width.saturating_sub(indent.len()).max(20);
        for note in &row.notes {
            lines.extend(wrapped(note, room).into_iter().map(|it| format!("{indent}{}", it.dimmed())));
        }
        if let Some(error) = &row.error {
            lines.extend(wrapped(&format!("✗ {error}"), room).into_iter().map(|it| format!("{indent}{}", it.red())));
        }
    }
    lines
}

/// Steps stand under the state in which they began; a call without states has steps alone.
fn rows(call: &CallRecord) -> Vec<Row> {
    let mut rows = Vec::new();
    let deep = usize::from(!call.states.is_empty());
    let is_first = |at: usize| at == 0;
    for (at, state) in call.states.iter().enumerate() {
        let until = call.states.get(at + 1).map_or(u64::MAX, |it| it.start_us);
        rows.push(Row {
            depth: 0,
            name: state.state.clone(),
            is_state: true,
            start_us: state.start_us,
            took_us: Some(state.took_us),
            notes: notes(&state.notes),
            error: state.error.as_deref().map(plain),
        });
        let from = if is_first(at) { 0 } else { state.start_us };
        let mine = |it: &SpanRecord| (from..until).contains(&it.start_us);
        add_steps(&call.spans, None, deep, &mine, &mut rows);
    }
    if call.states.is_empty() {
        add_steps(&call.spans, None, deep, &|_| true, &mut rows);
    }
    rows
}

fn add_steps(
    spans: &[SpanRecord],
    parent: Option<usize>,
    depth: usize,
    is_wanted: &dyn Fn(&SpanRecord) -> bool,
    rows: &mut Vec<Row>,
) {
    for (at, span) in spans.iter().enumerate().filter(|(_, it)| it.parent == parent && is_wanted(it)) {
        rows.push(Row {
            depth,
            name: plain(&span.name),
            is_state: false,
            start_us: span.start_us,
            took_us: span.took_us,
            notes: notes(&span.notes),
            error: span.error.as_deref().map(plain),
        });
        // A span's parent always stands before it, so this ends.
        add_steps(spans, Some(at), depth + 1, &|_| true, rows);
    }
}

fn line(row: &Row, total_us: u64, names: usize, width: usize) -> String {
    let mut name: String = format!("{}{}", "  ".repeat(row.depth), row.name);
    if name.chars().count() > names {
        name = name.chars().take(names.saturating_sub(1)).chain(['…']).collect();
    }
    let padding = " ".repeat(names.saturating_sub(name.chars().count()));
    let name = if row.is_state { name.bold().to_string() } else { name };
    let took = row.took_us.map_or_else(|| "cut off".to_owned(), time);
    let share = |of: u64| if total_us == 0 { 0.0 } else { ratio(of, total_us) };
    let mut line = format!("{name}{padding} {took:>10}");
    if width >= WITH_SHARES {
        let percent = row.took_us.map_or_else(String::new, |it| format!("{:.0} %", share(it) * 100.0));
        line.push_str(&format!(" {percent:>6}"));
    }
    let room = width.saturating_sub(names + 11 + 7 + 2);
    if width >= WITH_BARS && room >= 10 {
        let took = row.took_us.unwrap_or_else(|| total_us.saturating_sub(row.start_us));
        let bar = bar(share(row.start_us), share(took), room);
        let bar = bar.trim_end();
        let bar = if row.error.is_some() { bar.red().to_string() } else { bar.cyan().to_string() };
        line.push_str(&format!("  {bar}"));
    }
    line
}

/// A bar of `room` characters, from one share of it over another one; the shortest that is seen is an eighth.
pub(super) fn bar(start: f64, share: f64, room: usize) -> String {
    const PARTS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a terminal line"
    )]
    let place = |it: f64| (it.clamp(0.0, 1.0) * room as f64 * 8.0).round() as usize;
    let (from, to) = (place(start) / 8, place(start + share));
    let length = to.saturating_sub(from * 8).clamp(1, (room - from.min(room.saturating_sub(1))) * 8);
    let mut text = " ".repeat(from.min(room.saturating_sub(1)));
    text.extend(std::iter::repeat_n('█', length / 8));
    if !length.is_multiple_of(8) {
        text.push(PARTS[length % 8 - 1]);
    }
    let used = text.chars().count();
    text + &" ".repeat(room.saturating_sub(used))
}

/// What was decided first, then what was counted; those who lost each on a line of its own.
fn notes(notes: &serde_json::Map<String, Value>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut counted = Vec::new();
    for (name, value) in notes {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("decision", Value::String(text)) => lines.push(format!("→ {}", plain(text))),
            ("losers", Value::Array(list)) => {
                lines.extend(list.iter().filter_map(Value::as_str).map(|it| format!("not {}", plain(it))));
            }
            (name, Value::String(text)) => counted.push(format!("{} {}", plain(name), plain(text))),
            (name, Value::Array(list)) if list.iter().all(Value::is_string) => {
                let texts: Vec<String> = list.iter().filter_map(Value::as_str).map(plain).collect();
                counted.push(format!("{} {}", plain(name), texts.join(", ")));
            }
            (name, other) => counted.push(format!("{} {}", plain(name), plain(&other.to_string()))),
        }
    }
    if !counted.is_empty() {
        lines.push(counted.join("; "));
    }
    lines
}

/// `text` in lines of at most `room` characters, broken at blanks where there are some.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let Some(last) = lines.last_mut() else { return lines };
            let used = last.chars().count();
            let blank = usize::from(used > 0);
            if used + blank + word.len() <= room {
                last.extend(std::iter::repeat_n(' ', blank));
                last.extend(word);
                break;
            }
            if used > 0 {
                lines.push(String::new());
            } else {
                let rest = word.split_off(room.min(word.len()));
                last.extend(word);
                word = rest;
                lines.push(String::new());
            }
        }
    }
    lines
}

/// `text` on one line, and without what a terminal would take for a command.
pub(in crate::cli) fn plain(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

/// A duration for a person.
pub(super) fn time(us: u64) -> String {
    time_ms(ratio(us, 1_000))
}

pub(super) fn time_ms(ms: f64) -> String {
    match ms {
        ..0.0 => "0 ms".to_owned(),
        ..10.0 => format!("{ms:.2} ms"),
        ..1_000.0 => format!("{ms:.0} ms"),
        ..60_000.0 => format!("{:.1} s", ms / 1e3),
        _ => format!("{:.1} min", ms / 6e4),
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "times of calls are far below 2^52 microseconds")]
    let ratio = part as f64 / whole as f64;
    ratio
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::trace::Call;
    use crate::trace::StateRecord;

    fn state(name: &str, start_us: u64, took_us: u64) -> StateRecord {
        let silent = Call::silent().record("ok", None, &Value::Null);
        StateRecord {
            state: name.to_owned(),
            start_us,
            took_us,
            notes: serde_json::Map::new(),
            ..silent.states[0].clone()
        }
    }

    fn sample() -> CallRecord {
        let step = |name: &str, parent, start_us, took_us| SpanRecord {
            name: name.to_owned(),
            parent,
            start_us,
            took_us,
            ..SpanRecord::default()
        };
        let mut spans = vec![
            step("check arguments", None, 10, Some(40)),
            step("gather", None, 120, Some(4_000)),
            step("memory", Some(1), 130, Some(3_900)),
            step("choose model", None, 4_200, Some(100)),
            step("ask model", None, 4_400, None),
        ];
        spans[3].notes = json!({"decision": "quickest that is known", "losers": ["openai/gpt: \u{1b}[31mno key"], "prefer": "speed"})
            .as_object()
            .unwrap()
            .clone();
        spans[4].error = Some("timeout: no whole answer after 12.5 s of waiting for it".to_owned());
        CallRecord {
            id: "01a21a55-3260-7187-a8e2-2e31d524e7d0".to_owned(),
            tool: "ask".to_owned(),
            outcome: "failed".to_owned(),
            started_at: 0,
            took_us: 10_000,
            user_id: Some("ana".to_owned()),
            states: vec![
                state("received", 0, 100),
                state("classified", 100, 10),
                state("gathering", 110, 4_190),
                state("routed", 4_300, 50),
                state("asking", 4_350, 5_650),
                StateRecord { error: Some("timeout: late".to_owned()), ..state("failed", 10_000, 0) },
            ],
            spans,
            ..Call::silent().record("ok", None, &Value::Null)
        }
    }

    /// The lines as they are where there is no colour.
    fn drawn(width: usize) -> String {
        let lines: Vec<String> =
            draw(&sample(), width).iter().map(|it| anstream::adapter::strip_str(it).to_string()).collect();
        lines.join("\n")
    }

    #[test]
    fn a_tree_shows_times_shares_decisions_and_errors() {
        insta::assert_snapshot!(drawn(100));
    }

    #[test]
    fn a_narrow_terminal_gets_what_fits() {
        insta::assert_snapshot!(drawn(44));
        for width in 1..120 {
            let widest = drawn(width).lines().skip(3).map(|it| it.chars().count()).max().unwrap_or(0);
            assert!(widest <= width.max(44), "{widest} of {width}");
        }
    }

    #[test]
    fn nothing_in_a_trace_is_a_command_to_the_terminal() {
        assert!(!drawn(100).contains('\u{1b}'));
        let coloured = draw(&sample(), 100).join("\n");
        assert!(!coloured.contains("\u{1b}[31mno key"), "{coloured}");
    }

    #[test]
    fn a_bar_has_its_place_and_its_length() {
        for (start, share, expected) in [
            (0.0, 1.0, "████"),
            (0.5, 0.5, "  ██"),
            (0.0, 0.0, "▏   "),
            (1.0, 0.0, "   ▏"),
            (0.25, 0.125, " ▌  "),
            (2.0, 9.0, "   ▏"),
        ] {
            assert_eq!(bar(start, share, 4), expected, "{start} {share}");
        }
    }
}
