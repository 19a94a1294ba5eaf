//! The body of a batch: several messages of one topic in one request.
//!
//! Per message: total size 4, magic 4 (0), body CRC 4 (0), flag 4, body length 4 and body, properties length
//! 2 and properties (`MessageDecoder.encodeMessage`).

use super::error::MessageError;

/// One message of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchItem<'a> {
    /// The user's flag.
    pub flag: i32,
    /// Body.
    pub body: &'a [u8],
    /// Properties string.
    pub properties: &'a str,
}

/// Bytes before the body of an item.
const HEAD: usize = 20;

/// Appends one message to the body of a batch.
///
/// # Errors
/// [`MessageError::TooLong`] when it does not fit its length fields; `out` is as before then.
pub fn encode_batch_item(item: &BatchItem<'_>, out: &mut Vec<u8>) -> Result<(), MessageError> {
    let properties = i16::try_from(item.properties.len()).map_err(|_| MessageError::TooLong {
        field: "properties",
        len: item.properties.len(),
        max: super::layout::MAX_PROPERTIES,
    })?;
    let len = HEAD + item.body.len() + 2 + item.properties.len();
    let too_long = |_| MessageError::TooLong { field: "body", len, max: i32::MAX as usize };
    let total = i32::try_from(len).map_err(too_long)?;
    let body = i32::try_from(item.body.len()).map_err(too_long)?;
    out.reserve(len);
    out.extend_from_slice(&total.to_be_bytes());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&item.flag.to_be_bytes());
    out.extend_from_slice(&body.to_be_bytes());
    out.extend_from_slice(item.body);
    out.extend_from_slice(&properties.to_be_bytes());
    out.extend_from_slice(item.properties.as_bytes());
    Ok(())
}

/// Walks over the body of a batch. Ends after the first error.
#[derive(Debug, Clone)]
pub struct BatchItems<'a> {
    rest: &'a [u8],
}

impl<'a> BatchItems<'a> {
    /// The messages in `body`.
    pub const fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }
}

impl<'a> Iterator for BatchItems<'a> {
    type Item = Result<BatchItem<'a>, MessageError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let item = split_item(self.rest);
        self.rest = item.as_ref().map(|(_, rest)| *rest).unwrap_or_default();
        Some(item.map(|(item, _)| item))
    }
}

fn split_item(bytes: &[u8]) -> Result<(BatchItem<'_>, &[u8]), MessageError> {
    let have = bytes.len();
    let cut = |need| MessageError::Truncated { need, have };
    let number = |at: usize| {
        let chunk = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or(cut(at + 4))?;
        Ok::<i32, MessageError>(i32::from_be_bytes(*chunk))
    };
    let length = |field, value: i32| {
        usize::try_from(value).map_err(|_| MessageError::Length { field, value: i64::from(value) })
    };
    let total = length("total size", number(0)?)?;
    let flag = number(12)?;
    let body_len = length("body length", number(16)?)?;
    let (item, rest) = bytes.split_at_checked(total).ok_or(cut(total))?;
    let short = MessageError::Length { field: "total size", value: i64::try_from(total).unwrap_or(i64::MAX) };
    let tail = item.get(HEAD..).ok_or_else(|| short.clone())?;
    let (body, tail) = tail.split_at_checked(body_len).ok_or_else(|| short.clone())?;
    let (properties_len, properties) = tail.split_first_chunk::<2>().ok_or_else(|| short.clone())?;
    let properties_len = length("properties length", i32::from(i16::from_be_bytes(*properties_len)))?;
    if properties.len() != properties_len {
        return Err(short);
    }
    let properties = std::str::from_utf8(properties).map_err(|e| MessageError::Length {
        field: "valid UTF-8 in properties",
        value: e.valid_up_to() as i64,
    })?;
    Ok((BatchItem { flag, body, properties }, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn round_trip(items in proptest::collection::vec((any::<i32>(), proptest::collection::vec(any::<u8>(), 0..50), "[a-zé]{0,20}"), 0..6)) {
            let mut out = vec![];
            let items: Vec<_> = items.iter().map(|(flag, body, properties)| BatchItem { flag: *flag, body, properties }).collect();
            let mut ends = vec![0];
            for item in &items {
                encode_batch_item(item, &mut out).unwrap();
                ends.push(out.len());
            }
            let got: Result<Vec<_>, _> = BatchItems::new(&out).collect();
            prop_assert_eq!(got.unwrap(), items);
            for cut in 0..out.len() {
                let whole = BatchItems::new(&out[..cut]).all(|item| item.is_ok());
                prop_assert_eq!(whole, ends.contains(&cut));
            }
        }

        #[test]
        fn noise_ends(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(BatchItems::new(&bytes).count() <= bytes.len());
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let mut out = vec![];
        encode_batch_item(&BatchItem { flag: 0, body: b"0123", properties: "a" }, &mut out).unwrap();
        for at in [0, 16, 24] {
            let mut damaged = out.clone();
            damaged[at] = 0xFF;
            assert!(BatchItems::new(&damaged).any(|item| item.is_err()), "{at}");
        }
        let mut damaged = out;
        damaged[26] = 0xFF;
        assert!(BatchItems::new(&damaged).any(|item| item.is_err()));
    }
}
