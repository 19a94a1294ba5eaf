//! Pop consumption: 400, 200050, 200052, 200054, 200055 (Java: `QueryAssignmentProcessor`, `PopMessageProcessor`,
//! `PeekMessageProcessor`, `NotificationProcessor`, `PollingInfoProcessor`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::pull::unreadable;
use crate::broker::core::Broker;
use crate::broker::filter::Filter;
use crate::broker::names;
use crate::broker::pop::{Ask, PopPlace, Room, Taken, Wanted};
use crate::broker::put;
use crate::broker::reject::{SEE_FAQ, forbidden, invalid, system_error};
use crate::broker::subscription::{self, ALL, TAG};
use crate::protocol::body::Json;
use crate::protocol::pop::{
    Assignments, MAX_POP, Notification, NotificationReply, PeekMessage, PollingInfo, PollingInfoReply,
    PopHeader, PopMessage, PopReply, QueryAssignment,
};
use crate::protocol::route::PERM_READ;
use crate::protocol::{Payload, code};
use crate::remoting::{In, Out, Reject, Reply};

/// By how much a request may be late, in ms (Java: `PopMessageRequestHeader.isTimeoutTooMuch`).
const MAY_BE_LATE: i64 = 500;
/// How long before its time is over a held request is answered, in ms (Java: `PopRequest.isTimeout`).
const ANSWERED_EARLIER: i64 = 50;
/// The remark of an answer with messages, and of one without.
const REMARKS: (&str, &str) = ("FOUND", "NO_MESSAGE_IN_QUEUE");

/// Where messages are asked for.
pub(super) struct Place<'a> {
    pub(super) topic: &'a str,
    pub(super) group: &'a str,
    pub(super) queue: i32,
}

/// Checks in Apache's order; `what` is what the broker's and the topic's permission would forbid.
fn admit(broker: &Broker, place: &Place<'_>, peer: SocketAddr, what: &str) -> Result<(), Reject> {
    let Place { topic, group, queue } = place;
    if broker.config().broker_permission & PERM_READ.unsigned_abs() == 0 {
        return Err(forbidden(format!("the broker[{}] {what} message is forbidden", broker.ip())));
    }
    let Some(config) = broker.topics.get(topic) else {
        let remark = format!("topic[{topic}] not exist, apply first please! {SEE_FAQ}");
        return Err(Reject::new(code::TOPIC_NOT_EXIST, remark));
    };
    if config.perm & PERM_READ == 0 {
        return Err(forbidden(format!("the topic[{topic}] peeking message is forbidden")));
    }
    if *queue >= config.read_queue_nums {
        return Err(invalid(format!(
            "queueId[{queue}] is illegal, topic:[{topic}] topicConfig.readQueueNums:[{}] consumer:[{peer}]",
            config.read_queue_nums
        )));
    }
    let Some(known) = broker.find_group(group) else {
        let remark = format!("subscription group [{group}] does not exist, {SEE_FAQ}");
        return Err(Reject::new(code::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
    };
    if !known.consume_enable {
        return Err(forbidden(format!("subscription group no permission, {group}")));
    }
    Ok(())
}

/// The subscription that came with a pop; everything if none did.
fn subscribed(
    broker: &Broker,
    place: &Place<'_>,
    expression: Option<&str>,
    kind: Option<&str>,
    now: i64,
) -> Result<Filter, Reject> {
    let expression = expression.filter(|expression| !expression.is_empty());
    let (as_kept, kind) = match expression {
        Some(expression) => (expression, kind.filter(|kind| !kind.is_empty()).unwrap_or(TAG)),
        None => (ALL, TAG),
    };
    if let Some(known) = broker.consumers.pulled(place.group, place.topic, as_kept, kind, now) {
        return Filter::new(known, &broker.expressions).map_err(|_| unreadable());
    }
    let read = Arc::new(subscription::build(place.topic, as_kept, Some(kind), now).ok_or_else(unreadable)?);
    let filter = Filter::new(read.clone(), &broker.expressions).map_err(|_| unreadable())?;
    broker.consumers.keep_pulled(place.group, place.topic, &read, now);
    // What comes again is wanted whatever the expression.
    let [v1, v2] = names::pop_retry_topics(place.topic, place.group);
    let retry = if broker.config().enable_retry_topic_v2 { v2 } else { v1 };
    if let Some(all) = subscription::build(&retry, ALL, None, now) {
        broker.consumers.keep_pulled(place.group, &retry, &Arc::new(all), now);
    }
    Ok(filter)
}

/// How many may be held.
fn room(broker: &Broker) -> Room {
    let config = broker.config();
    Room { total: config.max_pop_polling_size, each: config.pop_polling_size }
}

/// How long a request may be held from now on, if at all.
fn hold_for(now: i64, born: Option<i64>, poll_time: i64) -> Option<Duration> {
    let born = born.filter(|born| *born != 0).unwrap_or(now);
    let left = born.saturating_add(poll_time).saturating_sub(now).saturating_sub(ANSWERED_EARLIER);
    let held = u64::try_from(left.min(poll_time)).ok().filter(|left| *left > 0 && poll_time > 0);
    held.map(Duration::from_millis)
}

/// A pop that may take messages.
struct Request {
    ask: Ask,
    until: Option<tokio::time::Instant>,
}

/// 200050.
pub fn pop(broker: &Arc<Broker>, request: In<PopMessage>) -> Reply<PopMessage> {
    let In { header, peer, .. } = request;
    let asked = match admit_pop(broker, header, peer.peer()) {
        Ok(asked) => asked,
        Err(reject) => return Reply::Now(Err(reject)),
    };
    // Held before it looks: what comes meanwhile wakes it.
    let place = asked.hold(broker);
    let taken = match broker.take(&asked.ask) {
        Ok(taken) => taken,
        Err(reject) => return Reply::Now(Err(reject)),
    };
    let broker = broker.clone();
    if taken.count > 0 {
        drop(place);
        pass_on(&broker, &asked.ask, &taken);
        if !put::awaits_disk(&broker, taken.end, taken.end > 0) {
            return Reply::Now(Ok(answer(&asked.ask, taken, code::SUCCESS)));
        }
        return Reply::Later(Box::pin(async move {
            put::on_disk(&broker, taken.end).await;
            Ok(answer(&asked.ask, taken, code::SUCCESS))
        }));
    }
    let (Some(place), Some(until)) = (place, asked.until) else {
        let code = if asked.until.is_some() { code::POLLING_FULL } else { code::POLLING_TIMEOUT };
        return Reply::Now(Ok(answer(&asked.ask, taken, code)));
    };
    Reply::Later(Box::pin(async move {
        tokio::select! {
            result = asked.wait(&broker, place, until) => result,
            // Nothing is taken for a peer that is gone.
            () = peer.over() => Ok(answer(&asked.ask, taken, code::POLLING_TIMEOUT)),
        }
    }))
}

/// What is left is for the next who waits.
fn pass_on(broker: &Broker, ask: &Ask, taken: &Taken) {
    if taken.rest > 0 {
        broker.pop.pops.wake(&ask.topic, &ask.group);
    }
}

impl Request {
    fn hold(&self, broker: &Broker) -> Option<PopPlace> {
        self.until?;
        let wanted = Wanted {
            topic: self.ask.topic.clone(),
            group: self.ask.group.clone(),
            queue: self.ask.queue,
            filter: self.ask.filter.clone(),
        };
        broker.pop.pops.hold(wanted, room(broker))
    }

    /// Waits until there is something to take.
    async fn wait(
        &self,
        broker: &Arc<Broker>,
        mut place: PopPlace,
        until: tokio::time::Instant,
    ) -> Result<Out<PopMessage>, Reject> {
        loop {
            let is_over =
                tokio::time::timeout_at(self.look_again(broker, until), place.woken()).await.is_err()
                    && tokio::time::Instant::now() >= until;
            if is_over || broker.pop.pops.is_closed() {
                let nothing = Taken { pop_time: broker.now(), ..Taken::default() };
                return Ok(answer(&self.ask, nothing, code::POLLING_TIMEOUT));
            }
            // Held anew before it looks, and only then given up: a wake is never lost.
            let held = self.hold(broker);
            let taken = broker.take(&self.ask)?;
            place.satisfied();
            if taken.count > 0 {
                drop((place, held));
                pass_on(broker, &self.ask, &taken);
                if put::awaits_disk(broker, taken.end, taken.end > 0) {
                    put::on_disk(broker, taken.end).await;
                }
                return Ok(answer(&self.ask, taken, code::SUCCESS));
            }
            match held {
                Some(held) => place = held,
                None => return Ok(answer(&self.ask, taken, code::POLLING_FULL)),
            }
        }
    }

    /// When to look again without being woken: when a queue that was popped in order gives something again.
    fn look_again(&self, broker: &Broker, until: tokio::time::Instant) -> tokio::time::Instant {
        let now = broker.now();
        let free = || broker.pop.orders.free_at(&self.ask.topic, &self.ask.group, now);
        let Some(free) = Some(self.ask.ordered).filter(|ordered| *ordered).and_then(|_| free()) else {
            return until;
        };
        let wait = Duration::from_millis(u64::try_from(free - now).unwrap_or(0).max(1));
        until.min(tokio::time::Instant::now() + wait)
    }
}

fn admit_pop(broker: &Broker, header: PopHeader, peer: SocketAddr) -> Result<Request, Reject> {
    let now = broker.now();
    let born = header.born_time.filter(|born| *born != 0).unwrap_or(now);
    if now - born.saturating_add(header.poll_time) > MAY_BE_LATE {
        let remark = format!("the broker[{}] pop message is timeout too much", broker.ip());
        return Err(Reject::new(code::POLLING_TIMEOUT, remark));
    }
    if header.max_msg_nums > MAX_POP {
        return Err(invalid(format!("the broker[{}] pop message's num is greater than 32", broker.ip())));
    }
    if !broker.config().timer_wheel_enable {
        return Err(system_error(format!(
            "the broker[{}] pop message is forbidden because timerWheelEnable is false",
            broker.ip()
        )));
    }
    let place = Place { topic: &header.topic, group: &header.consumer_group, queue: header.queue_id };
    admit(broker, &place, peer, "pop")?;
    let (expression, kind) = (header.exp.as_deref(), header.exp_type.as_deref());
    let filter = subscribed(broker, &place, expression, kind, now)?;
    let hold = hold_for(now, header.born_time, header.poll_time);
    Ok(Request {
        until: hold.map(|hold| tokio::time::Instant::now() + hold),
        ask: Ask {
            topic: header.topic,
            group: header.consumer_group,
            queue: header.queue_id,
            max_messages: usize::try_from(header.max_msg_nums).unwrap_or(0),
            invisible_time: header.invisible_time,
            init_mode: header.init_mode,
            ordered: header.order == Some(true),
            attempt: header.attempt_id,
            filter: Some(filter),
        },
    })
}

fn answer(ask: &Ask, taken: Taken, code: i32) -> Out<PopMessage> {
    let reply = PopReply {
        pop_time: taken.pop_time,
        invisible_time: ask.invisible_time,
        revive_qid: taken.revive_queue,
        rest_num: taken.rest,
        start_offset_info: Some(taken.start_offsets.join(";")),
        msg_offset_info: Some(taken.message_offsets.join(";")),
        order_count_info: ask.ordered.then(|| taken.order_counts.join(";")),
    };
    let remark = if code == code::SUCCESS { REMARKS.0 } else { REMARKS.1 };
    Out::new(reply, Payload::from(taken.messages)).code(code).remark(remark)
}

/// 400.
pub async fn assignment(
    broker: Arc<Broker>,
    request: In<QueryAssignment>,
) -> Result<Out<QueryAssignment>, Reject> {
    let message_queue_assignments = broker.assign(&request.body.0).await;
    Ok(Out::body(Json(Assignments { message_queue_assignments })))
}

/// 200052.
pub fn peek(broker: &Arc<Broker>, request: In<PeekMessage>) -> Result<Out<PeekMessage>, Reject> {
    let In { header, peer, .. } = request;
    let place = Place { topic: &header.topic, group: &header.consumer_group, queue: header.queue_id };
    admit(broker, &place, peer.peer(), "peeking")?;
    let max_messages = usize::try_from(header.max_msg_nums).unwrap_or(0);
    let ask = Ask {
        topic: header.topic,
        group: header.consumer_group,
        queue: header.queue_id,
        max_messages,
        invisible_time: 0,
        init_mode: crate::protocol::pop::INIT_MIN,
        ordered: false,
        attempt: None,
        filter: None,
    };
    let (messages, rest) = broker.peek(&ask);
    let is_empty = messages.is_empty();
    let reply = PopReply { rest_num: rest, ..PopReply::default() };
    let out = Out::new(reply, Payload::from(messages));
    Ok(if is_empty { out.code(code::PULL_NOT_FOUND).remark(REMARKS.1) } else { out.remark(REMARKS.0) })
}

/// 200054.
pub fn notification(broker: &Arc<Broker>, request: In<Notification>) -> Reply<Notification> {
    let In { header, peer, .. } = request;
    let place = Place { topic: &header.topic, group: &header.consumer_group, queue: header.queue_id };
    let now = broker.now();
    let admitted = admit(broker, &place, peer.peer(), "peeking").and_then(|()| {
        let (expression, kind) = (header.exp.as_deref(), header.exp_type.as_deref());
        match expression.filter(|expression| !expression.is_empty()) {
            Some(expression) => subscribed(broker, &place, Some(expression), kind, now).map(Some),
            None => Ok(None),
        }
    });
    let filter = match admitted {
        Ok(filter) => filter,
        Err(reject) => return Reply::Now(Err(reject)),
    };
    let hold = hold_for(now, header.born_time, header.poll_time);
    let ask = Ask {
        topic: header.topic,
        group: header.consumer_group,
        queue: header.queue_id,
        max_messages: 1,
        invisible_time: 0,
        init_mode: crate::protocol::pop::INIT_MIN,
        ordered: header.order == Some(true),
        attempt: header.attempt_id,
        filter,
    };
    let wanted = Wanted {
        topic: ask.topic.clone(),
        group: ask.group.clone(),
        queue: ask.queue,
        filter: ask.filter.clone(),
    };
    let held = hold.map(|hold| (hold, broker.pop.notifications.hold(wanted, room(broker))));
    let told = |has_msg, polling_full| Ok(Out::header(NotificationReply { has_msg, polling_full }));
    if broker.has_popable(&ask) {
        return Reply::Now(told(true, false));
    }
    match held {
        None => Reply::Now(told(false, false)),
        Some((_, None)) => Reply::Now(told(false, true)),
        Some((hold, Some(mut place))) => {
            let broker = broker.clone();
            Reply::Later(Box::pin(async move {
                tokio::select! {
                    _ = tokio::time::timeout(hold, place.woken()) => {}
                    () = peer.over() => {}
                }
                // Each who waits is told for itself: nobody takes anything.
                let has_msg = broker.has_popable(&ask);
                told(has_msg, false)
            }))
        }
    }
}

/// 200055.
pub fn polling_info(broker: &Arc<Broker>, request: In<PollingInfo>) -> Result<Out<PollingInfo>, Reject> {
    let header = &request.header;
    let (topic, group, queue) = (&header.topic, &header.consumer_group, header.queue_id);
    admit(broker, &Place { topic, group, queue }, request.peer.peer(), "peeking")?;
    let held = broker.pop.pops.len(topic, group, queue);
    Ok(Out::header(PollingInfoReply { polling_num: i32::try_from(held).unwrap_or(i32::MAX) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_requests_are_held() {
        let millis = |millis| Some(Duration::from_millis(millis));
        let table = [
            ((1_000, Some(1_000), 500), millis(450)),
            ((1_200, Some(1_000), 500), millis(250)),
            ((1_000, None, 500), millis(450)),
            ((1_000, Some(0), 500), millis(450)),
            // A client whose clock is ahead waits no longer than it asks for.
            ((1_000, Some(9_000), 500), millis(500)),
            ((1_450, Some(1_000), 500), None),
            ((1_000, Some(1_000), 0), None),
            ((1_000, Some(9_000), 0), None),
            ((1_000, Some(1_000), -5), None),
        ];
        for ((now, born, poll), expected) in table {
            assert_eq!(hold_for(now, born, poll), expected, "{now} {born:?} {poll}");
        }
    }
}
