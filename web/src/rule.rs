//! A rule's page: its Markdown as HTML.

use askama::filters::HtmlSafe;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};
use std::fmt;

/// Rendered Markdown.
pub(crate) struct Markdown(String);

/// HTML inside the Markdown was escaped, links lead to web pages or to other rules only.
impl HtmlSafe for Markdown {}

impl fmt::Display for Markdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Markdown {
    /// The page without its first heading, which the template writes. The names of rules in it lead to their pages.
    pub(crate) fn new(page: &str) -> Markdown {
        let body = match page.trim_start().strip_prefix("# ") {
            Some(rest) => rest.split_once('\n').map_or("", |(_, body)| body),
            None => page,
        };
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        let mut out = String::with_capacity(page.len() * 2);
        html::push_html(&mut out, Parser::new_ext(body, options).flat_map(tame));
        Markdown(out)
    }
}

fn tame(event: Event<'_>) -> Vec<Event<'_>> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => vec![Event::Text(text)],
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let safe = dest_url.starts_with("https://") || dest_url.starts_with("http://");
            let dest_url = if safe { dest_url } else { CowStr::Borrowed("#") };
            vec![Event::Start(Tag::Link { link_type, dest_url, title, id })]
        }
        // A wide block scrolls, so the keyboard must reach it.
        Event::Start(Tag::CodeBlock(_)) => vec![Event::Html("<pre tabindex=\"0\"><code>".into())],
        Event::End(TagEnd::CodeBlock) => vec![Event::Html("</code></pre>\n".into())],
        // Pictures from elsewhere would not load (img-src 'self'); their text stays.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => Vec::new(),
        // Known names hold letters, hyphens and one slash only.
        Event::Code(text) if rules::rule(&text).is_some() => {
            vec![Event::InlineHtml(format!("<a href=\"/rules/{text}\"><code>{text}</code></a>").into())]
        }
        event => vec![event],
    }
}

#[cfg(test)]
mod tests {
    use super::Markdown;

    #[test]
    fn html_in_a_page_stays_text() {
        let text =
            Markdown::new("# a/b\n\n<script>alert(1)</script>\n\nx <img src=x onerror=alert(1)> `<b>`").to_string();
        assert!(!text.contains("<script") && !text.contains("<img") && !text.contains("<b>"), "{text}");
        assert!(text.contains("&lt;script&gt;"), "{text}");
    }

    #[test]
    fn code_blocks_can_be_reached_and_stay_text() {
        let text = Markdown::new("```yaml\na: <b>\n```\n").to_string();
        assert_eq!(text, "<pre tabindex=\"0\"><code>a: &lt;b&gt;\n</code></pre>\n");
    }

    #[test]
    fn links_lead_to_the_web_and_to_rules() {
        let text = Markdown::new("[a](javascript:alert(1)) [b](https://example.org/) `gate/vacuous` `gate/none-such`");
        assert_eq!(
            text.to_string().trim(),
            "<p><a href=\"#\">a</a> <a href=\"https://example.org/\">b</a> \
             <a href=\"/rules/gate/vacuous\"><code>gate/vacuous</code></a> <code>gate/none-such</code></p>"
        );
    }
}
