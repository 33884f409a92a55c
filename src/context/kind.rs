//! Says what kind of request a text is, by the words it begins with or holds.

use serde::Serialize;

/// A label with how sure it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestKind {
    /// lookup, explain, generate, fix, refactor, test, review, security, recall, insight or general.
    pub label: &'static str,
    /// 0.0..=1.0.
    pub confidence: f64,
}

/// Words that speak for a label, and how sure a single one makes it. The first rule that applies wins, so the
/// narrower ones come first.
const RULES: &[(&str, f64, &[&str])] = &[
    ("security", 0.7, &["vulnerability", "security", "exploit", "injection", "cve", "xss", "csrf"]),
    ("recall", 0.7, &["remember", "recall", "last time", "did we decide", "did i say", "we agreed", "have i told"]),
    ("insight", 0.6, &["how many", "how often", "trend", "statistics", "usage", "per week", "on average"]),
    ("review", 0.7, &["review", "code review", "look over", "critique"]),
    ("refactor", 0.7, &["refactor", "rename", "restructure", "clean up", "simplify", "extract"]),
    ("fix", 0.65, &["fix", "bug", "broken", "crash", "fails", "error", "regression", "panics", "not working"]),
    ("test", 0.65, &["test", "tests", "coverage", "unit test"]),
    ("explain", 0.6, &["explain", "why", "how does", "how do", "what does", "understand"]),
    ("generate", 0.6, &["write", "add", "create", "implement", "build", "generate", "draft"]),
    ("lookup", 0.6, &["where", "which", "find", "when", "who", "what is", "show me", "list"]),
];

/// Labels `query`; `general` when no rule applies.
pub fn classify(query: &str) -> RequestKind {
    let lower = query.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    let text = format!(" {} ", words.join(" "));
    for (label, confidence, signs) in RULES {
        let hits = signs.iter().filter(|sign| text.contains(&format!(" {sign} "))).count();
        if hits > 0 {
            let more = if hits > 1 { 0.1 } else { 0.0 };
            return RequestKind { label, confidence: confidence + more };
        }
    }
    RequestKind { label: "general", confidence: 0.4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_labelled_by_their_words() {
        for (query, label) in [
            ("Where is the retry limit set?", "lookup"),
            ("fix the crash when the file is empty", "fix"),
            ("Explain the lock order", "explain"),
            ("what did we decide about Postgres last time", "recall"),
            ("add a --json flag", "generate"),
            ("hello", "general"),
            ("", "general"),
        ] {
            assert_eq!(classify(query).label, label, "{query}");
        }
    }
}
