//! `checkRocksdbCqWriteProgress`: has brokers compare their consume queues in RocksDB with those in files.

use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::java_order::{hashed, string_hash};
use crate::output::{Cell, Failure, Outcome, Render, Table, Tone};
use crate::protocol::upkeep::{CheckRocksdbCqWriteProgress, RocksdbProgress, RocksdbProgressHeader};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// How far back a check looks where -cf does not say: 30 days, in ms.
const DEFAULT_SPAN: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Have brokers compare consume queues in RocksDB with those in files
///
/// Every master of the cluster begins a check; what it finds goes into its log. mqadmin asks the masters of all
/// clusters, whichever is named.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq checkRocksdbCqWriteProgress -c DefaultCluster -n 127.0.0.1:9876\n  \
        rmq checkRocksdbCqWriteProgress -c DefaultCluster -t TopicTest -cf 1795510478371"
)]
pub struct Args {
    /// The cluster
    #[arg(short = 'c', long = "cluster", alias = "clusterName", value_name = "CLUSTER")]
    pub cluster: String,
    /// Only this topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: Option<String>,
    /// Only messages stored since, in ms since 1970 [default: 30 days ago]
    #[arg(long = "checkFrom", alias = "cf", value_name = "MILLIS")]
    pub check_from: Option<i64>,
}

/// What the brokers said, sorted by name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub cluster: String,
    pub dry_run: bool,
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
}

/// One broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    pub status: Status,
    /// What the broker says of it.
    pub result: Option<String>,
}

/// Where a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    Agrees,
    Differs,
    /// It has begun; the broker's log will tell.
    Running,
    Failed,
    /// It would begin, were this not a dry run.
    NotBegun,
}

impl Status {
    fn of(number: i32) -> Self {
        match number {
            RocksdbProgress::CHECK_OK => Status::Agrees,
            RocksdbProgress::CHECK_NOT_OK => Status::Differs,
            RocksdbProgress::CHECK_ERROR => Status::Failed,
            _ => Status::Running,
        }
    }

    fn words(self) -> (&'static str, Tone) {
        match self {
            Status::Agrees => ("agrees", Tone::Good),
            Status::Differs => ("differs", Tone::Bad),
            Status::Running => ("running, see the broker's log", Tone::Plain),
            Status::Failed => ("failed", Tone::Bad),
            Status::NotBegun => ("would be begun", Tone::Plain),
        }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("BROKER").text("ADDRESS").text("CHECK").text("RESULT");
        for row in &self.brokers {
            let (words, tone) = row.status.words();
            table.row([
                Cell::new(&row.broker.broker_name),
                Cell::new(&row.broker.addr),
                Cell::toned(words, tone),
                Cell::optional(row.result.as_ref()),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for row in hashed(&self.brokers, |row| string_hash(&row.broker.broker_name)) {
            let name = &row.broker.broker_name;
            match row.status {
                Status::NotBegun => writeln!(w, "{name} check would be begun")?,
                Status::Failed => {
                    let result = row.result.as_deref().unwrap_or("null");
                    write!(w, "{name} check error, please check log... errInfo: {result}")?;
                }
                _ => writeln!(w, "{name} check doing, please wait and get the result from log... ")?,
            }
        }
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }

    fn outcome(&self) -> Outcome {
        let bad = |row: &Row| matches!(row.status, Status::Failed | Status::Differs);
        match (self.brokers.iter().all(bad), self.brokers.iter().any(bad) || !self.failures.is_empty()) {
            (true, _) => Outcome::Refused,
            (false, true) => Outcome::Partial,
            (false, false) => Outcome::Done,
        }
    }
}

/// Asks every master of the cluster side by side.
///
/// # Errors
/// An unknown cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let masters = targets::in_cluster(&ctx.cluster_info().await?, &args.cluster, Roles::Masters)?;
    let from = args.check_from.unwrap_or_else(|| ctx.clock.now_ms().saturating_sub(DEFAULT_SPAN));
    let header =
        RocksdbProgressHeader { topic: args.topic.unwrap_or_default(), check_store_time: Some(from) };
    let (brokers, failures) = if ctx.dry_run {
        let row = |broker| Row { broker, status: Status::NotBegun, result: None };
        (masters.into_iter().map(row).collect(), Vec::new())
    } else {
        let header = &header;
        let answers = ctx
            .ask_each("check the consume queues in RocksDB", masters, |broker| async move {
                let answer = ctx.ask::<CheckRocksdbCqWriteProgress>(&broker.addr, header.clone(), ()).await?;
                Ok(answer.body.0)
            })
            .await?;
        let row = |(broker, progress): (Broker, RocksdbProgress)| Row {
            broker,
            status: Status::of(progress.check_status),
            result: progress.check_result,
        };
        (answers.given.into_iter().map(row).collect(), answers.failures)
    };
    Ok(Output { cluster: args.cluster, dry_run: ctx.dry_run, brokers, failures })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(statuses: &[(&str, i32)]) -> Output {
        let row = |(name, status): &(&str, i32)| Row {
            broker: Broker { broker_name: (*name).to_owned(), ..targets::at_addr(None, "h:1") },
            status: Status::of(*status),
            result: Some("why".to_owned()),
        };
        Output {
            cluster: "C".to_owned(),
            dry_run: false,
            brokers: statuses.iter().map(row).collect(),
            failures: vec![],
        }
    }

    #[test]
    fn the_text_is_mqadmins() {
        let mut text = String::new();
        output(&[("lab-a", 2), ("lab-b", 2)]).classic(&mut text).unwrap();
        assert_eq!(
            text,
            "lab-b check doing, please wait and get the result from log... \n\
             lab-a check doing, please wait and get the result from log... \n"
        );
        text.clear();
        output(&[("lab-a", 3)]).classic(&mut text).unwrap();
        assert_eq!(text, "lab-a check error, please check log... errInfo: why");
    }

    #[test]
    fn a_check_that_failed_is_no_success() {
        for (statuses, outcome) in [
            (&[("a", 2), ("b", 0)][..], Outcome::Done),
            (&[("a", 2), ("b", 1)], Outcome::Partial),
            (&[("a", 3), ("b", 1)], Outcome::Refused),
        ] {
            assert_eq!(output(statuses).outcome(), outcome, "{statuses:?}");
        }
    }
}
