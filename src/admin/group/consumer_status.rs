//! `consumerStatus`: how the members of a group run.

use super::health::{self, Finding};
use super::member_report::{self, MemberReport};
use super::{members, report, running};
use crate::admin::targets;
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Form, Render, Table, left};
use crate::protocol::running::ConsumerRunningInfo;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

/// Show how the members of a consumer group run
///
/// The members are asked by their brokers, side by side. Without -i a line for each member, and whether something is
/// wrong: subscriptions that differ, queues that are blocked or cannot be locked. With -i all that one member says.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq consumerStatus -g orders\n  \
        rmq consumerStatus -g orders -i 192.0.2.10@12345 -s\n  \
        rmq consumerStatus -g orders --report-dir /tmp/reports")]
pub struct Args {
    /// The consumer group
    #[arg(short = 'g', long = "consumerGroup", alias = "groupName", value_name = "GROUP")]
    pub consumer_group: String,
    /// Only this member
    #[arg(short = 'i', long = "clientId", value_name = "CLIENT")]
    pub client_id: Option<String>,
    /// Ask this broker for the members
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// With the stacks of the members' threads
    #[arg(short = 's', long = "jstack")]
    pub jstack: bool,
    /// Write each member's report into this directory; in classic output without -i they go where mqadmin writes
    /// them, into a directory named after the time
    #[arg(long, value_name = "DIR")]
    pub report_dir: Option<PathBuf>,
}

/// The members, sorted by client id.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub group: String,
    pub members: Vec<MemberReport>,
    /// Whether all members want the same of the same topics.
    pub same_subscriptions: bool,
    /// Queues with which something is wrong.
    pub findings: Vec<Finding>,
    pub failures: Vec<Failure>,
    /// mqadmin's report of the one member asked for.
    #[serde(skip)]
    report: Option<String>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        match (&self.report, self.members.first()) {
            (Some(_), Some(member)) => member.table(),
            _ => member_report::table_of(&self.members),
        }
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        if let Some(report) = &self.report {
            return w.write_str(report);
        }
        let mut line = |cells: [&str; 4]| {
            let [index, id, version, path] = cells;
            writeln!(w, "{} {} {} {path}", left(index, 10), left(id, 40), left(version, 20))
        };
        line(["#Index", "#ClientId", "#Version", "#ConsumerRunningInfoFile"])?;
        for (at, member) in self.members.iter().enumerate() {
            let path = member.report_path.as_ref().map(|path| path.display().to_string());
            let path = path.unwrap_or_default();
            line([&(at + 1).to_string(), &member.client_id, &member.version_name, &path])?;
        }
        if self.members.is_empty() {
            return Ok(());
        }
        if !self.same_subscriptions {
            // mqadmin does not end this line.
            return write!(w, "\n\nWARN: Different subscription in the same group of consumer!!!");
        }
        writeln!(w, "\n\nSame subscription in the same group of consumer\n\nRebalance OK")?;
        self.findings.iter().try_for_each(|finding| writeln!(w, "{finding}"))
    }

    fn notes(&self) -> Vec<String> {
        if self.members.is_empty() && self.failures.is_empty() {
            return vec![format!("no member of {} is connected", self.group)];
        }
        let mut notes: Vec<String> = self.findings.iter().map(ToString::to_string).collect();
        if !self.same_subscriptions {
            notes.push("the members do not want the same: each gets messages that others want".to_owned());
        }
        let paths = self.members.iter().filter_map(|member| member.report_path.as_ref());
        notes.extend(paths.map(|path| format!("report: {}", path.display())));
        notes
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks the brokers for the members, and by them the members, side by side.
///
/// # Errors
/// No name server is reached; an unknown group or member; nobody could be asked; a report that cannot be written.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let group = args.consumer_group;
    let brokers = match &args.broker_addr {
        Some(addr) => vec![targets::at_addr(None, addr)],
        None => members::known_brokers(ctx, &group).await?,
    };
    let mut found = members::of_brokers(ctx, &group, brokers.clone()).await?;
    if let Some(id) = &args.client_id {
        let ids: Vec<String> = found.connections.iter().map(|member| member.client_id.clone()).collect();
        found.connections.retain(|member| member.client_id == *id);
        if found.connections.is_empty() {
            return Err(targets::unknown("member", id, ids.iter().map(String::as_str))
                .hint(format!("rmq consumerConnection -g {group} shows the members")));
        }
    }
    let mut failures = std::mem::take(&mut found.failures);
    let asked = running::of_members(ctx, &brokers, &group, found, args.jstack).await;
    let mut given = Vec::new();
    let mut first = None;
    for (member, info) in asked {
        match info {
            Ok(info) => given.push((member, info)),
            Err(error) => {
                failures.push(error.to_failure(member.client_id));
                first.get_or_insert(error);
            }
        }
    }
    if let Some(error) = first.filter(|_| given.is_empty()) {
        return Err(error);
    }
    let now = ctx.clock.now_ms();
    let infos: Vec<(&str, &ConsumerRunningInfo)> =
        given.iter().map(|(member, info)| (member.client_id.as_str(), info)).collect();
    let same_subscriptions = health::same_subscriptions(&infos, now);
    let findings = infos.iter().flat_map(|(id, info)| health::findings(id, info, now)).collect();
    let alone = args.client_id.is_some();
    let dir = directory(ctx, args.report_dir, alone, now);
    let report = if alone { given.first().map(|(_, info)| report::text(info)) } else { None };
    let mut members = Vec::with_capacity(given.len());
    for (member, info) in given {
        let path = dir.as_ref().map(|dir| write(dir, &member.client_id, &info)).transpose()?;
        members.push(MemberReport::new(member, info, path));
    }
    Ok(Output { group, members, same_subscriptions, findings, failures, report })
}

/// Where reports are written: where the user says, in classic output without a member where mqadmin does.
fn directory(ctx: &Context, chosen: Option<PathBuf>, alone: bool, now: i64) -> Option<PathBuf> {
    chosen.or_else(|| (ctx.out.form() == Form::Classic && !alone).then(|| PathBuf::from(now.to_string())))
}

fn write(dir: &Path, client_id: &str, info: &ConsumerRunningInfo) -> Result<PathBuf, CommandError> {
    std::fs::create_dir_all(dir).map_err(|error| CommandError::file("make the directory", dir, &error))?;
    let path = dir.join(safe_name(client_id));
    std::fs::write(&path, report::text(info)).map_err(|error| CommandError::file("write", &path, &error))?;
    Ok(path)
}

/// A client's id as the name of a file. Clients choose ids: one with separators in it must not lead elsewhere.
fn safe_name(id: &str) -> String {
    let plain = |c: char| if c == '/' || c == '\\' || c.is_control() { '_' } else { c };
    let name: String = id.chars().map(plain).take(200).collect();
    if name.chars().all(|c| c == '.') { "_".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::group::Connection;

    fn output(same: bool) -> Output {
        let connection =
            Connection { client_id: "192.0.2.10@online1".to_owned(), version: 513, ..Connection::default() };
        let path = PathBuf::from("1795510856788/192.0.2.10@online1");
        Output {
            group: "group_online".to_owned(),
            members: vec![MemberReport::new(connection, ConsumerRunningInfo::default(), Some(path))],
            same_subscriptions: same,
            findings: vec![],
            failures: vec![],
            report: None,
        }
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let classic = |output: &Output| {
            let mut text = String::new();
            output.classic(&mut text).unwrap();
            text
        };
        let head = "#Index     #ClientId                                #Version             #ConsumerRunningInfoFile\n\
            1          192.0.2.10@online1                       V5_5_0               1795510856788/192.0.2.10@online1\n";
        let same = "\n\nSame subscription in the same group of consumer\n\nRebalance OK\n";
        assert_eq!(classic(&output(true)), format!("{head}{same}"));
        let differ = "\n\nWARN: Different subscription in the same group of consumer!!!";
        assert_eq!(classic(&output(false)), format!("{head}{differ}"));
    }

    #[test]
    fn ids_cannot_lead_out_of_the_directory() {
        let table = [
            ("192.0.2.10@1#2", "192.0.2.10@1#2"),
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("..", "_"),
            ("", "_"),
            ("a\nb", "a_b"),
        ];
        for (id, want) in table {
            assert_eq!(safe_name(id), want, "{id}");
        }
    }
}
