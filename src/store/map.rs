//! Files mapped into memory. The only unsafe code of the store, behind two types that are safe to use:
//! [`AppendMap`] grows at its end and is immutable before it, [`WordMap`] is read and written in place by
//! atomic words.
//!
//! Both assume what every broker assumes of its store directory, and the `lock` file asks for: that no one
//! else shortens or changes the files while they are mapped.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};

use bytes::Bytes;
use memmap2::{MmapOptions, MmapRaw};
use parking_lot::Mutex;

/// Bytes of a record that are written last.
const HEAD: usize = 4;

/// A file of fixed length that is written from its beginning to its end.
///
/// What has been written is published by its length and never changes again, so that readers share it
/// without copying.
#[derive(Debug)]
pub(super) struct AppendMap {
    map: MmapRaw,
    wrote: AtomicUsize,
    /// Held while bytes are copied in: there is one writer at a time.
    writer: Mutex<()>,
}

impl AppendMap {
    /// Maps `file`, which is `len` bytes long, with its first `wrote` bytes published.
    pub(super) fn new(file: &File, len: usize, wrote: usize) -> io::Result<Self> {
        let map = MmapOptions::new().len(len).map_raw(file)?;
        Ok(Self { map, wrote: AtomicUsize::new(wrote.min(len)), writer: Mutex::new(()) })
    }

    /// Bytes that the file has.
    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    /// Bytes published.
    pub(super) fn wrote(&self) -> usize {
        self.wrote.load(Ordering::Acquire)
    }

    /// Published bytes from `at` on, `len` of them; `None` when they are not all published.
    pub(super) fn get(&self, at: usize, len: usize) -> Option<&[u8]> {
        let end = at.checked_add(len).filter(|end| *end <= self.wrote())?;
        debug_assert!(end <= self.map.len());
        #[expect(unsafe_code, reason = "reading mapped memory")]
        // SAFETY: `end` is within the bytes published, which is within the mapping. Published bytes are
        // never written again while anyone may hold a reference: `append` writes behind them only, and
        // `unpublish` needs exclusive access. The mapping lives as long as `self`.
        let bytes = unsafe { std::slice::from_raw_parts(self.map.as_ptr().add(at), len) };
        Some(bytes)
    }

    /// Copies `parts`, one after the other, behind what is published, and publishes them together, with
    /// `skip` more bytes left as they are. Returns where they begin, or `None`, with nothing changed, when
    /// they do not fit the file. The caller has reserved room on the disk.
    ///
    /// The first bytes, in which a record has its length, are written last: if the process is killed in
    /// between, nothing seems to have been written.
    pub(super) fn append(&self, parts: &[&[u8]], skip: usize) -> Option<usize> {
        let _writer = self.writer.lock();
        let start = self.wrote.load(Ordering::Relaxed);
        let len = parts.iter().map(|part| part.len()).sum::<usize>();
        let end = start.checked_add(len)?.checked_add(skip).filter(|end| *end <= self.map.len())?;
        let (head, first) =
            parts.first().map_or((&[][..], &[][..]), |first| first.split_at(first.len().min(HEAD)));
        let mut at = start + head.len();
        for part in std::iter::once(&first).chain(parts.iter().skip(1)) {
            #[expect(unsafe_code, reason = "writing mapped memory")]
            // SAFETY: `at + part.len() <= end`, which is within the mapping. Bytes behind `wrote` are
            // referenced by no one, and `writer` is held, so no one else writes them. `part` cannot
            // overlap them for the same reason.
            unsafe {
                std::ptr::copy_nonoverlapping(part.as_ptr(), self.map.as_mut_ptr().add(at), part.len());
            }
            at += part.len();
        }
        fence(Ordering::SeqCst);
        #[expect(unsafe_code, reason = "writing mapped memory")]
        // SAFETY: as above: `start + head.len() <= end`.
        unsafe {
            std::ptr::copy_nonoverlapping(head.as_ptr(), self.map.as_mut_ptr().add(start), head.len());
        }
        self.wrote.store(end, Ordering::Release);
        Some(start)
    }

    /// Takes back what is published behind `wrote`. Exclusive access means that no reader holds any of it.
    pub(super) fn unpublish(&mut self, wrote: usize) {
        let published = *self.wrote.get_mut();
        *self.wrote.get_mut() = wrote.min(published);
    }

    /// Syncs bytes to the disk.
    pub(super) fn sync(&self, from: usize, to: usize) -> io::Result<()> {
        let to = to.min(self.map.len());
        if from < to { self.map.flush_range(from, to - from) } else { Ok(()) }
    }

    /// Lets the system take the pages out of this process; they stay in its cache, and come back when read.
    pub(super) fn release_pages(&self) {
        release(&self.map);
    }

    /// Tells the system whether reading ahead pays, or whether reads are here and there.
    pub(super) fn read_ahead(&self, ahead: bool) -> io::Result<()> {
        let advice = if ahead { memmap2::Advice::Normal } else { memmap2::Advice::Random };
        self.map.advise(advice)
    }

    /// Published bytes as a `Bytes` that keeps the mapping alive.
    pub(super) fn share(self: &Arc<Self>, at: usize, len: usize) -> Option<Bytes> {
        self.get(at, len)?;
        Some(Bytes::from_owner(Shared { map: Arc::clone(self), at, len }))
    }
}

struct Shared {
    map: Arc<AppendMap>,
    at: usize,
    len: usize,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.map.get(self.at, self.len).unwrap_or_default()
    }
}

/// A file of fixed length read and written in place, by big-endian words of four bytes.
#[derive(Debug)]
pub(super) struct WordMap {
    map: MmapRaw,
}

impl WordMap {
    /// Opens the file, makes it if need be, and sees to its length.
    pub(super) fn open(path: &Path, len: usize) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if file.metadata()?.len() < len as u64 {
            file.set_len(len as u64)?;
        }
        Ok(Self { map: MmapOptions::new().len(len).map_raw(&file)? })
    }

    /// The word at `at`; 0 outside the file or where no word begins.
    pub(super) fn word(&self, at: usize) -> u32 {
        self.cell(at).map_or(0, |cell| u32::from_be(cell.load(Ordering::Relaxed)))
    }

    /// Writes the word at `at`. The caller has reserved room on the disk.
    pub(super) fn set_word(&self, at: usize, value: u32) {
        debug_assert!(self.cell(at).is_some(), "no word at {at}");
        if let Some(cell) = self.cell(at) {
            cell.store(value.to_be(), Ordering::Relaxed);
        }
    }

    /// The two words at `at` as one number.
    pub(super) fn long(&self, at: usize) -> i64 {
        let (high, low) = (self.word(at).to_be_bytes(), self.word(at + 4).to_be_bytes());
        let [a, b, c, d] = high;
        let [e, f, g, h] = low;
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// Writes one number into the two words at `at`: the lower one first, so that a number that grows is never seen
    /// greater than it is, should the process be killed in between.
    pub(super) fn set_long(&self, at: usize, value: i64) {
        let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
        self.set_word(at + 4, u32::from_be_bytes([e, f, g, h]));
        self.set_word(at, u32::from_be_bytes([a, b, c, d]));
    }

    /// Syncs the whole file to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.map.flush()
    }

    /// Lets the system take the pages out of this process; they stay in its cache, and come back when read.
    pub(super) fn release_pages(&self) {
        release(&self.map);
    }

    fn cell(&self, at: usize) -> Option<&AtomicU32> {
        if !at.is_multiple_of(4) || at.checked_add(4)? > self.map.len() {
            return None;
        }
        #[expect(unsafe_code, reason = "atomic access to mapped memory")]
        // SAFETY: the word lies within the mapping, which is page aligned, so that a multiple of four is
        // aligned for the atomic. All access to this mapping goes through atomics of this size.
        let cell = unsafe { AtomicU32::from_ptr(self.map.as_mut_ptr().add(at).cast()) };
        Some(cell)
    }
}

fn release(map: &MmapRaw) {
    #[expect(unsafe_code, reason = "advice on mapped memory")]
    // SAFETY: the mapping is shared and backed by a file, for which the advice only drops page-table
    // entries: the contents come back from the page cache.
    let advised = unsafe { map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
    // Advice that is refused changes nothing.
    drop(advised);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(len: u64) -> File {
        let file = tempfile::tempfile().unwrap();
        file.set_len(len).unwrap();
        file
    }

    #[test]
    fn published_bytes_can_be_read_and_no_others() {
        let map = Arc::new(AppendMap::new(&file(4096), 4096, 0).unwrap());
        assert_eq!(map.get(0, 1), None);
        assert_eq!(map.append(&[b"abc", b"def"], 2), Some(0));
        assert_eq!(map.wrote(), 8);
        assert_eq!(map.get(1, 4), Some(&b"bcde"[..]));
        assert_eq!(map.get(6, 2), Some(&[0, 0][..]));
        assert_eq!((map.get(6, 3), map.get(usize::MAX, 2)), (None, None));
        assert_eq!(map.append(&[&[1; 4096]], 0), None);
        assert_eq!(map.wrote(), 8);
        let shared = map.share(2, 3).unwrap();
        drop(map);
        assert_eq!(shared, "cde");
    }

    #[test]
    fn readers_see_whole_appends_while_one_writes() {
        let map = Arc::new(AppendMap::new(&file(1 << 20), 1 << 20, 0).unwrap());
        let writer = {
            let map = Arc::clone(&map);
            std::thread::spawn(move || while map.append(&[&[7; 1000]], 0).is_some() {})
        };
        while map.wrote() + 1000 <= map.len() {
            let wrote = map.wrote();
            assert_eq!(wrote % 1000, 0);
            assert!(map.get(0, wrote).unwrap().iter().all(|byte| *byte == 7));
        }
        writer.join().unwrap();
    }

    #[test]
    fn words_are_big_endian_and_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words");
        let map = WordMap::open(&path, 64).unwrap();
        map.set_word(0, 0x0102_0304);
        map.set_long(8, -2);
        map.sync().unwrap();
        map.release_pages();
        assert_eq!((map.word(0), map.long(8)), (0x0102_0304, -2));
        assert_eq!((map.word(2), map.word(64), map.long(60)), (0, 0, 0));
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes[..4], [1, 2, 3, 4]);
        assert_eq!(bytes[8..16], [255, 255, 255, 255, 255, 255, 255, 254]);
        assert_eq!(WordMap::open(&path, 64).unwrap().long(8), -2);
    }
}
