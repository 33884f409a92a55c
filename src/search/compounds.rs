//! Words that are written together in one text and apart in another: `Zahnarzttermin` and `Termin beim Zahnarzt`,
//! `firewall` and `fire wall`.

/// The shortest part that another word is taken to begin with: `Auto` in `Autoversicherung`.
const BEGINNING: usize = 4;

/// The shortest part that another word is taken to end with: `Schlüssel` in `Haustürschlüssel`, `Arzt` in `Zahnarzt`.
const END: usize = 4;

/// What may stand behind the part that a word ends with: `Versicherungen` ends with `versicherung`.
const ENDING: usize = 3;

/// The least that is left of a word without its part, so that `Kinder` is no compound of `Kind`.
const REST: usize = 3;

/// What joins the parts of a word, the longest first: `Arbeit-s-zimmer`.
const LINKS: &[&str] = &["en", "es", "er", "s", "n", "e"];

/// Whether `word` is put together of `part` and something before or behind it; both folded.
pub fn is_compound_of(word: &str, part: &str) -> bool {
    let length = part.chars().count();
    let behind = |it: &str| length >= BEGINNING && it.chars().count() > ENDING;
    let before = |begin: &str, end: &str| {
        length >= END
            && begin.chars().count() >= REST
            && end.chars().count() <= ENDING
            && !end.starts_with(char::is_numeric)
    };
    match word.split_once(part) {
        Some(("", rest)) => behind(rest),
        Some((begin, end)) => before(begin, end),
        None => false,
    }
}

/// The two words that `word` may be put together of, at every place where it may be; without what joins them, and
/// with it.
pub fn parts_of_compound(word: &str) -> Vec<(String, String)> {
    let places: Vec<usize> = word.char_indices().map(|it| it.0).collect();
    let mut found = Vec::new();
    let Some(last) = places.len().checked_sub(BEGINNING) else { return found };
    for at in places.get(BEGINNING..=last).unwrap_or_default() {
        let (begin, end) = word.split_at(*at);
        found.push((begin.to_owned(), end.to_owned()));
        let bare = LINKS.iter().filter_map(|it| begin.strip_suffix(it)).filter(|it| it.chars().count() >= BEGINNING);
        found.extend(bare.map(|it| (it.to_owned(), end.to_owned())));
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_compound_begins_or_ends_with_its_part() {
        for (word, part) in [
            ("autoversicherung", "auto"),
            ("autoversicherungen", "versicherung"),
            ("hausturschlussel", "schlussel"),
            ("zahnarzttermin", "zahnarzt"),
            ("firewall", "fire"),
        ] {
            assert!(is_compound_of(word, part), "{word} / {part}");
        }
        for (word, part) in
            [("kinder", "kind"), ("kind", "kind"), ("rationen", "ration"), ("abteil", "teil"), ("", "auto")]
        {
            assert!(!is_compound_of(word, part), "{word} / {part}");
        }
    }

    #[test]
    fn a_word_is_cut_where_two_words_may_meet() {
        let parts = parts_of_compound("arbeitszimmer");
        assert!(parts.contains(&("arbeit".to_owned(), "zimmer".to_owned())), "{parts:?}");
        assert!(parts.contains(&("arbeits".to_owned(), "zimmer".to_owned())), "{parts:?}");
        assert_eq!(parts_of_compound("zimmer"), Vec::new());
    }

    proptest! {
        #[test]
        fn parts_are_parts(word in "\\PC{0,24}") {
            for (begin, end) in parts_of_compound(&word) {
                prop_assert!(word.starts_with(&begin) && word.ends_with(&end));
                prop_assert!(begin.chars().count() >= BEGINNING && end.chars().count() >= BEGINNING);
            }
        }
    }
}
