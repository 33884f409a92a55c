//! Takes a sentence that tells a change apart into what is over and what is so now, each a plain statement of its own:
//! `My bank used to be ING, now it's N26` is `my bank is no longer ING` and `my bank is N26 now`. The readers behind it need
//! not know the many ways in which people tell that something is another one now.

use super::abroad;
use super::abroad::reorder;
use super::announced::opened;
use super::frames::is_verb;
use super::restated::restate;
use super::restated::said_of;
use super::spoken::spoken;
use super::tables::NOW;
use super::tables::VERBS;
use super::words::Word;

/// Words of what stands before a change: `the deadline of the Apollo project`.
pub(super) const HEAD: usize = 9;

/// A sentence in its parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// What it says to be over, when it says what was before.
    pub(super) over: Option<Vec<Word>>,
    /// What it says to be so.
    pub(super) is: Vec<Word>,
}

/// The parts of a sentence; one that tells no change, or tells it plainly, stays whole.
pub(super) fn parts(mut words: Vec<Word>) -> Parts {
    spoken(&mut words);
    reorder(&mut words);
    opened(&mut words);
    restate(&mut words);
    let mut parts = told(&words).unwrap_or(Parts { over: None, is: words });
    for part in parts.over.iter_mut().chain([&mut parts.is]) {
        said_of(part);
    }
    parts
}

fn told(words: &[Word]) -> Option<Parts> {
    arrow(words)
        .or_else(|| aside(words))
        .or_else(|| named_first(words))
        .or_else(|| halves(words))
        .or_else(|| abroad::parts(words))
        .or_else(|| two(words))
}

pub(super) fn word(low: &str) -> Word {
    Word { raw: low.to_owned(), low: low.to_owned() }
}

/// Where `saying` stands in `words`, from `from` on.
pub(super) fn find(words: &[Word], saying: &[&str]) -> Option<usize> {
    words.windows(saying.len()).position(|it| it.iter().zip(saying).all(|(word, low)| word.low == *low))
}

fn begins(words: &[Word], saying: &[&str]) -> bool {
    words.len() >= saying.len() && saying.iter().zip(words).all(|(low, word)| word.low == *low)
}

/// `head` is what stands before; `is` not any more `value`.
fn denied(head: &[Word], value: &[Word]) -> Vec<Word> {
    joined(head, &["is", "no", "longer"], value, &[])
}

pub(super) fn now(head: &[Word], value: &[Word]) -> Vec<Word> {
    joined(head, &["is"], value, &["now"])
}

fn joined(head: &[Word], verb: &[&str], value: &[Word], end: &[&str]) -> Vec<Word> {
    let link = |it: &&str| word(if *it == "is" && head.last().is_some_and(|it| it.low == "i") { "am" } else { it });
    let mut all = head.to_vec();
    all.extend(verb.iter().map(link));
    all.extend_from_slice(value);
    all.extend(end.iter().map(|it| word(it)));
    all
}

pub(super) fn is_arrow(word: &Word) -> bool {
    word.is(&["->", "→", "=>", "-->", "⇒"])
}

/// `Status: draft -> final`, `The port: 80 → 443`, `My bank -> N26`.
fn arrow(words: &[Word]) -> Option<Parts> {
    let at = words.iter().position(is_arrow)?;
    if words[at + 1..].iter().any(is_arrow) || at + 1 >= words.len() || words.len() - at > 7 {
        return None;
    }
    let mark = words[..at].iter().position(|it| it.is(&[":", "="]));
    let head = &words[..mark.unwrap_or(at)];
    if head.is_empty() || head.len() > HEAD || mark.is_none() && head.len() < 2 || head.iter().any(Word::is_mark) {
        return None;
    }
    let before = &words[mark.map_or(at, |it| it + 1)..at];
    let over = (!before.is_empty()).then(|| denied(head, before));
    Some(Parts { over, is: now(head, &words[at + 1..]) })
}

/// What is told of before: `previously A`, `was A`, `not A anymore`.
fn is_before(words: &[Word]) -> Option<usize> {
    let [first, rest @ ..] = words else { return None };
    let length = if first.is(&[
        "was",
        "previously",
        "formerly",
        "before",
        "originally",
        "were",
        "früher",
        "vorher",
        "avant",
        "antes",
        "not",
        "once",
    ]) {
        1
    } else if begins(words, &["used", "to", "be"]) {
        3
    } else if begins(words, &["instead", "of"])
        || begins(words, &["no", "longer"])
        || begins(words, &["rather", "than"])
    {
        2
    } else {
        return None;
    };
    let length = length + usize::from(words.get(length).is_some_and(|it| it.low == ":"));
    (!rest.is_empty() && words.len() > length).then_some(length)
}

/// `is now B (was A)`, `B (previously A)`; `X, formerly A, is now B`.
fn aside(words: &[Word]) -> Option<Parts> {
    let link = |words: &[Word]| words.iter().position(|it| it.is(&["is", "are", "am", ":", "="]));
    let end = words.iter().position(|it| it.low == ")");
    if let Some(open) = words.iter().position(|it| it.low == "(").filter(|it| *it > 2)
        && let Some(end) = end.filter(|it| *it > open && *it + 2 >= words.len())
        && let Some(length) = is_before(&words[open + 1..end])
        && let Some(link) = link(&words[..open]).filter(|it| *it > 0 && *it + 1 < open)
    {
        let head = &words[..link];
        return Some(Parts {
            over: Some(denied(head, &words[open + 1 + length..end])),
            is: now(head, &words[link + 1..open]),
        });
    }
    let open = words.iter().take(HEAD).position(|it| it.is(&[",", "("])).filter(|it| *it > 0)?;
    let length = is_before(&words[open + 1..]).filter(|_| words[open + 1].low != "not")?;
    let from = open + 1 + length;
    let close = from + words[from..].iter().position(|it| it.is(&[",", ")"])).filter(|it| (1..=6).contains(it))?;
    if !words.get(close + 1)?.is(&["is", "are", "am"]) || words.len() < close + 3 {
        return None;
    }
    let head = &words[..open];
    Some(Parts { over: Some(denied(head, &words[from..close])), is: now(head, &words[close + 2..]) })
}

/// `B, not A, is our lead`.
fn named_first(words: &[Word]) -> Option<Parts> {
    let open = words.iter().take(6).position(|it| it.low == ",").filter(|it| *it > 0)?;
    let length = is_before(&words[open + 1..])?;
    let from = open + 1 + length;
    let close = from + words.get(from..)?.iter().position(|it| it.low == ",").filter(|it| (1..=6).contains(it))?;
    let head = words.get(close + 2..).filter(|it| !it.is_empty() && it.len() <= HEAD)?;
    let head = head.strip_prefix(&[word("now")]).unwrap_or(head);
    let head = head.strip_suffix(&[word("now")]).unwrap_or(head);
    if !words[close + 1].is(&["is", "are"]) || words[open + 1].low != "not" || head.iter().any(Word::is_mark) {
        return None;
    }
    Some(Parts { over: Some(denied(head, &words[from..close])), is: now(head, &words[..open]) })
}

/// `Marisol left and Benoit is the chef now`, `I renewed my passport, it expires in 2036`: what was done, and what is so.
fn two(words: &[Word]) -> Option<Parts> {
    let joint = words.iter().position(|it| it.is(&[",", ";", "and", "so"])).filter(|it| (2..=HEAD).contains(it))?;
    let first = &words[..joint];
    let begin = words[joint..].iter().position(|it| !it.is(&[",", ";", "and", "so", "but", "now"]))? + joint;
    let second = &words[begin..];
    let verb = second.iter().position(|it| is_verb(it) || it.low == "am")?;
    if second.len() < verb + 2 || second.iter().any(|it| it.is(&[",", ";", "and", "but"])) {
        return None;
    }
    if second[0].is(&["it", "they"]) && verb == 1 {
        let own = first.iter().rposition(|it| it.is(&["my", "our", "the"])).filter(|it| *it > 1)?;
        let noun = &first[own..];
        if !(2..=4).contains(&noun.len()) || noun.iter().any(is_verb) || !first[0].is(&["i", "we"]) {
            return None;
        }
        let mut is = noun.to_vec();
        is.extend_from_slice(&second[1..]);
        is.push(word("now"));
        return Some(Parts { over: Some(first.to_vec()), is });
    }
    let is_now = second.iter().any(|it| it.is(&["now", "jetzt"]));
    let is_own = verb > 0 && (second[0].is_capital() || second[0].is(&["my", "our", "the"]));
    (is_now && is_own && !first.iter().any(|it| it.is(&["now", "if", "when", "that"])))
        .then(|| Parts { over: Some(first.to_vec()), is: second.to_vec() })
}

/// What was, as the first half of a sentence says it.
struct Before {
    /// Where it begins: what stands before it is who or what it is said of.
    at: usize,
    /// Where the value begins, behind the verb.
    value: usize,
    /// The verb, as it is said of what is so.
    verb: Vec<Word>,
    /// Whether the sentence says itself that it is over.
    is_over: bool,
}

/// `used to be A`, `was A`, `is no longer A`, `does not use A anymore`.
fn before(words: &[Word]) -> Option<Before> {
    for at in 1..words.len().min(HEAD + 1) {
        let next = |it: usize, low: &[&str]| words.get(at + it).is_some_and(|it| it.is(low));
        let is_first = words[at - 1].is(&["i", "we", "they", "you"]);
        if words[at].low == "used" && next(1, &["to"]) && words.len() > at + 4 {
            let verb = present(&words[at + 2], is_first, words[at - 1].low == "i");
            return Some(Before { at, value: at + 3, verb: vec![verb], is_over: true });
        }
        if words[at].is(&["was", "were"]) && words.len() > at + 2 {
            return Some(Before {
                at,
                value: at + 1,
                verb: vec![word(if words[at - 1].low == "i" { "am" } else { "is" })],
                is_over: false,
            });
        }
        if words[at].is(&["is", "are", "am"]) && next(1, &["no"]) && next(2, &["longer"]) {
            return Some(Before { at, value: at + 3, verb: vec![words[at].clone()], is_over: true });
        }
        if words[at].is(&["is", "are", "am"]) && next(1, &["not"]) {
            return Some(Before { at, value: at + 2, verb: vec![words[at].clone()], is_over: false });
        }
        if words[at].low == "no" && next(1, &["longer"]) && words.len() > at + 3 {
            return Some(Before { at, value: at + 3, verb: vec![words[at + 2].clone()], is_over: true });
        }
        if words[at].is(&["do", "does"]) && next(1, &["not"]) && words.len() > at + 3 {
            let verb = present(&words[at + 2], is_first, false);
            return Some(Before { at, value: at + 3, verb: vec![verb], is_over: false });
        }
    }
    None
}

/// The verb in the present: `live` is `lives`, but for who speaks.
fn present(base: &Word, is_first: bool, is_i: bool) -> Word {
    match base.low.as_str() {
        "be" => word(if is_i {
            "am"
        } else if is_first {
            "are"
        } else {
            "is"
        }),
        "have" if !is_first => word("has"),
        low if is_first => word(low),
        low if low.ends_with(['o', 'x']) || low.ends_with("ch") || low.ends_with("sh") || low.ends_with("ss") => {
            word(&format!("{low}es"))
        }
        low if low.ends_with('y')
            && !low.ends_with(['a', 'e', 'o'])
            && !low[..low.len() - 1].ends_with(['a', 'e', 'o', 'u']) =>
        {
            word(&format!("{}ies", &low[..low.len() - 1]))
        }
        low => word(&format!("{low}s")),
    }
}

/// Pronouns by which the second half takes up what the first was about.
const TAKEN_UP: &[&str] = &["it", "he", "she", "they", "i", "we", "that", "this"];

/// `used to be A, now it's B`; `is no longer A but B`; `does not use A anymore, she uses B`.
fn halves(words: &[Word]) -> Option<Parts> {
    let was = before(words)?;
    let head = &words[..was.at];
    if head.iter().any(Word::is_mark) || head.iter().any(|it| it.is(&["that", "if", "when", "who", "which", "there"])) {
        return None;
    }
    let joint = was.value
        + words[was.value..].iter().position(|it| it.is(&[",", ";", "but", "and", "("])).filter(|it| *it > 0)?;
    let mut ends = joint;
    let mut is_over = was.is_over;
    while ends > was.value + 1 && (words[ends - 1].is(&["anymore", "more", "any", "longer", "before"])) {
        ends -= 1;
        is_over |= words[ends].low != "before";
    }
    let value = &words[was.value..ends];
    let mut rest = &words[joint..];
    let (mut is_now, mut is_but) = (false, false);
    while let Some(first) =
        rest.first().filter(|it| it.is(&[",", ";", "(", "but", "and", "instead", "rather", "now"]) || it.is(&NOW))
    {
        is_now |= first.is(&NOW) || first.low == "instead";
        is_but |= first.is(&["but", "instead", "rather"]);
        rest = &rest[1..];
    }
    let is_taken_up = rest.len() > 2 && rest[0].is(TAKEN_UP);
    if is_taken_up {
        rest = &rest[1..];
        while rest.first().is_some_and(|it| it.is(&NOW)) {
            is_now = true;
            rest = &rest[1..];
        }
    }
    while rest.last().is_some_and(|it| it.is(&[")", "now", "instead", "anymore"])) {
        is_now |= rest.last().is_some_and(|it| it.is(&["now", "instead"]));
        rest = &rest[..rest.len() - 1];
    }
    let first = rest.first()?;
    if rest.is_empty() || rest.iter().any(|it| it.is(&[",", ";", "but"])) {
        return None;
    }
    is_now |= rest.get(1).is_some_and(|it| it.low == "now");
    // `was tired but is a good cook`, `was in Rome and is happy`: only `now` says that the one came after the other.
    let is_past = !is_over && words[was.at].is(&["was", "were"]);
    let is_known = if is_past { is_now } else { is_over || is_taken_up || is_but || is_now };
    if !is_known {
        return None;
    }
    let is_first = head.last().is_some_and(|it| it.is(&["i", "we", "they"]));
    let is_stated =
        is_verb(first) || first.is(&["am", "has", "have"]) || is_first && VERBS.contains(first.low.as_str());
    let said: Vec<Word> = if is_stated {
        // A verb of its own says another thing, unless both are said with one: `was late and works now`.
        rest.to_vec()
    } else if is_taken_up
        || !(is_over || is_but || is_now)
        || rest.iter().any(|it| it.is(&["is", "are", "am", "has", "have"]))
    {
        return None;
    } else {
        // `used to live in Rome, now in Paris`; `in` may be left out.
        was.verb.iter().chain(rest).cloned().collect()
    };
    let mut is = head.to_vec();
    is.extend(said);
    // `is not A, it is B` puts right what was said, and says nothing of before.
    if is_over || is_past || is_now {
        is.push(word("now"));
    }
    // `no longer has A as its lead, but B`
    if let Some(role) =
        value.iter().position(|it| it.low == "as").filter(|_| was.verb[0].is(&["has", "have"]) && !is_stated)
    {
        let noun: Vec<Word> = value[role + 1..]
            .iter()
            .filter(|it| !it.is(&["his", "her", "their", "its", "my", "our", "the"]))
            .cloned()
            .collect();
        let mut owner = head.to_vec();
        owner.push(word("'s"));
        owner.extend(noun);
        return Some(Parts { over: Some(denied(&owner, &value[..role])), is: now(&owner, rest) });
    }
    let mut over = head.to_vec();
    let is_link = was.verb[0].is(&["is", "are", "am"]);
    if is_link {
        over.push(was.verb[0].clone());
    }
    over.extend([word("no"), word("longer")]);
    if !is_link {
        over.push(was.verb[0].clone());
    }
    over.extend_from_slice(value);
    // `was approved and is now valid`: what was done is done.
    let is_done = is_past && is_stated && value.len() == 1 && value[0].low.ends_with("ed");
    Some(Parts { over: (!is_done).then_some(over), is })
}

#[cfg(test)]
mod tests {
    use super::super::words::sentences;
    use super::*;

    fn text(words: &[Word]) -> String {
        words.iter().map(|it| it.low.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The parts of a sentence, what is over in front of `|`.
    fn told(sentence: &str) -> String {
        let words = sentences(sentence, 2).swap_remove(0).words;
        let parts = parts(words);
        parts.over.map_or_else(String::new, |it| format!("{} | ", text(&it))) + &text(&parts.is)
    }

    #[test]
    fn a_change_is_taken_apart_into_what_is_over_and_what_is_so() {
        for (sentence, expected) in [
            ("My bank used to be ING, now it's N26.", "my bank is no longer ing | my bank is n26 now"),
            ("Her bank was ING but is N26 now.", "her bank is no longer ing | her bank is n26 now"),
            (
                "Ana used to work at Acme but now works at Globex.",
                "ana no longer works at acme | ana works at globex now",
            ),
            ("I used to live in Rome, now I live in Oslo.", "i no longer live in rome | i live in oslo now"),
            ("The lead is no longer Dana but Erik.", "the lead is no longer dana | the lead is erik now"),
            ("The lead isn't Dana anymore, it's Erik.", "the lead is no longer dana | the lead is erik now"),
            ("Ana doesn't use Vim anymore, she uses Emacs.", "ana no longer uses vim | ana uses emacs now"),
            ("We no longer use Vim but Emacs.", "we no longer use vim | we use emacs now"),
            (
                "Tim no longer has Dana as his lead, but Erik.",
                "tim 's lead is no longer dana | tim 's lead is erik now",
            ),
            ("Our port, formerly 80, is now 443.", "our port is no longer 80 | our port is now 443 now"),
            ("Our port is now 443 (was 80).", "our port is no longer 80 | our port is now 443 now"),
            ("Port: 443 (previously 80)", "port is no longer 80 | port is 443 now"),
            ("Erik, not Dana, is our lead.", "our lead is no longer dana | our lead is erik now"),
            ("Bo left and Cy is the chef now.", "bo left | cy is the chef now"),
            ("I renewed my pass, it expires in May.", "i renewed my pass | my pass expires in may now"),
            ("Status: draft -> final", "status is no longer draft | status is final now"),
            ("My bank → N26", "my bank is n26 now"),
        ] {
            assert_eq!(told(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn what_tells_no_change_stays_whole() {
        for sentence in [
            "ana was late and eats",
            "ana was in rome and the shop is closed",
            "ana is not tall , and bo sings",
            "set the alarm",
            "file -> open -> save",
            "the port was changed to 80",
            "ana has been warned by bo since may",
            "ana said that she used to smoke but stopped now",
        ] {
            assert_eq!(told(sentence), sentence);
        }
    }
}
