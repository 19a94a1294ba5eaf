//! What requests are signed with: option, environment, context, mqadmin's `conf/tools.yml`.

use super::args::ConnectArgs;
use super::world::World;
use crate::admin::{CommandError, ErrorKind};
use crate::config::connect::{AclKeys, Chosen, Origin, parse_keys};
use secrecy::SecretString;
use std::io;
use std::path::{Path, PathBuf};

/// Below the home of RocketMQ (Java: `MixAll.ACL_CONF_TOOLS_FILE`).
const TOOLS_FILE: &str = "conf/tools.yml";
/// The longest file with keys that is read, in bytes.
const LONGEST_FILE: u64 = 64 * 1024;

/// The keys of a command, if it has any.
///
/// # Errors
/// A file that cannot be read or lacks a key; an access key without a secret where nobody can be asked.
pub fn choose(args: &ConnectArgs, world: &World) -> Result<Option<Chosen<AclKeys>>, CommandError> {
    if let Some(path) = &args.credentials {
        return Ok(Some(Chosen::new(of_file(path, world)?, Origin::Option("--credentials"))));
    }
    if let Some(access_key) = &args.access_key {
        let keys = with_secret(access_key, Origin::Option("--access-key"), world)?;
        return Ok(Some(keys));
    }
    if let Some(path) = world.var("RMQ_CREDENTIALS") {
        let keys = of_file(Path::new(&path), world)?;
        return Ok(Some(Chosen::new(keys, Origin::Environment("RMQ_CREDENTIALS"))));
    }
    if let Some(access_key) = world.var("RMQ_ACCESS_KEY") {
        return Ok(Some(with_secret(&access_key, Origin::Environment("RMQ_ACCESS_KEY"), world)?));
    }
    if let Some(keys) = of_context(world)? {
        return Ok(Some(keys));
    }
    of_tools_file(world)
}

fn of_context(world: &World) -> Result<Option<Chosen<AclKeys>>, CommandError> {
    let Some((name, acl)) = world.profile().and_then(|(name, profile)| Some((name, profile.acl.as_ref()?)))
    else {
        return Ok(None);
    };
    let origin = Origin::Context(name.to_owned());
    if let Some(path) = &acl.credentials {
        return Ok(Some(Chosen::new(of_file(path, world)?, origin)));
    }
    let Some(access_key) = &acl.access_key else {
        return Err(CommandError::config(format!(
            "the acl section of context {name} has neither access-key nor credentials"
        )));
    };
    let Some(secret_key) = acl.secret_key.clone() else {
        return with_secret(access_key, origin, world).map(Some);
    };
    if let Some(selected) = world.selected() {
        world.warn_if_open(&selected.path);
    }
    let security_token = acl.security_token.clone();
    Ok(Some(Chosen::new(AclKeys { access_key: access_key.clone(), secret_key, security_token }, origin)))
}

fn of_file(path: &Path, world: &World) -> Result<AclKeys, CommandError> {
    let text = read(path).map_err(|error| {
        CommandError::config(format!("cannot read the credentials in {}", path.display()))
            .cause(error.to_string())
    })?;
    world.warn_if_open(path);
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<AclKeys, CommandError> {
    parse_keys(text).map_err(|error| {
        CommandError::config(format!("there are no credentials in {}", path.display()))
            .cause(error.to_string())
            .hint("it should have the lines 'accessKey: NAME' and 'secretKey: SECRET'")
    })
}

fn read(path: &Path) -> io::Result<String> {
    if std::fs::metadata(path)?.len() > LONGEST_FILE {
        return Err(io::Error::other("it is too long for a file with keys"));
    }
    std::fs::read_to_string(path)
}

/// The secret of an access key: from the environment, or from the person at the terminal.
fn with_secret(access_key: &str, origin: Origin, world: &World) -> Result<Chosen<AclKeys>, CommandError> {
    let secret_key = match world.var("RMQ_SECRET_KEY") {
        Some(secret) => SecretString::from(secret),
        None => world.ask_secret(&format!("Secret key of {access_key}"))?.ok_or_else(|| {
            CommandError::new(
                ErrorKind::Config,
                format!("the secret key of '{access_key}' ({origin}) is not given, and there is no terminal to ask on"),
            )
            .hint("set RMQ_SECRET_KEY, or name a file with both keys by --credentials")
        })?,
    };
    let security_token = world.var("RMQ_SECURITY_TOKEN").map(SecretString::from);
    Ok(Chosen::new(AclKeys { access_key: access_key.to_owned(), secret_key, security_token }, origin))
}

/// What mqadmin signs with. A file that is not there, or whose keys are blank, means not to sign.
fn of_tools_file(world: &World) -> Result<Option<Chosen<AclKeys>>, CommandError> {
    let home = world.java.get("rocketmq.home.dir").map(str::to_owned).or_else(|| world.var("ROCKETMQ_HOME"));
    let Some(path) = home.map(|home| PathBuf::from(home).join(TOOLS_FILE)) else { return Ok(None) };
    let text = match read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(
                CommandError::config(format!("cannot read {}", path.display())).cause(error.to_string())
            );
        }
    };
    match parse_keys(&text) {
        Ok(keys) => Ok(Some(Chosen::new(keys, Origin::File(path)))),
        Err(error) => {
            world.warn(&format!("requests are not signed, because of {}: {error}", path.display()));
            Ok(None)
        }
    }
}
