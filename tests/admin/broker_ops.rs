//! Upkeep of brokers, containers, replication, controllers and cold data.

use super::fake::{Answer, Fake, name_server, ok};
use crate::support::Env;

/// The line with the name server behind it.
fn at<'a>(line: &[&'a str], ns: &'a Fake) -> Vec<&'a str> {
    line.iter().copied().chain(["-n", &ns.addr]).collect()
}

#[test]
fn cleaning_up_everywhere_asks_first_and_tells_who_did_not() {
    for (command, code) in
        [("cleanExpiredCQ", 306), ("deleteExpiredCommitLog", 329), ("cleanUnusedTopic", 316)]
    {
        let good = Fake::start().on(code, ok(""));
        let bad = Fake::start().on(code, Answer::No(1, "disk is gone"));
        let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &[]);
        let run = Env::new().run(&at(&[command], &ns)).code(2);
        assert!(run.stderr().contains("2 brokers of all clusters?"), "{}", run.stderr());
        let run = Env::new().run(&at(&[command, "--dry-run"], &ns)).code(0);
        assert_eq!(run.stdout().matches("would be").count(), 2, "{}", run.stdout());
        assert!(good.seen(code).is_empty() && bad.seen(code).is_empty());
        let run = Env::new().run(&at(&[command, "--yes", "--output", "classic"], &ns)).code(3);
        assert_eq!(run.stdout(), "false", "{command}");
        assert!(run.stderr().contains("disk is gone"), "{}", run.stderr());
        assert_eq!((good.seen(code).len(), bad.seen(code).len()), (1, 1));
        let one = [command, "-b", &good.addr, "--yes", "--output", "classic"];
        assert_eq!(Env::new().run(&one).code(0).stdout(), "success");
        let run = Env::new().run(&at(&[command, "-c", "D", "--yes"], &ns)).code(1);
        assert!(run.stderr().contains("there is no cluster 'D'"), "{}", run.stderr());
    }
}

/// What a slave says of itself.
const SLAVE: &str = r#"{"haClientRuntimeInfo":{"lastReadTimestamp":1,"lastWriteTimestamp":1,"masterAddr":"h:1",
    "masterFlushOffset":7,"maxOffset":9,"transferredByteInSecond":0},"haConnectionInfo":[],"inSyncSlaveNums":0,
    "master":false,"masterCommitLogMaxOffset":0}"#;
/// What a master says that has two slaves.
const MASTER: &str = r#"{"haClientRuntimeInfo":{},"haConnectionInfo":[
    {"addr":"h:2","diff":5,"inSync":false,"slaveAckOffset":-1,"transferFromWhere":-1,"transferredByteInSecond":2048},
    {"addr":"h:1","diff":0,"inSync":true,"slaveAckOffset":9,"transferFromWhere":9,"transferredByteInSecond":0}],
    "inSyncSlaveNums":1,"master":true,"masterCommitLogMaxOffset":9}"#;

#[test]
fn a_flush_offset_is_set_on_a_slave_and_on_no_master() {
    let slave = Fake::start().on(907, ok(SLAVE)).on(908, ok(""));
    let line = ["resetMasterFlushOffset", "-b", &slave.addr, "-o", "5"];
    let run = Env::new().run(&line).code(2);
    assert!(run.stderr().contains("from 7 to 5?"), "{}", run.stderr());
    assert!(slave.seen(908).is_empty());
    let run = Env::new().var("RMQ_ASSUME_YES", "1").run(&line).code(0);
    assert!(run.stdout().contains("masterFlushOffset 7 -> 5"), "{}", run.stdout());
    assert_eq!(slave.seen(908)[0].field("masterFlushOffset"), "5");
    let master = Fake::start().on(907, ok(MASTER)).on(908, ok(""));
    let run = Env::new().run(&["resetMasterFlushOffset", "-b", &master.addr, "-o", "5", "--yes"]).code(1);
    assert!(run.stderr().contains("it is a master"), "{}", run.stderr());
    assert!(master.seen(908).is_empty());
}

#[test]
fn a_timer_is_named_by_its_letter() {
    let good = Fake::start().on(5001, ok(""));
    let bad = Fake::start()
        .on(5001, Answer::No(29, "timerRocksDBEnable must be configured true when broker start"));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &[]);
    let run = Env::new().run(&at(&["switchTimerEngine", "-c", "C", "-e", "R", "--yes"], &ns)).code(3);
    assert!(run.stdout().contains("ROCKSDB_TIMELINE"), "{}", run.stdout());
    assert!(run.stderr().contains("timerRocksDBEnable"), "{}", run.stderr());
    assert_eq!(good.seen(5001)[0].field("E_T"), "R");
    let run = Env::new().run(&["switchTimerEngine", "-b", &bad.addr, "-e", "F"]).code(1);
    assert!(run.stderr().contains("timerRocksDBEnable"), "{}", run.stderr());
    let run = Env::new().run(&["switchTimerEngine", "-b", &good.addr, "-e", "X"]).code(2);
    assert!(run.stderr().starts_with("error: "), "{}", run.stderr());
}

#[test]
fn a_container_is_told_which_broker() {
    let container = Fake::start().on(902, ok("")).on(903, Answer::No(211, "Broker not exist"));
    let run = Env::new().run(&["addBroker", "-c", &container.addr, "-b", "/x.conf"]).code(0);
    assert!(run.stdout().contains("started"), "{}", run.stdout());
    assert_eq!(container.seen(902)[0].field("configPath"), "/x.conf");
    let line = ["removeBroker", "-c", &container.addr, "-b", "C:a:2"];
    let _ = Env::new().run(&line).code(2);
    assert!(container.seen(903).is_empty());
    let yes: Vec<&str> = line.iter().copied().chain(["--yes"]).collect();
    let run = Env::new().run(&yes).code(1);
    assert!(run.stderr().contains("Broker not exist"), "{}", run.stderr());
    let sent = &container.seen(903)[0];
    assert_eq!(["brokerClusterName", "brokerName", "brokerId"].map(|name| sent.field(name)), ["C", "a", "2"]);
    let run = Env::new().run(&["removeBroker", "-c", &container.addr, "-b", "C:a", "--yes"]).code(2);
    assert!(run.stderr().contains("CLUSTER:NAME:ID"), "{}", run.stderr());
    let broker = Fake::start();
    let run = Env::new().run(&["addBroker", "-c", &broker.addr, "-b", "/x.conf"]).code(1);
    assert!(run.stderr().contains("code 3"), "{}", run.stderr());
}

#[test]
fn slaves_that_are_behind_are_told() {
    let master = Fake::start().on(907, ok(MASTER));
    let bad = Fake::start().on(907, Answer::No(1, "no store"));
    let ns = name_server(&[("a", &master.addr), ("b", &bad.addr)], &[]);
    let run = Env::new().run(&at(&["haStatus", "-c", "C", "--output", "json"], &ns)).code(3);
    let value: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    let slaves = value["brokers"][0]["status"]["slaves"].as_array().unwrap();
    assert_eq!(
        slaves.iter().map(|slave| slave["addr"].as_str().unwrap()).collect::<Vec<_>>(),
        ["h:1", "h:2"]
    );
    assert_eq!((&slaves[1]["behind"], &slaves[1]["inSync"]), (&5.into(), &false.into()));
    assert_eq!(value["failures"][0]["target"], "b");
    let slave = Fake::start().on(907, ok(SLAVE));
    let run = Env::new().run(&["haStatus", "-b", &slave.addr]).code(0);
    assert!(run.stdout().contains("slave") && run.stdout().contains("h:1"), "{}", run.stdout());
}

/// A controller that leads, with one set of a master 1 and a replica 2 that is not in sync.
fn controller() -> Fake {
    let replica = |id: u32, alive: bool| {
        format!(r#"{{"alive":{alive},"brokerAddress":"h:{id}","brokerId":{id},"brokerName":"a"}}"#)
    };
    let (one, two) = (replica(1, true), replica(2, false));
    let set = format!(
        r#"{{"inSyncReplicas":[{one}],"masterAddress":"h:1","masterBrokerId":1,"masterEpoch":3,
            "notInSyncReplicas":[{two}],"syncStateSetEpoch":6}}"#
    );
    Fake::start().when(1006, move |seen| {
        let known = if seen.body.contains(r#""a""#) { format!(r#""a":{set}"#) } else { String::new() };
        ok(format!(r#"{{"replicasInfoTable":{{{known}}}}}"#))
    })
}

/// A follower that knows who leads.
fn follower(leader: &Fake) -> Fake {
    let fields = vec![
        ("group", "g".to_owned()),
        ("controllerLeaderId", "n0".to_owned()),
        ("controllerLeaderAddress", leader.addr.clone()),
        ("isLeader", "false".to_owned()),
        ("peers", format!("n0:{};n1:h:9;", leader.addr)),
    ];
    Fake::start().on(1005, Answer::Ok(fields, String::new()))
}

/// An address where nobody is.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn the_leader_is_asked_whichever_controller_says_who_it_is() {
    let leader = controller();
    let other = follower(&leader);
    let controllers = format!("{};{}", nobody(), other.addr);
    let run = Env::new().run(&["getControllerMetaData", "-a", &controllers]).code(0);
    assert!(run.stdout().contains("leader") && run.stdout().contains("follower"), "{}", run.stdout());
    let run = Env::new().run(&["getSyncStateSet", "-a", &controllers, "-b", "a"]).code(0);
    assert!(run.stdout().contains("a        2  h:2      slave   no       no"), "{}", run.stdout());
    assert_eq!(leader.seen(1006)[0].body, r#"["a"]"#);
    let ns = name_server(&[("a", "h:1"), ("b", "h:2")], &[]);
    let line = ["getSyncStateSet", "-a", &other.addr, "-c", "C", "--output", "json"];
    let run = Env::new().run(&at(&line, &ns)).code(0);
    let value: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(value["brokers"][0]["replicas"][0]["inSync"], true);
    let run = Env::new().run(&at(&["getSyncStateSet", "-a", &other.addr, "-b", "aa"], &ns)).code(1);
    assert!(run.stderr().contains("there is no broker 'aa'"), "{}", run.stderr());
    let run = Env::new().run(&at(&["getSyncStateSet", "-a", &other.addr, "-b", "b"], &ns)).code(1);
    assert!(run.stderr().contains("enableControllerMode"), "{}", run.stderr());
    let run = Env::new().run(&["getControllerMetaData", "-a", &nobody()]).code(4);
    assert!(run.stderr().starts_with("error: cannot ask who leads"), "{}", run.stderr());
}

#[test]
fn controllers_without_a_leader_are_told() {
    let fields = vec![("group", "g".to_owned()), ("peers", "n0:h:1;".to_owned())];
    let lost = Fake::start().on(1005, Answer::Ok(fields, String::new()));
    let run = Env::new().run(&["getSyncStateSet", "-a", &lost.addr, "-b", "a"]).code(1);
    assert!(run.stderr().contains("have no leader"), "{}", run.stderr());
    let run = Env::new().run(&["getControllerMetaData", "-a", &lost.addr, "--output", "classic"]).code(0);
    assert!(run.stdout().contains("#ControllerLeaderAddress\tnull"), "{}", run.stdout());
}

#[test]
fn a_master_is_elected_after_a_yes() {
    let fields = vec![
        ("masterAddress", "h:2".to_owned()),
        ("masterBrokerId", "2".to_owned()),
        ("masterEpoch", "4".to_owned()),
        ("syncStateSetEpoch", "7".to_owned()),
    ];
    let body = r#"{"brokerMemberGroup":{"brokerAddrs":{1:"h:1",2:"h:2"},"brokerName":"a","cluster":"C"},
        "syncStateSet":[2]}"#;
    let leader = controller().on(1002, Answer::Ok(fields, body.to_owned()));
    let other = follower(&leader);
    let line = ["electMaster", "-a", &other.addr, "-b", "2", "-bn", "a", "-c", "C"];
    let run = Env::new().run(&line).code(2);
    assert!(run.stderr().contains("the master of a, which is 1 now?"), "{}", run.stderr());
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run"]).collect();
    assert!(Env::new().run(&dry).code(0).stdout().contains("would be master"));
    assert!(leader.seen(1002).is_empty());
    let yes: Vec<&str> = line.iter().copied().chain(["--yes", "--output", "classic"]).collect();
    let run = Env::new().run(&yes).code(0);
    assert!(
        run.stdout().ends_with("#SyncStateSetEpoch\t7\n\t#Broker\t1\th:1\n\t#Broker\t2\th:2\n"),
        "{}",
        run.stdout()
    );
    let sent = &leader.seen(1002)[0];
    let fields = ["clusterName", "brokerName", "brokerId", "designateElect"];
    assert_eq!(fields.map(|name| sent.field(name)), ["C", "a", "2", "true"]);
    let unknown = ["electMaster", "-a", &other.addr, "-b", "9", "-bn", "a", "-c", "C", "--yes"];
    let run = Env::new().run(&unknown).code(1);
    assert!(run.stderr().contains("its replicas are 1, 2"), "{}", run.stderr());
}

#[test]
fn a_refused_election_says_why() {
    let leader = controller().on(1002, Answer::No(2012, "Failed to elect a new master"));
    let other = follower(&leader);
    let run = Env::new()
        .run(&["electMaster", "-a", &other.addr, "-b", "2", "-bn", "a", "-c", "C", "--yes"])
        .code(1);
    assert!(run.stderr().contains("Failed to elect a new master"), "{}", run.stderr());
    assert!(run.stderr().contains("getSyncStateSet"), "{}", run.stderr());
}

#[test]
fn replicas_are_forgotten_by_name() {
    let leader = controller().on(1011, ok(""));
    let other = follower(&leader);
    let run = Env::new().run(&["cleanBrokerMetadata", "-a", &other.addr, "-bn", "a"]).code(2);
    assert!(run.stderr().contains("--clusterName"), "{}", run.stderr());
    let line = ["cleanBrokerMetadata", "-a", &other.addr, "-bn", "a", "-c", "C", "-b", "2"];
    let run = Env::new().run(&line).code(2);
    assert!(run.stderr().contains("forget of broker set a: 2 (h:2)?"), "{}", run.stderr());
    assert!(leader.seen(1011).is_empty());
    let yes: Vec<&str> = line.iter().copied().chain(["--yes"]).collect();
    assert!(Env::new().run(&yes).code(0).stdout().contains("forgotten"));
    let sent = &leader.seen(1011)[0];
    let fields = ["clusterName", "brokerName", "brokerControllerIdsToClean", "isCleanLivingBroker"];
    assert_eq!(fields.map(|name| sent.field(name)), ["C", "a", "2", "false"]);
    let all = ["cleanBrokerMetadata", "-a", &other.addr, "-bn", "a", "-l", "--yes"];
    let _ = Env::new().run(&all).code(0);
    assert_eq!(
        ["brokerControllerIdsToClean", "isCleanLivingBroker"]
            .map(|n| leader.seen(1011)[1].field(n).to_owned()),
        ["", "true"]
    );
    let gone = ["cleanBrokerMetadata", "-a", &other.addr, "-bn", "a", "-c", "C", "-b", "7", "--yes"];
    let run = Env::new().run(&gone).code(1);
    assert!(run.stderr().contains("has no replica 7"), "{}", run.stderr());
    assert_eq!(leader.seen(1011).len(), 2);
}

#[test]
fn a_setting_that_a_controller_drops_is_told() {
    let one = Fake::start().on(1010, ok("listenPort=1\nx=true\n")).on(1009, ok(""));
    let other = Fake::start().on(1010, Answer::No(1, "no"));
    let both = format!("{};{}", one.addr, other.addr);
    let run = Env::new().run(&["getControllerConfig", "-a", &both, "--output", "json"]).code(3);
    let value: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(value["controllers"][0]["config"]["listenPort"], "1");
    assert_eq!(value["failures"][0]["target"], other.addr.as_str());
    let run = Env::new().run(&["updateControllerConfig", "-a", &one.addr, "-k", "x", "-v", "yes"]).code(1);
    assert!(run.stderr().contains("the value is still 'true'"), "{}", run.stderr());
    assert_eq!(one.seen(1009)[0].body, "x=yes\n");
    let run =
        Env::new().run(&["updateControllerConfig", "-a", &one.addr, "-k", "listenPor", "-v", "1"]).code(1);
    assert!(run.stderr().contains("did you mean listenPort?"), "{}", run.stderr());
    let run = Env::new()
        .run(&["updateControllerConfig", "-a", &one.addr, "-k", "x", "-v", "false", "--dry-run"])
        .code(0);
    assert!(run.stdout().contains("would be updated  x true -> false"), "{}", run.stdout());
    assert_eq!(one.seen(1009).len(), 1);
}

#[test]
fn epochs_of_all_replicas_of_a_set_are_shown() {
    let body = r#"{"brokerId":0,"brokerName":"a","clusterName":"C","epochList":[{"endOffset":9223372036854775807,
        "epoch":2,"startOffset":5}],"maxOffset":9}"#;
    let good = Fake::start().on(1007, ok(body));
    let bad = Fake::start().on(1007, Answer::No(1, "this request only for controllerMode "));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &[]);
    let run = Env::new().run(&at(&["getBrokerEpoch", "-c", "C", "--output", "json"], &ns)).code(3);
    let value: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(value["brokers"][0]["epochs"][0]["endOffset"], 9);
    let run = Env::new().run(&at(&["getBrokerEpoch", "-b", "b"], &ns)).code(1);
    assert!(run.stderr().contains("controllerMode"), "{}", run.stderr());
    let run = Env::new().run(&at(&["getBrokerEpoch", "-b", "c"], &ns)).code(1);
    assert!(run.stderr().contains("there is no broker 'c'"), "{}", run.stderr());
}

/// A broker's limits on cold data, of which group G has one.
const LIMITS: &str = r#"{"runtimeTable":{"G":{"coldAcc":4,"createTimeMills":1,"lastColdReadTimeMills":2}},
    "configTable":{"G":7},"cgColdReadThreshold":3,"globalColdReadThreshold":9,"globalAcc":4}"#;

#[test]
fn a_limit_is_read_back() {
    let broker = Fake::start().on(2003, ok(LIMITS)).on(2001, ok("")).on(2002, ok(""));
    let run = Env::new().run(&["getColdDataFlowCtrInfo", "-b", &broker.addr, "--output", "json"]).code(0);
    let value: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(
        value["brokers"][0]["groups"][0],
        serde_json::json!({"group":"G","limit":7,"read":4,"lastRead":2})
    );
    let update = |value: &'static str| {
        ["updateColdDataFlowCtrGroupConfig", "-b", &broker.addr, "-g", "G", "-v", value].map(str::to_owned)
    };
    let line = update("8");
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let run = Env::new().run(&line).code(1);
    assert!(run.stderr().contains("it did not take the limit, which is 7"), "{}", run.stderr());
    assert_eq!(broker.seen(2001)[0].body, "G=8\n");
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run"]).collect();
    assert!(Env::new().run(&dry).code(0).stdout().contains("limit 7 -> 8"));
    assert_eq!(broker.seen(2001).len(), 1);
    let same = update("7");
    let same: Vec<&str> = same.iter().map(String::as_str).collect();
    assert!(Env::new().run(&same).code(0).stdout().contains("unchanged"));
    let run = Env::new().run(&["removeColdDataFlowCtrGroupConfig", "-b", &broker.addr, "-g", "G"]).code(0);
    assert!(run.stdout().contains("deleted  limit 7 -> none"), "{}", run.stdout());
    assert_eq!(broker.seen(2002)[0].body, "G");
    let run = Env::new().run(&["removeColdDataFlowCtrGroupConfig", "-b", &broker.addr, "-g", "H"]).code(1);
    assert!(run.stderr().contains("group H has no limit of its own"), "{}", run.stderr());
    assert_eq!(broker.seen(2002).len(), 1);
}

#[test]
fn reading_ahead_is_set_on_masters_and_slaves() {
    let good = Fake::start().on(2004, ok(""));
    let bad = Fake::start().on(2004, Answer::No(1, "set commitlog readahead mode failed"));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &[]);
    let line = ["setCommitLogReadAheadMode", "-c", "C", "-m", "1"];
    let _ = Env::new().run(&at(&[&line[..], &["--dry-run"]].concat(), &ns)).code(0);
    assert!(good.seen(2004).is_empty());
    let run = Env::new().run(&at(&line, &ns)).code(3);
    assert!(run.stderr().contains("readahead mode failed"), "{}", run.stderr());
    assert_eq!(good.seen(2004)[0].field("READ_AHEAD_MODE"), "1");
    let _ = Env::new().run(&["setCommitLogReadAheadMode", "-b", &good.addr, "-m", "7"]).code(2);
}
