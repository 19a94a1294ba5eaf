//! Who uses the store directory: the `lock` file, and the `abort` file that stays when a broker dies.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use rustix::fs::FlockOperation;

use super::disk::Disk;
use super::error::StoreError;

/// Directories in use by this process: the system's locks, which Java's broker uses too, do not keep a
/// process from itself.
static IN_USE: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

/// Exclusive use of a store directory, until dropped.
#[derive(Debug)]
pub(super) struct DirLock {
    directory: PathBuf,
    _file: File,
}

impl DirLock {
    /// Takes the directory, which is made if need be.
    pub(super) fn take(root: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(root).map_err(|e| StoreError::io("make directory", root, e))?;
        let directory = root.canonicalize().map_err(|e| StoreError::io("find", root, e))?;
        let path = directory.join("lock");
        let locked = || StoreError::Locked { path: path.clone() };
        let mut in_use = IN_USE.lock();
        let in_use = in_use.get_or_insert_default();
        if in_use.contains(&directory) {
            return Err(locked());
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| StoreError::io("open", &path, e))?;
        rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| locked())?;
        if file.metadata().is_ok_and(|meta| meta.len() == 0) {
            // What Apache's broker writes.
            std::io::Write::write_all(&mut &file, b"lock").map_err(|e| StoreError::io("write", &path, e))?;
        }
        in_use.insert(directory.clone());
        Ok(Self { directory, _file: file })
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        if let Some(in_use) = IN_USE.lock().as_mut() {
            in_use.remove(&self.directory);
        }
    }
}

/// Whether the broker that used `root` last did not stop in order.
pub(super) fn was_aborted(root: &Path) -> bool {
    root.join("abort").exists()
}

/// Leaves the mark that says so when this broker dies. Java writes its process id into it. The mark is on the disk
/// then: without it, what a power cut leaves would pass for what a broker left that stopped in order.
pub(super) fn mark_abort(root: &Path, disk: &dyn Disk) -> Result<(), StoreError> {
    let path = root.join("abort");
    match std::fs::write(&path, std::process::id().to_string()) {
        // It is the file that counts, not what is in it.
        Err(e) if !(super::error::is_full(&e) && path.exists()) => {
            return Err(StoreError::io("write", &path, e));
        }
        _ => {}
    }
    disk.sync_dir(root).map_err(|e| StoreError::io("sync directory", root, e))
}

/// Takes the mark away: the broker stops in order.
pub(super) fn clear_abort(root: &Path) -> Result<(), StoreError> {
    let path = root.join("abort");
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io("remove", &path, e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_user() {
        let dir = tempfile::tempdir().unwrap();
        let lock = DirLock::take(dir.path()).unwrap();
        assert!(matches!(DirLock::take(dir.path()), Err(StoreError::Locked { .. })));
        drop(lock);
        drop(DirLock::take(dir.path()).unwrap());
        assert_eq!(std::fs::read(dir.path().join("lock")).unwrap(), b"lock");
    }

    #[test]
    fn the_mark_comes_and_goes() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!was_aborted(dir.path()));
        mark_abort(dir.path(), &super::super::disk::OsDisk).unwrap();
        assert!(was_aborted(dir.path()));
        clear_abort(dir.path()).unwrap();
        clear_abort(dir.path()).unwrap();
        assert!(!was_aborted(dir.path()));
    }
}
