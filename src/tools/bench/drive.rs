//! Sending requests at the pace of a plan.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::fault::Fault;
use super::plan::{Plan, Ticket, Tickets};
use super::tally::Tally;
use crate::admin::CommandError;
use crate::client::ClientError;
use crate::runtime::CancellationToken;
use crate::tools::pace::Pacer;

/// After a failure a task without a rate waits so long: a cluster that refuses is not to be flooded.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// What a request achieved.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    /// The bytes of its bodies.
    pub bytes: u64,
    /// What its messages lack, though they are stored.
    pub flaw: Option<Fault>,
}

/// What is sent.
pub trait Work: Send + Sync + 'static {
    /// Sends one request.
    fn send(&self, ticket: Ticket) -> impl Future<Output = Result<Done, ClientError>> + Send;

    /// How long a task rests after each request.
    fn rest(&self) -> Duration {
        Duration::ZERO
    }
}

/// What was counted, before and after the warm-up.
#[derive(Debug, Default)]
pub struct Tallies {
    pub warm_up: Tally,
    pub measured: Tally,
    /// What else is measured, where there is more than one thing.
    pub second: Tally,
}

/// How a load went by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Went {
    /// From the end of the warm-up until the last answer.
    pub took: Duration,
    /// Messages that were due and not begun.
    pub missed: u64,
}

/// Keeps `concurrency` requests under way from `began` until the plan is over or `stop` is cancelled, and waits for the
/// last.
///
/// # Errors
/// A task that came to grief, or no thread for the pace.
pub async fn drive(
    plan: &Plan,
    began: Instant,
    concurrency: u32,
    work: Arc<impl Work>,
    tallies: &Arc<Tallies>,
    stop: &CancellationToken,
) -> Result<Went, CommandError> {
    let pacer = plan.rate.map(|rate| Pacer::start(began, rate, plan.batch)).transpose()?.map(Arc::new);
    let load = Arc::new(Load { tickets: Tickets::new(plan.clone()), began, stop: stop.clone(), pacer });
    let mut tasks = JoinSet::new();
    for task in 0..concurrency {
        let task = usize::try_from(task).unwrap_or_default();
        tasks.spawn(keep_sending(load.clone(), work.clone(), tallies.clone(), task));
    }
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            ended.map_err(|error| CommandError::bug(error.to_string()))?;
        }
        Ok::<(), CommandError>(())
    };
    let over = async {
        match plan.end() {
            Some(end) => tokio::time::sleep(end.saturating_sub(began.elapsed())).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(all, over);
    let early = tokio::select! {
        ended = &mut all => Some(ended),
        () = stop.cancelled() => None,
        () = &mut over => None,
    };
    load.end();
    match early {
        Some(ended) => ended?,
        None => all.await?,
    }
    let elapsed = began.elapsed();
    // What an interrupt cut off was not missed.
    let missed = if stop.is_cancelled() { 0 } else { load.tickets.missed(elapsed) };
    Ok(Went { took: elapsed.saturating_sub(plan.warm_up), missed })
}

struct Load {
    tickets: Tickets,
    began: Instant,
    stop: CancellationToken,
    pacer: Option<Arc<Pacer>>,
}

impl Load {
    /// The next request, when it is due.
    async fn next(&self) -> Option<Ticket> {
        if let Some(pacer) = &self.pacer
            && !pacer.next().await
        {
            return None;
        }
        if self.stop.is_cancelled() { None } else { self.tickets.next(self.began.elapsed()) }
    }

    fn end(&self) {
        if let Some(pacer) = &self.pacer {
            pacer.end();
        }
    }
}

async fn keep_sending(load: Arc<Load>, work: Arc<impl Work>, tallies: Arc<Tallies>, task: usize) {
    while let Some(ticket) = load.next().await {
        if ticket.last {
            load.end();
        }
        let began = ticket.due.map_or_else(Instant::now, |due| load.began + due);
        let tally = if ticket.measured { &tallies.measured } else { &tallies.warm_up };
        let messages = u64::from(ticket.messages);
        let mut rest = work.rest();
        match work.send(ticket).await {
            Ok(done) => {
                tally.done(task, messages, done.bytes, began.elapsed());
                if let Some(flaw) = done.flaw {
                    tally.flawed(task, messages, flaw);
                }
            }
            Err(error) => {
                tracing::debug!(%error, "not sent");
                tally.failed(task, messages, Fault::of(&error));
                if ticket.due.is_none() {
                    rest = rest.max(AFTER_FAILURE);
                }
            }
        }
        if !rest.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                () = load.stop.cancelled() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use tokio::sync::Semaphore;

    /// Answers as many requests as there are permits, of which every third fails.
    struct Fake {
        permits: Semaphore,
        sent: Mutex<Vec<Ticket>>,
    }

    impl Fake {
        fn answering(requests: usize) -> Arc<Self> {
            Arc::new(Self { permits: Semaphore::new(requests), sent: Mutex::default() })
        }
    }

    impl Work for Fake {
        async fn send(&self, ticket: Ticket) -> Result<Done, ClientError> {
            self.sent.lock().push(ticket);
            self.permits.acquire().await.map_err(|_| ClientError::Closed)?.forget();
            if ticket.first % 3 == 2 {
                return Err(ClientError::Closed);
            }
            Ok(Done {
                bytes: 10 * u64::from(ticket.messages),
                flaw: (ticket.first == 0).then_some(Fault::Code(11)),
            })
        }
    }

    fn plan(rate: Option<f64>, batch: u32, count: u64) -> Plan {
        Plan { rate, batch, warm_up: Duration::ZERO, duration: None, count: Some(count) }
    }

    #[tokio::test]
    async fn so_many_messages_are_sent_and_counted() {
        for rate in [None, Some(100_000.0)] {
            let (fake, tallies) = (Fake::answering(1000), Arc::new(Tallies::default()));
            let stop = CancellationToken::new();
            let went =
                drive(&plan(rate, 1, 100), Instant::now(), 8, fake.clone(), &tallies, &stop).await.unwrap();
            let counts = tallies.measured.counts();
            assert_eq!((counts.messages, counts.bytes, counts.failed), (67, 670, 33));
            let faults: Vec<_> = counts.faults.into_iter().collect();
            assert_eq!(faults, [(Fault::Code(11), 1), (Fault::Local("CLIENT_CLOSED"), 33)]);
            assert_eq!((fake.sent.lock().len(), went.missed), (100, 0), "{rate:?}");
        }
    }

    #[tokio::test]
    async fn the_last_batch_is_smaller() {
        let (fake, tallies) = (Fake::answering(1000), Arc::new(Tallies::default()));
        drive(&plan(None, 4, 10), Instant::now(), 1, fake.clone(), &tallies, &CancellationToken::new())
            .await
            .unwrap();
        let sizes: Vec<u32> = fake.sent.lock().iter().map(|ticket| ticket.messages).collect();
        assert_eq!(sizes, [4, 4, 2]);
    }

    #[tokio::test]
    async fn an_interrupt_waits_for_what_is_under_way_only() {
        for rate in [None, Some(10_000.0)] {
            let (fake, tallies) = (Fake::answering(0), Arc::new(Tallies::default()));
            let stop = CancellationToken::new();
            let (plan, work, theirs, token) =
                (plan(rate, 1, 1000), fake.clone(), tallies.clone(), stop.clone());
            let driven =
                tokio::spawn(async move { drive(&plan, Instant::now(), 4, work, &theirs, &token).await });
            while fake.sent.lock().len() < 4 {
                tokio::task::yield_now().await;
            }
            stop.cancel();
            fake.permits.add_permits(1000);
            driven.await.unwrap().unwrap();
            let totals = tallies.measured.totals();
            assert_eq!(totals.messages + totals.failed, 4, "{rate:?}");
        }
    }
}
