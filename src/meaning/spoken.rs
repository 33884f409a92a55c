//! Brings how people talk into plain words: `mum's in hospital` is `mum is in hospital`, `swapped my Fiesta for a Corsa` is what
//! I did, `Karl mentors Ivan` is `Ivan's mentor is Karl`.

use super::changes::word;
use super::frames::is_verb;
use super::reach::is_kin;
use super::tables::PREPOSITIONS;
use super::tables::VERBS;
use super::values;
use super::words::Word;

/// Words in front of a shortened `is`: `my sister Kate`.
const SUBJECT: usize = 4;

pub(super) fn spoken(words: &mut Vec<Word>) {
    by_name(words);
    shortened(words);
    begun(words);
    new_one(words);
    by_role(words);
    became(words);
    eats_again(words);
    for_free(words);
    cleft(words);
    of_itself(words);
}

/// `Linear is what we use for tickets`: we use it for them.
fn cleft(words: &mut Vec<Word>) {
    let at = (1..words.len().min(5)).find(|at| words[*at].low == "is");
    let Some(at) = at.filter(|at| words.len() > at + 3 && words[at + 1].low == "what") else { return };
    if words[at + 2].is(&["we", "i"]) && VERBS.contains(words[at + 3].low.as_str()) {
        let (value, rest) = (words[..at].to_vec(), words[at + 4..].to_vec());
        *words = [&words[at + 2..at + 4], value.as_slice(), rest.as_slice()].concat();
    }
}

/// `Anna says her favourite colour is green`: it is, for it is of herself that she says it.
fn of_itself(words: &mut Vec<Word>) {
    let [who, says, rest @ ..] = words.as_slice() else { return };
    let that = usize::from(rest.first().is_some_and(|it| it.low == "that"));
    let is_own = rest.get(that).is_some_and(|it| it.is(&["her", "his", "their"]));
    if is_own && who.is_capital() && says.is(&["says", "said"]) && !who.is(&["i", "we", "he", "she", "they"]) {
        *words = [&[who.clone(), word("'s")], &rest[that + 1..]].concat();
    }
}

/// `My sister Kate is pregnant`: Kate is.
fn by_name(words: &mut Vec<Word>) {
    let at = words.windows(3).position(|it| it[0].is(&["my", "our"]) && is_kin(&it[1].low) && it[2].is_capital());
    if let Some(at) = at {
        words.drain(at..at + 2);
    }
}

/// `The rent's 900`, `my laptop's a ThinkPad`: behind a possessive stands a noun without an article.
fn shortened(words: &mut [Word]) {
    let Some(at) = words.iter().take(SUBJECT + 1).position(|it| it.low == "'s").filter(|it| *it > 0) else { return };
    let rest = &words[at + 1..];
    let Some(first) = rest.first() else { return };
    let is_number = first.low.starts_with(|it: char| it.is_ascii_digit() || "$€£".contains(it)) && rest.len() <= 4;
    let is_joint = first.is(&["a", "an", "the", "in", "at", "on", "from", "with", "not", "now", "no", "my", "our"])
        || first.low == "home" && rest.get(1).is_some_and(|it| it.is(&["from", "again", "now"]));
    let is_done =
        first.low.ends_with("ed") && rest.get(1).is_some_and(|it| it.is(&["with", "by", "at", "to", "until", "for"]));
    let is_stated =
        rest.iter().any(|it| is_verb(it) && !it.is(&["park"]) || it.is(&["was", "were", "has", "had", ":"]));
    if (is_number || is_joint || is_done) && !is_stated {
        words[at] = word("is");
    }
}

/// What somebody says to have done, who does not say `I`; what is done in a company is told by it.
const BEGUN: &[&str] = &[
    "quit",
    "sold",
    "got",
    "swapped",
    "traded",
    "dropped",
    "stopped",
    "started",
    "ditched",
    "bought",
    "cancelled",
    "canceled",
    "broke",
    "became",
    "joined",
    "left",
    "gave",
    "moved",
    "turned",
];

/// `Finally moved out of Camden`, `got a new job at Lidl`: it is I who did.
fn begun(words: &mut Vec<Word>) {
    let at = words.iter().take(3).take_while(|it| it.is(&["finally", "just", "well", "so", "and", ","])).count();
    let Some(verb) = words.get(at).filter(|it| it.is(BEGUN) && (at > 0 || !it.is_capital() || words.len() > 2)) else {
        return;
    };
    let next = |list: &[&str]| words.get(at + 1).is_some_and(|it| it.is(list));
    let is_own = words[at + 1..].iter().any(|it| it.is(&["my", "me", "i", "myself"]));
    let is_mine = match verb.low.as_str() {
        "got" | "became" => next(&["a", "an", "engaged", "married", "divorced", "hired", "fired", "rid"]) || is_own,
        "moved" => next(&["out", "house", "in"]) || is_own,
        "broke" => next(&["up"]),
        "turned" => {
            words.get(at + 1).is_some_and(|it| it.low.bytes().all(|it| it.is_ascii_digit()))
                || next(&["vegan", "vegetarian"])
        }
        "quit" | "stopped" | "started" | "gave" => {
            words.get(at + 1).is_some_and(|it| it.low.ends_with("ing")) || next(&["up", "school", "uni"]) || is_own
        }
        "joined" | "left" | "dropped" | "cancelled" | "canceled" => is_own || next(&["out"]),
        _ => is_own || words.iter().skip(at + 2).any(|it| it.low == "for") && !next(&["our"]),
    };
    if is_mine {
        words.splice(..at, [word("i")]);
    }
}

/// `I've got a new number, it's 5`: the mark joins.
fn new_one(words: &mut Vec<Word>) {
    let Some(new) = words.iter().take(6).position(|it| it.low == "new").filter(|it| *it > 1) else { return };
    let Some(mark) = words.iter().position(|it| it.is(&[",", ";", ":"])).filter(|it| (new + 2..new + 5).contains(it))
    else {
        return;
    };
    if words.len() > mark + 3 && words[mark + 1].is(&["it", "he", "she"]) && words[mark + 2].low == "is" {
        words.drain(mark + 1..mark + 3);
    }
}

/// Verbs of what one is to somebody else, and what that is called.
const ROLES: &[(&str, &str)] = &[
    ("mentors", "mentor"),
    ("coaches", "coach"),
    ("tutors", "tutor"),
    ("supervises", "supervisor"),
    ("advises", "advisor"),
];

/// `Karl mentors Ivan`, `Ana coaches me now`.
fn by_role(words: &mut Vec<Word>) {
    let Some((at, role)) =
        (1..words.len().min(4)).find_map(|at| ROLES.iter().find(|it| it.0 == words[at].low).map(|it| (at, it.1)))
    else {
        return;
    };
    let (who, whom) = (words[..at].to_vec(), &words[at + 1..]);
    let Some(first) = whom.first() else { return };
    let owner = match first.low.as_str() {
        "me" => vec![word("my")],
        "us" => vec![word("our")],
        _ if first.is_capital() && !values::is_article(&first.low) => vec![first.clone(), word("'s")],
        _ => return,
    };
    let rest = &whom[1..];
    let is_plain = rest.iter().all(|it| it.is(&["now", "anymore", "instead", "these", "days"]));
    if !is_plain
        || !who.iter().all(|it| it.is_capital() || it.is(&["dr", "mr", "mrs", "ms", "my", "our"]) || is_kin(&it.low))
    {
        return;
    }
    let mut plain = owner;
    plain.extend([word(role), word("is")]);
    plain.extend(who);
    plain.extend_from_slice(rest);
    *words = plain;
}

/// `I've become a morning person`: I am one now.
fn became(words: &mut Vec<Word>) {
    let Some(at) = (1..words.len().min(4)).find(|at| words[*at].low == "become") else { return };
    if words[at - 1].is(&["has", "have"]) && at > 1 && words.get(at + 1).is_some_and(|it| it.is(&["a", "an"])) {
        let link = if words[at - 2].low == "i" { "am" } else { "is" };
        words.splice(at - 1..=at, [word(link)]);
        words.push(word("now"));
    }
}

/// `started eating fish again`: who does is no vegetarian any more.
fn eats_again(words: &mut Vec<Word>) {
    const OF_ANIMALS: &[&str] = &["fish", "chicken", "beef", "pork", "steak", "seafood", "sushi", "poultry"];
    if let [.., food, again] = words.as_mut_slice()
        && again.low == "again"
        && food.is(OF_ANIMALS)
        && words.iter().any(|it| it.is(&["eats", "eat", "eating"]))
    {
        let at = words.len() - 2;
        words[at] = word("meat");
    }
}

/// `Shipping is now free`: it costs nothing any more.
fn for_free(words: &mut Vec<Word>) {
    let Some(link) = words.iter().take(6).position(|it| it.is(&["is", "are"])).filter(|it| *it > 0) else { return };
    let (head, said) = words.split_at(link);
    let is_free = match &said[1..] {
        [now, free] => now.is(&["now", "free"]) && free.is(&["now", "free"]) && now.low != free.low,
        [free, of, charge, ..] => free.low == "free" && of.low == "of" && charge.low == "charge",
        _ => false,
    };
    // A room or a seat is free when nobody has it, and so is somebody.
    let has_price = head.iter().all(|it| !it.is(&["i", "we", "he", "she", "they"]) && !it.is(&PREPOSITIONS))
        && head.last().is_some_and(|it| {
            it.is(&[
                "shipping",
                "delivery",
                "plan",
                "tier",
                "parking",
                "entry",
                "admission",
                "app",
                "service",
                "museum",
                "course",
                "membership",
                "version",
                "license",
                "ticket",
                "tickets",
                "breakfast",
                "wifi",
            ])
        });
    if is_free && has_price {
        let head = head.to_vec();
        *words = [&[word("the"), word("price"), word("of")], head.as_slice(), &[word("is"), word("$0"), word("now")]]
            .concat();
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::sentences;
    use super::*;

    fn told(sentence: &str) -> String {
        let mut words = sentences(sentence, 2).swap_remove(0).words;
        spoken(&mut words);
        words.iter().map(|it| it.low.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn talk_is_brought_into_plain_words() {
        for (sentence, expected) in [
            ("Mum's in hospital", "mum is in hospital"),
            ("my laptop's a ThinkPad", "my laptop is a thinkpad"),
            ("The rent's 900", "the rent is 900"),
            ("the car's insured with Aviva", "the car is insured with aviva"),
            ("My sister Kate is pregnant", "kate is pregnant"),
            ("Finally moved out of Camden", "i moved out of camden"),
            ("got a new job at Lidl", "i got a new job at lidl"),
            ("I've got a new number, it's 5", "i have got a new number , 5"),
            ("Karl mentors Ivan now", "ivan 's mentor is karl now"),
            ("My aunt coaches me", "my coach is my aunt"),
            ("I've become a morning person", "i am a morning person now"),
            ("Ana started eating fish again", "ana started eating meat again"),
            ("Ana's car is red", "ana 's car is red"),
            ("Tom's 3 kids are well", "tom 's 3 kids are well"),
            ("Linear is what we use for tickets now", "we use linear for tickets now"),
            ("Anna says her desk is green now", "anna 's desk is green now"),
            ("Shipping is now free", "the price of shipping is $0 now"),
        ] {
            assert_eq!(told(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn what_is_owned_or_done_by_others_stays() {
        for sentence in [
            "moved the standup to 10:15",
            "switched to postgres",
            "ana mentors students",
            "karl mentors the juniors",
            "tom is now free",
            "ana became a nurse",
        ] {
            assert_eq!(told(sentence), sentence);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_sentence_is_too_strange(words in "(I've|We|my|sister|Kate|'s|mum's|a|new|,|it's|is|now|free|become|Karl|mentors|me|got|finally|eating|fish|again|5| ){0,14}") {
            for sentence in sentences(&words, 3) {
                let mut words = sentence.words;
                spoken(&mut words);
            }
        }
    }
}
