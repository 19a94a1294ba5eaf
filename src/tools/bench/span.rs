//! Options that all kinds of load have: where, and for how long.

use std::time::Duration;

use secrecy::SecretString;

use crate::runtime::time;
use crate::tools::values::topic;

/// The topic of Apache's benchmarks.
const TOPIC: &str = "BenchmarkTest";
/// How long a load lasts where nobody says how long.
const DURATION: Duration = Duration::from_secs(30);

/// Where.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// The topic [default: BenchmarkTest]
    #[arg(value_name = "TOPIC", value_parser = topic)]
    pub named: Option<String>,
    /// The topic, as Apache's scripts give it
    #[arg(short = 't', long = "topic", value_name = "TOPIC", value_parser = topic, conflicts_with = "named", hide = true)]
    pub letter: Option<String>,
}

impl Place {
    /// The topic.
    pub fn topic(&self) -> &str {
        self.named.as_deref().or(self.letter.as_deref()).unwrap_or(TOPIC)
    }
}

/// For how long.
#[derive(Debug, Clone, clap::Args)]
pub struct Span {
    /// For so long, such as 30s or 5m [default: 30s without --count]
    #[arg(long, value_name = "TIME", value_parser = positive)]
    pub duration: Option<Duration>,
    /// So many messages; 0: until interrupted
    #[arg(short = 'q', long, alias = "messageQuantity", value_name = "N", overrides_with = "count")]
    pub count: Option<u64>,
    /// Until interrupted
    #[arg(long, conflicts_with_all = ["duration", "count"])]
    pub forever: bool,
    /// For so long first; what happens then is not in the report
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time::parse_duration)]
    pub warm_up: Duration,
    /// How often the classic form has a line; a number alone is in milliseconds
    #[arg(long, alias = "reportInterval", alias = "ri", value_name = "TIME", default_value = "10s", value_parser = interval)]
    pub report_interval: Duration,
}

impl Span {
    /// The time after the warm-up, and the number of messages, at whichever of which it ends.
    pub fn limits(&self) -> (Option<Duration>, Option<u64>) {
        match (self.duration, self.count) {
            _ if self.forever => (None, None),
            (None, None) => (Some(DURATION), None),
            (duration, count) => (duration, count.filter(|count| *count > 0)),
        }
    }
}

/// A duration that is longer than nothing.
pub fn positive(text: &str) -> Result<Duration, String> {
    let duration = time::parse_duration(text).map_err(|error| error.to_string())?;
    if duration.is_zero() { Err("must be longer than nothing".to_owned()) } else { Ok(duration) }
}

/// A duration; Apache's scripts give milliseconds.
pub fn millis_or_duration(text: &str) -> Result<Duration, String> {
    match text.trim().parse::<u64>() {
        Ok(millis) => Ok(Duration::from_millis(millis)),
        Err(_) => time::parse_duration(text).map_err(|error| error.to_string()),
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    match millis_or_duration(text) {
        Ok(Duration::ZERO) => Err("must be longer than nothing".to_owned()),
        result => result,
    }
}

/// Options of Apache's benchmarks that keep their meaning, or have none here.
#[derive(Debug, Clone, clap::Args)]
pub struct Apache {
    /// Sign requests, as Apache's -a; with --access-key or the like they always are
    #[arg(short = 'a', long = "aclEnable", value_name = "TRUE", hide = true)]
    pub acl: Option<bool>,
    /// The access key, as Apache's -ak
    #[arg(
        long = "accessKey",
        alias = "ak",
        value_name = "KEY",
        hide = true,
        requires = "secret_key_in_line"
    )]
    pub access_key_in_line: Option<String>,
    /// The secret key, as Apache's -sk: every user of the machine can read it
    #[arg(
        long = "secretKey",
        alias = "sk",
        value_name = "KEY",
        hide = true,
        requires = "access_key_in_line",
        value_parser = secret
    )]
    pub secret_key_in_line: Option<SecretString>,
    /// Apache's -m; no message trace is sent here
    #[arg(short = 'm', long = "msgTraceEnable", value_name = "TRUE", hide = true)]
    pub trace: Option<bool>,
}

fn secret(text: &str) -> Result<SecretString, String> {
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_it_lasts_follows_from_the_options() {
        let second = Duration::from_secs(1);
        let table = [
            (None, None, false, (Some(DURATION), None)),
            (Some(second), None, false, (Some(second), None)),
            (None, Some(7), false, (None, Some(7))),
            (Some(second), Some(7), false, (Some(second), Some(7))),
            (None, Some(0), false, (None, None)),
            (Some(second), Some(0), false, (Some(second), None)),
            (None, None, true, (None, None)),
        ];
        for (duration, count, forever, expected) in table {
            let (warm_up, report_interval) = (Duration::ZERO, second);
            let span = Span { duration, count, forever, warm_up, report_interval };
            assert_eq!(span.limits(), expected, "{duration:?} {count:?} {forever}");
        }
    }

    #[test]
    fn a_number_alone_is_in_milliseconds() {
        let table = [("10000", Some(10_000)), ("2s", Some(2000)), ("0", None), ("0s", None), ("x", None)];
        for (text, expected) in table {
            assert_eq!(interval(text).ok(), expected.map(Duration::from_millis), "{text}");
        }
    }
}
