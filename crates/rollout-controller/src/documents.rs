//! Where people's wishes stand: in a folder of files, or in objects that somebody else reads.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use environment::files;

use crate::limits::DOCUMENT_BYTES_MAX;

/// One document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// For people: the file's name, or `namespace/name` of the object.
    pub origin: String,
    /// YAML or JSON; or why there is none.
    pub text: Result<String, String>,
    /// `status.kept` of the object: what the controller before this one wrote there.
    pub kept: Option<String>,
}

/// Asked at each reading; `None`: another hub steers.
pub type Given = Arc<dyn Fn() -> Option<Vec<Document>> + Send + Sync>;

/// Where documents come from.
#[derive(Clone)]
pub enum Documents {
    /// `*.yaml` of a folder.
    Folder(PathBuf),
    /// Objects.
    Given(Given),
}

impl Documents {
    /// Whether they can be read at all.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn check(&self) -> io::Result<()> {
        match self {
            Self::Folder(folder) => files::with_extension(folder, "yaml").map(drop),
            Self::Given(_) => Ok(()),
        }
    }

    pub(crate) fn read(&self) -> io::Result<Option<Vec<Document>>> {
        match self {
            Self::Folder(folder) => {
                let paths = files::with_extension(folder, "yaml")?;
                Ok(Some(paths.iter().map(|path| of_file(path)).collect()))
            }
            Self::Given(given) => Ok(given()),
        }
    }
}

impl fmt::Display for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Given(_) => f.write_str("the cluster"),
        }
    }
}

fn of_file(path: &Path) -> Document {
    let mut bytes = Vec::new();
    let read = files::read_into(path, &mut bytes, DOCUMENT_BYTES_MAX);
    Document {
        origin: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        text: read.map(|()| String::from_utf8_lossy(&bytes).into_owned()).map_err(|error| error.to_string()),
        kept: None,
    }
}
