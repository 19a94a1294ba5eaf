//! Pulls that wait for messages (Java: `PullRequestHoldService`).
//!
//! A pull that finds nothing is held by its queue. The store's dispatch thread tells of each message; those
//! that it concerns are woken, and nobody else is looked at.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::filter::Filter;
use crate::store::Arrival;

/// A pull that is held.
#[derive(Debug)]
struct Held {
    id: u64,
    offset: i64,
    filter: Filter,
    wake: oneshot::Sender<()>,
}

type Queues = HashMap<i32, Vec<Held>>;

/// The pulls that are held, by topic and queue.
#[derive(Debug, Default)]
pub struct Holds {
    topics: Mutex<HashMap<String, Queues>>,
    /// How many there are: without any, a message costs one look at this.
    count: AtomicUsize,
    next_id: AtomicU64,
    closed: AtomicBool,
}

/// A pull's place among those held. It is given up when this is dropped.
#[derive(Debug)]
pub struct Place {
    holds: Arc<Holds>,
    topic: String,
    queue: i32,
    id: u64,
    woken: oneshot::Receiver<()>,
}

impl Place {
    /// Waits for a message that the pull wants, or for everyone to be woken.
    pub async fn woken(&mut self) {
        // A sender that was dropped has given the place up, too.
        let _ = (&mut self.woken).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.holds.remove(&self.topic, self.queue, self.id);
    }
}

impl Holds {
    /// Holds a pull from this offset on. After [`Holds::close`] it is woken at once.
    pub fn hold(self: &Arc<Self>, topic: &str, queue: i32, offset: i64, filter: Filter) -> Place {
        let (wake, woken) = oneshot::channel();
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut topics = self.topics.lock();
        if !self.closed.load(Ordering::SeqCst) {
            let held = topics.entry(topic.to_owned()).or_default().entry(queue).or_default();
            held.push(Held { id, offset, filter, wake });
            self.count.fetch_add(1, Ordering::SeqCst);
        }
        drop(topics);
        // Either the caller, who looks for messages once more now, sees one, or whoever tells of it sees the hold.
        fence(Ordering::SeqCst);
        Place { holds: self.clone(), topic: topic.to_owned(), queue, id, woken }
    }

    /// A message arrived. Wakes the pulls that it concerns.
    pub fn arrived(&self, arrival: &Arrival<'_>) {
        // As in `hold`: the message was made visible before.
        fence(Ordering::SeqCst);
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut topics = self.topics.lock();
        let Some(queues) = topics.get_mut(arrival.topic) else { return };
        let Some(held) = queues.get_mut(&arrival.queue_id) else { return };
        let concerned = held.extract_if(.., |pull| {
            arrival.max_offset > pull.offset
                && pull.filter.wants_tag(arrival.tags_code)
                && pull.filter.wants_message(&arrival.message)
        });
        let woken: Vec<Held> = concerned.collect();
        if held.is_empty() {
            queues.remove(&arrival.queue_id);
        }
        if queues.is_empty() {
            topics.remove(arrival.topic);
        }
        drop(topics);
        self.count.fetch_sub(woken.len(), Ordering::SeqCst);
        Self::wake(woken);
    }

    fn wake(pulls: Vec<Held>) {
        for pull in pulls {
            // Whoever does not wait any more needs no waking.
            let _ = pull.wake.send(());
        }
    }

    /// Wakes everyone and holds nobody any more: the broker leaves.
    pub fn close(&self) {
        let all = {
            let mut topics = self.topics.lock();
            self.closed.store(true, Ordering::SeqCst);
            std::mem::take(&mut *topics)
        };
        let held: Vec<Held> = all.into_values().flat_map(HashMap::into_values).flatten().collect();
        self.count.fetch_sub(held.len(), Ordering::SeqCst);
        Self::wake(held);
    }

    /// How many pulls are held.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn remove(&self, topic: &str, queue: i32, id: u64) {
        let mut topics = self.topics.lock();
        let Some(queues) = topics.get_mut(topic) else { return };
        let Some(held) = queues.get_mut(&queue) else { return };
        let Some(index) = held.iter().position(|pull| pull.id == id) else { return };
        held.swap_remove(index);
        if held.is_empty() {
            queues.remove(&queue);
        }
        if queues.is_empty() {
            topics.remove(topic);
        }
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::Expressions;
    use super::super::subscription;
    use super::*;
    use crate::protocol::message::{MessageView, NewMessage, encode};

    fn wanted_as(expression: &str, kind: &str) -> Filter {
        let subscription = subscription::build("T", expression, Some(kind), 0).unwrap();
        Filter::new(Arc::new(subscription), &Expressions::default()).unwrap()
    }

    fn wanted(expression: &str) -> Filter {
        wanted_as(expression, "TAG")
    }

    /// Tells of a message in queue 0 of T.
    fn arrive(holds: &Holds, max_offset: i64, tags_code: i64, properties: &str) {
        let host = ([127, 0, 0, 1], 1).into();
        let message = NewMessage {
            topic: "T",
            queue_id: 0,
            flag: 0,
            sys_flag: 0,
            born_timestamp: 0,
            born_host: host,
            store_host: host,
            reconsume_times: 0,
            prepared_transaction_offset: 0,
            body: b"",
            properties,
        };
        let mut stored = Vec::new();
        encode(&message, &mut stored).unwrap();
        let message = MessageView::parse(&stored).unwrap();
        holds.arrived(&Arrival {
            topic: "T",
            queue_id: 0,
            max_offset,
            tags_code,
            store_timestamp: 0,
            message,
        });
    }

    fn is_woken(place: &mut Place) -> bool {
        place.woken.try_recv().is_ok()
    }

    #[test]
    fn a_message_wakes_those_that_want_it() {
        let holds = Arc::new(Holds::default());
        let mut all = holds.hold("T", 0, 5, wanted("*"));
        let mut tagged = holds.hold("T", 0, 5, wanted("A || B"));
        let mut ahead = holds.hold("T", 0, 9, wanted("*"));
        let mut other = holds.hold("T", 1, 0, wanted("*"));
        arrive(&holds, 5, 65, "");
        assert!(!is_woken(&mut all), "its offset is the end still");
        arrive(&holds, 6, 67, "");
        assert!(is_woken(&mut all) && !is_woken(&mut tagged) && !is_woken(&mut ahead));
        arrive(&holds, 7, 66, "");
        assert!(is_woken(&mut tagged) && !is_woken(&mut ahead) && !is_woken(&mut other));
        assert_eq!(holds.len(), 2);
        drop((all, tagged));
        assert_eq!(holds.len(), 2);
        drop(ahead);
        holds.close();
        assert!(is_woken(&mut other));
        assert!(holds.is_empty() && holds.topics.lock().is_empty());
    }

    #[test]
    fn an_expression_is_asked_about_the_message() {
        let holds = Arc::new(Holds::default());
        let mut place = holds.hold("T", 0, 5, wanted_as("amount > 10", "SQL92"));
        arrive(&holds, 6, 0, "amount\u{1}9\u{2}");
        arrive(&holds, 7, 0, "");
        assert!(!is_woken(&mut place));
        arrive(&holds, 8, 0, "amount\u{1}11\u{2}");
        assert!(is_woken(&mut place));
    }

    #[test]
    fn a_place_given_up_leaves_nothing() {
        let holds = Arc::new(Holds::default());
        let place = holds.hold("T", 0, 0, wanted("*"));
        let second = holds.hold("T", 0, 0, wanted("*"));
        drop(place);
        assert_eq!(holds.len(), 1);
        drop(second);
        assert!(holds.topics.lock().is_empty());
        arrive(&holds, 1, 0, "");
    }

    #[tokio::test]
    async fn nobody_is_held_after_the_end() {
        let holds = Arc::new(Holds::default());
        holds.close();
        holds.hold("T", 0, 0, wanted("*")).woken().await;
        assert!(holds.is_empty());
    }
}
