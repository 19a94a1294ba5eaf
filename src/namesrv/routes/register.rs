//! A broker registers.

use std::collections::{BTreeMap, BTreeSet};

use super::{BrokerKey, DEFAULT_HEARTBEAT_TIMEOUT, LiveBroker, MinBrokerNotice, RouteTables, Rules};
use crate::protocol::route::{
    BrokerData, MASTER_ID, PERM_WRITE, QueueData, RegisterBrokerBody, RegisterBrokerHeader,
    RegisterBrokerReply,
};
use crate::protocol::topic::{DataVersion, TopicConfig, TopicConfigTable};

/// What a broker says when it registers.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    /// Who it is.
    pub header: RegisterBrokerHeader,
    /// Its topics.
    pub body: RegisterBrokerBody,
    /// The connection that it came over.
    pub connection: u64,
}

/// A broker that registers a single topic must have registered as a whole before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a single topic of a broker that has not registered")]
pub struct Unregistrable;

impl RouteTables {
    /// Takes a registration: what the broker is answered, and what other brokers must be told.
    ///
    /// # Errors
    /// [`Unregistrable`]; nothing is changed then.
    pub fn register(
        &mut self,
        registration: Registration,
        rules: Rules,
        now: i64,
    ) -> Result<(RegisterBrokerReply, Option<MinBrokerNotice>), Unregistrable> {
        let Registration { header, body, connection } = registration;
        let topics = body.topic_config_serialize_wrapper;
        if self.is_outdated(&header, &topics.data_version) {
            // The rejected broker gets an empty success, and is not seen as alive.
            self.live.remove(&BrokerKey::new(&header.cluster_name, &header.broker_addr));
            return Ok((RegisterBrokerReply::default(), None));
        }
        let seat = self.take_seat(&header, topics.topic_config_table.len())?;
        if seat.leads {
            self.put_topics(&header, topics.clone(), &seat, rules);
        }
        let key = BrokerKey::new(&header.cluster_name, &header.broker_addr);
        let live = LiveBroker {
            last_update: now,
            timeout: header.heartbeat_timeout_millis.unwrap_or(DEFAULT_HEARTBEAT_TIMEOUT),
            version: topics.data_version,
            connection,
            ha_server_addr: header.ha_server_addr.clone(),
        };
        if self.live.insert(key.clone(), live).is_none() {
            tracing::info!(broker = header.broker_name, addr = header.broker_addr, "broker registered");
        }
        if body.filter_server_list.is_empty() {
            self.filter_servers.remove(&key);
        } else {
            self.filter_servers.insert(key, body.filter_server_list);
        }
        let notice = (seat.lowers_min && rules.notify_min_broker_id)
            .then(|| self.brokers.get(&header.broker_name))
            .flatten()
            .and_then(|b| MinBrokerNotice::new(&b.broker_addrs, None, Some(&header.ha_server_addr)));
        Ok((self.reply_to(&header), notice))
    }

    /// Whether another broker has this name and id by a newer election.
    fn is_outdated(&self, header: &RegisterBrokerHeader, version: &DataVersion) -> bool {
        let holder = self
            .brokers
            .get(&header.broker_name)
            .and_then(|broker| broker.broker_addrs.get(&header.broker_id));
        holder
            .filter(|addr| **addr != header.broker_addr)
            .and_then(|addr| self.version(&header.cluster_name, addr))
            .is_some_and(|held| held.state_version > version.state_version)
    }

    /// Gives the broker its place among those of its name.
    fn take_seat(&mut self, header: &RegisterBrokerHeader, topics: usize) -> Result<Seat, Unregistrable> {
        let known = self.brokers.get(&header.broker_name);
        let seated = known.is_some_and(|broker| broker.broker_addrs.contains_key(&header.broker_id));
        if !seated && topics == 1 {
            return Err(Unregistrable);
        }
        let cluster = self.clusters.entry(header.cluster_name.clone()).or_default();
        cluster.insert(header.broker_name.clone());
        let broker = self.brokers.entry(header.broker_name.clone()).or_insert_with(|| BrokerData {
            broker_name: header.broker_name.clone(),
            cluster: header.cluster_name.clone(),
            ..BrokerData::default()
        });
        broker.enable_acting_master = header.enable_acting_master.unwrap_or(false);
        broker.zone_name.clone_from(&header.zone_name);
        let min_before = broker.broker_addrs.keys().next().copied().unwrap_or(0);
        // A slave that became master comes with its old address and a new id.
        broker.broker_addrs.retain(|id, addr| *addr != header.broker_addr || *id == header.broker_id);
        let before = broker.broker_addrs.insert(header.broker_id, header.broker_addr.clone());
        let is_min = broker.broker_addrs.keys().next() == Some(&header.broker_id);
        // Brokers before 5 do not send the flag; their slaves never lead.
        let prime_slave = header.enable_acting_master.is_some() && header.broker_id != MASTER_ID && is_min;
        Ok(Seat {
            first: before.is_none_or(|addr| addr.is_empty()),
            lowers_min: header.broker_id < min_before,
            leads: header.broker_id == MASTER_ID || prime_slave,
            read_only: prime_slave && broker.enable_acting_master,
        })
    }

    /// Takes over the topics of the broker that leads its name.
    fn put_topics(
        &mut self,
        header: &RegisterBrokerHeader,
        table: TopicConfigTable,
        seat: &Seat,
        rules: Rules,
    ) {
        let mappings = table.topic_queue_mapping_info_map.as_ref().and_then(serde_json::Value::as_object);
        if rules.delete_unregistered_topics && mappings.is_none_or(serde_json::Map::is_empty) {
            self.drop_topics_but(&header.broker_name, &table.topic_config_table.keys().collect());
        }
        let known = self.version(&header.cluster_name, &header.broker_addr);
        let changed = seat.first || known != Some(&table.data_version);
        if changed {
            for (topic, mapping) in mappings.into_iter().flatten() {
                let broker = mapping.get("bname").and_then(serde_json::Value::as_str).unwrap_or_default();
                self.mappings.entry(topic.clone()).or_default().insert(broker.to_owned(), mapping.clone());
            }
        }
        for topic in table.topic_config_table.into_values() {
            let brokers = self.topics.get(&topic.topic_name);
            if changed || !brokers.is_some_and(|queues| queues.contains_key(&header.broker_name)) {
                self.put_queues(&header.broker_name, topic, seat.read_only);
            }
        }
    }

    fn drop_topics_but(&mut self, broker: &str, kept: &BTreeSet<&String>) {
        self.topics.retain(|topic, queues| {
            if !kept.contains(topic) {
                queues.remove(broker);
            }
            !queues.is_empty()
        });
    }

    fn put_queues(&mut self, broker: &str, topic: TopicConfig, read_only: bool) {
        let queues = QueueData {
            broker_name: broker.to_owned(),
            perm: if read_only { topic.perm & !PERM_WRITE } else { topic.perm },
            read_queue_nums: topic.read_queue_nums,
            topic_sys_flag: topic.topic_sys_flag,
            write_queue_nums: topic.write_queue_nums,
        };
        self.topics.entry(topic.topic_name).or_default().insert(broker.to_owned(), queues);
    }

    /// A slave is told its master, if that is alive.
    fn reply_to(&self, header: &RegisterBrokerHeader) -> RegisterBrokerReply {
        let master = (header.broker_id != MASTER_ID)
            .then(|| self.brokers.get(&header.broker_name)?.broker_addrs.get(&MASTER_ID))
            .flatten();
        let live = master.and_then(|addr| self.live.get(&BrokerKey::new(&header.cluster_name, addr)));
        match (master, live) {
            (Some(addr), Some(live)) => RegisterBrokerReply {
                ha_server_addr: Some(live.ha_server_addr.clone()),
                master_addr: Some(addr.clone()),
            },
            _ => RegisterBrokerReply::default(),
        }
    }

    /// Adds queues of a topic on brokers that are known; one that is not spoils them all.
    pub fn register_topic(&mut self, topic: &str, queues: Vec<QueueData>) {
        let unknown = queues.iter().find(|queue| !self.brokers.contains_key(&queue.broker_name));
        if let Some(unknown) = unknown {
            tracing::warn!(topic, broker = unknown.broker_name, "a topic of an unknown broker is not taken");
            return;
        }
        if queues.is_empty() {
            return;
        }
        let table: &mut BTreeMap<_, _> = self.topics.entry(topic.to_owned()).or_default();
        table.extend(queues.into_iter().map(|queue| (queue.broker_name.clone(), queue)));
    }
}

/// The place of a broker among those of its name.
struct Seat {
    /// It was not there before.
    first: bool,
    /// Its id is smaller than the smallest was.
    lowers_min: bool,
    /// Its topics count: it is the master, or stands in for it.
    leads: bool,
    /// It stands in for the master, and takes no writes.
    read_only: bool,
}
