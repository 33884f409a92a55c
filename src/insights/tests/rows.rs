//! Each number of an answer is followed by the links down to the calls behind it, and made again out of those calls.

use super::*;
use crate::insights::Link;
use crate::insights::Page;
use crate::insights::VIEWS;
use crate::insights::Viewer;

/// The question that a link asks; `None` for a link to a single call or memory.
fn question(link: &Link) -> anyhow::Result<Option<Question>> {
    if link.tool != "query_insights" {
        return Ok(None);
    }
    let it = &link.arguments;
    let time = |name: &str| it[name].as_str().and_then(|it| clock::parse(it).ok());
    let page = match it["cursor"].as_str() {
        Some(cursor) => Page::read(cursor).ok_or_else(|| anyhow::anyhow!("{cursor} is no cursor"))?,
        None => Page::default(),
    };
    Ok(Some(Question {
        question: it["question"].as_str().unwrap_or_default().to_owned(),
        kind: Some(serde_json::from_value(it["type"].clone())?),
        since: time("since"),
        until: time("until"),
        filters: it["filters"].as_object().cloned().unwrap_or_default(),
        drill: serde_json::from_value(it["drill_down"].clone())?,
        page,
        viewer: Viewer { user_id: it["user_id"].as_str().map(str::to_owned), sees_all: false },
        ..Question::default()
    }))
}

/// An answer with the rows and the links of all its pages.
async fn whole(year: &Year, asked: Question) -> anyhow::Result<Answer> {
    let mut answer = year.ask(asked).await?;
    let mut page = answer.clone();
    while let Some(next) = page.next_page(page.rows.len()) {
        assert_eq!(page.total, answer.total, "{next:?}");
        page = year.ask(question(&next)?.ok_or_else(|| anyhow::anyhow!("{next:?}"))?).await?;
        assert!(!page.rows.is_empty(), "{next:?}");
        answer.rows.extend(page.rows.clone());
        answer.links.extend(page.links.clone());
    }
    assert_eq!(answer.rows.len(), answer.total, "{}", answer.text);
    assert_eq!(answer.links.len(), answer.total, "{}", answer.text);
    Ok(answer)
}

/// The calls that links lead to, each set once.
struct Behind<'a> {
    year: &'a Year,
    by_id: BTreeMap<&'a str, &'a CallRow>,
    known: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Behind<'a> {
    fn of(year: &'a Year) -> Behind<'a> {
        let by_id = year.calls.iter().map(|it| (it.id.as_str(), it)).collect();
        Behind { year, by_id, known: BTreeMap::new() }
    }

    /// The ids of all calls at the ends of `link`.
    async fn ids(&mut self, link: &Link) -> anyhow::Result<BTreeSet<String>> {
        let mut open = vec![link.clone()];
        let mut found = BTreeSet::new();
        let mut seen = 0;
        while let Some(link) = open.pop() {
            seen += 1;
            anyhow::ensure!(seen < 5_000, "no end: {link:?}");
            if let Some(id) = link.arguments["trace_id"].as_str() {
                found.insert(id.to_owned());
                continue;
            }
            let key = link.arguments.to_string();
            if let Some(known) = self.known.get(&key) {
                found.extend(known.iter().cloned());
                continue;
            }
            let answer = whole(self.year, question(&link)?.ok_or_else(|| anyhow::anyhow!("{link:?}"))?).await?;
            if answer.links.iter().all(|it| it.tool == "get_trace") {
                let ids = answer.links.iter().filter_map(|it| it.arguments["trace_id"].as_str().map(str::to_owned));
                let ids: BTreeSet<String> = ids.collect();
                assert_eq!(ids.len(), answer.total, "{link:?}");
                found.extend(ids.iter().cloned());
                self.known.insert(key, ids);
            } else {
                open.extend(answer.links);
            }
        }
        if link.tool == "query_insights" {
            self.known.insert(link.arguments.to_string(), found.clone());
        }
        Ok(found)
    }

    async fn calls(&mut self, link: &Link) -> anyhow::Result<Vec<&'a CallRow>> {
        let ids = self.ids(link).await?;
        let calls = ids.iter().map(|id| self.by_id.get(id.as_str()).copied());
        calls.collect::<Option<Vec<_>>>().ok_or_else(|| anyhow::anyhow!("{link:?} leads to unknown calls"))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and times of a test")]
fn float(value: i64) -> f64 {
    value as f64
}

fn distinct<'a>(calls: &[&'a CallRow], of: impl Fn(&'a CallRow) -> Option<&'a str>) -> f64 {
    let them: BTreeSet<&str> = calls.iter().filter_map(|it| of(it)).collect();
    float(i64::try_from(them.len()).unwrap_or(i64::MAX))
}

fn sum(calls: &[&CallRow], of: impl Fn(&CallRow) -> f64) -> f64 {
    calls.iter().map(|it| of(it)).sum()
}

fn mean(values: &[f64]) -> f64 {
    let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
    values.iter().sum::<f64>() / float(count.max(1))
}

fn percentile(calls: &[&CallRow], percent: usize) -> f64 {
    let mut times: Vec<i64> = calls.iter().map(|it| it.took_us).collect();
    times.sort_unstable();
    // The nearest rank: the smallest value that so many of a hundred do not pass.
    float(times[(times.len() * percent).div_ceil(100) - 1]) / 1000.0
}

/// Minutes from question to question of one user.
fn gaps(calls: &[&CallRow]) -> Vec<f64> {
    let mut times: Vec<Millis> = calls.iter().map(|it| it.started_at).collect();
    times.sort_unstable();
    times.windows(2).map(|it| float(it[1] - it[0]) / 60_000.0).collect()
}

/// What the column `name` has to say of `calls`, of `all` that the answer is about; `None` where it is no number.
fn measure(name: &str, calls: &[&CallRow], all: f64, middle: Millis) -> Option<f64> {
    let is = |yes: bool| if yes { 1.0 } else { 0.0 };
    let count = float(i64::try_from(calls.len()).unwrap_or(i64::MAX));
    let failed = |it: &CallRow| is(it.outcome == "failed");
    let cost = |it: &CallRow| it.cost_usd.unwrap_or(0.0);
    let ratings = |them: &[&CallRow]| mean(&them.iter().filter_map(|it| it.rating).collect::<Vec<_>>());
    let (before, after): (Vec<&CallRow>, Vec<&CallRow>) = calls.iter().partition(|it| it.started_at < middle);
    let of = |them: &[&CallRow]| float(i64::try_from(them.len()).unwrap_or(i64::MAX));
    let ends = calls.iter().map(|it| it.started_at + it.took_us / 1000).max();
    let begins = calls.iter().map(|it| it.started_at).min();
    Some(match name {
        "calls" => count,
        "share" => count / all,
        "failed" => sum(calls, failed),
        "error_rate" => sum(calls, failed) / count,
        "finished" => sum(calls, |it| is(it.outcome == "ok")) / count,
        "p50_ms" => percentile(calls, 50),
        "p95_ms" => percentile(calls, 95),
        "mean_ms" => sum(calls, |it| float(it.took_us)) / count / 1000.0,
        "cost_usd" => sum(calls, cost),
        "cached_share" => sum(calls, |it| is(it.cached)) / count,
        "input_tokens" => sum(calls, |it| float(it.input_tokens)),
        "cached_input_tokens" => sum(calls, |it| float(it.cached_input_tokens)),
        "output_tokens" => sum(calls, |it| float(it.output_tokens)),
        "rating" => ratings(calls),
        "sessions" => distinct(calls, |it| it.session_id.as_deref()),
        "users" => distinct(calls, |it| it.user_id.as_deref()),
        "personas" => distinct(calls, |it| it.persona.as_deref()),
        "tools" => distinct(calls, |it| Some(&it.tool)),
        "providers" => distinct(calls, |it| it.provider.as_deref()),
        "refused" => {
            let kinds = ["rate_limited", "overloaded", "busy"];
            sum(calls, |it| is(it.error_kind.as_deref().is_some_and(|it| kinds.contains(&it))))
        }
        "before" | "rated_before" => of(&before),
        "after" | "rated_after" => of(&after),
        "cost_before" => sum(&before, cost),
        "cost_after" => sum(&after, cost),
        "failed_before" => sum(&before, failed),
        "failed_after" => sum(&after, failed),
        "mean_before" => ratings(&before),
        "mean_after" => ratings(&after),
        "minutes" => float(ends? - begins?) / 60_000.0,
        "pairs" => count - 1.0,
        "minutes_between" => mean(&gaps(calls)),
        "active_days" | "days" => {
            float(i64::try_from(calls.iter().map(|it| it.started_at / DAY).collect::<BTreeSet<_>>().len()).ok()?)
        }
        _ => return None,
    })
}

/// Asks for `view` by `by`, follows all of its rows and makes their numbers again. Returns how many numbers.
async fn follow(behind: &mut Behind<'_>, asked: Question) -> anyhow::Result<usize> {
    let answer = whole(behind.year, asked.clone()).await?;
    let mut rows = Vec::new();
    for link in &answer.links {
        rows.push(behind.calls(link).await?);
    }
    let what = format!("{:?}", asked.drill);
    let middle = asked.since.unwrap_or(0).midpoint(NOW);
    let all = float(rows.iter().map(|it| i64::try_from(it.len()).unwrap_or(0)).sum());
    let mut numbers = 0;
    let hour = answer.columns.first().is_some_and(|it| it == "weekday") && answer.columns[1] == "hour";
    for (row, calls) in answer.rows.iter().zip(&rows) {
        assert!(!calls.is_empty(), "{what}: nothing behind {row:?}");
        for (at, (name, cell)) in answer.columns.iter().zip(row).enumerate() {
            // The names of a row are no numbers, whatever they are called.
            if *cell == Cell::None || at == 0 || hour && at == 1 || matches!(cell, Cell::Text(_)) {
                continue;
            }
            let Some(again) = measure(name, calls, all, middle) else { continue };
            let told = finding::number(cell);
            // Times and costs are rounded to hundredths and less, minutes to tenths.
            let near = if name.starts_with("minutes") { 0.051 } else { 0.006 };
            assert!((told - again).abs() < near, "{what}: {name} of {row:?} is {again} behind its link");
            numbers += 1;
        }
    }
    Ok(numbers)
}

/// What is grouped by something is asked by all of these, what has groups of its own once.
const GROUPS: [&str; 19] = [
    "all",
    "day",
    "error_kind",
    "hour",
    "model",
    "month",
    "namespace",
    "outcome",
    "period",
    "persona",
    "provider",
    "quarter",
    "request_kind",
    "session",
    "strategy",
    "tool",
    "user",
    "week",
    "weekday",
];

#[tokio::test]
async fn every_number_is_made_again_out_of_the_calls_behind_its_link() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let mut behind = Behind::of(&year);
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lists = 0;
    for (view, kind, _) in VIEWS {
        // What is listed by itself is followed below; an overview says numbers of a day, which is tested beside this.
        if ["conversations", "decisions", "events", "memories", "overview", "turns"].contains(&view) {
            continue;
        }
        let grouped = ["activity", "calls", "kinds", "movers", "ratings"].contains(&view);
        for by in if grouped { GROUPS.as_slice() } else { &["all"] } {
            // Kinds and ratings are told apart by what an answer has.
            if matches!((view, *by), ("kinds", it) if !["request_kind", "strategy"].contains(&it))
                || matches!((view, *by), ("ratings", it) if !["request_kind", "model"].contains(&it))
            {
                continue;
            }
            let asked = Question { since: Some(NOW - 6 * DAY), ..of(kind, view, by, "calls") };
            if ["asks", "dearest_calls", "slowest_calls", "timeline"].contains(&view) {
                let answer = whole(&year, asked.clone()).await?;
                let ids: BTreeSet<String> =
                    answer.links.iter().filter_map(|it| it.arguments["trace_id"].as_str().map(str::to_owned)).collect();
                let own = year.within(NOW - 6 * DAY).filter(|it| view != "asks" || it.question.is_some());
                assert_eq!(ids, own.map(|it| it.id.clone()).collect(), "{view}");
                assert!(answer.total > 50, "{view} has one page");
                lists += 1;
            } else {
                *numbers.entry(kind.name()).or_default() += follow(&mut behind, asked).await?;
            }
        }
    }
    assert_eq!(lists, 4);
    for name in ["history", "personas", "frameworks", "performance", "engagement", "insights"] {
        assert!(numbers.get(name).is_some_and(|it| *it > 20), "{name}: {numbers:?}");
    }
    Ok(())
}

/// The calls that were rated, those with items that helped apart.
#[tokio::test]
async fn what_only_the_text_says_has_links_as_well() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let rated: Vec<&CallRow> = year.calls.iter().filter(|it| it.rating.is_some()).collect();
    for call in rated.iter().take(30) {
        let trace = crate::store::TraceRow { id: call.id.clone(), spans: "[]".into(), ..Default::default() };
        year.store.add_trace(trace);
        let used = vec!["carryall://memory/x".to_owned()];
        let given = crate::store::NewFeedback { trace_id: call.id.clone(), used, ..Default::default() };
        assert!(year.store.add_feedback(given, NOW).await?);
    }
    let answer = year.ask(of(Kind::Insights, "ratings", "model", "calls")).await?;
    assert!(answer.text.contains("were of use: 30, "), "{}", answer.text);
    let mut behind = Behind::of(&year);
    let [with, without] = answer.beside.as_slice() else { anyhow::bail!("{:?}", answer.beside) };
    let (with, without) = (behind.ids(with).await?, behind.ids(without).await?);
    assert_eq!(with, rated[..30].iter().map(|it| it.id.clone()).collect());
    assert_eq!(without, rated[30..].iter().map(|it| it.id.clone()).collect());

    // Of how many a share is one.
    let words = "share of calls slower than 5 s by model, past 6 days";
    let answer = year.ask(Question { question: words.into(), ..Question::default() }).await?;
    let [all] = answer.beside.as_slice() else { anyhow::bail!("{:?}", answer.beside) };
    let all = behind.ids(all).await?;
    assert_eq!(all, year.within(NOW - 6 * DAY).map(|it| it.id.clone()).collect());
    assert!(answer.text.contains(&format!(" of {} calls, ", all.len())), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn groups_that_are_too_many_to_list_are_counted_by_month() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let more = (0..16_000).map(|nth| CallRow {
        id: format!("more-{nth}"),
        started_at: NOW - 1 - nth,
        ..year.calls[0].clone()
    });
    year.store.add_calls(more.collect()).await?;
    let answer = year.ask(of(Kind::Performance, "calls", "trace", "calls")).await?;
    assert!(answer.text.starts_with("At least 20000 calls"), "{}", answer.text);
    let [all] = answer.beside.as_slice() else { anyhow::bail!("{:?}", answer.beside) };
    let months = year.ask(question(all)?.ok_or_else(|| anyhow::anyhow!("{all:?}"))?).await?;
    assert_eq!(column(&months, "calls").values().sum::<f64>().to_string(), (16_000 + year.calls.len()).to_string());
    Ok(())
}

#[tokio::test]
async fn a_call_whose_steps_were_swept_is_still_at_the_end_of_its_link() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let call = year.calls.iter().find(|it| it.model.is_some() && it.cost_usd > Some(0.0));
    let call = call.ok_or_else(|| anyhow::anyhow!("no call was paid for"))?;
    let find = |user: Option<&str>, tool: Option<&str>| {
        let eyes = crate::store::Eyes { user_id: user.map(str::to_owned), persona: call.persona.clone() };
        let (id, tool) = (Some(call.id.clone()), tool.map(str::to_owned));
        crate::store::TraceFilter { id, eyes: Some(eyes), tool, ..Default::default() }
    };
    let own = crate::trace::find(&year.store, find(call.user_id.as_deref(), None), 1).await?;
    let [own] = own.as_slice() else { anyhow::bail!("{own:?}") };
    assert_eq!((&own.tool, own.started_at, &own.outcome), (&call.tool, call.started_at, &call.outcome));
    assert_eq!(own.spans[0].notes["model"], json!(call.model));
    for other in [find(Some("somebody else"), None), find(None, None), find(call.user_id.as_deref(), Some("forget"))] {
        assert!(crate::trace::find(&year.store, other.clone(), 1).await?.is_empty(), "{other:?}");
    }
    Ok(())
}
