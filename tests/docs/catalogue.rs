//! Rules that every command keeps.

use rmq::cli::{self, CommandTable};
use std::collections::BTreeSet;
use std::ffi::OsString;

/// The longest summary, in characters.
const LONGEST_SUMMARY: usize = 72;
/// A command is explained by as many examples at least.
const LEAST_EXAMPLES: usize = 2;
/// The commands about rmq itself.
const OWN: [&str; 5] = ["help", "context", "completions", "schema", "tools"];
/// The root help fits on a screen of this many lines.
const LONGEST_HELP: usize = 60;

fn commands() -> Vec<clap::Command> {
    let mut root = cli::command();
    root.build();
    root.get_subcommands().cloned().collect()
}

/// The examples in the help of a command.
pub fn examples(command: &clap::Command) -> Vec<String> {
    let text = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    text.lines().map(str::trim).filter(|line| line.starts_with("rmq ")).map(str::to_owned).collect()
}

/// The words of an example: split at blanks, quotes kept together, what a shell would do behind `|`, `>` or `<` left
/// out.
pub fn words(line: &str) -> Vec<OsString> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut begun = false;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                begun = true;
            }
            (None, '|' | '>' | '<') => break,
            (None, ' ') => {
                if begun {
                    words.push(OsString::from(std::mem::take(&mut word)));
                }
                begun = false;
            }
            (_, c) => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(OsString::from(word));
    }
    words
}

#[test]
fn the_tree_is_sound() {
    cli::command().debug_assert();
}

#[test]
fn every_command_has_a_short_summary() {
    for command in commands() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let name = command.get_name();
        assert!(!about.is_empty(), "{name} has no summary");
        assert!(about.chars().count() <= LONGEST_SUMMARY, "the summary of {name} is too long: {about}");
        assert!(!about.ends_with('.'), "the summary of {name} ends with a full stop");
        assert!(about.starts_with(char::is_uppercase), "the summary of {name} begins in lower case");
    }
}

#[test]
fn every_command_has_two_examples_and_all_parse() {
    let tree = cli::command();
    let table = CommandTable::of(&tree, cli::is_mqadmin);
    for command in commands() {
        let name = command.get_name();
        let examples = examples(&command);
        let calls = |line: &&String| words(line).iter().any(|word| word == name);
        let count = examples.iter().filter(calls).count();
        assert!(count >= LEAST_EXAMPLES, "{count} examples of {name} call it");
        for line in examples {
            let argv = cli::normalise(words(&line), &table);
            if let Err(error) = cli::command_for(&argv).try_get_matches_from(argv) {
                panic!("an example of {name} does not parse: {line}\n{error}");
            }
        }
    }
}

/// All that is known of a command, but for its place among the others.
fn text(tree: &clap::Command, name: &str) -> String {
    format!("{:?}", tree.find_subcommand(name).cloned().map(|command| command.display_order(0)))
}

#[test]
fn for_a_line_the_command_it_calls_is_all_of_the_tree() {
    let called: BTreeSet<String> = commands().iter().map(|command| command.get_name().to_owned()).collect();
    for command in commands() {
        let name = command.get_name();
        for word in [name.to_owned(), name.to_uppercase()] {
            let line = ["rmq", "-n", "h:1", &word, "-t", "T"].map(Into::into);
            let tree = cli::command_for(&line);
            let found: Vec<&str> = tree.get_subcommands().map(clap::Command::get_name).collect();
            if OWN.contains(&name) {
                assert_eq!(found.len(), called.len(), "{word}");
            } else {
                assert_eq!(found, [name], "{word}");
            }
            assert!(text(&tree, name) == text(&cli::command(), name), "{word} differs");
        }
    }
    for line in [&["rmq"][..], &["rmq", "nothing"], &["rmq", "--", "topicList"], &["rmq", "-h"]] {
        let line: Vec<OsString> = line.iter().map(Into::into).collect();
        assert_eq!(cli::command_for(&line).get_subcommands().count(), called.len(), "{line:?}");
    }
}

#[test]
fn every_value_has_a_name_and_every_option_a_help() {
    for command in commands() {
        for arg in command.get_arguments().filter(|arg| arg.get_id() != "help" && arg.get_id() != "version") {
            let place = format!("{} of {}", arg.get_id(), command.get_name());
            assert!(arg.get_help().is_some(), "{place} has no help");
            if arg.get_action().takes_values() {
                let names = arg.get_value_names().unwrap_or_default();
                let given = names.iter().any(|name| name.as_str() == name.to_uppercase());
                assert!(given, "the value of {place} has no name in capitals");
            }
        }
    }
}

#[test]
fn every_command_stands_under_one_heading() {
    let tree = cli::command();
    let listed: Vec<&str> =
        cli::areas().into_iter().flat_map(|(_, entries)| entries).map(|e| e.name).collect();
    let visible: BTreeSet<&str> =
        tree.get_subcommands().filter(|c| !c.is_hide_set()).map(clap::Command::get_name).collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), visible);
    assert_eq!(listed.len(), visible.len(), "a command stands twice");
}

#[test]
fn letters_of_all_commands_mean_one_thing() {
    for command in commands() {
        for arg in command.get_arguments() {
            let place = format!("{} of {}", arg.get_id(), command.get_name());
            match arg.get_short() {
                Some('n') => assert_eq!(arg.get_long(), Some("namesrvAddr"), "{place}"),
                Some('h') => assert_eq!(arg.get_long(), Some("help"), "{place}"),
                _ => {}
            }
        }
    }
}

#[test]
fn everything_is_listed_by_help_all() {
    let tree = cli::command();
    let text = cli::help::all(&tree);
    let listed: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    for command in tree.get_subcommands().filter(|command| !command.is_hide_set()) {
        assert!(listed.contains(command.get_name()), "{} is not listed", command.get_name());
    }
}

#[test]
fn the_root_help_fits_on_a_screen() {
    let text = cli::help::root(&cli::command());
    assert!(text.lines().count() <= LONGEST_HELP, "{} lines", text.lines().count());
    assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
}

#[test]
fn examples_are_split_as_a_shell_does() {
    let text = |line| words(line).into_iter().map(|w| w.into_string().unwrap()).collect::<Vec<_>>();
    assert_eq!(
        text("rmq a --format '%t %q\\n' \"x y\" '' | head"),
        ["rmq", "a", "--format", "%t %q\\n", "x y", ""]
    );
}
