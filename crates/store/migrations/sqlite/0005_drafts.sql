-- What officers have written and not sent yet. Whoever holds a copy of the store reads none of it:
-- form and files are encrypted under a key that lies beside the log's.
create table draft (
    name text primary key,
    owner blob not null,
    touched_at integer not null,
    form blob not null,
    files blob not null
) strict;
create index draft_owner on draft (owner, touched_at);
create index draft_touched on draft (touched_at);
