//! `getLiteGroupInfo`: how far a group is behind on lite topics.

use super::told::{failed_lines, hinted, known, time_or};
use crate::admin::group::config;
use crate::admin::{CommandError, Context, targets};
use crate::output::{Cell, Failure, Render, Table, counted, left};
use crate::protocol::group::OffsetWrapper;
use crate::protocol::lite::{GetLiteGroupInfo, LiteGroupHeader, LiteGroupInfo, LiteLag};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Reverse;
use std::fmt::{self, Write};

/// How many lite topics each broker names (mqadmin's default).
const TOP_K: i32 = 20;

/// Show how far a group is behind on lite topics
///
/// Each broker of the parent topic names the lite topics on which the group is behind most: by messages, and by
/// the age of the first of them. With -l the group's offset on one lite topic is shown instead.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getLiteGroupInfo -p Orders -g billing -k 5\n  \
        rmq getLiteGroupInfo -p Orders -g billing -l customer-17")]
pub struct Args {
    /// The parent topic
    #[arg(short = 'p', long = "parentTopic", value_name = "TOPIC")]
    pub parent_topic: String,
    /// The consumer group
    #[arg(short = 'g', long = "group", value_name = "GROUP")]
    pub group: String,
    /// Only this lite topic
    #[arg(short = 'l', long = "liteTopic", value_name = "LITE_TOPIC")]
    pub lite_topic: Option<String>,
    /// How many lite topics each broker names
    #[arg(short = 'k', long = "topK", value_name = "COUNT", default_value_t = TOP_K)]
    pub top_k: i32,
}

/// The group on all brokers of the parent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub parent_topic: String,
    pub group: String,
    /// The lite topic that was asked for; none for all.
    pub lite_topic: Option<String>,
    /// Messages not consumed, on all brokers.
    pub total_lag: i64,
    /// When the first message not consumed was stored, in epoch milliseconds; none where there is none.
    pub earliest_unconsumed_timestamp: Option<i64>,
    /// The group on the lite topic that was asked for, sorted by broker.
    pub brokers: Vec<Row>,
    /// The lite topics with the most messages not consumed, those first.
    pub by_count: Vec<Lag>,
    /// The lite topics with the oldest message not consumed, those first.
    pub by_time: Vec<Lag>,
    pub failures: Vec<Failure>,
    /// What mqadmin shows where no time is known.
    #[serde(skip)]
    now: i64,
}

/// The group on a lite topic on one broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub broker_name: String,
    /// None where the group has no offset.
    pub offset: Option<Offset>,
}

/// An offset.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Offset {
    pub broker_offset: i64,
    pub consumer_offset: i64,
    pub lag: i64,
    /// When the last message consumed was stored, in epoch milliseconds; none where not known.
    pub last_timestamp: Option<i64>,
}

impl From<OffsetWrapper> for Offset {
    fn from(offset: OffsetWrapper) -> Self {
        Offset {
            broker_offset: offset.broker_offset,
            consumer_offset: offset.consumer_offset,
            lag: offset.broker_offset.saturating_sub(offset.consumer_offset),
            last_timestamp: known(offset.last_timestamp),
        }
    }
}

/// How far the group is behind on a lite topic of one broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lag {
    pub broker_name: String,
    pub lite_topic: String,
    pub lag: i64,
    /// When the first message not consumed was stored, in epoch milliseconds; none where not known.
    pub earliest_unconsumed_timestamp: Option<i64>,
    /// The same as the broker tells it.
    #[serde(skip)]
    told: i64,
}

impl Lag {
    fn new(broker_name: &str, lag: LiteLag) -> Self {
        Lag {
            broker_name: broker_name.to_owned(),
            lite_topic: lag.lite_topic,
            lag: lag.lag_count,
            earliest_unconsumed_timestamp: known(lag.earliest_unconsumed_timestamp),
            told: lag.earliest_unconsumed_timestamp,
        }
    }
}

impl Output {
    fn new(args: Args, given: Vec<(String, LiteGroupInfo)>, failures: Vec<Failure>, now: i64) -> Self {
        let mut output = Output {
            parent_topic: args.parent_topic,
            group: args.group,
            lite_topic: args.lite_topic,
            total_lag: 0,
            earliest_unconsumed_timestamp: None,
            brokers: Vec::new(),
            by_count: Vec::new(),
            by_time: Vec::new(),
            failures,
            now,
        };
        given.into_iter().for_each(|(broker, info)| output.add(broker, info));
        output.by_count.sort_by_key(|lag| Reverse(lag.lag));
        output.by_time.sort_by_key(|lag| lag.told);
        output
    }

    fn add(&mut self, broker_name: String, info: LiteGroupInfo) {
        self.total_lag = self.total_lag.saturating_add(info.total_lag_count.max(0));
        let times = [self.earliest_unconsumed_timestamp, known(info.earliest_unconsumed_timestamp)];
        self.earliest_unconsumed_timestamp = times.into_iter().flatten().min();
        let lags =
            |given: Option<Vec<LiteLag>>| given.into_iter().flatten().map(|lag| Lag::new(&broker_name, lag));
        self.by_count.extend(lags(info.lag_count_top_k));
        self.by_time.extend(lags(info.lag_timestamp_top_k));
        if self.lite_topic.is_some() {
            self.brokers.push(Row { offset: info.lite_topic_offset_wrapper.map(Offset::from), broker_name });
        }
    }

    fn of_topic(&self) -> Table {
        let mut table =
            Table::new().text("BROKER").number("END").number("CONSUMED").number("LAG").text("UPDATED");
        for Row { broker_name, offset } in &self.brokers {
            let offset = offset.as_ref();
            table.row([
                Cell::new(broker_name),
                Cell::optional(offset.map(|offset| offset.broker_offset)),
                Cell::optional(offset.map(|offset| offset.consumer_offset)),
                Cell::optional(offset.map(|offset| offset.lag)),
                Cell::optional(offset.and_then(|offset| offset.last_timestamp).map(time::millis)),
            ]);
        }
        table
    }

    fn classic_topic(&self, w: &mut dyn Write) -> fmt::Result {
        let line = |[broker, end, consumed, lag, updated]: [&str; 5]| {
            let (end, consumed, lag) = (left(end, 16), left(consumed, 16), left(lag, 16));
            format!("{} {end} {consumed} {lag} {}", left(broker, 50), left(updated, 30))
        };
        let head = ["#Broker Name", "#BrokerOffset", "#ConsumeOffset", "#LagCount", "#LastUpdate"];
        writeln!(w, "{}", line(head))?;
        for Row { broker_name, offset } in &self.brokers {
            let Some(offset) = offset else {
                writeln!(w, "{}", line([broker_name, "-", "-", "-", "-"]))?;
                continue;
            };
            let numbers = [offset.broker_offset, offset.consumer_offset, offset.lag].map(|n| n.to_string());
            let [end, consumed, lag] = numbers.each_ref().map(String::as_str);
            writeln!(w, "{}", line([broker_name, end, consumed, lag, &time_or(offset.last_timestamp, "-")]))?;
        }
        Ok(())
    }
}

fn classic_lags(lags: &[Lag], w: &mut dyn Write) -> fmt::Result {
    let mut line = |[no, topic, count, time]: [&str; 4]| {
        writeln!(w, "{} {} {} {}", left(no, 6), left(topic, 40), left(count, 12), left(time, 30))
    };
    line(["NO", "Lite Topic", "Lag Count", "UnconsumedTimestamp"])?;
    for (no, lag) in (1..).zip(lags) {
        let time = time_or(lag.earliest_unconsumed_timestamp, "-");
        line([&i32::to_string(&no), &lag.lite_topic, &lag.lag.to_string(), &time])?;
    }
    Ok(())
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        if self.lite_topic.is_some() {
            return self.of_topic();
        }
        let mut table =
            Table::new().text("BY").text("LITE-TOPIC").text("BROKER").number("LAG").text("UNCONSUMED-SINCE");
        for (by, lags) in [("lag", &self.by_count), ("time", &self.by_time)] {
            for lag in lags {
                table.row([
                    Cell::new(by),
                    Cell::new(&lag.lite_topic),
                    Cell::new(&lag.broker_name),
                    Cell::new(lag.lag),
                    Cell::optional(lag.earliest_unconsumed_timestamp.map(time::millis)),
                ]);
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        writeln!(w, "Lite Group Info: [{}] [{}]", self.group, self.parent_topic)?;
        if self.lite_topic.is_some() {
            self.classic_topic(w)?;
        }
        failed_lines(&self.failures, w)?;
        writeln!(w, "Total Lag Count: {}", self.total_lag)?;
        let earliest = self.earliest_unconsumed_timestamp.map_or(self.now, |time| time.min(self.now));
        let ago = self.now.saturating_sub(earliest) / 1000;
        writeln!(w, "Min Unconsumed Timestamp: {earliest} ({ago} s ago)\n")?;
        if self.lite_topic.is_some() {
            return Ok(());
        }
        writeln!(w, "------TopK by lag count-----")?;
        classic_lags(&self.by_count, w)?;
        writeln!(w, "\n------TopK by lag time------")?;
        classic_lags(&self.by_time, w)
    }

    fn notes(&self) -> Vec<String> {
        let since = self.earliest_unconsumed_timestamp;
        let since = since.map(|time| format!(", the first since {}", time::millis(time))).unwrap_or_default();
        vec![format!("{} not consumed{since}", counted(self.total_lag, "message"))]
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks every broker of the parent, side by side.
///
/// # Errors
/// An unknown topic; a group that is not there or not bound to a parent; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = targets::of_route(&ctx.route(&args.parent_topic).await?);
    config::expect(ctx, &args.group, &brokers).await?;
    let header = LiteGroupHeader {
        group: args.group.clone(),
        lite_topic: args.lite_topic.clone(),
        top_k: Some(args.top_k),
    };
    let asked = &header;
    let answers = ctx
        .ask_each(&format!("read the lag of group {}", args.group), brokers, |broker| async move {
            ctx.ask::<GetLiteGroupInfo>(&broker.addr, asked.clone(), ()).await.map(|answer| answer.body.0)
        })
        .await
        .map_err(hinted)?;
    let given = answers.given.into_iter().map(|(broker, info)| (broker.broker_name, info));
    Ok(Output::new(args, given.collect(), answers.failures, ctx.clock.now_ms()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(lite_topic: Option<&str>) -> Args {
        Args {
            parent_topic: "ParentT".to_owned(),
            group: "lite_group".to_owned(),
            lite_topic: lite_topic.map(str::to_owned),
            top_k: TOP_K,
        }
    }

    fn lag(topic: &str, count: i64, time: i64) -> LiteLag {
        LiteLag { lite_topic: topic.to_owned(), lag_count: count, earliest_unconsumed_timestamp: time }
    }

    fn classic(output: &Output) -> String {
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        text
    }

    #[test]
    fn brokers_are_put_together_with_the_worst_first() {
        let info = |lags: Vec<LiteLag>, total, earliest| LiteGroupInfo {
            lag_count_top_k: Some(lags.clone()),
            lag_timestamp_top_k: Some(lags),
            total_lag_count: total,
            earliest_unconsumed_timestamp: earliest,
            ..LiteGroupInfo::default()
        };
        let given = vec![
            ("a".to_owned(), info(vec![lag("x", 1, 900), lag("y", 5, 0)], 6, 900)),
            ("b".to_owned(), info(vec![lag("z", 3, 500)], 3, 500)),
            ("c".to_owned(), info(vec![], -1, -1)),
        ];
        let output = Output::new(args(None), given, vec![], 5_000);
        let names = |lags: &[Lag]| lags.iter().map(|lag| lag.lite_topic.clone()).collect::<String>();
        assert_eq!((names(&output.by_count), names(&output.by_time)), ("yzx".into(), "yzx".into()));
        assert_eq!((output.total_lag, output.earliest_unconsumed_timestamp), (9, Some(500)));
        let text = classic(&output);
        assert!(text.contains("Min Unconsumed Timestamp: 500 (4 s ago)\n\n"), "{text}");
        assert!(text.contains(&format!("1      y{}5            -", " ".repeat(40))), "{text}");
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let failure = Failure { target: "lab-a".into(), addr: None, code: None, message: "x".into() };
        let output = Output::new(args(None), vec![], vec![failure], 1_795_513_514_359);
        let head =
            "NO     Lite Topic                               Lag Count    UnconsumedTimestamp           \n";
        assert_eq!(
            classic(&output),
            format!(
                "Lite Group Info: [lite_group] [ParentT]\n[lab-a] error.\nTotal Lag Count: 0\n\
                 Min Unconsumed Timestamp: 1795513514359 (0 s ago)\n\n------TopK by lag count-----\n{head}\n\
                 ------TopK by lag time------\n{head}"
            )
        );
        let bare = LiteGroupInfo { total_lag_count: -1, ..LiteGroupInfo::default() };
        let output = Output::new(args(Some("lite1")), vec![("lab-a".to_owned(), bare)], vec![], 7);
        assert_eq!(
            classic(&output),
            "Lite Group Info: [lite_group] [ParentT]\n\
             #Broker Name                                       #BrokerOffset    #ConsumeOffset   \
             #LagCount        #LastUpdate                   \n\
             lab-a                                              -                -                \
             -                -                             \n\
             Total Lag Count: 0\nMin Unconsumed Timestamp: 7 (0 s ago)\n\n"
        );
    }
}
