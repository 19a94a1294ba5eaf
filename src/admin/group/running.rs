//! How the members of a group run, asked of them through their brokers.

use super::members::Members;
use crate::admin::targets::Broker;
use crate::admin::{CommandError, Context, failed};
use crate::protocol::code;
use crate::protocol::fastjson;
use crate::protocol::group::{Connection, GetConsumerRunningInfo, RunningInfoHeader};
use crate::protocol::running::ConsumerRunningInfo;
use crate::remoting::CallError;

/// How a member runs, asked through a broker that it is connected to; with the stacks of its threads if `jstack`.
///
/// # Errors
/// The broker does not answer, or cannot ask the member.
pub async fn info(
    ctx: &Context,
    addr: &str,
    group: &str,
    client_id: &str,
    jstack: bool,
) -> Result<ConsumerRunningInfo, CommandError> {
    let doing = format!("ask client {client_id} how it runs");
    match ask(ctx, addr, group, client_id, jstack).await {
        Ok(bytes) => understood(&bytes, client_id),
        Err(error) => Err(failed(&doing, &error)),
    }
}

async fn ask(
    ctx: &Context,
    addr: &str,
    group: &str,
    client_id: &str,
    jstack: bool,
) -> Result<bytes::Bytes, CallError> {
    let header = RunningInfoHeader {
        consumer_group: group.to_owned(),
        client_id: client_id.to_owned(),
        jstack_enable: Some(jstack),
    };
    Ok(ctx.ask::<GetConsumerRunningInfo>(addr, header, ()).await?.body)
}

fn understood(bytes: &[u8], client_id: &str) -> Result<ConsumerRunningInfo, CommandError> {
    fastjson::from_slice(bytes).map_err(|error| {
        CommandError::refused(format!("the answer of client {client_id} is not understood"), 0, None)
            .cause(error.to_string())
    })
}

/// As [`info`], but asked through the brokers in turn, as long as they do not know the member or are not reached.
///
/// # Errors
/// What the last broker said.
pub async fn by_any(
    ctx: &Context,
    brokers: &[Broker],
    group: &str,
    client_id: &str,
    jstack: bool,
) -> Result<ConsumerRunningInfo, CommandError> {
    let mut last = CommandError::not_found(format!("group {group} has no broker"));
    for broker in brokers {
        match ask(ctx, &broker.addr, group, client_id, jstack).await {
            Ok(bytes) => return understood(&bytes, client_id),
            Err(error) => {
                let elsewhere = error.is_unreachable() || error.code() == Some(code::SYSTEM_ERROR);
                last = failed(&format!("ask client {client_id} how it runs"), &error);
                if !elsewhere {
                    break;
                }
            }
        }
    }
    Err(last)
}

/// A member, and how it runs or why it cannot be asked.
pub type Asked = (Connection, Result<ConsumerRunningInfo, CommandError>);

/// Asks all members side by side; in the order of the members.
pub async fn of_members(
    ctx: &Context,
    brokers: &[Broker],
    group: &str,
    members: Members,
    jstack: bool,
) -> Vec<Asked> {
    ctx.fan_out(members.connections, |member| async move {
        let info = by_any(ctx, brokers, group, &member.client_id, jstack).await;
        (member, info)
    })
    .await
}
