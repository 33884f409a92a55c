//! Counts with the right form of their noun: “1 memory”, “2 memories”.

use std::fmt::Display;

/// `count` and what it counts; `one` is the noun in the singular, English and regular.
pub fn counted(count: &dyn Display, one: &str) -> String {
    let count = count.to_string();
    if count == "1" { format!("1 {one}") } else { format!("{count} {}", several(one)) }
}

/// The plural of an English noun that has a regular one.
pub fn several(one: &str) -> String {
    match one.strip_suffix('y').filter(|it| !it.ends_with(['a', 'e', 'o', 'u'])) {
        Some(stem) => format!("{stem}ies"),
        None => format!("{one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_everything_else_is_several() {
        for (count, noun, expected) in [
            (1, "piece", "1 piece"),
            (0, "piece", "0 pieces"),
            (2, "memory", "2 memories"),
            (1, "memory", "1 memory"),
            (3, "day", "3 days"),
            (21, "past commit", "21 past commits"),
        ] {
            assert_eq!(counted(&count, noun), expected);
        }
    }
}
