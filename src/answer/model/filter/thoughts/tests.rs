//! What models were seen to write around their thoughts, cut in every way.

use proptest::prelude::*;

use super::*;

fn said(pieces: &[&str], hold: Hold, cut_off: bool) -> (String, bool, Seen) {
    let mut thoughts = Thoughts::new(hold);
    let mut said: String = pieces.iter().map(|piece| thoughts.push(piece)).collect();
    said.push_str(&thoughts.finish(cut_off));
    (said.trim().to_owned(), thoughts.is_open(), thoughts.seen())
}

/// Whole, letter by letter, and cut at each place, always the same.
#[track_caller]
fn told(text: &str, hold: Hold) -> (String, bool, Seen) {
    let whole = said(&[text], hold, false);
    let letters: Vec<String> = text.chars().map(String::from).collect();
    assert_eq!(said(&letters.iter().map(String::as_str).collect::<Vec<_>>(), hold, false), whole, "{text:?} by letters");
    for (at, _) in text.char_indices() {
        assert_eq!(said(&[&text[..at], &text[at..]], hold, false), whole, "{text:?} at {at}");
    }
    whole
}

#[track_caller]
fn check(text: &str, shown: &str) {
    for hold in [Hold::Prefix, Hold::All] {
        assert_eq!(told(text, hold).0, shown, "{text:?}, {hold:?}");
    }
}

const ANSWER: &str = "A kayak costs 18 euros [1].";

#[test]
fn thoughts_are_taken_out_in_every_spelling() {
    for (open, close) in [
        ("<think>", "</think>"),
        ("<Think>", "</THINK>"),
        ("<thinking>", "</thinking>"),
        ("<thought>", "</thought>"),
        ("<THOUGHTS>", "</Thoughts>"),
        ("<reasoning>", "</reasoning>"),
        ("<reflection>", "</reflection>"),
        ("< think >", "< / think >"),
        ("<think\n>", "</think\t>"),
        ("<thinking mode=\"deep\" n=3>", "</thinking>"),
        ("<reasoning data-x='a>b'>", "</reasoning>"),
        ("<seed:think>", "</seed:think>"),
        ("[THINK]", "[/THINK]"),
        ("[think]", "[/Think]"),
        ("\u{25c1}think\u{25b7}", "\u{25c1}/think\u{25b7}"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|channel>thought\n", "<channel|>"),
    ] {
        check(&format!("{open}The price, 3 < 5 [x].\n{close}\n\n{ANSWER}"), ANSWER);
        check(&format!("{open}{close}{ANSWER}"), ANSWER);
        let seen = told(&format!("{open}a {open}b{close} c{close} {ANSWER}"), Hold::Prefix);
        assert_eq!(seen.0, ANSWER, "one in the other: {open}");
        check(&format!("Sure. {open}plan{close} {ANSWER}"), &format!("Sure. {ANSWER}"));
        assert_eq!(told(&format!("Sure.{open}plan{close}{ANSWER}"), Hold::Prefix).0, format!("Sure. {ANSWER}"), "{open}");
        assert_eq!(told(&format!("Sure. {open}plan"), Hold::Prefix), ("Sure.".into(), true, Seen::Marked), "{open}");
        assert_eq!(told(&format!("{open}plan"), Hold::Nothing), (String::new(), true, Seen::Marked), "{open}");
    }
}

#[test]
fn what_stands_before_a_closing_tag_that_nothing_opened_was_thought() {
    for close in ["</think>", "</ Thinking >", "[/THINK]", "\u{25c1}/think\u{25b7}", "<|end_of_thought|>", "</reasoning>"] {
        check(&format!("The visitor wants the price. Source 1 says 18.\n{close}\n\n{ANSWER}"), ANSWER);
        check(&format!("{close}{ANSWER}"), ANSWER);
        assert_eq!(told(&format!("Hm.{close}{ANSWER}"), Hold::Prefix).2, Seen::Unopened);
        let long = format!("{}{close}{ANSWER}", "So the price it is. ".repeat(100));
        assert_eq!(told(&long, Hold::All).0, ANSWER);
        assert_eq!(told(&long, Hold::Prefix).2, Seen::Unopened, "remembered, though seen too late");
        assert!(!told(&long, Hold::Prefix).0.contains(close));
    }
    let within = format!("{} <think>again</think>{ANSWER}", "So the price it is. ".repeat(4));
    assert_eq!(told(&within, Hold::All).0, ANSWER);
    check("A tag </think in words\n</think>Yes.", "Yes.");
    check("<think>a<think>b</think>c</think>Yes.", "Yes.");
}

#[test]
fn of_channels_only_the_final_one_is_shown() {
    for (text, shown) in [
        ("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>", "Yes."),
        ("<|start|>assistant<|channel|>analysis<|message|>Hm.<|end|>\n<|start|>assistant<|channel|>final<|message|>Yes.", "Yes."),
        ("<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>final<|message|>Yes.", "Yes."),
        ("<|channel|>commentary to=functions.x <|constrain|>json<|message|>{}<|call|><|channel|>final<|message|>Yes.", "Yes."),
        ("<|channel|>analysis<|message|>Hm.<|channel|>final<|message|>Yes.<|end|>", "Yes."),
        ("<|channel|>final<|message|>Yes.<|return|>", "Yes."),
        ("<|channel|>final <|constrain|>text<|message|>Yes.", "Yes."),
        ("<|start|>assistant<|message|>Yes.", "Yes."),
        ("analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.", "Yes."),
        ("Hm. 18.<|end|><|start|>assistant<|channel|>final<|message|>Yes.", "Yes."),
        ("<|CHANNEL|>Analysis<|MESSAGE|>Hm.<|END|><|START|>assistant<|CHANNEL|>Final<|MESSAGE|>Yes.", "Yes."),
        ("analysisThe visitor asks. Hm.assistantfinalYes.", "Yes."),
        ("<|channel|>analysis<|message|>Hm.</think><think>", ""),
        ("<|channel|>analysis", ""),
        ("Yes.<|end|>", "Yes."),
        ("Yes.<|im_end|>", "Yes."),
    ] {
        check(text, shown);
    }
}

#[test]
fn answers_that_only_look_like_it_stay_as_they_are() {
    for text in [
        "I think that 3 < 5, and thinking helps.",
        "A <b> tag, a <thought is > b, and <thinks>.",
        "Write `<think>` and `</think>` in your template.",
        "[Thoughts](https://a.example/) and [Think](https://a.example/) and [1].",
        "analysis of the water costs 5 euros.",
        "a < think and </b> and <|x|> and <|channels|>",
        "Our reasoning: <3",
        "\u{25c1} back, <",
        "<think",
        "</thin",
    ] {
        for hold in [Hold::Nothing, Hold::Prefix, Hold::All] {
            assert_eq!(told(text, hold), (text.to_owned(), false, Seen::None), "{hold:?}");
        }
    }
}

#[test]
fn an_answer_waits_no_longer_than_it_must() {
    let steps = |hold: Hold, pieces: &[&str]| {
        let mut thoughts = Thoughts::new(hold);
        pieces.iter().map(|piece| thoughts.push(piece)).collect::<Vec<_>>()
    };
    assert_eq!(steps(Hold::Nothing, &["We ", "op", "en <", "b> at", " [1", "]"]), ["We ", "op", "en ", "<b> at", " [1", "]"]);
    assert_eq!(steps(Hold::Prefix, &["<think>a</think>", "We ", "open"]), ["", "We ", "open"]);
    assert_eq!(
        steps(Hold::Prefix, &["We ", "open ", &"x".repeat(400), "y"]),
        ["", "", &format!("We open {}", "x".repeat(400)), "y"]
    );
    assert_eq!(steps(Hold::All, &[&"x".repeat(5_000), "</think>", "Yes", "."]), ["", "", "Yes", "."]);
    let mut thoughts = Thoughts::new(Hold::Prefix);
    assert_eq!((thoughts.push("We "), thoughts.release(), thoughts.push("open")), (String::new(), "We ".into(), "open".into()));
    let mut thoughts = Thoughts::new(Hold::All);
    assert_eq!((thoughts.push("We "), thoughts.release()), (String::new(), String::new()));
    let mut thoughts = Thoughts::new(Hold::All);
    thoughts.come_apart();
    assert_eq!(thoughts.push("We "), "We ");
}

#[test]
fn a_model_that_thinks_and_is_cut_off_in_it_has_not_answered() {
    assert_eq!(said(&["So the price"], Hold::All, true).0, "");
    assert_eq!(said(&["So the price</think>It is"], Hold::All, true).0, "It is");
    assert_eq!(said(&["A kayak costs"], Hold::Prefix, true).0, "A kayak costs");
}

proptest! {
    #[test]
    fn what_is_said_does_not_depend_on_how_it_came(
        text in r"(<|>|/|think|thought|<think>|</think>|\[THINK\]|\[/THINK\]|◁think▷|◁/think▷|<\|channel\|>|analysis|final|<\|message\|>|<\|end\|>|<\|start\|>|`| |\n|a=|'|word |Yes|é|\(){0,30}",
        cuts in proptest::collection::vec(0_usize..300, 0..6),
        hold in proptest::sample::select(vec![Hold::Nothing, Hold::Prefix, Hold::All]),
    ) {
        let boundary = |cut: usize| text.floor_char_boundary(cut.min(text.len()));
        let mut cuts: Vec<usize> = cuts.into_iter().map(boundary).chain([0, text.len()]).collect();
        cuts.sort_unstable();
        let pieces: Vec<&str> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        prop_assert_eq!(said(&pieces, hold, false), said(&[&text], hold, false));
    }
}
