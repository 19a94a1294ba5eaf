//! Users and access rules: what is sent, what is asked, and that no secret is ever shown.

use super::fake::{Answer, Fake, name_server, ok};
use crate::support::{Env, Run};

/// A secret that must not be found anywhere but on the wire.
const CANARY: &str = "canary-5ecret";

const ALICE: &str =
    r#"{"password":"canary-5ecret","userStatus":"enable","userType":"Normal","username":"alice"}"#;
const RULES: &str = r#"{"policies":[{"entries":[{"actions":["Pub","Sub"],"decision":"Allow","resource":"Topic:orders",
    "sourceIps":["10.0.0.0/8"]}],"policyType":"Custom"}],"subject":"User:alice"}"#;

/// A broker with user alice and her rules.
fn broker() -> Fake {
    Fake::start()
        .when(3004, |seen| ok(if seen.field("username") == "alice" { ALICE } else { "" }))
        .on(3005, ok(format!("[{ALICE}]")))
        .when(3009, |seen| match seen.field("subject") {
            "User:alice" => ok(RULES),
            "User:bob" => ok(""),
            _ => Answer::No(16, "The subject is not exist."),
        })
        .on(3010, ok(format!("[{RULES}]")))
        .on(3001, ok(""))
        .on(3002, ok(""))
        .on(3003, ok(""))
        .on(3006, ok(""))
        .on(3007, ok(""))
        .on(3008, ok(""))
}

/// Checks that the secret is in none of the outputs.
fn silent(run: Run) -> Run {
    assert!(
        !run.stdout().contains(CANARY) && !run.stderr().contains(CANARY),
        "{}{}",
        run.stdout(),
        run.stderr()
    );
    run
}

#[test]
fn a_user_is_written_as_mqadmin_writes_it() {
    let broker = broker();
    let file = Env::new();
    std::fs::write(file.home().join("p"), format!("{CANARY}\n")).unwrap();
    let lines: [&[&str]; 2] = [&["-p", CANARY], &["--password-file", "p"]];
    for password in lines {
        let line = [
            "createUser",
            "-b",
            &broker.addr,
            "-u",
            "dave",
            "-t",
            "Super",
            "--output",
            "classic",
            "--verbose",
        ];
        let line: Vec<&str> = line.iter().chain(password).copied().collect();
        let run = silent(file.run(&line).code(0));
        assert_eq!(run.stdout(), format!("create user to {} success.\n", broker.addr));
    }
    let sent = broker.seen(3001);
    assert_eq!(sent.len(), 2);
    for seen in sent {
        assert_eq!(seen.field("username"), "dave");
        assert_eq!(seen.body, format!(r#"{{"password":"{CANARY}","userType":"Super","username":"dave"}}"#));
    }
}

#[test]
fn a_password_on_stdin_is_taken_and_none_at_all_is_an_error() {
    let broker = broker();
    let env = Env::new();
    let line = ["updateUser", "-b", &broker.addr, "-u", "alice", "--password-file", "-"];
    let run = Run::of(env.command(line).write_stdin("another\n").assert()).code(0);
    assert!(run.stdout().contains("password ****** -> ****** (new)"), "{}", run.stdout());
    assert_eq!(broker.seen(3002)[0].body, r#"{"password":"another","username":"alice"}"#);
    let run = env.run(&["createUser", "-b", &broker.addr, "-u", "dave"]).code(2);
    assert!(run.stderr().contains("--password-file"), "{}", run.stderr());
    assert!(broker.seen(3001).is_empty());
}

#[test]
fn passwords_are_shown_only_when_asked_for_and_never_in_json() {
    let broker = broker();
    let env = Env::new();
    for line in [&["getUser", "-u", "alice"][..], &["listUser"]] {
        for form in ["table", "wide", "json", "yaml", "csv", "classic"] {
            let line: Vec<&str> =
                line.iter().copied().chain(["-b", &broker.addr, "--output", form]).collect();
            let run = silent(env.run(&line).code(0));
            assert!(run.stdout().contains("alice"), "{}", run.stdout());
        }
        let shown = |form| {
            let end = ["-b", &broker.addr, "--show-passwords", "--output", form];
            let line: Vec<&str> = line.iter().copied().chain(end).collect();
            env.run(&line).code(0).stdout()
        };
        assert!(shown("classic").contains(CANARY) && shown("table").contains(CANARY));
        assert!(!shown("json").contains(CANARY) && !shown("yaml").contains(CANARY));
    }
}

#[test]
fn what_is_not_there_is_no_success() {
    let broker = broker();
    let lines: [&[&str]; 6] = [
        &["getUser", "-u", "alise"],
        &["deleteUser", "-u", "alise", "--yes"],
        &["updateUser", "-u", "alise", "-s", "disable"],
        &["deleteAcl", "-s", "User:alice", "-r", "Topic:order", "--yes"],
        &["deleteAcl", "-s", "User:bob", "--yes"],
        &["getAcl", "-s", "User:nobody"],
    ];
    let wanted = [
        "did you mean alice?",
        "did you mean alice?",
        "did you mean alice?",
        "did you mean Topic:orders?",
        "has no access rules",
        "not exist",
    ];
    for (line, wanted) in lines.iter().zip(wanted) {
        let line: Vec<&str> = line.iter().copied().chain(["-b", &broker.addr]).collect();
        let run = Env::new().run(&line).code(1);
        assert!(run.stderr().contains(wanted), "{line:?}: {}", run.stderr());
    }
    assert!([3002, 3003, 3008].iter().all(|code| broker.seen(*code).is_empty()));
}

#[test]
fn deleting_asks_first() {
    let broker = broker();
    for (line, code) in
        [(&["deleteUser", "-u", "alice"][..], 3003), (&["deleteAcl", "-s", "User:alice"], 3008)]
    {
        let line = |end: &[&'static str]| -> Vec<String> {
            let words = line.iter().copied().chain(["-b"]);
            words
                .map(str::to_owned)
                .chain([broker.addr.clone()])
                .chain(end.iter().map(|w| (*w).to_owned()))
                .collect()
        };
        let run = |words: Vec<String>| Env::new().run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(run(line(&[])).code(2).stderr().contains("--yes"));
        assert!(run(line(&["--dry-run"])).code(0).stdout().contains("would be deleted"));
        assert!(broker.seen(code).is_empty());
        assert!(run(line(&["--yes"])).code(0).stdout().contains("deleted"));
        assert_eq!(broker.seen(code).len(), 1);
    }
}

#[test]
fn rules_are_written_as_mqadmin_writes_them() {
    let broker = broker();
    let line = [
        "createAcl",
        "-b",
        &broker.addr,
        "-s",
        "User:bob",
        "-r",
        "Topic:orders,Group:g1",
        "-a",
        "Pub,Sub",
        "-i",
        "10.0.0.0/8",
        "-d",
        "Allow",
    ];
    let run = Env::new().run(&line).code(0);
    assert!(run.stdout().contains("created"), "{}", run.stdout());
    let sent = &broker.seen(3006)[0];
    assert_eq!(sent.field("subject"), "User:bob");
    assert_eq!(
        sent.body,
        concat!(
            r#"{"policies":[{"entries":[{"actions":["Pub","Sub"],"decision":"Allow","resource":"Topic:orders","#,
            r#""sourceIps":["10.0.0.0/8"]},{"actions":["Pub","Sub"],"decision":"Allow","resource":"Group:g1","#,
            r#""sourceIps":["10.0.0.0/8"]}]}],"subject":"User:bob"}"#
        )
    );
    let line = [
        "updateAcl",
        "-b",
        &broker.addr,
        "-s",
        "User:alice",
        "-r",
        "Topic:orders",
        "-a",
        "all",
        "-d",
        "allow",
        "--dry-run",
    ];
    let run = Env::new().run(&line).code(0);
    let wanted = "Topic:orders Allow Pub, Sub from 10.0.0.0/8 -> Allow All";
    assert!(run.stdout().contains(wanted), "{}", run.stdout());
    assert!(broker.seen(3007).is_empty());
}

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    let env = Env::new();
    let lines: [&[&str]; 6] = [
        &["createAcl", "-b", "h:1", "-s", "alice", "-r", "Topic:x", "-a", "Pub", "-d", "Allow"],
        &["createAcl", "-b", "h:1", "-s", "User:alice", "-r", "Topic:x", "-a", "Nope", "-d", "Allow"],
        &["createAcl", "-b", "h:1", "-s", "User:alice", "-r", "Topic:x", "-a", "Pub", "-d", "Maybe"],
        &["createUser", "-b", "h:1", "-u", "carol", "-p", "x", "-t", "Nope"],
        &["updateUser", "-b", "h:1", "-u", "alice", "-p", "x", "-s", "enable"],
        &["getUser", "-b", "h:1"],
    ];
    for line in lines {
        let run = env.run(line).code(2);
        assert!(run.stderr().starts_with("error: "), "{line:?}: {}", run.stderr());
    }
}

#[test]
fn one_broker_that_refuses_leaves_a_partial_result() {
    let good = broker();
    let bad = broker().on(3001, Answer::No(16, "The user is existed"));
    let ns = name_server(&[("a", &good.addr), ("b", &bad.addr)], &[]);
    let line = ["createUser", "-c", "C", "-u", "dave", "-p", CANARY, "-n", &ns.addr];
    let run = silent(Env::new().run(&line).code(3));
    assert!(run.stderr().contains("The user is existed"), "{}", run.stderr());
    let none = Fake::start().on(3005, Answer::No(1, "An system error occurred, please try again later."));
    let run = Env::new().run(&["listUser", "-b", &none.addr]).code(1);
    assert!(run.stderr().contains("authenticationMetadataProvider"), "{}", run.stderr());
}

#[test]
fn users_and_rules_are_copied() {
    let (from, to) = (broker(), broker().on(3004, ok("")).on(3009, ok("")));
    let line = ["copyUser", "-f", &from.addr, "-t", &to.addr, "-u", "alice,nobody", "--output", "classic"];
    let run = silent(Env::new().run(&line).code(3));
    assert_eq!(run.stdout(), format!("copy user of alice from {} to {} success.\n", from.addr, to.addr));
    assert_eq!(to.seen(3001)[0].body, ALICE);
    let line = ["copyAcl", "-f", &from.addr, "-t", &to.addr, "--output", "classic"];
    let run = Env::new().run(&line).code(0);
    assert_eq!(run.stdout(), format!("copy acl of User:alice from {} to {} success.\n", from.addr, to.addr));
    assert_eq!(to.seen(3006)[0].field("subject"), "User:alice");
    let dry = ["copyUser", "-f", &from.addr, "-t", &from.addr, "--dry-run"];
    let run = silent(Env::new().run(&dry).code(0));
    assert!(run.stdout().contains("unchanged"), "{}", run.stdout());
    assert!(from.seen(3002).is_empty());
}

/// The value of a field of the last request of a code.
fn field(broker: &Fake, code: i32, name: &str) -> String {
    broker.seen(code).last().map(|seen| seen.field(name).to_owned()).unwrap_or_default()
}

#[test]
fn requests_are_signed_with_the_keys_that_are_given() {
    let broker = Fake::start().on(3005, Answer::No(16, "User:rocketmq has no permission"));
    let env = Env::new();
    std::fs::create_dir_all(env.home().join("mq/conf")).unwrap();
    std::fs::write(env.home().join("mq/conf/tools.yml"), "accessKey: rocketmq\nsecretKey: 12345678\n")
        .unwrap();
    std::fs::write(
        env.home().join("keys"),
        "accessKey: rocketmq\nsecretKey: 12345678\nsecurityToken: canary-5ecret\n",
    )
    .unwrap();
    let home = env.home().join("mq").display().to_string();
    let line = ["listUser", "-b", &broker.addr, "--verbose"];
    let run = env.run(&line).code(1);
    assert!(!run.stderr().contains("signed"), "{}", run.stderr());
    assert_eq!(field(&broker, 3005, "AccessKey"), "");
    // The signature that mqadmin 5.5.0 sent for this request with these keys.
    let signature = "wmnVRiuXwvgUxJ6oySLyc1qu7Z4=";
    let envs = [
        Env::new().var("RMQ_ACCESS_KEY", "rocketmq").var("RMQ_SECRET_KEY", "12345678"),
        Env::new().var("ROCKETMQ_HOME", home.clone()),
        Env::new().var("JAVA_OPT", format!("-Drocketmq.home.dir={home}")),
    ];
    for env in envs {
        let run = env.run(&line).code(1);
        assert_eq!(field(&broker, 3005, "Signature"), signature);
        assert!(run.stderr().contains("signed with access key rocketmq"), "{}", run.stderr());
        assert!(!run.stderr().contains("12345678"), "{}", run.stderr());
    }
    let with_file: Vec<&str> = line.iter().copied().chain(["--credentials", "keys"]).collect();
    let run = silent(env.run(&with_file).code(1));
    assert_eq!(field(&broker, 3005, "SecurityToken"), CANARY);
    assert!(run.stderr().contains("chmod 600"), "{}", run.stderr());
    let without_secret: Vec<&str> = line.iter().copied().chain(["--access-key", "ops"]).collect();
    let run = env.run(&without_secret).code(2);
    assert!(run.stderr().contains("RMQ_SECRET_KEY"), "{}", run.stderr());
}
