//! Moving a group: by the broker where it can, queue by queue where it cannot; and looking whether it moved.

use super::plan::{END, Move, QueueMove, Request, offsets};
use crate::admin::targets::Broker;
use crate::admin::{CommandError, Context};
use crate::output::Failure;
use crate::protocol::code;
use crate::protocol::group::{InvokeBrokerToResetOffset, ResetOffsetHeader};
use crate::protocol::pull::{UpdateConsumerOffset, UpdateOffsetHeader};
use crate::remoting::CallError;

/// What was moved.
#[derive(Debug)]
pub struct Moved {
    pub queues: Vec<QueueMove>,
    /// By queue, if any broker had to be helped so.
    pub way: Move,
    pub failures: Vec<Failure>,
}

/// Moves the group on every broker, side by side, and reads the offsets back.
///
/// # Errors
/// All brokers failed.
pub async fn apply(
    ctx: &Context,
    request: &Request<'_>,
    planned: Vec<(Broker, Vec<QueueMove>)>,
) -> Result<Moved, CommandError> {
    let plans: Vec<(String, Vec<QueueMove>)> =
        planned.iter().map(|(broker, rows)| (broker.addr.clone(), rows.clone())).collect();
    let brokers = planned.into_iter().map(|(broker, _)| broker).collect();
    let plans = &plans;
    let doing = format!("move group {}", request.group);
    let answers = ctx
        .ask_each(&doing, brokers, |broker| async move {
            let rows = plans.iter().find(|(addr, _)| *addr == broker.addr);
            let rows = rows.map(|(_, rows)| rows.clone()).unwrap_or_default();
            on_broker(ctx, request, &broker, rows).await
        })
        .await?;
    let mut moved = Moved { queues: Vec::new(), way: Move::ByBroker, failures: answers.failures };
    for (_, (rows, way, mut stuck)) in answers.given {
        moved.queues.extend(rows);
        moved.failures.append(&mut stuck);
        if way == Move::ByQueue {
            moved.way = way;
        }
    }
    Ok(moved)
}

/// Writes the offsets of a plan queue by queue, on every broker side by side, and reads them back: what failed.
///
/// # Errors
/// All brokers failed.
pub async fn by_offsets(
    ctx: &Context,
    request: &Request<'_>,
    planned: Vec<(Broker, Vec<QueueMove>)>,
) -> Result<Vec<Failure>, CommandError> {
    let (brokers, plans): (Vec<Broker>, Vec<Vec<QueueMove>>) = planned.into_iter().unzip();
    let (order, plans) = (brokers.clone(), &plans);
    let doing = format!("move group {}", request.group);
    let answers = ctx
        .ask_each(&doing, brokers, |broker| {
            let rows = order.iter().position(|one| *one == broker).map(|at| plans[at].as_slice());
            let rows = rows.unwrap_or_default();
            async move {
                by_queue(ctx, request, &broker, rows).await?;
                stuck(ctx, request, &broker, rows).await
            }
        })
        .await?;
    let mut failures = answers.failures;
    failures.extend(answers.given.into_iter().flat_map(|(_, stuck)| stuck));
    Ok(failures)
}

async fn on_broker(
    ctx: &Context,
    request: &Request<'_>,
    broker: &Broker,
    mut rows: Vec<QueueMove>,
) -> Result<(Vec<QueueMove>, Move, Vec<Failure>), CallError> {
    let way = match request.queue {
        Some(_) => {
            one_queue(ctx, request, broker, &rows).await?;
            Move::ByBroker
        }
        None => match by_broker(ctx, request, broker, &mut rows).await {
            Ok(()) => Move::ByBroker,
            Err(CallError::Refused { code: code::CONSUMER_NOT_ONLINE, .. }) => {
                by_queue(ctx, request, broker, &rows).await?;
                Move::ByQueue
            }
            Err(error) => return Err(error),
        },
    };
    let stuck = stuck(ctx, request, broker, &rows).await?;
    Ok((rows, way, stuck))
}

/// The queues that did not move, as the broker tells it afterwards.
async fn stuck(
    ctx: &Context,
    request: &Request<'_>,
    broker: &Broker,
    rows: &[QueueMove],
) -> Result<Vec<Failure>, CallError> {
    let now = offsets(ctx, request, broker).await?;
    let stuck = rows.iter().filter_map(|row| {
        let offset = now.get(&row.queue_id).map(|found| found.consumer_offset)?;
        is_stuck(row, offset).then(|| Failure {
            target: format!("queue {} of {}", row.queue_id, broker.broker_name),
            addr: Some(broker.addr.clone()),
            code: None,
            message: format!("the offset is {offset}, not {}", row.to_offset),
        })
    });
    Ok(stuck.collect())
}

/// Whether the group is still where it was although it should have moved. One that moved on by itself after the
/// reset, consuming, is not stuck. Where there was no offset, brokers tell 0 (`AdminBrokerProcessor.getConsumeStats`)
/// or less.
fn is_stuck(row: &QueueMove, now: i64) -> bool {
    now != row.to_offset && row.from_offset.map_or(now <= 0, |from| now == from)
}

/// Lets the broker move the group; its answer says where every queue went.
async fn by_broker(
    ctx: &Context,
    request: &Request<'_>,
    broker: &Broker,
    rows: &mut [QueueMove],
) -> Result<(), CallError> {
    let header = ResetOffsetHeader {
        group: request.group.to_owned(),
        topic: request.topic.to_owned(),
        queue_id: Some(-1),
        offset: Some(-1),
        timestamp: request.timestamp,
        is_force: Some(request.force),
    };
    let answer = ctx.ask::<InvokeBrokerToResetOffset>(&broker.addr, header, ()).await?;
    let Some(body) = answer.body else { return Ok(()) };
    for (key, offset) in body.0.offset_table {
        if let Some(row) = rows.iter_mut().find(|row| row.queue_id == key.0.queue_id) {
            row.to_offset = offset;
        }
    }
    Ok(())
}

/// Moves one queue: the offset is written, then the broker is asked to tell the members.
async fn one_queue(
    ctx: &Context,
    request: &Request<'_>,
    broker: &Broker,
    rows: &[QueueMove],
) -> Result<(), CallError> {
    by_queue(ctx, request, broker, rows).await?;
    for row in rows {
        let header = ResetOffsetHeader {
            group: request.group.to_owned(),
            topic: request.topic.to_owned(),
            queue_id: Some(row.queue_id),
            offset: Some(row.to_offset),
            timestamp: 0,
            is_force: Some(true),
        };
        match ctx.ask::<InvokeBrokerToResetOffset>(&broker.addr, header, ()).await {
            // Nobody to be told.
            Ok(_) | Err(CallError::Refused { code: code::CONSUMER_NOT_ONLINE, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes the offsets of the queues, one after the other: Apache's broker loses offsets when the first ones of a group
/// on a topic arrive at the same time (`ConsumerOffsetManager.commitOffset` puts a new table of the group for each).
async fn by_queue(
    ctx: &Context,
    request: &Request<'_>,
    broker: &Broker,
    rows: &[QueueMove],
) -> Result<(), CallError> {
    for row in rows {
        if Some(row.to_offset) == row.from_offset && request.timestamp != END {
            continue;
        }
        let header = UpdateOffsetHeader {
            consumer_group: request.group.to_owned(),
            topic: request.topic.to_owned(),
            queue_id: row.queue_id,
            commit_offset: row.to_offset,
            broker_name: Some(broker.broker_name.clone()),
        };
        ctx.ask::<UpdateConsumerOffset>(&broker.addr, header, ()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_did_not_move_is_stuck() {
        let row = |from_offset, to_offset| QueueMove {
            broker_name: "b".to_owned(),
            queue_id: 0,
            broker_offset: 100,
            from_offset,
            time_offset: to_offset,
            to_offset,
        };
        let table = [
            (row(Some(5), 9), 9, false),
            (row(Some(5), 9), 5, true),
            (row(Some(5), 9), 12, false),
            (row(Some(5), 5), 5, false),
            (row(None, 9), 12, false),
            (row(None, 9), 0, true),
            (row(None, 9), -1, true),
            (row(None, 0), 0, false),
        ];
        for (row, now, want) in table {
            assert_eq!(is_stuck(&row, now), want, "{row:?} {now}");
        }
    }
}
