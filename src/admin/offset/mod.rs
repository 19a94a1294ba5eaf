//! Commands about offsets.

pub mod clone_group_offset;
mod moves;
mod plan;
pub mod reset_offset_by_time;
pub mod skip_accumulated_message;

crate::admin::commands! {
    /// Commands about offsets.
    pub enum OffsetCommand in "Offsets" {
        ResetOffsetByTime = reset_offset_by_time as "resetOffsetByTime",
        SkipAccumulatedMessage = skip_accumulated_message as "skipAccumulatedMessage",
        CloneGroupOffset = clone_group_offset as "cloneGroupOffset",
    }
}
