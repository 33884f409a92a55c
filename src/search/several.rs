//! Questions that ask for several things: what answers them was said on several occasions.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::hash::Hash;

use super::rank::Signals;
use super::weights::Weights;

/// What asks for a number of things in English, and for more than one of them in languages that have a word for it.
const SEVERAL: &[&str] = &[
    "how many",
    "wie viele",
    "combien de",
    "cuántos",
    "cuántas",
    "quanti ",
    "quante ",
    "quantos",
    "quantas",
    "hoeveel ",
    "quels ",
    "quelles ",
    "cuáles ",
    "quali ",
    "quais ",
];

const ASKING: &[&str] = &["what", "which", "who", "where"];

const VERBS: &[&str] = &[
    "is", "are", "was", "were", "do", "does", "did", "has", "have", "had", "can", "could", "would", "will", "should",
    "might",
];

/// Words between `what` or `which` and its verb: `what kinds of music has …`.
const WORDS_BEFORE_THE_VERB: usize = 3;

/// Whether `query` asks for several things, by its form: for things in the plural, or (in English) for what someone has
/// done so far. `What did she buy` is of one occasion, `what has she bought` of all of them.
pub fn asks_for_several(query: &str) -> bool {
    let lower = query.to_lowercase();
    if SEVERAL.iter().any(|it| lower.contains(it)) {
        return true;
    }
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’').filter(|it| !it.is_empty());
    let mut rest = words.skip_while(|it| !ASKING.contains(it));
    let Some(asking) = rest.next() else { return false };
    let mut plural = false;
    let mut before = 0;
    let Some(verb) = rest.find(|it| {
        let is_verb = VERBS.contains(it);
        plural |= !is_verb && before < WORDS_BEFORE_THE_VERB && is_plural(it);
        before += usize::from(!is_verb);
        is_verb
    }) else {
        return false;
    };
    match verb {
        "did" | "was" | "were" | "had" => false,
        // Who has something is one person.
        "has" if asking == "who" => plural,
        "has" | "have" if before <= WORDS_BEFORE_THE_VERB => true,
        "are" if before == 0 && asking != "where" => true,
        _ => plural,
    }
}

/// Whether an English word in lower case looks like a plural.
fn is_plural(word: &str) -> bool {
    let singular = ["ss", "us", "is", "'s", "’s"];
    word.len() > 3 && word.ends_with('s') && !singular.iter().any(|it| word.ends_with(it))
}

/// Takes a part from those that stand right beside a better one. `scored` are the scores, the best first, each with its
/// key and the keys of what stands around it.
pub fn set_neighbours_back<K: Copy + Eq + Hash, S: BuildHasher + Default>(
    scored: &mut [(&mut Signals, K, [Option<K>; 4])],
    weights: &Weights,
) {
    let mut better: HashSet<K, S> = HashSet::default();
    for (signals, key, around) in scored {
        if around.iter().flatten().any(|it| better.contains(it)) {
            signals.beside = -weights.beside * signals.total();
        }
        better.insert(*key);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_form_of_a_question_tells_whether_it_asks_for_several_things() {
        for (query, expected) in [
            ("What books has Ada read?", true),
            ("What has Ada painted?", true),
            ("Where has Ada camped?", true),
            ("How many dogs does she have?", true),
            ("Which instruments does Ada play?", true),
            ("What are the names of her children?", true),
            ("Quels livres a-t-elle lus ?", true),
            ("Wie viele Katzen hat er?", true),
            ("What did Ada buy on Monday?", false),
            ("What kinds of cake did she bring to the picnic?", false),
            ("When did Ada move?", false),
            ("Where are the keys?", false),
            ("What is her address?", false),
            ("What does Ada think of the bus?", false),
            ("Who has the keys?", false),
            ("Who told Ada that James has moved?", false),
            ("", false),
        ] {
            assert_eq!(asks_for_several(query), expected, "{query}");
        }
    }

    #[test]
    fn what_stands_beside_a_better_one_is_set_back_and_nothing_else() {
        let weights = Weights::default();
        let mut signals: Vec<Signals> = (0..3).map(|_| Signals { words: 10.0, ..Signals::default() }).collect();
        let around = [[Some(2), None, None, None], [Some(1), None, None, None], [None; 4]];
        let mut scored: Vec<_> = signals.iter_mut().zip(1..).zip(around).map(|((a, b), c)| (a, b, c)).collect();
        set_neighbours_back::<i32, RandomState>(&mut scored, &weights);
        let totals: Vec<f32> = signals.iter().map(Signals::total).collect();
        assert_eq!(totals, [10.0, 10.0 * (1.0 - weights.beside), 10.0]);
    }

    proptest! {
        #[test]
        fn no_question_is_too_strange(query in "(what |which |has |did |books |\\PC{0,5} ){0,8}") {
            let _ = asks_for_several(&query);
        }
    }
}
