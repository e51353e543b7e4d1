//! Any text as a condition: compiling and evaluating never panic, and what compiles says the same when it is compiled again.
#![no_main]

use gate::condition::{Measured, ResultType, compile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for (kind, values) in [
        (ResultType::Scalar, vec![Measured::Scalar(1.0), Measured::Scalar(f64::NAN), Measured::Scalar(f64::INFINITY)]),
        (ResultType::Vector, vec![Measured::Vector(vec![]), Measured::Vector(vec![0.0, f64::NAN, -1.0])]),
    ] {
        match compile(text, kind) {
            Ok(condition) => {
                for value in &values {
                    let again = compile(text, kind).expect("it compiled before");
                    assert_eq!(condition.eval(value).is_ok(), again.eval(value).is_ok());
                }
            }
            Err(error) => {
                if let Some(range) = error.range {
                    assert!(text.get(range.clone()).is_some(), "{range:?}");
                }
            }
        }
    }
});
