//! What clap complains of, in our words and with our suggestions.

use crate::admin::CommandError;
use crate::admin::suggest::{did_you_mean, nearest};
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// Turns an error of clap's parser into ours. `command` is the name of the command, if one was recognised.
pub fn usage_error(error: &Error, root: &clap::Command, command: Option<&str>) -> CommandError {
    let found = command.and_then(|name| root.find_subcommand(name));
    let invalid = |kind| text(error.get(kind));
    let base = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let typed = invalid(ContextKind::InvalidSubcommand);
            let names = root.get_subcommands().filter(|c| !c.is_hide_set()).map(clap::Command::get_name);
            let near = nearest(&typed, names);
            let error = CommandError::usage(format!("there is no command '{typed}'"));
            return suggest(error, &near, "rmq help --all lists the commands");
        }
        ErrorKind::UnknownArgument => {
            let typed = invalid(ContextKind::InvalidArg);
            return unknown_argument(&typed, root, found);
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = list(error.get(ContextKind::InvalidArg));
            let word = if missing.len() > 1 { "options" } else { "option" };
            CommandError::usage(format!("missing required {word}: {}", missing.join(", ")))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
            if !invalid(ContextKind::InvalidValue).is_empty() =>
        {
            invalid_value(error)
        }
        ErrorKind::InvalidValue | ErrorKind::NoEquals | ErrorKind::WrongNumberOfValues => {
            CommandError::usage(format!("{} needs a value", invalid(ContextKind::InvalidArg)))
        }
        ErrorKind::ArgumentConflict => conflict(error),
        _ => CommandError::usage(first_line(error)),
    };
    match command {
        _ if !base.hints.is_empty() => base,
        Some(name) => base.hint(format!("rmq help {name} shows the options")),
        None => base.hint("rmq help shows the commands"),
    }
}

fn unknown_argument(typed: &str, root: &clap::Command, found: Option<&clap::Command>) -> CommandError {
    let place = found.map(|c| format!(" of {}", c.get_name())).unwrap_or_default();
    let help = match found {
        Some(command) => format!("rmq help {} shows the options", command.get_name()),
        None => "rmq help shows the commands".to_owned(),
    };
    if !typed.starts_with('-') {
        return CommandError::usage(format!("'{typed}' is not an argument{place}")).hint(help);
    }
    let name = typed.trim_start_matches('-').split('=').next().unwrap_or_default();
    let arguments = found.into_iter().chain(std::iter::once(root)).flat_map(clap::Command::get_arguments);
    let longs: Vec<&str> = arguments.filter_map(clap::Arg::get_long).collect();
    let near: Vec<String> = if name.chars().count() > 1 {
        nearest(name, longs.iter().copied()).into_iter().map(|long| format!("--{long}")).collect()
    } else {
        Vec::new()
    };
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    suggest(CommandError::usage(format!("'{typed}' is not an option{place}")), &near, &help)
}

fn suggest(error: CommandError, near: &[&str], otherwise: &str) -> CommandError {
    match did_you_mean(near) {
        Some(question) => error.hint(question),
        None => error.hint(otherwise),
    }
}

fn invalid_value(error: &Error) -> CommandError {
    let argument = text(error.get(ContextKind::InvalidArg));
    let value = text(error.get(ContextKind::InvalidValue));
    let base = CommandError::usage(format!("'{value}' is not a value for {argument}"));
    let valid = list(error.get(ContextKind::ValidValue));
    if valid.is_empty() {
        // The reason of a value parser stands behind the last colon-and-blank of the argument's own message.
        let rendered = first_line(error);
        let reason = rendered.split_once("': ").map_or(String::new(), |(_, reason)| reason.to_owned());
        return if reason.is_empty() { base } else { base.cause(reason) };
    }
    let near = nearest(&value, valid.iter().map(String::as_str));
    let base = base.cause(format!("it must be one of {}", valid.join(", ")));
    did_you_mean(&near).map(|question| base.clone().hint(question)).unwrap_or(base)
}

fn conflict(error: &Error) -> CommandError {
    let argument = text(error.get(ContextKind::InvalidArg));
    let others = list(error.get(ContextKind::PriorArg));
    if others.is_empty() || others == [argument.clone()] {
        return CommandError::usage(format!("{argument} is given more than once"));
    }
    CommandError::usage(format!("{argument} cannot be given together with {}", others.join(", ")))
}

fn text(value: Option<&ContextValue>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn list(value: Option<&ContextValue>) -> Vec<String> {
    match value {
        Some(ContextValue::Strings(many)) => many.clone(),
        Some(ContextValue::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

fn first_line(error: &Error) -> String {
    let rendered = error.render().to_string();
    let line = rendered.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).trim().to_owned()
}
