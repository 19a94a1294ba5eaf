//! The settings of a name server (`NamesrvConfig`, `NettyServerConfig`).

use super::error::ConfigError;
use super::table::properties;
use super::tls::TlsConfig;

properties! {
    /// The settings of a name server, one field per key that is acted on; the rest by [`NamesrvConfig::get`].
    ///
    /// Times are in milliseconds where the field does not say otherwise.
    pub struct NamesrvConfig, others "namesrv.keys", with
        /// Encrypted connections
        tls: TlsConfig
    {
        /// The port that brokers and clients connect to; 0 for any free one
        listen_port: u16 = 9876, "listenPort";
        /// The local address to listen on
        bind_address: String = "0.0.0.0".to_owned(), "bindAddress";
        /// Where an installation of Apache RocketMQ would be; nothing is read from there
        rocketmq_home: Option<String> = std::env::var("ROCKETMQ_HOME").ok(), "rocketmqHome";
        /// The file of the KV configuration
        kv_config_path: String = super::in_home("namesrv/kvConfig.json"), "kvConfigPath";
        /// The file that changes of these settings are written to
        config_store_path: String = super::in_home("namesrv/namesrv.properties"), "configStorePath";
        /// Keys that no request may change, separated by semicolons
        config_black_list: String = "configBlackList;configStorePath;kvConfigPath".to_owned(), "configBlackList";
        /// How often brokers that fell silent are looked for
        scan_not_active_broker_interval: u64 = 5_000, "scanNotActiveBrokerInterval";
        /// Answer to a topic without brokers from the environment's own name server
        cluster_test: bool = false, "clusterTest";
        /// Name of the environment
        product_env_name: String = "center".to_owned(), "productEnvName";
        /// Give out the order of the queues of ordered topics
        order_message_enable: bool = false, "orderMessageEnable";
        /// Give brokers the KV configuration of ordered topics when they register
        return_order_topic_config_to_broker: bool = true, "returnOrderTopicConfigToBroker";
        /// Answer requests for all topics, and for those of a cluster
        enable_topic_list: bool = true, "enableTopicList";
        /// Answer requests for all topics
        enable_all_topic_list: bool = true, "enableAllTopicList";
        /// Forget topics of a broker that its registration does not name
        delete_topic_with_broker_registration: bool = false, "deleteTopicWithBrokerRegistration";
        /// Refuse routes until brokers had time to register after a start
        need_wait_for_service: bool = false, "needWaitForService";
        /// How long that is (seconds)
        wait_seconds_for_service: u64 = 45, "waitSecondsForService";
        /// Let the slave with the lowest id act for a lost master
        support_acting_master: bool = false, "supportActingMaster";
        /// Tell the brokers of a group when the lowest id in it changes
        notify_min_broker_id_changed: bool = false, "notifyMinBrokerIdChanged";
        /// A connection that is silent for this long is closed (seconds)
        server_channel_max_idle_time_seconds: u64 = 120, "serverChannelMaxIdleTimeSeconds";
        /// Connections that wait to be accepted
        server_socket_backlog: u32 = 1_024, "serverSocketBacklog";
    }
}

impl NamesrvConfig {
    /// What no single value shows to be wrong.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.tls.check()?;
        if self.cluster_test {
            return Err(ConfigError::Unsupported {
                key: "clusterTest".to_owned(),
                value: "true".to_owned(),
                why: "asking another environment's name server".to_owned(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn lists_the_keys_and_defaults_of_apache() {
        let text = include_str!("../../tests/fixtures/config/namesrv-5.5.0.properties");
        let theirs: BTreeMap<String, String> =
            crate::config::parse_properties(text).unwrap().into_iter().map(|p| (p.key, p.value)).collect();
        let config = NamesrvConfig {
            rocketmq_home: Some("/opt/rocketmq".to_owned()),
            kv_config_path: "/root/namesrv/kvConfig.json".to_owned(),
            config_store_path: "/root/namesrv/namesrv.properties".to_owned(),
            ..NamesrvConfig::default()
        };
        assert_eq!(config.pairs(), theirs);
    }

    #[test]
    fn a_controller_inside_is_refused() {
        let mut config = NamesrvConfig::default();
        assert!(config.load("enableControllerInNamesrv=true").is_err());
        assert!(config.load("clusterTest=true").is_err());
        assert_eq!(config.load("listenPort=19876"), Ok(vec![]));
        assert_eq!(config.listen_port, 19_876);
    }
}
