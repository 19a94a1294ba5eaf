//! Finding messages: by offset id, by key, by unique id, at an offset of a queue.

use crate::admin::ask::{LMQ_PREFIX, WHEEL_TIMER, failed};
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::Failure;
use crate::protocol::code;
use crate::protocol::message::{Message, OffsetId};
use crate::protocol::pull::{QueryMessage, QueryMessageHeader, ViewMessageById, ViewMessageHeader};
use crate::remoting::CallError;

/// The largest body that is decompressed, in bytes.
const LARGEST_BODY: usize = 64 << 20;

/// A message with its body decompressed, and where it was found.
#[derive(Debug, Clone)]
pub struct Found {
    pub message: Message,
    /// The broker's name, where it is known.
    pub broker_name: Option<String>,
}

impl Found {
    /// Decompresses a message; a body that cannot be stays as it is.
    pub fn new(mut message: Message, broker_name: Option<String>) -> Self {
        // Java leaves such a body as it is, too.
        let _ = message.decompress(LARGEST_BODY);
        Found { message, broker_name }
    }
}

/// What index a key is looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Key,
    Tag,
    UniqueId,
}

impl KeyKind {
    /// Java: `MessageConst.INDEX_KEY_TYPE` and its like.
    pub fn letter(self) -> &'static str {
        match self {
            KeyKind::Key => "K",
            KeyKind::Tag => "T",
            KeyKind::UniqueId => "U",
        }
    }

    /// Whether a message found by a key's hash has the key itself.
    fn matches(self, message: &Message, topic: Option<&str>, key: &str) -> bool {
        let of_topic = topic.is_none_or(|topic| message.topic == topic);
        match self {
            KeyKind::Key => {
                of_topic && message.keys().is_some_and(|keys| keys.split(' ').any(|one| one == key))
            }
            KeyKind::Tag => of_topic && message.tags() == Some(key),
            KeyKind::UniqueId => super::java_text::message_id(message) == key,
        }
    }
}

/// A search in the index of all brokers of a topic.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    pub topic: &'a str,
    pub key: &'a str,
    pub kind: KeyKind,
    /// At most so many from each broker.
    pub max: i32,
    /// Stored not before, in epoch milliseconds.
    pub begin: i64,
    /// Stored not after.
    pub end: i64,
    /// Where the last search ended.
    pub last_key: Option<&'a str>,
    /// The cluster to search; for a topic without a route of its own, the topic that has it.
    pub cluster: Option<&'a str>,
}

/// What a search found.
#[derive(Debug)]
pub struct SearchResult {
    /// Sorted by broker, as each broker gave them.
    pub found: Vec<Found>,
    pub failures: Vec<Failure>,
}

/// Searches all brokers of a topic side by side.
///
/// # Errors
/// No name server is reached; an unknown topic or cluster; all brokers failed.
pub async fn search(ctx: &Context, search: &Search<'_>) -> Result<SearchResult, CommandError> {
    let is_lmq = search.topic.starts_with(LMQ_PREFIX);
    let parent = search.cluster.filter(|_| is_lmq || search.topic == WHEEL_TIMER);
    let route = ctx.route(parent.unwrap_or(search.topic)).await?;
    let mut brokers = targets::of_route(&route);
    if let Some(cluster) = search.cluster.filter(|_| !is_lmq) {
        brokers.retain(|broker| broker.cluster == cluster);
        if brokers.is_empty() {
            return Err(no_such_cluster(search.topic, cluster, &targets::of_route(&route)));
        }
    }
    let header = QueryMessageHeader {
        topic: parent.filter(|_| is_lmq).unwrap_or(search.topic).to_owned(),
        key: search.key.to_owned(),
        max_num: search.max,
        begin_timestamp: search.begin,
        end_timestamp: search.end,
        index_type: Some(search.kind.letter().to_owned()),
        last_key: search.last_key.map(str::to_owned),
        unique_key_query: Some(search.kind == KeyKind::UniqueId),
    };
    let header = &header;
    let answers = ctx
        .ask_each(&format!("search topic {}", search.topic), brokers, |broker| async move {
            match ctx.ask::<QueryMessage>(&broker.addr, header.clone(), ()).await {
                Ok(answer) => decode(answer.body.into_bytes(), &broker.addr, "QUERY_MESSAGE"),
                Err(CallError::Refused { code: code::QUERY_NOT_FOUND, .. }) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        })
        .await?;
    let of_topic = Some(search.topic).filter(|_| !is_lmq);
    let found = answers
        .given
        .into_iter()
        .flat_map(|(broker, messages)| named(broker, messages))
        .filter(|found| search.kind.matches(&found.message, of_topic, search.key))
        .collect();
    Ok(SearchResult { found, failures: answers.failures })
}

fn named(broker: Broker, messages: Vec<Message>) -> impl Iterator<Item = Found> {
    messages.into_iter().map(move |message| Found::new(message, Some(broker.broker_name.clone())))
}

fn no_such_cluster(topic: &str, cluster: &str, brokers: &[Broker]) -> CommandError {
    let mut clusters: Vec<&str> = brokers.iter().map(|broker| broker.cluster.as_str()).collect();
    clusters.dedup();
    CommandError::not_found(format!("topic {topic} is not in cluster '{cluster}'"))
        .hint(format!("it is in {}", clusters.join(", ")))
}

/// The message at a place in a broker's commit log.
///
/// # Errors
/// The broker is not reached or has no message there.
pub async fn at_offset_id(ctx: &Context, topic: &str, id: OffsetId) -> Result<Message, CallError> {
    let addr = id.host.to_string();
    let header = ViewMessageHeader { topic: Some(topic.to_owned()), offset: id.offset };
    let answer = ctx.ask::<ViewMessageById>(&addr, header, ()).await?;
    let mut messages = decode(answer.body.into_bytes(), &addr, "VIEW_MESSAGE_BY_ID")?;
    if messages.is_empty() {
        let reason = "there is no message in it".to_owned();
        return Err(CallError::Malformed { addr, request: "VIEW_MESSAGE_BY_ID", reason });
    }
    Ok(messages.swap_remove(0))
}

/// The messages in an answer.
pub fn decode(bytes: bytes::Bytes, addr: &str, request: &'static str) -> Result<Vec<Message>, CallError> {
    Message::decode_all(&bytes).map_err(|error| CallError::Malformed {
        addr: addr.to_owned(),
        request,
        reason: error.to_string(),
    })
}

/// How far back a message is looked for by its unique id first, in ms: three days, as mqadmin.
const FIRST_LOOK: i64 = 3 * 24 * 3_600_000;

/// A message by an id of either kind: the broker that an offset id names is asked for it; what is not found there,
/// or is no offset id, is taken for a unique id and looked for in the topic, first of the last three days.
///
/// # Errors
/// No such message; no name server is reached; an unknown topic; all brokers failed.
pub async fn by_any_id(
    ctx: &Context,
    topic: &str,
    id: &str,
    cluster: Option<&str>,
) -> Result<Found, CommandError> {
    let mut at_offset = None;
    if let Ok(offset_id) = id.parse::<OffsetId>() {
        match at_offset_id(ctx, topic, offset_id).await {
            Ok(message) => return Ok(Found::new(message, None)),
            // The broker that may have it does not answer: a search would not find an offset id.
            Err(error @ CallError::Timeout { .. }) => return Err(failed("read the message", &error)),
            Err(error) => at_offset = Some(failed("read the message", &error)),
        }
    }
    let first = ctx.clock.now_ms().saturating_sub(FIRST_LOOK);
    let mut failures = Vec::new();
    for begin in [first, 0] {
        let kind = KeyKind::UniqueId;
        let looked = Search { topic, key: id, kind, max: 32, begin, end: i64::MAX, last_key: None, cluster };
        let result = search(ctx, &looked).await?;
        if let Some(found) = result.found.into_iter().next() {
            return Ok(found);
        }
        failures = result.failures;
    }
    Err(not_found(topic, id, at_offset, &failures))
}

/// The error for an id that nobody has; what kept brokers from answering is its cause.
fn not_found(topic: &str, id: &str, at_offset: Option<CommandError>, failures: &[Failure]) -> CommandError {
    let mut error = CommandError::not_found(format!("no message with the id {id} in topic {topic}"));
    if let Some(at_offset) = at_offset {
        // A broker that cannot be asked may have it.
        error.kind = at_offset.kind;
        error.code = at_offset.code;
        error.causes.push(at_offset.message);
        error.causes.extend(at_offset.causes);
    }
    error.causes.extend(failures.iter().map(ToString::to_string));
    error
}

#[cfg(test)]
mod tests {
    use super::super::java_text::tests::sample;
    use super::*;

    #[test]
    fn a_key_must_be_the_key_itself() {
        let mut message = sample();
        message.properties.set("KEYS", "a poison-1 b");
        let id = message.unique_key().unwrap().to_owned();
        let table = [
            (KeyKind::Key, Some("DefaultsTopic"), "poison-1", true),
            (KeyKind::Key, Some("DefaultsTopic"), "poison", false),
            (KeyKind::Key, Some("Other"), "poison-1", false),
            (KeyKind::Key, None, "b", true),
            (KeyKind::Tag, Some("DefaultsTopic"), "poison", true),
            (KeyKind::Tag, Some("DefaultsTopic"), "poison-1", false),
            (KeyKind::UniqueId, Some("Other"), id.as_str(), true),
            (KeyKind::UniqueId, None, "x", false),
        ];
        for (kind, topic, key, want) in table {
            assert_eq!(kind.matches(&message, topic, key), want, "{kind:?} {topic:?} {key}");
        }
    }
}
