//! Tasks with an owner, cancellation, limits, clock, times as people write them, shutdown in steps.

mod clock;
mod fan_out;
mod limits;
mod shutdown;
mod tasks;
pub mod time;

pub use clock::Clock;
pub use fan_out::fan_out;
pub use limits::raise_file_limit;
pub use shutdown::{Shutdown, StepReport, Stop, StopSignals};
pub use tasks::Tasks;
pub use tokio_util::sync::CancellationToken;
