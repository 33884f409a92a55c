//! Questions about the whole of what was said: `what did we talk about last week`, `summarise …`.

/// What such a question has, in lower case.
const WHOLE: &[&str] = &[
    "summarize",
    "summarise",
    "sum up",
    "summary of",
    "recap",
    "catch me up",
    "we talk about",
    "we talked about",
    "we talking about",
    "we discuss",
    "we discussed",
    "was discussed",
    "we speak about",
    "we spoke about",
    "fass zusammen",
    "fasse zusammen",
    "zusammenfass",
    "ging es in",
    "résume",
    "résumé de",
    "avons-nous parlé",
    "on a parlé",
    "nous avons discuté",
    "resume lo",
    "resumen de",
    "hablamos",
    "hemos hablado",
    "abbiamo parlato",
    "abbiamo discusso",
    "riassum",
    "falamos",
    "resumo d",
    "samenvat",
    "we het over",
];

/// The same in two parts, the second after the first.
const WHOLE_IN_PARTS: &[(&str, &str)] = &[
    (" wir ", " gesprochen"),
    (" wir ", " besprochen"),
    (" wir ", " geredet"),
    (" we ", " gesproken"),
    (" we ", " besproken"),
];

/// Whether `query` asks about a session or a time as a whole, by its form.
pub fn asks_for_the_whole(query: &str) -> bool {
    let lower = query.to_lowercase();
    let in_parts =
        |it: &(&str, &str)| lower.split_once(it.0).is_some_and(|(_, rest)| format!(" {rest}").contains(it.1));
    WHOLE.iter().any(|it| lower.contains(it)) || WHOLE_IN_PARTS.iter().any(in_parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_about_the_whole_are_told_from_those_about_one_thing() {
        for (query, expected) in [
            ("What did we talk about last week?", true),
            ("Summarise the session on the release", true),
            ("Worüber haben wir gestern gesprochen?", true),
            ("De quoi avons-nous parlé hier ?", true),
            ("¿De qué hablamos ayer?", true),
            ("What did Ada say about the release?", false),
            ("Where is my resume?", false),
            ("", false),
        ] {
            assert_eq!(asks_for_the_whole(query), expected, "{query}");
        }
    }
}
