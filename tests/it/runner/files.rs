//! The files through which a step reports more to the runner than lines can: outputs, variables, state.

use crate::document;

/// The pairs of such a file, in their order, or why the runner would fail the step. A document among them has to be of
/// the schema.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = behind;
        if line.is_empty() {
            continue;
        }
        let at = |sign| line.find(sign).unwrap_or(usize::MAX);
        if at("=") < at("<<") {
            let (name, value) = line.split_once('=').unwrap_or_default();
            pairs.push((name.to_owned(), value.to_owned()));
        } else if let Some((name, delimiter)) = line.split_once("<<") {
            if name.is_empty() || delimiter.is_empty() {
                return Err(format!("Invalid format '{line}'. Name must not be empty and delimiter must not be empty"));
            }
            let (value, behind) = until(rest, delimiter)?;
            pairs.push((name.to_owned(), value));
            rest = behind;
        } else {
            return Err(format!("Invalid format '{line}'"));
        }
    }
    for (_, value) in pairs.iter().filter(|(name, _)| name == "summary-json") {
        document::read(value);
    }
    Ok(pairs)
}

/// What is above the line that is the delimiter, and what is below.
fn until<'a>(text: &'a str, delimiter: &str) -> Result<(String, &'a str), String> {
    let mut start = 0;
    while start < text.len() {
        let end = text[start..].find('\n').map(|length| start + length);
        if &text[start..end.unwrap_or(text.len())] == delimiter {
            let value = text[..start].strip_suffix('\n').unwrap_or_default();
            return Ok((value.to_owned(), &text[end.map_or(text.len(), |end| end + 1)..]));
        }
        start = end.ok_or("Invalid value. EOF marker missing new line.")? + 1;
    }
    Err(format!("Invalid value. Matching delimiter not found '{delimiter}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn both_forms_are_read_and_the_sign_that_comes_first_decides() {
        let text = "a=b<<c\n\nd<<END=\nx=y\n\nz\nEND=\ne<<X\nX\nf=";
        assert_eq!(pairs(text).unwrap(), owned(&[("a", "b<<c"), ("d", "x=y\n\nz"), ("e", ""), ("f", "")]));
    }

    #[test]
    fn what_fails_a_step_fails_here() {
        for text in ["word", "a<<", "<<b\nb", "a<<END\nx\n", "a<<END\nEND ", "a<<END\nx"] {
            assert!(pairs(text).is_err(), "{text:?}");
        }
    }
}
