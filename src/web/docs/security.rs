//! What is promised and what is not: `docs/SECURITY.md` as a page, and the configuration that it points to.

use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Parser, Tag, TagEnd, html};

use crate::web::App;
use crate::web::docs::CACHING;
use crate::web::error::{ApiError, Result};

const DOCUMENT: &str = include_str!("../../../docs/SECURITY.md");
const CONFIGURATION: &str = include_str!("../../../chatforge.example.toml");
const CONFIGURATION_PATH: &str = "/docs/chatforge.example.toml";
/// The same as the page about security, which stands beside it, links to it.
const CONFIGURATION_LINK: &str = "chatforge.example.toml";

static PAGE: LazyLock<SecurityPage> = LazyLock::new(|| SecurityPage::of(DOCUMENT));

#[derive(Template)]
#[template(path = "docs_security.html")]
struct SecurityPage {
    headings: Vec<Heading>,
    html: String,
}

struct Heading {
    id: String,
    title: String,
}

pub fn router() -> Router<App> {
    Router::new().route("/docs/security", get(show)).route(CONFIGURATION_PATH, get(configuration))
}

async fn show() -> Result<Response> {
    let page = PAGE.render().map_err(|error| {
        tracing::error!(%error, "the page about security could not be rendered");
        ApiError::internal()
    })?;
    Ok(([(header::CACHE_CONTROL, CACHING)], Html(page)).into_response())
}

async fn configuration() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, CACHING)];
    (headers, CONFIGURATION).into_response()
}

impl SecurityPage {
    fn of(document: &str) -> Self {
        let mut events: Vec<Event> = led_here(Parser::new(document)).collect();
        let mut headings = Vec::new();
        for at in 0..events.len() {
            let title = title_at(&events[at..]);
            if let Event::Start(Tag::Heading { level, id, .. }) = &mut events[at] {
                let slug = slug(&title);
                *id = Some(CowStr::from(slug.clone()));
                if *level > HeadingLevel::H1 {
                    headings.push(Heading { id: slug, title });
                }
            }
        }
        let mut page = String::new();
        html::push_html(&mut page, events.into_iter());
        Self { headings, html: page }
    }
}

/// Links to files beside the document stay words, for this server has no such pages; the configuration it has.
fn led_here<'a>(events: impl Iterator<Item = Event<'a>>) -> impl Iterator<Item = Event<'a>> {
    let mut is_word = false;
    events.filter_map(move |event| match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = if dest_url.ends_with(CONFIGURATION_LINK) { CONFIGURATION_LINK.into() } else { dest_url };
            is_word = &*dest_url != CONFIGURATION_LINK && !dest_url.starts_with('#') && !dest_url.starts_with("https://");
            (!is_word).then_some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        Event::End(TagEnd::Link) if is_word => None,
        other => Some(other),
    })
}

/// The words of the heading that begins here.
fn title_at(events: &[Event]) -> String {
    let words = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let words = words.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    words.collect()
}

/// As readers of the source know it: lower case, with a dash for each space.
fn slug(title: &str) -> String {
    let letters = title.to_lowercase().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-')).collect::<String>();
    letters.replace(' ', "-")
}
