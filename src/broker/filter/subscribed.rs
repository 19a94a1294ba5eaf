//! What a subscription wants, as a pull asks it (Java: `ExpressionMessageFilter`).

use std::sync::Arc;

use super::{Expression, Expressions, SQL92, SyntaxError};
use crate::broker::subscription::{ALL, is_tag, wants_tag};
use crate::protocol::group::SubscriptionData;
use crate::protocol::message::MessageView;

/// A subscription with its expression read.
#[derive(Clone, Debug)]
pub struct Filter {
    subscription: Arc<SubscriptionData>,
    expression: Option<Arc<Expression>>,
}

impl Filter {
    /// # Errors
    /// The expression is none, or of a kind that there is not (`FilterFactory` knows `SQL92` only).
    pub fn new(subscription: Arc<SubscriptionData>, known: &Expressions) -> Result<Self, SyntaxError> {
        let expression = match subscription.expression_type.as_str() {
            kind if is_tag(kind) || subscription.class_filter_mode => None,
            SQL92 => Some(known.get(&subscription.sub_string)?),
            kind => return Err(SyntaxError(format!("there are no expressions of type {kind}"))),
        };
        Ok(Self { subscription, expression })
    }

    /// Whether everything is wanted.
    pub fn is_all(&self) -> bool {
        self.expression.is_none() && self.subscription.sub_string == ALL
    }

    /// The kind of its expression, if that is not a list of tags.
    pub fn other_kind(&self) -> Option<&str> {
        self.expression.as_ref().map(|_| self.subscription.expression_type.as_str())
    }

    /// Whether messages must be looked at, and their tags do not tell all.
    pub fn looks_at_messages(&self) -> bool {
        self.expression.is_some()
    }

    /// Whether a message with this hash of its tag may be wanted.
    pub fn wants_tag(&self, tags_code: i64) -> bool {
        wants_tag(&self.subscription, tags_code)
    }

    /// Whether a message is wanted whose tag may be.
    pub fn wants_message(&self, message: &MessageView<'_>) -> bool {
        self.expression.as_ref().is_none_or(|expression| expression.wants(&|name| message.property(name)))
    }
}
