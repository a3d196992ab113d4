//! PKCS#11 URIs (RFC 7512): which object in which token. Knows no module.
//!
//! Of its attributes those that name a token and an object in it, `module-path` and `pin-source`.
//! An attribute that is not known is refused: what it would have narrowed down would be left open
//! (RFC 7512 section 2.3). `pin-value` is refused because it is a secret.

use std::fmt;
use std::path::{Path, PathBuf};

/// A longer URI is something else.
const URI_BYTES_MAX: usize = 1024;

/// Names one key in one token.
#[derive(Clone, PartialEq, Eq)]
pub struct ObjectUri {
    text: String,
    token: Option<String>,
    serial: Option<String>,
    manufacturer: Option<String>,
    model: Option<String>,
    object: Option<String>,
    id: Option<Vec<u8>>,
    module_path: Option<PathBuf>,
    pin_source: Option<PathBuf>,
}

/// What a token says of itself, as far as a URI can ask for it.
#[derive(Clone, Copy, Debug)]
pub struct TokenNames<'a> {
    /// Its label.
    pub label: &'a str,
    /// Its serial number.
    pub serial: &'a str,
    /// Who made it.
    pub manufacturer: &'a str,
    /// Its model.
    pub model: &'a str,
}

/// Why a text is no URI of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It begins otherwise, or is too long.
    #[error("a key in a token is named by a URI that begins with pkcs11: (RFC 7512)")]
    Scheme,
    /// An attribute without value, twice, or with a broken escape.
    #[error("the attribute {0:?} has no value, stands twice or is not percent-encoded")]
    Attribute(String),
    /// An attribute that is not known here.
    #[error(
        "the attribute {0:?} is not known; known are token, serial, manufacturer, model, object, \
         id, type, and after a question mark module-path and pin-source"
    )]
    Unknown(String),
    /// The PIN itself.
    #[error(
        "pin-value would put the PIN into the configuration: put it into a file that only its \
         owner reads, and name that in token.pin_file"
    )]
    PinValue,
    /// Not a private key.
    #[error("type is {0:?}; it is the private key that is named")]
    Type(String),
    /// Neither a label nor a serial number, or neither an object's label nor its id.
    #[error("name the token (token or serial) and the key in it (object or id)")]
    Open,
}

impl ObjectUri {
    /// Reads a URI.
    ///
    /// # Errors
    /// When it is none, or leaves token or key open.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let rest = text.strip_prefix("pkcs11:").filter(|_| text.len() <= URI_BYTES_MAX);
        let (path, query) = match rest.ok_or(UriError::Scheme)?.split_once('?') {
            Some((path, query)) => (path, query),
            None => (rest.unwrap_or_default(), ""),
        };
        let mut uri = Self {
            text: text.to_owned(),
            token: None,
            serial: None,
            manufacturer: None,
            model: None,
            object: None,
            id: None,
            module_path: None,
            pin_source: None,
        };
        for part in path.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = attribute(part)?;
            let twice = || UriError::Attribute(name.to_owned());
            let text = || String::from_utf8(value.clone()).map_err(|_| twice());
            let field = match name {
                "token" => &mut uri.token,
                "serial" => &mut uri.serial,
                "manufacturer" => &mut uri.manufacturer,
                "model" => &mut uri.model,
                "object" => &mut uri.object,
                "id" if uri.id.is_none() => {
                    uri.id = Some(value);
                    continue;
                }
                "type" if value == b"private" => continue,
                "type" => return Err(UriError::Type(text()?)),
                "id" => return Err(twice()),
                _ => return Err(UriError::Unknown(name.to_owned())),
            };
            if field.replace(text()?).is_some() {
                return Err(twice());
            }
        }
        for part in query.split('&').filter(|part| !part.is_empty()) {
            if part.starts_with("pin-value") {
                return Err(UriError::PinValue);
            }
            let (name, value) = attribute(part)?;
            let twice = || UriError::Attribute(name.to_owned());
            let value = String::from_utf8(value).map_err(|_| twice())?;
            let field = match name {
                "module-path" => &mut uri.module_path,
                "pin-source" => &mut uri.pin_source,
                _ => return Err(UriError::Unknown(name.to_owned())),
            };
            let path = value.strip_prefix("file:").unwrap_or(&value);
            if field.replace(PathBuf::from(path)).is_some() {
                return Err(twice());
            }
        }
        let names_token = uri.token.is_some() || uri.serial.is_some();
        let names_key = uri.object.is_some() || uri.id.is_some();
        if names_token && names_key { Ok(uri) } else { Err(UriError::Open) }
    }

    /// Whether a token is the one that is named.
    #[must_use]
    pub fn is_of(&self, names: TokenNames<'_>) -> bool {
        let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|it| it == is);
        fits(&self.token, names.label)
            && fits(&self.serial, names.serial)
            && fits(&self.manufacturer, names.manufacturer)
            && fits(&self.model, names.model)
    }

    /// The object's label.
    #[must_use]
    pub fn object(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// The object's id.
    #[must_use]
    pub fn id(&self) -> Option<&[u8]> {
        self.id.as_deref()
    }

    /// The module, when the URI names it.
    #[must_use]
    pub fn module_path(&self) -> Option<&Path> {
        self.module_path.as_deref()
    }

    /// The file of the PIN, when the URI names it.
    #[must_use]
    pub fn pin_source(&self) -> Option<&Path> {
        self.pin_source.as_deref()
    }
}

fn attribute(part: &str) -> Result<(&str, Vec<u8>), UriError> {
    let (name, value) = part.split_once('=').unwrap_or((part, ""));
    let wrong = || UriError::Attribute(name.to_owned());
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or_else(wrong)?;
        bytes.extend(hex::decode(digits).map_err(|_| wrong())?);
        rest = after;
    }
    if bytes.is_empty() { Err(wrong()) } else { Ok((name, bytes)) }
}

impl<'de> serde::Deserialize<'de> for ObjectUri {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for ObjectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ObjectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectUri({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_name_one_key_or_are_refused() {
        let refused = |text: &str| ObjectUri::parse(text).map(drop).unwrap_err();
        let attribute = |name: &str| UriError::Attribute(name.to_owned());
        assert_eq!(refused("keys/seal.key"), UriError::Scheme);
        assert_eq!(refused(&format!("pkcs11:token={}", "x".repeat(1024))), UriError::Scheme);
        assert_eq!(refused("pkcs11:"), UriError::Open);
        assert_eq!(refused("pkcs11:token=desk"), UriError::Open);
        assert_eq!(refused("pkcs11:object=seal"), UriError::Open);
        assert_eq!(refused("pkcs11:token=desk;object"), attribute("object"));
        assert_eq!(refused("pkcs11:token=desk;object=%4"), attribute("object"));
        assert_eq!(refused("pkcs11:token=desk;object=%zz"), attribute("object"));
        assert_eq!(refused("pkcs11:token=desk;object=%ff"), attribute("object"));
        assert_eq!(refused("pkcs11:token=desk;token=disk;id=%01"), attribute("token"));
        assert_eq!(refused("pkcs11:token=desk;id=%01;id=%02"), attribute("id"));
        assert_eq!(
            refused("pkcs11:token=a;id=a?pin-source=a&pin-source=b"),
            attribute("pin-source")
        );
        assert_eq!(refused("pkcs11:token=a;id=a;slot-id=3"), UriError::Unknown("slot-id".into()));
        assert_eq!(refused("pkcs11:token=a;id=a?x-y=3"), UriError::Unknown("x-y".into()));
        assert_eq!(refused("pkcs11:token=a;id=a;type=cert"), UriError::Type("cert".into()));
        assert_eq!(refused("pkcs11:token=a;id=a?pin-value=1234"), UriError::PinValue);
    }

    #[test]
    fn a_uri_says_which_token_and_which_key() {
        let text = "pkcs11:token=The%20Desk;serial=0a1b;id=%01%ff;type=private\
                    ?module-path=/usr/lib/m.so&pin-source=file:/run/pin";
        let uri = ObjectUri::parse(text).expect("a key");
        let names =
            TokenNames { label: "The Desk", serial: "0a1b", manufacturer: "Anybody", model: "Any" };
        assert!(uri.is_of(names));
        assert!(!uri.is_of(TokenNames { label: "The Disk", ..names }));
        assert!(!uri.is_of(TokenNames { serial: "0a1c", ..names }));
        assert_eq!((uri.object(), uri.id()), (None, Some([1, 255].as_slice())));
        assert_eq!(uri.module_path(), Some(Path::new("/usr/lib/m.so")));
        assert_eq!(uri.pin_source(), Some(Path::new("/run/pin")));
        assert_eq!(uri.to_string(), text);
        let made = ObjectUri::parse("pkcs11:token=a;object=b;manufacturer=c;model=d").expect("one");
        assert!(!made.is_of(TokenNames { label: "a", ..names }));
        let all = TokenNames { label: "a", serial: "", manufacturer: "c", model: "d" };
        assert!(made.is_of(all));
        assert_eq!(made.object(), Some("b"));
    }
}
