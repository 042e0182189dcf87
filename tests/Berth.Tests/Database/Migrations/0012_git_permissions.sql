-- Whoever permits packages permits git as well, and a codespace asks for the repository that it is of.
insert into codespace_git_permissions (user_id, repository_id, target_id, accepted_at)
    select user_id, repository_id, target_id, 0 from codespace_permissions;
insert into codespace_git_targets (codespace_id, target_id) select id, repository_id from codespaces where repository_id is not null;
