//! Price documents in the XML of ENTSO-E as a table: one row per slot, with its time in UTC, its place and its price.
//!
//! Curves of type A03 leave out positions that repeat the value before; here each slot has its row. A document may have
//! series of several resolutions and sequences. Where series of one place and sequence overlap, their resolution becomes
//! part of the sequence, of which the user chooses one.

use gridfleet_core::error::{Error, InputError, Result};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;
use std::path::Path;

/// Maximum number of slots of a document: twenty years of quarter-hours of ten places.
const MOST_SLOTS: usize = 8_000_000;
/// Maximum depth of elements; documents have six.
const MOST_DEPTH: usize = 32;

/// One period of a series: slots of one length.
#[derive(Debug, Default)]
struct Period {
    area: String,
    sequence: String,
    unit: String,
    repeats: bool,
    start_s: i64,
    end_s: i64,
    slot_s: i64,
    /// Price by position, from 1.
    prices: BTreeMap<i64, String>,
}

/// The prices of a document as CSV with a header, and a note.
pub(super) fn table(path: &Path, text: &str) -> Result<(Vec<u8>, String)> {
    let mut periods = Document::read(path, text)?;
    tell_apart(&mut periods);
    let unit = periods.first().map(|period| period.unit.clone()).unwrap_or_default();
    if let Some(other) = periods.iter().find(|period| period.unit != unit) {
        let found = format!("prices in {unit} and {}", other.unit);
        return Err(InputError::new(found, "prices in one currency").file(path).into());
    }
    let price = format!("price.amount [{unit}]");
    let mut slots = 0;
    let mut rows = vec![["time", "area", "sequence", "resolution", &price].map(str::to_owned)];
    for period in &periods {
        let last = (period.end_s - period.start_s) / period.slot_s;
        slots += usize::try_from(last).unwrap_or(usize::MAX).min(MOST_SLOTS + 1);
        if slots > MOST_SLOTS {
            let found = format!("periods of more than {MOST_SLOTS} slots");
            return Err(InputError::new(found, "a document of prices").file(path).into());
        }
        if let Some(beyond) = period.prices.keys().find(|at| !(1..=last).contains(*at)) {
            let found = format!("a price at position {beyond} of a period of {last} slots");
            return Err(InputError::new(found, "positions within the period").file(path).into());
        }
        let mut price: Option<&String> = None;
        for at in 1..=last {
            price = period.prices.get(&at).or(price.filter(|_| period.repeats));
            let Some(price) = price else { continue };
            let time = gridfleet_core::time::SimTime(period.start_s + (at - 1) * period.slot_s).iso();
            let minutes = format!("PT{}M", period.slot_s / 60);
            rows.push([time, period.area.clone(), period.sequence.clone(), minutes, price.clone()]);
        }
    }
    let note = format!("document of ENTSO-E: {} periods", periods.len());
    Ok((super::write_csv(rows.into_iter().map(Vec::from)), note))
}

/// Makes the resolution part of the sequence in places of which series of several resolutions overlap.
fn tell_apart(periods: &mut [Period]) {
    let mut order: Vec<usize> = (0..periods.len()).collect();
    order.sort_by(|&a, &b| {
        let key = |i: usize| (&periods[i].area, &periods[i].sequence, periods[i].start_s, i);
        key(a).cmp(&key(b))
    });
    let mut mixed: Vec<(String, String)> = Vec::new();
    let mut furthest: Option<(usize, i64)> = None;
    for &at in &order {
        let period = &periods[at];
        furthest = match furthest {
            Some((before, end_s))
                if periods[before].area == period.area && periods[before].sequence == period.sequence =>
            {
                if period.start_s < end_s && periods[before].slot_s != period.slot_s {
                    mixed.push((period.area.clone(), period.sequence.clone()));
                }
                Some(if period.end_s > end_s { (at, period.end_s) } else { (before, end_s) })
            }
            _ => Some((at, period.end_s)),
        };
    }
    mixed.dedup();
    for period in periods {
        if mixed.iter().any(|(area, sequence)| *area == period.area && *sequence == period.sequence) {
            period.sequence = format!("{} PT{}M", period.sequence, period.slot_s / 60).trim().to_owned();
        }
    }
}

/// Elements of a document, as far as they are read.
struct Document<'a> {
    path: &'a Path,
    /// Names of the open elements.
    open: Vec<String>,
    /// Text of the innermost one.
    text: String,
    /// Properties of the series, and the position of its first period.
    series: Period,
    first: usize,
    period: Period,
    position: i64,
    periods: Vec<Period>,
    /// The reason that the platform gives for having no data.
    reason: Option<String>,
    quantities: bool,
}

impl<'a> Document<'a> {
    fn read(path: &'a Path, text: &str) -> Result<Vec<Period>> {
        let mut document = Document {
            path,
            open: Vec::new(),
            text: String::new(),
            series: Period::default(),
            first: 0,
            period: Period::default(),
            position: 0,
            periods: Vec::new(),
            reason: None,
            quantities: false,
        };
        let mut reader = Reader::from_str(text);
        loop {
            let event = reader.read_event();
            let line = || text.as_bytes().iter().take(reader.buffer_position() as usize);
            match event {
                Ok(Event::Start(start)) => document.start(start.local_name().into_inner())?,
                Ok(Event::End(_)) => document.end()?,
                Ok(Event::Text(part)) => document.text.push_str(&part.xml10_content()),
                Ok(Event::Eof) => break,
                Ok(_) => {}
                Err(error) => {
                    let line = 1 + line().filter(|byte| **byte == b'\n').count() as u64;
                    let found = format!("XML that cannot be read ({error})");
                    return Err(InputError::new(found, "a document of prices of ENTSO-E")
                        .file(path)
                        .line(line)
                        .help("it may be truncated or damaged: fetch it again")
                        .into());
                }
            }
        }
        if !document.open.is_empty() {
            let found = format!("XML that ends within `{}`", document.open.join("/"));
            return Err(document.wrong(found, "a whole document").help("fetch it again").into());
        }
        document.finish()
    }

    fn finish(self) -> Result<Vec<Period>> {
        if !self.periods.is_empty() {
            return Ok(self.periods);
        }
        let (found, help) = match self.reason {
            Some(reason) => {
                (format!("an answer without data: {reason}"), "ask the platform for another period or place")
            }
            None if self.quantities => {
                ("a document of quantities".to_owned(), "prices are documents of type A44")
            }
            None => (
                "XML that is no document of prices".to_owned(),
                "the XML of ENTSO-E is read; convert others first",
            ),
        };
        Err(self::wrong(self.path, found, "a `TimeSeries` of ENTSO-E with `price.amount`").help(help).into())
    }

    fn wrong(&self, found: impl Into<String>, expected: &str) -> InputError {
        wrong(self.path, found, expected)
    }

    fn start(&mut self, name: &str) -> Result<()> {
        if self.open.len() >= MOST_DEPTH {
            let found = format!("elements within each other, more than {MOST_DEPTH}");
            return Err(self.wrong(found, "a document of prices of ENTSO-E").into());
        }
        match name {
            "TimeSeries" => (self.series, self.first) = (Period::default(), self.periods.len()),
            "Period" => self.period = Period::default(),
            "Point" => self.position = 0,
            _ => {}
        }
        self.open.push(name.to_owned());
        self.text.clear();
        Ok(())
    }

    /// Takes the text of the element that ends here.
    fn end(&mut self) -> Result<()> {
        let name = self.open.pop().unwrap_or_default();
        let within = self.open.last().map(String::as_str).unwrap_or_default();
        let text = std::mem::take(&mut self.text).trim().to_owned();
        match (within, name.as_str()) {
            ("TimeSeries", "out_Domain.mRID") => self.series.area = text,
            ("TimeSeries", "in_Domain.mRID") if self.series.area.is_empty() => self.series.area = text,
            ("TimeSeries", "classificationSequence_AttributeInstanceComponent.position") => {
                self.series.sequence = text;
            }
            ("TimeSeries", "currency_Unit.name") => self.series.unit = format!("{text}/MWh"),
            ("TimeSeries", "curveType") => self.series.repeats = text == "A03",
            ("TimeSeries", "Period") => self.end_period()?,
            (_, "TimeSeries") => self.end_series(),
            ("timeInterval", "start") if self.open.iter().any(|open| open == "Period") => {
                self.period.start_s = self.time(&text)?;
            }
            ("timeInterval", "end") if self.open.iter().any(|open| open == "Period") => {
                self.period.end_s = self.time(&text)?;
            }
            ("Period", "resolution") => self.period.slot_s = self.duration(&text)?,
            ("Point", "position") => {
                let Some(position) = text.parse().ok().filter(|at| *at >= 1) else {
                    return Err(self.wrong(format!("the position `{text}`"), "a whole number from 1").into());
                };
                self.position = position;
            }
            ("Point", "price.amount") => self.add_price(text)?,
            ("Point", "quantity") => self.quantities = true,
            ("Reason", "text") => self.reason = Some(text),
            _ => {}
        }
        Ok(())
    }

    /// Gives the periods of a series its properties, some of which come after them.
    fn end_series(&mut self) {
        for period in self.periods.iter_mut().skip(self.first) {
            period.area.clone_from(&self.series.area);
            period.sequence.clone_from(&self.series.sequence);
            period.unit.clone_from(&self.series.unit);
            period.repeats = self.series.repeats;
        }
    }

    fn add_price(&mut self, price: String) -> Result<()> {
        if self.period.prices.insert(self.position, price).is_none() {
            return Ok(());
        }
        let found = format!("position {} a second time", self.position);
        Err(self.wrong(found, "each position of a period once").into())
    }

    fn end_period(&mut self) -> Result<()> {
        let period = std::mem::take(&mut self.period);
        if period.prices.is_empty() {
            return Ok(());
        }
        let whole = period.slot_s > 0 && (period.end_s - period.start_s) % period.slot_s == 0;
        if !whole || period.end_s <= period.start_s {
            let found =
                format!("a period of {} s with slots of {} s", period.end_s - period.start_s, period.slot_s);
            return Err(self.wrong(found, "a `timeInterval` of whole slots and a `resolution`").into());
        }
        self.periods.push(period);
        Ok(())
    }

    fn time(&self, text: &str) -> Result<i64> {
        let time = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ")
            .or_else(|_| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ"));
        let time = time.map(|time| time.and_utc().timestamp());
        time.map_err(|_| {
            Error::from(self.wrong(format!("the time `{text}`"), "a time such as 2025-09-30T22:00Z"))
        })
    }

    fn duration(&self, text: &str) -> Result<i64> {
        let length = match text {
            "P1D" => Some(86_400),
            _ => text.strip_prefix("PT").and_then(|rest| match rest.strip_suffix('M') {
                Some(minutes) => Some(60 * minutes.parse::<u16>().ok().map(i64::from)?),
                None => Some(3_600 * rest.strip_suffix('H')?.parse::<u16>().ok().map(i64::from)?),
            }),
        };
        length
            .filter(|s| *s > 0)
            .ok_or_else(|| self.wrong(format!("the resolution `{text}`"), "a length such as PT15M").into())
    }
}

fn wrong(path: &Path, found: impl Into<String>, expected: &str) -> InputError {
    InputError::new(found, expected).file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(
        sequence: &str,
        curve: &str,
        from: &str,
        to: &str,
        resolution: &str,
        points: &[(u32, &str)],
    ) -> String {
        let points: String = points
            .iter()
            .map(|(at, price)| {
                format!("<Point><position>{at}</position><price.amount>{price}</price.amount></Point>")
            })
            .collect();
        format!(
            "<TimeSeries><in_Domain.mRID>10Y1</in_Domain.mRID><out_Domain.mRID>10Y1</out_Domain.mRID>\
             <currency_Unit.name>EUR</currency_Unit.name><curveType>{curve}</curveType>\
             <classificationSequence_AttributeInstanceComponent.position>{sequence}</classificationSequence_AttributeInstanceComponent.position>\
             <Period><timeInterval><start>{from}</start><end>{to}</end></timeInterval>\
             <resolution>{resolution}</resolution>{points}</Period></TimeSeries>"
        )
    }

    fn document(series: &[String]) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<a:Publication_MarketDocument xmlns:a=\"urn\"><period.timeInterval><start>x</start></period.timeInterval>{}</a:Publication_MarketDocument>",
            series.concat()
        )
    }

    fn read(text: &str) -> String {
        table(Path::new("x.xml"), text)
            .map(|(bytes, _)| String::from_utf8(bytes).unwrap())
            .unwrap_or_else(|e| e.to_string())
    }

    #[test]
    fn positions_left_out_repeat_the_price_before_in_curves_of_that_type() {
        let curve = |kind| {
            series("1", kind, "2025-09-30T21:00Z", "2025-09-30T22:00Z", "PT15M", &[(1, "5.5"), (4, "-7")])
        };
        insta::assert_snapshot!(read(&document(&[curve("A03")])), @r"
        time,area,sequence,resolution,price.amount [EUR/MWh]
        2025-09-30T21:00:00Z,10Y1,1,PT15M,5.5
        2025-09-30T21:15:00Z,10Y1,1,PT15M,5.5
        2025-09-30T21:30:00Z,10Y1,1,PT15M,5.5
        2025-09-30T21:45:00Z,10Y1,1,PT15M,-7
        ");
        // Without the type, what is left out is missing.
        assert_eq!(read(&document(&[curve("A01")])).lines().count(), 3);
    }

    #[test]
    fn resolutions_follow_each_other_and_are_told_apart_where_they_overlap() {
        let hour = series("1", "A03", "2025-09-30T21:00Z", "2025-09-30T22:00Z", "PT60M", &[(1, "5")]);
        let after = series("1", "A03", "2025-09-30T22:00Z", "2025-09-30T22:30Z", "PT15M", &[(1, "6")]);
        let beside = series("1", "A03", "2025-09-30T21:00Z", "2025-09-30T21:15Z", "PT15M", &[(1, "9")]);
        let follows = read(&document(&[hour.clone(), after]));
        assert!(
            follows.contains("21:00:00Z,10Y1,1,PT60M") && follows.contains("22:15:00Z,10Y1,1,PT15M"),
            "{follows}"
        );
        let overlaps = read(&document(&[hour, beside]));
        assert!(overlaps.contains(",1 PT60M,PT60M,") && overlaps.contains(",1 PT15M,PT15M,"), "{overlaps}");
    }

    #[test]
    fn other_documents_are_refused_with_the_reason() {
        insta::assert_snapshot!(read("<html><p>x</p></html>"), @"x.xml: found XML that is no document of prices, expected a `TimeSeries` of ENTSO-E with `price.amount`; the XML of ENTSO-E is read; convert others first");
        insta::assert_snapshot!(read("<A><Reason><code>999</code><text>No matching data found</text></Reason></A>"), @"x.xml: found an answer without data: No matching data found, expected a `TimeSeries` of ENTSO-E with `price.amount`; ask the platform for another period or place");
        let whole =
            document(&[series("1", "A03", "2025-09-30T21:00Z", "2025-09-30T22:00Z", "PT15M", &[(9, "1")])]);
        insta::assert_snapshot!(read(&whole), @"x.xml: found a price at position 9 of a period of 4 slots, expected positions within the period");
        assert!(read(&whole[..whole.len() - 30]).contains("XML that "));
        assert!(read(&"<a>".repeat(100_000)).contains("elements within each other"));
        let long =
            document(&[series("1", "A03", "0001-01-01T00:00Z", "9999-01-01T00:00Z", "PT1M", &[(1, "1")])]);
        assert!(read(&long).contains("periods of more than"));
    }
}
