//! The embedder in the binary: no download, no network, some microseconds a text.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::embedder::EmbedError;
use super::embedder::Embedder;
use super::pieces;
use super::table::Table;
use crate::vector::Vector;

/// The static table. It costs nothing until the first text.
#[derive(Clone, Copy, Debug, Default)]
pub struct StaticEmbedder;

impl StaticEmbedder {
    /// The name of the table; a table with other vectors must have another name.
    pub const ID: &'static str = "minilm-static-128-1";

    /// The vector of `text`; `None` when no word of it is known.
    pub fn encode(text: &str) -> Option<Vector> {
        let table = Table::built_in()?;
        let mut sum = vec![0.0_f32; table.dimensions];
        let mut offset = [0.0_f32; 16];
        let blocks = offset.get_mut(..table.dimensions / super::table::BLOCK)?;
        for id in pieces::cut(table, text) {
            table.add(id, &mut sum, blocks);
        }
        for (sum, offset) in sum.chunks_exact_mut(super::table::BLOCK).zip(blocks) {
            sum.iter_mut().for_each(|it| *it -= *offset);
        }
        Vector::from_floats(&sum)
    }
}

impl Embedder for StaticEmbedder {
    fn id(&self) -> Arc<str> {
        StaticEmbedder::ID.into()
    }

    fn dimensions(&self) -> Option<usize> {
        Table::built_in().map(|it| it.dimensions)
    }

    fn embed<'a>(&'a self, texts: &'a [String]) -> BoxFuture<'a, Result<Vec<Option<Vector>>, EmbedError>> {
        std::future::ready(Ok(texts.iter().map(|it| StaticEmbedder::encode(it)).collect())).boxed()
    }

    fn embed_now(&self, text: &str) -> Option<Option<Vector>> {
        Some(StaticEmbedder::encode(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(one: &str, other: &str) -> f32 {
        StaticEmbedder::encode(one).unwrap().cosine(&StaticEmbedder::encode(other).unwrap())
    }

    #[test]
    fn what_means_alike_is_near() {
        let near = cosine("The cat sleeps on the sofa", "A kitten naps on the couch");
        let far = cosine("The cat sleeps on the sofa", "Invoices are due in thirty days");
        assert!(near > far + 0.2, "{near} {far}");
    }

    #[test]
    fn what_has_no_known_word_has_no_vector() {
        for text in ["", " \n", "\u{1F980}\u{1F980}", "\0"] {
            assert_eq!(StaticEmbedder::encode(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_huge_text_takes_no_longer_than_a_long_one() {
        let long = "remember the milk ".repeat(2_000);
        let huge = long.repeat(500);
        assert_eq!(StaticEmbedder::encode(&long), StaticEmbedder::encode(&huge));
        assert!(StaticEmbedder::encode(&"x".repeat(1 << 20)).is_none());
    }
}
