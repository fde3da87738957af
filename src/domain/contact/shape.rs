//! How a number is written: as people write phones, or as they write dates, hours, sums, places and codes.

/// What the digits and their groups tell, whatever words stand around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As only phones are written.
    Sure,
    /// As phones are mostly written.
    Likely,
    /// A phone only where a word says so.
    Unclear,
    Never,
}

/// `number` holds digits of ASCII and separators.
pub fn shape(number: &str) -> Shape {
    let groups: Vec<&str> = number.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let form = Form { number, lengths: groups.iter().map(|group| group.len()).collect(), groups };
    match () {
        () if form.is_date() || form.is_years() || form.is_hours() || form.is_decimal() => Shape::Never,
        () if form.is_international() => form.international(),
        () if form.is_card() => Shape::Never,
        () if form.lengths.len() > 6 => Shape::Unclear,
        () if form.number.starts_with('(') => Shape::Sure,
        () if form.is_code() || form.is_sum() || form.is_network_address() || form.is_file() => Shape::Unclear,
        () if form.number.starts_with('0') => form.with_trunk_zero(),
        () if form.lengths.len() == 1 => form.compact(),
        () => form.grouped(),
    }
}

struct Form<'a> {
    number: &'a str,
    groups: Vec<&'a str>,
    lengths: Vec<usize>,
}

impl Form<'_> {
    fn digits(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// "202603151230": a day with an hour, a build.
    fn is_time(&self) -> bool {
        let part = |from: usize, most: u32| {
            self.number.get(from..from + 2).and_then(|two| two.parse().ok()).is_some_and(|n: u32| (1..=most).contains(&n))
        };
        self.digits() > 10 && year(&self.number[..4]) && part(4, 12) && part(6, 31)
    }

    fn is_repeated(&self) -> bool {
        let mut digits = self.number.chars().filter(char::is_ascii_digit);
        digits.next().is_some_and(|first| digits.all(|digit| digit == first))
    }

    fn is_international(&self) -> bool {
        self.number.starts_with(['+', '(']) && self.number.contains('+')
            || self.number.starts_with("00") && !self.number.starts_with("000") && self.digits() > 9
    }

    fn international(&self) -> Shape {
        let sum = self.lengths.len() > 1 && self.lengths[1..].iter().all(|length| *length == 3) && self.ends_in_zeros();
        if self.digits() < 8 || sum { Shape::Unclear } else { Shape::Sure }
    }

    fn with_trunk_zero(&self) -> Shape {
        // From North America one dials 011 to leave the country.
        let most = if self.number.starts_with("011") { 18 } else { 13 };
        match (self.lengths.len(), self.digits()) {
            _ if self.is_repeated() => Shape::Unclear,
            (1, 9..=12) => Shape::Sure,
            (2.., 8..) if self.digits() <= most => Shape::Sure,
            _ => Shape::Unclear,
        }
    }

    /// Digits in a row tell little; those that count seconds, or up, are no phone.
    fn compact(&self) -> Shape {
        let first = self.number.chars().next().unwrap_or('0');
        let row = "1234567890".starts_with(self.number);
        match self.digits() {
            _ if row || self.is_repeated() || self.is_time() || self.number.ends_with("00000") => Shape::Unclear,
            9 | 10 if first > '1' => Shape::Likely,
            11 => Shape::Likely,
            _ => Shape::Unclear,
        }
    }

    fn grouped(&self) -> Shape {
        let first = self.number.chars().next().unwrap_or('0');
        match self.lengths[..] {
            // India: 98765 43210.
            [5, 5] if first > '5' => Shape::Likely,
            _ if self.lengths[1..].contains(&1) || self.digits() > 13 => Shape::Unclear,
            _ if self.lengths.iter().all(|length| *length > 4) => Shape::Unclear,
            _ if self.lengths.len() > 2 && self.lengths.iter().all(|length| *length == 4) => Shape::Unclear,
            [3, 3, 3] if first > '3' => Shape::Likely,
            _ if self.groups.iter().all(|group| group.ends_with("00")) => Shape::Unclear,
            _ => Shape::Likely,
        }
    }

    /// Three groups in a row that are a day, however much stands around them.
    fn is_date(&self) -> bool {
        let at_most = |group: &str, most: u32| group.len() <= 2 && group.parse().is_ok_and(|n: u32| (1..=most).contains(&n));
        let day =
            |first: &str, second: &str| at_most(first, 12) && at_most(second, 31) || at_most(first, 31) && at_most(second, 12);
        let full = |three: &[&str]| year(three[2]) && day(three[0], three[1]) || year(three[0]) && day(three[1], three[2]);
        !self.number.starts_with('+') && self.groups.windows(3).any(full)
    }

    fn is_years(&self) -> bool {
        self.groups.len() > 1 && self.groups.iter().all(|group| year(group))
    }

    /// "9.00-17.00", "0900-1700", "9-12 14-18".
    fn is_hours(&self) -> bool {
        let plain = !self.number.contains(['+', '(']);
        let mixed = self.number.contains('-') && self.number.contains(['.', ' ']);
        let small = self.lengths.iter().all(|length| *length <= 2);
        let within = |group: &str| group.parse().is_ok_and(|n: u32| n <= 24);
        let pairs = small && mixed && (self.number.contains('.') || self.groups.iter().all(|group| within(group)));
        let clock = |group: &str| group.len() == 4 && group.parse().is_ok_and(|n: u32| n <= 2400 && n % 100 < 60);
        let spans =
            self.number.contains('-') && self.groups.len().is_multiple_of(2) && self.groups.iter().all(|group| clock(group));
        plain && (pairs || spans)
    }

    /// "52.5200 13.4050", "1500000.50".
    fn is_decimal(&self) -> bool {
        let decimal = |part: &str| {
            let sides = part.trim_start_matches('-').split_once('.');
            sides.is_some_and(|(whole, rest)| {
                let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
                digits(whole) && digits(rest)
            })
        };
        let parts: Vec<&str> = self.number.split(' ').filter(|part| !part.is_empty()).collect();
        self.lengths != [3, 4] && parts.iter().all(|part| decimal(part))
    }

    /// Cards and accounts: groups of four, or the groups of American Express and Diners.
    fn is_card(&self) -> bool {
        let fours = self.lengths.iter().filter(|length| **length == 4).count();
        self.digits() > 15
            || fours > 2 && self.digits() > 12
            || matches!(self.lengths[..], [4, 6, 5] | [4, 6, 4])
            || self.digits() == 13 && self.lengths.len() > 2 && matches!(self.groups[0], "978" | "979")
    }

    /// Codes of places and people: 90210-1234, 01310-100, 1000-205, 123-45-6789.
    fn is_code(&self) -> bool {
        let hyphens = self.number.chars().all(|c| c.is_ascii_digit() || c == '-');
        let dotted = self.number.contains('.') && self.lengths == [3, 4];
        let person = self.lengths == [3, 2, 4] && !self.number.starts_with('0');
        dotted || person || hyphens && matches!(self.lengths[..], [5, 4] | [5, 3] | [4, 3])
    }

    /// Thousands apart: 1 299 000, 12.500.000. Three groups of three are also how Poland, Spain and Portugal write phones.
    fn is_sum(&self) -> bool {
        let thousands = self.lengths.len() > 1 && self.lengths[0] <= 3 && self.lengths[1..].iter().all(|length| *length == 3);
        let phone = self.lengths == [3, 3, 3] && !self.ends_in_zeros();
        let trunk = self.number.starts_with('0');
        thousands && !phone && !trunk && !self.number.contains(['-', '/', '('])
    }

    fn ends_in_zeros(&self) -> bool {
        self.groups.last().is_some_and(|last| *last == "000")
    }

    fn is_network_address(&self) -> bool {
        let octet = |group: &&str| group.parse().is_ok_and(|n: u32| n <= 255 && n.to_string() == **group);
        self.groups.len() == 4 && self.number.chars().all(|c| c.is_ascii_digit() || c == '.') && self.groups.iter().all(octet)
    }

    /// "12/34/56789": a file, a part.
    fn is_file(&self) -> bool {
        self.number.contains('/') && self.groups.len() > 2 && !self.number.starts_with('0')
    }
}

fn year(group: &str) -> bool {
    group.len() == 4 && (group.starts_with("19") || group.starts_with("20"))
}
