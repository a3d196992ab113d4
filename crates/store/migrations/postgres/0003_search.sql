-- What the desk filters its queue by, and the words that requests are found by.

-- Eight marks whose meaning is the caller's, as bits. Each has an index by deadline and one by age.
alter table request_view add column labels bigint not null default 0;
alter table request_view add column assignee bytea;
create index request_view_assignee_opened on request_view (assignee, state, opened)
    where assignee is not null;
create index request_view_assignee on request_view
    (assignee, state, coalesce(next_due, 9223372036854775807), opened) where assignee is not null;
create index request_view_label_0 on request_view
    (state, coalesce(next_due, 9223372036854775807), opened) where (labels & 1) <> 0;
create index request_view_label_1 on request_view
    (state, coalesce(next_due, 9223372036854775807), opened) where (labels & 2) <> 0;
create index request_view_label_2 on request_view
    (state, coalesce(next_due, 9223372036854775807), opened) where (labels & 4) <> 0;
create index request_view_label_3 on request_view
    (state, coalesce(next_due, 9223372036854775807), opened) where (labels & 8) <> 0;
create index request_view_label_4 on request_view
    (state, coalesce(next_due, 9223372036854775807), opened) where (labels & 16) <> 0;
create index request_view_label_5 on request_view
    (state, coalesce(next_due, 9223372036854775807), opened) where (labels & 32) <> 0;
create index request_view_label_6 on request_view
    (state, coalesce(next_due, 9223372036854775807), opened) where (labels & 64) <> 0;
create index request_view_label_7 on request_view
    (state, coalesce(next_due, 9223372036854775807), opened) where (labels & 128) <> 0;
create index request_view_label_opened_0 on request_view (state, opened)
    where (labels & 1) <> 0;
create index request_view_label_opened_1 on request_view (state, opened)
    where (labels & 2) <> 0;
create index request_view_label_opened_2 on request_view (state, opened)
    where (labels & 4) <> 0;
create index request_view_label_opened_3 on request_view (state, opened)
    where (labels & 8) <> 0;
create index request_view_label_opened_4 on request_view (state, opened)
    where (labels & 16) <> 0;
create index request_view_label_opened_5 on request_view (state, opened)
    where (labels & 32) <> 0;
create index request_view_label_opened_6 on request_view (state, opened)
    where (labels & 64) <> 0;
create index request_view_label_opened_7 on request_view (state, opened)
    where (labels & 128) <> 0;

-- How rare each mark is: without it the planner takes every mark for common and walks all rows. It
-- is learned by analyze, which autovacuum runs (statistics on expressions: PostgreSQL 14).
create statistics request_view_labels on (labels & 1), (labels & 2), (labels & 4), (labels & 8),
    (labels & 16), (labels & 32), (labels & 64), (labels & 128) from request_view;

-- The words of each payload, by its leaf. They are a set, folded before they come here, and only
-- spaces part them; the index is over them as lexemes without places.
-- Every search reads the list of pending entries from end to end, so it is kept short (in kB).
create table request_words (
    rowid bigint primary key,
    words text not null
);
create index request_words_index on request_words
    using gin (array_to_tsvector(string_to_array(words, ' '))) with (gin_pending_list_limit = 64);

-- The queue has its own indexes by deadline.
drop index request_view_due;
