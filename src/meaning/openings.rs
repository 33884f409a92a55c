//! Brings a sentence into its plain form: without labels, openings and reports of what somebody said.

use super::tables::HEDGES;
use super::tables::LIMITS;
use super::values;
use super::words::Word;

/// Verbs of a change that can name where it came from: `switched from A to B`.
const CHANGES: &[&str] = &[
    "moved",
    "switched",
    "changed",
    "migrated",
    "upgraded",
    "downgraded",
    "renamed",
    "postponed",
    "rescheduled",
    "extended",
    "raised",
    "reduced",
    "increased",
    "lowered",
    "shifted",
    "pushed",
    "cut",
    "rose",
    "fell",
    "dropped",
    "went",
    "converted",
    "updated",
    "bumped",
    "swapped",
    "transferred",
    "relocated",
    "rewritten",
    "rebased",
    "ported",
    "set",
    "gewechselt",
    "umgestiegen",
    "migriert",
    "passés",
    "passé",
    "cambiamos",
    "migramos",
    "pasamos",
];

/// Whether it is a verb of a change.
pub(super) fn is_change(word: &Word) -> bool {
    word.is(CHANGES)
}

/// Takes out what says that it has not been so before: `from now on`, `these days`, `as of today`, `since the move`.
/// Returns whether there was such a thing.
pub(super) fn take_renewal(words: &mut Vec<Word>) -> bool {
    const SAYINGS: &[&[&str]] = &[
        &["from", "now", "on"],
        &["from", "today", "on"],
        &["as", "of", "now"],
        &["as", "of", "today"],
        &["these", "days"],
        &["at", "present"],
        &["any", "more"],
        &["any", "longer"],
        &["ab", "jetzt"],
        &["ab", "sofort"],
        &["ab", "heute"],
        &["von", "nun", "an"],
        &["von", "jetzt", "an"],
        &["zur", "zeit"],
        &["à", "partir", "de", "maintenant"],
        &["à", "présent"],
        &["de", "ahora", "en", "adelante"],
        &["a", "partir", "de", "ahora"],
        &["hoy", "en", "día"],
    ];
    let mut found = false;
    for saying in SAYINGS {
        let at = (1..words.len()).find(|at| {
            words[*at..].len() >= saying.len() && saying.iter().zip(&words[*at..]).all(|(one, word)| word.low == *one)
        });
        if let Some(at) = at {
            words.drain(at..at + saying.len());
            found = true;
        }
    }
    // `from Livorno this year`
    if let [.., this, span] = words.as_slice()
        && this.low == "this"
        && span.is(&["year", "season", "semester", "term"])
        && words.len() > 5
    {
        words.truncate(words.len() - 2);
        found = true;
    }
    // `starting next month`, `as of Monday`, at the end.
    let begins = words.iter().rposition(|it| it.is(&["starting", "beginning", "effective"]));
    let as_of = (1..words.len()).rev().find(|at| {
        words[*at - 1].low == "as" && words[*at].low == "of"
            || words[*at - 1].low == "à" && words[*at].low == "partir"
            || words[*at - 1].low == "a" && words[*at].low == "partir"
    });
    if let Some(at) =
        begins.or(as_of.map(|at| at - 1)).filter(|at| *at > 2 && words.len() - at <= 5 && words.len() - at > 1)
    {
        words.truncate(at);
        found = true;
    }
    // `seit Januar`, `depuis mai`, in the middle of a sentence.
    let dated = (1..words.len().saturating_sub(2)).find(|at| {
        words[*at].is(&["seit", "depuis", "desde"])
            && (values::month(&words[at + 1].low).is_some() || values::weekday(&words[at + 1].low).is_some())
    });
    if let Some(at) = dated {
        words.drain(at..at + 2);
        found = true;
    }
    // At the end of a sentence only: `since` begins a reason, too.
    if words.len() > 3 && words.last().is_some_and(|it| it.is(&["instead", "anymore", "stattdessen"])) {
        words.pop();
        found = true;
    }
    let tail = words.iter().rposition(|it| it.is(&["since", "seit", "depuis", "desde"]));
    if let Some(at) = tail.filter(|at| *at > 2 && words.len() - at <= 5 && words.len() - at > 1)
        && !words[at..].iter().any(|it| it.is_mark() || it.is(&["is", "are", "he", "she", "it", "they", "i", "we"]))
    {
        words.truncate(at);
        found = true;
    }
    found
}

/// Brings what is said from the other end into the plain order: `there are 4 items in the backlog` is `the backlog has 4
/// items`, `Ana was replaced by Bo as lead` is `Bo replaced Ana as lead`, `returned from leave` is `is back from leave`,
/// `the order has shipped` is `has been shipped`. Takes off when it happened: `last month`, `yesterday`.
pub(super) fn plain_order(words: &mut Vec<Word>) {
    let word = |low: &str| Word { raw: low.to_owned(), low: low.to_owned() };
    let count = words.len();
    if count > 4
        && words[count - 2].low == "last"
        && (words[count - 1].is(SPANS) || values::weekday(&words[count - 1].low).is_some())
    {
        words.truncate(count - 2);
    } else if count > 3 && words[count - 1].low == "yesterday" {
        words.truncate(count - 1);
    }
    if words.len() > 5
        && words[0].low == "there"
        && words[1].is(&["is", "are"])
        && values::normal(&words[2..3]).first().is_some_and(|it| it.starts_with(|it: char| it.is_ascii_digit()))
        && let Some(place) =
            words.iter().position(|it| it.is(&["in", "on", "at"])).filter(|it| *it > 3 && it + 1 < words.len())
    {
        let mut plain = words[place + 1..].to_vec();
        plain.push(word("has"));
        plain.extend_from_slice(&words[2..place]);
        *words = plain;
        return;
    }
    // `Passwords must be at least 10 long` is a rule on passwords, and no state.
    let modal = (1..words.len().min(5)).find(|at| words[*at].is(&["must", "should"]));
    if let Some(at) = modal.filter(|at| words.len() > at + 2)
        && (words[0].is(&["the"]) || at == 1 && words[0].low.ends_with('s'))
        && !words[at + 1].is(&["not", "have", "never", "also"])
    {
        let verb = &words[at + 1];
        let stated = if verb.low == "be" {
            "is".to_owned()
        } else if verb.low.ends_with('s') {
            format!("{}es", verb.low)
        } else {
            format!("{}s", verb.low)
        };
        words.splice(at..at + 2, [word("required"), word(&stated)]);
    }
    let passive = (1..words.len().min(6)).find(|at| {
        words[*at].low == "replaced"
            && words.get(at + 1).is_some_and(|it| it.low == "by")
            && words[at - 1].is(&["was", "been", "is", "got"])
    });
    if let Some(at) = passive {
        let mut end = at;
        while end > 1 && words[end - 1].is(&["was", "been", "is", "got", "has"]) {
            end -= 1;
        }
        let role = words.iter().position(|it| it.low == "as").filter(|it| *it > at + 2).unwrap_or(words.len());
        if role > at + 2 {
            let mut plain = words[at + 2..role].to_vec();
            plain.push(word("replaced"));
            plain.extend_from_slice(&words[..end]);
            plain.extend_from_slice(&words[role..]);
            *words = plain;
        }
        return;
    }
    let back = (1..words.len().min(6)).find(|at| {
        words[*at].low == "returned" && words.get(at + 1).is_some_and(|it| it.low == "from")
            || words[*at].is(&["came", "got"])
                && words.get(at + 1).is_some_and(|it| it.low == "back")
                && words.get(at + 2).is_some_and(|it| it.low == "from")
    });
    if let Some(at) = back {
        let length = if words[at].low == "returned" { 1 } else { 2 };
        words.splice(at..at + length, [word("is"), word("back")]);
        return;
    }
    if let [.., has, result] = words.as_slice()
        && has.is(&["has", "have"])
        && result.is(&[
            "shipped", "launched", "closed", "finished", "ended", "failed", "passed", "landed", "stopped", "started",
        ])
    {
        let at = words.len() - 1;
        words.insert(at, word("been"));
    }
}

const SPANS: &[&str] =
    &["week", "weekend", "month", "year", "quarter", "spring", "summer", "autumn", "fall", "winter", "night"];

/// Brings `I've started going to bed at 10` into the form `I go to bed at 10`, and takes `since the move` from the
/// beginning. Returns whether there was such a thing.
pub(super) fn take_beginning(words: &mut Vec<Word>) -> bool {
    if words.first().is_some_and(|it| it.low == "since")
        && let Some(main) = (2..words.len().min(6)).find(|at| words[*at].is(&["my", "our", "the", "we", "i"]))
        && !words[..main].iter().any(Word::is_mark)
    {
        words.drain(..main);
        return true;
    }
    let Some(at) = words.iter().take(6).position(|it| it.is(&["started", "begun", "began"])).filter(|at| *at > 0)
    else {
        return false;
    };
    let Some(base) = words.get(at + 1).and_then(|it| super::frames::base_of_doing(&it.low)) else { return false };
    let mut from = at;
    while from > 1 && words[from - 1].is(&["has", "have", "just", "now"]) {
        from -= 1;
    }
    if from > 1 && words[..from].len() > 3 {
        return false;
    }
    let is_first = words[from - 1].is(&["i", "we"]);
    let low = if is_first {
        base.to_owned()
    } else if base.ends_with('o') {
        format!("{base}es")
    } else {
        format!("{base}s")
    };
    words.splice(from..at + 2, [Word { raw: low.clone(), low }]);
    true
}

/// Brings `replaced A with B` into the form `switched to B`; what A is.
pub(super) fn take_replaced(words: &mut Vec<Word>) -> Option<String> {
    // `took over from A as lead`
    let over = words
        .iter()
        .take(6)
        .position(|it| it.is(&["took", "taken", "takes"]))
        .filter(|at| words.len() > at + 4 && words[at + 1].low == "over" && words[at + 2].low == "from");
    if let Some(at) = over
        && let Some(role) =
            words.iter().enumerate().skip(at + 4).take(3).find(|(_, it)| it.low == "as").map(|(at, _)| at)
    {
        let name = values::normal(&words[at + 3..role]).join(" ");
        words.drain(at + 2..role);
        return Some(name);
    }
    let verbs = ["replaced", "swapped", "exchanged", "traded", "remplacé", "reemplazamos", "reemplazó", "sustituimos"];
    let at = words.iter().take(6).position(|it| it.is(&verbs)).filter(|it| *it > 0)?;
    // `was replaced by` tells of another subject.
    if words[at - 1].is(&["was", "were", "been", "is", "be"]) {
        return None;
    }
    let joint = ["with", "by", "for", "par", "por", "con"];
    let by = words.iter().enumerate().skip(at + 2).take(6).find(|(_, it)| it.is(&joint)).map(|(at, _)| at)?;
    // `traded in A for B`
    let from = at + 1 + usize::from(words[at + 1].is(&["in", "out", "off"]));
    let name = values::normal(&words[from..by]).join(" ");
    if name.is_empty() || by + 1 >= words.len() {
        return None;
    }
    let word = |low: &str| Word { raw: low.to_owned(), low: low.to_owned() };
    words.splice(at..=by, [word("switched"), word("to")]);
    Some(name)
}

/// Without quotation marks; nothing when more than a name stands between them: those are somebody's words.
pub(super) fn unquoted(words: Vec<Word>) -> Option<Vec<Word>> {
    let marks: Vec<usize> = words.iter().enumerate().filter(|(_, it)| it.low == "\"").map(|(at, _)| at).collect();
    if marks.chunks(2).any(|pair| matches!(pair, [from, to] if to - from > 4))
        || marks.len() % 2 == 1 && words.len() > 6
    {
        return None;
    }
    Some(words.into_iter().filter(|it| it.low != "\"").collect())
}

/// `Note:`, `Update:`, `FYI,` say nothing.
pub(super) fn skip_label(words: &mut Vec<Word>) {
    const LABELS: &[&str] = &[
        "note",
        "update",
        "correction",
        "fyi",
        "reminder",
        "decision",
        "preference",
        "fact",
        "info",
        "btw",
        "edit",
        "important",
        "remember",
        "news",
        "hinweis",
        "notiz",
        "korrektur",
        "info",
        "nota",
        "corrección",
        "actualización",
        "mise",
        "ok",
        "okay",
        "yes",
        "no",
        "well",
        "so",
        "anyway",
    ];
    while words.len() > 2 && words[0].is(LABELS) && words[1].is(&[":", ","]) {
        words.drain(..2);
    }
    if words.len() > 4 && words[0].is(&["by"]) && words[1].is(&["the"]) && words[2].is(&["way"]) {
        words.drain(..if words[3].low == "," { 4 } else { 3 });
    }
    if words.len() > 2 && words[0].is(&["and", "but", "so", "also", "then", "und", "et", "y"]) {
        words.drain(..1);
    }
}

/// `As of today, …`, `Since May, …`: skipped; returns whether it said more than that it is so now.
pub(super) fn skip_opening(words: &mut Vec<Word>, factor: &mut f64) -> bool {
    let Some(comma) = words.iter().take(7).position(|it| it.low == ",") else { return false };
    let opens = [
        "as",
        "from",
        "since",
        "effective",
        "starting",
        "in",
        "on",
        "at",
        "by",
        "for",
        "with",
        "ab",
        "seit",
        "depuis",
        "desde",
        "à",
        "a",
    ];
    if comma == 0 || comma + 2 >= words.len() || !words[0].is(&opens) {
        return false;
    }
    if words[..comma].iter().any(|it| it.is(&LIMITS) || it.is(&HEDGES)) {
        *factor *= 0.6;
    }
    let only_now = words[0].is(&["as", "from", "effective", "starting", "since", "ab", "seit", "depuis", "desde"]);
    // `In the novel,`, `For example,`: what is so there need not be so here.
    let is_time = words[..comma].iter().any(|it| {
        values::month(&it.low).is_some()
            || values::weekday(&it.low).is_some()
            || it.low.starts_with(|it: char| it.is_ascii_digit())
            || it.is(SPANS)
            || it.is(&["moment", "meantime", "now", "beginning", "end", "short", "general", "way", "future", "fact"])
    });
    if !only_now && !is_time {
        *factor *= 0.8;
    }
    words.drain(..=comma);
    !only_now
}

/// `Ben said that …`, `I think …`: skipped; returns whether there was such a thing.
pub(super) fn skip_report(words: &mut Vec<Word>) -> bool {
    const VERBS: &[&str] = &[
        "think",
        "believe",
        "guess",
        "assume",
        "heard",
        "suppose",
        "said",
        "says",
        "thinks",
        "believes",
        "claims",
        "claimed",
        "mentioned",
        "told",
        "hears",
        "seems",
        "rumored",
        "reckon",
        "suspect",
        "glaube",
        "denke",
        "vermute",
        "sagt",
        "sagte",
        "meint",
        "behauptet",
        "crois",
        "pense",
        "dit",
        "creo",
        "pienso",
        "dice",
        "dijo",
    ];
    let Some(at) =
        words.iter().take(5).position(|it| it.is(VERBS)).filter(|it| *it > 0 || words[0].is(&["creo", "pienso"]))
    else {
        if words.len() > 4
            && words[0].is(&["according", "laut", "selon", "según"])
            && let Some(comma) = words.iter().position(|it| it.low == ",").filter(|it| it + 2 < words.len())
        {
            words.drain(..=comma);
            return true;
        }
        return false;
    };
    let mut end = at + 1;
    while words
        .get(end)
        .is_some_and(|it| it.is(&["me", "us", "that", "dass", "que", ",", ":", "mir", "uns", "to", "like"]))
    {
        end += 1;
    }
    if end + 2 >= words.len() {
        return false;
    }
    words.drain(..end);
    true
}

/// Takes `from X` out of `switched from X to Y`, and says what X is.
pub(super) fn take_origin(words: &mut Vec<Word>) -> Option<String> {
    let at = words.iter().position(|it| it.is(CHANGES))?;
    // In German the verb stands last.
    let is_last = words[at].is(&["gewechselt", "umgestiegen", "migriert"]);
    let begin = if is_last { 0 } else { at + 1 };
    let within = if is_last { at } else { 2 };
    let from = words
        .iter()
        .enumerate()
        .skip(begin)
        .take(within)
        .find(|(_, it)| it.is(&["from", "von", "de"]))
        .map(|(at, _)| at)?;
    let to = words
        .iter()
        .enumerate()
        .skip(from + 1)
        .take(6)
        .find(|(_, it)| it.is(if words[from].low == "de" { &["à", "a"] } else { &["to", "auf", "zu"] }))
        .map(|(at, _)| at)?;
    let origin = values::normal(&words[from + 1..to]).join(" ");
    words.drain(from..to);
    (!origin.is_empty()).then_some(origin)
}

const AUXILIARIES: &[&str] = &["was", "were", "been", "is", "are", "be", "got", "to", "will"];

/// Brings `Tom changed his number to X` into the form `Tom's number was changed to X`.
pub(super) fn plain_change(words: &mut Vec<Word>) {
    const VERBS: &[&str] = &[
        "changed",
        "updated",
        "moved",
        "set",
        "switched",
        "increased",
        "raised",
        "lowered",
        "reduced",
        "extended",
        "migrated",
        "upgraded",
        "bumped",
        "renamed",
        "converted",
        "rebased",
        "ported",
        "cut",
        "postponed",
        "rescheduled",
        "pushed",
        "delayed",
        "shifted",
        "downgraded",
        "shortened",
        "tuned",
        "adjusted",
        "tweaked",
        "trimmed",
        "boosted",
        "dropped",
        "brought",
    ];
    let Some(verb) = words.iter().take(5).position(|it| it.is(VERBS)).filter(|it| *it > 0) else { return };
    let own = words.get(verb + 1).is_some_and(|it| it.is(&["his", "her", "their", "its", "my", "our", "the"]));
    let to = words
        .iter()
        .enumerate()
        .skip(verb + 2)
        .take(7)
        .find(|(_, it)| it.is(&["to", "from"]) || it.is(&["until", "till"]) && words[verb].low == "extended")
        .map(|(at, _)| at);
    // `changed to 10 to 6`
    let Some(to) = to.filter(|_| !words[verb + 1].is(&["to", "from"])) else { return };
    // `upgraded Postgres to 16`: a noun without anything before it.
    let is_bare = !own
        && words[..verb].len() <= 2
        && !words[verb - 1].is(AUXILIARIES)
        && to > verb + 1
        // `changed majors to medicine` is about who did.
        && !(to == verb + 2
            && words[verb + 1].low.ends_with('s')
            && !words[verb + 1].is_capital()
            && (words[verb - 1].is_capital() || words[verb + 1].is(&["jobs", "banks", "gyms", "schools", "majors", "careers", "teams"])))
        && words[verb + 1..to].iter().all(|it| {
            !it.is_mark()
                && !it.is(&[
                    "from", "up", "down", "over", "back", "on", "off", "away", "out", "in", "and", "me", "us", "him",
                    "it",
                ])
        });
    if !own && !is_bare || own && to == verb + 2 {
        return;
    }
    let of_owner = own && (!words[verb + 1].is(&["the"]) || super::reach::is_by_others(&words[..verb]));
    let from = verb + 1 + usize::from(own);
    let word = |low: &str| Word { raw: low.to_owned(), low: low.to_owned() };
    let noun: Vec<Word> = words[from..to].to_vec();
    // `I have increased my …`
    let aux = words[1..verb].iter().rev().take_while(|it| it.is(&["have", "has", "just", "also", "now"])).count();
    let mut plain: Vec<Word> = if of_owner { words[..verb - aux].to_vec() } else { vec![word("the")] };
    if of_owner {
        plain.push(word("'s"));
    }
    plain.extend(noun);
    plain.push(word("was"));
    plain.push(if is_change(&words[verb]) || words[verb].low == "delayed" {
        words[verb].clone()
    } else {
        word("changed")
    });
    plain.extend(words[to..].iter().cloned());
    *words = plain;
}
