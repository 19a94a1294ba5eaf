//! What a producer and a consumer have in common: an identity, routes that are kept, and heartbeats.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::calls::Client;
use super::error::ClientError;
use super::identity::Identity;
use super::queues::{BrokerAddrs, as_created_by};
use crate::protocol::body::Json;
use crate::protocol::group::{HeartBeat, HeartbeatData, UnregisterClient, UnregisterClientHeader};
use crate::protocol::route::TopicRouteData;
use crate::runtime::{Clock, fan_out};

/// How often brokers are told that a client is alive (Java: `heartbeatBrokerInterval`), and how often routes
/// are looked up anew (Java: `pollNameServerInterval`).
pub const HEARTBEAT: Duration = Duration::from_secs(30);
/// The topic by whose example brokers create unknown ones (Java: `AUTO_CREATE_TOPIC_KEY_TOPIC`).
pub const CREATE_TOPIC_KEY: &str = "TBW102";
/// How many queues such a topic gets (Java: `defaultTopicQueueNums`).
pub const DEFAULT_TOPIC_QUEUES: i32 = 4;
/// After how long a topic that was not there is looked for again.
const MISSING_FOR: Duration = Duration::from_millis(1000);
/// How many brokers are told something at the same time.
const FAN_OUT: usize = 16;
/// How long leaving may take at each broker.
const LEAVE: Duration = Duration::from_secs(1);

/// A client as the cluster sees it.
#[derive(Debug)]
pub struct Session {
    /// Calls.
    pub client: Client,
    /// Who it is.
    pub identity: Identity,
    /// Its time.
    pub clock: Clock,
    routes: Mutex<HashMap<String, Arc<TopicRouteData>>>,
    missing: Mutex<HashMap<String, Instant>>,
    addrs: Mutex<BrokerAddrs>,
    /// The brokers that answered the last heartbeat.
    answered: Mutex<HashSet<String>>,
}

impl Session {
    /// A client that has not said a word yet.
    pub fn new(client: Client, clock: Clock) -> Self {
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let identity = Identity::new(client.namesrvs().first().map(String::as_str), nanos.as_nanos());
        Self {
            client,
            identity,
            clock,
            routes: Mutex::default(),
            missing: Mutex::default(),
            addrs: Mutex::default(),
            answered: Mutex::default(),
        }
    }

    /// Where a topic is, as known; looked up if it is not known yet.
    ///
    /// # Errors
    /// Those of [`Client::route`].
    pub async fn route(&self, topic: &str) -> Result<Arc<TopicRouteData>, ClientError> {
        let known = self.routes.lock().get(topic).cloned();
        match known {
            Some(route) => Ok(route),
            None => self.refresh(topic).await,
        }
    }

    /// As [`Session::route`]; a topic that is not there is taken to be created by the broker on the first
    /// message, by the example of `CREATE_TOPIC_KEY`, where brokers do that.
    ///
    /// # Errors
    /// Those of [`Client::route`]; [`ClientError::TopicNotFound`] names the topic itself.
    pub async fn route_or_example(&self, topic: &str) -> Result<Arc<TopicRouteData>, ClientError> {
        let not_found = match self.route(topic).await {
            Err(error @ ClientError::TopicNotFound { .. }) => error,
            result => return result,
        };
        match self.route(CREATE_TOPIC_KEY).await {
            Ok(example) => Ok(Arc::new(as_created_by((*example).clone(), DEFAULT_TOPIC_QUEUES))),
            Err(ClientError::TopicNotFound { .. }) => Err(not_found),
            Err(error) => Err(error),
        }
    }

    /// Looks a topic up anew. For a moment a topic that is not there is not asked for again.
    ///
    /// # Errors
    /// Those of [`Client::route`].
    pub async fn refresh(&self, topic: &str) -> Result<Arc<TopicRouteData>, ClientError> {
        let gone = self.missing.lock().get(topic).copied();
        if gone.is_some_and(|since| since.elapsed() < MISSING_FOR) {
            return Err(ClientError::TopicNotFound { topic: topic.to_owned(), namesrv: String::new() });
        }
        match self.client.route(topic).await {
            Ok(route) => {
                let route = Arc::new(route);
                self.addrs.lock().learn(&route.broker_datas);
                self.routes.lock().insert(topic.to_owned(), route.clone());
                Ok(route)
            }
            Err(error) => {
                if matches!(error, ClientError::TopicNotFound { .. }) {
                    self.routes.lock().remove(topic);
                    self.missing.lock().insert(topic.to_owned(), Instant::now());
                }
                Err(error)
            }
        }
    }

    /// Looks all known topics up anew; what fails stays as it was.
    pub async fn refresh_all(&self) {
        let topics: Vec<String> = self.routes.lock().keys().cloned().collect();
        for topic in topics {
            if let Err(error) = self.refresh(&topic).await {
                tracing::debug!(topic, %error, "the route is not known anew");
            }
        }
    }

    /// The address of a broker's master.
    ///
    /// # Errors
    /// [`ClientError::NoBroker`].
    pub fn master(&self, broker_name: &str) -> Result<String, ClientError> {
        let addr = self.addrs.lock().master(broker_name);
        addr.ok_or_else(|| ClientError::NoBroker { name: broker_name.to_owned(), what: "master" })
    }

    /// The address of a broker to read from.
    ///
    /// # Errors
    /// [`ClientError::NoBroker`].
    pub fn readable(&self, broker_name: &str, broker_id: i64) -> Result<String, ClientError> {
        let addr = self.addrs.lock().readable(broker_name, broker_id);
        addr.ok_or_else(|| ClientError::NoBroker { name: broker_name.to_owned(), what: "address" })
    }

    /// Tells all known brokers what this client does. Failures are returned with their addresses.
    pub async fn heartbeat(&self, data: &HeartbeatData) -> Vec<(String, ClientError)> {
        let addrs = self.addrs.lock().all(!data.consumer_data_set.is_empty());
        let results = fan_out(addrs, FAN_OUT, |addr| async move {
            self.answered.lock().remove(&addr);
            match self.client.call::<HeartBeat>(&addr, (), Json(data.clone())).await {
                Ok(_) => {
                    self.answered.lock().insert(addr);
                    None
                }
                Err(error) => Some((addr, error)),
            }
        })
        .await;
        results.into_iter().flatten().collect()
    }

    /// Tells the brokers that know this client that it leaves a group. One that did not answer the last heartbeat is
    /// not waited for: it learns of it when the connection is closed.
    pub async fn leave(&self, producer_group: Option<&str>, consumer_group: Option<&str>) {
        let header = UnregisterClientHeader {
            client_id: self.identity.client_id.clone(),
            producer_group: producer_group.map(str::to_owned),
            consumer_group: consumer_group.map(str::to_owned),
        };
        let addrs = std::mem::take(&mut *self.answered.lock());
        let timeout = LEAVE.min(self.client.timeout());
        fan_out(addrs, FAN_OUT, |addr| {
            let header = header.clone();
            async move {
                let left = self.client.call_within::<UnregisterClient>(&addr, header, (), timeout).await;
                if let Err(error) = left {
                    tracing::debug!(addr, %error, "leaving is not known there");
                }
            }
        })
        .await;
    }
}
