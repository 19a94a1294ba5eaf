//! Produce, consume, quickstart.

pub mod consume;
pub mod produce;
pub mod quickstart;
mod rows;
pub mod serve;

crate::admin::commands! {
    /// What people start with.
    pub enum ToolCommand in "Start here" {
        Quickstart = quickstart as "quickstart" is embedded,
        Produce = produce as "produce" is graceful,
        Consume = consume as "consume" is graceful,
    }
}
