//! Signing in with a second step: codes of an authenticator, recovery codes, and what happens without either.

use std::cell::Cell;

use totp_rs::{Builder, Secret};

use crate::browser::{Browser, EMAIL, PASSWORD, between, set_up, signed_in};
use crate::http::Reply;
use crate::server::Span::{Minutes, Seconds};
use crate::server::TestServer;

const PAGE: &str = "/settings/security/two-step";

/// An authenticator that holds a secret.
pub struct Phone(String);

impl Phone {
    /// Reads the page as somebody does who types.
    pub fn reading(page: &Reply) -> Self {
        Self(between(&page.text, "data-copy=\"", "\"").unwrap().to_owned())
    }

    /// The code of the moment that is so many steps from now.
    pub fn code(&self, server: &TestServer, steps: i64) -> String {
        let totp = Builder::new().with_secret(Secret::try_from_base32(&self.0).unwrap()).build().unwrap();
        totp.generate(u64::try_from(server.now().seconds() + 30 * steps).unwrap()).to_string()
    }
}

struct Enabled {
    server: TestServer,
    browser: Browser,
    phone: Phone,
    codes: Vec<String>,
    /// The cookie that the browser had before.
    before: Browser,
    /// The last address that somebody signed in from.
    address: Cell<u8>,
}

fn enable(server: TestServer, mut browser: Browser) -> Enabled {
    let page = browser.get(PAGE).is(200);
    let (phone, before) = (Phone::reading(&page), browser.clone());
    let offer = between(&page.text, "name=\"offer\" value=\"", "\"").unwrap();
    let done = browser.submit(PAGE, &[("offer", offer), ("code", &phone.code(&server, 0))]).is(200);
    let codes = shown(&done);
    // The code that switched it on is used.
    server.pass(Seconds(60));
    Enabled { server, browser, phone, codes, before, address: Cell::new(0) }
}

fn enabled() -> Enabled {
    let server = TestServer::empty_with(|config| config.server.trusted_proxies = vec!["127.0.0.1".into()]);
    let browser = set_up(&server);
    enable(server, browser)
}

fn shown(page: &Reply) -> Vec<String> {
    let main = page.text.split("Save these codes now").nth(1).unwrap();
    let codes: Vec<_> = between(main, "<code>", "</code>").unwrap().lines().map(str::to_owned).collect();
    assert_eq!(codes.len(), 10);
    codes
}

impl Enabled {
    /// A browser whose password was right, at an address of its own.
    fn halfway(&self) -> Browser {
        let mut browser = Browser::new(&self.server);
        self.address.set(self.address.get() + 1);
        browser.client = browser.client.with("x-forwarded-for", &format!("192.0.2.{}", self.address.get()));
        let reply = browser.sign_in(PASSWORD).is(303);
        assert_eq!(reply.header("location"), "/login/code");
        let cookie = reply.header("set-cookie");
        assert!(
            cookie.starts_with("cf_halfway=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=300"),
            "{cookie}"
        );
        browser.get("/login/code").is(200);
        browser
    }

    fn step(&self, browser: &mut Browser, code: &str) -> Reply {
        browser.submit("/login/code", &[("code", code)])
    }

    fn left(&self) -> i64 {
        self.server.count("SELECT count(*) FROM recovery_codes")
    }
}

#[test]
fn signing_in_takes_the_password_and_then_a_code() {
    let enabled = enabled();
    let mut browser = enabled.halfway();
    let halfway = browser.client.sent("cookie").to_owned();
    // What stands between the two opens nothing else.
    for path in ["/", "/agents", "/settings/security", PAGE] {
        browser.client.get(path).asks_to_sign_in();
    }
    enabled.step(&mut browser, "").is(401);
    let wrong = enabled.step(&mut browser, "000000").is(401);
    assert!(wrong.text.contains("id=\"code-error\""));
    let code = enabled.phone.code(&enabled.server, 0);
    let spaced = format!(" {} {}", &code[..3], &code[3..]);
    let done = enabled.step(&mut browser, &spaced).is(303);
    assert_eq!(done.header("location"), "/");
    let session = done.header("set-cookie");
    assert!(session.starts_with("cf_session=") && !session.contains(halfway.trim_start_matches("cf_halfway=")));
    browser.get("/agents").is(200);
    assert_eq!(enabled.server.count("SELECT count(*) FROM sessions"), 2);
}

#[test]
fn g04_switching_it_on_ends_every_other_session_and_renews_this_one() {
    let (server, browser) = signed_in();
    let mut other = Browser::new(&server);
    other.sign_in(PASSWORD).is(303);
    let Enabled { before, mut browser, server, .. } = enable(server, browser);
    for ended in [&before.client, &other.client] {
        ended.get("/agents").asks_to_sign_in();
    }
    let page = browser.get("/settings/security").is(200).text;
    assert!(page.contains("10 of 10 recovery codes are left"), "{page}");
    assert_eq!(server.count("SELECT count(*) FROM sessions"), 1);
    // It is on: nothing is offered another time.
    assert_eq!(browser.get(PAGE).is(303).header("location"), "/settings/security");
}

#[test]
fn g04_switching_it_off_takes_a_proof_and_ends_every_other_session() {
    let mut enabled = enabled();
    let mut other = enabled.halfway();
    let code = enabled.phone.code(&enabled.server, 0);
    enabled.step(&mut other, &code).is(303);
    let server = &enabled.server;
    server.pass(Minutes(10));
    let off = format!("{PAGE}/disable");
    enabled.browser.get("/settings/security").is(200);
    let asked = enabled.browser.submit(&off, &[]).is(401);
    assert!(asked.text.contains("or a code"));
    // What was proved elsewhere does not count here.
    let page = enabled.browser.get("/confirm").is(200).text;
    assert!(page.contains("for 10 minutes"));
    enabled.browser.submit("/confirm", &[("proof", PASSWORD)]).is(303);
    enabled.browser.get("/settings/security").is(200);
    assert!(enabled.browser.submit(&off, &[]).is(401).text.contains("We ask this every time."));
    // A code is as good as the password, once.
    let code = enabled.phone.code(server, 0);
    let mut stale = enabled.browser.clone();
    enabled.browser.submit(&off, &[("proof", &code)]).is(303);
    stale.get("/agents").asks_to_sign_in();
    other.get("/agents").asks_to_sign_in();
    assert!(enabled.browser.get("/settings/security?done=two-step-off").is(200).text.contains("Two-step sign-in is off."));
    assert_eq!(server.count("SELECT (SELECT count(*) FROM two_step) + (SELECT count(*) FROM recovery_codes)"), 0);
    let mut browser = Browser::new(server);
    assert_eq!(browser.sign_in(PASSWORD).is(303).header("location"), "/");
}

#[test]
fn a_proof_by_code_is_not_taken_twice() {
    let mut enabled = enabled();
    let server = &enabled.server;
    server.pass(Minutes(10));
    let code = enabled.phone.code(server, 0);
    let mut halfway = enabled.halfway();
    enabled.browser.get("/settings/security").is(200);
    let codes = format!("{PAGE}/codes");
    enabled.browser.submit(&codes, &[("proof", "000000")]).is(401);
    enabled.browser.submit(&codes, &[("proof", &code)]).is(200);
    enabled.step(&mut halfway, &code).is(401);
}

#[test]
fn g10_a_code_is_good_for_its_step_and_one_around_it_and_once() {
    let enabled = enabled();
    let server = &enabled.server;
    let entered = |code: &str| enabled.step(&mut enabled.halfway(), code).status;
    let [two_ago, one_ago, now, next, two_ahead] = [-2, -1, 0, 1, 2].map(|steps| enabled.phone.code(server, steps));
    assert_eq!([entered(&two_ago), entered(&two_ahead)], [401, 401]);
    assert_eq!(entered(&one_ago), 303);
    assert_eq!([entered(&one_ago), entered(&now)], [401, 303]);
    // Once a later one was used, earlier ones are void as well.
    assert_eq!([entered(&next), entered(&now), entered(&one_ago), entered(&next)], [303, 401, 401, 401]);
    server.pass(Seconds(30));
    assert_eq!(entered(&enabled.phone.code(server, 0)), 401);
    assert_eq!(entered(&enabled.phone.code(server, 1)), 303);
}

#[test]
fn g10_of_many_who_come_at_once_with_one_code_one_gets_in() {
    let enabled = enabled();
    let code = enabled.phone.code(&enabled.server, 0);
    let browsers: Vec<_> = (0..4).map(|_| enabled.halfway()).collect();
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let tries = browsers.into_iter().map(|mut browser| {
            let code = &code;
            scope.spawn(move || browser.submit("/login/code", &[("code", code)]).status)
        });
        tries.collect::<Vec<_>>().into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
}

#[test]
fn g10_five_wrong_codes_make_the_next_ones_wait() {
    let enabled = enabled();
    let server = &enabled.server;
    let mut browser = enabled.halfway();
    for number in 0..5 {
        enabled.step(&mut browser, &format!("00000{number}")).is(401);
    }
    let code = enabled.phone.code(server, 0);
    let locked = enabled.step(&mut browser, &code).is(429);
    assert_eq!(locked.header("retry-after"), "1");
    // The password anew is no way around it, a recovery code is: nobody guesses those.
    let mut again = enabled.halfway();
    enabled.step(&mut again, &code).is(429);
    enabled.step(&mut again, &enabled.codes[0]).is(303);
    assert_eq!(enabled.left(), 9);
    server.pass(Seconds(1));
    enabled.step(&mut browser, &code).is(303);
}

#[test]
fn g10_wrong_codes_elsewhere_do_not_keep_out_a_browser_that_is_known() {
    let enabled = enabled();
    let mut own = enabled.halfway();
    let done = enabled.step(&mut own, &enabled.phone.code(&enabled.server, 0)).is(303);
    let lines = done.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let device = lines.filter_map(|line| line.split(';').next()).find(|cookie| cookie.starts_with("cf_device=")).unwrap();
    enabled.server.pass(Minutes(1));
    let mut thief = enabled.halfway();
    let tried = (0..20).filter(|_| enabled.step(&mut thief, "000000").status == 401).count();
    assert_eq!(tried, 5);
    let code = enabled.phone.code(&enabled.server, 0);
    enabled.step(&mut enabled.halfway(), &code).is(429);
    let mut back = enabled.halfway();
    back.client = back.client.with("cookie", &format!("{}; {device}", back.client.sent("cookie")));
    enabled.step(&mut back, &code).is(303);
}

#[test]
fn g10_recovery_codes_are_not_guessed_at_without_end() {
    let enabled = enabled();
    let mut thief = enabled.halfway();
    let tried = (0..20).filter(|_| enabled.step(&mut thief, "abcd-efgh-jkmn-pqrs").status == 401).count();
    assert_eq!(tried, 5);
    enabled.step(&mut enabled.halfway(), &enabled.codes[0]).is(303);
}

#[test]
fn g10_a_recovery_code_opens_once() {
    let mut enabled = enabled();
    let typed = enabled.codes[3].to_uppercase().replace('-', " ");
    enabled.step(&mut enabled.halfway(), &typed).is(303);
    enabled.step(&mut enabled.halfway(), &enabled.codes[3]).is(401);
    assert_eq!(enabled.left(), 9);
    enabled.step(&mut enabled.halfway(), &enabled.codes[4]).is(303);
    enabled.browser.get("/settings/security").is(200);
    enabled.server.pass(Minutes(1));
    let renewed = shown(&enabled.browser.submit(&format!("{PAGE}/codes"), &[]).is(200));
    assert!(renewed.iter().all(|code| !enabled.codes.contains(code)));
    enabled.step(&mut enabled.halfway(), &enabled.codes[5]).is(401);
    enabled.step(&mut enabled.halfway(), &renewed[0]).is(303);
    for code in &renewed[1..8] {
        enabled.server.pass(Minutes(1));
        enabled.step(&mut enabled.halfway(), code).is(303);
    }
    let page = enabled.browser.get("/settings/security").is(200).text;
    assert!(page.contains("2 of 10 recovery codes are left") && page.contains("Generate new ones"), "{page}");
}

#[test]
fn recovery_codes_are_shown_once_and_can_be_kept_as_a_file() {
    let (server, mut browser) = signed_in();
    let page = browser.get(PAGE).is(200);
    let phone = Phone::reading(&page);
    let offer = between(&page.text, "name=\"offer\" value=\"", "\"").unwrap();
    let done = browser.submit(PAGE, &[("offer", offer), ("code", &phone.code(&server, 0))]).is(200);
    let codes = shown(&done);
    let file = between(&done.text, "href=\"data:text/plain;charset=utf-8,", "\"").unwrap();
    assert!(done.text.contains("download=\"chatforge-recovery-codes.txt\""));
    for code in &codes {
        assert!(file.contains(code));
        assert!(!browser.get("/settings/security").is(200).text.contains(code));
    }
    let kept =
        server.database_to_fill().query_row("SELECT hex(secret) FROM two_step", [], |row| row.get::<_, String>(0)).unwrap();
    let plain: String = phone.0.bytes().map(|byte| format!("{byte:02X}")).collect();
    assert!(!kept.contains(&plain));
}

#[test]
fn it_is_not_switched_on_before_a_code_proves_it() {
    let (server, mut browser) = signed_in();
    let page = browser.get(PAGE).is(200);
    let phone = Phone::reading(&page);
    let offer = between(&page.text, "name=\"offer\" value=\"", "\"").unwrap().to_owned();
    assert!(
        page.text.contains("<svg class=\"qr\"") && page.text.contains("otpauth://totp/ChatForge:owner%40example.com?secret=")
    );
    let offered = |page: &Reply| Phone::reading(page).0;
    for wrong in ["", "000000", "12345", "abcdef"] {
        let refused = browser.submit(PAGE, &[("offer", &offer), ("code", wrong)]).is(422);
        // The secret that the phone has read already stays.
        assert_eq!(offered(&refused), phone.0);
    }
    for void in ["", "AAAA", &offer[1..]] {
        let refused = browser.submit(PAGE, &[("offer", void), ("code", &phone.code(&server, 0))]).is(422);
        assert_ne!(offered(&refused), phone.0);
    }
    server.pass(Minutes(30));
    let late = [("offer", offer.as_str()), ("code", &phone.code(&server, 0)), ("proof", PASSWORD)];
    assert!(browser.submit(PAGE, &late).is(422).text.contains("took too long"));
    assert_eq!(server.count("SELECT count(*) FROM two_step"), 0);
    assert_eq!(Browser::new(&server).sign_in(PASSWORD).header("location"), "/");
}

#[test]
fn an_offer_to_one_person_is_none_to_another() {
    let (server, mut browser) = signed_in();
    let page = browser.get(PAGE).is(200);
    let offer = between(&page.text, "name=\"offer\" value=\"", "\"").unwrap().to_owned();
    let mut colleague = Browser::colleague(&server, "Joe");
    colleague.get("/settings/security").is(200);
    let code = Phone::reading(&page).code(&server, 0);
    colleague.submit(PAGE, &[("offer", &offer), ("code", &code)]).is(422);
    assert_eq!(server.count("SELECT count(*) FROM two_step"), 0);
}

#[test]
fn the_secret_is_shown_to_nobody_who_has_not_proved_who_they_are() {
    let (server, mut browser) = signed_in();
    browser.get("/settings/security").is(200);
    server.pass(Minutes(10));
    let led = browser.get(PAGE).is(303).header("location").to_owned();
    assert_eq!(led, "/confirm?next=%2Fsettings%2Fsecurity%2Ftwo-step");
    let asked = browser.get(&led).is(200);
    assert!(asked.text.contains("value=\"/settings/security/two-step\""));
    let done = browser.submit("/confirm", &[("next", PAGE), ("proof", PASSWORD)]).is(303);
    assert_eq!(done.header("location"), PAGE);
    browser.get(PAGE).is(200);
}

#[test]
fn what_stands_between_password_and_code_ends_after_five_minutes_and_with_the_password() {
    let enabled = enabled();
    let server = &enabled.server;
    let mut late = enabled.halfway();
    server.pass(Minutes(5));
    let code = enabled.phone.code(server, 0);
    assert_eq!(enabled.step(&mut late, &code).is(303).header("location"), "/login");
    assert_eq!(late.get("/login/code?next=/leads").is(303).header("location"), "/login?next=%2Fleads");
    let mut changed = enabled.halfway();
    server.cli(&["admin", "reset-password", "--email", EMAIL]).is(0);
    assert_eq!(enabled.step(&mut changed, &code).is(303).header("location"), "/login");
    let mut forged = Browser::new(server);
    forged.client = forged.client.with("cookie", "cf_halfway=aGFsZndheQ.aGFsZndheQ");
    assert_eq!(forged.get("/login/code").is(303).header("location"), "/login");
    assert_eq!(server.count("SELECT count(*) FROM sessions"), 0);
}

#[test]
fn g11_the_code_leads_on_to_the_page_that_was_asked_for() {
    let enabled = enabled();
    let mut browser = Browser::new(&enabled.server);
    browser.get("/login").is(200);
    let fields = [("email", EMAIL), ("password", PASSWORD), ("next", "/leads?q=jane")];
    let code_page = browser.submit("/login", &fields).is(303).header("location").to_owned();
    assert_eq!(code_page, "/login/code?next=%2Fleads%3Fq%3Djane");
    let page = browser.get(&code_page).is(200).text;
    assert!(page.contains("name=\"next\" value=\"/leads?q=jane\""));
    let code = enabled.phone.code(&enabled.server, 0);
    browser.submit("/login/code", &[("code", &code), ("next", "//evil.example")]).is(303);
    assert_eq!(browser.get("/login?next=/leads").is(303).header("location"), "/leads");
}

#[test]
fn the_operator_lets_somebody_in_who_lost_both() {
    let mut enabled = enabled();
    let server = &enabled.server;
    let reset = server.cli(&["admin", "reset-two-step", "--email", "Owner@Example.com"]).is(0);
    assert!(reset.stderr.contains("is off"), "{}", reset.stderr);
    enabled.browser.get("/agents").asks_to_sign_in();
    assert_eq!(Browser::new(server).sign_in(PASSWORD).is(303).header("location"), "/");
    assert!(server.cli(&["admin", "reset-two-step", "--email", EMAIL]).is(0).stderr.contains("is already off"));
    assert!(
        server
            .cli(&["admin", "reset-two-step", "--email", "no@example.com"])
            .is(1)
            .stderr
            .contains("no user with the e-mail address")
    );
}

/// Whoever can write to the database cannot make one person's authenticator open another's account.
#[test]
fn k04_a_secret_that_was_moved_to_another_person_opens_nothing() {
    let enabled = enabled();
    let server = &enabled.server;
    Browser::colleague(server, "Joe");
    let steal = "INSERT INTO two_step (user, account, secret, last_step, enabled_at)
                 SELECT u.id, u.account, t.secret, 0, 0 FROM users u, two_step t WHERE u.email = 'joe@example.com'";
    assert_eq!(server.database_to_fill().execute(steal, []).unwrap(), 1);
    let mut browser = Browser::new(server);
    browser.get("/login").is(200);
    browser.submit("/login", &[("email", "joe@example.com"), ("password", PASSWORD)]).is(303);
    browser.get("/login/code").is(200);
    browser.submit("/login/code", &[("code", &enabled.phone.code(server, 0))]).is(500);
    browser.get("/agents").asks_to_sign_in();
}

#[test]
fn it_outlives_a_new_master_key_and_a_restart() {
    let Enabled { mut server, phone, .. } = enabled();
    server.stop();
    let done = server.cli(&["rekey"]).is(0);
    assert!(done.stderr.contains("Re-encrypted secrets: 1"), "{}", done.stderr);
    server.restart();
    let mut browser = Browser::new(&server);
    browser.sign_in(PASSWORD).is(303);
    browser.get("/login/code").is(200);
    browser.submit("/login/code", &[("code", &phone.code(&server, 0))]).is(303);
    browser.get("/agents").is(200);
}

#[test]
fn it_is_each_persons_own() {
    let server = TestServer::empty();
    let browser = set_up(&server);
    let mut colleague = Browser::colleague(&server, "Joe");
    let enabled = enable(server, browser);
    colleague.get("/settings/security").is(200);
    assert_eq!(enabled.server.count("SELECT count(*) FROM two_step"), 1);
    Browser::colleague(&enabled.server, "Ann").get("/agents").is(200);
}
