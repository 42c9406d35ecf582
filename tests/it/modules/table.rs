//! The table of who may know whom, as `ARCHITECTURE.md` has it.
//!
//! A row is about a module with all that is in it, where no other row is about a part of it. Its second cell names all
//! that such a module may know of other rooms (the modules at the root of the crate), each with all that is in it; what
//! follows `not` is taken out again.

use std::collections::BTreeSet;

use super::mentions::{Mention, Named};
use super::source::{Crate, ModuleId};

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// Whom it is about.
    module: String,
    /// Whom it may know.
    known: Vec<String>,
    /// Parts of those that it may not know.
    unknown: Vec<String>,
}

/// The rows of the table below a heading, from `| module | may know |` to the first line that is none of it.
pub fn read(page: &str) -> Vec<Row> {
    let lines = page.lines().skip_while(|line| *line != "| module | may know |").skip(2);
    let rows = lines.take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').collect();
        let [module, known] = cells[..] else { panic!("not two cells: {line}") };
        let (known, unknown) = known.split_once(" not ").unwrap_or((known, ""));
        let [module] = &names(module)[..] else { panic!("not one module: {line}") };
        Row { module: module.clone(), known: names(known), unknown: names(unknown) }
    });
    rows.collect()
}

/// What stands between backticks.
fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What is wrong with the table itself: a room without a row, a row without a module, a row that points up.
pub fn faults(table: &[Row], source: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    let modules: BTreeSet<String> = (0..source.modules.len()).map(|module| source.name(module)).collect();
    for module in source.modules.iter().filter(|module| module.path.len() == 1) {
        if !table.iter().any(|row| row.module == module.path[0]) {
            found.push(format!("`{}` has no row", module.path[0]));
        }
    }
    for (index, row) in table.iter().enumerate() {
        for name in [&row.module].into_iter().chain(&row.known).chain(&row.unknown) {
            if !modules.contains(name) {
                found.push(format!("there is no module `{name}` (in the row of `{}`)", row.module));
            }
        }
        for known in &row.known {
            if !table[index + 1..].iter().any(|below| below.module == room(known)) {
                found.push(format!("`{known}` does not stand below `{}`, which may know it", row.module));
            }
        }
    }
    found
}

/// Each place where a module names what its row does not, and each permission that is not used.
pub fn violations(table: &[Row], source: &Crate, mentions: &[Mention]) -> Vec<String> {
    let mut unused: BTreeSet<(&str, &str)> =
        table.iter().flat_map(|row| row.known.iter().map(|known| (row.module.as_str(), known.as_str()))).collect();
    let mut found = BTreeSet::new();
    for mention in mentions {
        let (Named::Item(to) | Named::Module(to)) = mention.named else { continue };
        let (from, to) = (source.name(mention.from), source.name(to));
        let row = table.iter().filter(|row| is_in(&from, &row.module)).max_by_key(|row| row.module.len());
        let Some(row) = row.filter(|_| room(&from) != room(&to) && !to.is_empty()) else { continue };
        let is_unknown = row.unknown.iter().any(|unknown| is_in(&to, unknown));
        // On the way to a part that may be known its room is named.
        let is_on_the_way = |known: &&String| is_in(known, &to) && matches!(mention.named, Named::Module(_));
        match row.known.iter().find(|known| is_in(&to, known)) {
            Some(known) if !is_unknown => {
                unused.remove(&(row.module.as_str(), known.as_str()));
            }
            None if row.known.iter().any(|known| is_on_the_way(&known)) => {}
            _ => {
                found.insert(source.describe(mention));
            }
        }
    }
    let mut found: Vec<String> = found.into_iter().collect();
    found
        .extend(unused.iter().map(|(row, known)| format!("`{row}` does not know `{known}`: take it out of the table")));
    found
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

/// Whether a module is this one or a part of it.
fn is_in(module: &str, whole: &str) -> bool {
    module.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

impl Crate {
    /// A module's path from the root.
    pub fn name(&self, module: ModuleId) -> String {
        self.modules[module].path.join("::")
    }

    /// A place in words.
    pub fn describe(&self, mention: &Mention) -> String {
        let Mention { from, named, line } = mention;
        let what = match named {
            Named::Item(module) | Named::Module(module) => self.name(*module),
            Named::Foreign(path) => path.join("::"),
            Named::Method(name) => format!(".{name}()"),
            Named::Async => "async".to_owned(),
        };
        format!("{}:{line}: {} knows {what}", self.modules[*from].file, self.name(*from))
    }
}
