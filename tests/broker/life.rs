//! Leaving and coming back.

use super::node::{Node, bodies, held, pull_header};

#[tokio::test]
async fn a_held_pull_is_answered_when_the_broker_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    client.send("T", "x").await;
    client.wait_for("G", "T", 0).await;
    let broker = node.broker.clone();
    let stop = async {
        while broker.holds.is_empty() {
            tokio::task::yield_now().await;
        }
        node.stop().await;
    };
    let ((code, header, _), ()) = tokio::join!(client.pull(held(pull_header("G", "T", 1))), stop);
    assert_eq!((code, header.next_begin_offset), (19, 1));
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    for body in ["0", "1", "2"] {
        client.send("T", body).await;
    }
    client.wait_for("G", "T", 2).await;
    node.stop().await;
    assert!(!dir.path().join("abort").exists());
    let node = Node::start(dir.path()).await;
    assert!(node.broker.topics.contains("T"));
    assert!(node.broker.groups.contains("G"));
    assert_eq!(bodies(&node.client().wait_for("G", "T", 0).await), ["0", "1", "2"]);
    assert_eq!(node.client().send("T", "3").await.queue_offset, 3);
    node.stop().await;
}
