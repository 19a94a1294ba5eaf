//! SQL92 filters: which messages an expression over their properties wants (Java: module `filter`,
//! `ExpressionMessageFilter`).
//!
//! Pure: an [`Expression`] is read once and asked about the properties of each message.

mod cache;
mod lexer;
mod node;
mod parser;
mod subscribed;
mod value;

pub use cache::Expressions;
pub use parser::SyntaxError;
pub use subscribed::Filter;

use node::Node;

/// The kind of expressions that are read here (`ExpressionType.SQL92`).
pub const SQL92: &str = "SQL92";

/// A filter expression that was read.
#[derive(Debug)]
pub struct Expression(Node);

impl Expression {
    /// Reads an expression (`SelectorParser.parse`).
    ///
    /// What stands behind a complete expression is not looked at, as in Java: `a = 1 b` is `a = 1`.
    ///
    /// # Errors
    /// The text is no expression, or one that could never be true or false.
    pub fn parse(sql: &str) -> Result<Self, SyntaxError> {
        parser::parse(sql).map(Self)
    }

    /// Whether a message with these properties is wanted. What is unknown (a property that is missing) or cannot be
    /// compared is not (`ExpressionMessageFilter.isMatchedByCommitLog`).
    pub fn wants<'a>(&'a self, property: &dyn Fn(&str) -> Option<&'a str>) -> bool {
        matches!(self.0.truth(property), Ok(Some(true)))
    }
}

#[cfg(test)]
mod tests;
