//! Pulling from a queue without being a consumer: no membership, no commit.

use super::find::{self, Found};
use crate::admin::Context;
use crate::admin::targets::Broker;
use crate::protocol::code;
use crate::protocol::message::property;
use crate::protocol::pull::{
    GetMaxOffset, GetMinOffset, PULL_SUBSCRIPTION, PullMessage, PullMessageHeader, QueueHeader,
    SearchOffsetByTimestamp, SearchOffsetHeader,
};
use crate::remoting::CallError;
use std::fmt;

/// The group that pulls where none is named (Java: `MixAll.TOOLS_CONSUMER_GROUP`).
pub const TOOLS_GROUP: &str = "TOOLS_CONSUMER";

/// Java: `PullStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullStatus {
    Found,
    NoNewMsg,
    NoMatchedMsg,
    OffsetIllegal,
}

impl fmt::Display for PullStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PullStatus::Found => "FOUND",
            PullStatus::NoNewMsg => "NO_NEW_MSG",
            PullStatus::NoMatchedMsg => "NO_MATCHED_MSG",
            PullStatus::OffsetIllegal => "OFFSET_ILLEGAL",
        })
    }
}

/// What a pull gave.
#[derive(Debug)]
pub struct Pulled {
    pub status: PullStatus,
    pub next_offset: i64,
    pub min_offset: i64,
    pub max_offset: i64,
    pub messages: Vec<Found>,
}

/// A queue of a broker.
#[derive(Clone, Debug)]
pub struct Queue<'a> {
    pub broker: &'a Broker,
    pub topic: &'a str,
    pub queue_id: i32,
}

impl Queue<'_> {
    fn header(&self) -> QueueHeader {
        QueueHeader {
            topic: self.topic.to_owned(),
            queue_id: self.queue_id,
            committed: None,
            broker_name: Some(self.broker.broker_name.clone()),
        }
    }

    /// The first offset.
    ///
    /// # Errors
    /// Those of the broker.
    pub async fn min_offset(&self, ctx: &Context) -> Result<i64, CallError> {
        Ok(ctx.ask::<GetMinOffset>(&self.broker.addr, self.header(), ()).await?.header.offset)
    }

    /// The end.
    ///
    /// # Errors
    /// Those of the broker.
    pub async fn max_offset(&self, ctx: &Context) -> Result<i64, CallError> {
        let header = QueueHeader { committed: Some(true), ..self.header() };
        Ok(ctx.ask::<GetMaxOffset>(&self.broker.addr, header, ()).await?.header.offset)
    }

    /// The first offset stored at or after a time in epoch milliseconds.
    ///
    /// # Errors
    /// Those of the broker.
    pub async fn offset_at(&self, ctx: &Context, timestamp: i64) -> Result<i64, CallError> {
        let header = SearchOffsetHeader {
            topic: self.topic.to_owned(),
            queue_id: self.queue_id,
            timestamp,
            broker_name: Some(self.broker.broker_name.clone()),
            ..SearchOffsetHeader::default()
        };
        Ok(ctx.ask::<SearchOffsetByTimestamp>(&self.broker.addr, header, ()).await?.header.offset)
    }

    /// The offsets between which the messages of some time are, in epoch milliseconds; of all time where none is given.
    ///
    /// # Errors
    /// Those of the broker.
    pub async fn bounds(
        &self,
        ctx: &Context,
        begin: Option<i64>,
        end: Option<i64>,
    ) -> Result<(i64, i64), CallError> {
        let first = async {
            match begin {
                Some(time) => self.offset_at(ctx, time).await,
                None => self.min_offset(ctx).await,
            }
        };
        let last = async {
            match end {
                Some(time) => self.offset_at(ctx, time).await,
                None => self.max_offset(ctx).await,
            }
        };
        tokio::try_join!(first, last)
    }

    /// Up to `max` messages from `offset` on, without waiting for any.
    ///
    /// # Errors
    /// Those of the broker.
    pub async fn pull(&self, ctx: &Context, group: &str, offset: i64, max: i32) -> Result<Pulled, CallError> {
        self.pull_matching(ctx, group, "*", offset, max).await
    }

    /// As [`Queue::pull`], of those with a tag that the expression names; brokers go by the hashes of tags.
    ///
    /// # Errors
    /// Those of the broker.
    pub async fn pull_matching(
        &self,
        ctx: &Context,
        group: &str,
        expression: &str,
        offset: i64,
        max: i32,
    ) -> Result<Pulled, CallError> {
        let header = PullMessageHeader {
            consumer_group: group.to_owned(),
            topic: self.topic.to_owned(),
            queue_id: self.queue_id,
            queue_offset: offset,
            max_msg_nums: max,
            sys_flag: PULL_SUBSCRIPTION,
            suspend_timeout_millis: 20_000,
            subscription: Some(expression.to_owned()),
            expression_type: Some("TAG".to_owned()),
            max_msg_bytes: Some(i32::MAX),
            broker_name: Some(self.broker.broker_name.clone()),
            ..PullMessageHeader::default()
        };
        let addr = &self.broker.addr;
        let answer = match ctx.client.call_any::<PullMessage>(addr, header, (), ctx.timeout).await {
            Ok(answer) => answer,
            Err(crate::client::ClientError::Call(error)) => return Err(error),
            Err(error) => {
                return Err(CallError::Malformed {
                    addr: addr.clone(),
                    request: "PULL_MESSAGE",
                    reason: error.to_string(),
                });
            }
        };
        let status = match answer.code {
            code::SUCCESS => PullStatus::Found,
            code::PULL_NOT_FOUND => PullStatus::NoNewMsg,
            code::PULL_RETRY_IMMEDIATELY => PullStatus::NoMatchedMsg,
            code::PULL_OFFSET_MOVED => PullStatus::OffsetIllegal,
            code => {
                return Err(CallError::Refused {
                    addr: addr.clone(),
                    request: "PULL_MESSAGE",
                    code,
                    remark: answer.remark.unwrap_or_default(),
                });
            }
        };
        let reply = answer.header;
        let messages = find::decode(answer.body.into_bytes(), addr, "PULL_MESSAGE")?;
        let found = messages.into_iter().map(|mut message| {
            // As a client adds them to what it pulls.
            message.properties.set(property::MIN_OFFSET, reply.min_offset.to_string());
            message.properties.set(property::MAX_OFFSET, reply.max_offset.to_string());
            Found::new(message, Some(self.broker.broker_name.clone()))
        });
        Ok(Pulled {
            status,
            next_offset: reply.next_begin_offset,
            min_offset: reply.min_offset,
            max_offset: reply.max_offset,
            messages: found.collect(),
        })
    }
}
