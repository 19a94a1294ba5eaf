//! Producing and consuming against a name server and a broker in this process.

pub mod cluster;
mod consume;
mod members;
mod produce;
