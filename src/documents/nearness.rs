//! Lifts, among the best pieces, those that mean what the title of the question means, in whatever words.
//!
//! Only the first [`weights::MEANING_PIECES`] are compared: words find, meaning puts in order. Vectors of whole files would
//! cost an index of their own and find nothing that words did not (weights.rs).

use super::question::Question;
use super::rank::Ranked;
use super::rank::in_order;
use super::terms::parts;
use super::terms::raw_words;
use super::weights;
use crate::embed::StaticEmbedder;
use crate::vector::Vector;

/// Bytes of a piece that are read: it has some 1,500.
const READ: usize = 8_000;

/// Puts `ranked` in a new order; `texts` are those of its first ones.
pub(super) fn lift<'a>(
    question: &Question,
    ranked: Vec<Ranked>,
    texts: impl Iterator<Item = Option<&'a str>>,
) -> Vec<Ranked> {
    let Some(asked) = vector(&question.title) else { return ranked };
    let mut ranked = ranked;
    for (piece, text) in ranked.iter_mut().take(weights::MEANING_PIECES).zip(texts) {
        let near = text.and_then(vector).map_or(0.0, |it| it.cosine(&asked).max(0.0));
        piece.signals.meaning = weights::MEANING * near;
        piece.sum += piece.signals.meaning * piece.signals.prior * piece.signals.reach;
    }
    in_order(ranked)
}

/// What a text means, its names read as the words that they are made of.
fn vector(text: &str) -> Option<Vector> {
    let mut plain = String::with_capacity(text.len().min(READ) + 64);
    for word in raw_words(text) {
        for part in parts(word) {
            plain.push_str(part);
            plain.push(' ');
        }
        if plain.len() > READ {
            break;
        }
    }
    StaticEmbedder::encode(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_their_words_mean() {
        let (name, words) = (vector("readLineBuffer()").unwrap(), vector("read line buffer").unwrap());
        assert!(name.cosine(&words) > 0.99);
        assert!(vector("{ } ;").is_none());
    }

    #[test]
    fn of_equal_pieces_the_one_that_means_the_same_comes_first() {
        let piece = |number| Ranked { number, sum: 1.0, ..Ranked::default() };
        let mut pieces = vec![piece(0), piece(1)];
        for it in &mut pieces {
            (it.signals.prior, it.signals.reach) = (1.0, 1.0);
        }
        let question = Question::of("remove files from disk");
        let texts = ["draws a red circle on the screen", "delete every file in the folder"];
        let lifted = lift(&question, pieces, texts.iter().map(|it| Some(*it)));
        assert_eq!(lifted.iter().map(|it| it.number).collect::<Vec<_>>(), [1, 0]);
    }
}
