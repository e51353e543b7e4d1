//! Text from files and rules as HTML. Whatever is not one of these types is escaped by the templates.

use askama::Template;
use askama::filters::HtmlSafe;
use report::visible;

/// A cluster's text may be of any length.
const MOST: usize = 2000;

/// Text from elsewhere as a page shows it: control characters and direction overrides spelled out, and not without end.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", visible(&text[..end])),
        None => visible(text).into_owned(),
    }
}

/// A sentence of a rule: code between backquotes, the rest plain.
#[derive(Clone, Debug, Template)]
#[template(
    ext = "html",
    source = "{% for part in parts %}{% if part.code %}<code>{{ part.text }}</code>{% else %}{{ part.text }}{% endif %}{% endfor %}"
)]
pub(crate) struct Sentence {
    parts: Vec<Part>,
}

/// Its template escapes every part.
impl HtmlSafe for Sentence {}

#[derive(Clone, Debug)]
struct Part {
    code: bool,
    text: String,
}

impl Sentence {
    /// A last backquote without a partner stays what it is. Control characters and direction overrides are spelled out.
    pub(crate) fn new(text: &str) -> Sentence {
        let text = visible(text);
        let mut parts = Vec::new();
        let mut push = |code, text: &str| {
            if !text.is_empty() {
                parts.push(Part { code, text: text.to_owned() });
            }
        };
        let mut rest: &str = &text;
        while let Some((plain, tail)) = rest.split_once('`') {
            let Some((code, tail)) = tail.split_once('`') else { break };
            push(false, plain);
            push(true, code);
            rest = tail;
        }
        push(false, rest);
        Sentence { parts }
    }

    /// Without the marks of what is code.
    pub(crate) fn plain(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Sentence;

    #[test]
    fn backquotes_become_code_and_markup_stays_text() {
        let text = Sentence::new("the key `<b>` is <i>unknown</i>, `alone\u{202e}").to_string();
        assert_eq!(text, "the key <code>&#60;b&#62;</code> is &#60;i&#62;unknown&#60;/i&#62;, `alone\\u{202e}");
    }
}
