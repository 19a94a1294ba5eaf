//! Handing a message to one member of a group, by its broker.

use super::find::Found;
use super::java_text;
use crate::admin::group::{members, running};
use crate::admin::{CommandError, Context, ErrorKind, failed};
use crate::output::{Cell, Outcome, Table, Tone};
use crate::protocol::Payload;
use crate::protocol::group::{ConsumeDirectlyHeader, ConsumeDirectlyResult, ConsumeMessageDirectly};
use schemars::JsonSchema;
use serde::Serialize;

/// How a member took a message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pushed {
    pub msg_id: String,
    pub group: String,
    pub client_id: String,
    /// In a dry run nothing was handed over and there is no result.
    pub dry_run: bool,
    pub result: Option<ConsumeDirectlyResult>,
}

impl Pushed {
    /// Whether the member says that it consumed the message.
    pub fn outcome(&self) -> Outcome {
        let consumed = ["CR_SUCCESS", "CR_COMMIT"];
        match self.result.as_ref().map(|result| result.consume_result.as_deref().unwrap_or_default()) {
            Some(result) if !consumed.contains(&result) => Outcome::Refused,
            _ => Outcome::Done,
        }
    }

    /// mqadmin's words, without the end of a line.
    pub fn classic(&self) -> String {
        match &self.result {
            Some(result) => java_text::directly_result(result),
            None => format!("message {} would be handed to {}", self.msg_id, self.client_id),
        }
    }
}

/// A line for each message.
pub fn table_of(pushed: &[Pushed]) -> Table {
    let mut table = Table::new().text("ID").text("CLIENT").text("RESULT").number("MILLIS").text("REMARK");
    for one in pushed {
        let result = one.result.as_ref();
        let word = result.map_or("would be handed over", |r| r.consume_result.as_deref().unwrap_or("none"));
        let tone = if one.outcome() == Outcome::Done { Tone::Good } else { Tone::Bad };
        table.row([
            Cell::new(&one.msg_id),
            Cell::new(&one.client_id),
            Cell::toned(word, tone),
            Cell::optional(result.map(|r| r.spent_time_mills)),
            Cell::optional(result.and_then(|r| r.remark.as_ref())),
        ]);
    }
    table
}

/// Checks that the member is there and is a push consumer, as no other can be handed a message.
///
/// # Errors
/// An unknown group; no such member; a member that pulls.
pub async fn check(ctx: &Context, group: &str, client_id: &str) -> Result<(), CommandError> {
    let Some(brokers) = members::brokers_of(ctx, group).await? else {
        return Err(ctx.unknown_group(group).await);
    };
    let members = members::of_brokers(ctx, group, brokers.clone()).await?;
    if !members.connections.iter().any(|connection| connection.client_id == client_id) {
        let ids = members.connections.iter().map(|connection| connection.client_id.as_str());
        return Err(crate::admin::targets::unknown("member", client_id, ids)
            .hint(format!("rmq consumerConnection -g {group} shows the members")));
    }
    let Some(broker) = brokers.first() else {
        return Err(CommandError::not_found(format!("group {group} has no broker")));
    };
    if !running::info(ctx, &broker.addr, group, client_id, false).await?.is_push() {
        return Err(CommandError::new(
            ErrorKind::Refused,
            format!("client {client_id} is not a push consumer, so it cannot be handed a message"),
        ));
    }
    Ok(())
}

/// Hands the message to the member, by the broker that stores it.
///
/// # Errors
/// The broker is not reached, or does not have the message or the member.
pub async fn push(
    ctx: &Context,
    group: &str,
    client_id: &str,
    found: &Found,
) -> Result<Pushed, CommandError> {
    let message = &found.message;
    let mut pushed = Pushed {
        msg_id: java_text::message_id(message),
        group: group.to_owned(),
        client_id: client_id.to_owned(),
        dry_run: ctx.dry_run,
        result: None,
    };
    if ctx.dry_run {
        return Ok(pushed);
    }
    let header = ConsumeDirectlyHeader {
        consumer_group: group.to_owned(),
        client_id: Some(client_id.to_owned()),
        msg_id: Some(message.offset_id().to_string()),
        broker_name: found.broker_name.clone(),
        topic: Some(message.topic.clone()),
        ..ConsumeDirectlyHeader::default()
    };
    let addr = message.store_host.to_string();
    let answer = ctx.ask::<ConsumeMessageDirectly>(&addr, header, Payload::default()).await;
    let answer =
        answer.map_err(|error| failed(&format!("hand the message to client {client_id}"), &error))?;
    pushed.result = Some(answer.body.0);
    Ok(pushed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_consumed_message_is_a_success() {
        let pushed = |result: Option<&str>| Pushed {
            msg_id: "X".to_owned(),
            group: "g".to_owned(),
            client_id: "c".to_owned(),
            dry_run: false,
            result: Some(ConsumeDirectlyResult {
                auto_commit: true,
                consume_result: result.map(str::to_owned),
                spent_time_mills: 1,
                ..ConsumeDirectlyResult::default()
            }),
        };
        assert_eq!(
            pushed(Some("CR_SUCCESS")).classic(),
            "ConsumeMessageDirectlyResult [order=false, autoCommit=true, consumeResult=CR_SUCCESS, remark=null, \
             spentTimeMills=1]"
        );
        assert_eq!(pushed(Some("CR_SUCCESS")).outcome(), Outcome::Done);
        assert_eq!(pushed(Some("CR_LATER")).outcome(), Outcome::Refused);
        assert_eq!(pushed(None).outcome(), Outcome::Refused);
    }
}
