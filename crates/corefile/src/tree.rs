//! Words -> server blocks of directives; imports and snippets are put in their places here.

use std::collections::HashMap;

use crate::expand::expand;
use crate::lexer::{Word, words};
use crate::report::Report;
use crate::sources::Sources;

/// Words after all imports: a hundred times the largest Corefile seen, and 64 MiB at 1 KiB a word.
const WORDS_MAX: usize = 65_536;
/// Imports within imports; nobody needs more than two or three.
const IMPORT_DEPTH_MAX: usize = 16;
/// Imports in all: each may be small, and name others.
const IMPORTS_MAX: usize = 1024;
/// Braces within braces: block, plugin, option.
const DEPTH_MAX: usize = 8;

/// `keys { directives }`.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) keys: Vec<Word>,
    pub(crate) directives: Vec<Directive>,
}

/// One line: a name, what follows it, and what stands in braces after it.
#[derive(Debug, Clone)]
pub(crate) struct Directive {
    pub(crate) name: Word,
    pub(crate) arguments: Vec<Word>,
    pub(crate) block: Option<Vec<Directive>>,
}

impl Directive {
    /// The lines in its braces.
    pub(crate) fn options(&self) -> &[Directive] {
        self.block.as_deref().unwrap_or_default()
    }

    /// Its arguments as text.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.arguments.iter().map(|word| word.text.as_str()).collect()
    }
}

/// All server blocks, or nothing when braces do not match.
pub(crate) fn blocks(words: Vec<Word>, sources: &dyn Sources, report: &mut Report) -> Option<Vec<Block>> {
    let mut reader = Reader { words, at: 0, sources, snippets: HashMap::new(), imports: 0, report };
    reader.inline_imports()?;
    let mut found = Vec::new();
    while reader.peek().is_some() {
        found.push(reader.block()?);
    }
    Some(found)
}

struct Reader<'a> {
    words: Vec<Word>,
    at: usize,
    sources: &'a dyn Sources,
    snippets: HashMap<String, Vec<Word>>,
    imports: usize,
    report: &'a mut Report,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Word> {
        self.words.get(self.at)
    }

    fn next(&mut self) -> Option<Word> {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        word
    }

    /// Takes the snippets out, puts imports in, replaces variables. A snippet must stand before its use.
    fn inline_imports(&mut self) -> Option<()> {
        let mut input: Vec<(Word, usize)> =
            std::mem::take(&mut self.words).into_iter().rev().map(|w| (w, 0)).collect();
        let mut output = Vec::new();
        let mut braces = 0usize;
        while let Some((mut word, depth)) = input.pop() {
            if word.first && braces == 0 && is_snippet(&word) {
                self.snippet(&word, &mut input)?;
                continue;
            }
            if word.first && word.is("import") {
                self.import(&word, depth, &mut input)?;
                continue;
            }
            expand(&mut word, self.sources, self.report);
            braces = if word.is("{") { braces + 1 } else { braces.saturating_sub(usize::from(word.is("}"))) };
            output.push(word);
            if output.len() + input.len() > WORDS_MAX {
                let last = output.last()?;
                self.report.refuse(last, format!("more than {WORDS_MAX} words"), "import less");
                return None;
            }
        }
        self.words = output;
        Some(())
    }

    /// `(name) { words }`: remembered under its name.
    fn snippet(&mut self, name: &Word, input: &mut Vec<(Word, usize)>) -> Option<()> {
        let key = name.text.trim_start_matches('(').trim_end_matches(')').to_owned();
        if !input.pop().is_some_and(|(word, _)| word.is("{")) {
            self.report.refuse(name, "a snippet without `{`", "write `(name) {` and close it by `}`");
            return None;
        }
        let mut body = Vec::new();
        let mut open = 1usize;
        while let Some((word, _)) = input.pop() {
            open = if word.is("{") { open + 1 } else { open - usize::from(word.is("}")) };
            if open == 0 {
                if self.snippets.insert(key.clone(), body).is_some() {
                    self.report.refuse(name, "a second snippet of this name", "give each its own name");
                }
                return Some(());
            }
            body.push(word);
        }
        self.report.refuse(name, "its `}` is missing", "close the snippet by `}` on a line of its own");
        None
    }

    fn import(&mut self, import: &Word, depth: usize, input: &mut Vec<(Word, usize)>) -> Option<()> {
        let Some((mut target, _)) = input.pop_if(|(word, _)| !word.first) else {
            self.report.refuse(import, "what to import is missing", "name one snippet, file or pattern");
            return None;
        };
        expand(&mut target, self.sources, self.report);
        self.imports += 1;
        if depth >= IMPORT_DEPTH_MAX || self.imports > IMPORTS_MAX {
            let what = format!("imports within imports, {IMPORT_DEPTH_MAX} deep or {IMPORTS_MAX} in all");
            self.report.refuse(&target, what, "look whether it imports itself");
            return None;
        }
        let inserted = match self.snippets.get(&target.text) {
            Some(body) => body.clone(),
            None => self.imported_files(&target)?,
        };
        input.extend(inserted.into_iter().rev().map(|word| (word, depth + 1)));
        // Keeps the two lines around an import apart.
        if let Some((next, _)) = input.last_mut() {
            next.first = true;
        }
        Some(())
    }

    fn imported_files(&mut self, target: &Word) -> Option<Vec<Word>> {
        match self.sources.import(&target.text, &target.place.file) {
            Err(why) => {
                self.report.refuse(
                    target,
                    format!("cannot be imported: {why}"),
                    "name a snippet above, or a file",
                );
                None
            }
            Ok(files) if files.is_empty() => {
                self.report.note(target, "no file matches; nothing is imported");
                Some(Vec::new())
            }
            Ok(files) => {
                let mut all = Vec::new();
                for file in files {
                    all.extend(words(&file.name, &file.text, self.report)?);
                }
                Some(all)
            }
        }
    }

    fn block(&mut self) -> Option<Block> {
        let mut keys = Vec::new();
        let mut more = false;
        while let Some(word) = self.next() {
            if word.is("{") {
                let opened = word;
                if keys.is_empty() {
                    self.report.refuse(&opened, "a block without a zone", "write for example `.:53 {`");
                }
                let directives = self.lines(&opened, 1)?;
                return Some(Block { keys, directives });
            }
            if word.first && !keys.is_empty() && !more {
                break;
            }
            more = word.text.ends_with(',');
            keys.extend(
                word.text
                    .split(',')
                    .filter(|key| !key.is_empty())
                    .map(|key| Word { text: key.to_owned(), ..word.clone() }),
            );
        }
        let key = keys.pop()?;
        self.report.refuse(
            &key,
            "is not followed by `{`",
            "put the plugins of these zones between `{` and `}`",
        );
        None
    }

    /// Up to the `}` that closes `opened`.
    fn lines(&mut self, opened: &Word, depth: usize) -> Option<Vec<Directive>> {
        if depth > DEPTH_MAX {
            self.report.refuse(opened, format!("braces {DEPTH_MAX} deep"), "close the braces above");
            return None;
        }
        let mut found: Vec<Directive> = Vec::new();
        while let Some(name) = self.next() {
            if name.is("}") {
                return Some(found);
            }
            if name.is("{") {
                self.report.refuse(
                    &name,
                    "braces without a name before them",
                    "put the name of a plugin before `{`",
                );
                return None;
            }
            let mut directive = Directive { name, arguments: Vec::new(), block: None };
            while let Some(word) = self.peek() {
                // As in the Caddyfile, a brace may open on the next line.
                if (word.first && !word.is("{")) || word.is("}") {
                    break;
                }
                let word = self.next()?;
                if word.is("{") {
                    directive.block = Some(self.lines(&word, depth + 1)?);
                    break;
                }
                directive.arguments.push(word);
            }
            found.push(directive);
        }
        self.report.refuse(opened, "its `}` is missing", "close it by `}` on a line of its own");
        None
    }
}

fn is_snippet(word: &Word) -> bool {
    !word.quoted && word.text.len() > 2 && word.text.starts_with('(') && word.text.ends_with(')')
}
