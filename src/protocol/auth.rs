//! Users and what they may do: the requests that read and change them on a broker.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::body::{Json, null_as_default};

/// A user (Java: `UserInfo`). In an update an absent field stays as it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserInfo {
    /// In clear: the broker checks signatures with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// `enable` or `disable` (Java: `UserStatus`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_status: Option<String>,
    /// `Super` or `Normal` (Java: `UserType`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_type: Option<String>,
    /// The name, which is the access key of the user's requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// Without the password.
impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserInfo")
            .field("username", &self.username)
            .field("password", &self.password.as_ref().map(|_| "***"))
            .field("user_type", &self.user_type)
            .field("user_status", &self.user_status)
            .finish()
    }
}

/// What a subject may do (Java: `AclInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AclInfo {
    /// The policies; each type at most once.
    #[serde(deserialize_with = "null_as_default")]
    pub policies: Vec<PolicyInfo>,
    /// As in `User:alice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// Rules of one type (Java: `AclInfo.PolicyInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyInfo {
    /// The rules.
    #[serde(deserialize_with = "null_as_default")]
    pub entries: Vec<PolicyEntryInfo>,
    /// `Custom` or `Default` (Java: `PolicyType`); absent in a request is `Custom`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_type: Option<String>,
}

/// The rule for one resource (Java: `AclInfo.PolicyEntryInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyEntryInfo {
    /// As in `Pub`, `Sub`, `Create` or `All` (Java: `Action`).
    #[serde(deserialize_with = "null_as_default")]
    pub actions: Vec<String>,
    /// `Allow` or `Deny` (Java: `Decision`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// As in `Topic:orders`, `Group:pay-*` or `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The addresses or networks that it is limited to; absent is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ips: Option<Vec<String>>,
}

crate::header! {
    /// Which user (Java: `CreateUserRequestHeader` and its like).
    pub struct UserHeader {
        /// The name.
        username: Option<String> = "username",
    }
}

crate::header! {
    /// Java: `ListUsersRequestHeader`.
    pub struct UserFilterHeader {
        /// A part of the names that are wanted.
        filter: Option<String> = "filter",
    }
}

crate::header! {
    /// Whose permissions (Java: `CreateAclRequestHeader` and its like).
    pub struct SubjectHeader {
        /// As in `User:alice`.
        subject: Option<String> = "subject",
    }
}

crate::header! {
    /// Java: `DeleteAclRequestHeader`.
    pub struct DeleteAclHeader {
        /// As in `User:alice`.
        subject: Option<String> = "subject",
        /// `Custom` or `Default`; absent is `Custom`.
        policy_type: Option<String> = "policyType",
        /// The resource whose rule goes; absent are all rules.
        resource: Option<String> = "resource",
    }
}

crate::header! {
    /// Java: `ListAclsRequestHeader`.
    pub struct AclFilterHeader {
        /// A part of the subjects that are wanted.
        subject_filter: Option<String> = "subjectFilter",
        /// A part of the resources that are wanted.
        resource_filter: Option<String> = "resourceFilter",
    }
}

crate::requests! {
    /// Creates a user.
    AuthCreateUser = 3001 "AUTH_CREATE_USER" (UserHeader, Json<UserInfo>) -> ((), ());
    /// Changes a user.
    AuthUpdateUser = 3002 "AUTH_UPDATE_USER" (UserHeader, Json<UserInfo>) -> ((), ());
    /// Deletes a user.
    AuthDeleteUser = 3003 "AUTH_DELETE_USER" (UserHeader, ()) -> ((), ());
    /// A user; no body where there is none of that name.
    AuthGetUser = 3004 "AUTH_GET_USER" (UserHeader, ()) -> ((), Option<Json<UserInfo>>);
    /// Users; no body where there is none.
    AuthListUser = 3005 "AUTH_LIST_USER" (UserFilterHeader, ()) -> ((), Option<Json<Vec<UserInfo>>>);
    /// Creates permissions.
    AuthCreateAcl = 3006 "AUTH_CREATE_ACL" (SubjectHeader, Json<AclInfo>) -> ((), ());
    /// Changes permissions: the rules of the named resources are replaced, the others stay.
    AuthUpdateAcl = 3007 "AUTH_UPDATE_ACL" (SubjectHeader, Json<AclInfo>) -> ((), ());
    /// Deletes permissions.
    AuthDeleteAcl = 3008 "AUTH_DELETE_ACL" (DeleteAclHeader, ()) -> ((), ());
    /// Permissions of one subject.
    AuthGetAcl = 3009 "AUTH_GET_ACL" (SubjectHeader, ()) -> ((), Option<Json<AclInfo>>);
    /// Permissions; no body where there are none.
    AuthListAcl = 3010 "AUTH_LIST_ACL" (AclFilterHeader, ()) -> ((), Option<Json<Vec<AclInfo>>>);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;

    fn text(value: &impl Serialize) -> String {
        String::from_utf8(fastjson::to_vec(value).unwrap()).unwrap()
    }

    /// The bodies that mqadmin 5.5.0 sent.
    #[test]
    fn bodies_are_apaches() {
        let user = UserInfo {
            username: Some("dave".into()),
            password: Some("secret1".into()),
            user_type: Some("Normal".into()),
            user_status: None,
        };
        assert_eq!(text(&user), r#"{"password":"secret1","userType":"Normal","username":"dave"}"#);
        let entry = PolicyEntryInfo {
            actions: vec!["Pub".into(), "Sub".into()],
            decision: Some("Allow".into()),
            resource: Some("Topic:orders".into()),
            source_ips: Some(vec!["10.0.0.0/8".into()]),
        };
        let acl = AclInfo {
            policies: vec![PolicyInfo { entries: vec![entry], policy_type: None }],
            subject: Some("User:dave".into()),
        };
        let expected = concat!(
            r#"{"policies":[{"entries":[{"actions":["Pub","Sub"],"decision":"Allow","#,
            r#""resource":"Topic:orders","sourceIps":["10.0.0.0/8"]}]}],"subject":"User:dave"}"#
        );
        assert_eq!(text(&acl), expected);
        assert_eq!(fastjson::from_slice::<AclInfo>(expected.as_bytes()).unwrap(), acl);
    }

    #[test]
    fn a_password_is_not_in_the_debug_form() {
        let user = UserInfo { password: Some("canary".into()), ..UserInfo::default() };
        assert_eq!(
            format!("{user:?}"),
            r#"UserInfo { username: None, password: Some("***"), user_type: None, user_status: None }"#
        );
    }

    #[test]
    fn null_policies_are_none() {
        let acl: AclInfo = fastjson::from_slice(br#"{"policies":null,"subject":null}"#).unwrap();
        assert_eq!(acl, AclInfo::default());
    }
}
