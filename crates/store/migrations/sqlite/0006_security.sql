-- What was noticed at the door: who came in, who was refused. One row counts what repeats within an
-- hour, so that a flood is one row with a large number.
create table security_log (
    noticed_id integer primary key autoincrement,
    hour integer not null,
    kind text not null,
    who blob not null,
    source text not null,
    place text not null,
    count integer not null check (count >= 1),
    first_at integer not null,
    last_at integer not null,
    unique (hour, kind, who, source, place)
) strict;
create index security_log_who on security_log (who, kind, source);

-- A count grows, nothing else changes; rows of the last 90 days stay, whoever asks.
create trigger security_log_update before update on security_log
    when new.noticed_id <> old.noticed_id or new.hour <> old.hour or new.kind <> old.kind
        or new.who <> old.who or new.source <> old.source or new.place <> old.place
        or new.first_at <> old.first_at or new.count <= old.count or new.last_at < old.last_at
    begin select raise(abort, 'security_log rows are counted up, never changed'); end;
create trigger security_log_delete before delete on security_log
    when old.hour > (select max(hour) from security_log) - 7776000000000
    begin select raise(abort, 'security_log rows are kept for 90 days'); end;
