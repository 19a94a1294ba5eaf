//! The tree of an expression and what it says about a message. Logic has three values: true, false, unknown.

use std::cmp::Ordering;
use std::fmt;

use super::value::{Constant, Incomparable, Value, compare, java_double};

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    fn accepts(self, order: Ordering) -> bool {
        match self {
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
        }
    }
}

/// Where a text is looked for in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Contains,
    StartsWith,
    EndsWith,
}

/// A node.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Constant(Constant),
    Property(String),
    Negate(Box<Node>),
    /// A property that stands where something true or false must.
    Cast(Box<Node>),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Equal(Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Search {
        part: Part,
        within: Box<Node>,
        wanted: String,
        not: bool,
    },
    In {
        name: String,
        any_of: Vec<String>,
        not: bool,
    },
}

type Known<'a> = Result<Option<Value<'a>>, Incomparable>;
type Truth = Result<Option<bool>, Incomparable>;
/// The properties of a message.
type Properties<'p, 'a> = &'p dyn Fn(&str) -> Option<&'a str>;

impl Node {
    /// Whether it is true or false by its nature (`BooleanExpression`).
    pub(super) fn is_boolean(&self) -> bool {
        !matches!(
            self,
            Node::Property(_)
                | Node::Negate(_)
                | Node::Constant(
                    Constant::Int(_) | Constant::Long(_) | Constant::Double(_) | Constant::Text(_)
                )
        )
    }

    /// Its value for a message; `None` is unknown.
    fn value<'a>(&'a self, properties: Properties<'_, 'a>) -> Known<'a> {
        match self {
            Node::Constant(constant) => Ok(constant.value()),
            Node::Property(name) => Ok(properties(name).map(Value::Text)),
            Node::Negate(of) => Ok(of.value(properties)?.and_then(negated)),
            _ => Ok(self.truth(properties)?.map(Value::Bool)),
        }
    }

    /// Whether it holds for a message; `None` is unknown.
    pub(super) fn truth<'a>(&'a self, properties: Properties<'_, 'a>) -> Truth {
        match self {
            Node::Constant(_) | Node::Property(_) | Node::Negate(_) | Node::Cast(_) => {
                let of = if let Node::Cast(of) = self { of } else { self };
                // A text is never true, whatever it says.
                Ok(of.value(properties)?.map(|value| value == Value::Bool(true)))
            }
            Node::Not(of) => Ok(of.truth(properties)?.map(|holds| !holds)),
            Node::And(all) => joined(all, properties, false),
            Node::Or(any) => joined(any, properties, true),
            Node::Equal(left, right) => equal(left.value(properties)?, right.value(properties)?),
            Node::Compare(how, left, right) => {
                let Some(left) = left.value(properties)? else { return Ok(None) };
                let Some(right) = right.value(properties)? else { return Ok(None) };
                Ok(Some(how.accepts(ordered(left, right)?)))
            }
            Node::Search { part, within, wanted, not } => {
                let Some(Value::Text(text)) = within.value(properties)? else { return Ok(Some(false)) };
                let found = match part {
                    Part::Contains => text.contains(wanted),
                    Part::StartsWith => text.starts_with(wanted),
                    Part::EndsWith => text.ends_with(wanted),
                };
                Ok(Some(!wanted.is_empty() && found != *not))
            }
            Node::In { name, any_of, not } => {
                Ok(properties(name).map(|value| any_of.iter().any(|one| one == value) != *not))
            }
        }
    }
}

/// A number with the other sign. Anything else is unknown.
fn negated(value: Value<'_>) -> Option<Value<'_>> {
    match value {
        Value::Int(value) => Some(Value::Int(value.wrapping_neg())),
        Value::Long(value) => Some(Value::Long(value.wrapping_neg())),
        Value::Double(value) => Some(Value::Double(-value)),
        Value::Bool(_) | Value::Text(_) => None,
    }
}

/// `AND` (decided by false) and `OR` (decided by true): looks no further than it must.
fn joined<'a>(all: &'a [Node], properties: Properties<'_, 'a>, decisive: bool) -> Truth {
    let mut known = true;
    for one in all {
        match one.truth(properties)? {
            Some(holds) if holds == decisive => return Ok(Some(decisive)),
            Some(_) => {}
            None => known = false,
        }
    }
    Ok(known.then_some(!decisive))
}

/// Equality: unknown where only the left side is (`doCreateEqual`).
fn equal(left: Option<Value<'_>>, right: Option<Value<'_>>) -> Truth {
    match (left, right) {
        (None, None) => Ok(Some(true)),
        (None, Some(_)) => Ok(None),
        (Some(_), None) => Ok(Some(false)),
        (Some(left), Some(right)) => Ok(Some(compare(left, right)?.is_eq())),
    }
}

/// Order: two texts must both be numbers (`ComparisonExpression.evaluate`).
fn ordered(left: Value<'_>, right: Value<'_>) -> Result<Ordering, Incomparable> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Ok(java_double(left)?.total_cmp(&java_double(right)?)),
        _ => compare(left, right),
    }
}

/// As Java shows expressions in its error messages.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, all: &[Node], sign: &str| {
            // Java's trees lean to the left.
            f.write_str(&"(".repeat(all.len().saturating_sub(1)))?;
            for (index, one) in all.iter().enumerate() {
                match index {
                    0 => write!(f, "{one}")?,
                    _ => write!(f, " {sign} {one})")?,
                }
            }
            Ok(())
        };
        match self {
            Node::Constant(constant) => constant.fmt(f),
            Node::Property(name) => f.write_str(name),
            Node::Negate(of) => write!(f, "(- {of})"),
            Node::Cast(of) => of.fmt(f),
            Node::Not(of) => write!(f, "(NOT {of})"),
            Node::And(all) => join(f, all, "&&"),
            Node::Or(any) => join(f, any, "||"),
            Node::Equal(left, right) => write!(f, "({left} == {right})"),
            Node::Compare(how, left, right) => write!(f, "({left} {} {right})", how.sign()),
            Node::Search { part, within, not, .. } => {
                let word = match part {
                    Part::Contains => "CONTAINS",
                    Part::StartsWith => "STARTSWITH",
                    Part::EndsWith => "ENDSWITH",
                };
                write!(f, "({}{word} {within})", if *not { "NOT " } else { "" })
            }
            Node::In { name, any_of, not } => {
                write!(f, "{name} {} ( {} )", if *not { "NOT IN" } else { "IN" }, any_of.join(", "))
            }
        }
    }
}
