//! What the messages of a load look like.

use bytes::Bytes;

use super::plan::Ticket;
use crate::client::producer::{CompressionRule, Draft};
use crate::protocol::message::{Compression, Properties, property};
use crate::tools::noise::noise;
use crate::tools::values::{MAX_BODY, size};

/// Options about messages.
#[derive(Debug, Clone, clap::Args)]
pub struct Shape {
    /// Bodies of so many bytes that compress badly, such as 100, 4k or 1m
    #[arg(short = 's', long, alias = "messageSize", value_name = "BYTES", default_value = "128", value_parser = size)]
    pub size: usize,
    /// A key for each message: its number
    #[arg(
        short = 'k',
        long,
        alias = "keyEnable",
        value_name = "TRUE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true
    )]
    pub key: Option<bool>,
    /// The tag
    #[arg(long, value_name = "TAG", conflicts_with = "tags")]
    pub tag: Option<String>,
    /// So many tags in turn: tag0, tag1 and so on
    #[arg(short = 'l', long, alias = "tagCount", value_name = "N")]
    pub tags: Option<u32>,
    /// Properties of so many bytes
    #[arg(short = 'p', long, alias = "propertySize", value_name = "BYTES", value_parser = property_bytes)]
    pub properties: Option<usize>,
    /// Compress bodies, those of 4 KiB and more unless --compress-from says otherwise
    #[arg(
        short = 'c',
        long,
        alias = "compressEnable",
        value_name = "TRUE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true
    )]
    pub compress: Option<bool>,
    /// How
    #[arg(
        long,
        alias = "compressType",
        alias = "ct",
        value_name = "KIND",
        default_value = "zlib",
        ignore_case = true,
        hide_short_help = true
    )]
    pub compression: Kind,
    /// How hard
    #[arg(
        long,
        alias = "compressLevel",
        alias = "cl",
        value_name = "LEVEL",
        default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(0..=22),
        hide_short_help = true
    )]
    pub compression_level: u32,
    /// Bodies of so many bytes and more
    #[arg(
        long,
        alias = "compressOverHowMuch",
        alias = "ch",
        value_name = "BYTES",
        default_value = "4096",
        value_parser = size,
        hide_short_help = true
    )]
    pub compress_from: usize,
}

/// How bodies are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    Zlib,
    Lz4,
    Zstd,
}

/// A properties string has 32767 bytes at most.
fn property_bytes(text: &str) -> Result<usize, String> {
    match text.trim() {
        "0" => Ok(0),
        other => size(other).and_then(|bytes| match bytes {
            ..=30_000 => Ok(bytes),
            _ => Err("properties have 30000 bytes at most".to_owned()),
        }),
    }
}

impl Shape {
    /// What is compressed; nothing unless it is asked for, as Apache's benchmarks do.
    pub fn rule(&self) -> CompressionRule {
        let kind = match self.compression {
            Kind::Zlib => Compression::Zlib,
            Kind::Lz4 => Compression::Lz4,
            Kind::Zstd => Compression::Zstd,
        };
        let from_bytes = if self.compress == Some(true) { self.compress_from } else { MAX_BODY + 1 };
        CompressionRule { from_bytes, kind, level: self.compression_level }
    }
}

/// Which tag a message has.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tag {
    None,
    Fixed(String),
    InTurn(u32),
}

/// Makes messages; the body is one for all.
#[derive(Debug, Clone)]
pub struct Payload {
    topic: String,
    body: Bytes,
    tag: Tag,
    key: bool,
    properties: Properties,
    delay_level: i32,
}

impl Payload {
    pub fn new(topic: &str, shape: &Shape, delay_level: i32) -> Self {
        let tag = match (&shape.tag, shape.tags) {
            (Some(tag), _) => Tag::Fixed(tag.clone()),
            (None, Some(count)) if count > 0 => Tag::InTurn(count),
            _ => Tag::None,
        };
        Self {
            topic: topic.to_owned(),
            body: noise(shape.size, 0),
            tag,
            key: shape.key == Some(true),
            properties: filler(shape.properties.unwrap_or(0)),
            delay_level,
        }
    }

    /// The size of each body.
    pub fn size(&self) -> usize {
        self.body.len()
    }

    /// The message of this number.
    pub fn draft(&self, number: u64) -> Draft {
        let mut draft = Draft::new(&self.topic, self.body.clone()).delay_level(self.delay_level);
        if !self.properties.is_empty() {
            self.properties.iter().for_each(|(name, value)| draft.properties.set(name, value));
        }
        match &self.tag {
            Tag::None => {}
            Tag::Fixed(tag) => draft = draft.tag(tag),
            Tag::InTurn(count) => draft = draft.tag(&format!("tag{}", number % u64::from(*count))),
        }
        if self.key {
            draft.properties.set(property::KEYS, number.to_string());
        }
        draft
    }

    /// The messages of a request.
    pub fn drafts(&self, ticket: &Ticket) -> Vec<Draft> {
        (0..u64::from(ticket.messages)).map(|i| self.draft(ticket.first.saturating_add(i))).collect()
    }
}

/// Properties that together have more than so many bytes, as Apache's benchmarks make them: `prop0` is `hello0`.
fn filler(bytes: usize) -> Properties {
    let mut properties = Properties::new();
    let mut total = 0;
    while bytes > 0 && total <= bytes {
        let (name, value) = (format!("prop{}", properties.len()), format!("hello{}", properties.len()));
        total += name.len() + value.len();
        properties.set(name, value);
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        shape: Shape,
    }

    fn shape(line: &[&str]) -> Shape {
        Line::try_parse_from([&["bench"], line].concat()).map(|line| line.shape).unwrap()
    }

    #[test]
    fn messages_are_as_the_options_say() {
        let table: [(&[&str], i32, &str); 6] = [
            (&[], 0, ""),
            (&["--tag", "a", "--key"], 0, "TAGS\u{1}a\u{2}KEYS\u{1}7\u{2}"),
            (&["-l", "3", "--key=false"], 0, "TAGS\u{1}tag1\u{2}"),
            (&["-l", "0"], 2, "DELAY\u{1}2\u{2}"),
            (&["-p", "1"], 0, "prop0\u{1}hello0\u{2}"),
            (&["-p", "11"], 0, "prop0\u{1}hello0\u{2}prop1\u{1}hello1\u{2}"),
        ];
        for (line, level, expected) in table {
            let draft = Payload::new("T", &shape(line), level).draft(7);
            assert_eq!((draft.properties.to_raw().as_str(), draft.body.len()), (expected, 128), "{line:?}");
        }
    }

    #[test]
    fn one_body_is_shared_by_all() {
        let payload = Payload::new("T", &shape(&["-s", "1k"]), 0);
        let ticket = Ticket { first: 5, messages: 3, measured: true, last: false, due: None };
        let drafts = payload.drafts(&ticket);
        assert_eq!((drafts.len(), payload.size()), (3, 1024));
        assert!(drafts.iter().all(|draft| draft.body.as_ptr() == drafts[0].body.as_ptr()));
    }

    #[test]
    fn nothing_is_compressed_unless_asked_for() {
        assert!(shape(&["--compress-from", "1"]).rule().from_bytes > MAX_BODY);
        let rule = shape(&["-c", "--compression", "LZ4", "--compression-level", "1"]).rule();
        assert_eq!((rule.from_bytes, rule.kind, rule.level), (4096, Compression::Lz4, 1));
    }
}
