//! The file that an export writes.

use super::java_json::{Keys, pretty};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Table, Tone};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Where mqadmin writes to if it is not told.
pub const DEFAULT_DIRECTORY: &str = "/tmp/rocketmq/export";

/// Writes JSON below `directory`, which is made if it is not there; in a dry run it does not. What was in the file
/// before is replaced as a whole, or stays if that fails. Gives the file's path as mqadmin says it.
///
/// # Errors
/// The directory or the file cannot be written.
pub fn write(ctx: &Context, directory: &str, name: &str, content: &Value) -> Result<String, CommandError> {
    let path = format!("{directory}/{name}");
    if !ctx.dry_run {
        let mut text = pretty(content, Keys::Quoted);
        text.push('\n');
        replace(Path::new(&path), text.as_bytes())?;
    }
    Ok(path)
}

/// Puts `bytes` in the place of what is in a file.
///
/// # Errors
/// The directory or the file cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory).map_err(|error| CommandError::file("make", directory, &error))?;
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(".part");
    let draft = PathBuf::from(draft);
    fs::write(&draft, bytes).map_err(|error| CommandError::file("write", &draft, &error))?;
    fs::rename(&draft, path).map_err(|error| {
        let _ = fs::remove_file(&draft);
        CommandError::file("write", path, &error)
    })
}

/// As [`replace`]; what was there before is kept with `.bak` behind the file's name (Java: `MixAll.string2File`).
///
/// # Errors
/// The directory or one of the files cannot be written.
pub fn replace_and_keep(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let mut kept = path.as_os_str().to_owned();
    kept.push(".bak");
    match fs::copy(path, Path::new(&kept)) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(CommandError::file("keep", path, &error)),
    }
    replace(path, bytes)
}

/// The file and what is in it, one line.
pub fn table_of(path: &str, dry_run: bool, counts: &[(&str, usize)]) -> Table {
    let mut table = Table::new().text("FILE").text("RESULT");
    for (name, _) in counts {
        table = table.number(name);
    }
    let word = if dry_run { "would be written" } else { "written" };
    let cells = [Cell::new(path), Cell::toned(word, Tone::Good)];
    table.row(cells.into_iter().chain(counts.iter().map(|(_, count)| Cell::new(count))));
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::quiet_context;
    use serde_json::json;

    #[test]
    fn what_was_there_may_be_kept() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.json");
        for content in ["one", "two", "three"] {
            replace_and_keep(&path, content.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        assert_eq!(fs::read_to_string(home.path().join("x.json.bak")).unwrap(), "two");
        assert!(replace_and_keep(home.path(), b"x").is_err());
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_not_in_a_dry_run() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("a/b").display().to_string();
        let dry = Context { dry_run: true, ..quiet_context() };
        let path = write(&dry, &directory, "x.json", &json!({"a": 1})).unwrap();
        assert!(!Path::new(&path).exists());
        for content in [json!({"a": [1, 2, 3]}), json!({"a": 1})] {
            write(&quiet_context(), &directory, "x.json", &content).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\n\t\"a\":1\n}\n");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        let error = replace(home.path(), b"x").unwrap_err();
        assert_eq!(error.kind.exit_code(), 1);
    }
}
