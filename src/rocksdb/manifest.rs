//! Which files make up the data: edits of a list, one after the other (C++: `version_edit.cc`).

use super::bytes::Bytes;
use super::error::Fault;
use super::log;
use std::collections::{BTreeMap, BTreeSet};

/// The order of keys that is read here: by their bytes. It is that of RocketMQ.
const COMPARATOR: &[u8] = b"leveldb.BytewiseComparator";

/// The bit of a tag that may be passed over by whoever does not know it; a length stands behind it.
const SAFE_TO_IGNORE: u32 = 1 << 13;

/// A column family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Family {
    pub name: String,
    /// What older logs hold of it is in its tables.
    pub log_number: u64,
    /// The numbers of its tables.
    pub tables: BTreeSet<u64>,
}

/// The list after all edits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// By id; 0 is `default`.
    pub families: BTreeMap<u32, Family>,
}

/// An edit, as far as it matters here.
#[derive(Debug, Default)]
struct Edit {
    family: u32,
    added: Option<String>,
    dropped: bool,
    log_number: Option<u64>,
    deleted: Vec<u64>,
    new: Vec<u64>,
}

impl Manifest {
    /// Reads a manifest file.
    ///
    /// # Errors
    /// What is damaged or not supported.
    pub fn read(file: &[u8], number: u64) -> Result<Self, Fault> {
        let default = Family { name: "default".to_owned(), ..Family::default() };
        let mut manifest = Manifest { families: BTreeMap::from([(0, default)]) };
        log::each(file, number, |record| manifest.apply(Edit::read(record)?))?;
        Ok(manifest)
    }

    fn apply(&mut self, edit: Edit) -> Result<(), Fault> {
        if let Some(name) = edit.added {
            self.families.insert(edit.family, Family { name, ..Family::default() });
        }
        if edit.dropped {
            self.families.remove(&edit.family);
            return Ok(());
        }
        let family = self.families.get_mut(&edit.family);
        let family = family.ok_or(Fault::Damaged("an edit is of a column family that is not there"))?;
        if let Some(number) = edit.log_number {
            family.log_number = family.log_number.max(number);
        }
        family.tables.retain(|number| !edit.deleted.contains(number));
        family.tables.extend(edit.new);
        Ok(())
    }
}

impl Edit {
    fn read(record: &[u8]) -> Result<Self, Fault> {
        let (mut bytes, mut edit) = (Bytes(record), Edit::default());
        while !bytes.is_empty() {
            let tag = bytes.varint32()?;
            edit.field(tag, &mut bytes)?;
        }
        Ok(edit)
    }

    fn field(&mut self, tag: u32, bytes: &mut Bytes<'_>) -> Result<(), Fault> {
        match tag {
            1 => {
                if bytes.prefixed()? != COMPARATOR {
                    return Err(Fault::unsupported("another order of keys than that of their bytes"));
                }
            }
            2 => self.log_number = Some(bytes.varint64()?),
            // The next file, the last sequence number, the previous and the oldest log.
            3 | 4 | 9 | 10 => drop(bytes.varint64()?),
            // How far compaction is.
            5 => {
                bytes.varint32()?;
                bytes.prefixed()?;
            }
            6 => {
                bytes.varint32()?;
                self.deleted.push(bytes.varint64()?);
            }
            7 | 100 | 102 | 103 => self.new.push(new_file(tag, bytes)?),
            200 => self.family = bytes.varint32()?,
            201 => self.added = Some(String::from_utf8_lossy(bytes.prefixed()?).into_owned()),
            202 => self.dropped = true,
            // The greatest family, and how many edits of a group follow.
            203 | 300 => drop(bytes.varint32()?),
            400 | 401 => return Err(Fault::unsupported("values in files of their own")),
            ignored if ignored & SAFE_TO_IGNORE != 0 => drop(bytes.prefixed()?),
            other => return Err(Fault::unsupported(format!("an edit with the tag {other}"))),
        }
        Ok(())
    }
}

/// The number of a new table; the rest of what is said of it is passed over.
fn new_file(tag: u32, bytes: &mut Bytes<'_>) -> Result<u64, Fault> {
    bytes.varint32()?;
    let number = bytes.varint64()?;
    if tag == 102 && bytes.varint32()? != 0 {
        return Err(Fault::unsupported("tables in other directories"));
    }
    bytes.varint64()?;
    // The smallest and the largest key.
    bytes.prefixed()?;
    bytes.prefixed()?;
    if tag == 7 {
        return Ok(number);
    }
    bytes.varint64()?;
    bytes.varint64()?;
    if tag != 103 {
        return Ok(number);
    }
    loop {
        match bytes.varint32()? {
            1 => return Ok(number),
            65 => {
                if bytes.prefixed()?.iter().any(|byte| *byte != 0) {
                    return Err(Fault::unsupported("tables in other directories"));
                }
            }
            unsafe_tag if unsafe_tag & (1 << 6) != 0 => {
                return Err(Fault::unsupported(format!("a table with the tag {unsafe_tag}")));
            }
            _ => drop(bytes.prefixed()?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::log::tests::fragment;
    use super::*;

    fn manifest(edits: &[&[u8]]) -> Result<Manifest, Fault> {
        let file: Vec<u8> = edits.iter().flat_map(|edit| fragment(1, None, edit)).collect();
        Manifest::read(&file, 5)
    }

    #[test]
    fn edits_add_up() {
        let read = manifest(&[
            &[2, 4],
            // Family 1 is added, with a log and a table of every form.
            &[200, 1, 1, 201, 1, 2, b'k', b'v'],
            &[200, 1, 1, 2, 9, 7, 0, 11, 40, 1, b'a', 1, b'b'],
            &[103, 0, 12, 40, 1, b'a', 1, b'b', 1, 2, 5, 1, 9, 1],
            &[6, 0, 12, 103, 0, 13, 40, 0, 0, 0, 0, 1],
        ])
        .unwrap();
        let tables = |id: u32| read.families[&id].tables.iter().copied().collect::<Vec<_>>();
        assert_eq!((tables(0), tables(1)), (vec![13], vec![11]));
        assert_eq!((read.families[&1].name.as_str(), read.families[&1].log_number), ("kv", 9));
        assert_eq!(read.families[&0].log_number, 4);
        let dropped = manifest(&[&[200, 1, 1, 201, 1, 1, b'x'], &[200, 1, 1, 202, 1]]).unwrap();
        assert_eq!(dropped.families.len(), 1);
        // A tag that may be passed over.
        assert!(manifest(&[&[0x81, 0x40, 2, 1, 1]]).is_ok());
    }

    #[test]
    fn what_is_not_read_is_refused() {
        for edit in [
            &[1, 3, b'o', b'w', b'n'][..],
            &[77],
            &[200, 1, 7, 2, 1],
            &[103, 0, 12, 40, 0, 0, 0, 0, 66, 0, 1],
            &[103, 0, 12, 40, 0, 0, 0, 0, 65, 1, 1, 1],
            &[0x90, 0x03, 0],
            &[7, 0],
        ] {
            assert!(manifest(&[edit]).is_err(), "{edit:?}");
        }
    }
}
