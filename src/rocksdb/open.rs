//! A directory as a whole.

use super::error::{Fault, RocksError};
use super::log;
use super::manifest::Manifest;
use super::merged::Merged;
use super::{table, write_batch};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// How often a directory is read anew because a running broker has replaced files meanwhile.
const TRIES: usize = 5;

/// The keys of a column family in order, with their values.
pub type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// What a directory held when it was read.
#[derive(Debug, Default)]
pub struct Database {
    pub(super) families: BTreeMap<String, Rows>,
}

impl Database {
    /// Reads a directory.
    ///
    /// # Errors
    /// A file that is not there or cannot be read, is damaged or is not supported.
    pub fn read(directory: &Path) -> Result<Self, RocksError> {
        let mut tries = 1;
        loop {
            match read_once(directory) {
                // Without the file that names the others it is no directory of RocksDB.
                Err(error) if error.is_missing() && tries < TRIES && directory.join(CURRENT).exists() => {
                    tries += 1
                }
                result => return result,
            }
        }
    }

    /// What a column family holds; none where there is no such.
    pub fn family(&self, name: &str) -> Option<&Rows> {
        self.families.get(name)
    }

    /// What `default` holds, which is always there.
    pub fn into_default(mut self) -> Rows {
        self.families.remove(DEFAULT).unwrap_or_default()
    }
}

/// The file that names the manifest.
const CURRENT: &str = "CURRENT";
/// The column family that is always there.
const DEFAULT: &str = "default";

fn read_file(path: &Path) -> Result<Vec<u8>, RocksError> {
    fs::read(path).map_err(|error| RocksError::io(path, error))
}

fn read_once(directory: &Path) -> Result<Database, RocksError> {
    let current = directory.join(CURRENT);
    let name = read_file(&current)?;
    let name = str::from_utf8(&name).unwrap_or_default().trim_end();
    let number = name.strip_prefix("MANIFEST-").and_then(|number| number.parse().ok());
    let number = number.ok_or_else(|| Fault::Damaged("it names no manifest").of(&current))?;
    let path = directory.join(name);
    let manifest = Manifest::read(&read_file(&path)?, number).map_err(|fault| fault.of(&path))?;
    let mut all: BTreeMap<u32, Merged> = BTreeMap::new();
    for (id, family) in &manifest.families {
        let merged = all.entry(*id).or_default();
        for number in &family.tables {
            let path = directory.join(format!("{number:06}.sst"));
            table::add_to(merged, &read_file(&path)?).map_err(|fault| fault.of(&path))?;
        }
    }
    add_logs(directory, &manifest, &mut all)?;
    let mut families = BTreeMap::new();
    for (id, merged) in all {
        let rows = merged.rows().map_err(|fault| fault.of(directory))?;
        let name = manifest.families.get(&id).map(|family| family.name.clone()).unwrap_or_default();
        families.insert(name, rows);
    }
    Ok(Database { families })
}

/// The numbers of the logs that are there, the oldest first.
fn logs(directory: &Path) -> Result<Vec<u64>, RocksError> {
    let entries = fs::read_dir(directory).map_err(|error| RocksError::io(directory, error))?;
    let number = |name: &str| name.strip_suffix(".log")?.parse().ok();
    let mut numbers: Vec<u64> =
        entries.flatten().filter_map(|entry| number(entry.file_name().to_str()?)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Adds what is in logs and in no table yet.
fn add_logs(
    directory: &Path,
    manifest: &Manifest,
    all: &mut BTreeMap<u32, Merged>,
) -> Result<(), RocksError> {
    let oldest = manifest.families.values().map(|family| family.log_number).min().unwrap_or(0);
    for number in logs(directory)?.into_iter().filter(|number| *number >= oldest) {
        let path = directory.join(format!("{number:06}.log"));
        let mut change = |record: &[u8]| {
            write_batch::each(record, |write| {
                let family = manifest.families.get(&write.family);
                // Older logs are in the family's tables; a family that is not there was dropped.
                if let (Some(family), Some(merged)) = (family, all.get_mut(&write.family))
                    && number >= family.log_number
                {
                    merged.add(write.key, write.sequence, &write.change);
                }
                Ok(())
            })
        };
        log::each(&read_file(&path)?, number, &mut change).map_err(|fault| fault.of(&path))?;
    }
    Ok(())
}
