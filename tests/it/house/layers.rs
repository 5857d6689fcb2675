//! Layers within crates and a few rules of style, read from the source itself.
//!
//! The picture and the reasons are in ARCHITECTURE.md.

use crate::support::cli::root;
use crate::support::sources::{code, sources};
use std::collections::{BTreeMap, BTreeSet};

/// Modules of a crate, in order, each with those that it may use.
type Modules = &'static [(&'static str, &'static [&'static str])];

/// Each module of a crate that has several, and the modules of that crate that it may use. Cargo keeps the order of
/// the crates.
const MAY_USE: &[(&str, Modules)] = &[
    (
        "core",
        &[
            ("error", &[]),
            ("files", &["error"]),
            ("ids", &[]),
            ("time", &[]),
            ("rng", &[]),
            ("ranges", &[]),
            ("names", &[]),
            ("named", &[]),
            ("geo", &["ids"]),
            ("ledger", &["ids", "time"]),
            ("markets", &["time"]),
            ("records", &["geo", "ids", "ledger", "markets", "named", "time"]),
        ],
    ),
    (
        "games",
        &[
            ("optimize", &[]),
            ("statistics", &[]),
            ("grid", &[]),
            ("learning", &[]),
            ("bilevel", &["optimize"]),
            ("c_nash", &[]),
            ("coalition", &["optimize", "statistics"]),
            ("stackelberg", &["c_nash"]),
            ("routing", &["coalition", "grid", "optimize"]),
        ],
    ),
    (
        "sim",
        &[
            ("world", &[]),
            ("forecast", &[]),
            ("policies", &["forecast", "world"]),
            ("engine", &["policies", "world"]),
        ],
    ),
    (
        "scenario",
        &[
            ("document", &[]),
            ("spec", &[]),
            ("resolve", &["document", "spec"]),
            ("build", &["document", "resolve", "spec"]),
        ],
    ),
    ("results", &[("outputs", &[]), ("audit", &["outputs"]), ("report", &["outputs"])]),
    (
        "gridfleet",
        &[
            ("run", &[]),
            ("studies", &["run"]),
            ("training", &["run"]),
            ("reproduce", &["studies", "training"]),
            ("cli", &["reproduce", "run", "studies", "training"]),
        ],
    ),
];

/// Crates that may use only parts of another: a scenario file names policies and games, and never runs them.
/// A `*` is any part of a name.
const PARTS: &[(&str, &str, &[&str])] = &[
    ("scenario", "gridfleet_games", &["bilevel", "grid", "learning::AgentSpec", "stackelberg"]),
    (
        "scenario",
        "gridfleet_sim",
        &[
            "policies::ObservationKind",
            "policies::PolicySpecs",
            "policies::Trained",
            "policies::spec",
            "policies::*Spec",
            "world",
        ],
    ),
];

/// Most lines of one file: beyond it, it holds more than one idea.
const MOST_LINES: usize = 700;

/// The code without its unit tests, which are at the end of a file and may use what they like to
/// set a case up.
fn without_tests(text: &str) -> &str {
    let starts = ["\n#[cfg(test)]\nmod ", "\n#[cfg(test)]\npub(super) mod tests "];
    let at = starts.iter().filter_map(|start| text.find(start)).min();
    at.map_or(text, |at| &text[..at])
}

/// Paths of `krate` (`crate` for the own one) in `code`: `module::item`, or `module` alone.
///
/// Paths in braces (`crate::{a::B, c}`) are taken apart.
fn uses(krate: &str, code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let prefix = format!("{krate}::");
    for (at, _) in code.match_indices(&prefix) {
        let part_of_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if !part_of_word {
            collect("", &code[at + prefix.len()..], &mut found);
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

/// The root of the crate as the file in `path` can also name it: `super::super`.
fn root_from(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let is_crate = |part: &&str| root().join("src").join(part).join("Cargo.toml").exists();
    let outside = usize::from(parts.first().is_some_and(is_crate));
    let is_folder = usize::from(path.ends_with("/mod.rs"));
    vec!["super"; parts.len() - outside - is_folder].join("::")
}

/// Whether `used` is what `allowed` says: a module, a path of two names, or names around a `*`.
fn fits(used: &str, allowed: &str) -> bool {
    match allowed.split_once('*') {
        Some((start, end)) => used.starts_with(start) && used.ends_with(end),
        None => allowed == used || used.split("::").next() == Some(allowed),
    }
}

/// The modules of `package` with what they may use, if it has several.
fn layers(package: &str) -> Option<Modules> {
    MAY_USE.iter().find(|(name, _)| *name == package).map(|(_, modules)| *modules)
}

fn may_use(package: &str, from: &str, used: &str) -> bool {
    let Some(modules) = layers(package) else { return true };
    let module = used.split("::").next().unwrap_or(used);
    // The facade of the root package brings the other crates' modules, which Cargo keeps in order. A crate whose root
    // is a facade for its own modules is no short cut between them.
    if package == "gridfleet" && modules.iter().all(|(name, _)| *name != module) {
        return true;
    }
    let Some((_, allowed)) = modules.iter().find(|(name, _)| *name == from) else { return false };
    module == from || allowed.iter().any(|allowed| fits(used, allowed))
}

/// Handlers of the engine with their files. Only `handlers.rs` knows several of them.
const HANDLERS: &[(&str, &str)] = &[
    ("charging", "ChargingRounds"),
    ("competition", "Competing"),
    ("control", "Control"),
    ("feeder", "Feeder"),
    ("loads", "LoadSlots"),
    ("prices", "Broadcasts"),
    ("readings", "Readings"),
    ("relocation", "Relocating"),
    ("retail", "Retailing"),
    ("rides", "Rides"),
    ("trading", "Traders"),
];

#[test]
fn no_handler_of_the_engine_knows_another() {
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    for source in sources("src/sim/engine") {
        let file = source.path.trim_start_matches("src/sim/engine/").trim_end_matches(".rs");
        let code = code(&source.text);
        let words: BTreeSet<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for &(home, handler) in HANDLERS.iter().filter(|(_, handler)| words.contains(handler)) {
            named.insert((file.to_owned(), handler));
            if file != home && file != "handlers" {
                wrong.push(format!("{} names {handler}, which is in {home}.rs", source.path));
            }
        }
        if words.contains("Handlers") && !["handlers", "mod"].contains(&file) {
            wrong.push(format!("{} names Handlers", source.path));
        }
    }
    for (home, handler) in HANDLERS {
        for file in [home, "handlers"] {
            assert!(named.contains(&(file.to_owned(), *handler)), "{file}.rs does not name {handler}");
        }
    }
    assert!(wrong.is_empty(), "handlers share nothing but a step:\n{}", wrong.join("\n"));
}

fn may_use_part(package: &str, krate: &str, used: &str) -> bool {
    let rule = PARTS.iter().find(|(from, to, _)| (*from, *to) == (package, krate));
    rule.is_none_or(|(_, _, allowed)| allowed.iter().any(|allowed| fits(used, allowed)))
}

#[test]
fn every_module_uses_lower_layers_only() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        if ["lib", "main", "tests"].contains(&source.module.as_str()) {
            continue;
        }
        let known = |modules: &[(&str, &[&str])]| modules.iter().any(|(name, _)| *name == source.module);
        assert!(
            layers(&source.package).is_none_or(known),
            "{}: a new module; give it a place among the layers in tests/it/house/layers.rs and ARCHITECTURE.md",
            source.path
        );
        let code = code(without_tests(&source.text));
        for used in uses("crate", &code).into_iter().chain(uses(&root_from(&source.path), &code)) {
            if !may_use(&source.package, &source.module, &used) {
                wrong.push(format!("{}: {} must not use crate::{used}", source.path, source.module));
            }
        }
        for (_, krate, _) in PARTS.iter().filter(|(from, _, _)| *from == source.package) {
            for used in uses(krate, &code) {
                if !may_use_part(&source.package, krate, &used) {
                    wrong.push(format!("{}: {} must not use {krate}::{used}", source.path, source.package));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Within a layer of a scenario, files use each other in one direction.
#[test]
fn the_files_of_a_scenario_have_no_circle() {
    let mut left: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources("src/scenario") {
        let Some((folder, file)) = source.path.trim_start_matches("src/scenario/").rsplit_once('/') else {
            continue;
        };
        // The file of a folder declares its siblings.
        if file == "mod.rs" {
            continue;
        }
        let code = code(without_tests(&source.text));
        let sibling = |used: &String| Some(format!("{folder}/{}.rs", used.split("::").next()?));
        left.insert(format!("{folder}/{file}"), uses("super", &code).iter().filter_map(sibling).collect());
    }
    assert!(left["resolve/stations.rs"].contains("resolve/fleets.rs"), "{left:?}");
    loop {
        let files: BTreeSet<String> = left.keys().cloned().collect();
        left.retain(|file, used| used.iter().any(|used| used != file && files.contains(used)));
        if left.len() == files.len() {
            break;
        }
    }
    assert!(left.is_empty(), "in a circle, or above one: {:?}", left.keys());
}

/// Crates of the workspace that a crate needs, directly or through others.
fn needs(package: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("src").join(package).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let mut needed = BTreeSet::new();
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let names = manifest.get(kind).and_then(|table| table.as_table()).into_iter().flat_map(|t| t.keys());
        needed.extend(names.filter_map(|name| name.strip_prefix("gridfleet-")).map(str::to_owned));
    }
    let further: Vec<_> = needed.iter().flat_map(|name| needs(name)).collect();
    needed.extend(further);
    needed
}

#[test]
fn outputs_audit_and_reports_know_no_engine() {
    assert_eq!(Vec::from_iter(needs("results")), ["core", "plots"]);
    // The reader of manifests finds what there is.
    assert!(["core", "data", "games", "sim"].iter().all(|name| needs("scenario").contains(*name)));
}

/// The table itself has no circles: a module uses only modules above it.
#[test]
fn the_layers_have_an_order() {
    for (_, modules) in MAY_USE {
        let rank: BTreeMap<&str, usize> =
            modules.iter().enumerate().map(|(i, (name, _))| (*name, i)).collect();
        for (name, allowed) in *modules {
            for used in *allowed {
                assert!(rank[used] < rank[name], "{name} uses {used}, which is below it");
            }
        }
    }
}

/// If the reader of paths missed something, the layers would look better than they are.
#[test]
fn paths_are_read_in_every_form() {
    let text = "use crate::engine::Simulation;\n\
                use crate::{world::{Setup, View as Look}, time};\n\
                fn f(a: crate::geo::Places) -> Option<crate::ids::a::B> { crate::rng::mix(a) }\n\
                use gridfleet::audit::x; pub(in crate::cli) fn g() {} let c = $crate::policies::spec::S;\n\
                use gridfleet_sim::policies::Dispatch;";
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
    assert_eq!(uses("crate", text).iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert_eq!(
        uses("gridfleet_sim", text).iter().map(String::as_str).collect::<Vec<_>>(),
        ["policies::Dispatch"]
    );
    assert!(may_use("sim", "engine", "world::View") && !may_use("sim", "world", "engine::Simulation"));
    assert!(
        !may_use("sim", "policies", "engine::EventQueue") && !may_use("results", "outputs", "audit::Check")
    );
    assert!(
        may_use("scenario", "build", "resolve::Plan") && !may_use("scenario", "resolve", "build::Recorded")
    );
    assert!(
        !may_use("scenario", "document", "spec::ScenarioFile") && !may_use("scenario", "resolve", "Recorded")
    );
    assert_eq!(
        ["src/scenario/build/variation/trips.rs", "src/scenario/build/mod.rs", "src/run/pilot.rs"]
            .map(root_from),
        ["super::super::super", "super", "super::super"]
    );
    assert!(may_use("gridfleet", "cli", "studies::Study") && !may_use("gridfleet", "studies", "cli::Cli"));
    assert!(may_use_part("scenario", "gridfleet_sim", "policies::spec"));
    assert!(may_use_part("scenario", "gridfleet_sim", "policies::ChargingSpec"));
    assert!(!may_use_part("scenario", "gridfleet_sim", "policies::Dispatch"));
    assert!(!may_use_part("scenario", "gridfleet_sim", "engine::Simulation"));
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

/// ARCHITECTURE.md names a test for each invariant as `path: function`: each exists, and most invariants have one.
#[test]
fn the_invariants_of_the_architecture_name_tests_that_exist() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(text.lines().count() <= 250, "{} lines, at most 250", text.lines().count());
    let mut named = 0;
    for quoted in text.split('`').skip(1).step_by(2) {
        let quoted = quoted.split_whitespace().collect::<Vec<_>>().join(" ");
        let Some((path, function)) = quoted.split_once(".rs: ") else { continue };
        let path = root().join(format!("{path}.rs"));
        let source = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("no {}", path.display()));
        assert!(source.contains(&format!("fn {function}(")), "{quoted}: no such test");
        named += 1;
    }
    let invariants = text.matches("**Architecture invariant:**").count();
    assert!(named >= invariants && invariants >= 15, "{named} tests for {invariants} invariants");
}
