//! A broker on any free port with a directory of its own, and a client of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rmq::broker::{Broker, Listening};
use rmq::config::BrokerConfig;
use rmq::protocol::body::Json;
use rmq::protocol::group::{ConsumerData, HeartBeat, HeartbeatData, ProducerData, SubscriptionData};
use rmq::protocol::message::Message;
use rmq::protocol::pull::{
    PULL_COMMIT_OFFSET, PULL_SUBSCRIPTION, PULL_SUSPEND, PullMessage, PullMessageHeader, PullMessageReply,
};
use rmq::protocol::send::{SendMessageHeader, SendMessageReply, SendMessageV2};
use rmq::protocol::{Payload, RemotingCommand};
use rmq::remoting::{Answer, CallError, Connection, Outcome, Pool, PoolOptions, Service};
use rmq::runtime::{CancellationToken, Clock};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Longer than anything here takes.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// A running broker.
pub struct Node {
    pub broker: Arc<Broker>,
    pub addr: String,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
}

impl Node {
    /// Starts a broker on a directory.
    pub async fn start(dir: &Path) -> Self {
        Self::start_with(dir, |_| {}).await
    }

    /// Starts a broker with other settings than a small one has.
    pub async fn start_with(dir: &Path, change: impl FnOnce(&mut BrokerConfig)) -> Self {
        let mut config = BrokerConfig::default();
        config.broker_name = "broker-a".into();
        config.bind_address = "127.0.0.1".into();
        config.listen_port = 0;
        config.store_path_root_dir = dir.to_str().unwrap().into();
        config.mapped_file_size_commit_log = 4 << 20;
        config.max_hash_slot_num = 1_000;
        config.max_index_num = 4_000;
        // The tests run on disks that are nearly full, too.
        config.disk_space_warning_level_ratio = 100;
        change(&mut config);
        let listening = Listening::open(config, Clock::system()).await.unwrap();
        let broker = listening.broker.clone();
        let addr = listening.addr().to_string();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(listening.run(shutdown.clone()));
        Self { broker, addr, shutdown, running }
    }

    /// Leaves in order.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.running.await.unwrap();
    }

    /// A client that takes no requests.
    pub fn client(&self) -> Client {
        Client { pool: Pool::new(PoolOptions::default(), None), addr: self.addr.clone() }
    }

    /// A client and the requests that the broker makes of it.
    pub fn asked_client(&self) -> (Client, mpsc::UnboundedReceiver<RemotingCommand>) {
        let (asked, requests) = mpsc::unbounded_channel();
        let pool = Pool::new(PoolOptions::default(), Some(Arc::new(Asked(asked))));
        (Client { pool, addr: self.addr.clone() }, requests)
    }
}

struct Asked(mpsc::UnboundedSender<RemotingCommand>);

impl Service for Asked {
    fn call(&self, _: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        self.0.send(request).unwrap();
        Outcome::Nothing
    }
}

/// A client of one broker.
pub struct Client {
    pub pool: Pool,
    pub addr: String,
}

/// A send to the first queue of a topic.
pub fn send_header(topic: &str, properties: &[(&str, &str)]) -> SendMessageHeader {
    let properties: String =
        properties.iter().map(|(name, value)| format!("{name}\u{1}{value}\u{2}")).collect();
    SendMessageHeader {
        producer_group: "producers".into(),
        topic: topic.into(),
        default_topic: "TBW102".into(),
        default_topic_queue_nums: 4,
        born_timestamp: 1_000,
        properties: Some(properties),
        ..SendMessageHeader::default()
    }
}

/// A pull of everything in the first queue of a topic that does not wait.
pub fn pull_header(group: &str, topic: &str, offset: i64) -> PullMessageHeader {
    PullMessageHeader {
        consumer_group: group.into(),
        topic: topic.into(),
        queue_offset: offset,
        max_msg_nums: 32,
        sys_flag: PULL_SUBSCRIPTION,
        subscription: Some("*".into()),
        ..PullMessageHeader::default()
    }
}

/// The same pull, held for as long as it must.
pub fn held(header: PullMessageHeader) -> PullMessageHeader {
    PullMessageHeader { sys_flag: header.sys_flag | PULL_SUSPEND, suspend_timeout_millis: 15_000, ..header }
}

/// The same pull, with an offset to commit.
pub fn committing(header: PullMessageHeader, offset: i64) -> PullMessageHeader {
    PullMessageHeader { sys_flag: header.sys_flag | PULL_COMMIT_OFFSET, commit_offset: offset, ..header }
}

/// What a client says of itself that consumes a topic and produces.
pub fn heartbeat(client_id: &str, group: &str, topic: &str) -> HeartbeatData {
    let subscription = SubscriptionData {
        topic: topic.into(),
        sub_string: "*".into(),
        expression_type: "TAG".into(),
        sub_version: 5,
        ..SubscriptionData::default()
    };
    HeartbeatData {
        client_id: client_id.into(),
        consumer_data_set: vec![ConsumerData {
            group_name: group.into(),
            consume_type: "CONSUME_PASSIVELY".into(),
            message_model: "CLUSTERING".into(),
            consume_from_where: "CONSUME_FROM_FIRST_OFFSET".into(),
            subscription_data_set: vec![subscription],
            unit_mode: false,
        }],
        producer_data_set: vec![ProducerData { group_name: "producers".into() }],
        ..HeartbeatData::default()
    }
}

impl Client {
    pub async fn try_send(
        &self,
        header: SendMessageHeader,
        body: &str,
    ) -> Result<SendMessageReply, CallError> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let answer = self.pool.call::<SendMessageV2>(&self.addr, header.into_v2(None), body, TIMEOUT).await?;
        Ok(answer.header)
    }

    pub async fn send(&self, topic: &str, body: &str) -> SendMessageReply {
        self.try_send(send_header(topic, &[]), body).await.unwrap()
    }

    pub async fn try_pull(
        &self,
        header: PullMessageHeader,
    ) -> Result<(i32, PullMessageReply, Vec<Message>), CallError> {
        let answer: Answer<PullMessage> =
            self.pool.call_any::<PullMessage>(&self.addr, header, (), TIMEOUT).await?;
        Ok((answer.code, answer.header, messages(answer.body)))
    }

    pub async fn pull(&self, header: PullMessageHeader) -> (i32, PullMessageReply, Vec<Message>) {
        self.try_pull(header).await.unwrap()
    }

    /// Pulls until there is something, from the first queue of a topic.
    pub async fn wait_for(&self, group: &str, topic: &str, offset: i64) -> Vec<Message> {
        loop {
            let (code, _, found) = self.pull(held(pull_header(group, topic, offset))).await;
            if code == 0 {
                return found;
            }
        }
    }

    pub async fn beat(&self, data: HeartbeatData) -> Answer<HeartBeat> {
        self.pool.call::<HeartBeat>(&self.addr, (), Json(data), TIMEOUT).await.unwrap()
    }
}

/// Stored messages out of a body.
pub fn messages(body: Payload) -> Vec<Message> {
    Message::decode_all(&body.into_bytes()).unwrap()
}

/// Bodies as text.
pub fn bodies(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| String::from_utf8(message.body.to_vec()).unwrap()).collect()
}

/// The code of a refusal.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, CallError>) -> (i32, String) {
    match result.unwrap_err() {
        CallError::Refused { code, remark, .. } => (code, remark),
        other => panic!("{other}"),
    }
}
