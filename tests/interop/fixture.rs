//! `java/client/Fixture.java`: a population of topics, groups and clients to look at.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::jvm::{java, jvm};
use crate::servers::Servers;

/// Clients that stay connected until this is dropped.
pub struct Fixture {
    /// Unique id of the first message.
    pub unique: String,
    /// Offset id of the first message.
    pub offset: String,
    child: Child,
}

impl Fixture {
    pub fn start(servers: &Servers) -> Self {
        let home = servers.home("fixture");
        let mut child = java(&jvm().client, &home, "-Xmx256m")
            .arg("Fixture")
            .arg(&servers.namesrv)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start the fixture");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut seen = Vec::new();
        // Ends with `ready` or with the process, which gives up by itself.
        for line in lines.by_ref() {
            let line = line.expect("a line");
            if line == "ready" {
                break;
            }
            seen.push(line);
        }
        let value = |key: &str| {
            seen.iter()
                .find_map(|line| line.strip_prefix(key))
                .unwrap_or_else(|| panic!("no {key} from the fixture on {:?}: {seen:?}", servers.make))
                .to_owned()
        };
        Self { unique: value("unique="), offset: value("offset="), child }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
