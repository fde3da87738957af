//! Accounts and the plan each of them is on.

use rusqlite::{Connection, Row, params};

use crate::domain::account::{Account, NewAdministrator};
use crate::domain::id::{AccountId, UserId};
use crate::storage::{Error, Result, Store, draw};
use crate::world::World;

const COLUMNS: &str = "id, name, email, plan, created_at";

const CREATE: &str = "
    INSERT INTO accounts (id, name, email, plan, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5)";

const CREATE_OWNER: &str = "
    INSERT INTO users (id, account, email, name, role, password_hash, created_at)
    VALUES (?1, ?2, ?3, ?4, 'owner', ?5, ?6)";

const SET_PLAN: &str = "
    UPDATE accounts
    SET plan = ?2
    WHERE id = ?1";

impl Store {
    /// Creates an account with its first user, its owner.
    pub async fn create_administrator(&self, new: NewAdministrator, password_hash: String) -> Result<Account> {
        let world = self.world().clone();
        self.write(move |db| create(db, &world, new, password_hash)).await
    }

    /// The same for whoever sets the server up: a conflict where anybody is here already.
    pub async fn create_first_administrator(&self, new: NewAdministrator, password_hash: String) -> Result<Account> {
        let world = self.world().clone();
        self.write(move |db| match has_users(db)? {
            true => Err(Error::Conflict),
            false => create(db, &world, new, password_hash),
        })
        .await
    }

    /// Every account, oldest first; for the operator's command line.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        self.read(|db| {
            let mut list = db.prepare_cached(&format!("SELECT {COLUMNS} FROM accounts ORDER BY created_at, id"))?;
            let rows = list.query_map([], account_of)?.collect::<rusqlite::Result<_>>()?;
            Ok(rows)
        })
        .await
    }

    pub async fn account(&self, id: AccountId) -> Result<Account> {
        self.read(move |db| account(db, &id)).await
    }

    /// The account with this id, or with this e-mail address.
    pub async fn account_named(&self, name: String) -> Result<Account> {
        self.read(move |db| {
            let mut find = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM accounts WHERE id = ?1 OR lower(email) = lower(?1) ORDER BY created_at, id LIMIT 1"
            ))?;
            Ok(find.query_row([name], account_of)?)
        })
        .await
    }

    pub async fn set_plan(&self, id: AccountId, plan: String) -> Result<()> {
        self.write(move |db| set_plan(db, &id, &plan)).await
    }

    pub async fn rename_account(&self, id: AccountId, name: String) -> Result<()> {
        self.write(move |db| match db.execute("UPDATE accounts SET name = ?2 WHERE id = ?1", params![id, name])? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        })
        .await
    }

    pub async fn has_users(&self) -> Result<bool> {
        self.read(has_users).await
    }
}

fn create(db: &Connection, world: &World, new: NewAdministrator, password_hash: String) -> Result<Account> {
    let account = Account {
        id: draw(db, world, "accounts")?,
        name: new.account_name,
        email: new.email.clone(),
        plan: new.plan,
        created_at: world.now(),
    };
    let Account { id, name, email, plan, created_at } = &account;
    db.prepare_cached(CREATE)?.execute(params![id, name, email, plan, created_at])?;
    let user: UserId = draw(db, world, "users")?;
    db.prepare_cached(CREATE_OWNER)?.execute(params![user, id, new.email, new.name, password_hash, created_at])?;
    Ok(account)
}

fn has_users(db: &Connection) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM users LIMIT 1")?.exists([])?)
}

pub fn account(db: &Connection, id: &AccountId) -> Result<Account> {
    let mut find = db.prepare_cached(&format!("SELECT {COLUMNS} FROM accounts WHERE id = ?1"))?;
    Ok(find.query_row([id], account_of)?)
}

pub fn set_plan(db: &Connection, id: &AccountId, plan: &str) -> Result<()> {
    match db.prepare_cached(SET_PLAN)?.execute(params![id, plan])? {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

fn account_of(row: &Row) -> rusqlite::Result<Account> {
    Ok(Account { id: row.get(0)?, name: row.get(1)?, email: row.get(2)?, plan: row.get(3)?, created_at: row.get(4)? })
}
