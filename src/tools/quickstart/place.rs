//! Where a quickstart keeps its data.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::Args;
use crate::admin::{CommandError, ErrorKind};

/// A directory for messages and settings. A temporary one is removed when this is dropped.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    temporary: bool,
}

impl Place {
    /// The directory that the options ask for; made if it is not there.
    pub fn choose(args: &Args) -> Result<Self, CommandError> {
        if args.ephemeral {
            let path = temporary()
                .map_err(|error| CommandError::file("make a directory in", &std::env::temp_dir(), &error))?;
            return Ok(Self { path, temporary: true });
        }
        let path = match &args.data_dir {
            Some(path) => path.clone(),
            None => default_dir()?,
        };
        fs::create_dir_all(&path).map_err(|error| CommandError::file("make", &path, &error))?;
        // Java's keys hold absolute paths, and so does what is said about them.
        let path = path.canonicalize().map_err(|error| CommandError::file("open", &path, &error))?;
        Ok(Self { path, temporary: false })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it goes at the end.
    pub fn is_temporary(&self) -> bool {
        self.temporary
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "a temporary directory is left behind");
        }
    }
}

fn default_dir() -> Result<PathBuf, CommandError> {
    let strategy = etcetera::choose_base_strategy().map_err(|error| {
        CommandError::new(ErrorKind::Local, "there is no home directory to keep data in")
            .cause(error.to_string())
            .hint("give a directory by --data-dir, or --ephemeral")
    })?;
    Ok(strategy.data_dir().join("rmq/quickstart"))
}

/// A new directory that only this user gets into.
fn temporary() -> io::Result<PathBuf> {
    let parent = std::env::temp_dir();
    let pid = std::process::id();
    for attempt in 0..1_000 {
        let path = parent.join(format!("rmq-quickstart-{pid}-{attempt}"));
        match make_private(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_place_is_private_and_goes() {
        let args = Args { ephemeral: true, ..Args::default() };
        let (place, other) = (Place::choose(&args).unwrap(), Place::choose(&args).unwrap());
        assert_ne!(place.path(), other.path());
        fs::write(place.path().join("file"), "x").unwrap();
        let path = place.path().to_owned();
        drop(place);
        assert!(!path.exists());
        assert!(other.path().exists());
    }

    #[test]
    fn a_place_that_was_named_is_made_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let args = Args { data_dir: Some(path.clone()), ..Args::default() };
        let place = Place::choose(&args).unwrap();
        assert!(place.path().is_absolute() && !place.is_temporary());
        drop(place);
        assert!(path.exists());
        fs::write(dir.path().join("file"), "").unwrap();
        let wrong = Args { data_dir: Some(dir.path().join("file/x")), ..Args::default() };
        assert!(Place::choose(&wrong).is_err());
    }
}
