//! Commands about messages.

mod body_file;
mod charset;
pub mod check_msg_send_rt;
pub mod consume_message;
pub mod directly;
pub mod dump_compaction_log;
pub mod find;
pub mod java_text;
pub mod print_msg;
pub mod print_msg_by_queue;
pub mod pull;
pub mod query_msg_by_id;
pub mod query_msg_by_key;
pub mod query_msg_by_offset;
pub mod query_msg_by_unique_key;
pub mod query_msg_trace_by_id;
mod scan;
pub mod send;
pub mod send_message;
pub mod send_msg_status;
mod send_trace;
pub mod shown;
mod stream;
mod summary;
mod timed_send;
mod trace;
pub mod track;

crate::admin::commands! {
    /// Commands about messages.
    pub enum MessageCommand in "Messages" {
        SendMessage = send_message as "sendMessage",
        ConsumeMessage = consume_message as "consumeMessage",
        QueryMsgById = query_msg_by_id as "queryMsgById",
        QueryMsgByKey = query_msg_by_key as "queryMsgByKey",
        QueryMsgByUniqueKey = query_msg_by_unique_key as "queryMsgByUniqueKey",
        QueryMsgByOffset = query_msg_by_offset as "queryMsgByOffset",
        QueryMsgTraceById = query_msg_trace_by_id as "queryMsgTraceById",
        CheckMsgSendRt = check_msg_send_rt as "checkMsgSendRT",
        SendMsgStatus = send_msg_status as "sendMsgStatus",
        PrintMsg = print_msg as "printMsg",
        PrintMsgByQueue = print_msg_by_queue as "printMsgByQueue",
        DumpCompactionLog = dump_compaction_log as "dumpCompactionLog",
    }
}
