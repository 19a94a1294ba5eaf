//! Sharing the queues with the other members.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::allocate::allocate;
use super::held::Held;
use super::pull::pull_queue;
use super::shared::Shared;
use super::subscription::RETRY_PREFIX;
use crate::client::ClientError;
use crate::client::queues::readable;
use crate::protocol::group::{ConsumerGroupHeader, GetConsumerListByGroup};
use crate::protocol::queue::MessageQueue;
use crate::protocol::route::{MASTER_ID, TopicRouteData};
use crate::runtime::fan_out;

/// How often the shares are computed anew without a notification (Java: `rocketmq.client.rebalance.waitInterval`).
const EVERY: Duration = Duration::from_secs(20);
/// How soon after a failure.
const SOON: Duration = Duration::from_secs(1);
/// How often it is tried soon again because the retry topic is not there: the broker makes it when it hears of the
/// group, and the name servers hear of it a little later.
const EARLY: u32 = 10;
/// How many queues are taken at the same time.
const FAN_OUT: usize = 16;

/// What of the group's topics was there to be shared.
enum Found {
    All,
    /// The retry topic is not there.
    NoRetryTopic,
}

/// Shares the queues now, on notifications, and every so often.
pub(super) async fn keep_balanced(shared: Arc<Shared>) {
    let mut in_trouble = false;
    let mut early = EARLY;
    loop {
        let pause = match balance(&shared).await {
            Ok(found) => {
                in_trouble = false;
                let soon = matches!(found, Found::NoRetryTopic) && early > 0;
                early = early.saturating_sub(1);
                if soon { SOON } else { EVERY }
            }
            Err(error) => {
                if std::mem::replace(&mut in_trouble, true) {
                    tracing::debug!(%error, "queues are still not shared");
                } else {
                    shared.report(None, error);
                }
                SOON
            }
        };
        tokio::select! {
            () = shared.rebalance.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn balance(shared: &Arc<Shared>) -> Result<Found, ClientError> {
    let mut found = Found::All;
    for subscription in &shared.subscriptions {
        let topic = &subscription.topic;
        let route = match shared.session.route(topic).await {
            Err(ClientError::TopicNotFound { .. }) if topic.starts_with(RETRY_PREFIX) => {
                found = Found::NoRetryTopic;
                continue;
            }
            result => result?,
        };
        let queues = readable(topic, &route);
        if let Some(members) = members(shared, &route).await? {
            if !members.contains(&shared.session.identity.client_id) {
                shared.announce.notify_one();
            }
            let ours = allocate(&shared.session.identity.client_id, members, queues);
            apply(shared, topic, ours).await?;
        }
    }
    shared.assigned.send_replace(true);
    Ok(found)
}

/// The members, as one of the topic's brokers knows them; `None` where it knows none, which says nothing
/// (Java: `MQClientInstance.findConsumerIdList`).
async fn members(shared: &Shared, route: &TopicRouteData) -> Result<Option<Vec<String>>, ClientError> {
    let mut failure = None;
    for broker in &route.broker_datas {
        let addr = shared.session.readable(&broker.broker_name, MASTER_ID)?;
        let header = ConsumerGroupHeader { consumer_group: shared.options.group.clone() };
        match shared.session.client.call::<GetConsumerListByGroup>(&addr, header, ()).await {
            Ok(answer) => return Ok(Some(answer.body.0.consumer_id_list)),
            Err(error) if error.code().is_some() => {
                shared.announce.notify_one();
                failure = None;
            }
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(None), Err)
}

/// Releases what is not ours any more, then takes what is.
async fn apply(shared: &Arc<Shared>, topic: &str, ours: Vec<MessageQueue>) -> Result<(), ClientError> {
    let ours: BTreeSet<MessageQueue> = ours.into_iter().collect();
    let lost: Vec<Arc<Held>> = {
        let held = shared.held.lock();
        held.values()
            .filter(|held| held.queue.topic == topic && !ours.contains(&held.queue))
            .cloned()
            .collect()
    };
    release(shared, lost).await;
    let new: Vec<MessageQueue> = {
        let held = shared.held.lock();
        ours.into_iter().filter(|queue| !held.contains_key(queue)).collect()
    };
    let taken = fan_out(new, FAN_OUT, |queue| async move { take(shared, queue).await }).await;
    taken.into_iter().collect()
}

/// From here on their messages are the new owner's; what is consumed is committed for it.
async fn release(shared: &Shared, lost: Vec<Arc<Held>>) {
    lost.iter().for_each(|held| held.released.cancel());
    for (queue, error) in shared.commit_each(lost.clone()).await {
        shared.report(Some(queue), error);
    }
    for held in lost {
        shared.held.lock().remove(&held.queue);
        tracing::debug!(queue = %held.queue, "released");
    }
}

async fn take(shared: &Arc<Shared>, queue: MessageQueue) -> Result<(), ClientError> {
    let (start, committed) = shared.start_of(&queue).await?;
    tracing::debug!(%queue, start, "taken");
    let held = Arc::new(Held::new(queue.clone(), start, committed, shared.session.clock.now_ms()));
    shared.held.lock().insert(queue, held.clone());
    shared.tasks.spawn(pull_queue(shared.clone(), held));
    Ok(())
}
