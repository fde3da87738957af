//! Where on its host this server stands: at the root, or under the path of `public_url`.

use std::sync::Arc;

tokio::task_local! {
    /// The path of the request's server, without a slash at its end.
    static PATH: Arc<str>;
}

/// What every address of ours begins with in a page, before its first slash; nothing at the root.
pub fn path() -> Arc<str> {
    PATH.try_with(Arc::clone).unwrap_or_default()
}
