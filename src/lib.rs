//! The library behind the `rmq` binary: for its own tests and surfaces, not a public API.
//!
//! The map of the tree, in order of dependency: a module uses only modules above it.
//!
//! | module       | what it holds |
//! |--------------|---------------|
//! | [`protocol`] | pure: bytes to values and back. Frames, commands, typed headers and bodies, messages. |
//! | [`runtime`]  | tasks with an owner, cancellation, clock, deadlines, shutdown steps. |
//! | [`config`]   | broker and name-server properties under their Java keys. |
//! | [`output`]   | how a result is shown; the only writer to stdout. |
//! | [`remoting`] | the connection, the client pool, the server. |
//! | [`store`]    | files on disk in RocketMQ's format; synchronous, without a network. |
//! | [`rocksdb`]  | reads what RocksDB wrote, without RocksDB. |
//! | [`client`]   | name-server lookup, route cache, generic call, producer, consumers. |
//! | [`namesrv`]  | the name server. |
//! | [`broker`]   | the broker. |
//! | [`admin`]    | what an operator can do: one file per command. |
//! | [`tools`]    | produce, consume, quickstart. |
//! | [`cli`]      | the argument tree, mqadmin's looser parsing, help, completions, exit codes. |

pub mod admin;
pub mod broker;
pub mod cli;
pub mod client;
pub mod config;
pub mod namesrv;
pub mod output;
pub mod protocol;
pub mod remoting;
pub mod rocksdb;
pub mod runtime;
pub mod store;
pub mod tools;
