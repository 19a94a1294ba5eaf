//! Messages and results as Java's `toString` writes them, which mqadmin and the quickstart print.

use crate::output::java_order::map_text;
use crate::protocol::group::ConsumeDirectlyResult;
use crate::protocol::message::{Message, property};
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

/// How many entries Java's map of properties is made for (`MessageDecoder.string2messageProperties`).
const PROPERTIES_TABLE: usize = 128;

/// The properties as `HashMap.toString` writes them.
pub fn properties(message: &Message) -> String {
    map_text(PROPERTIES_TABLE, message.properties.iter())
}

/// The id a client knows a message by: the unique id, or where there is none the offset id (`MessageClientExt`).
pub fn message_id(message: &Message) -> String {
    message.unique_key().map_or_else(|| message.offset_id().to_string(), str::to_owned)
}

/// `HOST:PORT` with all groups of an IPv6 address written out (`RemotingHelper.parseSocketAddressAddr`).
pub fn host(addr: SocketAddr) -> String {
    match addr.ip() {
        IpAddr::V4(ip) => format!("{ip}:{}", addr.port()),
        IpAddr::V6(ip) => {
            let groups: Vec<String> = ip.segments().iter().map(|group| format!("{group:x}")).collect();
            format!("[{}]:{}", groups.join(":"), addr.port())
        }
    }
}

/// `MessageExt.toString` of a message with its body decompressed.
pub fn message_ext(message: &Message, broker_name: Option<&str>) -> String {
    let mut body = String::with_capacity(message.body.len() * 4 + 2);
    body.push('[');
    for (i, byte) in message.body.iter().enumerate() {
        let _ = write!(body, "{}{}", if i > 0 { ", " } else { "" }, byte.cast_signed());
    }
    body.push(']');
    with_body(message, broker_name, &body)
}

/// `MessageExt.toString` of a message whose body was not read.
pub fn message_ext_without_body(message: &Message) -> String {
    with_body(message, None, "null")
}

fn with_body(message: &Message, broker_name: Option<&str>, body: &str) -> String {
    format!(
        "MessageExt [brokerName={}, queueId={}, storeSize={}, queueOffset={}, sysFlag={}, bornTimestamp={}, \
         bornHost=/{}, storeTimestamp={}, storeHost=/{}, msgId={}, commitLogOffset={}, bodyCRC={}, \
         reconsumeTimes={}, preparedTransactionOffset={}, toString()=Message{{topic='{}', flag={}, properties={}, \
         body={body}, transactionId='{}'}}]",
        broker_name.unwrap_or("null"),
        message.queue_id,
        message.store_size,
        message.queue_offset,
        message.sys_flag.0,
        message.born_timestamp,
        host(message.born_host),
        message.store_timestamp,
        host(message.store_host),
        message.offset_id(),
        message.physical_offset,
        message.body_crc,
        message.reconsume_times,
        message.prepared_transaction_offset,
        message.topic,
        message.flag,
        properties(message),
        transaction_id(message).unwrap_or("null"),
    )
}

/// A client takes the unique id of a half message for the id of its transaction.
fn transaction_id(message: &Message) -> Option<&str> {
    let prepared = message.properties.get(property::TRANSACTION_PREPARED)?;
    prepared.eq_ignore_ascii_case("true").then(|| message.unique_key()).flatten()
}

/// `ConsumeMessageDirectlyResult.toString`.
pub fn directly_result(result: &ConsumeDirectlyResult) -> String {
    format!(
        "ConsumeMessageDirectlyResult [order={}, autoCommit={}, consumeResult={}, remark={}, spentTimeMills={}]",
        result.order,
        result.auto_commit,
        result.consume_result.as_deref().unwrap_or("null"),
        result.remark.as_deref().unwrap_or("null"),
        result.spent_time_mills
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::protocol::message::SysFlag;

    /// A message as mqadmin printed one.
    pub(crate) fn sample() -> Message {
        Message {
            topic: "DefaultsTopic".into(),
            queue_id: 1,
            flag: 0,
            queue_offset: 0,
            physical_offset: 35_451_087,
            sys_flag: SysFlag(0),
            born_timestamp: 1_795_510_424_280,
            born_host: "127.0.0.1:48842".parse().unwrap(),
            store_timestamp: 1_795_510_424_285,
            store_host: "127.0.0.1:10911".parse().unwrap(),
            reconsume_times: 0,
            prepared_transaction_offset: 0,
            body_crc: 423_988_016,
            body: "will go to the DLQ".into(),
            properties: [
                ("KEYS", "poison-1"),
                ("MIN_OFFSET", "0"),
                ("MAX_OFFSET", "1"),
                ("UNIQ_KEY", "FD0000000000000000000000000000025EC230946E09785AEAD80381"),
                ("CLUSTER", "DefaultCluster"),
                ("MSG_REGION", "DefaultRegion"),
                ("TAGS", "poison"),
                ("WAIT", "true"),
                ("TRACE_ON", "true"),
            ]
            .into_iter()
            .collect(),
            store_size: 286,
        }
    }

    #[test]
    fn a_message_is_written_as_mqadmin_printed_it() {
        let want = "MessageExt [brokerName=broker-a, queueId=1, storeSize=286, queueOffset=0, sysFlag=0, \
            bornTimestamp=1795510424280, bornHost=/127.0.0.1:48842, storeTimestamp=1795510424285, \
            storeHost=/127.0.0.1:10911, msgId=7F00000100002A9F00000000021CF0CF, commitLogOffset=35451087, \
            bodyCRC=423988016, reconsumeTimes=0, preparedTransactionOffset=0, \
            toString()=Message{topic='DefaultsTopic', flag=0, properties={MSG_REGION=DefaultRegion, \
            UNIQ_KEY=FD0000000000000000000000000000025EC230946E09785AEAD80381, CLUSTER=DefaultCluster, \
            MIN_OFFSET=0, TAGS=poison, KEYS=poison-1, WAIT=true, TRACE_ON=true, MAX_OFFSET=1}, \
            body=[119, 105, 108, 108, 32, 103, 111, 32, 116, 111, 32, 116, 104, 101, 32, 68, 76, 81], \
            transactionId='null'}]";
        assert_eq!(message_ext(&sample(), Some("broker-a")), want);
    }

    #[test]
    fn bytes_are_signed_and_ipv6_is_written_out() {
        let mut message = sample();
        message.body = vec![0xc3, 0xa9].into();
        assert!(message_ext(&message, None).contains("brokerName=null"));
        assert!(message_ext(&message, None).contains("body=[-61, -87]"));
        assert_eq!(host("[2001:db8::1]:80".parse().unwrap()), "[2001:db8:0:0:0:0:0:1]:80");
    }
}
