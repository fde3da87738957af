//! What other companies' servers call, to tell what happened there.

mod stripe;

use axum::Router;
use axum::routing::post;

use crate::web::App;
use crate::web::error;

pub fn router() -> Router<App> {
    let hooks = Router::new()
        .route("/stripe", post(stripe::receive))
        .fallback(error::unknown_path)
        .method_not_allowed_fallback(error::wrong_method);
    Router::new().nest("/hooks", hooks)
}
