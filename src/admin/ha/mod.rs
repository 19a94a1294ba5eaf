//! Commands about replication.

pub mod ha_status;

crate::admin::commands! {
    /// Commands about replication.
    pub enum HaCommand in "Replication" {
        HaStatus = ha_status as "haStatus" every interval,
    }
}
