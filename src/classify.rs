//! Says which of a few labels a text has: a linear model over its words and over what they do in the sentence, and, for
//! request kinds, a small net beside it.
//!
//! A classifier is two files: a table of words by what they do (“`where` asks for a place”), and the weights that
//! `tools/classify/train.py` learned from the examples beside it. Reading a text takes some ten
//! microseconds, with a net fifty.

mod features;
mod lexicon;
mod model;
mod net;
mod reader;
mod tokens;

use lexicon::Lexicon;
use model::Model;
use net::Net;

pub use net::Meaning;

/// Knows the labels of one task.
pub struct Classifier {
    lexicon: Lexicon,
    model: Model,
    net: Option<Net>,
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
        Classifier { lexicon: Lexicon::new(words), model: Model::read(weights).unwrap_or_default(), net: None }
    }

    /// With a net beside the weights, learned together with them, and what it knows of the meaning of words.
    pub fn with_net(self, net: &'static [u8], meaning: Meaning) -> Classifier {
        Classifier { net: Net::read(net, meaning), ..self }
    }

    /// The classes of the words of `text`.
    pub fn classes(&self, text: &str) -> impl Iterator<Item = &'static str> {
        self.lexicon.classes(&tokens::tokens(text)).into_iter().flatten()
    }

    /// The share of the words of `text` that were learned, are in the table, or are known elsewhere; 1 when there are none.
    /// Characters of scripts without spaces are no words.
    pub fn known(&self, text: &str, is_known: impl Fn(&str) -> bool) -> f64 {
        let tokens = tokens::tokens(text);
        let is_word = |it: &str| it.starts_with(|c: char| c.is_alphabetic() && !tokens::is_unspaced(c));
        let classes = self.lexicon.classes_of_each(&tokens);
        let words = tokens.iter().zip(classes).filter(|it| is_word(it.0));
        let (known, unknown): (Vec<_>, Vec<_>) =
            words.partition(|(it, classes)| !classes.is_empty() || self.model.has_learned(it) || is_known(it));
        #[expect(clippy::cast_precision_loss, reason = "a request has some hundred words")]
        let share = known.len() as f64 / (known.len() + unknown.len()).max(1) as f64;
        if known.is_empty() && unknown.is_empty() { 1.0 } else { share }
    }

    /// Every label, the most probable first; the probabilities sum to 1. Only the beginning of a long text is read.
    pub fn guess(&self, text: &str) -> Vec<Guess> {
        let tokens = tokens::tokens(text);
        let more = self.net.as_ref().map(|it| it.scores(&tokens, &self.lexicon)).unwrap_or_default();
        self.model.guess(&features::features(&tokens, &self.lexicon), &more)
    }
}
