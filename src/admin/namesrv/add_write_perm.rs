//! `addWritePerm`: undoes `wipeWritePerm`.

use super::write_perm::{Direction, Perms, change};
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Render, Table};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Have producers write to a broker again
///
/// Undoes wipeWritePerm on every name server. All topics of the broker become readable and writable there, also one
/// that was read-only before, until the broker registers it anew.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq addWritePerm -b broker-a\n  \
        rmq addWritePerm -b broker-a --dry-run")]
pub struct Args {
    /// The name of the broker
    #[arg(short = 'b', long = "brokerName", value_name = "BROKER")]
    pub broker_name: String,
}

/// What each name server did.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Output(pub Perms);

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        self.0.to_table()
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        self.0.write_classic(w)
    }

    fn notes(&self) -> Vec<String> {
        self.0.to_notes()
    }

    fn failures(&self) -> &[Failure] {
        &self.0.failures
    }
}

/// Tells every name server, side by side.
///
/// # Errors
/// An unknown broker; that all name servers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    change(ctx, args.broker_name, Direction::Add, |_| Ok(())).await.map(Output)
}
