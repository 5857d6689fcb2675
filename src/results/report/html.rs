//! Pieces of HTML: escaped text, numbers with separators and units, sortable tables.

use crate::outputs::summary::thousands;
use std::fmt::Write as _;

/// `text` escaped for HTML, for use in an element or in a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A number with `digits` decimals and separators, a true minus, and a dash if it is unknown.
pub(super) fn number(value: f64, digits: usize) -> String {
    if value.is_finite() {
        thousands(value, digits).replacen('-', "\u{2212}", 1)
    } else {
        "\u{2013}".to_owned()
    }
}

/// Number of decimals with which a number of this size has about four significant digits.
pub(super) fn digits_for(size: f64) -> usize {
    match size.abs() {
        s if !s.is_finite() || s >= 1_000.0 => 0,
        s if s >= 100.0 => 1,
        s if s >= 1.0 => 2,
        s if s >= 0.1 => 3,
        0.0 => 0,
        _ => 4,
    }
}

/// A probability with three decimals; very small ones as a bound.
pub(super) fn probability(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { number(p, 3) }
}

/// Most characters of a text in a cell that stay on one line.
const MOST_UNBROKEN: usize = 20;

/// One cell of a table: the text shown and its sort key.
pub(super) struct Cell {
    html: String,
    sort: Option<f64>,
    class: &'static str,
}

impl Cell {
    /// A text, from the data or from gridfleet.
    pub fn text(text: &str) -> Self {
        let class = if text.chars().count() <= MOST_UNBROKEN { "w" } else { "" };
        Self { html: escape(text), sort: None, class }
    }
    /// A text in the typeface of code: hashes, commands.
    pub fn code(text: &str) -> Self {
        Self { html: format!("<code>{}</code>", escape(text)), sort: None, class: "" }
    }
    /// A number with `digits` decimals; empty if it is NaN.
    pub fn number(value: f64, digits: usize) -> Self {
        Self { html: number(value, digits), sort: value.is_finite().then_some(value), class: "n" }
    }
    /// A count.
    pub fn count(value: u64) -> Self {
        Self::number(value as f64, 0)
    }
    /// A number that may be missing.
    pub fn optional(value: Option<f64>, digits: usize) -> Self {
        Self::number(value.unwrap_or(f64::NAN), digits)
    }
    /// A share (0..1), in percent.
    pub fn percent(value: Option<f64>, digits: usize) -> Self {
        Self::number(100.0 * value.unwrap_or(f64::NAN), digits)
    }
    /// A number displayed as `shown`, a text from gridfleet.
    pub fn shown(value: f64, shown: &str) -> Self {
        Self { html: escape(shown), sort: value.is_finite().then_some(value), class: "n" }
    }
    /// Adds a second, smaller line.
    pub fn below(mut self, text: &str) -> Self {
        let _ = write!(self.html, "<small>{}</small>", escape(text));
        self
    }
    /// Marks the cell, for example as the best of its column.
    pub fn marked(mut self) -> Self {
        self.html = format!("<strong>{}</strong>", self.html);
        self
    }

    fn render(&self, out: &mut String, header: bool) {
        let tag = if header { "th scope=\"row\"" } else { "td" };
        let end = if header { "th" } else { "td" };
        let _ = write!(out, "<{tag}");
        if !self.class.is_empty() {
            let _ = write!(out, " class=\"{}\"", self.class);
        }
        if let Some(sort) = self.sort {
            let _ = write!(out, " data-v=\"{sort}\"");
        }
        let _ = write!(out, ">{}</{end}>", self.html);
    }
}

/// A column of a table.
pub(super) struct Head {
    title: String,
    unit: String,
    numeric: bool,
}

/// A column of texts.
pub(super) fn words(title: &str) -> Head {
    Head { title: title.to_owned(), unit: String::new(), numeric: false }
}

/// A column of numbers in `unit`; counts have an empty unit.
pub(super) fn numbers(title: &str, unit: &str) -> Head {
    Head { title: title.to_owned(), unit: unit.to_owned(), numeric: true }
}

/// Most rows of a table that is shown in full; longer ones scroll in their box.
const MOST_ROWS_IN_FULL: usize = 40;

/// A table: caption, columns, rows. The first column names the row.
pub(super) struct Table {
    caption: String,
    heads: Vec<Head>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(caption: &str, heads: Vec<Head>) -> Self {
        Self { caption: caption.to_owned(), heads, rows: Vec::new() }
    }
    /// Adds a row with one cell per column.
    pub fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.heads.len(), "{}", self.caption);
        self.rows.push(cells);
    }
    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
    /// The table in a separate scrolling box, with sortable columns.
    pub fn render(&self) -> String {
        let caption = escape(&self.caption);
        let long = if self.rows.len() > MOST_ROWS_IN_FULL { " long" } else { "" };
        let mut out = format!(
            "<div class=\"scroll{long}\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\
             <table class=\"sortable\"><caption>{caption}</caption><thead><tr>"
        );
        for head in &self.heads {
            let class = if head.numeric { " class=\"n\"" } else { "" };
            let title = escape(&head.title);
            let unit = if head.unit.is_empty() {
                String::new()
            } else {
                format!(" <span class=\"unit\">[{}]</span>", escape(&head.unit))
            };
            let _ = write!(
                out,
                "<th scope=\"col\"{class} aria-sort=\"none\"><button type=\"button\">{title}{unit}</button></th>"
            );
        }
        out.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            out.push_str("<tr>");
            for (i, cell) in row.iter().enumerate() {
                cell.render(&mut out, i == 0);
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table></div>\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_data_do_no_harm() {
        let evil = "<script>alert('1')</script> & \"x\"";
        let text = escape(evil);
        assert_eq!(text, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;");
        let mut table = Table::new(evil, vec![words(evil), numbers(evil, evil)]);
        table.row(vec![Cell::text(evil).below(evil), Cell::code(evil).marked()]);
        assert!(!table.render().contains("<script") && !table.render().contains("\"x\""));
    }

    #[test]
    fn numbers_read_well_and_sort_by_their_value() {
        assert_eq!(number(-1_234.5, 1), "\u{2212}1,234.5");
        assert_eq!(number(f64::NAN, 1), "\u{2013}");
        assert_eq!([0.0, 0.02, 0.5, 7.0, 123.0, 4e6].map(digits_for), [0, 4, 3, 2, 1, 0]);
        assert_eq!([0.000_4, 0.04].map(probability), ["< 0.001", "0.040"]);
        let mut table = Table::new("", vec![words("a"), numbers("b", "kWh")]);
        table.row(vec![Cell::text("x"), Cell::number(1_234.56, 1)]);
        table.row(vec![Cell::text("y"), Cell::optional(None, 1)]);
        let html = table.render();
        assert!(html.contains("<td class=\"n\" data-v=\"1234.56\">1,234.6</td>"), "{html}");
        assert!(html.contains("<td class=\"n\">\u{2013}</td>") && html.contains("[kWh]"), "{html}");
    }
}
