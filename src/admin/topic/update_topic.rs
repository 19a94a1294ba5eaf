//! `updateTopic`: creates a topic, or writes its whole configuration anew.

use super::order_conf::{self, OrderConf};
use super::perm::{parse_perm, perm_text};
use crate::admin::attributes::AttributeChanges;
use crate::admin::change::{Change, table_of};
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::java_order::map_text;
use crate::output::{Failure, Render, Table};
use crate::protocol::code;
use crate::protocol::topic::{
    CreateTopicHeader, GetTopicConfig, TopicConfig, TopicHeader, UpdateAndCreateTopic,
};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Create a topic, or write its whole configuration anew
///
/// What is not given goes back to its default (8 queues, readable and writable), as with mqadmin; --dry-run shows
/// what would change on each broker.
#[derive(Debug, Clone, clap::Args)]
#[command(
    group(clap::ArgGroup::new("where").args(["broker_addr", "cluster_name"]).required(true)),
    after_long_help = "Examples:\n  rmq updateTopic -c DefaultCluster -t TopicTest\n  \
        rmq updateTopic -c DefaultCluster -t Orders -r 4 -w 4 -o true\n  \
        rmq updateTopic -b 127.0.0.1:10911 -t Delayed -a +message.type=DELAY --dry-run"
)]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// Write it to this broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// Write it to every master of this cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
    /// How many queues can be read
    #[arg(short = 'r', long = "readQueueNums", value_name = "COUNT", default_value_t = 8,
          value_parser = clap::value_parser!(i32).range(0..))]
    pub read_queue_nums: i32,
    /// How many queues can be written
    #[arg(short = 'w', long = "writeQueueNums", value_name = "COUNT", default_value_t = 8,
          value_parser = clap::value_parser!(i32).range(0..))]
    pub write_queue_nums: i32,
    /// Who may do what: 2 write, 4 read, 6 both
    #[arg(short = 'p', long = "perm", value_name = "PERM", default_value = "6", value_parser = parse_perm)]
    pub perm: i32,
    /// Whether it is an ordered topic, whose queues keep their place
    #[arg(short = 'o', long = "order", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub order: bool,
    /// Whether it is a topic of units
    #[arg(short = 'u', long = "unit", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub unit: bool,
    /// Whether units subscribe to it
    #[arg(short = 's', long = "hasUnitSub", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub has_unit_sub: bool,
    /// Changes of attributes: +name=value sets one, -name takes it away
    #[arg(short = 'a', long = "attributes", value_name = "CHANGES", allow_hyphen_values = true)]
    pub attributes: Option<String>,
}

/// What was written, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// The configuration as it was asked for; attributes with the sign of their change.
    pub topic: TopicConfig,
    pub dry_run: bool,
    pub changes: Vec<Change>,
    /// The order of queues over brokers, where it was written to the name servers.
    pub order_conf: Option<String>,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    by_broker: bool,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.changes, self.dry_run)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let order = |w: &mut dyn Write, kind: &str| match &self.order_conf {
            Some(conf) => writeln!(w, "set {kind} orderConf. isOrder=true, orderConf=[{conf}]"),
            None => Ok(()),
        };
        if self.by_broker {
            order(w, "broker")?;
        }
        let done = if self.dry_run { "would be written to" } else { "success." };
        for change in targets::as_mqadmin(&self.changes, |change| &change.broker.addr) {
            match self.dry_run {
                true => writeln!(w, "create topic {done} {}", change.broker.addr)?,
                false => writeln!(w, "create topic to {} {done}", change.broker.addr)?,
            }
        }
        if !self.by_broker {
            order(w, "cluster")?;
        }
        writeln!(w, "{}", topic_config_text(&self.topic))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> =
            self.order_conf.iter().map(|conf| format!("order of queues: {conf}")).collect();
        if self.dry_run {
            notes.push("nothing was written (--dry-run)".to_owned());
        }
        notes
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// `TopicConfig.toString`.
pub(super) fn topic_config_text(config: &TopicConfig) -> String {
    let attributes = config.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    format!(
        "TopicConfig [topicName={}, readQueueNums={}, writeQueueNums={}, perm={}, topicFilterType={}, \
         topicSysFlag={}, order={}, attributes={}]",
        config.topic_name,
        config.read_queue_nums,
        config.write_queue_nums,
        perm_text(config.perm),
        config.topic_filter_type,
        config.topic_sys_flag,
        config.order,
        map_text(16, attributes)
    )
}

/// Writes the topic to the broker, or to every master of the cluster side by side.
///
/// # Errors
/// An unknown cluster; attributes that cannot be read; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let changes = AttributeChanges::parse(args.attributes.as_deref().unwrap_or_default())?;
    let config = TopicConfig {
        attributes: changes.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        order: args.order,
        perm: args.perm,
        read_queue_nums: args.read_queue_nums,
        write_queue_nums: args.write_queue_nums,
        topic_name: args.topic.clone(),
        // TopicSysFlag.buildSysFlag
        topic_sys_flag: i32::from(args.unit) | i32::from(args.has_unit_sub) << 1,
        ..TopicConfig::default()
    };
    let by_broker = args.broker_addr.is_some();
    let brokers = brokers(ctx, &args).await?;
    let header = header_of(&config, &changes);
    let doing = format!("{} topic {}", if ctx.dry_run { "look at" } else { "create" }, args.topic);
    let (config_ref, header_ref) = (&config, &header);
    let answers =
        ctx.ask_each(&doing, brokers.clone(), |broker| write(ctx, broker, config_ref, header_ref)).await?;
    let order_conf = if args.order { Some(order(ctx, &args, &brokers).await?) } else { None };
    Ok(Output {
        topic: config,
        dry_run: ctx.dry_run,
        changes: answers.given.into_iter().map(|(_, change)| change).collect(),
        order_conf,
        failures: answers.failures,
        by_broker,
    })
}

async fn brokers(ctx: &Context, args: &Args) -> Result<Vec<Broker>, CommandError> {
    if let Some(addr) = &args.broker_addr {
        // The name is needed for the order of queues only; without it a name server need not be there.
        let info = if args.order { Some(ctx.cluster_info().await?) } else { None };
        return Ok(vec![targets::at_addr(info.as_ref(), addr)]);
    }
    let info = ctx.cluster_info().await?;
    targets::in_cluster(&info, args.cluster_name.as_deref().unwrap_or_default(), Roles::Masters)
}

fn header_of(config: &TopicConfig, changes: &AttributeChanges) -> CreateTopicHeader {
    CreateTopicHeader {
        topic: config.topic_name.clone(),
        default_topic: "TBW102".to_owned(),
        read_queue_nums: config.read_queue_nums,
        write_queue_nums: config.write_queue_nums,
        perm: config.perm,
        topic_filter_type: config.topic_filter_type.clone(),
        topic_sys_flag: Some(config.topic_sys_flag),
        order: Some(config.order),
        attributes: Some(changes.wire_text()),
        force: Some(false),
    }
}

/// Reads what the broker has, and writes the topic unless it is a dry run.
async fn write(
    ctx: &Context,
    broker: Broker,
    config: &TopicConfig,
    header: &CreateTopicHeader,
) -> Result<Change, CallError> {
    let before = match present(ctx, &broker.addr, &config.topic_name).await {
        // Who may not look may still be allowed to write.
        Err(CallError::Refused { .. }) if !ctx.dry_run => None,
        before => before?,
    };
    let after = TopicConfig { attributes: attributes_after(before.as_ref(), config), ..config.clone() };
    let change = Change::between(broker, before.as_ref(), &after);
    if !ctx.dry_run {
        ctx.ask::<UpdateAndCreateTopic>(&change.broker.addr, header.clone(), ()).await?;
    }
    Ok(change)
}

/// The topic as the broker has it. A broker that cannot say, because it is too old or hides it, has none.
pub(super) async fn present(
    ctx: &Context,
    addr: &str,
    topic: &str,
) -> Result<Option<TopicConfig>, CallError> {
    match ctx.ask::<GetTopicConfig>(addr, TopicHeader { topic: topic.to_owned() }, ()).await {
        Ok(answer) => Ok(Some(answer.body.0.config)),
        Err(error @ CallError::Refused { code: code::NO_PERMISSION, .. }) => Err(error),
        Err(CallError::Refused { .. } | CallError::Malformed { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The attributes that a broker has after the changes.
pub(super) fn attributes_after(
    before: Option<&TopicConfig>,
    config: &TopicConfig,
) -> BTreeMap<String, String> {
    let mut attributes = before.map(|before| before.attributes.clone()).unwrap_or_default();
    for (name, value) in &config.attributes {
        match name.split_at(1) {
            ("+", name) => drop(attributes.insert(name.to_owned(), value.clone())),
            (_, name) => drop(attributes.remove(name)),
        }
    }
    attributes
}

/// Writes the order of queues to the name servers: of the whole cluster, or of one broker among those before.
async fn order(ctx: &Context, args: &Args, brokers: &[Broker]) -> Result<String, CommandError> {
    let queues = args.write_queue_nums;
    let names = brokers.iter().map(|broker| broker.broker_name.as_str());
    if args.broker_addr.is_none() {
        let conf = OrderConf::of_all(names, queues);
        order_conf::put(ctx, &args.topic, &conf).await?;
        return Ok(conf.to_string());
    }
    let named = brokers.iter().map(|broker| broker.broker_name.as_str()).find(|name| !name.is_empty());
    let name = named.ok_or_else(|| {
        CommandError::not_found(format!(
            "no broker at {} is known to the name server, so the order of queues cannot be set",
            args.broker_addr.as_deref().unwrap_or_default()
        ))
        .hint("rmq clusterList shows the brokers")
    })?;
    let mut conf = order_conf::get(ctx, &args.topic).await?;
    conf.set(name, queues);
    order_conf::put(ctx, &args.topic, &conf).await?;
    Ok(format!("{name}:{queues}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::targets::at_addr;

    fn output(by_broker: bool) -> Output {
        let topic = TopicConfig {
            attributes: BTreeMap::from([("+message.type".to_owned(), "DELAY".to_owned())]),
            order: true,
            ..TopicConfig::new("OrderedTopic", 4)
        };
        let change =
            |addr: &str| Change::between(at_addr(None, addr), None::<&TopicConfig>, &TopicConfig::default());
        Output {
            topic,
            dry_run: false,
            changes: vec![change("127.0.0.1:20511"), change("127.0.0.1:20611")],
            order_conf: Some("broker-a:4".to_owned()),
            failures: vec![],
            by_broker,
        }
    }

    fn classic(output: &Output) -> Vec<String> {
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_text_is_mqadmins() {
        let lines = classic(&output(false));
        assert_eq!(
            lines,
            [
                "create topic to 127.0.0.1:20611 success.",
                "create topic to 127.0.0.1:20511 success.",
                "set cluster orderConf. isOrder=true, orderConf=[broker-a:4]",
                "TopicConfig [topicName=OrderedTopic, readQueueNums=4, writeQueueNums=4, perm=RW-, \
                 topicFilterType=SINGLE_TAG, topicSysFlag=0, order=true, attributes={+message.type=DELAY}]",
            ]
        );
        let lines = classic(&output(true));
        assert_eq!(lines[0], "set broker orderConf. isOrder=true, orderConf=[broker-a:4]");
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn attributes_change_what_is_there() {
        let before = TopicConfig {
            attributes: BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]),
            ..TopicConfig::new("T", 1)
        };
        let asked = TopicConfig {
            attributes: BTreeMap::from([("-a".to_owned(), String::new()), ("+c".to_owned(), "3".to_owned())]),
            ..TopicConfig::new("T", 1)
        };
        let after = attributes_after(Some(&before), &asked);
        let pairs: Vec<_> = after.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("b", "2"), ("c", "3")]);
    }
}
