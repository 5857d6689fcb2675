//! Requests: served and lost over time, and the waits of riders.

use super::Context;
use crate::report::chart::{Axis, Chart, Colour, Panel, Series, Spec, Style};
use crate::report::html::number;
use crate::report::page::Page;
use crate::report::source::Table;
use crate::report::thin::{Slots, bin_width, quantile};
use gridfleet_core::error::Result;
use gridfleet_core::records::TripStatus;

/// Most bars over time: each is a few pixels wide.
const MOST_BARS: usize = 200;
/// Most bars of a histogram.
const MOST_BINS: usize = 40;

/// Statuses of a request, from the bottom of the chart to its top.
const STATUSES: [(TripStatus, &str, Colour); 5] = [
    (TripStatus::Served, "served", Colour::BLUE),
    (TripStatus::LostNoVehicle, "lost: no vehicle", Colour::RED),
    (TripStatus::LostLowCharge, "lost: low charge", Colour::ORANGE),
    (TripStatus::LostCommitted, "lost: committed", Colour::PINK),
    (TripStatus::InProgress, "in progress at the end", Colour::GREY),
];

/// Adds the section of requests and waits.
pub(super) fn sections(context: &Context, page: &mut Page) -> Result<()> {
    let Some(table) = context.folder.table("trips", &["status", "request_time", "wait_s"])? else {
        context.absent(page, "trips", "Requests and waits");
        return Ok(());
    };
    let mut html = over_time(context, page, &table)?;
    let mut waits: Vec<f64> =
        table.floats("wait_s")?.into_iter().filter(|w| w.is_finite()).map(|w| w / 60.0).collect();
    waits.sort_by(f64::total_cmp);
    if !waits.is_empty() {
        html.push_str(&page.chart(distribution(&waits)));
    }
    page.section("Requests and waits", html);
    Ok(())
}

fn over_time(context: &Context, page: &mut Page, table: &Table) -> Result<String> {
    let (statuses, times) = (table.texts("status")?, table.times("request_time")?);
    let waits = table.floats("wait_s")?;
    let slots = Slots::new(context.local.start, context.local.end, MOST_BARS);
    let mut counts = vec![vec![0.0; slots.count]; STATUSES.len()];
    let mut slot_waits = vec![Vec::new(); slots.count];
    let kinds: Vec<Option<usize>> =
        statuses.texts.iter().map(|text| STATUSES.iter().position(|(s, ..)| s.name() == text)).collect();
    for row in 0..table.rows() {
        let Some(time) = times[row] else { continue };
        let slot = slots.of(time);
        if let Some(kind) = statuses.codes[row].and_then(|code| kinds[code as usize]) {
            counts[kind][slot] += 1.0;
        }
        if waits[row].is_finite() {
            slot_waits[slot].push(waits[row] / 60.0);
        }
    }
    slot_waits.iter_mut().for_each(|waits| waits.sort_by(f64::total_cmp));
    // A point lies in the middle of its slot.
    let x: Vec<f64> =
        (0..slots.count).map(|i| context.local.ms(slots.start_of(i)) + 500.0 * slots.step_s as f64).collect();
    let mut series: Vec<Series> = STATUSES
        .iter()
        .zip(counts)
        .filter(|(_, counts)| counts.iter().any(|n| *n > 0.0))
        .map(|((_, name, colour), counts)| Series::new(name, Style::Bar, *colour, &x, counts))
        .collect();
    for (name, q, colour) in
        [("median wait", 0.5, Colour::GREEN), ("95 % wait at most", 0.95, Colour::ORANGE)]
    {
        let y = slot_waits.iter().map(|waits| quantile(waits, q)).collect();
        series.push(Series::new(name, Style::Line, colour, &x, y).panel(1));
    }
    let panels = vec![Panel::new(&format!("Requests per {}", slots.length()), ""), Panel::new("Wait", "min")];
    let caption = format!(
        "Requests in each {} by how they ended, and the waits of those who were picked up, by the time of the request.",
        slots.length()
    );
    let spec = Spec::over_time(&context.local.name, panels, series);
    Ok(page.chart(Chart::new("Requests and waits over time", caption, 460, spec)))
}

/// Histogram of sorted waits [min] above their cumulative distribution.
fn distribution(waits: &[f64]) -> Chart {
    // The longest of a thousand waits would squeeze all others together.
    let most = quantile(waits, 0.999).max(waits[0]);
    let width = bin_width((most - waits[0].min(0.0)).max(1e-3), MOST_BINS);
    let start = (waits[0].min(0.0) / width).floor() * width;
    let count = ((most - start) / width).floor() as usize + 1;
    let mut shares = vec![0.0; count];
    for wait in waits {
        if let Some(share) = shares.get_mut(((wait - start) / width) as usize) {
            *share += 100.0 / waits.len() as f64;
        }
    }
    let middles: Vec<f64> = (0..count).map(|i| start + (i as f64 + 0.5) * width).collect();
    let (x, y): (Vec<f64>, Vec<f64>) = (0..=200)
        .map(|i| f64::from(i) / 200.0)
        .map(|q| (quantile(waits, q), 100.0 * q))
        .filter(|(x, _)| *x <= most)
        .unzip();
    let panels = vec![Panel::new("Share of riders", "%"), Panel::new("Waited at most so long", "%")];
    let series = vec![
        Series::new(
            &format!("share in {} min", number(width, if width < 1.0 { 2 } else { 0 })),
            Style::Bar,
            Colour::BLUE,
            &middles,
            shares,
        ),
        Series::new("cumulative share", Style::Line, Colour::ORANGE, &x, y).panel(1),
    ];
    let caption = format!(
        "How long {} riders waited from request to pick-up; median {} min, 95 % at most {} min, longest {} min.",
        number(waits.len() as f64, 0),
        number(quantile(waits, 0.5), 1),
        number(quantile(waits, 0.95), 1),
        number(waits[waits.len() - 1], 1)
    );
    let axis = Axis::Value { name: "Wait".to_owned(), unit: "min".to_owned() };
    Chart::new("Distribution of waits", caption, 440, Spec::Lines { axis, panels, series })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_histogram_counts_all_riders() {
        for waits in [vec![0.0], vec![3.0; 5], (0..900).map(|i| f64::from(i) / 60.0).collect::<Vec<_>>()] {
            let Spec::Lines { series, .. } = distribution(&waits).spec else { panic!("lines") };
            let total: f64 = series[0].y.0.iter().sum();
            assert!((total - 100.0).abs() < 1e-6, "{total}");
            assert!(series[0].y.0.len() <= MOST_BINS + 1);
            assert_eq!(series[1].y.0.last(), Some(&100.0));
        }
    }
}
