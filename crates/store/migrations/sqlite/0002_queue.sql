-- The queue of the desk: what falls due next on top, requests without a deadline at the end. The
-- number is the largest that a time can be.
create index request_view_queue on request_view
    (state, coalesce(next_due, 9223372036854775807), opened);
create index request_view_agency_queue on request_view
    (agency, state, coalesce(next_due, 9223372036854775807), opened);
