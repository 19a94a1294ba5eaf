//! `rmq produce`.

use super::cluster::Cluster;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn the_quickstart_sends_hello_to_a_topic_that_it_creates() {
    let cluster = Cluster::start().await;
    let run = cluster.run(&["produce", "--count", "5", "--output", "classic"]).await.code(0);
    let stdout = run.stdout();
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{stdout}");
    for line in lines {
        assert!(line.starts_with("SendResult [sendStatus=SEND_OK, msgId="), "{line}");
        assert!(line.contains("MessageQueue [topic=TopicTest, brokerName=broker-a, queueId="), "{line}");
    }
    let stderr = run.stderr();
    assert!(stderr.starts_with("sent 5 messages in ") && stderr.contains("latency: p50 "), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_form_tells_where_a_message_went() {
    let cluster = Cluster::start().await;
    let run = cluster.run(&["produce", "T", "--body", "x", "--queue", "2", "--output", "json"]).await.code(0);
    let row: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!((&row["topic"], &row["queueId"], &row["queueOffset"]), (&"T".into(), &2.into(), &0.into()));
    let format = "%t %b %q %o %k %g %v %p{p}|\\n";
    let args = ["--key", "k{i}", "--tag", "g", "--property", "p=1", "--queue", "2", "--format", format];
    let run = cluster.run(&[&["produce", "T", "--count", "2"], &args[..]].concat()).await.code(0);
    assert_eq!(
        run.stdout(),
        "T broker-a 2 1 k0 g Hello RocketMQ 0 1|\nT broker-a 2 2 k1 g Hello RocketMQ 1 1|\n"
    );
    let run = cluster.run(&["produce", "T", "--body", "x", "--output", "csv", "--columns", "status"]).await;
    assert_eq!(run.code(0).stdout(), "STATUS\nSEND_OK\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_standard_input_are_messages() {
    let cluster = Cluster::start().await;
    let run = cluster.run_with(&["produce", "T", "-", "--format", "%v;"], "a\n\nb \nc").await.code(0);
    assert_eq!(run.stdout(), "a;b ;c;");
    assert!(run.stderr().contains("1 empty line left out"), "{}", run.stderr());
    let args = ["produce", "T", "--file", "-", "--batch", "2", "--queue", "0", "--format", "%o %v;"];
    let run = cluster.run_with(&args, "d\ne\nf").await.code(0);
    assert!(run.stdout().contains(" d;") && run.stdout().matches(';').count() == 3, "{}", run.stdout());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_arrive_once_each() {
    let cluster = Cluster::start().await;
    let args =
        ["produce", "T", "--count", "500", "--concurrency", "32", "--size", "5k", "--format", "%i %q %o\\n"];
    let run = cluster.run(&args).await.code(0);
    let places: BTreeSet<String> =
        run.stdout().lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect();
    let ids: BTreeSet<String> = run.stdout().lines().map(|line| line[..32].to_owned()).collect();
    assert_eq!((places.len(), ids.len()), (500, 500));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_said_with_its_exit_code() {
    let cluster = Cluster::start().await;
    cluster.run(&["produce", "T", "--body", "x"]).await.code(0).stdout();
    let table: [(&[&str], i32, &str); 7] = [
        (&["T", "--body", "x", "--queue", "99"], 1, "has no queue 99"),
        (&["T", "--body", ""], 2, "its body is empty"),
        (&["bad topic", "--body", "x"], 2, "names are of letters"),
        (&["T", "--format", "%z"], 2, "%z stands for nothing"),
        (&["T", "--body", "x", "--size", "4"], 2, "cannot be given together"),
        (&["T", "--body", "x", "-n", "127.0.0.1:1"], 4, "127.0.0.1:1 does not answer"),
        (&["T", "--file", "/no/such/file"], 2, "/no/such/file"),
    ];
    for (args, code, text) in table {
        let run = cluster.run(&[&["produce"], args].concat()).await.code(code);
        assert!(run.stderr().contains(text), "{args:?}: {}", run.stderr());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_classes_of_the_quickstart_do_the_same() {
    let cluster = Cluster::start().await;
    let class = |name: &str| format!("org.apache.rocketmq.example.quickstart.{name}");
    let run = cluster.run(&["tools", &class("Producer"), "--count", "3"]).await.code(0);
    assert_eq!(run.stdout().matches("SendResult [sendStatus=SEND_OK").count(), 3);
    let run = cluster.run(&["tools", &class("Consumer"), "--count", "3"]).await.code(0);
    let start =
        "ConsumeMessageThread_please_rename_unique_group_name_4_1 Receive New Messages: [MessageExt [";
    for line in run.stdout().lines() {
        assert!(line.starts_with(start) && line.ends_with("transactionId='null'}]] "), "{line}");
    }
    assert_eq!(run.stdout().lines().count(), 3);
}
