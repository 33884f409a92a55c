//! Says which of a few labels a text has: a linear model over its words and over what they do in the sentence.
//!
//! A classifier is two files: a table of words by what they do (“`where` asks for a place”), and the weights that
//! `tools/classify/train.py` learned from the examples beside it. Reading a text takes some ten microseconds.

mod features;
mod lexicon;
mod model;
mod tokens;

use lexicon::Lexicon;
use model::Model;

/// Knows the labels of one task.
pub struct Classifier {
    lexicon: Lexicon,
    model: Model,
}

/// A label and how probable it is, 0.0..=1.0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    pub label: &'static str,
    pub probability: f64,
}

impl Classifier {
    /// From a table of words and the weights learned with it. Weights that cannot be read are the same as none: then
    /// [`Classifier::guess`] knows no label.
    pub fn new(words: &'static str, weights: &'static [u8]) -> Classifier {
        Classifier { lexicon: Lexicon::new(words), model: Model::read(weights).unwrap_or_default() }
    }

    /// Every label, the most probable first; the probabilities sum to 1. Only the beginning of a long text is read.
    pub fn guess(&self, text: &str) -> Vec<Guess> {
        self.model.guess(&features::features(text, &self.lexicon))
    }
}
