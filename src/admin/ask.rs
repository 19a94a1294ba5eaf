//! How a command asks: name servers in turn, brokers side by side.

use super::context::Context;
use super::error::{CommandError, ErrorKind};
use super::targets::{self, Broker, Roles, unknown};
use crate::client::ClientError;
use crate::output::Failure;
use crate::protocol::code;
use crate::protocol::request::Request;
use crate::protocol::route::{ClusterInfo, GetAllTopicListFromNameserver, TopicRouteData};
use crate::remoting::{Answer, CallError};

/// The topic of the messages that a group is to consume again (Java: `MixAll.RETRY_GROUP_TOPIC_PREFIX`).
pub const RETRY_PREFIX: &str = "%RETRY%";

/// The topics that have no route of their own (Java: `MixAll.LMQ_PREFIX`).
pub const LMQ_PREFIX: &str = "%LMQ%";
/// The topic of timed messages, which has no route of its own either.
pub const WHEEL_TIMER: &str = "rmq_sys_wheel_timer";

/// What several brokers said: answers of some, failures of others.
#[derive(Debug)]
pub struct Answers<T> {
    pub given: Vec<(Broker, T)>,
    pub failures: Vec<Failure>,
}

/// The error for a call that failed while `doing` (as in "create topic T").
pub fn failed(doing: &str, error: &CallError) -> CommandError {
    let kind = match error {
        CallError::Connect { source, .. } if source.kind() == std::io::ErrorKind::InvalidInput => {
            ErrorKind::Usage
        }
        CallError::Connect { .. } | CallError::Tls { .. } | CallError::Closed { .. } => {
            ErrorKind::Unreachable
        }
        CallError::Timeout { .. } => ErrorKind::Timeout,
        CallError::Refused { .. } | CallError::Malformed { .. } => ErrorKind::Refused,
    };
    let mut failure = CommandError::new(kind, format!("cannot {doing} on {}", error.addr()))
        .caused_by(error)
        .at(error.addr());
    failure.code = error.code();
    match error {
        CallError::Connect { source, .. } if source.kind() == std::io::ErrorKind::InvalidInput => {
            failure.hint("an address is HOST:PORT; rmq clusterList shows those of the brokers")
        }
        CallError::Connect { .. } => {
            failure.hint("does it run? rmq clusterList shows the brokers that are alive")
        }
        CallError::Tls { .. } => failure
            .hint("does it take TLS? rmq help tls says which certificates are trusted and how others are"),
        CallError::Closed { .. } => failure.hint("does it want TLS? --tls encrypts connections"),
        CallError::Timeout { .. } => failure.hint("--timeout gives it more time"),
        CallError::Refused { code: code::REQUEST_CODE_NOT_SUPPORTED, .. } => {
            failure.hint("the server is of a version, or of a kind, that does not have this")
        }
        _ => failure,
    }
}

/// A broker's failure as one of several.
pub fn failure_of(broker: &Broker, error: &CallError) -> Failure {
    let target = if broker.broker_name.is_empty() { &broker.addr } else { &broker.broker_name };
    let mut message = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        message = format!("{message}: {source}");
        next = source.source();
    }
    Failure { target: target.clone(), addr: Some(broker.addr.clone()), code: error.code(), message }
}

impl Context {
    /// Asks one server.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn ask<R: Request>(
        &self,
        addr: &str,
        header: R::Header,
        body: R::Body,
    ) -> Result<Answer<R>, CallError> {
        self.client.call::<R>(addr, header, body).await.map_err(|error| match error {
            ClientError::Call(call) => call,
            other => {
                CallError::Malformed { addr: addr.to_owned(), request: R::NAME, reason: other.to_string() }
            }
        })
    }

    /// Asks the name servers in turn, until one is reached; its refusal is the inner error.
    ///
    /// # Errors
    /// That none was reached.
    pub async fn ask_namesrv<R>(
        &self,
        header: R::Header,
        body: R::Body,
    ) -> Result<Result<Answer<R>, CallError>, CommandError>
    where
        R: Request,
        R::Header: Clone,
        R::Body: Clone,
    {
        self.namesrv.addrs()?;
        match self.client.ask_namesrv::<R>(header, body).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(ClientError::Call(error)) => Ok(Err(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// All brokers and clusters that the name servers know.
    ///
    /// # Errors
    /// No name server is reached or it refuses.
    pub async fn cluster_info(&self) -> Result<ClusterInfo, CommandError> {
        self.namesrv.addrs()?;
        Ok(self.client.cluster_info().await?)
    }

    /// The broker at an address, or those of a cluster, sorted by name and id: what `-b` or `-c` mean. Where both are
    /// given the broker wins, as with mqadmin; it needs no name server.
    ///
    /// # Errors
    /// No name server is reached; an unknown cluster; neither is given.
    pub async fn brokers_at(
        &self,
        broker_addr: Option<&str>,
        cluster: Option<&str>,
        roles: Roles,
    ) -> Result<Vec<Broker>, CommandError> {
        match (broker_addr, cluster) {
            (Some(addr), _) => Ok(vec![targets::at_addr(None, addr)]),
            (None, Some(cluster)) => targets::in_cluster(&self.cluster_info().await?, cluster, roles),
            (None, None) => Err(CommandError::usage("a broker (-b) or a cluster (-c) is needed")),
        }
    }

    /// Where a topic is; none where the name servers do not know it.
    ///
    /// # Errors
    /// No name server is reached or it refuses for another reason.
    pub async fn find_route(&self, topic: &str) -> Result<Option<TopicRouteData>, CommandError> {
        self.namesrv.addrs()?;
        Ok(self.client.route_if_known(topic).await?)
    }

    /// Where a topic is.
    ///
    /// # Errors
    /// As [`Context::find_route`]; a topic that is not there.
    pub async fn route(&self, topic: &str) -> Result<TopicRouteData, CommandError> {
        match self.find_route(topic).await? {
            Some(route) => Ok(route),
            None => Err(self.unknown_topic(topic).await),
        }
    }

    /// The names of all topics, in the order in which the name server gave them.
    ///
    /// # Errors
    /// No name server is reached or it refuses.
    pub async fn topic_names(&self) -> Result<Vec<String>, CommandError> {
        let answer = self.ask_namesrv::<GetAllTopicListFromNameserver>((), ()).await?;
        answer.map(|answer| answer.body.0.topic_list).map_err(|error| failed("list the topics", &error))
    }

    /// The names of the consumer groups that have a topic of messages to consume again, as all have that were created
    /// or have consumed.
    ///
    /// # Errors
    /// As [`Context::topic_names`].
    pub async fn group_names(&self) -> Result<Vec<String>, CommandError> {
        let topics = self.topic_names().await?;
        Ok(topics.iter().filter_map(|topic| topic.strip_prefix(RETRY_PREFIX)).map(str::to_owned).collect())
    }

    /// The error for a topic that is not there, with names like it.
    pub async fn unknown_topic(&self, topic: &str) -> CommandError {
        let names = self.topic_names().await;
        let known = names.iter().flatten().map(String::as_str);
        let error = unknown("topic", topic, known);
        match names {
            Ok(names) if names.is_empty() => error.hint("no broker has registered with the name server"),
            _ => error.hint("rmq topicList shows the topics"),
        }
    }

    /// The error for a consumer group that is not there, with names like it.
    pub async fn unknown_group(&self, group: &str) -> CommandError {
        let groups = self.group_names().await.unwrap_or_default();
        unknown("consumer group", group, groups.iter().map(String::as_str))
            .hint("rmq consumerProgress shows the groups")
    }

    /// Asks every broker side by side.
    ///
    /// # Errors
    /// That all of them failed.
    pub async fn ask_each<T, F, Fut>(
        &self,
        doing: &str,
        brokers: Vec<Broker>,
        work: F,
    ) -> Result<Answers<T>, CommandError>
    where
        F: Fn(Broker) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        let count = brokers.len();
        let work = &work;
        let results = self
            .fan_out(brokers, |broker| async move {
                let result = work(broker.clone()).await;
                (broker, result)
            })
            .await;
        let mut answers = Answers { given: Vec::with_capacity(count), failures: Vec::new() };
        let mut first: Option<CallError> = None;
        for (broker, result) in results {
            match result {
                Ok(value) => answers.given.push((broker, value)),
                Err(error) => {
                    answers.failures.push(failure_of(&broker, &error));
                    first.get_or_insert(error);
                }
            }
        }
        match first {
            Some(error) if answers.given.is_empty() => Err(all_failed(doing, &error, &answers.failures)),
            _ => Ok(answers),
        }
    }
}

/// The error for brokers that all failed; of the kind of the first.
fn all_failed(doing: &str, first: &CallError, failures: &[Failure]) -> CommandError {
    let mut error = failed(doing, first);
    if failures.len() > 1 {
        error.message = format!("cannot {doing} on any of {} brokers", failures.len());
        error.causes = failures.iter().map(ToString::to_string).collect();
        error.addr = None;
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::context::tests::quiet_context;
    use crate::admin::targets::at_addr;
    use std::time::Duration;

    fn refused(addr: &str, code: i32, remark: &str) -> CallError {
        CallError::Refused { addr: addr.into(), request: "X", code, remark: remark.into() }
    }

    #[test]
    fn the_kind_of_an_error_follows_from_the_call() {
        let timeout = CallError::Timeout { addr: "a:1".into(), request: "X", after: Duration::from_secs(1) };
        let error = failed("create topic T", &timeout);
        assert_eq!(error.message, "cannot create topic T on a:1");
        assert_eq!((error.kind, error.kind.exit_code()), (ErrorKind::Timeout, 4));
        assert!(error.hints[0].contains("--timeout"), "{:?}", error.hints);
        let error = failed("create topic T", &refused("a:1", 16, "no permission"));
        assert_eq!((error.kind.exit_code(), error.code), (1, Some(16)));
        let source = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let error = failed("x", &CallError::Connect { addr: "a:1".into(), source });
        assert_eq!(error.kind.exit_code(), 4);
        assert_eq!(error.causes, ["cannot connect to a:1", "connection refused"]);
        let source = std::io::Error::from(std::io::ErrorKind::InvalidInput);
        let error = failed("x", &CallError::Connect { addr: "broker-a".into(), source });
        assert_eq!(error.kind.exit_code(), 2);
        assert!(error.hints[0].contains("HOST:PORT"), "{:?}", error.hints);
    }

    #[tokio::test]
    async fn some_failures_are_told_and_only_failures_are_an_error() {
        let ctx = quiet_context();
        let brokers = || vec![at_addr(None, "a:1"), at_addr(None, "b:2")];
        let some = ctx
            .ask_each("do it", brokers(), |broker| async move {
                if broker.addr == "a:1" { Ok(1) } else { Err(refused(&broker.addr, 1, "no")) }
            })
            .await
            .unwrap();
        assert_eq!((some.given.len(), some.failures.len()), (1, 1));
        assert_eq!(some.failures[0].code, Some(1));
        let none = ctx
            .ask_each(
                "do it",
                brokers(),
                |broker| async move { Err::<(), _>(refused(&broker.addr, 1, "no")) },
            )
            .await
            .unwrap_err();
        assert_eq!(none.message, "cannot do it on any of 2 brokers");
        assert_eq!(none.causes.len(), 2);
        assert_eq!(none.kind.exit_code(), 1);
    }
}
