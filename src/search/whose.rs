//! Whose a text is: `User's husband is allergic to peanuts` says nothing of what the user is allergic to, though it has every
//! word of a question for that.
//!
//! English alone: other languages tell who is meant by the form of the verb.

use std::collections::HashSet;

use super::copies::print;
use crate::meaning::is_person_of_someone;

/// Words for the one who speaks or is spoken for: one and the same.
const SELF: &[&str] = &["i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "user", "i'm", "i've", "i'd"];

/// The same where they do not only say whose something is.
const ACTING: &[&str] = &["i", "me", "myself", "we", "user"];

/// Words of a possessive and its noun: `my late great grandmother`.
const NEAR: usize = 4;

/// Words of a text in which its owner is looked for again.
const LOOKED_AT: usize = 40;

/// The characters of a label before the text: `Family: my sister …`.
const LABEL: usize = 24;

/// Whom a text is about, when it begins with somebody of an owner's, each by its [`print()`]; nobody otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    /// The user in `my mother`, Anna in `Anna's boss`.
    owner: Option<u64>,
    /// The name of that somebody: `User's husband Mateo`.
    name: Option<u64>,
}

impl Whose {
    /// Reads the beginning of `text`.
    pub(super) fn of(text: &str) -> Whose {
        read(text).unwrap_or_default()
    }
}

fn read(text: &str) -> Option<Whose> {
    let text = text.split_once(": ").filter(|it| it.0.len() <= LABEL).map_or(text, |it| it.1);
    let mut words = text.split_whitespace().take(LOOKED_AT).map(|it| it.trim_matches(|c: char| !c.is_alphanumeric()));
    let first = words.by_ref().find(|it| !it.eq_ignore_ascii_case("the"))?;
    let owner = match possessor(first) {
        Some(owner) => owner.to_lowercase(),
        None if first.eq_ignore_ascii_case("my") || first.eq_ignore_ascii_case("our") => String::new(),
        None => return None,
    };
    let owner = if SELF.contains(&owner.as_str()) { String::new() } else { owner };
    words.by_ref().take(NEAR - 1).find(|it| is_person_of_someone(&possessor(it).unwrap_or(it).to_lowercase()))?;
    let behind = words.clone().next().filter(|it| it.starts_with(char::is_uppercase));
    let name = behind.map(|it| print(&possessor(it).unwrap_or(it).to_lowercase()));
    // Of what both do, the owner is told as well: `my sister and I`, `Anna's boss likes Anna`.
    let is_owner = |it: &str| if owner.is_empty() { ACTING.contains(&it) } else { it == owner };
    (!words.any(|it| is_owner(&it.to_lowercase()))).then(|| Whose { owner: Some(print(&owner)), name })
}

/// The word before a possessive `'s`.
fn possessor(word: &str) -> Option<&str> {
    word.strip_suffix("'s").or_else(|| word.strip_suffix("’s"))
}

/// The owners of whom a question asks something, by their [`print()`]: any of its words, for all that one can tell. Empty when it
/// asks for somebody or names somebody by what he is to another, since then it asks for those, too.
#[derive(Debug, Default)]
pub(super) struct Owners(HashSet<u64>);

impl Owners {
    pub(super) fn of(query: &str) -> Owners {
        let lower = query.to_lowercase();
        let words = lower.split_whitespace().map(|it| it.trim_matches(|c: char| !c.is_alphanumeric()));
        let words: Vec<&str> = words.map(|it| possessor(it).unwrap_or(it)).collect();
        if words.iter().any(|it| ["who", "whom", "whose"].contains(it) || is_person_of_someone(it)) {
            return Owners::default();
        }
        Owners(words.into_iter().map(|it| print(if SELF.contains(&it) { "" } else { it })).collect())
    }

    /// Whether they are asked for something and a text is about somebody of theirs whom the question does not name.
    pub(super) fn are_not(&self, whose: Whose) -> bool {
        whose.owner.is_some_and(|it| self.0.contains(&it)) && !whose.name.is_some_and(|it| self.0.contains(&it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, text: &str, expected: bool) {
        assert_eq!(Owners::of(query).are_not(Whose::of(text)), expected, "{query} / {text}");
    }

    #[test]
    fn what_somebody_of_an_owner_does_is_told_from_what_the_owner_does() {
        for (query, text) in [
            ("what is the user allergic to", "User's husband Mateo is allergic to peanuts"),
            ("what is the user allergic to", "My best friend is allergic to soy"),
            ("What am I allergic to?", "The user's older brother is allergic to wasps"),
            ("user birthday", "User's wife's birthday is 4 May"),
            ("where do I work", "Family: my son works at RBB"),
            ("what is Anna's job", "Anna’s husband works as a cook"),
            ("where do we live", "Our children live in Rome"),
        ] {
            check(query, text, true);
        }
        for (query, text) in [
            ("what is the user allergic to", "User is allergic to kiwi"),
            ("user birthday", "User's birthday is 9 June"),
            ("what is the user's husband allergic to", "User's husband Mateo is allergic to peanuts"),
            ("is my family allergic to anything", "My son is allergic to eggs"),
            ("who of us is allergic", "My son is allergic to eggs"),
            ("where did I meet Mateo", "My husband Mateo works in the café where we met"),
            ("where does Mateo work", "User's husband Mateo works at RBB"),
            ("what did I get", "My sister gave me a scarf"),
            ("where do I live", "My wife and I live in Bonn"),
            ("where does Ben live", "Anna's brother lives in Graz"),
            ("what does the user drive", "User's car is a Touran"),
            ("what does the user drive", "The team drives to Bonn"),
            ("what does the user drive", ""),
            ("", "My son drives"),
        ] {
            check(query, text, false);
        }
    }
}
