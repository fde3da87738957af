//! Turns what markdown carries of HTML into markdown: comments go, headings, lists, tables and links stay.

/// Bytes of the longest tag that is read as one.
const TAG_MAX: usize = 400;
const DROPPED: [&str; 25] = [
    "b", "strong", "i", "em", "u", "s", "span", "details", "main", "header", "footer", "nav", "small", "sup", "sub", "center",
    "font", "img", "thead", "tbody", "figure", "mark", "code", "abbr", "label",
];
const BREAKS: [&str; 10] = ["br", "p", "div", "hr", "blockquote", "ul", "ol", "table", "section", "article"];
/// The text without markup; what stands in fences is left as it is.
pub fn plain(content: &str) -> String {
    if !content.contains('<') && !content.contains('&') {
        return content.to_owned();
    }
    let mut out = String::with_capacity(content.len());
    let mut state = State::default();
    let mut fenced = false;
    for line in content.lines() {
        let fence = state.hidden.is_none() && is_fence(line);
        fenced ^= fence;
        match fence || fenced {
            true => out.push_str(line),
            false => state.line(line, &mut out),
        }
        out.push('\n');
    }
    out
}

/// The text with the characters that HTML names or numbers. What follows an address's `&` is no such name.
pub fn unescaped(text: String) -> String {
    if !text.contains('&') {
        return text;
    }
    let shown = htmlize::unescape_attribute(&text);
    shown.replace('\u{a0}', " ").replace(['\u{ad}', '\u{200b}'], "")
}

pub fn is_fence(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("```") || line.starts_with("~~~")
}

#[derive(Default)]
struct State {
    /// What ends the part that nobody sees: a comment, a script.
    hidden: Option<&'static str>,
    /// The address of the link that is open.
    link: Option<String>,
}

impl State {
    fn line(&mut self, line: &str, out: &mut String) {
        let mut text = String::with_capacity(line.len());
        let mut rest = line;
        while !rest.is_empty() {
            if let Some(end) = self.hidden {
                match rest.find(end) {
                    Some(at) => rest = &rest[at + end.len()..],
                    None => break,
                }
                self.hidden = None;
                continue;
            }
            let at = rest.find('<').unwrap_or(rest.len());
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            rest = &rest[self.tag(rest, &mut text)..];
        }
        out.push_str(&unescaped(text));
    }

    /// Writes what a tag at the start of `rest` stands for, and says how many bytes it takes.
    fn tag(&mut self, rest: &str, text: &mut String) -> usize {
        if rest.starts_with("<!--") {
            self.hidden = Some("-->");
            return 4;
        }
        let end = rest.bytes().take(TAG_MAX).position(|c| c == b'>');
        let Some(end) = end.filter(|end| *end > 1) else {
            text.push_str(&rest[..rest.len().min(1)]);
            return rest.len().min(1);
        };
        let inside = &rest[1..end];
        let closing = inside.starts_with('/');
        let name: String = inside.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        match name.to_ascii_lowercase().as_str() {
            "script" if !closing => self.hidden = Some("</script>"),
            "style" if !closing => self.hidden = Some("</style>"),
            _ if inside.contains("://") && !inside.contains(' ') || is_mail(inside) => text.push_str(inside),
            "a" if closing => text.push_str(&self.link.take().map(|url| format!("]({url})")).unwrap_or_default()),
            "a" => self.open_link(inside, text),
            "summary" => text.push_str(if closing { "**\n" } else { "\n**" }),
            "li" => text.push_str(if closing { "" } else { "\n- " }),
            "tr" => text.push_str(if closing { "" } else { "\n|" }),
            "td" | "th" => text.push_str(if closing { "|" } else { "" }),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if closing => text.push('\n'),
            "h1" => text.push_str("\n# "),
            "h2" => text.push_str("\n## "),
            "h3" | "h4" | "h5" | "h6" => text.push_str("\n### "),
            name if BREAKS.contains(&name) => text.push('\n'),
            name if DROPPED.contains(&name) => {}
            _ => text.push_str(&rest[..=end]),
        }
        end + 1
    }

    fn open_link(&mut self, inside: &str, text: &mut String) {
        let address = inside.split_once("href=").and_then(|(_, rest)| {
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            rest[1..].split(quote).next()
        });
        let plain = |address: &&str| !address.contains(['<', '>', '"']);
        let written = |address: &str| match address.contains([' ', '(', ')']) {
            true => format!("<{address}>"),
            false => address.to_owned(),
        };
        self.link = address.map(str::trim).filter(plain).map(written);
        text.push_str(if self.link.is_some() { "[" } else { "" });
    }
}

fn is_mail(inside: &str) -> bool {
    inside.contains('@') && !inside.contains([' ', '/', '='])
}
