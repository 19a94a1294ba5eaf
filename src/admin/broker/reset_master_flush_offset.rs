//! `resetMasterFlushOffset`: tells a slave up to where its master's log is safe.

use crate::admin::change::{Change, table_of};
use crate::admin::targets;
use crate::admin::{CommandError, Context, failed};
use crate::output::{Render, Table};
use crate::protocol::upkeep::{GetBrokerHaStatus, MasterFlushOffsetHeader, ResetMasterFlushOffset};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Tell a slave up to where its master's log is on disk
///
/// Only a slave keeps such an offset. For repairs: one that is too high lets a slave that becomes master give out
/// messages that are not safe, and the master overwrites it with the next block that the slave copies. It asks first;
/// --yes answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq resetMasterFlushOffset -b 127.0.0.1:10912 -o 0\n  \
        rmq resetMasterFlushOffset -b 127.0.0.1:10912 -o 1073741824 --dry-run")]
pub struct Args {
    /// The slave
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: String,
    /// The offset in the commit log, in bytes
    #[arg(short = 'o', long = "offset", value_name = "OFFSET", value_parser = clap::value_parser!(i64).range(0..))]
    pub offset: i64,
}

/// What was set.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub offset: i64,
    pub dry_run: bool,
    pub change: Change,
}

/// What a slave is told, to compare it with what it knew.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    master_flush_offset: i64,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of(std::slice::from_ref(&self.change), self.dry_run)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let result = if self.dry_run { "would be done" } else { "success" };
        writeln!(w, "reset master flush offset to {} {result}", self.offset)
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }
}

/// Looks whether the broker is a slave, and sets its offset.
///
/// # Errors
/// The broker fails or is a master, which would say yes and set nothing; no confirmation.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { broker_addr: addr, offset } = args;
    let doing = "reset the master's flush offset";
    let status =
        ctx.ask::<GetBrokerHaStatus>(&addr, (), ()).await.map_err(|error| failed(doing, &error))?.body.0;
    if status.master {
        return Err(CommandError::unmet(format!(
            "cannot {doing} on {addr}: it is a master, only slaves have one"
        ))
        .hint("rmq haStatus shows the slaves of a master")
        .at(addr));
    }
    let before = status.ha_client_runtime_info.master_flush_offset;
    ctx.confirm(&format!("Set the master's flush offset on slave {addr} from {before} to {offset}?"))?;
    if !ctx.dry_run {
        let header = MasterFlushOffsetHeader { master_flush_offset: Some(offset) };
        ctx.ask::<ResetMasterFlushOffset>(&addr, header, ()).await.map_err(|error| failed(doing, &error))?;
    }
    let told = |master_flush_offset| Told { master_flush_offset };
    let change = Change::between(targets::at_addr(None, &addr), Some(&told(before)), &told(offset));
    Ok(Output { offset, dry_run: ctx.dry_run, change })
}
