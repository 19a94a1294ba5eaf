//! The options of `rmq consume`.

use std::time::Duration;

use crate::client::consumer::StartFrom;
use crate::client::producer::check_topic;
use crate::runtime::time;
use crate::tools::rows::{Format, LETTERS};

/// How long nothing must come, where no option says when to end.
pub const DEFAULT_IDLE: Duration = Duration::from_secs(5);

/// Consume messages as a member of a group
#[derive(Debug, Clone, clap::Args)]
#[command(
    long_about = "Consume messages as a member of a group and show each\n\n\
        Queues are shared with the other members of the group, Java ones too. What was shown is committed, and \
        nothing else: on Ctrl-C, a closed pipe or a crash the group goes on with the next message. A message that \
        was sent back comes again from the group's retry topic. Ends when nothing came for 5 seconds, unless \
        --count, --until-idle or --follow say otherwise.",
    after_long_help = format!(
        "Examples:\n  rmq consume --group Demo\n  rmq consume Orders --group audit --tag 'paid || sent' --follow\n  \
         rmq consume Orders --group test --from 1h --count 10 --output json\n  \
         rmq consume Orders --group peek --no-commit --format '%t %q %o %k %v\\n'\n\n{LETTERS}"
    )
)]
pub struct Args {
    /// The topic
    #[arg(value_name = "TOPIC", default_value = "TopicTest", value_parser = topic)]
    pub topic: String,
    /// The group
    #[arg(long, value_name = "GROUP", value_parser = topic)]
    pub group: String,
    /// Only messages with these tags, as 'TagA || TagB'
    #[arg(long, value_name = "TAGS", default_value = "*")]
    pub tag: String,
    /// End after so many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Where the group begins on queues it has not consumed yet: first, last, a time or how long ago
    #[arg(long, value_name = "WHERE", default_value = "first")]
    pub from: From,
    /// End when nothing came for so long, such as 5s
    #[arg(long, value_name = "TIME", value_parser = time::parse_duration)]
    pub until_idle: Option<Duration>,
    /// Go on until interrupted
    #[arg(long, conflicts_with = "until_idle")]
    pub follow: bool,
    /// Leave the offsets of the group as they are
    #[arg(long)]
    pub no_commit: bool,
    /// A line of one's own for each message: letters are listed below
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
}

impl Args {
    /// How long nothing must come for the end; `None` where only --count or an interrupt ends it.
    pub fn idle(&self) -> Option<Duration> {
        match (self.until_idle, self.follow, self.count) {
            (Some(idle), ..) => Some(idle),
            (None, false, None) => Some(DEFAULT_IDLE),
            _ => None,
        }
    }
}

fn topic(text: &str) -> Result<String, String> {
    check_topic(text)
        .map(|()| text.to_owned())
        .map_err(|_| "names are of letters, digits and %|_-".to_owned())
}

/// Where a group begins, before it is known what time it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    First,
    Last,
    /// So long ago.
    Ago(Duration),
    /// A time, in one of the forms that [`time::parse`] reads.
    Time(String),
}

impl std::str::FromStr for From {
    type Err = String;

    /// A number with a unit is a duration, one without is a time in ms since 1970.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("first") {
            return Ok(Self::First);
        }
        if text.eq_ignore_ascii_case("last") {
            return Ok(Self::Last);
        }
        let has_unit = text.ends_with(|c: char| c.is_ascii_alphabetic());
        if has_unit && let Ok(ago) = time::parse_duration(text) {
            return Ok(Self::Ago(ago));
        }
        match time::parse(text, 0) {
            Ok(_) => Ok(Self::Time(text.to_owned())),
            Err(_) => Err(
                "give first, last, how long ago as 30m, or a time as 2026-01-02T15:04:05Z or in epoch milliseconds"
                    .to_owned(),
            ),
        }
    }
}

impl From {
    /// Where that is at `now_ms`.
    pub fn at(&self, now_ms: i64) -> StartFrom {
        match self {
            Self::First => StartFrom::First,
            Self::Last => StartFrom::Last,
            Self::Ago(ago) => {
                StartFrom::Time(now_ms.saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX)))
            }
            // It was read once, so it can be read again.
            Self::Time(text) => StartFrom::Time(time::parse(text, now_ms).unwrap_or(now_ms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_read_as_people_write_them() {
        const NOW: i64 = 1_795_519_817_932;
        let table = [
            ("first", Some(StartFrom::First)),
            ("LAST", Some(StartFrom::Last)),
            ("30m", Some(StartFrom::Time(NOW - 1_800_000))),
            ("1h 30m", Some(StartFrom::Time(NOW - 5_400_000))),
            ("2h-ago", Some(StartFrom::Time(NOW - 7_200_000))),
            ("now", Some(StartFrom::Time(NOW))),
            ("1795519817000", Some(StartFrom::Time(1_795_519_817_000))),
            ("2026-11-24T11:30:17.932Z", Some(StartFrom::Time(NOW))),
            ("begin", None),
            ("", None),
            ("5 parsecs", None),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<From>().ok().map(|from| from.at(NOW)), expected, "{text}");
        }
    }

    #[test]
    fn when_it_ends_follows_from_the_options() {
        let second = Duration::from_secs(1);
        let table = [
            (None, false, None, Some(DEFAULT_IDLE)),
            (Some(second), false, None, Some(second)),
            (None, false, Some(1), None),
            (Some(second), false, Some(1), Some(second)),
            (None, true, None, None),
        ];
        for (until_idle, follow, count, expected) in table {
            let args = Args {
                topic: "T".into(),
                group: "g".into(),
                tag: "*".into(),
                count,
                from: From::First,
                until_idle,
                follow,
                no_commit: false,
                format: None,
            };
            assert_eq!(args.idle(), expected, "{until_idle:?} {follow} {count:?}");
        }
    }
}
