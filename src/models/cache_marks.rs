//! Where a prefix ends that is likely to be sent again: what Anthropic's prompt cache must be told.
//!
//! Writing to the cache costs a quarter more than fresh input, reading from it a tenth: a mark pays when the prefix comes
//! back once within five minutes. The system messages of one configuration and a conversation so far do; the last
//! message, which holds the context of this one question, does not.

use super::Message;
use super::Role;

/// Shorter prefixes are never cached: 1024 tokens is the least of all models, at about four bytes each.
/// Source: Anthropic's page on prompt caching, 2026-11-20.
const LEAST_BYTES: usize = 4096;

/// The messages after which a mark is worth its price, by position, at most two (four are allowed).
pub(super) fn marks(messages: &[Message]) -> Vec<usize> {
    let Some(last) = messages.len().checked_sub(1) else { return Vec::new() };
    let last_system = messages.iter().rposition(|it| it.role == Role::System);
    let before_last = last.checked_sub(1).filter(|at| messages[*at].role != Role::System);
    let is_long = |at: &usize| messages[..=*at].iter().map(|it| it.content.len()).sum::<usize>() >= LEAST_BYTES;
    let has_text = |at: &usize| !messages[*at].content.is_empty();
    [last_system, before_last].into_iter().flatten().filter(is_long).filter(has_text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(messages: &[(Role, usize)], expected: &[usize]) {
        let messages: Vec<Message> =
            messages.iter().map(|(role, size)| Message::new(*role, "x".repeat(*size))).collect();
        assert_eq!(marks(&messages), expected);
    }

    #[test]
    fn marks_stand_after_what_comes_again() {
        use Role::Assistant;
        use Role::System;
        use Role::User;
        check(&[], &[]);
        check(&[(User, 9000)], &[]);
        check(&[(System, 9000)], &[0]);
        check(&[(System, 100), (User, 9000)], &[]);
        check(&[(System, 5000), (User, 9000)], &[0]);
        check(&[(System, 5000), (User, 9), (Assistant, 9), (User, 9)], &[0, 2]);
        check(&[(System, 100), (User, 4000), (Assistant, 9), (User, 9)], &[2]);
        check(&[(System, 5000), (User, 9), (Assistant, 0), (User, 9)], &[0]);
    }
}
