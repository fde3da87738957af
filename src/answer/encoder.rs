//! The sentence encoder, which is a crate of its own: only there may code be unsafe, and it is optimised in debug builds too.

pub use chatforge_encoder::{DIMENSIONS, Encoder, Vector, cosines};
