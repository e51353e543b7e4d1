//! The syntax tree of a condition.

use std::ops::Range;

use super::functions::Builtin;
use super::types::Type;

/// A node, what the checker found out about it, and where it stands in the text (bytes).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub kind: Kind,
    /// The static type; `Nil` where there is none, as in Go.
    pub ty: Type,
    /// The token that stands for the node: an operator, a name, a number.
    pub at: Range<usize>,
    /// The whole expression, its parentheses included.
    pub span: Range<usize>,
    /// Levels below, bounded so that recursion over a tree cannot overflow the stack.
    pub height: usize,
    /// Nodes in the tree, bounded because `a ?: b` doubles `a`.
    pub size: usize,
}

/// A unary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Minus,
    Plus,
}

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Gt,
    Ge,
    Le,
    In,
    Contains,
    StartsWith,
    EndsWith,
    Range,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Coalesce,
}

/// What `#`, `#index` and `#acc` point at inside a closure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pointer {
    Element,
    Named(String),
}

/// The kinds of nodes of expr 1.15.5, and one of its optimiser's.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Nil,
    Ident(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Str(String),
    Unary(Unary, Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    /// The end of an optional chain `a?.b.c`.
    Chain(Box<Node>),
    Member {
        node: Box<Node>,
        property: Box<Node>,
        optional: bool,
    },
    Slice {
        node: Box<Node>,
        from: Option<Box<Node>>,
        to: Option<Box<Node>>,
    },
    Call(Box<Node>, Vec<Node>),
    Builtin {
        function: Builtin,
        args: Vec<Node>,
        /// `find` made from `filter(…)[0]`: nothing found is an error.
        throws: bool,
        /// What is made of a found element, from `map(filter(…), …)`.
        map: Option<Box<Node>>,
    },
    Closure(Box<Node>),
    Pointer(Pointer),
    Let {
        name: String,
        value: Box<Node>,
        body: Box<Node>,
    },
    Conditional(Box<Node>, Box<Node>, Box<Node>),
    Array(Vec<Node>),
    Map(Vec<(Node, Node)>),
    /// `x in [1, 2]` and `x in ["a"]` after the optimiser: a look-up by type and value.
    InInts(Box<Node>, Vec<i64>),
    InStrings(Box<Node>, Vec<String>),
}

/// The direct children of a node's kind, in the order in which expr walks them: one list for both kinds of reference.
macro_rules! children {
    ($kind:expr, $f:expr, $iter:ident) => {
        match $kind {
            Kind::Nil
            | Kind::Ident(_)
            | Kind::Int(_)
            | Kind::Float(_)
            | Kind::Bool(_)
            | Kind::Str(_)
            | Kind::Pointer(_) => {}
            Kind::Unary(_, node)
            | Kind::Chain(node)
            | Kind::Closure(node)
            | Kind::InInts(node, _)
            | Kind::InStrings(node, _) => $f(node),
            Kind::Binary(_, left, right) => {
                $f(left);
                $f(right);
            }
            Kind::Member { node, property, .. } => {
                $f(node);
                $f(property);
            }
            Kind::Slice { node, from, to } => {
                $f(node);
                from.$iter().for_each(|n| $f(n));
                to.$iter().for_each(|n| $f(n));
            }
            Kind::Call(callee, args) => {
                $f(callee);
                args.$iter().for_each(|n| $f(n));
            }
            Kind::Builtin { args, .. } => args.$iter().for_each(|n| $f(n)),
            Kind::Let { value, body, .. } => {
                $f(value);
                $f(body);
            }
            Kind::Conditional(condition, yes, no) => {
                $f(condition);
                $f(yes);
                $f(no);
            }
            Kind::Array(nodes) => nodes.$iter().for_each(|n| $f(n)),
            Kind::Map(pairs) => {
                for (key, value) in pairs {
                    $f(key);
                    $f(value);
                }
            }
        }
    };
}

impl Node {
    pub(super) fn new(kind: Kind, at: Range<usize>, span: Range<usize>) -> Node {
        let mut node = Node { kind, ty: Type::Nil, at, span, height: 0, size: 1 };
        let (mut height, mut size) = (0, 1);
        node.for_children(&mut |child| {
            height = height.max(child.height + 1);
            size += child.size;
        });
        (node.height, node.size) = (height, size);
        node
    }

    /// Calls `f` for each direct child, in the order in which expr walks them.
    pub(super) fn for_children<'a>(&'a self, f: &mut dyn FnMut(&'a Node)) {
        children!(&self.kind, f, iter);
    }

    /// Calls `f` for each direct child, mutably.
    pub(super) fn for_children_mut(&mut self, f: &mut dyn FnMut(&mut Node)) {
        children!(&mut self.kind, f, iter_mut);
    }

    /// Whether the value depends on nothing outside: no name, no pointer.
    pub(super) fn is_constant(&self) -> bool {
        if matches!(self.kind, Kind::Ident(_) | Kind::Pointer(_) | Kind::Call(..)) {
            return false;
        }
        let mut constant = true;
        self.for_children(&mut |child| constant &= child.is_constant());
        constant
    }

    /// Calls `f` for this node and every node below.
    pub(super) fn walk<'a>(&'a self, f: &mut dyn FnMut(&'a Node)) {
        f(self);
        self.for_children(&mut |child| child.walk(f));
    }
}

impl Binary {
    /// The operator as expr's messages write it.
    pub(super) fn text(self) -> &'static str {
        match self {
            Binary::Or => "or",
            Binary::And => "and",
            Binary::Eq => "==",
            Binary::Ne => "!=",
            Binary::Lt => "<",
            Binary::Gt => ">",
            Binary::Ge => ">=",
            Binary::Le => "<=",
            Binary::In => "in",
            Binary::Contains => "contains",
            Binary::StartsWith => "startsWith",
            Binary::EndsWith => "endsWith",
            Binary::Range => "..",
            Binary::Add => "+",
            Binary::Sub => "-",
            Binary::Mul => "*",
            Binary::Div => "/",
            Binary::Mod => "%",
            Binary::Pow => "**",
            Binary::Coalesce => "??",
        }
    }
}
