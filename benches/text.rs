//! Text as people write it, made of a word-frequency model: a few words are everywhere, most are rare (Zipf's law).
//! Seeded, so that every run measures the same.

/// Makes sentences.
pub(crate) struct Text {
    state: u64,
    words: Vec<String>,
    /// Cumulative share of each word, ascending, the last is 1.
    shares: Vec<f64>,
}

/// The words that make up two fifths of English text, most frequent first.
const COMMON: &str = "the of and to a in is that it was for on are with as his they be at one have this from or had by \
    not but what some we can out other were all there when up use your how said an each she which do their time if \
    will way about many then them write would like so these her long make thing see him two has look more day could \
    go come did number sound no most people my over know water than call first who may down side been now find";

/// Different words in all: what a person's notes of some years hold.
const VOCABULARY: usize = 12_000;

impl Text {
    pub(crate) fn new(seed: u64) -> Text {
        let mut text =
            Text { state: seed | 1, words: COMMON.split(' ').map(str::to_owned).collect(), shares: Vec::new() };
        while text.words.len() < VOCABULARY {
            let word = text.invented();
            text.words.push(word);
        }
        let weights: Vec<f64> = (0..VOCABULARY).map(|rank| 1.0 / (rank as f64 + 2.7)).collect();
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        text.shares = weights
            .iter()
            .map(|weight| {
                sum += weight / total;
                sum
            })
            .collect();
        text
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % limit
    }

    fn invented(&mut self) -> String {
        const SYLLABLES: [&str; 24] = [
            "ba", "con", "der", "el", "fi", "gra", "hol", "in", "ja", "ker", "lo", "mar", "ne", "or", "pla", "qui",
            "re", "sto", "ti", "un", "ver", "wa", "ing", "er",
        ];
        (0..2 + self.below(3)).map(|_| SYLLABLES[self.below(SYLLABLES.len())]).collect()
    }

    pub(crate) fn word(&mut self) -> &str {
        let at = self.below(1 << 30) as f64 / f64::from(1 << 30);
        let rank = self.shares.partition_point(|share| *share < at).min(self.words.len() - 1);
        &self.words[rank]
    }

    /// A text of `words` words.
    pub(crate) fn sentence(&mut self, words: usize) -> String {
        let mut out = String::new();
        for _ in 0..words {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(self.word());
        }
        out
    }

    /// `words` words, each among the hundred most frequent.
    #[allow(dead_code, clippy::allow_attributes, reason = "not every bench asks that")]
    pub(crate) fn frequent(&mut self, words: usize) -> String {
        let places: Vec<usize> = (0..words).map(|_| self.below(100)).collect();
        let words: Vec<&str> = places.into_iter().map(|it| self.words[it].as_str()).collect();
        words.join(" ")
    }

    /// `words` words, none of them among the hundred most frequent.
    #[allow(dead_code, clippy::allow_attributes, reason = "not every bench asks that")]
    pub(crate) fn telling(&mut self, words: usize) -> String {
        let mut told = Vec::new();
        while told.len() < words {
            let word = self.word().to_owned();
            if !self.words[..100].contains(&word) {
                told.push(word);
            }
        }
        told.join(" ")
    }

    /// A memory as people keep them: 8 to 40 words.
    pub(crate) fn memory(&mut self) -> String {
        let words = 8 + self.below(33);
        self.sentence(words)
    }

    /// A question about one: 5 to 12 words of a memory.
    pub(crate) fn question(&mut self) -> String {
        let words = 5 + self.below(8);
        self.sentence(words)
    }
}
