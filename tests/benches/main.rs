//! Apache's broker and ours under the same loads, in turn: `cargo bench --bench compare [-- WORDS]` prints what each did
//! and the ratios. With words, only the cases whose names hold one of them are run.
//!
//! Needs what the interop tests need. Both run with a name server each, on this machine, with settings as they come,
//! but for the flush; Apache's with a heap of 2 GiB. The load program is `rmq bench`, a process of its own. Machines
//! are noisy: makes alternate, and what is shown is the median of the rounds.
//!
//! | environment          | meaning                                    | default |
//! |----------------------|--------------------------------------------|---------|
//! | `RMQ_BENCH_ROUNDS`   | rounds of each case                        | 3       |
//! | `RMQ_BENCH_SECONDS`  | how long a load lasts, after as much again to warm up | 5 |
//!
//! and those of the interop tests.

#![expect(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "../interop/jvm.rs"]
#[expect(dead_code, reason = "the interop tests use more of it")]
mod jvm;
mod load;
mod process;
#[path = "../interop/servers.rs"]
#[expect(dead_code, reason = "the interop tests use more of it")]
mod servers;
mod table;

use std::path::Path;
use std::time::{Duration, Instant};

use load::{Case, Kind, Setting};
use process::Usage;
use servers::{Make, Servers};
use table::{Line, Unit};

/// What Apache's broker is run with.
const JVM_FLAGS: &str = "-Xms2g -Xmx2g -XX:+UseG1GC";
/// The defaults of what the interop tests set otherwise.
const DEFAULTS: &str =
    "pullMessageThreadPoolNums=20\nconsumerManageThreadPoolNums=32\nwaitTimeMillsInSendQueue=200\n";
const MAKES: [Make; 2] = [Make::Apache, Make::Rmq];
/// How long a broker is left alone to see what it takes then.
const IDLE: Duration = Duration::from_secs(10);

const fn send(name: &'static str, size: &'static str, concurrency: u32) -> Case {
    Case { name, kind: Kind::Send { size, concurrency } }
}

const ASYNC: &[Case] = &[
    send("send 128 B, 1 in flight", "128", 1),
    send("send 128 B, 64 in flight", "128", 64),
    send("send 1 KiB, 1 in flight", "1k", 1),
    send("send 1 KiB, 64 in flight", "1k", 64),
    send("send 64 KiB, 1 in flight", "64k", 1),
    send("send 64 KiB, 64 in flight", "64k", 64),
    Case { name: "pull 1 KiB, warm", kind: Kind::Pull { size: "1k", count: 300_000 } },
    Case { name: "end to end 1 KiB, 500 a second", kind: Kind::EndToEnd { size: "1k", rate: 500 } },
];

const SYNC: &[Case] = &[
    send("send 1 KiB, 1 in flight, SYNC_FLUSH", "1k", 1),
    send("send 1 KiB, 64 in flight, SYNC_FLUSH", "1k", 64),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted =
        |case: &&Case| words.is_empty() || words.iter().any(|word| case.name.contains(word.as_str()));
    let setting = Setting::of_environment();
    let mut lines = Vec::new();
    for (cases, flush) in [(ASYNC, "flushDiskType=ASYNC_FLUSH\n"), (SYNC, "flushDiskType=SYNC_FLUSH\n")] {
        let cases: Vec<&Case> = cases.iter().filter(wanted).collect();
        if !cases.is_empty() {
            lines.extend(compare(&cases, flush, &setting));
        }
    }
    print!("{}", table::text(&lines));
}

/// Runs the cases on both makes.
fn compare(cases: &[&Case], flush: &str, setting: &Setting) -> Vec<Line> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let extra: &'static str = Box::leak(format!("{DEFAULTS}{flush}").into_boxed_str());
    let started = MAKES.map(|make| start(make, directory.path(), extra));
    let mut lines =
        vec![Line::of("ready", Unit::Millis, started.each_ref().map(|(_, took)| took.as_secs_f64() * 1e3))];
    let servers = started.map(|(servers, _)| servers);
    lines.extend(idle(&servers));
    for case in cases {
        println!("{} ...", case.name);
        lines.extend(case.run(&servers, setting));
    }
    let peak = servers.each_ref().map(|one| Usage::of(one.pid()).peak_mib);
    lines.push(Line::of("most memory", Unit::Mebibytes, peak));
    lines
}

fn start(make: Make, directory: &Path, extra: &'static str) -> (Servers, Duration) {
    let began = Instant::now();
    let servers = Servers::start_with(make, &directory.join(format!("{make:?}")), extra);
    (servers, began.elapsed())
}

/// What the brokers take while nobody wants anything of them.
fn idle(servers: &[Servers; 2]) -> Vec<Line> {
    // What their start left to be done is done first.
    std::thread::sleep(IDLE);
    let before = servers.each_ref().map(|one| Usage::of(one.pid()));
    std::thread::sleep(IDLE);
    let after = servers.each_ref().map(|one| Usage::of(one.pid()));
    let share = [0, 1].map(|i| (after[i].cpu_seconds - before[i].cpu_seconds) / IDLE.as_secs_f64() * 100.0);
    vec![
        Line::of("idle: memory", Unit::Mebibytes, after.each_ref().map(|usage| usage.now_mib)),
        Line::of("idle: CPU", Unit::Percent, share),
    ]
}
