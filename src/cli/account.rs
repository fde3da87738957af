//! `chatforge account`

use clap::Subcommand;
use pollster::block_on;

use crate::cli::{Context, known_plan, record, terminal};
use crate::config::Config;
use crate::domain::account::Account;
use crate::storage::{Error, Store};

#[derive(Subcommand)]
pub enum Command {
    /// List accounts: id, plan, e-mail address, name
    List,
    /// Change an account's plan; it applies from the next request
    SetPlan {
        /// The account's id or the e-mail address it was created with
        account: String,
        plan: String,
    },
    /// Print the payment link of an account
    PaymentLink {
        /// The account's id or the e-mail address it was created with
        account: String,
    },
    /// Link an account to a Stripe customer; a checkout through the payment link does this automatically
    LinkStripe {
        /// The account's id or the e-mail address it was created with
        account: String,
        /// The Stripe customer id, such as cus_9s6XKzkNRiz8i3
        customer: String,
    },
}

impl Command {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let (store, config, _) = context.open()?;
        let done = block_on(async {
            match self {
                Self::List => list(&store).await,
                Self::SetPlan { account, plan } => set_plan(&store, &config, &account, plan).await,
                Self::PaymentLink { account } => payment_link(&store, &config, &account).await,
                Self::LinkStripe { account, customer } => link_stripe(&store, &config, &account, customer).await,
            }
        });
        store.close();
        done
    }
}

/// The account with this id or e-mail address.
pub async fn named(store: &Store, account: &str) -> anyhow::Result<Account> {
    store.account_named(account.to_owned()).await.map_err(|error| match error {
        Error::NotFound => anyhow::anyhow!("there is no account {account}"),
        other => other.into(),
    })
}

async fn list(store: &Store) -> anyhow::Result<()> {
    for account in store.accounts().await? {
        let (email, name) = (terminal::cell(&account.email), terminal::cell(&account.name));
        println!("{}\t{}\t{email}\t{name}", account.id, account.plan);
    }
    Ok(())
}

async fn set_plan(store: &Store, config: &Config, account: &str, plan: String) -> anyhow::Result<()> {
    known_plan(config, &plan)?;
    let account = named(store, account).await?;
    store.set_plan(account.id.clone(), plan.clone()).await?;
    record(store, account.id.clone(), "account.plan_changed", "", &plan).await?;
    eprintln!("The account {} is now on the plan {plan}.", account.id);
    Ok(())
}

async fn payment_link(store: &Store, config: &Config, account: &str) -> anyhow::Result<()> {
    let account = named(store, account).await?;
    let link = config.stripe.payment_link(&account);
    println!("{}", link.ok_or_else(|| anyhow::anyhow!("no payment link is configured; see [stripe] payment_link"))?);
    Ok(())
}

async fn link_stripe(store: &Store, config: &Config, account: &str, customer: String) -> anyhow::Result<()> {
    let rest = customer.strip_prefix("cus_").unwrap_or_default();
    if rest.is_empty() || !rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
        anyhow::bail!("`{customer}` is not a Stripe customer id such as cus_9s6XKzkNRiz8i3");
    }
    let account = named(store, account).await?;
    let linked = store.link_stripe_customer(account.id.clone(), customer.clone(), config.stripe.prices()).await;
    let remarks = linked.map_err(|error| match error {
        Error::Conflict => anyhow::anyhow!("another account is already linked to {customer}"),
        other => other.into(),
    })?;
    record(store, account.id, "account.linked_to_stripe", "", &customer).await?;
    for remark in remarks {
        eprintln!("{remark}");
    }
    Ok(())
}
