-- The tables of the store on PostgreSQL. migrations/sqlite has the same file with SQLite's types.
-- Times are microseconds since 1970 in UTC; ids and hashes are bytes.

-- One row for each leaf of the log, in its order.
create table event (
    leaf_index bigint primary key,
    stream bytea not null,
    seq bigint not null check (seq >= 1),
    at bigint not null,
    event text not null,
    unique (stream, seq)
);

-- The personal part of an event and the salt of its leaf; its id is the event's leaf.
create table payload (
    payload_id bigint primary key,
    has_body bigint not null check (has_body in (0, 1)),
    body text,
    salt bytea,
    erased_at bigint
);

create table leaf (
    leaf_index bigint primary key,
    hash bytea not null,
    entry bytea not null
);

-- Perfect subtrees above the leaves; level 0 is in leaf.
create table node (
    level bigint not null check (level >= 1),
    node_index bigint not null,
    hash bytea not null,
    primary key (level, node_index)
);

create table checkpoint (
    size bigint primary key,
    root bytea not null,
    note text not null
);

create table cosignature (
    size bigint not null,
    name text not null,
    line text not null,
    primary key (size, name)
);

-- The one row that every commit compares and swaps.
create table head (
    id bigint primary key check (id = 1),
    commits bigint not null,
    size bigint not null,
    root bytea not null,
    newest_at bigint not null,
    writer bytea not null
);

insert into head (id, commits, size, root, newest_at, writer) values
    (1, 0, 0, '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0, '\x00');

-- run_at is when the job may be claimed next: its start, the end of its lease, or its next attempt.
create table job (
    job_id bigint primary key generated always as identity,
    kind text not null,
    job_key text unique,
    stream bytea not null,
    body text not null,
    run_at bigint not null,
    attempts bigint not null,
    attempts_max bigint not null,
    state text not null check (state in ('ready', 'dead')),
    lease_token bytea,
    last_error text
);
create index job_ready on job (kind, run_at) where state = 'ready';

-- bytes is null when the blob is a file, or was erased.
create table blob (
    digest bytea primary key,
    length bigint not null,
    bytes bytea,
    erased_at bigint
);

-- The list of requests. Derived from the events.
create table request_view (
    opened bigint primary key generated always as identity,
    stream bytea not null unique,
    agency bytea not null,
    state text not null,
    summary text not null,
    next_due bigint,
    updated_at bigint not null
);
create index request_view_agency on request_view (agency, opened);
create index request_view_state on request_view (state, opened);
create index request_view_agency_state on request_view (agency, state, opened);
create index request_view_due on request_view (next_due) where next_due is not null;

create table read_audit (
    read_id bigint primary key generated always as identity,
    at bigint not null,
    actor bytea not null,
    stream bytea,
    action text not null
);
create index read_audit_at on read_audit (at);

create table transaction_seen (
    agency bytea not null,
    transaction_id text not null,
    stream bytea not null,
    reference text not null,
    at bigint not null,
    primary key (agency, transaction_id)
);

create table setting (
    name text primary key,
    value text not null
);

-- What is written once stays, whatever program is let loose on the database.
create function written_once() returns trigger language plpgsql as $$
begin
    raise exception '% rows are never updated or deleted', tg_table_name;
end
$$;
create trigger event_once before update or delete or truncate on event
    for each statement execute function written_once();
create trigger leaf_once before update or delete or truncate on leaf
    for each statement execute function written_once();
create trigger node_once before update or delete or truncate on node
    for each statement execute function written_once();
create trigger checkpoint_once before update or delete or truncate on checkpoint
    for each statement execute function written_once();
create trigger read_audit_once before update or delete or truncate on read_audit
    for each statement execute function written_once();
create trigger transaction_seen_once before update or delete or truncate on transaction_seen
    for each statement execute function written_once();
-- A payload may be erased and nothing else.
create function erased_only() returns trigger language plpgsql as $$
begin
    if new.payload_id <> old.payload_id or new.has_body <> old.has_body
        or new.body is not null or new.salt is not null
        or new.erased_at is null or old.erased_at is not null then
        raise exception 'payload rows are erased, never changed';
    end if;
    return new;
end
$$;
create trigger payload_update before update on payload
    for each row execute function erased_only();
create trigger payload_delete before delete or truncate on payload
    for each statement execute function written_once();
