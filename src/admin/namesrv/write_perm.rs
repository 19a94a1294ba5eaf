//! What `wipeWritePerm` and `addWritePerm` have in common: a permission of all topics of one broker, changed in the
//! memory of every name server.

use super::each::ask_each;
use crate::admin::targets::unknown_broker;
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Table, Tone};
use crate::protocol::route::{
    AddWritePermOfBroker, BrokerNameHeader, GetBrokerClusterInfo, WipeWritePermOfBroker,
};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    Wipe,
    Add,
}

impl Direction {
    fn verb(self) -> &'static str {
        match self {
            Direction::Wipe => "wipe",
            Direction::Add => "add",
        }
    }
}

/// What each name server did, in their order.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Perms {
    pub broker_name: String,
    pub direction: Direction,
    pub dry_run: bool,
    pub name_servers: Vec<Row>,
    pub failures: Vec<Failure>,
}

/// One name server.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub namesrv_addr: String,
    /// The topics of the broker that it knows; none in a dry run, which does not count them.
    pub topics: Option<i32>,
}

impl Perms {
    /// One line a name server.
    pub fn to_table(&self) -> Table {
        let mut table = Table::new().text("NAME SERVER").text("RESULT").number("TOPICS");
        let result = match (self.direction, self.dry_run) {
            (Direction::Wipe, false) => "no writes",
            (Direction::Wipe, true) => "would allow no writes",
            (Direction::Add, false) => "writes",
            (Direction::Add, true) => "would allow writes",
        };
        for row in &self.name_servers {
            table.row([
                Cell::new(&row.namesrv_addr),
                Cell::toned(result, if self.direction == Direction::Wipe { Tone::Warn } else { Tone::Good }),
                Cell::optional(row.topics),
            ]);
        }
        table
    }

    /// mqadmin's lines. It names those that failed as well, each with a stack trace.
    ///
    /// # Errors
    /// Those of `w`.
    pub fn write_classic(&self, w: &mut dyn Write) -> fmt::Result {
        let (verb, broker) = (self.direction.verb(), &self.broker_name);
        for row in &self.name_servers {
            let addr = &row.namesrv_addr;
            match row.topics {
                Some(topics) => {
                    writeln!(w, "{verb} write perm of broker[{broker}] in name server[{addr}] OK, {topics}")?;
                }
                None => writeln!(w, "would {verb} write perm of broker[{broker}] in name server[{addr}]")?,
            }
        }
        for failure in &self.failures {
            let addr = failure.addr.as_deref().unwrap_or_default();
            writeln!(w, "{verb} write perm of broker[{broker}] in name server[{addr}] Failed")?;
        }
        Ok(())
    }

    /// What happened, for the person.
    pub fn to_notes(&self) -> Vec<String> {
        if self.dry_run {
            return vec!["nothing was changed (--dry-run)".to_owned()];
        }
        vec!["producers notice when they ask for routes again, within half a minute".to_owned()]
    }
}

/// Changes the permissions on every name server, side by side; `ask` asks whether it may.
///
/// # Errors
/// No name server is reached; an unknown broker; no confirmation; that all name servers failed.
pub async fn change(
    ctx: &Context,
    broker_name: String,
    direction: Direction,
    ask: impl FnOnce(&str) -> Result<(), CommandError>,
) -> Result<Perms, CommandError> {
    let info = ctx.cluster_info().await?;
    if !info.broker_addr_table.contains_key(&broker_name) {
        return Err(unknown_broker(&broker_name, info.broker_addr_table.keys().map(String::as_str)));
    }
    ask(&broker_name)?;
    let header = BrokerNameHeader { broker_name: broker_name.clone() };
    let doing = format!("{} the permission to write to broker {broker_name}", direction.verb());
    let header = &header;
    let answers =
        ask_each(ctx, &doing, |addr| async move { one(ctx, &addr, direction, header.clone()).await }).await?;
    let row = |(namesrv_addr, topics)| Row { namesrv_addr, topics };
    Ok(Perms {
        direction,
        dry_run: ctx.dry_run,
        name_servers: answers.given.into_iter().map(row).collect(),
        failures: answers.failures,
        broker_name,
    })
}

/// Tells one name server; in a dry run looks only whether it is there.
async fn one(
    ctx: &Context,
    addr: &str,
    direction: Direction,
    header: BrokerNameHeader,
) -> Result<Option<i32>, CallError> {
    if ctx.dry_run {
        return ctx.ask::<GetBrokerClusterInfo>(addr, (), ()).await.map(|_| None);
    }
    let topics = match direction {
        Direction::Wipe => ctx.ask::<WipeWritePermOfBroker>(addr, header, ()).await?.header.wipe_topic_count,
        Direction::Add => ctx.ask::<AddWritePermOfBroker>(addr, header, ()).await?.header.add_topic_count,
    };
    Ok(Some(topics))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_mqadmins() {
        let mut perms = Perms {
            broker_name: "lab-a".to_owned(),
            direction: Direction::Wipe,
            dry_run: false,
            name_servers: vec![Row { namesrv_addr: "127.0.0.1:19876".to_owned(), topics: Some(27) }],
            failures: vec![Failure {
                target: "name server 127.0.0.1:1".to_owned(),
                addr: Some("127.0.0.1:1".to_owned()),
                code: None,
                message: "cannot connect".to_owned(),
            }],
        };
        let classic = |perms: &Perms| {
            let mut text = String::new();
            perms.write_classic(&mut text).unwrap();
            text
        };
        assert_eq!(
            classic(&perms),
            "wipe write perm of broker[lab-a] in name server[127.0.0.1:19876] OK, 27\n\
             wipe write perm of broker[lab-a] in name server[127.0.0.1:1] Failed\n"
        );
        perms.failures.clear();
        perms.direction = Direction::Add;
        assert_eq!(
            classic(&perms),
            "add write perm of broker[lab-a] in name server[127.0.0.1:19876] OK, 27\n"
        );
    }
}
