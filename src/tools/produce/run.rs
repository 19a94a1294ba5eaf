//! Sending, with a bound on what is under way, and the summary.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::args::Args;
use super::jobs::{Job, Jobs};
use super::row::SentRow;
use super::source::Source;
use crate::admin::{CommandError, Context, ErrorKind};
use crate::client::producer::{Draft, Producer, ProducerOptions, Receipt, Target};
use crate::client::{Client, ClientError, Session};
use crate::output::{Nothing, Out, Outcome, Progress, Text, counted};
use crate::runtime::time::short_duration;
use crate::tools::rows::{Latency, RowWriter};

/// So many requests at least have to fail in a row before nothing more is tried,
const GIVE_UP_AFTER: u32 = 10;
/// and for so many time-outs nothing must have gone well: a broker that is started anew is waited for.
const GIVE_UP_TIMEOUTS: u32 = 3;
/// So many failures are told one by one.
const TOLD: u64 = 10;

/// Sends what the options say.
///
/// # Errors
/// When nothing can be sent, when some messages were not, or what keeps the result from being shown.
pub async fn run(ctx: &Context, args: Args) -> Result<Nothing, CommandError> {
    let jobs = Jobs::new(&args, Source::open(&args)?);
    if ctx.dry_run {
        let count = jobs.total().map_or("one message a line".to_owned(), |count| counted(count, "message"));
        ctx.out.note(&format!("would send {count} to topic {}", args.topic));
        return Ok(Nothing::default());
    }
    let options = ctx.client.options();
    let session = Session::new(Client::new(ctx.namesrv.addrs()?, options), ctx.clock.clone());
    let options =
        ProducerOptions { group: args.group.clone(), timeout: ctx.timeout, ..ProducerOptions::default() };
    let producer = Arc::new(Producer::start(session, options));
    let mut run = Run::new(ctx, &args, &jobs);
    let result = run.all(ctx, &args, jobs, &producer).await;
    producer.close().await;
    run.progress.finish();
    run.writer.flush()?;
    run.summary(&ctx.out);
    result?;
    run.verdict()
}

/// A request that came back.
struct Sent {
    drafts: Vec<Draft>,
    result: Result<Went, ClientError>,
    took: Duration,
}

enum Went {
    Acknowledged(Receipt),
    Oneway(String),
}

struct Run {
    writer: RowWriter,
    progress: Progress,
    latency: Latency,
    began: Instant,
    took: Duration,
    sent: u64,
    bytes: u64,
    failed: u64,
    in_a_row: u32,
    went_well: Instant,
    timeout: Duration,
    gave_up: bool,
    last_error: Option<ClientError>,
    empty_lines: u64,
    interrupted: bool,
    oneway: bool,
    /// Whether there is one message only: what it fails of is what all fails of.
    single: bool,
}

impl Run {
    fn new(ctx: &Context, args: &Args, jobs: &Jobs) -> Self {
        // Rows that scroll by are progress enough.
        let bar = !std::io::stdout().is_terminal();
        let progress = if bar { ctx.out.progress(jobs.total(), "messages") } else { Progress::hidden() };
        Self {
            writer: RowWriter::new(ctx.out.clone(), args.format.clone()),
            progress,
            latency: Latency::default(),
            began: Instant::now(),
            took: Duration::ZERO,
            sent: 0,
            bytes: 0,
            failed: 0,
            in_a_row: 0,
            went_well: Instant::now(),
            timeout: ctx.timeout,
            gave_up: false,
            last_error: None,
            empty_lines: 0,
            interrupted: false,
            oneway: args.oneway,
            single: jobs.total() == Some(1),
        }
    }

    async fn all(
        &mut self,
        ctx: &Context,
        args: &Args,
        mut jobs: Jobs,
        producer: &Arc<Producer>,
    ) -> Result<(), CommandError> {
        let target = args.queue.map_or(Target::Any, Target::QueueId);
        let concurrency = args.concurrency();
        let mut under_way = JoinSet::new();
        let mut ended = false;
        while !(ended && under_way.is_empty()) {
            let may_start = !ended && under_way.len() < concurrency;
            tokio::select! {
                biased;
                () = ctx.stop.cancelled(), if !self.interrupted => {
                    self.interrupted = true;
                    ended = true;
                }
                Some(sent) = under_way.join_next() => {
                    let sent = sent.map_err(|error| CommandError::bug(error.to_string()))?;
                    ended |= self.took_back(sent, &ctx.out)?;
                }
                job = jobs.next(), if may_start => match job? {
                    Some(job) => {
                        let (producer, target) = (producer.clone(), target.clone());
                        under_way.spawn(send(producer, job, target, args.oneway, args.batch > 1));
                    }
                    None => ended = true,
                },
            }
            if under_way.is_empty() {
                self.writer.flush()?;
            }
        }
        self.took = self.began.elapsed();
        self.empty_lines = jobs.empty_lines();
        Ok(())
    }

    /// Shows what came back. True when nothing more is to be sent.
    fn took_back(&mut self, sent: Sent, out: &Out) -> Result<bool, CommandError> {
        let count = u64::try_from(sent.drafts.len()).unwrap_or(0);
        self.progress.advance(count);
        match sent.result {
            Ok(went) => {
                self.in_a_row = 0;
                self.went_well = Instant::now();
                self.sent += count;
                self.bytes += sent.drafts.iter().map(|draft| draft.body.len() as u64).sum::<u64>();
                self.latency.record(sent.took);
                self.show(went, sent.drafts, sent.took)?;
                Ok(false)
            }
            Err(error) => {
                self.failed += count;
                self.in_a_row += 1;
                let hopeless = self.sent == 0 && (self.single || is_hopeless(&error));
                if !hopeless && self.failed <= TOLD {
                    self.progress.suspend(|| out.warn(&format!("not sent: {}", error.in_one_line())));
                }
                self.last_error = Some(error);
                self.gave_up = gives_up(self.in_a_row, self.went_well.elapsed(), self.timeout);
                Ok(hopeless || self.gave_up)
            }
        }
    }

    fn show(&mut self, went: Went, mut drafts: Vec<Draft>, took: Duration) -> Result<(), CommandError> {
        match went {
            Went::Acknowledged(receipt) => {
                for row in SentRow::of_receipt(drafts, &receipt, took) {
                    self.writer.write(&row)?;
                }
            }
            Went::Oneway(id) => {
                if let Some(draft) = drafts.pop() {
                    self.writer.write(&SentRow::oneway(draft, id, took))?;
                }
            }
        }
        Ok(())
    }

    fn summary(&self, out: &Out) {
        if self.sent > 0 {
            self.lines().iter().for_each(|line| out.note(line));
        }
    }

    fn lines(&self) -> Vec<String> {
        let seconds = self.took.as_secs_f64().max(0.001);
        let rate = self.sent as f64 / seconds;
        let bytes = Text::bytes((self.bytes as f64 / seconds) as u64);
        let mut lines = vec![format!(
            "sent {} in {}: {rate:.0} a second, {bytes}/s{}",
            counted(self.sent, "message"),
            short_duration(Duration::from_millis(u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX))),
            if self.failed > 0 { format!("; {} not sent", self.failed) } else { String::new() }
        )];
        if !self.latency.is_empty() {
            let what = if self.oneway { "handing over" } else { "latency" };
            lines.push(format!("{what}: {}", self.latency.percentiles()));
        }
        if self.empty_lines > 0 {
            lines.push(format!("{} left out", counted(self.empty_lines, "empty line")));
        }
        lines
    }

    fn verdict(self) -> Result<Nothing, CommandError> {
        let Some(error) = self.last_error else {
            let outcome = if self.interrupted { Outcome::Interrupted } else { Outcome::Done };
            return Ok(Nothing { outcome });
        };
        if self.interrupted {
            return Ok(Nothing { outcome: Outcome::Interrupted });
        }
        let gave_up = self.gave_up;
        if self.sent == 0 && !gave_up {
            return Err(error.into());
        }
        let (failed, sent) = (self.failed, self.sent);
        let mut message = format!("{failed} of {} not sent", counted(failed + sent, "message"));
        if gave_up {
            message.push_str("; gave up");
        }
        let last = CommandError::from(error);
        let kind = if gave_up && last.kind.exit_code() == 4 { last.kind } else { ErrorKind::Refused };
        let mut shown = CommandError::new(kind, message).cause(last.message);
        shown.causes.extend(last.causes);
        shown.hints = last.hints;
        (shown.addr, shown.code) = (last.addr, last.code);
        Err(shown)
    }
}

/// Whether to stop after so many failures in a row, so long after the last that went well.
fn gives_up(in_a_row: u32, since: Duration, timeout: Duration) -> bool {
    in_a_row >= GIVE_UP_AFTER && since >= timeout * GIVE_UP_TIMEOUTS
}

/// What fails the first message so will fail all.
fn is_hopeless(error: &ClientError) -> bool {
    error.is_unreachable()
        || matches!(
            error,
            ClientError::TopicNotFound { .. } | ClientError::NoQueue { .. } | ClientError::NoAddress
        )
}

async fn send(producer: Arc<Producer>, job: Job, target: Target, oneway: bool, batch: bool) -> Sent {
    let began = Instant::now();
    let drafts = job.drafts.clone();
    let result = match (job.drafts, oneway) {
        (drafts, _) if batch => producer.send_batch(drafts, &target).await.map(Went::Acknowledged),
        (mut drafts, oneway) => match (drafts.pop(), oneway) {
            (Some(draft), true) => producer.send_oneway(draft, &target).await.map(Went::Oneway),
            (Some(draft), false) => producer.send(draft, &target).await.map(Went::Acknowledged),
            (None, _) => Err(ClientError::Illegal("there is no message".to_owned())),
        },
    };
    Sent { drafts, result, took: job.due.unwrap_or(began).elapsed() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_is_started_anew_is_waited_for() {
        let second = Duration::from_secs(1);
        let table = [
            (10, second * 3, true),
            (9, second * 30, false),
            (1000, second * 2, false),
            (0, second * 30, false),
        ];
        for (in_a_row, since, expected) in table {
            assert_eq!(gives_up(in_a_row, since, second), expected, "{in_a_row} {since:?}");
        }
    }
}
