//! Reads what somebody can do, looks for or plans, and which version of something a thing runs: what a later statement ends by
//! the same word.

use super::Fact;
use super::frames::Plain;
use super::holdings::about;
use super::tables::JOBS;
use super::tables::PREPOSITIONS;
use super::tables::SOUGHT;
use super::tables::WISHED;
use super::topic::stem;
use super::values;
use super::words::Word;

/// Words in front of the verb, words behind it.
const WITHIN: usize = 6;
const SAID: usize = 12;

/// The attribute of what is looked for.
pub(super) const SEEKS: &str = "seeks";

pub(super) fn pursuits(plain: &Plain<'_>) -> Option<Fact> {
    if plain.words.len() > WITHIN + SAID {
        return None;
    }
    able(plain)
        .or_else(|| sought(plain))
        .or_else(|| planned(plain))
        .or_else(|| levelled(plain))
        .or_else(|| newest(plain))
}

fn fact(plain: &Plain<'_>, who: &[Word], attribute: &str, value: String, holds: bool) -> Option<Fact> {
    let who: Vec<Word> = who.iter().filter(|it| !it.is(&["has", "have", "just", "finally"])).cloned().collect();
    let subject = about(&who, plain.speaker, false).filter(|_| !value.is_empty())?;
    let fact = plain.says(subject, attribute.to_owned(), value.clone(), value);
    Some(Fact { holds, many: true, is_change: fact.is_change || !holds, ..fact })
}

/// `I can't swim`, `Bob can drive now`.
fn able(plain: &Plain<'_>) -> Option<Fact> {
    let words = plain.words;
    let at = (1..words.len().min(WITHIN)).find(|at| words[*at].low == "can")?;
    let said = &words[at + 1..];
    let holds = plain.negations.len().is_multiple_of(2);
    if said.iter().any(|it| it.is_mark() || it.is(&["if", "when", "only", "be"])) {
        return None;
    }
    fact(plain, &words[..at], "can", values::normal(said).join(" "), holds)
}

/// What is looked for, by its noun: all that one lives in is one.
fn sought_noun(words: &[Word]) -> Option<String> {
    let ends = |it: &Word| it.is_mark() || it.is(&PREPOSITIONS) || it.is(&["and", "so", "but", "that", "who", "which"]);
    let end = words.iter().position(ends).unwrap_or(words.len());
    // `found a dentist for my mother`, `found a car on eBay that looks nice`: of somebody else, or not taken yet.
    if words[end..].iter().any(|it| it.is(&["for", "on", "that", "which", "who", "but"])) {
        return None;
    }
    let noun = words[..end].last().filter(|it| (1..=4).contains(&end) && !it.is_capital())?;
    let noun = stem(&noun.low);
    let noun = match noun.as_str() {
        "flat" | "house" | "place" | "home" | "condo" | "studio" => "apartment",
        "position" | "work" | "role" | "employment" => "job",
        other if SOUGHT.contains(&other) || JOBS.contains(&other) => other,
        _ => return None,
    };
    // Who looks for an office in Rome has not found it in Oslo.
    let place = words.get(end + 1).filter(|it| it.is_capital() && words[end].is(&["in", "near"]));
    Some(place.map_or(noun.to_owned(), |it| format!("{noun} {}", it.low)))
}

/// `is looking for a flat`, and `found a flat`.
fn sought(plain: &Plain<'_>) -> Option<Fact> {
    let words = plain.words;
    if let Some(at) = (2..words.len().min(WITHIN)).find(|at| words[*at].is(&["looking", "searching", "hunting"])) {
        let is_stated = words[at - 1].is(&["is", "am", "are"]) && words.get(at + 1)?.low == "for";
        let holds = plain.negations.len().is_multiple_of(2);
        return is_stated.then(|| fact(plain, &words[..at - 1], SEEKS, sought_noun(&words[at + 2..])?, holds))?;
    }
    let found = ["found", "bought", "got", "hired", "rented", "adopted", "landed", "leased"];
    let at = (1..words.len().min(WITHIN)).find(|at| words[*at].is(&found))?;
    let is_one = words.get(at + 1)?.is(&["a", "an", "the", "my", "our", "his", "her", "their", "new"]);
    if !is_one || !is_done(plain, at) {
        return None;
    }
    fact(plain, &words[..at], SEEKS, sought_noun(&words[at + 1..])?, false)
}

/// Whether it has been done, and is no wish.
fn is_done(plain: &Plain<'_>, at: usize) -> bool {
    plain.negations.is_empty() && !plain.words[..at].iter().any(|it| it.is(&WISHED) || it.low == "to")
}

/// The names in what is planned; days and months are when.
fn places(words: &[Word]) -> String {
    let is_name = |it: &&Word| {
        it.is_capital()
            && !values::is_article(&it.low)
            && values::month(&it.low).is_none()
            && values::weekday(&it.low).is_none()
    };
    let mut names: Vec<String> = words.iter().filter(is_name).map(|it| it.low.clone()).collect();
    names.sort_unstable();
    names.join(" ")
}

/// `plans to visit Japan`, and `cancelled the Japan trip`.
fn planned(plain: &Plain<'_>) -> Option<Fact> {
    const TRIPS: &[&str] = &["trip", "visit", "vacation", "holiday", "plans", "journey", "tour", "move", "travel"];
    let words = plain.words;
    let is_trip = |words: &[Word]| words.iter().any(|it| it.is(TRIPS));
    let at = (1..words.len().min(WITHIN)).find(|at| {
        words[*at].is(&[
            "plan",
            "plans",
            "planning",
            "going",
            "cancelled",
            "canceled",
            "scrapped",
            "abandoned",
            "dropped",
            "called",
        ])
    })?;
    let said = &words[at + 1..];
    let who = &words[..at - usize::from(words[at - 1].is(&["is", "am", "are"]))];
    if words[at].is(&["plan", "plans", "planning", "going"]) {
        let is_planned = words[at].low != "going" || words[at - 1].is(&["is", "am", "are"]);
        let goes = match said {
            [to, verb, ..] if to.low == "to" && verb.is(&["visit", "go", "travel", "fly", "move"]) => true,
            [to, place, ..] if to.low == "to" => place.is_capital() && words[at].low == "going",
            said => is_trip(said),
        };
        return (is_planned && goes && !who.is_empty())
            .then(|| fact(plain, who, "plans", places(said), plain.negations.len().is_multiple_of(2)))?;
    }
    (is_trip(said) && is_done(plain, at)).then(|| fact(plain, who, "plans", places(said), false))?
}

/// A version and nothing else.
fn is_version(low: &str) -> bool {
    low.trim_start_matches('v').starts_with(|it: char| it.is_ascii_digit())
        && low.chars().all(|it| it.is_ascii_alphanumeric() || it == '.')
}

/// `The current version of libfoo is 1.4`, and `libfoo 1.5 has been released`: what we use of it may be another.
fn newest(plain: &Plain<'_>) -> Option<Fact> {
    let words = plain.words;
    let is_told = words.last()?.is(&["released", "out"]);
    let (name, version) = match words {
        [the, newest, noun, of, name @ .., is, version]
            if the.low == "the"
                && newest.is(&["current", "latest", "newest"])
                && noun.is(&["version", "release"])
                && of.low == "of"
                && is.low == "is" =>
        {
            (name, version)
        }
        [name @ .., version, has, been, _] if is_told && has.low == "has" && been.low == "been" => (name, version),
        [name @ .., version, was, _] if is_told && was.is(&["was", "is"]) => (name, version),
        _ => return None,
    };
    if name.len() > 3 || !is_version(&version.low) || !plain.negations.is_empty() {
        return None;
    }
    let fact = fact(plain, name, "newest version", version.low.clone(), true)?;
    Some(Fact { many: false, is_change: true, ..fact })
}

/// `The laptop runs Windows 10`, `the laptop was upgraded to Windows 11`: one version of it at a time.
fn levelled(plain: &Plain<'_>) -> Option<Fact> {
    let words = plain.words;
    let [thing @ .., name, version] = words else { return None };
    let at = (1..thing.len()).find(|at| thing[*at].is(&["runs", "uses", "was", "is", "has", "got"]))?;
    let is_stated = match &thing[at..] {
        [verb] => verb.is(&["runs", "uses"]),
        [is, joint] => is.low == "is" && joint.is(&["on", "running", "using"]),
        [was @ .., to] => {
            was.last().is_some_and(|it| it.is(&["upgraded", "updated", "downgraded", "migrated", "moved", "switched"]))
                && to.low == "to"
        }
        [] => false,
    };
    if !is_stated
        || !name.is_capital()
        || values::month(&name.low).is_some()
        || !is_version(&version.low)
        || !plain.negations.is_empty()
    {
        return None;
    }
    let attribute = format!("level of {}", name.low);
    let thing = thing[..at].iter().filter(|it| !it.is(&["was", "has"])).cloned().collect::<Vec<_>>();
    let fact = fact(plain, &thing, &attribute, version.low.clone(), true)?;
    // `my laptop`, and `upgraded the laptop`
    let subject = fact.subject.trim_start_matches("user ").trim_start_matches("we ").to_owned();
    Some(Fact { many: false, subject, ..fact })
}

#[cfg(test)]
mod tests {
    use super::super::facts;

    fn told(text: &str, attribute: &str) -> Option<String> {
        let found = facts(text, None).into_iter().find(|it| it.attribute.starts_with(attribute))?;
        let not = if found.holds { "" } else { "!" };
        Some(format!("{not}{} | {}", found.subject, found.value))
    }

    #[test]
    fn what_somebody_can_seeks_and_plans_is_read_with_its_end() {
        for (text, attribute, expected) in [
            ("I can't swim", "can", "!user | swim"),
            ("I can swim now", "can", "user | swim"),
            ("Ana is looking for a flat in Rome", "seeks", "ana | apartment rome"),
            ("Ana found an apartment and signed the lease", "seeks", "!ana | apartment"),
            ("Ana plans to visit Japan in April", "plans", "ana | japan"),
            ("Ana cancelled the Japan trip", "plans", "!ana | japan"),
            ("The laptop runs Windows 10", "level of windows", "laptop | 10"),
            ("I upgraded the laptop to Windows 11", "level of windows", "laptop | 11"),
        ] {
            assert_eq!(told(text, attribute).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wished_or_another_thing_says_nothing_of_it() {
        for (text, attribute) in [
            ("Ana wants to find an apartment", "seeks"),
            ("Ana did not find an apartment", "seeks"),
            ("Ana cancelled the hotel in Japan", "plans"),
            ("The laptop was upgraded to 32 GB", "level of"),
        ] {
            assert_eq!(told(text, attribute), None, "{text}");
        }
    }
}
