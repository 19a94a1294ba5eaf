//! Properties of broker and name server, under the keys that RocketMQ gives them.
//!
//! Each configuration is one table of typed keys (what the code here acts on) and one `.keys` file with all the
//! others that Apache's 5.5.0 knows, so that the list of settings is the same key for key: those that are accepted
//! and mean nothing here (thread pools of a JVM), and those that may only have the value they have.

mod auth;
mod broker;
pub mod connect;
mod edit;
mod error;
mod important;
mod namesrv;
mod others;
mod properties;
mod table;
mod tls;
mod value;

pub use auth::{AuthConfig, NamedUser};
pub use broker::BrokerConfig;
pub use edit::edit as edit_properties;
pub use error::{ConfigError, Warning};
pub use namesrv::NamesrvConfig;
pub use properties::{Property, parse as parse_properties, write as write_properties};
pub use tls::{ClientAuth, TlsConfig, TlsFileError, TlsMode};
pub use value::{BrokerRole, FlushDiskType};

/// The name of this machine, as a broker is called that was given no name.
fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "DEFAULT_BROKER".to_owned() } else { name }
}

/// A path in the home directory of the user.
fn in_home(path: &str) -> String {
    let home = std::env::home_dir().unwrap_or_default();
    home.join(path).to_string_lossy().into_owned()
}
