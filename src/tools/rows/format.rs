//! `--format`: a line of one's own for each message.

use std::fmt;

use super::writer::Row;

/// What a letter stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Topic,
    Broker,
    Queue,
    Offset,
    UniqueId,
    OffsetId,
    Keys,
    Tag,
    Body,
    BodySize,
    StoreTime,
    BornTime,
    Times,
    Properties,
    Status,
}

/// The letters, with what they stand for.
const FIELDS: [(char, Field, &str); 15] = [
    ('t', Field::Topic, "topic"),
    ('b', Field::Broker, "broker"),
    ('q', Field::Queue, "queue"),
    ('o', Field::Offset, "offset in the queue"),
    ('k', Field::Keys, "keys"),
    ('g', Field::Tag, "tag"),
    ('v', Field::Body, "body"),
    ('s', Field::BodySize, "size of the body"),
    ('i', Field::UniqueId, "unique id"),
    ('I', Field::OffsetId, "offset id"),
    ('T', Field::StoreTime, "store time, ms"),
    ('B', Field::BornTime, "born time, ms"),
    ('r', Field::Times, "times it was retried"),
    ('h', Field::Properties, "properties, as a=1,b=2"),
    ('S', Field::Status, "send status"),
];

/// The letters for the help of commands; a test keeps it the same as the table.
pub const LETTERS: &str = "Letters of --format:\n  \
    %t  topic                  %v  body                   %T  store time, ms\n  \
    %b  broker                 %s  size of the body       %B  born time, ms\n  \
    %q  queue                  %i  unique id              %r  times it was retried\n  \
    %o  offset in the queue    %I  offset id              %h  properties, as a=1,b=2\n  \
    %k  keys                   %g  tag                    %S  send status\n  \
    %p{NAME}  a property       %%  a percent sign         \\n \\t \\r \\0 \\\\ \\xHH  bytes\n\
    What a message does not have is empty. Nothing is added: end the line with \\n.";

/// Why a format is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A letter that stands for nothing.
    #[error("%{0} stands for nothing; there are {known}", known = known_letters())]
    Letter(char),
    /// A percent sign at the end.
    #[error("a % at the end stands for nothing; write %% for a percent sign")]
    LonePercent,
    /// `%p` without a name.
    #[error("%p needs the name of a property in braces, as %p{{NAME}}")]
    NoName,
    /// A backslash that stands for nothing.
    #[error("\\{0} stands for nothing; there are \\n, \\t, \\r, \\0, \\\\ and \\xHH")]
    Escape(String),
}

fn known_letters() -> String {
    let letters: Vec<String> = FIELDS.iter().map(|(letter, ..)| format!("%{letter}")).collect();
    format!("{}, %p{{NAME}} and %%", letters.join(" "))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Bytes(Vec<u8>),
    Field(Field),
    Property(String),
}

/// A format, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format(Vec<Part>);

impl std::str::FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let mut parts = Vec::new();
        let mut bytes = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => bytes.push(escape(&mut chars)?),
                '%' => match chars.next().ok_or(FormatError::LonePercent)? {
                    '%' => bytes.push(b'%'),
                    letter => {
                        if !bytes.is_empty() {
                            parts.push(Part::Bytes(std::mem::take(&mut bytes)));
                        }
                        parts.push(part(letter, &mut chars)?);
                    }
                },
                other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        if !bytes.is_empty() {
            parts.push(Part::Bytes(bytes));
        }
        Ok(Self(parts))
    }
}

fn part(letter: char, chars: &mut std::str::Chars<'_>) -> Result<Part, FormatError> {
    if letter == 'p' {
        let rest = chars.as_str().strip_prefix('{').ok_or(FormatError::NoName)?;
        let (name, after) = rest.split_once('}').ok_or(FormatError::NoName)?;
        if name.is_empty() {
            return Err(FormatError::NoName);
        }
        *chars = after.chars();
        return Ok(Part::Property(name.to_owned()));
    }
    let field = FIELDS.iter().find(|(known, ..)| *known == letter);
    field.map(|(_, field, _)| Part::Field(*field)).ok_or(FormatError::Letter(letter))
}

fn escape(chars: &mut std::str::Chars<'_>) -> Result<u8, FormatError> {
    Ok(match chars.next() {
        Some('n') => b'\n',
        Some('t') => b'\t',
        Some('r') => b'\r',
        Some('0') => 0,
        Some('\\') => b'\\',
        Some('x') => {
            let digits: String = chars.as_str().chars().take(2).collect();
            let wrong = || FormatError::Escape(format!("x{digits}"));
            if digits.len() != 2 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(wrong());
            }
            chars.nth(1);
            u8::from_str_radix(&digits, 16).map_err(|_| wrong())?
        }
        other => return Err(FormatError::Escape(other.map(String::from).unwrap_or_default())),
    })
}

impl Format {
    /// The bytes of a row in this format.
    pub fn write(&self, row: &impl Row, out: &mut Vec<u8>) {
        for part in &self.0 {
            match part {
                Part::Bytes(bytes) => out.extend_from_slice(bytes),
                Part::Field(field) => row.field(*field, out),
                Part::Property(name) => {
                    out.extend_from_slice(row.property(name).unwrap_or_default().as_bytes())
                }
            }
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = FIELDS.iter().find(|(_, field, _)| field == self).map_or("", |(.., words)| words);
        f.write_str(words)
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::Head;
    use super::*;

    #[derive(serde::Serialize)]
    struct Sample;

    impl Row for Sample {
        const HEADS: &'static [Head] = &[];
        fn cells(&self) -> Vec<String> {
            Vec::new()
        }
        fn classic(&self) -> Option<String> {
            None
        }
        fn field(&self, field: Field, out: &mut Vec<u8>) {
            match field {
                Field::Body => out.extend_from_slice(b"\xff"),
                other => out.extend_from_slice(format!("<{other}>").as_bytes()),
            }
        }
        fn property(&self, name: &str) -> Option<&str> {
            (name == "a b").then_some("1")
        }
    }

    fn shown(format: &str) -> Result<Vec<u8>, FormatError> {
        let mut out = Vec::new();
        format.parse::<Format>()?.write(&Sample, &mut out);
        Ok(out)
    }

    #[test]
    fn letters_and_escapes_stand_for_what_the_help_says() {
        let table: [(&str, &[u8]); 8] = [
            ("", b""),
            ("%t %q\\t%o\\n", b"<topic> <queue>\t<offset in the queue>\n"),
            ("100%% %v", b"100% \xff"),
            ("%p{a b}%p{c}|", b"1|"),
            ("\\x41\\0\\\\\\r", b"A\0\\\r"),
            ("%i%I", b"<unique id><offset id>"),
            ("\u{e9}%k", "\u{e9}<keys>".as_bytes()),
            ("{}", b"{}"),
        ];
        for (format, expected) in table {
            assert_eq!(shown(format).unwrap(), expected, "{format:?}");
        }
        for (letter, _, words) in FIELDS {
            assert!(LETTERS.contains(&format!("%{letter}  {words}")), "%{letter} is not in the help");
        }
    }

    #[test]
    fn what_stands_for_nothing_is_an_error_that_says_so() {
        let table = [
            ("%z", "%z stands for nothing"),
            ("a%", "at the end"),
            ("%p", "%p{NAME}"),
            ("%p{", "%p{NAME}"),
            ("%p{}", "%p{NAME}"),
            ("\\q", "\\q"),
            ("a\\", "stands for nothing"),
            ("\\x4", "\\x4"),
            ("\\x+1", "\\x+1"),
            ("\\x\u{e9}\u{e9}", "\\x"),
        ];
        for (format, expected) in table {
            let error = shown(format).unwrap_err().to_string();
            assert!(error.contains(expected), "{format:?}: {error}");
        }
    }
}
