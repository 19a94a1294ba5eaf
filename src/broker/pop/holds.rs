//! Pops that wait for messages (Java: `PopLongPollingService`).
//!
//! A message wakes one of those that wait for it in each group. Whoever is woken and does not need it wakes the
//! next.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::broker::filter::Filter;
use crate::broker::names;
use crate::store::Arrival;

/// A topic and a group.
type Key = (String, String);

#[derive(Debug)]
struct Waiting {
    id: u64,
    queue: i32,
    filter: Option<Filter>,
    wake: oneshot::Sender<()>,
}

#[derive(Debug, Default)]
struct Held {
    /// By topic, by group.
    topics: HashMap<String, HashMap<String, VecDeque<Waiting>>>,
    /// Whose retry topics those are that somebody waits for.
    retry: HashMap<String, Key>,
}

/// The pops that are held.
#[derive(Debug, Default)]
pub(in crate::broker) struct PopHolds {
    held: Mutex<Held>,
    /// How many there are: without any, a message costs one look at this.
    count: AtomicUsize,
    next_id: AtomicU64,
    closed: AtomicBool,
}

/// What a pop waits for.
#[derive(Debug, Clone)]
pub(in crate::broker) struct Wanted {
    pub(in crate::broker) topic: String,
    pub(in crate::broker) group: String,
    /// The queue; a negative one is any.
    pub(in crate::broker) queue: i32,
    /// Which messages; none is all.
    pub(in crate::broker) filter: Option<Filter>,
}

/// How many may be held.
#[derive(Debug, Clone, Copy)]
pub(in crate::broker) struct Room {
    /// In all.
    pub(in crate::broker) total: usize,
    /// For the same topic, group and queue.
    pub(in crate::broker) each: usize,
}

/// A pop's place among those held. It is given up when this is dropped.
#[derive(Debug)]
pub(in crate::broker) struct PopPlace {
    holds: Arc<PopHolds>,
    topic: String,
    group: String,
    id: u64,
    woken: Option<oneshot::Receiver<()>>,
    /// Whether it was woken for a message that it may not need.
    owes: bool,
}

impl PopPlace {
    /// Waits for a message, or for everyone to be woken.
    pub(in crate::broker) async fn woken(&mut self) {
        if let Some(woken) = &mut self.woken {
            self.owes = woken.await.is_ok();
        }
        self.woken = None;
    }

    /// What it was woken for was not there: it is nobody else's either.
    pub(in crate::broker) fn satisfied(&mut self) {
        self.owes = false;
    }
}

impl Drop for PopPlace {
    fn drop(&mut self) {
        self.holds.remove(&self.topic, &self.group, self.id);
        // A message may have come after the one who waits looked for the last time.
        let late = self.woken.as_mut().is_some_and(|woken| woken.try_recv().is_ok());
        if self.owes || late {
            self.holds.wake(&self.topic, &self.group);
        }
    }
}

impl PopHolds {
    /// Holds a pop; `None` if there is no room.
    pub(in crate::broker) fn hold(self: &Arc<Self>, wanted: Wanted, room: Room) -> Option<PopPlace> {
        let Wanted { topic, group, queue, filter } = wanted;
        let (wake, woken) = oneshot::channel();
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut held = self.held.lock();
        if self.closed.load(Ordering::SeqCst) || self.count.load(Ordering::SeqCst) >= room.total {
            return None;
        }
        for retry in names::pop_retry_topics(&topic, &group) {
            held.retry.entry(retry).or_insert_with(|| (topic.clone(), group.clone()));
        }
        let waiting = held.topics.entry(topic.clone()).or_default().entry(group.clone()).or_default();
        if waiting.iter().filter(|one| one.queue == queue).count() > room.each {
            return None;
        }
        waiting.push_back(Waiting { id, queue, filter, wake });
        self.count.fetch_add(1, Ordering::SeqCst);
        drop(held);
        // Either the caller, who looks for messages once more now, sees one, or whoever tells of it sees the hold.
        fence(Ordering::SeqCst);
        Some(PopPlace { holds: self.clone(), topic, group, id, woken: Some(woken), owes: false })
    }

    /// A message arrived: wakes one in each group that it concerns.
    pub(in crate::broker) fn arrived(&self, arrival: &Arrival<'_>) {
        self.told(arrival.topic, arrival.queue_id, |filter| {
            filter.wants_tag(arrival.tags_code) && filter.wants_message(&arrival.message)
        });
    }

    fn told(&self, topic: &str, queue: i32, wants: impl Fn(&Filter) -> bool) {
        // As in `hold`: the message was made visible before.
        fence(Ordering::SeqCst);
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut held = self.held.lock();
        if let Some((topic, group)) = held.retry.get(topic).cloned() {
            self.wake_one(&mut held, &topic, &group, |_| true);
            return;
        }
        let Some(groups) = held.topics.get(topic) else { return };
        let groups: Vec<String> = groups.keys().cloned().collect();
        for group in groups {
            self.wake_one(&mut held, topic, &group, |one| {
                (one.queue < 0 || one.queue == queue) && one.filter.as_ref().is_none_or(&wants)
            });
        }
    }

    /// Wakes one in a group: there is something for it.
    pub(in crate::broker) fn wake(&self, topic: &str, group: &str) {
        if self.count.load(Ordering::SeqCst) > 0 {
            self.wake_one(&mut self.held.lock(), topic, group, |_| true);
        }
    }

    fn wake_one(&self, held: &mut Held, topic: &str, group: &str, wants: impl Fn(&Waiting) -> bool) {
        let Some(groups) = held.topics.get_mut(topic) else { return };
        let Some(waiting) = groups.get_mut(group) else { return };
        while let Some(index) = waiting.iter().position(&wants) {
            let Some(one) = waiting.remove(index) else { break };
            self.count.fetch_sub(1, Ordering::SeqCst);
            if one.wake.send(()).is_ok() {
                break;
            }
        }
        tidy(held, topic, group);
    }

    /// How many are held for a queue.
    pub(in crate::broker) fn len(&self, topic: &str, group: &str, queue: i32) -> usize {
        let held = self.held.lock();
        let waiting = held.topics.get(topic).and_then(|groups| groups.get(group));
        waiting.map_or(0, |waiting| waiting.iter().filter(|one| one.queue == queue).count())
    }

    /// Whether nobody is held any more.
    pub(in crate::broker) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Wakes everyone and holds nobody any more: the broker leaves.
    pub(in crate::broker) fn close(&self) {
        let held = {
            let mut held = self.held.lock();
            self.closed.store(true, Ordering::SeqCst);
            std::mem::take(&mut *held)
        };
        self.count.store(0, Ordering::SeqCst);
        for one in held.topics.into_values().flat_map(HashMap::into_values).flatten() {
            // Whoever does not wait any more needs no waking.
            let _ = one.wake.send(());
        }
    }

    fn remove(&self, topic: &str, group: &str, id: u64) {
        let mut held = self.held.lock();
        let Some(groups) = held.topics.get_mut(topic) else { return };
        let Some(waiting) = groups.get_mut(group) else { return };
        if let Some(index) = waiting.iter().position(|one| one.id == id) {
            waiting.remove(index);
            self.count.fetch_sub(1, Ordering::SeqCst);
        }
        tidy(&mut held, topic, group);
    }
}

/// Forgets a topic and group that nobody waits for.
fn tidy(held: &mut Held, topic: &str, group: &str) {
    let Some(groups) = held.topics.get_mut(topic) else { return };
    if groups.get(group).is_some_and(VecDeque::is_empty) {
        groups.remove(group);
        if groups.is_empty() {
            held.topics.remove(topic);
        }
        for retry in names::pop_retry_topics(topic, group) {
            if held.retry.get(&retry).is_some_and(|(t, g)| (t.as_str(), g.as_str()) == (topic, group)) {
                held.retry.remove(&retry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::filter::Expressions;
    use crate::broker::subscription;

    const ROOM: Room = Room { total: 4, each: 1 };

    fn wanted(group: &str, queue: i32, expression: &str) -> Wanted {
        let subscription = subscription::build("T", expression, None, 0).map(Arc::new).unwrap();
        let filter = Filter::new(subscription, &Expressions::default()).ok();
        Wanted { topic: "T".into(), group: group.into(), queue, filter }
    }

    fn arrived(holds: &PopHolds, topic: &str, queue: i32, tags_code: i64) {
        holds.told(topic, queue, |filter| filter.wants_tag(tags_code));
    }

    fn is_woken(place: &mut PopPlace) -> bool {
        place.woken.as_mut().is_none_or(|woken| woken.try_recv().is_ok())
    }

    #[test]
    fn a_message_wakes_one_of_each_group() {
        let holds = Arc::new(PopHolds::default());
        let mut first = holds.hold(wanted("g", -1, "*"), ROOM).unwrap();
        let mut second = holds.hold(wanted("g", -1, "*"), ROOM).unwrap();
        let mut other = holds.hold(wanted("h", 1, "A"), ROOM).unwrap();
        arrived(&holds, "T", 0, 65);
        assert!(is_woken(&mut first) && !is_woken(&mut second) && !is_woken(&mut other));
        arrived(&holds, "T", 1, 66);
        assert!(is_woken(&mut second) && !is_woken(&mut other));
        arrived(&holds, "T", 1, 65);
        assert!(is_woken(&mut other));
        assert!(holds.held.lock().topics.is_empty() && holds.held.lock().retry.is_empty());
    }

    #[test]
    fn a_retried_message_wakes_its_group() {
        let holds = Arc::new(PopHolds::default());
        for retry in ["%RETRY%g_T", "%RETRY%g+T"] {
            let mut place = holds.hold(wanted("g", 3, "A"), ROOM).unwrap();
            arrived(&holds, "%RETRY%h_T", 0, 0);
            assert!(!is_woken(&mut place));
            arrived(&holds, retry, 0, 0);
            assert!(is_woken(&mut place));
        }
    }

    #[test]
    fn who_needs_no_message_leaves_it_to_the_next() {
        let holds = Arc::new(PopHolds::default());
        let first = holds.hold(wanted("g", -1, "*"), ROOM).unwrap();
        let mut second = holds.hold(wanted("g", -1, "*"), ROOM).unwrap();
        arrived(&holds, "T", 0, 65);
        assert!(!is_woken(&mut second));
        drop(first);
        assert!(is_woken(&mut second));
        drop(second);
        assert_eq!(holds.count.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn there_is_room_for_so_many() {
        let holds = Arc::new(PopHolds::default());
        let hold = |group: &str, queue| holds.hold(wanted(group, queue, "*"), ROOM);
        let held = [hold("g", 0), hold("g", 0), hold("g", 1)];
        assert!(held.iter().all(Option::is_some) && hold("g", 0).is_none());
        assert_eq!((holds.len("T", "g", 0), holds.len("T", "g", 9)), (2, 0));
        let _fourth = hold("h", 0).unwrap();
        assert!(hold("i", 0).is_none());
        holds.close();
        assert!(hold("g", 1).is_none() && holds.is_closed());
    }
}
