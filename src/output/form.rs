//! The forms a result can take.

use clap::ValueEnum;

/// What `--output` accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Columns for people, the most important ones
    #[default]
    Table,
    /// Columns for people, all of them
    Wide,
    /// One JSON document (JSON Lines where results follow one another)
    Json,
    /// One YAML document
    Yaml,
    /// Comma-separated values with a header line
    Csv,
    /// The very layout of mqadmin
    Classic,
}

impl Form {
    /// Whether a program rather than a person reads this form.
    pub fn is_machine(self) -> bool {
        matches!(self, Form::Json | Form::Yaml | Form::Csv)
    }
}
