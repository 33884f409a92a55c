//! Reads who or what a clause is about: `the Apollo project's deadline` and `the deadline of Apollo` are one.

use super::tables::NO_SUBJECT;
use super::tables::PROPERTIES;
use super::values;
use super::words::Word;

/// A subject, its owner first: `[apollo, deadline]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NounPhrase {
    pub(super) parts: Vec<String>,
    /// Whether it names something of something: `Ana's cat`, `the mayor of Lisbon`.
    pub(super) is_relational: bool,
    /// Whether it names several.
    pub(super) is_plural: bool,
    /// As it is written.
    pub(super) written: Vec<Word>,
    /// Whether it has an article, as things have and people have not.
    has_article: bool,
    /// Whether it is some of several: `one of my colleagues`, `a friend of Dana`, `half of the team`.
    is_some: bool,
}

/// Words of a subject; a longer one is a clause.
const LONGEST: usize = 9;

impl NounPhrase {
    pub(super) fn named(name: &str) -> NounPhrase {
        NounPhrase {
            parts: vec![name.to_owned()],
            is_relational: false,
            is_plural: false,
            written: vec![Word { raw: name.to_owned(), low: name.to_owned() }],
            has_article: false,
            is_some: false,
        }
    }

    /// Whether it is some of several, of whom others can say other things.
    pub(super) fn is_some_of_many(&self) -> bool {
        self.is_some
    }

    /// Whether it is one certain thing, and nobody: `the store`, `our linter`, `Mia's desk`.
    pub(super) fn is_definite(&self) -> bool {
        (self.has_article || self.is_relational) && !self.is_some || self.property().is_some()
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.parts.clone()
    }

    /// Whether it is probably somebody: the user, whoever speaks, a name.
    pub(super) fn is_person(&self) -> bool {
        let is_name = self.parts.len() <= 2 && self.written.iter().all(Word::is_capital);
        let small = self.parts.len() == 1 && self.parts[0] != "we";
        !self.has_article && !self.is_relational && (is_name || small) || self.parts == ["user"]
    }

    /// The owner and the property, when it ends in a noun that names one.
    pub(super) fn property(&self) -> Option<(Vec<String>, &'static str)> {
        (1..=self.parts.len().min(3)).rev().find_map(|length| {
            let (owner, tail) = self.parts.split_at(self.parts.len() - length);
            let property = PROPERTIES.get(tail.join(" ").as_str())?;
            Some((owner.to_vec(), *property))
        })
    }

    /// Whether its noun is something that takes place.
    pub(super) fn is_event(&self) -> bool {
        self.property().is_some_and(|(_, property)| property == "when")
    }

    /// The owner and `favorite X`.
    pub(super) fn favorite(&self) -> Option<(Vec<String>, String)> {
        let at = self.parts.iter().position(|it| is_favorite(it) || it.starts_with("lieblings"))?;
        let word = &self.parts[at];
        let kind = if let Some(kind) = word.strip_prefix("lieblings").filter(|it| !it.is_empty()) {
            return Some((self.parts[..at].to_vec(), format!("favorite {}", plain(kind))));
        } else if at + 1 < self.parts.len() {
            self.parts[at + 1..].iter().map(|it| plain(it)).collect::<Vec<_>>().join(" ")
        } else {
            // `couleur préférée`, `color favorito`: it stands behind.
            let (kind, owner) = self.parts[..at].split_last()?;
            return Some((owner.to_vec(), format!("favorite {}", plain(kind))));
        };
        Some((self.parts[..at].to_vec(), format!("favorite {kind}")))
    }
}

fn is_favorite(low: &str) -> bool {
    [
        "favorite",
        "favourite",
        "fave",
        "préféré",
        "préférée",
        "favori",
        "favorite",
        "favorito",
        "favorita",
        "preferido",
        "preferida",
    ]
    .contains(&low)
}

/// A few nouns in English.
fn plain(noun: &str) -> &str {
    match noun {
        "colour" | "farbe" | "couleur" => "color",
        "buch" | "livre" | "libro" => "book",
        "film" | "película" | "films" => "movie",
        "essen" | "plat" | "comida" | "gericht" => "food",
        "getränk" | "boisson" | "bebida" => "drink",
        "stadt" | "ville" | "ciudad" => "city",
        "lied" | "chanson" | "canción" => "song",
        "tier" => "animal",
        other => other,
    }
}

/// Reads the words before a phrase; nothing when they are no plain subject (a pronoun, a clause, a question).
pub(super) fn noun_phrase(words: &[Word], speaker: Option<&str>) -> Option<NounPhrase> {
    let has_article = words.first().is_some_and(|it| values::is_article(&it.low));
    let mut tokens: Vec<String> = Vec::new();
    let mut is_relational = false;
    let speaker = speaker_parts(speaker);
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        let low = word.low.as_str();
        match low {
            "i" | "me" | "ich" | "je" | "yo" => tokens.push(speaker.clone()),
            "my" | "mein" | "meine" | "meinen" | "meiner" | "mon" | "ma" | "mes" | "mi" | "mis" => {
                tokens.extend([speaker.clone(), "'s".to_owned()]);
            }
            "we" | "us" | "wir" | "nous" | "nosotros" | "nosotras" => tokens.push("we".to_owned()),
            "our" | "unser" | "unsere" | "unseren" | "notre" | "nos" | "nuestro" | "nuestra" => {
                tokens.extend(["we".to_owned(), "'s".to_owned()]);
            }
            "your" | "his" | "her" | "their" | "its" | "sein" | "seine" | "ihr" | "ihre" | "you" | "du" | "sa"
            | "ses" | "su" | "sus" | "leur" | "son" | "tu" | "votre" | "dein" | "deine" | "ihm"
                // Spanish `tu`, French `son`; behind another word `son` is a child.
                if !(matches!(low, "du" | "son") && at > 1) =>
            {
                return None;
            }
            "benutzer" | "nutzer" | "utilisateur" | "utilisatrice" | "usuario" | "usuaria" | "user" | "human" => {
                tokens.push("user".to_owned());
            }
            // `this repo` is the one that is spoken of; `this` alone is something that was said before.
            "this" if at < words.len() => {}
            "this" => return None,
            // `the flight to Oslo`, not `wants to`.
            "to" if at > 1
                && words.get(at).is_some_and(|it| it.is_capital() || it.is(&["work", "school", "the", "my"])) =>
            {
                tokens.push("to".to_owned())
            }
            "to" => return None,
            _ if values::is_article(low) && !(low == "des" && at > 1) && !(word.raw == "A" && at > 1) => {}
            _ if word.is_mark() => return None,
            // `on` is somebody in French, at the beginning.
            _ if NO_SUBJECT.contains(low) && !(low == "on" && at > 1) => return None,
            _ => tokens.push(low.to_owned()),
        }
        if tokens.len() > LONGEST + 2 {
            return None;
        }
    }
    join_properties(&mut tokens);
    let parts = flatten(&tokens, &mut is_relational);
    let mut parts: Vec<String> = parts.into_iter().filter(|it| !it.is_empty()).collect();
    genitive(words, &mut parts, &mut is_relational);
    if parts.len() > 1 {
        parts.retain(|it| {
            !["new", "current", "neue", "neuer", "neues", "aktuelle", "nouveau", "nouvelle", "nuevo", "nueva", "actual"]
                .contains(&it.as_str())
        });
    }
    if parts.len() > 1 {
        parts
            .retain(|it| !["project", "projekt", "projekts", "projektes", "projet", "proyecto"].contains(&it.as_str()));
    }
    let parts: Vec<String> = parts.iter().flat_map(|it| it.split(' ')).map(str::to_owned).collect();
    if parts.is_empty() || parts.len() > LONGEST {
        return None;
    }
    let last = parts.last().map(String::as_str).unwrap_or_default();
    let is_plural = last.len() > 3
        && last.ends_with('s')
        && !last.ends_with("ss")
        && !last.ends_with("us")
        && !last.ends_with("is")
        && !PROPERTIES.contains_key(last)
        && is_relational;
    let is_some = words.first().is_some_and(|it| it.is(SOME) || it.is(INDEFINITE) && is_relational);
    // The user is somebody, however it is said.
    let has_article = has_article && parts != ["user"] && !words.first().is_some_and(|it| it.is(INDEFINITE));
    Some(NounPhrase { parts, is_relational, is_plural, written: words.to_vec(), has_article, is_some })
}

const INDEFINITE: &[&str] = &["a", "an", "ein", "eine", "einer", "un", "une", "una", "uno"];

/// Words with which some of several begin.
const SOME: &[&str] = &[
    "one",
    "half",
    "part",
    "several",
    "few",
    "another",
    "other",
    "two",
    "three",
    "both",
    "either",
    "any",
    "more",
    "einer",
    "eine",
    "eines",
    "einige",
    "mehrere",
    "viele",
    "hälfte",
    "teil",
    "andere",
    "beide",
    "plusieurs",
    "certains",
    "certaines",
    "quelques",
    "moitié",
    "autre",
    "varios",
    "varias",
    "algunos",
    "algunas",
    "muchos",
    "mitad",
    "otro",
    "otra",
];

fn speaker_parts(speaker: Option<&str>) -> String {
    let name = speaker.map(|it| it.trim().to_lowercase()).unwrap_or_default();
    let words: Vec<&str> = name.split_whitespace().take(4).collect();
    match words.as_slice() {
        [] | ["user" | "human" | "me"] => "user".to_owned(),
        many => many.join(" "),
    }
}

/// Makes one word of the properties that have an `of` in them, such as `date de naissance`.
fn join_properties(tokens: &mut Vec<String>) {
    let mut at = 0;
    while at + 2 < tokens.len() {
        let joined = tokens[at..at + 3].join(" ");
        if is_of(&tokens[at + 1])
            && let Some(property) = PROPERTIES.get(joined.as_str())
        {
            tokens.splice(at..at + 3, [(*property).to_owned()]);
        }
        at += 1;
    }
}

fn is_of(low: &str) -> bool {
    ["of", "for", "von", "vom", "für", "de", "du", "des", "del", "pour", "para"].contains(&low)
}

/// The owner before what is owned, whichever way it is said.
fn flatten(tokens: &[String], is_relational: &mut bool) -> Vec<String> {
    if let Some(at) = tokens.iter().position(|it| is_of(it)).filter(|it| *it > 0) {
        *is_relational = true;
        let mut parts = flatten(&tokens[at + 1..], is_relational);
        parts.extend(flatten(&tokens[..at], is_relational));
        return parts;
    }
    let preposition = |it: &String| {
        ["with", "about", "on", "at", "in", "to", "between", "mit", "über", "avec", "con"].contains(&it.as_str())
    };
    if let Some(at) = tokens.iter().position(preposition).filter(|it| *it > 0) {
        let mut parts = tokens[at..].to_vec();
        parts.extend(flatten(&tokens[..at], is_relational));
        return parts;
    }
    *is_relational |= tokens.iter().any(|it| it == "'s");
    tokens.iter().filter(|it| *it != "'s").cloned().collect()
}

/// `Anas Geburtstag`: a German property takes the `s` of the name before it.
fn genitive(words: &[Word], parts: &mut [String], is_relational: &mut bool) {
    let [.., name, noun] = parts else { return };
    let is_german = noun.starts_with("lieblings")
        || [
            "geburtstag",
            "telefonnummer",
            "adresse",
            "wohnort",
            "beruf",
            "gehalt",
            "frau",
            "mann",
            "chef",
            "chefin",
            "status",
            "frist",
            "arbeitgeber",
            "alter",
            "handynummer",
            "budget",
            "preis",
            "sprache",
            "termin",
        ]
        .contains(&noun.as_str());
    let is_name = words.iter().any(|it| it.low == *name && it.is_capital());
    if is_german && is_name && name.len() > 3 && name.ends_with('s') && !*is_relational {
        name.pop();
        *is_relational = true;
    }
}
