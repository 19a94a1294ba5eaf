//! The name server: which brokers there are, which topics they have, and named texts for operators.
//!
//! [`routes`] holds the tables, pure; `handlers` the requests by family; [`Listening`] is its life.

mod core;
mod file;
mod handlers;
mod kv;
mod router;
pub mod routes;
mod settings;

pub use self::core::{Listening, Namesrv, OpenError};
