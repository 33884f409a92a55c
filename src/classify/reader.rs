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

    /// Numbers of eight bits behind the step that they count.
    pub(super) fn table(&mut self, length: usize) -> Option<Vec<f32>> {
        let step = self.float()?;
        Some(self.bytes(length)?.iter().map(|it| f32::from(it.cast_signed()) * step).collect())
    }
}
