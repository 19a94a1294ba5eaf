//! Consuming as a member of a group (Java: `DefaultMQPushConsumer` in clustering mode, concurrently).
//!
//! Tasks share the queues with the other members, pull from those that are ours, and commit offsets; the
//! application takes messages from [`Events`] and says what became of each. Only consumed messages are
//! committed: one that was handed out and not finished comes again, to this group's next owner of its queue.

mod allocate;
mod delivery;
mod held;
mod offsets;
mod progress;
mod pull;
mod rebalance;
mod reverse;
mod running_info;
mod shared;
mod start;
mod subscription;

pub use allocate::{allocate, share};
pub use delivery::{Delivery, Event, Events, Trouble, Verdict};
pub use start::StartFrom;
pub use subscription::{RETRY_PREFIX, by_sql, by_tags, wants};

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::calls::{Client, ClientOptions};
use super::error::ClientError;
use super::session::{HEARTBEAT, Session};
use crate::protocol::queue::MessageQueue;
use crate::protocol::send::{ConsumerSendMsgBack, SendBackHeader};
use crate::runtime::Clock;
use delivery::{Item, Origin};
use rebalance::keep_balanced;
use reverse::ReverseService;
use shared::{Counts, Shared};

/// How often offsets are committed (Java: `persistConsumerOffsetInterval`).
const COMMIT: Duration = Duration::from_secs(5);
/// How many pulls may wait to be taken by the application, over all queues.
const WAITING_PULLS: usize = 64;
/// When a message is tried again here that could not be sent back (Java: `submitConsumeRequestLater`).
const LOCAL_RETRY: Duration = Duration::from_secs(5);

/// How often, and after what pause each time, a topic is looked for that does not exist.
const NEW_TOPIC_LOOKS: u32 = 10;
const NEW_TOPIC_PAUSE: Duration = Duration::from_millis(50);

/// How a consumer behaves.
#[derive(Debug, Clone)]
pub struct ConsumerOptions {
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// Tags, as `TagA || TagB`; `*` for all.
    pub tags: String,
    /// An SQL92 expression over properties, instead of tags.
    pub sql: Option<String>,
    /// Where to begin on queues on which the group has no offset.
    pub from: StartFrom,
    /// Whether offsets are committed.
    pub commit: bool,
    /// After how many tries a message goes to the dead-letter topic (Java: `maxReconsumeTimes`).
    pub max_reconsume_times: i32,
}

impl ConsumerOptions {
    /// A member of `group` that consumes all of `topic` from its first message, as defaults are.
    pub fn new(group: impl Into<String>, topic: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            topic: topic.into(),
            tags: "*".to_owned(),
            sql: None,
            from: StartFrom::First,
            commit: true,
            max_reconsume_times: 16,
        }
    }
}

/// A running member of a group.
#[derive(Debug)]
pub struct Consumer {
    shared: Arc<Shared>,
}

impl Consumer {
    /// Joins the group. Messages and troubles come out of the [`Events`].
    ///
    /// # Errors
    /// When the topic does not exist or no broker of it takes the heartbeat.
    pub async fn start<S: AsRef<str>>(
        namesrvs: impl IntoIterator<Item = S>,
        client: ClientOptions,
        clock: Clock,
        options: ConsumerOptions,
    ) -> Result<(Self, Events), ClientError> {
        let service = Arc::new(ReverseService::new());
        let client = Client::with_service(namesrvs, client, Some(service.clone()));
        let (items, receiver) = mpsc::channel(WAITING_PULLS);
        let shared = Arc::new(Shared::new(Session::new(client, clock), options, items));
        service.serve(&shared);
        find_topic(&shared).await?;
        join(&shared).await?;
        shared.tasks.spawn(keep_balanced(shared.clone()));
        shared.tasks.spawn(stay_known(shared.clone()));
        shared.tasks.spawn(keep_committed(shared.clone()));
        Ok((Self { shared }, Events::new(receiver)))
    }

    /// The id of this member.
    pub fn client_id(&self) -> &str {
        &self.shared.session.identity.client_id
    }

    /// Waits until queues were given out for the first time.
    pub async fn assigned(&self) {
        // The sender lives as long as the consumer does.
        let _ = self.shared.assigned.subscribe().wait_for(|assigned| *assigned).await;
    }

    /// The queues that this member has now, sorted.
    pub fn queues(&self) -> Vec<MessageQueue> {
        self.shared.held.lock().keys().cloned().collect()
    }

    /// A message is consumed.
    pub fn done(&self, delivery: Delivery) {
        Counts::add(&self.shared.counts.done, 1);
        match delivery.origin {
            Origin::Queue { held, generation, offset } => {
                held.done(generation, offset, self.shared.session.clock.now_ms());
            }
            Origin::Direct(verdict) => {
                let _ = verdict.send(Verdict::Done);
            }
        }
    }

    /// A message is to be consumed again later: it is sent back to the broker, which keeps it in the group's
    /// retry topic for a while, or in its dead-letter topic after too many tries. Where that fails it is
    /// delivered here again.
    ///
    /// # Errors
    /// Why it could not be sent back.
    pub async fn later(&self, delivery: Delivery) -> Result<(), ClientError> {
        Counts::add(&self.shared.counts.later, 1);
        let Delivery { message, broker_name, origin } = delivery;
        let (held, generation, offset) = match origin {
            Origin::Queue { held, generation, offset } => (held, generation, offset),
            Origin::Direct(verdict) => {
                let _ = verdict.send(Verdict::Later);
                return Ok(());
            }
        };
        let header = SendBackHeader {
            offset: message.physical_offset,
            group: self.shared.options.group.clone(),
            delay_level: 0,
            origin_msg_id: message.unique_key().map(str::to_owned),
            origin_topic: Some(message.topic.clone()),
            unit_mode: Some(false),
            max_reconsume_times: Some(self.shared.options.max_reconsume_times),
        };
        match self.send_back(&broker_name, header).await {
            Ok(()) => {
                held.done(generation, offset, self.shared.session.clock.now_ms());
                Ok(())
            }
            Err(error) => {
                let origin = Origin::Queue { held, generation, offset };
                let again = Delivery { message, broker_name, origin };
                let items = self.shared.items.clone();
                self.shared.tasks.spawn(async move {
                    tokio::time::sleep(LOCAL_RETRY).await;
                    let _ = items.send(Item::Messages(vec![again])).await;
                });
                Err(error)
            }
        }
    }

    async fn send_back(&self, broker_name: &str, header: SendBackHeader) -> Result<(), ClientError> {
        let addr = self.shared.session.master(broker_name)?;
        self.shared.session.client.call::<ConsumerSendMsgBack>(&addr, header, ()).await?;
        Ok(())
    }

    /// Leaves the group: nothing more is pulled, what is consumed is committed, the brokers are told. Returns
    /// the queues whose offsets could not be committed.
    pub async fn close(&self) -> Vec<(MessageQueue, ClientError)> {
        self.shared.tasks.stop(Duration::from_secs(1)).await;
        let failed = self.shared.commit_all().await;
        let held = std::mem::take(&mut *self.shared.held.lock());
        held.values().for_each(|held| held.released.cancel());
        self.shared.session.leave(None, Some(&self.shared.options.group)).await;
        self.shared.session.client.close().await;
        failed
    }
}

/// A topic that was made by its first message a moment ago takes a little to reach the name servers.
async fn find_topic(shared: &Shared) -> Result<(), ClientError> {
    for _ in 0..NEW_TOPIC_LOOKS {
        if shared.session.client.route_if_known(&shared.options.topic).await?.is_some() {
            break;
        }
        tokio::time::sleep(NEW_TOPIC_PAUSE).await;
    }
    shared.session.route(&shared.options.topic).await.map(|_| ())
}

/// The first heartbeat: one broker at least has to take it.
async fn join(shared: &Shared) -> Result<(), ClientError> {
    let failures = shared.session.heartbeat(&shared.heartbeat_data()).await;
    let route = shared.session.route(&shared.options.topic).await?;
    let brokers: usize = route.broker_datas.iter().map(|broker| broker.broker_addrs.len()).sum();
    let all_failed = !failures.is_empty() && failures.len() >= brokers;
    match failures.into_iter().next() {
        Some((_, error)) if all_failed => Err(error),
        _ => Ok(()),
    }
}

/// Tells brokers of this member every [`HEARTBEAT`] and when one seems not to know it.
async fn stay_known(shared: Arc<Shared>) {
    let mut in_trouble = false;
    loop {
        tokio::select! {
            () = shared.announce.notified() => {}
            () = tokio::time::sleep(HEARTBEAT) => shared.session.refresh_all().await,
        }
        let failures = shared.session.heartbeat(&shared.heartbeat_data()).await;
        let failed = !failures.is_empty();
        if failed && !in_trouble {
            failures.into_iter().for_each(|(_, error)| shared.report(None, error));
        }
        in_trouble = failed;
    }
}

async fn keep_committed(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(COMMIT).await;
        for (queue, error) in shared.commit_all().await {
            shared.report(Some(queue), error);
        }
    }
}
