//! What a load showed.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::classic::{Family, complete_line};
use super::drive::{Tallies, Went};
use super::plan::Plan;
use super::tally::Counts;
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
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The kind of load.
    pub kind: &'static str,
    pub topic: String,
    pub group: String,
    /// Requests under way at the same time, at most.
    pub concurrency: u32,
    /// The size of each body, in bytes.
    pub size: usize,
    /// Messages in each request.
    pub batch: u32,
    /// Messages a second that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    pub warm_up_seconds: f64,
    pub warm_up_messages: u64,
    /// From the end of the warm-up until the last answer.
    pub seconds: f64,
    /// Requests that went well.
    pub requests: u64,
    /// Messages that were sent.
    pub messages: u64,
    /// The bytes of their bodies.
    pub bytes: u64,
    pub messages_per_second: f64,
    /// In megabytes of 1000000 bytes.
    pub megabytes_per_second: f64,
    /// Of the requests that went well; with a rate from when each was due.
    pub latency_micros: Percentiles,
    /// Messages that were not sent.
    pub failed: u64,
    /// Messages that were due at the rate and could not be begun before the end.
    pub missed: u64,
    /// What failed, and what is stored less safely than asked for, by response code.
    pub errors: Vec<ErrorCount>,
    #[serde(skip)]
    pub interrupted: bool,
    /// Nothing was done.
    #[serde(skip)]
    pub dry: bool,
    #[serde(skip)]
    pub classic: String,
}

/// What was asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    pub kind: &'static str,
    pub family: Family,
    pub topic: &'a str,
    pub group: &'a str,
    pub concurrency: u32,
    pub size: usize,
    pub plan: &'a Plan,
}

impl Report {
    /// The report on what was counted.
    pub fn new(asked: &Asked<'_>, tallies: &Tallies, went: Went, interrupted: bool) -> Self {
        let counts = tallies.measured.counts();
        let seconds = went.took.as_secs_f64();
        Self {
            warm_up_seconds: rounded(asked.plan.warm_up.as_secs_f64()),
            warm_up_messages: tallies.warm_up.totals().messages,
            seconds: rounded(seconds),
            messages_per_second: rounded(per_second(counts.messages as f64, went.took)),
            megabytes_per_second: rounded(per_second(counts.bytes as f64 / MEGABYTE, went.took)),
            missed: went.missed,
            interrupted,
            classic: complete_line(asked.family, tallies.measured.totals(), went.took),
            ..Self::counted(asked, &counts)
        }
    }

    /// The report where nothing is done.
    pub fn dry(asked: &Asked<'_>) -> Self {
        Self { dry: true, ..Self::counted(asked, &Counts::default()) }
    }

    fn counted(asked: &Asked<'_>, counts: &Counts) -> Self {
        let errors = counts.faults.iter().map(|(fault, count)| ErrorCount {
            code: fault.code(),
            name: fault.name().into_owned(),
            count: *count,
        });
        Self {
            kind: asked.kind,
            topic: asked.topic.to_owned(),
            group: asked.group.to_owned(),
            concurrency: asked.concurrency,
            size: asked.size,
            batch: asked.plan.batch,
            rate: asked.plan.rate,
            warm_up_seconds: 0.0,
            warm_up_messages: 0,
            seconds: 0.0,
            requests: counts.requests,
            messages: counts.messages,
            bytes: counts.bytes,
            messages_per_second: 0.0,
            megabytes_per_second: 0.0,
            latency_micros: counts.latency.summary(),
            failed: counts.failed,
            missed: 0,
            errors: errors.collect(),
            interrupted: false,
            dry: false,
            classic: String::new(),
        }
    }
}

fn per_second(count: f64, took: Duration) -> f64 {
    if took.is_zero() { 0.0 } else { count / took.as_secs_f64() }
}

/// Three digits behind the point.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
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
        let latency = &self.latency_micros;
        let mut row = vec![
            Cell::new(self.kind),
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
            row.extend([self.missed, self.bytes, self.size as u64].map(Cell::new));
            row.extend([self.batch, self.concurrency].map(Cell::new));
            row.push(Cell::new(&self.topic));
        }
        table.row(row);
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
        match (self.interrupted, self.failed, self.messages) {
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
            concurrency: 4,
            size: 100,
            plan: &plan,
        };
        let tallies = Tallies::default();
        tallies.warm_up.done(0, 7, 700, Duration::from_secs(9));
        (1..=97).for_each(|i| tallies.measured.done(i, 1, 100, Duration::from_micros(1000)));
        tallies.measured.failed(0, 2, Fault::Code(2));
        tallies.measured.failed(1, 1, Fault::Local("TIMEOUT"));
        let went = Went { took: Duration::from_millis(2000), missed: 1 };
        Report::new(&asked, &tallies, went, false)
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
    }
}
