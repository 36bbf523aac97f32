//! What a Corefile may refer to outside of itself.

/// A file that an `import` named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its name, for messages.
    pub name: String,
    /// Its contents.
    pub text: String,
}

/// Environment and files, given by the caller.
pub trait Sources {
    /// The environment variable of this name.
    fn variable(&self, name: &str) -> Option<String>;

    /// The files that `pattern` (a path, at most one `*`) names, in order of their names, relative to the folder of `from`.
    /// A pattern with `*` may match nothing.
    ///
    /// # Errors
    /// A sentence: the file is not there, or cannot be read.
    fn import(&self, pattern: &str, from: &str) -> Result<Vec<Imported>, String>;
}

/// No variables, no files.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSources;

impl Sources for NoSources {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn import(&self, _pattern: &str, _from: &str) -> Result<Vec<Imported>, String> {
        Err("there are no other files here".to_owned())
    }
}
