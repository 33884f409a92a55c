//! Reads who does what: `Grandpa makes the gravy`, `payroll is handled by Viktor`. Of what one does, another does it from the day on
//! that it is said of him with a `now`.

use super::Fact;
use super::frames::Plain;
use super::holdings::SOME;
use super::tables::DOING;
use super::tables::PREPOSITIONS;
use super::values;
use super::words::Word;

/// What stands behind the sign in the attribute.
pub(super) const DONE_BY: &str = "done by";

/// Words of what is done.
const LONGEST: usize = 4;

/// Who does it, of what is done.
pub(super) fn doer(plain: &Plain<'_>) -> Option<Fact> {
    let words = plain.words;
    let passive = words
        .iter()
        .take(LONGEST + 2)
        .position(|it| it.is(&["is", "are"]))
        .filter(|at| *at > 0 && words.len() > at + 3 && words[at + 2].low == "by");
    let (who, verb, what) = if let Some(at) = passive {
        (&words[at + 3..], verb_of_done(&words[at + 1].low)?, &words[..at])
    } else {
        let at = (1..words.len().min(5)).find(|at| verb_of(&words[*at].low).is_some())?;
        (&words[..at], verb_of(&words[at].low)?, &words[at + 1..])
    };
    // `walks the dog in the morning`: what is done is the dog's walk in the morning.
    let is_own = what.first().is_some_and(|it| it.is(&["the", "our", "my"])) && passive.is_none();
    let ends = |it: &Word| !is_own && it.is(&PREPOSITIONS) || it.is_mark();
    let end = what.iter().position(ends).unwrap_or(what.len());
    let said = values::normal(&what[..end]);
    let is_named = (1..=3).contains(&who.len())
        && (who.iter().any(|it| it.is_capital() && !values::is_article(&it.low)) || who[0].is(&["my", "our"]))
        && !who.iter().any(|it| it.is_mark() || it.is(&["and", "or", "'s"]) || it.is(&PREPOSITIONS));
    // Two drive a Tesla and write code; one drives the bus, and teaches class 5b.
    let first = what.first()?;
    let is_one = first.is(&["the", "our", "my"])
        || said.iter().any(|it| it.starts_with(|it: char| it.is_ascii_digit()))
        || matches!(verb, "handle" | "manage" | "lead" | "moderate" | "chair" | "supervise")
            && !values::is_article(&first.low)
            && !what[end.saturating_sub(1)].low.ends_with('s');
    if !is_named || !is_one || end < what.len() || !(1..=LONGEST).contains(&said.len()) || !plain.negations.is_empty() {
        return None;
    }
    let what: Vec<String> = said.into_iter().filter(|it| it != "our").collect();
    let name = values::normal(who).join(" ");
    Some(plain.says(what.join(" "), format!("{SOME}{DONE_BY} {verb}"), name.clone(), name))
}

/// `teaches` is of `teach`.
fn verb_of(low: &str) -> Option<&'static str> {
    let base = low.strip_suffix('s')?;
    DOING.iter().find(|it| **it == base || base.strip_suffix('e') == Some(**it)).copied()
}

/// `handled` is of `handle`, `taught` of `teach`.
fn verb_of_done(low: &str) -> Option<&'static str> {
    let base = match low {
        "taught" => "teach",
        "led" => "lead",
        "driven" => "drive",
        "made" => "make",
        "written" => "write",
        "done" => "do",
        "fed" => "feed",
        "run" => "run",
        _ => low.strip_suffix("ed").unwrap_or(low),
    };
    DOING.iter().find(|it| **it == base || it.strip_suffix('e') == Some(base)).copied()
}

#[cfg(test)]
mod tests {
    use super::super::facts;
    use super::DONE_BY;

    fn told(text: &str) -> Option<String> {
        let found = facts(text, None).into_iter().find(|it| it.attribute.contains(DONE_BY))?;
        Some(format!("{} | {} | {}", found.subject, found.attribute.trim_start_matches('='), found.value))
    }

    #[test]
    fn who_does_what_is_read_from_either_end() {
        for (text, expected) in [
            ("Jana handles payroll.", Some("payroll | done by handle | jana")),
            ("Payroll is handled by Viktor now.", Some("payroll | done by handle | viktor")),
            ("My aunt makes the gravy", Some("gravy | done by make | my aunt")),
            ("Ana cooks on Mondays.", None),
            ("Ana does not handle payroll.", None),
            ("The shop makes bread.", None),
            ("Ana drives a Tesla now", None),
            ("Ana writes code now", None),
        ] {
            assert_eq!(told(text).as_deref(), expected, "{text}");
        }
    }
}
