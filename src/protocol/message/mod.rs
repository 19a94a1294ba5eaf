//! Messages as bytes: the layout that the commit log stores and that pull responses carry, properties,
//! system flags, compression, batches and message ids.
//!
//! Everything here is pure: no I/O, no clock. The layout is that of RocketMQ's `MessageDecoder` and
//! `MessageExtEncoder`, and is the same on disk and on the wire.

mod batch;
mod compression;
mod delay;
mod encode;
mod error;
mod id;
pub mod layout;
mod owned;
mod properties;
pub mod property;
mod sys_flag;
mod tags;
mod view;

pub use batch::{BatchItem, BatchItems, encode_batch_item};
pub use compression::{Compression, compress, decompress};
pub use delay::{DEFAULT_DELAY_LEVELS, DelayLevelError, DelayLevels};
pub use encode::{NewMessage, encode, patch_position};
pub use error::MessageError;
pub use id::{OffsetId, UniqueId, UniqueIds};
pub use owned::Message;
pub use properties::{Properties, find_property, iter_properties};
pub use sys_flag::{SysFlag, Transaction};
pub use tags::{java_hash_code, tags_code};
pub use view::MessageView;
