//! `clusterRT`: how long brokers take to answer a message that is sent, again and again.

use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context, ErrorKind};
use crate::client::producer::{Draft, Producer, ProducerOptions, Target};
use crate::client::{Client, ClientError, Session};
use crate::output::java_order::{hashed, string_hash};
use crate::output::{Cell, Failure, Nothing, Render, Table, Text, Tone, fixed, left};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::time::{Duration, Instant};

/// After so many refusals one after the other a broker is left alone until the next round; one that does not answer
/// at once.
const PATIENCE: u32 = 3;

/// Measure how long brokers take to answer a message
///
/// In each round every broker gets its messages one after the other, the brokers side by side. They go to the topic
/// that each broker has by its own name. The first answer of a round is not counted. It goes on until it is stopped, or
/// for --count rounds.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq clusterRT -a 10 -i 5\n  \
        rmq clusterRT -c DefaultCluster -a 100 --count 1 --output json")]
pub struct Args {
    /// Messages for each broker in a round
    #[arg(short = 'a', long = "amount", value_name = "COUNT", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub amount: u32,
    /// Bytes of each message
    #[arg(short = 's', long = "size", value_name = "BYTES", default_value_t = 128,
          value_parser = clap::value_parser!(u32).range(1..=4 * 1024 * 1024))]
    pub size: u32,
    /// Only this cluster
    #[arg(short = 'c', long = "cluster", alias = "clusterName", value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Seconds between two rounds
    #[arg(short = 'i', long = "interval", value_name = "SECONDS", default_value_t = 10)]
    pub interval: u64,
    /// The name of the machine room in the lines of -p
    #[arg(
        short = 'm',
        long = "machine",
        alias = "machine room",
        value_name = "NAME",
        default_value = "noname"
    )]
    pub machine_room: String,
    /// With --output classic: lines of TIME|ROOM|CLUSTER|BROKER|MILLISECONDS for a log
    #[arg(short = 'p', long = "print", alias = "print log", value_name = "BOOL", num_args = 0..=1,
          default_value = "false", default_missing_value = "true", action = clap::ArgAction::Set)]
    pub print_log: bool,
    /// End after so many rounds
    #[arg(long, value_name = "ROUNDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
}

/// One round: a line of JSON.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// When the round ended, in ms since 1970.
    pub timestamp: i64,
    pub machine_room: String,
    /// Sorted by cluster and broker.
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
    /// Whether mqadmin prints its header before it, or lines for a log.
    #[serde(skip)]
    style: Style,
}

/// One broker in a round.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub cluster: String,
    pub broker_name: String,
    /// The mean time of an answer, in ms; none where there was none to count.
    pub average_millis: Option<f64>,
    pub success_count: u32,
    pub fail_count: u32,
}

/// How mqadmin prints a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    First,
    Later,
    Log,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("TIME")
            .text("CLUSTER")
            .text("BROKER")
            .number("MS")
            .number("ANSWERED")
            .number("FAILED");
        for row in &self.brokers {
            table.row([
                Cell::new(time::seconds(self.timestamp)),
                Cell::new(&row.cluster),
                Cell::new(&row.broker_name),
                Cell::optional(row.average_millis.map(Text::decimal)),
                Cell::new(row.success_count),
                Cell::toned(row.fail_count, if row.fail_count > 0 { Tone::Bad } else { Tone::Plain }),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        if self.style == Style::First {
            writeln!(
                w,
                "{}  {}  {}  {}  {}",
                left("#Cluster Name", 24),
                left("#Broker Name", 24),
                left("#RT", 4),
                left("#successCount", 8),
                left("#failCount", 8)
            )?;
        }
        let rows = hashed(&self.brokers, |row| string_hash(&row.broker_name));
        for row in hashed(rows, |row| string_hash(&row.cluster)) {
            let average = row.average_millis.unwrap_or(0.0);
            let (cluster, broker) = (&row.cluster, &row.broker_name);
            if self.style == Style::Log {
                let (at, room) = (time::seconds(self.timestamp), &self.machine_room);
                writeln!(w, "{at}|{room}|{cluster}|{broker}|{}", fixed(average, 0))?;
                continue;
            }
            let (good, bad) = (row.success_count.to_string(), row.fail_count.to_string());
            let average = left(fixed(average, 2), 8);
            let (cluster, broker) = (left(cluster, 24), left(broker, 24));
            writeln!(w, "{cluster}  {broker}  {average}  {}  {}", left(good, 16), left(bad, 16))?;
        }
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Sends round after round until it is stopped.
///
/// # Errors
/// An unknown cluster; no name server is reached; that no broker answered in the first round.
pub async fn run(ctx: &Context, args: Args) -> Result<Nothing, CommandError> {
    let info = ctx.cluster_info().await?;
    let masters = match &args.cluster {
        Some(cluster) => targets::in_cluster(&info, cluster, Roles::Masters)?,
        None => targets::all(&info).into_iter().filter(Broker::is_master).collect(),
    };
    if ctx.dry_run {
        return would_send(ctx, &masters, &args);
    }
    let session = Session::new(Client::new(&ctx.namesrv.addrs, ctx.client.options()), ctx.clock.clone());
    // mqadmin names the group after the time.
    let group = ctx.clock.now_ms().to_string();
    let producer = Producer::start(
        session,
        ProducerOptions { group, timeout: ctx.timeout, ..ProducerOptions::default() },
    );
    tokio::select! {
        ended = rounds(ctx, &producer, &masters, &args) => ended?,
        () = ctx.stop.cancelled() => {}
    }
    producer.close().await;
    Ok(Nothing::default())
}

/// Sends the rounds and shows each.
async fn rounds(
    ctx: &Context,
    producer: &Producer,
    masters: &[Broker],
    args: &Args,
) -> Result<(), CommandError> {
    let mut round: u64 = 0;
    loop {
        let results = ctx.fan_out(masters, |broker| measured(producer, broker, args)).await;
        let (mut brokers, mut failures, mut first) = (Vec::new(), Vec::new(), None);
        for (row, error) in results {
            if let Some(error) = error {
                failures.push(error.to_failure(&row.broker_name));
                first.get_or_insert(error);
            }
            brokers.push(row);
        }
        let nothing = brokers.iter().all(|row: &Row| row.success_count == 0);
        if let Some(error) = first.filter(|_| round == 0 && nothing) {
            return Err(error);
        }
        let style = match (args.print_log, round) {
            (true, _) => Style::Log,
            (false, 0) => Style::First,
            (false, _) => Style::Later,
        };
        ctx.out.show_next(&Output {
            timestamp: ctx.clock.now_ms(),
            machine_room: args.machine_room.clone(),
            brokers,
            failures,
            style,
        })?;
        round += 1;
        if args.count.is_some_and(|count| round >= count) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(args.interval)).await;
    }
}

/// What would be sent in a round.
fn would_send(ctx: &Context, masters: &[Broker], args: &Args) -> Result<Nothing, CommandError> {
    for broker in masters {
        let (name, amount, size) = (&broker.broker_name, args.amount, args.size);
        ctx.out.note(&format!(
            "{amount} messages of {size} bytes would be sent to topic {name} of broker {name}"
        ));
    }
    Ok(Nothing::default())
}

/// Sends one broker its messages of a round; the error is the last of several.
async fn measured(producer: &Producer, broker: &Broker, args: &Args) -> (Row, Option<CommandError>) {
    let mut times = Vec::new();
    let (mut failed, mut in_a_row, mut last) = (0, 0, None);
    for _ in 0..args.amount {
        let started = Instant::now();
        match send(producer, &broker.broker_name, args.size).await {
            Ok(()) => {
                times.push(started.elapsed());
                in_a_row = 0;
            }
            Err(error) => {
                (failed, in_a_row) = (failed + 1, in_a_row + 1);
                let error = CommandError::from(error);
                let silent = matches!(error.kind, ErrorKind::Unreachable | ErrorKind::Timeout);
                last = Some(error);
                if silent || in_a_row == PATIENCE {
                    break;
                }
            }
        }
    }
    let row = Row {
        cluster: broker.cluster.clone(),
        broker_name: broker.broker_name.clone(),
        average_millis: average(&times),
        success_count: u32::try_from(times.len()).unwrap_or(u32::MAX),
        fail_count: failed,
    };
    (row, last)
}

/// Sends one message to the broker's own topic.
async fn send(producer: &Producer, name: &str, size: u32) -> Result<(), ClientError> {
    let queues = producer.queues(name).await?;
    let queue = queues.iter().find(|queue| queue.broker_name == name).cloned();
    let target = queue.map_or(Target::Any, Target::Queue);
    let body = vec![b'a'; usize::try_from(size).unwrap_or_default()];
    producer.send(Draft::new(name, body), &target).await.map(|_| ())
}

/// The mean in ms, without the first where there are others: it pays for the connection.
fn average(times: &[Duration]) -> Option<f64> {
    let counted = if times.len() > 1 { &times[1..] } else { times };
    let sum: Duration = counted.iter().sum();
    (!counted.is_empty()).then(|| sum.as_secs_f64() * 1_000.0 / counted.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(style: Style) -> String {
        let row = Row {
            cluster: "DefaultCluster".to_owned(),
            broker_name: "broker-a".to_owned(),
            average_millis: Some(2.75),
            success_count: 5,
            fail_count: 0,
        };
        let output = Output {
            timestamp: 0,
            machine_room: "noname".to_owned(),
            brokers: vec![row],
            failures: vec![],
            style,
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        text
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let line = "DefaultCluster            broker-a                  2.75      5                 0               \n";
        let head = "#Cluster Name             #Broker Name              #RT   #successCount  #failCount\n";
        assert_eq!(output(Style::First), format!("{head}{line}"));
        assert_eq!(output(Style::Later), line);
        let log = output(Style::Log);
        assert!(log.ends_with("|noname|DefaultCluster|broker-a|3\n"), "{log}");
    }

    #[test]
    fn the_first_answer_is_not_counted_where_there_are_others() {
        let ms = |all: &[u64]| all.iter().map(|ms| Duration::from_millis(*ms)).collect::<Vec<_>>();
        for (times, want) in [(&[50, 2, 4][..], Some(3.0)), (&[7], Some(7.0)), (&[], None)] {
            assert_eq!(average(&ms(times)), want, "{times:?}");
        }
    }
}
