//! The servers as processes of their own.

use super::Server;
use crate::support::Env;

use predicates::str::{contains, starts_with};

fn address(line: &str) -> &str {
    line.rsplit(' ').next().unwrap()
}

#[test]
fn a_broker_finds_its_name_server_and_both_leave_on_sigterm() {
    let env = Env::new();
    let settings = "listenPort=0\nbindAddress=127.0.0.1\n";
    std::fs::write(env.home().join("n.conf"), settings).unwrap();
    std::fs::write(
        env.home().join("b.conf"),
        format!("{settings}brokerName=b\nstorePathRootDir={}/store\n", env.home().display()),
    )
    .unwrap();
    let mut namesrv = Server::start(&env, &["namesrv", "-c", "n.conf"]);
    let line = namesrv.line();
    assert!(
        line.starts_with("The Name Server boot success. serializeType=JSON, address 127.0.0.1:"),
        "{line}"
    );
    let addr = address(&line).to_owned();
    let mut broker = Server::start(&env, &["broker", "-c", "b.conf", "-n", &addr]);
    let line = broker.line();
    assert!(line.starts_with("The broker[b, 127.0.0.1:"), "{line}");
    assert!(
        line.ends_with(&format!("] boot success. serializeType=JSON and name server is {addr}")),
        "{line}"
    );
    // It registers beside serving: asked until it has.
    let listed = || env.command(["clusterList", "-n", &addr]).output().unwrap().stdout;
    while !String::from_utf8(listed()).unwrap().contains("DefaultCluster") {
        std::thread::yield_now();
    }
    assert_eq!(broker.terminate().0.code(), Some(0));
    assert!(!String::from_utf8(listed()).unwrap().contains("DefaultCluster"), "it says farewell");
    assert_eq!(namesrv.terminate().0.code(), Some(0));
}

#[test]
fn settings_are_printed_and_what_is_wrong_with_them_told() {
    let env = Env::new();
    let all = env.command(["broker", "-p", "--output", "classic"]).assert().success();
    all.stdout(contains("\nlistenPort=10911\n"));
    let important = env.command(["broker", "-m", "--output", "classic"]).assert().success();
    let text = String::from_utf8(important.get_output().stdout.clone()).unwrap();
    assert!(text.contains("\nbrokerName=") && !text.contains("sendMessageThreadPoolNums"), "{text}");
    env.command(["namesrv", "-p", "--output", "classic"])
        .assert()
        .success()
        .stdout(starts_with("bindAddress=0.0.0.0\n"));
    std::fs::write(env.home().join("bad.conf"), "listenPort=x\nenableControllerInNamesrv=true\n").unwrap();
    env.command(["namesrv", "-c", "bad.conf"])
        .assert()
        .code(2)
        .stderr(contains("listenPort"))
        .stderr(contains("enableControllerInNamesrv"));
    env.command(["broker", "-c", "none.conf"]).assert().code(2).stderr(contains("cannot read none.conf"));
}
