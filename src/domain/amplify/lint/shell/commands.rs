//! The commands of a script, each with the branches in which it runs.

use std::ops::Range;

use super::branches::BranchSet;
use super::split::{PieceEnd, ScriptPiece, pieces};
use super::swallowed::{Item, swallowed};
use super::tests::{self, Test};

/// As long as a script may be that is read, in bytes: those that people write are a hundredth of it.
pub const LONGEST: usize = 128 << 10;

/// How deep scripts are followed that are in `$(…)` of each other.
const DEEPEST: usize = 6;

/// How many blocks are distinguished that are open at the same time: for each command they are kept.
const DEEPEST_BLOCK: usize = 50;

/// Programs that are asked something: that they fail is an answer.
const QUESTIONS: [&str; 8] = ["[", "[[", "test", "grep", "which", "type", "true", "false"];

/// A command of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simple {
    /// Its words, without redirections.
    pub words: Vec<String>,
    /// Its bytes in the script.
    pub range: Range<usize>,
    /// The branches in which it may run.
    pub branches: BranchSet,
    /// What hides its failure, as it is written. `None`: nothing does.
    pub swallowed: Option<String>,
    /// The groups in `(…)` that it is in, the outermost first.
    pub groups: Vec<usize>,
}

/// The commands of a script, in the order in which they stand.
pub fn commands(script: &str) -> Vec<Simple> {
    let mut found = Vec::new();
    read(&script.replace("\\\n", "  "), 0, &BranchSet::any(), 0, &mut found);
    found
}

/// `offset`: where the script is in the whole.
fn read(script: &str, offset: usize, branches: &BranchSet, depth: usize, found: &mut Vec<Simple>) {
    let mut reader = CommandReader::new(branches.clone());
    for piece in pieces(script) {
        reader.piece(script, piece);
    }
    let failures = swallowed(&reader.items);
    for (item, swallowed) in reader.items.into_iter().zip(failures) {
        if depth < DEEPEST {
            for inner in &item.inner {
                read(&script[inner.clone()], offset + inner.start, &item.branches, depth + 1, found);
            }
        }
        if !item.words.is_empty() {
            let range = offset + item.range.start..offset + item.range.end;
            found.push(Simple { words: item.words, range, branches: item.branches, swallowed, groups: item.groups });
        }
    }
}

/// What is open around a command.
enum Frame {
    /// `if`: the branches that come to it or to its next `elif`, and whether its test is read now.
    If { before: BranchSet, remaining: BranchSet, in_test: bool },
    /// `case`: the branches that come to it, those that no pattern has taken, and the patterns of the present one.
    Case { before: BranchSet, remaining: BranchSet, is_of_branch: bool, patterns: Option<Vec<String>> },
    /// `while`, `for`, `{`.
    Block { before: BranchSet },
    /// `(`, with its number.
    Group { before: BranchSet, number: usize },
}

struct CommandReader {
    frames: Vec<Frame>,
    /// How many more are open than are distinguished.
    deeper: usize,
    current: BranchSet,
    /// What the commands joined by `&&` and `||` so far come to.
    list: Option<(Test, PieceEnd)>,
    /// What the last of such lists came to.
    last: Test,
    /// Branches in which the script has ended.
    ended: BranchSet,
    groups: usize,
    items: Vec<Item>,
}

impl CommandReader {
    fn new(current: BranchSet) -> Self {
        let ended = BranchSet::only([]);
        Self {
            frames: Vec::new(),
            deeper: 0,
            current,
            list: None,
            last: Test::unknown(),
            ended,
            groups: 0,
            items: Vec::new(),
        }
    }

    fn piece(&mut self, script: &str, mut piece: ScriptPiece) {
        if self.pattern(&script[piece.range.clone()], piece.end) {
            return;
        }
        let text = &script[piece.range.clone()];
        let mut words = shlex::split(text).unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect());
        let count = words.len();
        let is_negated = self.keywords(&mut words);
        for _ in words.len()..count {
            piece.range.start += first_word(&script[piece.range.clone()]);
        }
        words = without_redirections(words);
        if matches!(self.frames.last(), Some(Frame::Case { patterns: Some(_), .. })) {
            // The first pattern stands behind `in`.
            if piece.end == PieceEnd::Close {
                self.end_of_pattern();
            }
            return;
        }
        self.item(words, is_negated, piece);
    }

    /// Reads a part of a pattern of `case`. `false`: none is awaited.
    fn pattern(&mut self, text: &str, end: PieceEnd) -> bool {
        let Some(Frame::Case { patterns: Some(patterns), .. }) = self.frames.last_mut() else { return false };
        if text.trim() == "esac" {
            return false;
        }
        patterns.extend(shlex::split(text).unwrap_or_default());
        if end == PieceEnd::Close {
            self.end_of_pattern();
        }
        true
    }

    /// The commands behind `)` run where a pattern fits and none before it did.
    fn end_of_pattern(&mut self) {
        let Some(Frame::Case { before, remaining, is_of_branch, patterns }) = self.frames.last_mut() else { return };
        let names = patterns.take().unwrap_or_default();
        let taken = match (is_of_branch, names.iter().any(|name| name == "*")) {
            (_, true) => BranchSet::any(),
            (true, false) if names.iter().all(|name| tests::is_plain(name)) => BranchSet::only(names),
            _ => BranchSet::unknown(),
        };
        self.current = before.and(&remaining.and(&taken));
        *remaining = remaining.and(&taken.complement());
    }

    /// Takes the keywords away that stand before a command, and says whether `!` was among them.
    fn keywords(&mut self, words: &mut Vec<String>) -> bool {
        let mut is_negated = false;
        while let Some(first) = words.first().cloned() {
            match first.as_str() {
                "!" => is_negated = !is_negated,
                "if" => {
                    let before = self.current.clone();
                    self.open(Frame::If { remaining: before.clone(), before, in_test: true });
                }
                "then" | "elif" | "else" => self.branch_of_if(&first),
                "while" | "until" | "for" | "select" | "{" => {
                    self.open(Frame::Block { before: self.current.clone() });
                }
                "do" | "function" => {}
                "case" => return self.case(words, is_negated),
                "fi" | "esac" | "done" | "}" => self.close(),
                _ => break,
            }
            words.remove(0);
            if ["for", "select"].contains(&first.as_str()) {
                words.clear();
            }
            if first == "function" && !words.is_empty() {
                words.remove(0);
            }
        }
        is_negated
    }

    fn branch_of_if(&mut self, keyword: &str) {
        let last = self.finished();
        let Some(Frame::If { remaining, in_test, .. }) = self.frames.last_mut() else { return };
        if *in_test {
            self.current = remaining.and(&last.then);
            *remaining = remaining.and(&last.otherwise);
            *in_test = false;
        }
        if keyword != "then" {
            self.current = remaining.clone();
            *in_test = keyword == "elif";
        }
    }

    /// `case WORD in`, with the first pattern behind it or on the next line.
    fn case(&mut self, words: &mut Vec<String>, is_negated: bool) -> bool {
        let subject = words.get(1).cloned().unwrap_or_default();
        let behind = words.split_off(words.len().min(3));
        words.clear();
        let before = self.current.clone();
        let is_of_branch = tests::is_branch(&subject);
        self.open(Frame::Case { before, remaining: BranchSet::any(), is_of_branch, patterns: Some(behind) });
        is_negated
    }

    fn open(&mut self, frame: Frame) {
        if self.frames.len() < DEEPEST_BLOCK {
            self.frames.push(frame);
        } else {
            self.deeper += 1;
        }
    }

    fn close(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        match self.frames.pop() {
            Some(
                Frame::If { before, .. }
                | Frame::Case { before, .. }
                | Frame::Block { before }
                | Frame::Group { before, .. },
            ) => self.current = before,
            None => {}
        }
    }

    /// What the list before a keyword comes to.
    fn finished(&mut self) -> Test {
        match self.list.take() {
            Some((test, _)) => test,
            None => self.last.clone(),
        }
    }

    fn item(&mut self, words: Vec<String>, is_negated: bool, piece: ScriptPiece) {
        let end = piece.end;
        let in_test = self.frames.iter().any(|frame| matches!(frame, Frame::If { in_test: true, .. }));
        let is_question = in_test || words.first().is_none_or(|first| QUESTIONS.contains(&first.as_str()));
        let test = if is_question { tests::test(&words) } else { Test::ran() };
        let test = if is_negated { test.not() } else { test };
        let alive = self.current.and(&self.ended.complement());
        let (branches, whole) = match self.list.take() {
            Some((before, PieceEnd::And)) => (alive.and(&before.then), before.and(&test)),
            Some((before, PieceEnd::Or)) => (alive.and(&before.otherwise), before.or(&test)),
            _ => (alive, test),
        };
        if words.first().is_some_and(|word| word == "exit") && branches.is_exact && self.groups_open().is_empty() {
            self.ended = self.ended.or(&branches);
        }
        let (depth, groups) = (self.frames.len(), self.groups_open());
        self.items.push(Item { words, range: piece.range, end, inner: piece.inner, depth, branches, in_test, groups });
        match end {
            PieceEnd::And | PieceEnd::Or => self.list = Some((whole, end)),
            PieceEnd::Pipe => self.list = None,
            PieceEnd::Line | PieceEnd::Semicolon | PieceEnd::Background => self.last = whole,
            PieceEnd::Open => {
                self.groups += 1;
                self.open(Frame::Group { before: self.current.clone(), number: self.groups });
            }
            PieceEnd::Close => {
                if self.deeper > 0 || matches!(self.frames.last(), Some(Frame::Group { .. })) {
                    self.close();
                }
            }
            PieceEnd::Case => {
                if let Some(Frame::Case { before, patterns, .. }) = self.frames.last_mut() {
                    self.current = before.clone();
                    *patterns = Some(Vec::new());
                }
            }
        }
    }

    fn groups_open(&self) -> Vec<usize> {
        let numbers = self.frames.iter().filter_map(|frame| match frame {
            Frame::Group { number, .. } => Some(*number),
            Frame::If { .. } | Frame::Case { .. } | Frame::Block { .. } => None,
        });
        numbers.collect()
    }
}

/// The length of a word and the blanks behind it.
fn first_word(text: &str) -> usize {
    let behind = text.trim_start_matches(|c: char| !c.is_whitespace());
    text.len() - behind.trim_start().len()
}

/// The words of a command without `> file` and the like.
fn without_redirections(words: Vec<String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let operator = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
        if !operator.starts_with(['<', '>']) {
            kept.push(word);
        } else if operator.trim_start_matches(['<', '>', '&', '|', '-']).is_empty() {
            words.next();
        }
    }
    kept
}

#[cfg(test)]
mod unit {
    use super::*;

    const NAMES: [&str; 3] = ["main", "dev", "other"];

    /// Each command, and the branches in which it runs; `?` where that is not certain.
    fn shown(script: &str) -> Vec<String> {
        let one = |simple: &Simple| {
            let names: Vec<&str> = NAMES.into_iter().filter(|name| simple.branches.has(name)).collect();
            let certain = if simple.branches.is_exact { "" } else { "?" };
            format!("{}: {}{certain}", simple.words.join(" "), names.join(" "))
        };
        commands(script).iter().map(one).filter(|line| !line.starts_with('[') && !line.contains(" ]]")).collect()
    }

    #[test]
    fn commands_run_on_the_branches_that_the_script_says() {
        for (script, expected) in [
            ("a && b; c", vec!["a: main dev other", "b: main dev other", "c: main dev other"]),
            (
                "if [ \"$AWS_BRANCH\" = \"main\" ]; then a; else b; fi; c",
                vec!["a: main", "b: dev other", "c: main dev other"],
            ),
            (
                "if [ $AWS_BRANCH == main ]\nthen\n  a\nelif [[ \"${AWS_BRANCH}\" == \"dev\" ]]; then\n  b\nelse\n  c\nfi",
                vec!["a: main", "b: dev", "c: other"],
            ),
            (
                "if [ \"$AWS_BRANCH\" = main ] || [ \"$AWS_BRANCH\" = dev ]; then a; else b; fi",
                vec!["a: main dev", "b: other"],
            ),
            ("if [ \"$AWS_BRANCH\" = main -o \"$AWS_BRANCH\" = dev ]; then a; fi", vec!["a: main dev"]),
            ("if [[ $AWS_BRANCH == main || $AWS_BRANCH == dev ]]; then a; else b; fi", vec!["a: main dev", "b: other"]),
            ("if [ -n \"$X\" ]; then a; else b; fi", vec!["a: main dev other?", "b: main dev other?"]),
            ("if ! [ \"$AWS_BRANCH\" != main ]; then a; fi", vec!["a: main"]),
            ("[ \"$AWS_BRANCH\" = main ] && a", vec!["a: main"]),
            ("[ \"$AWS_BRANCH\" = main ] || a", vec!["a: dev other"]),
            (
                "test \"$AWS_BRANCH\" = main && a || b",
                vec!["test $AWS_BRANCH = main: main dev other", "a: main", "b: main dev other?"],
            ),
            (
                "case \"${AWS_BRANCH}\" in\n  main)\n    a\n    ;;\n  dev|x) b ;;\n  *)\n    c\n    ;;\nesac\nd",
                vec!["a: main", "b: dev", "c: other", "d: main dev other"],
            ),
            ("case $AWS_BRANCH in main) a;; feature/*) b;; esac", vec!["a: main", "b: dev other?"]),
            ("case $X in main) a;; *) b;; esac", vec!["a: main dev other?", "b: main dev other?"]),
            ("if [ \"$AWS_BRANCH\" != main ]; then exit 0; fi\na", vec!["exit 0: dev other", "a: main"]),
            ("(cd x && a)", vec!["cd x: main dev other", "a: main dev other"]),
            ("for i in 1 2; do a; done", vec!["a: main dev other"]),
            ("echo $(a; b)", vec!["a: main dev other", "b: main dev other", "echo $(a; b): main dev other"]),
            ("f() {\n a\n}", vec!["f: main dev other", "a: main dev other"]),
        ] {
            assert_eq!(shown(script), expected, "{script}");
        }
    }

    #[test]
    fn what_is_kept_of_a_command_has_a_bound() {
        let deep = format!("{}a{}; b", "(".repeat(20_000), ")".repeat(20_000));
        let blocks = format!("{}a\n{}b", "if true; then\n".repeat(5000), "fi\n".repeat(5000));
        let ends: Vec<String> = (0..1000).map(|n| format!("if [ $AWS_BRANCH = b{n} ]; then exit; fi\n")).collect();
        let ends = ends.concat() + "a; b";
        for script in [deep, blocks, ends] {
            let all = commands(&script);
            let (largest, groups) = all.iter().fold((0, 0), |(names, groups), simple| {
                (names.max(format!("{:?}", simple.branches).len()), groups.max(simple.groups.len()))
            });
            assert!(largest < 2000 && groups <= DEEPEST_BLOCK, "{largest} {groups}");
            let last = all.last().unwrap();
            assert_eq!((last.words.as_slice(), last.groups.len()), (["b".to_owned()].as_slice(), 0));
        }
    }

    #[test]
    fn redirections_are_no_arguments() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        assert_eq!(without_redirections(words("a > b c 2>&1 >>d e 2> f <g &> h")), ["a", "c", "e"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_ends_the_program(script in "(if|then|else|fi|case|in|esac|;;|[ ;&|()\n*]|\\[ \\$AWS_BRANCH = main \\]|a|'|\"|\\$\\(){0,30}") {
            for simple in commands(&script) {
                proptest::prop_assert!(simple.range.end <= script.len());
            }
        }
    }
}
