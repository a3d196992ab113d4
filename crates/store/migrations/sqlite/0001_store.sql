-- The tables of the store on SQLite. migrations/postgres has the same file with PostgreSQL's types.
-- Times are microseconds since 1970 in UTC; ids and hashes are bytes.

-- One row for each leaf of the log, in its order.
create table event (
    leaf_index integer primary key,
    stream blob not null,
    seq integer not null check (seq >= 1),
    at integer not null,
    event text not null,
    unique (stream, seq)
) strict;

-- The personal part of an event and the salt of its leaf; its id is the event's leaf.
create table payload (
    payload_id integer primary key,
    has_body integer not null check (has_body in (0, 1)),
    body text,
    salt blob,
    erased_at integer
) strict;

create table leaf (
    leaf_index integer primary key,
    hash blob not null,
    entry blob not null
) strict;

-- Perfect subtrees above the leaves; level 0 is in leaf.
create table node (
    level integer not null check (level >= 1),
    node_index integer not null,
    hash blob not null,
    primary key (level, node_index)
) strict, without rowid;

create table checkpoint (
    size integer primary key,
    root blob not null,
    note text not null
) strict;

create table cosignature (
    size integer not null,
    name text not null,
    line text not null,
    primary key (size, name)
) strict, without rowid;

-- The one row that every commit compares and swaps.
create table head (
    id integer primary key check (id = 1),
    commits integer not null,
    size integer not null,
    root blob not null,
    newest_at integer not null,
    writer blob not null
) strict;

insert into head (id, commits, size, root, newest_at, writer) values
    (1, 0, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0, x'00');

-- run_at is when the job may be claimed next: its start, the end of its lease, or its next attempt.
create table job (
    job_id integer primary key autoincrement,
    kind text not null,
    job_key text unique,
    stream blob not null,
    body text not null,
    run_at integer not null,
    attempts integer not null,
    attempts_max integer not null,
    state text not null check (state in ('ready', 'dead')),
    lease_token blob,
    last_error text
) strict;
create index job_ready on job (kind, run_at) where state = 'ready';

-- bytes is null when the blob is a file, or was erased.
create table blob (
    digest blob primary key,
    length integer not null,
    bytes blob,
    erased_at integer
) strict;

-- The list of requests. Derived from the events.
create table request_view (
    opened integer primary key autoincrement,
    stream blob not null unique,
    agency blob not null,
    state text not null,
    summary text not null,
    next_due integer,
    updated_at integer not null
) strict;
create index request_view_agency on request_view (agency, opened);
create index request_view_state on request_view (state, opened);
create index request_view_agency_state on request_view (agency, state, opened);
create index request_view_due on request_view (next_due) where next_due is not null;

create table read_audit (
    read_id integer primary key autoincrement,
    at integer not null,
    actor blob not null,
    stream blob,
    action text not null
) strict;
create index read_audit_at on read_audit (at);

create table transaction_seen (
    agency blob not null,
    transaction_id text not null,
    stream blob not null,
    reference text not null,
    at integer not null,
    primary key (agency, transaction_id)
) strict, without rowid;

create table setting (
    name text primary key,
    value text not null
) strict, without rowid;

-- What is written once stays, whatever program is let loose on the file.
create trigger event_update before update on event
    begin select raise(abort, 'event rows are never updated'); end;
create trigger event_delete before delete on event
    begin select raise(abort, 'event rows are never deleted'); end;
create trigger leaf_update before update on leaf
    begin select raise(abort, 'leaf rows are never updated'); end;
create trigger leaf_delete before delete on leaf
    begin select raise(abort, 'leaf rows are never deleted'); end;
create trigger node_update before update on node
    begin select raise(abort, 'node rows are never updated'); end;
create trigger node_delete before delete on node
    begin select raise(abort, 'node rows are never deleted'); end;
create trigger checkpoint_update before update on checkpoint
    begin select raise(abort, 'checkpoint rows are never updated'); end;
create trigger checkpoint_delete before delete on checkpoint
    begin select raise(abort, 'checkpoint rows are never deleted'); end;
create trigger read_audit_update before update on read_audit
    begin select raise(abort, 'read_audit rows are never updated'); end;
create trigger read_audit_delete before delete on read_audit
    begin select raise(abort, 'read_audit rows are never deleted'); end;
create trigger transaction_seen_update before update on transaction_seen
    begin select raise(abort, 'transaction_seen rows are never updated'); end;
create trigger transaction_seen_delete before delete on transaction_seen
    begin select raise(abort, 'transaction_seen rows are never deleted'); end;
-- A payload may be erased and nothing else.
create trigger payload_update before update on payload
    when new.payload_id <> old.payload_id or new.has_body <> old.has_body
        or new.body is not null or new.salt is not null
        or new.erased_at is null or old.erased_at is not null
    begin select raise(abort, 'payload rows are erased, never changed'); end;
create trigger payload_delete before delete on payload
    begin select raise(abort, 'payload rows are never deleted'); end;
