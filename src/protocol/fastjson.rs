//! The JSON that fastjson writes and reads, which is looser than JSON.
//!
//! Maps keyed by an object are written with the object as key (`{{"topic":"t"}:1}`), maps keyed by a number
//! with the bare number (`{0:"a"}`). Reading: [`to_strict`] makes every such key a string that holds its
//! text, so that a type's key parser sees `"0"` or `"{\"topic\":\"t\"}"`. Writing: a key type that must go
//! out bare serializes itself as [`bare_key`], and [`to_vec`] takes its quotes away.

use std::borrow::Cow;

use serde::{Serialize, de::DeserializeOwned};

use super::coerce;

/// Nesting that is followed at most; fastjson bodies of RocketMQ have fewer than ten levels.
const MAX_DEPTH: usize = 64;

/// How much an object as a key counts toward the nesting. Each level of keys within keys is quoted once more,
/// which doubles its backslashes: RocketMQ has one level, and more than two are not followed.
const KEY_DEPTH: usize = MAX_DEPTH / 2;

/// The mark of a key that is to be written without quotes. It cannot stand in RocketMQ's names.
const BARE: char = '\u{1}';

/// A key text that [`to_vec`] writes as it is, without quotes: a number, or the JSON of an object.
pub fn bare_key(text: &str) -> String {
    format!("{BARE}{text}")
}

/// Serializes with bare keys where a type asked for them.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let json = serde_json::to_vec(value)?;
    Ok(unquote_bare_keys(json))
}

/// Takes the quotes off every key marked by [`bare_key`].
fn unquote_bare_keys(json: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = b"\"\\u0001";
    if !json.windows(MARK.len()).any(|window| window == MARK) {
        return json;
    }
    let mut out = Vec::with_capacity(json.len());
    let mut rest = json.as_slice();
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'"' {
            out.push(byte);
            rest = after;
            continue;
        }
        let length = string_length(rest).unwrap_or(rest.len());
        let (string, tail) = rest.split_at(length);
        let is_key = tail.first() == Some(&b':');
        match serde_json::from_slice::<String>(string) {
            Ok(text) if is_key && text.starts_with(BARE) => out.extend_from_slice(&text.as_bytes()[1..]),
            _ => out.extend_from_slice(string),
        }
        rest = tail;
    }
    out
}

/// Deserializes strict or loose JSON.
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    // Most bodies are strict: they are read as they are, and only a failure pays for another reading.
    serde_json::from_slice(json).or_else(|strict_error| {
        let strict = to_strict(json);
        let read = match strict {
            Cow::Borrowed(_) => Err(strict_error),
            Cow::Owned(_) => serde_json::from_slice(&strict),
        };
        // Scalars of another type are tried last; where that fails too, what was wrong at first is told.
        read.or_else(|error| coerce::from_slice(&strict).map_err(|_| error))
    })
}

/// Makes loose JSON strict: bare number keys and object keys become strings. Borrowed where nothing had to
/// change or where the text is beyond repair, so that the strict parser says what is wrong.
pub fn to_strict(json: &[u8]) -> Cow<'_, [u8]> {
    let mut reader = Reader { rest: json, out: Vec::with_capacity(json.len() + 64), changed: false };
    match reader.value(0) {
        Some(()) if reader.changed => {
            reader.out.extend_from_slice(reader.rest);
            Cow::Owned(reader.out)
        }
        _ => Cow::Borrowed(json),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    out: Vec<u8>,
    changed: bool,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        let blank = self.rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.rest = self.rest.get(blank..)?;
        self.rest.first().copied()
    }

    fn copy(&mut self, length: usize) -> Option<()> {
        self.out.extend_from_slice(self.rest.split_off(..length)?);
        Some(())
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => self.members(b'}', depth, true),
            b'[' => self.members(b']', depth, false),
            b'"' => self.copy(string_length(self.rest)?),
            _ => self.copy(scalar_length(self.rest)),
        }
    }

    /// The members of an object or array, its brackets included.
    fn members(&mut self, close: u8, depth: usize, keyed: bool) -> Option<()> {
        self.copy(1)?;
        if self.peek()? == close {
            return self.copy(1);
        }
        loop {
            if keyed {
                self.key(depth)?;
            }
            self.value(depth + 1)?;
            match self.peek()? {
                b',' => self.copy(1)?,
                byte if byte == close => return self.copy(1),
                _ => return None,
            }
        }
    }

    fn key(&mut self, depth: usize) -> Option<()> {
        if self.peek()? == b'"' {
            self.copy(string_length(self.rest)?)?;
        } else {
            let start = self.out.len();
            self.value(depth + KEY_DEPTH)?;
            let key = String::from_utf8(self.out.split_off(start)).ok()?;
            serde_json::to_writer(&mut self.out, &key).ok()?;
            self.changed = true;
        }
        if self.peek()? != b':' {
            return None;
        }
        self.copy(1)
    }
}

/// The length of the string at the start, with both quotes.
fn string_length(json: &[u8]) -> Option<usize> {
    let mut escaped = false;
    for (i, byte) in json.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(i + 1),
            _ => {}
        }
    }
    None
}

fn scalar_length(json: &[u8]) -> usize {
    json.iter().take_while(|b| !b.is_ascii_whitespace() && !b",:{}[]\"".contains(b)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn loose_keys_become_strings() {
        let table = [
            (r#"{0:"a",10 : {"x":1}}"#, r#"{"0":"a","10":{"x":1}}"#),
            (r#"{{"q":1,"t":"a}b"}:5}"#, r#"{"{\"q\":1,\"t\":\"a}b\"}":5}"#),
            (r#"[{1:{2:3}}]"#, r#"[{"1":{"2":3}}]"#),
        ];
        for (loose, strict) in table {
            assert_eq!(String::from_utf8(to_strict(loose.as_bytes()).into_owned()).unwrap(), strict);
        }
    }

    #[test]
    fn strict_or_broken_text_is_left_alone() {
        for text in [r#"{"a":[1,null,"x\"y"]}"#, "", "{", r#"{1"#, r#"{1:"#, "[1,", r#"{"a" 1}"#] {
            assert!(matches!(to_strict(text.as_bytes()), Cow::Borrowed(_)), "{text}");
        }
        let keys_in_keys = "{".repeat(40) + "\"a\":1" + &"}:1".repeat(39) + "}";
        assert!(matches!(to_strict(keys_in_keys.as_bytes()), Cow::Borrowed(_)));
        let deep = "[".repeat(100_000);
        assert!(matches!(to_strict(deep.as_bytes()), Cow::Borrowed(_)));
    }

    #[test]
    fn bare_keys_go_out_without_quotes_and_come_back() {
        let map = BTreeMap::from([(bare_key(r#"{"t":"a\"b"}"#), "v:\u{1}".to_owned())]);
        let json = to_vec(&map).unwrap();
        assert_eq!(String::from_utf8(json.clone()).unwrap(), r#"{{"t":"a\"b"}:"v:\u0001"}"#);
        let back: BTreeMap<String, String> = from_slice(&json).unwrap();
        assert_eq!(back.into_iter().next().unwrap().0, r#"{"t":"a\"b"}"#);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[\\[\\]{}:,\"\\\\0-9a ]{0,60}") {
            let _ = from_slice::<serde_json::Value>(text.as_bytes());
        }
    }
}
