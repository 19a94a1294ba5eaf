//! Who is connected: members of consumer groups and producers, as their heartbeats say.

mod consumers;
mod producers;

pub use consumers::{Consumers, Joined, Left, Membership};
pub use producers::Producers;

use std::sync::Arc;
use std::time::Duration;

use crate::protocol::{Language, group};
use crate::remoting::Connection;

/// A client as it is known by one of its connections (Java: `ClientChannelInfo`).
#[derive(Debug, Clone)]
pub struct Client {
    /// Its connection.
    pub connection: Arc<Connection>,
    /// What it calls itself.
    pub id: String,
    /// What it is written in.
    pub language: Language,
    /// Its version.
    pub version: i32,
    /// When it was heard of last, in ms since 1970.
    pub seen: i64,
}

impl Client {
    /// As it is told to administrators.
    pub fn describe(&self) -> group::Connection {
        group::Connection {
            client_addr: self.connection.peer().to_string(),
            client_id: self.id.clone(),
            language: self.language,
            version: self.version,
        }
    }

    fn is_expired(&self, now: i64, after: Duration) -> bool {
        u128::try_from(now.saturating_sub(self.seen)).is_ok_and(|silent| silent > after.as_millis())
    }
}
