//! What the directory refuses, whoever asks: the supervised enrolment of officers.
//!
//! Knows no roles; who may do what is decided by the policy before. Law and habit behind it:
//! agency record first, then a call to a number from our own directory, then the person.

use desk::ids::{ActorId, KeyId};
use jiff::Timestamp;

use super::Directory;
use super::change::{Change, OfficerRole};
use super::officer::OfficerState;

desk::sayings! {
    /// Why a change of the directory cannot be.
    #[derive(Copy)]
    Fault in "fault" {
        Unknown = "unknown": "nobody of that id is known" => "look at the list again",
        NoSuchNumber = "no-such-number":
            "the agency's record has no such number" => "only its own numbers are called back",
        NotConfirmed = "not-confirmed":
            "no call to the agency's own number has confirmed this person" => "call back first",
        NoPasskey = "no-passkey":
            "this person has no passkey yet" => "make a link and let them enrol one first",
        OwnAttestation = "own-attestation":
            "nobody attests for himself" => "another supervisor or the desk does",
        NotAdmitted = "not-admitted":
            "this person was never admitted or is stopped" => "that comes first",
        SupervisorByStaff = "supervisor-by-staff":
            "a supervisor is proposed by the company's staff" => "look at the list again",
        KnownPasskey = "known-passkey":
            "this passkey is enrolled already" => "look at the list again",
        NoInvitation = "no-invitation":
            "this link was used, replaced or is too old" => "ask for a new one",
        NoMailLink = "no-mail-link":
            "this link was used, replaced or is too old" => "ask for a new one",
        OwnAddress = "own-address":
            "your own address counts when its link was opened" => "ask for the link",
        OwnMark = "own-mark":
            "you set this mark" => "another person looks at it and takes it away",
        NotMarked = "not-marked":
            "this key is not marked" => "look at the agency's page again",
        OlderMarks = "older-marks":
            "a document of that desk as new as this one was taken in" => "ask it for its newest",
        OtherDeskKey = "other-desk-key":
            "these marks are signed by another key than the one known of that desk"
            => "compare it with a person there and trust it first",
        KnownDeskKey = "known-desk-key":
            "this key is the one that is trusted for that desk already" => "nothing is to be done",
        LastAdministrator = "last-administrator":
            "this is the last administrator" => "enrol another first",
    }
}

impl Directory {
    /// Why a change cannot be made now, if it cannot.
    #[must_use]
    pub fn fault(&self, change: &Change, now: Timestamp) -> Option<Fault> {
        match change {
            Change::OfficerProposed { agency, role, by, .. } => {
                let is_supervisor = *role == OfficerRole::Supervisor;
                let by_staff =
                    (is_supervisor && !by.is_staff()).then_some(Fault::SupervisorByStaff);
                self.agency(*agency).map_or(Some(Fault::Unknown), |_| by_staff)
            }
            Change::CallBackRecorded { officer, number, .. } => {
                let agency = self.officer(*officer).and_then(|known| self.agency(known.agency));
                let Some(agency) = agency else { return Some(Fault::Unknown) };
                let is_there = usize::from(*number) < agency.switchboard.len();
                (!is_there).then_some(Fault::NoSuchNumber)
            }
            Change::OfficerAdmitted { officer, .. } => self.admission_fault(*officer),
            Change::OfficerAttested { officer, by } => self.attestation_fault(*officer, *by, now),
            Change::OfficerStopped { officer, .. } | Change::OfficerResumed { officer, .. } => {
                self.officer(*officer).is_none().then_some(Fault::Unknown)
            }
            Change::AgencyStopped { agency, .. } | Change::AgencyResumed { agency, .. } => {
                self.agency(*agency).is_none().then_some(Fault::Unknown)
            }
            Change::Invited { holder: ActorId::Key(key), .. } => match self.officer(*key) {
                None => Some(Fault::Unknown),
                Some(officer) => (!officer.is_confirmed()).then_some(Fault::NotConfirmed),
            },
            Change::MailChanged { holder, token_sha256, by } => {
                let link = token_sha256.as_ref().map(|token| self.mail_link(token, now));
                match link {
                    Some(link) => {
                        link.is_none_or(|link| link.holder != *holder).then_some(Fault::NoMailLink)
                    }
                    None if holder == by => Some(Fault::OwnAddress),
                    None => (!self.knows(*holder)).then_some(Fault::Unknown),
                }
            }
            Change::Invited { holder, .. }
            | Change::Named { holder, .. }
            | Change::MailProposed { holder, .. } => {
                (!self.knows(*holder)).then_some(Fault::Unknown)
            }
            Change::PasskeyEnrolled { holder, credential_sha256, token_sha256, .. } => {
                let invited = self.invitation(token_sha256, now);
                if invited.is_none_or(|invitation| invitation.holder != *holder) {
                    return Some(Fault::NoInvitation);
                }
                self.passkey(credential_sha256).map(|_| Fault::KnownPasskey)
            }
            Change::PasskeyRemoved { credential_sha256, .. } => {
                self.passkey(credential_sha256).is_none().then_some(Fault::Unknown)
            }
            Change::StaffRemoved { staff, .. } => self.departure_fault(*staff, &[]),
            Change::StaffRolesChanged { staff, roles, .. } => self.departure_fault(*staff, roles),
            Change::StaffAdded { .. }
            | Change::AgencyAdded { .. }
            | Change::KeyMarked { .. }
            | Change::MarksExported { .. }
            | Change::KeyWatched { .. } => None,
            Change::KeyCleared { key, by } => match self.mark(*key) {
                None => Some(Fault::NotMarked),
                Some(mark) => (mark.by == *by).then_some(Fault::OwnMark),
            },
            Change::DeskKeyTrusted { desk, key_sha256, .. } => self.trust_fault(desk, key_sha256),
            Change::MarksImported { desk, issued_at, key_sha256, .. } => {
                self.import_fault(desk, key_sha256.as_ref(), *issued_at)
            }
        }
    }

    fn attestation_fault(&self, officer: KeyId, by: ActorId, now: Timestamp) -> Option<Fault> {
        let Some(known) = self.officer(officer) else { return Some(Fault::Unknown) };
        if by == ActorId::Key(officer) {
            return Some(Fault::OwnAttestation);
        }
        let attestable = [OfficerState::Admitted, OfficerState::Unattested];
        (!attestable.contains(&known.state(now))).then_some(Fault::NotAdmitted)
    }

    fn trust_fault(&self, desk: &str, key_sha256: &str) -> Option<Fault> {
        let known = self.desk_key(desk).filter(|known| known.sha256 == key_sha256);
        known.map(|_| Fault::KnownDeskKey)
    }

    /// Why a desk's marks are not taken in: another key than the known one, or nothing new.
    fn import_fault(
        &self,
        desk: &str,
        key_sha256: Option<&String>,
        issued_at: Timestamp,
    ) -> Option<Fault> {
        if self.desk_key(desk).is_some_and(|known| Some(&known.sha256) != key_sha256) {
            return Some(Fault::OtherDeskKey);
        }
        let known = self.foreign_list(desk);
        known.is_some_and(|list| list.issued_at >= issued_at).then_some(Fault::OlderMarks)
    }

    fn admission_fault(&self, id: desk::ids::KeyId) -> Option<Fault> {
        let Some(officer) = self.officer(id) else { return Some(Fault::Unknown) };
        if !officer.is_confirmed() {
            return Some(Fault::NotConfirmed);
        }
        self.passkeys_of(ActorId::Key(id)).next().is_none().then_some(Fault::NoPasskey)
    }

    /// Whether taking these roles from somebody leaves nobody who can enrol people.
    fn departure_fault(
        &self,
        staff: desk::ids::StaffId,
        roles: &[desk::policy::Role],
    ) -> Option<Fault> {
        let administrator = desk::policy::Role::Administrator;
        let Some(person) = self.staff_member(staff) else { return Some(Fault::Unknown) };
        let leaves = person.roles.contains(&administrator) && !roles.contains(&administrator);
        let mut others = self.staff().filter(|other| other.id != staff);
        let stays = others.any(|other| other.roles.contains(&administrator));
        // Whoever came in by certificate alone was enrolled from the console, which is still there.
        let by_passkey = self.passkeys_of(ActorId::Staff(staff)).next().is_some();
        (leaves && !stays && by_passkey).then_some(Fault::LastAdministrator)
    }

    pub(crate) fn knows(&self, holder: ActorId) -> bool {
        match holder {
            ActorId::Staff(id) => self.staff_member(id).is_some(),
            ActorId::Key(key) => self.officer(key).is_some(),
            ActorId::Partner(_) | ActorId::System => false,
        }
    }
}
