//! `switchTimerEngine`: changes what holds a broker's messages with a delivery time of their own.

use super::which::Which;
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, Tone};
use crate::protocol::upkeep::{SwitchTimerEngine, TimerEngineHeader};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Switch the engine that holds timed messages
///
/// R needs a broker that was started with timerRocksDBEnable=true. For a whole cluster it asks first; --yes answers
/// yes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq switchTimerEngine -b 127.0.0.1:10911 -e F\n  \
        rmq switchTimerEngine -c DefaultCluster -e R --dry-run")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// R: time line in RocksDB; F: time wheel in files
    #[arg(short = 'e', long = "engineType", value_name = "ENGINE")]
    pub engine_type: Engine,
}

/// What holds timed messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Engine {
    /// Time line in RocksDB
    #[value(name = "R")]
    RocksdbTimeline,
    /// Time wheel in files
    #[value(name = "F")]
    FileTimeWheel,
}

impl Engine {
    /// The letter on the wire, and mqadmin's name.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Engine::RocksdbTimeline => ("R", "ROCKSDB_TIMELINE"),
            Engine::FileTimeWheel => ("F", "FILE_TIME_WHEEL"),
        }
    }
}

/// The brokers that were switched, sorted by name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub engine: Engine,
    pub dry_run: bool,
    pub brokers: Vec<Broker>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("BROKER").text("ADDRESS").text("ENGINE").text("RESULT");
        for broker in &self.brokers {
            table.row([
                Cell::optional(Some(&broker.broker_name).filter(|name| !name.is_empty())),
                Cell::new(&broker.addr),
                Cell::new(self.engine.names().1),
                Cell::toned(if self.dry_run { "would be switched" } else { "switched" }, Tone::Good),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let result = if self.dry_run { "would be done" } else { "success" };
        targets::as_mqadmin(&self.brokers, |broker| &broker.addr).into_iter().try_for_each(|broker| {
            writeln!(w, "switchTimerEngine to {} {result}, {}", self.engine.names().1, broker.addr)
        })
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks the broker, or the masters of the cluster side by side.
///
/// # Errors
/// An unknown cluster; no confirmation; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = args.which.brokers(ctx, Roles::Masters).await?;
    let (letter, name) = args.engine_type.names();
    if let Some(cluster) = &args.which.cluster_name {
        ctx.confirm(&format!("Switch the timer of cluster {cluster} to {name}?"))?;
    }
    let mut output =
        Output { engine: args.engine_type, dry_run: ctx.dry_run, brokers: Vec::new(), failures: Vec::new() };
    if ctx.dry_run {
        output.brokers = brokers;
        return Ok(output);
    }
    let answers = ctx
        .ask_each(&format!("switch the timer to {name}"), brokers, |broker| async move {
            let header = TimerEngineHeader { engine: Some(letter.to_owned()) };
            ctx.ask::<SwitchTimerEngine>(&broker.addr, header, ()).await.map(|_| ())
        })
        .await?;
    output.brokers = answers.given.into_iter().map(|(broker, ())| broker).collect();
    output.failures = answers.failures;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_mqadmins() {
        let brokers = vec![targets::at_addr(None, "127.0.0.1:20511")];
        let output = Output { engine: Engine::FileTimeWheel, dry_run: false, brokers, failures: Vec::new() };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(text, "switchTimerEngine to FILE_TIME_WHEEL success, 127.0.0.1:20511\n");
        assert_eq!(serde_json::to_value(&output).unwrap()["engine"], "FILE_TIME_WHEEL");
    }
}
