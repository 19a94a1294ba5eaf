//! When a load begins, when it is over, and how many messages each request has.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::tools::pace::due_after;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Messages a second; `None` where each request is followed by the next.
    pub rate: Option<f64>,
    /// Messages in each request.
    pub batch: u32,
    pub warm_up: Duration,
    /// How long it lasts after the warm-up.
    pub duration: Option<Duration>,
    /// How many messages there are after the warm-up.
    pub count: Option<u64>,
}

/// Which part of a load a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    WarmUp,
    Measured,
    Over,
}

/// One request that may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// The number of its first message among all.
    pub first: u64,
    /// How many messages it has.
    pub messages: u32,
    pub measured: bool,
    /// Whether it is known to be the last.
    pub last: bool,
    /// When it is due after the start, with a rate.
    pub due: Option<Duration>,
}

impl Plan {
    /// After how long it is over in any case.
    pub fn end(&self) -> Option<Duration> {
        self.duration.map(|duration| self.warm_up.saturating_add(duration))
    }

    /// The part in which a request begins that begins so long after the start.
    pub fn part(&self, at: Duration) -> Part {
        if at < self.warm_up {
            return Part::WarmUp;
        }
        match self.duration {
            Some(duration) if at - self.warm_up >= duration => Part::Over,
            _ => Part::Measured,
        }
    }

    /// When the request of this number is due, from 0.
    pub fn due(&self, request: u64) -> Option<Duration> {
        self.rate.map(|rate| due_after(request.saturating_mul(self.batch.into()), rate))
    }

    /// How many messages the measured request of this number has; none after the last.
    pub fn messages(&self, measured: u64) -> u32 {
        let left = self
            .count
            .map_or(u64::MAX, |count| count.saturating_sub(measured.saturating_mul(self.batch.into())));
        u32::try_from(left).unwrap_or(u32::MAX).min(self.batch)
    }
}

/// Hands out the requests of a plan.
#[derive(Debug)]
pub struct Tickets {
    plan: Plan,
    requests: AtomicU64,
    measured: AtomicU64,
}

impl Tickets {
    pub fn new(plan: Plan) -> Self {
        Self { plan, requests: AtomicU64::new(0), measured: AtomicU64::new(0) }
    }

    /// The next request, so long after the start; none when the load is over. What is due is not sent after the
    /// end, even if it was due before.
    pub fn next(&self, elapsed: Duration) -> Option<Ticket> {
        if self.plan.part(elapsed) == Part::Over {
            return None;
        }
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        let due = self.plan.due(request);
        let first = request.saturating_mul(self.plan.batch.into());
        match self.plan.part(due.unwrap_or(elapsed)) {
            Part::Over => None,
            Part::WarmUp => {
                Some(Ticket { first, messages: self.plan.batch, measured: false, last: false, due })
            }
            Part::Measured => {
                let number = self.measured.fetch_add(1, Ordering::Relaxed);
                let messages = self.plan.messages(number);
                let last = self.plan.messages(number.saturating_add(1)) == 0;
                (messages > 0).then_some(Ticket { first, messages, measured: true, last, due })
            }
        }
    }

    /// How many messages were due after the warm-up and not even begun, so long after the start: they are not
    /// among the latencies, and should be known of.
    pub fn missed(&self, elapsed: Duration) -> u64 {
        let (Some(rate), warm_up) = (self.plan.rate, self.plan.warm_up) else { return 0 };
        let end = self.plan.end().map_or(elapsed, |end| elapsed.min(end));
        let due = (end.saturating_sub(warm_up).as_secs_f64() * rate).floor() as u64;
        let due = self.plan.count.map_or(due, |count| due.min(count));
        let begun = self.measured.load(Ordering::Relaxed).saturating_mul(self.plan.batch.into());
        due.saturating_sub(begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn plan() -> Plan {
        Plan { rate: None, batch: 1, warm_up: SECOND, duration: Some(SECOND * 2), count: None }
    }

    #[test]
    fn the_warm_up_comes_first_and_then_what_is_measured() {
        use Part::{Measured, Over, WarmUp};
        let table = [(0, WarmUp), (999, WarmUp), (1000, Measured), (2999, Measured), (3000, Over)];
        for (at, expected) in table {
            assert_eq!(plan().part(millis(at)), expected, "{at}");
        }
        let endless = Plan { duration: None, ..plan() };
        assert_eq!(endless.part(SECOND * 1_000_000), Measured);
    }

    #[test]
    fn the_last_request_has_what_is_left() {
        let plan = Plan { batch: 4, count: Some(10), ..plan() };
        let sizes: Vec<u32> = (0..5).map(|number| plan.messages(number)).collect();
        assert_eq!(sizes, [4, 4, 2, 0, 0]);
        assert_eq!(Plan { count: None, ..plan }.messages(u64::MAX), 4);
    }

    #[test]
    fn without_a_rate_a_request_belongs_where_it_begins() {
        let tickets = Tickets::new(Plan { batch: 2, count: Some(3), duration: None, ..plan() });
        let taken = [0, 500, 1000, 1001, 1002].map(|at| tickets.next(millis(at)));
        let ticket = |first, messages, measured| {
            Some(Ticket { first, messages, measured, last: first == 6, due: None })
        };
        assert_eq!(
            taken,
            [ticket(0, 2, false), ticket(2, 2, false), ticket(4, 2, true), ticket(6, 1, true), None]
        );
    }

    #[test]
    fn with_a_rate_a_request_belongs_where_it_is_due() {
        // Due at 0 ms, 500 ms and so on; the first is begun late.
        let tickets = Tickets::new(Plan { rate: Some(2.0), duration: Some(SECOND), ..plan() });
        let taken = [1200, 1300, 1400, 1700, 1900].map(|at| tickets.next(millis(at)));
        let ticket = |first, measured, due| {
            Some(Ticket { first, messages: 1, measured, last: false, due: Some(millis(due)) })
        };
        assert_eq!(
            taken,
            [
                ticket(0, false, 0),
                ticket(1, false, 500),
                ticket(2, true, 1000),
                ticket(3, true, 1500),
                // Due at 2 s, when it is over.
                None,
            ]
        );
    }

    #[test]
    fn what_was_due_and_not_begun_by_the_end_is_missed() {
        let tickets = Tickets::new(Plan { rate: Some(10.0), ..plan() });
        for _ in 0..15 {
            assert!(tickets.next(millis(2900)).is_some());
        }
        assert_eq!(tickets.next(SECOND * 3), None);
        // Ten of the warm-up and five that are measured were begun, of twenty that were due.
        assert_eq!((tickets.missed(SECOND * 3), tickets.missed(SECOND * 60)), (15, 15));
        assert_eq!((tickets.missed(SECOND), tickets.missed(millis(1500))), (0, 0));
        assert_eq!(Tickets::new(plan()).missed(SECOND * 3), 0);
        let counted = Plan { rate: Some(10.0), count: Some(4), duration: None, ..plan() };
        assert_eq!(Tickets::new(counted).missed(SECOND * 60), 4);
    }
}
