//! What two processes say to each other: lines of JSON, some with descriptors.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};
use tokio::io::Interest;
use tokio::net::UnixStream;

/// The kernel passes 253 descriptors at once (SCM_MAX_FD).
pub(super) const DESCRIPTORS_MAX: usize = 253;
/// A line is some 80 B.
const LINE_BYTES_MAX: usize = 4096;

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "camelCase")]
pub(super) enum Line {
    /// New to old: give me your sockets.
    Take,
    /// Old to new: the UDP sockets and then the TCP socket of one address.
    Sockets { address: SocketAddr, descriptors: usize },
    /// Old to new: the listener of metrics and health.
    Http { address: SocketAddr, descriptors: usize },
    /// Old to new: that was all.
    End,
    /// New to old: I answer.
    Serving,
}

/// One end.
pub(super) struct Conversation {
    stream: UnixStream,
    read: Vec<u8>,
    /// Descriptors that came; each line says how many of them are its own.
    descriptors: VecDeque<OwnedFd>,
}

impl Line {
    fn descriptors(&self) -> usize {
        match self {
            Self::Sockets { descriptors, .. } | Self::Http { descriptors, .. } => *descriptors,
            Self::Take | Self::End | Self::Serving => 0,
        }
    }
}

impl Conversation {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self { stream, read: Vec::new(), descriptors: VecDeque::new() }
    }

    /// The user at the other end.
    pub(super) fn user(&self) -> io::Result<u32> {
        Ok(self.stream.peer_cred()?.uid())
    }

    pub(super) async fn send(&self, line: &Line, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let mut text = serde_json::to_vec(line).map_err(io::Error::other)?;
        text.push(b'\n');
        let send = || {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
                return Err(io::Error::other("too many sockets for one message"));
            }
            Ok(sendmsg(self.stream.as_fd(), &[IoSlice::new(&text)], &mut control, SendFlags::NOSIGNAL)?)
        };
        // A line is far smaller than what the kernel takes at once.
        match self.stream.async_io(Interest::WRITABLE, send).await? {
            sent if sent == text.len() => Ok(()),
            _ => Err(io::ErrorKind::WriteZero.into()),
        }
    }

    pub(super) async fn receive(&mut self) -> io::Result<(Line, Vec<OwnedFd>)> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Line = serde_json::from_slice(&self.read[..end]).map_err(io::Error::other)?;
                self.read.drain(..=end);
                let own = line.descriptors().min(self.descriptors.len());
                return Ok((line, self.descriptors.drain(..own).collect()));
            }
            if self.read.len() >= LINE_BYTES_MAX {
                return Err(io::Error::other("a line that does not end"));
            }
            let (text, descriptors) = self.stream.async_io(Interest::READABLE, || self.read_some()).await?;
            if text.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.read.extend_from_slice(&text);
            self.descriptors.extend(descriptors);
        }
    }

    fn read_some(&self) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut text = vec![0; LINE_BYTES_MAX];
        let mut slices = [IoSliceMut::new(&mut text)];
        let bytes = recvmsg(self.stream.as_fd(), &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC)?.bytes;
        let mut descriptors = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                descriptors.extend(received);
            }
        }
        text.truncate(bytes);
        Ok((text, descriptors))
    }
}
