//! `addBroker`: has a container start another broker.

use super::patience;
use crate::admin::{CommandError, Context};
use crate::client::ClientError;
use crate::output::{Cell, Render, Table, Tone};
use crate::protocol::container::{AddBroker, AddBrokerHeader};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Start a broker inside a broker container
///
/// It is waited for until the broker runs, 20 seconds unless --timeout says how long.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq addBroker -c 127.0.0.1:10811 -b /opt/rocketmq/conf/broker-b.conf\n  \
        rmq addBroker -c 127.0.0.1:10811 -b /opt/rocketmq/conf/broker-b.conf --timeout 1m"
)]
pub struct Args {
    /// The container
    #[arg(short = 'c', long = "brokerContainerAddr", value_name = "HOST:PORT")]
    pub container: String,
    /// The broker's configuration file, on the container's machine
    #[arg(short = 'b', long = "brokerConfigPath", value_name = "FILE")]
    pub config_path: String,
}

/// What was started.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub container: String,
    pub config_path: String,
    pub dry_run: bool,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("CONTAINER").text("CONFIGURATION").text("RESULT");
        let result = if self.dry_run { "would be started" } else { "started" };
        table.row([
            Cell::new(&self.container),
            Cell::new(&self.config_path),
            Cell::toned(result, Tone::Good),
        ]);
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let result = if self.dry_run { "would be done" } else { "success" };
        writeln!(w, "add broker to {} {result}", self.container)
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }
}

/// Asks the container.
///
/// # Errors
/// It is not reached, is no container, cannot read the file, or has the broker already.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { container, config_path } = args;
    if !ctx.dry_run {
        let header = AddBrokerHeader { config_path: config_path.clone() };
        let timeout = patience(ctx);
        let answer = ctx.client.call_within::<AddBroker>(&container, header, (), timeout).await;
        answer.map_err(|error| match error {
            ClientError::Call(error) => crate::admin::failed("add a broker to the container", &error)
                .hint("the file is read on the container's machine"),
            other => other.into(),
        })?;
    }
    Ok(Output { container, config_path, dry_run: ctx.dry_run })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_mqadmins() {
        let output =
            Output { container: "127.0.0.1:20811".into(), config_path: "/x.conf".into(), dry_run: false };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(text, "add broker to 127.0.0.1:20811 success\n");
    }
}
