//! What settings are read from, so that tests can give their own.

use super::profile::Selected;
use crate::admin::CommandError;
use crate::config::connect::{JavaOptions, Profile};
use crate::output::{Out, ask_secret};
use secrecy::SecretString;
use std::io;
use std::path::Path;

/// A variable of the environment, if it is set.
type Var = Box<dyn Fn(&str) -> Option<String>>;
/// How a secret is asked for: none where there is no terminal.
type Ask = Box<dyn Fn(&str) -> io::Result<Option<String>>>;

/// The environment and the person at the terminal.
pub struct World {
    var: Var,
    /// The options that users of Apache's scripts set for the JVM.
    pub java: JavaOptions,
    out: Out,
    ask: Ask,
    selected: Option<Selected>,
}

impl World {
    /// That of this process.
    pub fn of_process(out: &Out) -> Self {
        Self::new(|name| std::env::var(name).ok(), out, ask_secret)
    }

    /// That of this process, with nobody to ask.
    pub fn unattended(out: &Out) -> Self {
        Self::new(|name| std::env::var(name).ok(), out, |_| Ok(None))
    }

    pub(super) fn new(
        var: impl Fn(&str) -> Option<String> + 'static,
        out: &Out,
        ask: impl Fn(&str) -> io::Result<Option<String>> + 'static,
    ) -> Self {
        let java = JavaOptions::of_environment(&var);
        World { var: Box::new(var), java, out: out.clone(), ask: Box::new(ask), selected: None }
    }

    /// With the context that is used.
    #[must_use]
    pub fn with(mut self, selected: Option<Selected>) -> Self {
        self.selected = selected;
        self
    }

    /// The context that is used, and who chose it.
    pub fn selected(&self) -> Option<&Selected> {
        self.selected.as_ref()
    }

    /// The context that is used, with its name.
    pub fn profile(&self) -> Option<(&str, &Profile)> {
        self.selected.as_ref().map(|selected| (selected.name.as_str(), &selected.profile))
    }

    /// A variable that is true or false.
    ///
    /// # Errors
    /// It is neither.
    pub fn truth(&self, name: &str) -> Result<Option<bool>, CommandError> {
        match self.var(name).as_deref().map(str::trim) {
            None => Ok(None),
            Some("1" | "true" | "yes") => Ok(Some(true)),
            Some("0" | "false" | "no") => Ok(Some(false)),
            Some(other) => Err(CommandError::config(format!("{name} is '{other}'")).hint("it is 1 or 0")),
        }
    }

    /// A variable of the environment; an empty one is none.
    pub fn var(&self, name: &str) -> Option<String> {
        (self.var)(name).filter(|value| !value.trim().is_empty())
    }

    /// Asks the person at the terminal for a secret; none where there is none.
    pub fn ask_secret(&self, question: &str) -> Result<Option<SecretString>, CommandError> {
        match (self.ask)(question) {
            Ok(secret) => Ok(secret.map(SecretString::from)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(CommandError::interrupted()),
            Err(error) => Err(CommandError::config("cannot ask for a secret").cause(error.to_string())),
        }
    }

    /// A warning for the person.
    pub fn warn(&self, text: &str) {
        self.out.warn(text);
    }

    /// Warns of a file with secrets that others can read.
    pub fn warn_if_open(&self, path: &Path) {
        if let Some(mode) = open_mode(path) {
            let path = path.display();
            self.warn(&format!("{path} can be read by others (mode {mode:o}): chmod 600 {path}"));
        }
    }
}

/// The mode of a file that is not its owner's alone.
#[cfg(unix)]
fn open_mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn open_mode(_: &Path) -> Option<u32> {
    None
}
