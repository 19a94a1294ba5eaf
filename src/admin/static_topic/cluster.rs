//! Reading a static topic from all brokers, and writing it to them.

use super::mapping::{Brokers, without_queues};
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context, failed};
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::route::ClusterInfo;
use crate::protocol::static_topic::{
    GetStaticTopicConfig, StaticTopic, StaticTopicHeader, UpdateAndCreateStaticTopic,
};
use crate::protocol::topic::CreateTopicHeader;
use crate::remoting::CallError;
use std::collections::{BTreeMap, BTreeSet};

/// The masters by broker name.
pub struct Masters(BTreeMap<String, Broker>);

impl Masters {
    /// Of all clusters.
    pub fn of(info: &ClusterInfo) -> Self {
        let masters = targets::all(info).into_iter().filter(Broker::is_master);
        Masters(masters.map(|broker| (broker.broker_name.clone(), broker)).collect())
    }

    /// Those of these names.
    ///
    /// # Errors
    /// A broker whose master is gone.
    pub fn named<'a>(
        &self,
        names: impl IntoIterator<Item = &'a String>,
    ) -> Result<Vec<Broker>, CommandError> {
        let find = |name: &String| {
            self.0.get(name).cloned().ok_or_else(|| {
                CommandError::not_found(format!("broker {name} has no master that is alive"))
                    .hint("rmq clusterList shows the brokers")
            })
        };
        names.into_iter().map(find).collect()
    }

    /// Adds the brokers of the same clusters, which must know that they have no queue of the topic.
    pub fn complete(&self, topic: &str, brokers: &mut Brokers, epoch: i64, total: i32) {
        let clusters: BTreeSet<&String> =
            brokers.keys().filter_map(|name| self.0.get(name)).map(|broker| &broker.cluster).collect();
        for (name, broker) in &self.0 {
            if clusters.contains(&broker.cluster) {
                let none = || without_queues(topic, name, epoch, total);
                brokers.entry(name.clone()).or_insert_with(none);
            }
        }
    }

    /// The topic on every broker that has it. All clusters are looked at: the topic may be in another one.
    ///
    /// # Errors
    /// A broker that does not say.
    pub async fn present(&self, ctx: &Context, topic: &str) -> Result<Brokers, CommandError> {
        let answers = ctx
            .fan_out(self.0.values(), |broker| async move { (broker, one(ctx, &broker.addr, topic).await) })
            .await;
        let mut brokers = Brokers::new();
        for (broker, answer) in answers {
            let present = answer.map_err(|error| failed(&format!("look for topic {topic}"), &error))?;
            brokers.extend(present.map(|found| (broker.broker_name.clone(), found)));
        }
        Ok(brokers)
    }

    /// Writes the topic to these brokers side by side; nobody is told in a dry run. Ends when all have answered.
    ///
    /// # Errors
    /// The first broker that failed, with those that did not in the causes.
    pub async fn write<'a>(
        &self,
        ctx: &Context,
        brokers: &Brokers,
        names: impl IntoIterator<Item = &'a String>,
        force: bool,
    ) -> Result<(), CommandError> {
        if ctx.dry_run {
            return Ok(());
        }
        let results = ctx
            .fan_out(self.named(names)?, |broker| async move {
                let Some(topic) = brokers.get(&broker.broker_name) else { return Ok(()) };
                let body = Json(topic.mapping_detail.clone());
                ctx.ask::<UpdateAndCreateStaticTopic>(&broker.addr, header_of(topic, force), body)
                    .await
                    .map(|_| ())
            })
            .await;
        let failure = results.into_iter().find_map(Result::err);
        failure.map_or(Ok(()), |error| Err(failed("write the mapping", &error)))
    }
}

async fn one(ctx: &Context, addr: &str, topic: &str) -> Result<Option<StaticTopic>, CallError> {
    let header = StaticTopicHeader { topic: topic.to_owned(), with_mapping: Some(true) };
    match ctx.ask::<GetStaticTopicConfig>(addr, header, ()).await {
        Ok(answer) => {
            let found = answer.body.0;
            let mapping_detail = match found.mapping_detail {
                None => Default::default(),
                Some(detail) => serde_json::from_value(detail).map_err(|error| CallError::Malformed {
                    addr: addr.to_owned(),
                    request: "GET_TOPIC_CONFIG",
                    reason: error.to_string(),
                })?,
            };
            Ok(Some(StaticTopic { config: found.config, mapping_detail }))
        }
        Err(CallError::Refused { code: code::TOPIC_NOT_EXIST, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn header_of(topic: &StaticTopic, force: bool) -> CreateTopicHeader {
    let config = &topic.config;
    CreateTopicHeader {
        topic: config.topic_name.clone(),
        default_topic: "TBW102".to_owned(),
        read_queue_nums: config.read_queue_nums,
        write_queue_nums: config.write_queue_nums,
        perm: config.perm,
        topic_filter_type: config.topic_filter_type.clone(),
        topic_sys_flag: Some(config.topic_sys_flag),
        order: Some(config.order),
        attributes: None,
        force: Some(force),
    }
}
