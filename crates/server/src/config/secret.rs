//! Secrets that stand beside the configuration, never in it: in a file of their owner's, or among
//! the credentials that systemd hands a service, which may lie encrypted under the machine's TPM.
//!
//! Knows no secret's meaning. Each is read when it is needed, so that one that was changed counts.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::ConfigError;
use crate::keys::KeyError;

/// Where systemd puts a service's credentials (systemd.exec(5), "Credentials").
const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";
/// A credential is a secret in one line.
const CREDENTIAL_BYTES_MAX: u64 = 16 * 1024;

/// Whether a credential of that name has no path in it.
pub(super) fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(fits)
}

/// A credential of this service, which `setting` names; `instead` is the setting for a file.
pub(super) fn credential_of_service(
    setting: &'static str,
    name: &str,
    instead: &'static str,
) -> Result<Zeroizing<String>, ConfigError> {
    let folder = std::env::var_os(CREDENTIALS_VARIABLE);
    credential(folder.as_deref().map(Path::new), name, (setting, instead))
}

/// A credential of the service. Its folder is the service's alone; the file may show its reading
/// group, which is how systemd's access list looks, but nobody else may read it.
fn credential(
    folder: Option<&Path>,
    name: &str,
    (setting, instead): (&'static str, &'static str),
) -> Result<Zeroizing<String>, ConfigError> {
    let Some(folder) = folder else {
        return Err(ConfigError::NoCredentials { setting, name: name.to_owned(), instead });
    };
    let path = folder.join(name);
    let unreadable = |source| ConfigError::Unreadable { path: path.clone(), source };
    let metadata = std::fs::metadata(&path).map_err(unreadable)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o027 != 0 {
        return Err(KeyError::Exposed { path, mode }.into());
    }
    if metadata.len() > CREDENTIAL_BYTES_MAX {
        return Err(ConfigError::TooLarge { path, bytes: metadata.len() });
    }
    let text = Zeroizing::new(std::fs::read_to_string(&path).map_err(unreadable)?);
    Ok(Zeroizing::new(text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const WHERE: (&str, &str) = ("node.database_credential", "node.database_file");

    fn set_mode(path: &Path, mode: u32) {
        let rights = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, rights).expect("rights can be set");
    }

    #[test]
    fn a_credential_comes_from_the_folder_of_the_service() {
        let dir = tempfile::tempdir().expect("a folder for the test");
        let file = dir.path().join("database");
        std::fs::write(&file, "postgres://desk:secret@db.example/desk\n").expect("written");
        let get = || {
            credential(Some(dir.path()), "database", WHERE)
                .map(|it| it.to_string())
                .map_err(|e| e.to_string())
        };
        for mode in [0o400, 0o440] {
            set_mode(&file, mode);
            assert_eq!(get(), Ok("postgres://desk:secret@db.example/desk".to_owned()));
        }
        for mode in [0o444, 0o420] {
            set_mode(&file, mode);
            assert!(get().is_err_and(|error| error.contains("other users may read")), "{mode:o}");
        }
        expect!["node.database_credential is \"database\", but no service manager has set CREDENTIALS_DIRECTORY: run under systemd with LoadCredential= or LoadCredentialEncrypted=, or use node.database_file"]
            .assert_eq(&credential(None, "database", WHERE).expect_err("no folder").to_string());
    }
}
