//! Every number of an answer can be followed to its rows.

use super::*;
use crate::insights::Link;
use crate::insights::VIEWS;

/// The question that a link asks; `None` for a link to a single call or a memory.
fn question(link: &Link) -> anyhow::Result<Option<Question>> {
    if link.tool != "query_insights" {
        return Ok(None);
    }
    let arguments = &link.arguments;
    let time = |name: &str| arguments[name].as_str().and_then(|it| clock::parse(it).ok());
    Ok(Some(Question {
        kind: Some(serde_json::from_value(arguments["type"].clone())?),
        since: time("since"),
        until: time("until"),
        filters: arguments["filters"].as_object().cloned().unwrap_or_default(),
        drill: serde_json::from_value(arguments["drill_down"].clone())?,
        ..Question::default()
    }))
}

/// How many calls an answer is about; `None` when it does not show all its rows.
fn calls(answer: &Answer) -> Option<f64> {
    if answer.columns.first().is_some_and(|it| it == "trace_id") {
        #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
        return Some(answer.total as f64);
    }
    let at = answer.columns.iter().position(|it| it == "calls")?;
    (answer.total == answer.rows.len()).then(|| answer.rows.iter().map(|it| finding::number(&it[at])).sum())
}

#[tokio::test]
async fn links_lead_from_the_month_to_the_trace() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let mut answer = year.ask(of(Kind::Performance, "calls", "month", "calls")).await?;
    let mut steps = 0;
    loop {
        let link = answer.links.first().ok_or_else(|| anyhow::anyhow!("no link in {answer:?}"))?.clone();
        steps += 1;
        let Some(next) = question(&link)? else {
            let id = link.arguments["trace_id"].as_str().unwrap_or_default();
            assert!(year.calls.iter().any(|it| it.id == id), "{id}");
            break;
        };
        let at = answer.columns.iter().position(|it| it == "calls");
        let counted = at.map(|at| finding::number(&answer.rows[0][at]));
        answer = year.ask(next).await?;
        if let (Some(below), Some(counted)) = (calls(&answer), counted) {
            assert!((below - counted).abs() < 0.5, "{counted} became {below} at step {steps}");
        }
        assert!(steps < 6, "no end");
    }
    assert_eq!(steps, 4);
    Ok(())
}

#[tokio::test]
async fn the_calls_behind_each_row_are_those_of_its_link() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let mut followed = BTreeMap::new();
    let groups =
        ["tool", "week", "quarter", "hour", "weekday", "user", "outcome", "namespace", "error_kind", "all", "period"];
    let time = Question { since: Some(NOW - 40 * DAY), until: Some(NOW), ..Question::default() };
    for (view, kind, _) in VIEWS {
        for by in groups {
            let asked = Question { drill: of(kind, view, by, "calls").drill, kind: Some(kind), ..time.clone() };
            let answer = year.ask(asked).await?;
            let count = |name: &str| answer.columns.iter().position(|it| it == name);
            let Some(at) = (if view == "errors" { count("failed") } else { count("calls") }) else { continue };
            assert_eq!(answer.links.len(), answer.rows.len(), "{view} by {by}");
            for (row, link) in answer.rows.iter().zip(&answer.links).take(6) {
                let Some(next) = question(link)? else { continue };
                let below = year.ask(next).await?;
                let Some(below) = calls(&below) else { continue };
                let counted = finding::number(&row[at]);
                assert!((below - counted).abs() < 0.5, "{view} by {by}: {counted} became {below} by {link:?}");
                *followed.entry(kind.name()).or_insert(0) += 1;
            }
        }
    }
    for name in ["history", "personas", "frameworks", "performance", "engagement"] {
        assert!(followed.get(name).is_some_and(|it| *it > 20), "{name}: {followed:?}");
    }
    Ok(())
}

#[tokio::test]
async fn both_periods_of_a_change_are_behind_its_link() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let answer =
        year.ask(Question { kind: Some(Kind::Insights), since: Some(NOW - 30 * DAY), ..Question::default() }).await?;
    let row =
        answer.rows.iter().zip(&answer.links).find(|(row, _)| row[0] == Cell::Text("calls per active day".into()));
    let (row, link) = row.ok_or_else(|| anyhow::anyhow!("{answer:?}"))?;
    let next = question(link)?.ok_or_else(|| anyhow::anyhow!("{link:?}"))?;
    // The day on which the later period begins counts to that one, with its morning.
    let midnight = (NOW - 30 * DAY).div_euclid(DAY) * DAY;
    let middle: String = clock::format(midnight).chars().take(10).collect();
    let days = column(&year.ask(Question { since: Some(midnight), ..next.clone() }).await?, "calls");
    let mean = |days: Vec<f64>| days.iter().sum::<f64>() / f64::from(u32::try_from(days.len()).unwrap_or(1));
    let after: Vec<f64> = days.iter().filter(|it| *it.0 >= middle).map(|it| *it.1).collect();
    assert!((mean(after) - finding::number(&row[2])).abs() < 0.01, "{row:?}");
    let days = column(&year.ask(Question { until: Some(midnight), ..next }).await?, "calls");
    let before: Vec<f64> = days.iter().filter(|it| *it.0 < middle).map(|it| *it.1).collect();
    assert!((mean(before) - finding::number(&row[1])).abs() < 0.01, "{row:?}");
    Ok(())
}
