//! Finding again what waits.

use std::io;
use std::path::Path;

use super::checkpoint::Progress;
use super::handover;
use super::rule::{self, Limits};
use super::wheel::{Entry, Kind, Wheel};
use super::{METRICS_FILE, PROGRESS_FILE, QUEUE, State, Timer};
use crate::broker::names::TIMER_TOPIC;
use crate::protocol::message::{MessageView, property};
use crate::store::{Boundary, CqUnit, Store};

/// The files in which Apache's broker keeps what waits, in the store's directory.
const OF_APACHE: [&str; 2] = ["timerwheel", handover::DIRECTORY];
/// How many entries of the queue are read in one go.
const BATCH: usize = 1_024;

/// A message of the timer topic, as far as it matters here.
pub(super) struct Waiting {
    pub(super) entry: Entry,
    /// The step it waits for.
    pub(super) slot: i64,
}

/// Reads the message of an entry; `None` of one that is gone, or that is not one that waits.
pub(super) fn read(
    store: &Store,
    wheel: &mut Wheel,
    (queue_offset, unit): (i64, CqUnit),
    limits: &Limits,
) -> Option<Waiting> {
    let bytes = store.message_at(unit.physical_offset)?;
    let message = MessageView::parse(&bytes).ok()?;
    let due = message.property(property::TIMER_OUT_MS)?.parse().ok()?;
    let topic = wheel.topic(message.property(property::REAL_TOPIC)?);
    let place = rule::place(due, message.store_timestamp(), limits);
    let kind = match (place.rolls, message.property(property::TIMER_DEL_UNIQKEY)) {
        (true, _) => Kind::Roll,
        (false, Some(_)) => Kind::Recall,
        (false, None) => Kind::Deliver,
    };
    let entry = Entry { queue_offset, physical_offset: unit.physical_offset, topic, kind };
    Some(Waiting { entry, slot: place.slot })
}

impl Timer {
    /// Finds what waits. `root` is the directory of the store, `now` in ms since 1970.
    ///
    /// # Errors
    /// Those of `config/timercheck`.
    pub(in crate::broker) fn open(
        root: &Path,
        store: &Store,
        configured: Limits,
        now: i64,
    ) -> io::Result<Self> {
        let tables = root.join("config");
        let path = tables.join(PROGRESS_FILE);
        let mut progress = Progress::load(&path)?.unwrap_or_default().of_log(store.max_physical_offset());
        let mut limits = configured;
        if progress.placed_by.0 > 0 && progress.placed_by.1 > 0 {
            (limits.precision, limits.window) = progress.placed_by;
        }
        let wheel = find(store, &mut progress, &limits, now);
        if wheel.first().is_none() {
            limits = configured;
        } else if (limits.precision, limits.window) != (configured.precision, configured.window) {
            tracing::warn!("timerPrecisionMs and timerRollWindowSlot change once no timed message waits");
        }
        progress.placed_by = (limits.precision, limits.window);
        progress.first = wheel.first_offset().unwrap_or(progress.next);
        progress.is_synced();
        let timer = Self {
            state: parking_lot::Mutex::new(State { wheel, progress, ..State::default() }),
            arrived: tokio::sync::Notify::new(),
            limits,
            path,
            metrics_path: tables.join(METRICS_FILE),
        };
        timer.take_over(root, now)?;
        Ok(timer)
    }

    /// Apache's files tell what waited before: from now on they would be wrong. Without them, Apache's broker
    /// reads the queue.
    fn take_over(&self, root: &Path, now: i64) -> io::Result<()> {
        let theirs: Vec<_> =
            OF_APACHE.iter().map(|name| root.join(name)).filter(|path| path.exists()).collect();
        if theirs.is_empty() {
            return Ok(());
        }
        self.state.lock().advance(now).save(&self.path, true)?;
        for path in theirs {
            if path.is_dir() { std::fs::remove_dir_all(path)? } else { std::fs::remove_file(path)? }
        }
        Ok(())
    }
}

/// Reads the queue from the first message that may wait to the last that was looked at, and puts offsets right
/// that are not in the queue.
fn find(store: &Store, progress: &mut Progress, limits: &Limits, now: i64) -> Wheel {
    let mut wheel = Wheel::default();
    let min = store.min_offset(TIMER_TOPIC, QUEUE).unwrap_or(0);
    let max = store.max_offset(TIMER_TOPIC, QUEUE).unwrap_or(0);
    progress.next = progress.next.clamp(min, max.max(min));
    let longest = limits.window.saturating_mul(limits.precision);
    // What waits for a step that is not over was stored no longer ago than the window.
    let since = progress.read_time.saturating_sub(longest);
    let by_time = store.offset_by_time(TIMER_TOPIC, QUEUE, since, Boundary::Lower);
    let mut offset = progress.first.max(min).max(by_time.min(progress.next));
    while offset < progress.next {
        let units = store.units(TIMER_TOPIC, QUEUE, offset, BATCH);
        let Some((last, _)) = units.last() else { break };
        let after = last + 1;
        for unit in units.into_iter().filter(|(offset, _)| *offset < progress.next) {
            if let Some(waiting) = read(store, &mut wheel, unit, limits)
                && waiting.slot >= progress.read_time
            {
                wheel.push(waiting.slot, waiting.entry, now);
            }
        }
        offset = after;
    }
    wheel
}
