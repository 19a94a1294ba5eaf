//! Who may do what: users, their permissions, and the check of every request (Java: the module `auth`, called
//! ACL 2.0).
//!
//! A request is checked before it is handled: that a user signed it ([`crate::protocol::signature`]), and that the
//! user has permission for all that it [`needs`]. Users and permissions are in memory; looking one up takes a shared
//! lock for the time of that, and a change counts at once. They are kept in `config/auth.json`, where Apache's broker
//! has RocksDB.

mod convert;
mod manage;
mod migrate;
mod needs;
mod policy;
mod resource;
mod source;
mod table;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use secrecy::ExposeSecret;

use super::reject::forbidden;
use super::saved::{Saved, TableError, load};
use crate::config::{AuthConfig, NamedUser};
use crate::protocol::RemotingCommand;
use crate::protocol::signature::ACCESS_KEY;
use crate::remoting::Reject;

use policy::{Decision, Need};
use table::{AuthFile, SUPER, Table, User};

/// The file among the broker's tables.
const FILE: &str = "auth.json";
/// The only kind of subject (Java: `SubjectType.USER`).
const SUBJECT: &str = "User";

/// The access control of a broker.
#[derive(Debug)]
pub struct Auth {
    saved: Saved<Table>,
    /// The name of the cluster, which some requests need permission for.
    cluster: String,
    /// Requests must be signed.
    authenticates: bool,
    /// Requests need permissions.
    authorizes: bool,
    /// Users are kept.
    has_users: bool,
    /// Permissions are kept.
    has_permissions: bool,
    /// Requests that need no signature.
    unsigned: Vec<i32>,
    /// Requests that need no permission.
    unchecked: Vec<i32>,
}

/// A user as a subject is written, `User:NAME`.
fn subject(username: &str) -> String {
    format!("{SUBJECT}:{username}")
}

/// The user of a subject, in whatever case its kind is written (Java: `Subject.of`).
fn username(subject: &str) -> Option<&str> {
    let (kind, name) = subject.split_once(':').unwrap_or((subject, ""));
    kind.eq_ignore_ascii_case(SUBJECT).then_some(name)
}

impl Auth {
    /// What the settings ask for, with the users and permissions in `auth.json` of that directory, where such are
    /// kept. The users of the settings are made if they are not there, and those of ACL 1.0 if that is asked for.
    ///
    /// # Errors
    /// [`TableError`] for a file that cannot be read or written.
    pub fn open(
        config: &AuthConfig,
        cluster: &str,
        home: Option<&str>,
        config_dir: &Path,
    ) -> Result<Self, TableError> {
        let path = config_dir.join(FILE);
        let has_users = config.authentication_metadata_provider.is_some();
        let has_permissions = config.authorization_metadata_provider.is_some();
        let kept = has_users || has_permissions;
        let table =
            if kept { load::<AuthFile>(&path)?.unwrap_or_default().into_table() } else { Table::default() };
        let auth = Self {
            saved: Saved::new(table, path),
            cluster: cluster.to_owned(),
            authenticates: config.authentication_enabled,
            authorizes: config.authorization_enabled,
            has_users,
            has_permissions,
            unsigned: AuthConfig::codes(config.authentication_whitelist.as_deref()),
            unchecked: AuthConfig::codes(config.authorization_whitelist.as_deref()),
        };
        for user in config.init_user().into_iter().chain(config.inner_client()) {
            auth.make_super(&user)?;
        }
        if config.migrate_auth_from_v1_enabled {
            auth.migrate(home)?;
        }
        Ok(auth)
    }

    fn make_super(&self, user: &NamedUser) -> Result<(), TableError> {
        self.saved.change(|table| {
            if table.users.contains_key(&user.username) {
                return None;
            }
            let made = User::new(&user.username, user.password.expose_secret(), Some(SUPER), None);
            table.users.insert(user.username.clone(), Arc::new(made));
            Some(())
        })?;
        Ok(())
    }

    /// Whether the request may be served.
    ///
    /// # Errors
    /// The refusal of Apache's broker (`NO_PERMISSION`).
    pub fn check(&self, request: &RemotingCommand, from: IpAddr) -> Result<(), Reject> {
        if self.authenticates && !self.unsigned.contains(&request.code) {
            self.authenticate(request)?;
        }
        if self.authorizes && !self.unchecked.contains(&request.code) {
            self.authorize(request, from)?;
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Option<Arc<User>> {
        self.saved.read(|table| table.users.get(name).cloned())
    }

    /// Java: `DefaultAuthenticationHandler`.
    fn authenticate(&self, request: &RemotingCommand) -> Result<(), Reject> {
        if !self.has_users {
            return Err(forbidden("The authenticationMetadataProvider is not configured"));
        }
        let name = request.ext.get(ACCESS_KEY).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| forbidden("username cannot be null."))?;
        let user = self.find(name).ok_or_else(|| forbidden(format!("User:{name} is not found.")))?;
        if user.is_disabled {
            return Err(forbidden(format!("User:{name} is disabled.")));
        }
        if !user.key.has_signed(request) {
            tracing::info!(user = name, code = request.code, "a signature is wrong");
            return Err(forbidden("check signature failed."));
        }
        Ok(())
    }

    /// Java: `UserAuthorizationHandler`, `AclAuthorizationHandler`.
    fn authorize(&self, request: &RemotingCommand, from: IpAddr) -> Result<(), Reject> {
        let name = request.ext.get(ACCESS_KEY);
        let user = name.and_then(|name| self.find(name));
        if self.has_users && user.as_ref().is_some_and(|user| user.is_super && !user.is_disabled) {
            return Ok(());
        }
        let needs = needs::needs(request, &self.cluster)
            .map_err(|_| forbidden("parse authorization context error."))?;
        if needs.is_empty() {
            return Ok(());
        }
        let Some(name) = name else {
            return Err(forbidden("Authorization failed. Please verify your access rights and try again."));
        };
        if !self.has_users {
            return Err(forbidden("The authenticationMetadataProvider is not configured"));
        }
        match user {
            None => return Err(forbidden(format!("User:{name} not found."))),
            Some(user) if user.is_disabled => {
                return Err(forbidden(format!("User:{name} is disabled.")));
            }
            Some(_) => {}
        }
        if !self.has_permissions {
            return Err(forbidden("The authorizationMetadataProvider is not configured"));
        }
        let acl = self.saved.read(|table| table.acls.get(name).cloned());
        for need in &needs {
            let decision = acl.as_ref().and_then(|acl| acl.decision(need, from));
            permitted(decision, need, name, from)?;
        }
        Ok(())
    }
}

fn permitted(decision: Option<Decision>, need: &Need, name: &str, from: IpAddr) -> Result<(), Reject> {
    let why = match decision {
        Some(Decision::Allow) => return Ok(()),
        Some(Decision::Deny) => "the decision is deny.",
        None => "no matched policies.",
    };
    let (subject, resource, from) = (subject(name), &need.resource, source::java_text(from));
    tracing::info!(subject, %resource, from, why, "a request is not permitted");
    Err(forbidden(format!("{subject} has no permission to access {resource} from {from}, {why}")))
}
