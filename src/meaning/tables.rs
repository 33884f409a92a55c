//! Reads the tables of words beside this file (`tables/*.txt`), once, at their first use.
//!
//! Their form: `[name]` begins a table; a row is `key: item, item` or, without a key, `item, item`; a line that is set in
//! goes on with the row above; `#` begins a remark.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::LazyLock;

const FILES: [&str; 6] = [
    include_str!("tables/holdings.txt"),
    include_str!("tables/nouns.txt"),
    include_str!("tables/phrases.txt"),
    include_str!("tables/values.txt"),
    include_str!("tables/verbs.txt"),
    include_str!("tables/words.txt"),
];

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// What stands before the colon; empty without one.
    pub(super) key: &'static str,
    pub(super) items: Vec<&'static str>,
}

type Tables = HashMap<&'static str, Vec<Row>>;

/// Why a file of tables cannot be read, with the number of the line.
#[derive(Debug, PartialEq, Eq)]
enum Unreadable {
    /// It stands in no table.
    NoTable(usize),
    /// It goes on with no row.
    NoRow(usize),
    /// It has an empty item.
    Empty(usize),
    /// There is such a table already.
    Twice(usize),
}

// A test reads every file; what cannot be read is left out, and the program goes on.
static TABLES: LazyLock<Tables> =
    LazyLock::new(|| FILES.into_iter().filter_map(|it| read(it).ok()).flatten().collect());

/// The rows of a table.
pub(super) fn rows(name: &str) -> &'static [Row] {
    TABLES.get(name).map(Vec::as_slice).unwrap_or_default()
}

/// The items of all rows of a table.
pub(super) fn items(name: &str) -> Vec<&'static str> {
    rows(name).iter().flat_map(|it| it.items.iter().copied()).collect()
}

fn read(text: &'static str) -> Result<Tables, Unreadable> {
    let mut tables = Tables::new();
    let mut table: Option<&str> = None;
    for (at, line) in text.lines().enumerate() {
        let at = at + 1;
        let said = line.trim();
        if said.is_empty() || said.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            if tables.insert(name, Vec::new()).is_some() {
                return Err(Unreadable::Twice(at));
            }
            table = Some(name);
            continue;
        }
        let rows = table.and_then(|it| tables.get_mut(it)).ok_or(Unreadable::NoTable(at))?;
        let is_set_in = line.starts_with(' ');
        let (key, list) = match said.split_once(": ").or_else(|| said.strip_suffix(':').map(|it| (it, ""))) {
            Some((key, list)) if !is_set_in => (key, list),
            _ => ("", said),
        };
        if !is_set_in {
            rows.push(Row { key, items: Vec::new() });
        }
        let row = rows.last_mut().ok_or(Unreadable::NoRow(at))?;
        if !list.is_empty() {
            row.items.extend(list.split(',').map(str::trim));
        }
        if row.items.iter().any(|it| it.is_empty()) {
            return Err(Unreadable::Empty(at));
        }
    }
    Ok(tables)
}

macro_rules! lists {
    ($($(#[$doc:meta])* $list:ident = $table:literal;)*) => {
        $($(#[$doc])* pub(super) static $list: LazyLock<Vec<&'static str>> = LazyLock::new(|| items($table));)*
        #[cfg(test)]
        const LISTS: &[&str] = &[$($table),*];
    };
}

lists! {
    /// What an imperative at the beginning of a note sets.
    IMPERATIVES = "imperatives";
    /// What joins a place, a time or a thing to what is said.
    PREPOSITIONS = "prepositions";
    /// Words that say that it is so now, and nothing else.
    NOW = "now";
    /// Those of them that say that it has not been so before.
    RENEWALS = "renewals";
    /// States that are reached by what was done.
    RESULTS = "results";
    /// Words that take back half of what is said.
    HEDGES = "hedges";
    /// Words that limit when or how much it holds.
    LIMITS = "limits";
    /// Words that add a value instead of putting one in place of another.
    ADDITIONS = "additions";
    /// Nouns of which a quality is what they are.
    GRADED = "graded";
    /// Verbs of what one does for all.
    DOING = "doing";
    /// What opens a sentence and says that what follows is another way now.
    CHANGING = "changing";
    /// What opens a sentence and says nothing.
    IDLE = "idle";
    /// The words with which a question, a condition or an example begins.
    NO_STATEMENT = "no statement";
    /// Nouns for what somebody does.
    JOBS = "jobs";
    /// Words in front of a colon behind which one of many stands.
    LISTED = "listed";
    /// Words that are that only when nothing stands beside them.
    ENTERED = "entered";
    /// Countries and larger: a place may lie in one.
    REGIONS = "regions";
    /// Verbs of a change behind which `to` stands.
    MOVES = "moves";
    /// Banks by their names.
    BANKS = "banks";
    /// How often something is.
    FREQUENT = "frequencies";
    /// Where somebody stands in a game.
    POSITIONS = "positions";
    /// Of whom a group consists.
    CROWDS = "crowds";
    /// Verbs of which several things can be said at once.
    SEVERAL = "several";
    /// What one looks for until it is found, beside people of a trade.
    SOUGHT = "sought";
    /// What brings a thing somewhere.
    PUT = "put";
    /// What makes a thing be otherwise.
    MADE = "made";
    /// What brings a thing from one value to another.
    MOVED = "moved";
    /// Verbs that give something another number, and that no other reader knows.
    NUMBERED = "numbered";
    /// Words that stand before a color and make one of it.
    SHADES = "shades";
    /// Words of what is wished, planned or talked about, and has not been done.
    WISHED = "wished";
    /// Verbs behind which stands what was heard, known or thought, of whomever.
    TOLD = "told";
    /// Nouns of people whose things are not one's own.
    KIN = "kin";
    /// Verbs behind which stands what somebody has, uses or belongs to.
    HAVING = "having";
    /// Nouns that are written in capitals and name nobody.
    SHORT_FOR = "short for";
    /// What people are, with, by or at somebody or something.
    OF_PEOPLE = "of people";
}

/// Long lists, in which words are looked up.
type Set = HashSet<&'static str>;

/// Words that no subject has.
pub(super) static NO_SUBJECT: LazyLock<Set> = LazyLock::new(|| items("no subject").into_iter().collect());

/// Nouns that name a quality of which there is one at a time.
pub(super) static ATTRIBUTES: LazyLock<Set> = LazyLock::new(|| items("attributes").into_iter().collect());

/// Words for what something is like, whatever it is.
pub(super) static QUALITIES: LazyLock<Set> = LazyLock::new(|| items("qualities").into_iter().collect());

/// Participles of what is done by one or with one at a time.
pub(super) static DONE_ONCE: LazyLock<Set> = LazyLock::new(|| items("done once").into_iter().collect());

/// Words of which much can be said at once, beside the verbs of `SEVERAL`.
pub(super) static MANY_AT_ONCE: LazyLock<Set> = LazyLock::new(|| items("many at once").into_iter().collect());

/// English verbs in their plain form.
pub(super) static VERBS: LazyLock<Set> = LazyLock::new(|| items("verbs").into_iter().collect());

/// Verbs of German, French and Spanish in the forms that statements have.
pub(super) static VERBS_AS_WRITTEN: LazyLock<Set> = LazyLock::new(|| items("verbs as written").into_iter().collect());

/// The words of phrases.
fn phrases(name: &str) -> Vec<Vec<&'static str>> {
    items(name).into_iter().map(|it| it.split(' ').collect()).collect()
}

/// Phrases behind which stands what is given up.
pub(super) static BEFORE_IT: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| phrases("before it"));

/// Phrases in front of which stands who or what is gone.
pub(super) static BEHIND_IT: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| phrases("behind it"));

/// States that something is in, by what they are about.
pub(super) static STATES: LazyLock<Vec<(&'static str, &'static [&'static str])>> =
    LazyLock::new(|| rows("states").iter().map(|it| (it.key, it.items.as_slice())).collect());

/// Things of which people choose one: two values of one list are rivals.
pub(super) static RIVALS: LazyLock<Vec<&'static [&'static str]>> =
    LazyLock::new(|| rows("rivals").iter().map(|it| it.items.as_slice()).collect());

/// The first of those lists in which a thing stands.
pub(super) static RIVAL_GROUPS: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
    let mut groups = HashMap::new();
    for (at, list) in RIVALS.iter().enumerate() {
        for thing in *list {
            groups.entry(*thing).or_insert(at);
        }
    }
    groups
});

/// The properties by the nouns that name them.
pub(super) static PROPERTIES: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| rows("nouns").iter().flat_map(|it| it.items.iter().map(|noun| (*noun, it.key))).collect());

/// The attributes by which facts are kept of what a noun in lower case names, none for one that names no property.
pub fn attributes_named(noun: &str) -> Vec<&'static str> {
    let Some(own) = PROPERTIES.get(noun).or_else(|| PROPERTIES.get(super::topic::stem(noun).as_str())) else {
        return Vec::new();
    };
    let too: &[&str] = match *own {
        "address" | "home address" | "location" => &["home"],
        "chef" => &["manager"],
        "language" | "native language" => &["speaks"],
        "mobile" => &["phone"],
        "office" => &["room"],
        "time" | "start time" => &["when"],
        _ => &[],
    };
    [&[*own], too].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_can_be_read_and_is_used() {
        let mut names = Vec::new();
        for file in FILES {
            names.extend(read(file).unwrap().into_keys());
        }
        names.sort_unstable();
        let more = [
            "attributes",
            "before it",
            "behind it",
            "copulas",
            "devices",
            "done once",
            "holdings",
            "many at once",
            "no subject",
            "nouns",
            "opposites",
            "phrases",
            "qualities",
            "rivals",
            "states",
            "verbs",
            "verbs as written",
        ];
        let mut used = [LISTS, more.as_slice()].concat();
        used.sort_unstable();
        assert_eq!(names, used);
        assert!(used.iter().all(|it| !items(it).is_empty()));
    }

    #[test]
    fn rows_have_keys_and_go_on_when_set_in() {
        let tables = read("# remark\n[one]\na, b c\nkey: d,e\n  f: g\nall:\n  h\n\n[two]\nx\n").unwrap();
        let row = |key, items: &[&'static str]| Row { key, items: items.to_vec() };
        assert_eq!(tables["one"], [row("", &["a", "b c"]), row("key", &["d", "e", "f: g"]), row("all", &["h"])]);
        assert_eq!(tables["two"], [row("", &["x"])]);
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_line() {
        assert_eq!(read("a, b"), Err(Unreadable::NoTable(1)));
        assert_eq!(read("[one]\n  a"), Err(Unreadable::NoRow(2)));
        assert_eq!(read("[one]\na,, b"), Err(Unreadable::Empty(2)));
        assert_eq!(read("[one]\n[one]"), Err(Unreadable::Twice(2)));
    }
}
