-- The words of each payload in their order, and of which request it is; request_words has one row
-- for each request from now on: the set of all its words, at the newest of those leaves. Both are
-- derived, and are made anew when the store is opened.
create table payload_words (
    leaf integer primary key,
    stream blob not null,
    words text not null
);
create index payload_words_stream on payload_words (stream, leaf);
delete from request_words;
