//! The states of a request, and the only moves between them.

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its line was read; it waits for its place, and its arguments are checked.
    Received,
    /// What is wanted is known.
    Classified,
    /// What is known is being looked up.
    Gathering,
    /// Who answers is decided.
    Routed,
    /// A model is being asked.
    Asking,
    /// What came of it, or is to be written, is weighed and kept.
    Evaluating,
    Done,
    Failed,
    Cancelled,
}

/// A move from one state to another. [`State::to`] alone makes one, so there are none but legal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    from: State,
    to: State,
}

impl Move {
    pub fn from(self) -> State {
        self.from
    }

    pub fn to(self) -> State {
        self.to
    }
}

impl State {
    /// Every state, in the order of a request that goes through all of them.
    pub const ALL: [State; 9] = [
        State::Received,
        State::Classified,
        State::Gathering,
        State::Routed,
        State::Asking,
        State::Evaluating,
        State::Done,
        State::Failed,
        State::Cancelled,
    ];

    /// The name in traces.
    pub fn name(self) -> &'static str {
        match self {
            State::Received => "received",
            State::Classified => "classified",
            State::Gathering => "gathering",
            State::Routed => "routed",
            State::Asking => "asking",
            State::Evaluating => "evaluating",
            State::Done => "done",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }

    /// Whether nothing comes after it.
    pub fn is_final(self) -> bool {
        matches!(self, State::Done | State::Failed | State::Cancelled)
    }

    /// The move to `next`; `None` when it is not legal.
    pub fn to(self, next: State) -> Option<Move> {
        let legal = match self {
            State::Done | State::Failed | State::Cancelled => false,
            // What is open can fail or be given up at any time.
            _ if matches!(next, State::Failed | State::Cancelled) => true,
            State::Received => next == State::Classified,
            State::Classified => matches!(next, State::Gathering | State::Routed | State::Evaluating | State::Done),
            State::Gathering => matches!(next, State::Routed | State::Evaluating | State::Done),
            // An answer that is kept already, or quoted, is not asked for.
            State::Routed => matches!(next, State::Asking | State::Evaluating),
            State::Asking => next == State::Evaluating,
            // An answer that does not follow its schema is asked for once more.
            State::Evaluating => matches!(next, State::Asking | State::Done),
        };
        legal.then_some(Move { from: self, to: next })
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn every_move_but_the_legal_ones_is_refused() {
        let mut legal = Vec::new();
        for from in State::ALL {
            for to in State::ALL {
                if let Some(made) = from.to(to) {
                    assert_eq!((made.from(), made.to()), (from, to));
                    legal.push(format!("{} -> {}", from.name(), to.name()));
                }
            }
        }
        let open = ["received", "classified", "gathering", "routed", "asking", "evaluating"];
        let mut expected: Vec<String> =
            open.iter().flat_map(|from| ["failed", "cancelled"].map(|to| format!("{from} -> {to}"))).collect();
        expected.extend(
            [
                "received -> classified",
                "classified -> gathering",
                "classified -> routed",
                "classified -> evaluating",
                "classified -> done",
                "gathering -> routed",
                "gathering -> evaluating",
                "gathering -> done",
                "routed -> asking",
                "routed -> evaluating",
                "asking -> evaluating",
                "evaluating -> asking",
                "evaluating -> done",
            ]
            .map(str::to_owned),
        );
        legal.sort();
        expected.sort();
        assert_eq!(legal, expected);
    }

    #[test]
    fn nothing_follows_the_end() {
        for from in State::ALL.into_iter().filter(|it| it.is_final()) {
            assert!(State::ALL.into_iter().all(|to| from.to(to).is_none()), "{}", from.name());
        }
    }
}
