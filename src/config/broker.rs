//! The settings of a broker (`BrokerConfig`, `MessageStoreConfig`, `NettyServerConfig`, `NettyClientConfig`).

use super::auth::AuthConfig;
use super::error::ConfigError;
use super::table::properties;
use super::tls::TlsConfig;
use super::value::{BrokerRole, FlushDiskType};

properties! {
    /// The settings of a broker, one field per key that is acted on; the rest by [`BrokerConfig::get`].
    ///
    /// Times are in milliseconds and sizes in bytes where the field does not say otherwise.
    pub struct BrokerConfig, others "broker.keys", with
        /// Who may do what
        auth: AuthConfig,
        /// Encrypted connections
        tls: TlsConfig
    {
        // Who the broker is.
        /// Name of the broker; master and slaves of a group share it
        broker_name: String = super::host_name(), "brokerName";
        /// Name of the cluster
        broker_cluster_name: String = "DefaultCluster".to_owned(), "brokerClusterName";
        /// 0 is the master of its group
        broker_id: i64 = 0, "brokerId";
        /// The part this broker plays in its group
        broker_role: BrokerRole = BrokerRole::AsyncMaster, "brokerRole";
        /// The address that clients are told; found out at the start when null
        broker_ip1: Option<String> = None, "brokerIP1";
        /// The address that slaves are told; brokerIP1 when null
        broker_ip2: Option<String> = None, "brokerIP2";
        /// The port that clients connect to; 0 for any free one
        listen_port: u16 = 10911, "listenPort";
        /// The local address to listen on
        bind_address: String = "0.0.0.0".to_owned(), "bindAddress";
        /// The port of replication, told to the name server
        ha_listen_port: u16 = 10912, "haListenPort";
        /// Name servers to register with, separated by semicolons
        namesrv_addr: Option<String> = None, "namesrvAddr";
        /// Where an installation of Apache RocketMQ would be; nothing is read from there
        rocketmq_home: Option<String> = std::env::var("ROCKETMQ_HOME").ok(), "rocketmqHome";
        /// Region, put into every message that is traced
        region_id: String = "DefaultRegion".to_owned(), "regionId";
        /// What clients may do: 4 read, 2 write, 6 both
        broker_permission: u32 = 6, "brokerPermission";
        /// Producers are told to trace what they send
        trace_on: bool = true, "traceOn";
        /// Keys that no request may change, separated by semicolons
        config_black_list: String = "configBlackList;brokerConfigPath".to_owned(), "configBlackList";

        // How it registers with name servers.
        /// How often it registers (milliseconds; between 10 s and 60 s)
        register_name_server_period: u64 = 30_000, "registerNameServerPeriod";
        /// How long a registration may take
        register_broker_timeout_mills: u64 = 24_000, "registerBrokerTimeoutMills";
        /// Register also when nothing has changed
        force_register: bool = true, "forceRegister";
        /// Compress the body of a registration
        compressed_register: bool = false, "compressedRegister";

        // Topics and groups.
        /// Create a topic when a producer sends to one that does not exist
        auto_create_topic_enable: bool = true, "autoCreateTopicEnable";
        /// Queues of a topic that is created automatically, at most
        default_topic_queue_nums: u32 = 8, "defaultTopicQueueNums";
        /// Create a group when a consumer uses one that does not exist
        auto_create_subscription_group: bool = true, "autoCreateSubscriptionGroup";
        /// Keep a topic with the name of the cluster
        cluster_topic_enable: bool = true, "clusterTopicEnable";
        /// Keep a topic with the name of the broker
        broker_topic_enable: bool = true, "brokerTopicEnable";
        /// Keep a topic for traces
        trace_topic_enable: bool = false, "traceTopicEnable";
        /// Name of the topic for traces
        msg_trace_topic_name: String = "RMQ_SYS_TRACE_TOPIC".to_owned(), "msgTraceTopicName";
        /// Refuse changes to the system's own topics
        validate_system_topic_when_update_topic: bool = true, "validateSystemTopicWhenUpdateTopic";
        /// Delete the retry topics of a topic with it
        clear_retry_topic_when_delete_topic: bool = true, "clearRetryTopicWhenDeleteTopic";
        /// Allow messages of several types in one topic
        enable_mixed_message_type: bool = false, "enableMixedMessageType";
        /// Longest name of a topic, in characters
        max_topic_length: usize = 127, "maxTopicLength";
        /// Write topic names over 127 bytes in the second message version
        auto_message_version_on_topic_len: bool = true, "autoMessageVersionOnTopicLen";

        // Sending.
        /// Largest message: body and properties
        max_message_size: usize = 4_194_304, "maxMessageSize";
        /// Refuse sends before this time (epoch milliseconds)
        start_accept_send_request_time_stamp: i64 = 0, "startAcceptSendRequestTimeStamp";
        /// Refuse sends when a put takes this long
        os_page_cache_busy_time_out_mills: u64 = 1_000, "osPageCacheBusyTimeOutMills";
        /// Refuse requests that waited too long to be served
        broker_fast_failure_enable: bool = true, "brokerFastFailureEnable";
        /// A send waits at most this long to be served
        wait_time_mills_in_send_queue: u64 = 200, "waitTimeMillsInSendQueue";
        /// Store replies of request-reply messages
        store_reply_message_enable: bool = true, "storeReplyMessageEnable";
        /// Keep the clients that produce
        enable_register_producer: bool = true, "enableRegisterProducer";

        // Delayed messages.
        /// The delay of each level, from 1
        message_delay_level: String =
            "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h".to_owned(), "messageDelayLevel";
        /// How often the offsets of delayed messages are written
        flush_delay_offset_interval: u64 = 10_000, "flushDelayOffsetInterval";

        // Messages with a delivery time of their own.
        /// Take messages with a delivery time of their own
        timer_wheel_enable: bool = true, "timerWheelEnable";
        /// They are delivered in steps of this length
        timer_precision_ms: u32 = 1_000, "timerPrecisionMs";
        /// The longest delay (seconds)
        timer_max_delay_sec: u32 = 259_200, "timerMaxDelaySec";
        /// Steps after which a message that waits is stored anew
        timer_roll_window_slot: u32 = 172_800, "timerRollWindowSlot";
        /// Most messages of one step, above which some and from twice of which all are refused
        timer_congest_num_each_slot: u32 = 2_147_483_647, "timerCongestNumEachSlot";
        /// How often it is written how far their delivery is
        timer_flush_interval_ms: u64 = 1_000, "timerFlushIntervalMs";
        /// Size of the file in which they are left to a broker of Apache
        mapped_file_size_timer_log: u64 = 104_857_600, "mappedFileSizeTimerLog";
        /// Leave new ones where they are stored for now
        timer_stop_enqueue: bool = false, "timerStopEnqueue";
        /// Deliver none for now
        timer_stop_dequeue: bool = false, "timerStopDequeue";
        /// Let producers recall them
        recall_message_enable: bool = false, "recallMessageEnable";
        /// Also while the broker takes no messages
        allow_recall_when_broker_not_writeable: bool = true, "allowRecallWhenBrokerNotWriteable";
        /// Tell messages to recall by topic and unique id rather than by unique id
        append_topic_for_timer_delete_key: bool = false, "appendTopicForTimerDeleteKey";

        // Transactions.
        /// Refuse transactional messages
        reject_transaction_message: bool = false, "rejectTransactionMessage";
        /// A transaction is left alone for this long before its producer is asked
        transaction_time_out: u64 = 6_000, "transactionTimeOut";
        /// How often a producer is asked before a transaction is rolled back
        transaction_check_max: u32 = 15, "transactionCheckMax";
        /// How often open transactions are looked at
        transaction_check_interval: u64 = 30_000, "transactionCheckInterval";
        /// Largest message that marks transactions as ended
        transaction_op_msg_max_size: usize = 4_096, "transactionOpMsgMaxSize";
        /// Marks of ended transactions are written together, this often
        transaction_op_batch_interval: u64 = 3_000, "transactionOpBatchInterval";

        // Pulling.
        /// Hold a pull that finds nothing until something arrives
        long_polling_enable: bool = true, "longPollingEnable";
        /// How long a pull is held when long polling is off
        short_polling_time_mills: u64 = 1_000, "shortPollingTimeMills";
        /// Most bytes of one answer, from memory
        max_transfer_bytes_on_message_in_memory: usize = 262_144, "maxTransferBytesOnMessageInMemory";
        /// Most messages of one answer, from memory
        max_transfer_count_on_message_in_memory: usize = 32, "maxTransferCountOnMessageInMemory";
        /// Most bytes of one answer, from disk
        max_transfer_bytes_on_message_in_disk: usize = 65_536, "maxTransferBytesOnMessageInDisk";
        /// Most messages of one answer, from disk
        max_transfer_count_on_message_in_disk: usize = 8, "maxTransferCountOnMessageInDisk";
        /// Share of memory (percent) within which messages count as being in memory
        access_message_in_memory_max_ratio: u32 = 40, "accessMessageInMemoryMaxRatio";
        /// Most entries of a consume queue that one pull looks at
        max_consume_queue_scan: usize = 20_000, "maxConsumeQueueScan";
        /// Largest filter message: bytes of consume queue that one pull looks at at least
        max_filter_message_size: usize = 16_000, "maxFilterMessageSize";
        /// Most messages of one pull
        pull_batch_max_message_count: usize = 160, "pullBatchMaxMessageCount";
        /// Serve subscriptions with SQL92 expressions
        enable_property_filter: bool = false, "enablePropertyFilter";
        /// Answer lite pull consumers
        lite_pull_message_enable: bool = true, "litePullMessageEnable";
        /// Refuse consumers that pull without being members of a group
        reject_pull_consumer_enable: bool = false, "rejectPullConsumerEnable";
        /// Let consumers read from slaves
        slave_read_enable: bool = false, "slaveReadEnable";
        /// Refuse groups that lag too far behind
        disable_consume_if_consumer_read_slowly: bool = false, "disableConsumeIfConsumerReadSlowly";
        /// Bytes behind which a group lags too far
        consumer_fallbehind_threshold: u64 = 17_179_869_184, "consumerFallbehindThreshold";
        /// Most messages that a query answers with
        default_query_max_num: usize = 32, "defaultQueryMaxNum";

        // Pop consumption.
        /// Queues of the topic in which pops and their acknowledgements are kept
        revive_queue_num: u32 = 8, "reviveQueueNum";
        /// Give what was not acknowledged through retry topics with + rather than _ in their names
        enable_retry_topic_v2: bool = false, "enableRetryTopicV2";
        /// Give out what is in retry topics with _ in their names still
        retrieve_message_from_pop_retry_topic_v1: bool = true, "retrieveMessageFromPopRetryTopicV1";
        /// How often of a hundred times the retry topic comes before the topic
        pop_from_retry_probability: u32 = 20, "popFromRetryProbability";
        /// Most pops held for one queue of one group
        pop_polling_size: usize = 1_024, "popPollingSize";
        /// Most pops held
        max_pop_polling_size: usize = 100_000, "maxPopPollingSize";
        /// A group that begins at the end of a young topic gets everything
        init_pop_offset_by_check_msg_in_mem: bool = true, "initPopOffsetByCheckMsgInMem";
        /// How groups get messages, PULL or POP, where nobody said it
        default_message_request_mode: String = "PULL".to_owned(), "defaultMessageRequestMode";
        /// How many members share a member's queues by pop, where nobody said it
        default_pop_share_queue_num: i32 = -1, "defaultPopShareQueueNum";
        /// The broker shares out the queues
        server_load_balancer_enable: bool = true, "serverLoadBalancerEnable";

        // Consumers.
        /// Tell the members of a group when the group changes
        notify_consumer_ids_changed_enable: bool = true, "notifyConsumerIdsChangedEnable";
        /// Tell them at once rather than with the next heartbeat
        real_time_notify_consumer_change: bool = true, "realTimeNotifyConsumerChange";
        /// A client that was not heard of for this long is gone
        channel_expired_timeout: u64 = 120_000, "channelExpiredTimeout";
        /// A subscription that was not used for this long is forgotten
        subscription_expired_timeout: u64 = 600_000, "subscriptionExpiredTimeout";
        /// How often consumer offsets are written
        flush_consumer_offset_interval: u64 = 5_000, "flushConsumerOffsetInterval";
        /// Commits after which the version of the offsets goes up
        consumer_offset_update_version_step: u64 = 500, "consumerOffsetUpdateVersionStep";
        /// Keep reset offsets on the broker until the group has taken them
        use_server_side_reset_offset: bool = true, "useServerSideResetOffset";
        /// Keep the offsets of broadcasting consumers
        enable_broadcast_offset_store: bool = true, "enableBroadcastOffsetStore";
        /// Lock the queues of a group across brokers
        lock_in_strict_mode: bool = false, "lockInStrictMode";

        // Connections.
        /// Connect to name servers by TLS; always done where tls.server.mode is enforcing
        use_tls: bool = false, "useTLS";
        /// A connection that is silent for this long is closed (seconds)
        server_channel_max_idle_time_seconds: u64 = 120, "serverChannelMaxIdleTimeSeconds";
        /// Connections that wait to be accepted
        server_socket_backlog: u32 = 1_024, "serverSocketBacklog";

        // The store: files.
        /// Directory of the store
        store_path_root_dir: String = super::in_home("store"), "storePathRootDir";
        /// Directory of the commit log; in the store when null
        store_path_commit_log: Option<String> = None, "storePathCommitLog";
        /// Size of a file of the commit log
        mapped_file_size_commit_log: u64 = 1_073_741_824, "mappedFileSizeCommitLog";
        /// Size of a file of a consume queue; a multiple of 20
        mapped_file_size_consume_queue: u64 = 6_000_000, "mappedFileSizeConsumeQueue";
        /// Keep an index of keys and unique ids
        message_index_enable: bool = true, "messageIndexEnable";
        /// Let the operating system read the commit log ahead
        data_read_ahead_enable: bool = true, "dataReadAheadEnable";
        /// Hash slots of an index file
        max_hash_slot_num: u32 = 5_000_000, "maxHashSlotNum";
        /// Entries of an index file
        max_index_num: u32 = 20_000_000, "maxIndexNum";
        /// Most messages that a query by key finds
        max_msgs_num_batch: usize = 64, "maxMsgsNumBatch";

        // The store: flushing.
        /// When a message counts as written
        flush_disk_type: FlushDiskType = FlushDiskType::AsyncFlush, "flushDiskType";
        /// A send waits at most this long for the disk
        sync_flush_timeout: u64 = 5_000, "syncFlushTimeout";
        /// How often the commit log is flushed
        flush_interval_commit_log: u64 = 500, "flushIntervalCommitLog";
        /// Pages of 4 KiB that must have been written to flush the commit log
        flush_commit_log_least_pages: u32 = 4, "flushCommitLogLeastPages";
        /// The commit log is flushed after this long however little was written
        flush_commit_log_thorough_interval: u64 = 10_000, "flushCommitLogThoroughInterval";
        /// How often consume queues are flushed
        flush_interval_consume_queue: u64 = 1_000, "flushIntervalConsumeQueue";
        /// Pages of 4 KiB that must have been written to flush a consume queue
        flush_consume_queue_least_pages: u32 = 2, "flushConsumeQueueLeastPages";
        /// Consume queues are flushed after this long however little was written
        flush_consume_queue_thorough_interval: u64 = 60_000, "flushConsumeQueueThoroughInterval";

        // The store: recovery and retention.
        /// Check the check sum of messages when the store is recovered
        check_crc_on_recover: bool = true, "checkCRCOnRecover";
        /// Hours that messages are kept
        file_reserved_time: u64 = 72, "fileReservedTime";
        /// Hours of the day at which old files are deleted, separated by semicolons
        delete_when: String = "04".to_owned(), "deleteWhen";
        /// Percentage of the disk above which old files are deleted at any hour
        disk_max_used_space_ratio: u32 = 75, "diskMaxUsedSpaceRatio";
        /// Percentage of the disk above which files are deleted whatever their age
        disk_space_clean_forcibly_ratio: u32 = 85, "diskSpaceCleanForciblyRatio";
        /// Percentage of the disk above which no message is accepted
        disk_space_warning_level_ratio: u32 = 90, "diskSpaceWarningLevelRatio";
        /// Delete files whatever their age when the disk is full
        clean_file_forcibly_enable: bool = true, "cleanFileForciblyEnable";
        /// How often old files are looked for
        clean_resource_interval: u64 = 10_000, "cleanResourceInterval";
        /// Pause between two deletions of commit log files
        delete_commit_log_files_interval: u64 = 100, "deleteCommitLogFilesInterval";
        /// Most files that are deleted in one go
        delete_file_batch_max: usize = 10, "deleteFileBatchMax";
    }
}

impl BrokerConfig {
    /// The keys that `mqbroker -m` prints (the fields with `@ImportantField`), in the order of Java's classes.
    pub const IMPORTANT: &'static [&'static str] = super::important::KEYS;

    /// What no single value shows to be wrong.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let unsupported = |key: &str, why: &str| {
            let value = self.get(key).unwrap_or_default();
            Err(ConfigError::Unsupported { key: key.to_owned(), value, why: why.to_owned() })
        };
        let bad = |key: &str, expected| {
            let value = self.get(key).unwrap_or_default();
            Err(ConfigError::BadValue { key: key.to_owned(), value, expected })
        };
        self.auth.check()?;
        self.tls.check()?;
        if self.broker_role == BrokerRole::Slave {
            return unsupported("brokerRole", "replication");
        }
        if self.broker_id != 0 {
            return unsupported("brokerId", "replication");
        }
        if self.store_path_commit_log.as_ref().is_some_and(|path| path.contains(',')) {
            return unsupported("storePathCommitLog", "several commit log directories");
        }
        if self.mapped_file_size_consume_queue == 0 || !self.mapped_file_size_consume_queue.is_multiple_of(20)
        {
            return bad("mappedFileSizeConsumeQueue", "a multiple of 20");
        }
        if self.mapped_file_size_commit_log < 4_096
            || i32::try_from(self.mapped_file_size_commit_log).is_err()
        {
            return bad("mappedFileSizeCommitLog", "a size from 4096 to 2147483647");
        }
        if self.timer_precision_ms == 0 {
            return bad("timerPrecisionMs", "a number over 0");
        }
        if self.broker_name.is_empty() || self.broker_cluster_name.is_empty() {
            return bad(
                if self.broker_name.is_empty() { "brokerName" } else { "brokerClusterName" },
                "a name",
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Warning;
    use std::collections::{BTreeMap, BTreeSet};

    /// What `mqadmin getBrokerConfig` listed of a broker 5.5.0.
    fn listed_by_apache() -> BTreeMap<String, String> {
        let text = include_str!("../../tests/fixtures/config/broker-5.5.0.properties");
        crate::config::parse_properties(text).unwrap().into_iter().map(|p| (p.key, p.value)).collect()
    }

    /// Settings whose value depends on the machine or on the file that broker was started with.
    const OF_THE_MACHINE: [&str; 6] =
        ["brokerName", "brokerIP1", "brokerIP2", "namesrvAddr", "rocketmqHome", "storePathRootDir"];

    #[test]
    fn lists_the_keys_and_defaults_of_apache() {
        let config = BrokerConfig {
            broker_ip1: Some(String::new()),
            broker_ip2: Some(String::new()),
            namesrv_addr: Some(String::new()),
            rocketmq_home: Some(String::new()),
            ..BrokerConfig::default()
        };
        let (ours, theirs) = (config.pairs(), listed_by_apache());
        let keys = |pairs: &BTreeMap<String, String>| pairs.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(&ours), keys(&theirs));
        for (key, value) in theirs.iter().filter(|(key, _)| !OF_THE_MACHINE.contains(&key.as_str())) {
            assert_eq!(ours.get(key), Some(value), "{key}");
        }
    }

    #[test]
    fn no_key_stands_in_both_tables() {
        let config = BrokerConfig::default();
        let others: BTreeSet<_> = config.others.names().collect();
        let both: Vec<_> = BrokerConfig::TYPED.iter().filter(|(key, _)| others.contains(key)).collect();
        assert!(both.is_empty(), "{both:?}");
    }

    #[test]
    fn a_file_sets_values_and_warns_of_what_is_in_vain() {
        let mut config = BrokerConfig::default();
        let file = "brokerName = b\nlistenPort: 0\n# a comment\nnoSuchKey=1\nsendMessageThreadPoolNums=64\n\
                    pullMessageThreadPoolNums=20\nflushDiskType=SYNC_FLUSH\nstoreType=default\n";
        let warnings = config.load(file).unwrap();
        assert_eq!((config.broker_name.as_str(), config.listen_port), ("b", 0));
        assert_eq!(config.flush_disk_type, FlushDiskType::SyncFlush);
        assert_eq!(
            warnings,
            [
                Warning::UnknownKey { key: "noSuchKey".into(), line: 4 },
                Warning::NoEffect { key: "sendMessageThreadPoolNums".into(), line: 5 },
            ]
        );
        assert_eq!(config.get("sendMessageThreadPoolNums").as_deref(), Some("64"));
    }

    #[test]
    fn what_cannot_be_honoured_is_an_error() {
        for line in [
            "storeType=defaultRocksDB",
            "enableControllerMode=true",
            "enableDLegerCommitLog=true",
            "brokerRole=SLAVE",
            "brokerId=1",
            "timerRocksDBEnable=true",
            "enableConsumeQueueExt=true",
            "aclEnable=true",
            "storePathCommitLog=/a,/b",
            "listenPort=x",
            "listenPort=70000",
            "autoCreateTopicEnable=yes",
            "mappedFileSizeConsumeQueue=30",
            "mappedFileSizeCommitLog=1",
            "brokerName=",
        ] {
            let errors = BrokerConfig::default().load(line).expect_err(line);
            let key = line.split('=').next().unwrap();
            assert!(errors[0].to_string().contains(key), "{line}: {}", errors[0]);
        }
    }

    #[test]
    fn a_refused_change_changes_nothing() {
        let mut config = BrokerConfig::default();
        assert_eq!(config.set("fileReservedTime", "24"), Ok(false));
        assert_eq!(config.file_reserved_time, 24);
        assert!(config.set("fileReservedTime", "abc").is_err());
        assert!(config.set("brokerId", "1").is_err());
        assert_eq!(config.broker_id, 0);
        assert!(matches!(config.set("nope", "1"), Err(ConfigError::UnknownKey { .. })));
        assert_eq!(config.set("putThreadPoolQueueCapacity", "1"), Ok(true));
    }
}
