//! Commands about consumer groups.

use super::fake::{Answer, Fake, name_server, ok};
use crate::support::{Env, Run};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A broker's answer with all its groups.
pub fn groups(names: &[&str]) -> Answer {
    let groups: Vec<String> =
        names.iter().map(|name| format!(r#""{name}":{{"groupName":"{name}","retryMaxTimes":16}}"#)).collect();
    let body = format!(r#"{{"subscriptionGroupTable":{{{}}}}}"#, groups.join(","));
    Answer::Ok(vec![("totalGroupNum", names.len().to_string())], body)
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout()).unwrap()
}

#[test]
fn a_group_that_was_created_but_never_online_is_known() {
    let broker = Fake::start().on(201, groups(&["fresh"])).on(203, Answer::No(206, "not online"));
    let ns = name_server(&[("a", &broker.addr)], &["%RETRY%orders"]);
    let run = Env::new().run(&["consumerConnection", "-g", "fresh", "-n", &ns.addr]).code(0);
    assert!(run.stderr().contains("no member of fresh is connected"), "{}", run.stderr());
    let run = Env::new().run(&["consumerConnection", "-g", "order", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("did you mean orders?"), "{}", run.stderr());
    assert!(broker.seen(352).is_empty(), "asking for one group creates it");
}

#[test]
fn a_configuration_is_shown_for_every_broker_that_has_it() {
    let (a, b) = (Fake::start().on(201, groups(&["g", "h"])), Fake::start().on(201, groups(&["h"])));
    let c = Fake::start().on(201, Answer::No(1, "busy"));
    let ns = name_server(&[("a", &a.addr), ("b", &b.addr), ("c", &c.addr)], &["%RETRY%gg"]);
    let line = ["getConsumerConfig", "-g", "g", "-n", &ns.addr, "--output", "json"];
    let run = Env::new().run(&line).code(3);
    let shown = json(&run);
    assert_eq!(shown["brokers"].as_array().unwrap().len(), 1);
    assert_eq!(shown["brokers"][0]["config"]["retryMaxTimes"], 16);
    assert_eq!(shown["failures"][0]["target"], "c");
    let run = Env::new().run(&["getConsumerConfig", "-g", "ggg", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("did you mean gg?") && run.stderr().contains("busy"), "{}", run.stderr());
}

#[test]
fn a_list_of_groups_is_written_and_told_group_by_group() {
    let broker = Fake::start().on(201, groups(&["g1"])).on(225, ok(""));
    let env = Env::new();
    let file = env.home().join("groups.json");
    std::fs::write(&file, r#"[{"groupName":"g1","retryMaxTimes":3},{"groupName":"g2"}]"#).unwrap();
    let line = ["updateSubGroupList", "-b", &broker.addr, "-f", "groups.json"];
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run"]).collect();
    let run = env.run(&dry).code(0);
    assert!(run.stdout().contains("retryMaxTimes 16 -> 3"), "{}", run.stdout());
    assert!(run.stdout().contains("would be created"), "{}", run.stdout());
    assert!(broker.seen(225).is_empty());
    let _ = env.run(&line).code(0);
    let sent: Value = serde_json::from_str(&broker.seen(225)[0].body).unwrap();
    assert_eq!(sent["groupConfigList"][0]["retryMaxTimes"], 3);
    assert_eq!(sent["groupConfigList"][1]["consumeBroadcastEnable"], true);
    let run = env.run(&["updateSubGroupList", "-b", &broker.addr, "-f", "nope.json"]).code(2);
    assert!(run.stderr().starts_with("error: cannot read nope.json"), "{}", run.stderr());
    std::fs::write(&file, "[]").unwrap();
    let run = env.run(&line).code(2);
    assert!(run.stderr().contains("is not a list of groups"), "{}", run.stderr());
}

#[test]
fn a_consume_mode_is_set_and_a_refusal_is_explained() {
    let broker = Fake::start().on(401, ok(""));
    let line = ["setConsumeMode", "-b", &broker.addr, "-t", "T", "-g", "G", "-m", "pop", "-q", "2"];
    let run = Env::new().run(&line).code(0);
    assert!(run.stdout().contains("set to POP"), "{}", run.stdout());
    let sent: Value = serde_json::from_str(&broker.seen(401)[0].body).unwrap();
    let want = serde_json::json!({"consumerGroup": "G", "mode": "POP", "popShareQueueNum": 2, "topic": "T"});
    assert_eq!(sent, want);
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run"]).collect();
    let _ = Env::new().run(&dry).code(0);
    assert_eq!(broker.seen(401).len(), 1);
    let bad = Fake::start().on(401, Answer::No(17, "topic[Order] not exist"));
    let ns = name_server(&[("a", &bad.addr)], &["Orders"]);
    let line = ["setConsumeMode", "-c", "C", "-t", "Order", "-g", "G", "-m", "PULL", "-n", &ns.addr];
    let run = Env::new().run(&line).code(1);
    assert!(run.stderr().contains("did you mean Orders?"), "{}", run.stderr());
    let _ = Env::new().run(&["setConsumeMode", "-c", "C", "-t", "T", "-g", "G", "-m", "push"]).code(2);
    let _ = Env::new().run(&["setConsumeMode", "-t", "T", "-g", "G", "-m", "POP"]).code(2);
}

/// A broker that has a group with offsets, a message to retry and two dead letters.
fn broker_with_dead_letters() -> Fake {
    let stats = |topic: &str, end: i32| {
        ok(format!(
            r#"{{"offsetTable":{{{{"brokerName":"a","queueId":0,"topic":"{topic}"}}:{{"maxOffset":{end},"minOffset":0}}}}}}"#
        ))
    };
    forgetful(Fake::start())
        .on(203, Answer::No(206, "not online"))
        .on(343, ok(r#"{"topicList":["T","%RETRY%G"]}"#))
        .when(202, move |seen| match seen.field("topic") {
            "%RETRY%G" => stats("%RETRY%G", 1),
            "%DLQ%G" => stats("%DLQ%G", 2),
            _ => Answer::No(17, "no"),
        })
        .on(215, ok(""))
}

/// A broker that has the group G until it is deleted.
fn forgetful(broker: Fake) -> Fake {
    let deleted = Arc::new(AtomicBool::new(false));
    let gone = deleted.clone();
    broker.when(201, move |_| groups(if gone.load(Ordering::SeqCst) { &[] } else { &["G"] })).when(
        207,
        move |_| {
            deleted.store(true, Ordering::SeqCst);
            ok("")
        },
    )
}

#[test]
fn deleting_a_group_says_what_is_lost_and_asks() {
    let broker = broker_with_dead_letters();
    let ns = name_server(&[("a", &broker.addr)], &["%RETRY%G"]);
    let line = ["deleteSubGroup", "-c", "C", "-g", "G", "-r", "true", "-n", &ns.addr];
    let run = Env::new().run(&line).code(2);
    let asked =
        "Delete group G from 1 broker with its offsets on 2 topics, 1 message to retry, 2 dead letters?";
    assert!(run.stderr().contains(asked) && run.stderr().contains("--yes"), "{}", run.stderr());
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run", "--output", "json"]).collect();
    let shown = json(&Env::new().run(&dry).code(0));
    assert_eq!(shown["brokers"][0]["deadLetters"], 2);
    assert!(broker.seen(207).is_empty() && broker.seen(215).is_empty() && ns.seen(216).is_empty());
    let yes: Vec<&str> = line.iter().copied().chain(["--yes"]).collect();
    let _ = Env::new().run(&yes).code(0);
    let sent = &broker.seen(207)[0];
    assert_eq!(["groupName", "cleanOffset"].map(|name| sent.field(name)), ["G", "true"]);
    let topics: Vec<_> = broker.seen(215).iter().map(|seen| seen.field("topic").to_owned()).collect();
    assert_eq!(topics, ["%RETRY%G", "%DLQ%G"]);
    assert_eq!(ns.seen(216).len(), 2);
}

#[test]
fn from_one_broker_only_the_group_is_deleted() {
    let broker = broker_with_dead_letters();
    let _ = Env::new().run(&["deleteSubGroup", "-b", &broker.addr, "-g", "G", "--yes"]).code(0);
    assert_eq!(broker.seen(207)[0].field("cleanOffset"), "false");
    assert!(broker.seen(215).is_empty());
}

#[test]
fn deleting_a_group_that_is_not_there_is_no_success() {
    let broker = Fake::start().on(201, groups(&["other"])).on(203, Answer::No(206, "")).on(207, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &["%RETRY%other"]);
    let line = ["deleteSubGroup", "-b", &broker.addr, "-g", "othr", "--yes", "-n", &ns.addr];
    let run = Env::new().run(&line).code(1);
    assert!(run.stderr().contains("did you mean other?"), "{}", run.stderr());
    assert!(broker.seen(207).is_empty());
}

#[test]
fn a_group_that_the_broker_creates_anew_is_told() {
    let broker = Fake::start().on(201, groups(&["G"])).on(203, Answer::No(206, "")).on(207, ok(""));
    let line = ["deleteSubGroup", "-b", &broker.addr, "-g", "G", "--yes", "--output", "classic"];
    let run = Env::new().run(&line).code(3);
    assert!(run.stdout().starts_with("delete subscription group [G] from broker"), "{}", run.stdout());
    assert!(run.stderr().contains("is there again") && run.stderr().contains("-r true"), "{}", run.stderr());
}

#[test]
fn a_group_that_one_broker_keeps_is_told_and_the_name_servers_still_know_its_topics() {
    let (good, bad) = (broker_with_dead_letters(), broker_with_dead_letters().on(207, Answer::No(1, "busy")));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &[]);
    let run = Env::new().run(&["deleteSubGroup", "-c", "C", "-g", "G", "--yes", "-n", &ns.addr]).code(3);
    assert!(run.stderr().contains("busy"), "{}", run.stderr());
    assert!(ns.seen(216).is_empty());
}

/// A member's answer about how it runs.
const RUNNING: &str = r#"{"mqTable":{{"brokerName":"a","queueId":0,"topic":"T"}:{"cachedMsgCount":4,"commitOffset":39,
    "lastConsumeTimestamp":1}},"properties":{"PROP_CONSUME_TYPE":"CONSUME_PASSIVELY",
    "PROP_CONSUMER_START_TIMESTAMP":"1"},"subscriptionSet":[{"topic":"T","subString":"*"}]}"#;

/// A broker with these members of any group.
fn broker_with_members(ids: &[&str]) -> Fake {
    let members: Vec<String> = ids
        .iter()
        .map(|id| format!(r#"{{"clientAddr":"h:1","clientId":"{id}","language":"JAVA","version":513}}"#))
        .collect();
    let body = format!(r#"{{"connectionSet":[{}],"consumeType":"CONSUME_PASSIVELY"}}"#, members.join(","));
    Fake::start().on(203, ok(body))
}

#[test]
fn members_are_asked_and_what_is_wrong_is_told() {
    let broker = broker_with_members(&["c1", "c2", "c3"]).when(307, |seen| match seen.field("clientId") {
        "c1" => ok(RUNNING),
        "c2" => ok(RUNNING.replace(r#""subString":"*""#, r#""subString":"TagA""#)),
        _ => Answer::No(1, "The Consumer <G> <c3> not online"),
    });
    let ns = name_server(&[("a", &broker.addr)], &["%RETRY%G"]);
    let run = Env::new().run(&["consumerStatus", "-g", "G", "-n", &ns.addr, "--output", "json"]).code(3);
    let shown = json(&run);
    assert_eq!(shown["sameSubscriptions"], false);
    assert_eq!(shown["members"][0]["queues"][0]["commitOffset"], 39);
    assert_eq!(shown["findings"][0]["problem"], "blocked");
    assert_eq!(shown["failures"][0]["target"], "c3");
    assert_eq!(broker.seen(307)[0].field("jstackEnable"), "false");
}

#[test]
fn all_groups_are_watched_round_by_round() {
    let stats = r#"{"consumeTps":1.0,"offsetTable":{{"brokerName":"a","queueId":0,"topic":"T"}:
        {"brokerOffset":9,"consumerOffset":4,"lastTimestamp":0,"pullOffset":4}}}"#;
    let broker = broker_with_members(&["c1"]).on(307, ok(RUNNING)).on(208, ok(stats));
    let ns = name_server(&[("a", &broker.addr)], &["%RETRY%G", "%RETRY%H", "T"]);
    let line = ["startMonitoring", "--interval", "1ms", "--count", "2", "-n", &ns.addr];
    let run = Env::new().run(&[&line[..], &["--output", "json"]].concat()).code(0);
    let rounds: Vec<Value> = run.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rounds.len(), 2);
    let undone: Vec<(&str, i64)> = rounds[1]["undone"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["group"].as_str().unwrap(), row["total"].as_i64().unwrap()))
        .collect();
    assert_eq!(undone, [("G", 5), ("H", 5)]);
    assert_eq!(rounds[1]["findings"][0]["problem"], "blocked");
    let run = Env::new().run(&[&line[..], &["--output", "classic"]].concat()).code(0);
    assert!(
        run.stdout().contains("[MONITOR] reportUndoneMsgs: UndoneMsgs [consumerGroup=H, topic=T, undone")
    );
    let mute = Fake::start().on(208, Answer::No(1, "busy"));
    let ns = name_server(&[("a", &mute.addr)], &["%RETRY%G"]);
    let run = Env::new().run(&["startMonitoring", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("busy"), "{}", run.stderr());
}

#[test]
fn classic_output_writes_the_reports_where_mqadmin_does() {
    let broker = broker_with_members(&["c/1"]).on(307, ok(RUNNING));
    let ns = name_server(&[("a", &broker.addr)], &["%RETRY%G"]);
    let env = Env::new();
    let run = env.run(&["consumerStatus", "-g", "G", "-n", &ns.addr, "--output", "classic"]).code(0);
    let line = run.stdout().lines().nth(1).unwrap().to_owned();
    let path = line.split_whitespace().last().unwrap();
    assert!(path.ends_with("/c_1"), "{line}");
    let report = std::fs::read_to_string(env.home().join(path)).unwrap();
    assert!(report.starts_with("#Consumer Properties#\n") && report.contains("#Consumer MQ Detail#"));
    let one = ["consumerStatus", "-g", "G", "-i", "c/1", "-s", "-n", &ns.addr, "--output", "classic"];
    let run = env.run(&one).code(0);
    assert_eq!(run.stdout(), report);
    assert_eq!(broker.seen(307)[1].field("jstackEnable"), "true");
    let run = env.run(&["consumerStatus", "-g", "G", "-i", "c/2", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("there is no member 'c/2'"), "{}", run.stderr());
}

#[test]
fn the_progress_of_all_groups_shows_what_mqadmin_hides() {
    let queue = |id: i32, at: i64| {
        format!(
            r#"{{"brokerName":"a","queueId":{id},"topic":"T"}}:{{"brokerOffset":9,"consumerOffset":0,"lastTimestamp":{at}}}"#
        )
    };
    let body = format!(
        r#"{{"consumeStatsList":[{{"G":[{{"offsetTable":{{{},{}}}}}]}}],"totalDiff":18}}"#,
        queue(0, 0),
        queue(1, 5)
    );
    let broker = Fake::start().on(317, ok(body));
    let line = ["brokerConsumeStats", "-b", &broker.addr, "-o", "true", "--output"];
    let shown = |form: &str| Env::new().run(&[&line[..], &[form]].concat()).code(0).stdout();
    let value: Value = serde_json::from_str(&shown("json")).unwrap();
    assert_eq!(value["queues"].as_array().unwrap().len(), 2);
    assert_eq!(value["lagTotal"], 18);
    assert_eq!(shown("classic").lines().count(), 4);
    assert_eq!(broker.seen(317)[0].field("isOrder"), "true");
}

#[test]
fn producers_are_listed() {
    let body = r#"{"data":{"P":[{"clientId":"c","language":"JAVA","lastUpdateTimestamp":5,"remoteIP":"/h:1","version":513}]}}"#;
    let broker = Fake::start().on(328, ok(body));
    let run = Env::new().run(&["producer", "-b", &broker.addr]).code(0);
    assert!(run.stdout().contains("P      c       h:1      JAVA      V5_5_0"), "{}", run.stdout());
}

/// A broker on which group S is at 7 of 9 on queue 0 of topic T, and group D at `at`.
fn broker_with_offsets(at: Option<i64>) -> Fake {
    let stats = |topic: &str, offset: i64| {
        let queue = format!(r#"{{"brokerName":"a","queueId":0,"topic":"{topic}"}}"#);
        format!(r#"{{"offsetTable":{{{queue}:{{"brokerOffset":9,"consumerOffset":{offset}}}}}}}"#)
    };
    let moved = Arc::new(AtomicBool::new(false));
    let now = moved.clone();
    Fake::start()
        .on(201, groups(&["S", "D"]))
        .on(203, Answer::No(206, "not online"))
        .when(208, move |seen| match (seen.field("consumerGroup"), seen.field("topic")) {
            ("S", _) => ok(stats("T", 7)),
            ("D", "T") if now.load(Ordering::SeqCst) => ok(stats("T", 7)),
            ("D", "T") => ok(stats("T", at.unwrap_or(0))),
            _ => ok(r#"{"offsetTable":{}}"#),
        })
        .when(15, move |_| {
            moved.store(true, Ordering::SeqCst);
            ok("")
        })
}

#[test]
fn offsets_are_copied_and_asked_for_only_where_some_are_lost() {
    let fresh = broker_with_offsets(None);
    let ns = name_server(&[("a", &fresh.addr)], &["T", "%RETRY%S"]);
    let line = ["cloneGroupOffset", "-s", "S", "-d", "D", "-t", "T", "-n", &ns.addr];
    let _ = Env::new().run(&[&line[..], &["--dry-run"]].concat()).code(0);
    assert!(fresh.seen(15).is_empty());
    let run = Env::new().run(&line).code(0);
    assert!(run.stdout().contains("a           0     0   7    9          2"), "{}", run.stdout());
    let sent = &fresh.seen(15)[0];
    assert_eq!(["consumerGroup", "queueId", "commitOffset"].map(|name| sent.field(name)), ["D", "0", "7"]);
    let used = broker_with_offsets(Some(9));
    let ns = name_server(&[("a", &used.addr)], &["T"]);
    let line = ["cloneGroupOffset", "-s", "S", "-d", "D", "-t", "T", "-n", &ns.addr];
    let run = Env::new().run(&line).code(2);
    assert!(run.stderr().contains("consumes 2 again"), "{}", run.stderr());
    assert!(used.seen(15).is_empty());
}

#[test]
fn offsets_are_copied_between_groups_that_are_there_only() {
    let broker = broker_with_offsets(None);
    let ns = name_server(&[("a", &broker.addr)], &["T", "%RETRY%S"]);
    for (source, target, error) in [
        ("S", "X", "there is no consumer group 'X'"),
        ("X", "D", "there is no consumer group 'X'"),
        ("D", "S", "group D has no offset on topic T"),
    ] {
        let line = ["cloneGroupOffset", "-s", source, "-d", target, "-t", "T", "-n", &ns.addr, "--yes"];
        let run = Env::new().run(&line).code(1);
        assert!(run.stderr().contains(error), "{source} {target}: {}", run.stderr());
    }
    assert!(broker.seen(15).is_empty());
    let line = ["cloneGroupOffset", "-s", "S", "-d", "S", "-t", "T", "-n", &ns.addr];
    let _ = Env::new().run(&line).code(2);
}

#[test]
fn offsets_are_written_one_after_the_other() {
    let queue = |id: i32| {
        format!(
            r#"{{"brokerName":"a","queueId":{id},"topic":"T"}}:{{"brokerOffset":9,"consumerOffset":7,"lastTimestamp":5}}"#
        )
    };
    let stats = format!(r#"{{"offsetTable":{{{},{}}}}}"#, queue(0), queue(1));
    let broker = Fake::start()
        .on(201, groups(&["S", "D"]))
        .on(203, Answer::No(206, "not online"))
        .when(208, move |seen| match seen.field("consumerGroup") {
            "S" => ok(stats.clone()),
            _ => ok(r#"{"offsetTable":{}}"#),
        })
        .on(15, Answer::No(1, "refused"));
    let ns = name_server(&[("a", &broker.addr)], &["T", "%RETRY%S"]);
    let _ = Env::new().run(&["cloneGroupOffset", "-s", "S", "-d", "D", "-t", "T", "-n", &ns.addr]).code(1);
    assert_eq!(broker.seen(15).len(), 1, "the second is not sent before the first is answered");
}
