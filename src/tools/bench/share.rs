//! Shares of many, spread evenly: of every ten messages two, not the first two hundred thousand of a million.

use crate::client::producer::Resolution;

/// A share, as 0.2 or 20%.
///
/// # Errors
/// How it is written.
pub fn share(text: &str) -> Result<f64, String> {
    let (digits, of) = match text.trim().strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    match digits.trim().parse::<f64>().map(|value| value / of) {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is from 0 to 1, or from 0% to 100%".to_owned()),
    }
}

/// How many of the numbers below this one belong to a share.
fn below(number: u64, share: f64) -> u64 {
    (number as f64 * share).floor() as u64
}

/// Whether a number belongs to a share.
pub fn falls(number: u64, share: f64) -> bool {
    below(number.saturating_add(1), share) > below(number, share)
}

/// What becomes of transactions: a share is rolled back; of the others a share is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shares {
    pub rollback: f64,
    pub unknown: f64,
}

impl Shares {
    /// What becomes of the one of this number.
    pub fn of(self, number: u64) -> Resolution {
        if falls(number, self.rollback) {
            return Resolution::Rollback;
        }
        let others = number.saturating_sub(below(number, self.rollback));
        if falls(others, self.unknown) { Resolution::Unknown } else { Resolution::Commit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_as_people_write_them() {
        let table = [
            ("0", Some(0.0)),
            ("0.25", Some(0.25)),
            ("25%", Some(0.25)),
            ("1", Some(1.0)),
            ("100 %", Some(1.0)),
            ("1.1", None),
            ("-0.1", None),
            ("101%", None),
            ("NaN", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(share(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_share_is_spread_evenly() {
        let of_ten = |share| (0..10).filter(|number| falls(*number, share)).collect::<Vec<u64>>();
        assert_eq!(of_ten(0.2), [4, 9]);
        assert_eq!((of_ten(0.0).len(), of_ten(1.0).len()), (0, 10));
        assert_eq!((0..1_000_000).filter(|number| falls(*number, 0.001)).count(), 1000);
    }

    #[test]
    fn of_those_that_are_not_rolled_back_a_share_is_unknown() {
        let table = [
            (0.0, 0.0, [100, 0, 0]),
            (1.0, 1.0, [0, 100, 0]),
            (0.0, 1.0, [0, 0, 100]),
            (0.2, 0.5, [40, 20, 40]),
        ];
        for (rollback, unknown, expected) in table {
            let mut counts = [0; 3];
            for number in 0..100 {
                counts[match (Shares { rollback, unknown }).of(number) {
                    Resolution::Commit => 0,
                    Resolution::Rollback => 1,
                    Resolution::Unknown => 2,
                }] += 1;
            }
            assert_eq!(counts, expected, "{rollback} {unknown}");
        }
    }
}
