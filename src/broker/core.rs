//! The broker's state and its life: open, run, leave.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use parking_lot::RwLock;
use tokio::sync::watch;

use super::assign::Routes;
use super::auth::Auth;
use super::built_in::BuiltInTopics;
use super::clients::{Consumers, Producers};
use super::cold_data::ColdDataLimits;
use super::config_file::ConfigFile;
use super::filter::Expressions;
use super::groups::Groups;
use super::hold::Holds;
use super::locks::QueueLocks;
use super::names::{REVIVE_LOG_PREFIX, TIMER_TOPIC};
use super::offsets::Offsets;
use super::pop::Pop;
use super::put::Told;
use super::register::{Registrations, keep_registered};
use super::request_modes::RequestModes;
use super::saved::{self, TableError};
use super::schedule::{DELAY_OFFSETS_FILE, Schedule};
use super::stats::Stats;
use super::timer::Timer;
use super::timer::rule::Limits;
use super::topics::Topics;
use super::transaction::Ended;
use crate::config::BrokerConfig;
use crate::protocol::RemotingCommand;
use crate::protocol::group::SubscriptionGroupConfig;
use crate::protocol::message::UniqueIds;
use crate::remoting::{
    ClientTlsError, Connection, Outcome, PoolOptions, Reject, Router, Server, ServerOptions, ServerTls,
    Service, TlsError,
};
use crate::runtime::{CancellationToken, Clock, Tasks};
use crate::store::{SCHEDULE_TOPIC, Store, StoreError, Surroundings};

/// Tells this broker's ids from those of clients in the same process.
const UNIQUE_ID_MARK: u32 = 0x6272_6f6b;

/// Why a broker could not be opened.
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
    /// An address in the configuration is none.
    #[error("{key} {value:?} is no address: {reason}")]
    Address {
        /// Java's key.
        key: &'static str,
        /// Its value.
        value: String,
        /// Why.
        reason: String,
    },
    /// Connections cannot be encrypted.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Name servers cannot be connected to by TLS.
    #[error(transparent)]
    ClientTls(#[from] ClientTlsError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// What is known of timed messages cannot be read.
    #[error("cannot find timed messages in {path}: {source}")]
    Timer {
        /// The store's directory.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Who the broker is; it does not change while it runs.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Its cluster.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// Its id: 0 is the master.
    pub id: i64,
    /// `IP:PORT` as clients are told.
    pub addr: String,
    /// The same, as it is stored with each message.
    pub store_host: SocketAddr,
}

/// A broker.
pub struct Broker {
    /// Who it is.
    pub identity: Identity,
    /// The time.
    pub clock: Clock,
    /// What runs beside the connections.
    pub tasks: Tasks,
    /// The messages.
    pub store: Arc<Store>,
    /// Who may do what.
    pub auth: Auth,
    /// The topics.
    pub topics: Topics,
    /// The groups.
    pub groups: Groups,
    /// How groups get the messages of topics, where an administrator said so.
    pub request_modes: RequestModes,
    /// How far each group is.
    pub offsets: Offsets,
    /// Who consumes.
    pub consumers: Consumers,
    /// Who produces.
    pub producers: Producers,
    /// Which queues are locked.
    pub locks: QueueLocks,
    /// How far delayed messages are delivered.
    pub schedule: Schedule,
    /// Where the queues of other brokers are found.
    pub(crate) routes: Routes,
    /// Popped messages.
    pub(crate) pop: Pop,
    /// What waits for a delivery time of its own.
    pub(crate) timer: Timer,
    /// Which transactions are ended.
    pub(crate) ended: Ended,
    /// What is counted.
    pub stats: Stats,
    /// The file that the broker was started with.
    pub config_file: ConfigFile,
    /// How it connects to others.
    pub(crate) outward: PoolOptions,
    /// Which name servers know it.
    pub registrations: Registrations,
    /// Limits for reading what is not in memory.
    pub cold_data: ColdDataLimits,
    /// The SQL92 expressions that were read.
    pub expressions: Expressions,
    /// Which pulls are held.
    pub holds: Arc<Holds>,
    /// When it was told last that messages are refused.
    pub(crate) refusals: Told,
    /// Makes ids for messages that came without.
    pub(crate) unique_ids: UniqueIds,
    /// When it was opened, in ms since 1970.
    pub opened_at: i64,
    /// Up to where the log is on the disk. Also written when it will be so no more.
    pub(crate) flushed: watch::Sender<i64>,
    config: RwLock<Arc<BrokerConfig>>,
    router: Router<Broker>,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Broker({} {})", self.identity.name, self.identity.addr)
    }
}

impl Broker {
    fn open(config: BrokerConfig, identity: Identity, clock: Clock) -> Result<Arc<Self>, OpenError> {
        let outward = super::register::own_options(&config)?;
        let store_clock = clock.clone();
        let surroundings =
            Surroundings { clock: Arc::new(move || store_clock.now_ms()), ..Surroundings::default() };
        let (store, recovery) = Store::open_with(super::store_settings::of(&config), surroundings)?;
        tracing::info!(?recovery, "store is open");
        let tables = config_dir(&config);
        let topics = Topics::open(&tables, &built_in_topics(&config), clock.clone())?;
        let groups = Groups::open(&tables, clock.clone())?;
        let request_modes = RequestModes::open(&tables)?;
        let offsets = Offsets::from_file(saved::load(&tables.join(OFFSETS_FILE))?.unwrap_or_default());
        let home = config.rocketmq_home.as_deref();
        let auth = Auth::open(&config.auth, &config.broker_cluster_name, home, &tables)?;
        let ip = identity.store_host.ip();
        let opened_at = clock.now_ms();
        let root = &config.store_path_root_dir;
        let timer = Timer::open(root.as_ref(), &store, Limits::of(&config), opened_at)
            .map_err(|source| OpenError::Timer { path: root.clone(), source })?;
        let broker = Arc::new(Self {
            unique_ids: UniqueIds::new(ip, std::process::id(), UNIQUE_ID_MARK, TimeZone::system()),
            identity,
            opened_at,
            clock,
            tasks: Tasks::new(),
            schedule: Schedule::from_file(saved::load(&tables.join(DELAY_OFFSETS_FILE))?.unwrap_or_default()),
            routes: Routes::default(),
            pop: Pop::open(&tables)?,
            timer,
            ended: Ended::default(),
            stats: Stats::new(&config.broker_cluster_name, topics.system().clone()),
            auth,
            topics,
            groups,
            request_modes,
            offsets,
            consumers: Consumers::default(),
            producers: Producers::default(),
            locks: QueueLocks::default(),
            config_file: ConfigFile::new(config.file.clone(), opened_at),
            outward,
            registrations: Registrations::expecting(config.namesrv_addr.as_deref()),
            cold_data: ColdDataLimits::default(),
            expressions: Expressions::default(),
            holds: Arc::default(),
            refusals: Told::default(),
            flushed: watch::Sender::new(store.flushed()),
            store,
            config: RwLock::new(Arc::new(config)),
            router: super::router::table(),
        });
        if !recovery.clean {
            broker.put_offsets_right();
        }
        broker.load_ended_transactions();
        broker.listen_to_store();
        broker.store.start()?;
        Ok(broker)
    }

    /// The store's threads tell through weak references, so that they do not keep the broker alive.
    fn listen_to_store(self: &Arc<Self>) {
        let broker = Arc::downgrade(self);
        self.store.on_arriving(move |arrival| {
            if let Some(broker) = broker.upgrade() {
                if arrival.topic == SCHEDULE_TOPIC {
                    broker.schedule.arrived();
                } else if arrival.topic == TIMER_TOPIC {
                    broker.timer.arrived();
                } else if arrival.topic.starts_with(REVIVE_LOG_PREFIX) {
                    broker.pop.revive_arrived();
                }
                broker.pop.arrived(arrival);
                broker.holds.arrived(arrival);
            }
        });
        let flushed = self.flushed.clone();
        self.store.on_flushed(move |offset| {
            flushed.send_replace(offset);
        });
    }

    /// The configuration as it is now.
    pub fn config(&self) -> Arc<BrokerConfig> {
        self.config.read().clone()
    }

    /// Changes the configuration for everything that looks at it from now on, if `change` succeeds.
    ///
    /// # Errors
    /// Those of `change`; nothing is changed then.
    pub fn change_config<E>(&self, change: impl FnOnce(&mut BrokerConfig) -> Result<(), E>) -> Result<(), E> {
        let mut config = self.config.write();
        let mut changed = BrokerConfig::clone(&config);
        change(&mut changed)?;
        *config = Arc::new(changed);
        Ok(())
    }

    /// The time in ms since 1970.
    pub fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The request codes that are answered, in order.
    pub fn codes(&self) -> Vec<i32> {
        self.router.codes()
    }

    /// The address that clients are told, without its port, as remarks name it.
    pub fn ip(&self) -> &str {
        self.identity.addr.rsplit_once(':').map_or(&self.identity.addr, |(ip, _)| ip)
    }

    /// A group, made if groups may be made by their use.
    pub fn find_group(&self, name: &str) -> Option<Arc<SubscriptionGroupConfig>> {
        // Looked up first: whether it may be made is rarely asked.
        self.groups.get(name).or_else(|| {
            let may_make = self.config().auto_create_subscription_group;
            self.groups.find(name, may_make, CREATE_SYSTEM_GROUPS)
        })
    }

    /// A file among the broker's tables.
    pub(crate) fn table_path(&self, file: &str) -> PathBuf {
        config_dir(&self.config()).join(file)
    }
}

/// `enableCreateSysGroup`, which is on in Apache's broker unless it is told otherwise.
const CREATE_SYSTEM_GROUPS: bool = true;

/// The file of [`Offsets`].
pub(crate) const OFFSETS_FILE: &str = "consumerOffset.json";

fn config_dir(config: &BrokerConfig) -> PathBuf {
    PathBuf::from(&config.store_path_root_dir).join("config")
}

fn built_in_topics(config: &BrokerConfig) -> BuiltInTopics {
    let queues = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    BuiltInTopics {
        auto_create_topic_enable: config.auto_create_topic_enable,
        default_topic_queue_nums: queues(config.default_topic_queue_nums),
        cluster_topic_enable: config.cluster_topic_enable,
        broker_topic_enable: config.broker_topic_enable,
        revive_queue_num: queues(config.revive_queue_num),
        timer_wheel_enable: config.timer_wheel_enable,
        trace_topic: config.trace_topic_enable.then(|| config.msg_trace_topic_name.clone()),
        ..BuiltInTopics::new(&config.broker_cluster_name, &config.broker_name)
    }
}

/// The broker as the server sees it.
struct Endpoint(Arc<Broker>);

impl Service for Endpoint {
    fn call(&self, peer: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        if let Err(Reject { code, remark }) = self.0.auth.check(&request, peer.peer().ip()) {
            return Outcome::Reply(request.response_to(code).with_remark(remark));
        }
        self.0.router.dispatch(&self.0, peer, request)
    }

    fn closed(&self, peer: &Arc<Connection>) {
        self.0.forget_connection(peer.id());
    }
}

/// An opened broker that listens and is ready to run.
#[derive(Debug)]
pub struct Listening {
    /// The broker.
    pub broker: Arc<Broker>,
    server: Server,
    addr: SocketAddr,
}

impl Listening {
    /// Listens, and opens the store and the tables. Where the configuration names no address to tell
    /// clients, it is the one listened on, or that of this machine in its network.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(mut config: BrokerConfig, clock: Clock) -> Result<Self, OpenError> {
        let bind = bind_address(&config)?;
        let listen = |source| OpenError::Listen { addr: bind, source };
        let tls = ServerTls::new(config.tls.clone())?;
        config.tls = tls.config().clone();
        let options = ServerOptions {
            max_idle: Duration::from_secs(config.server_channel_max_idle_time_seconds),
            tls: Some(Arc::new(tls)),
            ..ServerOptions::default()
        };
        let server = Server::bind(bind, options).await.map_err(listen)?;
        let addr = server.local_addr().map_err(listen)?;
        let ip = config.broker_ip1.clone().unwrap_or_else(|| told_address(addr.ip()).to_string());
        let store_host = resolve(&ip, addr.port()).await?;
        config.broker_ip2.get_or_insert_with(|| ip.clone());
        config.broker_ip1 = Some(ip.clone());
        let identity = Identity {
            cluster: config.broker_cluster_name.clone(),
            name: config.broker_name.clone(),
            id: config.broker_id,
            addr: told(&ip, addr.port()),
            store_host,
        };
        let broker = Broker::open(config, identity, clock)?;
        Ok(Self { broker, server, addr })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `shutdown`, then leaves in order, within a second.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self { broker, server, .. } = self;
        broker.start_tasks();
        let leaving = broker.tasks.token().clone();
        let stop = shutdown.clone();
        broker.tasks.spawn_graceful(|_| keep_registered(broker.clone(), shutdown.clone()));
        let waking = broker.clone();
        broker.tasks.spawn_graceful(move |_| async move {
            tokio::select! {
                () = leaving.cancelled() => {}
                // Held pulls are answered now, while their connections are still there.
                () = stop.cancelled() => {
                    waking.holds.close();
                    waking.pop.close();
                }
            }
        });
        server.run(Arc::new(Endpoint(broker.clone())), shutdown).await;
        broker.leave().await;
    }
}

fn bind_address(config: &BrokerConfig) -> Result<SocketAddr, OpenError> {
    let ip: IpAddr =
        config.bind_address.parse().map_err(|error: std::net::AddrParseError| OpenError::Address {
            key: "bindAddress",
            value: config.bind_address.clone(),
            reason: error.to_string(),
        })?;
    Ok(SocketAddr::new(ip, config.listen_port))
}

/// The address that clients are told of a broker that listens on `bound`.
fn told_address(bound: IpAddr) -> IpAddr {
    if !bound.is_unspecified() {
        return bound;
    }
    // Connecting a datagram socket sends nothing: it only asks which address would be used.
    let outward = std::net::UdpSocket::bind("0.0.0.0:0")
        .and_then(|socket| socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()));
    outward.map_or(IpAddr::from([127, 0, 0, 1]), |addr| addr.ip())
}

fn told(ip: &str, port: u16) -> String {
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}

async fn resolve(ip: &str, port: u16) -> Result<SocketAddr, OpenError> {
    let refuse = |reason: String| OpenError::Address { key: "brokerIP1", value: ip.to_owned(), reason };
    let mut found = tokio::net::lookup_host((ip, port)).await.map_err(|error| refuse(error.to_string()))?;
    found.next().ok_or_else(|| refuse("it has no address".to_owned()))
}
