//! `statsAll`: what goes into topics and what groups take out.

use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::java_order::{hashed, string_hash};
use crate::output::{Cell, Failure, Render, Table, Text, Tone, counted, fixed, front, left, right};
use crate::protocol::broker::{StatsData, StatsHeader, ViewBrokerStatsData};
use crate::protocol::code;
use crate::protocol::group::{ConsumeStatsHeader, GetConsumeStats};
use crate::protocol::topic::{QueryTopicConsumeByWho, TopicHeader};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

/// What begins the topics that belong to groups; they are not shown.
const OF_GROUPS: [&str; 2] = ["%RETRY%", "%DLQ%"];

/// Show what goes into topics and what groups take out
///
/// A line for every group of every topic. The sums are those of the broker's running day, or of the hour or the minute
/// where the day has not begun to count. A group that broadcasts keeps its offsets on its members, so that it looks
/// as if it were behind.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq statsAll -a\n  rmq statsAll -t TopicTest --output json")]
pub struct Args {
    /// Only topics and groups with messages in this time
    #[arg(short = 'a', long = "activeTopic")]
    pub active_topic: bool,
    /// Only this topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: Option<String>,
}

/// The rates, sorted by topic and group.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub rows: Vec<Row>,
    pub failures: Vec<Failure>,
    /// All topics, in the order in which mqadmin shows them.
    #[serde(skip)]
    order: Vec<String>,
}

/// A group on a topic, or a topic without groups.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub topic: String,
    /// None where no group consumes the topic.
    pub group: Option<String>,
    /// Messages that the group has not consumed.
    pub accumulation: i64,
    /// Messages a second, over the last minute.
    pub in_tps: f64,
    /// Messages a second, over the last minute.
    pub out_tps: Option<f64>,
    #[serde(rename = "inMsg24Hour")]
    pub in_messages: i64,
    #[serde(rename = "outMsg24Hour")]
    pub out_messages: Option<i64>,
}

impl Row {
    fn is_active(&self) -> bool {
        self.in_messages > 0 || self.out_messages.unwrap_or(0) > 0
    }

    fn classic_cells(&self) -> [String; 7] {
        [
            front(&self.topic, 64).to_owned(),
            self.group.as_deref().map(|group| front(group, 64)).unwrap_or_default().to_owned(),
            self.accumulation.max(0).to_string(),
            fixed(self.in_tps, 2),
            self.out_tps.map(|tps| fixed(tps, 2)).unwrap_or_default(),
            self.in_messages.to_string(),
            self.out_messages.map_or_else(|| "NO_CONSUMER".to_owned(), |messages| messages.to_string()),
        ]
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("TOPIC")
            .text("GROUP")
            .number("BEHIND")
            .number("IN TPS")
            .number("OUT TPS")
            .number("IN")
            .number("OUT");
        for row in &self.rows {
            let tone = if row.accumulation > 0 { Tone::Warn } else { Tone::Plain };
            table.row([
                Cell::new(&row.topic),
                Cell::optional(row.group.as_ref()),
                Cell::toned(row.accumulation, tone),
                Cell::new(Text::decimal(row.in_tps)),
                Cell::optional(row.out_tps.map(Text::decimal)),
                Cell::new(row.in_messages),
                Cell::optional(row.out_messages),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mut line = |cells: [&str; 7]| {
            let [topic, group, behind, in_tps, out_tps, inward, outward] = cells;
            let (topic, group) = (left(topic, 64), left(group, 64));
            let (behind, in_tps, out_tps) = (right(behind, 12), right(in_tps, 11), right(out_tps, 11));
            let (inward, outward) = (right(inward, 14), right(outward, 14));
            writeln!(w, "{topic}  {group} {behind} {in_tps} {out_tps} {inward} {outward}")
        };
        line([
            "#Topic",
            "#Consumer Group",
            "#Accumulation",
            "#InTPS",
            "#OutTPS",
            "#InMsg24Hour",
            "#OutMsg24Hour",
        ])?;
        let mut by_topic: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in &self.rows {
            by_topic.entry(&row.topic).or_default().push(row);
        }
        for topic in &self.order {
            let rows = by_topic.remove(topic.as_str()).unwrap_or_default();
            for row in hashed(rows, |row| row.group.as_deref().map_or(0, string_hash)) {
                line(row.classic_cells().each_ref().map(String::as_str))?;
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let topics: BTreeSet<&str> = self.rows.iter().map(|row| row.topic.as_str()).collect();
        let groups = self.rows.iter().filter(|row| row.group.is_some()).count();
        vec![format!("{}, {} on them", counted(topics.len(), "topic"), counted(groups, "group"))]
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks for every topic side by side; of each its brokers, then its groups.
///
/// # Errors
/// No name server is reached; an unknown topic; all topics failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let topics = match &args.topic {
        Some(topic) => vec![topic.clone()],
        None => ctx.topic_names().await?,
    };
    let of_group = |topic: &String| OF_GROUPS.iter().any(|prefix| topic.starts_with(prefix));
    let all = hashed(topics, |topic| string_hash(topic));
    let order: Vec<String> = all.into_iter().filter(|topic| !of_group(topic)).collect();
    let named = args.topic.is_some();
    let progress = ctx.out.progress(u64::try_from(order.len()).ok(), "topics");
    let results = ctx
        .fan_out(&order, |topic| {
            let progress = progress.clone();
            async move {
                let result = of_topic(ctx, topic, named).await;
                progress.advance(1);
                (topic, result)
            }
        })
        .await;
    progress.finish();
    let mut output = Output { rows: Vec::new(), failures: Vec::new(), order: order.clone() };
    let mut first = None;
    for (topic, result) in results {
        match result {
            Ok((rows, failures)) => {
                output.rows.extend(rows.into_iter().filter(|row| !args.active_topic || row.is_active()));
                output.failures.extend(failures);
            }
            Err(error) => {
                output.failures.push(error.to_failure(format!("topic {topic}")));
                first.get_or_insert(error);
            }
        }
    }
    if let Some(error) = first.filter(|_| output.failures.len() == order.len()) {
        return Err(error);
    }
    output.rows.sort_by(|a, b| (&a.topic, &a.group).cmp(&(&b.topic, &b.group)));
    Ok(output)
}

/// What the brokers of one topic count; failures of some of them beside it.
async fn of_topic(
    ctx: &Context,
    topic: &str,
    must_exist: bool,
) -> Result<(Vec<Row>, Vec<Failure>), CommandError> {
    let Some(route) = ctx.find_route(topic).await? else {
        // It was deleted since the list was made.
        return if must_exist { Err(ctx.unknown_topic(topic).await) } else { Ok(Default::default()) };
    };
    let brokers = targets::of_route(&route);
    let doing = format!("read the rates of topic {topic}");
    let answers = ctx
        .ask_each(&doing, brokers, |broker| async move {
            let header = TopicHeader { topic: topic.to_owned() };
            let (groups, put) = tokio::join!(
                ctx.ask::<QueryTopicConsumeByWho>(&broker.addr, header, ()),
                rate(ctx, &broker, "TOPIC_PUT_NUMS", topic.to_owned())
            );
            Ok((groups?.body.0.group_list, put?))
        })
        .await?;
    let mut failures = answers.failures;
    let (mut groups, mut put, mut brokers) = (BTreeSet::new(), Rate::default(), Vec::new());
    for (broker, (names, rate)) in answers.given {
        groups.extend(names);
        put.add(rate);
        brokers.push(broker);
    }
    let row = Row {
        topic: topic.to_owned(),
        group: None,
        accumulation: 0,
        in_tps: put.tps,
        out_tps: None,
        in_messages: put.messages,
        out_messages: None,
    };
    if groups.is_empty() {
        return Ok((vec![row], failures));
    }
    let mut rows = Vec::with_capacity(groups.len());
    for group in groups {
        let (taken, behind) = of_group(ctx, topic, &group, &brokers, &mut failures).await;
        rows.push(Row {
            group: Some(group),
            accumulation: behind,
            out_tps: Some(taken.tps),
            out_messages: Some(taken.messages),
            ..row.clone()
        });
    }
    failures.iter_mut().for_each(|failure| failure.target = format!("topic {topic} on {}", failure.target));
    Ok((rows, failures))
}

/// What a group takes out of a topic, and what it has not taken yet.
async fn of_group(
    ctx: &Context,
    topic: &str,
    group: &str,
    brokers: &[Broker],
    failures: &mut Vec<Failure>,
) -> (Rate, i64) {
    let doing = format!("read the rates of group {group}");
    let answers = ctx
        .ask_each(&doing, brokers.to_vec(), |broker| async move {
            let header = ConsumeStatsHeader {
                consumer_group: group.to_owned(),
                topic: Some(topic.to_owned()),
                topic_list: None,
            };
            let (stats, taken) = tokio::join!(
                ctx.ask::<GetConsumeStats>(&broker.addr, header, ()),
                rate(ctx, &broker, "GROUP_GET_NUMS", format!("{topic}@{group}"))
            );
            let behind = stats?.body.0.offset_table.into_values().fold(0_i64, |sum, offsets| {
                sum.saturating_add(offsets.broker_offset.saturating_sub(offsets.consumer_offset))
            });
            Ok((taken?, behind))
        })
        .await;
    let (mut taken, mut behind) = (Rate::default(), 0_i64);
    match answers {
        Ok(answers) => {
            failures.extend(answers.failures);
            for (_, (rate, lag)) in answers.given {
                taken.add(rate);
                behind = behind.saturating_add(lag);
            }
        }
        Err(error) => failures.push(error.to_failure(format!("group {group}"))),
    }
    (taken, behind)
}

/// A number that a broker counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Rate {
    tps: f64,
    messages: i64,
}

impl Rate {
    fn of(data: &StatsData) -> Self {
        let sums = [data.stats_day.sum, data.stats_hour.sum, data.stats_minute.sum];
        Rate { tps: data.stats_minute.tps, messages: sums.into_iter().find(|sum| *sum != 0).unwrap_or(0) }
    }

    fn add(&mut self, other: Rate) {
        self.tps += other.tps;
        self.messages = self.messages.saturating_add(other.messages);
    }
}

/// What a broker counts under a name; nothing where it has not counted yet. Slaves are not asked, which count what
/// their master counts too.
async fn rate(ctx: &Context, broker: &Broker, name: &str, key: String) -> Result<Rate, CallError> {
    if !broker.is_master() {
        return Ok(Rate::default());
    }
    let header = StatsHeader { stats_name: name.to_owned(), stats_key: key };
    match ctx.ask::<ViewBrokerStatsData>(&broker.addr, header, ()).await {
        Ok(answer) => Ok(Rate::of(&answer.body.0)),
        Err(CallError::Refused { code: code::SYSTEM_ERROR, .. }) => Ok(Rate::default()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::broker::StatsItem;

    fn row(topic: &str, group: Option<&str>) -> Row {
        Row {
            topic: topic.to_owned(),
            group: group.map(str::to_owned),
            accumulation: if group.is_some() { 416 } else { 0 },
            in_tps: 0.181,
            out_tps: group.map(|_| 0.0),
            in_messages: 348,
            out_messages: group.map(|_| 120),
        }
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let output = Output {
            rows: vec![row("DelayTopic", None), row("TopicTest", Some("group_lag"))],
            failures: vec![],
            order: vec!["TopicTest".to_owned(), "DelayTopic".to_owned()],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        let want = [
            "#Topic                                                            #Consumer Group                                                  #Accumulation      #InTPS     #OutTPS   #InMsg24Hour  #OutMsg24Hour",
            "TopicTest                                                         group_lag                                                                 416        0.18        0.00            348            120",
            "DelayTopic                                                                                                                                    0        0.18                        348    NO_CONSUMER",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), want);
    }

    #[test]
    fn the_longest_span_that_counts_is_taken() {
        let item = |sum| StatsItem { avgpt: 0.0, sum, tps: 0.5 };
        for (day, hour, minute, messages) in [(9, 5, 1, 9), (0, 5, 1, 5), (0, 0, 1, 1), (0, 0, 0, 0)] {
            let data = StatsData { stats_day: item(day), stats_hour: item(hour), stats_minute: item(minute) };
            assert_eq!(Rate::of(&data), Rate { tps: 0.5, messages });
        }
    }

    #[test]
    fn a_topic_without_messages_is_not_active() {
        let mut row = row("T", Some("g"));
        assert!(row.is_active());
        row.in_messages = 0;
        assert!(row.is_active());
        row.out_messages = Some(0);
        assert!(!row.is_active());
    }
}
