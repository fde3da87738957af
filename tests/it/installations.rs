//! Where an agent's embed code was loaded, and what strangers can make of it.

use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD, own_api, set_up};
use crate::server::Span::{Days, Hours, Minutes};
use crate::server::TestServer;
use crate::visitor::Visitor;

/// Behind a proxy, with an agent of the account that signs in.
fn proxied() -> (TestServer, Browser, String) {
    let server = TestServer::empty_with(|config| config.server.trusted_proxies = vec!["127.0.0.1".into()]);
    let browser = set_up(&server);
    let agent = own_api(&server).agent(&json!({ "name": "A" }));
    // Whoever set it up does so at 127.0.0.1, which is nobody else's in these tests.
    (server, browser, agent)
}

/// A page of the domain loads the agent, from that address.
fn load(server: &TestServer, agent: &str, domain: &str, address: &str) -> Visitor {
    let origin = format!("https://{domain}");
    let client = server.client().with("origin", &origin).with("x-forwarded-for", address);
    Visitor::open(&client, json!({ "agent_id": agent, "page_url": format!("{origin}/prices") }))
}

fn domains(server: &TestServer) -> Vec<String> {
    let db = server.database();
    let mut list = db.prepare("SELECT domain FROM installations ORDER BY first_seen_at, domain").unwrap();
    list.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn told(server: &TestServer) -> Vec<String> {
    let domain = |event: Value| event["data"]["domain"].as_str().unwrap().to_owned();
    server.events("agent.installed").into_iter().map(domain).collect()
}

/// Fifty domains that nobody has heard of, from as many networks, over three days.
fn filled(server: &TestServer, agent: &str) {
    for number in 0..50 {
        load(server, agent, &format!("forged-{number}.test"), &format!("203.0.{number}.1"));
        server.pass(Hours(if number % 20 == 19 { 25 } else { 0 }));
        server.pass(Minutes(1));
    }
    assert_eq!(domains(server).len(), 50);
}

#[test]
fn forged_domains_of_one_network_leave_room_for_the_real_one() {
    for forger in ["203.0.113.N", "2001:db8:9:N::1", "203.0.113.7", "2001:db8:9:4::N"] {
        let (server, _browser, agent) = proxied();
        for number in 0..40 {
            load(&server, &agent, &format!("forged{number}.test"), &forger.replace('N', &number.to_string()));
        }
        let most = if forger.contains("N") && forger != "2001:db8:9:4::N" { 5 } else { 3 };
        assert_eq!(domains(&server).len(), most, "{forger}");
        load(&server, &agent, "real-customer.test", "198.51.100.1");
        assert_eq!((domains(&server).len(), told(&server).len()), (most + 1, most + 1));
        assert_eq!(told(&server).last().unwrap(), "real-customer.test");
        server.pass(Days(1));
        load(&server, &agent, "next-day.test", &forger.replace('N', "0"));
        assert_eq!(told(&server).last().unwrap(), "next-day.test");
    }
}

#[test]
fn every_agent_has_twenty_new_domains_a_day_of_its_own() {
    let (server, _browser, agent) = proxied();
    (0..30).for_each(|n| drop(load(&server, &agent, &format!("forged{n}.test"), &format!("203.0.{n}.1"))));
    assert_eq!(told(&server).len(), 20);
    let other = own_api(&server).agent(&json!({ "name": "Other" }));
    load(&server, &other, "forged0.test", "203.0.0.1");
    assert_eq!(told(&server).len(), 21);
}

#[test]
fn what_the_settings_name_is_noted_whatever_others_make_up() {
    let (server, _browser, agent) = proxied();
    filled(&server, &agent);
    (0..20).for_each(|n| drop(load(&server, &agent, &format!("more-{n}.test"), &format!("198.18.{n}.1"))));
    let set = json!({ "allowed_domains": ["www.real.test", "*.real.test"] });
    own_api(&server).put(&format!("/api/v1/agents/{agent}"), &set).is(200);
    load(&server, &agent, "www.real.test", "203.0.0.1");
    assert_eq!(told(&server).last().unwrap(), "www.real.test");
    // What a pattern covers could be made up without end.
    let before = told(&server).len();
    (0..30).for_each(|n| drop(load(&server, &agent, &format!("a{n}.real.test"), "203.0.0.1")));
    assert!(told(&server).len() <= before + 3);
    server.pass(Days(1));
    (0..20).for_each(|n| drop(load(&server, &agent, &format!("b{n}.real.test"), &format!("198.18.{n}.1"))));
    assert!(domains(&server).contains(&"www.real.test".to_owned()) && domains(&server).len() <= 51);
}

#[test]
fn what_the_team_loads_while_it_is_signed_in_is_noted() {
    let (server, browser, agent) = proxied();
    for number in 0..20 {
        load(&server, &agent, &format!("forged{number}.test"), &format!("203.0.{number}.1"));
    }
    load(&server, &agent, "stranger.test", "198.51.100.1");
    assert_eq!(told(&server).len(), 20);
    load(&server, &agent, "real.test", "127.0.0.1");
    (0..10).for_each(|n| drop(load(&server, &agent, &format!("real{n}.test"), "127.0.0.1")));
    assert_eq!(told(&server).len(), 31);
    drop(browser);
    // Whoever was signed in long ago is nobody any more, and another account's people are strangers.
    server.pass(Hours(13));
    load(&server, &agent, "later.test", "127.0.0.1");
    assert_eq!(told(&server).len(), 31);
}

#[test]
fn a_new_domain_takes_the_place_of_one_on_which_nobody_wrote() {
    let (server, _browser, agent) = proxied();
    let first = load(&server, &agent, "written.test", "192.0.2.1");
    first.ask("Hello");
    server.pass(Minutes(1));
    let mut all = vec!["written.test".to_owned()];
    for number in 0..70 {
        let domain = format!("forged-{number:02}.test");
        load(&server, &agent, &domain, &format!("203.0.{number}.1"));
        all.push(domain);
        server.pass(Hours(2));
    }
    // One of the first is still loaded, so it stays.
    assert_eq!((domains(&server).len(), told(&server).len()), (50, 71));
    assert_eq!(domains(&server)[0], "written.test");
    assert_eq!(domains(&server)[1..], all[22..]);
    load(&server, &agent, "forged-22.test", "203.0.113.1");
    server.pass(Hours(24));
    load(&server, &agent, "real.test", "198.51.100.1");
    let left = domains(&server);
    assert!(left.contains(&"real.test".to_owned()) && left.contains(&"written.test".to_owned()));
    assert!(left.contains(&"forged-22.test".to_owned()) && !left.contains(&"forged-21.test".to_owned()), "{left:?}");
}

#[test]
fn a_domain_on_which_somebody_wrote_makes_room_when_it_has_not_been_seen_for_a_month() {
    let (server, _browser, agent) = proxied();
    for number in 0..50 {
        load(&server, &agent, &format!("site-{number:02}.test"), &format!("203.0.{number}.1")).ask("Hello");
        server.pass(Hours(2));
    }
    load(&server, &agent, "new.test", "198.51.100.1");
    assert!(!domains(&server).contains(&"new.test".to_owned()));
    server.pass(Days(30));
    load(&server, &agent, "new.test", "198.51.100.1");
    let left = domains(&server);
    assert!(left.contains(&"new.test".to_owned()) && !left.contains(&"site-00.test".to_owned()) && left.len() == 50, "{left:?}");
}

#[test]
fn a_domain_is_removed_by_hand_and_noted_anew_when_it_is_loaded() {
    let (server, mut browser, agent) = proxied();
    let (page, remove) = (format!("/agents/{agent}/install"), format!("/agents/{agent}/install/remove"));
    load(&server, &agent, "forged.test", "203.0.113.1");
    load(&server, &agent, "real.test", "198.51.100.1").ask("Hello");
    let shown = browser.get(&page).is(200).text;
    assert!(shown.contains("aria-label=\"Remove forged.test\"") && shown.matches("No messages from there").count() == 1);
    let done = browser.submit(&remove, &[("domain", "forged.test")]).is(303);
    assert_eq!(done.header("location"), format!("{page}?removed"));
    assert!(browser.get(done.header("location")).text.contains("Website removed."));
    assert_eq!(domains(&server), ["real.test"]);
    browser.submit(&remove, &[("domain", "forged.test")]).is(404);
    assert_eq!(server.count("SELECT count(*) FROM audit_log WHERE action = 'agent.domain_removed'"), 1);
    load(&server, &agent, "forged.test", "203.0.113.1");
    assert_eq!(told(&server), ["forged.test", "real.test", "forged.test"]);
    let stranger = server.sign_up("stranger@example.com");
    let theirs = stranger.agent(&json!({ "name": "Theirs" }));
    load(&server, &theirs, "theirs.test", "198.51.100.9");
    browser.submit(&format!("/agents/{theirs}/install/remove"), &[("domain", "theirs.test")]).is(404);
    assert!(domains(&server).contains(&"theirs.test".to_owned()));
    for role in ["viewer", "member"] {
        let mut colleague = Browser::colleague_as(&server, role, role);
        assert!(!colleague.get(&page).is(200).text.contains("/install/remove"));
        colleague.submit(&remove, &[("domain", "real.test")]).is(403);
    }
}

#[test]
fn a_full_list_of_domains_says_so() {
    let (server, mut browser, agent) = proxied();
    filled(&server, &agent);
    Browser::sign_in(&mut browser, PASSWORD).is(303);
    let page = browser.get(&format!("/agents/{agent}/install")).is(200).text;
    assert_eq!(page.matches("<th scope=\"row\">").count(), 50);
    assert!(
        page.contains("Live on forged-49.test") && page.contains("and 49 more") && page.contains("The list is full"),
        "{page}"
    );
}
