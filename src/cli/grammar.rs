//! What the normaliser knows of the commands: their names and options, read off the clap tree.

use clap::{Arg, ArgAction};
use std::borrow::Cow;

/// How much an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A flag.
    Nothing,
    /// `true` or `false` may follow.
    Perhaps,
    /// One value.
    One,
    /// Several values, or a rule of its own: left to clap.
    Many,
}

/// One option of a command.
#[derive(Clone, Debug)]
pub struct OptionRule {
    /// How it is written for clap, with its hyphens.
    pub canonical: String,
    /// All long names without hyphens, the first one foremost; two-letter names of mqadmin (`-bn`) among them.
    pub longs: Vec<String>,
    pub shorts: Vec<char>,
    pub takes: Takes,
    /// It may be given more than once.
    pub repeats: bool,
    /// The value is handed on as it is, blanks at its ends included.
    pub verbatim: bool,
    /// The value is `true` or `false`, which mqadmin reads in any case.
    pub truth: bool,
}

/// One command.
#[derive(Clone, Debug)]
pub struct CommandRule {
    pub name: String,
    pub aliases: Vec<String>,
    /// The command is mqadmin's, so mqadmin's ways of writing options are understood.
    pub mqadmin: bool,
    pub options: Vec<OptionRule>,
    /// The commands below it.
    pub kinds: Vec<CommandRule>,
}

/// All commands and the options that all of them have.
#[derive(Clone, Debug, Default)]
pub struct CommandTable {
    pub globals: Vec<OptionRule>,
    pub commands: Vec<CommandRule>,
}

impl CommandTable {
    /// Reads the table off a clap tree; `is_mqadmin` tells mqadmin's commands from ours, one below another by both
    /// names.
    pub fn of(root: &clap::Command, is_mqadmin: impl Fn(&str) -> bool) -> Self {
        let mut globals: Vec<OptionRule> = root.get_arguments().filter_map(option_rule).collect();
        globals.push(help_rule());
        let commands = root.get_subcommands().map(|command| command_rule("", command, &is_mqadmin)).collect();
        CommandTable { globals, commands }
    }

    /// The command of that name, in any case.
    pub fn find(&self, word: &str) -> Option<&CommandRule> {
        named(&self.commands, word)
    }
}

impl CommandRule {
    /// The command of that name below this one, in any case.
    pub fn kind(&self, word: &str) -> Option<&CommandRule> {
        named(&self.kinds, word)
    }
}

fn named<'a>(commands: &'a [CommandRule], word: &str) -> Option<&'a CommandRule> {
    let exact = commands.iter().find(|c| c.name == word);
    exact.or_else(|| {
        commands.iter().find(|c| {
            c.name.eq_ignore_ascii_case(word) || c.aliases.iter().any(|a| a.eq_ignore_ascii_case(word))
        })
    })
}

/// The rule of a command below the commands of `path`.
fn command_rule(path: &str, command: &clap::Command, is_mqadmin: &impl Fn(&str) -> bool) -> CommandRule {
    let name = command.get_name();
    let path = format!("{path}{name}");
    let below = format!("{path} ");
    CommandRule {
        name: name.to_owned(),
        aliases: command.get_all_aliases().map(str::to_owned).collect(),
        mqadmin: is_mqadmin(&path),
        options: command.get_arguments().filter_map(option_rule).collect(),
        kinds: command.get_subcommands().map(|kind| command_rule(&below, kind, is_mqadmin)).collect(),
    }
}

impl OptionRule {
    /// Whether this is the request for help.
    pub fn is_help(&self) -> bool {
        self.canonical == "--help"
    }

    /// A value as clap is to read it.
    pub fn spelt<'a>(&self, value: &'a str) -> Cow<'a, str> {
        if self.verbatim {
            return Cow::Borrowed(value);
        }
        let value = value.trim();
        let truth = self.truth && (value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"));
        if truth { Cow::Owned(value.to_ascii_lowercase()) } else { Cow::Borrowed(value) }
    }
}

fn help_rule() -> OptionRule {
    OptionRule {
        canonical: "--help".to_owned(),
        longs: vec!["help".to_owned()],
        shorts: vec!['h'],
        takes: Takes::Nothing,
        repeats: false,
        verbatim: false,
        truth: false,
    }
}

fn option_rule(arg: &Arg) -> Option<OptionRule> {
    if arg.is_positional() {
        return None;
    }
    let longs: Vec<String> = arg
        .get_long()
        .into_iter()
        .map(str::to_owned)
        .chain(arg.get_all_aliases().unwrap_or_default().into_iter().map(str::to_owned))
        .collect();
    let shorts: Vec<char> =
        arg.get_short().into_iter().chain(arg.get_all_short_aliases().unwrap_or_default()).collect();
    let canonical = match (longs.first(), shorts.first()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => return None,
    };
    let verbatim = arg.get_value_names().is_some_and(|names| names.iter().any(|n| n.as_str() == "BODY"));
    let repeats = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
    Some(OptionRule { canonical, longs, shorts, takes: takes(arg), repeats, verbatim, truth: truth(arg) })
}

fn truth(arg: &Arg) -> bool {
    let values = arg.get_possible_values();
    values.len() == 2 && values.iter().all(|value| matches!(value.get_name(), "true" | "false"))
}

fn takes(arg: &Arg) -> Takes {
    if !matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) {
        return Takes::Nothing;
    }
    match arg.get_num_args().map(|range| (range.min_values(), range.max_values())) {
        None | Some((1, 1)) => Takes::One,
        Some((0, 1)) => Takes::Perhaps,
        Some(_) => Takes::Many,
    }
}
