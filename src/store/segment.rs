//! One fixed-length file of a run, such as a file of the commit log (`MappedFile`).

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;

use super::disk::Disk;
use super::error::{StoreError, is_full};
use super::map::AppendMap;

/// Bytes of a page: the least that is reserved.
const PAGE: usize = 4096;

/// A file that begins at an offset of its run. It has its full length from the start, as Apache's broker
/// demands; what is not written yet takes no room.
#[derive(Debug)]
pub(super) struct Segment {
    base: i64,
    path: PathBuf,
    map: Arc<AppendMap>,
    flushed: AtomicUsize,
    /// Bytes from the beginning that have room on the disk. Writing to mapped pages beyond could kill the
    /// process when the disk is full.
    reserved: AtomicUsize,
    /// The directory does not hold the file for certain yet.
    fresh: AtomicBool,
}

impl Segment {
    /// Makes the file of `len` bytes that begins at `base`.
    pub(super) fn create(dir: &Path, base: i64, len: usize) -> Result<Self, StoreError> {
        let path = dir.join(super::format::names::offset_name(base));
        std::fs::create_dir_all(dir).map_err(|e| StoreError::io("make directory", dir, e))?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .map_err(|e| StoreError::io("create", &path, e))?;
        file.set_len(len as u64).map_err(|e| StoreError::io("set the length of", &path, e))?;
        Self::map(&file, path, base, len, 0, true)
    }

    /// Opens a file that is there, as if it were full: recovery finds out where it ends.
    pub(super) fn open(path: PathBuf, base: i64, len: usize) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|e| StoreError::io("open", &path, e))?;
        let found = file.metadata().map_err(|e| StoreError::io("examine", &path, e))?.len();
        if found != len as u64 {
            return Err(StoreError::FileLength { path, len: found, expected: len as u64 });
        }
        Self::map(&file, path, base, len, len, false)
    }

    fn map(
        file: &File,
        path: PathBuf,
        base: i64,
        len: usize,
        wrote: usize,
        fresh: bool,
    ) -> Result<Self, StoreError> {
        let map = AppendMap::new(file, len, wrote).map_err(|e| StoreError::io("map", &path, e))?;
        Ok(Self {
            base,
            path,
            map: Arc::new(map),
            flushed: AtomicUsize::new(wrote),
            reserved: AtomicUsize::new(wrote),
            fresh: AtomicBool::new(fresh),
        })
    }

    /// Offset at which it begins.
    pub(super) fn base(&self) -> i64 {
        self.base
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Offset behind its last byte, written or not.
    pub(super) fn limit(&self) -> i64 {
        self.base + offset_of(self.map.len())
    }

    /// Offset behind what is written.
    pub(super) fn end(&self) -> i64 {
        self.base + offset_of(self.map.wrote())
    }

    /// Offset up to which it is on the disk.
    pub(super) fn flushed(&self) -> i64 {
        self.base + offset_of(self.flushed.load(Ordering::Acquire))
    }

    /// Bytes not written yet.
    pub(super) fn free(&self) -> usize {
        self.map.len() - self.map.wrote()
    }

    /// Written bytes, `len` of them from `offset` on.
    pub(super) fn get(&self, offset: i64, len: usize) -> Option<&[u8]> {
        self.map.get(self.position(offset)?, len)
    }

    /// All written bytes from `offset` on.
    pub(super) fn rest(&self, offset: i64) -> Option<&[u8]> {
        let at = self.position(offset)?;
        self.map.get(at, self.map.wrote().checked_sub(at)?)
    }

    /// Written bytes that outlive the segment.
    pub(super) fn share(&self, offset: i64, len: usize) -> Option<Bytes> {
        self.map.share(self.position(offset)?, len)
    }

    /// Writes `parts` behind what is written, then leaves out `skip` bytes. Returns the offset they begin at.
    /// Nothing is changed when the disk is full.
    ///
    /// `ahead` is how much room is reserved at a time.
    pub(super) fn append(
        &self,
        disk: &dyn Disk,
        parts: &[&[u8]],
        skip: usize,
        ahead: usize,
    ) -> Result<i64, StoreError> {
        let len = parts.iter().map(|part| part.len()).sum::<usize>();
        self.reserve(disk, self.map.wrote() + len, ahead)?;
        let at = self.map.append(parts, skip).ok_or_else(|| StoreError::FileLength {
            path: self.path.clone(),
            len: (self.map.wrote() + len) as u64,
            expected: self.map.len() as u64,
        })?;
        Ok(self.base + offset_of(at))
    }

    /// Makes sure that the first `end` bytes have room on the disk.
    pub(super) fn reserve(&self, disk: &dyn Disk, end: usize, ahead: usize) -> Result<(), StoreError> {
        let reserved = self.reserved.load(Ordering::Acquire);
        if end <= reserved {
            return Ok(());
        }
        let round = |step: usize| end.div_ceil(step).saturating_mul(step).min(self.map.len());
        let ask = |to: usize| disk.reserve(&self.path, reserved as u64, (to - reserved) as u64).map(|()| to);
        let got = match ask(round(ahead.max(PAGE))) {
            // The last room on the disk can still be used, if not in a large piece.
            Err(e) if is_full(&e) => ask(round(PAGE)),
            other => other,
        };
        let to = got.map_err(|e| StoreError::io("reserve room for", &self.path, e))?;
        self.reserved.fetch_max(to, Ordering::AcqRel);
        Ok(())
    }

    /// Syncs what is written to the disk. Returns the offset up to which it is there.
    pub(super) fn flush(&self, disk: &dyn Disk) -> Result<i64, StoreError> {
        let wrote = self.map.wrote();
        let flushed = self.flushed.load(Ordering::Acquire);
        if wrote > flushed {
            disk.sync(&self.path, &|| self.map.sync(flushed, wrote))
                .map_err(|e| StoreError::io("sync", &self.path, e))?;
        }
        if self.fresh.load(Ordering::Acquire) {
            for dir in self.path.ancestors().skip(1).take(3) {
                match disk.sync_dir(dir) {
                    // Deleted with its topic meanwhile: there is nothing left to keep.
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound && !self.path.exists() => break,
                    synced => synced.map_err(|e| StoreError::io("sync directory", dir, e))?,
                }
            }
            self.fresh.store(false, Ordering::Release);
        }
        self.flushed.fetch_max(wrote, Ordering::AcqRel);
        Ok(self.base + offset_of(wrote))
    }

    /// Sets the end of a file just opened. Bytes behind it become zero when `clear` says that some are not.
    pub(super) fn set_end(&mut self, end: i64, clear: bool) -> Result<(), StoreError> {
        let at = self.position(end).unwrap_or(0).min(self.map.len());
        let len = self.map.len();
        if clear {
            // Old bytes must not look like messages when the log has grown over them in part.
            let file = OpenOptions::new()
                .write(true)
                .open(&self.path)
                .map_err(|e| StoreError::io("open", &self.path, e))?;
            let cut = |to: usize| file.set_len(to as u64).map_err(|e| StoreError::io("cut", &self.path, e));
            cut(at)?;
            cut(len)?;
            file.sync_all().map_err(|e| StoreError::io("sync", &self.path, e))?;
        }
        let map = Arc::get_mut(&mut self.map).expect("nothing of a file is shared before it is recovered");
        map.unpublish(at);
        *self.flushed.get_mut() = at;
        *self.reserved.get_mut() = at;
        Ok(())
    }

    /// Takes it that nothing of the file is on the disk for certain.
    pub(super) fn doubt(&self) {
        self.flushed.store(0, Ordering::Release);
        self.fresh.store(true, Ordering::Release);
    }

    /// Lets the system take its pages out of the process.
    pub(super) fn release_pages(&self) {
        self.map.release_pages();
    }

    /// Tells the system whether to read the file ahead.
    pub(super) fn read_ahead(&self, ahead: bool) -> Result<(), StoreError> {
        self.map.read_ahead(ahead).map_err(|e| StoreError::io("advise on", &self.path, e))
    }

    /// When the file was last changed, in milliseconds since 1970; 0 when the system does not say.
    pub(super) fn modified(&self) -> i64 {
        let time = std::fs::metadata(&self.path).and_then(|meta| meta.modified()).ok();
        let since = time.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        since.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0)
    }

    fn position(&self, offset: i64) -> Option<usize> {
        usize::try_from(offset.checked_sub(self.base)?).ok()
    }
}

/// A length within a file as a distance between offsets. Files are shorter than 2 GiB.
pub(super) fn offset_of(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::disk::OsDisk;
    use super::*;

    #[test]
    fn a_file_has_its_full_length_and_little_room() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().unwrap();
        let segment = Segment::create(dir.path(), 1 << 30, 1 << 30).unwrap();
        assert_eq!(segment.append(&OsDisk, &[b"ab", b"c"], 0, 8192).unwrap(), 1 << 30);
        assert_eq!(segment.get(1 << 30, 3), Some(&b"abc"[..]));
        assert_eq!((segment.get(1 << 30, 4), segment.get(0, 1)), (None, None));
        let meta = std::fs::metadata(dir.path().join("00000000001073741824")).unwrap();
        assert_eq!(meta.len(), 1 << 30);
        assert!(meta.blocks() * 512 <= 64 << 10, "{}", meta.blocks());
        assert_eq!(segment.flushed(), 1 << 30);
        assert_eq!(segment.flush(&OsDisk).unwrap(), (1 << 30) + 3);
    }

    #[test]
    fn cutting_leaves_zeros() {
        let dir = tempfile::tempdir().unwrap();
        let segment = Segment::create(dir.path(), 0, 8192).unwrap();
        segment.append(&OsDisk, &[&[7; 8000]], 0, 4096).unwrap();
        let path = segment.path().to_owned();
        drop(segment);
        let mut segment = Segment::open(path.clone(), 0, 8192).unwrap();
        segment.set_end(100, true).unwrap();
        assert_eq!((segment.end(), segment.flushed()), (100, 100));
        assert_eq!(segment.append(&OsDisk, &[&[9; 10]], 0, 4096).unwrap(), 100);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 8192);
        assert!(bytes[..100].iter().all(|b| *b == 7) && bytes[100..110].iter().all(|b| *b == 9));
        assert!(bytes[110..].iter().all(|b| *b == 0));
    }

    #[test]
    fn another_length_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("00000000000000000000");
        std::fs::write(&path, b"short").unwrap();
        let refused = Segment::open(path, 0, 4096);
        assert!(matches!(refused, Err(StoreError::FileLength { len: 5, expected: 4096, .. })));
    }
}
