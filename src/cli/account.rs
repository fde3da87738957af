//! `chatforge account`

use clap::Subcommand;
use pollster::block_on;

use crate::cli::Context;
use crate::storage::Error;

#[derive(Subcommand)]
pub enum Command {
    /// List the accounts: id, plan, e-mail address, name
    List,
    /// Put an account on another plan, from the next request on
    SetPlan {
        /// The account's id, or the e-mail address it was created with
        account: String,
        plan: String,
    },
}

impl Command {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let (store, config, _) = context.open()?;
        let done = match self {
            Self::List => block_on(store.accounts()).map_err(anyhow::Error::from).map(|accounts| {
                for account in accounts {
                    println!("{}\t{}\t{}\t{}", account.id, account.plan, account.email, account.name);
                }
            }),
            Self::SetPlan { account, plan } if config.plans.contains_key(&plan) => block_on(async {
                let account = store.account_named(account.clone()).await.map_err(|error| match error {
                    Error::NotFound => anyhow::anyhow!("there is no account {account}"),
                    other => other.into(),
                })?;
                store.set_plan(account.id.clone(), plan.clone()).await?;
                eprintln!("The account {} is on the plan {plan}.", account.id);
                Ok(())
            }),
            Self::SetPlan { plan, .. } => {
                let known = config.plans.keys().cloned().collect::<Vec<_>>().join(", ");
                Err(anyhow::anyhow!("no plan is called `{plan}`; there are {known}"))
            }
        };
        store.close();
        done
    }
}
