//! `removeBroker`: has a container stop one of its brokers.

use super::patience;
use crate::admin::{CommandError, Context};
use crate::client::ClientError;
use crate::output::{Cell, Render, Table, Tone};
use crate::protocol::container::{RemoveBroker, RemoveBrokerHeader};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Stop a broker inside a broker container
///
/// Its files stay. It asks first; --yes answers yes. It is waited for until the broker has ended, 20 seconds unless --timeout says how long.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq removeBroker -c 127.0.0.1:10811 -b DefaultCluster:broker-b:0\n  \
        rmq removeBroker -c 127.0.0.1:10811 -b DefaultCluster:broker-b:0 --dry-run"
)]
pub struct Args {
    /// The container
    #[arg(short = 'c', long = "brokerContainerAddr", value_name = "HOST:PORT")]
    pub container: String,
    /// The broker, as cluster, name and id (with DLedger the id of the peer)
    #[arg(short = 'b', long = "brokerIdentity", value_name = "CLUSTER:NAME:ID")]
    pub identity: String,
}

/// What was stopped.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub container: String,
    pub cluster: String,
    pub broker_name: String,
    /// 0 for a master.
    pub broker_id: i64,
    pub dry_run: bool,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table =
            Table::new().text("CONTAINER").text("CLUSTER").text("BROKER").number("ID").text("RESULT");
        let result = if self.dry_run { "would be stopped" } else { "stopped" };
        table.row([
            Cell::new(&self.container),
            Cell::new(&self.cluster),
            Cell::new(&self.broker_name),
            Cell::new(self.broker_id),
            Cell::toned(result, Tone::Warn),
        ]);
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let result = if self.dry_run { "would be done" } else { "success" };
        writeln!(w, "remove broker from {} {result}", self.container)
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }
}

/// The parts of `CLUSTER:NAME:ID`.
fn parts(identity: &str) -> Option<(&str, &str, i64)> {
    let [cluster, name, id] = identity.split(':').map(str::trim).collect::<Vec<_>>()[..] else { return None };
    let id = id.parse().ok().filter(|id| *id >= 0)?;
    (!cluster.is_empty() && !name.is_empty()).then_some((cluster, name, id))
}

/// Asks the container.
///
/// # Errors
/// An identity that is none; no confirmation; the container is not reached, is none, or has no such broker.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { container, identity } = args;
    let (cluster, name, id) = parts(&identity).ok_or_else(|| {
        CommandError::usage(format!("'{identity}' does not say which broker"))
            .hint("a broker is CLUSTER:NAME:ID, as in DefaultCluster:broker-b:0; rmq clusterList shows them")
    })?;
    ctx.confirm(&format!("Stop broker {name} with id {id} in container {container}?"))?;
    if !ctx.dry_run {
        let header = RemoveBrokerHeader {
            cluster_name: cluster.to_owned(),
            broker_name: name.to_owned(),
            broker_id: id,
        };
        let timeout = patience(ctx);
        let answer = ctx.client.call_within::<RemoveBroker>(&container, header, (), timeout).await;
        answer.map_err(|error| match error {
            ClientError::Call(error) => crate::admin::failed(&format!("remove broker {identity}"), &error),
            other => other.into(),
        })?;
    }
    let (cluster, broker_name) = (cluster.to_owned(), name.to_owned());
    Ok(Output { container, cluster, broker_name, broker_id: id, dry_run: ctx.dry_run })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_cluster_name_and_id() {
        assert_eq!(parts("C:a:0"), Some(("C", "a", 0)));
        assert_eq!(parts(" C : a : 12 "), Some(("C", "a", 12)));
        for wrong in ["", "C", "C:a", "C:a:", "C:a:x", ":a:0", "C::0", "C:a:0:1", "C:a:-1"] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_text_is_mqadmins() {
        let output = Output {
            container: "127.0.0.1:20811".into(),
            cluster: "C".into(),
            broker_name: "a".into(),
            broker_id: 0,
            dry_run: false,
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(text, "remove broker from 127.0.0.1:20811 success\n");
    }
}
