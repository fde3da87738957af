//! What every form of knowledge is cut into.

use super::*;

fn entry(kind: KnowledgeType, content: &str) -> Entry<'_> {
    Entry { id: "kn_1", kind, title: None, headings: &[], url: None, content }
}

#[track_caller]
fn check(kind: KnowledgeType, content: &str, expected: &[(&str, &str)]) {
    let chunks = cut(0, &entry(kind, content));
    let found: Vec<(String, &str)> = chunks
        .iter()
        .map(|chunk| {
            let mut path: Vec<&str> = Some(chunk.title.as_str()).filter(|title| !title.is_empty()).into_iter().collect();
            path.extend(chunk.headings.iter().map(String::as_str));
            path.extend(chunk.question.as_deref());
            (path.join(" > "), chunk.text.as_str())
        })
        .collect();
    let found: Vec<(&str, &str)> = found.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    assert_eq!(found, expected);
}

#[test]
fn faq_pairs_stay_whole_in_every_form() {
    let pair = [("Open on Sunday?", "No.\nOnly by appointment."), ("Parking?", "Behind the house.")];
    check(KnowledgeType::Faq, "Q: Open on Sunday?\nA: No.\nOnly by appointment.\n\nQ: Parking?\nA: Behind the house.", &pair);
    check(
        KnowledgeType::Text,
        "Question: Open on Sunday?\nAnswer: No.\nOnly by appointment.\nQuestion: Parking?\nAnswer: Behind the house.",
        &pair,
    );
    check(
        KnowledgeType::Faq,
        "**Q: Open on Sunday?**\n\nA: No.\nOnly by appointment.\n\n**Q: Parking?**\nA: Behind the house.",
        &pair,
    );
    check(KnowledgeType::Faq, "**Open on Sunday?**\nNo.\nOnly by appointment.\n\n**Parking?**\nBehind the house.", &pair);
    check(KnowledgeType::Faq, "1. Open on Sunday?\nNo.\nOnly by appointment.\n\n2. Parking?\nBehind the house.", &pair);
    check(KnowledgeType::Faq, "Q1. Open on Sunday?\nA1. No.\nOnly by appointment.\nQ2. Parking?\nA2. Behind the house.", &pair);
    check(KnowledgeType::Faq, "Open on Sunday?\nNo.\nOnly by appointment.\n\nParking?\nBehind the house.", &pair);
    check(KnowledgeType::Markdown, "## Open on Sunday?\nNo.\nOnly by appointment.\n## Parking?\nBehind the house.", &pair);
    check(
        KnowledgeType::Faq,
        "Q: Open on Sunday? A: No.\nQ: Parking? A: Behind the house.",
        &[("Open on Sunday?", "No."), ("Parking?", "Behind the house.")],
    );
}

#[test]
fn markdown_keeps_its_heading_path() {
    let text = "# Shop\nWelcome.\n## Prices\n- Small: $4\n- Large: $6\n### Groups\nTen per cent off.\n## Hours\n| Day | Open |\n|---|---|\n| Mon | 9-5 |\n| Tue | 10-4 |";
    let expected = [
        ("Shop", "Welcome."),
        ("Shop > Prices", "- Small: $4\n- Large: $6"),
        ("Shop > Prices > Groups", "Ten per cent off."),
        ("Shop > Hours", "- Day: Mon, Open: 9-5\n- Day: Tue, Open: 10-4"),
    ];
    check(KnowledgeType::Markdown, text, &expected);
    check(KnowledgeType::Text, text, &expected);
    check(
        KnowledgeType::Markdown,
        "Opening\n=======\nWe **open** at [nine](https://x.example).",
        &[("Opening", "We open at nine (https://x.example).")],
    );
}

#[test]
fn a_product_is_one_block_under_its_name() {
    let text = "Name: Trail tent\nPrice: $249\nWeight: 2.1 kg\n\nName: Camp stove\nPrice: $79\nFuel: gas";
    let expected = [("Trail tent", "Price: $249\nWeight: 2.1 kg"), ("Camp stove", "Price: $79\nFuel: gas")];
    check(KnowledgeType::Product, text, &expected);
    check(KnowledgeType::Text, text, &expected);
    check(
        KnowledgeType::Product,
        "Trail tent\nPrice: $249\n\nA loose note.",
        &[("Trail tent", "Price: $249"), ("", "A loose note.")],
    );
}

#[test]
fn plain_text_is_cut_by_paragraph() {
    check(
        KnowledgeType::Text,
        "We sell widgets.\n\nReturns\nWithin 30 days.",
        &[("", "We sell widgets."), ("Returns", "Within 30 days.")],
    );
    let long = "One two three four five six seven eight nine ten. ".repeat(40);
    let chunks = cut(0, &entry(KnowledgeType::Text, &long));
    assert!(chunks.len() > 2 && chunks.iter().all(|chunk| chunk.text.split_whitespace().count() <= CHUNK_WORDS_MAX));
}

#[test]
fn no_input_breaks_a_chunker() {
    let alphabet = [
        "#", "# ", "Q:", "A:", "?", "\n", "\n\n", "|", "-", "- ", "**", "[", "](", ")", ":", "Name: ", "é", "🙂", "\u{2028}",
        "\t", "1. ", "word ", "```", "=", "\r", ">", "\u{0}", "A: ", "{", "}", "\"a\"", ",", ";", "<", "</a>", "<!--", "-->",
        "&amp;", "---", "?\n", "؟", "質", "。", "：", "P: ", "R: ", "[x]: /y", "~~~", "|---|", "<li>", "か",
    ];
    let mut state = 7u32;
    for _ in 0..3_000 {
        let mut text = String::new();
        for _ in 0..40 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(alphabet[(state >> 16) as usize % alphabet.len()]);
        }
        for kind in [KnowledgeType::Text, KnowledgeType::Faq, KnowledgeType::Product, KnowledgeType::Markdown] {
            cut(0, &entry(kind, &text));
        }
    }
}

#[test]
fn a_text_made_to_be_slow_is_cut_in_time() {
    let units = [
        "a",
        "#",
        "|",
        "? ",
        "Q: ",
        "**",
        "a: b\n",
        "\n",
        "[x](",
        "``` ",
        "<",
        "<!--",
        "<a href=",
        "[",
        "[x]: /y\n[x]",
        "&amp;",
        "{\"a\":",
        "[1,",
        "a,b,c\n",
        "\"",
        "。",
        "あ",
        "|a|b|\n|-|-|\n",
        "**a**\n",
        "# a\n",
        "###### a?\n\n",
        "Q: a\n\nb\n\n",
        ". ",
        ":",
        "- a\n",
        "a?\n\n",
        "---\na: b\n",
        "<script>",
        "_a_",
        "A: B: ",
        "* * ",
        " ",
    ];
    for unit in units {
        let text = unit.repeat(50_000 / unit.len());
        for kind in [KnowledgeType::Text, KnowledgeType::Faq] {
            let began = std::time::Instant::now();
            cut(0, &entry(kind, &text));
            // Far above what a debug build takes, far below what a square of 50,000 costs.
            assert!(began.elapsed().as_secs() < 5, "{unit:?} as {kind:?} took {:?}", began.elapsed());
        }
    }
}

#[test]
fn faq_pairs_are_read_in_other_languages() {
    let pair = [("¿Abren los domingos?", "No."), ("¿Hay wifi?", "Sí, gratis.")];
    check(KnowledgeType::Faq, "P: ¿Abren los domingos?\nR: No.\n\nP: ¿Hay wifi?\nR: Sí, gratis.", &pair);
    check(
        KnowledgeType::Text,
        "**Pregunta:** ¿Abren los domingos?\n**Respuesta:** No.\n**Pregunta:** ¿Hay wifi?\n**Respuesta:** Sí, gratis.",
        &pair,
    );
    check(KnowledgeType::Text, "¿Abren los domingos?\nNo.\n\n¿Hay wifi?\nSí, gratis.", &pair);
    check(
        KnowledgeType::Text,
        "F: Sonntags offen? A: Nein.\nF: Parkplatz? A: Hinter dem Haus.",
        &[("Sonntags offen?", "Nein."), ("Parkplatz?", "Hinter dem Haus.")],
    );
    check(
        KnowledgeType::Text,
        "Q : Ouvert le dimanche ?\nR : Non.\n\nQ : Un parking ?\nR : Derrière la maison.",
        &[("Ouvert le dimanche ?", "Non."), ("Un parking ?", "Derrière la maison.")],
    );
    check(
        KnowledgeType::Text,
        "س: هل تفتحون يوم الأحد؟\nج: لا.\n\nس: هل يوجد موقف؟\nج: نعم.",
        &[("هل تفتحون يوم الأحد؟", "لا."), ("هل يوجد موقف؟", "نعم.")],
    );
    let japanese = [("日曜は開いていますか？", "いいえ。"), ("駐車場はありますか", "裏にあります。")];
    check(
        KnowledgeType::Text,
        "質問：日曜は開いていますか？\n回答：いいえ。\n質問：駐車場はありますか\n回答：裏にあります。",
        &japanese,
    );
    check(KnowledgeType::Text, "日曜は開いていますか？\nいいえ。\n\n駐車場はありますか\n裏にあります。", &japanese);
}

#[test]
fn faq_pairs_are_read_in_further_forms() {
    let pair = [("Open on Sunday?", "No."), ("Parking?", "Behind the house.")];
    check(KnowledgeType::Text, "- **Open on Sunday?** No.\n- **Parking?** Behind the house.", &pair);
    check(KnowledgeType::Text, "1. **Open on Sunday?**\nNo.\n\n2. **Parking?**\nBehind the house.", &pair);
    check(
        KnowledgeType::Markdown,
        "<details>\n<summary>Open on Sunday?</summary>\n<p>No.</p>\n</details>\n<details><summary>Parking?</summary>Behind the house.</details>",
        &pair,
    );
    check(
        KnowledgeType::Markdown,
        "| Question | Answer |\n|---|---|\n| Open on Sunday? | No. |\n| Parking? | Behind the house. |",
        &pair,
    );
    check(
        KnowledgeType::Faq,
        "Q: Open on Sunday?\nA: No.\n\nGetting here\n\nQ: Parking?\nA: Behind the house.",
        &[("Open on Sunday?", "No."), ("Getting here > Parking?", "Behind the house.")],
    );
    let long = format!("Q: Why?\nA: {}", "Because it is so and so. ".repeat(60));
    let chunks = cut(0, &entry(KnowledgeType::Faq, &long));
    assert!(chunks.len() > 1 && chunks.iter().all(|chunk| chunk.question.as_deref() == Some("Why?") && !chunk.whole));
}

#[test]
fn tables_and_json_are_questions_or_products() {
    let pair = [("Open on Sunday?", "No, never."), ("Parking?", "Behind the house.")];
    for text in [
        "question,answer\nOpen on Sunday?,\"No, never.\"\nParking?,Behind the house.",
        "Frage;Antwort\nOpen on Sunday?;No, never.\nParking?;Behind the house.",
        "id\tPregunta\tRespuesta\n1\tOpen on Sunday?\tNo, never.\n2\tParking?\tBehind the house.",
        "Open on Sunday?,\"No, never.\"\nParking?,Behind the house.",
        r#"[{"question": "Open on Sunday?", "answer": "No, never."}, {"question": "Parking?", "answer": "Behind the house."}]"#,
        r#"[{"質問": "Open on Sunday?", "回答": "No, never."}, {"質問": "Parking?", "回答": "Behind the house."}]"#,
        r#"{"Open on Sunday?": "No, never.", "Parking?": "Behind the house."}"#,
        "{\"q\": \"Open on Sunday?\", \"a\": \"No, never.\"}\n{\"q\": \"Parking?\", \"a\": \"Behind the house.\"}",
        r#"{"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": [
            {"@type": "Question", "name": "Open on Sunday?", "acceptedAnswer": {"@type": "Answer", "text": "No, never."}},
            {"@type": "Question", "name": "Parking?", "acceptedAnswer": {"@type": "Answer", "text": "Behind the house."}}]}"#,
    ] {
        for kind in [KnowledgeType::Text, KnowledgeType::Faq] {
            check(kind, text, &pair);
        }
    }
    let products = [("Trail tent", "Price: $249\nWeight: 2.1 kg"), ("Camp stove", "Price: $79\nWeight: 0.4 kg")];
    check(KnowledgeType::Product, "name,price,weight\nTrail tent,$249,2.1 kg\nCamp stove,$79,0.4 kg", &products);
    check(
        KnowledgeType::Text,
        r#"{"products": [{"name": "Trail tent", "price": "$249", "weight": "2.1 kg"}, {"name": "Camp stove", "price": "$79", "weight": "0.4 kg"}]}"#,
        &[("Products > Trail tent", products[0].1), ("Products > Camp stove", products[1].1)],
    );
    check(
        KnowledgeType::Text,
        r#"{"name": "Rosa's", "hours": {"weekday": "9-5", "sunday": null}, "tags": ["cafe", "cake"]}"#,
        &[("Rosa's", "Hours: weekday: 9-5\nTags: cafe, cake")],
    );
    check(KnowledgeType::Text, "We sell bread, cake\nand tea, coffee.", &[("", "We sell bread, cake\nand tea, coffee.")]);
    check(KnowledgeType::Text, "[Open daily] {not json}", &[("", "[Open daily] {not json}")]);
}

#[test]
fn markdown_is_shown_without_its_marks() {
    check(
        KnowledgeType::Markdown,
        "---\ntitle: Handbook\ntags: [a]\n---\n## Setup\n<!-- not\nfor visitors -->\nRun this:\n```sh\n# not a heading\nrun_all **now**\n```",
        &[("Handbook > Setup", "Run this:\n# not a heading\nrun_all **now**")],
    );
    check(
        KnowledgeType::Markdown,
        "# Shop\nSee [the map][map] or <https://x.example>.\n\n[map]: https://map.example \"Map\"",
        &[("Shop", "See the map (https://map.example) or https://x.example.")],
    );
    check(
        KnowledgeType::Text,
        "Day | Open\n--- | ---\nMon | 9-5\nTue | 10 \\| 4",
        &[("", "- Day: Mon, Open: 9-5\n- Day: Tue, Open: 10 | 4")],
    );
    check(KnowledgeType::Markdown, "- one\n- two\n| alone |\n", &[("", "- one\n- two\nalone")]);
    check(
        KnowledgeType::Markdown,
        "# Shop\n**Opening hours**\nDaily.\n\n**Returns:**\nNever.\n## Open around the clock\n## Free parking",
        &[
            ("Shop > Opening hours", "Daily."),
            ("Shop > Returns", "Never."),
            ("Shop", "Open around the clock"),
            ("Shop", "Free parking"),
        ],
    );
    check(
        KnowledgeType::Markdown,
        "<h2>Prices</h2><ul><li>Small: &euro;4</li><li>Large: 6 &lt; 7</li></ul><a href=\"https://x.example\">More</a>",
        &[("Prices", "- Small: \u{20ac}4\n- Large: 6 < 7\nMore (https://x.example)")],
    );
}

#[test]
fn japanese_text_is_cut_by_its_characters() {
    let long = "当店は毎日九時から十八時まで営業しています。".repeat(60);
    let chunks = cut(0, &entry(KnowledgeType::Text, &long));
    assert!(chunks.len() > 2 && chunks.iter().all(|chunk| lines::word_count(&chunk.text) <= CHUNK_WORDS_MAX));
    assert!(chunks.iter().all(|chunk| chunk.text.ends_with('。')));
}

#[test]
fn addresses_and_names_are_quoted_as_they_stand_in_every_type() {
    for told in [
        "See https://en.wikipedia.org/wiki/Kayak_(boat) for more.",
        "It is https://shop.example/a_b_(c)_d, all of it.",
        "Open file__init__.py or snake_case_name.",
    ] {
        for kind in [KnowledgeType::Text, KnowledgeType::Markdown] {
            check(kind, told, &[("", told)]);
        }
        check(KnowledgeType::Faq, &format!("Q: Where?\nA: {told}"), &[("Where?", told)]);
        check(KnowledgeType::Product, &format!("Name: Kayak\nNote: {told}"), &[("Kayak", &format!("Note: {told}"))]);
        check(KnowledgeType::Text, &format!("question;answer\nWhere?;\"{told}\""), &[("Where?", told)]);
    }
}

#[test]
fn characters_that_html_names_or_numbers_are_read() {
    for (written, told) in [
        ("<p>Der Versand f&uuml;r Gro&szlig;ger&auml;te kostet 49&nbsp;&euro;</p>", "Der Versand für Großgeräte kostet 49 €"),
        ("We ship &#8222;to your door&#8220; &ndash; free.", "We ship „to your door“ – free."),
        ("It costs &#x20AC;5 &#150; &frac12; price&hellip;", "It costs €5 – ½ price…"),
        ("a &lt; b &amp;amp; c &quot;d&quot; &apos;e&#39;", "a < b &amp; c \"d\" 'e'"),
        ("&Agrave; la carte &rarr; &copy; caf&eacute;", "À la carte → © café"),
        ("Q&A by AT&T & co: &bogus;", "Q&A by AT&T & co: &bogus;"),
        ("See https://shop.example/?a=1&copy=2&lt=3 now.", "See https://shop.example/?a=1&copy=2&lt=3 now."),
        ("Un&shy;break&shy;able", "Unbreakable"),
        ("&alpha;&beta; and &#128512;", "αβ and 😀"),
        ("10&thinsp;kg, 5&times;5", "10\u{2009}kg, 5×5"),
    ] {
        check(KnowledgeType::Text, written, &[("", told)]);
    }
    check(KnowledgeType::Text, "question;answer\nWo?;\"Am B&auml;renplatz\"", &[("Wo?", "Am Bärenplatz")]);
    check(KnowledgeType::Text, r#"[{"question": "Wo?", "answer": "Am B&auml;renplatz"}]"#, &[("Wo?", "Am Bärenplatz")]);
}

#[test]
fn a_link_is_told_by_where_it_leads() {
    let content = "See [pricing](/pricing), <a href=\"size_(eu)\">sizes</a> or [us](tel:+15550100123).";
    let told = |url| cut(0, &Entry { url, ..entry(KnowledgeType::Markdown, content) })[0].text.clone();
    assert_eq!(told(None), "See pricing, sizes or us (+15550100123).");
    let absolute =
        "See pricing (https://shop.example/pricing), sizes (https://shop.example/help/size_(eu)) or us (+15550100123).";
    assert_eq!(told(Some("https://shop.example/help/faq")), absolute);
}
