//! What goes wrong between the program and a cluster: message, hint, exit code.

use crate::support::Env;
use std::io::{Read, Write};
use std::net::TcpListener;

/// An address at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Somebody who takes connections and never answers.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    (listener, addr)
}

#[test]
fn nobody_at_the_address() {
    let addr = nobody();
    let run = Env::new().run(&["topicList", "-n", &addr]).code(4);
    assert_eq!(run.stdout(), "");
    let stderr = run.stderr();
    assert!(stderr.starts_with("error: ") && stderr.contains(&addr), "{stderr}");
    assert!(stderr.contains("cause: ") && stderr.contains("refused"), "{stderr}");
    assert!(stderr.contains("hint: "), "{stderr}");
}

#[test]
fn nobody_at_the_address_in_json() {
    let addr = nobody();
    let run = Env::new().run(&["topicList", "-n", &addr, "--output", "json"]).code(4);
    let value: serde_json::Value = serde_json::from_str(&run.stderr()).unwrap();
    assert_eq!(value["kind"], "unreachable");
    assert_eq!(value["addr"], addr);
    assert_eq!(run.stdout(), "");
}

#[test]
fn somebody_who_does_not_answer() {
    let (_listener, addr) = silent();
    let run = Env::new().run(&["clusterList", "-n", &addr, "--timeout", "200ms"]).code(4);
    assert!(run.stderr().contains(&addr) && run.stderr().contains("200ms"), "{}", run.stderr());
}

/// Somebody who answers everyone so.
fn talker(text: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut request = [0; 4];
            let _ = stream.read_exact(&mut request).and_then(|()| stream.write_all(text));
        }
    });
    addr
}

#[test]
fn what_is_no_rocketmq_is_told_with_the_reason() {
    let addr = talker(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    let named = Env::new().run(&["topicList", "-n", &addr]).code(4).stderr();
    let broker = Env::new().run(&["brokerStatus", "-b", &addr]).code(4).stderr();
    for stderr in [named, broker] {
        assert!(stderr.contains("what it sent is not understood: "), "{stderr}");
        assert!(!stderr.contains("WARN"), "{stderr}");
    }
}

#[test]
fn the_name_servers_are_tried_in_turn_and_all_named() {
    let (first, second) = (nobody(), nobody());
    let both = format!("{first};{second}");
    let run = Env::new().var("NAMESRV_ADDR", &both).run(&["topicList"]).code(4);
    assert!(run.stderr().contains(&first) && run.stderr().contains(&second), "{}", run.stderr());
}

#[test]
fn the_option_wins_over_the_environment() {
    let (option, environment) = (nobody(), nobody());
    let run = Env::new().var("NAMESRV_ADDR", &environment).run(&["topicList", "-n", &option]).code(4);
    assert!(run.stderr().contains(&option) && !run.stderr().contains(&environment), "{}", run.stderr());
}

#[test]
fn an_address_server_that_does_not_answer_is_named() {
    let url = format!("http://{}/rocketmq/nsaddr", nobody());
    let run = Env::new().run(&["topicList", "-n", &url]).code(4);
    assert!(run.stderr().contains(&url), "{}", run.stderr());
}

#[test]
fn mqadmins_habits_are_understood_and_its_zeros_given() {
    let addr = nobody();
    let env = Env::new().var("RMQ_COMPAT_EXIT", "1");
    for args in [
        &["TOPICLIST", "-namesrvAddr", &addr][..],
        &["topiclist", "--names", &addr],
        &["clusterList", &format!("-n{addr}"), "-m", "true"],
    ] {
        assert!(env.run(args).code(0).stderr().contains(&addr), "{args:?}");
    }
}

#[test]
fn a_missing_option_is_named_and_help_wins_over_it() {
    let env = Env::new();
    let run = env.run(&["topicRoute"]).code(2);
    assert_eq!(
        run.stderr(),
        "error: missing required option: --topic <TOPIC>\nhint: rmq help topicRoute shows the options\n"
    );
    assert!(env.run(&["topicRoute", "-h"]).code(0).stdout().contains("--topic"));
}

#[test]
fn settings_that_cannot_be_used_stop_a_server_at_the_start() {
    let env = Env::new();
    std::fs::write(env.home().join("broker.conf"), "enableControllerMode=true\nlistenPort=x\n").unwrap();
    let run = env.run(&["broker", "-c", "broker.conf"]).code(2);
    let stderr = run.stderr();
    assert!(stderr.contains("enableControllerMode=true is not supported"), "{stderr}");
    assert!(stderr.contains("listenPort: 'x' is not a port"), "{stderr}");
    let run = env.run(&["namesrv", "-c", "missing.conf"]).code(2);
    assert!(run.stderr().contains("cannot read missing.conf"), "{}", run.stderr());
}

#[test]
fn a_file_that_is_not_there_is_a_wrong_command_line() {
    let env = Env::new();
    for args in [
        &["produce", "T", "--file", "nosuch"][..],
        &["quickstart", "--ephemeral", "--broker-config", "nosuch"],
        &["broker", "-c", "nosuch"],
        &["updateSubGroupList", "-b", "127.0.0.1:1", "-f", "nosuch"],
        &["createUser", "-b", "127.0.0.1:1", "-u", "u", "--password-file", "nosuch"],
    ] {
        let stderr = env.run(args).code(2).stderr();
        assert!(stderr.starts_with("error: cannot read ") && stderr.contains("nosuch\ncause: "), "{stderr}");
    }
}

#[test]
fn settings_are_printed_as_a_file_of_them() {
    let env = Env::new();
    std::fs::write(env.home().join("ns.conf"), "listenPort=19876\nnoSuchKey=1\n").unwrap();
    let run = env.run(&["namesrv", "-c", "ns.conf", "-p", "--output", "classic"]).code(0);
    assert!(run.stdout().contains("listenPort=19876\n"), "{}", run.stdout());
    assert!(run.stderr().contains("ns.conf: line 2: noSuchKey is not a setting"), "{}", run.stderr());
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_command_at_once() {
    let (listener, addr) = silent();
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_rmq"))
        .args(["topicList", "--timeout", "60s", "-n", &addr])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // When it has connected it waits for an answer, with its signals set up.
    let (_connection, _) = listener.accept().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT)
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "error: interrupted\n");
}
