//! `/proc/net/{sockstat,sockstat6,netstat,snmp,snmp6,softnet_stat,udp,arp}`.

use crate::scan::{fields, hexadecimal, lines, number, text};

/// One figure of a file of counters: `Tcp`, `RetransSegs`, value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure<'a> {
    /// "TCP", "TcpExt", "Ip6", …
    pub protocol: &'a str,
    /// "inuse", "ListenDrops", …
    pub name: &'a str,
    /// A few are signed (`Tcp MaxConn` is -1).
    pub value: i64,
}

/// `sockstat` and `sockstat6`: `TCP: inuse 4 orphan 0 …`.
pub fn sockstat(bytes: &[u8], mut each: impl FnMut(Figure<'_>)) {
    for line in lines(bytes) {
        let mut fields = fields(line);
        let Some(protocol) = fields.next().and_then(|field| field.strip_suffix(b":")) else { continue };
        while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
            let Some(value) = crate::scan::signed(value) else { continue };
            each(Figure { protocol: text(protocol), name: text(name), value });
        }
    }
}

/// `netstat` and `snmp`: pairs of lines, the names and then the values.
pub fn netstat(bytes: &[u8], mut each: impl FnMut(Figure<'_>)) {
    let mut all = lines(bytes);
    while let (Some(names), Some(values)) = (all.next(), all.next()) {
        let (mut names, mut values) = (fields(names), fields(values));
        let (Some(protocol), Some(same)) = (names.next(), values.next()) else { continue };
        let Some(protocol) = protocol.strip_suffix(b":").filter(|_| protocol == same) else { continue };
        for (name, value) in names.zip(values) {
            let Some(value) = crate::scan::signed(value) else { continue };
            each(Figure { protocol: text(protocol), name: text(name), value });
        }
    }
}

/// `snmp6`: `Ip6InOctets 460`; the protocol ends with its 6.
pub fn snmp6(bytes: &[u8], mut each: impl FnMut(Figure<'_>)) {
    for line in lines(bytes) {
        let mut fields = fields(line);
        let (Some(name), Some(value)) = (fields.next(), fields.next()) else { continue };
        let (name, Some(value)) = (text(name), crate::scan::signed(value)) else { continue };
        let Some(end) = name.find('6') else { continue };
        each(Figure { protocol: &name[..=end], name: &name[end + 1..], value });
    }
}

/// Whether node_exporter shows this figure of `netstat`, `snmp` or `snmp6` by default.
pub fn shown(figure: &Figure<'_>) -> bool {
    let name = figure.name;
    if name.ends_with("InErrors") || name.ends_with("InErrs") {
        return true;
    }
    match figure.protocol {
        "Ip" => name == "Forwarding",
        "Ip6" | "IpExt" => matches!(name, "InOctets" | "OutOctets"),
        "Icmp" | "Icmp6" => matches!(name, "InMsgs" | "OutMsgs"),
        "TcpExt" => {
            name.starts_with("Listen")
                || name.starts_with("Syncookies")
                || matches!(name, "TCPSynRetrans" | "TCPTimeouts" | "TCPOFOQueue" | "TCPRcvQDrop")
        }
        "Tcp" => matches!(
            name,
            "ActiveOpens" | "InSegs" | "OutSegs" | "OutRsts" | "PassiveOpens" | "RetransSegs" | "CurrEstab"
        ),
        "Udp" | "Udp6" => {
            matches!(name, "InDatagrams" | "OutDatagrams" | "NoPorts" | "RcvbufErrors" | "SndbufErrors")
        }
        _ => false,
    }
}

/// One CPU of `softnet_stat`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Softnet {
    /// The CPU's number (the line's number on kernels before 5.14).
    pub cpu: u64,
    /// Frames processed.
    pub processed: u64,
    /// Frames dropped: the backlog was full.
    pub dropped: u64,
    /// Times that the budget ran out with work left.
    pub times_squeezed: u64,
    /// Collisions while taking a device's lock.
    pub cpu_collision: u64,
    /// Woken by another CPU to take packets.
    pub received_rps: u64,
    /// Times that the flow limit was reached.
    pub flow_limit_count: u64,
    /// Length of the backlog.
    pub backlog_len: u64,
}

/// The CPUs of `softnet_stat`; columns are hexadecimal.
pub fn softnet(bytes: &[u8]) -> impl Iterator<Item = Softnet> {
    lines(bytes).enumerate().filter_map(|(line_number, line)| {
        let (mut column, mut count) = ([0; 13], 0);
        for (slot, field) in column.iter_mut().zip(fields(line)) {
            *slot = hexadecimal(field)?;
            count += 1;
        }
        (count >= 9).then(|| Softnet {
            cpu: if count >= 13 { column[12] } else { line_number as u64 },
            processed: column[0],
            dropped: column[1],
            times_squeezed: column[2],
            cpu_collision: column[8],
            received_rps: column[9],
            flow_limit_count: column[10],
            backlog_len: column[11],
        })
    })
}

/// `stat/nf_conntrack`: the sum over all CPUs of each column, but for `entries`, which every CPU repeats.
pub fn conntrack(bytes: &[u8]) -> Vec<(String, u64)> {
    let mut rows = lines(bytes);
    let Some(head) = rows.next() else { return Vec::new() };
    let mut totals: Vec<(String, u64)> = fields(head).map(|name| (text(name).to_owned(), 0)).collect();
    for row in rows {
        for ((_, total), field) in totals.iter_mut().zip(fields(row)) {
            *total = total.saturating_add(hexadecimal(field).unwrap_or_default());
        }
    }
    totals.retain(|(name, _)| name != "entries");
    totals
}

/// Bytes queued in all sockets of `udp` or `udp6`: (transmit, receive).
pub fn udp_queues(bytes: &[u8]) -> (u64, u64) {
    let queues = |line| {
        let (transmit, receive) = text(fields(line).nth(4)?).split_once(':')?;
        Some((hexadecimal(transmit.as_bytes())?, hexadecimal(receive.as_bytes())?))
    };
    let sum =
        |total: (u64, u64), one: (u64, u64)| (total.0.saturating_add(one.0), total.1.saturating_add(one.1));
    lines(bytes).skip(1).filter_map(queues).fold((0, 0), sum)
}

/// The interface of each entry of the ARP table.
pub fn arp(bytes: &[u8]) -> impl Iterator<Item = &str> {
    lines(bytes).skip(1).filter_map(|line| {
        let mut fields = fields(line).skip(2);
        // Incomplete entries (flags 0x0) are not in the table yet; node_exporter counts only those the kernel uses.
        let flags = hexadecimal(fields.next()?)?;
        let device = text(fields.nth(2)?);
        (flags != 0).then_some(device)
    })
}

/// `file-nr`: (allocated, maximum).
pub fn file_nr(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut fields = fields(bytes).map(number);
    Some((fields.next()??, fields.nth(1)??))
}
