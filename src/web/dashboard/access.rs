//! Who may do what in the dashboard, and what it is called in the audit log: one table for all routes.

use axum::http::Method;

use crate::domain::account::Role;
use crate::domain::account::Role::{Admin, Member, Owner, Viewer};

/// One use of a route. A page without a rule is for everybody who is signed in, or for everybody at all.
pub struct Rule {
    pub does: Does,
    /// As the router names it.
    pub path: &'static str,
    /// The least role that may use it; none where nobody is signed in yet.
    pub least: Option<Role>,
    /// Its name in the audit log; none where nothing is changed that lasts.
    pub action: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    Show,
    Change,
}

pub const RULES: &[Rule] = &[
    // The ways in.
    open("/setup", "account.created"),
    open("/login", "access.signed_in"),
    open("/join", "team.joined"),
    open("/login/code", "access.signed_in"),
    passing("/confirm", Viewer),
    // A person's own.
    post("/logout", Viewer, "access.signed_out"),
    post("/settings", Viewer, "access.name_changed"),
    post("/settings/password", Viewer, "access.password_changed"),
    post("/settings/sessions", Viewer, "access.sessions_ended"),
    post("/settings/security/email", Viewer, "access.email_changed"),
    post("/settings/security/two-step", Viewer, "access.two_step_enabled"),
    post("/settings/security/two-step/codes", Viewer, "access.recovery_codes_renewed"),
    post("/settings/security/two-step/disable", Viewer, "access.two_step_disabled"),
    // The account.
    post("/settings/account", Owner, "account.renamed"),
    post("/settings/live", Admin, "account.hand_back_changed"),
    // The inbox.
    post("/conversations/{conversation}/claim", Member, "conversation.taken_over"),
    post("/conversations/{conversation}/reply", Member, "conversation.answered"),
    post("/conversations/{conversation}/hand-back", Member, "conversation.handed_back"),
    passing("/conversations/{conversation}/typing", Member),
    post("/conversations/{conversation}/notes", Member, "note.added"),
    post("/conversations/{conversation}/notes/{note}/delete", Member, "note.deleted"),
    get("/conversations/{conversation}/export", Member, Some("conversation.exported")),
    post("/conversations/{conversation}/delete-visitor", Admin, "visitor.deleted"),
    post("/settings/replies", Member, "reply.added"),
    post("/settings/replies/{reply}/delete", Member, "reply.deleted"),
    // Leads.
    post("/leads/{lead}/status", Member, "lead.status_changed"),
    post("/leads/{lead}/notes", Member, "note.added"),
    post("/leads/{lead}/notes/{note}/delete", Member, "note.deleted"),
    get("/leads/export", Member, Some("lead.exported")),
    // What an agent knows.
    post("/agents/{agent}/knowledge", Member, "knowledge.added"),
    post("/agents/{agent}/knowledge/{entry}", Member, "knowledge.changed"),
    post("/agents/{agent}/knowledge/{entry}/delete", Member, "knowledge.deleted"),
    post("/agents/{agent}/questions", Member, "question.saved"),
    post("/agents/{agent}/questions/dismiss", Member, "question.dismissed"),
    post("/agents/{agent}/questions/{question}/forget", Member, "question.forgotten"),
    // Agents.
    post("/start", Admin, "agent.created"),
    post("/agents", Admin, "agent.created"),
    post("/agents/import", Admin, "agent.imported"),
    post("/agents/{agent}/duplicate", Admin, "agent.duplicated"),
    get("/agents/{agent}/export", Admin, Some("agent.exported")),
    get("/start", Admin, None),
    get("/agents/import", Admin, None),
    post("/agents/{agent}", Admin, "agent.updated"),
    post("/agents/{agent}/appearance", Admin, "agent.appearance_changed"),
    post("/agents/{agent}/answering", Admin, "agent.answering_changed"),
    post("/agents/{agent}/install/remove", Admin, "agent.domain_removed"),
    post("/agents/{agent}/deactivate", Admin, "agent.deactivated"),
    post("/agents/{agent}/activate", Admin, "agent.activated"),
    // Webhooks.
    post("/webhooks", Admin, "webhook.created"),
    post("/webhooks/{webhook}", Admin, "webhook.updated"),
    post("/webhooks/{webhook}/enable", Admin, "webhook.enabled"),
    post("/webhooks/{webhook}/disable", Admin, "webhook.disabled"),
    post("/webhooks/{webhook}/rotate", Admin, "webhook.secret_rotated"),
    post("/webhooks/{webhook}/test", Admin, "webhook.tested"),
    post("/webhooks/{webhook}/recover", Admin, "webhook.recovered"),
    post("/webhooks/{webhook}/delete", Admin, "webhook.deleted"),
    post("/webhooks/{webhook}/deliveries/{delivery}/resend", Admin, "webhook.delivery_resent"),
    // The team, and what it did.
    get("/settings/team", Admin, None),
    post("/settings/team/invites", Admin, "team.invited"),
    post("/settings/team/invites/{invite}/revoke", Admin, "team.invite_revoked"),
    post("/settings/team/{user}/role", Admin, "team.role_changed"),
    post("/settings/team/{user}/remove", Admin, "team.person_removed"),
    get("/settings/audit", Admin, None),
    get("/settings/audit/export", Admin, Some("audit.exported")),
    // What is kept, and for how long.
    post("/settings/retention", Owner, "account.retention_changed"),
    // For owners of the server's oldest account; to others, whatever their role, these pages do not exist at all.
    post("/settings/backups", Viewer, "backup.made"),
    get("/settings/backups/{backup}", Viewer, Some("backup.downloaded")),
    post("/settings/backups/{backup}/verify", Viewer, "backup.verified"),
    // API keys.
    get("/settings/keys", Admin, None),
    post("/settings/keys", Admin, "key.created"),
    post("/settings/keys/{key}/revoke", Admin, "key.revoked"),
];

/// The rule for a use of the route `path`.
pub fn rule(method: &Method, path: &str) -> Option<&'static Rule> {
    let does = if method.is_safe() { Does::Show } else { Does::Change };
    find(does, path)
}

pub fn find(does: Does, path: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.does == does && rule.path == path)
}

const fn post(path: &'static str, least: Role, action: &'static str) -> Rule {
    Rule { does: Does::Change, path, least: Some(least), action: Some(action) }
}

/// Changes nothing that lasts.
const fn passing(path: &'static str, least: Role) -> Rule {
    Rule { does: Does::Change, path, least: Some(least), action: None }
}

const fn get(path: &'static str, least: Role, action: Option<&'static str>) -> Rule {
    Rule { does: Does::Show, path, least: Some(least), action }
}

const fn open(path: &'static str, action: &'static str) -> Rule {
    Rule { does: Does::Change, path, least: None, action: Some(action) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::domain::audit::{SUBJECTS, subject};

    /// What the router's source registers.
    fn routes() -> BTreeSet<(String, bool)> {
        let source = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/dashboard/mod.rs")).unwrap();
        let named = |rest: &str| {
            let (path, handlers) = rest.split_once("\",").unwrap();
            // Formatted over several lines or not, a route ends where the next begins.
            (path.trim_start().trim_start_matches('"').to_owned(), handlers.contains("post("))
        };
        source.split(".route(").skip(1).map(named).collect()
    }

    #[test]
    fn every_form_of_the_dashboard_has_a_rule() {
        let routes = routes();
        assert!(routes.len() > 50, "only {} routes were found", routes.len());
        let ruled = |path: &str| find(Does::Change, path).is_some();
        let missing: Vec<_> = routes.iter().filter(|(path, posts)| *posts && !ruled(path)).collect();
        assert!(missing.is_empty(), "not in RULES: {missing:?}");
        let posts = |rule: &Rule| routes.contains(&(rule.path.to_owned(), true));
        let stale: Vec<_> = RULES.iter().filter(|rule| rule.does == Does::Change && !posts(rule)).map(|r| r.path).collect();
        assert!(stale.is_empty(), "no such routes: {stale:?}");
    }

    #[test]
    fn a_use_has_one_rule_and_only_the_ways_in_need_no_role() {
        let mut seen = BTreeSet::new();
        for rule in RULES {
            assert!(seen.insert((rule.does == Does::Change, rule.path)), "{} stands twice", rule.path);
            let is_way_in = matches!(rule.path, "/setup" | "/login" | "/login/code" | "/join");
            assert_eq!(rule.least.is_none(), is_way_in, "{}", rule.path);
        }
    }

    #[test]
    fn every_action_is_about_something_that_the_log_can_be_narrowed_to() {
        for action in RULES.iter().filter_map(|rule| rule.action) {
            assert!(SUBJECTS.iter().any(|(name, _)| *name == subject(action)), "{action}");
        }
    }

    /// A page that asks for a right under a name that does not exist would show nobody its form.
    #[test]
    fn what_pages_ask_for_stands_in_the_table() {
        let mut asked = 0;
        for folder in ["templates", "templates/partials"] {
            for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let Ok(text) = fs::read_to_string(&path) else { continue };
                for rest in text.split("nav.may(\"").skip(1) {
                    let route = rest.split('"').next().unwrap();
                    assert!(find(Does::Change, route).is_some(), "{}: {route}", path.display());
                    asked += 1;
                }
            }
        }
        assert!(asked > 10, "only {asked} questions were found");
    }
}
