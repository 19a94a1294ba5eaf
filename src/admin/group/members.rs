//! Who is connected as a member of a consumer group: asked of every broker of the group, put together.

use super::config;
use crate::admin::ask::RETRY_PREFIX;
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::Failure;
use crate::protocol::code;
use crate::protocol::group::{
    Connection, ConsumerConnection, ConsumerGroupHeader, GetConsumerConnectionList, SubscriptionData,
};
use crate::remoting::CallError;
use std::collections::BTreeMap;

/// The members of a group.
#[derive(Debug, Default)]
pub struct Members {
    /// Sorted by client id; each once, however many brokers it is connected to.
    pub connections: Vec<Connection>,
    /// What the group wants, by topic, as the brokers have it.
    pub subscriptions: BTreeMap<String, SubscriptionData>,
    /// `CONSUME_PASSIVELY` and so on; none where nobody is connected.
    pub consume_type: Option<String>,
    pub message_model: Option<String>,
    pub consume_from_where: Option<String>,
    /// Why a broker said that nobody is connected, for the track of a message.
    pub offline: Option<String>,
    pub failures: Vec<Failure>,
}

impl Members {
    /// The oldest version among the members.
    pub fn oldest_version(&self) -> Option<i32> {
        self.connections.iter().map(|connection| connection.version).min()
    }

    /// Adds what another broker says.
    fn add(&mut self, found: ConsumerConnection) {
        for connection in found.connection_set {
            if !self.connections.iter().any(|known| known.client_id == connection.client_id) {
                self.connections.push(connection);
            }
        }
        self.subscriptions.extend(found.subscription_table);
        self.consume_type = self.consume_type.take().or(found.consume_type);
        self.message_model = self.message_model.take().or(found.message_model);
        self.consume_from_where = self.consume_from_where.take().or(found.consume_from_where);
    }
}

/// The brokers of a group: those of its retry topic. None where the name servers do not know that topic, as of a
/// group that has never been online.
///
/// # Errors
/// No name server is reached.
pub async fn brokers_of(ctx: &Context, group: &str) -> Result<Option<Vec<Broker>>, CommandError> {
    let route = ctx.find_route(&format!("{RETRY_PREFIX}{group}")).await?;
    Ok(route.map(|route| targets::of_route(&route)))
}

/// As [`brokers_of`], but a group without a retry topic, one that has never been online, is looked for among the
/// configurations of the brokers.
///
/// # Errors
/// No name server is reached; a group that is not there.
pub async fn known_brokers(ctx: &Context, group: &str) -> Result<Vec<Broker>, CommandError> {
    if let Some(brokers) = brokers_of(ctx, group).await? {
        return Ok(brokers);
    }
    let info = ctx.cluster_info().await?;
    let all = targets::one_of_each_name(info.broker_addr_table.values());
    let holders = config::holders(ctx, group, all).await?;
    if holders.is_empty() {
        return Err(ctx.unknown_group(group).await);
    }
    Ok(holders)
}

/// Asks the brokers side by side. That nobody is connected is an answer, not a failure.
///
/// # Errors
/// All brokers failed.
pub async fn of_brokers(ctx: &Context, group: &str, brokers: Vec<Broker>) -> Result<Members, CommandError> {
    let answers = ctx
        .ask_each(&format!("read the members of group {group}"), brokers, |broker| async move {
            let header = ConsumerGroupHeader { consumer_group: group.to_owned() };
            match ctx.ask::<GetConsumerConnectionList>(&broker.addr, header, ()).await {
                Ok(answer) => Ok(Ok(answer.body.0)),
                Err(CallError::Refused { code: code::CONSUMER_NOT_ONLINE, remark, .. }) => Ok(Err(remark)),
                Err(error) => Err(error),
            }
        })
        .await?;
    let mut members = Members { failures: answers.failures, ..Members::default() };
    for (_, given) in answers.given {
        match given {
            Ok(found) => members.add(found),
            Err(remark) => members.offline = Some(remark),
        }
    }
    members.connections.sort_by(|a, b| a.client_id.cmp(&b.client_id));
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ids: &[(&str, i32)], topic: &str) -> ConsumerConnection {
        let connection = |(id, version): &(&str, i32)| Connection {
            client_id: (*id).to_owned(),
            version: *version,
            ..Connection::default()
        };
        ConsumerConnection {
            connection_set: ids.iter().map(connection).collect(),
            consume_type: Some("CONSUME_PASSIVELY".to_owned()),
            subscription_table: BTreeMap::from([(topic.to_owned(), SubscriptionData::default())]),
            ..ConsumerConnection::default()
        }
    }

    #[test]
    fn a_member_of_several_brokers_counts_once() {
        let mut members = Members::default();
        members.add(found(&[("b", 5), ("a", 7)], "T"));
        members.add(found(&[("b", 5), ("c", 3)], "U"));
        assert_eq!(members.connections.len(), 3);
        assert_eq!(members.oldest_version(), Some(3));
        assert_eq!(members.subscriptions.len(), 2);
        assert_eq!(Members::default().oldest_version(), None);
    }
}
