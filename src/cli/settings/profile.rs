//! Which context is used: option, environment, the current one of the file.

use crate::admin::{CommandError, suggest};
use crate::config::connect::Origin;
use crate::config::connect::contexts::{self, Contexts, ContextsError, Profile};
use std::path::PathBuf;

/// A context and who chose it.
#[derive(Clone, Debug)]
pub struct Selected {
    pub name: String,
    pub origin: Origin,
    pub profile: Profile,
    /// The file that it stands in.
    pub path: PathBuf,
}

/// Reads the file of contexts and picks the one that is meant; none where nobody names one.
///
/// # Errors
/// A file that cannot be read; a context that is not in it.
pub fn select(
    option: Option<&str>,
    var: impl Fn(&str) -> Option<String>,
) -> Result<Option<Selected>, CommandError> {
    let var = |name: &str| var(name).filter(|value| !value.trim().is_empty());
    let named = option.map(|name| (name.to_owned(), Origin::Option("--context")));
    let named = named.or_else(|| Some((var("RMQ_CONTEXT")?, Origin::Environment("RMQ_CONTEXT"))));
    let path = match contexts::path(var("RMQ_CONFIG").as_deref()) {
        Ok(path) => path,
        // Who has no home and names no context needs none.
        Err(_) if named.is_none() => return Ok(None),
        Err(error) => return Err(of(error)),
    };
    let (contexts, _) = contexts::load(&path).map_err(of)?;
    let current = || Some((contexts.current.clone()?, Origin::File(path.clone())));
    let Some((name, origin)) = named.or_else(current) else { return Ok(None) };
    match contexts.contexts.get(&name) {
        Some(profile) => Ok(Some(Selected { name, origin, profile: profile.clone(), path })),
        None => Err(unknown(&name, &contexts).cause(format!("it is named {}", at(&origin)))),
    }
}

fn at(origin: &Origin) -> String {
    match origin {
        Origin::Option(name) | Origin::Environment(name) => format!("by {name}"),
        Origin::File(path) => format!("as the current one in {}", path.display()),
        other => other.to_string(),
    }
}

/// The error for a context that is not there, with names like it.
pub fn unknown(name: &str, contexts: &Contexts) -> CommandError {
    let near = suggest::nearest(name, contexts.contexts.keys().map(String::as_str));
    let error = CommandError::config(format!("there is no context '{name}'"));
    match suggest::did_you_mean(&near) {
        Some(hint) => error.hint(hint),
        None => error.hint("rmq context list shows those that there are"),
    }
}

/// The error of a command for that of the file.
pub fn of(error: ContextsError) -> CommandError {
    let shown = CommandError::config(error.to_string());
    match &error {
        ContextsError::File { source, .. } => shown.cause(source.to_string()),
        ContextsError::NoHome => shown.hint("set HOME, XDG_CONFIG_HOME or RMQ_CONFIG"),
        ContextsError::Syntax { .. } => shown,
    }
}
