//! What to do with a half message. Pure.

/// Between offsets in the body of an op message (Java: `TransactionalMessageUtil.OFFSET_SEPARATOR`).
const SEPARATOR: char = ',';

/// The offsets of half messages that the body of an op message ends; anything else in it is passed over.
pub(super) fn ended_offsets(body: &[u8]) -> Vec<i64> {
    String::from_utf8_lossy(body).split(SEPARATOR).filter_map(|offset| offset.trim().parse().ok()).collect()
}

/// The body of the op message that ends half messages.
pub(super) fn op_body(offsets: &[i64]) -> String {
    offsets.iter().map(|offset| format!("{offset}{SEPARATOR}")).collect()
}

/// A half message as a check sees it. Times in ms, ages against now.
#[derive(Debug, Clone)]
pub(super) struct Half<'a> {
    /// Whether its transaction is ended.
    pub(super) is_ended: bool,
    /// Since it was made by its producer.
    pub(super) age: i64,
    /// Whether it was stored after the round began.
    pub(super) is_fresh: bool,
    /// How often its producer was asked (`TRANSACTION_CHECK_TIMES`).
    pub(super) checks: Option<&'a str>,
    /// How long it is left alone, in seconds, if its producer said so (`CHECK_IMMUNITY_TIME_IN_SECONDS`).
    pub(super) immunity: Option<&'a str>,
}

/// The limits of checks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// `transactionCheckMax`.
    pub(super) max_checks: i64,
    /// `transactionTimeOut`, in ms.
    pub(super) timeout: i64,
    /// `fileReservedTime`, in ms.
    pub(super) keep: i64,
}

/// What to do with a half message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Pass it: its transaction is ended.
    Settled,
    /// Give it up.
    Discard,
    /// Stop here until the next round: it, and what follows it, is too young.
    Wait,
    /// Store a copy at the end of the queue and pass it: its producer asked for more time than others.
    Postpone,
    /// Store a copy with this number of checks, ask its producer, and pass it.
    Ask {
        /// How often its producer was asked then.
        checks: i64,
    },
}

/// Judges a half message (Java: `TransactionalMessageServiceImpl.check`).
pub(super) fn judge(half: &Half<'_>, limits: &Limits) -> Verdict {
    if half.is_ended {
        return Verdict::Settled;
    }
    // A number that is none counts as one that leads nowhere, as in Java: -1 is less than any maximum.
    let checks = half.checks.map(|checks| checks.parse().unwrap_or(-1));
    if checks.is_some_and(|checks| checks >= limits.max_checks) || half.age > limits.keep {
        return Verdict::Discard;
    }
    if half.is_fresh {
        return Verdict::Wait;
    }
    match half.immunity {
        Some(seconds) if half.age <= immunity(seconds, limits.timeout) => return Verdict::Postpone,
        None if (0..=limits.timeout).contains(&half.age) => return Verdict::Wait,
        _ => {}
    }
    Verdict::Ask { checks: checks.map_or(1, |checks| checks + 1) }
}

/// For how many ms a message is left alone that says so.
fn immunity(seconds: &str, timeout: i64) -> i64 {
    match seconds.parse::<i64>() {
        Ok(-1) | Err(_) => timeout,
        Ok(seconds) => seconds.saturating_mul(1_000),
    }
}

/// Whether an end comes too late: the message had a time of its own, which is over, so that only the answer to
/// a check counts (Java: `rejectCommitOrRollback`).
pub(super) fn is_too_late(from_check: bool, immunity_seconds: Option<&str>, age: i64, timeout: i64) -> bool {
    let Some(seconds) = immunity_seconds.filter(|seconds| !seconds.is_empty() && !from_check) else {
        return false;
    };
    let own = seconds.parse::<i64>().map_or(0, |seconds| seconds.saturating_mul(1_000));
    age > own.max(timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { max_checks: 15, timeout: 6_000, keep: 72 * 3_600_000 };

    #[test]
    fn half_messages_are_judged() {
        let old = Half { is_ended: false, age: 7_000, is_fresh: false, checks: None, immunity: None };
        let table = [
            (Half { is_ended: true, checks: Some("99"), ..old.clone() }, Verdict::Settled),
            (old.clone(), Verdict::Ask { checks: 1 }),
            (Half { checks: Some("14"), ..old.clone() }, Verdict::Ask { checks: 15 }),
            (Half { checks: Some("15"), ..old.clone() }, Verdict::Discard),
            (Half { checks: Some("x"), ..old.clone() }, Verdict::Ask { checks: 0 }),
            (Half { age: LIMITS.keep + 1, ..old.clone() }, Verdict::Discard),
            (Half { is_fresh: true, ..old.clone() }, Verdict::Wait),
            (Half { age: 6_000, ..old.clone() }, Verdict::Wait),
            (Half { age: 0, ..old.clone() }, Verdict::Wait),
            (Half { age: -5, ..old.clone() }, Verdict::Ask { checks: 1 }),
            (Half { age: 9_000, immunity: Some("10"), ..old.clone() }, Verdict::Postpone),
            (Half { age: 11_000, immunity: Some("10"), ..old.clone() }, Verdict::Ask { checks: 1 }),
            (Half { age: 3_000, immunity: Some("-1"), ..old.clone() }, Verdict::Postpone),
            (Half { age: 7_000, immunity: Some("-1"), ..old }, Verdict::Ask { checks: 1 }),
        ];
        for (half, expected) in table {
            assert_eq!(judge(&half, &LIMITS), expected, "{half:?}");
        }
    }

    #[test]
    fn an_end_may_come_too_late() {
        let table = [
            ((false, None, 99_000), false),
            ((false, Some("10"), 9_000), false),
            ((false, Some("10"), 10_001), true),
            ((true, Some("10"), 10_001), false),
            ((false, Some("1"), 5_000), false),
            ((false, Some("x"), 7_000), true),
        ];
        for ((from_check, seconds, age), expected) in table {
            assert_eq!(is_too_late(from_check, seconds, age, 6_000), expected, "{seconds:?} {age}");
        }
    }

    #[test]
    fn op_messages_name_offsets() {
        assert_eq!(op_body(&[3, 17]), "3,17,");
        assert_eq!(ended_offsets(b"3,17,"), [3, 17]);
        assert_eq!(ended_offsets(b"5"), [5]);
        assert_eq!(ended_offsets(b"x,,\xff,7"), [7]);
    }
}
