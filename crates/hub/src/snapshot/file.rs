//! One resource's file: written from a [`Cut`], read back object by object.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

use objects::decode::{DecodeError, Encoding, Keep};
use objects::{Interner, Object, Resource, decode, encode};
use serde::{Deserialize, Serialize};
use zstd::bulk::{Compressor, Decompressor};

use super::frame::{FrameError, FrameReader, FrameWriter, Kind, PAYLOAD_BYTES_MAX};
use crate::store::Cut;

/// Objects are compressed together up to this size: large enough for zstd to find what repeats among a hundred pods, and all
/// that writing holds in memory beside the objects themselves.
const BLOCK_BYTES: usize = 256 << 10;
/// Largest block before compression: one object of etcd's 1.5 MiB limit several times over. What a damaged length may allocate.
const BLOCK_BYTES_MAX: usize = PAYLOAD_BYTES_MAX;
/// zstd's fastest level: the snapshot is written often and read once.
const LEVEL: i32 = 1;

/// What a file is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// Which cluster: what the door calls the API server.
    pub(crate) cluster: String,
    /// Plural name.
    pub(crate) resource: String,
    /// Where a watch goes on.
    pub(crate) resource_version: String,
    /// Wall clock when it was written, milliseconds since the Unix epoch.
    pub(crate) written_millis: u64,
    /// How old the set was then, in milliseconds.
    pub(crate) age_millis: u64,
    /// Whether annotations were kept.
    pub(crate) annotations: bool,
    /// The uid of its namespace kube-system; empty when it was not known.
    #[serde(default)]
    pub(crate) cluster_uid: String,
}

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("its header cannot be read: {0}")]
    Header(serde_json::Error),
    #[error("an object in it cannot be read: {0}")]
    Object(#[from] DecodeError),
    #[error("a block in it cannot be read: {0}")]
    Block(&'static str),
    #[error("it has {found} objects and says {said}")]
    Count { found: u64, said: u64 },
    #[error("it is about {0}")]
    OtherResource(String),
    #[error("it is about another cluster, {0}")]
    OtherCluster(String),
    #[error(
        "it is about a cluster that was at this address before: the uid of its namespace kube-system was {0}"
    )]
    FormerCluster(String),
    #[error("it was written without annotations, which are asked for now")]
    NoAnnotations,
}

/// What the reader insists on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected<'a> {
    pub(crate) cluster: &'a str,
    pub(crate) resource: Resource,
    pub(crate) keep: Keep,
}

/// Writes `cut`; returns the size.
pub(crate) fn write(out: &mut dyn Write, header: &Header, cut: &Cut) -> io::Result<u64> {
    let mut frames = FrameWriter::new(out)?;
    frames.frame(Kind::Header, &serde_json::to_vec(header)?)?;
    let mut compressor = Compressor::new(LEVEL)?;
    let mut block = Vec::with_capacity(BLOCK_BYTES + (BLOCK_BYTES >> 3));
    for object in &cut.objects {
        append(object, &mut block);
        if block.len() >= BLOCK_BYTES {
            write_block(&mut frames, &mut compressor, &mut block)?;
        }
    }
    if !block.is_empty() {
        write_block(&mut frames, &mut compressor, &mut block)?;
    }
    frames.frame(Kind::End, &(cut.objects.len() as u64).to_le_bytes())?;
    Ok(frames.bytes())
}

/// Length and message of one object.
fn append(object: &Object, block: &mut Vec<u8>) {
    let start = block.len();
    block.extend_from_slice(&[0; 4]);
    encode::object(object, block);
    // An object of 4 GiB would not fit into a frame, which the frame writer says.
    let length = u32::try_from(block.len() - start - 4).unwrap_or(u32::MAX);
    block[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

fn write_block(
    frames: &mut FrameWriter<&mut dyn Write>,
    compressor: &mut Compressor<'_>,
    block: &mut Vec<u8>,
) -> io::Result<()> {
    if block.len() > BLOCK_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "an object is too large for the snapshot"));
    }
    let mut payload = (block.len() as u32).to_le_bytes().to_vec();
    payload.extend_from_slice(&compressor.compress(block)?);
    frames.frame(Kind::Objects, &payload)?;
    block.clear();
    Ok(())
}

/// Reads the file twice: once for the checksums of the whole of it, and only then for the objects, which `each` gets one by
/// one. So `each` sees nothing of a damaged file. An error later than that is a fault of the writer's.
pub(crate) fn read(
    path: &Path,
    expected: &Expected<'_>,
    interner: &Interner,
    mut each: impl FnMut(Object),
) -> Result<Header, ReadError> {
    let mut file = File::open(path).map_err(FrameError::from)?;
    verify(BufReader::new(&file))?;
    file.rewind().map_err(FrameError::from)?;
    load(BufReader::new(&file), expected, interner, &mut each)
}

fn verify(input: impl Read) -> Result<(), ReadError> {
    let mut frames = FrameReader::new(input)?;
    let mut payload = Vec::new();
    while frames.frame(&mut payload)?.is_some() {}
    Ok(())
}

fn load(
    input: impl Read,
    expected: &Expected<'_>,
    interner: &Interner,
    each: &mut impl FnMut(Object),
) -> Result<Header, ReadError> {
    let mut frames = FrameReader::new(input)?;
    let mut payload = Vec::new();
    frames.frame(&mut payload)?;
    let header: Header = serde_json::from_slice(&payload).map_err(ReadError::Header)?;
    expected.check(&header)?;
    let mut decompressor = Decompressor::new().map_err(FrameError::Io)?;
    let mut found = 0;
    while let Some(kind) = frames.frame(&mut payload)? {
        if kind == Kind::End {
            let said = payload.as_slice().try_into().map(u64::from_le_bytes).unwrap_or(u64::MAX);
            if found != said {
                return Err(ReadError::Count { found, said });
            }
            continue;
        }
        let block = decompress(&mut decompressor, &payload)?;
        found += objects_of(&block, expected, interner, each)?;
    }
    Ok(header)
}

fn decompress(decompressor: &mut Decompressor<'_>, payload: &[u8]) -> Result<Vec<u8>, ReadError> {
    let (length, compressed) = payload.split_first_chunk().ok_or(ReadError::Block("no length"))?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > BLOCK_BYTES_MAX {
        return Err(ReadError::Block("its length is past the limit"));
    }
    decompressor.decompress(compressed, length).map_err(|_| ReadError::Block("zstd refuses it"))
}

fn objects_of(
    mut block: &[u8],
    expected: &Expected<'_>,
    interner: &Interner,
    each: &mut impl FnMut(Object),
) -> Result<u64, ReadError> {
    let mut found = 0;
    while !block.is_empty() {
        let (length, rest) = block.split_first_chunk().ok_or(ReadError::Block("half a length"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (message, rest) = rest.split_at_checked(length).ok_or(ReadError::Block("half an object"))?;
        each(decode::object(expected.resource, Encoding::Protobuf, message, expected.keep, interner)?);
        block = rest;
        found += 1;
    }
    Ok(found)
}

impl Expected<'_> {
    fn check(&self, header: &Header) -> Result<(), ReadError> {
        if header.resource != self.resource.plural() {
            return Err(ReadError::OtherResource(header.resource.clone()));
        }
        if header.cluster != self.cluster {
            return Err(ReadError::OtherCluster(header.cluster.clone()));
        }
        if self.keep.annotations && !header.annotations {
            return Err(ReadError::NoAnnotations);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
