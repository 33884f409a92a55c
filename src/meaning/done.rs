//! Brings what somebody has done to a thing into the plain form of what the thing is since: `I painted the fence white` is
//! `the fence is white now`, `we moved CI over to Buildkite` is `we moved CI to Buildkite`.

use super::changes::HEAD;
use super::changes::now;
use super::changes::word;
use super::openings::is_change;
use super::reach::is_by_others;
use super::reach::scope;
use super::tables::MADE;
use super::tables::MOVED;
use super::tables::NUMBERED;
use super::tables::PREPOSITIONS;
use super::tables::PUT;
use super::tables::RESULTS;
use super::tables::SHADES;
use super::tables::STATES;
use super::tables::WISHED;
use super::values;
use super::words::Word;

/// Words of a thing, of what it is since.
const THING: usize = 4;
const VALUE: usize = 6;

/// Where it is brought.
const PLACES: &[&str] =
    &["in", "on", "at", "under", "behind", "against", "beside", "above", "near", "inside", "outside", "into", "onto"];

/// What writes or makes a thing anew.
const REMADE: &[&str] = &["rewrote", "reimplemented", "rewritten"];

/// What is given to another who keeps or holds it.
const GIVEN: &[&str] = &["refinanced", "insured", "reinsured", "registered", "deposited"];

pub(super) fn done(words: &mut Vec<Word>) {
    got(words);
    off(words);
    to_number(words);
    painted(words);
    gone_over(words);
    changed_it(words);
    let Some(verb) = (1..words.len().min(6)).find(|at| is_of_doing(&words[*at])) else { return };
    if is_by_others(&words[..verb])
        || words[..verb].iter().any(|it| {
            it.is_mark()
                || it.is(&WISHED)
                || it.is(&["and", "not", "never", "no", "nobody", "none", "neither", "to", "was", "were", "is", "been"])
        })
    {
        return;
    }
    let plain = particle(words, verb)
        .or_else(|| put_on(words, verb))
        .or_else(|| filled(words, verb))
        .or_else(|| placed(words, verb))
        .or_else(|| made(words, verb))
        .or_else(|| remade(words, verb))
        .or_else(|| renewed(words, verb))
        .or_else(|| finished(words, verb));
    if let Some(plain) = plain {
        *words = plain;
    }
}

fn is_of_doing(word: &Word) -> bool {
    word.is(&PUT)
        || word.is(&MADE)
        || word.is(REMADE)
        || word.is(GIVEN)
        || word.is(&MOVED)
        || word.is(&["renewed", "extended"])
        || !word.is_capital() && RESULTS.contains(&word.low.as_str())
}

/// A thing that is named: `the heating`, `CI`, `ticket 482`; it begins at `from`, and nothing in it joins or ends it.
fn is_thing(thing: &[Word]) -> bool {
    let is_own = thing.first().is_some_and(|it| it.is(&["the", "our", "my"]));
    (1..=THING + usize::from(is_own)).contains(&thing.len())
        && (!is_own || thing.len() > 1)
        && !thing.iter().any(|it| {
            it.is_mark()
                || it.is(&PREPOSITIONS)
                || it.is(&[
                    "and", "or", "it", "them", "me", "us", "him", "her", "this", "that", "some", "one", "a", "an",
                ])
                || it.is(&["left", "right", "side", "half", "part", "all", "everything"])
        })
}

/// `moved CI over to Buildkite`, `turned the heating down to 19 degrees`: the small word tells nothing.
fn particle(words: &[Word], verb: usize) -> Option<Vec<Word>> {
    if !words[verb].is(&MOVED) {
        return None;
    }
    let to = (verb + 2..words.len().min(verb + 8)).find(|at| words[*at].is(&["to", "into", "onto"]))?;
    let is_small = words[to - 1].is(&["over", "down", "up", "back", "across", "out", "forward"]);
    let end = to - usize::from(is_small);
    let thing = words.get(verb + 1..end).filter(|it| is_thing(it))?;
    let value = &words[to + 1..];
    let is_number = value.first().is_some_and(|it| it.low.starts_with(|it: char| it.is_ascii_digit()));
    // `turned the car over to Ben`, `handed the keys over to Ben` say nothing of what it is.
    if value.is_empty() || words[verb].is(&["turned", "brought", "cut", "raised"]) && !is_number {
        return None;
    }
    // `They switched my inhaler to Formoterol`
    let is_by_others = thing[0].is(&["my", "our"]) && !words[0].is(&["i", "we"]);
    if words[verb].low == "reassigned" && values::is_article(&value[0].low)
        || words[verb].is(&["handed", "passed"])
        || !is_small && !is_by_others && words[verb].is(PLAIN)
    {
        return None;
    }
    let is_owned = thing[0].is(&["the", "our", "my"]);
    let mut plain = if is_owned { thing.to_vec() } else { [&[word("the")], thing].concat() };
    plain.extend([word("was"), word(if words[verb].is(PLAIN) { &words[verb].low } else { "changed" }), word("to")]);
    plain.extend_from_slice(value);
    Some(plain)
}

/// `moved off Heroku to Fly`, `migrated away from A to B`: from the one to the other.
fn off(words: &mut Vec<Word>) {
    let Some(verb) = words.iter().take(6).position(|it| it.is(&MOVED)).filter(|it| *it > 0) else { return };
    let length = match &words[verb + 1..] {
        [off, ..] if off.low == "off" => 1,
        [away, from, ..] if away.is(&["away", "over", "out"]) && from.is(&["from", "of"]) => 2,
        _ => return,
    };
    let to = words.iter().skip(verb + length + 2).take(4).position(|it| it.is(&["to", "onto"]));
    if let Some(to) = to.map(|it| it + verb + length + 2).filter(|it| it + 1 < words.len()) {
        words[to] = word("to");
        words.splice(verb + 1..=verb + length, [word("from")]);
    }
}

/// `was topped up to 55k`, `we doubled the limit to 200`: it is that many now.
fn to_number(words: &mut Vec<Word>) {
    let is_number = |it: &Word| it.low.starts_with(|it: char| it.is_ascii_digit() || "$€£".contains(it));
    let Some(to) = (3..words.len().min(12)).find(|at| words[*at - 1].low == "to" && is_number(&words[*at])) else {
        return;
    };
    let to = to - 1;
    let end = to - usize::from(words[to - 1].is(&["up", "down", "back", "out", "over"]));
    if !scope(words).is_empty() {
        return;
    }
    let is_past = |it: &Word| it.is(&NUMBERED);
    if end > 1 && is_past(&words[end - 1]) && words[end - 2].is(&["was", "were", "been", "got"]) {
        words.splice(end - 1..to, [word("changed")]);
        return;
    }
    let verb =
        (1..end.min(4)).find(|at| is_past(&words[*at]) || end < to && words[*at].is(&["got", "brought", "took"]));
    let Some(verb) = verb.filter(|it| !words[..*it].iter().any(|it| it.is(&WISHED) || it.is(&["not", "was", "were"])))
    else {
        return;
    };
    let thing = &words[verb + 1..end];
    if is_thing(thing) && thing[0].is(&["the", "our", "my"]) && !is_by_others(&words[..verb]) {
        let plain = [thing, &[word("was"), word("changed"), word("to")], &words[to + 1..]].concat();
        *words = plain;
    }
}

/// Verbs of change that other readers know.
const PLAIN: &[&str] =
    &["moved", "switched", "migrated", "changed", "shifted", "pushed", "cut", "raised", "ported", "converted"];

/// `The doctor put me on 10 mg of ramipril`: I take it now.
fn put_on(words: &[Word], verb: usize) -> Option<Vec<Word>> {
    let [put, me, on, value @ ..] = &words[verb..] else { return None };
    let is_number = value.first()?.low.starts_with(|it: char| it.is_ascii_digit());
    if !put.is(&["put", "switched", "moved"]) || me.low != "me" || !on.is(&["on", "to"]) || !is_number {
        return None;
    }
    Some([&[word("i"), word("take")], value, &[word("now")]].concat())
}

/// `I put 64 GB of RAM into the server`: the server has it now.
fn filled(words: &[Word], verb: usize) -> Option<Vec<Word>> {
    let into = (verb + 2..words.len()).find(|at| words[*at].is(&["into", "in"]))?;
    let (value, thing) = (&words[verb + 1..into], &words[into + 1..]);
    let is_number = value.first()?.low.starts_with(|it: char| it.is_ascii_digit());
    let is_own = thing.first()?.is(&["the", "our", "my"]);
    (words[verb].is(&["put", "installed"]) && is_number && is_own && is_thing(thing) && value.len() <= VALUE)
        .then(|| [thing, &[word("has")], value, &[word("now")]].concat())
}

/// `I put the desk against the wall`: it is there now.
fn placed(words: &[Word], verb: usize) -> Option<Vec<Word>> {
    if !words[verb].is(&PUT) || words[verb].low == "installed" || !words[verb + 1..].first()?.is(&["the", "our", "my"])
    {
        return None;
    }
    let mut place = (verb + 3..words.len().min(verb + 6)).find(|at| words[*at].is(PLACES))?;
    let thing = words.get(verb + 1..place).filter(|it| is_thing(it))?;
    let joint = match words[place].low.as_str() {
        "into" => "in",
        "onto" => "on",
        low => low,
    };
    let joint = word(joint);
    place += 1;
    let value = words.get(place..).filter(|it| (1..=VALUE).contains(&it.len()) && !it.iter().any(Word::is_mark))?;
    // `put the talk on Friday`, `put the plan on hold`
    let is_place = value[0].is(&["the", "our", "my", "a", "an"]) || value[0].is_capital();
    let is_time = values::normal(value).iter().any(|it| values::is_date_part(it) || values::is_clock(it));
    (is_place && !is_time).then(|| now(thing, &[&[joint], value].concat()))
}

/// Whether it is a color: `sage green`.
pub(super) fn is_color(value: &str) -> bool {
    let last = value.rsplit(' ').next().unwrap_or_default();
    STATES.iter().any(|it| it.0 == "light" && it.1.contains(&last))
}

/// `made the repo public`, `painted the fence light green`: it is so now.
fn made(words: &[Word], verb: usize) -> Option<Vec<Word>> {
    let last = words.last()?;
    if !words[verb].is(&MADE) || !words.get(verb + 1)?.is(&["the", "our", "my"]) {
        return None;
    }
    let of = |name: &str| STATES.iter().any(|it| it.0 == name && it.1.contains(&last.low.as_str()));
    let (is_color, is_state) = (is_color(&last.low), of("visibility") || of("need") || of("running"));
    let is_painted = words[verb].is(&["painted", "repainted", "dyed", "colored", "coloured"]);
    if last.is(&["down", "up"])
        || !is_color && (is_painted || !is_state)
        || is_state && words[verb].is(&["turned", "switched"]) && words.len() < 4
    {
        return None;
    }
    let shades = usize::from(is_color && words.len() > verb + 4 && words[words.len() - 2].is(&SHADES));
    let (thing, value) = words[verb + 1..].split_at(words.len() - verb - 2 - shades);
    is_thing(thing).then(|| now(thing, value))
}

/// `We rewrote the API in Go`, `we refinanced the mortgage with ING`.
fn remade(words: &[Word], verb: usize) -> Option<Vec<Word>> {
    let within = (verb + 2..words.len()).find(|at| words[*at].is(&["in", "with"]))?;
    let thing = words.get(verb + 1..within).filter(|it| is_thing(it) && it[0].is(&["the", "our", "my"]))?;
    let value = &words[within + 1..];
    let is_name = (1..=3).contains(&value.len()) && value[0].is_capital();
    if words[verb].is(GIVEN) && words[within].low == "with" && is_name {
        return Some(now(thing, &words[within..]));
    }
    (words[verb].is(REMADE) && words[within].low == "in" && is_name)
        .then(|| [thing, &[word("was"), word("rewritten"), word("in")], value].concat())
}

/// `I renewed the passport until 2036`: it expires then.
fn renewed(words: &[Word], verb: usize) -> Option<Vec<Word>> {
    let until = (verb + 2..words.len()).find(|at| words[*at].is(&["until", "till"]))?;
    let thing = words.get(verb + 1..until).filter(|it| is_thing(it) && it[0].is(&["the", "our", "my"]))?;
    let value = words.get(until + 1..).filter(|it| (1..=3).contains(&it.len()))?;
    words[verb].is(&["renewed"]).then(|| [thing, &[word("expires"), word("in")], value, &[word("now")]].concat())
}

/// `I paid the invoice`: it is paid now.
fn finished(words: &[Word], verb: usize) -> Option<Vec<Word>> {
    const DONE: &[&str] = &["paid", "repaired", "fixed", "merged", "closed", "signed", "published", "archived"];
    let thing = &words[verb + 1..];
    (words[verb].is(DONE) && is_thing(thing) && thing[0].is(&["the", "our", "my"]) && thing.len() <= HEAD)
        .then(|| now(thing, &words[verb..=verb]))
}

/// `The pull request got merged`: it is merged now.
fn got(words: &mut Vec<Word>) {
    // `The pool has reopened`
    if let [thing @ .., last] = words.as_slice()
        && words.len() < 7
        && last.is(&["reopened", "opened"])
        && words[0].is(&["the", "our", "my"])
    {
        let thing = thing.split_last().filter(|it| it.0.is(&["has", "have"])).map_or(thing, |it| it.1);
        if is_thing(thing) {
            *words = now(thing, &[word("open")]);
        }
        return;
    }
    if let Some(at) = (1..words.len().min(6)).find(|at| words[*at].is(&["got", "gets"]))
        && words.get(at + 1).is_some_and(is_change)
    {
        words[at] = word("was");
    }
    if let [.., got, result] = words.as_mut_slice()
        && got.is(&["got", "gets"])
        && RESULTS.contains(&result.low.as_str())
    {
        *got = word("is");
    }
}

/// `The kitchen is painted yellow`: it is yellow.
fn painted(words: &mut Vec<Word>) {
    if let Some(at) = (1..words.len().min(6)).find(|at| words[*at].low == "been" && words[at - 1].is(&["has", "have"]))
        && words.get(at + 1).is_some_and(|it| it.is(&["painted", "repainted", "dyed"]))
        && words.get(at + 2..).is_some_and(|it| (1..=2).contains(&it.len()) && it.iter().all(|it| is_color(&it.low)))
    {
        words.splice(at - 1..at + 2, [word("is")]);
        words.push(word("now"));
    }
    let link = words.iter().take(6).position(|it| it.is(&["is", "are"]));
    if let Some(at) = link.filter(|at| words.len() <= at + 4 && words.len() > at + 2)
        && words[at + 1].is(&["painted", "colored", "coloured", "dyed"])
        && words[at + 2..].iter().all(|it| !it.is(&PREPOSITIONS) && !it.is_mark())
    {
        words.remove(at + 1);
    }
}

/// `I've gone over to Neovim`: I switched to it.
fn gone_over(words: &mut Vec<Word>) {
    let at = (1..words.len().saturating_sub(3)).find(|at| {
        words[*at].is(&["gone", "went", "come"]) && words[at + 1].low == "over" && words[at + 2].low == "to"
    });
    if let Some(at) = at.filter(|at| *at < 5) {
        let from = at - usize::from(words[at - 1].is(&["have", "has"]));
        words.splice(from..at + 2, [word("switched")]);
    }
}

/// `We changed vets, it's Dr. Brandt now`: our vet is he.
fn changed_it(words: &mut Vec<Word>) {
    let [who, verb, noun, comma, it, is, value @ ..] = words.as_slice() else { return };
    let own = match who.low.as_str() {
        "we" => "our",
        "i" => "my",
        _ => return,
    };
    let is_told = verb.is(&["changed", "switched"]) && comma.is_mark() && it.low == "it" && is.low == "is";
    if is_told && !value.is_empty() && value.len() <= VALUE {
        let noun = super::topic::stem(&noun.low);
        let value = value.strip_suffix(&[word("now")]).unwrap_or(value);
        *words = now(&[word(own), word(&noun)], value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::sentences;
    use super::*;

    fn told(sentence: &str) -> String {
        let mut words = sentences(sentence, 2).swap_remove(0).words;
        done(&mut words);
        words.iter().map(|it| it.low.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_was_done_to_a_thing_says_what_it_is() {
        for (sentence, expected) in [
            ("I painted the fence white.", "the fence is white now"),
            ("We painted the kitchen sage green.", "the kitchen is sage green now"),
            ("The fence has been painted white", "the fence is white now"),
            ("The kitchen is painted yellow", "the kitchen is yellow"),
            ("We moved CI over to Buildkite", "the ci was moved to buildkite"),
            ("I turned the heating down to 19 degrees", "the heating was changed to 19 degrees"),
            ("We made the repo public", "the repo is public now"),
            ("I put the desk against the wall", "the desk is against the wall now"),
            ("I put 64 GB of RAM into the server", "the server has 64 gb of ram now"),
            ("The doctor put me on 10 mg of ramipril", "i take 10 mg of ramipril now"),
            ("We rewrote the API in Go", "the api was rewritten in go"),
            ("We refinanced the mortgage with ING", "the mortgage is with ing now"),
            ("I renewed the passport until 2036", "the passport expires in 2036 now"),
            ("I paid the invoice", "the invoice is paid now"),
            ("The pull request got merged", "the pull request is merged"),
            ("We changed vets, it's Dr. Brandt now", "our vet is dr brandt now"),
            ("I've gone over to Neovim", "i switched to neovim"),
        ] {
            assert_eq!(told(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn what_was_wished_or_done_to_a_part_stays() {
        for sentence in [
            "i want to paint the fence white",
            "we never painted the fence white",
            "i painted the left side of the fence white",
            "i painted the fence last week",
            "i turned the car over to ben",
            "i turned the heating down",
            "we handed the keys over to ben",
            "we made the repo faster",
            "i put the talk on friday",
            "i reassigned ticket 4 to the backlog",
        ] {
            assert_eq!(told(sentence), sentence);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_sentence_is_too_strange(words in "(I|We|The|my|put|painted|moved|got|it's|gone|over|down|to|in|on|the|renewed|until|paid|white|5|, | ){0,14}") {
            for sentence in sentences(&words, 3) {
                let mut words = sentence.words;
                done(&mut words);
            }
        }
    }
}
