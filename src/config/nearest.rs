//! Finds the name that was probably meant.

/// Longer words are not compared: nobody's typo is that long, and the comparison takes time by the square.
const LONGEST: usize = 64;

/// Shorter parts stand in many names.
const SHORTEST_PART: usize = 4;

/// The one of `known` that differs least from `wrong`, if it is near enough to have been meant: at most one letter in
/// three differs, or it has all of `wrong` in it. The first of equally near ones.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let part = wrong.to_lowercase();
    let holds = |it: &&str| part.len() >= SHORTEST_PART && it.contains(&part);
    let holding = known.clone().into_iter().find(holds);
    let wrong: Vec<char> = wrong.to_lowercase().chars().take(LONGEST + 1).collect();
    if wrong.len() > LONGEST {
        return None;
    }
    let allowed = (wrong.len() / 3).max(1);
    known
        .into_iter()
        .filter(|it| it.len() <= LONGEST)
        .map(|it| (distance(&wrong, it), it))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, it)| it)
        .or(holding)
}

/// How many letters have to be put in, taken out or changed (Levenshtein).
fn distance(wrong: &[char], known: &str) -> usize {
    let mut row: Vec<usize> = (0..=wrong.len()).collect();
    for (line, letter) in known.chars().enumerate() {
        let mut diagonal = row.first().copied().unwrap_or_default();
        let mut left = line + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(wrong) {
            let changed = diagonal + usize::from(*other != letter);
            diagonal = *cell;
            left = changed.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wrong: &str, expected: Option<&str>) {
        assert_eq!(nearest(wrong, ["context", "memory", "ask", "insights"]), expected, "{wrong}");
    }

    #[test]
    fn finds_what_was_meant_and_nothing_far_off() {
        check("memry", Some("memory"));
        check("Memory", Some("memory"));
        check("contxet", Some("context"));
        check("asks", Some("ask"));
        check("insight", Some("insights"));
        check("", None);
        check("sight", Some("insights"));
        check("ory", None);
        check("zebra", None);
        check(&"m".repeat(100_000), None);
    }

    #[test]
    fn distance_counts_letters() {
        let distance = |a: &str, b: &str| super::distance(&a.chars().collect::<Vec<_>>(), b);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
