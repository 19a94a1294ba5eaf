//! The name server's state and its life: open, run, leave.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::kv::{KvConfig, LoadError};
use super::routes::{MinBrokerNotice, RouteTables, Rules};
use super::{router, settings};
use crate::config::NamesrvConfig;
use crate::protocol::route::{BrokerHeader, NotifyMinBrokerIdChange};
use crate::protocol::{RemotingCommand, code};
use crate::remoting::{
    ClientTls, ClientTlsError, Connection, Outcome, Pool, PoolOptions, Reject, Router, Server, ServerOptions,
    ServerTls, Service, TlsError,
};
use crate::runtime::{CancellationToken, Clock, Tasks};

/// How long the tasks beside the connections may take to end.
const LEAVE_DEADLINE: Duration = Duration::from_millis(300);

/// Longer than any connection lives.
const NEVER: Duration = Duration::from_secs(365 * 24 * 3_600);

/// How long telling a broker may take (Java: `notifyMinBrokerIdChanged`).
const NOTIFY_TIMEOUT: Duration = Duration::from_millis(300);

/// Why a name server could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot listen.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The address to listen on is none.
    #[error("bindAddress {0:?} is not an IP address")]
    Address(String),
    /// Connections cannot be encrypted.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Brokers cannot be connected to by TLS.
    #[error(transparent)]
    ClientTls(#[from] ClientTlsError),
    /// The KV configuration cannot be read.
    #[error(transparent)]
    Kv(#[from] LoadError),
}

/// A name server.
pub struct Namesrv {
    /// The time.
    pub(super) clock: Clock,
    /// When it was opened, in ms since 1970.
    pub(super) opened_at: i64,
    /// Named texts.
    pub(super) kv: KvConfig,
    /// Brokers and topics.
    pub(super) tables: RwLock<RouteTables>,
    config: RwLock<NamesrvConfig>,
    /// Held while a change of the configuration is written, so that nobody waits for the disk to read it.
    changing: Mutex<()>,
    /// The connections that brokers registered over, by id: to close those of silent ones.
    connections: Mutex<HashMap<u64, Arc<Connection>>>,
    /// How many registrations there were.
    registrations: watch::Sender<u64>,
    /// Connections to brokers that must be told something.
    pool: Pool,
    tasks: Tasks,
    router: Router<Namesrv>,
}

impl std::fmt::Debug for Namesrv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Namesrv").field("opened_at", &self.opened_at).finish_non_exhaustive()
    }
}

impl Namesrv {
    fn open(config: NamesrvConfig, clock: Clock) -> Result<Arc<Self>, OpenError> {
        let encrypted = config.tls.connects_by_tls();
        let tls = if encrypted { Some(ClientTls::new(&config.tls.client())?) } else { None };
        let outward = PoolOptions { connect_timeout: NOTIFY_TIMEOUT, tls, ..PoolOptions::default() };
        Ok(Arc::new(Self {
            opened_at: clock.now_ms(),
            clock,
            kv: KvConfig::load(PathBuf::from(&config.kv_config_path))?,
            tables: RwLock::new(RouteTables::new()),
            config: RwLock::new(config),
            changing: Mutex::new(()),
            connections: Mutex::new(HashMap::new()),
            registrations: watch::Sender::new(0),
            pool: Pool::new(outward, None),
            tasks: Tasks::new(),
            router: router::table(),
        }))
    }

    /// Looks at the configuration.
    pub(super) fn config<T>(&self, look: impl FnOnce(&NamesrvConfig) -> T) -> T {
        look(&self.config.read())
    }

    /// What of the configuration the tables look at.
    pub(super) fn rules(&self) -> Rules {
        self.config(settings::rules)
    }

    /// Changes the configuration by Java properties, and keeps it in its file. Blocks on that.
    pub(super) fn reconfigure(&self, properties: &str) -> Result<(), Reject> {
        let _changing = self.changing.lock();
        let (changed, changes) = self.config(|config| settings::changed(config, properties))?;
        settings::store(&changed, &changes).map_err(|error| {
            let path = &changed.config_store_path;
            let remark = format!("the configuration cannot be written to {path}: {error}");
            Reject::new(code::SYSTEM_ERROR, remark)
        })?;
        *self.config.write() = changed;
        Ok(())
    }

    /// Remembers the connection of a broker.
    pub(super) fn remember(&self, peer: &Arc<Connection>) {
        self.connections.lock().entry(peer.id()).or_insert_with(|| peer.clone());
    }

    /// A broker has registered.
    pub(super) fn registered(&self) {
        self.registrations.send_modify(|count| *count += 1);
    }

    /// Waits until the broker with this name and address has registered.
    pub async fn wait_for_broker(&self, name: &str, addr: &str) {
        let mut registrations = self.registrations.subscribe();
        let known = |_: &u64| self.tables.read().has_broker(name, addr);
        // The sender lives as long as this name server does.
        let _ = registrations.wait_for(known).await;
    }

    /// Takes a broker away, and tells the others.
    pub(super) fn unregister(self: &Arc<Self>, broker: &BrokerHeader) {
        let rules = self.rules();
        let notice = self.tables.write().unregister(broker, rules);
        self.notify(notice);
    }

    /// Tells brokers who has the smallest id now, without waiting for them.
    pub(super) fn notify(self: &Arc<Self>, notice: Option<MinBrokerNotice>) {
        let Some(notice) = notice else { return };
        let this = self.clone();
        self.tasks.spawn(async move {
            for addr in notice.recipients {
                let told = this.pool.oneway::<NotifyMinBrokerIdChange>(&addr, notice.header.clone(), ());
                match tokio::time::timeout(NOTIFY_TIMEOUT, told).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(%error, "a broker is not told who acts as master"),
                    Err(_) => tracing::warn!(addr, "a broker is not told in time who acts as master"),
                }
            }
        });
    }

    /// Takes away the brokers that were silent for too long.
    pub(super) fn expire(self: &Arc<Self>) {
        let expired = self.tables.write().expired(self.clock.now_ms());
        for (broker, connection) in expired {
            tracing::warn!(broker = broker.broker_name, addr = broker.broker_addr, "a broker fell silent");
            self.unregister(&broker);
            if let Some(connection) = self.connections.lock().remove(&connection) {
                connection.close();
            }
        }
    }

    /// The request codes that are answered, in order.
    pub fn codes(&self) -> Vec<i32> {
        self.router.codes()
    }
}

/// The name server as the connections see it.
struct Endpoint(Arc<Namesrv>);

impl Service for Endpoint {
    fn call(&self, peer: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        self.0.router.dispatch(&self.0, peer, request)
    }

    /// The brokers that registered over a connection go with it.
    fn closed(&self, peer: &Arc<Connection>) {
        if self.0.connections.lock().remove(&peer.id()).is_none() {
            return;
        }
        let brokers = self.0.tables.read().on_connection(peer.id());
        brokers.iter().for_each(|broker| self.0.unregister(broker));
    }
}

/// Netty takes 0 for never; a year is as good.
fn max_idle(config: &NamesrvConfig) -> Duration {
    match config.server_channel_max_idle_time_seconds {
        0 => NEVER,
        seconds => Duration::from_secs(seconds).min(NEVER),
    }
}

/// An opened name server that listens and is ready to run.
#[derive(Debug)]
pub struct Listening {
    /// The name server.
    pub namesrv: Arc<Namesrv>,
    server: Server,
    addr: SocketAddr,
}

impl Listening {
    /// Reads the KV configuration and listens.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(mut config: NamesrvConfig, clock: Clock) -> Result<Self, OpenError> {
        let ip: IpAddr =
            config.bind_address.parse().map_err(|_| OpenError::Address(config.bind_address.clone()))?;
        let bind = SocketAddr::new(ip, config.listen_port);
        let listen = |source| OpenError::Listen { addr: bind, source };
        let tls = ServerTls::new(config.tls.clone())?;
        config.tls = tls.config().clone();
        let tls = Some(Arc::new(tls));
        let options = ServerOptions { max_idle: max_idle(&config), tls, ..ServerOptions::default() };
        let namesrv = Namesrv::open(config, clock)?;
        let server = Server::bind(bind, options).await.map_err(listen)?;
        let addr = server.local_addr().map_err(listen)?;
        namesrv.config.write().listen_port = addr.port();
        Ok(Self { namesrv, server, addr })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self { namesrv, server, .. } = self;
        let looking = namesrv.clone();
        namesrv.tasks.spawn(async move {
            loop {
                let every = looking.config(|config| config.scan_not_active_broker_interval);
                tokio::time::sleep(Duration::from_millis(every.max(100))).await;
                looking.expire();
            }
        });
        server.run(Arc::new(Endpoint(namesrv.clone())), shutdown).await;
        namesrv.tasks.stop(LEAVE_DEADLINE).await;
        let _ = tokio::time::timeout(LEAVE_DEADLINE, namesrv.pool.close()).await;
    }
}
