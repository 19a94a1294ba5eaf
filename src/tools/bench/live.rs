//! What is shown while a load runs: a line on a terminal, and in the classic form lines as Apache's benchmarks have.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use super::classic::{Family, Figures, interval_line};
use super::drive::Tallies;
use super::tally::Totals;
use crate::admin::{CommandError, Context};
use crate::output::{Form, Progress};

/// How often the line on a terminal changes.
const TICK: Duration = Duration::from_secs(1);

/// Runs `load`, and shows meanwhile how it goes.
///
/// # Errors
/// Those of the output.
pub async fn shown<T>(
    ctx: &Context,
    family: Family,
    every: Duration,
    tallies: &Tallies,
    load: impl Future<Output = T>,
) -> Result<T, CommandError> {
    let mut live = Live::new(ctx);
    let mut load = pin!(load);
    let mut tick = tokio::time::interval(TICK);
    let mut report = tokio::time::interval(every);
    tick.reset();
    report.reset();
    loop {
        tokio::select! {
            biased;
            ended = &mut load => {
                live.progress.finish();
                return Ok(ended);
            }
            _ = report.tick(), if live.classic => live.line(ctx, family, tallies)?,
            _ = tick.tick() => live.update(tallies),
        }
    }
}

struct Live {
    progress: Progress,
    classic: bool,
    at: Instant,
    before: Totals,
    /// When the last classic line was shown, and what had been counted then.
    line_at: Instant,
    line_before: Totals,
    second_before: Totals,
}

impl Live {
    fn new(ctx: &Context) -> Self {
        let (at, before) = (Instant::now(), Totals::default());
        let progress = ctx.out.progress(None, "messages");
        Self {
            progress,
            classic: ctx.out.form() == Form::Classic,
            at,
            before,
            line_at: at,
            line_before: before,
            second_before: before,
        }
    }

    fn update(&mut self, tallies: &Tallies) {
        let now = all(tallies);
        let (since, took) = (now.since(self.before), self.at.elapsed());
        self.progress.advance(since.messages);
        self.progress.message(words(since, took, now.failed));
        (self.before, self.at) = (now, Instant::now());
    }

    fn line(&mut self, ctx: &Context, family: Family, tallies: &Tallies) -> Result<(), CommandError> {
        let (all, second) = (all(tallies), tallies.second.totals());
        let figures = Figures {
            all,
            since: all.since(self.line_before),
            second,
            second_since: second.since(self.second_before),
            took: self.line_at.elapsed(),
        };
        let line = interval_line(family, ctx.clock.now_ms(), &figures);
        (self.line_before, self.second_before, self.line_at) = (all, second, Instant::now());
        self.progress.suspend(|| ctx.out.line(&line).and_then(|()| ctx.out.flush()))?;
        Ok(())
    }
}

fn all(tallies: &Tallies) -> Totals {
    tallies.warm_up.totals().plus(tallies.measured.totals())
}

/// What happened in the last second, in a few words.
fn words(since: Totals, took: Duration, failed: u64) -> String {
    let seconds = took.as_secs_f64().max(0.001);
    let rate = since.messages as f64 / seconds;
    let megabytes = since.bytes as f64 / seconds / 1e6;
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    format!("{rate:.0}/s, {megabytes:.1} MB/s, mean {:.2} ms{failed}", since.mean_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_it_went_last() {
        let second = Duration::from_secs(1);
        let since = Totals {
            messages: 5000,
            bytes: 5_120_000,
            requests: 5000,
            micros: 7_500_000,
            ..Totals::default()
        };
        assert_eq!(words(since, second * 2, 0), "2500/s, 2.6 MB/s, mean 1.50 ms");
        assert_eq!(words(Totals::default(), Duration::ZERO, 3), "0/s, 0.0 MB/s, mean 0.00 ms, 3 failed");
    }
}
