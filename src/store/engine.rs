//! The store: opening, appending, closing.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex, RwLock};

use super::append::Appended;
use super::checkpoint::Checkpoint;
use super::commit_log::CommitLog;
use super::config::StoreConfig;
use super::dir_lock::{self, DirLock};
use super::disk::{Disk, OsDisk};
use super::dispatch::{Arrival, ArrivingFn};
use super::error::StoreError;
use super::index::Index;
use super::queues::{self, Queues};
use super::recovery::{self, Recovery};
use super::signal::Signal;
use crate::protocol::message::DelayLevels;

/// Tells the time in milliseconds since 1970.
pub type Clock = dyn Fn() -> i64 + Send + Sync;

/// What a thread of the store does.
type Job = fn(&Arc<Store>);
/// Listener for the flushed offset.
type FlushedFn = dyn Fn(i64) + Send + Sync;

/// What the store takes from outside, so that tests can put in their own.
pub struct Surroundings {
    /// The time.
    pub clock: Arc<Clock>,
    /// The file system.
    pub disk: Arc<dyn Disk>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { clock: Arc::new(system_time), disk: Arc::new(OsDisk) }
    }
}

fn system_time() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Messages on disk, in RocketMQ's format. All methods may be called from any thread; those that wait for
/// the disk say so.
///
/// [`Store::open`] recovers what is there, [`Store::start`] starts the threads (dispatch, flush,
/// housekeeping), [`Store::close`] ends them and leaves the directory in order.
pub struct Store {
    /// As it was opened with.
    pub(super) config: StoreConfig,
    /// As it is now.
    live: RwLock<Arc<StoreConfig>>,
    pub(super) clock: Arc<Clock>,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) log: CommitLog,
    pub(super) queues: Queues,
    pub(super) index: Index,
    pub(super) checkpoint: Checkpoint,
    pub(super) delay_levels: DelayLevels,
    /// Messages no further than this from the end of the log count as in memory, in bytes.
    pub(super) memory_for_messages: i64,

    pub(super) dispatched: AtomicI64,
    pub(super) dispatched_time: AtomicI64,
    pub(super) dispatch_signal: Signal,
    /// Held by the one who enters messages into consume queues and index.
    pub(super) dispatching: Mutex<()>,
    pub(super) arriving: RwLock<Option<Arc<ArrivingFn>>>,

    pub(super) flushed: AtomicI64,
    pub(super) flush_wanted: AtomicI64,
    pub(super) last_store_time: AtomicI64,
    pub(super) flush_idle: Signal,
    pub(super) flush_urgent: Signal,
    pub(super) flushing: Mutex<()>,
    pub(super) on_flushed: RwLock<Option<Arc<FlushedFn>>>,

    pub(super) housekeeping: Signal,
    /// What housekeeping pauses by, so that messages that come meanwhile do not wake it.
    pub(super) housekeeping_pause: Signal,
    pub(super) manual_deletions: AtomicI64,
    /// Held by the one who deletes files.
    pub(super) deleting: Mutex<()>,
    /// Guards nothing: those who wait for progress hold it while they look.
    pub(super) progress: Mutex<()>,
    pub(super) progressed: Condvar,

    /// The threads run.
    started: AtomicBool,
    closed: AtomicBool,
    pub(super) disk_full: AtomicBool,
    pub(super) poisoned: OnceLock<String>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<DirLock>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("root", &self.config.root)
            .field("end", &self.log.end())
            .field("flushed", &self.flushed())
            .field("dispatched", &self.dispatched())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the directory, recovers what is in it, and makes it ready for appending. Waits for the disk.
    /// No thread runs yet: set listeners, then call [`Store::start`].
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another broker uses the directory, [`StoreError::BatchQueue`] when it has
    /// queues of a kind that is not served, [`StoreError::Damaged`] when messages
    /// that had reached the disk follow damage in the log, [`StoreError::FileLength`] when the files were
    /// made with other settings, and those of the file system.
    pub fn open(config: StoreConfig) -> Result<(Arc<Self>, Recovery), StoreError> {
        Self::open_with(config, Surroundings::default())
    }

    /// [`Store::open`] with another clock or file system.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(
        config: StoreConfig,
        surroundings: Surroundings,
    ) -> Result<(Arc<Self>, Recovery), StoreError> {
        config.check()?;
        let delay_levels =
            DelayLevels::parse(&config.message_delay_level).map_err(|_| StoreError::Setting {
                key: "messageDelayLevel",
                value: config.message_delay_level.clone(),
                expected: "it must hold delays such as 1s 5m 2h",
            })?;
        let Surroundings { clock, disk } = surroundings;
        let lock = DirLock::take(&config.root)?;
        if let Some(path) = queues::first_queue(&config.batch_consume_queue_dir())? {
            return Err(StoreError::BatchQueue { path });
        }
        let aborted = dir_lock::was_aborted(&config.root);
        let checkpoint = Checkpoint::open(&config.root.join("checkpoint"), Arc::clone(&disk))?;
        let recovery::Recovered { segments, queues, index, dispatch_from, mut report } =
            recovery::recover(&config, &disk, &checkpoint, aborted)?;
        dir_lock::mark_abort(&config.root, &*disk)?;
        let end = segments.end();
        checkpoint.begin(end, dispatch_from, index.end_offset());
        // Without it, the next start could not tell a power cut from damage.
        checkpoint.flush()?;
        let log = CommitLog::new(segments);
        let store = Self {
            memory_for_messages: memory_for_messages(config.access_message_in_memory_max_ratio),
            dispatched: AtomicI64::new(dispatch_from),
            dispatched_time: AtomicI64::new(0),
            dispatch_signal: Signal::default(),
            dispatching: Mutex::new(()),
            arriving: RwLock::new(None),
            flushed: AtomicI64::new(end),
            flush_wanted: AtomicI64::new(0),
            last_store_time: AtomicI64::new(checkpoint.log_time()),
            flush_idle: Signal::default(),
            flush_urgent: Signal::default(),
            flushing: Mutex::new(()),
            on_flushed: RwLock::new(None),
            housekeeping: Signal::default(),
            housekeeping_pause: Signal::default(),
            manual_deletions: AtomicI64::new(0),
            deleting: Mutex::new(()),
            progress: Mutex::new(()),
            progressed: Condvar::new(),
            started: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            disk_full: AtomicBool::new(false),
            poisoned: OnceLock::new(),
            threads: Mutex::new(Vec::new()),
            lock: Mutex::new(Some(lock)),
            live: RwLock::new(Arc::new(config.clone())),
            config,
            clock,
            disk,
            log,
            queues,
            index,
            checkpoint,
            delay_levels,
        };
        let dispatched = store.dispatch(false);
        store.finish_recovery();
        match dispatched {
            Ok(count) => report.dispatched = count,
            // What has its place in the consume queues can be read; the rest gets it once there is room.
            Err(e) if e.is_full() => {
                store.disk_full.store(true, Ordering::Release);
                report.warnings.push(format!("consume queues and index are not complete: {e}"));
            }
            Err(e) => return Err(e),
        }
        report.log();
        Ok((Arc::new(store), report))
    }

    /// Sets what follows from consume queues that agree with the log.
    fn finish_recovery(&self) {
        for queue in self.queues.all().into_values() {
            queue.correct_min(self.log.min_offset());
        }
        let mut offsets = self.queues.next_offsets();
        self.count_pending(&mut offsets);
        self.log.set_queue_offsets(offsets);
        if !self.config.data_read_ahead_enable {
            self.read_ahead(false);
        }
        self.checkpoint.set_confirmed(self.log.end());
        self.release_pages();
        self.probe_disk();
    }

    /// Starts the threads. They end with [`Store::close`].
    ///
    /// # Errors
    /// [`StoreError::Io`] when the system has no threads left.
    pub fn start(self: &Arc<Self>) -> Result<(), StoreError> {
        let jobs: [(&str, Job); 3] = [
            ("store-dispatch", Self::run_dispatch),
            ("store-flush", Self::run_flush),
            ("store-housekeeping", Self::run_housekeeping),
        ];
        let mut threads = self.threads.lock();
        for (name, job) in jobs {
            let store = Arc::clone(self);
            let thread = std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || job(&store))
                .map_err(|e| StoreError::io("start a thread for", &self.config.root, e))?;
            threads.push(thread);
        }
        self.started.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Sets the listener that is told of each message once consumers can see it. It runs on the thread that
    /// appended, or on the dispatch thread, and must neither wait for anything nor append.
    pub fn on_arriving(&self, listener: impl Fn(&Arrival<'_>) + Send + Sync + 'static) {
        *self.arriving.write() = Some(Arc::new(listener));
    }

    /// Sets the listener that is told when [`Store::flushed`] has advanced, and when the store is poisoned.
    /// It runs on the flush thread and must not wait for anything.
    pub fn on_flushed(&self, listener: impl Fn(i64) + Send + Sync + 'static) {
        *self.on_flushed.write() = Some(Arc::new(listener));
    }

    /// The settings that it was opened with.
    pub fn config(&self) -> &StoreConfig {
        &self.config
    }

    /// The settings that are in force now.
    pub fn settings(&self) -> Arc<StoreConfig> {
        self.live.read().clone()
    }

    /// Changes what can be changed while the store is open: everything but where files lie and how they are
    /// laid out, and what is decided once: checks at recovery, the index, delay levels, the share of memory.
    pub fn reconfigure(&self, wanted: StoreConfig) {
        let opened = self.config.clone();
        if wanted.data_read_ahead_enable != self.settings().data_read_ahead_enable {
            self.read_ahead(wanted.data_read_ahead_enable);
        }
        *self.live.write() = Arc::new(StoreConfig {
            root: opened.root,
            commit_log_path: opened.commit_log_path,
            mapped_file_size_commit_log: opened.mapped_file_size_commit_log,
            mapped_file_size_consume_queue: opened.mapped_file_size_consume_queue,
            max_hash_slot_num: opened.max_hash_slot_num,
            max_index_num: opened.max_index_num,
            message_index_enable: opened.message_index_enable,
            check_crc_on_recover: opened.check_crc_on_recover,
            access_message_in_memory_max_ratio: opened.access_message_in_memory_max_ratio,
            message_delay_level: opened.message_delay_level,
            truncate_damaged_commit_log: opened.truncate_damaged_commit_log,
            ..wanted
        });
    }

    /// Tells the system whether to read the commit log ahead. It is advice: the store is as good without.
    fn read_ahead(&self, ahead: bool) {
        if let Err(error) = self.log.segments().read_ahead(ahead) {
            tracing::warn!(%error, ahead, "the system does not take advice on reading ahead");
        }
    }

    /// The delays of the levels.
    pub fn delay_levels(&self) -> &DelayLevels {
        &self.delay_levels
    }

    /// Whether the store is closed or closing.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Whether the threads run and go on running.
    pub(super) fn is_running(&self) -> bool {
        self.started.load(Ordering::Relaxed) && !self.is_closed()
    }

    pub(super) fn check_poison(&self) -> Result<(), StoreError> {
        match self.poisoned.get() {
            Some(reason) => Err(StoreError::Poisoned { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Why nothing can be appended now; `Ok` when it can.
    ///
    /// # Errors
    /// [`StoreError::Closed`], [`StoreError::Poisoned`] or [`StoreError::Full`].
    pub fn writable(&self) -> Result<(), StoreError> {
        if self.is_closed() {
            return Err(StoreError::Closed);
        }
        self.check_poison()?;
        if self.disk_full.load(Ordering::Acquire) {
            return Err(StoreError::Full { path: self.config.root.clone() });
        }
        Ok(())
    }

    /// Does what is to be done after an append, or wakes those who do it.
    pub(super) fn appended(&self, placed: &Appended) {
        self.last_store_time.fetch_max(placed.store_timestamp, Ordering::SeqCst);
        self.dispatch_appended();
        self.flush_idle.wake();
    }

    /// Stops the threads, brings everything to the disk, and lets go of the directory. Waits for the disk.
    /// Closing twice is fine. Messages already handed out stay readable.
    ///
    /// # Errors
    /// Those of the last sync; the directory then looks as after a crash, so that the next start looks at
    /// it thoroughly.
    pub fn close(&self) -> Result<(), StoreError> {
        if !self.stop_threads() {
            return Ok(());
        }
        let result = self.finish();
        drop(self.lock.lock().take());
        result
    }

    fn finish(&self) -> Result<(), StoreError> {
        self.dispatch(true)?;
        self.flush()?;
        self.flush_queues()?;
        dir_lock::clear_abort(&self.config.root)
    }

    /// Ends the threads; false when that has been done before.
    fn stop_threads(&self) -> bool {
        if self.closed.swap(true, Ordering::SeqCst) {
            return false;
        }
        let (dispatch, housekeeping) = (&self.dispatch_signal, &self.housekeeping);
        for signal in [dispatch, &self.flush_idle, &self.flush_urgent, housekeeping, &self.housekeeping_pause]
        {
            signal.wake();
        }
        let threads: Vec<_> = self.threads.lock().drain(..).collect();
        let own = std::thread::current().id();
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != own) {
            // A thread that panicked has said so itself.
            drop(thread.join());
        }
        drop(self.progress.lock());
        self.progressed.notify_all();
        true
    }

    /// Lets go of the directory as a killed process does: nothing is synced, the mark of a crash stays.
    #[cfg(test)]
    pub(super) fn abandon(&self) {
        self.stop_threads();
        drop(self.lock.lock().take());
    }
}

/// Bytes of messages that the system is expected to hold in memory.
fn memory_for_messages(ratio: u32) -> i64 {
    let pages = rustix::system::sysinfo();
    let total = u64::from(pages.mem_unit).saturating_mul(pages.totalram);
    i64::try_from(total / 100 * u64::from(ratio)).unwrap_or(i64::MAX)
}
