//! Commands that only look.

use super::fake::{Answer, Fake, name_server, ok};
use crate::support::Env;

const STATS: &str = r#"{"offsetTable":{{"brokerName":"a","queueId":0,"topic":"T"}:
    {"lastUpdateTimestamp":0,"maxOffset":7,"minOffset":2}},"topicPutTps":0.5}"#;

#[test]
fn one_broker_of_two_that_refuses_is_named_and_the_other_is_shown() {
    let good = Fake::start().on(202, ok(STATS));
    let bad = Fake::start().on(202, Answer::No(1, "out of order"));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &["T"]);
    let run = Env::new().run(&["topicStatus", "-t", "T", "-n", &ns.addr]).code(3);
    assert!(run.stdout().contains("a           0    2    7         5"), "{}", run.stdout());
    assert!(run.stderr().contains(&format!("warning: b ({}): ", bad.addr)), "{}", run.stderr());
    assert!(run.stderr().contains("out of order"), "{}", run.stderr());
    let json = Env::new().run(&["topicStatus", "-t", "T", "-n", &ns.addr, "--output", "json"]).code(3);
    let value: serde_json::Value = serde_json::from_str(&json.stdout()).unwrap();
    assert_eq!(value["messages"], 5);
    assert_eq!(value["failures"][0]["target"], "b");
    assert_eq!(value["failures"][0]["code"], 1);
}

#[test]
fn all_brokers_refusing_is_an_error_with_every_reason() {
    let bad = || Fake::start().on(202, Answer::No(1, "out of order"));
    let (a, b) = (bad(), bad());
    let ns = name_server(&[("a", &a.addr), ("b", &b.addr)], &["T"]);
    let run = Env::new().run(&["topicStatus", "-t", "T", "-n", &ns.addr]).code(1);
    let stderr = run.stderr();
    assert!(stderr.starts_with("error: cannot read the status of topic T on any of 2 brokers"), "{stderr}");
    assert_eq!(stderr.matches("out of order").count(), 2, "{stderr}");
    assert_eq!(run.stdout(), "");
}

#[test]
fn a_silent_broker_ends_with_the_time_out() {
    let silent = Fake::start().on(28, Answer::Silence);
    let run = Env::new().run(&["brokerStatus", "-b", &silent.addr, "--timeout", "200ms"]).code(4);
    let stderr = run.stderr();
    assert!(stderr.contains(&silent.addr) && stderr.contains("within 200ms"), "{stderr}");
    assert!(stderr.contains("hint: --timeout"), "{stderr}");
}

#[test]
fn a_silent_broker_among_others_does_not_hide_them() {
    let good = Fake::start().on(28, ok(r#"{"table":{"bootTimestamp":"5","putTps":"0.1 0.2 0.3"}}"#));
    let silent = Fake::start().on(28, Answer::Silence);
    let ns = name_server(&[("a", &good.addr), ("b", &silent.addr)], &[]);
    let args = ["brokerStatus", "-c", "C", "-n", &ns.addr, "--timeout", "300ms", "--output", "json"];
    let run = Env::new().run(&args).code(3);
    let value: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(value["brokers"][0]["status"]["bootTimestamp"], 5);
    assert_eq!(value["brokers"][0]["status"]["putTps"], serde_json::json!([0.1, 0.2, 0.3]));
    assert_eq!(value["failures"][0]["target"], "b");
}

#[test]
fn a_name_server_that_is_down_is_named_and_another_is_asked() {
    let down = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let run = Env::new().run(&["topicRoute", "-t", "T", "-n", &down]).code(4);
    assert!(run.stderr().contains(&down), "{}", run.stderr());
    let ns = name_server(&[("a", "127.0.0.1:1")], &["T"]);
    let both = format!("{down};{}", ns.addr);
    let run = Env::new().run(&["topicRoute", "-t", "T", "-n", &both]).code(0);
    assert!(run.stdout().contains("127.0.0.1:1"), "{}", run.stdout());
}

#[test]
fn names_that_are_not_there_are_told_with_those_like_them() {
    let broker = Fake::start().on(201, super::groups::groups(&[]));
    let ns = name_server(&[("a", &broker.addr)], &["TopicTest", "%RETRY%orders"]);
    let env = Env::new();
    let table: [(&[&str], &str, &str); 5] = [
        (&["topicStatus", "-t", "topictest"], "there is no topic 'topictest'", "did you mean TopicTest?"),
        (&["topicClusterList", "-t", "Topic"], "there is no topic 'Topic'", "did you mean TopicTest?"),
        (
            &["consumerConnection", "-g", "order"],
            "there is no consumer group 'order'",
            "did you mean orders?",
        ),
        (&["brokerStatus", "-c", "c"], "there is no cluster 'c'", "did you mean C?"),
        (
            &["queryMsgByOffset", "-t", "TopicTest", "-b", "aa", "-i", "0", "-o", "0"],
            "topic TopicTest is not on a broker 'aa'",
            "it is on a",
        ),
    ];
    for (words, error, hint) in table {
        let args: Vec<&str> = words.iter().copied().chain(["-n", &ns.addr]).collect();
        let run = env.run(&args).code(1);
        assert!(run.stderr().contains(error) && run.stderr().contains(hint), "{words:?}: {}", run.stderr());
        assert_eq!(run.stdout(), "", "{words:?}");
    }
}

#[test]
fn groups_are_asked_for_side_by_side_and_those_behind_come_first() {
    let stats = |lag: u32| {
        let queue = r#"{"brokerName":"a","queueId":0,"topic":"T"}"#;
        ok(format!(
            r#"{{"consumeTps":1.5,"offsetTable":{{{queue}:{{"brokerOffset":{lag},"consumerOffset":0,"lastTimestamp":0,"pullOffset":0}}}}}}"#
        ))
    };
    let broker = Fake::start()
        .when(208, move |seen| match seen.field("consumerGroup") {
            "far" => stats(50),
            "near" => stats(1),
            _ => Answer::No(1, "broken"),
        })
        .when(203, |seen| match seen.field("consumerGroup") {
            "near" => {
                ok(r#"{"connectionSet":[{"clientAddr":"h:1","clientId":"c","language":"JAVA","version":513}],
                "consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING","subscriptionTable":{}}"#)
            }
            _ => Answer::No(206, "not online"),
        });
    let ns = name_server(&[("a", &broker.addr)], &["%RETRY%near", "%RETRY%far", "%RETRY%bad", "T"]);
    let run = Env::new().run(&["consumerProgress", "-n", &ns.addr, "--output", "json"]).code(3);
    let value: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    let groups: Vec<&str> =
        value["groups"].as_array().unwrap().iter().map(|group| group["group"].as_str().unwrap()).collect();
    assert_eq!(groups, ["far", "near"]);
    assert_eq!(value["groups"][1]["members"], 1);
    assert_eq!(value["groups"][1]["versionName"], "V5_5_0");
    assert_eq!(value["failures"][0]["target"], "group bad");
    assert!(ns.seen(105).is_empty(), "with one broker there is nothing to ask the name server about a group");
    let ns = name_server(&[("a", &broker.addr), ("b", &broker.addr)], &["%RETRY%far", "T"]);
    let run = Env::new().run(&["consumerProgress", "-n", &ns.addr, "--output", "json"]).code(0);
    let value: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!((value["groups"][0]["consumeTps"].as_f64(), ns.seen(105).len()), (Some(3.0), 1));
}

#[test]
fn a_key_that_nobody_has_is_not_found_and_a_broker_that_cannot_say_is_the_cause() {
    let (nothing, bad) =
        (Fake::start().on(12, Answer::No(22, "none")), Fake::start().on(12, Answer::No(1, "no index")));
    let ns = name_server(&[("a", &nothing.addr), ("b", &bad.addr)], &["T"]);
    let run = Env::new().run(&["queryMsgByKey", "-t", "T", "-k", "x", "-n", &ns.addr]).code(1);
    let stderr = run.stderr();
    assert!(stderr.starts_with("error: no message with the key 'x' in topic T"), "{stderr}");
    assert!(stderr.contains("cause: b ") && stderr.contains("no index"), "{stderr}");
    assert_eq!(nothing.seen(12)[0].field("indexType"), "K");
}

#[test]
fn an_answer_that_is_no_json_is_an_error_without_a_trace() {
    let broker = Fake::start().on(202, ok("{{{"));
    let ns = name_server(&[("a", &broker.addr)], &["T"]);
    let run = Env::new().run(&["topicStatus", "-t", "T", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("is not understood"), "{}", run.stderr());
}

#[test]
fn a_silent_broker_is_asked_for_one_of_its_queues_only() {
    let silent = Fake::start().on(30, Answer::Silence).on(31, Answer::Silence);
    let ns = name_server(&[("a", &silent.addr)], &["T"]);
    let run = Env::new().run(&["consumeMessage", "-t", "T", "-n", &ns.addr, "--timeout", "200ms"]).code(4);
    assert!(run.stderr().starts_with("error: cannot read the queue on"), "{}", run.stderr());
    assert_eq!(silent.seen(31).len(), 1);
}

#[test]
fn a_message_is_not_searched_for_where_its_broker_is_silent() {
    let silent = Fake::start().on(33, Answer::Silence).on(12, Answer::Silence);
    let ns = name_server(&[("a", &silent.addr)], &["T"]);
    let port: u32 = silent.addr.rsplit_once(':').unwrap().1.parse().unwrap();
    let id = format!("7F000001{port:08X}{:016X}", 5);
    let run =
        Env::new().run(&["queryMsgById", "-t", "T", "-i", &id, "-n", &ns.addr, "--timeout", "200ms"]).code(4);
    assert!(run.stderr().contains("VIEW_MESSAGE_BY_ID"), "{}", run.stderr());
    assert_eq!((silent.seen(33).len(), silent.seen(12).len()), (1, 0));
}
