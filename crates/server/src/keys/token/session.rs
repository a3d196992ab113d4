//! What is said to a PKCS#11 module: log in, find, make, sign. Knows no thread.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use pkcs8::der::asn1::UintRef;
use pkcs8::der::{Encode as _, Header, Length, Tag};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Place, TokenError, TokenNames};

/// Bits of an RSA key that is made.
const RSA_BITS: u64 = 3072;
/// Bits of an RSA key that is used.
const RSA_BITS_MIN: usize = 2048;
/// DER of the object identifier of the curve P-256 (RFC 5480).
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// DER of the object identifier of Ed25519 (RFC 8410).
const ED25519: [u8; 5] = [0x06, 0x03, 0x2b, 0x65, 0x70];
/// DER of the curve's name, which PKCS#11 3.0 section 2.3.5 allows as well.
const ED25519_NAME: [u8; 14] = *b"\x13\x0cedwards25519";

/// Modules are loaded once for each process: that is how PKCS#11 counts logins.
static MODULES: Mutex<BTreeMap<PathBuf, Shared>> = Mutex::new(BTreeMap::new());

/// A module. Calls hold it for reading; who starts it anew waits for them.
type Shared = Arc<RwLock<Module>>;

struct Module {
    pkcs11: Pkcs11,
    /// How often it was started. A session of an earlier start is none, though its number may be
    /// another's by now.
    start: u64,
    /// Whether it was begun and not ended since.
    is_begun: bool,
}

/// What pair to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ECDSA on P-256, for a seal.
    EcdsaP256,
    /// RSA of 3072 bits, for a seal.
    Rsa,
    /// Ed25519, for a log.
    Ed25519,
}

/// The public half of a key in a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Public {
    /// The uncompressed point, as it stands in a certificate.
    EcdsaP256(Vec<u8>),
    /// RSAPublicKey (RFC 8017 A.1.1), as it stands in a certificate.
    Rsa(Vec<u8>),
    /// The 32 bytes of RFC 8032.
    Ed25519([u8; 32]),
}

impl Public {
    /// The bytes, as a certificate or a vkey has them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Public::EcdsaP256(bytes) | Public::Rsa(bytes) => bytes,
            Public::Ed25519(bytes) => bytes,
        }
    }
}

/// The PIN that was refused, if one was.
#[derive(Default)]
pub(super) struct Tried(Option<Zeroizing<String>>);

/// A key, logged in to.
pub(super) struct Opened {
    held: Held,
    key: ObjectHandle,
    pub(super) public: Public,
}

/// A session of one start of a module.
struct Held {
    module: Shared,
    start: u64,
    session: Option<Session>,
}

impl Held {
    /// Does something with the session, unless the module was started anew since.
    fn with<T>(
        &self,
        call: impl FnOnce(&Session) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let module = read(&self.module);
        match &self.session {
            Some(session) if module.start == self.start => call(session),
            _ => {
                let why = "the module was started anew".to_owned();
                Err(TokenError::Failed { doing: "using a session", why })
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let module = read(&self.module);
        if let Some(session) = self.session.take().filter(|_| module.start == self.start) {
            // A session that cannot be closed has ended already.
            let _ = session.close();
        }
    }
}

impl Opened {
    pub(super) fn open(place: &Place, tried: &mut Tried) -> Result<Self, TokenError> {
        let held = log_in(place, tried, Access::Reading)?;
        let (key, public) = held.with(|session| {
            let key = one(find(session, place, ObjectClass::PRIVATE_KEY)?, "private keys")?;
            let is_sensitive = attributes(session, key, &[AttributeType::Sensitive])?;
            if !is_sensitive.iter().any(|it| matches!(it, Attribute::Sensitive(true))) {
                return Err(TokenError::Readable);
            }
            let half = one(find(session, place, ObjectClass::PUBLIC_KEY)?, "public keys")?;
            Ok((key, public(session, half)?))
        })?;
        Ok(Self { held, key, public })
    }

    /// The start of the module that this key is used in.
    pub(super) fn start(&self) -> u64 {
        self.held.start
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let sign = |mechanism: &Mechanism, bytes: &[u8]| {
            self.held
                .with(|session| session.sign(mechanism, self.key, bytes).map_err(failed("signing")))
        };
        match &self.public {
            Public::EcdsaP256(_) => {
                // Every token takes a digest; few take the message.
                let pair = sign(&Mechanism::Ecdsa, &Sha256::digest(message))?;
                let (r, s) = pair.split_at(pair.len() / 2);
                sequence(r, s).ok_or_else(|| {
                    let why = format!("{} bytes are no signature of P-256", pair.len());
                    TokenError::Failed { doing: "signing", why }
                })
            }
            Public::Rsa(_) => sign(&Mechanism::Sha256RsaPkcs, message),
            Public::Ed25519(_) => {
                let scheme = EddsaParams::new(EddsaSignatureScheme::Ed25519);
                sign(&Mechanism::Eddsa(scheme), message)
            }
        }
    }
}

/// Makes a pair that cannot be read and cannot be taken out.
pub(super) fn make(place: &Place, kind: Kind) -> Result<(), TokenError> {
    let held = log_in(place, &mut Tried::default(), Access::Writing)?;
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        if !held.with(|session| find(session, place, class))?.is_empty() {
            return Err(TokenError::Exists);
        }
    }
    let label = place.object.object().unwrap_or("comity").as_bytes().to_vec();
    let id = match place.object.id() {
        Some(id) => id.to_vec(),
        // Programs tell pairs apart by it.
        None => Sha256::digest(&label)[..8].to_vec(),
    };
    let named = [Attribute::Token(true), Attribute::Label(label), Attribute::Id(id)];
    let public = [&named[..], &[Attribute::Verify(true)]].concat();
    let private = [
        &named[..],
        &[
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ],
    ]
    .concat();
    let generate = |mechanism: &Mechanism, more: &[Attribute]| {
        let public = [&public[..], more].concat();
        held.with(|session| {
            let made = session.generate_key_pair(mechanism, &public, &private);
            made.map(drop).map_err(failed("making a pair"))
        })
    };
    let curve = |der: &[u8]| [Attribute::EcParams(der.to_vec())];
    match kind {
        Kind::EcdsaP256 => generate(&Mechanism::EccKeyPairGen, &curve(&P256)),
        Kind::Rsa => generate(
            &Mechanism::RsaPkcsKeyPairGen,
            &[
                Attribute::ModulusBits(RSA_BITS.into()),
                Attribute::PublicExponent(vec![0x01, 0x00, 0x01]),
            ],
        ),
        // Modules take the identifier, or the name, or both.
        Kind::Ed25519 => generate(&Mechanism::EccEdwardsKeyPairGen, &curve(&ED25519))
            .or_else(|_| generate(&Mechanism::EccEdwardsKeyPairGen, &curve(&ED25519_NAME))),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Reading,
    Writing,
}

fn log_in(place: &Place, tried: &mut Tried, access: Access) -> Result<Held, TokenError> {
    let module = module(&place.module)?;
    let (slot, is_last_try, start) = {
        let module = read(&module);
        let (slot, is_last_try) = slot(&module.pkcs11, place)?;
        (slot, is_last_try, module.start)
    };
    let pin = (place.pin)().map_err(TokenError::Pin)?;
    if tried.0.as_ref().is_some_and(|refused| *refused == pin) {
        return Err(TokenError::PinRefused);
    }
    if is_last_try {
        return Err(TokenError::LastTry);
    }
    let session = {
        let module = read(&module);
        match access {
            Access::Reading => module.pkcs11.open_ro_session_no_drop(slot),
            Access::Writing => module.pkcs11.open_rw_session_no_drop(slot),
        }
    };
    let session = Some(session.map_err(failed("opening a session"))?);
    let held = Held { module, start, session };
    held.with(|session| {
        match session.login(UserType::User, Some(&AuthPin::from(pin.as_str()))) {
            // A login counts for every session of this process with the token.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinLenRange, _)) => {
                tried.0 = Some(pin);
                Err(TokenError::PinRefused)
            }
            Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(TokenError::LastTry),
            Err(error) => Err(failed("logging in")(error)),
        }
    })?;
    Ok(held)
}

/// The one token that is named, and whether a wrong PIN would lock it.
fn slot(module: &Pkcs11, place: &Place) -> Result<(Slot, bool), TokenError> {
    let slots = module.get_slots_with_token().map_err(failed("listing tokens"))?;
    let (mut there, mut found) = (Vec::new(), Vec::new());
    for slot in slots {
        // One that was just pulled out has nothing to say.
        let Ok(info) = module.get_token_info(slot) else { continue };
        let names = TokenNames {
            label: info.label(),
            serial: info.serial_number(),
            manufacturer: info.manufacturer_id(),
            model: info.model(),
        };
        if info.token_initialized() {
            there.push(format!("{} (serial {})", names.label, names.serial));
            if place.object.is_of(names) {
                found.push((slot, info.user_pin_final_try() || info.user_pin_locked()));
            }
        }
    }
    match found[..] {
        [one] => Ok(one),
        _ => {
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            Err(TokenError::Token { found: found.len(), there })
        }
    }
}

fn module(path: &Path) -> Result<Shared, TokenError> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let known = match modules.get(path) {
        Some(known) => known.clone(),
        None => {
            let pkcs11 = Pkcs11::new(path).map_err(|error| unusable(path, &error))?;
            let module = Module { pkcs11, start: 0, is_begun: false };
            modules.entry(path.to_owned()).or_insert(Arc::new(RwLock::new(module))).clone()
        }
    };
    if !read(&known).is_begun {
        let mut module = known.write().unwrap_or_else(PoisonError::into_inner);
        initialize(&module.pkcs11).map_err(|error| unusable(path, &error))?;
        (module.start, module.is_begun) = (module.start + 1, true);
    }
    Ok(known)
}

/// Starts a module anew, unless somebody else has since `seen`: some never find a token again that
/// was away. Ends the sessions of every key in its tokens; each is opened again when it is used.
pub(super) fn start_anew(path: &Path, seen: u64) -> Result<u64, TokenError> {
    let module = module(path)?;
    let mut module = module.write().unwrap_or_else(PoisonError::into_inner);
    if module.start == seen {
        // What fails here fails again below, and is said there.
        let _ = module.pkcs11.clone().finalize();
        // Until this succeeds there are no sessions at all, so that none is taken for another.
        initialize(&module.pkcs11).map_err(|error| unusable(path, &error))?;
        module.start += 1;
    }
    Ok(module.start)
}

/// Ends a module that nobody uses any more, as PKCS#11 asks of whoever began it. It stays loaded.
pub(super) fn release(path: &Path) {
    let modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    // Whoever comes for it meanwhile waits for the lock, and begins it again.
    let Some(module) = modules.get(path).filter(|it| Arc::strong_count(it) == 1) else { return };
    let mut module = module.write().unwrap_or_else(PoisonError::into_inner);
    module.is_begun = false;
    let _ = module.pkcs11.clone().finalize();
}

fn initialize(module: &Pkcs11) -> Result<(), Error> {
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn unusable(path: &Path, error: &Error) -> TokenError {
    TokenError::Module { path: path.to_owned(), why: error.to_string() }
}

fn read(module: &Shared) -> RwLockReadGuard<'_, Module> {
    module.read().unwrap_or_else(PoisonError::into_inner)
}

fn find(
    session: &Session,
    place: &Place,
    class: ObjectClass,
) -> Result<Vec<ObjectHandle>, TokenError> {
    let mut wanted = vec![Attribute::Class(class), Attribute::Token(true)];
    wanted.extend(place.object.object().map(|it| Attribute::Label(it.as_bytes().to_vec())));
    wanted.extend(place.object.id().map(|it| Attribute::Id(it.to_vec())));
    session.find_objects(&wanted).map_err(failed("looking for the key"))
}

fn one(found: Vec<ObjectHandle>, what: &'static str) -> Result<ObjectHandle, TokenError> {
    match found[..] {
        [one] => Ok(one),
        _ => Err(TokenError::Object { found: found.len(), what }),
    }
}

fn attributes(
    session: &Session,
    object: ObjectHandle,
    wanted: &[AttributeType],
) -> Result<Vec<Attribute>, TokenError> {
    session.get_attributes(object, wanted).map_err(failed("reading what the key is"))
}

fn public(session: &Session, half: ObjectHandle) -> Result<Public, TokenError> {
    let wanted = [
        AttributeType::KeyType,
        AttributeType::EcParams,
        AttributeType::EcPoint,
        AttributeType::Modulus,
        AttributeType::PublicExponent,
    ];
    let (mut kind, mut curve, mut point) = (None, Vec::new(), Vec::new());
    let (mut modulus, mut exponent) = (Vec::new(), Vec::new());
    for attribute in attributes(session, half, &wanted)? {
        match attribute {
            Attribute::KeyType(it) => kind = Some(it),
            Attribute::EcParams(it) => curve = it,
            Attribute::EcPoint(it) => point = it,
            Attribute::Modulus(it) => modulus = it,
            Attribute::PublicExponent(it) => exponent = it,
            _ => {}
        }
    }
    let refused = |why: &str| Err(TokenError::Kind(why.to_owned()));
    match kind {
        Some(KeyType::EC) if curve == P256 => match point_of::<65>(&point) {
            Some(point) if point[0] == 4 => Ok(Public::EcdsaP256(point.to_vec())),
            _ => refused("the key's point on P-256 cannot be read"),
        },
        Some(KeyType::EC_EDWARDS) if curve == ED25519 || curve == ED25519_NAME => {
            match point_of::<32>(&point) {
                Some(point) => Ok(Public::Ed25519(point)),
                None => refused("the key's point on Ed25519 cannot be read"),
            }
        }
        Some(KeyType::RSA) if modulus.len() * 8 >= RSA_BITS_MIN => {
            match sequence(&modulus, &exponent) {
                Some(public) => Ok(Public::Rsa(public)),
                None => refused("the key's modulus cannot be read"),
            }
        }
        _ => {
            refused("the key is neither ECDSA on P-256, nor RSA of 2048 bits or more, nor Ed25519")
        }
    }
}

/// The last bytes of a point, alone or in an OCTET STRING or BIT STRING; modules differ.
fn point_of<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let (head, point) = bytes.split_at_checked(bytes.len().checked_sub(N)?)?;
    let is_wrapped = match head {
        [] => true,
        [0x04, length] => usize::from(*length) == N,
        [0x03, length, 0] => usize::from(*length) == N + 1,
        _ => false,
    };
    if is_wrapped { point.try_into().ok() } else { None }
}

/// A SEQUENCE of two unsigned INTEGERs: a signature of ECDSA (RFC 3279 2.2.3), a public key of RSA.
fn sequence(first: &[u8], second: &[u8]) -> Option<Vec<u8>> {
    let integer = |bytes: &[u8]| UintRef::new(bytes).and_then(|it| it.to_der()).ok();
    let body = [integer(first)?, integer(second)?].concat();
    let header = Header::new(Tag::Sequence, Length::try_from(body.len()).ok()?).ok()?;
    Some([header.to_der().ok()?, body].concat())
}

fn failed(doing: &'static str) -> impl Fn(Error) -> TokenError {
    move |error| TokenError::Failed { doing, why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_however_they_are_wrapped() {
        let point: [u8; 32] = std::array::from_fn(|at| at as u8);
        let wrapped = |head: &[u8]| point_of::<32>(&[head, &point[..]].concat());
        assert_eq!(wrapped(&[]), Some(point));
        assert_eq!(wrapped(&[0x04, 32]), Some(point));
        assert_eq!(wrapped(&[0x03, 33, 0]), Some(point));
        for head in [&[0x04][..], &[0x04, 31], &[0x03, 33, 1], &[0x05, 32], &[0, 0, 0, 0]] {
            assert_eq!(wrapped(head), None, "{head:?}");
        }
        assert_eq!(point_of::<32>(&point[1..]), None);
    }

    #[test]
    fn integers_are_unsigned_and_as_short_as_can_be() {
        let der = sequence(&[0x00, 0x00, 0x80], &[0x7f]).expect("two numbers");
        assert_eq!(hex::encode(der), "30070202008002017f");
        let long = sequence(&[0xff; 256], &[1, 0, 1]).expect("two numbers");
        assert_eq!(hex::encode(&long[..9]), "3082010a0282010100");
    }
}
