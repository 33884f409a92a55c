//! What the words of a question may be of which no memory has any: slips, words that others spell otherwise, or write
//! together or apart, and words that stand for them.

use super::find::Proposed;
use super::find::VOCABULARY;
use crate::embed;
use crate::search;
use crate::search::Question;
use crate::store::Field;
use crate::store::MemoryReader;
use crate::store::StoreError;

/// Words that a question's word may be at most: what is in more of them is no word but a syllable.
const FORMS: usize = 8;

/// The same for pairs of characters, of which a character is in many.
const PAIRS: usize = 64;

/// Memories up to which the whole list of words is read for those that end with a question's word: some 40 ms there.
const WORDS_READ: u64 = 50_000;

/// Newest memories of each of two words among which one with both is looked for.
const BOTH: usize = 500;

/// Terms that are looked for in other forms, the first ones: each may read the list of words, and a question can have 48.
const LOOKED_AT: usize = 4;

/// The question with what its terms may be besides that no memory has, or hardly any; `None` when that is nothing known. `all`
/// is how many memories there are.
pub(super) fn otherwise(
    reader: &MemoryReader<'_>,
    query: &str,
    question: &Question,
    proposed: &Proposed,
    all: u64,
) -> Result<Option<Question>, StoreError> {
    // One word that is not there says little where the others are: only what costs nothing is looked at then.
    let unknown = &proposed.unknown;
    let most = unknown.len() * 2 > question.terms().len();
    let mut stems = Vec::new();
    for at in unknown.iter().take(LOOKED_AT) {
        let before = stems.len();
        stems.extend(spelt(reader, question, *at)?);
        stems.extend(joined(reader, question, *at)?);
        stems.extend(synonyms(reader, question, *at)?);
        stems.extend(members(reader, question, *at)?);
        if most {
            stems.extend(with_character(reader, question, *at, all)?);
        }
        if question.is_of_compounds() {
            stems.extend(compounds(reader, question, *at, all)?);
        }
        if most && stems.len() == before {
            stems.extend(apart(reader, question, *at)?);
        }
        if most && stems.len() == before {
            stems.extend(slips(reader, query, question, *at)?);
        }
    }
    let mut instead = Vec::new();
    for at in proposed.rare.iter().take(LOOKED_AT) {
        instead.extend(synonyms(reader, question, *at)?);
        if question.terms().len() == 1 {
            if question.is_of_compounds() {
                instead.extend(apart(reader, question, *at)?);
            }
            instead.extend(with_character(reader, question, *at, all)?);
        }
    }
    let is_more = !stems.is_empty() || !instead.is_empty();
    Ok(is_more.then(|| question.meaning_too(query, &stems, &instead)))
}

/// Known words of which the term is a misspelling.
fn slips(
    reader: &MemoryReader<'_>,
    query: &str,
    question: &Question,
    at: usize,
) -> Result<Vec<(usize, String)>, StoreError> {
    let Some(stem) = question.stem_of(at) else { return Ok(Vec::new()) };
    let is_a_word = is_a_word(query, question, at);
    // Hardly anyone misses the first two letters, and reading the whole index takes long.
    let beginning: String = stem.chars().take(2).collect();
    let known = reader.vocabulary(&beginning, VOCABULARY)?;
    // Of two words neither is the other one misspelt; `adress` is no word, whichever side it stands on.
    let known = known.iter().map(String::as_str).filter(|it| !is_a_word || embed::word(it).is_none());
    Ok(search::nearest(&stem, known).into_iter().take(3).map(|it| (at, it.to_owned())).collect())
}

/// Whether the term is some word: the tables of words have it. A name, which is written in capitals, may be written in
/// several ways.
fn is_a_word(query: &str, question: &Question, at: usize) -> bool {
    let Some(term) = question.terms().get(at) else { return false };
    let is_it = |word: &str| word.starts_with(char::is_uppercase) && word.to_lowercase() == term.word;
    let is_name = query.split(|it: char| !it.is_alphanumeric()).any(is_it);
    !question.synonyms_of(at).is_empty() || !is_name && embed::word(&term.word).is_some()
}

/// Known words with the character that the term is about, where that is a word by itself: 猫 in 猫几岁了.
fn with_character(
    reader: &MemoryReader<'_>,
    question: &Question,
    at: usize,
    all: u64,
) -> Result<Vec<(usize, String)>, StoreError> {
    let Some(character) = search::lone_character(&question.words(), at).map(String::from) else {
        return Ok(Vec::new());
    };
    let known = if all <= WORDS_READ {
        reader.vocabulary_with(&character, VOCABULARY)?
    } else {
        reader.vocabulary(&character, VOCABULARY)?
    };
    let pairs = known.into_iter().filter(|it| it.chars().count() <= 2);
    Ok(pairs.take(PAIRS).map(|it| (at, it)).collect())
}

/// Known words that are the term with a letter written otherwise.
fn spelt(reader: &MemoryReader<'_>, question: &Question, at: usize) -> Result<Vec<(usize, String)>, StoreError> {
    let Some(term) = question.terms().get(at) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for word in search::spellings(&term.word) {
        if is_known(reader, &word)? {
            found.push((at, question.stem_of_word(&word)));
        }
    }
    Ok(found)
}

/// Known words that stand for the term, where the question is short.
fn synonyms(reader: &MemoryReader<'_>, question: &Question, at: usize) -> Result<Vec<(usize, String)>, StoreError> {
    let mut found = Vec::new();
    for word in question.synonyms_of(at) {
        if is_known(reader, word)? {
            found.push((at, question.stem_of_word(word)));
        }
    }
    Ok(found)
}

/// Known words that are of the class that the term asks for, where the query is such words alone: `pet`.
fn members(reader: &MemoryReader<'_>, question: &Question, at: usize) -> Result<Vec<(usize, String)>, StoreError> {
    let mut found = Vec::new();
    for word in question.members_of(at) {
        if is_known(reader, word)? {
            found.push((at, question.stem_of_word(word)));
        }
    }
    Ok(found)
}

/// The term together with the one before or behind it, where that is a known word.
fn joined(reader: &MemoryReader<'_>, question: &Question, at: usize) -> Result<Vec<(usize, String)>, StoreError> {
    let word = |at: usize| question.terms().get(at).map(|it| it.word.as_str());
    let Some(own) = word(at) else { return Ok(Vec::new()) };
    let before = at.checked_sub(1).and_then(word).map(|it| format!("{it}{own}"));
    let behind = word(at + 1).map(|it| format!("{own}{it}"));
    let mut found = Vec::new();
    for together in before.into_iter().chain(behind) {
        if is_known(reader, &together)? {
            found.push((at, question.stem_of_word(&together)));
        }
    }
    Ok(found)
}

/// Known words that are put together of the term and another.
fn compounds(
    reader: &MemoryReader<'_>,
    question: &Question,
    at: usize,
    all: u64,
) -> Result<Vec<(usize, String)>, StoreError> {
    let parts = question.parts_of(at);
    let Some(shortest) = parts.iter().min_by_key(|it| it.len()) else { return Ok(Vec::new()) };
    let mut known = if all <= WORDS_READ {
        reader.vocabulary_with(shortest, VOCABULARY)?
    } else {
        reader.vocabulary(shortest, VOCABULARY)?
    };
    known.retain(|word| parts.iter().any(|part| search::is_compound_of(word, part)));
    known.sort_by_key(String::len);
    Ok(known.into_iter().take(FORMS).map(|it| (at, it)).collect())
}

/// The two words that the term is put together of, where one memory has both.
fn apart(reader: &MemoryReader<'_>, question: &Question, at: usize) -> Result<Vec<(usize, String)>, StoreError> {
    let Some(word) = question.terms().get(at).map(|it| it.word.clone()) else { return Ok(Vec::new()) };
    for (begin, end) in search::parts_of_compound(&word) {
        let with_end = reader.with_words(Field::Text, std::slice::from_ref(&end), i64::MAX, BOTH)?;
        if with_end.is_empty() {
            continue;
        }
        let with_begin = reader.with_words(Field::Text, std::slice::from_ref(&begin), i64::MAX, BOTH)?;
        // Newest first.
        if with_begin.iter().any(|row| with_end.binary_search_by(|it| row.cmp(it)).is_ok()) {
            return Ok(vec![(at, question.stem_of_word(&begin)), (at, question.stem_of_word(&end))]);
        }
    }
    Ok(Vec::new())
}

fn is_known(reader: &MemoryReader<'_>, word: &str) -> Result<bool, StoreError> {
    Ok(!reader.with_words(Field::Text, &[word.to_owned()], i64::MAX, 1)?.is_empty())
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::clock::Clock;
    use crate::memory::Item;
    use crate::memory::Memory;
    use crate::scope::Owner;
    use crate::scope::View;
    use crate::store::MemoryFilter;
    use crate::store::Store;
    use crate::store::Validity;

    /// What `work` reads of a store that keeps `content`.
    async fn read<T: Send + 'static>(
        content: &str,
        work: impl FnOnce(&MemoryReader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("a.db"));
        let owner = Owner { namespace: "default".to_owned(), ..Owner::default() };
        let item = Item { content: content.to_owned(), kind: "note".to_owned(), owner, ..Item::default() };
        Memory::new(store.clone(), Clock::fixed(1_700_000_000_000)).remember(vec![item]).await.unwrap();
        let filter = MemoryFilter {
            own_only: false,
            view: View::new(None, None, None, None),
            kinds: Vec::new(),
            tags: Vec::new(),
            since: None,
            until: None,
            validity: Validity::Any,
            now: 1_700_000_000_000,
        };
        store.search_memories(filter, &CancellationToken::new(), work).await.unwrap()
    }

    #[tokio::test]
    async fn in_a_large_store_only_what_begins_with_a_word_is_a_compound_of_it() {
        for (all, expected) in [(WORDS_READ, 2), (WORDS_READ + 1, 1)] {
            let found = read("Die Autoversicherung und die Versicherungsnummer", move |reader| {
                let question = Question::new("Was kostet die Versicherung?");
                let at = question.terms().iter().position(|it| it.word == "versicherung").unwrap();
                compounds(reader, &question, at, all)
            });
            let found = found.await;
            assert_eq!(found.len(), expected, "{found:?}");
            assert!(found.iter().any(|it| it.1.starts_with("versicherung")), "{found:?}");
        }
    }

    #[tokio::test]
    async fn only_the_first_unknown_words_are_looked_for_in_other_forms() {
        for (before, is_found) in [(LOOKED_AT - 1, true), (LOOKED_AT, false)] {
            let other = read("The raspberry is ripe", move |reader| {
                let query = ["qzxv", "wkjq", "zpfx", "vxjk"][..before].join(" ") + " raspbrry";
                let question = Question::new(&query);
                let unknown = (0..question.terms().len()).collect();
                let proposed = Proposed { rows: Vec::new(), rarity: Vec::new(), names: 0, unknown, rare: Vec::new() };
                otherwise(reader, &query, &question, &proposed, 1)
            });
            assert_eq!(other.await.is_some(), is_found, "{before}");
        }
    }
}
