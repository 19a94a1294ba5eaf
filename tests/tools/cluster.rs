//! A name server and a broker that know each other.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rmq::broker;
use rmq::client::consumer::{Consumer, ConsumerOptions, Delivery, Event, Events};
use rmq::client::producer::{Draft, Producer, ProducerOptions, Target};
use rmq::client::{Client, ClientOptions, Session};
use rmq::config::{BrokerConfig, NamesrvConfig};
use rmq::namesrv;
use rmq::runtime::{CancellationToken, Clock};
use tempfile::TempDir;

use crate::support::{Env, Run};

/// Longer than anything here takes.
pub const LONG: Duration = Duration::from_secs(30);

/// Running servers; they end with it.
pub struct Cluster {
    pub namesrv: String,
    pub broker: Arc<broker::Broker>,
    stop: CancellationToken,
    _dir: TempDir,
}

impl Cluster {
    pub async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let mut config = NamesrvConfig::default();
        config.listen_port = 0;
        config.bind_address = "127.0.0.1".into();
        config.kv_config_path = path("kvConfig.json");
        config.config_store_path = path("namesrv.properties");
        let names = namesrv::Listening::open(config, Clock::system()).await.unwrap();
        let mut config = BrokerConfig::default();
        config.broker_name = "broker-a".into();
        config.bind_address = "127.0.0.1".into();
        config.listen_port = 0;
        config.namesrv_addr = Some(names.addr().to_string());
        config.store_path_root_dir = path("store");
        config.mapped_file_size_commit_log = 4 << 20;
        config.max_hash_slot_num = 1_000;
        config.max_index_num = 4_000;
        config.enable_property_filter = true;
        // Whoever leaves a transaction open is asked at once.
        config.transaction_time_out = 0;
        config.transaction_check_interval = 20;
        config.message_delay_level = ["1s"; 18].join(" ");
        // The tests run on disks that are nearly full, too.
        config.disk_space_warning_level_ratio = 100;
        let brokers = broker::Listening::open(config, Clock::system()).await.unwrap();
        let (stop, known) = (CancellationToken::new(), names.namesrv.clone());
        let cluster = Self {
            namesrv: names.addr().to_string(),
            broker: brokers.broker.clone(),
            stop: stop.clone(),
            _dir: dir,
        };
        tokio::spawn(names.run(stop.clone()));
        tokio::spawn(brokers.run(stop));
        let identity = &cluster.broker.identity;
        soon(known.wait_for_broker(&identity.name, &identity.addr)).await;
        cluster
    }

    pub fn client(&self) -> Client {
        Client::new([&self.namesrv], ClientOptions { timeout: LONG, ..ClientOptions::default() })
    }

    pub fn producer(&self) -> Producer {
        let session = Session::new(self.client(), Clock::system());
        Producer::start(session, ProducerOptions { timeout: LONG, ..ProducerOptions::default() })
    }

    /// Sends messages with these bodies to a topic.
    pub async fn send(&self, topic: &str, bodies: &[&str]) {
        let producer = self.producer();
        for body in bodies {
            producer.send(Draft::new(topic, (*body).to_owned()), &Target::Any).await.unwrap();
        }
        producer.close().await;
    }

    pub async fn consumer(&self, options: ConsumerOptions) -> (Consumer, Events) {
        let client = ClientOptions { timeout: LONG, ..ClientOptions::default() };
        Consumer::start([&self.namesrv], client, Clock::system(), options).await.unwrap()
    }

    /// Runs the program against this cluster.
    pub async fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, "").await
    }

    /// The same, with this on its standard input.
    pub async fn run_with(&self, args: &[&str], stdin: &str) -> Run {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let (namesrv, stdin) = (self.namesrv.clone(), stdin.to_owned());
        let run = move || {
            let env = Env::new().var("NAMESRV_ADDR", namesrv);
            Run::of(env.command(args).write_stdin(stdin).assert())
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What has to happen before long.
pub async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LONG, future).await.expect("it does not happen")
}

/// Waits for what nothing tells of.
pub async fn until(mut met: impl FnMut() -> bool) {
    soon(async {
        while !met() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// The next message.
pub async fn next(events: &mut Events) -> Delivery {
    match soon(events.next()).await {
        Some(Event::Message(delivery)) => *delivery,
        other => panic!("no message but {other:?}"),
    }
}

/// The body as text.
pub fn body(delivery: &Delivery) -> String {
    String::from_utf8(delivery.message.body.to_vec()).unwrap()
}
