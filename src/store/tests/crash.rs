//! A process killed in the middle of appending: what it acknowledged is there, once.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::super::{Store, StoreConfig};
use super::support::{all_bodies, message, numbers, open, small};

const DIRECTORY: &str = "RMQ_TEST_CRASH_DIRECTORY";

fn config(root: PathBuf) -> StoreConfig {
    StoreConfig { mapped_file_size_commit_log: 1 << 14, max_index_num: 500, ..small(&root) }
}

/// The process to be killed: appends for ever, and says each message it has appended. Does nothing unless
/// started by the test below.
#[test]
fn child() {
    let Some(root) = std::env::var_os(DIRECTORY) else { return };
    let (store, _) = Store::open(config(root.into())).unwrap();
    store.start().unwrap();
    let mut next = store.next_offset("T", 0);
    loop {
        let body = next.to_string();
        let properties = format!("KEYS\u{1}k{next}\u{2}");
        store.append(&message("T", 0, body.as_bytes(), &properties)).unwrap();
        println!("appended {next}");
        next += 1;
    }
}

#[test]
fn acknowledged_messages_survive_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::crash::child", "--nocapture"])
            .env(DIRECTORY, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let appended = lines
            .map_while(Result::ok)
            .filter_map(|line| line.split_once("appended ")?.1.parse::<usize>().ok());
        let mut appended = appended.skip(37 + round * 13);
        let acknowledged = appended.next().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();

        let (store, recovery) = open(&config(dir.path().to_owned()));
        assert!(!recovery.clean && recovery.warnings.is_empty(), "{recovery:?}");
        let bodies = all_bodies(&store, "T", 0);
        assert!(bodies.len() > acknowledged, "{} of {acknowledged}", bodies.len());
        assert_eq!(bodies, numbers(0..bodies.len()));
        for index in (0..bodies.len()).step_by(7) {
            let result = store.query("T", &format!("k{index}"), None, 64, 0, i64::MAX);
            assert_eq!(result.messages.len(), 1, "round {round}: key of {index}");
        }
        store.close().unwrap();
    }
}
