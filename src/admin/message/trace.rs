//! What clients with tracing write of a message (Java: `TraceDataEncoder.decoderFromTraceDataString`, `TraceView`).

use super::send_trace::{FIELD, RECORD};
use crate::protocol::message::Message;
use schemars::JsonSchema;
use serde::Serialize;

/// What happened to a message (Java: `TraceType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub enum TraceType {
    /// It was sent.
    Pub,
    /// It was handed to a consumer.
    SubBefore,
    /// The consumer was done with it.
    SubAfter,
    /// Its transaction was ended.
    EndTransaction,
    /// It was taken back before its delivery.
    Recall,
}

/// What a client wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    #[serde(rename = "type")]
    pub kind: TraceType,
    /// When it was sent or consumed, in epoch milliseconds; none where the client is too old to tell.
    pub timestamp: Option<i64>,
    pub group: Option<String>,
    /// The machine of the client.
    pub client_host: String,
    /// How long it took, in ms.
    pub cost_millis: Option<i64>,
    pub success: Option<bool>,
    pub topic: Option<String>,
    pub tags: Option<String>,
    pub keys: Option<String>,
    pub store_host: Option<String>,
    pub offset_msg_id: Option<String>,
    /// Ties what was before consuming it to what was after.
    pub request_id: Option<String>,
    /// How often it had been consumed before.
    pub retry_times: Option<i32>,
    pub transaction_id: Option<String>,
    /// `COMMIT_MESSAGE`, `ROLLBACK_MESSAGE`, `UNKNOW`.
    pub transaction_state: Option<String>,
    /// Whether the broker had to ask for the state.
    pub from_transaction_check: Option<bool>,
}

/// The traces of one message in a message of a trace topic. What is no trace is left out.
pub fn of(message: &Message, msg_id: &str) -> Vec<Trace> {
    let host = message.born_host.ip().to_string();
    let body = String::from_utf8_lossy(&message.body);
    body.split(RECORD).filter_map(|record| read(record, &host, msg_id)).collect()
}

/// One record, if it is of that message.
fn read(record: &str, host: &str, msg_id: &str) -> Option<Trace> {
    let fields: Vec<&str> = record.split(FIELD).collect();
    let text = |at: usize| fields.get(at).filter(|text| !text.is_empty()).map(|text| (*text).to_owned());
    let number = |at: usize| fields.get(at).and_then(|text| text.parse::<i64>().ok());
    let flag = |at: usize| fields.get(at).map(|text| text.eq_ignore_ascii_case("true"));
    let of_kind = |kind, id_at: usize| (fields.get(id_at) == Some(&msg_id)).then(|| empty(kind, host));
    match *fields.first()? {
        "Pub" => {
            let old = fields.len() == 13;
            Some(Trace {
                timestamp: number(1),
                group: text(3),
                topic: text(4),
                tags: text(6),
                keys: text(7),
                store_host: text(8),
                cost_millis: number(10),
                offset_msg_id: text(12).filter(|_| !old),
                success: flag(if old { 12 } else { 13 }),
                ..of_kind(TraceType::Pub, 5)?
            })
        }
        "SubBefore" => Some(Trace {
            timestamp: number(1),
            group: text(3),
            request_id: text(4),
            retry_times: number(6).and_then(|times| i32::try_from(times).ok()),
            keys: text(7),
            ..of_kind(TraceType::SubBefore, 5)?
        }),
        "SubAfter" => Some(Trace {
            request_id: text(1),
            cost_millis: number(3),
            success: flag(4),
            keys: text(5),
            timestamp: number(7),
            group: text(8),
            ..of_kind(TraceType::SubAfter, 2)?
        }),
        "EndTransaction" => Some(Trace {
            timestamp: number(1),
            group: text(3),
            topic: text(4),
            tags: text(6),
            keys: text(7),
            store_host: text(8),
            transaction_id: text(10),
            transaction_state: text(11),
            from_transaction_check: flag(12),
            ..of_kind(TraceType::EndTransaction, 5)?
        }),
        "Recall" => Some(Trace {
            timestamp: number(1),
            group: text(3),
            topic: text(4),
            success: flag(6),
            ..of_kind(TraceType::Recall, 5)?
        }),
        _ => None,
    }
}

fn empty(kind: TraceType, host: &str) -> Trace {
    Trace {
        kind,
        timestamp: None,
        group: None,
        client_host: host.to_owned(),
        cost_millis: None,
        success: None,
        topic: None,
        tags: None,
        keys: None,
        store_host: None,
        offset_msg_id: None,
        request_id: None,
        retry_times: None,
        transaction_id: None,
        transaction_state: None,
        from_transaction_check: None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::java_text::tests::sample;
    use super::*;

    /// A message of a trace topic with these records; `|` stands between fields.
    pub(in super::super) fn message(records: &[&str]) -> Message {
        let body: String = records
            .iter()
            .map(|record| record.replace('|', &FIELD.to_string()) + &RECORD.to_string())
            .collect();
        Message { body: body.into(), ..sample() }
    }

    #[test]
    fn records_of_every_kind_are_read() {
        let found = of(
            &message(&[
                "Pub|1000|R|pg|T|ID|TagA|k|h:1|5|38|0|OFFSET|true",
                "Pub|1000|R|pg|T|OTHER|TagA|k|h:1|5|38|0|OFFSET|true",
                "SubBefore|2000|R|cg|req|ID|2|k",
                "SubAfter|req|ID|7|false|k|1|2007|cg",
                "EndTransaction|3000|R|pg|T|ID|TagA|k|h:1|2|TX|COMMIT_MESSAGE|true",
                "Recall|4000|R|pg|T|ID|true",
                "Nonsense|ID",
                "",
            ]),
            "ID",
        );
        let kinds: Vec<TraceType> = found.iter().map(|trace| trace.kind).collect();
        use TraceType::{EndTransaction, Pub, Recall, SubAfter, SubBefore};
        assert_eq!(kinds, [Pub, SubBefore, SubAfter, EndTransaction, Recall]);
        assert_eq!(
            (found[0].cost_millis, found[0].success, found[0].offset_msg_id.as_deref()),
            (Some(38), Some(true), Some("OFFSET"))
        );
        assert_eq!((found[1].retry_times, found[1].request_id.as_deref()), (Some(2), Some("req")));
        assert_eq!((found[2].timestamp, found[2].success), (Some(2007), Some(false)));
        assert_eq!(found[3].transaction_state.as_deref(), Some("COMMIT_MESSAGE"));
        assert_eq!(found[4].client_host, "127.0.0.1");
    }

    #[test]
    fn short_and_old_records_are_read_as_far_as_they_go() {
        let found =
            of(&message(&["Pub|x|R|pg|T|ID||k|h:1|5|38|0|true", "SubAfter|req|ID|7|true|k", "Pub"]), "ID");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].timestamp, found[0].success, found[0].tags.clone()), (None, Some(true), None));
        assert_eq!((found[1].timestamp, found[1].group.clone()), (None, None));
    }
}
