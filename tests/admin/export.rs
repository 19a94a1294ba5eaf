//! Commands that write what a cluster has into files.

use super::fake::{Answer, Fake, name_server, ok};
use crate::support::{Env, Run};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A broker with a topic of so many queues, a retry topic, a topic of the system, two groups and some settings.
fn broker(queues: u32) -> Fake {
    let topic = |name: &str| {
        format!(
            r#""{name}":{{"attributes":{{}},"order":false,"perm":6,"readQueueNums":{queues},"topicFilterType":"SINGLE_TAG",
            "topicName":"{name}","topicSysFlag":0,"writeQueueNums":{queues}}}"#
        )
    };
    let topics = ["T", "%RETRY%g", "TBW102"].map(topic).join(",");
    let group = |name: &str| format!(r#""{name}":{{"groupName":"{name}","retryQueueNums":1}}"#);
    let groups = ["g", "TOOLS_CONSUMER"].map(group).join(",");
    Fake::start()
        .on(
            21,
            Answer::Ok(
                vec![("totalTopicNum", "3".into())],
                format!(r#"{{"dataVersion":{{"counter":1}},"topicConfigTable":{{{topics}}}}}"#),
            ),
        )
        .on(305, ok(r#"{"topicList":["TBW102"]}"#))
        .on(
            201,
            Answer::Ok(
                vec![("totalGroupNum", "2".into())],
                format!(r#"{{"subscriptionGroupTable":{{{groups}}}}}"#),
            ),
        )
        .on(
            26,
            Answer::Ok(vec![("version", "{}".into())], "brokerName=a\nlistenPort=1\nuseTLS=false\n".into()),
        )
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout()).unwrap()
}

fn file(directory: &str, name: &str) -> Value {
    serde_json::from_slice(&fs::read(Path::new(directory).join(name)).unwrap()).unwrap()
}

#[test]
fn topics_and_groups_of_users_are_written_with_their_queues_added_up() {
    let (a, b) = (broker(4), broker(8));
    let ns = name_server(&[("a", &a.addr), ("b", &b.addr)], &["T"]);
    let home = tempfile::tempdir().unwrap();
    let to = home.path().join("deep/er").display().to_string();
    let run = Env::new().run(&["exportMetadata", "-c", "C", "-f", &to, "-n", &ns.addr, "--dry-run"]).code(0);
    assert!(run.stdout().contains("would be written"), "{}", run.stdout());
    assert!(!Path::new(&to).exists());
    let line = ["exportMetadata", "-c", "C", "-f", &to, "-n", &ns.addr, "--output", "json"];
    let shown = json(&Env::new().run(&line).code(0));
    assert_eq!((&shown["topics"], &shown["groups"]), (&1.into(), &1.into()));
    let written = file(&to, "metadata.json");
    assert_eq!(written["topicConfigTable"]["T"]["writeQueueNums"], 12);
    assert_eq!(written["subscriptionGroupTable"]["g"]["retryQueueNums"], 2);
    assert!(written["exportTime"].is_i64());
    assert_eq!(a.seen(21)[0].field("maxTopicNum"), "2000");
    let line = ["exportMetadata", "-b", &a.addr, "-t", "-s", "-f", &to, "--output", "classic"];
    let run = Env::new().run(&line).code(0);
    assert_eq!(run.stdout(), format!("export {to}/topic.json success"));
    assert_eq!(file(&to, "topic.json")["topicConfigTable"].as_object().unwrap().len(), 2);
    assert_eq!(file(&to, "topic.json")["dataVersion"]["counter"], 1);
}

#[test]
fn a_broker_that_fails_is_left_out_of_the_file_and_named() {
    let (good, bad) = (broker(4), Fake::start().on(26, Answer::No(1, "out of order")));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &[]);
    let home = tempfile::tempdir().unwrap();
    let to = home.path().display().to_string();
    let run = Env::new().run(&["exportConfigs", "-c", "C", "-f", &to, "-n", &ns.addr]).code(3);
    assert!(run.stderr().contains("out of order"), "{}", run.stderr());
    let written = file(&to, "configs.json");
    assert_eq!(written["brokerConfigs"]["a"], serde_json::json!({"brokerName": "a", "useTLS": "false"}));
    assert_eq!(written["clusterScale"]["masterBrokerSize"], 2);
    let both = Env::new().run(&["exportMetadata", "-c", "D", "-f", &to, "-n", &ns.addr]).code(1);
    assert!(both.stderr().contains("there is no cluster 'D'"), "{}", both.stderr());
    // A file where the directory should be.
    let taken = home.path().join("configs.json").display().to_string();
    let run = Env::new().run(&["exportConfigs", "-c", "C", "-f", &taken, "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("configs.json"), "{}", run.stderr());
}

#[test]
fn the_load_and_the_clients_of_every_group_are_written() {
    let broker = broker(4)
        .on(28, ok(r#"{"table":{"putTps":"0.5 0 0","getTransferredTps":"1.5 0 0","msgPutTotalTodayMorning":"7"}}"#))
        .when(315, |seen| match seen.field("statsKey") {
            "SCHEDULE_TOPIC_XXXX" => ok(r#"{"statsHour":{"sum":9},"statsMinute":{"tps":2.0}}"#),
            _ => Answer::No(1, "The stats <TOPIC_PUT_NUMS> not exist"),
        })
        .on(203, ok(r#"{"connectionSet":[{"clientAddr":"h:1","clientId":"c","language":"JAVA","version":513}]}"#));
    let ns = name_server(&[("a", &broker.addr)], &["%RETRY%g"]);
    let home = tempfile::tempdir().unwrap();
    let to = home.path().display().to_string();
    let _ = Env::new().run(&["exportMetrics", "-c", "C", "-f", &to, "-n", &ns.addr]).code(0);
    let written = file(&to, "metrics.json");
    let report = &written["evaluateReport"]["a"];
    assert_eq!(report["runtimeVersion"]["clientInfo"], serde_json::json!(["JAVA%V5_5_0"]));
    assert_eq!(
        (&report["runtimeQuota"]["topicSize"], &report["runtimeQuota"]["groupSize"]),
        (&1.into(), &1.into())
    );
    assert_eq!(written["totalData"]["totalTps"]["totalScheduleInTps"], 2.0);
    assert_eq!(written["totalData"]["totalOneDayNum"]["normalOneDayInNum"], 7);
    assert_eq!(written["totalData"]["totalOneDayNum"]["scheduleOneDayInNum"], 9);
}

#[test]
fn records_of_pop_are_written_unless_it_is_a_dry_run() {
    let a = broker(1).on(200_056, ok(""));
    let b = broker(1).on(200_056, Answer::No(1, "kv store is broken"));
    let ns = name_server(&[("a", &a.addr), ("b", &b.addr)], &[]);
    for dry in [["-d", "true"], ["--output", "json"]] {
        let line = ["exportPopRecord", "-b", &a.addr, dry[0], dry[1], "--dry-run"];
        let _ = Env::new().run(&line).code(0);
    }
    let run =
        Env::new().run(&["exportPopRecord", "-b", &a.addr, "-d", "true", "--output", "classic"]).code(0);
    assert_eq!(
        run.stdout(),
        format!("Export broker records, brokerName=a, brokerAddr={}, dryRun=true\n", a.addr)
    );
    assert!(a.seen(200_056).is_empty());
    let run = Env::new().run(&["exportPopRecord", "-c", "C", "-d", "false", "-n", &ns.addr]).code(3);
    assert!(run.stderr().contains("kv store is broken"), "{}", run.stderr());
    assert_eq!((a.seen(200_056).len(), b.seen(200_056).len()), (1, 1));
}

/// What Apache's broker wrote (`tests/fixtures/rocksdb/apache-5.5.0/README.txt`).
const ROCKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/rocksdb/apache-5.5.0");

#[test]
fn tables_in_rocksdb_are_read_from_their_files() {
    let live = format!("{ROCKS}/live");
    let run = Env::new().run(&["exportMetadataInRocksDB", "-p", &live, "-t", "TOPICS", "--output", "json"]);
    let shown = json(&run.code(0));
    assert_eq!(shown["entries"].as_array().unwrap().len(), 19);
    assert_eq!(shown["entries"][13]["value"]["perm"], 4);
    assert_eq!(shown["dataVersion"]["counter"], 8);
    let home = tempfile::tempdir().unwrap();
    let to = home.path().join("offsets.json").display().to_string();
    let line = ["rocksDBConfigToJson", "-p", &live, "-t", "consumerOffsets", "-e", &to];
    let dry = Env::new().run(&[&line[..], &["--dry-run"]].concat()).code(0);
    assert!(dry.stdout().contains("would be written") && !Path::new(&to).exists(), "{}", dry.stdout());
    let _ = Env::new().run(&line).code(0);
    assert!(fs::read_to_string(&to).unwrap().contains("\"orders-1@billing\":{\n\t\t\t0:1"));
    for (line, code, said) in [
        (vec!["rocksDBConfigToJson", "-p", &live], 2, "-t"),
        (vec!["rocksDBConfigToJson", "-t", "topics"], 2, "--configPath"),
        (
            vec!["rocksDBConfigToJson", "-p", "/nonexistent", "-t", "topics"],
            2,
            "there is no directory /nonexistent/topics",
        ),
        (vec!["exportMetadataInRocksDB", "-p", "/nonexistent", "-t", "topics"], 2, "there is no directory"),
        (vec!["exportMetadataInRocksDB", "-p", &live, "-t", "consumerOffsets"], 2, "subscriptionGroups"),
    ] {
        let run = Env::new().run(&line).code(code);
        assert!(run.stderr().contains(said), "{line:?}: {}", run.stderr());
    }
}

#[test]
fn brokers_are_asked_to_write_their_tables() {
    let good = Fake::start().on(355, ok(""));
    let old = Fake::start();
    let ns = name_server(&[("a", &good.addr), ("b", &old.addr)], &[]);
    let line = ["rocksDBConfigToJson", "-c", "C", "-n", &ns.addr];
    let _ = Env::new().run(&[&line[..], &["--dry-run"]].concat()).code(0);
    assert!(good.seen(355).is_empty());
    let run = Env::new().run(&line).code(3);
    assert!(run.stdout().contains("written"), "{}", run.stdout());
    assert!(run.stderr().contains("not supported"), "{}", run.stderr());
    assert_eq!(good.seen(355)[0].field("configType"), "topics;subscriptionGroups;consumerOffsets;");
    let some =
        ["rocksDBConfigToJson", "-b", &good.addr, "-t", "topics;consumerOffsets", "--output", "classic"];
    let run = Env::new().run(&some).code(0);
    assert_eq!(run.stdout(), "Use [rpc mode] call broker to export to json file \nbroker export done.");
    assert_eq!(good.seen(355)[1].field("configType"), "topics;consumerOffsets;");
}
