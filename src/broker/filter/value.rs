//! Values of an expression and how Java compares them (`ComparisonExpression.__compare`).

use std::cmp::Ordering;
use std::fmt;

/// A value that is known. Properties are texts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Bool(bool),
    Int(i32),
    Long(i64),
    Double(f64),
    Text(&'a str),
}

/// Two values cannot be compared, where Java throws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Incomparable;

/// `Double.valueOf`, but for hexadecimal numbers.
pub(super) fn java_double(text: &str) -> Result<f64, Incomparable> {
    let text = text.trim_matches(|c| c <= ' ');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    let signed = |value: f64| if negative { -value } else { value };
    match unsigned {
        "NaN" => return Ok(f64::NAN),
        "Infinity" => return Ok(signed(f64::INFINITY)),
        _ => {}
    }
    let number = unsigned.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(unsigned);
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    let value = number.parse::<f64>().ok().filter(|_| plain && !number.starts_with(['+', '-']));
    value.map(signed).ok_or(Incomparable)
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, Incomparable> {
    text.parse().map_err(|_| Incomparable)
}

#[expect(clippy::cast_precision_loss, reason = "Java's conversion of a long to a double")]
fn widened(long: i64) -> f64 {
    long as f64
}

/// Compares as Java does: a text is read as what it is compared with, kinds that do not go together are less.
///
/// # Errors
/// A text is not of the other's kind.
pub(super) fn compare(left: Value<'_>, right: Value<'_>) -> Result<Ordering, Incomparable> {
    use Value::{Bool, Double, Int, Long, Text};
    Ok(match (left, right) {
        (Bool(a), Bool(b)) => a.cmp(&b),
        (Text(a), Text(b)) => a.cmp(b),
        // Java casts the boolean to a text and fails.
        (Bool(_), Text(_)) => return Err(Incomparable),
        (Bool(_), Int(_) | Long(_) | Double(_)) | (Int(_) | Long(_) | Double(_), Bool(_)) => Ordering::Less,
        (Int(a), Int(b)) => a.cmp(&b),
        (Long(a), Long(b)) => a.cmp(&b),
        (Double(a), Double(b)) => a.total_cmp(&b),
        (Int(a), Long(b)) => i64::from(a).cmp(&b),
        (Long(a), Int(b)) => a.cmp(&i64::from(b)),
        (Int(a), Double(b)) => f64::from(a).total_cmp(&b),
        (Double(a), Int(b)) => a.total_cmp(&f64::from(b)),
        (Long(a), Double(b)) => widened(a).total_cmp(&b),
        (Double(a), Long(b)) => a.total_cmp(&widened(b)),
        (Int(a), Text(b)) => a.cmp(&parsed(b)?),
        (Long(a), Text(b)) => a.cmp(&parsed(b)?),
        (Double(a), Text(b)) => a.total_cmp(&java_double(b)?),
        (Text(a), Bool(b)) => a.eq_ignore_ascii_case("true").cmp(&b),
        (Text(a), Int(b)) => parsed::<i32>(a)?.cmp(&b),
        (Text(a), Long(b)) => parsed::<i64>(a)?.cmp(&b),
        (Text(a), Double(b)) => java_double(a)?.total_cmp(&b),
    })
}

/// A value that stands in the expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    Int(i32),
    Long(i64),
    Double(f64),
    Text(String),
}

impl Constant {
    pub(super) fn value(&self) -> Option<Value<'_>> {
        Some(match self {
            Constant::Null => return None,
            Constant::Bool(value) => Value::Bool(*value),
            Constant::Int(value) => Value::Int(*value),
            Constant::Long(value) => Value::Long(*value),
            Constant::Double(value) => Value::Double(*value),
            Constant::Text(value) => Value::Text(value),
        })
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Constant::Int(_) | Constant::Long(_) | Constant::Double(_))
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Constant::Null => f.write_str("NULL"),
            Constant::Bool(value) => f.write_str(if *value { "TRUE" } else { "FALSE" }),
            Constant::Int(value) => value.fmt(f),
            Constant::Long(value) => value.fmt(f),
            Constant::Double(value) => write!(f, "{value:?}"),
            Constant::Text(value) => write!(f, "'{}'", value.replace('\'', "''")),
        }
    }
}
