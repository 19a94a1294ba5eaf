//! It gets ready, runs, and leaves.

use super::{Quickstart, Server};
use crate::support::Env;

use std::net::TcpStream;
use std::process::Command;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

const FREE: [&str; 5] = ["quickstart", "--namesrv-port", "0", "--broker-port", "0"];

fn files(env: &Env) -> Vec<String> {
    let entries = std::fs::read_dir(env.home()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_command_runs_with_the_name_server_and_its_code_is_passed_on() {
    let env = Env::new().var("PATH", std::env::var("PATH").unwrap());
    let script = "test -n \"$NAMESRV_ADDR\" && echo \"$NAMESRV_ADDR\"; exit 7";
    let args = [&FREE[..], &["--ephemeral", "--", "sh", "-c", script]].concat();
    let mut command = env.command(&args);
    command.env("TMPDIR", env.home()).assert().code(7).stdout(contains("127.0.0.1:"));
    assert_eq!(files(&env), Vec::<String>::new(), "nothing is left behind");
    let killed = [&FREE[..], &["--ephemeral", "--", "sh", "-c", "kill -9 $$"]].concat();
    env.command(&killed).env("TMPDIR", env.home()).assert().code(137);
    let missing = [&FREE[..], &["--ephemeral", "--", "no-such-command"]].concat();
    env.command(&missing)
        .env("TMPDIR", env.home())
        .assert()
        .code(127)
        .stderr(contains("cannot run no-such-command"));
    assert_eq!(files(&env), Vec::<String>::new());
}

#[test]
fn it_says_in_two_lines_that_it_is_ready_and_leaves_on_sigterm() {
    let env = Env::new();
    let running = Quickstart::start(&env, &["--data-dir", "data"]);
    assert!(running.lines[0].starts_with("RocketMQ is ready: name server 127.0.0.1:"), "{:?}", running.lines);
    assert!(running.lines[0].ends_with("/data"), "{:?}", running.lines);
    assert!(running.lines[1].contains(&format!("NAMESRV_ADDR={}", running.namesrv)), "{:?}", running.lines);
    for addr in [&running.namesrv, &running.broker] {
        TcpStream::connect(addr).unwrap();
    }
    let list = running.ask(&env, &["clusterList", "--output", "csv"]);
    assert!(list.contains(&running.broker), "ready means that the route is there: {list}");
    let ready_file = running.ready_file.clone();
    let (status, stderr) = running.server.terminate();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
    assert!(!ready_file.exists(), "what is not true any more is not said");
    assert!(!env.home().join("data/store/abort").exists(), "the store is closed in order");
}

#[test]
fn a_command_is_told_to_end_when_it_is() {
    let env = Env::new();
    let script = "trap 'echo told; exit 3' TERM; echo up; while :; do sleep 0.05; done";
    let args = [&FREE[..], &["--ephemeral", "--", "/bin/sh", "-c", script]].concat();
    let mut server = Server::start(&env, &args);
    assert_eq!(server.line(), "up");
    let pid = server.child.id().cast_signed();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(server.line(), "told");
    assert_eq!(server.child.wait().unwrap().code(), Some(3));
}

#[test]
fn topics_are_still_there_at_the_next_start() {
    let env = Env::new();
    let running = Quickstart::start(&env, &["--data-dir", "data"]);
    running.ask(&env, &["updateTopic", "-c", "DefaultCluster", "-t", "Kept"]);
    assert!(running.ask(&env, &["topicList"]).contains("Kept"));
    running.server.terminate();
    let running = Quickstart::start(&env, &["--data-dir", "data"]);
    assert!(running.ask(&env, &["topicRoute", "-t", "Kept", "--output", "json"]).contains(&running.broker));
}

#[test]
fn what_is_in_use_is_told_with_a_way_out() {
    let env = Env::new();
    let running = Quickstart::start(&env, &["--data-dir", "data"]);
    let same_dir = [&FREE[..], &["--data-dir", "data"]].concat();
    env.command(&same_dir).assert().code(1).stderr(contains("is in use by another broker"));
    let port = |addr: &str| addr.rsplit(':').next().unwrap().to_owned();
    let (namesrv, broker) = (port(&running.namesrv), port(&running.broker));
    let taken = [
        (["--namesrv-port", &namesrv, "--broker-port", "0"], "--namesrv-port"),
        (["--namesrv-port", "0", "--broker-port", &broker], "--broker-port"),
    ];
    for (ports, hint) in taken {
        let args = [&["quickstart", "--ephemeral"], &ports[..]].concat();
        env.command(&args)
            .assert()
            .code(1)
            .stderr(contains("cannot listen on 127.0.0.1:").and(contains(format!("another port by {hint}"))));
    }
    assert!(running.ask(&env, &["clusterList"]).contains("broker-a"), "the first one is not disturbed");
}

#[test]
fn settings_of_the_broker_come_from_a_file() {
    let env = Env::new();
    let file = "brokerName=named\nbrokerClusterName=Own\nmaxMessageSize=1000\nlistenPrt=5\n";
    std::fs::write(env.home().join("b.conf"), file).unwrap();
    let running = Quickstart::start(&env, &["--ephemeral", "--broker-config", "b.conf"]);
    let list = running.ask(&env, &["clusterList", "--output", "csv"]);
    assert!(list.contains("Own") && list.contains("named"), "{list}");
    let (_, stderr) = running.server.terminate();
    assert!(stderr.contains("b.conf: line 4: listenPrt"), "{stderr}");
    std::fs::write(env.home().join("b.conf"), "flushDiskType=NEVER\n").unwrap();
    let wrong = [&FREE[..], &["--ephemeral", "--broker-config", "b.conf"]].concat();
    env.command(&wrong).assert().code(2).stderr(contains("flushDiskType"));
}

#[test]
fn an_address_for_others_is_told_and_listened_on() {
    let env = Env::new();
    let running = Quickstart::start(&env, &["--ephemeral", "--advertise", "localhost"]);
    assert!(running.namesrv.starts_with("localhost:"), "{}", running.namesrv);
    assert!(running.broker.starts_with("localhost:"), "{}", running.broker);
    assert!(running.ask(&env, &["clusterList", "--output", "csv"]).contains(&running.broker));
}

#[test]
fn it_takes_no_name_servers() {
    let env = Env::new();
    let args = ["quickstart", "-n", "127.0.0.1:1"];
    env.command(args).assert().code(2).stderr(contains("takes no -n").and(contains("--namesrv-port")));
}

#[test]
fn it_takes_more_connections_than_the_first_limit_of_open_files() {
    let env = Env::new();
    let line = "ulimit -Sn 64; exec \"$0\" quickstart --ephemeral --namesrv-port 0 --broker-port 0";
    let mut server = Server::start_by(&env, Command::new("sh").args(["-c", line, env!("CARGO_BIN_EXE_rmq")]));
    let line = server.line();
    let broker = line.split("broker ").nth(1).and_then(|rest| rest.split(',').next()).unwrap().to_owned();
    let _held: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(&broker).unwrap()).collect();
    let _ = env.run(&["brokerStatus", "-b", &broker]).code(0);
}
