//! The people of an account: invites, roles, leaving.

use serde_json::json;

use crate::browser::{Browser, EMAIL, PASSWORD, between, own_api, signed_in};
use crate::http::Reply;
use crate::server::Span::{Days, Minutes};
use crate::server::TestServer;

const COLLEAGUE: &str = "bob@example.com";

/// The token of the link that the owner gets for a colleague.
fn invite(owner: &mut Browser, email: &str, role: &str) -> String {
    owner.get("/settings/team").is(200);
    let page = owner.submit("/settings/team/invites", &[("email", email), ("role", role)]).is(200).text;
    between(&page, "/join?token=", "<").unwrap().to_owned()
}

fn join(browser: &mut Browser, token: &str, name: &str) -> Reply {
    browser.get(&format!("/join?token={token}")).is(200);
    browser.submit("/join", &[("token", token), ("name", name), ("password", PASSWORD)])
}

fn id_of(server: &TestServer, email: &str) -> String {
    server.database().query_row("SELECT id FROM users WHERE email = ?1", [email], |row| row.get(0)).unwrap()
}

#[test]
fn an_invited_person_joins_with_the_role_of_the_invite() {
    let (server, mut owner) = signed_in();
    let token = invite(&mut owner, " Bob@Example.com ", "member");
    let page = owner.get("/settings/team").is(200).text;
    assert!(page.contains(COLLEAGUE) && !page.contains(&token));
    let mut bob = Browser::new(&server);
    let form = bob.get(&format!("/join?token={token}")).is(200).text;
    assert!(form.contains("Join Acme") && form.contains(COLLEAGUE) && form.contains("Your role: member."));
    assert_eq!(join(&mut bob, &token, "Bob").is(303).header("location"), "/");
    assert!(bob.get("/settings").is(200).text.contains("Your role is member"));
    assert!(owner.get("/settings/team").is(200).text.contains("No pending invites."));
    let kept = "SELECT count(*) FROM users WHERE email = 'bob@example.com' AND role = 'member' AND name = 'Bob'";
    assert_eq!((server.count(kept), server.count("SELECT count(*) FROM accounts")), (1, 1));
}

#[test]
fn a_used_an_expired_a_revoked_and_a_made_up_link_are_answered_alike() {
    let (server, mut owner) = signed_in();
    let used = invite(&mut owner, "used@example.com", "member");
    join(&mut Browser::new(&server), &used, "U").is(303);
    let revoked = invite(&mut owner, "revoked@example.com", "viewer");
    let id = between(&owner.get("/settings/team").text, "/settings/team/invites/", "/revoke").unwrap().to_owned();
    owner.submit(&format!("/settings/team/invites/{id}/revoke"), &[]).is(303);
    owner.submit(&format!("/settings/team/invites/{id}/revoke"), &[]).is(404);
    let expired = invite(&mut owner, "expired@example.com", "member");
    let mut late = Browser::new(&server);
    late.get(&format!("/join?token={expired}")).is(200);
    server.pass(Days(7));
    let setup = late.client.get("/setup?token=wrong").is(404).text;
    for token in [used.as_str(), &revoked, &expired, "", "wrong"] {
        assert_eq!(late.client.get(&format!("/join?token={token}")).is(404).text, setup, "{token}");
        late.get("/login").is(200);
        let fields = [("token", token), ("name", "Late"), ("password", PASSWORD)];
        assert_eq!(late.submit("/join", &fields).is(404).text, setup, "{token}");
    }
    assert_eq!(server.count("SELECT count(*) FROM users"), 2);
}

#[test]
fn a_link_that_two_open_at_once_is_good_for_one() {
    let (server, mut owner) = signed_in();
    let token = invite(&mut owner, COLLEAGUE, "member");
    let (mut one, mut two) = (Browser::new(&server), Browser::new(&server));
    let path = format!("/join?token={token}");
    one.get(&path).is(200);
    two.get(&path).is(200);
    let fields = [("token", token.as_str()), ("name", "B"), ("password", PASSWORD)];
    let mut statuses = std::thread::scope(|scope| {
        let other = scope.spawn(|| two.submit("/join", &fields).status);
        [one.submit("/join", &fields).status, other.join().unwrap()]
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    assert_eq!(server.count("SELECT count(*) FROM users"), 2);
}

#[test]
fn a_refused_join_keeps_the_link_and_never_shows_the_password() {
    let (server, mut owner) = signed_in();
    let token = invite(&mut owner, COLLEAGUE, "member");
    let mut bob = Browser::new(&server);
    let path = format!("/join?token={token}");
    for (name, password) in [("Bob", "short"), ("Bob", "password"), ("", PASSWORD)] {
        bob.get(&path).is(200);
        let refused = bob.submit("/join", &[("token", &token), ("name", name), ("password", password)]).is(422).text;
        assert!(refused.contains("field-error") && !refused.contains(PASSWORD), "{refused}");
    }
    let unsigned = bob.client.form("/join", &[("token", &token), ("name", "Bob"), ("password", PASSWORD)]);
    assert_eq!(unsigned.status, 403);
    join(&mut bob, &token, "Bob").is(303);
}

#[test]
fn guessing_links_is_slowed_down() {
    let (server, _owner) = signed_in();
    let mut guesser = Browser::new(&server);
    guesser.get("/login").is(200);
    for number in 0..10 {
        guesser.submit("/join", &[("token", &number.to_string()), ("name", "G"), ("password", PASSWORD)]).is(404);
        guesser.get("/login").is(200);
    }
    guesser.submit("/join", &[("token", "x"), ("name", "G"), ("password", PASSWORD)]).is(429);
    server.pass(Minutes(1));
    guesser.get("/login").is(200);
    guesser.submit("/join", &[("token", "x"), ("name", "G"), ("password", PASSWORD)]).is(404);
}

#[test]
fn an_invite_says_what_is_wrong_with_it_and_nothing_of_other_accounts() {
    let (server, mut owner) = signed_in();
    server.sign_up("elsewhere@example.com");
    invite(&mut owner, COLLEAGUE, "member");
    let mut refused = |email: &str, role: &str| {
        owner.get("/settings/team").is(200);
        owner.submit("/settings/team/invites", &[("email", email), ("role", role)]).is(422).text
    };
    assert!(refused("nobody", "member").contains("must be an e-mail address"));
    assert!(refused("x@example.com", "king").contains("choose one of the roles"));
    assert!(refused(COLLEAGUE, "viewer").contains("has a pending invite"));
    assert!(refused(EMAIL, "viewer").contains("is already in your team"));
    invite(&mut owner, "elsewhere@example.com", "member");
    assert_eq!(server.count("SELECT count(*) FROM users"), 2);
}

/// Somebody of another account, signed in.
fn stranger(server: &TestServer, email: &str) -> Browser {
    let add = "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = ?1) WHERE email = ?2";
    server.sign_up(email);
    server.database_to_fill().execute(add, [EMAIL, email]).unwrap();
    let mut browser = Browser::new(server);
    browser.get("/login").is(200);
    browser.submit("/login", &[("email", email), ("password", PASSWORD)]).is(303);
    browser
}

fn take_address(browser: &mut Browser, email: &str) -> Reply {
    browser.get("/settings/security").is(200);
    browser.submit("/settings/security/email", &[("email", email)])
}

#[test]
fn an_open_invite_keeps_its_address_for_whom_it_is() {
    let (server, mut owner) = signed_in();
    let mut stranger = stranger(&server, "elsewhere@example.com");
    let token = invite(&mut owner, COLLEAGUE, "member");
    let (used, kept) = (take_address(&mut stranger, EMAIL).is(422).text, take_address(&mut stranger, COLLEAGUE).is(422).text);
    for (page, email) in [(&used, EMAIL), (&kept, COLLEAGUE)] {
        assert_eq!(between(page, "id=\"email-error\">", "<"), Some("is already in use on this server"), "{email}");
    }
    assert_eq!(take_address(&mut stranger, " BOB@Example.com ").is(422).text.matches("already").count(), 1);
    let mut bob = Browser::new(&server);
    assert!(!bob.get(&format!("/join?token={token}")).is(200).text.contains("name=\"email\""));
    join(&mut bob, &token, "Bob").is(303);
    // An invite that is over keeps nothing.
    invite(&mut owner, "late@example.com", "member");
    server.pass(Days(7));
    stranger.get("/login").is(200);
    stranger.submit("/login", &[("email", "elsewhere@example.com"), ("password", PASSWORD)]).is(303);
    take_address(&mut stranger, "late@example.com").is(303);
    assert_eq!(server.count("SELECT count(*) FROM users WHERE email = 'late@example.com'"), 1);
}

#[test]
fn asking_whether_an_address_is_kept_is_bounded_like_asking_whether_it_is_used() {
    let (server, mut owner) = signed_in();
    let mut stranger = stranger(&server, "elsewhere@example.com");
    invite(&mut owner, COLLEAGUE, "member");
    for _ in 0..10 {
        take_address(&mut stranger, COLLEAGUE).is(422);
    }
    take_address(&mut stranger, COLLEAGUE).is(429);
    take_address(&mut stranger, "free@example.com").is(429);
}

/// The invited address is taken before or after the invite was made.
#[test]
fn whoever_is_invited_by_an_address_in_use_joins_with_another() {
    for before in [true, false] {
        let (server, mut owner) = signed_in();
        let take = || server.cli(&["admin", "create", "--email", COLLEAGUE]).is(0);
        if before {
            take();
        }
        let token = invite(&mut owner, COLLEAGUE, "member");
        if !before {
            take();
        }
        invite(&mut owner, "kept@example.com", "member");
        let mut bob = Browser::new(&server);
        let asked = join(&mut bob, &token, "Bob").is(409).text;
        let field = between(&asked, "<input id=\"email\" name=\"email\"", ">").unwrap();
        assert!(field.contains("value=\"\"") && !asked.contains("field-error"), "{asked}");
        assert!(asked.contains("bob@example.com is already in use on this server.") && asked.contains("value=\"Bob\""));
        let mut again = |email: &str| {
            let fields = [("token", token.as_str()), ("name", "Bob"), ("email", email), ("password", PASSWORD)];
            bob.submit("/join", &fields)
        };
        assert!(again("nobody").is(422).text.contains("must be an e-mail address"));
        for taken in [EMAIL, COLLEAGUE, "KEPT@example.com"] {
            assert!(again(taken).is(409).text.contains("is already in use on this server"), "{taken}");
        }
        assert_eq!(again("bob@elsewhere.example").is(303).header("location"), "/");
        let joined = "SELECT count(*) FROM users WHERE email = 'bob@elsewhere.example' AND role = 'member'
                      AND account = (SELECT account FROM users WHERE email = 'owner@example.com')";
        assert_eq!((server.count(joined), server.count("SELECT count(*) FROM users")), (1, 3));
        again("bob2@elsewhere.example").is(404);
    }
}

#[test]
fn an_address_of_ones_own_choice_is_for_whom_the_invited_one_is_of_no_use() {
    let (server, mut owner) = signed_in();
    let token = invite(&mut owner, COLLEAGUE, "member");
    let mut bob = Browser::new(&server);
    bob.get(&format!("/join?token={token}")).is(200);
    let fields = [("token", token.as_str()), ("name", "Bob"), ("email", "other@example.com"), ("password", PASSWORD)];
    bob.submit("/join", &fields).is(303);
    assert_eq!(server.count("SELECT count(*) FROM users WHERE email = 'bob@example.com'"), 1);
}

#[test]
fn an_invite_does_not_tell_without_end_which_addresses_are_in_use() {
    let (server, mut owner) = signed_in();
    server.cli(&["admin", "create", "--email", COLLEAGUE]).is(0);
    let token = invite(&mut owner, COLLEAGUE, "member");
    let mut bob = Browser::new(&server);
    let mut tell = || {
        server.pass(Minutes(1));
        bob.get(&format!("/join?token={token}")).is(200);
        bob.submit("/join", &[("token", &token), ("name", "B"), ("email", EMAIL), ("password", PASSWORD)])
    };
    for _ in 0..10 {
        tell().is(409);
    }
    tell().is(429);
}

#[test]
fn invites_and_people_are_bounded() {
    let (server, mut owner) = signed_in();
    for number in 0..25 {
        invite(&mut owner, &format!("p{number}@example.com"), "member");
    }
    owner.get("/settings/team").is(200);
    let full = owner.submit("/settings/team/invites", &[("email", COLLEAGUE), ("role", "member")]).is(409).text;
    assert!(full.contains("at most 25 pending invites"), "{full}");
    server.pass(Days(7));
    owner.sign_in(PASSWORD).is(303);
    let token = invite(&mut owner, COLLEAGUE, "member");
    let fill = "INSERT INTO users (id, account, email, name, role, password_hash, created_at)
                WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 98)
                SELECT 'usr_' || (1000000000 + i), account, i || '@example.com', 'P', 'viewer', 'none', 0
                FROM n, (SELECT account FROM users LIMIT 1)";
    server.database_to_fill().execute(fill, []).unwrap();
    let full = join(&mut Browser::new(&server), &token, "Bob").is(409).text;
    assert!(full.contains("A team can have at most 100 people."), "{full}");
    owner.get("/settings/team").is(200);
    owner.submit("/settings/team/invites", &[("email", "one@more.example"), ("role", "member")]).is(409);
}

#[test]
fn an_account_keeps_its_last_owner() {
    let (server, mut owner) = signed_in();
    let me = id_of(&server, EMAIL);
    owner.get("/settings/team").is(200);
    for (path, role) in [("role", "admin"), ("role", "viewer"), ("remove", "")] {
        let refused = owner.submit(&format!("/settings/team/{me}/{path}"), &[("role", role)]).is(409).text;
        assert!(refused.contains("needs at least one owner"), "{refused}");
    }
    let mut adam = Browser::colleague_as(&server, "Adam", "admin");
    adam.get("/settings/team").is(200);
    adam.submit(&format!("/settings/team/{me}/role"), &[("role", "member")]).is(403);
    adam.submit(&format!("/settings/team/{me}/remove"), &[]).is(403);
    adam.submit(&format!("/settings/team/{}/role", id_of(&server, "adam@example.com")), &[("role", "owner")]).is(403);
    adam.submit("/settings/team/invites", &[("email", COLLEAGUE), ("role", "owner")]).is(403);
    assert_eq!(server.count("SELECT count(*) FROM users WHERE role = 'owner'"), 1);
    assert_eq!(server.count("SELECT count(*) FROM invites"), 0);
    owner.submit(&format!("/settings/team/{me}/role"), &[("role", "owner")]).is(303);
}

#[test]
fn of_two_owners_who_remove_or_demote_each_other_at_once_one_stays() {
    for path in ["remove", "role"] {
        let (server, mut owner) = signed_in();
        let mut olga = Browser::colleague_as(&server, "Olga", "owner");
        let (first, second) = (id_of(&server, EMAIL), id_of(&server, "olga@example.com"));
        owner.get("/settings/team").is(200);
        olga.get("/settings/team").is(200);
        let fields = [("role", "admin")];
        let statuses = std::thread::scope(|scope| {
            let other = scope.spawn(|| olga.submit(&format!("/settings/team/{first}/{path}"), &fields).status);
            let own = owner.submit(&format!("/settings/team/{second}/{path}"), &fields).status;
            [own, other.join().unwrap()]
        });
        // The one who comes too late is out, is no owner any more, or is told so.
        assert!(statuses.contains(&303), "{path}: {statuses:?}");
        assert_eq!(server.count("SELECT count(*) FROM users WHERE role = 'owner'"), 1, "{path}: {statuses:?}");
    }
}

#[test]
fn a_removed_person_is_out_at_once_and_what_they_wrote_stays() {
    let (server, mut owner) = signed_in();
    let mut bob = Browser::colleague_as(&server, "Bob", "admin");
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    let visitor = server.visitor(&agent);
    visitor.ask("Hello");
    let conversation = server.conversations_of(&api, &agent);
    bob.get(&format!("/conversations/{conversation}")).is(200);
    bob.submit(&format!("/conversations/{conversation}/claim"), &[]).is(303);
    bob.submit(&format!("/conversations/{conversation}/notes"), &[("note", "Ask for the order")]).is(303);
    bob.submit(&format!("/conversations/{conversation}/reply"), &[("content", "Bob here")]).is(303);
    invite(&mut bob, "friend@example.com", "admin");
    let mut stream = bob.client.stream("/conversations/events");
    let mut others = owner.client.stream("/conversations/events");
    owner.get("/settings/team").is(200);
    owner.submit(&format!("/settings/team/{}/remove", id_of(&server, COLLEAGUE)), &[]).is(303);
    assert_eq!(bob.client.get("/").is(303).header("location"), "/login");
    while stream.event().is_some() {}
    assert_eq!(others.event().as_deref(), Some("changed"));
    let page = owner.get(&format!("/conversations/{conversation}")).is(200).text;
    assert!(page.contains("With you") && page.contains("Ask for the order") && page.contains("Bob"), "{page}");
    assert_eq!(server.count("SELECT count(*) FROM invites"), 0);
    assert_eq!(server.count("SELECT count(*) FROM conversations WHERE claims_count = 2"), 1);
    bob.get("/login").is(200);
    bob.submit("/login", &[("email", COLLEAGUE), ("password", PASSWORD)]).is(401);
    invite(&mut owner, COLLEAGUE, "viewer");
}

#[test]
fn the_keys_that_a_removed_person_created_are_revoked_and_no_others() {
    let (server, mut owner) = signed_in();
    let mut bob = Browser::colleague_as(&server, "Bob", "admin");
    let keys = [&mut bob, &mut owner].map(|person| {
        let page = person.make_key(&[("name", "Sync"), ("permission", "agents:read")]).is(200).text;
        let start = page.find("cfk_").unwrap();
        page[start..].split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned()
    });
    let made_outside = own_api(&server).key;
    owner.get("/settings/team").is(200);
    owner.submit(&format!("/settings/team/{}/remove", id_of(&server, COLLEAGUE)), &[]).is(303);
    for (key, status) in [(&keys[0], 401), (&keys[1], 200), (&made_outside, 200)] {
        server.client().with("authorization", &format!("Bearer {key}")).get("/api/v1/agents").is(status);
    }
}

#[test]
fn whoever_may_not_answer_any_more_passes_their_conversations_on() {
    let (server, mut owner) = signed_in();
    let mut bob = Browser::colleague(&server, "Bob");
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    server.visitor(&agent).ask("Hello");
    let conversation = server.conversations_of(&api, &agent);
    bob.get("/").is(200);
    bob.submit(&format!("/conversations/{conversation}/claim"), &[]).is(303);
    owner.get("/settings/team").is(200);
    owner.submit(&format!("/settings/team/{}/role", id_of(&server, COLLEAGUE)), &[("role", "viewer")]).is(303);
    assert!(owner.get(&format!("/conversations/{conversation}")).is(200).text.contains("With you"));
    bob.submit(&format!("/conversations/{conversation}/reply"), &[("content", "Bob here")]).is(403);
}

#[test]
fn whoever_leaves_by_themselves_leaves_nothing_open() {
    let (server, mut owner) = signed_in();
    let mut adam = Browser::colleague_as(&server, "Adam", "admin");
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    server.visitor(&agent).ask("Hello");
    let conversation = server.conversations_of(&api, &agent);
    adam.get("/settings/team").is(200);
    adam.submit(&format!("/conversations/{conversation}/claim"), &[]).is(303);
    let out = adam.submit(&format!("/settings/team/{}/remove", id_of(&server, "adam@example.com")), &[]).is(303);
    assert_eq!(out.header("location"), "/login");
    adam.get("/agents").is(303);
    assert!(owner.get(&format!("/conversations/{conversation}")).is(200).text.contains("With you"));
}

#[test]
fn people_and_invites_of_another_account_do_not_exist() {
    let (server, mut owner) = signed_in();
    invite(&mut owner, COLLEAGUE, "member");
    let id = between(&owner.get("/settings/team").text, "/settings/team/invites/", "/revoke").unwrap().to_owned();
    let me = id_of(&server, EMAIL);
    // Somebody else's account, whose owner has the same password.
    server.sign_up("stranger@example.com");
    let same = "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = ?1) WHERE email = ?2";
    server.database_to_fill().execute(same, [EMAIL, "stranger@example.com"]).unwrap();
    let mut stranger = Browser::new(&server);
    stranger.get("/login").is(200);
    stranger.submit("/login", &[("email", "stranger@example.com"), ("password", PASSWORD)]).is(303);
    let page = stranger.get("/settings/team").is(200).text;
    assert!(!page.contains(COLLEAGUE) && !page.contains(EMAIL));
    stranger.submit(&format!("/settings/team/invites/{id}/revoke"), &[]).is(404);
    stranger.submit(&format!("/settings/team/{me}/remove"), &[]).is(404);
    stranger.submit(&format!("/settings/team/{me}/role"), &[("role", "viewer")]).is(404);
    assert_eq!(server.count("SELECT count(*) FROM invites"), 1);
    assert_eq!(server.count("SELECT count(*) FROM users WHERE role = 'owner'"), 2);
}

#[test]
fn the_team_page_says_when_people_were_last_seen() {
    let (server, mut owner) = signed_in();
    let mut bob = Browser::colleague(&server, "Bob");
    server.pass(Minutes(5));
    bob.get("/").is(200);
    server.store_settles();
    let seen = "SELECT count(*) FROM users WHERE name = 'Bob' AND seen_at = ?1";
    let now = server.now().ms();
    let found: i64 = server.database().query_row(seen, [now], |row| row.get(0)).unwrap();
    assert_eq!(found, 1);
    bob.submit("/logout", &[]).is(303);
    assert!(owner.get("/settings/team").is(200).text.contains("26 Mar 2026, 10:05"));
}
