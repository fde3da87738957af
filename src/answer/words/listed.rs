//! Reads the lists that are compiled in: `[name]` begins a section, `#` a remark, every other line belongs to its section.

pub type Section = (&'static str, Vec<&'static str>);

pub fn sections(text: &'static str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => sections.push((name, Vec::new())),
            None => sections.last_mut().expect("a section before its lines").1.push(line),
        }
    }
    sections
}

/// What stands between the bars of a section's lines.
pub fn entries(lines: &[&'static str]) -> impl Iterator<Item = &'static str> {
    lines.iter().flat_map(|line| line.split('|')).map(str::trim).filter(|entry| !entry.is_empty())
}
