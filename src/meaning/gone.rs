//! What a statement gives up: `I traded in my Civic`, `instead of Lisbon`, `took over on-call from Alice`. The older
//! statement that names it for the same owner, or with the same words around it, is over, whatever its verb was.

use std::collections::BTreeSet;

use super::Fact;
use super::frames::Plain;
use super::frames::is_verb;
use super::reach::is_kin;
use super::reach::is_ours;
use super::reach::scope;
use super::tables::BEFORE_IT;
use super::tables::BEHIND_IT;
use super::tables::DOING;
use super::tables::HAVING;
use super::tables::KIN;
use super::tables::OF_PEOPLE;
use super::tables::PREPOSITIONS;
use super::tables::QUALITIES;
use super::tables::RIVALS;
use super::tables::SHORT_FOR;
use super::tables::VERBS;
use super::tables::WISHED;
use super::topic::stem;
use super::value::written;
use super::values;
use super::words::Word;

/// The attribute of something that is there, or given up.
pub(super) const GONE: &str = "@-";

/// Things of one statement that are kept.
const THINGS: usize = 4;

/// Between the words of the thing, those around it, and those of what it is given up for or in.
const AROUND: char = '|';

/// What a fact replaces that gives a thing up for all of it: whoever had it is not named, and need not be.
const FOR_ALL: &str = "*";

/// How surely what is named alone is over: certain when it is the only one.
pub(super) const BY_NAME_ALONE: f64 = 0.95;

/// What is said to be there, and what is said to be given up.
pub(super) fn gone(plain: &Plain<'_>) -> Vec<Fact> {
    let words = plain.words;
    let given_up = given_up(plain);
    if let Some(chosen) = chosen(words, plain.renews)
        && given_up.is_empty()
        && plain.negations.is_empty()
    {
        let around = around(words, chosen);
        return rival_key(chosen)
            .into_iter()
            .flat_map(|key| {
                of_thing(plain, chosen, &around, false)
                    .into_iter()
                    .take(1)
                    .map(move |it| Fact { subject: key.clone(), ..it })
            })
            .collect();
    }
    if !given_up.is_empty() {
        // Who gets it had it not before.
        let gives = words.iter().position(|it| it.is(&["handed", "passed", "gave"]));
        let to = gives.and_then(|at| words[at..].iter().position(|it| it.low == "to").map(|to| at + to));
        let around = around(&words[..to.unwrap_or(words.len())], &[]);
        let scope = scope(words);
        let for_all = scope.is_empty() && is_ours(words);
        return given_up
            .into_iter()
            .flat_map(|it| of_thing(plain, &it, &around, false))
            .take(THINGS)
            .map(|it| Fact {
                value: format!("{}{AROUND}{}", it.value, scope.join(" ")),
                replaces: for_all.then(|| FOR_ALL.to_owned()),
                ..it
            })
            .collect();
    }
    if !plain.negations.is_empty() {
        return Vec::new();
    }
    let first =
        |is: fn(&Word) -> bool| (1..words.len().min(10)).find(|at| is(&words[*at]) && words[at - 1].low != "to");
    let is_we = words.first().is_some_and(|it| it.is(&["we", "i"]))
        && words.get(1).is_some_and(|it| VERBS.contains(it.low.as_str()));
    let (verb, is_link, is_having) = match (first(|it| it.is(&["is", "are", "am"]) || it.is(&HAVING)), first(is_verb)) {
        (Some(at), _) => (at, words[at].is(&["is", "are", "am"]), true),
        (None, Some(at)) => (at, false, false),
        (None, None) if is_we => (1, false, false),
        (None, None) => return Vec::new(),
    };
    let (subject, said) = (&words[..verb], &words[verb + 1..]);
    let mut things: Vec<&[Word]> = said
        .split(|it| it.is(&PREPOSITIONS) || it.is_mark() || it.is(&["and", "or", "as", "called", "named"]))
        .filter(|it| (1..=4).contains(&it.len()) && (is_having || is_named(it)) && !is_state(it))
        .take(if is_having { 2 } else { 1 })
        .collect();
    // `Alice is the on-call engineer`: she has a part that somebody else can take.
    let is_role =
        said.first().is_some_and(|it| it.is(&["the", "our", "my"])) || said.get(1).is_some_and(|it| it.low == "of");
    let does = is_role && words[verb].low.strip_suffix('s').is_some_and(|it| DOING.contains(&it));
    if (is_link && is_role || does && is_named(subject)) && subject.len() <= 3 {
        things.push(subject);
    }
    things
        .into_iter()
        .flat_map(|thing| {
            let mut around = around(words, thing);
            // `The main framework is Django`: it is ours, when nobody else is named.
            let is_all = thing.as_ptr() == said.as_ptr() || thing.as_ptr() == subject.as_ptr();
            if is_link && is_all && !around.iter().any(|it| it.starts_with('^') || it == "user") {
                around.insert("we".to_owned());
            }
            let mut found = of_thing(plain, thing, &around, true);
            if let (Some(key), Some(first)) = (rival_key(thing), found.first()) {
                found.push(Fact { subject: key, ..first.clone() });
            }
            found
        })
        .take(THINGS)
        .collect()
}

/// Stands before the number of a group of things of which people choose one.
const RIVAL: char = '#';

/// The key of the group of rivals that the thing is one of.
fn rival_key(thing: &[Word]) -> Option<String> {
    let name = values::normal(thing).join(" ");
    let group = RIVALS.iter().position(|it| it.contains(&name.as_str()))?;
    Some(format!("{RIVAL}{group}"))
}

/// `We've migrated to Google Cloud.`: what was chosen, when nothing is said of what for.
fn chosen(words: &[Word], renews: bool) -> Option<&[Word]> {
    // `We are on pnpm now`
    if let [we, are, on, thing] = words
        && renews
        && we.is(&["we", "i"])
        && are.is(&["are", "am"])
        && on.low == "on"
    {
        return Some(std::slice::from_ref(thing));
    }
    let verb = (1..words.len().min(4)).find(|at| words[*at].is(&["migrated", "switched", "moved", "changed"]))?;
    let is_own = words[..verb].iter().all(|it| it.is(&["we", "i", "have", "has", "the", "team", "user", "just"]));
    let thing = words.get(verb + 2..).filter(|_| words[verb + 1].low == "to")?;
    (is_own && (1..=3).contains(&thing.len()) && !thing.iter().any(|it| it.is(&PREPOSITIONS) || it.is_mark()))
        .then_some(thing)
}

/// `powered by`, `dirty`: nobody gives that up by its word.
fn is_state(thing: &[Word]) -> bool {
    matches!(thing, [it] if !it.is_capital() && (it.low.ends_with("ed") || QUALITIES.contains(it.low.as_str())))
}

fn is_named(thing: &[Word]) -> bool {
    thing.iter().any(|it| it.is_capital() || it.low.chars().any(|it| it.is_ascii_digit() || it == '.'))
        && !thing.iter().all(|it| values::month(&it.low).is_some() || values::weekday(&it.low).is_some())
}

fn given_up(plain: &Plain<'_>) -> Vec<Vec<Word>> {
    let words = plain.words;
    let begins = |at: usize, phrase: &[&str]| {
        words.len() >= at + phrase.len() && phrase.iter().zip(&words[at..]).all(|(one, word)| word.low == *one)
    };
    let is_done =
        |at: usize| !words[..at].iter().any(|it| it.is(&WISHED)) && !plain.negations.iter().any(|it| *it <= at);
    let mut found: Vec<Vec<Word>> = Vec::new();
    if let Some(replaced) = plain.replaced.filter(|_| is_done(words.len().min(3))) {
        found.push(
            replaced
                .split(' ')
                .filter(|it| !PREPOSITIONS.contains(it) && !OWNERS.contains(it))
                .map(|it| Word { raw: it.to_owned(), low: it.to_owned() })
                .collect(),
        );
    }
    for at in 0..words.len() {
        let phrase = BEFORE_IT.iter().filter(|it| begins(at, it)).max_by_key(|it| it.len());
        if let Some(phrase) = phrase.filter(|_| at > 0 || words[at].is(&["instead", "rather"])) {
            // `was replaced by` gives up what stands before it.
            let is_passive = at > 0 && words[at - 1].is(&["was", "were", "been", "is", "be", "got"]);
            if !is_passive && is_done(at) {
                found.extend(thing(&words[at + phrase.len()..]));
            }
        }
        // `handed the minutes over to Felix`
        if at > 0
            && words[at].is(&["handed", "passed", "gave"])
            && let Some(to) = words[at..].iter().position(|it| it.low == "to").filter(|it| (2..8).contains(it))
            && is_done(at)
        {
            let small = words[at + to - 1].is(&["over", "on", "off"]);
            found.extend(thing(&words[at + 1..at + to - usize::from(small)]));
        }
        // `is done with Terraform, not Ansible`
        if at > 1 && words[at - 1].low == "," && plain.negations.contains(&at) && words.len() - at <= 3 {
            found.extend(thing(&words[at..]));
        }
        // `took over the pager from Alice`
        if words[at].is(&["took", "takes", "taken"])
            && let Some(over) = words[at..].iter().take(9).position(|it| it.low == "over")
            && let Some(from) = words[at..].iter().position(|it| it.low == "from").filter(|it| *it > over)
            && is_done(at)
        {
            found.extend(thing(&words[at + from + 1..]));
        }
        let behind = BEHIND_IT.iter().filter(|it| at > 0 && begins(at, it)).max_by_key(|it| it.len());
        if let Some(phrase) = behind
            && is_done(at)
            && is_of_itself(phrase, words.get(at + phrase.len()))
        {
            let from = words[..at]
                .iter()
                .rposition(|it| it.is_mark() || it.is(&["and", "but", "so", "because"]))
                .map_or(0, |it| it + 1);
            let subject = &words[from..at];
            let owner = subject.iter().rposition(|it| it.low == "'s").map_or(0, |it| it + 1);
            found.extend(thing(&subject[owner..]));
        }
    }
    found
}

/// Whether who stands before `phrase` is gone by it, and has not done that to something: `Anna retired`, and not `Anna retired the
/// laptop`.
fn is_of_itself(phrase: &[&str], next: Option<&Word>) -> bool {
    match phrase {
        [.., "way", "for"] => next.is_some_and(Word::is_capital),
        ["retired"] | ["closed" | "shut", ..] => next.is_none_or(|it| {
            it.is_mark()
                || it.is(&PREPOSITIONS)
                || it.is(&["last", "this", "and", "now", "today", "yesterday", "early"])
        }),
        _ => true,
    }
}

/// The thing that stands at the beginning of `words`.
fn thing(words: &[Word]) -> Option<Vec<Word>> {
    let ends = |it: &Word| {
        it.is(&PREPOSITIONS)
            || it.is_mark()
            || it.is(&["and", "but", "so", "because", "since", "last", "'s", "expire", "lapse"])
    };
    let end = words.iter().position(ends).unwrap_or(words.len());
    let kept: Vec<Word> = words[..end]
        .iter()
        .filter(|it| !values::is_article(&it.low) && !it.is(OWNERS) && !it.is(&["old", "there"]))
        .cloned()
        .collect();
    ((1..=4).contains(&kept.len()) && !kept[0].is(&["i", "we", "he", "she", "it", "they"])).then_some(kept)
}

pub(super) const OWNERS: &[&str] = &["my", "our", "his", "her", "their", "its"];

/// A fact for each word by which the thing can be found again.
fn of_thing(plain: &Plain<'_>, thing: &[Word], around: &BTreeSet<String>, holds: bool) -> Vec<Fact> {
    // Jan is a month, and somebody.
    let is_somebody =
        !holds && matches!(thing, [it] if it.is_capital() && it.is(&["jan", "may", "april", "june", "august"]));
    if !is_somebody
        && values::normal(thing)
            .iter()
            .all(|it| values::is_date_part(it) || values::is_clock(it) || it.bytes().all(|it| it.is_ascii_digit()))
    {
        return Vec::new();
    }
    let named: Vec<&Word> = thing
        .iter()
        .filter(|it| {
            it.raw.chars().any(char::is_uppercase) || it.low.chars().any(|it| it.is_ascii_digit() || it == '.')
        })
        .collect();
    let bare: Vec<String> =
        thing.iter().filter(|it| !values::is_article(&it.low) && !it.is(OWNERS)).map(|it| stem(&it.low)).collect();
    // A price by the month is found by nothing.
    let counts = thing.iter().any(|it| it.low.starts_with(|it: char| it.is_ascii_digit()));
    if named.iter().all(|it| !it.is_capital())
        && counts
        && thing.last().is_some_and(|it| super::value::DURATIONS.contains(&it.low.as_str()))
    {
        return Vec::new();
    }
    let keys: BTreeSet<String> = if named.is_empty() && !holds {
        bare.iter().filter(|it| it.chars().count() > 2).cloned().collect()
    } else if named.is_empty() {
        thing.last().iter().filter(|it| it.low.chars().count() > 2).map(|it| stem(&it.low)).collect()
    } else {
        named
            .iter()
            .filter(|it| it.low.chars().any(char::is_alphabetic))
            .map(|it| stem(&it.low))
            .chain(bare.last().filter(|_| holds).cloned())
            .collect()
    };
    let value = format!("{}{AROUND}{}", bare.join(" "), around.iter().cloned().collect::<Vec<_>>().join(" "));
    keys.into_iter()
        .map(|key| Fact { holds, is_change: !holds, ..plain.says(key, GONE.to_owned(), value.clone(), written(thing)) })
        .collect()
}

/// What is said around the thing: nouns, names and owners. Names keep their capital.
fn around(words: &[Word], thing: &[Word]) -> BTreeSet<String> {
    let is_of_thing = |word: &Word| thing.iter().any(|it| it == word);
    let verb = words.iter().position(|it| it.is(&["is", "are", "am"]) || it.is(&HAVING)).unwrap_or(0);
    words
        .iter()
        .enumerate()
        .filter(|(_, it)| !is_of_thing(it) && !it.is_mark() && !it.is(&PREPOSITIONS) && !values::is_article(&it.low))
        .filter_map(|(at, it)| match it.low.as_str() {
            // `my husband` is somebody else.
            "my" | "our" if words.get(at + 1).is_some_and(|it| KIN.contains(&it.low.as_str())) => None,
            "i" | "my" | "me" | "user" => Some("user".to_owned()),
            "we" | "our" | "us" => Some("we".to_owned()),
            // `the design team` is not all of us.
            "team" | "company" if at == 0 || words[at - 1].is(&["the", "our", "my"]) => Some("we".to_owned()),
            _ if it.is(&HAVING) || it.is(SMALL) => None,
            // `Uma's hotel`: whose it is.
            low if at < 3 && words.get(at + 1).is_some_and(|it| it.low == "'s") => Some(format!("^^{low}")),
            // `my brother's car`: whose it is.
            low if at < verb && KIN.contains(&low) => Some(format!("^{low}")),
            _ if it.is(&SHORT_FOR) => Some(it.low.clone()),
            _ if it.is_capital() && (at > 0 || words.len() > 1 && words[1].low == "'s" || is_name_at_start(words)) => {
                Some(format!("^{}", it.low))
            }
            _ => Some(stem(&it.low)),
        })
        .collect()
}

/// `Tess has …`, not `Images are …`: a single word before the verb.
fn is_name_at_start(words: &[Word]) -> bool {
    // `Search is powered by Solr`: people are married to somebody, and powered by nobody.
    let of_things =
        |it: &Word| it.low.ends_with("ed") && !it.is(&OF_PEOPLE) || it.is(&["written", "run", "built", "kept"]);
    if words.len() > 3 && words[1].is(&["is", "are"]) && of_things(&words[2]) && words[3].is(&PREPOSITIONS) {
        return false;
    }
    words.get(1).is_some_and(|it| {
        it.is(&HAVING)
            || it.is(&[
                "is", "handed", "passed", "broke", "sold", "left", "took", "gave", "quit", "divorced", "replaced",
            ])
    }) && !words[0].low.ends_with('s')
}

pub(super) const SMALL: &[&str] =
    &["is", "are", "am", "'s", "and", "new", "current", "main", "very", "called", "named", "that", "this", "name"];

/// How surely the thing of `old` is given up by `new`.
pub(super) fn is_given_up(old: &Fact, new: &Fact) -> Option<f64> {
    if !old.holds || new.holds {
        return None;
    }
    let (thing, around) = old.value.split_once(AROUND)?;
    let (given, beside) = new.value.split_once(AROUND)?;
    let (beside, scope) = beside.split_once(AROUND).unwrap_or((beside, ""));
    let words =
        |it: &str| -> BTreeSet<String> { it.split(' ').filter(|it| !it.is_empty()).map(str::to_owned).collect() };
    let is_rival = new.subject.starts_with(RIVAL);
    if is_rival && thing == given {
        return None;
    }
    let (thing, given, around, beside) = (words(thing), words(given), words(around), words(beside));
    let bare = |it: &BTreeSet<String>| -> BTreeSet<String> {
        it.iter().map(|it| it.trim_start_matches('^').to_owned()).collect()
    };
    let everything: BTreeSet<String> = thing.union(&bare(&around)).cloned().collect();
    let said: BTreeSet<String> = bare(&beside);
    if !is_rival && (!given.is_subset(&everything) || given.intersection(&thing).next().is_none()) {
        return None;
    }
    // Somebody else's, who is named in the old one and not in the new.
    let mut others = around.iter().filter(|it| it.starts_with('^')).map(|it| it.trim_start_matches('^'));
    if others.any(|it| !said.contains(it) && !given.contains(it)) {
        return None;
    }
    // And whose it is in the new one, by name.
    let is_others =
        |it: &String| it.strip_prefix("^^").or(is_kin(it).then_some(it)).is_some_and(|it| !everything.contains(it));
    if beside.iter().any(is_others) {
        return None;
    }
    // What is given up in one place, or for a while, is there in others.
    let is_within = words(scope).iter().all(|it| everything.iter().any(|other| are_akin(it, &stem(other))));
    let shared = bare(&around).iter().any(|it| !given.contains(it) && said.iter().any(|other| are_akin(it, other)));
    if shared {
        return Some(if is_within { 1.0 } else { 0.6 });
    }
    if new.replaces.as_deref() == Some(FOR_ALL) && thing == given && !around.contains("user") {
        // `is pylint` says what it is, `heats with gas` what it is done with.
        let is_known = around.contains("we") || old.shown.chars().any(|it| it.is_uppercase() || it.is_ascii_digit());
        return Some(if is_known { BY_NAME_ALONE } else { 0.6 });
    }
    // `replaced the halogen lights in the hall`
    if new.replaces.is_some() && thing.is_subset(&given) && given.intersection(&bare(&around)).any(|it| it != "we") {
        return Some(0.6);
    }
    None
}

/// `deploy`, `deployment`; `accountant`, `accounting`.
pub(super) fn are_akin(one: &str, other: &str) -> bool {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    one == other || same >= 5 && one.chars().count() <= same + 4 && other.chars().count() <= same + 4
}

#[cfg(test)]
mod tests {
    use super::super::conflict;
    use super::super::facts;
    use super::GONE;

    /// How surely the second ends the first by what it gives up.
    fn ends(old: &str, new: &str) -> Option<f64> {
        let (olds, news) = (facts(old, None), facts(new, None));
        let mut found: Option<f64> = None;
        for (old, new) in olds.iter().flat_map(|old| news.iter().map(move |new| (old, new))) {
            if new.attribute == GONE && old.attribute == GONE && old.subject == new.subject {
                found = conflict(old, new).into_iter().chain(found).reduce(f64::max);
            }
        }
        found
    }

    #[test]
    fn what_is_replaced_is_found_by_its_name() {
        for (old, new) in [
            ("The build uses Webpack", "We replaced Webpack with Vite"),
            ("Payments go through Adyen", "We switched from Adyen to Stripe"),
            ("Search is powered by Solr", "We exchanged Solr for OpenSearch"),
            ("The linter is pylint", "Ruff has replaced pylint"),
            ("Mail is handled by Postfix", "Postfix made way for Exim"),
            ("Tom maintains the parser", "Eva took the parser over from Tom"),
            ("Maria takes the minutes", "Maria handed the minutes over to Felix"),
            ("We deploy with Ansible", "Deployments are done with Terraform now, not Ansible"),
        ] {
            assert!(
                ends(old, new).is_some_and(|it| it >= super::super::CERTAIN),
                "{old} / {new}: {:?}",
                ends(old, new)
            );
        }
    }

    #[test]
    fn what_is_replaced_elsewhere_or_for_a_while_or_not_at_all_stays() {
        for (old, new) in [
            ("The build uses Webpack", "We replaced Webpack with Vite in the admin app"),
            ("The build uses Webpack", "We plan to replace Webpack with Vite"),
            ("The build uses Webpack", "We have not replaced Webpack"),
            ("The build uses Webpack", "The other team replaced Webpack with Vite"),
            ("The build uses Webpack", "We replaced the Webpack plugin"),
            ("Tom is the maintainer", "Eva took over from Tom for the weekend"),
            ("Tom is the maintainer", "Eva took over from Tom as treasurer"),
            ("Maria takes the minutes", "Felix handed the minutes over to Maria"),
            ("My bank is ING", "My husband switched from ING to N26"),
        ] {
            assert!(ends(old, new).is_none_or(|it| it < super::super::CERTAIN), "{old} / {new}: {:?}", ends(old, new));
        }
    }
}
