//! A rule's page on a terminal. Piped, a page stays the Markdown that it is.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use report::Look;

const HEADING: &str = "\u{1b}[1;4m";
const BOLD: &str = "\u{1b}[1m";
const CODE: &str = "\u{1b}[36m";
const PLAIN: &str = "\u{1b}[0m";

/// A whole page: rendered with colours, else as it is.
pub(crate) fn render(page: &str, look: &Look) -> String {
    match (look.colour, page.ends_with('\n')) {
        (true, _) => wrapped(page, look),
        (false, true) => page.to_owned(),
        (false, false) => format!("{page}\n"),
    }
}

/// Renders headings, lists, emphasis and code in lines of at most 100 columns; anything else comes as its text.
pub(crate) fn wrapped(page: &str, look: &Look) -> String {
    let mut pen = Pen {
        out: String::new(),
        line: String::new(),
        indent: Vec::new(),
        width: look.width.clamp(40, 100),
        colour: look.colour,
    };
    let mut code = false;
    for event in Parser::new_ext(page, Options::empty()) {
        match event {
            Event::Start(Tag::Heading { .. }) => pen.style(HEADING),
            Event::Start(Tag::Strong | Tag::Emphasis) => pen.style(BOLD),
            Event::End(TagEnd::Strong | TagEnd::Emphasis) => pen.style(PLAIN),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented)) => code = true,
            Event::End(TagEnd::CodeBlock) => {
                code = false;
                pen.blank();
            }
            Event::Start(Tag::List(_)) => {
                pen.flush();
                pen.indent.push("");
            }
            Event::End(TagEnd::List(_)) => {
                pen.indent.pop();
                if pen.indent.is_empty() {
                    pen.blank();
                }
            }
            Event::Start(Tag::Item) => pen.item(),
            Event::End(TagEnd::Item) => pen.flush(),
            Event::End(TagEnd::Heading(_)) => {
                pen.style(PLAIN);
                pen.flush();
                pen.blank();
            }
            Event::End(TagEnd::Paragraph) => {
                pen.flush();
                if pen.indent.is_empty() {
                    pen.blank();
                }
            }
            Event::Text(text) if code => pen.verbatim(&text),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => pen.text(&text),
            Event::Code(text) => pen.code(&text),
            Event::SoftBreak => pen.text(" "),
            Event::HardBreak => pen.flush(),
            Event::Rule => pen.blank(),
            _ => {}
        }
    }
    pen.flush();
    format!("{}\n", pen.out.trim_end())
}

struct Pen {
    out: String,
    line: String,
    indent: Vec<&'static str>,
    width: usize,
    colour: bool,
}

impl Pen {
    fn text(&mut self, text: &str) {
        self.line.push_str(text);
    }

    fn style(&mut self, code: &str) {
        if self.colour {
            self.line.push_str(code);
        }
    }

    /// Without colours the backquotes tell where code begins and ends.
    fn code(&mut self, text: &str) {
        let (open, close) = if self.colour { (CODE, PLAIN) } else { ("`", "`") };
        self.line.push_str(&format!("{open}{text}{close}"));
    }

    fn item(&mut self) {
        self.flush();
        if let Some(last) = self.indent.last_mut() {
            *last = "- ";
        }
    }

    fn verbatim(&mut self, text: &str) {
        for line in text.lines() {
            let (open, close) = if self.colour { (CODE, PLAIN) } else { ("", "") };
            self.out.push_str(&format!("    {open}{line}{close}\n"));
        }
    }

    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Ends the paragraph: breaks it into lines. A bullet stands before the first only.
    fn flush(&mut self) {
        let depth = self.indent.len().saturating_sub(1);
        let bullet = self.indent.last_mut().map(std::mem::take).unwrap_or_default();
        if self.line.trim().is_empty() {
            self.line.clear();
            if let Some(last) = self.indent.last_mut() {
                *last = bullet;
            }
            return;
        }
        let margin = "  ".repeat(depth + usize::from(!self.indent.is_empty()));
        let first = format!("{}{bullet}", "  ".repeat(depth));
        let mut column = 0;
        let line = std::mem::take(&mut self.line);
        for (index, word) in line.split(' ').enumerate() {
            let length = printed(word);
            if index == 0 {
                self.out.push_str(&first);
                column = first.len();
            } else if column + 1 + length > self.width {
                self.out.push('\n');
                self.out.push_str(&margin);
                column = margin.len();
            } else {
                self.out.push(' ');
                column += 1;
            }
            self.out.push_str(word);
            column += length;
        }
        self.out.push('\n');
    }
}

/// Characters of a word without its escape sequences.
fn printed(word: &str) -> usize {
    let mut escape = false;
    word.chars()
        .filter(|&c| {
            let counted = !escape && c != '\u{1b}';
            escape = c == '\u{1b}' || (escape && c != 'm');
            counted
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::render;
    use report::Look;

    const PAGE: &str = "# gate/vacuous\n\nCannot *fail* for lack of `data`,\nso an idle canary passes.\n\n- one\n- two words\n\n```yaml\na: 1\n```\n";

    fn look(colour: bool) -> Look {
        Look { colour, width: 40, program: String::new() }
    }

    #[test]
    fn piped_it_stays_markdown() {
        assert_eq!(render(PAGE, &look(false)), PAGE);
    }

    #[test]
    fn on_a_terminal_it_is_wrapped_and_styled() {
        let text = render(PAGE, &look(true)).replace('\u{1b}', "^");
        insta::assert_snapshot!(text, @r"
        ^[1;4mgate/vacuous^[0m

        Cannot ^[1mfail^[0m for lack of ^[36mdata^[0m, so an idle
        canary passes.

        - one
        - two words

            ^[36ma: 1^[0m
        ");
    }
}
