//! Reads a stream of server-sent events, however its bytes are cut.

/// Of one event, field names included.
const EVENT_BYTES_MAX: usize = 256 * 1024;

#[derive(Debug, PartialEq, Eq, Default, Clone)]
pub struct Event {
    pub name: String,
    pub data: String,
}

/// A line or an event is longer than any model would write it.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

#[derive(Default)]
pub struct Reader {
    line: Vec<u8>,
    /// The last byte was a CR, so that a LF right after it ends no other line.
    after_cr: bool,
    begun: bool,
    event: Event,
    has_data: bool,
}

impl Reader {
    /// The events that these bytes complete. A character or a line end may be cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for byte in bytes {
            let ends = match byte {
                b'\n' if self.after_cr => false,
                b'\n' | b'\r' => true,
                other => {
                    self.line.push(*other);
                    false
                }
            };
            self.after_cr = *byte == b'\r';
            if ends {
                events.extend(self.end_line());
            }
            if self.line.len() + self.event.data.len() > EVENT_BYTES_MAX {
                return Err(TooLong);
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        let text = if self.begun { &text } else { text.trim_start_matches('\u{feff}') };
        self.begun = true;
        if text.is_empty() {
            return self.end_event();
        }
        // A line that begins with a colon is a comment: its field has no name.
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(value);
            }
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<Event> {
        let event = std::mem::take(&mut self.event);
        std::mem::take(&mut self.has_data).then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<(String, String)> {
        let events = Reader::default().push(bytes).unwrap();
        events.into_iter().map(|event| (event.name, event.data)).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = read(text.as_bytes());
        let found: Vec<_> = found.iter().map(|(name, data)| (name.as_str(), data.as_str())).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn events_are_read_in_every_form_that_the_standard_allows() {
        check("data: a\n\ndata:b\n\n", &[("", "a"), ("", "b")]);
        check("event: ping\r\ndata: {}\r\n\r\n", &[("ping", "{}")]);
        check("data: a\rdata: b\r\r", &[("", "a\nb")]);
        check("\u{feff}data: a\n\n", &[("", "a")]);
        check(": a comment\n\nretry: 5\nid: 7\ndata\ndata:  b\n\n", &[("", "\n b")]);
        check("event: lonely\n\ndata: a\n\n", &[("", "a")]);
        check("data: never ended\n", &[]);
        check("data: [DONE]\n\n", &[("", "[DONE]")]);
        check("data: 日本語 🙂\n\n", &[("", "日本語 🙂")]);
    }

    #[test]
    fn bytes_that_are_no_text_break_nothing() {
        assert_eq!(read(b"data: a\xff\xfeb\n\n"), [(String::new(), "a\u{fffd}\u{fffd}b".to_owned())]);
    }

    #[test]
    fn what_never_ends_is_refused() {
        let endless = vec![b'x'; EVENT_BYTES_MAX + 1];
        assert_eq!(Reader::default().push(&endless), Err(TooLong));
        let lines = b"data: xxxxxxxx\n".repeat(EVENT_BYTES_MAX / 8);
        assert_eq!(Reader::default().push(&lines), Err(TooLong));
    }

    proptest! {
        #[test]
        fn a_stream_reads_the_same_however_it_is_cut(
            text in "(data: ?|event: ?|:|[a-zé🙂]|\r|\n|\r\n|\n\n){0,60}",
            cuts in proptest::collection::vec(0_usize..400, 0..8),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let mut reader = Reader::default();
            let mut events = Vec::new();
            for pair in cuts.windows(2) {
                events.extend(reader.push(&bytes[pair[0]..pair[1]]).unwrap());
            }
            prop_assert_eq!(events, Reader::default().push(bytes).unwrap());
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let _ = Reader::default().push(&bytes);
        }
    }
}
