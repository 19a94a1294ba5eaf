//! Produce, consume, bench, quickstart.

pub mod bench;
pub mod consume;
mod noise;
mod pace;
pub mod produce;
pub mod quickstart;
mod rows;
pub mod serve;
mod values;

crate::admin::commands! {
    /// What people start with.
    pub enum ToolCommand in "Start here" {
        Quickstart = quickstart as "quickstart" is embedded,
        Produce = produce as "produce" is graceful,
        Consume = consume as "consume" is graceful,
        Bench = bench as "bench" is load,
    }
}
