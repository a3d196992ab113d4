-- Every blob has owners that say why it is there; a file has a name that is never used twice.

-- Which events name which blobs. lasting is 1 for the name of an event, which stays; 0 for the name
-- of its payload, which goes with it. Derived from the events.
create table blob_owner (
    digest blob not null,
    leaf_index integer not null,
    lasting integer not null check (lasting in (0, 1)),
    primary key (digest, leaf_index)
) strict, without rowid;
create index blob_owner_leaf on blob_owner (leaf_index);

-- Where in the folder of blobs the file is; null for small blobs, and for files of before, whose
-- names are their digests.
alter table blob add column file text;
-- 1 when it was put and not named yet, or has lost its last owner while an act was about to name it.
alter table blob add column loose integer not null default 0;
create index blob_loose on blob (digest) where loose = 1;

-- Files that no blob has: being made, or to be removed. They are entered before they are made and
-- taken out after they are removed, so that none is ever forgotten.
create table blob_file_unused (
    name text primary key
) strict, without rowid;

-- 1 when a job was asked for anew while it was being done: its next attempt comes soon.
alter table job add column hastened integer not null default 0;
