-- Who made a change, in words that stay true when accounts and tokens are gone; and what lists of events are found by.

alter table package_events add column actor_name text;      -- a login, a workflow's repository or a codespace's name, as it was
alter table package_events add column token_id bigint;
alter table package_events add column address text;         -- that the request came from
alter table package_events add column request_id text;
alter table package_events add column run text;             -- of a workflow, vouched for by its issuer; so too the next three
alter table package_events add column ref text;
alter table package_events add column commit_id text;
alter table package_events add column environment text;
alter table package_events add column repository_id bigint; -- that the package was linked to

create index package_events_owner on package_events (owner_id, at, id);
create index package_events_time on package_events (at, id);
create index package_events_token on package_events (token_id, id) where token_id is not null;
