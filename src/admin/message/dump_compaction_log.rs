//! `dumpCompactionLog`: the messages in a file of a compaction log, which is a commit log of one queue.

use super::java_text;
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Form, Nothing, Out, Outcome, Render, Table, counted};
use crate::protocol::message::Message;
use crate::runtime::time;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// The largest record that is read, in bytes; brokers take bodies of 4 MiB unless they are told otherwise.
const LARGEST_RECORD: u64 = 256 << 20;

/// How many messages are shown together.
const PAGE: usize = 64;

/// Show the messages in a file of a compaction log
///
/// Files lie in `store/compaction/compactionLog/TOPIC/QUEUE` of the broker's machine; they are only read. Messages are
/// shown as they are read; JSON is JSON Lines.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq dumpCompactionLog -f compactionLog/T/0/00000000000000000000\n  \
        rmq dumpCompactionLog -f 00000000000000000000 --output json"
)]
pub struct Args {
    /// The file
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// A message of the file.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub queue_id: i32,
    pub queue_offset: i64,
    pub commit_log_offset: i64,
    /// Epoch milliseconds.
    pub store_timestamp: i64,
    pub tags: Option<String>,
    /// What compaction goes by: of messages with the same keys the last is kept.
    pub keys: Option<String>,
    /// Bytes of the body.
    pub body_size: usize,
    /// The body; what is not UTF-8 in it is replaced.
    pub body: String,
    /// Bytes of the record.
    pub store_size: usize,
}

impl From<&Message> for Output {
    fn from(message: &Message) -> Self {
        Output {
            topic: message.topic.clone(),
            queue_id: message.queue_id,
            queue_offset: message.queue_offset,
            commit_log_offset: message.physical_offset,
            store_timestamp: message.store_timestamp,
            tags: message.tags().map(str::to_owned),
            keys: message.keys().map(str::to_owned),
            body_size: message.body.len(),
            body: String::from_utf8_lossy(&message.body).into_owned(),
            store_size: message.store_size,
        }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of([self])
    }
}

/// Lines of a table.
#[derive(Serialize)]
#[serde(transparent)]
struct Page(Vec<Output>);

impl Render for Page {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.0)
    }
}

fn table_of<'a>(rows: impl IntoIterator<Item = &'a Output>) -> Table {
    let mut table = Table::new()
        .text("TOPIC")
        .number("QUEUE")
        .number("OFFSET")
        .number("COMMIT LOG")
        .text("STORED")
        .text("TAGS")
        .text("KEYS")
        .number("SIZE");
    for row in rows {
        table.row([
            Cell::new(&row.topic),
            Cell::new(row.queue_id),
            Cell::new(row.queue_offset),
            Cell::new(row.commit_log_offset),
            Cell::new(time::millis(row.store_timestamp)),
            Cell::optional(row.tags.as_ref()),
            Cell::optional(row.keys.as_ref()),
            Cell::new(row.store_size),
        ]);
    }
    table
}

/// Reads the file from its beginning to its first blank.
///
/// # Errors
/// No file is named, or it cannot be read; what is in it is no message.
pub async fn run(ctx: &Context, args: Args) -> Result<Nothing, CommandError> {
    let Some(path) = args.file else {
        return Err(CommandError::usage("miss dump log file name").hint("name one with -f FILE"));
    };
    let broken = |error: &std::io::Error| CommandError::unreadable(&path, error);
    let file = File::open(&path).map_err(|error| broken(&error))?;
    let data = file.metadata().map_err(|error| broken(&error))?;
    if data.is_dir() {
        return Err(CommandError::usage(format!("{} is a directory", path.display()))
            .hint("its files are named after their offsets: 00000000000000000000"));
    }
    let mut records = Records { file: BufReader::new(file), at: 0, len: data.len() };
    let (mut out, mut count) = (ctx.out.clone(), 0_u64);
    let end = loop {
        let (messages, end) = records.some();
        count += u64::try_from(messages.len()).unwrap_or(u64::MAX);
        if !messages.is_empty() {
            show(&out, &messages)?;
            out = out.headless();
        }
        if let Some(end) = end {
            break end.err();
        }
    };
    ctx.out.flush()?;
    finish(ctx, &path, end, records.at, count)
}

fn show(out: &Out, messages: &[Message]) -> Result<(), CommandError> {
    let rows = messages.iter().map(Output::from);
    match out.form() {
        Form::Classic => {
            messages
                .iter()
                .try_for_each(|message| out.line(&java_text::message_ext_without_body(message)))?;
        }
        Form::Json | Form::Yaml => rows.into_iter().try_for_each(|row| out.show_next(&row))?,
        Form::Table | Form::Wide | Form::Csv => out.show_next(&Page(rows.collect()))?,
    }
    Ok(())
}

/// How the file ended: at a blank, or at something that is no message.
fn finish(
    ctx: &Context,
    path: &Path,
    end: Option<String>,
    at: u64,
    count: u64,
) -> Result<Nothing, CommandError> {
    match end {
        None => {
            ctx.out.note(&counted(count, "message"));
            Ok(Nothing::default())
        }
        Some(why) if count == 0 => {
            Err(CommandError::unmet(format!("{} does not begin with a message", path.display())).cause(why))
        }
        Some(why) => {
            ctx.out.warn(&format!("{} is no message from offset {at} on: {why}", path.display()));
            Ok(Nothing { outcome: Outcome::Partial })
        }
    }
}

/// The records of a file, one after the other.
struct Records<R> {
    file: R,
    /// Where the next record begins.
    at: u64,
    /// The file's length.
    len: u64,
}

impl<R: Read> Records<R> {
    /// The next few records, and whether and how they end.
    fn some(&mut self) -> (Vec<Message>, Option<Result<(), String>>) {
        let mut messages = Vec::new();
        while messages.len() < PAGE {
            match self.next() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => return (messages, Some(Ok(()))),
                Err(why) => return (messages, Some(Err(why))),
            }
        }
        (messages, None)
    }

    /// The next record; none at the end of the file or at a blank.
    ///
    /// # Errors
    /// What is there is no message, or the file cannot be read.
    fn next(&mut self) -> Result<Option<Message>, String> {
        let left = self.len.saturating_sub(self.at);
        let mut size = [0; 4];
        if left < 4 {
            return Ok(None);
        }
        self.file.read_exact(&mut size).map_err(|error| error.to_string())?;
        let length = i32::from_be_bytes(size);
        if length == 0 {
            return Ok(None);
        }
        let whole = u64::try_from(length).ok().filter(|size| (4..=left.min(LARGEST_RECORD)).contains(size));
        let Some(whole) = whole else {
            return Err(format!("a record of {length} bytes, with {left} bytes left"));
        };
        let mut record = size.to_vec();
        self.file.by_ref().take(whole - 4).read_to_end(&mut record).map_err(|error| error.to_string())?;
        let message = Message::decode(&Bytes::from(record)).map_err(|error| error.to_string())?;
        self.at += whole;
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::super::java_text::tests::sample;
    use super::*;

    fn records(bytes: &[u8]) -> Records<&[u8]> {
        Records { file: bytes, at: 0, len: bytes.len() as u64 }
    }

    #[test]
    fn records_are_read_up_to_the_blank() {
        let mut bytes = Vec::new();
        sample().encode(&mut bytes).unwrap();
        let one = bytes.len() as u64;
        sample().encode(&mut bytes).unwrap();
        bytes.extend([0; 16]);
        let mut records = records(&bytes);
        assert_eq!(records.next().unwrap().unwrap().keys(), Some("poison-1"));
        assert_eq!(records.at, one);
        assert!(records.next().unwrap().is_some());
        assert!(records.next().unwrap().is_none());
    }

    #[test]
    fn what_is_no_record_is_told() {
        let mut torn = Vec::new();
        sample().encode(&mut torn).unwrap();
        torn.truncate(50);
        for bytes in [&torn[..], &[0xff; 64], &[0, 0, 0, 2, 1], &[0, 0, 0, 8, 1, 2, 3, 4]] {
            assert!(records(bytes).next().is_err(), "{bytes:?}");
        }
        for bytes in [&[][..], &[1, 2], &[0; 8]] {
            assert!(records(bytes).next().unwrap().is_none(), "{bytes:?}");
        }
    }
}
