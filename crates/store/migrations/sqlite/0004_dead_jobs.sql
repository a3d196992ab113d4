-- When a job failed last: whoever looks at dead jobs sees since when.
alter table job add column failed_at integer;
create index job_dead on job (job_id) where state = 'dead';
