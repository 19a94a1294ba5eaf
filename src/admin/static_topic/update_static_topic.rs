//! `updateStaticTopic`: creates a static topic, or gives it more queues.

use super::args::{Where, keep};
use super::cluster::Masters;
use super::mapping::{Brokers, agreed, grown, leaders};
use super::shown::{Mapping, queues};
use crate::admin::{CommandError, Context, ErrorKind};
use crate::output::{Render, Table};
use crate::protocol::route::ClusterInfo;
use crate::protocol::static_topic::MappingFile;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// Create a topic with queues of fixed numbers, or give it more of them
///
/// The logical queues of a static topic keep their numbers and offsets while remappingStaticTopic moves them between
/// brokers. New ones go to the brokers named that have the fewest. The mapping before and after is kept in files in the
/// directory for temporary files; --mapFile writes such a file to the brokers.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq updateStaticTopic -c DefaultCluster -t Orders -qn 8 --dry-run\n  \
        rmq updateStaticTopic -b broker-a,broker-b -t Orders -qn 16"
)]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// How many queues there are to be on all brokers together
    #[arg(long = "totalQueueNum", alias = "qn", value_name = "COUNT", value_parser = clap::value_parser!(i32).range(1..))]
    pub total_queue_num: i32,
    #[command(flatten)]
    pub place: Where,
}

/// What was written.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Output(pub Mapping);

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        self.0.to_table()
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mapping = &self.0;
        if mapping.dry_run {
            return writeln!(w, "The mapping of topic {} would be written", mapping.topic);
        }
        if let Some(file) = &mapping.before_file {
            writeln!(w, "The old mapping data is written to file {file}")?;
        }
        mapping
            .after_file
            .iter()
            .try_for_each(|file| writeln!(w, "The new mapping data is written to file {file}"))
    }

    fn notes(&self) -> Vec<String> {
        self.0.to_notes()
    }
}

/// The kind of mapping in the files.
const KIND: &str = "CREATE_OR_UPDATE";

pub(super) fn file_of(topic: &str, kind: &str, brokers: &Brokers, epoch: i64) -> MappingFile {
    MappingFile {
        broker_config_map: brokers.clone(),
        broker_to_map_in: BTreeSet::new(),
        broker_to_map_out: BTreeSet::new(),
        epoch,
        topic: topic.to_owned(),
        kind: kind.to_owned(),
    }
}

/// The error for a mapping that cannot be worked with.
pub(super) fn unfit(topic: &str, why: String) -> CommandError {
    CommandError::new(ErrorKind::Refused, format!("the mapping of topic {topic} cannot be changed"))
        .cause(why)
        .hint(format!("rmq topicRoute -t {topic} shows it"))
}

/// Reads the mapping, works out the new one and writes it to every broker of its clusters.
///
/// # Errors
/// An unknown broker or cluster; fewer queues than there are; a mapping that does not hold together; a broker that
/// failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { topic, total_queue_num, place } = args;
    let file = place.file(&topic)?;
    let info: ClusterInfo = ctx.cluster_info().await?;
    let names = place.targets(&info)?;
    let masters = Masters::of(&info);
    let before = masters.present(ctx, &topic).await?;
    let was = agreed(&topic, &before).map_err(|why| unfit(&topic, why))?;
    let now = ctx.clock.now_ms();
    let mut after = match file {
        Some(file) => file.broker_config_map,
        None => {
            grown(&topic, before.clone(), &names, total_queue_num, now).map_err(|why| unfit(&topic, why))?
        }
    };
    let (epoch, total) =
        agreed(&topic, &after).map_err(|why| unfit(&topic, why))?.unwrap_or((now, total_queue_num));
    leaders(&after).map_err(|why| unfit(&topic, why))?;
    let was = was.map_or(now, |(epoch, _)| epoch);
    let before_file = keep(ctx, &file_of(&topic, KIND, &before, was), "before")?;
    let after_file = keep(ctx, &file_of(&topic, KIND, &after, epoch), "after")?;
    masters.complete(&topic, &mut after, epoch, total);
    masters.write(ctx, &after, after.keys(), place.force_replace).await.map_err(
        |error| match &after_file {
            Some(file) => {
                error.hint(format!("the new mapping is in {file}: --mapFile {file} writes it once more"))
            }
            None => error,
        },
    )?;
    Ok(Output(Mapping {
        queues: queues(&before, &after),
        brokers: after.into_keys().collect(),
        topic,
        dry_run: ctx.dry_run,
        epoch,
        before_file,
        after_file,
    }))
}
