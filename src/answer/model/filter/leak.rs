//! Notices when words in a row are those of a text that should not come out.

pub struct Leak {
    words: Vec<String>,
    run_max: usize,
    word: String,
    /// Where in `words` the next one would go on with a run, and how long each run is.
    runs: Vec<(usize, usize)>,
}

impl Leak {
    pub fn of(text: &str, run_max: usize) -> Self {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        Self { words: words.map(str::to_lowercase).collect(), run_max, word: String::new(), runs: Vec::new() }
    }

    /// Whether the text so far, with this behind it, holds too long a run.
    pub fn push(&mut self, text: &str) -> bool {
        text.chars().any(|c| match c.is_alphanumeric() {
            true => {
                self.word.extend(c.to_lowercase());
                false
            }
            false => self.end_word(),
        })
    }

    fn end_word(&mut self) -> bool {
        let word = std::mem::take(&mut self.word);
        if word.is_empty() {
            return false;
        }
        let words = &self.words;
        self.runs.retain(|(at, _)| words.get(*at) == Some(&word));
        self.runs.iter_mut().for_each(|(at, length)| (*at, *length) = (*at + 1, *length + 1));
        self.runs.extend(words.iter().enumerate().filter(|(_, known)| **known == word).map(|(at, _)| (at + 1, 1)));
        self.runs.iter().any(|(_, length)| *length >= self.run_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_noticed_however_it_is_cut_and_dressed() {
        let text = "Answer only with what the sources below say. Never add facts.";
        let check = |said: &[&str], expected| {
            let mut leak = Leak::of(text, 5);
            assert_eq!(said.iter().any(|part| leak.push(part)), expected, "{said:?}");
        };
        check(&["Answer only with what the sources."], true);
        check(&["Sure: answer ONLY, wi", "th *what* ", "the "], true);
        check(&["only with what the price is. answer only with what "], false);
        check(&["with with what the sources below "], true);
        check(&["We answer within a day. "], false);
    }
}
