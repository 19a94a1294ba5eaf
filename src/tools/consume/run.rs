//! Consuming until it is enough.

use std::future::pending;
use std::io::IsTerminal;
use std::time::Duration;

use tokio::time::Instant;

use super::args::Args;
use super::row::ReceivedRow;
use crate::admin::{CommandError, Context, ErrorKind};
use crate::client::ClientError;
use crate::client::consumer::{Consumer, ConsumerOptions, Delivery, Event, Events, Trouble};
use crate::output::{Nothing, Out, Outcome, Progress, Text, counted};
use crate::runtime::Clock;
use crate::runtime::time::short_duration;
use crate::tools::rows::{Latency, RowWriter};

/// So many messages are shown before what was shown is handed to the reader.
const FLUSH_AFTER: usize = 256;

/// Consumes as the options say.
///
/// # Errors
/// When the group cannot be joined, when fewer messages came than --count asks for, or what keeps them from being
/// shown.
pub async fn run(ctx: &Context, args: Args) -> Result<Nothing, CommandError> {
    if ctx.dry_run {
        ctx.out.note(&format!("would consume topic {} as a member of group {}", args.topic, args.group));
        return Ok(Nothing::default());
    }
    let client = ctx.client.options();
    let options = ConsumerOptions {
        tags: args.tag.clone(),
        from: args.from.at(ctx.clock.now_ms()),
        commit: !args.no_commit,
        ..ConsumerOptions::new(&args.group, &args.topic)
    };
    let (consumer, events) =
        Consumer::start(ctx.namesrv.addrs()?, client, ctx.clock.clone(), options).await?;
    let mut run = Run::new(ctx, &args);
    let ended = run.until_enough(ctx, &args, &consumer, events).await;
    let ended = ended.and_then(|end| run.hand_over(&consumer).map(|()| end));
    let uncommitted = consumer.close().await;
    run.progress.finish();
    run.summary(&ctx.out);
    for (queue, error) in &uncommitted {
        ctx.out.warn(&format!("what was consumed of {queue} is not committed and will come again: {error}"));
    }
    run.verdict(ended?, &args, uncommitted.is_empty())
}

/// Why it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Count,
    Idle,
    Interrupted,
}

struct Run {
    writer: RowWriter,
    progress: Progress,
    clock: Clock,
    /// From when a message was stored until it came.
    age: Latency,
    first: Option<Instant>,
    last: Option<Instant>,
    count: u64,
    bytes: u64,
    /// Messages that are shown, but maybe not with the reader yet.
    shown: Vec<Delivery>,
    trouble: Option<ClientError>,
}

impl Run {
    fn new(ctx: &Context, args: &Args) -> Self {
        // Rows that scroll by are progress enough.
        let bar = !std::io::stdout().is_terminal();
        let progress = if bar { ctx.out.progress(args.count, "messages") } else { Progress::hidden() };
        Self {
            writer: RowWriter::new(ctx.out.clone(), args.format.clone()),
            progress,
            clock: ctx.clock.clone(),
            age: Latency::default(),
            first: None,
            last: None,
            count: 0,
            bytes: 0,
            shown: Vec::new(),
            trouble: None,
        }
    }

    async fn until_enough(
        &mut self,
        ctx: &Context,
        args: &Args,
        consumer: &Consumer,
        mut events: Events,
    ) -> Result<End, CommandError> {
        let assigned = consumer.assigned();
        tokio::pin!(assigned);
        let mut quiet_since: Option<Instant> = None;
        loop {
            let idle = async {
                match (args.idle(), quiet_since) {
                    (Some(idle), Some(since)) => tokio::time::sleep_until(since + idle).await,
                    _ => pending().await,
                }
            };
            tokio::select! {
                biased;
                () = ctx.stop.cancelled() => return Ok(End::Interrupted),
                () = &mut assigned, if quiet_since.is_none() => quiet_since = Some(Instant::now()),
                event = events.next() => match event {
                    Some(Event::Message(delivery)) => {
                        quiet_since = Some(Instant::now());
                        self.show(*delivery, &args.group)?;
                        if args.count == Some(self.count) {
                            return Ok(End::Count);
                        }
                        if self.shown.len() >= FLUSH_AFTER || !events.has_more() {
                            self.hand_over(consumer)?;
                        }
                    }
                    Some(Event::Trouble(trouble)) => self.told(trouble, &ctx.out)?,
                    None => return Err(CommandError::bug("the consumer ended by itself")),
                },
                () = idle => return Ok(End::Idle),
            }
        }
    }

    fn show(&mut self, delivery: Delivery, group: &str) -> Result<(), CommandError> {
        let now = Instant::now();
        self.first.get_or_insert(now);
        self.last = Some(now);
        self.count += 1;
        self.bytes += u64::try_from(delivery.message.body.len()).unwrap_or(0);
        let age = self.clock.now_ms().saturating_sub(delivery.message.store_timestamp);
        self.age.record(Duration::from_millis(u64::try_from(age).unwrap_or(0)));
        self.writer.write(&ReceivedRow { delivery: &delivery, group })?;
        self.progress.advance(1);
        self.shown.push(delivery);
        Ok(())
    }

    /// Only what the reader has is consumed.
    fn hand_over(&mut self, consumer: &Consumer) -> Result<(), CommandError> {
        self.writer.flush()?;
        self.shown.drain(..).for_each(|delivery| consumer.done(delivery));
        Ok(())
    }

    /// What will not get better ends it; of the rest the user hears once.
    fn told(&mut self, trouble: Trouble, out: &Out) -> Result<(), CommandError> {
        if trouble.is_for_good() {
            return Err(trouble.error.into());
        }
        let place = trouble.queue.map(|queue| format!("{queue}: ")).unwrap_or_default();
        self.progress.suspend(|| out.warn(&format!("{place}{}; trying again", trouble.error.in_one_line())));
        self.trouble = Some(trouble.error);
        Ok(())
    }

    fn summary(&self, out: &Out) {
        let took = match (self.first, self.last) {
            (Some(first), Some(last)) => last - first,
            _ => Duration::ZERO,
        };
        for line in summary(self.count, self.bytes, took, &self.age) {
            out.note(&line);
        }
    }

    fn verdict(self, end: End, args: &Args, committed: bool) -> Result<Nothing, CommandError> {
        match (end, args.count) {
            (End::Interrupted, _) => return Ok(Nothing { outcome: Outcome::Interrupted }),
            (End::Idle, Some(count)) => {
                return Err(CommandError::unmet(format!(
                    "{} came, not {count}",
                    counted(self.count, "message")
                )));
            }
            _ => {}
        }
        match self.trouble {
            Some(error) if self.count == 0 && error.is_unreachable() => Err(error.into()),
            _ if !committed => {
                Err(CommandError::new(ErrorKind::Refused, "not all of what was consumed could be committed"))
            }
            _ => Ok(Nothing::default()),
        }
    }
}

fn summary(count: u64, bytes: u64, took: Duration, age: &Latency) -> Vec<String> {
    let messages = counted(count, "message");
    if count < 2 {
        return vec![format!("consumed {messages}")];
    }
    let seconds = took.as_secs_f64().max(0.001);
    let rate = count as f64 / seconds;
    let per_second = Text::bytes((bytes as f64 / seconds) as u64);
    let took = short_duration(Duration::from_millis(u64::try_from(took.as_millis()).unwrap_or(u64::MAX)));
    vec![
        format!("consumed {messages} in {took}: {rate:.0} a second, {per_second}/s"),
        format!("from store to here: {}", age.percentiles()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_how_many_and_how_fast() {
        let mut age = Latency::default();
        assert_eq!(summary(0, 0, Duration::ZERO, &age), ["consumed 0 messages"]);
        assert_eq!(summary(1, 9, Duration::ZERO, &age), ["consumed 1 message"]);
        age.record(Duration::from_millis(2));
        assert_eq!(
            summary(1000, 2048, Duration::from_secs(2), &age),
            [
                "consumed 1000 messages in 2s: 500 a second, 1.00 KiB/s",
                "from store to here: p50 2ms, p90 2ms, p99 2ms, p99.9 2ms, max 2ms",
            ]
        );
    }
}
