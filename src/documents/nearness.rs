//! Says which of the best pieces mean what the question means, in whatever words.
//!
//! Only the first [`weights::MEANING_PIECES`] are compared: words find, meaning puts in order (whole_file.rs). Over all pieces it finds little
//! more and costs an index of its own (docs/benchmarks.md). A request for a change and the code that is changed are not alike
//! as two sentences are: `nearness.map` turns the question's vector to where such code is. `tools/embedder/code_map.py` fitted
//! it on commit messages of public repositories and what each changed.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::question::Question;
use super::terms::parts;
use super::terms::raw_words;
use super::weights;
use crate::embed::KnownWords;
use crate::vector::Vector;

/// Bytes of a piece that are read: it has some 1,500.
const READ: usize = 8_000;

/// How often the words of a path count beside those of its piece, and those of the title beside the whole question.
/// Between 1 and 6 all is alike; without the path the cosine alone finds a fifth less.
const PATH: usize = 3;
const TITLE: usize = 2;

/// Dimensions of the table, and of the turn.
const DIMENSIONS: usize = 128;
const RANK: usize = 32;

/// How near the first [`weights::MEANING_PIECES`] of `texts`, each a path and a text, are to what the question means: 0.0..=1.0.
pub(super) fn near<'a>(question: &Question, texts: impl Iterator<Item = Option<(&'a str, &'a str)>>) -> Vec<f32> {
    let Some(asked) = asked(question) else { return Vec::new() };
    let mut read = Texts::default();
    let near = |text: Option<(&'a str, &'a str)>| {
        let vector = text.and_then(|(path, text)| read.vector(&[(path, PATH), (text, 1)]));
        vector.map_or(0.0, |it| it.cosine(&asked).max(0.0))
    };
    texts.take(weights::MEANING_PIECES).map(near).collect()
}

/// Where code is that the question asks for.
fn asked(question: &Question) -> Option<Vector> {
    let plain = Texts::default().vector(&[(&question.title, TITLE), (&question.text, 1)])?;
    match &*MAP {
        Some(map) => map.turn(&plain),
        None => Some(plain),
    }
}

/// What texts mean. A word that comes in many of them is read once.
#[derive(Default)]
struct Texts<'a> {
    table: KnownWords,
    /// The words by how they are written in names, in lower case; and the parts of each word as the texts have it.
    numbers: HashMap<String, usize>,
    written: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Texts<'a> {
    /// What texts mean together, each counting as often as told. Names are read as the words that they are made of; a word
    /// that comes again counts by the root of how often it does.
    fn vector(&mut self, texts: &[(&'a str, usize)]) -> Option<Vector> {
        let mut words: Vec<(usize, usize)> = Vec::new();
        let mut counts: HashMap<usize, usize> = HashMap::new();
        for (text, times) in texts {
            let first = words.len();
            counts.clear();
            let mut read = 0;
            for word in raw_words(text) {
                read += word.len() + 1;
                if read > READ {
                    break;
                }
                for part in self.parts(word) {
                    let at = *counts.entry(*part).or_insert_with(|| {
                        words.push((*part, 0));
                        words.len() - 1
                    });
                    if let Some(word) = words.get_mut(at) {
                        word.1 += 1;
                    }
                }
            }
            // Twice the root, so that one and two differ.
            words.iter_mut().skip(first).for_each(|it| it.1 = (4 * it.1).isqrt() * times);
        }
        self.table.together(words.into_iter())
    }

    fn parts(&mut self, word: &'a str) -> &[usize] {
        let (table, numbers) = (&mut self.table, &mut self.numbers);
        self.written.entry(word).or_insert_with(|| {
            let number = |part: &str| {
                let part = part.to_lowercase();
                numbers.get(&part).copied().unwrap_or_else(|| {
                    let number = table.add(&part);
                    numbers.insert(part, number);
                    number
                })
            };
            parts(word).into_iter().map(number).collect()
        })
    }
}

/// What is added to a vector: `vector · down · up`. Fitted for the table that is built in: one that was fitted further from it
/// does no worse with it, but gains when this is fitted anew.
struct Map {
    down: Vec<f32>,
    up: Vec<f32>,
}

static MAP: LazyLock<Option<Map>> = LazyLock::new(|| Map::read(include_bytes!("nearness.map")));

impl Map {
    /// Two scales (four bytes each, little-endian), then [`DIMENSIONS`] × [`RANK`] and [`RANK`] × [`DIMENSIONS`] signed bytes.
    fn read(bytes: &[u8]) -> Option<Map> {
        let (first, rest) = bytes.split_first_chunk::<4>()?;
        let (second, rest) = rest.split_first_chunk::<4>()?;
        let (down, up) = rest.split_at_checked(DIMENSIONS * RANK)?;
        let floats = |bytes: &[u8], scale: &[u8; 4]| -> Vec<f32> {
            let scale = f32::from_le_bytes(*scale);
            bytes.iter().map(|it| f32::from(it.cast_signed()) * scale).collect()
        };
        (up.len() == RANK * DIMENSIONS).then(|| Map { down: floats(down, first), up: floats(up, second) })
    }

    fn turn(&self, vector: &Vector) -> Option<Vector> {
        let mut turned: Vec<f32> = vector.components().iter().map(|it| f32::from(*it)).collect();
        if turned.len() != DIMENSIONS {
            return Some(vector.clone());
        }
        let mut narrow = [0.0_f32; RANK];
        for (value, row) in turned.iter().zip(self.down.chunks_exact(RANK)) {
            narrow.iter_mut().zip(row).for_each(|(sum, it)| *sum += value * it);
        }
        for (value, row) in narrow.iter().zip(self.up.chunks_exact(DIMENSIONS)) {
            turned.iter_mut().zip(row).for_each(|(sum, it)| *sum += value * it);
        }
        Vector::from_floats(&turned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::StaticEmbedder;

    fn vector(texts: &[(&str, usize)]) -> Option<Vector> {
        Texts::default().vector(texts)
    }

    /// The same by a text that has each word as often as it counts.
    fn written_out(texts: &[(&str, usize)]) -> Option<Vector> {
        let mut plain = String::new();
        for (text, times) in texts {
            let words: Vec<String> = raw_words(text).flat_map(parts).map(str::to_lowercase).collect();
            let mut done = Vec::new();
            for word in &words {
                if !done.contains(&word) {
                    let count = words.iter().filter(|it| *it == word).count();
                    plain.push_str(&format!("{word} ").repeat((4 * count).isqrt() * times));
                    done.push(word);
                }
            }
        }
        StaticEmbedder::encode(&plain)
    }

    #[test]
    fn words_that_count_more_are_as_words_that_stand_there_more_often() {
        let mut read = Texts::default();
        let code = include_str!("nearness.rs");
        for text in [
            &code[..1_500],
            &code[2_000..4_000],
            "Grüße an HTTPServer2, 東京 xX_42",
            "the cat",
            "{ } ;",
            "qzx\u{1F980} b",
        ] {
            for times in [1, 3, 900] {
                let texts = [("src/lib/readLine.rs", times), (text, 1)];
                let (one, other) = (read.vector(&texts), written_out(&texts));
                assert_eq!(one.is_some(), other.is_some(), "{text}");
                let near = one.zip(other).map_or(1.0, |(one, other)| one.cosine(&other));
                assert!(near > 0.9999, "{near} {times} {text}");
            }
        }
    }

    #[test]
    fn names_mean_what_their_words_mean() {
        let of = |text| vector(&[(text, 1)]);
        let (name, words) = (of("readLineBuffer()").unwrap(), of("read line buffer").unwrap());
        assert!(name.cosine(&words) > 0.99);
        assert!(of("{ } ;").is_none());
    }

    #[test]
    fn a_word_that_comes_again_counts_less_and_less() {
        let of = |text: &str| vector(&[(text, 1)]).unwrap();
        let buffer = of("buffer");
        let near = |times: usize| of(&format!("socket {}", "buffer ".repeat(times))).cosine(&buffer);
        assert!(near(1) < near(4) && near(4) - near(1) > near(9) - near(4));
        let doubled = vector(&[("socket", 1), ("buffer", 2)]).unwrap();
        assert!(doubled.cosine(&buffer) > near(1));
    }

    #[test]
    fn the_map_turns_a_question_but_not_away() {
        let map = MAP.as_ref().unwrap();
        let plain = vector(&[("close the socket when the connection is lost", 1)]).unwrap();
        let turned = map.turn(&plain).unwrap();
        assert!((0.3..0.99).contains(&plain.cosine(&turned)), "{}", plain.cosine(&turned));
        assert!(Map::read(&[0; 100]).is_none());
        let other = Vector::from_floats(&[1.0, 2.0]).unwrap();
        assert_eq!(map.turn(&other), Some(other));
    }

    #[test]
    fn a_request_is_nearer_to_the_code_it_changes_with_the_map() {
        let code = "let pattern = pattern.to_lowercase(); let haystack = text.to_lowercase();";
        let other = "canvas.fill_circle(center, radius, color);";
        let of = |text| vector(&[(text, 1)]).unwrap();
        let question = Question::of("make the search ignore capital letters");
        let (with, without) = (asked(&question).unwrap(), of(&question.text));
        let lead = |asked: &Vector| of(code).cosine(asked) - of(other).cosine(asked);
        assert!(lead(&with) > 0.0 && lead(&with) > lead(&without), "{} {}", lead(&with), lead(&without));
    }

    #[test]
    fn of_two_pieces_the_one_that_means_the_same_is_nearer() {
        let question = Question::of("remove files from disk");
        let texts = ["draws a red circle on the screen", "delete every file in the folder"];
        let near = near(&question, texts.iter().map(|it| Some(("lib", *it))));
        assert!(near[1] > near[0] && near[0] >= 0.0, "{near:?}");
    }
}
