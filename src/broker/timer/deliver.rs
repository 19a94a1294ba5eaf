//! Delivering messages when their step is over.

use std::collections::HashSet;
use std::sync::Arc;

use super::open::{Waiting, read};
use super::wheel::{Entry, Kind};
use super::{QUEUE, State, rule};
use crate::broker::core::Broker;
use crate::broker::count::Moved;
use crate::broker::names::TIMER_TOPIC;
use crate::broker::schedule::{Next, real_place, wait};
use crate::protocol::message::{Message, MessageView, NewMessage, property};
use crate::store::StoreError;

/// How many messages are looked at or delivered in one go.
const BATCH: usize = 256;

impl Broker {
    /// Delivers timed messages for as long as the broker runs.
    pub(in crate::broker) async fn deliver_timed(self: Arc<Self>) {
        loop {
            let next = self.timer_round();
            match wait([next], self.now()) {
                Some(std::time::Duration::ZERO) => tokio::task::yield_now().await,
                Some(limit) => {
                    // Either way the next round finds out what is due.
                    let _ = tokio::time::timeout(limit, self.timer.arrived.notified()).await;
                }
                None => self.timer.arrived.notified().await,
            }
        }
    }

    /// Looks at what is new, so that a recall is known before what it recalls is delivered; then delivers.
    fn timer_round(&self) -> Next {
        let config = self.config();
        if !config.timer_stop_enqueue
            && let Some(next) = self.take_new()
        {
            return next;
        }
        // Settings tell nobody when they change.
        if config.timer_stop_enqueue || config.timer_stop_dequeue { Next::Later } else { self.deliver_due() }
    }

    /// Lets messages wait that came since the last round; `None` if there are none.
    fn take_new(&self) -> Option<Next> {
        let from = self.timer_offset();
        let units = self.store.units(TIMER_TOPIC, QUEUE, from, BATCH);
        if units.is_empty() {
            return None;
        }
        for (offset, unit) in units {
            let now = self.now();
            let mut state = self.timer.state.lock();
            let waiting = read(&self.store, &mut state.wheel, (offset, unit), &self.timer.limits);
            match waiting {
                Some(Waiting { entry, slot }) if slot < state.progress.read_time => {
                    drop(state);
                    // Its step is over: it need not wait. A recall comes too late.
                    if entry.kind != Kind::Recall
                        && let Err(error) = self.deliver_timed_one(&entry, &HashSet::new())
                    {
                        tracing::warn!(offset, %error, "a timed message cannot be delivered yet");
                        return Some(Next::Later);
                    }
                    self.timer.state.lock().progress.next = offset + 1;
                }
                Some(Waiting { entry, slot }) => {
                    state.wheel.push(slot, entry, now);
                    state.enqueued.count += 1;
                    state.progress.next = offset + 1;
                }
                None => {
                    tracing::warn!(offset, "an entry of the timer topic has no timed message");
                    state.progress.next = offset + 1;
                }
            }
        }
        self.timer.note(self);
        Some(Next::Soon)
    }

    /// Where to go on in the queue: an offset that it does not have any more, or not yet, is put right.
    fn timer_offset(&self) -> i64 {
        let offset = self.timer.state.lock().progress.next;
        let bounds = (self.store.min_offset(TIMER_TOPIC, QUEUE), self.store.max_offset(TIMER_TOPIC, QUEUE));
        let (Some(min), Some(max)) = bounds else { return offset };
        offset.min(max).max(min)
    }

    /// Delivers from the first step, if it is over.
    fn deliver_due(&self) -> Next {
        let (slot, entries, recalled) = {
            let mut state = self.timer.state.lock();
            let Some(slot) = state.wheel.first() else { return Next::Arrival };
            let over = slot + self.timer.limits.precision;
            if over > self.now() {
                return Next::At(over);
            }
            let keys = self.recall_keys(&state, slot);
            state.recalled.extend(keys);
            (slot, state.wheel.peek(slot, BATCH), std::mem::take(&mut state.recalled))
        };
        let failed = entries.iter().find_map(|entry| {
            self.deliver_timed_one(entry, &recalled).err().or_else(|| {
                let mut state = self.timer.state.lock();
                state.dequeued.count += 1;
                if state.wheel.pop(slot, self.now()) {
                    state.progress.read_time =
                        state.progress.read_time.max(slot + self.timer.limits.precision);
                }
                None
            })
        });
        let is_over = {
            let mut state = self.timer.state.lock();
            let is_over = state.wheel.first() != Some(slot);
            if !is_over {
                state.recalled = recalled;
            }
            is_over
        };
        if let Some(error) = failed {
            tracing::warn!(slot, %error, "timed messages cannot be delivered yet");
            return Next::Later;
        }
        if is_over {
            self.timer.note(self);
        }
        Next::Soon
    }

    /// What is recalled by messages of a step.
    fn recall_keys(&self, state: &State, slot: i64) -> Vec<String> {
        let key = |entry: Entry| {
            let bytes = self.store.message_at(entry.physical_offset)?;
            let message = MessageView::parse(&bytes).ok()?;
            message.property(property::TIMER_DEL_UNIQKEY).map(str::to_owned)
        };
        state.wheel.recalls(slot).into_iter().filter_map(key).collect()
    }

    /// Delivers a message, or stores it anew, unless it is recalled. One that is gone from the log is passed
    /// over.
    fn deliver_timed_one(&self, entry: &Entry, recalled: &HashSet<String>) -> Result<(), StoreError> {
        if entry.kind == Kind::Recall {
            return Ok(());
        }
        let began = self.now();
        let bytes = self.store.message_at(entry.physical_offset);
        let Some(mut message) = bytes.and_then(|bytes| Message::decode(&bytes).ok()) else { return Ok(()) };
        let rolls = entry.kind == Kind::Roll;
        if !rolls && self.is_recalled(&message, entry, recalled) {
            tracing::info!(topic = &*entry.topic, offset = entry.queue_offset, "a timed message is recalled");
            return Ok(());
        }
        let enqueued = self.timer.limits.step(message.store_timestamp);
        mark(&mut message, rolls, enqueued, began);
        let place = if rolls { Some((TIMER_TOPIC, QUEUE)) } else { real_place(&message) };
        let Some((topic, queue_id)) = place else {
            tracing::error!(offset = entry.queue_offset, "a timed message does not say where it belongs");
            return Ok(());
        };
        let properties = message.properties.to_raw();
        let due =
            NewMessage { topic, queue_id, prepared_transaction_offset: 0, ..message.as_new(&properties) };
        match self.store.append_own(&due) {
            Ok(appended) => {
                self.count_put(&Moved { topic, queue_id, messages: 1, bytes: appended.size, began });
                Ok(())
            }
            // It can never be stored: whoever waits for the next must not wait for it.
            Err(error @ (StoreError::TooLarge { .. } | StoreError::Message(_))) => {
                tracing::error!(offset = entry.queue_offset, %error, "a timed message is given up");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn is_recalled(&self, message: &Message, entry: &Entry, recalled: &HashSet<String>) -> bool {
        if recalled.is_empty() {
            return false;
        }
        let with_topic = self.config().append_topic_for_timer_delete_key;
        let key = message.unique_key().map(|id| rule::delete_key(&entry.topic, id, with_topic));
        key.is_some_and(|key| recalled.contains(&key))
    }
}

/// What a message tells of its wait (Java: `TimerMessageStore.convert`).
fn mark(message: &mut Message, rolls: bool, enqueued: i64, now: i64) {
    let properties = &mut message.properties;
    properties.set(property::TIMER_ENQUEUE_MS, enqueued.to_string());
    properties.set(property::TIMER_DEQUEUE_MS, now.to_string());
    if rolls {
        let times = properties.get(property::TIMER_ROLL_TIMES).and_then(|times| times.parse::<i32>().ok());
        properties.set(property::TIMER_ROLL_TIMES, times.unwrap_or(0).saturating_add(1).to_string());
    }
}
