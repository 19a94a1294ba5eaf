//! What a consumer hands to the application.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::held::Held;
use crate::client::ClientError;
use crate::protocol::code;
use crate::protocol::message::Message;
use crate::protocol::queue::MessageQueue;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is consumed.
    Done,
    /// It is to be consumed again, later (Java: `RECONSUME_LATER`).
    Later,
}

/// Where a delivery comes from, and who is told what became of it.
#[derive(Debug)]
pub(super) enum Origin {
    /// A queue of the group's.
    Queue { held: Arc<Held>, generation: u64, offset: i64 },
    /// The broker, on behalf of somebody who wants to see it consumed here.
    Direct(oneshot::Sender<Verdict>),
}

/// A message to consume. One that is dropped without a verdict stays unconsumed for the group.
#[derive(Debug)]
pub struct Delivery {
    /// The message, decompressed, with the system flag that it is stored with; a retried one under the topic
    /// that it had first.
    pub message: Message,
    /// The broker it comes from.
    pub broker_name: String,
    pub(super) origin: Origin,
}

impl Delivery {
    fn is_current(&self) -> bool {
        match &self.origin {
            Origin::Queue { held, generation, .. } => held.is_current(*generation),
            Origin::Direct(_) => true,
        }
    }
}

/// Something that goes wrong while the consumer keeps trying.
#[derive(Debug)]
pub struct Trouble {
    /// The queue it happens on, if it is about one.
    pub queue: Option<MessageQueue>,
    /// What.
    pub error: ClientError,
}

impl Trouble {
    /// Whether it will not get better by itself.
    pub fn is_for_good(&self) -> bool {
        matches!(
            self.error.code(),
            Some(code::NO_PERMISSION | code::SUBSCRIPTION_GROUP_NOT_EXIST | code::SUBSCRIPTION_PARSE_FAILED)
        )
    }
}

/// What happens to a consumer.
#[derive(Debug)]
pub enum Event {
    /// A message came.
    Message(Box<Delivery>),
    /// Something goes wrong; told once until it goes well again.
    Trouble(Trouble),
}

/// What pull tasks hand over.
#[derive(Debug)]
pub(super) enum Item {
    Messages(Vec<Delivery>),
    Trouble(Trouble),
}

/// The stream of what happens to a consumer.
#[derive(Debug)]
pub struct Events {
    items: mpsc::Receiver<Item>,
    ready: VecDeque<Delivery>,
}

impl Events {
    pub(super) fn new(items: mpsc::Receiver<Item>) -> Self {
        Self { items, ready: VecDeque::new() }
    }

    /// The next event; `None` when the consumer is closed. Messages of queues that were released meanwhile are
    /// left to their new owner. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(delivery) = self.ready.pop_front() {
                if delivery.is_current() {
                    return Some(Event::Message(Box::new(delivery)));
                }
            }
            match self.items.recv().await? {
                Item::Messages(messages) => self.ready.extend(messages),
                Item::Trouble(trouble) => return Some(Event::Trouble(trouble)),
            }
        }
    }

    /// Whether a message is there already.
    pub fn has_more(&self) -> bool {
        !self.ready.is_empty() || !self.items.is_empty()
    }
}
