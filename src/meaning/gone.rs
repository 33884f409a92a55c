//! What a statement gives up: `I traded in my Civic`, `instead of Lisbon`, `took over on-call from Alice`. The older
//! statement that names it for the same owner, or with the same words around it, is over, whatever its verb was.

use std::collections::BTreeSet;

use super::Fact;
use super::frames::Plain;
use super::frames::is_verb;
use super::tables::PREPOSITIONS;
use super::tables::RIVALS;
use super::tables::VERBS;
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
    if let Some(chosen) = chosen(words)
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
        let around = around(words, &[]);
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
    let (verb, is_link, is_having) = match (first(|it| it.is(&["is", "are", "am"]) || it.is(HAVING)), first(is_verb)) {
        (Some(at), _) => (at, words[at].is(&["is", "are", "am"]), true),
        (None, Some(at)) => (at, false, false),
        (None, None) if is_we => (1, false, false),
        (None, None) => return Vec::new(),
    };
    let (subject, said) = (&words[..verb], &words[verb + 1..]);
    let mut things: Vec<&[Word]> = said
        .split(|it| it.is(&PREPOSITIONS) || it.is_mark() || it.is(&["and", "or", "as", "called", "named"]))
        .filter(|it| (1..=4).contains(&it.len()) && (is_having || is_named(it)))
        .take(if is_having { 2 } else { 1 })
        .collect();
    // `Alice is the on-call engineer`: she has a part that somebody else can take.
    let is_role =
        said.first().is_some_and(|it| it.is(&["the", "our", "my"])) || said.get(1).is_some_and(|it| it.low == "of");
    if is_link && is_role && subject.len() <= 3 {
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
fn chosen(words: &[Word]) -> Option<&[Word]> {
    let verb = (1..words.len().min(4)).find(|at| words[*at].is(&["migrated", "switched", "moved", "changed"]))?;
    let is_own = words[..verb].iter().all(|it| it.is(&["we", "i", "have", "has", "the", "team", "user", "just"]));
    let thing = words.get(verb + 2..).filter(|_| words[verb + 1].low == "to")?;
    (is_own && (1..=3).contains(&thing.len()) && !thing.iter().any(|it| it.is(&PREPOSITIONS) || it.is_mark()))
        .then_some(thing)
}

/// Verbs behind which stands what somebody has, uses or belongs to.
const HAVING: &[&str] = &[
    "has",
    "have",
    "uses",
    "use",
    "drives",
    "drive",
    "owns",
    "own",
    "runs",
    "run",
    "stores",
    "store",
    "hosts",
    "host",
    "rents",
    "rent",
    "lives",
    "live",
    "works",
    "work",
    "studies",
    "study",
    "needs",
    "requires",
    "rides",
    "ride",
    "keeps",
    "keep",
    "hold",
    "holds",
    "takes",
    "take",
    "goes",
    "go",
    "attends",
    "attend",
    "wears",
    "plays",
    "play",
    "subscribes",
    "banks",
    "depends",
];

/// Phrases behind which stands what is given up.
const BEFORE_IT: &[&[&str]] = &[
    &["sold"],
    &["cancelled"],
    &["canceled"],
    &["quit"],
    &["ditched"],
    &["dropped"],
    &["abandoned"],
    &["gave", "up"],
    &["gave", "away"],
    &["given", "up"],
    &["got", "rid", "of"],
    &["moved", "off"],
    &["moved", "away", "from"],
    &["migrated", "off"],
    &["migrated", "away", "from"],
    &["switched", "away", "from"],
    &["switched", "from"],
    &["broke", "up", "with"],
    &["split", "up", "with"],
    &["parted", "ways", "with"],
    &["divorced"],
    &["let"],
    &["replaced"],
    &["replacing"],
    &["to", "replace"],
    &["in", "place", "of"],
    &["swapped"],
    &["swapped", "out"],
    &["traded", "in"],
    &["traded"],
    &["stopped", "using"],
    &["instead", "of"],
    &["rather", "than"],
    &["uninstalled"],
    &["removed"],
    &["decommissioned"],
    &["phased", "out"],
    &["unsubscribed", "from"],
    &["resigned", "from"],
    &["left"],
    &["succeeded"],
    &["fired"],
    &["retired"],
    &["outgrew"],
    &["ripped", "out"],
    &["threw", "out"],
    &["got", "off"],
];

/// Phrases in front of which stands who or what is gone.
const BEHIND_IT: &[&[&str]] = &[
    &["stepped", "down"],
    &["resigned"],
    &["retired"],
    &["died"],
    &["passed", "away"],
    &["was", "sold"],
    &["was", "fired"],
    &["was", "decommissioned"],
    &["was", "retired"],
    &["quit"],
    &["left"],
    &["is", "gone"],
    &["was", "replaced"],
    &["has", "been", "replaced"],
    &["was", "discontinued"],
    &["made", "way", "for"],
    &["gave", "way", "to"],
    &["is", "out"],
    &["closed", "down"],
    &["shut", "down"],
];

/// Words of what is wished, planned or talked about, and has not been done.
pub(super) const WISHED: &[&str] = &[
    "want",
    "wants",
    "wanted",
    "plan",
    "plans",
    "planned",
    "planning",
    "might",
    "could",
    "should",
    "would",
    "will",
    "consider",
    "considered",
    "considering",
    "talked",
    "discussed",
    "thought",
    "thinking",
    "hope",
    "hopes",
    "tried",
    "proposed",
    "suggested",
    "need",
    "needs",
    "intend",
    "almost",
    "nearly",
];

/// The nouns of what a thing is given up for or in, and no more: `in the admin app`, `as treasurer`, `for a day`.
pub(super) fn scope(words: &[Word]) -> Vec<String> {
    let mut found = Vec::new();
    // `dropped A for B`
    let mut is_for = words.iter().any(|it| {
        it.is(&["dropped", "left", "ditched", "swapped", "traded", "exchanged", "abandoned", "quit", "made", "gave"])
    });
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
        if !word.is(&["in", "on", "at", "for", "as", "during", "while", "when", "until", "within", "across", "after"])
            || next.is_none_or(is_time)
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
        [who, ..] if who.is(&["we", "i"]) => true,
        [the, who, ..] if the.is(&["the", "our"]) && who.is(&["team", "company"]) => true,
        // `Flocke died`, `Jira is out`
        [gone, verb, ..] if gone.is_capital() && verb.is(&["died", "passed", "retired", "closed", "shut"]) => true,
        // `Ruff replaced pylint`
        [new, verb, old, ..] | [new, _, verb, old]
            if verb.is(&["replaced", "replaces", "superseded"]) && new.is_capital() =>
        {
            !old.is(OWNERS) && !words.iter().take(3).any(|it| it.is(&["'s", "the", "my", "our"]))
        }
        _ => false,
    }
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
        |at: usize| !words[..at].iter().any(|it| it.is(WISHED)) && !plain.negations.iter().any(|it| *it <= at);
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
            && words.get(at + 1).is_some_and(|it| it.low == "over")
            && let Some(from) = words[at..].iter().position(|it| it.low == "from")
            && is_done(at)
        {
            found.extend(thing(&words[at + from + 1..]));
        }
        if at > 0 && BEHIND_IT.iter().any(|it| begins(at, it)) && is_done(at) {
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

const OWNERS: &[&str] = &["my", "our", "his", "her", "their", "its"];

/// A fact for each word by which the thing can be found again.
fn of_thing(plain: &Plain<'_>, thing: &[Word], around: &BTreeSet<String>, holds: bool) -> Vec<Fact> {
    if values::normal(thing)
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
    let verb = words.iter().position(|it| it.is(&["is", "are", "am"]) || it.is(HAVING)).unwrap_or(0);
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
            _ if it.is(HAVING) || it.is(SMALL) => None,
            // `Uma's hotel`: whose it is.
            low if at < 3 && words.get(at + 1).is_some_and(|it| it.low == "'s") => Some(format!("^^{low}")),
            // `my brother's car`: whose it is.
            low if at < verb && KIN.contains(&low) => Some(format!("^{low}")),
            _ if it.is_capital() && (at > 0 || words.len() > 1 && words[1].low == "'s" || is_name_at_start(words)) => {
                Some(format!("^{}", it.low))
            }
            _ => Some(stem(&it.low)),
        })
        .collect()
}

/// `Tess has …`, not `Images are …`: a single word before the verb.
fn is_name_at_start(words: &[Word]) -> bool {
    words.get(1).is_some_and(|it| {
        it.is(HAVING)
            || it.is(&[
                "is", "handed", "passed", "broke", "sold", "left", "took", "gave", "quit", "divorced", "replaced",
            ])
    }) && !words[0].low.ends_with('s')
}

const SMALL: &[&str] =
    &["is", "are", "am", "'s", "and", "new", "current", "main", "very", "called", "named", "that", "this", "name"];

/// Whether it is a noun for somebody of the family or a friend.
pub(super) fn is_kin(noun: &str) -> bool {
    KIN.contains(&stem(noun).as_str())
}

/// Nouns of people whose things are not one's own.
const KIN: &[&str] = &[
    "brother",
    "sister",
    "mother",
    "father",
    "mom",
    "dad",
    "wife",
    "husband",
    "son",
    "daughter",
    "friend",
    "parent",
    "aunt",
    "uncle",
    "cousin",
    "colleague",
    "neighbor",
    "neighbour",
    "boss",
    "partner",
    "roommate",
    "child",
    "kid",
    "grandmother",
    "grandfather",
    "grandma",
    "grandpa",
    "boyfriend",
    "girlfriend",
];

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
    None
}

/// `deploy`, `deployment`; `accountant`, `accounting`.
pub(super) fn are_akin(one: &str, other: &str) -> bool {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    one == other || same >= 5 && one.chars().count() <= same + 4 && other.chars().count() <= same + 4
}
