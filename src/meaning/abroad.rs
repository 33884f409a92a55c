//! Takes a German, French or Spanish sentence that tells a change apart, as `changes.rs` does an English one: `Mein Editor ist
//! nicht mehr Vim, sondern Emacs`, `Mon chef était Paul, maintenant c'est Claire`, `Mi banco cambió de BBVA a ING`.

use super::changes::HEAD;
use super::changes::Parts;
use super::changes::word;
use super::words::Word;

/// The links, with the words that say that it is so now and that it is no more.
const LINKS: &[(&[&str], &str)] = &[
    (&["ist", "sind", "bin"], "jetzt"),
    (&["est", "sont", "suis"], "maintenant"),
    (&["es", "son", "está", "están"], "ahora"),
];

const PAST: &[&str] = &["war", "waren", "était", "étaient", "era", "eran", "estaba"];

const NOW: &[&str] =
    &["jetzt", "nun", "inzwischen", "mittlerweile", "heute", "maintenant", "désormais", "ahora", "aujourd'hui"];

const BUT: &[&str] = &["sondern", "aber", "mais", "sino", "pero"];

/// The parts of such a sentence.
pub(super) fn parts(words: &[Word]) -> Option<Parts> {
    halves(words).or_else(|| from_to(words))
}

/// The link of a language, and its word for now.
fn link(word: &Word) -> Option<&'static str> {
    LINKS.iter().find(|it| word.is(it.0)).map(|it| it.1)
}

fn halves(words: &[Word]) -> Option<Parts> {
    let next = |at: usize, low: &[&str]| words.get(at).is_some_and(|it| it.is(low));
    // Where the head ends, where the value begins, the link, and whether it is said to be over.
    let (end, value, is, is_past) = (1..words.len().min(HEAD)).find_map(|at| {
        if words[at].is(PAST) {
            let link = match words[at].low.as_str() {
                "war" | "waren" => "ist",
                "était" | "étaient" => "est",
                _ => "es",
            };
            let before = usize::from(next(at + 1, &["früher", "vorher", "bisher", "avant", "antes"]));
            return Some((at, at + 1 + before, word(link), true));
        }
        if link(&words[at]).is_some() && next(at + 1, &["nicht"]) && next(at + 2, &["mehr"]) {
            return Some((at, at + 3, words[at].clone(), false));
        }
        if words[at].low == "ne" && words.get(at + 1).is_some_and(|it| link(it).is_some()) && next(at + 2, &["plus"]) {
            return Some((at, at + 3, words[at + 1].clone(), false));
        }
        if words[at].low == "ya" && next(at + 1, &["no"]) && words.get(at + 2).is_some_and(|it| link(it).is_some()) {
            return Some((at, at + 3, words[at + 2].clone(), false));
        }
        None
    })?;
    let head = &words[..end];
    if head.iter().any(Word::is_mark) {
        return None;
    }
    let joint = value + words.get(value..)?.iter().position(|it| it.is_mark() || it.is(BUT)).filter(|it| *it > 0)?;
    let (mut rest, mut is_now, mut is_linked) = (&words[joint..], false, false);
    while let Some(first) = rest.first() {
        is_now |= first.is(NOW) || first.is(BUT);
        let is_link = link(first).is_some() && !is_linked;
        if !(first.is(NOW) || first.is(BUT) || is_link || first.is(&[",", ";", "es", "ce", "er", "sie", "il", "elle"]))
        {
            break;
        }
        is_linked |= is_link;
        rest = &rest[1..];
    }
    if rest.is_empty() || rest.len() > HEAD || rest.iter().any(|it| it.is_mark() || link(it).is_some()) {
        return None;
    }
    if (is_past || !is_linked) && !is_now {
        return None;
    }
    Some(told(head, &is, &words[value..joint], rest))
}

fn told(head: &[Word], is: &Word, before: &[Word], after: &[Word]) -> Parts {
    let said = |first: &[&str], link: &Word, then: &[&str], value: &[Word]| {
        let mut all = head.to_vec();
        all.extend(first.iter().map(|it| word(it)));
        all.push(link.clone());
        all.extend(then.iter().map(|it| word(it)));
        all.extend_from_slice(value);
        all
    };
    let now = link(is).unwrap_or_default();
    let over = match now {
        "jetzt" => said(&[], is, &["nicht", "mehr"], before),
        "maintenant" => said(&["ne"], is, &["plus"], before),
        _ => said(&["ya", "no"], is, &[], before),
    };
    Parts { over: Some(over), is: said(&[], is, &[now], after) }
}

/// `wechselte von A zu B`, `hat sich von A auf B geändert`, `est passé de A à B`, `cambió de A a B`.
fn from_to(words: &[Word]) -> Option<Parts> {
    const VERBS: &[(&[&str], &str)] = &[
        (&["hat", "sich"], "ist"),
        (&["wechselte"], "ist"),
        (&["wechselt"], "ist"),
        (&["ist"], "ist"),
        (&["wurde"], "ist"),
        (&["est", "passé"], "est"),
        (&["est", "passée"], "est"),
        (&["passe"], "est"),
        (&["cambió"], "es"),
        (&["ha", "cambiado"], "es"),
        (&["pasó"], "es"),
        (&["ha", "pasado"], "es"),
    ];
    let (at, verb, is) = (1..words.len().min(HEAD)).find_map(|at| {
        VERBS.iter().find_map(|(verb, is)| {
            let is_here =
                words.len() > at + verb.len() && verb.iter().zip(&words[at..]).all(|(one, word)| word.low == *one);
            (is_here && words[at + verb.len()].is(&["von", "de", "du", "del"])).then(|| (at, verb.len(), word(is)))
        })
    })?;
    let from = at + verb + 1;
    let to = from
        + words[from..]
            .iter()
            .position(|it| it.is(&["zu", "auf", "à", "a", "au", "al"]))
            .filter(|it| (1..=6).contains(it))?;
    let mut end = words.len();
    if words[end - 1].is(&["geändert", "gewechselt", "umgestellt", "gesetzt", "verschoben", "erhöht", "gesenkt"]) {
        end -= 1;
    } else if matches!(words[at].low.as_str(), "hat" | "ist" | "wurde") {
        return None;
    }
    let (head, after) = (&words[..at], words.get(to + 1..end)?);
    let has_owner = head.first().is_some_and(|it| {
        it.is(&[
            "mein", "meine", "unser", "unsere", "der", "die", "das", "mon", "ma", "notre", "le", "la", "mi", "nuestro",
            "nuestra", "el",
        ])
    });
    let has_owner = has_owner || head.first().is_some_and(|it| it.is_capital() && it.low.ends_with('s'));
    (has_owner && head.len() > 1 && !after.is_empty() && !words.iter().any(Word::is_mark))
        .then(|| told(head, &is, &words[from..to], after))
}

/// Brings `Ab Juni ist mein Editor Vim` into the order `mein Editor ist Vim`, and `mein Chef hat sich geändert: Eva` into `mein Chef
/// ist Eva`.
pub(super) fn reorder(words: &mut Vec<Word>) {
    if let Some(mark) = words.iter().position(|it| it.low == ":").filter(|it| *it > 3 && *it + 1 < words.len()) {
        for (saying, is) in
            [(["hat", "sich", "geändert"].as_slice(), "ist"), (&["a", "changé"], "est"), (&["ha", "cambiado"], "es")]
        {
            if words[..mark].len() > saying.len()
                && saying.iter().rev().zip(words[..mark].iter().rev()).all(|(one, word)| word.low == *one)
            {
                words.splice(mark - saying.len()..=mark, [word(is), word(if is == "ist" { "jetzt" } else { "ahora" })]);
                return;
            }
        }
    }
    let starts = words.first().is_some_and(|it| it.is(&["ab", "seit"]) || it.is(NOW));
    let Some(at) = words.iter().take(5).position(|it| it.low == "ist").filter(|it| starts && *it > 0) else { return };
    let Some(owner) = words.get(at + 1) else { return };
    let is_owner = owner.is(&["mein", "meine", "unser", "unsere", "der", "die", "das"])
        || owner.is_capital() && owner.low.ends_with('s') && owner.low.len() > 3;
    let has_noun = words.get(at + 2).is_some_and(Word::is_capital);
    if !is_owner || !has_noun || words.len() < at + 4 || words.iter().any(Word::is_mark) {
        return;
    }
    let mut plain = words[at + 1..at + 3].to_vec();
    plain.extend([word("ist"), word("jetzt")]);
    plain.extend_from_slice(&words[at + 3..]);
    *words = plain;
}

#[cfg(test)]
mod tests {
    use super::super::words::sentences;
    use super::*;

    fn text(words: &[Word]) -> String {
        words.iter().map(|it| it.low.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_over_stands_apart_from_what_is_so() {
        for (sentence, over, is) in [
            (
                "Mein Editor ist nicht mehr Vim, sondern Emacs",
                "mein editor ist nicht mehr vim",
                "mein editor ist jetzt emacs",
            ),
            ("Der Chef war früher Uli, jetzt ist es Eva", "der chef ist nicht mehr uli", "der chef ist jetzt eva"),
            ("Mon chef n'est plus Paul mais Eva", "mon chef ne est plus paul", "mon chef est maintenant eva"),
            ("Mon chef était Paul, maintenant c'est Eva", "mon chef ne est plus paul", "mon chef est maintenant eva"),
            ("Mi banco ya no es BBVA, es ING", "mi banco ya no es bbva", "mi banco es ahora ing"),
            ("Mi banco era BBVA, ahora es ING", "mi banco ya no es bbva", "mi banco es ahora ing"),
            ("Mi banco cambió de BBVA a ING", "mi banco ya no es bbva", "mi banco es ahora ing"),
            ("Mein Chef wechselte von Uli zu Eva", "mein chef ist nicht mehr uli", "mein chef ist jetzt eva"),
            (
                "Die Farbe hat sich von Rot auf Blau geändert",
                "die farbe ist nicht mehr rot",
                "die farbe ist jetzt blau",
            ),
        ] {
            let parts = parts(&sentences(sentence, 2).swap_remove(0).words).unwrap();
            assert_eq!((text(&parts.over.unwrap()).as_str(), text(&parts.is).as_str()), (over, is), "{sentence}");
        }
    }

    #[test]
    fn other_sentences_stay_whole() {
        for sentence in [
            "Mein Chef war müde und ist nett",
            "Anna ist nicht mehr jung",
            "Der Zug wechselte von Gleis 1 zu Gleis 2, dann fuhr er",
            "Paul était en retard, Claire est là",
            "Ana cambió de opinión",
        ] {
            assert_eq!(parts(&sentences(sentence, 2).swap_remove(0).words), None, "{sentence}");
        }
    }

    #[test]
    fn what_begins_with_a_time_has_its_subject_first() {
        for (sentence, expected) in [
            ("Ab Juni ist mein Editor Vim", "mein editor ist jetzt vim"),
            ("Jetzt ist Annas Chef Uli", "annas chef ist jetzt uli"),
            ("Mein Chef hat sich geändert: Eva", "mein chef ist jetzt eva"),
            ("Seit Mai ist es warm", "seit mai ist es warm"),
        ] {
            let mut words = sentences(sentence, 2).swap_remove(0).words;
            reorder(&mut words);
            assert_eq!(text(&words), expected);
        }
    }
}
