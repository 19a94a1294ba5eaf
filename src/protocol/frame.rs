//! Frames on a connection: four bytes of length, then a command.
//!
//! Java: `NettyDecoder`, a length-field decoder with `com.rocketmq.remoting.frameMaxLength`.

use bytes::{Buf, Bytes, BytesMut};

/// The longest frame that is taken by default, in bytes (Java: `NettyDecoder.FRAME_MAX_LENGTH`).
pub const MAX_FRAME_LENGTH: usize = 16 * 1024 * 1024;

/// Why bytes are not a command. None of them is about I/O.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The frame's length is over the limit, or under the four bytes that any command has.
    #[error("a frame of {length} bytes is outside of the accepted 4 to {max}")]
    FrameLength {
        /// What the frame claims.
        length: i64,
        /// The limit.
        max: usize,
    },
    /// The header's length does not fit the frame.
    #[error("a header of {header} bytes does not fit a frame of {frame}")]
    HeaderLength {
        /// The header's length.
        header: usize,
        /// The frame's.
        frame: usize,
    },
    /// The bytes end before the value does.
    #[error("the header ends too early")]
    Truncated,
    /// The header form is not known.
    #[error("unknown serialize type {0}")]
    SerializeType(u32),
    /// A text is not UTF-8.
    #[error("a text in the header is not UTF-8")]
    Utf8,
    /// The JSON header is not what it should be.
    #[error("the JSON header is malformed: {0}")]
    Json(String),
}

/// Takes the next whole frame off a buffer, without its length bytes; `None` where more bytes are needed.
///
/// The length is checked before the buffer is asked to grow, and it grows by what arrives, not by what is
/// claimed.
pub fn take_frame(buffer: &mut BytesMut, max: usize) -> Result<Option<Bytes>, DecodeError> {
    let Some(length) = buffer.first_chunk::<4>().map(|b| i32::from_be_bytes(*b)) else {
        return Ok(None);
    };
    let size = usize::try_from(length).ok().filter(|size| (4..=max).contains(size));
    let Some(size) = size else {
        return Err(DecodeError::FrameLength { length: length.into(), max });
    };
    if buffer.len() - 4 < size {
        return Ok(None);
    }
    buffer.advance(4);
    Ok(Some(buffer.split_to(size).freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_whole() {
        let mut buffer = BytesMut::from(&[0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 5, 9][..]);
        assert_eq!(take_frame(&mut buffer, 100), Ok(Some(Bytes::from_static(&[1, 2, 3, 4]))));
        assert_eq!(take_frame(&mut buffer, 100), Ok(None));
        assert_eq!(buffer.len(), 5);
        assert_eq!(take_frame(&mut BytesMut::from(&[0, 0][..]), 100), Ok(None));
    }

    #[test]
    fn a_length_out_of_bounds_is_refused_before_its_bytes_arrive() {
        for length in [-1, 0, 3, 101, i32::MIN, i32::MAX] {
            let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
            let expected = DecodeError::FrameLength { length: length.into(), max: 100 };
            assert_eq!(take_frame(&mut buffer, 100), Err(expected));
        }
    }
}
