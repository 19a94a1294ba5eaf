//! `rmq consume`.

use super::cluster::Cluster;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

async fn consumed(cluster: &Cluster, group: &str, more: &[&str]) -> Vec<String> {
    let args = ["consume", "T", "--group", group, "--until-idle", "300ms", "--format", "%v\\n"];
    let run = cluster.run(&[&args[..], more].concat()).await.code(0);
    let mut lines: Vec<String> = run.stdout().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_gets_each_message_once() {
    let cluster = Cluster::start().await;
    cluster.send("T", &["a", "b", "c", "d", "e"]).await;
    assert_eq!(consumed(&cluster, "g", &[]).await, ["a", "b", "c", "d", "e"]);
    assert_eq!(consumed(&cluster, "g", &[]).await, [""; 0]);
    cluster.send("T", &["f"]).await;
    assert_eq!(consumed(&cluster, "g", &[]).await, ["f"]);
    assert_eq!(consumed(&cluster, "other", &[]).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_stay_as_they_are_if_asked() {
    let cluster = Cluster::start().await;
    cluster.send("T", &["a", "b"]).await;
    for _ in 0..2 {
        assert_eq!(consumed(&cluster, "g", &["--no-commit"]).await, ["a", "b"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_group_begins_where_it_is_told() {
    let cluster = Cluster::start().await;
    cluster.send("T", &["old"]).await;
    assert_eq!(consumed(&cluster, "last", &["--from", "last"]).await, [""; 0]);
    assert_eq!(consumed(&cluster, "recent", &["--from", "1h"]).await, ["old"]);
    assert_eq!(consumed(&cluster, "future", &["--from", "2099-01-01"]).await, [""; 0]);
    cluster.send("T", &["new"]).await;
    assert_eq!(consumed(&cluster, "last", &["--from", "first"]).await, ["new"], "it has offsets by now");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_tags_that_are_wanted() {
    let cluster = Cluster::start().await;
    // The hashes of AaAa and BBBB are equal: the broker lets both through.
    for tag in ["AaAa", "BBBB", "c"] {
        cluster.run(&["produce", "T", "--body", tag, "--tag", tag]).await.code(0).stdout();
    }
    assert_eq!(consumed(&cluster, "g", &["--tag", "AaAa || c"]).await, ["AaAa", "c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_ends_it_and_what_is_left_comes_next_time() {
    let cluster = Cluster::start().await;
    cluster.send("T", &["a", "b", "c", "d", "e"]).await;
    let first = consumed(&cluster, "g", &["--count", "2"]).await;
    let rest = consumed(&cluster, "g", &[]).await;
    assert_eq!((first.len(), rest.len()), (2, 3));
    let all: std::collections::BTreeSet<_> = first.iter().chain(&rest).collect();
    assert_eq!(all.len(), 5);
    let args = ["consume", "T", "--group", "g", "--count", "1", "--until-idle", "300ms"];
    let run = cluster.run(&args).await.code(1);
    assert!(run.stderr().contains("0 messages came, not 1"), "{}", run.stderr());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_does_not_exist_is_said() {
    let cluster = Cluster::start().await;
    let run = cluster.run(&["consume", "Nowhere", "--group", "g"]).await.code(1);
    assert!(run.stderr().starts_with("error: topic Nowhere does not exist"), "{}", run.stderr());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_commits_what_was_shown_and_nothing_else() {
    let cluster = Cluster::start().await;
    cluster.send("T", &["a", "b", "c"]).await;
    let namesrv = cluster.namesrv.clone();
    let run = move || {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rmq"))
            .args(["consume", "T", "--group", "g", "--follow", "--format", "%v\\n", "-n", &namesrv])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let shown: Vec<String> = lines.by_ref().take(3).map(Result::unwrap).collect();
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let output = child.wait_with_output().unwrap();
        (shown, output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (mut shown, code, stderr) = tokio::task::spawn_blocking(run).await.unwrap();
    shown.sort();
    assert_eq!((shown, code), (vec!["a".into(), "b".into(), "c".into()], Some(130)), "{stderr}");
    assert!(stderr.contains("consumed 3 messages"), "{stderr}");
    assert_eq!(consumed(&cluster, "g", &[]).await, [""; 0]);
}
