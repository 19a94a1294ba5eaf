//! A run of files one after the other (`MappedFileQueue`).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;

use super::disk::Disk;
use super::error::StoreError;
use super::format::names;
use super::segment::{Segment, offset_of};

/// Files of one directory, in order of their offsets.
#[derive(Debug)]
pub(super) struct Segments {
    dir: PathBuf,
    file_len: usize,
    /// Room reserved on the disk at a time.
    ahead: usize,
    disk: Arc<dyn Disk>,
    list: RwLock<Vec<Arc<Segment>>>,
    /// Whether the system is to read files ahead.
    read_ahead: AtomicBool,
}

impl Segments {
    /// A run without files.
    pub(super) fn new(dir: PathBuf, file_len: usize, ahead: usize, disk: Arc<dyn Disk>) -> Self {
        let (list, read_ahead) = (RwLock::new(Vec::new()), AtomicBool::new(true));
        Self { dir, file_len, ahead, disk, list, read_ahead }
    }

    /// Opens the files of `dir`, each as if it were full. A last file of no length is removed: a broker died
    /// between making it and giving it its length. Files whose names are no offsets are left alone.
    pub(super) fn load(
        dir: PathBuf,
        file_len: usize,
        ahead: usize,
        disk: Arc<dyn Disk>,
    ) -> Result<Self, StoreError> {
        let mut found = Vec::new();
        for path in entries(&dir)? {
            let base = path.file_name().and_then(|name| name.to_str()).and_then(names::parse_offset);
            if let Some(base) = base
                && path.is_file()
            {
                found.push((base, path));
            }
        }
        found.sort();
        if let Some((_, path)) = found.last()
            && path.metadata().is_ok_and(|meta| meta.len() == 0)
        {
            std::fs::remove_file(path).map_err(|e| StoreError::io("remove", path, e))?;
            found.pop();
        }
        let list = found
            .into_iter()
            .map(|(base, path)| Segment::open(path, base, file_len).map(Arc::new))
            .collect::<Result<_, _>>()?;
        let (list, read_ahead) = (RwLock::new(list), AtomicBool::new(true));
        Ok(Self { dir, file_len, ahead, disk, list, read_ahead })
    }

    /// Directory of the files.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Bytes of each file.
    pub(super) fn file_len(&self) -> usize {
        self.file_len
    }

    /// All files, in order.
    pub(super) fn all(&self) -> Vec<Arc<Segment>> {
        self.list.read().clone()
    }

    /// How many files there are.
    pub(super) fn count(&self) -> usize {
        self.list.read().len()
    }

    /// The file written to.
    pub(super) fn last(&self) -> Option<Arc<Segment>> {
        self.list.read().last().cloned()
    }

    /// Offset at which the first file begins.
    pub(super) fn first_base(&self) -> Option<i64> {
        self.list.read().first().map(|segment| segment.base())
    }

    /// Offset behind what is written; 0 without files.
    pub(super) fn end(&self) -> i64 {
        self.list.read().last().map_or(0, |segment| segment.end())
    }

    /// Where the first file behind an offset begins.
    pub(super) fn base_after(&self, offset: i64) -> Option<i64> {
        let list = self.list.read();
        let after = list.partition_point(|segment| segment.base() <= offset);
        list.get(after).map(|segment| segment.base())
    }

    /// The file that an offset falls into.
    pub(super) fn find(&self, offset: i64) -> Option<Arc<Segment>> {
        let list = self.list.read();
        let after = list.partition_point(|segment| segment.base() <= offset);
        list.get(after.checked_sub(1)?).filter(|segment| offset < segment.limit()).cloned()
    }

    /// The offset at which the file after that of `offset` begins (`rollNextFile`).
    pub(super) fn next_base(&self, offset: i64) -> i64 {
        let len = offset_of(self.file_len);
        offset + len - offset.rem_euclid(len)
    }

    /// Makes the file that begins at `base`, with room for at least `first` bytes.
    pub(super) fn create(&self, base: i64, first: usize) -> Result<Arc<Segment>, StoreError> {
        let segment = Arc::new(Segment::create(&self.dir, base, self.file_len)?);
        if let Err(e) = segment.reserve(&*self.disk, first, self.ahead) {
            // Nothing is left behind; should removing fail too, recovery finds an empty file.
            drop(std::fs::remove_file(segment.path()));
            return Err(e);
        }
        if !self.read_ahead.load(Ordering::Acquire)
            && let Err(error) = segment.read_ahead(false)
        {
            // Advice: the file is as good without.
            tracing::warn!(%error, "a new file is read ahead");
        }
        self.list.write().push(Arc::clone(&segment));
        Ok(segment)
    }

    /// Writes to the file at the end.
    pub(super) fn append(&self, segment: &Segment, parts: &[&[u8]], skip: usize) -> Result<i64, StoreError> {
        segment.append(&*self.disk, parts, skip, self.ahead)
    }

    /// Makes sure that the next `len` bytes of a file have room on the disk.
    pub(super) fn reserve(&self, segment: &Segment, len: usize) -> Result<(), StoreError> {
        let wrote = self.file_len - segment.free();
        segment.reserve(&*self.disk, (wrote + len).min(self.file_len), self.ahead)
    }

    /// Syncs everything written to the disk. Returns the offset up to which it is there.
    pub(super) fn flush(&self) -> Result<i64, StoreError> {
        for segment in self.all() {
            if segment.flushed() < segment.end() {
                segment.flush(&*self.disk)?;
            }
        }
        // Not the end of the last file: meanwhile an earlier one may have got its blank record.
        Ok(self.flushed())
    }

    /// Takes it that nothing from the file of `offset` on is on the disk for certain, as after a crash: what
    /// can be read may be in the system's cache alone.
    pub(super) fn doubt(&self, offset: i64) {
        self.list
            .read()
            .iter()
            .filter(|segment| segment.limit() > offset)
            .for_each(|segment| segment.doubt());
    }

    /// Offset up to which everything is on the disk.
    pub(super) fn flushed(&self) -> i64 {
        let list = self.list.read();
        let unflushed = list.iter().find(|segment| segment.flushed() < segment.end());
        unflushed.or(list.last()).map_or(0, |segment| segment.flushed())
    }

    /// Cuts the run at `end`: later files go, the file of `end` ends there. Only before anything is shared.
    pub(super) fn truncate(&mut self, end: i64, clear: bool) -> Result<(), StoreError> {
        let list = self.list.get_mut();
        let kept = |base: i64, index: usize| base < end || (base == end && (end == 0 || index == 0));
        while let Some(last) = list.last().filter(|last| !kept(last.base(), list.len() - 1)) {
            std::fs::remove_file(last.path()).map_err(|e| StoreError::io("remove", last.path(), e))?;
            list.pop();
        }
        let Some(last) = list.last_mut() else { return Ok(()) };
        let segment = Arc::get_mut(last).expect("no file is shared before recovery is over");
        segment.set_end(end.min(segment.limit()), clear)
    }

    /// Deletes the first `count` files. Those who still read them keep them.
    pub(super) fn delete_first(&self, count: usize) -> Result<(), StoreError> {
        let gone: Vec<_> = {
            let mut list = self.list.write();
            let count = count.min(list.len());
            list.drain(..count).collect()
        };
        for segment in gone {
            remove(segment.path())?;
        }
        Ok(())
    }

    /// Deletes all files, and the directory where it is empty then.
    pub(super) fn delete_all(&self) -> Result<(), StoreError> {
        self.delete_first(usize::MAX)?;
        // Something else may lie in the directory; that is not ours to delete.
        drop(std::fs::remove_dir(&self.dir));
        Ok(())
    }

    /// Tells the system whether to read the files ahead, those to come as well (`CommitLog.scanFileAndSetReadMode`).
    pub(super) fn read_ahead(&self, ahead: bool) -> Result<(), StoreError> {
        self.read_ahead.store(ahead, Ordering::Release);
        self.all().iter().try_for_each(|segment| segment.read_ahead(ahead))
    }

    /// Lets the system take pages out of the process: all of full files, and of the last one.
    pub(super) fn release_pages(&self) {
        for segment in self.all() {
            segment.release_pages();
        }
    }
}

/// Deletes a file, unless it is gone already.
fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io("remove", path, e)),
        _ => Ok(()),
    }
}

/// What lies in a directory; nothing when it does not exist.
pub(super) fn entries(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let list = match std::fs::read_dir(dir) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|e| StoreError::io("list", dir, e))?,
    };
    let mut paths = list
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| StoreError::io("list", dir, e))?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::super::disk::OsDisk;
    use super::*;

    fn load(dir: &Path) -> Segments {
        Segments::load(dir.to_owned(), 4096, 4096, Arc::new(OsDisk)).unwrap()
    }

    #[test]
    fn offsets_find_their_files() {
        let dir = tempfile::tempdir().unwrap();
        let run = load(dir.path());
        assert_eq!((run.end(), run.flushed(), run.first_base()), (0, 0, None));
        for base in [8192, 12288] {
            let segment = run.create(base, 1).unwrap();
            run.append(&segment, &[&[1; 4000]], 96).unwrap();
        }
        assert!(run.find(8191).is_none() && run.find(16384).is_none());
        assert_eq!(run.find(12287).unwrap().base(), 8192);
        assert_eq!(run.find(12288).unwrap().base(), 12288);
        assert_eq!((run.next_base(8192), run.next_base(12287)), (12288, 12288));
        assert_eq!((run.end(), run.flushed()), (16384, 8192));
        assert_eq!(run.flush().unwrap(), 16384);
        assert_eq!(run.flushed(), 16384);
        run.delete_first(1).unwrap();
        assert_eq!(run.first_base(), Some(12288));
        assert_eq!(entries(dir.path()).unwrap().len(), 1);
    }

    #[test]
    fn files_are_read_ahead_or_not_the_next_one_as_well() {
        let dir = tempfile::tempdir().unwrap();
        let segments = load(dir.path());
        segments.create(0, 1).unwrap();
        segments.read_ahead(false).unwrap();
        let next = segments.create(offset_of(segments.file_len()), 1).unwrap();
        assert_eq!(flags_of(next.path()), [true, true]);
        segments.read_ahead(true).unwrap();
        assert_eq!(flags_of(next.path()), [false, false]);
    }

    /// Of each mapping of a file beside it, whether it is marked as read here and there (`rr` in `smaps`).
    #[cfg(target_os = "linux")]
    fn flags_of(path: &Path) -> Vec<bool> {
        let dir = path.parent().unwrap().display().to_string();
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut flags = Vec::new();
        let mut ours = false;
        for line in smaps.lines() {
            if let Some(set) = line.strip_prefix("VmFlags:") {
                if ours {
                    flags.push(set.split_whitespace().any(|flag| flag == "rr"));
                }
            } else if !line.split_whitespace().next().is_some_and(|word| word.ends_with(':')) {
                ours = line.contains(&dir);
            }
        }
        flags
    }

    #[test]
    fn truncating_removes_later_files() {
        let dir = tempfile::tempdir().unwrap();
        let run = load(dir.path());
        for base in [0, 4096, 8192] {
            let segment = run.create(base, 1).unwrap();
            run.append(&segment, &[&[1; 4096]], 0).unwrap();
        }
        std::fs::write(dir.path().join("00000000000000012288"), b"").unwrap();
        std::fs::write(dir.path().join("notes"), b"x").unwrap();
        let mut run = load(dir.path());
        assert_eq!(run.count(), 3);
        run.truncate(4096 + 10, true).unwrap();
        assert_eq!((run.end(), run.count()), (4106, 2));
        let mut run = load(dir.path());
        run.truncate(4096, true).unwrap();
        assert_eq!((run.end(), run.count()), (4096, 1));
        run.truncate(0, true).unwrap();
        assert_eq!((run.end(), run.count()), (0, 1));
    }
}
