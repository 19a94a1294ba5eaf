//! How a client reaches a cluster: its name servers, keys and TLS, as files and the environment give them.

pub mod contexts;
mod java_options;
mod keys;
mod origin;
mod tls;

pub use contexts::{Contexts, ContextsError, Profile};
pub use java_options::JavaOptions;
pub use keys::{AclKeys, KeysError, parse as parse_keys};
pub use origin::{Chosen, Origin};
pub use tls::{ServerCheck, TlsSettings, of_properties as tls_of_properties};
