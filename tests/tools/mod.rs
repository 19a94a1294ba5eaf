//! Producing and consuming against a name server and a broker in this process.

mod bench;
pub mod cluster;
mod consume;
mod members;
mod produce;
