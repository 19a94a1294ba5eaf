//! Where bodies come from.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::args::Args;
use crate::admin::{CommandError, ErrorKind};
use crate::tools::noise::noise;
use crate::tools::values::MAX_BODY;

/// How many messages without a word on what and how many (Java: the quickstart's `MESSAGE_COUNT`).
const DEFAULT_COUNT: u64 = 1000;
/// How many lines are read ahead.
const AHEAD: usize = 256;

/// Bodies, one after the other.
#[derive(Debug)]
pub(super) struct Source {
    kind: Kind,
    /// How many more at most.
    left: u64,
    given: u64,
    /// Empty lines, which cannot be sent.
    pub(super) empty_lines: u64,
}

#[derive(Debug)]
enum Kind {
    /// `Hello RocketMQ i`.
    Hello,
    /// The same each time.
    Fixed(Bytes),
    /// So many bytes.
    Sized(usize),
    Lines(mpsc::Receiver<io::Result<Vec<u8>>>),
}

impl Source {
    /// What the options ask for.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn open(args: &Args) -> Result<Self, CommandError> {
        let stdin = args.stdin.is_some() || args.file.as_deref() == Some(Path::new("-"));
        let (kind, default) = match (&args.body, &args.file) {
            (Some(body), _) => (Kind::Fixed(Bytes::from(body.clone().into_bytes())), 1),
            _ if stdin && args.whole => (Kind::Fixed(whole(io::stdin().lock(), "standard input")?), 1),
            _ if stdin => (Kind::Lines(lines(BufReader::new(io::stdin()))?), u64::MAX),
            (None, Some(path)) => {
                let file = File::open(path).map_err(|error| CommandError::unreadable(path, &error))?;
                if args.whole {
                    (Kind::Fixed(whole(file, &path.display().to_string())?), 1)
                } else {
                    (Kind::Lines(lines(BufReader::new(file))?), u64::MAX)
                }
            }
            (None, None) => (args.size.map_or(Kind::Hello, Kind::Sized), DEFAULT_COUNT),
        };
        Ok(Self { kind, left: args.count.unwrap_or(default), given: 0, empty_lines: 0 })
    }

    /// How many there will be, where that is known.
    pub(super) fn total(&self) -> Option<u64> {
        (self.left < u64::MAX && !matches!(self.kind, Kind::Lines(_))).then_some(self.left)
    }

    /// The next body and its number, from 0. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// What keeps a line from being read.
    pub(super) async fn next(&mut self) -> Result<Option<(u64, Bytes)>, CommandError> {
        if self.left == 0 {
            return Ok(None);
        }
        let number = self.given;
        let body = match &mut self.kind {
            Kind::Hello => Bytes::from(format!("Hello RocketMQ {number}")),
            Kind::Fixed(body) => body.clone(),
            Kind::Sized(size) => noise(*size, number),
            Kind::Lines(lines) => match next_line(lines, &mut self.empty_lines).await? {
                Some(line) => line,
                None => return Ok(None),
            },
        };
        self.left -= 1;
        self.given += 1;
        Ok(Some((number, body)))
    }
}

async fn next_line(
    lines: &mut mpsc::Receiver<io::Result<Vec<u8>>>,
    empty: &mut u64,
) -> Result<Option<Bytes>, CommandError> {
    while let Some(line) = lines.recv().await {
        let line = line.map_err(|error| {
            CommandError::new(ErrorKind::Local, "cannot read the next line").cause(error.to_string())
        })?;
        if !line.is_empty() {
            return Ok(Some(line.into()));
        }
        *empty += 1;
    }
    Ok(None)
}

/// Reads lines on a thread of its own, which nobody waits for: a read from a terminal cannot be called off.
fn lines(
    mut input: impl BufRead + Send + 'static,
) -> Result<mpsc::Receiver<io::Result<Vec<u8>>>, CommandError> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let read = move || {
        while let Some(line) = read_line(&mut input).transpose() {
            let failed = line.is_err();
            if sender.blocking_send(line).is_err() || failed {
                return;
            }
        }
    };
    std::thread::Builder::new().name("lines".to_owned()).spawn(read).map_err(|error| {
        CommandError::new(ErrorKind::Local, "cannot start a thread").cause(error.to_string())
    })?;
    Ok(receiver)
}

/// A line without its end; `None` after the last. One that is too long to be a body is an error.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    // A body of the longest kind and its line end, `\r\n`, with one more byte to see that there is more.
    let limit = u64::try_from(MAX_BODY + 3).unwrap_or(u64::MAX);
    if input.take(limit).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    if line.len() > MAX_BODY {
        return Err(io::Error::other(format!("a line is longer than a body may be, {MAX_BODY} bytes")));
    }
    Ok(Some(line))
}

fn whole(input: impl Read, name: &str) -> Result<Bytes, CommandError> {
    let mut body = Vec::new();
    let limit = u64::try_from(MAX_BODY + 1).unwrap_or(u64::MAX);
    input.take(limit).read_to_end(&mut body).map_err(|error| {
        CommandError::new(ErrorKind::Local, format!("cannot read {name}")).cause(error.to_string())
    })?;
    if body.len() > MAX_BODY {
        return Err(CommandError::usage(format!("{name} is longer than a body may be, {MAX_BODY} bytes")));
    }
    Ok(body.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lose_their_ends_and_nothing_else() {
        let mut input: &[u8] = b"a\r\n\n b \xff\r\r\nlast";
        let mut got = Vec::new();
        while let Some(line) = read_line(&mut input).unwrap() {
            got.push(line);
        }
        assert_eq!(got, [&b"a"[..], b"", b" b \xff\r", b"last"]);
    }

    #[test]
    fn a_line_that_is_no_body_is_an_error() {
        let longest = [vec![b'x'; MAX_BODY], b"\r\n".to_vec()].concat();
        assert_eq!(read_line(&mut &longest[..]).unwrap().unwrap().len(), MAX_BODY);
        let longer = vec![b'x'; MAX_BODY + 1];
        assert!(read_line(&mut &longer[..]).is_err());
        assert!(whole(&longer[..], "f").is_err());
        assert_eq!(whole(&longer[..MAX_BODY], "f").unwrap().len(), MAX_BODY);
    }

    #[tokio::test]
    async fn empty_lines_are_counted_and_left_out() {
        let kind = Kind::Lines(lines(&b"a\n\nb\nc\n"[..]).unwrap());
        let mut source = Source { kind, left: 2, given: 0, empty_lines: 0 };
        assert_eq!(source.total(), None);
        assert_eq!(source.next().await.unwrap(), Some((0, Bytes::from_static(b"a"))));
        assert_eq!(source.next().await.unwrap(), Some((1, Bytes::from_static(b"b"))));
        assert_eq!(source.next().await.unwrap(), None);
        assert_eq!(source.empty_lines, 1);
    }
}
