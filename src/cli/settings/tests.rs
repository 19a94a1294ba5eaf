//! Who wins.

use super::*;
use crate::config::connect::{Origin, parse_keys};
use crate::output::{Out, OutOptions};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

fn quiet() -> Out {
    Out::to_writers(OutOptions::default(), io::sink(), io::sink())
}

fn world(vars: &[(&str, &str)], typed: Option<&str>) -> World {
    let vars: BTreeMap<String, String> =
        vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let typed = typed.map(str::to_owned);
    World::new(move |name| vars.get(name).cloned(), &quiet(), move |_| Ok(typed.clone()))
}

fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

fn chosen(args: &ConnectArgs, world: &World) -> Option<(String, String, Origin)> {
    let keys = keys::choose(args, world).unwrap()?;
    Some((keys.value.access_key, keys.value.secret_key.expose_secret().to_owned(), keys.origin))
}

#[test]
fn option_then_environment_then_the_file_of_mqadmin() {
    let dir = tempfile::tempdir().unwrap();
    let tools = write(dir.path(), "home/conf/tools.yml", "accessKey: tools\nsecretKey: t\n");
    let file = write(dir.path(), "keys", "AccessKey=file\nSecretKey=f\n");
    let home = dir.path().join("home").display().to_string();
    let of_file = ConnectArgs { credentials: Some(file.clone()), ..ConnectArgs::default() };
    let of_key = ConnectArgs { access_key: Some("opt".into()), ..ConnectArgs::default() };
    let all = [("ROCKETMQ_HOME", home.as_str()), ("RMQ_ACCESS_KEY", "env"), ("RMQ_SECRET_KEY", "e")];
    let found = |access: &str, secret: &str, origin| Some((access.to_owned(), secret.to_owned(), origin));
    assert_eq!(chosen(&of_file, &world(&all, None)), found("file", "f", Origin::Option("--credentials")));
    assert_eq!(chosen(&of_key, &world(&all, None)), found("opt", "e", Origin::Option("--access-key")));
    let none = ConnectArgs::default();
    assert_eq!(chosen(&none, &world(&all, None)), found("env", "e", Origin::Environment("RMQ_ACCESS_KEY")));
    assert_eq!(chosen(&none, &world(&all[..1], None)), found("tools", "t", Origin::File(tools.clone())));
    let java = format!("-Drocketmq.home.dir={home}");
    let java = [("JAVA_OPT", java.as_str()), ("ROCKETMQ_HOME", "/nowhere")];
    assert_eq!(chosen(&none, &world(&java, None)), found("tools", "t", Origin::File(tools)));
    let path = file.display().to_string();
    let file = [("RMQ_CREDENTIALS", path.as_str()), ("RMQ_ACCESS_KEY", "env")];
    assert_eq!(
        chosen(&none, &world(&file, None)),
        found("file", "f", Origin::Environment("RMQ_CREDENTIALS"))
    );
    assert_eq!(chosen(&none, &world(&[], None)), None);
}

#[test]
fn a_secret_that_is_not_given_is_asked_for() {
    let args = ConnectArgs { access_key: Some("ops".into()), ..ConnectArgs::default() };
    assert_eq!(chosen(&args, &world(&[], Some("typed"))).unwrap().1, "typed");
    let error = keys::choose(&args, &world(&[], None)).unwrap_err();
    assert_eq!(error.kind.exit_code(), 2);
    assert!(error.message.contains("'ops' (from --access-key)"), "{}", error.message);
}

#[test]
fn files_that_cannot_be_used_are_told_without_what_is_in_them() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "keys", "secretKey: canary\n");
    let args = ConnectArgs { credentials: Some(file), ..ConnectArgs::default() };
    let error = keys::choose(&args, &world(&[], None)).unwrap_err();
    assert_eq!(
        (error.kind.exit_code(), error.causes.as_slice()),
        (2, &["it has no accessKey".to_owned()][..])
    );
    assert!(!error.to_json().contains("canary"));
    // mqadmin goes on without keys where its own file lacks them, and so do we.
    write(dir.path(), "home/conf/tools.yml", "accessKey: a\n");
    let home = dir.path().join("home").display().to_string();
    assert_eq!(chosen(&ConnectArgs::default(), &world(&[("ROCKETMQ_HOME", &home)], None)), None);
    let nowhere = ConnectArgs { credentials: Some("/nowhere/keys".into()), ..ConnectArgs::default() };
    assert_eq!(keys::choose(&nowhere, &world(&[], None)).unwrap_err().kind.exit_code(), 2);
}

#[test]
fn a_refusal_says_how_it_was_signed() {
    let refused = |remark| CommandError::refused("cannot do it", code::NO_PERMISSION, Some(remark));
    let keys = parse_keys("accessKey: ops\nsecretKey: canary\n").unwrap();
    let keys = Chosen::new(keys, Origin::Environment("RMQ_ACCESS_KEY"));
    let error = explain_refusal(refused("User:ops has no permission"), Some(&keys));
    assert_eq!(error.hints, ["it was signed with access key ops (from RMQ_ACCESS_KEY)"]);
    let error = explain_refusal(refused("username cannot be null."), None);
    assert!(error.hints[0].contains("rmq help credentials"), "{:?}", error.hints);
    assert!(explain_refusal(refused("the broker's topic may not be read"), None).hints.is_empty());
    assert!(explain_refusal(CommandError::unmet("x"), Some(&keys)).hints.is_empty());
}
