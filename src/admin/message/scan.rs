//! Reading a queue from one time or offset to another, as far as an expression matches.

use super::find::Found;
use super::pull::{PullStatus, Queue, TOOLS_GROUP};
use crate::admin::{CommandError, Context};
use crate::output::java_order::{hashed, queue_hash};
use crate::protocol::queue::MessageQueue;
use crate::protocol::route::{PERM_READ, TopicRouteData};
use crate::remoting::CallError;
use crate::runtime::time;

/// How many messages a broker is asked for at once, as mqadmin does.
const BATCH: i32 = 32;

/// The times that a reading is bounded by, in epoch milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    pub begin: Option<i64>,
    pub end: Option<i64>,
}

impl Times {
    /// Reads both as they were typed.
    ///
    /// # Errors
    /// A text that is no time; a beginning after the end.
    pub fn parse(begin: Option<&str>, end: Option<&str>, now: i64) -> Result<Self, CommandError> {
        let at = |text: Option<&str>| text.map(|text| time::parse(text, now)).transpose();
        let times = Times { begin: at(begin)?, end: at(end)? };
        match (times.begin, times.end) {
            (Some(begin), Some(end)) if begin > end => {
                Err(CommandError::usage("the time of -b is after that of -e"))
            }
            _ => Ok(times),
        }
    }
}

/// The queues of a topic that can be read: sorted, or as mqadmin's set of them has them. `route` is that of `of`, the
/// topic itself or the parent of one without a route of its own.
pub fn readable(topic: &str, of: &str, route: &TopicRouteData, as_mqadmin: bool) -> Vec<MessageQueue> {
    let mut queues: Vec<MessageQueue> = route
        .queue_datas
        .iter()
        .filter(|data| data.perm & PERM_READ != 0)
        .flat_map(|data| {
            (0..data.read_queue_nums).map(|queue_id| MessageQueue {
                topic: of.to_owned(),
                broker_name: data.broker_name.clone(),
                queue_id,
            })
        })
        .collect();
    queues.sort();
    if as_mqadmin {
        queues = hashed(queues, queue_hash);
    }
    queues.iter_mut().for_each(|queue| topic.clone_into(&mut queue.topic));
    queues
}

/// What came of a pull.
#[derive(Debug)]
pub enum Step {
    /// Messages; those that the expression does not want are left out.
    Messages(Vec<Found>),
    /// There are messages, but the expression wants none of them; where to go on.
    NothingWanted(i64),
    /// Nothing more is there: why, and where.
    End(PullStatus, i64),
}

/// A queue that is read from an offset on to before another.
#[derive(Debug)]
pub struct Scan<'a> {
    queue: &'a Queue<'a>,
    expression: &'a str,
    at: i64,
    end: i64,
}

impl<'a> Scan<'a> {
    /// From `at` on to before `end`.
    pub fn new(queue: &'a Queue<'a>, expression: &'a str, at: i64, end: i64) -> Self {
        Scan { queue, expression, at, end }
    }

    /// The next pull; none after the end.
    ///
    /// # Errors
    /// Those of the broker.
    pub async fn next(&mut self, ctx: &Context) -> Result<Option<Step>, CallError> {
        if self.at >= self.end {
            return Ok(None);
        }
        let pulled = self.queue.pull_matching(ctx, TOOLS_GROUP, self.expression, self.at, BATCH).await?;
        // A broker that sends back to where we are would keep us here for ever.
        let stays = pulled.next_offset <= self.at;
        self.at = pulled.next_offset;
        match pulled.status {
            PullStatus::Found if !stays => {
                let wanted = pulled.messages.into_iter();
                let wanted = wanted.filter(|found| wants(self.expression, found.message.tags()));
                Ok(Some(Step::Messages(wanted.collect())))
            }
            PullStatus::NoMatchedMsg if !stays => Ok(Some(Step::NothingWanted(self.at))),
            status => {
                self.end = self.at;
                Ok(Some(Step::End(status, self.at)))
            }
        }
    }
}

/// Whether an expression of tags wants a message: brokers know tags by their hashes only (Java:
/// `PullAPIWrapper.processPullResult`).
fn wants(expression: &str, tag: Option<&str>) -> bool {
    let expression = expression.trim();
    if expression.is_empty() || expression == "*" {
        return true;
    }
    let mut tags = expression.split("||").map(str::trim).filter(|tag| !tag.is_empty());
    tag.is_some_and(|tag| tags.any(|wanted| wanted == tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::route::QueueData;

    #[test]
    fn an_expression_wants_its_tags() {
        let table = [
            ("*", None, true),
            ("", Some("a"), true),
            ("a", Some("a"), true),
            ("a || b", Some("b"), true),
            ("a||b", Some("c"), false),
            ("a", None, false),
        ];
        for (expression, tag, want) in table {
            assert_eq!(wants(expression, tag), want, "{expression} {tag:?}");
        }
    }

    #[test]
    fn only_queues_that_can_be_read_are_read() {
        let data = |broker: &str, perm| QueueData {
            broker_name: broker.to_owned(),
            perm,
            read_queue_nums: 2,
            write_queue_nums: 2,
            ..QueueData::default()
        };
        let route =
            TopicRouteData { queue_datas: vec![data("b", 6), data("a", 2)], ..TopicRouteData::default() };
        let queues = readable("%LMQ%x", "Parent", &route, false);
        let shown: Vec<_> =
            queues.iter().map(|q| (q.topic.as_str(), q.broker_name.as_str(), q.queue_id)).collect();
        assert_eq!(shown, [("%LMQ%x", "b", 0), ("%LMQ%x", "b", 1)]);
    }

    #[test]
    fn times_must_be_in_order() {
        assert!(Times::parse(Some("5"), Some("4"), 9).is_err());
        assert!(Times::parse(Some("yesterday"), None, 9).is_err());
        let times = Times::parse(Some("4"), Some("5"), 9).unwrap();
        assert_eq!((times.begin, times.end), (Some(4), Some(5)));
    }
}
