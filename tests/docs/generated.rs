//! The files in `completions/`, `man/` and `tests/schemas/` are those that the program makes.

use rmq::cli::generate;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

fn kept(dir: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(dir)
}

/// Compares a directory with what it should hold; with `RMQ_BLESS=1` makes it so.
fn check(dir: &str, wanted: &BTreeMap<String, String>) {
    let path = kept(dir);
    if std::env::var_os("RMQ_BLESS").is_some() {
        if path.exists() {
            fs::remove_dir_all(&path).unwrap();
        }
        fs::create_dir_all(&path).unwrap();
        for (name, text) in wanted {
            fs::write(path.join(name), text).unwrap();
        }
        return;
    }
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(&path).into_iter().flatten() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        found.insert(name, fs::read_to_string(&file).unwrap());
    }
    let stale: Vec<&String> =
        wanted.iter().filter(|(name, text)| found.get(*name) != Some(text)).map(|(n, _)| n).collect();
    let left_over: Vec<&String> = found.keys().filter(|name| !wanted.contains_key(*name)).collect();
    assert!(
        stale.is_empty() && left_over.is_empty(),
        "{dir}/ is not current; run: RMQ_BLESS=1 cargo test generated_files\nstale: {stale:?}\nleft over: {left_over:?}"
    );
}

#[test]
fn generated_files_are_current() {
    check("completions", &generate::completion_files());
    let scratch = tempfile::tempdir().unwrap();
    check("man", &generate::man_pages(scratch.path()).unwrap());
    check("tests/schemas", &generate::schema_files());
}
