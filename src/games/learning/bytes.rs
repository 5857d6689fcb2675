//! Little-endian binary encoding of state, for checkpoints.

/// Writes numbers in sequence.
#[derive(Debug, Default)]
pub struct Writer {
    /// Bytes written so far.
    pub bytes: Vec<u8>,
}

/// The bytes are truncated or contain impossible values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrupt;

impl Writer {
    /// Writes one integer.
    pub fn count(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes one number, bit-exactly.
    pub fn number(&mut self, value: f64) {
        self.count(value.to_bits());
    }

    /// Writes a list of numbers, preceded by its length.
    pub fn numbers(&mut self, values: &[f64]) {
        self.count(values.len() as u64);
        values.iter().for_each(|&value| self.number(value));
    }

    /// Writes a list of integers, preceded by its length.
    pub fn counts(&mut self, values: impl ExactSizeIterator<Item = u64>) {
        self.count(values.len() as u64);
        values.for_each(|value| self.count(value));
    }
}

/// Reads the output of a [`Writer`].
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Creates a reader at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all bytes have been read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads one integer.
    ///
    /// # Errors
    /// If the bytes are truncated.
    pub fn count(&mut self) -> Result<u64, Corrupt> {
        let (first, rest) = self.rest.split_first_chunk::<8>().ok_or(Corrupt)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*first))
    }

    /// Reads one number.
    ///
    /// # Errors
    /// If the bytes are truncated.
    pub fn number(&mut self) -> Result<f64, Corrupt> {
        Ok(f64::from_bits(self.count()?))
    }

    /// Reads a length for which the remaining bytes contain that many items of 8 bytes.
    fn length(&mut self) -> Result<usize, Corrupt> {
        let length = usize::try_from(self.count()?).map_err(|_| Corrupt)?;
        if length > self.rest.len() / 8 { Err(Corrupt) } else { Ok(length) }
    }

    /// Reads a list of numbers preceded by its length.
    ///
    /// # Errors
    /// If there are fewer values than the length states.
    pub fn numbers(&mut self) -> Result<Vec<f64>, Corrupt> {
        (0..self.length()?).map(|_| self.number()).collect()
    }

    /// Reads a list of numbers preceded by its length into `values`.
    ///
    /// # Errors
    /// If the length differs from that of `values`.
    pub fn numbers_into(&mut self, values: &mut [f64]) -> Result<(), Corrupt> {
        let read = self.numbers()?;
        if read.len() != values.len() {
            return Err(Corrupt);
        }
        values.copy_from_slice(&read);
        Ok(())
    }

    /// Reads a list of integers preceded by its length.
    ///
    /// # Errors
    /// If there are fewer values than the length states.
    pub fn counts(&mut self) -> Result<Vec<u64>, Corrupt> {
        (0..self.length()?).map(|_| self.count()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_to_the_bit() {
        let mut writer = Writer::default();
        writer.numbers(&[1.5, -0.0, f64::MIN_POSITIVE]);
        writer.counts([u64::MAX, 0].into_iter());
        let mut reader = Reader::new(&writer.bytes);
        let numbers = reader.numbers().unwrap();
        assert_eq!(
            numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
            [1.5_f64, -0.0, f64::MIN_POSITIVE].map(f64::to_bits)
        );
        assert_eq!(reader.counts(), Ok(vec![u64::MAX, 0]));
        assert!(reader.is_empty());
        for end in 0..writer.bytes.len() {
            let mut reader = Reader::new(&writer.bytes[..end]);
            assert!(reader.numbers().and_then(|_| reader.counts()).is_err(), "{end}");
        }
    }

    #[test]
    fn a_length_beyond_the_file_asks_for_no_memory() {
        let mut writer = Writer::default();
        writer.count(u64::MAX >> 4);
        assert_eq!(Reader::new(&writer.bytes).numbers(), Err(Corrupt));
    }
}
