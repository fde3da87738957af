//! A text as contact details are looked for in it: widths and spaces as ASCII has them, without what nobody sees.

use std::ops::Range;

use crate::domain::link;

/// Stands where something was that is not to be looked at again: in no number, address or word.
pub const HOLE: char = '\u{fffc}';

pub struct Plain {
    pub chars: Vec<char>,
    /// Where each character stood, in bytes, and where the text ended.
    places: Vec<usize>,
}

impl Plain {
    pub fn of(text: &str) -> Self {
        let kept = text.char_indices().filter(|(_, c)| !link::is_invisible(*c));
        let (mut places, chars): (Vec<usize>, Vec<char>) = kept.map(|(at, c)| (at, narrow(c))).unzip();
        places.push(text.len());
        Self { chars, places }
    }

    /// The bytes of the text that these characters were.
    pub fn bytes(&self, range: &Range<usize>) -> Range<usize> {
        self.places[range.start]..self.places[range.end]
    }

    pub fn text(&self, range: &Range<usize>) -> String {
        self.chars[range.clone()].iter().collect()
    }

    pub fn blank(&mut self, range: &Range<usize>) {
        self.chars[range.clone()].fill(HOLE);
    }

    /// An address of a page holds nobody's contact details, whatever it looks like: a handle, a password, a number.
    pub fn blank_links(&mut self) {
        let mut at = 0;
        while let Some(mark) = find(&self.chars[at..], &[':', '/', '/']).map(|found| at + found) {
            let letters = self.chars[at..mark].iter().rev().take_while(|c| c.is_ascii_alphanumeric() || **c == '+').count();
            let from = mark + 3;
            let rest: String = self.chars[from..].iter().take(link::BYTES_MAX).collect();
            let end = from + rest[..link::length(&rest)].chars().count();
            if letters > 0 {
                self.blank(&(mark - letters..end));
            }
            at = end.max(from);
        }
    }

    /// Digits of every script as those of ASCII, and every dash as a hyphen.
    pub fn numeric(&self) -> Vec<char> {
        let digit = |n: usize| self.chars.get(n).copied().is_some_and(|c| ascii_digit(c).is_some());
        let folded = self.chars.iter().enumerate().map(|(n, c)| match c {
            // The long mark of katakana is what a Japanese keyboard gives for a dash.
            '\u{30fc}' | '\u{ff70}' if n > 0 && digit(n - 1) && digit(n + 1) => '-',
            c => ascii_digit(*c).unwrap_or(*c),
        });
        folded.collect()
    }
}

fn find(chars: &[char], wanted: &[char]) -> Option<usize> {
    chars.windows(wanted.len()).position(|window| window == wanted)
}

fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{2bc}' => '\'',
        '\n' => c,
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// A digit of any script in which people write numbers by tens.
pub fn ascii_digit(c: char) -> Option<char> {
    const ZEROS: [u32; 14] = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xbe6, 0xc66, 0xe50, 0xed0, 0x1040, 0x17e0, 0xff10];
    let zero = ZEROS.into_iter().find(|zero| (*zero..zero + 10).contains(&(c as u32)))?;
    char::from_digit(c as u32 - zero, 10)
}

/// Letters that are never mixed within one word: where one kind ends and another begins, so does the word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Script {
    Latin,
    Unspaced,
    Hangul,
    Arabic,
    Other,
}

impl Script {
    /// None for what goes with all of them, such as a digit.
    pub fn of(c: char) -> Option<Self> {
        match c {
            c if !c.is_alphabetic() => None,
            c if c < '\u{250}' || matches!(c, '\u{1e00}'..='\u{1eff}') => Some(Self::Latin),
            '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7ff}' => Some(Self::Hangul),
            '\u{600}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' => {
                Some(Self::Arabic)
            }
            c if link::is_unspaced(c) => Some(Self::Unspaced),
            _ => Some(Self::Other),
        }
    }
}
