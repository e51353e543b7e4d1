use proptest::prelude::*;

use super::*;

const VECTOR: ResultType = ResultType::Vector;
const SCALAR: ResultType = ResultType::Scalar;

fn vector(text: &str) -> Condition {
    compile(text, VECTOR).unwrap()
}

/// `< 0.05 on First`, or `none`.
fn threshold(text: &str, ty: ResultType) -> String {
    match compile(text, ty).unwrap().threshold() {
        Some(t) => {
            let number = &text[t.value_range];
            let op = &text[t.op_range];
            format!("{} {} on {:?} ({op} {number})", t.op.text(), t.value, t.on)
        }
        None => "none".to_owned(),
    }
}

#[test]
fn thresholds_are_found_by_behaviour() {
    for (text, expected) in [
        ("result[0] < 0.05", "< 0.05 on First (< 0.05)"),
        ("result[0] >= 0.95", ">= 0.95 on First (>= 0.95)"),
        ("0.05 > result[0]", "< 0.05 on First (> 0.05)"),
        ("!(result[0] >= 0.05)", "< 0.05 on First (>= 0.05)"),
        ("not (0.05 <= result[0])", "< 0.05 on First (<= 0.05)"),
        ("len(result) > 0 && !isNaN(result[0]) && result[0] <= 1000", "<= 1000 on First (<= 1000)"),
        ("len(result) >= 1 and result[0] > 0", "> 0 on First (> 0)"),
        ("len(result) == 0 || result[0] < (0.05)", "< 0.05 on First (< 0.05)"),
        ("isNaN(result[0]) || result[0] < 0.05", "< 0.05 on First (< 0.05)"),
        ("result[0] * 100 < 5", "< 0.05 on First (< 5)"),
        ("100 * result[0] <= 5.5", "<= 0.055 on First (<= 5.5)"),
        ("round(result[0]) < 5", "none"),
        ("1 - result[0] >= 0.95", "<= 0.05 on First (>= 0.95)"),
        ("-result[0] > -0.05", "< 0.05 on First (> -0.05)"),
        ("result[0] / 1000 < 2", "< 2000 on First (< 2)"),
        ("result[0] < 5/100", "< 0.05 on First (< 5/100)"),
        ("result[0] >= 0 && result[0] < 0.05", "< 0.05 on First (< 0.05)"),
        ("result[0] >= 0", ">= 0 on First (>= 0)"),
        ("all(result, # < 0.05)", "< 0.05 on Every (< 0.05)"),
        ("none(result, # >= 0.05)", "< 0.05 on Every (>= 0.05)"),
        ("any(result, # < 0.05)", "< 0.05 on Any (< 0.05)"),
        ("len(filter(result, # > 3)) == 0", "<= 3 on Every (> 3)"),
        ("result[-1] < 0.05", "< 0.05 on Last (< 0.05)"),
        ("last(result) > 7", "> 7 on Last (> 7)"),
        ("sum(result) < 0.05", "< 0.05 on Other (< 0.05)"),
        ("mean(result) < 0.05", "< 0.05 on Other (< 0.05)"),
        ("len(result) == 1 && result[0] < 0.05", "< 0.05 on Other (< 0.05)"),
        ("result[0] > 1 ? false : true", "<= 1 on First (> 1)"),
        ("let x = result[0]; x < 0.05", "< 0.05 on First (< 0.05)"),
        ("result[0] > 1 && result[0] < 5", "none"),
        ("result[0] == 0", "none"),
        ("len(result) > 0", "none"),
        ("isNaN(result[0])", "none"),
        ("true", "none"),
        ("result[0] < 0.05 && false", "none"),
    ] {
        assert_eq!(threshold(text, VECTOR), expected, "{text}");
    }
    assert_eq!(threshold("result < 0.05", SCALAR), "< 0.05 on Scalar (< 0.05)");
    assert_eq!(threshold("!isNaN(result) && 100 >= result", SCALAR), "<= 100 on Scalar (>= 100)");
}

#[test]
fn a_threshold_is_replaced_in_the_form_it_has() {
    for (text, op, value, expected) in [
        ("result[0] < 0.5", Op::Lt, 0.05, "result[0] < 0.05"),
        ("result[0] > 0.05", Op::Ge, 0.05, "result[0] >= 0.05"),
        ("0.5 > result[0]", Op::Le, 0.05, "0.05 >= result[0]"),
        ("!(result[0] >= 0.5)", Op::Le, 0.05, "!(result[0] > 0.05)"),
        ("result[0]*100 < 50", Op::Lt, 0.05, "result[0]*100 < 5"),
        ("result[0]*1000 < 50000", Op::Lt, 0.055, "result[0]*1000 < 55"),
        ("all(result, {# < 2000}) // ms", Op::Lt, 1000.0, "all(result, {# < 1000}) // ms"),
        ("result[0] < 0.5", Op::Gt, 0.05, "result[0] > 0.05"),
    ] {
        assert_eq!(vector(text).with_threshold(op, value).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(vector("true").with_threshold(Op::Lt, 1.0), None);
}

#[test]
fn tables_tell_what_a_condition_does_without_data_and_on_nan() {
    let says = |text: &str, ty, situation| match compile(text, ty).unwrap().truth_table().get(situation) {
        Some(Verdict::True) => "true",
        Some(Verdict::False) => "false",
        Some(Verdict::Error(_)) => "error",
        None => "never",
    };
    use Situation::*;
    for (text, no_data, nan, below, at) in [
        ("result[0] < 0.05", "error", "false", "true", "false"),
        ("!(result[0] >= 0.05)", "error", "true", "true", "false"),
        ("all(result, # < 0.05)", "true", "false", "true", "false"),
        ("none(result, # > 0.05)", "true", "true", "true", "true"),
        ("len(result) == 0 || result[0] <= 0.05", "true", "false", "true", "true"),
        ("default(result, 0) < 0.05", "error", "error", "error", "error"),
        ("sum(result) < 0.05", "true", "false", "true", "false"),
        ("result[0] != 0", "error", "true", "false", "true"),
    ] {
        let said = [NoData, NaN, Below, At].map(|s| says(text, VECTOR, s));
        assert_eq!(said, [no_data, nan, below, at], "{text}");
    }
    assert_eq!(says("result < 0.05", SCALAR, NoData), "never");
    assert_eq!(says("result < 0.05", SCALAR, NaN), "false");
    assert_eq!(says("result[0] < 0.05", VECTOR, AboveBelow), "false");
    assert_eq!(says("result[0] < 0.05", VECTOR, BelowAbove), "true");
}

#[test]
fn guarded_conditions_are_false_without_data_and_on_nan() {
    for op in Op::ALL {
        for value in [0.05, 1000.0, 0.0, 1e-7] {
            let condition = vector(&guarded(op, value, VECTOR));
            assert_eq!(condition.eval(&Measured::Vector(vec![])), Ok(false));
            assert_eq!(condition.eval(&Measured::Vector(vec![f64::NAN])), Ok(false));
            let t = condition.threshold().unwrap();
            assert_eq!((t.op, t.value, t.on), (op, value, Element::First), "{}", condition.text());
            let condition = compile(&guarded(op, value, SCALAR), SCALAR).unwrap();
            assert_eq!(condition.eval(&Measured::Scalar(f64::NAN)), Ok(false));
            let t = condition.threshold().unwrap();
            assert_eq!((t.op, t.value, t.on), (op, value, Element::Scalar), "{}", condition.text());
        }
    }
}

#[test]
fn repairs_compile_and_are_guarded() {
    let repair = |text: &str, ty| compile(text, ty).unwrap_err().suggestion.map(|s| s.condition);
    for (text, expected) in [
        ("result >= 0.95", "len(result) > 0 && !isNaN(result[0]) && result[0] >= 0.95"),
        ("0.05 > result", "len(result) > 0 && !isNaN(result[0]) && 0.05 > result[0]"),
        ("result < 1 || result > 5", "len(result) > 0 && (result[0] < 1 || result[0] > 5)"),
        ("!isNaN(result) && result < 5", "len(result) > 0 && !isNaN(result[0]) && result[0] < 5"),
        ("len(result) > 0 && result < 5", "!isNaN(result[0]) && len(result) > 0 && result[0] < 5"),
        ("result[0] => 0.95", "len(result) > 0 && !isNaN(result[0]) && result[0] >= 0.95"),
        ("len(result) > 0 AND result[0] < 5", "!isNaN(result[0]) && len(result) > 0 and result[0] < 5"),
    ] {
        assert_eq!(repair(text, VECTOR).as_deref(), Some(expected), "{text}");
    }
    for (text, expected) in [
        ("result[0] >= 0.95", "!isNaN(result) && result >= 0.95"),
        ("len(result) > 0 && !isNaN(result[0]) && result[0] < 5", "!isNaN(result) && result < 5"),
    ] {
        assert_eq!(repair(text, SCALAR).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(repair("latency < 5", VECTOR), None);
    assert_eq!(repair("result[0] <", VECTOR), None);
}

#[test]
fn faults_are_placed_in_the_text() {
    let fault = |text: &str, ty| {
        let error = compile(text, ty).unwrap_err();
        (error.kind, error.message, error.range.map(|r| text[r].to_owned()).unwrap_or_default())
    };
    let (kind, message, at) = fault("len(result) > 0 && result >= 0.95", VECTOR);
    assert_eq!((kind, at.as_str()), (Refusal::Type, "result >= 0.95"));
    assert_eq!(message, "invalid operation: >= (mismatched types []float64 and int)".replace("int)", "float64)"));
    assert_eq!(fault("value < 5", VECTOR).2, "value");
    assert_eq!(fault("result[0] < 5%", VECTOR).0, Refusal::Syntax);
    assert_eq!(fault("result[0]", VECTOR).0, Refusal::NeverBool);
    assert_eq!(fault("now() > now()", VECTOR).0, Refusal::NotModelled);
    assert_eq!(fault("result[0] matches \"a\"", VECTOR).0, Refusal::NotModelled);
    assert_eq!(fault("count(1..1000000, true) > 0", VECTOR).0, Refusal::NotModelled);
}

#[test]
fn nesting_is_bounded() {
    for text in [
        "(".repeat(100_000),
        "!".repeat(100_000),
        "[".repeat(100_000),
        format!("result[0] < 1{}", " || true".repeat(100_000)),
        format!("{}result[0] < 1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("result{} < 1", "[0]".repeat(100_000)),
        format!("true{}", " ? true : true".repeat(50_000)),
        format!("{}true{}", "(".repeat(50), " ?: true)".repeat(50)),
    ] {
        assert!(compile(&text, VECTOR).is_err());
    }
    assert!(compile(&format!("{}result[0] < 1{}", "(".repeat(40), ")".repeat(40)), VECTOR).is_ok());
}

/// Text made of pieces that the language has, so that more than the first token is reached.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "result", "[0]", "[", "]", "(", ")", "{", "}", "#", "#index", ".", "..", "?.", "??", "?", ":", ",", ";", "|",
        "||", "&&", "and ", " or ", "not ", "!", "in ", "let x = ", "x", "<", "<=", "==", "!=", "+", "-", "*", "**",
        "/", "%", "0", "1", "0.05", "1e3", ".5", "'a'", "\"b\"", "true", "nil", "len(", "all(", "filter(", "map(",
        "reduce(", "isNaN(", "default(", "sum(", "max(", "get(", "first(", " ", "\n", "//", "/*", "é", "\\",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn survives(text: &str) {
    for ty in [VECTOR, SCALAR] {
        match compile(text, ty) {
            Ok(condition) => {
                let _ = condition.truth_table();
                let _ = condition.with_threshold(Op::Lt, 0.05);
            }
            Err(error) => {
                assert!(error.range.is_none_or(|r| text.get(r).is_some()), "{text:?}");
                if let Some(suggestion) = error.suggestion {
                    assert!(compile(&suggestion.condition, ty).is_ok(), "{text:?}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in ".{0,60}") {
        survives(&text);
    }

    #[test]
    fn any_pieces_are_survived(text in pieces()) {
        survives(&text);
    }

    #[test]
    fn a_plain_threshold_is_found_exactly(value in -1e9..1e9_f64, op in 0..4_usize) {
        let op = Op::ALL[op];
        let text = format!("result[0] {} {value}", op.text());
        let t = vector(&text).threshold().unwrap();
        prop_assert_eq!((t.op, t.value, t.on), (op, value, Element::First));
        prop_assert_eq!(&text[t.value_range], value.to_string());
    }
}
