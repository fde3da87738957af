//! What a small business that does not exist tells its visitors, for whoever wants to see before they write.

pub const FAQ: &str = include_str!("sample.faq.txt");
