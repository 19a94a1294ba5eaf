//! Pure: bytes to values and back. No I/O, no clock, no async.
//!
//! A frame ([`frame`]) holds a [`command::RemotingCommand`], whose header is one of two forms. Each request
//! is declared once ([`request`]): its code, typed header and body, and those of its reply; the client
//! calls it and the server serves it by that declaration.

pub mod auth;
mod binary_header;
pub mod body;
pub mod broker;
pub mod code;
mod coerce;
pub mod command;
pub mod container;
pub mod controller;
pub mod ext;
pub mod fastjson;
pub mod frame;
pub mod group;
pub mod header;
mod json_header;
pub mod language;
pub mod lite;
pub mod message;
pub mod pop;
pub mod pull;
pub mod queue;
pub mod registration;
pub mod request;
pub mod route;
pub mod running;
pub mod send;
pub mod signature;
pub mod static_topic;
pub mod timer;
pub mod topic;
pub mod upkeep;
pub mod version;

pub use command::{Payload, RemotingCommand, SerializeType};
pub use ext::ExtFields;
pub use frame::{DecodeError, MAX_FRAME_LENGTH};
pub use header::{Header, HeaderError};
pub use language::Language;
