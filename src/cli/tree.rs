//! The argument tree: everything that can be typed.

use super::contexts::ContextArgs;
use super::grammar::CommandTable;
use super::launch::LaunchCommand;
use super::normalise::command_word;
use super::settings::ConnectArgs;
use crate::admin::{AdminCommand, Entry, Life};
use crate::output::{ColorChoice, Form};
use crate::runtime::time;
use crate::tools::ToolCommand;
use clap::{ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::time::Duration;

/// What was typed.
#[derive(Debug)]
pub struct Cli {
    pub globals: Globals,
    pub command: Option<Command>,
}

impl Cli {
    /// Reads off what the tree found in a line.
    ///
    /// # Errors
    /// A value that its option does not take.
    pub fn of(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let command = matches.subcommand_name().map(|_| Command::from_arg_matches(matches)).transpose()?;
        Ok(Cli { globals: Globals::from_arg_matches(matches)?, command })
    }
}

const ABOUT: &str = "Operate Apache RocketMQ clusters, and run one on your laptop";

/// The root of the tree, without commands.
#[derive(Debug, Parser)]
#[command(name = "rmq", about = ABOUT, version, disable_help_subcommand = true, infer_long_args = false)]
pub struct Root {
    #[command(flatten)]
    pub globals: Globals,
}

/// The options that every command has.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of all commands")]
pub struct Globals {
    /// Name servers, tried in turn; separate several by comma or repeat the option
    #[arg(
        short = 'n',
        long = "namesrvAddr",
        visible_alias = "namesrv",
        // As mqadmin's checkRocksdbCqWriteProgress calls it.
        alias = "nameserverAddr",
        value_name = "HOST:PORT",
        action = ArgAction::Append,
        global = true,
        help = "Name servers, tried in turn; separate several by comma or repeat the option; \
                http://... is an address server [env: NAMESRV_ADDR] [default: 127.0.0.1:9876]"
    )]
    pub namesrv: Vec<String>,
    /// The form of the result; classic is mqadmin's layout [env: RMQ_OUTPUT]
    #[arg(long, value_enum, value_name = "FORM", global = true)]
    pub output: Option<Form>,
    #[command(flatten)]
    pub connect: ConnectArgs,
    /// How long one request may take, such as 500ms, 5s or 1m [env: RMQ_TIMEOUT] [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = positive_duration, global = true)]
    pub timeout: Option<Duration>,
    /// Answer yes to every question [env: RMQ_ASSUME_YES]
    #[arg(long, global = true)]
    pub yes: bool,
    /// Say what would be done, and do nothing
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// When to colour the output
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        hide_short_help = true,
        global = true
    )]
    pub color: ColorChoice,
    /// Leave out the header of a table
    #[arg(long, hide_short_help = true, global = true)]
    pub no_header: bool,
    /// The columns of a table to show, in this order
    #[arg(long, value_name = "NAMES", value_delimiter = ',', hide_short_help = true, global = true)]
    pub columns: Vec<String>,
    /// No notes and no progress, only results and errors
    #[arg(long, hide_short_help = true, conflicts_with = "verbose", global = true)]
    pub quiet: bool,
    /// Say more on stderr about what is done
    #[arg(long, hide_short_help = true, global = true)]
    pub verbose: bool,
}

fn positive_duration(text: &str) -> Result<Duration, String> {
    let duration = time::parse_duration(text).map_err(|e| e.to_string())?;
    if duration.is_zero() { Err("must be longer than nothing".to_owned()) } else { Ok(duration) }
}

/// Every command.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    #[command(flatten)]
    Tool(ToolCommand),
    #[command(flatten)]
    Launch(LaunchCommand),
    #[command(flatten)]
    Admin(AdminCommand),
    #[command(flatten)]
    Own(OwnCommand),
}

/// The commands about rmq itself.
#[derive(Debug, Clone, Subcommand)]
pub enum OwnCommand {
    /// Show help for a command or a subject
    #[command(after_long_help = "Examples:\n  rmq help topicList\n  rmq help exit-codes\n  rmq help --all")]
    Help(HelpArgs),
    /// Print the completion script for a shell
    #[command(after_long_help = "Examples:\n  rmq completions bash\n  rmq completions zsh")]
    Completions(CompletionsArgs),
    /// Print the JSON schema of what a command shows by --output json
    #[command(after_long_help = "Where results follow one another, it is the schema of each line.\n\n\
            Examples:\n  rmq schema topicList\n  rmq schema consumerProgress | jq .properties")]
    Schema(SchemaArgs),
    /// Keep named ways to reach clusters: name servers, keys, TLS
    #[command(
        disable_help_subcommand = true,
        after_long_help = "More is told by: rmq help contexts.\n\nExamples:\n  rmq context add prod -n 10.0.0.1:9876 --protected\n  \
            rmq context use prod\n  rmq context explain"
    )]
    Context(ContextArgs),
    /// Do what a class started by tools.sh does
    #[command(
        hide = true,
        after_long_help = "Examples:\n  rmq tools org.apache.rocketmq.example.quickstart.Producer\n  rmq tools org.apache.rocketmq.example.quickstart.Consumer"
    )]
    Tools(ToolsArgs),
}

/// Arguments of `rmq help`.
#[derive(Debug, Clone, Args)]
pub struct HelpArgs {
    /// A command, an area such as topics, or one of: exit-codes, environment, contexts, credentials, tls, output
    #[arg(value_name = "SUBJECT")]
    pub subject: Option<String>,
    /// List every command with its summary
    #[arg(short, long)]
    pub all: bool,
}

/// Arguments of `rmq completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// Arguments of `rmq schema`.
#[derive(Debug, Clone, Args)]
pub struct SchemaArgs {
    /// The command
    #[arg(value_name = "COMMAND")]
    pub command: String,
}

/// Arguments of `rmq tools`.
#[derive(Debug, Clone, Args)]
pub struct ToolsArgs {
    /// The full name of the Java class
    #[arg(value_name = "CLASS")]
    pub class: String,
    /// What the class would have been given
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<String>,
}

/// The names of commands of ours that have no area of their own.
pub const OWN: &[Entry] = &[own("help"), own("context"), own("completions"), own("schema")];

const fn own(name: &'static str) -> Entry {
    Entry { name, life: Life::Brief, schema: None }
}

/// The headings of the root help, with the commands under each.
pub fn areas() -> Vec<(&'static str, &'static [Entry])> {
    let mut areas =
        vec![(ToolCommand::AREA, ToolCommand::ENTRIES), (LaunchCommand::AREA, LaunchCommand::ENTRIES)];
    areas.extend(AdminCommand::AREAS);
    areas.push(("rmq itself", OWN));
    areas.retain(|(_, entries)| !entries.is_empty());
    areas
}

/// The commands below this one are the benchmarks of Apache's.
const BENCH: &str = "bench ";

/// Whether mqadmin has a command of that name, or Apache a program that is written the same way.
pub fn is_mqadmin(name: &str) -> bool {
    if name.starts_with(BENCH) {
        return true;
    }
    AdminCommand::AREAS.iter().any(|(_, entries)| entries.iter().any(|entry| entry.name == name))
}

/// The whole clap tree: the one source of parsing, help, completions and manual pages.
pub fn command() -> clap::Command {
    // The summary would become that of the enumeration of commands.
    Command::augment_subcommands(root()).about(ABOUT)
}

/// As much of the tree as a line needs: of the commands the one that it calls, or all of them where it calls none
/// of those with an area. Most commands are done in less time than it takes to build the options of them all.
pub fn command_for(argv: &[OsString]) -> clap::Command {
    let root = root();
    let table = CommandTable::of(&root, is_mqadmin);
    let called = command_word(argv, &table).and_then(|word| {
        let entries = || areas().into_iter().flat_map(|(_, entries)| entries);
        let exact = entries().find(|entry| entry.name == word);
        let entry = exact.or_else(|| entries().find(|entry| entry.name.eq_ignore_ascii_case(word)))?;
        ToolCommand::named(entry.name)
            .or_else(|| LaunchCommand::named(entry.name))
            .or_else(|| AdminCommand::named(entry.name))
    });
    called.map_or_else(command, |called| root.subcommand(called))
}

fn root() -> clap::Command {
    Root::command().max_term_width(110)
}
