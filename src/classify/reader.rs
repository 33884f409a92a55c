//! Reads the files of learned weights, number by number.

/// Reads a file from its beginning on; each is `None` when the file is at its end.
pub(super) struct Reader(pub(super) &'static [u8]);

impl Reader {
    pub(super) fn bytes(&mut self, length: usize) -> Option<&'static [u8]> {
        let (first, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(first)
    }

    fn four(&mut self) -> Option<[u8; 4]> {
        self.bytes(4)?.try_into().ok()
    }

    pub(super) fn count(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.four()?)).ok()
    }

    pub(super) fn float(&mut self) -> Option<f32> {
        Some(f32::from_le_bytes(self.four()?))
    }

    /// Hashes, ascending.
    pub(super) fn hashes(&mut self, length: usize) -> Option<Hashes> {
        Some(Hashes(self.bytes(length.checked_mul(4)?)?.as_chunks().0))
    }

    /// Numbers of eight bits behind the step that they count.
    pub(super) fn table(&mut self, length: usize) -> Option<Table> {
        Some(Table { step: self.float()?, bytes: self.bytes(length)? })
    }
}

/// Hashes where they lie in the file, ascending.
#[derive(Default)]
pub(super) struct Hashes(&'static [[u8; 4]]);

impl Hashes {
    pub(super) fn place(&self, hash: u32) -> Option<usize> {
        self.0.binary_search_by_key(&hash, |it| u32::from_le_bytes(*it)).ok()
    }
}

/// Numbers where they lie in the file: a byte each, which counts steps.
pub(super) struct Table {
    pub(super) step: f32,
    pub(super) bytes: &'static [u8],
}

impl Table {
    pub(super) fn numbers(&self) -> impl Iterator<Item = f32> {
        self.bytes.iter().map(|it| f32::from(it.cast_signed()) * self.step)
    }

    /// Writes the row at `place` into `out`; rows are as long as `out`.
    pub(super) fn row(&self, place: usize, out: &mut [f32]) {
        let bytes = self.bytes_of(place, out.len());
        out.iter_mut().zip(bytes).for_each(|(out, it)| *out = f32::from(it.cast_signed()) * self.step);
    }

    /// Adds the row at `place` to `sum`; rows are as long as `sum`.
    pub(super) fn add(&self, place: usize, sum: &mut [f32]) {
        let bytes = self.bytes_of(place, sum.len());
        sum.iter_mut().zip(bytes).for_each(|(sum, it)| *sum += f32::from(it.cast_signed()) * self.step);
    }

    fn bytes_of(&self, place: usize, length: usize) -> &'static [u8] {
        self.bytes.get(place * length..(place + 1) * length).unwrap_or_default()
    }
}
