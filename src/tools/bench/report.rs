//! What a load showed.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::classic::{Family, complete_line};
use super::drive::{Tallies, Went};
use super::plan::Plan;
use super::tally::Tally;
use crate::output::{Cell, Outcome, Render, Table, Tone, counted};
use crate::tools::rows::Percentiles;

/// Bytes of a megabyte here.
const MEGABYTE: f64 = 1e6;

/// How often requests failed of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ErrorCount {
    /// The response code; none where there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// Its name; TIMEOUT, CONNECT_FAILED and the like where there was no answer.
    pub name: String,
    /// Messages.
    pub count: u64,
}

/// What is known when it is over. Nothing of the warm-up is in it but the two fields that say so.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The kind of load.
    pub kind: &'static str,
    pub topic: String,
    pub group: String,
    /// Requests under way at the same time, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// The size of each body, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
    /// Messages in each request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// Messages a second that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    pub warm_up_seconds: f64,
    pub warm_up_messages: u64,
    /// From the end of the warm-up until the last answer; of a consumer from the first message until the last.
    pub seconds: f64,
    /// Requests that went well.
    pub requests: u64,
    /// Messages that were sent; of consumers and end to end: that came.
    pub messages: u64,
    /// The bytes of their bodies.
    pub bytes: u64,
    pub messages_per_second: f64,
    /// In megabytes of 1000000 bytes.
    pub megabytes_per_second: f64,
    /// Of the requests that went well, with a rate from when each was due; of consumers from when a message was made
    /// until it came, end to end from when it was due to be sent.
    pub latency_micros: Percentiles,
    /// Messages that were not sent; of consumers: that were sent back.
    pub failed: u64,
    /// Messages that were due at the rate and could not be begun before the end.
    pub missed: u64,
    /// What failed, and what is stored less safely than asked for, by response code.
    pub errors: Vec<ErrorCount>,
    #[serde(flatten)]
    pub more: More,
    #[serde(skip)]
    pub interrupted: bool,
    /// Nothing was done.
    #[serde(skip)]
    pub dry: bool,
    #[serde(skip)]
    pub classic: String,
}

/// What only some kinds of load have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct More {
    /// Of consumers: from when a message was stored until it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_latency_micros: Option<Percentiles>,
    /// End to end: of the sending alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_latency_micros: Option<Percentiles>,
    /// End to end: messages that were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    /// Messages that were sent and did not come, also in the warm-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<u64>,
    /// Messages that came once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<u64>,
    /// Transactions, also in the warm-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions: Option<Ends>,
}

/// What became of transactions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ends {
    pub committed: u64,
    pub rolled_back: u64,
    /// Those about which the broker had to ask.
    pub unknown: u64,
    /// How often it asked about messages of this run.
    pub checks: u64,
    /// How often about one that it had been told of.
    pub unexpected_checks: u64,
}

/// What was asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    pub kind: &'static str,
    pub family: Family,
    pub topic: &'a str,
    pub group: &'a str,
    /// How many requests at the same time, and how large the bodies are, where it sends.
    pub sending: Option<(u32, usize)>,
    pub plan: &'a Plan,
}

/// What came of it.
#[derive(Debug)]
pub struct Result<'a> {
    pub tallies: &'a Tallies,
    /// What the first row is about.
    pub main: &'a Tally,
    pub went: Went,
    pub interrupted: bool,
    pub more: More,
}

impl Report {
    /// The report on what was counted.
    pub fn new(asked: &Asked<'_>, result: Result<'_>) -> Self {
        let Result { tallies, main, went, interrupted, more } = result;
        let counts = main.counts();
        let failures = tallies.measured.counts();
        let errors = failures.faults.iter().map(|(fault, count)| ErrorCount {
            code: fault.code(),
            name: fault.name().into_owned(),
            count: *count,
        });
        Self {
            warm_up_seconds: rounded(asked.plan.warm_up.as_secs_f64()),
            warm_up_messages: tallies.warm_up.totals().messages,
            seconds: rounded(went.took.as_secs_f64()),
            requests: counts.requests,
            messages: counts.messages,
            bytes: counts.bytes,
            messages_per_second: rounded(per_second(counts.messages as f64, went.took)),
            megabytes_per_second: rounded(per_second(counts.bytes as f64 / MEGABYTE, went.took)),
            latency_micros: counts.latency.summary(),
            failed: failures.failed,
            missed: went.missed,
            errors: errors.collect(),
            more,
            interrupted,
            classic: complete_line(
                asked.family,
                tallies.measured.totals(),
                tallies.second.totals(),
                went.took,
            ),
            ..Self::of(asked)
        }
    }

    /// The report where nothing is done.
    pub fn dry(asked: &Asked<'_>) -> Self {
        Self { dry: true, ..Self::of(asked) }
    }

    fn of(asked: &Asked<'_>) -> Self {
        Self {
            kind: asked.kind,
            topic: asked.topic.to_owned(),
            group: asked.group.to_owned(),
            concurrency: asked.sending.map(|(concurrency, _)| concurrency),
            size: asked.sending.map(|(_, size)| size),
            batch: asked.sending.map(|_| asked.plan.batch),
            rate: asked.plan.rate,
            ..Self::default()
        }
    }

    /// What a row is about besides the first.
    fn second(&self) -> Option<(&'static str, &Percentiles)> {
        let store = self.more.store_latency_micros.as_ref().map(|latency| ("from store", latency));
        store.or_else(|| self.more.send_latency_micros.as_ref().map(|latency| ("send", latency)))
    }
}

fn per_second(count: f64, took: Duration) -> f64 {
    if took.is_zero() { 0.0 } else { count / took.as_secs_f64() }
}

impl Report {
    fn row(&self, name: &str, latency: &Percentiles, wide: bool) -> Vec<Cell> {
        let mut row = vec![
            Cell::new(name),
            Cell::new(self.messages),
            Cell::toned(self.failed, if self.failed > 0 { Tone::Bad } else { Tone::Plain }),
            Cell::new(format!("{:.2}", self.seconds)),
            Cell::new(format!("{:.0}", self.messages_per_second)),
            Cell::new(format!("{:.2}", self.megabytes_per_second)),
        ];
        row.extend(
            [latency.p50, latency.p90, latency.p99, latency.p999, latency.max].map(millis).map(Cell::new),
        );
        if wide {
            row.push(Cell::new(format!("{:.3}", latency.mean / 1000.0)));
            row.extend([self.missed, self.bytes].map(Cell::new));
            row.push(Cell::optional(self.size));
            row.extend([self.batch, self.concurrency].map(Cell::optional));
            row.push(Cell::new(&self.topic));
        }
        row
    }
}

/// Three digits behind the point.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

impl More {
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let (Some(sent), Some(lost), Some(duplicates)) = (self.sent, self.lost, self.duplicates) {
            let sent = counted(sent, "message");
            notes.push(format!("{sent} sent, {lost} lost, {}", counted(duplicates, "duplicate")));
        }
        if let Some(ends) = self.transactions {
            let Ends { committed, rolled_back, unknown, checks, unexpected_checks } = ends;
            notes.push(format!(
                "{committed} committed, {rolled_back} rolled back, {unknown} left open; {}, {unexpected_checks} unexpected",
                counted(checks, "check")
            ));
        }
        notes
    }
}

impl Render for Report {
    fn table(&self, wide: bool) -> Table {
        let mut table = Table::new().text("LOAD").number("MESSAGES").number("FAILED").number("SECONDS");
        table = table.number("MSG/S").number("MB/S");
        table = ["P50 MS", "P90 MS", "P99 MS", "P99.9 MS", "MAX MS"].into_iter().fold(table, Table::number);
        if wide {
            table = table.number("MEAN MS").number("MISSED").number("BYTES").number("SIZE").number("BATCH");
            table = table.number("CONCURRENCY").text("TOPIC");
        }
        table.row(self.row(self.kind, &self.latency_micros, wide));
        if let Some((name, latency)) = self.second() {
            table.row(self.row(name, latency, wide));
        }
        table
    }

    fn classic(&self, w: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(w, "{}", self.classic)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for error in &self.errors {
            let code = error.code.map(|code| format!(" (code {code})")).unwrap_or_default();
            notes.push(format!("{}{code}: {}", error.name, counted(error.count, "message")));
        }
        notes.extend(self.more.notes());
        if self.missed > 0 {
            let missed = counted(self.missed, "message");
            notes.push(format!(
                "{missed} due at that rate could not be begun: more --concurrency, or less --rate"
            ));
        }
        if self.warm_up_messages > 0 {
            notes.push(format!(
                "{} of the warm-up are not counted",
                counted(self.warm_up_messages, "message")
            ));
        }
        notes
    }

    fn is_silent(&self) -> bool {
        self.dry
    }

    fn outcome(&self) -> Outcome {
        let lost = self.more.lost.unwrap_or(0);
        match (self.interrupted, self.failed + lost, self.messages) {
            (true, ..) => Outcome::Interrupted,
            (false, 0, _) => Outcome::Done,
            (false, _, 0) => Outcome::Refused,
            (false, ..) => Outcome::Partial,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::Fault;
    use super::*;

    fn report() -> Report {
        let plan = Plan {
            rate: Some(50.0),
            batch: 1,
            warm_up: Duration::from_secs(1),
            duration: None,
            count: Some(100),
        };
        let asked = Asked {
            kind: "producer",
            family: Family::Producer,
            topic: "T",
            group: "g",
            sending: Some((4, 100)),
            plan: &plan,
        };
        let tallies = Tallies::default();
        tallies.warm_up.done(0, 7, 700, Duration::from_secs(9));
        (1..=97).for_each(|i| tallies.measured.done(i, 1, 100, Duration::from_micros(1000)));
        tallies.measured.failed(0, 2, Fault::Code(2));
        tallies.measured.failed(1, 1, Fault::Local("TIMEOUT"));
        let went = Went { took: Duration::from_millis(2000), missed: 1 };
        let main = &tallies.measured;
        Report::new(
            &asked,
            Result { tallies: &tallies, main, went, interrupted: false, more: More::default() },
        )
    }

    #[test]
    fn programs_read_numbers_with_their_units() {
        let json = serde_json::to_string(&report()).unwrap();
        assert_eq!(
            json,
            "{\"kind\":\"producer\",\"topic\":\"T\",\"group\":\"g\",\"concurrency\":4,\"size\":100,\"batch\":1,\
             \"rate\":50.0,\"warmUpSeconds\":1.0,\"warmUpMessages\":7,\"seconds\":2.0,\"requests\":97,\
             \"messages\":97,\"bytes\":9700,\"messagesPerSecond\":48.5,\"megabytesPerSecond\":0.005,\
             \"latencyMicros\":{\"mean\":1000.0,\"p50\":1000,\"p90\":1000,\"p99\":1000,\"p999\":1000,\"max\":1000},\
             \"failed\":3,\"missed\":1,\"errors\":[{\"code\":2,\"name\":\"SYSTEM_BUSY\",\"count\":2},\
             {\"name\":\"TIMEOUT\",\"count\":1}]}"
        );
    }

    #[test]
    fn people_read_a_row_and_notes() {
        let report = report();
        let lines = report.table(false).lines(None, true, false);
        assert_eq!(
            lines,
            [
                "LOAD      MESSAGES  FAILED  SECONDS  MSG/S  MB/S  P50 MS  P90 MS  P99 MS  P99.9 MS  MAX MS",
                "producer        97       3     2.00     48  0.01   1.000   1.000   1.000     1.000   1.000",
            ]
        );
        assert_eq!(
            report.notes(),
            [
                "SYSTEM_BUSY (code 2): 2 messages",
                "TIMEOUT: 1 message",
                "1 message due at that rate could not be begun: more --concurrency, or less --rate",
                "7 messages of the warm-up are not counted",
            ]
        );
        assert!(report.classic.starts_with("[Complete] Send Total: 100 | "), "{}", report.classic);
        assert_eq!(report.table(true).rows()[0].len(), 18);
    }

    #[test]
    fn what_only_some_kinds_have_is_shown_where_they_have_it() {
        let latency = Percentiles { p50: 2500, ..Percentiles::default() };
        let more = More {
            send_latency_micros: Some(latency),
            sent: Some(3),
            lost: Some(1),
            duplicates: Some(0),
            transactions: Some(Ends { committed: 2, rolled_back: 1, checks: 1, ..Ends::default() }),
            ..More::default()
        };
        let report = Report { kind: "latency", messages: 2, more, ..Report::default() };
        let rows = report.table(true);
        assert_eq!((rows.rows()[1][0].text.as_str(), rows.rows()[1][6].text.as_str()), ("send", "2.500"));
        assert_eq!(
            report.notes(),
            [
                "3 messages sent, 1 lost, 0 duplicates",
                "2 committed, 1 rolled back, 0 left open; 1 check, 0 unexpected",
            ]
        );
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((&json["lost"], &json["transactions"]["rolledBack"]), (&1.into(), &1.into()), "{json}");
    }

    #[test]
    fn how_it_went_decides_the_exit_code() {
        let table = [
            (false, 0, 5, Outcome::Done),
            (false, 0, 0, Outcome::Done),
            (false, 1, 5, Outcome::Partial),
            (false, 1, 0, Outcome::Refused),
            (true, 1, 5, Outcome::Interrupted),
        ];
        for (interrupted, failed, messages, expected) in table {
            let report = Report { interrupted, failed, messages, ..report() };
            assert_eq!(report.outcome(), expected, "{interrupted} {failed} {messages}");
        }
        let more = More { lost: Some(1), ..More::default() };
        assert_eq!(Report { failed: 0, more, ..report() }.outcome(), Outcome::Partial);
    }
}
