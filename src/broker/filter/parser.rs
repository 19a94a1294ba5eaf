//! From words to a tree (Java: the grammar of `SelectorParser.jj`, the checks of `ComparisonExpression`).

use super::lexer::{Lexer, Token};
use super::node::{Comparison, Node, Part};
use super::value::{Constant, compare};

/// How deep parentheses and signs may be nested. Java's limit is the stack of its thread.
const MAX_DEPTH: usize = 100;
/// How many comparisons may follow one another, as in `a = b = TRUE`: each nests all before it.
const MAX_CHAIN: usize = 8;

/// Why a text is no expression: the message of the exception that Java has for it, but for the list of words that
/// it expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SyntaxError(pub(super) String);

impl SyntaxError {
    fn runtime(message: impl std::fmt::Display) -> Self {
        Self(format!("java.lang.RuntimeException: {message}"))
    }
}

type Parsed = Result<Node, SyntaxError>;

/// Reads an expression that is true or false.
pub(super) fn parse(sql: &str) -> Parsed {
    let mut parser = Parser { lexer: Lexer::new(sql), ahead: None, depth: 0 };
    let root = parser.or()?;
    // Java looks at the word behind, too, which must be one.
    parser.peek()?;
    as_boolean(root)
}

struct Parser<'s> {
    lexer: Lexer<'s>,
    ahead: Option<(Token, usize)>,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Result<&Token, SyntaxError> {
        if self.ahead.is_none() {
            self.ahead = Some(self.lexer.next()?);
        }
        Ok(self.ahead.as_ref().map_or(&Token::End, |(token, _)| token))
    }

    fn take(&mut self) -> Result<(Token, usize), SyntaxError> {
        match self.ahead.take() {
            Some(ahead) => Ok(ahead),
            None => self.lexer.next(),
        }
    }

    /// Takes the next word if it is this one.
    fn takes(&mut self, token: &Token) -> Result<bool, SyntaxError> {
        let is = self.peek()? == token;
        if is {
            self.ahead = None;
        }
        Ok(is)
    }

    fn expect(&mut self, token: &Token) -> Result<(), SyntaxError> {
        let (found, at) = self.take()?;
        if found == *token { Ok(()) } else { Err(self.unexpected(&found, at)) }
    }

    fn unexpected(&self, found: &Token, at: usize) -> SyntaxError {
        let (line, column) = self.lexer.position(at);
        let found = match found {
            Token::End => "<EOF>".to_owned(),
            found => format!("{found:?}"),
        };
        SyntaxError(format!(
            "org.apache.rocketmq.filter.parser.ParseException: Encountered \"{found}\" at line {line}, column {column}."
        ))
    }

    fn or(&mut self) -> Parsed {
        self.chain(&Token::Or, Self::and, Node::Or)
    }

    fn and(&mut self) -> Parsed {
        self.chain(&Token::And, Self::equality, Node::And)
    }

    fn chain(&mut self, sign: &Token, part: fn(&mut Self) -> Parsed, join: fn(Vec<Node>) -> Node) -> Parsed {
        let mut first = Some(part(self)?);
        let mut all = Vec::new();
        while self.takes(sign)? {
            let next = part(self)?;
            if let Some(first) = first.take() {
                all.push(as_boolean(first)?);
            }
            all.push(as_boolean(next)?);
        }
        Ok(first.unwrap_or_else(|| join(all)))
    }

    fn equality(&mut self) -> Parsed {
        let mut left = self.comparison()?;
        for _ in 0..MAX_CHAIN {
            left = if self.takes(&Token::Equal)? {
                equal(left, self.comparison()?)?
            } else if self.takes(&Token::NotEqual)? {
                Node::Not(Box::new(equal(left, self.comparison()?)?))
            } else if self.takes(&Token::Is)? {
                let not = self.takes(&Token::Not)?;
                self.expect(&Token::Null)?;
                let is = Node::Equal(Box::new(left), Box::new(Node::Constant(Constant::Null)));
                if not { Node::Not(Box::new(is)) } else { is }
            } else {
                return Ok(left);
            };
        }
        Err(too_deep())
    }

    fn comparison(&mut self) -> Parsed {
        let mut left = self.unary()?;
        for _ in 0..MAX_CHAIN {
            let how = match self.peek()? {
                Token::Greater => Some(Comparison::Greater),
                Token::GreaterOrEqual => Some(Comparison::GreaterOrEqual),
                Token::Less => Some(Comparison::Less),
                Token::LessOrEqual => Some(Comparison::LessOrEqual),
                Token::Not
                | Token::Between
                | Token::In
                | Token::Contains
                | Token::StartsWith
                | Token::EndsWith => None,
                _ => return Ok(left),
            };
            left = match how {
                Some(how) => {
                    self.take()?;
                    compared(how, left, self.unary()?)?
                }
                None => self.predicate(left)?,
            };
        }
        Err(too_deep())
    }

    /// `[NOT] BETWEEN`, `IN`, `CONTAINS`, `STARTSWITH`, `ENDSWITH`.
    fn predicate(&mut self, left: Node) -> Parsed {
        let not = self.takes(&Token::Not)?;
        let (token, at) = self.take()?;
        match token {
            Token::Contains => self.search(Part::Contains, left, not),
            Token::StartsWith => self.search(Part::StartsWith, left, not),
            Token::EndsWith => self.search(Part::EndsWith, left, not),
            Token::Between => self.between(left, not),
            Token::In => self.any_of(left, not),
            other => Err(self.unexpected(&other, at)),
        }
    }

    fn search(&mut self, part: Part, within: Node, not: bool) -> Parsed {
        Ok(Node::Search { part, within: Box::new(within), wanted: self.text()?, not })
    }

    fn between(&mut self, value: Node, not: bool) -> Parsed {
        let low = self.unary()?;
        self.expect(&Token::And)?;
        let high = self.unary()?;
        if !not {
            check_between(&low, &high)?;
        }
        let (first, second) = match not {
            false => (Comparison::GreaterOrEqual, Comparison::LessOrEqual),
            true => (Comparison::Less, Comparison::Greater),
        };
        let both = vec![compared(first, value.clone(), low)?, compared(second, value, high)?];
        Ok(if not { Node::Or(both) } else { Node::And(both) })
    }

    fn any_of(&mut self, left: Node, not: bool) -> Parsed {
        self.expect(&Token::Open)?;
        let mut any_of = vec![self.text()?];
        while self.takes(&Token::Comma)? {
            any_of.push(self.text()?);
        }
        self.expect(&Token::Close)?;
        match left {
            Node::Property(name) => Ok(Node::In { name, any_of, not }),
            other => {
                Err(SyntaxError::runtime(format_args!("Expected a property for In expression, got: {other}")))
            }
        }
    }

    fn text(&mut self) -> Result<String, SyntaxError> {
        match self.take()? {
            (Token::Text(text), _) => Ok(text),
            (other, at) => Err(self.unexpected(&other, at)),
        }
    }

    fn unary(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep());
        }
        let (token, at) = self.take()?;
        let node = match token {
            Token::Plus => self.unary()?,
            Token::Minus => Node::Negate(Box::new(self.unary()?)),
            Token::Not => Node::Not(Box::new(as_boolean(self.unary()?)?)),
            Token::Open => {
                let inside = self.or()?;
                self.expect(&Token::Close)?;
                inside
            }
            Token::Text(text) => Node::Constant(Constant::Text(text)),
            Token::Decimal(digits) => Node::Constant(decimal(&digits)?),
            Token::Floating(text) => Node::Constant(floating(&text)?),
            Token::True => Node::Constant(Constant::Bool(true)),
            Token::False => Node::Constant(Constant::Bool(false)),
            Token::Null => Node::Constant(Constant::Null),
            Token::Name(name) => Node::Property(name),
            other => return Err(self.unexpected(&other, at)),
        };
        self.depth -= 1;
        Ok(node)
    }
}

fn as_boolean(node: Node) -> Parsed {
    match node {
        node if node.is_boolean() => Ok(node),
        Node::Property(_) => Ok(Node::Cast(Box::new(node))),
        other => Err(SyntaxError(format!(
            "org.apache.rocketmq.filter.parser.ParseException: Expression will not result in a boolean value: {other}"
        ))),
    }
}

fn too_deep() -> SyntaxError {
    SyntaxError("java.lang.StackOverflowError".to_owned())
}

fn not_comparable(node: &Node) -> SyntaxError {
    SyntaxError::runtime(format_args!("Value '{node}' cannot be compared."))
}

/// Equality of two values (`createEqual`).
fn equal(left: Node, right: Node) -> Parsed {
    for side in [&left, &right] {
        if matches!(side, Node::Constant(Constant::Null)) {
            return Err(SyntaxError::runtime(format_args!("'{side}' cannot be compared.")));
        }
    }
    if let (Node::Constant(Constant::Bool(_)), Node::Constant(constant)) = (&left, &right)
        && !matches!(constant, Constant::Bool(_))
    {
        return Err(SyntaxError::runtime(format_args!("'{left}' cannot be compared with '{right}'")));
    }
    Ok(Node::Equal(Box::new(left), Box::new(right)))
}

/// Order of two values (`checkLessThanOperand`).
fn compared(how: Comparison, left: Node, right: Node) -> Parsed {
    for side in [&left, &right] {
        let fits = match side {
            Node::Constant(constant) => constant.is_number(),
            other => !other.is_boolean(),
        };
        if !fits {
            return Err(not_comparable(side));
        }
    }
    Ok(Node::Compare(how, Box::new(left), Box::new(right)))
}

/// The bounds, where they are known, are in order (`createBetween`).
fn check_between(low: &Node, high: &Node) -> Result<(), SyntaxError> {
    let (Node::Constant(low), Node::Constant(high)) = (low, high) else { return Ok(()) };
    let (Some(least), Some(most)) = (low.value(), high.value()) else {
        return Err(SyntaxError::runtime("Illegal values of between, values can not be null!"));
    };
    match compare(most, least) {
        Ok(order) if order.is_ge() => Ok(()),
        Ok(_) => Err(SyntaxError::runtime(format_args!(
            "Illegal values of between, left value({}) must less than or equal to right value({})",
            bare(low),
            bare(high)
        ))),
        Err(_) => Err(SyntaxError::runtime("java.lang.NumberFormatException")),
    }
}

fn bare(constant: &Constant) -> String {
    match constant {
        Constant::Text(text) => text.clone(),
        Constant::Bool(value) => value.to_string(),
        other => other.to_string(),
    }
}

fn decimal(digits: &str) -> Result<Constant, SyntaxError> {
    let long: i64 = digits.parse().map_err(|_| {
        SyntaxError(format!("java.lang.NumberFormatException: For input string: \"{digits}\""))
    })?;
    Ok(i32::try_from(long).map_or(Constant::Long(long), Constant::Int))
}

/// Java refuses 0.0 as being less than its least double, which is above 0.
fn floating(text: &str) -> Result<Constant, SyntaxError> {
    match text.parse::<f64>() {
        Ok(value) if value.is_infinite() => {
            Err(SyntaxError::runtime(format_args!("{text} is greater than 1.7976931348623157E308")))
        }
        Ok(value) if value > 0.0 => Ok(Constant::Double(value)),
        Ok(_) => Err(SyntaxError::runtime(format_args!("{text} is less than 4.9E-324"))),
        Err(e) => Err(SyntaxError(e.to_string())),
    }
}
