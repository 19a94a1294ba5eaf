//! Commands that change something: they show what would change, ask first, and tell what did not.

use super::fake::{Answer, Fake, name_server, ok};
use crate::support::Env;

const TOPIC: &str = r#"{"attributes":{},"order":false,"perm":6,"readQueueNums":8,"topicFilterType":"SINGLE_TAG",
    "topicName":"T","topicSysFlag":0,"writeQueueNums":8}"#;

#[test]
fn a_topic_is_written_as_mqadmin_writes_it() {
    let broker = Fake::start().on(351, Answer::No(17, "no topic")).on(17, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &[]);
    let args = ["updateTopic", "-c", "C", "-t", "T", "-r", "4", "-o", "true", "-a", "+message.type=FIFO"];
    let args: Vec<&str> = args.iter().copied().chain(["-n", &ns.addr]).collect();
    let run = Env::new().run(&args).code(0);
    assert!(run.stdout().contains("created"), "{}", run.stdout());
    let sent = &broker.seen(17)[0];
    let fields = ["topic", "readQueueNums", "writeQueueNums", "perm", "order", "attributes", "defaultTopic"];
    assert_eq!(
        fields.map(|name| sent.field(name)),
        ["T", "4", "8", "6", "true", "+message.type=FIFO", "TBW102"]
    );
    let order = &ns.seen(100)[0];
    assert_eq!([order.field("key"), order.field("value")], ["T", "a:8"]);
}

#[test]
fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let broker = Fake::start().on(351, ok(TOPIC)).on(17, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &["T"]);
    let args = ["updateTopic", "-c", "C", "-t", "T", "-r", "4", "-n", &ns.addr, "--dry-run"];
    let run = Env::new().run(&args).code(0);
    assert!(run.stdout().contains("would be updated  readQueueNums 8 -> 4"), "{}", run.stdout());
    assert!(broker.seen(17).is_empty());
}

#[test]
fn one_master_that_refuses_leaves_a_partial_result() {
    let good = Fake::start().on(351, Answer::No(17, "")).on(17, ok(""));
    let bad = Fake::start().on(351, Answer::No(17, "")).on(17, Answer::No(1, "read only"));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &[]);
    let args = ["updateTopic", "-c", "C", "-t", "T", "-n", &ns.addr, "--output", "classic"];
    let run = Env::new().run(&args).code(3);
    assert!(run.stdout().starts_with(&format!("create topic to {} success.\nTopicConfig [", good.addr)));
    assert!(run.stderr().contains("read only"), "{}", run.stderr());
}

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    let env = Env::new();
    let lines: [&[&str]; 8] = [
        &["updateTopic", "-t", "T"],
        &["updateTopic", "-t", "T", "-b", "h:1", "-c", "C"],
        &["updateTopic", "-t", "T", "-c", "C", "-p", "9"],
        &["updateTopic", "-t", "T", "-c", "C", "-a", "message.type=FIFO"],
        &["updateSubGroup", "-g", "G"],
        &["resetOffsetByTime", "-g", "G", "-t", "T", "-s", "now", "-o", "5"],
        &["resetOffsetByTime", "-g", "G", "-t", "T", "-s", "yesterday"],
        &["consumeMessage", "-t", "T", "-i", "0"],
    ];
    for line in lines {
        let run = env.run(line).code(2);
        assert!(run.stderr().starts_with("error: "), "{line:?}: {}", run.stderr());
    }
}

#[test]
fn deleting_asks_first() {
    let broker = Fake::start().on(351, ok(TOPIC)).on(215, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &["T"]);
    let line = ["deleteTopic", "-c", "C", "-t", "T", "-n", &ns.addr];
    let run = Env::new().run(&line).code(2);
    assert!(run.stderr().contains("--yes"), "{}", run.stderr());
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run"]).collect();
    let run = Env::new().run(&dry).code(0);
    assert!(run.stdout().contains("would be deleted"), "{}", run.stdout());
    assert!(broker.seen(215).is_empty() && ns.seen(216).is_empty());
    let run = Env::new().var("RMQ_ASSUME_YES", "1").run(&line).code(0);
    assert!(run.stdout().contains("deleted"), "{}", run.stdout());
    assert_eq!(broker.seen(215)[0].field("topic"), "T");
    assert_eq!(ns.seen(216)[0].field("clusterName"), "C");
}

#[test]
fn a_topic_that_a_broker_keeps_stays_with_the_name_servers() {
    let good = Fake::start().on(351, ok(TOPIC)).on(215, ok(""));
    let bad = Fake::start().on(351, ok(TOPIC)).on(215, Answer::No(1, "busy"));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &["T"]);
    let args = ["deleteTopic", "-c", "C", "-t", "T", "-n", &ns.addr, "--yes"];
    let run = Env::new().run(&args).code(3);
    assert!(run.stderr().contains("busy") && run.stderr().contains("still know"), "{}", run.stderr());
    assert!(ns.seen(216).is_empty());
}

#[test]
fn deleting_what_is_not_there_is_no_success() {
    let broker = Fake::start().on(351, Answer::No(17, "")).on(215, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &["Orders"]);
    let run = Env::new().run(&["deleteTopic", "-c", "C", "-t", "Order", "-n", &ns.addr, "--yes"]).code(1);
    assert!(run.stderr().contains("did you mean Orders?"), "{}", run.stderr());
    assert!(broker.seen(215).is_empty());
}

#[test]
fn a_setting_that_a_broker_drops_is_told() {
    let broker = Fake::start()
        .on(26, Answer::Ok(vec![("version", "{}".to_owned())], "fileReservedTime=72\nx=1\n".to_owned()))
        .on(25, ok(""));
    let line = ["updateBrokerConfig", "-b", &broker.addr, "-k", "fileReservedTime", "-v", "abc"];
    let run = Env::new().run(&line).code(1);
    assert!(run.stderr().contains("the value is still '72'"), "{}", run.stderr());
    assert_eq!(broker.seen(25)[0].body, "fileReservedTime=abc\n");
    let line = ["updateBrokerConfig", "-b", &broker.addr, "-k", "fileReservedTim", "-v", "1"];
    let run = Env::new().run(&line).code(1);
    assert!(run.stderr().contains("did you mean fileReservedTime?"), "{}", run.stderr());
    assert_eq!(broker.seen(25).len(), 1);
}

#[test]
fn a_setting_of_a_whole_cluster_asks_first() {
    let broker = Fake::start()
        .on(26, Answer::Ok(vec![("version", "{}".to_owned())], "x=1\n".to_owned()))
        .on(25, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &[]);
    let line = ["updateBrokerConfig", "-c", "C", "-k", "x", "-v", "1", "-n", &ns.addr];
    let run = Env::new().run(&line).code(2);
    assert!(run.stderr().contains("--yes"), "{}", run.stderr());
    assert!(broker.seen(25).is_empty());
    let yes: Vec<&str> = line.iter().copied().chain(["--yes"]).collect();
    let run = Env::new().run(&yes).code(0);
    assert!(run.stdout().contains("unchanged"), "{}", run.stdout());
}

/// A broker's answer with all its groups.
fn groups(names: &[&str]) -> Answer {
    let groups: Vec<String> =
        names.iter().map(|name| format!(r#""{name}":{{"groupName":"{name}"}}"#)).collect();
    let body = format!(r#"{{"subscriptionGroupTable":{{{}}}}}"#, groups.join(","));
    Answer::Ok(vec![("totalGroupNum", names.len().to_string())], body)
}

/// A broker with a group on queue 0, at offset 3 of 9, where the time asked for is offset 7.
fn broker_with_group() -> Fake {
    let queue = r#"{"brokerName":"a","queueId":0,"topic":"T"}"#;
    let stats = format!(
        r#"{{"consumeTps":0.0,"offsetTable":{{{queue}:{{"brokerOffset":9,"consumerOffset":3,"lastTimestamp":0,"pullOffset":3}}}}}}"#
    );
    let held =
        format!(r#"{{"offsetTable":{{{queue}:{{"lastUpdateTimestamp":1,"maxOffset":9,"minOffset":0}}}}}}"#);
    Fake::start()
        .on(201, groups(&["G"]))
        .on(208, ok(stats))
        .on(202, ok(held))
        .on(29, Answer::Ok(vec![("offset", "7".to_owned())], String::new()))
        .on(15, ok(""))
}

#[test]
fn an_offset_is_shown_before_it_is_moved_and_read_back_after() {
    let broker = broker_with_group().on(222, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &["T"]);
    let line = ["resetOffsetByTime", "-g", "G", "-t", "T", "-s", "1000", "-n", &ns.addr];
    let run = Env::new().run(&line).code(2);
    assert!(run.stderr().contains("skips 4 messages and consumes 0 again"), "{}", run.stderr());
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run"]).collect();
    let run = Env::new().run(&dry).code(0);
    assert!(run.stdout().contains("a           0     3   7    9          2  skips 4"), "{}", run.stdout());
    assert!(broker.seen(222).is_empty());
    // The broker says yes and the offset stays: that is no success.
    let yes: Vec<&str> = line.iter().copied().chain(["--yes"]).collect();
    let run = Env::new().run(&yes).code(3);
    assert!(run.stderr().contains("the offset is 3, not 7"), "{}", run.stderr());
    let sent = &broker.seen(222)[0];
    assert_eq!(["timestamp", "isForce", "group"].map(|name| sent.field(name)), ["1000", "true", "G"]);
}

#[test]
fn a_broker_that_does_not_move_a_group_is_helped_queue_by_queue() {
    let broker = broker_with_group().on(222, Answer::No(206, "not online"));
    let ns = name_server(&[("a", &broker.addr)], &["T"]);
    let line = ["resetOffsetByTime", "-g", "G", "-t", "T", "-s", "1000", "-n", &ns.addr, "--yes"];
    let classic: Vec<&str> = line.iter().copied().chain(["--output", "classic"]).collect();
    let run = Env::new().run(&classic).code(3);
    let sent = &broker.seen(15)[0];
    assert_eq!(["queueId", "commitOffset", "consumerGroup"].map(|name| sent.field(name)), ["0", "7", "G"]);
    assert!(
        run.stdout().starts_with("reset consumer offset by specified consumerGroup[G]"),
        "{}",
        run.stdout()
    );
    assert!(run.stdout().contains("#timestampOffset"), "{}", run.stdout());
}

#[test]
fn a_group_that_is_not_there_is_not_moved() {
    let empty = r#"{"consumeTps":0.0,"offsetTable":{}}"#;
    let broker = broker_with_group().on(201, groups(&["other"])).on(208, ok(empty)).on(222, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &["T", "%RETRY%orders"]);
    let line = ["resetOffsetByTime", "-g", "order", "-t", "T", "-s", "now", "-n", &ns.addr, "--yes"];
    let run = Env::new().run(&line).code(1);
    assert!(run.stderr().contains("did you mean orders?"), "{}", run.stderr());
    assert!(broker.seen(222).is_empty() && broker.seen(15).is_empty());
}

#[test]
fn a_group_is_written_as_mqadmin_writes_it() {
    let broker = Fake::start().on(201, groups(&["other"])).on(200, ok(""));
    let line = ["updateSubGroup", "-b", &broker.addr, "-g", "G", "-r", "5", "-d", "true"];
    let run = Env::new().run(&line).code(0);
    assert!(run.stdout().contains("created"), "{}", run.stdout());
    let body: serde_json::Value = serde_json::from_str(&broker.seen(200)[0].body).unwrap();
    assert_eq!(body["groupName"], "G");
    assert_eq!(body["retryMaxTimes"], 5);
    assert_eq!(body["consumeBroadcastEnable"], true);
    assert_eq!(body["consumeFromMinEnable"], false);
    assert_eq!(body["groupRetryPolicy"]["type"], "CUSTOMIZED");
}

#[test]
fn looking_for_a_group_does_not_create_it() {
    // Brokers of Apache create a group that they are asked for by GET_SUBSCRIPTIONGROUP_CONFIG.
    let page = |from: usize, to: usize| {
        let groups: Vec<String> = (from..to).map(|i| format!(r#""g{i}":{{"groupName":"g{i}"}}"#)).collect();
        let body = format!(r#"{{"subscriptionGroupTable":{{{}}}}}"#, groups.join(","));
        Answer::Ok(vec![("totalGroupNum", "3".to_owned())], body)
    };
    let broker = Fake::start().when(201, move |seen| match seen.field("groupSeq") {
        "0" => page(0, 2),
        _ => page(2, 3),
    });
    let line = ["updateSubGroup", "-b", &broker.addr, "-g", "g2", "--dry-run"];
    let run = Env::new().run(&line).code(0);
    assert!(
        run.stdout().contains("unchanged") || run.stdout().contains("would be updated"),
        "{}",
        run.stdout()
    );
    let run = Env::new().run(&["updateSubGroup", "-b", &broker.addr, "-g", "g9", "--dry-run"]).code(0);
    assert!(run.stdout().contains("would be created"), "{}", run.stdout());
    assert!(broker.seen(352).is_empty() && broker.seen(200).is_empty());
}

#[test]
fn what_is_skipped_is_told_and_asked_for() {
    let broker = broker_with_group().on(30, Answer::Ok(vec![("offset", "9".to_owned())], String::new()));
    let broker = broker.on(222, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &["T"]);
    let line = ["skipAccumulatedMessage", "-g", "G", "-t", "T", "-n", &ns.addr];
    let run = Env::new().run(&line).code(2);
    assert!(run.stderr().contains("skips 6 messages and consumes 0 again"), "{}", run.stderr());
    assert!(broker.seen(222).is_empty());
    let classic = [&line[..], &["--yes", "--output", "classic"]].concat();
    // The broker says yes and the offset stays: that is no success.
    let run = Env::new().run(&classic).code(3);
    assert!(run.stdout().starts_with("#brokerName "), "{}", run.stdout());
    let sent = &broker.seen(222)[0];
    assert_eq!(["timestamp", "isForce"].map(|name| sent.field(name)), ["-1", "true"]);
}
