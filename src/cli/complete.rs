//! Completion: the shell asks the program, which knows its options and asks the cluster for names.
//!
//! The scripts only pass the words of the line on. What stands for a topic, a group, a broker or a cluster is known
//! by the name of the option's value; an unreachable cluster gives no names, and no word of complaint.

use super::grammar::{CommandTable, OptionRule, Takes};
use super::run::context;
use super::settings::{Settings, World, select};
use super::tree::{self, Globals, Root, areas};
use crate::admin::{CommandError, Context};
use crate::output::{Out, OutOptions};
use clap::{Arg, Command, CommandFactory, Parser};
use clap_complete::Shell;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;
use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The variable in which a completion script names its shell.
pub const VARIABLE: &str = "RMQ_COMPLETE";

/// Who presses the key waits no longer than this for names.
const PATIENCE: Duration = Duration::from_millis(500);

/// Topics whose names begin so are not what people look for, unless they type it.
const INTERNAL: char = '%';

/// The script for a shell; it calls `rmq` from the path.
pub fn script(shell: Shell) -> String {
    let mut text = Vec::new();
    if let Some(completer) = Shells::builtins().completer(&shell.to_string()) {
        // Writing to a buffer does not fail.
        let _ = completer.write_registration(VARIABLE, "rmq", "rmq", "rmq", &mut text);
    }
    String::from_utf8_lossy(&text).trim_start().to_owned()
}

/// Answers a script: `args` are those of the program, with the words of the line behind `--`.
///
/// # Errors
/// An unknown shell; what keeps the line from being read.
pub fn answer(shell: &str, args: &[OsString]) -> io::Result<String> {
    let words: Vec<OsString> = args.iter().skip_while(|word| *word != "--").skip(1).cloned().collect();
    let shells = Shells::builtins();
    let Some(completer) = shells.completer(shell).filter(|_| !words.is_empty()) else {
        return Err(io::Error::other("not asked by a completion script"));
    };
    let mut root = with_names(tree::command(), &words);
    let mut text = Vec::new();
    completer.write_complete(&mut root, words, None, &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// What a value names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Topic,
    Group,
    Broker,
    BrokerAddr,
    Cluster,
    Command,
    Subject,
}

impl Kind {
    /// What the value of an argument is, by its name.
    fn of(arg: &Arg) -> Option<Self> {
        let name = arg.get_value_names()?.first()?.as_str();
        let about_broker = || arg.get_long().is_some_and(|long| long.to_lowercase().contains("broker"));
        match name {
            "TOPIC" => Some(Kind::Topic),
            "GROUP" => Some(Kind::Group),
            "BROKER" => Some(Kind::Broker),
            "HOST:PORT" if about_broker() => Some(Kind::BrokerAddr),
            "CLUSTER" => Some(Kind::Cluster),
            "COMMAND" if arg.is_positional() && !arg.is_last_set() => Some(Kind::Command),
            "SUBJECT" => Some(Kind::Subject),
            _ => None,
        }
    }

    /// The names that begin as what was typed, sorted.
    fn names(self, typed: &str, words: &[OsString]) -> Vec<String> {
        let mut names = match self {
            Kind::Command => commands(),
            Kind::Subject => commands().into_iter().chain(super::help::subjects()).collect(),
            _ => ask(self, words),
        };
        names.retain(|name| {
            name.starts_with(typed) && (typed.starts_with(INTERNAL) || !name.starts_with(INTERNAL))
        });
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn commands() -> Vec<String> {
    areas().into_iter().flat_map(|(_, entries)| entries).map(|entry| entry.name.to_owned()).collect()
}

/// The tree whose values are asked for where they are names.
fn with_names(root: Command, words: &[OsString]) -> Command {
    let words: Arc<[OsString]> = words.into();
    root.mut_subcommands(|command| named_values(command, &words))
}

fn named_values(command: Command, words: &Arc<[OsString]>) -> Command {
    let command = command.mut_subcommands(|below| named_values(below, words));
    command.mut_args(|arg| match Kind::of(&arg) {
        Some(kind) => {
            let words = words.clone();
            arg.add(ArgValueCompleter::new(move |typed: &OsStr| candidates(kind, typed, &words)))
        }
        None => arg,
    })
}

fn candidates(kind: Kind, typed: &OsStr, words: &[OsString]) -> Vec<CompletionCandidate> {
    let names = typed.to_str().map(|typed| kind.names(typed, words)).unwrap_or_default();
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// Asks the name servers of the line for names; none where they do not answer in time.
fn ask(kind: Kind, words: &[OsString]) -> Vec<String> {
    let out = Out::to_writers(OutOptions::default(), io::sink(), io::sink());
    let settled = globals(words).and_then(|globals| {
        let selected = select(globals.connect.context.as_deref(), |name| std::env::var(name).ok()).ok()?;
        let world = World::unattended(&out).with(selected);
        let mut settings = Settings::choose(&globals, &world, true).ok()?;
        settings.load_tls().ok()?;
        Some((globals, settings, world))
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Some((globals, mut settings, world)), Ok(runtime)) = (settled, runtime) else { return Vec::new() };
    let work = async {
        settings.look_up().await;
        let context = context(&globals, settings, &world, &out);
        of_cluster(kind, &context).await
    };
    let answered = runtime.block_on(async { tokio::time::timeout(PATIENCE, work).await });
    runtime.shutdown_background();
    answered.ok().and_then(Result::ok).unwrap_or_default()
}

async fn of_cluster(kind: Kind, ctx: &Context) -> Result<Vec<String>, CommandError> {
    match kind {
        Kind::Topic => ctx.topic_names().await,
        Kind::Group => ctx.group_names().await,
        Kind::Cluster => Ok(ctx.cluster_info().await?.cluster_addr_table.into_keys().collect()),
        Kind::Broker => Ok(ctx.cluster_info().await?.broker_addr_table.into_keys().collect()),
        Kind::BrokerAddr => {
            let brokers = ctx.cluster_info().await?.broker_addr_table.into_values();
            Ok(brokers.flat_map(|broker| broker.broker_addrs.into_values()).collect())
        }
        Kind::Command | Kind::Subject => Ok(Vec::new()),
    }
}

/// The options of all commands on a line that is not whole yet.
fn globals(words: &[OsString]) -> Option<Globals> {
    let table = CommandTable::of(&Root::command(), tree::is_mqadmin);
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let mut line = vec!["rmq".to_owned()];
    for rule in table.globals.iter().filter(|rule| rule.takes == Takes::One) {
        line.extend(given(rule, &words).map(|value| format!("{}={value}", rule.canonical)));
    }
    let parsed = Root::try_parse_from(&line).or_else(|_| Root::try_parse_from(&line[..1]));
    parsed.ok().map(|root| root.globals)
}

/// The value of an option, written as `-n VALUE`, `--namesrv VALUE` or `--namesrv=VALUE`.
fn given<'a>(rule: &OptionRule, words: &[&'a str]) -> Option<&'a str> {
    let longs = rule.longs.iter().map(|long| format!("--{long}"));
    let names: Vec<String> = longs.chain(rule.shorts.iter().map(|short| format!("-{short}"))).collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (*word, words.get(at + 1).copied()),
        };
        value.filter(|_| names.iter().any(|known| known == name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globals_of(line: &[&str]) -> Globals {
        globals(&line.iter().map(OsString::from).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_name_servers_of_the_line_are_found() {
        for line in [
            &["rmq", "topicRoute", "-n", "h:1", "-t", ""][..],
            &["rmq", "--namesrv", "h:1", "topicRoute", "-t", "T"],
            &["rmq", "topicRoute", "-t", "", "--namesrvAddr=h:1"],
        ] {
            assert_eq!(globals_of(line).namesrv, ["h:1"], "{line:?}");
        }
        // What cannot be read yet is as if it were not there.
        assert!(globals_of(&["rmq", "topicRoute", "--timeout", "-n"]).namesrv.is_empty());
        assert!(globals_of(&["rmq", "topicRoute", "-n"]).namesrv.is_empty());
    }

    #[test]
    fn a_value_is_known_by_its_name() {
        let arg = |long: &'static str, name: &'static str| Arg::new(long).long(long).value_name(name);
        let table = [
            (arg("topic", "TOPIC"), Some(Kind::Topic)),
            (arg("consumerGroup", "GROUP"), Some(Kind::Group)),
            (arg("brokerName", "BROKER"), Some(Kind::Broker)),
            (arg("brokerAddr", "HOST:PORT"), Some(Kind::BrokerAddr)),
            (arg("namesrvAddr", "HOST:PORT"), None),
            (arg("clusterName", "CLUSTER"), Some(Kind::Cluster)),
            (Arg::new("command").value_name("COMMAND"), Some(Kind::Command)),
            (Arg::new("command").value_name("COMMAND").last(true), None),
            (arg("body", "BODY"), None),
        ];
        for (arg, want) in table {
            assert_eq!(Kind::of(&arg), want, "{arg:?}");
        }
    }

    #[test]
    fn scripts_call_the_program() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let script = script(shell);
            assert!(script.contains(VARIABLE) && script.contains("rmq"), "{shell}: {script}");
        }
    }
}
