//! A load by `rmq bench`, and what it showed.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::jvm::rmq_program;
use crate::process::Usage;
use crate::servers::Servers;
use crate::table::{Line, Unit, median};

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    rounds: usize,
    seconds: u32,
}

impl Setting {
    pub fn of_environment() -> Self {
        let number = |name: &str, default: u32| {
            std::env::var(name)
                .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
        };
        Setting { rounds: number("RMQ_BENCH_ROUNDS", 3) as usize, seconds: number("RMQ_BENCH_SECONDS", 5) }
    }
}

/// One load.
#[derive(Debug)]
pub struct Case {
    pub name: &'static str,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    Send {
        size: &'static str,
        concurrency: u32,
    },
    /// Of messages that were just sent.
    Pull {
        size: &'static str,
        count: u32,
    },
    EndToEnd {
        size: &'static str,
        rate: u32,
    },
}

/// What one round showed.
#[derive(Debug, Clone, Copy)]
struct Round {
    per_second: f64,
    megabytes: f64,
    p50: f64,
    p99: f64,
    p999: f64,
    broker_cpu: f64,
    load_cpu: f64,
}

impl Case {
    /// Both makes in turn, as often as wanted.
    pub fn run(&self, servers: &[Servers; 2], setting: &Setting) -> Vec<Line> {
        let mut rounds: [Vec<Round>; 2] = [Vec::new(), Vec::new()];
        for number in 0..setting.rounds {
            for (one, rounds) in servers.iter().zip(&mut rounds) {
                rounds.push(self.round(one, number, setting));
            }
        }
        let line = |what: &str, unit, figure: fn(&Round) -> f64| {
            let figures = rounds.each_ref().map(|rounds| median(rounds.iter().map(figure).collect()));
            Line::of(&format!("{}: {what}", self.name), unit, figures)
        };
        let mut lines = Vec::new();
        if !matches!(self.kind, Kind::EndToEnd { .. }) {
            lines.push(line("throughput", Unit::PerSecond, |round| round.per_second));
            lines.push(line("throughput", Unit::Megabytes, |round| round.megabytes));
        }
        if !matches!(self.kind, Kind::Pull { .. }) {
            lines.push(line("p50", Unit::Micros, |round| round.p50));
            lines.push(line("p99", Unit::Micros, |round| round.p99));
            lines.push(line("p99.9", Unit::Micros, |round| round.p999));
        }
        lines.push(line("broker", Unit::MicrosOfCpu, |round| round.broker_cpu));
        lines.push(line("load program", Unit::MicrosOfCpu, |round| round.load_cpu));
        lines
    }

    fn round(&self, servers: &Servers, number: usize, setting: &Setting) -> Round {
        let seconds = format!("{}s", setting.seconds);
        match self.kind {
            Kind::Send { size, concurrency } => {
                let concurrency = concurrency.to_string();
                measure(
                    servers,
                    &[
                        "producer",
                        "BenchSend",
                        "--size",
                        size,
                        "--concurrency",
                        &concurrency,
                        "--duration",
                        &seconds,
                        "--warm-up",
                        &seconds,
                    ],
                )
            }
            Kind::Pull { size, count } => {
                let (topic, count) = (format!("BenchPull{number}"), count.to_string());
                let group = format!("bench-pull-{number}");
                bench(servers, &["batch", &topic, "--size", size, "--batch", "32", "--count", &count]);
                measure(
                    servers,
                    &["consumer", &topic, "--group", &group, "--from", "first", "--count", &count],
                )
            }
            Kind::EndToEnd { size, rate } => {
                let rate = rate.to_string();
                measure(
                    servers,
                    &[
                        "latency",
                        "BenchLatency",
                        "--size",
                        size,
                        "--rate",
                        &rate,
                        "--duration",
                        &seconds,
                        "--warm-up",
                        &seconds,
                    ],
                )
            }
        }
    }
}

/// Runs a load and sees what it took.
fn measure(servers: &Servers, words: &[&str]) -> Round {
    let before = Usage::of(servers.pid());
    let (report, load_cpu) = bench(servers, words);
    let after = Usage::of(servers.pid());
    let number = |name: &str| report[name].as_f64().unwrap_or_else(|| panic!("no {name} in {report}"));
    let latency = |name: &str| report["latencyMicros"][name].as_f64().unwrap_or(f64::NAN);
    let all = number("messages") + number("warmUpMessages");
    Round {
        per_second: number("messagesPerSecond"),
        megabytes: number("megabytesPerSecond"),
        p50: latency("p50"),
        p99: latency("p99"),
        p999: latency("p999"),
        broker_cpu: (after.cpu_seconds - before.cpu_seconds) * 1e6 / all,
        load_cpu: load_cpu * 1e6 / all,
    }
}

/// The report of `rmq bench`, and the CPU time it took, in seconds.
fn bench(servers: &Servers, words: &[&str]) -> (Value, f64) {
    let mut command = Command::new(rmq_program());
    command
        .arg("bench")
        .args(words)
        .args(["-n", &servers.namesrv, "--output", "json", "--quiet"])
        .env("HOME", servers.home("bench"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let before = children();
    let out = command.output().expect("start rmq bench");
    let took = children() - before;
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "rmq bench {words:?}: {}\n{text}", out.status);
    (serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")), took)
}

/// CPU time of the children that have ended, in seconds.
fn children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this process");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("a number of ticks");
    (ticks(13) + ticks(14)) / 100.0
}
