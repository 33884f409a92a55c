//! Brings a sentence into its plain form: without labels, openings and reports of what somebody said.

use super::phrases::HEDGES;
use super::phrases::LIMITS;
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
    "rewritten",
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
    let name = values::normal(&words[at + 1..by]).join(" ");
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
    if words[..comma].iter().any(|it| it.is(LIMITS) || it.is(HEDGES)) {
        *factor *= 0.6;
    }
    let only_now = words[0].is(&["as", "from", "effective", "starting", "since", "ab", "seit", "depuis", "desde"]);
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
        "ported",
        "cut",
        "postponed",
        "rescheduled",
        "pushed",
        "delayed",
        "shifted",
        "downgraded",
        "shortened",
    ];
    let Some(verb) = words.iter().take(5).position(|it| it.is(VERBS)).filter(|it| *it > 0) else { return };
    let own = words.get(verb + 1).is_some_and(|it| it.is(&["his", "her", "their", "its", "my", "our", "the"]));
    let to = words.iter().enumerate().skip(verb + 2).take(7).find(|(_, it)| it.is(&["to", "from"])).map(|(at, _)| at);
    let (true, Some(to)) = (own, to) else { return };
    if to == verb + 2 {
        return;
    }
    let of_owner = !words[verb + 1].is(&["the"]);
    let word = |low: &str| Word { raw: low.to_owned(), low: low.to_owned() };
    let noun: Vec<Word> = words[verb + 2..to].to_vec();
    let mut plain: Vec<Word> = if of_owner { words[..verb].to_vec() } else { Vec::new() };
    if of_owner {
        plain.push(word("'s"));
    }
    plain.extend(noun);
    plain.push(word("was"));
    plain.push(words[verb].clone());
    plain.extend(words[to..].iter().cloned());
    *words = plain;
}
