//! Answers under random filters and times against a computation of their own over the same calls.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// What a random question narrows by.
#[derive(Clone, Debug)]
struct Narrow {
    since: Option<i64>,
    length: i64,
    filters: Vec<(&'static str, &'static str)>,
}

fn narrow() -> impl Strategy<Value = Narrow> {
    let filter = select(vec![
        ("tool", "ask"),
        ("tool", "recall"),
        ("model", "gpt-5"),
        ("provider", "openai"),
        ("persona", "reviewer"),
        ("persona", "(default)"),
        ("user_id", "ana"),
        ("request_kind", "fix"),
        ("outcome", "failed"),
        ("outcome", "ok"),
        ("namespace", "business"),
        ("weekday", "1"),
        ("hour", "10:00"),
        ("framework", "SWOT"),
        ("over_ms", "2500"),
        ("under_ms", "3"),
    ]);
    (prop::option::of(0_i64..365), 1_i64..365, prop::collection::vec(filter, 0..3))
        .prop_map(|(since, length, filters)| Narrow { since, length, filters })
}

impl Narrow {
    fn since(&self) -> Option<Millis> {
        self.since.map(|it| NOW - it * DAY)
    }

    fn until(&self) -> Option<Millis> {
        self.since().map(|it| (it + self.length * DAY).min(NOW))
    }

    fn question(&self, kind: Kind, view: &str, by: &str) -> Question {
        // The last filter of a name is the one that stands.
        let filters = self.filters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let viewer = crate::insights::Viewer { user_id: None, sees_all: true };
        Question { since: self.since(), until: self.until(), filters, viewer, ..of(kind, view, by, "calls") }
    }

    fn has(&self, call: &CallRow) -> bool {
        let last: BTreeMap<&str, &str> = self.filters.iter().copied().collect();
        let is = |value: &Option<String>, none: &str, wanted: &str| value.as_deref().unwrap_or(none) == wanted;
        let inside =
            self.since().is_none_or(|it| call.started_at >= it) && self.until().is_none_or(|it| call.started_at < it);
        inside
            && last.iter().all(|(name, wanted)| match *name {
                "tool" => call.tool == *wanted,
                "model" => is(&call.model, "(none)", wanted),
                "provider" => is(&call.provider, "(none)", wanted),
                "persona" => is(&call.persona, "(default)", wanted),
                "user_id" => is(&call.user_id, "(nobody named)", wanted),
                "request_kind" => is(&call.request_kind, "(not labelled)", wanted),
                "outcome" => call.outcome == *wanted,
                "namespace" => is(&call.namespace, "default", wanted),
                "weekday" => weekday(call.started_at).to_string() == *wanted,
                "hour" => hour(call.started_at) == *wanted,
                "framework" => call.frameworks.iter().any(|it| it == wanted),
                "over_ms" => call.took_us > 2_500_000,
                "under_ms" => call.took_us < 3_000,
                other => panic!("{other}"),
            })
    }
}

fn weekday(at: Millis) -> i64 {
    // The first day of 1970 was a Thursday.
    (at.div_euclid(DAY) + 4).rem_euclid(7)
}

fn hour(at: Millis) -> String {
    format!("{:02}:00", at.rem_euclid(DAY) / 3_600_000)
}

fn date(day: i64) -> String {
    clock::format(day * DAY).chars().take(10).collect()
}

fn key(call: &CallRow, by: &str) -> String {
    let or = |value: &Option<String>, none: &str| value.clone().unwrap_or_else(|| none.to_owned());
    let day = call.started_at.div_euclid(DAY);
    match by {
        "tool" => call.tool.clone(),
        "model" => or(&call.model, "(none)"),
        "user" => or(&call.user_id, "(nobody named)"),
        "persona" => or(&call.persona, "(default)"),
        "outcome" => call.outcome.clone(),
        "month" => date(day).chars().take(7).collect(),
        "week" => date(day - (day + 3).rem_euclid(7)),
        "quarter" => {
            let date = date(day);
            let month: i64 = date[5..7].parse().unwrap();
            format!("{}-Q{}", &date[..4], (month - 1) / 3 + 1)
        }
        "hour" => hour(call.started_at),
        "all" => "all".to_owned(),
        other => panic!("{other}"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and times of a test")]
fn float(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_wrap, reason = "counts of a test")]
fn count<T>(them: &[T]) -> f64 {
    float(them.len() as i64)
}

fn many(calls: &[&CallRow]) -> f64 {
    count(calls)
}

/// The values of a column by the first one, of an answer that shows all its rows.
fn shown(answer: &Answer, name: &str) -> Option<BTreeMap<String, f64>> {
    (answer.total == answer.rows.len()).then(|| column(answer, name))
}

fn same(left: Option<BTreeMap<String, f64>>, right: &BTreeMap<String, f64>, what: &str) {
    let Some(left) = left else { return };
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>(), "{what}");
    for (name, value) in &left {
        assert!((value - right[name]).abs() < 6e-3, "{what}, {name}: {value} against {}", right[name]);
    }
}

fn grouped<'a>(calls: &[&'a CallRow], by: &str) -> BTreeMap<String, Vec<&'a CallRow>> {
    let mut groups: BTreeMap<String, Vec<&CallRow>> = BTreeMap::new();
    for call in calls {
        groups.entry(key(call, by)).or_default().push(call);
    }
    groups
}

fn each(groups: &BTreeMap<String, Vec<&CallRow>>, value: impl Fn(&[&CallRow]) -> f64) -> BTreeMap<String, f64> {
    groups.iter().map(|(name, them)| (name.clone(), value(them))).collect()
}

fn percentile(them: &[&CallRow], percent: usize) -> f64 {
    let mut times: Vec<i64> = them.iter().map(|it| it.took_us).collect();
    times.sort_unstable();
    float(times[(times.len() * percent).div_ceil(100) - 1]) / 1000.0
}

async fn check(year: &Year, narrow: &Narrow, by: &str) -> anyhow::Result<()> {
    let calls: Vec<&CallRow> = year.calls.iter().filter(|it| narrow.has(it)).collect();
    let groups = grouped(&calls, by);
    let what = format!("{narrow:?} by {by}");

    let answer = year.ask(narrow.question(Kind::Performance, "calls", by)).await?;
    assert_eq!(answer.total, groups.len(), "{what}");
    same(shown(&answer, "calls"), &each(&groups, many), &what);
    same(
        shown(&answer, "failed"),
        &each(&groups, |it| count(&it.iter().filter(|it| it.outcome == "failed").collect::<Vec<_>>())),
        &what,
    );
    same(shown(&answer, "p50_ms"), &each(&groups, |it| percentile(it, 50)), &what);
    same(shown(&answer, "p95_ms"), &each(&groups, |it| percentile(it, 95)), &what);
    same(shown(&answer, "cost_usd"), &each(&groups, |it| it.iter().filter_map(|it| it.cost_usd).sum()), &what);
    same(
        shown(&answer, "output_tokens"),
        &each(&groups, |it| float(it.iter().map(|it| it.output_tokens).sum())),
        &what,
    );

    let answer = year.ask(narrow.question(Kind::Engagement, "activity", by)).await?;
    let distinct = |of: fn(&CallRow) -> Option<&str>| {
        move |them: &[&CallRow]| {
            count(&them.iter().filter_map(|it| of(it)).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>())
        }
    };
    same(shown(&answer, "sessions"), &each(&groups, distinct(|it| it.session_id.as_deref())), &what);
    same(shown(&answer, "users"), &each(&groups, distinct(|it| it.user_id.as_deref())), &what);

    let answer = year.ask(narrow.question(Kind::Personas, "personas", "all")).await?;
    let personas = grouped(&calls, "persona");
    same(shown(&answer, "calls"), &each(&personas, many), &what);
    same(shown(&answer, "share"), &each(&personas, |it| count(it) / count(&calls)), &what);
    same(
        shown(&answer, "rating"),
        &each(&personas, |it| {
            let rated: Vec<f64> = it.iter().filter_map(|it| it.rating).collect();
            rated.iter().sum::<f64>() / count(&rated).max(1.0)
        }),
        &what,
    );

    let answer = year.ask(narrow.question(Kind::Frameworks, "kinds", "request_kind")).await?;
    let mut kinds: BTreeMap<String, f64> = BTreeMap::new();
    for kind in calls.iter().filter_map(|it| it.request_kind.clone()) {
        *kinds.entry(kind).or_default() += 1.0;
    }
    same(shown(&answer, "calls"), &kinds, &what);

    let answer = year.ask(narrow.question(Kind::History, "timeline", "all")).await?;
    assert_eq!(answer.total, calls.len(), "{what}");
    let latest = calls.iter().map(|it| it.started_at).max();
    let said =
        answer.rows.first().and_then(|it| if let Cell::Text(at) = &it[1] { clock::parse(at).ok() } else { None });
    assert_eq!(said, latest.map(|it| it.div_euclid(1000) * 1000), "{what}");

    if let (Some(since), Some(until)) = (narrow.since(), narrow.until()) {
        let answer = year.ask(narrow.question(Kind::Insights, "overview", "all")).await?;
        let first = since - (until - since);
        let both = Narrow { since: None, length: 1, filters: narrow.filters.clone() };
        let mut days: BTreeMap<(bool, String), f64> = BTreeMap::new();
        for call in year.calls.iter().filter(|it| both.has(it) && it.started_at >= first && it.started_at < until) {
            let day = date(call.started_at.div_euclid(DAY));
            *days.entry((call.started_at >= since, day)).or_default() += 1.0;
        }
        let mean = |after: bool| {
            let them: Vec<f64> = days.iter().filter(|it| it.0.0 == after).map(|it| *it.1).collect();
            them.iter().sum::<f64>() / count(&them).max(1.0)
        };
        if let Some(row) = answer.rows.iter().find(|it| it[0] == Cell::Text("calls per active day".into())) {
            assert!((finding::number(&row[1]) - mean(false)).abs() < 1e-3, "{what}: {row:?} against {}", mean(false));
            assert!((finding::number(&row[2]) - mean(true)).abs() < 1e-3, "{what}: {row:?} against {}", mean(true));
        } else {
            assert!(days.is_empty(), "{what}");
        }
    }
    Ok(())
}

#[test]
fn answers_under_any_filter_are_those_of_the_calls() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let year = runtime.block_on(Year::new())?;
    let groups = select(vec!["tool", "model", "user", "persona", "outcome", "month", "week", "quarter", "hour", "all"]);
    // Each case asks six questions of 5,000 calls.
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&(narrow(), groups), |(narrow, by)| {
            runtime.block_on(check(&year, &narrow, by)).map_err(|err| TestCaseError::fail(err.to_string()))
        })
        .map_err(|err| anyhow::anyhow!("{err}"))
}
