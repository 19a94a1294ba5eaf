//! Waking a thread that waits for work, for the price of one atomic access while it does not wait.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Wakes one thread.
#[derive(Debug, Default)]
pub(super) struct Signal {
    waits: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Signal {
    /// Wakes the thread if it waits. What it is to see must have been written before, with `SeqCst`.
    pub(super) fn wake(&self) {
        if self.waits.load(Ordering::SeqCst)
            && self.waits.swap(false, Ordering::SeqCst)
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    /// Waits until `ready`, or until `limit` is over; to be called by one thread only. `ready` is asked
    /// again after each wake.
    pub(super) fn wait(&self, limit: Option<Duration>, ready: impl Fn() -> bool) {
        self.thread.get_or_init(std::thread::current);
        let until = limit.map(|limit| Instant::now() + limit);
        loop {
            self.waits.store(true, Ordering::SeqCst);
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if ready() || left == Some(Duration::ZERO) {
                self.waits.store(false, Ordering::SeqCst);
                return;
            }
            match left {
                Some(left) => std::thread::park_timeout(left),
                None => std::thread::park(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn no_wake_is_lost() {
        let shared = Arc::new((Signal::default(), AtomicU64::new(0)));
        let waiter = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                let mut seen = 0;
                while seen < 100_000 {
                    shared.0.wait(None, || shared.1.load(Ordering::SeqCst) > seen);
                    seen = shared.1.load(Ordering::SeqCst);
                }
            })
        };
        for _ in 0..100_000 {
            shared.1.fetch_add(1, Ordering::SeqCst);
            shared.0.wake();
        }
        waiter.join().unwrap();
    }

    #[test]
    fn the_limit_ends_the_wait() {
        Signal::default().wait(Some(Duration::from_millis(1)), || false);
    }
}
