//! Tests of the store as a whole.

mod append_read;
mod crash;
mod java;
mod model;
mod recovery;
mod retention;
mod support;
