//! Questions that want one thing, and those of which no word is known.

use super::*;

async fn answer(year: &Year, question: &str) -> anyhow::Result<Answer> {
    year.ask(Question { question: question.to_owned(), ..Question::default() }).await
}

#[tokio::test]
async fn the_dearest_and_the_slowest_call_stand_first() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let dearest = year.calls.iter().max_by(|a, b| a.cost_usd.unwrap_or(0.0).total_cmp(&b.cost_usd.unwrap_or(0.0)));
    let slowest = year.calls.iter().max_by_key(|it| it.took_us);
    for (question, expected, said) in
        [("most expensive question", dearest, "The dearest cost "), ("slowest call ever", slowest, "The slowest took ")]
    {
        let answer = answer(&year, question).await?;
        assert_eq!(answer.rows[0][0], Cell::Text(expected.map(|it| it.id.clone()).unwrap_or_default()), "{question}");
        assert!(answer.text.contains(said), "{}", answer.text);
    }
    Ok(())
}

#[tokio::test]
async fn a_cache_rate_is_one_number_of_asks() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let asks: Vec<&CallRow> = year.calls.iter().filter(|it| it.tool == "ask").collect();
    let cached = asks.iter().filter(|it| it.cached).count();
    #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
    let share = (cached as f64 / asks.len() as f64 * 1e4).round() / 1e4 * 100.0;
    let answer = answer(&year, "cache hit rate").await?;
    let said = format!("{} calls over the whole record: share of answers from the cache is {share:.1} %.", asks.len());
    assert!(answer.text.starts_with(&said), "{said} {}", answer.text);
    Ok(())
}

#[tokio::test]
async fn who_was_here_last_and_what_is_to_come_are_told() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let of_ana = year.calls.iter().filter(|it| it.user_id.as_deref() == Some("ana")).map(|it| it.started_at).max();
    let last = clock::format(of_ana.unwrap_or_default().div_euclid(1_000) * 1_000);
    let said = answer(&year, "when was ana last active?").await?.text;
    assert!(said.contains(&format!("The latest is of {last}.")), "{last} {said}");
    for question in ["what will it cost next month?", "sessions next week", "cost tomorrow", "what changes next year"] {
        let answer = answer(&year, question).await?;
        assert!(answer.rows.is_empty() && answer.text.contains(": there is no data of the future."), "{}", answer.text);
    }
    let said = answer(&year, "which users came back the next day?").await?.text;
    assert!(!said.contains("future"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_question_without_a_known_word_says_so_and_what_to_ask_for() -> anyhow::Result<()> {
    let year = Year::new().await?;
    for question in ["blorb?", "what is the weather", "hello"] {
        let said = answer(&year, question).await?.text;
        assert!(said.starts_with("The question names no measure, so what changed most is shown; "), "{said}");
    }
    for question in [
        "cost",
        "what went wrong last week?",
        "anything new?",
        "was lief schief?",
        "qui utilise quoi ?",
        "¿qué cambió?",
        "何が変わった？",
        "gpt-5",
        "what did I do",
        "how are we doing",
        "are we improving",
        "stats",
        "dashboard",
        "was gibt es neues",
        "wie läuft es",
        "最近怎么样",
        "when were we last online",
        "who was last seen",
    ] {
        let said = answer(&year, question).await?.text;
        assert!(!said.contains("No word"), "{question}: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_left_out_and_what_is_a_condition_narrows_and_is_told() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let hour = |it: &&CallRow| it.started_at.rem_euclid(DAY) / 3_600_000;
    // 1970-01-01 was a Thursday.
    let weekday = |it: &&CallRow| (it.started_at.div_euclid(DAY) + 4).rem_euclid(7);
    let calls = |holds: &dyn Fn(&&CallRow) -> bool| year.calls.iter().filter(holds).count();
    let cases = [
        ("how many calls were not made by ana?", calls(&|it| it.user_id.as_deref() != Some("ana")), "all but ana"),
        ("how many calls except gpt-5 and ana", 0, "all but gpt-5, ana"),
        ("how many calls on Sundays?", calls(&|it| weekday(it) == 0), "Sunday"),
        ("number of calls at weekends", calls(&|it| [0, 6].contains(&weekday(it))), "Sunday and Saturday"),
        ("number of calls after 18:00", calls(&|it| hour(it) >= 18), "hour 18:00 19:00 20:00 21:00 22:00 23:00"),
        ("how many timeouts", calls(&|it| it.error_kind.as_deref() == Some("timeout")), "error_kind timeout"),
    ];
    for (question, count, narrowed) in cases {
        let said = answer(&year, question).await?.text;
        assert!(count == 0 || said.contains(&format!("{count} ")), "{question}: {count} {said}");
        assert!(said.ends_with(&format!(" Narrowed to {narrowed}.")), "{question}: {said}");
    }
    for (question, unread) in [
        ("what did we decide about Kubernetes?", "about kubernetes"),
        ("who has never used the coach?", "never … coach"),
        ("calls between 9:30 and 12:00", "9:30"),
    ] {
        let said = answer(&year, question).await?.text;
        assert!(said.starts_with(&format!("Not narrowed by `{unread}`")), "{question}: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn rates_and_numbers_of_users_are_said_first() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let all = year.calls.len();
    let failed = year.calls.iter().filter(|it| it.outcome == "failed").count();
    let said = answer(&year, "what is the error rate?").await?.text;
    assert!(said.starts_with(&format!("{failed} of {all} calls failed over the whole record, ")), "{said}");
    let said = answer(&year, "why did calls fail?").await?.text;
    assert!(said.starts_with(&format!("{failed} failed calls over the whole record, over ")), "{said}");
    let sessions: BTreeSet<&str> = year.within(NOW - 30 * DAY).filter_map(|it| it.session_id.as_deref()).collect();
    let said = answer(&year, "how many sessions did we have in the past 30 days?").await?.text;
    assert!(said.starts_with(&format!("{} sessions from ", sessions.len())), "{} {said}", sessions.len());
    let tokens: i64 = year.calls.iter().map(|it| it.input_tokens + it.cached_input_tokens + it.output_tokens).sum();
    let said = answer(&year, "how many tokens did we use?").await?.text;
    assert!(said.starts_with(&format!("{tokens} tokens over the whole record: ")), "{tokens} {said}");
    let said = answer(&year, "how many sessions lasted longer than 20 minutes?").await?.text;
    assert!(said.contains(" lasted more than 20 min. "), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_price_that_nobody_knows_is_not_nothing() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let call = year.calls.iter().find(|it| it.model.is_some() && it.outcome == "ok").cloned().unwrap_or_default();
    let unpriced = |nth: i64| CallRow {
        id: format!("unpriced-{nth}"),
        model: Some("qwen-x".to_owned()),
        started_at: NOW - nth,
        cost_usd: None,
        ..call.clone()
    };
    year.store.add_calls((1..=3).map(unpriced).collect()).await?;
    let said = answer(&year, "cost of qwen-x").await?.text;
    assert_eq!(said, "3 calls over the whole record. The price of 3 calls is unknown. Narrowed to model qwen-x.");
    let cheapest = answer(&year, "which model is the cheapest?").await?;
    assert!(!cheapest.text.contains("qwen-x") && cheapest.text.contains("The price of 3 calls is unknown."));
    let last = cheapest.rows.last().map(|row| row[0].clone());
    assert_eq!(last, Some(Cell::Text("qwen-x".to_owned())));
    Ok(())
}

#[tokio::test]
async fn values_of_filters_are_read_in_any_case_and_wrong_ones_are_told() -> anyhow::Result<()> {
    let year = Year::new().await?;
    let with = |name: &str, value: &str| Question {
        kind: Some(Kind::Performance),
        filters: [(name.to_owned(), json!(value))].into_iter().collect(),
        ..of(Kind::Performance, "calls", "all", "calls")
    };
    for (name, one, other) in [
        ("model", "GPT-5", "gpt-5"),
        ("weekday", "Monday", "1"),
        ("hour", "9", "09:00"),
        ("outcome", "FAILED", "failed"),
        ("rated", "true", "yes"),
    ] {
        let (one, other) = (year.ask(with(name, one)).await?, year.ask(with(name, other)).await?);
        assert!(!one.rows.is_empty() && one.rows == other.rows, "{name}: {} {}", one.text, other.text);
    }
    for (name, value) in [("rated", "maybe"), ("weekday", "8"), ("hour", "25"), ("outcome", "error")] {
        let err = year.insights.answer(&with(name, value), &Call::silent()).await.expect_err(name);
        assert!(matches!(err, super::super::InsightsError::Value { .. }), "{err}");
    }
    let said = year.ask(with("model", "gpt-6")).await?.text;
    assert!(said.contains(" No model is called gpt-6; there are ") && said.contains("gpt-5"), "{said}");
    Ok(())
}
