//! Which messages came: each once, some never, some twice. Of a run without end as much is kept as of a short one.

/// So many numbers, the latest ones, are known one by one; a power of two.
const WINDOW: u64 = 1 << 20;

/// Messages by their numbers, which are begun in their order, by and large.
#[derive(Debug)]
pub struct Ledger {
    window: u64,
    came: Vec<u64>,
    excused: Vec<u64>,
    /// The lowest number that is known by itself, and the one after the highest.
    base: u64,
    top: u64,
    /// How many since `base` have neither come nor are excused.
    open: u64,
    /// How many below `base` were open when they were forgotten.
    lost: u64,
    duplicates: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self::of_window(WINDOW)
    }
}

impl Ledger {
    fn of_window(window: u64) -> Self {
        let words = usize::try_from(window.div_ceil(64)).unwrap_or_default();
        Self {
            window,
            came: vec![0; words],
            excused: vec![0; words],
            base: 0,
            top: 0,
            open: 0,
            lost: 0,
            duplicates: 0,
        }
    }

    /// This message is sent now, and so are all before it.
    pub fn begun(&mut self, number: u64) {
        while self.top <= number {
            if self.top - self.base == self.window {
                self.forget();
            }
            self.top += 1;
            self.open += 1;
        }
    }

    /// It came. False if it had come already.
    pub fn came(&mut self, number: u64) -> bool {
        if number >= self.top {
            // Never sent by this run.
            return false;
        }
        if number < self.base {
            // Given up too soon, or come twice: the former as long as there are such.
            let late = self.lost > 0;
            self.lost = self.lost.saturating_sub(1);
            self.duplicates += u64::from(!late);
            return late;
        }
        if get(&self.came, number % self.window) {
            self.duplicates += 1;
            return false;
        }
        if !get(&self.excused, number % self.window) {
            self.open -= 1;
        }
        set(&mut self.came, number % self.window, true);
        true
    }

    /// Sending it failed: it need not come, but may.
    pub fn excused(&mut self, number: u64) {
        if number < self.base {
            self.lost = self.lost.saturating_sub(1);
        } else if number < self.top && !get(&self.excused, number % self.window) {
            if !get(&self.came, number % self.window) {
                self.open -= 1;
            }
            set(&mut self.excused, number % self.window, true);
        }
    }

    /// How many should have come and did not.
    pub fn missing(&self) -> u64 {
        self.open + self.lost
    }

    /// How many came that had come already.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    fn forget(&mut self) {
        let slot = self.base % self.window;
        if !get(&self.came, slot) && !get(&self.excused, slot) {
            self.open -= 1;
            self.lost += 1;
        }
        set(&mut self.came, slot, false);
        set(&mut self.excused, slot, false);
        self.base += 1;
    }
}

fn get(bits: &[u64], slot: u64) -> bool {
    let word = usize::try_from(slot / 64).ok().and_then(|at| bits.get(at));
    word.is_some_and(|word| word >> (slot % 64) & 1 == 1)
}

fn set(bits: &mut [u64], slot: u64, value: bool) {
    if let Some(word) = usize::try_from(slot / 64).ok().and_then(|at| bits.get_mut(at)) {
        let bit = 1 << (slot % 64);
        *word = if value { *word | bit } else { *word & !bit };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_come_is_missing_and_what_comes_twice_a_duplicate() {
        let mut ledger = Ledger::default();
        ledger.begun(4);
        assert_eq!(ledger.missing(), 5);
        let came: Vec<bool> = [0, 2, 2, 4, 9].map(|number| ledger.came(number)).into();
        assert_eq!(came, [true, true, false, true, false]);
        assert_eq!((ledger.missing(), ledger.duplicates()), (2, 1));
        ledger.excused(1);
        ledger.excused(1);
        ledger.excused(2);
        assert_eq!(ledger.missing(), 1);
        // It was stored although nobody said so.
        assert!(ledger.came(1));
        assert!(ledger.came(3));
        assert_eq!((ledger.missing(), ledger.duplicates()), (0, 1));
    }

    #[test]
    fn as_much_is_kept_of_many_as_of_few() {
        let mut ledger = Ledger::of_window(64);
        for number in 0..1000 {
            ledger.begun(number);
            if number % 10 != 3 {
                assert!(ledger.came(number));
            }
        }
        assert_eq!((ledger.missing(), ledger.duplicates(), ledger.came.len()), (100, 0, 1));
        // Some of those that were given up come after all, and one fails that was given up.
        assert!(ledger.came(3) && ledger.came(993));
        ledger.excused(13);
        assert_eq!((ledger.missing(), ledger.duplicates()), (97, 0));
        assert!(!ledger.came(993));
        assert_eq!(ledger.duplicates(), 1);
    }
}
