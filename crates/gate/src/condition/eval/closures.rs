//! The builtins that take a closure.

use super::{Evaluated, Machine, Scope, boolean, stop};
use crate::condition::ast::{Node, Pointer};
use crate::condition::functions::Builtin;
use crate::condition::value::Value;

impl<'a> Machine<'a> {
    pub(super) fn predicate(
        &mut self,
        function: Builtin,
        args: &'a [Node],
        throws: bool,
        map: Option<&'a Node>,
    ) -> Evaluated {
        let [array, closure, rest @ ..] = args else {
            return stop("not enough arguments");
        };
        let array = self.eval(array)?;
        let Some(len) = array.array_len() else {
            let go = array.go_type();
            return stop(&format!("reflect: call of reflect.Value.Len on {go} Value"));
        };
        self.scopes.push(Scope { array, index: 0, accumulator: Value::Nil });
        let value = match function {
            Builtin::Reduce => self.reduce(len, closure, rest.first()),
            _ => self.scan(function, len, closure, throws, map),
        };
        self.scopes.pop();
        value
    }

    fn at(&mut self, index: usize) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.index = index;
        }
    }

    fn scan(
        &mut self,
        function: Builtin,
        len: usize,
        closure: &'a Node,
        throws: bool,
        map: Option<&'a Node>,
    ) -> Evaluated {
        let mut count = 0_i64;
        let mut kept = Vec::new();
        for index in 0..len {
            self.at(index);
            let value = self.eval(closure)?;
            if function == Builtin::Map {
                kept.push(value);
                continue;
            }
            match (function, boolean(&value)?) {
                (Builtin::All, false) | (Builtin::None, true) => return Ok(Value::Bool(false)),
                (Builtin::Any, true) => return Ok(Value::Bool(true)),
                (Builtin::FindIndex, true) => {
                    return Ok(Value::Int(i64::try_from(index).unwrap_or(i64::MAX)));
                }
                (Builtin::Find, true) => return self.element(map),
                (Builtin::Filter, true) => {
                    let element = self.element(map)?;
                    kept.push(element);
                }
                (_, true) => count += 1,
                _ => {}
            }
        }
        match function {
            Builtin::All | Builtin::None => Ok(Value::Bool(true)),
            Builtin::Any => Ok(Value::Bool(false)),
            Builtin::One => Ok(Value::Bool(count == 1)),
            Builtin::Count => Ok(Value::Int(count)),
            Builtin::Filter | Builtin::Map => self.array(kept),
            Builtin::Find if throws => stop("reflect: slice index out of range"),
            _ => Ok(Value::Nil),
        }
    }

    fn element(&mut self, map: Option<&'a Node>) -> Evaluated {
        match map {
            Some(body) => self.eval(body),
            None => self.pointer(&Pointer::Element),
        }
    }

    fn reduce(&mut self, len: usize, closure: &'a Node, initial: Option<&'a Node>) -> Evaluated {
        let (mut accumulator, start) = match initial {
            Some(initial) => (self.eval(initial)?, 0),
            None => (self.pointer(&Pointer::Element)?, 1),
        };
        for index in start..len {
            if let Some(scope) = self.scopes.last_mut() {
                scope.index = index;
                scope.accumulator = accumulator;
            }
            accumulator = self.eval(closure)?;
        }
        Ok(accumulator)
    }
}
