//! Markdown as GitHub shows it: [GFM](https://github.github.com/gfm/) with its alerts, and of HTML what GitHub lets
//! through ([html-pipeline](https://github.com/gjtorikian/html-pipeline/blob/main/lib/html_pipeline/sanitization_filter.rb)).
//! Diagrams stay the code that they are written in.

use std::collections::HashMap;

use ammonia::Builder;
use comrak::Options;

/// GitHub's own style, by <https://github.com/sindresorhus/github-markdown-css> 5.9.0.
const STYLE: &str = include_str!("style/github-markdown-light.css");

/// A document with the page in it, as wide as the column of a run's summaries.
pub fn page(markdown: &str) -> String {
    format!(
        "<!doctype html><meta charset=\"utf-8\"><style>{STYLE} body {{ margin: 0 }} .markdown-body {{ padding: 24px }}</style>\
         <article class=\"markdown-body\">{}</article>",
        sanitised(&unsafe_html(markdown))
    )
}

fn unsafe_html(markdown: &str) -> String {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.table = true;
    extension.strikethrough = true;
    extension.tasklist = true;
    extension.autolink = true;
    extension.alerts = true;
    // HTML is passed on here, and cleaned afterwards: with what GFM filters, which this library no longer does.
    options.render.r#unsafe = true;
    comrak::markdown_to_html(markdown, &options)
}

fn sanitised(html: &str) -> String {
    let kinds = ["note", "tip", "important", "warning", "caution"].map(|kind| format!("markdown-alert-{kind}"));
    let boxes = ["markdown-alert"].into_iter().chain(kinds.iter().map(String::as_str)).collect();
    let classes = HashMap::from([("div", boxes), ("p", ["markdown-alert-title"].into())]);
    let mut builder = Builder::default();
    builder.add_tags(["input"]).add_tag_attributes("input", ["type", "checked", "disabled"]);
    builder.add_tag_attributes("details", ["open"]);
    builder.rm_tags(["map", "area", "figure", "figcaption", "article", "aside", "header", "footer", "nav"]);
    builder.allowed_classes(classes);
    builder.clean(html).to_string()
}
