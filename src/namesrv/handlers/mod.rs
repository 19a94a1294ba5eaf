//! The handlers by family.

pub(super) mod brokers;
pub(super) mod config;
pub(super) mod topics;

use crate::protocol::body::Json;
use crate::protocol::code;
use crate::remoting::Reject;

/// A value as JSON.
fn json<T: serde::Serialize>(value: &T) -> Result<bytes::Bytes, Reject> {
    written(serde_json::to_vec(value))
}

/// JSON that was written, or not.
fn written(json: serde_json::Result<Vec<u8>>) -> Result<bytes::Bytes, Reject> {
    json.map(Into::into).map_err(|error| Reject::new(code::SYSTEM_ERROR, error.to_string()))
}

/// What is said of a list that the configuration keeps back.
fn disabled() -> Reject {
    Reject::new(code::SYSTEM_ERROR, "disable")
}

/// A list, unless the configuration keeps it back.
fn if_enabled<T>(enabled: bool, list: impl FnOnce() -> T) -> Result<Json<T>, Reject> {
    if enabled { Ok(Json(list())) } else { Err(disabled()) }
}
