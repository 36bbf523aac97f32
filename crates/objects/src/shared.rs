//! A list that equal objects share.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// An immutable list, one pointer wide and cheap to clone. Equal lists from one [`crate::Interner`] share their items; an
/// empty list allocates nothing. Reads as a slice.
#[derive(PartialEq, Eq, Hash)]
pub struct Shared<T>(Option<Arc<Box<[T]>>>);

impl<T> Shared<T> {
    /// The items.
    pub fn as_slice(&self) -> &[T] {
        self.0.as_ref().map_or(&[], |items| items)
    }

    pub(crate) fn of(items: Arc<Box<[T]>>) -> Self {
        Self(Some(items))
    }
}

// By hand: derives would ask the same of `T`.
impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

impl<T> Deref for Shared<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<'a, T> IntoIterator for &'a Shared<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.as_slice().iter()
    }
}

impl<T> From<Box<[T]>> for Shared<T> {
    fn from(items: Box<[T]>) -> Self {
        if items.is_empty() { Self(None) } else { Self(Some(Arc::new(items))) }
    }
}

impl<T> From<Vec<T>> for Shared<T> {
    fn from(items: Vec<T>) -> Self {
        items.into_boxed_slice().into()
    }
}

impl<T, const N: usize> From<[T; N]> for Shared<T> {
    fn from(items: [T; N]) -> Self {
        Vec::from(items).into()
    }
}

impl<T> FromIterator<T> for Shared<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}
