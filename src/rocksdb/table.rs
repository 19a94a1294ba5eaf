//! A sorted table (C++: `block_based_table_reader.cc`).

use super::block::{self, Handle, TRAILER};
use super::bytes::{Bytes, masked_crc};
use super::compression::decompress;
use super::error::Fault;
use super::merged::{Change, Merged};

/// What a block-based table ends with, the low half first.
const MAGIC: u64 = 0x88e2_41b7_85f4_cff7;
/// As [`MAGIC`], of a table as LevelDB made it, with another end.
const LEGACY_MAGIC: u64 = 0xdb47_7524_8b80_fb57;
/// The end of a file: kind of checksum, two places with room to spare, format, magic number.
const FOOTER: usize = 1 + 40 + 4 + 8;
/// CRC-32C (C++: `ChecksumType`).
const CRC32C: u8 = 1;

/// What the end of the file says.
struct Footer {
    meta: Handle,
    index: Handle,
    format: u32,
}

impl Footer {
    fn read(file: &[u8]) -> Result<Self, Fault> {
        let start = file.len().checked_sub(FOOTER).ok_or(Fault::Damaged("it is too short for a table"))?;
        let mut end = Bytes(&file[file.len() - 12..]);
        let (format, magic) = (end.fixed32()?, end.fixed64()?);
        match magic {
            MAGIC => {}
            LEGACY_MAGIC => return Err(Fault::unsupported("a table of format 0")),
            _ => return Err(Fault::Damaged("it does not end like a table")),
        }
        if !(1..=5).contains(&format) {
            return Err(Fault::unsupported(format!("a table of format {format}")));
        }
        let mut bytes = Bytes(&file[start..]);
        let checksum = bytes.byte()?;
        if checksum != CRC32C {
            return Err(Fault::unsupported(format!("checksum {checksum}")));
        }
        Ok(Footer { meta: Handle::read(&mut bytes)?, index: Handle::read(&mut bytes)?, format })
    }
}

/// A file with its format.
struct Table<'a> {
    file: &'a [u8],
    format: u32,
}

impl Table<'_> {
    /// A block as it was before it was compressed.
    fn block(&self, handle: Handle) -> Result<Vec<u8>, Fault> {
        const OUTSIDE: Fault = Fault::Damaged("a block lies outside of the file");
        let place = |number: u64| usize::try_from(number).map_err(|_| OUTSIDE);
        let mut bytes = Bytes(self.file.get(place(handle.offset)?..).ok_or(OUTSIDE)?);
        let size = place(handle.size)?;
        let all = bytes.slice(size.checked_add(TRAILER).ok_or(OUTSIDE)?).map_err(|_| OUTSIDE)?;
        let (content, crc) = all.split_last_chunk::<4>().ok_or(OUTSIDE)?;
        if masked_crc(&[content]) != u32::from_le_bytes(*crc) {
            return Err(Fault::Damaged("a block does not match its checksum"));
        }
        let (kind, block) = content.split_last().ok_or(OUTSIDE)?;
        decompress(*kind, block, self.format >= 2)
    }
}

/// What the blocks about the table say.
#[derive(Default)]
struct Meta {
    properties: Option<Handle>,
    range_deletions: Option<Handle>,
}

/// What is said of the index.
struct Properties {
    /// 0: sorted; 1: hashed; 2: of two levels; 3: sorted, with first keys.
    index_type: u32,
    delta: bool,
}

fn meta(block: &[u8]) -> Result<Meta, Fault> {
    let mut meta = Meta::default();
    block::each(block, |key, value| {
        let handle = || Handle::read(&mut Bytes(value));
        match key {
            b"rocksdb.properties" => meta.properties = Some(handle()?),
            b"rocksdb.range_del2" | b"rocksdb.range_del" => meta.range_deletions = Some(handle()?),
            b"rocksdb.compression_dict" => return Err(Fault::unsupported("compression with a dictionary")),
            _ => {}
        }
        Ok(())
    })?;
    Ok(meta)
}

fn properties(block: &[u8]) -> Result<Properties, Fault> {
    let mut properties = Properties { index_type: 0, delta: false };
    block::each(block, |key, value| {
        match key {
            b"rocksdb.block.based.table.index.type" => properties.index_type = Bytes(value).fixed32()?,
            b"rocksdb.index.value.is.delta.encoded" => properties.delta = Bytes(value).varint64()? != 0,
            _ => {}
        }
        Ok(())
    })?;
    Ok(properties)
}

/// Adds all entries of a table.
///
/// # Errors
/// What is damaged or not supported.
pub fn add_to(merged: &mut Merged, file: &[u8]) -> Result<(), Fault> {
    let footer = Footer::read(file)?;
    let table = Table { file, format: footer.format };
    let meta = meta(&table.block(footer.meta)?)?;
    let properties = match meta.properties {
        Some(handle) => properties(&table.block(handle)?)?,
        None => Properties { index_type: 0, delta: false },
    };
    if properties.index_type > 1 {
        return Err(Fault::unsupported(format!("an index of type {}", properties.index_type)));
    }
    for handle in block::index(&table.block(footer.index)?, properties.delta)? {
        entries(merged, &table.block(handle)?)?;
    }
    if let Some(handle) = meta.range_deletions {
        entries(merged, &table.block(handle)?)?;
    }
    Ok(())
}

/// Adds the entries of a block; their keys have sequence number and type behind them (C++: `dbformat.h`).
fn entries(merged: &mut Merged, block: &[u8]) -> Result<(), Fault> {
    block::each(block, |key, value| {
        let (key, tail) = key.split_last_chunk::<8>().ok_or(Fault::Damaged("a key is too short"))?;
        let tail = u64::from_le_bytes(*tail);
        let change = match tail & 0xff {
            0 | 7 => Change::Deletion,
            1 => Change::Value(value),
            2 => Change::Merge(value),
            15 => Change::RangeDeletion(value),
            other => return Err(Fault::unsupported(format!("an entry of type {other}"))),
        };
        merged.add(key, tail >> 8, &change);
        Ok(())
    })
}
