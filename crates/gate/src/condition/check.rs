//! The type checker of expr 1.15.5 (its package checker), over the environment of Argo Rollouts' utils/evaluate.

use super::ast::{Binary, Kind, Node, Pointer, Unary};
use super::functions::{Builtin, EnvFunction};
use super::types::{Type, binary};
use super::{CompileError, ResultType};

/// What the checker knows beside the type: the type of an array literal's elements, where they all have the same.
type Info = Option<Type>;
type Checked = Result<(Type, Info), CompileError>;

/// Checks a condition and writes each node's type into the tree; gives the type of the whole.
pub(super) fn check(node: &mut Node, result: ResultType) -> Result<Type, CompileError> {
    let result = match result {
        ResultType::Vector => Type::array(Type::Float),
        ResultType::Scalar => Type::Float,
    };
    let mut checker = Checker { result, closures: Vec::new(), variables: Vec::new() };
    checker.visit(node).map(|(ty, _)| ty)
}

struct Checker {
    result: Type,
    closures: Vec<Scope>,
    variables: Vec<(String, Type, Info)>,
}

struct Scope {
    collection: Type,
    index: bool,
    accumulator: bool,
}

fn refuse<T>(node: &Node, message: String) -> Result<T, CompileError> {
    Err(CompileError::types(message, node.span.clone()))
}

impl Checker {
    fn visit(&mut self, node: &mut Node) -> Checked {
        let (ty, info) = self.type_of(node)?;
        node.ty = ty.clone();
        Ok((ty, info))
    }

    fn visit_type(&mut self, node: &mut Node) -> Result<Type, CompileError> {
        self.visit(node).map(|(ty, _)| ty)
    }

    fn type_of(&mut self, node: &mut Node) -> Checked {
        let plain = |ty: Type| Ok((ty, None));
        let (span, at) = (node.span.clone(), node.at.clone());
        match &mut node.kind {
            Kind::Nil => plain(Type::Nil),
            Kind::Int(_) => plain(Type::Int),
            Kind::Float(_) => plain(Type::Float),
            Kind::Str(_) => plain(Type::Str),
            Kind::Bool(_) | Kind::InInts(..) | Kind::InStrings(..) => plain(Type::Bool),
            Kind::Ident(name) => match self.lookup(name) {
                Some(found) => Ok(found),
                None => Err(CompileError::types(format!("unknown name {name}"), at)),
            },
            Kind::Unary(op, operand) => {
                let op = *op;
                let ty = self.visit_type(operand)?;
                match (op, &ty) {
                    (Unary::Not, Type::Bool | Type::Any) => plain(Type::Bool),
                    (Unary::Minus | Unary::Plus, ty) if ty.is_number() || *ty == Type::Any => plain(ty.clone()),
                    _ => {
                        let op = match op {
                            Unary::Not => "not",
                            Unary::Minus => "-",
                            Unary::Plus => "+",
                        };
                        let message = format!("invalid operation: {op} (mismatched type {ty})");
                        Err(CompileError::types(message, span))
                    }
                }
            }
            Kind::Binary(op, left, right) => {
                let op = *op;
                let (l, _) = self.visit(left)?;
                let (r, elements) = self.visit(right)?;
                let ty = if op == Binary::In { self.membership(left, &l, &r, elements)? } else { binary(op, &l, &r) };
                match ty {
                    Some(ty) => plain(ty),
                    None => {
                        let op = op.text();
                        let message = format!("invalid operation: {op} (mismatched types {l} and {r})");
                        Err(CompileError::types(message, span))
                    }
                }
            }
            Kind::Chain(inner) => self.visit(inner),
            Kind::Member { node, property, .. } => self.member(node, property),
            Kind::Slice { node, from, to } => {
                let ty = self.visit_type(node)?;
                if !matches!(ty, Type::Any | Type::Str | Type::Array(_)) {
                    return refuse(node, format!("cannot slice {ty}"));
                }
                for end in from.iter_mut().chain(to) {
                    let ty = self.visit_type(end)?;
                    if !ty.is_integer() && ty != Type::Any {
                        return refuse(end, format!("non-integer slice index {ty}"));
                    }
                }
                plain(ty)
            }
            Kind::Call(callee, args) => self.call(callee, args, span),
            Kind::Builtin { function, args, .. } => {
                let function = *function;
                if function.is_predicate() {
                    self.predicate(function, args)
                } else {
                    self.builtin(function, args, span)
                }
            }
            Kind::Closure(body) => {
                let ty = self.visit_type(body)?;
                if ty == Type::Nil {
                    return refuse(body, "closure cannot be nil".to_owned());
                }
                plain(ty)
            }
            Kind::Pointer(pointer) => {
                let pointer = pointer.clone();
                self.pointer(&pointer).map_or_else(|message| Err(CompileError::types(message, span)), plain)
            }
            Kind::Let { name, value, body } => {
                let name = name.clone();
                let kind = match () {
                    () if Builtin::named(&name).is_some() => " builtin",
                    () if self.variables.iter().any(|(n, ..)| *n == name) => " variable",
                    () if self.lookup(&name).is_some() => "",
                    () => {
                        let (ty, info) = self.visit(value)?;
                        self.variables.push((name, ty, info));
                        let checked = self.visit(body);
                        self.variables.pop();
                        return checked;
                    }
                };
                Err(CompileError::types(format!("cannot redeclare{kind} {name}"), at))
            }
            Kind::Conditional(condition, yes, no) => {
                let ty = self.visit_type(condition)?;
                if !matches!(ty, Type::Bool | Type::Any) {
                    let message = format!("non-bool expression (type {ty}) used as condition");
                    return refuse(condition, message);
                }
                let yes = self.visit_type(yes)?;
                let no = self.visit_type(no)?;
                plain(match (yes, no) {
                    (Type::Nil, other) | (other, Type::Nil) => other,
                    (yes, no) if yes.assignable_to(&no) => yes,
                    _ => Type::Any,
                })
            }
            Kind::Array(nodes) => {
                let mut common: Option<Type> = None;
                let mut same = true;
                for node in nodes {
                    let ty = self.visit_type(node)?;
                    if let Some(previous) = &common {
                        same &= ty != Type::Nil && *previous != Type::Nil && ty.same_kind(previous);
                    }
                    common = Some(ty);
                }
                let elements = common.filter(|ty| same && *ty != Type::Nil);
                Ok((Type::array(Type::Any), elements))
            }
            Kind::Map(pairs) => {
                for (key, value) in pairs {
                    self.visit(key)?;
                    self.visit(value)?;
                }
                plain(Type::Map)
            }
        }
    }

    fn lookup(&self, name: &str) -> Option<(Type, Info)> {
        if let Some((_, ty, info)) = self.variables.iter().rev().find(|(n, ..)| n == name) {
            return Some((ty.clone(), info.clone()));
        }
        let ty = if name == "result" {
            self.result.clone()
        } else if Builtin::named(name).is_some() {
            Type::BuiltinFunction
        } else {
            Type::EnvFunction(EnvFunction::named(name)?)
        };
        Some((ty, None))
    }

    fn membership(&self, left: &Node, l: &Type, r: &Type, elements: Info) -> Result<Option<Type>, CompileError> {
        Ok(match r {
            Type::Map if !matches!(l, Type::Nil | Type::Any | Type::Str) => {
                return refuse(left, format!("cannot use {l} as type string in map key"));
            }
            Type::Map | Type::Any => Some(Type::Bool),
            Type::Array(of) => {
                for of in [Some(of.as_ref()), elements.as_ref()].into_iter().flatten() {
                    if !l.comparable(of) {
                        return refuse(left, format!("cannot use {l} as type {of} in array"));
                    }
                }
                Some(Type::Bool)
            }
            Type::Str if *l == Type::Any => Some(Type::Bool),
            _ => None,
        })
    }

    fn member(&mut self, node: &mut Node, property: &mut Node) -> Checked {
        let base = self.visit_type(node)?;
        let key = self.visit_type(property)?;
        if let (Type::Nil, Kind::Str(name)) = (&base, &property.kind) {
            return refuse(property, format!("type <nil> has no field {name}"));
        }
        match &base {
            Type::Any => Ok((Type::Any, None)),
            Type::Map if !matches!(key, Type::Nil | Type::Any | Type::Str) => {
                refuse(property, format!("cannot use {key} to get an element from {base}"))
            }
            Type::Map => Ok((Type::Any, None)),
            Type::Array(_) if !key.is_integer() && key != Type::Any => {
                let message = format!("array elements can only be selected using an integer (got {key})");
                refuse(property, message)
            }
            Type::Array(of) => Ok((of.as_ref().clone(), None)),
            _ => refuse(property, format!("type {base}[{key}] is undefined")),
        }
    }

    fn pointer(&self, pointer: &Pointer) -> Result<Type, String> {
        let scope = self.closures.last().ok_or("cannot use pointer accessor outside closure")?;
        match pointer {
            Pointer::Element => Ok(match &scope.collection {
                Type::Array(of) => of.as_ref().clone(),
                _ => Type::Any,
            }),
            Pointer::Named(name) if name == "index" && scope.index => Ok(Type::Int),
            Pointer::Named(name) if name == "acc" && scope.accumulator => Ok(Type::Any),
            Pointer::Named(name) => Err(format!("unknown pointer #{name}")),
        }
    }

    fn predicate(&mut self, function: Builtin, args: &mut [Node]) -> Checked {
        let [collection, closure, rest @ ..] = args else {
            return Ok((Type::Any, None));
        };
        let ty = self.visit_type(collection)?;
        if !ty.is_array() && ty != Type::Any {
            let message = format!("builtin {} takes only array (got {ty})", function.name());
            return refuse(collection, message);
        }
        self.closures.push(Scope {
            collection: ty.clone(),
            index: matches!(function, Builtin::Map | Builtin::Reduce),
            accumulator: function == Builtin::Reduce,
        });
        let out = self.visit_type(closure);
        self.closures.pop();
        let out = out?;
        for initial in rest {
            self.visit(initial)?;
        }
        let must_be_bool = !matches!(function, Builtin::Map | Builtin::Reduce);
        if must_be_bool && !matches!(out, Type::Bool | Type::Any) {
            return refuse(closure, format!("predicate should return boolean (got {out})"));
        }
        let element = match &ty {
            Type::Array(of) => of.as_ref().clone(),
            _ => Type::Any,
        };
        let ty = match function {
            Builtin::Filter => Type::array(element),
            Builtin::Map => Type::array(out),
            Builtin::Reduce => out,
            Builtin::Find => element,
            Builtin::Count | Builtin::FindIndex => Type::Int,
            _ => Type::Bool,
        };
        Ok((ty, None))
    }
}

mod calls;
