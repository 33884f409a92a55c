//! Lays two statements of one subject and verb side by side: whether the later says that the earlier is over.

use super::Fact;
use super::conflict::are_in_many_places;
use super::conflict::are_opposites;
use super::conflict::is_measure;
use super::conflict::is_region;
use super::entries::PERIODS;
use super::entries::are_two_entries;
use super::entries::differ_in_period;
use super::frames::FRAME;
use super::frames::KEY;
use super::frames::THING;
use super::frames::unversioned;
use super::one_slot::one_slot;
use super::tables::ATTRIBUTES;
use super::tables::MANY_AT_ONCE;
use super::tables::PREPOSITIONS;
use super::tables::SEVERAL;
use super::value::DURATIONS;
use super::value::are_rivals;
use super::values;

/// Prepositions that say where something is.
const PLACES: &[&str] = &[
    "in",
    "on",
    "at",
    "under",
    "behind",
    "near",
    "with",
    "inside",
    "below",
    "above",
    "next",
    "im",
    "am",
    "auf",
    "bei",
    "unter",
    "hinter",
    "neben",
    "dans",
    "sur",
    "sous",
    "chez",
    "derrière",
    "à",
    "au",
    "en",
    "bajo",
    "detrás",
    "sobre",
];

/// Participles behind which one thing stands: what is written in Go is not written in Ruby.
const ONE_ONLY: &[&str] = &[
    "hosted",
    "held",
    "written",
    "stored",
    "located",
    "led",
    "kept",
    "based",
    "parked",
    "assigned",
    "named",
    "called",
    "titled",
    "headed",
    "chaired",
    "managed",
    "deployed",
    "registered",
    "gehostet",
    "geschrieben",
    "gespeichert",
    "hébergé",
    "hébergée",
    "stocké",
    "stockée",
    "écrit",
    "alojado",
    "alojada",
    "escrito",
    "guardado",
    "guardada",
];

/// How surely `new` says that `old` is over; both are frames of one subject and verb, or the same thing.
pub(super) fn exclude(old: &Fact, new: &Fact) -> Option<f64> {
    if new.attribute.starts_with(THING) {
        return thing_is_over(old, new);
    }
    // `orders groceries`, `orders our groceries`
    let said = |it: &&str| !it.is_empty() && !matches!(*it, "our" | "my" | "his" | "her" | "their");
    let (one, other): (Vec<&str>, Vec<&str>) =
        (old.value.split(' ').filter(said).collect(), new.value.split(' ').filter(said).collect());
    match (old.holds, new.holds) {
        (false, false) => return None,
        // `no longer takes milk` is about all that is said with it.
        (true, false) => {
            let is_said = |it: &&str| PREPOSITIONS.contains(it) || one.contains(it);
            return other.iter().all(is_said).then_some(1.0);
        }
        (false, true) => return (one == other).then_some(1.0),
        (true, true) => {}
    }
    if new.attribute == KEY {
        let is_part = |a: &[&str], b: &[&str]| a.iter().all(|it| b.contains(it));
        let can_both_be =
            is_part(&one, &other) || is_part(&other, &one) || are_two_entries(&old.value, &new.value) && !new.is_change;
        return (!can_both_be).then_some(1.0);
    }
    // One says more than the other, or the same in another order.
    let is_part = |a: &[&str], b: &[&str]| a.iter().all(|it| b.contains(it));
    if is_part(&one, &other) || is_part(&other, &one) {
        return None;
    }
    // `is 30`, `is 180 cm tall`; `is at 10`, `is with Ana`: two things that are so.
    let is_of = |a: &[&str], b: &[&str]| {
        let is_hour = matches!(b, ["at", hour, ..] if is_quantity(hour));
        is_measure(a) && !is_measure(b) && is_quantity(b[0]) || a.first() == Some(&"with") && is_hour
    };
    if !new.is_change && !one.is_empty() && !other.is_empty() && (is_of(&one, &other) || is_of(&other, &one)) {
        return None;
    }
    // Who switched to a diet and to an editor did two things.
    let moved = |it: &[&str]| it.starts_with(&["moved", "to"]);
    if moved(&one) && moved(&other) && (old.many || new.many) {
        return None;
    }
    if let Some(sure) = elsewhere(old, new, &one, &other) {
        return Some(sure);
    }
    let first = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let last = one[first..].iter().rev().zip(other[first..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (left, right) = (&one[first..one.len() - last], &other[first..other.len() - last]);
    if left.is_empty() || right.is_empty() || left.len() > 5 || right.len() > 5 {
        return None;
    }
    if new.replaces.as_ref().is_some_and(|it| it.split(' ').all(|it| left.contains(&it))) {
        return Some(1.0);
    }
    if is_rhythm(&one[first.saturating_sub(1)..]) && is_rhythm(&other[first.saturating_sub(1)..]) && first > 1 {
        return Some(0.9);
    }
    // `refreshed nightly`, `refreshed every six hours`
    if !new.many && first > 0 && is_rhythm(left) && is_rhythm(right) {
        return Some(0.9);
    }
    let around: Vec<&str> = one[..first].iter().chain(&one[one.len() - last..]).copied().collect();
    let verb = &new.attribute[FRAME.len_utf8()..];
    if differ_in_period(&old.value, &new.value) {
        return None;
    }
    if let Some(sure) = quantities(left, right, &one, first, last, verb, new.is_change) {
        return sure;
    }
    let sure = things_differ(old, new, verb, left, right, &around);
    let is_chosen = sure.is_some() && are_rivals(&left.join(" "), &right.join(" "));
    match sure {
        Some(sure) if sure >= 0.8 || is_chosen => Some(sure),
        _ => one_slot(old, new, verb, &one[..first], left, right).or(sure),
    }
}

/// `every week`, `every 2 weeks`, `twice a day`: how often it is.
fn is_rhythm(said: &[&str]) -> bool {
    let is_unit = |it: &&str| {
        matches!(it.trim_end_matches('s'), "hour" | "day" | "week" | "month" | "year" | "time" | "other" | "second")
    };
    matches!(said, ["nightly" | "hourly" | "daily" | "weekly" | "monthly"])
        || said.len() > 1
            && matches!(said[0], "every" | "each" | "once" | "twice" | "3" | "4" | "5")
            && said[1..].iter().all(|it| is_unit(it) || it.bytes().all(|it| it.is_ascii_digit()))
}

/// `was moved to X`: what was hosted, kept or somewhere is not there any more.
fn elsewhere(old: &Fact, new: &Fact, one: &[&str], other: &[&str]) -> Option<f64> {
    let (["moved", "to", _, ..], [first, ..]) = (other, one) else { return None };
    let was_somewhere = one.len() > 1 && (ONE_ONLY.contains(first) || PLACES.contains(first));
    let is_time = one.iter().any(|it| values::is_date_part(it) || values::is_clock(it));
    (was_somewhere && !is_time && !old.many && !new.many).then_some(0.9)
}

/// A thing that was named before is over, or is there in another version.
fn thing_is_over(old: &Fact, new: &Fact) -> Option<f64> {
    match (old.holds, new.holds) {
        (true, false) => (old.value == new.value || unversioned(&old.value) == new.value).then_some(1.0),
        (true, true) => (new.is_change
            && old.value != new.value
            && unversioned(&old.value) != old.value
            && unversioned(&new.value) != new.value)
            .then_some(1.0),
        _ => None,
    }
}

/// Whether both sides are quantities, and then how surely one excludes the other.
#[expect(clippy::option_option, reason = "no quantities, and quantities that can both be so, are two answers")]
fn quantities(
    left: &[&str],
    right: &[&str],
    one: &[&str],
    first: usize,
    last: usize,
    verb: &str,
    renews: bool,
) -> Option<Option<f64>> {
    let is_unit = |it: &&str| DURATIONS.contains(it) || UNITS.contains(it);
    let all =
        |side: &[&str]| side.iter().all(|it| is_quantity(it) || is_unit(it)) && side.iter().any(|it| is_quantity(it));
    // `one approval`, `two approvals`.
    let same_thing = matches!((left, right), ([a, one], [b, other]) if is_quantity(a) && is_quantity(b)
        && one.trim_end_matches('s') == other.trim_end_matches('s'));
    if !same_thing && (!all(left) || !all(right)) {
        return None;
    }
    let both = || left.iter().chain(right);
    // 14 minutes and 3 GB are two things.
    if let (Some(one), Some(other)) = (dimension(left), dimension(right))
        && one != other
    {
        return Some(None);
    }
    // Who owes 15 and who owes 20 owes 35.
    if ADDING.contains(&verb) && !renews {
        return Some(Some(0.6));
    }
    // A bus leaves more than once.
    if DEPARTS.contains(&verb)
        && both().any(|it| values::is_clock(it) || it.bytes().all(|it| it.is_ascii_digit()))
        && !renews
    {
        return Some(Some(0.6));
    }
    // A weekday or a date is one of several that there may be.
    if both().any(|it| values::is_date_part(it)) {
        return Some(Some(if renews { 1.0 } else { 0.6 }));
    }
    // `ticket 101`, `chapter 3`: a number behind a noun is a name.
    let before = first.checked_sub(1).and_then(|it| one.get(it)).copied().unwrap_or_default();
    let behind = one.get(one.len() - last).copied().unwrap_or_default();
    let is_plain = both().all(|it| it.bytes().all(|it| it.is_ascii_digit() || it == b'.'));
    let is_noun = !before.is_empty()
        && before.chars().all(char::is_alphabetic)
        && !PREPOSITIONS.contains(&before)
        && !NUMBERED.contains(&before);
    // `room 4`, `hall B`: one is in one of them at a time.
    if ROOMS.contains(&before) {
        return Some(Some(1.0));
    }
    // Fed at 7 and at 18, open from 8 and from 14: once in each half of the day.
    if !renews
        && matches!(before, "at" | "um" | "à" | "las")
        && in_two_halves(left, right)
        && (verb != "be" || first > 1)
    {
        return Some(Some(0.6));
    }
    // `is assigned to ticket 12`: and to another.
    if is_plain && is_work(before) && first > 1 && !renews {
        return Some(Some(0.6));
    }
    let is_name = is_plain && is_noun && !is_unit(&behind);
    // `accepts v1` and `accepts v2` can both be.
    let is_version =
        both().any(|it| it.strip_prefix('v').is_some_and(|it| it.starts_with(|it: char| it.is_ascii_digit())));
    if (is_name || is_version) && !renews && !OF_ONE.contains(&verb) {
        return Some(Some(0.6));
    }
    Some(Some(1.0))
}

/// Nouns of work of which somebody has several.
pub(super) fn is_work(noun: &str) -> bool {
    matches!(noun, "ticket" | "issue" | "task" | "bug" | "case" | "order" | "story" | "incident" | "pr")
}

/// Whether one hour is in the morning, and one past noon.
pub(super) fn in_two_halves(one: &[&str], other: &[&str]) -> bool {
    let hour = |side: &[&str]| -> Option<u8> {
        let first = side.first()?.split(':').next()?;
        let digits = first.trim_end_matches(|it: char| it.is_alphabetic());
        let late = first.ends_with("pm") || side.contains(&"pm");
        digits.parse::<u8>().ok().filter(|it| *it <= 24).map(|it| if late && it < 12 { it + 12 } else { it })
    };
    matches!((hour(one), hour(other)), (Some(a), Some(b)) if (a < 12) != (b < 12))
}

/// Verbs of which each amount is one more.
const ADDING: &[&str] = &["owe", "lend", "donate", "win", "borrow", "schuldet", "doit", "debe"];

/// What buses, trains and ferries do, each at many hours.
const DEPARTS: &[&str] = &["leave", "depart", "arrive", "go", "come", "sail", "fly", "stop", "call", "text", "ring"];

/// Verbs that are said of one version at a time.
const OF_ONE: &[&str] = &["be", "use", "run", "target", "require", "need", "utilise", "usa", "verwendet", "nutzt"];

/// Nouns behind which a number or a letter says in which of them something is.
pub(super) const ROOMS: &[&str] = &[
    "room",
    "hall",
    "gate",
    "seat",
    "lane",
    "row",
    "platform",
    "building",
    "track",
    "studio",
    "auditorium",
    "lab",
    "raum",
    "saal",
    "halle",
    "zimmer",
    "gleis",
    "salle",
    "quai",
    "voie",
    "porte",
    "sala",
    "aula",
    "andén",
    "puerta",
];

/// Nouns behind which a number says how much, not which.
const NUMBERED: &[&str] = &["version", "level", "size", "to", "only", "exactly", "least", "most", "than", "release"];

/// Measures that may stand on both sides, and not the same: `500 mb` and `2 gb`.
pub(super) const UNITS: &[&str] = &[
    "kb", "mb", "gb", "tb", "kg", "g", "lbs", "km", "m", "cm", "ms", "euros", "euro", "dollars", "usd", "eur", "am",
    "pm", "percent", "uhr", "seconds", "minutes", "hours", "floor",
];

/// What a quantity measures, when it says so.
pub(super) fn dimension(side: &[&str]) -> Option<usize> {
    const DIMENSIONS: [&[&str]; 5] = [
        DURATIONS,
        &["kb", "mb", "gb", "tb", "k", "m", "g"],
        &["kg", "lbs", "pounds", "kilos"],
        &["km", "cm", "miles"],
        &["euros", "euro", "dollars", "usd", "eur"],
    ];
    side.iter().find_map(|it| {
        let unit = it.trim_start_matches(|it: char| it.is_ascii_digit() || matches!(it, '.' | ','));
        DIMENSIONS.iter().position(|units| !unit.is_empty() && units.contains(&unit))
    })
}

pub(super) fn is_quantity(part: &str) -> bool {
    const ORDINALS: &[&str] = &[
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "ersten",
        "zweiten",
        "dritten",
        "vierten",
        "fünften",
        "premier",
        "deuxième",
        "troisième",
        "quatrième",
        "primer",
        "primero",
        "segundo",
        "tercer",
        "tercero",
        "cuarto",
        "quinto",
        "monatlich",
        "noon",
        "midnight",
        "midi",
        "minuit",
        "mittag",
        "mediodía",
    ];
    let bare = part.trim_start_matches(['$', '€', '£', 'v', '~', '<', '>', '≤', '≥']);
    let bare = bare.trim_end_matches(|it: char| it.is_alphabetic() || "%€$£°".contains(it));
    let unit = part.len() - part.find(bare).unwrap_or(0) - bare.len();
    ORDINALS.contains(&part)
        || values::is_date_part(part)
        || values::is_clock(part)
        || !bare.is_empty()
            && unit <= 5
            && bare.bytes().all(|it| it.is_ascii_digit() || matches!(it, b'.' | b',' | b':' | b'-'))
}

/// How surely one thing stands in place of another.
fn things_differ(old: &Fact, new: &Fact, verb: &str, left: &[&str], right: &[&str], around: &[&str]) -> Option<f64> {
    // `The model we call for summaries is`: the link can stand in what both say.
    let ends_in_link = |it: &&str| ["is", "are"].contains(it);
    let inner = around.iter().rposition(ends_in_link);
    let around = inner.map_or(around, |at| &around[at + 1..]);
    let is_link = inner.is_some() || matches!(verb, "be" | "sein" | "être" | "ser");
    let several = SEVERAL.contains(&verb);
    let may_be_many = old.many || new.many;
    let tells = around.iter().any(|it| {
        it.chars().count() > 2 && !PREPOSITIONS.contains(it) && !PARTICLES.contains(it) && !PERIODS.contains(it)
    });
    let renews = new.is_change;
    let side = |it: &[&str]| it.join(" ");
    let (first, second) = (side(left), side(right));
    if is_region(&first) != is_region(&second) && around.iter().any(|it| PLACES.contains(it)) {
        return Some(0.6);
    }
    // A time on one side and none on the other: two things are said.
    let is_temporal = |it: &[&str]| it.iter().any(|it| values::is_date_part(it) || values::is_clock(it));
    if is_temporal(left) != is_temporal(right) {
        return renews.then_some(0.6);
    }
    // Days and hours that are said in two ways are the matter of who knows the event.
    if is_temporal(left) && !renews {
        return None;
    }
    // `trains on Tuesdays and Thursdays`, `now trains on Mondays`; `twice a week`, `once a week now`.
    let is_often = |it: &[&str]| {
        let is_word = |it: &&str| {
            matches!(
                *it,
                "once"
                    | "twice"
                    | "times"
                    | "daily"
                    | "weekly"
                    | "monthly"
                    | "every"
                    | "week"
                    | "month"
                    | "day"
                    | "other"
            )
        };
        it.iter().any(is_word) && it.iter().all(|it| is_word(it) || is_quantity(it))
    };
    let is_when = |it: &[&str]| {
        it.iter().all(|it| {
            is_quantity(it)
                || matches!(*it, "and" | "at" | "on" | "every" | "pm" | "am" | "from" | "to" | "in")
                || matches!(it.trim_end_matches('s'), "morning" | "afternoon" | "evening" | "night")
        })
    };
    if renews && (is_when(left) && is_when(right) || is_often(left) && is_often(right)) {
        return Some(0.9);
    }
    let is_taste = several && !CHOOSES.contains(&verb);
    let opposite = left.len() == 1 && right.len() == 1 && are_opposites(left[0], right[0]);
    // `compatible with Vim` says nothing of Emacs.
    let is_open = is_link && around.first().is_some_and(|it| MANY_AT_ONCE.contains(it));
    let are_rivals = are_rivals(&first, &second)
        && (renews || !are_in_many_places(&new.subject, verb, second.trim_start_matches("on ")));
    if (are_rivals || opposite && !is_link) && !is_open {
        // Who speaks Spanish now may speak German still.
        let is_of_many =
            matches!(verb, "speak" | "learn" | "know" | "like" | "love" | "enjoy" | "drink" | "eat" | "watch");
        // Who codes in Go may code in Rust beside it; to prefer is to choose, and so is to bundle the app with one.
        let is_beside = are_rivals
            && !renews
            && !is_link
            && !tells
            && !PREFERS.iter().any(|it| verb.starts_with(it))
            && (may_be_many || CHOOSES.contains(&verb));
        return if is_taste && is_of_many {
            renews.then_some(0.6)
        } else {
            (!is_taste || renews).then_some(if is_beside { 0.6 } else { 1.0 })
        };
    }
    let (begins, starts) = (left[0], right[0]);
    // `in hall B`: what is in one hall is in no other.
    if around.last().is_some_and(|it| ROOMS.contains(it)) && !may_be_many && left.len() == 1 && right.len() == 1 {
        return Some(0.9);
    }
    let is_place = |it: &str| PLACES.contains(&it);
    // `Ralf Sievers`, `Britta Jahn`: two words with capitals name somebody in any language.
    let full = |fact: &Fact, it: &[&str]| it.len() == 2 && it.iter().all(|it| is_capital(&fact.shown, it));
    if is_link && around.is_empty() && !may_be_many && full(old, left) && full(new, right) {
        return Some(0.9);
    }
    // `go to bed`, `go running`; `hosted on`, `written in`: two things.
    if begins != starts
        && around.is_empty()
        && (LIGHT.contains(&verb) || ONE_ONLY.contains(&begins) && ONE_ONLY.contains(&starts))
    {
        return renews.then_some(0.45);
    }
    if renews {
        let known = |fact: &Fact, it: &[&str]| verb != "sein" && it.iter().any(|it| is_named(&fact.shown, it));
        let is_attribute = new.subject.split(' ').next_back().is_some_and(|it| ATTRIBUTES.contains(it));
        return if is_link {
            if is_attribute && around.is_empty() && is_place(begins) == is_place(starts)
                || !may_be_many && (!around.is_empty() || known(old, left) && known(new, right))
                || tells && is_place(begins) == is_place(starts)
                || is_place(begins) && is_place(starts) && !may_be_many
            {
                Some(0.9)
            } else {
                (!may_be_many && left.len() <= 3 && right.len() <= 3 && is_place(begins) == is_place(starts))
                    .then_some(0.65)
            }
        } else if around.last() == Some(&"with")
            && left.iter().chain(right).all(|it| !is_capital(&old.shown, it) && !is_capital(&new.shown, it))
        {
            // `cooks with butter`, `cooks with ghee now`
            Some(0.9)
        } else if tells || !several && is_place(begins) == is_place(starts) {
            Some(0.9)
        } else {
            // It is so now: of many things that can be said at once, likely instead of the other.
            Some(0.45)
        };
    }
    if is_link {
        // `is written in`, `is hosted on`.
        let is_called_by = around.contains(&"by") && around.iter().any(|it| matches!(*it, "called" | "named"));
        let is_joined_alike = PREPOSITIONS.contains(&begins) == PREPOSITIONS.contains(&starts);
        if !is_called_by
            && is_joined_alike
            && around.iter().any(|it| ONE_ONLY.contains(it))
            && left.len() <= 3
            && right.len() <= 3
        {
            return Some(if may_be_many { 0.6 } else { 0.9 });
        }
        if may_be_many {
            return None;
        }
        if is_place(begins) && is_place(starts) && around.is_empty() {
            return Some(0.9);
        }
        // `The plumber is Pete`: one certain thing that is somebody or something by name.
        let named = |fact: &Fact, it: &str| is_named(&fact.shown, it) && (verb != "sein" || has_sign(it));
        let only = around.is_empty() || around.iter().all(|it| PREPOSITIONS.contains(it));
        return (only && named(old, begins) && named(new, starts)).then_some(0.9);
    }
    // The same verb with the same words around another thing: likely, and no more.
    let is_joined = |it: &str| PREPOSITIONS.contains(&it);
    (tells && !several && !may_be_many && is_joined(begins) == is_joined(starts)).then_some(0.6)
}

/// Verbs that say little without the word behind them.
const LIGHT: &[&str] = &["go", "get", "come", "do", "make", "give", "put", "turn", "look", "set", "call"];

/// Small words that say nothing of what it is about: `off to`, `back at`.
const PARTICLES: &[&str] = &[
    "off", "out", "back", "down", "away", "going", "able", "very", "not", "just", "really", "all", "glad", "happy",
    "sure",
];

/// How the verbs of choosing one begin.
const PREFERS: &[&str] = &["prefer", "bevorzug", "préf", "prefier", "want", "recommend"];

/// Verbs of which several things can be said, but of rivals one.
const CHOOSES: &[&str] = &[
    "prefer",
    "use",
    "want",
    "need",
    "require",
    "recommend",
    "bevorzugt",
    "bevorzuge",
    "verwendet",
    "verwende",
    "nutzt",
    "nutze",
    "benutzt",
    "préfère",
    "préfèrent",
    "utilise",
    "utilisent",
    "prefiere",
    "prefieren",
    "prefiero",
    "usa",
    "usan",
    "utiliza",
];

/// Whether `part` is written with a capital in `shown`, or is a name in a program.
fn is_named(shown: &str, part: &str) -> bool {
    has_sign(part) || is_capital(shown, part)
}

pub(super) fn is_capital(shown: &str, part: &str) -> bool {
    let begins = |it: &str| it.chars().next().is_some_and(char::is_uppercase);
    shown.split(' ').any(|it| it.to_lowercase() == part && begins(it))
}

fn has_sign(part: &str) -> bool {
    part.chars().skip(1).any(|it| it.is_ascii_digit() || matches!(it, '-' | '_' | '.' | '/'))
        && part.chars().any(char::is_alphabetic)
}
