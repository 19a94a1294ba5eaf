//! What a result must offer to be shown.

use super::classic;
use super::table::Table;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// How well a command did, from which the exit code follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// All that was asked for was done.
    #[default]
    Done,
    /// Some targets failed; the result is what the others gave.
    Partial,
    /// A check was not met, or the cluster refused all of it.
    Refused,
    /// The user stopped it; the result is what was done until then.
    Interrupted,
    /// A program that was run on behalf of the user ended with this code, which is passed on as it is.
    Child(u8),
}

/// One target that failed while others did not: a broker, a name server, a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The name of the target, as the user knows it.
    pub target: String,
    /// Its address, where it has one that is not its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addr: Option<String>,
    /// The response code, where the target answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// What went wrong, in a few words.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.target)?;
        if let Some(addr) = self.addr.as_deref().filter(|addr| *addr != self.target) {
            write!(f, " ({addr})")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A result that can be shown in every form.
///
/// JSON and YAML come from `Serialize` (camelCase keys, numbers as numbers, times as epoch milliseconds, sorted
/// vectors instead of maps in hash order, an empty result as an empty list). CSV comes from the wide table.
pub trait Render: Serialize {
    /// The table; `wide` asks for all columns.
    fn table(&self, wide: bool) -> Table;

    /// mqadmin's own layout, with its line ends (`writeln!`) or without (`write!`) as mqadmin has them.
    ///
    /// # Errors
    /// Only those of `w`.
    fn classic(&self, w: &mut dyn fmt::Write) -> fmt::Result {
        for line in self.table(false).lines(None, true, false) {
            writeln!(w, "{line}")?;
        }
        Ok(())
    }

    /// Lines for the person, printed on stderr after a table.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Targets that failed: warned of on stderr in every form; they make the outcome partial.
    fn failures(&self) -> &[Failure] {
        &[]
    }

    /// Whether there is nothing to show, whatever the form.
    fn is_silent(&self) -> bool {
        false
    }

    /// How well it went; decides the exit code.
    fn outcome(&self) -> Outcome {
        if self.failures().is_empty() { Outcome::Done } else { Outcome::Partial }
    }
}

/// A result with nothing to show: what there was has been streamed already.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct Nothing {
    #[serde(skip)]
    pub outcome: Outcome,
}

impl Render for Nothing {
    fn table(&self, _wide: bool) -> Table {
        Table::new()
    }

    fn is_silent(&self) -> bool {
        true
    }

    fn outcome(&self) -> Outcome {
        self.outcome
    }
}

/// Words for a field of a table.
pub struct Text;

impl Text {
    /// `yes` or `no`.
    pub fn yes_no(value: bool) -> &'static str {
        if value { "yes" } else { "no" }
    }

    /// A rate or ratio with two decimals.
    pub fn decimal(value: f64) -> String {
        classic::fixed(value, 2)
    }

    /// Bytes in the largest fitting binary unit: `1.5 KiB`.
    pub fn bytes(bytes: u64) -> String {
        indicatif::BinaryBytes(bytes).to_string()
    }
}
