//! The order of an ordered topic's queues over brokers, which the name servers keep as `broker-a:4;broker-b:4`.

use crate::admin::{CommandError, Context, failed};
use crate::output::java_order::{hashed, string_hash};
use crate::protocol::code;
use crate::protocol::route::{GetKvConfig, KvKeyHeader, PutKvConfig, PutKvHeader};
use crate::remoting::CallError;
use std::fmt;

/// Where the name servers keep it (Java: `NamesrvUtil.NAMESPACE_ORDER_TOPIC_CONFIG`).
pub(super) const NAMESPACE: &str = "ORDER_TOPIC_CONFIG";

/// How many queues each broker has, in the order in which mqadmin writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderConf(Vec<(String, String)>);

impl OrderConf {
    /// The same number of queues for every broker.
    pub fn of_all<'a>(names: impl IntoIterator<Item = &'a str>, queues: i32) -> Self {
        let names = hashed(names, |name| string_hash(name));
        OrderConf(names.into_iter().map(|name| (name.to_owned(), queues.to_string())).collect())
    }

    /// Reads `broker-a:4;broker-b:4`; what is not of that form is left out.
    pub fn parse(text: &str) -> Self {
        let pairs = text.split(';').filter_map(|part| part.split_once(':'));
        OrderConf(pairs.map(|(name, queues)| (name.to_owned(), queues.to_owned())).collect())
    }

    /// Sets the queues of one broker.
    pub fn set(&mut self, name: &str, queues: i32) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = queues.to_string(),
            None => self.0.push((name.to_owned(), queues.to_string())),
        }
        self.0 = hashed(std::mem::take(&mut self.0), |(name, _)| string_hash(name));
    }
}

impl fmt::Display for OrderConf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, queues)) in self.0.iter().enumerate() {
            write!(f, "{}{name}:{queues}", if i > 0 { ";" } else { "" })?;
        }
        Ok(())
    }
}

/// The order of a topic, empty where there is none.
///
/// # Errors
/// No name server is reached or it refuses.
pub async fn get(ctx: &Context, topic: &str) -> Result<OrderConf, CommandError> {
    let header = KvKeyHeader { namespace: NAMESPACE.to_owned(), key: topic.to_owned() };
    match ctx.ask_namesrv::<GetKvConfig>(header, ()).await? {
        Ok(answer) => Ok(OrderConf::parse(&answer.header.value.unwrap_or_default())),
        Err(CallError::Refused { code: code::QUERY_NOT_FOUND, .. }) => Ok(OrderConf::default()),
        Err(error) => Err(failed(&format!("read the order of topic {topic}"), &error)),
    }
}

/// Writes the order of a topic to every name server; in a dry run to none.
///
/// # Errors
/// The first name server that failed.
pub async fn put(ctx: &Context, topic: &str, conf: &OrderConf) -> Result<(), CommandError> {
    if ctx.dry_run {
        return Ok(());
    }
    let header =
        PutKvHeader { namespace: NAMESPACE.to_owned(), key: topic.to_owned(), value: conf.to_string() };
    let doing = format!("write the order of topic {topic}");
    let addrs = ctx.namesrv.addrs()?;
    let header = &header;
    let results = ctx
        .fan_out(addrs, |addr| async move { ctx.ask::<PutKvConfig>(addr, header.clone(), ()).await })
        .await;
    results.into_iter().try_for_each(|result| result.map(|_| ()).map_err(|error| failed(&doing, &error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_broker_is_set_among_others() {
        let mut conf = OrderConf::parse("broker-a:4;broker-b:8;nonsense");
        conf.set("broker-b", 2);
        conf.set("broker-c", 1);
        let mut parts: Vec<String> = conf.to_string().split(';').map(str::to_owned).collect();
        parts.sort();
        assert_eq!(parts, ["broker-a:4", "broker-b:2", "broker-c:1"]);
        assert_eq!(OrderConf::of_all(["broker-a"], 4).to_string(), "broker-a:4");
        assert_eq!(OrderConf::parse("").to_string(), "");
    }
}
