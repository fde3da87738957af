"""Fills an account as years of use would: conversations, leads, notes, events, deliveries, requests, questions.

Writes into the database of a data folder that no server is using. The same seed gives the same rows.
"""

import json
import random
import sqlite3
import time

SEED = 20260301
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
MONTHS_DAYS = 365
# What is logged is kept for 30 days; older rows would be forgotten while the pages are being measured.
LOG_DAYS = 29
MESSAGES_EACH = 10
LEADS_SHARE, OPEN_COUNT, NOTES_SHARE = 0.12, 20, 0.05
UNANSWERED_SHARE, DISLIKED_SHARE = 0.04, 0.01
QUESTIONS_PER_AGENT, SAVED_PER_AGENT = 900, 40
PAGES, SENTENCES, WORDS = 300, 20_000, 3_000
ROWS_AT_ONCE = 20_000
STATUSES = ["new", "new", "contacted", "won", "lost"]
SYLLABLES = "ba be bi bo da de di fa fe ga go ha ho ka ke ki la le li lo ma me mi na no pa pe ra re ri sa se ta te va vo".split()
FIRST_NAMES = "Ada Ben Chloe Dan Emma Finn Grace Hugo Ines Jack Kim Leo Mia Noah Olga Paul".split()
LAST_NAMES = "Smith Jones Meyer Rossi Silva Novak Kim Olsen Costa Weber Brown Evans".split()


class Filling:
    """One account's rows. `agents` and `webhooks` are ids that exist; everything else is made."""

    def __init__(self, database, account, user, agents, webhooks, key, now=None):
        self.db = sqlite3.connect(database, isolation_level=None)
        self.account, self.user, self.agents, self.webhooks, self.key = account, user, agents, webhooks, key
        self.now = now or int(time.time() * 1000)
        self.random = random.Random(f"{SEED}")
        self.taken = set()
        self.vocabulary = sorted({"".join(self.random.choices(SYLLABLES, k=self.random.randint(2, 4))) for _ in range(WORDS)})
        weights = [1 / (rank + 3) for rank in range(len(self.vocabulary))]
        said = self.random.choices(self.vocabulary, weights, k=SENTENCES * 12)
        self.sentences = [" ".join(said[at * 12 : at * 12 + self.random.randint(4, 12)]).capitalize() for at in range(SENTENCES)]
        self.pages = [f"https://shop.example/{word}/{number}" for number, word in enumerate(self.vocabulary[:PAGES])]

    def id(self, prefix):
        while True:
            made = prefix + "".join(self.random.choices(ALPHABET, k=10))
            if made not in self.taken:
                self.taken.add(made)
                return made

    def fill(self, conversations, requests):
        """Rows first, their indexes afterwards: so it takes minutes and not hours."""
        pragmas = "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA temp_store = MEMORY"
        self.db.executescript(pragmas)
        tables = ("conversations", "messages", "leads", "events", "deliveries", "delivery_attempts", "api_requests", "notes")
        marks = ",".join("?" * len(tables))
        indexes = self.db.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})", tables
        ).fetchall()
        self.db.execute("BEGIN")
        for name, _ in indexes:
            self.db.execute(f"DROP INDEX {name}")
        self.talk(conversations)
        self.log(requests)
        self.ask()
        for _, sql in indexes:
            self.db.execute(sql)
        self.index_words()
        self.count()
        self.db.execute("COMMIT")
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.close()

    def insert(self, table, columns, rows):
        if rows:
            self.db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({','.join('?' * len(rows[0]))})", rows)
            rows.clear()

    def talk(self, count):
        """From a year ago until now; the last few are still going on."""
        conversations, messages, leads, notes, events = [], [], [], [], []
        step = (MONTHS_DAYS * DAY - HOUR) // count
        for number in range(count):
            is_open = count - number <= OPEN_COUNT
            started = self.now - MINUTE * (count - number) // 2 if is_open else self.now - MONTHS_DAYS * DAY + number * step
            agent, visitor, conversation = self.random.choice(self.agents), self.id("vis_"), self.id("conv_")
            page = self.pages[min(int(self.random.expovariate(0.02)), PAGES - 1)]
            lead = self.id("lead_") if self.random.random() < LEADS_SHARE else None
            said = self.random.randint(MESSAGES_EACH - 4, MESSAGES_EACH + 4)
            ended = None if is_open else started + said * 5 * SECOND
            conversations.append(
                (conversation, self.account, agent, visitor, page, None, "Mozilla/5.0", lead, said, started, ended or started, ended)
            )
            for seq in range(1, said + 1):
                messages.append(self.message(conversation, seq, started + seq * 5 * SECOND))
            if lead:
                leads.append(self.lead(lead, agent, conversation, visitor, page, started))
                self.event(events, "lead.captured", "lc", agent, visitor, started, {"lead_id": lead, "email": leads[-1][6]})
            if ended:
                data = {"conversation_id": conversation, "messages_count": said, "visitor_id": visitor, "page_url": page}
                self.event(events, "conversation.completed", "cc", agent, visitor, ended, data)
            if self.random.random() < NOTES_SHARE:
                notes.append((self.id("note_"), self.account, conversation, "Ada", self.random.choice(self.sentences), started))
            if len(conversations) >= ROWS_AT_ONCE or number == count - 1:
                self.keep(conversations, messages, leads, notes)
        self.deliver(events)

    def keep(self, conversations, messages, leads, notes):
        columns = "id, account, agent, visitor, page_url, referrer, user_agent, lead, messages_count, started_at, last_activity_at, ended_at"
        self.insert("conversations", columns, conversations)
        # In the order of the table's key.
        messages.sort(key=lambda row: row[:2])
        columns = "conversation, seq, id, account, role, author, content, answered, response_ms, feedback, created_at"
        self.insert("messages", columns, messages)
        columns = "id, account, agent, conversation, visitor, name, email, phone, company, message, page_url, status, captured_at"
        self.insert("leads", columns, leads)
        self.insert("notes", "id, account, conversation, author, content, created_at", notes)

    def message(self, conversation, seq, at):
        asked = seq % 2 == 0
        content = self.random.choice(self.sentences)
        if self.random.random() < 0.3:
            content = f"{content}. {self.random.choice(self.sentences)}"
        role, author = ("user", "visitor") if asked else ("assistant", "agent")
        answered = int(asked or seq == 1 or self.random.random() >= UNANSWERED_SHARE)
        disliked = -1 if not asked and self.random.random() < DISLIKED_SHARE else None
        taken = None if asked or seq == 1 else self.random.randint(2, 900)
        return (conversation, seq, self.id("msg_"), self.account, role, author, content, answered, taken, disliked, at)

    def lead(self, lead, agent, conversation, visitor, page, at):
        name = f"{self.random.choice(FIRST_NAMES)} {self.random.choice(LAST_NAMES)}"
        email = f"{name.lower().replace(' ', '.')}.{lead[-4:]}@example.com"
        status, wish = self.random.choice(STATUSES), self.random.choice(self.sentences)
        return (lead, self.account, agent, conversation, visitor, name, email, "+1-555-0123", "Acme Corp", wish, page, status, at)

    def event(self, events, kind, code, agent, visitor, at, data):
        """Those of a year, in the days for which events are kept."""
        at = self.now - (self.now - at) * LOG_DAYS // MONTHS_DAYS
        event = self.id(f"evt_{code}_")
        payload = json.dumps({"id": event, "type": kind, "created_at": "2026-03-01T00:00:00Z", "agent_id": agent, "data": data})
        events.append((event, self.account, agent, kind, visitor, payload.encode(), at))

    def deliver(self, events):
        deliveries, attempts = [], []
        first = self.db.execute("SELECT coalesce(max(seq), 0) + 1 FROM deliveries").fetchone()[0]
        for seq, (event, _, _, _, _, _, at) in enumerate(events, first):
            webhook, delivery = self.random.choice(self.webhooks), self.id("dlv_")
            state = "exhausted" if self.random.random() < 0.02 else "delivered"
            tries = 6 if state == "exhausted" else 1
            status = 500 if state == "exhausted" else 200
            deliveries.append((seq, delivery, self.account, event, webhook, state, tries, status, at, at + tries * SECOND))
            for number in range(1, tries + 1):
                attempts.append((seq, number, self.account, at + number * SECOND, 40, status, "[]", ""))
        self.insert("events", "id, account, agent, type, visitor, payload, created_at", events)
        columns = "seq, id, account, event, webhook, state, attempts, last_status, created_at, finished_at"
        self.insert("deliveries", columns, deliveries)
        columns = "delivery, number, account, started_at, duration_ms, status, response_headers, response_body"
        self.insert("delivery_attempts", columns, sorted(attempts))

    def log(self, count):
        rows, step = [], LOG_DAYS * DAY // max(count, 1)
        for number in range(count):
            path = self.random.choice(["/api/v1/agents", f"/api/v1/agents/{self.agents[0]}/conversations", "/api/v1/webhooks"])
            method, status = self.random.choice(["GET", "GET", "GET", "POST"]), self.random.choice([200, 200, 200, 200, 404, 422])
            at = self.now - LOG_DAYS * DAY + number * step
            rows.append((self.account, self.key, method, path, status, 3, "198.51.100.0", f"req_{number:010}", at))
        self.insert("api_requests", "account, api_key, method, path, status, duration_ms, address, request_id, created_at", rows)

    def ask(self):
        unanswered, saved = [], []
        for agent in self.agents:
            conversation = self.db.execute("SELECT id FROM conversations WHERE agent = ? LIMIT 1", [agent]).fetchone()[0]
            for number in range(QUESTIONS_PER_AGENT):
                text, asked = f"{self.random.choice(self.sentences)} {number}?", self.random.randint(1, 60)
                at = self.now - self.random.randint(0, 300) * DAY
                unanswered.append((agent, f"subject {number}", self.account, text, "unknown", conversation, asked, at, at))
            for number in range(SAVED_PER_AGENT):
                text = f"{self.random.choice(self.sentences)} {number}?"
                saved.append((self.id("qst_"), self.account, agent, text, "unknown", "I do not know.", self.now))
        columns = "agent, subject, account, text, zone, conversation, asked_count, first_asked_at, last_asked_at"
        self.insert("unanswered_questions", columns, unanswered)
        self.insert("saved_questions", "id, account, agent, text, zone, answer, saved_at", saved)

    def index_words(self):
        """As the migration does that began the word index."""
        self.db.execute(
            """INSERT INTO searched_messages (account, conversation, message)
               SELECT account, conversation, id FROM messages WHERE account = ? ORDER BY created_at, conversation, seq""",
            [self.account],
        )
        self.db.execute(
            """INSERT INTO message_words (rowid, account, content)
               SELECT s.number, substr(s.account, 5), m.content
               FROM searched_messages s JOIN messages m ON m.id = s.message
               WHERE s.account = ?""",
            [self.account],
        )

    def count(self):
        """What transactions would have counted along the way."""
        month = "strftime('%Y-%m', {} / 1000, 'unixepoch')"
        self.db.execute(
            """UPDATE agents SET
                   conversations_count = (SELECT count(*) FROM conversations c WHERE c.account = agents.account AND c.agent = agents.id),
                   leads_count = (SELECT count(*) FROM leads l WHERE l.account = agents.account AND l.agent = agents.id)
               WHERE account = ?""",
            [self.account],
        )
        self.db.execute(
            f"""INSERT OR REPLACE INTO usage (account, agent, month, conversations)
                SELECT account, agent, {month.format('started_at')}, count(*) FROM conversations WHERE account = ? GROUP BY 1, 2, 3""",
            [self.account],
        )
        self.db.execute(
            f"""INSERT OR REPLACE INTO page_usage (account, month, page, conversations)
                SELECT account, {month.format('started_at')}, page_url, count(*) FROM conversations WHERE account = ? GROUP BY 1, 2, 3""",
            [self.account],
        )
        day = "{0} - {0} % 86400000"
        self.db.execute(
            f"""INSERT OR REPLACE INTO days (account, day, conversations, leads)
                SELECT account, {day.format('started_at')}, count(*), count(lead) FROM conversations WHERE account = ? GROUP BY 1, 2""",
            [self.account],
        )
        self.db.execute(
            f"""INSERT OR REPLACE INTO webhook_days (account, webhook, day, delivered, ended)
                SELECT account, webhook, {day.format('finished_at')}, sum(state = 'delivered'), count(*)
                FROM deliveries WHERE account = ? AND finished_at IS NOT NULL GROUP BY 1, 2, 3""",
            [self.account],
        )
        self.db.execute(
            f"""INSERT OR REPLACE INTO answer_times (account, day, rounded_ms, answers, unanswered, total_ms)
                SELECT account, {day.format('created_at')}, response_ms / 10 * 10, count(*), sum(answered = 0), sum(response_ms)
                FROM messages WHERE account = ? AND response_ms IS NOT NULL GROUP BY 1, 2, 3""",
            [self.account],
        )
        self.db.execute(
            """UPDATE conversations SET
                   unanswered = EXISTS (SELECT 1 FROM messages m WHERE m.conversation = conversations.id AND m.answered = 0),
                   disliked = EXISTS (SELECT 1 FROM messages m WHERE m.conversation = conversations.id AND m.feedback = -1)
               WHERE account = ?""",
            [self.account],
        )
        self.db.execute(
            f"""INSERT OR REPLACE INTO response_times (account, month, response_ms, responses, unanswered)
                SELECT account, {month.format('created_at')}, response_ms, count(*), sum(answered = 0)
                FROM messages WHERE account = ? AND response_ms IS NOT NULL GROUP BY 1, 2, 3""",
            [self.account],
        )
