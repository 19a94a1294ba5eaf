//! When a message with a delivery time of its own is due, and where it waits until then. Pure.

use crate::protocol::message::property;

/// What is asked of timed messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::broker) struct Limits {
    /// `timerPrecisionMs`, over 0.
    pub(in crate::broker) precision: i64,
    /// `timerMaxDelaySec`, in ms.
    pub(in crate::broker) max_delay: i64,
    /// `timerRollWindowSlot`: steps after which a message is stored anew.
    pub(in crate::broker) window: i64,
}

/// The steps that Apache's wheel has: seven days of seconds (Java: `TIMER_WHEEL_TTL_DAY`).
const WHEEL_SLOTS: i64 = 7 * 86_400;
/// Steps of the wheel that stay empty (Java: `TIMER_BLANK_SLOTS`).
const BLANK_SLOTS: i64 = 60;

impl Limits {
    pub(in crate::broker) fn of(config: &crate::config::BrokerConfig) -> Self {
        let window = i64::from(config.timer_roll_window_slot);
        let fits = (2..=WHEEL_SLOTS - BLANK_SLOTS).contains(&window);
        Self {
            precision: i64::from(config.timer_precision_ms.max(1)),
            max_delay: i64::from(config.timer_max_delay_sec) * 1_000,
            window: if fits { window } else { WHEEL_SLOTS - BLANK_SLOTS },
        }
    }

    /// The step that a time lies in.
    pub(in crate::broker) const fn step(&self, time: i64) -> i64 {
        time.div_euclid(self.precision) * self.precision
    }
}

/// What becomes of a message that says when it is to be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::broker) enum Due {
    /// It is delivered at once.
    Now,
    /// It waits for this step: it is delivered when the step is over.
    At(i64),
    /// It is refused.
    Illegal,
}

/// Reads when a message is to be delivered (Java: `HookUtils.transformTimerMessage`); `None` of a message that
/// does not say, or that waited already.
pub(in crate::broker) fn due<'a>(
    get: impl Fn(&str) -> Option<&'a str>,
    now: i64,
    limits: &Limits,
) -> Option<Due> {
    if get(property::TIMER_OUT_MS).is_some() {
        return None;
    }
    let number = |text: &str| text.parse::<i64>().ok();
    let time = if let Some(seconds) = get(property::TIMER_DELAY_SEC) {
        number(seconds).map(|seconds| now.saturating_add(seconds.saturating_mul(1_000)))
    } else if let Some(millis) = get(property::TIMER_DELAY_MS) {
        number(millis).map(|millis| now.saturating_add(millis))
    } else {
        number(get(property::TIMER_DELIVER_MS)?)
    };
    let Some(time) = time else { return Some(Due::Illegal) };
    if time > now {
        if time - now > limits.max_delay {
            return Some(Due::Illegal);
        }
        // What is due when a step begins waits for the one before.
        return Some(Due::At(limits.step(time - 1)));
    }
    // A recall that comes too late recalls nothing.
    Some(if get(property::TIMER_DEL_UNIQKEY).is_some() { Due::Illegal } else { Due::Now })
}

/// Where a message waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The step.
    pub(super) slot: i64,
    /// Whether it is stored anew then rather than delivered.
    pub(super) rolls: bool,
}

/// Where a message waits that was stored at `stored` and is due in step `due` (Java:
/// `TimerMessageStore.doEnqueue`). Only what is stored with the message counts, so that a restart finds the
/// same.
pub(super) fn place(due: i64, stored: i64, limits: &Limits) -> Place {
    let from = limits.step(stored);
    let steps = |count: i64| count.saturating_mul(limits.precision);
    let wait = due.saturating_sub(from);
    if wait < steps(limits.window) {
        return Place { slot: limits.step(due), rolls: false };
    }
    // The last wait is not to be a short one.
    let short = wait - steps(limits.window) < steps(limits.window / 3);
    let slot = from.saturating_add(steps(if short { limits.window / 2 } else { limits.window }));
    Place { slot, rolls: true }
}

/// What the broker refuses a message with whose time of delivery is illegal.
pub(in crate::broker) fn illegal(limits: &Limits) -> String {
    format!(
        "timer message illegal, the delay time should not be bigger than the max delay {}ms; or if set del msg, \
         the delay time should be bigger than the current time",
        limits.max_delay
    )
}

/// What the broker refuses a message with whose step is too full.
pub(in crate::broker) fn congested(limit: i64) -> String {
    let most = limit.saturating_mul(2);
    format!(
        "timer message is under flow control, max num limit is {most} or the current value is greater than {limit} \
         and less than {most}, trigger random flow control"
    )
}

/// Whether a message is refused because its step is too full (Java: `TimerMessageStore.isReject`); `chance` is
/// a number below 1000.
pub(in crate::broker) fn is_congested(waiting: i64, limit: i64, chance: i64) -> bool {
    if waiting <= limit {
        return false;
    }
    let over = (waiting - limit) as f64;
    waiting >= limit.saturating_mul(2) || chance as f64 > 1_000.0 * over / (limit as f64 + 0.1)
}

/// What a message is called by one that recalls it (Java: `TimerMessageStore.buildDeleteKey`).
pub(in crate::broker) fn delete_key(topic: &str, unique_id: &str, with_topic: bool) -> String {
    if with_topic { format!("{topic}+{unique_id}") } else { unique_id.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { precision: 1_000, max_delay: 100_000, window: 60 };

    type Properties = &'static [(&'static str, &'static str)];

    #[test]
    fn when_messages_are_due() {
        let now = 10_500;
        let table: [(Properties, Option<Due>); 14] = [
            (&[], None),
            (&[("TIMER_DELAY_SEC", "2")], Some(Due::At(12_000))),
            (&[("TIMER_DELAY_MS", "1500")], Some(Due::At(11_000))),
            (&[("TIMER_DELAY_MS", "1")], Some(Due::At(10_000))),
            (&[("TIMER_DELIVER_MS", "12999")], Some(Due::At(12_000))),
            (&[("TIMER_DELIVER_MS", "13000")], Some(Due::At(12_000))),
            (&[("TIMER_DELIVER_MS", "13001")], Some(Due::At(13_000))),
            (&[("TIMER_DELIVER_MS", "10500")], Some(Due::Now)),
            (&[("TIMER_DELAY_SEC", "0"), ("TIMER_DELAY_MS", "9000")], Some(Due::Now)),
            (&[("TIMER_DELAY_SEC", "100")], Some(Due::At(110_000))),
            (&[("TIMER_DELAY_SEC", "101")], Some(Due::Illegal)),
            (&[("TIMER_DELIVER_MS", "soon")], Some(Due::Illegal)),
            (&[("TIMER_DELIVER_MS", "1"), ("TIMER_DEL_UNIQKEY", "A")], Some(Due::Illegal)),
            (&[("TIMER_DELAY_SEC", "2"), ("TIMER_OUT_MS", "7")], None),
        ];
        for (properties, expected) in table {
            let get = |name: &str| properties.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
            assert_eq!(due(get, now, &LIMITS), expected, "{properties:?}");
        }
    }

    #[test]
    fn where_messages_wait() {
        let table = [
            ((12_000, 10_500), Place { slot: 12_000, rolls: false }),
            ((9_000, 10_500), Place { slot: 9_000, rolls: false }),
            ((69_000, 10_500), Place { slot: 69_000, rolls: false }),
            ((70_000, 10_500), Place { slot: 40_000, rolls: true }),
            ((89_000, 10_500), Place { slot: 40_000, rolls: true }),
            ((90_000, 10_500), Place { slot: 70_000, rolls: true }),
        ];
        for ((due, stored), expected) in table {
            assert_eq!(place(due, stored, &LIMITS), expected, "{due} {stored}");
        }
    }

    #[test]
    fn full_steps_refuse_some_and_then_all() {
        let table =
            [((10, 10, 999), false), ((15, 10, 400), false), ((15, 10, 600), true), ((20, 10, 0), true)];
        for ((waiting, limit, chance), expected) in table {
            assert_eq!(is_congested(waiting, limit, chance), expected, "{waiting} {chance}");
        }
    }

    #[test]
    fn names_of_what_is_recalled() {
        assert_eq!(delete_key("T", "A", false), "A");
        assert_eq!(delete_key("T", "A", true), "T+A");
    }

    #[test]
    fn a_window_that_does_not_fit_is_the_widest() {
        let config = |window: u32| {
            let mut config = crate::config::BrokerConfig::default();
            config.timer_roll_window_slot = window;
            config
        };
        for (window, expected) in [(1, 604_740), (2, 2), (604_740, 604_740), (604_741, 604_740)] {
            assert_eq!(Limits::of(&config(window)).window, expected);
        }
    }
}
