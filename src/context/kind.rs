//! Says what kind of request a text is, and what that means for the sources.

use std::sync::LazyLock;

use serde::Serialize;

use super::assemble::SourceName;
use super::source::Candidate;
use crate::classify::Classifier;
use crate::documents::Nature;
use crate::documents::is_among_tests;
use crate::embed;
use crate::embed::StaticEmbedder;

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
    /// Files that hold tests, and tests beside the code that they test.
    pub tests: f64,
    /// Of these the ones beside the code: files of tests count less from the start.
    pub inner_tests: f64,
    /// Files that configure: settings, manifests, container and pipeline files.
    pub configuration: f64,
    /// Prose: guides, decisions, notes.
    pub documents: f64,
}

impl Steering {
    const NONE: Steering = Steering {
        memory: 1.0,
        history: 1.0,
        workspace: 1.0,
        tests: 1.0,
        inner_tests: 1.0,
        configuration: 1.0,
        documents: 1.0,
    };
}

/// Below this confidence a label steers nothing: it is as often wrong as right.
const DOUBTFUL: f64 = 0.5;

/// From this confidence on a label steers in full.
const SURE: f64 = 0.9;

/// Of a request in a language that no example has, fewer words are known; its length and a few signs speak then.
const UNDERSTOOD: f64 = 0.34;

/// The most that a label of one is sure.
const FOREIGN: f64 = 0.3;

/// What each label looks for, in full. A label that is not listed steers nothing.
const STEERING: &[(&str, Steering)] = &[
    // Who asks how a thing works wants the code and not what checks it. Who changes it wants both: for all kinds alike,
    // packs of ripgrep lose 5 hundredths of the changed places (docs/benchmarks.md, 2026-11-27).
    ("lookup", Steering { inner_tests: 0.5, ..Steering::NONE }),
    ("explain", Steering { inner_tests: 0.5, ..Steering::NONE }),
    // What was said lies in memory and in the turns, hardly ever in files.
    ("recall", Steering { memory: 2.0, history: 1.5, workspace: 0.5, ..Steering::NONE }),
    // Tests are written after the tests that are there, but not without the code that they test.
    ("test", Steering { tests: 1.3, ..Steering::NONE }),
    // Holes are as often in what is configured as in what is coded.
    ("security", Steering { configuration: 1.5, ..Steering::NONE }),
    // A new thing follows the decisions and preferences that are known.
    ("generate", Steering { memory: 1.2, ..Steering::NONE }),
    // A judgement needs the rules of the house.
    ("review", Steering { tests: 1.2, documents: 1.1, ..Steering::NONE }),
    // The world's knowledge is not in the workspace.
    ("general", Steering { workspace: 0.8, ..Steering::NONE }),
];

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| {
    let meaning = |word: &str| StaticEmbedder::encode(word).map(|it| it.components().to_vec());
    Classifier::new(include_str!("kind_words.txt"), include_bytes!("kind.weights"))
        .with_net(include_bytes!("kind.net"), meaning)
});

/// Labels `query`; `general` without any confidence when it has no word.
pub fn classify(query: &str) -> RequestKind {
    if !query.contains(char::is_alphanumeric) {
        return RequestKind { label: "general", confidence: 0.0 };
    }
    let best = CLASSIFIER.guess(query).first().copied();
    // A word of two letters is one in too many languages.
    let is_known = |word: &str| word.chars().count() > 2 && embed::word(word).is_some();
    let most = if CLASSIFIER.known(query, is_known) < UNDERSTOOD { FOREIGN } else { 1.0 };
    best.map_or(RequestKind { label: "general", confidence: 0.0 }, |best| RequestKind {
        label: best.label,
        // Two digits: more would promise more than was measured.
        confidence: (best.probability.min(most) * 100.0).round() / 100.0,
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
        inner_tests: between(full.inner_tests),
        configuration: between(full.configuration),
        documents: between(full.documents),
    }
}

/// How much more (or less) `candidate` counts.
pub(super) fn weight(steering: &Steering, candidate: &Candidate) -> f64 {
    if candidate.source == SourceName::Memory.name() {
        steering.memory
    } else if candidate.source == SourceName::History.name() {
        steering.history
    } else if candidate.source == SourceName::Workspace.name() {
        let (path, language) = (candidate.path.as_deref(), candidate.language.as_deref());
        let nature = Nature::of(path.unwrap_or_default(), language.unwrap_or_default());
        let of = |is: bool, weight: f64| if is { weight } else { 1.0 };
        let is_inner = !nature.test && !nature.prose && is_among_tests(&candidate.title);
        steering.workspace
            * of(nature.test || is_inner, steering.tests)
            * of(is_inner, steering.inner_tests)
            * of(nature.configuration, steering.configuration)
            * of(nature.prose, steering.documents)
    } else {
        1.0
    }
}

/// `candidate` as it counts for a request of `kind`; what changes is told in its `why`. Of two that are steered alike
/// the better one stays the better one, and no score leaves 0.0..=1.0.
pub(super) fn steered(mut candidate: Candidate, kind: &RequestKind, steering: &Steering) -> Candidate {
    let weight = weight(steering, &candidate);
    if (weight - 1.0).abs() > f64::EPSILON {
        candidate.score = 1.0 - (1.0 - candidate.score.clamp(0.0, 1.0)).powf(weight);
        let more = if weight > 1.0 { "more" } else { "less" };
        candidate.why.push_str(&format!("; counts {more}, as the request is a {}", kind.label));
    }
    candidate
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
            // The topic is one word, what is wanted another.
            ("Explain why this test is flaky", "explain"),
            ("How does the security check decide who may upload?", "explain"),
            ("Write a guide for reviewers", "generate"),
            ("Test login fails since the merge, repair the code", "fix"),
            ("Rename the test helpers so that they are easier to read", "refactor"),
            ("The bug is fixed, make sure by a test that it stays so", "test"),
            ("Are the tests in this branch any good?", "review"),
            ("What did the review say last week?", "recall"),
            ("How many tests did I ask you for last month?", "insight"),
            ("When should one write a regression test?", "general"),
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
    fn a_request_in_an_unknown_language_is_doubtful() {
        for query in [
            "исправь ошибку в парсере",
            "로그아웃 버튼을 추가해",
            "oprav chybu v parseru",
            "explică cum funcționează cache-ul",
            "δίορθωσε το σφάλμα στον αναλυτή",
        ] {
            assert_eq!(steer(&classify(query)), Steering::NONE, "{query}");
        }
        for query in ["explain the zstd dictionary training", "Behebe den Absturz beim Export", "修复登录时的崩溃"]
        {
            assert!(classify(query).confidence > FOREIGN, "{query}");
        }
    }

    #[test]
    fn a_doubtful_label_steers_nothing_and_a_sure_one_in_full() {
        let steered = |label, confidence| steer(&RequestKind { label, confidence });
        assert_eq!(steered("recall", 0.5), Steering::NONE);
        assert_eq!(steered("recall", 0.95).memory, 2.0);
        assert!((steered("recall", 0.7).memory - 1.5).abs() < 1e-9);
        assert_eq!(steered("fix", 1.0), Steering::NONE);
        assert!(steered("test", 1.0).tests > 1.0 && steered("security", 1.0).configuration > 1.0);
    }

    #[test]
    fn a_sure_kind_lifts_what_it_looks_for() {
        let piece = |source: SourceName, path: &str, language: &str| Candidate {
            source: source.name(),
            path: Some(path.to_owned()),
            language: Some(language.to_owned()),
            score: 0.5,
            why: "words".to_owned(),
            ..Candidate::default()
        };
        let score = |label, confidence, piece: &Candidate| {
            let kind = RequestKind { label, confidence };
            steered(piece.clone(), &kind, &steer(&kind)).score
        };
        let (memory, file) = (piece(SourceName::Memory, "", ""), piece(SourceName::Workspace, "src/a.rs", "rust"));
        let (test, config) = (
            piece(SourceName::Workspace, "tests/a.rs", "rust"),
            piece(SourceName::Workspace, "deploy/app.yaml", "yaml"),
        );
        assert!(score("recall", 0.95, &memory) > 0.7 && score("recall", 0.95, &file) < 0.3);
        assert!(score("test", 0.95, &test) > score("test", 0.95, &file));
        assert!(score("security", 0.95, &config) > score("security", 0.95, &file));
        let inner = Candidate { title: "mod tests › fn reads()".to_owned(), ..file.clone() };
        assert!(score("explain", 0.95, &inner) < score("explain", 0.95, &file));
        assert!(score("test", 0.95, &inner) > score("test", 0.95, &file));
        assert!((score("fix", 0.95, &inner) - 0.5).abs() < 1e-9);
        assert!(score("lookup", 0.95, &inner) < score("lookup", 0.95, &file));
        let guide = piece(SourceName::Workspace, "docs/guide.md", "markdown");
        assert!(score("generate", 0.95, &memory) > score("generate", 0.95, &file));
        assert!(score("review", 0.95, &test) > score("review", 0.95, &guide));
        assert!(score("review", 0.95, &guide) > score("review", 0.95, &file));
        assert!(score("general", 0.95, &memory) > score("general", 0.95, &file));
        for label in ["recall", "test", "security", "general"] {
            for piece in [&memory, &file, &test, &config] {
                assert!((score(label, 0.5, piece) - 0.5).abs() < 1e-9, "{label}");
            }
        }
        let kind = RequestKind { label: "recall", confidence: 0.95 };
        let why = steered(memory, &kind, &steer(&kind)).why;
        assert_eq!(why, "words; counts more, as the request is a recall");
    }

    proptest! {
        #[test]
        fn steering_keeps_the_order_and_the_range(a in 0.0..=1.0_f64, b in 0.0..=1.0_f64, confidence in 0.0..=1.0_f64) {
            let kind = RequestKind { label: "recall", confidence };
            let score = |score| {
                let piece = Candidate { source: SourceName::Memory.name(), score, ..Candidate::default() };
                steered(piece, &kind, &steer(&kind)).score
            };
            prop_assert!((0.0..=1.0).contains(&score(a)));
            prop_assert!(score(a.min(b)) <= score(a.max(b)));
        }

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
