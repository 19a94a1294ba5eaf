//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

/// Who said a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An option, as in `-n`.
    Option(&'static str),
    /// A variable of the environment.
    Environment(&'static str),
    /// A system property in `JAVA_OPT` or its like, as in `rocketmq.namesrv.addr`.
    Java(&'static str),
    /// The context of that name.
    Context(String),
    /// A file that is looked for where nothing else is said.
    File(PathBuf),
    /// A person at the terminal.
    Prompt,
    /// Nobody.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Option(name) | Origin::Environment(name) => write!(f, "from {name}"),
            Origin::Java(key) => write!(f, "from -D{key} in JAVA_OPT"),
            Origin::Context(name) => write!(f, "from context {name}"),
            Origin::File(path) => write!(f, "from {}", path.display()),
            Origin::Prompt => f.write_str("typed"),
            Origin::Default => f.write_str("the default"),
        }
    }
}

/// A value and who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen<T> {
    /// The value.
    pub value: T,
    /// Who said it.
    pub origin: Origin,
}

impl<T> Chosen<T> {
    /// A value that was said.
    pub fn new(value: T, origin: Origin) -> Self {
        Chosen { value, origin }
    }
}
