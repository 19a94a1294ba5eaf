//! The interop tests: whole systems against Apache's own programs on the JVM.
//!
//! They need `java`, `javac` and `mvn`, and are run with
//! `cargo test --test interop -- --ignored --test-threads=1`. Those of the Go client need `go`, and are skipped without.
//!
//! | environment                  | meaning                                            | default |
//! |------------------------------|----------------------------------------------------|---------|
//! | `RMQ_INTEROP_CLIENT_VERSION` | the Java client that is run                        | 5.3.0   |
//! | `RMQ_INTEROP_SERVER_VERSION` | the name server, broker and mqadmin that are run, and the newer Java client | 5.5.0 |
//! | `RMQ_INTEROP_JVM_FLAGS`      | of every JVM: these make it start fast, none or `-XX:+UseG1GC` is what Apache's scripts run | `-XX:+UseSerialGC -XX:TieredStopAtLevel=1` |
//! | `RMQ_INTEROP_JARS`           | where jars are kept between runs                   | a directory below `target` |
//! | `RMQ_INTEROP_BINARY`         | the rmq that is run                                | the one just built |
//! | `RMQ_INTEROP_ONLY`           | only these Java checks (names, separated by blanks) | all    |

#![expect(clippy::print_stdout, reason = "what a test saw belongs into its output")]

mod clients;
mod commands;
mod crash;
mod exchange;
mod fixture;
mod go;
mod jvm;
mod mask;
mod mqadmin;
mod scale;
mod script;
mod servers;

/// JVMs start fast by these.
const JVM_FLAGS: &str = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1";
