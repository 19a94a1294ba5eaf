//! `skipAccumulatedMessage`: moves a group on a topic to the end.

use super::reset_offset_by_time as reset;
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Render, Table};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Move a consumer group on a topic to the end, past all it lags behind
///
/// The messages that are not consumed yet will not be: it shows how many of every queue, and asks first; --yes answers
/// yes. After the move the offsets are read back.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq skipAccumulatedMessage -g orders -t TopicTest --dry-run\n  \
        rmq skipAccumulatedMessage -g orders -t TopicTest --yes")]
pub struct Args {
    /// The consumer group
    #[arg(short = 'g', long = "group", alias = "consumerGroup", value_name = "GROUP")]
    pub group: String,
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// Whether it may be moved forward; without that nothing is skipped
    #[arg(short = 'f', long = "force", value_name = "BOOL", num_args = 0..=1, default_value = "true",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub force: bool,
    /// The cluster or parent topic whose brokers are asked, for a topic without a route of its own (%LMQ%...)
    #[arg(short = 'c', long = "cluster", value_name = "CLUSTER")]
    pub cluster: Option<String>,
}

/// Where every queue was and is, sorted by broker and queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Output(reset::Output);

impl Render for Output {
    fn table(&self, wide: bool) -> Table {
        self.0.table(wide)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        self.0.classic_rows("#rollbackOffset", w)
    }

    fn notes(&self) -> Vec<String> {
        self.0.notes()
    }

    fn failures(&self) -> &[Failure] {
        self.0.failures()
    }
}

/// Looks where the group is and where the ends are, asks, moves it, and looks again.
///
/// # Errors
/// An unknown group or topic; no confirmation; nobody is reached; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let to_the_end = reset::Args {
        group: args.group,
        topic: args.topic,
        timestamp: super::plan::END.to_string(),
        force: args.force,
        broker: None,
        queue: None,
        offset: None,
        cluster: args.cluster,
    };
    reset::run(ctx, to_the_end).await.map(Output)
}
