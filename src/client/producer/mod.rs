//! Sending messages: to writable queues in turn, again elsewhere when one fails.

mod draft;
mod receipt;
mod request;
mod select;
mod transaction;

pub use draft::{Draft, check_topic};
pub use receipt::{Receipt, SendStatus};
pub use request::CompressionRule;
pub use select::Target;
pub use transaction::{Half, Resolution, TransactionListener, answers_checks};

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::error::ClientError;
use super::queues;
use super::session::{HEARTBEAT, Session};
use crate::protocol::group::{HeartbeatData, ProducerData};
use crate::protocol::message::java_hash_code;
use crate::protocol::queue::MessageQueue;
use crate::protocol::route::TopicRouteData;
use crate::protocol::send::{SendBatchMessage, SendMessageHeaderV2, SendMessageV2};
use crate::remoting::CallError;
use crate::runtime::Tasks;
use receipt::may_retry;
use request::{Prepared, Sender};
use select::select;

/// How long to wait before a message goes to another queue after its broker could not be reached.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// How a producer behaves. The defaults are Java's `DefaultMQProducer`'s.
#[derive(Debug, Clone)]
pub struct ProducerOptions {
    /// The group it says it belongs to.
    pub group: String,
    /// How long a message may take in all, with its retries (Java: `sendMsgTimeout`).
    pub timeout: Duration,
    /// How often it is sent again (Java: `retryTimesWhenSendFailed`).
    pub retries: u32,
    /// What is compressed.
    pub compression: CompressionRule,
    /// The longest body, in bytes (Java: `maxMessageSize`).
    pub max_body: usize,
}

impl Default for ProducerOptions {
    fn default() -> Self {
        Self {
            group: "DEFAULT_PRODUCER".to_owned(),
            timeout: Duration::from_secs(3),
            retries: 2,
            compression: CompressionRule::default(),
            max_body: 4 * 1024 * 1024,
        }
    }
}

/// Sends messages. Shared by as many senders as there are; each `send` is one message in flight.
#[derive(Debug)]
pub struct Producer {
    session: Arc<Session>,
    options: ProducerOptions,
    turn: AtomicUsize,
    /// The writable queues of a topic, with the route they follow from.
    published: Mutex<HashMap<String, Published>>,
    /// Told when there may be a broker that does not know this producer yet.
    announce: Arc<Notify>,
    tasks: Tasks,
}

#[derive(Debug, Clone)]
struct Published {
    route: Arc<TopicRouteData>,
    queues: Arc<[MessageQueue]>,
}

impl Producer {
    /// A producer; brokers hear of it when it finds them.
    pub fn start(session: Session, options: ProducerOptions) -> Self {
        let session = Arc::new(session);
        let announce = Arc::new(Notify::new());
        let tasks = Tasks::new();
        tasks.spawn(stay_known(session.clone(), announce.clone(), options.group.clone()));
        let turn = AtomicUsize::new(first_turn(&session.identity.client_id));
        Self { session, options, turn, published: Mutex::default(), announce, tasks }
    }

    /// The id of this client.
    pub fn client_id(&self) -> &str {
        &self.session.identity.client_id
    }

    /// Sends a message and waits until the broker has it.
    ///
    /// # Errors
    /// What the last try failed of.
    pub async fn send(&self, draft: Draft, target: &Target) -> Result<Receipt, ClientError> {
        draft.check(self.options.max_body)?;
        let prepared = self.sender(|sender| sender.single(draft, self.options.compression))?;
        self.deliver(&prepared, target).await
    }

    /// Sends several messages of one topic in one request.
    ///
    /// # Errors
    /// As [`Producer::send`]; [`ClientError::Illegal`] when they may not go together.
    pub async fn send_batch(&self, drafts: Vec<Draft>, target: &Target) -> Result<Receipt, ClientError> {
        drafts.iter().try_for_each(|draft| draft.check(self.options.max_body))?;
        let prepared = self.sender(|sender| sender.batch(drafts))?;
        if prepared.body.len() > self.options.max_body {
            let (len, max) = (prepared.body.len(), self.options.max_body);
            return Err(ClientError::Illegal(format!("the batch has {len} bytes, at most {max} are taken")));
        }
        self.deliver(&prepared, target).await
    }

    /// Sends a message and does not wait: nobody knows whether the broker has it. Returns its unique id.
    ///
    /// # Errors
    /// When there is no queue or no connection.
    pub async fn send_oneway(&self, draft: Draft, target: &Target) -> Result<String, ClientError> {
        draft.check(self.options.max_body)?;
        let prepared = self.sender(|sender| sender.single(draft, self.options.compression))?;
        let queue = self.pick(&prepared.header.topic, target, None).await?;
        let addr = self.session.master(&queue.broker_name)?;
        let header = addressed(&prepared, &queue);
        self.session.client.oneway::<SendMessageV2>(&addr, header, prepared.body).await?;
        Ok(prepared.msg_id)
    }

    /// Leaves: the brokers are told, and connections are closed when what is queued is written.
    pub async fn close(&self) {
        self.tasks.stop(Duration::from_secs(1)).await;
        self.session.leave(Some(&self.options.group), None).await;
        self.session.client.close().await;
    }

    fn sender<T>(&self, make: impl FnOnce(Sender<'_>) -> T) -> T {
        let now_ms = self.session.clock.now_ms();
        let next_id = || self.session.identity.next_message_id(now_ms);
        make(Sender { group: &self.options.group, now_ms, next_id: &next_id })
    }

    async fn deliver(&self, prepared: &Prepared, target: &Target) -> Result<Receipt, ClientError> {
        let deadline = Instant::now() + self.options.timeout;
        let topic = &prepared.header.topic;
        let mut failed: Option<(MessageQueue, ClientError)> = None;
        for _ in 0..=self.options.retries {
            let avoid = failed.as_ref().map(|(queue, _)| queue.broker_name.clone());
            let picked = self.pick(topic, target, avoid.as_deref()).await;
            let left = deadline.saturating_duration_since(Instant::now());
            let queue = match (picked, failed.take()) {
                // What went wrong with the message itself says more than a lookup that fails afterwards.
                (Err(_), Some((_, error))) => return Err(error),
                (Err(error), None) => return Err(error),
                (Ok(_), Some((_, error))) if left.is_zero() => return Err(error),
                (Ok(queue), _) => queue,
            };
            match self.attempt(prepared, &queue, left).await {
                Err(error) if may_retry(&error) => {
                    if error.is_unreachable() {
                        tokio::time::sleep(RETRY_PAUSE).await;
                    }
                    self.look_again(topic, &error).await;
                    failed = Some((queue, error));
                }
                result => return result,
            }
        }
        Err(failed.map_or(ClientError::Closed, |(_, error)| error))
    }

    async fn attempt(
        &self,
        prepared: &Prepared,
        queue: &MessageQueue,
        timeout: Duration,
    ) -> Result<Receipt, ClientError> {
        let addr = self.session.master(&queue.broker_name)?;
        let header = addressed(prepared, queue);
        let (body, client) = (prepared.body.clone(), &self.session.client);
        let (code, remark, reply) = if prepared.batch {
            let answer = client.call_any::<SendBatchMessage>(&addr, header, body, timeout).await?;
            (answer.code, answer.remark, answer.header)
        } else {
            let answer = client.call_any::<SendMessageV2>(&addr, header, body, timeout).await?;
            (answer.code, answer.remark, answer.header)
        };
        let Some(status) = SendStatus::of_code(code) else {
            let remark = remark.unwrap_or_default();
            return Err(CallError::Refused { addr, request: "SEND_MESSAGE", code, remark }.into());
        };
        let id = prepared.msg_id.clone();
        Ok(Receipt::new(status, id, &prepared.header.topic, &queue.broker_name, reply))
    }

    /// A broker that is gone or does not know the topic any more may have another address by now.
    async fn look_again(&self, topic: &str, error: &ClientError) {
        let moved = error.is_unreachable()
            || matches!(error, ClientError::NoBroker { .. } | ClientError::TopicNotFound { .. });
        if moved && let Err(error) = self.session.refresh(topic).await {
            tracing::debug!(topic, %error, "the route is not known anew");
        }
    }

    async fn pick(
        &self,
        topic: &str,
        target: &Target,
        avoid: Option<&str>,
    ) -> Result<MessageQueue, ClientError> {
        let queues = self.queues(topic).await?;
        select(&queues, target, &self.turn, avoid).cloned().ok_or_else(|| {
            let what = match target {
                Target::Any => "queue that may be written".to_owned(),
                Target::QueueId(id) => format!("queue {id} that may be written"),
                Target::Queue(queue) => {
                    format!("queue {} on broker {} that may be written", queue.queue_id, queue.broker_name)
                }
            };
            ClientError::NoQueue { topic: topic.to_owned(), what }
        })
    }

    /// The writable queues of a topic.
    ///
    /// # Errors
    /// Those of the lookup.
    pub async fn queues(&self, topic: &str) -> Result<Arc<[MessageQueue]>, ClientError> {
        let route = self.session.route_or_example(topic).await?;
        let mut published = self.published.lock();
        if let Some(known) = published.get(topic).filter(|known| Arc::ptr_eq(&known.route, &route)) {
            return Ok(known.queues.clone());
        }
        let queues: Arc<[MessageQueue]> = queues::writable(topic, &route).into();
        let before = published.insert(topic.to_owned(), Published { route, queues: queues.clone() });
        drop(published);
        // A topic that is yet to be created has a new route each time, by the example.
        if before.is_none_or(|before| before.queues != queues) {
            self.announce.notify_one();
        }
        Ok(queues)
    }
}

fn addressed(prepared: &Prepared, queue: &MessageQueue) -> SendMessageHeaderV2 {
    let mut header = prepared.header.clone();
    header.queue_id = queue.queue_id;
    header.into_v2(Some(queue.broker_name.clone()))
}

/// Where a client begins its turns through the queues: clients that send one message each must not all choose the
/// first queue (Java: `ThreadLocalIndex` begins anywhere).
fn first_turn(client_id: &str) -> usize {
    usize::try_from(java_hash_code(client_id).unsigned_abs()).unwrap_or_default()
}

/// Tells brokers of this producer when they are found and every [`HEARTBEAT`].
async fn stay_known(session: Arc<Session>, announce: Arc<Notify>, group: String) {
    let data = HeartbeatData {
        client_id: session.identity.client_id.clone(),
        producer_data_set: vec![ProducerData { group_name: group }],
        ..HeartbeatData::default()
    };
    announce.notified().await;
    loop {
        for (addr, error) in session.heartbeat(&data).await {
            tracing::debug!(addr, %error, "a broker does not take the heartbeat");
        }
        tokio::select! {
            () = announce.notified() => {}
            () = tokio::time::sleep(HEARTBEAT) => session.refresh_all().await,
        }
    }
}
