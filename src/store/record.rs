//! One record of the commit log: a message, the blank at the end of a file, or nothing of the kind.
//! Pure.

use crate::protocol::message::{MessageError, MessageView, layout};

/// What the bytes at some place of the log are (`checkMessageAndReturnSize`).
#[derive(Debug)]
pub(super) enum Record<'a> {
    /// A whole message.
    Message(MessageView<'a>),
    /// The file ends here.
    Blank,
    /// Zeros: nothing has been written.
    Empty,
    /// Something else.
    Bad(MessageError),
}

/// Looks at the record that `bytes` begin with, at offset `at` of the log.
pub(super) fn read_record(bytes: &[u8], at: i64, check_crc: bool) -> Record<'_> {
    let Some(head) = bytes.first_chunk::<8>() else {
        return Record::Bad(MessageError::Truncated { need: 8, have: bytes.len() });
    };
    if *head == [0; 8] {
        return Record::Empty;
    }
    if head.get(4..) == Some(&layout::MAGIC_BLANK.to_be_bytes()) {
        return Record::Blank;
    }
    match whole_message(bytes, at, check_crc) {
        Ok(message) => Record::Message(message),
        Err(e) => Record::Bad(e),
    }
}

fn whole_message(bytes: &[u8], at: i64, check_crc: bool) -> Result<MessageView<'_>, MessageError> {
    let message = MessageView::parse(bytes)?;
    if !message.is_exact() {
        let value = i64::try_from(message.total_len()).unwrap_or(i64::MAX);
        return Err(MessageError::Length { field: "total size", value });
    }
    if message.physical_offset() != at {
        return Err(MessageError::Length { field: "commit log offset", value: message.physical_offset() });
    }
    if check_crc {
        message.check_crc()?;
        check_tail(&message)?;
    }
    Ok(message)
}

/// The checksum covers the body only. Zeros in the topic, or at the end of the properties, say that the end
/// of the message was never written.
fn check_tail(message: &MessageView<'_>) -> Result<(), MessageError> {
    let torn = message.topic_bytes().contains(&0) || message.properties_bytes().last() == Some(&0);
    if torn { Err(MessageError::Truncated { need: message.total_len(), have: 0 }) } else { Ok(()) }
}

/// The first whole message in `bytes`, which begin at offset `base` of the log: its offset and store time.
/// Used behind damage, where the lengths of records lead no further.
pub(super) fn find_message(bytes: &[u8], base: i64) -> Option<(i64, i64)> {
    let magics = [layout::MAGIC_V1.to_be_bytes(), layout::MAGIC_V2.to_be_bytes()];
    for (start, window) in bytes.windows(8).enumerate() {
        if window.get(4..).is_some_and(|magic| magics.iter().any(|known| magic == known)) {
            let at = base + super::segment::offset_of(start);
            let found = bytes.get(start..).and_then(|rest| whole_message(rest, at, true).ok());
            if let Some(message) = found {
                return Some((at, message.store_timestamp()));
            }
        }
    }
    None
}
