//! How a member runs, as mqadmin reports it (Java: `ConsumerRunningInfo.formatString`).

use crate::output::java_order::{concurrent, string_hash};
use crate::output::{fixed, left, right};
use crate::protocol::running::{ConsumerRunningInfo, PopProcessQueueInfo, ProcessQueueInfo};
use crate::runtime::time;
use std::fmt::{self, Write};

/// The whole report, as mqadmin prints it or writes it to a file.
pub fn text(info: &ConsumerRunningInfo) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = settings(info, &mut text);
    let _ = queues(info, &mut text);
    let _ = rates(info, &mut text);
    text
}

fn settings(info: &ConsumerRunningInfo, w: &mut String) -> fmt::Result {
    writeln!(w, "#Consumer Properties#")?;
    for (name, value) in concurrent(&info.properties, |(name, _)| string_hash(name)) {
        writeln!(w, "{}: {value}", left(name, 40))?;
    }
    writeln!(w, "\n\n#Consumer Subscription#")?;
    let mut wanted: Vec<_> = info.subscription_set.iter().collect();
    wanted.sort_by_key(|data| format!("{}@{}", data.topic, data.sub_string));
    for (at, data) in wanted.into_iter().enumerate() {
        let (topic, filter) = (left(&data.topic, 40), left(data.class_filter_mode.to_string(), 8));
        writeln!(w, "{:03} Topic: {topic} ClassFilter: {filter} SubExpression: {}", at + 1, data.sub_string)?;
    }
    Ok(())
}

fn queues(info: &ConsumerRunningInfo, w: &mut String) -> fmt::Result {
    // The heading of the topics is wider than the topics in two of the three.
    let head = |w: &mut String, width: usize, last: &str| {
        let (topic, broker) = (left("#Topic", width), left("#Broker Name", 32));
        writeln!(w, "{topic}  {broker}  {}  {}", left("#QID", 4), left(last, 20))
    };
    writeln!(w, "\n\n#Consumer Offset#")?;
    head(w, 64, "#Consumer Offset")?;
    for (key, queue) in &info.mq_table {
        let (topic, broker) = (left(&key.0.topic, 32), left(&key.0.broker_name, 32));
        let (id, offset) = (left(key.0.queue_id.to_string(), 4), left(queue.commit_offset.to_string(), 20));
        writeln!(w, "{topic}  {broker}  {id}  {offset}")?;
    }
    writeln!(w, "\n\n#Consumer MQ Detail#")?;
    head(w, 64, "#ProcessQueueInfo")?;
    for (key, queue) in &info.mq_table {
        let (topic, broker) = (left(&key.0.topic, 64), left(&key.0.broker_name, 32));
        writeln!(w, "{topic}  {broker}  {}  {}", left(key.0.queue_id.to_string(), 4), queue_text(queue))?;
    }
    writeln!(w, "\n\n#Consumer Pop Detail#")?;
    head(w, 32, "#ProcessQueueInfo")?;
    for (key, queue) in &info.mq_pop_table {
        let (topic, broker) = (left(&key.0.topic, 32), left(&key.0.broker_name, 32));
        writeln!(w, "{topic}  {broker}  {}  {}", left(key.0.queue_id.to_string(), 4), pop_text(queue))?;
    }
    Ok(())
}

fn rates(info: &ConsumerRunningInfo, w: &mut String) -> fmt::Result {
    writeln!(w, "\n\n#Consumer RT&TPS#")?;
    let line = |w: &mut String, topic: String, cells: [String; 6]| {
        let widths = [14, 14, 14, 14, 18, 25];
        let cells: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| right(cell, width)).collect();
        writeln!(w, "{topic}  {}", cells.join(" "))
    };
    let head = ["#Pull RT", "#Pull TPS", "#Consume RT", "#ConsumeOK TPS", "#ConsumeFailed TPS"];
    let [a, b, c, d, e] = head.map(str::to_owned);
    line(w, left("#Topic", 64), [a, b, c, d, e, "#ConsumeFailedMsgsInHour".to_owned()])?;
    for (topic, status) in &info.status_table {
        let rates = [
            status.pull_rt,
            status.pull_tps,
            status.consume_rt,
            status.consume_ok_tps,
            status.consume_failed_tps,
        ];
        let [a, b, c, d, e] = rates.map(|rate| fixed(rate, 2));
        line(w, left(topic, 32), [a, b, c, d, e, status.consume_failed_msgs.to_string()])?;
    }
    writeln!(w, "\n\n#User Consume Info#")?;
    for (name, value) in &info.user_consumer_info {
        writeln!(w, "{}: {value}", left(name, 40))?;
    }
    if let Some(jstack) = &info.jstack {
        write!(w, "\n\n#Consumer jstack#\n{jstack}")?;
    }
    Ok(())
}

/// `ProcessQueueInfo.toString`.
fn queue_text(queue: &ProcessQueueInfo) -> String {
    format!(
        "ProcessQueueInfo [commitOffset={}, cachedMsgMinOffset={}, cachedMsgMaxOffset={}, cachedMsgCount={}, \
         cachedMsgSizeInMiB={}, transactionMsgMinOffset={}, transactionMsgMaxOffset={}, transactionMsgCount={}, \
         locked={}, tryUnlockTimes={}, lastLockTimestamp={}, droped={}, lastPullTimestamp={}, \
         lastConsumeTimestamp={}]",
        queue.commit_offset,
        queue.cached_msg_min_offset,
        queue.cached_msg_max_offset,
        queue.cached_msg_count,
        queue.cached_msg_size_in_mib,
        queue.transaction_msg_min_offset,
        queue.transaction_msg_max_offset,
        queue.transaction_msg_count,
        queue.locked,
        queue.try_unlock_times,
        time::digits(queue.last_lock_timestamp),
        queue.droped,
        time::digits(queue.last_pull_timestamp),
        time::digits(queue.last_consume_timestamp)
    )
}

/// `PopProcessQueueInfo.toString`.
fn pop_text(queue: &PopProcessQueueInfo) -> String {
    format!(
        "PopProcessQueueInfo [waitAckCount:{}, droped:{}, lastPopTimestamp:{}]",
        queue.wait_ack_count, queue.droped, queue.last_pop_timestamp
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;

    const ANSWER: &str = r#"{"jstack":"TID: 1 STATE: RUNNABLE\n","mqPopTable":{
        {"brokerName":"broker-a","queueId":2,"topic":"P"}:{"droped":false,"lastPopTimestamp":5,"waitAckCount":1}},
        "mqTable":{{"brokerName":"broker-a","queueId":0,"topic":"TopicTest"}:{"cachedMsgCount":0,"commitOffset":39,
        "droped":false,"lastConsumeTimestamp":0,"lastLockTimestamp":0,"lastPullTimestamp":0,"locked":true}},
        "properties":{"PROP_CONSUME_TYPE":"CONSUME_PASSIVELY","consumerGroup":"group_online"},
        "statusTable":{"TopicTest":{"consumeFailedMsgs":0,"consumeFailedTPS":0.0,"consumeOKTPS":0.2,"consumeRT":0.08,
        "pullRT":7818.5,"pullTPS":0.2}},
        "subscriptionSet":[{"topic":"TopicTest","subString":"TagA || TagB"},
        {"topic":"%RETRY%group_online","subString":"*"}],"userConsumerInfo":{"a":"b"}}"#;

    #[test]
    fn the_report_is_mqadmins() {
        let info: ConsumerRunningInfo = fastjson::from_slice(ANSWER.as_bytes()).unwrap();
        let never = time::digits(0);
        let want = [
            "#Consumer Properties#",
            "PROP_CONSUME_TYPE                       : CONSUME_PASSIVELY",
            "consumerGroup                           : group_online",
            "",
            "",
            "#Consumer Subscription#",
            "001 Topic: %RETRY%group_online                      ClassFilter: false    SubExpression: *",
            "002 Topic: TopicTest                                ClassFilter: false    SubExpression: TagA || TagB",
            "",
            "",
            "#Consumer Offset#",
            "#Topic                                                            #Broker Name                      #QID  #Consumer Offset    ",
            "TopicTest                         broker-a                          0     39                  ",
            "",
            "",
            "#Consumer MQ Detail#",
            "#Topic                                                            #Broker Name                      #QID  #ProcessQueueInfo   ",
            &format!(
                "TopicTest                                                         broker-a                          0     \
                 ProcessQueueInfo [commitOffset=39, cachedMsgMinOffset=0, cachedMsgMaxOffset=0, cachedMsgCount=0, \
                 cachedMsgSizeInMiB=0, transactionMsgMinOffset=0, transactionMsgMaxOffset=0, transactionMsgCount=0, \
                 locked=true, tryUnlockTimes=0, lastLockTimestamp={never}, droped=false, lastPullTimestamp={never}, \
                 lastConsumeTimestamp={never}]"
            ),
            "",
            "",
            "#Consumer Pop Detail#",
            "#Topic                            #Broker Name                      #QID  #ProcessQueueInfo   ",
            "P                                 broker-a                          2     PopProcessQueueInfo [waitAckCount:1, droped:false, lastPopTimestamp:5]",
            "",
            "",
            "#Consumer RT&TPS#",
            "#Topic                                                                  #Pull RT      #Pull TPS    #Consume RT #ConsumeOK TPS #ConsumeFailed TPS  #ConsumeFailedMsgsInHour",
            "TopicTest                                7818.50           0.20           0.08           0.20               0.00                         0",
            "",
            "",
            "#User Consume Info#",
            "a                                       : b",
            "",
            "",
            "#Consumer jstack#",
            "TID: 1 STATE: RUNNABLE",
        ];
        assert_eq!(text(&info).lines().collect::<Vec<_>>(), want);
    }
}
