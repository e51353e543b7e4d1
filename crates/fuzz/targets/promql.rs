//! Any text as a query: parsing never panics, positions lie on characters, and edits leave something that parses.
#![no_main]

use gate::promql::{MatchOp, Splice, evaluate, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let query = match parse(text) {
        Ok(query) => query,
        Err(error) => {
            assert!(error.offset.is_none_or(|at| text.is_char_boundary(at)), "{error:?}");
            return;
        }
    };
    let _ = (query.fallbacks(), query.ratio().is_some(), query.comparisons(), query.quantile().is_some());
    let _ = evaluate(&query, &[], 0.0);
    for selector in query.selectors() {
        assert!(text.get(selector.span.clone()).is_some(), "{selector:?}");
        let edits = [
            query.add_matcher(selector, "pod-hash", MatchOp::Eq, "a\"b\\"),
            query.add_matcher(selector, "path", MatchOp::Re, "/|/a\\.b"),
            query.replace_name(selector, "calls_total"),
            selector.matchers.first().and_then(|m| query.remove_matcher(selector, m)),
        ];
        for edit in edits.into_iter().flatten() {
            let edited = Splice::apply(text, &[edit]).expect("an edit lies in the text");
            parse(&edited).expect("an edited query parses");
        }
    }
});
