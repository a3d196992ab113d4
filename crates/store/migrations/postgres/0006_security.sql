-- What was noticed at the door: who came in, who was refused. One row counts what repeats within an
-- hour, so that a flood is one row with a large number.
create table security_log (
    noticed_id bigint primary key generated always as identity,
    hour bigint not null,
    kind text not null,
    who bytea not null,
    source text not null,
    place text not null,
    count bigint not null check (count >= 1),
    first_at bigint not null,
    last_at bigint not null,
    unique (hour, kind, who, source, place)
);
create index security_log_who on security_log (who, kind, source);

-- A count grows, nothing else changes; rows of the last 90 days stay, whoever asks.
create function counted_up() returns trigger language plpgsql as $$
begin
    if new.noticed_id <> old.noticed_id or new.hour <> old.hour or new.kind <> old.kind
        or new.who <> old.who or new.source <> old.source or new.place <> old.place
        or new.first_at <> old.first_at or new.count <= old.count or new.last_at < old.last_at then
        raise exception 'security_log rows are counted up, never changed';
    end if;
    return new;
end
$$;
create function kept_90_days() returns trigger language plpgsql as $$
begin
    if old.hour > (select max(hour) from security_log) - 7776000000000 then
        raise exception 'security_log rows are kept for 90 days';
    end if;
    return old;
end
$$;
create trigger security_log_update before update on security_log
    for each row execute function counted_up();
create trigger security_log_delete before delete on security_log
    for each row execute function kept_90_days();
create trigger security_log_truncate before truncate on security_log
    for each statement execute function written_once();
