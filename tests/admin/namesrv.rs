//! Commands about name servers: each is told, and one that is not is told of.

use super::fake::{Answer, Fake, name_server, ok};
use crate::support::Env;

/// A name server with settings and texts that answer as they were.
fn keeper() -> Fake {
    name_server(&[("broker-a", "127.0.0.1:1")], &[])
        .on(319, ok("listenPort=9876\norderMessageEnable=false\n"))
        .on(318, ok(""))
        .on(102, ok(""))
        .on(219, ok(r#"{"table":{"orders":"4"}}"#))
}

fn field(fields: Vec<(&'static str, String)>) -> Answer {
    Answer::Ok(fields, String::new())
}

#[test]
fn a_text_is_written_to_every_name_server() {
    let (one, two) = (keeper().on(101, field(vec![("value", "3".to_owned())])), keeper());
    let both = format!("{};{}", one.addr, two.addr);
    let line = ["updateKvConfig", "-s", "limits", "-k", "orders", "-v", "4", "-n", &both];
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run"]).collect();
    let run = Env::new().run(&dry).code(0);
    assert!(run.stdout().contains("would be updated  3"), "{}", run.stdout());
    assert!(run.stdout().contains("would be created  -"), "{}", run.stdout());
    assert!(one.seen(100).is_empty() && two.seen(100).is_empty());
    let _ = Env::new().run(&line).code(0);
    for server in [&one, &two] {
        let sent = &server.seen(100)[0];
        assert_eq!(["namespace", "key", "value"].map(|name| sent.field(name)), ["limits", "orders", "4"]);
    }
    let classic: Vec<&str> = line.iter().copied().chain(["--output", "classic"]).collect();
    let run = Env::new().run(&classic).code(0);
    assert_eq!(run.stdout(), "create or update kv config to namespace success.\n");
}

#[test]
fn a_name_server_that_is_down_leaves_a_partial_result() {
    let up = keeper();
    let both = format!("{};127.0.0.1:1", up.addr);
    let run = Env::new().run(&["updateKvConfig", "-s", "s", "-k", "k", "-v", "v", "-n", &both]).code(3);
    assert!(run.stderr().contains("name server 127.0.0.1:1"), "{}", run.stderr());
    assert_eq!(up.seen(100).len(), 1);
    let run =
        Env::new().run(&["updateKvConfig", "-s", "s", "-k", "k", "-v", "v", "-n", "127.0.0.1:1"]).code(4);
    assert!(run.stderr().contains("hint: "), "{}", run.stderr());
}

#[test]
fn a_text_is_deleted_after_a_yes_and_only_if_it_is_there() {
    let ns = keeper().on(101, field(vec![("value", "4".to_owned())]));
    let line = ["deleteKvConfig", "-s", "limits", "-k", "orders", "-n", &ns.addr];
    let run = Env::new().run(&line).code(2);
    assert!(run.stderr().contains("--yes"), "{}", run.stderr());
    assert!(ns.seen(102).is_empty());
    let yes: Vec<&str> = line.iter().copied().chain(["--yes"]).collect();
    let run = Env::new().run(&yes).code(0);
    assert!(run.stdout().contains("deleted  4"), "{}", run.stdout());
    let ns = keeper();
    let run =
        Env::new().run(&["deleteKvConfig", "-s", "limits", "-k", "order", "-n", &ns.addr, "--yes"]).code(1);
    assert!(run.stderr().contains("did you mean orders?"), "{}", run.stderr());
    assert!(ns.seen(102).is_empty());
}

#[test]
fn a_setting_that_a_name_server_drops_is_told() {
    let ns = keeper();
    let run = Env::new().run(&["getNamesrvConfig", "-n", &ns.addr, "--key", "ORDER"]).code(0);
    assert_eq!(run.stdout(), "KEY                 VALUE\norderMessageEnable  false\n");
    let line = ["updateNamesrvConfig", "-k", "orderMessageEnable", "-v", "maybe", "-n", &ns.addr];
    let run = Env::new().run(&line).code(1);
    assert!(run.stderr().contains("the value is still 'false'"), "{}", run.stderr());
    assert_eq!(ns.seen(318)[0].body, "orderMessageEnable=maybe\n");
    let line = ["updateNamesrvConfig", "-k", "orderMessagEnable", "-v", "true", "-n", &ns.addr];
    let run = Env::new().run(&line).code(1);
    assert!(run.stderr().contains("did you mean orderMessageEnable?"), "{}", run.stderr());
    let line = ["updateNamesrvConfig", "-k", "orderMessageEnable", "-v", "FALSE", "-n", &ns.addr];
    let run = Env::new().run(&line).code(0);
    assert!(run.stdout().contains("unchanged"), "{}", run.stdout());
    let ns = keeper().on(318, Answer::No(16, "Can not update config in black list."));
    let line = ["updateNamesrvConfig", "-k", "listenPort", "-v", "1", "-n", &ns.addr];
    let run = Env::new().run(&line).code(1);
    assert!(run.stderr().contains("black list"), "{}", run.stderr());
}

#[test]
fn writes_to_a_broker_are_stopped_and_allowed() {
    let ns = keeper()
        .on(205, field(vec![("wipeTopicCount", "27".to_owned())]))
        .on(327, field(vec![("addTopicCount", "27".to_owned())]));
    let line = ["wipeWritePerm", "-b", "broker-a", "-n", &ns.addr];
    let run = Env::new().run(&line).code(2);
    assert!(run.stderr().contains("--yes"), "{}", run.stderr());
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run"]).collect();
    let run = Env::new().run(&dry).code(0);
    assert!(run.stdout().contains("would allow no writes"), "{}", run.stdout());
    assert!(ns.seen(205).is_empty());
    let yes: Vec<&str> = line.iter().copied().chain(["--yes", "--output", "classic"]).collect();
    let run = Env::new().run(&yes).code(0);
    assert_eq!(
        run.stdout(),
        format!("wipe write perm of broker[broker-a] in name server[{}] OK, 27\n", ns.addr)
    );
    assert_eq!(ns.seen(205)[0].field("brokerName"), "broker-a");
    let run = Env::new().run(&["addWritePerm", "-b", "broker-a", "-n", &ns.addr]).code(0);
    assert!(run.stdout().contains("27"), "{}", run.stdout());
    for command in ["wipeWritePerm", "addWritePerm"] {
        let run = Env::new().run(&[command, "-b", "broker-b", "-n", &ns.addr, "--yes"]).code(1);
        assert!(run.stderr().contains("did you mean broker-a?"), "{}", run.stderr());
    }
}
