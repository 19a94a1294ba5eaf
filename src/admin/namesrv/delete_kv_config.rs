//! `deleteKvConfig`: takes a text from the name servers.

use super::change::{NamesrvChange, table_of};
use super::kv;
use crate::admin::change::Action;
use crate::admin::targets::unknown;
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Render, Table};
use crate::protocol::route::{GetKvlistByNamespace, NamespaceHeader};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Delete a text that the name servers keep
///
/// It is taken from every name server given. It asks first; --yes answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq deleteKvConfig -s limits -k orders --dry-run\n  \
        rmq deleteKvConfig -s limits -k orders --yes")]
pub struct Args {
    /// The namespace
    #[arg(short = 's', long = "namespace", value_name = "NAMESPACE")]
    pub namespace: String,
    /// The key
    #[arg(short = 'k', long = "key", value_name = "KEY")]
    pub key: String,
}

/// What was deleted, in the order of the name servers.
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
            true => writeln!(w, "kv config would be deleted from namespace."),
            false => writeln!(w, "delete kv config from namespace success."),
        }
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was deleted (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Deletes on every name server side by side.
///
/// # Errors
/// No confirmation; a key that no name server has; that all of them failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    ctx.confirm(&format!("Delete {} of namespace {} from the name servers?", args.key, args.namespace))?;
    let answers = kv::delete(ctx, &args.namespace, &args.key).await?;
    let changes: Vec<NamesrvChange> = answers.given.into_iter().map(|(_, change)| change).collect();
    if changes.iter().all(|change| change.action == Action::Unchanged) {
        return Err(absent(ctx, &args.namespace, &args.key).await);
    }
    Ok(Output {
        namespace: args.namespace,
        key: args.key,
        dry_run: ctx.dry_run,
        changes,
        failures: answers.failures,
    })
}

/// The error for a key that is not there, with those like it.
async fn absent(ctx: &Context, namespace: &str, key: &str) -> CommandError {
    let header = NamespaceHeader { namespace: namespace.to_owned() };
    let listed = ctx.ask_namesrv::<GetKvlistByNamespace>(header, ()).await;
    let Ok(Ok(answer)) = listed else {
        return CommandError::not_found(format!("there is no namespace '{namespace}'"));
    };
    let mut error = unknown("key", key, answer.body.0.table.keys().map(String::as_str));
    error.message = format!("there is no key '{key}' in namespace {namespace}");
    error
}
