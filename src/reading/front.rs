//! What stands before a document for machines: the front matter, and the addresses that links refer to.

use std::collections::HashMap;

const FRONT_LINES_MAX: usize = 60;
const LABEL_MAX: usize = 300;

/// The document's title, if its front matter has one, and the document without it.
pub fn matter(content: &str) -> (Option<String>, &str) {
    let Some(rest) = content.trim_start_matches('\u{feff}').strip_prefix("---\n") else { return (None, content) };
    let mut title = None;
    let mut read = 0;
    for line in rest.split_inclusive('\n').take(FRONT_LINES_MAX) {
        read += line.len();
        let line = line.trim_end();
        if line == "---" || line == "..." {
            return (title, &rest[read..]);
        }
        let field = line.split_once(':').filter(|(key, _)| !key.trim().is_empty() && !key.trim().contains(' '));
        if field.is_none() && !line.is_empty() && !line.starts_with([' ', '\t', '-', '#']) {
            break;
        }
        let named = field.filter(|(key, _)| *key == "title").map(|(_, value)| value.trim().trim_matches(['"', '\'']));
        title = title.or(named.filter(|name| !name.is_empty()).map(str::to_owned));
    }
    (None, content)
}

/// `[label][name]` with the address that `[name]: address` gives elsewhere; the definitions go.
pub fn with_references(content: &str) -> String {
    let addresses: HashMap<String, &str> = content.lines().filter_map(definition).collect();
    if addresses.is_empty() {
        return content.to_owned();
    }
    let mut out = String::with_capacity(content.len());
    for line in content.lines().filter(|line| definition(line).is_none()) {
        referring(line, &addresses, &mut out);
        out.push('\n');
    }
    out
}

fn definition(line: &str) -> Option<(String, &str)> {
    let (name, address) = line.trim().strip_prefix('[')?.split_once("]:")?;
    let address = address.split_whitespace().next()?.trim_matches(['<', '>']);
    let known = address.contains("://") || address.starts_with(['/', '#']) || address.starts_with("mailto:");
    (known && name.len() <= LABEL_MAX && !name.starts_with('^')).then(|| (name.to_lowercase(), address))
}

fn referring(line: &str, addresses: &HashMap<String, &str>, out: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find('[') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (shown, used) = reference(rest, addresses).unwrap_or_else(|| ("[".to_owned(), 1));
        out.push_str(&shown);
        rest = &rest[used..];
    }
    out.push_str(rest);
}

/// A reference at the start of `text` as a link, and how many bytes it takes.
fn reference(text: &str, addresses: &HashMap<String, &str>) -> Option<(String, usize)> {
    let window = text.char_indices().nth(LABEL_MAX).map_or(text, |(at, _)| &text[..at]);
    let close = window.find(']')?;
    let label = &window[1..close];
    let behind = &window[close + 1..];
    if behind.starts_with('(') {
        return None;
    }
    let named = behind.strip_prefix('[').and_then(|behind| Some((&behind[..behind.find(']')?], close + 3 + behind.find(']')?)));
    let (name, used) = named.unwrap_or((label, close + 1));
    let name = if name.is_empty() { label } else { name };
    let address = addresses.get(&name.to_lowercase())?;
    Some((format!("[{label}]({address})"), used))
}
