//! Results of a target: `summary.json`, and the table on the terminal.

use super::context::Data;
use super::outcome::{Figure, Finding, Outcome, Rule, Verdict};
use super::{Draws, SUMMARY, Target, tables};
use crate::error::{Error, Result};
use crate::outputs::summary::thousands;
use crate::studies::results::plus_minus;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// A target with its outcome.
#[derive(Debug, Clone)]
pub struct Reproduction {
    /// The target.
    pub target: &'static Target,
    /// Draws; `None` if nothing is random.
    pub draws: Option<Draws>,
    /// The data that it ran on.
    pub data: Data,
    /// Outcome.
    pub outcome: Outcome,
}

/// Counts of verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Those that hold.
    pub holds: usize,
    /// Those that fail.
    pub fails: usize,
    /// Those whose interval is too wide to decide.
    pub undecided: usize,
    /// Those that follow from the model, and did.
    pub follows: usize,
    /// Those without a requirement.
    pub shown: usize,
    /// Those whose requirement could not be checked.
    pub not_checked: usize,
}

impl Tally {
    /// Counts verdicts.
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        let mut tally = Self::default();
        for verdict in verdicts {
            match verdict {
                Verdict::Holds => tally.holds += 1,
                Verdict::Fails => tally.fails += 1,
                Verdict::Undecided => tally.undecided += 1,
                Verdict::Follows => tally.follows += 1,
                Verdict::Shown => tally.shown += 1,
                Verdict::NotChecked => tally.not_checked += 1,
            }
        }
        tally
    }

    /// Those that were required to hold and are not shown to.
    pub fn missed(&self) -> usize {
        self.fails + self.undecided
    }

    /// Text for people: `8 hold, 1 FAILS`.
    fn text(&self) -> String {
        let part = |count: usize, one: &str, more: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {more}")),
        };
        let parts = [
            part(self.holds, "holds", "hold"),
            part(self.fails, "FAILS", "FAIL"),
            part(self.undecided, "is undecided", "are undecided"),
            part(self.follows, "follows from the model", "follow from the model"),
            part(self.shown, "is shown", "are shown"),
            part(self.not_checked, "is not checked", "are not checked"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
    }
}

/// Content of `summary.json`, in the order of the file.
#[derive(Serialize)]
struct Summary<'a> {
    gridfleet_version: &'static str,
    target: &'a str,
    title: &'a str,
    source: &'a str,
    seed: Option<u64>,
    replications: Option<u32>,
    data: &'a Data,
    figures_by_verdict: Tally,
    findings_by_verdict: Tally,
    figures: Vec<FigureRow<'a>>,
    findings: &'a [Finding],
    notes: &'a [String],
    files: Vec<String>,
}

/// A figure with derived values. Numbers that are not finite are null.
#[derive(Serialize)]
struct FigureRow<'a> {
    case: &'a str,
    figure: &'a str,
    unit: &'a str,
    computed: f64,
    low: Option<f64>,
    high: Option<f64>,
    published: Option<f64>,
    difference: Option<f64>,
    relative_difference: Option<f64>,
    accepted_low: Option<f64>,
    accepted_high: Option<f64>,
    verdict: Verdict,
}

impl<'a> FigureRow<'a> {
    fn of(figure: &'a Figure) -> Self {
        Self {
            case: &figure.case,
            figure: &figure.name,
            unit: &figure.unit,
            computed: figure.computed,
            low: figure.interval.map(|i| i.low),
            high: figure.interval.map(|i| i.high),
            published: figure.published,
            difference: figure.difference(),
            relative_difference: figure.relative_difference(),
            accepted_low: figure.accepted().map(|i| i.low),
            accepted_high: figure.accepted().map(|i| i.high),
            verdict: figure.verdict(),
        }
    }
}

impl Reproduction {
    /// Verdicts of the figures.
    pub fn figures(&self) -> Tally {
        Tally::of(self.outcome.figures.iter().map(Figure::verdict))
    }

    /// Verdicts of the findings.
    pub fn findings(&self) -> Tally {
        Tally::of(self.outcome.findings.iter().map(|finding| finding.verdict))
    }

    /// Figures and findings that were required to hold and are not shown to.
    pub fn missed(&self) -> usize {
        self.figures().missed() + self.findings().missed()
    }

    /// Names of the files with results: tables, pictures, summary.
    pub fn files(&self) -> Vec<String> {
        let outcome = &self.outcome;
        let usual =
            [(outcome.figures.is_empty(), tables::FIGURES), (outcome.findings.is_empty(), tables::FINDINGS)];
        let usual = usual.into_iter().filter(|(empty, _)| !empty).map(|(_, name)| name);
        let tables = usual.chain(outcome.tables.iter().map(|table| table.name.as_str()));
        let mut files: Vec<String> = tables.map(|name| format!("{name}.parquet")).collect();
        for (name, _) in &outcome.pictures {
            files.extend([format!("{name}.svg"), format!("{name}.png")]);
        }
        files.push(SUMMARY.to_owned());
        files
    }

    /// Content of `summary.json`.
    ///
    /// # Errors
    /// If a value cannot be expressed in JSON, which does not occur.
    pub fn to_json(&self) -> Result<String> {
        let summary = Summary {
            gridfleet_version: env!("CARGO_PKG_VERSION"),
            target: self.target.name,
            title: self.target.title,
            source: self.target.source,
            seed: self.draws.map(|draws| draws.seed),
            replications: self.draws.map(|draws| draws.replications),
            data: &self.data,
            figures_by_verdict: self.figures(),
            findings_by_verdict: self.findings(),
            figures: self.outcome.figures.iter().map(FigureRow::of).collect(),
            findings: &self.outcome.findings,
            notes: &self.outcome.notes,
            files: self.files(),
        };
        let mut text =
            serde_json::to_string_pretty(&summary).map_err(|e| Error::Other(format!("{SUMMARY}: {e}")))?;
        text.push('\n');
        Ok(text)
    }

    /// Result in one line.
    pub fn one_line(&self) -> String {
        format!(
            "{}: figures: {}; findings: {}",
            self.target.name,
            self.figures().text(),
            self.findings().text()
        )
    }

    /// Full text for the terminal; `lines` draws the table with box characters.
    pub fn table(&self, lines: bool) -> String {
        let mut out = format!("{}\n{}\n\n", self.target.title, self.target.source);
        if !self.outcome.figures.is_empty() {
            out.push_str(&self.figure_table(lines));
            out.push_str("\n\n");
        }
        for Finding { text, verdict, how } in &self.outcome.findings {
            out.push_str(&format!("{}: {text} ({how})\n", word(*verdict)));
        }
        if !self.outcome.findings.is_empty() {
            out.push('\n');
        }
        out.push_str(&format!("Data: {}\n", self.data.text()));
        for note in &self.outcome.notes {
            out.push_str(&format!("Note: {note}\n"));
        }
        out.push_str(&self.one_line());
        out.push('\n');
        out
    }

    fn figure_table(&self, lines: bool) -> String {
        let figures = &self.outcome.figures;
        let mut table = Table::new();
        table.load_preset(if lines { presets::UTF8_BORDERS_ONLY } else { presets::NOTHING });
        table.set_header([
            "Case",
            "Figure",
            "Unit",
            "Computed",
            "Published",
            "Difference",
            "Accepted",
            "Verdict",
        ]);
        let mut case = None;
        for figure in figures {
            // A case is named in its first row.
            let shown = if case == Some(&figure.case) { "" } else { figure.case.as_str() };
            case = Some(&figure.case);
            table.add_row([
                shown.to_owned(),
                figure.name.clone(),
                figure.unit.clone(),
                computed(figure),
                figure.published.map_or("-".to_owned(), short),
                difference(figure),
                accepted(figure),
                word(figure.verdict()).to_owned(),
            ]);
        }
        for index in 3..=5 {
            if let Some(column) = table.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt()
    }
}

/// Word for a verdict on the terminal: failures must be conspicuous.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Fails => "FAILS",
        Verdict::Undecided => "undecided",
        Verdict::Follows => "follows",
        Verdict::Shown => "shown",
        Verdict::NotChecked => "not checked",
    }
}

/// The number with its interval: `±` if it is symmetric (to 1 %), its ends otherwise.
fn computed(figure: &Figure) -> String {
    let mean = figure.computed;
    let Some(interval) = figure.interval else { return short(mean) };
    let (below, above) = (mean - interval.low, interval.high - mean);
    if (above - below).abs() <= 0.01 * (above + below) {
        return plus_minus(mean, Some(interval.half_width()));
    }
    format!("{} ({} to {})", short(mean), short(interval.low), short(interval.high))
}

fn difference(figure: &Figure) -> String {
    let signed = |value: f64, text: String| if value > 0.0 { format!("+{text}") } else { text };
    match (figure.relative_difference(), figure.difference()) {
        (Some(share), _) => signed(share, format!("{} %", thousands(100.0 * share, 2))),
        (None, Some(difference)) => signed(difference, short(difference)),
        (None, None) => "-".to_owned(),
    }
}

fn accepted(figure: &Figure) -> String {
    match figure.rule {
        Rule::Relative(share) => format!("± {} %", short(100.0 * share)),
        Rule::Absolute(distance) => format!("± {}", short(distance)),
        Rule::Between { low, high } if high == f64::INFINITY => format!("at least {}", short(low)),
        Rule::Between { low, high } if low == f64::NEG_INFINITY => format!("at most {}", short(high)),
        Rule::Between { low, high } => format!("{} to {}", short(low), short(high)),
        Rule::Shown => "-".to_owned(),
    }
}

/// A number to six significant digits, without trailing zeros. Very small ones are in powers of ten.
fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    if rounded != 0.0 && rounded.abs() < 1e-4 {
        return format!("{rounded:e}");
    }
    let digits = rounded.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len());
    thousands(rounded, digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Interval;

    #[test]
    fn numbers_are_as_long_as_they_need_to_be() {
        for (value, text) in [
            (2.137, "2.137"),
            (313.043_478_26, "313.043"),
            (59_092.0, "59,092"),
            (1_234_567.8, "1,234,570"),
            (0.1 + 0.2, "0.3"),
            (-0.5, "-0.5"),
            (0.0, "0"),
            (0.000_012_345, "1.2345e-5"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn intervals_and_rules_are_written_as_they_are() {
        let figure = Figure::new("f", "kW", 100.0).published(99.0).rule(Rule::Relative(0.02));
        assert_eq!(
            (computed(&figure), difference(&figure), accepted(&figure)),
            ("100".into(), "+1.01 %".into(), "± 2 %".into())
        );
        let even = figure.clone().interval(Interval::around(100.0, 2.5));
        assert_eq!(computed(&even), "100.0 ± 2.5");
        let skewed = figure.interval(Interval { low: 99.0, high: 104.0 });
        assert_eq!(computed(&skewed), "100 (99 to 104)");
        let zero = skewed.published(0.0);
        for (rule, text) in [
            (Rule::Absolute(0.0005), "± 0.0005"),
            (Rule::at_least(25.0), "at least 25"),
            (Rule::at_most(-1.0), "at most -1"),
            (Rule::Between { low: 12.0, high: 20.0 }, "12 to 20"),
            (Rule::Shown, "-"),
        ] {
            assert_eq!(
                (difference(&zero).as_str(), accepted(&zero.clone().rule(rule)).as_str()),
                ("+100", text)
            );
        }
    }

    #[test]
    fn verdicts_are_counted_in_words() {
        use Verdict::{Fails, Follows, Holds, NotChecked, Shown, Undecided};
        let tally = Tally::of([Holds, Fails, Holds, Undecided, Follows, Shown, NotChecked]);
        assert_eq!((tally.holds, tally.missed()), (2, 2));
        assert_eq!(
            tally.text(),
            "2 hold, 1 FAILS, 1 is undecided, 1 follows from the model, 1 is shown, 1 is not checked"
        );
        assert_eq!(Tally::of([]).text(), "none");
    }
}
