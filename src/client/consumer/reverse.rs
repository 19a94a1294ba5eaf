//! What brokers ask a member.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use tokio::sync::oneshot;

use super::delivery::{Delivery, Item, Origin, Verdict};
use super::running_info::running_info;
use super::shared::Shared;
use crate::protocol::RemotingCommand;
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::fastjson;
use crate::protocol::group::{
    ConsumeDirectlyResult, ConsumeMessageDirectly, ConsumerStatusBody, GetConsumerRunningInfo,
    GetConsumerStatusFromClient, NotifyConsumerIdsChanged, ResetConsumerClientOffset,
};
use crate::protocol::message::Message;
use crate::protocol::queue::QueueKey;
use crate::remoting::{Connection, In, Out, Outcome, Reject, Router, Service};

/// The longest body that a message to be consumed directly may become.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// Answers brokers for a consumer, once there is one.
pub(super) struct ReverseService {
    router: Router<Shared>,
    consumer: OnceLock<Weak<Shared>>,
}

impl ReverseService {
    pub(super) fn new() -> Self {
        let router = Router::new()
            .sync::<NotifyConsumerIdsChanged>(members_changed)
            .sync::<ResetConsumerClientOffset>(reset_offsets)
            .sync::<GetConsumerStatusFromClient>(offsets)
            .sync::<GetConsumerRunningInfo>(how_it_runs)
            .later::<ConsumeMessageDirectly, _>(consume_directly);
        Self { router, consumer: OnceLock::new() }
    }

    /// The consumer that is asked from now on.
    pub(super) fn serve(&self, consumer: &Arc<Shared>) {
        // Set once, by who made both.
        let _ = self.consumer.set(Arc::downgrade(consumer));
    }
}

impl Service for ReverseService {
    fn call(&self, peer: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        match self.consumer.get().and_then(Weak::upgrade) {
            Some(consumer) => self.router.dispatch(&consumer, peer, request),
            None => Outcome::Reply(
                request.response_to(code::SYSTEM_ERROR).with_remark("the consumer is not running"),
            ),
        }
    }
}

fn members_changed(
    shared: &Arc<Shared>,
    _: In<NotifyConsumerIdsChanged>,
) -> Result<Out<NotifyConsumerIdsChanged>, Reject> {
    shared.rebalance.notify_one();
    Ok(Out::done())
}

/// Java: `MQClientInstance.resetOffset`.
fn reset_offsets(
    shared: &Arc<Shared>,
    input: In<ResetConsumerClientOffset>,
) -> Result<Out<ResetConsumerClientOffset>, Reject> {
    if input.header.group != shared.options.group {
        return Ok(Out::done());
    }
    let held = shared.held.lock();
    for (QueueKey(queue), offset) in &input.body.0.offset_table {
        if let Some(held) = held.get(queue).filter(|_| queue.topic == input.header.topic) {
            held.reset(*offset);
        }
    }
    Ok(Out::done())
}

/// Java: `MQClientInstance.getConsumerStatus`.
fn offsets(
    shared: &Arc<Shared>,
    input: In<GetConsumerStatusFromClient>,
) -> Result<Out<GetConsumerStatusFromClient>, Reject> {
    let held = shared.held.lock();
    let message_queue_table = held
        .values()
        .filter(|held| held.queue.topic == input.header.topic)
        .map(|held| (QueueKey(held.queue.clone()), held.committable()))
        .collect();
    Ok(Out::body(Json(ConsumerStatusBody { message_queue_table, ..ConsumerStatusBody::default() })))
}

fn how_it_runs(
    shared: &Arc<Shared>,
    input: In<GetConsumerRunningInfo>,
) -> Result<Out<GetConsumerRunningInfo>, Reject> {
    check_group(shared, &input.header.consumer_group)?;
    let json = fastjson::to_vec(&running_info(shared))
        .map_err(|error| Reject::new(code::SYSTEM_ERROR, error.to_string()))?;
    Ok(Out::body(json.into()))
}

/// Java: `ClientRemotingProcessor.consumeMessageDirectly`.
async fn consume_directly(
    shared: Arc<Shared>,
    input: In<ConsumeMessageDirectly>,
) -> Result<Out<ConsumeMessageDirectly>, Reject> {
    check_group(&shared, &input.header.consumer_group)?;
    let mut message = Message::decode(&input.body.into_bytes())
        .map_err(|error| Reject::new(code::MESSAGE_ILLEGAL, error.to_string()))?;
    let stored_flag = message.sys_flag;
    message.decompress(MAX_BODY).map_err(|error| Reject::new(code::MESSAGE_ILLEGAL, error.to_string()))?;
    message.sys_flag = stored_flag;
    let began = Instant::now();
    let (verdict, told) = oneshot::channel();
    let broker_name = input.header.broker_name.unwrap_or_default();
    let delivery = Delivery { message, broker_name, origin: Origin::Direct(verdict) };
    let gone = || Reject::new(code::SYSTEM_ERROR, "the consumer is closing");
    shared.items.send(Item::Messages(vec![delivery])).await.map_err(|_| gone())?;
    let consume_result = match told.await.map_err(|_| gone())? {
        Verdict::Done => "CR_SUCCESS",
        Verdict::Later => "CR_LATER",
    };
    Ok(Out::body(Json(ConsumeDirectlyResult {
        auto_commit: true,
        consume_result: Some(consume_result.to_owned()),
        order: false,
        remark: None,
        spent_time_mills: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
    })))
}

fn check_group(shared: &Shared, group: &str) -> Result<(), Reject> {
    if group == shared.options.group {
        return Ok(());
    }
    // Java's words, which admin tools show as they are.
    Err(Reject::new(code::SYSTEM_ERROR, format!("The Consumer Group <{group}> not exist in this consumer")))
}
