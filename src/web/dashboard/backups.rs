//! Copies of the database, for whoever keeps the server: the owner of its oldest account. For others there is no such page.

use std::collections::HashMap;

use askama::Template;
use axum::body::Body;
use axum::extract::{FromRequestParts, Query, RawPathParams, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use tokio::sync::mpsc::channel;
use tokio_stream::wrappers::ReceiverStream;

use crate::domain::backup::{Backup, Why};
use crate::domain::size::Size;
use crate::storage::{Error, Store};
use crate::web::App;
use crate::web::audit::{NothingDone, Told, tell};
use crate::web::dashboard::Page;
use crate::web::dashboard::display::When;
use crate::web::dashboard::error::{PageError, Result};
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::proof::ProvenPage;
use crate::web::dashboard::session::{SignedForm, SignedIn};
use crate::web::error::ApiError;

const CHUNK_BYTES: usize = 256 * 1024;
const CHUNKS_WAITING_MAX: usize = 4;

#[derive(Template)]
#[template(path = "backups.html")]
pub struct BackupsPage {
    pub nav: Nav,
    pub backups: Vec<BackupRow>,
    pub daily: bool,
    pub keep_daily: usize,
    pub keep_weekly: usize,
}

pub struct BackupRow {
    pub name: String,
    pub why: &'static str,
    pub made: When,
    pub size: Size,
}

/// Somebody who keeps the server.
pub struct Keeper(pub SignedIn);

impl FromRequestParts<App> for Keeper {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let member = SignedIn::from_request_parts(parts, app).await?;
        if keeps_server(app, &member).await? { Ok(Self(member)) } else { Err(ApiError::not_found().into()) }
    }
}

async fn keeps_server(app: &App, member: &SignedIn) -> Result<bool> {
    Ok(app.store.keeps_server(member.0.user.id.clone()).await?)
}

pub async fn list(
    Keeper(member): Keeper,
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let backups = blocking(&app, |store| store.backups()).await?;
    let mut nav = member.nav(Section::Settings);
    nav.flash = query.get("done").and_then(|done| flash(done)).map(str::to_owned);
    let config = &app.config.backups;
    Ok(Page(BackupsPage {
        nav,
        backups: backups.into_iter().map(BackupRow::new).collect(),
        daily: config.daily,
        keep_daily: config.keep_daily,
        keep_weekly: config.keep_weekly,
    })
    .into_response())
}

pub async fn create(Keeper(_): Keeper, State(app): State<App>, _: SignedForm) -> Result<Response> {
    let none = |done| NothingDone::by(back(done).into_response());
    Ok(match blocking(&app, |store| store.back_up(Why::ByHand)).await {
        Ok(made) => tell(back("made").into_response(), Told::of("", &made.name)),
        Err(Error::Conflict) => none("busy"),
        Err(Error::Disk(error)) => {
            tracing::warn!(error, "no backup was made");
            none("full")
        }
        Err(Error::Corrupt(_)) => none("unsound"),
        Err(error) => return Err(error.into()),
    })
}

/// Reads every page of the copy once more.
pub async fn verify(Keeper(_): Keeper, params: RawPathParams, State(app): State<App>, _: SignedForm) -> Result<Response> {
    let name = name_of(&params)?;
    let told = Told::of("", &name);
    let verified = blocking(&app, move |store| store.verify_backup(&name)).await;
    let done = back(match verified {
        Ok(()) => "whole",
        Err(Error::Corrupt(error)) => {
            tracing::error!(error, "a backup is damaged");
            "damaged"
        }
        Err(error) => return Err(error.into()),
    });
    Ok(tell(done.into_response(), told))
}

/// The file, piece by piece: it may be larger than the machine's memory. It holds what every account has, so a session is
/// not enough.
pub async fn download(
    Keeper(_): Keeper,
    ProvenPage(_): ProvenPage,
    params: RawPathParams,
    State(app): State<App>,
) -> Result<Response> {
    let name = name_of(&params)?;
    let path = app.store.backup_path(&name)?;
    let opened = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        Ok::<_, std::io::Error>((file, length))
    });
    let (file, length) = opened.await.map_err(|_| ApiError::internal())?.map_err(|_| ApiError::not_found())?;
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.sqlite3".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        // As it is: packing it on the way would take longer than sending it, and hide its length.
        (header::CONTENT_ENCODING, "identity".to_owned()),
    ];
    Ok(tell((headers, stream(file)).into_response(), Told::of("", &name)))
}

fn stream(mut file: std::fs::File) -> Body {
    use std::io::Read;
    let (pieces, waiting) = channel::<std::io::Result<Bytes>>(CHUNKS_WAITING_MAX);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; CHUNK_BYTES];
            let read = file.read(&mut piece).map(|length| {
                piece.truncate(length);
                Bytes::from(piece)
            });
            let is_last = read.as_ref().map_or(true, Bytes::is_empty);
            // Whoever was downloading may have gone.
            if read.as_ref().is_ok_and(Bytes::is_empty) || pieces.blocking_send(read).is_err() || is_last {
                return;
            }
        }
    });
    Body::from_stream(ReceiverStream::new(waiting))
}

fn name_of(params: &RawPathParams) -> Result<String> {
    let name = params.iter().find(|(name, _)| *name == "backup").map(|(_, value)| value.to_owned());
    name.ok_or_else(|| ApiError::not_found().into())
}

/// On a thread that may wait for the disk.
async fn blocking<T, F>(app: &App, work: F) -> std::result::Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce(&Store) -> std::result::Result<T, Error> + Send + 'static,
{
    let store = app.store.clone();
    tokio::task::spawn_blocking(move || work(&store)).await.unwrap_or(Err(Error::Crashed))
}

fn back(done: &str) -> Redirect {
    Redirect::to(&format!("/settings/backups?done={done}"))
}

fn flash(done: &str) -> Option<&'static str> {
    Some(match done {
        "made" => "Backup created and verified.",
        "busy" => "A backup is already running. Refresh in a moment.",
        "full" => "Backup failed. The disk is full or can’t be written. See the server’s log.",
        "unsound" => "Backup failed. The database is damaged, so use an earlier backup.",
        "whole" => "Backup verified.",
        "damaged" => "This backup is damaged and can’t be restored. Create a new one.",
        _ => return None,
    })
}

impl BackupRow {
    fn new(backup: Backup) -> Self {
        Self { why: backup.why.label(), made: When::new(backup.made_at), size: Size(backup.size_bytes), name: backup.name }
    }
}
