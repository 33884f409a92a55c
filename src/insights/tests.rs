//! Answers against a computation of their own over the same made-up year, and what must not happen.

mod alone;
mod eyes;
mod keeping;
mod links;
mod rows;
mod wanted;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Answer;
use super::Drill;
use super::Insights;
use super::Kind;
use super::Question;
use super::finding;
use super::year;
use super::year::Size;
use crate::clock;
use crate::clock::Clock;
use crate::clock::Millis;
use crate::config::CacheTimes;
use crate::store::CallRow;
use crate::store::Cell;
use crate::store::Store;
use crate::trace::Call;

/// 2026-09-21T12:00:00Z
const NOW: Millis = 1_790_000_000_000 - 1_790_000_000_000 % 86_400_000 + 43_200_000;
const DAY: Millis = 86_400_000;

struct Year {
    insights: Insights,
    calls: Vec<CallRow>,
    store: Store,
    _folder: tempfile::TempDir,
}

impl Year {
    async fn new() -> anyhow::Result<Year> {
        let folder = tempfile::tempdir()?;
        let store = Store::new(&folder.path().join("year.db"));
        let calls = year::calls(3, NOW, Size { calls: 5_000, sessions: 500, users: 12 });
        store.add_calls(calls.clone()).await?;
        let insights = Insights::new(store.clone(), Clock::fixed(NOW), CacheTimes::default());
        Ok(Year { insights, calls, store, _folder: folder })
    }

    async fn ask(&self, question: Question) -> anyhow::Result<Answer> {
        Ok(self.insights.answer(&question, &Call::silent()).await?)
    }

    fn within(&self, since: Millis) -> impl Iterator<Item = &CallRow> {
        self.calls.iter().filter(move |it| it.started_at >= since)
    }
}

fn of(kind: Kind, view: &str, by: &str, measure: &str) -> Question {
    let drill =
        Drill { view: Some(view.into()), by: Some(by.into()), measure: Some(measure.into()), ..Drill::default() };
    Question { kind: Some(kind), drill, ..Question::default() }
}

fn column(answer: &Answer, name: &str) -> BTreeMap<String, f64> {
    let at =
        answer.columns.iter().position(|it| it == name).unwrap_or_else(|| panic!("{name} in {:?}", answer.columns));
    let key = |cell: &Cell| match cell {
        Cell::Text(it) => it.clone(),
        other => format!("{other:?}"),
    };
    answer.rows.iter().map(|row| (key(&row[0]), finding::number(&row[at]))).collect()
}

fn close(left: &BTreeMap<String, f64>, right: &BTreeMap<String, f64>) {
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    for (name, value) in left {
        assert!((value - right[name]).abs() < 1e-3, "{name}: {value} against {}", right[name]);
    }
}

#[tokio::test]
async fn cost_and_times_by_model_are_those_of_the_calls() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let since = NOW - 90 * DAY;
    let answer =
        year.ask(Question { since: Some(since), ..of(Kind::Performance, "calls", "model", "cost_usd") }).await?;
    let mut times: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut cost: BTreeMap<String, f64> = BTreeMap::new();
    for call in year.within(since) {
        let name = call.model.clone().unwrap_or_else(|| "(none)".to_owned());
        times.entry(name.clone()).or_default().push(call.took_us);
        *cost.entry(name).or_default() += call.cost_usd.unwrap_or(0.0);
    }
    close(&column(&answer, "cost_usd"), &cost);
    #[expect(clippy::cast_precision_loss, reason = "times of a test")]
    let p95: BTreeMap<String, f64> = times
        .into_iter()
        .map(|(name, mut list)| {
            list.sort_unstable();
            // The nearest rank: the smallest value that 95 of 100 do not pass.
            let rank = (list.len() * 95).div_ceil(100);
            (name, (list[rank - 1] as f64 / 10.0).round() / 100.0)
        })
        .collect();
    close(&column(&answer, "p95_ms"), &p95);
    let total: f64 = cost.values().sum();
    assert!(answer.text.contains(&format!("{total:.2} USD")), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn sessions_by_day_and_users_who_return_are_those_of_the_calls() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let since = NOW - 20 * DAY;
    let asked = Question { since: Some(since), ..of(Kind::Engagement, "activity", "day", "sessions") };
    let mut days: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for call in year.within(since) {
        let day = clock::format(call.started_at).chars().take(10).collect::<String>();
        days.entry(day).or_default().extend(call.session_id.as_deref());
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
    let expected: BTreeMap<String, f64> = days.into_iter().map(|(day, them)| (day, them.len() as f64)).collect();
    close(&column(&year.ask(asked).await?, "sessions"), &expected);

    let answer = year.ask(of(Kind::Engagement, "returning", "all", "active_days")).await?;
    let mut users: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for call in &year.calls {
        users.entry(call.user_id.clone().unwrap_or_default()).or_default().insert(call.started_at / DAY);
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
    let expected: BTreeMap<String, f64> = users.into_iter().map(|(user, days)| (user, days.len() as f64)).collect();
    close(&column(&answer, "active_days"), &expected);
    Ok(())
}

#[tokio::test]
async fn the_longest_streak_is_the_longest_run_of_days() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let days: BTreeSet<i64> = year.calls.iter().map(|it| it.started_at / DAY).collect();
    let longest = days.iter().map(|day| (0..).take_while(|it| days.contains(&(day + it))).count()).max();
    let answer = year.ask(of(Kind::Engagement, "streak", "all", "calls")).await?;
    let said = answer.rows.first().map(|it| finding::number(&it[2]));
    #[expect(clippy::cast_precision_loss, reason = "days")]
    let longest = longest.map(|it| it as f64);
    assert_eq!(said, longest);
    Ok(())
}

#[tokio::test]
async fn a_framework_counts_where_it_was_named() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let answer = year.ask(of(Kind::Frameworks, "frameworks", "all", "calls")).await?;
    let mut expected: BTreeMap<String, f64> = BTreeMap::new();
    for name in year.calls.iter().flat_map(|it| &it.frameworks) {
        *expected.entry(name.clone()).or_default() += 1.0;
    }
    close(&column(&answer, "calls"), &expected);
    // A question that names some of them is answered for those, each as often as it was named.
    for (question, names) in [("how often was SWOT used?", vec!["SWOT"]), ("RICE or RACI?", vec!["RACI", "RICE"])] {
        let answer = year.ask(Question { question: question.into(), ..Question::default() }).await?;
        let own: BTreeMap<String, f64> =
            names.iter().map(|it| ((*it).to_owned(), expected.get(*it).copied().unwrap_or(0.0))).collect();
        close(&column(&answer, "calls"), &own);
        let sum = format!("{:.0} calls", own.values().sum::<f64>());
        assert!(answer.text.starts_with(&sum), "{question}: {}", answer.text);
    }
    Ok(())
}

#[tokio::test]
async fn lists_count_what_they_do_not_show() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let answer = year.ask(of(Kind::History, "timeline", "all", "calls")).await?;
    assert_eq!((answer.rows.len(), answer.total), (50, year.calls.len()));
    let first = year.calls.iter().map(|it| it.started_at).min().unwrap_or_default();
    let earliest = clock::format(first.div_euclid(1000) * 1000);
    assert!(answer.text.contains(&format!("The earliest is of {earliest}.")), "{}", answer.text);
    let drawn = Question { chart: Some(super::chart::Format::Svg), ..of(Kind::History, "timeline", "all", "calls") };
    assert!(year.ask(drawn).await?.chart.is_some());
    Ok(())
}

#[tokio::test]
async fn somebody_of_whom_nothing_is_recorded_gets_nobody_elses_answer() -> anyhow::Result<()> {
    let year = Year::new().await?;
    for question in [
        "what did zorro do last week?",
        "what has Zorro asked?",
        "was hat Zorro gefragt?",
        "what did Zorro spend?",
        "how much has zorro spent in the past month?",
    ] {
        let answer = year.ask(Question { question: question.into(), ..Question::default() }).await?;
        assert!(answer.rows.is_empty(), "{question}: {answer:?}");
        assert!(answer.text.starts_with("Nothing is recorded"), "{question}: {}", answer.text);
        assert!(answer.text.contains("calls are recorded, from"), "{question}: {}", answer.text);
        // A board of charts has a picture that says so.
        let drawn =
            Question { question: question.into(), chart: Some(super::chart::Format::Svg), ..Question::default() };
        let chart = year.ask(drawn).await?.chart.unwrap_or_default();
        assert!(String::from_utf8_lossy(&chart).contains("Nothing is recorded here."), "{question}");
    }
    Ok(())
}

#[tokio::test]
async fn an_equal_question_is_kept_until_the_record_changes() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let question = of(Kind::Performance, "calls", "tool", "calls");
    assert!(!year.ask(question.clone()).await?.cached);
    assert!(year.ask(question.clone()).await?.cached);
    year.store.add_calls(vec![CallRow { id: "new".into(), started_at: NOW - 1, ..year.calls[0].clone() }]).await?;
    let answer = year.ask(question).await?;
    assert!(!answer.cached);
    #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
    let expected = year.calls.len() as f64 + 1.0;
    assert!((column(&answer, "calls").values().sum::<f64>() - expected).abs() < 0.5);
    Ok(())
}

#[tokio::test]
async fn a_change_by_group_says_both_periods_and_what_changed_most() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let words = "compare cost by model, last month against the month before";
    let answer = year.ask(Question { question: words.into(), ..Question::default() }).await?;
    let cost = |from: i64, to: i64| -> f64 {
        let them = year.within(NOW - from * DAY).filter(|it| it.started_at < NOW - to * DAY);
        them.filter_map(|it| it.cost_usd).sum()
    };
    let said = format!("{:.2} USD before 2026-08-22 and {:.2} USD since, ", cost(60, 30), cost(30, 0));
    assert!(answer.text.starts_with(&said), "{said} {}", answer.text);
    let by = |row: &Vec<Cell>, name: &str| {
        answer.columns.iter().position(|it| it == name).map_or(0.0, |at| finding::number(&row[at]))
    };
    let moved = |row: &Vec<Cell>| (by(row, "cost_after") - by(row, "cost_before")).abs();
    let most = answer.rows.iter().max_by(|a, b| moved(a).total_cmp(&moved(b))).map(|it| it[0].clone());
    let Some(Cell::Text(most)) = most else { anyhow::bail!("{most:?}") };
    assert!(answer.text.contains(&format!("{most} changed most: ")), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn nothing_recorded_says_so_and_what_there_is() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let filters: Map<String, Value> = [("user_id".to_owned(), json!("nobody' OR 1=1 --"))].into_iter().collect();
    for kind in Kind::ALL {
        let answer = year.ask(Question { kind: Some(kind), filters: filters.clone(), ..Question::default() }).await?;
        assert!(answer.rows.is_empty(), "{kind:?}: {answer:?}");
        assert!(answer.text.starts_with("Nothing is recorded"), "{}", answer.text);
        assert!(answer.text.ends_with("No call of this user is recorded yet."), "{}", answer.text);
        let filters = [("model".to_owned(), json!("' OR 1=1 --"))].into_iter().collect();
        let answer = year.ask(Question { kind: Some(kind), filters, ..Question::default() }).await?;
        if kind != Kind::History {
            assert!(answer.text.contains("calls are recorded, from"), "{}", answer.text);
        }
    }
    let failed = Question {
        filters: [("model".to_owned(), json!("(none)"))].into_iter().collect(),
        ..of(Kind::Performance, "errors", "all", "failed")
    };
    let answer = year.ask(failed).await?;
    assert!(answer.text.starts_with("No call failed "), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn wrong_filters_and_ranges_are_told() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let filters = [("colour".to_owned(), json!("red"))].into_iter().collect();
    let wrong = Question { kind: Some(Kind::History), filters, ..Question::default() };
    let err = year.insights.answer(&wrong, &Call::silent()).await.expect_err("an unknown filter");
    assert!(err.to_string().contains("filters.colour"), "{err}");
    let filters = [("model".to_owned(), json!(["a", "b"]))].into_iter().collect();
    let many = Question { kind: Some(Kind::History), filters, ..Question::default() };
    let err = year.insights.answer(&many, &Call::silent()).await.expect_err("two values");
    assert!(err.to_string().contains("takes one text or number"), "{err}");
    let over = |ms: serde_json::Value| Question {
        kind: Some(Kind::Performance),
        filters: [("over_ms".to_owned(), ms)].into_iter().collect(),
        ..Question::default()
    };
    assert_eq!(year.ask(over(json!(900))).await?.text, year.ask(over(json!("900"))).await?.text);
    let wrong = Question { kind: Some(Kind::History), since: Some(NOW), until: Some(NOW - 1), ..Question::default() };
    assert!(year.insights.answer(&wrong, &Call::silent()).await.is_err());
    let later = Question { kind: Some(Kind::Performance), since: Some(NOW + 9 * DAY), ..Question::default() };
    let answer = year.ask(later).await?;
    let said = "Nothing is recorded since 2026-09-30: there is no data of the future.";
    assert!(answer.text.starts_with(said), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn a_question_in_plain_words_is_read() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let words = |text: &str| Question { question: text.to_owned(), ..Question::default() };
    let answer = year.ask(words("What did each model cost us last week?")).await?;
    assert_eq!((answer.kind, answer.since, answer.until), (Kind::Performance, Some(NOW - 7 * DAY), Some(NOW)));
    assert!(answer.confidence > 0.5 && answer.confidence <= 1.0, "{}", answer.confidence);
    assert_eq!(answer.columns.first().map(String::as_str), Some("model"));
    // What was given as such wins over the words.
    let given = Question { kind: Some(Kind::Engagement), since: Some(NOW - DAY), ..words("cost of last week") };
    let answer = year.ask(given).await?;
    assert_eq!((answer.kind, answer.since), (Kind::Engagement, Some(NOW - DAY)));
    assert!(answer.otherwise.is_none());
    // An unsure reading brings the next one along.
    let answer = year.ask(words("mauve")).await?;
    assert!(answer.confidence >= 0.75 || answer.otherwise.is_some(), "{answer:?}");
    Ok(())
}
