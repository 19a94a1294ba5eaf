//! The name server over real connections, as brokers, clients and mqadmin use it.

mod config;
mod hostile;
mod routes;

use std::sync::Arc;
use std::time::Duration;

use rmq::config::NamesrvConfig;
use rmq::namesrv::{Listening, Namesrv};
use rmq::protocol::registration;
use rmq::protocol::route::{RegisterBroker, RegisterBrokerBody, RegisterBrokerHeader, RegisterBrokerReply};
use rmq::protocol::topic::{TopicConfig, TopicConfigTable};
use rmq::remoting::{CallError, Pool, PoolOptions};
use rmq::runtime::{CancellationToken, Clock};

/// Long enough for any machine; only reached where something is wrong.
const LONG: Duration = Duration::from_secs(20);

/// A running name server with its files in a directory of its own, and a client.
struct Running {
    addr: String,
    namesrv: Arc<Namesrv>,
    clock: Clock,
    client: Pool,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    dir: tempfile::TempDir,
}

impl Running {
    async fn start(properties: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), properties).await
    }

    async fn start_in(dir: tempfile::TempDir, properties: &str) -> Self {
        let path = |name: &str| dir.path().join(name).display().to_string();
        let own = format!(
            "listenPort=0\nbindAddress=127.0.0.1\nkvConfigPath={}\nconfigStorePath={}\n",
            path("kvConfig.json"),
            path("namesrv.properties"),
        );
        let mut config = NamesrvConfig::default();
        config.load(&own).unwrap();
        config.load(properties).unwrap();
        let clock = Clock::fake(1_000_000);
        let listening = Listening::open(config, clock.clone()).await.unwrap();
        let (addr, namesrv) = (listening.addr().to_string(), listening.namesrv.clone());
        let stop = CancellationToken::new();
        let task = tokio::spawn(listening.run(stop.clone()));
        let client = Pool::new(PoolOptions::default(), None);
        Self { addr, namesrv, clock, client, stop, task, dir }
    }

    async fn call<R: rmq::protocol::request::Request>(
        &self,
        header: R::Header,
        body: R::Body,
    ) -> Result<rmq::remoting::Answer<R>, CallError> {
        self.client.call::<R>(&self.addr, header, body, LONG).await
    }

    /// Ends it and gives back its directory.
    async fn stop(self) -> tempfile::TempDir {
        self.stop.cancel();
        tokio::time::timeout(LONG, self.task).await.unwrap().unwrap();
        self.dir
    }
}

/// The code and remark of a refusal.
fn refusal<T: std::fmt::Debug>(result: Result<T, CallError>) -> (i32, String) {
    match result {
        Err(CallError::Refused { code, remark, .. }) => (code, remark),
        other => panic!("not refused: {other:?}"),
    }
}

fn broker(name: &str, id: i64) -> RegisterBrokerHeader {
    RegisterBrokerHeader {
        broker_name: name.into(),
        broker_addr: format!("{name}{id}:1"),
        cluster_name: "C".into(),
        ha_server_addr: format!("{name}{id}:2"),
        broker_id: id,
        enable_acting_master: Some(true),
        ..RegisterBrokerHeader::default()
    }
}

fn topics(names: &[&str]) -> RegisterBrokerBody {
    let topics = names.iter().map(|name| ((*name).to_owned(), TopicConfig::new(*name, 4))).collect();
    let table = TopicConfigTable { topic_config_table: topics, ..TopicConfigTable::default() };
    RegisterBrokerBody { topic_config_serialize_wrapper: table, ..RegisterBrokerBody::default() }
}

/// Registers over a connection, with a checksum.
async fn register(
    client: &Pool,
    addr: &str,
    mut header: RegisterBrokerHeader,
    body: &RegisterBrokerBody,
) -> Result<RegisterBrokerReply, CallError> {
    let bytes = match header.compressed {
        Some(true) => registration::deflate(body).unwrap(),
        _ => serde_json::to_vec(body).unwrap(),
    };
    header.body_crc32.get_or_insert(registration::crc(&bytes));
    let answer = client.call::<RegisterBroker>(addr, header, bytes.into(), LONG).await?;
    Ok(answer.header)
}
