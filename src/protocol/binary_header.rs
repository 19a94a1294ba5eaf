//! The ROCKETMQ form of a header (Java: `RocketMQSerializable`).
//!
//! | bytes | field |
//! |-------|-------|
//! | 2     | code |
//! | 1     | language |
//! | 2     | version |
//! | 4     | opaque |
//! | 4     | flag |
//! | 4 + n | remark |
//! | 4 + n | fields: per field 2 + n name, 4 + n value |

use bytes::{Buf, BufMut, BytesMut};

use super::command::{RemotingCommand, SerializeType};
use super::ext::ExtFields;
use super::frame::DecodeError;
use super::language::Language;

pub(super) fn decode(mut header: &[u8]) -> Result<RemotingCommand, DecodeError> {
    let input = &mut header;
    let code = i32::from(input.try_get_i16().map_err(|_| DecodeError::Truncated)?);
    let language = Language::from_code(input.try_get_u8().map_err(|_| DecodeError::Truncated)?);
    let version = i32::from(input.try_get_i16().map_err(|_| DecodeError::Truncated)?);
    let opaque = input.try_get_i32().map_err(|_| DecodeError::Truncated)?;
    let flag = input.try_get_i32().map_err(|_| DecodeError::Truncated)?;
    let remark = match take_text(input)? {
        "" => None,
        text => Some(text.to_owned()),
    };
    let fields_len = input.try_get_i32().map_err(|_| DecodeError::Truncated)?;
    let mut fields = take(input, fields_len.into())?;
    let mut ext = ExtFields::with_capacity(16, fields.len());
    while !fields.is_empty() {
        let name_len = fields.try_get_i16().map_err(|_| DecodeError::Truncated)?;
        let name = text(take(&mut fields, name_len.into())?)?;
        let value = take_text(&mut fields)?;
        ext.push(name, value);
    }
    Ok(RemotingCommand {
        code,
        language,
        version,
        opaque,
        flag,
        remark,
        ext,
        serialize: SerializeType::RocketMq,
        ..RemotingCommand::default()
    })
}

fn take<'a>(input: &mut &'a [u8], length: i64) -> Result<&'a [u8], DecodeError> {
    let length = usize::try_from(length).map_err(|_| DecodeError::Truncated)?;
    input.split_off(..length).ok_or(DecodeError::Truncated)
}

fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError::Utf8)
}

fn take_text<'a>(input: &mut &'a [u8]) -> Result<&'a str, DecodeError> {
    let length = input.try_get_i32().map_err(|_| DecodeError::Truncated)?;
    text(take(input, length.into())?)
}

pub(super) fn encode(command: &RemotingCommand, out: &mut BytesMut) {
    // The caller has sent codes over 16 bits the other way; versions are small ordinals.
    out.put_i16(command.code as i16);
    out.put_u8(command.language as u8);
    out.put_i16(command.version as i16);
    out.put_i32(command.opaque);
    out.put_i32(command.flag);
    put_text(command.remark.as_deref().unwrap_or_default(), out);
    let start = out.len();
    out.put_i32(0);
    for (name, value) in command.ext.iter() {
        // A name or value over its length field cannot be written; Java would write a broken one.
        let (Ok(name_len), Ok(_)) = (i16::try_from(name.len()), i32::try_from(value.len())) else { continue };
        out.put_i16(name_len);
        out.extend_from_slice(name.as_bytes());
        put_text(value, out);
    }
    let length = i32::try_from(out.len() - start - 4).unwrap_or(i32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

fn put_text(text: &str, out: &mut BytesMut) {
    out.put_i32(i32::try_from(text.len()).unwrap_or(i32::MAX));
    out.extend_from_slice(text.as_bytes());
}
