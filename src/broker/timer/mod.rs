//! Messages with a delivery time of their own (Java: `TimerMessageStore`).
//!
//! They wait in the one queue of the timer topic. What waits, and until when, is kept in memory and found again
//! in that queue by a start; `config/timercheck` tells how far delivery is. A message is delivered when the step
//! is over that it is due in, never before it is due. One that waits for very long is stored anew in between, so
//! that it outlives the files of the log.

mod checkpoint;
mod deliver;
mod handover;
mod open;
pub(in crate::broker) mod rule;
mod wheel;

use std::collections::HashSet;
use std::path::PathBuf;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::core::Broker;
use super::names::TIMER_TOPIC;
use super::saved;
use crate::protocol::timer::TimerMetrics;
use crate::protocol::topic::DataVersion;
use checkpoint::Progress;
use rule::Limits;
use wheel::Wheel;

/// The file of [`Progress`].
const PROGRESS_FILE: &str = "timercheck";
/// The file with the numbers of what waits.
const METRICS_FILE: &str = "timermetrics";
/// The queue of the timer topic.
const QUEUE: i32 = 0;

/// What waits for its time.
#[derive(Debug)]
pub(crate) struct Timer {
    state: Mutex<State>,
    arrived: Notify,
    /// By which steps messages are placed; fixed while the broker runs.
    limits: Limits,
    path: PathBuf,
    metrics_path: PathBuf,
}

#[derive(Debug, Default)]
struct State {
    wheel: Wheel,
    progress: Progress,
    /// What is recalled in the step that is being delivered.
    recalled: HashSet<String>,
    /// Whether `progress` is newer than its file on the disk.
    changed: bool,
    metrics: DataVersion,
    metrics_saved: i64,
    enqueued: Rate,
    dequeued: Rate,
}

/// How many messages a second.
#[derive(Debug, Default)]
struct Rate {
    count: i64,
    sampled: i64,
    per_second: f64,
}

impl Rate {
    fn sample(&mut self, elapsed_ms: i64) {
        self.per_second = (self.count - self.sampled) as f64 * 1_000.0 / elapsed_ms.max(1) as f64;
        self.sampled = self.count;
    }
}

/// How the timer is doing, as the broker's runtime information tells it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::broker) struct Behind {
    /// By how many seconds delivery is late.
    pub(in crate::broker) read_behind: i64,
    /// How many messages it has not looked at.
    pub(in crate::broker) offset_behind: i64,
    /// How many wait.
    pub(in crate::broker) waiting: i64,
    /// Messages that began to wait, a second.
    pub(in crate::broker) enqueue_tps: f64,
    /// Messages that were delivered, a second.
    pub(in crate::broker) dequeue_tps: f64,
}

impl Timer {
    /// A message arrived in the timer topic.
    pub(in crate::broker) fn arrived(&self) {
        self.arrived.notify_one();
    }

    /// The limits, with the longest delay that is configured now.
    pub(in crate::broker) fn limits(&self, broker: &Broker) -> Limits {
        Limits { max_delay: Limits::of(&broker.config()).max_delay, ..self.limits }
    }

    /// The step that a time (ms since 1970) lies in.
    pub(in crate::broker) const fn step(&self, time: i64) -> i64 {
        self.limits.step(time)
    }

    /// The beginning of the first step at or after a time, in ms since 1970.
    pub(in crate::broker) const fn next_step(&self, time: i64) -> i64 {
        self.limits.step(time.saturating_add(self.limits.precision - 1))
    }

    /// Whether everything before an offset of the queue is looked at, and everything delivered that waited for a
    /// step before `step`.
    pub(in crate::broker) fn is_settled(&self, offset: i64, step: i64) -> bool {
        let state = self.state.lock();
        state.progress.next >= offset && state.wheel.first().is_none_or(|first| first >= step)
    }

    /// How many messages wait for a step.
    pub(in crate::broker) fn waiting_for(&self, step: i64) -> i64 {
        self.state.lock().wheel.waiting_for(step)
    }

    /// How far delivery is, in the bytes that Apache's broker answers with.
    pub(in crate::broker) fn checkpoint(&self) -> [u8; checkpoint::SHARED] {
        let state = self.state.lock();
        state.current().shared()
    }

    /// What waits, by topic.
    pub(in crate::broker) fn metrics(&self) -> TimerMetrics {
        let state = self.state.lock();
        TimerMetrics { data_version: state.metrics.clone(), timing_count: state.wheel.counts() }
    }

    /// A topic is deleted.
    pub(in crate::broker) fn forget_topic(&self, topic: &str) {
        self.state.lock().wheel.forget(topic);
    }

    /// How it is doing.
    pub(in crate::broker) fn behind(&self, broker: &Broker) -> Behind {
        let now = broker.now();
        let end = broker.store.max_offset(TIMER_TOPIC, QUEUE).unwrap_or(0);
        let state = self.state.lock();
        let late = state.wheel.first().map_or(0, |slot| now - slot - self.limits.precision);
        Behind {
            read_behind: late.max(0) / 1_000,
            offset_behind: (end - state.progress.next).max(0),
            waiting: state.wheel.waiting(),
            enqueue_tps: state.enqueued.per_second,
            dequeue_tps: state.dequeued.per_second,
        }
    }

    /// Notes what happened since the last call, `elapsed_ms` ago.
    pub(in crate::broker) fn sample(&self, elapsed_ms: i64) {
        let mut state = self.state.lock();
        state.enqueued.sample(elapsed_ms);
        state.dequeued.sample(elapsed_ms);
    }

    /// Writes how far delivery is, and how much waits, if that changed.
    pub(in crate::broker) fn save(&self, broker: &Broker) {
        let now = broker.now();
        self.sample_metrics(now);
        let _one = saved::one_at_a_time();
        let (progress, metrics) = {
            let mut state = self.state.lock();
            let metrics = (state.metrics_saved != state.metrics.counter).then(|| {
                state.metrics_saved = state.metrics.counter;
                TimerMetrics { data_version: state.metrics.clone(), timing_count: state.wheel.counts() }
            });
            let changed = std::mem::take(&mut state.changed);
            if changed {
                state.progress.first = state.current().first;
            }
            state.progress.log_end = broker.store.max_physical_offset();
            (changed.then(|| state.advance(now)), metrics)
        };
        if let Some(progress) = progress
            && (!broker.log_is_on_disk() || !self.bring_to_disk(progress))
        {
            self.state.lock().changed = true;
        }
        if let Some(metrics) = metrics
            && let Err(error) = saved::save(&self.metrics_path, &metrics)
        {
            tracing::error!(%error, "the numbers of timed messages are not saved");
        }
    }

    /// Brings the file to the disk, behind the log.
    fn bring_to_disk(&self, mut progress: Progress) -> bool {
        progress.is_synced();
        match progress.save(&self.path, true) {
            Ok(()) => {
                self.state.lock().progress.synced = progress.synced;
                true
            }
            Err(error) => {
                tracing::error!(%error, "how far timed messages are delivered is not saved");
                false
            }
        }
    }

    fn sample_metrics(&self, now: i64) {
        let mut state = self.state.lock();
        if state.wheel.changes() != state.metrics.counter {
            state.metrics.counter = state.wheel.changes();
            state.metrics.timestamp = now;
        }
    }

    /// Writes how far delivery is, for a process that is killed; the disk gets it with the next
    /// [`Timer::save`].
    fn note(&self, broker: &Broker) {
        let _one = saved::one_at_a_time();
        let progress = {
            let mut state = self.state.lock();
            state.changed = true;
            state.progress.log_end = broker.store.max_physical_offset();
            state.advance(broker.now())
        };
        if let Err(error) = progress.save(&self.path, false) {
            tracing::error!(%error, "how far timed messages are delivered is not saved");
        }
    }
}

impl State {
    /// The progress as it is now.
    fn current(&self) -> Progress {
        let first = self.wheel.first_offset().unwrap_or(self.progress.next);
        Progress { first, ..self.progress.clone() }
    }

    /// The progress with a new version, to be written. The first message that waits may be delivered by now: to
    /// find the next one takes long where much waits.
    fn advance(&mut self, now: i64) -> Progress {
        self.progress.version.advance(now);
        if self.wheel.first().is_none() {
            self.progress.first = self.progress.next;
        }
        self.progress.clone()
    }
}
