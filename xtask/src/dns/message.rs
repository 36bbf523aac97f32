//! DNS messages (RFC 1035), read and written without the crates that are under test.

use anyhow::{Context as _, Result, ensure};

use super::record::{Record, rdata_text};

/// RFC 1035, section 4.1.4: no chain of pointers in a message of 65,535 bytes is longer than its labels.
const POINTERS_MAX: usize = 128;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    /// Without the last dot, as it is to be sent.
    pub(super) name: String,
    pub(super) kind: u16,
    pub(super) class: u16,
    /// The buffer size in an OPT record; without, there is none.
    pub(super) edns: Option<u16>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) rcode: u16,
    pub(super) authoritative: bool,
    pub(super) truncated: bool,
    pub(super) recursion_available: bool,
    /// As it was echoed.
    pub(super) question: Option<String>,
    pub(super) has_opt: bool,
    /// Answer, authority, additional (without OPT).
    pub(super) sections: [Vec<Record>; 3],
    pub(super) bytes: usize,
}

impl Question {
    /// The query, recursion desired.
    pub(super) fn encode(&self, id: u16) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(64);
        out.extend(id.to_be_bytes());
        out.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(self.edns.is_some())]);
        for label in self.name.split('.').filter(|label| !label.is_empty()) {
            let length = u8::try_from(label.len()).ok().filter(|length| *length < 64);
            out.push(length.with_context(|| format!("a label of {} bytes", label.len()))?);
            out.extend(label.as_bytes());
        }
        out.push(0);
        out.extend(self.kind.to_be_bytes());
        out.extend(self.class.to_be_bytes());
        if let Some(size) = self.edns {
            out.extend([0, 0, 41]);
            out.extend(size.to_be_bytes());
            out.extend([0; 6]);
        }
        Ok(out)
    }
}

impl Answer {
    /// Reads a whole response to the query with this id.
    pub(super) fn decode(bytes: &[u8], id: u16) -> Result<Self> {
        let mut reader = Reader { bytes, at: 0 };
        ensure!(reader.u16()? == id, "another id");
        let flags = reader.u16()?;
        ensure!(flags & 0x8000 != 0, "not a response");
        let counts = [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?];
        let mut question = None;
        for _ in 0..counts[0] {
            question = Some(reader.name()?);
            reader.skip(4)?;
        }
        let (mut sections, mut has_opt) = ([const { Vec::new() }; 3], false);
        for (section, count) in sections.iter_mut().zip(&counts[1..]) {
            for _ in 0..*count {
                let record = reader.record()?;
                match record.kind {
                    41 => has_opt = true,
                    _ => section.push(record),
                }
            }
        }
        ensure!(reader.at == bytes.len(), "{} bytes after the last record", bytes.len() - reader.at);
        Ok(Self {
            rcode: flags & 15,
            authoritative: flags & 0x400 != 0,
            truncated: flags & 0x200 != 0,
            recursion_available: flags & 0x80 != 0,
            question,
            has_opt,
            sections,
            bytes: bytes.len(),
        })
    }
}

/// A place in a message.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at + length).context("the message ends too early")?;
        self.at += length;
        Ok(taken)
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.take(2)?.try_into()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.take(4)?.try_into()?))
    }

    fn skip(&mut self, length: usize) -> Result<()> {
        self.take(length).map(drop)
    }

    /// A name, without its last dot, in the case it is written in.
    pub(super) fn name(&mut self) -> Result<String> {
        let (mut labels, mut back, mut pointers) = (Vec::new(), None, 0);
        loop {
            let length = self.take(1)?[0];
            match length {
                0 => break,
                1..=63 => labels.push(String::from_utf8_lossy(self.take(length.into())?).into_owned()),
                192.. => {
                    let target = usize::from(u16::from_be_bytes([length & 63, self.take(1)?[0]]));
                    back.get_or_insert(self.at);
                    pointers += 1;
                    ensure!(pointers <= POINTERS_MAX && target < self.at, "a pointer that leads nowhere");
                    self.at = target;
                }
                _ => anyhow::bail!("a label of kind {length:#x}"),
            }
        }
        self.at = back.unwrap_or(self.at);
        Ok(labels.join("."))
    }

    fn record(&mut self) -> Result<Record> {
        let owner = self.name()?;
        let (kind, class, ttl) = (self.u16()?, self.u16()?, self.u32()?);
        let end = usize::from(self.u16()?) + self.at;
        ensure!(end <= self.bytes.len(), "a record beyond the end");
        let data = rdata_text(kind, self, end)?;
        ensure!(self.at == end, "a record of kind {kind} of another length than it says");
        Ok(Record { owner, kind, class, ttl, data })
    }
}

#[cfg(test)]
mod tests;
