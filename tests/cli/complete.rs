//! Completion, as a shell asks for it.

use crate::admin::fake::{Answer, Fake, name_server};
use crate::support::Env;

/// What the last of these words may become, as a script is told.
fn completed(env: &Env, words: &[&str]) -> Vec<String> {
    let mut command = env.command(["--", "rmq"].iter().chain(words));
    command
        .env("RMQ_COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_IFS", "\n");
    let output = command.assert().code(0).get_output().clone();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{words:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn names_are_those_of_the_cluster() {
    let ns = name_server(&[("broker-a", "127.0.0.1:1")], &["TopicTest", "Other", "%RETRY%orders"]);
    let env = Env::new();
    let table: [(&[&str], &[&str]); 9] = [
        (&["topicRoute", "-n", &ns.addr, "-t", "To"], &["TopicTest"]),
        (&["topicRoute", "--topic", ""], &[]),
        (&["topicRoute", "-n", &ns.addr, "-t", "%"], &["%RETRY%orders"]),
        (&["topicRoute", "-n", &ns.addr, "--topic", ""], &["Other", "TopicTest"]),
        (&["consumerProgress", "-n", &ns.addr, "-g", ""], &["orders"]),
        (&["brokerStatus", "-n", &ns.addr, "-b", ""], &["127.0.0.1:1"]),
        (&["sendMessage", "-n", &ns.addr, "-b", "br"], &["broker-a"]),
        (&["brokerStatus", "-n", &ns.addr, "-c", ""], &["C"]),
        (&["produce", "-n", &ns.addr, "T"], &["TopicTest"]),
    ];
    for (words, want) in table {
        assert_eq!(completed(&env, words), want, "{words:?}");
    }
    let env = env.var("NAMESRV_ADDR", &ns.addr);
    assert_eq!(completed(&env, &["topicRoute", "-t", "To"]), ["TopicTest"]);
}

#[test]
fn commands_options_and_values_of_options_are_known_without_a_cluster() {
    let env = Env::new();
    assert_eq!(completed(&env, &["topicRo"]), ["topicRoute"]);
    assert_eq!(completed(&env, &["topicRoute", "--top"]), ["--topic"]);
    assert_eq!(completed(&env, &["topicRoute", "--output", "js"]), ["json"]);
    assert_eq!(completed(&env, &["schema", "topicSta"]), ["topicStatus"]);
    assert_eq!(completed(&env, &["help", "exit"]), ["exit-codes"]);
}

#[test]
fn who_is_silent_or_refuses_gives_no_names_and_no_complaint() {
    let silent = Fake::start().on(206, Answer::Silence);
    let refusing = Fake::start().on(206, Answer::No(16, "no"));
    for addr in [&silent.addr, &refusing.addr, "127.0.0.1:1", "nonsense:x"] {
        assert_eq!(completed(&Env::new(), &["topicRoute", "-n", addr, "-t", ""]), [""; 0], "{addr}");
    }
}

#[test]
fn a_line_that_is_none_is_silent() {
    let run = |shell: &str, args: &[&str]| {
        let output = Env::new().command(args).env("RMQ_COMPLETE", shell).assert().get_output().clone();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for (shell, args) in [("bash", &[][..]), ("bash", &["--"]), ("nosuch", &["--", "rmq"])] {
        assert_eq!(run(shell, args), (String::new(), String::new()), "{shell} {args:?}");
    }
}

/// The script as bash runs it.
#[cfg(unix)]
#[test]
fn bash_gets_its_words_from_the_script() {
    let ns = name_server(&[("broker-a", "127.0.0.1:1")], &["TopicTest"]);
    let env = Env::new().var("PATH", path_with_the_program());
    std::fs::write(env.home().join("rmq.bash"), env.run(&["completions", "bash"]).code(0).stdout()).unwrap();
    let script = r#"
        source rmq.bash
        COMP_WORDS=(rmq topicRoute -n "$1" -t To) COMP_CWORD=5 COMP_TYPE=9
        _clap_complete_rmq rmq To -t
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output =
        env.command_as("/bin/bash", ["-c", script, "bash", &ns.addr]).assert().code(0).get_output().clone();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "TopicTest\n");
}

#[cfg(unix)]
fn path_with_the_program() -> String {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_rmq"));
    format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default())
}
