//! Metrics, what is built on them in docs/ops, and how everything is.

use std::collections::BTreeSet;
use std::path::Path;

use carryall::store::Totals;
use carryall::telemetry;
use carryall::telemetry::Gauges;
use carryall::telemetry::Process;
use carryall::telemetry::Sent;
use serde_json::Value;
use serde_json::json;

use crate::harness::Duplex;
use crate::harness::Home;
use crate::harness::modern;

/// The names of all metrics, with what a histogram has besides.
fn names() -> BTreeSet<String> {
    let process = Process { sent: Some(Sent::default()), ..Process::default() };
    let gauges = Gauges { free_bytes: Some(1), without_vector: Some(0), process: Some(process), ..Gauges::default() };
    let text = telemetry::metrics(&Totals::default(), &gauges);
    let mut names = BTreeSet::new();
    for line in text.lines().filter_map(|it| it.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap_or((line, ""));
        match kind {
            "histogram" => names.extend(["_bucket", "_sum", "_count"].map(|it| format!("{name}{it}"))),
            _ => drop(names.insert(name.to_owned())),
        }
    }
    names
}

/// Every word of `text` that is the name of a metric of ours.
fn used(text: &str) -> BTreeSet<String> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    words.filter(|it| it.starts_with("carryall_")).map(str::to_owned).collect()
}

fn file(name: &str) -> anyhow::Result<String> {
    Ok(std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ops").join(name))?)
}

#[test]
fn dashboard_and_alerts_name_metrics_that_there_are() -> anyhow::Result<()> {
    let names = names();
    for text in [file("grafana.json")?, file("alerts.yml")?] {
        let unknown: Vec<String> = used(&text).difference(&names).cloned().collect();
        assert!(unknown.is_empty(), "no such metrics: {unknown:?}");
    }
    let shown = used(&file("grafana.json")?);
    let hidden: Vec<&String> = names.iter().filter(|it| !shown.contains(*it)).collect();
    assert!(hidden.is_empty(), "the dashboard does not show {hidden:?}");
    Ok(())
}

#[test]
fn the_dashboard_is_whole_and_every_alert_says_what_to_do() -> anyhow::Result<()> {
    let dashboard: Value = serde_json::from_str(&file("grafana.json")?)?;
    let panels = dashboard["panels"].as_array().cloned().unwrap_or_default();
    let ids: BTreeSet<u64> = panels.iter().filter_map(|it| it["id"].as_u64()).collect();
    assert!(panels.len() > 15 && ids.len() == panels.len());
    for panel in &panels {
        let unit = panel["fieldConfig"]["defaults"]["unit"].as_str();
        assert!(panel["title"].is_string() && unit.is_some(), "{panel}");
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().unwrap_or_default();
            assert_eq!(query.matches('(').count(), query.matches(')').count(), "{query}");
            assert_eq!(query.matches('{').count(), query.matches('}').count(), "{query}");
        }
    }
    let alerts = file("alerts.yml")?;
    let count = |what: &str| alerts.lines().filter(|it| it.trim_start().starts_with(what)).count();
    assert!(count("- alert:") >= 8);
    for each in ["expr:", "labels:", "summary:", "next:"] {
        assert_eq!(count(each), count("- alert:"), "{each}");
    }
    Ok(())
}

/// The value of the series `name` with all of `labels`.
fn value(text: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let found = text.lines().find(|it| {
        let series = it.strip_prefix(name).filter(|it| it.starts_with(['{', ' ']));
        series.is_some_and(|it| labels.iter().all(|label| it.contains(label)))
    })?;
    found.rsplit_once(' ')?.1.parse().ok()
}

#[test]
fn metrics_count_what_every_process_did() -> anyhow::Result<()> {
    let home = Home::new()?;
    let nothing = home.carryall(&["metrics"]).output()?;
    assert!(nothing.status.success() && !home.database().exists(), "asking for numbers makes no file");
    let mut one = home.server()?;
    one.call("remember", json!({"content": "Ana prefers tea"}))?;
    one.call("recall", json!({"query": "tea"}))?;
    one.finish()?;
    let mut other = home.server()?;
    other.call("recall", json!({"query": "tea"}))?;
    other.fail("recall", json!({"limit": 3}))?;
    other.call("ask", json!({"message": "what does Ana like?"}))?;
    other.finish()?;
    let text = String::from_utf8(home.carryall(&["metrics"]).output()?.stdout)?;
    let of = |name: &str, labels: &[&str]| value(&text, name, labels);
    assert_eq!(of("carryall_calls_total", &["tool=\"recall\"", "outcome=\"ok\""]), Some(2.0), "{text}");
    assert_eq!(of("carryall_calls_total", &["tool=\"recall\"", "outcome=\"failed\""]), Some(1.0));
    assert_eq!(of("carryall_call_errors_total", &["kind=\"invalid_argument\""]), Some(1.0));
    assert_eq!(of("carryall_call_duration_seconds_count", &["tool=\"recall\""]), Some(3.0));
    assert_eq!(of("carryall_call_duration_seconds_bucket", &["tool=\"recall\"", "le=\"+Inf\""]), Some(3.0));
    assert_eq!(of("carryall_ask_strategies_total", &["extractive"]), Some(1.0));
    assert_eq!(of("carryall_store_rows", &["table=\"memories\""]), Some(1.0));
    assert!(of("carryall_store_file_bytes", &["main"]).is_some_and(|it| it > 0.0));
    assert!(!text.contains("carryall_process_"), "a command has nothing of its own to tell");
    Ok(())
}

#[tokio::test]
async fn a_running_server_tells_how_it_is() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = Duplex::start(&home)?;
    server.call("remember", json!({"content": "Ana prefers tea"})).await?;
    let read = server.request("resources/read", modern(json!({"uri": "carryall://health"}))).await?;
    let text = read["result"]["contents"][0]["text"].as_str().unwrap_or_default();
    let health: Value = serde_json::from_str(text)?;
    assert_eq!(health["status"], "ok", "{health}");
    let checks = health["checks"].as_array().cloned().unwrap_or_default();
    let found: Vec<&str> = checks.iter().filter_map(|it| it["name"].as_str()).collect();
    for name in ["store", "index", "disk", "vectors", "provider", "breaker", "queue", "records", "hooks"] {
        assert!(found.contains(&name), "{name} is not in {found:?}");
    }
    // The doctor says the same, word for word, and more.
    let output = home.carryall(&["doctor", "--json"]).output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let told = report["findings"].as_array().cloned().unwrap_or_default();
    for check in checks.iter().filter(|it| it["name"] != "records" && it["name"] != "disk") {
        let same = |it: &&Value| it["name"] == check["name"] && it["message"] == check["message"];
        let same = told.iter().find(same).ok_or_else(|| anyhow::anyhow!("{check} is not in {report}"))?;
        assert_eq!(same["hint"].as_str().unwrap_or_default(), check["hint"].as_str().unwrap_or_default());
    }
    let read = server.request("resources/read", modern(json!({"uri": "carryall://metrics"}))).await?;
    let text = read["result"]["contents"][0]["text"].as_str().unwrap_or_default();
    assert_eq!(value(text, "carryall_process_queued_writes", &[]), Some(0.0), "{text}");
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_told_with_the_way_out() -> anyhow::Result<()> {
    let home = Home::new()?;
    std::fs::write(home.database(), "this is no database, but some forty bytes of text")?;
    let mut server = Duplex::start(&home)?;
    let read = server.request("resources/read", modern(json!({"uri": "carryall://health"}))).await?;
    let text = read["result"]["contents"][0]["text"].as_str().unwrap_or_default();
    let health: Value = serde_json::from_str(text)?;
    assert_eq!(health["status"], "broken", "{health}");
    let store = &health["checks"][0];
    assert_eq!((&store["name"], &store["status"]), (&json!("store"), &json!("broken")));
    assert!(store["hint"].as_str().is_some_and(|it| !it.is_empty()), "{store}");
    Ok(())
}
