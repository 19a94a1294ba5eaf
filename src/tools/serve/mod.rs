//! What the commands that run servers share: configuration files, and how a failed start is told.

mod error;
mod settings;
mod tls;

pub use error::{broker_error, namesrv_error};
pub use settings::load_file;
pub use tls::TlsOptions;
