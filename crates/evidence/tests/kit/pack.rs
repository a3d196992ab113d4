//! A zip writer that can write wrong zips. Every field of every header can be set.

/// One entry, with what each of its two headers says.
#[derive(Clone)]
pub struct Item {
    pub name: Vec<u8>,
    pub local_name: Option<Vec<u8>>,
    pub data: Vec<u8>,
    pub size: u32,
    pub packed: u32,
    pub crc: u32,
    pub local_crc: Option<u32>,
    pub local_size: Option<u32>,
    pub method: u16,
    pub flags: u16,
    pub time: u32,
    pub needed: u16,
    pub made_by: u16,
    pub inner: u16,
    pub outer: u32,
    pub local_extra: Vec<u8>,
    pub extra: Vec<u8>,
    pub comment: Vec<u8>,
    pub gap: Vec<u8>,
}

/// The end of the zip.
#[derive(Clone, Default)]
pub struct Tail {
    pub gap: Vec<u8>,
    pub count_more: u16,
    pub disk: u16,
    pub comment: Vec<u8>,
    pub after: Vec<u8>,
}

impl Item {
    /// As the writer of packages stores small files.
    pub fn stored(name: &str, bytes: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        Self {
            name: name.as_bytes().to_vec(),
            local_name: None,
            data: bytes.to_vec(),
            size: bytes.len() as u32,
            packed: bytes.len() as u32,
            crc: crc.sum(),
            local_crc: None,
            local_size: None,
            method: 0,
            flags: 0,
            time: 0x0021_0000,
            needed: 10,
            made_by: 0x030a,
            inner: 0,
            outer: 0o100_644 << 16,
            local_extra: Vec::new(),
            extra: Vec::new(),
            comment: Vec::new(),
            gap: Vec::new(),
        }
    }

    /// Deflated.
    pub fn deflated(name: &str, bytes: &[u8]) -> Self {
        use std::io::Write as _;
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).expect("memory");
        let data = encoder.finish().expect("memory");
        let packed = data.len() as u32;
        let stored = Self::stored(name, bytes);
        Self { data, packed, method: 8, needed: 20, made_by: 0x0314, ..stored }
    }
}

/// The bytes of the zip.
pub fn zip(items: &[Item], tail: &Tail) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for item in items {
        out.extend(&item.gap);
        let at = out.len() as u32;
        let name = item.local_name.as_ref().unwrap_or(&item.name);
        out.extend(b"PK\x03\x04");
        put16(&mut out, &[item.needed, item.flags, item.method]);
        put32(&mut out, &[item.time, item.local_crc.unwrap_or(item.crc), item.packed]);
        put32(&mut out, &[item.local_size.unwrap_or(item.size)]);
        put16(&mut out, &[name.len() as u16, item.local_extra.len() as u16]);
        out.extend(name);
        out.extend(&item.local_extra);
        out.extend(&item.data);
        directory.extend(b"PK\x01\x02");
        put16(&mut directory, &[item.made_by, item.needed, item.flags, item.method]);
        put32(&mut directory, &[item.time, item.crc, item.packed, item.size]);
        let lengths = [item.name.len(), item.extra.len(), item.comment.len()];
        put16(&mut directory, &lengths.map(|length| length as u16));
        put16(&mut directory, &[0, item.inner]);
        put32(&mut directory, &[item.outer, at]);
        directory.extend([&item.name[..], &item.extra, &item.comment].concat());
    }
    out.extend(&tail.gap);
    let at = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06");
    let count = items.len() as u16 + tail.count_more;
    put16(&mut out, &[tail.disk, tail.disk, count, count]);
    put32(&mut out, &[directory.len() as u32, at]);
    put16(&mut out, &[tail.comment.len() as u16]);
    out.extend(&tail.comment);
    out.extend(&tail.after);
    out
}

fn put16(out: &mut Vec<u8>, values: &[u16]) {
    values.iter().for_each(|value| out.extend(value.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, values: &[u32]) {
    values.iter().for_each(|value| out.extend(value.to_le_bytes()));
}
