//! Payments that the operator records on the command line.

use serde_json::json;

use crate::binary::{Home, register};
use crate::receiver::Receiver;
use crate::server::open_database;
use crate::webhooks::verify;

const CONFIG: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[testing]\nallow_private_addresses = true\n";
const ACCOUNT: &str = "owner@example.com";

#[test]
fn a_recorded_payment_reaches_the_webhooks_of_a_running_server() {
    let home = Home::new(CONFIG);
    let server = home.serve();
    let api = home.sign_up(&server);
    let receiver = Receiver::listen();
    let secret = register(&api, &receiver.url(), &["payment.received"])["secret"].as_str().unwrap().to_owned();
    let recorded = home.run(&[
        "payment",
        "record",
        "--account",
        ACCOUNT,
        "--amount-cents",
        "9700",
        "--currency",
        "USD",
        "--plan",
        "starter",
        "--period-start",
        "2026-03-26T00:00:00Z",
        "--invoice",
        "2026-17",
        "--invoice-url",
        "https://pay.example.com/17",
    ]);
    let id = recorded.is(0).line().to_owned();
    assert!(id.starts_with("pay_") && id.len() == 14, "{id}");
    let delivery = receiver.next();
    verify(&delivery, &secret);
    let data = json!({
        "amount_cents": 9700, "currency": "usd", "plan": "starter", "period_start": "2026-03-26T00:00:00Z",
        "period_end": "2026-04-26T00:00:00Z", "invoice_url": "https://pay.example.com/17",
    });
    assert_eq!((&delivery.json["data"], &delivery.json["agent_id"]), (&data, &json!(null)));
    assert!(delivery.json["id"].as_str().unwrap().starts_with("evt_pr_"));
    assert_eq!(delivery.json["type"], "payment.received");
    assert_eq!(api.get("/api/v1/me").is(200).json["plan"], "scale", "recording changes no plan");
    let listed = home.run(&["payment", "list", "--account", ACCOUNT]).is(0);
    let fields: Vec<_> = listed.line().split('\t').collect();
    assert_eq!((fields[0], fields.len()), (id.as_str(), 9));
    let rest =
        ["9700", "usd", "starter", "2026-03-26T00:00:00Z", "2026-04-26T00:00:00Z", "2026-17", "https://pay.example.com/17"];
    assert_eq!(fields[2..], rest);
}

#[test]
fn an_invoice_is_recorded_once_and_a_mistake_not_at_all() {
    let home = Home::new(CONFIG);
    home.run(&["admin", "create", "--email", ACCOUNT, "--plan", "growth"]).is(0);
    let record = |more: &[&str]| {
        let mut arguments = vec!["payment", "record", "--account", ACCOUNT];
        for (flag, value) in [("--amount-cents", "100"), ("--currency", "eur")] {
            if !more.contains(&flag) {
                arguments.extend([flag, value]);
            }
        }
        home.run(&[&arguments, more].concat())
    };
    record(&["--invoice", "A-1"]).is(0);
    let again = record(&["--invoice", "A-1"]).is(1);
    assert!(again.stderr.contains("the invoice A-1 was already recorded") && again.stdout.is_empty(), "{again:?}");
    for (arguments, says) in [
        (["--currency", "dollars"], "--currency: must be three letters"),
        (["--currency", "e€"], "--currency: must be three letters"),
        (["--amount-cents", "-1"], "--amount-cents: must be at least 1"),
        (["--amount-cents", "0"], "--amount-cents: must be at least 1"),
        (["--plan", "gold"], "unknown plan `gold`; the plans are free, growth, scale, starter"),
        (["--period-start", "yesterday"], "--period-start: `yesterday` is not a time"),
        (["--period-end", "2020-01-01T00:00:00Z"], "--period-end: must be later than the start"),
        (["--invoice", ""], "--invoice"),
        (["--invoice-url", "invoice.pdf"], "--invoice-url: must be an http or https address"),
    ] {
        let ran = record(&arguments).is(1);
        assert!(ran.stderr.contains(says) && ran.stdout.is_empty(), "{ran:?}");
    }
    let nobody = home.run(&["payment", "record", "--account", "x@y.example", "--amount-cents", "1", "--currency", "usd"]).is(1);
    assert!(nobody.stderr.contains("there is no account x@y.example"), "{nobody:?}");
    home.run(&["payment", "list", "--account", "acc_a1b2c3d4e5"]).is(1);
    let db = open_database(&home.data());
    let count = |table: &str| db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((count("payments"), count("events")), (1, 1));
    let plain = record(&[]).is(0);
    record(&[]).is(0);
    let listed = home.run(&["payment", "list", "--account", ACCOUNT]).is(0);
    assert_eq!(listed.stdout.lines().count(), 3);
    let line = listed.stdout.lines().find(|line| line.starts_with(plain.line())).unwrap();
    assert!(line.contains("\t100\teur\tgrowth\t") && line.ends_with(&format!("{}\t-", plain.line())), "{line}");
}

#[test]
fn an_account_is_linked_to_a_customer_by_hand() {
    let home = Home::new(CONFIG);
    home.run(&["admin", "create", "--email", ACCOUNT]).is(0);
    for wrong in ["cus_", "sub_123", "cus_1 2", ""] {
        let ran = home.run(&["account", "link-stripe", ACCOUNT, wrong]).is(1);
        assert!(ran.stderr.contains("is not a Stripe customer id"), "{ran:?}");
    }
    home.run(&["account", "link-stripe", "nobody@example.com", "cus_123"]).is(1);
    home.run(&["account", "link-stripe", ACCOUNT, "cus_123"]).is(0);
    home.run(&["account", "link-stripe", ACCOUNT, "cus_123"]).is(0);
    let linked: String =
        open_database(&home.data()).query_row("SELECT stripe_customer FROM accounts", [], |row| row.get(0)).unwrap();
    assert_eq!(linked, "cus_123");
}

#[test]
fn the_payment_link_of_an_account_is_printed() {
    let home = Home::new("[stripe]\npayment_link = \"https://buy.stripe.com/x\"\n");
    let account = home.run(&["admin", "create", "--email", ACCOUNT]).is(0).line().to_owned();
    let printed = home.run(&["account", "payment-link", ACCOUNT]).is(0);
    assert_eq!(printed.line(), format!("https://buy.stripe.com/x?client_reference_id={account}"));
    let without = Home::new(CONFIG);
    without.run(&["admin", "create", "--email", ACCOUNT]).is(0);
    let refused = without.run(&["account", "payment-link", ACCOUNT]).is(1);
    assert!(refused.stderr.contains("[stripe] payment_link"), "{refused:?}");
}
