//! Leaving: a list of named steps with deadlines.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;

/// Why the process should leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// Ctrl-C and SIGTERM, taken from the moment this is made: from then on neither kills the process any more.
#[derive(Debug)]
pub struct StopSignals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl StopSignals {
    /// Takes the signals.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn take() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
            Ok(StopSignals { interrupt, terminate })
        }
        #[cfg(not(unix))]
        {
            Ok(StopSignals {})
        }
    }

    /// Waits for the next of them.
    pub async fn next(&mut self) -> Stop {
        #[cfg(unix)]
        {
            tokio::select! {
                _ = self.interrupt.recv() => Stop::Interrupt,
                _ = self.terminate.recv() => Stop::Terminate,
            }
        }
        #[cfg(not(unix))]
        {
            // Without a handler there is no signal to wait for.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            Stop::Interrupt
        }
    }
}

/// How one step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    pub name: &'static str,
    pub took: Duration,
    /// False when the deadline cut the step off.
    pub finished: bool,
}

struct Step {
    name: &'static str,
    deadline: Duration,
    work: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// The steps of leaving, in order. A step that overruns its deadline is left behind and the next one starts.
#[derive(Default)]
pub struct Shutdown {
    steps: Vec<Step>,
}

impl Shutdown {
    pub fn new() -> Self {
        Shutdown::default()
    }

    /// Adds a step after those added before.
    #[must_use]
    pub fn step(
        mut self,
        name: &'static str,
        deadline: Duration,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        self.steps.push(Step { name, deadline, work: Box::pin(work) });
        self
    }

    /// Runs the steps and says how each went; one that overran is logged.
    pub async fn run(self) -> Vec<StepReport> {
        let mut reports = Vec::with_capacity(self.steps.len());
        for Step { name, deadline, work } in self.steps {
            let began = Instant::now();
            let finished = tokio::time::timeout(deadline, work).await.is_ok();
            let took = began.elapsed();
            if finished {
                tracing::debug!(step = name, ?took, "shutdown step done");
            } else {
                tracing::warn!(
                    step = name,
                    ?deadline,
                    "shutdown step overran its deadline and was left behind"
                );
            }
            reports.push(StepReport { name, took, finished });
        }
        reports
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_overrunning_step_does_not_hold_up_the_next() {
        let second = Duration::from_secs(1);
        let reports = Shutdown::new()
            .step("stuck", second, std::future::pending())
            .step("flush", second, async {})
            .run()
            .await;
        let seen: Vec<_> = reports.iter().map(|r| (r.name, r.finished)).collect();
        assert_eq!(seen, [("stuck", false), ("flush", true)]);
        assert_eq!(reports[0].took, second);
    }
}
