//! The figures side by side.

use std::fmt::Write;

/// What a figure is in, and whether more of it is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    PerSecond,
    Megabytes,
    Millis,
    Micros,
    MicrosOfCpu,
    Mebibytes,
    Percent,
}

impl Unit {
    const fn name(self) -> &'static str {
        match self {
            Unit::PerSecond => "messages/s",
            Unit::Megabytes => "MB/s",
            Unit::Millis => "ms",
            Unit::Micros => "us",
            Unit::MicrosOfCpu => "us of CPU/message",
            Unit::Mebibytes => "MiB",
            Unit::Percent => "%",
        }
    }

    const fn more_is_better(self) -> bool {
        matches!(self, Unit::PerSecond | Unit::Megabytes)
    }
}

/// One figure of both.
#[derive(Debug, Clone)]
pub struct Line {
    what: String,
    unit: Unit,
    apache: f64,
    rmq: f64,
}

impl Line {
    /// Apache's figure comes first.
    pub fn of(what: &str, unit: Unit, [apache, rmq]: [f64; 2]) -> Self {
        Line { what: what.to_owned(), unit, apache, rmq }
    }

    /// How many times better ours is.
    fn ratio(&self) -> f64 {
        if self.unit.more_is_better() { self.rmq / self.apache } else { self.apache / self.rmq }
    }
}

/// The middle one of several.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A table with a line for each.
pub fn text(lines: &[Line]) -> String {
    let mut out = String::new();
    let mut put = |what: &str, apache: &str, rmq: &str, unit: &str, ratio: &str| {
        let _ = writeln!(out, "{what:<48} {apache:>12} {rmq:>12} {unit:<18} {ratio:>7}");
    };
    put("", "Apache", "rmq", "", "better");
    for line in lines {
        let figure = |value: f64| if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") };
        let ratio = format!("{:.1}x", line.ratio());
        put(&line.what, &figure(line.apache), &figure(line.rmq), line.unit.name(), &ratio);
    }
    out
}
