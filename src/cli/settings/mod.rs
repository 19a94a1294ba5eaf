//! What a command is to use, and who said so: option, environment, context, default.

mod args;
mod explain;
mod keys;
mod namesrv;
mod profile;
mod tls;
mod world;

pub use args::ConnectArgs;
pub use explain::Explained;
pub use profile::{Selected, of as context_error, select, unknown as unknown_context};
pub use world::World;

use super::tree::Globals;
use crate::admin::{CommandError, NameServers};
use crate::client::ClientOptions;
use crate::config::connect::{AclKeys, Chosen, Origin};
use crate::output::Form;
use crate::protocol::code;
use crate::protocol::signature::Credentials;
use crate::remoting::ClientTls;
use crate::runtime::time::parse_duration;
use clap::ValueEnum;
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Duration;

/// How long one request may take where nobody says.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The settings of one command.
pub struct Settings {
    pub namesrv: NameServers,
    /// What requests are signed with.
    pub keys: Option<Chosen<AclKeys>>,
    pub client: ClientOptions,
    tls: Option<tls::Tls>,
    pub timeout: Chosen<Duration>,
}

impl Settings {
    /// Reads them. Only a command that asks a cluster needs keys.
    ///
    /// # Errors
    /// A file or a variable that says something that cannot be.
    pub fn choose(globals: &Globals, world: &World, asks: bool) -> Result<Self, CommandError> {
        let keys = if asks { keys::choose(&globals.connect, world)? } else { None };
        let tls = tls::choose(&globals.connect.tls, world)?;
        let namesrv = namesrv::choose(&globals.namesrv, world);
        let timeout = timeout(globals.timeout, world)?;
        let mut client = ClientOptions { timeout: timeout.value, ..ClientOptions::default() };
        client.pool.credentials = keys.as_ref().map(|keys| Arc::new(credentials(&keys.value)));
        Ok(Settings { namesrv, keys, client, tls, timeout })
    }

    /// Asks address servers, and looks up names that stand for several name servers.
    pub async fn look_up(&mut self) {
        let namesrv = std::mem::take(&mut self.namesrv);
        let (namesrv, names) = namesrv.look_up(self.client.timeout).await;
        self.namesrv = namesrv;
        self.client.pool.tls = self.client.pool.tls.take().map(|tls| tls.known_as(names));
    }

    /// Reads the files that TLS needs.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn load_tls(&mut self) -> Result<(), CommandError> {
        if let Some(tls) = &self.tls {
            let made = ClientTls::new(&tls.settings)
                .map_err(|error| CommandError::config("TLS cannot be set up").caused_by(&error))?;
            self.client.pool.tls = Some(made);
        }
        Ok(())
    }
}

fn timeout(option: Option<Duration>, world: &World) -> Result<Chosen<Duration>, CommandError> {
    if let Some(timeout) = option {
        return Ok(Chosen::new(timeout, Origin::Option("--timeout")));
    }
    let profile = world
        .profile()
        .and_then(|(name, profile)| Some((profile.timeout.clone()?, Origin::Context(name.to_owned()))));
    let variable = world.var("RMQ_TIMEOUT").map(|text| (text, Origin::Environment("RMQ_TIMEOUT")));
    let Some((text, origin)) = variable.or(profile) else { return Ok(Chosen::new(TIMEOUT, Origin::Default)) };
    match parse_duration(&text) {
        Ok(timeout) if !timeout.is_zero() => Ok(Chosen::new(timeout, origin)),
        _ => Err(CommandError::config(format!("'{text}' ({origin}) is not a time-out"))
            .hint("it is a time such as 500ms, 5s or 1m")),
    }
}

/// The form of results. Called as mqadmin it is mqadmin's, whatever environment and context say: scripts read it.
///
/// # Errors
/// A form that there is not.
pub fn form(
    option: Option<Form>,
    called_for: Form,
    var: impl Fn(&str) -> Option<String>,
    selected: Option<&Selected>,
) -> Result<Chosen<Form>, CommandError> {
    if let Some(form) = option {
        return Ok(Chosen::new(form, Origin::Option("--output")));
    }
    if called_for == Form::Classic {
        return Ok(Chosen::new(called_for, Origin::Default));
    }
    let variable = var("RMQ_OUTPUT").filter(|text| !text.trim().is_empty());
    let variable = variable.map(|text| (text, Origin::Environment("RMQ_OUTPUT")));
    let of_context = || {
        let selected = selected?;
        Some((selected.profile.output.clone()?, Origin::Context(selected.name.clone())))
    };
    let Some((text, origin)) = variable.or_else(of_context) else {
        return Ok(Chosen::new(called_for, Origin::Default));
    };
    Form::from_str(text.trim(), true).map(|form| Chosen::new(form, origin.clone())).map_err(|_| {
        CommandError::config(format!("'{text}' ({origin}) is not a form of output"))
            .hint("it is table, wide, json, yaml, csv or classic")
    })
}

/// Adds to a refusal for want of permission with which key the request was signed, or how it can be.
pub fn explain_refusal(error: CommandError, keys: Option<&Chosen<AclKeys>>) -> CommandError {
    let says_so = |text: &String| text.contains("username cannot be null");
    let unsigned = says_so(&error.message) || error.causes.iter().any(says_so);
    match keys {
        _ if error.code != Some(code::NO_PERMISSION) => error,
        Some(keys) => {
            let hint = format!("it was signed with access key {} ({})", keys.value.access_key, keys.origin);
            error.hint(hint)
        }
        None if unsigned => error.hint("it was not signed: rmq help credentials says how it can be"),
        None => error,
    }
}

fn credentials(keys: &AclKeys) -> Credentials {
    let token = keys.security_token.as_ref().map(|token| token.expose_secret().to_owned());
    Credentials::new(&keys.access_key, keys.secret_key.expose_secret(), token)
}

#[cfg(test)]
mod tests;
