//! `chatforge openapi`

use crate::web::api::schema;

pub fn run() {
    print!("{}", schema::text());
}
