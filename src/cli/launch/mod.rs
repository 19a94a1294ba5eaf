//! The servers as commands: `rmq namesrv` and `rmq broker`.

pub mod broker;
pub mod namesrv;
mod settings;

crate::admin::commands! {
    /// The servers.
    pub enum LaunchCommand in "Serve" {
        Namesrv = namesrv as "namesrv" is server,
        Broker = broker as "broker" is server,
    }
}
