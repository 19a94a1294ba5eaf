//! What counts of all that tables and logs say of a key: the newest.

use super::error::Fault;
use std::collections::BTreeMap;

/// What is said of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    Value(&'a [u8]),
    Deletion,
    /// Of all keys from this one up to, but without, the other.
    RangeDeletion(&'a [u8]),
    /// To be put together with what was there before, in a way that only the application knows.
    Merge(&'a [u8]),
}

/// The newest that is known of a key.
#[derive(Clone, Debug)]
struct Newest {
    sequence: u64,
    /// None for a deletion.
    value: Option<Vec<u8>>,
    /// Whether it is a merge, which cannot be read.
    merge: bool,
}

/// Keys from the first up to, but without, the second that were deleted.
#[derive(Clone, Debug)]
struct Hole {
    from: Vec<u8>,
    to: Vec<u8>,
    sequence: u64,
}

/// All that is known of a column family. In whatever order it is told, what has the greatest sequence number counts.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    keys: BTreeMap<Vec<u8>, Newest>,
    holes: Vec<Hole>,
}

impl Merged {
    /// Adds what was said of a key.
    pub fn add(&mut self, key: &[u8], sequence: u64, change: &Change<'_>) {
        if let Change::RangeDeletion(to) = change {
            self.holes.push(Hole { from: key.to_vec(), to: to.to_vec(), sequence });
            return;
        }
        if self.keys.get(key).is_some_and(|known| known.sequence > sequence) {
            return;
        }
        let value = match change {
            Change::Value(value) | Change::Merge(value) => Some(value.to_vec()),
            Change::Deletion | Change::RangeDeletion(_) => None,
        };
        let merge = matches!(change, Change::Merge(_));
        self.keys.insert(key.to_vec(), Newest { sequence, value, merge });
    }

    /// The keys that are there, with their values.
    ///
    /// # Errors
    /// A merge.
    pub fn rows(self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Fault> {
        let holes = self.holes;
        let deleted = |key: &[u8], sequence: u64| {
            let covers = |hole: &Hole| hole.sequence > sequence && *hole.from <= *key && *key < *hole.to;
            holes.iter().any(covers)
        };
        let mut rows = BTreeMap::new();
        for (key, newest) in self.keys {
            let Some(value) = newest.value.filter(|_| !deleted(&key, newest.sequence)) else { continue };
            if newest.merge {
                return Err(Fault::unsupported("a merge"));
            }
            rows.insert(key, value);
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_counts_in_whatever_order_it_is_told() {
        let said: [(&str, u64, Change); 7] = [
            ("a", 5, Change::Value(b"new")),
            ("a", 3, Change::Value(b"old")),
            ("b", 4, Change::Deletion),
            ("b", 2, Change::Value(b"gone")),
            ("c", 6, Change::Value(b"in a hole")),
            ("d", 9, Change::Value(b"after the hole")),
            ("c", 8, Change::RangeDeletion(b"e")),
        ];
        for reversed in [false, true] {
            let mut merged = Merged::default();
            let mut said = said.to_vec();
            if reversed {
                said.reverse();
            }
            said.iter().for_each(|(key, sequence, change)| merged.add(key.as_bytes(), *sequence, change));
            let rows = merged.rows().unwrap();
            let rows: Vec<_> = rows.iter().map(|(k, v)| (k.as_slice(), v.as_slice())).collect();
            assert_eq!(rows, [(&b"a"[..], &b"new"[..]), (b"d", b"after the hole")]);
        }
    }

    #[test]
    fn a_merge_is_refused_unless_it_is_gone() {
        let mut merged = Merged::default();
        merged.add(b"a", 1, &Change::Merge(b"x"));
        assert!(merged.clone().rows().is_err());
        merged.add(b"a", 2, &Change::Deletion);
        assert!(merged.rows().unwrap().is_empty());
    }
}
