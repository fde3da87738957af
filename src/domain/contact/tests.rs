//! Who can be reached where, as people of many languages write it; and all that only looks like it.

use super::*;

#[track_caller]
fn check(text: &str, email: Option<&str>, phone: Option<&str>) {
    let found = find(text);
    assert_eq!((found.email.as_deref(), found.phone.as_deref()), (email, phone), "in {text:?}");
}

#[track_caller]
pub fn all_found(cases: &[(&str, &str)], of: impl Fn(&str) -> Option<String>) {
    let wrong: Vec<_> = cases.iter().map(|(text, expected)| (text, of(text), expected)).collect();
    let wrong: Vec<_> = wrong.into_iter().filter(|(_, found, expected)| found.as_deref() != Some(**expected)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[track_caller]
pub fn none_found(texts: &[&str], of: impl Fn(&str) -> Option<String>) {
    let wrong: Vec<_> = texts.iter().filter_map(|text| Some((text, of(text)?))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn contact_details_are_found_in_free_text() {
    check("call 555-0123 or a@b.co", Some("a@b.co"), Some("555-0123"));
    check("call 555-0123 or a@b.c", Some("a@b.c"), Some("555-0123"));
    check("I'm Jane Smith from Acme, jane.smith@acme.io", Some("jane.smith@acme.io"), None);
    check("jane@example.com, or 020 7946 0958.", Some("jane@example.com"), Some("020 7946 0958"));
    check("1234567@example.com", Some("1234567@example.com"), None);
    check("13812345678@163.com", Some("13812345678@163.com"), None);
    check("私はtaro@example.jp、電話は090-1234-5678です", Some("taro@example.jp"), Some("090-1234-5678"));
    check("a@b@c", None, None);
    check("@handle and foo@", None, None);
}

const SCRIPTS: &[(&str, &str)] = &[
    ("私のメールはtaro@example.jpです", "taro@example.jp"),
    ("我的邮箱是li.wei@example.cn谢谢", "li.wei@example.cn"),
    ("minsu@example.kr로 보내주세요", "minsu@example.kr"),
    ("อีเมลของฉันsomchai@example.co.thครับ", "somchai@example.co.th"),
    ("بريديomar@example.com", "omar@example.com"),
    ("بريدي omar@example.comشكرا", "omar@example.com"),
    ("メール：taro@example.jp、よろしく", "taro@example.jp"),
    ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐです", "taro@example.jp"),
    ("почтаivan@example.ruспасибо", "ivan@example.ru"),
    ("이메일은minsu.kim+web@mail.example.co.kr입니다", "minsu.kim+web@mail.example.co.kr"),
    ("请发到wang_wei@example.com.cn。", "wang_wei@example.com.cn"),
    ("我的QQ邮箱12345678@qq.com", "12345678@qq.com"),
    ("Schreib an jürgen@müller.de!", "jürgen@müller.de"),
    ("grüße@münchen.example bitte", "grüße@münchen.example"),
    ("پست@مثال.ایران", "پست@مثال.ایران"),
    ("почта@пример.рф", "почта@пример.рф"),
    ("info@例え.jp", "info@例え.jp"),
    ("josé.núñez@correo.example", "josé.núñez@correo.example"),
    ("mail me@xn--mnchen-3ya.example", "me@xn--mnchen-3ya.example"),
];

#[test]
fn an_email_address_ends_where_another_script_begins() {
    all_found(SCRIPTS, |text| find(text).email);
}

const SENTENCES: &[(&str, &str)] = &[
    ("jane@example.com.", "jane@example.com"),
    ("jane@example.com.Thanks", "jane@example.com"),
    ("jane@example.com.thanks", "jane@example.com"),
    ("jane@example.com-thanks", "jane@example.com"),
    ("jane@example.com.My number follows", "jane@example.com"),
    ("jane@example.de.Danke!", "jane@example.de"),
    ("jane@example.com.au please", "jane@example.com.au"),
    ("jane@shop.co.uk.Cheers", "jane@shop.co.uk"),
    ("jane@acme.photography", "jane@acme.photography"),
    ("JANE@EXAMPLE.COM.AU", "JANE@EXAMPLE.COM.AU"),
    ("jane@example.com…", "jane@example.com"),
    ("jane@example.com/peter", "jane@example.com"),
    ("(mail: <jane+x@sub.example.co.uk>).", "jane+x@sub.example.co.uk"),
    ("'jane@example.com'", "jane@example.com"),
    ("“jane@example.com”", "jane@example.com"),
    ("**jane@example.com**", "jane@example.com"),
    ("email=jane@example.com&x", "jane@example.com"),
    ("mailto:jane@example.com?subject=Hi", "jane@example.com"),
    ("Hi!jane@example.com", "jane@example.com"),
    ("jane@example.com,peter@example.com", "jane@example.com"),
    ("jane@\u{200b}example.com\u{200b}", "jane@example.com"),
    ("see https://shop.example/x, jane@example.com", "jane@example.com"),
    ("o'neil@example.ie", "o'neil@example.ie"),
    ("_jane@example.com_", "jane@example.com"),
];

#[test]
fn an_email_address_ends_where_the_sentence_does() {
    all_found(SENTENCES, |text| find(text).email);
}

const NO_EMAILS: &[&str] = &[
    "see https://medium.com/@jane.doe/post",
    "https://www.tiktok.com/@acme.shop/video/7123456789012345678",
    "https://bob:secret@intranet.example/x",
    "ftp://user:pass@files.example/pub",
    "medium.com/@jane.doe/post",
    "medium.com/u/jane@doe.com",
    "follow @jane@mastodon.social",
    "git@github.com:acme/shop.git",
    "https://maps.example/@52.520008,13.404954,15z",
    "https://shop.example/?mail=jane@example.com",
    "postgres://app:pw@db.example.com:5432/app",
    "a@b@c",
    "@acme.shop",
    "5 apples @ 1.50",
    "jane@localhost",
    "jane@example",
    "meet @ 10.30",
    "@_@ ok.then",
    "user@host@example.com",
];

#[test]
fn no_other_sign_makes_an_email_address() {
    none_found(NO_EMAILS, |text| find(text).email.or(find(text).phone));
}

#[test]
fn form_fields_are_kept_in_one_form() {
    all_found(
        &[
            ("555-0123", "555-0123"),
            ("+1 (555) 012-3456", "+1 (555) 012-3456"),
            (" 020 7946 0958 ", "020 7946 0958"),
            ("0612345678", "0612345678"),
            ("+1 555 010 0123 ext. 45", "+1 555 010 0123 ext. 45"),
            ("+1 555 010 0123 x45", "+1 555 010 0123 ext. 45"),
            ("+1 555 010 0123 (x45)", "+1 555 010 0123 ext. 45"),
            ("tel:+15550100123", "+15550100123"),
            ("TEL:+1-555-010-0123;ext=45", "+1-555-010-0123 ext. 45"),
            ("\u{202a}+972 50 123 4567\u{202c}", "+972 50 123 4567"),
            ("０９０－１２３４－５６７８", "090-1234-5678"),
            ("٠٥٠١٢٣٤٥٦٧", "0501234567"),
            ("+33\u{202f}6\u{202f}12\u{202f}34\u{202f}56\u{202f}78", "+33 6 12 34 56 78"),
            ("030 901820.", "030 901820"),
            ("+ 49 171 1234567", "+ 49 171 1234567"),
        ],
        typed_phone,
    );
    none_found(
        &["", "555-012", "call me", "555-0123x", "+1234567890123456", "++15550123456", "555-0123 or 555-0124"],
        typed_phone,
    );
    all_found(
        &[
            ("jane.o'neil+tag@mail.example.com", "jane.o'neil+tag@mail.example.com"),
            ("jane@example.com\u{200b}", "jane@example.com"),
            ("\u{feff}jane@example.com", "jane@example.com"),
            (" ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ ", "jane@example.com"),
            ("mailto:jane@example.com", "jane@example.com"),
            ("<jane@example.com>", "jane@example.com"),
            ("jane@example.com.", "jane@example.com"),
            ("grüße@münchen.example", "grüße@münchen.example"),
        ],
        typed_email,
    );
    none_found(
        &[
            "",
            "jane",
            "jane@",
            "@example.com",
            "jane@example",
            "ja ne@example.com",
            ".jane@example.com",
            "jane@-example.com",
            "jane@example.1",
            "jane@exa_mple.com",
            "a@b..com",
        ],
        typed_email,
    );
    assert!(!email(&format!("{}@example.com", "x".repeat(65))));
}

#[test]
fn any_text_is_survived() {
    let long = "a@b.co".repeat(500);
    for text in ["@", "@@@@", "é@é.éé", "((((((((", "++++", "(5", "🙂@🙂.com 🙂5550123🙂", "5\u{a0}\u{a0}5", "://", "x://", &long]
    {
        find(text);
        name(text);
        without(text);
        typed_phone(text);
        typed_email(text);
    }
    assert_eq!(without("my e-mail is \u{ff41}@example.com, 090\u{ff0d}1234\u{ff0d}5678 ok"), "my e-mail is  ,   ok");
}
