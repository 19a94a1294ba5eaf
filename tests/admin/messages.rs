//! Commands about messages: printed, traced, sent on trial.

use super::fake::{Answer, Fake, name_server, ok};
use crate::support::Env;
use serde_json::Value;

/// A broker whose queues hold 3 messages each, of which nothing can be pulled but a refusal.
fn broker_with_queues() -> Fake {
    let offset = |offset: &str| Answer::Ok(vec![("offset", offset.to_owned())], String::new());
    Fake::start().on(30, offset("3")).on(31, offset("0")).on(29, offset("2"))
}

/// An answer to a pull without messages: the queue goes on at `next`.
fn pulled(next: i64) -> Vec<(&'static str, String)> {
    let number = |value: i64| value.to_string();
    vec![
        ("suggestWhichBrokerId", number(0)),
        ("nextBeginOffset", number(next)),
        ("minOffset", number(0)),
        ("maxOffset", number(3)),
    ]
}

#[test]
fn a_queue_that_cannot_be_read_is_told_and_the_others_are_read() {
    let broker = broker_with_queues().when(11, |seen| match seen.field("queueId") {
        "0" => Answer::No(1, "broken"),
        _ => Answer::Ok(pulled(3), String::new()),
    });
    let ns = name_server(&[("a", &broker.addr)], &["T"]);
    let line = ["printMsg", "-t", "T", "-s", "TagA", "-n", &ns.addr, "--output", "classic"];
    let run = Env::new().run(&line).code(3);
    assert!(
        run.stdout().contains("minOffset=0, maxOffset=3, MessageQueue [topic=T, brokerName=a, queueId=1]")
    );
    assert!(run.stderr().contains("queue 0 of a") && run.stderr().contains("broken"), "{}", run.stderr());
    assert_eq!(broker.seen(11)[0].field("subscription"), "TagA");
}

#[test]
fn times_bound_what_is_read_and_a_broker_that_goes_in_circles_does_not_keep_us() {
    let broker = broker_with_queues().on(11, Answer::Ok(pulled(2), String::new()));
    let ns = name_server(&[("a", &broker.addr)], &["T"]);
    let line = ["printMsgByQueue", "-t", "T", "-a", "a", "-i", "1", "-b", "1000", "-n", &ns.addr];
    let run = Env::new().run(&line).code(0);
    assert!(run.stderr().contains("0 messages"), "{}", run.stderr());
    assert_eq!(broker.seen(29)[0].field("timestamp"), "1000");
    assert_eq!((broker.seen(11).len(), broker.seen(11)[0].field("queueOffset")), (1, "2"));
    let unknown = ["printMsgByQueue", "-t", "T", "-a", "b", "-i", "1", "-n", &ns.addr];
    let run = Env::new().run(&unknown).code(1);
    assert!(run.stderr().contains("topic T is not on a broker 'b'"), "{}", run.stderr());
    let late = ["printMsg", "-t", "T", "-b", "5", "-e", "4", "-n", &ns.addr];
    let _ = Env::new().run(&late).code(2);
}

#[test]
fn a_message_without_a_trace_is_not_found() {
    let broker = Fake::start().on(12, Answer::No(22, "none"));
    let ns = name_server(&[("a", &broker.addr)], &["RMQ_SYS_TRACE_TOPIC"]);
    let run = Env::new().run(&["queryMsgTraceById", "-i", "X", "-n", &ns.addr]).code(1);
    assert!(run.stderr().starts_with("error: no trace of a message with the id X"), "{}", run.stderr());
    let sent = &broker.seen(12)[0];
    assert_eq!(["topic", "key", "indexType"].map(|name| sent.field(name)), ["RMQ_SYS_TRACE_TOPIC", "X", "K"]);
}

#[test]
fn messages_are_sent_in_turn_and_what_fails_is_told() {
    let reply = |queue: &str| {
        let fields = vec![
            ("msgId", "7F00000100002A9F0000000000000001".to_owned()),
            ("queueId", queue.to_owned()),
            ("queueOffset", "5".to_owned()),
        ];
        Answer::Ok(fields, String::new())
    };
    let broker = Fake::start().on(34, ok("")).on(35, ok("")).when(310, move |seen| match seen.field("e") {
        "0" => reply("0"),
        _ => Answer::No(13, "too much"),
    });
    let ns = name_server(&[("a", &broker.addr)], &["T", "a"]);
    let line = ["checkMsgSendRT", "-t", "T", "-a", "3", "-s", "4", "-n", &ns.addr];
    let run = Env::new().run(&[&line[..], &["--output", "json"]].concat()).code(3);
    let shown: Value = serde_json::from_str(&run.stdout()).unwrap();
    let queues: Vec<i64> =
        shown["messages"].as_array().unwrap().iter().map(|sent| sent["queueId"].as_i64().unwrap()).collect();
    assert_eq!(queues, [0, 1, 0]);
    assert_eq!(shown["failures"][0]["target"], "message 2");
    assert_eq!(broker.seen(310)[0].body, "aaaa");
    let before = broker.seen(310).len();
    let _ = Env::new().run(&[&line[..], &["--dry-run"]].concat()).code(0);
    assert_eq!(broker.seen(310).len(), before);
}

#[test]
fn test_messages_go_to_brokers_that_are_there_only() {
    let broker = Fake::start().on(34, ok("")).on(35, ok("")).on(310, Answer::No(14, "not now"));
    let ns = name_server(&[("a", &broker.addr)], &["a"]);
    let run = Env::new().run(&["sendMsgStatus", "-b", "aa", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("there is no broker 'aa'"), "{}", run.stderr());
    assert!(broker.seen(310).is_empty());
    let run = Env::new().run(&["sendMsgStatus", "-b", "a", "-c", "2", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("not now"), "{}", run.stderr());
}

#[test]
fn a_compaction_log_is_read_and_left_as_it_is() {
    let env = Env::new();
    let run = env.run(&["dumpCompactionLog"]).code(2);
    assert!(run.stderr().contains("miss dump log file name"), "{}", run.stderr());
    let run = env.run(&["dumpCompactionLog", "-f", "nope"]).code(2);
    assert!(run.stderr().starts_with("error: cannot read nope"), "{}", run.stderr());
    let _ = env.run(&["dumpCompactionLog", "-f", "."]).code(2);
    let file = env.home().join("log");
    std::fs::write(&file, [0xff; 64]).unwrap();
    let run = env.run(&["dumpCompactionLog", "-f", "log"]).code(1);
    assert!(run.stderr().contains("does not begin with a message"), "{}", run.stderr());
    std::fs::write(&file, [0; 64]).unwrap();
    let run = env.run(&["dumpCompactionLog", "-f", "log", "--output", "classic"]).code(0);
    assert_eq!(run.stdout(), "");
    assert_eq!(std::fs::read(&file).unwrap(), [0; 64]);
}

#[test]
fn brokers_are_told_of_a_producer_once() {
    let receipt = ["msgId", "queueId", "queueOffset"].map(|name| (name, "0".to_owned()));
    let broker =
        Fake::start().on(34, ok("")).on(35, ok("")).on(310, Answer::Ok(receipt.to_vec(), String::new()));
    let ns = name_server(&[("a", &broker.addr)], &["TBW102"]);
    let _ = Env::new().run(&["produce", "Fresh", "--count", "9", "-n", &ns.addr]).code(0);
    assert_eq!(broker.seen(310).len(), 9);
    assert_eq!(broker.seen(34).len(), 1, "heartbeats");
}
