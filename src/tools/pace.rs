//! When the requests of a load are due that keeps a rate whatever becomes of those before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::admin::{CommandError, ErrorKind};

/// The pacer looks this often at least whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// After how long the message of this number is due, from 0.
pub fn due_after(number: u64, rate: f64) -> Duration {
    Duration::try_from_secs_f64(number as f64 / rate).unwrap_or(Duration::MAX)
}

/// How many messages are due after so long: those with numbers below.
pub fn due_by(elapsed: Duration, rate: f64) -> u64 {
    // The conversion of a float saturates.
    ((elapsed.as_secs_f64() * rate).floor() as u64).saturating_add(1)
}

/// Releases one permit for each request when it is due. A timer of tokio's is late by up to a millisecond, which
/// would be in every latency; a thread that sleeps is not.
#[derive(Debug)]
pub struct Pacer {
    permits: Arc<Semaphore>,
    over: Arc<AtomicBool>,
}

impl Pacer {
    /// Requests of `batch` messages each at `rate` messages a second.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(began: Instant, rate: f64, batch: u32) -> Result<Self, CommandError> {
        let permits = Arc::new(Semaphore::new(0));
        let over = Arc::new(AtomicBool::new(false));
        let requests = rate / f64::from(batch.max(1));
        let (theirs, ended) = (permits.clone(), over.clone());
        let pace = move || {
            let mut released = 0;
            while !ended.load(Ordering::Relaxed) && !theirs.is_closed() {
                let due = due_by(began.elapsed(), requests);
                let more = due.saturating_sub(released);
                // The limit of a semaphore is beyond what any run comes to.
                let room = Semaphore::MAX_PERMITS.saturating_sub(theirs.available_permits());
                theirs.add_permits(usize::try_from(more).unwrap_or(usize::MAX).min(room));
                released = released.max(due);
                let wait = due_after(released, requests).saturating_sub(began.elapsed());
                std::thread::sleep(wait.min(LOOK));
            }
        };
        std::thread::Builder::new().name("pacer".to_owned()).spawn(pace).map_err(|error| {
            CommandError::new(ErrorKind::Local, "cannot start a thread").cause(error.to_string())
        })?;
        Ok(Self { permits, over })
    }

    /// Waits until one more request is due. False when there will be none any more.
    pub async fn next(&self) -> bool {
        self.permits.acquire().await.map(tokio::sync::SemaphorePermit::forget).is_ok()
    }

    /// Nothing is due any more.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.permits.close();
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_says_when_each_is_due() {
        let table = [
            (0, 2.0, Duration::ZERO),
            (1, 2.0, Duration::from_millis(500)),
            (3, 2.0, Duration::from_millis(1500)),
            (1, 0.001, Duration::from_secs(1000)),
            (5_000_000, 1_000_000.0, Duration::from_secs(5)),
            (u64::MAX, 1e-9, Duration::MAX),
        ];
        for (number, rate, expected) in table {
            assert_eq!(due_after(number, rate), expected, "{number} at {rate}");
        }
    }

    #[test]
    fn what_is_due_by_then_is_what_was_due_before() {
        let millis = Duration::from_millis;
        let table =
            [(0, 10.0, 1), (99, 10.0, 1), (100, 10.0, 2), (1000, 10.0, 11), (1000, 0.5, 1), (2000, 0.5, 2)];
        for (at, rate, expected) in table {
            assert_eq!(due_by(millis(at), rate), expected, "{at} ms at {rate}");
        }
        assert_eq!(due_by(Duration::MAX, 1e300), u64::MAX);
        for at in [1, 7, 333, 1001] {
            let number = due_by(millis(at), 333.0);
            assert!(due_after(number, 333.0) > millis(at), "{at}");
            assert!(due_after(number - 1, 333.0) <= millis(at), "{at}");
        }
    }

    #[tokio::test]
    async fn each_that_is_due_is_let_through_until_the_end() {
        let pacer = Pacer::start(Instant::now(), 10_000.0, 2).unwrap();
        for _ in 0..20 {
            assert!(pacer.next().await);
        }
        pacer.end();
        assert!(!pacer.next().await);
    }
}
