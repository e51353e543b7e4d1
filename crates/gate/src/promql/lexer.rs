//! Tokens of PromQL, cut as Prometheus 3 cuts them (`promql/parser/lex.go`).

use std::ops::Range;

use super::literal::{Literal, duration, number, scan_number, unquote};

/// What a token is. Words are told apart by the parser, as keywords are legal metric and label names in many places.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A name without colon, keyword or not.
    Word,
    /// A name with a colon: a metric, never a function or label.
    MetricWord,
    /// A number, `Inf` and `NaN` included.
    Number(f64),
    /// A duration, in seconds.
    Duration(f64),
    /// A string, unquoted.
    Text(String),
    /// An operator or a piece of punctuation.
    Sign(&'static str),
    /// The end of the text.
    End,
    /// What can't be read, and why.
    Error(String),
}

/// A token and where it stands in the text that was lexed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// Longest first, so that `==` is not read as `=` twice.
const SIGNS: [&str; 17] = ["==", "!=", "<=", ">=", "<", ">", "=", "+", "-", "*", "/", "%", "^", ",", "@", "(", ")"];
const BRACE_SIGNS: [&str; 5] = ["=~", "!~", "!=", "=", ","];

/// The tokens of `text`; the last one is [`Kind::End`] or [`Kind::Error`].
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, open: Vec::new() };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next();
        let last = matches!(token.kind, Kind::End | Kind::Error(_));
        tokens.push(token);
        if last {
            return tokens;
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// The parentheses, braces and brackets that are open.
    open: Vec<char>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn inside(&self) -> char {
        self.open.last().copied().unwrap_or('(')
    }

    fn token(&mut self, kind: Kind, len: usize) -> Token {
        let start = self.at;
        self.at += len;
        Token { kind, span: start..self.at }
    }

    fn error(&mut self, message: impl Into<String>) -> Token {
        let len = self.rest().chars().next().map_or(0, char::len_utf8);
        self.token(Kind::Error(message.into()), len)
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            // Prometheus reads no comment between `[` and the duration.
            let comment = match rest[blank..].starts_with('#') {
                true if !(self.inside() == '[' && self.last_significant() == Some('[')) => {
                    rest[blank..].find(['\n', '\r']).unwrap_or(rest.len() - blank)
                }
                _ => 0,
            };
            self.at += blank + comment;
            if comment == 0 {
                return;
            }
        }
    }

    fn last_significant(&self) -> Option<char> {
        self.text[..self.at].trim_end().chars().next_back()
    }

    fn next(&mut self) -> Token {
        self.skip_blank();
        let Some(first) = self.rest().chars().next() else {
            return match self.open.last() {
                None => self.token(Kind::End, 0),
                Some('(') => self.error("unclosed left parenthesis"),
                Some('[') => self.error("unclosed left bracket"),
                Some(_) => self.error("unexpected end of input inside braces"),
            };
        };
        if matches!(first, '"' | '\'' | '`') {
            return match unquote(self.rest()) {
                Ok((value, len)) => self.token(Kind::Text(value), len),
                Err(message) => self.error(message),
            };
        }
        match self.inside() {
            '{' => self.in_braces(first),
            '[' => self.in_brackets(first),
            _ => self.in_statement(first),
        }
    }

    fn sign(&mut self, signs: &[&'static str]) -> Option<Token> {
        let sign = signs.iter().find(|sign| self.rest().starts_with(**sign))?;
        Some(self.token(Kind::Sign(sign), sign.len()))
    }

    fn in_statement(&mut self, first: char) -> Token {
        match first {
            '{' => {
                self.open.push('{');
                self.token(Kind::Sign("{"), 1)
            }
            '[' => {
                self.open.push('[');
                self.token(Kind::Sign("["), 1)
            }
            '(' => {
                self.open.push('(');
                self.token(Kind::Sign("("), 1)
            }
            ')' if self.open.pop().is_none() => self.error("unexpected right parenthesis ')'"),
            '0'..='9' | '.' => self.number_or_duration(),
            _ if is_alpha(first) || first == ':' => {
                let len = self.rest().find(|c| !is_alphanumeric(c) && c != ':').unwrap_or(self.rest().len());
                let word = &self.rest()[..len];
                match word.to_ascii_lowercase().as_str() {
                    "inf" => self.token(Kind::Number(f64::INFINITY), len),
                    "nan" => self.token(Kind::Number(f64::NAN), len),
                    _ if word.contains(':') => self.token(Kind::MetricWord, len),
                    _ => self.token(Kind::Word, len),
                }
            }
            _ => match self.sign(&SIGNS) {
                Some(token) => token,
                None => self.error(format!("unexpected character: {first:?}")),
            },
        }
    }

    fn in_braces(&mut self, first: char) -> Token {
        match first {
            '}' => {
                self.open.pop();
                self.token(Kind::Sign("}"), 1)
            }
            _ if is_alpha(first) => {
                let len = self.rest().find(|c| !is_alphanumeric(c)).unwrap_or(self.rest().len());
                self.token(Kind::Word, len)
            }
            _ => match self.sign(&BRACE_SIGNS) {
                Some(token) => token,
                None => self.error(format!("unexpected character inside braces: {first:?}")),
            },
        }
    }

    fn in_brackets(&mut self, first: char) -> Token {
        match first {
            ']' => {
                self.open.pop();
                self.token(Kind::Sign("]"), 1)
            }
            ':' => self.token(Kind::Sign(":"), 1),
            '+' => self.token(Kind::Sign("+"), 1),
            '-' => self.token(Kind::Sign("-"), 1),
            '0'..='9' | '.' => self.number_or_duration(),
            _ => self.error(format!("unexpected character: {first:?}, expected a duration")),
        }
    }

    fn number_or_duration(&mut self) -> Token {
        let (scanned, len) = scan_number(self.rest());
        let text = &self.rest()[..len.min(self.rest().len())];
        match scanned {
            Literal::Number => match number(text) {
                Some(value) => self.token(Kind::Number(value), len),
                None => self.error(format!("error parsing number: {text:?}")),
            },
            Literal::Duration => match duration(text) {
                Ok(value) => self.token(Kind::Duration(value), len),
                Err(message) => self.error(message),
            },
            Literal::Neither => self.error(format!("bad number or duration syntax: {text:?}")),
        }
    }
}

pub(super) fn is_alpha(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic()
}

pub(super) fn is_alphanumeric(c: char) -> bool {
    is_alpha(c) || c.is_ascii_digit()
}
