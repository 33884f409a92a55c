//! How far it reaches what a statement gives up: everywhere, or in one place, for a while, by others, or only in thought.

use super::gone::OWNERS;
use super::gone::SMALL;
use super::tables::KIN;
use super::tables::PREPOSITIONS;
use super::tables::TOLD;
use super::topic::stem;
use super::values;
use super::words::Word;

/// The nouns of what a thing is given up for or in, and no more: `in the admin app`, `as treasurer`, `for a day`.
pub(super) fn scope(words: &[Word]) -> Vec<String> {
    let mut found = Vec::new();
    // `dropped A for B`
    let mut is_for = words.iter().any(|it| {
        it.is(&["dropped", "left", "ditched", "swapped", "traded", "exchanged", "abandoned", "quit", "made", "gave"])
    });
    // `but reverted it`, `where we could`, `then went back`
    let is_back =
        words.windows(2).any(|it| it[0].is(&["went", "rolled", "changed", "switched"]) && it[1].low == "back");
    if is_back || words.iter().skip(2).any(|it| it.is(&["but", "where", "wherever", "reverted", "unless", "if"])) {
        found.push("but".to_owned());
    }
    // `removed it from the list`
    let is_from = words.iter().any(|it| it.is(&["removed", "deleted", "cut", "uninstalled"]));
    let begin = words.iter().rposition(|it| it.is(&["instead", "rather", "to"]) || it.is(&["replaced", "switched"]));
    let mut at = begin.unwrap_or(1);
    while let Some(word) = words.get(at) {
        let next = words.get(at + 1);
        at += 1;
        if word.is(&[",", ";"]) {
            break;
        }
        if word.low == "for" && is_for {
            is_for = false;
            continue;
        }
        // `this morning`
        if word.low == "this" && next.is_some() {
            found.push(word.low.clone());
            continue;
        }
        let is_time = |it: &Word| {
            values::month(&it.low).is_some()
                || values::weekday(&it.low).is_some()
                || it.low.starts_with(|it: char| it.is_ascii_digit())
                || it.is(&["of", "last", "favor", "favour"])
        };
        // `in 2 of 9 apps`
        let is_part = words.get(at + 1).is_some_and(|it| it.is(&["of", "out"]));
        let is_place =
            word.is(&["in", "on", "at", "for", "as", "during", "while", "when", "until", "within", "across", "after"]);
        if !(is_place || is_from && word.low == "from")
            || next.is_none_or(|it| !is_part && is_time(it))
            || words[at.saturating_sub(2)].is(&["put", "brought"])
        {
            continue;
        }
        let ends = |it: &Word| it.is_mark() || it.is(&["and", "but", "so"]);
        let end = words[at..].iter().position(ends).map_or(words.len(), |it| at + it);
        let tells = |it: &&Word| {
            !it.is(&PREPOSITIONS)
                && !values::is_article(&it.low)
                && !it.is(OWNERS)
                && !it.is(SMALL)
                && !it.is(&["user", "project"])
        };
        found.extend(words[at..end].iter().filter(tells).map(|it| stem(&it.low)));
        at = end;
    }
    found
}

/// Whether it is told of what we or who speaks have done, or of what has come in place of a thing by name.
pub(super) fn is_ours(words: &[Word]) -> bool {
    const BESIDE: &[&str] = &["have", "has", "just", "then", "finally", "since", "also", "eventually"];
    let said: Vec<&Word> = words.iter().filter(|it| !it.is(BESIDE)).take(4).collect();
    match said.as_slice() {
        // `I read that they replaced it`, `I dreamt we did`
        [_, tells, ..] if tells.is(&TOLD) || words.iter().take(8).any(|it| it.is(&["that", "they", "he", "she"])) => {
            false
        }
        [who, ..] if who.is(&["we", "i"]) => true,
        [the, who, ..] if the.is(&["the", "our"]) && who.is(&["team", "company"]) => true,
        // `Flocke died`, `Jira is out`
        [gone, verb, ..] if gone.is_capital() && verb.is(&["died", "passed", "retired", "closed", "shut", "made"]) => {
            true
        }
        // `Ruff replaced pylint`
        [new, verb, old, ..] | [new, _, verb, old]
            if verb.is(&["replaced", "replaces", "superseded"]) && new.is_capital() =>
        {
            !old.is(OWNERS) && !words.iter().take(3).any(|it| it.is(&["'s", "the", "my", "our"]))
        }
        _ => false,
    }
}

/// Whether it is a noun for somebody of the family or a friend.
pub(super) fn is_kin(noun: &str) -> bool {
    KIN.contains(&stem(noun).as_str())
}

/// Whether it is a noun in lower case, of one or many, for who is somebody's: family, friends, who one works or lives with.
pub fn is_person_of_someone(noun: &str) -> bool {
    const TOO: &[&str] = &[
        "children",
        "family",
        "relative",
        "sibling",
        "grandparent",
        "grandchildren",
        "grandson",
        "granddaughter",
        "nephew",
        "niece",
        "mum",
        "spouse",
        "ex",
        "fiancé",
        "fiancée",
        "twin",
        "stepfather",
        "stepmother",
        "stepson",
        "stepdaughter",
        "manager",
        "coworker",
        "co-worker",
        "teammate",
        "flatmate",
        "classmate",
    ];
    is_kin(noun) || TOO.contains(&stem(noun).as_str())
}

/// Whether it is done by somebody else, who has things of his own: `the customer moved the VPN`.
pub(super) fn is_by_others(agent: &[Word]) -> bool {
    const OTHERS: &[&str] = &["customer", "client", "competitor", "club", "other", "others", "firm", "parents"];
    agent.iter().any(|it| it.is(OTHERS) || is_kin(&it.low))
}

/// What something came near to, and verbs of it whose number is still told: `nearly doubled to 20`.
const NEARLY: &[&str] = &["nearly", "almost", "beinahe", "fast", "casi"];
const SCALED: &[&str] = &["doubled", "tripled", "halved"];

/// Past forms that do not end in `ed`: what was nearly done.
const DONE: &[&str] = &[
    "bought", "sold", "left", "went", "took", "got", "made", "chose", "became", "won", "lost", "quit", "cut", "set",
    "put", "gave", "took", "broke", "brought", "hit", "let", "had", "built", "se",
];

/// Whether the word at `at` begins to tell what was only meant, tried or nearly done.
fn is_unreal(words: &[Word], at: usize) -> bool {
    let next = |it: usize, list: &[&str]| words.get(at + it).is_some_and(|it| it.is(list));
    let ends = |it: usize, endings: &[&str]| {
        words.get(at + it).is_some_and(|it| endings.iter().any(|ending| it.low.ends_with(ending)))
    };
    let word = &words[at];
    if word.is(NEARLY) {
        let is_spanish = word.low == "casi" && ends(1, &["ó", "mos", "é", "aron", "ieron"]);
        let is_state = at > 0 && words[at - 1].is(&["is", "are", "am"]);
        return !is_state && !next(1, SCALED) && (ends(1, &["ed"]) || next(1, DONE) || is_spanish);
    }
    match word.low.as_str() {
        "wanted" | "hoped" | "meant" | "intended" | "planned" | "attempted" | "wished" => {
            let is_named = next(1, &["to"]) && next(2, &["be"]) && next(3, &["called", "addressed"]);
            !is_named
                && (word.low == "wanted" || next(1, &["to"]))
                && !words[..at].last().is_some_and(|it| it.is(&["is", "are"]))
        }
        "tried" => next(1, &["to"]) || ends(1, &["ing"]),
        "considered" | "suggested" | "proposed" | "discussed" | "contemplated" => {
            ends(1, &["ing"]) || next(1, &["that", "to"])
        }
        "could" | "would" | "should" | "might" => next(1, &["have"]) || next(1, &["not"]) && next(2, &["have"]),
        "was" | "were" => next(1, &["going", "about"]) && next(2, &["to"]),
        "failli" | "wollte" | "wollten" | "quería" | "querían" | "voulait" | "voulaient" => true,
        "hätte" | "hätten" => !words.iter().any(|it| it.is(&["gern", "gerne", "lieber"])),
        "wäre" | "wären" => true,
        _ => false,
    }
}

/// Leaves out what was only meant, tried or nearly done, up to where something else is said: `we nearly moved to Rome,
/// but we live in Oslo`.
pub(super) fn leave_out_unreal(words: &mut Vec<Word>) {
    let ends =
        |it: &Word| it.is_mark() || it.is(&["but", "so", "because", "aber", "weil", "mais", "parce", "pero", "porque"]);
    while let Some(at) = (0..words.len()).find(|at| is_unreal(words, *at)) {
        let begin = words[..at].iter().rposition(ends).map_or(0, |it| it + 1);
        let end = words[at..].iter().position(ends).map_or(words.len(), |it| at + it + 1);
        words.drain(begin..end);
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::sentences;
    use super::*;

    #[test]
    fn what_was_nearly_done_is_left_out_up_to_what_was() {
        for (text, expected) in [
            ("We nearly moved to Rome", ""),
            ("We nearly moved to Rome, but Ana lives in Oslo", "but ana lives in oslo"),
            ("Ana moved to Berlin because she wanted to be near", "ana moved to berlin because"),
            ("The limit nearly doubled to 19", "the limit nearly doubled to 19"),
            ("The user wanted to be called Rob", "the user wanted to be called rob"),
            ("Ana was considered fit", "ana was considered fit"),
        ] {
            let mut words = sentences(text, 2).swap_remove(0).words;
            leave_out_unreal(&mut words);
            assert_eq!(words.iter().map(|it| it.low.as_str()).collect::<Vec<_>>().join(" "), expected, "{text}");
        }
    }
}
