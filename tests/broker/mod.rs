//! A broker in this process, asked over a real connection.

mod delay;
mod filter;
mod life;
pub mod node;
mod offsets;
mod pop;
mod pull;
mod retry;
mod send;
mod timer;
mod transaction;
