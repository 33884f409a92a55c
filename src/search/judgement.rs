//! Questions for a judgement (`would Ada like a theme park`, `what might her degree be`): nobody said the answer in these
//! words, so that what they are about counts by its meaning, and what the one says of whom it is asked.

use super::rank::Around;
use super::rank::Signals;
use super::weights::Weights;
use super::words::query_words;

/// First words of such questions.
const FIRST: &[&str] = &["would", "might", "could"];

/// What such a question has anywhere.
const ANYWHERE: &[&str] = &["might", "likely", "probably", "considered", "personality", "traits", "attributes"];

/// What begins a question that is one when it goes on with `would`.
const ASKING: &[&str] = &["what", "which", "how", "where", "who"];

/// Words of such a question that say nothing of what it is about.
const HEDGES: &[&str] = &[
    "would",
    "might",
    "could",
    "likely",
    "considered",
    "probably",
    "be",
    "say",
    "person",
    "describe",
    "think",
    "opinion",
];

/// What stands before the one who is asked about.
const BEFORE_SOMEONE: &[&str] = &["would", "might", "could", "does", "do", "did", "is", "was", "say", "describe"];

fn words(query: &str) -> impl Iterator<Item = &str> {
    query.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’').filter(|it| !it.is_empty())
}

/// Whether `query` asks for a judgement, by its form; in English. `Would you …` is a way to ask for anything.
pub fn asks_for_judgement(query: &str) -> bool {
    let lower = query.to_lowercase();
    let all: Vec<&str> = words(&lower).collect();
    let Some(first) = all.first() else { return false };
    if FIRST.contains(first) && matches!(all.get(1), Some(&"you" | &"we" | &"i")) {
        return false;
    }
    let goes_on = ASKING.contains(first) && all.contains(&"would");
    goes_on || FIRST.contains(first) || all.iter().any(|it| ANYWHERE.contains(it))
}

/// What such a question is about: its words without the one who is asked about and without what hedges it. Empty when
/// nothing is left.
pub fn topic(query: &str) -> String {
    let mut before = String::new();
    let mut rest = String::new();
    for word in words(query) {
        let named = word.chars().next().is_some_and(char::is_uppercase) && !before.is_empty();
        let owns = word.ends_with("'s") || word.ends_with("’s");
        if !(named && (owns || BEFORE_SOMEONE.contains(&before.as_str()))) {
            rest.push_str(word);
            rest.push(' ');
        }
        before = word.to_lowercase();
    }
    let telling = query_words(&rest);
    telling.iter().filter(|it| !HEDGES.contains(&it.as_str())).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Takes a part from what somebody else said than whom the question names; `names` are the terms that are names of
/// speakers, as bits.
pub fn take_said_by_others(signals: &mut Signals, around: &Around<'_>, names: u64, weights: &Weights) {
    if names != 0 && around.speaker & names == 0 {
        signals.by_others = -weights.by_others * signals.total();
    }
}

impl Weights {
    /// The weights of a question for a judgement.
    #[must_use]
    pub fn for_judgement(self) -> Weights {
        Weights { meaning: self.meaning * self.judged, ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::question::Question;
    use super::*;

    #[test]
    fn the_form_of_a_question_tells_whether_it_asks_for_a_judgement() {
        for (query, expected) in [
            ("Would Ada enjoy a trip to the mountains?", true),
            ("What might Ada's degree be in?", true),
            ("Is Ada likely to move?", true),
            ("What would be a good present for Ada?", true),
            ("What attributes describe Ada?", true),
            ("Would you tell me where Ada lives?", false),
            ("Where does Ada live?", false),
            ("Who said that it would rain?", true),
            ("", false),
        ] {
            assert_eq!(asks_for_judgement(query), expected, "{query}");
        }
    }

    #[test]
    fn the_topic_is_left_without_the_one_who_is_asked_about() {
        for (query, expected) in [
            ("Would Ada be considered a patriotic person?", "patriotic"),
            ("What might Ada's financial status be?", "financial status"),
            ("Would Ada likely enjoy the song by Vivaldi?", "enjoy song vivaldi"),
            ("Would Ada?", ""),
        ] {
            assert_eq!(topic(query), expected, "{query}");
        }
    }

    #[test]
    fn what_somebody_else_said_loses_a_part() {
        let question = Question::new("would Ada like tea");
        let mut counter = question.counter();
        let (names, tea) = (counter.has("Ada"), counter.count("tea is good"));
        let weights = Weights::default();
        let left = |speaker, names| {
            let mut signals = Signals { words: 10.0, ..Signals::default() };
            let around = Around { own: &tea, speaker, tags: 0, speakers: 0, before: [None; 2], after: [None; 2] };
            take_said_by_others(&mut signals, &around, names, &weights);
            signals.total()
        };
        assert_eq!(left(names, names), 10.0);
        assert_eq!(left(0, names), 10.0 * (1.0 - weights.by_others));
        assert_eq!(left(0, 0), 10.0, "nobody is named");
    }

    proptest! {
        #[test]
        fn no_question_is_too_strange(query in "(Would |might |Ada's |’s |\\PC{0,5} ){0,8}") {
            let _ = (asks_for_judgement(&query), topic(&query));
        }
    }
}
