//! Static topics: created, grown and moved on brokers that keep what they are told.

use super::fake::{Answer, Fake, Seen, name_server, ok};
use crate::support::Env;
use parking_lot::Mutex;
use std::sync::Arc;

/// A broker that keeps the static topic it was told last, with 7 messages in each queue.
fn keeper(name: &'static str) -> Fake {
    let kept: Arc<Mutex<Option<String>>> = Arc::default();
    let told = kept.clone();
    let config = |seen: &Seen| {
        let (read, write) = (seen.field("readQueueNums"), seen.field("writeQueueNums"));
        format!(
            r#"{{"attributes":{{}},"mappingDetail":{},"order":false,"perm":6,"readQueueNums":{read},"topicFilterType":"SINGLE_TAG","topicName":"{}","topicSysFlag":0,"writeQueueNums":{write}}}"#,
            seen.body,
            seen.field("topic")
        )
    };
    let held = |queue: i32| {
        format!(
            r#"{{"brokerName":"{name}","queueId":{queue},"topic":"T"}}:{{"lastUpdateTimestamp":1,"maxOffset":7,"minOffset":0}}"#
        )
    };
    let stats = format!(r#"{{"offsetTable":{{{},{}}},"topicPutTps":0.0}}"#, held(0), held(1));
    Fake::start()
        .when(513, move |seen| {
            *told.lock() = Some(config(seen));
            ok("")
        })
        .when(351, move |seen| {
            assert_eq!(seen.field("lo"), "true", "or a broker leaves the mapping out");
            kept.lock().clone().map_or(Answer::No(17, "No topic in this broker."), ok)
        })
        .on(202, ok(stats))
}

#[test]
fn queues_are_created_spread_and_moved() {
    let (a, b) = (keeper("a"), keeper("b"));
    let ns = name_server(&[("a", &a.addr), ("b", &b.addr)], &["T"]);
    let temporary = tempfile::tempdir().unwrap();
    let run = |words: &[&str], code: i32| {
        let line: Vec<&str> = words.iter().copied().chain(["-n", &ns.addr]).collect();
        Env::new().var("TMPDIR", temporary.path().to_str().unwrap()).run(&line).code(code)
    };
    let dry = run(&["updateStaticTopic", "-c", "C", "-t", "T", "-qn", "4", "--dry-run"], 0);
    assert!(dry.stdout().contains("would be created"), "{}", dry.stdout());
    assert!(a.seen(513).is_empty());
    let made = run(&["updateStaticTopic", "-c", "C", "-t", "T", "-qn", "4", "--output", "classic"], 0);
    let made = made.stdout();
    let lines: Vec<&str> = made.lines().collect();
    assert!(
        lines[0].starts_with("The old mapping data is written to file ") && lines[0].ends_with(".before")
    );
    assert!(lines[1].starts_with("The new mapping data is written to file ") && lines[1].ends_with(".after"));
    let sent = &b.seen(513)[0];
    assert_eq!([sent.field("readQueueNums"), sent.field("force")], ["2", "false"]);
    assert!(sent.body.contains(r#""hostedQueues":{1:[{"bname":"b""#), "{}", sent.body);
    let again = run(&["updateStaticTopic", "-c", "C", "-t", "T", "-qn", "4"], 1);
    assert!(again.stderr().contains("has 4 queues already"), "{}", again.stderr());

    let asked = run(&["remappingStaticTopic", "-b", "a", "-t", "T"], 2);
    assert!(asked.stderr().contains("Move 2 queues of topic T?"), "{}", asked.stderr());
    let moved = run(&["remappingStaticTopic", "-b", "a", "-t", "T", "--yes"], 0);
    assert_eq!(moved.stdout().matches("moved from b").count(), 2, "{}", moved.stdout());
    assert_eq!(moved.stdout().matches(" 10000  ").count(), 2, "{}", moved.stdout());
    // First to take the queues, then with the offset to begin at.
    let to: Vec<bool> =
        a.seen(513)[1..].iter().map(|seen| seen.body.contains(r#""logicOffset":-1"#)).collect();
    assert_eq!((to, b.seen(513).len(), b.seen(202).len()), (vec![true, false], 2, 1));
    let still =
        run(&["remappingStaticTopic", "-b", "a", "-t", "T", "--yes", "--output", "csv", "--no-header"], 0);
    assert_eq!(still.stdout().matches("unchanged").count(), 4, "{}", still.stdout());
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_written() {
    let (a, b) = (keeper("a"), Fake::start().on(351, Answer::No(16, "no permission")));
    let ns = name_server(&[("a", &a.addr), ("b", &b.addr)], &["Orders"]);
    let run = |words: &[&str], code: i32| {
        let line: Vec<&str> = words.iter().copied().chain(["-n", &ns.addr, "--yes"]).collect();
        Env::new().run(&line).code(code)
    };
    let table: [(&[&str], i32, &str); 5] = [
        (&["updateStaticTopic", "-b", "c", "-t", "T", "-qn", "4"], 1, "there is no broker 'c'"),
        (&["updateStaticTopic", "-c", "D", "-t", "T", "-qn", "4"], 1, "there is no cluster 'D'"),
        (&["updateStaticTopic", "-b", "a", "-t", "T", "-qn", "4"], 1, "no permission"),
        (&["updateStaticTopic", "-b", "a", "-t", "T", "-qn", "0"], 2, "0 is not in"),
        (&["updateStaticTopic", "-b", "a", "-t", "T", "-qn", "4", "-mf", "no-such-file"], 1, "cannot read"),
    ];
    for (line, code, why) in table {
        let run = run(line, code);
        assert!(run.stderr().contains(why), "{line:?}: {}", run.stderr());
    }
    let lone = name_server(&[("a", &a.addr)], &["Orders"]);
    let run = Env::new()
        .run(&["remappingStaticTopic", "-b", "a", "-t", "Order", "-n", &lone.addr, "--yes"])
        .code(1);
    assert!(run.stderr().contains("did you mean Orders?"), "{}", run.stderr());
    assert!(a.seen(513).is_empty());
}
