//! The weights of a linear model: a sorted table of features, a byte for each label.
//!
//! The file, little endian: `CARRYCL1`; how many features, labels and groups (u32 each); the size of one step (f32);
//! the labels, one a line, after their length in bytes (u32); a start value for each label (f32); each group's letter
//! (u8) and weight (f32); the features' hashes (u32, sorted); for each feature a byte (i8) for each label.

use super::Guess;
use super::features::Feature;
use super::features::hash;
use super::reader::Hashes;
use super::reader::Reader;

const MAGIC: &[u8] = b"CARRYCL1";

#[derive(Default)]
pub(super) struct Model {
    labels: Vec<&'static str>,
    starts: Vec<f32>,
    groups: Vec<(u8, f32)>,
    step: f32,
    hashes: Hashes,
    weights: &'static [u8],
}

impl Model {
    /// `None` when the file is not one, or was cut.
    pub(super) fn read(file: &'static [u8]) -> Option<Model> {
        let mut reader = Reader(file.strip_prefix(MAGIC)?);
        let (features, labels, groups) = (reader.count()?, reader.count()?, reader.count()?);
        let step = reader.float()?;
        let length = reader.count()?;
        let names: Vec<&str> = std::str::from_utf8(reader.bytes(length)?).ok()?.lines().collect();
        let starts = (0..labels).map(|_| reader.float()).collect::<Option<Vec<f32>>>()?;
        let group = |reader: &mut Reader| Some((*reader.bytes(1)?.first()?, reader.float()?));
        let groups = (0..groups).map(|_| group(&mut reader)).collect::<Option<Vec<_>>>()?;
        let hashes = reader.hashes(features)?;
        let weights = reader.bytes(features.checked_mul(labels)?)?;
        (names.len() == labels).then_some(Model { labels: names, starts, groups, step, hashes, weights })
    }

    /// Whether examples had the word.
    pub(super) fn has_learned(&self, word: &str) -> bool {
        self.hashes.place(hash("u", &[word])).is_some()
    }

    /// Every label, the most probable first; `more` is added to the labels' scores, in their order.
    pub(super) fn guess(&self, features: &[Feature], more: &[f32]) -> Vec<Guess> {
        let mut sums = vec![0.0_f32; self.labels.len()];
        let mut squares = 0.0_f32;
        for (hash, group) in features {
            let Some(place) = self.hashes.place(*hash) else { continue };
            let weight = self.groups.iter().find(|it| it.0 == *group).map_or(1.0, |it| it.1);
            squares += weight * weight;
            let row = self.weights.get(place * sums.len()..).unwrap_or_default();
            for (sum, byte) in sums.iter_mut().zip(row) {
                *sum += f32::from(byte.cast_signed()) * weight;
            }
        }
        // Long and short texts weigh the same: as in training, the features of a text have the length 1.
        let scale = self.step / squares.sqrt().max(1e-6);
        let more = more.iter().copied().chain(std::iter::repeat(0.0));
        let scores: Vec<f32> =
            sums.iter().zip(&self.starts).zip(more).map(|((sum, start), more)| sum * scale + start + more).collect();
        let best = scores.iter().copied().fold(f32::MIN, f32::max);
        let raised: Vec<f64> = scores.iter().map(|it| f64::from(it - best).exp()).collect();
        let whole: f64 = raised.iter().sum();
        let guess = |(label, it): (&&'static str, &f64)| Guess { label, probability: it / whole };
        let mut out: Vec<Guess> = self.labels.iter().zip(&raised).map(guess).collect();
        out.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One feature, two labels.
    const SMALL: &[u8] = b"CARRYCL1\x01\0\0\0\x02\0\0\0\x01\0\0\0\0\0\x80\x3f\x07\0\0\0no\nyes\n\0\0\0\0\0\0\0\0u\0\0\x80\x3f\x07\0\0\0\xff\x01";

    #[test]
    fn a_feature_moves_the_labels_by_its_bytes() {
        let model = Model::read(SMALL).unwrap();
        let guesses = model.guess(&[(7, b'u')], &[]);
        assert_eq!(guesses[0].label, "yes");
        assert!((guesses[0].probability - 0.880_797).abs() < 1e-5, "{guesses:?}");
        assert!((model.guess(&[], &[])[0].probability - 0.5).abs() < 1e-9);
        assert_eq!(model.guess(&[(7, b'u')], &[9.0, 0.0])[0].label, "no");
    }

    #[test]
    fn a_cut_file_is_none() {
        assert!(Model::read(b"CARRYCL1\x01\0\0\0").is_none());
        assert!(Model::read(b"").is_none());
        assert!(Model::default().guess(&[(1, b'u')], &[]).is_empty());
    }
}
