//! `queryCq`: entries of a consume queue, as they are on disk.

use crate::admin::targets::{self, Broker};
use crate::admin::topic::topic_route::fastjson_pretty;
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, Text, counted};
use crate::protocol::body::Json;
use crate::protocol::group::SubscriptionData;
use crate::protocol::request::Request;
use crate::protocol::route::TopicRouteData;
use crate::protocol::topic::{
    ConsumeQueueBody, ConsumeQueueData, QueryConsumeQueue, QueryConsumeQueueHeader,
};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Show entries of a consume queue
///
/// Without -b every master of the topic that has the queue is asked; mqadmin, and --output classic, show the first of
/// them only.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq queryCq -t TopicTest -q 1 -i 0 -c 3\n  \
        rmq queryCq -t TopicTest -q 1 -i 0 -b 127.0.0.1:10911 -g orders --output json")]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The queue
    #[arg(short = 'q', long = "queue", value_name = "QUEUE", value_parser = clap::value_parser!(i32).range(0..))]
    pub queue: i32,
    /// The first entry
    #[arg(short = 'i', long = "index", value_name = "INDEX", allow_hyphen_values = true)]
    pub index: i64,
    /// How many entries
    #[arg(short = 'c', long = "count", value_name = "COUNT", default_value_t = 10,
          value_parser = clap::value_parser!(i32).range(0..))]
    pub count: i32,
    /// Ask this broker only
    #[arg(short = 'b', long = "broker", value_name = "HOST:PORT")]
    pub broker: Option<String>,
    /// Show the filter of this group, and whether entries pass it
    #[arg(short = 'g', long = "consumer", value_name = "GROUP")]
    pub consumer: Option<String>,
}

/// The queue on each broker, in the order of the route.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub queue_id: i32,
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
}

/// The queue on one broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub broker_name: String,
    pub broker_addr: String,
    /// The queue's first offset.
    pub min_offset: i64,
    /// Its end.
    pub max_offset: i64,
    /// What the group wants of the topic, where it is online.
    pub subscription: Option<SubscriptionData>,
    /// What the broker says of the group's filter.
    pub filter_data: Option<String>,
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub index: i64,
    /// Where the message is in the commit log.
    pub physic_offset: i64,
    /// How many bytes it takes there.
    pub physic_size: i32,
    /// Its tag's hash, or where more of the entry is.
    pub tags_code: i64,
    pub extend_data_json: Option<String>,
    pub bit_map: Option<String>,
    /// Whether it passes the group's filter, where that is an expression.
    pub eval: bool,
    /// The message as text, or what went wrong.
    pub msg: Option<String>,
}

impl Entry {
    fn new(index: i64, data: ConsumeQueueData) -> Self {
        Entry {
            index,
            physic_offset: data.physic_offset,
            physic_size: data.physic_size,
            tags_code: data.tags_code,
            extend_data_json: data.extend_data_json,
            bit_map: data.bit_map,
            eval: data.eval,
            msg: data.msg,
        }
    }

    /// `ConsumeQueueData.toString`.
    fn java_text(&self) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        format!(
            "ConsumeQueueData{{physicOffset={}, physicSize={}, tagsCode={}, extendDataJson='{}', bitMap='{}', \
             eval={}, msg='{}'}}",
            self.physic_offset,
            self.physic_size,
            self.tags_code,
            text(&self.extend_data_json),
            text(&self.bit_map),
            self.eval,
            text(&self.msg)
        )
    }
}

impl Row {
    fn new(broker: Broker, index: i64, body: ConsumeQueueBody) -> Self {
        let entries = body.queue_data.unwrap_or_default();
        Row {
            broker_name: broker.broker_name,
            broker_addr: broker.addr,
            min_offset: body.min_queue_index,
            max_offset: body.max_queue_index,
            subscription: body.subscription_data,
            filter_data: body.filter_data,
            entries: (index..).zip(entries).map(|(index, data)| Entry::new(index, data)).collect(),
        }
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let rule = "======================================";
        if let Some(data) = &self.subscription {
            let json = serde_json::to_value(data).unwrap_or_default();
            writeln!(w, "Subscription data: \n{}\n{rule}", fastjson_pretty(&json))?;
        }
        if let Some(data) = &self.filter_data {
            writeln!(w, "Filter data: \n{data}\n{rule}")?;
        }
        writeln!(w, "Queue data: \nmax: {}, min: {}\n{rule}", self.max_offset, self.min_offset)?;
        self.entries
            .iter()
            .try_for_each(|entry| writeln!(w, "idx: {}\n{}\n{rule}", entry.index, entry.java_text()))
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("BROKER")
            .number("INDEX")
            .number("LOG OFFSET")
            .number("SIZE")
            .number("TAGS CODE")
            .text("PASSES");
        for row in &self.brokers {
            let broker = if row.broker_name.is_empty() { &row.broker_addr } else { &row.broker_name };
            for entry in &row.entries {
                let passes = row.subscription.as_ref().map(|data| match data.expression_type.as_str() {
                    "TAG" => Text::yes_no(passes_tags(data, entry.tags_code)),
                    _ => Text::yes_no(entry.eval),
                });
                table.row([
                    Cell::new(broker),
                    Cell::new(entry.index),
                    Cell::new(entry.physic_offset),
                    Cell::new(entry.physic_size),
                    Cell::new(entry.tags_code),
                    Cell::optional(passes),
                ]);
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        self.brokers.first().map_or(Ok(()), |row| row.classic(w))
    }

    fn notes(&self) -> Vec<String> {
        let note = |row: &Row| {
            let broker = if row.broker_name.is_empty() { &row.broker_addr } else { &row.broker_name };
            let held = row.max_offset.saturating_sub(row.min_offset);
            format!(
                "{broker} holds {} in queue {}: from {} up to {}",
                counted(held, "entry"),
                self.queue_id,
                row.min_offset,
                row.max_offset
            )
        };
        self.brokers.iter().map(note).collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Whether a subscription by tags wants a message of this hash.
fn passes_tags(data: &SubscriptionData, tags_code: i64) -> bool {
    data.code_set.is_empty() || i32::try_from(tags_code).is_ok_and(|code| data.code_set.contains(&code))
}

/// Asks the broker, or every master of the topic that has the queue, side by side.
///
/// # Errors
/// An unknown topic; a queue that it does not have; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = match &args.broker {
        Some(addr) => vec![targets::at_addr(None, addr)],
        None => brokers(&args, &ctx.route(&args.topic).await?)?,
    };
    let args_ref = &args;
    let doing = format!("read queue {} of topic {}", args.queue, args.topic);
    let answers = ctx
        .ask_each(&doing, brokers, |broker| async move {
            let header = QueryConsumeQueueHeader {
                topic: args_ref.topic.clone(),
                queue_id: args_ref.queue,
                index: args_ref.index,
                count: args_ref.count,
                consumer_group: args_ref.consumer.clone(),
            };
            let answer = ctx.ask::<QueryConsumeQueue>(&broker.addr, header, ()).await?;
            // Brokers have no body for an index that is not there, and call that a success.
            let none = || CallError::Refused {
                addr: broker.addr.clone(),
                request: QueryConsumeQueue::NAME,
                code: answer.code,
                remark: answer.remark.unwrap_or_default(),
            };
            answer.body.map(|Json(body)| body).ok_or_else(none)
        })
        .await?;
    let row = |(broker, body)| Row::new(broker, args.index, body);
    Ok(Output {
        queue_id: args.queue,
        brokers: answers.given.into_iter().map(row).collect(),
        failures: answers.failures,
        topic: args.topic,
    })
}

/// The masters of the topic that have the queue, in the order of the route.
fn brokers(args: &Args, route: &TopicRouteData) -> Result<Vec<Broker>, CommandError> {
    let count = |name: &str| {
        let data = route.queue_datas.iter().find(|data| data.broker_name == name);
        data.map_or(0, |data| data.read_queue_nums.max(data.write_queue_nums))
    };
    let masters = route.broker_datas.iter().flat_map(|data| targets::one_of_each_name([data]));
    let found: Vec<Broker> = masters.filter(|broker| count(&broker.broker_name) > args.queue).collect();
    if found.is_empty() {
        let most = route.broker_datas.iter().map(|data| count(&data.broker_name)).max().unwrap_or(0);
        let missing = CommandError::not_found(format!("topic {} has no queue {}", args.topic, args.queue));
        return Err(missing.hint(format!("it has {} on a broker", counted(most, "queue"))));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;

    fn row(json: &str) -> Row {
        Row::new(targets::at_addr(None, "127.0.0.1:10911"), 5, fastjson::from_slice(json.as_bytes()).unwrap())
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let json = r#"{"filterData":"null","maxQueueIndex":48,"minQueueIndex":0,
            "queueData":[{"eval":false,"physicOffset":35212371,"physicSize":306,"tagsCode":2598919}],
            "subscriptionData":{"classFilterMode":false,"codeSet":[2598919],"expressionType":"TAG",
            "subString":"TagA","subVersion":1795510478371,"tagsSet":["TagA"],"topic":"TopicTest"}}"#;
        let mut text = String::new();
        row(json).classic(&mut text).unwrap();
        let rule = "======================================\n";
        let want = format!(
            "Subscription data: \n{{\n\t\"classFilterMode\":false,\n\t\"codeSet\":[\n\t\t2598919\n\t],\n\
             \t\"expressionType\":\"TAG\",\n\t\"subString\":\"TagA\",\n\t\"subVersion\":1795510478371,\n\
             \t\"tagsSet\":[\n\t\t\"TagA\"\n\t],\n\t\"topic\":\"TopicTest\"\n}}\n{rule}\
             Filter data: \nnull\n{rule}\
             Queue data: \nmax: 48, min: 0\n{rule}\
             idx: 5\nConsumeQueueData{{physicOffset=35212371, physicSize=306, tagsCode=2598919, \
             extendDataJson='null', bitMap='null', eval=false, msg='null'}}\n{rule}"
        );
        assert_eq!(text, want);
    }

    #[test]
    fn tags_are_looked_up() {
        let data = SubscriptionData { code_set: [7].into(), ..SubscriptionData::default() };
        assert!(passes_tags(&data, 7) && !passes_tags(&data, 8) && !passes_tags(&data, i64::MAX));
        assert!(passes_tags(&SubscriptionData::default(), 8), "no tags are all");
    }
}
