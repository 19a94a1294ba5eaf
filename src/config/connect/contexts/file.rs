//! Where the file is, and how it is read and written.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::edit::{Wrong, read};
use super::{Contexts, ContextsError, Edit};

/// The name of the file in the directory for settings.
const NAME: &str = "rmq/contexts.toml";

/// Where the file is: at `chosen`, or below `XDG_CONFIG_HOME`.
///
/// # Errors
/// There is no home directory.
pub fn path(chosen: Option<&str>) -> Result<PathBuf, ContextsError> {
    match chosen {
        Some(path) => Ok(PathBuf::from(path)),
        None => {
            let strategy = etcetera::choose_base_strategy().map_err(|_| ContextsError::NoHome)?;
            Ok(strategy.config_dir().join(NAME))
        }
    }
}

/// The contexts and the text that they stand in; a file that is not there has none.
///
/// # Errors
/// The file cannot be read or understood.
pub fn load(path: &Path) -> Result<(Contexts, Edit), ContextsError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(ContextsError::File { doing: "read", path: path.to_owned(), source }),
    };
    let syntax = |Wrong { line, why }| ContextsError::Syntax { path: path.to_owned(), line, why };
    Ok((read(&text).map_err(syntax)?, Edit::of(&text).map_err(syntax)?))
}

/// Writes the file as a whole or not at all, readable by its owner only.
///
/// # Errors
/// It cannot be written.
pub fn save(path: &Path, edit: &Edit) -> Result<(), ContextsError> {
    write(path, &edit.text()).map_err(|source| ContextsError::File {
        doing: "write",
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one, and what it leads to is written.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory)?;
    }
    let new = path.with_extension(format!("toml.{}.new", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&new, &path)).inspect_err(|_| {
        // What is left of a failed attempt is of no use.
        let _ = fs::remove_file(&new);
    })
}

#[cfg(test)]
mod tests {
    use super::super::Profile;
    use super::*;

    #[test]
    fn the_file_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(Some(&dir.path().join("deep/contexts.toml").display().to_string())).unwrap();
        let (contexts, mut edit) = load(&path).unwrap();
        assert!(contexts.contexts.is_empty());
        edit.put("a", &Profile::default()).unwrap();
        save(&path, &edit).unwrap();
        save(&path, &edit).unwrap();
        assert!(load(&path).unwrap().0.contexts.contains_key("a"));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "x").unwrap();
        assert!(matches!(load(&path), Err(ContextsError::Syntax { line: 1, .. })));
    }
}
