//! The same question to many, side by side, with a bound.

use futures_util::stream::{self, StreamExt};

/// Runs `work` on every item, at most `bound` at a time, in this task: the futures may borrow. Results are in the
/// order of the items. Dropping the future drops all work in it.
pub async fn fan_out<I, T, F, Fut>(items: impl IntoIterator<Item = I>, bound: usize, mut work: F) -> Vec<T>
where
    F: FnMut(I) -> Fut,
    Fut: Future<Output = T>,
{
    let numbered = items.into_iter().enumerate().map(|(number, item)| {
        let work = work(item);
        async move { (number, work.await) }
    });
    // Not `buffered`, where one slow item would hold up those behind it.
    let mut results: Vec<(usize, T)> = stream::iter(numbered).buffer_unordered(bound.max(1)).collect().await;
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn keeps_the_order_and_the_bound() {
        let (now, most) = (Cell::new(0), Cell::new(0));
        let results = fan_out(0..10u64, 3, |i| {
            let (now, most) = (&now, &most);
            async move {
                now.set(now.get() + 1);
                most.set(most.get().max(now.get()));
                tokio::time::sleep(Duration::from_millis(100 - i * 10)).await;
                now.set(now.get() - 1);
                i * 2
            }
        })
        .await;
        assert_eq!(results, (0..10).map(|i| i * 2).collect::<Vec<_>>());
        assert_eq!(most.get(), 3);
    }

    #[tokio::test]
    async fn nothing_to_do_is_done() {
        let results: Vec<u8> = fan_out(Vec::<u8>::new(), 4, |i| async move { i }).await;
        assert!(results.is_empty());
    }
}
