//! Sending messages one after the other and taking the time of each.

use super::send::SendResult;
use crate::admin::{CommandError, Context};
use crate::client::producer::{Draft, Producer, Target};
use crate::output::{Failure, Text, counted};
use crate::protocol::queue::MessageQueue;
use schemars::JsonSchema;
use serde::Serialize;

/// The largest body that is sent, in bytes: what clients send at most unless they are told otherwise.
pub const LARGEST_BODY: i64 = 4 * 1024 * 1024;

/// One message that was sent, or was not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// None where no queue was found.
    pub broker_name: Option<String>,
    pub queue_id: Option<i32>,
    /// How long it took, in ms.
    pub millis: i64,
    /// None where it failed.
    pub result: Option<SendResult>,
    /// Why it failed.
    pub error: Option<String>,
}

/// Sends one message and takes the time; to a queue, or to any.
///
/// # Errors
/// None of its own: what went wrong is in the result, beside the error itself for who ends with it.
pub async fn send(
    ctx: &Context,
    producer: &Producer,
    draft: Draft,
    queue: Option<MessageQueue>,
) -> (Sent, Option<CommandError>) {
    let began = ctx.clock.now_ms();
    let (broker_name, queue_id) = match &queue {
        Some(queue) => (Some(queue.broker_name.clone()), Some(queue.queue_id)),
        None => (None, None),
    };
    let target = queue.map_or(Target::Any, Target::Queue);
    let result = producer.send(draft, &target).await;
    let millis = ctx.clock.now_ms().saturating_sub(began).max(0);
    match result {
        Ok(receipt) => {
            let result = SendResult::from(receipt);
            let (broker_name, queue_id) = (Some(result.broker_name.clone()), Some(result.queue_id));
            (Sent { broker_name, queue_id, millis, result: Some(result), error: None }, None)
        }
        Err(error) => {
            let text = error.to_string();
            let sent = Sent { broker_name, queue_id, millis, result: None, error: Some(text) };
            (sent, Some(error.into()))
        }
    }
}

/// The mean of the times, in ms, of the messages that were sent; without the first, which had to connect.
pub fn mean(sent: &[Sent]) -> Option<f64> {
    let times: Vec<i64> =
        sent.iter().skip(1).filter(|one| one.result.is_some()).map(|one| one.millis).collect();
    let count = f64::from(u32::try_from(times.len()).ok().filter(|count| *count > 0)?);
    Some(times.iter().sum::<i64>() as f64 / count)
}

/// What did not go out, as failures of the command.
pub fn failures(sent: &[Sent]) -> Vec<Failure> {
    let failed = sent.iter().enumerate().filter_map(|(at, one)| {
        let message = one.error.clone()?;
        Some(Failure { target: format!("message {}", at + 1), addr: None, code: None, message })
    });
    failed.collect()
}

/// How it went, for a person.
pub fn summary(sent: &[Sent]) -> String {
    let done = sent.iter().filter(|one| one.result.is_some()).count();
    let mean = match mean(sent) {
        Some(mean) => format!(", {} ms each without the first", Text::decimal(mean)),
        None => String::new(),
    };
    format!("{} sent{mean}", counted(done, "message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(millis: i64, ok: bool) -> Sent {
        let result = ok.then(|| SendResult {
            status: "SEND_OK",
            msg_id: String::new(),
            offset_msg_id: String::new(),
            broker_name: "b".to_owned(),
            queue_id: 0,
            queue_offset: 0,
            text: String::new(),
        });
        let error = (!ok).then(|| "no".to_owned());
        Sent { broker_name: None, queue_id: None, millis, result, error }
    }

    #[test]
    fn the_first_and_those_that_failed_do_not_count() {
        let table = [
            (vec![], None),
            (vec![sent(500, true)], None),
            (vec![sent(500, true), sent(4, true), sent(5, true)], Some(4.5)),
            (vec![sent(500, true), sent(5000, false), sent(5, true)], Some(5.0)),
            (vec![sent(500, true), sent(5000, false)], None),
        ];
        for (sent, want) in table {
            assert_eq!(mean(&sent), want, "{sent:?}");
        }
        let some = [sent(1, true), sent(2, false)];
        assert_eq!(failures(&some).len(), 1);
        assert_eq!(failures(&some)[0].target, "message 2");
        assert_eq!(summary(&some), "1 message sent");
    }
}
