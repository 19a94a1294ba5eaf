//! Commands about controllers, which elect the masters of broker sets.

pub mod clean_broker_metadata;
pub mod elect_master;
pub mod get_broker_epoch;
pub mod get_controller_config;
pub mod get_controller_meta_data;
pub mod get_sync_state_set;
mod leader;
pub mod update_controller_config;

crate::admin::commands! {
    /// Commands about controllers.
    pub enum ControllerCommand in "Controllers" {
        GetSyncStateSet = get_sync_state_set as "getSyncStateSet" every interval,
        GetBrokerEpoch = get_broker_epoch as "getBrokerEpoch" every interval,
        GetControllerMetaData = get_controller_meta_data as "getControllerMetaData",
        GetControllerConfig = get_controller_config as "getControllerConfig",
        UpdateControllerConfig = update_controller_config as "updateControllerConfig",
        ElectMaster = elect_master as "electMaster",
        CleanBrokerMetadata = clean_broker_metadata as "cleanBrokerMetadata",
    }
}
