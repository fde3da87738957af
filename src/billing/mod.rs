//! What the payment provider tells: proved, read, and taken into the store.

pub mod signature;
pub mod stripe;
