//! The sources themselves, for tests of the rules that hold in them.

use std::path::{Path, PathBuf};

/// One file of the sources.
pub struct Source {
    /// From the crate's folder.
    pub path: String,
    /// Crate it belongs to: a folder of `src`, or `gridfleet` for the root package.
    pub package: String,
    /// Top-level module of the crate it belongs to; `lib` and `main` for the roots.
    pub module: String,
    pub text: String,
}

/// All `.rs` files under `folder`.
pub fn sources(folder: &str) -> Vec<Source> {
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
        let names: Vec<&str> = within.iter().skip(1).map(|name| name.to_str().unwrap()).collect();
        let (package, module) = match names.as_slice() {
            [package, module, ..] if root.join("src").join(package).join("Cargo.toml").exists() => {
                (*package, *module)
            }
            [module, ..] => ("gridfleet", *module),
            [] => unreachable!("a file has a name"),
        };
        Source {
            path: within.display().to_string(),
            package: package.to_owned(),
            module: module.trim_end_matches(".rs").to_owned(),
            text: std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n"),
        }
    };
    files.into_iter().map(source).collect()
}

/// The code without comments. Texts are left in: none of ours looks like a path of the crate.
pub fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}
