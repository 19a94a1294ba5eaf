//! Completion scripts and manual pages, made from the clap tree; the JSON schemas of what commands show.

use super::complete;
use super::tree::areas;
use crate::admin::Entry;
use clap_complete::Shell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The shells that completions are kept for, with the names of their files.
const SHELLS: [(Shell, &str); 5] = [
    (Shell::Bash, "rmq.bash"),
    (Shell::Zsh, "_rmq"),
    (Shell::Fish, "rmq.fish"),
    (Shell::PowerShell, "_rmq.ps1"),
    (Shell::Elvish, "rmq.elv"),
];

/// Every completion script, by file name.
pub fn completion_files() -> BTreeMap<String, String> {
    SHELLS.iter().map(|(shell, name)| ((*name).to_owned(), complete::script(*shell))).collect()
}

/// Every manual page, by file name.
///
/// # Errors
/// Those of `scratch`, an empty directory that the pages are written to.
pub fn man_pages(scratch: &Path) -> io::Result<BTreeMap<String, String>> {
    clap_mangen::generate_to(super::command(), scratch)?;
    let mut pages = BTreeMap::new();
    for entry in std::fs::read_dir(scratch)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        pages.insert(name, std::fs::read_to_string(&path)?);
    }
    Ok(pages)
}

/// The JSON schema of what a command shows by `--output json`; none for one that shows text only.
pub fn schema(entry: &Entry) -> Option<String> {
    let mut schema = entry.schema?();
    schema.insert("title".to_owned(), entry.name.into());
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    Some(text + "\n")
}

/// Every schema, by file name.
pub fn schema_files() -> BTreeMap<String, String> {
    let entries = areas().into_iter().flat_map(|(_, entries)| entries);
    entries.filter_map(|entry| Some((format!("{}.json", entry.name), schema(entry)?))).collect()
}
