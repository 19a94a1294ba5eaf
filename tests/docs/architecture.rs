//! Which module may use which, and how long a file may be. The only test that reads source text.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules in order: each may use those before it.
const ORDER: [&str; 13] = [
    "protocol", "runtime", "config", "output", "remoting", "store", "rocksdb", "client", "namesrv", "broker",
    "admin", "tools", "cli",
];

/// Modules that may use less than the order allows.
const ONLY: [(&str, &[&str]); 7] = [
    ("protocol", &[]),
    ("runtime", &[]),
    ("config", &[]),
    ("store", &["protocol"]),
    ("rocksdb", &[]),
    ("namesrv", &["protocol", "runtime", "config", "remoting"]),
    ("admin", &["protocol", "runtime", "config", "output", "remoting", "rocksdb", "client"]),
];

/// No file is longer than this, in lines.
const LONGEST: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
    found
}

/// The modules of this crate that a text names as `crate::module`.
fn used(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
        .filter(|name| ORDER.contains(name))
        .collect()
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let mut wrong = Vec::new();
    for (position, module) in ORDER.iter().enumerate() {
        let allowed =
            ONLY.iter().find(|(name, _)| name == module).map_or(&ORDER[..position], |(_, list)| *list);
        for file in rust_files(&root().join("src").join(module)) {
            let text = fs::read_to_string(&file).unwrap();
            for name in used(&text).into_iter().filter(|name| name != module && !allowed.contains(name)) {
                wrong.push(format!("{} uses {name}", file.display()));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_is_in_the_order() {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let mut modules: Vec<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut order = ORDER;
    modules.sort_unstable();
    order.sort_unstable();
    assert_eq!(modules, order);
}

#[test]
fn no_file_is_too_long_and_every_module_says_what_it_is() {
    let mut wrong = Vec::new();
    for file in ["src", "tests"].iter().flat_map(|dir| rust_files(&root().join(dir))) {
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().count();
        if lines > LONGEST {
            wrong.push(format!("{} has {lines} lines", file.display()));
        }
        if !text.starts_with("//!") && !text.starts_with("#!") {
            wrong.push(format!("{} does not begin with //!", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn uses_are_found_where_they_are() {
    let text =
        "use crate::store::Log;\n// crate::cli\nlet x = crate::protocol::code::OK; crate::nothing::x();";
    assert_eq!(used(text), ["store", "protocol"]);
}
