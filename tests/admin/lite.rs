//! Commands about lite topics.

use super::fake::{Answer, Fake, name_server, ok};
use crate::support::{Env, Run};
use serde_json::Value;

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout()).unwrap()
}

#[test]
fn a_parent_that_one_broker_of_two_does_not_know_is_shown_with_the_reason() {
    let good = Fake::start()
        .on(200_075, ok(r#"{"groups":["g"],"liteTopicCount":3,"lmqNum":4,"topic":"P","ttl":60}"#));
    let bad = Fake::start().on(200_075, Answer::No(29, "Topic [P] type not match."));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &["P"]);
    let run = Env::new().run(&["getParentTopicInfo", "-p", "P", "-n", &ns.addr, "--output", "json"]).code(3);
    let shown = json(&run);
    assert_eq!(shown["brokers"][0]["liteTopicCount"], 3);
    assert_eq!(shown["brokers"][0]["groups"][0], "g");
    assert_eq!(shown["failures"][0]["code"], 29);
    assert_eq!(good.seen(200_075)[0].field("topic"), "P");
    let ns = name_server(&[("b", &bad.addr)], &["P"]);
    let run = Env::new().run(&["getParentTopicInfo", "-p", "P", "-n", &ns.addr]).code(1);
    assert!(
        run.stderr().contains("type not match") && run.stderr().contains("message.type=LITE"),
        "{}",
        run.stderr()
    );
}

#[test]
fn a_lite_topic_is_asked_for_by_both_its_names() {
    let broker = Fake::start().on(
        200_076,
        ok(r#"{"liteTopic":"l","parentTopic":"P","shardingToBroker":true,"subscriber":[{"clientId":"c","group":"g"}],
            "topicOffset":{"lastUpdateTimestamp":0,"maxOffset":10,"minOffset":4}}"#),
    );
    let ns = name_server(&[("a", &broker.addr)], &["P"]);
    let run = Env::new().run(&["getLiteTopicInfo", "-p", "P", "-l", "l", "-s", "-n", &ns.addr]).code(0);
    assert!(run.stdout().contains("c@g"), "{}", run.stdout());
    let seen = &broker.seen(200_076)[0];
    assert_eq!((seen.field("parentTopic"), seen.field("liteTopic")), ("P", "l"));
    let run = Env::new().run(&["getLiteTopicInfo", "-p", "P", "-l", "l", "-n", &ns.addr, "--output", "json"]);
    let shown = json(&run.code(0));
    assert_eq!((&shown["queue"], &shown["brokers"][0]["messages"]), (&"%LMQ%$P$l".into(), &6.into()));
}

#[test]
fn a_client_and_a_group_are_asked_for_with_mqadmins_limits() {
    let broker = Fake::start()
        .on(200_077, ok(r#"{"lastAccessTime":-1,"lastConsumeTime":0,"liteTopicCount":-1}"#))
        .on(200_078, ok(r#"{"earliestUnconsumedTimestamp":-1,"lagCountTopK":[],"totalLagCount":0}"#));
    let ns = name_server(&[("a", &broker.addr)], &["P"]);
    let line = ["getLiteClientInfo", "-p", "P", "-g", "g", "-c", "id", "-n", &ns.addr, "--output", "json"];
    assert_eq!(json(&Env::new().run(&line).code(0))["brokers"][0]["liteTopicCount"], Value::Null);
    let seen = &broker.seen(200_077)[0];
    let fields = ["parentTopic", "group", "clientId", "maxCount"].map(|name| seen.field(name));
    assert_eq!(fields, ["P", "g", "id", "1000"]);
    let line = ["getLiteGroupInfo", "-p", "P", "-g", "g", "-n", &ns.addr, "--output", "json"];
    assert_eq!(json(&Env::new().run(&line).code(0))["earliestUnconsumedTimestamp"], Value::Null);
    assert_eq!(broker.seen(200_078)[0].field("topK"), "20");
}

#[test]
fn dispatch_goes_to_the_broker_that_is_named_and_in_a_dry_run_to_none() {
    let (a, b) =
        (Fake::start().on(200_079, ok("")), Fake::start().on(200_079, Answer::No(29, "not a LITE group")));
    let ns = name_server(&[("a", &a.addr), ("b", &b.addr)], &["P"]);
    let line = |more: &[&'static str]| {
        let all = ["triggerLiteDispatch", "-p", "P", "-g", "g", "-n"].into_iter().map(str::to_owned);
        all.chain([ns.addr.clone()]).chain(more.iter().map(|word| (*word).to_owned())).collect::<Vec<_>>()
    };
    let run = |more: &[&'static str]| {
        let line = line(more);
        Env::new().run(&line.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert!(run(&["--dry-run"]).code(0).stdout().contains("would be dispatched"));
    assert!(a.seen(200_079).is_empty() && b.seen(200_079).is_empty());
    let _ = run(&["-b", "a", "-c", "id"]).code(0);
    assert_eq!((a.seen(200_079)[0].field("clientId"), b.seen(200_079).len()), ("id", 0));
    let both = run(&[]).code(3);
    assert!(both.stderr().contains("not a LITE group"), "{}", both.stderr());
    let none = run(&["-b", "c"]).code(1);
    assert!(none.stderr().contains("it is on a, b"), "{}", none.stderr());
}

#[test]
fn a_broker_that_is_old_is_named_beside_the_others() {
    let good =
        Fake::start().on(200_074, ok(r#"{"storeType":"default","topicMeta":{"P":60},"groupMeta":null}"#));
    let old = Fake::start();
    let ns = name_server(&[("a", &good.addr), ("b", &old.addr)], &[]);
    let run = Env::new().run(&["getBrokerLiteInfo", "-c", "C", "-n", &ns.addr, "--output", "json"]).code(3);
    let shown = json(&run);
    assert_eq!(shown["brokers"][0]["parents"][0]["ttlMinutes"], 60);
    assert_eq!(shown["failures"][0]["code"], 3);
}
