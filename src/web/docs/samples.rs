//! The examples of an endpoint in three languages, written from one description of the call.

use serde_json::Value;

use crate::web::docs::endpoint::Example;

const KEY: &str = "cfk_your_api_key";

pub struct Sample {
    pub language: &'static str,
    pub label: &'static str,
    pub source: String,
}

/// `base` is the API's address, `/api/v1` included.
pub fn samples(base: &str, method: &str, example: &Example) -> [Sample; 3] {
    let call = Call { url: format!("{base}{}", example.address), method, body: body(example) };
    [
        Sample { language: "curl", label: "curl", source: call.curl(example.body) },
        Sample { language: "javascript", label: "JavaScript", source: call.javascript() },
        Sample { language: "python", label: "Python", source: call.python() },
    ]
}

struct Call<'a> {
    url: String,
    method: &'a str,
    body: Option<Value>,
}

fn body(example: &Example) -> Option<Value> {
    serde_json::from_str(example.body).ok()
}

impl Call<'_> {
    fn curl(&self, body: &str) -> String {
        let method = if self.method == "GET" { String::new() } else { format!("-X {} ", self.method) };
        let mut text = format!("curl {method}\"{}\" \\\n  -H \"Authorization: Bearer {KEY}\"", self.url);
        if self.body.is_some() {
            let body = body.replace('\'', "'\\''").replace('\n', "\n  ");
            text.push_str(&format!(" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{body}'"));
        }
        text
    }

    fn javascript(&self) -> String {
        let mut options = Vec::new();
        if self.method != "GET" {
            options.push(format!("  method: \"{}\",\n", self.method));
        }
        let kind = if self.body.is_some() { ",\n    \"Content-Type\": \"application/json\"" } else { "" };
        options.push(format!("  headers: {{\n    \"Authorization\": \"Bearer {KEY}\"{kind}\n  }}"));
        if let Some(body) = &self.body {
            options.push(format!(",\n  body: JSON.stringify({})", literal(body, Dialect::JavaScript, 1)));
        }
        let options = options.concat();
        format!(
            "const res = await fetch(\"{}\", {{\n{options}\n}});\nconst data = await res.json();\nconsole.log(data);",
            self.url
        )
    }

    fn python(&self) -> String {
        let json =
            self.body.as_ref().map(|body| format!("\n    json={},", literal(body, Dialect::Python, 1))).unwrap_or_default();
        format!(
            "import requests\n\nres = requests.{}(\n    \"{}\",\n    headers={{\"Authorization\": \"Bearer {KEY}\"}},{json}\n)\nprint(res.json())",
            self.method.to_lowercase(),
            self.url
        )
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Dialect {
    JavaScript,
    Python,
}

impl Dialect {
    const fn indent(self) -> &'static str {
        match self {
            Self::JavaScript => "  ",
            Self::Python => "    ",
        }
    }
}

/// Strings and numbers of JSON are those of both languages; names and the other words are not.
fn literal(value: &Value, dialect: Dialect, depth: usize) -> String {
    match value {
        Value::Object(fields) => {
            let named =
                fields.iter().map(|(name, value)| format!("{}: {}", key(name, dialect), literal(value, dialect, depth + 1)));
            enclosed(named.collect(), ('{', '}'), dialect, depth)
        }
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            let items: Vec<_> = items.iter().map(|item| literal(item, dialect, depth + 1)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| literal(item, dialect, depth + 1));
            enclosed(items.collect(), ('[', ']'), dialect, depth)
        }
        Value::Null if dialect == Dialect::Python => "None".to_owned(),
        Value::Bool(yes) if dialect == Dialect::Python => if *yes { "True" } else { "False" }.to_owned(),
        other => other.to_string(),
    }
}

fn key(name: &str, dialect: Dialect) -> String {
    let bare = dialect == Dialect::JavaScript && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if bare { name.to_owned() } else { format!("\"{name}\"") }
}

fn enclosed(lines: Vec<String>, (open, close): (char, char), dialect: Dialect, depth: usize) -> String {
    let (inner, outer) = (dialect.indent().repeat(depth + 1), dialect.indent().repeat(depth));
    format!("{open}\n{inner}{}\n{outer}{close}", lines.join(&format!(",\n{inner}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: Example = Example {
        address: "/agents",
        body: r#"{"name": "It's", "agent_id": null, "events": ["a", "b"]}"#,
        status: "201",
        response: "{}",
    };

    #[test]
    fn a_body_is_written_as_each_language_has_it() {
        let [curl, javascript, python] = samples("https://x.example/api/v1", "POST", &EXAMPLE);
        assert!(curl.source.contains(r#"-d '{"name": "It'\''s","#), "{}", curl.source);
        assert!(javascript.source.contains("agent_id: null"), "{}", javascript.source);
        assert!(python.source.contains("\"agent_id\": None"), "{}", python.source);
        assert!(python.source.contains("\"events\": [\"a\", \"b\"]"), "{}", python.source);
    }

    #[test]
    fn a_read_names_neither_method_nor_body() {
        let [curl, javascript, python] = samples("https://x.example/api/v1", "GET", &Example { body: "", ..EXAMPLE });
        assert_eq!(curl.source, "curl \"https://x.example/api/v1/agents\" \\\n  -H \"Authorization: Bearer cfk_your_api_key\"");
        assert!(!javascript.source.contains("method") && !python.source.contains("json="));
    }
}
