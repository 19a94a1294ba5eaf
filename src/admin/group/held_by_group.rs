//! What a broker has of a group beside its members: configuration, offsets, messages to retry, dead letters.

use super::config::present;
use crate::admin::Context;
use crate::admin::ask::{Answers, RETRY_PREFIX};
use crate::admin::error::CommandError;
use crate::admin::targets::Broker;
use crate::protocol::code;
use crate::protocol::group::{
    ConsumerGroupHeader, GetConsumerConnectionList, GroupHeader, QueryTopicsByConsumer,
};
use crate::protocol::topic::{GetTopicStatsInfo, TopicHeader};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;

/// The topic of the messages that a group gave up (Java: `MixAll.DLQ_GROUP_TOPIC_PREFIX`).
pub const DLQ_PREFIX: &str = "%DLQ%";

/// The topics of a group: that of the messages to retry, and that of the dead letters.
pub fn topics(group: &str) -> [String; 2] {
    [RETRY_PREFIX, DLQ_PREFIX].map(|prefix| format!("{prefix}{group}"))
}

/// What of it is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// On which topics it has offsets.
    pub offsets: bool,
    /// Its retry topic and its dead letters.
    pub topics: bool,
}

/// What a broker has of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Whether its configuration is there.
    pub configured: bool,
    /// The topics that it has offsets on, sorted.
    pub offsets_of: Vec<String>,
    /// Messages in its retry topic; none where there is no such topic.
    pub retry_messages: Option<i64>,
    /// Messages that it gave up; none where there are none of them and no topic for them.
    pub dead_letters: Option<i64>,
    /// Members that are connected.
    pub members: usize,
}

impl Held {
    /// Whether there is nothing of the group.
    pub fn is_nothing(&self) -> bool {
        *self == Held::default()
    }

    /// What two brokers have together; members are connected to all of them.
    #[must_use]
    pub fn plus(mut self, other: &Held) -> Held {
        let sum = |a: Option<i64>, b: Option<i64>| match (a, b) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
        };
        self.configured |= other.configured;
        self.offsets_of.extend(other.offsets_of.iter().cloned());
        self.offsets_of.sort();
        self.offsets_of.dedup();
        self.retry_messages = sum(self.retry_messages, other.retry_messages);
        self.dead_letters = sum(self.dead_letters, other.dead_letters);
        self.members = self.members.max(other.members);
        self
    }
}

/// Asks the brokers side by side.
///
/// # Errors
/// All brokers failed.
pub async fn find(
    ctx: &Context,
    group: &str,
    brokers: Vec<Broker>,
    scope: Scope,
) -> Result<Answers<Held>, CommandError> {
    let doing = format!("look for group {group}");
    ctx.ask_each(&doing, brokers, |broker| async move { on_broker(ctx, group, &broker.addr, scope).await })
        .await
}

async fn on_broker(ctx: &Context, group: &str, addr: &str, scope: Scope) -> Result<Held, CallError> {
    let mut held = Held { configured: present(ctx, addr, group).await?.is_some(), ..Held::default() };
    let header = ConsumerGroupHeader { consumer_group: group.to_owned() };
    let members = known(ctx.ask::<GetConsumerConnectionList>(addr, header, ()).await)?;
    held.members = members.map_or(0, |answer| answer.body.0.connection_set.len());
    if scope.offsets {
        let header = GroupHeader { group: group.to_owned() };
        let topics = known(ctx.ask::<QueryTopicsByConsumer>(addr, header, ()).await)?;
        held.offsets_of = topics.map(|answer| answer.body.0.topic_list).unwrap_or_default();
        held.offsets_of.sort();
    }
    if scope.topics {
        let [retry, dead] = topics(group);
        held.retry_messages = messages_in(ctx, addr, retry).await?;
        held.dead_letters = messages_in(ctx, addr, dead).await?;
    }
    Ok(held)
}

/// What a broker refuses to tell, being old, is not known.
fn known<T>(result: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(CallError::Refused { .. } | CallError::Malformed { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// How many messages a topic holds; none where it is not there.
async fn messages_in(ctx: &Context, addr: &str, topic: String) -> Result<Option<i64>, CallError> {
    match ctx.ask::<GetTopicStatsInfo>(addr, TopicHeader { topic }, ()).await {
        Ok(answer) => {
            let queues = answer.body.0.offset_table.into_values();
            let held = queues.map(|queue| queue.max_offset.saturating_sub(queue.min_offset));
            Ok(Some(held.fold(0, i64::saturating_add)))
        }
        Err(CallError::Refused { code: code::TOPIC_NOT_EXIST, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_brokers_have_adds_up() {
        let a = Held {
            configured: true,
            offsets_of: vec!["T".to_owned()],
            retry_messages: Some(2),
            dead_letters: None,
            members: 2,
        };
        let b = Held {
            configured: false,
            offsets_of: vec!["S".to_owned(), "T".to_owned()],
            retry_messages: None,
            dead_letters: Some(4),
            members: 1,
        };
        let both = a.plus(&b);
        assert_eq!(both.offsets_of, ["S", "T"]);
        assert_eq!(
            (both.configured, both.retry_messages, both.dead_letters, both.members),
            (true, Some(2), Some(4), 2)
        );
        assert!(Held::default().is_nothing() && !both.is_nothing());
        assert_eq!(topics("g"), ["%RETRY%g", "%DLQ%g"]);
    }
}
