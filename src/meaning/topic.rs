//! What a slot is called: the nouns of it, whichever way they are joined, and whether it takes one value or many.

use super::openings::is_change;
use super::reach::is_kin;
use super::tables::NO_SUBJECT;
use super::tables::PREPOSITIONS;
use super::tables::PROPERTIES;
use super::values;
use super::words::Word;

/// Nouns and names of a slot; what has more is a story.
const TOPIC: usize = 6;

#[derive(Clone, Debug)]
pub(super) struct Topic {
    pub(super) words: Vec<String>,
    /// Whether it is somebody, or something by its name: much can be said of it.
    pub(super) is_name: bool,
    /// Whether it has an owner, or is an attribute of something.
    pub(super) is_owned: bool,
    /// Whether it is one of several of its kind: `friend`, `son`.
    pub(super) is_one_of_many: bool,
}

/// What a slot is called, without the words that say nothing of which it is.
pub(super) fn topic(words: &[Word], speaker: Option<&str>) -> Option<Topic> {
    let has_article = words.first().is_some_and(|it| values::is_article(&it.low));
    if words
        .first()
        .is_some_and(|it| it.is(&["a", "an", "one", "some", "another", "each", "every", "any", "both", "this", "that"]))
    {
        return None;
    }
    let mut found: Vec<String> = Vec::new();
    let mut is_owned = has_article;
    let mut has_common = false;
    let mut is_one_of_many = false;
    let mut is_joined = false;
    for (at, word) in words.iter().enumerate() {
        let low = word.low.as_str();
        match low {
            "of" | "for" => {
                is_joined = true;
                is_owned = true;
            }
            "'s" | "our" => is_owned = true,
            "we" => is_owned = true,
            "us" if !word.is_capital() => is_owned = true,
            "my" | "i" | "me" | "user" | "mine" => {
                is_owned = true;
                found.push(speaker.map_or_else(|| "user".to_owned(), str::to_lowercase));
            }
            "his" | "her" | "their" | "its" | "your" => return None,
            "home" if words.get(at + 1).is_some_and(|it| it.low == "address") => {}
            _ if values::is_article(low) || word.is(IDLE) => {}
            _ if PREPOSITIONS.contains(&low) => {
                is_joined = true;
                // `from A to B` and `from B to A` are two.
                if matches!(low, "from" | "between" | "before" | "after") {
                    return None;
                }
            }
            _ if word.is_mark() || NO_SUBJECT.contains(low) || is_change(word) => return None,
            _ => {
                // `CTO`, `UI`: capitals only, of something.
                let is_short = is_owned && word.raw.len() <= 4 && word.raw.chars().all(char::is_uppercase);
                let is_name = word.is_capital()
                    && !is_short
                    && (at > 0 || !has_article)
                    && !(at == 0 && words.len() > 1 && PROPERTIES.contains_key(low));
                has_common |= !is_name;
                // `the customer tier` is a tier.
                is_one_of_many = word.is(ONE_OF_MANY) || is_one_of_many && (is_name || is_joined);
                found.push(one_noun(low));
            }
        }
        if found.len() > TOPIC {
            return None;
        }
    }
    if found.is_empty() {
        // `the team`, `we`: nothing else is named.
        let idle = words.iter().rev().find(|it| it.is(IDLE) || it.is(&["we", "us"]))?;
        found.push(if idle.is(&["we", "us", "team", "company"]) { "we".to_owned() } else { one_noun(&idle.low) });
        has_common = true;
    }
    // `my manager's manager` is not my manager.
    if words.iter().any(|it| it.low == "'s") && found.windows(2).any(|it| it[0] == it[1]) {
        return None;
    }
    found.dedup();
    let has_noun = found.len() > 1 || has_common && is_owned;
    if found.is_empty() {
        return None;
    }
    // `my favorite song`, `her main hobby`: one of them.
    is_one_of_many &= !words.iter().any(|it| it.is(CHOSEN));
    let is_name = !has_common || !has_noun || found.len() == 1 && matches!(found[0].as_str(), "we" | "user");
    Some(Topic { words: found, is_name, is_owned, is_one_of_many })
}

/// Whether somebody has several of it: `friend`, `brother`.
pub(super) fn is_one_of_many(noun: &str) -> bool {
    let is_of_family = matches!(noun, "nephew" | "niece" | "grandson" | "granddaughter");
    is_of_family || ONE_OF_MANY.contains(&noun) && (is_kin(noun) && noun != "roommate" || noun == "teammate")
}

/// Words of a noun phrase that do not say which one is meant.
const IDLE: &[&str] = &[
    "new",
    "current",
    "latest",
    "present",
    "own",
    "actual",
    "existing",
    "project",
    "team",
    "company",
    "overall",
    "total",
    "in",
    "use",
    "name",
    "exact",
    "official",
    "usual",
    "preferred",
    "chosen",
    "period",
    "lesson",
    "lessons",
    "&",
];

/// Words that say that one of several is meant.
const CHOSEN: &[&str] =
    &["favorite", "favourite", "preferred", "main", "current", "primary", "default", "official", "usual", "next"];

/// Nouns of which somebody has several.
const ONE_OF_MANY: &[&str] = &[
    "friend",
    "friends",
    "brother",
    "sister",
    "son",
    "daughter",
    "child",
    "kid",
    "colleague",
    "cousin",
    "uncle",
    "aunt",
    "neighbor",
    "neighbour",
    "teammate",
    "hobby",
    "skill",
    "interest",
    "ingredient",
    "symptom",
    "feature",
    "member",
    "example",
    "reason",
    "customer",
    "client",
    "language",
    "nephew",
    "niece",
    "student",
    "tip",
    "bug",
    "issue",
    "rule",
    "idea",
    "fear",
    "allergy",
    "strength",
    "weakness",
    "habit",
    "book",
    "movie",
    "song",
    "grandson",
    "granddaughter",
    "roommate",
    "classmate",
    "thing",
    "part",
    "option",
    "advantage",
    "problem",
    "question",
    "benefit",
    "risk",
    "task",
    "step",
    "competitor",
    "grandmother",
    "grandfather",
    "grandma",
    "grandpa",
];

/// One of the words that name the same.
pub(super) fn one_noun(low: &str) -> String {
    // The users of something are not the one who speaks.
    if low == "users" {
        return low.to_owned();
    }
    // Events are many, and their time is one of the things that are said of them.
    if let Some(known) = PROPERTIES.get(low).filter(|it| **it != "when") {
        return (*known).to_owned();
    }
    let same = match low {
        "favourite" | "fave" => "favorite",
        "colour" => "color",
        "ownership" => "owned by",
        "wage" | "pay" => "salary",
        "cell" | "mobile" => "phone",
        _ => "",
    };
    if !same.is_empty() {
        return same.to_owned();
    }
    low.to_owned()
}

/// The noun without its plural; `https` is no several of `http`.
pub(super) fn stem(low: &str) -> String {
    let is_one = ["ss", "us", "is", "tps"].iter().any(|it| low.ends_with(it));
    let plural = low.len() > 3 && low.ends_with('s') && !is_one;
    low[..low.len() - usize::from(plural)].to_owned()
}
