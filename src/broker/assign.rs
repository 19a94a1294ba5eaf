//! Which queues of a topic a member of a group gets its messages from, where the broker shares them out (Java:
//! `QueryAssignmentProcessor`).

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::core::Broker;
use super::names::RETRY_PREFIX;
use crate::client::consumer::allocate;
use crate::client::{Client, ClientOptions, namesrv_addrs, readable};
use crate::protocol::group::MessageRequestMode;
use crate::protocol::pop::{AssignmentQuery, QueueAssignment};
use crate::protocol::queue::MessageQueue;

/// How long name servers are asked for a route.
const LOOKUP_WITHIN: Duration = Duration::from_secs(2);
/// What topics of many queues in one begin with (Java: `MixAll.LMQ_PREFIX`).
const LMQ_PREFIX: &str = "%LMQ%";
/// Java: `AllocateMessageQueueAveragely`.
const AVERAGELY: &str = "AVG";
/// Java: `AllocateMessageQueueAveragelyByCircle`.
const BY_CIRCLE: &str = "AVG_BY_CIRCLE";

/// How queues are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    Averagely,
    ByCircle,
}

impl Strategy {
    fn of(name: &str) -> Option<Self> {
        match name {
            AVERAGELY => Some(Self::Averagely),
            BY_CIRCLE => Some(Self::ByCircle),
            _ => None,
        }
    }

    /// The queues of a member; members and queues are sorted.
    fn share(self, me: &str, members: &[String], queues: &[MessageQueue]) -> Vec<MessageQueue> {
        match self {
            Self::Averagely => allocate(me, members.to_vec(), queues.to_vec()),
            Self::ByCircle => {
                let Some(index) = members.iter().position(|member| member == me) else { return Vec::new() };
                queues.iter().skip(index).step_by(members.len().max(1)).cloned().collect()
            }
        }
    }
}

/// The queues that a member pops from. A pure rule: each pops from all brokers if so many share a member's queues
/// that all do, else from its own queues and those of the next `shared` members.
fn pop_queues(
    strategy: Strategy,
    me: &str,
    members: &[String],
    queues: &[MessageQueue],
    shared: i32,
) -> Vec<MessageQueue> {
    let others = members.len().saturating_sub(1);
    let shared = usize::try_from(shared).unwrap_or(0);
    if shared == 0 || shared >= others {
        let mut all: Vec<_> =
            queues.iter().map(|queue| MessageQueue { queue_id: -1, ..queue.clone() }).collect();
        all.dedup();
        return all;
    }
    let Some(index) = members.iter().position(|member| member == me) else { return Vec::new() };
    if members.len() > queues.len() {
        return queues.get(index % queues.len().max(1)).cloned().into_iter().collect();
    }
    let sharing = (0..=shared).filter_map(|next| members.get((index + next) % members.len()));
    let mut mine: Vec<_> = sharing.flat_map(|member| strategy.share(member, members, queues)).collect();
    mine.sort();
    mine.dedup();
    mine
}

/// Asks name servers for routes.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// With the list of name servers that it asks.
    client: Mutex<Option<(String, Client)>>,
}

impl Routes {
    fn client(&self, broker: &Broker) -> Option<Client> {
        let config = broker.config();
        let wanted = config.namesrv_addr.clone().filter(|list| !list.is_empty())?;
        let mut client = self.client.lock();
        if let Some((list, client)) = &*client
            && *list == wanted
        {
            return Some(client.clone());
        }
        let options = ClientOptions { timeout: LOOKUP_WITHIN, pool: broker.outward.clone() };
        let fresh = Client::new(namesrv_addrs([&wanted]), options);
        *client = Some((wanted, fresh.clone()));
        Some(fresh)
    }

    /// The queues of a topic that may be read: those of all brokers, as name servers know them; while they do not
    /// answer, those of this one.
    async fn queues(&self, broker: &Broker, topic: &str) -> Option<Vec<MessageQueue>> {
        if let Some(client) = self.client(broker) {
            match client.route_if_known(topic).await {
                Ok(Some(route)) => return Some(readable(topic, &route)),
                Ok(None) => {}
                Err(error) => tracing::warn!(topic, %error, "the route of a topic is not known"),
            }
        }
        let config = broker.topics.get(topic)?;
        let queue = |queue_id| MessageQueue {
            topic: topic.to_owned(),
            broker_name: broker.identity.name.clone(),
            queue_id,
        };
        Some((0..config.read_queue_nums).map(queue).collect())
    }
}

impl Broker {
    /// The queues of a member; `None` where it is to keep what it has.
    pub(in crate::broker) async fn assign(
        self: &Arc<Self>,
        query: &AssignmentQuery,
    ) -> Option<Vec<QueueAssignment>> {
        let (mode, shared) = self.request_mode(&query.topic, &query.consumer_group);
        let queues = self.queues_of(query, mode, shared).await?;
        let assignment = |message_queue| QueueAssignment { attachments: None, message_queue, mode };
        Some(queues.into_iter().map(assignment).collect())
    }

    /// How a group gets the messages of a topic, and how many members share a member's queues.
    fn request_mode(&self, topic: &str, group: &str) -> (MessageRequestMode, i32) {
        if let Some(known) = self.request_modes.get(topic, group) {
            return (known.mode, known.pop_share_queue_num);
        }
        let config = self.config();
        let pops = !topic.starts_with(RETRY_PREFIX) && config.default_message_request_mode == "POP";
        if pops {
            (MessageRequestMode::Pop, config.default_pop_share_queue_num)
        } else {
            (MessageRequestMode::Pull, 0)
        }
    }

    async fn queues_of(
        &self,
        query: &AssignmentQuery,
        mode: MessageRequestMode,
        shared: i32,
    ) -> Option<Vec<MessageQueue>> {
        let topic = &query.topic;
        let mut queues = if topic.starts_with(LMQ_PREFIX) {
            let broker_name = self.identity.name.clone();
            vec![MessageQueue { topic: topic.clone(), broker_name, queue_id: 0 }]
        } else {
            self.routes.queues(self, topic).await?
        };
        queues.sort();
        if query.message_model == "BROADCASTING" || !self.config().server_load_balancer_enable {
            return Some(queues);
        }
        let mut members = self.consumers.ids(&query.consumer_group);
        if members.is_empty() {
            return None;
        }
        members.sort();
        let strategy = Strategy::of(query.strategy_name.as_deref().unwrap_or(AVERAGELY))?;
        Some(match mode {
            MessageRequestMode::Pop => pop_queues(strategy, &query.client_id, &members, &queues, shared),
            MessageRequestMode::Pull => strategy.share(&query.client_id, &members, &queues),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(count: i32) -> Vec<MessageQueue> {
        let queue = |queue_id| MessageQueue { topic: "T".into(), broker_name: "b".into(), queue_id };
        (0..count).map(queue).collect()
    }

    fn members(count: usize) -> Vec<String> {
        (0..count).map(|member| format!("m{member}")).collect()
    }

    fn ids(queues: &[MessageQueue]) -> Vec<i32> {
        queues.iter().map(|queue| queue.queue_id).collect()
    }

    #[test]
    fn queues_are_shared_out() {
        let table = [
            (Strategy::Averagely, "m0", 2, 5, vec![0, 1, 2]),
            (Strategy::Averagely, "m1", 2, 5, vec![3, 4]),
            (Strategy::ByCircle, "m1", 2, 5, vec![1, 3]),
            (Strategy::ByCircle, "m3", 4, 2, vec![]),
            (Strategy::ByCircle, "none", 2, 5, vec![]),
        ];
        for (strategy, me, count, number, expected) in table {
            assert_eq!(ids(&strategy.share(me, &members(count), &queues(number))), expected, "{me}");
        }
    }

    #[test]
    fn members_pop_from_all_queues_or_share_some() {
        let pop = |me: &str, count, number, shared| {
            ids(&pop_queues(Strategy::Averagely, me, &members(count), &queues(number), shared))
        };
        let table = [
            (("m0", 3, 4, 0), vec![-1]),
            (("m0", 3, 4, -1), vec![-1]),
            (("m0", 3, 4, 2), vec![-1]),
            (("m0", 3, 3, 1), vec![0, 1]),
            (("m2", 3, 3, 1), vec![0, 2]),
            (("m3", 4, 2, 1), vec![1]),
            (("none", 4, 2, 1), vec![]),
            (("m0", 4, 0, 1), vec![]),
        ];
        for ((me, count, number, shared), expected) in table {
            assert_eq!(pop(me, count, number, shared), expected, "{me} {count} {number} {shared}");
        }
    }

    #[test]
    fn strategies_have_names() {
        assert_eq!(Strategy::of("AVG_BY_CIRCLE"), Some(Strategy::ByCircle));
        assert_eq!(Strategy::of("CONFIG"), None);
    }
}
