//! Java's `.properties` files (`java.util.Properties.load` and RocketMQ's `MixAll.properties2String`).

use super::error::ConfigError;
use std::collections::BTreeMap;
use std::fmt::Write;

/// One key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    pub key: String,
    pub value: String,
    /// The line it stands on, counted from 1.
    pub line: usize,
}

/// Reads a `.properties` file: `key=value`, `key: value` or `key value`; comments behind `#` or `!`; a backslash
/// at the end of a line continues it; `\t`, `\n`, `\r`, `\f`, `\uXXXX` and `\` before any other character.
/// A key that stands twice appears twice, later ones last.
///
/// # Errors
/// A `\u` without four hexadecimal digits.
pub fn parse(text: &str) -> Result<Vec<Property>, ConfigError> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, first)) = lines.next() {
        let first = first.trim_start_matches(BLANKS);
        if first.is_empty() || first.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = first.to_owned();
        while continues(&logical) {
            logical.pop();
            match lines.next() {
                Some((_, more)) => logical.push_str(more.trim_start_matches(BLANKS)),
                None => break,
            }
        }
        found.push(property(&logical, index + 1)?);
    }
    Ok(found)
}

const BLANKS: [char; 3] = [' ', '\t', '\u{c}'];

/// Whether a line ends in an odd number of backslashes.
fn continues(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

fn property(logical: &str, line: usize) -> Result<Property, ConfigError> {
    let mut escaped = false;
    let end = logical.find(|c: char| {
        let ends = !escaped && (c == '=' || c == ':' || BLANKS.contains(&c));
        escaped = !escaped && c == '\\';
        ends
    });
    let (key, rest) = logical.split_at(end.unwrap_or(logical.len()));
    let rest = rest.trim_start_matches(BLANKS);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(BLANKS);
    Ok(Property { key: unescape(key, line)?, value: unescape(rest, line)?, line })
}

fn unescape(text: &str, line: usize) -> Result<String, ConfigError> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let plain = match c {
            '\\' => match chars.next() {
                Some('u') => {
                    units.push(unicode(&mut chars, line)?);
                    continue;
                }
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some(other) => other,
                None => continue,
            },
            other => other,
        };
        units.extend(plain.encode_utf16(&mut [0; 2]).iter());
    }
    Ok(String::from_utf16_lossy(&units))
}

fn unicode(chars: &mut std::str::Chars<'_>, line: usize) -> Result<u16, ConfigError> {
    let wrong = ConfigError::Syntax { line, why: "\\u needs four hexadecimal digits" };
    let mut unit = 0;
    for _ in 0..4 {
        let digit = chars.next().and_then(|c| c.to_digit(16)).ok_or_else(|| wrong.clone())?;
        unit = unit << 4 | digit;
    }
    u16::try_from(unit).map_err(|_| wrong)
}

/// The settings as brokers and name servers send them: `key=value` lines, sorted by key, nothing escaped.
pub fn write(pairs: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (key, value) in pairs {
        let _ = writeln!(text, "{key}={value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap().into_iter().map(|p| (p.key, p.value)).collect()
    }

    fn one(key: &str, value: &str) -> Vec<(String, String)> {
        vec![(key.to_owned(), value.to_owned())]
    }

    #[test]
    fn reads_what_java_reads() {
        assert_eq!(pairs("listenPort=10911"), one("listenPort", "10911"));
        assert_eq!(pairs("  listenPort : 10911"), one("listenPort", "10911"));
        assert_eq!(pairs("listenPort 10911"), one("listenPort", "10911"));
        assert_eq!(pairs("listenPort"), one("listenPort", ""));
        assert_eq!(pairs("listenPort="), one("listenPort", ""));
        assert_eq!(pairs("# a=b\n! c=d\n\n \t\n"), vec![]);
        assert_eq!(pairs("a = b c "), one("a", "b c "));
        assert_eq!(pairs("a==b"), one("a", "=b"));
        assert_eq!(pairs("a\\=b=c"), one("a=b", "c"));
        assert_eq!(pairs("path=C:\\\\x\\ty"), one("path", "C:\\x\ty"));
        assert_eq!(pairs("a=1,\\\n   2,\\\r\n 3"), one("a", "1,2,3"));
        assert_eq!(pairs("a=b\\\\\nc=d").len(), 2);
        assert_eq!(pairs("a=\\u8ba2\\u5355 \\ud83d\\ude00"), one("a", "订单 😀"));
        assert_eq!(pairs("a=b\\"), one("a", "b"));
        assert_eq!(pairs("a=1\na=2").len(), 2);
        assert_eq!(parse("x=1\n\ny=2").unwrap()[1].line, 3);
    }

    #[test]
    fn a_bad_escape_is_named_with_its_line() {
        for text in ["\n a=\\u12", "\n a=\\u12x4", "\n a=\\u"] {
            assert!(matches!(parse(text), Err(ConfigError::Syntax { line: 2, .. })), "{text}");
        }
    }

    #[test]
    fn writes_sorted_lines() {
        let pairs = BTreeMap::from([("b".to_owned(), "2=".to_owned()), ("a".to_owned(), String::new())]);
        assert_eq!(write(&pairs), "a=\nb=2=\n");
    }
}
