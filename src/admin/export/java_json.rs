//! JSON laid out as mqadmin lays it out (fastjson's `PrettyFormat`): a tab for each level, no blank after a colon,
//! nothing between the brackets of what is empty.

use serde_json::Value;

/// Whether the names of an object that are numbers are written without quotes, as fastjson writes the keys of a
/// `Map<Integer, ...>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    Quoted,
    BareNumbers,
}

/// The text; without a line end.
pub fn pretty(value: &Value, keys: Keys) -> String {
    let mut text = String::new();
    write(value, keys, 0, &mut text);
    text
}

/// The depth is that of a value that was parsed or made here, which serde_json limits to 128.
fn write(value: &Value, keys: Keys, depth: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let entries = members.iter().map(|(name, value)| (Some(name.as_str()), value));
            block(['{', '}'], entries, keys, depth, out);
        }
        Value::Array(items) if !items.is_empty() => {
            block(['[', ']'], items.iter().map(|value| (None, value)), keys, depth, out);
        }
        scalar_or_empty => out.push_str(&scalar_or_empty.to_string()),
    }
}

fn block<'a>(
    [open, close]: [char; 2],
    entries: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    keys: Keys,
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    for (at, (name, value)) in entries.enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.extend(std::iter::repeat_n('\t', depth + 1));
        if let Some(name) = name {
            let bare = keys == Keys::BareNumbers && name.parse::<i64>().is_ok();
            let quoted = Value::from(name).to_string();
            out.push_str(if bare { name } else { &quoted });
            out.push(':');
        }
        write(value, keys, depth + 1, out);
    }
    out.push('\n');
    out.extend(std::iter::repeat_n('\t', depth));
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_layout_is_fastjsons() {
        let value = json!({"a": {}, "b": [], "c": ["x", 0.0], "d": {"1": 2, "é\"": null}});
        let text = "{\n\t\"a\":{},\n\t\"b\":[],\n\t\"c\":[\n\t\t\"x\",\n\t\t0.0\n\t],\n\t\"d\":{\n\t\t\"1\":2,\n\t\t\"é\\\"\":null\n\t}\n}";
        assert_eq!(pretty(&value, Keys::Quoted), text);
        assert_eq!(pretty(&value, Keys::BareNumbers), text.replace("\"1\"", "1"));
        assert_eq!(pretty(&json!({}), Keys::Quoted), "{}");
    }
}
