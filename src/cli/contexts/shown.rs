//! How contexts are shown: without their secrets.

use crate::cli::settings::Explained;
use crate::config::connect::contexts::Profile;
use crate::output::{Cell, Render, Table, Text};
use schemars::JsonSchema;
use serde::Serialize;

/// What stands for a secret.
const HIDDEN: &str = "******";

/// All contexts, sorted by name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct List {
    pub contexts: Vec<Row>,
}

/// A context in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub name: String,
    /// Whether it is used where none is named.
    pub current: bool,
    #[serde(flatten)]
    pub shown: Shown,
}

/// What a context says.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    pub name_servers: Vec<String>,
    pub protected: bool,
    pub output: Option<String>,
    pub timeout: Option<String>,
    /// A file with keys.
    pub credentials: Option<String>,
    pub access_key: Option<String>,
    /// `******` where there is one in the file of contexts.
    pub secret_key: Option<&'static str>,
    pub security_token: Option<&'static str>,
    pub tls: bool,
    pub tls_ca: Option<String>,
    pub tls_cert: Option<String>,
    pub tls_key: Option<String>,
    pub tls_server_name: Option<String>,
    pub tls_insecure: bool,
}

impl Shown {
    /// Of a profile.
    pub fn of(profile: &Profile) -> Self {
        let acl = profile.acl.as_ref();
        let tls = profile.tls.as_ref();
        let path = |path: Option<&std::path::PathBuf>| path.map(|path| path.display().to_string());
        Shown {
            name_servers: profile.name_servers.clone(),
            protected: profile.protected,
            output: profile.output.clone(),
            timeout: profile.timeout.clone(),
            credentials: path(acl.and_then(|acl| acl.credentials.as_ref())),
            access_key: acl.and_then(|acl| acl.access_key.clone()),
            secret_key: acl.and_then(|acl| acl.secret_key.as_ref()).map(|_| HIDDEN),
            security_token: acl.and_then(|acl| acl.security_token.as_ref()).map(|_| HIDDEN),
            tls: tls.is_some_and(|tls| tls.enabled.unwrap_or(true)),
            tls_ca: path(tls.and_then(|tls| tls.ca.as_ref())),
            tls_cert: path(tls.and_then(|tls| tls.cert.as_ref())),
            tls_key: path(tls.and_then(|tls| tls.key.as_ref())),
            tls_server_name: tls.and_then(|tls| tls.server_name.clone()),
            tls_insecure: tls.is_some_and(|tls| tls.insecure),
        }
    }
}

impl Render for List {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("NAME")
            .text("CURRENT")
            .text("NAME SERVERS")
            .text("USER")
            .text("TLS")
            .text("PROTECTED");
        for Row { name, current, shown } in &self.contexts {
            table.row([
                Cell::new(name),
                Cell::new(Text::yes_no(*current)),
                Cell::new(shown.name_servers.join(", ")),
                Cell::optional(shown.access_key.as_ref().or(shown.credentials.as_ref())),
                Cell::new(Text::yes_no(shown.tls)),
                Cell::new(Text::yes_no(shown.protected)),
            ]);
        }
        table
    }

    fn notes(&self) -> Vec<String> {
        let none = self.contexts.is_empty();
        none.then(|| "there is no context; rmq context add NAME -n HOST:PORT adds one".to_owned())
            .into_iter()
            .collect()
    }
}

impl Render for Row {
    fn table(&self, _wide: bool) -> Table {
        let Shown { tls, .. } = &self.shown;
        let mut table = Table::new().text("SETTING").text("VALUE");
        let mut row = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                table.row([Cell::new(name), Cell::new(value)]);
            }
        };
        let shown = &self.shown;
        row("name", Some(self.name.clone()));
        row("current", Some(Text::yes_no(self.current).to_owned()));
        row("name servers", Some(shown.name_servers.join(", ")).filter(|list| !list.is_empty()));
        row("protected", Some(Text::yes_no(shown.protected).to_owned()));
        row("output", shown.output.clone());
        row("timeout", shown.timeout.clone());
        row("credentials", shown.credentials.clone());
        row("access key", shown.access_key.clone());
        row("secret key", shown.secret_key.map(str::to_owned));
        row("security token", shown.security_token.map(str::to_owned));
        row("tls", Some(Text::yes_no(*tls).to_owned()));
        row("tls ca", shown.tls_ca.clone());
        row("tls cert", shown.tls_cert.clone());
        row("tls key", shown.tls_key.clone());
        row("tls server-name", shown.tls_server_name.clone());
        row("tls insecure", shown.tls_insecure.then(|| "yes".to_owned()));
        table
    }
}

/// The settings in force.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    pub settings: Vec<Explained>,
}

impl Render for Explanation {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("SETTING").text("VALUE").text("ORIGIN");
        for Explained { name, value, origin } in &self.settings {
            table.row([Cell::new(name), Cell::optional(value.as_ref()), Cell::new(origin)]);
        }
        table
    }
}
