//! The words of an expression (Java: the tokens of `SelectorParser.jj`).

use super::parser::SyntaxError;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Not,
    And,
    Or,
    Between,
    In,
    True,
    False,
    Null,
    Is,
    Contains,
    StartsWith,
    EndsWith,
    /// Digits; a letter `l` behind them is dropped.
    Decimal(String),
    Floating(String),
    Text(String),
    Name(String),
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Open,
    Comma,
    Close,
    Plus,
    Minus,
    End,
}

const WORDS: [(&str, Token); 12] = [
    ("not", Token::Not),
    ("and", Token::And),
    ("or", Token::Or),
    ("between", Token::Between),
    ("in", Token::In),
    ("true", Token::True),
    ("false", Token::False),
    ("null", Token::Null),
    ("is", Token::Is),
    ("contains", Token::Contains),
    ("startswith", Token::StartsWith),
    ("endswith", Token::EndsWith),
];

/// Two letters before one: the longer sign wins.
const SIGNS: [(&str, Token); 11] = [
    ("<>", Token::NotEqual),
    (">=", Token::GreaterOrEqual),
    ("<=", Token::LessOrEqual),
    ("=", Token::Equal),
    (">", Token::Greater),
    ("<", Token::Less),
    ("(", Token::Open),
    (",", Token::Comma),
    (")", Token::Close),
    ("+", Token::Plus),
    ("-", Token::Minus),
];

/// Reads word by word, no further than it is asked: what follows an expression may be anything.
pub(super) struct Lexer<'s> {
    text: &'s str,
    /// Bytes that were read.
    at: usize,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'s str {
        &self.text[self.at..]
    }

    /// The line and column of a place, from 1.
    pub(super) fn position(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// The next word with its place.
    pub(super) fn next(&mut self) -> Result<(Token, usize), SyntaxError> {
        self.skip();
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok((Token::End, start)) };
        let (token, length) = match first {
            '\'' => text(rest).ok_or_else(|| self.illegal(self.text.len()))?,
            '0'..='9' | '.' => number(rest).ok_or_else(|| self.illegal(start))?,
            'a'..='z' | 'A'..='Z' | '_' | '$' => word(rest),
            _ => SIGNS
                .iter()
                .find(|(sign, _)| rest.starts_with(sign))
                .map(|(sign, token)| (token.clone(), sign.len()))
                .ok_or_else(|| self.illegal(start))?,
        };
        self.at += length;
        Ok((token, start))
    }

    /// Blanks and comments. A comment that does not end is none.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            self.at += rest.len() - trimmed.len();
            let comment = if trimmed.starts_with("--") {
                trimmed.find(['\n', '\r']).map(|end| end + 1)
            } else if let Some(inside) = trimmed.strip_prefix("/*") {
                inside.find("*/").map(|end| end + 4)
            } else {
                None
            };
            match comment {
                Some(length) => self.at += length,
                None => return,
            }
        }
    }

    fn illegal(&self, at: usize) -> SyntaxError {
        let (line, column) = self.position(at);
        let found =
            self.text[at..].chars().next().map_or_else(|| "<EOF>".to_owned(), |found| format!("{found:?}"));
        SyntaxError(format!(
            "org.apache.rocketmq.filter.parser.TokenMgrError: Lexical error at line {line}, column {column}.  \
             Encountered: {found}"
        ))
    }
}

/// A text in quotes, in which two quotes stand for one.
fn text(rest: &str) -> Option<(Token, usize)> {
    let mut value = String::new();
    let mut at = 1;
    loop {
        let end = at + rest[at..].find('\'')?;
        value.push_str(&rest[at..end]);
        at = end + 1;
        if !rest[at..].starts_with('\'') {
            return Some((Token::Text(value), at));
        }
        value.push('\'');
        at += 1;
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Length of an exponent: 0 where there is none.
fn exponent(text: &str) -> usize {
    let Some(behind) = text.strip_prefix(['e', 'E']) else { return 0 };
    let signless = behind.strip_prefix(['+', '-']).unwrap_or(behind);
    match digits(signless) {
        0 => 0,
        count => text.len() - signless.len() + count,
    }
}

/// The longest number; a decimal one has no zeros in front.
fn number(rest: &str) -> Option<(Token, usize)> {
    let whole = digits(rest);
    let fraction = rest[whole..].strip_prefix('.').map(digits);
    let floating = match (whole, fraction) {
        (0, None | Some(0)) => return None,
        (_, Some(count)) => {
            let end = whole + 1 + count;
            Some(end + exponent(&rest[end..]))
        }
        (_, None) => Some(whole + exponent(&rest[whole..])).filter(|end| *end > whole),
    };
    if let Some(end) = floating {
        return Some((Token::Floating(rest[..end].to_owned()), end));
    }
    let end = if rest.starts_with('0') { 1 } else { whole };
    let long = !rest.starts_with('0') && rest[end..].starts_with(['l', 'L']);
    Some((Token::Decimal(rest[..end].to_owned()), end + usize::from(long)))
}

fn word(rest: &str) -> (Token, usize) {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len());
    let name = &rest[..end];
    let keyword = WORDS.iter().find(|(word, _)| name.eq_ignore_ascii_case(word));
    (keyword.map_or_else(|| Token::Name(name.to_owned()), |(_, token)| token.clone()), end)
}
