//! From objects to the text of a scrape, in pieces.

use std::sync::Arc;
use std::vec;

use bytes::Bytes;
use exposition::append;
use objects::{Object, Resource};

use crate::identity::Identities;
use crate::{Family, Options, Samples, Stability, families};

/// A piece of a scrape is sent once it has this many bytes: large enough that the cost of a piece vanishes, small enough
/// that a hundred slow scrapes at once hold 6.4 MB.
pub const CHUNK_BYTES: usize = 64 * 1_024;

/// Room for the last object of a piece: 2 containers with 4 resources each are 8 lines of 200 bytes.
const SLACK_BYTES: usize = 4 * 1_024;

/// Appends the header of `family` and its samples for `objects`, whether the family is wanted or not. Without objects,
/// nothing: kube-state-metrics leaves the header out then, too.
pub fn render(family: &Family, objects: &[Object], options: &Options, out: &mut Vec<u8>) {
    if objects.is_empty() {
        return;
    }
    header(family, options, out);
    let named = Named { objects, identities: &Identities::of(family.resource, objects) };
    samples(family, named, 0, options, usize::MAX, out);
}

fn header(family: &Family, options: &Options, out: &mut Vec<u8>) {
    match family.stability {
        // The mark has nothing that needs escaping.
        Stability::Stable => {
            let help = ["[STABLE] ", family.help].concat();
            append::header(out, options.format, family.name, &help, family.kind);
        }
        Stability::Alpha => append::header(out, options.format, family.name, family.help, family.kind),
    }
}

/// Objects and what their samples begin with.
#[derive(Clone, Copy)]
struct Named<'a> {
    objects: &'a [Object],
    identities: &'a Identities,
}

/// Renders the objects from `first` on until `out` has `enough` bytes; returns the place of the next one.
fn samples(
    family: &Family,
    named: Named<'_>,
    first: usize,
    options: &Options,
    enough: usize,
    out: &mut Vec<u8>,
) -> usize {
    let allowed = options.allowed(family.resource);
    for (at, object) in named.objects.iter().enumerate().skip(first) {
        if out.len() >= enough {
            return at;
        }
        let mut samples = Samples::new(out, family.name, named.identities.get(at), allowed);
        family.render.object(object, &mut samples);
    }
    named.objects.len()
}

/// A whole scrape, as pieces of about [`CHUNK_BYTES`]: for each resource all wanted families, for each family all objects.
/// A resource's objects are let go as soon as they are written; the scrape shows them as they were when it began.
#[derive(Debug)]
pub struct Scrape {
    options: Arc<Options>,
    waiting: vec::IntoIter<(Resource, Vec<Object>)>,
    current: Option<Part>,
    ended: bool,
}

/// Where the scrape is.
#[derive(Debug)]
struct Part {
    objects: Vec<Object>,
    identities: Identities,
    /// Those not yet begun.
    families: std::slice::Iter<'static, Family>,
    family: Option<&'static Family>,
    /// The next object of `family`.
    object: usize,
}

impl Scrape {
    /// The scrape of `parts`, in their order. Each must be consistent in itself: no key twice.
    pub fn new(parts: Vec<(Resource, Vec<Object>)>, options: Arc<Options>) -> Self {
        Self { options, waiting: parts.into_iter(), current: None, ended: false }
    }

    /// Writes until `out` is full enough or nothing is left.
    fn fill(&mut self, out: &mut Vec<u8>) {
        while out.len() < CHUNK_BYTES {
            if let Some(part) = &mut self.current
                && part.advance(&self.options, out)
            {
                continue;
            }
            self.current = self.waiting.next().map(Part::new);
            if self.current.is_none() {
                self.ended = true;
                return append::end(out, self.options.format);
            }
        }
    }
}

impl Part {
    fn new((resource, objects): (Resource, Vec<Object>)) -> Self {
        let rows = if objects.is_empty() { &[] } else { families(resource) };
        let identities =
            if rows.is_empty() { Identities::default() } else { Identities::of(resource, &objects) };
        Self { objects, identities, families: rows.iter(), family: None, object: 0 }
    }

    /// Writes the rest of the family, or as much as fits. `false` when there is no family left.
    fn advance(&mut self, options: &Options, out: &mut Vec<u8>) -> bool {
        let family = match self.family {
            Some(family) => family,
            None => {
                let Some(family) = self.families.find(|family| options.families.includes(family)) else {
                    return false;
                };
                header(family, options, out);
                self.object = 0;
                family
            }
        };
        let named = Named { objects: &self.objects, identities: &self.identities };
        self.object = samples(family, named, self.object, options, CHUNK_BYTES, out);
        self.family = (self.object < self.objects.len()).then_some(family);
        true
    }
}

impl Iterator for Scrape {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let mut out = Vec::with_capacity(CHUNK_BYTES + SLACK_BYTES);
        self.fill(&mut out);
        (!out.is_empty()).then(|| Bytes::from(out))
    }
}
