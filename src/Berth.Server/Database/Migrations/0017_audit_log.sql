-- Who did what, beside what package_events say of packages; both are read as one log, so columns of the same name mean the same.
-- Nothing refers to the rows of accounts and repositories: what was done stays done when they are gone.

create table audit_events (
    id {id},
    at bigint not null,
    kind text not null,                 -- as GitHub names it, where GitHub does: 'team.create'
    owner_id bigint,                    -- in whose log it stands; null: the site's alone
    owner text,
    repository_id bigint,
    repository text,                    -- 'OWNER/NAME', as it was
    type text,                          -- of a package that was read
    name text,
    version text,
    tag text,
    subject text,                       -- whom or what it was done to: 'user:LOGIN' | 'team:SLUG' | 'secret:NAME' | 'token:ID'
    old_value text,
    new_value text,
    actor text not null,                -- as in package_events; so too the rest
    actor_name text,
    token_id bigint,
    address text,
    request_id text,
    run text,
    ref text,
    commit_id text,
    environment text
);
create index audit_events_owner on audit_events (owner_id, at, id);
create index audit_events_time on audit_events (at, id);
create index audit_events_token on audit_events (token_id, id) where token_id is not null;
