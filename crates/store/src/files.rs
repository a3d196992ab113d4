//! Files and folders that only their owner may read, and that are on the disk when they are said
//! to be. Knows nothing of what is in them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a folder and its parents, readable by the owner only; one that exists is left as it is.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a new file, readable by the owner only; one that exists is an error.
pub(crate) fn make_private_file(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().read(true).write(true).create_new(true)).open(path)
}

/// Opens a file for writing and makes it when it is missing; its contents stay.
pub(crate) fn open_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    private(options.read(true).write(true).create(true).truncate(false)).open(path)
}

/// Takes the rights of others away.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let rights = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(path, rights)?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Makes the names in a folder survive power loss: a file's own sync does not.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder_of(path))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The folder a file stands in; of a bare name the current one.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().map_or(Path::new("."), folder_of)
}

fn folder_of(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
