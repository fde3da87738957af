//! Links that lead on from the page on which they stand, as they lead there from anywhere else.

use url::Url;

use crate::domain::link;
use crate::reading::markup::is_fence;

/// The content with its relative links made absolute, if it is known where it comes from.
pub fn resolved(content: String, page: Option<&str>) -> String {
    let page = page.and_then(|page| Url::parse(page).ok()).filter(|page| matches!(page.scheme(), "http" | "https"));
    let Some(page) = page.filter(|_| content.contains("](") || content.contains("]:")) else { return content };
    let mut out = String::with_capacity(content.len());
    let mut fenced = false;
    for line in content.split_inclusive('\n') {
        fenced ^= is_fence(line);
        match (fenced, definition(line)) {
            (true, _) => out.push_str(line),
            (_, Some((name, address))) => match absolute(address.trim(), &page) {
                Some(url) => out.push_str(&format!("{name}]: {url}\n")),
                None => out.push_str(line),
            },
            _ => linked(line, &page, &mut out),
        }
    }
    out
}

/// `[name]: /address`, which links elsewhere refer to.
fn definition(line: &str) -> Option<(&str, &str)> {
    let (name, address) = line.split_once("]:")?;
    (name.trim_start().starts_with('[') && !name.contains("](")).then_some((name, address))
}

fn linked(line: &str, page: &Url, out: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find("](") {
        let (before, behind) = rest.split_at(at + 1);
        out.push_str(before);
        let window = &behind[..behind.floor_char_boundary(link::BYTES_MAX)];
        let found = link::target(window).and_then(|(address, used)| Some((absolute(address, page)?, used)));
        let used = found.as_ref().map_or(1, |(_, used)| *used);
        match &found {
            // In sharp brackets nothing in it ends it.
            Some((url, _)) => out.push_str(&format!("(<{url}>)")),
            None => out.push_str(&behind[..used]),
        }
        rest = &behind[used..];
    }
    out.push_str(rest);
}

/// None for what is absolute already, leads to a place on the same page, or is no address: `list[1](2)`.
fn absolute(address: &str, page: &Url) -> Option<Url> {
    let relative = Url::parse(address) == Err(url::ParseError::RelativeUrlWithoutBase);
    let named = address.starts_with(['/', '?', '.']) || address.starts_with(|c: char| c.is_alphabetic());
    let url = (relative && named).then(|| page.join(address).ok()).flatten()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_link_leads_on_from_the_page_it_stands_on() {
        let page = Some("https://shop.example/help/faq?lang=en");
        for (content, expected) in [
            ("[pricing](/pricing)", "[pricing](<https://shop.example/pricing>)"),
            ("[size](size_(eu).html) x", "[size](<https://shop.example/help/size_(eu).html>) x"),
            ("[up](../about) and [here](./x)", "[up](<https://shop.example/about>) and [here](<https://shop.example/help/x>)"),
            ("[q](?lang=de)", "[q](<https://shop.example/help/faq?lang=de>)"),
            ("[other](//cdn.example/x)", "[other](<https://cdn.example/x>)"),
            ("[a](<my file.pdf>)", "[a](<https://shop.example/help/my%20file.pdf>)"),
            ("[a](/x \"Title\").", "[a](<https://shop.example/x>)."),
            ("![p](/p.png)", "![p](<https://shop.example/p.png>)"),
            ("[docs][d]\n\n[d]: /docs\n", "[docs][d]\n\n[d]: https://shop.example/docs\n"),
            ("[a](https://else.example/x)", "[a](https://else.example/x)"),
            ("[a](mailto:a@b.example) [b](tel:+155501) [c](#top)", "[a](mailto:a@b.example) [b](tel:+155501) [c](#top)"),
            ("list[1](2)", "list[1](2)"),
            ("```\n[a](/x)\n```", "```\n[a](/x)\n```"),
            ("[open](/x", "[open](/x"),
        ] {
            assert_eq!(resolved(content.to_owned(), page), expected);
        }
        assert_eq!(resolved("[pricing](/pricing)".to_owned(), None), "[pricing](/pricing)");
        assert_eq!(resolved("[pricing](/pricing)".to_owned(), Some("ftp://x.example/")), "[pricing](/pricing)");
    }
}
