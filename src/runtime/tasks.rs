//! Tasks that belong to somebody.

use std::future::Future;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A group of tasks with one owner: cancelled together and waited for. Clones are handles of the same group.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    token: CancellationToken,
}

impl Tasks {
    pub fn new() -> Self {
        Tasks::default()
    }

    /// A group that ends when `token` is cancelled.
    pub fn under(token: &CancellationToken) -> Self {
        Tasks { tracker: TaskTracker::new(), token: token.child_token() }
    }

    /// The token that tells the tasks of this group to end.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Starts a task that is dropped at its next await when the group is cancelled.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let token = self.token.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                biased;
                () = token.cancelled() => {}
                () = future => {}
            }
        })
    }

    /// Starts a task that watches the token itself, because it has something to finish.
    pub fn spawn_graceful<F, T>(&self, task: F) -> JoinHandle<()>
    where
        F: FnOnce(CancellationToken) -> T,
        T: Future<Output = ()> + Send + 'static,
    {
        self.tracker.spawn(task(self.token.clone()))
    }

    /// Runs blocking work that the group waits for; it must watch the token itself.
    pub fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.tracker.spawn_blocking(work)
    }

    /// How many tasks run.
    pub fn len(&self) -> usize {
        self.tracker.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tracker.is_empty()
    }

    /// Tells all tasks to end and waits for them, no longer than `deadline`. True if all have ended.
    pub async fn stop(&self, deadline: Duration) -> bool {
        self.token.cancel();
        self.tracker.close();
        tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test]
    async fn stop_ends_all_and_lets_the_graceful_finish() {
        let tasks = Tasks::new();
        let finished = Arc::new(AtomicBool::new(false));
        tasks.spawn(std::future::pending());
        let flag = finished.clone();
        tasks.spawn_graceful(|token| async move {
            token.cancelled().await;
            tokio::task::yield_now().await;
            flag.store(true, Ordering::SeqCst);
        });
        assert!(tasks.stop(Duration::from_secs(5)).await);
        assert!(finished.load(Ordering::SeqCst));
        assert!(tasks.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn stop_gives_up_at_the_deadline() {
        let tasks = Tasks::new();
        tasks.spawn_graceful(|_token| std::future::pending());
        assert!(!tasks.stop(Duration::from_secs(1)).await);
        assert_eq!(tasks.len(), 1);
    }

    #[tokio::test]
    async fn a_group_ends_with_its_parent() {
        let parent = CancellationToken::new();
        let task = Tasks::under(&parent).spawn(std::future::pending());
        parent.cancel();
        task.await.unwrap();
    }
}
