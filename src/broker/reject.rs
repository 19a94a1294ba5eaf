//! Refusals that several handlers share, in the words of Apache's broker: clients and scripts look for them.

use crate::protocol::code;
use crate::remoting::Reject;

/// What Apache's broker adds to remarks that a user can act on (Java: `FAQUrl.suggestTodo`).
pub const SEE_FAQ: &str = "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.";

/// Something failed that should not have.
pub fn system_error(remark: impl Into<String>) -> Reject {
    Reject::new(code::SYSTEM_ERROR, remark)
}

/// A parameter breaks a rule.
pub fn invalid(remark: impl Into<String>) -> Reject {
    Reject::new(code::INVALID_PARAMETER, remark)
}

/// Permissions forbid it.
pub fn forbidden(remark: impl Into<String>) -> Reject {
    Reject::new(code::NO_PERMISSION, remark)
}
