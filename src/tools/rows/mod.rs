//! Results that come one after another, each shown as soon as it is there.

mod format;
mod latency;
mod writer;

pub use format::{Field, Format, LETTERS};
pub use latency::{Latency, Percentiles};
pub use writer::{Head, Row, RowWriter};
