//! The options of `rmq produce`.

use std::path::PathBuf;

use crate::tools::rows::{Format, LETTERS};
use crate::tools::values::{property, rate, size, topic};

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
