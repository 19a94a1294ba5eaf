//! The checks of requests, and changes of users and permissions, with the words of Apache's broker.

use super::*;
use crate::protocol::auth::{AclInfo, PolicyEntryInfo, PolicyInfo, UserInfo};
use crate::protocol::code;
use crate::protocol::signature::Credentials;
use std::os::unix::fs::PermissionsExt;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const BUSY: &str = "An system error occurred, please try again later.";

fn settings(more: &str) -> AuthConfig {
    let package = "org.apache.rocketmq.auth";
    let mut config = crate::config::BrokerConfig::default();
    config
        .load(&format!(
            "authenticationEnabled=true\nauthorizationEnabled=true\n\
             authenticationMetadataProvider={package}.authentication.provider.LocalAuthenticationMetadataProvider\n\
             authorizationMetadataProvider={package}.authorization.provider.LocalAuthorizationMetadataProvider\n\
             initAuthenticationUser={{\"username\":\"root\",\"password\":\"12345678\"}}\n{more}"
        ))
        .unwrap();
    config.auth
}

fn open(config: &AuthConfig, dir: &Path) -> Auth {
    Auth::open(config, "C", None, dir).unwrap()
}

fn with_alice(dir: &Path) -> Auth {
    let auth = open(&settings(""), dir);
    auth.create_user("alice", &password("secret"), None).unwrap();
    auth
}

fn password(text: &str) -> UserInfo {
    UserInfo { password: Some(text.to_owned()), ..UserInfo::default() }
}

fn rule(resource: &str, actions: &[&str], decision: &str) -> PolicyEntryInfo {
    PolicyEntryInfo {
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        decision: Some(decision.to_owned()),
        resource: Some(resource.to_owned()),
        source_ips: None,
    }
}

fn acl(entries: Vec<PolicyEntryInfo>) -> AclInfo {
    AclInfo { policies: vec![PolicyInfo { entries, policy_type: None }], subject: None }
}

/// A request by a user, signed with that password.
fn signed(code: i32, fields: &[(&str, &str)], user: &str, password: &str) -> RemotingCommand {
    let mut request = RemotingCommand::request(code);
    request.ext = fields.iter().copied().collect();
    Credentials::new(user, password, None).sign(&mut request);
    request
}

fn refusal(result: Result<(), Reject>) -> String {
    result.map_or_else(|reject| format!("{} {}", reject.code, reject.remark), |()| "served".to_owned())
}

#[test]
fn who_does_not_sign_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let auth = with_alice(dir.path());
    auth.create_user("bob", &password("secret"), None).unwrap();
    let disabled = UserInfo { user_status: Some("disable".into()), ..UserInfo::default() };
    auth.update_user("bob", &disabled, None).unwrap();
    let mut unsigned = RemotingCommand::request(105);
    let table = [
        (signed(105, &[("topic", "T")], "root", "12345678"), "served"),
        (signed(105, &[("topic", "T")], "root", "1234567"), "16 check signature failed."),
        (signed(105, &[("topic", "T")], "nobody", "x"), "16 User:nobody is not found."),
        (signed(105, &[("topic", "T")], "bob", "secret"), "16 User:bob is disabled."),
        (unsigned.clone(), "16 username cannot be null."),
    ];
    for (request, expected) in table {
        assert_eq!(refusal(auth.check(&request, HERE)), expected);
    }
    unsigned.ext.push("AccessKey", "root");
    assert_eq!(refusal(auth.check(&unsigned, HERE)), "16 check signature failed.");
}

#[test]
fn who_has_no_permission_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let auth = with_alice(dir.path());
    let rules = vec![
        rule("Topic:orders", &["Pub"], "Allow"),
        rule("Topic:secret", &["All"], "Deny"),
        rule("Group:g", &["Sub"], "Allow"),
    ];
    auth.put_acl(Some("User:alice"), &acl(rules)).unwrap();
    let none = |resource: &str| {
        format!("16 User:alice has no permission to access {resource} from 127.0.0.1, no matched policies.")
    };
    let table = [
        (310, &[("b", "orders")][..], "served".to_owned()),
        (310, &[("b", "other")], none("Topic:other")),
        (
            310,
            &[("b", "secret")],
            "16 User:alice has no permission to access Topic:secret from 127.0.0.1, the decision is deny."
                .to_owned(),
        ),
        // The first of two that is lacking.
        (11, &[("topic", "orders"), ("consumerGroup", "g")], none("Topic:orders")),
        (11, &[("topic", "%RETRY%g"), ("consumerGroup", "g")], "served".to_owned()),
        (3005, &[("filter", "x")], none("Cluster:C")),
        (34, &[], "16 parse authorization context error.".to_owned()),
        (25, &[], "served".to_owned()),
    ];
    for (code, fields, expected) in table {
        let request = signed(code, fields, "alice", "secret");
        assert_eq!(refusal(auth.check(&request, HERE)), expected, "{code} {fields:?}");
        let request = signed(code, fields, "root", "12345678");
        assert_eq!(refusal(auth.check(&request, HERE)), "served", "{code} by a super user");
    }
}

#[test]
fn each_check_can_be_off_or_left_out_for_a_code() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&settings("authenticationWhitelist=105,310\nauthorizationWhitelist=105"), dir.path());
    let unsigned = |code, fields: &[(&str, &str)]| {
        let mut request = RemotingCommand::request(code);
        request.ext = fields.iter().copied().collect();
        refusal(auth.check(&request, HERE))
    };
    assert_eq!(unsigned(105, &[("topic", "T")]), "served");
    let failed = "16 Authorization failed. Please verify your access rights and try again.";
    assert_eq!(unsigned(310, &[("b", "T")]), failed);
    assert_eq!(unsigned(310, &[("b", "T"), ("AccessKey", "nobody")]), "16 User:nobody not found.");
    assert_eq!(unsigned(34, &[]), "16 username cannot be null.");
    let off = open(&AuthConfig::default(), dir.path());
    assert_eq!(refusal(off.check(&RemotingCommand::request(25), HERE)), "served");
    let mut config = AuthConfig::default();
    config.authentication_enabled = true;
    let nowhere = open(&config, dir.path());
    let refused = "16 The authenticationMetadataProvider is not configured";
    assert_eq!(refusal(nowhere.check(&RemotingCommand::request(25), HERE)), refused);
}

#[test]
fn users_change_by_apaches_rules() {
    let dir = tempfile::tempdir().unwrap();
    let auth = with_alice(dir.path());
    let of_type = |name: &str| UserInfo { user_type: Some(name.into()), ..password("x") };
    let by_super = "The super user can only be create by super user";
    let table = [
        (auth.create_user("alice", &password("x"), None), "16 The user is existed".to_owned()),
        (auth.create_user("", &password("x"), None), "29 The username is blank".to_owned()),
        (auth.create_user("c", &password(" "), None), "16 password can not be blank".to_owned()),
        (auth.create_user("c", &UserInfo::default(), None), "16 password can not be blank".to_owned()),
        (auth.create_user("c", &of_type("super"), Some("alice")), format!("1 {by_super}")),
        (auth.create_user("c", &of_type("super"), Some("root")), "served".to_owned()),
        (auth.create_user("d", &of_type("Nope"), Some("alice")), "served".to_owned()),
        (auth.update_user("nobody", &password("x"), None), "16 The user is not exist".to_owned()),
        (
            auth.update_user("root", &password("x"), Some("alice")),
            "16 The super user can only be update by super user".to_owned(),
        ),
        (auth.delete_user("nobody", None), "served".to_owned()),
        (
            auth.delete_user("root", Some("alice")),
            "16 The super user can only be update by super user".to_owned(),
        ),
        (auth.delete_user(" ", None), "16 username can not be blank".to_owned()),
        (auth.delete_user("c", Some("root")), "served".to_owned()),
    ];
    for (at, (result, expected)) in table.into_iter().enumerate() {
        assert_eq!(refusal(result), expected, "{at}");
    }
    let json = serde_json::to_string(&auth.users(Some("d")).unwrap()).unwrap();
    assert_eq!(json, r#"[{"password":"x","userStatus":"enable","userType":"Normal","username":"d"}]"#);
    let names: Vec<_> = auth.users(None).unwrap().into_iter().filter_map(|user| user.username).collect();
    assert_eq!(names, ["alice", "d", "root"]);
    assert_eq!(auth.user("nobody"), Ok(None));
    assert_eq!(auth.user(" ").unwrap_err(), Reject::new(code::INVALID_PARAMETER, "The username is blank"));
    let request = signed(105, &[("topic", "T")], "alice", "new");
    assert_eq!(refusal(auth.check(&request, HERE)), "16 check signature failed.");
    auth.update_user("alice", &password("new"), None).unwrap();
    assert!(refusal(auth.check(&request, HERE)).contains("no permission"), "the change counts at once");
}

#[test]
fn permissions_change_by_apaches_rules() {
    let dir = tempfile::tempdir().unwrap();
    let auth = with_alice(dir.path());
    let rules = || acl(vec![rule("Topic:a", &["Pub"], "Allow"), rule("Topic:b*", &["Sub"], "Deny")]);
    let alice = Some("User:alice");
    let table = [
        (
            auth.put_acl(Some("User:nobody"), &rules()),
            "16 The subject of User:nobody is not exist.".to_owned(),
        ),
        (auth.put_acl(Some("alice"), &rules()), format!("1 {BUSY}")),
        (auth.put_acl(alice, &AclInfo::default()), "1 The body of acl is null".to_owned()),
        (auth.delete_acl(alice, None, None), "16 The acl is not exist.".to_owned()),
        (auth.delete_acl(Some("nobody"), None, None), "16 The subject is null.".to_owned()),
        (auth.delete_acl(Some("User:nobody"), None, None), "16 The subject is not exist.".to_owned()),
        (auth.put_acl(alice, &rules()), "served".to_owned()),
        (auth.delete_acl(alice, None, Some("Queue:x")), "16 The resource is null.".to_owned()),
    ];
    for (at, (result, expected)) in table.into_iter().enumerate() {
        assert_eq!(refusal(result), expected, "{at}");
    }
    let count = |subjects, resources| auth.acls(subjects, resources).unwrap().len();
    assert_eq!((count(None, None), count(Some("bob"), None), count(Some("ali"), None)), (1, 0, 1));
    let found = auth.acls(None, Some("Topic:b")).unwrap();
    assert_eq!(found[0].policies[0].entries.len(), 1);
    assert_eq!((count(None, Some("Topic:c")), count(None, Some("alice"))), (0, 1));
    auth.delete_acl(alice, None, Some("Topic:a")).unwrap();
    assert_eq!(auth.acl(alice).unwrap().unwrap().policies[0].entries.len(), 1);
    auth.delete_acl(alice, None, Some("Topic:b*")).unwrap();
    assert_eq!(auth.acl(alice), Ok(None));
    auth.put_acl(alice, &rules()).unwrap();
    auth.delete_user("alice", None).unwrap();
    assert_eq!(count(None, None), 0, "permissions go with the user");
}

#[test]
fn a_broker_without_users_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&AuthConfig::default(), dir.path());
    let busy = Reject::new(code::SYSTEM_ERROR, BUSY);
    assert_eq!(auth.create_user("a", &password("x"), None), Err(busy.clone()));
    assert_eq!(auth.update_user("a", &password("x"), None), Err(busy.clone()));
    assert_eq!(auth.delete_user("a", None), Err(busy.clone()));
    assert_eq!(auth.user("a"), Err(busy.clone()));
    assert_eq!(auth.users(None), Err(busy.clone()));
    assert_eq!(auth.acl(Some("User:a")), Err(busy.clone()));
    assert_eq!(auth.acl(Some("bad")).unwrap_err().remark, "The subject is null.");
    assert_eq!(auth.put_acl(Some("User:a"), &acl(vec![rule("*", &["All"], "Allow")])), Err(busy));
    let remark = "The authorizationMetadataProvider is not configured.";
    assert_eq!(auth.acls(None, None).unwrap_err().remark, remark);
    assert!(!dir.path().join(FILE).exists());
}

#[test]
fn they_survive_and_are_nobody_elses() {
    let dir = tempfile::tempdir().unwrap();
    let auth = with_alice(dir.path());
    let mut rules = acl(vec![rule("Topic:a*", &["Pub", "Sub"], "Allow")]);
    rules.policies[0].entries[0].source_ips = Some(vec!["10.0.0.0/8".into()]);
    auth.put_acl(Some("User:alice"), &rules).unwrap();
    let before = (auth.users(None).unwrap(), auth.acls(None, None).unwrap());
    drop(auth);
    let mode = std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = open(&settings(""), dir.path());
    assert_eq!((again.users(None).unwrap(), again.acls(None, None).unwrap()), before);
}

#[test]
fn users_of_acl_1_are_taken_over_once() {
    let (dir, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir_all(home.path().join("conf/acl/more")).unwrap();
    let plain = "globalWhiteRemoteAddresses:\n- 10.10.103.*\naccounts:\n- accessKey: RocketMQ\n  secretKey: canary\n  \
                 whiteRemoteAddress:\n  admin: false\n  defaultTopicPerm: DENY\n  defaultGroupPerm: SUB\n  \
                 topicPerms:\n  - topicA=DENY\n  - topicB=PUB|SUB\n  groupPerms:\n  - groupA=PUB\n\
                 - accessKey: admin2\n  secretKey: canary\n  admin: true\n- accessKey: root\n  secretKey: other\n";
    std::fs::write(home.path().join("conf/plain_acl.yml"), plain).unwrap();
    std::fs::write(home.path().join("conf/acl/more/x.yml"), "accounts:\n- accessKey: x\n  secretKey: y\n")
        .unwrap();
    let config = settings("migrateAuthFromV1Enabled=true");
    let auth = Auth::open(&config, "C", home.path().to_str(), dir.path()).unwrap();
    let types: Vec<_> = auth.users(None).unwrap().into_iter().filter_map(|user| user.user_type).collect();
    assert_eq!(types, ["Normal", "Super", "Super", "Normal"]);
    let root = auth.user("root").unwrap().unwrap();
    assert_eq!(root.password.as_deref(), Some("12345678"), "who is there stays");
    let told = serde_json::to_string(&auth.acl(Some("User:RocketMQ")).unwrap()).unwrap();
    for part in [
        r#"{"actions":["All"],"decision":"Deny","resource":"Topic:topicA"}"#,
        r#"{"actions":["Pub","Sub"],"decision":"Allow","resource":"Topic:topicB"}"#,
        r#"{"actions":["Pub"],"decision":"Allow","resource":"Group:groupA"}"#,
        r#""entries":[{"actions":["All"],"decision":"Deny","resource":"Topic:*"},{"actions":["Sub"],"decision":"Allow","resource":"Group:*"}],"policyType":"Default""#,
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    auth.delete_acl(Some("User:RocketMQ"), None, None).unwrap();
    let again = Auth::open(&config, "C", home.path().to_str(), dir.path()).unwrap();
    assert_eq!(again.acl(Some("User:RocketMQ")), Ok(None), "a second time changes nothing");
}
