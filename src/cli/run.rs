//! From the words of the command line to an exit code.

use super::exit::{End, exit_code};
use super::grammar::CommandTable;
use super::normalise::{normalise, normalise_as_mqadmin};
use super::personality::{Invocation, invocation};
use super::settings::{Selected, Settings, World, explain_refusal, form, select};
use super::tree::{self, Cli, Command, Globals, OwnCommand};
use super::usage::usage_error;
use super::{complete, contexts, generate, help, protect};
use crate::admin::suggest::{did_you_mean, nearest};
use crate::admin::{CommandError, Context, ErrorKind, Life};
use crate::client::Client;
use crate::config::connect::{Chosen, Origin};
use crate::output::{Form, Out, OutOptions, Outcome, Prompt};
use crate::runtime::{CancellationToken, Clock, StopSignals, raise_file_limit};
use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

/// Runs the command line and says with which code the process should end. A panic is a bug, told in one line.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    if let Ok(shell) = std::env::var(complete::VARIABLE) {
        return answer_shell(&shell, args.into_iter().collect());
    }
    panic::set_hook(Box::new(|info| {
        let text =
            format!("error: a bug in rmq: {info}\nhint: please report it, with the command that was run");
        Out::new(OutOptions::default()).say(&text);
    }));
    let compat = std::env::var("RMQ_COMPAT_EXIT").is_ok_and(|value| value == "1");
    let invocation = invocation(args.into_iter().collect());
    match panic::catch_unwind(AssertUnwindSafe(|| run(invocation))) {
        Ok(end) => ExitCode::from(exit_code(&end, compat)),
        Err(_) => ExitCode::from(ErrorKind::Bug.exit_code()),
    }
}

/// Tells a shell what a word may become. Whatever goes wrong is silent: somebody is typing there.
fn answer_shell(shell: &str, args: Vec<OsString>) -> ExitCode {
    panic::set_hook(Box::new(|_| {}));
    let answered = panic::catch_unwind(|| complete::answer(shell, &args));
    match answered {
        Ok(Ok(text)) => {
            shown(&Out::new(OutOptions::default()), &text);
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    }
}

fn run(invocation: Invocation) -> End {
    let tree = tree::command_for(&invocation.argv);
    let table = CommandTable::of(&tree, tree::is_mqadmin);
    let (argv, ignored) = if invocation.as_mqadmin {
        normalise_as_mqadmin(invocation.argv, &table)
    } else {
        (normalise(invocation.argv, &table), Vec::new())
    };
    let matches = tree.clone().try_get_matches_from(&argv);
    let parsed = matches.and_then(|matches| {
        let name = matches.subcommand_name().unwrap_or_default().to_owned();
        Ok((Cli::of(&matches)?, name))
    });
    let (cli, name) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return unparsed(&error, &tree, &argv),
    };
    let globals = &cli.globals;
    // What is about rmq itself must not fail for a file of contexts, least of all what mends it.
    let own_command = matches!(cli.command, None | Some(Command::Own(_)));
    let (selected, form) = match surroundings(globals, invocation.form) {
        Ok(found) => found,
        Err(_) if own_command => {
            (None, Chosen::new(globals.output.unwrap_or(invocation.form), Origin::Default))
        }
        Err(error) => {
            error.show(&Out::new(out_options(globals, globals.output.unwrap_or(invocation.form))));
            return End::Failed(error);
        }
    };
    let out = Out::new(out_options(globals, form.value));
    if !ignored.is_empty() {
        out.warn(&format!("ignored, as mqadmin does: {}", ignored.join(" ")));
    }
    let end = match cli.command {
        None => shown(&out, &help::root(&tree)),
        Some(Command::Own(OwnCommand::Context(args))) => {
            let world = World::of_process(&out);
            contexts::run(args, globals, &form, world, &out)
                .and_then(|()| Ok(out.flush()?))
                .map_or_else(End::Failed, |()| End::Outcome(Outcome::Done))
        }
        Some(Command::Own(command)) => own(command, &out, &tree),
        Some(command) => {
            let guarded = protect::guard(&name, selected.as_ref(), globals.yes, globals.dry_run);
            let world = World::of_process(&out).with(selected);
            match guarded {
                Ok(()) => execute(command, &cli.globals, &world, &out),
                Err(error) => End::Failed(error),
            }
        }
    };
    if let End::Failed(error) | End::Unparsed(error) = &end {
        error.show(&out);
    }
    end
}

/// The context that is used and the form of results.
fn surroundings(
    globals: &Globals,
    called_for: Form,
) -> Result<(Option<Selected>, Chosen<Form>), CommandError> {
    let var = |name: &str| std::env::var(name).ok();
    let selected = select(globals.connect.context.as_deref(), var)?;
    let form = form(globals.output, called_for, var, selected.as_ref())?;
    Ok((selected, form))
}

/// What clap stopped at: a request for help or for the version, or a line it could not read.
fn unparsed(error: &clap::Error, tree: &clap::Command, argv: &[OsString]) -> End {
    use clap::error::ErrorKind as Clap;
    let command = argv.iter().skip(1).find_map(|word| {
        let word = word.to_str()?;
        tree.find_subcommand(word).map(|found| found.get_name().to_owned())
    });
    let out = Out::new(OutOptions { form: form_in(argv), ..OutOptions::default() });
    match error.kind() {
        Clap::DisplayHelp if command.is_none() => shown(&out, &help::root(tree)),
        Clap::DisplayHelp if help_before_command(argv) => {
            help_about(command.as_deref().unwrap_or_default(), &out, tree)
        }
        Clap::DisplayHelp | Clap::DisplayVersion => {
            let rendered = error.render();
            let text = if out.is_colored() { rendered.ansi().to_string() } else { rendered.to_string() };
            shown(&out, &text)
        }
        kind => {
            let error = usage_error(error, tree, command.as_deref());
            error.show(&out);
            // mqadmin says that a command does not exist, and exits with 0.
            if kind == Clap::InvalidSubcommand { End::Failed(error) } else { End::Unparsed(error) }
        }
    }
}

/// `rmq --help topicList` asks about that command, as `rmq topicList --help` does.
fn help_before_command(argv: &[OsString]) -> bool {
    argv.get(1).is_some_and(|word| word == "--help" || word == "-h")
}

/// The form asked for in a line that could not be read, so that programs get errors they can read.
fn form_in(argv: &[OsString]) -> Form {
    let words: Vec<&str> = argv.iter().filter_map(|word| word.to_str()).collect();
    let json = words.iter().any(|word| word.eq_ignore_ascii_case("--output=json"))
        || words.windows(2).any(|pair| pair[0] == "--output" && pair[1].eq_ignore_ascii_case("json"));
    if json { Form::Json } else { Form::Table }
}

fn out_options(globals: &Globals, form: Form) -> OutOptions {
    OutOptions {
        form,
        color: globals.color,
        no_header: globals.no_header,
        columns: globals.columns.clone(),
        quiet: globals.quiet,
        verbose: globals.verbose,
    }
}

fn shown(out: &Out, text: &str) -> End {
    match out.write(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => End::Outcome(Outcome::Done),
        Err(error) => End::Failed(error.into()),
    }
}

/// The commands about rmq itself, which need no cluster.
fn own(command: OwnCommand, out: &Out, tree: &clap::Command) -> End {
    match command {
        OwnCommand::Completions(args) => shown(out, &complete::script(args.shell)),
        OwnCommand::Help(args) if args.all => shown(out, &help::all(tree)),
        OwnCommand::Help(args) => match args.subject.as_deref() {
            None => shown(out, &help::root(tree)),
            Some(name) => help_about(name, out, tree),
        },
        OwnCommand::Context(_) => End::Outcome(Outcome::Done),
        OwnCommand::Schema(args) => schema_of(&args.command, out),
        OwnCommand::Tools(args) => End::Failed(
            CommandError::usage(format!("rmq does not know the class {}", args.class))
                .hint("the classes of the quickstart are org.apache.rocketmq.example.quickstart.Producer and Consumer")
                .hint("those of the benchmarks are Producer, BatchProducer, TransactionProducer and Consumer of org.apache.rocketmq.example.benchmark"),
        ),
    }
}

fn schema_of(name: &str, out: &Out) -> End {
    let entries = || tree::areas().into_iter().flat_map(|(_, entries)| entries);
    let Some(entry) = entries().find(|entry| entry.name.eq_ignore_ascii_case(name)) else {
        let near = nearest(name, entries().filter(|entry| entry.schema.is_some()).map(|entry| entry.name));
        let error = CommandError::usage(format!("there is no command '{name}'"));
        let hint = did_you_mean(&near).unwrap_or_else(|| "rmq help --all lists the commands".to_owned());
        return End::Failed(error.hint(hint));
    };
    match generate::schema(entry) {
        Some(text) => shown(out, &text),
        None => End::Failed(CommandError::usage(format!("{} shows text only", entry.name))),
    }
}

fn help_about(name: &str, out: &Out, tree: &clap::Command) -> End {
    // Parsed rather than rendered, so that the options of all commands are in it.
    let error = tree.clone().try_get_matches_from(["rmq", name, "--help"]).err();
    if let Some(error) = error.filter(|_| tree.find_subcommand(name).is_some()) {
        return shown(out, &error.render().to_string());
    }
    match help::subject(name, tree) {
        Some(text) => shown(out, &text),
        None => {
            let subjects = help::subjects();
            let names = tree.get_subcommands().map(clap::Command::get_name);
            let near = nearest(name, names.chain(subjects.iter().map(String::as_str)));
            let error = CommandError::usage(format!("there is no command and no subject '{name}'"));
            let hint = did_you_mean(&near).unwrap_or_else(|| "rmq help --all lists the commands".to_owned());
            End::Failed(error.hint(hint))
        }
    }
}

fn execute(command: Command, globals: &Globals, world: &World, out: &Out) -> End {
    let life = match &command {
        Command::Admin(command) => command.life(),
        Command::Tool(command) => command.life(),
        Command::Launch(command) => command.life(),
        Command::Own(_) => Life::Brief,
    };
    start_log(globals, life, out);
    let asks = matches!(life, Life::Brief | Life::Graceful | Life::Load);
    let settled = Settings::choose(globals, world, asks).and_then(|mut settings| {
        settings.load_tls()?;
        Ok(settings)
    });
    let mut settings = match settled {
        Ok(settings) => settings,
        Err(error) => return End::Failed(error),
    };
    let keys = settings.keys.clone();
    let runtime = match runtime(life) {
        Ok(runtime) => runtime,
        Err(error) => {
            return End::Failed(
                CommandError::new(ErrorKind::Local, "cannot start the runtime").cause(error.to_string()),
            );
        }
    };
    if asks {
        runtime.block_on(settings.look_up());
    }
    let context = context(globals, settings, world, out);
    let ended = runtime.block_on(Box::pin(alive(command, &context, life)));
    // What blocks (a name lookup, a read from a terminal) must not hold up the end.
    runtime.shutdown_background();
    match ended.and_then(|outcome| out.flush().map_err(CommandError::from).map(|()| outcome)) {
        Ok(outcome) => End::Outcome(outcome),
        Err(error) => End::Failed(explain_refusal(error, keys.as_ref())),
    }
}

/// One thread for what asks and ends, which starts fast; all cores for servers and what puts a load on them.
fn runtime(life: Life) -> std::io::Result<tokio::runtime::Runtime> {
    match life {
        Life::Server | Life::Embedded | Life::Load => {
            raise_file_limit();
            tokio::runtime::Builder::new_multi_thread().enable_all().build()
        }
        Life::Brief | Life::Graceful => tokio::runtime::Builder::new_current_thread().enable_all().build(),
    }
}

/// The surroundings of a command.
pub(super) fn context(globals: &Globals, settings: Settings, world: &World, out: &Out) -> Context {
    Context {
        timeout: settings.client.timeout,
        timeout_is_asked_for: settings.timeout.origin != Origin::Default,
        client: Client::new(&settings.namesrv.addrs, settings.client),
        namesrv: settings.namesrv,
        out: out.clone(),
        clock: Clock::system(),
        prompt: Prompt::detect(globals.yes, world.var("RMQ_ASSUME_YES").as_deref()),
        dry_run: globals.dry_run,
        stop: CancellationToken::new(),
    }
}

/// Runs the command under the signals: a brief one ends at once; a graceful one is told first, and ends at once
/// at the second signal.
async fn alive(command: Command, context: &Context, life: Life) -> Result<Outcome, CommandError> {
    let mut signals = StopSignals::take().map_err(|error| {
        CommandError::new(ErrorKind::Local, "cannot listen for signals").cause(error.to_string())
    })?;
    let work = async {
        match command {
            Command::Admin(command) => command.run(context).await,
            Command::Tool(command) => command.run(context).await,
            Command::Launch(command) => command.run(context).await,
            Command::Own(_) => Ok(Outcome::Done),
        }
    };
    tokio::pin!(work);
    tokio::select! {
        ended = &mut work => return ended,
        _ = signals.next() => {}
    }
    if life == Life::Brief {
        return Err(CommandError::interrupted());
    }
    context.stop.cancel();
    tokio::select! {
        ended = &mut work => ended,
        _ = signals.next() => Err(CommandError::interrupted()),
    }
}

/// The log goes to stderr: warnings, with `--verbose` everything, and what a server does where one runs.
fn start_log(globals: &Globals, life: Life, out: &Out) {
    use tracing::level_filters::LevelFilter;
    let level = match life {
        _ if globals.verbose => LevelFilter::DEBUG,
        _ if globals.quiet => LevelFilter::ERROR,
        Life::Server => LevelFilter::INFO,
        Life::Brief | Life::Graceful | Life::Load | Life::Embedded => LevelFilter::WARN,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(out.is_stderr_colored())
        .with_max_level(level)
        .with_target(false)
        .finish();
    // A second one in the same process (tests) keeps the first.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
