//! `haStatus`: how far slaves are behind their masters.

use crate::admin::broker::which::Which;
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, Text, Tone, fixed, left, right};
use crate::protocol::upkeep::{GetBrokerHaStatus, HaStatus};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::time::Duration;

/// Show how far slaves are behind their masters
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq haStatus -b 127.0.0.1:10911\n  rmq haStatus -c DefaultCluster -i 5"
)]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// Show again every so often (seconds, or such as 500ms)
    #[arg(short = 'i', long = "interval", value_name = "TIME", value_parser = time::parse_duration)]
    pub interval: Option<Duration>,
}

/// The brokers asked, sorted by name; of a cluster its masters.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
}

/// A broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    /// What it is, and what it has to say as such.
    pub status: Status,
}

/// A master tells of its slaves, a slave of itself.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "role")]
pub enum Status {
    Master {
        /// The end of its log, in bytes.
        max_offset: i64,
        in_sync_slaves: i32,
        /// Sorted by address.
        slaves: Vec<Slave>,
    },
    Slave {
        /// Where it copies from; none while it has no master.
        master_addr: Option<String>,
        /// The end of its log, in bytes.
        max_offset: i64,
        bytes_per_second: i64,
        /// Epoch milliseconds, 0 for never.
        last_read: i64,
        /// Epoch milliseconds, 0 for never.
        last_write: i64,
        /// Up to where its master's log is on disk, in bytes.
        master_flush_offset: i64,
    },
}

/// A slave, as its master sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Slave {
    /// Where its connection comes from.
    pub addr: String,
    /// Up to where it has the log, in bytes; -1 before it has said so.
    pub ack_offset: i64,
    /// What it lacks, in bytes.
    pub behind: i64,
    pub bytes_per_second: i64,
    pub in_sync: bool,
    /// Where the transfer stands, in bytes.
    pub transfer_from: i64,
}

impl Status {
    fn of(status: HaStatus) -> Self {
        if !status.master {
            let slave = status.ha_client_runtime_info;
            return Status::Slave {
                master_addr: slave.master_addr.filter(|addr| !addr.is_empty()),
                max_offset: slave.max_offset,
                bytes_per_second: slave.transferred_byte_in_second,
                last_read: slave.last_read_timestamp,
                last_write: slave.last_write_timestamp,
                master_flush_offset: slave.master_flush_offset,
            };
        }
        let mut slaves: Vec<Slave> = status
            .ha_connection_info
            .into_iter()
            .map(|slave| Slave {
                addr: slave.addr,
                ack_offset: slave.slave_ack_offset,
                behind: slave.diff,
                bytes_per_second: slave.transferred_byte_in_second,
                in_sync: slave.in_sync,
                transfer_from: slave.transfer_from_where,
            })
            .collect();
        slaves.sort_by(|a, b| a.addr.cmp(&b.addr));
        Status::Master {
            max_offset: status.master_commit_log_max_offset,
            in_sync_slaves: status.in_sync_slave_nums,
            slaves,
        }
    }

    /// As mqadmin shows it.
    fn classic(&self, addr: &str, w: &mut dyn Write) -> fmt::Result {
        match self {
            Status::Master { max_offset, in_sync_slaves, slaves } => {
                writeln!(w, "\n#MasterAddr\t{addr}\n#MasterCommitLogMaxOffset\t{max_offset}")?;
                writeln!(w, "#SlaveNum\t{}\n#InSyncSlaveNum\t{in_sync_slaves}", slaves.len())?;
                let names = ["#Diff", "#TransferSpeed(KB/s)", "#Status", "#TransferFromWhere"];
                let names = names.map(|name| right(name, 16)).join(" ");
                writeln!(w, "{}  {} {names}", left("#SlaveAddr", 32), left("#SlaveAckOffset", 16))?;
                slaves.iter().try_for_each(|slave| slave.classic(w))
            }
            Status::Slave {
                master_addr,
                max_offset,
                bytes_per_second,
                last_read,
                last_write,
                master_flush_offset,
            } => {
                writeln!(w, "\n#MasterAddr\t{}", master_addr.as_deref().unwrap_or("null"))?;
                writeln!(w, "#CommitLogMaxOffset\t{max_offset}")?;
                writeln!(w, "#TransferSpeed(KB/s)\t{}", fixed(kib(*bytes_per_second), 2))?;
                writeln!(w, "#LastReadTime\t{}", time::millis(*last_read))?;
                writeln!(w, "#LastWriteTime\t{}", time::millis(*last_write))?;
                writeln!(w, "#MasterFlushOffset\t{master_flush_offset}")
            }
        }
    }
}

impl Slave {
    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        writeln!(
            w,
            "{}  {} {} {} {} {}",
            left(&self.addr, 32),
            left(self.ack_offset.to_string(), 16),
            right(self.behind.to_string(), 16),
            right(fixed(kib(self.bytes_per_second), 2), 16),
            right(if self.in_sync { "OK" } else { "Fall Behind" }, 16),
            right(self.transfer_from.to_string(), 16)
        )
    }

    fn cells(&self) -> [Cell; 5] {
        [
            Cell::new(&self.addr),
            Cell::new(self.ack_offset),
            Cell::new(self.behind),
            Cell::new(Text::decimal(kib(self.bytes_per_second))),
            if self.in_sync { Cell::new("in sync") } else { Cell::toned("behind", Tone::Warn) },
        ]
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate is shown with two decimals")]
fn kib(bytes: i64) -> f64 {
    bytes as f64 / 1024.0
}

impl Render for Output {
    fn table(&self, wide: bool) -> Table {
        let mut table =
            Table::new().text("BROKER").text("ADDRESS").text("ROLE").number("LOG END").text("PEER");
        table = table.number("ACKED").number("BEHIND").number("KIB/S").text("STATE");
        if wide {
            table =
                table.number("TRANSFER FROM").text("LAST READ").text("LAST WRITE").number("MASTER FLUSHED");
        }
        let none = || Cell::optional(None::<i64>);
        for Row { broker, status } in &self.brokers {
            let name = Some(&broker.broker_name).filter(|name| !name.is_empty());
            let head = |role: &str, end: i64| {
                [Cell::optional(name), Cell::new(&broker.addr), Cell::new(role), Cell::new(end)]
            };
            match status {
                Status::Master { max_offset, slaves, .. } if slaves.is_empty() => {
                    let cells = [none(), none(), none(), none(), Cell::toned("no slave", Tone::Dim)];
                    table.row(head("master", *max_offset).into_iter().chain(cells));
                }
                Status::Master { max_offset, slaves, .. } => {
                    for slave in slaves {
                        let from = wide.then(|| Cell::new(slave.transfer_from));
                        table.row(head("master", *max_offset).into_iter().chain(slave.cells()).chain(from));
                    }
                }
                Status::Slave { master_addr, max_offset, bytes_per_second, .. } => {
                    let speed = Cell::new(Text::decimal(kib(*bytes_per_second)));
                    let cells = [Cell::optional(master_addr.as_ref()), none(), none(), speed, none()];
                    let more = if wide { status.times() } else { Vec::new() };
                    table.row(head("slave", *max_offset).into_iter().chain(cells).chain(more));
                }
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let rows = targets::as_mqadmin(&self.brokers, |row| &row.broker.addr);
        rows.into_iter().try_for_each(|row| row.status.classic(&row.broker.addr, w))
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

impl Status {
    /// A slave's cells of the wide table.
    fn times(&self) -> Vec<Cell> {
        let Status::Slave { last_read, last_write, master_flush_offset, .. } = self else {
            return Vec::new();
        };
        let at = |time: i64| Cell::optional((time > 0).then(|| time::millis(time)));
        vec![Cell::optional(None::<i64>), at(*last_read), at(*last_write), Cell::new(master_flush_offset)]
    }
}

/// Asks the broker, or the masters of the cluster side by side.
///
/// # Errors
/// An unknown cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = args.which.brokers(ctx, Roles::Masters).await?;
    let answers = ctx
        .ask_each("read the state of replication", brokers, |broker| async move {
            ctx.ask::<GetBrokerHaStatus>(&broker.addr, (), ()).await.map(|answer| Status::of(answer.body.0))
        })
        .await?;
    let brokers = answers.given.into_iter().map(|(broker, status)| Row { broker, status }).collect();
    Ok(Output { brokers, failures: answers.failures })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::upkeep::{HaClientInfo, HaConnectionInfo};

    fn output(status: HaStatus) -> Output {
        let broker = targets::at_addr(None, "127.0.0.1:20211");
        Output { brokers: vec![Row { broker, status: Status::of(status) }], failures: vec![] }
    }

    fn classic(status: HaStatus) -> String {
        let mut text = String::new();
        output(status).classic(&mut text).unwrap();
        text
    }

    fn master() -> HaStatus {
        HaStatus {
            master: true,
            master_commit_log_max_offset: 2037,
            in_sync_slave_nums: 1,
            ha_connection_info: vec![HaConnectionInfo {
                addr: "127.0.0.1:32792".into(),
                in_sync: true,
                slave_ack_offset: 2037,
                transfer_from_where: 2037,
                ..HaConnectionInfo::default()
            }],
            ..HaStatus::default()
        }
    }

    #[test]
    fn a_master_is_shown_as_mqadmin_shows_it() {
        let lines = [
            "",
            "#MasterAddr\t127.0.0.1:20211",
            "#MasterCommitLogMaxOffset\t2037",
            "#SlaveNum\t1",
            "#InSyncSlaveNum\t1",
            "#SlaveAddr                        #SlaveAckOffset             #Diff #TransferSpeed(KB/s)          \
             #Status #TransferFromWhere",
            "127.0.0.1:32792                   2037                            0             0.00               OK             \
             2037",
            "",
        ];
        assert_eq!(classic(master()), lines.join("\n"));
    }

    #[test]
    fn a_slave_is_shown_as_mqadmin_shows_it() {
        let slave = HaClientInfo {
            last_read_timestamp: 1000,
            last_write_timestamp: 2000,
            master_addr: Some("127.0.0.1:20212".into()),
            max_offset: 2037,
            transferred_byte_in_second: 41,
            ..HaClientInfo::default()
        };
        let text = classic(HaStatus { ha_client_runtime_info: slave, ..HaStatus::default() });
        let read = time::millis(1000);
        let write = time::millis(2000);
        assert_eq!(
            text,
            format!(
                "\n#MasterAddr\t127.0.0.1:20212\n#CommitLogMaxOffset\t2037\n#TransferSpeed(KB/s)\t0.04\n\
                 #LastReadTime\t{read}\n#LastWriteTime\t{write}\n#MasterFlushOffset\t0\n"
            )
        );
    }

    #[test]
    fn the_role_is_told_in_json() {
        let json = serde_json::to_value(output(master())).unwrap();
        let status = &json["brokers"][0]["status"];
        assert_eq!(status["role"], "master");
        assert_eq!(status["maxOffset"], 2037);
        assert_eq!(status["slaves"][0]["inSync"], true);
    }
}
