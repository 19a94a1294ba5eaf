//! Users and permissions of ACL 1.0, taken over (Java: `AuthMigrator`, `PlainPermissionManager`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::Auth;
use super::policy::{Acl, Action, Decision, Entry, Policy, PolicyType};
use super::resource::{Kind, Names, Resource};
use super::table::{SUPER, User};
use crate::broker::names::is_blank;
use crate::broker::saved::TableError;

/// A file of ACL 1.0 (Java: `PlainAccessData`).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PlainFile {
    accounts: Vec<Account>,
}

/// A user of ACL 1.0 (Java: `PlainAccessConfig`).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Account {
    access_key: String,
    secret_key: String,
    admin: bool,
    default_topic_perm: Option<String>,
    default_group_perm: Option<String>,
    topic_perms: Option<Vec<String>>,
    group_perms: Option<Vec<String>>,
}

/// Without the secret key.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

impl Account {
    fn user(&self) -> User {
        User::new(&self.access_key, &self.secret_key, self.admin.then_some(SUPER), None)
    }

    fn acl(&self) -> Acl {
        let listed = |perms: &Option<Vec<String>>, named: fn(&str) -> Resource| {
            let perms = perms.iter().flatten().filter_map(|line| line.split_once('='));
            perms.map(|(name, perm)| entry(named(name.trim()), perm)).collect::<Vec<_>>()
        };
        let default = |perm: &Option<String>, kind| {
            let perm = perm.as_deref().filter(|perm| !is_blank(perm))?;
            Some(entry(Resource { kind, names: Names::Any }, perm))
        };
        let mut custom = listed(&self.topic_perms, Resource::topic);
        custom.extend(listed(&self.group_perms, Resource::group));
        let defaults = default(&self.default_topic_perm, Kind::Topic)
            .into_iter()
            .chain(default(&self.default_group_perm, Kind::Group))
            .collect();
        let policies = [(PolicyType::Custom, custom), (PolicyType::Default, defaults)];
        let policies = policies.into_iter().filter(|(_, entries)| !entries.is_empty());
        Acl { policies: policies.map(|(policy_type, entries)| Policy { policy_type, entries }).collect() }
    }
}

/// `PUB`, `SUB`, `PUB|SUB`, `SUB|PUB` or `DENY`; anything else is all.
fn entry(resource: Resource, perm: &str) -> Entry {
    let (actions, decision) = match perm.trim() {
        "PUB" => (vec![Action::Pub], Decision::Allow),
        "SUB" => (vec![Action::Sub], Decision::Allow),
        "PUB|SUB" | "SUB|PUB" => (vec![Action::Pub, Action::Sub], Decision::Allow),
        "DENY" => (vec![Action::All], Decision::Deny),
        _ => (vec![Action::All], Decision::Allow),
    };
    Entry { resource, actions, sources: Vec::new(), decision }
}

impl Auth {
    /// Takes over the users of `conf/acl/**.yml` and `conf/plain_acl.yml` in an installation of Apache's. Users that
    /// are there stay as they are.
    pub(super) fn migrate(&self, home: Option<&str>) -> Result<(), TableError> {
        let Some(home) = home.filter(|home| !home.is_empty()) else {
            tracing::warn!("migrateAuthFromV1Enabled has no effect without rocketmqHome");
            return Ok(());
        };
        for account in accounts(&Path::new(home).join("conf")) {
            if account.access_key.is_empty() || account.secret_key.is_empty() {
                tracing::warn!(?account, "an account of ACL 1.0 is not whole and left out");
                continue;
            }
            let taken = self.saved.change(|table| {
                if table.users.contains_key(&account.access_key) {
                    return None;
                }
                table.users.insert(account.access_key.clone(), Arc::new(account.user()));
                let acl = account.acl();
                if !acl.policies.is_empty() {
                    table.acls.insert(account.access_key.clone(), Arc::new(acl));
                }
                Some(())
            })?;
            if taken.is_some() {
                tracing::info!(user = account.access_key, "a user of ACL 1.0 is taken over");
            }
        }
        Ok(())
    }
}

fn accounts(conf: &Path) -> Vec<Account> {
    let mut files = Vec::new();
    yaml_files(&conf.join("acl"), &mut files);
    files.sort();
    files.push(conf.join("plain_acl.yml"));
    files.iter().filter_map(|path| read(path)).flat_map(|file| file.accounts).collect()
}

fn read(path: &Path) -> Option<PlainFile> {
    let text = std::fs::read_to_string(path).ok().filter(|text| !is_blank(text))?;
    match serde_norway::from_str(&text) {
        Ok(file) => Some(file),
        // The error may quote the file, which holds secrets.
        Err(_) => {
            tracing::error!(path = %path.display(), "this is no file of ACL 1.0");
            None
        }
    }
}

fn yaml_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        // Links are not followed: they may lead back here.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "yml" || ext == "yaml") {
            found.push(path);
        }
    }
}
