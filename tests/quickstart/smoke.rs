//! The check of the main job from end to end.

use crate::support::Env;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, ends_with, starts_with};

#[test]
fn the_main_job_works_and_is_shown() {
    let env = Env::new();
    env.command(["quickstart", "--smoke"])
        .env("TMPDIR", env.home())
        .assert()
        .success()
        .stdout(starts_with("RocketMQ is ready: name server 127.0.0.1:"))
        .stdout(contains("\n$ rmq updateTopic -c DefaultCluster -t TopicTest\n"))
        .stdout(contains("\n$ rmq clusterList\n").and(contains("\nDefaultCluster  broker-a ")))
        .stdout(contains("\n$ rmq topicRoute -t TopicTest\n"))
        .stdout(contains("\n$ rmq consumerProgress -g Demo\n"))
        .stdout(ends_with("\nok: all 1000 messages arrived, each once\n"));
    assert_eq!(std::fs::read_dir(env.home()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn it_may_run_where_messages_are_already_and_for_programs() {
    let env = Env::new();
    std::fs::write(env.home().join("b.conf"), "brokerClusterName=Own\n").unwrap();
    let args = ["--data-dir", "data", "--broker-config", "b.conf", "--output", "json"];
    for _ in 0..2 {
        let assert = env.command(["quickstart", "--smoke"].iter().chain(&args)).assert().success();
        let verdict: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
        let expected = serde_json::json!({"sent": 1000, "arrived": 1000, "missing": 0, "repeated": 0});
        assert_eq!(verdict, expected);
    }
}

#[test]
fn a_broker_that_takes_no_messages_fails_it() {
    let env = Env::new();
    std::fs::write(env.home().join("b.conf"), "brokerPermission=4\n").unwrap();
    env.command(["quickstart", "--smoke", "--broker-config", "b.conf", "--timeout", "1s"])
        .assert()
        .code(predicates::ord::eq(1))
        .stdout(contains("ok:").not())
        .stderr(contains("error: "));
}
