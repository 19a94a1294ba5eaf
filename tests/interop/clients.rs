//! What applications rely on, with the published Java client: `java/client/Checks.java` against both makes.

use std::time::Duration;

use crate::commands::auth;
use crate::jvm::{java, jvm, run};
use crate::mqadmin::Mqadmin;
use crate::servers::{Make, Servers};

/// Several checks at a time: most of them wait for something.
const AT_ONCE: &str = "4";

/// The checks of applications, with the client on this class path and options of the JVM.
fn java_checks(make: Make, client: &str, options: &[&str]) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let servers = Servers::start(make, directory.path());
    let only = std::env::var("RMQ_INTEROP_ONLY").unwrap_or_default();
    let names: Vec<_> = only.split_whitespace().collect();
    run_checks(&servers, client, options, &names);
}

/// The checks of those names, or all of applications.
fn run_checks(servers: &Servers, client: &str, options: &[&str], names: &[&str]) {
    let make = servers.make;
    let mut command = java(client, &servers.home("client"), "-Xmx768m");
    command.args(options).arg("Checks").arg(&servers.namesrv).args(["-j", AT_ONCE]).args(names);
    let out = run(&mut command, Duration::from_secs(400));
    let text = String::from_utf8_lossy(&out.stdout);
    println!("{make:?}:\n{text}");
    if !out.status.success() {
        println!("{}\n{}", String::from_utf8_lossy(&out.stderr), servers.log());
        let failed: Vec<_> = text.lines().filter(|line| line.starts_with("FAIL")).collect();
        panic!("the Java client against {make:?}, {}:\n{}", out.status, failed.join("\n"));
    }
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn java_client_against_apache() {
    java_checks(Make::Apache, &jvm().client, &[]);
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn java_client_against_rmq() {
    java_checks(Make::Rmq, &jvm().client, &[]);
}

/// How the client is told to encrypt all that it sends.
const TLS: &[&str] = &["-Dtls.enable=true"];

#[test]
#[ignore = "needs a JVM and Maven"]
fn newer_java_client_by_tls_against_apache() {
    java_checks(Make::Apache, &jvm().newer_client, TLS);
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn newer_java_client_by_tls_against_rmq() {
    java_checks(Make::Rmq, &jvm().newer_client, TLS);
}

/// Users and what they may do, which mqadmin sets up (see `java/client/Securing.java`).
fn secured_checks(make: Make) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let servers = Servers::start_with(make, directory.path(), auth::SETTINGS);
    let home = servers.home("mqadmin");
    auth::give_keys(&home);
    let mut mqadmin = Mqadmin::start(&home);
    let target = ["-n", &servers.namesrv, "-b", &servers.broker];
    for line in [
        "createUser -u alice -p alice-secret",
        "createAcl -s User:alice -r Topic:open-*,Group:alice-* -a Pub,Sub -i 127.0.0.0/8 -d Allow",
    ] {
        let args: Vec<String> = line.split(' ').chain(target).map(str::to_owned).collect();
        let answer = mqadmin.run(&args);
        assert!(answer.stdout.contains("success"), "{line}: {answer:?}");
    }
    run_checks(&servers, &jvm().client, &[], &["acl-unsigned", "acl-permitted", "acl-forbidden"]);
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn java_client_of_users_against_apache() {
    secured_checks(Make::Apache);
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn java_client_of_users_against_rmq() {
    secured_checks(Make::Rmq);
}
