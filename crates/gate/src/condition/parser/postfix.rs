//! What stands behind an expression (`.a`, `?.a`, `[0]`, `[1:]`), and the literals with brackets.

use std::ops::Range;

use super::{Kind, Node, Parsed, Parser, Tok, is_alphabetic};
use crate::condition::CompileError;

impl Parser {
    pub(super) fn postfix(&mut self, mut node: Node) -> Parsed<Node> {
        loop {
            let token = self.current().clone();
            let start = node.span.start;
            node = match token.tok {
                Tok::Op(op @ ("." | "?.")) => {
                    self.next()?;
                    self.property(node, op == "?.")?
                }
                Tok::Bracket('[') => {
                    self.next()?;
                    self.index(node, token.range, start)?
                }
                _ => return Ok(node),
            };
        }
    }

    /// `.name`, perhaps called; operators that are words are names here.
    fn property(&mut self, node: Node, optional: bool) -> Parsed<Node> {
        let start = node.span.start;
        let token = self.next()?;
        let at = token.range;
        let name = match token.tok {
            Tok::Ident(name) => name,
            Tok::Op(op) if op.starts_with(is_alphabetic) => op.to_owned(),
            _ => return Err(CompileError::syntax("expected name".to_owned(), at)),
        };
        let (node, chained) = match node.kind {
            Kind::Chain(inner) => (*inner, true),
            _ => (node, false),
        };
        let property = Box::new(Node::new(Kind::Str(name), at.clone(), at.clone()));
        let kind = Kind::Member { node: Box::new(node), property, optional };
        let mut node = self.node(kind, at.clone(), start)?;
        if self.is_bracket('(') {
            let args = self.arguments()?;
            node = self.node(Kind::Call(Box::new(node), args), at.clone(), start)?;
        }
        if chained || optional {
            node = self.node(Kind::Chain(Box::new(node)), at, start)?;
        }
        Ok(node)
    }

    /// `[i]`, `[from:to]`, each end optional; the opening bracket is behind us.
    fn index(&mut self, node: Node, at: Range<usize>, start: usize) -> Parsed<Node> {
        let node = Box::new(node);
        let mut from = None;
        if !self.is_op(":") {
            from = Some(Box::new(self.expression(0)?));
        }
        let kind = if self.is_op(":") {
            self.next()?;
            let mut to = None;
            if !self.is_bracket(']') {
                to = Some(Box::new(self.expression(0)?));
            }
            Kind::Slice { node, from, to }
        } else {
            let Some(property) = from else {
                return self.unexpected();
            };
            Kind::Member { node, property, optional: false }
        };
        self.expect(Tok::Bracket(']'))?;
        self.node(kind, at, start)
    }

    pub(super) fn array(&mut self, at: Range<usize>) -> Parsed<Node> {
        self.expect(Tok::Bracket('['))?;
        let mut nodes = Vec::new();
        while !self.is_bracket(']') {
            if !nodes.is_empty() {
                self.expect(Tok::Op(","))?;
                if self.is_bracket(']') {
                    break;
                }
            }
            nodes.push(self.expression(0)?);
        }
        self.expect(Tok::Bracket(']'))?;
        let start = at.start;
        self.node(Kind::Array(nodes), at, start)
    }

    pub(super) fn map(&mut self, at: Range<usize>) -> Parsed<Node> {
        self.expect(Tok::Bracket('{'))?;
        let mut pairs = Vec::new();
        while !self.is_bracket('}') {
            if !pairs.is_empty() {
                self.expect(Tok::Op(","))?;
                if self.is_bracket('}') {
                    break;
                }
            }
            let token = self.current().clone();
            let key = match token.tok {
                Tok::Number(key) | Tok::Str(key) | Tok::Ident(key) => {
                    self.next()?;
                    Node::new(Kind::Str(key), token.range.clone(), token.range)
                }
                Tok::Bracket('(') => self.expression(0)?,
                other => {
                    let message = format!(
                        "a map key must be a quoted string, a number, a identifier, or an expression enclosed in \
                         parentheses (unexpected token {})",
                        other.describe()
                    );
                    return Err(CompileError::syntax(message, token.range));
                }
            };
            self.expect(Tok::Op(":"))?;
            pairs.push((key, self.expression(0)?));
        }
        self.expect(Tok::Bracket('}'))?;
        let start = at.start;
        self.node(Kind::Map(pairs), at, start)
    }
}
