//! A broker that checks who asks, over real connections.

use std::path::Path;
use std::sync::Arc;

use rmq::protocol::auth::{
    AclFilterHeader, AclInfo, AuthCreateAcl, AuthCreateUser, AuthDeleteUser, AuthGetUser, AuthListAcl,
    AuthListUser, PolicyEntryInfo, PolicyInfo, SubjectHeader, UserFilterHeader, UserHeader, UserInfo,
};
use rmq::protocol::body::Json;
use rmq::protocol::signature::Credentials;
use rmq::remoting::{Pool, PoolOptions};

use super::ask;
use crate::broker::node::{Client, Node, bodies, pull_header, refusal, send_header};

const SETTINGS: &str = "authenticationEnabled=true\nauthorizationEnabled=true\n\
    authenticationMetadataProvider=org.apache.rocketmq.auth.authentication.provider.LocalAuthenticationMetadataProvider\n\
    authorizationMetadataProvider=org.apache.rocketmq.auth.authorization.provider.LocalAuthorizationMetadataProvider\n\
    initAuthenticationUser={\"username\":\"root\",\"password\":\"12345678\"}\n";

async fn start(dir: &Path) -> Node {
    Node::start_with(dir, |config| {
        config.load(SETTINGS).unwrap();
    })
    .await
}

fn client(node: &Node, user: &str, password: &str) -> Client {
    let credentials = Some(Arc::new(Credentials::new(user, password, None)));
    let pool = Pool::new(PoolOptions { credentials, ..PoolOptions::default() }, None);
    Client { pool, addr: node.addr.clone() }
}

fn named(name: &str) -> UserHeader {
    UserHeader { username: Some(name.into()) }
}

fn may(actions: &[&str], resource: &str) -> PolicyEntryInfo {
    PolicyEntryInfo {
        actions: actions.iter().map(|action| (*action).into()).collect(),
        decision: Some("Allow".into()),
        resource: Some(resource.into()),
        source_ips: Some(vec!["127.0.0.0/8".into()]),
    }
}

async fn make_alice(root: &Client) {
    let user = UserInfo { password: Some("secret".into()), ..UserInfo::default() };
    let answer = ask::<AuthCreateUser>(root, named("alice"), Json(user)).await.unwrap();
    assert_eq!(answer.remark.as_deref(), Some("not set any response code"));
    let entries = vec![may(&["Pub", "Sub"], "Topic:a*"), may(&["Sub"], "Group:g")];
    let acl = AclInfo { policies: vec![PolicyInfo { entries, policy_type: None }], subject: None };
    let subject = SubjectHeader { subject: Some("User:alice".into()) };
    ask::<AuthCreateAcl>(root, subject, Json(acl)).await.unwrap();
}

#[tokio::test]
async fn only_users_are_served_and_only_what_they_may() {
    let dir = tempfile::tempdir().unwrap();
    let node = start(dir.path()).await;
    let root = client(&node, "root", "12345678");
    make_alice(&root).await;
    let unsigned = refusal(node.client().try_send(send_header("a1", &[]), "x").await);
    assert_eq!(unsigned, (16, "username cannot be null.".into()));
    let wrong = refusal(client(&node, "alice", "guess").try_send(send_header("a1", &[]), "x").await);
    assert_eq!(wrong, (16, "check signature failed.".into()));
    let alice = client(&node, "alice", "secret");
    alice.send("a1", "hello").await;
    node.broker.store.wait_dispatched();
    let (_, _, found) = alice.pull(pull_header("g", "a1", 0)).await;
    assert_eq!(bodies(&found), ["hello"]);
    let why = "User:alice has no permission to access Topic:b1 from 127.0.0.1, no matched policies.";
    assert_eq!(refusal(alice.try_send(send_header("b1", &[]), "x").await), (16, why.into()));
    let group = refusal(alice.try_pull(pull_header("other", "a1", 0)).await).1;
    assert!(group.contains("Group:other"), "{group}");
    let cluster = refusal(ask::<AuthListUser>(&alice, UserFilterHeader::default(), ()).await).1;
    assert!(cluster.contains("Cluster:DefaultCluster"), "{cluster}");
    root.send("b1", "x").await;
    node.stop().await;
}

#[tokio::test]
async fn users_and_permissions_survive_a_start() {
    let dir = tempfile::tempdir().unwrap();
    let node = start(dir.path()).await;
    make_alice(&client(&node, "root", "12345678")).await;
    node.stop().await;
    let node = start(dir.path()).await;
    let root = client(&node, "root", "12345678");
    let found = ask::<AuthListAcl>(&root, AclFilterHeader::default(), ()).await.unwrap().body.unwrap().0;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].policies[0].entries.len(), 2);
    client(&node, "alice", "secret").send("a1", "x").await;
    ask::<AuthDeleteUser>(&root, named("alice"), ()).await.unwrap();
    let gone = refusal(client(&node, "alice", "secret").try_send(send_header("a1", &[]), "x").await);
    assert_eq!(gone, (16, "User:alice is not found.".into()));
    assert_eq!(ask::<AuthGetUser>(&root, named("alice"), ()).await.unwrap().body, None);
    let nothing = ask::<AuthListAcl>(&root, AclFilterHeader::default(), ()).await.unwrap();
    assert_eq!(nothing.body, None);
    node.stop().await;
}
