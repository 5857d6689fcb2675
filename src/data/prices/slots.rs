//! Conversion of the rows of a file to one value per slot: order, slot length, gaps and gap filling.

use super::{PriceReport, PriceTable, VOLUME, counted};
use crate::times::WallClock;
use chrono_tz::Tz;
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::time::{DAY_S, HOUR_S, LocalClock, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Maximum number of slots, more than any file contains: quarters of an hour for 140 years. Catches a wrong
/// year before it fills the memory.
const MOST_SLOTS: usize = 5_000_000;

/// Treatment of slots without a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GapRule {
    /// Stop with an error that lists each gap.
    #[default]
    Fail,
    /// Linear interpolation between the neighbours, up to a maximum length of gap.
    Interpolate {
        /// Maximum length of a gap that is filled [s].
        limit_s: i64,
    },
    /// Price of the same local time a week before.
    PreviousWeek,
}

/// A filled gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledGap {
    /// First slot without a price, UTC.
    pub from: String,
    /// First slot with a price again, UTC.
    pub to: String,
    /// Number of slots in between.
    pub slots: u64,
}

/// Values of one slot as given in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Start of the slot.
    pub time: SimTime,
    /// Index of the file.
    pub file: usize,
    /// Line in the file.
    pub line: u64,
    /// One value per column, or NaN if missing.
    pub values: Vec<f64>,
}

/// Contents of one or more files of a format, before they are converted to slots.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The files.
    pub files: Vec<PathBuf>,
    /// Name of the price column, for messages.
    pub key: String,
    /// Names of the columns of values.
    pub columns: Vec<String>,
    /// The rows in order of time.
    pub rows: Vec<Observed>,
    /// Length of a slot [s], if the format defines it.
    pub slot_s: Option<i64>,
    /// Counts made while reading.
    pub report: PriceReport,
}

impl Rows {
    /// Merges several files of one format, by their start times.
    ///
    /// # Errors
    /// If there are no files.
    pub fn join(mut parts: Vec<Self>) -> Result<Self> {
        parts.sort_by_key(|part| part.rows.first().map(|row| row.time));
        let mut parts = parts.into_iter();
        let Some(mut all) = parts.next() else {
            return Err(InputError::new("no files", "at least one").into());
        };
        for part in parts {
            let offset = all.files.len();
            all.files.extend(part.files);
            all.rows.extend(part.rows.into_iter().map(|row| Observed { file: row.file + offset, ..row }));
            all.report.add(&part.report);
        }
        Ok(all)
    }

    fn error(&self, row: &Observed, found: impl Into<String>, expected: impl Into<String>) -> InputError {
        let problem = InputError::new(found, expected).line(row.line).key(&self.key);
        match self.files.get(row.file) {
            Some(file) => problem.file(file),
            None => problem,
        }
    }

    /// One row per slot, without gaps.
    ///
    /// # Errors
    /// If rows are out of order or duplicated, do not match the slots, are fewer than two, or leave a gap
    /// that the rule does not fill.
    pub fn regular(mut self, rule: GapRule, tz: Tz) -> Result<(PriceTable, PriceReport)> {
        self.leave_out_what_is_empty();
        let times: Vec<SimTime> = self.rows.iter().map(|row| row.time).collect();
        let (found_s, held_s) = match self.slot_s {
            Some(slot_s) => (Some(slot_s), vec![slot_s; times.len()]),
            None => lengths(&times),
        };
        let slot_s = found_s.filter(|_| self.rows.len() > 1);
        let (Some(slot_s), Some(first)) = (slot_s, self.rows.first()) else {
            let found = format!("{} prices", self.rows.len());
            let problem = InputError::new(found, "at least two slots with a price").key(&self.key);
            return Err(match self.files.first() {
                Some(file) => problem.file(file).into(),
                None => problem.into(),
            });
        };
        let start = first.time;
        if !(60..=DAY_S).contains(&slot_s) {
            let found = format!("slots of {slot_s} s");
            return Err(self.error(first, found, "slots between a minute and a day").into());
        }
        self.check_steps(slot_s, tz)?;
        self.note_lengths(slot_s, &held_s);
        let (gaps, refused) = self.gaps(slot_s, &held_s, rule);
        if !refused.is_empty() {
            return Err(Error::Input(refused));
        }
        let last_s = held_s.last().copied().unwrap_or(slot_s);
        let slots = self.rows.last().map_or(0, |last| (last.time - start + last_s) / slot_s) as usize;
        if slots > MOST_SLOTS {
            let found = format!("{slots} slots between the first and the last time");
            return Err(self.error(&self.rows[0], found, format!("at most {MOST_SLOTS}")).into());
        }
        let mut columns: Vec<Vec<f64>> = vec![vec![f64::NAN; slots]; self.columns.len()];
        for (row, held) in self.rows.iter().zip(&held_s) {
            let slot = ((row.time - start) / slot_s) as usize;
            for (column, &value) in columns.iter_mut().zip(&row.values) {
                for held in column.iter_mut().skip(slot).take((held / slot_s) as usize) {
                    *held = value;
                }
            }
        }
        let table =
            PriceTable { start, slot_s, columns: self.columns.iter().cloned().zip(columns).collect() };
        let table = fill(table, &gaps, rule, tz).map_err(|gap| {
            let expected = "a price for the same local time a week before";
            let at = self.rows.iter().find(|row| row.time >= gap).unwrap_or(&self.rows[0]);
            Error::from(self.error(at, format!("none before {}", gap.iso()), expected))
        })?;
        self.report.slots = slots as u64;
        self.report.slot_s = slot_s;
        for (from, n) in gaps {
            let to = from + n as i64 * slot_s;
            self.report.filled.push(FilledGap { from: from.iso(), to: to.iso(), slots: n as u64 });
        }
        Ok((table, self.report))
    }

    /// Rows without a value count as absent: at the ends they are omitted, inside they are gaps.
    fn leave_out_what_is_empty(&mut self) {
        let whole = |row: &Observed| row.values.iter().all(|v| !v.is_nan());
        let first = self.rows.iter().position(whole);
        let last = self.rows.iter().rposition(whole);
        let inside = first.zip(last).map_or(0, |(first, last)| last + 1 - first);
        let outside = (self.rows.len() - inside) as u64;
        if outside > 0 {
            self.report.skip("no price, at an end of the file", outside);
        }
        self.rows.retain(whole);
    }

    /// Reports lengths of slots that differ within the file.
    fn note_lengths(&mut self, slot_s: i64, held_s: &[i64]) {
        let longer = held_s.iter().filter(|held| **held > slot_s).count() as u64;
        if longer > 0 {
            self.report.mend("longer slot, whose price holds until the next one", longer);
        }
    }

    fn check_steps(&self, slot_s: i64, tz: Tz) -> Result<()> {
        let mut problems = Vec::new();
        for pair in self.rows.windows(2) {
            let (before, row) = (&pair[0], &pair[1]);
            let step = row.time - before.time;
            let local = LocalClock::new(tz, before.time, row.time).local(row.time).format("%Y-%m-%d %H:%M");
            if step == 0 {
                let problem = self.error(row, format!("{local} a second time"), "each slot once");
                problems.push(problem.help(
                    "only the hour in which clocks are put back comes twice: check the rows, or --timezone",
                ));
            } else if step < 0 {
                let found = format!("{} after {}", row.time.iso(), before.time.iso());
                problems.push(self.error(row, found, "times that ascend").help("sort the rows by time"));
            } else if step % slot_s != 0 {
                let expected = format!("a whole number of slots of {slot_s} s behind the row before");
                problems.push(self.error(row, format!("{local}, {step} s later"), expected));
            }
            if problems.len() == 20 {
                break;
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
    }

    /// Gaps (first slot, number of slots), and an error for each gap that the rule rejects.
    fn gaps(&self, slot_s: i64, held_s: &[i64], rule: GapRule) -> (Vec<(SimTime, usize)>, Vec<InputError>) {
        let mut gaps = Vec::new();
        let mut refused = Vec::new();
        for (pair, held) in self.rows.windows(2).zip(held_s) {
            let missing = (pair[1].time - pair[0].time - held) / slot_s;
            if missing < 1 {
                continue;
            }
            let from = pair[0].time + *held;
            gaps.push((from, missing as usize));
            let (until, slots) = (pair[1].time.iso(), counted(missing.unsigned_abs()));
            let length = format!("no prices from {} to {until} ({slots})", from.iso());
            match rule {
                GapRule::Fail => refused.push(
                    self.error(&pair[1], length, "a price for each slot")
                        .help("fill gaps with --gaps interpolate --gap-limit 2h or --gaps previous-week"),
                ),
                GapRule::Interpolate { limit_s } if missing * slot_s > limit_s => refused.push(
                    self.error(&pair[1], length, format!("gaps of at most {} min", limit_s / 60))
                        .help("raise --gap-limit, or use --gaps previous-week"),
                ),
                GapRule::Interpolate { .. } | GapRule::PreviousWeek => {}
            }
        }
        refused.truncate(20);
        (gaps, refused)
    }
}

/// Length of the shortest slots [s], and of the slot of each row.
///
/// Files change from hours to quarters of an hour when their market does. A step is a length of slots if it follows
/// itself at least once; a longer step is a gap. Slots of several lengths divide the hour.
pub(super) fn lengths(times: &[SimTime]) -> (Option<i64>, Vec<i64>) {
    let steps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for &step in steps.iter().filter(|step| **step > 0) {
        *counts.entry(step).or_default() += 1;
    }
    let commonest = counts.iter().max_by_key(|(step, n)| (**n, -**step)).map(|(step, _)| *step);
    let Some(commonest) = commonest else { return (None, vec![0; times.len()]) };
    let runs = |length: i64| steps.windows(2).any(|pair| pair == [length; 2]);
    let divides = |length: i64| (60..=HOUR_S).contains(&length) && HOUR_S % length == 0;
    let shortest =
        counts.keys().copied().find(|&length| runs(length) && (divides(length) || length == commonest));
    let slot_s = shortest.unwrap_or(commonest);
    let mut held = vec![slot_s; times.len()];
    for (i, &step) in steps.iter().enumerate() {
        let same = |other: Option<usize>| other.and_then(|at| steps.get(at)) == Some(&step);
        if step > slot_s
            && divides(step)
            && step % slot_s == 0
            && (same(i.checked_sub(1)) || same(Some(i + 1)))
        {
            held[i] = step;
        }
    }
    // The last row is as long as the one before it.
    if let [.., before, last] = &mut held[..] {
        *last = *before;
    }
    (Some(slot_s), held)
}

/// Fills the gaps; the error is a slot without a price a week before. No volume is traded in a gap.
fn fill(
    mut table: PriceTable,
    gaps: &[(SimTime, usize)],
    rule: GapRule,
    tz: Tz,
) -> Result<PriceTable, SimTime> {
    let (start, slot_s) = (table.start, table.slot_s);
    let mut wall = WallClock::new(tz);
    for &(from, n) in gaps {
        let first = ((from - start) / slot_s) as usize;
        let clock = LocalClock::new(tz, from, from + n as i64 * slot_s);
        for slot in first..first + n {
            let time = start + slot as i64 * slot_s;
            let local_s = time.0 + clock.offset_s(time);
            let week_before = wall.read(local_s - 7 * DAY_S).earliest();
            for (name, values) in &mut table.columns {
                values[slot] = if name == VOLUME {
                    0.0
                } else if rule == GapRule::PreviousWeek {
                    let source = usize::try_from((week_before - start).div_euclid(slot_s)).ok();
                    source.and_then(|s| values.get(s).copied()).filter(|v| !v.is_nan()).ok_or(time)?
                } else {
                    let (before, after) = (values[first - 1], values[first + n]);
                    before + (after - before) * (slot + 1 - first) as f64 / (n + 1) as f64
                };
            }
        }
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Tz = chrono_tz::Europe::Berlin;

    /// Hourly rows from 2017-03-20T00:00Z onwards; NaN or omitted if there is no price.
    fn rows(prices: &[(i64, f64)]) -> Rows {
        let row = |(i, &(hour, price)): (usize, &(i64, f64))| Observed {
            time: SimTime(1_489_968_000 + hour * 3_600),
            file: 0,
            line: i as u64 + 2,
            values: vec![price],
        };
        Rows {
            files: vec!["x.csv".into()],
            key: "SE3".into(),
            columns: vec!["price_per_mwh".into()],
            rows: prices.iter().enumerate().map(row).collect(),
            slot_s: None,
            report: PriceReport::default(),
        }
    }

    fn prices(rows: Rows, rule: GapRule) -> Vec<f64> {
        rows.regular(rule, BERLIN).unwrap().0.columns[0].1.clone()
    }

    #[test]
    fn a_price_holds_until_the_next_one_where_slots_become_shorter() {
        // Three hours, then quarters: seconds after the first, and prices.
        let mut changing = rows(&[(0, 10.0), (1, 20.0), (2, 30.0)]);
        for quarter in 0..5 {
            let mut row = changing.rows[0].clone();
            row.time = changing.rows[0].time + 10_800 + quarter * 900;
            row.values = vec![40.0 + quarter as f64];
            changing.rows.push(row);
        }
        let (table, report) = changing.clone().regular(GapRule::Fail, BERLIN).unwrap();
        assert_eq!(table.slot_s, 900);
        let expected: Vec<f64> = [10.0, 20.0, 30.0]
            .into_iter()
            .flat_map(|price| [price; 4])
            .chain((0..5).map(|quarter| 40.0 + f64::from(quarter)))
            .collect();
        assert_eq!(table.columns[0].1, expected);
        assert_eq!(report.repaired["longer slot, whose price holds until the next one"], 3);
        // A single long step among quarters is a gap.
        changing.rows.remove(5);
        assert!(changing.regular(GapRule::Fail, BERLIN).is_err());
        // And back to hours, which the last row keeps.
        let mut back = rows(&[(1, 1.0), (2, 2.0), (3, 3.0)]);
        let first = back.rows[0].clone();
        for quarter in (0..4).rev() {
            let time = first.time + (-3_600 + quarter * 900);
            back.rows.insert(0, Observed { time, ..first.clone() });
        }
        let (table, _) = back.regular(GapRule::Fail, BERLIN).unwrap();
        assert_eq!((table.slot_s, table.slots()), (900, 4 + 12));
    }

    #[test]
    fn gaps_are_filled_as_asked() {
        let holed = [(0, 10.0), (1, f64::NAN), (2, 30.0), (3, 40.0), (6, 70.0), (7, f64::NAN)];
        let limit_s = 7_200;
        let (table, report) = rows(&holed).regular(GapRule::Interpolate { limit_s }, BERLIN).unwrap();
        assert_eq!(table.columns[0].1, [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0]);
        assert_eq!(report.filled.iter().map(|gap| gap.slots).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(report.skipped["no price, at an end of the file"], 1);
        insta::assert_snapshot!(rows(&holed).regular(GapRule::Interpolate { limit_s: 3_600 }, BERLIN).unwrap_err(), @"x.csv:6: SE3: found no prices from 2017-03-20T04:00:00Z to 2017-03-20T06:00:00Z (2 slots), expected gaps of at most 60 min; raise --gap-limit, or use --gaps previous-week");
        insta::assert_snapshot!(rows(&holed).regular(GapRule::Fail, BERLIN).unwrap_err(), @"
        x.csv:4: SE3: found no prices from 2017-03-20T01:00:00Z to 2017-03-20T02:00:00Z (1 slot), expected a price for each slot; fill gaps with --gaps interpolate --gap-limit 2h or --gaps previous-week
        x.csv:6: SE3: found no prices from 2017-03-20T04:00:00Z to 2017-03-20T06:00:00Z (2 slots), expected a price for each slot; fill gaps with --gaps interpolate --gap-limit 2h or --gaps previous-week
        ");
        insta::assert_snapshot!(rows(&holed).regular(GapRule::PreviousWeek, BERLIN).unwrap_err(), @"x.csv:4: SE3: found none before 2017-03-20T01:00:00Z, expected a price for the same local time a week before");
    }

    #[test]
    fn the_week_before_is_meant_by_the_clock_on_the_wall() {
        // Monday, 20 March 2017 to Wednesday, 29 March; the clocks go forward on Sunday, the 26th. 12:00 of
        // the 27th is 10:00 UTC (hour 178), 12:00 of the 20th was 11:00 UTC (hour 11).
        let all: Vec<(i64, f64)> =
            (0..216).filter(|hour| *hour != 178).map(|hour| (hour, hour as f64 + 0.5)).collect();
        assert_eq!(prices(rows(&all), GapRule::PreviousWeek)[178], 11.5);
    }

    #[test]
    fn rows_out_of_step_are_told() {
        let message =
            |list: &[(i64, f64)]| rows(list).regular(GapRule::Fail, BERLIN).unwrap_err().to_string();
        insta::assert_snapshot!(message(&[(0, 1.0), (1, 2.0), (1, 2.0), (2, 3.0)]), @"x.csv:4: SE3: found 2017-03-20 02:00 a second time, expected each slot once; only the hour in which clocks are put back comes twice: check the rows, or --timezone");
        insta::assert_snapshot!(message(&[(0, 1.0), (1, 2.0), (0, 2.0), (1, 3.0)]), @"x.csv:4: SE3: found 2017-03-20T00:00:00Z after 2017-03-20T01:00:00Z, expected times that ascend; sort the rows by time");
        insta::assert_snapshot!(message(&[(0, 1.0)]), @"x.csv: SE3: found 1 prices, expected at least two slots with a price");
        insta::assert_snapshot!(message(&[(0, 1.0), (30, 1.0)]), @"x.csv:2: SE3: found slots of 108000 s, expected slots between a minute and a day");
    }

    #[test]
    fn no_volume_is_traded_in_a_gap() {
        let mut holed = rows(&[(0, 10.0), (2, 30.0), (3, 40.0)]);
        holed.columns.push(VOLUME.into());
        for row in &mut holed.rows {
            row.values.push(5.0);
        }
        let (table, _) = holed.regular(GapRule::Interpolate { limit_s: 3_600 }, BERLIN).unwrap();
        assert_eq!((table.columns[0].1[1], table.columns[1].1[1]), (20.0, 0.0));
    }
}
