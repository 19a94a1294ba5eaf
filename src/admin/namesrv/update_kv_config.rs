//! `updateKvConfig`: writes a text that the name servers keep.

use super::change::{NamesrvChange, table_of};
use super::kv;
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Render, Table};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Write a text that the name servers keep
///
/// It goes to every name server given. --dry-run shows what each has now.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq updateKvConfig -s limits -k orders -v 500\n  \
        rmq updateKvConfig -s limits -k orders -v 500 --dry-run")]
pub struct Args {
    /// The namespace
    #[arg(short = 's', long = "namespace", value_name = "NAMESPACE")]
    pub namespace: String,
    /// The key
    #[arg(short = 'k', long = "key", value_name = "KEY")]
    pub key: String,
    /// The text
    #[arg(short = 'v', long = "value", value_name = "VALUE", allow_hyphen_values = true)]
    pub value: String,
}

/// What was written, in the order of the name servers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub namespace: String,
    pub key: String,
    pub dry_run: bool,
    pub changes: Vec<NamesrvChange>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.changes, self.dry_run)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        match self.dry_run {
            true => writeln!(w, "kv config would be created or updated in namespace."),
            false => writeln!(w, "create or update kv config to namespace success."),
        }
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was written (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Writes to every name server side by side.
///
/// # Errors
/// That all of them failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let answers = kv::put(ctx, &args.namespace, &args.key, &args.value).await?;
    Ok(Output {
        namespace: args.namespace,
        key: args.key,
        dry_run: ctx.dry_run,
        changes: answers.given.into_iter().map(|(_, change)| change).collect(),
        failures: answers.failures,
    })
}
