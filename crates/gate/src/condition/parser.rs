//! The grammar of expr 1.15.5 (its package parser), its oddities included.

use std::ops::Range;

use super::CompileError;
use super::ast::{Binary, Kind, Node, Pointer, Unary};
use super::functions::{Builtin, UNMODELLED};
use super::lexer::{Tok, Token, is_alphabetic, lex};

/// How deep expressions may nest, and how high a tree may grow: far beyond any real condition, well below the stack.
const MAX_DEPTH: usize = 60;
const MAX_HEIGHT: usize = 200;
const MAX_SIZE: usize = 10_000;

type Parsed<T> = Result<T, CompileError>;

/// Parses a whole condition.
pub(super) fn parse(text: &str) -> Parsed<Node> {
    let mut parser = Parser { tokens: lex(text)?, pos: 0, depth: 0, closures: 0 };
    let node = parser.expression(0)?;
    match parser.current().tok {
        Tok::Eof => Ok(node),
        _ => parser.unexpected(),
    }
}

struct Parser {
    tokens: Vec<Token>,
    pos: usize,
    /// Nesting of `expression`.
    depth: usize,
    /// Nesting of closures, in which `#` means something.
    closures: usize,
}

const EOF: Token = Token { tok: Tok::Eof, range: 0..0 };

fn binary(op: &str) -> Option<(Binary, u16, bool)> {
    let left = |op, precedence| Some((op, precedence, false));
    match op {
        "or" | "||" => left(Binary::Or, 10),
        "and" | "&&" => left(Binary::And, 15),
        "==" => left(Binary::Eq, 20),
        "!=" => left(Binary::Ne, 20),
        "<" => left(Binary::Lt, 20),
        ">" => left(Binary::Gt, 20),
        ">=" => left(Binary::Ge, 20),
        "<=" => left(Binary::Le, 20),
        "in" => left(Binary::In, 20),
        "contains" => left(Binary::Contains, 20),
        "startsWith" => left(Binary::StartsWith, 20),
        "endsWith" => left(Binary::EndsWith, 20),
        ".." => left(Binary::Range, 25),
        "+" => left(Binary::Add, 30),
        "-" => left(Binary::Sub, 30),
        "*" => left(Binary::Mul, 60),
        "/" => left(Binary::Div, 60),
        "%" => left(Binary::Mod, 60),
        "**" | "^" => Some((Binary::Pow, 100, true)),
        "??" => left(Binary::Coalesce, 500),
        _ => None,
    }
}

fn unary(op: &str) -> Option<(Unary, u16)> {
    match op {
        "not" | "!" => Some((Unary::Not, 50)),
        "-" => Some((Unary::Minus, 90)),
        "+" => Some((Unary::Plus, 90)),
        _ => None,
    }
}

impl Parser {
    fn current(&self) -> &Token {
        self.tokens.get(self.pos).unwrap_or(&EOF)
    }

    fn op(&self) -> Option<&'static str> {
        match self.current().tok {
            Tok::Op(op) => Some(op),
            _ => None,
        }
    }

    fn is_op(&self, op: &str) -> bool {
        self.op() == Some(op)
    }

    fn is_bracket(&self, bracket: char) -> bool {
        self.current().tok == Tok::Bracket(bracket)
    }

    fn next(&mut self) -> Parsed<Token> {
        let token = self.current().clone();
        if token.tok == Tok::Eof {
            return Err(CompileError::syntax("unexpected end of expression".to_owned(), token.range));
        }
        self.pos += 1;
        Ok(token)
    }

    /// The end of the token before the current one.
    fn end(&self) -> usize {
        let last = self.pos.checked_sub(1).and_then(|i| self.tokens.get(i));
        last.map_or(0, |token| token.range.end)
    }

    fn unexpected<T>(&self) -> Parsed<T> {
        let token = self.current();
        let message = format!("unexpected token {}", token.tok.describe());
        Err(CompileError::syntax(message, token.range.clone()))
    }

    fn expect(&mut self, tok: Tok) -> Parsed<Token> {
        if self.current().tok == tok { self.next() } else { self.unexpected() }
    }

    fn node(&self, kind: Kind, at: Range<usize>, start: usize) -> Parsed<Node> {
        let node = Node::new(kind, at.clone(), start..self.end());
        if node.height > MAX_HEIGHT || node.size > MAX_SIZE {
            return Err(CompileError::unmodelled("the condition is too large", at));
        }
        Ok(node)
    }

    fn expression(&mut self, precedence: u16) -> Parsed<Node> {
        if self.depth >= MAX_DEPTH {
            let range = self.current().range.clone();
            return Err(CompileError::unmodelled("the condition is nested too deeply", range));
        }
        self.depth += 1;
        let node = self.expression_inner(precedence);
        self.depth -= 1;
        node
    }

    fn expression_inner(&mut self, precedence: u16) -> Parsed<Node> {
        if precedence == 0 && self.is_op("let") {
            return self.declaration();
        }
        let mut left = self.primary()?;
        let mut previous = "";
        while let Some(mut op) = self.op() {
            let mut negated = None;
            if op == "not" {
                // `a not in b`. Where the operator behind it does not belong here, expr has lost the `not` by now.
                negated = Some(self.next()?.range);
                match self.op() {
                    Some(next) => op = next,
                    None => break,
                }
            }
            if op == "matches" {
                let range = self.current().range.clone();
                return Err(CompileError::unmodelled("`matches` is not modelled", range));
            }
            if op == "|" && precedence == 0 {
                self.next()?;
                left = self.pipe(left)?;
                previous = op;
                continue;
            }
            let Some((binary, level, right_associative)) = binary(op).filter(|(_, level, _)| *level >= precedence)
            else {
                break;
            };
            let at = self.next()?.range;
            if previous == "??" && op != "??" {
                let message = format!(
                    "Operator ({op}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses."
                );
                return Err(CompileError::syntax(message, at));
            }
            let right = self.expression(if right_associative { level } else { level + 1 })?;
            let start = left.span.start;
            left = self.node(Kind::Binary(binary, Box::new(left), Box::new(right)), at, start)?;
            if let Some(at) = negated {
                left = self.node(Kind::Unary(Unary::Not, Box::new(left)), at, start)?;
            }
            previous = op;
        }
        if precedence == 0 { self.conditional(left) } else { Ok(left) }
    }

    fn declaration(&mut self) -> Parsed<Node> {
        let start = self.next()?.range.start;
        let token = self.current().clone();
        let Tok::Ident(name) = token.tok else {
            return self.unexpected();
        };
        self.next()?;
        self.expect(Tok::Op("="))?;
        let value = Box::new(self.expression(0)?);
        self.expect(Tok::Op(";"))?;
        let body = Box::new(self.expression(0)?);
        self.node(Kind::Let { name, value, body }, token.range, start)
    }

    fn conditional(&mut self, mut node: Node) -> Parsed<Node> {
        while self.is_op("?") {
            let at = self.next()?.range;
            let yes = if self.is_op(":") { node.clone() } else { self.expression(0)? };
            self.expect(Tok::Op(":"))?;
            let no = self.expression(0)?;
            let start = node.span.start;
            let kind = Kind::Conditional(Box::new(node), Box::new(yes), Box::new(no));
            node = self.node(kind, at, start)?;
        }
        Ok(node)
    }

    fn primary(&mut self) -> Parsed<Node> {
        let token = self.current().clone();
        let start = token.range.start;
        match &token.tok {
            Tok::Op(op) => {
                if let Some((op, precedence)) = unary(op) {
                    self.next()?;
                    let operand = Box::new(self.expression(precedence)?);
                    let node = self.node(Kind::Unary(op, operand), token.range, start)?;
                    return self.postfix(node);
                }
                if matches!(*op, "#" | ".") {
                    if self.closures == 0 {
                        let message = "cannot use pointer accessor outside closure".to_owned();
                        return Err(CompileError::syntax(message, token.range));
                    }
                    let node = self.pointer(*op == "#", token.range)?;
                    return self.postfix(node);
                }
            }
            Tok::Bracket('(') => {
                self.next()?;
                let mut node = self.expression(0)?;
                self.expect(Tok::Bracket(')'))?;
                node.span = start..self.end();
                return self.postfix(node);
            }
            _ => {}
        }
        self.secondary(token)
    }

    fn pointer(&mut self, hash: bool, at: Range<usize>) -> Parsed<Node> {
        let mut pointer = Pointer::Element;
        if hash {
            self.next()?;
            if let Tok::Ident(name) = &self.current().tok {
                pointer = Pointer::Named(name.clone());
                self.next()?;
            }
        }
        let start = at.start;
        self.node(Kind::Pointer(pointer), at, start)
    }

    fn secondary(&mut self, token: Token) -> Parsed<Node> {
        let start = token.range.start;
        let at = token.range.clone();
        let node = match token.tok {
            Tok::Ident(name) => {
                self.next()?;
                match name.as_str() {
                    // expr takes no postfix after these, nor after numbers and strings.
                    "true" => return self.node(Kind::Bool(true), at, start),
                    "false" => return self.node(Kind::Bool(false), at, start),
                    "nil" => return self.node(Kind::Nil, at, start),
                    _ if UNMODELLED.contains(&name.as_str()) => {
                        let message = format!("`{name}` is not modelled");
                        return Err(CompileError::unmodelled(&message, at));
                    }
                    _ if self.is_bracket('(') => self.call(name, at, None)?,
                    _ => self.node(Kind::Ident(name), at, start)?,
                }
            }
            Tok::Number(text) => {
                self.next()?;
                let kind = number(&text, &at)?;
                return self.node(kind, at, start);
            }
            Tok::Str(value) => {
                self.next()?;
                return self.node(Kind::Str(value), at, start);
            }
            Tok::Bracket('[') => self.array(at)?,
            Tok::Bracket('{') => self.map(at)?,
            _ => return self.unexpected(),
        };
        self.postfix(node)
    }

    /// A call, with the value that was piped into it as its first argument.
    fn call(&mut self, name: String, at: Range<usize>, piped: Option<Node>) -> Parsed<Node> {
        let start = piped.as_ref().map_or(at.start, |node| node.span.start);
        let mut args: Vec<Node> = piped.into_iter().collect();
        let Some(function) = Builtin::named(&name) else {
            args.extend(self.arguments()?);
            let callee = Box::new(Node::new(Kind::Ident(name), at.clone(), at.clone()));
            return self.node(Kind::Call(callee, args), at, start);
        };
        if function.is_predicate() {
            self.expect(Tok::Bracket('('))?;
            if args.is_empty() {
                args.push(self.expression(0)?);
                self.expect(Tok::Op(","))?;
            }
            args.push(self.closure()?);
            if function == Builtin::Reduce && self.is_op(",") {
                self.next()?;
                args.push(self.expression(0)?);
            }
            self.expect(Tok::Bracket(')'))?;
        } else {
            args.extend(self.arguments()?);
        }
        let kind = Kind::Builtin { function, args, throws: false, map: None };
        self.node(kind, at, start)
    }

    fn pipe(&mut self, piped: Node) -> Parsed<Node> {
        let token = self.current().clone();
        let Tok::Ident(name) = token.tok else {
            return self.unexpected();
        };
        if UNMODELLED.contains(&name.as_str()) {
            return Err(CompileError::unmodelled(&format!("`{name}` is not modelled"), token.range));
        }
        self.next()?;
        self.call(name, token.range, Some(piped))
    }

    fn closure(&mut self) -> Parsed<Node> {
        let at = self.current().range.clone();
        let start = at.start;
        let braces = self.is_bracket('{');
        if braces {
            self.next()?;
        }
        self.closures += 1;
        let body = self.expression(0);
        self.closures -= 1;
        let body = Box::new(body?);
        if braces {
            self.expect(Tok::Bracket('}'))?;
        }
        self.node(Kind::Closure(body), at, start)
    }

    fn arguments(&mut self) -> Parsed<Vec<Node>> {
        self.expect(Tok::Bracket('('))?;
        let mut nodes = Vec::new();
        while !self.is_bracket(')') {
            if !nodes.is_empty() {
                self.expect(Tok::Op(","))?;
            }
            nodes.push(self.expression(0)?);
        }
        self.expect(Tok::Bracket(')'))?;
        Ok(nodes)
    }
}

mod postfix;

/// The value of a number literal.
fn number(text: &str, range: &Range<usize>) -> Parsed<Kind> {
    let digits = text.replace('_', "");
    let (kind, value) = if let Some(hex) = digits.strip_prefix("0x") {
        ("hex", i64::from_str_radix(hex, 16).ok().map(Kind::Int))
    } else if digits.contains(['.', 'e', 'E']) && !digits.contains('x') {
        let value = digits.parse::<f64>().ok().filter(|v| v.is_finite());
        ("float", value.map(Kind::Float))
    } else {
        ("integer", digits.parse::<i64>().ok().map(Kind::Int))
    };
    value.ok_or_else(|| CompileError::syntax(format!("invalid {kind} literal: {text:?}"), range.clone()))
}
