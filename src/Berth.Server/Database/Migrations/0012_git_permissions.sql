-- What a user lets codespaces of a repository reach with git, and what each codespace's configuration asks for.

create table codespace_git_permissions (
    user_id bigint not null references accounts (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    target_id bigint not null references repositories (id) on delete cascade,
    accepted_at bigint not null,
    primary key (user_id, repository_id, target_id)
);
create index codespace_git_permissions_repository on codespace_git_permissions (repository_id);
create index codespace_git_permissions_target on codespace_git_permissions (target_id);

create table codespace_git_targets (
    codespace_id bigint not null references codespaces (id) on delete cascade,
    target_id bigint not null references repositories (id) on delete cascade,
    primary key (codespace_id, target_id)
);
create index codespace_git_targets_target on codespace_git_targets (target_id);
