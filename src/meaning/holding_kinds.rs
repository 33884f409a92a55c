//! What can fill a holding: a street is no employer, and what costs 12 euros is not 12 years old.

use super::conflict::is_region;
use super::sides::ROOMS;
use super::sides::is_quantity;
use super::tables::BANKS;
use super::tables::CROWDS;
use super::tables::FREQUENT;
use super::tables::JOBS;
use super::tables::POSITIONS;
use super::tables::PREPOSITIONS;
use super::tables::STATES;
use super::tables::rows;
use super::topic::stem;
use super::value::DURATIONS;
use super::value::Value;
use super::value::is_version;
use super::values;
use super::words::Word;

/// What fills a holding.
#[derive(Clone, Debug)]
pub(super) struct Filling {
    pub(super) value: Value,
    /// Of which sort it is, where each sort has one: `phone`, `engineers`.
    pub(super) of: Option<String>,
}

/// Words of a value.
const LONGEST: usize = 6;

#[cfg(test)]
pub(super) fn is_known(kind: &str) -> bool {
    [
        "any", "name", "place", "street", "job", "work", "subject", "diet", "gymname", "bank", "device", "time",
        "money", "who", "url", "often", "cash", "school", "position", "pet", "child", "tongue", "role", "phone",
        "zone", "number", "release", "room", "spot", "count", "thing", "plan", "status", "field", "tier", "crew",
    ]
    .contains(&kind)
}

/// What `words` fill, when they are of that kind.
pub(super) fn fills(kind: &str, words: &[Word]) -> Option<Filling> {
    let words = match words {
        [first, rest @ ..] if !rest.is_empty() && (values::is_article(&first.low) || first.is(OWNERS)) => rest,
        all => all,
    };
    let first = words.first()?;
    if first.is_mark() || first.is(&["to", "be", "not", "been", "that", "it", "very", "so", "too"]) && kind != "any" {
        return None;
    }
    let value = match kind {
        // How it is joined is a part of where it is.
        "spot" => Value { words: words.to_vec(), purpose: None, replaces: None, rest: 0 },
        "name" | "place" | "thing" | "who" | "zone" => {
            let mut value = Value::of(words, false, None)?;
            value.cut_at(&["in", "at", "on"]);
            value
        }
        _ => Value::of(words, false, None)?,
    };
    if value.words.is_empty() || value.words.len() > LONGEST || value.words.iter().any(Word::is_mark) {
        return None;
    }
    let normal = value.normal();
    let parts: Vec<&str> = normal.split(' ').collect();
    let low = |at: usize| value.words.get(at).map(|it| it.low.as_str()).unwrap_or_default();
    let last = value.words.last().map(|it| it.low.as_str()).unwrap_or_default();
    let begins_with_name = value.is_name() && !is_quantity(parts[0]);
    let is_time = value.is_temporal();
    let is_one_of = |table: &[&str]| table.iter().any(|it| parts.contains(it) || normal == *it);
    // `in hall A on Mondays`: in another one on Fridays.
    let names_day = parts.iter().any(|it| values::is_date_part(it));
    if names_day && kind != "time" {
        return None;
    }
    let mut of = None;
    let fits = match kind {
        "any" => value.words.len() <= 5 && !first.is(&["be"]),
        // Who plays in a team can be in another at work.
        "crew" => value.words.len() <= 3 && !value.words.iter().any(|it| it.is(PASTIMES)),
        "thing" => value.words.len() <= 4 && !is_time && !first.is(&PREPOSITIONS),
        "subject" => value.words.len() <= 4 && !is_time && !is_quantity(parts[0]) && !first.is(&PREPOSITIONS),
        // `switched to law`, not `switched to Vim`
        "field" => value.words.len() <= 5 && !begins_with_name && !is_quantity(parts[0]) && !first.is(&PREPOSITIONS),
        "name" => begins_with_name && !is_time && !first.is(&PREPOSITIONS) && !is_url(&normal),
        "place" => {
            (begins_with_name || is_region(&normal))
                && !is_time
                && !is_url(&normal)
                && !is_head(last)
                && !first.is(&PREPOSITIONS)
        }
        "street" => {
            is_quantity(parts[0]) && value.words.len() > 1 && value.words[1].is_capital() && !is_time
                || value.words.len() > 1
                    && value.words[0].is_capital()
                    && is_quantity(low(value.words.len() - 1))
                    && !is_time
        }
        "job" => JOBS.contains(&job(&value.words)),
        "work" => {
            let noun = job(&value.words);
            JOBS.contains(&noun)
                || noun.len() > 4
                    && ["er", "or", "ist", "ian", "ant", "eur", "euse", "erin", "ess"]
                        .iter()
                        .any(|it| noun.ends_with(it))
        }
        "diet" => STATES.iter().any(|it| it.0 == "diet" && it.1.contains(&normal.as_str())),
        "gymname" => {
            begins_with_name && ["fit", "gym", "sport", "yoga", "pilates"].iter().any(|it| normal.contains(it))
        }
        "bank" => {
            begins_with_name
                && (is_one_of(&BANKS) || ["bank", "sparkasse", "banque"].iter().any(|it| normal.contains(it)))
        }
        "device" => {
            of = rows("devices")
                .iter()
                .find(|it| {
                    it.items
                        .iter()
                        .any(|it| normal.split(' ').any(|part| part == *it) || normal.contains(it) && it.contains(' '))
                })
                .map(|it| it.key.to_owned());
            of.is_some()
        }
        "often" => !is_time && (FREQUENT.contains(&normal.as_str()) || is_every(&parts)),
        "phone" => {
            normal.chars().filter(char::is_ascii_digit).count() > 5 && normal.chars().all(|it| !it.is_alphabetic())
        }
        "time" => is_time || is_year_or_quarter(&normal) || FREQUENT.contains(&normal.as_str()) || is_every(&parts),
        "school" => begins_with_name && SCHOOLS.contains(&last),
        // `CEO of Orion` is one of several that somebody can be.
        "role" => JOBS.contains(&last) && !value.words.iter().any(|it| it.is(&PREPOSITIONS)),
        "pet" => value.words.last().is_some_and(|it| PETS.contains(&stem(&it.low).as_str())),
        "child" => value.words.last().is_some_and(|it| {
            ["son", "daughter", "child", "children", "kid", "baby", "boy", "girl", "twin"]
                .contains(&stem(&it.low).as_str())
        }),
        "tongue" => TONGUES.contains(&normal.as_str()),
        "position" => POSITIONS.contains(&normal.as_str()),
        "cash" => {
            is_quantity(parts[0])
                && (normal.contains(['$', '€', '£']) || parts[1..].iter().any(|it| CURRENCIES[..14].contains(it)))
        }
        "money" => {
            is_quantity(parts[0])
                && !is_time
                && !parts.get(1).is_some_and(|it| DURATIONS.contains(it) && value.words.len() == 2)
                && (parts.len() == 1
                    || normal.contains(['$', '€', '£'])
                    || parts[1..].iter().any(|it| CURRENCIES.contains(it)))
        }
        "who" => {
            value.words.iter().all(Word::is_capital) && value.words.len() <= 3 && !is_time
                || matches!(last, "team" | "squad" | "department" | "group" | "guild") && value.words.len() <= 4
        }
        "url" => is_url(&normal) && value.words.len() == 1,
        "zone" => {
            value.words.len() <= 2
                && begins_with_name
                && !is_url(&normal)
                && !is_time
                && (is_region(&normal) || normal.contains('-') || first.is_capital())
                && !is_head(last)
        }
        "number" => value.words.len() == 1 && normal.bytes().all(|it| it.is_ascii_digit()),
        "release" => {
            is_version(&value)
                || normal.contains('.')
                    && normal.trim_start_matches('v').starts_with(|it: char| it.is_ascii_digit())
                    && value.words.len() == 1
        }
        "room" => value
            .words
            .iter()
            .any(|it| it.is(ROOMS) || it.is(&["cafeteria", "lobby", "basement", "library", "kitchen", "lounge"])),
        "spot" => {
            value.words.len() > 1
                && first.is(SPOTS)
                && !values::normal(&value.words[1..]).iter().all(|it| {
                    values::is_date_part(it) || values::is_clock(it) || it.bytes().all(|it| it.is_ascii_digit())
                })
        }
        "count" => {
            let counts = value.words.len() == 2 && is_quantity(parts[0]) && CROWDS.contains(&last);
            of = counts.then(|| last.to_owned());
            counts
        }
        "plan" => {
            value.words.len() <= 4
                && matches!(last, "plan" | "tier" | "subscription" | "package" | "edition" | "license" | "tariff")
        }
        "tier" => value.words.len() == 1 && TIERS.contains(&normal.as_str()),
        "status" => {
            STATES.iter().any(|it| matches!(it.0, "status" | "light" | "running") && it.1.contains(&normal.as_str()))
        }
        _ => false,
    };
    fits.then_some(Filling { value, of })
}

/// What sellers call what is bought by the month.
const TIERS: &[&str] = &[
    "free",
    "basic",
    "standard",
    "starter",
    "plus",
    "pro",
    "premium",
    "business",
    "team",
    "enterprise",
    "family",
    "ultimate",
];

/// What teams are for outside work.
const PASTIMES: &[&str] = &[
    "chess",
    "debate",
    "football",
    "soccer",
    "swim",
    "swimming",
    "basketball",
    "volleyball",
    "tennis",
    "hockey",
    "quiz",
    "dance",
    "math",
    "track",
    "rowing",
    "baseball",
    "rugby",
    "cricket",
    "handball",
    "ski",
    "relay",
    "bowling",
    "trivia",
];

const PETS: &[&str] = &[
    "dog",
    "cat",
    "hamster",
    "rabbit",
    "parrot",
    "budgie",
    "turtle",
    "puppy",
    "kitten",
    "goldfish",
    "bunny",
    "beagle",
    "labrador",
    "poodle",
    "terrier",
    "retriever",
    "spaniel",
    "dachshund",
    "husky",
    "corgi",
    "ferret",
    "guinea",
    "pig",
    "canary",
    "gerbil",
];

const TONGUES: &[&str] = &[
    "english",
    "german",
    "french",
    "spanish",
    "italian",
    "portuguese",
    "dutch",
    "polish",
    "russian",
    "chinese",
    "japanese",
    "korean",
    "turkish",
    "swedish",
    "danish",
    "norwegian",
    "finnish",
    "czech",
    "greek",
    "arabic",
    "hindi",
    "ukrainian",
    "deutsch",
    "englisch",
    "französisch",
    "spanisch",
    "anglais",
    "allemand",
    "français",
    "espagnol",
    "inglés",
    "alemán",
];

const SCHOOLS: &[&str] = &[
    "school",
    "university",
    "college",
    "academy",
    "kindergarten",
    "gymnasium",
    "high",
    "primary",
    "elementary",
    "prep",
    "grundschule",
    "realschule",
    "universität",
    "école",
    "collège",
    "lycée",
    "université",
    "escuela",
    "colegio",
    "universidad",
    "instituto",
];

const OWNERS: &[&str] = &["my", "our", "his", "her", "their", "its"];

const CURRENCIES: &[&str] = &[
    "euros", "euro", "dollars", "dollar", "usd", "eur", "pounds", "gbp", "francs", "chf", "cents", "k", "thousand",
    "million", "bucks", "yen", "month", "monthly", "year", "yearly", "hour", "hourly", "week", "weekly",
];

/// Prepositions with which a place begins.
const SPOTS: &[&str] = &[
    "in",
    "on",
    "under",
    "behind",
    "near",
    "inside",
    "below",
    "above",
    "beside",
    "next",
    "at",
    "im",
    "auf",
    "unter",
    "hinter",
    "neben",
    "dans",
    "sur",
    "sous",
    "derrière",
    "en",
    "bajo",
    "detrás",
    "sobre",
];

/// Nouns that say what kind of thing a name is, and that it is no place.
fn is_head(noun: &str) -> bool {
    [
        "team",
        "squad",
        "plan",
        "tier",
        "shift",
        "department",
        "position",
        "role",
        "version",
        "project",
        "group",
        "bank",
        "server",
        "cluster",
        "office",
    ]
    .contains(&noun)
}

/// The noun that says what somebody does: `nurse` of `night nurse at the clinic`.
fn job(words: &[Word]) -> &str {
    let end = words.iter().position(|it| it.is(&["at", "in", "for", "of", "on", "with"])).unwrap_or(words.len());
    words[..end].last().map(|it| it.low.as_str()).unwrap_or_default()
}

fn is_url(normal: &str) -> bool {
    !normal.contains(' ')
        && (normal.contains("://")
            || normal.contains('.')
                && normal
                    .rsplit('.')
                    .next()
                    .is_some_and(|it| it.chars().count() > 1 && it.chars().all(|it| it.is_alphabetic() || it == '/')))
        && !normal.contains('@')
        || normal.starts_with("localhost")
}

/// `every 2 weeks`, `every other day`, `twice a month`.
fn is_every(parts: &[&str]) -> bool {
    matches!(parts, ["every" | "each" | "alle" | "jeden" | "jede" | "cada" | "chaque" | "twice" | "once", _, ..])
        && parts.len() <= 4
}

fn is_year_or_quarter(normal: &str) -> bool {
    matches!(normal, "q1" | "q2" | "q3" | "q4")
        || normal.len() == 4 && normal.starts_with(['1', '2']) && normal.bytes().all(|it| it.is_ascii_digit())
}
