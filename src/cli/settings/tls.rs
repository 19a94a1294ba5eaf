//! What connections are encrypted with: option, environment, context, and what Apache's clients are told.

use super::args::TlsArgs;
use super::world::World;
use crate::admin::CommandError;
use crate::config::connect::contexts::TlsProfile;
use crate::config::connect::{Chosen, Origin, ServerCheck, TlsSettings, tls_of_properties};
use std::path::{Path, PathBuf};

/// Where Apache's clients look (Java: `TlsSystemConfig.tlsConfigFile`).
const APACHE_FILE: &str = "/etc/rocketmq/tls.properties";
/// The system property that names another.
const APACHE_PROPERTY: &str = "tls.config.file";

/// TLS, and who turned it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    pub settings: TlsSettings,
    /// Who said each part, by the name of its option without `tls-`.
    pub parts: Vec<(&'static str, String, Origin)>,
}

/// The settings, if connections are to be encrypted.
///
/// # Errors
/// A value that is neither true nor false; a file of properties that cannot be read.
pub fn choose(args: &TlsArgs, world: &World) -> Result<Option<Tls>, CommandError> {
    let Some(on) = turned_on(args, world)? else { return Ok(None) };
    if !on.value {
        return Ok(None);
    }
    let (mut settings, file) = match base(args, world, &on.origin)? {
        Some((settings, origin)) => (settings, Some(origin)),
        None => (TlsSettings::default(), None),
    };
    let mut parts = vec![("", "on".to_owned(), on.origin)];
    if let Some(origin) = file {
        parts.push(("properties", "read".to_owned(), origin));
    }
    let profile = world.profile().and_then(|(name, profile)| Some((name, profile.tls.as_ref()?)));
    let part = Part { world, profile };
    let mut take = |part: Option<Chosen<String>>, name: &'static str| {
        part.map(|chosen| {
            parts.push((name, chosen.value.clone(), chosen.origin));
            chosen.value
        })
    };
    let path = |value: String| PathBuf::from(value);
    let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let ca = part.choose(text(&args.tls_ca), "--tls-ca", "RMQ_TLS_CA", |tls| text(&tls.ca));
    let cert = part.choose(text(&args.tls_cert), "--tls-cert", "RMQ_TLS_CERT", |tls| text(&tls.cert));
    let key = part.choose(text(&args.tls_key), "--tls-key", "RMQ_TLS_KEY", |tls| text(&tls.key));
    let name = part.choose(args.tls_server_name.clone(), "--tls-server-name", "RMQ_TLS_SERVER_NAME", |tls| {
        tls.server_name.clone()
    });
    settings.ca = take(ca, "ca").map(path).or(settings.ca);
    settings.cert = take(cert, "cert").map(path).or(settings.cert);
    settings.key = take(key, "key").map(path).or(settings.key);
    settings.server_name = take(name, "server-name").or(settings.server_name);
    if let Some(origin) = insecure(args, &part)? {
        parts.push(("insecure", "true".to_owned(), origin));
        settings.check = ServerCheck::Nothing;
    }
    Ok(Some(Tls { settings, parts }))
}

/// Whether TLS is on, and who says so; none where nobody says a word.
fn turned_on(args: &TlsArgs, world: &World) -> Result<Option<Chosen<bool>>, CommandError> {
    if let Some(on) = args.tls {
        return Ok(Some(Chosen::new(on, Origin::Option("--tls"))));
    }
    let options = [
        (args.tls_ca.is_some(), "--tls-ca"),
        (args.tls_cert.is_some(), "--tls-cert"),
        (args.tls_key.is_some(), "--tls-key"),
        (args.tls_server_name.is_some(), "--tls-server-name"),
        (args.tls_insecure, "--tls-insecure"),
        (args.tls_properties.is_some(), "--tls-properties"),
    ];
    if let Some((_, name)) = options.into_iter().find(|(given, _)| *given) {
        return Ok(Some(Chosen::new(true, Origin::Option(name))));
    }
    if let Some(on) = world.truth("RMQ_TLS")? {
        return Ok(Some(Chosen::new(on, Origin::Environment("RMQ_TLS"))));
    }
    let variables =
        ["RMQ_TLS_CA", "RMQ_TLS_CERT", "RMQ_TLS_KEY", "RMQ_TLS_SERVER_NAME", "RMQ_TLS_PROPERTIES"];
    if let Some(name) = variables.into_iter().find(|name| world.var(name).is_some()) {
        return Ok(Some(Chosen::new(true, Origin::Environment(name))));
    }
    if world.truth("RMQ_TLS_INSECURE")? == Some(true) {
        return Ok(Some(Chosen::new(true, Origin::Environment("RMQ_TLS_INSECURE"))));
    }
    if world.java.get("tls.enable").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(Some(Chosen::new(true, Origin::Java("tls.enable"))));
    }
    let profile = world.profile().and_then(|(name, profile)| Some((name, profile.tls.as_ref()?)));
    Ok(profile.map(|(name, tls)| Chosen::new(tls.enabled.unwrap_or(true), Origin::Context(name.to_owned()))))
}

/// What Apache's properties say, where they are asked for.
fn base(args: &TlsArgs, world: &World, on: &Origin) -> Result<Option<(TlsSettings, Origin)>, CommandError> {
    if let Some(path) = &args.tls_properties {
        return read(path, world).map(|settings| Some((settings, Origin::Option("--tls-properties"))));
    }
    if let Some(path) = world.var("RMQ_TLS_PROPERTIES") {
        let settings = read(Path::new(&path), world)?;
        return Ok(Some((settings, Origin::Environment("RMQ_TLS_PROPERTIES"))));
    }
    // Only who turned TLS on as for Apache's clients means their file, too.
    if !matches!(on, Origin::Java(_)) {
        return Ok(None);
    }
    let path = world.java.get(APACHE_PROPERTY).unwrap_or(APACHE_FILE);
    let origin = match world.java.get(APACHE_PROPERTY) {
        Some(_) => Origin::Java(APACHE_PROPERTY),
        None => Origin::File(APACHE_FILE.into()),
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        // As Java: "Tls config file doesn't exist, skip it".
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unreadable(Path::new(path)).cause(error.to_string())),
    };
    parse(Path::new(path), &text, world).map(|settings| Some((settings, origin)))
}

fn read(path: &Path, world: &World) -> Result<TlsSettings, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path).cause(error.to_string()))?;
    parse(path, &text, world)
}

fn parse(path: &Path, text: &str, world: &World) -> Result<TlsSettings, CommandError> {
    tls_of_properties(text, |key| world.java.get(key))
        .map_err(|error| unreadable(path).cause(error.to_string()))
}

fn unreadable(path: &Path) -> CommandError {
    CommandError::config(format!("cannot read the TLS settings in {}", path.display()))
}

fn insecure(args: &TlsArgs, part: &Part) -> Result<Option<Origin>, CommandError> {
    if args.tls_insecure {
        return Ok(Some(Origin::Option("--tls-insecure")));
    }
    match part.world.truth("RMQ_TLS_INSECURE")? {
        Some(true) => return Ok(Some(Origin::Environment("RMQ_TLS_INSECURE"))),
        Some(false) => return Ok(None),
        None => {}
    }
    Ok(part.profile.filter(|(_, tls)| tls.insecure).map(|(name, _)| Origin::Context(name.to_owned())))
}

/// Where each part is looked for.
struct Part<'a> {
    world: &'a World,
    profile: Option<(&'a str, &'a TlsProfile)>,
}

impl Part<'_> {
    fn choose(
        &self,
        option: Option<String>,
        option_name: &'static str,
        variable: &'static str,
        of_profile: impl Fn(&TlsProfile) -> Option<String>,
    ) -> Option<Chosen<String>> {
        if let Some(value) = option {
            return Some(Chosen::new(value, Origin::Option(option_name)));
        }
        if let Some(value) = self.world.var(variable) {
            return Some(Chosen::new(value, Origin::Environment(variable)));
        }
        let (name, tls) = self.profile?;
        of_profile(tls).map(|value| Chosen::new(value, Origin::Context(name.to_owned())))
    }
}
