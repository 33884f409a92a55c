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
