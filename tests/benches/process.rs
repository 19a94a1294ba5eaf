//! What a process takes, by `/proc`.

use rustix::process::Pid;

/// Ticks a second, as `/proc` counts CPU time.
const TICKS: f64 = 100.0;

/// What a process has taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    pub cpu_seconds: f64,
    /// Resident memory, in MiB: files that are mapped included.
    pub now_mib: f64,
    pub peak_mib: f64,
}

impl Usage {
    /// That of a running process.
    pub fn of(id: Pid) -> Self {
        let read = |name: &str| {
            std::fs::read_to_string(format!("/proc/{}/{name}", id.as_raw_nonzero()))
                .expect("a running process")
        };
        let stat = read("stat");
        // Behind the name, which may hold blanks: the 12th and 13th fields are user and system time.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<f64>().expect("a number of ticks");
        let status = read("status");
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default()
        };
        Usage {
            cpu_seconds: (ticks(11) + ticks(12)) / TICKS,
            now_mib: kib("VmRSS:") / 1024.0,
            peak_mib: kib("VmHWM:") / 1024.0,
        }
    }
}
