//! `rmq context`: named ways to reach clusters.

mod args;
mod shown;

pub use args::{Action, ContextArgs};

use super::settings::{ConnectArgs, Settings, World, context_error, select, unknown_context};
use super::tree::Globals;
use crate::admin::{CommandError, ErrorKind};
use crate::config::connect::contexts::{self, AclProfile, Contexts, Edit, Profile, TlsProfile};
use crate::config::connect::{Chosen, parse_keys};
use crate::output::{Answer, Form, Out, Prompt};
use clap::ValueEnum;
use secrecy::SecretString;
use shown::{Explanation, List, Row, Shown};
use std::path::{Path, PathBuf};

/// Names of contexts are words that a shell does not take apart.
fn checked(name: &str) -> Result<&str, CommandError> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.chars().all(plain) {
        return Ok(name);
    }
    Err(CommandError::usage(format!("'{name}' is no name for a context"))
        .hint("it consists of letters, digits, '-', '_' and '.'"))
}

/// The file and what is in it.
struct Store {
    path: PathBuf,
    contexts: Contexts,
    edit: Edit,
}

impl Store {
    fn open(world: &World) -> Result<Self, CommandError> {
        let path = contexts::path(world.var("RMQ_CONFIG").as_deref()).map_err(context_error)?;
        let (contexts, edit) = contexts::load(&path).map_err(context_error)?;
        Ok(Store { path, contexts, edit })
    }

    fn save(&self) -> Result<(), CommandError> {
        contexts::save(&self.path, &self.edit).map_err(context_error)
    }

    fn row(&self, name: &str) -> Result<Row, CommandError> {
        let profile =
            self.contexts.contexts.get(name).ok_or_else(|| unknown_context(name, &self.contexts))?;
        let current = self.contexts.current.as_deref() == Some(name);
        Ok(Row { name: name.to_owned(), current, shown: Shown::of(profile) })
    }
}

/// Does what is asked for.
///
/// # Errors
/// A file that cannot be read or written; a context that is not there; no confirmation.
pub fn run(
    args: ContextArgs,
    globals: &Globals,
    form: &Chosen<Form>,
    world: World,
    out: &Out,
) -> Result<(), CommandError> {
    match args.action {
        Action::Add { name, protected, use_it } => add(&name, protected, use_it, globals, &world, out),
        Action::Use { name, .. } => choose(name.as_deref(), globals, &world, out),
        Action::List => {
            let store = Store::open(&world)?;
            let rows =
                store.contexts.contexts.keys().map(|name| store.row(name)).collect::<Result<_, _>>()?;
            Ok(out.show(&List { contexts: rows })?)
        }
        Action::Remove { name } => remove(&name, globals, &world, out),
        Action::Show { name } => {
            let store = Store::open(&world)?;
            let name = match name {
                Some(name) => name,
                None => selected(globals, &world)?.ok_or_else(|| {
                    CommandError::usage("no context is in use")
                        .hint("rmq context list shows those that there are")
                })?,
            };
            Ok(out.show(&store.row(&name)?)?)
        }
        Action::Explain => {
            let selected = select(globals.connect.context.as_deref(), |name| world.var(name))?;
            let world = world.with(selected);
            let settings = Settings::choose(globals, &world, true)?;
            Ok(out.show(&Explanation { settings: settings.explained(&world, form) })?)
        }
    }
}

fn selected(globals: &Globals, world: &World) -> Result<Option<String>, CommandError> {
    let selected = select(globals.connect.context.as_deref(), |name| world.var(name))?;
    Ok(selected.map(|selected| selected.name))
}

fn add(
    name: &str,
    protected: bool,
    use_it: bool,
    globals: &Globals,
    world: &World,
    out: &Out,
) -> Result<(), CommandError> {
    let mut store = Store::open(world)?;
    let profile = profile(protected, globals, world)?;
    let there = store.contexts.contexts.contains_key(checked(name)?);
    if globals.dry_run {
        out.note(&format!(
            "would {} context {name} in {}",
            if there { "replace" } else { "add" },
            store.path.display()
        ));
        return Ok(());
    }
    if there {
        confirm(&format!("Replace context {name}?"), globals, world)?;
    }
    store.edit.put(name, &profile).map_err(CommandError::bug)?;
    if use_it {
        store.edit.set_current(Some(name));
    }
    store.save()?;
    out.note(&format!(
        "context {name} is {} {}",
        if there { "replaced in" } else { "added to" },
        store.path.display()
    ));
    if !use_it {
        out.note(&format!("rmq context use {name} makes it the one that is used"));
    }
    Ok(())
}

/// What the options say; paths are made absolute, as the context is used from anywhere.
fn profile(protected: bool, globals: &Globals, world: &World) -> Result<Profile, CommandError> {
    let Globals { namesrv, output, timeout, connect, .. } = globals;
    let servers = namesrv.iter().flat_map(|list| list.split([';', ','])).map(str::trim);
    Ok(Profile {
        name_servers: servers.filter(|addr| !addr.is_empty()).map(str::to_owned).collect(),
        protected,
        output: output.and_then(|form| form.to_possible_value()).map(|value| value.get_name().to_owned()),
        timeout: timeout.map(|timeout| humantime::format_duration(timeout).to_string().replace(' ', "")),
        acl: acl(connect, world)?,
        tls: tls(connect)?,
    })
}

fn acl(connect: &ConnectArgs, world: &World) -> Result<Option<AclProfile>, CommandError> {
    if let Some(path) = &connect.credentials {
        let path = absolute(path)?;
        let text = std::fs::read_to_string(&path).map_err(|error| CommandError::unreadable(&path, &error))?;
        parse_keys(&text).map_err(|error| {
            CommandError::config(format!("there are no credentials in {}", path.display()))
                .cause(error.to_string())
        })?;
        return Ok(Some(AclProfile { credentials: Some(path), ..AclProfile::default() }));
    }
    let Some(access_key) = connect.access_key.clone() else { return Ok(None) };
    let secret_key = match world.var("RMQ_SECRET_KEY") {
        Some(secret) => Some(SecretString::from(secret)),
        None => world.ask_secret(&format!("Secret key of {access_key}"))?,
    };
    Ok(Some(AclProfile { credentials: None, access_key: Some(access_key), secret_key, security_token: None }))
}

fn tls(connect: &ConnectArgs) -> Result<Option<TlsProfile>, CommandError> {
    let args = &connect.tls;
    if args.tls_properties.is_some() {
        return Err(CommandError::usage("--tls-properties cannot be kept in a context")
            .hint("give --tls-ca, --tls-cert and --tls-key instead"));
    }
    let path = |path: &Option<PathBuf>| path.as_deref().map(absolute).transpose();
    let profile = TlsProfile {
        enabled: args.tls.filter(|on| !on),
        ca: path(&args.tls_ca)?,
        cert: path(&args.tls_cert)?,
        key: path(&args.tls_key)?,
        server_name: args.tls_server_name.clone(),
        insecure: args.tls_insecure,
    };
    let said = args.tls.is_some()
        || args.tls_ca.is_some()
        || args.tls_cert.is_some()
        || args.tls_key.is_some()
        || args.tls_server_name.is_some()
        || args.tls_insecure;
    Ok(said.then_some(profile))
}

fn absolute(path: &Path) -> Result<PathBuf, CommandError> {
    std::path::absolute(path).map_err(|error| CommandError::file("find", path, &error))
}

fn choose(name: Option<&str>, globals: &Globals, world: &World, out: &Out) -> Result<(), CommandError> {
    let mut store = Store::open(world)?;
    if let Some(name) = name.filter(|name| !store.contexts.contexts.contains_key(*name)) {
        return Err(unknown_context(name, &store.contexts));
    }
    let told = name.map_or("no context is used".to_owned(), |name| format!("context {name} is used"));
    if globals.dry_run {
        out.note(&format!("from now on {told}, without --dry-run"));
        return Ok(());
    }
    store.edit.set_current(name);
    store.save()?;
    out.note(&format!("from now on {told}"));
    Ok(())
}

fn remove(name: &str, globals: &Globals, world: &World, out: &Out) -> Result<(), CommandError> {
    let mut store = Store::open(world)?;
    if !store.contexts.contexts.contains_key(name) {
        return Err(unknown_context(name, &store.contexts));
    }
    if globals.dry_run {
        out.note(&format!("would remove context {name} from {}", store.path.display()));
        return Ok(());
    }
    confirm(&format!("Remove context {name} with its keys?"), globals, world)?;
    store.edit.remove(name);
    store.save()?;
    out.note(&format!("context {name} is removed from {}", store.path.display()));
    Ok(())
}

fn confirm(question: &str, globals: &Globals, world: &World) -> Result<(), CommandError> {
    let prompt = Prompt::detect(globals.yes, world.var("RMQ_ASSUME_YES").as_deref());
    answered(question, prompt)
}

/// Asks, and goes on only with a yes.
///
/// # Errors
/// The answer is no; nobody can be asked.
pub fn answered(question: &str, prompt: Prompt) -> Result<(), CommandError> {
    match prompt.confirm(question) {
        Ok(Answer::Yes) => Ok(()),
        Ok(Answer::No) => Err(CommandError::unmet("not confirmed, nothing was done")),
        Ok(Answer::NobodyThere) => Err(CommandError::usage(format!(
            "\"{question}\" needs a yes, and there is no terminal to ask on"
        ))
        .hint("add --yes")),
        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Err(CommandError::interrupted()),
        Err(error) => {
            Err(CommandError::new(ErrorKind::Local, "cannot ask for confirmation").cause(error.to_string()))
        }
    }
}
