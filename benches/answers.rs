//! How long a question takes beside its encoding alone, and what an index weighs.
//!
//!     cargo bench --bench answers
//!
//! A knowledge base of 1,000 passages is asked 300 questions. Each question is encoded by itself, and answered whole, in turn,
//! so that noise of the machine hits both; the ratio of the medians is what counts. It should be at most 2. Then indexes of
//! 50,000 characters are built until their weight shows in the process: one should be below 1 MB.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chatforge::answer::encoder::Encoder;
use chatforge::answer::index::Index;
use chatforge::answer::reply::{Question, reply};
use chatforge::domain::answering::Caution;
use chatforge::domain::knowledge::KnowledgeType;
use chatforge::reading::Entry;

const PASSAGES: usize = 1_000;
const QUESTIONS: usize = 300;
const WEIGHED_CHARS: usize = 50_000;
const WEIGHED_INDEXES: usize = 10;
const THINGS: &str = "bicycle kettle garden window carpet lantern saddle teapot ladder hammock mirror blanket candle drawer engine \
    fabric guitar helmet jacket kitchen locker mattress notebook oven pillow rucksack scooter tent umbrella violin wardrobe";
const QUALITIES: &str =
    "red small folding wooden electric second-hand waterproof heavy custom portable quiet striped antique light";
const DEEDS: &str = "deliver repair return rent clean assemble insure recycle exchange measure store paint";

fn main() {
    let Some(encoder) = Encoder::embedded() else {
        println!("built without the feature `model`: there is nothing to compare with");
        return;
    };
    let index = index(PASSAGES);
    println!("{} passages", index.chunks.len());
    let (mut alone, mut whole) = (Vec::new(), Vec::new());
    for n in 0..QUESTIONS {
        let question = question(n * 7);
        let started = Instant::now();
        std::hint::black_box(encoder.encode(&question));
        alone.push(started.elapsed());
        let started = Instant::now();
        std::hint::black_box(reply(&index, "Ava", &Question::first(&question, Caution::Normal)));
        whole.push(started.elapsed());
    }
    for (name, times) in [("encoder alone", &mut alone), ("question to answer", &mut whole)] {
        times.sort_unstable();
        println!("{name:<20} p50 {:>6.2} ms   p95 {:>6.2} ms", ms(times[QUESTIONS / 2]), ms(times[QUESTIONS * 95 / 100]));
    }
    println!("ratio of the medians {:.2} (at most 2)", ms(whole[QUESTIONS / 2]) / ms(alone[QUESTIONS / 2]));
    weigh();
}

fn weigh() {
    let passages = (1..).find(|n| text(*n).len() >= WEIGHED_CHARS).unwrap_or(PASSAGES);
    let before = resident_kb();
    let indexes: Vec<Index> = (0..WEIGHED_INDEXES).map(|_| index(passages)).collect();
    let grown = resident_kb().saturating_sub(before);
    let each = grown as f64 / indexes.len() as f64 / 1_024.0;
    println!("an index of {WEIGHED_CHARS} characters, {} passages: {each:.2} MB (below 1)", indexes[0].chunks.len());
}

fn index(passages: usize) -> Index {
    let content = text(passages);
    let entry = Entry { id: "kb_1", kind: KnowledgeType::Faq, title: None, headings: &[], url: None, content: &content };
    Index::complete(&[entry], &HashMap::new())
}

fn text(passages: usize) -> String {
    let pair = |n: usize| format!("Q: {}\nA: {}\n\n", question(n), answer(n));
    (0..passages).map(pair).collect()
}

fn question(n: usize) -> String {
    format!("Do you {} a {} {} number {n}?", word(DEEDS, n / 5), word(QUALITIES, n / 3), word(THINGS, n))
}

/// About a hundred words.
fn answer(n: usize) -> String {
    let sentence = |k: usize| {
        let (thing, quality, deed) = (word(THINGS, n + k * 3), word(QUALITIES, n * 5 + k), word(DEEDS, n * 3 + k));
        format!(
            "We {deed} every {quality} {thing} within {} days, and it costs {} pounds for members of the club.",
            n % 9 + 2,
            n % 80 + k
        )
    };
    (0..6).map(sentence).collect::<Vec<_>>().join(" ")
}

fn word(list: &str, n: usize) -> &str {
    let words: Vec<&str> = list.split_whitespace().collect();
    words[n % words.len()]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Of this process, as Linux counts it; 0 elsewhere.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
