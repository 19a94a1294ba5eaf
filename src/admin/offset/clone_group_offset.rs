//! `cloneGroupOffset`: gives a group the offsets of another on a topic.

use super::moves;
use super::plan::{self, QueueMove, Request};
use crate::admin::group::{config, members};
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, Tone, counted};
use crate::protocol::group::{ConsumeStatsHeader, GetConsumeStats, OffsetWrapper};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Give a consumer group the offsets of another on a topic
///
/// Only queues that the other group has an offset on. mqadmin copies the offsets on all topics of the group, also on
/// its own retry topic, whatever -t says; here it is the topic that is named. Where the group had offsets that it
/// loses it asks first; --yes answers yes. After the move the offsets are read back.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq cloneGroupOffset -s orders -d orders2 -t TopicTest --dry-run\n  \
        rmq cloneGroupOffset -s orders -d orders2 -t TopicTest"
)]
pub struct Args {
    /// The group whose offsets are copied
    #[arg(short = 's', long = "srcGroup", value_name = "GROUP")]
    pub src_group: String,
    /// The group that gets them; it must be there
    #[arg(short = 'd', long = "destGroup", value_name = "DEST_GROUP")]
    pub dest_group: String,
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// Taken as mqadmin takes it, and means nothing: groups are copied whether they are online or not
    #[arg(short = 'o', long = "offline", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub offline: Option<String>,
}

/// Where every queue was and is, sorted by broker and queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub src_group: String,
    pub dest_group: String,
    pub topic: String,
    pub dry_run: bool,
    /// `timeOffset` is where the copied group is.
    pub queues: Vec<QueueMove>,
    /// Members of the group that gets the offsets; they go on from where they are and write that back.
    pub members: usize,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("BROKER")
            .number("QUEUE")
            .number("FROM")
            .number("TO")
            .number("END")
            .number("LAG AFTER");
        for row in &self.queues {
            let moved = row.from_offset.is_some_and(|from| from != row.to_offset);
            table.row([
                Cell::new(&row.broker_name),
                Cell::new(row.queue_id),
                Cell::optional(row.from_offset),
                Cell::toned(row.to_offset, if moved { Tone::Warn } else { Tone::Plain }),
                Cell::new(row.broker_offset),
                Cell::new(row.broker_offset.saturating_sub(row.to_offset)),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let (source, target, topic) = (&self.src_group, &self.dest_group, &self.topic);
        if self.dry_run {
            return write!(
                w,
                "group offset would be cloned. srcGroup[{source}], destGroup=[{target}], topic[{topic}]"
            );
        }
        // mqadmin does not end this line.
        write!(w, "clone group offset success. srcGroup[{source}], destGroup=[{target}], topic[{topic}]")
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.members > 0 {
            notes.push(format!(
                "{} of {} connected: it goes on from where it is and writes that back",
                counted(self.members, "member"),
                self.dest_group
            ));
        }
        if self.dry_run {
            notes.push("nothing was copied (--dry-run)".to_owned());
        }
        notes
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Looks where both groups are, asks if offsets are lost, copies, and looks again.
///
/// # Errors
/// An unknown topic or group; a group without an offset on the topic; no confirmation; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { src_group, dest_group, topic, .. } = args;
    if src_group == dest_group {
        return Err(CommandError::usage("the group that gets the offsets is the group that has them"));
    }
    let brokers = targets::of_route(&ctx.route(&topic).await?);
    let (source, target) = (request(&src_group, &topic), request(&dest_group, &topic));
    let planned = ctx
        .ask_each(&format!("read the offsets of group {src_group}"), brokers.clone(), |broker| async move {
            plan_of(ctx, &source, &target, &broker).await
        })
        .await?;
    let rows: Vec<QueueMove> = planned.given.iter().flat_map(|(_, rows)| rows.clone()).collect();
    if rows.is_empty() {
        return Err(no_offsets(ctx, &src_group, &topic, brokers, &planned.failures).await);
    }
    if config::holders(ctx, &dest_group, brokers.clone()).await?.is_empty() {
        return Err(ctx
            .unknown_group(&dest_group)
            .await
            .hint(format!("rmq updateSubGroup -c CLUSTER -g {dest_group} creates it")));
    }
    confirm(ctx, &dest_group, &topic, &rows)?;
    let members = members::of_brokers(ctx, &dest_group, brokers).await?.connections.len();
    let mut failures = planned.failures;
    if !ctx.dry_run {
        let moved = moves::by_offsets(ctx, &target, planned.given).await?;
        failures.extend(moved);
    }
    let mut output = Output {
        dry_run: ctx.dry_run,
        queues: rows,
        members,
        failures,
        src_group: src_group.clone(),
        dest_group: dest_group.clone(),
        topic: topic.clone(),
    };
    output.queues.sort_by(|a, b| (&a.broker_name, a.queue_id).cmp(&(&b.broker_name, b.queue_id)));
    Ok(output)
}

fn request<'a>(group: &'a str, topic: &'a str) -> Request<'a> {
    Request { group, topic, timestamp: plan::END, force: true, queue: None, offset: None }
}

/// Where the queues of a broker go: those that the source has an offset on.
async fn plan_of(
    ctx: &Context,
    source: &Request<'_>,
    target: &Request<'_>,
    broker: &Broker,
) -> Result<Vec<QueueMove>, CallError> {
    let (source, target) =
        tokio::try_join!(committed(ctx, source, broker), plan::offsets(ctx, target, broker))?;
    let known = source.into_iter().filter(|(_, offsets)| offsets.consumer_offset >= 0);
    let rows = known.map(|(queue_id, offsets)| QueueMove {
        broker_name: broker.broker_name.clone(),
        queue_id,
        broker_offset: offsets.broker_offset,
        from_offset: target.get(&queue_id).map(|found| found.consumer_offset).filter(|from| *from >= 0),
        time_offset: offsets.consumer_offset,
        to_offset: offsets.consumer_offset,
    });
    Ok(rows.collect())
}

/// The offsets that the group has on the topic. Asked of one topic, brokers tell 0 of every queue whoever asks; asked of
/// all they tell of those that the group has an offset on.
async fn committed(
    ctx: &Context,
    source: &Request<'_>,
    broker: &Broker,
) -> Result<BTreeMap<i32, OffsetWrapper>, CallError> {
    let header =
        ConsumeStatsHeader { consumer_group: source.group.to_owned(), ..ConsumeStatsHeader::default() };
    let stats = ctx.ask::<GetConsumeStats>(&broker.addr, header, ()).await?.body.0;
    let of_topic = stats.offset_table.into_iter().filter(|(key, _)| key.0.topic == source.topic);
    Ok(of_topic.map(|(key, offsets)| (key.0.queue_id, offsets)).collect())
}

/// Asks where the group loses offsets of its own.
fn confirm(ctx: &Context, group: &str, topic: &str, rows: &[QueueMove]) -> Result<(), CommandError> {
    // A broker tells 0 of a queue that the group has no offset on.
    let lost =
        rows.iter().filter(|row| row.from_offset.is_some_and(|from| from > 0 && from != row.to_offset));
    let count = lost.count();
    if count == 0 {
        return Ok(());
    }
    let (skipped, again) = plan::totals(rows);
    ctx.confirm(&format!(
        "Move group {group} on {} of {topic} where it has offsets, so that it skips {} and consumes {again} again?",
        counted(count, "queue"),
        counted(skipped, "message")
    ))
}

/// The error for a group that has no offset on the topic, or is not there.
async fn no_offsets(
    ctx: &Context,
    group: &str,
    topic: &str,
    brokers: Vec<Broker>,
    failures: &[Failure],
) -> CommandError {
    let mut error = match config::holders(ctx, group, brokers).await {
        Err(error) => return error,
        Ok(holders) if holders.is_empty() => ctx.unknown_group(group).await,
        Ok(_) => CommandError::not_found(format!("group {group} has no offset on topic {topic}"))
            .hint(format!("rmq consumerProgress -g {group} shows its topics")),
    };
    error.causes.extend(failures.iter().map(ToString::to_string));
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::quiet_context;

    fn row(from_offset: Option<i64>, to_offset: i64) -> QueueMove {
        QueueMove {
            broker_name: "b".to_owned(),
            queue_id: 0,
            broker_offset: 100,
            from_offset,
            time_offset: to_offset,
            to_offset,
        }
    }

    #[test]
    fn only_offsets_that_are_lost_are_asked_for() {
        let ctx = quiet_context();
        for rows in [vec![row(None, 5)], vec![row(Some(0), 5)], vec![row(Some(5), 5)]] {
            assert!(confirm(&ctx, "g", "T", &rows).is_ok(), "{rows:?}");
        }
        let error = confirm(&ctx, "g", "T", &[row(Some(9), 5), row(Some(5), 5)]).unwrap_err();
        assert!(
            error.message.contains("on 1 queue of T") && error.message.contains("consumes 4 again"),
            "{error}"
        );
    }

    #[test]
    fn the_text_is_mqadmins() {
        let output = Output {
            src_group: "group_lag".to_owned(),
            dest_group: "group_clone".to_owned(),
            topic: "TopicTest".to_owned(),
            dry_run: false,
            queues: vec![],
            members: 0,
            failures: vec![],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "clone group offset success. srcGroup[group_lag], destGroup=[group_clone], topic[TopicTest]"
        );
    }
}
