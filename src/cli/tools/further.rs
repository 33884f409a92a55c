//! The links of an answer as commands that a person can run.

use serde_json::Map;
use serde_json::Value;

use super::super::hosts::Os;
use super::super::hosts::hooks::quoted;
use super::super::trace::tree::plain;

/// Links of rows that are shown; there is one for each row.
const OF_ROWS: usize = 3;

/// What the answer in `data` leads on to, a command a line as a shell of `os` takes it; empty when it leads to nothing.
pub(super) fn commands(data: &Map<String, Value>, os: Os) -> String {
    let list = |name: &str| data.get(name).and_then(Value::as_array).into_iter().flatten();
    let rows = list("rows").count();
    let links = list("links").enumerate().filter(|(at, _)| *at < OF_ROWS || *at >= rows).map(|it| it.1);
    let links = links.chain(data.get("otherwise"));
    let lines = links.map(|it| format!("\n  {}  # {}", command(it, os), plain(&text(&it["label"]))));
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("\n\nLook further:{lines}") }
}

/// A link as a command.
fn command(link: &Value, os: Os) -> String {
    let tool = text(&link["tool"]);
    let empty = Map::new();
    let arguments = link["arguments"].as_object().unwrap_or(&empty);
    let json = link["arguments"].to_string();
    let mut command = match tool.as_str() {
        // What JSON escapes may be a line end or what a terminal obeys.
        tool if json.contains('\\') => return format!("carryall call {tool} {}", quoted(&json, os)),
        "query_insights" => "carryall insights".to_owned(),
        "get_trace" => "carryall trace".to_owned(),
        "recall" => "carryall recall".to_owned(),
        // There are no others; one that comes is called as it stands.
        tool => return format!("carryall call {tool} {}", quoted(&json, os)),
    };
    let flag = |name: &str, value: &Value| format!(" --{name} {}", quoted(&text(value), os));
    let mut named = String::new();
    for (name, value) in arguments {
        command += &match (name.as_str(), value) {
            ("question" | "query" | "trace_id", value) => {
                named = format!(" {}", quoted(&text(value), os));
                String::new()
            }
            ("drill_down", Value::Object(parts)) => parts.iter().map(|(name, value)| flag(name, value)).collect(),
            ("filters", Value::Object(filters)) => {
                filters.iter().map(|(name, value)| flag("filter", &format!("{name}={}", text(value)).into())).collect()
            }
            ("kinds", Value::Array(kinds)) => kinds.iter().map(|it| flag("kind", it)).collect(),
            ("user_id", value) if tool == "query_insights" => flag("user", value),
            (name, Value::Bool(true)) => format!(" --{}", name.replace('_', "-")),
            (name, value) => flag(&name.replace('_', "-"), value),
        };
    }
    command + &named
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn links_are_commands() {
        let data = json!({
            "rows": [["a"], ["b"], ["c"], ["d"]],
            "links": [
                {"label": "a", "tool": "query_insights", "arguments": {"type": "performance", "user_id": "ana",
                    "filters": {"model": "gpt 5"}, "drill_down": {"view": "calls", "by": "day"}}},
                {"label": "b", "tool": "get_trace", "arguments": {"trace_id": "01-a"}},
                {"label": "c", "tool": "recall", "arguments": {"query": "it's", "kinds": ["decision"],
                    "include_superseded": true}},
                {"label": "d", "tool": "get_trace", "arguments": {"trace_id": "02"}},
                {"label": "more", "tool": "query_insights", "arguments": {"question": "cost", "cursor": "50-7-0-0"}},
            ],
        });
        let said = commands(data.as_object().unwrap(), Os::Linux);
        let lines: Vec<&str> = said.lines().skip(3).collect();
        assert_eq!(
            lines,
            [
                "  carryall insights --type performance --user ana --filter 'model=gpt 5' --view calls --by day  # a",
                "  carryall trace 01-a  # b",
                r"  carryall recall --kind decision --include-superseded 'it'\''s'  # c",
                "  carryall insights --cursor 50-7-0-0 cost  # more",
            ]
        );
        let hostile = json!({"links": [{"label": "x\nrm -r", "tool": "query_insights",
            "arguments": {"filters": {"persona": "x\n\u{1b}c"}}}]});
        let said = commands(hostile.as_object().unwrap(), Os::Linux);
        let expected = r#"  carryall call query_insights '{"filters":{"persona":"x\n\u001bc"}}'  # x rm -r"#;
        assert_eq!(said.lines().skip(3).collect::<Vec<_>>(), [expected]);
        assert_eq!(commands(&Map::new(), Os::Linux), "");
    }
}
