//! Which addresses may be registered as a webhook.

use url::{Host, Url};

use crate::domain::page::URL_CHARS_MAX;

/// What the operator permits beyond public HTTPS addresses.
#[derive(Clone, Debug, Default)]
pub struct UrlPolicy {
    pub allow_http: bool,
    /// Names and ports of one's own network; which addresses they may lead to, and on which ports, is decided when connecting.
    pub allow_private: bool,
    /// This server, as the world reaches it: events sent there would lead in circles.
    pub own: Option<Place>,
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(String, u16);

impl Place {
    pub fn of(url: &Url) -> Option<Self> {
        // A final dot names the same host.
        Some(Self(url.host_str()?.trim_end_matches('.').to_owned(), url.port_or_known_default()?))
    }
}

/// Checks the address of a webhook and gives the one spelling that is stored and called.
pub fn checked(text: &str, policy: &UrlPolicy) -> Result<String, String> {
    // The parser would silently drop or reread these, and show a reader another host than it calls.
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    if text.chars().count() > URL_CHARS_MAX || text.contains(odd) {
        return Err(format!("must be a URL of at most {URL_CHARS_MAX} characters, without spaces"));
    }
    let mut url = Url::parse(text).map_err(|_| "must be a full URL such as https://example.com/hook".to_owned())?;
    check_form(&url, policy)?;
    // A final dot names the same host, but certificates do not carry it.
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_owned();
    url.set_host(Some(&host)).map_err(|_| "must contain a host name".to_owned())?;
    check_host(&url, policy)?;
    if url.as_str().len() > URL_CHARS_MAX {
        return Err(format!("must be at most {URL_CHARS_MAX} characters when encoded"));
    }
    Ok(url.into())
}

fn check_form(url: &Url, policy: &UrlPolicy) -> Result<(), String> {
    let plain_http = url.scheme() == "http" && policy.allow_http;
    if url.scheme() != "https" && !plain_http {
        return Err("must start with https://".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password".into());
    }
    if url.fragment().is_some() {
        return Err("must not contain a #fragment".into());
    }
    let port = url.port_or_known_default().unwrap_or_default();
    let taken = is_usual_port(port, plain_http) || FIRST_FREE_PORT <= port;
    if port == 0 || !(taken || policy.allow_private) {
        return Err("must use port 443 or a port from 1024".into());
    }
    Ok(())
}

/// Where webhooks are received; that somebody answers there says nothing about a host.
pub const fn is_usual_port(port: u16, takes_http: bool) -> bool {
    port == 443 || (takes_http && port == 80)
}

/// Below it, services of other kinds listen.
pub const FIRST_FREE_PORT: u16 = 1_024;

fn check_host(url: &Url, policy: &UrlPolicy) -> Result<(), String> {
    if policy.own.is_some() && policy.own == Place::of(url) {
        return Err("must not point to this server".into());
    }
    match url.host() {
        Some(Host::Domain(name)) if policy.allow_private || public_name(name) => Ok(()),
        Some(Host::Domain(_)) => Err("must use a host on the public internet".into()),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => Ok(()),
        None => Err("must contain a host name".into()),
    }
}

/// Whether a name can belong to the public internet at all.
pub fn public_name(name: &str) -> bool {
    const OWN: [&str; 5] = [".localhost", ".local", ".lan", ".internal", ".home.arpa"];
    let labels = name.contains('.') && name.split('.').all(|label| !label.is_empty());
    labels && name != "home.arpa" && !OWN.iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &UrlPolicy = &UrlPolicy { allow_http: false, allow_private: false, own: None };
    const OPEN: &UrlPolicy = &UrlPolicy { allow_http: true, allow_private: true, own: None };

    #[test]
    fn public_https_addresses_are_taken_in_one_spelling() {
        let check = |text, stored| assert_eq!(checked(text, PUBLIC).as_deref(), Ok(stored));
        check("https://example.com/hook", "https://example.com/hook");
        check("HTTPS://Example.COM", "https://example.com/");
        check("https://example.com.:443/a/../b?x=1", "https://example.com/b?x=1");
        check("https://example.com:8443/hook", "https://example.com:8443/hook");
        check("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC");
        check("https://example.com:6379/hook", "https://example.com:6379/hook");
        // Which numbers may be called is decided when connecting.
        check("https://0x7f000001/", "https://127.0.0.1/");
        check("https://①②⑦.0.0.1/", "https://127.0.0.1/");
        check("https://[::1]/", "https://[::1]/");
    }

    #[test]
    fn d01_d05_d06_what_cannot_be_a_public_https_address_is_refused() {
        let forms = "http://example.com/ ftp://example.com/ file:///etc/passwd gopher://example.com/ //example.com/hook \
                     javascript:alert(1) example.com https:// https://user:pw@example.com/ https://user@example.com/ \
                     https://example.com@127.0.0.2 https://example.com#@127.0.0.2 https://example.com\\@127.0.0.2 https://example.com:0/ \
                     https://example.com:22/ https://example.com:25/ https://example.com:1023/ https://example.com:65536/ https://a..b/";
        let hosts = "https://localhost/ https://LOCALHOST./ https://a.localhost/ https://x.local/ https://home.arpa/ \
                     https://nas.home.arpa/ https://metadata.google.internal/ https://intranet/ https://./";
        for text in forms.split_whitespace().chain(hosts.split_whitespace()) {
            assert!(checked(text, PUBLIC).is_err(), "{text}: {:?}", checked(text, PUBLIC));
        }
        for text in ["https://exa mple.com/", "https://example.com/\n", " https://example.com/", "https://exam\tple.com/", ""] {
            assert!(checked(text, PUBLIC).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_operator_can_allow_http_and_a_network_of_its_own() {
        let check = |text, stored| assert_eq!(checked(text, OPEN).as_deref(), Ok(stored));
        check("http://localhost:3000/hook", "http://localhost:3000/hook");
        check("http://n8n/", "http://n8n/");
        check("https://intranet:81/", "https://intranet:81/");
        let http_only = &UrlPolicy { allow_http: true, allow_private: false, own: None };
        assert!(checked("http://example.com/", http_only).is_ok());
        assert!(checked("http://localhost/", http_only).is_err());
        assert!(checked("https://example.com:80/", http_only).is_err());
        assert!(checked("ftp://example.com/", OPEN).is_err());
    }

    #[test]
    fn an_address_of_2049_characters_is_refused() {
        let of_length = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
        assert!(checked(&of_length(2_048), PUBLIC).is_ok());
        assert!(checked(&of_length(2_049), PUBLIC).is_err());
        assert!(checked(&format!("https://example.com/{}", "ü".repeat(1_000)), PUBLIC).is_err());
    }

    #[test]
    fn d05_the_server_itself_is_no_webhook() {
        let own = |public_url: &str| Place::of(&Url::parse(public_url).unwrap());
        let policy = &UrlPolicy { own: own("https://chat.example.com/base"), ..PUBLIC.clone() };
        for itself in ["https://chat.example.com/", "https://CHAT.example.com.:443/widget/v1/boot", "https://chat.example.com?a"]
        {
            assert_eq!(checked(itself, policy), Err("must not point to this server".into()), "{itself}");
        }
        for neighbour in ["https://chat.example.com:5678/", "https://example.com/", "https://n8n.chat.example.com/"] {
            assert!(checked(neighbour, policy).is_ok(), "{neighbour}");
        }
        let open = &UrlPolicy { own: own("http://127.0.0.1:8080"), ..OPEN.clone() };
        assert!(checked("http://127.1:8080/api", open).is_err());
        assert!(checked("http://127.0.0.1:8081/", open).is_ok());
    }
}
