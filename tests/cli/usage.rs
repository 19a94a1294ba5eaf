//! Help, wrong command lines, exit codes.

use crate::support::Env;

#[test]
fn without_a_command_the_help_is_shown() {
    let bare = Env::new().run(&[]).code(0);
    assert!(bare.stdout().starts_with("Operate Apache RocketMQ"), "{}", bare.stdout());
    for args in [&["help"][..], &["--help"], &["-h"]] {
        assert_eq!(Env::new().run(args).code(0).stdout(), bare.stdout(), "{args:?}");
    }
}

#[test]
fn help_is_about_commands_in_any_case_and_subjects() {
    let env = Env::new();
    let command = env.run(&["help", "COMPLETIONS"]).code(0).stdout();
    assert!(command.contains("Usage: rmq completions") && command.contains("Examples:"), "{command}");
    assert!(env.run(&["help", "exit-codes"]).code(0).stdout().contains("130  interrupted"));
    let all = env.run(&["help", "-a"]).code(0).stdout();
    assert!(all.contains("completions"), "{all}");
    assert_eq!(env.run(&["--help", "COMPLETIONS"]).code(0).stdout(), command);
    let topics = env.run(&["help", "topicList"]).code(0).stdout();
    assert_eq!(env.run(&["--help", "topiclist"]).code(0).stdout(), topics);
    let area = env.run(&["help", "Consumer-Groups"]).code(0).stdout();
    assert!(area.starts_with("Consumer groups\n  consumerProgress  ") && all.contains(&area), "{area}");
    let unknown = env.run(&["help", "exitcodes"]).code(2);
    assert_eq!(
        unknown.stderr(),
        "error: there is no command and no subject 'exitcodes'\nhint: did you mean exit-codes?\n"
    );
}

#[test]
fn an_unknown_command_is_told_with_the_nearest() {
    let run = Env::new().run(&["completion"]).code(2);
    assert_eq!(run.stdout(), "");
    assert_eq!(run.stderr(), "error: there is no command 'completion'\nhint: did you mean completions?\n");
}

#[test]
fn an_unknown_option_is_told_with_the_nearest() {
    let run = Env::new().run(&["completions", "bash", "--timout", "5s"]).code(2);
    assert_eq!(
        run.stderr(),
        "error: '--timout' is not an option of completions\nhint: did you mean --timeout?\n"
    );
}

#[test]
fn wrong_values_say_what_would_be_right() {
    let env = Env::new();
    let run = env.run(&["completions", "fihs"]).code(2);
    assert_eq!(
        run.stderr(),
        "error: 'fihs' is not a value for <SHELL>\ncause: it must be one of bash, elvish, fish, powershell, zsh\n\
         hint: did you mean fish?\n"
    );
    let run = env.run(&["--timeout", "soon", "help"]).code(2);
    assert!(run.stderr().contains("'soon' is not a duration"), "{}", run.stderr());
    let run = env.run(&["completions"]).code(2);
    assert_eq!(
        run.stderr(),
        "error: missing required option: <SHELL>\nhint: rmq help completions shows the options\n"
    );
}

#[test]
fn an_error_is_one_object_in_json() {
    let run = Env::new().run(&["--output", "json", "completion"]).code(2);
    let value: serde_json::Value = serde_json::from_str(&run.stderr()).unwrap();
    assert_eq!(value["kind"], "usage");
    assert_eq!(value["exitCode"], 2);
    assert_eq!(value["hints"][0], "did you mean completions?");
}

#[test]
fn mqadmins_zeros_can_be_had_back() {
    let env = Env::new().var("RMQ_COMPAT_EXIT", "1");
    assert_eq!(env.run(&["noSuchCommand"]).code(0).stdout(), "");
    let _ = env.run(&["completions", "--nope"]).code(1);
}

#[cfg(unix)]
#[test]
fn called_by_another_name_it_is_somebody_else() {
    let env = Env::new();
    let link = env.home().join("tools.sh");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rmq"), &link).unwrap();
    let output = env.command_as(&link, ["org.example.Main"]).assert().code(2).get_output().clone();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("error: rmq does not know the class org.example.Main\n"), "{stderr}");
}

#[test]
fn completions_are_printed() {
    let script = Env::new().run(&["completions", "bash"]).code(0).stdout();
    assert!(script.contains("_rmq()"), "{script}");
}

#[test]
fn schemas_are_printed_and_those_who_have_none_say_so() {
    let env = Env::new();
    let schema: serde_json::Value =
        serde_json::from_str(&env.run(&["schema", "TOPICLIST"]).code(0).stdout()).unwrap();
    assert_eq!(schema["title"], "topicList");
    assert_eq!(schema["properties"]["topics"]["type"], "array");
    let unknown = env.run(&["schema", "topicLst"]).code(2);
    assert!(unknown.stderr().contains("did you mean topicList?"), "{}", unknown.stderr());
    assert_eq!(env.run(&["schema", "help"]).code(2).stderr(), "error: help shows text only\n");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_rmq"))
        .args(["completions", "zsh"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}
