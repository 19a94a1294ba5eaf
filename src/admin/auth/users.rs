//! Users as brokers have them, and how they are shown: without their passwords.

use crate::admin::change::{Action, Change, FieldChange};
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context, suggest};
use crate::output::{Cell, Failure, Render, Table, Tone, left};
use crate::protocol::auth::{AuthGetUser, AuthListUser, UserFilterHeader, UserHeader, UserInfo};
use crate::protocol::body::Json;
use crate::remoting::CallError;
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::fmt::{self, Write};

/// What stands for a password that is not shown.
pub const HIDDEN: &str = "******";

/// Whether a user may do everything (Java: `UserType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UserType {
    /// May do everything
    #[value(name = "Super")]
    Super,
    /// May do what access rules allow
    #[value(name = "Normal")]
    Normal,
}

impl UserType {
    /// RocketMQ's name of it.
    pub fn wire(self) -> String {
        match self {
            UserType::Super => "Super".to_owned(),
            UserType::Normal => "Normal".to_owned(),
        }
    }
}

/// A user's header.
pub fn header(name: &str) -> UserHeader {
    UserHeader { username: Some(name.to_owned()) }
}

/// A user of a broker; none where it has none of that name.
pub async fn user_at(ctx: &Context, addr: &str, name: &str) -> Result<Option<UserInfo>, CallError> {
    let answer = ctx.ask::<AuthGetUser>(addr, header(name), ()).await?;
    Ok(answer.body.map(|Json(user)| user))
}

/// The users of a broker whose names contain `filter`.
pub async fn users_at(ctx: &Context, addr: &str, filter: Option<&str>) -> Result<Vec<UserInfo>, CallError> {
    let header = UserFilterHeader { filter: filter.map(str::to_owned) };
    let answer = ctx.ask::<AuthListUser>(addr, header, ()).await?;
    Ok(answer.body.map(|Json(users)| users).unwrap_or_default())
}

/// The error for a user that a broker does not have, with names like it.
pub async fn unknown_user(ctx: &Context, addr: &str, name: &str) -> CommandError {
    let users = users_at(ctx, addr, None).await.unwrap_or_default();
    let known = users.iter().filter_map(|user| user.username.as_deref());
    let error = CommandError::not_found(format!("there is no user '{name}'")).at(addr);
    match suggest::did_you_mean(&suggest::nearest(name, known)) {
        Some(hint) => error.hint(hint),
        None => error.hint(format!("rmq listUser -b {addr} shows the users")),
    }
}

/// What writing `wanted` changes of a user. Of a password only that it changes is told.
pub fn user_change(broker: Broker, before: Option<&UserInfo>, wanted: &UserInfo) -> Change {
    let Some(before) = before else { return Change { broker, action: Action::Create, fields: Vec::new() } };
    let mut fields = Vec::new();
    let mut compare = |field: &str, old: &Option<String>, new: &Option<String>| {
        let value = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
        if new.is_some() && old != new {
            fields.push(FieldChange { field: field.to_owned(), before: value(old), after: value(new) });
        }
    };
    compare("userType", &before.user_type, &wanted.user_type);
    compare("userStatus", &before.user_status, &wanted.user_status);
    if wanted.password.is_some() && wanted.password != before.password {
        let after = Value::from(format!("{HIDDEN} (new)"));
        fields.push(FieldChange { field: "password".to_owned(), before: Value::from(HIDDEN), after });
    }
    let action = if fields.is_empty() { Action::Unchanged } else { Action::Update };
    Change { broker, action, fields }
}

/// A user on a broker.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    pub username: String,
    /// `Super` or `Normal`.
    pub user_type: Option<String>,
    /// `enable` or `disable`.
    pub user_status: Option<String>,
    #[serde(skip)]
    password: Option<Hidden>,
}

/// A password that was asked to be shown.
#[derive(Clone)]
struct Hidden(String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Row {
    /// Keeps the password only where it is to be shown.
    pub fn new(broker: Broker, user: UserInfo, with_password: bool) -> Self {
        Row {
            broker,
            username: user.username.unwrap_or_default(),
            user_type: user.user_type,
            user_status: user.user_status,
            password: user.password.filter(|_| with_password).map(Hidden),
        }
    }
}

/// Users, sorted by broker and name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Users {
    pub users: Vec<Row>,
    pub failures: Vec<Failure>,
    /// Whether passwords are to be shown; in JSON they never are.
    #[serde(skip)]
    pub passwords: bool,
    /// mqadmin says from which broker of a cluster the list is.
    #[serde(skip)]
    pub says_from: bool,
}

impl Render for Users {
    fn table(&self, wide: bool) -> Table {
        let several = wide || self.users.iter().any(|row| !row.broker.broker_name.is_empty());
        let mut table = Table::new();
        if several {
            table = table.text("BROKER");
        }
        table = table.text("USER").text("TYPE").text("STATUS");
        if self.passwords {
            table = table.text("PASSWORD");
        }
        for row in &self.users {
            let name = &row.broker.broker_name;
            let broker = several.then(|| Cell::new(if name.is_empty() { &row.broker.addr } else { name }));
            let tone = if row.user_status.as_deref() == Some("disable") { Tone::Warn } else { Tone::Plain };
            let user = [
                Cell::new(&row.username),
                Cell::optional(row.user_type.as_ref()),
                Cell::toned(row.user_status.as_deref().unwrap_or("-"), tone),
            ];
            let password = self.passwords.then(|| Cell::new(self.password(row)));
            table.row(broker.into_iter().chain(user).chain(password));
        }
        table
    }

    /// mqadmin asks one broker after the other and stops at the first that has an answer.
    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let Some(first) = targets::as_mqadmin(&self.users, |row| &row.broker.addr).into_iter().next() else {
            return Ok(());
        };
        let line = |w: &mut dyn Write, cells: [&str; 4]| {
            let [name, password, kind, status] = cells;
            writeln!(
                w,
                "{}  {}  {}  {}",
                left(name, 16),
                left(password, 22),
                left(kind, 22),
                left(status, 22)
            )
        };
        line(w, ["#UserName", "#Password", "#UserType", "#UserStatus"])?;
        for row in self.users.iter().filter(|row| row.broker.addr == first.broker.addr) {
            let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
            line(w, [&row.username, self.password(row), &text(&row.user_type), &text(&row.user_status)])?;
        }
        if self.says_from {
            writeln!(w, "get user from {} success.", first.broker.addr)?;
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let none = self.users.is_empty() && self.failures.is_empty();
        none.then(|| "no user was found".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

impl Users {
    fn password<'a>(&self, row: &'a Row) -> &'a str {
        row.password.as_ref().map_or(HIDDEN, |Hidden(password)| password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::targets::at_addr;

    fn user(name: &str, password: &str, status: &str) -> UserInfo {
        UserInfo {
            username: Some(name.into()),
            password: Some(password.into()),
            user_type: Some("Normal".into()),
            user_status: Some(status.into()),
        }
    }

    fn classic(users: &Users) -> String {
        let mut text = String::new();
        users.classic(&mut text).unwrap();
        text
    }

    #[test]
    fn the_layout_is_mqadmins_and_passwords_are_shown_only_when_asked_for() {
        let rows =
            |shown| vec![Row::new(at_addr(None, "127.0.0.1:1"), user("alice", "canary", "disable"), shown)];
        let shown = Users { users: rows(true), failures: vec![], passwords: true, says_from: true };
        assert_eq!(
            classic(&shown),
            "#UserName         #Password               #UserType               #UserStatus           \n\
             alice             canary                  Normal                  disable               \n\
             get user from 127.0.0.1:1 success.\n"
        );
        assert!(!serde_json::to_string(&shown).unwrap().contains("canary"));
        assert!(!format!("{shown:?}").contains("canary"));
        let hidden = Users { users: rows(false), passwords: false, ..shown };
        assert!(classic(&hidden).contains("alice             ******                  Normal"));
        assert!(!hidden.table(true).lines(None, true, false).join("\n").contains("canary"));
        assert_eq!(classic(&Users { users: vec![], ..hidden }), "");
    }

    #[test]
    fn a_change_of_a_password_is_told_without_it() {
        let before = user("alice", "old-canary", "enable");
        let wanted = UserInfo {
            password: Some("new-canary".into()),
            user_type: Some("Super".into()),
            ..UserInfo::default()
        };
        let change = user_change(at_addr(None, "a:1"), Some(&before), &wanted);
        assert_eq!(change.text(), "userType Normal -> Super, password ****** -> ****** (new)");
        let same = UserInfo { password: Some("old-canary".into()), ..UserInfo::default() };
        assert_eq!(user_change(at_addr(None, "a:1"), Some(&before), &same).action, Action::Unchanged);
        assert_eq!(user_change(at_addr(None, "a:1"), None, &same).action, Action::Create);
    }
}
