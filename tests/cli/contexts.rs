//! Contexts: who wins, what is asked, and that no secret is ever shown.

use crate::admin::fake::{Fake, name_server, ok};
use crate::support::{Env, Run};
use std::path::Path;

const CANARY: &str = "canary-5ecret";

fn silent(run: Run) -> Run {
    let text = run.stdout() + &run.stderr();
    assert!(!text.contains(CANARY), "{text}");
    run
}

fn file(env: &Env) -> std::path::PathBuf {
    env.home().join(".config/rmq/contexts.toml")
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_context_is_added_used_shown_and_removed() {
    let env = Env::new();
    let ns = name_server(&[], &["T"]);
    let with_key = Env::at(&env).var("RMQ_SECRET_KEY", CANARY);
    let line = ["context", "add", "prod", "-n", &ns.addr, "--access-key", "ops", "--output", "csv", "--use"];
    let run = silent(with_key.run(&line).code(0));
    assert!(run.stderr().contains("is added to"), "{}", run.stderr());
    let text = std::fs::read_to_string(file(&env)).unwrap();
    assert!(text.contains(CANARY) && text.contains("current = \"prod\""), "{text}");
    #[cfg(unix)]
    assert_eq!(mode(&file(&env)), 0o600);
    // It gives the name server, the form and the keys.
    let run = silent(env.run(&["topicList"]).code(0));
    assert_eq!(run.stdout(), "TOPIC\nT\n");
    let asked = &ns.seen(206)[0];
    assert_eq!(asked.field("AccessKey"), "ops");
    assert!(!asked.field("Signature").is_empty());
    for line in [&["context", "list"][..], &["context", "show"], &["context", "explain"]] {
        for form in ["table", "json", "yaml", "csv"] {
            let line: Vec<&str> = line.iter().copied().chain(["--output", form]).collect();
            assert!(silent(env.run(&line).code(0)).stdout().contains("ops"), "{line:?}");
        }
    }
    let run = env.run(&["context", "remove", "prod"]).code(2);
    assert!(run.stderr().contains("--yes"), "{}", run.stderr());
    let _ = env.run(&["context", "remove", "prod", "--yes"]).code(0);
    let run = env.run(&["context", "list", "--output", "json"]).code(0);
    assert_eq!(run.stdout(), "{\n  \"contexts\": []\n}\n");
    assert!(!std::fs::read_to_string(file(&env)).unwrap().contains("current"));
}

#[test]
fn an_option_wins_then_the_environment_then_the_context() {
    let env = Env::new();
    let _ = env.run(&["context", "add", "a", "-n", "context:1", "--timeout", "9s", "--use"]).code(0);
    let _ = env.run(&["context", "add", "b", "-n", "other:1", "--tls-insecure"]).code(0);
    let explained = |env: &Env, more: &[&str]| -> String {
        let line: Vec<&str> = ["context", "explain", "--output", "csv"].iter().chain(more).copied().collect();
        env.run(&line).code(0).stdout()
    };
    let text = explained(&env, &[]);
    assert!(text.contains("name servers,context:1,from context a\n"), "{text}");
    assert!(text.contains("timeout,9s,from context a\n"), "{text}");
    assert!(text.contains("tls,off,the default\n"), "{text}");
    let text = explained(&env, &["--context", "b", "--timeout", "1s"]);
    assert!(text.contains("name servers,other:1,from context b\n"), "{text}");
    assert!(
        text.contains("timeout,1s,from --timeout\n") && text.contains("tls,on,from context b\n"),
        "{text}"
    );
    let vars = Env::at(&env)
        .var("RMQ_CONTEXT", "b")
        .var("NAMESRV_ADDR", "env:1")
        .var("RMQ_TIMEOUT", "2s")
        .var("RMQ_TLS", "0")
        .var("JAVA_OPT", "-Xmx1g -Drocketmq.namesrv.domain=mq.example.org");
    let text = explained(&vars, &[]);
    assert!(text.contains("context,b,from RMQ_CONTEXT\n"), "{text}");
    assert!(text.contains("name servers,env:1,from NAMESRV_ADDR\n"), "{text}");
    assert!(text.contains("timeout,2s,from RMQ_TIMEOUT\n") && text.contains("tls,off,"), "{text}");
    let text = explained(&vars, &["-n", "option:1", "--tls"]);
    assert!(
        text.contains("name servers,option:1,from -n\n") && text.contains("tls,on,from --tls\n"),
        "{text}"
    );
    // Who asks for a context by name is told that its name servers are not asked.
    let run = vars.run(&["context", "explain", "--context", "a"]).code(0);
    assert!(run.stderr().contains("not those of context a"), "{}", run.stderr());
}

#[test]
fn a_protected_context_asks_before_every_write() {
    let env = Env::new();
    let broker = Fake::start().on(351, ok("")).on(17, ok(""));
    let ns = name_server(&[("a", &broker.addr)], &["T"]);
    let _ = env.run(&["context", "add", "prod", "-n", &ns.addr, "--protected", "--use"]).code(0);
    let line = ["updateTopic", "-b", &broker.addr, "-t", "T"];
    let assuming = Env::at(&env).var("RMQ_ASSUME_YES", "1");
    for env in [&env, &assuming] {
        let run = env.run(&line).code(2);
        assert!(
            run.stderr().contains("prod is protected") && run.stderr().contains("--yes"),
            "{}",
            run.stderr()
        );
    }
    assert!(broker.seen(17).is_empty());
    let _ = env.run(&["topicList"]).code(0);
    let dry: Vec<&str> = line.iter().copied().chain(["--dry-run"]).collect();
    let _ = env.run(&dry);
    assert!(broker.seen(17).is_empty());
    let yes: Vec<&str> = line.iter().copied().chain(["--yes"]).collect();
    let _ = env.run(&yes);
    assert_eq!(broker.seen(17).len(), 1);
}

#[test]
fn what_is_wrong_with_the_file_is_told_without_its_values() {
    let env = Env::new();
    std::fs::create_dir_all(file(&env).parent().unwrap()).unwrap();
    std::fs::write(file(&env), format!("[contexts.a.acl]\nsecret = \"{CANARY}\"\n")).unwrap();
    let run = silent(env.run(&["topicList"]).code(2));
    assert!(run.stderr().contains("line 2: unknown field `secret`"), "{}", run.stderr());
    let _ = silent(env.run(&["help", "contexts"]).code(0));
    let run = silent(env.run(&["context", "list"]).code(2));
    assert!(run.stderr().contains("contexts.toml"), "{}", run.stderr());
    std::fs::write(file(&env), "[contexts.prod]\nname-servers = [\"h:1\"]\noutput = \"xml\"\n").unwrap();
    let run = env.run(&["topicList", "--context", "prd"]).code(2);
    assert!(run.stderr().contains("did you mean prod?"), "{}", run.stderr());
    let run = env.run(&["topicList", "--context", "prod"]).code(2);
    assert!(run.stderr().contains("'xml' (from context prod)"), "{}", run.stderr());
    let run = env.run(&["context", "add", "a/b", "-n", "h:1"]).code(2);
    assert!(run.stderr().contains("no name for a context"), "{}", run.stderr());
}

#[test]
fn called_as_mqadmin_the_form_is_mqadmins_whatever_the_context_says() {
    let env = Env::new();
    let ns = name_server(&[], &["T"]);
    let _ = env.run(&["context", "add", "a", "-n", &ns.addr, "--output", "json", "--use"]).code(0);
    let link = env.home().join("mqadmin");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rmq"), &link).unwrap();
    let run = Run::of(env.command_as(&link, ["topicList"]).assert()).code(0);
    assert_eq!(run.stdout(), "T\n");
}

#[test]
fn connections_are_encrypted_when_asked_for() {
    let ns = Fake::encrypted().on(206, ok(r#"{"topicList":["T"]}"#));
    let env = Env::new();
    let line = ["topicList", "-n", &ns.addr, "--output", "csv", "--timeout", "5s"];
    let with =
        |more: &[&'static str]| -> Vec<&str> { line.iter().copied().chain(more.iter().copied()).collect() };
    let run = env.run(&with(&["--tls-insecure"])).code(0);
    assert_eq!(run.stdout(), "TOPIC\nT\n");
    // As Apache's clients are told.
    let java = Env::new().var("JAVA_OPT", "-Dtls.enable=true -Dtls.config.file=/nowhere");
    assert_eq!(java.run(&line).code(0).stdout(), "TOPIC\nT\n");
    std::fs::write(env.home().join("tls.properties"), "tls.test.mode.enable=true\n").unwrap();
    let _ = env.run(&with(&["--tls-properties", "tls.properties"])).code(0);
    let variables = Env::new().var("RMQ_TLS", "1").var("RMQ_TLS_INSECURE", "1");
    let _ = variables.run(&line).code(0);
    // Nobody signed the certificate that is trusted here.
    std::fs::write(env.home().join("ca.pem"), include_str!("../fixtures/ca.pem")).unwrap();
    let run = env.run(&with(&["--tls-ca", "ca.pem"])).code(4);
    assert!(run.stderr().contains("invalid peer certificate"), "{}", run.stderr());
    assert!(run.stderr().contains("TLS"), "{}", run.stderr());
    let run = env.run(&with(&["--tls-ca", "nowhere.pem"])).code(2);
    assert!(run.stderr().contains("nowhere.pem"), "{}", run.stderr());
}
