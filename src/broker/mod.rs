//! The broker: takes messages, keeps them, gives them to consumers, and knows who consumes what.
//!
//! [`Broker`] is the state, one field per concern; [`router`] is the table from request code to handler;
//! `handlers` hold the handlers by family. What is decided by a rule is a pure function next to its handler.

mod assign;
pub mod attributes;
pub mod auth;
pub mod built_in;
pub mod clients;
pub mod cold_data;
pub mod config_file;
mod core;
mod count;
pub mod filter;
pub mod groups;
mod handlers;
pub mod hold;
mod life;
pub mod locks;
pub mod names;
pub mod offsets;
mod pop;
mod put;
mod random;
pub mod register;
pub mod reject;
pub mod request_modes;
pub mod router;
pub(crate) mod saved;
mod schedule;
pub mod stats;
mod store_settings;
pub mod subscription;
mod timer;
pub mod topics;
mod transaction;

pub use core::{Broker, Identity, Listening, OpenError};
pub use schedule::Schedule;
