//! What the documentation knows of an endpoint.

/// Endpoints that belong together.
pub struct Section {
    pub id: &'static str,
    pub title: &'static str,
    pub text: &'static str,
    pub endpoints: &'static [Endpoint],
}

/// Texts may hold `code` between backticks.
pub struct Endpoint {
    pub id: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub title: &'static str,
    pub text: &'static str,
    /// What the key must be allowed to do; empty if every key may.
    pub permission: &'static str,
    pub params: &'static [Param],
    pub example: Example,
}

pub struct Param {
    pub name: &'static str,
    /// `path`, `query` or `body`.
    pub place: &'static str,
    pub kind: &'static str,
    pub required: bool,
    pub text: &'static str,
}

pub struct Example {
    /// Below `/api/v1`, with its query string.
    pub address: &'static str,
    /// JSON; empty if none is sent.
    pub body: &'static str,
    pub status: &'static str,
    pub response: &'static str,
}

pub const fn path(name: &'static str, text: &'static str) -> Param {
    Param { name, place: "path", kind: "string", required: true, text }
}

pub const fn query(name: &'static str, kind: &'static str, text: &'static str) -> Param {
    Param { name, place: "query", kind, required: false, text }
}

pub const fn body(name: &'static str, kind: &'static str, text: &'static str) -> Param {
    Param { name, place: "body", kind, required: false, text }
}

impl Param {
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

pub const AGENT: Param = path("agent_id", "The agent’s id.");
pub const LIMIT: Param = query("limit", "integer", "Results per page, 1 to 100. Default: 25.");
pub const OFFSET: Param = query("offset", "integer", "Results to skip. Default: 0.");
pub const AFTER: Param = query(
    "after",
    "string",
    "The `next_after` of the previous page. The next page continues exactly there, even if results were added since.",
);

/// Plain text and code in turns.
pub struct Span {
    pub code: bool,
    pub text: &'static str,
}

pub fn spans(text: &'static str) -> Vec<Span> {
    text.split('`').enumerate().map(|(number, text)| Span { code: number % 2 == 1, text }).collect()
}

impl Param {
    pub fn spans(&self) -> Vec<Span> {
        spans(self.text)
    }
}

impl Section {
    pub fn spans(&self) -> Vec<Span> {
        spans(self.text)
    }
}
