//! The page of one study: policies compared over replications, and over points of its factors.

mod intervals;
mod shapes;
mod sharing;
mod tables;

use super::chart::{Chart, Colour, Spec};
use super::html::escape;
use super::page::Page;
use super::run::Local;
use super::source::Folder;
use gridfleet_core::error::Result;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `summary.json` of a study.
#[derive(Debug, Deserialize)]
struct Summary {
    study: String,
    #[serde(default)]
    study_sha256: String,
    scenario: String,
    #[serde(default)]
    scenario_sha256: String,
    seed: u64,
    #[serde(default)]
    replications: Option<u64>,
    #[serde(default = "usual")]
    confidence: f64,
    currency: String,
    start: String,
    end: String,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    baseline: Option<String>,
    policies: Vec<Policy>,
    #[serde(default)]
    factors: Vec<Factor>,
    #[serde(default)]
    points: Vec<Point>,
    metrics: Vec<Metric>,
    #[serde(default)]
    results: Vec<Outcome>,
    #[serde(default)]
    comparisons: Vec<Comparison>,
    #[serde(default)]
    best: Vec<Best>,
    #[serde(default)]
    reservations: Vec<String>,
    #[serde(default)]
    do_nothing: Option<String>,
    #[serde(default)]
    coalition_game: Vec<sharing::Game>,
    #[serde(default)]
    waits: Vec<Wait>,
    #[serde(default)]
    failures: Vec<Failure>,
}

/// Confidence of intervals if a file does not give it.
fn usual() -> f64 {
    0.95
}

#[derive(Debug, Deserialize)]
struct Policy {
    name: String,
    #[serde(default)]
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Factor {
    name: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    values: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Point {
    point: u64,
    #[serde(default)]
    values: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Metric {
    name: String,
    title: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    better: Option<String>,
}

/// Figures of one policy, point and metric.
#[derive(Debug, Deserialize)]
struct Outcome {
    policy: String,
    point: u64,
    metric: String,
    n: u64,
    /// Clusters of replications that drew the same days, if there are any.
    #[serde(default)]
    clusters: Option<u64>,
    mean: Option<f64>,
    sd: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    bca_low: Option<f64>,
    bca_high: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
}

/// Paired difference of one policy from the baseline.
#[derive(Debug, Deserialize)]
struct Comparison {
    policy: String,
    point: u64,
    metric: String,
    n: u64,
    difference: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    bca_low: Option<f64>,
    bca_high: Option<f64>,
    unpaired_half_width: Option<f64>,
    variance_reduction: Option<f64>,
    wilcoxon_p: Option<f64>,
    holm_p: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Best {
    point: u64,
    metric: String,
    policy: String,
    probability: Option<f64>,
    share_of_replications: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Wait {
    policy: String,
    point: u64,
    riders: u64,
    mean_s: Option<f64>,
    p50_s: Option<f64>,
    p90_s: Option<f64>,
    p95_s: Option<f64>,
    p99_s: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    task: serde_json::Value,
    policy: String,
    point: u64,
    replication: u64,
    seed: serde_json::Value,
    error: String,
    #[serde(default)]
    rerun: String,
}

impl Metric {
    /// Displayed unit: shares are shown in percent, money in the scenario's currency.
    fn unit<'a>(&'a self, currency: &'a str) -> &'a str {
        match &*self.unit {
            "0..1" => "%",
            "currency" => currency,
            unit => unit,
        }
    }
    /// Unit of a difference: for shares, percentage points.
    fn unit_of_difference<'a>(&'a self, currency: &'a str) -> &'a str {
        if self.unit == "0..1" { "% points" } else { self.unit(currency) }
    }
    /// Factor from the unit of the file to the displayed unit.
    fn factor(&self) -> f64 {
        if self.unit == "0..1" { 100.0 } else { 1.0 }
    }
}

/// Data that every part of the page needs.
struct Context<'a> {
    folder: &'a Folder,
    summary: &'a Summary,
    local: Local,
}

impl Context<'_> {
    /// Points of the factors; a single point without values if there are no factors.
    fn points(&self) -> Vec<u64> {
        let points: Vec<u64> = self.summary.points.iter().map(|p| p.point).collect();
        if points.is_empty() { vec![0] } else { points }
    }

    /// Values of a point, in words; empty if there are no factors.
    fn point(&self, point: u64) -> String {
        let Some(found) = self.summary.points.iter().find(|p| p.point == point) else { return String::new() };
        let value = |name: &String| found.values.get(name).map(|v| format!("{name} = {}", plain(v)));
        self.summary.factors.iter().filter_map(|f| value(&f.name)).collect::<Vec<_>>().join(", ")
    }

    /// Whether there is more than one point.
    fn several_points(&self) -> bool {
        self.summary.points.len() > 1
    }

    /// Colour of a policy, the same in every chart.
    fn colour(&self, policy: &str) -> Colour {
        Colour(self.summary.policies.iter().position(|p| p.name == policy).unwrap_or(0) % 8)
    }

    /// Confidence of the intervals, in words.
    fn confidence(&self) -> String {
        format!("{} %", 100.0 * self.summary.confidence)
    }

    /// A chart for each point: the page's choice selects the one shown.
    fn chart_of_points(
        &self,
        page: &mut Page,
        title: &str,
        caption: String,
        height: u32,
        chart_of: impl Fn(u64) -> Spec,
    ) -> String {
        let mut specs: Vec<Spec> = self.points().into_iter().map(chart_of).collect();
        let spec = if specs.len() == 1 { specs.remove(0) } else { Spec::Choice { charts: specs } };
        page.chart(Chart::new(title, caption, height, spec))
    }
}

/// A value of a factor in everyday notation.
fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The page of the study in `folder`.
pub(super) fn render(folder: &Folder) -> Result<String> {
    let summary: Summary = folder.summary_as()?;
    let local = Local::new(&folder.summary_file(), &summary.start, &summary.end, &summary.time_zone)?;
    let subtitle = format!(
        "{}: {} to {}, {}",
        summary.scenario,
        local.text(local.start),
        local.text(local.end),
        local.name
    );
    let context = Context { folder, summary: &summary, local };
    let mut page = Page::new("Study", &summary.study, subtitle);
    page.facts = facts(&summary);
    page.provenance = [
        ("Study", summary.study.clone()),
        ("SHA-256 of the study", summary.study_sha256.clone()),
        ("Scenario", summary.scenario.clone()),
        ("SHA-256 of the scenario", summary.scenario_sha256.clone()),
        ("Seed", summary.seed.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();

    for reservation in &summary.reservations {
        page.note(format!("{reservation}."));
    }
    page.section("Best policies", tables::headline(&context));
    page.section("Policies and factors", policies(&context));
    let html = intervals::outcomes(&context, &mut page);
    page.section("Outcomes", html);
    let html = intervals::differences(&context, &mut page);
    if html.is_empty() {
        page.note("Differences to the baseline: the study has one policy, or no replication of two at once.");
    }
    page.section("Differences to the baseline", html);
    let html = sharing::sharing(&context, &mut page);
    page.section("Shares of the fleets", html);
    let html = shapes::waits(&context, &mut page)?;
    page.section("Waits", html);
    let html = shapes::profiles(&context, &mut page)?;
    page.section("Load profile", html);
    let html = shapes::factors(&context, &mut page);
    page.section("Factors", html);
    page.section("Variance reduction", tables::variance_reduction(&context));
    page.section("Failures", tables::failures(&context));
    page.render(folder)
}

fn facts(summary: &Summary) -> Vec<(String, String)> {
    let mut facts = vec![("policies", summary.policies.len().to_string())];
    if !summary.factors.is_empty() {
        facts.push(("points", summary.points.len().to_string()));
    }
    if let Some(replications) = summary.replications {
        let clusters = || summary.results.iter().filter_map(|result| result.clusters);
        facts.push((
            "replications",
            match (clusters().min(), clusters().max()) {
                (Some(least), Some(most)) if least < most => {
                    format!("{replications} in {least} to {most} clusters that drew the same days")
                }
                (Some(count), _) => format!("{replications} in {count} clusters that drew the same days"),
                _ => replications.to_string(),
            },
        ));
    }
    facts.push(("seed", summary.seed.to_string()));
    if let Some(baseline) = &summary.baseline {
        facts.push(("baseline", baseline.clone()));
    }
    if let Some(policy) = &summary.do_nothing {
        facts.push(("policy that does nothing", policy.clone()));
    }
    if !summary.failures.is_empty() {
        facts.push(("failed tasks", summary.failures.len().to_string()));
    }
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The policies compared, and the choice of the point that the charts show.
fn policies(context: &Context) -> String {
    let summary = context.summary;
    let mut html = "<dl class=\"facts\">".to_owned();
    for policy in &summary.policies {
        let what = policy.description.as_deref().unwrap_or_default();
        let baseline = summary.baseline.as_deref() == Some(&policy.name);
        // Writing to a string cannot fail, here and below.
        let _ = write!(
            html,
            "<div><dt>{}{}</dt><dd>{}</dd></div>",
            escape(&policy.name),
            if baseline { " (baseline)" } else { "" },
            if what.is_empty() { "policy" } else { "" }.to_owned() + &escape(what)
        );
    }
    for factor in &summary.factors {
        let values: Vec<String> = factor.values.iter().map(plain).collect();
        let _ = write!(
            html,
            "<div><dt>{}</dt><dd>factor <code>{}</code>: {}</dd></div>",
            escape(&factor.name),
            escape(&factor.key),
            escape(&values.join(", "))
        );
    }
    html.push_str("</dl>\n");
    if context.several_points() {
        html.push_str("<p class=\"choice\"><label>Charts show the point <select id=\"choice\">");
        for (i, point) in context.points().into_iter().enumerate() {
            let _ = write!(html, "<option value=\"{i}\">{}</option>", escape(&context.point(point)));
        }
        html.push_str("</select></label></p>\n");
    }
    html
}
