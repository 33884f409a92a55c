//! Brings what is said of something that belongs to somebody into one plain form, `my theme is dark mode`: orders, plans, a key
//! and its value, what somebody has anew, and what stands first.

use super::changes::HEAD;
use super::changes::find;
use super::changes::is_arrow;
use super::changes::now;
use super::changes::word;
use super::done::done;
use super::frames::is_verb;
use super::openings::is_change;
use super::tables::ATTRIBUTES;
use super::tables::PROPERTIES;
use super::topic::stem;
use super::values;
use super::words::Word;

/// Words of a value.
const VALUE: usize = 7;

pub(super) fn restate(words: &mut Vec<Word>) {
    ordered(words);
    done(words);
    planned(words);
    lasting(words);
    keyed(words);
    has_new(words);
    became(words);
    moves(words);
    swapped(words);
    elected(words);
}

/// `Please change my theme to dark mode`, `Set the deadline to 5 May`, `I have changed my number to 5`: it is so now.
fn ordered(words: &mut Vec<Word>) {
    const ORDERS: &[&str] = &["change", "update", "set", "switch", "rename", "correct"];
    const DONE: &[&str] = &["changed", "updated", "switched", "renamed", "corrected", "adjusted"];
    let begin = usize::from(words.first().is_some_and(|it| it.low == "please"));
    if words.get(begin).is_some_and(|it| it.is(ORDERS))
        && let Some(to) =
            words.iter().rposition(|it| it.low == "to").filter(|it| (begin + 2..begin + 2 + HEAD).contains(it))
        && words.len() > to + 1
        && !words[begin + 1..].iter().any(|it| it.is_mark() || it.low == "from")
    {
        *words = now(&words[begin + 1..to], &words[to + 1..]);
        return;
    }
    // `has changed her`, `have just updated our`: the readers know `changed her`.
    let Some(at) = words.iter().take(8).position(|it| it.is(DONE)).filter(|it| *it > 1) else { return };
    let is_own = words.get(at + 1).is_some_and(|it| it.is(&["his", "her", "their", "its", "my", "our", "the"]));
    let mut from = at;
    while from > 1 && words[from - 1].is(&["has", "have", "just", "recently", "now", "already", "finally"]) {
        from -= 1;
    }
    if is_own && words[from..at].iter().any(|it| it.is(&["has", "have"])) {
        words.drain(from..at);
    }
}

/// `should be B from now on`, `is going to be B from Monday on`: it is so from then on.
fn planned(words: &mut Vec<Word>) {
    let is_told = find(words, &["from", "now", "on"]).is_some()
        || words.last().is_some_and(|it| it.low == "now")
        || words.iter().skip(3).any(|it| it.is(&["starting", "effective"]));
    if !is_told {
        return;
    }
    const SAYINGS: &[&[&str]] = &[
        &["is", "going", "to", "be"],
        &["will", "now", "be"],
        &["should", "now", "be"],
        &["should", "be"],
        &["will", "be"],
        &["shall", "be"],
        &["is", "to", "be"],
    ];
    for saying in SAYINGS {
        if let Some(at) = find(words, saying).filter(|it| (1..=HEAD).contains(it)) {
            words.splice(at..at + saying.len(), [word("is")]);
            return;
        }
    }
}

/// `has been B since May` is so.
fn lasting(words: &mut Vec<Word>) {
    let Some(at) = find(words, &["has", "been"]).or_else(|| find(words, &["have", "been"])) else { return };
    let since = words.iter().rposition(|it| it.low == "since");
    // `has been changed to`, `has been told by`
    let is_done = words.get(at + 2).is_some_and(is_change) || words.get(at + 3).is_some_and(|it| it.is(&["to", "by"]));
    if at > 0 && !is_done && since.is_some_and(|it| it > at + 2 && words.len() - it <= 5) {
        let verb = if words[at].low == "have" && words[at - 1].low == "i" { "am" } else { "is" };
        words.splice(at..at + 2, [word(verb)]);
    }
}

/// Whether it says whose it is: `my theme`, `the theme of Ana`, `Ana's theme`, `the Apollo theme`.
fn is_owned(head: &[Word]) -> bool {
    let owner = head.first().is_some_and(|it| it.is(&["my", "our", "the"])) || head.iter().any(|it| it.low == "'s");
    owner && head.len() > 1 && head.len() <= HEAD && !head.iter().any(|it| it.is_mark() || is_link(it))
}

fn is_link(word: &Word) -> bool {
    word.is(&["is", "are", "am", "was", "were", "has", "have"])
}

/// Whether it is a value and no statement.
fn is_value(words: &[Word]) -> bool {
    (1..=VALUE).contains(&words.len())
        && !words.iter().any(|it| it.is_mark() || is_link(it) && it.low != "am" || is_arrow(it))
}

/// `My theme: dark mode`.
fn keyed(words: &mut [Word]) {
    let Some(mark) = words.iter().position(Word::is_mark).filter(|it| words[*it].is(&[":", "="])) else { return };
    // `Chef's special: gnocchi` is read as a key.
    let head = &words[..mark];
    let is_known = head.first().is_some_and(|it| it.is(&["my", "our"]))
        || head.iter().any(|it| {
            ATTRIBUTES.contains(stem(&it.low).as_str()) || PROPERTIES.contains_key(it.low.as_str()) && it.low != "chef"
        })
        || head.last().is_some_and(|it| it.low.len() > 5 && it.low.ends_with("er"))
        || is_favorite(head);
    if is_known && is_owned(&words[..mark]) && is_value(&words[mark + 1..]) && !words[..mark].iter().any(is_verb) {
        words[mark] = word("is");
    }
}

/// `I have a new bank, N26`, `We got a new lead: Erik`.
fn has_new(words: &mut Vec<Word>) {
    let Some(has) = words.iter().take(5).position(|it| it.is(&["has", "have", "got"])).filter(|it| *it > 0) else {
        return;
    };
    let new = has + 1 + usize::from(words.get(has + 1).is_some_and(|it| it.is(&["a", "got"])));
    let new = new + usize::from(words.get(new).is_some_and(|it| it.low == "a"));
    let Some(mark) = words.iter().position(Word::is_mark).filter(|it| (new + 2..new + 6).contains(it)) else { return };
    let end = has - usize::from(words[has].low == "got" && words[has - 1].is(&["has", "have"]));
    let is_told = words[new].low == "new" && words[mark].is(&[":", ","]) && is_value(&words[mark + 1..]);
    // `a new manager, who is nice`
    let is_named = words
        .get(mark + 1)
        .is_some_and(|it| !it.low.ends_with("ed") && !it.is(&["who", "which", "and", "but", "so", "because", "it"]));
    if !is_told || !is_named || end == 0 || words[..end].iter().any(Word::is_mark) {
        return;
    }
    let mut head = match words[end - 1].low.as_str() {
        "i" => vec![word("my")],
        "we" => vec![word("our")],
        _ => [&words[..end], &[word("'s")]].concat(),
    };
    head.extend_from_slice(&words[new + 1..mark]);
    *words = now(&head, &words[mark + 1..]);
}

/// `My hobby has become chess`, `my hobby became chess`.
fn became(words: &mut Vec<Word>) {
    let Some(at) = words.iter().take(HEAD).position(|it| it.is(&["became", "become"])).filter(|it| *it > 1) else {
        return;
    };
    let from = at - usize::from(words[at - 1].is(&["has", "have"]));
    if is_owned(&words[..from]) && is_value(&words[at + 1..]) {
        *words = now(&words[..from], &words[at + 1..]);
    }
}

/// `We swapped the UI font for Inter`: the font is Inter.
fn swapped(words: &mut Vec<Word>) {
    const VERBS: &[&str] = &["swapped", "exchanged", "traded", "replaced"];
    let Some(at) = words.iter().take(4).position(|it| it.is(VERBS)).filter(|it| *it > 0) else { return };
    let Some(by) = words.iter().position(|it| it.is(&["for", "with"])).filter(|it| (at + 3..at + 7).contains(it))
    else {
        return;
    };
    let noun = &words[at + 1..by];
    let is_one = noun[0].is(&["the", "our", "my"])
        && noun.last().is_some_and(|it| ATTRIBUTES.contains(it.low.as_str()) && !PEOPLE.contains(&it.low.as_str()));
    if is_one && is_value(&words[by + 1..]) && !words[..at].iter().any(Word::is_mark) {
        *words = now(noun, &words[by + 1..]);
    }
}

/// `Mr. Yilmaz was elected club president`: the president is he.
fn elected(words: &mut Vec<Word>) {
    let Some(at) = words.iter().take(6).position(|it| it.is(&["elected", "appointed", "named"])).filter(|it| *it > 1)
    else {
        return;
    };
    let mut from = at;
    while from > 1 && words[from - 1].is(&["was", "has", "been", "got"]) {
        from -= 1;
    }
    let role = words
        .get(at + 1 + usize::from(words.get(at + 1).is_some_and(|it| it.is(&["as", "the"])))..)
        .unwrap_or_default();
    let is_role = (1..=4).contains(&role.len())
        && role.iter().all(|it| !it.is_mark() && !it.is_capital())
        && role.last().is_some_and(|it| PROPERTIES.get(it.low.as_str()).is_some_and(|it| PEOPLE.contains(it)));
    if from < at && is_role && words[..from].iter().all(Word::is_capital) {
        let who = words[..from].to_vec();
        *words = now(&[&[word("the")], role].concat(), &who);
    }
}

/// `The fee goes up to 14 euros`, `the rate drops to 2 %`.
fn moves(words: &mut Vec<Word>) {
    const MOVING: &[&str] =
        &["rises", "increases", "drops", "falls", "climbs", "grows", "changes", "shrinks", "switches"];
    let Some(at) = words.iter().take(HEAD).position(|it| it.is(MOVING) || it.low == "goes").filter(|it| *it > 1) else {
        return;
    };
    let is_told = words.get(at + 1).is_some_and(|it| it.is(&["up", "down"]));
    let to = at + 1 + usize::from(is_told);
    let is_told = is_told || words[at].low != "goes";
    if is_told && words.get(to).is_some_and(|it| it.low == "to") && is_owned(&words[..at]) && is_value(&words[to + 1..])
    {
        *words = now(&words[..at], &words[to + 1..]);
    }
}

/// Brings `chess is my hobby now` into the form `my hobby is chess now`, where it is no name that stands first: who is
/// somebody's manager is read from either end.
pub(super) fn said_of(words: &mut Vec<Word>) {
    let Some(link) = words.iter().take(6).position(|it| it.is(&["is", "are"])).filter(|it| *it > 0) else { return };
    let value = &words[..link];
    let mut from = link + 1;
    let is_no_longer = find(&words[from..], &["no", "longer"]) == Some(0);
    if is_no_longer {
        from += 2;
    }
    let is_now = words.get(from).is_some_and(|it| it.low == "now");
    from += usize::from(is_now);
    let end = words.len() - usize::from(words.last().is_some_and(|it| it.is(&["now", "anymore"])));
    let Some(head) = words.get(from..end) else { return };
    let names_attribute = head.last().is_some_and(|it| {
        let noun = stem(&it.low);
        let is_number = values::normal(value).first().is_some_and(|it| it.starts_with(|it: char| it.is_ascii_digit()));
        let names_one = ATTRIBUTES.contains(noun.as_str())
            || is_favorite(head)
            || is_number
            || PROPERTIES.get(noun.as_str()).is_some_and(|it| !it.ends_with("name"));
        names_one && !PEOPLE.contains(PROPERTIES.get(noun.as_str()).unwrap_or(&noun.as_str()))
    });
    let is_plain = !value.iter().any(|it| {
        it.is_mark()
            || it.is(&[
                "'s", "my", "our", "this", "that", "it", "he", "she", "they", "there", "what", "not", "no", "one",
            ])
    });
    // `The hint is the name of the street` is plain as it is.
    let is_plain =
        is_plain && (!is_owned(value) || value.len() < 4 && head.iter().any(|it| it.is(&["'s", "my", "our"])));
    if !names_attribute || !is_plain || !is_owned(head) || value.iter().any(is_change) {
        return;
    }
    let value = value.to_vec();
    let head: Vec<Word> = head.iter().filter(|it| it.low != "new").cloned().collect();
    let renews = is_now || end < words.len() || words[from..end].iter().any(|it| it.low == "new");
    let mut plain = head;
    plain.push(words[link].clone());
    if is_no_longer {
        plain.extend([word("no"), word("longer")]);
    }
    plain.extend(value);
    if renews && !is_no_longer {
        plain.push(word("now"));
    }
    *words = plain;
}

/// Properties that are somebody, who is read as what they are.
const PEOPLE: &[&str] = &[
    "partner",
    "employer",
    "manager",
    "lead",
    "tech lead",
    "project manager",
    "product owner",
    "owner",
    "maintainer",
    "ceo",
    "cto",
    "cfo",
    "president",
    "chair",
    "director",
    "mayor",
    "job",
    "role",
    "position",
    "chef",
    "home",
    "hometown",
    "country",
    "location",
];

fn is_favorite(head: &[Word]) -> bool {
    head.iter().any(|it| it.is(&["favorite", "favourite", "preferred", "main"]))
}

#[cfg(test)]
mod tests {
    use super::super::words::sentences;
    use super::*;

    fn told(sentence: &str) -> String {
        let mut words = sentences(sentence, 2).swap_remove(0).words;
        restate(&mut words);
        said_of(&mut words);
        words.iter().map(|it| it.low.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_ordered_or_planned_is_so() {
        for (sentence, expected) in [
            ("Please change my theme to dark mode.", "my theme is dark mode now"),
            ("Set the port to 80.", "the port is 80 now"),
            ("Quinn has just changed her number to 5.", "quinn changed her number to 5"),
            ("Lunch will be at 1 from now on.", "lunch is at 1 from now on"),
            ("My theme has been dark since May.", "my theme is dark since may"),
        ] {
            assert_eq!(told(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn what_somebody_has_is_so() {
        for (sentence, expected) in [
            ("My theme: dark mode", "my theme is dark mode"),
            ("I have a new bank, N26.", "my bank is n26 now"),
            ("We've got a new lead: Erik", "our lead is erik now"),
            ("Ana has a new manager, Erik.", "ana 's manager is erik now"),
            ("My hobby has become chess.", "my hobby is chess now"),
            ("Chess is my hobby now.", "my hobby is chess now"),
            ("9 to 5 is Ana's new schedule.", "ana 's schedule is 9 to 5 now"),
            ("We swapped the UI font for Inter.", "the ui font is inter now"),
            ("Mr. Yilmaz was elected club president.", "the club president is mr yilmaz now"),
            ("The fee goes up to 14 euros.", "the fee is 14 euros now"),
            ("Chess is no longer Ana's hobby.", "ana 's hobby is no longer chess"),
        ] {
            assert_eq!(told(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn what_says_another_thing_stays() {
        for sentence in [
            "dana is my manager",
            "ana has a new manager , who is nice",
            "tip : press f5",
            "the plan : we meet , then we eat",
            "ana became a nurse",
            "this is my theme",
            "ana is in my team",
        ] {
            assert_eq!(told(sentence), sentence);
        }
    }
}
