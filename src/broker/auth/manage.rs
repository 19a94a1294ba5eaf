//! Users and permissions looked at and changed (Java: `AuthenticationMetadataManagerImpl`,
//! `AuthorizationMetadataManagerImpl`, and the handlers of `AdminBrokerProcessor`).

use std::sync::Arc;

use super::policy::{Acl, PolicyType};
use super::resource::Resource;
use super::table::{DISABLE, ENABLE, NORMAL, SUPER, User};
use super::{Auth, convert, subject, username};
use crate::broker::names::is_blank;
use crate::broker::reject::{forbidden, invalid, system_error};
use crate::broker::saved::TableError;
use crate::protocol::auth::{AclInfo, UserInfo};
use crate::remoting::Reject;

/// How a broker refuses that keeps no users or no permissions.
fn not_configured() -> Reject {
    system_error("An system error occurred, please try again later.")
}

fn not_saved(error: TableError) -> Reject {
    system_error(error.to_string())
}

fn one_of<'a>(names: [&'a str; 2], name: Option<&str>) -> Option<&'a str> {
    names.into_iter().find(|known| name.is_some_and(|name| known.eq_ignore_ascii_case(name)))
}

fn user_type(info: &UserInfo) -> Option<&'static str> {
    one_of([SUPER, NORMAL], info.user_type.as_deref())
}

fn status(info: &UserInfo) -> Option<&'static str> {
    one_of([ENABLE, DISABLE], info.user_status.as_deref())
}

impl Auth {
    fn needs_users(&self) -> Result<(), Reject> {
        if self.has_users { Ok(()) } else { Err(not_configured()) }
    }

    /// Makes a user. `by` is who asks, where that is known: only super users make super users.
    ///
    /// # Errors
    /// A user that is there or has no password; a table that is not saved.
    pub fn create_user(&self, name: &str, info: &UserInfo, by: Option<&str>) -> Result<(), Reject> {
        if name.is_empty() {
            return Err(invalid("The username is blank"));
        }
        if user_type(info) == Some(SUPER) && !self.is_super_or_unknown(by)? {
            return Err(system_error("The super user can only be create by super user"));
        }
        if is_blank(name) {
            return Err(forbidden("username can not be blank"));
        }
        let password = info.password.as_deref().filter(|password| !is_blank(password));
        let password = password.ok_or_else(|| forbidden("password can not be blank"))?;
        self.needs_users()?;
        let made = self.saved.change(|table| {
            if table.users.contains_key(name) {
                return None;
            }
            let user = User::new(name, password, user_type(info), status(info));
            table.users.insert(name.to_owned(), Arc::new(user));
            Some(())
        });
        made.map_err(not_saved)?.ok_or_else(|| forbidden("The user is existed"))
    }

    /// Changes what is given of a user.
    ///
    /// # Errors
    /// No such user; a super user changed by another; a table that is not saved.
    pub fn update_user(&self, name: &str, info: &UserInfo, by: Option<&str>) -> Result<(), Reject> {
        if name.is_empty() {
            return Err(invalid("The username is blank"));
        }
        const BY_SUPER: &str = "The super user can only be update by super user";
        if user_type(info) == Some(SUPER) && !self.is_super_or_unknown(by)? {
            return Err(system_error(BY_SUPER));
        }
        if is_blank(name) {
            return Err(forbidden("username can not be blank"));
        }
        self.needs_users()?;
        let old = self.find(name).ok_or_else(|| forbidden("The user is not exist"))?;
        if old.is_super && !self.is_super_or_unknown(by)? {
            return Err(forbidden(BY_SUPER));
        }
        let changed = self.saved.change(|table| {
            let old = &table.users.get(name)?.info;
            let user = User::new(
                name,
                info.password.as_deref().filter(|p| !is_blank(p)).or(old.password.as_deref())?,
                user_type(info).or(old.user_type.as_deref()),
                status(info).or(old.user_status.as_deref()),
            );
            table.users.insert(name.to_owned(), Arc::new(user));
            Some(())
        });
        changed.map_err(not_saved)?.ok_or_else(|| forbidden("The user is not exist"))
    }

    /// Takes a user away, and what it may do with it. One that is not there is no error.
    ///
    /// # Errors
    /// A super user deleted by another; a table that is not saved.
    pub fn delete_user(&self, name: &str, by: Option<&str>) -> Result<(), Reject> {
        if is_blank(name) {
            return Err(forbidden("username can not be blank"));
        }
        self.needs_users()?;
        let Some(user) = self.find(name) else { return Ok(()) };
        if user.is_super && !self.is_super_or_unknown(by)? {
            return Err(forbidden("The super user can only be update by super user"));
        }
        let deleted = self.saved.change(|table| {
            table.acls.remove(name);
            table.users.remove(name)
        });
        deleted.map_err(not_saved)?;
        Ok(())
    }

    /// A user, if there is one of that name.
    ///
    /// # Errors
    /// A blank name; a broker without users.
    pub fn user(&self, name: &str) -> Result<Option<UserInfo>, Reject> {
        if is_blank(name) {
            return Err(invalid("The username is blank"));
        }
        self.needs_users()?;
        Ok(self.find(name).map(|user| user.info.clone()))
    }

    /// The users with that in their names, by name.
    ///
    /// # Errors
    /// A broker without users.
    pub fn users(&self, filter: Option<&str>) -> Result<Vec<UserInfo>, Reject> {
        self.needs_users()?;
        let filter = filter.filter(|text| !is_blank(text)).unwrap_or_default();
        Ok(self.saved.read(|table| {
            let found = table.users.iter().filter(|(name, _)| name.contains(filter));
            found.map(|(_, user)| user.info.clone()).collect()
        }))
    }

    /// Gives a user permissions; those it has for the same resources are replaced. The user is that of the body, or
    /// else that of the header.
    ///
    /// # Errors
    /// What is wrong with the permissions; no such user; a table that is not saved.
    pub fn put_acl(&self, header_subject: Option<&str>, info: &AclInfo) -> Result<(), Reject> {
        if info.policies.is_empty() {
            return Err(system_error("The body of acl is null"));
        }
        let name = info.subject.as_deref().and_then(username).or_else(|| header_subject.and_then(username));
        let name = name.ok_or_else(not_configured)?;
        let policies = convert::policies(&info.policies)?;
        self.needs_users()?;
        if !self.has_permissions {
            return Err(not_configured());
        }
        let put = self.saved.change(|table| {
            table.users.get(name)?;
            let mut acl = table.acls.get(name).map(|acl| Acl::clone(acl)).unwrap_or_default();
            acl.merge(policies);
            table.acls.insert(name.to_owned(), Arc::new(acl));
            Some(())
        });
        let missing = || forbidden(format!("The subject of {} is not exist.", subject(name)));
        put.map_err(not_saved)?.ok_or_else(missing)
    }

    /// Takes from a user the permission for a resource, or all of them if none is named.
    ///
    /// # Errors
    /// No such user; nothing it may do; a resource that is none, which Apache's broker takes for all.
    pub fn delete_acl(
        &self,
        subject: Option<&str>,
        policy_type: Option<&str>,
        resource: Option<&str>,
    ) -> Result<(), Reject> {
        let name = self.known_subject(subject)?;
        let resource = match resource.filter(|text| !is_blank(text)) {
            Some(text) => Some(Resource::parse(text).ok_or_else(|| forbidden("The resource is null."))?),
            None => None,
        };
        let deleted = self.saved.change(|table| {
            let mut acl = Acl::clone(table.acls.get(name)?);
            match &resource {
                Some(resource) => acl.remove(PolicyType::of_name(policy_type), resource),
                None => acl.policies.clear(),
            }
            if acl.policies.is_empty() {
                table.acls.remove(name);
            } else {
                table.acls.insert(name.to_owned(), Arc::new(acl));
            }
            Some(())
        });
        deleted.map_err(not_saved)?.ok_or_else(|| forbidden("The acl is not exist."))
    }

    /// What a user may do, if anything.
    ///
    /// # Errors
    /// No such user; a broker without permissions.
    pub fn acl(&self, subject: Option<&str>) -> Result<Option<AclInfo>, Reject> {
        let name = self.known_subject(subject)?;
        let acl = self.saved.read(|table| table.acls.get(name).cloned());
        Ok(acl.map(|acl| convert::info(name, &acl)))
    }

    /// The permissions of the subjects with that in their texts, and only those for resources with that in theirs.
    ///
    /// # Errors
    /// A broker without permissions.
    pub fn acls(&self, subjects: Option<&str>, resources: Option<&str>) -> Result<Vec<AclInfo>, Reject> {
        if !self.has_permissions {
            return Err(system_error("The authorizationMetadataProvider is not configured."));
        }
        let given = |filter: Option<&str>| filter.filter(|text| !is_blank(text)).map(str::to_owned);
        let (subjects, resources) = (given(subjects), given(resources));
        let all: Vec<AclInfo> =
            self.saved.read(|table| table.acls.iter().map(|(name, acl)| convert::info(name, acl)).collect());
        Ok(all
            .into_iter()
            .filter_map(|info| listed(info, subjects.as_deref(), resources.as_deref()))
            .collect())
    }

    /// The user of a subject, which must be there.
    fn known_subject<'a>(&self, subject: Option<&'a str>) -> Result<&'a str, Reject> {
        let name = subject.and_then(username).ok_or_else(|| forbidden("The subject is null."))?;
        self.needs_users()?;
        if self.find(name).is_none() {
            return Err(forbidden("The subject is not exist."));
        }
        if !self.has_permissions {
            return Err(not_configured());
        }
        Ok(name)
    }

    /// Whoever signs nothing is let through: requests are not checked at all then (Java: `isNotSuperUserLogin`).
    fn is_super_or_unknown(&self, by: Option<&str>) -> Result<bool, Reject> {
        let Some(name) = by.filter(|name| !name.is_empty()) else { return Ok(true) };
        self.needs_users()?;
        let user = self.find(name).ok_or_else(|| system_error(format!("User:{name} is not found")))?;
        Ok(user.is_super)
    }
}

/// What the filters leave of a user's permissions. A subject with the resource's text in its own is left whole, as
/// by Apache's broker (Java: `LocalAuthorizationMetadataProvider.listAcl`).
fn listed(mut info: AclInfo, subjects: Option<&str>, resources: Option<&str>) -> Option<AclInfo> {
    let subject = info.subject.as_deref().unwrap_or_default();
    if subjects.is_some_and(|text| !subject.contains(text)) {
        return None;
    }
    if let Some(text) = resources.filter(|text| !subject.contains(text)) {
        for policy in &mut info.policies {
            policy.entries.retain(|entry| entry.resource.as_deref().is_some_and(|r| r.contains(text)));
        }
        info.policies.retain(|policy| !policy.entries.is_empty());
    }
    (!info.policies.is_empty()).then_some(info)
}
