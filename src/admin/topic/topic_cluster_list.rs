//! `topicClusterList`: the clusters that hold a topic.

use crate::admin::{CommandError, Context};
use crate::output::java_order::{hashed, string_hash};
use crate::output::{Render, Table};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// List the clusters that hold a topic
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq topicClusterList -t TopicTest\n  rmq topicClusterList -t TopicTest --output json"
)]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
}

/// The clusters, sorted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub clusters: Vec<String>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("CLUSTER");
        self.clusters.iter().for_each(|cluster| table.row([cluster]));
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let clusters = hashed(&self.clusters, |cluster| string_hash(cluster));
        clusters.iter().try_for_each(|cluster| writeln!(w, "{cluster}"))
    }
}

/// Asks the name servers. mqadmin looks at the first broker of the route only; all are looked at here.
///
/// # Errors
/// No name server is reached; the topic is not there.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let route = ctx.route(&args.topic).await?;
    let clusters: BTreeSet<String> = route.broker_datas.into_iter().map(|data| data.cluster).collect();
    Ok(Output { topic: args.topic, clusters: clusters.into_iter().collect() })
}
