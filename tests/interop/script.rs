//! A user's script (`script.sh`), with the real mqadmin and with ours under its name.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::fixture::Fixture;
use crate::jvm::{rmq_program, run};
use crate::mask::{Compare, difference, masked};
use crate::mqadmin::Mqadmin;
use crate::servers::{Make, Servers};

/// The longest that all of it takes.
const LIMIT: Duration = Duration::from_secs(600);

/// A program `mqadmin` that hands its arguments to one JVM, because a start costs seconds. As the real one it ends
/// with 0 whatever happens.
const HANDING_ON: &str = r#"#!/usr/bin/env bash
exec 3<>"/dev/tcp/127.0.0.1/$MQADMIN_PORT"
printf '%s\n' "$#" "$@" >&3
cat <&3
"#;

/// Runs the commands that come in, one a connection, until one says nothing. If mqadmin is gone so is the listener, and
/// the script does not wait.
#[expect(clippy::needless_pass_by_value, reason = "the listener ends with this")]
fn serve(listener: TcpListener, mqadmin: &mut Mqadmin) {
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        match arguments(&stream) {
            Some(args) => {
                let answer = mqadmin.run(&args);
                if !answer.stderr.is_empty() {
                    println!("{args:?}: {}", answer.stderr);
                }
                // Who reads no more (`head`) is gone.
                let _ = stream.write_all(answer.stdout.as_bytes());
            }
            None => return,
        }
    }
}

/// The arguments, a line each behind their number; none for the end.
fn arguments(stream: &TcpStream) -> Option<Vec<String>> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let count: usize = lines.next()?.parse().ok()?;
    let args: Vec<String> = lines.take(count).collect();
    (args.len() == count).then_some(args)
}

fn script(servers: &Servers, prefix: &str, programs: &Path) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("bash");
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/script.sh"))
        .current_dir(programs)
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("NAMESRV_ADDR", &servers.namesrv)
        .env("PREFIX", prefix)
        .env("HOME", programs)
        .env("TZ", "UTC")
        .env("LC_ALL", "C.UTF-8");
    command
}

fn output(mut command: Command) -> String {
    let out = run(&mut command, LIMIT);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    println!("{text}{}ended with {}", String::from_utf8_lossy(&out.stderr), out.status);
    text
}

fn with_theirs(servers: &Servers, programs: &Path) -> String {
    let program = programs.join("mqadmin");
    std::fs::write(&program, HANDING_ON).expect("a program");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("make it one");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    let mut mqadmin = Mqadmin::start(&servers.home("mqadmin"));
    std::thread::scope(|scope| {
        let session = &mut mqadmin;
        scope.spawn(move || serve(listener, session));
        let mut command = script(servers, "made-a", programs);
        command.env("MQADMIN_PORT", addr.port().to_string());
        let text = output(command);
        // A connection that says nothing is the end; nobody listens where mqadmin is gone.
        drop(TcpStream::connect(addr));
        text
    })
}

fn with_ours(servers: &Servers, programs: &Path) -> String {
    symlink(rmq_program(), programs.join("mqadmin")).expect("a link");
    let mut command = script(servers, "made-b", programs);
    command.env("RMQ_ASSUME_YES", "1").env("RMQ_COMPAT_EXIT", "1");
    output(command)
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn a_users_script_prints_the_same_with_ours() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let servers = Servers::start(Make::Apache, directory.path());
    let _fixture = Fixture::start(&servers);
    let (theirs, ours) = (directory.path().join("theirs"), directory.path().join("ours"));
    for programs in [&theirs, &ours] {
        std::fs::create_dir_all(programs).expect("a directory");
    }
    let wanted = with_theirs(&servers, &theirs).replace("made-a", "made-b");
    let got = with_ours(&servers, &ours);
    assert!(wanted.ends_with("== done\n"), "the script does not end with mqadmin");
    if let Some(difference) = difference(&masked(&wanted, Compare::Lines), &masked(&got, Compare::Lines)) {
        panic!("the script prints something else with ours:\n{difference}");
    }
}
