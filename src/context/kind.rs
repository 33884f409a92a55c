//! Says what kind of request a text is, and what that means for the sources.

use std::sync::LazyLock;

use serde::Serialize;

use crate::classify::Classifier;

/// A label with how sure it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RequestKind {
    /// lookup, explain, generate, fix, refactor, test, review, security, recall, insight or general.
    pub label: &'static str,
    /// 0.0..=1.0; of the requests with 0.7, seven in ten have that label.
    pub confidence: f64,
}

/// How much more (or less) than usual each sort of piece counts for a request; 1.0 is as usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steering {
    pub memory: f64,
    pub history: f64,
    pub workspace: f64,
    /// Files that hold tests.
    pub tests: f64,
    /// Files that configure: settings, manifests, container and pipeline files.
    pub configuration: f64,
    /// Prose: guides, decisions, notes.
    pub documents: f64,
}

impl Steering {
    const NONE: Steering =
        Steering { memory: 1.0, history: 1.0, workspace: 1.0, tests: 1.0, configuration: 1.0, documents: 1.0 };
}

/// Below this confidence a label steers nothing: it is as often wrong as right.
const DOUBTFUL: f64 = 0.5;

/// From this confidence on a label steers in full.
const SURE: f64 = 0.9;

/// What each label looks for, in full. A label that is not listed steers nothing.
const STEERING: &[(&str, Steering)] = &[
    // What was said lies in memory and in the turns, hardly ever in files.
    ("recall", Steering { memory: 2.0, history: 1.5, workspace: 0.5, ..Steering::NONE }),
    // Tests are written after the tests that are there.
    ("test", Steering { tests: 2.0, ..Steering::NONE }),
    // Holes are as often in what is configured as in what is coded.
    ("security", Steering { configuration: 1.5, ..Steering::NONE }),
    // A new thing follows the decisions and preferences that are known.
    ("generate", Steering { memory: 1.2, ..Steering::NONE }),
    // A judgement needs the rules of the house.
    ("review", Steering { tests: 1.2, documents: 1.1, ..Steering::NONE }),
    // The world's knowledge is not in the workspace.
    ("general", Steering { workspace: 0.8, ..Steering::NONE }),
];

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(include_str!("kind_words.txt"), include_bytes!("kind.weights")));

/// Labels `query`; `general` without any confidence when it has no word.
pub fn classify(query: &str) -> RequestKind {
    if !query.contains(char::is_alphanumeric) {
        return RequestKind { label: "general", confidence: 0.0 };
    }
    let best = CLASSIFIER.guess(query).first().copied();
    best.map_or(RequestKind { label: "general", confidence: 0.0 }, |best| RequestKind {
        label: best.label,
        // Two digits: more would promise more than was measured.
        confidence: (best.probability * 100.0).round() / 100.0,
    })
}

/// What a label means for the sources; the less sure it is, the nearer to 1.0 everywhere.
pub fn steer(kind: &RequestKind) -> Steering {
    let full = STEERING.iter().find(|it| it.0 == kind.label).map_or(Steering::NONE, |it| it.1);
    let share = ((kind.confidence - DOUBTFUL) / (SURE - DOUBTFUL)).clamp(0.0, 1.0);
    let between = |it: f64| 1.0 + (it - 1.0) * share;
    Steering {
        memory: between(full.memory),
        history: between(full.history),
        workspace: between(full.workspace),
        tests: between(full.tests),
        configuration: between(full.configuration),
        documents: between(full.documents),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_wanted_decides_and_not_the_words() {
        for (query, label) in [
            ("Where is the retry limit set?", "lookup"),
            ("where are the tests for the retry limit?", "lookup"),
            ("fix the crash when the file is empty", "fix"),
            ("why are there two mails? Please make it right.", "fix"),
            ("Explain the lock order", "explain"),
            ("why does the lock order matter here?", "explain"),
            ("write down why we chose SQLite, as a page in docs/", "generate"),
            ("add a --json flag", "generate"),
            ("what did we decide about Postgres last time", "recall"),
            ("write a failing test for the crash", "test"),
            ("make the import faster, the result must be the same", "refactor"),
            ("is this diff ready to merge?", "review"),
            ("could an attacker read other people's files?", "security"),
            ("which model cost us most last month", "insight"),
            ("what is the difference between TCP and UDP", "general"),
            ("hello", "general"),
            ("Wo wird das Zeitlimit gesetzt?", "lookup"),
            ("¿Qué decidimos sobre la base de datos?", "recall"),
            ("修复登录时的崩溃", "fix"),
            ("", "general"),
            ("?!", "general"),
        ] {
            assert_eq!(classify(query).label, label, "{query}");
        }
    }

    #[test]
    fn a_doubtful_label_steers_nothing_and_a_sure_one_in_full() {
        let steered = |label, confidence| steer(&RequestKind { label, confidence });
        assert_eq!(steered("recall", 0.5), Steering::NONE);
        assert_eq!(steered("recall", 0.95).memory, 2.0);
        assert!((steered("recall", 0.7).memory - 1.5).abs() < 1e-9);
        assert_eq!(steered("lookup", 1.0), Steering::NONE);
        assert!(steered("test", 1.0).tests > 1.0 && steered("security", 1.0).configuration > 1.0);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC*") {
            let kind = classify(&text);
            prop_assert!((0.0..=1.0).contains(&kind.confidence));
        }
    }

    #[test]
    fn a_huge_text_is_read_at_its_beginning() {
        let text = format!("fix the crash in the parser\n{}", "lorem ipsum ".repeat(200_000));
        assert!(!classify(&text).label.is_empty());
    }
}
