//! Two ways to write a letter that not every keyboard has: `Müller` and `Mueller`, `Straße` and `Strasse`.

/// A letter and what is written in its place.
const LETTERS: &[(&str, &str)] =
    &[("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("œ", "oe"), ("æ", "ae"), ("ø", "oe"), ("å", "aa")];

/// The other spellings of `word`, which is in lower case; a letter is replaced wherever it stands.
pub fn spellings(word: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (letter, written) in LETTERS {
        for (from, to) in [(letter, written), (written, letter)] {
            if word.contains(from) {
                found.push(word.replace(from, to));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_written_in_two_ways() {
        assert_eq!(spellings("müller"), ["mueller"]);
        assert_eq!(spellings("mueller"), ["müller"]);
        assert_eq!(spellings("strasse"), ["straße"]);
        assert_eq!(spellings("coeur"), ["cöur", "cœur", "cøur"]);
        assert_eq!(spellings("tea"), Vec::<String>::new());
    }
}
