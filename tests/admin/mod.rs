//! The commands of an operator, run against servers that answer as they are told.

mod auth;
mod broker_ops;
mod export;
pub mod fake;
mod groups;
mod lite;
mod matrix;
mod messages;
mod namesrv;
mod read;
mod static_topics;
mod topics;
mod write;
