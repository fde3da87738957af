//! `chatforge admin`

use clap::Subcommand;
use pollster::block_on;

use crate::auth::own_words::Whose;
use crate::auth::password::{self, WorkArea};
use crate::cli::{Context, record, secret_from_stdin};
use crate::domain::account::{NewAdministrator, email_address};
use crate::storage::{Error, Store};
use crate::world::World;

#[derive(Subcommand)]
pub enum Admin {
    /// Create an account with its administrator
    Create {
        #[arg(long)]
        email: String,
        /// The administrator's name [default: from the e-mail address]
        #[arg(long, default_value = "")]
        name: String,
        /// The account's name [default: from the e-mail address]
        #[arg(long, default_value = "")]
        account: String,
        /// The account's plan [default: accounts.default_plan of the configuration]
        #[arg(long)]
        plan: Option<String>,
        /// Read the password from standard input [default: generate a password and print it]
        #[arg(long)]
        password_stdin: bool,
    },
    /// Reset an administrator's password and end all sessions
    ResetPassword {
        #[arg(long)]
        email: String,
        /// Read the password from standard input [default: generate a password and print it]
        #[arg(long)]
        password_stdin: bool,
    },
    /// Turn off two-step sign-in for a user who lost authenticator and recovery codes, and end all sessions
    ResetTwoStep {
        #[arg(long)]
        email: String,
    },
}

impl Admin {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        match self {
            Self::Create { email, name, account, plan, password_stdin } => {
                create(context, &email, &name, &account, plan, password_stdin)
            }
            Self::ResetPassword { email, password_stdin } => reset_password(context, &email, password_stdin),
            Self::ResetTwoStep { email } => reset_two_step(context, &email),
        }
    }
}

fn create(context: &Context, email: &str, name: &str, account: &str, plan: Option<String>, stdin: bool) -> anyhow::Result<()> {
    let (store, config, world) = context.open()?;
    let plan = plan.unwrap_or_else(|| config.accounts.default_plan.clone());
    if !config.plans.contains_key(&plan) {
        anyhow::bail!("unknown plan `{plan}`; the plans are {}", config.plans.keys().cloned().collect::<Vec<_>>().join(", "));
    }
    let new = NewAdministrator::parse(account, email, name, &plan).map_err(|rejection| anyhow::anyhow!(rejection.summary()))?;
    let password = Password::ask(&world, stdin, &Whose { email: &new.email, name: &new.name, account: &new.account_name })?;
    let done = block_on(found(&store, new, &password, &world));
    store.close();
    done
}

/// Told before it is recorded: a password that was made up is nowhere else.
async fn found(store: &Store, new: NewAdministrator, password: &Password, world: &World) -> anyhow::Result<()> {
    let email = new.email.clone();
    let account = store.create_administrator(new, password.hash(world)?).await.map_err(|error| match error {
        Error::Conflict => anyhow::anyhow!("an administrator with the e-mail address {email} already exists"),
        other => other.into(),
    })?;
    println!("{}", account.id);
    eprintln!("Created the account {} ({}) on the plan {}.", account.name, account.id, account.plan);
    password.tell();
    record(store, account.id, "account.created", "", "").await
}

fn reset_password(context: &Context, email: &str, stdin: bool) -> anyhow::Result<()> {
    let (store, _, world) = context.open()?;
    let email = email_address(email).map_err(|message| anyhow::anyhow!("--email {message}"))?;
    let done = block_on(set_password(&store, &email, stdin, &world));
    store.close();
    done
}

async fn set_password(store: &Store, email: &str, stdin: bool, world: &World) -> anyhow::Result<()> {
    let user = store.user_by_email(email.to_owned()).await?;
    let user = user.ok_or_else(|| anyhow::anyhow!("there is no user with the e-mail address {email}"))?;
    let account = store.account(user.account.clone()).await?.name;
    let password = Password::ask(world, stdin, &Whose { email: &user.email, name: &user.name, account: &account })?;
    store.set_password(user.clone(), password.hash(world)?).await?;
    eprintln!("The password of {email} was changed, and all sessions were ended.");
    password.tell();
    record(store, user.account, "access.password_reset", user.id, &user.name).await
}

fn reset_two_step(context: &Context, email: &str) -> anyhow::Result<()> {
    let (store, _, _) = context.open()?;
    let email = email_address(email).map_err(|message| anyhow::anyhow!("--email {message}"))?;
    let done = block_on(end_two_step(&store, &email));
    store.close();
    done
}

async fn end_two_step(store: &Store, email: &str) -> anyhow::Result<()> {
    let user = store.user_by_email(email.to_owned()).await?;
    let user = user.ok_or_else(|| anyhow::anyhow!("there is no user with the e-mail address {email}"))?;
    if !store.reset_two_step(user.email).await? {
        eprintln!("Two-step sign-in of {email} is already off.");
        return Ok(());
    }
    eprintln!("Two-step sign-in of {email} is off, and all sessions were ended. The password is unchanged.");
    record(store, user.account, "access.two_step_reset", user.id, &user.name).await
}

pub struct Password {
    text: String,
    made_up: bool,
}

const MADE_UP_CHARS: usize = 20;
/// Without letters that are mistaken for others.
const MADE_UP_ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

impl Password {
    fn ask(world: &World, stdin: bool, whose: &Whose) -> anyhow::Result<Self> {
        if !stdin {
            return Ok(Self::made_up(world));
        }
        let text = secret_from_stdin("Password")?;
        password::check(&text, whose).map_err(|message| anyhow::anyhow!("the password {message}"))?;
        Ok(Self { text, made_up: false })
    }

    pub fn made_up(world: &World) -> Self {
        Self { text: world.pick(MADE_UP_ALPHABET, MADE_UP_CHARS), made_up: true }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn hash(&self, world: &World) -> anyhow::Result<String> {
        password::hash(world, &self.text, &mut WorkArea::default())
            .map_err(|error| anyhow::anyhow!("the password could not be hashed: {error}"))
    }

    fn tell(&self) {
        if self.made_up {
            eprintln!("Password, shown only once: {}", self.text);
        }
    }
}
