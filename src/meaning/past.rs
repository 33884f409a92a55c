//! Whether a text tells of a time before the one that is known: `moved to Rome in 2010`, `the leak was fixed six years ago`.

/// Words behind which a year says when something was: `in 2010`, `in May 2010`, `zog 2010`.
const IN: &[&str] = &["in", "en", "im", "jahr", "año", "zog", "ist", "hat", "wurde"];

/// Verbs of the past that do not end in `ed`.
const WAS: &[&str] = &[
    "was", "were", "had", "did", "left", "went", "took", "got", "became", "bought", "sold", "quit", "war", "waren",
    "wurde", "wurden", "zog", "gezogen", "fue", "era",
];

/// Whether `new` tells what was so in a year before that of `old`, or, when `old` names none, before the one since which
/// it holds: then it is not sure which of the two came later.
pub fn is_of_before(new: &str, old: &str, this_year: i32, held: i32) -> bool {
    let Some(told) = year(new, this_year) else { return false };
    told < year(old, this_year).unwrap_or(held)
}

/// The latest year in which something is said to have been.
fn year(text: &str, this_year: i32) -> Option<i32> {
    let low = text.to_lowercase();
    let words: Vec<&str> = low.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    let is_past = |it: &&str| it.len() > 4 && ["ed", "é", "ó"].iter().any(|end| it.ends_with(end)) || WAS.contains(it);
    if !words.iter().any(is_past) {
        return None;
    }
    let years = words.windows(3).filter_map(|it| match it {
        [before, between, year] if IN.contains(between) || IN.contains(before) => {
            let is_year = year.len() == 4 && year.starts_with(['1', '2']);
            year.parse().ok().filter(|it| is_year && (1900..=this_year).contains(it))
        }
        [_, "years", "ago"] => Some(this_year - 2),
        _ => None,
    });
    // `In 2010 Ana moved to Rome`
    let first = words.get(1).filter(|_| IN.contains(&words[0])).and_then(|it| it.parse().ok());
    years.chain(first.filter(|it| (1900..=this_year).contains(it))).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_time_is_told_from_a_newer_one() {
        for (new, old, expected) in [
            ("It was fixed in 2019", "The leak is open", true),
            ("Maria moved to Rome in 2010", "Maria moved to Paris in 2020", true),
            ("In 2010 Maria moved to Rome", "Maria lives in Paris", true),
            ("Maria moved to Rome in May 2010.", "Maria lives in Paris", true),
            ("The server ran out of disk and was replaced six years ago", "The server is new", true),
            ("Eva zog 2010 nach Rom", "Eva wohnt in Wien", true),
            ("Maria moved to Paris in 2020", "Maria moved to Rome in 2010", false),
            ("Maria moved to Paris in 2026", "Maria lives in Rome", false),
            ("The deadline was moved to 3 May 2025", "The deadline is 1 May 2025", false),
            ("The contract ends in 2025", "The contract ends in 2027", false),
            ("The shop has 2010 items in stock", "The shop has 5 items", false),
        ] {
            assert_eq!(is_of_before(new, old, 2026, 2026), expected, "{new} / {old}");
        }
        assert!(!is_of_before("Ana moved to Berlin in 2025", "Ana lives in Paris", 2026, 2023));
    }
}
