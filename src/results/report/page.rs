//! The whole page: head, sections, charts, foot, and the policy that keeps it off the network.

use super::chart::{Chart, Spec};
use super::html::{Cell, Table, escape, number, numbers, words};
use super::source::Folder;
use gridfleet_core::error::{Error, Result};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

const TEMPLATE: &str = include_str!("assets/page.html");
const STYLE: &str = include_str!("assets/page.css");
/// Apache ECharts 6.1.0, the parts listed in `assets/echarts/entry.js`; see `assets/echarts/README.md`.
const ECHARTS: &str = include_str!("assets/echarts/echarts.custom.min.js");
/// Scripts of gridfleet: theme and sortable tables, then charts.
const SCRIPTS: [&str; 2] = [include_str!("assets/page.js"), include_str!("assets/charts.js")];

/// A page under construction.
pub(super) struct Page {
    /// Name of the run or the study.
    pub title: String,
    /// Kind of results, in a few words.
    pub kind: &'static str,
    /// The line below the title.
    pub subtitle: String,
    /// Key facts at the top: name and value.
    pub facts: Vec<(String, String)>,
    /// Provenance of the results, for the foot: name and value.
    pub provenance: Vec<(String, String)>,
    sections: Vec<(String, String)>,
    charts: Vec<Spec>,
    notes: Vec<String>,
}

impl Page {
    /// A page without sections.
    pub fn new(kind: &'static str, title: &str, subtitle: String) -> Self {
        Self {
            title: title.to_owned(),
            kind,
            subtitle,
            facts: Vec::new(),
            provenance: Vec::new(),
            sections: Vec::new(),
            charts: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a section; does nothing if it has no content.
    pub fn section(&mut self, title: &str, html: String) {
        if !html.is_empty() {
            self.sections.push((title.to_owned(), html));
        }
    }

    /// Adds a note at the end of the page on missing content and the reason.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Adds a chart; returns the HTML of its place in the page.
    pub fn chart(&mut self, chart: Chart) -> String {
        let number = self.charts.len();
        let (title, caption) = (escape(&chart.title), escape(&chart.caption));
        self.charts.push(chart.spec);
        format!(
            "<figure class=\"chart\" id=\"chart-{number}\"><div class=\"top\"><h3>{title}</h3>\
             <div class=\"tools\" role=\"group\" aria-label=\"{title}: tools\">\
             <button type=\"button\" data-do=\"in\" title=\"Zoom in\" aria-label=\"Zoom in\">+</button>\
             <button type=\"button\" data-do=\"out\" title=\"Zoom out\" aria-label=\"Zoom out\">\u{2212}</button>\
             <button type=\"button\" data-do=\"reset\">Reset</button>\
             <button type=\"button\" data-do=\"save\">Save PNG</button></div></div>\
             <div class=\"legend\"></div>\
             <div class=\"plot\" style=\"height:{}px\" role=\"img\" aria-label=\"{title}. {caption}\"></div>\
             <figcaption>{caption}</figcaption></figure>\n",
            chart.height
        )
    }

    /// The HTML.
    ///
    /// # Errors
    /// If a chart cannot be expressed in JSON, which does not happen.
    pub fn render(self, folder: &Folder) -> Result<String> {
        let data = json!({ "name": self.title, "charts": self.charts });
        let data = serde_json::to_string(&data).map_err(|e| Error::Other(format!("report: {e}")))?;
        let scripts = SCRIPTS.join("\n");
        let mut contents = String::new();
        let mut sections = String::new();
        for (i, (title, html)) in self.sections.iter().enumerate() {
            let title = escape(title);
            // Writing to a string cannot fail, here and below.
            let _ = write!(contents, "<li><a href=\"#part-{i}\">{title}</a></li>");
            let _ = write!(sections, "<section id=\"part-{i}\"><h2>{title}</h2>\n{html}</section>\n");
        }
        let facts = self.facts.iter().fold(String::new(), |mut html, (name, value)| {
            let _ = write!(html, "<li><span>{}</span> {}</li>", escape(name), escape(value));
            html
        });
        let notes = if self.notes.is_empty() {
            String::new()
        } else {
            let items: String = self.notes.iter().map(|n| format!("<li>{}</li>", escape(n))).collect();
            format!("<section id=\"notes\"><h2>Not shown</h2><ul>{items}</ul></section>\n")
        };
        let foot = foot(&self.provenance, folder);
        let value = |name: &str| match name {
            "title" => escape(&self.title),
            "kind" => self.kind.to_owned(),
            "subtitle" => escape(&self.subtitle),
            "policy" => policy(&[ECHARTS, &scripts]),
            "style" => STYLE.to_owned(),
            "facts" => facts.clone(),
            "contents" => contents.clone(),
            "sections" => sections.clone(),
            "notes" => notes.clone(),
            "foot" => foot.clone(),
            "data" => in_script(&data),
            "echarts" => ECHARTS.to_owned(),
            "scripts" => scripts.clone(),
            other => unreachable!("the template names {other}"),
        };
        Ok(fill(TEMPLATE, value))
    }
}

/// Puts values into the template in one pass, so that braces in a value are left unchanged.
fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = template.split("{{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once("}}") {
            Some((name, rest)) => {
                out.push_str(&value(name));
                out.push_str(rest);
            }
            None => out.push_str(part),
        }
    }
    out
}

/// JSON for use in a script element: no text in it can end the element or open a comment.
fn in_script(json: &str) -> String {
    // Outside of texts JSON has none of these; in texts they may be written as escapes (RFC 8259, 7).
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Content security policy: nothing is fetched from anywhere, and only the given scripts run (Content Security Policy
/// Level 3, hashes of inline scripts).
fn policy(scripts: &[&str]) -> String {
    let hashes: Vec<String> =
        scripts.iter().map(|s| format!("'sha256-{}'", base64(&Sha256::digest(s.as_bytes())))).collect();
    format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hashes.join(" ")
    )
}

/// Base 64 with padding (RFC 4648, 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().chain([&0, &0]).take(3).fold(0u32, |bits, b| bits << 8 | u32::from(*b));
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// Instructions for reproducing the results.
fn foot(provenance: &[(String, String)], folder: &Folder) -> String {
    let manifest = &folder.manifest;
    let mut facts = vec![("gridfleet".to_owned(), format!("version {}", manifest.gridfleet_version))];
    facts.extend(provenance.iter().cloned());
    let known = |name: &str, value: Option<String>| value.map(|value| (name.to_owned(), value));
    facts.extend(
        [
            known("Platform", (!manifest.platform.is_empty()).then(|| manifest.platform.clone())),
            known("Started", (!manifest.started.is_empty()).then(|| manifest.started.clone())),
            known("Threads", manifest.threads.map(|n| n.to_string())),
            known("Wall time", manifest.wall_time_s.map(|s| format!("{} s", number(s, 2)))),
            known("Speed", manifest.events_per_second.map(|n| format!("{} events/s", number(n, 0)))),
            known("Peak memory", manifest.peak_memory_bytes.map(|b| format!("{} MB", number(b / 1e6, 0)))),
        ]
        .into_iter()
        .flatten(),
    );
    let mut html = String::new();
    if !manifest.command.is_empty() {
        let _ = write!(
            html,
            "<p>The same command with the same version and the same files gives the same results:</p>\
             <pre tabindex=\"0\"><code>{}</code></pre>",
            escape(&command_line(&manifest.command))
        );
    }
    html.push_str("<dl class=\"facts\">");
    for (name, value) in &facts {
        let _ = write!(html, "<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value));
    }
    html.push_str("</dl>\n");
    if !manifest.inputs.is_empty() {
        let mut table =
            Table::new("Files read", vec![words("File"), numbers("Size", "bytes"), words("SHA-256")]);
        for input in &manifest.inputs {
            table.row(vec![Cell::text(&input.path), Cell::count(input.bytes), Cell::code(&input.sha256)]);
        }
        html.push_str(&table.render());
    }
    html
}

/// The command in the syntax of a POSIX shell; arguments with unsafe characters are in single quotes.
fn command_line(arguments: &[String]) -> String {
    let quoted = |argument: &String| {
        let harmless = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
        if !argument.is_empty() && argument.chars().all(harmless) {
            argument.clone()
        } else {
            format!("'{}'", argument.replace('\'', "'\\''"))
        }
    };
    arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_agrees_with_its_standard() {
        // RFC 4648, 10.
        for (text, code) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), code);
        }
    }

    #[test]
    fn no_text_of_the_data_ends_its_script() {
        let evil = json!({ "name": "</script><!--<script>&\u{2028}" });
        let text = in_script(&evil.to_string());
        assert!(!text.contains('<') && !text.contains('>'), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), evil);
    }

    #[test]
    fn braces_in_the_data_stay_braces() {
        let out = fill("a {{x}} b {{y}}", |name| if name == "x" { "{{y}}".into() } else { "1".into() });
        assert_eq!(out, "a {{y}} b 1");
        // Every name of the template is known, and no script can end its element early.
        let known =
            ["title", "kind", "subtitle", "policy", "style", "facts", "contents", "sections", "notes"];
        let more = ["foot", "data", "echarts", "scripts"];
        fill(TEMPLATE, |name| {
            assert!(known.contains(&name) || more.contains(&name), "{name}");
            String::new()
        });
        for script in [ECHARTS, SCRIPTS[0], SCRIPTS[1]] {
            let script = script.to_lowercase();
            assert!(!script.contains("</script") && !script.contains("<!--"));
        }
    }

    #[test]
    fn commands_can_be_pasted() {
        let words = ["gridfleet", "run", "my town.toml", "--set", "a=it's", ""].map(String::from);
        assert_eq!(command_line(&words), "gridfleet run 'my town.toml' --set 'a=it'\\''s' ''");
    }
}
