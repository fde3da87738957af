//! What readers make of a file, whatever they take for the separator.

use csv::ReaderBuilder;
use proptest::prelude::*;

use crate::web::csv::defuse::{begins_formula, is_passed_over};
use crate::web::csv::{Row, lines};

const SEPARATORS: [u8; 4] = *b",;\t|";

/// The cells that somebody sees who takes this for the separator.
fn read(file: &[u8], separator: u8) -> Vec<Vec<String>> {
    let mut reader = ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(file);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn is_live(cell: &str) -> bool {
    let shown = cell.trim_matches(|c: char| is_passed_over(c) && c != '\'');
    let in_number = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '.' | '-');
    let is_phone = |number: &str| number.contains(|c: char| c.is_ascii_digit()) && number.chars().all(in_number);
    shown.starts_with(begins_formula) && !shown.strip_prefix('+').is_some_and(is_phone)
}

/// Whether one text is the other with nothing but quotes put in.
fn is_quoted(quoted: &str, text: &str) -> bool {
    let mut wanted = text.chars().peekable();
    let fits = quoted.chars().all(|c| wanted.next_if_eq(&c).is_some() || c == '\'');
    fits && wanted.peek().is_none()
}

fn cell() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[=+@,;|\t\r\n\"' -]",
        2 => "[＝＋－＠﹦⁺−«“`\u{b}\u{c}\u{1c}\u{85}\u{a0}\u{200b}\u{202e}\u{2028}\u{2029}\u{2066}\u{3000}\u{feff}\u{e0041}]",
        2 => "[a-z0-9]{1,3}",
        1 => Just("\"\"".to_owned()),
        1 => Just("+49 170 1234567".to_owned()),
        1 => Just("\n+1 (555) 010-0123\n".to_owned()),
        1 => Just("*cmd|'/C calc'!A0".to_owned()),
        1 => Just("=cmd|'/C calc'!A0".to_owned()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Every row has as many cells, of which the first is an id.
fn table() -> impl Strategy<Value = Vec<Row>> {
    let row = |columns: usize| {
        let cells = proptest::collection::vec(cell(), columns);
        cells.prop_map(|cells| [vec!["lead_a1b2".to_owned()], cells].concat())
    };
    (1_usize..5).prop_flat_map(move |columns| proptest::collection::vec(row(columns), 1..4))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_reader_finds_a_formula_whatever_it_takes_for_the_separator(rows in table()) {
        let file = lines(&rows);
        for separator in SEPARATORS {
            for cell in read(&file, separator).concat() {
                prop_assert!(!is_live(&cell), "{cell:?} behind {:?} in {:?}", char::from(separator), String::from_utf8_lossy(&file));
            }
        }
    }

    #[test]
    fn a_reader_of_commas_finds_what_was_written(rows in table()) {
        let found = read(&lines(&rows), b',');
        prop_assert_eq!(found.len(), rows.len());
        for (found, row) in found.iter().zip(&rows) {
            prop_assert_eq!(found.len(), row.len());
            for (found, cell) in found.iter().zip(row) {
                prop_assert!(is_quoted(found, cell), "{found:?} {cell:?}");
            }
        }
    }
}

#[test]
fn every_cell_stands_in_quotes() {
    let rows = [vec!["lead_1".to_owned(), String::new(), "say \"hi\"".to_owned()]];
    assert_eq!(String::from_utf8(lines(&rows)).unwrap(), "\"lead_1\",\"\",\"say \"\"hi\"\"\"\n");
}
