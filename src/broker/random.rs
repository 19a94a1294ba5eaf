//! Choosing without a preference: which queue a message goes to that names none.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

thread_local! {
    static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0u8) | 1);
}

/// A number from 0 to below `bound`; 0 when that is not positive. Good enough to spread load, for nothing else.
pub(crate) fn below(bound: i32) -> i32 {
    let Some(bound) = u64::try_from(bound).ok().filter(|bound| *bound > 0) else { return 0 };
    let next = STATE.with(|state| {
        // xorshift64: a state that is not 0 never becomes 0.
        let mut x = state.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        state.set(x);
        x
    });
    i32::try_from((next >> 16) % bound).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_queue_is_chosen_and_no_other() {
        let mut seen = [0; 4];
        for _ in 0..1_000 {
            seen[usize::try_from(below(4)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
        assert_eq!((below(1), below(0), below(-3)), (0, 0, 0));
    }
}
