//! Commands about messages that are not in memory, and what reading them may cost.

pub mod get_info;
pub mod limits;
pub mod remove_group_config;
pub mod set_read_ahead_mode;
pub mod update_group_config;

crate::admin::commands! {
    /// Commands about cold data.
    pub enum ColdDataCommand in "Cold data" {
        GetInfo = get_info as "getColdDataFlowCtrInfo",
        UpdateGroupConfig = update_group_config as "updateColdDataFlowCtrGroupConfig",
        RemoveGroupConfig = remove_group_config as "removeColdDataFlowCtrGroupConfig",
        SetReadAheadMode = set_read_ahead_mode as "setCommitLogReadAheadMode",
    }
}
