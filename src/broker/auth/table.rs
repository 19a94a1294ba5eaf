//! Users and permissions in memory, and how they lie in `config/auth.json`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::convert;
use super::policy::Acl;
use crate::broker::saved::Document;
use crate::protocol::auth::{AclInfo, UserInfo};
use crate::protocol::signature::SigningKey;

/// A user, ready for checking its requests (Java: `User`).
#[derive(Debug)]
pub struct User {
    /// As it is told and saved.
    pub info: UserInfo,
    /// What its signatures are checked with.
    pub key: SigningKey,
    /// It may do everything.
    pub is_super: bool,
    /// It may do nothing.
    pub is_disabled: bool,
}

/// Type of a user who may do everything (Java: `UserType.SUPER`).
pub const SUPER: &str = "Super";
/// Type of a user who needs permissions (Java: `UserType.NORMAL`).
pub const NORMAL: &str = "Normal";
/// Status of a user whose requests are served (Java: `UserStatus.ENABLE`).
pub const ENABLE: &str = "enable";
/// Status of a user whose requests are refused (Java: `UserStatus.DISABLE`).
pub const DISABLE: &str = "disable";

impl User {
    /// From what is known of it; what is not known is normal.
    pub fn new(username: &str, password: &str, user_type: Option<&str>, status: Option<&str>) -> Self {
        let is_super = user_type == Some(SUPER);
        let is_disabled = status == Some(DISABLE);
        Self {
            key: SigningKey::new(password),
            is_super,
            is_disabled,
            info: UserInfo {
                password: Some(password.to_owned()),
                user_status: Some(if is_disabled { DISABLE } else { ENABLE }.to_owned()),
                user_type: Some(if is_super { SUPER } else { NORMAL }.to_owned()),
                username: Some(username.to_owned()),
            },
        }
    }

    fn of_info(info: &UserInfo) -> Option<(String, Arc<Self>)> {
        let name = info.username.clone()?;
        let password = info.password.as_deref().unwrap_or_default();
        let user = Self::new(&name, password, info.user_type.as_deref(), info.user_status.as_deref());
        Some((name, Arc::new(user)))
    }
}

/// All of them, by name of the user.
#[derive(Debug, Default)]
pub struct Table {
    /// The users.
    pub users: BTreeMap<String, Arc<User>>,
    /// What they may do.
    pub acls: BTreeMap<String, Arc<Acl>>,
}

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthFile {
    users: Vec<UserInfo>,
    acls: Vec<AclInfo>,
}

impl AuthFile {
    /// The table of a file. Permissions that cannot be are left out and told of: refusing is safe.
    pub fn into_table(self) -> Table {
        let users = self.users.iter().filter_map(User::of_info).collect();
        let acls = self.acls.iter().filter_map(|info| {
            let name = super::username(info.subject.as_deref()?)?;
            match convert::policies(&info.policies) {
                Ok(policies) => Some((name.to_owned(), Arc::new(Acl { policies }))),
                Err(reject) => {
                    tracing::error!(subject = info.subject, reason = reject.remark, "permissions are lost");
                    None
                }
            }
        });
        Table { users, acls: acls.collect() }
    }
}

impl Document for Table {
    type File = AuthFile;
    const PRIVATE: bool = true;

    fn to_file(&self) -> AuthFile {
        AuthFile {
            users: self.users.values().map(|user| user.info.clone()).collect(),
            acls: self.acls.iter().map(|(name, acl)| convert::info(name, acl)).collect(),
        }
    }
}
