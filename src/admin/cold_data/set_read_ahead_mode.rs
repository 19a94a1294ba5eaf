//! `setCommitLogReadAheadMode`: how the operating system reads the commit log ahead.

use crate::admin::broker::which::Which;
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table};
use crate::protocol::upkeep::{ReadAheadHeader, SetCommitlogReadMode};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Set whether brokers' commit logs are read ahead
///
/// Without reading ahead, messages that are read here and there cost less disk; consumers that are far behind read
/// slower. Brokers keep it until they end.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq setCommitLogReadAheadMode -b 127.0.0.1:10911 -m 1\n  \
        rmq setCommitLogReadAheadMode -c DefaultCluster -m 0 --dry-run")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// 0: as the operating system does by default; 1: random reads, not ahead
    #[arg(short = 'm', long = "commitLogReadAheadMode", value_name = "MODE", value_parser = ["0", "1"])]
    pub mode: String,
}

/// What every broker answered, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub mode: String,
    pub dry_run: bool,
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    by_cluster: bool,
}

/// A broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    /// What it said; none in a dry run.
    pub answer: Option<String>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("BROKER").text("ADDRESS").number("MODE").text("RESULT");
        for row in &self.brokers {
            let name = &row.broker.broker_name;
            table.row([
                Cell::optional(Some(name).filter(|name| !name.is_empty())),
                Cell::new(&row.broker.addr),
                Cell::new(&self.mode),
                Cell::new(row.answer.as_deref().unwrap_or("would be set")),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mut show = |heading: &str, row: Option<&Row>| -> fmt::Result {
            writeln!(w, " ============{heading}============")?;
            match row {
                Some(Row { answer: None, .. }) => {
                    writeln!(w, "commitLog would be set to readAhead mode {}", self.mode)
                }
                // The result follows without a blank there too.
                Some(Row { answer: Some(answer), .. }) => {
                    writeln!(w, "commitLog set readAhead mode rstStr{answer}")
                }
                None => Ok(()),
            }
        };
        if !self.by_cluster {
            return self.brokers.iter().try_for_each(|row| show(&row.broker.addr, Some(row)));
        }
        let announced = targets::by_master(&self.brokers, |row| &row.broker);
        announced.into_iter().try_for_each(|broker| show(&broker.heading, broker.row))
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks the broker, or all brokers of the cluster side by side.
///
/// # Errors
/// An unknown cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = args.which.brokers(ctx, Roles::MastersAndSlaves).await?;
    let mode = args.mode.as_str();
    let doing = format!("set read-ahead mode {mode}");
    let answers = ctx
        .ask_each(&doing, brokers, |broker| async move {
            if ctx.dry_run {
                return Ok(None);
            }
            let header = ReadAheadHeader { mode: Some(mode.to_owned()) };
            let answer = ctx.ask::<SetCommitlogReadMode>(&broker.addr, header, ()).await?;
            // `null` is what mqadmin shows of an answer without a remark.
            Ok(Some(answer.remark.unwrap_or_else(|| "null".to_owned())))
        })
        .await?;
    let brokers = answers.given.into_iter().map(|(broker, answer)| Row { broker, answer }).collect();
    let by_cluster = args.which.is_cluster();
    Ok(Output { mode: args.mode, dry_run: ctx.dry_run, brokers, failures: answers.failures, by_cluster })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_mqadmins() {
        let answer = Some("set commitlog readahead mode success, mode: 1".to_owned());
        let output = Output {
            mode: "1".to_owned(),
            dry_run: false,
            brokers: vec![Row { broker: targets::at_addr(None, "127.0.0.1:20511"), answer }],
            failures: vec![],
            by_cluster: false,
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            " ============127.0.0.1:20511============\n\
             commitLog set readAhead mode rstStrset commitlog readahead mode success, mode: 1\n"
        );
    }
}
