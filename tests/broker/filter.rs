//! SQL92 subscriptions.

use rmq::protocol::body::Json;
use rmq::protocol::group::{CheckClientBody, CheckClientConfig, HeartbeatData, SubscriptionData};
use rmq::protocol::pull::PullMessageHeader;

use super::node::{Client, Node, TIMEOUT, bodies, heartbeat, held, pull_header, refusal, send_header};

async fn node(dir: &std::path::Path) -> Node {
    Node::start_with(dir, |config| config.enable_property_filter = true).await
}

/// Sends a message with an amount.
async fn amount(client: &Client, amount: &str) {
    client.try_send(send_header("T", &[("amount", amount)]), amount).await.unwrap();
}

/// A member that subscribes with an expression.
fn member(expression: &str) -> HeartbeatData {
    let mut data = heartbeat("one", "G", "T");
    let subscription = &mut data.consumer_data_set[0].subscription_data_set[0];
    "SQL92".clone_into(&mut subscription.expression_type);
    expression.clone_into(&mut subscription.sub_string);
    data
}

/// A pull for what the group subscribed to.
fn subscribed(offset: i64) -> PullMessageHeader {
    PullMessageHeader {
        sys_flag: 0,
        subscription: None,
        expression_type: Some("SQL92".into()),
        sub_version: 5,
        ..pull_header("G", "T", offset)
    }
}

#[tokio::test]
async fn a_member_gets_what_its_expression_wants() {
    let dir = tempfile::tempdir().unwrap();
    let node = node(dir.path()).await;
    let client = node.client();
    for value in ["1", "20", "x", "30", "2"] {
        amount(&client, value).await;
    }
    client.send("T", "no amount").await;
    node.broker.store.wait_dispatched();
    client.beat(member("amount > 10 AND amount <> 30 OR amount = '1'")).await;
    let (code, header, found) = client.pull(subscribed(0)).await;
    assert_eq!((code, bodies(&found)), (0, vec!["1".to_owned(), "20".to_owned()]));
    assert_eq!(header.next_begin_offset, 6, "what is not wanted is passed over");
    let (code, header, _) = client.pull(subscribed(2)).await;
    assert_eq!((code, header.next_begin_offset), (20, 6), "asked again at once, behind what is not wanted");
    node.stop().await;
}

#[tokio::test]
async fn a_held_pull_waits_for_a_message_that_it_wants() {
    let dir = tempfile::tempdir().unwrap();
    let node = node(dir.path()).await;
    let client = node.client();
    amount(&client, "1").await;
    node.broker.store.wait_dispatched();
    client.beat(member("amount > 10")).await;
    let send = async {
        while node.broker.holds.is_empty() {
            tokio::task::yield_now().await;
        }
        amount(&client, "2").await;
        node.broker.store.wait_dispatched();
        assert_eq!(node.broker.holds.len(), 1, "another amount wakes nobody");
        amount(&client, "11").await;
    };
    let ((code, _, found), ()) = tokio::join!(client.pull(held(subscribed(1))), send);
    assert_eq!((code, bodies(&found)), (0, vec!["11".to_owned()]));
    node.stop().await;
}

#[tokio::test]
async fn a_wrong_expression_is_told_to_the_member_and_to_the_pull() {
    let dir = tempfile::tempdir().unwrap();
    let node = node(dir.path()).await;
    let client = node.client();
    amount(&client, "1").await;
    client.beat(member("amount >")).await;
    let (code, remark) = refusal(client.try_pull(subscribed(0)).await);
    assert_eq!((code, remark.contains("Your expression may be wrong!")), (27, true), "{remark}");
    let sent = PullMessageHeader {
        expression_type: Some("SQL92".into()),
        subscription: Some("amount >".into()),
        ..pull_header("G", "T", 0)
    };
    assert_eq!(
        refusal(client.try_pull(sent).await),
        (23, "parse the consumer's subscription failed".to_owned())
    );
    let checked = |expression: &str, kind: &str| {
        let subscription_data = SubscriptionData {
            topic: "T".into(),
            sub_string: expression.into(),
            expression_type: kind.into(),
            ..SubscriptionData::default()
        };
        let body = CheckClientBody { subscription_data, ..CheckClientBody::default() };
        client.pool.call::<CheckClientConfig>(&node.addr, (), Json(body), TIMEOUT)
    };
    let table = [
        ("a > 'x'", "SQL92", "java.lang.RuntimeException: Value ''x'' cannot be compared."),
        ("a > 1", "CLASS", "there are no expressions of type CLASS"),
    ];
    for (expression, kind, remark) in table {
        assert_eq!(refusal(checked(expression, kind).await), (23, remark.to_owned()));
    }
    assert!(checked("a > 1", "SQL92").await.is_ok());
    node.stop().await;
}
