//! Name servers tried in turn, and calls to anyone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::addr::namesrv_addrs;
use super::error::ClientError;
use crate::protocol::code;
use crate::protocol::fastjson;
use crate::protocol::request::Request;
use crate::protocol::route::{
    BrokerData, ClusterInfo, GetBrokerClusterInfo, GetRouteinfoByTopic, MASTER_ID, RouteHeader,
    TopicRouteData,
};
use crate::remoting::{Answer, CallError, Pool, PoolOptions, Service};
use crate::runtime::fan_out;

/// How many name servers are asked at the same time when all are.
const FAN_OUT: usize = 16;

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// How long one request may take, connecting included; of a lookup, over all name servers.
    pub timeout: Duration,
    /// How connections are made.
    pub pool: PoolOptions,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), pool: PoolOptions::default() }
    }
}

/// Calls name servers and brokers. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: Pool,
    namesrvs: Vec<String>,
    /// The name server that answered last: the next lookup begins with it.
    preferred: AtomicUsize,
    timeout: Duration,
    /// How connections are made, for clients like this one.
    pool_options: PoolOptions,
}

impl Client {
    /// A client of the name servers in `namesrvs` (see [`namesrv_addrs`]). Nothing is connected yet.
    pub fn new<S: AsRef<str>>(namesrvs: impl IntoIterator<Item = S>, options: ClientOptions) -> Self {
        Self::with_service(namesrvs, options, None)
    }

    /// As [`Client::new`]; `service` answers what brokers ask over these connections.
    pub fn with_service<S: AsRef<str>>(
        namesrvs: impl IntoIterator<Item = S>,
        options: ClientOptions,
        service: Option<Arc<dyn Service>>,
    ) -> Self {
        let shared = Shared {
            pool_options: options.pool.clone(),
            pool: Pool::new(options.pool, service),
            namesrvs: namesrv_addrs(namesrvs),
            preferred: AtomicUsize::new(0),
            timeout: options.timeout,
        };
        Self { shared: Arc::new(shared) }
    }

    /// How long one request may take.
    pub fn timeout(&self) -> Duration {
        self.shared.timeout
    }

    /// The options that make another client like this one.
    pub fn options(&self) -> ClientOptions {
        ClientOptions { timeout: self.shared.timeout, pool: self.shared.pool_options.clone() }
    }

    /// The addresses of the name servers, in the order given.
    pub fn namesrvs(&self) -> &[String] {
        &self.shared.namesrvs
    }

    /// Calls a server at an address within the client's time-out.
    ///
    /// # Errors
    /// [`ClientError::Call`].
    pub async fn call<R: Request>(
        &self,
        addr: &str,
        header: R::Header,
        body: R::Body,
    ) -> Result<Answer<R>, ClientError> {
        self.call_within::<R>(addr, header, body, self.shared.timeout).await
    }

    /// As [`Client::call`] with a time-out of its own.
    ///
    /// # Errors
    /// [`ClientError::Call`].
    pub async fn call_within<R: Request>(
        &self,
        addr: &str,
        header: R::Header,
        body: R::Body,
        timeout: Duration,
    ) -> Result<Answer<R>, ClientError> {
        Ok(self.shared.pool.call::<R>(addr, header, body, timeout).await?)
    }

    /// As [`Client::call_within`], but an answer with any code is one if its header can be read: a pull that
    /// finds nothing has one.
    ///
    /// # Errors
    /// [`ClientError::Call`].
    pub async fn call_any<R: Request>(
        &self,
        addr: &str,
        header: R::Header,
        body: R::Body,
        timeout: Duration,
    ) -> Result<Answer<R>, ClientError> {
        Ok(self.shared.pool.call_any::<R>(addr, header, body, timeout).await?)
    }

    /// Sends a request that is not answered.
    ///
    /// # Errors
    /// [`ClientError::Call`] when there is no connection.
    pub async fn oneway<R: Request>(
        &self,
        addr: &str,
        header: R::Header,
        body: R::Body,
    ) -> Result<(), ClientError> {
        Ok(self.shared.pool.oneway::<R>(addr, header, body).await?)
    }

    /// Asks the name servers in turn until one answers, beginning with the one that answered last. A refusal
    /// is an answer. Within the time-out each one that is left has an equal share of what is left.
    ///
    /// # Errors
    /// [`ClientError::NoNameServer`] when none answers, [`ClientError::Call`] when one refuses.
    pub async fn ask_namesrv<R: Request>(
        &self,
        header: R::Header,
        body: R::Body,
    ) -> Result<Answer<R>, ClientError>
    where
        R::Header: Clone,
        R::Body: Clone,
    {
        let shared = &self.shared;
        let count = shared.namesrvs.len();
        let first = shared.preferred.load(Ordering::Relaxed);
        let deadline = Instant::now() + shared.timeout;
        let mut failures = Vec::new();
        for index in (0..count).map(|turn| (first + turn) % count) {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = share_of(left, count - failures.len());
            let addr = &shared.namesrvs[index];
            match shared.pool.call::<R>(addr, header.clone(), body.clone(), share).await {
                Ok(answer) => {
                    shared.preferred.store(index, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(refusal @ CallError::Refused { .. }) => {
                    shared.preferred.store(index, Ordering::Relaxed);
                    return Err(refusal.into());
                }
                Err(failure) => failures.push(failure),
            }
        }
        if failures.is_empty() {
            Err(ClientError::NoAddress)
        } else {
            Err(ClientError::NoNameServer { failures })
        }
    }

    /// Asks every name server, side by side; results in the order of their addresses. For what must be
    /// written to all of them, as they do not talk to one another.
    pub async fn ask_all_namesrvs<R: Request>(
        &self,
        header: R::Header,
        body: R::Body,
    ) -> Vec<(String, Result<Answer<R>, ClientError>)>
    where
        R::Header: Clone,
        R::Body: Clone,
    {
        fan_out(self.namesrvs(), FAN_OUT, |addr| {
            let (header, body) = (header.clone(), body.clone());
            async move { (addr.clone(), self.call::<R>(addr, header, body).await) }
        })
        .await
    }

    /// Where a topic is.
    ///
    /// # Errors
    /// [`ClientError::TopicNotFound`], and those of [`Client::ask_namesrv`].
    pub async fn route(&self, topic: &str) -> Result<TopicRouteData, ClientError> {
        let header = RouteHeader {
            topic: topic.to_owned(),
            accept_standard_json_only: Some(true),
            ..RouteHeader::default()
        };
        match self.ask_namesrv::<GetRouteinfoByTopic>(header, ()).await {
            Ok(answer) => self.read::<GetRouteinfoByTopic, _>(&answer.body),
            Err(ClientError::Call(CallError::Refused { addr, code: code::TOPIC_NOT_EXIST, .. })) => {
                Err(ClientError::TopicNotFound { topic: topic.to_owned(), namesrv: addr })
            }
            Err(error) => Err(error),
        }
    }

    /// As [`Client::route`]; a topic that does not exist is `None`.
    ///
    /// # Errors
    /// Those of [`Client::ask_namesrv`].
    pub async fn route_if_known(&self, topic: &str) -> Result<Option<TopicRouteData>, ClientError> {
        match self.route(topic).await {
            Err(ClientError::TopicNotFound { .. }) => Ok(None),
            result => result.map(Some),
        }
    }

    /// All clusters and brokers.
    ///
    /// # Errors
    /// Those of [`Client::ask_namesrv`].
    pub async fn cluster_info(&self) -> Result<ClusterInfo, ClientError> {
        let answer = self.ask_namesrv::<GetBrokerClusterInfo>((), ()).await?;
        self.read::<GetBrokerClusterInfo, _>(&answer.body)
    }

    /// The address of a broker's master.
    ///
    /// # Errors
    /// [`ClientError::NoBroker`], and those of [`Client::ask_namesrv`].
    pub async fn master_of(&self, broker_name: &str) -> Result<String, ClientError> {
        let info = self.cluster_info().await?;
        let master = info.broker_addr_table.get(broker_name).and_then(master_addr);
        master
            .map(str::to_owned)
            .ok_or_else(|| ClientError::NoBroker { name: broker_name.to_owned(), what: "master" })
    }

    /// The brokers of a cluster, sorted by name.
    ///
    /// # Errors
    /// [`ClientError::ClusterNotFound`], and those of [`Client::ask_namesrv`].
    pub async fn brokers_of(&self, cluster: &str) -> Result<Vec<BrokerData>, ClientError> {
        let info = self.cluster_info().await?;
        let not_found = || ClientError::ClusterNotFound {
            name: cluster.to_owned(),
            known: info.cluster_addr_table.keys().cloned().collect(),
        };
        let names: &BTreeSet<String> = info.cluster_addr_table.get(cluster).ok_or_else(not_found)?;
        Ok(names.iter().filter_map(|name| info.broker_addr_table.get(name).cloned()).collect())
    }

    /// Closes all connections, when what is queued on them is written.
    pub async fn close(&self) {
        self.shared.pool.close().await;
    }

    fn read<R: Request, T: serde::de::DeserializeOwned>(&self, body: &[u8]) -> Result<T, ClientError> {
        fastjson::from_slice(body).map_err(|error| {
            let index = self.shared.preferred.load(Ordering::Relaxed);
            let addr = self.shared.namesrvs.get(index).cloned().unwrap_or_default();
            CallError::Malformed { addr, request: R::NAME, reason: error.to_string() }.into()
        })
    }
}

/// The address of a broker's master, if it has one.
pub fn master_addr(broker: &BrokerData) -> Option<&str> {
    broker.broker_addrs.get(&MASTER_ID).map(String::as_str)
}

/// The share of the time `left` for the first of `count` that are still to be asked.
fn share_of(left: Duration, count: usize) -> Duration {
    left / u32::try_from(count.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::RemotingCommand;
    use crate::protocol::route::{GetKvConfig, KvKeyHeader};
    use crate::remoting::{Connection, Outcome, Server, ServerOptions};
    use crate::runtime::CancellationToken;

    /// A name server that answers every request with this code and body.
    struct Fixed(i32, &'static str);

    impl Service for Fixed {
        fn call(&self, _: &Arc<Connection>, request: RemotingCommand) -> Outcome {
            let body = self.1.as_bytes().to_vec();
            Outcome::Reply(request.response_to(self.0).with_remark("as told").with_body(body))
        }
    }

    async fn serve(code: i32, body: &'static str) -> String {
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), ServerOptions::default()).await.unwrap();
        let addr = server.local_addr().unwrap().to_string();
        tokio::spawn(server.run(Arc::new(Fixed(code, body)), CancellationToken::new()));
        addr
    }

    /// An address where nobody listens.
    fn nobody() -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_name_server_that_is_down_is_passed_over_and_remembered() {
        let up = serve(0, r#"{"brokerDatas":[{"brokerName":"b","brokerAddrs":{0:"h:1"}}]}"#).await;
        let client = Client::new([nobody(), up], ClientOptions::default());
        let route = client.route("T").await.unwrap();
        assert_eq!(master_addr(&route.broker_datas[0]), Some("h:1"));
        assert_eq!(client.shared.preferred.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn when_none_answers_each_is_named_with_its_cause() {
        let (a, b) = (nobody(), nobody());
        let client = Client::new([&a, &b], ClientOptions::default());
        let error = client.route("T").await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&a) && text.contains(&b) && text.contains("refused"), "{text}");
        assert!(error.is_unreachable() && !error.is_timeout());
        assert!(matches!(
            Client::new(Vec::<String>::new(), ClientOptions::default()).route("T").await,
            Err(ClientError::NoAddress)
        ));
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer() {
        let unknown = serve(code::TOPIC_NOT_EXIST, "").await;
        let client = Client::new([unknown.clone(), nobody()], ClientOptions::default());
        let error = client.route("T").await.unwrap_err();
        assert!(
            matches!(&error, ClientError::TopicNotFound { namesrv, .. } if *namesrv == unknown),
            "{error}"
        );
        assert!(client.route_if_known("T").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_route_that_is_no_json_is_malformed() {
        let client = Client::new([serve(0, "{").await], ClientOptions::default());
        let error = client.cluster_info().await.unwrap_err();
        assert!(error.to_string().contains("GET_BROKER_CLUSTER_INFO"), "{error}");
    }

    #[tokio::test]
    async fn all_name_servers_are_asked_where_all_must_know() {
        let (up, down) = (serve(0, "").await, nobody());
        let client = Client::new([&down, &up], ClientOptions::default());
        let header = KvKeyHeader { namespace: "n".into(), key: "k".into() };
        let answers = client.ask_all_namesrvs::<GetKvConfig>(header, ()).await;
        let seen: Vec<_> = answers.iter().map(|(addr, result)| (addr.clone(), result.is_ok())).collect();
        assert_eq!(seen, [(down, false), (up, true)]);
    }

    #[test]
    fn the_time_left_is_shared_by_those_left() {
        let table = [(3000, 3, 1000), (2000, 2, 1000), (1500, 1, 1500), (900, 0, 900)];
        for (left, count, share) in table {
            assert_eq!(share_of(Duration::from_millis(left), count), Duration::from_millis(share));
        }
    }
}
