//! What an answer may point at: sources that were given, and places that they or the agent's owner name.

use std::cell::OnceCell;

use url::Url;

use crate::answer::model::sources::Given;

pub struct Allowed<'a> {
    /// How many sources can be cited.
    pub sources: usize,
    pub canary: &'a str,
    /// All that was given, in lower case.
    knowledge: String,
    /// Its words, once they are asked for.
    words: OnceCell<Vec<String>>,
    /// Where the agent's widget may be: the owner's own sites.
    domains: &'a [String],
}

impl<'a> Allowed<'a> {
    pub fn new(given: &[Given], canary: &'a str, domains: &'a [String]) -> Self {
        let mut knowledge = String::new();
        for one in given {
            for text in one.path.iter().chain([&one.text]).chain(&one.url) {
                knowledge.push_str(&text.to_lowercase());
                knowledge.push('\n');
            }
        }
        Self { sources: given.len(), canary, knowledge, words: OnceCell::new(), domains }
    }

    pub fn link(&self, target: &str) -> bool {
        let Ok(url) = Url::parse(target.trim()) else { return false };
        match (url.scheme(), url.host_str()) {
            ("http" | "https", Some(host)) => url.username().is_empty() && url.password().is_none() && self.host(host),
            ("mailto" | "tel", _) => self.names(&url.path().to_lowercase()),
            _ => false,
        }
    }

    /// Whether the knowledge holds these words in a row.
    pub fn says(&self, words: &[String]) -> bool {
        let split = || self.knowledge.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let known = self.words.get_or_init(|| split().map(str::to_owned).collect());
        !words.is_empty() && known.windows(words.len()).any(|run| run == words)
    }

    fn host(&self, host: &str) -> bool {
        let covers = |domain: &String| match domain.strip_prefix('*') {
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => host == domain,
        };
        self.domains.iter().any(covers) || self.names(host) || host.strip_prefix("www.").is_some_and(|host| self.names(host))
    }

    /// Whether the knowledge holds this very name, and not only as a part of a longer one.
    fn names(&self, name: &str) -> bool {
        let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        let found = |(at, _): (usize, &str)| {
            let (before, after) = (&self.knowledge[..at], &self.knowledge[at + name.len()..]);
            let goes_on = after.starts_with(part) || after.strip_prefix('.').is_some_and(|rest| rest.starts_with(part));
            !before.ends_with(|c| part(c) || matches!(c, '.')) && !goes_on
        };
        !name.is_empty() && self.knowledge.match_indices(name).any(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_only_where_the_knowledge_or_the_owner_leads() {
        let given = Given {
            path: vec!["Contact".into()],
            text: "Write to Help@Acme.example or see https://www.acme.example/help, shop.acme.example. Call +44 20.".into(),
            url: Some("https://docs.example/page".into()),
        };
        let domains = ["own.example".to_owned(), "*.mine.example".to_owned()];
        let allowed = Allowed::new(&[given], "canary", &domains);
        for target in [
            "https://www.acme.example/anything?x=1",
            "http://shop.acme.example",
            "https://docs.example/other",
            "https://OWN.example/",
            "https://a.mine.example/",
            "mailto:help@acme.example",
        ] {
            assert!(allowed.link(target), "{target}");
        }
        for target in [
            "https://evil.test/",
            "https://example/",
            "https://acme.example.evil.test/",
            "https://notwww.acme.example/",
            "https://own.example@evil.test/",
            "https://user@own.example/",
            "https://mine.example/",
            "mailto:someone@else.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/relative",
            "//evil.test",
            "",
        ] {
            assert!(!allowed.link(target), "{target}");
        }
    }
}
