//! `remappingStaticTopic`: moves the queues of a static topic to other brokers.

use super::args::{Where, keep};
use super::cluster::Masters;
use super::mapping::{agreed, leaders};
use super::moves::{Moves, decide, moved};
use super::shown::{Mapping, queues};
use super::update_static_topic::{file_of, unfit};
use crate::admin::{CommandError, Context, failed};
use crate::output::{Render, Table, counted};
use crate::protocol::static_topic::MappingFile;
use crate::protocol::topic::{GetTopicStatsInfo, TopicHeader};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Move the queues of a static topic to other brokers
///
/// The queues are spread over the brokers named; as few as can be move. A moved queue goes on at the next multiple of
/// 10,000 of its logical offsets. The mapping before and after is kept in files in the directory for temporary files;
/// --mapFile writes such a file to the brokers. It asks first; --yes answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq remappingStaticTopic -b broker-b -t Orders --dry-run\n  \
        rmq remappingStaticTopic -c DefaultCluster -t Orders --yes")]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    #[command(flatten)]
    pub place: Where,
}

/// What was moved.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Output(pub Mapping);

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        self.0.to_table()
    }

    // mqadmin calls both files the old ones.
    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mapping = &self.0;
        if mapping.dry_run {
            return writeln!(w, "The mapping of topic {} would be written", mapping.topic);
        }
        mapping
            .before_file
            .iter()
            .chain(&mapping.after_file)
            .try_for_each(|file| writeln!(w, "The old mapping data is written to file {file}"))
    }

    fn notes(&self) -> Vec<String> {
        self.0.to_notes()
    }
}

/// The kind of mapping in the file of what was.
const BEFORE: &str = "CREATE_OR_UPDATE";
/// The kind of mapping in the file of what is.
const AFTER: &str = "REMAPPING";

/// Reads the mapping, works out the new one, asks, and writes it step by step.
///
/// # Errors
/// An unknown topic, broker or cluster; a mapping that does not hold together; no confirmation; a broker that failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { topic, place } = args;
    let file = place.file(&topic)?;
    let info = ctx.cluster_info().await?;
    let names = place.targets(&info)?;
    let masters = Masters::of(&info);
    let before = masters.present(ctx, &topic).await?;
    if before.is_empty() {
        return Err(ctx.unknown_topic(&topic).await);
    }
    let unfit = |why| unfit(&topic, why);
    let was = agreed(&topic, &before).map_err(unfit)?;
    let mut moves = match file {
        Some(file) => of_file(&topic, file).map_err(unfit)?,
        None => moved(&topic, before.clone(), &names, ctx.clock.now_ms()).map_err(unfit)?,
    };
    let count = queues(&before, &moves.brokers).iter().filter(|queue| queue.moved_from.is_some()).count();
    ctx.confirm(&format!("Move {} of topic {topic}?", counted(count, "queue")))?;
    let (was, total) = was.unwrap_or_default();
    let before_file = keep(ctx, &file_of(&topic, BEFORE, &before, was), "before")?;
    let after = MappingFile {
        broker_to_map_in: moves.to.clone(),
        broker_to_map_out: moves.from.clone(),
        ..file_of(&topic, AFTER, &moves.brokers, moves.epoch)
    };
    let after_file = keep(ctx, &after, "after")?;
    masters.complete(&topic, &mut moves.brokers, moves.epoch, total);
    write(ctx, &topic, &masters, &mut moves, place.force_replace).await.map_err(
        |error| match &after_file {
            Some(file) => {
                error.hint(format!("the new mapping is in {file}: --mapFile {file} goes on with it"))
            }
            None => error,
        },
    )?;
    Ok(Output(Mapping {
        queues: queues(&before, &moves.brokers),
        brokers: moves.brokers.into_keys().collect(),
        topic,
        dry_run: ctx.dry_run,
        epoch: moves.epoch,
        before_file,
        after_file,
    }))
}

fn of_file(topic: &str, file: MappingFile) -> Result<Moves, String> {
    agreed(topic, &file.broker_config_map)?;
    leaders(&file.broker_config_map)?;
    Ok(Moves {
        brokers: file.broker_config_map,
        to: file.broker_to_map_in,
        from: file.broker_to_map_out,
        epoch: file.epoch,
    })
}

/// Writes in the order that loses no message: the new brokers take the queues, still without an offset to begin at;
/// the old ones take no more messages; now it is known what these hold, and the new ones are told where to begin; then
/// all others are told (Java: `MQAdminUtils.remappingStaticTopic`).
async fn write(
    ctx: &Context,
    topic: &str,
    masters: &Masters,
    moves: &mut Moves,
    force: bool,
) -> Result<(), CommandError> {
    masters.write(ctx, &moves.brokers, &moves.to, force).await?;
    masters.write(ctx, &moves.brokers, &moves.from, force).await?;
    if ctx.dry_run {
        return Ok(());
    }
    for source in masters.named(&moves.from)? {
        let header = TopicHeader { topic: topic.to_owned() };
        let held = ctx.ask::<GetTopicStatsInfo>(&source.addr, header, ()).await;
        let stats = held.map_err(|error| failed(&format!("read what topic {topic} holds"), &error))?.body.0;
        decide(topic, &mut moves.brokers, &source.broker_name, &stats).map_err(|why| unfit(topic, why))?;
    }
    masters.write(ctx, &moves.brokers, &moves.to, force).await?;
    let told = |name: &&String| moves.to.contains(*name) || moves.from.contains(*name);
    let others = moves.brokers.keys().filter(|name| !told(name));
    masters.write(ctx, &moves.brokers, others, force).await
}
