//! The built-in table of word pieces and their vectors, as `tools/embedder` packs it.
//!
//! Nothing is unpacked: vectors and texts are read where they lie in the binary. Only the index of the pieces is built,
//! at the first use, in half a millisecond.

use std::sync::LazyLock;

/// 20,000 word pieces by 128 dimensions of 4 bits, derived from all-MiniLM-L6-v2 (NOTICE).
static PACKED: &[u8] = include_bytes!("minilm-static.bin");

static TABLE: LazyLock<Option<Table>> = LazyLock::new(|| Table::read(PACKED));

/// Components that share a scale.
pub(super) const BLOCK: usize = 32;

/// What stands in a slot of the index without a piece.
const EMPTY: u16 = u16::MAX;

/// The hash of nothing, for a piece that begins a word and for one that goes on in it (FNV-1a).
const BEGINS: u32 = 0x811c_9dc5;
const GOES_ON: u32 = 0x050c_5d1f;

pub(super) struct Table {
    pub(super) dimensions: usize,
    /// The texts of the pieces, and where each begins.
    text: &'static str,
    starts: Vec<u32>,
    /// Open addressing by hash; at most a third is in use.
    slots: Vec<u16>,
    mask: usize,
    /// The longest piece, in bytes.
    pub(super) longest: usize,
    /// (first, last, action), ascending.
    ranges: Vec<(u32, u32, Action)>,
    /// (character, what the reference makes of it), ascending.
    singles: Vec<(u32, &'static str)>,
    /// A bfloat16 for each block of each piece.
    scales: &'static [u8],
    /// Two components a byte, the even one in the low half.
    codes: &'static [u8],
}

/// What becomes of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It stays.
    Keep,
    /// It is left out.
    Drop,
    /// It ends a word.
    Blank,
    /// It is a word by itself.
    Apart,
    /// These characters stand for it.
    Replace(&'static str),
}

/// Reads the packed form from its beginning to its end.
struct Reader {
    rest: &'static [u8],
}

impl Reader {
    fn take(&mut self, bytes: usize) -> Option<&'static [u8]> {
        let (head, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(head)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn text(&mut self, bytes: usize) -> Option<&'static str> {
        std::str::from_utf8(self.take(bytes)?).ok()
    }
}

impl Table {
    /// The one in the binary. `None` only if the binary was built with a broken one, which a test would tell.
    pub(super) fn built_in() -> Option<&'static Table> {
        TABLE.as_ref()
    }

    fn read(packed: &'static [u8]) -> Option<Table> {
        let mut reader = Reader { rest: packed };
        if reader.take(8)? != b"CARRYEM1" {
            return None;
        }
        let [count, dimensions, ranges, singles] = [reader.size()?, reader.size()?, reader.size()?, reader.size()?];
        let bytes = reader.size()?;
        let text = reader.text(bytes)?;
        let ranges = (0..ranges).map(|_| reader.range()).collect::<Option<Vec<_>>>()?;
        let single_codes = (0..singles).map(|_| reader.number()).collect::<Option<Vec<_>>>()?;
        let single = |code: u32| {
            let bytes = usize::from(*reader.take(1)?.first()?);
            Some((code, reader.text(bytes)?))
        };
        let singles = single_codes.into_iter().map(single).collect::<Option<Vec<_>>>()?;
        let scales = reader.take(count * (dimensions / BLOCK) * 2)?;
        let codes = reader.take(count * dimensions / 2)?;
        if count >= usize::from(EMPTY) || dimensions == 0 || dimensions % BLOCK != 0 || !reader.rest.is_empty() {
            return None;
        }
        let mut table = Table {
            dimensions,
            text,
            starts: Vec::with_capacity(count + 1),
            slots: Vec::new(),
            mask: 0,
            longest: 0,
            ranges,
            singles,
            scales,
            codes,
        };
        table.index(count)?;
        Some(table)
    }

    /// Fills the index; `None` when there are not `count` pieces.
    fn index(&mut self, count: usize) -> Option<()> {
        let size = (count * 3).next_power_of_two();
        (self.slots, self.mask) = (vec![EMPTY; size], size - 1);
        let mut start = 0;
        for (id, piece) in self.text.split('\n').enumerate() {
            self.starts.push(start);
            start += u32::try_from(piece.len() + 1).ok()?;
            let (state, rest) = match piece.strip_prefix("##").filter(|it| !it.is_empty()) {
                Some(rest) => (GOES_ON, rest),
                None => (BEGINS, piece),
            };
            self.longest = self.longest.max(rest.len());
            let mut slot = hash(state, rest.as_bytes()) as usize & self.mask;
            while self.slots[slot] != EMPTY {
                slot = (slot + 1) & self.mask;
            }
            self.slots[slot] = u16::try_from(id).ok()?;
        }
        self.starts.push(start);
        (self.starts.len() == count + 1).then_some(())
    }

    /// How many pieces there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The text of a piece.
    pub(super) fn piece(&self, id: u16) -> &'static str {
        let at = usize::from(id);
        let (from, to) = (self.starts[at] as usize, self.starts[at + 1] as usize - 1);
        self.text.get(from..to).unwrap_or_default()
    }

    /// The longest piece that `rest` of a word begins with, and its length in bytes.
    pub(super) fn longest_piece(&self, rest: &str, begins: bool) -> Option<(u16, usize)> {
        let bytes = rest.as_bytes();
        let mut state = if begins { BEGINS } else { GOES_ON };
        let mut found = None;
        for at in 0..bytes.len().min(self.longest) {
            state = step(state, bytes[at]);
            if rest.is_char_boundary(at + 1)
                && let Some(id) = self.find(state, &rest[..=at], begins)
            {
                found = Some((id, at + 1));
            }
        }
        found
    }

    fn find(&self, hash: u32, text: &str, begins: bool) -> Option<u16> {
        let mut slot = hash as usize & self.mask;
        loop {
            let id = self.slots[slot];
            if id == EMPTY {
                return None;
            }
            let piece = self.piece(id);
            let same = if begins {
                piece == text
            } else {
                piece.len() == text.len() + 2 && piece.starts_with("##") && &piece[2..] == text
            };
            if same {
                return Some(id);
            }
            slot = (slot + 1) & self.mask;
        }
    }

    /// What becomes of a character that is not ASCII.
    pub(super) fn action(&self, char: char) -> Action {
        let code = u32::from(char);
        if let Ok(at) = self.singles.binary_search_by_key(&code, |it| it.0) {
            return Action::Replace(self.singles[at].1);
        }
        let after = self.ranges.partition_point(|it| it.0 <= code);
        match after.checked_sub(1).map(|at| self.ranges[at]) {
            Some((_, last, action)) if code <= last => action,
            _ => Action::Keep,
        }
    }

    /// Adds the vector of a piece to `sum`, except for what all codes of a block have in common, which goes to `offset`.
    pub(super) fn add(&self, id: u16, sum: &mut [f32], offset: &mut [f32]) {
        let at = usize::from(id);
        let blocks = self.dimensions / BLOCK;
        let scales = &self.scales[at * blocks * 2..][..blocks * 2];
        let codes = &self.codes[at * self.dimensions / 2..][..self.dimensions / 2];
        let blocks = scales.chunks_exact(2).zip(codes.chunks_exact(BLOCK / 2));
        for ((sum, offset), (scale, codes)) in sum.chunks_exact_mut(BLOCK).zip(offset).zip(blocks) {
            let scale = f32::from_bits(u32::from(u16::from_le_bytes([scale[0], scale[1]])) << 16);
            // A code stands for (code - 7.5) * scale.
            *offset += scale * 7.5;
            for (pair, code) in sum.chunks_exact_mut(2).zip(codes) {
                pair[0] += f32::from(code & 15) * scale;
                pair[1] += f32::from(code >> 4) * scale;
            }
        }
    }
}

impl Reader {
    fn range(&mut self) -> Option<(u32, u32, Action)> {
        let (first, last) = (self.number()?, self.number()?);
        let action = match self.number()? {
            0 => Action::Drop,
            1 => Action::Blank,
            2 => Action::Apart,
            _ => return None,
        };
        Some((first, last, action))
    }
}

fn step(state: u32, byte: u8) -> u32 {
    (state ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

fn hash(state: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(state, |state, byte| step(state, *byte))
}
