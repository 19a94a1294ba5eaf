//! What the store asks of the file system, apart from reading and writing: so that tests can make it fail.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Room of the file system that a path lies on, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskUsage {
    /// Room in all.
    pub total: u64,
    /// Room used.
    pub used: u64,
    /// Room that this process may still use.
    pub available: u64,
}

impl DiskUsage {
    /// Used part, 0 to 1, as `UtilAll.getDiskPartitionSpaceUsedPercent` computes it: room reserved for the
    /// administrator counts as if it were not there.
    pub fn used_ratio(&self) -> f64 {
        let all = self.used.saturating_add(self.available);
        if all == 0 {
            return -1.0;
        }
        // As Java does, in whole percent, rounded up.
        let percent = self.used.saturating_mul(100).div_ceil(all);
        f64::from(u32::try_from(percent).unwrap_or(100)) / 100.0
    }
}

/// Calls that can fail for reasons outside the program.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Makes sure that `len` bytes from `at` on have room on the disk. They are zero afterwards where they
    /// were not written before.
    ///
    /// # Errors
    /// Of kind [`io::ErrorKind::StorageFull`] when there is no room.
    fn reserve(&self, path: &Path, at: u64, len: u64) -> io::Result<()>;

    /// Carries `flush`, which syncs bytes of the file at `path` to the disk.
    ///
    /// # Errors
    /// Those of `flush`.
    fn sync(&self, path: &Path, flush: &dyn Fn() -> io::Result<()>) -> io::Result<()>;

    /// Syncs a directory, so that files made in it or renamed stay.
    ///
    /// # Errors
    /// Those of the operating system.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// How much room there is.
    ///
    /// # Errors
    /// Those of the operating system.
    fn usage(&self, path: &Path) -> io::Result<DiskUsage>;
}

/// The real one.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsDisk;

impl Disk for OsDisk {
    fn reserve(&self, path: &Path, at: u64, len: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path)?;
        allocate(&file, at, len)
    }

    fn sync(&self, _path: &Path, flush: &dyn Fn() -> io::Result<()>) -> io::Result<()> {
        flush()
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn usage(&self, path: &Path) -> io::Result<DiskUsage> {
        let stat = rustix::fs::statvfs(path)?;
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        Ok(DiskUsage {
            total: bytes(stat.f_blocks),
            used: bytes(stat.f_blocks.saturating_sub(stat.f_bfree)),
            available: bytes(stat.f_bavail),
        })
    }
}

#[cfg(target_os = "linux")]
fn allocate(file: &File, at: u64, len: u64) -> io::Result<()> {
    use rustix::fs::FallocateFlags;
    use rustix::io::Errno;
    loop {
        return match rustix::fs::fallocate(file, FallocateFlags::empty(), at, len) {
            Ok(()) => Ok(()),
            Err(Errno::INTR) => continue,
            // Not every file system can.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => write_zeros(file, at, len),
            Err(errno) => Err(errno.into()),
        };
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(file: &File, at: u64, len: u64) -> io::Result<()> {
    write_zeros(file, at, len)
}

/// Takes room by writing: what is there already, and zeros behind it.
fn write_zeros(file: &File, at: u64, len: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    let mut buffer = vec![0; 64 * 1024];
    let mut done = 0;
    while done < len {
        let part = usize::try_from(len - done).unwrap_or(usize::MAX).min(buffer.len());
        let Some(bytes) = buffer.get_mut(..part) else { break };
        bytes.fill(0);
        let mut there = 0;
        while let Some(rest) = bytes.get_mut(there..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, at + done + there as u64)? {
                0 => break,
                read => there += read,
            }
        }
        file.write_all_at(bytes, at + done)?;
        done += bytes.len() as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn reserved_room_is_taken_and_keeps_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, b"abc").unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 20).unwrap();
        OsDisk.reserve(&path, 3, (1 << 16) - 3).unwrap();
        let meta = std::fs::metadata(&path).unwrap();
        assert_eq!(meta.len(), 1 << 20);
        assert!(meta.blocks() * 512 >= 1 << 16, "{}", meta.blocks());
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes[..3], *b"abc");
        assert!(bytes[3..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn zeros_take_room_where_allocating_cannot() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(1 << 20).unwrap();
        write_zeros(&file, 100, 200_000).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 1 << 20);
        assert!(file.metadata().unwrap().blocks() * 512 >= 200_000);
    }

    #[test]
    fn ratio_is_rounded_up_as_java_does() {
        let table = [(0, 100, 0.0), (1, 999, 0.01), (75, 25, 0.75), (751, 249, 0.76), (0, 0, -1.0)];
        for (used, available, expected) in table {
            let usage = DiskUsage { total: 0, used, available };
            assert!((usage.used_ratio() - expected).abs() < 1e-9, "{used} {available}");
        }
        assert!(OsDisk.usage(Path::new("/")).unwrap().total > 0);
    }
}
