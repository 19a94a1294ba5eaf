//! Topics and their queues: what is written to whom, and what is asked of whom.

use super::fake::{Answer, Fake, name_server, ok};
use crate::support::Env;

/// A topic of a broker, ordered and with an attribute.
const ORDERS: &str = r#"{"attributes":{"message.type":"FIFO"},"order":true,"perm":6,"readQueueNums":4,
    "topicFilterType":"SINGLE_TAG","topicName":"T","topicSysFlag":1,"writeQueueNums":3}"#;

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn topics_of_a_file_are_written_in_one_request() {
    let broker = Fake::start().on(351, Answer::No(17, "no topic")).on(18, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &[]);
    let topics =
        file(r#"[{"topicName":"T1","readQueueNums":2,"writeQueueNums":2,"perm":6},{"topicName":"T2"}]"#);
    let path = topics.path().to_str().unwrap();
    let line = ["updateTopicList", "-c", "C", "-f", path, "-n", &ns.addr];
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run"]).collect();
    let run = Env::new().run(&dry).code(0);
    assert!(run.stdout().contains("T2     a       ") && run.stdout().contains("would be created"));
    assert!(broker.seen(18).is_empty());
    let run = Env::new().run(&line).code(0);
    assert!(run.stdout().contains("created"), "{}", run.stdout());
    let body = &broker.seen(18)[0].body;
    assert!(body.contains(r#""topicName":"T1""#) && body.contains(r#""readQueueNums":16"#), "{body}");
    let run = Env::new().run(&["updateTopicList", "-b", &broker.addr, "-f", "no-such-file"]).code(1);
    assert!(run.stderr().contains("cannot read no-such-file"), "{}", run.stderr());
    let empty = file("[]");
    let path = empty.path().to_str().unwrap();
    let _ = Env::new().run(&["updateTopicList", "-b", &broker.addr, "-f", path]).code(2);
}

#[test]
fn a_permission_is_changed_and_nothing_else() {
    let broker = Fake::start().on(351, ok(ORDERS)).on(17, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &["T"]);
    let line = ["updateTopicPerm", "-c", "C", "-t", "T", "-p", "4", "-n", &ns.addr];
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run"]).collect();
    let run = Env::new().run(&dry).code(0);
    assert!(run.stdout().contains("would be updated  perm 6 -> 4"), "{}", run.stdout());
    assert!(broker.seen(17).is_empty());
    let _ = Env::new().run(&line).code(0);
    let sent = &broker.seen(17)[0];
    let fields = ["perm", "readQueueNums", "writeQueueNums", "order", "topicSysFlag", "attributes"];
    assert_eq!(fields.map(|name| sent.field(name)), ["4", "4", "3", "true", "1", ""]);
    let same =
        ["updateTopicPerm", "-b", &broker.addr, "-t", "T", "-p", "6", "-n", &ns.addr, "--output", "classic"];
    let run = Env::new().run(&same).code(0);
    assert_eq!(run.stdout(), "new perm equals to the old one!\n");
    assert_eq!(broker.seen(17).len(), 1);
}

#[test]
fn a_permission_is_not_changed_where_the_topic_is_not() {
    let broker = Fake::start().on(351, ok(ORDERS)).on(17, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &["Orders"]);
    let run =
        Env::new().run(&["updateTopicPerm", "-b", "h:1", "-t", "Orders", "-p", "4", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("h:1 is not a master of topic Orders"), "{}", run.stderr());
    assert!(run.stderr().contains(&format!("the topic is on {}", broker.addr)), "{}", run.stderr());
    let run =
        Env::new().run(&["updateTopicPerm", "-c", "C", "-t", "Order", "-p", "4", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("did you mean Orders?"), "{}", run.stderr());
    assert!(broker.seen(17).is_empty());
}

#[test]
fn an_order_of_queues_is_put_shown_and_deleted() {
    let ns = name_server(&[], &[]).on(102, ok(""));
    let line = ["updateOrderConf", "-t", "T", "-m", "put", "-v", "a:4;b:2", "-n", &ns.addr];
    let run = Env::new().run(&[&line[..], &["--output", "classic"]].concat()).code(0);
    assert_eq!(run.stdout(), "update orderConf success. topic=[T], orderConf=[a:4;b:2]");
    let sent = &ns.seen(100)[0];
    assert_eq!(
        ["namespace", "key", "value"].map(|name| sent.field(name)),
        ["ORDER_TOPIC_CONFIG", "T", "a:4;b:2"]
    );
    for method in ["get", "delete"] {
        let run =
            Env::new().run(&["updateOrderConf", "-t", "T", "-m", method, "-n", &ns.addr, "--yes"]).code(1);
        assert!(run.stderr().contains("topic T has no order of queues"), "{}", run.stderr());
    }
    let ns = ns.on(101, Answer::Ok(vec![("value", "a:4;b:2".to_owned())], String::new()));
    let run = Env::new().run(&["updateOrderConf", "-t", "T", "-m", "get", "-n", &ns.addr]).code(0);
    assert_eq!(run.stdout(), "BROKER  QUEUES\na            4\nb            2\n");
    let _ = Env::new().run(&["updateOrderConf", "-t", "T", "-m", "delete", "-n", &ns.addr]).code(2);
    assert!(ns.seen(102).is_empty());
    let _ = Env::new().run(&["updateOrderConf", "-t", "T", "-m", "delete", "-n", &ns.addr, "--yes"]).code(0);
    assert_eq!(ns.seen(102)[0].field("key"), "T");
    for line in [&["-m", "put"][..], &["-m", "nope"], &["-m", "put", "-v", "a"]] {
        let _ = Env::new().run(&[&["updateOrderConf", "-t", "T", "-n", &ns.addr], line].concat()).code(2);
    }
}

#[test]
fn queues_are_split_among_consumers() {
    let ns = name_server(&[("a", "127.0.0.1:1")], &["T"]);
    let run = Env::new().run(&["allocateMQ", "-t", "T", "-i", "x,y,z", "-n", &ns.addr]).code(0);
    let want = "CONSUMER  BROKER  QUEUES  COUNT\nx         a       0           1\n\
                y         a       1           1\nz                 none        0\n";
    assert_eq!(run.stdout(), want);
    let _ = Env::new().run(&["allocateMQ", "-t", "T", "-i", "x,,z", "-n", &ns.addr]).code(2);
    let _ = Env::new().run(&["allocateMQ", "-t", "NoSuch", "-i", "x", "-n", &ns.addr]).code(1);
}

#[test]
fn entries_of_a_queue_are_asked_of_every_master_that_has_it() {
    let body = r#"{"maxQueueIndex":48,"minQueueIndex":0,"queueData":[
        {"eval":false,"physicOffset":35212371,"physicSize":306,"tagsCode":2598919}]}"#;
    let (good, bad) =
        (Fake::start().on(321, ok(body)), Fake::start().on(321, Answer::No(1, "no such queue")));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &["T"]);
    let line = ["queryCq", "-t", "T", "-q", "1", "-i", "7", "-c", "3", "-g", "g", "-n", &ns.addr];
    let run = Env::new().run(&line).code(3);
    assert!(run.stdout().contains("a           7    35212371   306    2598919"), "{}", run.stdout());
    assert!(run.stderr().contains("no such queue"), "{}", run.stderr());
    let sent = &good.seen(321)[0];
    let fields = ["topic", "queueId", "index", "count", "consumerGroup"];
    assert_eq!(fields.map(|name| sent.field(name)), ["T", "1", "7", "3", "g"]);
    let run = Env::new().run(&["queryCq", "-t", "T", "-q", "2", "-i", "0", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("topic T has no queue 2"), "{}", run.stderr());
}

#[test]
fn checks_of_rocksdb_are_begun_on_the_masters_of_the_cluster() {
    let good = Fake::start().on(354, ok(r#"{"checkStatus":2}"#));
    let bad = Fake::start().on(354, ok(r#"{"checkResult":"no RocksDB","checkStatus":3}"#));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &["T"]);
    let line =
        ["checkRocksdbCqWriteProgress", "-c", "C", "-t", "T", "-cf", "12", "-nameserverAddr", &ns.addr];
    let run = Env::new().run(&line).code(3);
    assert!(run.stdout().contains("no RocksDB"), "{}", run.stdout());
    assert_eq!(["topic", "checkStoreTime"].map(|name| good.seen(354)[0].field(name).to_owned()), ["T", "12"]);
    let run = Env::new().run(&["checkRocksdbCqWriteProgress", "-c", "D", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("there is no cluster 'D'"), "{}", run.stderr());
}

/// A broker of topics with messages of group g on T.
fn counting() -> Fake {
    let queue = r#"{"brokerName":"a","queueId":0,"topic":"T"}"#;
    let stats = format!(
        r#"{{"consumeTps":0.0,"offsetTable":{{{queue}:{{"brokerOffset":9,"consumerOffset":3,"lastTimestamp":0,"pullOffset":3}}}}}}"#
    );
    let day = |sum: i64| {
        format!(
            r#"{{"statsDay":{{"avgpt":0.0,"sum":{sum},"tps":0.0}},"statsHour":{{"avgpt":0.0,"sum":0,"tps":0.0}},"statsMinute":{{"avgpt":0.0,"sum":0,"tps":0.5}}}}"#
        )
    };
    Fake::start()
        .when(300, |seen| {
            ok(if seen.field("topic") == "T" { r#"{"groupList":["g"]}"# } else { r#"{"groupList":[]}"# })
        })
        .when(315, move |seen| match seen.field("statsKey") {
            "T" => ok(day(12)),
            "T@g" => ok(day(7)),
            _ => Answer::No(1, "The stats not exist"),
        })
        .on(208, ok(stats))
}

#[test]
fn rates_are_those_of_all_brokers_and_what_is_not_counted_is_nothing() {
    let broker = counting();
    let ns = name_server(&[("a", &broker.addr)], &["T", "U", "%RETRY%g"]);
    let run = Env::new().run(&["statsAll", "-n", &ns.addr, "--output", "csv"]).code(0);
    assert_eq!(
        run.stdout(),
        "TOPIC,GROUP,BEHIND,IN TPS,OUT TPS,IN,OUT\nT,g,6,0.50,0.50,12,7\nU,-,0,0.00,-,0,-\n"
    );
    let run = Env::new().run(&["statsAll", "-a", "-n", &ns.addr, "--output", "csv", "--no-header"]).code(0);
    assert_eq!(run.stdout(), "T,g,6,0.50,0.50,12,7\n");
    let run = Env::new().run(&["statsAll", "-t", "V", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("there is no topic 'V'"), "{}", run.stderr());
    let silent = Fake::start().on(300, Answer::No(1, "busy")).on(315, Answer::No(1, "busy"));
    let ns = name_server(&[("a", &broker.addr), ("b", &silent.addr)], &["T"]);
    let run = Env::new().run(&["statsAll", "-n", &ns.addr]).code(3);
    assert!(run.stderr().contains("topic T on b") && run.stdout().contains("12"), "{}", run.stderr());
}

#[test]
fn answers_of_brokers_are_timed_round_by_round() {
    let sent = || {
        let fields = [("msgId", "00"), ("queueId", "0"), ("queueOffset", "1")];
        Answer::Ok(fields.map(|(name, value)| (name, value.to_owned())).to_vec(), String::new())
    };
    let broker = Fake::start().on(310, sent()).on(10, sent()).on(34, ok("")).on(35, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &["a"]);
    let line = ["clusterRT", "-a", "3", "-i", "0", "--count", "2", "-n", &ns.addr];
    let run = Env::new().run(&[&line[..], &["--output", "json"]].concat()).code(0);
    let rounds: Vec<serde_json::Value> =
        run.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rounds.len(), 2);
    assert_eq!(rounds[1]["brokers"][0]["successCount"], 3, "{}", rounds[1]);
    assert_eq!(broker.seen(310).len(), 6);
    assert_eq!(broker.seen(310)[0].body.len(), 128);
    let run =
        Env::new().run(&[&line[..], &["--output", "classic", "-p", "true", "-m", "r1"]].concat()).code(0);
    assert!(run.stdout().lines().all(|line| line.contains("|r1|C|a|")), "{}", run.stdout());
    let seen = broker.seen(310).len();
    let run = Env::new().run(&[&line[..], &["--dry-run"]].concat()).code(0);
    assert!(run.stderr().contains("3 messages of 128 bytes would be sent"), "{}", run.stderr());
    assert_eq!(broker.seen(310).len(), seen);
    let mute = Fake::start().on(310, Answer::No(1, "full")).on(34, ok("")).on(35, ok(""));
    let ns = name_server(&[("a", &mute.addr)], &["a"]);
    let run = Env::new().run(&["clusterRT", "-a", "30", "--count", "1", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("full"), "{}", run.stderr());
    let run = Env::new().run(&["clusterRT", "-c", "D", "-n", &ns.addr]).code(1);
    assert!(run.stderr().contains("there is no cluster 'D'"), "{}", run.stderr());
}
