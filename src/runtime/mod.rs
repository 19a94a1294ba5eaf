//! Tasks with an owner, cancellation, clock, times as people write them, shutdown in steps.

mod clock;
mod fan_out;
mod shutdown;
mod tasks;
pub mod time;

pub use clock::Clock;
pub use fan_out::fan_out;
pub use shutdown::{Shutdown, StepReport, Stop, StopSignals};
pub use tasks::Tasks;
pub use tokio_util::sync::CancellationToken;
