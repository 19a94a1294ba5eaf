//! Pop consumption: members of a group take messages out of shared queues (Java: `PopMessageProcessor`,
//! `AckMessageProcessor`, `PopReviveService`).
//!
//! A pop writes a checkpoint, an acknowledgement a record; both wait as timed messages and reach the revive topic
//! when the messages may come again. There, what a checkpoint names and no record acknowledges is given to the
//! group anew, through its retry topic. Offsets are committed by the pop itself. A queue popped in order writes no
//! checkpoint: it gives nothing until its last pop is acknowledged or its time is over.

mod ack;
mod holds;
mod order;
mod orders;
mod peek;
mod pending;
mod record;
mod revive;
mod take;

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use super::saved::TableError;
use crate::store::Arrival;

pub(in crate::broker) use ack::{ChangedTo, Popped};
pub(in crate::broker) use holds::{PopHolds, PopPlace, Room, Wanted};
pub(in crate::broker) use orders::Orders;
pub(in crate::broker) use revive::REVIVE_GROUP;
pub(in crate::broker) use take::{Ask, Taken};

/// How many locks queues share.
const STRIPES: usize = 64;

/// What is known of pops.
#[derive(Debug)]
pub(crate) struct Pop {
    /// Pops that wait.
    pub(in crate::broker) pops: Arc<PopHolds>,
    /// Who waits to be told that there is something to pop.
    pub(in crate::broker) notifications: Arc<PopHolds>,
    /// Ordered pops.
    pub(in crate::broker) orders: Orders,
    queues: Vec<Mutex<()>>,
    hash: RandomState,
    revive_queue: AtomicI32,
    revive_arrived: Notify,
}

impl Pop {
    /// With what the tables in that directory say.
    ///
    /// # Errors
    /// `TableError` for a file that is there but cannot be read.
    pub(in crate::broker) fn open(config_dir: &Path) -> Result<Self, TableError> {
        Ok(Self {
            pops: Arc::default(),
            notifications: Arc::default(),
            orders: Orders::open(config_dir)?,
            queues: std::iter::repeat_with(Mutex::default).take(STRIPES).collect(),
            hash: RandomState::new(),
            revive_queue: AtomicI32::new(0),
            revive_arrived: Notify::new(),
        })
    }

    /// Keeps others from popping a queue for a group: for what is done without waiting for anything.
    fn lock(&self, topic: &str, group: &str, queue: i32) -> MutexGuard<'_, ()> {
        let hash = self.hash.hash_one((topic, group, queue));
        let stripe = usize::try_from(hash % STRIPES as u64).unwrap_or(0);
        self.queues[stripe].lock()
    }

    /// The revive queue of the next pop, of so many.
    pub(in crate::broker) fn next_revive_queue(&self, queues: i32) -> i32 {
        self.revive_queue.fetch_add(1, Ordering::Relaxed).rem_euclid(queues.max(1))
    }

    /// A message arrived in a topic.
    pub(in crate::broker) fn arrived(&self, arrival: &Arrival<'_>) {
        self.pops.arrived(arrival);
        self.notifications.arrived(arrival);
    }

    /// A record arrived in the revive topic.
    pub(in crate::broker) fn revive_arrived(&self) {
        self.revive_arrived.notify_one();
    }

    /// There is something to pop for a group.
    pub(in crate::broker) fn wake(&self, topic: &str, group: &str) {
        self.pops.wake(topic, group);
        self.notifications.wake(topic, group);
    }

    /// Nobody waits any more: the broker leaves.
    pub(in crate::broker) fn close(&self) {
        self.pops.close();
        self.notifications.close();
    }
}
