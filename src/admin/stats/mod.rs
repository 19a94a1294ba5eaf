//! Commands about rates.

pub mod stats_all;

crate::admin::commands! {
    /// Commands about rates.
    pub enum StatsCommand in "Statistics" {
        StatsAll = stats_all as "statsAll",
    }
}
