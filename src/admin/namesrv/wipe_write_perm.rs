//! `wipeWritePerm`: has the name servers tell producers not to write to a broker.

use super::write_perm::{Direction, Perms, change};
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Render, Table};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Have producers write to a broker no more
///
/// Every name server takes the permission to write from all topics of the broker, in its memory; the broker itself
/// knows nothing of it and goes on serving consumers. addWritePerm gives it back. It asks first; --yes answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq wipeWritePerm -b broker-a --dry-run\n  \
        rmq wipeWritePerm -b broker-a --yes")]
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
/// An unknown broker; no confirmation; that all name servers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let ask = |name: &str| ctx.confirm_by_name(&format!("Stop all writes to broker {name}?"), name);
    change(ctx, args.broker_name, Direction::Wipe, ask).await.map(Output)
}
