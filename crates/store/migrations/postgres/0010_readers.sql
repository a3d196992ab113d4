-- Who sees the words of a payload without seeing all of its request, and finds it by them. Rows of
-- request_words have another number from now on: twice the leaf for all words of a request, one more
-- for those that its readers see where they are not all. They are derived, and are made anew when
-- the store is opened.
alter table payload_words add column readers bytea;
delete from request_words;
delete from payload_words;
