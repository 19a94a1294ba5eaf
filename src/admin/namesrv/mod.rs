//! Commands about name servers: their settings, the texts they keep, the permissions in their routes.

pub mod add_write_perm;
mod change;
pub mod delete_kv_config;
mod each;
pub mod get_namesrv_config;
mod kv;
pub mod update_kv_config;
pub mod update_namesrv_config;
pub mod wipe_write_perm;
mod write_perm;

pub(in crate::admin) use change::{NamesrvChange, table_of};
pub(in crate::admin) use kv::{delete, put};

crate::admin::commands! {
    /// Commands about name servers.
    pub enum NamesrvCommand in "Name servers" {
        GetNamesrvConfig = get_namesrv_config as "getNamesrvConfig",
        UpdateNamesrvConfig = update_namesrv_config as "updateNamesrvConfig",
        WipeWritePerm = wipe_write_perm as "wipeWritePerm",
        AddWritePerm = add_write_perm as "addWritePerm",
        UpdateKvConfig = update_kv_config as "updateKvConfig",
        DeleteKvConfig = delete_kv_config as "deleteKvConfig",
    }
}
