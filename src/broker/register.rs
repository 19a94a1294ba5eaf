//! The broker tells its name servers of itself and its topics (Java: `BrokerOuterAPI`,
//! `BrokerController.registerBrokerAll`).
//!
//! Each name server has a task of its own: it is told at the start, whenever topics change, and at regular
//! times. One that is down holds up neither the others nor the broker.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use secrecy::ExposeSecret;
use tokio::sync::watch;

use super::core::Broker;
use crate::config::BrokerConfig;
use crate::protocol::body::BodyError;
use crate::protocol::fastjson;
use crate::protocol::registration;
use crate::protocol::route::{
    BrokerHeader, PERM_READ, PERM_WRITE, RegisterBroker, RegisterBrokerBody, RegisterBrokerHeader,
    UnregisterBroker,
};
use crate::protocol::signature::Credentials;
use crate::protocol::topic::{TopicConfig, TopicConfigTable};
use crate::remoting::{CallError, ClientTls, ClientTlsError, Pool, PoolOptions};
use crate::runtime::{CancellationToken, Tasks, fan_out};

/// How long whoever changed a topic waits for name servers at most.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(3);
/// How soon a name server that did not answer is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How often the list of name servers is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long a name server may take to strike the broker off.
const UNREGISTER_WITHIN: Duration = Duration::from_millis(300);
/// How many name servers are told at once.
const AT_ONCE: usize = 16;

/// Which name servers were told of which version of the topics.
#[derive(Debug, Default)]
pub struct Registrations {
    /// By address: the counter of the version that it was told, or failed to be told, last.
    told: watch::Sender<BTreeMap<String, i64>>,
}

impl Registrations {
    /// The name servers of a list, none of which was told yet.
    pub(crate) fn expecting(name_servers: Option<&str>) -> Self {
        let registrations = Self::default();
        addresses(name_servers.unwrap_or_default()).iter().for_each(|addr| registrations.expect(addr));
        registrations
    }

    /// Waits until every name server was told of this version (its counter) or did not answer, some seconds
    /// at most.
    pub async fn caught_up(&self, version: i64) {
        let mut told = self.told.subscribe();
        let all = told.wait_for(|told| told.values().all(|known| *known >= version));
        // Neither outcome matters: who is waited for goes on either way.
        drop(tokio::time::timeout(CATCH_UP_WITHIN, all).await);
    }

    fn expect(&self, addr: &str) {
        self.told.send_modify(|told| {
            told.entry(addr.to_owned()).or_insert(-1);
        });
    }

    fn note(&self, addr: &str, version: i64) {
        self.told.send_if_modified(|told| match told.get_mut(addr) {
            Some(known) => {
                *known = version;
                true
            }
            None => false,
        });
    }

    fn forget(&self, addr: &str) {
        self.told.send_modify(|told| {
            told.remove(addr);
        });
    }
}

/// Why a name server does not know the broker.
#[derive(Debug, thiserror::Error)]
enum RegisterError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// How the broker connects to others (Java: `BrokerOuterAPI.newAclRPCHook`, `NettyClientConfig.useTLS`).
///
/// # Errors
/// Files of keys or certificates that cannot be used.
pub(super) fn own_options(config: &BrokerConfig) -> Result<PoolOptions, ClientTlsError> {
    let credentials = config
        .auth
        .inner_client()
        .map(|user| Arc::new(Credentials::new(user.username, user.password.expose_secret(), None)));
    let encrypted = config.use_tls || config.tls.connects_by_tls();
    let tls = if encrypted { Some(ClientTls::new(&config.tls.client())?) } else { None };
    Ok(PoolOptions { credentials, tls, ..PoolOptions::default() })
}

/// Keeps the broker registered until `token` is cancelled, then strikes it off.
pub async fn keep_registered(broker: Arc<Broker>, token: CancellationToken) {
    let pool = Arc::new(Pool::new(broker.outward.clone(), None));
    let mut workers: BTreeMap<String, Tasks> = BTreeMap::new();
    loop {
        let wanted = addresses(broker.config().namesrv_addr.as_deref().unwrap_or_default());
        for addr in &wanted {
            workers.entry(addr.clone()).or_insert_with(|| {
                broker.registrations.expect(addr);
                let worker = Tasks::new();
                worker.spawn(tell_again_and_again(broker.clone(), pool.clone(), addr.clone()));
                worker
            });
        }
        workers.retain(|addr, worker| {
            let stays = wanted.contains(addr);
            if !stays {
                worker.token().cancel();
                broker.registrations.forget(addr);
            }
            stays
        });
        tokio::select! {
            () = token.cancelled() => break,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    // A registration under way must not come after the broker was struck off.
    for worker in workers.values() {
        worker.stop(UNREGISTER_WITHIN).await;
    }
    strike_off(&broker, &pool, workers.into_keys().collect()).await;
    pool.close().await;
}

/// Name servers, by semicolon or comma; one that is named twice counts once.
fn addresses(list: &str) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    for addr in list.split([';', ',']).map(str::trim).filter(|addr| !addr.is_empty()) {
        if !addresses.iter().any(|known| known == addr) {
            addresses.push(addr.to_owned());
        }
    }
    addresses
}

async fn tell_again_and_again(broker: Arc<Broker>, pool: Arc<Pool>, addr: String) {
    let mut changes = broker.topics.changes();
    let mut was_told = true;
    loop {
        let version = changes.borrow_and_update().counter;
        let wait = match tell(&broker, &pool, &addr).await {
            Ok(()) => {
                if !was_told {
                    tracing::info!(addr, "the name server knows this broker again");
                }
                was_told = true;
                period(broker.config().register_name_server_period)
            }
            Err(error) => {
                if was_told {
                    tracing::warn!(addr, %error, "the name server does not know this broker");
                }
                was_told = false;
                RETRY_AFTER
            }
        };
        broker.registrations.note(&addr, version);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}

/// How often name servers are told although nothing changed.
fn period(configured_ms: u64) -> Duration {
    Duration::from_millis(configured_ms.clamp(10_000, 60_000))
}

async fn tell(broker: &Broker, pool: &Pool, addr: &str) -> Result<(), RegisterError> {
    let (header, body) = registration(broker)?;
    let limit = Duration::from_millis(broker.config().register_broker_timeout_mills);
    let answer = pool.call::<RegisterBroker>(addr, header, body, limit).await?;
    if let Some(ordered) = answer.body {
        broker.topics.set_ordered(ordered.0.table.keys().map(String::as_str));
    }
    Ok(())
}

fn registration(broker: &Broker) -> Result<(RegisterBrokerHeader, Bytes), BodyError> {
    let config = broker.config();
    let (topics, data_version) = broker.topics.all();
    let topics = topics
        .into_iter()
        .map(|(name, topic)| (name, as_told(topic, config.broker_permission.cast_signed())));
    let body = RegisterBrokerBody {
        filter_server_list: Vec::new(),
        topic_config_serialize_wrapper: TopicConfigTable {
            data_version,
            topic_config_table: topics.collect(),
            ..TopicConfigTable::default()
        },
    };
    let compressed = config.compressed_register;
    let bytes = if compressed {
        registration::deflate(&body)?
    } else {
        fastjson::to_vec(&body).map_err(|error| BodyError::Json(error.to_string()))?
    };
    let identity = &broker.identity;
    let header = RegisterBrokerHeader {
        broker_name: identity.name.clone(),
        broker_addr: identity.addr.clone(),
        cluster_name: identity.cluster.clone(),
        ha_server_addr: format!(
            "{}:{}",
            config.broker_ip2.as_deref().unwrap_or_default(),
            config.ha_listen_port
        ),
        broker_id: identity.id,
        heartbeat_timeout_millis: None,
        enable_acting_master: Some(false),
        compressed: Some(compressed),
        body_crc32: Some(registration::crc(&bytes)),
        zone_name: None,
    };
    Ok((header, bytes.into()))
}

/// A topic as name servers are told of it: a broker that may not be read or written has no topic that may.
fn as_told(topic: TopicConfig, permission: i32) -> TopicConfig {
    let all = PERM_READ | PERM_WRITE;
    if permission & all == all {
        return topic;
    }
    TopicConfig {
        perm: topic.perm & permission,
        read_queue_nums: topic.read_queue_nums,
        write_queue_nums: topic.write_queue_nums,
        ..TopicConfig::new(topic.topic_name, 0)
    }
}

async fn strike_off(broker: &Broker, pool: &Arc<Pool>, name_servers: Vec<String>) {
    let identity = &broker.identity;
    let header = BrokerHeader {
        broker_name: identity.name.clone(),
        broker_addr: identity.addr.clone(),
        cluster_name: identity.cluster.clone(),
        broker_id: identity.id,
    };
    let calls = fan_out(name_servers, AT_ONCE, |addr| {
        let (pool, header) = (pool.clone(), header.clone());
        async move {
            let result = pool.call::<UnregisterBroker>(&addr, header, (), UNREGISTER_WITHIN).await;
            if let Err(error) = result {
                tracing::info!(addr, %error, "the name server is not told that this broker leaves");
            }
        }
    });
    calls.await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_name_servers() {
        let list = |text| addresses(text).join("|");
        assert_eq!(list(""), "");
        assert_eq!(list(" a:1; b:2 ,a:1;;"), "a:1|b:2");
    }

    #[test]
    fn times_between_registrations() {
        let seconds = |ms| period(ms).as_secs();
        assert_eq!([seconds(0), seconds(30_000), seconds(90_000)], [10, 30, 60]);
    }

    #[test]
    fn a_broker_without_permission_has_topics_without() {
        let topic = TopicConfig { order: true, topic_sys_flag: 1, ..TopicConfig::new("T", 8) };
        assert_eq!(as_told(topic.clone(), 6), topic);
        let told = as_told(topic, PERM_READ);
        assert_eq!((told.perm, told.read_queue_nums, told.order), (PERM_READ, 8, false));
        assert_eq!(as_told(TopicConfig::new("T", 8), 0).perm, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_name_servers_waits_for_all_but_not_for_ever() {
        let registrations = Registrations::default();
        registrations.caught_up(5).await;
        registrations.expect("a");
        registrations.expect("b");
        registrations.note("a", 5);
        let before = tokio::time::Instant::now();
        registrations.caught_up(5).await;
        assert_eq!(before.elapsed(), CATCH_UP_WITHIN);
        registrations.note("b", 6);
        registrations.note("c", 6);
        let before = tokio::time::Instant::now();
        registrations.caught_up(5).await;
        assert_eq!(before.elapsed(), Duration::ZERO);
        registrations.forget("a");
        registrations.note("a", 1);
        registrations.caught_up(6).await;
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
}
