//! What the tasks of a consumer share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};

use super::ConsumerOptions;
use super::delivery::{Item, Trouble};
use super::held::Held;
use super::subscription::{RETRY_PREFIX, by_sql, by_tags};
use crate::client::ClientError;
use crate::client::session::Session;
use crate::protocol::group::{ConsumerData, HeartbeatData, SubscriptionData};
use crate::protocol::queue::MessageQueue;
use crate::runtime::Tasks;

/// Counts since the consumer started.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) pulled: AtomicU64,
    pub(super) pulls: AtomicU64,
    pub(super) pull_ms: AtomicU64,
    pub(super) done: AtomicU64,
    pub(super) later: AtomicU64,
}

impl Counts {
    pub(super) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) session: Session,
    pub(super) options: ConsumerOptions,
    /// The topic's and the retry topic's.
    pub(super) subscriptions: Vec<SubscriptionData>,
    pub(super) held: Mutex<BTreeMap<MessageQueue, Arc<Held>>>,
    pub(super) items: mpsc::Sender<Item>,
    /// Told when members may have come or gone.
    pub(super) rebalance: Notify,
    /// Told when a broker may not know this member.
    pub(super) announce: Notify,
    /// Whether queues were given out once.
    pub(super) assigned: watch::Sender<bool>,
    pub(super) tasks: Tasks,
    pub(super) counts: Counts,
    pub(super) started_ms: i64,
}

impl Shared {
    pub(super) fn new(session: Session, options: ConsumerOptions, items: mpsc::Sender<Item>) -> Self {
        let now = session.clock.now_ms();
        let retry = format!("{RETRY_PREFIX}{}", options.group);
        let wanted = match &options.sql {
            Some(expression) => by_sql(&options.topic, expression, now),
            None => by_tags(&options.topic, &options.tags, now),
        };
        let subscriptions = vec![wanted, by_tags(&retry, "*", now)];
        Self {
            session,
            subscriptions,
            options,
            held: Mutex::default(),
            items,
            rebalance: Notify::new(),
            announce: Notify::new(),
            assigned: watch::Sender::new(false),
            tasks: Tasks::new(),
            counts: Counts::default(),
            started_ms: now,
        }
    }

    /// The subscription of a topic.
    pub(super) fn subscription(&self, topic: &str) -> Option<&SubscriptionData> {
        self.subscriptions.iter().find(|subscription| subscription.topic == topic)
    }

    /// What brokers are told of this member.
    pub(super) fn heartbeat_data(&self) -> HeartbeatData {
        let consumer = ConsumerData {
            consume_from_where: self.options.from.name().to_owned(),
            consume_type: "CONSUME_PASSIVELY".to_owned(),
            group_name: self.options.group.clone(),
            message_model: "CLUSTERING".to_owned(),
            subscription_data_set: self.subscriptions.clone(),
            unit_mode: false,
        };
        HeartbeatData {
            client_id: self.session.identity.client_id.clone(),
            consumer_data_set: vec![consumer],
            ..HeartbeatData::default()
        }
    }

    /// Tells the application of trouble; if it does not listen, it has enough to do.
    pub(super) fn report(&self, queue: Option<MessageQueue>, error: ClientError) {
        tracing::debug!(?queue, %error, "trouble");
        let _ = self.items.try_send(Item::Trouble(Trouble { queue, error }));
    }
}
