//! `queryMsgTraceById`: who sent a message and who consumed it, as clients with tracing wrote it down.

use super::find::{self, KeyKind, Search};
use super::send_trace::TRACE_TOPIC;
use super::trace::{self, Trace, TraceType};
use crate::admin::{CommandError, Context};
use crate::output::java_order::{hashed, string_hash};
use crate::output::{Cell, Failure, Render, Table, Tone, left};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Show who sent a message and who consumed it
///
/// Clients write that down if tracing is on, in RMQ_SYS_TRACE_TOPIC or a topic of their own.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq queryMsgTraceById -i 7F0000010B2C18B4AAC25F1E3C4D0000\n  \
        rmq queryMsgTraceById -i 7F0000010B2C18B4AAC25F1E3C4D0000 -t MyTraces --output json")]
pub struct Args {
    /// The unique id of the message
    #[arg(short = 'i', long = "msgId", value_name = "ID")]
    pub msg_id: String,
    /// The topic with the traces
    #[arg(short = 't', long = "traceTopic", value_name = "TOPIC", default_value = TRACE_TOPIC)]
    pub trace_topic: String,
    /// Only traces written since, such as 2h-ago or epoch milliseconds [default: any]
    #[arg(short = 'b', long = "beginTimestamp", value_name = "TIME", allow_hyphen_values = true)]
    pub begin_timestamp: Option<String>,
    /// Only traces written until [default: any]
    #[arg(short = 'e', long = "endTimestamp", value_name = "TIME", allow_hyphen_values = true)]
    pub end_timestamp: Option<String>,
    /// How many messages with traces a broker gives at most
    #[arg(short = 'c', long = "maxNum", value_name = "COUNT", default_value_t = 64,
          value_parser = clap::value_parser!(i32).range(1..))]
    pub max_num: i32,
}

/// What happened to the message, in the order of time.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub msg_id: String,
    pub traces: Vec<Trace>,
    pub failures: Vec<Failure>,
    /// The traces in the order in which the brokers gave them, for mqadmin's layout.
    #[serde(skip)]
    given: Vec<Trace>,
}

impl Output {
    fn new(msg_id: String, given: Vec<Trace>, failures: Vec<Failure>) -> Self {
        let mut traces = given.clone();
        traces.sort_by_key(|trace| trace.timestamp.unwrap_or(i64::MAX));
        Output { msg_id, traces, failures, given }
    }
}

/// What mqadmin calls the outcome.
fn status(trace: &Trace) -> &'static str {
    if trace.success == Some(true) { "success" } else { "failed" }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("TIME")
            .text("WHAT")
            .text("GROUP")
            .text("CLIENT HOST")
            .number("MILLIS")
            .text("RESULT");
        for trace in &self.traces {
            let what = match trace.kind {
                TraceType::Pub => "sent",
                TraceType::SubBefore => "delivered",
                TraceType::SubAfter => "consumed",
                TraceType::EndTransaction => "transaction ended",
                TraceType::Recall => "recalled",
            };
            let (result, tone) = match (trace.success, &trace.transaction_state) {
                (Some(true), _) => ("success", Tone::Good),
                (Some(false), _) => ("failed", Tone::Bad),
                (None, Some(state)) => (state.as_str(), Tone::Plain),
                (None, None) => ("", Tone::Plain),
            };
            table.row([
                Cell::optional(trace.timestamp.map(time::millis)),
                Cell::new(what),
                Cell::optional(trace.group.as_ref()),
                Cell::new(&trace.client_host),
                Cell::optional(trace.cost_millis),
                Cell::toned(result, tone),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let sent = self.given.iter().filter(|trace| trace.kind == TraceType::Pub);
        sent.into_iter().try_for_each(|trace| {
            heading(w, "#ProducerGroup", "#SendTime")?;
            line(w, "Pub", trace)?;
            writeln!(w)
        })?;
        let consumed = || self.given.iter().filter(|trace| trace.kind == TraceType::SubAfter);
        let mut groups: Vec<&str> = Vec::new();
        for group in consumed().map(group_of) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        for group in hashed(groups, |group| string_hash(group)) {
            heading(w, "#ConsumerGroup", "#ConsumerTime")?;
            consumed()
                .filter(|trace| group_of(trace) == group)
                .try_for_each(|trace| line(w, "Sub", trace))?;
            writeln!(w)?;
        }
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

fn group_of(trace: &Trace) -> &str {
    trace.group.as_deref().unwrap_or_default()
}

fn heading(w: &mut dyn Write, group: &str, at: &str) -> fmt::Result {
    cells(w, ["#Type", group, "#ClientHost", at, "#CostTimes", "#Status"])
}

fn line(w: &mut dyn Write, kind: &str, trace: &Trace) -> fmt::Result {
    let at = time::seconds(trace.timestamp.unwrap_or(0));
    let cost = format!("{}ms", trace.cost_millis.unwrap_or(0));
    cells(w, [kind, group_of(trace), &trace.client_host, &at, &cost, status(trace)])
}

fn cells(w: &mut dyn Write, cells: [&str; 6]) -> fmt::Result {
    let widths = [10, 20, 20, 20, 10, 10];
    let cells: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| left(cell, width)).collect();
    writeln!(w, "{}", cells.join(" "))
}

/// Searches all brokers of the trace topic.
///
/// # Errors
/// Nothing found; no name server is reached; an unknown topic; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let now = ctx.clock.now_ms();
    let at = |text: &Option<String>, default: i64| match text {
        Some(text) => time::parse(text, now),
        None => Ok(default),
    };
    let (begin, end) = (at(&args.begin_timestamp, 0)?, at(&args.end_timestamp, i64::MAX)?);
    let found = find::search(
        ctx,
        &Search {
            topic: &args.trace_topic,
            key: &args.msg_id,
            kind: KeyKind::Key,
            max: args.max_num,
            begin,
            end,
            last_key: None,
            cluster: None,
        },
    )
    .await?;
    let given: Vec<Trace> =
        found.found.iter().flat_map(|found| trace::of(&found.message, &args.msg_id)).collect();
    if given.is_empty() {
        let mut error = CommandError::not_found(format!(
            "no trace of a message with the id {} in topic {}",
            args.msg_id, args.trace_topic
        ))
        .hint("only clients with tracing turned on write traces")
        .hint("-t names the topic if it is another one");
        error.causes.extend(found.failures.iter().map(ToString::to_string));
        return Err(error);
    }
    Ok(Output::new(args.msg_id, given, found.failures))
}

#[cfg(test)]
mod tests {
    use super::super::trace::tests::message;
    use super::*;

    #[test]
    fn the_layout_is_mqadmins() {
        let traces = trace::of(
            &message(&[
                "SubAfter|r1|ID|0|true|k|1|1795510447000|group_lag",
                "SubBefore|1795510446000|R|group_lag|r1|ID|0|k",
                "Pub|1795510421000|R|pg_fixture|T|ID|TagA|k|h:1|5|38|0|OFFSET|true",
                "SubAfter|r2|ID|3|false|k|1|1795510478000|group_lag",
            ]),
            "ID",
        );
        let output = Output::new("ID".to_owned(), traces, vec![]);
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        let at = |millis: i64| time::seconds(millis);
        let want = [
            "#Type      #ProducerGroup       #ClientHost          #SendTime            #CostTimes #Status   "
                .to_owned(),
            format!(
                "Pub        pg_fixture           127.0.0.1            {}  38ms       success   ",
                at(1_795_510_421_000)
            ),
            String::new(),
            "#Type      #ConsumerGroup       #ClientHost          #ConsumerTime        #CostTimes #Status   "
                .to_owned(),
            format!(
                "Sub        group_lag            127.0.0.1            {}  0ms        success   ",
                at(1_795_510_447_000)
            ),
            format!(
                "Sub        group_lag            127.0.0.1            {}  3ms        failed    ",
                at(1_795_510_478_000)
            ),
            String::new(),
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), want);
        let kinds: Vec<TraceType> = output.traces.iter().map(|trace| trace.kind).collect();
        use TraceType::{Pub, SubAfter, SubBefore};
        assert_eq!(kinds, [Pub, SubBefore, SubAfter, SubAfter]);
    }
}
