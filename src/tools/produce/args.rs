//! The options of `rmq produce`.

use std::path::PathBuf;

use crate::client::producer::check_topic;
use crate::tools::rows::{Format, LETTERS};

/// The longest body that clients send, in bytes (Java: `maxMessageSize`).
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// What is sent where nothing is said.
pub const PAYLOAD_HELP: &str = "Without --body, --file or - the bodies are 'Hello RocketMQ 0', \
    'Hello RocketMQ 1' and so on, 1000 of them unless --count says otherwise.";

/// Send messages and show where each went
#[derive(Debug, Clone, clap::Args)]
#[command(
    long_about = format!(
        "Send messages and show where each went\n\n{PAYLOAD_HELP}\n\nA topic that does not exist is created by \
         brokers that do so. A message that fails is sent again, to another queue. Rate and latencies are said \
         on stderr at the end. Bodies from 4 KiB on are compressed, as Java's clients do."
    ),
    after_long_help = format!(
        "Examples:\n  rmq produce --count 10\n  rmq produce Orders --body '{{\"id\":7}}' --key 7 --tag paid\n  \
         rmq produce Orders - < lines.txt\n  rmq produce Load --count 100000 --size 1k --rate 5000 --output json\n  \
         rmq produce Orders --count 3 --format '%i %b %q %o\\n'\n\n{LETTERS}"
    )
)]
pub struct Args {
    /// The topic
    #[arg(value_name = "TOPIC", default_value = "TopicTest", value_parser = topic)]
    pub topic: String,
    /// A hyphen: each line of standard input is a message
    #[arg(value_name = "-", value_parser = ["-"], conflicts_with_all = ["body", "file", "size"])]
    pub stdin: Option<String>,
    /// How many messages; of lines no more than these [default: 1 with --body, all lines, else 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// The body
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["file", "size"])]
    pub body: Option<String>,
    /// A file of which each line is a message, - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "size")]
    pub file: Option<PathBuf>,
    /// The whole file is one message
    #[arg(long, requires = "file")]
    pub whole: bool,
    /// Bodies of so many bytes that compress badly, such as 100, 4k or 1m
    #[arg(long, value_name = "BYTES", value_parser = size)]
    pub size: Option<usize>,
    /// Keys, separated by blanks; {i} is the number of the message from 0
    #[arg(long, value_name = "KEYS")]
    pub key: Option<String>,
    /// The tag; '' for none
    #[arg(long, value_name = "TAG", default_value = "TagA")]
    pub tag: String,
    /// A property, may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = property)]
    pub property: Vec<(String, String)>,
    /// Messages a second, sent when they are due whatever became of those before
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// Send so many messages in one request
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch: u32,
    /// Requests under way at the same time [default: 1, with --rate 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub concurrency: Option<u32>,
    /// Deliver later: 1 is 1s, 2 is 5s, 3 is 10s and so on, as the broker is configured
    #[arg(
        long,
        value_name = "LEVEL",
        default_value_t = 0,
        value_parser = clap::value_parser!(i32).range(0..=127),
        conflicts_with = "batch"
    )]
    pub delay_level: i32,
    /// Send to the queue of this number only
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i32).range(0..))]
    pub queue: Option<i32>,
    /// Do not wait for the broker: nobody knows whether it has the messages
    #[arg(long, conflicts_with = "batch")]
    pub oneway: bool,
    /// The group of the producer
    #[arg(long, value_name = "GROUP", default_value = "rmq_produce")]
    pub group: String,
    /// A line of one's own for each message: letters are listed below
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
}

impl Args {
    /// How many requests are under way at the same time.
    pub fn concurrency(&self) -> usize {
        let given = self.concurrency.unwrap_or(if self.rate.is_some() { 64 } else { 1 });
        usize::try_from(given).unwrap_or(usize::MAX)
    }
}

fn topic(text: &str) -> Result<String, String> {
    check_topic(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

fn property(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a property is written NAME=VALUE".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 && rate <= 10_000_000.0 => Ok(rate),
        _ => Err("a rate is a number of messages a second, more than 0".to_owned()),
    }
}

/// Bytes with an optional `k`, `m` or `g` (of 1024), `KiB` and the like.
fn size(text: &str) -> Result<usize, String> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &lower[digits.len()..] {
        "" | "b" => 1_usize,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        _ => return Err("a size is a number of bytes, such as 100, 4k or 1m".to_owned()),
    };
    let bytes = digits.trim().parse::<usize>().ok().and_then(|count| count.checked_mul(unit));
    match bytes {
        Some(bytes @ 1..=MAX_BODY) => Ok(bytes),
        Some(_) => Err(format!("a body has 1 to {MAX_BODY} bytes")),
        None => Err("a size is a number of bytes, such as 100, 4k or 1m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let table = [
            ("1", Some(1)),
            ("100b", Some(100)),
            ("4k", Some(4096)),
            ("2 KiB", Some(2048)),
            ("4M", Some(MAX_BODY)),
            ("5m", None),
            ("0", None),
            ("", None),
            ("k", None),
            ("1.5k", None),
            ("99999999999999999999", None),
            ("\u{e9}", None),
        ];
        for (text, expected) in table {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn properties_and_rates_that_are_none_are_refused() {
        assert_eq!(property("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(property("a").is_err() && property("=b").is_err());
        for bad in ["0", "-1", "NaN", "inf", "x", "1e9"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
        assert_eq!(rate("0.5"), Ok(0.5));
    }
}
