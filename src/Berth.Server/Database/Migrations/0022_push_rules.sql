-- Which tags may be made, moved and taken away, and by whom.

create table push_rules (
    id {id},
    owner_id bigint references accounts (id) on delete cascade,   -- for all packages of an account
    package_id bigint references packages (id) on delete cascade, -- for one, besides its owner's
    pattern text not null,
    immutable boolean not null,
    restricted boolean not null,        -- only who is listed below may; nobody, where nobody is listed (any more)
    created_by text not null,           -- login
    created_at bigint not null
);
create index push_rules_owner on push_rules (owner_id) where owner_id is not null;
create index push_rules_package on push_rules (package_id) where package_id is not null;

-- Exactly one of role, team and repository. What goes takes its entry along and leaves the rule as strict as it was.
create table push_rule_allowances (
    id {id},
    rule_id bigint not null references push_rules (id) on delete cascade,
    role text,                          -- 'write' | 'admin'
    team_id bigint references teams (id) on delete cascade,
    repository_id bigint references repositories (id) on delete cascade,
    ref text,                           -- null: any; '*' at its end stands for anything
    environment text
);
create index push_rule_allowances_rule on push_rule_allowances (rule_id);
create index push_rule_allowances_team on push_rule_allowances (team_id) where team_id is not null;
create index push_rule_allowances_repository on push_rule_allowances (repository_id) where repository_id is not null;

-- Immutable tags that an administrator took away: they come back only where they were.
create table spent_tags (
    package_id bigint not null references packages (id) on delete cascade,
    name {key} not null,
    version {key} not null,
    spent_at bigint not null,
    primary key (package_id, name)
);
