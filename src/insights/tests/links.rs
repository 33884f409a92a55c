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

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The rows of `answer` by their first cell, each with the number in the column `name`.
async fn behind(year: &Year, link: &Link, name: &str) -> anyhow::Result<(Answer, BTreeMap<String, f64>)> {
    let next = question(link)?.ok_or_else(|| anyhow::anyhow!("{link:?} asks nothing"))?;
    let answer = year.ask(next).await?;
    let values = column(&answer, name);
    Ok((answer, values))
}

#[tokio::test]
async fn both_periods_of_a_change_are_behind_its_link() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let last_month = Question { kind: Some(Kind::Insights), since: Some(NOW - 30 * DAY), ..Question::default() };
    let compared =
        Question { question: "compare the past 10 days with the 40 days before".into(), ..last_month.clone() };
    let all = Question { since: None, ..last_month.clone() };
    for asked in [last_month, Question { since: None, ..compared }, all] {
        let answer = year.ask(asked).await?;
        assert_eq!(answer.rows.len(), 7, "{}", answer.text);
        assert_eq!(answer.links.len(), 7);
        for (row, link) in answer.rows.iter().zip(&answer.links) {
            let measure = link.arguments["drill_down"]["measure"].as_str().unwrap_or_default().to_owned();
            let (periods, sums) = behind(&year, link, &measure).await?;
            for (at, period) in [(1, "before"), (2, "after")] {
                let value = finding::number(&row[at]);
                // A share and a mean are those of the period; all else is told for a day of it.
                if measure == "mean_ms" || measure == "cached_share" {
                    assert!((value - sums[period]).abs() < 0.02, "{measure} {period}: {value} and {sums:?}");
                    continue;
                }
                let nth = periods.rows.iter().position(|it| it[0] == Cell::Text(period.into()));
                let nth = nth.ok_or_else(|| anyhow::anyhow!("no {period} in {periods:?}"))?;
                let (below, days) = behind(&year, &periods.links[nth], &measure).await?;
                let adds = measure == "calls" || measure == "failed" || measure == "cost_usd";
                // What has more days than are shown is told by its sum alone.
                let sum = if below.total == days.len() { days.values().sum::<f64>() } else { sums[period] };
                if adds || below.total == days.len() {
                    let mean = sum / float(below.total);
                    assert!((value - mean).abs() < 1e-3, "{measure} {period}: {value} of {} days, {mean}", days.len());
                }
                assert!(!adds || (sums[period] - sum).abs() < 1e-3, "{measure} {period}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn rated_calls_of_both_periods_are_behind_each_rating() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let last = Question { since: Some(NOW - 90 * DAY), ..of(Kind::Insights, "ratings", "request_kind", "calls") };
    for asked in [last, of(Kind::Insights, "ratings", "model", "calls")] {
        let answer = year.ask(asked.clone()).await?;
        assert!(answer.rows.len() > 3 && answer.links.len() == answer.rows.len(), "{answer:?}");
        let group = |it: &CallRow| match asked.drill.by.as_deref() {
            Some("model") => it.model.clone().unwrap_or_else(|| "(none)".into()),
            _ => it.request_kind.clone().unwrap_or_else(|| "(not labelled)".into()),
        };
        for (row, link) in answer.rows.iter().zip(&answer.links) {
            let (_, calls) = behind(&year, link, "calls").await?;
            let (_, means) = behind(&year, link, "rating").await?;
            for (at, period) in [(1, "before"), (3, "after")] {
                let (count, mean) = (finding::number(&row[at]), finding::number(&row[at + 1]));
                assert!(
                    (calls.get(period).copied().unwrap_or(0.0) - count).abs() < 0.5,
                    "{period} of {row:?}: {calls:?}"
                );
                assert!(
                    (means.get(period).copied().unwrap_or(0.0) - mean).abs() < 1e-3,
                    "{period} of {row:?}: {means:?}"
                );
            }
            // And both are those of the calls themselves.
            let rated = year.within(asked.since.unwrap_or(Millis::MIN)).filter(|it| it.rating.is_some());
            let own = rated.filter(|it| Cell::Text(group(it)) == row[0]).count();
            let told = finding::number(&row[1]) + finding::number(&row[3]);
            assert!((float(own) - told).abs() < 0.5, "{row:?}: {own}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_questions_behind_a_gap_are_one_more_than_its_pairs() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let asked = Question { since: Some(NOW - 60 * DAY), ..of(Kind::Engagement, "gaps", "all", "calls") };
    let answer = year.ask(asked).await?;
    let mut times: BTreeMap<&str, Vec<Millis>> = BTreeMap::new();
    for call in year.within(NOW - 60 * DAY).filter(|it| it.tool == "ask") {
        times.entry(call.user_id.as_deref().unwrap_or_default()).or_default().push(call.started_at);
    }
    #[expect(clippy::cast_precision_loss, reason = "times of a test")]
    let minutes = |them: &Vec<Millis>| (them[them.len() - 1] - them[0]) as f64 / 60_000.0;
    times.retain(|_, it| it.len() > 1);
    assert_eq!((answer.rows.len(), answer.links.len()), (times.len(), times.len()));
    for (row, link) in answer.rows.iter().zip(&answer.links) {
        let Cell::Text(user) = &row[0] else { anyhow::bail!("{row:?}") };
        let own = &times[user.as_str()];
        let pairs = float(own.len() - 1);
        assert!((finding::number(&row[2]) - pairs).abs() < 0.5, "{row:?}");
        assert!((finding::number(&row[1]) - minutes(own) / pairs).abs() < 0.06, "{row:?}");
        let below = year.ask(question(link)?.ok_or_else(|| anyhow::anyhow!("{link:?}"))?).await?;
        assert_eq!(below.total, own.len(), "{row:?}");
    }
    let (all, pairs) = times.values().fold((0.0, 0.0), |sum, it| (sum.0 + minutes(it), sum.1 + float(it.len() - 1)));
    assert!(answer.text.contains(&format!("{:.1} minutes", all / pairs)), "{}", answer.text);
    assert!(answer.text.contains(&format!("{pairs:.0} pairs")), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn a_share_beyond_a_limit_is_told_for_each_group() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let words = "share of calls slower than 5 s by model, last month";
    let answer = year.ask(Question { question: words.into(), ..Question::default() }).await?;
    assert_eq!(
        (answer.kind, answer.columns[..4].join(" ").as_str()),
        (Kind::Performance, "model calls of_calls share")
    );
    let mut counts: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for call in year.within(NOW - 30 * DAY) {
        let count = counts.entry(call.model.clone().unwrap_or_else(|| "(none)".into())).or_default();
        count.0 += if call.took_us > 5_000_000 { 1.0 } else { 0.0 };
        count.1 += 1.0;
    }
    close(&column(&answer, "calls"), &counts.iter().map(|it| (it.0.clone(), it.1.0)).collect());
    close(&column(&answer, "of_calls"), &counts.iter().map(|it| (it.0.clone(), it.1.1)).collect());
    close(&column(&answer, "share"), &counts.iter().map(|it| (it.0.clone(), it.1.0 / it.1.1)).collect());
    let shares: Vec<f64> = answer.rows.iter().map(|it| finding::number(&it[3])).collect();
    assert!(shares.is_sorted_by(|a, b| a >= b), "{shares:?}");
    let (some, all) = counts.values().fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    assert!(
        answer.text.ends_with(&format!("That is {some:.0} of {all:.0} calls, {:.1} %.", some * 100.0 / all)),
        "{}",
        answer.text
    );
    // Behind a share are its calls, month by month, and of how many they are.
    for (row, link) in answer.rows.iter().zip(&answer.links) {
        let (_, months) = behind(&year, link, "calls").await?;
        assert!((months.values().sum::<f64>() - finding::number(&row[1])).abs() < 0.5, "{row:?} {months:?}");
    }
    Ok(())
}
