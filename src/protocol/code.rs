//! Response codes (Java: `ResponseCode`, `RemotingSysResponseCode`).

/// Declares the codes and the table of their names.
macro_rules! response_codes {
    ($($(#[$meta:meta])* $name:ident = $code:literal;)*) => {
        $($(#[$meta])* pub const $name: i32 = $code;)*
        /// RocketMQ's name of a response code, where it is known.
        pub fn name(code: i32) -> Option<&'static str> {
            match code {
                $($code => Some(stringify!($name)),)*
                _ => None,
            }
        }
    };
}

response_codes! {
    /// Done.
    SUCCESS = 0;
    /// Something failed; the remark says what.
    SYSTEM_ERROR = 1;
    /// Too much at once; the client tries again, elsewhere if it can.
    SYSTEM_BUSY = 2;
    /// The server does not know the request.
    REQUEST_CODE_NOT_SUPPORTED = 3;
    /// A transaction could not be recorded.
    TRANSACTION_FAILED = 4;
    /// Stored, but not known to be on disk.
    FLUSH_DISK_TIMEOUT = 10;
    /// Stored, but no slave is there to copy it.
    SLAVE_NOT_AVAILABLE = 11;
    /// Stored, but not known to be on a slave.
    FLUSH_SLAVE_TIMEOUT = 12;
    /// The message breaks a limit or rule.
    MESSAGE_ILLEGAL = 13;
    /// The store takes no writes now: shutting down, slave, or disk full.
    SERVICE_NOT_AVAILABLE = 14;
    /// The client's version is not served.
    VERSION_NOT_SUPPORTED = 15;
    /// Refused by permissions.
    NO_PERMISSION = 16;
    /// No such topic.
    TOPIC_NOT_EXIST = 17;
    /// No message at that offset yet.
    PULL_NOT_FOUND = 19;
    /// Messages were there but none matched: pull on from the next offset.
    PULL_RETRY_IMMEDIATELY = 20;
    /// The offset is out of the queue: pull on from the offset given.
    PULL_OFFSET_MOVED = 21;
    /// Nothing found.
    QUERY_NOT_FOUND = 22;
    /// The filter expression is wrong.
    SUBSCRIPTION_PARSE_FAILED = 23;
    /// The broker has no subscription of that group yet.
    SUBSCRIPTION_NOT_EXIST = 24;
    /// The broker's subscription of the group is older than the request's.
    SUBSCRIPTION_NOT_LATEST = 25;
    /// No such consumer group.
    SUBSCRIPTION_GROUP_NOT_EXIST = 26;
    /// No filter of that group is registered.
    FILTER_DATA_NOT_EXIST = 27;
    /// The group's filter is older than the request's.
    FILTER_DATA_NOT_LATEST = 28;
    /// A parameter breaks a rule.
    INVALID_PARAMETER = 29;
    /// Reserved by RocketMQ; not sent by its brokers.
    TRANSACTION_SHOULD_COMMIT = 200;
    /// Reserved by RocketMQ; not sent by its brokers.
    TRANSACTION_SHOULD_ROLLBACK = 201;
    /// Reserved by RocketMQ; not sent by its brokers.
    TRANSACTION_STATE_UNKNOW = 202;
    /// Reserved by RocketMQ; not sent by its brokers.
    TRANSACTION_STATE_GROUP_WRONG = 203;
    /// Reserved by RocketMQ; not sent by its brokers.
    NO_BUYER_ID = 204;
    /// Reserved by RocketMQ; not sent by its brokers.
    NOT_IN_CURRENT_UNIT = 205;
    /// No member of the group is connected.
    CONSUMER_NOT_ONLINE = 206;
    /// The client did not answer in time.
    CONSUME_MSG_TIMEOUT = 207;
    /// No such message.
    NO_MESSAGE = 208;
    /// Too many long polls.
    POLLING_FULL = 209;
    /// A long poll ended without a message.
    POLLING_TIMEOUT = 210;
    /// No such broker.
    BROKER_NOT_EXIST = 211;
    /// Messages are still on their way to the queues.
    BROKER_DISPATCH_NOT_COMPLETE = 212;
    /// The group is in broadcast mode, which has no offsets here.
    BROADCAST_CONSUMPTION = 213;
    /// Over a quota.
    FLOW_CONTROL = 215;
    /// The queue is elsewhere.
    NOT_LEADER_FOR_QUEUE = 501;
    /// Not allowed on such a queue.
    ILLEGAL_OPERATION = 604;
    /// The server is leaving: connect anew.
    GO_AWAY = 1500;
    /// No such user.
    USER_NOT_EXIST = 3001;
    /// No such policy.
    POLICY_NOT_EXIST = 3002;
}
