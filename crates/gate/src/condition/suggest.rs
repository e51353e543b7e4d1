//! Repairs of conditions that do not compile, each tried before it is offered.

use super::error::{CompileError, Refusal, Suggestion};
use super::functions::Builtin;
use super::lexer::{Tok, Token, lex};
use super::{Condition, Measured, ResultType, compile_plainly};
use crate::condition::ast::{Binary, Kind};

/// A repair, where one reading is left.
pub(super) fn suggest(text: &str, ty: ResultType, error: &CompileError) -> Option<Suggestion> {
    if matches!(error.kind, Refusal::NotModelled | Refusal::NeverBool) {
        return None;
    }
    let spelled = respell(text).unwrap_or_else(|| text.to_owned());
    let tokens = lex(&spelled).ok()?;
    let (title, fitted) = match ty {
        ResultType::Vector => ("Compare the first value of the vector", index(&spelled, &tokens)),
        ResultType::Scalar => ("Compare the scalar itself", unindex(&spelled, &tokens)),
    };
    let (title, condition) = if fitted == spelled {
        ("Use the operator that the expression language has", compile_plainly(&spelled, ty).ok()?)
    } else {
        match compile_plainly(&fitted, ty) {
            Ok(condition) => (title, condition),
            Err(_) => ("Use the operator that the expression language has", compile_plainly(&spelled, ty).ok()?),
        }
    };
    let condition = guard(&condition, ty);
    (condition != text && compile_plainly(&condition, ty).is_ok())
        .then(|| Suggestion { title: title.to_owned(), condition })
}

/// Operators as other languages spell them.
fn respell(text: &str) -> Option<String> {
    let tokens = lex(text).ok()?;
    let mut out = String::new();
    let mut done = 0;
    for (i, token) in tokens.iter().enumerate() {
        let next = tokens.get(i + 1).filter(|next| next.range.start == token.range.end).map(|next| &next.tok);
        let (with, end) = match (&token.tok, next) {
            (Tok::Op("="), Some(Tok::Op(">"))) => (">=", token.range.end + 1),
            (Tok::Op("="), Some(Tok::Op("<"))) => ("<=", token.range.end + 1),
            (Tok::Op("="), _) => ("==", token.range.end),
            (Tok::Op("&"), _) => ("&&", token.range.end),
            (Tok::Ident(word), _) if word == "AND" || word == "And" => ("and", token.range.end),
            (Tok::Ident(word), _) if word == "OR" || word == "Or" => ("or", token.range.end),
            (Tok::Ident(word), _) if word == "NOT" || word == "Not" => ("not", token.range.end),
            _ => continue,
        };
        out.push_str(text.get(done..token.range.start)?);
        out.push_str(with);
        done = end;
    }
    out.push_str(text.get(done..)?);
    (done > 0).then_some(out)
}

/// `result` as a number becomes `result[0]`; where an array is wanted it stays.
fn index(text: &str, tokens: &[Token]) -> String {
    let mut out = String::new();
    let mut done = 0;
    for (i, token) in tokens.iter().enumerate() {
        if token.tok != Tok::Ident("result".to_owned()) {
            continue;
        }
        let before = |n: usize| i.checked_sub(n).and_then(|i| tokens.get(i)).map(|t| &t.tok);
        let indexed = matches!(tokens.get(i + 1).map(|t| &t.tok), Some(Tok::Bracket('[') | Tok::Op("|")));
        let array = match (before(1), before(2)) {
            (Some(Tok::Bracket('(')), Some(Tok::Ident(name))) => takes_array(name),
            _ => false,
        };
        if !indexed && !array {
            out.push_str(text.get(done..token.range.end).unwrap_or_default());
            out.push_str("[0]");
            done = token.range.end;
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

fn takes_array(name: &str) -> bool {
    let scalar = [Builtin::Abs, Builtin::Ceil, Builtin::Floor, Builtin::Round, Builtin::Int, Builtin::Float];
    let numeric = Builtin::named(name).is_some_and(|f| scalar.contains(&f) || f == Builtin::Max || f == Builtin::Min);
    !numeric && (Builtin::named(name).is_some() || matches!(name, "isNil" | "default"))
}

/// `result[0]` becomes `result`, and `len(result) > 0 &&` goes.
fn unindex(text: &str, tokens: &[Token]) -> String {
    let mut out = String::new();
    let mut done = 0;
    let mut i = 0;
    while let Some(token) = tokens.get(i) {
        let ahead: Vec<&str> =
            (0..7).map_while(|n| tokens.get(i + n).and_then(|t| text.get(t.range.clone()))).collect();
        let (keep, skip) = match ahead.as_slice() {
            ["result", "[", "0", "]", ..] => ("result", 4),
            ["len", "(", "result", ")", ">", "0", "&&" | "and", ..]
            | ["len", "(", "result", ")", ">=", "1", "&&" | "and", ..]
            | ["len", "(", "result", ")", "!=", "0", "&&" | "and", ..] => ("", 7),
            _ => {
                i += 1;
                continue;
            }
        };
        out.push_str(text.get(done..token.range.start).unwrap_or_default());
        out.push_str(keep);
        i += skip;
        done = match (keep.is_empty(), tokens.get(i), tokens.get(i - 1)) {
            (true, Some(next), _) => next.range.start,
            (_, _, Some(last)) => last.range.end,
            _ => token.range.end,
        };
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// Adds what is missing for the condition to be false without data and on NaN.
fn guard(condition: &Condition, ty: ResultType) -> String {
    let says = |m: Measured| condition.eval(&m);
    let mut guards = Vec::new();
    let nan = match ty {
        ResultType::Vector => {
            if says(Measured::Vector(Vec::new())) != Ok(false) {
                guards.push("len(result) > 0");
            }
            "!isNaN(result[0])"
        }
        ResultType::Scalar => "!isNaN(result)",
    };
    // An ordinary comparison is false on NaN anyway; the guard says so where the condition says nothing about it.
    let on_nan = says(Measured::one(ty, f64::NAN));
    if on_nan != Ok(false) || (!condition.text.contains("isNaN") && condition.threshold().is_some()) {
        guards.push(nan);
    }
    if guards.is_empty() {
        return condition.text.clone();
    }
    let loose = !matches!(
        condition.tree.kind,
        Kind::Binary(
            Binary::And | Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge | Binary::Eq | Binary::Ne | Binary::In,
            ..
        ) | Kind::Builtin { .. }
            | Kind::Call(..)
            | Kind::Unary(..)
    );
    let text = if loose { format!("({})", condition.text) } else { condition.text.clone() };
    format!("{} && {text}", guards.join(" && "))
}
