//! Tokens of expr 1.15.5 (its package parser/lexer), with byte ranges where it keeps lines and columns.

use std::ops::Range;

use super::CompileError;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tok {
    /// A name; `true`, `false` and `nil` are names as well.
    Ident(String),
    /// A number as it is written.
    Number(String),
    /// A string, unescaped.
    Str(String),
    /// An operator or a word that is one (`and`, `in`, `let`…).
    Op(&'static str),
    /// One of `()[]{}`.
    Bracket(char),
    /// The end of the text.
    Eof,
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub tok: Tok,
    pub range: Range<usize>,
}

impl Tok {
    /// The token as expr's messages print it.
    pub(super) fn describe(&self) -> String {
        match self {
            Tok::Ident(s) => format!("Identifier({s:?})"),
            Tok::Number(s) => format!("Number({s:?})"),
            Tok::Str(s) if s.is_empty() => "String".to_owned(),
            Tok::Str(s) => format!("String({s:?})"),
            Tok::Op(s) => format!("Operator({s:?})"),
            Tok::Bracket(c) => format!("Bracket(\"{c}\")"),
            Tok::Eof => "EOF".to_owned(),
        }
    }
}

const WORDS: [&str; 9] = ["not", "in", "or", "and", "matches", "contains", "startsWith", "endsWith", "let"];

/// Every operator that the lexer can produce; the longest match wins. The odd ones (`!&`, `<*`…) come out of expr's rule
/// "one of `&!=*<>`, then perhaps one of `&=*`"; no grammar rule takes them.
const OPERATORS: [&str; 41] = [
    "&&", "&=", "&*", "!&", "!=", "!*", "=&", "==", "=*", "*&", "*=", "**", "<&", "<=", "<*", ">&", ">=", ">*", "||",
    "?.", "??", "..", "##", "&", "!", "=", "*", "<", ">", "|", "?", ".", "#", "/", ",", ":", ";", "%", "+", "-", "^",
];

pub(super) fn is_alphabetic(c: char) -> bool {
    c == '_' || c == '$' || c.is_alphabetic()
}

fn is_alphanumeric(c: char) -> bool {
    is_alphabetic(c) || (if c.is_ascii() { c.is_ascii_digit() } else { c.is_numeric() })
}

/// Splits a condition into tokens; the last one is [`Tok::Eof`].
pub(super) fn lex(text: &str) -> Result<Vec<Token>, CompileError> {
    let mut lexer = Lexer { text, pos: 0, tokens: Vec::new() };
    while lexer.token()? {}
    let end = text.len();
    lexer.push(Tok::Eof, end);
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    text: &'a str,
    pos: usize,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn accept(&mut self, valid: &str) -> bool {
        match self.peek() {
            Some(c) if valid.contains(c) => {
                self.pos += c.len_utf8();
                true
            }
            _ => false,
        }
    }

    fn accept_while(&mut self, valid: impl Fn(char) -> bool) {
        while let Some(c) = self.peek().filter(|c| valid(*c)) {
            self.pos += c.len_utf8();
        }
    }

    fn push(&mut self, tok: Tok, start: usize) {
        self.tokens.push(Token { tok, range: start..self.pos });
    }

    fn error<T>(&self, start: usize, message: String) -> Result<T, CompileError> {
        Err(CompileError::syntax(message, start..self.pos.max(start)))
    }

    /// Reads one token; false at the end of the text.
    fn token(&mut self) -> Result<bool, CompileError> {
        let start = self.pos;
        let Some(c) = self.peek() else {
            return Ok(false);
        };
        match c {
            c if c.is_whitespace() => self.pos += c.len_utf8(),
            '\'' | '"' => {
                let value = self.string(c)?;
                self.push(Tok::Str(value), start);
            }
            '0'..='9' => self.number(start)?,
            '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number(start)?,
            '(' | ')' | '[' | ']' | '{' | '}' => {
                self.pos += 1;
                self.push(Tok::Bracket(c), start);
            }
            '/' if self.rest().starts_with("//") => self.accept_while(|c| c != '\n'),
            '/' if self.rest().starts_with("/*") => match self.rest()[2..].find("*/") {
                Some(end) => self.pos += end + 4,
                None => {
                    self.pos = self.text.len();
                    return self.error(start, "unclosed comment".to_owned());
                }
            },
            c if is_alphabetic(c) => self.word(start),
            _ => match OPERATORS.iter().find(|op| self.rest().starts_with(**op)) {
                Some(op) => {
                    self.pos += op.len();
                    self.push(Tok::Op(op), start);
                    if op.starts_with('#') {
                        self.pointer_name();
                    }
                }
                None => {
                    self.pos += c.len_utf8();
                    let code = format!("unrecognized character: U+{:04X} '{c}'", u32::from(c));
                    return self.error(start, code);
                }
            },
        }
        Ok(true)
    }

    fn word(&mut self, start: usize) {
        self.accept_while(is_alphanumeric);
        let word = &self.text[start..self.pos];
        match WORDS.iter().find(|w| **w == word) {
            Some(op) => self.push(Tok::Op(op), start),
            None => self.push(Tok::Ident(word.to_owned()), start),
        }
    }

    /// Whatever follows `#` directly is a name, even `in` or `1`.
    fn pointer_name(&mut self) {
        let start = self.pos;
        self.accept_while(is_alphanumeric);
        if self.pos > start {
            let name = self.text[start..self.pos].to_owned();
            self.push(Tok::Ident(name), start);
        }
    }

    fn number(&mut self, start: usize) -> Result<(), CompileError> {
        let decimal = |c: char| c.is_ascii_digit() || c == '_';
        let mut digits: fn(char) -> bool = decimal;
        if self.accept("0") {
            if self.accept("xX") {
                digits = |c| c.is_ascii_hexdigit() || c == '_';
            } else if self.accept("oO") {
                digits = |c| ('0'..='7').contains(&c) || c == '_';
            } else if self.accept("bB") {
                digits = |c| matches!(c, '0' | '1' | '_');
            }
        }
        self.accept_while(digits);
        // `1..2` is a range, not a number with a dot.
        if !self.rest().starts_with("..") {
            if self.accept(".") {
                self.accept_while(digits);
            }
            if self.accept("eE") {
                self.accept("+-");
                self.accept_while(digits);
            }
            if let Some(c) = self.peek().filter(|c| is_alphanumeric(*c)) {
                self.pos += c.len_utf8();
                let word = &self.text[start..self.pos];
                return self.error(start, format!("bad number syntax: {word:?}"));
            }
        }
        let word = self.text[start..self.pos].to_owned();
        self.push(Tok::Number(word), start);
        Ok(())
    }

    fn string(&mut self, quote: char) -> Result<String, CompileError> {
        let start = self.pos;
        self.pos += 1;
        let mut value = Vec::new();
        loop {
            match self.peek() {
                None | Some('\n') => {
                    return self.error(start, "literal not terminated".to_owned());
                }
                Some(c) if c == quote => {
                    self.pos += 1;
                    // Escapes can make bytes that are no text; no condition over numbers can tell.
                    return Ok(String::from_utf8_lossy(&value).into_owned());
                }
                Some('\\') => {
                    self.pos += 1;
                    self.escape(quote, &mut value)?;
                }
                // Newlines are normalised; a bare one was refused above.
                Some('\r') => {
                    self.pos += 1;
                    value.push(b'\n');
                }
                Some(c) => {
                    self.pos += c.len_utf8();
                    value.extend(c.to_string().as_bytes());
                }
            }
        }
    }

    /// An escape sequence: the scanner and the decoder of expr differ, and both must accept it.
    fn escape(&mut self, quote: char, value: &mut Vec<u8>) -> Result<(), CompileError> {
        let start = self.pos;
        let Some(c) = self.peek() else {
            return self.error(start, "invalid char escape".to_owned());
        };
        self.pos += c.len_utf8();
        let simple = match c {
            'a' => Some(7),
            'b' => Some(8),
            'f' => Some(12),
            'n' => Some(b'\n'),
            'r' => Some(b'\r'),
            't' => Some(b'\t'),
            'v' => Some(11),
            '\\' => Some(b'\\'),
            c if c == quote => Some(quote as u8),
            _ => None,
        };
        if let Some(byte) = simple {
            value.push(byte);
            return Ok(());
        }
        let (radix, len) = match c {
            'x' => (16, 2),
            'u' => (16, 4),
            'U' => (16, 8),
            '0'..='3' => {
                self.pos -= 1;
                (8, 3)
            }
            _ => return self.error(start, "invalid char escape".to_owned()),
        };
        let digits = self.rest().get(..len).unwrap_or_default();
        let all = digits.len() == len && digits.chars().all(|c| c.is_digit(radix));
        match u32::from_str_radix(digits, radix) {
            Ok(code) if all && code <= 0x10_ffff => {
                self.pos += len;
                let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                value.extend(c.to_string().as_bytes());
                Ok(())
            }
            _ => self.error(start, "invalid char escape".to_owned()),
        }
    }
}
