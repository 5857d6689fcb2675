//! Recorders: receivers of records, and their combinations.

use super::Record;

/// Receiver of records.
pub trait Recorder {
    /// Something has happened. Most recorders use some kinds of records only, and pass over the others.
    fn record(&mut self, record: Record<'_>);
    /// Whether each reading must have a record of every station. Otherwise stations at which nothing has changed since
    /// the reading before, and no power has flowed, are left out: their records would repeat the one before, with a
    /// power of 0.
    fn needs_idle_stations(&self) -> bool {
        true
    }
}

/// Discards all records.
impl Recorder for () {
    fn record(&mut self, _record: Record<'_>) {}
    fn needs_idle_stations(&self) -> bool {
        false
    }
}

/// Two recorders, one after the other.
impl<A: Recorder, B: Recorder> Recorder for (A, B) {
    #[inline]
    fn record(&mut self, record: Record<'_>) {
        self.0.record(record);
        self.1.record(record);
    }
    fn needs_idle_stations(&self) -> bool {
        self.0.needs_idle_stations() || self.1.needs_idle_stations()
    }
}

/// A recorder, or none.
impl<R: Recorder> Recorder for Option<R> {
    #[inline]
    fn record(&mut self, record: Record<'_>) {
        if let Some(recorder) = self {
            recorder.record(record);
        }
    }
    fn needs_idle_stations(&self) -> bool {
        self.as_ref().is_some_and(Recorder::needs_idle_stations)
    }
}

impl<R: Recorder + ?Sized> Recorder for &mut R {
    #[inline]
    fn record(&mut self, record: Record<'_>) {
        (**self).record(record);
    }
    fn needs_idle_stations(&self) -> bool {
        (**self).needs_idle_stations()
    }
}
