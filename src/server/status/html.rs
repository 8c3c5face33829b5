//! HTML in which foreign text cannot become markup: markup is what stands in this program's source, everything else is escaped here.

use std::fmt::{self, Display, Write};

/// A page in the making.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup; only what is written in the source can be that.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, inside an element or a quoted attribute.
    pub(super) fn text(&mut self, text: impl Display) -> &mut Self {
        write!(Escape(&mut self.0), "{text}").expect("writing to memory cannot fail");
        self
    }

    /// Foreign text in an element of its own, so that its direction and its length disturb nothing around it.
    pub(super) fn foreign(&mut self, text: &str, most: usize) -> &mut Self {
        self.raw("<bdi>").text(text.chars().take(most).collect::<String>());
        if text.chars().nth(most).is_some() {
            self.raw("…");
        }
        self.raw("</bdi>")
    }

    /// The finished page.
    pub(super) fn done(self) -> String {
        self.0
    }
}

struct Escape<'a>(&'a mut String);

impl Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            match char {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(' '),
                // No page may contain them.
                char if char.is_control() => self.0.push(char::REPLACEMENT_CHARACTER),
                char => self.0.push(char),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        let mut html = Html::default();
        html.raw("<a href=\"").text("?x='\"&y").raw("\">").foreign("<script>\u{0}\n", 99).raw("</a>");
        assert_eq!(html.done(), "<a href=\"?x=&#39;&quot;&amp;y\"><bdi>&lt;script&gt;\u{FFFD} </bdi></a>");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let mut html = Html::default();
        html.foreign("äöü", 2).foreign("äö", 2);
        assert_eq!(html.done(), "<bdi>äö…</bdi><bdi>äö</bdi>");
    }
}
