//! What the broker does by itself while it runs, and how it leaves.

use std::sync::Arc;
use std::time::Duration;

use super::core::{Broker, OFFSETS_FILE};
use super::pop::REVIVE_GROUP;
use super::saved;
use crate::runtime::Shutdown;

/// How long one step of leaving may take.
const STEP_DEADLINE: Duration = Duration::from_millis(400);
/// How long bringing everything to the disk may take at the end. It takes milliseconds unless much was written
/// just before, and what is cut off would have to be recovered by the next start.
const CLOSE_DEADLINE: Duration = Duration::from_secs(10);
/// How often silent clients are looked for (Java: `ClientHousekeepingService`).
const SCAN_CLIENTS_EVERY: Duration = Duration::from_secs(10);

/// A pause of that many ms; an interval of nothing must not keep a core busy.
pub(in crate::broker) fn pause(millis: u64) -> Duration {
    Duration::from_millis(millis.max(10))
}

impl Broker {
    pub(super) fn start_tasks(self: &Arc<Self>) {
        let broker = self.clone();
        self.tasks.spawn(async move {
            loop {
                tokio::time::sleep(pause(broker.config().flush_consumer_offset_interval)).await;
                broker.aside(Broker::save_offsets).await;
            }
        });
        self.tasks.spawn(self.clone().sample_stats());
        self.tasks.spawn(self.clone().deliver_delayed());
        self.tasks.spawn(self.clone().deliver_timed());
        self.tasks.spawn(self.clone().save_timer());
        self.tasks.spawn(self.clone().revive_popped());
        self.tasks.spawn(self.clone().check_transactions());
        let broker = self.clone();
        self.tasks.spawn(async move {
            loop {
                tokio::time::sleep(pause(broker.config().flush_delay_offset_interval)).await;
                broker.aside(|broker| broker.schedule.save(broker)).await;
            }
        });
        let broker = self.clone();
        self.tasks.spawn(async move {
            loop {
                tokio::time::sleep(SCAN_CLIENTS_EVERY).await;
                broker.expire_clients();
            }
        });
    }

    async fn sample_stats(self: Arc<Self>) {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        for seconds in 0.. {
            every.tick().await;
            self.stats.sample(self.now(), seconds);
        }
    }

    async fn save_timer(self: Arc<Self>) {
        loop {
            let pause = pause(self.config().timer_flush_interval_ms);
            tokio::time::sleep(pause).await;
            self.timer.sample(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
            self.aside(|broker| broker.timer.save(broker)).await;
        }
    }

    /// Leaves: everything that runs ends, offsets are saved, the store is closed.
    pub(super) async fn leave(self: Arc<Self>) {
        let (tasks, offsets, timed, store) = (self.clone(), self.clone(), self.clone(), self);
        Shutdown::new()
            .step("end tasks", STEP_DEADLINE, async move {
                tasks.tasks.stop(STEP_DEADLINE).await;
            })
            // Without them a group gets again what it had: worth waiting for a slow disk.
            .step("save offsets", CLOSE_DEADLINE, async move {
                offsets
                    .aside(|broker| {
                        broker.save_offsets();
                        broker.schedule.save(broker);
                        broker.timer.save(broker);
                    })
                    .await;
            })
            .step("hand over timed messages", CLOSE_DEADLINE, async move {
                timed.aside(Broker::hand_over_timed).await;
            })
            .step("close store", CLOSE_DEADLINE, async move {
                let closing = tokio::task::spawn_blocking(move || store.store.close());
                if let Ok(Err(error)) = closing.await {
                    tracing::error!(%error, "the store is not closed in order");
                }
            })
            .run()
            .await;
    }

    /// Does what waits for the disk without holding up this thread.
    async fn aside(self: &Arc<Self>, work: impl FnOnce(&Broker) + Send + 'static) {
        let broker = self.clone();
        // A task that panicked has said so itself.
        drop(tokio::task::spawn_blocking(move || work(&broker)).await);
    }

    /// Saves consumer offsets if they changed.
    pub(in crate::broker) fn save_offsets(&self) {
        self.save_ordered_pops();
        let _one = saved::one_at_a_time();
        let Some(file) = self.offsets.take_changes() else { return };
        if !self.log_is_on_disk() {
            return self.offsets.mark_changed();
        }
        if let Err(error) = saved::save(&self.table_path(OFFSETS_FILE), &file) {
            tracing::error!(%error, "consumer offsets are not saved");
            self.offsets.mark_changed();
        }
    }

    /// Brings the log to the disk, for a file that tells what was done with it: were the file ahead after a power
    /// cut, what was read, delivered or popped would be passed over, though what it led to is lost. False if that
    /// fails, which the store has told of.
    pub(in crate::broker) fn log_is_on_disk(&self) -> bool {
        self.store.flush_behind() == 0 || self.store.flush().is_ok()
    }

    fn hand_over_timed(&self) {
        let config = self.config();
        let root = std::path::Path::new(&config.store_path_root_dir);
        let size = config.mapped_file_size_timer_log;
        if let Err(error) = self.timer.hand_over(root, &self.store, size, self.now()) {
            tracing::warn!(%error, "timed messages are not handed over to a broker of Apache");
        }
    }

    fn save_ordered_pops(&self) {
        self.pop.orders.save(self.now(), |topic, group| {
            let queues = self.topics.get(topic).map_or(0, |topic| topic.read_queue_nums);
            if self.groups.contains(group) { queues } else { 0 }
        });
    }

    /// Takes offsets back that are ahead of their queues, as a power cut leaves them that the log did not come
    /// through whole: what comes next would be passed over.
    pub(super) fn put_offsets_right(&self) {
        for (group, topics) in self.offsets.groups() {
            for topic in topics {
                for (queue, offset) in self.offsets.of(&group, &topic) {
                    // The group that revives names the last record that is done with, not the next.
                    let last = self.store.next_offset(&topic, queue) - i64::from(group == REVIVE_GROUP);
                    if offset > last {
                        tracing::warn!(group, topic, queue, offset, last, "an offset was ahead of its queue");
                        self.offsets.commit(&group, &topic, queue, last, self.now());
                    }
                }
            }
        }
        self.schedule.put_right(&self.store, self.now());
    }

    fn expire_clients(&self) {
        let config = self.config();
        let now = self.now();
        let clients = Duration::from_millis(config.channel_expired_timeout);
        let subscriptions = Duration::from_millis(config.subscription_expired_timeout);
        self.producers.expire(now, clients);
        for left in self.consumers.expire(now, clients, subscriptions) {
            self.notify_left(&left);
        }
        self.consumers.forget_fingerprints(|group| self.groups.contains(group));
        self.locks.expire(now);
    }
}
