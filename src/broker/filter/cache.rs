//! Expressions that were read, so that a pull reads none.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use super::{Expression, SyntaxError};

/// How many are kept: far more than subscriptions differ. With more than that all are read anew.
const MAX: usize = 1000;

/// What became of a text.
pub type Read = Result<Arc<Expression>, SyntaxError>;

/// Texts and what became of them, bad ones included (Java: `SelectorParser.PARSE_CACHE`).
#[derive(Debug, Default)]
pub struct Expressions(RwLock<HashMap<String, Read>>);

impl Expressions {
    /// The expression that a text stands for.
    ///
    /// # Errors
    /// As [`Expression::parse`].
    pub fn get(&self, sql: &str) -> Read {
        if let Some(known) = self.0.read().get(sql) {
            return known.clone();
        }
        let read = Expression::parse(sql).map(Arc::new);
        let mut known = self.0.write();
        if known.len() >= MAX {
            known.clear();
        }
        known.insert(sql.to_owned(), read.clone());
        read
    }
}
