//! Who may use whom, and a few rules of style, read from the source itself.
//!
//! The picture and the reasons are in ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each top-level module and what it may use. A path with `::` allows that part of a module only; a `*`
/// in it stands for any part of a name.
const MAY_USE: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("files", &["error"]),
    ("ids", &[]),
    ("time", &[]),
    ("rng", &[]),
    ("ranges", &[]),
    ("geo", &["ids"]),
    ("grid", &["error"]),
    ("ledger", &["ids", "time"]),
    ("markets", &["time"]),
    ("records", &["geo", "ids", "ledger", "markets", "time"]),
    ("datasets", &["error", "geo", "ids", "markets", "ranges", "rng", "time"]),
    ("world", &["geo", "grid", "ids", "ledger", "markets", "records", "rng", "time"]),
    ("forecast", &["error", "rng", "time"]),
    ("optimize", &["error"]),
    ("learning", &["error", "files", "rng"]),
    ("statistics", &["rng"]),
    ("games", &["error", "optimize", "rng", "statistics"]),
    (
        "policies",
        &[
            "error", "forecast", "games", "geo", "ids", "learning", "markets", "optimize", "ranges", "rng",
            "time", "world",
        ],
    ),
    (
        "engine",
        &["error", "geo", "grid", "ids", "ledger", "markets", "policies", "records", "rng", "time", "world"],
    ),
    (
        "scenario",
        &[
            "datasets",
            "error",
            "games::bilevel",
            "games::stackelberg",
            "geo",
            "grid",
            "ids",
            "learning::AgentSpec",
            "ledger",
            "markets",
            "policies::ObservationKind",
            "policies::PolicySpecs",
            "policies::Trained",
            "policies::spec",
            "policies::*Spec",
            "ranges",
            "records::dictionary",
            "rng",
            "time",
            "world",
        ],
    ),
    ("plots", &["error", "files", "time"]),
    ("routing", &["error", "games", "grid", "optimize"]),
    ("outputs", &["error", "files", "geo", "ids", "ledger", "markets", "plots", "records", "time"]),
    ("audit", &["error", "ids", "ledger", "markets", "outputs", "records", "time"]),
    ("report", &["error", "files", "ids", "outputs", "plots", "records", "time"]),
    (
        "studies",
        &[
            "engine",
            "error",
            "files",
            "games",
            "geo",
            "ids",
            "ledger",
            "outputs",
            "plots",
            "policies",
            "records",
            "rng",
            "scenario",
            "statistics",
            "time",
            "world",
        ],
    ),
    (
        "training",
        &[
            "engine",
            "error",
            "ids",
            "learning",
            "ledger",
            "markets",
            "outputs",
            "plots",
            "policies",
            "records",
            "rng",
            "scenario",
            "statistics",
            "time",
            "world",
        ],
    ),
    (
        "reproduce",
        &[
            "datasets",
            "engine",
            "error",
            "games",
            "geo",
            "grid",
            "ids",
            "learning",
            "ledger",
            "outputs",
            "plots",
            "policies",
            "records",
            "rng",
            "routing",
            "scenario",
            "statistics",
            "studies",
            "time",
            "training",
            "world",
        ],
    ),
    (
        "cli",
        &[
            "audit",
            "datasets",
            "engine",
            "error",
            "games",
            "geo",
            "grid",
            "ids",
            "learning",
            "ledger",
            "markets",
            "outputs",
            "plots",
            "policies",
            "ranges",
            "records",
            "report",
            "reproduce",
            "rng",
            "routing",
            "scenario",
            "statistics",
            "studies",
            "time",
            "training",
            "world",
        ],
    ),
];

/// Most lines of one file: beyond it, it holds more than one idea.
const MOST_LINES: usize = 700;

/// One file of the sources.
struct Source {
    /// From the crate's folder.
    path: String,
    /// Top-level module it belongs to; `lib` and `main` for the roots.
    module: String,
    text: String,
}

/// All `.rs` files under `folder`.
fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join(folder)];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let source = |path: PathBuf| {
        let within = path.strip_prefix(root).unwrap();
        let module = within.iter().nth(1).unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        Source {
            path: within.display().to_string(),
            module,
            text: std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n"),
        }
    };
    files.into_iter().map(source).collect()
}

/// The code without comments. Texts are left in: none of ours looks like a path of the crate.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// The code without its unit tests, which stand at the end of a file and may use what they like to
/// set a case up.
fn without_tests(text: &str) -> &str {
    text.find("\n#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

/// What `code` uses of the crate: `module::item`, or `module` alone.
///
/// Paths in braces (`crate::{a::B, c}`) are taken apart.
fn uses(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let part_of_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if !part_of_word {
            collect("", &code[at + "crate::".len()..], &mut found);
        }
    }
    found
}

/// Reads one path, or a list of them in braces, and adds its first two names; returns what follows.
fn collect<'a>(before: &str, text: &'a str, found: &mut BTreeSet<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = collect(before, rest, found).trim_start();
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return rest;
    }
    let path = if before.is_empty() { name.to_owned() } else { format!("{before}::{name}") };
    let deeper = path.matches("::").count() < 1;
    match rest.strip_prefix("::") {
        Some(rest) if deeper => collect(&path, rest, found),
        Some(rest) => {
            found.insert(path);
            collect("", rest, &mut BTreeSet::new())
        }
        None => {
            found.insert(path);
            // `use a::b as c` ends here as well.
            let rest = rest.trim_start();
            rest.strip_prefix("as ").map_or(rest, |name| {
                name.trim_start().trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
            })
        }
    }
}

fn may_use(from: &str, used: &str) -> bool {
    let module = used.split("::").next().unwrap_or(used);
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == from) else { return false };
    let fits = |allowed: &str| match allowed.split_once('*') {
        Some((start, end)) => used.starts_with(start) && used.ends_with(end),
        None => allowed == module || allowed == used,
    };
    module == from || allowed.iter().any(|&a| fits(a))
}

#[test]
fn every_module_uses_lower_layers_only() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        if source.module == "lib" || source.module == "main" {
            continue;
        }
        assert!(
            MAY_USE.iter().any(|(name, _)| *name == source.module),
            "{}: a new module; give it a place among the layers in tests/it/layers.rs and ARCHITECTURE.md",
            source.path
        );
        for used in uses(&code(without_tests(&source.text))) {
            if !may_use(&source.module, &used) {
                wrong.push(format!("{}: {} must not use crate::{used}", source.path, source.module));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The table itself has no circles: a module uses only what stands above it.
#[test]
fn the_layers_have_an_order() {
    let rank: BTreeMap<&str, usize> = MAY_USE.iter().enumerate().map(|(i, (name, _))| (*name, i)).collect();
    for (name, allowed) in MAY_USE {
        for used in *allowed {
            let module = used.split("::").next().unwrap();
            assert!(rank[module] < rank[name], "{name} uses {used}, which stands below it");
        }
    }
}

/// If the reader of paths missed something, the layers would look better than they are.
#[test]
fn paths_are_read_in_every_form() {
    let text = "use crate::engine::Simulation;\n\
                use crate::{world::{Setup, View as Look}, time};\n\
                fn f(a: crate::geo::Places) -> Option<crate::ids::a::B> { crate::rng::mix(a) }\n\
                use gridfleet::audit::x; pub(in crate::cli) fn g() {} let c = $crate::policies::spec::S;";
    let expected = [
        "cli",
        "engine::Simulation",
        "geo::Places",
        "ids::a",
        "rng::mix",
        "time",
        "world::Setup",
        "world::View",
    ];
    assert_eq!(uses(text).iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(may_use("engine", "world::View") && may_use("scenario", "policies::spec"));
    assert!(may_use("scenario", "policies::ChargingSpec"));
    assert!(!may_use("world", "engine::Simulation") && !may_use("outputs", "world"));
    assert!(!may_use("scenario", "policies::Dispatch") && !may_use("datasets", "world::Setup"));
    assert!(!may_use("policies", "engine::EventQueue") && !may_use("audit", "engine::Simulation"));
}

#[test]
fn every_file_keeps_the_rules_of_style() {
    // Written in two parts, or this file would break its own rules.
    let banned = [
        (["uns", "afe "], "this crate does without"),
        (["todo", "!("], "unfinished code does not go in"),
        (["unimple", "mented!("], "unfinished code does not go in"),
        (["dbg", "!("], "left over from a search for a mistake"),
        (["thread", "_rng"], "unseeded: take a stream from rng"),
        (["#[ign", "ore"], "a test that never runs proves nothing"),
        (["#![al", "low"], "an exception stands at the line that needs it, with its reason"),
    ];
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")).chain(sources("benches")) {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!("{}: {lines} lines, at most {MOST_LINES}", source.path));
        }
        if !source.text.starts_with("//! ") {
            wrong.push(format!("{}: does not open with what it is for (//! ...)", source.path));
        }
        let code = code(&source.text);
        for (parts, why) in &banned {
            if code.contains(&parts.concat()) {
                wrong.push(format!("{}: {}: {why}", source.path, parts.concat()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
