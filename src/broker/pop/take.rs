//! Taking messages out of queues.

use bytes::Bytes;

use super::order::Ordered;
use super::orders::Queue;
use super::record::Checkpoint;
use crate::broker::core::Broker;
use crate::broker::count::Moved;
use crate::broker::filter::Filter;
use crate::broker::names;
use crate::broker::random;
use crate::protocol::message::{Message, MessageView, property};
use crate::protocol::pop::{INIT_MIN, ORDER_REVIVE_QUEUE, PopHandle, PopTopic};
use crate::remoting::Reject;
use crate::store::{MessageFilter, ReadRequest, ReadResult, ReadStatus};

/// The most that one pop may ask for in bytes.
const MAX_BYTES: usize = 128 << 20;

/// What is asked for.
#[derive(Debug, Clone)]
pub(in crate::broker) struct Ask {
    pub(in crate::broker) topic: String,
    pub(in crate::broker) group: String,
    /// A negative one is any.
    pub(in crate::broker) queue: i32,
    pub(in crate::broker) max_messages: usize,
    /// In ms.
    pub(in crate::broker) invisible_time: i64,
    pub(in crate::broker) init_mode: i32,
    pub(in crate::broker) ordered: bool,
    pub(in crate::broker) attempt: Option<String>,
    pub(in crate::broker) filter: Option<Filter>,
}

/// What was taken.
#[derive(Debug, Default)]
pub(in crate::broker) struct Taken {
    pub(in crate::broker) pop_time: i64,
    pub(in crate::broker) revive_queue: i32,
    /// The messages as clients get them.
    pub(in crate::broker) messages: Vec<Bytes>,
    pub(in crate::broker) count: usize,
    /// How many are left.
    pub(in crate::broker) rest: i64,
    /// See the reply's header.
    pub(in crate::broker) start_offsets: Vec<String>,
    pub(in crate::broker) message_offsets: Vec<String>,
    pub(in crate::broker) order_counts: Vec<String>,
    /// Commit log offset behind what was written of it.
    pub(in crate::broker) end: i64,
}

/// A topic that is popped from.
#[derive(Debug, Clone)]
pub(in crate::broker) struct Source {
    pub(in crate::broker) topic: String,
    pub(in crate::broker) kind: PopTopic,
    /// The queues, in the order in which they are tried.
    pub(in crate::broker) queues: Vec<i32>,
}

/// The queues from a random one on.
fn from_random(chance: i32, number: i32) -> Vec<i32> {
    (0..number).map(|index| (chance + index) % number).collect()
}

impl Broker {
    /// The topics to pop from, in order: the retry topics come before the topic now and then, so that neither
    /// starves, and after it else. `chance` is a number below 100. (Apache's broker looks at one kind of retry
    /// topic a time, and lets a pop wait for what is in the other.)
    pub(in crate::broker) fn pop_sources(&self, ask: &Ask, chance: i32) -> Vec<Source> {
        let config = self.config();
        let queues = self.topics.get(&ask.topic).map_or(0, |topic| topic.read_queue_nums);
        let own = Source {
            topic: ask.topic.clone(),
            kind: PopTopic::Normal,
            queues: if ask.queue < 0 { from_random(chance, queues) } else { vec![ask.queue] },
        };
        if ask.ordered {
            return vec![own];
        }
        let [v1, v2] = names::pop_retry_topics(&ask.topic, &ask.group);
        let mut kinds = vec![(v1, PopTopic::RetryV1)];
        if config.enable_retry_topic_v2 {
            kinds.insert(0, (v2, PopTopic::RetryV2));
            if !config.retrieve_message_from_pop_retry_topic_v1 {
                kinds.truncate(1);
            } else if chance % 2 == 0 {
                kinds.swap(0, 1);
            }
        }
        let retries = kinds.into_iter().map(|(topic, kind)| {
            let queues = self.topics.get(&topic).map_or(0, |topic| topic.read_queue_nums);
            Source { topic, kind, queues: from_random(chance, queues) }
        });
        let first = u32::try_from(chance).is_ok_and(|chance| chance < config.pop_from_retry_probability);
        if first { retries.chain([own]).collect() } else { [own].into_iter().chain(retries).collect() }
    }

    /// Takes messages.
    ///
    /// # Errors
    /// That of the store or the limits for the record of a pop; what was taken until then is given out.
    pub(in crate::broker) fn take(&self, ask: &Ask) -> Result<Taken, Reject> {
        let revive_queue = if ask.ordered {
            ORDER_REVIVE_QUEUE
        } else {
            self.pop.next_revive_queue(i32::try_from(self.config().revive_queue_num).unwrap_or(1))
        };
        let mut taken = Taken { pop_time: self.now(), revive_queue, ..Taken::default() };
        for source in self.pop_sources(ask, random::below(100)) {
            for queue in &source.queues {
                if let Err(reject) = self.take_from(ask, &source, *queue, &mut taken) {
                    return if taken.count == 0 { Err(reject) } else { Ok(taken) };
                }
            }
        }
        Ok(taken)
    }

    fn take_from(&self, ask: &Ask, source: &Source, queue: i32, taken: &mut Taken) -> Result<(), Reject> {
        let place = Queue { topic: &source.topic, group: &ask.group, queue };
        let _lock = self.pop.lock(place.topic, place.group, queue);
        let offset = self.pop_offset(place, ask.init_mode, true);
        let now = self.now();
        if ask.ordered && self.pop.orders.blocks(place, ask.attempt.as_deref(), ask.invisible_time, now) {
            return Ok(());
        }
        let room = ask.max_messages.saturating_sub(taken.count);
        if room == 0 {
            taken.rest += (self.store.max_offset(place.topic, queue).unwrap_or(0) - offset).max(0);
            return Ok(());
        }
        let (offset, result) = self.read_for_pop(ask, place, offset, room);
        let offsets = offsets(&result);
        if offsets.is_empty() {
            let passed_over = matches!(
                result.status,
                ReadStatus::NoMatchedMessage | ReadStatus::OffsetFoundNull | ReadStatus::MessageWasRemoving
            );
            if passed_over && result.next_begin_offset > offset {
                self.offsets.commit(place.group, place.topic, queue, result.next_begin_offset, now);
            }
        } else {
            self.keep_pop(ask, source, place, (offset, &offsets, &result), taken)?;
            let moved = Moved {
                topic: place.topic,
                queue_id: queue,
                messages: offsets.len(),
                bytes: result.total_bytes,
                began: taken.pop_time,
            };
            self.count_get(place.group, &moved);
            let handle = self.handle(ask, source, queue, offset, taken);
            taken.count += offsets.len();
            taken.messages.extend(given_out(result.slices, &ask.topic, &handle));
        }
        taken.rest += (result.max_offset - result.next_begin_offset).max(0);
        Ok(())
    }

    fn handle(&self, ask: &Ask, source: &Source, queue: i32, offset: i64, taken: &Taken) -> PopHandle {
        PopHandle {
            start_offset: offset,
            pop_time: taken.pop_time,
            invisible_time: ask.invisible_time,
            revive_queue: taken.revive_queue,
            topic: source.kind,
            broker_name: self.identity.name.clone(),
            queue_id: queue,
            offset: None,
        }
    }

    /// Reads from an offset, or from where the queue says if it does not have it. Returns the offset read from.
    fn read_for_pop(&self, ask: &Ask, place: Queue<'_>, offset: i64, room: usize) -> (i64, ReadResult) {
        let filter = ask.filter.as_ref();
        let wants_tag = |tags_code| filter.is_none_or(|filter| filter.wants_tag(tags_code));
        let wants_message = |one: &MessageView<'_>| filter.is_none_or(|filter| filter.wants_message(one));
        let read = |offset| {
            self.store.read(&ReadRequest {
                topic: place.topic,
                queue_id: place.queue,
                offset,
                max_messages: room,
                max_bytes: MAX_BYTES,
                by_tags: if filter.is_none_or(Filter::is_all) { None } else { Some(&wants_tag) },
                by_message: filter
                    .is_some_and(Filter::looks_at_messages)
                    .then_some(&wants_message as MessageFilter<'_>),
            })
        };
        let result = read(offset);
        let is_elsewhere = matches!(
            result.status,
            ReadStatus::OffsetTooSmall | ReadStatus::OffsetOverflowBadly | ReadStatus::OffsetFoundNull
        );
        if !is_elsewhere {
            return (offset, result);
        }
        let next = result.next_begin_offset;
        tracing::info!(topic = place.topic, group = place.group, offset, next, "a pop goes on elsewhere");
        self.offsets.commit(place.group, place.topic, place.queue, next, self.now());
        (next, read(next))
    }

    /// Writes down what is popped, and commits the offset. Messages that are not written down are not given out.
    fn keep_pop(
        &self,
        ask: &Ask,
        source: &Source,
        place: Queue<'_>,
        (offset, offsets, result): (i64, &[i64], &ReadResult),
        taken: &mut Taken,
    ) -> Result<(), Reject> {
        let code = source.kind.code();
        if ask.ordered {
            let info = self.pop.orders.popped(place, code, |before| {
                let attempt = ask.attempt.as_deref();
                Ordered::new(attempt, taken.pop_time, ask.invisible_time, offsets, before)
            });
            taken.order_counts.extend(info);
            self.offsets.commit(place.group, place.topic, place.queue, offset, self.now());
        } else {
            let point = Checkpoint {
                broker_name: self.identity.name.clone(),
                group: place.group.to_owned(),
                offsets: offsets.iter().map(|one| i32::try_from(one - offset).unwrap_or(i32::MAX)).collect(),
                invisible_time: ask.invisible_time,
                number: i8::try_from(offsets.len()).unwrap_or(i8::MAX),
                pop_time: taken.pop_time,
                queue_id: place.queue,
                start_offset: offset,
                topic: place.topic.to_owned(),
                ..Checkpoint::default()
            };
            taken.end = taken.end.max(self.keep_checkpoint(&point, taken.revive_queue)?);
            let next = result.next_begin_offset;
            self.offsets.commit(place.group, place.topic, place.queue, next, self.now());
        }
        let queue = place.queue;
        taken.start_offsets.push(format!("{code} {queue} {offset}"));
        let list: Vec<_> = offsets.iter().map(i64::to_string).collect();
        taken.message_offsets.push(format!("{code} {queue} {}", list.join(",")));
        Ok(())
    }

    /// Where a group pops next from a queue. `init` commits where a new group begins.
    pub(in crate::broker) fn pop_offset(&self, place: Queue<'_>, init_mode: i32, init: bool) -> i64 {
        let (topic, group, queue) = (place.topic, place.group, place.queue);
        let use_reset = init && self.config().use_server_side_reset_offset;
        if use_reset && let Some(reset) = self.offsets.take_reset(group, topic, queue) {
            self.pop.orders.clear(place);
            self.offsets.commit(group, topic, queue, reset, self.now());
            return reset;
        }
        if let Some(offset) = self.offsets.get(group, topic, queue).filter(|offset| *offset >= 0) {
            return offset;
        }
        let offset = self.first_pop_offset(topic, queue, init_mode);
        if init {
            self.offsets.commit(group, topic, queue, offset, self.now());
        }
        offset
    }

    /// Where a new group begins (Java: `PopMessageProcessor.getInitOffset`): one that begins at the end gets the
    /// last message, or everything while the topic is young.
    fn first_pop_offset(&self, topic: &str, queue: i32, init_mode: i32) -> i64 {
        let min = self.store.min_offset(topic, queue).unwrap_or(0);
        if init_mode == INIT_MIN || topic.starts_with(names::RETRY_PREFIX) {
            return min;
        }
        let is_young = self.config().init_pop_offset_by_check_msg_in_mem
            && min <= 0
            && !self.store.is_on_disk_only(topic, queue, 0);
        if is_young { 0 } else { (self.store.max_offset(topic, queue).unwrap_or(0) - 1).max(0) }
    }
}

/// The messages of slices, one by one.
fn split(slices: &[Bytes]) -> impl Iterator<Item = Bytes> {
    slices.iter().flat_map(|slice| {
        let mut rest = slice.clone();
        std::iter::from_fn(move || {
            let len = MessageView::parse(&rest).ok()?.total_len();
            Some(rest.split_to(len.min(rest.len())))
        })
    })
}

/// The queue offsets of the messages that were read.
fn offsets(result: &ReadResult) -> Vec<i64> {
    split(&result.slices).filter_map(|one| Some(MessageView::parse(&one).ok()?.queue_offset())).collect()
}

/// The messages as clients get them: those of a retry topic with the topic that they had first, and with their
/// handle, which clients could not put together.
fn given_out(slices: Vec<Bytes>, topic: &str, handle: &PopHandle) -> Vec<Bytes> {
    if handle.topic == PopTopic::Normal {
        return slices;
    }
    split(&slices)
        .filter_map(|one| {
            let mut message = Message::decode(&one).ok()?;
            if !message.properties.contains(property::POP_CK) {
                let own = PopHandle { offset: Some(message.queue_offset), ..handle.clone() };
                message.properties.set(property::POP_CK, own.to_string());
            }
            topic.clone_into(&mut message.topic);
            let mut out = Vec::with_capacity(one.len() + 128);
            message.encode(&mut out).ok()?;
            Some(out.into())
        })
        .collect()
}
