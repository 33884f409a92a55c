//! Reads which of several rivals something uses, whatever the verb: `stores its data in SQLite`, `was migrated to Postgres`.

use super::Fact;
use super::frames::Plain;
use super::holdings::CLAUSE;
use super::holdings::SOME;
use super::holdings::about;
use super::holdings::first_subject;
use super::subject::noun_phrase;
use super::tables::MOVES;
use super::tables::RIVAL_GROUPS;
use super::value::written;
use super::values;
use super::words::Word;

/// Which of several rivals something uses: `stores its data in SQLite`, `was migrated to Postgres`.
pub(super) fn rivals(plain: &Plain<'_>) -> Vec<Fact> {
    let words = plain.words;
    let Some(subject) = first_subject(words) else { return Vec::new() };
    let said = &words[subject.len()..];
    // `The API tests are written in Rust` is said of a part of it; `the CI tests on Linux` of the CI.
    let is_part = |it: &[Word]| it[0].is(PARTS) && it[1].is(&["is", "are", "was", "were", "use", "run", "have"]);
    if said.is_empty() || said.windows(2).next().is_some_and(is_part) {
        return Vec::new();
    }
    let is_change = said
        .iter()
        .take(4)
        .any(|it| super::openings::is_change(it) || it.is(&MOVES) || it.is(&["rewritten", "replaced"]));
    if !plain.negations.is_empty() || !(is_change || said[0].is(USING)) || words.len() > CLAUSE {
        return Vec::new();
    }
    let place = said.iter().rposition(|it| it.is(&["in", "for"])).filter(|at| {
        *at > 1
            && said
                .last()
                .is_some_and(|it| it.is(&["repo", "repository", "codebase", "app", "service", "project", "team"]))
    });
    let (whose, said) = match place {
        Some(at) => (&said[at + 1..], &said[..at]),
        None => (subject, said),
    };
    let Some(mut about) = about(whose, plain.speaker, false) else { return Vec::new() };
    // `the database of the shop is`: of the shop.
    if said[0].is(&["is", "was"])
        && let Some(phrase) = noun_phrase(whose, plain.speaker)
        && let Some((owner, property)) = phrase.property()
        && property != "when"
        && !owner.is_empty()
    {
        about = owner.join(" ");
    }
    // `instead of tabs` is what is not used.
    let end = said.iter().position(|it| it.is(&["instead", "over", "than", "not", "rather"])).unwrap_or(said.len());
    let said = &said[..end];
    let purpose = said.iter().position(|it| it.low == "for").map(|at| values::normal(&said[at + 1..]).join(" "));
    let mut found: Vec<Fact> = Vec::new();
    for length in [3, 2, 1] {
        for at in 1..said.len().saturating_sub(length - 1) {
            let name = values::normal(&said[at..at + length]).join(" ");
            let Some(group) = RIVAL_GROUPS.get(name.as_str()) else { continue };
            if found.len() < 2
                && !found.iter().any(|it| it.value.split(' ').any(|it| name.split(' ').any(|part| part == it)))
            {
                let mut attribute = format!("{SOME}choice {group}");
                if let Some(purpose) = &purpose {
                    attribute = format!("{attribute} for {purpose}");
                }
                found.push(Fact {
                    is_change: is_change || plain.renews,
                    replaces: plain.replaced.map(str::to_owned),
                    ..plain.says(about.clone(), attribute, name, written(&said[at..at + length]))
                });
            }
        }
    }
    found
}

/// What is made beside a program, each in its own way.
const PARTS: &[&str] = &["tests", "test", "docs", "documentation", "scripts", "examples", "benchmarks", "fixtures"];

/// Verbs behind which stands what is used.
const USING: &[&str] = &[
    "uses", "use", "runs", "run", "is", "are", "stores", "store", "relies", "rely", "deploys", "deploy", "hosts",
    "keeps", "sits", "lives", "builds", "tests",
];
